//! Counts and times for Prometheus, by route pattern: never by path, which may name a record.

use prometheus::core::Collector;
use prometheus::{
    Encoder, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};
use std::time::Duration;

use crate::db::Queue;

/// The metrics of this instance.
pub struct Metrics {
    registry: Registry,
    requests: Option<IntCounterVec>,
    seconds: Option<HistogramVec>,
    waiting: Option<IntGaugeVec>,
    free: Option<IntGaugeVec>,
    unsealed: Option<IntGauge>,
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics")
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

const BUCKETS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

impl Metrics {
    /// Fresh counters. A metric that cannot be registered is left out: it must not stop the service.
    #[must_use]
    pub fn new() -> Self {
        let registry = Registry::new();
        let requests = IntCounterVec::new(
            Opts::new("cchc_http_requests_total", "Requests by method, route and status."),
            &["method", "route", "status"],
        )
        .ok();
        let seconds = HistogramVec::new(
            HistogramOpts::new("cchc_http_request_seconds", "Time to answer, by method and route.")
                .buckets(BUCKETS.to_vec()),
            &["method", "route"],
        )
        .ok();
        let gauge = |name: &str, help: &str| IntGaugeVec::new(Opts::new(name, help), &["queue"]).ok();
        let waiting = gauge(
            "cchc_db_waiting",
            "Requests that wait for the database or, as bulk, for memory, by queue.",
        );
        let free = gauge("cchc_db_free", "Free database connections or, as bulk, free places, by queue.");
        for metric in [&waiting, &free].into_iter().flatten() {
            let _ = registry.register(Box::new(metric.clone()));
        }
        let unsealed = IntGauge::new(
            "cchc_journal_unsealed",
            "Journal entries that wait to be sealed, and that the change feed does not tell yet.",
        )
        .ok();
        if let Some(metric) = &requests {
            let _ = registry.register(Box::new(metric.clone()));
        }
        if let Some(metric) = &seconds {
            let _ = registry.register(Box::new(metric.clone()));
        }
        Self { registry, requests, seconds, waiting, free, unsealed }
    }

    /// Counts an answer.
    pub fn answered(&self, method: &str, route: &str, status: u16, took: Duration) {
        if let Some(requests) = &self.requests {
            requests.with_label_values(&[method, route, &status.to_string()]).inc();
        }
        if let Some(seconds) = &self.seconds {
            seconds.with_label_values(&[method, route]).observe(took.as_secs_f64());
        }
    }

    /// The metrics in the text format of Prometheus; how many journal entries are unsealed is left out
    /// while the database does not say.
    #[must_use]
    pub fn text(&self, queues: Vec<Queue>, unsealed: Option<i64>) -> String {
        for Queue { name, waiting, free } in queues {
            let count = |value: usize| i64::try_from(value).unwrap_or(i64::MAX);
            if let Some(gauge) = &self.waiting {
                gauge.with_label_values(&[name]).set(count(waiting));
            }
            if let (Some(gauge), Some(free)) = (&self.free, free) {
                gauge.with_label_values(&[name]).set(count(free));
            }
        }
        let mut families = self.registry.gather();
        if let (Some(gauge), Some(unsealed)) = (&self.unsealed, unsealed) {
            gauge.set(unsealed);
            families.extend(gauge.collect());
        }
        let mut text = Vec::new();
        let _ = TextEncoder::new().encode(&families, &mut text);
        String::from_utf8(text).unwrap_or_default()
    }
}
