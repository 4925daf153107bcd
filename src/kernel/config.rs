//! Configuration: the only reader of the environment. Every setting stands in one table with its
//! type, default and meaning; a start with a wrong or unknown name lists all faults at once.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::auth::keys::MasterKey;
use crate::logging::LogFormat;
use crate::reporting::working_days::OfficeHours;

/// A text that must not be shown: its `Debug` and `Display` are blank.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// A whole number between `MIN` and `MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count<const MIN: u32, const MAX: u32>(u32);

impl<const MIN: u32, const MAX: u32> Count<MIN, MAX> {
    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The number as a size in memory.
    #[must_use]
    pub fn size(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    /// The number read as seconds.
    #[must_use]
    pub fn seconds(self) -> Duration {
        Duration::from_secs(u64::from(self.0))
    }

    /// The number read as milliseconds.
    #[must_use]
    pub fn millis(self) -> Duration {
        Duration::from_millis(u64::from(self.0))
    }
}

impl<const MIN: u32, const MAX: u32> fmt::Display for Count<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// How the text of a setting becomes its value.
trait Setting: Sized {
    /// The value, or what was expected.
    fn read(text: &str) -> Result<Self, String>;
}

impl<const MIN: u32, const MAX: u32> TryFrom<u32> for Count<MIN, MAX> {
    type Error = String;

    fn try_from(number: u32) -> Result<Self, String> {
        if (MIN..=MAX).contains(&number) {
            Ok(Self(number))
        } else {
            Err(format!("a whole number from {MIN} to {MAX}"))
        }
    }
}

impl<const MIN: u32, const MAX: u32> Setting for Count<MIN, MAX> {
    fn read(text: &str) -> Result<Self, String> {
        // What is no number at all is outside every span.
        text.parse::<u32>()
            .map_or_else(|_| Err(format!("a whole number from {MIN} to {MAX}")), Self::try_from)
    }
}

impl Setting for SocketAddr {
    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| "an address and port such as 127.0.0.1:8080 or [::1]:8080".into())
    }
}

impl Setting for PathBuf {
    fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() { Err("the path of a folder".into()) } else { Ok(Self::from(text)) }
    }
}

impl Setting for String {
    fn read(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() { Err("a text that is not empty".into()) } else { Ok(text.into()) }
    }
}

impl Setting for Option<Secret> {
    fn read(text: &str) -> Result<Self, String> {
        Ok(if text.is_empty() { None } else { Some(Secret(text.into())) })
    }
}

impl Setting for Option<MasterKey> {
    fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(None);
        }
        MasterKey::new(text).map(Some).map_err(|_| "a secret text of at least 32 characters".into())
    }
}

/// The log filter in the syntax of `env_logger`.
#[derive(Debug, Clone)]
pub struct LogFilter(pub String);

impl Setting for LogFilter {
    fn read(text: &str) -> Result<Self, String> {
        let expected = || "a log filter such as `info` or `warn,cchc=debug`".to_owned();
        let known = |level: &str| log::LevelFilter::from_str(level).is_ok();
        let valid = text.split(',').all(|part| match part.split_once('=') {
            Some((target, level)) => !target.is_empty() && known(level),
            None => known(part),
        });
        if valid { Ok(Self(text.into())) } else { Err(expected()) }
    }
}

impl Setting for LogFormat {
    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| "`text` or `json`".to_owned())
    }
}

impl Setting for OfficeHours {
    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(str::to_owned)
    }
}

/// Web origins that may call the service from a browser; none by default.
#[derive(Debug, Clone, Default)]
pub struct Origins(pub Vec<String>);

impl Setting for Origins {
    fn read(text: &str) -> Result<Self, String> {
        let origins: Vec<String> =
            text.split(',').map(str::trim).filter(|o| !o.is_empty()).map(str::to_owned).collect();
        let is_origin = |origin: &String| {
            origin
                .strip_prefix("https://")
                .or_else(|| origin.strip_prefix("http://"))
                .is_some_and(|host| !host.is_empty() && !host.contains(['/', '*', ' ']))
        };
        if origins.iter().all(is_origin) {
            Ok(Self(origins))
        } else {
            Err("origins separated by commas, such as https://dichvucong.example.vn".into())
        }
    }
}

/// Addresses or networks of proxies whose `X-Forwarded-For` is believed; none by default.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<ipnet::IpNet>);

impl TrustedProxies {
    /// Whether no proxy is trusted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this peer is one of the proxies.
    #[must_use]
    pub fn contains(&self, peer: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&peer))
    }
}

impl Setting for TrustedProxies {
    fn read(text: &str) -> Result<Self, String> {
        text.split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(|part| part.parse::<ipnet::IpNet>().or_else(|_| part.parse::<IpAddr>().map(Into::into)))
            .collect::<Result<_, _>>()
            .map(Self)
            .map_err(|_| "addresses or networks separated by commas, such as 10.0.0.2,10.1.0.0/16".into())
    }
}

/// Where the content of attachments is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttachmentPlace {
    /// `attachments` in the data folder.
    DataFolder,
    /// A folder.
    Folder(PathBuf),
    /// A bucket of S3-compatible storage, below a prefix.
    Bucket {
        /// Its name.
        name: String,
        /// What every key begins with; empty for nothing.
        prefix: String,
    },
}

impl Setting for AttachmentPlace {
    fn read(text: &str) -> Result<Self, String> {
        let expected = || "file:///folder, or s3://bucket/prefix".to_owned();
        if text.is_empty() {
            return Ok(Self::DataFolder);
        }
        if let Some(folder) = text.strip_prefix("file://") {
            return if folder.starts_with('/') { Ok(Self::Folder(folder.into())) } else { Err(expected()) };
        }
        let (name, prefix) = text
            .strip_prefix("s3://")
            .map(|rest| rest.split_once('/').unwrap_or((rest, "")))
            .ok_or_else(expected)?;
        let prefix = prefix.trim_end_matches('/');
        let is_plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        let is_segment =
            |segment: &str| !segment.is_empty() && segment != "." && segment != ".." && is_plain(segment);
        if is_segment(name) && (prefix.is_empty() || prefix.split('/').all(is_segment)) {
            Ok(Self::Bucket { name: name.into(), prefix: prefix.into() })
        } else {
            Err(expected())
        }
    }
}

/// The name of a file within a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName(pub String);

impl Setting for FileName {
    fn read(text: &str) -> Result<Self, String> {
        let mut parts = std::path::Path::new(text).components();
        match (parts.next(), parts.next()) {
            (Some(std::path::Component::Normal(name)), None) if name.to_str() == Some(text) => {
                Ok(Self(text.to_owned()))
            }
            _ => Err("the name of a file, without a folder".into()),
        }
    }
}

/// The address of S3-compatible storage; without one that of Amazon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Endpoint(pub Option<String>);

impl Setting for S3Endpoint {
    fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self(None));
        }
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        match host {
            Some(host) if !host.is_empty() && !host.contains(['@', '?', '#', ' ']) => {
                Ok(Self(Some(text.trim_end_matches('/').to_owned())))
            }
            _ => Err("an address such as https://minio.example.vn:9000".into()),
        }
    }
}

/// One row of the table of settings, for `cchc config` and the README.
#[derive(Debug, Clone, Copy)]
pub struct SettingRow {
    /// The environment variable.
    pub name: &'static str,
    /// The value used when the variable is not set; empty for none.
    pub default: &'static str,
    /// What it does, with its unit.
    pub meaning: &'static str,
}

/// Declares the settings: field, type, default, variable and meaning on one line each.
macro_rules! settings {
    ($($field:ident: $type:ty = $default:literal, $name:literal, $meaning:literal;)+) => {
        /// The typed configuration.
        #[derive(Debug, Clone)]
        pub struct Config { $(#[doc = $meaning] pub $field: $type),+ }

        /// All settings in the order of the README.
        pub const SETTINGS: &[SettingRow] = &[$(SettingRow { name: $name, default: $default, meaning: $meaning }),+];

        impl Config {
            /// Reads the settings from these variables; all faults are listed.
            ///
            /// # Errors
            /// The list of unknown names and of values that are not what is expected.
            pub fn from_vars(vars: &BTreeMap<String, String>) -> Result<Self, ConfigFaults> {
                let mut faults = unknown_names(vars);
                $(let $field = read_setting::<$type>(vars, $name, $default, &mut faults);)+
                match ($($field,)+) {
                    ($(Some($field),)+) if faults.is_empty() => Ok(Self { $($field),+ }),
                    _ => Err(ConfigFaults(faults)),
                }
            }
        }
    };
}

settings! {
    database_url: Option<Secret> = "", "DATABASE_URL", "PostgreSQL database, `postgres://user:password@host/name`; without it SQLite in the data folder.";
    bind: SocketAddr = "127.0.0.1:8080", "CCHC_BIND", "Address and port to listen on.";
    data_dir: PathBuf = "var", "CCHC_DATA_DIR", "Folder of the SQLite database, of attachments and, on SQLite, of the signing keys.";
    sqlite_file: FileName = "cchc.db", "CCHC_SQLITE_FILE", "Name of the SQLite database in the data folder; `demo.db` lets `audit verify`, `doctor` and `backup` look at the demonstration's.";
    master_key: Option<MasterKey> = "", "CCHC_MASTER_KEY", "Secret of at least 32 characters that seals the signing keys in PostgreSQL; required there, the same on every instance.";
    log: LogFilter = "info", "CCHC_LOG", "Log filter: `error`, `warn`, `info`, `debug`, `trace`, also by module; of libraries nothing below `info`, for it may name persons.";
    log_format: LogFormat = "text", "CCHC_LOG_FORMAT", "How the log is written: `text` for people, `json` for a collector.";
    workers: Count<0, 256> = "0", "CCHC_WORKERS", "HTTP worker threads; 0 for one a core.";
    issuer: String = "cchc", "CCHC_ISSUER", "`iss` of the access tokens: a name of this service that does not change.";
    audience: String = "cchc", "CCHC_AUDIENCE", "`aud` of the access tokens.";
    cors_origins: Origins = "", "CCHC_CORS_ORIGINS", "Web origins that may call from a browser, separated by commas; none by default.";
    trusted_proxies: TrustedProxies = "", "CCHC_TRUSTED_PROXIES", "Proxies whose `X-Forwarded-For` is believed, addresses or networks separated by commas.";
    body_limit_bytes: Count<1024, 1_073_741_824> = "1048576", "CCHC_BODY_LIMIT_BYTES", "Largest request body, after decompression, in bytes.";
    batch_limit_bytes: Count<1024, 1_073_741_824> = "33554432", "CCHC_BATCH_LIMIT_BYTES", "Largest body of a batch, after decompression, in bytes.";
    attachments: AttachmentPlace = "", "CCHC_ATTACHMENTS", "Where the content of attachments is kept: `file:///folder` or `s3://bucket/prefix`, one for each installation; without it `attachments` in the data folder.";
    attachment_limit_bytes: Count<1024, 1_073_741_824> = "52428800", "CCHC_ATTACHMENT_LIMIT_BYTES", "Largest attachment, in bytes.";
    attachment_kept_days: Count<1, 3650> = "30", "CCHC_ATTACHMENT_KEPT_DAYS", "How many days the content of a deleted attachment is still kept.";
    upload_seconds: Count<1, 3600> = "600", "CCHC_UPLOAD_SECONDS", "Longest time for the upload of an attachment, in seconds; then 503.";
    s3_endpoint: S3Endpoint = "", "CCHC_S3_ENDPOINT", "Address of the S3-compatible storage; without it Amazon's.";
    s3_region: String = "us-east-1", "CCHC_S3_REGION", "Region of the S3-compatible storage.";
    s3_key_id: Option<Secret> = "", "CCHC_S3_KEY_ID", "Key id for the S3-compatible storage; required there.";
    s3_secret: Option<Secret> = "", "CCHC_S3_SECRET", "Secret of that key.";
    bulk: Count<1, 64> = "2", "CCHC_BULK", "Batches, imports and lists as spreadsheets at the same time, up to 200 MB of memory each; more wait, then 503.";
    sheet_rows: Count<1, 1_048_574> = "100000", "CCHC_SHEET_ROWS", "Most rows of a list as a spreadsheet; a longer one is answered 422 and read as CSV.";
    idempotency_seconds: Count<60, 604_800> = "86400", "CCHC_IDEMPOTENCY_SECONDS", "How long the answer to a request with an Idempotency-Key is kept, in seconds.";
    json_depth: Count<4, 128> = "32", "CCHC_JSON_DEPTH", "Deepest nesting of a JSON body.";
    changes_days: Count<1, 3650> = "365", "CCHC_CHANGES_DAYS", "How many days back the change feed reaches; an older token is answered 410.";
    request_seconds: Count<1, 600> = "30", "CCHC_REQUEST_SECONDS", "Longest time for one request, in seconds; then 503.";
    client_seconds: Count<1, 600> = "10", "CCHC_CLIENT_SECONDS", "Longest time a client may take to send the head of a request, in seconds.";
    shutdown_seconds: Count<0, 600> = "30", "CCHC_SHUTDOWN_SECONDS", "Longest time a stop waits for running requests, in seconds.";
    db_connections: Count<1, 256> = "8", "CCHC_DB_CONNECTIONS", "Database connections of one instance for reading and, on PostgreSQL, as many for writing.";
    db_queue: Count<1, 100_000> = "1024", "CCHC_DB_QUEUE", "Requests that may wait for the database; over it 503.";
    db_wait_ms: Count<10, 60_000> = "5000", "CCHC_DB_WAIT_MS", "Longest wait for a database connection, in milliseconds; then 503.";
    office_hours: OfficeHours = "07:30-11:30,13:30-17:00", "CCHC_OFFICE_HOURS", "Office hours of a working day in Vietnam's time, in which deadlines in hours run.";
    rate_per_minute: Count<0, 100_000_000> = "60000", "CCHC_RATE_PER_MINUTE", "Requests a minute of one account, or of one address that is not signed in; over it 429. 0 for any number.";
    lookups_per_minute: Count<1, 1_000_000> = "30", "CCHC_LOOKUPS_PER_MINUTE", "Look-ups of dossiers a minute from one address without a token; over it 429.";
    token_seconds: Count<60, 3600> = "900", "CCHC_TOKEN_SECONDS", "Lifetime of an access token, in seconds.";
    refresh_seconds: Count<300, 31_536_000> = "2592000", "CCHC_REFRESH_SECONDS", "Lifetime of a refresh token, in seconds.";
    jwks_cache_seconds: Count<60, 86_400> = "3600", "CCHC_JWKS_CACHE_SECONDS", "How long others may cache the public keys, in seconds; a new key signs only after that.";
    login_attempts: Count<1, 10_000> = "10", "CCHC_LOGIN_ATTEMPTS", "Failed or successful logins a window for one account.";
    login_attempts_address: Count<1, 1_000_000> = "300", "CCHC_LOGIN_ATTEMPTS_ADDRESS", "Logins a window from one address.";
    login_window_seconds: Count<1, 86_400> = "300", "CCHC_LOGIN_WINDOW_SECONDS", "Length of that window, in seconds.";
    password_hashes: Count<1, 64> = "2", "CCHC_PASSWORD_HASHES", "Password hashes computed at the same time, 19 MiB of memory each.";
    admin_password: Option<Secret> = "", "CCHC_ADMIN_PASSWORD", "Password for `cchc admin create`, when it is not to be asked for.";
}

/// Everything that is wrong with the environment.
#[derive(Debug, thiserror::Error)]
#[error("the configuration has faults:\n  {}\n`cchc config` lists every setting", .0.join("\n  "))]
pub struct ConfigFaults(pub Vec<String>);

impl Config {
    /// Reads the settings from the process environment.
    ///
    /// # Errors
    /// As [`Config::from_vars`].
    #[expect(clippy::disallowed_methods, reason = "this is the only reader of the environment")]
    pub fn from_env() -> Result<Self, ConfigFaults> {
        let vars = std::env::vars_os()
            .filter_map(|(name, value)| {
                Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
            })
            .collect();
        Self::from_vars(&vars)
    }
}

fn unknown_names(vars: &BTreeMap<String, String>) -> Vec<String> {
    vars.keys()
        .filter(|name| name.starts_with("CCHC_") && SETTINGS.iter().all(|row| row.name != name.as_str()))
        .map(|name| format!("{name}: no setting has this name"))
        .collect()
}

fn read_setting<T: Setting>(
    vars: &BTreeMap<String, String>,
    name: &str,
    default: &str,
    faults: &mut Vec<String>,
) -> Option<T> {
    let text = vars.get(name).map_or(default, |value| value.trim());
    match T::read(text) {
        Ok(value) => Some(value),
        Err(expected) => {
            // The value itself is not repeated: it may be a secret in the wrong place.
            faults.push(format!("{name}: expected {expected}"));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vars(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn an_empty_environment_gives_every_default() {
        let config = Config::from_vars(&BTreeMap::new()).unwrap();
        assert_eq!(config.bind.port(), 8080);
        assert_eq!(config.data_dir, PathBuf::from("var"));
        assert!(config.database_url.is_none());
    }

    #[test]
    fn all_faults_are_listed_and_no_value_is_repeated() {
        let faults = Config::from_vars(&vars(&[
            ("CCHC_BIND", "nowhere"),
            ("CCHC_MASTER_KEY", "short-secret"),
            ("CCHC_BODY_LIMIT", "1"),
        ]))
        .unwrap_err()
        .0;
        assert_eq!(faults.len(), 3, "{faults:?}");
        assert!(faults.iter().all(|fault| !fault.contains("short-secret")));
    }

    #[test]
    fn attachments_are_kept_in_a_folder_or_a_bucket() {
        let bucket =
            |name: &str, prefix: &str| AttachmentPlace::Bucket { name: name.into(), prefix: prefix.into() };
        for (text, place) in [
            ("", AttachmentPlace::DataFolder),
            ("file:///srv/cchc", AttachmentPlace::Folder("/srv/cchc".into())),
            ("s3://can-tho", bucket("can-tho", "")),
            ("s3://can-tho/cchc/that/", bucket("can-tho", "cchc/that")),
        ] {
            assert_eq!(AttachmentPlace::read(text), Ok(place), "{text}");
        }
        for text in ["file://srv", "/srv", "s3://", "s3://b/../c", "s3://b//c", "ftp://b", "s3://b/a?x"] {
            assert!(AttachmentPlace::read(text).is_err(), "{text}");
        }
        assert!(S3Endpoint::read("https://nguoi:mat-khau@minio").is_err());
    }

    #[test]
    fn a_wildcard_is_no_origin() {
        assert!(Origins::read("*").is_err());
        assert_eq!(Origins::read("https://a.vn, https://b.vn").unwrap().0.len(), 2);
    }
}
