//! What the operations on units answer, over the whole country.

use serde_json::{Value, json};

use super::bodies::OrgUnitCreate;
use super::lineage::org_unit_lineage;
use super::model::OrgUnitBelowFilter;
use super::store::{Below, org_unit_ancestors, org_unit_get, org_unit_list_below, org_unit_versions_list};
use crate::tests::{country, day, fault, told};
use kernel::api::PageRequest;
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::error::{Language, Problem};
use kernel::tree::{OrgUnitId, UnitKind};

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
        let mut folded: Vec<_> = seen.iter().map(|unit| (kernel::text::fold(&unit.name), unit.id)).collect();
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
    assert!(detail.starts_with("Huyện Phụng Hiệp không tồn tại vào ngày 01/07/2025"), "{detail}");
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
    let refused = world.create(with(json!({"parent_id": district}))).await.unwrap_err();
    assert_eq!(told(&refused), fault("/parent_code", "exactly_one"));
    let message = &refused.faults()[0].message;
    assert_eq!(message.vi, "Nêu đúng một trong parent_id, parent_identifier và parent_code.");
    assert_eq!(message.en, "Give exactly one of parent_id, parent_identifier and parent_code.");
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
    let old_spelling = with(json!({"name": "Mỹ Thuận 2", "identifier": "000.00.45.H13"}));
    assert_eq!(world.create(old_spelling).await.unwrap_err().problem(), Problem::Duplicate, "the same code");
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
    // What stands beside it today comes under it tomorrow.
    let beside = world.create(agency("Ban Tôn giáo", json!({"parent_code": "92"}))).await.unwrap();
    let moved = json!({"change_kind": "unchanged", "valid_from": "2026-06-01", "name": "Ban Tôn giáo",
        "kind": "specialised_agency", "parent_id": above.id});
    world.change(beside.id, moved).await.unwrap();
    let under = world.patch(above.id, 1, json!({"parent_id": beside.id})).await;
    assert_eq!(told(&under.unwrap_err()), fault("/parent_id", "cycle"), "from June 2026 on");
    world.delete(beside.id, 2).await.unwrap();
    let childless =
        world.patch(above.id, 1, json!({"kind": "hamlet", "parent_code": "31420"})).await.unwrap_err();
    assert_eq!(told(&childless), fault("/kind", "children"));
    // Once nothing stands under it any more, it may become what has nothing under it.
    world.delete(below.id, 1).await.unwrap();
    let alone = world.patch(above.id, 1, json!({"kind": "hamlet", "parent_code": "31420"})).await.unwrap();
    assert_eq!(alone.kind, UnitKind::Hamlet);
}
