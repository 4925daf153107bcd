//! Documents that a unit may hold twice: under its number with the year and without, or under a mistyped day.

use std::collections::{HashMap, HashSet};

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;

use super::{Directive, DirectiveId};
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::db::schema::directives as columns;
use kernel::document_numbers::{keys_of_year, number_key, year_in};
use kernel::error::{ApiError, Bilingual};
use kernel::remarks::Remark;
use kernel::rules::Rule;
use kernel::text::fold;
use kernel::tree::OrgUnitId;

/// What two documents of one unit and issuer are compared by.
struct Named {
    key: String,
    issued_on: Option<NaiveDate>,
}

impl Named {
    fn year(&self) -> Option<i32> {
        year_in(&self.key).or_else(|| self.issued_on.map(|day| day.year()))
    }
}

/// Whether two documents of one unit and issuer, whose numbers are alike but for the year, may be one:
/// numbering begins anew each year, so another day of the same year is one of the two mistyped.
fn may_be_one(one: &Named, other: &Named) -> bool {
    match one.issued_on.zip(other.issued_on) {
        None => one.year().zip(other.year()).is_none_or(|(year, other_year)| year == other_year),
        Some((day, other_day)) => day == other_day || one.key == other.key && day.year() == other_day.year(),
    }
}

/// Notices documents that the unit may hold under another number or day, too.
pub(super) fn with_near(
    conn: &mut DbConn,
    _: &Scoped,
    _: NaiveDate,
    directives: &mut [Directive],
) -> Result<(), ApiError> {
    let keys = |one: &Directive| {
        one.number.as_deref().map(|number| keys_of_year(number, one.issued_on)).unwrap_or_default()
    };
    let units: HashSet<OrgUnitId> = directives.iter().map(|one| one.org_unit_id).collect();
    let sought: HashSet<String> = directives.iter().flat_map(keys).collect();
    let held: Vec<(DirectiveId, OrgUnitId, String, String, Option<NaiveDate>)> = columns::table
        .filter(columns::deleted_at.is_null())
        .filter(columns::org_unit_id.eq_any(units).and(columns::name_key.eq_any(sought)))
        .select((
            columns::id,
            columns::org_unit_id,
            columns::issuer_folded,
            columns::name_key,
            columns::issued_on,
        ))
        .load(conn)?;
    let mut by_name: HashMap<(OrgUnitId, String, String), Vec<(DirectiveId, Named)>> = HashMap::new();
    for (id, unit, issuer, key, issued_on) in held {
        let named = Named { key: key.clone(), issued_on };
        by_name.entry((unit, issuer, key)).or_default().push((id, named));
    }
    for one in directives {
        let Some(number) = &one.number else { continue };
        let named = Named { key: number_key(number), issued_on: one.issued_on };
        let others =
            keys(one).into_iter().filter_map(|key| by_name.get(&(one.org_unit_id, fold(&one.issuer), key)));
        let near = others.flatten().filter(|(id, other)| *id != one.id && may_be_one(&named, other)).count();
        one.remarks.extend((near > 0).then(|| same_document(near)));
    }
    Ok(())
}

/// The remark that a unit may hold a document more than once.
fn same_document(near: usize) -> Remark {
    let count = i64::try_from(near).unwrap_or(i64::MAX);
    let message = Bilingual::new(
        format!("Đơn vị còn lưu {count} văn bản của cùng cơ quan, số tương tự; có thể là một văn bản."),
        format!("The unit holds {count} more under such a number by this issuer; they may be one document."),
    );
    Remark::new("/number", Rule::SameDocument, message).with("others", count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_document_has_one_day() {
        let named = |key: &str, day: &str| Named { key: key.into(), issued_on: day.parse().ok() };
        let one = named("40/qd-ttg", "2011-07-27");
        for (other, is_one) in [
            (named("40/2011/qd-ttg", "2011-07-27"), true),
            // Decisions that are legal documents are numbered apart from the others.
            (named("40/2011/qd-ttg", "2011-01-07"), false),
            (named("40/qd-ttg", "2011-07-26"), true),
            (named("40/qd-ttg", "2012-07-27"), false),
            (named("40/qd-ttg", ""), true),
            (named("40/2011/qd-ttg", ""), true),
            (named("40/2012/qd-ttg", ""), false),
        ] {
            assert_eq!(may_be_one(&one, &other), is_one, "{} {:?}", other.key, other.issued_on);
        }
    }
}
