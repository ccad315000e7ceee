use super::changes::instances;

diesel::table! {
    questions (id) {
        id -> Binary,
        asker_id -> Nullable<Binary>,
        question -> Text,
        choice -> Text,
        deadline_us -> BigInt,
        asked_at -> BigInt,
    }
}

diesel::table! {
    unfinished_questions (question_id) {
        question_id -> Binary,
        instance_id -> Nullable<Binary>,
        watched -> BigInt,
    }
}

diesel::table! {
    streamed_questions (question_id) {
        question_id -> Binary,
    }
}

diesel::table! {
    departed_askers (id) {
        id -> Binary,
        departed_at -> BigInt,
    }
}

diesel::table! {
    log_entries (question_id, seq) {
        question_id -> Binary,
        seq -> BigInt,
        logged_at -> BigInt,
        kind -> Text,
        content -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    questions,
    unfinished_questions,
    streamed_questions,
    departed_askers,
    log_entries,
    instances
);
