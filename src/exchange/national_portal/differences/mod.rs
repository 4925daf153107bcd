//! Where an entry of the portal's shape and what we hold say different things (sai lệch). Pure. Known
//! falsifications of senders are named as what they are: a wait that was rewritten to a resolution, a number
//! or a text that was made up to fill a field.
//!
//! What was **received** is held against what stood here before it was written. A later status and the times
//! that come with it are news, which is why a sender sends, and what an entry leaves empty it does not deny: so
//! both must tell a member, and a status must be one to which no step leads. What was **sent** was sent in our
//! name: it says what is held and no more, so whatever differs is told, also what one side alone tells.

mod members;

pub(super) use members::{fee, is_same_name};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::{PortalDossier, PortalProgress};
use super::codec::given;
use super::ledger::model::PortalHeld;
use super::reading::told_number;
use super::writing::status_text;
use kernel::text::fold;
use kernel::text_enum;
use tthc::dossiers::life::{DossierStatus, becomes};
use tthc::dossiers::people::DossierPerson;

text_enum! {
    /// What differs (loại sai lệch).
    pub enum PortalDifferenceKind {
        /// We hold a wait or a stop, and it is told as resolved.
        StatusRewritten => "status_rewritten", "trạng thái bị đổi thành đã xử lý xong";
        /// The status is another.
        Status => "status", "trạng thái khác";
        /// An identity number was made up to fill the field.
        InventedNumber => "invented_number", "số định danh giả định";
        /// A text was made up to fill the field.
        FillerText => "filler_text", "nội dung điền cho đủ";
        /// A time is another.
        Time => "time", "thời điểm khác";
        /// The unit is another, or is not named such that it is known.
        Unit => "unit", "đơn vị khác";
        /// Name or number of the owner is another; which, tells the member, and neither is shown.
        Owner => "owner", "thông tin chủ hồ sơ khác";
        /// The procedure is another.
        Procedure => "procedure", "thủ tục khác";
        /// The channel is another.
        Channel => "channel", "kênh thực hiện khác";
        /// Fees and charges are others.
        Fee => "fee", "phí, lệ phí khác";
    }
}

/// Where an entry and what we hold say different things (sai lệch).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"kind": "status_rewritten", "member": "TrangThaiHoSo", "told": "9", "held": "5"}))]
pub struct PortalDifference {
    /// What differs (loại sai lệch).
    pub kind: PortalDifferenceKind,
    /// The member of the entry (trường dữ liệu).
    pub member: String,
    /// What it says (giá trị trong gói tin), empty where it says nothing; of the owner `***` for whatever it is.
    pub told: String,
    /// What we hold (giá trị đang lưu), of the owner `***` for whatever it is; null where that is nothing.
    pub held: Option<String>,
}

/// What an entry is held against.
#[derive(Debug, Clone, Copy)]
pub struct Against<'h> {
    /// What is held of the dossier.
    pub held: &'h PortalHeld,
    /// Its owner; none where they are not compared, as of a dossier whose personal data were erased.
    pub owner: Option<&'h DossierPerson>,
}

/// Texts with which senders fill fields, folded.
const FILLERS: [&str; 2] = ["dinhkem", "chuyen vien"];

/// Whether an identity number was made up: one digit all along, or zeros before a one.
#[must_use]
pub fn is_invented(number: &str) -> bool {
    let is_number = !number.is_empty() && number.bytes().all(|letter| letter.is_ascii_digit());
    let is_one_digit = number.bytes().all(|digit| number.bytes().next() == Some(digit));
    is_number && (is_one_digit || number.trim_start_matches('0') == "1")
}

/// Whether a text was made up to fill a field.
#[must_use]
pub fn is_filler(text: &str) -> bool {
    FILLERS.contains(&fold(text).as_str())
}

/// How much of what is told is repeated.
const TOLD: usize = 200;

fn told(kind: PortalDifferenceKind, member: impl Into<String>, told: &str) -> PortalDifference {
    PortalDifference { kind, member: member.into(), told: told.chars().take(TOLD).collect(), held: None }
}

/// What stands for personal data: that there are some.
const HIDDEN: &str = "***";

/// A code or a time as it is told. What is neither may be anything, a name too, and is not repeated.
fn shown(text: &str) -> &str {
    let is_of_code = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'.' | b'-');
    if text.bytes().all(is_of_code) { text } else { HIDDEN }
}

fn fillers<'t>(texts: impl IntoIterator<Item = (String, &'t str)>) -> impl Iterator<Item = PortalDifference> {
    let texts: Vec<_> = texts.into_iter().filter(|(_, text)| is_filler(text)).collect();
    texts.into_iter().map(|(member, text)| told(PortalDifferenceKind::FillerText, member, text))
}

/// The code that a status is told by, however it is written.
fn code_of(status: &str) -> Option<i32> {
    status.parse().ok()
}

/// A wait or a stop that is told as resolved.
fn rewritten(member: &str, status: &str, held: Option<&PortalHeld>) -> Option<PortalDifference> {
    let held = held.filter(|held| held.status.is_waiting())?;
    let over = [DossierStatus::Resolved, DossierStatus::Returned].map(DossierStatus::portal_code);
    let is_over = code_of(status).is_some_and(|code| over.contains(&Some(code)));
    is_over.then(|| PortalDifference {
        held: Some(status_text(held.status)),
        ..told(PortalDifferenceKind::StatusRewritten, member, status)
    })
}

/// A status that is not what is held.
fn another(status: &str, held: &PortalHeld) -> PortalDifference {
    let held = Some(status_text(held.status));
    PortalDifference { held, ..told(PortalDifferenceKind::Status, "TrangThaiHoSo", shown(status)) }
}

/// A status that was received, and to which no step leads from the one that is held.
fn unreachable(entry: &PortalDossier, held: &PortalHeld) -> Option<PortalDifference> {
    let was_received = given(&entry.received_at).is_some() && given(&entry.refused_at).is_some();
    let status = DossierStatus::of_portal_code(code_of(&entry.status)?, was_received)?;
    becomes(held.status, status).is_err().then(|| another(&entry.status, held))
}

/// A status that was sent, and that is not the one that is held.
fn not_held(entry: &PortalDossier, held: &PortalHeld) -> Option<PortalDifference> {
    let is_held = code_of(&entry.status).is_some_and(|code| code.to_string() == status_text(held.status));
    (!is_held).then(|| another(&entry.status, held))
}

/// Where a dossier that was received and what is held differ.
#[must_use]
pub fn of_received(entry: &PortalDossier, against: Option<Against<'_>>) -> Vec<PortalDifference> {
    let mut found = of_dossier(entry, against, unreachable);
    if let Some(against) = against {
        found.extend(members::of_received(entry, against));
    }
    found
}

/// Where a dossier that was sent and what is held differ.
#[must_use]
pub fn of_sent(entry: &PortalDossier, against: Option<Against<'_>>) -> Vec<PortalDifference> {
    let mut found = of_dossier(entry, against, not_held);
    if let Some(against) = against {
        found.extend(members::of_sent(entry, against));
    }
    found
}

/// The status, and what was made up.
fn of_dossier(
    entry: &PortalDossier,
    against: Option<Against<'_>>,
    status: fn(&PortalDossier, &PortalHeld) -> Option<PortalDifference>,
) -> Vec<PortalDifference> {
    let held = against.map(|against| against.held);
    let rewritten = rewritten("TrangThaiHoSo", &entry.status, held);
    let other = || held.and_then(|held| status(entry, held));
    let mut found: Vec<_> = rewritten.or_else(other).into_iter().collect();
    if let Some(number) = told_number(entry).filter(|number| is_invented(number)) {
        found.push(told(PortalDifferenceKind::InventedNumber, members::of_number(entry), number));
    }
    found.extend(fillers(texts(entry)));
    found
}

/// Where progress that was told and what we hold differ. Progress tells of a moment, perhaps a past one: that
/// the dossier stands elsewhere by now is no difference.
#[must_use]
pub fn of_progress(entry: &PortalProgress, against: Option<Against<'_>>) -> Vec<PortalDifference> {
    let texts =
        [("NguoiXuLy", &entry.handler), ("PhongBanXuLy", &entry.office), ("NoiDungXuLy", &entry.content)];
    let texts = texts.map(|(member, text)| (member.to_owned(), text.as_str()));
    let held = against.map(|against| against.held);
    rewritten("TrangThai", &entry.status, held).into_iter().chain(fillers(texts)).collect()
}

/// The texts of a dossier that are names of something.
fn texts(entry: &PortalDossier) -> Vec<(String, &str)> {
    let mut texts = vec![("ChuHoSo".to_owned(), entry.owner_name.as_str())];
    for (place, paper) in entry.papers.iter().enumerate() {
        texts.push((format!("TaiLieuNop/{place}/TenTepDinhKem"), paper.name.as_str()));
    }
    for (place, paper) in entry.other_papers.iter().enumerate() {
        texts.push((format!("DanhSachTepDinhKemKhac/{place}/TenGiayTo"), paper.name.as_str()));
    }
    for (place, supplement) in entry.supplements.iter().enumerate() {
        let member = |name: &str| format!("DanhSachHoSoBoSung/{place}/{name}");
        texts.push((member("NguoiYeuCauBoSung"), supplement.asked_by.as_str()));
        texts.push((member("NguoiTiepNhanBoSung"), supplement.received_by.as_str()));
    }
    for (place, result) in entry.results.iter().enumerate() {
        texts.push((format!("DanhSachGiayToKetQua/{place}/TenGiayTo"), result.name.as_str()));
    }
    texts
}

#[cfg(test)]
mod tests;
