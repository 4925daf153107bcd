//! `cchc doctor`: what an operator asks when something seems wrong, checked in one go without
//! changing anything that is there: the database, the keys, the storage of attachments, the journal's
//! chain, the clock, the reference data.

use std::fmt;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use chrono::Datelike;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::BigInt;
use futures_util::StreamExt;

use kernel::attachments::AttachmentId;
use kernel::attachments::storage::{Storage, StorageError};
use kernel::audit::chain::{self, Verdict};
use kernel::auth::keystore;
use kernel::config::Config;
use kernel::db::schema::{attachments, journal, org_units};
use kernel::db::types::Instant;
use kernel::db::{Db, DbConn, Location, migrate};
use kernel::error::ApiError;
use kernel::reporting::holidays::calendar;

/// How two clocks may differ before tokens and days go wrong, in seconds.
const CLOCK_TOLERANCE: i64 = 5;
/// How long a write may wait for its seal while a service runs, in seconds.
const SEAL_TOLERANCE: i64 = 60;

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gravity {
    /// As it should be.
    Fine,
    /// The service runs, but someone should look.
    Warning,
    /// The service cannot run, or its data cannot be trusted.
    Failure,
}

/// What was looked at, and what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub subject: &'static str,
    /// How grave it is.
    pub gravity: Gravity,
    /// What was found, and what to do.
    pub said: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gravity = match self.gravity {
            Gravity::Fine => "ok",
            Gravity::Warning => "warning",
            Gravity::Failure => "FAILURE",
        };
        write!(f, "{gravity:<8} {:<14} {}", self.subject, self.said)
    }
}

fn fine(subject: &'static str, said: impl Into<String>) -> Finding {
    Finding { subject, gravity: Gravity::Fine, said: said.into() }
}

fn warning(subject: &'static str, said: impl Into<String>) -> Finding {
    Finding { subject, gravity: Gravity::Warning, said: said.into() }
}

fn failure(subject: &'static str, said: impl Into<String>) -> Finding {
    Finding { subject, gravity: Gravity::Failure, said: said.into() }
}

/// Looks at everything; what depends on the database is left out where that cannot be used.
pub async fn examine(config: &Config, location: Location, now: Instant) -> Vec<Finding> {
    let mut findings = vec![configuration(config)];
    if let Err(error) = migrate::check(&location) {
        findings.push(failure("database", error.to_string()));
        return findings;
    }
    findings.push(fine("database", format!("{location} is at this version")));
    let db = match Db::open(location, config) {
        Ok(db) => db,
        Err(error) => {
            findings.push(failure("database", error.to_string()));
            return findings;
        }
    };
    findings.push(keys(&db, config).await);
    findings.push(contents(&db, config).await);
    let asked = db
        .read_list(move |conn| {
            Ok([
                clock(conn, now),
                journal_chain(conn),
                sealing(conn, now),
                units(conn),
                listed_holidays(conn, now),
            ])
        })
        .await;
    match asked {
        Ok(found) => findings
            .extend(found.map(|found| found.unwrap_or_else(|error| failure("database", error.to_string())))),
        Err(error) => findings.push(failure("database", error.to_string())),
    }
    findings
}

fn configuration(config: &Config) -> Finding {
    let everywhere = [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)];
    if everywhere.contains(&config.bind.ip()) && config.trusted_proxies.is_empty() {
        let said = "every setting is valid; CCHC_BIND takes connections from everywhere, and without \
             CCHC_TRUSTED_PROXIES all of a proxy's clients count as one address";
        return warning("configuration", said);
    }
    fine("configuration", "every setting is valid")
}

async fn keys(db: &Db, config: &Config) -> Finding {
    match keystore::load(db, config).await {
        Ok(Some(_)) => fine("keys", "the signing keys can be opened"),
        Ok(None) => warning("keys", "there are none yet; the first `cchc serve` makes them"),
        Err(error) => failure("keys", error.to_string()),
    }
}

/// Attachments of which is asked whether their content is there.
const ASKED: i64 = 20;

/// Whether the storage takes a content, gives it back and lets it go, and still has what came last.
async fn contents(db: &Db, config: &Config) -> Finding {
    let storage = match Storage::open(config) {
        Ok(storage) => storage,
        Err(error) => return failure("attachments", error.to_string()),
    };
    let asked = async {
        tried(&storage).await?;
        let newest = |conn: &mut DbConn| -> Result<Vec<(AttachmentId, i64)>, ApiError> {
            use attachments as a;
            let standing = a::table.filter(a::deleted_at.is_null()).order(a::id.desc()).limit(ASKED);
            Ok(standing.select((a::id, a::size_bytes)).load(conn)?)
        };
        for (id, size) in db.read_list(newest).await? {
            let found = storage.size(id).await?;
            if found.and_then(|found| i64::try_from(found).ok()) != Some(size) {
                return Ok(Some(id));
            }
        }
        Ok::<_, ApiError>(None)
    };
    match asked.await {
        Ok(None) => fine("attachments", format!("{storage} can be written and read, and has the newest")),
        Ok(Some(id)) => failure(
            "attachments",
            format!(
                "{storage} does not have the content of attachment {id}; look whether CCHC_ATTACHMENTS is right"
            ),
        ),
        Err(error) => failure("attachments", format!("{storage}: {error}")),
    }
}

async fn tried(storage: &Storage) -> Result<(), StorageError> {
    const CONTENT: &[u8] = b"cchc doctor";
    let id = AttachmentId::new();
    let mut file = storage.scratch()?;
    file.write_all(CONTENT)?;
    storage.put(id, file).await?;
    let mut pieces = storage.read(id, 0..11).await?;
    let mut read = Vec::new();
    while let Some(piece) = pieces.next().await {
        read.extend_from_slice(&piece?);
    }
    storage.remove(id).await?;
    if read == CONTENT { Ok(()) } else { Err(StorageError::Missing(id)) }
}

#[derive(QueryableByName)]
struct Micros {
    #[diesel(sql_type = BigInt)]
    micros: i64,
}

/// The machine's clock beside PostgreSQL's, and beside the newest entry: time does not run backwards.
fn clock(conn: &mut DbConn, now: Instant) -> Result<Finding, ApiError> {
    let newest: Option<Instant> = journal::table
        .order(journal::recorded_at.desc())
        .select(journal::recorded_at)
        .first(conn)
        .optional()?;
    if let Some(newest) = newest
        && newest > now.plus_seconds(CLOCK_TOLERANCE)
    {
        return Ok(failure(
            "clock",
            format!("it shows {now}, but an entry of the journal is of {newest}; set the clock"),
        ));
    }
    let DbConn::Pg(pg) = conn else { return Ok(fine("clock", format!("it shows {now}"))) };
    let query = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS micros";
    let server: Micros = sql_query(query).get_result(pg)?;
    let server = Instant::from_micros(server.micros);
    // The question was asked after `now` was read: only a difference beyond that is one.
    if server.unix_seconds().abs_diff(now.unix_seconds()) > CLOCK_TOLERANCE.unsigned_abs() {
        return Ok(warning(
            "clock",
            format!("it shows {now}, that of PostgreSQL {server}; keep both with NTP"),
        ));
    }
    Ok(fine("clock", format!("it shows {now}, as that of PostgreSQL does")))
}

fn journal_chain(conn: &mut DbConn) -> Result<Finding, ApiError> {
    Ok(match chain::verify(conn)? {
        Verdict::Sound { sealed, .. } => {
            fine("journal", format!("{sealed} sealed entries, and the chain verifies"))
        }
        Verdict::Broken { position, reason, .. } => failure(
            "journal",
            format!(
                "broken at position {position}: {reason}; keep the database as it is and ask who had access to it"
            ),
        ),
    })
}

fn sealing(conn: &mut DbConn, now: Instant) -> Result<Finding, ApiError> {
    let oldest = chain::unsealed_since(conn)?;
    Ok(match oldest {
        Some(oldest) if oldest < now.plus_seconds(-SEAL_TOLERANCE) => warning(
            "sealing",
            format!("entries since {oldest} are not sealed; a running service seals them within a second"),
        ),
        _ => fine("sealing", "nothing waits to be sealed for long"),
    })
}

fn units(conn: &mut DbConn) -> Result<Finding, ApiError> {
    let count: i64 = org_units::table.count().get_result(conn)?;
    if count < 2 {
        return Ok(warning("units", "there are none; run `cchc import units`"));
    }
    Ok(fine("units", format!("{count} units")))
}

/// Whether due days can be computed this year, and from October on next year.
fn listed_holidays(conn: &mut DbConn, now: Instant) -> Result<Finding, ApiError> {
    let today = now.vietnam_day();
    let years = [today.year(), today.year() + i32::from(today.month() >= 10)];
    for year in years {
        if !calendar(conn, year..=year)?.knows(year) {
            let said = format!(
                "those of {year} are not all listed, so no due day can be computed; run `cchc import holidays` or enter them"
            );
            return Ok(warning("holidays", said));
        }
    }
    Ok(fine("holidays", "this year's are listed"))
}

/// The address under which this machine reaches its own service.
#[must_use]
pub fn own_address(bind: SocketAddr) -> SocketAddr {
    let ip = match bind.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, bind.port())
}
