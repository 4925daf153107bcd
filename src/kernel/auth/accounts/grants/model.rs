//! What a grant is: on the wire and in its row.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::api::records::Row;
use crate::api::{Change, Patch};
use crate::auth::accounts::authority::GivenGrant;
use crate::auth::accounts::own_unit::unit_onto;
use crate::auth::permission::{Domain, Role};
use crate::auth::principal::{ClientId, GrantId, UserId};
use crate::db::schema::grants;
use crate::db::types::Instant;
use crate::tree::{OrgTree, OrgUnitId};
use crate::unit_reference::{UnitName, label};
use crate::validity::OPEN_END;
use crate::{page_of, record, text_enum};

text_enum! {
    /// Order of grants (thứ tự).
    pub enum GrantSort {
        /// Oldest first.
        CreatedAt => "created_at", "thời điểm giao tăng dần";
        /// Newest first.
        CreatedAtDesc => "-created_at", "thời điểm giao giảm dần";
    }
}

/// A grant as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = grants, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct GrantRow {
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

    pub(super) fn given(&self) -> GivenGrant {
        GivenGrant {
            role: self.role,
            org_unit_id: self.org_unit_id,
            domains: self.domains(),
            valid_to: self.valid_to,
        }
    }
}

/// A grant with the name under which its account signs in.
#[derive(Debug, Clone)]
pub struct HeldRow {
    pub(in crate::auth) row: GrantRow,
    pub(in crate::auth) account: AccountName,
}

/// The name under which an account signs in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::auth) enum AccountName {
    Username(String),
    ClientCode(String),
}

/// The name is the account's.
impl PartialEq for HeldRow {
    fn eq(&self, other: &Self) -> bool {
        self.row == other.row
    }
}

impl Row for HeldRow {
    type Id = GrantId;

    fn id(&self) -> GrantId {
        self.row.id
    }

    fn version(&self) -> i64 {
        self.row.version
    }

    fn revise(&mut self, at: Instant) {
        self.row.version += 1;
        self.row.updated_at = at;
    }
}

/// A grant (quyền được giao).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190a8c0-0000-7000-8000-000000000004", "user_id": "0190a8c0-0000-7000-8000-000000000002",
    "username": "xa.hiephung", "client_id": null, "client_code": null, "role": "editor", "org_unit_id": "0190a8c0-0000-7000-8000-000000000003",
    "org_unit_code": "31420", "org_unit_identifier": "H30.44", "org_unit_name": "Xã Phụng Hiệp",
    "domains": ["tthc"], "scopes": [], "valid_from": "2026-01-01", "valid_to": null, "version": 1,
    "created_at": "2026-01-02T03:00:00Z", "updated_at": "2026-01-02T03:00:00Z"
}))]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// The person who has it (người dùng).
    pub user_id: Option<UserId>,
    /// The name under which the person signs in (tên đăng nhập).
    pub username: Option<String>,
    /// The system that has it (hệ thống), by the id of its record.
    pub client_id: Option<ClientId>,
    /// The name under which the system signs in (mã hệ thống).
    pub client_code: Option<String>,
    /// The role (vai trò).
    pub role: Role,
    /// The unit over which it holds (phạm vi).
    pub org_unit_id: OrgUnitId,
    /// Statistics code of the unit (mã đơn vị hành chính).
    pub org_unit_code: Option<String>,
    /// Identification code of the unit (mã định danh).
    pub org_unit_identifier: Option<String>,
    /// Name of the unit (tên đơn vị).
    pub org_unit_name: String,
    /// The domains in which it holds (lĩnh vực); empty for all.
    pub domains: Vec<Domain>,
    /// Scope words (phạm vi được gọi): of a client what it may do, of an editor `file-for-children`.
    pub scopes: Vec<String>,
    /// First day (ngày bắt đầu).
    pub valid_from: NaiveDate,
    /// First day on which it no longer holds (ngày hết hiệu lực); null while it has no end.
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
    pub(super) fn of(held: &HeldRow, tree: &OrgTree, today: NaiveDate) -> Self {
        let HeldRow { row, account } = held;
        let unit = label(tree, row.org_unit_id, today);
        let (username, client_code) = match account.clone() {
            AccountName::Username(name) => (Some(name), None),
            AccountName::ClientCode(name) => (None, Some(name)),
        };
        Self {
            id: row.id,
            user_id: row.user_id,
            username,
            client_id: row.client_id,
            client_code,
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
    "username": "xa.hiephung", "role": "editor", "org_unit_code": "31420",
    "domains": ["tthc"], "valid_from": "2026-01-01"
}))]
pub struct GrantCreate {
    /// The person who gets it (người được giao), by id; name one account in exactly one way.
    #[serde(default)]
    pub user_id: Option<UserId>,
    /// The person by the name to sign in with (tên đăng nhập).
    #[serde(default)]
    #[validate(length(min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100)]
    pub username: Option<String>,
    /// The system that gets it (hệ thống được giao), by the id of its record.
    #[serde(default)]
    pub client_id: Option<ClientId>,
    /// The system by the name under which it signs in (mã hệ thống).
    #[serde(default)]
    #[validate(length(min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100)]
    pub client_code: Option<String>,
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
    #[schema(max_items = 32, example = json!(["tthc:read", "reference:read"]))]
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
    /// First day (ngày bắt đầu).
    #[serde(default)]
    #[schema(value_type = NaiveDate, required = false)]
    pub valid_from: Change<NaiveDate>,
    /// First day on which it no longer holds; null for no end.
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    pub valid_to: Patch<NaiveDate>,
}

impl GrantCreate {
    /// How many accounts it names, of persons and of systems.
    pub(super) fn named(&self) -> (usize, usize) {
        let given = |id: bool, name: &Option<String>| usize::from(id) + usize::from(name.is_some());
        (given(self.user_id.is_some(), &self.username), given(self.client_id.is_some(), &self.client_code))
    }

    /// The member that names the account.
    pub(super) fn account_pointer(&self) -> &'static str {
        match self {
            Self { user_id: Some(_), .. } => "/user_id",
            Self { client_id: Some(_), .. } => "/client_id",
            Self { client_code: Some(_), .. } => "/client_code",
            _ => "/username",
        }
    }

    /// The members that name the unit.
    pub(super) fn unit_name(&self) -> UnitName<'_> {
        UnitName {
            id: self.org_unit_id,
            identifier: self.org_unit_identifier.as_deref(),
            code: self.org_unit_code.as_deref(),
        }
    }
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
            username: None,
            client_id: present.client_id,
            client_code: None,
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
