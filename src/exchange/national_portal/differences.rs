//! Where an entry of the portal's shape and what we hold say different things (sai lệch). Pure. Known
//! falsifications of senders are named as what they are: a wait that was rewritten to a resolution, a number
//! or a text that was made up to fill a field.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::{PortalDossier, PortalProgress};
use super::codec::{given, time_text};
use super::ledger::model::PortalHeld;
use super::reading::told_number;
use kernel::text::fold;
use kernel::text_enum;
use tthc::dossiers::life::DossierStatus;

text_enum! {
    /// What differs (loại sai lệch).
    pub enum PortalDifferenceKind {
        /// We hold a wait or a stop, and it is told as resolved.
        StatusRewritten => "status_rewritten", "trạng thái bị đổi thành đã xử lý xong";
        /// An identity number was made up to fill the field.
        InventedNumber => "invented_number", "số định danh giả định";
        /// A text was made up to fill the field.
        FillerText => "filler_text", "nội dung điền cho đủ";
        /// A time is another.
        Time => "time", "thời điểm khác";
        /// The unit is another, or is not named such that it is known.
        Unit => "unit", "đơn vị khác";
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
    /// What it says (giá trị trong gói tin).
    pub told: String,
    /// What we hold (giá trị đang lưu); null where that is nothing.
    pub held: Option<String>,
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

fn is_filler(text: &str) -> bool {
    FILLERS.contains(&fold(text).as_str())
}

/// How much of what is told is repeated.
const TOLD: usize = 200;

fn told(kind: PortalDifferenceKind, member: impl Into<String>, told: &str) -> PortalDifference {
    PortalDifference { kind, member: member.into(), told: told.chars().take(TOLD).collect(), held: None }
}

fn fillers<'t>(texts: impl IntoIterator<Item = (String, &'t str)>) -> impl Iterator<Item = PortalDifference> {
    let texts: Vec<_> = texts.into_iter().filter(|(_, text)| is_filler(text)).collect();
    texts.into_iter().map(|(member, text)| told(PortalDifferenceKind::FillerText, member, text))
}

/// A wait or a stop that is told as resolved.
fn rewritten(member: &str, status: &str, held: Option<&PortalHeld>) -> Option<PortalDifference> {
    let held = held.filter(|held| held.status.is_waiting())?;
    let is_over = [DossierStatus::Resolved, DossierStatus::Returned]
        .iter()
        .any(|over| over.portal_code().is_some_and(|code| code.to_string() == status));
    let code = held.status.portal_code().map(|code| code.to_string());
    is_over.then(|| PortalDifference {
        held: code,
        ..told(PortalDifferenceKind::StatusRewritten, member, status)
    })
}

/// Where a dossier that was told and what we hold differ.
#[must_use]
pub fn of_dossier(entry: &PortalDossier, held: Option<&PortalHeld>) -> Vec<PortalDifference> {
    let mut found: Vec<_> = rewritten("TrangThaiHoSo", &entry.status, held).into_iter().collect();
    if let Some(number) = told_number(entry).filter(|number| is_invented(number)) {
        let is_listed = entry.identities.iter().any(|identity| identity.number == number);
        let member = if is_listed { "DinhDanhCHS" } else { "SoGiayToChuHoSo" };
        found.push(told(PortalDifferenceKind::InventedNumber, member, number));
    }
    found.extend(fillers(texts(entry)));
    if let Some(held) = held {
        found.extend(times(entry, held));
        found.extend(unit(entry, held));
    }
    found
}

/// Where progress that was told and what we hold differ.
#[must_use]
pub fn of_progress(entry: &PortalProgress, held: Option<&PortalHeld>) -> Vec<PortalDifference> {
    let texts =
        [("NguoiXuLy", &entry.handler), ("PhongBanXuLy", &entry.office), ("NoiDungXuLy", &entry.content)];
    let texts = texts.map(|(member, text)| (member.to_owned(), text.as_str()));
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

/// Times that both tell, to the second. A due day that was computed is compared as a day.
fn times(entry: &PortalDossier, held: &PortalHeld) -> Vec<PortalDifference> {
    let is_withdrawn = held.status == DossierStatus::Withdrawn;
    let ended = if is_withdrawn { held.closed_at } else { held.resolved_at };
    let day = held.due_on.filter(|_| held.due_at.is_none());
    let day = day.map(|day| day.format("%Y%m%d").to_string()).unwrap_or_default();
    let pairs = [
        ("NgayTiepNhan", entry.received_at.as_str(), time_text(Some(held.received_at))),
        ("NgayHenTra", entry.due_at.as_str(), time_text(held.due_at)),
        ("NgayHenTra", entry.due_at.get(..8).unwrap_or_default(), day),
        ("NgayKetThucXuLy", entry.resolved_at.as_str(), time_text(ended)),
        ("NgayTra", entry.returned_at.as_str(), time_text(held.returned_at)),
    ];
    let is_time = |text: &str| text.bytes().all(|letter| letter.is_ascii_digit());
    let differing = pairs
        .into_iter()
        .filter(|(_, told, held)| !told.is_empty() && is_time(told) && !held.is_empty() && told != held);
    differing
        .map(|(member, text, held)| PortalDifference {
            held: Some(held),
            ..told(PortalDifferenceKind::Time, member, text)
        })
        .collect()
}

fn unit(entry: &PortalDossier, held: &PortalHeld) -> Option<PortalDifference> {
    let name = given(&entry.resolving_unit)?;
    let is_same = [&held.resolving_unit_name, &held.resolving_unit_short_name]
        .iter()
        .any(|known| fold(known) == fold(name));
    (!is_same).then(|| PortalDifference {
        held: Some(held.resolving_unit_name.clone()),
        ..told(PortalDifferenceKind::Unit, "DonViXuLy", name)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::codec::time;
    use super::*;
    use kernel::tree::OrgUnitId;

    fn held(status: DossierStatus) -> PortalHeld {
        PortalHeld {
            status,
            received_at: time("20261102091000").unwrap().unwrap(),
            due_at: time("20261109170000").unwrap(),
            due_on: None,
            resolved_at: None,
            returned_at: None,
            closed_at: None,
            resolving_unit_id: OrgUnitId::new(),
            resolving_unit_name: "Xã Hiệp Hưng".into(),
            resolving_unit_short_name: "Hiệp Hưng".into(),
            version: 1,
        }
    }

    fn found(entry: Value, held: Option<&PortalHeld>) -> Vec<(PortalDifferenceKind, String)> {
        let entry = serde_json::from_value(entry).unwrap();
        of_dossier(&entry, held).into_iter().map(|it| (it.kind, it.member)).collect()
    }

    #[test]
    fn a_wait_told_as_resolved_is_a_rewritten_status() {
        for status in DossierStatus::ALL {
            for code in ["9", "10"] {
                let told = found(json!({"TrangThaiHoSo": code}), Some(&held(*status)));
                assert_eq!(!told.is_empty(), status.is_waiting(), "{status}");
            }
            assert!(found(json!({"TrangThaiHoSo": "4"}), Some(&held(*status))).is_empty());
        }
    }

    #[test]
    fn numbers_and_texts_that_fill_a_field_are_known() {
        for made_up in ["000000001", "000000000001", "000000000", "111111111", "999999999999"] {
            assert!(is_invented(made_up), "{made_up}");
        }
        for number in ["012345678", "001202000011", "100000000", "", "000 000 001"] {
            assert!(!is_invented(number), "{number}");
        }
        let entry = json!({
            "ChuHoSo": "Chuyên viên", "SoGiayToChuHoSo": "000000001",
            "TaiLieuNop": [{"TenTepDinhKem": "Tờ khai"}, {"TenTepDinhKem": "Dinhkem"}],
        });
        let expected = [
            (PortalDifferenceKind::InventedNumber, "SoGiayToChuHoSo".to_owned()),
            (PortalDifferenceKind::FillerText, "ChuHoSo".to_owned()),
            (PortalDifferenceKind::FillerText, "TaiLieuNop/1/TenTepDinhKem".to_owned()),
        ];
        assert_eq!(found(entry, None), expected);
        let progress = PortalProgress { handler: "chuyên viên".into(), ..PortalProgress::default() };
        assert_eq!(of_progress(&progress, None).len(), 1);
    }

    #[test]
    fn times_and_units_that_differ_are_told_where_both_tell_them() {
        let held = held(DossierStatus::Processing);
        let same = json!({
            "NgayTiepNhan": "20261102091000", "NgayHenTra": "20261109170000", "NgayTra": "20261110080000",
            "DonViXuLy": "XÃ HIỆP HƯNG",
        });
        assert_eq!(found(same, Some(&held)), []);
        let other = json!({"NgayTiepNhan": "20261102091001", "NgayHenTra": "", "DonViXuLy": "Xã Tân Bình"});
        let expected = [
            (PortalDifferenceKind::Time, "NgayTiepNhan".to_owned()),
            (PortalDifferenceKind::Unit, "DonViXuLy".to_owned()),
        ];
        assert_eq!(found(other, Some(&held)), expected);
        let counted =
            PortalHeld { due_at: None, due_on: chrono::NaiveDate::from_ymd_opt(2026, 11, 9), ..held };
        assert_eq!(found(json!({"NgayHenTra": "20261109235959"}), Some(&counted)), []);
        assert_eq!(found(json!({"NgayHenTra": "20261110000000"}), Some(&counted)).len(), 1);
    }
}
