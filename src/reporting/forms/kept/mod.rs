//! The forms that the closing of a period keeps (biểu mẫu lưu khi khóa sổ): as they were answered at
//! that moment, never changed afterwards, and how today's differ from them.
//!
//! A form joins with one line in [`KEPT`]; its [`KeptForm`] says how it is computed and which figures
//! are compared.
//!
//! - [`figures`] are what two forms are compared by, and [`coverage`] who stood behind each.
//! - [`snapshots`] are the forms in the database.

pub mod coverage;
pub mod figures;
pub mod snapshots;

use chrono::NaiveDate;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use self::coverage::{FormCoverageDifference, LevelFiled, coverage_differences};
pub use self::figures::{ColumnFigures, Figures, FormColumnDifference, FormLineDifference, differences};
pub use self::snapshots::{FormClosure, closure_of, keep_all, snapshot};
use self::snapshots::{SnapshotRow, content_of, unpacked};
use super::form06a::Form06a;
use kernel::auth::permission::Domain;
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::error::{ApiError, Bilingual, Fault};
use kernel::reporting::closed_periods::PeriodClosureId;
use kernel::reporting::periods::Period;
use kernel::tree::{OrgTree, OrgUnitId};
use kernel::unit_reference::UnitScope;

/// The forms that a closing keeps: one line each.
pub const KEPT: &[Kept] = &[Kept::of::<Form06a>()];

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

    /// One of them, as whoever asks may see it.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn one(
        conn: &mut DbConn,
        scoped: &Scoped,
        of: Subject<'_>,
        variant: &Variant,
    ) -> Result<Reached<Self>, ApiError>;

    /// The figures by which two of these forms are compared.
    fn figures(&self) -> Figures;

    /// How many units have filed, by level.
    fn filed(&self) -> Vec<LevelFiled>;
}

/// A form of the units that an account reaches.
pub struct Reached<F> {
    /// The form.
    pub form: F,
    /// How many units of it are out of reach: their figures are not in it.
    pub out_of_reach: usize,
}

/// A kind of form that is kept, whatever its type.
pub struct Kept {
    /// How queries call it.
    pub name: &'static str,
    /// The domain whose readers may read it.
    pub domain: Domain,
    definitions: &'static [&'static str],
    keep: Keep,
    compared: KeptAndToday,
}

/// What of a form is compared.
pub struct Compared {
    /// Its figures.
    pub figures: Figures,
    /// How many units have filed, by level.
    pub filed: Vec<LevelFiled>,
    /// How many units of the form are out of reach: their figures are not in it.
    pub out_of_reach: usize,
}

impl Compared {
    fn of<F: KeptForm>(Reached { form, out_of_reach }: &Reached<F>) -> Self {
        Self { figures: form.figures(), filed: form.filed(), out_of_reach: *out_of_reach }
    }
}

/// The rows to store for the forms of a subject.
type Keep = fn(&mut DbConn, &OrgTree, Subject<'_>, PeriodClosureId) -> Result<Vec<SnapshotRow>, ApiError>;

/// A form that was kept as this text, and today's, as they are compared.
type KeptAndToday =
    fn(&mut DbConn, &Scoped, Subject<'_>, &Variant, &str) -> Result<(Compared, Compared), ApiError>;

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
            compared: |conn, scoped, of, variant, content| {
                // What was kept was answered to the unit as a whole, and stays so for whoever reads its closing.
                let kept = Reached { form: unpacked::<F>(content)?, out_of_reach: 0 };
                let today = F::one(conn, scoped, of, variant)?;
                Ok((Compared::of(&kept), Compared::of(&today)))
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

    /// A form as it was kept, and as whoever asks may see it today, to be compared.
    ///
    /// # Errors
    /// 404 when it was not kept at that closing.
    pub fn compared(
        &self,
        conn: &mut DbConn,
        scoped: &Scoped,
        of: Subject<'_>,
        variant: &Variant,
        closure: PeriodClosureId,
    ) -> Result<(Compared, Compared), ApiError> {
        let content = content_of(conn, self.name, closure, variant)?.ok_or_else(ApiError::not_found)?;
        (self.compared)(conn, scoped, of, variant, &content)
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

#[cfg(test)]
mod tests {
    use super::*;

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
