//! Final accounts (báo cáo quyết toán năm): which unit handed in the accounts of which year, whether in time,
//! and whether they were appraised. Where a report only says that units were in time and names no days, that stands
//! as it was stated and is told apart from what follows from days. What is not told to be
//! handed in when its due day is over counts as not in time. [`coverage`] counts units by it.

pub mod coverage;

use chrono::NaiveDate;
use diesel::prelude::*;

use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::auth::permit::{Permit, PublicFinance, Read, Write};
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::db::conn::MultiBackend;
use kernel::db::schema::final_accounts as columns;
use kernel::document_numbers::{document_faults, year_remark};
use kernel::error::{ApiError, Bilingual, Fault};
use kernel::remarks::Remark;
use kernel::rules::Rule;
use kernel::text::day_vi;
use kernel::validity::day_faults;
use kernel::{attachments, crud, id, text_enum, unit_fields, unit_store};

id! {
    /// Id of final accounts (báo cáo quyết toán).
    FinalAccountId
}

text_enum! {
    /// Whose accounts they are (loại báo cáo quyết toán).
    pub enum AccountKind {
        /// Of a unit that spends from the budget.
        Unit => "unit", "quyết toán của đơn vị sử dụng ngân sách";
        /// Of the budget of a level.
        Budget => "budget", "quyết toán thu, chi ngân sách của cấp";
    }
}

text_enum! {
    /// Order of final accounts (thứ tự).
    pub enum FinalAccountSort {
        /// Earliest first.
        StateOn => "state_on", "thời điểm ghi nhận tăng dần";
        /// Latest first.
        StateOnDesc => "-state_on", "thời điểm ghi nhận giảm dần";
    }
}

unit_fields! {
    table: final_accounts, id: FinalAccountId, page: FinalAccountPage of "final accounts",
    unit on state_on: {
        shown "The unit whose accounts they are (đơn vị lập báo cáo).", named "Its name on the day of the record (tên đơn vị).",
        sent "The unit whose accounts they are, by id; exactly one of id, identifier and code (đơn vị lập báo cáo).",
        read "The unit by its statistics code, read on the day of the record (mã đơn vị hành chính).",
    }
    /// Accounts as they are stored.
    row: FinalAccountRow;
    /// The accounts of a unit for a year, and when they were handed in (báo cáo quyết toán năm).
    #[schema(example = json!({
        "id": "0190a8c0-0000-7000-8000-000000000107", "org_unit_id": "0190a8c0-0000-7000-8000-000000000005",
        "org_unit_code": "934", "org_unit_identifier": null, "org_unit_name": "Huyện Phụng Hiệp",
        "kind": "budget", "fiscal_year": 2023, "state_on": "2024-05-28", "due_on": null, "submitted_on": "2024-05-28",
        "stated_on_time": null, "on_time": null, "document_number": "189/BC-UBND", "document_on": "2024-05-28",
        "appraised_on": null, "revenue_vnd": null, "spending_vnd": null, "remarks": [], "source_note": null, "note": null, "version": 1,
        "created_at": "2024-06-15T02:00:00Z", "updated_at": "2024-06-15T02:00:00Z"
    }))]
    answer: FinalAccount;
    /// New accounts, or the whole of changed ones.
    #[schema(example = json!({
        "org_unit_code": "934", "kind": "budget", "fiscal_year": 2023, "state_on": "2024-05-28",
        "submitted_on": "2024-05-28", "document_number": "189/BC-UBND", "document_on": "2024-05-28"
    }))]
    create: FinalAccountCreate;
    /// Changes to accounts (RFC 7396). The unit stays: it names them.
    #[schema(example = json!({"appraised_on": "2024-07-15"}))]
    patch: FinalAccountPatch;
    fields: {
        /// Whose they are (loại báo cáo quyết toán).
        kind: AccountKind;
        /// Of which year (năm quyết toán).
        fiscal_year: number(1990..=2100);
        /// Of which day this record tells (thời điểm ghi nhận).
        state_on: NaiveDate;
        /// Last day on which to hand them in (hạn nộp).
        due_on: Option<NaiveDate>;
        /// When they were handed in (ngày nộp); null while they are not, or where no day is told.
        submitted_on: Option<NaiveDate>,
            sent "When they were handed in (ngày nộp); null or absent while they are not, or where no day is told.";
        /// Whether they were in time as the source states it, where it names no days (nêu đúng hạn).
        stated_on_time: Option<bool>;
        /// Whether they were in time: by their days, and without these as it is stated (đúng hạn); false also of what is
        /// not handed in when its due day is over on `as_of`, today where no day is asked for.
        on_time: derived Option<bool> = on_time(row);
        /// Number of the report (số báo cáo).
        document_number: Option<text(3..=50)>;
        /// Its day (ngày báo cáo).
        document_on: Option<NaiveDate>;
        /// When they were appraised (ngày xét duyệt, thẩm định).
        appraised_on: Option<NaiveDate>;
        /// Revenue, in đồng (số thu quyết toán).
        revenue_vnd: Option<number(0..=9_007_199_254_740_991_i64)>;
        /// Spending, in đồng (số chi quyết toán).
        spending_vnd: Option<number(0..=9_007_199_254_740_991_i64)>;
        /// What is noticed about them (lưu ý).
        remarks: derived Vec<Remark> = remarks(row);
        /// Where it is taken from, word for word (nguồn số liệu).
        source_note: Option<text(1..=2000)>;
        /// Note (ghi chú).
        note: Option<text(1..=2000)>;
    }
    /// Which accounts a list holds.
    filter: FinalAccountFilter of "The unit whose accounts they are, by id (đơn vị lập báo cáo)." {
        /// Whose they are (loại báo cáo quyết toán).
        #[param(inline)]
        kind: Option<AccountKind>,
        /// Of this year (năm ngân sách).
        #[validate(range(min = 1990, max = 2100))]
        #[param(minimum = 1990, maximum = 2100)]
        fiscal_year: Option<i64>,
        /// Those that were appraised, or those that were not (đã xét duyệt, thẩm định).
        appraised: Option<bool>,
        /// Order (thứ tự); the latest first when not given.
        #[param(inline)]
        sort: Option<FinalAccountSort>,
    }
}

/// Faults that a body shows by itself.
fn faults(body: &FinalAccountCreate) -> Vec<Fault> {
    let mut faults: Vec<Fault> = day_faults([
        ("/state_on", Some(body.state_on)),
        ("/due_on", body.due_on),
        ("/submitted_on", body.submitted_on),
        ("/document_on", body.document_on),
        ("/appraised_on", body.appraised_on),
    ])
    .collect();
    faults.extend(document_faults(
        ("/document_number", body.document_number.as_deref()),
        ("/document_on", body.document_on),
    ));
    if body.stated_on_time.is_some() && by_days(body.due_on, body.submitted_on).is_some() {
        let message = Bilingual::new(
            "Đã có hạn nộp và ngày nộp thì không nêu riêng đúng hạn hay không.",
            "Whether they were in time follows from the due day and the day of handing in; do not state it too.",
        );
        faults.push(Fault::new("/stated_on_time", "follows_from_days", message));
    }
    faults
}

/// Whether they were in time, as far as days tell.
fn by_days(due_on: Option<NaiveDate>, submitted_on: Option<NaiveDate>) -> Option<bool> {
    Some(submitted_on? <= due_on?)
}

fn on_time(row: &FinalAccountRow) -> Option<bool> {
    by_days(row.due_on, row.submitted_on).or(row.stated_on_time)
}

/// What is noticed about accounts.
fn remarks(row: &FinalAccountRow) -> Vec<Remark> {
    let document = row.document_number.as_deref().zip(row.document_on);
    let of_year = document.and_then(|(number, day)| year_remark("/document_number", number, day));
    let late = row.submitted_on.zip(row.due_on).filter(|(day, due)| day > due).map(|(day, due)| {
        let days = (day - due).num_days();
        let message = Bilingual::new(
            format!("Nộp chậm {days} ngày so với hạn."),
            format!("They were handed in {days} days after the due day."),
        );
        Remark::new("/submitted_on", Rule::AccountsLate, message).with("days", days)
    });
    of_year.into_iter().chain(late).collect()
}

/// Tells which accounts are not handed in though their due day is over.
fn beside_the_day(
    _: &mut DbConn,
    _: &Scoped,
    day: NaiveDate,
    accounts: &mut [FinalAccount],
) -> Result<(), ApiError> {
    for one in accounts {
        let is_handed_in =
            one.submitted_on.is_some() || one.appraised_on.is_some() || one.stated_on_time.is_some();
        let missing = one.due_on.filter(|_| !is_handed_in).and_then(|due_on| not_submitted(due_on, day));
        if let Some(remark) = missing {
            one.on_time = Some(false);
            one.remarks.push(remark);
        }
    }
    Ok(())
}

/// What is still to be handed in after its due day.
fn not_submitted(due_on: NaiveDate, day: NaiveDate) -> Option<Remark> {
    let days = (day - due_on).num_days();
    let message = || {
        Bilingual::new(
            format!("Chưa nộp báo cáo quyết toán, quá hạn ngày {} là {days} ngày.", day_vi(due_on)),
            format!("They are not handed in, {days} days after the due day {due_on}."),
        )
    };
    (days > 0).then(|| Remark::new("/submitted_on", Rule::NotSubmitted, message()).with("days", days))
}

type Query<'a> = columns::BoxedQuery<'a, MultiBackend>;

fn matching<'a>(mut query: Query<'a>, filter: &'a FinalAccountFilter, _: NaiveDate) -> Query<'a> {
    if let Some(kind) = filter.kind {
        query = query.filter(columns::kind.eq(kind));
    }
    if let Some(year) = filter.fiscal_year {
        query = query.filter(columns::fiscal_year.eq(year));
    }
    match filter.appraised {
        None => query,
        Some(true) => query.filter(columns::appraised_on.is_not_null()),
        Some(false) => query.filter(columns::appraised_on.is_null()),
    }
}

unit_store! {
    /// Final accounts, as they are written.
    records: FinalAccounts, record_type: "final_account",
    table: final_accounts, id: FinalAccountId, row: FinalAccountRow, answer: FinalAccount,
    create: FinalAccountCreate, filter: FinalAccountFilter, unit on: state_on,
    key: |body| { kind: AccountKind = body.kind, fiscal_year: i64 = body.fiscal_year },
    sought by: [fiscal_year],
    order: FinalAccountSort::{StateOn, StateOnDesc} by state_on: NaiveDate, StateOnDesc first,
    days: [], matching: matching, faults: faults, with: beside_the_day,
    list: account_list, get: account_get, seen: account_seen, delete: account_delete,
}

crud! {
    tag: "final-accounts", what: "final accounts", many: "final accounts",
    vi: "báo cáo quyết toán năm",
    collection: "/api/v1/public-finance/final-accounts", record: "/api/v1/public-finance/final-accounts/{id}",
    id: FinalAccountId, row: FinalAccount, page: FinalAccountPage,
    create: FinalAccountCreate, patch: FinalAccountPatch, filter: FinalAccountFilter,
    read: Permit<Read, PublicFinance>, write: Permit<Write, PublicFinance>,
    list: list_final_accounts => account_list, get: get_final_account => account_get,
    create_one: create_final_account => insert::<FinalAccounts>,
    replace: replace_final_account => replace::<FinalAccounts>, patch_one: patch_final_account,
    delete: delete_final_account => account_delete,
    batch: "/api/v1/public-finance/final-accounts/batch", batch_final_accounts => FinalAccounts,
    import: "/api/v1/public-finance/final-accounts/import", import_final_accounts, template: "/api/v1/public-finance/final-accounts/template", get_final_account_template, sheet: "final-accounts",
}

attachments! {
    tag: "final-accounts", of: "final accounts", vi: "báo cáo quyết toán năm",
    list_path: "/api/v1/public-finance/final-accounts/{id}/attachments",
    path: "/api/v1/public-finance/final-accounts/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/public-finance/final-accounts/{id}/attachments/{attachment_id}/content",
    owner: FinalAccountAttachments, record_type: FinalAccount, table: "final_accounts", id: FinalAccountId,
    read: Permit<Read, PublicFinance>, write: Permit<Write, PublicFinance>,
    seen: account_seen, changeable: account_seen,
    list: list_final_account_attachments, attach: create_final_account_attachment,
    get: get_final_account_attachment, content: get_final_account_attachment_content,
    delete: delete_final_account_attachment,
}

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    coverage::routes(mount);
    crud_routes(mount);
    attachment_routes(mount);
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::unit_lists_are_indexed;

    unit_lists_are_indexed!(final_accounts, FinalAccountRow, {
        let none = FinalAccountFilter::default;
        [
            none(),
            FinalAccountFilter { sort: Some(FinalAccountSort::StateOn), ..none() },
            FinalAccountFilter {
                kind: Some(AccountKind::Unit),
                fiscal_year: Some(2023),
                appraised: Some(true),
                ..none()
            },
            FinalAccountFilter { appraised: Some(false), ..none() },
        ]
    });

    #[test]
    fn days_tell_whether_accounts_were_in_time() {
        let day = |text: &str| -> Option<NaiveDate> { text.parse().ok() };
        assert_eq!(by_days(day("2024-05-31"), day("2024-05-31")), Some(true));
        assert_eq!(by_days(day("2024-05-31"), day("2024-06-01")), Some(false));
        assert_eq!(by_days(None, day("2024-06-01")), None);
        assert_eq!(by_days(day("2024-05-31"), None), None);
    }

    #[test]
    fn what_is_not_handed_in_is_late_from_the_day_after_its_due_day() {
        let day = |text: &str| -> NaiveDate { text.parse().unwrap() };
        assert_eq!(not_submitted(day("2026-03-31"), day("2026-03-31")), None);
        let late = not_submitted(day("2026-03-31"), day("2026-04-02")).unwrap();
        assert_eq!((late.code, late.numbers["days"]), ("not_submitted", 2));
    }
}
