//! What goes out of a dossier that no column holds: papers, requests for papers, the files of results, how to reach
//! the owner. It goes out as the sender told it last, where that was taken in, and only as far as it does not
//! contradict what is held, which may have changed since. Pure.
//!
//! What tells of people or may (names of files, addresses, free text) is given to whom the dossier shows its people;
//! codes, dates and flags to everyone. What was made up to fill a field stays behind.

use super::body::PortalDossier;
use super::codec::time;
use super::differences::{fee, is_filler, is_invented, is_same_name};
use super::reading::is_digitised;
use kernel::text::fold;
use tthc::dossiers::life::DossierStatus;

/// The text where there is one, else the other.
fn or(held: String, told: String) -> String {
    if held.is_empty() { told } else { held }
}

/// A text without what only fills the field.
fn cleared(text: &mut String) {
    if is_filler(text) {
        text.clear();
    }
}

/// An entry as it is held, with what its sender told.
#[must_use]
pub fn filled(
    held: PortalDossier,
    told: PortalDossier,
    status: DossierStatus,
    is_clear: bool,
) -> PortalDossier {
    let filled = with_facts(held, &told, status);
    if is_clear { with_papers(with_owner(filled, &told), told) } else { filled }
}

/// With codes, dates and flags, which tell of nobody.
fn with_facts(held: PortalDossier, told: &PortalDossier, status: DossierStatus) -> PortalDossier {
    let is_of_field = told.field_name.is_empty()
        || held.field_name.is_empty()
        || fold(&held.field_name) == fold(&told.field_name);
    let field = |text: &String| if is_of_field { text.clone() } else { String::new() };
    // Handed in by then, as far as that can be read.
    let received_at = time(&held.received_at).ok().flatten();
    let submitted_at = time(&told.submitted_at).ok().flatten().filter(|at| Some(*at) <= received_at);
    let submitted_at = submitted_at.map(|_| told.submitted_at.clone()).unwrap_or_default();
    let is_same_fee = matches!((fee(&held), fee(told)), (Ok(held), Ok(told)) if held == told);
    let refused_at = if status == DossierStatus::NotAccepted && told.received_at.is_empty() {
        told.refused_at.clone()
    } else {
        String::new()
    };
    PortalDossier {
        field_code: field(&told.field_code),
        field_name: or(held.field_name, field(&told.field_name)),
        submitted_at: or(held.submitted_at, submitted_at),
        refused_at: or(held.refused_at, refused_at),
        form: or(held.form, told.form.clone()),
        paid_online: payment(held.paid_online, &told.paid_online),
        receipt_number: told.receipt_number.clone(),
        place: told.place.clone(),
        by_vneid: told.by_vneid.clone(),
        databases: told.databases.clone(),
        fees: if is_same_fee { told.fees.clone() } else { held.fees },
        ..held
    }
}

/// Which way a payment took, or that there was none: what is held tells only whether one was made online.
fn payment(held: String, told: &str) -> String {
    let is_told = match held.as_str() {
        "2" => ["1", "2"].contains(&told),
        "" => ["0", "3"].contains(&told),
        // Who has nothing to pay does not pay online either.
        "0" => told == "3",
        _ => false,
    };
    if is_told { told.to_owned() } else { held }
}

/// With what tells of the owner, where that is still the one who was told.
fn with_owner(held: PortalDossier, told: &PortalDossier) -> PortalDossier {
    let is_true = |number: &&str| !number.is_empty() && !is_invented(number);
    let listed = || told.identities.iter().map(|identity| identity.number.as_str()).filter(is_true);
    let paper = Some(told.owner_paper.as_str()).filter(is_true);
    let number = held.identities.first().map(|identity| identity.number.as_str());
    let tells = |number: &str| listed().chain(paper).any(|told| told == number);
    let denies = number.is_some_and(|number| listed().chain(paper).next().is_some() && !tells(number));
    let is_same = told.owner_name.is_empty() || is_same_name(&held.owner_name, &told.owner_name);
    if denies || !is_same {
        return held;
    }
    // A number that is told and not held was taken away since.
    let lists = number.is_some_and(|number| listed().any(|told| told == number));
    let identities =
        told.identities.iter().filter(|identity| is_true(&identity.number.as_str())).cloned().collect();
    let owner_paper = paper.filter(|_| number.is_some()).unwrap_or_default().to_owned();
    PortalDossier {
        identities: if lists { identities } else { held.identities },
        owner_paper,
        owner_account: told.owner_account.clone(),
        other_facts: told.other_facts.clone(),
        email: told.email.clone(),
        fax: told.fax.clone(),
        ..held
    }
}

/// With papers, requests and texts.
fn with_papers(held: PortalDossier, mut told: PortalDossier) -> PortalDossier {
    told.papers.iter_mut().for_each(|paper| cleared(&mut paper.name));
    told.other_papers.iter_mut().for_each(|paper| cleared(&mut paper.name));
    told.results.iter_mut().for_each(|result| cleared(&mut result.name));
    for supplement in &mut told.supplements {
        cleared(&mut supplement.asked_by);
        cleared(&mut supplement.received_by);
    }
    // A result that is held as not digitised has no file.
    let results = match (held.results.is_empty(), told.results.iter().any(is_digitised)) {
        (true, true) => Vec::new(),
        (false, true) | (true, false) => told.results,
        (false, false) => [told.results, held.results].concat(),
    };
    let asked = |at: &str| told.supplements.iter().any(|supplement| supplement.asked_at == at);
    let asked_since: Vec<_> =
        held.supplements.iter().filter(|supplement| !asked(&supplement.asked_at)).cloned().collect();
    let return_facts = if told.returned_at == held.returned_at { told.return_facts } else { String::new() };
    PortalDossier {
        summary: or(held.summary, told.summary),
        note: told.note,
        return_facts,
        papers: told.papers,
        other_papers: told.other_papers,
        supplements: [told.supplements, asked_since].concat(),
        results,
        ..held
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn entry(members: Value) -> PortalDossier {
        serde_json::from_value(members).unwrap()
    }

    fn out(held: Value, told: Value) -> Value {
        let filled = filled(entry(held), entry(told), DossierStatus::Processing, true);
        serde_json::to_value(filled).unwrap()
    }

    #[test]
    fn the_way_of_a_payment_is_the_senders_where_it_is_one() {
        for (held, told, expected) in [
            ("2", "1", "1"),
            ("2", "2", "2"),
            ("2", "3", "2"),
            ("2", "", "2"),
            ("3", "1", "3"),
            ("3", "0", "3"),
            ("", "3", "3"),
            ("", "1", ""),
            ("0", "3", "3"),
            ("0", "1", "0"),
        ] {
            assert_eq!(payment(held.to_owned(), told), expected, "{held} {told}");
        }
    }

    #[test]
    fn what_is_held_wins() {
        let held = json!({"ChuHoSo": "Nguyễn Văn Thử", "TenLinhVuc": "Hộ tịch", "NgayTiepNhan": "20261102091000",
            "DinhDanhCHS": [{"LoaiDinhDanh": "1", "SoDinhDanh": "012345678901"}], "DanhSachLePhi": [{"Gia": "8000"}]});
        let told = json!({"ChuHoSo": "NGUYỄN VĂN THỬ", "TenLinhVuc": "HỘ TỊCH", "MaLinhVuc": "HT",
            "Email": "thu@example.vn", "TrichYeuHoSo": "Khai sinh", "NgayNopHoSo": "20261102080000",
            "DinhDanhCHS": [{"LoaiDinhDanh": "2", "SoDinhDanh": "123456789"}, {"LoaiDinhDanh": "1", "SoDinhDanh": "012345678901"}],
            "DanhSachLePhi": [{"MaPhiLePhi": "LP", "Gia": "5000"}, {"MaPhiLePhi": "P", "Gia": "3000"}]});
        let same = out(held.clone(), told.clone());
        assert_eq!((&same["MaLinhVuc"], &same["TenLinhVuc"]), (&json!("HT"), &json!("Hộ tịch")));
        assert_eq!((&same["Email"], &same["NgayNopHoSo"]), (&told["Email"], &told["NgayNopHoSo"]));
        assert_eq!(same["ChuHoSo"], "Nguyễn Văn Thử");
        assert_eq!(same["DinhDanhCHS"], told["DinhDanhCHS"], "both numbers");
        assert_eq!(same["DanhSachLePhi"].as_array().unwrap().len(), 2);
        let mut other = told;
        other["ChuHoSo"] = json!("Trần Thị Khác");
        other["TenLinhVuc"] = json!("Đất đai");
        other["NgayNopHoSo"] = json!("20261103080000");
        other["DanhSachLePhi"] = json!([{"Gia": "9000"}]);
        let other = out(held.clone(), other);
        for member in ["Email", "MaLinhVuc", "NgayNopHoSo"] {
            assert_eq!(other[member], "", "{member}");
        }
        for member in ["DinhDanhCHS", "TenLinhVuc"] {
            assert_eq!(other[member], held[member], "{member}");
        }
        assert_eq!(other["DanhSachLePhi"][0]["Gia"], "8000");
    }

    #[test]
    fn another_number_is_another_owner_and_one_that_was_made_up_is_none() {
        let held = json!({"ChuHoSo": "Thử", "DinhDanhCHS": [{"SoDinhDanh": "012345678901"}]});
        let told =
            json!({"ChuHoSo": "Thử", "Email": "a@b.vn", "DinhDanhCHS": [{"SoDinhDanh": "012345678902"}]});
        assert_eq!(out(held.clone(), told)["Email"], "");
        let made_up = json!({"ChuHoSo": "Thử", "Email": "a@b.vn", "SoGiayToChuHoSo": "000000001",
            "DinhDanhCHS": [{"SoDinhDanh": "000000001"}]});
        let kept = out(held, made_up.clone());
        assert_eq!((&kept["Email"], &kept["SoGiayToChuHoSo"]), (&json!("a@b.vn"), &json!("")));
        assert_eq!(kept["DinhDanhCHS"][0]["SoDinhDanh"], "012345678901");
        assert_eq!(out(json!({"ChuHoSo": "Thử"}), made_up)["DinhDanhCHS"], json!([]));
        let taken_away = json!({"ChuHoSo": "Thử", "SoGiayToChuHoSo": "012345678"});
        assert_eq!(out(json!({"ChuHoSo": "Thử"}), taken_away)["SoGiayToChuHoSo"], "");
    }

    #[test]
    fn results_and_requests_go_out_as_far_as_they_are_held() {
        let file =
            json!([{"TenGiayTo": "Giấy khai sinh", "DuongDanTepTinKetQua": "https://kho.example/1.pdf"}]);
        let of = |held: Value, told: &Value| {
            let told = json!({"DanhSachGiayToKetQua": told});
            out(json!({"DanhSachGiayToKetQua": held}), told)["DanhSachGiayToKetQua"].clone()
        };
        let marked = json!([{"TenGiayTo": "Kết quả giải quyết đã số hóa"}]);
        assert_eq!(of(marked.clone(), &file)[0]["DuongDanTepTinKetQua"], "https://kho.example/1.pdf");
        assert_eq!(of(json!([]), &file), json!([]), "held as not digitised");
        let paper = json!([{"TenGiayTo": "Giấy khai sinh"}]);
        assert_eq!(of(marked, &paper).as_array().unwrap().len(), 2);
        let supplements = |at: &str| json!({"DanhSachHoSoBoSung": [{"NgayBoSung": at, "NguoiYeuCauBoSung": "Chuyên viên"}]});
        let told = supplements("20261104080000");
        let one = out(json!({"DanhSachHoSoBoSung": [{"NgayBoSung": "20261104080000"}]}), told.clone());
        assert_eq!(one["DanhSachHoSoBoSung"].as_array().unwrap().len(), 1);
        assert_eq!(one["DanhSachHoSoBoSung"][0]["NguoiYeuCauBoSung"], "", "a filler stays behind");
        let two = out(json!({"DanhSachHoSoBoSung": [{"NgayBoSung": "20261109080000"}]}), told);
        assert_eq!(two["DanhSachHoSoBoSung"][1]["NgayBoSung"], "20261109080000");
    }

    #[test]
    fn who_does_not_see_people_gets_codes_alone() {
        let told =
            entry(json!({"TrichYeuHoSo": "Khai sinh cho Nguyễn Văn Thử", "Email": "a@b.vn", "GhiChu": "x",
            "MaLinhVuc": "HT", "TaiLieuNop": [{"TenTepDinhKem": "Thử.pdf"}], "DuocThanhToanTrucTuyen": "1"}));
        let masked = entry(json!({"ChuHoSo": "N***** V** T**", "DuocThanhToanTrucTuyen": "2"}));
        let out = filled(masked, told, DossierStatus::Processing, false);
        assert_eq!((out.field_code.as_str(), out.paid_online.as_str()), ("HT", "1"));
        assert_eq!([&out.summary, &out.email, &out.note], ["", "", ""]);
        assert!(out.papers.is_empty());
    }
}
