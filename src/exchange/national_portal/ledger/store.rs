//! The ledger as it is written and read.

use diesel::prelude::*;
use serde_json::json;

use super::model::{
    PortalAnswer, PortalDirection, PortalHeld, PortalLedgerEntry, PortalLedgerEntryId, PortalLedgerFilter,
    PortalLedgerRow, PortalOutcome, PortalService,
};
use crate::exchange::national_portal::differences::PortalDifference;
use kernel::api::ways::{Way, merged, ways_of};
use kernel::api::{IfMatch, PageRequest, PageRows};
use kernel::audit::journal::{Entry, JournalAction};
use kernel::auth::keys::PersonalKeys;
use kernel::auth::scope::{Confinement, Scoped};
use kernel::db::conn::MultiBackend;
use kernel::db::json_text::JsonText;
use kernel::db::schema::portal_ledger;
use kernel::db::types::Instant;
use kernel::db::{DbConn, Recorded, WriteTx};
use kernel::error::{ApiError, Problem};
use kernel::record_types::RecordType;
use kernel::successors::wanted_units;
use kernel::tree::{OrgTree, OrgUnitId};
use kernel::unit_reference::{UnitName, label};
use kernel::validity::days_in_range;
use kernel::{confine, insert_rows, keyset, on_way, within_reach};
use tthc::dossiers::model::DossierId;

/// What is to be written down of an entry.
#[derive(Debug)]
pub struct Exchanged {
    /// Whose it is: unit and province.
    pub belongs: (OrgUnitId, OrgUnitId),
    /// The dossier, where it is known.
    pub dossier_id: Option<DossierId>,
    /// Its code.
    pub code: String,
    /// Which way it went.
    pub direction: PortalDirection,
    /// By which service.
    pub service: PortalService,
    /// What became of it.
    pub outcome: PortalOutcome,
    /// What was answered; none where no answer is known yet.
    pub answer: Option<(&'static str, String)>,
    /// What came, verbatim; none of a dossier whose personal data were erased.
    pub verbatim: Option<String>,
    /// What was held.
    pub held: Option<PortalHeld>,
    /// Where they differ.
    pub differences: Vec<PortalDifference>,
}

/// Where what came is sealed for: moved to another entry it does not open.
pub(super) fn place(id: PortalLedgerEntryId) -> Vec<u8> {
    format!("portal ledger {id}").into_bytes()
}

/// The longest code that is kept as it came.
const CODE: usize = 60;

impl PortalLedgerRow {
    fn of(told: Exchanged, keys: &PersonalKeys, at: Instant) -> Result<Self, ApiError> {
        let id = PortalLedgerEntryId::new();
        let seal = |text: String| keys.seal(at, text.as_bytes(), &place(id)).map_err(ApiError::internal);
        let body = told.verbatim.map(seal).transpose()?;
        let (error_code, message) = told.answer.map(|(code, text)| (code.to_owned(), text)).unzip();
        let (org_unit_id, province_id) = told.belongs;
        Ok(Self {
            id,
            province_id,
            org_unit_id,
            dossier_id: told.dossier_id,
            code: told.code.chars().filter(|letter| !letter.is_control()).take(CODE).collect(),
            direction: told.direction,
            service: told.service,
            recorded_at: at,
            outcome: told.outcome,
            answered_at: error_code.is_some().then_some(at),
            error_code,
            message,
            body,
            held: JsonText(told.held),
            differs: !told.differences.is_empty(),
            differences: JsonText(told.differences),
            version: 1,
        })
    }

    fn entry(self, tree: &OrgTree) -> PortalLedgerEntry {
        let unit = label(tree, self.org_unit_id, self.recorded_at.vietnam_day());
        PortalLedgerEntry {
            id: self.id,
            direction: self.direction,
            service: self.service,
            code: self.code,
            dossier_id: self.dossier_id,
            org_unit_id: unit.org_unit_id,
            org_unit_code: unit.org_unit_code,
            org_unit_identifier: unit.org_unit_identifier,
            org_unit_name: unit.org_unit_name,
            recorded_at: self.recorded_at,
            outcome: self.outcome,
            error_code: self.error_code,
            message: self.message,
            answered_at: self.answered_at,
            held: self.held.0,
            differs: self.differs,
            differences: self.differences.0,
            is_erased: self.body.is_none(),
            body: None,
            version: self.version,
            province_id: self.province_id,
        }
    }
}

fn journal_entry(action: JournalAction, entry: &PortalLedgerEntry) -> Result<Entry, ApiError> {
    let record_type = RecordType::PortalLedgerEntry.as_str();
    let written = Entry::new(action, record_type, entry.id, entry.version, entry)?;
    Ok(written.of_unit(entry.org_unit_id, Some(entry.province_id.to_string())))
}

/// Writes entries down; answers their ids, in their order.
///
/// # Errors
/// When the database cannot be written.
pub fn ledger_insert(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    told: Vec<Exchanged>,
) -> Result<Recorded<Vec<PortalLedgerEntryId>>, ApiError> {
    let (keys, at) = (scoped.personal_keys()?, tx.at());
    let row = |told| PortalLedgerRow::of(told, keys, at);
    let rows = told.into_iter().map(row).collect::<Result<Vec<_>, ApiError>>()?;
    insert_rows!(tx.conn(), portal_ledger, rows.iter().collect::<Vec<_>>())?;
    let ids = rows.iter().map(|row| row.id).collect();
    let entry = |row: PortalLedgerRow| journal_entry(JournalAction::Create, &row.entry(scoped.tree()));
    let entries = rows.into_iter().map(entry).collect::<Result<Vec<_>, ApiError>>()?;
    Ok(tx.journal_all(entries)?.with(ids))
}

fn row_find(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: PortalLedgerEntryId,
) -> Result<PortalLedgerRow, ApiError> {
    let row: PortalLedgerRow =
        portal_ledger::table.find(id).select(PortalLedgerRow::as_select()).first(conn)?;
    scoped.must_reach(row.org_unit_id)?;
    Ok(row)
}

/// An entry by its id, in reach, with what came where the account sees it.
///
/// # Errors
/// 404 when there is none in reach.
pub fn ledger_get(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: PortalLedgerEntryId,
) -> Result<PortalLedgerEntry, ApiError> {
    let row = row_find(conn, scoped, id)?;
    let body = match row.body.as_deref().filter(|_| scoped.sees_personal(&[row.org_unit_id])) {
        None => None,
        Some(sealed) => {
            let opened = scoped.personal_keys()?.open(sealed, &place(id)).map_err(ApiError::internal)?;
            Some(String::from_utf8(opened.expose().to_vec()).map_err(|_| damaged())?)
        }
    };
    Ok(PortalLedgerEntry { body, ..row.entry(scoped.tree()) })
}

/// The error of a text may quote it.
fn damaged() -> ApiError {
    ApiError::internal("a sealed entry of the ledger is damaged")
}

/// Notes what the portal answered to an entry that was sent.
///
/// # Errors
/// 409 for one that was received, or was answered already.
pub fn ledger_answer(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: PortalLedgerEntryId,
    expected: Option<&IfMatch>,
    answer: PortalAnswer,
) -> Result<Recorded<PortalLedgerEntry>, ApiError> {
    use portal_ledger as l;
    let row = row_find(tx.conn(), scoped, id)?;
    expected.map_or(Ok(()), |expected| expected.check(row.version))?;
    if row.outcome != PortalOutcome::Unanswered {
        return Err(ApiError::detailed(
            Problem::WrongState,
            "Chỉ ghi trả lời cho mục đã gửi và chưa có trả lời; gửi lại là một mục khác.",
            "An answer is noted once, for an entry that was sent; what is sent again is another entry.",
        ));
    }
    let taken = answer.error_code == crate::exchange::national_portal::request::DONE;
    let answered = PortalLedgerRow {
        outcome: if taken { PortalOutcome::Accepted } else { PortalOutcome::Rejected },
        error_code: Some(answer.error_code),
        message: Some(answer.message),
        answered_at: Some(tx.at()),
        version: row.version + 1,
        ..row
    };
    let standing = l::table.find(id).filter(l::version.eq(answered.version - 1));
    let changed = diesel::update(standing)
        .set((
            l::outcome.eq(answered.outcome),
            l::error_code.eq(&answered.error_code),
            l::message.eq(&answered.message),
            l::answered_at.eq(answered.answered_at),
            l::version.eq(answered.version),
        ))
        .execute(tx.conn())?;
    if changed == 0 {
        return Err(ApiError::new(Problem::PreconditionFailed));
    }
    let entry = answered.entry(scoped.tree());
    Ok(tx.journal(journal_entry(JournalAction::Update, &entry)?)?.with(entry))
}

type Ledger<'a> = portal_ledger::BoxedQuery<'a, MultiBackend>;

fn matching<'a>(mut query: Ledger<'a>, filter: &'a PortalLedgerFilter) -> Ledger<'a> {
    use portal_ledger as l;
    if let Some(code) = &filter.code {
        query = query.filter(l::code.eq(code));
    }
    if let Some(direction) = filter.direction {
        query = query.filter(l::direction.eq(direction));
    }
    if let Some(service) = filter.service {
        query = query.filter(l::service.eq(service));
    }
    if let Some(outcome) = filter.outcome {
        query = query.filter(l::outcome.eq(outcome));
    }
    if let Some(differs) = filter.differs {
        query = query.filter(l::differs.eq(differs));
    }
    if let Some(day) = filter.from {
        query = query.filter(l::recorded_at.ge(Instant::beginning_of(day)));
    }
    if let Some(end) = filter.to.and_then(|day| day.succ_opt()) {
        query = query.filter(l::recorded_at.lt(Instant::beginning_of(end)));
    }
    query
}

/// On which way the entries of a code are read: few have it, so they are found by it and held against the
/// units.
fn of_code(reach: Option<Confinement>, units: Option<&[OrgUnitId]>) -> (Vec<Way>, Option<Confinement>) {
    match units {
        Some(units) => {
            let asked = Confinement { provinces: Vec::new(), units: units.to_vec() };
            (vec![Way::Many(asked)], reach)
        }
        None => (vec![reach.map_or(Way::Everything, Way::Many)], None),
    }
}

/// The first rows of a page on this way, of what lies within the reach.
fn first_rows<'a>(
    way: &Way,
    within: Option<&Confinement>,
    filter: &'a PortalLedgerFilter,
    page: &PageRequest,
) -> Result<Ledger<'a>, ApiError> {
    use portal_ledger as l;
    let query = on_way!(l::table.into_boxed(), way, portal_ledger);
    let query = matching(within_reach!(query, within, portal_ledger), filter);
    Ok(keyset!(query, page, desc l::recorded_at => Instant, l::id => PortalLedgerEntryId))
}

/// A page of the ledger, the latest first.
///
/// # Errors
/// 422 for a cursor of another list, a day out of range, or a unit that is not known.
pub fn ledger_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &PortalLedgerFilter,
    page: &PageRequest,
) -> Result<PageRows<PortalLedgerEntry>, ApiError> {
    days_in_range([("/as_of", filter.as_of), ("/from", filter.from), ("/to", filter.to)])?;
    let name = UnitName {
        id: filter.org_unit_id,
        identifier: filter.org_unit_identifier.as_deref(),
        code: filter.org_unit_code.as_deref(),
    };
    let day = filter.as_of.unwrap_or_else(|| scoped.today());
    let units = wanted_units(scoped.tree(), &name, filter.scope.unwrap_or_default(), day)?;
    let (ways, within) = match &filter.code {
        Some(_) => of_code(scoped.confinement(), units.as_deref()),
        None => ways_of(scoped.confinement(), units.as_deref()),
    };
    let mut rows: Vec<Vec<PortalLedgerRow>> = Vec::new();
    for way in ways {
        let query = first_rows(&way, within.as_ref(), filter, page)?;
        rows.push(query.select(PortalLedgerRow::as_select()).load(conn)?);
    }
    let rows = merged(rows, true, |row| (row.recorded_at, row.id));
    let counted = || {
        let mut query = confine!(portal_ledger::table.into_boxed(), scoped, portal_ledger);
        if let Some(units) = &units {
            query = query.filter(portal_ledger::org_unit_id.eq_any(units.clone()));
        }
        matching(query, filter).count()
    };
    let total = page.include_total().then(|| counted().get_result(conn)).transpose()?;
    let rows = page.cut(rows, total, |row| json!([row.recorded_at, row.id]));
    Ok(rows.map(|row| row.entry(scoped.tree())))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use diesel::connection::SimpleConnection;

    use super::*;
    use kernel::audit::journal::Author;
    use kernel::auth::keys::KeyRing;
    use kernel::config::Config;
    use kernel::db::plan::{MigratedPostgres, migrated, plan, postgres_plan};

    /// An entry of this code and dossier in a database where nothing else stands.
    fn kept(
        conn: &mut DbConn,
        code: &str,
        dossier: Option<DossierId>,
        province: OrgUnitId,
    ) -> PortalLedgerEntryId {
        let ring = KeyRing::generate(Instant::from_micros(0)).unwrap();
        let told = Exchanged {
            belongs: (OrgUnitId::new(), province),
            dossier_id: dossier,
            code: code.into(),
            direction: PortalDirection::Received,
            service: PortalService::Dossiers,
            outcome: PortalOutcome::Refused,
            answer: None,
            verbatim: Some("{}".into()),
            held: None,
            differences: Vec::new(),
        };
        let row = PortalLedgerRow::of(told, ring.personal(), Instant::from_micros(0)).unwrap();
        insert_rows!(conn, portal_ledger, vec![&row]).unwrap();
        row.id
    }

    #[test]
    fn what_came_of_a_dossier_goes_with_its_personal_data() {
        let (folder, mut conn) = migrated();
        // Units, procedures and the rest of a dossier do not matter here.
        conn.batch_execute("PRAGMA foreign_keys = OFF").unwrap();
        let (dossier, other, province) = (DossierId::new(), DossierId::new(), OrgUnitId::new());
        let code = "H13.44-261102-0007";
        conn.batch_execute(&format!(
            "INSERT INTO dossiers (id, province_id, org_unit_id, receiving_province_id, receiving_unit_id, \
             receiving_tier, code, procedure_id, procedure_version_id, rules_version, channel, owner_kind, \
             received_at, due_on, due_basis, status, paid_online, input_digitised, result_digitised, waits, \
             holders, generated, version, created_at, updated_at) VALUES ('{dossier}', '{province}', '', \
             '{province}', '', '', '{code}', '', '', 1, '', '', 0, '9999-12-31', '', '', 0, 0, 0, '[]', '[]', 0, 1, 0, 0)"
        ))
        .unwrap();
        // What was refused belongs to no dossier and to the province of whoever sent it.
        let gone = [
            kept(&mut conn, code, Some(dossier), OrgUnitId::new()),
            kept(&mut conn, code, None, province),
            kept(&mut conn, code, None, OrgUnitId::new()),
        ];
        let stays = [
            kept(&mut conn, code, Some(other), province),
            kept(&mut conn, "H13.44-261102-0008", None, province),
        ];
        let location = kernel::db::Location::Sqlite(folder.path().join("cchc.db"));
        let db = kernel::db::Db::open(location, &Config::from_vars(&BTreeMap::new()).unwrap()).unwrap();
        let author = Author::operator("test", Instant::from_micros(0));
        let work = move |tx: &mut WriteTx<'_>| {
            tthc::dossiers::erasure::ledger_erase(tx, dossier)?;
            let ledger = RecordType::PortalLedgerEntry.as_str();
            let written = Entry::new(JournalAction::Update, ledger, dossier, 2, &"erased")?;
            Ok(tx.journal(written)?.with(()))
        };
        actix_web::rt::System::new().block_on(db.write(author, work)).unwrap();
        let mut has_body = |id: PortalLedgerEntryId| {
            let body: Option<String> =
                portal_ledger::table.find(id).select(portal_ledger::body).first(&mut conn).unwrap();
            body.is_some()
        };
        assert_eq!(gone.map(&mut has_body), [false; 3]);
        assert_eq!(stays.map(&mut has_body), [true; 2]);
    }

    #[test]
    fn every_list_comes_from_an_index_in_its_order() {
        let (_folder, mut conn) = migrated();
        let mut postgres = MigratedPostgres::new();
        let (one, other) = (OrgUnitId::new(), OrgUnitId::new());
        let reach = Confinement { provinces: vec![one], units: vec![one, other] };
        let day = chrono::NaiveDate::from_ymd_opt(2026, 11, 2);
        let all =
            PortalLedgerFilter { from: day, to: day, differs: Some(true), ..PortalLedgerFilter::default() };
        let coded = PortalLedgerFilter { code: Some("H13.44-261102-0007".into()), ..all.clone() };
        let (of_one, within) = of_code(Some(reach.clone()), Some(&[one]));
        let cases = [
            (Way::Everything, None, &all, "portal_ledger_by_time"),
            (Way::Many(reach.clone()), None, &all, "portal_ledger_by_time"),
            (Way::Province(one), None, &all, "portal_ledger_by_province"),
            (Way::Unit(one), Some(reach.clone()), &all, "portal_ledger_by_unit"),
            (Way::Everything, None, &coded, "portal_ledger_by_code"),
            (of_one[0].clone(), within, &coded, "portal_ledger_by_code"),
        ];
        for (way, within, filter, index) in cases {
            let page = PageRequest::for_test(50, None);
            let query = || {
                let query = first_rows(&way, within.as_ref(), filter, &page).unwrap();
                query.select(PortalLedgerRow::as_select())
            };
            let told = plan(&mut conn, query());
            assert!(told.iter().any(|step| step.contains(&format!("{index} ("))), "{way:?}: {told:#?}");
            assert!(!told.iter().any(|step| step.contains("TEMP B-TREE")), "{way:?}: {told:#?}");
            if let Some(postgres) = &mut postgres {
                let told = postgres_plan(postgres.conn(), query());
                let is_wrong = |step: &String| step.contains("Sort") || step.contains("Seq Scan");
                assert!(!told.iter().any(is_wrong), "{way:?}: {told:#?}");
            }
        }
    }
}
