//! Which devices an account was signed in to from before: device cookies, as the Open Worldwide Application Security Project
//! describes them ("Slow Down Online Guessing Attacks with Device Cookies"). Who holds one has a budget of attempts of their own,
//! so whoever exhausts an account's common one keeps out only other strangers; and who holds one is no new device.

use crate::account::Account;
use crate::letter::Occasion;
use crate::limits::whereabouts;
use crate::ports::{LoginName, NewLetter, SessionRecord};
use crate::service::{Accounts, later};
use crate::session_tokens::Device;
use crate::tokens::{base64_url, from_base64_url};
use jiff::SignedDuration;
use square_kernel::{KeyedHash, Randomness, Secret, Unavailable, UserId};
use uuid::Uuid;

/// So many accounts of one device are remembered by it.
const ACCOUNTS: usize = 5;

/// For so long after registering no device is new.
const SETTLING: SignedDuration = SignedDuration::from_hours(1);

/// Among so many of the newest sessions a device is looked for.
const SESSIONS: u32 = 100;

/// What device tokens are hashed for.
const PURPOSE: &str = "device-token";

/// That somebody signed in to an account from a device. Nothing is stored; the text is account, random number, the number of the
/// account's credentials and a keyed hash over all of it, as base64url. Once they were changed it shows nothing any more: whoever was
/// shut out then may have held it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DeviceToken {
    /// The account.
    pub(crate) user: UserId,
    /// Tells this device from others.
    pub(crate) nonce: [u8; 16],
    /// [`Account::credentials`] at that sign-in.
    pub(crate) credentials: u32,
}

impl DeviceToken {
    fn new(user: UserId, credentials: u32, randomness: &dyn Randomness) -> Self {
        let mut nonce = [0; 16];
        randomness.fill(&mut nonce);
        Self { user, nonce, credentials }
    }

    /// The text for the client.
    pub(crate) fn text(self, keyed_hash: &dyn KeyedHash) -> Secret {
        let mut bytes = self.message().to_vec();
        bytes.extend(self.mac(keyed_hash));
        Secret::new(base64_url(&bytes))
    }

    /// Reads what a client sent, under whichever key it was made; `None` when it was not made here.
    fn read(text: &Secret, keyed_hash: &dyn KeyedHash) -> Option<Self> {
        let bytes = from_base64_url(text.expose())?;
        let (user, rest) = bytes.split_first_chunk::<16>()?;
        let (nonce, rest) = rest.split_first_chunk::<16>()?;
        let (credentials, mac) = rest.split_first_chunk::<4>()?;
        let token = Self {
            user: Uuid::from_bytes(*user).into(),
            nonce: *nonce,
            credentials: u32::from_be_bytes(*credentials),
        };
        keyed_hash.matches(PURPOSE, &token.message(), mac).then_some(token)
    }

    fn mac(self, keyed_hash: &dyn KeyedHash) -> [u8; 32] {
        keyed_hash.hash(PURPOSE, &self.message())
    }

    pub(crate) fn message(self) -> [u8; 36] {
        let mut message = [0; 36];
        message[..16].copy_from_slice(self.user.uuid().as_bytes());
        message[16..32].copy_from_slice(&self.nonce);
        message[32..].copy_from_slice(&self.credentials.to_be_bytes());
        message
    }

    /// Whether it was given for the account as it is.
    fn is_of(self, account: &Account) -> bool {
        self.user == account.id && self.credentials == account.credentials
    }
}

impl Accounts {
    /// The tokens that a device holds and that were made here, one for each account.
    fn device_tokens<'a>(&'a self, device: &'a Device) -> impl Iterator<Item = DeviceToken> + 'a {
        let read = |text| DeviceToken::read(text, &*self.parts.keyed_hash);
        device.tokens.iter().filter_map(read).take(ACCOUNTS)
    }

    /// Whether the account was signed in to from this device before, as the device itself can prove.
    pub(crate) fn is_known_device(&self, account: &Account, device: &Device) -> bool {
        self.device_tokens(device).any(|token| token.is_of(account))
    }

    /// What the device holds for the account that `login` names. Asks for the accounts of the device's tokens only, so that how long it
    /// takes says nothing of the one that is named.
    pub(crate) async fn device_of(
        &self,
        login: &LoginName,
        device: &Device,
    ) -> Result<Option<DeviceToken>, Unavailable> {
        for token in self.device_tokens(device) {
            let Some(account) = self.parts.store.by_id(token.user).await? else { continue };
            let named = match login {
                LoginName::Username(key) => account.username.key() == *key,
                LoginName::Email(email) => account.email.as_ref() == Some(email),
            };
            if named && token.is_of(&account) {
                return Ok(Some(token));
            }
        }
        Ok(None)
    }

    /// The letter that tells of a sign-in from where there was none before: neither can the device prove one, nor is a session known of the
    /// same agent at the same address. Who has just registered knows that they sign in.
    pub(crate) async fn new_device_letter(
        &self,
        account: &Account,
        device: &Device,
    ) -> Result<Option<NewLetter>, Unavailable> {
        let settling = self.now() < later(account.created_at, SETTLING);
        if account.email.is_none() || settling || self.is_known_device(account, device) {
            return Ok(None);
        }
        let device = device.clipped();
        let here = whereabouts(&device);
        let newest = self.parts.session_list.newest(account.id, SESSIONS).await?;
        let is_here = |session: SessionRecord| {
            let there = Device { address: session.address, agent: session.agent, ..Device::default() };
            there.agent == device.agent && whereabouts(&there) == here
        };
        if newest.into_iter().any(is_here) {
            return Ok(None);
        }
        self.notice(account, Occasion::NewDevice { device }).await
    }

    /// What the device is to hold from now on, where somebody has just shown at it that `user`, whose credentials have this number, is
    /// theirs: that account's token first, and those of other accounts.
    pub(crate) fn remembered(&self, user: UserId, credentials: u32, device: &Device) -> Vec<Secret> {
        let (own, others): (Vec<DeviceToken>, Vec<DeviceToken>) =
            self.device_tokens(device).partition(|token| token.user == user);
        let own = own.into_iter().find(|token| token.credentials == credentials);
        let own = own.unwrap_or_else(|| DeviceToken::new(user, credentials, &*self.parts.randomness));
        let all = std::iter::once(own).chain(others).take(ACCOUNTS);
        all.map(|token| token.text(&*self.parts.keyed_hash)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestAccounts;
    use square_kernel::testing::{ManualClock, NamedHash, PlainHash, SeededRandomness};

    fn user(randomness: &SeededRandomness) -> UserId {
        UserId::new(&ManualClock::default(), randomness)
    }

    #[test]
    fn a_token_of_a_previous_key_is_good_and_is_given_out_anew_under_the_current() {
        let randomness = SeededRandomness::default();
        let (old, both) = (NamedHash::new(b"old ", &[]), NamedHash::new(b"new ", &[b"old "]));
        let test = TestAccounts::with(|parts| parts.keyed_hash = std::sync::Arc::new(both.clone()));
        let token = DeviceToken::new(user(&randomness), 0, &randomness);
        let device = Device { tokens: vec![token.text(&old)], ..Device::default() };
        assert_eq!(test.accounts.remembered(token.user, 0, &device), [token.text(&both)]);
        assert_ne!(token.text(&old), token.text(&both));
    }

    #[test]
    fn a_token_reads_back_and_no_altered_one_does() {
        let randomness = SeededRandomness::default();
        let token = DeviceToken::new(user(&randomness), 7, &randomness);
        let text = token.text(&PlainHash);
        assert_eq!(DeviceToken::read(&text, &PlainHash), Some(token));
        let bytes = from_base64_url(text.expose()).unwrap();
        for index in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[index] ^= 1;
            assert_eq!(DeviceToken::read(&Secret::new(base64_url(&altered)), &PlainHash), None, "{index}");
            let short = Secret::new(base64_url(&bytes[..index]));
            assert_eq!(DeviceToken::read(&short, &PlainHash), None, "{index}");
        }
        for junk in ["", "junk", "no base64 !"] {
            assert_eq!(DeviceToken::read(&Secret::new(junk), &PlainHash), None, "{junk}");
        }
    }

    #[test]
    fn a_device_remembers_a_few_accounts_the_last_one_first() {
        let (test, randomness) = (TestAccounts::default(), SeededRandomness::default());
        let users: Vec<UserId> = (0..7).map(|_| user(&randomness)).collect();
        let mut device = Device::default();
        for user in &users {
            device.tokens = test.accounts.remembered(*user, 0, &device);
        }
        let remembered: Vec<UserId> = test.accounts.device_tokens(&device).map(|token| token.user).collect();
        assert_eq!(remembered, [users[6], users[5], users[4], users[3], users[2]]);

        let before = device.tokens.clone();
        device.tokens = test.accounts.remembered(users[4], 0, &device);
        assert_eq!(device.tokens[0], before[2], "a token is given once and stays");
        assert_eq!(device.tokens.len(), 5);
    }

    /// Signs `ada` in and gives the address that a letter names as new, if one was sent.
    async fn told_of(test: &TestAccounts, device: &Device) -> Option<Device> {
        let before = test.store.letters().len();
        let (login, password) = (LoginName::Username("ada".to_owned()), Secret::new(TestAccounts::PASSWORD));
        test.accounts.sign_in(&login, &password, device).await.unwrap();
        let letters = test.store.letters();
        letters.get(before).map(|letter| match &letter.occasion {
            Occasion::NewDevice { device } => device.clone(),
            other => unreachable!("{other:?}"),
        })
    }

    fn device(address: &str, agent: &str) -> Device {
        Device { address: Some(address.to_owned()), agent: Some(agent.to_owned()), ..Device::default() }
    }

    async fn settled() -> TestAccounts {
        let test = TestAccounts::default();
        test.register("ada").await;
        test.clock.advance(SETTLING);
        test
    }

    #[tokio::test]
    async fn a_letter_tells_of_a_new_device_once() {
        let test = settled().await;
        let new = device("192.0.2.1", "Browser/1");
        assert_eq!(told_of(&test, &new).await, Some(new.clone()));
        assert_eq!(told_of(&test, &new).await, None);
        for other in [device("192.0.2.1", "Browser/2"), device("192.0.2.2", "Browser/1"), Device::default()] {
            assert_eq!(told_of(&test, &other).await, Some(other));
        }
        let moving = device("2001:db8::1", "Browser/1");
        assert_eq!(told_of(&test, &moving).await, Some(moving));
        assert_eq!(told_of(&test, &device("2001:db8::ffff", "Browser/1")).await, None, "the same network");
    }

    #[tokio::test]
    async fn a_device_that_proves_itself_is_not_new_wherever_it_is() {
        let test = settled().await;
        let mut new = device("192.0.2.1", "Browser/1");
        let signed_in = test.sign_in("ada").await;
        new.tokens = vec![Secret::new("made up")];
        assert!(told_of(&test, &new).await.is_some());
        new.tokens = signed_in.device_tokens;
        new.address = Some("192.0.2.99".to_owned());
        assert_eq!(told_of(&test, &new).await, None);
    }

    #[tokio::test]
    async fn who_has_just_registered_is_not_told_of_their_own_sign_in() {
        let test = TestAccounts::default();
        test.register("ada").await;
        assert_eq!(told_of(&test, &device("192.0.2.1", "Browser/1")).await, None);
        test.clock.advance(SETTLING - SignedDuration::from_secs(1));
        assert_eq!(told_of(&test, &device("192.0.2.2", "Browser/1")).await, None);
        test.clock.advance(SignedDuration::from_secs(1));
        assert_eq!(told_of(&test, &device("192.0.2.2", "Browser/1")).await, None, "it was there before");
        assert!(told_of(&test, &device("192.0.2.3", "Browser/1")).await.is_some());
    }

    #[test]
    fn a_token_counts_for_the_credentials_that_it_was_given_for() {
        let (test, randomness) = (TestAccounts::default(), SeededRandomness::default());
        let ada = user(&randomness);
        let first =
            Device { tokens: test.accounts.remembered(ada, 0, &Device::default()), ..Device::default() };
        assert_eq!(test.accounts.remembered(ada, 0, &first), first.tokens);
        let next = test.accounts.remembered(ada, 1, &first);
        assert!(next.len() == 1 && next != first.tokens, "the new one takes its place");
    }
}
