//! Tables of organization (tổ chức bộ máy).

diesel::table! {
    org_units (id) {
        id -> Text,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    org_unit_versions (id) {
        id -> Text,
        org_unit_id -> Text,
        code -> Nullable<Text>,
        identifier -> Nullable<Text>,
        name -> Text,
        full_name -> Text,
        name_folded -> Text,
        kind -> Text,
        unit_class -> Nullable<Text>,
        parent_id -> Nullable<Text>,
        valid_from -> Date,
        valid_from_certainty -> Text,
        valid_to -> Date,
        valid_to_certainty -> Text,
        change_kind -> Nullable<Text>,
        legal_basis -> Nullable<Text>,
        note -> Nullable<Text>,
    }
}

diesel::table! {
    org_unit_successions (id) {
        id -> Text,
        predecessor_id -> Text,
        successor_id -> Text,
        relation -> Text,
        effective_on -> Date,
        keeps_records -> Bool,
        legal_basis -> Nullable<Text>,
        note -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}
