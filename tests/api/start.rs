//! Starting the binary: what is wrong is said in one line, with an exit code that is not 0.

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use diesel::connection::SimpleConnection;

use kernel::db::Location;

use crate::support::TestApp;
use crate::support::database::{Backend, TestDatabase};
use crate::tell;

tell![
    wrong_settings_are_listed_all_at_once,
    a_wrong_database_is_refused_in_one_line,
    a_database_newer_than_the_program_is_refused,
    a_second_process_on_the_same_file_is_refused,
    commands_work_beside_a_running_service,
    keys_come_along_from_one_database_to_another,
    two_instances_may_migrate_at_once,
    an_installation_is_examined,
    a_data_folder_that_is_made_is_the_services_alone,
    a_database_that_is_made_is_the_services_alone,
];

fn cchc(arguments: &[&str], vars: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cchc"));
    command.args(arguments).env_clear().env("CCHC_LOG", "error").env("CCHC_BIND", "127.0.0.1:0");
    command.envs(vars.iter().copied()).output().expect("the binary runs")
}

#[track_caller]
pub fn refused(output: &Output, part: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "it should not have started: {said}");
    assert!(said.contains(part), "{said}");
}

pub fn vars_of(database: &TestDatabase) -> Vec<(&'static str, String)> {
    let mut vars = vec![
        ("CCHC_DATA_DIR", database.folder.path().to_string_lossy().into_owned()),
        ("CCHC_MASTER_KEY", "a master key for the stories alone".to_owned()),
    ];
    if let Location::Postgres(url) = &database.location {
        vars.push(("DATABASE_URL", url.expose().to_owned()));
    }
    vars
}

pub fn on(database: &TestDatabase, arguments: &[&str]) -> Output {
    let vars = vars_of(database);
    let vars: Vec<_> = vars.iter().map(|(name, value)| (*name, value.as_str())).collect();
    cchc(arguments, &vars)
}

async fn wrong_settings_are_listed_all_at_once(_app: TestApp) {
    let output = cchc(&["serve"], &[("CCHC_BIND", "here"), ("CCHC_COLOUR", "red"), ("CCHC_WORKERS", "many")]);
    for part in ["CCHC_BIND", "CCHC_COLOUR", "CCHC_WORKERS"] {
        refused(&output, part);
    }
    let listed = cchc(&["config"], &[]);
    assert!(String::from_utf8_lossy(&listed.stdout).contains("CCHC_MASTER_KEY"));
}

async fn a_wrong_database_is_refused_in_one_line(app: TestApp) {
    let key = ("CCHC_MASTER_KEY", "a master key for the stories alone");
    refused(&cchc(&["serve"], &[("DATABASE_URL", "mysql://localhost/cchc")]), "must begin with postgres://");
    let away = cchc(&["serve"], &[("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none"), key]);
    refused(&away, "check host, port, user, password");
    assert_eq!(String::from_utf8_lossy(&away.stderr).lines().count(), 1);
    refused(&cchc(&["serve"], &[("CCHC_DATA_DIR", "/proc/cchc")]), "set CCHC_DATA_DIR");
    refused(&cchc(&["serve"], &[("CCHC_BIND", app.address())]), "set CCHC_BIND to a free address");
    if app.backend == Backend::Postgres {
        let languages = TestDatabase::sorted_by_language();
        refused(&on(&languages, &["serve"]), "LC_COLLATE 'C'");
        let keyless = TestDatabase::empty(Backend::Postgres);
        let url = vars_of(&keyless).pop().map(|(_, url)| url).unwrap_or_default();
        refused(&cchc(&["serve"], &[("DATABASE_URL", &url)]), "CCHC_MASTER_KEY must be set");
    }
}

async fn a_database_newer_than_the_program_is_refused(app: TestApp) {
    app.connect()
        .batch_execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000000')")
        .unwrap();
    refused(&on(&app.database, &["migrate"]), "newer than this program");
}

async fn a_second_process_on_the_same_file_is_refused(app: TestApp) {
    if app.backend == Backend::Postgres {
        return;
    }
    let _lock = kernel::db::migrate::lock_for_serving(&app.database.location).expect("the first process");
    refused(&on(&app.database, &["serve"]), "already served by another process");
}

async fn commands_work_beside_a_running_service(app: TestApp) {
    let admin = app.admin().await;
    let before = app.anonymous().get("/.well-known/jwks.json").await.expect(200);
    let rotated = on(&app.database, &["keys", "rotate"]);
    assert!(rotated.status.success(), "{}", String::from_utf8_lossy(&rotated.stderr));
    app.state.refresh().await.expect("the service looks for changes");
    let after = app.anonymous().get("/.well-known/jwks.json").await.expect(200);
    assert_eq!((before["keys"].as_array().unwrap().len(), after["keys"].as_array().unwrap().len()), (1, 2));
    // Nobody is cut off by the rotation.
    admin.get("/api/v1/auth/me").await.expect(200);

    let made = {
        let vars = vars_of(&app.database);
        let mut vars: Vec<_> = vars.iter().map(|(name, value)| (*name, value.as_str())).collect();
        vars.push(("CCHC_ADMIN_PASSWORD", "mot-mat-khau-khac-2"));
        cchc(&["admin", "create", "admin.hai"], &vars)
    };
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    assert!(!String::from_utf8_lossy(&made.stdout).contains("mot-mat-khau"));
    let form = [("grant_type", "password"), ("username", "admin.hai"), ("password", "mot-mat-khau-khac-2")];
    app.token(&form).await.expect(200);
    app.seal().await;
    let verified = on(&app.database, &["audit", "verify"]);
    assert!(verified.status.success() && String::from_utf8_lossy(&verified.stdout).starts_with("sound"));
}

async fn keys_come_along_from_one_database_to_another(app: TestApp) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.json");
    let name = file.to_str().unwrap();
    let exported = on(&app.database, &["keys", "export", name]);
    assert!(exported.status.success(), "{}", String::from_utf8_lossy(&exported.stderr));
    let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    refused(&on(&app.database, &["keys", "export", name]), "cannot create");
    refused(&on(&app.database, &["keys", "import", name]), "has keys already");

    let moved = TestDatabase::empty(app.backend);
    assert!(on(&moved, &["migrate"]).status.success());
    let imported = on(&moved, &["keys", "import", name]);
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
    let again = folder.path().join("again.json");
    assert!(on(&moved, &["keys", "export", again.to_str().unwrap()]).status.success());
    assert_eq!(std::fs::read(&file).unwrap(), std::fs::read(&again).unwrap(), "the same keys");
    refused(&on(&moved, &["keys", "import", name]), "has keys already");
}

async fn two_instances_may_migrate_at_once(app: TestApp) {
    let database = TestDatabase::empty(app.backend);
    let outputs = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..3).map(|_| scope.spawn(|| on(&database, &["migrate"]))).collect();
        runs.into_iter().map(|run| run.join().expect("a run")).collect::<Vec<_>>()
    });
    for output in outputs {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

async fn a_data_folder_that_is_made_is_the_services_alone(_app: TestApp) {
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("made/here");
    let migrated = cchc(&["migrate"], &[("CCHC_DATA_DIR", made.to_str().unwrap())]);
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
    assert!(made.join("cchc.db").exists());
    assert_eq!(made.metadata().unwrap().permissions().mode() & 0o7777, 0o700);
}

async fn a_database_that_is_made_is_the_services_alone(_app: TestApp) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let migrated = cchc(&["migrate"], &[("CCHC_DATA_DIR", folder.path().to_str().unwrap())]);
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
    let made = folder.path().join("cchc.db").metadata().unwrap();
    assert_eq!(made.permissions().mode() & 0o7777, 0o600, "though everybody may enter the folder");
}

async fn an_installation_is_examined(app: TestApp) {
    app.period("year", "2024").await;
    app.seal().await;
    let said = |output: &Output| String::from_utf8_lossy(&output.stdout).into_owned();
    let examined = said(&on(&app.database, &["doctor"]));
    for subject in ["configuration", "database", "keys", "attachments", "journal", "units"] {
        assert!(examined.contains(&format!("ok       {subject}")), "{examined}");
    }
    assert!(examined.contains("warning  holidays"), "{examined}");

    app.connect().batch_execute("UPDATE journal SET content = '{}' WHERE id = (SELECT entry_id FROM journal_chain WHERE position = 2)").unwrap();
    let broken = on(&app.database, &["doctor"]);
    assert!(!broken.status.success());
    assert!(said(&broken).contains("FAILURE  journal        broken at position 2"), "{}", said(&broken));

    let empty = TestDatabase::empty(app.backend);
    let unmigrated = on(&empty, &["doctor"]);
    assert!(!unmigrated.status.success());
    assert!(said(&unmigrated).contains("run `cchc migrate`"), "{}", said(&unmigrated));
    if app.backend == Backend::Postgres {
        let vars = vars_of(&app.database);
        let mut vars: Vec<_> = vars.iter().map(|(name, value)| (*name, value.as_str())).collect();
        vars.push(("CCHC_MASTER_KEY", "another master key than that of the stories"));
        let locked = cchc(&["doctor"], &vars);
        assert!(said(&locked).contains("FAILURE  keys"), "{}", said(&locked));
    }
}
