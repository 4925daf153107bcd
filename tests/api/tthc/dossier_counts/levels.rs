//! At whose level a dossier counts: that of the unit on the day on which it was received.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::FORM;
use crate::support::TestApp;
use crate::tell;
use crate::tthc::dossiers::{DOSSIERS, catalogue, dossier, with};

tell![a_unit_that_comes_under_another_tier_counts_at_the_level_of_the_day];

const UNITS: &str = "/api/v1/organization/org-units";

async fn a_unit_that_comes_under_another_tier_counts_at_the_level_of_the_day(app: TestApp) {
    let admin = catalogue(&app).await;
    let centre = json!({"code": "31396-TT", "name": "Trung tâm Phục vụ hành chính công", "kind": "service_centre",
        "parent_code": "31396", "valid_from": "2026-01-01"});
    let made = admin.post(UNITS, &centre).await.expect(201);
    let unit = format!("{UNITS}/{}", made["id"].as_str().unwrap());
    let etag = admin.get(&unit).await.etag();
    let mut moved = centre;
    for (member, value) in [("parent_code", "92"), ("valid_from", "2026-11-10"), ("change_kind", "unchanged")]
    {
        moved[member] = json!(value);
    }
    admin.with("if-match", &etag).post(&format!("{unit}/versions"), &moved).await.expect(201);
    let received = [(1, "2026-11-02T02:00:00Z"), (2, "2026-11-09T16:59:59Z"), (3, "2026-11-09T17:00:00Z")];
    for (number, at) in received {
        let of_centre = json!({"resolving_unit_code": "31396-TT", "received_at": at});
        admin.post(DOSSIERS, &with(dossier(number), of_centre)).await.expect(201);
    }
    let form = format!("{FORM}?source=records&org_unit_code=92&scope=subtree&from=2026-11-01&to=2026-11-23");
    let form = admin.get(&form).await.expect(200);
    let of_level =
        |row: &Value| Some((row["handling_level"].as_str()?.to_owned(), row["received_online"].as_i64()?));
    let counts: BTreeMap<_, _> = form["rows"].as_array().unwrap().iter().filter_map(of_level).collect();
    let expected = [("commune", 2), ("province", 1)].map(|(level, count)| (level.to_owned(), count));
    assert_eq!(counts, BTreeMap::from(expected), "it came under the province on the tenth: {form}");
}
