use serde::{Deserialize, Deserializer};
use square_kernel::{Invalid, Secret};
use square_skills::{Protocol, SkillDescription, SkillFields, SkillName, SkillPatch, SkillUrl};
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
    /// How to talk to it: `square` (default) or `square2`.
    protocol: Option<String>,
    /// The bearer token it wants to see. Kept encrypted and never shown.
    secret: Option<String>,
}

impl SkillBody {
    /// All fields of a skill, those that were left out with their defaults.
    pub(crate) fn fields(self) -> Result<SkillFields, Invalid> {
        let mut invalid = Invalid::default();
        let name = invalid.collect(SkillName::parse(&self.name.unwrap_or_default()));
        let url = invalid.collect(SkillUrl::parse(&self.url.unwrap_or_default()));
        let description = SkillDescription::parse(&self.description.unwrap_or_default());
        let description = invalid.collect(description);
        let protocol = self.protocol.map_or(Ok(Protocol::default()), |protocol| protocol.parse());
        let protocol = invalid.collect(protocol);
        match (name, url, description, protocol) {
            (Some(name), Some(url), Some(description), Some(protocol)) => {
                Ok(SkillFields { name, url, description, protocol, secret: self.secret.map(Secret::new) })
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
    /// How to talk to it: `square` or `square2`.
    protocol: Option<String>,
    /// The bearer token it wants to see; `null` takes it away.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    secret: SecretChange,
}

/// A field that is missing, `null` or there: three different things.
#[derive(Default)]
enum SecretChange {
    #[default]
    Keep,
    Remove,
    Set(Secret),
}

impl<'de> Deserialize<'de> for SecretChange {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let secret = Option::<String>::deserialize(from)?;
        Ok(secret.map_or(Self::Remove, |secret| Self::Set(Secret::new(secret))))
    }
}

impl SkillPatchBody {
    /// The changes; a field that is missing or `null` stays, except that `null` takes a secret away.
    pub(crate) fn patch(self) -> Result<SkillPatch, Invalid> {
        let mut invalid = Invalid::default();
        let name = invalid.collect(self.name.as_deref().map(SkillName::parse).transpose());
        let url = invalid.collect(self.url.as_deref().map(SkillUrl::parse).transpose());
        let description = self.description.as_deref().map(SkillDescription::parse).transpose();
        let description = invalid.collect(description);
        let protocol = invalid.collect(self.protocol.map(|protocol| protocol.parse()).transpose());
        match (name, url, description, protocol) {
            (Some(name), Some(url), Some(description), Some(protocol)) => {
                let secret = match self.secret {
                    SecretChange::Keep => None,
                    SecretChange::Remove => Some(None),
                    SecretChange::Set(secret) => Some(Some(secret)),
                };
                Ok(SkillPatch { name, url, description, protocol, secret })
            }
            _ => Err(invalid),
        }
    }
}
