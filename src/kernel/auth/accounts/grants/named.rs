//! The accounts that grants are given to, as bodies name them: by id, by name or by code.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;

use super::model::{AccountName, GrantCreate, GrantRow};
use crate::auth::principal::{ClientId, UserId};
use crate::db::DbConn;
use crate::db::schema::{clients, users};
use crate::error::ApiError;
use crate::tree::OrgUnitId;

/// The account of a person or of a system, by the id of its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::auth::accounts) enum Account {
    User(UserId),
    Client(ClientId),
}

impl Account {
    /// Whose a grant is.
    pub(super) fn of(row: &GrantRow) -> Option<Self> {
        row.user_id.map(Self::User).or_else(|| row.client_id.map(Self::Client))
    }
}

/// An account that a body names.
#[derive(Debug)]
pub(super) struct KnownAccount {
    pub id: Account,
    pub name: AccountName,
    /// The unit that employs the person or runs the system.
    pub unit: Option<OrgUnitId>,
}

/// The accounts that bodies name.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    by_id: HashMap<Account, KnownAccount>,
    by_name: HashMap<AccountName, Account>,
}

impl Accounts {
    /// Those that these bodies name, in two queries at most.
    pub(super) fn load<'a>(
        conn: &mut DbConn,
        bodies: impl Iterator<Item = &'a GrantCreate> + Clone,
    ) -> Result<Self, ApiError> {
        let mut known = Self::default();
        let ids: HashSet<UserId> = bodies.clone().filter_map(|body| body.user_id).collect();
        let names: HashSet<&str> = bodies.clone().filter_map(|body| body.username.as_deref()).collect();
        if !ids.is_empty() || !names.is_empty() {
            let rows: Vec<(UserId, String, Option<OrgUnitId>)> = users::table
                .filter(users::deleted_at.is_null())
                .filter(users::id.eq_any(ids).or(users::username.eq_any(names)))
                .select((users::id, users::username, users::org_unit_id))
                .load(conn)?;
            for (id, name, unit) in rows {
                known.add(KnownAccount { id: Account::User(id), name: AccountName::Username(name), unit });
            }
        }
        let ids: HashSet<ClientId> = bodies.clone().filter_map(|body| body.client_id).collect();
        let codes: HashSet<&str> = bodies.filter_map(|body| body.client_code.as_deref()).collect();
        if !ids.is_empty() || !codes.is_empty() {
            let rows: Vec<(ClientId, String, Option<OrgUnitId>)> = clients::table
                .filter(clients::deleted_at.is_null())
                .filter(clients::id.eq_any(ids).or(clients::client_id.eq_any(codes)))
                .select((clients::id, clients::client_id, clients::org_unit_id))
                .load(conn)?;
            for (id, name, unit) in rows {
                known.add(KnownAccount {
                    id: Account::Client(id),
                    name: AccountName::ClientCode(name),
                    unit,
                });
            }
        }
        Ok(known)
    }

    fn add(&mut self, account: KnownAccount) {
        self.by_name.insert(account.name.clone(), account.id);
        self.by_id.insert(account.id, account);
    }

    /// The account that a body names, wherever it belongs.
    pub(super) fn of(&self, body: &GrantCreate) -> Option<&KnownAccount> {
        let GrantCreate { user_id, username, client_id, client_code, .. } = body;
        let id = user_id.map(Account::User).or_else(|| client_id.map(Account::Client));
        let name = || {
            let username = username.clone().map(AccountName::Username);
            username.or_else(|| client_code.clone().map(AccountName::ClientCode))
        };
        let id = id.or_else(|| self.by_name.get(&name()?).copied())?;
        self.by_id.get(&id)
    }
}
