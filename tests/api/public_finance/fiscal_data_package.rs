//! The open export of public investment.

use serde_json::{Value, json};

use super::named_by_others;
use crate::support::TestApp;
use crate::tell;

tell![the_package_describes_tables_that_are_there, a_package_holds_what_the_account_may_read];

const PACKAGE: &str = "/api/v1/public-finance/fiscal-data-package";

async fn the_package_describes_tables_that_are_there(app: TestApp) {
    let admin = app.admin().await;
    named_by_others(&admin).await;
    let payment = json!({
        "org_unit_code": "31396", "fiscal_year": 2026, "plan_code": "DA-01", "paid_from": "2026-03-02",
        "paid_to": "2026-03-02", "amount_vnd": 300_000_000,
    });
    admin.post("/api/v1/public-finance/disbursements", &payment).await.expect(201);
    let query = "fiscal_year=2026&org_unit_code=92&scope=subtree";
    let package = admin.get(&format!("{PACKAGE}?{query}")).await.expect(200);
    assert_eq!(
        (&package["profile"], &package["name"]),
        (&json!("fiscal-data-package"), &json!("public-investment-2026"))
    );
    let tables = package["resources"].as_array().unwrap();
    let phase = |table: &Value| table["schema"]["extraFields"][1]["constant"].clone();
    assert_eq!(tables.iter().map(phase).collect::<Vec<_>>(), ["approved", "adjusted", "executed"]);
    for (table, rows) in tables.iter().zip([1, 0, 1]) {
        let path = format!("/api/v1/public-finance/{}", table["path"].as_str().unwrap());
        assert!(path.ends_with(query), "{path}");
        let answer = admin.get(&path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.header("content-type").starts_with("text/csv"), "{path}");
        let text = String::from_utf8(answer.bytes).unwrap();
        let fields = table["schema"]["fields"].as_array().unwrap();
        let names: Vec<_> = fields.iter().map(|field| field["name"].as_str().unwrap()).collect();
        assert_eq!(text.lines().next().unwrap().split(',').collect::<Vec<_>>(), names, "{path}");
        assert_eq!(text.lines().count() - 1, rows, "{path}");
    }
    let value = |table: &Value| {
        let fields = table["schema"]["fields"].as_array().unwrap();
        fields.iter().find(|field| field["columnType"] == "value").map(|field| field["name"].clone())
    };
    assert_eq!(
        tables.iter().map(value).collect::<Vec<_>>(),
        [Some(json!("amount_vnd")), None, Some(json!("amount_vnd"))]
    );
    admin.get(PACKAGE).await.problem(400, "invalid-parameter");
}

async fn a_package_holds_what_the_account_may_read(app: TestApp) {
    named_by_others(&app.admin().await).await;
    let plans = format!("{PACKAGE}/investment-plans?fiscal_year=2026");
    for (client, lines) in [
        (app.person("xa.hiephung", "editor", "31396").await, 2),
        (app.person("xa.tanbinh", "editor", "31399").await, 1),
    ] {
        let text = String::from_utf8(client.get(&plans).await.bytes).unwrap();
        assert_eq!(text.lines().count(), lines, "the line of names, and a plan in reach");
    }
}
