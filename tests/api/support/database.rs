//! A database for each story: a copy of a template that is migrated and filled once a run.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use diesel::connection::SimpleConnection;
use kernel::config::{Config, Secret};
use kernel::db::{Db, DbConn, Location, PlanMode, migrate};
use organization::catalogue;
use organization::catalogue::import::import_plan;
use organization::catalogue::rows::root_ensure;
use tempfile::TempDir;

use super::app::{ADMIN, PASSWORD, noon};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Backend {
    Sqlite,
    Postgres,
}

impl Backend {
    pub fn available() -> Vec<Self> {
        match postgres_url() {
            Some(_) => vec![Self::Sqlite, Self::Postgres],
            None => vec![Self::Sqlite],
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgresql",
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one variable that the tests read")]
fn postgres_url() -> Option<String> {
    std::env::var("TEST_POSTGRES_URL").ok().filter(|url| !url.is_empty())
}

/// A database that is gone when the story ends.
pub struct TestDatabase {
    pub location: Location,
    pub folder: TempDir,
    postgres_name: Option<String>,
}

impl TestDatabase {
    /// A copy of the template: three provinces in both structures, and an administrator.
    pub async fn copy(backend: Backend) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        match backend {
            Backend::Sqlite => {
                let template = sqlite_template().await;
                let file = folder.path().join("cchc.db");
                std::fs::copy(template, &file).expect("the template can be copied");
                Self { location: Location::Sqlite(file), folder, postgres_name: None }
            }
            Backend::Postgres => {
                let template = postgres_template().await;
                let name = fresh_name("story");
                // PostgreSQL copies a template for one client at a time.
                static COPYING: Mutex<()> = Mutex::new(());
                {
                    let _turn = COPYING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    maintain(&format!("CREATE DATABASE {name} TEMPLATE {template}"));
                }
                Self { location: postgres_location(&name), folder, postgres_name: Some(name) }
            }
        }
    }

    /// The same PostgreSQL database for another instance; `None` on SQLite, which serves one process.
    pub fn shared(&self) -> Option<Self> {
        self.postgres_name.as_ref()?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        Some(Self { location: self.location.clone(), folder, postgres_name: None })
    }

    /// An empty database, for stories about opening one.
    pub fn empty(backend: Backend) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        match backend {
            Backend::Sqlite => {
                let location = Location::Sqlite(folder.path().join("cchc.db"));
                Self { location, folder, postgres_name: None }
            }
            Backend::Postgres => {
                let name = fresh_name("empty");
                create(&name);
                Self { location: postgres_location(&name), folder, postgres_name: Some(name) }
            }
        }
    }

    /// A PostgreSQL database that sorts by the rules of a language.
    pub fn sorted_by_language() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let name = fresh_name("language");
        maintain(&format!(
            "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'vi'"
        ));
        Self { location: postgres_location(&name), folder, postgres_name: Some(name) }
    }

    pub fn connect(&self) -> DbConn {
        self.location.connect(PlanMode::Generic).expect("the story's database answers")
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Some(name) = &self.postgres_name {
            maintain(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

fn fresh_name(kind: &str) -> String {
    format!("cchc_{kind}_{}", uuid::Uuid::now_v7().simple())
}

fn postgres_location(database: &str) -> Location {
    let url = postgres_url().expect("TEST_POSTGRES_URL is set");
    let (server, rest) = url.rsplit_once('/').expect("the URL names a database");
    let options = rest.split_once('?').map(|(_, options)| format!("?{options}")).unwrap_or_default();
    Location::Postgres(Secret::from(format!("{server}/{database}{options}")))
}

fn maintain(statement: &str) {
    let url = postgres_url().expect("TEST_POSTGRES_URL is set");
    let location = Location::Postgres(Secret::from(url));
    let mut conn = location.connect(PlanMode::Generic).expect("TEST_POSTGRES_URL answers");
    conn.batch_execute(statement).expect(statement);
}

fn create(name: &str) {
    maintain(&format!(
        "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
    ));
}

struct Template {
    name: String,
    _folder: Option<TempDir>,
}

static SQLITE: OnceLock<Template> = OnceLock::new();
static POSTGRES: OnceLock<Template> = OnceLock::new();
static MAKING: Mutex<()> = Mutex::new(());

async fn sqlite_template() -> PathBuf {
    let template = SQLITE.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("template.db");
        fill(Location::Sqlite(file.clone()));
        Template { name: file.to_string_lossy().into_owned(), _folder: Some(folder) }
    });
    Path::new(&template.name).to_owned()
}

async fn postgres_template() -> String {
    let template = POSTGRES.get_or_init(|| {
        let name = fresh_name("template");
        create(&name);
        fill(postgres_location(&name));
        Template { name, _folder: None }
    });
    template.name.clone()
}

/// Removes the PostgreSQL template at the end of the run.
pub fn drop_templates() {
    if let Some(template) = POSTGRES.get() {
        maintain(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", template.name));
    }
}

/// Migrates and fills a template on a thread of its own: stories run inside a runtime already.
fn fill(location: Location) {
    let _one_at_a_time = MAKING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            migrate::prepare(&location).expect("the template can be migrated");
            let db = Db::open(location.clone(), &test_config()).expect("the template can be opened");
            import_plan(&db, noon(), &three_provinces(), |_, _| {}).await.expect("units can be imported");
            kernel::auth::command::admin_create_with_cost(
                &db,
                root_ensure,
                noon(),
                ADMIN,
                PASSWORD,
                super::app::CHEAP,
            )
            .await
            .expect("an administrator can be made");
            if let Location::Sqlite(_) = &location {
                let mut conn = location.connect(PlanMode::Generic).expect("the template answers");
                conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)").expect("the log can be folded in");
            }
        });
    })
    .join()
    .expect("the template can be filled");
}

pub fn test_config() -> Config {
    Config::from_vars(&std::collections::BTreeMap::new()).expect("the defaults are valid")
}

/// Cần Thơ, Hậu Giang and Sóc Trăng of 2024, Cần Thơ of 2025: the part of the country in which the
/// stories play.
fn three_provinces() -> catalogue::CataloguePlan {
    let bundled = catalogue::BUNDLED;
    let units_2024 = rows_under(bundled.units_2024, &["92", "93", "94"]);
    let units_2025 = rows_under(bundled.units_2025, &["92"]);
    let codes = |units: &str| -> std::collections::HashSet<String> {
        units.lines().skip(1).filter_map(|line| Some(line.split(',').next()?.to_owned())).collect()
    };
    let (old, new) = (codes(&units_2024), codes(&units_2025));
    let text = std::str::from_utf8(bundled.successions).expect("the bundled files are UTF-8");
    let successions: String = text
        .lines()
        .enumerate()
        .filter(|(number, line)| {
            let mut cells = line.split(',');
            let (from, to) = (cells.next().unwrap_or_default(), cells.next().unwrap_or_default());
            *number == 0 || (old.contains(from) && new.contains(to))
        })
        .map(|(_, line)| format!("{line}\n"))
        .collect();
    catalogue::plan(catalogue::CatalogueFiles {
        units_2024: units_2024.as_bytes(),
        units_2025: units_2025.as_bytes(),
        successions: successions.as_bytes(),
    })
    .expect("the part is consistent")
}

/// The rows of these provinces and of everything under them.
fn rows_under(file: &[u8], provinces: &[&str]) -> String {
    let text = std::str::from_utf8(file).expect("the bundled files are UTF-8");
    let mut kept: std::collections::HashSet<&str> = std::collections::HashSet::new();
    let mut out = String::new();
    for (number, line) in text.lines().enumerate() {
        let code = line.split(',').next().unwrap_or_default();
        let parent = line.rsplit(',').next().unwrap_or_default();
        if number == 0 || provinces.contains(&code) || kept.contains(parent) {
            kept.insert(code);
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}
