//! What was exchanged is held against what is held: what was sent to the letter, what was received where it is no news.

use serde_json::{Value, json};

use super::{PORTAL, SENDINGS, codes, commune, entry, envelope, ledger, scoped, send};
use crate::support::TestApp;
use crate::tell;
use crate::tthc::dossiers::{DOSSIERS, dossier, with};

tell![
    what_was_sent_and_is_not_held_differs,
    what_went_out_and_was_sent_as_it_is_does_not_differ,
    a_status_that_goes_back_is_no_news,
];

/// A dossier of ours that says what the entry of this number says.
fn processing(number: u32) -> Value {
    with(
        dossier(number),
        json!({"status": "processing", "fee_vnd": 8000, "paid_online": true, "input_digitised": true}),
    )
}

async fn what_was_sent_and_is_not_held_differs(app: TestApp) {
    let admin = commune(&app).await;
    for number in 1..=3 {
        admin.post(DOSSIERS, &processing(number)).await.expect(201);
    }
    let resolved = json!({"TrangThaiHoSo": "9", "NgayKetThucXuLy": "20261106100000"});
    let another = json!({"ChuHoSo": "Trần Thị Khác", "DinhDanhCHS": [{"LoaiDinhDanh": "1", "SoDinhDanh": "098765432109"}],
        "KenhThucHien": "1", "DanhSachLePhi": [], "NgayHenTra": "", "NgayTuChoi": "20261106100000"});
    let data = [with(entry(1), resolved), with(entry(2), another), entry(3)];
    let reply = admin.post(SENDINGS, &envelope(&json!(true), &data)).await.expect(200);
    assert_eq!(codes(&reply), ["0", "0", "0"], "{reply}");
    let told = async |number: u32| {
        let [told] = ledger(&admin, &format!("code=H13.44-261102-{number:04}")).await.try_into().unwrap();
        assert_eq!(told["differs"], number != 3, "{told}");
        told
    };
    let expected = json!([
        {"kind": "status", "member": "TrangThaiHoSo", "told": "9", "held": "4"},
        {"kind": "time", "member": "NgayKetThucXuLy", "told": "20261106100000", "held": null},
    ]);
    let rewritten = told(1).await;
    assert_eq!(rewritten["differences"], expected);
    assert_eq!(
        (&rewritten["held"]["channel"], &rewritten["held"]["fee_vnd"]),
        (&json!("online"), &json!(8000))
    );
    assert_eq!(rewritten["held"]["procedure_code"], "1.001193");
    let expected = json!([
        {"kind": "time", "member": "NgayHenTra", "told": "", "held": "20261109"},
        {"kind": "time", "member": "NgayTuChoi", "told": "20261106100000", "held": null},
        {"kind": "owner", "member": "ChuHoSo", "told": "***", "held": "***"},
        {"kind": "owner", "member": "DinhDanhCHS", "told": "***", "held": "***"},
        {"kind": "channel", "member": "KenhThucHien", "told": "1", "held": "2"},
        {"kind": "fee", "member": "DanhSachLePhi", "told": "", "held": "8000"},
    ]);
    let other = told(2).await;
    assert_eq!(other["differences"], expected);
    assert_eq!(told(3).await["differences"], json!([]));
}

async fn what_went_out_and_was_sent_as_it_is_does_not_differ(app: TestApp) {
    let admin = commune(&app).await;
    app.person("xa.hiephung", "editor", "31396").await;
    let closed = |status: &str| json!({"status": status, "closed_at": "2026-11-05T02:00:00Z"});
    let dossiers = [
        json!({}),
        json!({"status": "registered"}),
        json!({"status": "not_accepted"}),
        json!({"status": "awaiting_supplement"}),
        json!({"status": "stopped"}),
        closed("withdrawn"),
        closed("refused"),
        json!({"status": "resolved", "resolved_at": "2026-11-05T02:00:00Z"}),
        json!({"status": "returned", "resolved_at": "2026-11-05T02:00:00Z", "returned_at": "2026-11-06T02:00:00Z"}),
    ];
    for (members, number) in dossiers.iter().zip(1..) {
        admin.post(DOSSIERS, &with(dossier(number), members.clone())).await.expect(201);
    }
    let clear = scoped(&app, "xa.hiephung", "tthc:read tthc:personal").await;
    let out = clear.get(PORTAL).await.expect(200)["data"].as_array().unwrap().clone();
    assert_eq!(out.len(), dossiers.len());
    let reply = admin.post(SENDINGS, &envelope(&json!(true), &out)).await.expect(200);
    assert_eq!(reply["error_code"], "0", "{reply}");
    let differing = ledger(&admin, "differs=true").await;
    assert_eq!(differing, Vec::<Value>::new());
    assert_eq!(ledger(&admin, "differs=false").await.len(), dossiers.len());
}

async fn a_status_that_goes_back_is_no_news(app: TestApp) {
    let admin = commune(&app).await;
    let resolved = json!({"status": "resolved", "resolved_at": "2026-11-05T02:00:00Z"});
    admin.post(DOSSIERS, &with(processing(1), resolved)).await.expect(201);
    admin.post(DOSSIERS, &processing(2)).await.expect(201);
    let later = json!({"TrangThaiHoSo": "9", "NgayKetThucXuLy": "20261106100000"});
    let reply = send(&admin, true, &[entry(1), with(entry(2), later)]).await;
    assert_eq!(codes(&reply), ["-1", "0"], "{reply}");
    let [differing] = ledger(&admin, "differs=true").await.try_into().unwrap();
    let expected = json!([{"kind": "status", "member": "TrangThaiHoSo", "told": "4", "held": "9"}]);
    assert_eq!((&differing["differences"], &differing["outcome"]), (&expected, &json!("refused")));
}
