//! The service as its clients see it: a real server on an ephemeral port with a database of its own
//! for every story. All stories run on SQLite, and again on PostgreSQL where `TEST_POSTGRES_URL` is
//! set.

#![expect(unreachable_pub, reason = "a test binary has no public interface")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a story ends where something is not as it should be"
)]

mod access;
mod attachments;
mod audit;
mod auth;
mod backup;
mod batch;
mod bulk;
mod civil_service;
mod contract;
mod crud_suite;
mod demo_report;
mod e_government;
mod etag;
mod evidence;
mod exchange;
mod exchange_portal;
mod frame;
mod import_command;
mod institutions;
mod listing;
mod many_units;
mod meeting;
mod organization;
mod public_finance;
mod reach;
mod reporting;
mod search;
mod sheets;
mod start;
mod steering;
mod stop;
mod support;
mod tthc;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use support::database::Backend;
use support::story::Story;

fn stories() -> Vec<Story> {
    [
        contract::stories(),
        access::stories(),
        reach::stories(),
        attachments::all(),
        crud_suite::all(),
        backup::stories(),
        batch::all(),
        bulk::stories(),
        etag::stories(),
        evidence::stories(),
        exchange::stories(),
        exchange_portal::all(),
        listing::stories(),
        many_units::stories(),
        meeting::stories(),
        sheets::all(),
        import_command::stories(),
        audit::stories(),
        auth::stories(),
        organization::all(),
        demo_report::stories(),
        e_government::all(),
        institutions::all(),
        public_finance::stories(),
        reporting::stories(),
        steering::all(),
        search::stories(),
        start::stories(),
        stop::stories(),
        frame::stories(),
        tthc::stories(),
        civil_service::stories(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let backends = Backend::available();
    let trials: Vec<Trial> = backends
        .iter()
        .flat_map(|backend| stories().into_iter().map(move |story| story.on(*backend)))
        .collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    support::database::drop_templates();
    let ran_on: Vec<_> = backends.iter().map(|backend| backend.name()).collect();
    println!("ran on: {}", ran_on.join(", "));
    if !backends.contains(&Backend::Postgres) {
        println!("not on PostgreSQL: set TEST_POSTGRES_URL to run the same stories there");
    }
    conclusion.exit_code()
}
