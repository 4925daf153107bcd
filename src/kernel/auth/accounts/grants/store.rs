//! Grants in the database, and how they are written.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{AccountName, Grant, GrantCreate, GrantFilter, GrantRow, GrantSort, HeldRow};
use super::named::{Account, Accounts};
use super::rules::grant_faults;
use crate::api::json::check;
use crate::api::records::{Draft, Records, Written, key_text};
use crate::api::{IfMatch, PageRequest, PageRows};
use crate::audit::journal::{Entry, JournalAction};
use crate::auth::accounts::authority::{GivenGrant, must_give};
use crate::auth::accounts::own_unit::{of_unit, sees};
use crate::auth::permission::{Domain, Role};
use crate::auth::principal::{ClientId, GrantId, UserId};
use crate::auth::scope::Scoped;
use crate::db::conn::MultiBackend;
use crate::db::epochs::{self, Epoch};
use crate::db::schema::{clients, grants, users};
use crate::db::types::Instant;
use crate::db::{DbConn, Recorded, WriteTx};
use crate::error::{ApiError, Bilingual, Fault};
use crate::text::day_vi;
use crate::tree::{OrgTree, OrgUnitId};
use crate::validity::OPEN_END;
use crate::{hide_row, keyset, save_rows};

type Query<'a> = grants::BoxedQuery<'a, MultiBackend>;

fn matching<'a>(scoped: &Scoped, filter: &'a GrantFilter) -> Query<'a> {
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
    let view = |held: HeldRow| Grant::of(&held, scoped.tree(), scoped.today());
    let rows = held(conn, rows)?;
    Ok(page.cut(rows, total, |held| serde_json::json!([held.row.created_at, held.row.id])).map(view))
}

/// The rows with the names of their accounts.
fn held(conn: &mut DbConn, rows: Vec<GrantRow>) -> Result<Vec<HeldRow>, ApiError> {
    let of_users: Vec<UserId> = rows.iter().filter_map(|row| row.user_id).collect();
    let of_clients: Vec<ClientId> = rows.iter().filter_map(|row| row.client_id).collect();
    let mut usernames: HashMap<UserId, String> = HashMap::new();
    if !of_users.is_empty() {
        let named = users::table.filter(users::id.eq_any(of_users)).select((users::id, users::username));
        usernames.extend(named.load::<(UserId, String)>(conn)?);
    }
    let mut codes: HashMap<ClientId, String> = HashMap::new();
    if !of_clients.is_empty() {
        let named =
            clients::table.filter(clients::id.eq_any(of_clients)).select((clients::id, clients::client_id));
        codes.extend(named.load::<(ClientId, String)>(conn)?);
    }
    let held = |row: GrantRow| {
        let username = row.user_id.and_then(|id| usernames.get(&id)).cloned().map(AccountName::Username);
        let code = || row.client_id.and_then(|id| codes.get(&id)).cloned().map(AccountName::ClientCode);
        let account = username.or_else(code);
        let account = account.ok_or_else(|| ApiError::internal(format!("grant {}: no account", row.id)))?;
        Ok(HeldRow { row, account })
    };
    rows.into_iter().map(held).collect()
}

fn held_get(conn: &mut DbConn, scoped: &Scoped, id: GrantId) -> Result<HeldRow, ApiError> {
    let row: GrantRow = grants::table
        .find(id)
        .filter(grants::deleted_at.is_null())
        .select(GrantRow::as_select())
        .first(conn)?;
    if !scoped.reaches(row.org_unit_id) {
        return Err(ApiError::not_found());
    }
    held(conn, vec![row])?.pop().ok_or_else(ApiError::not_found)
}

/// A grant by its id.
///
/// # Errors
/// 404 when there is none within reach.
pub fn grant_get(conn: &mut DbConn, scoped: &Scoped, id: GrantId) -> Result<Grant, ApiError> {
    held_get(conn, scoped, id).map(|held| Grant::of(&held, scoped.tree(), scoped.today()))
}

/// Grants, as they are written. The natural key is account, role, unit, domains and first day.
pub struct Grants;

impl Records for Grants {
    type Id = GrantId;
    type Body = GrantCreate;
    type Row = HeldRow;
    type View = Grant;

    fn order(body: &GrantCreate) -> String {
        let unit = body.unit_name();
        key_text([
            body.user_id.map(|id| id.written()).as_deref(),
            body.username.as_deref(),
            body.client_id.map(|id| id.written()).as_deref(),
            body.client_code.as_deref(),
            Some(body.role.as_str()),
            unit.id.map(|id| id.written()).as_deref(),
            unit.identifier,
            unit.code,
            Some(&domain_words(&body.domains)),
            body.valid_from.map(|day| day.to_string()).as_deref(),
        ])
    }

    fn find(conn: &mut DbConn, scoped: &Scoped, id: GrantId) -> Result<HeldRow, ApiError> {
        held_get(conn, scoped, id)
    }

    fn present(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        bodies: &[GrantCreate],
    ) -> Result<Vec<Option<HeldRow>>, ApiError> {
        let accounts = Accounts::load(tx.conn(), bodies.iter())?;
        let named = |body: &GrantCreate| accounts.of(body).filter(|known| sees(scoped, known.unit));
        let rows = rows_of_all(tx.conn(), bodies.iter().filter_map(named).map(|account| account.id))?;
        let reached = rows.into_iter().filter(|row| scoped.reaches(row.org_unit_id));
        let known: HashMap<_, _> = reached.filter_map(|row| Some((row.key()?, row))).collect();
        let present = |body: &GrantCreate| {
            let account = named(body)?;
            let valid_from = body.valid_from.unwrap_or_else(|| scoped.today());
            let unit = body.unit_name().resolve(scoped.tree(), valid_from).ok()?;
            let key = (account.id, body.role, unit, domain_words(&body.domains), valid_from);
            Some(HeldRow { row: known.get(&key)?.clone(), account: account.name.clone() })
        };
        Ok(bodies.iter().map(present).collect())
    }

    fn made(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        drafts: Vec<Draft<GrantCreate, HeldRow>>,
    ) -> Result<Vec<Result<HeldRow, ApiError>>, ApiError> {
        let accounts = Accounts::load(tx.conn(), drafts.iter().map(|draft| &draft.body))?;
        let at = tx.at();
        Ok(drafts.into_iter().map(|draft| grant_made(scoped, &accounts, draft, at)).collect())
    }

    fn save(tx: &mut WriteTx<'_>, scoped: &Scoped, rows: &[HeldRow]) -> Result<Written<Grant>, ApiError> {
        let stored = save_rows!(
            tx.conn(),
            grants,
            GrantId,
            rows.iter().map(|held| &held.row),
            [role, org_unit_id, domains, scopes, valid_from, valid_to]
        )?;
        if !stored.is_empty() {
            epochs::raise(tx, Epoch::Access)?;
        }
        let (tree, today) = (scoped.tree(), scoped.today());
        let entry = |action, _: &Grant, held: &HeldRow| entry(action, tree, today, held.row.version, held);
        Written::journal(tx, rows, &stored, entry, |held| Grant::of(held, tree, today))
    }
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
    let present = held_get(tx.conn(), scoped, id)?;
    expected.check(present.row.version)?;
    must_give(scoped, &[present.row.given()])?;
    let entry = held_delete(tx, scoped, &present)?;
    epochs::raise(tx, Epoch::Access)?;
    Ok(tx.journal(entry)?.with(()))
}

fn held_delete(tx: &mut WriteTx<'_>, scoped: &Scoped, present: &HeldRow) -> Result<Entry, ApiError> {
    hide_row!(tx, grants, present.row)?;
    entry(JournalAction::Delete, scoped.tree(), scoped.today(), present.row.version + 1, present)
}

/// By what a grant is known: account, role, unit, domains and first day.
type GrantKey = (Account, Role, OrgUnitId, String, NaiveDate);

impl GrantRow {
    fn key(&self) -> Option<GrantKey> {
        let domains = self.domains.clone();
        Some((Account::of(self)?, self.role, self.org_unit_id, domains, self.valid_from))
    }
}

/// Takes all grants of an account that is deleted.
pub(in crate::auth::accounts) fn grants_delete_of(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    account: Account,
) -> Result<(), ApiError> {
    let rows = rows_of(tx.conn(), account)?;
    for present in held(tx.conn(), rows)? {
        let entry = held_delete(tx, scoped, &present)?;
        // The deletion of the account itself gives the receipt.
        let _receipt = tx.journal(entry)?;
    }
    Ok(())
}

/// The grants of several accounts.
fn rows_of_all(
    conn: &mut DbConn,
    accounts: impl Iterator<Item = Account>,
) -> Result<Vec<GrantRow>, ApiError> {
    let (mut of_users, mut of_clients) = (Vec::new(), Vec::new());
    for account in accounts {
        match account {
            Account::User(id) => of_users.push(id),
            Account::Client(id) => of_clients.push(id),
        }
    }
    let standing = || grants::table.filter(grants::deleted_at.is_null()).select(GrantRow::as_select());
    let mut rows: Vec<GrantRow> = Vec::new();
    if !of_users.is_empty() {
        rows.extend(standing().filter(grants::user_id.assume_not_null().eq_any(of_users)).load(conn)?);
    }
    if !of_clients.is_empty() {
        rows.extend(standing().filter(grants::client_id.assume_not_null().eq_any(of_clients)).load(conn)?);
    }
    Ok(rows)
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

/// The grant that a line gives or changes.
fn grant_made(
    scoped: &Scoped,
    accounts: &Accounts,
    draft: Draft<GrantCreate, HeldRow>,
    at: Instant,
) -> Result<HeldRow, ApiError> {
    let Draft { body, present } = draft;
    check(&body)?;
    let valid_from = body.valid_from.unwrap_or_else(|| scoped.today());
    let mut faults = grant_faults(&body, valid_from);
    let account = accounts.of(&body);
    match &present {
        Some(present) if account.map(|account| account.id) != Account::of(&present.row) => {
            faults.push(another_account(&body));
        }
        None if body.named().0 + body.named().1 == 1
            && account.is_none_or(|account| !sees(scoped, account.unit)) =>
        {
            faults.push(unknown_account(&body));
        }
        _ => {}
    }
    let unit = match body.unit_name().resolve(scoped.tree(), valid_from) {
        // A unit that has ended since keeps its grants.
        Ok(unit) if present.as_ref().is_some_and(|present| present.row.org_unit_id == unit) => Some(unit),
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
    let (Some(org_unit_id), Some(account), true) = (unit, account, faults.is_empty()) else {
        return Err(ApiError::invalid(faults));
    };
    let (user_id, client_id) = match account.id {
        Account::User(id) => (Some(id), None),
        Account::Client(id) => (None, Some(id)),
    };
    let (id, version, created_at, updated_at) = match &present {
        Some(HeldRow { row, .. }) => (row.id, row.version, row.created_at, row.updated_at),
        None => (GrantId::new(), 0, at, at),
    };
    let row = GrantRow {
        id,
        user_id,
        client_id,
        role: body.role,
        org_unit_id,
        domains: domain_words(&body.domains),
        scopes: words(body.scopes.iter().map(String::as_str)),
        valid_from,
        valid_to: body.valid_to.unwrap_or(OPEN_END),
        version,
        created_at,
        updated_at,
    };
    let given = present.iter().map(|present| present.row.given()).chain([row.given()]);
    must_give(scoped, &given.collect::<Vec<_>>())?;
    Ok(HeldRow { row, account: account.name.clone() })
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

/// Domains as they are stored, in the order of their declaration: two lists of the same ones are equal.
fn domain_words(domains: &[Domain]) -> String {
    let mut domains = domains.to_vec();
    domains.sort_unstable();
    words(domains.iter().map(|domain| domain.as_str()))
}

/// The fault of an account that is not there, or not to be known of.
fn unknown_account(body: &GrantCreate) -> Fault {
    let message = Bilingual::new("Không có tài khoản này.", "There is no such account.");
    Fault::new(body.account_pointer(), "unknown_account", message)
}

fn another_account(body: &GrantCreate) -> Fault {
    Fault::new(
        body.account_pointer(),
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
    held: &HeldRow,
) -> Result<Entry, ApiError> {
    let content = Grant::of(held, tree, today);
    let entry = Entry::new(action, "grant", content.id, version, &content)?;
    Ok(of_unit(entry, tree, today, Some(content.org_unit_id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_domains_are_stored_alike() {
        assert_eq!(domain_words(&[Domain::Reporting, Domain::Tthc]), "tthc reporting");
        assert_eq!(domain_words(&[Domain::Tthc, Domain::Reporting, Domain::Tthc]), "tthc reporting");
    }

    #[test]
    fn words_are_stored_once() {
        assert_eq!(words(["a", "b", "a"].into_iter()), "a b");
    }
}
