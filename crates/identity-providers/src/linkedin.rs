use crate::client::{ProviderClient, bearer, with_query};
use crate::exchange::{BAD_CODE, Exchange};
use crate::profile::{known_address, says_true, shown};
use async_trait::async_trait;
use serde::Deserialize;
use square_accounts::Provider;
use square_accounts::ports::identity::{
    Challenge, Expected, ExternalIdentity, IdentityError, IdentityProvider, Proof, ShownText, Subject,
};
use square_kernel::{Clock, Secret, Unavailable};
use std::sync::Arc;

/// This server's application at LinkedIn, and where LinkedIn is.
#[derive(Debug, Clone)]
pub struct LinkedinSettings {
    /// The application's client id.
    pub client_id: String,
    /// Its client secret.
    pub client_secret: Secret,
    /// Where a browser begins: `https://www.linkedin.com/oauth/v2/authorization`.
    pub authorize_url: String,
    /// Where codes are exchanged: `https://www.linkedin.com/oauth/v2/accessToken`.
    pub token_url: String,
    /// Where it tells who somebody is: `https://api.linkedin.com/v2/userinfo`.
    pub userinfo_url: String,
    /// Where LinkedIn sends browsers back to; it has to be registered with the application.
    pub redirect_uri: String,
}

/// People at LinkedIn, shown by an authorization code ("Sign In with LinkedIn using `OpenID` Connect").
///
/// LinkedIn takes code challenges from applications without a secret only, and answers whoever sends both with an error: so a
/// sign-in there is bound by its state alone.
pub struct Linkedin {
    client: ProviderClient,
    settings: LinkedinSettings,
    clock: Arc<dyn Clock>,
}

#[derive(Deserialize)]
struct UserInfo {
    sub: String,
    name: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
    email: Option<String>,
    #[serde(default, deserialize_with = "says_true")]
    email_verified: bool,
}

impl Linkedin {
    /// Asks LinkedIn through `client`.
    pub fn new(client: ProviderClient, settings: LinkedinSettings, clock: Arc<dyn Clock>) -> Self {
        Self { client, settings, clock }
    }

    async fn who(&self, code: &Secret) -> Result<ExternalIdentity, IdentityError> {
        let exchange = Exchange {
            token_url: &self.settings.token_url,
            client_id: &self.settings.client_id,
            client_secret: &self.settings.client_secret,
            redirect_uri: &self.settings.redirect_uri,
        };
        let exchanged = exchange.spend(&self.client, code, None, self.clock.now()).await?;
        let authorization = bearer(exchanged.access_token.expose())
            .ok_or_else(|| Unavailable::new("LinkedIn sent an unusable token"))?;
        let request = self.client.get(&self.settings.userinfo_url).header("authorization", authorization);
        let answer = self.client.send(request).await?;
        let user: UserInfo = match answer.status.as_u16() {
            200 => answer.json()?,
            401 => return Err(BAD_CODE),
            _ => return Err(answer.unexpected("LinkedIn").into()),
        };
        let subject = Subject::parse(&user.sub);
        Ok(ExternalIdentity {
            subject: subject.ok_or_else(|| Unavailable::new("LinkedIn does not say who it is"))?,
            email: known_address(user.email.as_deref(), user.email_verified),
            name: shown(user.name.as_deref()),
            first_name: shown(user.given_name.as_deref()),
            last_name: shown(user.family_name.as_deref()),
            user_name: ShownText::default(),
            grant: exchanged.grant,
        })
    }
}

#[async_trait]
impl IdentityProvider for Linkedin {
    fn provider(&self) -> Provider {
        Provider::Linkedin
    }

    fn authorize_url(&self, challenge: &Challenge) -> String {
        with_query(
            &self.settings.authorize_url,
            &[
                ("response_type", "code"),
                ("client_id", &self.settings.client_id),
                ("redirect_uri", &self.settings.redirect_uri),
                ("scope", "openid profile email"),
                ("state", challenge.state.expose()),
            ],
        )
    }

    async fn identify(&self, proof: &Proof, _: &Expected) -> Result<ExternalIdentity, IdentityError> {
        let Proof::Code(code) = proof else {
            return Err(IdentityError::Rejected("LinkedIn is asked with an authorization code"));
        };
        self.client.within_limits(self.who(code)).await
    }
}
