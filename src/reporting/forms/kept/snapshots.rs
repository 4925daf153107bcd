//! Kept forms in the database: their JSON, compressed, with the digest of their figures.

use std::io::{Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use diesel::prelude::*;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{KEPT, KeptForm, Subject, Variant};
use kernel::db::conn::MultiBackend;
use kernel::db::schema::{period_closures, period_snapshots};
use kernel::db::types::Instant;
use kernel::db::{DbConn, WriteTx};
use kernel::error::{ApiError, Problem};
use kernel::on_db;
use kernel::reporting::closed_periods::{ClosureState, PeriodClosureId};
use kernel::tree::OrgTree;
use kernel::unit_reference::UnitScope;

/// The most that a form may have as JSON, in bytes: the form of a province with a line for every unit
/// and field has a hundredth of it.
const LARGEST: usize = 32 * 1024 * 1024;

/// The closing that a form has to do with (lần khóa sổ liên quan).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FormClosure {
    /// The closing.
    pub id: PeriodClosureId,
    /// Which closing of the unit and period it is, from 1 (lần khóa sổ).
    pub number: i64,
    /// When (thời điểm khóa sổ).
    pub closed_at: Instant,
    /// Whether it still binds returns.
    pub state: ClosureState,
    /// Whether this form is the one that was kept then; false for today's.
    pub is_snapshot: bool,
    /// Whether today's figures differ from those kept then; null in a form that was kept, and where units of
    /// it are out of reach.
    pub differs: Option<bool>,
}

#[derive(Insertable)]
#[diesel(table_name = period_snapshots, treat_none_as_default_value = false)]
pub(super) struct SnapshotRow {
    closure_id: PeriodClosureId,
    form: &'static str,
    definition: &'static str,
    scope: UnitScope,
    figures_digest: String,
    content: String,
}

impl SnapshotRow {
    pub(super) fn of<F: KeptForm>(
        closure_id: PeriodClosureId,
        variant: &Variant,
        form: &F,
    ) -> Result<Self, ApiError> {
        let Variant { definition, scope } = *variant;
        let (figures_digest, content) = (form.figures().digest()?, packed(form)?);
        Ok(Self { closure_id, form: F::NAME, definition, scope, figures_digest, content })
    }
}

/// A form as text: its JSON, compressed, in letters that every backup carries.
fn packed<F: Serialize>(form: &F) -> Result<String, ApiError> {
    let json = serde_json::to_vec(form).map_err(ApiError::internal)?;
    if json.len() > LARGEST {
        return Err(ApiError::detailed(
            Problem::Invalid,
            "Biểu của đơn vị quá lớn để lưu khi khóa sổ; hãy khóa sổ ở từng đơn vị cấp dưới.",
            "The unit's form is too large to be kept; close the period for the units below instead.",
        ));
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let bytes = encoder.write_all(&json).and_then(|()| encoder.finish()).map_err(ApiError::internal)?;
    Ok(STANDARD_NO_PAD.encode(bytes))
}

pub(super) fn unpacked<F: DeserializeOwned>(content: &str) -> Result<F, ApiError> {
    let bytes = STANDARD_NO_PAD.decode(content).map_err(ApiError::internal)?;
    let most = u64::try_from(LARGEST).map_err(ApiError::internal)?;
    let mut json = Vec::new();
    GzDecoder::new(bytes.as_slice()).take(most).read_to_end(&mut json).map_err(ApiError::internal)?;
    serde_json::from_slice(&json).map_err(ApiError::internal)
}

/// Keeps every form of a subject.
///
/// # Errors
/// When the database fails, or a form is too large to be kept.
pub fn keep_all(
    tx: &mut WriteTx<'_>,
    tree: &OrgTree,
    of: Subject<'_>,
    closure: PeriodClosureId,
) -> Result<(), ApiError> {
    for kept in KEPT {
        let rows = (kept.keep)(tx.conn(), tree, of, closure)?;
        on_db!(tx.conn(), |c| diesel::insert_into(period_snapshots::table).values(&rows).execute(c))?;
    }
    Ok(())
}

pub(super) fn content_of(
    conn: &mut DbConn,
    form: &str,
    closure: PeriodClosureId,
    variant: &Variant,
) -> Result<Option<String>, ApiError> {
    Ok(content(form, closure, variant).first(conn).optional()?)
}

/// The text of one kept form.
fn content<'a>(
    form: &'a str,
    closure: PeriodClosureId,
    variant: &Variant,
) -> period_snapshots::BoxedQuery<'a, MultiBackend, diesel::sql_types::Text> {
    let Variant { definition, scope } = *variant;
    period_snapshots::table
        .find((closure, form, definition, scope))
        .select(period_snapshots::content)
        .into_boxed()
}

/// A form as it was kept at a closing; none when it was not.
///
/// # Errors
/// When the database cannot be read.
pub fn snapshot<F: KeptForm>(
    conn: &mut DbConn,
    closure: PeriodClosureId,
    variant: &Variant,
) -> Result<Option<F>, ApiError> {
    content_of(conn, F::NAME, closure, variant)?.map(|content| unpacked(&content)).transpose()
}

/// The last closing of the form's unit and period, and whether today's form differs from the one that
/// was kept then: by a digest, so that no form is read or computed for it.
///
/// # Errors
/// When the database cannot be read.
pub fn closure_of<F: KeptForm>(
    conn: &mut DbConn,
    of: Subject<'_>,
    variant: &Variant,
    today: &F,
) -> Result<Option<FormClosure>, ApiError> {
    use period_closures as c;
    use period_snapshots as s;
    let kept: Option<(PeriodClosureId, i64, Instant, ClosureState, String)> = last(of, F::NAME, variant)
        .select((c::id, c::number, c::closed_at, c::state, s::figures_digest))
        .first(conn)
        .optional()?;
    let Some((id, number, closed_at, state, digest)) = kept else { return Ok(None) };
    let differs = Some(today.figures().digest()? != digest);
    Ok(Some(FormClosure { id, number, closed_at, state, is_snapshot: false, differs }))
}

/// The last closing of a subject, with its kept form.
fn last<'a>(
    of: Subject<'_>,
    form: &'a str,
    variant: &Variant,
) -> diesel::dsl::IntoBoxed<
    'a,
    diesel::dsl::InnerJoin<period_closures::table, period_snapshots::table>,
    MultiBackend,
> {
    use period_closures as c;
    use period_snapshots as s;
    c::table
        .inner_join(s::table)
        .filter(c::period_id.eq(of.period.id).and(c::org_unit_id.eq(of.unit)))
        .filter(c::superseded_by.is_null().and(c::as_of.eq(of.as_of)))
        .filter(s::form.eq(form).and(s::definition.eq(variant.definition)).and(s::scope.eq(variant.scope)))
        .into_boxed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::db::plan::{MigratedPostgres, migrated, plan, postgres_plan};
    use kernel::reporting::periods::{Period, PeriodId, PeriodKind};
    use kernel::tree::OrgUnitId;

    #[test]
    fn a_kept_form_is_found_by_its_key_and_the_last_closing_by_its_own() {
        let (_folder, mut conn) = migrated();
        let mut postgres = MigratedPostgres::new();
        let day = "2024-06-30".parse().unwrap();
        let period = Period {
            id: PeriodId::new(),
            regime: "calendar".into(),
            code: "2024-H1".into(),
            kind: PeriodKind::Half,
            starts_on: day,
            ends_on: day,
            submit_by: None,
            version: 1,
            created_at: Instant::from_micros(0),
            updated_at: Instant::from_micros(0),
        };
        let of = Subject { unit: OrgUnitId::new(), period: &period, as_of: day };
        let variant = Variant { definition: "circular-01-2020", scope: UnitScope::Own };
        let one = || content("06a", PeriodClosureId::new(), &variant);
        let closing = || last(of, "06a", &variant).select(period_snapshots::figures_digest);
        let mut told = vec![plan(&mut conn, one()), plan(&mut conn, closing())];
        if let Some(postgres) = &mut postgres {
            told.push(postgres_plan(postgres.conn(), one()));
            told.push(postgres_plan(postgres.conn(), closing()));
        }
        for plan in told {
            let is_read_whole = |step: &String| {
                step.starts_with("SCAN") || step.contains("Seq Scan") || step.contains("Sort")
            };
            assert!(!plan.iter().any(is_read_whole), "{plan:#?}");
        }
    }

    #[test]
    fn a_form_is_packed_and_unpacked_unchanged() {
        let text = "Lĩnh vực Hộ tịch ".repeat(1_000);
        let packed = packed(&text).unwrap();
        assert!(packed.len() * 20 < text.len(), "{} of {}", packed.len(), text.len());
        assert_eq!(unpacked::<String>(&packed).unwrap(), text);
        assert!(unpacked::<String>("bm90IGd6aXA").is_err());
    }
}
