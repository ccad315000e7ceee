diesel::table! {
    accounts (id) {
        id -> Binary,
        username -> Text,
        username_key -> Text,
        email -> Nullable<Text>,
        first_name -> Text,
        last_name -> Text,
        password_hash -> Text,
        suspended -> Bool,
        confirmed_at -> Nullable<BigInt>,
        login_method -> Text,
        created_at -> BigInt,
        rights -> BigInt,
        rights_changed_at -> Nullable<BigInt>,
        mfa_enabled_at -> Nullable<BigInt>,
        credentials -> BigInt,
        unproved_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    roles (name) {
        name -> Text,
    }
}

diesel::table! {
    role_permissions (role, permission) {
        role -> Text,
        permission -> Text,
    }
}

diesel::table! {
    user_roles (user_id, role) {
        user_id -> Binary,
        role -> Text,
    }
}

diesel::table! {
    one_time_secrets (digest) {
        digest -> Binary,
        purpose -> Text,
        user_id -> Nullable<Binary>,
        payload -> Nullable<Binary>,
        attempts_left -> BigInt,
        created_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    audit_log (id) {
        id -> Binary,
        happened_at -> BigInt,
        action -> Text,
        actor_id -> Nullable<Binary>,
        user_id -> Nullable<Binary>,
        address -> Nullable<Text>,
        agent -> Nullable<Text>,
        detail -> Nullable<Text>,
    }
}

diesel::table! {
    sessions (id) {
        id -> Binary,
        user_id -> Binary,
        generation -> BigInt,
        rotated_at -> BigInt,
        created_at -> BigInt,
        expires_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        address -> Nullable<Text>,
        agent -> Nullable<Text>,
        second_factor -> Bool,
        ends_at -> Nullable<BigInt>,
        under_key -> Nullable<Text>,
    }
}

diesel::table! {
    ended_sessions (id) {
        id -> Binary,
        ended_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    letters (id) {
        id -> Binary,
        occasion -> Text,
        content -> Nullable<Binary>,
        attempts -> BigInt,
        created_at -> BigInt,
        due_at -> Nullable<BigInt>,
        sent_at -> Nullable<BigInt>,
        set_aside_at -> Nullable<BigInt>,
        reason -> Nullable<Text>,
        username_key -> Nullable<Text>,
    }
}

diesel::table! {
    signing_keys (kid) {
        kid -> Text,
        number -> BigInt,
        private -> Binary,
        created_at -> BigInt,
        signs_at -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    accounts,
    role_permissions,
    user_roles,
    one_time_secrets,
    audit_log,
    sessions
);
