//! Grants in the database.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{Grant, GrantCreate, GrantFilter, GrantRow, GrantSort};
use super::rules::grant_faults;
use crate::api::json::check;
use crate::api::{IfMatch, PageRequest, PageRows};
use crate::audit::journal::{Entry, JournalAction};
use crate::auth::accounts::authority::{GivenGrant, must_give};
use crate::auth::accounts::own_unit::{of_unit, sees};
use crate::auth::principal::{ClientId, GrantId, UserId};
use crate::auth::scope::Scoped;
use crate::db::conn::MultiBackend;
use crate::db::epochs::{self, Epoch};
use crate::db::schema::{clients, grants, users};
use crate::db::types::Instant;
use crate::db::{DbConn, Recorded, WriteTx};
use crate::domain::organization::reference::UnitName;
use crate::domain::organization::tree::{OrgTree, OrgUnitId};
use crate::domain::validity::OPEN_END;
use crate::error::{ApiError, Bilingual, Fault, Problem};
use crate::text::day_vi;
use crate::{hide_row, keyset};

type Grants<'a> = grants::BoxedQuery<'a, MultiBackend>;

fn matching<'a>(scoped: &Scoped, filter: &'a GrantFilter) -> Grants<'a> {
    let GrantFilter { user_id, client_id, org_unit_id, role, sort: _ } = filter;
    let mut query = grants::table.filter(grants::deleted_at.is_null()).into_boxed();
    if let Some(units) = scoped.unit_list() {
        query = query.filter(grants::org_unit_id.eq_any(units));
    }
    if let Some(id) = user_id {
        query = query.filter(grants::user_id.eq(id));
    }
    if let Some(id) = client_id {
        query = query.filter(grants::client_id.eq(id));
    }
    if let Some(unit) = org_unit_id {
        query = query.filter(grants::org_unit_id.eq(unit));
    }
    if let Some(role) = role {
        query = query.filter(grants::role.eq(role));
    }
    query
}

/// A page of grants.
///
/// # Errors
/// 422 for a cursor of another order.
pub fn grant_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &GrantFilter,
    page: &PageRequest,
) -> Result<PageRows<Grant>, ApiError> {
    let query = matching(scoped, filter);
    let query = match filter.sort.unwrap_or(GrantSort::CreatedAt) {
        GrantSort::CreatedAt => {
            keyset!(query, page, asc grants::created_at => Instant, grants::id => GrantId)
        }
        GrantSort::CreatedAtDesc => {
            keyset!(query, page, desc grants::created_at => Instant, grants::id => GrantId)
        }
    };
    let rows: Vec<GrantRow> = query.select(GrantRow::as_select()).load(conn)?;
    let total =
        page.include_total().then(|| matching(scoped, filter).count().get_result(conn)).transpose()?;
    let view = |row: GrantRow| Grant::of(&row, scoped.tree(), scoped.today());
    Ok(page.cut(rows, total, |row| serde_json::json!([row.created_at, row.id])).map(view))
}

fn row_get(conn: &mut DbConn, scoped: &Scoped, id: GrantId) -> Result<GrantRow, ApiError> {
    let row: GrantRow = grants::table
        .find(id)
        .filter(grants::deleted_at.is_null())
        .select(GrantRow::as_select())
        .first(conn)?;
    if scoped.reaches(row.org_unit_id) { Ok(row) } else { Err(ApiError::not_found()) }
}

/// A grant by its id.
///
/// # Errors
/// 404 when there is none within reach.
pub fn grant_get(conn: &mut DbConn, scoped: &Scoped, id: GrantId) -> Result<Grant, ApiError> {
    row_get(conn, scoped, id).map(|row| Grant::of(&row, scoped.tree(), scoped.today()))
}

/// Gives a grant.
///
/// # Errors
/// 403 when it goes beyond the administrator's own, 422 when it is not valid.
pub fn grant_insert(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    body: GrantCreate,
) -> Result<Recorded<Grant>, ApiError> {
    let row = row_of(tx, scoped, body, None)?;
    must_give(scoped, &[row.given()])?;
    diesel::insert_into(grants::table).values(&row).execute(tx.conn())?;
    recorded(tx, scoped, JournalAction::Create, &row)
}

/// Replaces a grant.
///
/// # Errors
/// 403 when it goes beyond the administrator's own, as it was or as it shall be; 412 when it has
/// changed, 422 as for a new one.
pub fn grant_replace(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: GrantId,
    expected: &IfMatch,
    body: GrantCreate,
) -> Result<Recorded<Grant>, ApiError> {
    let present = row_get(tx.conn(), scoped, id)?;
    expected.check(present.version)?;
    let row = row_of(tx, scoped, body, Some(&present))?;
    must_give(scoped, &[present.given(), row.given()])?;
    let updated = diesel::update(grants::table.find(id).filter(grants::version.eq(present.version)))
        .set(&row)
        .execute(tx.conn())?;
    if updated == 0 {
        return Err(ApiError::new(Problem::PreconditionFailed));
    }
    recorded(tx, scoped, JournalAction::Update, &row)
}

/// Takes a grant away.
///
/// # Errors
/// 403 when it goes beyond the administrator's own, 412 when it has changed.
pub fn grant_delete(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: GrantId,
    expected: &IfMatch,
) -> Result<Recorded<()>, ApiError> {
    let present = row_get(tx.conn(), scoped, id)?;
    expected.check(present.version)?;
    must_give(scoped, &[present.given()])?;
    let entry = row_delete(tx, scoped, &present)?;
    epochs::raise(tx, Epoch::Access)?;
    Ok(tx.journal(entry)?.with(()))
}

fn row_delete(tx: &mut WriteTx<'_>, scoped: &Scoped, present: &GrantRow) -> Result<Entry, ApiError> {
    hide_row!(tx, grants, present)?;
    entry(JournalAction::Delete, scoped.tree(), scoped.today(), present.version + 1, present)
}

/// The account of a person or of a system, by the id of its record.
#[derive(Debug, Clone, Copy)]
pub(in crate::auth::accounts) enum Account {
    User(UserId),
    Client(ClientId),
}

/// Takes all grants of an account that is deleted.
pub(in crate::auth::accounts) fn grants_delete_of(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    account: Account,
) -> Result<(), ApiError> {
    for row in rows_of(tx.conn(), account)? {
        let entry = row_delete(tx, scoped, &row)?;
        // The deletion of the account itself gives the receipt.
        let _receipt = tx.journal(entry)?;
    }
    Ok(())
}

fn rows_of(conn: &mut DbConn, account: Account) -> Result<Vec<GrantRow>, ApiError> {
    let query = grants::table.filter(grants::deleted_at.is_null()).into_boxed();
    let query = match account {
        Account::User(user) => query.filter(grants::user_id.eq(user)),
        Account::Client(client) => query.filter(grants::client_id.eq(client)),
    };
    Ok(query.order(grants::id).select(GrantRow::as_select()).load(conn)?)
}

/// What an account has been granted, past and future included.
pub(in crate::auth::accounts) fn grants_of(
    conn: &mut DbConn,
    account: Account,
) -> Result<Vec<GivenGrant>, ApiError> {
    Ok(rows_of(conn, account)?.iter().map(GrantRow::given).collect())
}

/// The row that a body means: a new one, or the next version of the present one.
fn row_of(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    body: GrantCreate,
    present: Option<&GrantRow>,
) -> Result<GrantRow, ApiError> {
    check(&body)?;
    let valid_from = body.valid_from.unwrap_or_else(|| scoped.today());
    let mut faults = grant_faults(&body, valid_from);
    match present {
        Some(present) => {
            if (present.user_id, present.client_id) != (body.user_id, body.client_id) {
                faults.push(another_account(&body));
            }
        }
        None => faults.extend(account_fault(tx.conn(), scoped, &body)?),
    }
    let name = UnitName {
        id: body.org_unit_id,
        identifier: body.org_unit_identifier.as_deref(),
        code: body.org_unit_code.as_deref(),
    };
    let unit = match name.resolve(scoped.tree(), valid_from) {
        // A unit that has ended since keeps its grants.
        Ok(unit) if present.is_some_and(|present| present.org_unit_id == unit) => Some(unit),
        Ok(unit) if scoped.tree().in_force(unit, valid_from) => Some(unit),
        Ok(_) => {
            faults.push(not_in_force(valid_from));
            None
        }
        Err(found) => {
            faults.extend(found);
            None
        }
    };
    let Some(org_unit_id) = unit.filter(|_| faults.is_empty()) else { return Err(ApiError::invalid(faults)) };
    let at = tx.at();
    let (id, version, created_at) = match present {
        Some(present) => (present.id, present.version + 1, present.created_at),
        None => (GrantId::new(), 1, at),
    };
    let GrantCreate { user_id, client_id, role, domains, scopes, valid_to, .. } = body;
    Ok(GrantRow {
        id,
        user_id,
        client_id,
        role,
        org_unit_id,
        domains: words(domains.iter().map(|domain| domain.as_str())),
        scopes: words(scopes.iter().map(String::as_str)),
        valid_from,
        valid_to: valid_to.unwrap_or(OPEN_END),
        version,
        created_at,
        updated_at: at,
    })
}

fn not_in_force(day: NaiveDate) -> Fault {
    Fault::new(
        "/org_unit_id",
        "unit_not_in_force",
        Bilingual::new(
            format!("Đơn vị không tồn tại vào ngày {}.", day_vi(day)),
            format!("The unit does not exist on {day}."),
        ),
    )
}

/// Words as they are stored: each once, separated by blanks.
fn words<'a>(given: impl Iterator<Item = &'a str>) -> String {
    let mut words: Vec<&str> = Vec::new();
    for word in given {
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words.join(" ")
}

/// The fault of an account that is not there, or not to be known of.
fn account_fault(conn: &mut DbConn, scoped: &Scoped, body: &GrantCreate) -> Result<Option<Fault>, ApiError> {
    let (pointer, unit): (_, Option<Option<OrgUnitId>>) = match (body.user_id, body.client_id) {
        (Some(id), None) => {
            let user = users::table.find(id).filter(users::deleted_at.is_null());
            ("/user_id", user.select(users::org_unit_id).first(conn).optional()?)
        }
        (None, Some(id)) => {
            let client = clients::table.find(id).filter(clients::deleted_at.is_null());
            ("/client_id", client.select(clients::org_unit_id).first(conn).optional()?)
        }
        // That not exactly one is given is a fault already.
        _ => return Ok(None),
    };
    if unit.is_some_and(|unit| sees(scoped, unit)) {
        return Ok(None);
    }
    let message = Bilingual::new("Không có tài khoản này.", "There is no such account.");
    Ok(Some(Fault::new(pointer, "unknown_account", message)))
}

fn another_account(body: &GrantCreate) -> Fault {
    let pointer = if body.client_id.is_some() { "/client_id" } else { "/user_id" };
    Fault::new(
        pointer,
        "immutable",
        Bilingual::new(
            "Không chuyển quyền sang tài khoản khác; hãy giao một quyền mới.",
            "A grant does not move to another account; give a new one.",
        ),
    )
}

/// The journal entry of a grant.
pub(in crate::auth) fn entry(
    action: JournalAction,
    tree: &OrgTree,
    today: NaiveDate,
    version: i64,
    row: &GrantRow,
) -> Result<Entry, ApiError> {
    let content = Grant::of(row, tree, today);
    let entry = Entry::new(action, "grant", content.id, version, &content)?;
    Ok(of_unit(entry, tree, Some(content.org_unit_id)))
}

fn recorded(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    action: JournalAction,
    row: &GrantRow,
) -> Result<Recorded<Grant>, ApiError> {
    epochs::raise(tx, Epoch::Access)?;
    let entry = entry(action, scoped.tree(), scoped.today(), row.version, row)?;
    Ok(tx.journal(entry)?.with(Grant::of(row, scoped.tree(), scoped.today())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_stored_once() {
        assert_eq!(words(["a", "b", "a"].into_iter()), "a b");
    }
}
