use serde::{Deserialize, Deserializer};
use square_kernel::{Invalid, Secret};
use square_skills::{SkillDescription, SkillFields, SkillModel, SkillName, SkillPatch, SkillUrl};
use utoipa::ToSchema;

/// What an owner says of a skill.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({
    "name": "Weather", "url": "https://weather.example.org", "description": "Knows the weather.", "protocol": "square"
}))]
pub(crate) struct SkillBody {
    /// Its unique name, 1 to 50 characters.
    name: Option<String>,
    /// Where it is: an http or https URL of at most 200 characters. A `/` at the end is removed.
    url: Option<String>,
    /// What it can answer, at most 500 characters.
    description: Option<String>,
    /// How to talk to it: `square`, `square2`, `openai` or `a2a`. Left out, it is found out by calling the address; a
    /// skill that is not recognised, or not reached, is taken to speak `square`.
    protocol: Option<String>,
    /// The bearer token it wants to see. Kept encrypted and never shown.
    secret: Option<String>,
    /// With the protocol `openai`: the model to ask for, at most 200 characters; the first one offered where it is left
    /// out.
    model: Option<String>,
}

impl SkillBody {
    /// All fields of a skill, those that were left out with their defaults.
    pub(crate) fn fields(self) -> Result<SkillFields, Invalid> {
        let mut invalid = Invalid::default();
        let name = invalid.collect(SkillName::parse(&self.name.unwrap_or_default()));
        let url = invalid.collect(SkillUrl::parse(&self.url.unwrap_or_default()));
        let description = SkillDescription::parse(&self.description.unwrap_or_default());
        let description = invalid.collect(description);
        let protocol = invalid.collect(self.protocol.map(|protocol| protocol.parse()).transpose());
        let model = invalid.collect(self.model.as_deref().map(SkillModel::parse).transpose());
        match (name, url, description, protocol, model) {
            (Some(name), Some(url), Some(description), Some(protocol), Some(model)) => {
                let secret = self.secret.map(Secret::new);
                Ok(SkillFields { name, url, description, protocol, secret, model })
            }
            _ => Err(invalid),
        }
    }
}

/// What is to change about a skill.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"description": "Knows tomorrow's weather, too."}))]
pub(crate) struct SkillPatchBody {
    /// Its unique name, 1 to 50 characters.
    name: Option<String>,
    /// Where it is: an http or https URL of at most 200 characters. A `/` at the end is removed.
    url: Option<String>,
    /// What it can answer, at most 500 characters.
    description: Option<String>,
    /// How to talk to it: `square`, `square2`, `openai` or `a2a`.
    protocol: Option<String>,
    /// The bearer token it wants to see; `null` takes it away.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    secret: Change,
    /// With the protocol `openai`: the model to ask for; `null` has the first one asked that is offered.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    model: Change,
}

/// A text that is missing, `null` or there: three different things.
#[derive(Default)]
enum Change {
    #[default]
    Keep,
    Remove,
    Set(String),
}

impl Change {
    /// `None` to keep what is there, `Some(None)` to remove it.
    #[expect(clippy::option_option, reason = "a patch says so of all its fields")]
    fn parsed<T, E>(self, parse: impl FnOnce(String) -> Result<T, E>) -> Result<Option<Option<T>>, E> {
        match self {
            Self::Keep => Ok(None),
            Self::Remove => Ok(Some(None)),
            Self::Set(text) => parse(text).map(|parsed| Some(Some(parsed))),
        }
    }
}

impl<'de> Deserialize<'de> for Change {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        Ok(text.map_or(Self::Remove, Self::Set))
    }
}

impl SkillPatchBody {
    /// The changes; a field that is missing or `null` stays, except that `null` takes a secret or a model away.
    pub(crate) fn patch(self) -> Result<SkillPatch, Invalid> {
        let mut invalid = Invalid::default();
        let name = invalid.collect(self.name.as_deref().map(SkillName::parse).transpose());
        let url = invalid.collect(self.url.as_deref().map(SkillUrl::parse).transpose());
        let description = self.description.as_deref().map(SkillDescription::parse).transpose();
        let description = invalid.collect(description);
        let protocol = invalid.collect(self.protocol.map(|protocol| protocol.parse()).transpose());
        let secret = invalid.collect(self.secret.parsed(|text| Ok(Secret::new(text))));
        let model = invalid.collect(self.model.parsed(|text| SkillModel::parse(&text)));
        match (name, url, description, protocol, secret, model) {
            (Some(name), Some(url), Some(description), Some(protocol), Some(secret), Some(model)) => {
                Ok(SkillPatch { name, url, description, protocol, secret, model })
            }
            _ => Err(invalid),
        }
    }
}
