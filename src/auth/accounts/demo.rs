//! The accounts of the demonstration: one for each role, before and after 1 July 2025.

use std::sync::Arc;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::clients::{ClientCreate, client_insert};
use super::grants::{GrantCreate, grant_insert};
use super::users::{UserCreate, user_insert};
use crate::auth::permission::Role;
use crate::auth::principal::{ClientId, UserId};
use crate::auth::scope::Scoped;
use crate::db::schema::{clients, users};
use crate::db::{DbConn, Recorded};
use crate::domain::organization::catalogue::country_id;
use crate::domain::organization::tree::OrgUnitId;
use crate::error::ApiError;
use crate::state::AppState;

/// Name, what it is called, roles, code of the unit (the country has none), and on which day the
/// code is read: the first of the grant.
type Person = (&'static str, &'static str, &'static [Role], Option<&'static str>, NaiveDate);

const BEFORE: NaiveDate = NaiveDate::from_ymd_opt(2020, 1, 1).unwrap();
const AFTER: NaiveDate = NaiveDate::from_ymd_opt(2025, 7, 1).unwrap();

const PEOPLE: &[Person] = &[
    ("admin", "Quản trị viên", &[Role::Admin], None, BEFORE),
    ("huyen.phunghiep", "Huyện Phụng Hiệp", &[Role::Editor, Role::Reviewer], Some("934"), BEFORE),
    ("xa.hiephung", "Xã Hiệp Hưng", &[Role::Editor], Some("31429"), BEFORE),
    ("tp.cantho", "Thành phố Cần Thơ", &[Role::Reviewer], Some("92"), BEFORE),
    ("xa.hiephung.2025", "Xã Hiệp Hưng", &[Role::Editor], Some("31396"), AFTER),
    ("xa.tanbinh.2025", "Xã Tân Bình", &[Role::Editor], Some("31399"), AFTER),
    ("thanhtra", "Thanh tra thành phố Cần Thơ", &[Role::Inspector], Some("92"), BEFORE),
];

const CLIENT: &str = "cong-tinh";

/// Makes the accounts that are not there yet, all with this password.
///
/// # Errors
/// When the units are not loaded or the database cannot be written.
pub async fn demo_accounts(state: &Arc<AppState>, scoped: &Scoped, password: &str) -> Result<(), ApiError> {
    for person in PEOPLE {
        let name = person.0;
        if state.db.read(move |conn| Ok(has_user(conn, name)?)).await? {
            continue;
        }
        let hash = state.hasher.hash(password).await?;
        let (scoped, password) = (scoped.clone(), password.to_owned());
        state
            .db
            .write(scoped.author(), move |tx| {
                let user = user_insert(tx, &scoped, user(person, password), hash)?.into_value();
                let mut last = Recorded::unchanged(());
                for role in person.2 {
                    let grant = grant(Some(user.id), None, *role, person.3, person.4);
                    last = grant_insert(tx, &scoped, grant)?.map(drop);
                }
                Ok(last)
            })
            .await?;
    }
    if state.db.read(|conn| Ok(has_client(conn)?)).await? {
        return Ok(());
    }
    let hash = state.hasher.hash(password).await?;
    let scoped = scoped.clone();
    state
        .db
        .write(scoped.author(), move |tx| {
            let client = client_insert(tx, &scoped, client(), hash)?.into_value();
            let grant = GrantCreate {
                scopes: vec!["tthc:write".into()],
                ..grant(None, Some(client.id), Role::Client, Some("92"), BEFORE)
            };
            Ok(grant_insert(tx, &scoped, grant)?.map(drop))
        })
        .await
}

fn has_user(conn: &mut DbConn, name: &str) -> QueryResult<bool> {
    let named = users::table.filter(users::username.eq(name).and(users::deleted_at.is_null()));
    diesel::select(diesel::dsl::exists(named)).get_result(conn)
}

fn has_client(conn: &mut DbConn) -> QueryResult<bool> {
    let named = clients::table.filter(clients::client_id.eq(CLIENT).and(clients::deleted_at.is_null()));
    diesel::select(diesel::dsl::exists(named)).get_result(conn)
}

/// No unit employs them: some of the units have ended, and a new account has one in force or none.
fn user(person: &Person, password: String) -> UserCreate {
    UserCreate {
        username: person.0.into(),
        display_name: person.1.into(),
        org_unit_id: None,
        org_unit_identifier: None,
        org_unit_code: None,
        active: true,
        must_change_password: false,
        password,
    }
}

fn client() -> ClientCreate {
    ClientCreate {
        client_id: CLIENT.into(),
        display_name: "Cổng dịch vụ công của thành phố".into(),
        org_unit_id: None,
        org_unit_identifier: None,
        org_unit_code: Some("92".into()),
        active: true,
    }
}

fn grant(
    user_id: Option<UserId>,
    client_id: Option<ClientId>,
    role: Role,
    code: Option<&str>,
    from: NaiveDate,
) -> GrantCreate {
    let org_unit_id: Option<OrgUnitId> = code.is_none().then(country_id);
    GrantCreate {
        user_id,
        client_id,
        role,
        org_unit_id,
        org_unit_identifier: None,
        org_unit_code: code.map(str::to_owned),
        domains: Vec::new(),
        scopes: Vec::new(),
        valid_from: Some(from),
        valid_to: None,
    }
}
