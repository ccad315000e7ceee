use jiff::Timestamp;
use square_kernel::{FieldError, Sealed, SkillId, UserId};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use url::Url;

/// An answering service as its owner registered it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredSkill {
    /// Its identifier, made at registration.
    pub id: SkillId,
    /// Who registered it and alone may change it.
    pub owner: UserId,
    /// Its unique name.
    pub name: SkillName,
    /// What it can answer, for people.
    pub description: SkillDescription,
    /// Where it is and how to talk to it.
    pub address: SkillAddress,
    /// The bearer token it wants to see, sealed for [`RegisteredSkill::SECRET_PURPOSE`].
    pub secret: Option<Sealed>,
    /// The key with which calls to it are signed, sealed for [`RegisteredSkill::SIGNING_PURPOSE`]. Parts of this
    /// process have none.
    pub signing: Option<Sealed>,
    /// The model that it is asked for, where its protocol has models.
    pub model: Option<SkillModel>,
    /// Whether questions are routed to it.
    pub published: bool,
    /// The first few example questions it was published with, for people. Empty until published.
    pub samples: Arc<[String]>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When its owner last changed it, published or unpublished it.
    pub updated_at: Timestamp,
}

impl RegisteredSkill {
    /// What secrets of skills are sealed for.
    pub const SECRET_PURPOSE: &'static str = "skill-secret";
    /// What signing keys of skills are sealed for.
    pub const SIGNING_PURPOSE: &'static str = "skill-signing";
    /// How many example questions are kept as samples.
    pub const SAMPLES: usize = 5;

    /// Whether `asker` may know of it: everybody once it is published, before that its owner.
    pub fn visible_to(&self, asker: &square_kernel::Asker) -> bool {
        self.published || asker.is(self.owner)
    }
}

fn printable(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() && c != '\n' && c != '\t')
}

/// A skill's name: 1 to 50 characters without control characters or blanks at either end. Unique; names
/// that differ only in case are the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkillName(Arc<str>);

impl SkillName {
    /// Parses what a client sent as `name`.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let text = text.trim();
        match text.chars().count() {
            0 => Err(FieldError::new("name", "must not be empty")),
            1..=50 if text.chars().any(char::is_control) => {
                Err(FieldError::new("name", "must not contain control characters"))
            }
            1..=50 => Ok(Self(text.into())),
            _ => Err(FieldError::new("name", "must have at most 50 characters")),
        }
    }

    /// The name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form under which names are compared and kept unique.
    pub fn key(&self) -> String {
        Self::key_of(&self.0)
    }

    /// The comparison form of any text.
    pub fn key_of(text: &str) -> String {
        text.trim().to_lowercase()
    }
}

impl fmt::Display for SkillName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a skill can answer, for people: at most 500 characters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SkillDescription(Arc<str>);

impl SkillDescription {
    /// Parses what a client sent as `description`.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        if text.chars().count() > 500 {
            return Err(FieldError::new("description", "must have at most 500 characters"));
        }
        if !printable(text) {
            return Err(FieldError::new("description", "must not contain control characters"));
        }
        Ok(Self(text.into()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name of a model that a skill offers: 1 to 200 printable characters without blanks at either end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkillModel(Arc<str>);

impl SkillModel {
    /// Parses what a client sent as `model`.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let text = text.trim();
        if !(1..=200).contains(&text.chars().count()) || text.chars().any(char::is_control) {
            return Err(FieldError::new(
                "model",
                "must have 1 to 200 characters, no control characters among them",
            ));
        }
        Ok(Self(text.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The address of a remote skill: an absolute `http` or `https` URL of 1 to 200 characters with a host and
/// without credentials, query or fragment, kept without a trailing `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkillUrl(Arc<str>);

impl SkillUrl {
    /// Parses what a client sent as `url`.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let fault = |message: &'static str| Err(FieldError::new("url", message));
        let text = text.trim();
        match text.chars().count() {
            0 => return fault("must not be empty"),
            1..=200 => {}
            _ => return fault("must have at most 200 characters"),
        }
        let Ok(url) = Url::parse(text) else { return fault("must be an absolute http or https URL") };
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return fault("must be an absolute http or https URL");
        }
        if !is_plain(text) {
            return fault("must be an absolute http or https URL");
        }
        if authority(text).contains('@') {
            return fault("must not contain a user name or password");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return fault("must not have a query or a fragment");
        }
        Ok(Self(text.trim_end_matches('/').into()))
    }

    /// The URL without a trailing `/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a URL is written without what parsers mend in silence: lost and doubled slashes, backslashes,
/// blanks. What owners are shown must be what is called.
fn is_plain(url: &str) -> bool {
    let odd = |c: char| c.is_control() || c.is_whitespace() || c == '\\';
    !url.contains(odd) && !authority(url).is_empty()
}

/// What stands between `//` and the path, as it was written.
fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    rest.split('/').next().unwrap_or_default()
}

/// The name of a skill that is part of this process.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BuiltinName(Arc<str>);

impl BuiltinName {
    /// What stands before the name in a built-in skill's `url`.
    pub const PREFIX: &'static str = "builtin:";

    /// Names a built-in skill.
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The name, without the prefix.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How to talk to a remote skill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protocol {
    /// `POST {url}/query` with `{"question", "options": {"maxResults"}}`, answered by an array of results.
    #[default]
    Square,
    /// `POST {url}/query` with `{"query", "skill_args", "num_results"}`, answered by `{"predictions": […]}`.
    Square2,
    /// `POST {url}/chat/completions` as the API of `OpenAI` has it, streamed.
    OpenAi,
    /// `Agent2Agent` 1.0 or 0.3 over JSON-RPC, found through the agent's card.
    A2a,
}

impl Protocol {
    /// Its name in JSON and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Square => "square",
            Self::Square2 => "square2",
            Self::OpenAi => "openai",
            Self::A2a => "a2a",
        }
    }
}

impl FromStr for Protocol {
    type Err = FieldError;

    fn from_str(text: &str) -> Result<Self, FieldError> {
        match text {
            "square" => Ok(Self::Square),
            "square2" => Ok(Self::Square2),
            "openai" => Ok(Self::OpenAi),
            "a2a" => Ok(Self::A2a),
            _ => Err(FieldError::new("protocol", "must be one of square, square2, openai, a2a")),
        }
    }
}

/// Where a skill is and how to talk to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SkillAddress {
    /// A service behind a URL.
    Remote {
        /// Where.
        url: SkillUrl,
        /// How.
        protocol: Protocol,
    },
    /// A part of this process.
    Builtin(BuiltinName),
}

impl SkillAddress {
    /// The word for the protocol, as clients see it.
    pub fn protocol(&self) -> &'static str {
        match self {
            Self::Remote { protocol, .. } => protocol.as_str(),
            Self::Builtin(_) => "builtin",
        }
    }

    /// The URL as clients see it; a built-in skill has `builtin:name`.
    pub fn url(&self) -> String {
        match self {
            Self::Remote { url, .. } => url.as_str().to_owned(),
            Self::Builtin(name) => format!("{}{}", BuiltinName::PREFIX, name.as_str()),
        }
    }
}

/// What the last regular ping of a skill told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Health {
    /// Not pinged yet.
    #[default]
    Unknown,
    /// It answered.
    Up,
    /// It did not.
    Down,
}

impl Health {
    /// Its name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_1_to_50_characters_and_one_form_for_all_cases() {
        assert_eq!(SkillName::parse("  Films ").unwrap().as_str(), "Films");
        assert_eq!(SkillName::parse("ÜBER").unwrap().key(), SkillName::parse("über").unwrap().key());
        assert!(SkillName::parse(&"ü".repeat(50)).is_ok());
        for wrong in ["", "  ", "a\nb", &"a".repeat(51)] {
            assert_eq!(SkillName::parse(wrong).unwrap_err().field, "name", "{wrong:?}");
        }
    }

    #[test]
    fn urls_are_absolute_plain_and_without_a_trailing_slash() {
        assert_eq!(SkillUrl::parse(" http://a.example/b// ").unwrap().as_str(), "http://a.example/b");
        assert!(SkillUrl::parse("https://[2001:db8::1]:8443").is_ok());
        let long = format!("http://a.example/{}", "b".repeat(200));
        for wrong in [
            "",
            "a.example",
            "/b",
            "ftp://a.example",
            "builtin:casting",
            "http://",
            "http://u:p@a.example",
            "http://u@a.example",
            "http://a.example?b=c",
            "http://a.example#b",
            "http://a.exa\nmple",
            "http://a.example/b\tc",
            "http://a.example/b c",
            "http:\\\\a.example",
            "http://a.example\\b",
            "http:a.example",
            "http:/a.example",
            "http:///a.example",
            "http://@a.example",
            &long,
        ] {
            assert_eq!(SkillUrl::parse(wrong).unwrap_err().field, "url", "{wrong:?}");
        }
    }

    #[test]
    fn descriptions_have_up_to_500_characters() {
        assert!(SkillDescription::parse(&"ü".repeat(500)).is_ok());
        assert!(SkillDescription::parse("two\nlines").is_ok());
        assert!(SkillDescription::parse(&"a".repeat(501)).is_err());
        assert!(SkillDescription::parse("a\0b").is_err());
    }
}
