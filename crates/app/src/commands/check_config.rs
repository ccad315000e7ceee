use crate::settings::{Environment, Settings};
use crate::terminal::{self, GOOD, STRONG, styled};
use std::process::ExitCode;

/// Settings that came this far are sound; shows the ones that matter most.
pub(crate) fn run(environment: Environment, settings: &Settings) -> ExitCode {
    let secret = |secret: &crate::settings::SecretSetting| match secret.get() {
        Some(_) => "set",
        None => "made on first start, kept under the data folder",
    };
    let rows = [
        ("environment", environment.name().to_owned()),
        ("http.bind", settings.http.bind.to_string()),
        ("http.base_path", format!("{:?}", settings.http.base_path)),
        ("database.url", without_password(&settings.database.url)),
        ("data.folder", settings.data.folder.display().to_string()),
        ("auth.secret_key", secret(&settings.auth.secret_key).to_owned()),
        ("auth.algorithm", format!("{:?}", settings.auth.algorithm)),
        ("passwords.salt", secret(&settings.passwords.salt).to_owned()),
        ("passwords.cost", settings.passwords.cost.to_string()),
        ("mail.transport", format!("{:?}", settings.mail.transport).to_lowercase()),
        ("skills.allow_private_networks", settings.skills.allow_private_networks.to_string()),
    ];
    for (name, value) in rows {
        terminal::line(format_args!("{} = {value}", styled(STRONG, name)));
    }
    terminal::line(styled(GOOD, "The settings are sound."));
    ExitCode::SUCCESS
}

/// A database URL with `…` in the place of its password.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let Some((login, place)) = rest.rsplit_once('@') else { return url.to_owned() };
    let user = login.split(':').next().unwrap_or_default();
    format!("{scheme}://{user}:…@{place}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn passwords_are_not_shown() {
        assert_eq!(super::without_password("postgres://me:p@ss@db/x"), "postgres://me:…@db/x");
        assert_eq!(super::without_password("sqlite:data/square.db"), "sqlite:data/square.db");
    }
}
