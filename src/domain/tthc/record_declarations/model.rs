//! What a declaration of complete records is: on the wire and in its row.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::api::{Change, Patch};
use crate::db::schema::record_declarations;
use crate::db::types::Instant;
use crate::domain::organization::reference::{UnitLabel, UnitName, UnitScope};
use crate::domain::organization::tree::OrgUnitId;
use crate::{id, page_of, record, row, text_enum};

id! {
    /// Id of a declaration of complete records (công bố dữ liệu hồ sơ đầy đủ).
    RecordDeclarationId
}

text_enum! {
    /// Order of declarations (thứ tự).
    pub enum RecordDeclarationSort {
        /// The longest complete first.
        RecordsCompleteSince => "records_complete_since", "ngày bắt đầu đủ hồ sơ tăng dần";
        /// The latest complete first.
        RecordsCompleteSinceDesc => "-records_complete_since", "ngày bắt đầu đủ hồ sơ giảm dần";
    }
}

/// A declaration as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = record_declarations, treat_none_as_default_value = false, treat_none_as_null = true)]
#[expect(missing_docs, reason = "the fields are explained on RecordDeclaration")]
pub struct DeclarationRow {
    pub id: RecordDeclarationId,
    /// The province that it belongs to.
    pub province_id: OrgUnitId,
    pub org_unit_id: OrgUnitId,
    pub records_complete_since: NaiveDate,
    pub document_number: Option<String>,
    pub note: Option<String>,
    pub version: i64,
    pub created_at: Instant,
    pub updated_at: Instant,
}

row!(DeclarationRow, RecordDeclarationId);

/// That every dossier of a unit is kept as a record from a day on (công bố dữ liệu hồ sơ đầy đủ).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190a8c0-0000-7000-8000-000000000018", "org_unit_id": "0190a8c0-0000-7000-8000-000000000004",
    "org_unit_code": "31420", "org_unit_identifier": "H30.44", "org_unit_name": "Xã Phụng Hiệp",
    "records_complete_since": "2026-01-01", "document_number": "15/UBND-VP", "note": null, "version": 1,
    "created_at": "2026-01-12T02:00:00Z", "updated_at": "2026-01-12T02:00:00Z"
}))]
pub struct RecordDeclaration {
    /// Its id.
    pub id: RecordDeclarationId,
    /// The unit whose dossiers are kept (đơn vị công bố).
    pub org_unit_id: OrgUnitId,
    /// Its statistics code (mã đơn vị hành chính).
    pub org_unit_code: Option<String>,
    /// Its identification code (mã định danh).
    pub org_unit_identifier: Option<String>,
    /// Its name on that day (tên đơn vị).
    pub org_unit_name: String,
    /// First day from which on every dossier of the unit is kept as a record (ngày bắt đầu đủ hồ sơ):
    /// forms count its dossiers instead of its return for periods that begin on this day or later.
    pub records_complete_since: NaiveDate,
    /// Number of the document by which the unit declares it (số, ký hiệu văn bản).
    pub document_number: Option<String>,
    /// Note (ghi chú).
    pub note: Option<String>,
    /// Version of the record.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}
page_of!(RecordDeclarationPage, RecordDeclaration, "declarations of complete records");

record!(RecordDeclaration);

impl RecordDeclaration {
    /// The answer of a stored declaration.
    #[must_use]
    pub fn of(row: DeclarationRow, unit: UnitLabel) -> Self {
        Self {
            id: row.id,
            org_unit_id: unit.org_unit_id,
            org_unit_code: unit.org_unit_code,
            org_unit_identifier: unit.org_unit_identifier,
            org_unit_name: unit.org_unit_name,
            records_complete_since: row.records_complete_since,
            document_number: row.document_number,
            note: row.note,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// A new declaration, or the whole of a changed one.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "org_unit_code": "31396", "records_complete_since": "2026-01-01", "document_number": "15/UBND-VP"
}))]
pub struct RecordDeclarationCreate {
    /// The unit whose dossiers are kept, by id; exactly one of id, identifier and code (đơn vị công bố).
    #[serde(default)]
    pub org_unit_id: Option<OrgUnitId>,
    /// The unit by its identification code (mã định danh).
    #[serde(default)]
    #[validate(length(min = 1, max = 35))]
    #[schema(min_length = 1, max_length = 35)]
    pub org_unit_identifier: Option<String>,
    /// The unit by its statistics code, read on that day (mã đơn vị hành chính).
    #[serde(default)]
    #[validate(length(min = 1, max = 20))]
    #[schema(min_length = 1, max_length = 20)]
    pub org_unit_code: Option<String>,
    /// First day from which on every dossier of the unit is kept as a record, today at the latest; the
    /// unit exists then (ngày bắt đầu đủ hồ sơ).
    pub records_complete_since: NaiveDate,
    /// Number of the document by which the unit declares it (số, ký hiệu văn bản).
    #[serde(default)]
    #[validate(length(min = 3, max = 50))]
    #[schema(min_length = 3, max_length = 50)]
    pub document_number: Option<String>,
    /// Note (ghi chú).
    #[serde(default)]
    #[validate(length(min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000)]
    pub note: Option<String>,
}

impl RecordDeclarationCreate {
    /// How the unit is named.
    #[must_use]
    pub fn unit_name(&self) -> UnitName<'_> {
        UnitName {
            id: self.org_unit_id,
            identifier: self.org_unit_identifier.as_deref(),
            code: self.org_unit_code.as_deref(),
        }
    }
}

/// Changes to a declaration (RFC 7396). The unit stays: it names it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"records_complete_since": "2026-04-01"}))]
pub struct RecordDeclarationPatch {
    /// First day from which on every dossier of the unit is kept as a record (ngày bắt đầu đủ hồ sơ).
    #[serde(default)]
    #[schema(value_type = NaiveDate, required = false)]
    pub records_complete_since: Change<NaiveDate>,
    /// Number of the document by which the unit declares it (số, ký hiệu văn bản).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 3, max_length = 50)]
    pub document_number: Patch<String>,
    /// Note (ghi chú).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    pub note: Patch<String>,
}

impl RecordDeclarationPatch {
    /// The whole declaration after the patch.
    #[must_use]
    pub fn onto(self, present: &RecordDeclaration) -> RecordDeclarationCreate {
        RecordDeclarationCreate {
            org_unit_id: Some(present.org_unit_id),
            org_unit_identifier: None,
            org_unit_code: None,
            records_complete_since: self.records_complete_since.onto(present.records_complete_since),
            document_number: self.document_number.onto(present.document_number.clone()),
            note: self.note.onto(present.note.clone()),
        }
    }
}

/// Which declarations a list holds.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RecordDeclarationFilter {
    /// The unit whose dossiers are kept, by id (đơn vị công bố).
    pub org_unit_id: Option<OrgUnitId>,
    /// The unit by its identification code (mã định danh).
    #[validate(length(min = 1, max = 35))]
    #[param(min_length = 1, max_length = 35)]
    pub org_unit_identifier: Option<String>,
    /// The unit by its statistics code, read on `as_of` (mã đơn vị hành chính).
    #[validate(length(min = 1, max = 20))]
    #[param(min_length = 1, max_length = 20)]
    pub org_unit_code: Option<String>,
    /// The day on which the unit's code and the tree are read; today when not given.
    pub as_of: Option<NaiveDate>,
    /// The unit itself, with its children, or with all below (phạm vi); `self` when not given.
    #[param(inline)]
    pub scope: Option<UnitScope>,
    /// Order (thứ tự); the longest complete first when not given.
    #[param(inline)]
    pub sort: Option<RecordDeclarationSort>,
}
