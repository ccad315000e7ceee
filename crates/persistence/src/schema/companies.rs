diesel::table! {
    banks (code) {
        code -> Text,
        name -> Text,
    }
}

diesel::table! {
    bank_names (code, name_key) {
        code -> Text,
        name -> Text,
        name_key -> Text,
        name_key_reversed -> Text,
        name_key_length -> BigInt,
    }
}

diesel::table! {
    companies (id) {
        id -> Binary,
        owner_id -> Binary,
        company_name -> Text,
        company_name_key -> Text,
        company_name_key_reversed -> Text,
        company_name_key_length -> BigInt,
        phone -> Text,
        declared_billing -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    bank_accounts (id) {
        id -> Binary,
        company_id -> Binary,
        bank_code -> Text,
        agency -> Text,
        account_number -> Text,
    }
}

diesel::joinable!(bank_names -> banks (code));
diesel::joinable!(bank_accounts -> banks (bank_code));
diesel::allow_tables_to_appear_in_same_query!(banks, bank_names, bank_accounts);
