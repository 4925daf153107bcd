//! Form 06 from single dossiers: what is counted when, where and as whose, however they come to be.

mod histories;
mod levels;

use std::collections::BTreeMap;

use diesel::RunQueryDsl;
use serde_json::{Value, json};
use tthc::dossiers::summaries::fold::fold;
use tthc::dossiers::summaries::verify::{make_missing, verify};

use crate::start::on;
use crate::support::story::Story;
use crate::support::{Client, TestApp};
use crate::tell;
use crate::tthc::dossiers::{DOSSIERS, catalogue, dossier, with};

/// All stories of this folder.
pub fn all() -> Vec<Story> {
    [stories(), histories::stories(), levels::stories()].concat()
}

tell![
    form_06_counts_dossiers_by_their_days,
    time_passes_without_any_work,
    a_wait_that_stops_the_clock_counts_as_in_time,
    what_was_counted_before_a_handing_over_stays,
    a_dossier_counts_once_and_as_whose_is_asked,
    what_is_outside_the_form_is_not_counted,
    corrections_and_deletions_are_followed,
    hours_are_counted_by_the_moment,
    a_late_day_that_was_lost_is_found_and_mended,
    days_may_be_asked_for_instead_of_a_period,
    dossiers_take_the_place_of_a_return_from_the_day_declared,
    a_period_is_closed_with_what_dossiers_count,
    dossiers_of_agencies_stand_beside_those_of_their_unit,
    a_declaration_speaks_of_the_own_level_and_the_own_days,
    dossiers_without_counts_are_counted_at_the_start,
];

const FORM: &str = "/api/v1/reporting/forms/06a";

/// The totals of a form of dossiers.
async fn counts(client: &Client, query: &str) -> Value {
    let form = client.get(&format!("{FORM}?source=records&definition=withdrawn-refused-apart&{query}")).await;
    let form = form.expect(200);
    let totals = form["totals"].clone();
    let count = |name: &str| totals[name].as_i64().unwrap();
    let in_form = count("received_total") + count("transferred");
    let told = count("resolved_total") + count("pending_total") + count("withdrawn") + count("refused");
    assert_eq!(in_form, told, "every form balances: {totals}");
    totals
}

/// What of the totals is not zero, in few words.
fn told(totals: &Value) -> BTreeMap<&str, i64> {
    let names = [
        "received_online",
        "received_direct",
        "carried_over",
        "resolved_early",
        "resolved_on_time",
        "resolved_overdue",
        "pending_in_time",
        "pending_overdue",
        "withdrawn",
        "refused",
        "transferred",
    ];
    names
        .into_iter()
        .map(|name| (name, totals[name].as_i64().unwrap()))
        .filter(|(_, count)| *count != 0)
        .collect()
}

const AUTUMN: &str = "from=2026-11-01&to=2026-11-23&org_unit_code=31396";

/// Asks before the deltas are folded, and behind.
async fn both(app: &TestApp, client: &Client, query: &str) -> BTreeMap<String, i64> {
    let fresh = counts(client, query).await;
    fold(&app.state.db, 1).await.unwrap();
    let folded = counts(client, query).await;
    assert_eq!(fresh, folded, "folding changes nothing");
    told(&folded).into_iter().map(|(name, count)| (name.to_owned(), count)).collect()
}

fn of<const N: usize>(counts: [(&str, i64); N]) -> BTreeMap<String, i64> {
    counts.into_iter().map(|(name, count)| (name.to_owned(), count)).collect()
}

async fn form_06_counts_dossiers_by_their_days(app: TestApp) {
    let admin = catalogue(&app).await;
    let late = json!({"resolved_at": "2026-11-10T02:00:00Z"});
    let on_day = json!({"channel": "postal", "resolved_at": "2026-11-09T16:59:59Z"});
    let next_day_in_vietnam = json!({"channel": "in_person", "resolved_at": "2026-11-09T17:00:00Z"});
    let early = json!({"resolved_at": "2026-11-04T02:00:00Z", "returned_at": "2026-11-12T02:00:00Z"});
    let withdrawn = json!({"status": "withdrawn", "closed_at": "2026-11-04T02:00:00Z"});
    let refused = json!({"status": "refused", "closed_at": "2026-11-04T02:00:00Z"});
    let before = json!({"received_at": "2026-10-30T02:00:00Z", "resolved_at": "2026-11-02T02:00:00Z"});
    let long_over = json!({"received_at": "2026-10-01T02:00:00Z", "resolved_at": "2026-10-02T02:00:00Z"});
    let open = json!({});
    let all = [late, on_day, next_day_in_vietnam, early, withdrawn, refused, before, long_over, open];
    let lines: Vec<_> = (1..).zip(all).map(|(number, members)| with(dossier(number), members)).collect();
    admin.post(&format!("{DOSSIERS}/batch"), &json!(lines)).await.expect(200);
    let expected = of([
        ("received_online", 5),
        ("received_direct", 2),
        ("carried_over", 1),
        ("resolved_early", 2),
        ("resolved_on_time", 1),
        ("resolved_overdue", 2),
        ("withdrawn", 1),
        ("refused", 1),
        ("pending_overdue", 1),
    ]);
    assert_eq!(both(&app, &admin, AUTUMN).await, expected);
    let printed = admin.get(&format!("{FORM}?source=records&{AUTUMN}")).await.expect(200);
    assert_eq!(printed["totals"]["resolved_on_time"], 3, "withdrawn and refused stand inside on time");
    assert_eq!(printed["rows"][0]["field"], "Hộ tịch");
    assert_eq!(printed["rows"][0]["handling_level"], "commune");
    let province = counts(&admin, "from=2026-11-01&to=2026-11-23&org_unit_code=92&scope=subtree").await;
    assert_eq!(told(&province).get("received_online"), Some(&5));
    let own = counts(&admin, "from=2026-11-01&to=2026-11-23&org_unit_code=92").await;
    assert_eq!(told(&own).len(), 0);
}

async fn time_passes_without_any_work(app: TestApp) {
    let admin = catalogue(&app).await;
    admin.post(DOSSIERS, &dossier(1)).await.expect(201);
    fold(&app.state.db, 1).await.unwrap();
    for (to, in_time) in
        [("2026-11-02", true), ("2026-11-09", true), ("2026-11-10", false), ("2026-12-31", false)]
    {
        let query = format!("from=2026-11-01&to={to}&org_unit_code=31396");
        let name = if in_time { "pending_in_time" } else { "pending_overdue" };
        let expected = of([("received_online", 1), (name, 1)]);
        assert_eq!(both(&app, &admin, &query).await, expected, "{to}");
    }
    let carried = both(&app, &admin, "from=2026-11-03&to=2026-11-09&org_unit_code=31396").await;
    assert_eq!(carried, of([("carried_over", 1), ("pending_in_time", 1)]));
}

async fn a_wait_that_stops_the_clock_counts_as_in_time(app: TestApp) {
    let admin = catalogue(&app).await;
    let made = admin.post(DOSSIERS, &dossier(1)).await.expect(201);
    let path = format!("{DOSSIERS}/{}", made["id"].as_str().unwrap());
    let step = async |name: &str, at: &str| {
        let body = if name.ends_with('s') && name.contains("request") {
            json!({"at": at, "reason": "Bổ sung giấy tờ."})
        } else {
            json!({"at": at})
        };
        admin.post(&format!("{path}/{name}"), &body).await.expect(200);
    };
    step("supplement-requests", "2026-11-09T08:00:00Z").await;
    let waiting = both(&app, &admin, AUTUMN).await;
    assert_eq!(waiting, of([("received_online", 1), ("pending_in_time", 1)]), "the due day was the ninth");
    // The ninth is waited from; the tenth and eleventh move the due day to the eleventh.
    step("supplements", "2026-11-11T08:00:00Z").await;
    for (to, name) in [("2026-11-11", "pending_in_time"), ("2026-11-12", "pending_overdue")] {
        let query = format!("from=2026-11-01&to={to}&org_unit_code=31396");
        assert_eq!(both(&app, &admin, &query).await, of([("received_online", 1), (name, 1)]), "{to}");
    }
}

async fn what_was_counted_before_a_handing_over_stays(app: TestApp) {
    let admin = catalogue(&app).await;
    let open = admin.post(DOSSIERS, &dossier(1)).await.expect(201);
    let to = json!({"org_unit_code": "31399", "at": "2026-11-15T17:00:00Z"});
    admin.post(&format!("{DOSSIERS}/{}/transfers", open["id"].as_str().unwrap()), &to).await.expect(200);
    let of_unit =
        async |code: &str, days: &str| both(&app, &admin, &format!("{days}&org_unit_code={code}")).await;
    let whole = "from=2026-11-01&to=2026-11-23";
    assert_eq!(of_unit("31396", whole).await, of([("received_online", 1), ("transferred", -1)]));
    assert_eq!(of_unit("31399", whole).await, of([("transferred", 1), ("pending_overdue", 1)]));
    let before = "from=2026-11-01&to=2026-11-15";
    assert_eq!(of_unit("31396", before).await, of([("received_online", 1), ("pending_overdue", 1)]));
    assert_eq!(of_unit("31399", before).await, of([]));
    // Who has it from the first day on carries it over.
    let behind = "from=2026-11-16&to=2026-11-23";
    assert_eq!(of_unit("31399", behind).await, of([("carried_over", 1), ("pending_overdue", 1)]));
    assert_eq!(of_unit("31396", behind).await, of([]));
    let province = both(&app, &admin, &format!("{whole}&org_unit_code=92&scope=subtree")).await;
    assert_eq!(province, of([("received_online", 1), ("pending_overdue", 1)]), "within it nothing moved");
    // Who resolved it was told wrongly: the true one has had it since the handing over.
    let path = format!("{DOSSIERS}/{}", open["id"].as_str().unwrap());
    admin.post(&format!("{path}/resolution"), &json!({"at": "2026-11-20T02:00:00Z"})).await.expect(200);
    let told = json!({"resolving_unit_code": "31393", "resolved_at": "2026-11-20T02:00:00Z"});
    let tag = admin.get(&path).await.etag();
    admin.put(&path, &tag, &with(dossier(1), told)).await.expect(200);
    assert_eq!(of_unit("31399", whole).await, of([]));
    assert_eq!(of_unit("31393", whole).await, of([("transferred", 1), ("resolved_overdue", 1)]));
    assert_eq!(of_unit("31396", before).await, of([("received_online", 1), ("pending_overdue", 1)]));
}

async fn a_dossier_counts_once_and_as_whose_is_asked(app: TestApp) {
    let admin = catalogue(&app).await;
    admin.post(DOSSIERS, &with(dossier(1), json!({"resolving_unit_code": "31399"}))).await.expect(201);
    let part = json!({"linked_code": "H13.44-261102-0001", "resolving_unit_code": "31399"});
    admin.post(DOSSIERS, &with(dossier(2), part)).await.expect(201);
    let one = of([("received_online", 1), ("pending_overdue", 1)]);
    let asked = async |code: &str, by: &str| {
        both(&app, &admin, &format!("from=2026-11-01&to=2026-11-23&org_unit_code={code}&count_by={by}")).await
    };
    assert_eq!(asked("31399", "resolving").await, one);
    assert_eq!(asked("31399", "receiving").await, of([]));
    assert_eq!(asked("31396", "receiving").await, one);
    assert_eq!(asked("31396", "resolving").await, of([]));
    for by in ["resolving", "receiving"] {
        let query = format!("from=2026-11-01&to=2026-11-23&org_unit_code=92&scope=subtree&count_by={by}");
        assert_eq!(both(&app, &admin, &query).await, one, "{by}");
    }
}

async fn what_is_outside_the_form_is_not_counted(app: TestApp) {
    let admin = catalogue(&app).await;
    let registered =
        admin.post(DOSSIERS, &with(dossier(1), json!({"status": "registered"}))).await.expect(201);
    admin.post(DOSSIERS, &with(dossier(2), json!({"status": "not_accepted"}))).await.expect(201);
    assert_eq!(both(&app, &admin, AUTUMN).await, of([]));
    let accepted = format!("{DOSSIERS}/{}/acceptance", registered["id"].as_str().unwrap());
    admin.post(&accepted, &json!({"at": "2026-11-20T02:00:00Z"})).await.expect(200);
    assert_eq!(both(&app, &admin, AUTUMN).await.get("received_online"), Some(&1));
}

async fn corrections_and_deletions_are_followed(app: TestApp) {
    let admin = catalogue(&app).await;
    let made = admin.post(DOSSIERS, &dossier(1)).await.expect(201);
    let path = format!("{DOSSIERS}/{}", made["id"].as_str().unwrap());
    let tag = admin.get(&path).await.etag();
    let corrected = json!({"received_at": "2026-10-30T02:00:00Z", "channel": "in_person"});
    let corrected = admin.patch(&path, &tag, &corrected).await;
    let tag = corrected.etag();
    corrected.expect(200);
    assert_eq!(both(&app, &admin, AUTUMN).await, of([("carried_over", 1), ("pending_overdue", 1)]));
    let done = with(
        dossier(1),
        json!({"received_at": "2026-10-30T02:00:00Z", "channel": "in_person",
        "resolved_at": "2026-11-05T02:00:00Z"}),
    );
    let batch = format!("{DOSSIERS}/batch?on_conflict=update");
    admin.post(&batch, &json!([done])).await.expect(200);
    assert_eq!(both(&app, &admin, AUTUMN).await, of([("carried_over", 1), ("resolved_early", 1)]));
    admin.delete(&path, &tag).await.problem(412, "precondition-failed");
    let tag = admin.get(&path).await.etag();
    assert_eq!(admin.delete(&path, &tag).await.status, 204);
    assert_eq!(both(&app, &admin, AUTUMN).await, of([]));
    let verified = verify(&mut app.connect()).unwrap();
    assert_eq!((verified.dossiers, verified.wrong_count), (0, 0), "{verified:?}");
}

async fn hours_are_counted_by_the_moment(app: TestApp) {
    let admin = catalogue(&app).await;
    let procedure = json!({
        "code": "1.000656", "name": "Chứng thực bản sao", "level": "commune",
        "deadlines": [{"value": 8, "unit": "working_hour"}],
    });
    admin.post("/api/v1/tthc/procedures", &procedure).await.expect(201);
    let of_hours = |number: u32, members: Value| {
        with(with(dossier(number), json!({"procedure_code": "1.000656"})), members)
    };
    // Received at ten past nine on Monday: eight office hours end at twenty to ten on Tuesday.
    let due = "2026-11-03T02:40:00Z";
    let resolved = [("2026-11-03T02:39:00Z", "early"), (due, "on_time"), ("2026-11-03T02:41:00Z", "overdue")];
    for (number, (at, timeliness)) in (1..).zip(resolved) {
        let made = admin.post(DOSSIERS, &of_hours(number, json!({"resolved_at": at}))).await.expect(201);
        assert_eq!((&made["due_at"], &made["due_on"]), (&json!(due), &json!("2026-11-03")));
        assert_eq!(made["timeliness"], timeliness, "{at}");
    }
    // Papers that came a day later move the moment by a day.
    let made = admin.post(DOSSIERS, &of_hours(4, json!({}))).await.expect(201);
    let path = format!("{DOSSIERS}/{}", made["id"].as_str().unwrap());
    let asked = json!({"at": "2026-11-02T03:00:00Z", "reason": "Bổ sung bản chính."});
    admin.post(&format!("{path}/supplement-requests"), &asked).await.expect(200);
    admin.post(&format!("{path}/supplements"), &json!({"at": "2026-11-03T03:00:00Z"})).await.expect(200);
    let done = admin.post(&format!("{path}/resolution"), &json!({"at": "2026-11-04T02:00:00Z"})).await;
    let done = done.expect(200);
    assert_eq!((&done["due_at"], &done["timeliness"]), (&json!("2026-11-04T02:40:00Z"), &json!("early")));
    let expected =
        of([("received_online", 4), ("resolved_early", 2), ("resolved_on_time", 1), ("resolved_overdue", 1)]);
    assert_eq!(both(&app, &admin, AUTUMN).await, expected);
    // At the end of the day at twenty to ten of which it was due it is overdue; the one of the papers waits then.
    admin.post(DOSSIERS, &of_hours(5, json!({}))).await.expect(201);
    let until = |to: &str| format!("from=2026-11-01&to={to}&org_unit_code=31396");
    let expected = of([("received_online", 5), ("pending_in_time", 5)]);
    assert_eq!(both(&app, &admin, &until("2026-11-02")).await, expected);
    let expected = of([
        ("received_online", 5),
        ("resolved_early", 1),
        ("resolved_on_time", 1),
        ("resolved_overdue", 1),
        ("pending_in_time", 1),
        ("pending_overdue", 1),
    ]);
    assert_eq!(both(&app, &admin, &until("2026-11-03")).await, expected);
}

async fn a_late_day_that_was_lost_is_found_and_mended(app: TestApp) {
    let admin = catalogue(&app).await;
    let made = admin.post(DOSSIERS, &dossier(1)).await.expect(201);
    admin.post(DOSSIERS, &dossier(2)).await.expect(201);
    let verified = || {
        let verified = on(&app.database, &["rollup", "verify"]);
        (verified.status.success(), String::from_utf8_lossy(&verified.stdout).into_owned())
    };
    assert!(verified().0);
    diesel::sql_query("UPDATE dossiers SET late_after = NULL WHERE code = 'H13.44-261102-0001'")
        .execute(&mut app.connect())
        .unwrap();
    let (is_sound, told) = verified();
    assert!(!is_sound && told.contains("1 of 2 late days"), "{told}");
    let which = made["id"].as_str().unwrap();
    assert!(
        told.contains(&format!("dossier {which}: the day behind which it is late is 2026-11-09, not none")),
        "{told}"
    );
    let rebuilt = on(&app.database, &["rollup", "rebuild"]);
    assert!(rebuilt.status.success(), "{}", String::from_utf8_lossy(&rebuilt.stderr));
    let (is_sound, told) = verified();
    assert!(is_sound, "{told}");
}

async fn days_may_be_asked_for_instead_of_a_period(app: TestApp) {
    let admin = catalogue(&app).await;
    app.period("quarter", "2026-Q4").await;
    admin.post(DOSSIERS, &dossier(1)).await.expect(201);
    let form =
        admin.get(&format!("{FORM}?source=records&period=2026-Q4&to=2026-11-05&org_unit_code=31396")).await;
    let form = form.expect(200);
    assert_eq!((&form["from"], &form["to"]), (&json!("2026-10-01"), &json!("2026-11-05")));
    assert_eq!(form["period"]["code"], "2026-Q4");
    assert_eq!(form["totals"]["pending_in_time"], 1);
    let days = admin.get(&format!("{FORM}?{AUTUMN}&source=records")).await.expect(200);
    assert_eq!(days["period"], json!(null));
    let nothing = admin.get(&format!("{FORM}?org_unit_code=31396&from=2026-11-01")).await;
    assert_eq!(nothing.problem(422, "invalid")["errors"][0]["pointer"], "/period");
    let turned = admin.get(&format!("{FORM}?org_unit_code=31396&from=2026-11-02&to=2026-11-01")).await;
    assert_eq!(turned.problem(422, "invalid")["errors"][0]["pointer"], "/to");
    let returns =
        admin.get(&format!("{FORM}?org_unit_code=31396&period=2026-Q4&to=2026-11-05&source=returns")).await;
    assert_eq!(returns.problem(422, "invalid")["errors"][0]["code"], "not_for_returns");
    let period = admin.get(&format!("{FORM}?org_unit_code=31396&period=2026-Q4")).await.expect(200);
    assert_eq!(period["totals"]["received_total"], 0, "who declared nothing is counted by returns");
}

/// A commune that declared its dossiers complete, and one that files returns.
async fn dossiers_take_the_place_of_a_return_from_the_day_declared(app: TestApp) {
    let admin = catalogue(&app).await;
    app.period("quarter", "2026-Q4").await;
    let line = |code: &str, received: i64| {
        json!({"org_unit_code": code, "period_code": "2026-Q4", "handling_level": "commune",
            "received_online": received, "pending_in_time": received})
    };
    for (code, received) in [("31396", 5), ("31399", 7)] {
        let filed = admin.post(super::RETURNS, &line(code, received)).await.expect(201);
        super::submit(&admin, &filed).await.expect(200);
    }
    admin.post(DOSSIERS, &dossier(1)).await.expect(201);
    let form = async |query: &str| {
        let path = format!("{FORM}?period=2026-Q4&{query}");
        admin.get(&path).await.expect(200)
    };
    let online = |form: &Value| form["totals"]["received_online"].as_i64().unwrap();
    let province = "org_unit_code=92&scope=subtree";
    assert_eq!(online(&form(province).await), 12, "nobody declared anything yet");
    let late = json!({"org_unit_code": "31396", "records_complete_since": "2026-10-02"});
    let declared = admin.post("/api/v1/tthc/record-declarations", &late).await.expect(201);
    assert_eq!(online(&form(province).await), 12, "a part of the period is not the whole");
    let path = format!("/api/v1/tthc/record-declarations/{}", declared["id"].as_str().unwrap());
    let tag = admin.get(&path).await.etag();
    admin.patch(&path, &tag, &json!({"records_complete_since": "2026-10-01"})).await.expect(200);
    let mixed = form(province).await;
    assert_eq!(online(&mixed), 8, "one dossier, and the return of the other commune");
    let levels = mixed["coverage"]["levels"].as_array().unwrap();
    let commune = levels.iter().find(|level| level["handling_level"] == "commune").unwrap();
    assert_eq!(commune["units_filed"], 2, "one declared, one filed");
    assert_eq!(commune["records"][0]["unit"]["org_unit_code"], "31396");
    assert_eq!(commune["records"][0]["difference"]["received_online"], -4);
    assert_eq!(online(&form(&format!("{province}&source=returns")).await), 12);
    assert_eq!(online(&form(&format!("{province}&source=records")).await), 1);
    assert_eq!(online(&form("org_unit_code=31399&source=records").await), 0);
    let tag = admin.get(&path).await.etag();
    admin.delete(&path, &tag).await;
    assert_eq!(online(&form(province).await), 12, "withdrawn");
}

async fn a_period_is_closed_with_what_dossiers_count(app: TestApp) {
    let admin = catalogue(&app).await;
    let received = |number| with(dossier(number), json!({"received_at": "2026-09-01T02:00:00Z"}));
    app.period("quarter", "2026-Q3").await;
    let declaration = json!({"org_unit_code": "31396", "records_complete_since": "2026-07-01"});
    admin.post("/api/v1/tthc/record-declarations", &declaration).await.expect(201);
    admin.post(DOSSIERS, &received(1)).await.expect(201);
    fold(&app.state.db, 1).await.unwrap();
    admin.post(DOSSIERS, &received(2)).await.expect(201);
    let closing = json!({"org_unit_code": "31396", "period_code": "2026-Q3", "scope": "self"});
    let closing = admin.post("/api/v1/reporting/period-closures", &closing).await.expect(201);
    let place = format!("/api/v1/reporting/period-closures/{}", closing["id"].as_str().unwrap());
    admin.get(&place).await.expect(200);
    let form = format!("{FORM}?org_unit_code=31396&period=2026-Q3");
    let kept = admin.get(&format!("{form}&snapshot={}", closing["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(kept["totals"]["received_online"], 2, "what was folded, and what was not");
    let today = admin.get(&form).await.expect(200);
    assert_eq!((&today["totals"], &today["closure"]["differs"]), (&kept["totals"], &json!(false)));
    let differences = format!("{place}/differences");
    assert_eq!(admin.get(&differences).await.expect(200)["differs"], false);
    admin.post(DOSSIERS, &received(3)).await.expect(201);
    assert_eq!(admin.get(&form).await.expect(200)["closure"]["differs"], true);
    assert_eq!(admin.get(&differences).await.expect(200)["totals"][0]["difference"], 1);
}

async fn dossiers_of_agencies_stand_beside_those_of_their_unit(app: TestApp) {
    let admin = catalogue(&app).await;
    app.period("quarter", "2026-Q4").await;
    let centre = json!({"code": "31396-TT", "name": "Trung tâm Phục vụ hành chính công", "kind": "service_centre",
        "parent_code": "31396", "valid_from": "2026-01-01"});
    admin.post("/api/v1/organization/org-units", &centre).await.expect(201);
    for code in ["31396", "31396-TT"] {
        let declaration = json!({"org_unit_code": code, "records_complete_since": "2026-10-01"});
        admin.post("/api/v1/tthc/record-declarations", &declaration).await.expect(201);
    }
    admin.post(DOSSIERS, &dossier(1)).await.expect(201);
    for number in [2, 3] {
        let of_centre = with(dossier(number), json!({"resolving_unit_code": "31396-TT"}));
        admin.post(DOSSIERS, &of_centre).await.expect(201);
    }
    let path = |query: &str| format!("{FORM}?org_unit_code=31396&period=2026-Q4{query}");
    let received = async |query: &str| {
        let form = admin.get(&path(query)).await.expect(200);
        assert_eq!(form["coverage"]["levels"][0]["units_filed"], 1, "{query}");
        form["totals"]["received_online"].as_i64().unwrap()
    };
    assert_eq!((received("").await, received("&source=records").await), (3, 3));
    // An agency that files returns states its own, and the form is made unit by unit.
    let office = json!({"code": "31396-VP", "name": "Văn phòng", "kind": "specialised_agency",
        "parent_code": "31396", "valid_from": "2026-01-01"});
    admin.post("/api/v1/organization/org-units", &office).await.expect(201);
    let line = json!({"org_unit_code": "31396-VP", "period_code": "2026-Q4", "handling_level": "commune",
        "received_online": 5, "pending_in_time": 5});
    let filed = admin.post(super::RETURNS, &line).await.expect(201);
    super::submit(&admin, &filed).await.expect(200);
    assert_eq!((received("").await, received("&source=records").await), (8, 3));
}

async fn a_declaration_speaks_of_the_own_level_and_the_own_days(app: TestApp) {
    let admin = catalogue(&app).await;
    app.period("quarter", "2026-Q4").await;
    app.period("year", "2025").await;
    for (code, since) in [("92", "2026-10-01"), ("31396", "2025-07-01")] {
        let declaration = json!({"org_unit_code": code, "records_complete_since": since});
        admin.post("/api/v1/tthc/record-declarations", &declaration).await.expect(201);
    }
    // What a province states for its communes is not told by its own dossiers.
    let line = json!({"org_unit_code": "92", "period_code": "2026-Q4", "handling_level": "commune",
        "received_online": 9865, "pending_in_time": 9865});
    let filed = admin.post(super::RETURNS, &line).await.expect(201);
    super::submit(&admin, &filed).await.expect(200);
    let form = async |query: &str| admin.get(&format!("{FORM}?{query}")).await.expect(200);
    let province = form("org_unit_code=92&scope=subtree&period=2026-Q4").await;
    assert_eq!(province["totals"]["received_online"], 9865);
    // A unit that was founded within a period has all of its dossiers in it.
    let received = json!({"received_at": "2025-08-04T02:00:00Z", "due_at": "2025-08-11T09:00:00Z"});
    admin.post(DOSSIERS, &with(dossier(1), received)).await.expect(201);
    let founded = form("org_unit_code=31396&period=2025").await;
    assert_eq!(founded["totals"]["received_online"], 1);
    assert_eq!(founded["coverage"]["levels"][0]["units_filed"], 1);
}

/// An earlier version kept other counts, or none, and so did its backups.
async fn dossiers_without_counts_are_counted_at_the_start(app: TestApp) {
    let admin = catalogue(&app).await;
    let lines: Vec<_> = (1..4).map(dossier).collect();
    admin.post(&format!("{DOSSIERS}/batch"), &json!(lines)).await.expect(200);
    let before = both(&app, &admin, AUTUMN).await;
    for table in ["dossier_sums", "dossier_areas"] {
        diesel::sql_query(format!("DELETE FROM {table}")).execute(&mut app.connect()).unwrap();
    }
    assert_eq!(told(&counts(&admin, AUTUMN).await).len(), 0);
    make_missing(&app.state.db).await.unwrap();
    assert_eq!(both(&app, &admin, AUTUMN).await, before);
    make_missing(&app.state.db).await.unwrap();
    assert_eq!(both(&app, &admin, AUTUMN).await, before, "and once");
}
