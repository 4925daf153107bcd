//! The periods that come with the service.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use diesel::prelude::*;

use super::model::{PeriodCreate, PeriodKind, calendar};
use super::rules::calendar_window;
use super::writes::Periods;
use crate::api::records::add_missing;
use crate::auth::scope::Scoped;
use crate::db::schema::periods;
use crate::db::types::Instant;
use crate::db::{Db, WriteTx};
use crate::error::ApiError;

/// The years of which periods come with the service.
const BUNDLED_YEARS: RangeInclusive<i32> = 2023..=2027;

/// Every period of the calendar regime in these years.
fn bundled() -> Vec<PeriodCreate> {
    let codes = BUNDLED_YEARS.flat_map(|year| {
        let months = (1..=12).map(move |month| (PeriodKind::Month, format!("{year}-{month:02}")));
        let quarters = (1..=4).map(move |quarter| (PeriodKind::Quarter, format!("{year}-Q{quarter}")));
        let halves = (1..=2).map(move |half| (PeriodKind::Half, format!("{year}-H{half}")));
        let rest = [(PeriodKind::NineMonths, format!("{year}-9M")), (PeriodKind::Year, year.to_string())];
        months.chain(quarters).chain(halves).chain(rest)
    });
    let period = |(kind, code): (PeriodKind, String)| {
        let (starts_on, ends_on) = calendar_window(kind, &code)?;
        Some(PeriodCreate { regime: calendar(), code, kind, starts_on, ends_on, submit_by: None })
    };
    codes.filter_map(period).collect()
}

/// Makes the periods of the calendar regime from 2023 to 2027; those that ever were there are left
/// alone. Answers how many were made.
///
/// # Errors
/// 503 when the database is away.
pub async fn import(db: &Db, at: Instant) -> Result<usize, ApiError> {
    let scoped = Scoped::command("import periods", at);
    let author = scoped.author();
    let work = move |tx: &mut WriteTx<'_>| {
        let known: HashSet<String> = periods::table
            .filter(periods::regime.eq(calendar()))
            .select(periods::code)
            .load(tx.conn())?
            .into_iter()
            .collect();
        let missing = bundled().into_iter().filter(|body| !known.contains(&body.code)).collect();
        add_missing::<Periods>(tx, &scoped, missing)
    };
    db.write(author, work).await
}
