use serde_json::{Value, json};

use super::super::codec::time;
use super::*;
use kernel::people::PersonKind;
use kernel::tree::OrgUnitId;
use tthc::dossiers::model::Channel;

fn held(status: DossierStatus) -> PortalHeld {
    PortalHeld {
        status,
        procedure_code: Some("1.001193".into()),
        channel: Some(Channel::Online),
        received_at: time("20261102091000").unwrap().unwrap(),
        due_at: time("20261109170000").unwrap(),
        due_on: None,
        resolved_at: None,
        returned_at: None,
        closed_at: None,
        fee_vnd: Some(8_000),
        resolving_unit_id: OrgUnitId::new(),
        resolving_unit_name: "Xã Hiệp Hưng".into(),
        resolving_unit_short_name: "Hiệp Hưng".into(),
        version: 1,
    }
}

fn owner() -> DossierPerson {
    DossierPerson {
        kind: PersonKind::Citizen,
        name: "Nguyễn Văn Thử".into(),
        id_number: Some("012345678901".into()),
        phone: None,
    }
}

type Found = Vec<(PortalDifferenceKind, String)>;

fn listed(found: Vec<PortalDifference>) -> Found {
    found.into_iter().map(|it| (it.kind, it.member)).collect()
}

fn received(entry: Value, held: Option<&PortalHeld>) -> Found {
    let against = held.map(|held| Against { held, owner: None });
    listed(of_received(&serde_json::from_value(entry).unwrap(), against))
}

/// What is sent of a dossier that is being processed, with changes.
fn sending(changes: &Value) -> PortalDossier {
    let mut entry = json!({
        "MaTTHC": "1.001193.000.00.00.H13", "KenhThucHien": "2", "ChuHoSo": "NGUYỄN VĂN  THỬ",
        "NgayTiepNhan": "20261102091000", "NgayHenTra": "20261109170000", "TrangThaiHoSo": "4",
        "DonViXuLy": "Xã Hiệp Hưng", "DinhDanhCHS": [{"SoDinhDanh": "012345678901"}],
        "DanhSachLePhi": [{"Gia": "5000"}, {"Gia": "3000"}],
    });
    for (name, value) in changes.as_object().unwrap() {
        entry[name] = value.clone();
    }
    serde_json::from_value(entry).unwrap()
}

fn sent(changes: &Value, held: &PortalHeld) -> Vec<PortalDifference> {
    of_sent(&sending(changes), Some(Against { held, owner: Some(&owner()) }))
}

fn members_sent(changes: &Value, held: &PortalHeld) -> Vec<String> {
    sent(changes, held).into_iter().map(|it| it.member).collect()
}

#[test]
fn a_wait_told_as_resolved_is_a_rewritten_status() {
    for status in DossierStatus::ALL {
        for code in ["9", "09", "10"] {
            let told = received(json!({"TrangThaiHoSo": code}), Some(&held(*status)));
            let is_rewritten = told.iter().any(|(kind, _)| *kind == PortalDifferenceKind::StatusRewritten);
            assert_eq!(is_rewritten, status.is_waiting(), "{status} {code}");
        }
    }
}

#[test]
fn a_status_that_is_received_is_news_where_steps_lead_to_it() {
    use DossierStatus::{
        AwaitingPayment, AwaitingSupplement, NotAccepted, Processing, Received, Refused, Registered,
        Resolved, Returned, Stopped, Withdrawn,
    };
    let differs = |status: DossierStatus| {
        let told = received(json!({"TrangThaiHoSo": "4"}), Some(&held(status)));
        told == [(PortalDifferenceKind::Status, "TrangThaiHoSo".to_owned())]
    };
    for status in [Registered, Received, Processing, AwaitingSupplement, AwaitingPayment, Stopped] {
        assert!(!differs(status), "{status}");
    }
    for status in [NotAccepted, Resolved, Returned, Withdrawn, Refused] {
        assert!(differs(status), "{status}");
    }
}

#[test]
fn a_status_that_was_sent_is_the_one_that_is_held() {
    let codes = |told: &str, status: DossierStatus| -> Vec<_> {
        let found = sent(&json!({"TrangThaiHoSo": told}), &held(status));
        found.into_iter().filter(|it| it.member == "TrangThaiHoSo").map(|it| (it.kind, it.held)).collect()
    };
    for status in DossierStatus::ALL {
        let own = status_text(*status);
        for code in ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "", "x"] {
            let found = codes(code, *status);
            assert_eq!(found.is_empty(), code == own, "{status} {code}");
            assert!(found.iter().all(|(_, held)| held.as_ref() == Some(&own)));
        }
    }
    assert_eq!(codes("9", DossierStatus::Processing)[0].0, PortalDifferenceKind::Status);
    assert_eq!(codes("9", DossierStatus::Stopped)[0].0, PortalDifferenceKind::StatusRewritten);
}

#[test]
fn a_time_that_was_sent_is_one_that_the_status_has() {
    let processing = held(DossierStatus::Processing);
    assert_eq!(members_sent(&json!({}), &processing), [""; 0]);
    let resolved = json!({"TrangThaiHoSo": "9", "NgayKetThucXuLy": "20261105100000"});
    assert_eq!(members_sent(&resolved, &processing), ["TrangThaiHoSo", "NgayKetThucXuLy"]);
    let silent = json!({"NgayTiepNhan": "", "NgayHenTra": ""});
    assert_eq!(members_sent(&silent, &processing), ["NgayTiepNhan", "NgayHenTra"]);
    let resolved_at = time("20261105100000").unwrap();
    let over = PortalHeld { resolved_at, ..held(DossierStatus::Resolved) };
    assert_eq!(members_sent(&resolved, &over), [""; 0]);
    assert_eq!(members_sent(&json!({"TrangThaiHoSo": "9"}), &over), ["NgayKetThucXuLy"]);
    let closed_at = time("20261105100000").unwrap();
    let refused = PortalHeld { closed_at, ..held(DossierStatus::Refused) };
    assert_eq!(members_sent(&json!({"TrangThaiHoSo": "3"}), &refused), ["NgayTuChoi"]);
    let told =
        json!({"TrangThaiHoSo": "3", "NgayTuChoi": "20261105100000", "NgayKetThucXuLy": "20261105100000"});
    assert_eq!(members_sent(&told, &refused), [""; 0]);
    let withdrawn = PortalHeld { closed_at, ..held(DossierStatus::Withdrawn) };
    for member in ["NgayKetThucXuLy", "NgayTra", "NgayTuChoi"] {
        let told = |at: &str| json!({"TrangThaiHoSo": "7", member: at});
        assert_eq!(members_sent(&told("20261105100000"), &withdrawn), [""; 0]);
        assert_eq!(members_sent(&told("20261106100000"), &withdrawn), [member]);
    }
    let astray = sent(&json!({"NgayTra": "Trần Thị Khác"}), &processing);
    assert_eq!(astray[0].told, "***", "what is no time may be a name");
    let turned_away = json!({"TrangThaiHoSo": "3", "NgayTuChoi": "20261105100000"});
    let never = held(DossierStatus::NotAccepted);
    assert_eq!(members_sent(&turned_away, &never), ["NgayTiepNhan", "NgayNopHoSo"], "told as a refusal");
}

#[test]
fn who_owns_it_is_compared_and_never_shown() {
    let processing = held(DossierStatus::Processing);
    let other = json!({"ChuHoSo": "Nguyên Văn Thử", "DinhDanhCHS": [], "SoGiayToChuHoSo": "012345678902"});
    let found = sent(&other, &processing);
    let expected = [
        (PortalDifferenceKind::Owner, "ChuHoSo".to_owned()),
        (PortalDifferenceKind::Owner, "SoGiayToChuHoSo".to_owned()),
    ];
    assert!(found.iter().all(|it| it.told == "***" && it.held.as_deref() == Some("***")), "{found:?}");
    assert_eq!(listed(found), expected);
    let [silent] = <[_; 1]>::try_from(sent(&json!({"DinhDanhCHS": []}), &processing)).unwrap();
    assert_eq!((silent.member.as_str(), silent.told.as_str()), ("DinhDanhCHS", ""));
    let made_up = json!({"DinhDanhCHS": [{"SoDinhDanh": "000000001"}]});
    let found = listed(sent(&made_up, &processing));
    assert_eq!(found, [(PortalDifferenceKind::InventedNumber, "DinhDanhCHS".to_owned())], "told once");
    let owner = owner();
    let entry = sending(&json!({"ChuHoSo": "", "DinhDanhCHS": []}));
    let against = Against { held: &processing, owner: Some(&owner) };
    assert_eq!(of_received(&entry, Some(against)), [], "what is left empty stays, and denies nothing");
    let entry = sending(&json!({"ChuHoSo": "Trần Thị Khác"}));
    assert_eq!(of_received(&entry, Some(against)).len(), 1);
    assert_eq!(of_sent(&entry, Some(Against { held: &processing, owner: None })), [], "erased");
}

#[test]
fn procedure_channel_and_fees_are_compared() {
    let processing = held(DossierStatus::Processing);
    let other = json!({"MaTTHC": "1.001194", "KenhThucHien": "1", "DanhSachLePhi": [{"Gia": "0"}]});
    let found = sent(&other, &processing);
    let shown: Vec<_> =
        found.iter().map(|it| (it.member.as_str(), it.told.as_str(), it.held.as_deref())).collect();
    let expected = [
        ("MaTTHC", "1.001194", Some("1.001193")),
        ("KenhThucHien", "1", Some("2")),
        ("DanhSachLePhi", "0", Some("8000")),
    ];
    assert_eq!(shown, expected);
    let silent = json!({"MaTTHC": "", "KenhThucHien": "", "DanhSachLePhi": []});
    assert_eq!(members_sent(&silent, &processing), ["MaTTHC", "KenhThucHien", "DanhSachLePhi"]);
    let said = |changes: &Value| {
        of_received(&sending(changes), Some(Against { held: &processing, owner: None })).len()
    };
    assert_eq!([said(&other), said(&silent)], [3, 0], "what is received empty denies nothing");
    let by_post = json!({"KenhThucHien": "", "HinhThuc": "1"});
    let postal = PortalHeld { channel: Some(Channel::Postal), ..processing };
    assert_eq!(members_sent(&by_post, &postal), [""; 0]);
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
    assert_eq!(received(entry, None), expected);
    let progress = PortalProgress { handler: "chuyên viên".into(), ..PortalProgress::default() };
    assert_eq!(of_progress(&progress, None).len(), 1);
}

#[test]
fn times_and_units_that_are_received_differ_where_both_tell_them() {
    let held = held(DossierStatus::Processing);
    let same = json!({
        "NgayTiepNhan": "20261102091000", "NgayHenTra": "20261109170000", "NgayTra": "20261110080000",
        "DonViXuLy": "XÃ HIỆP HƯNG",
    });
    assert_eq!(received(same, Some(&held)), []);
    let other = json!({"NgayTiepNhan": "20261102091001", "NgayHenTra": "", "DonViXuLy": "Xã Tân Bình"});
    let expected = [
        (PortalDifferenceKind::Time, "NgayTiepNhan".to_owned()),
        (PortalDifferenceKind::Unit, "DonViXuLy".to_owned()),
    ];
    assert_eq!(received(other, Some(&held)), expected);
    let refused = PortalHeld {
        closed_at: time("20261105100000").unwrap(),
        status: DossierStatus::Refused,
        ..held.clone()
    };
    let refusal =
        |at: &str| json!({"TrangThaiHoSo": "3", "NgayTiepNhan": "20261102091000", "NgayTuChoi": at});
    assert_eq!(received(refusal("20261105100000"), Some(&refused)), []);
    let expected = [(PortalDifferenceKind::Time, "NgayTuChoi".to_owned())];
    assert_eq!(received(refusal("20261106100000"), Some(&refused)), expected);
    let counted = PortalHeld { due_at: None, due_on: chrono::NaiveDate::from_ymd_opt(2026, 11, 9), ..held };
    assert_eq!(received(json!({"NgayHenTra": "20261109235959"}), Some(&counted)), []);
    assert_eq!(received(json!({"NgayHenTra": "20261110000000"}), Some(&counted)).len(), 1);
}
