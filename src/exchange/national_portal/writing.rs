//! How a dossier of ours is told as an entry of `DongBoHoSoMC`: by the same rules by which one is read. What
//! is not held is empty; a status goes out as it is, and no number is made up.

use super::body::{PortalDossier, PortalFee, PortalIdentity};
use super::codec::{flag_text, time_text};
use super::reading::{CHANNELS, KINDS};
use kernel::db::types::Instant;
use tthc::dossiers::life::DossierStatus;
use tthc::dossiers::model::{Channel, Dossier};

/// The code of the portal for what was not taken in and for what was refused.
const REFUSED: &str = "3";

/// A dossier as an entry; people as masked as the dossier shows them.
#[must_use]
pub fn entry(dossier: Dossier) -> PortalDossier {
    let was_received = !matches!(dossier.status, DossierStatus::Registered | DossierStatus::NotAccepted);
    let told_at = time_text(Some(dossier.received_at));
    let (received_at, submitted_at) =
        if was_received { (told_at, String::new()) } else { (String::new(), told_at) };
    let closed = |status| time_text(dossier.closed_at.filter(|_| dossier.status == status));
    let is_withdrawn = dossier.status == DossierStatus::Withdrawn;
    PortalDossier {
        received_at,
        submitted_at,
        due_at: due_text(&dossier),
        status: dossier.portal_status.map_or_else(|| REFUSED.to_owned(), |code| code.to_string()),
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

fn coded<T: Copy + PartialEq>(codes: &[(&str, T)], value: T) -> String {
    codes.iter().find(|(_, of)| *of == value).map(|(code, _)| (*code).to_owned()).unwrap_or_default()
}

fn form(channel: Channel) -> &'static str {
    match channel {
        Channel::InPerson => "0",
        Channel::Postal => "1",
        Channel::Online => "",
    }
}

/// When it is due; a day without a moment ends with its last second.
fn due_text(dossier: &Dossier) -> String {
    let end = |day: chrono::NaiveDate| day.and_hms_opt(23, 59, 59).map(Instant::from_vietnam_time);
    time_text(dossier.due_at.or_else(|| dossier.due_on.and_then(end)))
}

/// Payment: which way it took is not held, and what this service knows of is the province's own gateway.
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

fn identity(number: String) -> PortalIdentity {
    let kind = match number.len() {
        12 => "1",
        9 => "2",
        _ => "",
    };
    PortalIdentity { kind: kind.to_owned(), number }
}
