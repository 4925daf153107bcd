//! The whole country in a SQLite file, for the tests of this room.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::FromRequest;
use actix_web::dev::Payload;
use actix_web::test::TestRequest;
use chrono::NaiveDate;
use diesel::connection::SimpleConnection;
use serde_json::Value;
use tokio::sync::{Mutex, OnceCell};

use super::catalogue::import::import;
use super::successions::OrgUnitSuccessions;
use super::successions::model::{OrgUnitSuccession, OrgUnitSuccessionCreate};
use super::units::bodies::{OrgUnitCreate, OrgUnitPatch, OrgUnitVersionCreate};
use super::units::model::OrgUnit;
use super::units::store::org_unit_list;
use super::units::writes::{OrgUnits, org_unit_correct, org_unit_delete, org_unit_version_insert};
use kernel::api::records::insert;
use kernel::api::{IfMatch, ListQuery, PageRequest, PageRows};
use kernel::audit::journal::Author;
use kernel::auth::keys::KeyRing;
use kernel::auth::scope::{Scoped, Units};
use kernel::config::Config;
use kernel::db::epochs::{self, Epoch};
use kernel::db::types::Instant;
use kernel::db::{Db, DbConn, Location, PlanMode, Recorded, WriteTx, migrate};
use kernel::error::{ApiError, Language, Problem};
use kernel::state::units_load;
use kernel::tree::OrgUnitId;

fn at() -> Instant {
    serde_json::from_str("\"2026-11-23T01:00:00Z\"").unwrap()
}

pub(super) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn open(location: Location) -> Db {
    Db::open(location, &Config::from_vars(&BTreeMap::new()).unwrap()).unwrap()
}

/// The whole country, imported once and copied for each test.
pub(super) async fn country() -> (tempfile::TempDir, World) {
    static TEMPLATE: OnceCell<tempfile::TempDir> = OnceCell::const_new();
    let template = TEMPLATE.get_or_init(|| async {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::Sqlite(folder.path().join("working.db"));
        migrate::prepare(&location).unwrap();
        import(&open(location.clone()), at(), |_, _| ()).await.unwrap();
        let copy = folder.path().join("template.db");
        let mut conn = location.connect(PlanMode::Generic).unwrap();
        conn.batch_execute(&format!("VACUUM INTO '{}'", copy.display())).unwrap();
        folder
    });
    let template = template.await.path().join("template.db");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cchc.db");
    std::fs::copy(template, &file).unwrap();
    let keys = KeyRing::generate(at()).unwrap();
    (folder, World { db: open(Location::Sqlite(file)), keys, units: Mutex::default() })
}

pub(super) struct World {
    db: Db,
    keys: KeyRing,
    units: Mutex<Option<(i64, Arc<Units>)>>,
}

impl World {
    pub(super) async fn scoped(&self) -> Scoped {
        let epoch = self.epoch().await;
        let mut known = self.units.lock().await;
        let units = match known.take() {
            Some((of, units)) if of == epoch => units,
            _ => Arc::new(self.db.read(units_load).await.unwrap()),
        };
        *known = Some((epoch, units.clone()));
        Scoped::operator(Author::operator("test", at()), units)
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut DbConn, &Scoped) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let scoped = self.scoped().await;
        self.db.read(move |conn| work(conn, &scoped)).await
    }

    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut WriteTx<'_>, &Scoped) -> Result<Recorded<T>, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let scoped = self.scoped().await;
        let epoch = self.epoch().await;
        let written = self.db.write(scoped.author(), move |tx| work(tx, &scoped)).await;
        assert_eq!(self.epoch().await, epoch + i64::from(written.is_ok()), "each write makes trees stale");
        written
    }

    async fn epoch(&self) -> i64 {
        self.db.read(|conn| Ok(epochs::current(conn, Epoch::Units)?)).await.unwrap()
    }

    /// A page as a request asks for it.
    pub(super) async fn page<F, T>(
        &self,
        query: &str,
        list: impl FnOnce(&mut DbConn, &Scoped, &F, &PageRequest) -> Result<PageRows<T>, ApiError>
        + Send
        + 'static,
    ) -> Result<(PageRows<T>, Option<String>), ApiError>
    where
        F: serde::de::DeserializeOwned + validator::Validate + Send + 'static,
        T: Send + 'static,
    {
        let request = TestRequest::with_uri(&format!("/units?{query}")).to_http_request();
        let query = ListQuery::<F>::from_request(&request, &mut Payload::None).await?;
        let scoped = self.scoped().await;
        let page = query.page(&scoped, &self.keys)?;
        let wanted = page.clone();
        let rows = self.db.read_list(move |conn| list(conn, &scoped, &query.filter, &wanted)).await?;
        let next = rows.last.as_ref().map(|last| page.cursor(last, &self.keys));
        Ok((rows, next))
    }

    pub(super) async fn units(&self, query: &str) -> Result<(PageRows<OrgUnit>, Option<String>), ApiError> {
        self.page(query, org_unit_list).await
    }

    /// The full names that a list gives, the total counted.
    pub(super) async fn names(&self, query: &str) -> Vec<String> {
        let (rows, _) = self.units(&format!("{query}&include_total=true&limit=200")).await.unwrap();
        assert_eq!(rows.total, Some(i64::try_from(rows.items.len()).unwrap()));
        rows.items.into_iter().map(|unit| unit.full_name).collect()
    }

    pub(super) async fn id(&self, code: &str, on: &str) -> OrgUnitId {
        self.scoped().await.tree().by_code(code, day(on)).unwrap()
    }

    pub(super) async fn create(&self, body: Value) -> Result<OrgUnit, ApiError> {
        let body: OrgUnitCreate = serde_json::from_value(body).unwrap();
        self.write(move |tx, scoped| insert::<OrgUnits>(tx, scoped, body)).await
    }

    pub(super) async fn patch(&self, id: OrgUnitId, version: i64, body: Value) -> Result<OrgUnit, ApiError> {
        let body: OrgUnitPatch = serde_json::from_value(body).unwrap();
        let expected = if_match(version).await;
        self.write(move |tx, scoped| {
            org_unit_correct(tx, scoped, (id, None), &expected, |present| body.onto(present))
        })
        .await
    }

    pub(super) async fn change(&self, id: OrgUnitId, body: Value) -> Result<OrgUnit, ApiError> {
        let body: OrgUnitVersionCreate = serde_json::from_value(body).unwrap();
        self.write(move |tx, scoped| org_unit_version_insert(tx, scoped, id, body)).await
    }

    pub(super) async fn delete(&self, id: OrgUnitId, version: i64) -> Result<(), ApiError> {
        let expected = if_match(version).await;
        self.write(move |tx, scoped| org_unit_delete(tx, scoped, id, &expected)).await
    }

    pub(super) async fn succeed(&self, body: Value) -> Result<OrgUnitSuccession, ApiError> {
        let body: OrgUnitSuccessionCreate = serde_json::from_value(body).unwrap();
        self.write(move |tx, scoped| insert::<OrgUnitSuccessions>(tx, scoped, body)).await
    }
}

pub(super) async fn if_match(version: i64) -> IfMatch {
    let request =
        TestRequest::default().insert_header(("If-Match", format!("\"v{version}\""))).to_http_request();
    IfMatch::from_request(&request, &mut Payload::None).await.unwrap()
}

/// The problem, and the codes of its faults.
pub(super) fn told(error: &ApiError) -> (Problem, Vec<(String, String)>) {
    let body = error.body(Language::En, "", "");
    (error.problem(), body.errors.into_iter().map(|fault| (fault.pointer, fault.code)).collect())
}

pub(super) fn fault(pointer: &str, code: &str) -> (Problem, Vec<(String, String)>) {
    (Problem::Invalid, vec![(pointer.into(), code.into())])
}
