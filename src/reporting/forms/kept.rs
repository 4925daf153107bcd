//! The forms that the closing of a period keeps (biểu mẫu lưu khi khóa sổ): as they were answered at
//! that moment, never changed afterwards, and how today's differ from them.
//!
//! A form joins with one line in [`KEPT`]; its [`KeptForm`] says how it is computed and which figures
//! are compared. A form is kept as its JSON, compressed.

use std::collections::{BTreeMap, HashMap};
use std::io::{Read, Write};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chrono::NaiveDate;
use diesel::prelude::*;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::form06a::Form06a;
use crate::auth::permission::Domain;
use crate::db::schema::{period_closures, period_snapshots};
use crate::db::types::Instant;
use crate::db::{DbConn, WriteTx};
use crate::domain::organization::reference::UnitScope;
use crate::domain::organization::tree::{OrgTree, OrgUnitId};
use crate::error::{ApiError, Bilingual, Fault, Problem};
use crate::on_db;
use crate::reporting::period_closures::{ClosureState, PeriodClosureId};
use crate::reporting::periods::Period;

/// The forms that a closing keeps: one line each.
pub const KEPT: &[Kept] = &[Kept::of::<Form06a>()];

/// The most that a form may have as JSON, in bytes: the form of a province with a line for every unit
/// and field has a hundredth of it.
const LARGEST: usize = 32 * 1024 * 1024;

/// What a form is computed of.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The unit.
    pub unit: OrgUnitId,
    /// The period.
    pub period: &'a Period,
    /// The day whose structure counts.
    pub as_of: NaiveDate,
}

/// Which of the forms of a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// The definition of its columns.
    pub definition: &'static str,
    /// Which units count.
    pub scope: UnitScope,
}

/// A form that a closing keeps.
pub trait KeptForm: Serialize + DeserializeOwned + 'static {
    /// How queries call it.
    const NAME: &'static str;
    /// The domain whose readers may read it.
    const DOMAIN: Domain;
    /// Its definitions; the first where none is named.
    const DEFINITIONS: &'static [&'static str];

    /// The forms of a subject, one for each definition and scope.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn all(conn: &mut DbConn, tree: &OrgTree, of: Subject<'_>) -> Result<Vec<(Variant, Self)>, ApiError>;

    /// One of them.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn one(conn: &mut DbConn, tree: &OrgTree, of: Subject<'_>, variant: &Variant) -> Result<Self, ApiError>;

    /// The figures by which two of these forms are compared.
    fn figures(&self) -> Figures;
}

/// The columns of a line by their names, in their order; a column that the definition lacks is none.
pub type ColumnFigures = Vec<(&'static str, i64)>;

/// What names a line of a form: its members, such as level and field.
pub type LineName = Vec<(&'static str, Option<String>)>;

/// The figures of a form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// Its lines, in their order.
    pub lines: Vec<(LineName, ColumnFigures)>,
    /// The sum of all lines.
    pub totals: ColumnFigures,
}

impl Figures {
    /// The digest by which figures are told from others. A line of zeros says nothing.
    ///
    /// # Errors
    /// None that figures can cause.
    pub fn digest(&self) -> Result<String, ApiError> {
        let says = |columns: &ColumnFigures| columns.iter().any(|(_, count)| *count != 0);
        let mut lines: Vec<_> = self.lines.iter().filter(|(_, columns)| says(columns)).collect();
        lines.sort_unstable();
        let text = serde_json::to_vec(&(lines, &self.totals)).map_err(ApiError::internal)?;
        Ok(STANDARD_NO_PAD.encode(digest(&SHA256, &text)))
    }
}

/// How a column differs (chênh lệch của một cột).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FormColumnDifference {
    /// The column, by its name in the form.
    pub column: String,
    /// As it was kept when the period was closed (số khi khóa sổ); 0 for a line that was not there.
    pub kept: i64,
    /// As it is today (số hiện nay); 0 for a line that is gone.
    pub today: i64,
    /// Today's less the kept one (chênh lệch).
    pub difference: i64,
}

/// How a line differs (chênh lệch của một dòng).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FormLineDifference {
    /// What names the line: in form 06a its `handling_level` and `field`.
    pub line: BTreeMap<String, Option<String>>,
    /// The columns that differ, and no others.
    pub columns: Vec<FormColumnDifference>,
}

/// The lines and totals that differ, in the order of the form.
#[must_use]
pub fn differences(kept: &Figures, today: &Figures) -> (Vec<FormLineDifference>, Vec<FormColumnDifference>) {
    let empty = ColumnFigures::new();
    let kept_lines: HashMap<_, _> = kept.lines.iter().map(|(name, columns)| (name, columns)).collect();
    let of_today: HashMap<_, _> = today.lines.iter().map(|(name, columns)| (name, columns)).collect();
    let gone = kept.lines.iter().filter(|(name, _)| !of_today.contains_key(name)).map(|(name, _)| name);
    let names = today.lines.iter().map(|(name, _)| name).chain(gone);
    let lines = names.filter_map(|name| {
        let kept = kept_lines.get(name).copied().unwrap_or(&empty);
        let columns = column_differences(kept, of_today.get(name).copied().unwrap_or(&empty));
        let line = name.iter().map(|(member, value)| ((*member).to_owned(), value.clone())).collect();
        (!columns.is_empty()).then_some(FormLineDifference { line, columns })
    });
    (lines.collect(), column_differences(&kept.totals, &today.totals))
}

fn column_differences(kept: &ColumnFigures, today: &ColumnFigures) -> Vec<FormColumnDifference> {
    let of = |columns: &ColumnFigures, name: &str| {
        columns.iter().find(|(column, _)| *column == name).map_or(0, |(_, count)| *count)
    };
    let gone = kept.iter().filter(|(name, _)| !today.iter().any(|(column, _)| column == name));
    let names = today.iter().chain(gone).map(|(name, _)| *name);
    let columns = names.map(|name| {
        let (kept, today) = (of(kept, name), of(today, name));
        FormColumnDifference { column: name.to_owned(), kept, today, difference: today - kept }
    });
    columns.filter(|column| column.difference != 0).collect()
}

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
    /// Whether today's figures differ from those kept then; null in a form that was kept.
    pub differs: Option<bool>,
}

#[derive(Insertable)]
#[diesel(table_name = period_snapshots, treat_none_as_default_value = false)]
struct SnapshotRow {
    closure_id: PeriodClosureId,
    form: &'static str,
    definition: &'static str,
    scope: UnitScope,
    figures_digest: String,
    content: String,
}

impl SnapshotRow {
    fn of<F: KeptForm>(closure_id: PeriodClosureId, variant: &Variant, form: &F) -> Result<Self, ApiError> {
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

fn unpacked<F: DeserializeOwned>(content: &str) -> Result<F, ApiError> {
    let bytes = STANDARD_NO_PAD.decode(content).map_err(ApiError::internal)?;
    let most = u64::try_from(LARGEST).map_err(ApiError::internal)?;
    let mut json = Vec::new();
    GzDecoder::new(bytes.as_slice()).take(most).read_to_end(&mut json).map_err(ApiError::internal)?;
    serde_json::from_slice(&json).map_err(ApiError::internal)
}

/// A kind of form that is kept, whatever its type.
pub struct Kept {
    /// How queries call it.
    pub name: &'static str,
    /// The domain whose readers may read it.
    pub domain: Domain,
    definitions: &'static [&'static str],
    keep: Keep,
    figures: KeptAndToday,
}

/// The rows to store for the forms of a subject.
type Keep = fn(&mut DbConn, &OrgTree, Subject<'_>, PeriodClosureId) -> Result<Vec<SnapshotRow>, ApiError>;

/// The figures of a form that was kept as this text, and of today's.
type KeptAndToday =
    fn(&mut DbConn, &OrgTree, Subject<'_>, &Variant, &str) -> Result<(Figures, Figures), ApiError>;

impl Kept {
    const fn of<F: KeptForm>() -> Self {
        Self {
            name: F::NAME,
            domain: F::DOMAIN,
            definitions: F::DEFINITIONS,
            keep: |conn, tree, of, closure| {
                let forms = F::all(conn, tree, of)?;
                forms.iter().map(|(variant, form)| SnapshotRow::of(closure, variant, form)).collect()
            },
            figures: |conn, tree, of, variant, content| {
                Ok((unpacked::<F>(content)?.figures(), F::one(conn, tree, of, variant)?.figures()))
            },
        }
    }

    /// The kind of form and its variant that a query names; the first of each where it names none.
    ///
    /// # Errors
    /// 422 for a form or definition that is not kept.
    pub fn named(
        form: Option<&str>,
        definition: Option<&str>,
        scope: UnitScope,
    ) -> Result<(&'static Self, Variant), ApiError> {
        let names: Vec<_> = KEPT.iter().map(|kept| kept.name).collect();
        let kept = KEPT.iter().find(|kept| form.is_none_or(|form| form == kept.name));
        let kept = kept.ok_or_else(|| not_kept("/form", &names))?;
        let found = kept.definitions.iter().find(|name| definition.is_none_or(|given| given == **name));
        let definition = found.ok_or_else(|| not_kept("/definition", kept.definitions))?;
        Ok((kept, Variant { definition, scope }))
    }

    /// The figures of a form as it was kept, and as it is today.
    ///
    /// # Errors
    /// 404 when it was not kept at that closing.
    pub fn figures(
        &self,
        conn: &mut DbConn,
        tree: &OrgTree,
        of: Subject<'_>,
        variant: &Variant,
        closure: PeriodClosureId,
    ) -> Result<(Figures, Figures), ApiError> {
        let content = content_of(conn, self.name, closure, variant)?.ok_or_else(ApiError::not_found)?;
        (self.figures)(conn, tree, of, variant, &content)
    }
}

fn not_kept(pointer: &str, known: &[&str]) -> ApiError {
    let known = known.join(", ");
    let message = Bilingual::new(
        format!("Không được lưu khi khóa sổ; chọn một trong: {known}."),
        format!("This is not kept when a period is closed; choose one of {known}."),
    );
    ApiError::invalid(vec![Fault::new(pointer, "not_kept", message)])
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

fn content_of(
    conn: &mut DbConn,
    form: &str,
    closure: PeriodClosureId,
    variant: &Variant,
) -> Result<Option<String>, ApiError> {
    use period_snapshots as s;
    let found = s::table
        .find((closure, form, variant.definition, variant.scope))
        .select(s::content)
        .first(conn)
        .optional()?;
    Ok(found)
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
    let kept: Option<(PeriodClosureId, i64, Instant, ClosureState, String)> = c::table
        .inner_join(s::table)
        .filter(c::period_id.eq(of.period.id).and(c::org_unit_id.eq(of.unit)))
        .filter(c::superseded_by.is_null().and(c::as_of.eq(of.as_of)))
        .filter(s::form.eq(F::NAME).and(s::definition.eq(variant.definition)).and(s::scope.eq(variant.scope)))
        .select((c::id, c::number, c::closed_at, c::state, s::figures_digest))
        .first(conn)
        .optional()?;
    let Some((id, number, closed_at, state, digest)) = kept else { return Ok(None) };
    let differs = Some(today.figures().digest()? != digest);
    Ok(Some(FormClosure { id, number, closed_at, state, is_snapshot: false, differs }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const COLUMNS: [&str; 3] = ["received_total", "resolved_total", "pending_total"];

    fn figures() -> impl Strategy<Value = Figures> {
        let line = (0_u8..6, proptest::array::uniform3(0_i64..4));
        proptest::collection::vec(line, 0..6).prop_map(|lines| {
            let by_name: BTreeMap<u8, [i64; 3]> = lines.into_iter().collect();
            let named = |counts: [i64; 3]| COLUMNS.into_iter().zip(counts).collect::<ColumnFigures>();
            let total = by_name.values().fold([0; 3], |sum, line| [0, 1, 2].map(|at| sum[at] + line[at]));
            let lines = by_name.into_iter().map(|(name, counts)| {
                (vec![("field", (name > 0).then(|| format!("Lĩnh vực {name}")))], named(counts))
            });
            Figures { lines: lines.collect(), totals: named(total) }
        })
    }

    type Counts = BTreeMap<(BTreeMap<String, Option<String>>, String), i64>;

    /// Every count that is not zero.
    fn counts(figures: &Figures) -> Counts {
        let mut counts = Counts::new();
        for (name, columns) in &figures.lines {
            let line: BTreeMap<_, _> = name.iter().map(|(m, v)| ((*m).to_owned(), v.clone())).collect();
            for (column, count) in columns.iter().filter(|(_, count)| *count != 0) {
                counts.insert((line.clone(), (*column).to_owned()), *count);
            }
        }
        counts
    }

    proptest! {
        #[test]
        fn what_was_kept_and_the_differences_make_today(kept in figures(), today in figures()) {
            let (lines, totals) = differences(&kept, &today);
            let mut sum = counts(&kept);
            for FormLineDifference { line, columns } in &lines {
                for column in columns {
                    prop_assert_eq!(column.kept + column.difference, column.today);
                    let count = sum.entry((line.clone(), column.column.clone())).or_default();
                    prop_assert_eq!(*count, column.kept);
                    *count = column.today;
                }
            }
            sum.retain(|_, count| *count != 0);
            prop_assert_eq!(&sum, &counts(&today));
            for (name, count) in &kept.totals {
                let difference = totals.iter().find(|column| column.column == *name).map_or(0, |c| c.difference);
                let now = today.totals.iter().find(|(column, _)| column == name).map_or(0, |(_, count)| *count);
                prop_assert_eq!(count + difference, now);
            }
            let differ = kept.digest().unwrap() != today.digest().unwrap();
            prop_assert_eq!(differ, !lines.is_empty() || !totals.is_empty());
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

    #[test]
    fn a_form_that_is_not_kept_is_told_which_are() {
        let (kept, variant) = Kept::named(None, None, UnitScope::Own).unwrap();
        assert_eq!((kept.name, variant.definition), ("06a", "circular-01-2020"));
        let refused = Kept::named(Some("06a"), Some("none"), UnitScope::Own).map(|(kept, _)| kept.name);
        let told = refused.unwrap_err().to_string();
        assert!(told.contains("/definition") && told.contains("withdrawn-refused-apart"), "{told}");
        assert!(Kept::named(Some("07"), None, UnitScope::Own).is_err());
    }
}
