//! tokio-postgres: a worker has a pool of its own, with prepared statements.

use chrono::NaiveDate;
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use tokio_postgres::NoTls;

use crate::dossiers::{
    DEEP, DOSSIERS, Dossier, DossierCreate, FACTS, Facts, INSERT_DELTA, INSERT_DOSSIER, INSERT_ENTRY,
    LIVE_FORM, LiveQuery, LiveRow, Place, Stored,
};
use crate::model::{
    BY_NAME, FORM, FormRow, INSERT_PERIOD, Period, ProcedureCreate, UNITS, Unit, new_id, now,
};
use crate::{Fallible, dossier, form_row, live_row, unit};

/// Connections of a worker; two workers have the service's eight.
const CONNECTIONS: usize = 4;

/// What a worker has of the database.
pub(crate) struct Postgres {
    pool: Pool,
}

impl Postgres {
    pub(crate) fn open(url: &str) -> Fallible<Self> {
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(url.parse()?, NoTls, recycling);
        Ok(Self { pool: Pool::builder(manager).max_size(CONNECTIONS).build()? })
    }

    pub(crate) async fn unit(&self, day: NaiveDate, id: &str) -> Fallible<Option<Unit>> {
        let client = self.pool.get().await?;
        let statement = client.prepare_cached(&format!("{UNITS} AND v.org_unit_id = $2")).await?;
        let row = client.query_opt(&statement, &[&day, &id]).await?;
        row.map(|row| Ok(unit!(row, try_get))).transpose()
    }

    pub(crate) async fn page(&self, day: NaiveDate) -> Fallible<Vec<Unit>> {
        self.list(day, &format!("{UNITS}{BY_NAME} LIMIT 50")).await
    }

    pub(crate) async fn all(&self, day: NaiveDate) -> Fallible<Vec<Unit>> {
        self.list(day, &format!("{UNITS}{BY_NAME}")).await
    }

    async fn list(&self, day: NaiveDate, sql: &str) -> Fallible<Vec<Unit>> {
        let client = self.pool.get().await?;
        let statement = client.prepare_cached(sql).await?;
        let rows = client.query(&statement, &[&day]).await?;
        rows.into_iter().map(|row| Ok(unit!(row, try_get))).collect()
    }

    pub(crate) async fn form(&self, day: NaiveDate, unit: &str, period: &str) -> Fallible<Vec<FormRow>> {
        let client = self.pool.get().await?;
        let statement = client.prepare_cached(FORM).await?;
        let rows = client.query(&statement, &[&day, &unit, &period]).await?;
        rows.into_iter().map(|row| Ok(form_row!(row, try_get))).collect()
    }

    pub(crate) async fn insert(&self, period: &Period) -> Fallible<()> {
        let client = self.pool.get().await?;
        let statement = client.prepare_cached(INSERT_PERIOD).await?;
        let Period { id, regime, code, kind, starts_on, ends_on, submit_by, version, created_at, updated_at } =
            period;
        client
            .execute(
                &statement,
                &[id, regime, code, kind, starts_on, ends_on, submit_by, version, created_at, updated_at],
            )
            .await?;
        Ok(())
    }

    pub(crate) async fn batch(&self, procedures: Vec<ProcedureCreate>) -> Fallible<()> {
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await?;
        let at = now();
        let ids: Vec<String> = procedures.iter().map(|_| new_id()).collect();
        let versions: Vec<String> = procedures.iter().map(|_| new_id()).collect();
        let codes: Vec<&str> = procedures.iter().map(|procedure| procedure.code.as_str()).collect();
        let names: Vec<&str> = procedures.iter().map(|procedure| procedure.name.as_str()).collect();
        let folded: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
        let levels: Vec<&str> = procedures.iter().map(|procedure| procedure.level.as_str()).collect();
        let deadlines: Vec<&str> = procedures.iter().map(|procedure| procedure.deadlines.get()).collect();
        let authorities: Vec<&str> =
            procedures.iter().map(|procedure| procedure.authority.as_str()).collect();
        let statement = transaction
            .prepare_cached(
                "INSERT INTO procedures (id, code, version, created_at, updated_at)
                 SELECT id, code, 1, $3, $3 FROM unnest($1::text[], $2::text[]) AS new (id, code)",
            )
            .await?;
        transaction.execute(&statement, &[&ids, &codes, &at]).await?;
        let statement = transaction
            .prepare_cached(
                "INSERT INTO procedure_versions (id, procedure_id, valid_from, valid_from_certainty, valid_to,
                     valid_to_certainty, speaks_from, speaks_to, name, name_folded, level, service_level,
                     deadlines, fees, papers, authority)
                 SELECT id, procedure_id, '0001-01-01', 'exact', '9999-12-31', 'exact', '0001-01-01', '9999-12-31',
                     name, name_folded, level, 'unknown', deadlines, '[]', '[]', authority
                 FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
                     AS new (id, procedure_id, name, name_folded, level, deadlines, authority)",
            )
            .await?;
        transaction
            .execute(&statement, &[&versions, &ids, &names, &folded, &levels, &deadlines, &authorities])
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    pub(crate) async fn dossier(&self, id: &str) -> Fallible<Option<Dossier>> {
        let client = self.pool.get().await?;
        let statement = client.prepare_cached(&format!("{DOSSIERS} AND d.id = $1")).await?;
        let row = client.query_opt(&statement, &[&id]).await?;
        row.map(|row| Ok(dossier!(row, try_get))).transpose()
    }

    pub(crate) async fn dossiers(&self, place: &Place) -> Fallible<Vec<Dossier>> {
        let client = self.pool.get().await?;
        let statement = client.prepare_cached(&format!("{DOSSIERS}{DEEP}")).await?;
        let Place { org_unit_id, status, received_after, id_after } = place;
        let rows = client.query(&statement, &[org_unit_id, status, received_after, id_after]).await?;
        rows.into_iter().map(|row| Ok(dossier!(row, try_get))).collect()
    }

    pub(crate) async fn facts(&self, unit: &str) -> Fallible<Facts> {
        let client = self.pool.get().await?;
        let statement = client.prepare_cached(FACTS).await?;
        let row = client.query_one(&statement, &[&unit]).await?;
        Ok(Facts {
            province_id: row.try_get(0)?,
            procedure_version_id: row.try_get(1)?,
            field_id: row.try_get(2)?,
        })
    }

    pub(crate) async fn insert_dossier(&self, body: DossierCreate, facts: &Facts) -> Fallible<()> {
        let new = Stored::new(body, facts);
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await?;
        let statement = transaction.prepare_cached(INSERT_DOSSIER).await?;
        transaction
            .execute(
                &statement,
                &[
                    &new.id,
                    &new.province_id,
                    &new.unit,
                    &new.code,
                    &new.procedure_id,
                    &new.procedure_version_id,
                    &new.field_id,
                    &new.channel,
                    &new.owner_kind,
                    &new.owner,
                    &new.owner_digest,
                    &new.received_at,
                    &new.due_at,
                    &new.due_on,
                    &new.status,
                    &new.holders,
                    &new.at,
                ],
            )
            .await?;
        let statement = transaction.prepare_cached(INSERT_ENTRY).await?;
        transaction
            .execute(&statement, &[&new.entry, &new.at, &new.id, &new.unit, &new.province_id, &new.content])
            .await?;
        let statement = transaction.prepare_cached(INSERT_DELTA).await?;
        transaction.execute(&statement, &[&new.delta, &new.changes]).await?;
        transaction.commit().await?;
        Ok(())
    }

    pub(crate) async fn live_form(&self, query: &LiveQuery) -> Fallible<Vec<LiveRow>> {
        let client = self.pool.get().await?;
        let day = "(to_timestamp(resolved_at / 1000000) AT TIME ZONE 'Asia/Ho_Chi_Minh')::date";
        let sql = LIVE_FORM.replace("RESOLVED_ON", day).replace("$4 = ''", "$4::text = ''");
        let statement = client.prepare_cached(&sql).await?;
        let (begin, end) = query.moments();
        let rows = client.query(&statement, &[&begin, &end, &query.to, &query.province_id]).await?;
        rows.into_iter().map(|row| Ok(live_row!(row, try_get))).collect()
    }
}
