//! Tables of accounts, their grants and sessions (tài khoản, phân quyền, phiên).

diesel::table! {
    users (id) {
        id -> Text,
        username -> Text,
        display_name -> Text,
        org_unit_id -> Nullable<Text>,
        password_hash -> Text,
        must_change_password -> Bool,
        active -> Bool,
        epoch -> BigInt,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    clients (id) {
        id -> Text,
        client_id -> Text,
        display_name -> Text,
        org_unit_id -> Nullable<Text>,
        secret_hash -> Text,
        active -> Bool,
        epoch -> BigInt,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    grants (id) {
        id -> Text,
        user_id -> Nullable<Text>,
        client_id -> Nullable<Text>,
        role -> Text,
        org_unit_id -> Text,
        domains -> Text,
        scopes -> Text,
        valid_from -> Date,
        valid_to -> Date,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    refresh_tokens (digest) {
        digest -> Text,
        family_id -> Text,
        user_id -> Text,
        scope -> Text,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    revoked_tokens (jti) {
        jti -> Text,
        expires_at -> BigInt,
    }
}
