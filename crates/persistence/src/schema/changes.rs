diesel::table! {
    counters (name) {
        name -> Text,
        value -> BigInt,
    }
}

diesel::table! {
    changes (number) {
        number -> BigInt,
        id -> Binary,
        channel -> Text,
        action -> Text,
        entity_id -> Binary,
        everybody -> Bool,
        owner_id -> Nullable<Binary>,
        permission -> Nullable<Text>,
        changed_at -> BigInt,
    }
}

diesel::table! {
    receivers (name) {
        name -> Text,
        position -> BigInt,
    }
}

diesel::table! {
    set_aside_changes (receiver, number) {
        receiver -> Text,
        number -> BigInt,
        reason -> Text,
        set_aside_at -> BigInt,
        replay -> Bool,
    }
}

diesel::table! {
    instances (id) {
        id -> Binary,
        beats -> BigInt,
        under_key -> Nullable<Text>,
    }
}

diesel::table! {
    duties (name) {
        name -> Text,
        instance_id -> Binary,
    }
}

diesel::joinable!(set_aside_changes -> changes (number));
diesel::allow_tables_to_appear_in_same_query!(changes, receivers, set_aside_changes);
