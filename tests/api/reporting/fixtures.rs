//! Periods and holidays as the suite of all resources needs them.

use serde_json::json;

use crate::crud_suite::Fixture;
use crate::support::TestApp;

/// The quarter of the returns of all rooms is made here.
pub async fn fixtures(app: &TestApp) -> Vec<Fixture> {
    app.period("quarter", "2026-Q3").await;
    vec![
        Fixture {
            record_type: "period",
            collection: "/api/v1/reporting/periods",
            create: json!({"code": "2031", "kind": "year", "starts_on": "2031-01-01", "ends_on": "2031-12-31"}),
            patch: json!({"submit_by": "2032-01-10"}),
            invalid: (
                json!({"code": "20312031", "kind": "year", "starts_on": "2031-01-01", "ends_on": "2031-12-31"}),
                "/code",
            ),
            no_bulk: None,
        },
        Fixture {
            record_type: "holiday",
            collection: "/api/v1/reporting/holidays",
            create: json!({"day": "2031-01-01", "kind": "holiday", "name": "Tết Dương lịch"}),
            patch: json!({"source": "Thông báo thử"}),
            invalid: (json!({"day": "2031-01-02", "kind": "make_up_workday", "name": "Làm bù"}), "/day"),
            no_bulk: None,
        },
    ]
}
