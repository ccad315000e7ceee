//! The second factor from the first step to the last; the rules of single parts stand beside them.

use crate::audit::{Actor, AuditAction};
use crate::letter::Occasion;
use crate::mfa::{
    BeginOtpError, DisableMfaError, EnableMfaError, Entry, OtpCode, RecoveryCode, RecoveryCodesError,
    SecondFactorError, TooManyAttempts, VerifyOtpError,
};
use crate::owner::OwnerError;
use crate::password::PasswordHash;
use crate::ports::{AccountStore, LoginName, MfaStore};
use crate::session_tokens::{Device, SignedIn};
use crate::testing::{FastHasher, TestAccounts};
use crate::tokens::MailToken;
use jiff::SignedDuration;
use square_kernel::Secret;
use std::collections::BTreeSet;

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

/// Whose address is confirmed.
async fn with_ada() -> TestAccounts {
    let test = TestAccounts::default();
    let ada = test.register("ada").await;
    test.vouch_for(ada.id).await;
    test
}

impl TestAccounts {
    fn occasions(&self) -> Vec<&'static str> {
        self.store.letters().iter().map(|letter| letter.occasion.name()).collect()
    }

    fn noted(&self, action: AuditAction) -> usize {
        self.store.audit().iter().filter(|entry| entry.action == action).count()
    }

    fn is_over(&self, signed_in: &SignedIn) -> bool {
        self.accounts.authenticate(signed_in.tokens.access.expose()).is_err()
    }
}

#[tokio::test]
async fn it_counts_from_the_third_step_on() {
    let test = with_ada().await;
    let session = test.sign_in("ada").await;
    let (who, device) = (test.caller(&session), Device::default());
    let early = test.accounts.verify_otp(&who, &OtpCode::parse("123456").unwrap(), &device).await;
    assert!(matches!(early, Err(VerifyOtpError::NotBegun)));

    let secret = test.begin_otp(&who).await;
    let unverified = test.accounts.enable_mfa(&who, &test.code(&secret), &device).await;
    assert!(matches!(unverified, Err(EnableMfaError::NotVerified)));
    test.sign_in("ada").await;

    let codes = test.accounts.verify_otp(&who, &test.code(&secret), &device).await.unwrap();
    let different: BTreeSet<&str> = codes.iter().map(RecoveryCode::expose).collect();
    assert_eq!(different.len(), 5);
    assert_eq!(test.accounts.recovery_codes(&who).await.unwrap(), codes);
    test.sign_in("ada").await;

    let again = test.accounts.enable_mfa(&who, &test.code(&secret), &device).await;
    assert!(matches!(again, Err(EnableMfaError::WrongCode)), "each code is good once");
    test.next_code();
    let verified = test.accounts.verify_otp(&who, &test.code(&secret), &device).await;
    assert!(matches!(verified, Err(VerifyOtpError::AlreadyVerified)));
    test.accounts.enable_mfa(&who, &test.code(&secret), &device).await.unwrap();
    test.next_code();
    let on = test.accounts.enable_mfa(&who, &test.code(&secret), &device).await;
    assert!(matches!(on, Err(EnableMfaError::AlreadyOn)));
    assert!(test.accounts.profile(who.user).await.unwrap().unwrap().mfa_enabled_at.is_some());
    test.challenge("ada").await;
    assert_eq!(test.occasions(), ["confirm_address", "mfa_enabled"]);
    assert_eq!(test.noted(AuditAction::MfaEnabled), 1);
}

#[tokio::test]
async fn the_qr_code_shows_a_new_secret_until_it_is_on() {
    let test = with_ada().await;
    let who = test.caller(&test.sign_in("ada").await);
    let first = test.begin_otp(&who).await;
    let second = test.begin_otp(&who).await;
    assert_ne!(first, second);
    let stale = test.accounts.verify_otp(&who, &test.code(&first), &Device::default()).await;
    assert!(matches!(stale, Err(VerifyOtpError::WrongCode)));

    let password = Secret::new(TestAccounts::PASSWORD);
    let uri = test.accounts.begin_otp(&who, Some(&password), &Device::default()).await.unwrap();
    assert!(uri.expose().starts_with("otpauth://totp/Square:ada%40example.org?secret="), "{}", uri.expose());
    let who = test.caller(&test.with_mfa("ada").await.session);
    let on = test.accounts.begin_otp(&who, Some(&password), &Device::default()).await;
    assert!(matches!(on, Err(BeginOtpError::AlreadyOn)));
}

#[tokio::test]
async fn the_qr_code_asks_for_the_password_where_there_is_one() {
    let test = with_ada().await;
    let session = test.sign_in("ada").await;
    let who = test.caller(&session);
    let begin = async |password: Option<&str>| {
        let password = password.map(Secret::new);
        test.accounts.begin_otp(&who, password.as_ref(), &Device::default()).await
    };
    let wrong = begin(Some("wrong horse")).await;
    assert!(matches!(wrong, Err(BeginOtpError::Owner(OwnerError::WrongPassword))));
    let claimed = begin(None).await;
    assert!(matches!(claimed, Err(BeginOtpError::Owner(OwnerError::PasswordRequired))), "it has a password");

    let hash = FastHasher::current(TestAccounts::PASSWORD);
    assert!(test.store.upgrade_hash(who.user, &hash, &PasswordHash::new("")).await.unwrap());
    assert!(begin(None).await.is_ok());
    test.clock.advance(minutes(10) + SignedDuration::from_micros(1));
    let late = begin(None).await;
    assert!(matches!(late, Err(BeginOtpError::Owner(OwnerError::ReauthenticationRequired))));
}

#[tokio::test]
async fn a_code_completes_a_sign_in_and_is_good_once() {
    let test = with_ada().await;
    let ada = test.with_mfa("ada").await;
    let (first, second) = (test.challenge("ada").await, test.challenge("ada").await);
    let code = test.code(&ada.secret);
    let signed_in = test.answer("ada", &first, &code).await.unwrap();
    assert_eq!(test.caller(&signed_in).user, ada.session.account.id);
    for challenge in [&first, &second] {
        assert!(test.answer("ada", challenge, &code).await.is_err());
    }
    test.next_code();
    let spent = test.answer("ada", &first, &test.code(&ada.secret)).await;
    assert!(matches!(spent, Err(SecondFactorError::ChallengeRejected)));
    test.answer("ada", &second, &test.code(&ada.secret)).await.unwrap();
}

#[tokio::test]
async fn the_name_does_as_well_as_the_address_and_another_one_does_not() {
    let test = with_ada().await;
    test.register("eve").await;
    let ada = test.with_mfa("ada").await;
    let challenge = test.challenge("ada").await;
    let answer = async |login: LoginName| {
        let code = test.code(&ada.secret);
        test.accounts.sign_in_by_otp(&login, &challenge.token, &code, &Device::default()).await
    };
    for other in [LoginName::Email(TestAccounts::email("eve")), LoginName::Username("eve".to_owned())] {
        assert!(matches!(answer(other).await, Err(SecondFactorError::ChallengeRejected)));
    }
    assert!(answer(LoginName::Username("ada".to_owned())).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_at_once_one_signs_in() {
    let test = with_ada().await;
    let ada = test.with_mfa("ada").await;
    let (code, challenge) = (test.code(&ada.secret), test.challenge("ada").await);
    let answers: Vec<_> = (0..32)
        .map(|_| {
            let (accounts, token, code) = (test.accounts.clone(), challenge.token.clone(), code.clone());
            tokio::spawn(async move {
                let login = LoginName::Email(TestAccounts::email("ada"));
                accounts.sign_in_by_otp(&login, &token, &code, &Device::default()).await.is_ok()
            })
        })
        .collect();
    let mut passed = 0;
    for answer in answers {
        passed += usize::from(answer.await.unwrap());
    }
    assert_eq!(passed, 1);
}

#[tokio::test]
async fn a_challenge_bears_five_wrong_codes_and_five_minutes() {
    let test = with_ada().await;
    let ada = test.with_mfa("ada").await;
    let wrong = OtpCode::parse("000000").unwrap();
    let challenge = test.challenge("ada").await;
    for _ in 0..5 {
        assert!(matches!(test.answer("ada", &challenge, &wrong).await, Err(SecondFactorError::WrongCode)));
    }
    let sixth = test.answer("ada", &challenge, &test.code(&ada.secret)).await;
    assert!(matches!(sixth, Err(SecondFactorError::ChallengeRejected)));
    assert_eq!(test.noted(AuditAction::MfaFailed), 5);

    let challenge = test.challenge("ada").await;
    test.clock.advance(minutes(5));
    let late = test.answer("ada", &challenge, &test.code(&ada.secret)).await;
    assert!(matches!(late, Err(SecondFactorError::ChallengeRejected)));
}

#[tokio::test]
async fn an_account_bears_twenty_wrong_codes_an_hour_wherever_they_come_from() {
    let test = with_ada().await;
    let ada = test.with_mfa("ada").await;
    let (wrong, login) = (OtpCode::parse("000000").unwrap(), LoginName::Email(TestAccounts::email("ada")));
    for attempt in 0..20 {
        // Success costs nothing.
        if attempt % 5 == 0 {
            let challenge = test.challenge("ada").await;
            test.next_code();
            test.answer("ada", &challenge, &test.code(&ada.secret)).await.unwrap();
        }
        let challenge = test.challenge("ada").await;
        let device = Device { address: Some(format!("192.0.2.{attempt}")), agent: None, ..Device::default() };
        let refused = if attempt % 2 == 0 {
            test.accounts.sign_in_by_otp(&login, &challenge.token, &wrong, &device).await
        } else {
            let code = RecoveryCode::parse(&"0".repeat(32)).unwrap();
            test.accounts.sign_in_by_recovery_code(&login, &challenge.token, &code, &device).await
        };
        assert!(matches!(refused, Err(SecondFactorError::WrongCode)), "{attempt}");
    }
    let challenge = test.challenge("ada").await;
    test.next_code();
    let limited = test.answer("ada", &challenge, &test.code(&ada.secret)).await;
    let Err(SecondFactorError::TooManyAttempts(TooManyAttempts { retry_after })) = limited else {
        unreachable!("not limited")
    };
    assert!((3000..3600).contains(&retry_after), "{retry_after}");
    let limited = test.recover("ada", &challenge, &ada.codes[0]).await;
    assert!(matches!(limited, Err(SecondFactorError::TooManyAttempts(_))));

    test.clock.advance(SignedDuration::from_secs(retry_after.into()));
    let challenge = test.challenge("ada").await;
    test.answer("ada", &challenge, &test.code(&ada.secret)).await.unwrap();
}

#[tokio::test]
async fn no_other_token_is_a_challenge_and_a_challenge_is_no_other_token() {
    let test = with_ada().await;
    let mailed = test.store.mailed_token().unwrap();
    let ada = test.with_mfa("ada").await;
    let tokens = &ada.session.tokens;
    for other in [mailed.expose(), tokens.access.expose(), tokens.refresh.expose(), "", "junk"] {
        let login = LoginName::Email(TestAccounts::email("ada"));
        let (token, code) = (Secret::new(other), test.code(&ada.secret));
        let refused = test.accounts.sign_in_by_otp(&login, &token, &code, &Device::default()).await;
        assert!(matches!(refused, Err(SecondFactorError::ChallengeRejected)), "{other}");
    }
    let challenge = test.challenge("ada").await;
    let token = challenge.token.expose();
    let device = Device::default();
    assert!(test.accounts.authenticate(token).is_err());
    assert!(test.accounts.refresh(&challenge.token, &Device::default()).await.is_err());
    assert!(test.accounts.confirm(&MailToken::received(token), None, &device).await.is_err());
    assert!(
        test.answer("ada", &challenge, &test.code(&ada.secret)).await.is_ok(),
        "nothing of that spent it"
    );
}

#[tokio::test]
async fn nobody_sets_it_up_before_the_address_is_confirmed() {
    let test = TestAccounts::default();
    test.register("ada").await;
    let link = test.store.mailed_token().unwrap();
    let who = test.caller(&test.sign_in("ada").await);
    let (device, password) = (Device::default(), Secret::new(TestAccounts::PASSWORD));
    let code = OtpCode::parse("123456").unwrap();
    let begun = test.accounts.begin_otp(&who, Some(&password), &device).await;
    assert!(matches!(begun, Err(BeginOtpError::NotConfirmed(_))));
    let verified = test.accounts.verify_otp(&who, &code, &device).await;
    assert!(matches!(verified, Err(VerifyOtpError::NotConfirmed(_))));
    let on = test.accounts.enable_mfa(&who, &code, &device).await;
    assert!(matches!(on, Err(EnableMfaError::NotConfirmed(_))));
    test.accounts.confirm(&link, None, &device).await.unwrap();
    test.accounts.begin_otp(&who, Some(&password), &device).await.unwrap();
}

#[tokio::test]
async fn an_account_without_an_address_counts_as_confirmed() {
    let test = TestAccounts::with(|parts| parts.policy.email_required = false);
    let new = crate::NewRegistration { email: None, ..TestAccounts::registration("ada") };
    test.accounts.register(new, &Device::default()).await.unwrap();
    let who = test.caller(&test.sign_in("ada").await);
    let password = Secret::new(TestAccounts::PASSWORD);
    test.accounts.begin_otp(&who, Some(&password), &Device::default()).await.unwrap();
}

#[tokio::test]
async fn whoever_is_signed_out_meanwhile_sets_nothing_up() {
    let test = with_ada().await;
    let ada = test.with_mfa("ada").await;
    let (who, device) = (test.caller(&ada.session), Device::default());
    test.accounts.disable_mfa(&who, &device).await.unwrap();
    let secret = test.begin_otp(&who).await;
    test.accounts.sign_out(&who, &device).await.unwrap();
    let password = Secret::new(TestAccounts::PASSWORD);
    let begun = test.accounts.begin_otp(&who, Some(&password), &device).await;
    assert!(matches!(begun, Err(BeginOtpError::Owner(OwnerError::Overtaken(_)))));
    let verified = test.accounts.verify_otp(&who, &test.code(&secret), &device).await;
    assert!(matches!(verified, Err(VerifyOtpError::Overtaken(_))));

    let other = test.caller(&test.sign_in("ada").await);
    test.accounts.verify_otp(&other, &test.code(&secret), &device).await.unwrap();
    test.next_code();
    let on = test.accounts.enable_mfa(&who, &test.code(&secret), &device).await;
    assert!(matches!(on, Err(EnableMfaError::Overtaken(_))));
    assert!(test.accounts.profile(who.user).await.unwrap().unwrap().mfa_enabled_at.is_none());
}

#[tokio::test]
async fn a_mailed_link_asks_for_the_second_factor_too() {
    let test = with_ada().await;
    let ada = test.with_mfa("ada").await;
    // As accounts were that set it up before that took a confirmed address.
    test.store.unconfirm(ada.session.account.id);
    test.resend("ada").await;
    let link = test.store.mailed_token().unwrap();
    let entered = test.accounts.verify(&link, ada.session.account.id, &Device::default()).await.unwrap();
    let Entry::Challenge(challenge) = entered else { unreachable!("signed in") };
    test.answer("ada", &challenge, &test.code(&ada.secret)).await.unwrap();
}

#[tokio::test]
async fn who_was_suspended_meanwhile_is_not_let_in() {
    let test = with_ada().await;
    let ada = test.with_mfa("ada").await;
    let challenge = test.challenge("ada").await;
    let login = LoginName::Username("ada".to_owned());
    test.accounts.set_suspended(&login, true, &Actor::default()).await.unwrap();
    let refused = test.answer("ada", &challenge, &test.code(&ada.secret)).await;
    assert!(matches!(refused, Err(SecondFactorError::ChallengeRejected)));
}

#[tokio::test]
async fn a_recovery_code_signs_in_once_and_the_owner_is_told() {
    let test = with_ada().await;
    let ada = test.with_mfa("ada").await;
    for (code, expected) in ada.codes.iter().zip([
        &["recovery_code_used"][..],
        &["recovery_code_used"],
        &["recovery_code_used", "few_recovery_codes"],
        &["recovery_code_used", "few_recovery_codes"],
        &["recovery_code_used", "few_recovery_codes"],
    ]) {
        let before = test.occasions().len();
        let challenge = test.challenge("ada").await;
        test.recover("ada", &challenge, code).await.unwrap();
        assert_eq!(&test.occasions()[before..], expected);
        let challenge = test.challenge("ada").await;
        let again = test.recover("ada", &challenge, code).await;
        assert!(matches!(again, Err(SecondFactorError::WrongCode)));
    }
    let letters = test.store.letters();
    let told = letters.iter().filter_map(|letter| match letter.occasion {
        Occasion::RecoveryCodeUsed { left } | Occasion::FewRecoveryCodes { left } => Some(left),
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), [4, 3, 2, 2, 1, 1, 0, 0]);
    assert_eq!(test.noted(AuditAction::RecoveryCodeUsed), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn recovery_codes_used_at_once_all_pass_and_each_letter_counts_right() {
    let test = with_ada().await;
    let ada = test.with_mfa("ada").await;
    let mut recoveries = Vec::new();
    for code in ada.codes.clone() {
        let (accounts, challenge) = (test.accounts.clone(), test.challenge("ada").await);
        recoveries.push(tokio::spawn(async move {
            let login = LoginName::Email(TestAccounts::email("ada"));
            accounts
                .sign_in_by_recovery_code(&login, &challenge.token, &code, &Device::default())
                .await
                .is_ok()
        }));
    }
    for recovery in recoveries {
        assert!(recovery.await.unwrap());
    }
    let mut left: Vec<u32> = Vec::new();
    for letter in test.store.letters() {
        left.extend(match letter.occasion {
            Occasion::RecoveryCodeUsed { left } => Some(left),
            _ => None,
        });
    }
    left.sort_unstable();
    assert_eq!(left, [0, 1, 2, 3, 4]);
}

#[tokio::test]
async fn new_codes_are_made_ten_times_an_hour_at_most() {
    let test = with_ada().await;
    let ada = test.with_mfa("ada").await;
    let who = test.caller(&ada.session);
    let renew = async || test.accounts.renew_recovery_codes(&who, &Device::default()).await;
    let mut last = Vec::new();
    for _ in 0..10 {
        last = renew().await.unwrap();
    }
    assert!(matches!(renew().await, Err(RecoveryCodesError::TooMany(_))));
    assert_eq!(test.accounts.recovery_codes(&who).await.unwrap(), last, "those from before stay good");
    test.clock.advance(minutes(6));
    assert!(renew().await.is_ok());
}

#[tokio::test]
async fn codes_are_shown_and_made_anew_only_after_a_fresh_sign_in() {
    let test = with_ada().await;
    let ada = test.with_mfa("ada").await;
    let who = test.caller(&ada.session);
    assert_eq!(test.accounts.recovery_codes(&who).await.unwrap(), ada.codes);
    let renewed = test.accounts.renew_recovery_codes(&who, &Device::default()).await.unwrap();
    assert!(renewed.iter().all(|code| !ada.codes.contains(code)));
    assert_eq!(test.accounts.recovery_codes(&who).await.unwrap(), renewed);

    test.clock.advance(minutes(9));
    let session = test.accounts.refresh(&ada.session.tokens.refresh, &Device::default()).await.unwrap();
    test.clock.advance(minutes(1));
    let who = test.caller(&session);
    let shown = test.accounts.recovery_codes(&who).await;
    assert!(matches!(shown, Err(RecoveryCodesError::ReauthenticationRequired)), "refreshing is no sign-in");
    let renewed = test.accounts.renew_recovery_codes(&who, &Device::default()).await;
    assert!(matches!(renewed, Err(RecoveryCodesError::ReauthenticationRequired)));
    let off = test.accounts.disable_mfa(&who, &Device::default()).await;
    assert!(matches!(off, Err(DisableMfaError::ReauthenticationRequired)));

    let challenge = test.challenge("ada").await;
    let fresh = test.answer("ada", &challenge, &test.code(&ada.secret)).await.unwrap();
    assert!(test.accounts.recovery_codes(&test.caller(&fresh)).await.is_ok());
}

#[tokio::test]
async fn who_has_no_app_gets_no_recovery_codes() {
    let test = with_ada().await;
    let who = test.caller(&test.sign_in("ada").await);
    assert_eq!(test.accounts.recovery_codes(&who).await.unwrap(), []);
    let renewed = test.accounts.renew_recovery_codes(&who, &Device::default()).await;
    assert!(matches!(renewed, Err(RecoveryCodesError::NotVerified)));
}

#[tokio::test]
async fn switching_ends_the_other_sessions_at_once_and_the_own_one_goes_on() {
    let test = with_ada().await;
    let other = test.sign_in("ada").await;
    let ada = test.with_mfa("ada").await;
    assert!(test.is_over(&other));
    assert!(!test.is_over(&ada.session));
    let elsewhere = test.restarted();
    elsewhere.accounts.load().await.unwrap();
    assert!(elsewhere.is_over(&other) && !elsewhere.is_over(&ada.session));

    let challenge = test.challenge("ada").await;
    let second = test.answer("ada", &challenge, &test.code(&ada.secret)).await.unwrap();
    test.accounts.disable_mfa(&test.caller(&ada.session), &Device::default()).await.unwrap();
    assert!(test.is_over(&second));
    assert!(!test.is_over(&ada.session));
}

#[tokio::test]
async fn switching_off_forgets_it_and_tells_the_owner() {
    let test = with_ada().await;
    let ada = test.with_mfa("ada").await;
    let pending = test.challenge("ada").await;
    let who = test.caller(&ada.session);
    test.accounts.disable_mfa(&who, &Device::default()).await.unwrap();
    assert_eq!(test.occasions(), ["confirm_address", "mfa_enabled", "mfa_disabled"]);
    assert!(test.accounts.profile(who.user).await.unwrap().unwrap().mfa_enabled_at.is_none());
    assert!(test.answer("ada", &pending, &test.code(&ada.secret)).await.is_err());
    test.sign_in("ada").await;
    let again = test.accounts.enable_mfa(&who, &test.code(&ada.secret), &Device::default()).await;
    assert!(matches!(again, Err(EnableMfaError::NotVerified)));

    test.accounts.disable_mfa(&who, &Device::default()).await.unwrap();
    assert_eq!(test.noted(AuditAction::MfaDisabled), 1, "it was off");
    let anew = test.with_mfa("ada").await;
    assert_ne!(anew.secret, ada.secret);
}

#[tokio::test]
async fn a_sign_in_that_overlaps_with_switching_on_is_not_let_past_it() {
    let test = with_ada().await;
    let account = test.accounts.profile(test.sign_in("ada").await.account.id).await.unwrap().unwrap();
    test.with_mfa("ada").await;
    let stale = test.accounts.sign_in_proved(account, &Device::default()).await.unwrap();
    assert!(stale.is_none());
}

/// Administrators need a second factor.
async fn with_required_role() -> (TestAccounts, SignedIn) {
    let test = TestAccounts::with(|parts| parts.policy.mfa_required_roles = vec!["admin".to_owned()]);
    test.register("ada").await;
    let login = LoginName::Username("ada".to_owned());
    for role in ["admin", "casting_assistant"] {
        test.accounts.grant_role(&login, role, &Actor::default()).await.unwrap();
    }
    let signed_in = test.sign_in("ada").await;
    (test, signed_in)
}

#[tokio::test]
async fn a_role_that_needs_a_second_factor_counts_only_with_one() {
    let (test, before) = with_required_role().await;
    let may = |signed_in: &SignedIn| {
        let asker = test.accounts.authenticate(signed_in.tokens.access.expose()).unwrap();
        let roles = asker.identity.as_ref().unwrap().roles.clone();
        (roles.contains(&"admin".to_owned()), asker.may("get:users"), asker.may("get:movies"))
    };
    assert_eq!(may(&before), (false, false, true));
    let shown = async |signed_in: &SignedIn| {
        let profile = test.accounts.profile(signed_in.account.id).await.unwrap().unwrap();
        assert_eq!(profile.permissions, signed_in.account.permissions);
        assert!(profile.roles.contains(&"admin".to_owned()), "it is told what is missing");
        (profile.permissions.allow("get:users"), profile.permissions.allow("get:movies"))
    };
    assert!(before.mfa_missing);
    assert_eq!(shown(&before).await, (false, true), "what does not count is not shown");

    let ada = test.with_mfa("ada").await;
    assert!(test.is_over(&ada.session), "its rights changed");
    let after = test.accounts.refresh(&ada.session.tokens.refresh, &Device::default()).await.unwrap();
    assert_eq!((may(&after), after.mfa_missing), ((true, true, true), false));
    assert_eq!(shown(&after).await, (true, true));

    test.accounts.disable_mfa(&test.caller(&after), &Device::default()).await.unwrap();
    assert!(test.is_over(&after), "a token that says too much is good no more");
    let without = test.accounts.refresh(&after.tokens.refresh, &Device::default()).await.unwrap();
    assert_eq!((may(&without), without.mfa_missing), ((false, false, true), true));
}

#[tokio::test]
async fn a_wrong_code_while_setting_up_is_counted() {
    let test = with_ada().await;
    let who = test.caller(&test.sign_in("ada").await);
    test.begin_otp(&who).await;
    let wrong = OtpCode::parse("000000").unwrap();
    for _ in 0..20 {
        let refused = test.accounts.verify_otp(&who, &wrong, &Device::default()).await;
        assert!(matches!(refused, Err(VerifyOtpError::WrongCode)));
    }
    let limited = test.accounts.verify_otp(&who, &wrong, &Device::default()).await;
    assert!(matches!(limited, Err(VerifyOtpError::TooManyAttempts(_))));
    assert!(test.store.recovery_codes(who.user).await.unwrap().is_empty());
}
