//! Stopping the binary: what runs is finished, what comes is refused, nobody can hold it for long.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::database::{Backend, TestDatabase};
use crate::support::{Client, TestApp};
use crate::tell;

tell![
    a_stop_finishes_what_runs_and_refuses_what_comes,
    a_client_that_never_ends_does_not_hold_a_stop,
    a_container_asks_for_its_health,
    the_log_names_no_person_and_no_secret,
];

/// The binary serving a database of its own.
struct Served {
    process: Child,
    address: String,
    log: BufReader<std::process::ChildStderr>,
    _database: TestDatabase,
}

impl Served {
    fn start(backend: Backend, vars: &[(&str, &str)]) -> Self {
        Self::start_on(TestDatabase::empty(backend), vars)
    }

    fn start_on(database: TestDatabase, vars: &[(&str, &str)]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_cchc"))
            .arg("serve")
            .env_clear()
            .envs([("CCHC_LOG", "cchc=info"), ("CCHC_BIND", "127.0.0.1:0")])
            .envs(vars.iter().copied())
            .envs(crate::start::vars_of(&database))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let mut said = BufReader::new(process.stdout.take().expect("its output"));
        let mut log = BufReader::new(process.stderr.take().expect("its log"));
        // A collector reads JSON alone: then the address stands in the log.
        let in_json = vars.contains(&("CCHC_LOG_FORMAT", "json"));
        let mut line = String::new();
        let address = loop {
            line.clear();
            let read = if in_json { log.read_line(&mut line) } else { said.read_line(&mut line) };
            assert!(read.expect("a line") > 0, "it ended before it served");
            if let Some((_, rest)) = line.split_once("http://") {
                break rest.split(['/', ' ', '"', '\n']).next().expect("an address").to_owned();
            }
        };
        Self { process, address, log, _database: database }
    }

    /// A request whose body is still under way, and that is being worked on.
    fn begin(&self) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a time limit");
        let head = "POST /api/v1/auth/token HTTP/1.1\r\nHost: cchc\r\nExpect: 100-continue\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 44\r\n\r\n";
        stream.write_all(head.as_bytes()).expect("the head is sent");
        let mut answer = [0; 25];
        stream.read_exact(&mut answer).expect("an answer to Expect");
        assert!(answer.starts_with(b"HTTP/1.1 100 Continue"), "{}", String::from_utf8_lossy(&answer));
        stream.write_all(b"grant_type=password&").expect("half of the body");
        stream
    }

    /// Asks it to stop and waits until it has begun to: what the log said until then.
    fn terminate(&mut self) -> String {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs").success());
        let mut said = String::new();
        while !said.contains("stopping") {
            assert!(self.log.read_line(&mut said).expect("a line") > 0, "it said nothing of stopping");
        }
        said
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn a_stop_finishes_what_runs_and_refuses_what_comes(app: TestApp) {
    let mut served = Served::start(app.backend, &[("CCHC_SHUTDOWN_SECONDS", "30")]);
    let mut running = served.begin();
    served.terminate();

    if let Ok(mut late) = TcpStream::connect(&served.address) {
        late.set_read_timeout(Some(Duration::from_secs(60))).expect("a time limit");
        let asked = late.write_all(b"GET /api/v1/auth/me HTTP/1.1\r\nHost: cchc\r\n\r\n");
        let mut answer = String::new();
        // Refused by a problem or by a closed connection, but never served.
        if asked.is_ok() && late.read_to_string(&mut answer).is_ok() && !answer.is_empty() {
            assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
            assert!(answer.to_lowercase().contains("\r\nconnection: close\r\n"), "{answer}");
        }
    }

    running.write_all(b"username=an&password=khong").expect("the rest of the body");
    let mut answer = [0; 12];
    running.read_exact(&mut answer).expect("the request is answered");
    assert_eq!(&answer, b"HTTP/1.1 400", "invalid-grant, as at any other time");
    drop(running);
    assert!(served.process.wait().expect("it ends").success());
}

async fn a_client_that_never_ends_does_not_hold_a_stop(app: TestApp) {
    let mut served = Served::start(app.backend, &[("CCHC_SHUTDOWN_SECONDS", "1")]);
    let _never = served.begin();
    let started = Instant::now();
    served.terminate();
    assert!(served.process.wait().expect("it ends").success());
    assert!(started.elapsed() < Duration::from_secs(30));
}

async fn a_container_asks_for_its_health(app: TestApp) {
    let mut served = Served::start(app.backend, &[("CCHC_LOG_FORMAT", "json")]);
    let ask = |address: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cchc"));
        command.arg("health").env_clear().env("CCHC_BIND", address).output().expect("the binary runs")
    };
    let healthy = ask(&served.address);
    assert!(healthy.status.success(), "{healthy:?}");
    assert_eq!(String::from_utf8_lossy(&healthy.stdout), "200 {\"status\":\"ok\"}\n");
    let mut line = String::new();
    let entry: serde_json::Value = loop {
        line.clear();
        assert!(served.log.read_line(&mut line).expect("a line") > 0, "the request is not in the log");
        let entry: serde_json::Value = serde_json::from_str(&line).expect("every line is JSON");
        if entry["target"] == "cchc::request" {
            break entry;
        }
    };
    assert_eq!((&entry["route"], &entry["status"]), (&"/health/ready".into(), &200.into()), "{entry}");
    assert!(
        entry["micros"].is_u64() && entry["request_id"].is_string() && entry["time"].is_string(),
        "{entry}"
    );
    let address = served.address.clone();
    served.terminate();
    served.process.wait().expect("it ends");
    assert!(!ask(&address).status.success());
}

/// Everything that may come with a request and belongs in no log, whatever becomes of the request.
async fn the_log_names_no_person_and_no_secret(app: TestApp) {
    const SECRETS: [&str; 6] =
        ["le.thi.bimat", "Lê Thị Bí Mật", "mat-khau-rieng-1", "bimat.pdf", "cursor-bimat", "q-bimat"];
    let database = TestDatabase::copy(app.backend).await;
    let mut served = Served::start_on(database, &[("CCHC_LOG", "trace,actix_web::types=trace")]);
    let base = format!("http://{}", served.address);
    let anonymous = Client::new(&base);
    let sign_in = |username: &'static str, password: &'static str| {
        let anonymous = anonymous.clone();
        async move {
            let form = [("grant_type", "password"), ("username", username), ("password", password)];
            anonymous.post_form("/api/v1/auth/token", &form).await
        }
    };
    let token = sign_in("admin", crate::support::app::PASSWORD).await.expect(200)["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let admin = anonymous.with_token(&token);
    let user = json!({"username": SECRETS[0], "display_name": SECRETS[1], "password": SECRETS[2], "must_change_password": false});
    admin.post("/api/v1/admin/users", &user).await.expect(201);
    admin.post("/api/v1/admin/users", &user).await.problem(409, "duplicate");
    admin
        .post("/api/v1/admin/users", &json!({"username": SECRETS[0], "display_name": [SECRETS[1]]}))
        .await
        .problem(400, "wrong-shape");
    let own = sign_in(SECRETS[0], SECRETS[2]).await.expect(200)["access_token"].as_str().unwrap().to_owned();
    sign_in(SECRETS[0], "mat-khau-rieng-1-sai").await.problem(400, "invalid-grant");
    admin.get("/api/v1/organization/org-units?q=q-bimat").await.expect(200);
    admin.get("/api/v1/admin/users?cursor=cursor-bimat").await.problem(422, "invalid-cursor");
    admin.get("/api/v1/admin/users/le.thi.bimat?q=L%C3%AA%20Th%E1%BB%8B%20B%C3%AD%20M%E1%BA%ADt").await;
    admin.with("x-file", SECRETS[3]).send("POST", "/api/v1/nowhere/bimat.pdf", None).await;
    let mut log = served.terminate();
    served.log.read_to_string(&mut log).expect("the rest of the log");
    assert!(log.matches("/api/v1/admin/users").count() >= 5, "requests are in the log: {log}");
    for secret in SECRETS.iter().copied().chain(["q=", &token, &own]) {
        assert!(!log.contains(secret), "{secret} is in the log: {log}");
    }
}
