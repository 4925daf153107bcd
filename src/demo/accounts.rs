//! The demonstration's accounts: one for each role, before and after 1 July 2025.

use chrono::NaiveDate;
use diesel::prelude::*;

use kernel::api::records::insert;
use kernel::auth::accounts::clients::model::ClientCreate;
use kernel::auth::accounts::clients::store::client_insert;
use kernel::auth::accounts::grants::Grants;
use kernel::auth::accounts::grants::model::GrantCreate;
use kernel::auth::accounts::users::model::UserCreate;
use kernel::auth::accounts::users::store::user_insert;
use kernel::auth::password::{DEMO_PASSWORD, HashFault};
use kernel::auth::permission::{Domain, Role};
use kernel::auth::principal::{ClientId, UserId};
use kernel::auth::scope::Scoped;
use kernel::db::schema::{clients, users};
use kernel::db::{Recorded, WriteTx};
use kernel::error::ApiError;
use kernel::state::AppState;
use kernel::tree::OrgUnitId;
use organization::catalogue::country_id;

/// An account with the unit that employs it and its roles over that unit.
struct Account {
    username: &'static str,
    display_name: &'static str,
    unit: Option<&'static str>,
    roles: &'static [Role],
}

/// The day on which the codes of the old structure are read.
const BEFORE: Option<NaiveDate> = NaiveDate::from_ymd_opt(2024, 1, 1);
/// The first day of the new structure.
const SINCE: Option<NaiveDate> = NaiveDate::from_ymd_opt(2025, 7, 1);

const OF_2024: &[Account] = &[
    Account {
        username: "huyen.phunghiep",
        display_name: "Văn phòng UBND huyện Phụng Hiệp",
        unit: Some("934"),
        roles: &[Role::Editor, Role::Reviewer],
    },
    Account {
        username: "xa.hiephung",
        display_name: "UBND xã Hiệp Hưng (2024)",
        unit: Some("31429"),
        roles: &[Role::Editor],
    },
];

const OF_TODAY: &[Account] = &[
    Account {
        username: "tp.cantho",
        display_name: "Văn phòng UBND thành phố Cần Thơ",
        unit: Some("92"),
        roles: &[Role::Reviewer],
    },
    Account {
        username: "xa.hiephung.2025",
        display_name: "UBND xã Hiệp Hưng",
        unit: Some("31396"),
        roles: &[Role::Editor],
    },
    Account {
        username: "xa.tanbinh.2025",
        display_name: "UBND xã Tân Bình",
        unit: Some("31399"),
        roles: &[Role::Editor],
    },
    Account {
        username: "thanhtra",
        display_name: "Thanh tra thành phố Cần Thơ",
        unit: Some("92"),
        roles: &[Role::Inspector],
    },
];

const ADMIN: Account =
    Account {
        username: "admin", display_name: "Quản trị hệ thống", unit: None, roles: &[Role::Admin]
    };

const CLIENT: &str = "cong-tinh";

/// Makes the accounts that are not there yet, with the password that all of them share.
///
/// # Errors
/// When they cannot be written.
pub(super) async fn load(state: &AppState, scoped: &Scoped) -> Result<(), ApiError> {
    let dated = OF_2024.iter().map(|account| (account, BEFORE));
    let dated = dated.chain(OF_TODAY.iter().map(|account| (account, SINCE))).chain([(&ADMIN, SINCE)]);
    for (account, from) in dated {
        let hash = hashed(state).await?;
        let owned = scoped.clone();
        state.db.write(scoped.author(), move |tx| user(tx, &owned, account, from, hash)).await?;
    }
    let hash = hashed(state).await?;
    let owned = scoped.clone();
    state.db.write(scoped.author(), move |tx| client(tx, &owned, hash)).await
}

async fn hashed(state: &AppState) -> Result<String, ApiError> {
    state.hasher.hash(DEMO_PASSWORD).await.map_err(|fault: HashFault| ApiError::internal(fault))
}

/// The unit of a code on a day.
fn unit_of(scoped: &Scoped, code: &str, from: Option<NaiveDate>) -> Option<OrgUnitId> {
    scoped.tree().by_code(code, from?)
}

fn user(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    account: &Account,
    from: Option<NaiveDate>,
    hash: String,
) -> Result<Recorded<()>, ApiError> {
    let named = users::table.filter(users::username.eq(account.username));
    if diesel::select(diesel::dsl::exists(named)).get_result(tx.conn())? {
        // A start that was broken off has made it.
        return Ok(Recorded::unchanged(()));
    }
    let unit = account.unit.and_then(|code| unit_of(scoped, code, from));
    let body = UserCreate {
        username: account.username.into(),
        display_name: account.display_name.into(),
        org_unit_id: unit,
        org_unit_identifier: None,
        org_unit_code: None,
        active: true,
        must_change_password: false,
        password: DEMO_PASSWORD.into(),
    };
    let user = user_insert(tx, scoped, body, hash)?;
    let id = user.value().id;
    let mut last = user.map(|_| ());
    for role in account.roles {
        let over = unit.unwrap_or_else(country_id);
        last = insert::<Grants>(tx, scoped, grant(Some(id), None, *role, over, from))?.map(|_| ());
    }
    Ok(last)
}

fn client(tx: &mut WriteTx<'_>, scoped: &Scoped, hash: String) -> Result<Recorded<()>, ApiError> {
    let named = clients::table.filter(clients::client_id.eq(CLIENT));
    if diesel::select(diesel::dsl::exists(named)).get_result(tx.conn())? {
        return Ok(Recorded::unchanged(()));
    }
    let unit = unit_of(scoped, "92", SINCE);
    let body = ClientCreate {
        client_id: CLIENT.into(),
        display_name: "Cổng dịch vụ công thành phố Cần Thơ".into(),
        org_unit_id: unit,
        org_unit_identifier: None,
        org_unit_code: None,
        active: true,
    };
    let id = client_insert(tx, scoped, body, hash)?.into_value().id;
    let mut body = grant(None, Some(id), Role::Client, unit.unwrap_or_else(country_id), SINCE);
    body.scopes = vec![format!("{}:write", Domain::Tthc)];
    Ok(insert::<Grants>(tx, scoped, body)?.map(|_| ()))
}

fn grant(
    user_id: Option<UserId>,
    client_id: Option<ClientId>,
    role: Role,
    over: OrgUnitId,
    from: Option<NaiveDate>,
) -> GrantCreate {
    GrantCreate {
        user_id,
        username: None,
        client_id,
        client_code: None,
        role,
        org_unit_id: Some(over),
        org_unit_identifier: None,
        org_unit_code: None,
        domains: Vec::new(),
        scopes: Vec::new(),
        valid_from: from,
        valid_to: None,
    }
}
