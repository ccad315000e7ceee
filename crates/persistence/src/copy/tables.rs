//! What is copied: every table with its columns.

/// What a column holds. Every database has these, under one name or another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Bytes,
    Text,
    Integer,
    Bool,
}

#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
}

#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// Those of the primary key first.
    pub(crate) columns: &'static [Column],
    key: usize,
}

impl Table {
    /// The columns of the primary key.
    pub(crate) fn key(&self) -> &'static [Column] {
        &self.columns[..self.key]
    }

    /// Whether migrations put rows into it. They make way for those of the source.
    pub(crate) fn is_seeded(&self) -> bool {
        SEEDED.contains(&self.name)
    }
}

pub(crate) const SEEDED: [&str; 5] = ["roles", "role_permissions", "banks", "bank_names", "counters"];

/// The primary key stands in parentheses.
macro_rules! tables {
    ($($table:ident ($($key:ident: $key_kind:ident),+) { $($column:ident: $kind:ident),* $(,)? })+) => {
        &[$(Table {
            name: stringify!($table),
            columns: &[
                $(Column { name: stringify!($key), kind: Kind::$key_kind },)+
                $(Column { name: stringify!($column), kind: Kind::$kind },)*
            ],
            key: [$(stringify!($key)),+].len(),
        }),+]
    };
}

/// All tables but `instances` and `duties`: these tell of running processes, and none runs on a copy. Those that others
/// refer to come before them.
pub(crate) const TABLES: &[Table] = tables! {
    roles(name: Text) {}
    role_permissions(role: Text, permission: Text) {}
    accounts(id: Bytes) {
        username: Text,
        username_key: Text,
        email: Text,
        first_name: Text,
        last_name: Text,
        password_hash: Text,
        suspended: Bool,
        confirmed_at: Integer,
        login_method: Text,
        created_at: Integer,
        rights: Integer,
        rights_changed_at: Integer,
        mfa_enabled_at: Integer,
        credentials: Integer,
        unproved_until: Integer,
    }
    user_roles(user_id: Bytes, role: Text) {}
    // Links that were mailed before and sessions go on working, as long as the secrets are the same too.
    one_time_secrets(digest: Bytes) {
        purpose: Text,
        user_id: Bytes,
        payload: Bytes,
        attempts_left: Integer,
        created_at: Integer,
        expires_at: Integer,
    }
    audit_log(id: Bytes) {
        happened_at: Integer,
        action: Text,
        actor_id: Bytes,
        user_id: Bytes,
        address: Text,
        agent: Text,
        detail: Text,
    }
    sessions(id: Bytes) {
        user_id: Bytes,
        generation: Integer,
        rotated_at: Integer,
        created_at: Integer,
        expires_at: Integer,
        ended_at: Integer,
        address: Text,
        agent: Text,
        second_factor: Bool,
        ends_at: Integer,
        under_key: Text,
    }
    ended_sessions(id: Bytes) { ended_at: Integer, expires_at: Integer }
    otp_methods(id: Bytes) { user_id: Bytes, secret: Bytes, last_step: Integer, created_at: Integer, verified_at: Integer }
    recovery_codes(id: Bytes) { user_id: Bytes, number: Integer, digest: Bytes, content: Bytes, created_at: Integer }
    mfa_attempts(id: Bytes) { user_id: Bytes, kind: Text, attempted_at: Integer }
    login_methods(id: Bytes) {
        user_id: Bytes,
        provider: Text,
        subject: Text,
        email: Text,
        name: Text,
        user_name: Text,
        tokens: Bytes,
        created_at: Integer,
    }
    limits(digest: Bytes) { full_at: Integer, noted: Integer }
    letter_requests(id: Bytes) { letter: Text, content: Bytes, asked_at: Integer, due_at: Integer }
    letters(id: Bytes) {
        occasion: Text,
        content: Bytes,
        attempts: Integer,
        created_at: Integer,
        due_at: Integer,
        sent_at: Integer,
        set_aside_at: Integer,
        reason: Text,
        username_key: Text,
    }
    signing_keys(kid: Text) { number: Integer, private: Bytes, created_at: Integer, signs_at: Integer }
    skills(id: Bytes) {
        owner_id: Bytes,
        name: Text,
        name_key: Text,
        description: Text,
        protocol: Text,
        address: Text,
        secret: Bytes,
        signing: Bytes,
        model: Text,
        published: Bool,
        samples: Text,
        created_at: Integer,
        updated_at: Integer,
    }
    trainings(id: Bytes) {
        skill_id: Bytes,
        number: Integer,
        state: Text,
        accuracy: Text,
        reason: Text,
        train_examples: Integer,
        dev_examples: Integer,
        started_at: Integer,
        finished_at: Integer,
    }
    training_examples(training_id: Bytes) { train: Text, dev: Text }
    models(selector: Text) { version: Bytes, kept_at: Integer }
    model_parts(selector: Text, number: Integer) { content: Bytes }
    questions(id: Bytes) { asker_id: Bytes, question: Text, choice: Text, deadline_us: Integer, asked_at: Integer }
    // With the instances that worked on them, which the copy does not list: whoever serves it takes them over.
    unfinished_questions(question_id: Bytes) { instance_id: Bytes, watched: Integer }
    streamed_questions(question_id: Bytes) {}
    departed_askers(id: Bytes) { departed_at: Integer }
    verdicts(question_id: Bytes, skill_id: Bytes) { helpful: Bool, comment: Text, given_at: Integer }
    proposals(id: Bytes) {
        skill_id: Bytes,
        text_key: Bytes,
        state: Text,
        declined: Text,
        figures: Text,
        proposed_at: Integer,
        changed_at: Integer,
    }
    proposing_questions(proposal_id: Bytes, question_id: Bytes) {}
    log_entries(question_id: Bytes, seq: Integer) { logged_at: Integer, kind: Text, content: Text }
    movies(id: Bytes) {
        title: Text,
        title_key: Text,
        title_key_reversed: Text,
        title_key_length: Integer,
        release_date: Text,
    }
    actors(id: Bytes) {
        name: Text,
        name_key: Text,
        name_key_reversed: Text,
        name_key_length: Integer,
        age: Integer,
        gender: Text,
        gender_key: Text,
    }
    movie_words(word: Text, movie_id: Bytes) {}
    actor_words(word: Text, actor_id: Bytes) {}
    casting_roles(id: Bytes) {
        movie_id: Bytes,
        actor_id: Bytes,
        character: Text,
        character_key: Text,
        character_key_reversed: Text,
        character_key_length: Integer,
    }
    events(id: Bytes) {
        owner_id: Bytes,
        date: Text,
        time: Text,
        minute: Integer,
        venue: Text,
        venue_key: Text,
        venue_key_reversed: Text,
        venue_key_length: Integer,
        address: Text,
        created_at: Integer,
    }
    banks(code: Text) { name: Text }
    bank_names(code: Text, name_key: Text) { name: Text, name_key_reversed: Text, name_key_length: Integer }
    companies(id: Bytes) {
        owner_id: Bytes,
        company_name: Text,
        company_name_key: Text,
        company_name_key_reversed: Text,
        company_name_key_length: Integer,
        phone: Text,
        declared_billing: Integer,
        created_at: Integer,
    }
    bank_accounts(id: Bytes) { company_id: Bytes, bank_code: Text, agency: Text, account_number: Text }
    // What receivers have been told already they are not told again by the copy.
    counters(name: Text) { value: Integer }
    changes(number: Integer) {
        id: Bytes,
        channel: Text,
        action: Text,
        entity_id: Bytes,
        everybody: Bool,
        owner_id: Bytes,
        permission: Text,
        changed_at: Integer,
    }
    receivers(name: Text) { position: Integer }
    set_aside_changes(receiver: Text, number: Integer) { reason: Text, set_aside_at: Integer, replay: Bool }
};
