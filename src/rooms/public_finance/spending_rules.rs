//! Spending rules (quy chế chi tiêu nội bộ; quy chế quản lý, sử dụng tài sản công): by which rules a unit spends
//! its money and uses public assets, and from when to when these hold. [`coverage`] counts units by it.

pub mod coverage;

use chrono::NaiveDate;
use diesel::dsl;
use diesel::prelude::*;

use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::auth::permit::{Permit, PublicFinance, Read, Write};
use kernel::db::conn::MultiBackend;
use kernel::db::schema::spending_rules as columns;
use kernel::document_numbers::{document_faults, year_remark};
use kernel::error::{Bilingual, Fault};
use kernel::remarks::Remark;
use kernel::rules::Rule;
use kernel::validity::{Certainty, day_faults};
use kernel::{attachments, crud, id, text_enum, unit_fields, unit_store};

id! {
    /// Id of spending rules (quy chế chi tiêu nội bộ).
    SpendingRuleId
}

text_enum! {
    /// What they rule (loại quy chế).
    pub enum SpendingRuleKind {
        /// How the unit spends.
        InternalSpending => "internal_spending", "quy chế chi tiêu nội bộ";
        /// How it uses public assets.
        PublicAssets => "public_assets", "quy chế quản lý, sử dụng tài sản công";
    }
}

text_enum! {
    /// Order of spending rules (thứ tự).
    pub enum SpendingRuleSort {
        /// Earliest first.
        ValidFrom => "valid_from", "ngày áp dụng tăng dần";
        /// Latest first.
        ValidFromDesc => "-valid_from", "ngày áp dụng giảm dần";
    }
}

unit_fields! {
    table: spending_rules, id: SpendingRuleId, page: SpendingRulePage of "spending rules",
    unit on valid_from: {
        shown "The unit whose rules they are (đơn vị ban hành).", named "Its name on the first day (tên đơn vị).",
        sent "The unit whose rules they are, by id; exactly one of id, identifier and code (đơn vị ban hành).",
        read "The unit by its statistics code, read on the first day (mã đơn vị hành chính).",
    }
    /// Rules as they are stored.
    row: SpendingRuleRow;
    /// By which rules a unit spends and uses public assets (quy chế chi tiêu nội bộ, quy chế quản lý tài sản công).
    #[schema(example = json!({
        "id": "0190a8c0-0000-7000-8000-000000000108", "org_unit_id": "0190a8c0-0000-7000-8000-000000000004",
        "org_unit_code": "31420", "org_unit_identifier": "H13.44", "org_unit_name": "Xã Phụng Hiệp",
        "kind": "internal_spending", "document_number": "12/QĐ-UBND", "document_on": "2026-01-05",
        "valid_from": "2026-01-05", "valid_from_certainty": "exact", "valid_to": null, "remarks": [],
        "source_note": null, "note": null, "version": 1,
        "created_at": "2024-06-15T02:00:00Z", "updated_at": "2024-06-15T02:00:00Z"
    }))]
    answer: SpendingRule;
    /// New rules, or the whole of changed ones.
    #[schema(example = json!({
        "org_unit_code": "31420", "kind": "internal_spending", "document_number": "12/QĐ-UBND",
        "document_on": "2026-01-05", "valid_from": "2026-01-05"
    }))]
    create: SpendingRuleCreate;
    /// Changes to rules (RFC 7396). The unit stays: it names them.
    #[schema(example = json!({"valid_to": "2027-01-01"}))]
    patch: SpendingRulePatch;
    fields: {
        /// What they rule (loại quy chế).
        kind: SpendingRuleKind;
        /// Number of the decision (số quyết định ban hành).
        document_number: Option<text(3..=50)>;
        /// Its day (ngày quyết định).
        document_on: Option<NaiveDate>;
        /// First day on which they hold (ngày áp dụng).
        valid_from: NaiveDate;
        /// Whether that day is known or concluded (độ chắc chắn của ngày áp dụng).
        valid_from_certainty: Certainty, with [#[serde(default)] #[schema(default = "exact")]];
        /// First day on which they no longer hold (ngày hết áp dụng); null while they do.
        valid_to: Option<NaiveDate>,
            sent "First day on which they no longer hold (ngày hết áp dụng); null or absent while they do.";
        /// What is noticed about them (lưu ý).
        remarks: derived Vec<Remark> = remarks(row);
        /// Where it is taken from, word for word (nguồn số liệu).
        source_note: Option<text(1..=2000)>;
        /// Note (ghi chú).
        note: Option<text(1..=2000)>;
    }
    /// Which rules a list holds.
    filter: SpendingRuleFilter of "The unit whose rules they are, by id (đơn vị ban hành)." {
        /// What they rule (loại quy chế).
        #[param(inline)]
        kind: Option<SpendingRuleKind>,
        /// Those that hold on `as_of`, or those that do not (đang áp dụng).
        standing: Option<bool>,
        /// Order (thứ tự); the latest first when not given.
        #[param(inline)]
        sort: Option<SpendingRuleSort>,
    }
}

/// Faults that a body shows by itself.
fn faults(body: &SpendingRuleCreate) -> Vec<Fault> {
    let mut faults: Vec<Fault> = day_faults([
        ("/document_on", body.document_on),
        ("/valid_from", Some(body.valid_from)),
        ("/valid_to", body.valid_to),
    ])
    .collect();
    faults.extend(document_faults(
        ("/document_number", body.document_number.as_deref()),
        ("/document_on", body.document_on),
    ));
    if body.valid_to.is_some_and(|day| day <= body.valid_from) {
        let message = Bilingual::new(
            "Ngày hết áp dụng phải sau ngày áp dụng.",
            "The day on which they no longer hold must be after the first.",
        );
        faults.push(Fault::new("/valid_to", "before_start", message));
    }
    faults
}

/// What is noticed about rules.
fn remarks(row: &SpendingRuleRow) -> Vec<Remark> {
    let document = row.document_number.as_deref().zip(row.document_on);
    let of_year = document.and_then(|(number, day)| year_remark("/document_number", number, day));
    let early = row.document_on.filter(|day| *day > row.valid_from).map(|day| {
        let days = (day - row.valid_from).num_days();
        let message = Bilingual::new(
            format!("Áp dụng trước ngày ký quyết định {days} ngày."),
            format!("They hold {days} days before the decision was signed."),
        );
        Remark::new("/valid_from", Rule::BeforeDecision, message).with("days", days)
    });
    of_year.into_iter().chain(early).collect()
}

type Query<'a> = columns::BoxedQuery<'a, MultiBackend>;

fn matching<'a>(mut query: Query<'a>, filter: &'a SpendingRuleFilter, day: NaiveDate) -> Query<'a> {
    if let Some(kind) = filter.kind {
        query = query.filter(columns::kind.eq(kind));
    }
    let gone = || columns::valid_to.is_not_null().and(columns::valid_to.assume_not_null().le(day));
    match filter.standing {
        None => query,
        Some(true) => query.filter(columns::valid_from.le(day).and(dsl::not(gone()))),
        Some(false) => query.filter(columns::valid_from.gt(day).or(gone())),
    }
}

unit_store! {
    /// Spending rules, as they are written.
    records: SpendingRules, record_type: "spending_rule",
    table: spending_rules, id: SpendingRuleId, row: SpendingRuleRow, answer: SpendingRule,
    create: SpendingRuleCreate, filter: SpendingRuleFilter, unit on: valid_from,
    key: |body| { kind: SpendingRuleKind = body.kind, valid_from: NaiveDate = body.valid_from },
    sought by: [valid_from],
    order: SpendingRuleSort::{ValidFrom, ValidFromDesc} by valid_from: NaiveDate, ValidFromDesc first,
    days: [], matching: matching, faults: faults,
    list: rule_list, get: rule_get, seen: rule_seen, delete: rule_delete,
}

crud! {
    tag: "spending-rules", what: "spending rules", many: "spending rules",
    vi: "quy chế chi tiêu nội bộ, quy chế quản lý tài sản công",
    collection: "/api/v1/public-finance/spending-rules", record: "/api/v1/public-finance/spending-rules/{id}",
    id: SpendingRuleId, row: SpendingRule, page: SpendingRulePage,
    create: SpendingRuleCreate, patch: SpendingRulePatch, filter: SpendingRuleFilter,
    read: Permit<Read, PublicFinance>, write: Permit<Write, PublicFinance>,
    list: list_spending_rules => rule_list, get: get_spending_rule => rule_get,
    create_one: create_spending_rule => insert::<SpendingRules>,
    replace: replace_spending_rule => replace::<SpendingRules>, patch_one: patch_spending_rule,
    delete: delete_spending_rule => rule_delete,
    batch: "/api/v1/public-finance/spending-rules/batch", batch_spending_rules => SpendingRules,
    import: "/api/v1/public-finance/spending-rules/import", import_spending_rules, template: "/api/v1/public-finance/spending-rules/template", get_spending_rule_template, sheet: "spending-rules",
}

attachments! {
    tag: "spending-rules", of: "spending rules", vi: "quy chế chi tiêu nội bộ, quy chế quản lý tài sản công",
    list_path: "/api/v1/public-finance/spending-rules/{id}/attachments",
    path: "/api/v1/public-finance/spending-rules/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/public-finance/spending-rules/{id}/attachments/{attachment_id}/content",
    owner: SpendingRuleAttachments, record_type: SpendingRule, table: "spending_rules", id: SpendingRuleId,
    read: Permit<Read, PublicFinance>, write: Permit<Write, PublicFinance>,
    seen: rule_seen, changeable: rule_seen,
    list: list_spending_rule_attachments, attach: create_spending_rule_attachment,
    get: get_spending_rule_attachment, content: get_spending_rule_attachment_content,
    delete: delete_spending_rule_attachment,
}

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    coverage::routes(mount);
    crud_routes(mount);
    attachment_routes(mount);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use kernel::unit_lists_are_indexed;

    unit_lists_are_indexed!(spending_rules, SpendingRuleRow, {
        let none = SpendingRuleFilter::default;
        [
            none(),
            SpendingRuleFilter { sort: Some(SpendingRuleSort::ValidFrom), ..none() },
            SpendingRuleFilter { kind: Some(SpendingRuleKind::PublicAssets), standing: Some(true), ..none() },
            SpendingRuleFilter { standing: Some(false), ..none() },
        ]
    });

    #[test]
    fn rules_end_after_they_began() {
        let codes = |valid_to: &str| -> Vec<String> {
            let body = json!({"kind": "public_assets", "valid_from": "2026-01-05", "valid_to": valid_to});
            let faults = faults(&serde_json::from_value(body).unwrap());
            faults.into_iter().map(|fault| fault.code.into_owned()).collect()
        };
        assert_eq!(codes("2026-01-06"), [""; 0]);
        assert_eq!(codes("2026-01-05"), ["before_start"]);
    }
}
