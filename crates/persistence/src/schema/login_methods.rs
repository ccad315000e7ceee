use super::accounts::accounts;

diesel::table! {
    login_methods (id) {
        id -> Binary,
        user_id -> Binary,
        provider -> Text,
        subject -> Text,
        email -> Nullable<Text>,
        name -> Text,
        user_name -> Text,
        tokens -> Binary,
        created_at -> BigInt,
    }
}

diesel::joinable!(login_methods -> accounts (user_id));
diesel::allow_tables_to_appear_in_same_query!(login_methods, accounts);
