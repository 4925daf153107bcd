//! Dossiers as the portal reads them, and what it answered.

use serde_json::{Value, json};

use super::{LEDGER, PORTAL, SENDINGS, codes, commune, entry, envelope, held, ledger, scoped, send};
use crate::support::TestApp;
use crate::tell;
use crate::tthc::dossiers::{DOSSIERS, dossier, with};

tell![
    what_goes_out_says_what_came_in,
    a_status_goes_out_as_it_is,
    what_the_portal_answered_is_put_beside_what_was_sent,
];

async fn what_goes_out_says_what_came_in(app: TestApp) {
    let admin = commune(&app).await;
    app.person("xa.hiephung", "editor", "31396").await;
    let closed = json!({"TrangThaiHoSo": "3", "NgayTuChoi": "20261104100000", "NgayHenTra": ""});
    let rejected =
        json!({"TrangThaiHoSo": "3", "NgayTiepNhan": "", "NgayNopHoSo": "20261102080000", "NgayHenTra": ""});
    let returned =
        json!({"TrangThaiHoSo": "10", "NgayKetThucXuLy": "20261104100000", "NgayTra": "20261105100000"});
    let withdrawn = json!({"TrangThaiHoSo": "7", "NgayKetThucXuLy": "20261104100000"});
    let sent: Vec<Value> = [json!({}), closed, rejected, returned, withdrawn]
        .into_iter()
        .zip(1..)
        .map(|(members, number)| with(entry(number), members))
        .collect();
    assert_eq!(send(&admin, false, &sent).await["error_code"], "0");
    let clear = scoped(&app, "xa.hiephung", "tthc:read tthc:personal").await;
    let mut out = Vec::new();
    let mut path = format!("{PORTAL}?limit=2&changed_since=2026-11-23T00:00:00Z");
    loop {
        let page = clear.get(&path).await.expect(200);
        assert_eq!(page["service"], "DongBoHoSoMC");
        out.extend(page["data"].as_array().unwrap().clone());
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("{PORTAL}?limit=2&changed_since=2026-11-23T00:00:00Z&cursor={cursor}");
    }
    out.sort_by_key(|told| told["MaHoSo"].as_str().unwrap().to_owned());
    assert_eq!(out.len(), sent.len());
    for (told, sent) in out.iter().zip(&sent) {
        for member in [
            "MaHoSo",
            "TenTTHC",
            "TenLinhVuc",
            "KenhThucHien",
            "ChuHoSo",
            "LoaiDoiTuong",
            "SoDienThoai",
            "NgayTiepNhan",
            "TrangThaiHoSo",
            "NgayTra",
            "NgayKetThucXuLy",
            "DonViXuLy",
            "HoSoCoThanhPhanSoHoa",
            "NgayTuChoi",
            "DinhDanhCHS",
        ] {
            assert_eq!(told[member], sent[member], "{member} of {}", told["MaHoSo"]);
        }
        assert_eq!(told["MaTTHC"], "1.001193");
        assert_eq!(told["DanhSachLePhi"][0]["Gia"], "8000");
        assert_eq!(told["TaiLieuNop"], sent["TaiLieuNop"], "what is not held is what came");
    }
    assert_eq!(out[0]["NgayHenTra"], sent[0]["NgayHenTra"]);
    let again = send(&admin, true, &out).await;
    assert_eq!(again["error_code"], "0", "{again}");
    let outcomes = ledger(&admin, "outcome=unchanged").await;
    assert_eq!(outcomes.len(), sent.len(), "due days that were computed stay so, though they went out");
    let later = clear.get(&format!("{PORTAL}?changed_since=2026-11-24T00:00:00Z")).await.expect(200);
    assert_eq!((&later["data"], &later["next_cursor"]), (&json!([]), &json!(null)));
    clear.get(&format!("{PORTAL}?include_total=true")).await.problem(400, "invalid-parameter");
}

async fn a_status_goes_out_as_it_is(app: TestApp) {
    let admin = commune(&app).await;
    let waits = ["awaiting_supplement", "awaiting_payment", "stopped"];
    for (number, status) in (1..).zip(waits) {
        admin.post(DOSSIERS, &with(dossier(number), json!({"status": status}))).await.expect(201);
    }
    let out = admin.get(PORTAL).await.expect(200);
    let mut told: Vec<_> =
        out["data"].as_array().unwrap().iter().map(|it| it["TrangThaiHoSo"].as_str().unwrap()).collect();
    told.sort_unstable();
    assert_eq!(told, ["5", "6", "8"]);
    let text = out.to_string();
    assert!(
        !text.contains("012345678901") && !text.contains("Người nộp"),
        "masked without the scope: {text}"
    );
}

async fn what_the_portal_answered_is_put_beside_what_was_sent(app: TestApp) {
    let admin = commune(&app).await;
    admin.post(DOSSIERS, &with(dossier(1), json!({"status": "stopped"}))).await.expect(201);
    let rewritten = with(entry(1), json!({"TrangThaiHoSo": "9", "NgayHenTra": ""}));
    let body = envelope(&json!(true), &[rewritten, entry(9)]);
    let reply = admin.post(SENDINGS, &body).await.expect(200);
    assert_eq!(codes(&reply), ["0", "-1"], "of a dossier that nobody has nothing was sent: {reply}");
    assert_eq!(held(&admin, 1).await["version"], 1, "no dossier changes");
    let path = format!("{LEDGER}/{}", reply["result"][0]["ledger_entry_id"].as_str().unwrap());
    let sent = admin.get(&path).await.expect(200);
    assert_eq!((&sent["direction"], &sent["outcome"]), (&json!("sent"), &json!("unanswered")));
    assert_eq!((&sent["error_code"], &sent["answered_at"]), (&json!(null), &json!(null)));
    assert_eq!(sent["differences"][0]["held"], "8", "what was sent is not what is held");
    let answer = json!({"error_code": "-1", "message": "Thiếu thông tin"});
    let answered = admin.post(&format!("{path}/answers"), &answer).await.expect(200);
    assert_eq!((&answered["outcome"], &answered["version"]), (&json!("rejected"), &json!(2)));
    assert_eq!(answered["message"], "Thiếu thông tin");
    admin.post(&format!("{path}/answers"), &answer).await.problem(409, "wrong-state");
    let received = send(&admin, true, &[entry(2)]).await;
    assert_eq!(codes(&received), ["0"]);
    let [received] = ledger(&admin, "direction=received").await.try_into().unwrap();
    let path = format!("{LEDGER}/{}/answers", received["id"].as_str().unwrap());
    admin.post(&path, &answer).await.problem(409, "wrong-state");
}
