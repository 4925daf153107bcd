//! Tables of steering (chỉ đạo, điều hành).

diesel::table! {
    directives (id) {
        id -> Text,
        province_id -> Text,
        org_unit_id -> Text,
        direction -> Text,
        kind -> Text,
        number -> Nullable<Text>,
        name_key -> Text,
        issuer -> Text,
        issuer_folded -> Text,
        issued_on -> Nullable<Date>,
        issued_key -> Text,
        dated_on -> Date,
        held_on -> Date,
        subject -> Text,
        subject_folded -> Text,
        source_note -> Nullable<Text>,
        note -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}
