//! What production asks for beyond what merely works.

use super::environment::SettingsError;
use super::types::{RabbitMq, SecretSetting, Settings};
use square_kernel::Secret;
use std::net::IpAddr;
use url::Url;

/// Words that stand for secrets in examples (`.env.example`, `docker/`), and what RabbitMQ comes with.
const EXAMPLES: [&str; 6] = ["password", "secret", "token", "key", "square", "guest"];

pub(super) fn validate(settings: &Settings) -> Result<(), SettingsError> {
    public_url(&settings.http.public_url)?;
    let (github, linkedin) = (&settings.social.github, &settings.social.linkedin);
    for (secret, name) in [
        (&settings.mail.smtp.password, "mail.smtp.password"),
        (&settings.pusher.secret, "PUSHER_API_SECRET (pusher.secret)"),
        (&github.client_secret, "GITHUB_OAUTH_CLIENT_SECRET (social.github.client_secret)"),
        (&linkedin.client_secret, "LINKEDIN_OAUTH_CLIENT_SECRET (social.linkedin.client_secret)"),
        (&settings.social.facebook.app_secret, "FACEBOOK_APP_SECRET (social.facebook.app_secret)"),
        (&settings.selectors.elasticsearch.password, "selectors.elasticsearch.password"),
        (&settings.selectors.elasticsearch.api_key, "selectors.elasticsearch.api_key"),
        (&settings.selectors.embedding.key, "selectors.embedding.key"),
        (&settings.rollbar.token, "ROLLBAR_ACCESS_TOKEN (rollbar.token)"),
    ] {
        no_example(text(secret), name)?;
    }
    let database = Url::parse(&settings.database.url).ok();
    let password = database.as_ref().and_then(Url::password).unwrap_or_default();
    no_example(password, "password in database.url (DATABASE_URL, MYSQL_PASSWORD)")?;
    broker(&settings.rabbitmq)
}

/// Letters hold links to it, and cookies are marked as secure where it is https.
fn public_url(url: &str) -> Result<(), SettingsError> {
    // The parser forgives slashes too many, which other readers of a link do not.
    let host = url.strip_prefix("https://").is_some_and(|rest| !rest.starts_with('/'));
    if host && Url::parse(url).is_ok() {
        return Ok(());
    }
    let wanted = "production needs http.public_url to be the https address that people reach the server by";
    Err(SettingsError(wanted.to_owned()))
}

fn broker(rabbitmq: &RabbitMq) -> Result<(), SettingsError> {
    if rabbitmq.address.is_empty() {
        return Ok(());
    }
    let password = text(&rabbitmq.password);
    if (rabbitmq.user.as_str(), password) == ("guest", "guest") {
        // RabbitMQ itself lets guest in from its own machine only, unless it was told otherwise.
        return if is_here(&rabbitmq.address) {
            Ok(())
        } else {
            let wanted = "production needs RABBITMQ_USER and RABBITMQ_PASSWORD (rabbitmq.user, rabbitmq.password) of its own, \
                          not guest, where the broker is on another machine";
            Err(SettingsError(wanted.to_owned()))
        };
    }
    no_example(password, "RABBITMQ_PASSWORD (rabbitmq.password)")
}

/// Whether a broker's address is one of this machine.
fn is_here(address: &str) -> bool {
    let url = if address.contains("://") { address.to_owned() } else { format!("amqp://{address}") };
    let url = Url::parse(&url).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.to_canonical().is_loopback())
}

fn text(secret: &SecretSetting) -> &str {
    secret.get().map(Secret::expose).unwrap_or_default()
}

fn no_example(secret: &str, name: &str) -> Result<(), SettingsError> {
    let lower = secret.to_lowercase();
    let example = EXAMPLES.contains(&lower.as_str())
        || ["change-me", "changeme"].iter().any(|word| lower.contains(word));
    if example {
        return Err(SettingsError(format!("production needs a {name} of its own, not an example's")));
    }
    Ok(())
}
