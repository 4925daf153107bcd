//! Histories at random, counted as the service does and once more by a count that knows nothing of it.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRng, TestRunner};
use serde_json::{Value, json};
use tthc::dossiers::summaries::fold::fold;
use tthc::dossiers::summaries::verify::{rebuild, verify};

use super::{counts, told};
use crate::support::{Client, TestApp};
use crate::tell;
use crate::tthc::dossiers::{DOSSIERS, catalogue, dossier, with};

tell![random_histories_are_counted_as_a_naive_count_does];

/// A dossier as the naive count sees it: days within the play, and what became of it.
#[derive(Debug, Clone)]
struct Played {
    received: u32,
    lasts: u32,
    end: u32,
    unit: usize,
    receiver: usize,
    channel: usize,
    due: u32,
    procedure: usize,
    wait: Option<(u32, u32)>,
    moves: Option<(u32, usize)>,
}

const PROCEDURES: [&str; 2] = ["1.001193", "2.000635"];
const UNITS: [&str; 4] = ["31396", "31399", "31393", "31408"];
const CHANNELS: [&str; 3] = ["online", "in_person", "postal"];

fn played() -> impl Strategy<Value = Played> {
    let times = (1_u32..60, 0_u32..40, 0_u32..6, 0_u32..25);
    let places = (0..UNITS.len(), 0..UNITS.len(), 0..CHANNELS.len(), 0..PROCEDURES.len());
    let moves =
        (proptest::option::of((1_u32..20, 1_u32..15)), proptest::option::of((0_u32..30, 0..UNITS.len())));
    (times, places, moves).prop_map(
        |((received, lasts, end, due), (unit, receiver, channel, procedure), (wait, moves))| Played {
            received,
            lasts,
            end,
            unit,
            receiver,
            channel,
            due,
            procedure,
            wait,
            moves,
        },
    )
}

/// A moment of a day of the play, which begins on 1 September 2026, at noon in Vietnam.
fn moment(day: u32) -> String {
    let first = chrono::NaiveDate::from_ymd_opt(2026, 9, 1).unwrap();
    format!("{}T05:00:00Z", first + chrono::Days::new(day.into()))
}

fn date(day: u32) -> String {
    moment(day)[..10].to_owned()
}

impl Played {
    /// When it ends, if it does within the play.
    fn end_day(&self) -> Option<u32> {
        (self.end > 0).then(|| self.received + self.lasts)
    }

    /// The wait, where it begins before the end: its days, and whether it still lasts.
    fn waits(&self) -> Option<(u32, u32)> {
        let (after, long) = self.wait?;
        let since = self.received + after;
        let until = since + long;
        self.end_day().is_none_or(|end| until <= end).then_some((since, until))
    }

    fn moved(&self) -> Option<(u32, usize)> {
        let (after, to) = self.moves?;
        let day = self.received + after;
        let fits = to != self.unit && self.end_day().is_none_or(|end| day <= end);
        // A step is not taken before the one before it.
        (fits && self.waits().is_none()).then_some((day, to))
    }
}

/// The working days of a span of the play, behind its first day.
fn working_days(from: u32, to: u32) -> u32 {
    let is_free = |day: u32| {
        let date: chrono::NaiveDate = date(day).parse().unwrap();
        let weekday = chrono::Datelike::weekday(&date).number_from_monday();
        weekday > 5
            || ["2026-09-01", "2026-09-02", "2026-11-24", "2027-01-01"].contains(&date.to_string().as_str())
    };
    u32::try_from((from + 1..=to).filter(|day| !is_free(*day)).count()).unwrap()
}

fn moved_due(due: u32, mut days: u32) -> u32 {
    let mut at = due;
    while days > 0 {
        at += 1;
        days -= working_days(at - 1, at);
    }
    at
}

/// What a form should say of these dossiers for a unit and days: counted one by one.
fn naive(
    all: &[Played],
    unit: Option<usize>,
    by_receiver: bool,
    from: u32,
    to: u32,
) -> BTreeMap<String, i64> {
    let mut counts = BTreeMap::new();
    let mut count = |name: &str, by: i64| *counts.entry(name.to_owned()).or_insert(0) += by;
    for one in all {
        let holder = |day: u32| match one.moved() {
            _ if by_receiver => one.receiver,
            Some((since, to)) if day >= since => to,
            _ => one.unit,
        };
        let has = |day: u32| unit.is_none_or(|unit| holder(day) == unit);
        let end = one.end_day();
        let mut due = one.received + one.due;
        if let Some((since, until)) = one.waits() {
            due = moved_due(due, working_days(since, until));
        }
        if one.received > to {
            continue;
        }
        let is_open_before = |day: u32| one.received < day && end.is_none_or(|end| end >= day);
        if is_open_before(from) && has(from) {
            count("carried_over", 1);
        }
        if (from..=to).contains(&one.received) && has(one.received) {
            count(if one.channel == 0 { "received_online" } else { "received_direct" }, 1);
        }
        if let Some((day, _)) = one.moved().filter(|_| !by_receiver)
            && (from + 1..=to).contains(&day)
            && day > one.received
        {
            count("transferred", i64::from(has(day)) - i64::from(has(day - 1)));
        }
        match end {
            Some(end) if (from..=to).contains(&end) => {
                if has(end) {
                    let name = match one.end {
                        1 => "withdrawn",
                        2 => "refused",
                        _ if end < due => "resolved_early",
                        _ if end == due => "resolved_on_time",
                        _ => "resolved_overdue",
                    };
                    count(name, 1);
                }
            }
            Some(end) if end < from => {}
            _ => {
                if has(to) {
                    let waits = one.waits().is_some_and(|(since, until)| since <= to && to < until);
                    count(if due >= to || waits { "pending_in_time" } else { "pending_overdue" }, 1);
                }
            }
        }
    }
    counts.retain(|_, count| *count != 0);
    counts
}

/// The same as statistics tell it, with the working days of what was resolved: how many, and their sum.
fn naive_figures(all: &[Played], unit: Option<usize>, by_receiver: bool, from: u32, to: u32) -> Value {
    let counts = naive(all, unit, by_receiver, from, to);
    let count = |name: &str| counts.get(name).copied().unwrap_or_default();
    let mut times = Vec::new();
    for one in all {
        let holder = match one.moved() {
            _ if by_receiver => one.receiver,
            Some((_, to)) => to,
            None => one.unit,
        };
        let is_resolved = one.end > 2 && one.end_day().is_some_and(|end| (from..=to).contains(&end));
        if is_resolved && unit.is_none_or(|unit| holder == unit) {
            let end = one.end_day().unwrap();
            let waited = one.waits().map_or(0, |(since, until)| working_days(since, until.min(end)));
            times.push(i64::from(working_days(one.received, end) - waited));
        }
    }
    times.sort_unstable();
    let in_time = count("resolved_early") + count("resolved_on_time");
    let resolved = in_time + count("resolved_overdue");
    assert_eq!(times.len(), usize::try_from(resolved).unwrap());
    json!({
        "received": count("received_online") + count("received_direct"), "carried_over": count("carried_over"),
        "transferred": count("transferred"), "resolved_early": count("resolved_early"),
        "resolved_on_time": count("resolved_on_time"), "resolved_overdue": count("resolved_overdue"),
        "pending_in_time": count("pending_in_time"), "pending_overdue": count("pending_overdue"),
        "withdrawn": count("withdrawn"), "refused": count("refused"), "in_time": in_time, "resolved": resolved,
        "sum": times.iter().sum::<i64>(), "p90": times.get((times.len() * 9).div_ceil(10).saturating_sub(1)),
    })
}

/// Figures as they are answered, in the words of [`naive_figures`].
fn answered(figures: &Value) -> Value {
    json!({
        "received": figures["received"], "carried_over": figures["carried_over"],
        "transferred": figures["transferred"], "resolved_early": figures["resolved_early"],
        "resolved_on_time": figures["resolved_on_time"], "resolved_overdue": figures["resolved_overdue"],
        "pending_in_time": figures["pending_in_time"], "pending_overdue": figures["pending_overdue"],
        "withdrawn": figures["withdrawn"], "refused": figures["refused"],
        "in_time": figures["on_time"]["numerator"], "resolved": figures["on_time"]["denominator"],
        "sum": figures["times"]["sum_working_days"], "p90": figures["times"]["p90_working_days"],
    })
}

/// Holds the statistics of the province against a naive count, whatever they are told apart by.
async fn statistics_agree(admin: &Client, all: &[Played], by_receiver: bool, from: u32, to: u32) {
    let role = if by_receiver { "receiving" } else { "resolving" };
    let nothing = naive_figures(&[], None, by_receiver, from, to);
    let of = |is_of: &dyn Fn(&Played) -> bool| {
        let some: Vec<Played> = all.iter().filter(|one| is_of(one)).cloned().collect();
        naive_figures(&some, None, by_receiver, from, to)
    };
    for by in ["unit", "procedure", "channel", "field"] {
        let query = format!(
            "by={by}&from={}&to={}&count_by={role}&org_unit_code=92&scope=subtree",
            date(from),
            date(to)
        );
        let told = admin.get(&format!("/api/v1/tthc/statistics?{query}")).await.expect(200);
        assert_eq!(answered(&told["totals"]), naive_figures(all, None, by_receiver, from, to), "{query}");
        let row = |member: &str, wanted: &str| {
            let subject = |row: &&Value| match member {
                "unit" => row["subject"]["unit"]["org_unit_code"] == wanted,
                _ => row["subject"][member] == wanted,
            };
            let found = told["rows"].as_array().unwrap().iter().find(subject);
            found.map_or_else(|| nothing.clone(), |row| answered(&row["figures"]))
        };
        match by {
            "unit" => {
                for (place, code) in UNITS.iter().enumerate() {
                    let expected = naive_figures(all, Some(place), by_receiver, from, to);
                    assert_eq!(row("unit", code), expected, "{query} {code}");
                }
            }
            "procedure" => {
                for (place, code) in PROCEDURES.iter().enumerate() {
                    let expected = of(&|one| one.procedure == place);
                    assert_eq!(row("procedure_code", code), expected, "{query} {code}");
                }
            }
            "channel" => {
                for (place, channel) in CHANNELS.iter().enumerate() {
                    let expected = of(&|one| one.channel == place);
                    assert_eq!(row("channel", channel), expected, "{query} {channel}");
                }
            }
            _ => assert_eq!(row("field_name", "Hộ tịch"), of(&|one| one.procedure == 0), "{query}"),
        }
    }
}

/// Writes a history by whole bodies and steps, some of it twice.
async fn play(admin: &Client, number: u32, one: &Played) {
    let members = json!({
        "received_at": moment(one.received), "channel": CHANNELS[one.channel],
        "receiving_unit_code": UNITS[one.receiver], "resolving_unit_code": UNITS[one.unit],
        "procedure_code": PROCEDURES[one.procedure],
        "due_at": moment(one.received + one.due),
    });
    let made = admin.post(DOSSIERS, &with(dossier(number), members)).await.expect(201);
    let path = format!("{DOSSIERS}/{}", made["id"].as_str().unwrap());
    let step = async |name: &str, body: Value| {
        admin.post(&format!("{path}/{name}"), &body).await.expect(200);
    };
    if let Some((since, until)) = one.waits() {
        step("supplement-requests", json!({"at": moment(since), "reason": "Bổ sung."})).await;
        step("supplements", json!({"at": moment(until)})).await;
    }
    if let Some((day, to)) = one.moved() {
        step("transfers", json!({"at": moment(day), "org_unit_code": UNITS[to]})).await;
    }
    if let Some(end) = one.end_day() {
        match one.end {
            1 => step("withdrawal", json!({"at": moment(end)})).await,
            2 => step("refusal", json!({"at": moment(end), "reason": "Không đủ điều kiện."})).await,
            3 => {
                // First told wrongly, then restated.
                step("refusal", json!({"reason": "Ghi nhầm.", "at": moment(end)})).await;
                let body = json!({"reason": "Ghi nhầm.", "status": "resolved", "resolved_at": moment(end)});
                step("restatement", body).await;
            }
            _ => step("resolution", json!({"at": moment(end)})).await,
        }
    }
}

async fn random_histories_are_counted_as_a_naive_count_does(app: TestApp) {
    let admin = catalogue(&app).await;
    app.pass(90 * 24 * 3_600);
    let admin = {
        let _ = admin;
        app.sign_in(crate::support::app::ADMIN).await
    };
    let other = json!({"code": PROCEDURES[1], "name": "Cấp bản sao trích lục", "level": "commune"});
    admin.post("/api/v1/tthc/procedures", &other).await.expect(201);
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let histories = proptest::collection::vec(played(), 60).new_tree(&mut runner).unwrap().current();
    for (number, one) in (1..).zip(&histories) {
        play(&admin, number, one).await;
        if number % 17 == 0 {
            fold(&app.state.db, 1).await.unwrap();
        }
    }
    let spans =
        proptest::collection::vec((0_u32..70, 0_u32..70), 12).new_tree(&mut runner).unwrap().current();
    for (from, length) in spans {
        let to = from + length;
        for by_receiver in [false, true] {
            let by = if by_receiver { "receiving" } else { "resolving" };
            let days = format!("from={}&to={}&count_by={by}", date(from), date(to));
            let whole = counts(&admin, &format!("{days}&org_unit_code=92&scope=subtree")).await;
            let whole: BTreeMap<String, i64> =
                told(&whole).into_iter().map(|(name, count)| (name.to_owned(), count)).collect();
            assert_eq!(whole, naive(&histories, None, by_receiver, from, to), "{days}");
            for (place, code) in UNITS.iter().enumerate() {
                let own = counts(&admin, &format!("{days}&org_unit_code={code}")).await;
                let own: BTreeMap<String, i64> =
                    told(&own).into_iter().map(|(name, count)| (name.to_owned(), count)).collect();
                assert_eq!(own, naive(&histories, Some(place), by_receiver, from, to), "{days} {code}");
            }
            statistics_agree(&admin, &histories, by_receiver, from, to).await;
        }
    }
    let verified = verify(&mut app.connect()).unwrap();
    assert_eq!((verified.dossiers, verified.wrong_count), (60, 0), "{:?}", verified.wrong);
    fold(&app.state.db, 1).await.unwrap();
    let sums = verify(&mut app.connect()).unwrap();
    assert_eq!(sums, verified, "folded, and counted from the dossiers alone");
    let mut conn = app.connect();
    let made = diesel::Connection::transaction(&mut conn, |conn| {
        rebuild(conn).map_err(|error| diesel::result::Error::QueryBuilderError(error.to_string().into()))
    });
    assert_eq!(made.unwrap(), 60);
    assert_eq!(verify(&mut conn).unwrap(), verified, "made anew");
}
