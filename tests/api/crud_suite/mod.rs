//! One suite of behaviour, run against every resource.

mod bulk;
mod closed_periods;
mod lists;
mod records;
mod remarks;

use serde_json::Value;

use crate::support::TestApp;
use crate::support::story::Story;
use crate::{
    auth, civil_service, e_government, institutions, organization, public_finance, reporting, steering, tell,
    tthc,
};

/// All stories of the suite.
pub fn all() -> Vec<Story> {
    [
        stories(),
        records::stories(),
        lists::stories(),
        bulk::stories(),
        closed_periods::stories(),
        remarks::stories(),
    ]
    .concat()
}

tell![no_resource_is_left_out];

/// A resource as the suite needs it.
pub struct Fixture {
    /// What the journal calls it.
    pub record_type: &'static str,
    pub collection: &'static str,
    pub create: Value,
    pub patch: Value,
    /// A body with a value that is well formed and wrong, and where.
    pub invalid: (Value, &'static str),
    /// Why it has no batch and no import; every other resource has both.
    pub no_bulk: Option<&'static str>,
}

impl Fixture {
    /// Whether it has operations on many records at once, as it should.
    fn has_bulk(&self, document: &Value) -> bool {
        for operation in ["batch", "import", "template"] {
            let path = format!("{}/{operation}", self.collection);
            let is_there = document["paths"].get(&path).is_some();
            assert_eq!(is_there, self.no_bulk.is_none(), "{path}: {:?}", self.no_bulk);
        }
        self.no_bulk.is_none()
    }
}

/// The resources of every room; what they need to be made is made on the way.
pub async fn fixtures(app: &TestApp) -> Vec<Fixture> {
    let rooms = [
        // First, for the returns of the other rooms are of its quarter.
        reporting::fixtures(app).await,
        tthc::fixtures(app).await,
        public_finance::fixtures(app).await,
        civil_service::fixtures(app).await,
        institutions::fixtures(app).await,
        organization::fixtures(),
        e_government::fixtures(app).await,
        steering::fixtures(),
        auth::fixtures(app).await,
    ];
    rooms.into_iter().flatten().collect()
}

/// Resources with a life of their own, told in stories of their own.
const APART: [&str; 2] = [
    // Succeeded, never changed: `tthc::feedback`.
    "/api/v1/tthc/feedback-time-limits",
    // Made and reopened, never changed: `reporting::period_closures`.
    "/api/v1/reporting/period-closures",
];

async fn no_resource_is_left_out(app: TestApp) {
    let document = app.state.contract.document();
    let paths = document["paths"].as_object().unwrap();
    let is_resource =
        |path: &&String| paths[*path].get("post").is_some() && paths.contains_key(&format!("{path}/{{id}}"));
    let mut resources: Vec<_> = paths.keys().filter(is_resource).map(String::as_str).collect();
    resources.retain(|path| !APART.contains(path));
    let mut told: Vec<_> = fixtures(&app).await.iter().map(|fixture| fixture.collection).collect();
    resources.sort_unstable();
    told.sort_unstable();
    assert_eq!(told, resources);
}
