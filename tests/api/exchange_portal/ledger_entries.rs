//! The ledger of what was exchanged: who sees it, and under which key it is sealed.

use std::sync::Arc;

use cchc::exchange::national_portal::ledger::reseal::reseal;
use diesel::prelude::*;
use diesel::sql_types::Text;
use kernel::auth::keystore;
use serde_json::{Value, json};

use super::{LEDGER, SENDINGS, codes, commune, entry, envelope, held, ledger, scoped, send};
use crate::start::on;
use crate::support::TestApp;
use crate::tell;
use crate::tthc::dossiers::{DOSSIERS, dossier, with};

tell![
    a_falsified_status_shows_in_the_ledger,
    what_came_is_shown_to_who_may_see_it_alone,
    what_came_is_sealed_anew_under_the_newest_key,
    what_came_in_a_wrong_shape_is_erased_with_its_dossier,
    what_is_sent_while_a_dossier_is_erased_is_erased_with_it,
];

async fn a_falsified_status_shows_in_the_ledger(app: TestApp) {
    let admin = commune(&app).await;
    let made = admin.post(DOSSIERS, &dossier(1)).await.expect(201);
    let path = format!("{DOSSIERS}/{}/supplement-requests", made["id"].as_str().unwrap());
    let asked = json!({"at": "2026-11-05T02:00:00Z", "reason": "Bổ sung giấy chứng sinh."});
    admin.post(&path, &asked).await.expect(200);
    let told = with(entry(1), json!({"TrangThaiHoSo": "9", "NgayHenTra": ""}));
    let reply = send(&admin, true, std::slice::from_ref(&told)).await;
    assert_eq!(codes(&reply), ["-1"], "nothing says when it was resolved");
    assert_eq!(held(&admin, 1).await["status"], "awaiting_supplement");
    send(&admin, true, &[entry(2)]).await;
    let [differing] = ledger(&admin, "differs=true").await.try_into().unwrap();
    assert_eq!(differing["held"]["status"], "awaiting_supplement");
    let expected = json!([{"kind": "status_rewritten", "member": "TrangThaiHoSo", "told": "9", "held": "5"}]);
    assert_eq!(differing["differences"], expected);
    assert_eq!(ledger(&admin, "differs=false").await.len(), 1);
    let dated = with(told, json!({"NgayKetThucXuLy": "20261106100000"}));
    assert_eq!(codes(&send(&admin, true, &[dated]).await), ["0"], "a step leads there");
    assert_eq!(ledger(&admin, "differs=true&outcome=updated").await.len(), 1, "and it is shown all the same");
}

#[derive(QueryableByName)]
struct Kept {
    #[diesel(sql_type = Text)]
    text: String,
}

async fn what_came_is_shown_to_who_may_see_it_alone(app: TestApp) {
    let admin = commune(&app).await;
    let clerk = app.person("xa.hiephung", "editor", "31396").await;
    let sent = entry(1);
    send(&clerk, false, std::slice::from_ref(&sent)).await;
    let id = ledger(&clerk, "").await[0]["id"].as_str().unwrap().to_owned();
    let path = format!("{LEDGER}/{id}");
    let masked = clerk.get(&path).await.expect(200);
    assert_eq!((&masked["body"], &masked["is_erased"]), (&json!(null), &json!(false)));
    let clear = scoped(&app, "xa.hiephung", "tthc:read tthc:personal").await;
    let body = clear.get(&path).await.expect(200)["body"].as_str().unwrap().to_owned();
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), sent, "verbatim, children and all");
    app.seal().await;
    let journal = admin.get(&format!("/api/v1/admin/audit?record_id={id}")).await.expect(200);
    let actions: Vec<_> =
        journal["items"].as_array().unwrap().iter().map(|it| it["action"].as_str().unwrap()).collect();
    assert_eq!(actions.iter().filter(|action| **action == "read_personal").count(), 1, "{actions:?}");
    assert!(!journal.to_string().contains("012345678901"), "{journal}");
    let kept: Vec<Kept> = diesel::sql_query(
        "SELECT coalesce(body, '') || held || differences || coalesce(message, '') AS text FROM portal_ledger",
    )
    .load(&mut app.connect())
    .unwrap();
    let kept: String = kept.into_iter().map(|kept| kept.text).collect();
    for personal in ["012345678901", "Người nộp", "0900000012"] {
        assert!(!kept.contains(personal), "it stands sealed");
    }
}

async fn what_came_is_sealed_anew_under_the_newest_key(app: TestApp) {
    commune(&app).await;
    let clerk = app.person("xa.hiephung", "editor", "31396").await;
    send(&clerk, false, &[entry(1), entry(2)]).await;
    let (db, config) = (&app.state.db, &app.state.config);
    keystore::rotate_personal(db, config, app.state.now()).await.unwrap();
    app.pass(120);
    let now = app.state.now();
    let ring = Arc::new(keystore::load(db, config).await.unwrap().unwrap());
    let current = || -> Vec<bool> {
        let rows: Vec<Kept> = diesel::sql_query("SELECT body AS text FROM portal_ledger ORDER BY id")
            .load(&mut app.connect())
            .unwrap();
        rows.iter().map(|row| ring.personal().is_current(now, &row.text)).collect()
    };
    assert_eq!(current(), [false, false], "they stand under the key before");
    assert_eq!(reseal(db, ring.clone(), now).await.unwrap(), 2);
    assert_eq!(current(), [true, true]);
    assert_eq!(reseal(db, ring.clone(), now).await.unwrap(), 0, "nothing is sealed twice");
    app.state.refresh().await.unwrap();
    let clear = scoped(&app, "xa.hiephung", "tthc:read tthc:personal").await;
    for line in ledger(&clear, "").await {
        let body = clear.get(&format!("{LEDGER}/{}", line["id"].as_str().unwrap())).await.expect(200);
        let body: Value = serde_json::from_str(body["body"].as_str().unwrap()).unwrap();
        assert!([entry(1), entry(2)].contains(&body), "verbatim as before: {body}");
    }
    let outdated = on(&app.database, &["keys", "reseal"]);
    assert!(outdated.status.success(), "{}", String::from_utf8_lossy(&outdated.stderr));
    assert!(String::from_utf8_lossy(&outdated.stdout).contains("entries of the ledger were sealed anew"));
}

async fn what_came_in_a_wrong_shape_is_erased_with_its_dossier(app: TestApp) {
    let admin = commune(&app).await;
    let wrong = with(entry(1), json!({"DinhDanhCHS": {"SoDinhDanh": "012345678901"}}));
    assert_eq!(codes(&send(&admin, false, &[wrong]).await), ["-1"]);
    assert_eq!(codes(&send(&admin, false, &[entry(1)]).await), ["0"]);
    let came = ledger(&admin, "code=H13.44-261102-0001").await;
    assert_eq!(came.len(), 2, "it is found by its code, whatever shape it came in");
    let dossier = held(&admin, 1).await;
    let order = json!({"order_number": "12/QĐ-UBND", "reason": "Chủ thể dữ liệu yêu cầu xóa."});
    let path = format!("{DOSSIERS}/{}/erasure", dossier["id"].as_str().unwrap());
    admin.post(&path, &order).await.expect(200);
    for entry in came {
        let path = format!("{LEDGER}/{}", entry["id"].as_str().unwrap());
        assert_eq!(admin.get(&path).await.expect(200)["is_erased"], true, "{entry}");
    }
}

async fn what_is_sent_while_a_dossier_is_erased_is_erased_with_it(app: TestApp) {
    let admin = commune(&app).await;
    let order = json!({"order_number": "12/QĐ-UBND", "reason": "Chủ thể dữ liệu yêu cầu xóa."});
    for number in 1..=12 {
        let made = admin.post(DOSSIERS, &dossier(number)).await.expect(201);
        let path = format!("{DOSSIERS}/{}/erasure", made["id"].as_str().unwrap());
        let sending = envelope(&json!(true), &[entry(number)]);
        let (erased, sent) = tokio::join!(admin.post(&path, &order), admin.post(SENDINGS, &sending));
        erased.expect(200);
        assert_eq!(codes(&sent.expect(200)), ["0"]);
        let [told] = ledger(&admin, &format!("code=H13.44-261102-{number:04}")).await.try_into().unwrap();
        assert_eq!(told["is_erased"], true, "{told}");
    }
}
