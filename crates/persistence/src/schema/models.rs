diesel::table! {
    models (selector) {
        selector -> Text,
        version -> Binary,
        kept_at -> BigInt,
    }
}

diesel::table! {
    model_parts (selector, number) {
        selector -> Text,
        number -> BigInt,
        content -> Binary,
    }
}
