//! Accounts of people (tài khoản người dùng). An administrator makes them with a first password
//! that must be changed; what the person may do stands in grants.
//!
//! Deactivation, a reset password and deletion end every session at once. The password itself is
//! hashed before the write begins, so the handlers are written out.

use actix_web::{delete, get, patch, post, put};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::grants::{grants_delete_of, grants_of_user};
use super::{
    must_give, not_oneself, of_unit, own_unit, refresh_tokens_delete, sees, sign_in_name, unit_onto,
};
use crate::api::json::check;
use crate::api::{
    Change, Created, Deleted, Found, IfMatch, ListQuery, Listed, MergePatch, Once, PageParams, PageRequest,
    PageRows, Patch, Rendered, Saved, ValidJson, ValidPath,
};
use crate::audit::journal::{Entry, JournalAction};
use crate::auth::password::check_password;
use crate::auth::permit::{Administer, Organization, Permit};
use crate::auth::principal::UserId;
use crate::auth::scope::Scoped;
use crate::db::conn::MultiBackend;
use crate::db::epochs::{self, Epoch};
use crate::db::schema::users;
use crate::db::types::Instant;
use crate::db::{DbConn, Recorded, Weight, WriteTx};
use crate::domain::organization::reference::{UnitName, label};
use crate::domain::organization::tree::{OrgTree, OrgUnitId};
use crate::error::{ApiError, Bilingual, Fault, Problem};
use crate::state::App;
use crate::{keyset, page_of, record, text_enum};

text_enum! {
    /// Order of users (thứ tự).
    pub enum UserSort {
        /// By username.
        Username => "username", "tên đăng nhập tăng dần";
        /// By username, backwards.
        UsernameDesc => "-username", "tên đăng nhập giảm dần";
    }
}

/// A user as stored, without the password's hash.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = users)]
pub(in crate::auth) struct UserRow {
    pub(in crate::auth) id: UserId,
    pub(in crate::auth) username: String,
    pub(in crate::auth) display_name: String,
    pub(in crate::auth) org_unit_id: Option<OrgUnitId>,
    pub(in crate::auth) must_change_password: bool,
    pub(in crate::auth) active: bool,
    pub(in crate::auth) epoch: i64,
    pub(in crate::auth) version: i64,
    pub(in crate::auth) created_at: Instant,
    pub(in crate::auth) updated_at: Instant,
}

impl UserRow {
    fn view(self, scoped: &Scoped) -> User {
        User::of(self, scoped.tree(), scoped.today())
    }
}

/// The account of a person (tài khoản người dùng).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190a8c0-0000-7000-8000-000000000002", "username": "xa.hiephung.2025", "display_name": "Nguyễn Thị Lan",
    "org_unit_id": "0190a8c0-0000-7000-8000-000000000003", "org_unit_code": "31420",
    "org_unit_identifier": "H30.44", "org_unit_name": "Xã Phụng Hiệp", "active": true,
    "must_change_password": false, "version": 1,
    "created_at": "2026-01-02T03:00:00Z", "updated_at": "2026-01-02T03:00:00Z"
}))]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// The name to sign in with (tên đăng nhập).
    pub username: String,
    /// The person's name (họ và tên).
    pub display_name: String,
    /// The unit that employs the person (đơn vị công tác).
    pub org_unit_id: Option<OrgUnitId>,
    /// Statistics code of the unit (mã đơn vị hành chính).
    pub org_unit_code: Option<String>,
    /// Identification code of the unit (mã định danh).
    pub org_unit_identifier: Option<String>,
    /// Name of the unit.
    pub org_unit_name: Option<String>,
    /// Whether the person may sign in (đang hoạt động).
    pub active: bool,
    /// Whether the password must be changed before anything else.
    pub must_change_password: bool,
    /// Version of the record.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}
record!(User);
page_of!(UserPage, User, "users");

impl User {
    pub(in crate::auth) fn of(row: UserRow, tree: &OrgTree, today: chrono::NaiveDate) -> Self {
        let unit = row.org_unit_id.map(|unit| label(tree, unit, today));
        let (code, identifier, name) = unit.map_or((None, None, None), |unit| {
            (unit.org_unit_code, unit.org_unit_identifier, Some(unit.org_unit_name))
        });
        Self {
            id: row.id,
            username: row.username,
            display_name: row.display_name,
            org_unit_id: row.org_unit_id,
            org_unit_code: code,
            org_unit_identifier: identifier,
            org_unit_name: name,
            active: row.active,
            must_change_password: row.must_change_password,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// A new account of a person.
#[derive(Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "username": "xa.hiephung.2025", "display_name": "Nguyễn Thị Lan", "org_unit_code": "31420",
    "password": "con mèo trèo cây cau"
}))]
pub struct UserCreate {
    /// The name to sign in with (tên đăng nhập); capitals become small letters.
    #[validate(length(min = 3, max = 64), custom(function = "sign_in_name"))]
    #[schema(min_length = 3, max_length = 64, pattern = "^[A-Za-z0-9._-]+$")]
    pub username: String,
    /// The person's name (họ và tên).
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub display_name: String,
    /// The unit that employs the person, by id (đơn vị công tác); name it in one way only.
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
    /// Whether the person may sign in (đang hoạt động).
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub active: bool,
    /// Whether the password must be changed at the first sign-in (phải đổi mật khẩu).
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub must_change_password: bool,
    /// The first password (mật khẩu ban đầu): 10 to 128 characters.
    #[schema(format = Password, min_length = 10, max_length = 128)]
    pub password: String,
}

/// The whole of a changed account.
#[derive(Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"username": "xa.hiephung.2025", "display_name": "Nguyễn Thị Lan", "org_unit_code": "31420"}))]
pub struct UserReplace {
    /// The name to sign in with (tên đăng nhập); capitals become small letters.
    #[validate(length(min = 3, max = 64), custom(function = "sign_in_name"))]
    #[schema(min_length = 3, max_length = 64, pattern = "^[A-Za-z0-9._-]+$")]
    pub username: String,
    /// The person's name (họ và tên).
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub display_name: String,
    /// The unit that employs the person, by id (đơn vị công tác); name it in one way only.
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
    /// Whether the person may sign in; `false` ends all sessions.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub active: bool,
    /// Whether the password must be changed. When not given: yes with a new password, else as it is.
    #[serde(default)]
    pub must_change_password: Option<bool>,
    /// A new password, 10 to 128 characters, which ends all sessions; without it the password stays.
    #[serde(default)]
    #[schema(format = Password, min_length = 10, max_length = 128)]
    pub password: Option<String>,
}

/// Changes to an account (RFC 7396). Any member that names the unit replaces all of them.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"active": false}))]
pub struct UserPatch {
    /// The name to sign in with (tên đăng nhập).
    #[serde(default)]
    #[schema(value_type = String, required = false, min_length = 3, max_length = 64, pattern = "^[A-Za-z0-9._-]+$")]
    pub username: Change<String>,
    /// The person's name (họ và tên).
    #[serde(default)]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 200)]
    pub display_name: Change<String>,
    /// The unit that employs the person, by id (đơn vị công tác).
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
    /// Whether the person may sign in; `false` ends all sessions.
    #[serde(default)]
    #[schema(value_type = bool, required = false)]
    pub active: Change<bool>,
    /// Whether the password must be changed; yes with a new password, unless the patch says otherwise.
    #[serde(default)]
    #[schema(value_type = bool, required = false)]
    pub must_change_password: Change<bool>,
    /// A new password, 10 to 128 characters, which ends all sessions.
    #[serde(default)]
    #[schema(value_type = String, required = false, format = Password, min_length = 10, max_length = 128)]
    pub password: Change<String>,
}

impl UserPatch {
    /// The whole account after the patch.
    #[must_use]
    pub fn onto(self, present: &User) -> UserReplace {
        let Self {
            username,
            display_name,
            org_unit_id,
            org_unit_identifier,
            org_unit_code,
            active,
            must_change_password,
            password,
        } = self;
        let (org_unit_id, org_unit_identifier, org_unit_code) =
            unit_onto(org_unit_id, org_unit_identifier, org_unit_code, present.org_unit_id);
        UserReplace {
            username: username.onto(present.username.clone()),
            display_name: display_name.onto(present.display_name.clone()),
            org_unit_id,
            org_unit_identifier,
            org_unit_code,
            active: active.onto(present.active),
            must_change_password: match must_change_password {
                Change::Absent => None,
                Change::Value(must) => Some(must),
            },
            password: match password {
                Change::Absent => None,
                Change::Value(password) => Some(password),
            },
        }
    }
}

/// Which users a list holds.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UserFilter {
    /// How the username begins (tên đăng nhập).
    #[validate(length(min = 1, max = 64))]
    #[param(min_length = 1, max_length = 64)]
    pub username: Option<String>,
    /// The unit that employs the person (đơn vị công tác).
    pub org_unit_id: Option<OrgUnitId>,
    /// Whether the person may sign in (đang hoạt động).
    pub active: Option<bool>,
    /// Order (thứ tự); by username when not given.
    #[param(inline)]
    pub sort: Option<UserSort>,
}

fn yes() -> bool {
    true
}

type Users<'a> = users::BoxedQuery<'a, MultiBackend>;

fn matching<'a>(scoped: &Scoped, filter: &'a UserFilter) -> Users<'a> {
    let UserFilter { username, org_unit_id, active, sort: _ } = filter;
    let mut query = users::table.filter(users::deleted_at.is_null()).into_boxed();
    if let Some(units) = scoped.unit_list() {
        query = query.filter(users::org_unit_id.eq_any(units));
    }
    if let Some(prefix) = username {
        // A tilde sorts behind every character that a username may have.
        let from = prefix.to_lowercase();
        let to = format!("{from}~");
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
    let present = row_get(tx.conn(), scoped, id)?;
    expected.check(present.version)?;
    must_give(scoped, &grants_of_user(tx.conn(), id)?)?;
    check(&body)?;
    let name = UnitName {
        id: body.org_unit_id,
        identifier: body.org_unit_identifier.as_deref(),
        code: body.org_unit_code.as_deref(),
    };
    let unit = own_unit(scoped, name, present.org_unit_id)?;
    let deactivated = present.active && !body.active;
    if deactivated {
        not_oneself(tx, id.as_str())?;
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
    let present = row_get(tx.conn(), scoped, id)?;
    expected.check(present.version)?;
    must_give(scoped, &grants_of_user(tx.conn(), id)?)?;
    not_oneself(tx, id.as_str())?;
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
    grants_delete_of(tx, scoped, Some(id), None)?;
    epochs::raise(tx, Epoch::Access)?;
    let version = present.version + 1;
    let entry = entry(JournalAction::Delete, scoped.tree(), tx.at().vietnam_day(), present, version)?;
    Ok(tx.journal(entry)?.with(()))
}

/// The journal entry of a user: the person's name stands in it masked only.
pub(in crate::auth) fn entry(
    action: JournalAction,
    tree: &OrgTree,
    today: chrono::NaiveDate,
    row: UserRow,
    version: i64,
) -> Result<Entry, ApiError> {
    let content = User { display_name: "***".into(), ..User::of(row, tree, today) };
    let entry = Entry::new(action, "user", content.id, version, &content)?;
    Ok(of_unit(entry, tree, content.org_unit_id))
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

/// What is wrong with a username that comes from elsewhere than a body.
pub(in crate::auth) fn username_faults(username: &str) -> Vec<Fault> {
    let length = (3..=64).contains(&username.len());
    if length && sign_in_name(username).is_ok() {
        return Vec::new();
    }
    let message = Bilingual::new(
        "Tên đăng nhập có 3 đến 64 ký tự: chữ cái không dấu, chữ số và . _ -",
        "A username has 3 to 64 characters: letters without marks, digits and . _ -",
    );
    vec![Fault::new("/username", "alphabet", message)]
}

/// The hash of a password that someone is to have.
pub(in crate::auth) async fn hashed(
    app: &App,
    username: &str,
    password: &str,
    pointer: &str,
) -> Result<String, ApiError> {
    check_password(username, password).map_err(|fault| ApiError::invalid(vec![fault.at(pointer)]))?;
    Ok(app.hasher.hash(password).await?)
}

/// Mounts the operations.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list_users)
        .service(create_user)
        .service(get_user)
        .service(replace_user)
        .service(patch_user)
        .service(delete_user);
}

#[utoipa::path(
    operation_id = "list_users", tag = "accounts", summary = "List users",
    description = "A page of the accounts of people (tài khoản người dùng) whose unit is within reach.",
    params(UserFilter, PageParams),
    responses((status = 200, description = "A page.", body = UserPage, headers(("Link" = String, description = "The next page.")))),
)]
#[get("/api/v1/admin/users")]
async fn list_users(
    permit: Permit<Administer, Organization>,
    query: ListQuery<UserFilter>,
    app: App,
) -> Result<Listed<UserPage>, ApiError> {
    query.answer(permit.into_scoped(), &app, user_list).await
}

#[utoipa::path(
    operation_id = "create_user", tag = "accounts", summary = "Create a user",
    description = "Makes the account of a person (tài khoản người dùng) with a first password.",
    request_body = UserCreate,
    responses((status = 201, description = "It was made.", body = User, headers(("Location" = String, description = "Its address."), ("ETag" = String, description = "Its version.")))),
)]
#[post("/api/v1/admin/users")]
async fn create_user(
    permit: Permit<Administer, Organization>,
    once: Once,
    app: App,
    body: ValidJson<UserCreate>,
) -> Result<Rendered, ApiError> {
    let scoped = permit.into_scoped();
    let hash = hashed(&app, &body.0.username, &body.0.password, "/password").await?;
    let author = scoped.author();
    let made = move |tx: &mut WriteTx<'_>| Ok(user_insert(tx, &scoped, body.0, hash)?.map(Created));
    let answer = once.write(&app, author, Weight::Single, made).await?;
    app.access_changed().await?;
    Ok(answer)
}

#[utoipa::path(
    operation_id = "get_user", tag = "accounts", summary = "Get a user",
    description = "Reads the account of a person (tài khoản người dùng) by its id.",
    params(("id" = UserId, Path, description = "Its id."), ("If-None-Match" = Option<String>, Header, description = "An ETag that is known already.")),
    responses((status = 200, description = "The record.", body = User, headers(("ETag" = String, description = "Its version."))), (status = 304, description = "It has not changed.")),
)]
#[get("/api/v1/admin/users/{id}")]
async fn get_user(
    permit: Permit<Administer, Organization>,
    id: ValidPath<UserId>,
    app: App,
) -> Result<Found<User>, ApiError> {
    let scoped = permit.into_scoped();
    app.db.read(move |conn| user_get(conn, &scoped, id.0)).await.map(Found)
}

#[utoipa::path(
    operation_id = "replace_user", tag = "accounts", summary = "Replace a user",
    description = "Replaces the account of a person (tài khoản người dùng) as a whole; the password stays when none is given.",
    params(("id" = UserId, Path, description = "Its id."), ("If-Match" = String, Header, description = "The ETag that was read.")),
    request_body = UserReplace,
    responses((status = 200, description = "It was replaced.", body = User, headers(("ETag" = String, description = "Its version.")))),
)]
#[put("/api/v1/admin/users/{id}")]
async fn replace_user(
    permit: Permit<Administer, Organization>,
    id: ValidPath<UserId>,
    if_match: IfMatch,
    app: App,
    body: ValidJson<UserReplace>,
) -> Result<Saved<User>, ApiError> {
    let scoped = permit.into_scoped();
    let hash = match &body.0.password {
        Some(password) => Some(hashed(&app, &body.0.username, password, "/password").await?),
        None => None,
    };
    let author = scoped.author();
    let replaced = move |tx: &mut WriteTx<'_>| user_replace(tx, &scoped, id.0, &if_match, body.0, hash);
    let user = app.db.write(author, replaced).await?;
    app.access_changed().await?;
    Ok(Saved(user))
}

#[utoipa::path(
    operation_id = "patch_user", tag = "accounts", summary = "Change a user",
    description = "Changes single members of the account of a person (tài khoản người dùng), after RFC 7396.",
    params(("id" = UserId, Path, description = "Its id."), ("If-Match" = String, Header, description = "The ETag that was read.")),
    request_body(content = UserPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "It was changed.", body = User, headers(("ETag" = String, description = "Its version.")))),
)]
#[patch("/api/v1/admin/users/{id}")]
async fn patch_user(
    permit: Permit<Administer, Organization>,
    id: ValidPath<UserId>,
    if_match: IfMatch,
    app: App,
    body: MergePatch<UserPatch>,
) -> Result<Saved<User>, ApiError> {
    let scoped = permit.into_scoped();
    let hash = match &body.0.password {
        Change::Value(password) => {
            let read = scoped.clone();
            let id = id.0;
            let present = app.db.read(move |conn| user_get(conn, &read, id)).await?;
            let username = body.0.username.clone().onto(present.username);
            Some(hashed(&app, &username, password, "/password").await?)
        }
        Change::Absent => None,
    };
    let author = scoped.author();
    let patched = move |tx: &mut WriteTx<'_>| {
        let whole = body.0.onto(&user_get(tx.conn(), &scoped, id.0)?);
        user_replace(tx, &scoped, id.0, &if_match, whole, hash)
    };
    let user = app.db.write(author, patched).await?;
    app.access_changed().await?;
    Ok(Saved(user))
}

#[utoipa::path(
    operation_id = "delete_user", tag = "accounts", summary = "Delete a user",
    description = "Deletes the account of a person (tài khoản người dùng) with all grants and ends all sessions.",
    params(("id" = UserId, Path, description = "Its id."), ("If-Match" = String, Header, description = "The ETag that was read.")),
    responses((status = 204, description = "It was deleted.")),
)]
#[delete("/api/v1/admin/users/{id}")]
async fn delete_user(
    permit: Permit<Administer, Organization>,
    id: ValidPath<UserId>,
    if_match: IfMatch,
    app: App,
) -> Result<Deleted, ApiError> {
    let scoped = permit.into_scoped();
    app.db.write(scoped.author(), move |tx| user_delete(tx, &scoped, id.0, &if_match)).await?;
    app.access_changed().await?;
    Ok(Deleted)
}
