//! What the operations answer, over the whole country in a SQLite file.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::FromRequest;
use actix_web::dev::Payload;
use actix_web::test::TestRequest;
use chrono::NaiveDate;
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};
use tokio::sync::{Mutex, OnceCell};

use super::catalogue::import::import;
use super::store::{OrgUnitSuccessionId, tree_load};
use super::successions::{
    OrgUnitSuccession, OrgUnitSuccessionCreate, succession_delete, succession_get, succession_insert,
    succession_list, succession_replace,
};
use super::tree::OrgUnitId;
use super::units::*;
use crate::api::{IfMatch, ListQuery, PageRequest, PageRows, Record};
use crate::audit::journal::Author;
use crate::auth::keys::KeyRing;
use crate::auth::scope::{Scoped, Units};
use crate::config::Config;
use crate::db::epochs::{self, Epoch};
use crate::db::types::Instant;
use crate::db::{Db, DbConn, Location, PlanMode, Recorded, WriteTx, migrate};
use crate::error::{ApiError, Language, Problem};

fn at() -> Instant {
    serde_json::from_str("\"2026-11-23T01:00:00Z\"").unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn open(location: Location) -> Db {
    Db::open(location, &Config::from_vars(&BTreeMap::new()).unwrap()).unwrap()
}

/// The whole country, imported once and copied for each test.
async fn country() -> (tempfile::TempDir, World) {
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

struct World {
    db: Db,
    keys: KeyRing,
    units: Mutex<Option<(i64, Arc<Units>)>>,
}

impl World {
    async fn scoped(&self) -> Scoped {
        let epoch = self.epoch().await;
        let mut known = self.units.lock().await;
        let units = match known.take() {
            Some((of, units)) if of == epoch => units,
            _ => Arc::new(Units::new(self.db.read(tree_load).await.unwrap())),
        };
        *known = Some((epoch, units.clone()));
        Scoped::operator(Author::operator("test", at()), units)
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut DbConn, &Scoped) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let scoped = self.scoped().await;
        self.db.read(move |conn| work(conn, &scoped)).await
    }

    async fn write<T: Send + 'static>(
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
    async fn page<F, T>(
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

    async fn units(&self, query: &str) -> Result<(PageRows<OrgUnit>, Option<String>), ApiError> {
        self.page(query, org_unit_list).await
    }

    /// The full names that a list gives, the total counted.
    async fn names(&self, query: &str) -> Vec<String> {
        let (rows, _) = self.units(&format!("{query}&include_total=true&limit=200")).await.unwrap();
        assert_eq!(rows.total, Some(i64::try_from(rows.items.len()).unwrap()));
        rows.items.into_iter().map(|unit| unit.full_name).collect()
    }

    async fn id(&self, code: &str, on: &str) -> OrgUnitId {
        self.scoped().await.tree().by_code(code, day(on)).unwrap()
    }

    async fn create(&self, body: Value) -> Result<OrgUnit, ApiError> {
        let body: OrgUnitCreate = serde_json::from_value(body).unwrap();
        self.write(move |tx, scoped| org_unit_insert(tx, scoped, body)).await
    }

    async fn patch(&self, id: OrgUnitId, version: i64, body: Value) -> Result<OrgUnit, ApiError> {
        let body: OrgUnitPatch = serde_json::from_value(body).unwrap();
        let expected = if_match(version).await;
        self.write(move |tx, scoped| {
            org_unit_correct(tx, scoped, (id, None), &expected, |present| body.onto(present))
        })
        .await
    }

    async fn change(&self, id: OrgUnitId, body: Value) -> Result<OrgUnit, ApiError> {
        let body: OrgUnitVersionCreate = serde_json::from_value(body).unwrap();
        self.write(move |tx, scoped| org_unit_version_insert(tx, scoped, id, body)).await
    }

    async fn delete(&self, id: OrgUnitId, version: i64) -> Result<(), ApiError> {
        let expected = if_match(version).await;
        self.write(move |tx, scoped| org_unit_delete(tx, scoped, id, &expected)).await
    }

    async fn succeed(&self, body: Value) -> Result<OrgUnitSuccession, ApiError> {
        let body: OrgUnitSuccessionCreate = serde_json::from_value(body).unwrap();
        self.write(move |tx, scoped| succession_insert(tx, scoped, body)).await
    }
}

async fn if_match(version: i64) -> IfMatch {
    let request =
        TestRequest::default().insert_header(("If-Match", format!("\"v{version}\""))).to_http_request();
    IfMatch::from_request(&request, &mut Payload::None).await.unwrap()
}

/// The problem, and the codes of its faults.
fn told(error: &ApiError) -> (Problem, Vec<(String, String)>) {
    let body = error.body(Language::En, "", "");
    (error.problem(), body.errors.into_iter().map(|fault| (fault.pointer, fault.code)).collect())
}

fn fault(pointer: &str, code: &str) -> (Problem, Vec<(String, String)>) {
    (Problem::Invalid, vec![(pointer.into(), code.into())])
}

#[tokio::test]
async fn lists_answer_for_the_day() {
    let (_folder, world) = country().await;
    assert_eq!(world.names("code=31420&as_of=2024-06-30").await, ["Xã Hòa Mỹ"]);
    assert_eq!(world.names("code=31420&as_of=2025-07-01").await, ["Xã Phụng Hiệp"]);
    assert_eq!(world.names("code=31420").await, ["Xã Phụng Hiệp"]);
    assert_eq!(world.names("kind=province").await.len(), 34);
    assert_eq!(world.names("kind=province&as_of=2024-06-30").await.len(), 63);
    assert_eq!(world.names("q=HIEP%20phung").await, ["Xã Phụng Hiệp"]);
    assert_eq!(
        world.names("q=hi%E1%BB%87p+ph%E1%BB%A5ng&as_of=2024-06-30&kind=district").await,
        ["Huyện Phụng Hiệp"]
    );
    assert_eq!(world.names("q=31420").await, ["Xã Phụng Hiệp"]);
    for nothing in ["q=%25", "q=_", "q=%5C", "q=%CC%81", "identifier=H30"] {
        assert_eq!(world.names(nothing).await, [""; 0], "{nothing}");
    }
    assert_eq!(world.names("org_unit_code=934&scope=children&as_of=2024-06-30").await.len(), 16);
    assert_eq!(world.names("org_unit_code=92&scope=subtree").await.len(), 104);
    assert_eq!(world.names("org_unit_code=93&scope=subtree&as_of=2024-06-30").await.len(), 1 + 8 + 75);
    assert_eq!(world.names("org_unit_code=93&as_of=2024-06-30").await, ["Tỉnh Hậu Giang"]);
    for (query, problem) in [
        ("scope=children", Problem::Invalid),
        ("org_unit_code=934", Problem::UnitNotInForce),
        ("sort=code", Problem::InvalidParameter),
        ("as_of=yesterday", Problem::InvalidParameter),
    ] {
        assert_eq!(world.units(query).await.unwrap_err().problem(), problem, "{query}");
    }
}

#[tokio::test]
async fn pages_hold_every_unit_once() {
    let (_folder, world) = country().await;
    let root = world.scoped().await.tree().by_code("92", day("2024-06-30")).unwrap();
    let root = world.scoped().await.tree().ancestors(root, day("2024-06-30"))[0];
    for (sort, query) in
        [("name", format!("org_unit_id={root}&scope=subtree")), ("-name", "as_of=2024-06-30".to_owned())]
    {
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let (rows, next) = world
                .units(&format!("{query}&sort={sort}&limit=200{cursor}&include_total=true"))
                .await
                .unwrap();
            let total = rows.total.unwrap();
            seen.extend(rows.items);
            match next {
                Some(next) => cursor = format!("&cursor={next}"),
                None => {
                    assert_eq!(i64::try_from(seen.len()).unwrap(), total);
                    break;
                }
            }
        }
        let mut folded: Vec<_> = seen.iter().map(|unit| (crate::text::fold(&unit.name), unit.id)).collect();
        if sort == "-name" {
            folded.reverse();
        }
        assert!(folded.is_sorted());
        folded.dedup();
        assert_eq!(folded.len(), if sort == "name" { 1 + 34 + 3_321 } else { 1 + 63 + 705 + 10_595 });
    }
}

#[tokio::test]
async fn one_unit_answers_for_the_day_or_names_its_heirs() {
    let (_folder, world) = country().await;
    let district = world.id("934", "2024-06-30").await;
    let get = |on: &'static str| {
        world.read(move |conn, scoped| org_unit_get(conn, scoped, district, Some(day(on))))
    };
    let before = get("2024-06-30").await.unwrap();
    assert_eq!(
        (before.full_name.as_str(), before.parent_name.as_deref()),
        ("Huyện Phụng Hiệp", Some("Hậu Giang"))
    );
    assert_eq!((before.parent_code.as_deref(), before.province_id), (Some("93"), before.parent_id));
    assert_eq!((before.valid_from, before.valid_to), (None, Some(day("2025-07-01"))));
    let gone = get("2025-07-01").await.unwrap_err();
    assert_eq!(gone.problem(), Problem::UnitNotInForce);
    let body = serde_json::to_value(gone.body(Language::Vi, "", "")).unwrap();
    let codes: Vec<_> =
        body["successors"].as_array().unwrap().iter().map(|unit| unit["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["31393", "31396", "31399", "31408", "31420", "31426", "31432"]);
    let detail = body["detail"].as_str().unwrap();
    assert!(detail.starts_with("Huyện Phụng Hiệp không tồn tại vào ngày 2025-07-01"), "{detail}");
    assert!(detail.contains("Xã Phụng Hiệp (31420)"), "{detail}");

    let lineage =
        world.read(move |conn, scoped| org_unit_lineage(conn, scoped, district, None)).await.unwrap();
    assert_eq!(lineage.unit, before);
    assert_eq!(lineage.heirs.len(), 7);
    assert!(lineage.heirs.iter().all(|heir| heir.parent_name.as_deref() == Some("Cần Thơ")));
    assert!(lineage.successors.is_empty());
    let commune = world.id("31396", "2026-01-01").await;
    let lineage =
        world.read(move |conn, scoped| org_unit_lineage(conn, scoped, commune, None)).await.unwrap();
    assert!(lineage.predecessors.iter().any(|step| step.unit.full_name == "Xã Hiệp Hưng"));
    assert!(lineage.predecessors.iter().all(|step| step.effective_on == day("2025-07-01")));

    let above =
        world.read(move |conn, scoped| org_unit_ancestors(conn, scoped, commune, None)).await.unwrap();
    assert_eq!(
        above.items.iter().map(|unit| unit.name.as_str()).collect::<Vec<_>>(),
        ["Cần Thơ", "Việt Nam"]
    );
    let hue = world.id("46", "2026-01-01").await;
    let versions = world.read(move |conn, scoped| org_unit_versions_list(conn, scoped, hue)).await.unwrap();
    assert_eq!(
        versions.items.iter().map(|unit| unit.name.as_str()).collect::<Vec<_>>(),
        ["Thừa Thiên Huế", "Huế"]
    );
    assert_ne!(versions.items[0].view(), versions.items[1].view());
    let none = OrgUnitId::new();
    let missing = world.read(move |conn, scoped| org_unit_get(conn, scoped, none, None)).await.unwrap_err();
    assert_eq!(missing.problem(), Problem::NotFound);
}

#[tokio::test]
async fn children_and_subtree_are_lists() {
    let (_folder, world) = country().await;
    let district = world.id("934", "2024-06-30").await;
    for (below, query, count) in [
        (Below::Children, "as_of=2024-06-30", 15),
        (Below::Subtree, "as_of=2024-06-30", 16),
        (Below::Subtree, "as_of=2024-06-30&kind=district", 1),
        (Below::Children, "as_of=2024-06-30&q=hoa%20my", 1),
    ] {
        let list =
            move |conn: &mut DbConn, scoped: &Scoped, filter: &OrgUnitBelowFilter, page: &PageRequest| {
                org_unit_list_below(conn, scoped, (district, below), filter, page)
            };
        let (rows, next) = world.page(query, list).await.unwrap();
        assert_eq!((rows.items.len(), next), (count, None), "{query}");
    }
    let list = move |conn: &mut DbConn, scoped: &Scoped, filter: &OrgUnitBelowFilter, page: &PageRequest| {
        org_unit_list_below(conn, scoped, (district, Below::Children), filter, page)
    };
    assert_eq!(world.page("", list).await.unwrap_err().problem(), Problem::UnitNotInForce);
}

#[tokio::test]
async fn a_unit_is_made_corrected_changed_and_deleted() {
    let (_folder, world) = country().await;
    let hamlet = json!({"name": "Mỹ Thuận 1", "full_name": "Ấp Mỹ Thuận 1", "kind": "hamlet",
        "parent_code": "31420", "valid_from": "2025-07-01"});
    let made = world.create(hamlet.clone()).await.unwrap();
    assert_eq!((made.parent_name.as_deref(), made.version), (Some("Phụng Hiệp"), 1));
    assert_eq!(made.province_id, Some(world.id("92", "2026-01-01").await));
    assert_eq!(world.names("q=my%20thuan%201&kind=hamlet").await, ["Ấp Mỹ Thuận 1"]);

    let with = |changes: Value| {
        let mut body = hamlet.clone();
        for (name, value) in changes.as_object().unwrap() {
            match value {
                Value::String(text) if text == "-" => body.as_object_mut().unwrap().remove(name),
                value => body.as_object_mut().unwrap().insert(name.clone(), value.clone()),
            };
        }
        body
    };
    for (changes, expected) in [
        (json!({"parent_code": "92"}), fault("/parent_id", "parent_kind")),
        (json!({"parent_code": "-"}), fault("/parent_id", "required")),
        (json!({"kind": "commune", "parent_code": "92"}), fault("/code", "code_shape")),
        (json!({"identifier": "x"}), fault("/identifier", "identifier_shape")),
        (json!({"valid_to": "2025-07-01"}), fault("/valid_to", "before_start")),
        (json!({"name": " "}), fault("/name", "blank")),
        (json!({"kind": "country"}), fault("/kind", "one_country")),
        (json!({"kind": "commune", "code": "31420", "parent_code": "92"}), (Problem::Duplicate, Vec::new())),
    ] {
        let refused = world.create(with(changes.clone())).await.unwrap_err();
        assert_eq!(told(&refused), expected, "{changes}");
    }
    let district = world.id("934", "2024-06-30").await;
    let ended = json!({"kind": "public_service_unit", "parent_code": "-", "parent_id": district});
    let refused = world.create(with(ended)).await.unwrap_err();
    assert_eq!(told(&refused), fault("/parent_id", "not_in_force"));
    let refused = world.create(with(json!({"parent_code": "99999"}))).await.unwrap_err();
    assert_eq!(told(&refused).1[0].0, "/parent_code");
    assert!(serde_json::from_value::<OrgUnitCreate>(with(json!({"valid_from": "-"}))).is_err());

    // Corrected: no new version.
    let id = made.id;
    let fixed = world.patch(id, 1, json!({"identifier": "H13.45", "note": "x"})).await.unwrap();
    assert_eq!((fixed.identifier.as_deref(), fixed.version), (Some("H13.45"), 2));
    assert_eq!(fixed.parent_id, made.parent_id);
    let stale = world.patch(id, 1, json!({"note": null})).await.unwrap_err();
    assert_eq!(stale.problem(), Problem::PreconditionFailed);
    let second = with(json!({"name": "Mỹ Thuận 2", "identifier": "H13.45"}));
    assert_eq!(world.create(second).await.unwrap_err().problem(), Problem::Duplicate);
    let moved = world.patch(id, 2, json!({"parent_code": "31396"})).await.unwrap();
    assert_eq!(moved.parent_code.as_deref(), Some("31396"));

    // Changed: the version of before ends.
    let rename = json!({"change_kind": "rename", "valid_from": "2026-01-01", "name": "Mỹ Thuận",
        "full_name": "Ấp Mỹ Thuận", "kind": "hamlet", "parent_code": "31396"});
    let renamed = world.change(id, rename.clone()).await.unwrap();
    assert_eq!((renamed.name.as_str(), renamed.version, renamed.valid_to), ("Mỹ Thuận", 4, None));
    assert_eq!(told(&world.change(id, rename).await.unwrap_err()), fault("/valid_from", "same_day"));
    let versions = world.read(move |conn, scoped| org_unit_versions_list(conn, scoped, id)).await.unwrap();
    let spans: Vec<_> = versions.items.iter().map(|unit| (unit.name.as_str(), unit.valid_to)).collect();
    assert_eq!(spans, [("Mỹ Thuận 1", Some(day("2026-01-01"))), ("Mỹ Thuận", None)]);
    let overlap = world.patch(id, 4, json!({"valid_from": "2025-12-31"})).await.unwrap_err();
    assert_eq!(told(&overlap), fault("/valid_from", "overlaps"));
    let ended = world.patch(id, 4, json!({"valid_to": "2026-06-01"})).await.unwrap();
    assert_eq!((ended.valid_to, ended.valid_to_certainty.is_some()), (Some(day("2026-06-01")), true));
    // The latest version, for the unit is no longer in force.
    let reopened = world.patch(id, 5, json!({"valid_to": null})).await.unwrap();
    assert_eq!((reopened.valid_to, reopened.valid_to_certainty), (None, None));

    let parent = reopened.parent_id.unwrap();
    assert_eq!(world.delete(parent, 1).await.unwrap_err().problem(), Problem::InUse);
    assert_eq!(world.delete(id, 5).await.unwrap_err().problem(), Problem::PreconditionFailed);
    world.delete(id, 6).await.unwrap();
    assert_eq!(world.names("q=my%20thuan&kind=hamlet").await, [""; 0]);
    let gone = world.read(move |conn, scoped| org_unit_get(conn, scoped, id, None)).await.unwrap_err();
    assert_eq!(gone.problem(), Problem::NotFound);
}

#[tokio::test]
async fn agencies_never_stand_under_themselves() {
    let (_folder, world) = country().await;
    let agency = |name: &str, parent: Value| {
        let mut body = json!({"name": name, "kind": "specialised_agency", "valid_from": "2025-07-01"});
        body.as_object_mut().unwrap().extend(parent.as_object().unwrap().clone());
        body
    };
    let above = world.create(agency("Sở Nội vụ", json!({"parent_code": "92"}))).await.unwrap();
    assert_eq!(above.full_name, "Sở Nội vụ");
    let below = world.create(agency("Chi cục Văn thư", json!({"parent_id": above.id}))).await.unwrap();
    let cycle = world.patch(above.id, 1, json!({"parent_id": below.id})).await.unwrap_err();
    assert_eq!(told(&cycle), fault("/parent_id", "cycle"));
    let itself = world.patch(above.id, 1, json!({"parent_id": above.id})).await.unwrap_err();
    assert_eq!(told(&itself), fault("/parent_id", "cycle"));
    let childless =
        world.patch(above.id, 1, json!({"kind": "hamlet", "parent_code": "31420"})).await.unwrap_err();
    assert_eq!(told(&childless), fault("/kind", "children"));
}

#[tokio::test]
async fn a_succession_ends_its_predecessor() {
    let (_folder, world) = country().await;
    let school = |name: &str| json!({"name": name, "kind": "public_service_unit", "parent_code": "31420", "valid_from": "2025-07-01"});
    let old = world.create(school("Trường Tân Phú")).await.unwrap();
    let new = world.create(school("Trường Tân Phú Hưng")).await.unwrap();
    let third = world.create(school("Trường Hòa Mỹ")).await.unwrap();
    let merge = |from: OrgUnitId, to: OrgUnitId| {
        json!({"predecessor_id": from, "successor_id": to, "relation": "merge", "effective_on": "2026-08-01",
            "keeps_records": true})
    };
    let itself = world.succeed(merge(old.id, old.id)).await.unwrap_err();
    assert_eq!(told(&itself), fault("/successor_id", "itself"));
    let made = world.succeed(merge(old.id, new.id)).await.unwrap();
    assert_eq!(made.predecessor_name.as_deref(), Some("Trường Tân Phú"));
    let id = old.id;
    let ended = world
        .read(move |conn, scoped| org_unit_get(conn, scoped, id, Some(day("2026-07-31"))))
        .await
        .unwrap();
    assert_eq!((ended.valid_to, ended.version), (Some(day("2026-08-01")), 2));
    let today = world.read(move |conn, scoped| org_unit_get(conn, scoped, id, None)).await.unwrap_err();
    assert_eq!(today.problem(), Problem::UnitNotInForce);

    let second = world.succeed(merge(old.id, third.id)).await.unwrap_err();
    assert_eq!(told(&second), fault("/keeps_records", "second_keeper"));
    let mut later = merge(old.id, third.id);
    later["effective_on"] = json!("2026-07-15");
    later["keeps_records"] = json!(false);
    assert_eq!(told(&world.succeed(later).await.unwrap_err()), fault("/effective_on", "not_the_end"));
    let mut again = merge(old.id, new.id);
    again["keeps_records"] = json!(false);
    assert_eq!(world.succeed(again).await.unwrap_err().problem(), Problem::Duplicate);
    let back = world.succeed(merge(new.id, old.id)).await.unwrap_err();
    assert!(told(&back).1.contains(&("/successor_id".into(), "cycle".into())), "{back}");

    let list = |conn: &mut DbConn, scoped: &Scoped, filter: &_, page: &PageRequest| {
        succession_list(conn, scoped, filter, page)
    };
    let query = format!("predecessor_id={}&include_total=true", old.id);
    let (rows, _) = world.page(&query, list).await.unwrap();
    assert_eq!((rows.items.len(), rows.total), (1, Some(1)));
    let (rows, next) = world.page("effective_from=2025-07-01&sort=effective_on&limit=3", list).await.unwrap();
    assert_eq!((rows.items.len(), next.is_some()), (3, true));

    let change = |id: OrgUnitSuccessionId, version: i64, body: Value| {
        let world = &world;
        async move {
            let body: OrgUnitSuccessionCreate = serde_json::from_value(body).unwrap();
            let expected = if_match(version).await;
            world.write(move |tx, scoped| succession_replace(tx, scoped, id, &expected, body)).await
        }
    };
    let mut whole = merge(old.id, new.id);
    whole["note"] = json!("gộp trường");
    let changed = change(made.id, 1, whole.clone()).await.unwrap();
    assert_eq!((changed.note.as_deref(), changed.version), (Some("gộp trường"), 2));
    whole["relation"] = json!("division");
    assert_eq!(told(&change(made.id, 2, whole).await.unwrap_err()), fault("/relation", "fixed"));
    let (id, expected) = (made.id, if_match(2).await);
    world.write(move |tx, scoped| succession_delete(tx, scoped, id, &expected)).await.unwrap();
    let gone = world.read(move |conn, scoped| succession_get(conn, scoped, id)).await.unwrap_err();
    assert_eq!(gone.problem(), Problem::NotFound);
    // The same pair may be tied anew.
    world.succeed(merge(old.id, new.id)).await.unwrap();
}
