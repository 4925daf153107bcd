//! Accounts of systems (tài khoản hệ thống kết nối): software of agencies that reads and writes by the
//! scopes of its grants. The service makes the secret, shows it once and keeps its hash only.
//!
//! Deactivation, a new secret and deletion end every access token at once.

use actix_web::{delete, get, patch, post, put};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::grants::{grants_delete_of, grants_of_client};
use super::{must_give, not_oneself, of_unit, own_unit, sees, sign_in_name, unit_onto};
use crate::api::json::check;
use crate::api::{
    Change, Created, Deleted, Found, IfMatch, ListQuery, Listed, MergePatch, Once, PageParams, PageRequest,
    PageRows, Patch, Rendered, Saved, ValidJson, ValidPath,
};
use crate::audit::journal::{Entry, JournalAction};
use crate::auth::permit::{Administer, Organization, Permit};
use crate::auth::principal::ClientId;
use crate::auth::scope::Scoped;
use crate::auth::token::new_client_secret;
use crate::db::conn::MultiBackend;
use crate::db::epochs::{self, Epoch};
use crate::db::schema::clients;
use crate::db::types::Instant;
use crate::db::{DbConn, Recorded, Weight, WriteTx};
use crate::domain::organization::reference::{UnitName, label};
use crate::domain::organization::tree::OrgUnitId;
use crate::error::{ApiError, Problem};
use crate::state::App;
use crate::{keyset, page_of, record, text_enum};

text_enum! {
    /// Order of clients (thứ tự).
    pub enum ClientSort {
        /// By client id.
        ClientId => "client_id", "mã hệ thống tăng dần";
        /// By client id, backwards.
        ClientIdDesc => "-client_id", "mã hệ thống giảm dần";
    }
}

/// A client as stored, without the secret's hash.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = clients)]
struct ClientRow {
    id: ClientId,
    client_id: String,
    display_name: String,
    org_unit_id: Option<OrgUnitId>,
    active: bool,
    epoch: i64,
    version: i64,
    created_at: Instant,
    updated_at: Instant,
}

/// The account of a system (tài khoản hệ thống kết nối).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190a8c0-0000-7000-8000-000000000005", "client_id": "mot-cua-hau-giang",
    "display_name": "Hệ thống một cửa điện tử", "org_unit_id": "0190a8c0-0000-7000-8000-000000000003",
    "org_unit_code": "31420", "org_unit_identifier": "H30.44", "org_unit_name": "Xã Phụng Hiệp",
    "active": true, "version": 1,
    "created_at": "2026-01-02T03:00:00Z", "updated_at": "2026-01-02T03:00:00Z"
}))]
pub struct Client {
    /// The id of the record.
    pub id: ClientId,
    /// The name under which the system signs in (mã hệ thống).
    pub client_id: String,
    /// What the system is called (tên hệ thống).
    pub display_name: String,
    /// The unit that runs it (đơn vị quản lý).
    pub org_unit_id: Option<OrgUnitId>,
    /// Statistics code of the unit (mã đơn vị hành chính).
    pub org_unit_code: Option<String>,
    /// Identification code of the unit (mã định danh).
    pub org_unit_identifier: Option<String>,
    /// Name of the unit.
    pub org_unit_name: Option<String>,
    /// Whether it may sign in.
    pub active: bool,
    /// Version of the record.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}
record!(Client);
page_of!(ClientPage, Client, "clients");

/// A client with its new secret (hệ thống kèm khóa bí mật mới), which is shown this once.
#[derive(Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190a8c0-0000-7000-8000-000000000005", "client_id": "mot-cua-hau-giang",
    "client_secret": "cchc_cs_3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "display_name": "Hệ thống một cửa điện tử", "org_unit_id": "0190a8c0-0000-7000-8000-000000000003",
    "org_unit_code": "31420", "org_unit_identifier": "H30.44", "org_unit_name": "Xã Phụng Hiệp",
    "active": true, "version": 1,
    "created_at": "2026-01-02T03:00:00Z", "updated_at": "2026-01-02T03:00:00Z"
}))]
pub struct ClientWithSecret {
    /// The id of the record.
    pub id: ClientId,
    /// The name under which the system signs in (mã hệ thống).
    pub client_id: String,
    /// The secret (khóa bí mật): keep it now, it is never shown again.
    pub client_secret: String,
    /// What the system is called (tên hệ thống).
    pub display_name: String,
    /// The unit that runs it (đơn vị quản lý).
    pub org_unit_id: Option<OrgUnitId>,
    /// Statistics code of the unit (mã đơn vị hành chính).
    pub org_unit_code: Option<String>,
    /// Identification code of the unit (mã định danh).
    pub org_unit_identifier: Option<String>,
    /// Name of the unit.
    pub org_unit_name: Option<String>,
    /// Whether it may sign in.
    pub active: bool,
    /// Version of the record.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}
record!(ClientWithSecret);

impl Client {
    fn of(row: ClientRow, scoped: &Scoped) -> Self {
        let unit = row.org_unit_id.map(|unit| label(scoped.tree(), unit, scoped.today()));
        let (code, identifier, name) = unit.map_or((None, None, None), |unit| {
            (unit.org_unit_code, unit.org_unit_identifier, Some(unit.org_unit_name))
        });
        Self {
            id: row.id,
            client_id: row.client_id,
            display_name: row.display_name,
            org_unit_id: row.org_unit_id,
            org_unit_code: code,
            org_unit_identifier: identifier,
            org_unit_name: name,
            active: row.active,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }

    fn with_secret(self, client_secret: String) -> ClientWithSecret {
        ClientWithSecret {
            id: self.id,
            client_id: self.client_id,
            client_secret,
            display_name: self.display_name,
            org_unit_id: self.org_unit_id,
            org_unit_code: self.org_unit_code,
            org_unit_identifier: self.org_unit_identifier,
            org_unit_name: self.org_unit_name,
            active: self.active,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// A new account of a system, or the whole of a changed one.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "client_id": "mot-cua-hau-giang", "display_name": "Hệ thống một cửa điện tử", "org_unit_code": "31420"
}))]
pub struct ClientCreate {
    /// The name under which the system signs in (mã hệ thống); capitals become small letters.
    #[validate(length(min = 3, max = 64), custom(function = "sign_in_name"))]
    #[schema(min_length = 3, max_length = 64, pattern = "^[A-Za-z0-9._-]+$")]
    pub client_id: String,
    /// What the system is called (tên hệ thống).
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub display_name: String,
    /// The unit that runs it, by id (đơn vị quản lý); name it in one way only.
    #[serde(default)]
    pub org_unit_id: Option<OrgUnitId>,
    /// The unit by its identification code (mã định danh).
    #[serde(default)]
    #[validate(length(min = 1, max = 35))]
    #[schema(min_length = 1, max_length = 35)]
    pub org_unit_identifier: Option<String>,
    /// The unit by its statistics code of today (mã đơn vị hành chính).
    #[serde(default)]
    #[validate(length(min = 1, max = 20))]
    #[schema(min_length = 1, max_length = 20)]
    pub org_unit_code: Option<String>,
    /// Whether it may sign in (đang hoạt động); `false` ends its access tokens.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub active: bool,
}

/// Changes to a client (RFC 7396). Any member that names the unit replaces all of them.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"active": false}))]
pub struct ClientPatch {
    /// The name under which the system signs in (mã hệ thống).
    #[serde(default)]
    #[schema(value_type = String, required = false, min_length = 3, max_length = 64, pattern = "^[A-Za-z0-9._-]+$")]
    pub client_id: Change<String>,
    /// What the system is called (tên hệ thống).
    #[serde(default)]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 200)]
    pub display_name: Change<String>,
    /// The unit that runs it, by id (đơn vị quản lý).
    #[serde(default)]
    #[schema(value_type = Option<OrgUnitId>)]
    pub org_unit_id: Patch<OrgUnitId>,
    /// The unit by its identification code (mã định danh).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 35)]
    pub org_unit_identifier: Patch<String>,
    /// The unit by its statistics code of today (mã đơn vị hành chính).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 20)]
    pub org_unit_code: Patch<String>,
    /// Whether it may sign in (đang hoạt động); `false` ends its access tokens.
    #[serde(default)]
    #[schema(value_type = bool, required = false)]
    pub active: Change<bool>,
}

impl ClientPatch {
    /// The whole client after the patch.
    #[must_use]
    pub fn onto(self, present: &Client) -> ClientCreate {
        let Self { client_id, display_name, org_unit_id, org_unit_identifier, org_unit_code, active } = self;
        let (org_unit_id, org_unit_identifier, org_unit_code) =
            unit_onto(org_unit_id, org_unit_identifier, org_unit_code, present.org_unit_id);
        ClientCreate {
            client_id: client_id.onto(present.client_id.clone()),
            display_name: display_name.onto(present.display_name.clone()),
            org_unit_id,
            org_unit_identifier,
            org_unit_code,
            active: active.onto(present.active),
        }
    }
}

/// Which clients a list holds.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ClientFilter {
    /// How the client id begins (mã hệ thống).
    #[validate(length(min = 1, max = 64))]
    #[param(min_length = 1, max_length = 64)]
    pub client_id: Option<String>,
    /// The unit that runs it (đơn vị quản lý).
    pub org_unit_id: Option<OrgUnitId>,
    /// Whether it may sign in.
    pub active: Option<bool>,
    /// Order (thứ tự); by client id when not given.
    #[param(inline)]
    pub sort: Option<ClientSort>,
}

fn yes() -> bool {
    true
}

type Clients<'a> = clients::BoxedQuery<'a, MultiBackend>;

fn matching<'a>(scoped: &Scoped, filter: &'a ClientFilter) -> Clients<'a> {
    let ClientFilter { client_id, org_unit_id, active, sort: _ } = filter;
    let mut query = clients::table.filter(clients::deleted_at.is_null()).into_boxed();
    if let Some(units) = scoped.unit_list() {
        query = query.filter(clients::org_unit_id.eq_any(units));
    }
    if let Some(prefix) = client_id {
        // A tilde sorts behind every character that a client id may have.
        let from = prefix.to_lowercase();
        let to = format!("{from}~");
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
        not_oneself(tx, id.as_str())?;
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
    must_give(scoped, &grants_of_client(tx.conn(), id)?)?;
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
    not_oneself(tx, id.as_str())?;
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
    grants_delete_of(tx, scoped, None, Some(id))?;
    epochs::raise(tx, Epoch::Access)?;
    let entry = entry(JournalAction::Delete, scoped, &Client::of(present, scoped), version)?;
    Ok(tx.journal(entry)?.with(()))
}

/// The journal entry of a client.
fn entry(action: JournalAction, scoped: &Scoped, content: &Client, version: i64) -> Result<Entry, ApiError> {
    let entry = Entry::new(action, "client", content.id, version, content)?;
    Ok(of_unit(entry, scoped.tree(), content.org_unit_id))
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

/// A new secret and its hash.
async fn secret(app: &App) -> Result<(String, String), ApiError> {
    let secret = new_client_secret().map_err(ApiError::internal)?;
    let hash = app.hasher.hash(&secret).await?;
    Ok((secret, hash))
}

/// Mounts the operations.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list_clients)
        .service(create_client)
        .service(get_client)
        .service(replace_client)
        .service(patch_client)
        .service(delete_client)
        .service(rotate_client_secret);
}

#[utoipa::path(
    operation_id = "list_clients", tag = "accounts", summary = "List clients",
    description = "A page of the accounts of systems (tài khoản hệ thống kết nối) whose unit is within reach.",
    params(ClientFilter, PageParams),
    responses((status = 200, description = "A page.", body = ClientPage, headers(("Link" = String, description = "The next page.")))),
)]
#[get("/api/v1/admin/clients")]
async fn list_clients(
    permit: Permit<Administer, Organization>,
    query: ListQuery<ClientFilter>,
    app: App,
) -> Result<Listed<ClientPage>, ApiError> {
    query.answer(permit.into_scoped(), &app, client_list).await
}

#[utoipa::path(
    operation_id = "create_client", tag = "accounts", summary = "Create a client",
    description = "Makes the account of a system (tài khoản hệ thống kết nối). Its secret is in this answer and never again.",
    request_body = ClientCreate,
    responses((status = 201, description = "It was made.", body = ClientWithSecret, headers(("Location" = String, description = "Its address."), ("ETag" = String, description = "Its version.")))),
)]
#[post("/api/v1/admin/clients")]
async fn create_client(
    permit: Permit<Administer, Organization>,
    once: Once,
    app: App,
    body: ValidJson<ClientCreate>,
) -> Result<Rendered, ApiError> {
    let scoped = permit.into_scoped();
    let (secret, hash) = secret(&app).await?;
    let author = scoped.author();
    let made = move |tx: &mut WriteTx<'_>| {
        let client = client_insert(tx, &scoped, body.0, hash)?;
        Ok(client.map(|client| Created(client.with_secret(secret))))
    };
    let answer = once.write(&app, author, Weight::Single, made).await?;
    app.access_changed().await?;
    Ok(answer)
}

#[utoipa::path(
    operation_id = "get_client", tag = "accounts", summary = "Get a client",
    description = "Reads the account of a system (tài khoản hệ thống kết nối) by the id of its record.",
    params(("id" = ClientId, Path, description = "Its id."), ("If-None-Match" = Option<String>, Header, description = "An ETag that is known already.")),
    responses((status = 200, description = "The record.", body = Client, headers(("ETag" = String, description = "Its version."))), (status = 304, description = "It has not changed.")),
)]
#[get("/api/v1/admin/clients/{id}")]
async fn get_client(
    permit: Permit<Administer, Organization>,
    id: ValidPath<ClientId>,
    app: App,
) -> Result<Found<Client>, ApiError> {
    let scoped = permit.into_scoped();
    app.db.read(move |conn| client_get(conn, &scoped, id.0)).await.map(Found)
}

#[utoipa::path(
    operation_id = "replace_client", tag = "accounts", summary = "Replace a client",
    description = "Replaces the account of a system (tài khoản hệ thống kết nối) as a whole; its secret stays.",
    params(("id" = ClientId, Path, description = "Its id."), ("If-Match" = String, Header, description = "The ETag that was read.")),
    request_body = ClientCreate,
    responses((status = 200, description = "It was replaced.", body = Client, headers(("ETag" = String, description = "Its version.")))),
)]
#[put("/api/v1/admin/clients/{id}")]
async fn replace_client(
    permit: Permit<Administer, Organization>,
    id: ValidPath<ClientId>,
    if_match: IfMatch,
    app: App,
    body: ValidJson<ClientCreate>,
) -> Result<Saved<Client>, ApiError> {
    let scoped = permit.into_scoped();
    let author = scoped.author();
    let replaced = move |tx: &mut WriteTx<'_>| client_replace(tx, &scoped, id.0, &if_match, body.0);
    let client = app.db.write(author, replaced).await?;
    app.access_changed().await?;
    Ok(Saved(client))
}

#[utoipa::path(
    operation_id = "patch_client", tag = "accounts", summary = "Change a client",
    description = "Changes single members of the account of a system (tài khoản hệ thống kết nối), after RFC 7396.",
    params(("id" = ClientId, Path, description = "Its id."), ("If-Match" = String, Header, description = "The ETag that was read.")),
    request_body(content = ClientPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "It was changed.", body = Client, headers(("ETag" = String, description = "Its version.")))),
)]
#[patch("/api/v1/admin/clients/{id}")]
async fn patch_client(
    permit: Permit<Administer, Organization>,
    id: ValidPath<ClientId>,
    if_match: IfMatch,
    app: App,
    body: MergePatch<ClientPatch>,
) -> Result<Saved<Client>, ApiError> {
    let scoped = permit.into_scoped();
    let author = scoped.author();
    let patched = move |tx: &mut WriteTx<'_>| {
        let whole = body.0.onto(&client_get(tx.conn(), &scoped, id.0)?);
        client_replace(tx, &scoped, id.0, &if_match, whole)
    };
    let client = app.db.write(author, patched).await?;
    app.access_changed().await?;
    Ok(Saved(client))
}

#[utoipa::path(
    operation_id = "delete_client", tag = "accounts", summary = "Delete a client",
    description = "Deletes the account of a system (tài khoản hệ thống kết nối) with all its grants and ends its access tokens.",
    params(("id" = ClientId, Path, description = "Its id."), ("If-Match" = String, Header, description = "The ETag that was read.")),
    responses((status = 204, description = "It was deleted.")),
)]
#[delete("/api/v1/admin/clients/{id}")]
async fn delete_client(
    permit: Permit<Administer, Organization>,
    id: ValidPath<ClientId>,
    if_match: IfMatch,
    app: App,
) -> Result<Deleted, ApiError> {
    let scoped = permit.into_scoped();
    app.db.write(scoped.author(), move |tx| client_delete(tx, &scoped, id.0, &if_match)).await?;
    app.access_changed().await?;
    Ok(Deleted)
}

#[utoipa::path(
    operation_id = "rotate_client_secret", tag = "accounts", summary = "Give a client a new secret",
    description = "Makes a new secret (thay khóa bí mật), shown in this answer and never again; the old one and the access tokens that it got end at once.",
    params(("id" = ClientId, Path, description = "Its id."), ("If-Match" = String, Header, description = "The ETag that was read.")),
    responses((status = 200, description = "It has a new secret.", body = ClientWithSecret, headers(("ETag" = String, description = "Its version.")))),
)]
#[post("/api/v1/admin/clients/{id}/secret")]
async fn rotate_client_secret(
    permit: Permit<Administer, Organization>,
    id: ValidPath<ClientId>,
    if_match: IfMatch,
    once: Once,
    app: App,
) -> Result<Rendered, ApiError> {
    let scoped = permit.into_scoped();
    let (secret, hash) = secret(&app).await?;
    let author = scoped.author();
    let rotated = move |tx: &mut WriteTx<'_>| {
        let client = client_secret_replace(tx, &scoped, id.0, &if_match, hash)?;
        Ok(client.map(|client| Saved(client.with_secret(secret))))
    };
    let answer = once.write(&app, author, Weight::Single, rotated).await?;
    app.access_changed().await?;
    Ok(answer)
}
