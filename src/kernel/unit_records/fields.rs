//! The fields of a unit's record.

/// Declares what a unit's record is: as [`fields!`](crate::fields), with the members that name the unit,
/// and its filter, with those that ask for units. The day on which a unit is known by its code and
/// name is one of the fields (`unit on ..`); the four texts say what the unit is to the record. The members of
/// the filter that are written here are the resource's own.
///
/// ```text
/// unit_fields! {
///     table: trainings, id: TrainingId, page: TrainingPage of "trainings",
///     unit on held_on: {
///         shown "The unit that trains (đơn vị tổ chức).", named "Its name on the day (tên đơn vị).",
///         sent "The unit that trains, by id; exactly one of id, identifier and code (đơn vị tổ chức).",
///         read "The unit by its statistics code, read on the day (mã đơn vị hành chính).",
///     }
///     /// A training as it is stored.
///     row: TrainingRow;
///     /// A training (lớp bồi dưỡng).
///     #[schema(example = json!({..}))]
///     answer: Training;
///     /// A new training, or the whole of a changed one.
///     #[schema(example = json!({..}))]
///     create: TrainingCreate;
///     /// Changes to a training (RFC 7396). The unit stays: it names it.
///     #[schema(example = json!({"trainees": 31}))]
///     patch: TrainingPatch;
///     fields: {
///         /// Its day (ngày tổ chức).
///         held_on: NaiveDate;
///         /// Persons trained (số người được bồi dưỡng).
///         trainees: number(0..=1_000_000);
///     }
///     /// Which trainings a list holds.
///     filter: TrainingFilter of "The unit that trains, by id (đơn vị tổ chức)." {
///         /// Held on this day or later (từ ngày).
///         held_from: Option<NaiveDate>,
///         ..
///     }
/// }
/// ```
#[macro_export]
macro_rules! unit_fields {
    (
        table: $table:ident, id: $id:ident, page: $page:ident of $many:tt,
        unit on $day:ident: { shown $shown:tt, named $named:tt, sent $sent:tt, read $read:tt $(,)? }
        $(#[$row_doc:meta])* row: $row:ident;
        $(#[$view_doc:meta])* answer: $view:ident;
        $(#[$create_doc:meta])* create: $create:ident;
        $(#[$patch_doc:meta])* patch: $patch:ident;
        fields: { $($fields:tt)* }
        $(#[$filter_doc:meta])* filter: $filter:ident of $asked:tt {
            $($(#[$member_doc:meta])* $member:ident: $member_type:ty,)*
        }
    ) => {
        $crate::fields! {
            {
                table: $table, id: $id, page: $page of $many,
                $(#[$row_doc])* row: $row (owner: $crate::owners::Owner) {
                    /// The province that it belongs to.
                    pub province_id: $crate::tree::OrgUnitId = owner.province;
                    pub org_unit_id: $crate::tree::OrgUnitId = owner.unit;
                }
                $(#[$view_doc])* answer: $view (row, tree: &$crate::tree::OrgTree) {
                    let unit = $crate::unit_reference::label(tree, row.org_unit_id, row.$day);
                    #[doc = $shown]
                    pub org_unit_id: $crate::tree::OrgUnitId = unit.org_unit_id;
                    /// Its statistics code (mã đơn vị hành chính).
                    pub org_unit_code: Option<String> = unit.org_unit_code;
                    /// Its identification code (mã định danh).
                    pub org_unit_identifier: Option<String> = unit.org_unit_identifier;
                    #[doc = $named]
                    pub org_unit_name: String = unit.org_unit_name;
                }
                $(#[$create_doc])* create: $create (present) {
                    #[doc = $sent]
                    #[serde(default)]
                    pub org_unit_id: Option<$crate::tree::OrgUnitId> = Some(present.org_unit_id);
                    /// The unit by its identification code (mã định danh).
                    #[serde(default)]
                    #[validate(length(min = 1, max = 35))]
                    #[schema(min_length = 1, max_length = 35)]
                    pub org_unit_identifier: Option<String> = None;
                    #[doc = $read]
                    #[serde(default)]
                    #[validate(length(min = 1, max = 20))]
                    #[schema(min_length = 1, max_length = 20)]
                    pub org_unit_code: Option<String> = None;
                }
                $(#[$patch_doc])* patch: $patch;
            }
            $($fields)*
        }

        impl $create {
            /// How the unit is named.
            #[must_use]
            pub fn unit_name(&self) -> $crate::unit_reference::UnitName<'_> {
                $crate::unit_reference::UnitName {
                    id: self.org_unit_id,
                    identifier: self.org_unit_identifier.as_deref(),
                    code: self.org_unit_code.as_deref(),
                }
            }
        }

        #[derive(Debug, Clone, Default, serde::Deserialize, validator::Validate, utoipa::IntoParams)]
        $(#[$filter_doc])*
        #[serde(deny_unknown_fields)]
        #[into_params(parameter_in = Query)]
        pub struct $filter {
            #[doc = $asked]
            pub org_unit_id: Option<$crate::tree::OrgUnitId>,
            /// The unit by its identification code (mã định danh).
            #[validate(length(min = 1, max = 35))]
            #[param(min_length = 1, max_length = 35)]
            pub org_unit_identifier: Option<String>,
            /// The unit by its statistics code, read on `as_of` (mã đơn vị hành chính).
            #[validate(length(min = 1, max = 20))]
            #[param(min_length = 1, max_length = 20)]
            pub org_unit_code: Option<String>,
            /// The day on which the unit's code and the tree are read; today when not given.
            pub as_of: Option<chrono::NaiveDate>,
            /// The unit itself, with its children, or with all below (phạm vi); `self` when not given.
            #[param(inline)]
            pub scope: Option<$crate::unit_reference::UnitScope>,
            $($(#[$member_doc])* pub $member: $member_type,)*
        }

        impl $filter {
            /// How the unit is named, if one is.
            #[must_use]
            pub fn unit_name(&self) -> $crate::unit_reference::UnitName<'_> {
                $crate::unit_reference::UnitName {
                    id: self.org_unit_id,
                    identifier: self.org_unit_identifier.as_deref(),
                    code: self.org_unit_code.as_deref(),
                }
            }
        }
    };
}
