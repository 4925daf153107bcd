//! What the operations on successions answer, over the whole country.

use serde_json::{Value, json};

use super::model::{OrgUnitSuccessionCreate, OrgUnitSuccessionId};
use super::store::{succession_get, succession_list};
use super::writes::{OrgUnitSuccessions, succession_delete};
use crate::tests::{country, day, fault, if_match, told};
use crate::units::store::org_unit_get;
use kernel::api::PageRequest;
use kernel::api::records::replace;
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::error::Problem;
use kernel::tree::OrgUnitId;

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
    let whole_twice = ("/relation".to_owned(), "carried_on_elsewhere".to_owned());
    let second_keeper = ("/keeps_records".to_owned(), "second_keeper".to_owned());
    assert_eq!(told(&second), (Problem::Invalid, vec![whole_twice.clone(), second_keeper]));
    let mut part = merge(old.id, third.id);
    (part["relation"], part["keeps_records"]) = (json!("division"), json!(false));
    let part = world.succeed(part).await.unwrap_err();
    assert_eq!(told(&part), (Problem::Invalid, vec![whole_twice.clone()]), "nothing of it is left");
    let mut later = merge(old.id, third.id);
    later["effective_on"] = json!("2026-07-15");
    later["keeps_records"] = json!(false);
    let not_the_end = ("/effective_on".to_owned(), "not_the_end".to_owned());
    let later = world.succeed(later).await.unwrap_err();
    assert_eq!(told(&later), (Problem::Invalid, vec![not_the_end, whole_twice]));
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
            world
                .write(move |tx, scoped| replace::<OrgUnitSuccessions>(tx, scoped, id, &expected, body))
                .await
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
