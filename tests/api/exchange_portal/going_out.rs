//! What goes out of a dossier beside what columns hold: what its sender told last.

use cchc::demo::dossiers::{DemoDossiers, load};
use kernel::reporting::holidays;
use serde_json::{Value, json};
use tthc::procedures;

use super::{PORTAL, codes, commune, entry, held, scoped, send};
use crate::support::{Client, TestApp};
use crate::tell;
use crate::tthc::dossiers::{DOSSIERS, dossier, with};

tell![
    what_no_column_holds_goes_out_as_it_came,
    what_was_changed_here_goes_out_and_not_what_came,
    what_came_of_an_erased_dossier_goes_out_no_more,
    a_result_without_a_file_and_a_wait_go_out_as_they_are_held,
    what_was_made_up_goes_out_marked,
];

/// An entry with what no column holds.
fn whole(number: u32) -> Value {
    let more = json!({
        "Email": "thu@example.vn", "GhiChu": "Nộp thay", "SoGiayToChuHoSo": "012345678901", "MaDoiTuong": "vneid-1",
        "ThongTinKhac": "Thôn 1", "SoBienNhan": "BN-1",
        "DanhSachHoSoBoSung": [{"HoSoBoSungId": 7, "NguoiYeuCauBoSung": "Lê Thị Một", "NoiDungBoSung": "Giấy chứng sinh",
            "NgayBoSung": "20261103080000", "NgayTiepNhanBoSung": "20261104080000", "TrangThaiBoSung": true}],
        "DanhSachGiayToKetQua": [{"TenGiayTo": "Giấy khai sinh", "GiayToId": "88", "DuongDanTepTinKetQua": "https://kho.example/88"}],
    });
    with(entry(number), more)
}

async fn out(client: &Client, number: u32) -> Value {
    let page = client.get(&format!("{PORTAL}?limit=200")).await.expect(200);
    let code = format!("H13.44-261102-{number:04}");
    page["data"].as_array().unwrap().iter().find(|told| told["MaHoSo"] == code).unwrap().clone()
}

async fn clear(app: &TestApp) -> Client {
    app.person("xa.hiephung", "editor", "31396").await;
    scoped(app, "xa.hiephung", "tthc:read tthc:personal").await
}

async fn what_no_column_holds_goes_out_as_it_came(app: TestApp) {
    let admin = commune(&app).await;
    let clear = clear(&app).await;
    let before = with(whole(1), json!({"TrichYeuHoSo": "Lần gửi trước", "Email": ""}));
    send(&admin, false, &[before]).await;
    let sent = whole(1);
    assert_eq!(codes(&send(&admin, true, std::slice::from_ref(&sent)).await), ["0"]);
    // What was refused was not taken in, and goes nowhere.
    let refused = with(whole(1), json!({"TrichYeuHoSo": "Bị từ chối", "NgayHenTra": "mai"}));
    assert_eq!(codes(&send(&admin, true, &[refused]).await), ["-1"]);
    let told = out(&clear, 1).await;
    for (member, value) in sent.as_object().unwrap() {
        if value.is_string() && member != "MaTTHC" {
            assert_eq!(&told[member], value, "{member}");
        }
    }
    for member in ["DinhDanhCHS", "DSKetNoiCSDL", "TaiLieuNop", "DanhSachLePhi"] {
        assert_eq!(told[member], sent[member], "{member}");
    }
    assert_eq!(told["DanhSachTepDinhKemKhac"][0]["TenGiayTo"], "Giấy chứng sinh");
    let (supplement, result) = (&told["DanhSachHoSoBoSung"][0], &told["DanhSachGiayToKetQua"][0]);
    assert_eq!((&supplement["HoSoBoSungId"], &supplement["TrangThaiBoSung"]), (&json!("7"), &json!("1")));
    assert_eq!(supplement["NgayBoSung"], "20261103080000");
    assert_eq!(result["DuongDanTepTinKetQua"], "https://kho.example/88");
    let masked = out(&admin, 1).await;
    assert_eq!((&masked["MaLinhVuc"], &masked["DuocThanhToanTrucTuyen"]), (&json!("HT"), &json!("1")));
    let text = masked.to_string();
    for personal in
        ["thu@example.vn", "012345678901", "Khai sinh cho con", "Tờ khai", "Lê Thị", "kho.example"]
    {
        assert!(!text.contains(personal), "{personal} is masked");
    }
}

async fn what_was_changed_here_goes_out_and_not_what_came(app: TestApp) {
    let admin = commune(&app).await;
    let clear = clear(&app).await;
    send(&admin, false, &[whole(1)]).await;
    let path = format!("{DOSSIERS}/{}", held(&admin, 1).await["id"].as_str().unwrap());
    let etag = admin.get(&path).await.etag();
    let owner = json!({"kind": "citizen", "name": "Trần Thị Khác", "id_number": "098765432109"});
    let changes = json!({"paid_online": false, "result_digitised": false, "fee_vnd": 9000, "owner": owner});
    admin.patch(&path, &etag, &changes).await.expect(200);
    let told = out(&clear, 1).await;
    assert_eq!(told["DuocThanhToanTrucTuyen"], "3");
    assert_eq!(told["DanhSachGiayToKetQua"], json!([]));
    assert_eq!(told["DanhSachLePhi"][0]["Gia"], "9000");
    assert_eq!(
        (&told["Email"], &told["SoGiayToChuHoSo"]),
        (&json!(""), &json!("")),
        "these are of another owner"
    );
    assert_eq!(told["DinhDanhCHS"], json!([{"LoaiDinhDanh": "1", "SoDinhDanh": "098765432109"}]));
    assert_eq!(told["TrichYeuHoSo"], "Khai sinh cho con", "which contradicts nothing");
}

async fn what_came_of_an_erased_dossier_goes_out_no_more(app: TestApp) {
    let admin = commune(&app).await;
    let clear = clear(&app).await;
    send(&admin, false, &[whole(1), whole(2)]).await;
    let path = format!("{DOSSIERS}/{}/erasure", held(&admin, 1).await["id"].as_str().unwrap());
    let order = json!({"order_number": "12/QĐ-UBND", "reason": "Chủ thể dữ liệu yêu cầu xóa."});
    admin.post(&path, &order).await.expect(200);
    send(&admin, true, &[whole(1)]).await;
    let told = out(&clear, 1).await;
    for member in ["ChuHoSo", "Email", "TrichYeuHoSo", "GhiChu", "MaDoiTuong"] {
        assert_eq!(told[member], "", "{member}");
    }
    for member in ["TaiLieuNop", "DinhDanhCHS", "DanhSachHoSoBoSung"] {
        assert_eq!(told[member], json!([]), "{member}");
    }
    assert_eq!(out(&clear, 2).await["Email"], "thu@example.vn", "of that one alone");
}

async fn a_result_without_a_file_and_a_wait_go_out_as_they_are_held(app: TestApp) {
    let admin = commune(&app).await;
    let resolved =
        json!({"status": "resolved", "resolved_at": "2026-11-05T02:00:00Z", "result_digitised": true});
    admin.post(DOSSIERS, &with(dossier(1), resolved)).await.expect(201);
    let made = admin.post(DOSSIERS, &dossier(2)).await.expect(201);
    let path = format!("{DOSSIERS}/{}/supplement-requests", made["id"].as_str().unwrap());
    let asked = json!({"at": "2026-11-05T02:00:00Z", "reason": "Bổ sung giấy chứng sinh."});
    admin.post(&path, &asked).await.expect(200);
    let result = out(&admin, 1).await["DanhSachGiayToKetQua"].clone();
    assert_eq!(result[0]["TenGiayTo"], "Kết quả giải quyết đã số hóa");
    assert_eq!(result[0]["DuongDanTepTinKetQua"], "", "where the file is nobody knows here");
    let waiting = out(&admin, 2).await;
    assert_eq!((&waiting["TrangThaiHoSo"], &waiting["NgayHenTra"]), (&json!("5"), &json!("20261109235959")));
    assert_eq!(waiting["DanhSachHoSoBoSung"][0]["NgayBoSung"], "20261105090000");
}

async fn what_was_made_up_goes_out_marked(app: TestApp) {
    let at = app.state.now();
    holidays::import(&app.state.db, at).await.unwrap();
    procedures::import::import(&app.state.db, at).await.unwrap();
    load(&app.state, DemoDossiers::Many(20), |_| Ok(())).await.unwrap();
    let admin = app.admin().await;
    let made_up = admin.get(PORTAL).await.expect(200)["data"].as_array().unwrap().clone();
    assert!(!made_up.is_empty());
    let mark = "Hồ sơ tạo tự động để trình diễn, không phải hồ sơ thật";
    assert!(made_up.iter().all(|told| told["TrichYeuHoSo"] == mark), "{made_up:?}");
}
