//! Tables of the institutional reform (cải cách thể chế).

diesel::table! {
    legal_documents (id) {
        id -> Text,
        province_id -> Text,
        org_unit_id -> Text,
        stage -> Text,
        kind -> Text,
        number -> Nullable<Text>,
        document_key -> Text,
        title -> Text,
        title_folded -> Text,
        appraised_on -> Nullable<Date>,
        issued_on -> Date,
        issued_year -> BigInt,
        effective_on -> Nullable<Date>,
        expired_on -> Nullable<Date>,
        expiry_cause -> Nullable<Text>,
        territory_unit_id -> Nullable<Text>,
        reviewing_unit_id -> Nullable<Text>,
        note -> Nullable<Text>,
        source_note -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    document_relations (id) {
        id -> Text,
        province_id -> Text,
        org_unit_id -> Text,
        document_id -> Text,
        affected_id -> Text,
        kind -> Text,
        extent -> Text,
        from_on -> Date,
        to_on -> Nullable<Date>,
        provision -> Nullable<Text>,
        note -> Nullable<Text>,
        source_note -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    document_reviews (id) {
        id -> Text,
        province_id -> Text,
        org_unit_id -> Text,
        kind -> Text,
        title -> Text,
        title_folded -> Text,
        starts_on -> Date,
        ends_on -> Date,
        document_number -> Nullable<Text>,
        document_on -> Nullable<Date>,
        resolutions_in_force -> Nullable<BigInt>,
        decisions_in_force -> Nullable<BigInt>,
        resolutions_partly_expired -> Nullable<BigInt>,
        decisions_partly_expired -> Nullable<BigInt>,
        resolutions_expired -> Nullable<BigInt>,
        decisions_expired -> Nullable<BigInt>,
        unlawful_found -> Nullable<BigInt>,
        unlawful_handled -> Nullable<BigInt>,
        note -> Nullable<Text>,
        source_note -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    law_enforcement_monitoring (id) {
        id -> Text,
        province_id -> Text,
        org_unit_id -> Text,
        year -> BigInt,
        topic -> Text,
        topic_folded -> Text,
        starts_on -> Date,
        ends_on -> Nullable<Date>,
        document_number -> Nullable<Text>,
        document_on -> Nullable<Date>,
        units_inspected -> Nullable<BigInt>,
        shortcomings_found -> Nullable<BigInt>,
        proposals_made -> Nullable<BigInt>,
        result -> Nullable<Text>,
        result_number -> Nullable<Text>,
        result_on -> Nullable<Date>,
        note -> Nullable<Text>,
        source_note -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}
