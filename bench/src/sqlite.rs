//! rusqlite: a worker reads on a connection of its own, all workers write on one.

use std::cell::RefCell;
use std::sync::{Arc, Mutex};

use actix_web::web;
use chrono::NaiveDate;
use rusqlite::{Connection, OptionalExtension, params};

use crate::dossiers::{
    DEEP, DOSSIERS, Dossier, DossierCreate, FACTS, Facts, INSERT_DELTA, INSERT_DOSSIER, INSERT_ENTRY,
    LIVE_FORM, LiveQuery, LiveRow, Place, Stored,
};
use crate::model::{
    BY_NAME, FORM, FormRow, INSERT_PERIOD, Period, ProcedureCreate, UNITS, Unit, new_id, now,
};
use crate::{Fallible, dossier, form_row, live_row, unit};

/// The connection that writes, once a worker has opened it.
pub(crate) type Writer = Arc<Mutex<Option<Connection>>>;

/// What a worker has of the database.
pub(crate) struct Sqlite {
    reader: RefCell<Connection>,
    writer: Writer,
}

const PRAGMAS: &str = "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
     PRAGMA foreign_keys = ON; PRAGMA cache_size = -32000; PRAGMA mmap_size = 67108864; PRAGMA temp_store = MEMORY;";

fn connect(file: &str) -> rusqlite::Result<Connection> {
    let connection = Connection::open(file)?;
    connection.execute_batch(PRAGMAS)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

impl Sqlite {
    pub(crate) fn open(file: &str, writer: &Writer) -> Fallible<Self> {
        let mut open = writer.lock().map_err(|_| "a writer panicked")?;
        if open.is_none() {
            *open = Some(connect(file)?);
        }
        Ok(Self { reader: RefCell::new(connect(file)?), writer: writer.clone() })
    }

    pub(crate) async fn unit(&self, day: NaiveDate, id: &str) -> Fallible<Option<Unit>> {
        let reader = self.reader.borrow();
        let mut statement = reader.prepare_cached(&format!("{UNITS} AND v.org_unit_id = $2"))?;
        Ok(statement.query_row(params![day, id], |row| Ok(unit!(row, get))).optional()?)
    }

    pub(crate) async fn page(&self, day: NaiveDate) -> Fallible<Vec<Unit>> {
        self.list(day, &format!("{UNITS}{BY_NAME} LIMIT 50"))
    }

    pub(crate) async fn all(&self, day: NaiveDate) -> Fallible<Vec<Unit>> {
        self.list(day, &format!("{UNITS}{BY_NAME}"))
    }

    fn list(&self, day: NaiveDate, sql: &str) -> Fallible<Vec<Unit>> {
        let reader = self.reader.borrow();
        let mut statement = reader.prepare_cached(sql)?;
        let units = statement.query_map(params![day], |row| Ok(unit!(row, get)))?;
        Ok(units.collect::<Result<_, _>>()?)
    }

    pub(crate) async fn form(&self, day: NaiveDate, unit: &str, period: &str) -> Fallible<Vec<FormRow>> {
        let reader = self.reader.borrow();
        let mut statement = reader.prepare_cached(FORM)?;
        let rows = statement.query_map(params![day, unit, period], |row| Ok(form_row!(row, get)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    pub(crate) async fn insert(&self, period: &Period) -> Fallible<()> {
        let Period { id, regime, code, kind, starts_on, ends_on, submit_by, version, created_at, updated_at } =
            period;
        let values = (
            (id.clone(), regime.clone(), code.clone(), kind.clone()),
            (*starts_on, *ends_on, *submit_by, *version, *created_at, *updated_at),
        );
        self.write(move |connection| {
            let ((id, regime, code, kind), (starts_on, ends_on, submit_by, version, created_at, updated_at)) =
                values;
            connection.prepare_cached(INSERT_PERIOD)?.execute(params![
                id, regime, code, kind, starts_on, ends_on, submit_by, version, created_at, updated_at
            ])?;
            Ok(())
        })
        .await
    }

    pub(crate) async fn batch(&self, procedures: Vec<ProcedureCreate>) -> Fallible<()> {
        self.write(move |connection| {
            let transaction = connection.transaction()?;
            {
                let mut identity = transaction.prepare_cached(
                    "INSERT INTO procedures (id, code, version, created_at, updated_at) VALUES ($1, $2, 1, $3, $3)",
                )?;
                let mut version = transaction.prepare_cached(
                    "INSERT INTO procedure_versions (id, procedure_id, valid_from, valid_from_certainty, valid_to,
                         valid_to_certainty, speaks_from, speaks_to, name, name_folded, level, service_level,
                         deadlines, fees, papers, authority)
                     VALUES ($1, $2, '0001-01-01', 'exact', '9999-12-31', 'exact', '0001-01-01', '9999-12-31',
                         $3, $4, $5, 'unknown', $6, '[]', '[]', $7)",
                )?;
                let at = now();
                for procedure in procedures {
                    let ProcedureCreate { code, name, level, deadlines, authority } = procedure;
                    let id = new_id();
                    identity.execute(params![id, code, at])?;
                    let folded = name.to_lowercase();
                    version.execute(params![new_id(), id, name, folded, level, deadlines.get(), authority])?;
                }
            }
            transaction.commit()
        })
        .await
    }

    pub(crate) async fn dossier(&self, id: &str) -> Fallible<Option<Dossier>> {
        let reader = self.reader.borrow();
        let mut statement = reader.prepare_cached(&format!("{DOSSIERS} AND d.id = $1"))?;
        Ok(statement.query_row(params![id], |row| Ok(dossier!(row, get))).optional()?)
    }

    pub(crate) async fn dossiers(&self, place: &Place) -> Fallible<Vec<Dossier>> {
        let reader = self.reader.borrow();
        let mut statement = reader.prepare_cached(&format!("{DOSSIERS}{DEEP}"))?;
        let Place { org_unit_id, status, received_after, id_after } = place;
        let places = params![org_unit_id, status, received_after, id_after];
        let rows = statement.query_map(places, |row| Ok(dossier!(row, get)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    pub(crate) async fn facts(&self, unit: &str) -> Fallible<Facts> {
        let reader = self.reader.borrow();
        let mut statement = reader.prepare_cached(FACTS)?;
        Ok(statement.query_row(params![unit], |row| {
            Ok(Facts { province_id: row.get(0)?, procedure_version_id: row.get(1)?, field_id: row.get(2)? })
        })?)
    }

    pub(crate) async fn insert_dossier(&self, body: DossierCreate, facts: &Facts) -> Fallible<()> {
        let new = Stored::new(body, facts);
        self.write(move |connection| {
            let transaction = connection.transaction()?;
            transaction.prepare_cached(INSERT_DOSSIER)?.execute(params![
                new.id,
                new.province_id,
                new.unit,
                new.code,
                new.procedure_id,
                new.procedure_version_id,
                new.field_id,
                new.channel,
                new.owner_kind,
                new.owner,
                new.owner_digest,
                new.received_at,
                new.due_at,
                new.due_on,
                new.status,
                new.holders,
                new.at,
            ])?;
            transaction.prepare_cached(INSERT_ENTRY)?.execute(params![
                new.entry,
                new.at,
                new.id,
                new.unit,
                new.province_id,
                new.content
            ])?;
            transaction.prepare_cached(INSERT_DELTA)?.execute(params![new.delta, new.changes])?;
            transaction.commit()
        })
        .await
    }

    pub(crate) async fn live_form(&self, query: &LiveQuery) -> Fallible<Vec<LiveRow>> {
        let reader = self.reader.borrow();
        let day = "date(resolved_at / 1000000 + 25200, 'unixepoch')";
        let mut statement =
            reader.prepare_cached(&LIVE_FORM.replace("RESOLVED_ON", day).replace('$', "?"))?;
        let (begin, end) = query.moments();
        let asked = params![begin, end, query.to, query.province_id];
        let rows = statement.query_map(asked, |row| Ok(live_row!(row, get)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    async fn write(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<()> + Send + 'static,
    ) -> Fallible<()> {
        let writer = self.writer.clone();
        let written = web::block(move || {
            let mut writer = writer.lock().map_err(|_| "a writer panicked".to_owned())?;
            let connection = writer.as_mut().ok_or("there is no writer")?;
            work(connection).map_err(|error| error.to_string())
        });
        Ok(written.await??)
    }
}
