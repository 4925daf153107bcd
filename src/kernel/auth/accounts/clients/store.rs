//! Accounts of systems in the database.

use diesel::prelude::*;

use super::model::{Client, ClientCreate, ClientFilter, ClientRow, ClientSort};
use crate::api::json::check;
use crate::api::{IfMatch, PageRequest, PageRows};
use crate::audit::journal::{Entry, JournalAction};
use crate::auth::accounts::authority::{must_rule, not_oneself};
use crate::auth::accounts::grants::Account;
use crate::auth::accounts::grants::store::{grants_delete_of, grants_of};
use crate::auth::accounts::own_unit::{of_unit, own_unit, sees};
use crate::auth::accounts::sign_in_names::beginning_with;
use crate::auth::principal::ClientId;
use crate::auth::scope::Scoped;
use crate::db::conn::MultiBackend;
use crate::db::epochs::{self, Epoch};
use crate::db::schema::clients;
use crate::db::{DbConn, Recorded, WriteTx};
use crate::error::{ApiError, Problem};
use crate::keyset;
use crate::unit_reference::UnitName;

type Clients<'a> = clients::BoxedQuery<'a, MultiBackend>;

fn matching<'a>(scoped: &Scoped, filter: &'a ClientFilter) -> Clients<'a> {
    let ClientFilter { client_id, org_unit_id, active, sort: _ } = filter;
    let mut query = clients::table.filter(clients::deleted_at.is_null()).into_boxed();
    if let Some(units) = scoped.unit_list() {
        query = query.filter(clients::org_unit_id.eq_any(units));
    }
    if let Some(prefix) = client_id {
        let (from, to) = beginning_with(prefix);
        query = query.filter(clients::client_id.ge(from).and(clients::client_id.lt(to)));
    }
    if let Some(unit) = org_unit_id {
        query = query.filter(clients::org_unit_id.eq(unit));
    }
    if let Some(active) = active {
        query = query.filter(clients::active.eq(active));
    }
    query
}

/// A page of clients.
///
/// # Errors
/// 422 for a cursor of another order.
pub fn client_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &ClientFilter,
    page: &PageRequest,
) -> Result<PageRows<Client>, ApiError> {
    let query = matching(scoped, filter);
    let query = match filter.sort.unwrap_or(ClientSort::ClientId) {
        ClientSort::ClientId => {
            keyset!(query, page, asc clients::client_id => String, clients::id => ClientId)
        }
        ClientSort::ClientIdDesc => {
            keyset!(query, page, desc clients::client_id => String, clients::id => ClientId)
        }
    };
    let rows: Vec<ClientRow> = query.select(ClientRow::as_select()).load(conn)?;
    let total =
        page.include_total().then(|| matching(scoped, filter).count().get_result(conn)).transpose()?;
    let view = |row| Client::of(row, scoped);
    Ok(page.cut(rows, total, |row| serde_json::json!([row.client_id, row.id])).map(view))
}

fn row_get(conn: &mut DbConn, scoped: &Scoped, id: ClientId) -> Result<ClientRow, ApiError> {
    let row: ClientRow = clients::table
        .find(id)
        .filter(clients::deleted_at.is_null())
        .select(ClientRow::as_select())
        .first(conn)?;
    if sees(scoped, row.org_unit_id) { Ok(row) } else { Err(ApiError::not_found()) }
}

/// A client by the id of its record.
///
/// # Errors
/// 404 when there is none within reach.
pub fn client_get(conn: &mut DbConn, scoped: &Scoped, id: ClientId) -> Result<Client, ApiError> {
    row_get(conn, scoped, id).map(|row| Client::of(row, scoped))
}

/// Makes a client with the secret of this hash.
///
/// # Errors
/// 403 for a unit out of reach, 409 for a client id that is taken, 422 for what is not valid.
pub fn client_insert(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    body: ClientCreate,
    secret_hash: String,
) -> Result<Recorded<Client>, ApiError> {
    check(&body)?;
    let unit = own_unit(scoped, unit_name(&body), None)?;
    let at = tx.at();
    let row = ClientRow {
        id: ClientId::new(),
        client_id: body.client_id.to_ascii_lowercase(),
        display_name: body.display_name,
        org_unit_id: unit,
        active: body.active,
        epoch: 1,
        version: 1,
        created_at: at,
        updated_at: at,
    };
    diesel::insert_into(clients::table)
        .values((
            clients::id.eq(row.id),
            clients::client_id.eq(&row.client_id),
            clients::display_name.eq(&row.display_name),
            clients::org_unit_id.eq(row.org_unit_id),
            clients::secret_hash.eq(secret_hash),
            clients::active.eq(row.active),
            clients::epoch.eq(row.epoch),
            clients::version.eq(row.version),
            clients::created_at.eq(row.created_at),
            clients::updated_at.eq(row.updated_at),
        ))
        .execute(tx.conn())?;
    recorded(tx, scoped, JournalAction::Create, row)
}

fn unit_name(body: &ClientCreate) -> UnitName<'_> {
    UnitName {
        id: body.org_unit_id,
        identifier: body.org_unit_identifier.as_deref(),
        code: body.org_unit_code.as_deref(),
    }
}

/// Replaces a client; its secret stays.
///
/// # Errors
/// 403 when its grants go beyond the administrator's, 412 when it has changed, 409 and 422 as for a
/// new one.
pub fn client_replace(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: ClientId,
    expected: &IfMatch,
    body: ClientCreate,
) -> Result<Recorded<Client>, ApiError> {
    let present = changeable(tx, scoped, id, expected)?;
    check(&body)?;
    let unit = own_unit(scoped, unit_name(&body), present.org_unit_id)?;
    let deactivated = present.active && !body.active;
    if deactivated {
        not_oneself(tx, &id.written())?;
    }
    let row = ClientRow {
        client_id: body.client_id.to_ascii_lowercase(),
        display_name: body.display_name,
        org_unit_id: unit,
        active: body.active,
        epoch: present.epoch + i64::from(deactivated),
        version: present.version + 1,
        updated_at: tx.at(),
        ..present
    };
    row_update(tx, &row, None)?;
    recorded(tx, scoped, JournalAction::Update, row)
}

/// Gives a client the secret of this hash and ends the access tokens that the old one got.
///
/// # Errors
/// 403 when its grants go beyond the administrator's, 412 when it has changed.
pub fn client_secret_replace(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: ClientId,
    expected: &IfMatch,
    secret_hash: String,
) -> Result<Recorded<Client>, ApiError> {
    let present = changeable(tx, scoped, id, expected)?;
    let row =
        ClientRow { epoch: present.epoch + 1, version: present.version + 1, updated_at: tx.at(), ..present };
    row_update(tx, &row, Some(secret_hash))?;
    recorded(tx, scoped, JournalAction::Update, row)
}

/// A client that the administrator may change, at the version that was read.
fn changeable(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: ClientId,
    expected: &IfMatch,
) -> Result<ClientRow, ApiError> {
    let present = row_get(tx.conn(), scoped, id)?;
    expected.check(present.version)?;
    must_rule(scoped, grants_of(tx.conn(), Account::Client(id))?)?;
    Ok(present)
}

/// Writes a row over the version before it.
fn row_update(tx: &mut WriteTx<'_>, row: &ClientRow, secret_hash: Option<String>) -> Result<(), ApiError> {
    let updated = diesel::update(clients::table.find(row.id).filter(clients::version.eq(row.version - 1)))
        .set((
            clients::client_id.eq(&row.client_id),
            clients::display_name.eq(&row.display_name),
            clients::org_unit_id.eq(row.org_unit_id),
            secret_hash.map(|hash| clients::secret_hash.eq(hash)),
            clients::active.eq(row.active),
            clients::epoch.eq(row.epoch),
            clients::version.eq(row.version),
            clients::updated_at.eq(row.updated_at),
        ))
        .execute(tx.conn())?;
    if updated == 0 { Err(ApiError::new(Problem::PreconditionFailed)) } else { Ok(()) }
}

/// Deletes a client with all its grants.
///
/// # Errors
/// 403 when its grants go beyond the administrator's, 412 when it has changed.
pub fn client_delete(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: ClientId,
    expected: &IfMatch,
) -> Result<Recorded<()>, ApiError> {
    let present = changeable(tx, scoped, id, expected)?;
    not_oneself(tx, &id.written())?;
    let at = tx.at();
    let version = present.version + 1;
    let deleted = diesel::update(clients::table.find(id).filter(clients::version.eq(present.version)))
        .set((
            clients::deleted_at.eq(Some(at)),
            clients::epoch.eq(present.epoch + 1),
            clients::version.eq(version),
            clients::updated_at.eq(at),
        ))
        .execute(tx.conn())?;
    if deleted == 0 {
        return Err(ApiError::new(Problem::PreconditionFailed));
    }
    grants_delete_of(tx, scoped, Account::Client(id))?;
    epochs::raise(tx, Epoch::Access)?;
    let entry = entry(JournalAction::Delete, scoped, &Client::of(present, scoped), version)?;
    Ok(tx.journal(entry)?.with(()))
}

/// The journal entry of a client.
fn entry(action: JournalAction, scoped: &Scoped, content: &Client, version: i64) -> Result<Entry, ApiError> {
    let entry = Entry::new(action, "client", content.id, version, content)?;
    Ok(of_unit(entry, scoped.tree(), scoped.today(), content.org_unit_id))
}

fn recorded(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    action: JournalAction,
    row: ClientRow,
) -> Result<Recorded<Client>, ApiError> {
    epochs::raise(tx, Epoch::Access)?;
    let client = Client::of(row, scoped);
    let entry = entry(action, scoped, &client, client.version)?;
    Ok(tx.journal(entry)?.with(client))
}
