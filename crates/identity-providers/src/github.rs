use crate::client::{ProviderClient, bearer, with_query};
use crate::exchange::{BAD_CODE, Exchange};
use crate::profile::{known_address, shown};
use async_trait::async_trait;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use square_accounts::Provider;
use square_accounts::ports::identity::{
    Challenge, Expected, ExternalIdentity, IdentityError, IdentityProvider, KnownAddress, Proof, ShownText,
    Subject,
};
use square_kernel::{Clock, Secret, Unavailable};
use std::sync::Arc;

/// This server's OAuth application at GitHub, and where GitHub is.
#[derive(Debug, Clone)]
pub struct GithubSettings {
    /// The application's client id.
    pub client_id: String,
    /// Its client secret.
    pub client_secret: Secret,
    /// Where a browser begins: `https://github.com/login/oauth/authorize`.
    pub authorize_url: String,
    /// Where codes are exchanged: `https://github.com/login/oauth/access_token`.
    pub token_url: String,
    /// Where the REST API is: `https://api.github.com`.
    pub api_url: String,
    /// Where GitHub sends browsers back to; empty for the one that is registered with the application.
    pub redirect_uri: String,
}

/// People at GitHub, shown by an authorization code of an OAuth application. The address is the primary one, vouched for where
/// GitHub says that it is verified.
pub struct Github {
    client: ProviderClient,
    settings: GithubSettings,
    clock: Arc<dyn Clock>,
}

/// The API's version that this was written for.
const API_VERSION: &str = "2022-11-28";

#[derive(Deserialize)]
struct User {
    id: u64,
    login: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Address {
    email: String,
    primary: bool,
    verified: bool,
}

impl Github {
    /// Asks GitHub through `client`.
    pub fn new(client: ProviderClient, settings: GithubSettings, clock: Arc<dyn Clock>) -> Self {
        Self { client, settings, clock }
    }

    async fn who(&self, code: &Secret, verifier: Option<&Secret>) -> Result<ExternalIdentity, IdentityError> {
        let exchange = Exchange {
            token_url: &self.settings.token_url,
            client_id: &self.settings.client_id,
            client_secret: &self.settings.client_secret,
            redirect_uri: &self.settings.redirect_uri,
        };
        let exchanged = exchange.spend(&self.client, code, verifier, self.clock.now()).await?;
        let user: User = self.ask("/user", &exchanged.access_token).await?.ok_or(BAD_CODE)?;
        let email = self.primary_address(&exchanged.access_token).await?;
        let subject = Subject::parse(&user.id.to_string()).ok_or(BAD_CODE)?;
        Ok(ExternalIdentity {
            subject,
            email,
            name: shown(user.name.as_deref()),
            first_name: ShownText::default(),
            last_name: ShownText::default(),
            user_name: shown(user.login.as_deref()),
            grant: exchanged.grant,
        })
    }

    /// The address in the profile is not asked for: people may show any of theirs there, and GitHub does not say whether it is
    /// verified.
    async fn primary_address(&self, token: &Secret) -> Result<Option<KnownAddress>, IdentityError> {
        let addresses: Option<Vec<Address>> = self.ask("/user/emails?per_page=100", token).await?;
        let primary = addresses.unwrap_or_default().into_iter().find(|address| address.primary);
        Ok(primary.and_then(|address| known_address(Some(&address.email), address.verified)))
    }

    /// `None` where the token does not allow it.
    async fn ask<T: DeserializeOwned>(&self, path: &str, token: &Secret) -> Result<Option<T>, IdentityError> {
        let url = format!("{}{path}", self.settings.api_url.trim_end_matches('/'));
        let authorization =
            bearer(token.expose()).ok_or_else(|| Unavailable::new("GitHub sent an unusable token"))?;
        let request = self.client.get(&url).header("authorization", authorization);
        let answer = self.client.send(request.header("x-github-api-version", API_VERSION)).await?;
        match answer.status.as_u16() {
            200 => Ok(Some(answer.json()?)),
            403 | 429 if answer.wants_fewer_calls() => {
                Err(Unavailable::new("GitHub wants fewer calls").into())
            }
            401 | 403 | 404 => Ok(None),
            _ => Err(answer.unexpected("GitHub").into()),
        }
    }
}

#[async_trait]
impl IdentityProvider for Github {
    fn provider(&self) -> Provider {
        Provider::Github
    }

    fn authorize_url(&self, challenge: &Challenge) -> String {
        with_query(
            &self.settings.authorize_url,
            &[
                ("client_id", &self.settings.client_id),
                ("redirect_uri", &self.settings.redirect_uri),
                ("scope", "read:user user:email"),
                ("state", challenge.state.expose()),
                ("code_challenge", &challenge.code_challenge),
                ("code_challenge_method", "S256"),
            ],
        )
    }

    async fn identify(&self, proof: &Proof, expected: &Expected) -> Result<ExternalIdentity, IdentityError> {
        let Proof::Code(code) = proof else {
            return Err(IdentityError::Rejected("GitHub is asked with an authorization code"));
        };
        self.client.within_limits(self.who(code, expected.verifier.as_ref())).await
    }
}
