//! Accounts of people in the database.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{User, UserCreate, UserFilter, UserReplace, UserRow, UserSort};
use crate::api::json::check;
use crate::api::{IfMatch, PageRequest, PageRows};
use crate::audit::journal::{Entry, JournalAction};
use crate::auth::accounts::authority::{must_rule, not_oneself};
use crate::auth::accounts::grants::Account;
use crate::auth::accounts::grants::store::{grants_delete_of, grants_of};
use crate::auth::accounts::own_unit::{of_unit, own_unit, sees};
use crate::auth::accounts::sign_in_names::beginning_with;
use crate::auth::principal::UserId;
use crate::auth::scope::Scoped;
use crate::db::conn::MultiBackend;
use crate::db::epochs::{self, Epoch};
use crate::db::schema::{refresh_tokens, users};
use crate::db::{DbConn, Recorded, WriteTx};
use crate::error::{ApiError, Problem};
use crate::keyset;
use crate::tree::OrgTree;
use crate::unit_reference::UnitName;

type Users<'a> = users::BoxedQuery<'a, MultiBackend>;

fn matching<'a>(scoped: &Scoped, filter: &'a UserFilter) -> Users<'a> {
    let UserFilter { username, org_unit_id, active, sort: _ } = filter;
    let mut query = users::table.filter(users::deleted_at.is_null()).into_boxed();
    if let Some(units) = scoped.unit_list() {
        query = query.filter(users::org_unit_id.eq_any(units));
    }
    if let Some(prefix) = username {
        let (from, to) = beginning_with(prefix);
        query = query.filter(users::username.ge(from).and(users::username.lt(to)));
    }
    if let Some(unit) = org_unit_id {
        query = query.filter(users::org_unit_id.eq(unit));
    }
    if let Some(active) = active {
        query = query.filter(users::active.eq(active));
    }
    query
}

/// A page of users.
///
/// # Errors
/// 422 for a cursor of another order.
pub fn user_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &UserFilter,
    page: &PageRequest,
) -> Result<PageRows<User>, ApiError> {
    let query = matching(scoped, filter);
    let query = match filter.sort.unwrap_or(UserSort::Username) {
        UserSort::Username => keyset!(query, page, asc users::username => String, users::id => UserId),
        UserSort::UsernameDesc => keyset!(query, page, desc users::username => String, users::id => UserId),
    };
    let rows: Vec<UserRow> = query.select(UserRow::as_select()).load(conn)?;
    let total =
        page.include_total().then(|| matching(scoped, filter).count().get_result(conn)).transpose()?;
    Ok(page.cut(rows, total, |row| serde_json::json!([row.username, row.id])).map(|row| row.view(scoped)))
}

fn row_get(conn: &mut DbConn, scoped: &Scoped, id: UserId) -> Result<UserRow, ApiError> {
    let row: UserRow =
        users::table.find(id).filter(users::deleted_at.is_null()).select(UserRow::as_select()).first(conn)?;
    if sees(scoped, row.org_unit_id) { Ok(row) } else { Err(ApiError::not_found()) }
}

/// A user by the id.
///
/// # Errors
/// 404 when there is none within reach.
pub fn user_get(conn: &mut DbConn, scoped: &Scoped, id: UserId) -> Result<User, ApiError> {
    row_get(conn, scoped, id).map(|row| row.view(scoped))
}

/// Makes a user with the password of this hash.
///
/// # Errors
/// 403 for a unit out of reach, 409 for a username that is taken, 422 for what is not valid.
pub fn user_insert(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    body: UserCreate,
    password_hash: String,
) -> Result<Recorded<User>, ApiError> {
    check(&body)?;
    let name = UnitName {
        id: body.org_unit_id,
        identifier: body.org_unit_identifier.as_deref(),
        code: body.org_unit_code.as_deref(),
    };
    let unit = own_unit(scoped, name, None)?;
    let row = UserRow {
        id: UserId::new(),
        username: body.username.to_ascii_lowercase(),
        display_name: body.display_name,
        org_unit_id: unit,
        must_change_password: body.must_change_password,
        active: body.active,
        epoch: 1,
        version: 1,
        created_at: tx.at(),
        updated_at: tx.at(),
    };
    row_insert(tx, &row, password_hash)?;
    recorded(tx, scoped.tree(), JournalAction::Create, row)
}

pub(in crate::auth) fn row_insert(
    tx: &mut WriteTx<'_>,
    row: &UserRow,
    password_hash: String,
) -> Result<(), ApiError> {
    diesel::insert_into(users::table)
        .values((
            users::id.eq(row.id),
            users::username.eq(&row.username),
            users::display_name.eq(&row.display_name),
            users::org_unit_id.eq(row.org_unit_id),
            users::password_hash.eq(password_hash),
            users::must_change_password.eq(row.must_change_password),
            users::active.eq(row.active),
            users::epoch.eq(row.epoch),
            users::version.eq(row.version),
            users::created_at.eq(row.created_at),
            users::updated_at.eq(row.updated_at),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Replaces a user; with a hash the password too.
///
/// # Errors
/// 403 when grants of the user go beyond the administrator's, 412 when it has changed, 409 and 422
/// as for a new one, 409 for oneself made inactive.
pub fn user_replace(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: UserId,
    expected: &IfMatch,
    body: UserReplace,
    password_hash: Option<String>,
) -> Result<Recorded<User>, ApiError> {
    let present = changeable(tx, scoped, id, expected)?;
    check(&body)?;
    let name = UnitName {
        id: body.org_unit_id,
        identifier: body.org_unit_identifier.as_deref(),
        code: body.org_unit_code.as_deref(),
    };
    let unit = own_unit(scoped, name, present.org_unit_id)?;
    let deactivated = present.active && !body.active;
    if deactivated {
        not_oneself(tx, &id.written())?;
    }
    let reset = password_hash.is_some();
    let sessions_end = deactivated || reset;
    let row = UserRow {
        username: body.username.to_ascii_lowercase(),
        display_name: body.display_name,
        org_unit_id: unit,
        must_change_password: body.must_change_password.unwrap_or(reset || present.must_change_password),
        active: body.active,
        epoch: present.epoch + i64::from(sessions_end),
        version: present.version + 1,
        updated_at: tx.at(),
        ..present
    };
    row_update(tx, &row, password_hash)?;
    if sessions_end {
        refresh_tokens_delete(tx.conn(), id)?;
    }
    recorded(tx, scoped.tree(), JournalAction::Update, row)
}

/// A user whom the administrator may change, at the version that was read.
fn changeable(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: UserId,
    expected: &IfMatch,
) -> Result<UserRow, ApiError> {
    let present = row_get(tx.conn(), scoped, id)?;
    expected.check(present.version)?;
    must_rule(scoped, grants_of(tx.conn(), Account::User(id))?)?;
    Ok(present)
}

/// Writes a row over the version before it.
pub(in crate::auth) fn row_update(
    tx: &mut WriteTx<'_>,
    row: &UserRow,
    password_hash: Option<String>,
) -> Result<(), ApiError> {
    let updated = diesel::update(users::table.find(row.id).filter(users::version.eq(row.version - 1)))
        .set((
            users::username.eq(&row.username),
            users::display_name.eq(&row.display_name),
            users::org_unit_id.eq(row.org_unit_id),
            password_hash.map(|hash| users::password_hash.eq(hash)),
            users::must_change_password.eq(row.must_change_password),
            users::active.eq(row.active),
            users::epoch.eq(row.epoch),
            users::version.eq(row.version),
            users::updated_at.eq(row.updated_at),
        ))
        .execute(tx.conn())?;
    if updated == 0 { Err(ApiError::new(Problem::PreconditionFailed)) } else { Ok(()) }
}

/// Deletes a user with all grants; the journal keeps who it was by id only.
///
/// # Errors
/// 403 when grants of the user go beyond the administrator's, 409 for oneself, 412 when it has changed.
pub fn user_delete(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: UserId,
    expected: &IfMatch,
) -> Result<Recorded<()>, ApiError> {
    let present = changeable(tx, scoped, id, expected)?;
    not_oneself(tx, &id.written())?;
    let at = tx.at();
    let deleted = diesel::update(users::table.find(id).filter(users::version.eq(present.version)))
        .set((
            users::deleted_at.eq(Some(at)),
            users::epoch.eq(present.epoch + 1),
            users::version.eq(present.version + 1),
            users::updated_at.eq(at),
        ))
        .execute(tx.conn())?;
    if deleted == 0 {
        return Err(ApiError::new(Problem::PreconditionFailed));
    }
    refresh_tokens_delete(tx.conn(), id)?;
    grants_delete_of(tx, scoped, Account::User(id))?;
    epochs::raise(tx, Epoch::Access)?;
    let version = present.version + 1;
    let entry = entry(JournalAction::Delete, scoped.tree(), tx.at().vietnam_day(), present, version)?;
    Ok(tx.journal(entry)?.with(()))
}

/// Ends the sessions of a person: no refresh token is left.
pub(in crate::auth) fn refresh_tokens_delete(conn: &mut DbConn, user: UserId) -> Result<(), ApiError> {
    diesel::delete(refresh_tokens::table.filter(refresh_tokens::user_id.eq(user))).execute(conn)?;
    Ok(())
}

/// The journal entry of a user: the person's name stands in it masked only.
pub(in crate::auth) fn entry(
    action: JournalAction,
    tree: &OrgTree,
    today: NaiveDate,
    row: UserRow,
    version: i64,
) -> Result<Entry, ApiError> {
    let content = User { display_name: "***".into(), ..User::of(row, tree, today) };
    let entry = Entry::new(action, "user", content.id, version, &content)?;
    Ok(of_unit(entry, tree, today, content.org_unit_id))
}

fn recorded(
    tx: &mut WriteTx<'_>,
    tree: &OrgTree,
    action: JournalAction,
    row: UserRow,
) -> Result<Recorded<User>, ApiError> {
    epochs::raise(tx, Epoch::Access)?;
    let today = tx.at().vietnam_day();
    let entry = entry(action, tree, today, row.clone(), row.version)?;
    Ok(tx.journal(entry)?.with(User::of(row, tree, today)))
}
