use crate::client::{Answer, ProviderClient, with_query};
use crate::exchange::Word;
use crate::profile::{known_address, shown};
use async_trait::async_trait;
use aws_lc_rs::hmac;
use jiff::Timestamp;
use serde::Deserialize;
use square_accounts::Provider;
use square_accounts::ports::identity::{
    Challenge, Expected, ExternalIdentity, Grant, IdentityError, IdentityProvider, Proof, ShownText, Subject,
};
use square_kernel::{Clock, Secret, Unavailable};
use std::fmt::Write;
use std::sync::Arc;

/// This server's application at Facebook, and where Facebook is.
#[derive(Debug, Clone)]
pub struct FacebookSettings {
    /// The application's id.
    pub app_id: String,
    /// Its secret.
    pub app_secret: Secret,
    /// Where a browser begins: `https://www.facebook.com/v24.0/dialog/oauth`.
    pub authorize_url: String,
    /// Where the Graph API is: `https://graph.facebook.com/v24.0`.
    pub graph_url: String,
    /// Where Facebook sends browsers back to.
    pub redirect_uri: String,
}

/// People at Facebook, shown by an access token that a client got there. Facebook is asked whether it gave the token, for this
/// application and this person, and whether it is still good; otherwise a token that somebody gave to another application
/// would sign that one in here.
///
/// Facebook tells an address and not whether it has made sure whose it is, so none of them is vouched for.
pub struct Facebook {
    client: ProviderClient,
    settings: FacebookSettings,
    clock: Arc<dyn Clock>,
}

#[derive(Deserialize)]
struct Inspected {
    data: Inspection,
}

/// What the Graph API says of a token under `debug_token`.
#[derive(Deserialize)]
struct Inspection {
    #[serde(default)]
    is_valid: bool,
    app_id: Option<String>,
    user_id: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    /// Unix seconds; 0 for a token that does not expire.
    expires_at: Option<i64>,
    #[serde(default)]
    scopes: Vec<String>,
}

#[derive(Deserialize)]
struct Me {
    id: String,
    name: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    email: Option<String>,
}

#[derive(Deserialize)]
struct Failed {
    error: Failure,
}

#[derive(Deserialize)]
struct Failure {
    code: Option<i64>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

const NOT_GOOD: IdentityError = IdentityError::Rejected("the access token is not good, or not any more");

impl Facebook {
    /// Asks Facebook through `client`.
    pub fn new(client: ProviderClient, settings: FacebookSettings, clock: Arc<dyn Clock>) -> Self {
        Self { client, settings, clock }
    }

    async fn who(&self, token: &Secret, claimed: &str) -> Result<ExternalIdentity, IdentityError> {
        let inspection = self.inspect(token).await?;
        let expires_at = self.check(&inspection, claimed)?;
        let me = self.me(token).await?;
        // What the token's inspection says and whom the token speaks for have to be one person.
        if inspection.user_id.as_deref() != Some(&me.id) {
            return Err(IdentityError::Rejected("the access token is another person's"));
        }
        Ok(ExternalIdentity {
            subject: Subject::parse(&me.id).ok_or(NOT_GOOD)?,
            email: known_address(me.email.as_deref(), false),
            name: shown(me.name.as_deref()),
            first_name: shown(me.first_name.as_deref()),
            last_name: shown(me.last_name.as_deref()),
            user_name: ShownText::default(),
            grant: Grant {
                access_token: Some(token.clone()),
                expires_at,
                refresh_token: None,
                refresh_expires_at: None,
                scope: ShownText::new(&inspection.scopes.join(" ")),
                token_type: ShownText::new("bearer"),
            },
        })
    }

    /// Gives the moment of the token's expiry, where it has one.
    fn check(&self, inspection: &Inspection, claimed: &str) -> Result<Option<Timestamp>, IdentityError> {
        if !inspection.is_valid {
            return Err(NOT_GOOD);
        }
        if inspection.app_id.as_deref() != Some(&self.settings.app_id) {
            return Err(IdentityError::Rejected("the access token is another application's"));
        }
        if inspection.kind.as_deref().is_some_and(|kind| kind != "USER") {
            return Err(IdentityError::Rejected("the access token is not a person's"));
        }
        let expires_at = match inspection.expires_at {
            None | Some(0) => None,
            Some(seconds) => Some(Timestamp::from_second(seconds).map_err(|_| NOT_GOOD)?),
        };
        if expires_at.is_some_and(|expires_at| expires_at <= self.clock.now()) {
            return Err(IdentityError::Rejected("the access token has expired"));
        }
        if claimed.is_empty() || inspection.user_id.as_deref() != Some(claimed) {
            return Err(IdentityError::Rejected("the access token is another person's"));
        }
        Ok(expires_at)
    }

    async fn inspect(&self, token: &Secret) -> Result<Inspection, IdentityError> {
        let app = format!("{}|{}", self.settings.app_id, self.settings.app_secret.expose());
        let query = [("input_token", token.expose()), ("access_token", &app)];
        let request = self.client.get(&with_query(&self.url("/debug_token"), &query));
        let answer = self.client.send(request).await?;
        match answer.status.as_u16() {
            200 => Ok(answer.json::<Inspected>()?.data),
            400..=499 => Err(refused(&answer)),
            _ => Err(answer.unexpected("Facebook").into()),
        }
    }

    async fn me(&self, token: &Secret) -> Result<Me, IdentityError> {
        let proof = self.appsecret_proof(token);
        let query = [
            ("fields", "id,name,first_name,last_name,email"),
            ("access_token", token.expose()),
            ("appsecret_proof", &proof),
        ];
        let answer = self.client.send(self.client.get(&with_query(&self.url("/me"), &query))).await?;
        match answer.status.as_u16() {
            200 => Ok(answer.json()?),
            400..=499 => Err(refused(&answer)),
            _ => Err(answer.unexpected("Facebook").into()),
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.settings.graph_url.trim_end_matches('/'))
    }

    /// Shows that the call comes from the application itself ("Securing Graph API Requests"): HMAC-SHA-256 of the token under
    /// the application's secret, in hexadecimal digits.
    fn appsecret_proof(&self, token: &Secret) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.settings.app_secret.expose().as_bytes());
        let tag = hmac::sign(&key, token.expose().as_bytes());
        tag.as_ref().iter().fold(String::new(), |mut text, byte| {
            // Writing to a String does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

/// Facebook answers a token that is not good and a secret that is wrong alike, so the log says more than the caller hears.
fn refused(answer: &Answer) -> IdentityError {
    let Ok(Failed { error }) = answer.json::<Failed>() else {
        return Unavailable::new("Facebook refuses a call without saying why").into();
    };
    let (code, kind) = (error.code.unwrap_or_default(), error.kind.unwrap_or_default());
    tracing::warn!(status = answer.status.as_u16(), code, kind = %Word(&kind), "Facebook refuses a token, or this application");
    match code {
        // Too many calls: of the application, of the person.
        4 | 17 | 32 | 613 => Unavailable::new("Facebook wants fewer calls").into(),
        _ => NOT_GOOD,
    }
}

#[async_trait]
impl IdentityProvider for Facebook {
    fn provider(&self) -> Provider {
        Provider::Facebook
    }

    fn authorize_url(&self, challenge: &Challenge) -> String {
        with_query(
            &self.settings.authorize_url,
            &[
                ("response_type", "token"),
                ("client_id", &self.settings.app_id),
                ("redirect_uri", &self.settings.redirect_uri),
                ("scope", "email,public_profile"),
                ("state", challenge.state.expose()),
            ],
        )
    }

    async fn identify(&self, proof: &Proof, _: &Expected) -> Result<ExternalIdentity, IdentityError> {
        let Proof::AccessToken { token, subject } = proof else {
            return Err(IdentityError::Rejected("Facebook is asked with an access token"));
        };
        self.client.within_limits(self.who(token, subject)).await
    }
}
