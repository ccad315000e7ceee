use super::Stores;
use crate::account::{Account, LoginMethod};
use crate::audit::AuditId;
use crate::letter::{Letter, LetterId, Occasion};
use crate::mfa::OtpSecret;
use crate::names::{EmailAddress, PersonName, Username};
use crate::password::PasswordHash;
use crate::ports::identity::{ExternalIdentity, Grant, ShownText, Subject};
use crate::ports::{
    Caller, Consequences, NewAccount, NewConfirmation, NewLetter, Registration, SessionRecord,
};
use crate::ports::{LetterRequest, LetterRequestId, RequestedLetter};
use crate::ports::{
    LinkedBy, Linking, LoginMethodId, MfaAttemptId, MfaSwitch, NewLoginMethod, NewOtpMethod, NewSecret,
    OtpMethodId, OtpProof, Purpose,
};
use crate::session_tokens::Device;
use crate::social::Provider;
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

    /// Whoever calls in a new session of `user`, who may do what they may now.
    pub(super) async fn caller(&self, stores: &Stores, user: UserId) -> Caller {
        let account = stores.accounts.by_id(user).await.expect("read").expect("there");
        let session = SessionRecord { second_factor: true, ..self.session(user) };
        let opened = stores.sessions.open(&session, account.credentials, Consequences::none()).await;
        assert!(opened.expect("asked"));
        Caller { user, session: session.id, rights: account.rights }
    }

    /// Has them sign out, longer ago than anything else happens.
    pub(super) async fn leave(&self, stores: &Stores, by: Caller) {
        stores.sessions.end(by.session, self.at(-3600), Consequences::none()).await.expect("asked");
    }

    /// A link that resets the password of `user`, good for a minute.
    pub(super) async fn reset_link(&self, stores: &Stores, user: UserId) -> TokenDigest {
        let secret = NewSecret {
            digest: self.digest(),
            purpose: Purpose::ResetPassword,
            user: Some(user),
            payload: None,
            attempts: 1,
            created_at: self.now(),
            expires_at: self.at(60),
        };
        assert!(stores.secrets.issue(&secret, 99, Consequences::none()).await.expect("asked"));
        secret.digest
    }

    /// An app of `user` that is verified and switched on.
    pub(super) async fn switch_second_factor_on(&self, stores: &Stores, user: UserId) {
        let id = OtpMethodId::new(&self.clock, &self.randomness);
        let secret = OtpSecret::new(&self.randomness);
        let method = NewOtpMethod { id, user, secret, at: self.now() };
        let attempt = MfaAttemptId::new(&self.clock, &self.randomness);
        let proof = |step| OtpProof { user, method: id, step, attempt, at: self.now() };
        let (by, none) = (self.caller(stores, user).await, Consequences::none());
        assert_eq!(stores.mfa.begin_otp(&method, by, none).await.expect("asked"), Ok(true));
        assert_eq!(stores.mfa.verify_otp(&proof(1), by, &[], none).await.expect("asked"), Ok(true));
        let switch = MfaSwitch { user, by: None, required_roles: Vec::new(), at: self.at(-3600) };
        let switched = stores.mfa.enable_mfa(&proof(2), &switch, none).await.expect("asked");
        assert!(matches!(switched, Ok(Some(_))), "{switched:?}");
    }

    /// A way to sign in to the account of `user`, which nobody else has.
    pub(super) async fn linked(&self, stores: &Stores, user: UserId) -> LoginMethodId {
        let identity = ExternalIdentity {
            subject: Subject::parse(&user.to_string()).expect("a good subject"),
            email: None,
            name: ShownText::default(),
            first_name: ShownText::default(),
            last_name: ShownText::default(),
            user_name: ShownText::default(),
            grant: Grant::default(),
        };
        let id = LoginMethodId::new(&self.clock, &self.randomness);
        let method = NewLoginMethod { id, provider: Provider::Github, identity, at: self.now() };
        let by = self.caller(stores, user).await;
        let linking =
            stores.login_methods.link(user, &method, LinkedBy::Owner(by), Consequences::none()).await;
        assert!(matches!(linking.expect("asked"), Ok(Linking::Linked { .. })));
        self.leave(stores, by).await;
        id
    }

    /// Opens a session of a new account.
    pub(super) async fn opened(&self, stores: &Stores) -> SessionRecord {
        let session = self.session(self.registered(stores, "sleeper").await.id);
        assert!(stores.sessions.open(&session, 0, Consequences::none()).await.expect("opened"));
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
