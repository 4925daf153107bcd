//! Dossiers in the shape of the national portal, as a one-stop system sends them and reads them back, and the
//! ledger of what was exchanged.

mod arriving;
mod going_out;
mod held_against;
mod ledger_entries;
mod sent_back;

use serde_json::{Value, json};

use crate::support::app::PASSWORD;
use crate::support::story::Story;
use crate::support::{Client, TestApp};
use crate::tell;
use crate::tthc::dossiers::{DOSSIERS, catalogue, dossier, with};

/// All stories of this folder.
pub fn all() -> Vec<Story> {
    [
        stories(),
        arriving::stories(),
        sent_back::stories(),
        going_out::stories(),
        held_against::stories(),
        ledger_entries::stories(),
    ]
    .concat()
}

tell![
    a_body_of_a_one_stop_system_is_taken_in,
    the_bare_list_is_taken_in_too,
    what_exists_is_said_to_and_is_updated_when_asked,
    good_entries_are_written_beside_bad_ones,
    a_number_that_was_made_up_is_not_written,
    a_dossier_goes_to_the_unit_that_is_named_reached_or_not,
    progress_takes_the_steps_that_lead_there,
    what_came_from_another_province_is_reported_by_who_has_it,
    the_unit_of_another_province_is_refused,
    a_request_of_the_wrong_shape_is_a_problem,
];

const PORTAL: &str = "/api/v1/exchange/national-portal/dossiers";
const PROGRESS: &str = "/api/v1/exchange/national-portal/progress";
const SENDINGS: &str = "/api/v1/exchange/national-portal/sendings";
const LEDGER: &str = "/api/v1/exchange/national-portal/ledger";

/// The catalogue, and a commune with its identification code.
async fn commune(app: &TestApp) -> Client {
    let admin = catalogue(app).await;
    let path = format!("/api/v1/organization/org-units/{}", app.unit("31396", "2026-11-23"));
    let etag = admin.get(&path).await.etag();
    admin.patch(&path, &etag, &json!({"identifier": "H13.44"})).await.expect(200);
    admin
}

/// A dossier as a one-stop system tells it, with its children.
fn entry(number: u32) -> Value {
    let scalars = json!({
        "MaHoSo": format!("H13.44-261102-{number:04}"), "MaTTHC": "1.001193.000.00.00.H13",
        "TenTTHC": "Đăng ký khai sinh", "MaLinhVuc": "HT", "TenLinhVuc": "Hộ tịch", "KenhThucHien": "2",
        "ChuHoSo": "Người nộp thử", "LoaiDoiTuong": "1", "MaDoiTuong": "", "ThongTinKhac": "", "Email": "",
        "Fax": "", "SoDienThoai": "0900000012", "TrichYeuHoSo": "Khai sinh cho con",
        "NgayTiepNhan": "20261102091000", "NgayHenTra": "20261109170000", "TrangThaiHoSo": "4",
    });
    let more = json!({
        "NgayTra": "", "ThongTinTra": "", "HinhThuc": "0", "NgayKetThucXuLy": "", "DonViXuLy": "Xã Hiệp Hưng",
        "GhiChu": "", "NoiNopHoSo": "2", "HoSoCoThanhPhanSoHoa": "1", "TaiKhoanDuocXacThucVoiVNeID": "1",
        "DuocThanhToanTrucTuyen": "1", "NgayTuChoi": "", "NgayNopHoSo": "20261102080000",
    });
    let children = json!({
        "DinhDanhCHS": [{"LoaiDinhDanh": "1", "SoDinhDanh": "012345678901"}],
        "DSKetNoiCSDL": [{"MaCSDL": "CSDLDC"}],
        "TaiLieuNop": [{"TepDinhKemId": "77", "TenTepDinhKem": "Tờ khai.pdf", "IsDeleted": "False",
            "MaThanhPhanHoSo": "TP1", "DuongDanTaiTepTin": "https://kho.example/77", "DuocSoHoa": "1",
            "DuocTaiSuDung": "0", "DuocLayTuKhoDMQG": "0", "MaKetQuaThayThe": ""}],
        "DanhSachLePhi": [{"TenPhiLePhi": "Lệ phí", "MaPhiLePhi": "LP", "HinhThucThu": "1", "Gia": "8000", "LoaiPhiLePhi": "2"}],
        "DanhSachTepDinhKemKhac": [{"TenGiayTo": "Giấy chứng sinh", "SoLuong": 1, "LoaiGiayTo": 1}],
        "DanhSachHoSoBoSung": null,
        "DanhSachGiayToKetQua": [],
    });
    with(with(scalars, more), children)
}

fn envelope(updating: &Value, data: &[Value]) -> Value {
    json!({"service": "DongBoHoSoMC", "madonvi": "000.00.44.H13", "isUpdating": updating, "data": data})
}

async fn send(client: &Client, updating: bool, data: &[Value]) -> Value {
    client.post(PORTAL, &envelope(&json!(updating), data)).await.expect(200)
}

/// `error_code` of each entry.
fn codes(reply: &Value) -> Vec<&str> {
    reply["result"].as_array().unwrap().iter().map(|line| line["error_code"].as_str().unwrap()).collect()
}

async fn held(client: &Client, number: u32) -> Value {
    let page = client.get(&format!("{DOSSIERS}?code=H13.44-261102-{number:04}")).await.expect(200);
    page["items"][0].clone()
}

async fn ledger(client: &Client, query: &str) -> Vec<Value> {
    client.get(&format!("{LEDGER}?{query}")).await.expect(200)["items"].as_array().unwrap().clone()
}

/// Someone's client with a token of these scopes.
async fn scoped(app: &TestApp, username: &str, scope: &str) -> Client {
    let form = [("grant_type", "password"), ("username", username), ("password", PASSWORD), ("scope", scope)];
    let token = app.token(&form).await.expect(200);
    app.with_token(token["access_token"].as_str().unwrap())
}

async fn a_body_of_a_one_stop_system_is_taken_in(app: TestApp) {
    commune(&app).await;
    let clerk = app.person("xa.hiephung", "editor", "31396").await;
    let reply = send(&clerk, false, &[entry(1)]).await;
    let line = json!({"MaHoSo": "H13.44-261102-0001", "error_code": "0", "message": "thành công"});
    assert_eq!(reply, json!({"error_code": "0", "message": "thành công", "result": [line]}));
    let made = held(&clerk, 1).await;
    for (member, expected) in [
        ("status", json!("processing")),
        ("procedure_code", json!("1.001193")),
        ("receiving_unit_code", json!("31396")),
        ("resolving_unit_code", json!("31396")),
        ("channel", json!("online")),
        ("received_at", json!("2026-11-02T02:10:00Z")),
        ("due_at", json!("2026-11-09T10:00:00Z")),
        ("fee_vnd", json!(8000)),
        ("paid_online", json!(true)),
        ("input_digitised", json!(true)),
        ("result_digitised", json!(false)),
    ] {
        assert_eq!(made[member], expected, "{member}");
    }
    let clear = scoped(&app, "xa.hiephung", "tthc:read tthc:personal").await;
    let owner = held(&clear, 1).await["owner"].clone();
    let expected = json!({"kind": "citizen", "name": "Người nộp thử", "id_number": "012345678901", "phone": "0900000012"});
    assert_eq!(owner, expected);
    let [told] = ledger(&clerk, "").await.try_into().unwrap();
    assert_eq!((&told["outcome"], &told["direction"]), (&json!("created"), &json!("received")));
    assert_eq!((&told["differs"], &told["dossier_id"]), (&json!(false), &made["id"]));
    assert_eq!(told["held"]["status"], "processing");
    app.seal().await;
    let feed = clerk.get("/api/v1/exchange/changes?types=dossier,portal_ledger_entry").await.expect(200);
    let kinds: Vec<_> = feed["items"].as_array().unwrap().iter().map(|it| it["type"].clone()).collect();
    assert_eq!(kinds, ["dossier", "portal_ledger_entry"]);
}

async fn the_bare_list_is_taken_in_too(app: TestApp) {
    let admin = commune(&app).await;
    let path = format!("{PORTAL}?MaDinhDanhDV=000.00.44.H13&isUpdating=True");
    let reply = admin.post(&path, &json!([entry(1), entry(2)])).await.expect(200);
    assert_eq!(codes(&reply), ["0", "0"], "what is not there is made, updating or not");
    let refused = admin.post(PORTAL, &json!([entry(1)])).await.problem(422, "invalid");
    assert_eq!(refused["errors"][0]["pointer"], "/madonvi");
    let differs = format!("{PORTAL}?MaDinhDanhDV=H13");
    let refused = admin.post(&differs, &envelope(&json!("False"), &[entry(3)])).await;
    assert_eq!(refused.problem(422, "invalid")["errors"][0]["code"], "differs");
}

async fn what_exists_is_said_to_and_is_updated_when_asked(app: TestApp) {
    let admin = commune(&app).await;
    let first = with(
        dossier(1),
        json!({"submitter": {"kind": "citizen", "name": "Người đi thay"}, "foreign_code": "X-1"}),
    );
    admin.post(DOSSIERS, &first).await.expect(201);
    let reply = send(&admin, false, &[entry(1)]).await;
    assert_eq!(codes(&reply), ["-3"]);
    assert!(reply["message"].as_str().unwrap().contains("đã tồn tại"), "{reply}");
    assert_eq!(held(&admin, 1).await["version"], 1);
    let reply = send(&admin, true, &[entry(1)]).await;
    assert_eq!(codes(&reply), ["0"], "{reply}");
    let updated = held(&admin, 1).await;
    assert_eq!((&updated["status"], &updated["fee_vnd"]), (&json!("processing"), &json!(8000)));
    assert_eq!(updated["foreign_code"], "X-1", "what the shape cannot tell stays");
    assert_eq!(updated["submitter"]["kind"], "citizen");
    assert_eq!(codes(&send(&admin, true, &[entry(1)]).await), ["0"]);
    let outcomes: Vec<_> =
        ledger(&admin, "code=H13.44-261102-0001").await.into_iter().map(|it| it["outcome"].clone()).collect();
    assert_eq!(outcomes, ["unchanged", "updated", "refused"], "the latest first");
    let twice = send(&admin, true, &[entry(1), entry(1)]).await;
    assert_eq!(codes(&twice).iter().filter(|code| **code == "0").count(), 1, "{twice}");
}

async fn good_entries_are_written_beside_bad_ones(app: TestApp) {
    let admin = commune(&app).await;
    let late = with(entry(2), json!({"NgayHenTra": "2026-11-09"}));
    let unresolved = with(entry(3), json!({"TrangThaiHoSo": "9"}));
    let unknown = with(entry(4), json!({"MaTTHC": "9.999999"}));
    let data = [json!("chẳng phải hồ sơ"), entry(1), late, unresolved, unknown];
    let reply = send(&admin, false, &data).await;
    assert_eq!(codes(&reply), ["-1", "0", "-1", "-1", "-1"], "{reply}");
    let message = |index: usize| reply["result"][index]["message"].as_str().unwrap().to_owned();
    assert!(message(2).starts_with("NgayHenTra: ") && message(2).contains("yyyyMMddHHmmss"), "{reply}");
    assert!(message(3).starts_with("NgayKetThucXuLy: "), "{reply}");
    assert!(message(4).starts_with("MaTTHC: "), "{reply}");
    assert!(reply["message"].as_str().unwrap().starts_with("4 trên 5"), "{reply}");
    assert_eq!(admin.get(DOSSIERS).await.expect(200)["items"].as_array().unwrap().len(), 1);
    assert_eq!(ledger(&admin, "outcome=refused").await.len(), 4, "what is refused stands in the ledger too");
}

async fn a_number_that_was_made_up_is_not_written(app: TestApp) {
    let admin = commune(&app).await;
    app.person("xa.hiephung", "editor", "31396").await;
    let made_up = json!({"DinhDanhCHS": [], "SoGiayToChuHoSo": "000000001", "DonViXuLy": "Phòng Tư pháp",
        "TaiLieuNop": [{"TenTepDinhKem": "Dinhkem"}]});
    let reply = send(&admin, false, &[with(entry(1), made_up)]).await;
    assert_eq!(codes(&reply), ["0"]);
    let message = reply["result"][0]["message"].as_str().unwrap();
    assert!(message.starts_with("thành công") && message.contains("giả định"), "{message}");
    let clear = scoped(&app, "xa.hiephung", "tthc:read tthc:personal").await;
    assert_eq!(held(&clear, 1).await["owner"]["id_number"], json!(null));
    let [told] = ledger(&admin, "differs=true").await.try_into().unwrap();
    let kinds: Vec<_> = told["differences"].as_array().unwrap().iter().map(|it| it["kind"].clone()).collect();
    assert_eq!(kinds, ["invented_number", "filler_text", "unit"]);
    assert_eq!(told["held"]["resolving_unit_name"], "Xã Hiệp Hưng", "a name that means no unit is no guess");
    let out = clear.get(PORTAL).await.expect(200);
    assert_eq!(out["data"][0]["DinhDanhCHS"], json!([]), "nor is one made up on the way out");
}

async fn a_dossier_goes_to_the_unit_that_is_named_reached_or_not(app: TestApp) {
    let admin = commune(&app).await;
    // A department of another commune is not the one of the same name that the sender means.
    let department = json!({
        "name": "Phòng Kinh tế", "kind": "specialised_agency", "code": "31420-KT", "parent_code": "31420",
        "valid_from": "2026-01-01",
    });
    admin.post("/api/v1/organization/org-units", &department).await.expect(201);
    let clerk = app.person("xa.hiephung", "editor", "31396").await;
    let to = |number: u32, name: &str| with(entry(number), json!({"DonViXuLy": name}));
    let reply = send(&clerk, false, &[to(1, "XÃ PHỤNG HIỆP"), to(2, "Phòng Kinh tế")]).await;
    assert_eq!(codes(&reply), ["0", "0"], "{reply}");
    for (number, unit) in [(1, "31420"), (2, "31396")] {
        let made = held(&admin, number).await;
        let units = [&made["receiving_unit_code"], &made["resolving_unit_code"]];
        assert_eq!(units, [&json!("31396"), &json!(unit)], "{number}");
    }
    let [told] = ledger(&admin, "differs=true").await.try_into().unwrap();
    assert_eq!(
        (&told["code"], &told["differences"][0]["kind"]),
        (&json!("H13.44-261102-0002"), &json!("unit"))
    );
    // Whoever sent finds what was sent, whoever resolves it.
    let sent = ledger(&clerk, "").await;
    let sent: Vec<_> = sent.iter().map(|entry| entry["code"].as_str().unwrap()).collect();
    assert_eq!(sent, ["H13.44-261102-0002", "H13.44-261102-0001"]);
}

async fn progress_takes_the_steps_that_lead_there(app: TestApp) {
    let admin = commune(&app).await;
    admin.post(DOSSIERS, &dossier(1)).await.expect(201);
    let registered = with(dossier(2), json!({"status": "registered"}));
    admin.post(DOSSIERS, &registered).await.expect(201);
    let step = |number: u32, status: &str, at: &str| {
        json!({"MaHoSo": format!("H13.44-261102-{number:04}"), "NguoiXuLy": "Chuyên viên", "ChucDanh": "Công chức",
            "ThoiDiemXuLy": at, "PhongBanXuLy": "Một cửa", "NoiDungXuLy": "Đã xem hồ sơ", "TrangThai": status,
            "NgayBatDau": at, "NgayKetThucTheoQuyDinh": ""})
    };
    let report = async |data: &[Value]| {
        let body = json!({"service": "CapNhatTienDoHoSoMC", "dstcode": "H13.44", "data": data});
        admin.post(PROGRESS, &body).await.expect(200)
    };
    let reply = report(&[
        step(1, "5", "20261103080000"),
        step(2, "4", "20261103090000"),
        step(1, "9", "20261105100000"),
        step(3, "4", "20261103080000"),
    ])
    .await;
    assert_eq!(codes(&reply), ["0", "0", "0", "-1"], "{reply}");
    let resolved = held(&admin, 1).await;
    assert_eq!(resolved["resolved_at"], "2026-11-05T03:00:00Z");
    assert_eq!(resolved["due_on"], "2026-11-11", "two working days were waited");
    let history = format!("{DOSSIERS}/{}/history", resolved["id"].as_str().unwrap());
    let history = admin.get(&history).await.expect(200);
    let steps: Vec<_> = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| [it["kind"].clone(), it["reason"].clone()])
        .collect();
    let (nothing, seen) = (json!(null), json!("Đã xem hồ sơ"));
    let expected = [
        [nothing.clone(), nothing.clone()],
        [json!("supplement-request"), seen.clone()],
        [json!("supplement"), nothing],
        [json!("resolution"), seen],
    ];
    assert_eq!(steps, expected);
    let accepted = held(&admin, 2).await;
    assert_eq!(
        (&accepted["status"], &accepted["received_at"]),
        (&json!("processing"), &json!("2026-11-03T02:00:00Z"))
    );
    let back = report(&[step(1, "4", "20261106080000"), step(2, "4", "20261106080000")]).await;
    assert_eq!(codes(&back), ["-1", "0"]);
    let message = back["result"][0]["message"].as_str().unwrap();
    assert!(message.contains("đã trả kết quả"), "the legal ones are named: {message}");
    let early = report(&[step(2, "9", "20261101080000")]).await;
    assert!(early["message"].as_str().unwrap().starts_with("ThoiDiemXuLy: "), "{early}");
    assert_eq!(ledger(&admin, "service=CapNhatTienDoHoSoMC&outcome=unchanged").await.len(), 1);
    // Who did not hear the answer reports once more.
    admin.post(DOSSIERS, &with(dossier(5), json!({"status": "registered"}))).await.expect(201);
    for outcome in ["updated", "unchanged"] {
        let told = report(&[step(5, "3", "20261103090000")]).await;
        assert_eq!(codes(&told), ["0"], "{told}");
        assert_eq!(ledger(&admin, "code=H13.44-261102-0005").await[0]["outcome"], outcome);
    }
}

/// Received in a commune of Hậu Giang before 1 July 2025, and handed over to one of Cần Thơ then.
async fn what_came_from_another_province_is_reported_by_who_has_it(app: TestApp) {
    let admin = commune(&app).await;
    let code = "H30.14-250620-0001";
    let before = json!({"code": code, "receiving_unit_code": "31429", "received_at": "2025-06-20T02:10:00Z",
        "due_at": "2025-07-20T09:00:00Z"});
    let made = admin.post(DOSSIERS, &with(dossier(1), before)).await.expect(201);
    let path = format!("{DOSSIERS}/{}", made["id"].as_str().unwrap());
    let to = json!({"org_unit_code": "31396", "at": "2025-07-01T01:00:00Z", "reason": "Sắp xếp đơn vị hành chính."});
    admin.post(&format!("{path}/transfers"), &to).await.expect(200);
    let step = json!({"MaHoSo": code, "NguoiXuLy": "Chuyên viên", "ChucDanh": "Công chức",
        "ThoiDiemXuLy": "20250703080000", "PhongBanXuLy": "Một cửa", "NoiDungXuLy": "Đã xem hồ sơ", "TrangThai": "4",
        "NgayBatDau": "20250703080000", "NgayKetThucTheoQuyDinh": ""});
    let clerk = app.person("xa.hiephung", "editor", "31396").await;
    let body = json!({"service": "CapNhatTienDoHoSoMC", "dstcode": "H13.44", "data": [step]});
    let reply = clerk.post(PROGRESS, &body).await.expect(200);
    assert_eq!(codes(&reply), ["0"], "{reply}");
    let resolved = json!({"MaHoSo": code, "NgayTiepNhan": "20250620091000", "NgayHenTra": "20250720160000",
        "TrangThaiHoSo": "9", "NgayKetThucXuLy": "20250710100000", "NgayNopHoSo": "20250620080000"});
    let reply = send(&clerk, true, &[with(entry(1), resolved)]).await;
    assert_eq!(codes(&reply), ["0"], "{reply}");
    let told = admin.get(&path).await.expect(200);
    assert_eq!((&told["status"], &told["receiving_unit_code"]), (&json!("resolved"), &json!("31429")));
    let held = admin.get(&format!("{DOSSIERS}?code={code}")).await.expect(200);
    assert_eq!(held["items"].as_array().unwrap().len(), 1);
}

async fn the_unit_of_another_province_is_refused(app: TestApp) {
    let admin = commune(&app).await;
    let units = "/api/v1/organization/org-units";
    let country = admin.get(&format!("{units}?kind=country")).await.expect(200)["items"][0]["id"].clone();
    let province = json!({"name": "Hà Nội", "full_name": "Thành phố Hà Nội", "kind": "province", "code": "01",
        "identifier": "H26", "parent_id": country, "valid_from": "2008-08-01"});
    admin.post(units, &province).await.expect(201);
    let other = app.person("tp.hanoi", "editor", "01").await;
    let refused = other.post(PORTAL, &envelope(&json!(false), &[entry(1)])).await.problem(403, "forbidden");
    assert_eq!(refused["errors"][0]["code"], "out_of_reach");
    let unknown = json!({"madonvi": "H99.99", "data": [entry(1)]});
    let unknown = admin.post(PORTAL, &unknown).await.problem(422, "invalid");
    assert_eq!(unknown["errors"][0]["pointer"], "/madonvi");
    send(&admin, false, &[entry(1)]).await;
    assert_eq!(ledger(&other, "").await, Vec::<Value>::new());
    assert_eq!(other.get(PORTAL).await.expect(200)["data"], json!([]));
    let id = ledger(&admin, "").await[0]["id"].as_str().unwrap().to_owned();
    other.get(&format!("{LEDGER}/{id}")).await.problem(404, "not-found");
    let neighbour = app.person("xa.tanbinh", "editor", "31399").await;
    neighbour.post(PORTAL, &envelope(&json!(true), &[entry(1)])).await.problem(403, "forbidden");
}

async fn a_request_of_the_wrong_shape_is_a_problem(app: TestApp) {
    let admin = commune(&app).await;
    let raw = async |body: &str| {
        admin.send("POST", PORTAL, Some(("application/json", body.as_bytes().to_vec()))).await
    };
    raw("{").await.problem(400, "malformed-json");
    raw("\"một chuỗi\"").await.problem(400, "wrong-shape");
    raw(r#"{"madonvi": "H13.44", "data": {}}"#).await.problem(400, "wrong-shape");
    let other = json!({"service": "CapNhatTienDoHoSoMC", "madonvi": "H13.44", "data": []});
    admin.post(PORTAL, &other).await.problem(422, "invalid");
    let many = vec![json!({}); 10_001];
    let many = admin.post(PORTAL, &envelope(&json!(false), &many)).await;
    assert_eq!(many.problem(422, "invalid")["errors"][0]["code"], "too_many");
    let nothing = admin.post(PORTAL, &envelope(&json!(false), &[])).await.expect(200);
    assert_eq!((&nothing["error_code"], &nothing["result"]), (&json!("0"), &json!([])));
    let mut twice = envelope(&json!(false), &[]).to_string();
    twice = twice.replace("\"data\":[]", r#""data":[{"MaHoSo":"a","MaHoSo":"b"}]"#);
    assert_eq!(codes(&raw(&twice).await.expect(200)), ["-1"], "a member that is given twice");
    let keyed = admin.with("idempotency-key", "lan-gui-1");
    let first = send(&keyed, false, &[entry(1)]).await;
    assert_eq!(send(&keyed, false, &[entry(1)]).await, first, "sent again it is answered again");
}
