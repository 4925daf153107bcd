//! The rule of [validity](super::validity) as conditions of a query. They are written as text: acts lie one behind the
//! other in one table, each level under names of its own. What stands in it are days, columns and words of enumerations,
//! never what somebody sent.

use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::sql_types::Bool;

use super::{DEPTH, ENDING, ENDING_A_PART, RelationExtent, RelationKind};

/// What a query asks of the documents in it.
pub type Condition = SqlLiteral<Bool>;

/// Until when a condition looks: on or before a day, or before it. The day is one, or a column that holds it.
#[derive(Debug, Clone)]
pub struct Until(String);

impl Until {
    /// On or before a day.
    #[must_use]
    pub fn day(day: NaiveDate) -> Self {
        Self(format!("<= '{day}'"))
    }

    /// Before a day.
    #[must_use]
    pub fn before(day: NaiveDate) -> Self {
        Self(format!("< '{day}'"))
    }

    /// On or before the day of a column.
    #[must_use]
    pub fn column(column: &'static str) -> Self {
        Self(format!("<= {column}"))
    }

    /// Before the day of a column.
    #[must_use]
    pub fn before_column(column: &'static str) -> Self {
        Self(format!("< {column}"))
    }
}

/// The documents of the outer query.
const OUTER: &str = "legal_documents";

/// Whether a document of the outer query has ended, by itself or by another.
pub fn has_ended(until: &Until) -> Condition {
    sql(&ended(OUTER, &until.0, 1))
}

/// Whether the whole of a document of the outer query is suspended on a day.
pub fn is_suspended(day: NaiveDate) -> Condition {
    let Until(until) = Until::day(day);
    let goes_on = format!("(act1.to_on IS NULL OR NOT act1.to_on {until})");
    let acts_still = format!("NOT {}", ended("by1", &until, 2));
    let when = format!("{} {until} AND {goes_on} AND {acts_still}", first_day(1));
    sql(&acted_on(OUTER, 1, (&[RelationKind::Suspends], Some(RelationExtent::Whole)), &when))
}

/// Whether parts of a document of the outer query have ended.
pub fn has_partly_ended(until: &Until) -> Condition {
    let when = format!("{} {} AND {}", first_day(1), until.0, takes_hold(1));
    sql(&acted_on(OUTER, 1, (&ENDING_A_PART, Some(RelationExtent::Part)), &when))
}

/// Whether parts of a document of the outer query ended within days.
pub fn partly_ended_within(before: &Until, until: &Until) -> Condition {
    let first = first_day(1);
    let when = format!("NOT {first} {} AND {first} {} AND {}", before.0, until.0, takes_hold(1));
    sql(&acted_on(OUTER, 1, (&ENDING_A_PART, Some(RelationExtent::Part)), &when))
}

/// Whether something took hold of a document of the outer query within days, or a suspension was over then.
pub fn was_acted_on_within(before: &Until, until: &Until) -> Condition {
    let (first, before, until) = (first_day(1), &before.0, &until.0);
    let within = |day: &str| format!("NOT {day} {before} AND {day} {until}");
    let to_on = format!("act1.to_on IS NOT NULL AND {}", within("act1.to_on"));
    let ended = format!("NOT {} AND {}", ended("by1", before, 2), ended("by1", until, 2));
    let was_over =
        format!("act1.kind = '{}' AND {first} {until} AND ({to_on} OR {ended})", RelationKind::Suspends);
    let when = format!("({} OR {was_over}) AND {}", within(&first), takes_hold(1));
    sql(&acted_on(OUTER, 1, (RelationKind::ALL, None), &when))
}

/// Whether a document has ended: by itself, or by another, as far as these are looked at.
fn ended(document: &str, until: &str, level: usize) -> String {
    let by_itself = format!("{document}.expired_on IS NOT NULL AND {document}.expired_on {until}");
    if level > DEPTH {
        return format!("({by_itself})");
    }
    let when = format!("{} {until} AND {}", first_day(level), takes_hold(level));
    let by_another = acted_on(document, level, (&ENDING, Some(RelationExtent::Whole)), &when);
    format!("({by_itself} OR {by_another})")
}

/// Whether another document acts on one, in one of these ways, to this extent.
fn acted_on(
    document: &str,
    level: usize,
    (kinds, extent): (&[RelationKind], Option<RelationExtent>),
    when: &str,
) -> String {
    let kinds: Vec<String> = kinds.iter().map(|kind| format!("'{kind}'")).collect();
    let extent = extent.map(|extent| format!(" AND act{level}.extent = '{extent}'")).unwrap_or_default();
    format!(
        "EXISTS (SELECT 1 FROM document_relations AS act{level} \
         JOIN legal_documents AS by{level} ON by{level}.id = act{level}.document_id \
         WHERE act{level}.affected_id = {document}.id AND act{level}.deleted_at IS NULL \
         AND act{level}.kind IN ({}){extent} AND {when})",
        kinds.join(", ")
    )
}

/// As [`Act::holds_from`](super::Act::holds_from) says: the first day, and whether the document that acts holds then.
fn first_day(level: usize) -> String {
    let effective = format!("COALESCE(by{level}.effective_on, by{level}.issued_on)");
    format!("(CASE WHEN {effective} > act{level}.from_on THEN {effective} ELSE act{level}.from_on END)")
}

fn takes_hold(level: usize) -> String {
    let then = format!("<= {}", first_day(level));
    format!("NOT {}", ended(&format!("by{level}"), &then, level + 1))
}

/// Whether a document of the outer query has taken effect on a day.
#[macro_export]
macro_rules! has_begun {
    ($day:expr) => {{
        use kernel::db::schema::legal_documents as d;
        let stated = d::effective_on.is_not_null().and(d::effective_on.assume_not_null().le($day));
        stated.or(d::effective_on.is_null().and(d::issued_on.le($day)))
    }};
}
