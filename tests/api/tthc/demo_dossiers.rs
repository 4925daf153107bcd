//! The demonstration's dossiers: the report's figures come out of single ones, and any number of them is counted
//! right.

use cchc::demo::dossiers::{DemoDossiers, load};
use kernel::reporting::holidays;
use serde_json::{Value, json};
use tthc::procedures;

use crate::organization::root;
use crate::start::on;
use crate::support::{Client, TestApp};
use crate::tell;

tell![the_reports_figures_come_out_of_single_dossiers, any_number_of_dossiers_is_made_and_counted];

async fn made_up(app: &TestApp, wanted: DemoDossiers) {
    let at = app.state.now();
    holidays::import(&app.state.db, at).await.unwrap();
    procedures::import::import(&app.state.db, at).await.unwrap();
    load(&app.state, wanted, |_| Ok(())).await.unwrap();
}

#[track_caller]
fn counts_are_right(app: &TestApp) {
    let verified = on(&app.database, &["rollup", "verify"]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
}

async fn the_reports_figures_come_out_of_single_dossiers(app: TestApp) {
    made_up(&app, DemoDossiers::Report).await;
    let admin = app.admin().await;
    let form = admin
        .get(
            "/api/v1/reporting/forms/06a?org_unit_code=934&scope=subtree&from=2024-01-01&to=2024-07-02\
             &as_of=2024-07-02&source=records&definition=withdrawn-refused-apart",
        )
        .await
        .expect(200);
    assert_eq!(form["generated"], true);
    let rows = form["rows"].as_array().unwrap();
    let sum = |level: &str, column: &str| -> i64 {
        let of_level = rows.iter().filter(|row| row["handling_level"] == level);
        of_level.map(|row| row[column].as_i64().unwrap()).sum()
    };
    let level = |level: &str| -> Value {
        let columns = [
            "received_online",
            "received_direct",
            "carried_over",
            "resolved_early",
            "resolved_on_time",
            "resolved_overdue",
            "withdrawn",
            "refused",
            "pending_in_time",
            "pending_overdue",
        ];
        columns.map(|column| sum(level, column)).into_iter().collect()
    };
    // Mục I.3 và chú thích 5 của báo cáo.
    assert_eq!(level("district"), json!([1_882, 5_395, 473, 6_986, 88, 13, 6, 13, 642, 2]));
    assert_eq!(level("commune"), json!([9_210, 462, 193, 8_154, 177, 14, 83, 17, 1_412, 8]));
    assert_eq!((sum("district", "received_in_period"), sum("district", "received_total")), (7_277, 7_750));
    assert_eq!((sum("commune", "received_in_period"), sum("commune", "received_total")), (9_672, 9_865));
    let late = |level: &str, column: &str| -> Vec<(String, i64)> {
        let of_level = rows.iter().filter(|row| row["handling_level"] == level && row[column] != 0);
        of_level
            .map(|row| (row["field"].as_str().unwrap().to_owned(), row[column].as_i64().unwrap()))
            .collect()
    };
    let named = |of: &[(&str, i64)]| -> Vec<_> {
        of.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
    };
    assert_eq!(
        late("district", "resolved_overdue"),
        named(&[("Bảo trợ xã hội", 11), ("Giáo dục và đào tạo", 2)])
    );
    assert_eq!(
        late("district", "pending_overdue"),
        named(&[("Lao động - Tiền lương - Bảo hiểm xã hội", 1), ("Đất đai", 1)])
    );
    assert_eq!(late("commune", "resolved_overdue"), named(&[("Hộ tịch", 1), ("Đất đai", 13)]));
    assert!(rows.iter().all(|row| row["generated"] == true));
    is_marked_wherever_it_is_shown(&admin).await;
    counts_are_right(&app);
}

async fn is_marked_wherever_it_is_shown(admin: &Client) {
    let of_district = "org_unit_code=934&as_of=2024-07-02&scope=subtree";
    let days = "from=2024-01-01&to=2024-07-02";
    for sum in [
        format!("statistics?{of_district}&{days}"),
        format!("satisfaction-ratings/summary?{of_district}&rated_from=2024-01-01&rated_to=2024-07-02"),
    ] {
        let sum = admin.get(&format!("/api/v1/tthc/{sum}")).await.expect(200);
        assert_eq!(sum["generated"], true, "{sum}");
    }
    // All have been returned since, the late ones with an apology.
    for list in ["dossiers?", "apologies?state=given&"] {
        let page = admin.get(&format!("/api/v1/tthc/{list}{of_district}&limit=200")).await.expect(200);
        let items = page["items"].as_array().unwrap();
        assert!(!items.is_empty() && items.iter().all(|one| one["generated"] == true), "{list}: {page}");
    }
    let form = format!("/api/v1/reporting/forms/06a?{of_district}&{days}&source=records");
    let csv = admin.with("accept", "text/csv").get(&form).await.text();
    let mut lines = csv.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let place = lines.next().unwrap().iter().position(|name| *name == "generated");
    let place = place.unwrap_or_else(|| panic!("a column that says it: {csv}"));
    // A field may have a comma in its name, and then stands in quotes.
    let mut plain = lines.filter(|line| !line.concat().contains('"')).peekable();
    assert!(plain.peek().is_some() && plain.all(|line| line[place] == "true"), "{csv}");
}

async fn any_number_of_dossiers_is_made_and_counted(app: TestApp) {
    made_up(&app, DemoDossiers::Many(2_500)).await;
    // Once they are there, no more are made.
    load(&app.state, DemoDossiers::Many(10), |_| Ok(())).await.unwrap();
    let admin = app.admin().await;
    let form = admin
        .get(&format!(
            "/api/v1/reporting/forms/06a?org_unit_id={}&scope=subtree&from=2024-07-01&to=2026-06-30\
             &as_of=2026-06-30&source=records&definition=withdrawn-refused-apart",
            root(&app)
        ))
        .await
        .expect(200);
    let totals = [
        "received_online",
        "received_direct",
        "carried_over",
        "resolved_early",
        "resolved_on_time",
        "resolved_overdue",
        "withdrawn",
        "refused",
        "pending_in_time",
        "pending_overdue",
    ]
    .map(|column| form["totals"][column].as_i64().unwrap());
    assert_eq!(totals, [1_567, 933, 0, 2_267, 150, 35, 14, 10, 22, 2], "the same at every start");
    let overdue = admin.get("/api/v1/tthc/statistics/overdue?as_of=2026-06-30").await.expect(200);
    let overdue = overdue["items"].as_array().unwrap();
    assert!(!overdue.is_empty() && overdue.iter().all(|one| one["generated"] == true), "{overdue:?}");
    counts_are_right(&app);
}
