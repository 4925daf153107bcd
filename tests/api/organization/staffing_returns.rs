//! Posts given and filled, as the report of Phụng Hiệp tells them.

use serde_json::{Value, json};

use crate::support::TestApp;
use crate::tell;

tell![
    the_posts_of_the_report_are_held_and_seven_contracts_come_out,
    what_is_left_out_is_not_reported_and_nil_is_a_statement,
    what_a_block_does_not_ask_for_is_not_left_out,
    a_return_of_nothing_has_zeros,
    what_a_commune_is_given_is_held_against_its_class,
    a_norm_is_of_its_days_and_of_no_ward,
    more_filled_than_given_is_noticed_and_below_zero_refused,
    a_return_is_handed_in_accepted_and_sent_back,
    a_form_does_not_show_the_returns_of_another,
    a_period_with_a_return_is_not_deleted,
];

const RETURNS: &str = "/api/v1/organization/staffing-returns";

fn block(block: &str, figures: &Value) -> Value {
    let mut body = json!({
        "org_unit_code": "934", "period_code": "2024-H1", "block": block, "as_of": "2024-06-21",
        "deciding_number": "23/QĐ-UBND", "decided_on": "2024-01-05",
    });
    body.as_object_mut().unwrap().extend(figures.as_object().unwrap().clone());
    body
}

fn codes(answer: &Value) -> Vec<&str> {
    answer["remarks"].as_array().unwrap().iter().map(|remark| remark["code"].as_str().unwrap()).collect()
}

/// "Biên chế hành chính thực hiện 84/86 biên chế công chức và 4/4 hợp đồng lao động ...; biên chế sự nghiệp
/// khác thực hiện 40/47 ... và 3/3 ...; biên chế sự nghiệp giáo dục và đào tạo thực hiện 1.710/1.842 ... và
/// 98/105 ...": 141 posts are left as the report says, but 7 contracts, not its 8.
async fn the_posts_of_the_report_are_held_and_seven_contracts_come_out(app: TestApp) {
    app.period("half", "2024-H1").await;
    let admin = app.admin().await;
    let blocks = [
        ("administration", 86, 84, 4, 4),
        ("other_services", 47, 40, 3, 3),
        ("education", 1_842, 1_710, 105, 98),
    ];
    let (mut posts, mut contracts) = (0, 0);
    for (name, given, filled, contracts_given, contracts_filled) in blocks {
        let figures = json!({
            "posts_given": given, "posts_filled": filled,
            "contracts_given": contracts_given, "contracts_filled": contracts_filled,
        });
        let made = admin.post(RETURNS, &block(name, &figures)).await.expect(201);
        assert_eq!(codes(&made), Vec::<&str>::new(), "{name}");
        posts += made["posts_unfilled"].as_i64().unwrap();
        contracts += made["contracts_unfilled"].as_i64().unwrap();
    }
    assert_eq!((posts, contracts), (141, 7));
    let again = block("education", &json!({"posts_given": 1_842}));
    admin.post(RETURNS, &again).await.problem(409, "duplicate");
}

async fn what_is_left_out_is_not_reported_and_nil_is_a_statement(app: TestApp) {
    app.period("half", "2024-H1").await;
    let admin = app.admin().await;
    let made = admin.post(RETURNS, &block("associations", &json!({"posts_filled": 4}))).await.expect(201);
    assert_eq!((&made["posts_given"], &made["posts_unfilled"]), (&Value::Null, &Value::Null));
    let left_out = made["not_reported"].as_array().unwrap();
    assert!(left_out.contains(&json!("posts_given")) && !left_out.contains(&json!("posts_filled")), "{made}");
    let nil = block("hamlet_part_time", &json!({"nil": true, "posts_filled": 1}));
    assert_eq!(admin.post(RETURNS, &nil).await.faults(422, "invalid"), ["/nil"]);
    let nil = admin.post(RETURNS, &block("hamlet_part_time", &json!({"nil": true}))).await.expect(201);
    assert_eq!((&nil["nil"], &nil["not_reported"]), (&json!(true), &json!([])));
}

fn left_out(answer: &Value) -> Vec<&str> {
    let mut names: Vec<_> =
        answer["not_reported"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    names.sort_unstable();
    names
}

async fn what_a_block_does_not_ask_for_is_not_left_out(app: TestApp) {
    app.period("half", "2024-H1").await;
    let admin = app.admin().await;
    let given = json!({"posts_given": 86, "posts_filled": 84, "contracts_given": 4});
    let made = admin.post(RETURNS, &block("administration", &given)).await.expect(201);
    assert_eq!(left_out(&made), ["contracts_filled"], "cadres are not told apart there");
    let made = admin.post(RETURNS, &block("commune_staff", &given)).await.expect(201);
    assert_eq!(left_out(&made), ["cadres_filled", "civil_servants_filled", "contracts_filled"]);
}

async fn a_return_of_nothing_has_zeros(app: TestApp) {
    app.period("half", "2024-H1").await;
    let admin = app.admin().await;
    let nil = block("associations", &json!({"nil": true}));
    let made = admin.post(RETURNS, &nil).await;
    let (place, etag) = (made.header("location"), made.etag());
    let made = made.expect(201);
    for count in ["posts_given", "posts_filled", "posts_unfilled", "contracts_given", "contracts_unfilled"] {
        assert_eq!(made[count], 0, "{count}");
    }
    assert_eq!((&made["cadres_filled"], left_out(&made)), (&Value::Null, vec![]), "the block has none");
    // The same once more, with the zeros or without, is no other return.
    let again = json!([block("associations", &json!({"nil": true, "posts_given": 0}))]);
    let again = admin.post(&format!("{RETURNS}/batch?on_conflict=update"), &again).await.expect(200);
    assert_eq!(again["unchanged"], 1, "{again}");
    let some = admin.patch(&place, &etag, &json!({"nil": false, "posts_filled": 4})).await.expect(200);
    assert_eq!((&some["posts_filled"], &some["posts_given"]), (&json!(4), &Value::Null));
    assert_eq!(left_out(&some), ["contracts_filled", "contracts_given", "posts_given"]);
}

/// "11 đơn vị hành chính loại I và 04 đơn vị loại II ... được giao là 334 biên chế ... không chuyên trách cấp xã
/// được giao là 214": the norm is 322 and 202.
async fn what_a_commune_is_given_is_held_against_its_class(app: TestApp) {
    app.period("half", "2024-H1").await;
    let admin = app.admin().await;
    let district = app.unit("934", "2024-06-30");
    let of_district =
        format!("/api/v1/organization/org-units/{district}/children?as_of=2024-06-30&limit=200");
    let communes = admin.get(&of_district).await.expect(200);
    let communes = communes["items"].as_array().unwrap();
    assert_eq!(communes.len(), 15);
    let of_second_class = ["Cây Dương", "Búng Tàu", "Kinh Cùng", "Tân Long"];
    let staff = block(
        "commune_staff",
        &json!({"posts_given": 334, "posts_filled": 315, "cadres_filled": 179, "civil_servants_filled": 136}),
    );
    let made = admin.post(RETURNS, &staff).await;
    let place = made.header("location");
    assert_eq!(
        made.expect(201)["norm"],
        json!({"posts": 0, "communes": 0, "communes_without": 15, "increment": null})
    );
    for commune in communes {
        let name = commune["name"].as_str().unwrap();
        let class = if of_second_class.contains(&name) { "ii" } else { "i" };
        let path = format!("/api/v1/organization/org-units/{}", commune["id"].as_str().unwrap());
        let path = format!("{path}?as_of=2024-06-30");
        let etag = admin.get(&path).await.etag();
        admin.patch(&path, &etag, &json!({"unit_class": class})).await.expect(200);
    }
    let staff = admin.get(&place).await.expect(200);
    assert_eq!(staff["norm"], json!({"posts": 322, "communes": 15, "communes_without": 0, "increment": 12}));
    assert_eq!(codes(&staff), ["given_apart_from_norm"]);
    let part_time = block("commune_part_time", &json!({"posts_given": 214, "posts_filled": 199}));
    let part_time = admin.post(RETURNS, &part_time).await.expect(201);
    assert_eq!((&part_time["norm"]["posts"], &part_time["norm"]["increment"]), (&json!(202), &json!(12)));
    assert_eq!(part_time["posts_unfilled"], 15);
    let before = block("commune_part_time", &json!({"posts_given": 214, "as_of": "2023-07-31"}));
    let etag = admin.get(&place).await.etag();
    assert_eq!(admin.put(&place, &etag, &before).await.faults(422, "invalid"), ["/block"]);
}

async fn a_norm_is_of_its_days_and_of_no_ward(app: TestApp) {
    app.period("half", "2024-H1").await;
    let admin = app.admin().await;
    let norms = "/api/v1/organization/commune-norms";
    for (day, count) in [("2023-07-31", 0), ("2023-08-01", 1), ("2025-06-30", 1), ("2025-07-01", 0)] {
        let told = admin.get(&format!("{norms}?as_of={day}")).await.expect(200);
        assert_eq!(told["items"].as_array().unwrap().len(), count, "{day}");
    }
    let told = admin.get(norms).await.expect(200);
    assert_eq!(told["items"][0]["classes"][1], json!({"unit_class": "ii", "staff": 20, "part_time": 12}));
    let given = json!({"posts_given": 12, "as_of": "2023-07-31"});
    let made = admin.post(RETURNS, &block("commune_part_time", &given)).await;
    let (place, etag) = (made.header("location"), made.etag());
    assert_eq!(made.expect(201)["norm"], Value::Null, "the day before the norm holds");
    let moved = admin.patch(&place, &etag, &json!({"as_of": "2023-08-01"})).await.expect(200);
    assert_eq!(moved["norm"]["communes_without"], 15, "their class is not known");
    let town = app.unit("930", "2024-06-30");
    let of_town = format!("/api/v1/organization/org-units/{town}/children?as_of=2024-06-30&limit=200");
    let of_town = admin.get(&of_town).await.expect(200);
    let is_ward = |unit: &&Value| unit["full_name"].as_str().unwrap().starts_with("Phường ");
    let ward = of_town["items"].as_array().unwrap().iter().find(is_ward).unwrap();
    let path = format!("/api/v1/organization/org-units/{}?as_of=2024-06-30", ward["id"].as_str().unwrap());
    let etag = admin.get(&path).await.etag();
    admin.patch(&path, &etag, &json!({"unit_class": "ii"})).await.expect(200);
    let mut of_ward = block("commune_staff", &json!({"posts_given": 20}));
    of_ward["org_unit_code"] = ward["code"].clone();
    let made = admin.post(RETURNS, &of_ward).await.expect(201);
    assert_eq!(
        made["norm"],
        json!({"posts": 0, "communes": 0, "communes_without": 1, "increment": null}),
        "a ward has norms of its own, which are not held"
    );
}

async fn more_filled_than_given_is_noticed_and_below_zero_refused(app: TestApp) {
    app.period("half", "2024-H1").await;
    let admin = app.admin().await;
    let over = block(
        "administration",
        &json!({"posts_given": 86, "posts_filled": 87, "contracts_given": 4, "contracts_filled": 5}),
    );
    let made = admin.post(RETURNS, &over).await.expect(201);
    assert_eq!((codes(&made), &made["posts_unfilled"]), (vec!["more_filled_than_given"; 2], &json!(-1)));
    let below = block("education", &json!({"posts_filled": -1}));
    assert_eq!(admin.post(RETURNS, &below).await.faults(422, "invalid"), ["/posts_filled"]);
    let parts = block(
        "commune_staff",
        &json!({"posts_filled": 315, "cadres_filled": 179, "civil_servants_filled": 137}),
    );
    assert_eq!(codes(&admin.post(RETURNS, &parts).await.expect(201)), ["parts_and_total"]);
    let apart = block("education", &json!({"cadres_filled": 1}));
    assert_eq!(admin.post(RETURNS, &apart).await.faults(422, "invalid"), ["/cadres_filled"]);
    let other_year =
        block("other_services", &json!({"deciding_number": "08/2023/QĐ-UBND", "decided_on": "2024-01-13"}));
    assert_eq!(codes(&admin.post(RETURNS, &other_year).await.expect(201)), ["number_year"]);
}

async fn a_return_is_handed_in_accepted_and_sent_back(app: TestApp) {
    app.period("quarter", "2026-Q3").await;
    let editor = app.person("xa.hiephung", "editor", "31396").await;
    let reviewer = app.person("tp.cantho", "reviewer", "92").await;
    let body = json!({"org_unit_code": "31396", "period_code": "2026-Q3", "block": "administration", "as_of": "2026-09-30", "posts_given": 40, "posts_filled": 38});
    let made = editor.post(RETURNS, &body).await;
    let (place, etag) = (made.header("location"), made.etag());
    assert_eq!(made.expect(201)["state"], "draft");
    editor.step(&format!("{place}/acceptance")).await.problem(403, "forbidden");
    reviewer.step(&format!("{place}/acceptance")).await.problem(409, "wrong-state");
    let handed_in = editor.step(&format!("{place}/submission")).await.expect(200);
    assert_eq!(handed_in["state"], "submitted");
    editor.patch(&place, &etag, &json!({"posts_filled": 39})).await.problem(412, "precondition-failed");
    let etag = editor.get(&place).await.etag();
    editor.patch(&place, &etag, &json!({"posts_filled": 39})).await.problem(409, "wrong-state");
    let back = reviewer
        .post(&format!("{place}/send-back"), &json!({"reason": "Thiếu quyết định giao."}))
        .await
        .expect(200);
    assert_eq!(
        (&back["state"], &back["review_reason"]),
        (&json!("sent_back"), &json!("Thiếu quyết định giao."))
    );
    let etag = editor.get(&place).await.etag();
    editor.patch(&place, &etag, &json!({"posts_filled": 39})).await.expect(200);
    editor.step(&format!("{place}/submission")).await.expect(200);
    let taken = reviewer.step(&format!("{place}/acceptance")).await.expect(200);
    assert_eq!((&taken["state"], &taken["posts_unfilled"]), (&json!("accepted"), &json!(1)));
    let others = app.person("xa.tanbinh", "editor", "31399").await;
    others.get(&place).await.problem(404, "not-found");
}

async fn a_form_does_not_show_the_returns_of_another(app: TestApp) {
    app.period("half", "2024-H1").await;
    let admin = app.admin().await;
    let made = admin.post(RETURNS, &block("administration", &json!({"posts_given": 86}))).await.expect(201);
    let id = made["id"].as_str().unwrap();
    let other = "/api/v1/organization/leadership-returns";
    admin.get(&format!("{other}/{id}")).await.problem(404, "not-found");
    assert_eq!(admin.get(other).await.expect(200)["items"], json!([]));
    admin.step(&format!("{other}/{id}/submission")).await.problem(404, "not-found");
}

async fn a_period_with_a_return_is_not_deleted(app: TestApp) {
    app.period("half", "2024-H1").await;
    let admin = app.admin().await;
    let made = admin.post(RETURNS, &block("administration", &json!({"posts_given": 86}))).await.expect(201);
    let period = format!("/api/v1/reporting/periods/{}", made["period_id"].as_str().unwrap());
    let etag = admin.get(&period).await.etag();
    admin.delete(&period, &etag).await.problem(409, "in-use");
}
