//! How a dossier of ours is told as an entry of `DongBoHoSoMC`: by the same rules by which one is read. A status
//! goes out as it is, and no number is made up; what is not held is what its sender told last
//! ([`filling`](super::filling)), else empty.

use chrono::NaiveDate;

use super::body::{PortalDossier, PortalFee, PortalIdentity, PortalResult, PortalSupplement};
use super::codec::{flag_text, time_text};
use super::filling::filled;
use super::reading::{CHANNELS, DIGITISED, KINDS};
use kernel::db::types::Instant;
use tthc::dossiers::life::DossierStatus;
use tthc::dossiers::model::{Channel, Dossier};

/// The code of the portal for what was not taken in and for what was refused.
const REFUSED: &str = "3";

/// What a dossier is about that was made up for a demonstration, so that whoever reads it knows it for none.
pub const GENERATED: &str = "Hồ sơ tạo tự động để trình diễn, không phải hồ sơ thật";

/// The code by which a status is told.
#[must_use]
pub fn status_text(status: DossierStatus) -> String {
    status.portal_code().map_or_else(|| REFUSED.to_owned(), |code| code.to_string())
}

/// A dossier as an entry; people as masked as the dossier shows them. What is not held is taken of what its sender
/// told last.
#[must_use]
pub fn entry(dossier: Dossier, told: Option<PortalDossier>) -> PortalDossier {
    let (status, is_clear) = (dossier.status, dossier.is_clear);
    let entry = held(dossier);
    match told {
        Some(told) => filled(entry, told, status, is_clear),
        None => entry,
    }
}

/// What is held of a dossier, as an entry.
fn held(dossier: Dossier) -> PortalDossier {
    let told_at = time_text(Some(dossier.received_at));
    let (received_at, submitted_at) =
        if dossier.status.is_counted() { (told_at, String::new()) } else { (String::new(), told_at) };
    let closed = |status| time_text(dossier.closed_at.filter(|_| dossier.status == status));
    let is_withdrawn = dossier.status == DossierStatus::Withdrawn;
    PortalDossier {
        received_at,
        submitted_at,
        due_at: due_text(dossier.due_at, dossier.due_on),
        status: status_text(dossier.status),
        resolved_at: if is_withdrawn {
            closed(DossierStatus::Withdrawn)
        } else {
            time_text(dossier.resolved_at)
        },
        returned_at: time_text(dossier.returned_at),
        refused_at: closed(DossierStatus::Refused),
        channel: coded(&CHANNELS, dossier.channel),
        form: form(dossier.channel).to_owned(),
        owner_kind: coded(&KINDS, dossier.owner.kind),
        input_digitised: flag_text(dossier.input_digitised),
        paid_online: payment(&dossier).to_owned(),
        fees: dossier.fee_vnd.map(fee).into_iter().collect(),
        summary: if dossier.generated { GENERATED.to_owned() } else { String::new() },
        supplements: asked_for(&dossier).into_iter().collect(),
        results: dossier.result_digitised.then(result).into_iter().collect(),
        code: dossier.code,
        procedure_code: dossier.procedure_code,
        procedure_name: dossier.procedure_name,
        field_name: dossier.field_name.unwrap_or_default(),
        resolving_unit: dossier.resolving_unit_name,
        owner_name: dossier.owner.name.unwrap_or_default(),
        phone: dossier.owner.phone.unwrap_or_default(),
        identities: dossier.owner.id_number.map(identity).into_iter().collect(),
        ..PortalDossier::default()
    }
}

pub(super) fn coded<T: Copy + PartialEq>(codes: &[(&str, T)], value: T) -> String {
    codes.iter().find(|(_, of)| *of == value).map(|(code, _)| (*code).to_owned()).unwrap_or_default()
}

fn form(channel: Channel) -> &'static str {
    match channel {
        Channel::InPerson => "0",
        Channel::Postal => "1",
        Channel::Online => "",
    }
}

/// When it is due. `NgayHenTra` is `yyyyMMddHHmmss` as every time of the portal, with no way to tell a day alone. So
/// a day that we hold without an hour goes out with its last second, the one that makes nobody late who is in time
/// by the day and nobody early who is not; reading knows it for that day when it comes back, and differences are
/// looked for in the day alone.
pub(super) fn due_text(at: Option<Instant>, on: Option<NaiveDate>) -> String {
    let end = |day: NaiveDate| day.and_hms_opt(23, 59, 59).map(Instant::from_vietnam_time);
    time_text(at.or_else(|| on.and_then(end)))
}

/// Payment. Which way it took is not held: where its sender does not tell it, it is the province's own gateway, the
/// one that this service knows of.
fn payment(dossier: &Dossier) -> &'static str {
    match (dossier.paid_online, dossier.fee_vnd) {
        (true, _) => "2",
        (false, None) => "",
        (false, Some(0)) => "0",
        (false, Some(_)) => "3",
    }
}

fn fee(amount: i64) -> PortalFee {
    PortalFee { amount: amount.to_string(), ..PortalFee::default() }
}

/// The papers that are waited for: since when, for no more of the request is held.
fn asked_for(dossier: &Dossier) -> Option<PortalSupplement> {
    let since = dossier.waiting_since.filter(|_| dossier.status == DossierStatus::AwaitingSupplement);
    since.map(|since| PortalSupplement { asked_at: time_text(Some(since)), ..PortalSupplement::default() })
}

/// A result that was digitised, of whose file nothing is known here.
fn result() -> PortalResult {
    PortalResult { name: DIGITISED.to_owned(), ..PortalResult::default() }
}

fn identity(number: String) -> PortalIdentity {
    let kind = match number.len() {
        12 => "1",
        9 => "2",
        _ => "",
    };
    PortalIdentity { kind: kind.to_owned(), number }
}
