//! What providers of identities have to do.

use crate::names::EmailAddress;
use crate::social::Provider;
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::{Secret, Unavailable};

/// What a client got from a provider, as proof of who somebody is there.
#[derive(Debug, Clone)]
pub enum Proof {
    /// An authorization code (RFC 6749, section 4.1).
    Code(Secret),
    /// An ID token (`OpenID` Connect Core 1.0, section 2).
    IdToken(Secret),
    /// An access token, and the identifier of the person it is said to belong to.
    AccessToken {
        /// The token.
        token: Secret,
        /// The person's identifier at the provider.
        subject: String,
    },
}

/// What a proof has to fit besides, where the client or this server asked for more.
#[derive(Debug, Clone, Default)]
pub struct Expected {
    /// The verifier of the code challenge (PKCE, RFC 7636) that the code was asked for with.
    pub verifier: Option<Secret>,
    /// The nonce that the ID token was asked for with.
    pub nonce: Option<Secret>,
}

/// What a sign-in at a provider is begun with.
#[derive(Debug, Clone)]
pub struct Challenge {
    /// Comes back with the code or token.
    pub state: Secret,
    /// The code challenge by the method `S256` (RFC 7636, section 4.2).
    pub code_challenge: String,
    /// Stands in the ID token.
    pub nonce: Secret,
}

/// Who somebody is at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalIdentity {
    /// Their identifier there: never given to anybody else, never changed.
    pub subject: Subject,
    /// The address the provider knows them by, where it tells one.
    pub email: Option<KnownAddress>,
    /// The name they are called by.
    pub name: ShownText,
    /// First name.
    pub first_name: ShownText,
    /// Last name.
    pub last_name: ShownText,
    /// The public name they have there.
    pub user_name: ShownText,
    /// What the provider lets us do in their name.
    pub grant: Grant,
}

/// An identifier at a provider: 1 to 255 characters without control characters, compared letter by letter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Subject(String);

impl Subject {
    /// `None` when the text is no such identifier.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=255).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        fits.then(|| Self(text.to_owned()))
    }

    /// The identifier.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An address as a provider tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownAddress {
    /// The address.
    pub address: EmailAddress,
    /// Whether the provider says that it has made sure whose it is. One that it does not vouch for may be anybody's.
    pub vouched: bool,
}

/// Text out of a profile that was written elsewhere: at most 200 characters without control characters; may be empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShownText(String);

impl ShownText {
    /// The most characters.
    pub const MAX_CHARS: usize = 200;

    /// Drops what does not belong there.
    pub fn new(text: &str) -> Self {
        let kept: String = text.chars().filter(|c| !c.is_control()).take(Self::MAX_CHARS).collect();
        Self(kept.trim().to_owned())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, unless it is empty.
    pub fn given(&self) -> Option<&str> {
        (!self.0.is_empty()).then_some(&self.0)
    }
}

/// What a provider lets us do in somebody's name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grant {
    /// The token for calls to the provider.
    pub access_token: Option<Secret>,
    /// Until when it is good, where the provider says so.
    pub expires_at: Option<Timestamp>,
    /// To get the next one with.
    pub refresh_token: Option<Secret>,
    /// Until when that is good, where the provider says so.
    pub refresh_expires_at: Option<Timestamp>,
    /// What it allows.
    pub scope: ShownText,
    /// How it is sent.
    pub token_type: ShownText,
}

/// Why a proof shows nothing.
#[derive(Debug, Clone, thiserror::Error)]
pub enum IdentityError {
    /// It is not good: made up, expired, used, somebody else's, for another application. The text says which, for people,
    /// and MUST NOT repeat what was received.
    #[error("{0}")]
    Rejected(&'static str),
    /// The provider does not answer, or not as it should, or does not know this server.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Knows who somebody is at a provider.
#[async_trait]
pub trait IdentityProvider: Send + Sync {
    /// Which one.
    fn provider(&self) -> Provider;

    /// Where a browser has to go to begin signing in there.
    fn authorize_url(&self, challenge: &Challenge) -> String;

    /// Who the proof shows. It MUST have been made by the provider, for this application, and be good now; where `expected`
    /// asks for more, that MUST hold, too. A proof of a kind that the provider does not give MUST be `Rejected`.
    ///
    /// It ends within bounds: of time, and of what the provider may send.
    async fn identify(&self, proof: &Proof, expected: &Expected) -> Result<ExternalIdentity, IdentityError>;
}
