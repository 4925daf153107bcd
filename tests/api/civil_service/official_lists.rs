//! Officials as they are listed day by day.

use serde_json::{Value, json};

use super::officials::{codes, collection, made, official, person, tells_nobody, who_sees_all, with};
use crate::support::{Client, TestApp};
use crate::tell;

tell![
    the_list_of_each_day_shows_who_vanished,
    a_list_that_tells_nothing_new_leaves_everything_as_it_is,
    who_is_listed_again_after_they_left_is_told_anew,
    a_list_without_persons_keeps_who_is_there,
    an_older_list_brings_nothing_back,
];

const HEAD: &str = "org_unit_code,employee_code,listed_on,category,rank_title,qualification,person.name,person.date_of_birth,person.sex,person.id_number\n";

pub(super) const MONDAY: &str = "31396,CB-1,2026-11-16,công chức,Chuyên viên,đại học,Nguyễn Thị Thử,1990-02-03,nữ,012345678901\n\
    31396,CB-2,2026-11-16,cán bộ,,thạc sĩ,Trần Văn Thử,1985-05-06,nam,012345678902\n\
    31399,CB-3,2026-11-16,công chức,Chuyên viên,đại học,Lê Thị Thử,1992-07-08,nữ,012345678903\n";

/// Of Monday's list one is missing and one has risen in rank.
const TUESDAY: &str = "31396,CB-1,2026-11-17,công chức,Chuyên viên chính,đại học,Nguyễn Thị Thử,1990-02-03,nữ,012345678901\n\
    31399,CB-3,2026-11-17,công chức,Chuyên viên,đại học,Lê Thị Thử,1992-07-08,nữ,012345678903\n";

pub(super) async fn import(client: &Client, lines: &str) -> Value {
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
