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

diesel::table! {
    reorganizations (id) {
        id -> Text,
        province_id -> Text,
        org_unit_id -> Text,
        kind -> Text,
        effective_on -> Date,
        effective_on_certainty -> Text,
        document_number -> Nullable<Text>,
        document_on -> Nullable<Date>,
        source_note -> Nullable<Text>,
        note -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    reorganized_units (reorganization_id, position) {
        reorganization_id -> Text,
        position -> Integer,
        org_unit_id -> Text,
        partly -> Bool,
        keeps_records -> Bool,
        ended -> Bool,
    }
}

diesel::table! {
    reorganization_successions (succession_id) {
        succession_id -> Text,
        reorganization_id -> Text,
        made -> Bool,
    }
}

diesel::table! {
    delegations (id) {
        id -> Text,
        province_id -> Text,
        org_unit_id -> Text,
        kind -> Text,
        subject -> Text,
        subject_folded -> Text,
        field -> Nullable<Text>,
        receiving_unit_id -> Nullable<Text>,
        receiving_organisation -> Nullable<Text>,
        receiver_key -> Text,
        document_number -> Nullable<Text>,
        document_on -> Nullable<Date>,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        source_note -> Nullable<Text>,
        note -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}
