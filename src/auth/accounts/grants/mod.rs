//! Grants (quyền được giao): a role of an account over a unit and all that stands under it, in some
//! domains or all, for a time. The unit that employs someone and the unit over which they act are
//! two things; an inspection team is a grant that ends.
//!
//! An administrator gives, changes and takes only what one of his own grants covers; see
//! [`may_give`](super::may_give).

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::{GivenGrant, must_give, not_in_force, of_unit, sees, unit_onto};
use crate::api::json::check;
use crate::api::{Change, IfMatch, PageRequest, PageRows, Patch};
use crate::audit::journal::{Entry, JournalAction};
use crate::auth::permission::{Domain, Role};
use crate::auth::permit::{Administer, Organization, Permit};
use crate::auth::principal::{ClientId, FILE_FOR_CHILDREN, GrantId, UserId};
use crate::auth::scope::Scoped;
use crate::db::conn::MultiBackend;
use crate::db::epochs::{self, Epoch};
use crate::db::schema::{clients, grants, users};
use crate::db::types::Instant;
use crate::db::{DbConn, Recorded, WriteTx};
use crate::domain::organization::reference::{UnitName, label};
use crate::domain::organization::tree::{OrgTree, OrgUnitId};
use crate::domain::validity::OPEN_END;
use crate::error::{ApiError, Bilingual, Fault, Problem};
use crate::{crud, keyset, page_of, record, text_enum};

/// The scope word of a client that reads reference data only.
pub const REFERENCE_READ: &str = "reference:read";

text_enum! {
    /// Order of grants (thứ tự).
    pub enum GrantSort {
        /// Oldest first.
        CreatedAt => "created_at", "thời điểm giao tăng dần";
        /// Newest first.
        CreatedAtDesc => "-created_at", "thời điểm giao giảm dần";
    }
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = grants, treat_none_as_default_value = false, treat_none_as_null = true)]
pub(in crate::auth) struct GrantRow {
    pub(in crate::auth) id: GrantId,
    pub(in crate::auth) user_id: Option<UserId>,
    pub(in crate::auth) client_id: Option<ClientId>,
    pub(in crate::auth) role: Role,
    pub(in crate::auth) org_unit_id: OrgUnitId,
    pub(in crate::auth) domains: String,
    pub(in crate::auth) scopes: String,
    pub(in crate::auth) valid_from: NaiveDate,
    pub(in crate::auth) valid_to: NaiveDate,
    pub(in crate::auth) version: i64,
    pub(in crate::auth) created_at: Instant,
    pub(in crate::auth) updated_at: Instant,
}

impl GrantRow {
    fn domains(&self) -> Vec<Domain> {
        self.domains.split_whitespace().filter_map(|domain| domain.parse().ok()).collect()
    }

    fn given(&self) -> GivenGrant {
        GivenGrant {
            role: self.role,
            org_unit_id: self.org_unit_id,
            domains: self.domains(),
            valid_to: self.valid_to,
        }
    }
}

/// A grant (quyền được giao).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190a8c0-0000-7000-8000-000000000004", "user_id": "0190a8c0-0000-7000-8000-000000000002",
    "client_id": null, "role": "editor", "org_unit_id": "0190a8c0-0000-7000-8000-000000000003",
    "org_unit_code": "31420", "org_unit_identifier": "H30.44", "org_unit_name": "Xã Phụng Hiệp",
    "domains": ["tthc"], "scopes": [], "valid_from": "2026-01-01", "valid_to": null, "version": 1,
    "created_at": "2026-01-02T03:00:00Z", "updated_at": "2026-01-02T03:00:00Z"
}))]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// The person who has it (người dùng).
    pub user_id: Option<UserId>,
    /// The system that has it (hệ thống).
    pub client_id: Option<ClientId>,
    /// The role (vai trò).
    pub role: Role,
    /// The unit over which it holds (phạm vi).
    pub org_unit_id: OrgUnitId,
    /// Statistics code of the unit (mã đơn vị hành chính).
    pub org_unit_code: Option<String>,
    /// Identification code of the unit (mã định danh).
    pub org_unit_identifier: Option<String>,
    /// Name of the unit.
    pub org_unit_name: String,
    /// The domains in which it holds (lĩnh vực); empty for all.
    pub domains: Vec<Domain>,
    /// Scope words: of a client what it may do, of an editor `file-for-children`.
    pub scopes: Vec<String>,
    /// First day.
    pub valid_from: NaiveDate,
    /// First day on which it no longer holds; null while it has no end.
    pub valid_to: Option<NaiveDate>,
    /// Version of the record.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}
record!(Grant);
page_of!(GrantPage, Grant, "grants");

impl Grant {
    fn of(row: &GrantRow, tree: &OrgTree, today: NaiveDate) -> Self {
        let unit = label(tree, row.org_unit_id, today);
        Self {
            id: row.id,
            user_id: row.user_id,
            client_id: row.client_id,
            role: row.role,
            org_unit_id: unit.org_unit_id,
            org_unit_code: unit.org_unit_code,
            org_unit_identifier: unit.org_unit_identifier,
            org_unit_name: unit.org_unit_name,
            domains: row.domains(),
            scopes: row.scopes.split_whitespace().map(str::to_owned).collect(),
            valid_from: row.valid_from,
            valid_to: (row.valid_to != OPEN_END).then_some(row.valid_to),
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// A new grant, or the whole of a changed one. The account stays: another one gets a grant of its own.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "user_id": "0190a8c0-0000-7000-8000-000000000002", "role": "editor", "org_unit_code": "31420",
    "domains": ["tthc"], "valid_from": "2026-01-01"
}))]
pub struct GrantCreate {
    /// The person who gets it (người được giao); exactly one of person and system.
    #[serde(default)]
    pub user_id: Option<UserId>,
    /// The system that gets it (hệ thống được giao), by the id of its record.
    #[serde(default)]
    pub client_id: Option<ClientId>,
    /// The role (vai trò); `client` for systems only, every other for people only.
    pub role: Role,
    /// The unit over which it holds, by id (phạm vi); name it in exactly one way.
    #[serde(default)]
    pub org_unit_id: Option<OrgUnitId>,
    /// The unit by its identification code (mã định danh).
    #[serde(default)]
    #[validate(length(min = 1, max = 35))]
    #[schema(min_length = 1, max_length = 35)]
    pub org_unit_identifier: Option<String>,
    /// The unit by its statistics code on the first day (mã đơn vị hành chính).
    #[serde(default)]
    #[validate(length(min = 1, max = 20))]
    #[schema(min_length = 1, max_length = 20)]
    pub org_unit_code: Option<String>,
    /// The domains in which it holds (lĩnh vực); empty for all.
    #[serde(default)]
    #[validate(length(max = 9))]
    #[schema(max_items = 9)]
    pub domains: Vec<Domain>,
    /// For `client` what it may do (phạm vi được gọi): `<domain>:read`, `<domain>:write`, `reference:read`; for `editor`
    /// at most `file-for-children`; for others none.
    #[serde(default)]
    #[validate(length(max = 32))]
    #[schema(max_items = 32)]
    pub scopes: Vec<String>,
    /// First day (ngày bắt đầu); today when not given.
    #[serde(default)]
    pub valid_from: Option<NaiveDate>,
    /// First day on which it no longer holds (ngày hết hiệu lực); without it the grant has no end.
    #[serde(default)]
    pub valid_to: Option<NaiveDate>,
}

/// Changes to a grant (RFC 7396). Any member that names the unit replaces all of them.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"valid_to": "2026-12-31"}))]
pub struct GrantPatch {
    /// The role (vai trò).
    #[serde(default)]
    #[schema(value_type = Role, required = false)]
    pub role: Change<Role>,
    /// The unit over which it holds, by id (phạm vi).
    #[serde(default)]
    #[schema(value_type = OrgUnitId, required = false)]
    pub org_unit_id: Change<OrgUnitId>,
    /// The unit by its identification code (mã định danh).
    #[serde(default)]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 35)]
    pub org_unit_identifier: Change<String>,
    /// The unit by its statistics code on the first day (mã đơn vị hành chính).
    #[serde(default)]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 20)]
    pub org_unit_code: Change<String>,
    /// The domains in which it holds (lĩnh vực); empty for all.
    #[serde(default)]
    #[schema(value_type = Vec<Domain>, required = false, max_items = 9)]
    pub domains: Change<Vec<Domain>>,
    /// Scope words.
    #[serde(default)]
    #[schema(value_type = Vec<String>, required = false, max_items = 32)]
    pub scopes: Change<Vec<String>>,
    /// First day.
    #[serde(default)]
    #[schema(value_type = NaiveDate, required = false)]
    pub valid_from: Change<NaiveDate>,
    /// First day on which it no longer holds; null for no end.
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    pub valid_to: Patch<NaiveDate>,
}

impl GrantPatch {
    /// The whole grant after the patch.
    #[must_use]
    pub fn onto(self, present: &Grant) -> GrantCreate {
        let Self {
            role,
            org_unit_id,
            org_unit_identifier,
            org_unit_code,
            domains,
            scopes,
            valid_from,
            valid_to,
        } = self;
        let (org_unit_id, org_unit_identifier, org_unit_code) = unit_onto(
            member(org_unit_id),
            member(org_unit_identifier),
            member(org_unit_code),
            Some(present.org_unit_id),
        );
        GrantCreate {
            user_id: present.user_id,
            client_id: present.client_id,
            role: role.onto(present.role),
            org_unit_id,
            org_unit_identifier,
            org_unit_code,
            domains: domains.onto(present.domains.clone()),
            scopes: scopes.onto(present.scopes.clone()),
            valid_from: Some(valid_from.onto(present.valid_from)),
            valid_to: valid_to.onto(present.valid_to),
        }
    }
}

fn member<T>(change: Change<T>) -> Patch<T> {
    match change {
        Change::Absent => Patch::Absent,
        Change::Value(value) => Patch::Value(value),
    }
}

/// Which grants a list holds.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct GrantFilter {
    /// The person who has it (người dùng).
    pub user_id: Option<UserId>,
    /// The system that has it (hệ thống), by the id of its record.
    pub client_id: Option<ClientId>,
    /// The unit over which it holds (phạm vi).
    pub org_unit_id: Option<OrgUnitId>,
    /// The role (vai trò).
    #[param(inline)]
    pub role: Option<Role>,
    /// Order (thứ tự); oldest first when not given.
    #[param(inline)]
    pub sort: Option<GrantSort>,
}

/// What is wrong with a grant by itself: whose it is, which scopes its role can have, its days.
#[must_use]
pub fn grant_faults(body: &GrantCreate, valid_from: NaiveDate) -> Vec<Fault> {
    let mut faults = Vec::new();
    if body.user_id.is_some() == body.client_id.is_some() {
        faults.push(Fault::new(
            "/user_id",
            "exactly_one",
            Bilingual::new(
                "Nêu đúng một trong user_id và client_id.",
                "Give exactly one of user_id and client_id.",
            ),
        ));
    } else if (body.role == Role::Client) != body.client_id.is_some() {
        faults.push(Fault::new(
            "/role",
            "role_of_account",
            Bilingual::new(
                "Vai trò client chỉ dành cho hệ thống, các vai trò khác chỉ dành cho người dùng.",
                "The role client is for systems only, every other role for people only.",
            ),
        ));
    }
    if body.role == Role::Client && body.client_id.is_some() && body.scopes.is_empty() {
        faults.push(Fault::new(
            "/scopes",
            "required",
            Bilingual::new(
                "Phải nêu hệ thống được làm gì, ví dụ tthc:write.",
                "Say what the system may do, such as tthc:write.",
            ),
        ));
    }
    for (index, word) in body.scopes.iter().enumerate() {
        if !scope_fits(body.role, word) {
            faults.push(Fault::new(
                format!("/scopes/{index}"),
                "scope_of_role",
                Bilingual::new(
                    format!("Vai trò {} không dùng được phạm vi thao tác này.", body.role.label_vi()),
                    format!("The role {} cannot have this scope.", body.role),
                ),
            ));
        }
    }
    if body.valid_to.is_some_and(|end| end <= valid_from) {
        faults.push(Fault::new(
            "/valid_to",
            "before_start",
            Bilingual::new(
                "Ngày hết hiệu lực phải sau ngày bắt đầu.",
                "The first day without it must be after the first day with it.",
            ),
        ));
    }
    faults
}

/// Whether a role can have a scope word.
fn scope_fits(role: Role, word: &str) -> bool {
    match role {
        Role::Client => {
            let of_domain =
                |verb: &str| word.strip_suffix(verb).is_some_and(|domain| domain.parse::<Domain>().is_ok());
            word == REFERENCE_READ || of_domain(":read") || of_domain(":write")
        }
        Role::Editor => word == FILE_FOR_CHILDREN,
        Role::Admin | Role::Reviewer | Role::Inspector => false,
    }
}

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
    let at = tx.at();
    let row = row_of(tx.conn(), scoped, body, None)?;
    let row = GrantRow { version: 1, created_at: at, updated_at: at, ..row };
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
    let at = tx.at();
    let row = row_of(tx.conn(), scoped, body, Some(&present))?;
    let row =
        GrantRow { version: present.version + 1, created_at: present.created_at, updated_at: at, id, ..row };
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
    let at = tx.at();
    let of_version = grants::table.find(present.id).filter(grants::version.eq(present.version));
    let deleted = diesel::update(of_version)
        .set((
            grants::deleted_at.eq(Some(at)),
            grants::version.eq(present.version + 1),
            grants::updated_at.eq(at),
        ))
        .execute(tx.conn())?;
    if deleted == 0 {
        return Err(ApiError::new(Problem::PreconditionFailed));
    }
    entry(JournalAction::Delete, scoped.tree(), scoped.today(), present.version + 1, present)
}

/// Takes all grants of an account that is deleted.
pub(super) fn grants_delete_of(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    user: Option<UserId>,
    client: Option<ClientId>,
) -> Result<(), ApiError> {
    for row in rows_of(tx.conn(), user, client)? {
        let entry = row_delete(tx, scoped, &row)?;
        // The deletion of the account itself gives the receipt.
        let _receipt = tx.journal(entry)?;
    }
    Ok(())
}

fn rows_of(
    conn: &mut DbConn,
    user: Option<UserId>,
    client: Option<ClientId>,
) -> Result<Vec<GrantRow>, ApiError> {
    let mut query = grants::table.filter(grants::deleted_at.is_null()).into_boxed();
    query = match user {
        Some(user) => query.filter(grants::user_id.eq(user)),
        None => query.filter(grants::client_id.eq(client)),
    };
    Ok(query.order(grants::id).select(GrantRow::as_select()).load(conn)?)
}

/// What a person has been granted, past and future included.
pub(super) fn grants_of_user(conn: &mut DbConn, id: UserId) -> Result<Vec<GivenGrant>, ApiError> {
    Ok(rows_of(conn, Some(id), None)?.iter().map(GrantRow::given).collect())
}

/// What a system has been granted, past and future included.
pub(super) fn grants_of_client(conn: &mut DbConn, id: ClientId) -> Result<Vec<GivenGrant>, ApiError> {
    Ok(rows_of(conn, None, Some(id))?.iter().map(GrantRow::given).collect())
}

/// The row that a body means; version and times are the caller's.
fn row_of(
    conn: &mut DbConn,
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
        None => faults.extend(account_fault(conn, scoped, &body)?),
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
    let at = scoped.author().at();
    let GrantCreate { user_id, client_id, role, domains, scopes, valid_to, .. } = body;
    Ok(GrantRow {
        id: GrantId::new(),
        user_id,
        client_id,
        role,
        org_unit_id,
        domains: words(domains.iter().map(|domain| domain.as_str())),
        scopes: words(scopes.iter().map(String::as_str)),
        valid_from,
        valid_to: valid_to.unwrap_or(OPEN_END),
        version: 1,
        created_at: at,
        updated_at: at,
    })
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

crud! {
    tag: "accounts", what: "a grant", many: "grants", vi: "quyền được giao",
    collection: "/api/v1/admin/grants", record: "/api/v1/admin/grants/{id}",
    id: GrantId, row: Grant, page: GrantPage, create: GrantCreate, patch: GrantPatch, filter: GrantFilter,
    read: Permit<Administer, Organization>, write: Permit<Administer, Organization>,
    list: list_grants => grant_list, get: get_grant => grant_get,
    create_one: create_grant => grant_insert,
    replace: replace_grant => grant_replace, patch_one: patch_grant,
    delete: delete_grant => grant_delete,
    afterwards: access_changed,
}

/// Mounts the operations.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    crud_routes(cfg);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn body(role: Role, scopes: &[&str]) -> GrantCreate {
        let is_client = role == Role::Client;
        GrantCreate {
            user_id: (!is_client).then(UserId::new),
            client_id: is_client.then(ClientId::new),
            role,
            org_unit_id: None,
            org_unit_identifier: None,
            org_unit_code: None,
            domains: Vec::new(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            valid_from: None,
            valid_to: None,
        }
    }

    fn codes(body: &GrantCreate) -> Vec<(String, String)> {
        let faults = grant_faults(body, day("2026-01-01"));
        faults.into_iter().map(|fault| (fault.pointer, fault.code.into_owned())).collect()
    }

    #[test]
    fn each_role_has_its_own_scope_words() {
        for domain in Domain::ALL {
            assert!(
                codes(&body(Role::Client, &[&format!("{domain}:read"), &format!("{domain}:write")]))
                    .is_empty()
            );
        }
        assert!(codes(&body(Role::Client, &["reference:read"])).is_empty());
        assert!(codes(&body(Role::Editor, &["file-for-children"])).is_empty());
        for role in Role::ALL.iter().filter(|role| **role != Role::Client) {
            assert!(codes(&body(*role, &[])).is_empty(), "{role}");
            assert_eq!(codes(&body(*role, &["tthc:write"])), [("/scopes/0".into(), "scope_of_role".into())]);
        }
        assert_eq!(codes(&body(Role::Client, &[])), [("/scopes".into(), "required".into())]);
        for word in ["tthc:review", "accounts:write", "journal:read", "reference:write", "x:read", "tthc", ""]
        {
            let found = codes(&body(Role::Client, &["tthc:read", word]));
            assert_eq!(found, [("/scopes/1".into(), "scope_of_role".into())], "{word}");
        }
    }

    #[test]
    fn a_grant_has_one_account_of_the_right_kind() {
        let neither = GrantCreate { user_id: None, ..body(Role::Editor, &[]) };
        let both = GrantCreate { client_id: Some(ClientId::new()), ..body(Role::Editor, &[]) };
        for wrong in [neither, both] {
            assert_eq!(codes(&wrong), [("/user_id".into(), "exactly_one".into())]);
        }
        let system = GrantCreate { role: Role::Admin, scopes: Vec::new(), ..body(Role::Client, &[]) };
        let person = GrantCreate { role: Role::Client, ..body(Role::Editor, &[]) };
        assert_eq!(codes(&system), [("/role".into(), "role_of_account".into())]);
        assert_eq!(codes(&person), [("/role".into(), "role_of_account".into())]);
    }

    #[test]
    fn a_grant_ends_after_it_began() {
        let until = |to: &str| GrantCreate { valid_to: Some(day(to)), ..body(Role::Editor, &[]) };
        assert!(codes(&until("2026-01-02")).is_empty());
        assert_eq!(codes(&until("2026-01-01")), [("/valid_to".into(), "before_start".into())]);
    }

    #[test]
    fn words_are_stored_once() {
        assert_eq!(words(["a", "b", "a"].into_iter()), "a b");
    }
}
