//! An application with its own database, a fixed clock and real HTTP.

use std::net::TcpListener;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};

use kernel::api::contract::Contract;
use kernel::auth::password::HashCost;
use kernel::config::Config;
use kernel::db::types::Instant;
use kernel::db::{Db, DbConn};
use kernel::state::{AppState, Clock};
use serde_json::{Value, json};

use super::client::{Answer, Client};
use super::database::{Backend, TestDatabase, test_config};

/// The contract as the code has it, whatever the file holds.
static CONTRACT: LazyLock<&'static str> = LazyLock::new(|| cchc::openapi::document().to_string().leak());

/// The administrator of the whole country.
pub const ADMIN: &str = "admin";
/// The password of everyone in the stories.
pub const PASSWORD: &str = "mot-mat-khau-dai-1";
/// Password hashing that costs next to nothing.
pub const CHEAP: HashCost = HashCost { memory_kib: 8, passes: 1, lanes: 1 };

/// The stories play on 23 November 2026, at noon in Vietnam.
pub fn noon() -> Instant {
    serde_json::from_value(json!("2026-11-23T05:00:00Z")).expect("an instant")
}

pub struct TestApp {
    pub state: Arc<AppState>,
    pub backend: Backend,
    pub database: TestDatabase,
    clock: Arc<AtomicI64>,
    anonymous: Client,
    base: String,
    admin: tokio::sync::OnceCell<Client>,
    server: actix_web::dev::ServerHandle,
}

impl TestApp {
    pub async fn start(backend: Backend) -> Self {
        Self::start_with(backend, |_| {}).await
    }

    /// An application with another configuration.
    pub async fn start_with(backend: Backend, configure: impl FnOnce(&mut Config)) -> Self {
        let database = TestDatabase::copy(backend).await;
        Self::start_on(backend, database, configure).await
    }

    /// An application on a database that stands already, as a second instance or a restart.
    pub async fn start_on(
        backend: Backend,
        database: TestDatabase,
        configure: impl FnOnce(&mut Config),
    ) -> Self {
        let mut config = test_config();
        config.data_dir = database.folder.path().to_owned();
        config.master_key = Some(
            kernel::auth::keys::MasterKey::new("a master key for the stories alone")
                .expect("it is long enough"),
        );
        configure(&mut config);
        let clock = Arc::new(AtomicI64::new(noon().micros()));
        let db = Db::open(database.location.clone(), &config).expect("the database opens");
        let contract = Contract::new(*CONTRACT).expect("the contract reads");
        let opened = AppState::open(config, Clock::Fixed(clock.clone()), db, CHEAP, contract);
        let state = opened.await.expect("the service opens");
        state.set_ready();
        let listener = TcpListener::bind("127.0.0.1:0").expect("an ephemeral port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let server = cchc::app::serve(state.clone(), listener, 1).expect("the server starts");
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self {
            state,
            backend,
            database,
            clock,
            anonymous: Client::new(&base),
            base,
            admin: tokio::sync::OnceCell::new(),
            server: handle,
        }
    }

    /// A second instance on the same database; `None` on SQLite, which serves one process.
    pub async fn second_instance(&self) -> Option<Self> {
        Some(Self::start_on(self.backend, self.database.shared()?, |_| {}).await)
    }

    pub fn connect(&self) -> DbConn {
        self.database.connect()
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    /// Nobody's client.
    pub fn anonymous(&self) -> Client {
        self.anonymous.clone()
    }

    /// A client that sends this token.
    pub fn with_token(&self, token: &str) -> Client {
        self.anonymous.with_token(token)
    }

    /// The administrator of the whole country.
    pub async fn admin(&self) -> Client {
        self.admin.get_or_init(|| self.sign_in(ADMIN)).await.clone()
    }

    /// Signs someone in with the password that everyone has.
    pub async fn sign_in(&self, username: &str) -> Client {
        let answer =
            self.token(&[("grant_type", "password"), ("username", username), ("password", PASSWORD)]).await;
        let token = answer.expect(200)["access_token"].as_str().expect("an access token").to_owned();
        self.with_token(&token)
    }

    /// The same for some scopes, such as that of personal data, which nobody has without asking.
    pub async fn sign_in_for(&self, username: &str, scope: &str) -> Client {
        let form =
            [("grant_type", "password"), ("username", username), ("password", PASSWORD), ("scope", scope)];
        let token = self.token(&form).await.expect(200)["access_token"].as_str().expect("a token").to_owned();
        self.with_token(&token)
    }

    pub async fn token(&self, form: &[(&str, &str)]) -> Answer {
        self.anonymous().post_form("/api/v1/auth/token", form).await
    }

    /// An account with one grant on the unit of this code today, signed in.
    pub async fn person(&self, username: &str, role: &str, unit_code: &str) -> Client {
        self.person_with(username, json!({"role": role, "org_unit_code": unit_code})).await
    }

    /// An account with this grant, signed in.
    pub async fn person_with(&self, username: &str, grant: Value) -> Client {
        let admin = self.admin().await;
        let user = admin
            .post("/api/v1/admin/users", &json!({
                "username": username, "display_name": "Tài khoản thử", "password": PASSWORD, "must_change_password": false,
            }))
            .await
            .expect(201);
        let mut grant = grant;
        grant["user_id"] = user["id"].clone();
        if grant.get("valid_from").is_none() {
            grant["valid_from"] = json!("2025-07-01");
        }
        admin.post("/api/v1/admin/grants", &grant).await.expect(201);
        self.sign_in(username).await
    }

    /// A system with a grant on this unit since a day, signed in.
    pub async fn system(&self, client_id: &str, (unit, since): (&str, &str), scopes: &[&str]) -> Client {
        let admin = self.admin().await;
        let client = json!({"client_id": client_id, "display_name": "Hệ thống thử"});
        let client = admin.post("/api/v1/admin/clients", &client).await.expect(201);
        let grant = json!({"client_id": client["id"], "role": "client", "org_unit_id": unit,
            "scopes": scopes, "valid_from": since});
        admin.post("/api/v1/admin/grants", &grant).await.expect(201);
        let secret = client["client_secret"].as_str().expect("the secret is shown once");
        let form =
            [("grant_type", "client_credentials"), ("client_id", client_id), ("client_secret", secret)];
        let token = self.token(&form).await.expect(200)["access_token"].as_str().expect("a token").to_owned();
        self.with_token(&token)
    }

    /// The id of the unit with this code on this day.
    pub fn unit(&self, code: &str, day: &str) -> String {
        let units = self.state.units();
        units.tree().by_code(code, day.parse().expect("a day")).expect("a unit of this code").to_string()
    }

    /// Moves the clock on.
    pub fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1_000_000, Ordering::AcqRel);
    }

    /// Seals what has been written so far.
    pub async fn seal(&self) -> usize {
        self.state.seal().await.expect("the journal can be sealed")
    }

    /// The calendar period of this code.
    pub async fn period(&self, kind: &str, code: &str) -> Value {
        let (from, to) =
            kernel::reporting::periods::calendar_window(kind.parse().expect("a kind"), code).expect("a code");
        self.admin()
            .await
            .post(
                "/api/v1/reporting/periods",
                &json!({"code": code, "kind": kind, "starts_on": from, "ends_on": to}),
            )
            .await
            .expect(201)
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        let server = self.server.clone();
        actix_web::rt::spawn(async move { server.stop(false).await });
    }
}
