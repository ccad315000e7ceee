use serde::Deserialize;
use square_casting::{ActorFields, ActorName, ActorPatch, Age, Gender};
use square_kernel::{FieldError, Invalid};
use utoipa::ToSchema;

/// What is said of an actor.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"name": "Al Pacino", "age": 85, "gender": "male"}))]
pub(super) struct ActorBody {
    /// Their name, 1 to 80 characters.
    name: Option<String>,
    /// Their age in years, 0 to 150.
    #[schema(minimum = 0, maximum = 150)]
    age: Option<i64>,
    /// Their gender in words of your own, 1 to 30 characters.
    gender: Option<String>,
}

impl ActorBody {
    pub(super) fn fields(self) -> Result<ActorFields, Invalid> {
        let mut invalid = Invalid::default();
        let name = invalid.collect(ActorName::parse(&self.name.unwrap_or_default()));
        let age = invalid.collect(
            self.age.ok_or_else(|| FieldError::new("age", "must not be empty")).and_then(Age::parse),
        );
        let gender = invalid.collect(Gender::parse(&self.gender.unwrap_or_default()));
        match (name, age, gender) {
            (Some(name), Some(age), Some(gender)) => Ok(ActorFields { name, age, gender }),
            _ => Err(invalid),
        }
    }
}

/// What is to change about an actor; what is left out or `null` stays.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"age": 86}))]
pub(super) struct ActorPatchBody {
    /// Their name, 1 to 80 characters.
    name: Option<String>,
    /// Their age in years, 0 to 150.
    #[schema(minimum = 0, maximum = 150)]
    age: Option<i64>,
    /// Their gender in words of your own, 1 to 30 characters.
    gender: Option<String>,
}

impl ActorPatchBody {
    pub(super) fn patch(self) -> Result<ActorPatch, Invalid> {
        let mut invalid = Invalid::default();
        let name = invalid.collect(self.name.as_deref().map(ActorName::parse).transpose());
        let age = invalid.collect(self.age.map(Age::parse).transpose());
        let gender = invalid.collect(self.gender.as_deref().map(Gender::parse).transpose());
        match (name, age, gender) {
            (Some(name), Some(age), Some(gender)) => Ok(ActorPatch { name, age, gender }),
            _ => Err(invalid),
        }
    }
}
