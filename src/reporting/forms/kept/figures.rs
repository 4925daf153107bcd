//! The figures of a form, whatever its type: what it is compared by, and what differs.

use std::collections::{BTreeMap, HashMap};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::Serialize;
use utoipa::ToSchema;

use kernel::error::ApiError;

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
}
