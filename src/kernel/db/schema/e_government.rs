//! Tables of e-government (chính quyền điện tử, chính quyền số).

diesel::table! {
    systems (id) {
        id -> Text,
        province_id -> Text,
        org_unit_id -> Text,
        kind -> Text,
        name -> Text,
        name_folded -> Text,
        in_use_from -> Date,
        in_use_to -> Nullable<Date>,
        address -> Nullable<Text>,
        note -> Nullable<Text>,
        source_note -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    deployments (id) {
        id -> Text,
        province_id -> Text,
        org_unit_id -> Text,
        system_id -> Text,
        in_use_from -> Date,
        in_use_to -> Nullable<Date>,
        users -> Nullable<BigInt>,
        note -> Nullable<Text>,
        source_note -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    digital_certificates (id) {
        id -> Text,
        province_id -> Text,
        org_unit_id -> Text,
        holder -> Text,
        serial_number -> Text,
        serial_folded -> Text,
        authority -> Nullable<Text>,
        valid_from -> Date,
        expires_on -> Date,
        revoked_on -> Nullable<Date>,
        note -> Nullable<Text>,
        source_note -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}
