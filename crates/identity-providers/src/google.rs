mod id_token;
mod keys;

use crate::client::{ProviderClient, with_query};
use crate::profile::{known_address, shown};
use async_trait::async_trait;
use id_token::{IdToken, Issuing};
use keys::Keys;
use square_accounts::Provider;
use square_accounts::ports::identity::{
    Challenge, Expected, ExternalIdentity, Grant, IdentityError, IdentityProvider, Proof, ShownText, Subject,
};
use square_kernel::{Clock, Secret};
use std::sync::Arc;

/// This server's application at Google, and where Google is.
#[derive(Debug, Clone)]
pub struct GoogleSettings {
    /// The application's client id, for which ID tokens have to be.
    pub client_id: String,
    /// Where a browser begins: `https://accounts.google.com/o/oauth2/v2/auth`.
    pub authorize_url: String,
    /// Where Google's public keys are: `https://www.googleapis.com/oauth2/v3/certs`.
    pub keys_url: String,
    /// In whose name ID tokens are: `https://accounts.google.com`. The name without `https://` counts as the same, as Google
    /// uses both.
    pub issuer: String,
    /// Where Google sends browsers back to.
    pub redirect_uri: String,
}

/// People at Google, shown by an ID token that a client got there. Its signature is checked against Google's public keys, which
/// are kept, so that Google is asked rarely and may be away for a while.
pub struct Google {
    client: ProviderClient,
    settings: GoogleSettings,
    keys: Keys,
    clock: Arc<dyn Clock>,
}

impl Google {
    /// Asks Google through `client`.
    pub fn new(client: ProviderClient, settings: GoogleSettings, clock: Arc<dyn Clock>) -> Self {
        let keys = Keys::new(client.clone(), settings.keys_url.clone(), Arc::clone(&clock));
        Self { client, settings, keys, clock }
    }

    async fn who(&self, token: &str, nonce: Option<&Secret>) -> Result<ExternalIdentity, IdentityError> {
        let token = IdToken::read(token)?;
        let key = self.keys.get(token.key_id(), token.algorithm()).await?;
        let issuing = Issuing { issuer: &self.settings.issuer, audience: &self.settings.client_id, nonce };
        let claims = token.verified(&key)?.checked(&issuing, self.clock.now())?;
        let subject = Subject::parse(&claims.sub);
        Ok(ExternalIdentity {
            subject: subject.ok_or(IdentityError::Rejected("the ID token does not say whose it is"))?,
            email: known_address(claims.email.as_deref(), claims.email_verified),
            name: shown(claims.name.as_deref()),
            first_name: shown(claims.given_name.as_deref()),
            last_name: shown(claims.family_name.as_deref()),
            user_name: ShownText::default(),
            grant: Grant::default(),
        })
    }
}

#[async_trait]
impl IdentityProvider for Google {
    fn provider(&self) -> Provider {
        Provider::Google
    }

    fn authorize_url(&self, challenge: &Challenge) -> String {
        with_query(
            &self.settings.authorize_url,
            &[
                ("response_type", "id_token"),
                ("client_id", &self.settings.client_id),
                ("redirect_uri", &self.settings.redirect_uri),
                ("scope", "openid profile email"),
                ("state", challenge.state.expose()),
                ("nonce", challenge.nonce.expose()),
            ],
        )
    }

    async fn identify(&self, proof: &Proof, expected: &Expected) -> Result<ExternalIdentity, IdentityError> {
        let Proof::IdToken(token) = proof else {
            return Err(IdentityError::Rejected("Google is asked with an ID token"));
        };
        self.client.within_limits(self.who(token.expose(), expected.nonce.as_ref())).await
    }
}
