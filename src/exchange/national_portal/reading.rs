//! How an entry of `DongBoHoSoMC` reads as a dossier of ours. Pure; what it leaves open the rules of a
//! dossier decide, as for any other that is sent.
//!
//! - **Receipt** is `NgayTiepNhan`, else `NgayNopHoSo` (a dossier that was only registered has no other).
//! - **Status** 1 to 10 are ours. The portal has no code of its own for a refusal: 3 is one where the dossier
//!   was received (`NgayTiepNhan`) and refused (`NgayTuChoi`); without one of them it was never taken in.
//! - **Closing**: of a refusal `NgayTuChoi`; of a withdrawal (7) `NgayKetThucXuLy`, else `NgayTra`, else
//!   `NgayTuChoi`, for the portal has no date of its own for it.
//! - **Resolution** is `NgayKetThucXuLy`; where a result was returned and that is empty, `NgayTra`: it was
//!   resolved by then, and is never counted as resolved earlier than anybody said.
//! - **Channel** is `KenhThucHien`; where that is empty, `HinhThuc` 1 is by post and everything else at the
//!   counter, as the index of Quyết định 766/QĐ-TTg counts it.
//! - **A wait** (5, 6, 8) lasts since the newest `NgayBoSung` of `DanhSachHoSoBoSung`: that is its history, and
//!   only one without any lasts since receipt. A payment is asked for, and processing stopped, no earlier than what
//!   was asked for before had come (`NgayTiepNhanBoSung`).
//! - **Due**: a moment, for the shape has no day without one. The last second of the day that we hold without a
//!   moment says that day, as it went out.
//! - **Owner**: what is left empty of a dossier that is there stays as it is held; who sends one for the first time
//!   tells name and kind.
//! - **Owner's number**: the first of `DinhDanhCHS`, else `SoGiayToChuHoSo`. One that was made up to fill the
//!   field is not written; the ledger shows it.
//! - **Fees** are the sum of `Gia`; paid online where `DuocThanhToanTrucTuyen` is 1 or 2. The result is
//!   digitised where one of `DanhSachGiayToKetQua` has a file, or is called as it is where nobody told us of one.
//! - Everything else stays in the ledger as it came.

use super::body::{PortalDossier, PortalResult};
use super::codec::{Unreadable, amount, flag, given, moment, time};
use super::differences::is_invented;
use kernel::db::types::Instant;
use kernel::error::{ApiError, Bilingual, Fault};
use kernel::people::PersonKind;
use kernel::tree::OrgUnitId;
use tthc::dossiers::life::DossierStatus;
use tthc::dossiers::model::{Channel, DossierCreate};
use tthc::dossiers::people::DossierPerson;

/// Which units an entry is about.
#[derive(Debug, Clone, Copy)]
pub struct OfUnits {
    /// The sender's, which received it.
    pub receiving: OrgUnitId,
    /// The one that resolves it, where `DonViXuLy` names one and no other.
    pub resolving: Option<OrgUnitId>,
}

/// Reads scalars, and gathers what is wrong with them.
#[derive(Default)]
struct Reader(Vec<Fault>);

impl Reader {
    fn of<T: Default>(&mut self, member: &str, read: Result<T, Unreadable>) -> T {
        read.unwrap_or_else(|wrong| {
            self.0.push(Fault::new(format!("/{member}"), "unreadable", unreadable(wrong)));
            T::default()
        })
    }

    /// One of a list of codes.
    fn code<T: Copy>(&mut self, member: &str, text: &str, codes: &[(&str, T)]) -> Option<T> {
        let found = codes.iter().find(|(code, _)| *code == text).map(|(_, value)| *value);
        if found.is_none() {
            let listed = codes.iter().map(|(code, _)| *code).collect::<Vec<_>>().join(", ");
            let message =
                Bilingual::new(format!("Phải là một trong: {listed}."), format!("It is one of: {listed}."));
            self.0.push(Fault::new(format!("/{member}"), "unknown_code", message));
        }
        found
    }
}

fn unreadable(wrong: Unreadable) -> Bilingual {
    match wrong {
        Unreadable::Time => Bilingual::new(
            "Thời điểm phải có dạng yyyyMMddHHmmss (giờ Việt Nam), hoặc để trống.",
            "A time is yyyyMMddHHmmss in Vietnam, or empty.",
        ),
        Unreadable::Flag => Bilingual::new("Phải là 1, 0 hoặc để trống.", "It is 1, 0 or empty."),
        Unreadable::Amount => {
            Bilingual::new("Phải là số tiền nguyên, đơn vị đồng.", "It is a whole amount of đồng.")
        }
    }
}

/// The code of a status, 1 to 10.
///
/// # Errors
/// The fault of this member.
pub fn status_code(member: &str, text: &str) -> Result<i32, ApiError> {
    let code = text.parse().ok().filter(|code| (1..=10).contains(code));
    code.ok_or_else(|| {
        let message =
            Bilingual::new("Trạng thái phải là mã từ 1 đến 10.", "The status is a code from 1 to 10.");
        ApiError::invalid(vec![Fault::new(format!("/{member}"), "unknown_code", message)])
    })
}

/// A time that a member tells, where it does.
///
/// # Errors
/// The fault of this member.
pub fn time_of(member: &str, text: &str) -> Result<Option<Instant>, ApiError> {
    time(text).map_err(|wrong| {
        ApiError::invalid(vec![Fault::new(format!("/{member}"), "unreadable", unreadable(wrong))])
    })
}

/// The identity number that an entry tells of the owner, made up or not.
#[must_use]
pub fn told_number(entry: &PortalDossier) -> Option<&str> {
    let of_list = entry.identities.iter().find_map(|identity| given(&identity.number));
    of_list.or_else(|| given(&entry.owner_paper))
}

/// The dossier that an entry tells; the kind of its owner may be left out where one is held.
///
/// # Errors
/// Every member that cannot be read.
pub fn dossier(
    entry: &PortalDossier,
    units: OfUnits,
    held: Option<PersonKind>,
) -> Result<DossierCreate, ApiError> {
    let mut reader = Reader::default();
    let code = status_code("TrangThaiHoSo", &entry.status);
    let code = code.map_err(|error| reader.0.extend(error.into_faults())).unwrap_or_default();
    let taken_in = reader.of("NgayTiepNhan", time(&entry.received_at));
    let handed_in = reader.of("NgayNopHoSo", time(&entry.submitted_at));
    let ended = reader.of("NgayKetThucXuLy", time(&entry.resolved_at));
    let returned_at = reader.of("NgayTra", time(&entry.returned_at));
    let refused = reader.of("NgayTuChoi", time(&entry.refused_at));
    let due_at = reader.of("NgayHenTra", time(&entry.due_at));
    let input_digitised = reader.of("HoSoCoThanhPhanSoHoa", flag(&entry.input_digitised));
    let fee_vnd = fees(&mut reader, entry);
    let channel = channel(&mut reader, entry);
    let kind = owner_kind(&mut reader, entry, held);
    let received_at = taken_in.or(handed_in);
    if received_at.is_none() {
        let message = Bilingual::new(
            "Phải có ngày tiếp nhận hoặc ngày nộp hồ sơ.",
            "The day of receipt or of submission is needed.",
        );
        reader.0.push(Fault::new("/NgayTiepNhan", "required", message));
    }
    let status = DossierStatus::of_portal_code(code, taken_in.is_some() && refused.is_some());
    let asked_at = status.and_then(|status| waiting_since(&mut reader, entry, status));
    let (Some(status), Some(channel), Some(kind), Some(received_at), true) =
        (status, channel, kind, received_at, reader.0.is_empty())
    else {
        return Err(ApiError::invalid(reader.0));
    };
    let dates = Dates::of(status, ended, returned_at, refused);
    Ok(DossierCreate {
        code: entry.code.clone(),
        procedure_id: None,
        procedure_code: Some(entry.procedure_code.clone()),
        receiving_unit_id: Some(units.receiving),
        receiving_unit_identifier: None,
        receiving_unit_code: None,
        resolving_unit_id: units.resolving,
        resolving_unit_identifier: None,
        resolving_unit_code: None,
        channel,
        owner: DossierPerson {
            kind,
            name: entry.owner_name.clone(),
            id_number: told_number(entry).filter(|number| !is_invented(number)).map(str::to_owned),
            phone: given(&entry.phone).map(str::to_owned),
        },
        submitter: None,
        received_at,
        due_at,
        status: Some(status),
        // Papers that were asked for before receipt were waited for since receipt.
        waiting_since: asked_at.filter(|at| *at > received_at),
        resolved_at: dates.resolved,
        returned_at: dates.returned,
        closed_at: dates.closed,
        rescheduled_to: None,
        fee_vnd,
        paid_online: matches!(entry.paid_online.as_str(), "1" | "2"),
        input_digitised,
        result_digitised: entry.results.iter().any(is_digitised),
        foreign_code: None,
        linked_code: None,
        source_updated_at: None,
        keeps_due: false,
    })
}

/// Kinds of applicants by their code.
pub(super) const KINDS: [(&str, PersonKind); 4] = [
    ("1", PersonKind::Citizen),
    ("2", PersonKind::Enterprise),
    ("3", PersonKind::StateAgency),
    ("4", PersonKind::Organization),
];

/// Channels by their code.
pub(super) const CHANNELS: [(&str, Channel); 3] =
    [("1", Channel::InPerson), ("2", Channel::Online), ("3", Channel::Postal)];

/// The code of the channel that an entry tells, or has where it tells none.
pub(super) fn channel_code(entry: &PortalDossier) -> &str {
    given(&entry.channel).unwrap_or(if entry.form == "1" { "3" } else { "1" })
}

fn channel(reader: &mut Reader, entry: &PortalDossier) -> Option<Channel> {
    reader.code("KenhThucHien", channel_code(entry), &CHANNELS)
}

/// The kind of the owner, as it is told or held. Of a new dossier both name and kind are told.
fn owner_kind(reader: &mut Reader, entry: &PortalDossier, held: Option<PersonKind>) -> Option<PersonKind> {
    let mut required = |member: &str, message: Bilingual| {
        reader.0.push(Fault::new(format!("/{member}"), "required", message));
    };
    if held.is_none() && given(&entry.owner_name).is_none() {
        let message = Bilingual::new(
            "Phải nêu tên chủ hồ sơ khi gửi hồ sơ lần đầu.",
            "Name the owner when a dossier is sent for the first time.",
        );
        required("ChuHoSo", message);
    }
    match (given(&entry.owner_kind), held) {
        (Some(code), _) => reader.code("LoaiDoiTuong", code, &KINDS),
        (None, Some(kind)) => Some(kind),
        (None, None) => {
            let message = Bilingual::new(
                "Phải nêu loại đối tượng (1, 2, 3 hoặc 4) khi gửi hồ sơ lần đầu.",
                "Tell the kind of applicant (1, 2, 3 or 4) when a dossier is sent for the first time.",
            );
            required("LoaiDoiTuong", message);
            None
        }
    }
}

/// Since when a wait lasts, as far as the requests for papers tell it.
fn waiting_since(reader: &mut Reader, entry: &PortalDossier, status: DossierStatus) -> Option<Instant> {
    if !status.is_waiting() {
        return None;
    }
    let mut known = Vec::new();
    for (place, supplement) in entry.supplements.iter().enumerate() {
        let mut at = |member: &str, text: &str| {
            reader.of(&format!("DanhSachHoSoBoSung/{place}/{member}"), moment(text))
        };
        known.push(at("NgayBoSung", &supplement.asked_at));
        if status != DossierStatus::AwaitingSupplement {
            known.push(at("NgayTiepNhanBoSung", &supplement.received_at));
        }
    }
    known.into_iter().flatten().max()
}

/// How a result is called of which we hold that it was digitised, and not where its file is.
pub(super) const DIGITISED: &str = "Kết quả giải quyết đã số hóa";

/// Whether a result was digitised.
pub(super) fn is_digitised(result: &PortalResult) -> bool {
    given(&result.address).is_some() || result.name == DIGITISED
}

/// The sum of the fees; none where none is told.
fn fees(reader: &mut Reader, entry: &PortalDossier) -> Option<i64> {
    let amounts: Vec<i64> = entry
        .fees
        .iter()
        .enumerate()
        .filter_map(|(place, fee)| reader.of(&format!("DanhSachLePhi/{place}/Gia"), amount(&fee.amount)))
        .collect();
    let sum = amounts.iter().try_fold(0_i64, |sum, amount| sum.checked_add(*amount));
    match sum {
        Some(sum) => (!amounts.is_empty()).then_some(sum),
        None => reader.of("DanhSachLePhi", Err(Unreadable::Amount)),
    }
}

/// The dates that a status has.
struct Dates {
    resolved: Option<Instant>,
    returned: Option<Instant>,
    closed: Option<Instant>,
}

impl Dates {
    fn of(
        status: DossierStatus,
        ended: Option<Instant>,
        returned: Option<Instant>,
        refused: Option<Instant>,
    ) -> Self {
        match status {
            DossierStatus::Withdrawn => {
                Self { resolved: None, returned: None, closed: ended.or(returned).or(refused) }
            }
            DossierStatus::Refused => Self { resolved: None, returned: None, closed: refused },
            DossierStatus::NotAccepted => Self { resolved: None, returned: None, closed: None },
            DossierStatus::Returned => Self { resolved: ended.or(returned), returned, closed: None },
            _ => Self { resolved: ended, returned, closed: None },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn entry(changes: &Value) -> PortalDossier {
        let mut entry = json!({
            "MaHoSo": "H13.44-261102-0007", "MaTTHC": "1.001193", "ChuHoSo": "Chủ hồ sơ thử", "LoaiDoiTuong": "1",
            "KenhThucHien": "2", "NgayTiepNhan": "20261102091000", "TrangThaiHoSo": "4",
        });
        for (name, value) in changes.as_object().unwrap() {
            entry[name] = value.clone();
        }
        serde_json::from_value(entry).unwrap()
    }

    fn read(changes: &Value) -> DossierCreate {
        dossier(&entry(changes), OfUnits { receiving: OrgUnitId::new(), resolving: None }, None).unwrap()
    }

    fn faults(changes: &Value) -> Vec<String> {
        let units = OfUnits { receiving: OrgUnitId::new(), resolving: None };
        let faults = dossier(&entry(changes), units, None).unwrap_err().into_faults();
        faults.into_iter().map(|fault| fault.pointer).collect()
    }

    fn at(text: &str) -> Option<Instant> {
        time(text).unwrap()
    }

    #[test]
    fn a_refusal_is_known_by_receipt_and_day() {
        let closed = "20261104100000";
        let refused = read(&json!({"TrangThaiHoSo": "3", "NgayTuChoi": closed}));
        assert_eq!((refused.status, refused.closed_at), (Some(DossierStatus::Refused), at(closed)));
        let rejected = json!({"TrangThaiHoSo": "3", "NgayTuChoi": closed, "NgayTiepNhan": "", "NgayNopHoSo": "20261102080000"});
        let rejected = read(&rejected);
        assert_eq!((rejected.status, rejected.closed_at), (Some(DossierStatus::NotAccepted), None));
        assert_eq!(Some(rejected.received_at), at("20261102080000"));
        assert_eq!(read(&json!({"TrangThaiHoSo": "3"})).status, Some(DossierStatus::NotAccepted));
        let withdrawn = read(&json!({"TrangThaiHoSo": "7", "NgayTuChoi": closed}));
        assert_eq!((withdrawn.status, withdrawn.closed_at), (Some(DossierStatus::Withdrawn), at(closed)));
    }

    #[test]
    fn what_was_returned_was_resolved_by_then() {
        let returned = read(&json!({"TrangThaiHoSo": "10", "NgayTra": "20261105100000"}));
        assert_eq!(returned.resolved_at, returned.returned_at);
        let resolved = read(&json!({"TrangThaiHoSo": "9"}));
        assert_eq!(resolved.resolved_at, None, "nothing is made up: the rules of a dossier refuse it");
        for (code, status) in [("5", DossierStatus::AwaitingSupplement), ("8", DossierStatus::Stopped)] {
            assert_eq!(read(&json!({"TrangThaiHoSo": code})).status, Some(status));
        }
    }

    #[test]
    fn channels_numbers_and_fees_are_read() {
        let channel = |kind: &str, form: &str| read(&json!({"KenhThucHien": kind, "HinhThuc": form})).channel;
        assert_eq!(channel("3", "0"), Channel::Postal);
        assert_eq!([channel("", "1"), channel("", "")], [Channel::Postal, Channel::InPerson]);
        let number = |list: Value, paper: &str| {
            read(&json!({"DinhDanhCHS": list, "SoGiayToChuHoSo": paper})).owner.id_number
        };
        let listed = json!([{"LoaiDinhDanh": "1", "SoDinhDanh": "012345678901"}]);
        assert_eq!(number(listed, "012345678").as_deref(), Some("012345678901"));
        assert_eq!(number(json!([]), "012345678").as_deref(), Some("012345678"));
        assert_eq!(number(json!([{"SoDinhDanh": "000000001"}]), "000000001"), None);
        let fees = json!({"DanhSachLePhi": [{"Gia": "8000"}, {"Gia": ""}, {"Gia": 2000}], "DuocThanhToanTrucTuyen": "2"});
        let fees = read(&fees);
        assert_eq!((fees.fee_vnd, fees.paid_online), (Some(10_000), true));
        assert_eq!(read(&json!({"DuocThanhToanTrucTuyen": "3"})).fee_vnd, None);
        let results =
            json!({"DanhSachGiayToKetQua": [{"DuongDanTepTinKetQua": "https://kho.example/1.pdf"}]});
        assert!(read(&results).result_digitised);
        assert!(read(&json!({"DanhSachGiayToKetQua": [{"TenGiayTo": DIGITISED}]})).result_digitised);
        assert!(!read(&json!({"DanhSachGiayToKetQua": [{"TenGiayTo": "Giấy khai sinh"}]})).result_digitised);
    }

    #[test]
    fn what_is_left_empty_of_an_owner_may_be_held() {
        let units = OfUnits { receiving: OrgUnitId::new(), resolving: None };
        let silent = entry(&json!({"ChuHoSo": "", "LoaiDoiTuong": ""}));
        let read = dossier(&silent, units, Some(PersonKind::Enterprise)).unwrap();
        assert_eq!((read.owner.kind, read.owner.name.as_str()), (PersonKind::Enterprise, ""));
        let told = entry(&json!({"LoaiDoiTuong": "4"}));
        let read = dossier(&told, units, Some(PersonKind::Enterprise)).unwrap();
        assert_eq!(read.owner.kind, PersonKind::Organization);
        let wrong = entry(&json!({"LoaiDoiTuong": "5"}));
        assert!(dossier(&wrong, units, Some(PersonKind::Enterprise)).is_err());
    }

    #[test]
    fn a_wait_lasts_since_papers_were_last_asked_for() {
        let asked = |status: &str, list: Value| {
            read(&json!({"TrangThaiHoSo": status, "DanhSachHoSoBoSung": list})).waiting_since
        };
        let twice = json!([
            {"NgayBoSung": "20261109080000"},
            {"NgayBoSung": "2026-11-04T08:00:00", "NgayTiepNhanBoSung": "20261105080000"},
        ]);
        assert_eq!(asked("5", twice.clone()), at("20261109080000"));
        assert_eq!(asked("4", twice), None, "it waits no longer");
        let answered = json!([{"NgayBoSung": "20261104080000", "NgayTiepNhanBoSung": "20261105080000"}]);
        assert_eq!(asked("8", answered.clone()), at("20261105080000"), "stopped no earlier than they came");
        assert_eq!(asked("5", answered), at("20261104080000"));
        for nothing in
            [json!([]), json!([{"NgayBoSung": ""}]), json!([{"NgayBoSung": "0001-01-01T00:00:00"}])]
        {
            assert_eq!(asked("5", nothing), None, "since receipt");
        }
        assert_eq!(asked("5", json!([{"NgayBoSung": "20261101080000"}])), None, "since receipt");
        let unreadable = json!({"TrangThaiHoSo": "5", "DanhSachHoSoBoSung": [{"NgayBoSung": "hôm qua"}]});
        assert_eq!(faults(&unreadable), ["/DanhSachHoSoBoSung/0/NgayBoSung"]);
    }

    #[test]
    fn every_member_that_cannot_be_read_is_named() {
        let wrong = json!({
            "TrangThaiHoSo": "11", "NgayHenTra": "mai", "HoSoCoThanhPhanSoHoa": "x", "LoaiDoiTuong": "",
            "KenhThucHien": "4", "ChuHoSo": "", "DanhSachLePhi": [{"Gia": "tám nghìn"}], "NgayTiepNhan": "",
        });
        let expected = [
            "/TrangThaiHoSo",
            "/NgayHenTra",
            "/HoSoCoThanhPhanSoHoa",
            "/DanhSachLePhi/0/Gia",
            "/KenhThucHien",
            "/ChuHoSo",
            "/LoaiDoiTuong",
            "/NgayTiepNhan",
        ];
        assert_eq!(faults(&wrong), expected);
    }
}
