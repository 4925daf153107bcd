//! Tables of the kernel: what all records share.

diesel::table! {
    epochs (name) {
        name -> Text,
        value -> BigInt,
    }
}

diesel::table! {
    journal (id) {
        id -> Text,
        recorded_at -> BigInt,
        actor_kind -> Text,
        actor_id -> Text,
        request_id -> Text,
        action -> Text,
        record_type -> Text,
        record_id -> Text,
        record_version -> BigInt,
        org_unit_id -> Nullable<Text>,
        province_id -> Nullable<Text>,
        content -> Text,
        second_unit_id -> Nullable<Text>,
        second_province_id -> Nullable<Text>,
    }
}

diesel::table! {
    journal_chain (position) {
        position -> BigInt,
        entry_id -> Text,
        hash -> Text,
        recorded_at -> BigInt,
        action -> Text,
        record_type -> Text,
        record_id -> Text,
        record_version -> BigInt,
        org_unit_id -> Nullable<Text>,
        province_id -> Nullable<Text>,
        second_unit_id -> Nullable<Text>,
        second_province_id -> Nullable<Text>,
    }
}

diesel::table! {
    unsealed_entries (recorded_at, entry_id) {
        recorded_at -> BigInt,
        entry_id -> Text,
    }
}

diesel::table! {
    journal_seal (id) {
        id -> Integer,
        position -> BigInt,
        hash -> Text,
    }
}

diesel::table! {
    key_rings (name) {
        name -> Text,
        sealed -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    idempotency_keys (digest) {
        digest -> Text,
        body_digest -> Text,
        answer -> Text,
        expires_at -> BigInt,
        record_id -> Nullable<Text>,
    }
}

diesel::table! {
    source_times (record_id) {
        record_id -> Text,
        source_updated_at -> BigInt,
    }
}

diesel::table! {
    attachments (id) {
        id -> Text,
        record_type -> Text,
        record_id -> Text,
        province_id -> Nullable<Text>,
        org_unit_id -> Nullable<Text>,
        name -> Text,
        description -> Nullable<Text>,
        media_type -> Text,
        size_bytes -> BigInt,
        sha256 -> Text,
        created_by -> Text,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    content_removals (id) {
        id -> Text,
        due_at -> BigInt,
    }
}

diesel::table! {
    file_imports (collection, digest) {
        collection -> Text,
        digest -> Text,
        last_row -> BigInt,
        created -> BigInt,
        updated -> BigInt,
        unchanged -> BigInt,
        stale -> BigInt,
        refused -> BigInt,
        refused_bytes -> BigInt,
    }
}

diesel::table! {
    search_entries (place) {
        place -> BigInt,
        record_type -> Text,
        record_id -> Text,
        org_unit_id -> Nullable<Text>,
        title -> Nullable<Text>,
        code -> Nullable<Text>,
        day -> Date,
        digest -> BigInt,
    }
}
