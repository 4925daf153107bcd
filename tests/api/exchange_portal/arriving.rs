//! What an entry leaves empty of an owner, and since when a dossier that arrives in a wait is waited for.

use serde_json::{Value, json};

use super::{codes, commune, entry, held, scoped, send};
use crate::support::TestApp;
use crate::tell;
use crate::tthc::dossiers::{DOSSIERS, with};

tell![
    what_an_entry_leaves_empty_of_the_owner_stays,
    an_owner_is_named_when_a_dossier_is_sent_first,
    a_wait_lasts_since_papers_were_asked_for,
];

fn silent() -> Value {
    json!({"ChuHoSo": "", "LoaiDoiTuong": "", "SoDienThoai": "", "DinhDanhCHS": [], "TrangThaiHoSo": "9",
        "NgayKetThucXuLy": "20261106100000"})
}

async fn what_an_entry_leaves_empty_of_the_owner_stays(app: TestApp) {
    let admin = commune(&app).await;
    app.person("xa.hiephung", "editor", "31396").await;
    let enterprise = json!({"LoaiDoiTuong": "2"});
    send(&admin, false, &[with(entry(1), enterprise.clone()), with(entry(2), enterprise)]).await;
    let reply = send(&admin, true, &[with(entry(1), silent())]).await;
    assert_eq!(codes(&reply), ["0"], "{reply}");
    let clear = scoped(&app, "xa.hiephung", "tthc:read tthc:personal").await;
    let told = held(&clear, 1).await;
    let owner = json!({"kind": "enterprise", "name": "Người nộp thử", "id_number": "012345678901", "phone": "0900000012"});
    assert_eq!((&told["owner"], &told["status"]), (&owner, &json!("resolved")));
    assert_eq!(
        codes(&send(&admin, false, &[with(entry(1), silent())]).await),
        ["-1"],
        "a first sending names it"
    );
    // Of an erased dossier nobody is held, and nobody comes back.
    let path = format!("{DOSSIERS}/{}/erasure", held(&admin, 2).await["id"].as_str().unwrap());
    let order = json!({"order_number": "12/QĐ-UBND", "reason": "Chủ thể dữ liệu yêu cầu xóa."});
    admin.post(&path, &order).await.expect(200);
    let reply = send(&admin, true, &[with(entry(2), silent())]).await;
    assert_eq!(codes(&reply), ["0"], "{reply}");
    let told = held(&clear, 2).await;
    assert_eq!((&told["owner"]["name"], &told["owner"]["kind"]), (&json!(null), &json!("enterprise")));
    assert_eq!(told["status"], "resolved");
}

async fn an_owner_is_named_when_a_dossier_is_sent_first(app: TestApp) {
    let admin = commune(&app).await;
    for updating in [false, true] {
        let reply = send(&admin, updating, &[with(entry(1), silent())]).await;
        assert_eq!(codes(&reply), ["-1"], "{reply}");
        let message = reply["result"][0]["message"].as_str().unwrap();
        assert_eq!(
            message,
            "ChuHoSo: Phải nêu tên chủ hồ sơ khi gửi hồ sơ lần đầu. \
             LoaiDoiTuong: Phải nêu loại đối tượng (1, 2, 3 hoặc 4) khi gửi hồ sơ lần đầu."
        );
    }
}

async fn a_wait_lasts_since_papers_were_asked_for(app: TestApp) {
    let admin = commune(&app).await;
    let waiting = |number: u32, requests: Value| {
        with(entry(number), json!({"TrangThaiHoSo": "5", "NgayHenTra": "", "DanhSachHoSoBoSung": requests}))
    };
    let twice = json!([
        {"HoSoBoSungId": 1, "NgayBoSung": "2026-11-03T08:00:00", "NgayTiepNhanBoSung": "20261104080000"},
        {"HoSoBoSungId": 2, "NgayBoSung": "20261106090000"},
    ]);
    let wrong = json!([{"NgayBoSung": "hôm qua"}]);
    let data = [waiting(1, twice.clone()), waiting(2, json!([])), waiting(3, wrong)];
    let reply = send(&admin, false, &data).await;
    assert_eq!(codes(&reply), ["0", "0", "-1"], "{reply}");
    let message = reply["result"][2]["message"].as_str().unwrap();
    assert!(message.starts_with("DanhSachHoSoBoSung/0/NgayBoSung: "), "{message}");
    assert_eq!(held(&admin, 1).await["waiting_since"], "2026-11-06T02:00:00Z");
    assert_eq!(
        held(&admin, 2).await["waiting_since"],
        "2026-11-02T02:10:00Z",
        "without history since receipt"
    );
    let reply =
        send(&admin, true, &[waiting(1, twice), waiting(2, json!([{"NgayBoSung": "20261105090000"}]))]).await;
    assert_eq!(codes(&reply), ["0", "0"], "{reply}");
    assert_eq!(held(&admin, 1).await["version"], 1, "said again it is the same");
    assert_eq!(
        held(&admin, 2).await["waiting_since"],
        "2026-11-05T02:00:00Z",
        "and what was learnt later counts"
    );
}
