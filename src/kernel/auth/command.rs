//! Accounts from the command line: the first administrator, before anyone can sign in.

use diesel::prelude::*;

use super::accounts::grants::model::{AccountName, GrantRow, HeldRow};
use super::accounts::grants::store as grants;
use super::accounts::username_faults;
use super::accounts::users::model::UserRow;
use super::accounts::users::store as users;
use super::password::{HashCost, Hasher, check_password};
use super::permission::Role;
use super::principal::{GrantId, UserId};
use crate::audit::journal::{Author, JournalAction};
use crate::db::epochs::{self, Epoch};
use crate::db::types::Instant;
use crate::db::{Db, Recorded, WriteTx, schema};
use crate::error::{ApiError, Problem};
use crate::state::StartError;
use crate::tree::{OrgUnitId, tree_load};
use crate::validity::OPEN_END;

/// Makes the national root unless it stands; answers its id.
pub type RootEnsure = fn(&mut WriteTx<'_>) -> Result<OrgUnitId, ApiError>;

/// Makes an administrator of the whole country, whose password need not be changed.
///
/// # Errors
/// When the username is taken or not well formed, the password is not allowed, or the database
/// cannot be written.
pub async fn admin_create(
    db: &Db,
    root: RootEnsure,
    now: Instant,
    username: &str,
    password: &str,
) -> Result<(), StartError> {
    admin_create_with_cost(db, root, now, username, password, HashCost::default()).await
}

/// As [`admin_create`], with another cost of password hashing: tests hash cheaply.
///
/// # Errors
/// As [`admin_create`].
pub async fn admin_create_with_cost(
    db: &Db,
    root: RootEnsure,
    now: Instant,
    username: &str,
    password: &str,
    cost: HashCost,
) -> Result<(), StartError> {
    let username = username.trim().to_ascii_lowercase();
    let mut faults = username_faults(&username);
    faults.extend(check_password(&username, password).err().map(|fault| fault.at("/password")));
    if !faults.is_empty() {
        return Err(ApiError::invalid(faults).into());
    }
    let hash = Hasher::new(cost, 1, 1)?.hash(password).await?;
    let author = Author::operator("admin create", now);
    Ok(db.write(author, move |tx| admin_insert(tx, root, username, hash)).await?)
}

fn admin_insert(
    tx: &mut WriteTx<'_>,
    root: RootEnsure,
    username: String,
    hash: String,
) -> Result<Recorded<()>, ApiError> {
    use schema::users as u;
    let taken = u::table.filter(u::username.eq(&username).and(u::deleted_at.is_null()));
    if diesel::select(diesel::dsl::exists(taken)).get_result(tx.conn())? {
        return Err(ApiError::detailed(
            Problem::Duplicate,
            format!("Đã có tài khoản {username}."),
            format!("There is an account {username} already."),
        ));
    }
    let root = root(tx)?;
    let tree = tree_load(tx.conn())?;
    let (at, today) = (tx.at(), tx.at().vietnam_day());
    let user = UserRow {
        id: UserId::new(),
        display_name: username.clone(),
        username,
        org_unit_id: None,
        must_change_password: false,
        active: true,
        epoch: 1,
        version: 1,
        created_at: at,
        updated_at: at,
    };
    let grant = GrantRow {
        id: GrantId::new(),
        user_id: Some(user.id),
        client_id: None,
        role: Role::Admin,
        org_unit_id: root,
        domains: String::new(),
        scopes: String::new(),
        valid_from: today,
        valid_to: OPEN_END,
        version: 1,
        created_at: at,
        updated_at: at,
    };
    users::row_insert(tx, &user, hash)?;
    let account = AccountName::Username(user.username.clone());
    let entry = users::entry(JournalAction::Create, &tree, today, user, 1)?;
    let _receipt = tx.journal(entry)?;
    diesel::insert_into(schema::grants::table).values(&grant).execute(tx.conn())?;
    epochs::raise(tx, Epoch::Access)?;
    let held = HeldRow { row: grant, account };
    let entry = grants::entry(JournalAction::Create, &tree, today, 1, &held)?;
    Ok(tx.journal(entry)?.with(()))
}
