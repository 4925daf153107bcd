//! A return of any form in a period that is closed.

use serde_json::{Value, json};

use super::{Fixture, fixtures};
use crate::support::TestApp;
use crate::tell;

tell![every_return_of_a_closed_period_stays_as_it_is];

async fn every_return_of_a_closed_period_stays_as_it_is(app: TestApp) {
    let admin = app.admin().await;
    let fixtures = fixtures(&app).await;
    let is_return = |fixture: &&Fixture| fixture.create.get("period_code").is_some();
    let returns: Vec<_> = fixtures.iter().filter(is_return).collect();
    assert!(!returns.is_empty());
    let mut made = Vec::new();
    for fixture in &returns {
        let created = admin.post(fixture.collection, &fixture.create).await;
        made.push((created.header("location"), created.etag()));
        created.expect(201);
    }
    let (unit, period) = (&returns[0].create["org_unit_code"], &returns[0].create["period_code"]);
    let closing = json!({"org_unit_code": unit, "period_code": period, "scope": "self"});
    let closing = admin.post("/api/v1/reporting/period-closures", &closing).await.expect(201);
    for (fixture, (path, etag)) in returns.iter().zip(&made) {
        let (what, refused) = (fixture.collection, "period-closed");
        assert_eq!(
            (&fixture.create["org_unit_code"], &fixture.create["period_code"]),
            (unit, period),
            "{what}"
        );
        let mut changed = fixture.create.clone();
        changed.as_object_mut().unwrap().extend(fixture.patch.as_object().unwrap().clone());
        admin.put(path, etag, &changed).await.problem(409, refused);
        admin.patch(path, etag, &fixture.patch).await.problem(409, refused);
        admin.delete(path, etag).await.problem(409, refused);
        let batch = format!("{what}/batch?on_conflict=update");
        admin.post(&batch, &json!([changed])).await.problem(409, refused);
        let file = filed_as_csv(&changed);
        let import = format!("{what}/import?on_conflict=update");
        admin.send("POST", &import, Some(("text/csv", file))).await.problem(409, refused);
        assert_eq!(admin.get(path).await.etag(), *etag, "{what}");
    }
    let reopening =
        format!("/api/v1/reporting/period-closures/{}/reopening", closing["id"].as_str().unwrap());
    admin.post(&reopening, &json!({"reason": "Bổ sung."})).await.expect(200);
    for (fixture, (path, etag)) in returns.iter().zip(&made) {
        let patched = admin.patch(path, etag, &fixture.patch).await;
        let etag = patched.etag();
        patched.expect(200);
        assert_eq!(admin.delete(path, &etag).await.status, 204);
    }
    admin
        .post(
            "/api/v1/reporting/period-closures",
            &json!({"org_unit_code": unit, "period_code": period, "scope": "self"}),
        )
        .await
        .expect(201);
    for fixture in &returns {
        admin.post(fixture.collection, &fixture.create).await.problem(409, "period-closed");
    }
}

/// A record as the two lines of a CSV file.
fn filed_as_csv(record: &Value) -> Vec<u8> {
    let cells = record.as_object().unwrap();
    let names: Vec<_> = cells.keys().cloned().collect();
    let values: Vec<_> = cells.values().map(|value| value.to_string().replace('"', "")).collect();
    format!("{}\r\n{}\r\n", names.join(","), values.join(",")).into_bytes()
}
