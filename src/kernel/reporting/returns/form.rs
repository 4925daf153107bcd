//! What a form of returns is, and the declarative macro that makes one of its columns.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use validator::Validate;

use super::naming::PeriodName;
use crate::api::Record;
use crate::auth::scope::Scoped;
use crate::error::Fault;
use crate::record_types::RecordType;
use crate::tree::{OrgTree, OrgUnitId};
use crate::unit_reference::UnitName;

/// A form of returns (biểu mẫu báo cáo số liệu).
pub trait ReturnForm: 'static {
    /// Its kind of record, by which it is also told apart in the table.
    const RECORD_TYPE: RecordType;
    /// The member that tells the lines of a unit apart, as a JSON pointer; empty in a form of one line.
    const LINE: &'static str;
    /// Its columns, as they are stored.
    type Columns: Columns;
    /// What a client sends.
    type Body: Validate + Clone + Debug + Send + 'static;
    /// What is answered.
    type View: Record + Send + 'static;

    /// How a body names its unit.
    fn unit_name(body: &Self::Body) -> UnitName<'_>;

    /// How a body names its period.
    fn period_name(body: &Self::Body) -> PeriodName<'_>;

    /// What a body says beside its columns, and these.
    fn parts(body: Self::Body) -> (Face, Self::Columns);

    /// The line that columns are of.
    fn line(columns: &Self::Columns) -> String;

    /// Faults that the columns show by themselves.
    fn faults(columns: &Self::Columns) -> Vec<Fault>;

    /// The answer of a stored return.
    fn view(filed: super::Filed, columns: Self::Columns, scoped: &Scoped) -> Self::View;
}

/// The columns of a form.
pub trait Columns: Serialize + DeserializeOwned + Clone + Send + 'static {}

impl<T: Serialize + DeserializeOwned + Clone + Send + 'static> Columns for T {}

/// What every return says beside its columns.
pub struct Face {
    /// Whether nothing arose.
    pub nil: bool,
    /// First day really covered.
    pub covers_from: Option<chrono::NaiveDate>,
    /// Last day really covered.
    pub covers_to: Option<chrono::NaiveDate>,
    /// The sentence that the figures come from.
    pub source_note: Option<String>,
}

/// Whose return it is, for what follows from the unit.
pub struct Reporter<'a> {
    /// The units.
    pub tree: &'a OrgTree,
    /// The one that reports.
    pub unit: OrgUnitId,
}

/// The columns that a return could tell and leaves out: they are not reported, which is another thing than zero.
/// Where nothing arose, none is left out.
#[must_use]
pub fn not_reported<C: Serialize>(columns: &C, nil: bool, is_told: fn(&C, &str) -> bool) -> Vec<String> {
    match serde_json::to_value(columns) {
        Ok(Value::Object(values)) if !nil => {
            let left_out = values.into_iter().filter(|(_, value)| value.is_null()).map(|(name, _)| name);
            left_out.filter(|name| is_told(columns, name)).collect()
        }
        _ => Vec::new(),
    }
}

/// Declares the types of a form of returns and makes it a [`ReturnForm`]: its columns as [`fields!`]
/// declares them, with the members that all returns have. A column that a unit may leave out is an
/// `Option`.
///
/// ```text
/// return_form! {
///     /// Work diaries (nhật ký công việc), as units report them.
///     form: WorkDiaries, record_type: WorkDiaryReturn, columns: WorkDiaryColumns,
///     page: WorkDiaryReturnPage of "work diary returns", faults: faults, counts: [keeping],
///     /// How many keep a work diary (báo cáo ghi nhật ký công việc).
///     #[schema(example = json!({..}))]
///     answer: WorkDiaryReturn;
///     /// A new return, or the whole of a changed one.
///     #[schema(example = json!({..}))]
///     create: WorkDiaryReturnCreate;
///     /// Changes to a return (RFC 7396). Unit and period stay: they name it.
///     #[schema(example = json!({"keeping": 41}))]
///     patch: WorkDiaryReturnPatch;
///     fields: {
///         /// Persons who keep one (số người ghi nhật ký công việc).
///         keeping: Option<number(0..=1_000_000)>;
///     }
/// }
/// ```
///
/// `line: block` names the column that tells the lines of a unit apart: an enumeration. `counts` are the columns
/// that are zero where nothing arose. `told: f` is for a form of which a line leaves out columns by what else it
/// says: `f(&columns, name)` tells whether a column is told there.
///
/// [`fields!`]: crate::fields
#[macro_export]
macro_rules! return_form {
    (
        $(#[$form_doc:meta])* form: $form:ident, record_type: $record_type:ident, columns: $columns:ident,
        page: $page:ident of $many:tt, $(line: $line:ident,)? faults: $faults:ident,
        counts: [$($count:ident),* $(,)?], $(told: $told:ident,)?
        $(#[$view_doc:meta])* answer: $view:ident;
        $(#[$create_doc:meta])* create: $create:ident;
        $(#[$patch_doc:meta])* patch: $patch:ident;
        fields: { $($fields:tt)* }
    ) => {
        $(#[$form_doc])*
        pub struct $form;

        $crate::fields! {
            {
                into: return_types,
                form: $form, columns: $columns, page: $page of $many, counts: [$($count)*],
                $(#[$view_doc])* answer: $view;
                $(#[$create_doc])* create: $create;
                $(#[$patch_doc])* patch: $patch;
            }
            $($fields)*
        }

        impl $columns {
            /// Whether a column is told on this line.
            const IS_TOLD: fn(&Self, &str) -> bool = $crate::return_told!($($told)?);

            /// The columns as they count: where nothing arose, what is counted is zero.
            fn counting(mut self, nil: bool) -> Self {
                if nil {
                    let zero = |column: &str| Self::IS_TOLD(&self, column).then_some(0);
                    $(let $count = self.$count.or(zero(stringify!($count)));)*
                    $(self.$count = $count;)*
                }
                self
            }

            /// The columns as they are stored: a return of nothing states its zeros together, in one way.
            fn stating(mut self, nil: bool) -> Self {
                $(if nil && self.$count == Some(0) {
                    self.$count = None;
                })*
                self
            }
        }

        impl $crate::reporting::returns::ReturnForm for $form {
            const RECORD_TYPE: $crate::record_types::RecordType =
                $crate::record_types::RecordType::$record_type;
            const LINE: &'static str = concat!("" $(, "/", stringify!($line))?);
            type Columns = $columns;
            type Body = $create;
            type View = $view;

            fn unit_name(body: &$create) -> $crate::unit_reference::UnitName<'_> {
                $crate::unit_reference::UnitName {
                    id: body.org_unit_id,
                    identifier: body.org_unit_identifier.as_deref(),
                    code: body.org_unit_code.as_deref(),
                }
            }

            fn period_name(body: &$create) -> $crate::reporting::returns::PeriodName<'_> {
                (body.period_id, body.period_code.as_deref())
            }

            fn parts(body: $create) -> ($crate::reporting::returns::Face, $columns) {
                body.parts()
            }

            fn line(columns: &$columns) -> String {
                let _ = columns;
                let line: &[&str] = &[$(columns.$line.as_str())?];
                line.concat()
            }

            fn faults(columns: &$columns) -> Vec<$crate::error::Fault> {
                $faults(columns)
            }

            fn view(
                filed: $crate::reporting::returns::Filed,
                columns: $columns,
                scoped: &$crate::auth::scope::Scoped,
            ) -> $view {
                $view::of(filed, columns, scoped.tree())
            }
        }
    };
}

/// By what the columns of a form are told; every column, where the form does not say.
#[macro_export]
macro_rules! return_told {
    () => {
        |_, _| true
    };
    ($told:ident) => {
        $told
    };
}

/// The types of a form of returns whose columns [`fields!`](crate::fields) has read.
#[macro_export]
macro_rules! return_types {
    (
        form: $form:ident, columns: $columns:ident, page: $page:ident of $many:tt, counts: $counts:tt,
        $(#[$view_doc:meta])* answer: $view:ident;
        $(#[$create_doc:meta])* create: $create:ident;
        $(#[$patch_doc:meta])* patch: $patch:ident;
        fields: {
            row[$($row_members:tt)*] answer $answer_members:tt
            create $create_members:tt patch $patch_members:tt
            stored $stored:tt derived $derived:tt folded[] made[] sent[]
        }
    ) => {
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[expect(missing_docs, reason = "the columns are explained on the answer")]
        pub struct $columns {
            $($row_members)*
        }

        $crate::return_answer! {
            columns: $columns, page: $page of $many, $(#[$view_doc])* answer: $view;
            members $answer_members stored $stored derived $derived
        }
        $crate::return_bodies! {
            columns: $columns, answer: $view, counts: $counts,
            $(#[$create_doc])* create: $create; $(#[$patch_doc])* patch: $patch;
            members $create_members changes $patch_members stored $stored
        }
    };
}

/// The answer of a form of returns.
#[macro_export]
macro_rules! return_answer {
    (
        columns: $columns:ident, page: $page:ident of $many:tt, $(#[$view_doc:meta])* answer: $view:ident;
        members[$($answer_members:tt)*] stored[$($stored:ident)*]
        derived[$({ $derived:ident $how:ident $($with_context:ident)? })*]
    ) => {
        #[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
        $(#[$view_doc])*
        pub struct $view {
            /// Its id.
            pub id: $crate::reporting::returns::UnitReturnId,
            /// The unit that reports (đơn vị báo cáo).
            pub org_unit_id: $crate::tree::OrgUnitId,
            /// Its statistics code (mã đơn vị hành chính).
            pub org_unit_code: Option<String>,
            /// Its identification code (mã định danh).
            pub org_unit_identifier: Option<String>,
            /// Its name on the period's last day (tên đơn vị báo cáo).
            pub org_unit_name: String,
            /// The period (kỳ báo cáo).
            pub period_id: $crate::reporting::periods::PeriodId,
            /// Its code (mã kỳ).
            pub period_code: String,
            /// Whether nothing arose (không phát sinh): a statement, and all columns count as zero.
            pub nil: bool,
            $($answer_members)*
            /// The columns that could be told here and are left out (chưa báo cáo): their totals are not complete.
            pub not_reported: Vec<String>,
            /// First day really covered (số liệu tính từ ngày); null when it is the period's.
            pub covers_from: Option<chrono::NaiveDate>,
            /// Last day really covered (số liệu tính đến ngày); null when it is the period's.
            pub covers_to: Option<chrono::NaiveDate>,
            /// The sentence that the figures come from (trích nguồn số liệu).
            pub source_note: Option<String>,
            /// State (trạng thái).
            pub state: $crate::reporting::returns::ReturnState,
            /// The account that last edited it (người sửa lần cuối).
            pub edited_by: String,
            /// The unit that filed it for the reporting one (đơn vị nhập thay).
            pub filed_by: Option<$crate::tree::OrgUnitId>,
            /// When it was handed in (thời điểm gửi).
            pub submitted_at: Option<$crate::db::types::Instant>,
            /// The account that reviewed it (người tiếp nhận).
            pub reviewed_by: Option<String>,
            /// When (thời điểm tiếp nhận).
            pub reviewed_at: Option<$crate::db::types::Instant>,
            /// Why it was sent back (lý do trả lại).
            pub review_reason: Option<String>,
            /// Version of the record.
            pub version: i64,
            /// When it was made.
            pub created_at: $crate::db::types::Instant,
            /// When it was last changed.
            pub updated_at: $crate::db::types::Instant,
        }
        $crate::page_of!($page, $view, $many);
        $crate::record!($view);

        impl $view {
            /// The answer of a stored return.
            #[must_use]
            pub fn of(
                filed: $crate::reporting::returns::Filed,
                columns: $columns,
                tree: &$crate::tree::OrgTree,
            ) -> Self {
                let $crate::reporting::returns::Filed { line, period, .. } = filed;
                let _reporter = $crate::reporting::returns::Reporter { tree, unit: line.org_unit_id };
                let unit =
                    $crate::unit_reference::label(tree, line.org_unit_id, period.ends_on);
                let not_reported =
                    $crate::reporting::returns::not_reported(&columns, line.nil, $columns::IS_TOLD);
                let columns = columns.counting(line.nil);
                Self {
                    $($derived: $how(&columns $(, $crate::return_answer!(@second $with_context &_reporter))?),)*
                    not_reported,
                    id: line.id,
                    org_unit_id: unit.org_unit_id,
                    org_unit_code: unit.org_unit_code,
                    org_unit_identifier: unit.org_unit_identifier,
                    org_unit_name: unit.org_unit_name,
                    period_id: period.id,
                    period_code: period.code,
                    nil: line.nil,
                    $($stored: columns.$stored,)*
                    covers_from: line.covers_from,
                    covers_to: line.covers_to,
                    source_note: line.source_note,
                    state: line.state,
                    edited_by: line.edited_by,
                    filed_by: line.filed_by,
                    submitted_at: line.submitted_at,
                    reviewed_by: line.reviewed_by,
                    reviewed_at: line.reviewed_at,
                    review_reason: line.review_reason,
                    version: line.version,
                    created_at: line.created_at,
                    updated_at: line.updated_at,
                }
            }
        }
    };
    (@second $first:ident $second:expr) => { $second };
}

/// What a client sends of a form of returns: a new one, and changes to one.
#[macro_export]
macro_rules! return_bodies {
    (
        columns: $columns:ident, answer: $view:ident, counts: [$($count:ident)*],
        $(#[$create_doc:meta])* create: $create:ident; $(#[$patch_doc:meta])* patch: $patch:ident;
        members[$($create_members:tt)*] changes[$($patch_members:tt)*] stored[$($stored:ident)*]
    ) => {
        #[derive(Debug, Clone, serde::Serialize, serde::Deserialize, validator::Validate, utoipa::ToSchema)]
        $(#[$create_doc])*
        #[serde(deny_unknown_fields)]
        pub struct $create {
            /// The unit that reports, by id; exactly one of id, identifier and code (đơn vị báo cáo).
            #[serde(default)]
            pub org_unit_id: Option<$crate::tree::OrgUnitId>,
            /// The unit by its identification code (mã định danh).
            #[serde(default)]
            #[validate(length(min = 1, max = 35))]
            #[schema(min_length = 1, max_length = 35)]
            pub org_unit_identifier: Option<String>,
            /// The unit by its statistics code, read on the period's last day (mã đơn vị hành chính).
            #[serde(default)]
            #[validate(length(min = 1, max = 20))]
            #[schema(min_length = 1, max_length = 20)]
            pub org_unit_code: Option<String>,
            /// The period, by id; exactly one of id and code (kỳ báo cáo).
            #[serde(default)]
            pub period_id: Option<$crate::reporting::periods::PeriodId>,
            /// The period by its code in the regime `calendar` (mã kỳ).
            #[serde(default)]
            #[validate(length(min = 4, max = 7))]
            #[schema(min_length = 4, max_length = 7)]
            pub period_code: Option<String>,
            /// Whether nothing arose (không phát sinh): all columns count as zero.
            #[serde(default)]
            #[schema(default = false)]
            pub nil: bool,
            $($create_members)*
            /// First day really covered, when it is not the period's (số liệu tính từ ngày).
            #[serde(default)]
            pub covers_from: Option<chrono::NaiveDate>,
            /// Last day really covered, when it is not the period's (số liệu tính đến ngày).
            #[serde(default)]
            pub covers_to: Option<chrono::NaiveDate>,
            /// The sentence that the figures come from (trích nguồn số liệu).
            #[serde(default)]
            #[validate(length(min = 1, max = 4000))]
            #[schema(min_length = 1, max_length = 4000)]
            pub source_note: Option<String>,
        }

        impl $create {
            fn parts(self) -> ($crate::reporting::returns::Face, $columns) {
                let face = $crate::reporting::returns::Face {
                    nil: self.nil,
                    covers_from: self.covers_from,
                    covers_to: self.covers_to,
                    source_note: self.source_note,
                };
                let columns = $columns { $($stored: self.$stored,)* };
                (face, columns.stating(self.nil))
            }
        }

        #[derive(Debug, Clone, serde::Deserialize, utoipa::ToSchema)]
        $(#[$patch_doc])*
        #[serde(deny_unknown_fields)]
        pub struct $patch {
            /// Whether nothing arose (không phát sinh).
            #[serde(default)]
            #[schema(value_type = bool, required = false)]
            pub nil: $crate::api::Change<bool>,
            $($patch_members)*
            /// First day really covered (số liệu tính từ ngày).
            #[serde(default)]
            #[schema(value_type = Option<chrono::NaiveDate>)]
            pub covers_from: $crate::api::Patch<chrono::NaiveDate>,
            /// Last day really covered (số liệu tính đến ngày).
            #[serde(default)]
            #[schema(value_type = Option<chrono::NaiveDate>)]
            pub covers_to: $crate::api::Patch<chrono::NaiveDate>,
            /// The sentence that the figures come from (trích nguồn số liệu).
            #[serde(default)]
            #[schema(value_type = Option<String>, min_length = 1, max_length = 4000)]
            pub source_note: $crate::api::Patch<String>,
        }

        impl $patch {
            /// The whole return after the patch.
            #[must_use]
            pub fn onto(self, present: &$view) -> $create {
                let mut present = present.clone();
                // The zeros of a return of nothing were stated together, and are not told one by one.
                if present.nil {
                    $(present.$count = None;)*
                }
                $create {
                    org_unit_id: Some(present.org_unit_id),
                    org_unit_identifier: None,
                    org_unit_code: None,
                    period_id: Some(present.period_id),
                    period_code: None,
                    nil: self.nil.onto(present.nil),
                    $($stored: self.$stored.onto(Clone::clone(&present.$stored)),)*
                    covers_from: self.covers_from.onto(present.covers_from),
                    covers_to: self.covers_to.onto(present.covers_to),
                    source_note: self.source_note.onto(present.source_note.clone()),
                }
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Counts {
        given: Option<i64>,
        filled: Option<i64>,
        apart: Option<i64>,
    }

    #[test]
    fn what_is_not_told_there_is_not_left_out() {
        let columns = Counts { given: Some(1), filled: None, apart: None };
        let mut left_out = not_reported(&columns, false, |_, _| true);
        left_out.sort_unstable();
        assert_eq!(left_out, ["apart", "filled"]);
        assert_eq!(not_reported(&columns, false, |_, name| name != "apart"), ["filled"]);
        assert_eq!(not_reported(&columns, true, |_, _| true), [""; 0]);
    }
}
