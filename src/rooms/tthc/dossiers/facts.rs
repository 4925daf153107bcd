//! What bodies of dossiers name and rest on: procedures with their deadlines on the day of receipt, the
//! rules of the clock, the working-day calendar. Read once for as many bodies as there are together.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{Datelike, NaiveDate};
use diesel::dsl;
use diesel::prelude::*;

use super::life::DossierStatus;
use super::links::Links;
use super::model::DossierCreate;
use super::row::{DossierRow, OfProcedure};
use crate::procedures::fields::ProcedureFieldId;
use crate::procedures::model::{Deadline, ProcedureId, ProcedureVersionId};
use crate::procedures::named::{NamedBy, ProceduresNamed};
use kernel::db::DbConn;
use kernel::db::conn::MultiBackend;
use kernel::db::json_text::JsonText;
use kernel::db::schema::{dossier_rules, procedure_fields, procedure_versions, procedures};
use kernel::db::types::Instant;
use kernel::error::{ApiError, Fault};
use kernel::on_db;
use kernel::reporting::holidays::calendar;
use kernel::reporting::working_days::Calendar;

/// The years that the calendar is read ahead: no deadline is longer than two.
const YEARS_AHEAD: i32 = 3;

/// Which waits stop the clock of a dossier (quy tắc tính hạn), from a day of receipt on.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = dossier_rules)]
pub struct ClockRules {
    /// The version, by which a dossier keeps them.
    pub version: i64,
    /// The first day of receipt to which they apply.
    pub valid_from: NaiveDate,
    /// The waits that stop the clock.
    pub stopping: JsonText<Vec<DossierStatus>>,
}

impl ClockRules {
    /// Whether a wait stops the clock.
    #[must_use]
    pub fn stop(&self, status: DossierStatus) -> bool {
        self.stopping.0.contains(&status)
    }
}

/// What a dossier takes from the version of its procedure in force when it was received.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = procedure_versions)]
pub(super) struct VersionFacts {
    pub(super) id: ProcedureVersionId,
    pub(super) procedure_id: ProcedureId,
    valid_from: NaiveDate,
    valid_to: NaiveDate,
    speaks_from: NaiveDate,
    speaks_to: NaiveDate,
    name: String,
    pub(super) field_id: Option<ProcedureFieldId>,
    deadlines: JsonText<Vec<Deadline>>,
}

impl VersionFacts {
    /// The deadline that holds on a day: none where the version does not, or where there are several and
    /// nobody says which.
    pub(super) fn deadline(&self, day: NaiveDate) -> Option<&Deadline> {
        let [deadline] = self.deadlines.0.as_slice() else { return None };
        (self.valid_from <= day && day < self.valid_to).then_some(deadline)
    }
}

/// A procedure's code, when it was deleted, a version of it with the name of its field, and rules of the clock.
type Told = (String, Option<Instant>, VersionFacts, Option<String>, ClockRules);

/// What some bodies name and rest on.
pub(super) struct Facts {
    /// Those of the catalogue.
    procedures: ProceduresNamed,
    /// Those and what dossiers that are there are about, in the catalogue or no longer.
    known: ProceduresNamed,
    versions: HashMap<ProcedureId, Vec<VersionFacts>>,
    fields: HashMap<ProcedureFieldId, String>,
    /// By their versions; none where no procedure is known.
    rules: BTreeMap<i64, ClockRules>,
    /// What new links are held against.
    pub(super) links: Links,
    /// Empty where nothing is counted.
    pub(super) calendar: Calendar,
}

impl Facts {
    /// What these bodies, and the dossiers that they change, rest on.
    pub(super) fn load<'a>(
        conn: &mut DbConn,
        told: impl Iterator<Item = (&'a DossierCreate, Option<&'a DossierRow>)> + Clone,
    ) -> Result<Self, ApiError> {
        use procedure_versions as v;
        let bodies = told.clone().map(|(body, _)| body);
        let held = told.clone().filter_map(|(_, row)| Some(row?.procedure_id));
        let ids: HashSet<_> = bodies.clone().filter_map(|body| body.procedure_id).chain(held).collect();
        let codes: HashSet<_> = bodies.clone().filter_map(|body| body.procedure_code.as_deref()).collect();
        // The rules of the clock are few: all of them come along with each version, for no question of their own.
        let told_of = || {
            procedures::table
                .inner_join(v::table.on(v::procedure_id.eq(procedures::id)))
                .inner_join(dossier_rules::table.on(dossier_rules::version.is_not_null()))
                .left_join(procedure_fields::table.on(procedure_fields::id.nullable().eq(v::field_id)))
                .select((
                    procedures::code,
                    procedures::deleted_at,
                    <VersionFacts as Selectable<MultiBackend>>::construct_selection(),
                    procedure_fields::name.nullable(),
                    <ClockRules as Selectable<MultiBackend>>::construct_selection(),
                ))
        };
        let mut rows: Vec<Told> = Vec::new();
        if !ids.is_empty() {
            let these = told_of().filter(procedures::id.eq_any(ids));
            rows.extend(on_db!(&mut *conn, |c| these.load::<Told>(c))?);
        }
        if !codes.is_empty() {
            let these = told_of().filter(of_catalogue(ProceduresNamed::forms(codes)));
            rows.extend(on_db!(&mut *conn, |c| these.load::<Told>(c))?);
        }
        let mut facts = Self {
            procedures: rows
                .iter()
                .filter(|(_, deleted_at, ..)| deleted_at.is_none())
                .map(|(code, _, version, ..)| (version.procedure_id, code.clone()))
                .collect(),
            known: rows.iter().map(|(code, _, version, ..)| (version.procedure_id, code.clone())).collect(),
            versions: HashMap::new(),
            fields: HashMap::new(),
            rules: BTreeMap::new(),
            links: Links::load(conn, told.clone())?,
            calendar: Calendar::default(),
        };
        let mut seen = HashSet::new();
        for (_, _, version, field, rules) in rows {
            facts.rules.insert(rules.version, rules);
            if seen.insert(version.id) {
                facts.fields.extend(version.field_id.zip(field));
                facts.versions.entry(version.procedure_id).or_default().push(version);
            }
        }
        facts.calendar = calendar_of(conn, told)?;
        Ok(facts)
    }

    /// The procedure that a body names: one of the catalogue, or that which the dossier is about already.
    pub(super) fn procedure(
        &self,
        body: &DossierCreate,
        present: Option<&DossierRow>,
    ) -> Result<ProcedureId, Fault> {
        let is_held = |id: &ProcedureId| present.is_some_and(|row| row.procedure_id == *id);
        match self.known.resolve(procedure_name(body)).ok().filter(is_held) {
            Some(held) => Ok(held),
            None => self.procedures.resolve(procedure_name(body)),
        }
    }

    /// What speaks for a procedure on a day, or the version that a dossier keeps: a later change of the catalogue
    /// changes nothing of it.
    pub(super) fn version(
        &self,
        procedure: ProcedureId,
        day: NaiveDate,
        kept: Option<ProcedureVersionId>,
    ) -> Result<&VersionFacts, ApiError> {
        let versions = self.versions.get(&procedure).map(Vec::as_slice).unwrap_or_default();
        let kept = versions.iter().find(|version| kept == Some(version.id));
        let speaking =
            || versions.iter().find(|version| version.speaks_from <= day && day < version.speaks_to);
        kept.or_else(speaking).ok_or_else(|| ApiError::internal("a procedure has no version"))
    }

    /// What a dossier tells of its procedure.
    pub(super) fn told(&self, version: &VersionFacts) -> OfProcedure {
        OfProcedure {
            code: self.known.code(version.procedure_id).unwrap_or_default().to_owned(),
            name: version.name.clone(),
            field: version.field_id.and_then(|field| self.fields.get(&field)).cloned(),
        }
    }

    /// The rules of the clock on a day of receipt.
    pub(super) fn rules_on(&self, day: NaiveDate) -> Result<&ClockRules, ApiError> {
        let rules = self.rules.values().rev().find(|rules| rules.valid_from <= day);
        rules.ok_or_else(|| ApiError::internal("no rules of the clock"))
    }

    /// The rules that a dossier keeps.
    pub(super) fn rules(&self, version: i64) -> Result<&ClockRules, ApiError> {
        self.rules.get(&version).ok_or_else(|| ApiError::internal("unknown rules of the clock"))
    }
}

/// The procedures of the catalogue with these codes.
fn of_catalogue(
    codes: Vec<String>,
) -> dsl::And<dsl::IsNull<procedures::deleted_at>, dsl::EqAny<procedures::code, Vec<String>>> {
    procedures::deleted_at.is_null().and(procedures::code.eq_any(codes))
}

fn procedure_name(body: &DossierCreate) -> NamedBy<'_> {
    NamedBy { id: body.procedure_id, code: body.procedure_code.as_deref(), pointer: "/procedure_id" }
}

/// All rules of the clock, the oldest first.
pub(super) fn clock_rules(conn: &mut DbConn) -> Result<Vec<ClockRules>, ApiError> {
    Ok(dossier_rules::table.order(dossier_rules::version).select(ClockRules::as_select()).load(conn)?)
}

/// The calendar from the first day of receipt on, where something has to be counted.
fn calendar_of<'a>(
    conn: &mut DbConn,
    told: impl Iterator<Item = (&'a DossierCreate, Option<&'a DossierRow>)>,
) -> Result<Calendar, ApiError> {
    let counted = told.filter(|(body, row)| {
        body.due_at.is_none()
            || body.keeps_due
            || body.resolved_at.is_some()
            || body.status().is_waiting()
            || row.is_some_and(|row| row.is_due_as_computed(body.due_at))
    });
    let years: Vec<i32> = counted.map(|(body, _)| body.received_at.vietnam_day().year()).collect();
    let (Some(first), Some(last)) = (years.iter().min(), years.iter().max()) else {
        return Ok(Calendar::default());
    };
    calendar(conn, *first..=last.saturating_add(YEARS_AHEAD))
}

/// The calendar from a day on, for a step that counts.
pub(super) fn calendar_from(
    conn: &mut DbConn,
    first: NaiveDate,
    now: NaiveDate,
) -> Result<Calendar, ApiError> {
    calendar(conn, first.year()..=now.year().saturating_add(YEARS_AHEAD))
}

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection;

    use super::*;
    use kernel::db::plan::{MigratedPostgres, migrated, plan, postgres_plan};

    #[test]
    fn procedures_are_found_without_reading_the_catalogue() {
        let query = || {
            let these = of_catalogue(vec!["1.001193".to_owned()]);
            procedures::table.filter(these).select(procedures::id)
        };
        let (_folder, mut conn) = migrated();
        let told = plan(&mut conn, query());
        assert!(told.iter().any(|step| step.contains("procedures_key")), "{told:?}");
        if let Some(mut postgres) = MigratedPostgres::new() {
            let catalogue = "INSERT INTO procedures (id, code, version, created_at, updated_at) \
                 SELECT md5(number::text), 'T-' || number, 1, 0, 0 FROM generate_series(1, 5000) AS numbers (number); \
                 ANALYZE procedures; SET plan_cache_mode = force_generic_plan";
            postgres.conn().batch_execute(catalogue).unwrap();
            let told = postgres_plan(postgres.conn(), query()).join("\n");
            assert!(
                told.lines().any(|line| line.contains("Index Cond") && line.contains("(code =")),
                "{told}"
            );
        }
    }
}
