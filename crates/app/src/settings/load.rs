use super::environment::{Environment, SettingsError};
use super::types::Settings;
use super::validate::validate;
use figment::providers::{Env, Format, Serialized, Toml};
use figment::{Figment, Profile};
use std::path::Path;

/// What stands in `config/default.toml` when the binary is built.
const DEFAULT: &str = include_str!("../../../../config/default.toml");

/// Names that other servers of this family use, and the settings they stand for.
/// All are texts, taken as they are but for blanks around them: a password such as 0042 is no number.
const WELL_KNOWN: [(&str, &str); 23] = [
    ("DATABASE_URL", "database.url"),
    ("SECRET_KEY", "auth.secret_key"),
    ("SECRET_KEY_PREVIOUS", "auth.secret_key_previous"),
    ("SECURITY_PASSWORD_SALT", "passwords.salt"),
    ("SECURITY_PASSWORD_SALT_PREVIOUS", "passwords.salt_previous"),
    ("BROKER_PATH", "rabbitmq.address"),
    ("RABBITMQ_USER", "rabbitmq.user"),
    ("RABBITMQ_PASSWORD", "rabbitmq.password"),
    ("RABBITMQ_VHOST", "rabbitmq.vhost"),
    ("MQ_EXCHANGE", "rabbitmq.exchange"),
    ("PUSHER_APP_ID", "pusher.app_id"),
    ("PUSHER_API_KEY", "pusher.key"),
    ("PUSHER_API_SECRET", "pusher.secret"),
    ("PUSHER_CLUSTER", "pusher.cluster"),
    ("PUSHER_HOST", "pusher.host"),
    ("ROLLBAR_ACCESS_TOKEN", "rollbar.token"),
    ("GITHUB_CLIENT_ID", "social.github.client_id"),
    ("GITHUB_OAUTH_CLIENT_SECRET", "social.github.client_secret"),
    ("LINKEDIN_CLIENT_ID", "social.linkedin.client_id"),
    ("LINKEDIN_OAUTH_CLIENT_SECRET", "social.linkedin.client_secret"),
    ("GOOGLE_CLIENT_ID", "social.google.client_id"),
    ("FACEBOOK_APP_ID", "social.facebook.app_id"),
    ("FACEBOOK_APP_SECRET", "social.facebook.app_secret"),
];

/// Reads the settings from the files in `folder` (where they exist), the environment and `.env`.
pub(crate) fn load(folder: &Path) -> Result<(Environment, Settings), SettingsError> {
    read_dotenv()?;
    let environment = match std::env::var("APP_ENV") {
        Ok(name) => name.parse()?,
        Err(_) => Environment::Development,
    };
    let settings: Settings = sources(environment, folder)?.extract().map_err(|error| one_sentence(&error))?;
    validate(environment, &settings)?;
    Ok((environment, settings))
}

fn read_dotenv() -> Result<(), SettingsError> {
    match dotenvy::dotenv() {
        Ok(_) => Ok(()),
        Err(error) if error.not_found() => Ok(()),
        Err(error) => Err(SettingsError(format!("the file .env cannot be read: {error}"))),
    }
}

fn sources(environment: Environment, folder: &Path) -> Result<Figment, SettingsError> {
    let lifetime = Env::raw().only(&["ACCESS_TOKEN_EXPIRE"]).map(|_| "auth.access_token_s".into());
    // Names are cut at "__" by hand: a single underscore belongs to the key.
    let own = Env::prefixed("SQUARE__").split("__");
    let mut files = Figment::new()
        .merge(Toml::string(DEFAULT))
        .merge(Toml::string(environment.defaults()))
        .merge(Toml::file(folder.join("default.toml")))
        .merge(Toml::file(folder.join(format!("{}.toml", environment.name()))));
    if let Some(url) = mysql_url()? {
        files = files.merge(Serialized::default("database.url", url));
    }
    for (name, path) in WELL_KNOWN {
        if let Ok(value) = std::env::var(name) {
            files = files.merge(Serialized::default(path, value.trim()));
        }
    }
    Ok(files.merge(lifetime.profile(Profile::Default)).merge(own.profile(Profile::Default)))
}

/// The URL of the database that `MYSQL_HOST` and its companions name, where they do.
fn mysql_url() -> Result<Option<String>, SettingsError> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let Some(host) = variable("MYSQL_HOST") else { return Ok(None) };
    let port = match variable("MYSQL_PORT") {
        Some(port) => {
            port.parse().map_err(|_| SettingsError("MYSQL_PORT must be a port number".to_owned()))?
        }
        None => 3306_u16,
    };
    let no_host = || SettingsError("MYSQL_HOST must be a host name or an address".to_owned());
    let mut url = url::Url::parse(&format!("mysql://{host}:{port}")).map_err(|_| no_host())?;
    url.set_username(&variable("MYSQL_USER").unwrap_or_else(|| "root".to_owned())).map_err(|()| no_host())?;
    url.set_password(variable("MYSQL_PASSWORD").as_deref()).map_err(|()| no_host())?;
    url.set_path(&variable("MYSQL_DATABASE").unwrap_or_else(|| "square".to_owned()));
    Ok(Some(url.into()))
}

/// Puts figment's findings into one sentence that begins with the setting's name and its source.
fn one_sentence(error: &figment::Error) -> SettingsError {
    let Some(first) = error.clone().into_iter().next() else {
        return SettingsError("the settings cannot be read".to_owned());
    };
    let source = first.metadata.as_ref().map_or_else(String::new, |metadata| {
        let place = metadata.source.as_ref().map_or_else(String::new, |source| format!(" {source}"));
        format!(" (from {}{place})", metadata.name)
    });
    let mut path = first.path.join(".");
    if let figment::error::Kind::UnknownField(field, _) = &first.kind {
        if !path.ends_with(field.as_str()) {
            path = if path.is_empty() { field.clone() } else { format!("{path}.{field}") };
        }
        return SettingsError(format!("the setting {path} is unknown{source}"));
    }
    if path.is_empty() {
        return SettingsError(format!("the settings cannot be read: {}{source}", first.kind));
    }
    SettingsError(format!("the setting {path} is impossible: {}{source}", first.kind))
}

/// The settings of tests, with everything below `folder` and no regard to the environment.
#[cfg(test)]
pub(crate) fn for_tests(folder: &Path) -> Settings {
    let place = |name: &str| folder.join(name).display().to_string();
    let settings = Figment::new()
        .merge(Toml::string(DEFAULT))
        .merge(Toml::string(Environment::Test.defaults()))
        .merge(Serialized::default("database.url", format!("sqlite:{}", place("square.db"))))
        .merge(Serialized::default("data.folder", place("data")))
        .merge(Serialized::default("mail.folder", place("mail")))
        .merge(Serialized::default("auth.secret_key", "Xh3vQ8Lw2Rt6Yp9Zk4Nm7Bc1Df5Gj0Aa"))
        .merge(Serialized::default("passwords.salt", "Zx8Vb3Nm6Qw1Er4Ty7Ui0Op2As5Df8Gh"));
    settings.extract().expect("the settings of tests are sound")
}

#[cfg(test)]
mod tests {
    use super::super::SecretList;
    use super::*;
    use figment::Jail;

    #[expect(clippy::result_large_err, reason = "the jail's own signature")]
    fn loaded(prepare: impl FnOnce(&mut Jail)) -> Result<(Environment, Settings), SettingsError> {
        let mut result = None;
        Jail::expect_with(|jail| {
            jail.clear_env();
            prepare(jail);
            result = Some(load(Path::new("config")));
            Ok(())
        });
        result.expect("the jail ran")
    }

    fn refused(prepare: impl FnOnce(&mut Jail)) -> String {
        loaded(prepare).expect_err("must be refused").to_string()
    }

    #[test]
    fn nothing_configured_is_a_working_configuration() {
        let (environment, settings) = loaded(|_| {}).unwrap();
        assert_eq!(environment, Environment::Development);
        assert_eq!(settings.http.bind.to_string(), "127.0.0.1:8080");
        assert!(settings.auth.secret_key.get().is_none());
    }

    #[test]
    fn previous_secrets_are_a_list_or_a_text_with_commas() {
        let exposed =
            |list: &SecretList| list.get().iter().map(|one| one.expose().to_owned()).collect::<Vec<_>>();
        let (_, settings) = loaded(|_| {}).unwrap();
        assert!(settings.auth.secret_key_previous.get().is_empty());
        let (_, settings) = loaded(|jail| {
            jail.set_env("SECRET_KEY_PREVIOUS", " one, two=,,0042 ");
            jail.set_env("SECURITY_PASSWORD_SALT_PREVIOUS", "0042");
        })
        .unwrap();
        assert_eq!(exposed(&settings.auth.secret_key_previous), ["one", "two=", "0042"]);
        assert_eq!(exposed(&settings.passwords.salt_previous), ["0042"]);
        let (_, settings) = loaded(|jail| {
            jail.create_dir("config").unwrap();
            let file = "[auth]\nsecret_key_previous = ['a,b', '', 'c']";
            jail.create_file("config/default.toml", file).unwrap();
        })
        .unwrap();
        assert_eq!(exposed(&settings.auth.secret_key_previous), ["a,b", "c"]);
    }

    #[test]
    fn production_takes_no_previous_secret_that_is_an_examples() {
        let complaint = refused(|jail| {
            jail.set_env("APP_ENV", "production");
            jail.set_env("SECRET_KEY", "Xh3vQ8Lw2Rt6Yp9Zk4Nm7Bc1Df5Gj0Aa");
            jail.set_env("SECURITY_PASSWORD_SALT", "Zx8Vb3Nm6Qw1Er4Ty7Ui0Op2As5Df8Gh");
            jail.set_env("SECRET_KEY_PREVIOUS", "change-me-change-me-change-me-change-me");
        });
        assert!(complaint.contains("SECRET_KEY_PREVIOUS"), "{complaint}");
    }

    #[test]
    fn later_sources_win() {
        let (_, settings) = loaded(|jail| {
            jail.create_dir("config").unwrap();
            jail.create_file("config/default.toml", "[http]\nworkers = 3\nbase_path = '/v1'").unwrap();
            jail.create_file("config/development.toml", "[http]\nworkers = 4").unwrap();
            jail.create_file(".env", "SQUARE__HTTP__BASE_PATH=/v2\nSQUARE__DATABASE__URL=sqlite:other.db")
                .unwrap();
            jail.set_env("SQUARE__HTTP__BASE_PATH", "/v3");
            jail.set_env("ACCESS_TOKEN_EXPIRE", "60");
        })
        .unwrap();
        assert_eq!((settings.http.workers, settings.http.base_path.as_str()), (4, "/v3"));
        assert_eq!((settings.database.url.as_str(), settings.auth.access_token_s), ("sqlite:other.db", 60));
    }

    #[test]
    fn paths_and_origins_are_taken_as_people_write_them() {
        for path in ["", "/api", "/square/v1.0_a-b~"] {
            assert!(loaded(|jail| jail.set_env("SQUARE__HTTP__BASE_PATH", path)).is_ok(), "{path}");
        }
        let origins = r#"["*", "https://app.example:8443", "http://[::1]:3000", "chrome-extension://abc"]"#;
        let (_, settings) = loaded(|jail| jail.set_env("SQUARE__HTTP__CORS_ORIGINS", origins)).unwrap();
        assert_eq!(settings.http.cors_origins.len(), 4);
    }

    #[test]
    fn the_variables_of_mysql_name_a_database_together() {
        let url = |variables: &[(&str, &str)]| {
            let loaded = loaded(|jail| variables.iter().for_each(|(name, value)| jail.set_env(name, value)));
            loaded.map(|(_, settings)| settings.database.url).map_err(|error| error.to_string())
        };
        let all = [
            ("MYSQL_HOST", "db.example"),
            ("MYSQL_PORT", "3307"),
            ("MYSQL_USER", "square"),
            ("MYSQL_PASSWORD", "p@ss/word"),
            ("MYSQL_DATABASE", "answers"),
        ];
        assert_eq!(url(&all).unwrap(), "mysql://square:p%40ss%2Fword@db.example:3307/answers");
        assert_eq!(url(&all[..1]).unwrap(), "mysql://root@db.example:3306/square");
        assert_eq!(url(&all[1..]).unwrap(), "sqlite:data/square.db");
        assert_eq!(url(&[all[0], ("DATABASE_URL", "sqlite:other.db")]).unwrap(), "sqlite:other.db");
        assert_eq!(url(&[all[0], ("MYSQL_PORT", "many")]).unwrap_err(), "MYSQL_PORT must be a port number");
        assert!(url(&[("MYSQL_HOST", "not a host")]).unwrap_err().contains("MYSQL_HOST"));
    }

    #[test]
    fn a_secret_of_digits_is_a_secret() {
        let (_, settings) =
            loaded(|jail| jail.set_env("SECRET_KEY", "12345678901234567890123456789012")).unwrap();
        assert_eq!(settings.auth.secret_key.get().unwrap().expose(), "12345678901234567890123456789012");
    }

    #[test]
    fn well_known_names_set_the_receivers_of_changes() {
        let (_, settings) = loaded(|jail| {
            for (name, value) in [
                ("BROKER_PATH", "broker:5673"),
                ("RABBITMQ_USER", "square"),
                ("RABBITMQ_PASSWORD", "0042\n"),
                ("RABBITMQ_VHOST", "7"),
                ("MQ_EXCHANGE", "changes"),
                ("PUSHER_APP_ID", "1234567"),
                ("PUSHER_API_KEY", "key"),
                ("PUSHER_API_SECRET", "3.50"),
                ("PUSHER_CLUSTER", "eu"),
                ("ROLLBAR_ACCESS_TOKEN", "token"),
            ] {
                jail.set_env(name, value);
            }
        })
        .unwrap();
        let (broker, pusher) = (&settings.rabbitmq, &settings.pusher);
        assert_eq!(
            [&*broker.address, &broker.user, &broker.vhost, &broker.exchange, &pusher.app_id],
            ["broker:5673", "square", "7", "changes", "1234567"]
        );
        let secrets = [&broker.password, &pusher.secret, &settings.rollbar.token];
        assert_eq!(secrets.map(|secret| secret.get().unwrap().expose()), ["0042", "3.50", "token"]);
    }

    #[test]
    fn well_known_names_set_the_providers_of_identities() {
        let (_, settings) = loaded(|jail| {
            jail.set_env("GITHUB_CLIENT_ID", "Iv1.abc");
            jail.set_env("GITHUB_OAUTH_CLIENT_SECRET", "0042");
            jail.set_env("LINKEDIN_CLIENT_ID", "77abc");
            jail.set_env("LINKEDIN_OAUTH_CLIENT_SECRET", "WPL");
            jail.set_env("GOOGLE_CLIENT_ID", "1-a.apps.googleusercontent.com");
            jail.set_env("FACEBOOK_APP_ID", "1234567890123456");
            jail.set_env("FACEBOOK_APP_SECRET", "0123456789abcdef");
        })
        .unwrap();
        let social = settings.social;
        assert_eq!((&*social.github.client_id, &*social.linkedin.client_id), ("Iv1.abc", "77abc"));
        assert_eq!(social.github.client_secret.get().unwrap().expose(), "0042");
        assert_eq!(social.linkedin.client_secret.get().unwrap().expose(), "WPL");
        assert_eq!(social.google.client_id, "1-a.apps.googleusercontent.com");
        assert_eq!(social.facebook.app_id, "1234567890123456");
        assert_eq!(social.facebook.app_secret.get().unwrap().expose(), "0123456789abcdef");
    }

    #[test]
    fn providers_that_are_set_halfway_or_in_the_clear_are_refused() {
        for (name, setting) in [
            ("GITHUB_CLIENT_ID", "social.github.client_secret"),
            ("LINKEDIN_CLIENT_ID", "social.linkedin.client_secret"),
            ("FACEBOOK_APP_ID", "social.facebook.app_secret"),
        ] {
            let told = refused(|jail| jail.set_env(name, "1"));
            assert!(
                told.starts_with(&format!("the setting {setting} is impossible: it must be set")),
                "{told}"
            );
        }
        let told = refused(|jail| jail.set_env("SQUARE__SOCIAL__GOOGLE__KEYS_URL", "ftp://example.org"));
        assert!(told.starts_with("the setting social.google.keys_url is impossible"), "{told}");
        let in_the_clear = |environment: &'static str| {
            loaded(|jail| {
                jail.set_env("APP_ENV", environment);
                jail.set_env("SECRET_KEY", "k".repeat(32));
                jail.set_env("SECURITY_PASSWORD_SALT", "s".repeat(32));
                jail.set_env("SQUARE__HTTP__PUBLIC_URL", "https://square.example");
                jail.set_env("GOOGLE_CLIENT_ID", "id");
                jail.set_env("SQUARE__SOCIAL__GOOGLE__KEYS_URL", "http://keys.example.org");
            })
        };
        assert!(in_the_clear("development").is_ok());
        let told = in_the_clear("production").unwrap_err().to_string();
        assert!(
            told.starts_with("the setting social.google.keys_url is impossible: it must begin with https"),
            "{told}"
        );
    }

    #[test]
    fn receivers_that_are_set_halfway_are_refused() {
        for (variables, named) in [
            (&[("PUSHER_APP_ID", "1")][..], "pusher.key"),
            (&[("PUSHER_APP_ID", "1"), ("PUSHER_API_KEY", "k")], "pusher.secret"),
            (
                &[("PUSHER_APP_ID", "1"), ("PUSHER_API_KEY", "k"), ("PUSHER_API_SECRET", "s")],
                "pusher.cluster",
            ),
            (&[("PUSHER_API_SECRET", "s")], "pusher.app_id"),
        ] {
            let message =
                refused(|jail| variables.iter().for_each(|(name, value)| jail.set_env(name, value)));
            assert!(message.contains(named), "{message}");
        }
    }

    #[test]
    fn an_unknown_key_is_named() {
        let message = refused(|jail| jail.set_env("SQUARE__HTTP__BNID", "x"));
        assert!(message.contains("http.bnid is unknown"), "{message}");
        let message = refused(|jail| {
            jail.create_dir("config").unwrap();
            jail.create_file("config/default.toml", "[htpp]\nbind = 'x'").unwrap();
        });
        assert!(message.contains("htpp is unknown") && message.contains("default.toml"), "{message}");
    }

    #[test]
    fn an_impossible_value_is_named() {
        for (key, value, named) in [
            ("SQUARE__HTTP__BIND", "nowhere", "http.bind"),
            ("SQUARE__HTTP__WORKERS", "-1", "http.workers"),
            ("SQUARE__AUTH__ALGORITHM", "none", "auth.algorithm"),
            ("SQUARE__PASSWORDS__COST", "3", "passwords.cost"),
            ("SQUARE__HTTP__BASE_PATH", "api", "http.base_path"),
            ("SQUARE__SOCKETIO__PATH", "", "socketio.path"),
            ("SQUARE__SOCKETIO__MOST_SESSIONS", "0", "socketio.most_sessions"),
            ("SQUARE__SOCKETIO__MOST_SESSIONS_PER_ADDRESS", "0", "socketio.most_sessions_per_address"),
            ("SQUARE__OPENAI__PATH", "v1", "openai.path"),
            ("SQUARE__OPENAI__PATH", "/api", "openai.path"),
            ("SQUARE__HTTP__BASE_PATH", "/v1/square", "openai.path"),
            ("SQUARE__HTTP__BASE_PATH", "/api/", "http.base_path"),
            ("SQUARE__HTTP__BASE_PATH", "/a//b", "http.base_path"),
            ("SQUARE__HTTP__BASE_PATH", "/{id}", "http.base_path"),
            ("SQUARE__HTTP__CORS_ORIGINS", r#"[""]"#, "http.cors_origins"),
            ("SQUARE__HTTP__TRUSTED_PROXIES", r#"["10.0.0.1/8"]"#, "http.trusted_proxies"),
            ("SQUARE__HTTP__TRUSTED_PROXIES", r#"["nginx"]"#, "http.trusted_proxies"),
            ("SQUARE__ACCOUNTS__MFA_ISSUER", "Square: staging", "accounts.mfa_issuer"),
            ("SQUARE__HTTP__PROXY_HEADER", "x-real-ip", "http.proxy_header"),
            ("SQUARE__HTTP__CORS_ORIGINS", r#"["not a url"]"#, "http.cors_origins"),
            ("SQUARE__HTTP__CORS_ORIGINS", r#"["https://app.example/"]"#, "http.cors_origins"),
            ("SQUARE__HTTP__CORS_ORIGINS", r#"["https://App.example"]"#, "http.cors_origins"),
            ("SQUARE__MAIL__FROM", "", "mail.from"),
            ("SQUARE__AUTH__SESSION_MAX_DAYS", "29", "auth.session_max_days"),
            ("SQUARE__ACCOUNTS__LIMITS__SIGN_INS_PER_NAME", "-1", "accounts.limits.sign_ins_per_name"),
            (
                "SQUARE__QUESTIONS__LIMITS__ANONYMOUS__PER_MINUTE",
                "-1",
                "questions.limits.anonymous.per_minute",
            ),
            (
                "SQUARE__QUESTIONS__LIMITS__SIGNED_IN__MAX_SKILLS",
                "0",
                "questions.limits.signed_in.max_skills",
            ),
            (
                "SQUARE__QUESTIONS__LIMITS__ANONYMOUS__MAX_SKILLS",
                "51",
                "questions.limits.anonymous.max_skills",
            ),
            ("SQUARE__SKILLS__MAX_CALLS_PER_MINUTE", "many", "skills.max_calls_per_minute"),
            ("SQUARE__SKILLS__MAX_CALLS_PER_MINUTE_TO_HOST", "-1", "skills.max_calls_per_minute_to_host"),
            ("SQUARE__SKILLS__MAX_PER_OWNER", "-1", "skills.max_per_owner"),
            ("SQUARE__SKILLS__LIMITS__PROBES_PER_OWNER", "-1", "skills.limits.probes_per_owner"),
            ("ACCESS_TOKEN_EXPIRE", "0", "auth.access_token_s"),
            ("APP_ENV", "staging", "APP_ENV"),
        ] {
            let message = refused(|jail| jail.set_env(key, value));
            assert!(message.contains(named), "{key}={value}: {message}");
            assert!(!message.contains('\n'), "{message}");
        }
    }

    #[test]
    fn production_limits_who_asks_and_a_developer_does_not() {
        let (_, settings) = in_production(&[]).unwrap();
        let limits = &settings.questions.limits;
        assert!(limits.anonymous.per_minute > 0 && limits.anonymous.per_minute < limits.signed_in.per_minute);
        assert!(limits.anonymous.at_once > 0 && limits.anonymous.max_skills < limits.signed_in.max_skills);
        let skills = &settings.skills;
        assert!(skills.max_calls_per_minute > 0 && skills.limits.probes_per_host > 0);
        assert!(
            skills.max_calls_per_minute_to_host >= skills.max_calls_per_minute && skills.max_per_owner > 0
        );
        let no_burst = [("SQUARE__QUESTIONS__LIMITS__ANONYMOUS__BURST", "0")];
        let message = in_production(&no_burst).unwrap_err().to_string();
        assert!(message.contains("questions.limits.anonymous.burst"), "{message}");
        let (_, settings) = loaded(|_| {}).unwrap();
        assert_eq!(
            (settings.questions.limits.anonymous.per_minute, settings.skills.max_calls_per_minute),
            (0, 0)
        );
    }

    #[test]
    fn production_wants_secrets_of_its_own() {
        let message = refused(|jail| jail.set_env("APP_ENV", "production"));
        assert!(message.contains("SECRET_KEY"), "{message}");
        let example = "change-me-change-me-change-me-change-me";
        let message = refused(|jail| {
            jail.set_env("APP_ENV", "production");
            jail.set_env("SECRET_KEY", example);
        });
        assert!(message.contains("SECRET_KEY") && !message.contains(example), "{message}");
        assert!(in_production(&[]).is_ok(), "{:?}", in_production(&[]).err());
    }

    /// With what production cannot do without, and these.
    fn in_production(variables: &[(&str, &str)]) -> Result<(Environment, Settings), SettingsError> {
        loaded(|jail| {
            jail.set_env("APP_ENV", "production");
            jail.set_env("SECRET_KEY", "q8J0Jm4nV3tY2xW7kR5sL9pB6dF1hG0z");
            jail.set_env("SECURITY_PASSWORD_SALT", "Zx8Vb3Nm6Qw1Er4Ty7Ui0Op2As5Df8Gh");
            jail.set_env("SQUARE__HTTP__PUBLIC_URL", "https://square.example");
            for (name, value) in variables {
                jail.set_env(name, value);
            }
        })
    }

    /// Why they are refused there: one sentence that repeats none of the values.
    fn refused_in_production(variables: &[(&str, &str)]) -> String {
        let message = in_production(variables).expect_err("must be refused").to_string();
        assert!(message.starts_with("production needs ") && !message.contains('\n'), "{message}");
        message
    }

    #[test]
    fn production_wants_to_know_its_address() {
        for wrong in ["", "http://square.example"] {
            let message = refused_in_production(&[("SQUARE__HTTP__PUBLIC_URL", wrong)]);
            assert!(message.contains("http.public_url"), "{wrong}: {message}");
        }
    }

    #[test]
    fn production_takes_no_secret_out_of_an_example() {
        let example = include_str!("../../../../.env.example");
        let lines = example.lines().filter_map(|line| line.trim_start_matches("# ").split_once('='));
        let example: std::collections::HashMap<_, _> = lines.collect();
        for (name, setting, beside) in [
            ("DATABASE_URL", "database.url", &[][..]),
            ("MYSQL_PASSWORD", "database.url", &[("MYSQL_HOST", "db.example")]),
            (
                "RABBITMQ_PASSWORD",
                "rabbitmq.password",
                &[("BROKER_PATH", "broker.example"), ("RABBITMQ_USER", "me")],
            ),
            (
                "PUSHER_API_SECRET",
                "pusher.secret",
                &[("PUSHER_APP_ID", "1"), ("PUSHER_API_KEY", "k"), ("PUSHER_CLUSTER", "eu")],
            ),
            ("GITHUB_OAUTH_CLIENT_SECRET", "social.github.client_secret", &[("GITHUB_CLIENT_ID", "1")]),
            ("LINKEDIN_OAUTH_CLIENT_SECRET", "social.linkedin.client_secret", &[("LINKEDIN_CLIENT_ID", "1")]),
            ("FACEBOOK_APP_SECRET", "social.facebook.app_secret", &[("FACEBOOK_APP_ID", "1")]),
            ("ROLLBAR_ACCESS_TOKEN", "rollbar.token", &[]),
        ] {
            let message = refused_in_production(&[beside, &[(name, example[name])]].concat());
            assert!(message.contains(setting), "{name}: {message}");
            if !name.starts_with("DATABASE") {
                let own = [beside, &[(name, "q8J0Jm4nV3tY2xW7")]].concat();
                assert!(in_production(&own).is_ok(), "{name}: {:?}", in_production(&own).err());
            }
        }
        // docker/docker-compose.yml has this one.
        refused_in_production(&[("DATABASE_URL", "postgres://square:square@postgres/square")]);
        let smtp =
            [("SQUARE__MAIL__SMTP__USERNAME", "square"), ("SQUARE__MAIL__SMTP__PASSWORD", "Change-Me")];
        assert!(refused_in_production(&smtp).contains("mail.smtp.password"));
        let search = [("SQUARE__SELECTORS__ELASTICSEARCH__API_KEY", "key")];
        assert!(refused_in_production(&search).contains("selectors.elasticsearch.api_key"));
        let embeddings = [
            ("SQUARE__SELECTORS__EMBEDDING__URL", "https://model.example/v1"),
            ("SQUARE__SELECTORS__EMBEDDING__MODEL", "small"),
            ("SQUARE__SELECTORS__EMBEDDING__KEY", "key"),
        ];
        assert!(refused_in_production(&embeddings).contains("selectors.embedding.key"));
        for url in ["sqlite:data/password", "postgres://db.example/square", "mysql://me:q8J0Jm4nV3tY@db/x"] {
            assert!(in_production(&[("DATABASE_URL", url)]).is_ok(), "{url}");
        }
    }

    #[test]
    fn rabbitmqs_guest_is_taken_on_this_machine_only() {
        for away in ["broker", "broker:5672", "amqps://broker.example", "10.0.0.5", "[2001:db8::1]:5672"] {
            let message = refused_in_production(&[("BROKER_PATH", away)]);
            assert!(message.contains("guest"), "{away}: {message}");
        }
        for here in ["localhost", "127.0.0.1:5672", "amqp://127.0.0.1", "[::1]:5672", ""] {
            assert!(in_production(&[("BROKER_PATH", here)]).is_ok(), "{here}");
        }
        let own =
            [("BROKER_PATH", "broker"), ("RABBITMQ_USER", "square"), ("RABBITMQ_PASSWORD", "q8J0Jm4nV3tY")];
        assert!(in_production(&own).is_ok());
    }
}
