//! Tables of administrative procedures (thủ tục hành chính).

diesel::table! {
    processing_returns (id) {
        id -> Text,
        province_id -> Text,
        org_unit_id -> Text,
        period_id -> Text,
        handling_level -> Text,
        field -> Text,
        nil -> Bool,
        received_online -> BigInt,
        received_in_person -> BigInt,
        received_postal -> BigInt,
        carried_over -> Nullable<BigInt>,
        carried_over_basis -> Nullable<Text>,
        resolved_early -> BigInt,
        resolved_on_time -> BigInt,
        resolved_overdue -> BigInt,
        pending_in_time -> BigInt,
        pending_overdue -> BigInt,
        withdrawn -> BigInt,
        refused -> BigInt,
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

diesel::table! {
    procedure_fields (id) {
        id -> Text,
        name -> Text,
        name_folded -> Text,
        source -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    procedures (id) {
        id -> Text,
        code -> Text,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    procedure_versions (id) {
        id -> Text,
        procedure_id -> Text,
        valid_from -> Date,
        valid_from_certainty -> Text,
        valid_to -> Date,
        valid_to_certainty -> Text,
        speaks_from -> Date,
        speaks_to -> Date,
        name -> Text,
        name_folded -> Text,
        field_id -> Nullable<Text>,
        level -> Text,
        service_level -> Text,
        deadlines -> Text,
        deadline_text -> Nullable<Text>,
        fees -> Text,
        papers -> Text,
        authority -> Nullable<Text>,
        announcing_decision -> Nullable<Text>,
        source -> Nullable<Text>,
        note -> Nullable<Text>,
    }
}

diesel::table! {
    procedure_publications (id) {
        id -> Text,
        org_unit_id -> Text,
        number -> Text,
        number_key -> Text,
        issued_on -> Date,
        issued_year -> Integer,
        effective_on -> Date,
        title -> Text,
        title_folded -> Text,
        legal_basis -> Nullable<Text>,
        legal_basis_effective_on -> Nullable<Date>,
        published_on -> Nullable<Date>,
        source -> Nullable<Text>,
        note -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    procedure_publication_items (publication_id, position) {
        publication_id -> Text,
        position -> Integer,
        action -> Text,
        procedure_code -> Text,
        replaced_procedure_code -> Nullable<Text>,
        level -> Nullable<Text>,
        name -> Nullable<Text>,
        note -> Nullable<Text>,
    }
}

diesel::table! {
    procedure_postings (id) {
        id -> Text,
        province_id -> Text,
        org_unit_id -> Text,
        procedure_id -> Text,
        form -> Text,
        place -> Nullable<Text>,
        posted_on -> Date,
        removed_on -> Nullable<Date>,
        note -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    record_declarations (id) {
        id -> Text,
        province_id -> Text,
        org_unit_id -> Text,
        records_complete_since -> Date,
        document_number -> Nullable<Text>,
        note -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    procedure_processes (id) {
        id -> Text,
        org_unit_id -> Text,
        procedure_id -> Text,
        kind -> Text,
        variant -> Text,
        name -> Text,
        electronic -> Bool,
        decision_number -> Text,
        decision_key -> Text,
        decided_on -> Date,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        agencies -> Text,
        steps -> Text,
        note -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    procedure_process_links (process_id, position) {
        process_id -> Text,
        position -> Integer,
        procedure_id -> Text,
    }
}

diesel::table! {
    dossiers (id) {
        id -> Text,
        province_id -> Text,
        org_unit_id -> Text,
        receiving_province_id -> Text,
        receiving_unit_id -> Text,
        receiving_tier -> Text,
        code -> Text,
        procedure_id -> Text,
        procedure_version_id -> Text,
        field_id -> Nullable<Text>,
        rules_version -> BigInt,
        channel -> Text,
        owner_kind -> Text,
        owner -> Nullable<Text>,
        owner_digest -> Nullable<Text>,
        submitter_kind -> Nullable<Text>,
        submitter -> Nullable<Text>,
        submitter_digest -> Nullable<Text>,
        received_at -> BigInt,
        due_at -> Nullable<BigInt>,
        due_on -> Date,
        due_basis -> Text,
        status -> Text,
        resolved_at -> Nullable<BigInt>,
        returned_at -> Nullable<BigInt>,
        closed_at -> Nullable<BigInt>,
        working_days -> Nullable<BigInt>,
        late_after -> Nullable<Date>,
        rescheduled_to -> Nullable<Date>,
        apology_letter -> Nullable<Text>,
        fee_vnd -> Nullable<BigInt>,
        paid_online -> Bool,
        input_digitised -> Bool,
        result_digitised -> Bool,
        foreign_code -> Nullable<Text>,
        linked_code -> Nullable<Text>,
        source_updated_at -> Nullable<BigInt>,
        waits -> Text,
        holders -> Text,
        generated -> Bool,
        erased_at -> Nullable<BigInt>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    dossier_rules (version) {
        version -> BigInt,
        valid_from -> Date,
        stopping -> Text,
        legal_basis -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    dossier_lookup_tries (code_digest) {
        code_digest -> Text,
        tries -> BigInt,
        since -> BigInt,
    }
}

diesel::table! {
    dossier_deltas (id) {
        id -> Text,
        content -> Text,
        changes -> BigInt,
    }
}

diesel::table! {
    dossier_sums (area, bucket) {
        area -> Text,
        bucket -> Text,
        totals -> Text,
        times -> Text,
        moves -> Text,
        days -> Text,
        procedures -> Text,
    }
}

diesel::table! {
    dossier_areas (province_id, unit_id) {
        unit_id -> Text,
        province_id -> Text,
        first_day -> Date,
    }
}

diesel::table! {
    procedure_reviews (id) {
        id -> Text,
        province_id -> Text,
        org_unit_id -> Text,
        title -> Text,
        title_folded -> Text,
        words_folded -> Text,
        document_number -> Nullable<Text>,
        document_on -> Nullable<Date>,
        starts_on -> Date,
        ends_on -> Nullable<Date>,
        fields -> Text,
        reviewed_count -> Nullable<BigInt>,
        outcome -> Text,
        approval_number -> Nullable<Text>,
        approved_on -> Nullable<Date>,
        note -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    procedure_review_proposals (review_id, position) {
        review_id -> Text,
        position -> Integer,
        kind -> Text,
        procedure_code -> Nullable<Text>,
        procedure_name -> Nullable<Text>,
        cut_working_days -> Nullable<BigInt>,
        saved_amount_vnd -> Nullable<BigInt>,
        content -> Nullable<Text>,
    }
}

diesel::table! {
    support_activities (id) {
        id -> Text,
        province_id -> Text,
        org_unit_id -> Text,
        kind -> Text,
        title -> Text,
        title_folded -> Text,
        starts_on -> Date,
        ends_on -> Nullable<Date>,
        place -> Nullable<Text>,
        document_number -> Nullable<Text>,
        document_on -> Nullable<Date>,
        assigned_persons -> Nullable<BigInt>,
        people_supported -> Nullable<BigInt>,
        dossiers_supported -> Nullable<BigInt>,
        accounts_registered -> Nullable<BigInt>,
        participants -> Nullable<BigInt>,
        news_items -> Nullable<BigInt>,
        leaflets -> Nullable<BigInt>,
        note -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    focal_points (id) {
        id -> Text,
        province_id -> Text,
        org_unit_id -> Text,
        duty -> Text,
        position_title -> Text,
        position_folded -> Text,
        headcount -> BigInt,
        office_phone -> Nullable<Text>,
        decision_number -> Nullable<Text>,
        decided_on -> Nullable<Date>,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        note -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    citizen_feedback (id) {
        id -> Text,
        province_id -> Text,
        org_unit_id -> Text,
        receiving_unit_id -> Nullable<Text>,
        code -> Text,
        channel -> Text,
        class -> Text,
        content -> Text,
        content_folded -> Text,
        received_at -> BigInt,
        refused_at -> Nullable<BigInt>,
        refusal_reason -> Nullable<Text>,
        supplement_requested_at -> Nullable<BigInt>,
        supplement_request -> Nullable<Text>,
        supplement_received_at -> Nullable<BigInt>,
        answered_at -> Nullable<BigInt>,
        answer_number -> Nullable<Text>,
        published_at -> Nullable<BigInt>,
        note -> Nullable<Text>,
        petitioner_kind -> Nullable<Text>,
        petitioner -> Nullable<Text>,
        erased_at -> Nullable<BigInt>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    feedback_time_limits (id) {
        id -> Text,
        class -> Text,
        step -> Text,
        valid_from -> Date,
        working_days -> Integer,
        legal_basis -> Text,
    }
}

diesel::table! {
    satisfaction_ratings (id) {
        id -> Text,
        province_id -> Text,
        org_unit_id -> Text,
        dossier_code -> Text,
        dossier_id -> Nullable<Text>,
        rated_on -> Date,
        level -> Text,
        channel -> Text,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}
