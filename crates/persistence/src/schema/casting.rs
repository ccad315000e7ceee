diesel::table! {
    movies (id) {
        id -> Binary,
        title -> Text,
        title_key -> Text,
        title_key_reversed -> Text,
        title_key_length -> BigInt,
        release_date -> Text,
    }
}

diesel::table! {
    actors (id) {
        id -> Binary,
        name -> Text,
        name_key -> Text,
        name_key_reversed -> Text,
        name_key_length -> BigInt,
        age -> BigInt,
        gender -> Text,
        gender_key -> Text,
    }
}

diesel::table! {
    casting_roles (id) {
        id -> Binary,
        movie_id -> Binary,
        actor_id -> Binary,
        character -> Text,
        character_key -> Text,
        character_key_reversed -> Text,
        character_key_length -> BigInt,
    }
}

diesel::table! {
    movie_words (word, movie_id) {
        word -> Text,
        movie_id -> Binary,
    }
}

diesel::table! {
    actor_words (word, actor_id) {
        word -> Text,
        actor_id -> Binary,
    }
}

diesel::joinable!(casting_roles -> movies (movie_id));
diesel::joinable!(casting_roles -> actors (actor_id));
diesel::allow_tables_to_appear_in_same_query!(movies, actors, casting_roles, movie_words, actor_words);
