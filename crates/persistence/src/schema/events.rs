diesel::table! {
    events (id) {
        id -> Binary,
        owner_id -> Binary,
        date -> Text,
        time -> Text,
        minute -> BigInt,
        venue -> Text,
        venue_key -> Text,
        venue_key_reversed -> Text,
        venue_key_length -> BigInt,
        address -> Text,
        created_at -> BigInt,
    }
}
