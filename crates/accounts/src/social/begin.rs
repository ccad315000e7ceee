use super::{Provider, SocialError};
use crate::limits::Counted;
use crate::ports::identity::{Challenge, Expected, IdentityProvider};
use crate::ports::{Consequences, NewSecret, Purpose};
use crate::service::{Accounts, later};
use crate::session_tokens::Device;
use crate::tokens::{MailToken, base64_url};
use jiff::SignedDuration;
use sha2::{Digest, Sha256};
use square_kernel::{Randomness, Secret, UserId};

/// For so long somebody may be away at a provider.
const LIFETIME: SignedDuration = SignedDuration::from_mins(10);

/// So many sign-ins of one account may be under way.
const UNDER_WAY: u32 = 100;

/// Where signing in by a provider begins.
#[derive(Debug, Clone)]
pub struct SocialBeginning {
    /// Where the browser goes.
    pub url: String,
    /// Comes back from there; to be compared by the client and sent along with the proof. Good once, for ten minutes.
    pub state: Secret,
}

impl Accounts {
    /// Begins a sign-in at a provider, or, where somebody is signed in, the linking of an identity: the state is good for them
    /// alone. So nobody can slip their own proof in among somebody else's requests.
    pub async fn begin_social(
        &self,
        provider: Provider,
        caller: Option<UserId>,
        device: &Device,
    ) -> Result<SocialBeginning, SocialError> {
        let at = self.identity_provider(provider)?;
        self.count(Counted::LinkFromAddress, device).await?;
        let (state, now) = (MailToken::new(&*self.parts.randomness), self.now());
        let expected = UnderWay::new(&*self.parts.randomness);
        let secret = NewSecret {
            digest: state.digest(),
            purpose: Purpose::SocialState,
            user: caller,
            payload: Some(expected.payload(provider)),
            attempts: 1,
            created_at: now,
            expires_at: later(now, LIFETIME),
        };
        if !self.parts.secrets.issue(&secret, UNDER_WAY, Consequences::none()).await? {
            return Err(SocialError::Refused);
        }
        let challenge = Challenge {
            state: Secret::new(state.expose()),
            code_challenge: base64_url(&Sha256::digest(expected.verifier.expose())),
            nonce: expected.nonce,
        };
        Ok(SocialBeginning { url: at.authorize_url(&challenge), state: challenge.state })
    }

    /// Spends the state of a sign-in that was begun here: what its proof has to fit.
    pub(super) async fn claim_state(
        &self,
        provider: Provider,
        state: &MailToken,
        caller: Option<UserId>,
    ) -> Result<Expected, SocialError> {
        let (digest, nothing) = (state.digest(), Consequences::none());
        let spent = self.parts.secrets.spend(&digest, Purpose::SocialState, self.now(), nothing).await?;
        let held = spent.ok_or(SocialError::BadState)?;
        let expected = held.payload.as_ref().and_then(|payload| UnderWay::read(payload, provider));
        let expected = expected.filter(|_| held.user == caller).ok_or(SocialError::BadState)?;
        Ok(Expected { verifier: Some(expected.verifier), nonce: Some(expected.nonce) })
    }

    pub(super) fn identity_provider(&self, provider: Provider) -> Result<&dyn IdentityProvider, SocialError> {
        let set_up = self.parts.identity_providers.iter().find(|known| known.provider() == provider);
        set_up.map(|known| &**known).ok_or(SocialError::NotSetUp)
    }
}

/// What the proof of a sign-in that was begun has to fit. It is sealed with the state, so it is good also where another key has become the
/// current one while somebody was away at the provider.
struct UnderWay {
    verifier: Secret,
    nonce: Secret,
}

impl UnderWay {
    fn new(randomness: &dyn Randomness) -> Self {
        let secret = || {
            let mut bytes = [0; 32];
            randomness.fill(&mut bytes);
            Secret::new(base64_url(&bytes))
        };
        Self { verifier: secret(), nonce: secret() }
    }

    /// Words with blanks between.
    fn payload(&self, provider: Provider) -> Secret {
        Secret::new(format!("{} {} {}", provider.as_str(), self.verifier.expose(), self.nonce.expose()))
    }

    /// `None` where it was begun at another provider.
    fn read(payload: &Secret, provider: Provider) -> Option<Self> {
        let mut words = payload.expose().split(' ');
        let meant = words.next() == Some(provider.as_str());
        let (verifier, nonce) = (words.next()?, words.next()?);
        meant.then(|| Self { verifier: Secret::new(verifier), nonce: Secret::new(nonce) })
    }
}
