//! The declarative macro of a record's fields. Each is told once, and becomes a member of the row, of
//! the answer, of the body and of the patch, with its limits in the checks and in the contract.

/// Declares what a record is: its row, answer, page, body and patch, and how each is made of another.
/// A record of a unit says the same in fewer words by [`unit_fields!`](crate::unit_fields), which shows
/// the first part at work: members that are not fields of their own, with the value that each gets.
///
/// ```text
/// fields! {
///     {
///         table: procedure_fees, id: ProcedureFeeId, page: ProcedureFeePage of "fees",
///         /// A fee as it is stored.
///         row: FeeRow (owner: ProcedureId) { pub procedure_id: ProcedureId = owner; }
///         /// A fee of a procedure (phí, lệ phí).
///         answer: ProcedureFee (row, context: &Scoped) {
///             /// Its procedure (thủ tục).
///             pub procedure_id: ProcedureId = row.procedure_id;
///         }
///         /// A new fee, or the whole of a changed one.
///         create: ProcedureFeeCreate (present) { .. }
///         /// Changes to a fee (RFC 7396).
///         patch: ProcedureFeePatch;
///     }
///     /// What it is called (tên phí, lệ phí).
///     name: words(1..=250), folded name_folded;
///     /// How much it is, in đồng (mức thu).
///     amount: number(0..=1_000_000_000);
///     /// First day (ngày áp dụng).
///     valid_from: NaiveDate;
///     /// Note (ghi chú).
///     note: Option<text(1..=2000)>;
///     /// What is noticed about it (lưu ý).
///     remarks: derived Vec<Remark> = remarks(row);
///     first_year: kept i64 = first_year(body);
/// }
/// ```
///
/// A field is a type (a day, an enumeration, an id), `text` of a length, `words` (text that says
/// something), `number` in a range, or an `Option` of one of these, which a body may leave out and a
/// patch may set to null. A `derived` one is only answered: a function makes it of the row, or of the row
/// and its context (`= level(row, context)`). A `kept` one is only stored: a function makes it of the body,
/// for what rows are told apart or counted by. A `sent` one only stands in bodies: a function tells what the whole
/// body has of it after a patch (`code: sent Option<text(1..=20)> = code(patch, present)`).
///
/// What follows a comma is special to a field: `folded column` keeps it beside itself as it is compared
/// and searched; `sent ".."` and `changed ".."` say in the body and in the patch what the doc comment
/// says in the answer; `with [#[..]]` gives the body's member more attributes, such as a default.
#[macro_export]
macro_rules! fields {
    ({ $($head:tt)* } $($fields:tt)*) => {
        $crate::fields! { @read { $($head)* } {
            row[] answer[] create[] patch[] stored[] derived[] folded[] made[] sent[]
        } $($fields)* }
    };

    // Each kind of field: its name, its types in row and patch, its doc comment, and the attributes that
    // its members in answer, body and patch bear.
    (@read $head:tt $done:tt $(#[$doc:meta])* $name:ident: Option<text($min:tt..=$max:tt)> $($more:tt)*) => {
        $crate::fields! { @docs $head $done { $name [Option<String>] [$crate::api::Patch<String>] } [$(#[$doc])*] [
            []
            [
                #[serde(default)]
                #[validate(length(min = $min, max = $max))]
                #[schema(min_length = $min, max_length = $max)]
            ]
            [#[schema(value_type = Option<String>, min_length = $min, max_length = $max)]]
        ] $($more)* }
    };
    (@read $head:tt $done:tt $(#[$doc:meta])* $name:ident: Option<number($min:tt..=$max:tt)> $($more:tt)*) => {
        $crate::fields! { @docs $head $done { $name [Option<i64>] [$crate::api::Patch<i64>] } [$(#[$doc])*] [
            [#[schema(minimum = $min)]]
            [
                #[serde(default)]
                #[validate(range(min = $min, max = $max))]
                #[schema(minimum = $min, maximum = $max)]
            ]
            [#[schema(value_type = Option<i64>, minimum = $min, maximum = $max)]]
        ] $($more)* }
    };
    (@read $head:tt $done:tt $(#[$doc:meta])* $name:ident: Option<$type:ident> $($more:tt)*) => {
        $crate::fields! { @docs $head $done { $name [Option<$type>] [$crate::api::Patch<$type>] } [$(#[$doc])*] [
            [] [#[serde(default)]] [#[schema(value_type = Option<$type>)]]
        ] $($more)* }
    };
    (@read $head:tt $done:tt $(#[$doc:meta])* $name:ident: text($min:tt..=$max:tt) $($more:tt)*) => {
        $crate::fields! { @docs $head $done { $name [String] [$crate::api::Change<String>] } [$(#[$doc])*] [
            []
            [#[validate(length(min = $min, max = $max))] #[schema(min_length = $min, max_length = $max)]]
            [#[schema(value_type = String, required = false, min_length = $min, max_length = $max)]]
        ] $($more)* }
    };
    (@read $head:tt $done:tt $(#[$doc:meta])* $name:ident: words($min:tt..=$max:tt) $($more:tt)*) => {
        $crate::fields! { @read $head $done $(#[$doc])* $name: text($min..=$max),
            with [#[validate(custom(function = $crate::text::worded))]] $($more)* }
    };
    (@read $head:tt $done:tt $(#[$doc:meta])* $name:ident: number($min:tt..=$max:tt) $($more:tt)*) => {
        $crate::fields! { @docs $head $done { $name [i64] [$crate::api::Change<i64>] } [$(#[$doc])*] [
            [#[schema(minimum = $min)]]
            [#[validate(range(min = $min, max = $max))] #[schema(minimum = $min, maximum = $max)]]
            [#[schema(value_type = i64, required = false, minimum = $min, maximum = $max)]]
        ] $($more)* }
    };
    (@read $head:tt { row $row:tt answer[$($answer:tt)*] create $create:tt patch $patch:tt
        stored $stored:tt derived[$($derived:tt)*] folded $folded:tt made $made:tt sent $sent:tt }
        $(#[$doc:meta])* $name:ident: derived $type:ty = $how:ident(row $(, $context:ident)?); $($rest:tt)*) => {
        $crate::fields! { @read $head {
            row $row answer[$($answer)* $(#[$doc])* pub $name: $type,] create $create patch $patch
            stored $stored derived[$($derived)* { $name $how $($context)? }] folded $folded made $made sent $sent
        } $($rest)* }
    };
    (@read $head:tt { row[$($row:tt)*] answer $a:tt create $c:tt patch $p:tt
        stored $s:tt derived $d:tt folded $f:tt made[$($made:tt)*] sent $n:tt }
        $name:ident: kept $type:ty = $how:ident(body); $($rest:tt)*) => {
        $crate::fields! { @read $head {
            row[$($row)* pub $name: $type,] answer $a create $c patch $p
            stored $s derived $d folded $f made[$($made)* { $name $how }] sent $n
        } $($rest)* }
    };
    (@read $head:tt { row $r:tt answer $a:tt create[$($create:tt)*] patch[$($patch:tt)*]
        stored $s:tt derived $d:tt folded $f:tt made $m:tt sent[$($sent:tt)*] }
        $(#[$doc:meta])* $name:ident: sent Option<text($min:tt..=$max:tt)> = $how:ident(patch, present); $($rest:tt)*) => {
        $crate::fields! { @read $head {
            row $r answer $a
            create[
                $($create)* $(#[$doc])* #[serde(default)] #[validate(length(min = $min, max = $max))]
                #[schema(min_length = $min, max_length = $max)] pub $name: Option<String>,
            ]
            patch[
                $($patch)* $(#[$doc])* #[serde(default)]
                #[schema(value_type = String, required = false, min_length = $min, max_length = $max)]
                pub $name: $crate::api::Change<String>,
            ]
            stored $s derived $d folded $f made $m sent[$($sent)* { $name $how }]
        } $($rest)* }
    };
    (@read $head:tt { row $r:tt answer $a:tt create[$($create:tt)*] patch[$($patch:tt)*]
        stored $s:tt derived $d:tt folded $f:tt made $m:tt sent[$($sent:tt)*] }
        $(#[$doc:meta])* $name:ident: sent Option<$type:ident> = $how:ident(patch, present); $($rest:tt)*) => {
        $crate::fields! { @read $head {
            row $r answer $a
            create[$($create)* $(#[$doc])* #[serde(default)] pub $name: Option<$type>,]
            patch[
                $($patch)* $(#[$doc])* #[serde(default)] #[schema(value_type = $type, required = false)]
                pub $name: $crate::api::Change<$type>,
            ]
            stored $s derived $d folded $f made $m sent[$($sent)* { $name $how }]
        } $($rest)* }
    };
    (@read $head:tt $done:tt $(#[$doc:meta])* $name:ident: $type:ident $($more:tt)*) => {
        $crate::fields! { @docs $head $done { $name [$type] [$crate::api::Change<$type>] } [$(#[$doc])*] [
            [] [] [#[schema(value_type = $type, required = false)]]
        ] $($more)* }
    };

    // The doc comment serves answer, body and patch, where nothing else is said.
    (@docs $head:tt $done:tt $field:tt $docs:tt $attributes:tt $($more:tt)*) => {
        $crate::fields! { @special $head $done $field [$docs $docs $docs] $attributes $($more)* }
    };
    (@special $head:tt $done:tt $field:tt [$shown:tt $sent:tt $changed:tt] $attributes:tt,
        sent $text:tt $($more:tt)*) => {
        $crate::fields! { @special $head $done $field [$shown [#[doc = $text]] $changed] $attributes $($more)* }
    };
    (@special $head:tt $done:tt $field:tt [$shown:tt $sent:tt $changed:tt] $attributes:tt,
        changed $text:tt $($more:tt)*) => {
        $crate::fields! { @special $head $done $field [$shown $sent [#[doc = $text]]] $attributes $($more)* }
    };
    (@special $head:tt $done:tt $field:tt $docs:tt [$answer:tt [$($create:tt)*] $patch:tt],
        with [$($with:tt)*] $($more:tt)*) => {
        $crate::fields! { @special $head $done $field $docs [$answer [$($create)* $($with)*] $patch] $($more)* }
    };
    (@special $head:tt { row[$($row:tt)*] answer $a:tt create $c:tt patch $p:tt stored $s:tt derived $d:tt folded[$($f:tt)*] made $m:tt sent $n:tt }
        { $name:ident $($types:tt)* } $docs:tt $attributes:tt,
        folded $column:ident $($more:tt)*) => {
        $crate::fields! { @special $head {
            row[$($row)* pub $column: String,] answer $a create $c patch $p
            stored $s derived $d folded[$($f)* { $column $name }] made $m sent $n
        } { $name $($types)* } $docs $attributes $($more)* }
    };

    // A field is read: its members join those of the fields before it.
    (@special $head:tt { row[$($row:tt)*] answer[$($answer:tt)*] create[$($create:tt)*] patch[$($patch:tt)*]
        stored[$($stored:ident)*] derived $derived:tt folded $folded:tt made $made:tt sent $meant:tt }
        { $name:ident [$($type:tt)*] [$($change:tt)*] }
        [[$($shown:tt)*] [$($sent:tt)*] [$($changed:tt)*]]
        [[$($on_answer:tt)*] [$($on_create:tt)*] [$($on_patch:tt)*]]; $($rest:tt)*) => {
        $crate::fields! { @read $head {
            row[$($row)* pub $name: $($type)*,]
            answer[$($answer)* $($shown)* $($on_answer)* pub $name: $($type)*,]
            create[$($create)* $($sent)* $($on_create)* pub $name: $($type)*,]
            patch[$($patch)* $($changed)* #[serde(default)] $($on_patch)* pub $name: $($change)*,]
            stored[$($stored)* $name] derived $derived folded $folded made $made sent $meant
        } $($rest)* }
    };

    // All fields are read; `into` names the macro that makes types of them where it is not that of a table.
    (@read { into: $types:ident, $($head:tt)* } $done:tt) => { $crate::$types! { $($head)* fields: $done } };
    (@read { $($head:tt)* } $done:tt) => { $crate::field_types! { $($head)* fields: $done } };
}

/// The types of a record whose fields [`fields!`](crate::fields) has read.
#[macro_export]
macro_rules! field_types {
    (
        table: $table:ident, id: $id:ident, page: $page:ident of $many:tt,
        $(#[$row_doc:meta])* row: $row:ident ($owner:ident: $owner_type:ty) {
            $($(#[$kept_doc:meta])* pub $kept:ident: $kept_type:ty = $kept_value:expr;)*
        }
        $(#[$view_doc:meta])* answer: $view:ident ($stored_row:ident, $context:ident: $context_type:ty) {
            $(let $local:ident = $local_value:expr;)?
            $($(#[$told_doc:meta])* pub $told:ident: $told_type:ty = $told_value:expr;)*
        }
        $(#[$create_doc:meta])* create: $create:ident ($present:ident) {
            $($(#[$named_doc:meta])* pub $named:ident: $named_type:ty = $named_value:expr;)*
        }
        $(#[$patch_doc:meta])* patch: $patch:ident;
        fields: {
            row[$($row_members:tt)*] answer[$($answer_members:tt)*]
            create[$($create_members:tt)*] patch[$($patch_members:tt)*]
            stored[$($stored:ident)*] derived[$({ $derived:ident $how:ident $($with_context:ident)? })*]
            folded[$({ $folded:ident $unfolded:ident })*]
            made[$({ $made:ident $maker:ident })*]
            sent[$({ $sent:ident $teller:ident })*]
        }
    ) => {
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[derive(diesel::prelude::Queryable, diesel::prelude::Selectable, diesel::prelude::Insertable, diesel::prelude::AsChangeset)]
        $(#[$row_doc])*
        #[diesel(table_name = $crate::db::schema::$table, treat_none_as_default_value = false, treat_none_as_null = true)]
        #[expect(missing_docs, reason = "the fields are explained on the answer")]
        pub struct $row {
            pub id: $id,
            $($(#[$kept_doc])* pub $kept: $kept_type,)*
            $($row_members)*
            pub version: i64,
            pub created_at: $crate::db::types::Instant,
            pub updated_at: $crate::db::types::Instant,
        }
        $crate::row!($row, $id);

        #[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
        $(#[$view_doc])*
        pub struct $view {
            /// Its id.
            pub id: $id,
            $($(#[$told_doc])* pub $told: $told_type,)*
            $($answer_members)*
            /// Version of the record.
            pub version: i64,
            /// When it was made.
            pub created_at: $crate::db::types::Instant,
            /// When it was last changed.
            pub updated_at: $crate::db::types::Instant,
        }
        $crate::page_of!($page, $view, $many);
        $crate::record!($view);

        #[derive(Debug, Clone, serde::Serialize, serde::Deserialize, validator::Validate, utoipa::ToSchema)]
        $(#[$create_doc])*
        #[serde(deny_unknown_fields)]
        pub struct $create {
            $($(#[$named_doc])* pub $named: $named_type,)*
            $($create_members)*
        }

        #[derive(Debug, Clone, serde::Deserialize, utoipa::ToSchema)]
        $(#[$patch_doc])*
        #[serde(deny_unknown_fields)]
        pub struct $patch {
            $($patch_members)*
        }

        impl $row {
            /// The row of a body that was found right; of a record that is there the id, the owner and
            /// the version stay.
            #[must_use]
            pub fn made(
                body: $create,
                present: Option<&Self>,
                at: $crate::db::types::Instant,
                $owner: $owner_type,
            ) -> Self {
                Self {
                    id: present.map_or_else($id::new, |row| row.id),
                    $($kept: present.map_or($kept_value, |row| Clone::clone(&row.$kept)),)*
                    $($folded: $crate::text::fold(&body.$unfolded),)*
                    $($made: $maker(&body),)*
                    $($stored: body.$stored,)*
                    version: present.map_or(0, |row| row.version),
                    created_at: present.map_or(at, |row| row.created_at),
                    updated_at: present.map_or(at, |row| row.updated_at),
                }
            }

            /// Stores rows, new ones and changed ones; answers the ids of those that were stored.
            pub(super) fn store(
                conn: &mut $crate::db::DbConn,
                rows: &[Self],
            ) -> Result<std::collections::HashSet<$id>, $crate::error::ApiError> {
                use $crate::db::schema::$table;
                $crate::save_rows!(&mut *conn, $table, $id, rows.iter(), [$($stored,)* $($folded,)* $($made,)*])
            }
        }

        impl $view {
            /// The answer of a stored record.
            #[must_use]
            pub fn of($stored_row: $row, $context: $context_type) -> Self {
                $(let $local = $local_value;)?
                Self {
                    $($derived: $how(&$stored_row $(, $crate::field_types!(@second $with_context $context))?),)*
                    id: $stored_row.id,
                    $($told: $told_value,)*
                    $($stored: $stored_row.$stored,)*
                    version: $stored_row.version,
                    created_at: $stored_row.created_at,
                    updated_at: $stored_row.updated_at,
                }
            }
        }

        impl $patch {
            /// The whole record after the patch.
            #[must_use]
            pub fn onto(self, $present: &$view) -> $create {
                $create {
                    $($named: $named_value,)*
                    $($sent: $teller(&self, $present),)*
                    $($stored: self.$stored.onto(Clone::clone(&$present.$stored)),)*
                }
            }
        }
    };
    (@second $first:ident $second:ident) => { $second };
}
