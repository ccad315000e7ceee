use crate::account::Account;
use crate::audit::{Actor, AuditAction};
use crate::ports::SessionRecord;
use crate::service::{Accounts, later};
use crate::tokens::{AccessClaims, TokenPair, base64_url, from_base64_url};
use jiff::Timestamp;
use square_kernel::{KeyedHash, Secret, SessionId, Unavailable};
use uuid::Uuid;

/// The most characters of a user agent that are kept.
const AGENT_CHARS: usize = 200;

/// What refresh tokens are hashed for.
const REFRESH: &str = "refresh-token";

/// Where a sign-in came from, for the list of one's sessions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Device {
    /// The network address, where known.
    pub address: Option<String>,
    /// The user agent, where it named itself; what exceeds 200 characters is dropped.
    pub agent: Option<String>,
    /// What shows that somebody signed in from this device before ([`SignedIn::device_tokens`]); may be made up.
    pub tokens: Vec<Secret>,
}

/// Somebody who has just proved who they are.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Their account; its permissions are those that count.
    pub account: Account,
    /// The session.
    pub session: SessionId,
    /// Its tokens.
    pub tokens: TokenPair,
    /// Whether the account has roles that its tokens do not show, since they count only with a second factor, which it lacks.
    pub mfa_missing: bool,
    /// What the device is to show at further sign-ins, whoever's; empty where it has to show nothing new. Each is good only for the account
    /// that it was given for.
    pub device_tokens: Vec<Secret>,
}

/// What a sign-in knows of the second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SecondFactor {
    /// The account had none.
    NotAsked,
    /// It was right.
    Given,
}

impl Device {
    /// What is kept of it: no tokens, and of the agent 200 characters.
    pub(crate) fn clipped(&self) -> Self {
        Self {
            address: self.address.clone(),
            agent: self.agent.as_ref().map(|agent| agent.chars().take(AGENT_CHARS).collect()),
            tokens: Vec::new(),
        }
    }
}

impl Accounts {
    /// Opens a session; `None` when the account is gone or suspended, or asks for a second factor by now that was not given, or when
    /// what lets somebody in is not what it was when `account` was read. Sign-ins come here by [`Self::sign_in_proved`].
    pub(crate) async fn open_session(
        &self,
        account: Account,
        device: &Device,
        second_factor: SecondFactor,
    ) -> Result<Option<SignedIn>, Unavailable> {
        let now = self.now();
        let noted = self.noted(AuditAction::SignedIn, Actor::user(account.id, device), account.id);
        let noted = noted.with_letter(self.new_device_letter(&account, device).await?);
        let device_tokens = self.remembered(account.id, account.credentials, device);
        let device = device.clipped();
        let ends_at = later(now, self.parts.policy.longest_session);
        let record = SessionRecord {
            id: SessionId::new(&*self.parts.clock, &*self.parts.randomness),
            user: account.id,
            generation: 0,
            rotated_at: now,
            created_at: now,
            expires_at: later(now, self.parts.policy.session_lifetime).min(ends_at),
            ends_at: Some(ends_at),
            ended_at: None,
            second_factor: second_factor == SecondFactor::Given,
            address: device.address,
            agent: device.agent,
        };
        let opened = self.parts.sessions.open(&record, account.credentials, &noted).await?;
        if !opened {
            return Ok(None);
        }
        let signed_in = self.issue(account, &record).await?;
        Ok(Some(SignedIn { device_tokens, ..signed_in }))
    }

    /// The tokens of a session's current generation. Everything in them follows from `account` and `record`,
    /// so that a retried refresh is given the same bytes again.
    pub(crate) async fn issue(
        &self,
        account: Account,
        record: &SessionRecord,
    ) -> Result<SignedIn, Unavailable> {
        let (held, mfa_missing) = (self.held(&account).await?, self.mfa_missing(&account));
        let account = Account { permissions: held.permissions.clone(), ..account };
        let issued_at = whole_seconds(record.rotated_at);
        let expires_at = later(issued_at, self.parts.policy.access_token_lifetime);
        let generation = RefreshToken { session: record.id, generation: record.generation };
        let claims = AccessClaims {
            user: account.id,
            session: record.id,
            token_id: generation.access_token_id(&*self.parts.keyed_hash),
            username: account.username.shared(),
            display_name: account.display_name().into(),
            roles: held.roles,
            permissions: held.permissions,
            rights: account.rights,
            issued_at,
            expires_at,
        };
        let access = self.parts.signer.sign(&claims)?;
        let refresh = generation.text(&*self.parts.keyed_hash);
        let tokens = TokenPair { access, expires_at, refresh };
        Ok(SignedIn { account, session: record.id, tokens, mfa_missing, device_tokens: Vec::new() })
    }
}

/// `at` without what exceeds whole seconds, which is all a token can say.
fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

/// What a refresh token stands for: one generation of one session. The text is not stored anywhere; it is
/// derived: session, generation and a keyed hash over both, as base64url.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RefreshToken {
    /// The session.
    pub(crate) session: SessionId,
    /// Which of its successive refresh tokens.
    pub(crate) generation: u32,
}

impl RefreshToken {
    /// The text for the client.
    pub(crate) fn text(self, keyed_hash: &dyn KeyedHash) -> Secret {
        let mut bytes = self.message().to_vec();
        bytes.extend(self.mac(keyed_hash));
        Secret::new(base64_url(&bytes))
    }

    /// Reads what a client sent, under whichever key it was made; `None` when it was not made here.
    pub(crate) fn read(text: &Secret, keyed_hash: &dyn KeyedHash) -> Option<Self> {
        let bytes = from_base64_url(text.expose())?;
        let (session, rest) = bytes.split_first_chunk::<16>()?;
        let (generation, mac) = rest.split_first_chunk::<4>()?;
        let token =
            Self { session: Uuid::from_bytes(*session).into(), generation: u32::from_be_bytes(*generation) };
        keyed_hash.matches(REFRESH, &token.message(), mac).then_some(token)
    }

    /// The identifier of the access token that goes with it.
    fn access_token_id(self, keyed_hash: &dyn KeyedHash) -> String {
        base64_url(&keyed_hash.hash("access-token-id", &self.message())[..16])
    }

    fn mac(self, keyed_hash: &dyn KeyedHash) -> [u8; 32] {
        keyed_hash.hash(REFRESH, &self.message())
    }

    fn message(self) -> [u8; 20] {
        let mut message = [0; 20];
        message[..16].copy_from_slice(self.session.uuid().as_bytes());
        message[16..].copy_from_slice(&self.generation.to_be_bytes());
        message
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use square_kernel::testing::{ManualClock, NamedHash, PlainHash, SeededRandomness};

    #[test]
    fn a_refresh_token_reads_back_and_no_altered_one_does() {
        let session = SessionId::new(&ManualClock::default(), &SeededRandomness::default());
        let token = RefreshToken { session, generation: 7 };
        let text = token.text(&PlainHash);
        assert_eq!(RefreshToken::read(&text, &PlainHash), Some(token));

        let bytes = from_base64_url(text.expose()).unwrap();
        for index in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[index] ^= 1;
            assert_eq!(RefreshToken::read(&Secret::new(base64_url(&altered)), &PlainHash), None, "{index}");
        }
        for length in 0..bytes.len() {
            let short = Secret::new(base64_url(&bytes[..length]));
            assert_eq!(RefreshToken::read(&short, &PlainHash), None, "{length}");
        }
        let long = Secret::new(base64_url(&[&bytes[..], &[0]].concat()));
        assert_eq!(RefreshToken::read(&long, &PlainHash), None);
        assert_eq!(RefreshToken::read(&Secret::new("no base64 !"), &PlainHash), None);
    }

    #[test]
    fn a_token_of_a_previous_key_is_good_and_new_ones_are_of_the_current() {
        let session = SessionId::new(&ManualClock::default(), &SeededRandomness::default());
        let token = RefreshToken { session, generation: 7 };
        let (old, both, new) =
            (NamedHash::new(b"old ", &[]), NamedHash::new(b"new ", &[b"old "]), NamedHash::new(b"new ", &[]));
        assert_eq!(RefreshToken::read(&token.text(&old), &both), Some(token));
        assert_eq!(RefreshToken::read(&token.text(&both), &new), Some(token));
        assert_eq!(RefreshToken::read(&token.text(&old), &new), None);
    }
}
