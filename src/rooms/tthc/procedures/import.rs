//! The procedures and fields that come with the service; `data/NOTICE.md` tells their sources. They
//! are a sample to begin with, not the national list.

use std::collections::HashSet;

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Deserialize;

use super::Procedures;
use super::bodies::ProcedureCreate;
use super::fields::{ProcedureFieldCreate, ProcedureFields};
use super::model::{ProcedureLevel, ServiceLevel};
use kernel::api::records::add_missing;
use kernel::auth::scope::Scoped;
use kernel::db::schema::{procedure_fields, procedures};
use kernel::db::types::Instant;
use kernel::db::{Db, WriteTx};
use kernel::error::ApiError;
use kernel::validity::Certainty;

static PROCEDURES: &str = include_str!("data/procedures.csv");
static FIELDS: &str = include_str!("data/fields.csv");

#[derive(Deserialize)]
struct FieldLine {
    field: String,
    sources: String,
}

#[derive(Deserialize)]
struct ProcedureLine {
    code: String,
    name: String,
    field: String,
    level: ProcedureLevel,
    agency: Option<String>,
    deadline_text: Option<String>,
    status: String,
    source: String,
    note: Option<String>,
}

fn fields() -> Result<Vec<ProcedureFieldCreate>, csv::Error> {
    let made = |FieldLine { field, sources }| ProcedureFieldCreate {
        name: field,
        source: Some(sources.replace('|', ", ")),
    };
    csv::Reader::from_reader(FIELDS.as_bytes()).deserialize().map(|line| line.map(made)).collect()
}

/// The bundled procedures: in force since a day that the sources do not tell, until they were repealed.
fn procedures() -> Result<Vec<ProcedureCreate>, csv::Error> {
    let made = |line: ProcedureLine| {
        let repealed = line.status.strip_prefix("repealed ").and_then(|day| day.parse::<NaiveDate>().ok());
        ProcedureCreate {
            code: line.code,
            name: line.name,
            field_id: None,
            field_name: Some(line.field),
            level: line.level,
            service_level: ServiceLevel::Unknown,
            deadlines: Vec::new(),
            deadline_text: line.deadline_text,
            fees: Vec::new(),
            papers: Vec::new(),
            authority: line.agency,
            announcing_decision: None,
            source: Some(line.source),
            note: line.note,
            valid_from: None,
            valid_from_certainty: Certainty::Inferred,
            valid_to: repealed,
            valid_to_certainty: Certainty::Exact,
        }
    };
    csv::Reader::from_reader(PROCEDURES.as_bytes()).deserialize().map(|line| line.map(made)).collect()
}

/// What an import made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportSummary {
    /// Fields that were made.
    pub fields: usize,
    /// Procedures that were made.
    pub procedures: usize,
}

/// Loads the bundled fields and procedures; those that stand already are left alone, and so are those
/// that somebody deleted.
///
/// # Errors
/// 503 when the database is away.
pub async fn import(db: &Db, at: Instant) -> Result<ImportSummary, ApiError> {
    let scoped = Scoped::command("import procedures", at);
    let fields = fields().map_err(ApiError::internal)?;
    let procedures = procedures().map_err(ApiError::internal)?;
    let owned = scoped.clone();
    let fields = move |tx: &mut WriteTx<'_>| {
        let names: Vec<_> = fields.iter().map(|field| field.name.clone()).collect();
        let known = procedure_fields::table.filter(procedure_fields::name.eq_any(names));
        let known: HashSet<String> =
            known.select(procedure_fields::name).load(tx.conn())?.into_iter().collect();
        let missing = fields.into_iter().filter(|field| !known.contains(&field.name)).collect();
        add_missing::<ProcedureFields>(tx, &owned, missing)
    };
    let fields = db.write(scoped.author(), fields).await?;
    let author = scoped.author();
    let procedures = move |tx: &mut WriteTx<'_>| {
        let codes: Vec<_> = procedures.iter().map(|procedure| procedure.code.clone()).collect();
        let known = procedures::table.filter(procedures::code.eq_any(codes));
        let known: HashSet<String> = known.select(procedures::code).load(tx.conn())?.into_iter().collect();
        let missing = procedures.into_iter().filter(|procedure| !known.contains(&procedure.code)).collect();
        add_missing::<Procedures>(tx, &scoped, missing)
    };
    let procedures = db.write(author, procedures).await?;
    Ok(ImportSummary { fields, procedures })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::procedures::{deadline_text, rules};

    #[test]
    fn the_bundled_lists_are_whole_and_their_deadlines_are_understood() {
        assert_eq!(fields().unwrap().len(), 61);
        let procedures = procedures().unwrap();
        assert_eq!(procedures.len(), 186);
        assert_eq!(procedures.iter().filter(|one| one.valid_to.is_some()).count(), 11);
        for procedure in &procedures {
            assert_eq!(rules::faults(procedure), [], "{}", procedure.code);
            if let Some(text) = &procedure.deadline_text {
                assert!(deadline_text::deadlines(text).is_some(), "{text}");
            }
        }
        assert_eq!(procedures.iter().filter(|one| one.deadline_text.is_some()).count(), 41);
    }
}
