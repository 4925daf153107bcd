//! The command line: it reads the arguments, calls the library and prints one line where something
//! is wrong. No logic of its own.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use cchc::demo::dossiers::DemoDossiers;
use cchc::doctor::Gravity;
use cchc::exchange::imports::{self, COLLECTIONS};
use cchc::openapi::carried;
use cchc::service::{Service, open_for_command};
use cchc::{app, demo, doctor, exchange};
use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand};
use kernel::api::batch::{BatchMode, OnConflict};
use kernel::api::contract::Contract;
use kernel::api::sheet::file::{ImportFile, Progress};
use kernel::attachments::storage::Storage;
use kernel::audit::chain::{self, Verdict};
use kernel::auth;
use kernel::backup::{self, Restored, Summary, Taken};
use kernel::config::{Config, SETTINGS};
use kernel::db::{Location, migrate};
use kernel::error::{ApiError, Language};
use kernel::logging::{self, LogFormat};
use kernel::reporting::{holidays, periods};
use kernel::state::{Clock, StartError};
use organization::catalogue::rows::root_ensure;
use tthc::dossiers::summaries;
use tthc::dossiers::summaries::verify::Verified;

/// Batches make and drop millions of small things on many threads: what is free goes back to the system.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The open service for administrative reform (cải cách hành chính) of a Vietnamese province.
#[derive(Parser)]
#[command(name = "cchc", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API; migrates the database first.
    Serve,
    /// Serve a demonstration with a real district's figures, from `demo.db` in the data folder.
    Demo {
        /// Start over: forget what the demonstration holds.
        #[arg(long)]
        fresh: bool,
        /// Make dossiers up: `report` for those that the figures of the district rest on, or a number of them
        /// over the units of the country.
        #[arg(long, value_name = "report|NUMBER")]
        dossiers: Option<DemoDossiers>,
    },
    /// Bring the database to this version.
    Migrate,
    /// Load reference data that come with the service, or records from a spreadsheet or CSV file.
    Import(Import),
    /// Accounts of administrators.
    #[command(subcommand)]
    Admin(Admin),
    /// Write everything to a new file, while the service runs.
    Backup {
        /// The file.
        file: PathBuf,
    },
    /// Restore a backup into an empty database of either kind.
    Restore {
        /// The file.
        file: PathBuf,
        /// The digest that `backup` told: no other file is restored.
        #[arg(long, value_name = "DIGEST")]
        expect: Option<String>,
    },
    /// Signing keys.
    #[command(subcommand)]
    Keys(Keys),
    /// The counts of dossiers.
    #[command(subcommand)]
    Rollup(Rollup),
    /// What records are found by.
    #[command(subcommand)]
    Search(Search),
    /// The journal.
    #[command(subcommand)]
    Audit(Audit),
    /// Look at configuration, database, keys, journal, clock and reference data; change nothing.
    Doctor,
    /// Ask the service of this configuration whether it is ready.
    Health,
    /// Print every setting with its default and meaning, after checking the environment.
    Config,
    /// Print the OpenAPI document.
    Openapi,
}

#[derive(Args)]
struct Import {
    /// What to load; `units` come with the service; `periods`, `holidays` and `procedures` do where no file is named.
    #[arg(value_parser = PossibleValuesParser::new([UNITS].iter().chain(COLLECTIONS)))]
    collection: String,
    /// A spreadsheet (XLSX) or CSV file that follows the collection's template, or a file with a JSON record a line (NDJSON).
    file: Option<PathBuf>,
    /// Only hold the file against everything, and write nothing.
    #[arg(long, requires = "file")]
    dry_run: bool,
    /// Write all rows or nothing, in one transaction, instead of those that can be written, part by part.
    #[arg(long, requires = "file")]
    whole: bool,
    /// Begin again instead of going on where an import of the same file was interrupted.
    #[arg(long, requires = "file")]
    restart: bool,
    /// Replace records that have the natural key of a row.
    #[arg(long, requires = "file")]
    update: bool,
    /// Where to put a copy of the file with its faults marked, when there are any.
    #[arg(long, requires = "file", value_name = "COPY.xlsx")]
    faults: Option<PathBuf>,
    /// The language in which refused rows are told what is wrong with them.
    #[arg(long, requires = "file", default_value = "vi", value_parser = ["vi", "en"])]
    language: String,
}

/// The administrative units of the country, which come with the service.
const UNITS: &str = "units";

#[derive(Subcommand)]
enum Admin {
    /// Make the first administrator; the password is asked for, or read from `CCHC_ADMIN_PASSWORD`.
    Create {
        /// The name to sign in with.
        username: String,
    },
}

#[derive(Subcommand)]
enum Keys {
    /// Publish a new signing key; it signs once every cache of the public keys has expired.
    Rotate {
        /// Add a key of personal data instead; it seals once every instance has it.
        #[arg(long)]
        personal: bool,
    },
    /// Seal personal data anew that are sealed under an older key.
    Reseal,
    /// Write all keys in clear to a new file that its owner alone reads, to move the installation.
    Export {
        /// The file.
        file: PathBuf,
    },
    /// Take the keys of a file, such as `keys.json` of SQLite, where there are none yet.
    Import {
        /// The file.
        file: PathBuf,
    },
}

#[derive(Subcommand)]
enum Rollup {
    /// Count all dossiers again and name sums that are not what they say.
    Verify,
    /// Make the sums anew from all dossiers; whoever writes a dossier waits meanwhile.
    Rebuild,
}

#[derive(Subcommand)]
enum Search {
    /// Make what records are found by anew from the journal; whoever writes a record or searches waits meanwhile.
    Rebuild,
}

#[derive(Subcommand)]
enum Audit {
    /// Recompute the hash chain and name the first entry that was changed or is missing.
    Verify,
}

#[actix_web::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let config = match Config::from_env() {
        Ok(config) => config,
        Err(faults) => return fail(&faults.to_string()),
    };
    logging::start(&config);
    match run(cli.command, config).await {
        Ok(code) => code,
        Err(error) => fail(&error.to_string()),
    }
}

fn fail(line: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "cchc: {line}");
    ExitCode::FAILURE
}

fn contract() -> Result<Contract, ApiError> {
    Contract::new(carried::CHECKED).map_err(ApiError::internal)
}

async fn run(command: Command, config: Config) -> Result<ExitCode, StartError> {
    let mut out = io::stdout();
    match command {
        Command::Serve => {
            let location = migrate::location(&config)?;
            let in_json = config.log_format == LogFormat::Json;
            let listener = app::listen(config.bind)?;
            let service = Service::open(config, location, Clock::System, contract()?).await?;
            let address = listener.local_addr()?;
            match in_json {
                true => log::info!("cchc serves on http://{address}"),
                false => writeln!(out, "cchc serves on http://{address}")?,
            }
            service.state.set_ready();
            service.run(listener).await?;
        }
        Command::Demo { fresh, dossiers } => {
            demo::run(config, fresh, dossiers, contract()?, &mut out).await?;
        }
        Command::Migrate => {
            let location = migrate::location(&config)?;
            migrate::prepare(&location)?;
            writeln!(out, "{location} is at this version")?;
        }
        Command::Import(list) => return import(list, &config, &mut out).await,
        Command::Admin(Admin::Create { username }) => {
            let db = open_for_command(&config, migrate::location(&config)?).await?;
            let password = match config.admin_password {
                Some(password) => password.expose().to_owned(),
                None => rpassword::prompt_password("Password: ").map_err(|cause| {
                    let said =
                        format!("no terminal to ask for the password on ({cause}); set CCHC_ADMIN_PASSWORD");
                    io::Error::new(cause.kind(), said)
                })?,
            };
            auth::command::admin_create(&db, root_ensure, Clock::System.now(), &username, &password).await?;
            writeln!(out, "administrator {username} was made")?;
        }
        Command::Keys(Keys::Rotate { personal: true }) => {
            let db = open_for_command(&config, migrate::location(&config)?).await?;
            auth::keystore::rotate_personal(&db, &config, Clock::System.now()).await?;
            writeln!(
                out,
                "personal data are sealed under a new key in a minute; then run `cchc keys reseal`"
            )?;
        }
        Command::Keys(Keys::Reseal) => {
            let db = open_for_command(&config, migrate::location(&config)?).await?;
            let now = Clock::System.now();
            let ring = auth::keystore::load_or_create(&db, &config, now).await?;
            let ring = std::sync::Arc::new(ring);
            let count = tthc::dossiers::reseal::reseal(&db, ring.clone(), now).await?;
            writeln!(out, "{count} dossiers were sealed anew")?;
            let count = tthc::feedback::reseal::reseal(&db, ring.clone(), now).await?;
            writeln!(out, "{count} petitioners of feedback were sealed anew")?;
            let count = civil_service::officials::reseal::reseal(&db, ring.clone(), now).await?;
            writeln!(out, "{count} officials were sealed anew")?;
            let count = exchange::national_portal::ledger::reseal::reseal(&db, ring, now).await?;
            writeln!(out, "{count} entries of the ledger were sealed anew")?;
        }
        Command::Keys(Keys::Export { file }) => {
            let db = open_for_command(&config, migrate::location(&config)?).await?;
            auth::keystore::export(&db, &config, &file).await?;
            writeln!(out, "all keys are in {} in clear: remove it once they are imported", file.display())?;
        }
        Command::Keys(Keys::Import { file }) => {
            let db = open_for_command(&config, migrate::location(&config)?).await?;
            auth::keystore::import(&db, &config, &file, Clock::System.now()).await?;
            writeln!(out, "the keys of {} are those of this installation", file.display())?;
        }
        Command::Rollup(Rollup::Verify) => return verify_counts(&migrate::location(&config)?, &mut out),
        Command::Rollup(Rollup::Rebuild) => {
            let db = open_for_command(&config, migrate::location(&config)?).await?;
            writeln!(out, "{} dossiers were counted anew", summaries::verify::remake(&db).await?)?;
        }
        Command::Search(Search::Rebuild) => {
            let db = open_for_command(&config, migrate::location(&config)?).await?;
            writeln!(out, "{} records are found", kernel::search::rebuild_all(&db).await?)?;
        }
        Command::Keys(Keys::Rotate { personal: false }) => {
            let db = open_for_command(&config, migrate::location(&config)?).await?;
            auth::keystore::rotate(&db, &config, Clock::System.now()).await?;
            let seconds = config.jwks_cache_seconds;
            writeln!(out, "a new key is published and signs in {seconds} seconds")?;
        }
        Command::Backup { file } => {
            let location = migrate::location(&config)?;
            let storage = Storage::open(&config)?;
            let name = file.display().to_string();
            let Taken { summary, chain } = backup::take(location, storage, Clock::System.now(), file).await?;
            let Summary { manifest, rows, contents, digest } = summary;
            writeln!(
                out,
                "{rows} rows and the content of {contents} attachments are in {name}; its digest is {digest}, its chain ends in {}",
                manifest.hash
            )?;
            if let Verdict::Broken { position, reason, .. } = chain {
                return Ok(fail(&format!(
                    "the journal in {name} is BROKEN at position {position} ({reason}): keep the file, it will not restore; keep the backups before it too"
                )));
            }
        }
        Command::Restore { file, expect } => {
            let location = migrate::location(&config)?;
            let Restored { summary, unjournaled } =
                backup::restore(location, Storage::open(&config)?, file, expect).await?;
            let Summary { manifest, rows, contents, digest } = summary;
            writeln!(
                out,
                "{rows} rows and the content of {contents} attachments of {} were restored; the digest is {digest}, the chain verifies and ends in {}",
                manifest.taken_at, manifest.hash
            )?;
            for (table, count) in unjournaled {
                writeln!(out, "{count} of {table} are not of the version that the journal tells last")?;
            }
        }
        Command::Audit(Audit::Verify) => return verify(&migrate::location(&config)?, &mut out),
        Command::Doctor => {
            let findings = doctor::examine(&config, migrate::location(&config)?, Clock::System.now()).await;
            for finding in &findings {
                writeln!(out, "{finding}")?;
            }
            if findings.iter().any(|finding| finding.gravity == Gravity::Failure) {
                return Ok(ExitCode::FAILURE);
            }
        }
        Command::Health => return health(&config, &mut out),
        Command::Config => {
            for row in SETTINGS {
                let default = if row.default.is_empty() { "(none)" } else { row.default };
                writeln!(out, "{}\n    default {default}\n    {}", row.name, row.meaning)?;
            }
        }
        Command::Openapi => {
            let document: serde_json::Value =
                serde_json::from_str(&carried::document()?).map_err(ApiError::internal)?;
            writeln!(out, "{document:#}")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn import(list: Import, config: &Config, out: &mut impl Write) -> Result<ExitCode, StartError> {
    let Import { collection, file, dry_run, whole, restart, update, faults, language } = list;
    let db = open_for_command(config, migrate::location(config)?).await?;
    let at = Clock::System.now();
    let Some(path) = file else {
        match collection.as_str() {
            UNITS => writeln!(out, "{}", organization::catalogue::import::import(&db, at, |_, _| {}).await?)?,
            "holidays" => {
                let made = holidays::import(&db, at).await?;
                writeln!(out, "made {made} holidays and make-up working days")?;
            }
            "periods" => {
                let made = periods::import(&db, at).await?;
                writeln!(out, "made {made} periods of the calendar regime")?;
            }
            "procedures" => {
                let made = tthc::procedures::import::import(&db, at).await?;
                writeln!(out, "made {} fields and {} procedures", made.fields, made.procedures)?;
            }
            _ => return Ok(fail(&format!("no {collection} come with the service: name a file"))),
        }
        return Ok(ExitCode::SUCCESS);
    };
    std::fs::File::open(&path)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?;
    let target = imports::target(db, config, &collection, Clock::System, contract()?).await?;
    let file = ImportFile {
        path,
        mode: if whole { BatchMode::All } else { BatchMode::Partial },
        on_conflict: if update { OnConflict::Update } else { OnConflict::Refuse },
        dry_run,
        copy: faults,
        restart,
        language: if language == "en" { Language::En } else { Language::Vi },
    };
    let Some(imported) = imports::import(&collection, &target, &file, &Progress::new()).await? else {
        return Ok(fail(&format!("{collection} are not taken from files")));
    };
    write!(out, "{imported}")?;
    Ok(if imported.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One request to the service itself, for the health check of a container that has no curl.
fn health(config: &Config, out: &mut impl Write) -> Result<ExitCode, StartError> {
    let address = doctor::own_address(config.bind);
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(2))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(b"GET /health/ready HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(64 * 1024).read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1).unwrap_or("no status");
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.trim()).unwrap_or_default();
    writeln!(out, "{status} {body}")?;
    Ok(if status == "200" { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn verify_counts(location: &Location, out: &mut impl Write) -> Result<ExitCode, StartError> {
    migrate::check(location)?;
    let mut conn = migrate::single_connection(location)?;
    let verified = summaries::verify::verify(&mut conn)?;
    let is_sound = verified.is_sound();
    let Verified { dossiers, sums, wrong, wrong_count, late_count } = verified;
    if is_sound {
        writeln!(out, "sound: {dossiers} dossiers make {sums} sums")?;
        return Ok(ExitCode::SUCCESS);
    }
    for line in wrong {
        writeln!(out, "{line}")?;
    }
    writeln!(
        out,
        "WRONG: {wrong_count} of {sums} sums, {late_count} of {dossiers} late days; `cchc rollup rebuild` makes them anew"
    )?;
    Ok(ExitCode::FAILURE)
}

fn verify(location: &Location, out: &mut impl Write) -> Result<ExitCode, StartError> {
    migrate::check(location)?;
    let mut conn = migrate::single_connection(location)?;
    match chain::verify(&mut conn)? {
        Verdict::Sound { sealed, hash, unsealed } => {
            writeln!(out, "sound: {sealed} entries sealed, {unsealed} waiting; the chain ends in {hash}")?;
            Ok(ExitCode::SUCCESS)
        }
        Verdict::Broken { position, id, reason } => {
            let id = id.map(|id| format!(" ({id})")).unwrap_or_default();
            writeln!(out, "BROKEN at position {position}{id}: {reason}")?;
            Ok(ExitCode::FAILURE)
        }
    }
}
