diesel::table! {
    limits (digest) {
        digest -> Binary,
        full_at -> BigInt,
        noted -> Nullable<BigInt>,
    }
}

diesel::table! {
    letter_requests (id) {
        id -> Binary,
        letter -> Text,
        content -> Binary,
        asked_at -> BigInt,
        due_at -> BigInt,
    }
}
