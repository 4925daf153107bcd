//! Streamlining of staff (tinh giản biên chế): the rounds of a year in which posts are given up, stage by stage, from
//! the list that is proposed to the money that is paid. Each stage of a round is a record with its own day, cases,
//! money and document, and stays as it was told when the round goes on: so what was decided within half a year is told
//! by these records also after it was paid. A round's cases are those of one stage, never the sum over its stages.

use std::collections::{HashMap, HashSet};

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;

use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::auth::permit::{CivilService, Permit, Read, Write};
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::db::conn::MultiBackend;
use kernel::db::schema::staff_streamlining as columns;
use kernel::document_numbers::{document_faults, year_remark};
use kernel::error::{ApiError, Bilingual, Fault};
use kernel::remarks::Remark;
use kernel::rules::Rule;
use kernel::tree::OrgUnitId;
use kernel::validity::day_faults;
use kernel::{attachments, crud, id, text_enum, unit_fields, unit_store};

id! {
    /// Id of a stage of a round of streamlining (bước của đợt tinh giản biên chế).
    StaffStreamliningId
}

text_enum! {
    /// A stage of a round (bước thực hiện).
    pub enum StreamliningStage {
        /// The list is proposed for appraisal.
        Proposed => "proposed", "đã trình thẩm định";
        /// The list was appraised.
        Appraised => "appraised", "đã thẩm định";
        /// It was decided.
        Decided => "decided", "đã ban hành quyết định";
        /// What is due was paid.
        Paid => "paid", "đã chi trả";
    }
}

text_enum! {
    /// Order of stages of rounds of streamlining (thứ tự).
    pub enum StaffStreamliningSort {
        /// Earliest first.
        StageOn => "stage_on", "ngày đến bước tăng dần";
        /// Latest first.
        StageOnDesc => "-stage_on", "ngày đến bước giảm dần";
    }
}

unit_fields! {
    table: staff_streamlining, id: StaffStreamliningId, page: StaffStreamliningPage of "stages of rounds of streamlining",
    unit on stage_on: {
        shown "The unit that streamlines (đơn vị thực hiện).", named "Its name on the day (tên đơn vị).",
        sent "The unit that streamlines, by id; exactly one of id, identifier and code (đơn vị thực hiện).",
        read "The unit by its statistics code, read on the day (mã đơn vị hành chính).",
    }
    /// A stage of a round as it is stored.
    row: StaffStreamliningRow;
    /// A stage of a round of a year in which posts are given up (đợt tinh giản biên chế theo từng bước). It names no
    /// person.
    #[schema(example = json!({
        "id": "0190a8c0-0000-7000-8000-000000000034", "org_unit_id": "0190a8c0-0000-7000-8000-000000000004",
        "org_unit_code": "31420", "org_unit_identifier": "H13.44", "org_unit_name": "Xã Phụng Hiệp",
        "year": 2026, "round": 1, "stage": "decided", "stage_on": "2026-03-20", "cases": 2,
        "amount_vnd": 612000000, "document_number": "118/QĐ-UBND", "document_on": "2026-03-20", "remarks": [],
        "source_note": null, "note": null, "version": 1, "created_at": "2026-03-20T02:00:00Z",
        "updated_at": "2026-03-20T02:00:00Z"
    }))]
    answer: StaffStreamlining;
    /// A new stage of a round, or the whole of a changed one.
    #[schema(example = json!({
        "org_unit_code": "31420", "year": 2026, "round": 1, "stage": "proposed", "stage_on": "2026-02-10", "cases": 2
    }))]
    create: StaffStreamliningCreate;
    /// Changes to a stage of a round (RFC 7396). The unit stays: it names it. What a later stage tells is made beside it.
    #[schema(example = json!({"cases": 3, "amount_vnd": 918000000}))]
    patch: StaffStreamliningPatch;
    fields: {
        /// Its year (năm).
        year: number(2000..=2100);
        /// Which round of the year (đợt); a unit's records are told apart by year, round and stage.
        round: number(1..=24);
        /// Which stage of the round this tells of (bước thực hiện); the others stand beside it.
        stage: StreamliningStage;
        /// The day on which the round came so far, or on which that was told (ngày đến bước này, ngày số liệu).
        stage_on: NaiveDate;
        /// How many persons the stage concerns (số trường hợp); not added up over the stages of a round.
        cases: number(0..=1_000_000);
        /// What is to be paid by this stage, or was (kinh phí, đồng); null where it was not told.
        amount_vnd: Option<number(0..=9_007_199_254_740_991_i64)>;
        /// Number of the list or decision (số, ký hiệu văn bản).
        document_number: Option<text(3..=50)>;
        /// Its day (ngày văn bản).
        document_on: Option<NaiveDate>;
        /// What is noticed about it (lưu ý).
        remarks: derived Vec<Remark> = remarks(row);
        /// Where it is taken from, word for word (nguồn số liệu).
        source_note: Option<text(1..=2000)>;
        /// Note (ghi chú).
        note: Option<text(1..=2000)>;
    }
    /// Which stages of rounds a list holds.
    filter: StaffStreamliningFilter of "The unit that streamlines, by id (đơn vị thực hiện)." {
        /// Of this year (năm).
        #[validate(range(min = 2000, max = 2100))]
        #[param(minimum = 2000, maximum = 2100)]
        year: Option<i64>,
        /// Of this round of the year (đợt).
        #[validate(range(min = 1, max = 24))]
        #[param(minimum = 1, maximum = 24)]
        round: Option<i64>,
        /// Of this stage (bước thực hiện).
        #[param(inline)]
        stage: Option<StreamliningStage>,
        /// Come so far on this day or later (từ ngày).
        stage_from: Option<NaiveDate>,
        /// Come so far on this day or before (đến ngày).
        stage_to: Option<NaiveDate>,
        /// Order (thứ tự); the latest first when not given.
        #[param(inline)]
        sort: Option<StaffStreamliningSort>,
    }
}

/// Faults that a body shows by itself.
fn faults(body: &StaffStreamliningCreate) -> Vec<Fault> {
    let mut faults: Vec<Fault> =
        day_faults([("/stage_on", Some(body.stage_on)), ("/document_on", body.document_on)]).collect();
    faults.extend(document_faults(
        ("/document_number", body.document_number.as_deref()),
        ("/document_on", body.document_on),
    ));
    if body.stage == StreamliningStage::Paid && body.amount_vnd.is_none() {
        let message = Bilingual::new("Nêu số kinh phí đã chi trả.", "State how much was paid.");
        faults.push(Fault::new("/amount_vnd", "required", message));
    }
    faults
}

/// What is noticed about a stage by itself.
fn remarks(row: &StaffStreamliningRow) -> Vec<Remark> {
    let document = row.document_number.as_deref().zip(row.document_on);
    let of_year = document.and_then(|(number, day)| year_remark("/document_number", number, day));
    let mut remarks: Vec<Remark> = of_year.into_iter().collect();
    let told_in = i64::from(row.stage_on.year());
    if told_in < row.year {
        let message = Bilingual::new(
            format!("Đợt của năm {} đã thực hiện từ năm {told_in}.", row.year),
            format!("A round of {} came so far in {told_in}.", row.year),
        );
        let remark = Remark::new("/year", Rule::BeforeItsYear, message);
        remarks.push(remark.with("year", row.year).with("stage_year", told_in));
    }
    remarks
}

/// A stage that is held of a round.
#[derive(Debug, Clone, Copy)]
struct Held {
    stage: StreamliningStage,
    cases: i64,
    is_named: bool,
}

/// Holds stages against the others of their rounds.
fn beside_other_stages(
    conn: &mut DbConn,
    _: &Scoped,
    _: NaiveDate,
    stages: &mut [StaffStreamlining],
) -> Result<(), ApiError> {
    let units: HashSet<OrgUnitId> = stages.iter().map(|one| one.org_unit_id).collect();
    let years: HashSet<i64> = stages.iter().map(|one| one.year).collect();
    let held: Vec<(OrgUnitId, i64, i64, StreamliningStage, i64, Option<String>)> = columns::table
        .filter(columns::deleted_at.is_null())
        .filter(columns::org_unit_id.eq_any(units).and(columns::year.eq_any(years)))
        .select((
            columns::org_unit_id,
            columns::year,
            columns::round,
            columns::stage,
            columns::cases,
            columns::document_number,
        ))
        .load(conn)?;
    let mut rounds: HashMap<(OrgUnitId, i64, i64), Vec<Held>> = HashMap::new();
    for (unit, year, round, stage, cases, number) in held {
        let stage = Held { stage, cases, is_named: number.is_some() };
        rounds.entry((unit, year, round)).or_default().push(stage);
    }
    for one in stages {
        let round =
            rounds.get(&(one.org_unit_id, one.year, one.round)).map(Vec::as_slice).unwrap_or_default();
        let own = Held { stage: one.stage, cases: one.cases, is_named: one.document_number.is_some() };
        one.remarks.extend(decision_unnamed(own, round));
        one.remarks.extend(more_than_before(own, round));
    }
    Ok(())
}

/// A decision that neither the stage itself names nor, of what was paid, the stage at which it was made.
fn decision_unnamed(own: Held, round: &[Held]) -> Option<Remark> {
    let decided = |other: &Held| other.stage == StreamliningStage::Decided && other.is_named;
    let is_named = match own.stage {
        StreamliningStage::Proposed | StreamliningStage::Appraised => true,
        StreamliningStage::Decided => own.is_named,
        StreamliningStage::Paid => own.is_named || round.iter().any(decided),
    };
    let cases = own.cases;
    let message = || {
        Bilingual::new(
            format!("Đã có quyết định đối với {cases} trường hợp nhưng chưa nêu số, ngày quyết định."),
            format!("{cases} cases were decided, but the decision is not named."),
        )
    };
    (!is_named)
        .then(|| Remark::new("/document_number", Rule::DecisionUnnamed, message()).with("cases", cases))
}

/// A stage that concerns more persons than the nearest one before it that is held.
fn more_than_before(own: Held, round: &[Held]) -> Option<Remark> {
    let Held { stage, cases, .. } = own;
    let before = round.iter().filter(|other| other.stage < stage).max_by_key(|other| other.stage)?;
    let message = || {
        Bilingual::new(
            format!(
                "Bước \"{}\" có {cases} trường hợp, nhiều hơn {} trường hợp ở bước \"{}\".",
                stage.label_vi(),
                before.cases,
                before.stage.label_vi()
            ),
            format!("{cases} cases are {stage}, more than the {} that were {}.", before.cases, before.stage),
        )
    };
    (cases > before.cases).then(|| {
        let remark = Remark::new("/cases", Rule::MoreThanBefore, message());
        remark.with("cases", cases).with("before", before.cases)
    })
}

type Query<'a> = columns::BoxedQuery<'a, MultiBackend>;

fn matching<'a>(mut query: Query<'a>, filter: &'a StaffStreamliningFilter, _: NaiveDate) -> Query<'a> {
    if let Some(year) = filter.year {
        query = query.filter(columns::year.eq(year));
    }
    if let Some(round) = filter.round {
        query = query.filter(columns::round.eq(round));
    }
    if let Some(stage) = filter.stage {
        query = query.filter(columns::stage.eq(stage));
    }
    if let Some(day) = filter.stage_from {
        query = query.filter(columns::stage_on.ge(day));
    }
    if let Some(day) = filter.stage_to {
        query = query.filter(columns::stage_on.le(day));
    }
    query
}

unit_store! {
    /// Stages of rounds of streamlining, as they are written.
    records: StaffStreamlinings, record_type: "staff_streamlining",
    table: staff_streamlining, id: StaffStreamliningId, row: StaffStreamliningRow, answer: StaffStreamlining,
    create: StaffStreamliningCreate, filter: StaffStreamliningFilter, unit on: stage_on,
    key: |body| { year: i64 = body.year, round: i64 = body.round, stage: StreamliningStage = body.stage },
    sought by: [year],
    order: StaffStreamliningSort::{StageOn, StageOnDesc} by stage_on: NaiveDate, StageOnDesc first,
    days: [stage_from, stage_to], matching: matching, faults: faults, with: beside_other_stages,
    list: round_list, get: round_get, seen: round_seen, delete: round_delete,
}

crud! {
    tag: "staff-streamlining", what: "a stage of a round of streamlining", many: "stages of rounds of streamlining",
    vi: "đợt tinh giản biên chế",
    collection: "/api/v1/civil-service/staff-streamlining", record: "/api/v1/civil-service/staff-streamlining/{id}",
    id: StaffStreamliningId, row: StaffStreamlining, page: StaffStreamliningPage,
    create: StaffStreamliningCreate, patch: StaffStreamliningPatch, filter: StaffStreamliningFilter,
    read: Permit<Read, CivilService>, write: Permit<Write, CivilService>,
    list: list_staff_streamlining => round_list, get: get_staff_streamlining => round_get,
    create_one: create_staff_streamlining => insert::<StaffStreamlinings>,
    replace: replace_staff_streamlining => replace::<StaffStreamlinings>, patch_one: patch_staff_streamlining,
    delete: delete_staff_streamlining => round_delete,
    batch: "/api/v1/civil-service/staff-streamlining/batch", batch_staff_streamlining => StaffStreamlinings,
    import: "/api/v1/civil-service/staff-streamlining/import", import_staff_streamlining, template: "/api/v1/civil-service/staff-streamlining/template", get_staff_streamlining_template, sheet: "staff-streamlining",
}

attachments! {
    tag: "staff-streamlining", of: "a stage of a round of streamlining", vi: "đợt tinh giản biên chế",
    list_path: "/api/v1/civil-service/staff-streamlining/{id}/attachments",
    path: "/api/v1/civil-service/staff-streamlining/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/civil-service/staff-streamlining/{id}/attachments/{attachment_id}/content",
    owner: StaffStreamliningAttachments, record_type: StaffStreamlining, table: "staff_streamlining", id: StaffStreamliningId,
    read: Permit<Read, CivilService>, write: Permit<Write, CivilService>,
    seen: round_seen, changeable: round_seen,
    list: list_staff_streamlining_attachments, attach: create_staff_streamlining_attachment,
    get: get_staff_streamlining_attachment, content: get_staff_streamlining_attachment_content,
    delete: delete_staff_streamlining_attachment,
}

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    crud_routes(mount);
    attachment_routes(mount);
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use kernel::unit_lists_are_indexed;

    unit_lists_are_indexed!(staff_streamlining, StaffStreamliningRow, {
        let none = StaffStreamliningFilter::default;
        let day = NaiveDate::from_ymd_opt(2026, 1, 1);
        [
            none(),
            StaffStreamliningFilter { sort: Some(StaffStreamliningSort::StageOn), ..none() },
            StaffStreamliningFilter { stage: Some(StreamliningStage::Paid), ..none() },
            StaffStreamliningFilter { year: Some(2026), round: Some(1), ..none() },
            StaffStreamliningFilter { stage_from: day, stage_to: day, ..none() },
        ]
    });

    #[test]
    fn what_was_paid_is_told() {
        let codes = |change: Value| {
            let mut body = json!({"year": 2024, "round": 1, "stage_on": "2024-03-20", "cases": 8});
            body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let body = serde_json::from_value(body).unwrap();
            faults(&body).into_iter().map(|fault| fault.pointer).collect::<Vec<_>>()
        };
        assert_eq!(codes(json!({"stage": "decided"})), [""; 0]);
        assert_eq!(codes(json!({"stage": "paid"})), ["/amount_vnd"]);
        assert_eq!(codes(json!({"stage": "paid", "amount_vnd": 0})), [""; 0]);
        assert_eq!(codes(json!({"stage": "proposed", "document_number": "12/TTr-UBND"})), ["/document_on"]);
    }

    #[test]
    fn a_stage_is_held_against_the_others_of_its_round() {
        use StreamliningStage::{Appraised, Decided, Paid, Proposed};
        let held = |stage, cases, is_named| Held { stage, cases, is_named };
        let round = [held(Decided, 5, true), held(Proposed, 6, false), held(Appraised, 4, false)];
        let before = |stage, cases| {
            let remark = more_than_before(held(stage, cases, false), &round)?;
            remark.numbers.get("before").copied()
        };
        assert_eq!(before(Proposed, 9), None, "there is none before it");
        assert_eq!((before(Appraised, 6), before(Appraised, 7)), (None, Some(6)));
        assert_eq!(before(Decided, 5), Some(4), "the nearest one counts");
        assert_eq!(before(Paid, 5), None);
        let is_unnamed =
            |stage, is_named, round: &[Held]| decision_unnamed(held(stage, 5, is_named), round).is_some();
        assert!(is_unnamed(Decided, false, &round) && is_unnamed(Paid, false, &round[1..]));
        assert!(!is_unnamed(Paid, false, &round), "the stage before names it");
        assert!(!is_unnamed(Decided, true, &[]) && !is_unnamed(Proposed, false, &[]));
    }
}
