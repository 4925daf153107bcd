//! Member by member what an entry and what is held say.

use super::super::body::PortalDossier;
use super::super::codec::{Unreadable, amount, given, time_text};
use super::super::ledger::model::PortalHeld;
use super::super::reading::{CHANNELS, channel_code, told_number};
use super::super::writing::coded;
use super::{
    Against, HIDDEN, PortalDifference, PortalDifferenceKind as Kind, is_filler, is_invented, shown, told,
};
use kernel::db::types::Instant;
use kernel::text::{fold, nfc};
use tthc::dossiers::life::DossierStatus;
use tthc::dossiers::people::DossierPerson;

/// What both sides say of a member; empty where one says nothing.
struct Pair<'e> {
    kind: Kind,
    member: &'static str,
    told: &'e str,
    held: String,
}

impl Pair<'_> {
    fn differs(&self) -> bool {
        self.told != self.held
    }

    fn is_told_twice(&self) -> bool {
        !self.told.is_empty() && !self.held.is_empty()
    }

    fn difference(self) -> PortalDifference {
        let Self { kind, member, told: text, held } = self;
        PortalDifference { held: given(&held).map(str::to_owned), ..told(kind, member, shown(text)) }
    }
}

fn time<'e>(member: &'static str, told: &'e str, held: String) -> Pair<'e> {
    Pair { kind: Kind::Time, member, told, held }
}

/// Where members that both tell differ. A time that is none is answered as a failure, and no difference.
pub(super) fn of_received(entry: &PortalDossier, against: Against<'_>) -> Vec<PortalDifference> {
    let held = against.held;
    let is_time = |text: &str| text.bytes().all(|letter| letter.is_ascii_digit());
    let times = [
        time("NgayTiepNhan", &entry.received_at, time_text(Some(held.received_at))),
        due(entry, held),
        time("NgayKetThucXuLy", &entry.resolved_at, time_text(ended(held))),
        time("NgayTra", &entry.returned_at, time_text(held.returned_at)),
        time("NgayTuChoi", &entry.refused_at, refused(held)),
    ];
    let times = times.into_iter().filter(|pair| is_time(pair.told));
    let both = times.filter(|pair| pair.is_told_twice() && pair.differs()).map(Pair::difference);
    let unit = unit(entry, held).filter(|_| given(&entry.resolving_unit).is_some());
    let of_owner =
        owner(entry, against.owner).into_iter().filter(|it| !it.told.is_empty() && it.held.is_some());
    // Where no channel is told, one is read all the same, but nobody told it.
    let names_channel = given(&entry.channel).is_some();
    let facts = facts(entry, held)
        .into_iter()
        .filter(|it| !it.told.is_empty() && it.held.is_some() && (it.kind != Kind::Channel || names_channel));
    both.chain(unit).chain(of_owner).chain(facts).collect()
}

/// Where members differ, also those that one side alone tells.
pub(super) fn of_sent(entry: &PortalDossier, against: Against<'_>) -> Vec<PortalDifference> {
    let held = against.held;
    let times = sent_times(entry, held).into_iter().filter(Pair::differs).map(Pair::difference);
    let unit = unit(entry, held);
    times.chain(unit).chain(owner(entry, against.owner)).chain(facts(entry, held)).collect()
}

/// When it was resolved or withdrawn.
fn ended(held: &PortalHeld) -> Option<Instant> {
    if held.status == DossierStatus::Withdrawn { held.closed_at } else { held.resolved_at }
}

fn refused(held: &PortalHeld) -> String {
    time_text(held.closed_at.filter(|_| held.status == DossierStatus::Refused))
}

/// When it is due; a day without a moment is compared as a day, for the moment in it is nobody's.
fn due<'e>(entry: &'e PortalDossier, held: &PortalHeld) -> Pair<'e> {
    let told = entry.due_at.as_str();
    match held.due_on.filter(|_| held.due_at.is_none()) {
        Some(day) => time("NgayHenTra", told.get(..8).unwrap_or(told), day.format("%Y%m%d").to_string()),
        None => time("NgayHenTra", told, time_text(held.due_at)),
    }
}

/// The times that a dossier of this status has, and no others.
fn sent_times<'e>(entry: &'e PortalDossier, held: &PortalHeld) -> Vec<Pair<'e>> {
    let receipt = time_text(Some(held.received_at));
    // Receipt and submission tell apart what was never taken in; when what was received was handed in is not held.
    let mut pairs = if held.status.is_counted() {
        vec![time("NgayTiepNhan", &entry.received_at, receipt)]
    } else {
        vec![
            time("NgayTiepNhan", &entry.received_at, String::new()),
            time("NgayNopHoSo", &entry.submitted_at, receipt),
        ]
    };
    pairs.push(due(entry, held));
    let (ended, returned, refused) = (&entry.resolved_at, &entry.returned_at, &entry.refused_at);
    match held.status {
        // The portal has no date of its own for it: it is read from the first of these.
        DossierStatus::Withdrawn => {
            let places = [("NgayKetThucXuLy", ended), ("NgayTra", returned), ("NgayTuChoi", refused)];
            let told = places.into_iter().find(|(_, text)| !text.is_empty());
            let (member, text) = told.unwrap_or(("NgayKetThucXuLy", ended));
            pairs.push(time(member, text, time_text(held.closed_at)));
        }
        // Processing ended with the refusal, whether that is told or not.
        DossierStatus::Refused => {
            pairs.push(time("NgayTuChoi", refused, time_text(held.closed_at)));
            let ended = given(ended).map(|ended| time("NgayKetThucXuLy", ended, time_text(held.closed_at)));
            pairs.extend(ended);
        }
        // When it was turned away is not held.
        DossierStatus::NotAccepted => {
            pairs.push(time("NgayKetThucXuLy", ended, String::new()));
            pairs.push(time("NgayTra", returned, String::new()));
        }
        _ => {
            pairs.push(time("NgayKetThucXuLy", ended, time_text(held.resolved_at)));
            pairs.push(time("NgayTra", returned, time_text(held.returned_at)));
            pairs.push(time("NgayTuChoi", refused, String::new()));
        }
    }
    pairs
}

/// The unit, by one of its names.
fn unit(entry: &PortalDossier, held: &PortalHeld) -> Option<PortalDifference> {
    let name = fold(&entry.resolving_unit);
    let known = [&held.resolving_unit_name, &held.resolving_unit_short_name];
    let is_same = known.iter().any(|known| fold(known) == name);
    (!is_same).then(|| PortalDifference {
        held: Some(held.resolving_unit_name.clone()),
        ..told(Kind::Unit, "DonViXuLy", &entry.resolving_unit)
    })
}

/// The member that tells the owner's number.
pub(super) fn of_number(entry: &PortalDossier) -> &'static str {
    let number = told_number(entry);
    let is_listed = entry.identities.iter().any(|identity| Some(identity.number.as_str()) == number);
    if is_listed || number.is_none() { "DinhDanhCHS" } else { "SoGiayToChuHoSo" }
}

/// Name and number of the owner. What was made up is told as that already.
fn owner(entry: &PortalDossier, held: Option<&DossierPerson>) -> Vec<PortalDifference> {
    let Some(held) = held else { return Vec::new() };
    let name = (!is_filler(&entry.owner_name) && !is_same_name(&entry.owner_name, &held.name)).then_some((
        "ChuHoSo",
        given(&entry.owner_name),
        Some(held.name.as_str()),
    ));
    let (number, held_number) = (told_number(entry), held.id_number.as_deref());
    let is_made_up = number.is_some_and(is_invented);
    let number = (!is_made_up && number != held_number).then_some((of_number(entry), number, held_number));
    let differing = |(member, text, held): (&str, Option<&str>, Option<&str>)| PortalDifference {
        held: held.map(|_| HIDDEN.to_owned()),
        ..told(Kind::Owner, member, text.map_or("", |_| HIDDEN))
    };
    name.into_iter().chain(number).map(differing).collect()
}

/// Whether two names are one, written in capitals or not: tone marks tell people apart, and stay.
pub(in super::super) fn is_same_name(one: &str, other: &str) -> bool {
    let words = |name: &str| {
        let name = nfc(name).to_lowercase();
        name.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    words(one) == words(other)
}

/// Procedure, channel and fees.
fn facts(entry: &PortalDossier, held: &PortalHeld) -> Vec<PortalDifference> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let procedure = text(&held.procedure_code);
    let code = entry.procedure_code.as_str();
    // A code may carry the part of the agency behind the national one.
    let is_same =
        code.strip_prefix(procedure.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    let is_open = !is_same || procedure.is_empty();
    let procedure =
        is_open.then_some(Pair { kind: Kind::Procedure, member: "MaTTHC", told: code, held: procedure });
    let channel = held.channel.map(|channel| coded(&CHANNELS, channel)).unwrap_or_default();
    let channel =
        Pair { kind: Kind::Channel, member: "KenhThucHien", told: channel_code(entry), held: channel };
    let fee = fee(entry).ok().map(|sum| (sum, held.fee_vnd)).filter(|(told, held)| told != held);
    let written = |amount: Option<i64>| amount.map(|amount| amount.to_string());
    let fee = fee.map(|(sum, held)| PortalDifference {
        held: written(held),
        ..told(Kind::Fee, "DanhSachLePhi", &written(sum).unwrap_or_default())
    });
    let pairs = procedure.into_iter().chain(std::iter::once(channel)).filter(Pair::differs);
    pairs.map(Pair::difference).chain(fee).collect()
}

/// The sum of the fees that are told.
///
/// # Errors
/// When one of them is no amount, or the sum is none.
pub(in super::super) fn fee(entry: &PortalDossier) -> Result<Option<i64>, Unreadable> {
    let amounts: Result<Vec<Option<i64>>, _> = entry.fees.iter().map(|fee| amount(&fee.amount)).collect();
    let amounts: Vec<i64> = amounts?.into_iter().flatten().collect();
    let sum = amounts.iter().try_fold(0_i64, |sum, amount| sum.checked_add(*amount));
    let sum = sum.ok_or(Unreadable::Amount)?;
    Ok((!amounts.is_empty()).then_some(sum))
}
