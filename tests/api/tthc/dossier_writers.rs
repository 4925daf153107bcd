//! Many systems write the same dossiers at once, while forms are read and counts folded: nothing is counted twice
//! and nothing is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tthc::dossiers::summaries::fold::fold;
use tthc::dossiers::summaries::verify::verify;

use super::dossiers::{DOSSIERS, catalogue, dossier, with};
use crate::support::{Client, TestApp};
use crate::tell;

tell![what_many_write_at_once_is_counted_right];

const WRITERS: u64 = 8;
const TURNS: u64 = 15;
const NUMBERS: u32 = 12;
const UNITS: [&str; 4] = ["31396", "31399", "31393", "31408"];

/// One of these, by the writer's turn.
fn chosen<T: Copy>(of: &[T], seed: u64, salt: u64) -> T {
    let mixed =
        seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(salt.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    of[usize::try_from(mixed >> 33).unwrap() % of.len()]
}

/// A dossier as a system sends it whole, in one state or another.
fn told(number: u32, seed: u64) -> Value {
    let states = [
        json!({}),
        json!({"status": "awaiting_supplement"}),
        json!({"resolved_at": "2026-11-05T02:00:00Z"}),
        json!({"resolved_at": "2026-11-17T02:00:00Z", "returned_at": "2026-11-18T02:00:00Z"}),
        json!({"status": "withdrawn", "closed_at": "2026-11-06T02:00:00Z"}),
    ];
    let state = states[chosen(&[0_usize, 1, 2, 3, 4], seed, 1)].clone();
    let places = json!({
        "resolving_unit_code": chosen(&UNITS, seed, 2), "channel": chosen(&["online", "in_person", "postal"], seed, 3)
    });
    with(with(dossier(number), places), state)
}

/// One turn of a writer; what it met is for the system to see, but never that the service failed.
async fn turn(client: &Client, seed: u64) -> u16 {
    let numbers: Vec<u32> = (1..=NUMBERS).collect();
    let number = chosen(&numbers, seed, 4);
    if chosen(&[true, false, false], seed, 5) {
        let lines: Vec<_> = [number, number % NUMBERS + 1].map(|number| told(number, seed)).into();
        let batch = format!("{DOSSIERS}/batch?on_conflict=update&mode=partial");
        return client.post(&batch, &json!(lines)).await.status;
    }
    let held = client.get(&format!("{DOSSIERS}?code=H13.44-261102-{number:04}")).await.expect(200);
    let Some(id) = held["items"][0]["id"].as_str().map(str::to_owned) else {
        return client.post(DOSSIERS, &told(number, seed)).await.status;
    };
    let path = format!("{DOSSIERS}/{id}");
    match chosen(&[0, 1, 2, 3], seed, 6) {
        0 => {
            let to = json!({"org_unit_code": chosen(&UNITS, seed, 7), "at": "2026-11-19T02:00:00Z"});
            client.post(&format!("{path}/transfers"), &to).await.status
        }
        1 => {
            let wrong = json!({"reason": "Ghi nhầm trạng thái.", "status": "processing"});
            client.post(&format!("{path}/restatement"), &wrong).await.status
        }
        2 => client.post(&format!("{path}/resolution"), &json!({"at": "2026-11-20T02:00:00Z"})).await.status,
        _ => {
            let tag = client.get(&path).await.etag();
            client.delete(&path, &tag).await.status
        }
    }
}

async fn what_many_write_at_once_is_counted_right(app: TestApp) {
    let admin = catalogue(&app).await;
    let (over, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let folding = {
        let (state, over) = (app.state.clone(), over.clone());
        actix_web::rt::spawn(async move {
            while !over.load(Ordering::Acquire) {
                fold(&state.db, 1).await.unwrap();
                tokio::task::yield_now().await;
            }
        })
    };
    let reading = {
        let (admin, over) = (admin.clone(), over.clone());
        actix_web::rt::spawn(async move {
            let query = "from=2026-11-01&to=2026-11-20&org_unit_code=92&scope=subtree&source=records";
            let path = format!("/api/v1/reporting/forms/06a?{query}&definition=withdrawn-refused-apart");
            while !over.load(Ordering::Acquire) {
                let totals = admin.get(&path).await.expect(200)["totals"].clone();
                let count = |name: &str| totals[name].as_i64().unwrap();
                let told =
                    count("resolved_total") + count("pending_total") + count("withdrawn") + count("refused");
                assert_eq!(count("received_total"), told, "a form in the midst of it balances: {totals}");
            }
        })
    };
    let writers = (0..WRITERS).map(|writer| {
        let (client, written) = (admin.clone(), written.clone());
        actix_web::rt::spawn(async move {
            for number in 0..TURNS {
                let status = turn(&client, writer * 1_000 + number * 7_919).await;
                assert!([200, 201, 204, 404, 409, 412, 422].contains(&status), "{status}");
                written.fetch_add(usize::from(status < 300), Ordering::AcqRel);
            }
        })
    });
    for writer in join_all(writers).await {
        writer.unwrap();
    }
    over.store(true, Ordering::Release);
    folding.await.unwrap();
    reading.await.unwrap();
    assert!(written.load(Ordering::Acquire) > 40, "most turns wrote something");
    for folded in [false, true] {
        if folded {
            fold(&app.state.db, 1).await.unwrap();
        }
        let verified = verify(&mut app.connect()).unwrap();
        assert_eq!(verified.wrong_count, 0, "{verified:?}");
        assert!(verified.dossiers > 0);
    }
}
