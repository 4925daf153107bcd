//! The feed as it is read from the chain of the journal, window by window.

use std::collections::HashMap;

use diesel::prelude::*;

use super::model::Change;
use super::place::{OfUnits, Place};
use kernel::audit::chain::sealed_position;
use kernel::audit::journal::JournalAction;
use kernel::audit::sights::{Belonging, Sight, Sights};
use kernel::db::DbConn;
use kernel::db::conn::MultiBackend;
use kernel::db::schema::{attachments, journal, journal_chain};
use kernel::db::types::Instant;
use kernel::error::{ApiError, Problem};
use kernel::record_types::RecordType;
use kernel::state::App;
use kernel::tree::{OrgTree, OrgUnitId};
use kernel::unit_reference::label;

/// Positions looked through in one read: few enough for a reader to whom nearly nothing belongs.
const WINDOW: i64 = 2_000;
/// Reads of one request; behind them the reader comes again.
const WINDOWS: usize = 2;

/// Where a reader stands in the feed.
pub(super) struct Feed {
    pub(super) since: Place,
    pub(super) sights: Sights,
    pub(super) of: OfUnits,
    pub(super) limit: i64,
}

/// What the feed reads of an entry.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = journal_chain)]
struct Row {
    position: i64,
    record_type: RecordType,
    record_id: String,
    action: JournalAction,
    record_version: i64,
    org_unit_id: Option<String>,
    recorded_at: Instant,
}

impl Feed {
    /// The next changes, and whether there may be more at once.
    pub(super) async fn read(
        &mut self,
        app: &App,
        horizon: Instant,
    ) -> Result<(Vec<Change>, bool), ApiError> {
        for _ in 0..WINDOWS {
            let (since, sights, of, limit) = (self.since, self.sights.clone(), self.of.clone(), self.limit);
            let (rows, places, reached, sealed) = app
                .db
                .read_list(move |conn| {
                    still_kept(conn, since, horizon)?;
                    let sealed = sealed_position(conn)?;
                    let end = sealed.min(since.position.saturating_add(WINDOW));
                    let window = in_window((since.position, end), &sights, &of);
                    let mut rows: Vec<Row> = window.limit(limit).select(Row::as_select()).load(conn)?;
                    rows.extend(left(conn, (since.position, end), &sights, &of)?);
                    rows.sort_by_key(|row| row.position);
                    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
                    let is_cut = i64::try_from(rows.len()).unwrap_or(i64::MAX) >= limit;
                    let last = rows.last().filter(|_| is_cut).map(|row| row.position);
                    let reached = Place::behind(conn, last.unwrap_or(end.max(since.position)))?;
                    let places = places(conn, &rows)?;
                    Ok((rows, places, reached, sealed))
                })
                .await?;
            let units = app.units();
            let change = |row| Change::of(units.tree(), row, &places);
            let items: Vec<Change> = rows.into_iter().map(change).collect();
            self.since = reached;
            let has_more = reached.position < sealed;
            if !items.is_empty() || !has_more {
                return Ok((items, has_more));
            }
        }
        Ok((Vec::new(), true))
    }
}

impl Change {
    fn of(tree: &OrgTree, row: Row, places: &HashMap<String, String>) -> Self {
        let Row { position, record_type, record_id: id, action, record_version, org_unit_id, recorded_at } =
            row;
        let unit = org_unit_id.and_then(|unit| unit.parse::<OrgUnitId>().ok());
        let unit = unit.map(|unit| label(tree, unit, recorded_at.vietnam_day()));
        let place = places.get(&id).map_or(record_type.collection(), String::as_str);
        Self {
            position,
            record_type,
            href: format!("{place}/{id}"),
            id,
            kind: action.into(),
            version: record_version,
            org_unit_id: unit.as_ref().map(|unit| unit.org_unit_id),
            org_unit_code: unit.as_ref().and_then(|unit| unit.org_unit_code.clone()),
            org_unit_identifier: unit.as_ref().and_then(|unit| unit.org_unit_identifier.clone()),
            org_unit_name: unit.map(|unit| unit.org_unit_name),
            changed_at: recorded_at,
        }
    }
}

/// Beneath which record each attachment among these rows is read.
fn places(conn: &mut DbConn, rows: &[Row]) -> Result<HashMap<String, String>, ApiError> {
    use attachments as a;
    let attached = rows.iter().filter(|row| row.record_type == RecordType::Attachment);
    let ids: Vec<&str> = attached.map(|row| row.record_id.as_str()).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let owners: Vec<(String, RecordType, String)> =
        a::table.filter(a::id.eq_any(ids)).select((a::id, a::record_type, a::record_id)).load(conn)?;
    let place = |(id, of, record): (String, RecordType, String)| {
        (id, format!("{}/{record}/{}", of.collection(), RecordType::Attachment.collection()))
    };
    Ok(owners.into_iter().map(place).collect())
}

/// So many entries at most are sealed while a write is under way that was taken before them.
const OVERTAKING: i64 = 20_000;

/// The place before the first change that is kept: the earliest, or one that was recorded later and sealed before
/// it, while a long write was under way.
pub(super) fn beginning(conn: &mut DbConn, horizon: Instant) -> Result<Place, ApiError> {
    let first: Option<i64> = journal::table
        .inner_join(journal_chain::table.on(journal_chain::entry_id.eq(journal::id)))
        .filter(journal::recorded_at.ge(horizon))
        .order((journal::recorded_at, journal::id))
        .select(journal_chain::position)
        .first(conn)
        .optional()?;
    let Some(first) = first else { return Place::end(conn) };
    let lowest: Option<i64> = journal_chain::table
        .filter(journal_chain::position.between(first.saturating_sub(OVERTAKING), first))
        .filter(journal_chain::recorded_at.ge(horizon))
        .select(diesel::dsl::min(journal_chain::position))
        .first(conn)?;
    Place::behind(conn, lowest.unwrap_or(first) - 1)
}

/// 410 where changes behind the token are older than what the feed keeps, and where the journal is no
/// longer the one for which the token was given.
fn still_kept(conn: &mut DbConn, since: Place, horizon: Instant) -> Result<(), ApiError> {
    use journal_chain as c;
    let Place { position, .. } = since;
    let around: Vec<(i64, String, Instant)> = c::table
        .filter(c::position.between(position, position.saturating_add(1)))
        .select((c::position, c::hash, c::recorded_at))
        .load(conn)?;
    let hash_there = around.iter().find(|(at, ..)| *at == position).map(|(_, hash, _)| hash.as_str());
    let is_the_same = Place::new(position, hash_there.unwrap_or_default()) == since;
    let is_there = position == 0 || hash_there.is_some();
    let is_late = around.iter().any(|(at, _, recorded_at)| *at > position && *recorded_at < horizon);
    if is_late || !is_there || !is_the_same {
        return Err(ApiError::new(Problem::ChangesExpired));
    }
    Ok(())
}

/// The entries of a window with which a record left what the reader sees, such as an account that moved
/// to another unit: told as its deletion, under the unit that it left.
fn left(
    conn: &mut DbConn,
    (since, end): (i64, i64),
    sights: &Sights,
    of: &OfUnits,
) -> Result<Vec<Row>, ApiError> {
    let types = sights.iter().flat_map(|sight| &sight.types).copied();
    let moving: Vec<RecordType> = types.filter(|record_type| record_type.moves()).collect();
    let sees_all = of.units.is_none() && sights.iter().all(|sight| sight.confinement.is_none());
    if moving.is_empty() || sees_all {
        return Ok(Vec::new());
    }
    use journal_chain as c;
    let before = diesel::alias!(journal as before);
    let of_version_before = before
        .field(journal::record_id)
        .eq(c::record_id)
        .and(before.field(journal::record_type).eq(c::record_type))
        .and((before.field(journal::record_version) + 1).eq(c::record_version));
    let entries: Vec<(Row, Belonging, Belonging)> = c::table
        .inner_join(before.on(of_version_before))
        .filter(c::position.gt(since).and(c::position.le(end)))
        .filter(c::record_type.eq_any(moving).and(c::record_version.gt(1)))
        .filter(c::action.ne(JournalAction::ReadPersonal))
        .filter(before.field(journal::action).ne(JournalAction::ReadPersonal))
        .order(c::position)
        .select((
            Row::as_select(),
            Belonging::as_select(),
            before.fields((
                journal::org_unit_id,
                journal::province_id,
                journal::second_unit_id,
                journal::second_province_id,
            )),
        ))
        .load(conn)?;
    let seen = |record_type, there: &Belonging| of.has(there) && sights.see(record_type, there);
    let gone = |(row, here, there): (Row, Belonging, Belonging)| {
        let is_gone = seen(row.record_type, &there) && !seen(row.record_type, &here);
        is_gone.then_some(Row { action: JournalAction::Delete, org_unit_id: there.unit, ..row })
    };
    Ok(entries.into_iter().filter_map(gone).collect())
}

/// The entries of a window that are seen, in their order.
fn in_window(
    (since, end): (i64, i64),
    sights: &Sights,
    of: &OfUnits,
) -> journal_chain::BoxedQuery<'static, MultiBackend> {
    use journal_chain as c;
    let mut query = c::table
        .filter(c::position.gt(since).and(c::position.le(end)))
        .filter(sights.any(Sight::sifting))
        // Who looked at a record did not change it.
        .filter(c::action.ne(JournalAction::ReadPersonal))
        .into_boxed();
    if let Some(units) = &of.units {
        query =
            query.filter(c::org_unit_id.eq_any(units.clone()).or(c::second_unit_id.eq_any(units.clone())));
    }
    query.order(c::position)
}

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection;

    use super::*;
    use kernel::auth::scope::Confinement;
    use kernel::db::plan::{migrated, plan};

    #[test]
    fn the_feed_begins_before_what_overtook_a_long_write() {
        let (_folder, mut conn) = migrated();
        // The second was recorded first, and sealed when it was done.
        for (position, id, recorded_at) in [(1, "old", 10), (2, "short", 300), (3, "long", 200)] {
            conn.batch_execute(&format!(
                "INSERT INTO journal (id, recorded_at, actor_kind, actor_id, request_id, action, record_type, \
                 record_id, record_version, content) VALUES \
                 ('{id}', {recorded_at}, 'user', '', '', 'create', 'period', '{id}', 1, '{{}}'); \
                 INSERT INTO journal_chain (position, entry_id, hash, recorded_at, action, record_type, record_id, \
                 record_version) VALUES ({position}, '{id}', '', {recorded_at}, 'create', 'period', '{id}', 1)"
            ))
            .unwrap();
        }
        for (horizon, position) in [(0, 0), (100, 1), (250, 1)] {
            let begins = beginning(&mut conn, Instant::from_micros(horizon)).unwrap();
            assert_eq!(begins.position, position, "{horizon}");
        }
    }

    #[test]
    fn whatever_is_asked_a_window_is_read_by_its_positions() {
        let (_folder, mut conn) = migrated();
        let (one, other) = (OrgUnitId::new(), OrgUnitId::new());
        let reaches = [
            None,
            Some(Confinement { provinces: vec![one], units: Vec::new() }),
            Some(Confinement { provinces: Vec::new(), units: vec![one] }),
            Some(Confinement { provinces: vec![one, other], units: vec![one, other] }),
        ];
        let kinds = [vec![RecordType::Period], vec![RecordType::ProcessingReturn, RecordType::User]];
        for reach in &reaches {
            for types in &kinds {
                for units in [None, Some(vec![one]), Some(vec![one, other])] {
                    let of_units = OfUnits::new(units);
                    let of = |kinds: &[(&[RecordType], &Option<Confinement>)]| {
                        let mut sights = Sights::default();
                        for (types, confinement) in kinds {
                            sights.add((*confinement).clone(), |sight| {
                                sight.types.extend_from_slice(types);
                                sight.attached_to.extend_from_slice(types);
                            });
                        }
                        sights
                    };
                    let (own, all): (&[RecordType], &[RecordType]) = (types, &[RecordType::Holiday]);
                    for sights in [of(&[(own, reach)]), of(&[(own, reach), (all, &None)])] {
                        let query =
                            in_window((5, 5_005), &sights, &of_units).limit(200).select(Row::as_select());
                        let mut plan = plan(&mut conn, query);
                        // Whose an attachment is, is looked up entry by entry.
                        plan.retain(|step| !step.contains("SUBQUERY") && !step.contains("attachments"));
                        assert_eq!(
                            plan,
                            [
                                "SEARCH journal_chain USING INDEX sqlite_autoindex_journal_chain_1 (position>? AND position<?)"
                            ]
                        );
                    }
                }
            }
        }
    }
}
