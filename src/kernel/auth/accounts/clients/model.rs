//! What the account of a system is: on the wire and in its row.

use std::borrow::Cow;

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::api::{Change, Patch, Record};
use crate::auth::accounts::own_unit::{OwnUnit, unit_onto};
use crate::auth::accounts::sign_in_names::sign_in_name;
use crate::auth::principal::ClientId;
use crate::auth::scope::Scoped;
use crate::db::schema::clients;
use crate::db::types::Instant;
use crate::error::ApiError;
use crate::tree::OrgUnitId;
use crate::{page_of, record, text_enum};

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
pub(super) struct ClientRow {
    pub(super) id: ClientId,
    pub(super) client_id: String,
    pub(super) display_name: String,
    pub(super) org_unit_id: Option<OrgUnitId>,
    pub(super) active: bool,
    pub(super) epoch: i64,
    pub(super) version: i64,
    pub(super) created_at: Instant,
    pub(super) updated_at: Instant,
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
    /// Name of the unit (tên đơn vị).
    pub org_unit_name: Option<String>,
    /// Whether it may sign in (đang hoạt động).
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

impl Client {
    pub(super) fn of(row: ClientRow, scoped: &Scoped) -> Self {
        let unit = OwnUnit::of(scoped.tree(), row.org_unit_id, scoped.today());
        Self {
            id: row.id,
            client_id: row.client_id,
            display_name: row.display_name,
            org_unit_id: row.org_unit_id,
            org_unit_code: unit.code,
            org_unit_identifier: unit.identifier,
            org_unit_name: unit.name,
            active: row.active,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }

    pub(super) fn with_secret(self, client_secret: String) -> ClientWithSecret {
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
    /// Name of the unit (tên đơn vị).
    pub org_unit_name: Option<String>,
    /// Whether it may sign in (đang hoạt động).
    pub active: bool,
    /// Version of the record.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}

impl Record for ClientWithSecret {
    fn id_text(&self) -> String {
        self.id.to_string()
    }

    fn version(&self) -> i64 {
        self.version
    }

    /// The secret is told once, the client again and again.
    fn tagged<'b>(&self, _: &'b str) -> Result<Cow<'b, str>, ApiError> {
        let client = Client {
            id: self.id,
            client_id: self.client_id.clone(),
            display_name: self.display_name.clone(),
            org_unit_id: self.org_unit_id,
            org_unit_code: self.org_unit_code.clone(),
            org_unit_identifier: self.org_unit_identifier.clone(),
            org_unit_name: self.org_unit_name.clone(),
            active: self.active,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        };
        serde_json::to_string(&client).map(Cow::Owned).map_err(ApiError::internal)
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
    #[serde(default = "crate::auth::accounts::yes")]
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
    /// Whether it may sign in (đang hoạt động).
    pub active: Option<bool>,
    /// Order (thứ tự); by client id when not given.
    #[param(inline)]
    pub sort: Option<ClientSort>,
}
