use super::questions::questions;

diesel::table! {
    verdicts (question_id, skill_id) {
        question_id -> Binary,
        skill_id -> Binary,
        helpful -> Bool,
        comment -> Nullable<Text>,
        given_at -> BigInt,
    }
}

diesel::table! {
    proposals (id) {
        id -> Binary,
        skill_id -> Binary,
        text_key -> Binary,
        state -> Text,
        declined -> Nullable<Text>,
        figures -> Nullable<Text>,
        proposed_at -> BigInt,
        changed_at -> BigInt,
    }
}

diesel::table! {
    proposing_questions (proposal_id, question_id) {
        proposal_id -> Binary,
        question_id -> Binary,
    }
}

diesel::allow_tables_to_appear_in_same_query!(verdicts, proposals, proposing_questions, questions);
