use std::fmt;

/// Who vouches for people who come without a password of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Provider {
    /// GitHub, by an authorization code.
    Github,
    /// LinkedIn, by an authorization code.
    Linkedin,
    /// Google, by an ID token.
    Google,
    /// Facebook, by an access token.
    Facebook,
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Github, Self::Linkedin, Self::Google, Self::Facebook];

    /// Its name in addresses, in JSON and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::Linkedin => "linkedin",
            Self::Google => "google",
            Self::Facebook => "facebook",
        }
    }

    /// The provider of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.as_str() == name)
    }

    /// What people call it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Github => "GitHub",
            Self::Linkedin => "LinkedIn",
            Self::Google => "Google",
            Self::Facebook => "Facebook",
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
