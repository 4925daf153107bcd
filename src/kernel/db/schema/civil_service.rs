//! Tables of the civil service (cải cách chế độ công vụ).

diesel::table! {
    personnel_decisions (id) {
        id -> Text,
        province_id -> Text,
        org_unit_id -> Text,
        kind -> Text,
        category -> Text,
        sector -> Text,
        stage -> Text,
        position_title -> Nullable<Text>,
        position_folded -> Text,
        cases -> BigInt,
        covers_from -> Date,
        covers_to -> Date,
        document_number -> Nullable<Text>,
        number_key -> Text,
        document_on -> Nullable<Date>,
        employee_code -> Nullable<Text>,
        employee_key -> Text,
        source_note -> Nullable<Text>,
        note -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    job_position_schemes (id) {
        id -> Text,
        province_id -> Text,
        org_unit_id -> Text,
        coverage -> Text,
        title -> Text,
        title_folded -> Text,
        dated_on -> Date,
        stage -> Text,
        units_covered -> Nullable<BigInt>,
        positions -> Nullable<BigInt>,
        approver -> Nullable<Text>,
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
    training_courses (id) {
        id -> Text,
        province_id -> Text,
        org_unit_id -> Text,
        kind -> Text,
        level -> Nullable<Text>,
        title -> Text,
        title_folded -> Text,
        provider -> Nullable<Text>,
        starts_on -> Date,
        ends_on -> Nullable<Date>,
        document_number -> Nullable<Text>,
        document_on -> Nullable<Date>,
        places -> Nullable<BigInt>,
        persons_sent -> Nullable<BigInt>,
        persons_finished -> Nullable<BigInt>,
        source_note -> Nullable<Text>,
        note -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    staff_streamlining (id) {
        id -> Text,
        province_id -> Text,
        org_unit_id -> Text,
        year -> BigInt,
        round -> BigInt,
        stage -> Text,
        stage_on -> Date,
        cases -> BigInt,
        amount_vnd -> Nullable<BigInt>,
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
    discipline_inspections (id) {
        id -> Text,
        province_id -> Text,
        org_unit_id -> Text,
        code -> Text,
        code_folded -> Text,
        topic -> Text,
        topic_folded -> Text,
        team -> Nullable<Text>,
        notice -> Text,
        starts_on -> Date,
        ends_on -> Nullable<Date>,
        document_number -> Nullable<Text>,
        document_on -> Nullable<Date>,
        conclusion -> Nullable<Text>,
        source_note -> Nullable<Text>,
        note -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    discipline_visits (id) {
        id -> Text,
        province_id -> Text,
        org_unit_id -> Text,
        inspection_code -> Text,
        inspection_folded -> Text,
        visited_unit_code -> Text,
        visited_on -> Date,
        outcome -> Text,
        persons_checked -> Nullable<BigInt>,
        violations -> Nullable<BigInt>,
        findings -> Nullable<Text>,
        follow_up -> Nullable<Text>,
        follow_up_by -> Nullable<Date>,
        followed_up_on -> Nullable<Date>,
        source_note -> Nullable<Text>,
        note -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    officials (id) {
        id -> Text,
        province_id -> Text,
        org_unit_id -> Text,
        employee_code -> Text,
        listed_on -> Date,
        category -> Text,
        position_title -> Nullable<Text>,
        rank_title -> Nullable<Text>,
        qualification -> Nullable<Text>,
        political_theory -> Nullable<Text>,
        status -> Text,
        since -> Nullable<Date>,
        until -> Nullable<Date>,
        note -> Nullable<Text>,
        person -> Nullable<Text>,
        number_digest -> Nullable<Text>,
        erased_at -> Nullable<BigInt>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
        last_listed_on -> Date,
        employee_key -> Text,
    }
}

diesel::table! {
    quality_ratings (id) {
        id -> Text,
        province_id -> Text,
        org_unit_id -> Text,
        year -> BigInt,
        category -> Text,
        sector -> Text,
        rated_on -> Date,
        excellent -> BigInt,
        good -> BigInt,
        completed -> BigInt,
        not_completed -> BigInt,
        not_rated -> Nullable<BigInt>,
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
