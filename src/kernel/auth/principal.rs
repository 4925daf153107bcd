//! Who a token speaks for: the account behind it with its grants, as the database has it now.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::permission::{Action, Domain, Role, allows, scope_word, scopes_allow};
use super::token::Claims;
use crate::audit::journal::ActorKind;
use crate::db::DbConn;
use crate::db::schema::{clients, grants, users};
use crate::error::ApiError;
use crate::id;
use crate::tree::OrgUnitId;

id! {
    /// Id of a person's account (tài khoản người dùng).
    UserId
}
id! {
    /// Id of a system's account (tài khoản hệ thống kết nối).
    ClientId
}
id! {
    /// Id of a grant (quyền được giao).
    GrantId
}

/// The scope of an editor's grant that allows filing for the units below.
pub const FILE_FOR_CHILDREN: &str = "file-for-children";

/// A role over a unit and all that stands under it (quyền được giao).
#[derive(Debug, Clone)]
pub struct HeldGrant {
    /// Its id.
    pub id: GrantId,
    /// The role.
    pub role: Role,
    /// The unit over which it holds.
    pub org_unit_id: OrgUnitId,
    /// The domains in which it holds; empty for all.
    pub domains: Vec<Domain>,
    /// Scope words: of a client what it may do, of an editor `file-for-children`.
    pub scopes: Vec<String>,
    /// First day.
    pub valid_from: NaiveDate,
    /// First day on which it no longer holds.
    pub valid_to: NaiveDate,
}

impl HeldGrant {
    /// Whether the grant allows an action in a domain on a day.
    #[must_use]
    pub fn allows(&self, action: Action, domain: Domain, today: NaiveDate) -> bool {
        let in_time = self.valid_from <= today && today < self.valid_to;
        // What concerns no domain (reference data, accounts) needs none; the journal is read by domain.
        let of_domain = matches!(
            action,
            Action::Read
                | Action::ReadPersonal
                | Action::ErasePersonal
                | Action::Write
                | Action::Review
                | Action::Close
                | Action::ReadJournal
        );
        let in_domain = !of_domain || self.domains.is_empty() || self.domains.contains(&domain);
        let by_scope = self.role != Role::Client || scopes_allow(&self.scopes, action, domain);
        in_time && in_domain && by_scope && allows(self.role, action)
    }
}

/// An account as it stands.
#[derive(Debug, Clone)]
pub struct Principal {
    /// A person or a system.
    pub kind: ActorKind,
    /// The account's id.
    pub id: String,
    /// The name to sign in with.
    pub name: String,
    /// The unit that employs the person or runs the system.
    pub org_unit_id: Option<OrgUnitId>,
    /// Raised to end every session at once.
    pub epoch: i64,
    /// Whether it may sign in at all.
    pub active: bool,
    /// Whether nothing but a new password is allowed.
    pub must_change_password: bool,
    /// Its grants, past and future ones included.
    pub grants: Vec<HeldGrant>,
}

impl Principal {
    /// Whether a token with these claims is still good: the account is active, and its sessions were
    /// not ended since.
    #[must_use]
    pub fn accepts(&self, claims: &Claims) -> bool {
        self.active && self.epoch == claims.epoch
    }

    /// Everything that the account may do today, as scope words.
    #[must_use]
    pub fn scope_words(&self, today: NaiveDate) -> Vec<String> {
        let mut words = Vec::new();
        for action in Action::ALL {
            for domain in Domain::ALL {
                if self.grants.iter().any(|grant| grant.allows(*action, *domain, today))
                    && let Some(word) = scope_word(*action, *domain)
                    && !words.contains(&word)
                {
                    words.push(word);
                }
            }
        }
        words
    }
}

/// Loads the account behind a token's subject; `None` when there is none any more.
///
/// # Errors
/// When the database cannot be read.
pub fn principal_load(conn: &mut DbConn, kind: ActorKind, id: &str) -> Result<Option<Principal>, ApiError> {
    match kind {
        ActorKind::User => {
            let Ok(user_id) = id.parse::<UserId>() else { return Ok(None) };
            let row: Option<(String, Option<OrgUnitId>, i64, bool, bool)> = users::table
                .filter(users::id.eq(user_id).and(users::deleted_at.is_null()))
                .select((
                    users::username,
                    users::org_unit_id,
                    users::epoch,
                    users::active,
                    users::must_change_password,
                ))
                .first(conn)
                .optional()?;
            let Some((name, org_unit_id, epoch, active, must_change_password)) = row else { return Ok(None) };
            let grants = grants_load(conn, grants::table.filter(grants::user_id.eq(user_id)).into_boxed())?;
            Ok(Some(Principal {
                kind,
                id: id.into(),
                name,
                org_unit_id,
                epoch,
                active,
                must_change_password,
                grants,
            }))
        }
        ActorKind::Client => {
            let Ok(client_id) = id.parse::<ClientId>() else { return Ok(None) };
            let row: Option<(String, Option<OrgUnitId>, i64, bool)> = clients::table
                .filter(clients::id.eq(client_id).and(clients::deleted_at.is_null()))
                .select((clients::client_id, clients::org_unit_id, clients::epoch, clients::active))
                .first(conn)
                .optional()?;
            let Some((name, org_unit_id, epoch, active)) = row else { return Ok(None) };
            let grants =
                grants_load(conn, grants::table.filter(grants::client_id.eq(client_id)).into_boxed())?;
            let must_change_password = false;
            Ok(Some(Principal {
                kind,
                id: id.into(),
                name,
                org_unit_id,
                epoch,
                active,
                must_change_password,
                grants,
            }))
        }
        ActorKind::Operator => Ok(None),
    }
}

fn grants_load(
    conn: &mut DbConn,
    query: grants::BoxedQuery<'_, crate::db::conn::MultiBackend>,
) -> Result<Vec<HeldGrant>, ApiError> {
    let rows: Vec<(GrantId, Role, OrgUnitId, String, String, NaiveDate, NaiveDate)> = query
        .filter(grants::deleted_at.is_null())
        .order(grants::id)
        .select((
            grants::id,
            grants::role,
            grants::org_unit_id,
            grants::domains,
            grants::scopes,
            grants::valid_from,
            grants::valid_to,
        ))
        .load(conn)?;
    rows.into_iter()
        .map(|(id, role, org_unit_id, domains, scopes, valid_from, valid_to)| {
            let domains = domains
                .split_whitespace()
                .map(str::parse)
                .collect::<Result<_, _>>()
                .map_err(|error: String| ApiError::internal(format!("grant {id}: {error}")))?;
            let scopes = scopes.split_whitespace().map(str::to_owned).collect();
            Ok(HeldGrant { id, role, org_unit_id, domains, scopes, valid_from, valid_to })
        })
        .collect()
}
