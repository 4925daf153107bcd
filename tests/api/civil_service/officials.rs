//! Officials: listed day by day, sealed, masked, counted, and erased on order.

use cchc::audit::chain::{Verdict, verify};
use cchc::auth::keys::KeyRing;
use cchc::db::schema::officials;
use cchc::domain::civil_service::officials::reseal::reseal;
use diesel::prelude::*;
use serde_json::{Value, json};

use super::ROOM;
use crate::sheets::{XLSX, records};
use crate::support::{Client, TestApp};
use crate::tell;

tell![
    the_list_of_each_day_shows_who_vanished,
    a_list_that_tells_nothing_new_leaves_everything_as_it_is,
    who_is_listed_again_after_they_left_is_told_anew,
    a_list_without_persons_keeps_who_is_there,
    an_older_list_brings_nothing_back,
    who_moves_is_the_same_official,
    an_official_is_masked_unless_the_token_says_otherwise,
    no_list_as_a_whole_and_no_entry_names_an_official,
    a_masked_official_does_not_take_the_place_of_the_true_one,
    an_official_is_found_by_their_number,
    what_is_wrong_with_an_official_is_told,
    officials_are_counted_by_category_and_level,
    an_official_is_sealed_and_sealed_anew,
    an_official_is_erased_on_order,
    who_was_deleted_leaves_nobody_behind,
];

/// Whatever must not be seen of the official.
const TRACES: [&str; 3] = ["Nguyễn", "012345678901", "1990-02-03"];

fn collection() -> String {
    format!("{ROOM}/officials")
}

fn person() -> Value {
    json!({"name": "Nguyễn Thị Thử", "date_of_birth": "1990-02-03", "sex": "female", "id_number": "012345678901"})
}

fn masked() -> Value {
    json!({"name": "N***** T** T**", "date_of_birth": null, "sex": null, "id_number": "************"})
}

fn official(code: &str) -> Value {
    json!({
        "org_unit_code": "31396", "employee_code": code, "listed_on": "2026-11-02", "category": "civil_servant",
        "rank_title": "Chuyên viên", "qualification": "bachelor", "person": person(),
    })
}

fn with(mut official: Value, members: Value) -> Value {
    let Value::Object(members) = members else { panic!("members are an object") };
    official.as_object_mut().unwrap().extend(members);
    official
}

fn order() -> Value {
    json!({"order_number": "12/QĐ-UBND", "reason": "Chủ thể dữ liệu yêu cầu xóa."})
}

async fn made(client: &Client, body: &Value) -> String {
    let answer = client.post(&collection(), body).await;
    let place = answer.header("location");
    answer.expect(201);
    place
}

async fn who_sees_all(app: &TestApp) -> Client {
    app.sign_in_for("admin", "civil_service:write civil_service:personal").await
}

#[track_caller]
fn tells_nobody(text: &str) {
    assert!(!TRACES.iter().any(|trace| text.contains(trace)), "{text}");
}

fn codes(page: &Value) -> Vec<&str> {
    let mut codes: Vec<_> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|official| official["employee_code"].as_str().unwrap())
        .collect();
    codes.sort_unstable();
    codes
}

const HEAD: &str = "org_unit_code,employee_code,listed_on,category,rank_title,qualification,person.name,person.date_of_birth,person.sex,person.id_number\n";

const MONDAY: &str = "31396,CB-1,2026-11-16,công chức,Chuyên viên,đại học,Nguyễn Thị Thử,1990-02-03,nữ,012345678901\n\
    31396,CB-2,2026-11-16,cán bộ,,thạc sĩ,Trần Văn Thử,1985-05-06,nam,012345678902\n\
    31399,CB-3,2026-11-16,công chức,Chuyên viên,đại học,Lê Thị Thử,1992-07-08,nữ,012345678903\n";

/// Of Monday's list one is missing and one has risen in rank.
const TUESDAY: &str = "31396,CB-1,2026-11-17,công chức,Chuyên viên chính,đại học,Nguyễn Thị Thử,1990-02-03,nữ,012345678901\n\
    31399,CB-3,2026-11-17,công chức,Chuyên viên,đại học,Lê Thị Thử,1992-07-08,nữ,012345678903\n";

async fn import(client: &Client, lines: &str) -> Value {
    let path = format!("{}/import?on_conflict=update", collection());
    client.send("POST", &path, Some(("text/csv", format!("{HEAD}{lines}").into_bytes()))).await.expect(200)
}

/// Those of a unit and below who work and were in no list of this day or later.
async fn vanished(client: &Client, since: &str, unit: &str) -> Value {
    let of_unit = format!("org_unit_code={unit}&scope=subtree&not_listed_since={since}");
    client.get(&format!("{}?{of_unit}", collection())).await.expect(200)
}

/// A list as that of another day.
fn of_day(list: &str, day: &str) -> String {
    list.replace("2026-11-16", day)
}

async fn the_list_of_each_day_shows_who_vanished(app: TestApp) {
    let admin = app.admin().await;
    let report = import(&admin, MONDAY).await;
    assert_eq!((&report["created"], &report["refused"]), (&json!(3), &json!(0)), "{report}");
    let report = import(&admin, MONDAY).await;
    assert_eq!(report["unchanged"], 3, "the same list again changes nothing: {report}");
    let vanished = async |since: &str, unit: &str| vanished(&admin, since, unit).await;
    assert_eq!(codes(&vanished("2026-11-16", "92").await), [""; 0]);

    let report = import(&admin, TUESDAY).await;
    let counts = (&report["created"], &report["updated"], &report["unchanged"]);
    assert_eq!(counts, (&json!(0), &json!(1), &json!(1)), "{report}");
    let gone = vanished("2026-11-17", "92").await;
    assert_eq!(codes(&gone), ["CB-2"]);
    assert_eq!(gone["items"][0]["status"], "working", "nobody's status changes by itself");
    tells_nobody(&gone.to_string());
    assert_eq!(codes(&vanished("2026-11-17", "31399").await), [""; 0], "of another unit nobody");
    let all = admin.get(&format!("{}?include_total=true", collection())).await.expect(200);
    assert_eq!((&all["total"], codes(&all)), (&json!(3), vec!["CB-1", "CB-2", "CB-3"]), "nobody is doubled");
    let risen = admin.get(&format!("{}?employee_code=CB-1", collection())).await.expect(200);
    assert_eq!(risen["items"][0]["rank_title"], "Chuyên viên chính");

    let place = format!("{}/{}", collection(), gone["items"][0]["id"].as_str().unwrap());
    let etag = admin.get(&place).await.etag();
    let left = json!({"status": "retired", "until": "2026-11-16"});
    admin.patch(&place, &etag, &left).await.expect(200);
    assert_eq!(codes(&vanished("2026-11-17", "92").await), [""; 0], "whoever left is missed no more");
}

async fn a_list_that_tells_nothing_new_leaves_everything_as_it_is(app: TestApp) {
    let admin = app.admin().await;
    import(&admin, MONDAY).await;
    app.seal().await;
    let of = async |code: &str| {
        let found = admin.get(&format!("{}?employee_code={code}", collection())).await.expect(200);
        found["items"][0].clone()
    };
    let kept = async || {
        let journal = admin.get("/api/v1/admin/audit?record_type=official").await.expect(200);
        let feed = admin.get("/api/v1/exchange/changes?types=official").await.expect(200);
        let all = admin.get(&collection()).await.expect(200);
        (journal["items"].clone(), feed["items"].clone(), all["items"].clone())
    };
    let before = kept().await;
    assert_eq!(before.0.as_array().unwrap().len(), 3);
    let place = format!("{}/{}", collection(), of("CB-1").await["id"].as_str().unwrap());
    let etag = admin.get(&place).await.etag();

    let tuesday = of_day(MONDAY, "2026-11-17");
    let path = format!("{}/import?on_conflict=update&dry_run=true", collection());
    let file = Some(("text/csv", format!("{HEAD}{tuesday}").into_bytes()));
    assert_eq!(admin.send("POST", &path, file).await.expect(200)["unchanged"], 3);
    let missed = codes(&vanished(&admin, "2026-11-17", "92").await).len();
    assert_eq!(missed, 3, "a list that was only tried names nobody");
    let report = import(&admin, &tuesday).await;
    assert_eq!((&report["unchanged"], &report["updated"]), (&json!(3), &json!(0)), "{report}");
    assert_eq!(codes(&vanished(&admin, "2026-11-17", "92").await), [""; 0], "the list named them all");
    app.seal().await;
    assert_eq!(kept().await, before, "record, journal and feed stay");
    assert_eq!(admin.get(&place).await.etag(), etag);

    // On Wednesday one is missing and one has risen in rank.
    let wednesday = of_day(TUESDAY, "2026-11-18").replace("2026-11-17", "2026-11-18");
    let report = import(&admin, &wednesday).await;
    assert_eq!((&report["unchanged"], &report["updated"]), (&json!(1), &json!(1)), "{report}");
    assert_eq!(codes(&vanished(&admin, "2026-11-18", "92").await), ["CB-2"]);
    let risen = of("CB-1").await;
    assert_eq!((&risen["version"], &risen["listed_on"]), (&json!(2), &json!("2026-11-18")));
    let same = of("CB-3").await;
    assert_eq!((&same["version"], &same["listed_on"]), (&json!(1), &json!("2026-11-16")));
    app.seal().await;
    assert_eq!(kept().await.0.as_array().unwrap().len(), 4, "one has changed");

    // Tuesday's list again: it tells CB-1 otherwise, and moves nobody's day back.
    let path = format!("{}/batch?on_conflict=update&mode=partial", collection());
    let older = |code: &str, unit: &str| {
        json!({"org_unit_code": unit, "employee_code": code, "listed_on": "2026-11-17",
            "category": "civil_servant", "rank_title": "Chuyên viên", "qualification": "bachelor"})
    };
    let report = admin.post(&path, &json!([older("CB-1", "31396"), older("CB-3", "31399")])).await;
    let report = report.expect(200);
    assert_eq!(report["lines"][0]["problem"]["errors"][0]["code"], "older_list", "{report}");
    assert_eq!(report["lines"][1]["outcome"], "unchanged", "{report}");
    assert_eq!(codes(&vanished(&admin, "2026-11-18", "92").await), ["CB-2"]);

    // Whoever corrects a record sends back the day that they read.
    let etag = admin.get(&place).await.etag();
    let note = json!({"note": "Đã đối chiếu hồ sơ."});
    admin.patch(&place, &etag, &note).await.expect(200);
    let etag = admin.get(&place).await.etag();
    let other_day = json!({"listed_on": "2026-11-19"});
    let told = admin.patch(&place, &etag, &other_day).await.expect(200);
    assert_eq!(told["listed_on"], "2026-11-19", "by itself a day is set as asked");
    assert_eq!(codes(&vanished(&admin, "2026-11-19", "31396").await), ["CB-2"]);
}

async fn who_is_listed_again_after_they_left_is_told_anew(app: TestApp) {
    let admin = app.admin().await;
    import(&admin, MONDAY).await;
    let found = admin.get(&format!("{}?employee_code=CB-2", collection())).await.expect(200);
    let place = format!("{}/{}", collection(), found["items"][0]["id"].as_str().unwrap());
    import(&admin, &of_day(MONDAY, "2026-11-17")).await;
    let etag = admin.get(&place).await.etag();
    let left = json!({"status": "retired", "until": "2026-11-17"});
    admin.patch(&place, &etag, &left).await.expect(200);
    let report = import(&admin, &of_day(MONDAY, "2026-11-18")).await;
    assert_eq!((&report["unchanged"], &report["updated"]), (&json!(2), &json!(1)), "{report}");
    let told = admin.get(&place).await.expect(200);
    let again = (&told["status"], &told["until"], &told["listed_on"], &told["version"]);
    assert_eq!(again, (&json!("working"), &json!(null), &json!("2026-11-18"), &json!(3)));

    // Whoever has moved is another content, and the list of the unit that they left names them no more.
    let moved = of_day(MONDAY, "2026-11-19").replace("31399,CB-3", "31396,CB-3");
    let report = import(&admin, &moved).await;
    assert_eq!((&report["unchanged"], &report["updated"]), (&json!(2), &json!(1)), "{report}");
    assert_eq!(codes(&vanished(&admin, "2026-11-19", "92").await), [""; 0]);
    let found = admin.get(&format!("{}?employee_code=CB-3", collection())).await.expect(200);
    let told = (&found["items"][0]["org_unit_code"], &found["items"][0]["listed_on"]);
    assert_eq!(told, (&json!("31396"), &json!("2026-11-19")));
}

async fn a_list_without_persons_keeps_who_is_there(app: TestApp) {
    let admin = app.admin().await;
    let clear = who_sees_all(&app).await;
    let place = made(&admin, &official("CB-1")).await;
    let held = async || clear.get(&place).await.expect(200);
    let send = async |list: String| {
        let path = format!("{}/import?on_conflict=update", collection());
        admin.send("POST", &path, Some(("text/csv", list.into_bytes()))).await.expect(200)
    };
    let posts = "org_unit_code,employee_code,listed_on,category,rank_title,qualification\n";
    let risen = "31396,CB-1,2026-11-03,công chức,Chuyên viên chính,đại học";
    assert_eq!(send(format!("{posts}{risen}\n")).await["updated"], 1, "a sheet that has no such columns");
    let told = held().await;
    assert_eq!((&told["person"], &told["rank_title"]), (&person(), &json!("Chuyên viên chính")));
    let empty = send(format!("{HEAD}{risen},,,,\n")).await;
    assert_eq!(empty["unchanged"], 1, "nor one whose cells are empty: {empty}");
    assert_eq!(held().await["person"], person());

    let post = json!({
        "org_unit_code": "31396", "employee_code": "CB-1", "listed_on": "2026-11-04", "category": "civil_servant",
        "rank_title": "Chuyên viên cao cấp",
    });
    let batch = format!("{}/batch?on_conflict=update", collection());
    assert_eq!(admin.post(&batch, &json!([post])).await.expect(200)["updated"], 1);
    assert_eq!(held().await["person"], person());
    let etag = admin.get(&place).await.etag();
    let noted = with(post.clone(), json!({"note": "Đã đối chiếu hồ sơ."}));
    admin.put(&place, &etag, &noted).await.expect(200);
    assert_eq!(held().await["person"], person());
    let search = format!("{}/searches", collection());
    let number = json!({"id_number": "012345678901"});
    assert_eq!(codes(&clear.post(&search, &number).await.expect(200)), ["CB-1"]);
    let early = with(noted.clone(), json!({"since": "1990-02-03"}));
    let etag = admin.get(&place).await.etag();
    let refused = admin.put(&place, &etag, &early).await.faults(422, "invalid");
    assert_eq!(refused, ["/person/date_of_birth"], "who is there is held against what is told");

    // Whoever is to go is named as nobody.
    let nobody = json!({"person": null});
    let gone = admin.post(&batch, &json!([with(noted.clone(), nobody.clone())])).await.expect(200);
    assert_eq!(gone["updated"], 1, "{gone}");
    assert_eq!(held().await["person"], json!(null));
    assert_eq!(codes(&clear.post(&search, &number).await.expect(200)), [""; 0]);
    let back = async || {
        let etag = admin.get(&place).await.etag();
        admin.put(&place, &etag, &with(noted.clone(), json!({"person": person()}))).await.expect(200);
        assert_eq!(held().await["person"], person());
        admin.get(&place).await.etag()
    };
    let etag = back().await;
    admin.put(&place, &etag, &with(noted.clone(), nobody.clone())).await.expect(200);
    assert_eq!(held().await["person"], json!(null));
    let etag = back().await;
    admin.patch(&place, &etag, &nobody).await.expect(200);
    assert_eq!(held().await["person"], json!(null));
}

async fn an_older_list_brings_nothing_back(app: TestApp) {
    let admin = app.admin().await;
    import(&admin, TUESDAY).await;
    let path = format!("{}/import?on_conflict=update&mode=partial", collection());
    let file = Some(("text/csv", format!("{HEAD}{MONDAY}").into_bytes()));
    let report = admin.send("POST", &path, file).await.expect(200);
    let counts = (&report["created"], &report["refused"], &report["unchanged"]);
    assert_eq!(counts, (&json!(1), &json!(1), &json!(1)), "what tells nothing else is not refused: {report}");
    let told = admin.get(&format!("{}?employee_code=CB-1", collection())).await.expect(200);
    assert_eq!(told["items"][0]["rank_title"], "Chuyên viên chính");
    let coming = with(official("CB-9"), json!({"listed_on": "2026-11-24"}));
    assert_eq!(admin.post(&collection(), &coming).await.faults(422, "invalid"), ["/listed_on"]);
}

async fn who_moves_is_the_same_official(app: TestApp) {
    let admin = app.admin().await;
    let clerk = app.person("xa.hiephung", "editor", "31396").await;
    let neighbour = app.person("xa.tanbinh", "editor", "31399").await;
    let place = made(&clerk, &official("CB-1")).await;
    app.seal().await;
    let since = clerk.get("/api/v1/exchange/changes?since=now").await.expect(200)["next_since"].clone();
    let moved = with(official("CB-1"), json!({"org_unit_code": "31399", "listed_on": "2026-11-03"}));
    neighbour.post(&collection(), &moved).await.problem(409, "duplicate");
    let batch = format!("{}/batch?on_conflict=update", collection());
    assert_eq!(admin.post(&batch, &json!([moved])).await.expect(200)["updated"], 1);
    clerk.get(&place).await.problem(404, "not-found");
    assert_eq!(neighbour.get(&place).await.expect(200)["org_unit_code"], "31399");
    app.seal().await;
    let feed = format!("/api/v1/exchange/changes?types=official&since={}", since.as_str().unwrap());
    let feed = clerk.get(&feed).await.expect(200);
    assert_eq!(feed["items"][0]["kind"], "delete", "for the unit that they left: {feed}");
}

async fn an_official_is_masked_unless_the_token_says_otherwise(app: TestApp) {
    let admin = app.admin().await;
    let clerk = app.person("xa.hiephung", "editor", "31396").await;
    let answer = clerk.post(&collection(), &official("CB-1")).await;
    let place = answer.header("location");
    assert_eq!(answer.expect(201)["person"], masked(), "a write answers masked");
    let inspector = app.person("thanhtra", "inspector", "92").await;
    for reader in [&clerk, &admin, &inspector] {
        assert_eq!(reader.get(&place).await.expect(200)["person"], masked());
        assert_eq!(reader.get(&collection()).await.expect(200)["items"][0]["person"], masked());
    }
    let other_domain = app.sign_in_for("xa.hiephung", "civil_service:read tthc:personal").await;
    assert_eq!(other_domain.get(&place).await.expect(200)["person"], masked());
    let clear = app.sign_in_for("xa.hiephung", "civil_service:write civil_service:personal").await;
    assert_eq!(clear.get(&place).await.expect(200)["person"], person());
    assert_eq!(clear.get(&collection()).await.expect(200)["items"][0]["person"], person());
    app.seal().await;
    let id = place.rsplit('/').next().unwrap();
    let journal = admin.get(&format!("/api/v1/admin/audit?record_id={id}")).await.expect(200);
    let reads = journal["items"].as_array().unwrap().iter().filter(|it| it["action"] == "read_personal");
    assert_eq!(reads.count(), 2, "each time it was shown: {journal}");
    app.person("xa.tanbinh", "editor", "31399").await;
    let neighbour = app.sign_in_for("xa.tanbinh", "civil_service:read civil_service:personal").await;
    neighbour.get(&place).await.problem(404, "not-found");
}

async fn no_list_as_a_whole_and_no_entry_names_an_official(app: TestApp) {
    let admin = app.admin().await;
    let place = made(&admin, &official("CB-1")).await;
    let clear = who_sees_all(&app).await;
    for form in ["text/csv", "application/x-ndjson"] {
        let whole = clear.with("accept", form).get(&collection()).await;
        assert!(whole.text().contains("N***** T** T**"), "{form}: {}", whole.text());
        tells_nobody(&whole.text());
    }
    let sheet = records(&clear.with("accept", XLSX).get(&collection()).await.bytes);
    assert_eq!(sheet[0]["person.id_number"], "************");
    tells_nobody(&format!("{sheet:?}"));
    let etag = admin.get(&place).await.etag();
    assert_eq!(admin.delete(&place, &etag).await.status, 204);
    app.seal().await;
    let journal = admin.get("/api/v1/admin/audit").await.expect(200).to_string();
    tells_nobody(&journal);
    assert!(!journal.contains("N*****"), "not even masked: {journal}");
    let feed = admin.get("/api/v1/exchange/changes?types=official").await.expect(200);
    assert_eq!(feed["items"].as_array().unwrap().len(), 2);
    tells_nobody(&feed.to_string());
}

async fn a_masked_official_does_not_take_the_place_of_the_true_one(app: TestApp) {
    let admin = app.admin().await;
    let place = made(&admin, &official("CB-1")).await;
    let etag = admin.get(&place).await.etag();
    let back = with(official("CB-1"), json!({"person": {"name": "N***** T** T**"}}));
    assert_eq!(admin.put(&place, &etag, &back).await.faults(422, "invalid"), ["/person/name"]);
    let batch = admin.post(&format!("{}/batch?on_conflict=update", collection()), &json!([back])).await;
    assert_eq!(batch.problem(422, "invalid")["errors"][0]["code"], "masked");
    assert_eq!(admin.get(&place).await.etag(), etag, "nothing was written");
    // Whoever sees nobody changes the rest, and the person stays.
    admin.patch(&place, &etag, &json!({"qualification": "master"})).await.expect(200);
    assert_eq!(who_sees_all(&app).await.get(&place).await.expect(200)["person"], person());
}

async fn an_official_is_found_by_their_number(app: TestApp) {
    let admin = app.admin().await;
    made(&admin, &official("CB-1")).await;
    let other = json!({"name": "Trần Văn Thử", "id_number": "012345678902"});
    made(&admin, &with(official("CB-2"), json!({"org_unit_code": "31399", "person": other}))).await;
    app.person("xa.hiephung", "editor", "31396").await;
    let clear = app.sign_in_for("xa.hiephung", "civil_service:read civil_service:personal").await;
    let path = format!("{}/searches", collection());
    let found = clear.post(&path, &json!({"id_number": "012345678901"})).await.expect(200);
    assert_eq!((codes(&found), &found["items"][0]["person"]), (vec!["CB-1"], &person()));
    let elsewhere = clear.post(&path, &json!({"id_number": "012345678902"})).await.expect(200);
    assert_eq!(codes(&elsewhere), [""; 0], "out of reach");
    admin.post(&path, &json!({"id_number": "012345678901"})).await.problem(403, "forbidden");
    app.seal().await;
    let journal = admin.get("/api/v1/admin/audit?record_type=official").await.expect(200);
    let reads = journal["items"].as_array().unwrap().iter().filter(|it| it["action"] == "read_personal");
    assert_eq!(reads.count(), 1, "{journal}");
    tells_nobody(&journal.to_string());
}

async fn what_is_wrong_with_an_official_is_told(app: TestApp) {
    let admin = app.admin().await;
    let wrong = [
        (json!({"person": with(person(), json!({"id_number": "01234567890"}))}), "/person/id_number"),
        (json!({"person": with(person(), json!({"id_number": "0123456789"}))}), "/person/id_number"),
        (json!({"person": with(person(), json!({"name": " "}))}), "/person/name"),
        (json!({"person": person(), "since": "1990-02-03"}), "/person/date_of_birth"),
        (json!({"category": "not_apart"}), "/category"),
        (json!({"until": "2026-10-31"}), "/until"),
        (json!({"employee_code": "CB  1"}), "/employee_code"),
    ];
    for (members, pointer) in wrong {
        let refused =
            admin.post(&collection(), &with(official("CB-1"), members)).await.problem(422, "invalid");
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{refused}");
        tells_nobody(&refused.to_string());
    }
    admin.get(&format!("{}?name=x", collection())).await.problem(400, "invalid-parameter");
}

async fn officials_are_counted_by_category_and_level(app: TestApp) {
    let admin = app.admin().await;
    import(&admin, MONDAY).await;
    let cadre =
        json!({"category": "cadre", "qualification": null, "status": "retired", "until": "2026-10-31"});
    made(&admin, &with(official("CB-4"), cadre)).await;
    let summary = |rest: &str| format!("{}/summary?org_unit_code={rest}", collection());
    let of_province = admin.get(&summary("92&scope=subtree")).await.expect(200);
    assert_eq!(
        of_province["rows"],
        json!([
            {"category": "cadre", "qualification": "master", "persons": 1},
            {"category": "civil_servant", "qualification": "bachelor", "persons": 2},
        ])
    );
    assert_eq!(of_province["persons"], 3);
    let retired = admin.get(&summary("31396&status=retired")).await.expect(200);
    assert_eq!(retired["qualifications"], json!([{"qualification": null, "persons": 1}]));
    let clerk = app.person("xa.hiephung", "editor", "31396").await;
    assert_eq!(clerk.get(&summary("31396")).await.expect(200)["persons"], 2);
    clerk.get(&summary("31399")).await.problem(403, "forbidden");
}

async fn an_official_is_sealed_and_sealed_anew(app: TestApp) {
    let admin = app.admin().await;
    made(&admin, &official("CB-1")).await;
    made(&admin, &with(official("CB-2"), json!({"person": null}))).await;
    let held = || -> Vec<(String, Option<String>)> {
        let of_all = officials::table.select((officials::person, officials::number_digest));
        let rows: Vec<(Option<String>, Option<String>)> = of_all.load(&mut app.connect()).unwrap();
        rows.into_iter().filter_map(|(person, digest)| Some((person?, digest))).collect()
    };
    let before = held();
    assert_eq!(before.len(), 1);
    tells_nobody(&format!("{before:?}"));
    let now = app.state.now();
    let mut ring = KeyRing::from_document(app.state.keys().to_document().unwrap().expose()).unwrap();
    ring.rotate_personal(now, 60).unwrap();
    let ring = KeyRing::from_document(ring.to_document().unwrap().expose()).unwrap();
    let ring = std::sync::Arc::new(ring);
    assert_eq!(reseal(&app.state.db, ring.clone(), now).await.unwrap(), 0, "not before it is served");
    let later = now.plus_seconds(60);
    assert_eq!(reseal(&app.state.db, ring.clone(), later).await.unwrap(), 1);
    let after = held();
    assert!(before[0].0.starts_with("1.") && after[0].0.starts_with("2."), "{before:?} {after:?}");
    assert_eq!(before[0].1, after[0].1, "the number is found as before");
    assert_eq!(reseal(&app.state.db, ring, later).await.unwrap(), 0, "once");
}

async fn an_official_is_erased_on_order(app: TestApp) {
    let admin = app.admin().await;
    let once = admin.with("idempotency-key", "gui");
    let place = made(&once, &official("CB-1")).await;
    let clerk = app.person("xa.hiephung", "editor", "31396").await;
    let path = format!("{place}/erasure");
    clerk.post(&path, &order()).await.problem(403, "forbidden");
    let unnamed = with(order(), json!({"order_number": "theo yêu cầu"}));
    assert_eq!(admin.post(&path, &unnamed).await.faults(422, "invalid"), ["/order_number"]);

    let erased = admin.post(&path, &order()).await.expect(200);
    assert_eq!((&erased["person"], &erased["version"]), (&json!(null), &json!(2)));
    assert_eq!(erased["erased_at"], "2026-11-23T05:00:00Z");
    admin.post(&path, &order()).await.problem(409, "personal-data-erased");
    once.post(&collection(), &official("CB-1")).await.problem(409, "personal-data-erased");
    let etag = admin.get(&place).await.etag();
    let patch = json!({"person": person()});
    admin.patch(&place, &etag, &patch).await.problem(409, "personal-data-erased");
    // The list of the next day knows nothing of the erasure.
    let next = with(official("CB-1"), json!({"listed_on": "2026-11-03", "rank_title": "Chuyên viên chính"}));
    let batch = format!("{}/batch?on_conflict=update", collection());
    assert_eq!(admin.post(&batch, &json!([next])).await.expect(200)["updated"], 1);
    let clear = who_sees_all(&app).await;
    let told = clear.get(&place).await.expect(200);
    assert_eq!((&told["person"], &told["rank_title"]), (&json!(null), &json!("Chuyên viên chính")));
    let found =
        clear.post(&format!("{}/searches", collection()), &json!({"id_number": "012345678901"})).await;
    assert_eq!(codes(&found.expect(200)), [""; 0]);

    let mut conn = app.connect();
    let held: Vec<(Option<String>, Option<String>)> =
        officials::table.select((officials::person, officials::number_digest)).load(&mut conn).unwrap();
    assert_eq!(held, [(None, None)]);
    app.seal().await;
    let journal = admin.get("/api/v1/admin/audit?record_type=official").await.expect(200);
    let entries = journal["items"].as_array().unwrap();
    let erasure = entries.iter().find(|it| it["action"] == "erase_personal").unwrap();
    assert_eq!(erasure["content"]["erasure"], order());
    tells_nobody(&journal.to_string());
    assert!(matches!(verify(&mut conn).unwrap(), Verdict::Sound { .. }));
    let own = app.person("quantri.hiephung", "admin", "31396").await;
    let other = made(&own, &official("CB-2")).await;
    own.post(&format!("{other}/erasure"), &order()).await.expect(200);
}

async fn who_was_deleted_leaves_nobody_behind(app: TestApp) {
    let admin = app.admin().await;
    let answer = admin.post(&collection(), &official("CB-1")).await;
    let (place, etag) = (answer.header("location"), answer.etag());
    assert_eq!(admin.delete(&place, &etag).await.status, 204);
    let held: Vec<(Option<String>, Option<String>)> = officials::table
        .select((officials::person, officials::number_digest))
        .load(&mut app.connect())
        .unwrap();
    assert_eq!(held, [(None, None)]);
    made(&admin, &official("CB-1")).await;
}
