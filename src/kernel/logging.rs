//! The log on stderr: lines for people, or JSON objects for a collector. Neither holds personal data,
//! queries or bodies.

use std::io::Write;

use env_logger::{Builder, Logger};
use log::kv::{Error, Key, Value, VisitSource};
use log::{Level, Log, Metadata, Record};
use serde_json::{Map, json};

use crate::config::Config;
use crate::state::Clock;
use crate::text_enum;

text_enum! {
    /// How the log is written (định dạng nhật ký vận hành).
    pub enum LogFormat {
        /// Lines for people.
        Text => "text", "dòng chữ";
        /// One JSON object a line.
        Json => "json", "JSON";
    }
}

/// Starts the log.
pub fn start(config: &Config) {
    let mut builder = Builder::new();
    builder.parse_filters(&config.log.0);
    if config.log_format == LogFormat::Json {
        builder.format(|out, record| {
            let mut members = Members::default();
            let _ = record.key_values().visit(&mut members);
            let mut line = members.0;
            line.insert("time".into(), json!(Clock::System.now()));
            line.insert("level".into(), json!(record.level().as_str().to_ascii_lowercase()));
            line.insert("target".into(), json!(record.target()));
            line.insert("message".into(), json!(record.args().to_string()));
            writeln!(out, "{}", serde_json::Value::Object(line))
        });
    }
    let inner = builder.build();
    let level = inner.filter();
    if log::set_boxed_logger(Box::new(Discreet { inner })).is_ok() {
        log::set_max_level(level);
    }
}

/// What a library tells a developer, from paths to whole bodies, may name persons: of libraries nothing
/// below `info` is written, whatever the configuration says.
struct Discreet {
    inner: Logger,
}

impl Discreet {
    fn is_fit(metadata: &Metadata<'_>) -> bool {
        let name = metadata.target().split("::").next().unwrap_or_default();
        // The crates of the service are named after it.
        let is_own = name == "cchc" || name.starts_with("cchc_");
        is_own || metadata.level() <= Level::Info
    }
}

impl Log for Discreet {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        Self::is_fit(metadata) && self.inner.enabled(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        if Self::is_fit(record.metadata()) {
            self.inner.log(record);
        }
    }

    fn flush(&self) {
        self.inner.flush();
    }
}

/// The named values of a record.
#[derive(Default)]
struct Members(Map<String, serde_json::Value>);

impl<'kvs> VisitSource<'kvs> for Members {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        let value = match (value.to_i64(), value.to_borrowed_str()) {
            (Some(number), _) => json!(number),
            (None, Some(text)) => json!(text),
            (None, None) => json!(value.to_string()),
        };
        self.0.insert(key.as_str().to_owned(), value);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_info_only_the_service_itself_is_heard() {
        let is_heard =
            |target, level| Discreet::is_fit(&Metadata::builder().target(target).level(level).build());
        for own in ["cchc", "cchc::request", "cchc_kernel::auth", "cchc_tthc::dossiers"] {
            assert!(is_heard(own, Level::Trace), "{own}");
        }
        for foreign in ["hyper::client", "cchcx", "object_store"] {
            assert!(!is_heard(foreign, Level::Debug) && is_heard(foreign, Level::Info), "{foreign}");
        }
    }
}
