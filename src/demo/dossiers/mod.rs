//! The demonstration's dossiers: either those from which form 06 of Phụng Hiệp comes out as its report
//! states it, or as many as wanted over the units of the country. They are made up, the same at every
//! start, and say so. Nobody's name is among them, and no province has identity numbers that begin with 999.

mod course;
mod many;
mod report;

use std::collections::HashMap;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;

use self::course::Course;
use kernel::api::records::{PART, insert};
use kernel::audit::journal::Author;
use kernel::auth::scope::Scoped;
use kernel::db::schema::{procedure_fields, procedure_versions, procedures};
use kernel::db::{DbConn, Recorded, WriteTx};
use kernel::error::ApiError;
use kernel::people::PersonKind;
use kernel::reporting::holidays::calendar;
use kernel::state::{AppState, StartError};
use kernel::tree::{OrgTree, OrgUnitId};
use kernel::validity::{Certainty, OPEN_END};
use tthc::dossiers::generated::{dossiers_generate, generated_count};
use tthc::dossiers::model::{Channel, DossierCreate};
use tthc::dossiers::people::DossierPerson;
use tthc::procedures::Procedures;
use tthc::procedures::bodies::ProcedureCreate;
use tthc::procedures::model::{ProcedureLevel, ServiceLevel};

/// Which dossiers a demonstration holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DemoDossiers {
    /// Those of the report of Phụng Hiệp for the first half of 2024.
    Report,
    /// So many, over the units of the country.
    Many(u32),
}

impl FromStr for DemoDossiers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "report" => Ok(Self::Report),
            number => match number.parse() {
                Ok(count @ 1..=MOST) => Ok(Self::Many(count)),
                _ => Err(format!("`report`, or a number from 1 to {MOST}")),
            },
        }
    }
}

/// The most dossiers that are made: two years of a province.
const MOST: u32 = 5_000_000;

/// Makes the dossiers, part by part, unless the demonstration has some.
///
/// # Errors
/// 503 when the database is away.
pub async fn load(
    state: &AppState,
    wanted: DemoDossiers,
    mut told: impl FnMut(&str) -> std::io::Result<()>,
) -> Result<(), StartError> {
    let held = state.db.read(generated_count).await?;
    if held > 0 {
        told(&format!("{held} made-up dossiers are there; --fresh makes others"))?;
        return Ok(());
    }
    let scoped = Scoped::operator(Author::operator("demo", state.now()), state.units())
        .with_personal(state.keys(), None)
        .with_office(state.office.clone());
    let owned = scoped.clone();
    state.db.write(scoped.author(), move |tx| add_procedure(tx, &owned)).await?;
    let days = state.db.read(working_days).await?;
    let fields = state.db.read(procedures_of_fields).await?;
    let units = state.units();
    let tree = units.tree();
    let made: Box<dyn Iterator<Item = Plan> + Send> = match wanted {
        DemoDossiers::Report => Box::new(report::plans(tree, &days)?),
        DemoDossiers::Many(count) => Box::new(many::plans(tree, &days, &fields, count)?),
    };
    let mut written = Writing { codes: HashMap::new(), on: NaiveDate::MIN, number: 0 };
    let mut plans = made.peekable();
    while plans.peek().is_some() {
        let bodies: Result<Vec<_>, _> =
            plans.by_ref().take(PART).map(|plan| written.body(tree, &fields, plan)).collect();
        let (bodies, owned) = (bodies?, scoped.clone());
        state.db.write(scoped.author(), move |tx| dossiers_generate(tx, &owned, bodies)).await?;
        if written.number.is_multiple_of(TOLD_EVERY) {
            told(&format!("{} made-up dossiers", written.number))?;
        }
    }
    told(&format!("{} made-up dossiers", written.number))?;
    Ok(())
}

/// After how many dossiers progress is told.
const TOLD_EVERY: u64 = 100_000;

/// A dossier before it has its code.
#[derive(Debug, Clone)]
struct Plan {
    receiving: OrgUnitId,
    resolving: OrgUnitId,
    field: String,
    channel: Channel,
    course: Course,
}

/// What the dossiers so far have taken.
struct Writing {
    /// The last number of each unit on the day.
    codes: HashMap<OrgUnitId, u32>,
    on: NaiveDate,
    number: u64,
}

impl Writing {
    fn body(
        &mut self,
        tree: &OrgTree,
        fields: &HashMap<String, Vec<String>>,
        plan: Plan,
    ) -> Result<DossierCreate, ApiError> {
        let Plan { receiving, resolving, field, channel, course } = plan;
        if self.on != course.received {
            self.codes.clear();
            self.on = course.received;
        }
        self.number += 1;
        let of_day = self.codes.entry(receiving).and_modify(|last| *last += 1).or_insert(1);
        let unit = tree.version_at(receiving, course.received).and_then(|version| version.code.as_deref());
        let of_field = fields.get(&field).map(Vec::as_slice).unwrap_or_default();
        let procedure_code = course::chosen(of_field, self.number)
            .ok_or_else(|| ApiError::internal(format!("no procedure of the field {field}")))?;
        Ok(DossierCreate {
            // X stands before no agency's code.
            code: format!("X{}-{}-{of_day:04}", unit.unwrap_or_default(), course.received.format("%y%m%d")),
            procedure_id: None,
            procedure_code: Some(procedure_code.clone()),
            receiving_unit_id: Some(receiving),
            receiving_unit_identifier: None,
            receiving_unit_code: None,
            resolving_unit_id: Some(resolving),
            resolving_unit_identifier: None,
            resolving_unit_code: None,
            channel,
            owner: owner(self.number),
            submitter: None,
            received_at: course.received_at(self.number),
            due_at: Some(course.due_at()),
            status: Some(course.status()),
            waiting_since: None,
            resolved_at: course.resolved_at(self.number),
            returned_at: course.returned_at(self.number),
            closed_at: course.closed_at(self.number),
            rescheduled_to: course.rescheduled_to(),
            fee_vnd: None,
            paid_online: false,
            input_digitised: channel == Channel::Online,
            result_digitised: course.resolved_at(self.number).is_some() && channel == Channel::Online,
            foreign_code: None,
            linked_code: None,
            source_updated_at: None,
            keeps_due: false,
        })
    }
}

/// Nobody, by number.
fn owner(number: u64) -> DossierPerson {
    DossierPerson {
        kind: if number.is_multiple_of(12) { PersonKind::Enterprise } else { PersonKind::Citizen },
        name: format!("Chủ hồ sơ thử nghiệm {number:07}"),
        id_number: Some(format!("999{number:09}")),
        phone: None,
    }
}

/// The working days of the years over which dossiers are made.
fn working_days(conn: &mut DbConn) -> Result<Vec<NaiveDate>, ApiError> {
    let (first, last) = (course::FIRST_DAY, course::LAST_DAY);
    let calendar = calendar(conn, first.year()..=last.year())?;
    let mut days = Vec::new();
    for day in first.iter_days().take_while(|day| *day <= last) {
        if calendar.kind(day)?.0.works() {
            days.push(day);
        }
    }
    Ok(days)
}

/// The codes of procedures that are in force, by their field.
fn procedures_of_fields(conn: &mut DbConn) -> Result<HashMap<String, Vec<String>>, ApiError> {
    use procedure_versions as v;
    let rows: Vec<(String, String)> = procedures::table
        .inner_join(v::table.on(v::procedure_id.eq(procedures::id)))
        .inner_join(procedure_fields::table.on(procedure_fields::id.nullable().eq(v::field_id)))
        .filter(procedures::deleted_at.is_null().and(v::valid_to.eq(OPEN_END)))
        .order(procedures::code)
        .select((procedure_fields::name, procedures::code))
        .load(conn)?;
    let mut fields: HashMap<String, Vec<String>> = HashMap::new();
    for (field, code) in rows {
        fields.entry(field).or_default().push(code);
    }
    Ok(fields)
}

/// The report tells of a dossier in a field of which the procedures at hand have none.
fn add_procedure(tx: &mut WriteTx<'_>, scoped: &Scoped) -> Result<Recorded<()>, ApiError> {
    let body = ProcedureCreate {
        code: "9.999001".into(),
        name: "Thủ tục trình diễn lĩnh vực Lao động - Tiền lương - Bảo hiểm xã hội".into(),
        field_id: None,
        field_name: Some(report::LABOUR.into()),
        level: ProcedureLevel::District,
        service_level: ServiceLevel::Unknown,
        deadlines: Vec::new(),
        deadline_text: None,
        fees: Vec::new(),
        papers: Vec::new(),
        authority: None,
        announcing_decision: None,
        source: None,
        note: Some("Chỉ dùng để trình diễn; không phải thủ tục có thật.".into()),
        valid_from: None,
        valid_from_certainty: Certainty::Inferred,
        valid_to: None,
        valid_to_certainty: Certainty::Exact,
    };
    let is_there = diesel::select(diesel::dsl::exists(
        procedures::table.filter(procedures::code.eq(&body.code).and(procedures::deleted_at.is_null())),
    ));
    if is_there.get_result(tx.conn())? {
        return Ok(Recorded::unchanged(()));
    }
    Ok(insert::<Procedures>(tx, scoped, body)?.map(|_| ()))
}
