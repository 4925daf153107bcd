//! Tables of reporting (báo cáo).

diesel::table! {
    periods (id) {
        id -> Text,
        regime -> Text,
        code -> Text,
        kind -> Text,
        starts_on -> Date,
        ends_on -> Date,
        submit_by -> Nullable<Date>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    holidays (id) {
        id -> Text,
        day -> Date,
        kind -> Text,
        name -> Text,
        source -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    period_closures (id) {
        id -> Text,
        province_id -> Text,
        org_unit_id -> Text,
        period_id -> Text,
        scope -> Text,
        number -> BigInt,
        as_of -> Date,
        state -> Text,
        note -> Nullable<Text>,
        closed_by -> Text,
        closed_at -> BigInt,
        reopenings -> Text,
        superseded_by -> Nullable<Text>,
        version -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    period_snapshots (closure_id, form, definition, scope) {
        closure_id -> Text,
        form -> Text,
        definition -> Text,
        scope -> Text,
        figures_digest -> Text,
        content -> Text,
    }
}

diesel::table! {
    unit_returns (id) {
        id -> Text,
        province_id -> Text,
        org_unit_id -> Text,
        period_id -> Text,
        form -> Text,
        line -> Text,
        nil -> Bool,
        figures -> Text,
        covers_from -> Nullable<Date>,
        covers_to -> Nullable<Date>,
        source_note -> Nullable<Text>,
        state -> Text,
        edited_by -> Text,
        filed_by -> Nullable<Text>,
        submitted_at -> Nullable<BigInt>,
        reviewed_by -> Nullable<Text>,
        reviewed_at -> Nullable<BigInt>,
        review_reason -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}
