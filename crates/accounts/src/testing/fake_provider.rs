use crate::names::EmailAddress;
use crate::ports::identity::{
    Challenge, Expected, ExternalIdentity, Grant, IdentityError, IdentityProvider, KnownAddress, Proof,
    ShownText, Subject,
};
use crate::social::Provider;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use square_kernel::testing::lock;
use square_kernel::{Secret, Unavailable};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// A provider that knows whom it was told about, and remembers what it was asked to expect.
#[derive(Debug)]
pub struct FakeProvider {
    provider: Provider,
    people: Mutex<HashMap<String, ExternalIdentity>>,
    expected: Mutex<Vec<Expected>>,
}

impl FakeProvider {
    /// The proof that stands for a provider which does not answer.
    pub const AWAY: &str = "away";

    /// One of each, who know nobody.
    pub fn of_each() -> Vec<Arc<Self>> {
        let fake = |provider| Self { provider, people: Mutex::default(), expected: Mutex::default() };
        Provider::ALL.into_iter().map(|provider| Arc::new(fake(provider))).collect()
    }

    /// Somebody called `name`, whose address is `name@example.org`.
    pub fn identity(name: &str, vouched: bool) -> ExternalIdentity {
        let address = EmailAddress::parse(&format!("{name}@example.org")).expect("a good address");
        ExternalIdentity {
            subject: Subject::parse(&format!("subject of {name}")).expect("a good subject"),
            email: Some(KnownAddress { address, vouched }),
            name: ShownText::new(&format!("{name} Lovelace")),
            first_name: ShownText::default(),
            last_name: ShownText::default(),
            user_name: ShownText::new(name),
            grant: Grant {
                access_token: Some(Secret::new(format!("access token of {name}"))),
                expires_at: Some(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 365 * 60)),
                refresh_token: Some(Secret::new(format!("refresh token of {name}"))),
                refresh_expires_at: None,
                scope: ShownText::new("read:user"),
                token_type: ShownText::new("bearer"),
            },
        }
    }

    /// Has `proof` (the code or token) show `identity`.
    pub fn know(&self, proof: &str, identity: ExternalIdentity) {
        lock(&self.people).insert(proof.to_owned(), identity);
    }

    /// What was expected of proofs so far.
    pub fn expected(&self) -> Vec<Expected> {
        lock(&self.expected).clone()
    }
}

#[async_trait]
impl IdentityProvider for FakeProvider {
    fn provider(&self) -> Provider {
        self.provider
    }

    fn authorize_url(&self, challenge: &Challenge) -> String {
        let Challenge { state, code_challenge, nonce } = challenge;
        let provider = self.provider;
        format!(
            "https://{provider}.test/?state={}&challenge={code_challenge}&nonce={}",
            state.expose(),
            nonce.expose()
        )
    }

    async fn identify(&self, proof: &Proof, expected: &Expected) -> Result<ExternalIdentity, IdentityError> {
        lock(&self.expected).push(expected.clone());
        let (Proof::Code(text) | Proof::IdToken(text) | Proof::AccessToken { token: text, .. }) = proof;
        if text.expose() == Self::AWAY {
            return Err(Unavailable::new("the provider is away").into());
        }
        lock(&self.people).get(text.expose()).cloned().ok_or(IdentityError::Rejected("the proof is not good"))
    }
}
