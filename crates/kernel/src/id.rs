use crate::{Clock, Randomness};
use uuid::Uuid;

/// Text that is no identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a UUID, hyphenated or as 32 hex digits")]
pub struct IdSyntax;

/// Makes a UUIDv7 (RFC 9562): milliseconds of `clock` first, so identifiers sort by time of creation,
/// then 74 random bits.
pub fn new_uuid(clock: &dyn Clock, randomness: &dyn Randomness) -> Uuid {
    let mut random = [0; 10];
    randomness.fill(&mut random);
    let millis = u64::try_from(clock.now().as_millisecond()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

/// Reads a UUID written hyphenated or as 32 hex digits; other spellings (braces, `urn:`) are refused.
pub fn parse_uuid(text: &str) -> Result<Uuid, IdSyntax> {
    match text.len() {
        32 | 36 => Uuid::try_parse(text).map_err(|_| IdSyntax),
        _ => Err(IdSyntax),
    }
}

/// Declares an identifier type around a UUIDv7.
#[macro_export]
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name($crate::uuid::Uuid);

        impl $name {
            /// A new identifier that sorts after those made earlier.
            pub fn new(clock: &dyn $crate::Clock, randomness: &dyn $crate::Randomness) -> Self {
                Self($crate::new_uuid(clock, randomness))
            }

            /// The UUID inside.
            pub const fn uuid(self) -> $crate::uuid::Uuid {
                self.0
            }
        }

        impl From<$crate::uuid::Uuid> for $name {
            fn from(uuid: $crate::uuid::Uuid) -> Self {
                Self(uuid)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::IdSyntax;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::parse_uuid(text).map(Self)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    };
}

id!(
    /// A person with an account.
    UserId
);
id!(
    /// A signed-in session of a person.
    SessionId
);
id!(
    /// A registered answering service.
    SkillId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_read_and_others_refused() {
        let text = "01932c07-1c2b-7d3e-8f4a-5b6c7d8e9fa0";
        let id: UserId = text.parse().unwrap();
        assert_eq!(id.to_string(), text);
        assert_eq!(text.replace('-', "").parse::<UserId>().unwrap(), id);
        for wrong in [
            "",
            "1",
            "{01932c07-1c2b-7d3e-8f4a-5b6c7d8e9fa0}",
            "urn:uuid:01932c07-1c2b-7d3e-8f4a-5b6c7d8e9fa0",
        ] {
            assert_eq!(wrong.parse::<UserId>(), Err(IdSyntax), "{wrong}");
        }
    }
}
