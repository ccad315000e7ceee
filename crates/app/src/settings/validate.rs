use super::environment::{Environment, SettingsError};
use super::types::{AskerLimits, MailTransport, Pusher, Settings, Skills};
use super::{production, selectors, social};
use square_http::Network;
use square_kernel::Secret;
use square_routing::MaxSkills;
use square_skill_client::AllowedNetwork;

/// The shortest secret that production takes, in bytes.
const SHORTEST_SECRET: usize = 32;

/// More places are of no use, and their counter has an end.
const MOST_CONCURRENT_QUESTIONS: usize = 1_000_000;

/// What a type cannot say about a setting.
pub(super) fn validate(environment: Environment, settings: &Settings) -> Result<(), SettingsError> {
    let http = &settings.http;
    let rule = "must be empty or consist of a slash and letters, digits, -, ., _ or ~, once or more often";
    check(is_base_path(&http.base_path), "http.base_path", rule)?;
    let path = &settings.socketio.path;
    let rule = "must consist of a slash and letters, digits, -, ., _ or ~, once or more often";
    check(!path.is_empty() && is_base_path(path), "socketio.path", rule)?;
    let socketio = &settings.socketio;
    check(socketio.most_sessions > 0, "socketio.most_sessions", "must be more than 0")?;
    let most = socketio.most_sessions_per_address;
    check(most > 0, "socketio.most_sessions_per_address", "must be more than 0")?;
    let path = &settings.openai.path;
    check(!path.is_empty() && is_base_path(path), "openai.path", rule)?;
    let hides = settings.openai.enabled && format!("{}/", http.base_path).starts_with(&format!("{path}/"));
    check(!hides, "openai.path", "must be neither http.base_path nor what that begins with")?;
    let rule = "must hold \"*\" or origins such as https://app.example, without a slash at the end";
    check(http.cors_origins.iter().all(|origin| is_origin(origin)), "http.cors_origins", rule)?;
    let fine = http.trusted_proxies.iter().all(|network| network.parse::<Network>().is_ok());
    check(
        fine,
        "http.trusted_proxies",
        "must hold addresses such as 10.0.0.5 and networks such as 10.0.0.0/8",
    )?;
    let url = &http.public_url;
    let is_web = url.starts_with("http://") || url.starts_with("https://");
    let url_ok = url.is_empty() || (is_web && http.public_origin().is_some());
    check(url_ok, "http.public_url", "must be empty or an address that begins with http:// or https://")?;
    check(http.max_body_bytes >= 1024, "http.max_body_bytes", "must be at least 1024")?;
    check(http.head_timeout_ms > 0, "http.head_timeout_ms", "must be more than 0")?;
    check(http.body_timeout_ms > 0, "http.body_timeout_ms", "must be more than 0")?;

    let database = &settings.database;
    check(database.read_connections > 0, "database.read_connections", "must be more than 0")?;
    check(database.write_connections > 0, "database.write_connections", "must be more than 0")?;
    check(database.connect_timeout_ms > 0, "database.connect_timeout_ms", "must be more than 0")?;
    check(database.statement_timeout_ms > 0, "database.statement_timeout_ms", "must be more than 0")?;
    check(
        (1..=2_592_000).contains(&settings.auth.access_token_s),
        "auth.access_token_s",
        "must be 1 to 2592000",
    )?;
    check(settings.auth.signing_key_days <= 3650, "auth.signing_key_days", "must be 0 to 3650")?;
    check(
        (2..=604_800).contains(&settings.auth.signing_key_lead_s),
        "auth.signing_key_lead_s",
        "must be 2 to 604800",
    )?;
    check((1..=3650).contains(&settings.auth.session_days), "auth.session_days", "must be 1 to 3650")?;
    let days = settings.auth.session_days..=3650;
    check(
        days.contains(&settings.auth.session_max_days),
        "auth.session_max_days",
        "must be auth.session_days to 3650",
    )?;
    check((4..=31).contains(&settings.passwords.cost), "passwords.cost", "must be 4 to 31")?;
    check(settings.accounts.confirmation_hours > 0, "accounts.confirmation_hours", "must be more than 0")?;
    check(settings.accounts.reset_minutes > 0, "accounts.reset_minutes", "must be more than 0")?;
    check(settings.accounts.email_change_hours > 0, "accounts.email_change_hours", "must be more than 0")?;
    check((1..=36_500).contains(&settings.accounts.audit_days), "accounts.audit_days", "must be 1 to 36500")?;
    let issuer = &settings.accounts.mfa_issuer;
    let issuer_ok = !issuer.is_empty() && issuer.chars().count() <= 60 && !issuer.contains(':');
    check(issuer_ok, "accounts.mfa_issuer", "must have 1 to 60 characters and no colon")?;

    check(!settings.mail.from.trim().is_empty(), "mail.from", "must not be empty")?;
    let smtp = settings.mail.transport == MailTransport::Smtp;
    check(!smtp || !settings.mail.smtp.host.is_empty(), "mail.smtp.host", "must not be empty")?;
    let one_password = settings.mail.smtp.username.is_empty() == settings.mail.smtp.password.get().is_none();
    check(one_password, "mail.smtp.password", "must be set with mail.smtp.username, and only then")?;

    skills(&settings.skills)?;

    let questions = &settings.questions;
    check(questions.keep_pieces_hours <= 876_000, "questions.keep_pieces_hours", "must be 0 to 876000")?;
    check(questions.keep_days <= 36_500, "questions.keep_days", "must be 0 to 36500")?;
    check((1..=3600).contains(&questions.grace_s), "questions.grace_s", "must be 1 to 3600")?;
    check((1..=3600).contains(&questions.heartbeat_s), "questions.heartbeat_s", "must be 1 to 3600")?;

    asker_limits("signed_in", &questions.limits.signed_in)?;
    asker_limits("anonymous", &questions.limits.anonymous)?;

    pusher(&settings.pusher)?;
    selectors::validate(&settings.selectors)?;
    social::validate(environment, &settings.social)?;

    if environment == Environment::Production {
        own_secret(settings.auth.secret_key.get(), "SECRET_KEY (auth.secret_key)")?;
        own_secret(settings.passwords.salt.get(), "SECURITY_PASSWORD_SALT (passwords.salt)")?;
        for (list, name) in [
            (&settings.auth.secret_key_previous, "SECRET_KEY_PREVIOUS (auth.secret_key_previous)"),
            (&settings.passwords.salt_previous, "SECURITY_PASSWORD_SALT_PREVIOUS (passwords.salt_previous)"),
        ] {
            // What is made under them is believed too.
            list.get().iter().try_for_each(|secret| own_secret(Some(secret), name))?;
        }
        production::validate(settings)?;
    }
    Ok(())
}

fn skills(skills: &Skills) -> Result<(), SettingsError> {
    let numbers = [
        ("skills.time_limit_ms", skills.time_limit_ms),
        ("skills.connect_timeout_ms", skills.connect_timeout_ms),
        ("skills.first_byte_timeout_ms", skills.first_byte_timeout_ms),
        ("skills.idle_timeout_ms", skills.idle_timeout_ms),
        ("skills.max_response_bytes", skills.max_response_bytes),
        ("skills.breaker_failures", skills.breaker_failures.into()),
        ("skills.breaker_first_pause_ms", skills.breaker_first_pause_ms),
        ("skills.health_interval_s", skills.health_interval_s),
    ];
    numbers.iter().try_for_each(|(name, number)| check(*number > 0, name, "must be more than 0"))?;
    let proposals = &skills.proposals;
    for (name, number) in [
        ("skills.proposals.per_skill", proposals.per_skill),
        ("skills.proposals.per_asker", proposals.per_asker),
    ] {
        check(number <= 10_000, name, "must be 0 to 10000")?;
    }
    let concurrent = 1..=MOST_CONCURRENT_QUESTIONS;
    check(
        concurrent.contains(&skills.max_concurrent_questions),
        "skills.max_concurrent_questions",
        "must be 1 to 1000000",
    )?;
    check(
        skills.breaker_longest_pause_ms >= skills.breaker_first_pause_ms,
        "skills.breaker_longest_pause_ms",
        "must not be less than skills.breaker_first_pause_ms",
    )?;
    let networks = skills.allowed_networks.iter().all(|network| network.parse::<AllowedNetwork>().is_ok());
    check(
        networks,
        "skills.allowed_networks",
        "must hold addresses such as 10.0.0.5 and networks such as 10.0.0.0/8",
    )?;
    let host =
        |host: &String| !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || "/:@".contains(c));
    check(
        skills.allowed_hosts.iter().all(host),
        "skills.allowed_hosts",
        "must hold host names such as films.internal, without scheme and port",
    )
}

fn asker_limits(who: &str, limits: &AskerLimits) -> Result<(), SettingsError> {
    let setting = |name: &str| format!("questions.limits.{who}.{name}");
    let burst = limits.per_minute == 0 || limits.burst > 0;
    check(burst, &setting("burst"), "must be more than 0 where per_minute is")?;
    check((1..=MaxSkills::MAX).contains(&limits.max_skills), &setting("max_skills"), "must be 1 to 50")
}

/// All of Pusher's settings, or none.
fn pusher(pusher: &Pusher) -> Result<(), SettingsError> {
    let place = !pusher.cluster.is_empty() || !pusher.host.is_empty();
    let parts = [
        (!pusher.app_id.is_empty(), "pusher.app_id"),
        (!pusher.key.is_empty(), "pusher.key"),
        (pusher.secret.get().is_some(), "pusher.secret"),
        (place, "pusher.cluster"),
    ];
    if parts.iter().all(|(set, _)| !set) {
        return Ok(());
    }
    parts.iter().try_for_each(|(set, name)| check(*set, name, "must be set where others of pusher are"))
}

fn is_base_path(path: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    let mut segments = path.split('/');
    segments.next() == Some("") && segments.all(|segment| !segment.is_empty() && segment.chars().all(plain))
}

/// Whether browsers could send this as an origin, to which it will be compared letter by letter.
fn is_origin(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.:[]_".contains(c);
    let parts = text.split_once("://");
    text == "*"
        || parts.is_some_and(|(scheme, host)| {
            [scheme, host].iter().all(|part| !part.is_empty() && part.chars().all(plain))
        })
}

pub(super) fn check(fine: bool, setting: &str, rule: &str) -> Result<(), SettingsError> {
    if fine { Ok(()) } else { Err(SettingsError(format!("the setting {setting} is impossible: it {rule}"))) }
}

/// Whether a secret is one's own: not missing, not short, not out of an example.
fn own_secret(secret: Option<&Secret>, name: &str) -> Result<(), SettingsError> {
    let Some(secret) = secret else {
        return Err(SettingsError(format!("production needs {name} to be set")));
    };
    let text = secret.expose();
    let lower = text.to_lowercase();
    let example =
        ["change-me", "changeme", "example", "secret", "password"].iter().any(|word| lower.contains(word));
    if example {
        return Err(SettingsError(format!("production needs a {name} of its own, not an example's")));
    }
    if text.len() < SHORTEST_SECRET {
        return Err(SettingsError(format!(
            "{name} must have at least {SHORTEST_SECRET} characters in production"
        )));
    }
    Ok(())
}
