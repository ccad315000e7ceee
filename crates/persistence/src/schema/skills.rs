diesel::table! {
    skills (id) {
        id -> Binary,
        owner_id -> Binary,
        name -> Text,
        name_key -> Text,
        description -> Text,
        protocol -> Text,
        address -> Text,
        secret -> Nullable<Binary>,
        signing -> Nullable<Binary>,
        model -> Nullable<Text>,
        published -> Bool,
        samples -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    trainings (id) {
        id -> Binary,
        skill_id -> Binary,
        number -> BigInt,
        state -> Text,
        accuracy -> Nullable<Text>,
        reason -> Nullable<Text>,
        train_examples -> BigInt,
        dev_examples -> BigInt,
        started_at -> BigInt,
        finished_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    training_examples (training_id) {
        training_id -> Binary,
        train -> Text,
        dev -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(skills, trainings, training_examples);
