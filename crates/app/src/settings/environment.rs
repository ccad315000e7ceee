use std::str::FromStr;

/// Where Square runs, as `APP_ENV` says; `development` unless told otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Environment {
    Development,
    Test,
    Production,
}

impl Environment {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Test => "test",
            Self::Production => "production",
        }
    }

    /// What stands in its file when the binary is built.
    pub(super) const fn defaults(self) -> &'static str {
        match self {
            Self::Development => include_str!("../../../../config/development.toml"),
            Self::Test => include_str!("../../../../config/test.toml"),
            Self::Production => include_str!("../../../../config/production.toml"),
        }
    }
}

impl FromStr for Environment {
    type Err = SettingsError;

    fn from_str(name: &str) -> Result<Self, SettingsError> {
        [Self::Development, Self::Test, Self::Production]
            .into_iter()
            .find(|environment| environment.name() == name)
            .ok_or_else(|| {
                SettingsError(format!("APP_ENV must be development, test or production, not {name:?}"))
            })
    }
}

/// Why the settings cannot be used: one sentence that names the setting.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct SettingsError(pub(crate) String);
