//! The rows as they are answered, and the SQL that both drivers share.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

/// A unit on a day, with the members that the service answers.
#[derive(Serialize)]
pub(crate) struct Unit {
    pub(crate) id: String,
    pub(crate) code: Option<String>,
    pub(crate) identifier: Option<String>,
    pub(crate) name: String,
    pub(crate) full_name: String,
    pub(crate) kind: String,
    pub(crate) tier: Option<String>,
    pub(crate) unit_class: Option<String>,
    pub(crate) parent_id: Option<String>,
    pub(crate) parent_code: Option<String>,
    pub(crate) parent_name: Option<String>,
    pub(crate) province_id: Option<String>,
    pub(crate) valid_from: Option<NaiveDate>,
    pub(crate) valid_from_certainty: String,
    pub(crate) valid_to: Option<NaiveDate>,
    pub(crate) valid_to_certainty: Option<String>,
    pub(crate) change_kind: Option<String>,
    pub(crate) legal_basis: Option<String>,
    pub(crate) note: Option<String>,
    pub(crate) version: i64,
    #[serde(serialize_with = "instant")]
    pub(crate) created_at: i64,
    #[serde(serialize_with = "instant")]
    pub(crate) updated_at: i64,
}

fn instant<S: Serializer>(micros: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    let at = DateTime::from_timestamp_micros(*micros).unwrap_or_default();
    serializer.serialize_str(&at.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

/// The units in force on a day: its columns in the order of [`Unit`].
pub(crate) const UNITS: &str = "
    SELECT u.id, v.code, v.identifier, v.name, v.full_name, v.kind,
           CASE WHEN v.kind IN ('province', 'district', 'commune') THEN v.kind END,
           v.unit_class, v.parent_id, p.code, p.name,
           CASE WHEN v.kind = 'province' THEN u.id WHEN p.kind = 'province' THEN p.org_unit_id
                WHEN p.kind = 'district' THEN p.parent_id END,
           CASE WHEN v.valid_from > '0001-01-01' THEN v.valid_from END, v.valid_from_certainty,
           CASE WHEN v.valid_to < '9999-12-31' THEN v.valid_to END,
           CASE WHEN v.valid_to < '9999-12-31' THEN v.valid_to_certainty END,
           v.change_kind, v.legal_basis, v.note, u.version, u.created_at, u.updated_at
    FROM org_unit_versions v JOIN org_units u ON u.id = v.org_unit_id
    LEFT JOIN org_unit_versions p ON p.org_unit_id = v.parent_id AND p.valid_from <= $1 AND p.valid_to > $1
    WHERE u.deleted_at IS NULL AND v.valid_from <= $1 AND v.valid_to > $1";

/// How lists are ordered.
pub(crate) const BY_NAME: &str = " ORDER BY v.name_folded, v.org_unit_id";

/// A unit out of a row of [`UNITS`]; `get` and `try_get` are what the drivers call the same thing.
#[macro_export]
macro_rules! unit {
    ($row:expr, $get:ident) => {
        $crate::model::Unit {
            id: $row.$get(0)?,
            code: $row.$get(1)?,
            identifier: $row.$get(2)?,
            name: $row.$get(3)?,
            full_name: $row.$get(4)?,
            kind: $row.$get(5)?,
            tier: $row.$get(6)?,
            unit_class: $row.$get(7)?,
            parent_id: $row.$get(8)?,
            parent_code: $row.$get(9)?,
            parent_name: $row.$get(10)?,
            province_id: $row.$get(11)?,
            valid_from: $row.$get(12)?,
            valid_from_certainty: $row.$get(13)?,
            valid_to: $row.$get(14)?,
            valid_to_certainty: $row.$get(15)?,
            change_kind: $row.$get(16)?,
            legal_basis: $row.$get(17)?,
            note: $row.$get(18)?,
            version: $row.$get(19)?,
            created_at: $row.$get(20)?,
            updated_at: $row.$get(21)?,
        }
    };
}

/// What a client sends for a period.
#[derive(Deserialize)]
pub(crate) struct PeriodCreate {
    regime: String,
    code: String,
    kind: String,
    starts_on: NaiveDate,
    ends_on: NaiveDate,
    submit_by: Option<NaiveDate>,
}

/// A period.
#[derive(Serialize)]
pub(crate) struct Period {
    pub(crate) id: String,
    pub(crate) regime: String,
    pub(crate) code: String,
    pub(crate) kind: String,
    pub(crate) starts_on: NaiveDate,
    pub(crate) ends_on: NaiveDate,
    pub(crate) submit_by: Option<NaiveDate>,
    pub(crate) version: i64,
    #[serde(serialize_with = "instant")]
    pub(crate) created_at: i64,
    #[serde(serialize_with = "instant")]
    pub(crate) updated_at: i64,
}

impl Period {
    pub(crate) fn new(body: PeriodCreate) -> Self {
        let PeriodCreate { regime, code, kind, starts_on, ends_on, submit_by } = body;
        let at = now();
        let (id, version) = (new_id(), 1);
        Self {
            id,
            regime,
            code,
            kind,
            starts_on,
            ends_on,
            submit_by,
            version,
            created_at: at,
            updated_at: at,
        }
    }
}

pub(crate) const INSERT_PERIOD: &str = "
    INSERT INTO periods (id, regime, code, kind, starts_on, ends_on, submit_by, version, created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

/// What a client sends for a procedure, as far as the benchmark's bodies go.
#[derive(Deserialize)]
pub(crate) struct ProcedureCreate {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) level: String,
    pub(crate) deadlines: Box<RawValue>,
    pub(crate) authority: String,
}

/// The sums of form II.06a at one level in one field.
#[derive(Serialize)]
pub(crate) struct FormRow {
    pub(crate) handling_level: String,
    pub(crate) field: String,
    pub(crate) received_online: i64,
    pub(crate) received_direct: i64,
    pub(crate) carried_over: i64,
    pub(crate) resolved_early: i64,
    pub(crate) resolved_on_time: i64,
    pub(crate) resolved_overdue: i64,
    pub(crate) pending_in_time: i64,
    pub(crate) pending_overdue: i64,
}

/// Form II.06a of a province with its communes: the day, the province's code, the period's code.
pub(crate) const FORM: &str = "
    WITH province AS (
        SELECT org_unit_id FROM org_unit_versions
        WHERE valid_from <= $1 AND valid_to > $1 AND code = $2 AND kind = 'province'
    ), units AS (
        SELECT org_unit_id FROM province
        UNION ALL
        SELECT v.org_unit_id FROM org_unit_versions v JOIN province p ON p.org_unit_id = v.parent_id
        WHERE v.valid_from <= $1 AND v.valid_to > $1
    )
    SELECT handling_level, field, CAST(SUM(received_online) AS BIGINT),
           CAST(SUM(received_in_person + received_postal) AS BIGINT),
           CAST(SUM(COALESCE(carried_over, 0)) AS BIGINT), CAST(SUM(resolved_early) AS BIGINT),
           CAST(SUM(resolved_on_time) AS BIGINT), CAST(SUM(resolved_overdue) AS BIGINT),
           CAST(SUM(pending_in_time) AS BIGINT), CAST(SUM(pending_overdue) AS BIGINT)
    FROM processing_returns
    WHERE org_unit_id IN (SELECT org_unit_id FROM units) AND state IN ('submitted', 'accepted')
      AND period_id = (SELECT id FROM periods WHERE regime = 'calendar' AND code = $3 AND deleted_at IS NULL)
      AND deleted_at IS NULL
    GROUP BY handling_level, field ORDER BY handling_level, field";

/// A row of [`FORM`].
#[macro_export]
macro_rules! form_row {
    ($row:expr, $get:ident) => {
        $crate::model::FormRow {
            handling_level: $row.$get(0)?,
            field: $row.$get(1)?,
            received_online: $row.$get(2)?,
            received_direct: $row.$get(3)?,
            carried_over: $row.$get(4)?,
            resolved_early: $row.$get(5)?,
            resolved_on_time: $row.$get(6)?,
            resolved_overdue: $row.$get(7)?,
            pending_in_time: $row.$get(8)?,
            pending_overdue: $row.$get(9)?,
        }
    };
}

pub(crate) fn now() -> i64 {
    Utc::now().timestamp_micros()
}

pub(crate) fn new_id() -> String {
    uuid::Uuid::now_v7().to_string()
}
