diesel::table! {
    otp_methods (id) {
        id -> Binary,
        user_id -> Binary,
        secret -> Binary,
        last_step -> BigInt,
        created_at -> BigInt,
        verified_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    recovery_codes (id) {
        id -> Binary,
        user_id -> Binary,
        number -> BigInt,
        digest -> Binary,
        content -> Binary,
        created_at -> BigInt,
    }
}

diesel::table! {
    mfa_attempts (id) {
        id -> Binary,
        user_id -> Binary,
        kind -> Text,
        attempted_at -> BigInt,
    }
}
