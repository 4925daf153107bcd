//! Dossiers as the bare server knows them: one row by id, a page of a unit and status, form 06 by SQL over
//! all rows, and a write of what the service writes: the dossier, its journal entry, its change in the counts.
//! It takes ids as they are sent, seals nothing and computes nothing.

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, Utc};
use serde::{Deserialize, Serialize, Serializer};

use crate::model::{new_id, now};

/// A dossier, as far as it can be told without units in memory and keys.
#[derive(Serialize)]
pub(crate) struct Dossier {
    pub(crate) id: String,
    pub(crate) code: String,
    pub(crate) procedure_id: String,
    pub(crate) procedure_code: String,
    pub(crate) procedure_name: String,
    pub(crate) field_name: Option<String>,
    pub(crate) receiving_unit_id: String,
    pub(crate) resolving_unit_id: String,
    pub(crate) channel: String,
    pub(crate) owner_kind: String,
    pub(crate) owner: Option<String>,
    #[serde(serialize_with = "instant")]
    pub(crate) received_at: Option<i64>,
    #[serde(serialize_with = "instant")]
    pub(crate) due_at: Option<i64>,
    pub(crate) due_on: NaiveDate,
    pub(crate) status: String,
    pub(crate) rules_version: i64,
    #[serde(serialize_with = "instant")]
    pub(crate) resolved_at: Option<i64>,
    #[serde(serialize_with = "instant")]
    pub(crate) returned_at: Option<i64>,
    #[serde(serialize_with = "instant")]
    pub(crate) closed_at: Option<i64>,
    pub(crate) rescheduled_to: Option<NaiveDate>,
    pub(crate) fee_vnd: Option<i64>,
    pub(crate) paid_online: bool,
    pub(crate) input_digitised: bool,
    pub(crate) result_digitised: bool,
    pub(crate) foreign_code: Option<String>,
    pub(crate) linked_code: Option<String>,
    pub(crate) waits: String,
    pub(crate) holders: String,
    pub(crate) version: i64,
    #[serde(serialize_with = "instant")]
    pub(crate) created_at: Option<i64>,
    #[serde(serialize_with = "instant")]
    pub(crate) updated_at: Option<i64>,
}

fn instant<S: Serializer>(micros: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
    match micros.and_then(DateTime::<Utc>::from_timestamp_micros) {
        Some(at) => serializer.serialize_str(&at.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        None => serializer.serialize_none(),
    }
}

/// Dossiers with their procedures: the columns in the order of [`Dossier`].
pub(crate) const DOSSIERS: &str = "
    SELECT d.id, d.code, d.procedure_id, p.code, v.name, f.name, d.receiving_unit_id, d.org_unit_id, d.channel,
           d.owner_kind, d.owner, d.received_at, d.due_at, d.due_on, d.status, d.rules_version, d.resolved_at,
           d.returned_at, d.closed_at, d.rescheduled_to, d.fee_vnd, d.paid_online, d.input_digitised,
           d.result_digitised, d.foreign_code, d.linked_code, d.waits, d.holders, d.version, d.created_at, d.updated_at
    FROM dossiers d JOIN procedures p ON p.id = d.procedure_id
    JOIN procedure_versions v ON v.id = d.procedure_version_id
    LEFT JOIN procedure_fields f ON f.id = d.field_id
    WHERE d.deleted_at IS NULL";

/// The part of a unit and status behind a dossier.
pub(crate) const DEEP: &str = " AND d.org_unit_id = $1 AND d.status = $2 AND (d.received_at, d.id) > ($3, $4)
    ORDER BY d.received_at, d.id LIMIT 50";

/// A dossier out of a row of [`DOSSIERS`].
#[macro_export]
macro_rules! dossier {
    ($row:expr, $get:ident) => {
        $crate::dossiers::Dossier {
            id: $row.$get(0)?,
            code: $row.$get(1)?,
            procedure_id: $row.$get(2)?,
            procedure_code: $row.$get(3)?,
            procedure_name: $row.$get(4)?,
            field_name: $row.$get(5)?,
            receiving_unit_id: $row.$get(6)?,
            resolving_unit_id: $row.$get(7)?,
            channel: $row.$get(8)?,
            owner_kind: $row.$get(9)?,
            owner: $row.$get(10)?,
            received_at: $row.$get(11)?,
            due_at: $row.$get(12)?,
            due_on: $row.$get(13)?,
            status: $row.$get(14)?,
            rules_version: $row.$get(15)?,
            resolved_at: $row.$get(16)?,
            returned_at: $row.$get(17)?,
            closed_at: $row.$get(18)?,
            rescheduled_to: $row.$get(19)?,
            fee_vnd: $row.$get(20)?,
            paid_online: $row.$get(21)?,
            input_digitised: $row.$get(22)?,
            result_digitised: $row.$get(23)?,
            foreign_code: $row.$get(24)?,
            linked_code: $row.$get(25)?,
            waits: $row.$get(26)?,
            holders: $row.$get(27)?,
            version: $row.$get(28)?,
            created_at: $row.$get(29)?,
            updated_at: $row.$get(30)?,
        }
    };
}

/// Where a page begins.
#[derive(Deserialize)]
pub(crate) struct Place {
    pub(crate) org_unit_id: String,
    pub(crate) status: String,
    pub(crate) received_after: i64,
    pub(crate) id_after: String,
}

/// What a client sends, as far as the benchmark's bodies go.
#[derive(Deserialize)]
pub(crate) struct DossierCreate {
    code: String,
    procedure_id: String,
    pub(crate) receiving_unit_id: String,
    channel: String,
    owner: Owner,
    received_at: DateTime<Utc>,
    due_at: DateTime<Utc>,
    status: String,
}

#[derive(Deserialize, Serialize)]
struct Owner {
    kind: String,
    name: String,
    id_number: Option<String>,
}

/// What is stored of a new dossier, in the order of [`INSERT_DOSSIER`]'s parameters.
pub(crate) struct Stored {
    pub(crate) id: String,
    pub(crate) province_id: String,
    pub(crate) unit: String,
    pub(crate) code: String,
    pub(crate) procedure_id: String,
    pub(crate) procedure_version_id: String,
    pub(crate) field_id: Option<String>,
    pub(crate) channel: String,
    pub(crate) owner_kind: String,
    pub(crate) owner: String,
    pub(crate) owner_digest: Option<String>,
    pub(crate) received_at: i64,
    pub(crate) due_at: i64,
    pub(crate) due_on: NaiveDate,
    pub(crate) status: String,
    pub(crate) holders: String,
    pub(crate) at: i64,
    /// The journal entry: its id and what it tells.
    pub(crate) entry: String,
    pub(crate) content: String,
    /// The change in the counts: its id and what changes.
    pub(crate) delta: String,
    pub(crate) changes: String,
}

/// What the bare server looks up once, when it starts.
#[derive(Clone)]
pub(crate) struct Facts {
    pub(crate) province_id: String,
    pub(crate) procedure_version_id: String,
    pub(crate) field_id: Option<String>,
}

impl Stored {
    pub(crate) fn new(body: DossierCreate, facts: &Facts) -> Self {
        let DossierCreate {
            code,
            procedure_id,
            receiving_unit_id,
            channel,
            owner,
            received_at,
            due_at,
            status,
        } = body;
        let due_on = due_at.date_naive();
        let text = |value: serde_json::Value| value.to_string();
        let sealed = serde_json::to_string(&owner).unwrap_or_default();
        let content = text(serde_json::json!({
            "code": code, "procedure_id": procedure_id, "receiving_unit_id": receiving_unit_id,
            "resolving_unit_id": receiving_unit_id, "channel": channel, "received_at": received_at,
            "due_at": due_at, "due_on": due_on, "status": status, "rules_version": 1, "waits": [],
            "owner": {"kind": owner.kind, "name": "*", "id_number": "*"}, "paid_online": false,
            "input_digitised": false, "result_digitised": false, "generated": false,
        }));
        let days = [received_at.date_naive(), due_on].map(|day| day.num_days_from_ce());
        let changes = text(serde_json::json!([{
            "unit": receiving_unit_id, "province": facts.province_id, "counts": {
                "by": ["both"], "tiers": ["commune"], "channels": [channel], "fields": [facts.field_id],
                "procedures": [procedure_id],
                "counts": [days[0], 1, 1, 1, 1, 1, -1, 0, 1, days[1], 1, 1, 1, 1, 1, -1, 7, 1],
            },
        }]));
        Self {
            id: new_id(),
            province_id: facts.province_id.clone(),
            holders: text(serde_json::json!([{
                "unit": receiving_unit_id, "province": facts.province_id, "tier": "commune",
                "since": received_at.date_naive(),
            }])),
            unit: receiving_unit_id,
            code,
            procedure_id,
            procedure_version_id: facts.procedure_version_id.clone(),
            field_id: facts.field_id.clone(),
            channel,
            owner_kind: owner.kind,
            owner: sealed,
            owner_digest: owner.id_number,
            received_at: received_at.timestamp_micros(),
            due_at: due_at.timestamp_micros(),
            due_on,
            status,
            at: now(),
            entry: new_id(),
            content,
            delta: new_id(),
            changes,
        }
    }
}

pub(crate) const INSERT_DOSSIER: &str = "
    INSERT INTO dossiers (id, province_id, org_unit_id, receiving_province_id, receiving_unit_id, receiving_tier,
        code, procedure_id, procedure_version_id, field_id, rules_version, channel, owner_kind, owner, owner_digest,
        received_at, due_at, due_on, due_basis, status, paid_online, input_digitised, result_digitised, waits,
        holders, generated, version, created_at, updated_at)
    VALUES ($1, $2, $3, $2, $3, 'commune', $4, $5, $6, $7, 1, $8, $9, $10, $11, $12, $13, $14, 'stated', $15,
        FALSE, FALSE, FALSE, '[]', $16, FALSE, 1, $17, $17)";

pub(crate) const INSERT_ENTRY: &str = "
    INSERT INTO journal (id, recorded_at, actor_kind, actor_id, request_id, action, record_type, record_id,
        record_version, org_unit_id, province_id, content)
    VALUES ($1, $2, 'user', 'bare', 'bare', 'create', 'dossier', $3, 1, $4, $5, $6)";

pub(crate) const INSERT_DELTA: &str = "INSERT INTO dossier_deltas (id, content, changes) VALUES ($1, $2, 2)";

/// What stands for the rest of the province, procedure and field of the benchmark's bodies.
pub(crate) const FACTS: &str = "
    SELECT d.receiving_province_id, d.procedure_version_id, d.field_id FROM dossiers d
    WHERE d.receiving_unit_id = $1 AND d.deleted_at IS NULL LIMIT 1";

/// Form 06 of a province, or of all where that is empty, over all dossiers: the moment at which the days begin,
/// the one at which they are over, the last day, the province. `RESOLVED_ON` is the day of `resolved_at`.
pub(crate) const LIVE_FORM: &str = "
    WITH counted AS (
        SELECT receiving_tier, field_id, channel, received_at, due_on, status, resolved_at,
               RESOLVED_ON AS resolved_on, closed_at, COALESCE(resolved_at, closed_at) AS over_at
        FROM dossiers
        WHERE deleted_at IS NULL AND received_at < $2 AND status NOT IN ('registered', 'not_accepted')
          AND ($4 = '' OR province_id = $4)
          AND (received_at >= $1 OR COALESCE(resolved_at, closed_at, $2) >= $1)
    )
    SELECT receiving_tier, field_id,
        SUM(CASE WHEN received_at >= $1 AND channel = 'online' THEN 1 ELSE 0 END),
        SUM(CASE WHEN received_at >= $1 AND channel <> 'online' THEN 1 ELSE 0 END),
        SUM(CASE WHEN received_at < $1 THEN 1 ELSE 0 END),
        SUM(CASE WHEN resolved_at < $2 AND resolved_on < due_on THEN 1 ELSE 0 END),
        SUM(CASE WHEN resolved_at < $2 AND resolved_on = due_on THEN 1 ELSE 0 END),
        SUM(CASE WHEN resolved_at < $2 AND resolved_on > due_on THEN 1 ELSE 0 END),
        SUM(CASE WHEN closed_at < $2 THEN 1 ELSE 0 END),
        SUM(CASE WHEN COALESCE(over_at, $2) >= $2 THEN 1 ELSE 0 END),
        SUM(CASE WHEN COALESCE(over_at, $2) >= $2 AND due_on < $3
            AND status NOT IN ('awaiting_supplement', 'awaiting_payment', 'stopped') THEN 1 ELSE 0 END)
    FROM counted GROUP BY receiving_tier, field_id ORDER BY receiving_tier, field_id";

/// The sums of a level and field.
#[derive(Serialize)]
pub(crate) struct LiveRow {
    pub(crate) handling_level: String,
    pub(crate) field_id: Option<String>,
    pub(crate) received_online: i64,
    pub(crate) received_direct: i64,
    pub(crate) carried_over: i64,
    pub(crate) resolved_early: i64,
    pub(crate) resolved_on_time: i64,
    pub(crate) resolved_overdue: i64,
    pub(crate) closed: i64,
    pub(crate) pending_total: i64,
    pub(crate) pending_overdue: i64,
}

/// A row of [`LIVE_FORM`].
#[macro_export]
macro_rules! live_row {
    ($row:expr, $get:ident) => {
        $crate::dossiers::LiveRow {
            handling_level: $row.$get(0)?,
            field_id: $row.$get(1)?,
            received_online: $row.$get(2)?,
            received_direct: $row.$get(3)?,
            carried_over: $row.$get(4)?,
            resolved_early: $row.$get(5)?,
            resolved_on_time: $row.$get(6)?,
            resolved_overdue: $row.$get(7)?,
            closed: $row.$get(8)?,
            pending_total: $row.$get(9)?,
            pending_overdue: $row.$get(10)?,
        }
    };
}

/// Which form is wanted.
#[derive(Deserialize)]
pub(crate) struct LiveQuery {
    pub(crate) from: NaiveDate,
    pub(crate) to: NaiveDate,
    #[serde(default)]
    pub(crate) province_id: String,
}

impl LiveQuery {
    /// The moments between which its days lie, in Vietnam.
    pub(crate) fn moments(&self) -> (i64, i64) {
        let begins = |day: NaiveDate| {
            day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_micros() - 25_200_000_000
        };
        (begins(self.from), begins(self.to + chrono::Days::new(1)))
    }
}
