//! What the account of a person is: on the wire and in its row.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::api::{Change, Patch};
use crate::auth::accounts::own_unit::{OwnUnit, unit_onto};
use crate::auth::accounts::sign_in_names::sign_in_name;
use crate::auth::principal::UserId;
use crate::auth::scope::Scoped;
use crate::db::schema::users;
use crate::db::types::Instant;
use crate::tree::{OrgTree, OrgUnitId};
use crate::{page_of, record, text_enum};

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
    pub(super) fn view(self, scoped: &Scoped) -> User {
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
    /// Name of the unit (tên đơn vị).
    pub org_unit_name: Option<String>,
    /// Whether the person may sign in (đang hoạt động).
    pub active: bool,
    /// Whether the password must be changed before anything else (phải đổi mật khẩu).
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
    pub(in crate::auth) fn of(row: UserRow, tree: &OrgTree, today: NaiveDate) -> Self {
        let unit = OwnUnit::of(tree, row.org_unit_id, today);
        Self {
            id: row.id,
            username: row.username,
            display_name: row.display_name,
            org_unit_id: row.org_unit_id,
            org_unit_code: unit.code,
            org_unit_identifier: unit.identifier,
            org_unit_name: unit.name,
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
    #[serde(default = "crate::auth::accounts::yes")]
    #[schema(default = true)]
    pub active: bool,
    /// Whether the password must be changed at the first sign-in (phải đổi mật khẩu).
    #[serde(default = "crate::auth::accounts::yes")]
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
    #[serde(default = "crate::auth::accounts::yes")]
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
