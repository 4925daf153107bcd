//! What writes change in the counts, until it is folded into the sheets.

use std::collections::BTreeMap;

use diesel::connection::DefaultLoadingMode;
use diesel::pg::PgRowByRowLoadingMode;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::contributions::{Changes, Counted, Leaf};
use super::packed::Packed;
use super::sheets::{Cell, Cells};
use kernel::db::DbConn;
use kernel::db::packed_text::PackedText;
use kernel::db::schema::dossier_deltas;
use kernel::db::types::IdText;
use kernel::error::ApiError;
use kernel::insert_rows;
use kernel::tree::OrgUnitId;

/// Units of one row: a batch takes several rows, so that no reader holds much at once.
const UNITS: usize = 50;

/// What a write changed in the counts.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = dossier_deltas, treat_none_as_default_value = false)]
pub(super) struct DeltaRow {
    pub(super) id: String,
    content: PackedText<Vec<OfUnit>>,
    /// How many counts it changes.
    pub(super) changes: i64,
}

/// What it changed in those of one unit.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct OfUnit {
    unit: OrgUnitId,
    province: OrgUnitId,
    counts: Packed,
}

impl DeltaRow {
    /// Tells every change.
    pub(super) fn each(&self, mut take: impl FnMut(Leaf, Changes)) -> Result<(), ApiError> {
        self.content.0.iter().try_for_each(|of_unit| of_unit.each(&mut take))
    }
}

impl OfUnit {
    /// Tells every change.
    pub(super) fn each(&self, mut take: impl FnMut(Leaf, Changes)) -> Result<(), ApiError> {
        let Self { unit, province, counts } = self;
        counts.each(|cell, changes| {
            if let Some(leaf) = cell.leaf(*unit, *province) {
                take(leaf, changes);
            }
        })
    }
}

/// Changes unit by unit, and how many those of each are.
pub(super) fn by_unit(counted: &Counted) -> impl Iterator<Item = (OfUnit, usize)> {
    let mut units: BTreeMap<(OrgUnitId, OrgUnitId), Cells> = BTreeMap::new();
    for (leaf, changes) in counted {
        units.entry((leaf.unit, leaf.province)).or_default().insert(Cell::whole(leaf), *changes);
    }
    units.into_iter().map(|((unit, province), cells)| {
        (OfUnit { unit, province, counts: Packed::from(&cells) }, cells.len())
    })
}

/// Keeps what a write changes in the counts, in its own transaction.
///
/// # Errors
/// When the database cannot be written.
pub fn keep(conn: &mut DbConn, counted: &Counted) -> Result<(), ApiError> {
    let mut rows: Vec<DeltaRow> = Vec::new();
    for (of_unit, changes) in by_unit(counted) {
        let changes = i64::try_from(changes).unwrap_or(i64::MAX);
        match rows.last_mut().filter(|row| row.content.0.len() < UNITS) {
            Some(row) => {
                row.content.0.push(of_unit);
                row.changes += changes;
            }
            None => {
                let id = IdText::new().written().to_owned();
                rows.push(DeltaRow { id, content: PackedText(vec![of_unit]), changes });
            }
        }
    }
    Ok(insert_rows!(conn, dossier_deltas, rows.iter().collect::<Vec<_>>())?)
}

/// The next changes that are not folded yet, behind this row.
pub(super) fn behind(conn: &mut DbConn, last: &str, rows: i64) -> QueryResult<Vec<DeltaRow>> {
    dossier_deltas::table
        .filter(dossier_deltas::id.gt(last))
        .order(dossier_deltas::id)
        .limit(rows)
        .select(DeltaRow::as_select())
        .load(conn)
}

/// Reads every change that is not folded yet, one row after the other: in one statement, so that of two writes the
/// later one is never seen without the earlier.
///
/// # Errors
/// When the database cannot be read.
pub(super) fn each_delta(conn: &mut DbConn, mut take: impl FnMut(Leaf, Changes)) -> Result<(), ApiError> {
    let all = dossier_deltas::table;
    match conn {
        DbConn::Pg(pg) => {
            let rows = all.select(DeltaRow::as_select());
            for row in rows.load_iter::<DeltaRow, PgRowByRowLoadingMode>(pg)? {
                row?.each(&mut take)?;
            }
        }
        DbConn::Sqlite(sqlite) => {
            let rows = all.select(DeltaRow::as_select());
            for row in rows.load_iter::<DeltaRow, DefaultLoadingMode>(sqlite)? {
                row?.each(&mut take)?;
            }
        }
    }
    Ok(())
}
