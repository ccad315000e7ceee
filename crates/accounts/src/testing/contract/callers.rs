//! Rules of all storing ports on changes that somebody asks for who is signed in no more, or not as they were.

use super::samples::email;
use super::{Samples, Stores};
use crate::account::Standing;
use crate::mfa::OtpSecret;
use crate::names::PersonName;
use crate::password::PasswordHash;
use crate::ports::identity::{ExternalIdentity, Grant, ShownText, Subject};
use crate::ports::{
    Caller, Consequences, Keep, LinkedBy, LoginMethodId, MfaAttemptId, MfaSwitch, NewLoginMethod,
    NewOtpMethod, NewSecret, OtpMethodId, OtpProof, Overtaken, Purpose, Rights, WaysIn,
};
use crate::social::Provider;
use square_kernel::{Secret, UserId};

/// Makes a test of every rule on callers; see [`crate::testing::contract`].
#[macro_export]
macro_rules! callers_contract {
    ($make:expr) => {
        $crate::contract_tests!(
            callers,
            $make,
            [
                whose_session_has_ended_changes_nothing,
                whose_rights_have_changed_changes_nothing,
                who_is_suspended_changes_nothing,
                nobody_changes_anything_in_a_session_of_somebody_else,
                who_is_signed_in_as_before_is_not_in_the_way,
            ]
        );
    };
}

/// Somebody with a password, a provider, and an app that is not switched on; and somebody else.
struct Scene<'a> {
    samples: Samples,
    stores: &'a Stores,
    user: UserId,
    other: UserId,
    github: NewLoginMethod,
    app: OtpMethodId,
}

impl<'a> Scene<'a> {
    async fn new(stores: &'a Stores) -> Self {
        let samples = Samples::default();
        let user = samples.registered(stores, "somebody").await.id;
        let other = samples.registered(stores, "other").await.id;
        let github = method(&samples, Provider::Github);
        let scene = Self { app: samples.user_id().uuid().into(), samples, stores, user, other, github };
        let by = scene.samples.caller(stores, user).await;
        let linked =
            stores.login_methods.link(user, &scene.github, LinkedBy::Owner(by), Consequences::none());
        assert!(linked.await.expect("asked").is_ok());
        let begun = stores.mfa.begin_otp(&scene.otp(scene.app), by, Consequences::none()).await;
        assert_eq!(begun.expect("asked"), Ok(true));
        assert_eq!(scene.verified(by, 1).await, Ok(true));
        scene
    }

    fn otp(&self, id: OtpMethodId) -> NewOtpMethod {
        let secret = OtpSecret::new(self.samples.randomness());
        NewOtpMethod { id, user: self.user, secret, at: self.samples.now() }
    }

    fn proof(&self, step: u64) -> OtpProof {
        let attempt = MfaAttemptId::new(self.samples.clock(), self.samples.randomness());
        OtpProof { user: self.user, method: self.app, step, attempt, at: self.samples.at(1) }
    }

    async fn verified(&self, by: Caller, step: u64) -> Result<bool, Overtaken> {
        let verified = self.stores.mfa.verify_otp(&self.proof(step), by, &[], Consequences::none()).await;
        verified.expect("asked")
    }

    /// Asks for every change there is on behalf of `by`; gives how many were refused, of how many.
    async fn refused(&self, by: Caller) -> (usize, usize) {
        let (stores, at, none) = (self.stores, self.samples.at(1), Consequences::none());
        let (old, new) = (PasswordHash::new("hash of somebody"), PasswordHash::new("new"));
        let password = stores.credentials.change_password(self.user, Some(by), &old, &new, at, none).await;
        let secret = NewSecret {
            digest: self.samples.digest(),
            purpose: Purpose::ChangeEmail,
            user: Some(self.user),
            payload: Some(Secret::new("new@example.org")),
            attempts: 1,
            created_at: self.samples.now(),
            expires_at: self.samples.at(60),
        };
        let address = stores.credentials.ask_for_address(&secret, by, none).await;
        let begun = stores.mfa.begin_otp(&self.otp(self.samples.user_id().uuid().into()), by, none).await;
        let codes = stores.mfa.replace_recovery_codes(by, &[], at, none).await;
        let switch = MfaSwitch { user: self.user, by: Some(by), required_roles: Vec::new(), at };
        let on = stores.mfa.enable_mfa(&self.proof(2), &switch, none).await;
        let off = stores.mfa.disable_mfa(&switch, none).await;
        let google = method(&self.samples, Provider::Google);
        let linked = stores.login_methods.link(self.user, &google, LinkedBy::Owner(by), none).await;
        let unlinked = stores.login_methods.unlink(by, self.github.id, at, none).await;
        let seen = stores.accounts.by_id(self.other).await.expect("read").expect("there");
        let wanted = Rights { standing: Standing::Suspended, roles: vec!["admin".to_owned()] };
        let rights =
            stores.administration.change_rights(&seen, &wanted, Keep::Nobody, Some(by), at, none).await;
        let (first, last) = (name("Late"), name(""));
        let renamed = stores.credentials.rename(by, &first, &last, at, none).await;
        let verified = self.verified(by, 3).await;
        let deleted = stores.credentials.delete_account(self.user, Some(by), at, none).await;
        let outcomes = [
            password.expect("asked").is_err(),
            address.expect("asked").is_err(),
            begun.expect("asked").is_err(),
            codes.expect("asked").is_err(),
            on.expect("asked").is_err(),
            off.expect("asked").is_err(),
            linked.expect("asked").is_err(),
            unlinked.expect("asked").is_err(),
            rights.expect("asked").is_err(),
            renamed.expect("asked").is_err(),
            verified.is_err(),
            deleted.expect("asked").is_err(),
        ];
        (outcomes.iter().filter(|refused| **refused).count(), outcomes.len())
    }

    /// That nothing of it happened.
    async fn assert_untouched_by(&self, by: Caller) {
        let before = self.ways_in().await;
        let (refused, all) = self.refused(by).await;
        assert_eq!(refused, all);
        let (account, hash) =
            self.stores.credentials.own_credentials(self.user).await.expect("read").expect("there");
        assert_ne!(account.first_name, name("Late"));
        assert_eq!((account.email, hash), (Some(email("somebody")), PasswordHash::new("hash of somebody")));
        assert_eq!((account.mfa_enabled_at, account.credentials), (None, 0));
        assert_eq!(self.ways_in().await, before);
        let app = self.stores.mfa.otp_method(self.user).await.expect("read").expect("there");
        assert_eq!(app.id, self.app);
        let asked =
            self.stores.secrets.newest_secret(self.user, Purpose::ChangeEmail, self.samples.at(1)).await;
        assert!(asked.expect("read").is_none());
        let other = self.stores.accounts.by_id(self.other).await.expect("read").expect("there");
        assert_eq!((other.standing, other.rights), (Standing::Active, 0));
    }

    async fn ways_in(&self) -> WaysIn {
        self.stores.login_methods.ways_in(self.user).await.expect("read").expect("there")
    }
}

fn name(text: &str) -> PersonName {
    PersonName::parse("first_name", text).expect("a good name")
}

fn method(samples: &Samples, provider: Provider) -> NewLoginMethod {
    let identity = ExternalIdentity {
        subject: Subject::parse("1").expect("a good subject"),
        email: None,
        name: ShownText::default(),
        first_name: ShownText::default(),
        last_name: ShownText::default(),
        user_name: ShownText::default(),
        grant: Grant::default(),
    };
    NewLoginMethod {
        id: LoginMethodId::from(samples.user_id().uuid()),
        provider,
        identity,
        at: samples.now(),
    }
}

/// However good their token looked when the request came in.
pub async fn whose_session_has_ended_changes_nothing(stores: &Stores) {
    let scene = Scene::new(stores).await;
    let by = scene.samples.caller(stores, scene.user).await;
    scene.samples.leave(stores, by).await;
    scene.assert_untouched_by(by).await;
    let never = Caller { session: scene.samples.session_id(), ..by };
    scene.assert_untouched_by(never).await;
}

/// Nor whoever has fewer than they had.
pub async fn whose_rights_have_changed_changes_nothing(stores: &Stores) {
    let scene = Scene::new(stores).await;
    let by = scene.samples.caller(stores, scene.user).await;
    let granted = stores.accounts.grant_role(scene.user, "admin", scene.samples.now(), Consequences::none());
    assert!(granted.await.expect("given"));
    scene.assert_untouched_by(by).await;
}

/// Their sessions have ended with it.
pub async fn who_is_suspended_changes_nothing(stores: &Stores) {
    let scene = Scene::new(stores).await;
    let by = scene.samples.caller(stores, scene.user).await;
    let at = scene.samples.now();
    stores.accounts.set_suspended(scene.user, true, at, Consequences::none()).await.expect("suspended");
    scene.assert_untouched_by(by).await;
}

/// Whatever account they say it is of.
pub async fn nobody_changes_anything_in_a_session_of_somebody_else(stores: &Stores) {
    let scene = Scene::new(stores).await;
    let theirs = scene.samples.caller(stores, scene.other).await;
    scene.assert_untouched_by(Caller { user: scene.user, ..theirs }).await;
}

/// What it comes to then is said by other rules.
pub async fn who_is_signed_in_as_before_is_not_in_the_way(stores: &Stores) {
    let scene = Scene::new(stores).await;
    let by = scene.samples.caller(stores, scene.user).await;
    assert_eq!(scene.refused(by).await.0, 0);
}
