//! Who may do what: every operation without a token, and the table of roles cell by cell.

use kernel::auth::permission::Domain;
use serde_json::json;

use crate::contract::operations;
use crate::support::{Client, TestApp};
use crate::tell;

tell![
    no_operation_but_the_public_ones_answers_without_a_token,
    an_account_without_grants_reads_reference_data_only,
    the_table_of_roles_holds_cell_by_cell,
    a_system_may_what_its_scopes_say,
    forged_and_expired_tokens_are_refused,
];

/// The operations that anyone may call.
const PUBLIC: &[&str] = &[
    "get_liveness",
    "get_readiness",
    "get_metrics",
    "create_token",
    "revoke_token",
    "get_jwks",
    "create_dossier_lookup",
    "list_public_procedures",
    "get_public_procedure",
    "list_public_procedure_places",
];

/// A path with ids that name nothing.
fn filled(path: &str) -> String {
    let id = uuid::Uuid::now_v7().to_string();
    path.split('/').map(|s| if s.starts_with('{') { id.as_str() } else { s }).collect::<Vec<_>>().join("/")
}

async fn no_operation_but_the_public_ones_answers_without_a_token(app: TestApp) {
    let document = app.state.contract.document();
    let mut public = Vec::new();
    for (path, method, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap();
        if operation["security"] == json!([]) {
            public.push(id.to_owned());
            continue;
        }
        let path = filled(&path);
        // A body that is no JSON: who is not signed in learns nothing about it.
        let body = operation["requestBody"].is_object().then(|| ("application/json", b"{".to_vec()));
        for client in [app.anonymous(), app.with_token("no.token.atall")] {
            let answer = client.send(&method, &path, body.clone()).await;
            let challenge = answer.header("www-authenticate");
            assert!(challenge.starts_with("Bearer"), "{method} {path}: {challenge}");
            answer.problem(401, "unauthorized");
        }
    }
    public.sort();
    let mut expected = PUBLIC.to_vec();
    expected.sort_unstable();
    assert_eq!(public, expected);
}

async fn an_account_without_grants_reads_reference_data_only(app: TestApp) {
    app.period("quarter", "2026-Q3").await;
    let admin = app.admin().await;
    let user = json!({"username": "moi.den", "display_name": "Tài khoản thử", "password": crate::support::app::PASSWORD, "must_change_password": false});
    admin.post("/api/v1/admin/users", &user).await.expect(201);
    let newcomer = app.sign_in("moi.den").await;
    newcomer.get("/api/v1/reporting/periods").await.expect(200);
    newcomer.get("/api/v1/organization/org-units?limit=1").await.expect(200);
    newcomer.get("/api/v1/auth/me").await.expect(200);
    for path in [
        "/api/v1/tthc/processing-returns",
        "/api/v1/admin/users",
        "/api/v1/admin/audit",
        "/api/v1/reporting/forms/06a?org_unit_code=92&period=2026-Q3",
    ] {
        newcomer.get(path).await.problem(403, "forbidden");
    }
}

/// What is written many at once, with the action that it needs.
const MANY: &[(&str, &str)] = &[
    ("write", "/api/v1/tthc/processing-returns"),
    ("write", "/api/v1/tthc/record-declarations"),
    ("write", "/api/v1/public-finance/disbursements"),
    ("write", "/api/v1/civil-service/officials"),
    ("write_reference", "/api/v1/organization/org-units"),
    ("write_reference", "/api/v1/organization/successions"),
    ("administer", "/api/v1/admin/grants"),
];

/// A request that only whoever may do something is not refused with 403.
struct Attempt {
    action: &'static str,
    /// The domain in which the action must be allowed; `None` where any will do: reference data and
    /// accounts concern none, and the journal shows each reader its own domains.
    domain: Option<Domain>,
    method: &'static str,
    path: &'static str,
    body: Option<&'static str>,
}

const fn reading(action: &'static str, domain: Option<Domain>, path: &'static str) -> Attempt {
    Attempt { action, domain, method: "GET", path, body: None }
}

const fn sending(
    action: &'static str,
    domain: Option<Domain>,
    path: &'static str,
    body: Option<&'static str>,
) -> Attempt {
    Attempt { action, domain, method: "POST", path, body }
}

/// Every action, in every domain in which there is something to do.
const ATTEMPTS: &[Attempt] = &[
    reading("read", Some(Domain::Tthc), "/api/v1/tthc/processing-returns"),
    reading("read", Some(Domain::Tthc), "/api/v1/tthc/procedure-postings"),
    reading("read", Some(Domain::Tthc), "/api/v1/tthc/record-declarations"),
    reading("read", Some(Domain::Tthc), "/api/v1/tthc/procedure-reviews"),
    reading("read", Some(Domain::Tthc), "/api/v1/tthc/support-activities"),
    reading("read", Some(Domain::Tthc), "/api/v1/tthc/focal-points"),
    reading("read", Some(Domain::PublicFinance), "/api/v1/public-finance/investment-plans"),
    reading("read", Some(Domain::PublicFinance), "/api/v1/public-finance/investment-plans/progress"),
    reading("read", Some(Domain::PublicFinance), "/api/v1/public-finance/plan-adjustments"),
    reading(
        "read",
        Some(Domain::PublicFinance),
        "/api/v1/public-finance/fiscal-data-package?fiscal_year=2026",
    ),
    reading(
        "read",
        Some(Domain::PublicFinance),
        "/api/v1/public-finance/fiscal-data-package/investment-plans",
    ),
    reading(
        "read",
        Some(Domain::PublicFinance),
        "/api/v1/public-finance/fiscal-data-package/plan-adjustments",
    ),
    reading("read", Some(Domain::PublicFinance), "/api/v1/public-finance/fiscal-data-package/disbursements"),
    reading("read", Some(Domain::PublicFinance), "/api/v1/public-finance/disbursements"),
    reading("read", Some(Domain::PublicFinance), "/api/v1/public-finance/audit-recommendations"),
    reading("read", Some(Domain::PublicFinance), "/api/v1/public-finance/audit-recommendations/progress"),
    reading("read", Some(Domain::PublicFinance), "/api/v1/public-finance/remittances"),
    reading("read", Some(Domain::PublicFinance), "/api/v1/public-finance/budget-disclosures"),
    reading("read", Some(Domain::PublicFinance), "/api/v1/public-finance/final-accounts"),
    reading("read", Some(Domain::PublicFinance), "/api/v1/public-finance/spending-rules"),
    reading("read", Some(Domain::Institutions), "/api/v1/institutions/legal-documents"),
    reading("read", Some(Domain::Institutions), "/api/v1/institutions/document-relations"),
    reading("read", Some(Domain::Institutions), "/api/v1/institutions/document-reviews"),
    reading("read", Some(Domain::Institutions), "/api/v1/institutions/law-enforcement-monitoring"),
    reading("read", Some(Domain::Tthc), "/api/v1/tthc/citizen-feedback"),
    reading("read", Some(Domain::Tthc), "/api/v1/tthc/satisfaction-ratings"),
    reading("read", Some(Domain::Organization), "/api/v1/organization/staffing-returns"),
    reading("read", Some(Domain::Organization), "/api/v1/organization/leadership-returns"),
    reading("read", Some(Domain::Organization), "/api/v1/organization/boundary-returns"),
    reading("read", Some(Domain::CivilService), "/api/v1/civil-service/qualification-returns"),
    reading("read", Some(Domain::CivilService), "/api/v1/civil-service/asset-declaration-returns"),
    reading("read", Some(Domain::CivilService), "/api/v1/civil-service/work-diary-returns"),
    reading("read", Some(Domain::CivilService), "/api/v1/civil-service/personnel-decisions"),
    reading("read", Some(Domain::CivilService), "/api/v1/civil-service/job-position-schemes"),
    reading("read", Some(Domain::CivilService), "/api/v1/civil-service/training-courses"),
    reading("read", Some(Domain::CivilService), "/api/v1/civil-service/staff-streamlining"),
    reading("read", Some(Domain::CivilService), "/api/v1/civil-service/discipline-inspections"),
    reading("read", Some(Domain::CivilService), "/api/v1/civil-service/discipline-visits"),
    reading("read", Some(Domain::CivilService), "/api/v1/civil-service/officials"),
    reading(
        "read",
        Some(Domain::CivilService),
        "/api/v1/civil-service/officials/summary?org_unit_code=nowhere",
    ),
    reading("read", Some(Domain::CivilService), "/api/v1/civil-service/quality-ratings"),
    reading("read", Some(Domain::PublicFinance), "/api/v1/public-finance/autonomy-returns"),
    reading("read", Some(Domain::EGovernment), "/api/v1/e-government/measure-returns"),
    reading("read", Some(Domain::EGovernment), "/api/v1/e-government/systems"),
    reading("read", Some(Domain::EGovernment), "/api/v1/e-government/deployments"),
    reading("read", Some(Domain::EGovernment), "/api/v1/e-government/digital-certificates"),
    reading("read", Some(Domain::Steering), "/api/v1/steering/directives"),
    reading("read", Some(Domain::Tthc), "/api/v1/tthc/statistics/overdue"),
    reading("read", Some(Domain::Tthc), "/api/v1/tthc/apologies"),
    reading("read", Some(Domain::Tthc), "/api/v1/exchange/national-portal/dossiers"),
    reading("read", Some(Domain::Tthc), "/api/v1/exchange/national-portal/ledger"),
    reading("read", Some(Domain::Reporting), "/api/v1/reporting/period-closures"),
    reading("read", Some(Domain::Tthc), "/api/v1/reporting/forms/06a?org_unit_code=92&period=2099-Q3"),
    sending(
        "write",
        Some(Domain::Tthc),
        "/api/v1/tthc/processing-returns",
        Some(r#"{"org_unit_code": "92", "period_code": "2099-Q3", "handling_level": "province"}"#),
    ),
    sending("write", Some(Domain::Organization), "/api/v1/organization/staffing-returns", Some("{}")),
    sending(
        "review",
        Some(Domain::Organization),
        "/api/v1/organization/staffing-returns/0190a8c0-0000-7000-8000-00000000ffff/acceptance",
        None,
    ),
    sending("write", Some(Domain::Institutions), "/api/v1/institutions/legal-documents", Some("{}")),
    sending("write", Some(Domain::Institutions), "/api/v1/institutions/document-relations", Some("{}")),
    sending("write", Some(Domain::Institutions), "/api/v1/institutions/document-reviews", Some("{}")),
    sending(
        "write",
        Some(Domain::Institutions),
        "/api/v1/institutions/law-enforcement-monitoring",
        Some("{}"),
    ),
    sending("write", Some(Domain::Organization), "/api/v1/organization/leadership-returns", Some("{}")),
    sending("write", Some(Domain::Organization), "/api/v1/organization/boundary-returns", Some("{}")),
    sending("write", Some(Domain::CivilService), "/api/v1/civil-service/qualification-returns", Some("{}")),
    sending(
        "review",
        Some(Domain::CivilService),
        "/api/v1/civil-service/qualification-returns/0190a8c0-0000-7000-8000-00000000ffff/acceptance",
        None,
    ),
    sending(
        "write",
        Some(Domain::CivilService),
        "/api/v1/civil-service/asset-declaration-returns",
        Some("{}"),
    ),
    sending("write", Some(Domain::CivilService), "/api/v1/civil-service/work-diary-returns", Some("{}")),
    sending("write", Some(Domain::CivilService), "/api/v1/civil-service/personnel-decisions", Some("{}")),
    sending("write", Some(Domain::CivilService), "/api/v1/civil-service/job-position-schemes", Some("{}")),
    sending("write", Some(Domain::CivilService), "/api/v1/civil-service/training-courses", Some("{}")),
    sending("write", Some(Domain::CivilService), "/api/v1/civil-service/staff-streamlining", Some("{}")),
    sending("write", Some(Domain::CivilService), "/api/v1/civil-service/discipline-inspections", Some("{}")),
    sending("write", Some(Domain::CivilService), "/api/v1/civil-service/discipline-visits", Some("{}")),
    sending("write", Some(Domain::CivilService), "/api/v1/civil-service/officials", Some("{}")),
    sending("write", Some(Domain::CivilService), "/api/v1/civil-service/quality-ratings", Some("{}")),
    sending(
        "erase_personal",
        Some(Domain::CivilService),
        "/api/v1/civil-service/officials/0190a8c0-0000-7000-8000-00000000ffff/erasure",
        Some(r#"{"order_number": "12/QĐ-UBND", "reason": "Theo yêu cầu."}"#),
    ),
    sending("write", Some(Domain::PublicFinance), "/api/v1/public-finance/autonomy-returns", Some("{}")),
    sending(
        "review",
        Some(Domain::PublicFinance),
        "/api/v1/public-finance/autonomy-returns/0190a8c0-0000-7000-8000-00000000ffff/acceptance",
        None,
    ),
    sending("write", Some(Domain::EGovernment), "/api/v1/e-government/measure-returns", Some("{}")),
    sending(
        "review",
        Some(Domain::EGovernment),
        "/api/v1/e-government/measure-returns/0190a8c0-0000-7000-8000-00000000ffff/acceptance",
        None,
    ),
    sending("write", Some(Domain::EGovernment), "/api/v1/e-government/systems", Some("{}")),
    sending("write", Some(Domain::EGovernment), "/api/v1/e-government/deployments", Some("{}")),
    sending("write", Some(Domain::EGovernment), "/api/v1/e-government/digital-certificates", Some("{}")),
    sending("write", Some(Domain::Steering), "/api/v1/steering/directives", Some("{}")),
    sending("write", Some(Domain::Tthc), "/api/v1/tthc/record-declarations", Some("{}")),
    sending("write", Some(Domain::Tthc), "/api/v1/tthc/procedure-reviews", Some("{}")),
    sending("write", Some(Domain::Tthc), "/api/v1/tthc/support-activities", Some("{}")),
    sending("write", Some(Domain::Tthc), "/api/v1/tthc/focal-points", Some("{}")),
    sending("write", Some(Domain::PublicFinance), "/api/v1/public-finance/investment-plans", Some("{}")),
    sending("write", Some(Domain::PublicFinance), "/api/v1/public-finance/plan-adjustments", Some("{}")),
    sending("write", Some(Domain::PublicFinance), "/api/v1/public-finance/disbursements", Some("{}")),
    sending("write", Some(Domain::PublicFinance), "/api/v1/public-finance/audit-recommendations", Some("{}")),
    sending("write", Some(Domain::PublicFinance), "/api/v1/public-finance/remittances", Some("{}")),
    sending("write", Some(Domain::PublicFinance), "/api/v1/public-finance/budget-disclosures", Some("{}")),
    sending("write", Some(Domain::PublicFinance), "/api/v1/public-finance/final-accounts", Some("{}")),
    sending("write", Some(Domain::PublicFinance), "/api/v1/public-finance/spending-rules", Some("{}")),
    sending("write", Some(Domain::Tthc), "/api/v1/tthc/citizen-feedback", Some("{}")),
    sending("write", Some(Domain::Tthc), "/api/v1/tthc/satisfaction-ratings", Some("{}")),
    sending(
        "write",
        Some(Domain::Tthc),
        "/api/v1/tthc/citizen-feedback/0190a8c0-0000-7000-8000-00000000ffff/answer",
        Some(r#"{"answer_number": "06/UBND"}"#),
    ),
    sending(
        "erase_personal",
        Some(Domain::Tthc),
        "/api/v1/tthc/dossiers/0190a8c0-0000-7000-8000-00000000ffff/erasure",
        Some(r#"{"order_number": "12/QĐ-UBND", "reason": "Theo yêu cầu."}"#),
    ),
    sending(
        "erase_personal",
        Some(Domain::Tthc),
        "/api/v1/tthc/citizen-feedback/0190a8c0-0000-7000-8000-00000000ffff/erasure",
        Some(r#"{"order_number": "12/QĐ-UBND", "reason": "Theo yêu cầu."}"#),
    ),
    sending(
        "review",
        Some(Domain::Tthc),
        "/api/v1/tthc/processing-returns/0190a8c0-0000-7000-8000-00000000ffff/acceptance",
        None,
    ),
    sending("close", Some(Domain::Reporting), "/api/v1/reporting/period-closures", Some("{}")),
    reading("read_reference", None, "/api/v1/organization/org-units?limit=1"),
    reading("read_reference", None, "/api/v1/tthc/procedures?limit=1"),
    reading("read_reference", None, "/api/v1/reporting/holidays?limit=1"),
    reading("read_reference", None, "/api/v1/reporting/rules"),
    reading("read_reference", None, "/api/v1/organization/commune-norms"),
    sending("write_reference", None, "/api/v1/organization/org-units", Some("{}")),
    sending("write_reference", None, "/api/v1/organization/successions", Some("{}")),
    sending("write_reference", None, "/api/v1/tthc/procedures", Some("{}")),
    sending("write_reference", None, "/api/v1/tthc/procedure-fields", Some("{}")),
    sending("write_reference", None, "/api/v1/reporting/periods", Some("{}")),
    sending("write_reference", None, "/api/v1/reporting/holidays", Some("{}")),
    reading("read_journal", None, "/api/v1/admin/audit?limit=1"),
    reading("administer", None, "/api/v1/admin/users?limit=1"),
    sending("administer", None, "/api/v1/admin/grants", Some("{}")),
    sending("administer", None, "/api/v1/admin/clients", Some("{}")),
];

/// Where records are looked for by personal data, by the domain in which that must be allowed.
const SEARCHES: &[(Domain, &str)] = &[
    (Domain::Tthc, "/api/v1/tthc/dossiers/searches"),
    (Domain::CivilService, "/api/v1/civil-service/officials/searches"),
];

/// Whether the account sees personal data of a domain: its token asks for the scope by name.
async fn sees_personal(app: &TestApp, username: &str, (domain, search): (Domain, &str)) -> bool {
    let scope = format!("{domain}:personal");
    let form = [
        ("grant_type", "password"),
        ("username", username),
        ("password", crate::support::app::PASSWORD),
        ("scope", scope.as_str()),
    ];
    let answer = app.token(&form).await;
    if answer.status == 400 {
        assert_eq!(answer.expect(400)["error"], "invalid_scope");
        return false;
    }
    let token = answer.expect(200)["access_token"].as_str().unwrap().to_owned();
    let sought = json!({"id_number": "000000000000"});
    app.with_token(&token).post(search, &sought).await.expect(200);
    true
}

impl Attempt {
    /// The action and the domain, as a table of scopes names them.
    fn said(&self) -> String {
        self.domain.map_or_else(|| self.action.to_owned(), |domain| format!("{} {domain}", self.action))
    }

    /// Whether the client may, by the status that it is answered.
    async fn is_allowed(&self, client: &Client) -> bool {
        let body = self.body.map(|body| ("application/json", body.as_bytes().to_vec()));
        let status = client.send(self.method, self.path, body).await.status;
        assert!(status != 401 && status < 500, "{} {}: {status}", self.method, self.path);
        status != 403
    }
}

async fn a_system_may_what_its_scopes_say(app: TestApp) {
    let unit = app.unit("92", "2024-06-30");
    let reference = "read_reference";
    let table: &[(&[&str], &[&str])] = &[
        (&["tthc:read"], &["read tthc", reference]),
        (&["tthc:write"], &["read tthc", "write tthc", reference]),
        (
            &["civil_service:write", "reporting:read"],
            &["read civil_service", "write civil_service", "read reporting", reference],
        ),
        (&["public_finance:write"], &["read public_finance", "write public_finance", reference]),
        (&["reporting:write", "tthc:read"], &["read reporting", "read tthc", reference]),
        (&["reference:read"], &[reference]),
    ];
    for (number, (scopes, allowed)) in table.iter().enumerate() {
        let system = app.system(&format!("he-thong-{number}"), (&unit, "2024-01-01"), scopes).await;
        for attempt in ATTEMPTS {
            let expected = allowed.contains(&attempt.said().as_str());
            assert_eq!(attempt.is_allowed(&system).await, expected, "{scopes:?} {}", attempt.path);
        }
    }
}

async fn the_table_of_roles_holds_cell_by_cell(app: TestApp) {
    // Written out once more by hand: what the code says must be what was decided.
    const ALLOWED: &[(&str, &[&str])] = &[
        (
            "admin",
            &[
                "read",
                "read_personal",
                "erase_personal",
                "write",
                "review",
                "close",
                "read_reference",
                "write_reference",
                "read_journal",
                "administer",
            ],
        ),
        ("reviewer", &["read", "review", "close", "read_reference"]),
        ("editor", &["read", "read_personal", "write", "read_reference"]),
        ("inspector", &["read", "read_reference", "read_journal"]),
    ];
    for (role, allowed) in ALLOWED {
        let name = format!("vai-tro.{role}");
        let grant = |domains: serde_json::Value| json!({"role": role, "org_unit_code": "92", "valid_from": "2026-01-01", "domains": domains});
        let client = app.person_with(&name, grant(json!(Domain::ALL))).await;
        for attempt in ATTEMPTS {
            let expected = allowed.contains(&attempt.action);
            assert_eq!(attempt.is_allowed(&client).await, expected, "{role} {}", attempt.path);
        }
        for search in SEARCHES {
            let sees = sees_personal(&app, &name, *search).await;
            assert_eq!(sees, allowed.contains(&"read_personal"), "{role} {}", search.1);
            let unasked = json!({"id_number": "000000000000"});
            client.post(search.1, &unasked).await.problem(403, "forbidden");
        }
        for (action, collection) in MANY {
            let batch = client.post(&format!("{collection}/batch"), &json!([])).await.status;
            let file = Some(("text/csv", b"cot\nx\n".to_vec()));
            let import = client.send("POST", &format!("{collection}/import"), file).await.status;
            let is_allowed = allowed.contains(action);
            assert_eq!((batch != 403, import != 403), (is_allowed, is_allowed), "{role} {collection}");
        }
        // The same role in one domain alone does nothing in the others.
        for domain in Domain::ALL {
            let name = format!("{name}.{domain}").replace('_', "-");
            let of_domain = app.person_with(&name, grant(json!([domain]))).await;
            for search in SEARCHES {
                let expected = *domain == search.0 && allowed.contains(&"read_personal");
                let sees = sees_personal(&app, &name, *search).await;
                assert_eq!(sees, expected, "{role} of {domain} {}", search.1);
            }
            for attempt in ATTEMPTS {
                let in_domain = attempt.domain.is_none_or(|needed| needed == *domain);
                let expected = in_domain && allowed.contains(&attempt.action);
                let is_allowed = attempt.is_allowed(&of_domain).await;
                assert_eq!(is_allowed, expected, "{role} of {domain} {}", attempt.path);
            }
        }
    }
}

async fn forged_and_expired_tokens_are_refused(app: TestApp) {
    let answer = app
        .token(&[
            ("grant_type", "password"),
            ("username", "admin"),
            ("password", crate::support::app::PASSWORD),
        ])
        .await;
    let token = answer.expect(200)["access_token"].as_str().unwrap().to_owned();
    app.with_token(&token).get("/api/v1/auth/me").await.expect(200);
    let (head, rest) = token.split_once('.').unwrap();
    let (claims, signature) = rest.split_once('.').unwrap();
    let flipped: String = signature.chars().rev().collect();
    for forged in [
        format!("{head}.{claims}.{flipped}"),
        format!("{head}.{claims}."),
        format!("eyJhbGciOiJub25lIn0.{claims}."),
    ] {
        app.with_token(&forged).get("/api/v1/auth/me").await.problem(401, "unauthorized");
    }
    app.pass(14 * 60);
    app.with_token(&token).get("/api/v1/auth/me").await.expect(200);
    app.pass(60);
    app.with_token(&token).get("/api/v1/auth/me").await.problem(401, "unauthorized");
}
