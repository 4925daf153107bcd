//! One request is one transaction: its entries are read, held against what is there, written by the rules of
//! a batch, answered one by one and put down in the ledger, whatever became of them.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;

use super::body::{PortalDossier, PortalEntry, PortalProgress};
use super::codec::given;
use super::differences::{Against, PortalDifference, is_invented, of_progress, of_received, of_sent};
use super::ledger::model::{PortalDirection, PortalHeld, PortalOutcome, PortalService};
use super::ledger::store::{Exchanged, ledger_insert};
use super::reading::{OfUnits, dossier, status_code, time_of, told_number};
use super::records::PortalDossiers;
use super::request::{
    DONE, EXISTS, FAILED, PortalReply, PortalResultLine, SUCCESS, Sent, unknown_dossier, wrong_entry,
};
use kernel::api::batch::{BatchOutcome, OnConflict, write_lines};
use kernel::auth::scope::Scoped;
use kernel::db::{Recorded, WriteTx};
use kernel::error::{ApiError, Bilingual, Fault, Problem};
use kernel::text::fold;
use kernel::tree::{OrgTree, OrgUnitId};
use kernel::unit_reference::UnitName;
use tthc::dossiers::changed::dossiers_of_codes;
use tthc::dossiers::progress::{Progress, take_progress};
use tthc::dossiers::row::HeldDossier;

/// The unit that sends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sender {
    unit: OrgUnitId,
    province: OrgUnitId,
}

impl Sender {
    /// The unit of this identification code, for an account that may write for it.
    ///
    /// # Errors
    /// 422 at the member for a code that names no unit, 403 for a unit out of reach.
    pub(super) fn of(scoped: &Scoped, pointer: &str, identifier: &str) -> Result<Self, ApiError> {
        let (tree, name) = (scoped.tree(), UnitName { identifier: Some(identifier), ..UnitName::default() });
        let at_member = |fault: Fault| Fault { pointer: pointer.to_owned(), ..fault };
        let unit = name
            .resolve(tree, scoped.today())
            .map_err(|faults| ApiError::invalid(faults.into_iter().map(at_member).collect()))?;
        let province = scoped.home_province(unit).filter(|_| scoped.reaches(unit));
        let province = province.ok_or_else(|| {
            let message = Bilingual::new(
                "Đơn vị gửi nằm ngoài phạm vi được giao của tài khoản.",
                "The sender's unit is outside what the account may act on.",
            );
            ApiError::new(Problem::Forbidden).with_faults(vec![Fault::new(pointer, "out_of_reach", message)])
        })?;
        Ok(Self { unit, province })
    }
}

/// Units by their names, today.
type Names = HashMap<String, Vec<OrgUnitId>>;

/// The units that a sender may mean by a name.
struct Named {
    /// Its own and those in reach.
    near: Names,
    /// The province, its departments (sở) and the units of government directly under it, reached or not. Agencies of
    /// others that a sender may have as well, such as a centre of public administration, are nobody's whom he means:
    /// his own bears the same name, entered here or not.
    far: Names,
}

impl Named {
    fn of(scoped: &Scoped, sender: Sender) -> Self {
        let (tree, today) = (scoped.tree(), scoped.today());
        let reached = tree.subtree(sender.province, today).into_iter().filter(|unit| scoped.reaches(*unit));
        let near: BTreeSet<OrgUnitId> = tree.subtree(sender.unit, today).into_iter().chain(reached).collect();
        let is_one_alone = |unit: &OrgUnitId| {
            tree.version_at(*unit, today).is_some_and(|version| {
                version.kind.tier().is_some() || fold(&version.full_name).starts_with("so ")
            })
        };
        let below = tree.children(sender.province, today).into_iter().filter(is_one_alone);
        let far = std::iter::once(sender.province).chain(below);
        Self { near: by_name(tree, today, near), far: by_name(tree, today, far) }
    }

    /// The unit that a name means, where it means one and no other.
    fn unit(&self, name: &str) -> Option<OrgUnitId> {
        let name = fold(name);
        match self.near.get(&name).or_else(|| self.far.get(&name)).map(Vec::as_slice) {
            Some([only]) => Some(*only),
            _ => None,
        }
    }
}

fn by_name(tree: &OrgTree, today: NaiveDate, units: impl IntoIterator<Item = OrgUnitId>) -> Names {
    let mut names = Names::new();
    for unit in units {
        let Some(version) = tree.version_at(unit, today) else { continue };
        let forms: HashSet<String> = [fold(&version.full_name), fold(&version.name)].into();
        for form in forms {
            names.entry(form).or_default().push(unit);
        }
    }
    names
}

/// What became of an entry.
struct End {
    outcome: PortalOutcome,
    error_code: &'static str,
    message: String,
}

impl End {
    fn done(outcome: PortalOutcome, remark: Option<&str>) -> Self {
        let message = remark.map_or_else(|| SUCCESS.to_owned(), |remark| format!("{SUCCESS}; {remark}"));
        Self { outcome, error_code: DONE, message }
    }

    /// A failure with every reason, each under the portal's own name of the member.
    fn failed(error: ApiError, is_updating: bool) -> Self {
        let (error_code, message) = match (error.problem(), is_updating) {
            (Problem::Duplicate, false) => (EXISTS, THERE_ALREADY.to_owned()),
            (Problem::Duplicate, true) => (FAILED, TAKEN.to_owned()),
            _ => (FAILED, reasons(error)),
        };
        Self { outcome: PortalOutcome::Refused, error_code, message }
    }
}

/// What senders look for before they send again as an update.
const THERE_ALREADY: &str = "Hồ sơ đã tồn tại; gửi lại với isUpdating=True để cập nhật.";

const TAKEN: &str =
    "Mã hồ sơ đã dùng cho hồ sơ khác ngoài phạm vi được giao, hoặc được nêu hai lần trong một gói tin.";

fn reasons(error: ApiError) -> String {
    let reason = |fault: Fault| match portal_member(&fault.pointer) {
        "" => fault.message.vi.into_owned(),
        member => format!("{member}: {}", fault.message.vi),
    };
    error.into_faults().into_iter().map(reason).collect::<Vec<_>>().join(" ")
}

/// What the portal calls a member of a dossier.
fn portal_member(pointer: &str) -> &str {
    match pointer {
        "/code" => "MaHoSo",
        "/procedure_code" | "/procedure_id" => "MaTTHC",
        "/owner/name" => "ChuHoSo",
        "/owner/id_number" => "SoDinhDanh",
        "/owner/phone" => "SoDienThoai",
        "/received_at" => "NgayTiepNhan",
        "/due_at" => "NgayHenTra",
        "/status" => "TrangThaiHoSo",
        "/resolved_at" => "NgayKetThucXuLy",
        "/returned_at" => "NgayTra",
        "/closed_at" => "NgayTuChoi",
        "/at" => "ThoiDiemXuLy",
        "/receiving_unit_id" => "MaDinhDanhDV",
        "/resolving_unit_id" => "DonViXuLy",
        "/waiting_since" => "DanhSachHoSoBoSung/NgayBoSung",
        other => other.trim_start_matches('/'),
    }
}

/// The entries with what was held of each dossier when they came.
struct Held<T> {
    entries: Vec<Sent<T>>,
    before: HashMap<String, HeldDossier>,
}

fn codes<T: PortalEntry>(entries: &[Sent<T>]) -> Vec<&str> {
    let read = entries.iter().filter_map(|entry| entry.read.as_ref());
    let codes: BTreeSet<&str> = read.map(PortalEntry::code).collect();
    codes.into_iter().collect()
}

impl<T: PortalEntry> Held<T> {
    fn load(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        sender: Sender,
        entries: Vec<Sent<T>>,
    ) -> Result<Self, ApiError> {
        let before = dossiers_of_codes(tx.conn(), scoped, sender.province, &codes(&entries))?;
        Ok(Self { entries, before })
    }
}

/// How each request ends: with its reply, and the ledger written.
struct Closing<'a> {
    scoped: &'a Scoped,
    sender: Sender,
    direction: PortalDirection,
    service: PortalService,
}

impl Closing<'_> {
    fn write<T: PortalEntry>(
        &self,
        tx: &mut WriteTx<'_>,
        held: Held<T>,
        made: &HashMap<String, HeldDossier>,
        ends: Vec<End>,
        differences: fn(&T, Option<Against<'_>>) -> Vec<PortalDifference>,
    ) -> Result<Recorded<PortalReply>, ApiError> {
        let (mut lines, mut told) = (Vec::new(), Vec::new());
        for (Sent { verbatim, read }, end) in held.entries.into_iter().zip(ends) {
            let code = match &read {
                Some(entry) => entry.code().to_owned(),
                None => code_in(&verbatim).unwrap_or_default(),
            };
            let dossier = held.before.get(&code).or_else(|| made.get(&code));
            let facts = dossier.map(|dossier| PortalHeld::of(dossier, self.scoped.tree()));
            // Of a dossier that the entry made the owner is the one it tells.
            let owner = held.before.get(&code).filter(|_| T::SERVICE == PortalService::Dossiers);
            let owner = match owner {
                Some(dossier) => dossier.row.owner(self.scoped.personal_keys()?)?,
                None => None,
            };
            let against = facts.as_ref().map(|held| Against { held, owner: owner.as_ref() });
            let found = read.as_ref().map(|entry| differences(entry, against)).unwrap_or_default();
            let is_erased = dossier.is_some_and(|dossier| dossier.row.erased_at.is_some());
            let answers = self.direction == PortalDirection::Received || end.error_code != DONE;
            told.push(Exchanged {
                belongs: self.belongs(dossier),
                dossier_id: dossier.map(|dossier| dossier.row.id),
                code: code.clone(),
                direction: self.direction,
                service: self.service,
                outcome: end.outcome,
                answer: answers.then(|| (end.error_code, end.message.clone())),
                verbatim: (!is_erased).then_some(verbatim),
                held: facts,
                differences: found,
            });
            let (error_code, message) = (end.error_code.to_owned(), end.message);
            lines.push(PortalResultLine { code, error_code, message, ledger_entry_id: None });
        }
        let written = ledger_insert(tx, self.scoped, told)?;
        Ok(written.map(|ids| {
            if self.direction == PortalDirection::Sent {
                lines.iter_mut().zip(ids).for_each(|(line, id)| line.ledger_entry_id = Some(id));
            }
            PortalReply::of(lines)
        }))
    }

    /// Whose an entry is, and its province: the unit that resolves the dossier, or the one that received it where
    /// the account reaches that one alone, so that whoever exchanges finds what was exchanged. The sender's where
    /// there is no dossier; of one that is out of reach it tells the sender nothing.
    fn belongs(&self, dossier: Option<&HeldDossier>) -> (OrgUnitId, OrgUnitId) {
        let Some(HeldDossier { row, .. }) = dossier else { return (self.sender.unit, self.sender.province) };
        let resolving = (row.org_unit_id, row.province_id);
        let receiving = (row.receiving_unit_id, row.receiving_province_id);
        let is_reached = |(unit, _): &(OrgUnitId, OrgUnitId)| self.scoped.reaches(*unit);
        [resolving, receiving].into_iter().find(is_reached).unwrap_or(resolving)
    }
}

/// The code in an entry that has not the portal's shape, so that it is found, and erased, with the others of its
/// dossier.
fn code_in(verbatim: &str) -> Option<String> {
    let entry: serde_json::Value = serde_json::from_str(verbatim).ok()?;
    let code = entry.get("MaHoSo")?.as_str()?.trim();
    (code.chars().count() <= LONGEST_CODE).then(|| code.to_owned())
}

/// The longest code of a dossier, in characters.
const LONGEST_CODE: usize = 60;

/// The remark to a number that was made up.
const INVENTED: &str = "số định danh trong gói tin là số giả định nên không ghi vào hồ sơ";

/// Takes dossiers in.
///
/// # Errors
/// When the database cannot be read or written.
pub(super) fn receive_dossiers(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    sender: Sender,
    is_updating: bool,
    entries: Vec<Sent<PortalDossier>>,
) -> Result<Recorded<PortalReply>, ApiError> {
    let held = Held::load(tx, scoped, sender, entries)?;
    let named = Named::of(scoped, sender);
    let mut bodies = Vec::with_capacity(held.entries.len());
    let read = held.entries.iter().map(|entry| {
        let entry = entry.read.as_ref().ok_or_else(wrong_entry)?;
        let units = OfUnits { receiving: sender.unit, resolving: named.unit(&entry.resolving_unit) };
        let kind = held.before.get(&entry.code).map(|dossier| dossier.row.owner_kind);
        bodies.push(dossier(entry, units, kind)?);
        Ok(())
    });
    let read: Vec<Result<(), ApiError>> = read.collect();
    let on_conflict = if is_updating { OnConflict::Update } else { OnConflict::Refuse };
    let mut written = write_lines::<PortalDossiers>(tx, scoped, on_conflict, bodies)?.into_iter();
    let mut created = Vec::new();
    let mut ends = Vec::with_capacity(read.len());
    for (entry, read) in held.entries.iter().zip(read) {
        let lost = || Err(ApiError::internal("an entry was lost"));
        let end = match (read.and_then(|()| written.next().unwrap_or_else(lost)), &entry.read) {
            (Ok(line), Some(entry)) => {
                created.extend((line.outcome == BatchOutcome::Created).then_some(entry.code.as_str()));
                End::done(outcome(line.outcome), remark(entry))
            }
            (Ok(_), None) => End::failed(wrong_entry(), is_updating),
            (Err(error), _) => End::failed(error, is_updating),
        };
        ends.push(end);
    }
    let made = dossiers_of_codes(tx.conn(), scoped, sender.province, &created)?;
    let (direction, service) = (PortalDirection::Received, PortalService::Dossiers);
    Closing { scoped, sender, direction, service }.write(tx, held, &made, ends, of_received)
}

fn outcome(written: BatchOutcome) -> PortalOutcome {
    match written {
        BatchOutcome::Created => PortalOutcome::Created,
        BatchOutcome::Updated => PortalOutcome::Updated,
        BatchOutcome::Unchanged => PortalOutcome::Unchanged,
        BatchOutcome::Stale | BatchOutcome::Refused => PortalOutcome::Refused,
    }
}

/// What is said beside success.
fn remark(entry: &PortalDossier) -> Option<&'static str> {
    told_number(entry).filter(|number| is_invented(number)).map(|_| INVENTED)
}

/// Takes progress of dossiers in.
///
/// # Errors
/// When the database cannot be read or written, 412 when a dossier was changed meanwhile.
pub(super) fn receive_progress(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    sender: Sender,
    entries: Vec<Sent<PortalProgress>>,
) -> Result<Recorded<PortalReply>, ApiError> {
    let held = Held::load(tx, scoped, sender, entries)?;
    let mut reports = Vec::with_capacity(held.entries.len());
    let read = held.entries.iter().map(|entry| {
        reports.push(report(entry.read.as_ref().ok_or_else(wrong_entry)?)?);
        Ok(())
    });
    let read: Vec<Result<(), ApiError>> = read.collect();
    let mut taken = take_progress(tx, scoped, held.before.clone(), reports)?.into_iter();
    let lost = || Err(ApiError::internal("an entry was lost"));
    let end = |read: Result<(), ApiError>| match read.and_then(|()| taken.next().unwrap_or_else(lost)) {
        Ok(true) => End::done(PortalOutcome::Updated, None),
        Ok(false) => End::done(PortalOutcome::Unchanged, None),
        Err(error) => End::failed(error, true),
    };
    let ends = read.into_iter().map(end).collect();
    let (direction, service) = (PortalDirection::Received, PortalService::Progress);
    Closing { scoped, sender, direction, service }.write(tx, held, &HashMap::new(), ends, of_progress)
}

/// The longest text that a step keeps.
const REASON: usize = 2_000;

fn report(entry: &PortalProgress) -> Result<Progress, ApiError> {
    if entry.content.chars().count() > REASON {
        let message = Bilingual::new(
            format!("Nội dung tối đa {REASON} ký tự."),
            format!("The text has {REASON} characters at most."),
        );
        return Err(ApiError::invalid(vec![Fault::new("/NoiDungXuLy", "length", message)]));
    }
    Ok(Progress {
        code: entry.code.clone(),
        portal_code: status_code("TrangThai", &entry.status)?,
        at: time_of("ThoiDiemXuLy", &entry.handled_at)?,
        reason: given(&entry.content).map(str::to_owned),
    })
}

/// Puts down what was sent to the portal, as its sender reports it; no dossier changes.
///
/// # Errors
/// When the database cannot be read or written.
pub(super) fn report_sendings(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    sender: Sender,
    entries: Vec<Sent<PortalDossier>>,
) -> Result<Recorded<PortalReply>, ApiError> {
    let held = Held::load(tx, scoped, sender, entries)?;
    let end = |entry: &Sent<PortalDossier>| match &entry.read {
        None => End::failed(wrong_entry(), true),
        Some(read) if held.before.contains_key(&read.code) => End::done(PortalOutcome::Unanswered, None),
        Some(_) => End::failed(unknown_dossier(), true),
    };
    let ends = held.entries.iter().map(end).collect();
    let (direction, service) = (PortalDirection::Sent, PortalService::Dossiers);
    Closing { scoped, sender, direction, service }.write(tx, held, &HashMap::new(), ends, of_sent)
}
