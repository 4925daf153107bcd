//! How records of units are listed and written.

use std::fmt::Display;

use chrono::NaiveDate;

use crate::api::records::key_text;
use crate::auth::scope::Scoped;
use crate::error::{ApiError, Fault};
use crate::owners::{Owner, named_unit};
use crate::tree::OrgUnitId;
use crate::unit_reference::UnitName;

/// Where a body stands among those of a batch: its unit as it names it, and the rest of its natural key.
#[must_use]
pub fn key_of_unit(unit: &UnitName<'_>, rest: &[&dyn Display]) -> String {
    let rest: Vec<String> = rest.iter().map(ToString::to_string).collect();
    let id = unit.id.map(|id| id.written());
    key_text([id.as_deref(), unit.identifier, unit.code, Some(&rest.join(" "))])
}

/// The records of so many units are looked for in one query, each unit's by its own keys: all keys for all units
/// would be a thousand times a hundred looks into the index. SQLite takes no condition of a thousand levels.
pub const UNITS_AT_ONCE: usize = 100;

/// The owner of a record whose body shows these faults by itself.
///
/// # Errors
/// 422 with the faults, to which those of the unit's name are added; 403 for a unit out of reach.
pub fn owner_of(
    scoped: &Scoped,
    name: &UnitName<'_>,
    day: NaiveDate,
    present: Option<OrgUnitId>,
    mut faults: Vec<Fault>,
) -> Result<Owner, ApiError> {
    let unit = named_unit(scoped, name, day, present).map_err(|found| faults.extend(found)).ok();
    let Some(unit) = unit.filter(|_| faults.is_empty()) else { return Err(ApiError::invalid(faults)) };
    Owner::within_reach(scoped, name, unit)
}

/// Writes the store of a unit's record: the SQL of its table, concrete, and its
/// [`Records`](crate::api::records::Records). The fields are those of
/// [`unit_fields!`](crate::unit_fields).
///
/// ```text
/// unit_store! {
///     /// Trainings, as they are written.
///     records: Trainings, record_type: "training",
///     table: trainings, id: TrainingId, row: TrainingRow, answer: Training,
///     create: TrainingCreate, filter: TrainingFilter, unit on: held_on,
///     key: |body| { held_on: NaiveDate = body.held_on, title_folded: String = fold(&body.title) },
///     sought by: [held_on],
///     order: TrainingSort::{HeldOn, HeldOnDesc} by held_on: NaiveDate, HeldOnDesc first,
///     days: [held_from, held_to], matching: matching, faults: faults,
///     list: training_list, get: training_get, seen: training_seen, delete: training_delete,
/// }
/// ```
///
/// - `key` is by what the records of one unit are told apart, as columns; a batch finds those that are
///   there by their unit and the columns `sought by`, which an index holds.
/// - `named: N = f, by: g` is for a record that others name, each of its rows by `f(&row)`: `g(conn, &names)`
///   tells those of some names by which others do. Such a row keeps its name and is not deleted.
/// - `order` names the sort's rising and falling word, and the column that the indexes
///   `(.., column, id)` hold for all rows, a province and a unit.
/// - `days` are members of the filter, refused where the databases do not keep them alike.
/// - `matching(query, filter, day)` adds the filter's own conditions, `faults(&body)` says what is
///   wrong with a body by itself. `naming: f` is for a body that names another unit beside its own: `f(tree, body,
///   faults)` names it as it is stored, and adds to the faults. `beside: f` holds made rows against those that
///   stand: `f(conn, scoped, made)`.
/// - `with: f` completes answers by what other rows say of them, in as many queries for a page as for
///   one record: `f(conn, scoped, day, &mut answers)`. What it fills in is declared `derived`, by a
///   function that answers what the row alone tells.
/// - `alone: f` does the same for the answer of one record that is read or written by itself, where it costs
///   too much for a page: `f(conn, &mut answer)`.
/// - `seen` is for attachments; leave it out where there are none.
#[macro_export]
macro_rules! unit_store {
    (
        $(#[$doc:meta])* records: $records:ident, record_type: $record_type:literal,
        table: $table:ident, id: $id:ident, row: $row:ident, answer: $view:ident,
        create: $create:ident, filter: $filter:ident, unit on: $day:ident,
        key: |$body:ident| { $($part:ident: $part_type:ty = $part_value:expr),* $(,)? },
        sought by: [$($sought:ident),*],
        $(named: $name:ty = $name_of:path, by: $named:path,)?
        order: $sort:ident::{$rising:ident, $falling:ident} by $by:ident: $by_type:ty, $first:ident first,
        days: [$($asked_day:ident),*], matching: $matching:ident, faults: $faults:ident, $(naming: $naming:ident,)?
        $(beside: $beside:ident,)? $(with: $with:ident,)? $(alone: $alone:ident,)?
        list: $list:ident, get: $get:ident, $(seen: $seen:ident,)? delete: $delete:ident $(,)?
    ) => {
        pub use unit_store::$records;
        use unit_store::{$delete, $get, $list $(, $seen)?};

        /// How the records are listed and written.
        mod unit_store {
            use std::collections::{HashMap, HashSet};

            use diesel::prelude::*;

            use super::*;
            use $crate::api::records::{Draft, Records, Written};
            use $crate::api::ways::{Way, merged, ways_of};
            use $crate::api::{IfMatch, PageRequest, PageRows};
            use $crate::audit::journal::{Entry, JournalAction};
            use $crate::auth::scope::{Confinement, Scoped};
            use $crate::db::conn::MultiBackend;
            use $crate::db::schema::$table;
            use $crate::db::{DbConn, Recorded, WriteTx};
            use $crate::error::ApiError;
            use $crate::successors::wanted_units;
            use $crate::tree::OrgUnitId;
            use $crate::unit_records::{UNITS_AT_ONCE, key_of_unit, owner_of};

            $crate::unit_reads! {
                table: $table, id: $id, row: $row, answer: $view, filter: $filter,
                order: $sort::{$rising, $falling} by $by: $by_type, $first first,
                days: [$($asked_day),*], matching: $matching, $(with: $with,)? $(alone: $alone,)?
                list: $list, get: $get, $(seen: $seen,)?
            }
            $crate::unit_writes! {
                $(#[$doc])* records: $records, record_type: $record_type,
                table: $table, id: $id, row: $row, answer: $view, create: $create, unit on: $day,
                key: |$body| { $($part: $part_type = $part_value),* }, sought by: [$($sought),*],
                $(named: $name = $name_of, by: $named,)?
                faults: $faults, $(naming: $naming,)? $(beside: $beside,)? delete: $delete,
            }
        }
    };
}

/// How the records of [`unit_store!`](crate::unit_store) are read.
#[macro_export]
macro_rules! unit_reads {
    (
        table: $table:ident, id: $id:ident, row: $row:ident, answer: $view:ident, filter: $filter:ident,
        order: $sort:ident::{$rising:ident, $falling:ident} by $by:ident: $by_type:ty, $first:ident first,
        days: [$($asked_day:ident),*], matching: $matching:ident, $(with: $with:ident,)? $(alone: $alone:ident,)?
        list: $list:ident, get: $get:ident, $(seen: $seen:ident,)?
    ) => {
        type Query<'a> = $table::BoxedQuery<'a, MultiBackend>;

        fn standing<'a>() -> Query<'a> {
            $table::table.filter($table::deleted_at.is_null()).into_boxed()
        }

        /// The first rows of a page on this way, of what lies within the reach.
        pub(super) fn first_rows<'a>(
            (way, within): (&Way, Option<&Confinement>),
            filter: &'a $filter,
            day: chrono::NaiveDate,
            page: &PageRequest,
        ) -> Result<Query<'a>, ApiError> {
            let query = $crate::on_way!(standing(), way, $table);
            let query = $matching($crate::within_reach!(query, within, $table), filter, day);
            Ok(match filter.sort.unwrap_or($sort::$first) {
                $sort::$rising => $crate::keyset!(query, page, asc $table::$by => $by_type, $table::id => $id),
                $sort::$falling => $crate::keyset!(query, page, desc $table::$by => $by_type, $table::id => $id),
            })
        }

        /// A page of records.
        ///
        /// # Errors
        /// 422 for a cursor of another order, a day out of range, or a unit that is not known.
        pub(super) fn $list(
            conn: &mut DbConn,
            scoped: &Scoped,
            filter: &$filter,
            page: &PageRequest,
        ) -> Result<PageRows<$view>, ApiError> {
            $crate::validity::days_in_range([
                ("/as_of", filter.as_of),
                $((concat!("/", stringify!($asked_day)), filter.$asked_day),)*
            ])?;
            let day = filter.as_of.unwrap_or_else(|| scoped.today());
            let units = wanted_units(scoped.tree(), &filter.unit_name(), filter.scope.unwrap_or_default(), day)?;
            let (ways, within) = ways_of(scoped.confinement(), units.as_deref());
            let mut rows: Vec<Vec<$row>> = Vec::new();
            for way in ways {
                let query = first_rows((&way, within.as_ref()), filter, day, page)?;
                rows.push(query.select($row::as_select()).load(conn)?);
            }
            let is_descending = filter.sort.unwrap_or($sort::$first) == $sort::$falling;
            let rows = merged(rows, is_descending, |row| (Clone::clone(&row.$by), row.id));
            let counted = || {
                let mut query = $crate::confine!(standing(), scoped, $table);
                if let Some(units) = &units {
                    query = query.filter($table::org_unit_id.eq_any(units.clone()));
                }
                $matching(query, filter, day).count()
            };
            let total = page.include_total().then(|| counted().get_result(conn)).transpose()?;
            let PageRows { items, last, total } =
                page.cut(rows, total, |row| serde_json::json!([row.$by, row.id]));
            Ok(PageRows { items: answered(conn, scoped, day, items)?, last, total })
        }

        /// The answers of rows, in their order, as of a day.
        fn answered(
            conn: &mut DbConn,
            scoped: &Scoped,
            day: chrono::NaiveDate,
            rows: Vec<$row>,
        ) -> Result<Vec<$view>, ApiError> {
            let _ = (&conn, day);
            let answers = rows.into_iter().map(|row| $view::of(row, scoped.tree())).collect();
            $(let answers = {
                let mut answers: Vec<$view> = answers;
                $with(conn, scoped, day, &mut answers)?;
                answers
            };)?
            Ok(answers)
        }

        /// The answers of rows that are written together, or of one that is read by itself, today.
        fn answered_today(
            conn: &mut DbConn,
            scoped: &Scoped,
            rows: Vec<$row>,
        ) -> Result<Vec<$view>, ApiError> {
            let answers = answered(conn, scoped, scoped.today(), rows)?;
            $(let answers = {
                let mut answers = answers;
                if let [answer] = &mut answers[..] {
                    $alone(conn, answer)?;
                }
                answers
            };)?
            Ok(answers)
        }

        /// The answer of a row today.
        fn answered_one(conn: &mut DbConn, scoped: &Scoped, row: $row) -> Result<$view, ApiError> {
            let answer = answered_today(conn, scoped, vec![row])?.pop();
            answer.ok_or_else(|| ApiError::internal("a record was lost"))
        }

        fn row_find(conn: &mut DbConn, scoped: &Scoped, id: $id) -> Result<$row, ApiError> {
            let row: $row = standing().filter($table::id.eq(id)).select($row::as_select()).first(conn)?;
            scoped.must_reach(row.org_unit_id)?;
            Ok(row)
        }

        /// A record by its id, in reach.
        ///
        /// # Errors
        /// 404 when there is none in reach.
        pub(super) fn $get(conn: &mut DbConn, scoped: &Scoped, id: $id) -> Result<$view, ApiError> {
            let row = row_find(conn, scoped, id)?;
            answered_one(conn, scoped, row)
        }

        $(
            /// Whose the attachments of a record are: its unit's, who may add to them and take from them
            /// at any time.
            ///
            /// # Errors
            /// 404 when there is none in reach.
            pub(super) fn $seen(
                conn: &mut DbConn,
                scoped: &Scoped,
                id: $id,
            ) -> Result<$crate::attachments::Belonging, ApiError> {
                let row = row_find(conn, scoped, id)?;
                Ok($crate::attachments::Belonging::unit(row.org_unit_id, Some(row.province_id)))
            }
        )?
    };
}

/// By what the records of a unit are told apart, and the key that a body names, where it names one in reach.
#[macro_export]
macro_rules! unit_key {
    (
        create: $create:ident, unit on: $day:ident,
        key: |$body:ident| { $($part:ident: $part_type:ty = $part_value:expr),* }, $(naming: $naming:ident,)?
    ) => {
        /// By what the records of a unit are told apart.
        #[derive(PartialEq, Eq, Hash)]
        struct Key {
            unit: OrgUnitId,
            $($part: $part_type,)*
        }

        fn key(scoped: &Scoped, $body: &$create) -> Option<Key> {
            $(
                let (named, faults) = $naming(scoped.tree(), Clone::clone($body), Vec::new());
                if !faults.is_empty() {
                    return None;
                }
                let $body = &named;
            )?
            let unit = $body.unit_name().resolve(scoped.tree(), $body.$day).ok()?;
            scoped.reaches(unit).then(|| Key { unit, $($part: $part_value,)* })
        }
    };
}

/// How the records of [`unit_store!`](crate::unit_store) are written.
#[macro_export]
macro_rules! unit_writes {
    (
        $(#[$doc:meta])* records: $records:ident, record_type: $record_type:literal,
        table: $table:ident, id: $id:ident, row: $row:ident, answer: $view:ident, create: $create:ident,
        unit on: $day:ident,
        key: |$body:ident| { $($part:ident: $part_type:ty = $part_value:expr),* }, sought by: [$($sought:ident),*],
        $(named: $name:ty = $name_of:path, by: $named:path,)?
        faults: $faults:ident, $(naming: $naming:ident,)? $(beside: $beside:ident,)? delete: $delete:ident,
    ) => {
        $crate::unit_key! {
            create: $create, unit on: $day,
            key: |$body| { $($part: $part_type = $part_value),* }, $(naming: $naming,)?
        }

        $(#[$doc])*
        pub struct $records;

        impl Records for $records {
            type Id = $id;
            type Body = $create;
            type Row = $row;
            type View = $view;

            fn order($body: &$create) -> String {
                key_of_unit(&$body.unit_name(), &[$(&$part_value),*])
            }

            fn find(conn: &mut DbConn, scoped: &Scoped, id: $id) -> Result<$row, ApiError> {
                row_find(conn, scoped, id)
            }

            fn present(
                tx: &mut WriteTx<'_>,
                scoped: &Scoped,
                bodies: &[$create],
            ) -> Result<Vec<Option<$row>>, ApiError> {
                let keys: Vec<Option<Key>> = bodies.iter().map(|body| key(scoped, body)).collect();
                let mut of_units: HashMap<OrgUnitId, Vec<&Key>> = HashMap::new();
                for key in keys.iter().flatten() {
                    of_units.entry(key.unit).or_default().push(key);
                }
                let of_units: Vec<_> = of_units.into_iter().collect();
                let mut rows: Vec<$row> = Vec::new();
                for units in of_units.chunks(UNITS_AT_ONCE) {
                    let mut query: Query<'_> = $table::table.into_boxed();
                    for (unit, named) in units {
                        let standing = $table::org_unit_id.eq(*unit).and($table::deleted_at.is_null());
                        $(
                            let sought: HashSet<_> = named.iter().map(|key| Clone::clone(&key.$sought)).collect();
                            let standing = standing.and($table::$sought.eq_any(sought));
                        )*
                        query = query.or_filter(standing);
                    }
                    rows.extend(query.select($row::as_select()).load::<$row>(tx.conn())?);
                }
                let found: HashMap<Key, $row> = rows
                    .into_iter()
                    .map(|row| (Key { unit: row.org_unit_id, $($part: Clone::clone(&row.$part),)* }, row))
                    .collect();
                Ok(keys.iter().map(|key| found.get(key.as_ref()?).cloned()).collect())
            }

            fn made(
                tx: &mut WriteTx<'_>,
                scoped: &Scoped,
                drafts: Vec<Draft<$create, $row>>,
            ) -> Result<Vec<Result<$row, ApiError>>, ApiError> {
                let at = tx.at();
                let made = |Draft { body, present }: Draft<$create, $row>| {
                    $crate::api::json::check(&body)?;
                    let faults = $faults(&body);
                    $(let (body, faults) = $naming(scoped.tree(), body, faults);)?
                    let is_of = present.as_ref().map(|row: &$row| row.org_unit_id);
                    let owner = owner_of(scoped, &body.unit_name(), body.$day, is_of, faults)?;
                    Ok($row::made(body, present.as_ref(), at, owner))
                };
                let made: Vec<Result<$row, ApiError>> = drafts.into_iter().map(made).collect();
                $(let made = {
                    let changed = made.iter().flatten().filter(|row| row.version > 0).map(|row| row.id);
                    let before = names_held(tx.conn(), changed.collect())?;
                    $crate::unit_records::keeping_their_names(
                        made, &before, (|row: &$row| row.id, $name_of), |left| $named(tx.conn(), left),
                    )?
                };)?
                $(let made = $beside(tx.conn(), scoped, made)?;)?
                Ok(made)
            }

            fn save(
                tx: &mut WriteTx<'_>,
                scoped: &Scoped,
                rows: &[$row],
            ) -> Result<Written<$view>, ApiError> {
                let stored = $row::store(tx.conn(), rows)?;
                let answers = answered_today(tx.conn(), scoped, rows.to_vec())?;
                let answers: HashMap<$id, $view> =
                    answers.into_iter().map(|answer| (answer.id, answer)).collect();
                let answer = |row: &$row| answers.get(&row.id).cloned();
                Written::try_journal(tx, rows, &stored, entry, |row| {
                    answer(row).ok_or_else(|| ApiError::internal("a record was lost"))
                })
            }
        }

        fn entry(action: JournalAction, view: &$view, row: &$row) -> Result<Entry, ApiError> {
            Ok(Entry::new(action, $record_type, view.id, view.version, view)?
                .of_unit(row.org_unit_id, Some(row.province_id.to_string())))
        }

        $(
            /// What records are named by, which nobody else changes, deletes or names until the transaction ends.
            fn names_held(conn: &mut DbConn, ids: Vec<$id>) -> Result<HashMap<$id, $name>, ApiError> {
                let standing = $table::id.eq_any(ids).and($table::deleted_at.is_null());
                let rows: Vec<$row> = $crate::load_locked!(
                    conn, $table::table.filter(standing).order_by($table::id).select($row::as_select())
                )?;
                Ok(rows.iter().map(|row| (row.id, $name_of(row))).collect())
            }
        )?

        /// Deletes a record that was entered by mistake.
        ///
        /// # Errors
        /// 412 when it has changed, 409 while others name it.
        pub(super) fn $delete(
            tx: &mut WriteTx<'_>,
            scoped: &Scoped,
            id: $id,
            expected: &IfMatch,
        ) -> Result<Recorded<()>, ApiError> {
            let row = row_find(tx.conn(), scoped, id)?;
            expected.check(row.version)?;
            $(
                let names: HashSet<$name> = names_held(tx.conn(), vec![id])?.into_values().collect();
                if !$named(tx.conn(), &names)?.is_empty() {
                    return Err(ApiError::new($crate::error::Problem::InUse));
                }
            )?
            $crate::hide_row!(tx, $table, row)?;
            let row = $row { version: row.version + 1, ..row };
            let view = answered_one(tx.conn(), scoped, row.clone())?;
            Ok(tx.journal(entry(JournalAction::Delete, &view, &row)?)?.with(()))
        }
    };
}
