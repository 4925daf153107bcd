//! What bodies of dossiers name and rest on: procedures with their deadlines on the day of receipt, the
//! rules of the clock, the working-day calendar. Read once for as many bodies as there are together.

use std::collections::{HashMap, HashSet};

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
use kernel::db::json_text::JsonText;
use kernel::db::schema::{dossier_rules, procedure_fields, procedure_versions, procedures};
use kernel::db::types::Instant;
use kernel::error::{ApiError, Fault};
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

/// What some bodies name and rest on.
pub(super) struct Facts {
    /// Those of the catalogue.
    procedures: ProceduresNamed,
    /// Those and what dossiers that are there are about, in the catalogue or no longer.
    known: ProceduresNamed,
    versions: HashMap<ProcedureId, Vec<VersionFacts>>,
    fields: HashMap<ProcedureFieldId, String>,
    rules: Vec<ClockRules>,
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
        let rows: Vec<(String, Option<Instant>, VersionFacts, Option<String>)> = procedures::table
            .inner_join(v::table.on(v::procedure_id.eq(procedures::id)))
            .left_join(procedure_fields::table.on(procedure_fields::id.nullable().eq(v::field_id)))
            .filter(named(ids.into_iter().collect(), ProceduresNamed::forms(codes)))
            .select((
                procedures::code,
                procedures::deleted_at,
                VersionFacts::as_select(),
                procedure_fields::name.nullable(),
            ))
            .load(conn)?;
        let mut facts = Self {
            procedures: rows
                .iter()
                .filter(|(_, deleted_at, ..)| deleted_at.is_none())
                .map(|(code, _, version, _)| (version.procedure_id, code.clone()))
                .collect(),
            known: rows.iter().map(|(code, _, version, _)| (version.procedure_id, code.clone())).collect(),
            versions: HashMap::new(),
            fields: HashMap::new(),
            rules: clock_rules(conn)?,
            links: Links::load(conn, told.clone())?,
            calendar: Calendar::default(),
        };
        for (_, _, version, field) in rows {
            facts.fields.extend(version.field_id.zip(field));
            facts.versions.entry(version.procedure_id).or_default().push(version);
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
        let rules = self.rules.iter().rev().find(|rules| rules.valid_from <= day);
        rules.ok_or_else(|| ApiError::internal("no rules of the clock"))
    }

    /// The rules that a dossier keeps.
    pub(super) fn rules(&self, version: i64) -> Result<&ClockRules, ApiError> {
        let rules = self.rules.iter().find(|rules| rules.version == version);
        rules.ok_or_else(|| ApiError::internal("unknown rules of the clock"))
    }
}

type Named = dsl::Or<
    dsl::EqAny<procedures::id, Vec<ProcedureId>>,
    dsl::And<dsl::IsNull<procedures::deleted_at>, dsl::EqAny<procedures::code, Vec<String>>>,
>;

/// The procedures of these ids, deleted or not, and those of the catalogue with these codes: each is found by an
/// index of its own, however large the catalogue is.
fn named(ids: Vec<ProcedureId>, codes: Vec<String>) -> Named {
    let of_catalogue = procedures::deleted_at.is_null().and(procedures::code.eq_any(codes));
    procedures::id.eq_any(ids).or(of_catalogue)
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
            let named = named(vec![ProcedureId::new()], vec!["1.001193".to_owned()]);
            procedures::table.filter(named).select(procedures::id)
        };
        let (_folder, mut conn) = migrated();
        let told = plan(&mut conn, query());
        assert!(told.iter().any(|step| step.contains("MULTI-INDEX OR")), "{told:?}");
        if let Some(mut postgres) = MigratedPostgres::new() {
            let catalogue = "INSERT INTO procedures (id, code, version, created_at, updated_at) \
                 SELECT md5(number::text), 'T-' || number, 1, 0, 0 FROM generate_series(1, 5000) AS numbers (number); \
                 ANALYZE procedures; SET enable_bitmapscan = on; SET plan_cache_mode = force_generic_plan";
            postgres.conn().batch_execute(catalogue).unwrap();
            let told = postgres_plan(postgres.conn(), query()).join("\n");
            assert!(told.contains("BitmapOr"), "{told}");
            for key in ["(id =", "(code ="] {
                assert!(told.lines().any(|line| line.contains("Index Cond") && line.contains(key)), "{told}");
            }
        }
    }
}
