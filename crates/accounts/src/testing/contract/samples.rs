use super::Stores;
use crate::account::{Account, LoginMethod};
use crate::audit::AuditId;
use crate::letter::{Letter, LetterId, Occasion};
use crate::names::{EmailAddress, PersonName, Username};
use crate::password::PasswordHash;
use crate::ports::{Consequences, NewAccount, NewConfirmation, NewLetter, Registration, SessionRecord};
use crate::ports::{LetterRequest, LetterRequestId, RequestedLetter};
use crate::session_tokens::Device;
use crate::tokens::{MailToken, TokenDigest};
use jiff::{SignedDuration, Timestamp};
use square_kernel::testing::{ManualClock, SeededRandomness};
use square_kernel::{Clock, SessionId, UserId};

/// Makes what the rules store: all of it different, all of it now.
#[derive(Default)]
pub(super) struct Samples {
    clock: ManualClock,
    randomness: SeededRandomness,
}

impl Samples {
    pub(super) fn clock(&self) -> &ManualClock {
        &self.clock
    }

    pub(super) fn randomness(&self) -> &SeededRandomness {
        &self.randomness
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// `seconds` from now.
    pub(super) fn at(&self, seconds: i64) -> Timestamp {
        self.now() + SignedDuration::from_secs(seconds)
    }

    pub(super) fn user_id(&self) -> UserId {
        UserId::new(&self.clock, &self.randomness)
    }

    pub(super) fn audit_id(&self) -> AuditId {
        AuditId::new(&self.clock, &self.randomness)
    }

    pub(super) fn session_id(&self) -> SessionId {
        SessionId::new(&self.clock, &self.randomness)
    }

    /// `name` with the address `name@example.org`, not confirmed.
    pub(super) fn account(&self, name: &str) -> NewAccount {
        NewAccount {
            id: self.user_id(),
            username: Username::parse(name).expect("a good name"),
            email: Some(email(name)),
            first_name: PersonName::parse("first_name", "Zoë").expect("a good name"),
            last_name: PersonName::parse("last_name", "O'Neil").expect("a good name"),
            password: PasswordHash::new(format!("hash of {name}")),
            confirmed_at: None,
            login_method: LoginMethod::Signup,
            roles: vec!["user".to_owned()],
            created_at: self.now() + SignedDuration::from_micros(123_456),
        }
    }

    /// A secret good for a minute.
    pub(super) fn confirmation(&self) -> NewConfirmation {
        NewConfirmation { digest: self.digest(), expires_at: self.at(60) }
    }

    pub(super) fn digest(&self) -> TokenDigest {
        MailToken::new(&self.randomness).digest()
    }

    /// A letter caused `seconds` from now.
    pub(super) fn letter(&self, seconds: i64) -> NewLetter {
        let token = MailToken::new(&self.randomness);
        NewLetter {
            id: LetterId::new(&self.clock, &self.randomness),
            letter: Letter {
                to: email("reader"),
                username: Username::parse("reader").expect("a good name"),
                occasion: Occasion::ConfirmAddress { user: self.user_id(), token },
            },
            at: self.at(seconds),
        }
    }

    /// A session of `user`, good for a minute.
    pub(super) fn session(&self, user: UserId) -> SessionRecord {
        SessionRecord {
            id: self.session_id(),
            user,
            generation: 0,
            rotated_at: self.now(),
            created_at: self.now(),
            expires_at: self.at(60),
            ends_at: None,
            ended_at: None,
            second_factor: false,
            address: Some("192.0.2.7".to_owned()),
            agent: Some("Mozilla/5.0 (ü)".to_owned()),
        }
    }

    /// That somebody asks for a confirmation letter `seconds` from now.
    pub(super) fn letter_request(&self, seconds: i64) -> LetterRequest {
        let device = Device {
            address: Some("2001:db8::7".to_owned()),
            agent: Some("\"ü\"".to_owned()),
            ..Device::default()
        };
        LetterRequest {
            id: LetterRequestId::new(&self.clock, &self.randomness),
            letter: RequestedLetter::Confirmation,
            to: email("reader"),
            device,
            at: self.at(seconds),
        }
    }

    /// Registers `name`.
    pub(super) async fn registered(&self, stores: &Stores, name: &str) -> Account {
        created(
            stores
                .accounts
                .register(&self.account(name), None, Consequences::none())
                .await
                .expect("registered"),
        )
    }

    /// Opens a session of a new account.
    pub(super) async fn opened(&self, stores: &Stores) -> SessionRecord {
        let session = self.session(self.registered(stores, "sleeper").await.id);
        assert!(stores.sessions.open(&session, Consequences::none()).await.expect("opened"));
        session
    }
}

/// The address `name@example.org`.
pub(super) fn email(name: &str) -> EmailAddress {
    EmailAddress::parse(&format!("{name}@example.org")).expect("a good address")
}

/// The account that a registration made.
pub(super) fn created(registration: Registration) -> Account {
    let Registration::Created(account) = registration else { unreachable!("not made: {registration:?}") };
    *account
}
