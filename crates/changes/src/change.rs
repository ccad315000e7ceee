use jiff::Timestamp;
use square_kernel::{Asker, UserId};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

square_kernel::id!(
    /// What a receiver tells a repeat by: the same for every delivery of one change, and never used again.
    ChangeId
);

/// A word that names no channel or action.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not known")]
pub struct UnknownWord(pub String);

/// Declares an enum whose variants have names in JSON and in the database.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Its name in messages and in the database.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                let found = Self::ALL.iter().copied().find(|known| known.as_str() == word);
                found.ok_or_else(|| UnknownWord(word.to_owned()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words!(
    /// What kind of thing changed.
    Channel {
        /// An account.
        Person = "person",
        /// A way to sign in to an account.
        LoginMethod = "login_method",
        /// A second factor.
        OtpMethod = "otp_method",
        /// A recovery code.
        RecoveryCode = "recovery_code",
        /// An event of the events service.
        Event = "event",
        /// A skill.
        Skill = "skill",
        /// A company.
        Company = "company",
        /// A film.
        Movie = "movie",
        /// An actor.
        Actor = "actor",
        /// A role, whichever; the entity is nil. Told among instances only.
        Role = "role",
        /// A signed-in session. Told among instances only.
        Session = "session",
        /// A training of a skill; the entity is the skill. Told among instances only.
        Training = "training",
        /// A question that its asker gave up. Told among instances only.
        Question = "question",
        /// Signing keys; the entity is nil. Told among instances only.
        SigningKey = "signing_key",
    }
);

impl Channel {
    /// Whether changes on it leave the installation. The others keep instances in step with one another.
    pub const fn is_public(self) -> bool {
        !matches!(self, Self::Role | Self::Session | Self::Training | Self::Question | Self::SigningKey)
    }
}

words!(
    /// What happened to it.
    Action {
        /// It is new.
        Create = "create",
        /// It is another than before.
        Update = "update",
        /// It is gone.
        Delete = "delete",
    }
);

/// Who may be told of a change, beside the operator's own receivers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Audience {
    /// Everybody.
    pub everybody: bool,
    /// The person whose thing it is.
    pub owner: Option<UserId>,
    /// Whoever holds this permission (`verb:thing`).
    pub permission: Option<String>,
}

/// Something that changed. It says what, not how: who wants to know reads it, with their own rights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its place in the one order of all changes, from 1.
    pub number: u64,
    /// What a receiver tells a repeat by.
    pub id: ChangeId,
    /// What kind of thing changed.
    pub channel: Channel,
    /// What happened to it.
    pub action: Action,
    /// Which one.
    pub entity: Uuid,
    /// Who may be told.
    pub audience: Audience,
    /// When.
    pub at: Timestamp,
}

impl Change {
    /// Whether `asker` may be told of it.
    pub fn visible_to(&self, asker: &Asker) -> bool {
        let audience = &self.audience;
        self.channel.is_public()
            && (audience.everybody
                || audience.owner.is_some_and(|owner| asker.is(owner))
                || audience.permission.as_deref().is_some_and(|permission| asker.may(permission)))
    }
}

#[cfg(test)]
mod tests {
    use super::{Action, Audience, Change, Channel, UnknownWord};
    use crate::testing::{Draft, MemoryChanges};
    use square_kernel::{Asker, Identity, Permissions, SessionId, UserId};
    use uuid::Uuid;

    fn user(number: u128) -> UserId {
        Uuid::from_u128(number).into()
    }

    fn asker(user: UserId, permissions: &[&str]) -> Asker {
        let session = SessionId::from(Uuid::from_u128(9));
        let (username, roles) = ("somebody".into(), [].into());
        let identity = Identity { user, session, username, roles, rights: 0 };
        Asker::signed_in(identity, permissions.iter().copied().collect())
    }

    fn change(channel: Channel, audience: Audience) -> Change {
        let draft = Draft::of(channel, Action::Create, Uuid::from_u128(1));
        MemoryChanges::default().record(Draft { audience, ..draft })
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for channel in Channel::ALL {
            assert_eq!(channel.to_string().parse(), Ok(*channel));
        }
        for action in Action::ALL {
            assert_eq!(action.to_string().parse(), Ok(*action));
        }
        for wrong in ["", "Person", "persons", "create"] {
            assert_eq!(wrong.parse::<Channel>(), Err(UnknownWord(wrong.to_owned())));
        }
    }

    #[test]
    fn the_channels_that_leave_the_installation_are_these() {
        let public =
            Channel::ALL.iter().filter(|channel| channel.is_public()).map(|channel| channel.as_str());
        let expected = [
            "person",
            "login_method",
            "otp_method",
            "recovery_code",
            "event",
            "skill",
            "company",
            "movie",
            "actor",
        ];
        assert!(public.eq(expected));
    }

    #[test]
    fn a_change_is_told_to_its_audience_only() {
        let (owner, other) = (asker(user(1), &[]), asker(user(2), &[]));
        let holder = asker(user(3), &["get:users"]);
        let nobody = Asker::anonymous(Permissions::default());
        let told = |audience: Audience| {
            let change = change(Channel::Person, audience);
            [&owner, &other, &holder, &nobody].map(|asker| change.visible_to(asker))
        };
        assert_eq!(told(Audience::default()), [false; 4]);
        assert_eq!(told(Audience { everybody: true, ..Audience::default() }), [true; 4]);
        let of_owner = Audience { owner: Some(user(1)), ..Audience::default() };
        assert_eq!(told(of_owner.clone()), [true, false, false, false]);
        let permission = Some("get:users".to_owned());
        assert_eq!(told(Audience { permission, ..of_owner }), [true, false, true, false]);
    }

    #[test]
    fn what_instances_tell_one_another_is_told_to_nobody() {
        let audience =
            Audience { everybody: true, owner: Some(user(1)), permission: Some("get:users".to_owned()) };
        let change = change(Channel::Session, audience);
        assert!(!change.visible_to(&asker(user(1), &["get:users"])));
    }
}
