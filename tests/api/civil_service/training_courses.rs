//! Courses of training.

use serde_json::json;

use super::{ROOM, noticed, of_the_report};
use crate::support::TestApp;
use crate::tell;

tell![the_training_of_the_report_is_told, no_more_finish_than_were_sent];

const LINES: &str = include_str!("../../../src/demo/report/training-courses.ndjson");

/// The report of Phụng Hiệp: three persons in the list for degrees after university, one was sent.
async fn the_training_of_the_report_is_told(app: TestApp) {
    let admin = app.admin().await;
    of_the_report(&admin, "training-courses", LINES).await;
    let courses = format!("{ROOM}/training-courses?org_unit_code=934&as_of=2024-06-30");
    let degrees = admin.get(&format!("{courses}&kind=degree&level=postgraduate")).await.expect(200);
    let [degree] = &degrees["items"].as_array().unwrap()[..] else { panic!("{degrees}") };
    assert_eq!((&degree["places"], &degree["persons_sent"]), (&json!(3), &json!(1)));
    assert_eq!(noticed(degree), [""; 0]);
    let planned = admin.get(&format!("{courses}&q=chuc+danh")).await.expect(200);
    assert_eq!(planned["items"][0]["document_number"], "72/KH-UBND");
}

async fn no_more_finish_than_were_sent(app: TestApp) {
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    let body = json!({
        "org_unit_code": "31396", "kind": "rank", "title": "Bồi dưỡng ngạch chuyên viên", "starts_on": "2026-03-16",
        "places": 3, "persons_sent": 4,
    });
    let made = editor.post(&format!("{ROOM}/training-courses"), &body).await;
    let (place, etag) = (made.header("location"), made.etag());
    assert_eq!(noticed(&made.expect(201)), ["more_than_places"]);
    let more = editor.patch(&place, &etag, &json!({"persons_finished": 5})).await;
    assert_eq!(more.faults(422, "invalid"), ["/persons_finished"]);
    let all = editor.patch(&place, &etag, &json!({"persons_finished": 4, "places": 4})).await.expect(200);
    assert_eq!(noticed(&all), [""; 0]);
}
