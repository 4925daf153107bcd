//! Tables of public finance.

diesel::table! {
    investment_plans (id) {
        id -> Text,
        province_id -> Text,
        org_unit_id -> Text,
        fiscal_year -> BigInt,
        code -> Text,
        code_folded -> Text,
        title -> Text,
        title_folded -> Text,
        capital_source -> Text,
        amount_vnd -> BigInt,
        valid_from -> Date,
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
    plan_adjustments (id) {
        id -> Text,
        province_id -> Text,
        org_unit_id -> Text,
        fiscal_year -> BigInt,
        plan_code -> Text,
        plan_code_folded -> Text,
        decided_on -> Date,
        document_number -> Text,
        number_key -> Text,
        direction -> Text,
        amount_vnd -> BigInt,
        reason -> Nullable<Text>,
        source_note -> Nullable<Text>,
        note -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    disbursements (id) {
        id -> Text,
        province_id -> Text,
        org_unit_id -> Text,
        fiscal_year -> BigInt,
        plan_code -> Text,
        plan_code_folded -> Text,
        paid_from -> Date,
        paid_to -> Date,
        turn -> BigInt,
        amount_vnd -> BigInt,
        document_number -> Nullable<Text>,
        source_note -> Nullable<Text>,
        note -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    audit_recommendations (id) {
        id -> Text,
        province_id -> Text,
        org_unit_id -> Text,
        code -> Text,
        code_folded -> Text,
        conclusion_number -> Text,
        concluded_on -> Date,
        concluded_by -> Text,
        title -> Text,
        title_folded -> Text,
        measure -> Text,
        amount_vnd -> BigInt,
        due_on -> Nullable<Date>,
        source_note -> Nullable<Text>,
        note -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    remittances (id) {
        id -> Text,
        province_id -> Text,
        org_unit_id -> Text,
        recommendation_code -> Text,
        recommendation_code_folded -> Text,
        remitted_on -> Date,
        turn -> BigInt,
        amount_vnd -> BigInt,
        receipt_number -> Nullable<Text>,
        source_note -> Nullable<Text>,
        note -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    budget_disclosures (id) {
        id -> Text,
        province_id -> Text,
        org_unit_id -> Text,
        kind -> Text,
        fiscal_year -> BigInt,
        quarter -> Nullable<BigInt>,
        title -> Text,
        title_folded -> Text,
        document_number -> Text,
        number_key -> Text,
        document_on -> Date,
        published_on -> Nullable<Date>,
        place -> Nullable<Text>,
        source_note -> Nullable<Text>,
        note -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    final_accounts (id) {
        id -> Text,
        province_id -> Text,
        org_unit_id -> Text,
        kind -> Text,
        fiscal_year -> BigInt,
        state_on -> Date,
        due_on -> Nullable<Date>,
        submitted_on -> Nullable<Date>,
        stated_on_time -> Nullable<Bool>,
        document_number -> Nullable<Text>,
        document_on -> Nullable<Date>,
        appraised_on -> Nullable<Date>,
        revenue_vnd -> Nullable<BigInt>,
        spending_vnd -> Nullable<BigInt>,
        source_note -> Nullable<Text>,
        note -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    spending_rules (id) {
        id -> Text,
        province_id -> Text,
        org_unit_id -> Text,
        kind -> Text,
        document_number -> Nullable<Text>,
        document_on -> Nullable<Date>,
        valid_from -> Date,
        valid_from_certainty -> Text,
        valid_to -> Nullable<Date>,
        source_note -> Nullable<Text>,
        note -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}
