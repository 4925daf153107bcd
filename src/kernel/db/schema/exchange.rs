//! Tables of the exchange with other systems (trao đổi dữ liệu).

diesel::table! {
    portal_ledger (id) {
        id -> Text,
        province_id -> Text,
        org_unit_id -> Text,
        dossier_id -> Nullable<Text>,
        code -> Text,
        direction -> Text,
        service -> Text,
        recorded_at -> BigInt,
        outcome -> Text,
        error_code -> Nullable<Text>,
        message -> Nullable<Text>,
        answered_at -> Nullable<BigInt>,
        body -> Nullable<Text>,
        held -> Text,
        differences -> Text,
        differs -> Bool,
        version -> BigInt,
    }
}
