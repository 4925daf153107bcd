//! Lists of units' records held against their indexes, on both databases.

#![expect(clippy::unwrap_used, reason = "only tests ask this")]

use chrono::NaiveDate;
use diesel::query_builder::QueryFragment;

use crate::api::PageRequest;
use crate::api::ways::Way;
use crate::auth::scope::Confinement;
use crate::db::conn::MultiBackend;
use crate::db::plan::{MigratedPostgres, migrated, plan, postgres_plan};
use crate::tree::OrgUnitId;

/// Asserts that the first rows of every way come from an index in their order, and the table is never
/// read from end to end: `query` is that of a filter, by its place, on a way within a reach.
pub fn assert_indexed<Q: QueryFragment<MultiBackend>>(
    table: &str,
    filters: usize,
    query: impl Fn(usize, (&Way, Option<&Confinement>), NaiveDate, &PageRequest) -> Q,
) {
    let (_folder, mut conn) = migrated();
    let mut postgres = MigratedPostgres::new();
    let (one, other) = (OrgUnitId::new(), OrgUnitId::new());
    let reach = Confinement { provinces: vec![one, other], units: vec![one, other] };
    let ways = [Way::Everything, Way::Province(one), Way::Unit(one), Way::Many(reach.clone())];
    let day = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
    let (scan, read_whole) = (format!("SCAN {table}"), format!("Seq Scan on {table}"));
    let filters = 0..filters;
    for (filter, way) in filters.flat_map(|filter| ways.iter().map(move |way| (filter, way))) {
        for within in [None, Some(&reach)] {
            let query = || query(filter, (way, within), day, &PageRequest::for_test(50, None));
            let told = plan(&mut conn, query());
            let is_wrong = told.iter().any(|step| step.contains("TEMP B-TREE") || *step == scan);
            assert!(!is_wrong, "filter {filter} on {way:?}: {told:?}");
            if let Some(postgres) = &mut postgres {
                let told = postgres_plan(postgres.conn(), query());
                let is_wrong = told.iter().any(|step| step.contains("Sort") || step.contains(&read_whole));
                assert!(!is_wrong, "filter {filter} on {way:?}: {told:#?}");
            }
        }
    }
}

/// The test that the lists of a [`unit_store!`](crate::unit_store) come from indexes, with these filters.
#[macro_export]
macro_rules! unit_lists_are_indexed {
    ($table:ident, $row:ident, $filters:expr) => {
        #[test]
        fn every_list_comes_from_an_index_in_its_order() {
            use diesel::prelude::*;
            let filters = $filters;
            $crate::unit_records::plans::assert_indexed(
                stringify!($table),
                filters.len(),
                |filter, way, day, page| {
                    let query = super::unit_store::first_rows(way, &filters[filter], day, page).unwrap();
                    query.select($row::as_select())
                },
            );
        }
    };
}
