//! What a declaration of complete records is: on the wire and in its row.

use chrono::NaiveDate;

use kernel::{id, text_enum, unit_fields};

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

unit_fields! {
    table: record_declarations, id: RecordDeclarationId,
    page: RecordDeclarationPage of "declarations of complete records",
    unit on records_complete_since: {
        shown "The unit whose dossiers are kept (đơn vị công bố).", named "Its name on that day (tên đơn vị).",
        sent "The unit whose dossiers are kept, by id; exactly one of id, identifier and code (đơn vị công bố).",
        read "The unit by its statistics code, read on that day (mã đơn vị hành chính).",
    }
    /// A declaration as it is stored.
    row: DeclarationRow;
    /// That every dossier of a unit is kept as a record from a day on (công bố dữ liệu hồ sơ đầy đủ).
    #[schema(example = json!({
        "id": "0190a8c0-0000-7000-8000-000000000018", "org_unit_id": "0190a8c0-0000-7000-8000-000000000004",
        "org_unit_code": "31420", "org_unit_identifier": "H30.44", "org_unit_name": "Xã Phụng Hiệp",
        "records_complete_since": "2026-01-01", "document_number": "15/UBND-VP", "note": null, "version": 1,
        "created_at": "2026-01-12T02:00:00Z", "updated_at": "2026-01-12T02:00:00Z"
    }))]
    answer: RecordDeclaration;
    /// A new declaration, or the whole of a changed one.
    #[schema(example = json!({
        "org_unit_code": "31396", "records_complete_since": "2026-01-01", "document_number": "15/UBND-VP"
    }))]
    create: RecordDeclarationCreate;
    /// Changes to a declaration (RFC 7396). The unit stays: it names it.
    #[schema(example = json!({"records_complete_since": "2026-04-01"}))]
    patch: RecordDeclarationPatch;
    fields: {
        /// First day from which on every dossier of the unit is kept as a record (ngày bắt đầu đủ hồ sơ):
        /// forms count its dossiers instead of its return for periods that begin on this day or later.
        records_complete_since: NaiveDate,
            sent "First day from which on every dossier of the unit is kept as a record, today at the latest; the\nunit exists then (ngày bắt đầu đủ hồ sơ).",
            changed "First day from which on every dossier of the unit is kept as a record (ngày bắt đầu đủ hồ sơ).";
        /// Number of the document by which the unit declares it (số, ký hiệu văn bản).
        document_number: Option<text(3..=50)>;
        /// Note (ghi chú).
        note: Option<text(1..=2000)>;
    }
    /// Which declarations a list holds.
    filter: RecordDeclarationFilter of "The unit whose dossiers are kept, by id (đơn vị công bố)." {
        /// Order (thứ tự); the longest complete first when not given.
        #[param(inline)]
        sort: Option<RecordDeclarationSort>,
    }
}
