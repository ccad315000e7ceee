//! Who vouches for people, as the settings say.

use crate::mail::public_url;
use crate::settings::{SecretSetting, Settings};
use square_accounts::ports::identity::IdentityProvider;
use square_identity_providers::{
    Facebook, FacebookSettings, Github, GithubSettings, Google, GoogleSettings, Linkedin, LinkedinSettings,
    ProviderClient, ProviderClientSettings,
};
use square_kernel::{Clock, Secret, Unavailable};
use std::sync::Arc;
use std::time::Duration;

/// The providers that are set up: those that have an id.
pub(crate) fn identity_providers(
    settings: &Settings,
    clock: &Arc<dyn Clock>,
) -> Result<Vec<Arc<dyn IdentityProvider>>, Unavailable> {
    let social = &settings.social;
    let client = ProviderClient::new(ProviderClientSettings {
        connect_timeout: Duration::from_millis(social.connect_timeout_ms),
        time_limit: Duration::from_millis(social.time_limit_ms),
        max_response_bytes: social.max_response_bytes,
    })?;
    let public_url = public_url(settings);
    let back_to = |uri: &str| uri.replace("{public_url}", public_url.trim_end_matches('/'));
    let mut providers: Vec<Arc<dyn IdentityProvider>> = Vec::new();
    let github = &social.github;
    if !github.client_id.is_empty() {
        let settings = GithubSettings {
            client_id: github.client_id.clone(),
            client_secret: secret(&github.client_secret),
            authorize_url: github.authorize_url.clone(),
            token_url: github.token_url.clone(),
            api_url: github.api_url.clone(),
            redirect_uri: back_to(&github.redirect_uri),
        };
        providers.push(Arc::new(Github::new(client.clone(), settings, clock.clone())));
    }
    let linkedin = &social.linkedin;
    if !linkedin.client_id.is_empty() {
        let settings = LinkedinSettings {
            client_id: linkedin.client_id.clone(),
            client_secret: secret(&linkedin.client_secret),
            authorize_url: linkedin.authorize_url.clone(),
            token_url: linkedin.token_url.clone(),
            userinfo_url: linkedin.userinfo_url.clone(),
            redirect_uri: back_to(&linkedin.redirect_uri),
        };
        providers.push(Arc::new(Linkedin::new(client.clone(), settings, clock.clone())));
    }
    let google = &social.google;
    if !google.client_id.is_empty() {
        let settings = GoogleSettings {
            client_id: google.client_id.clone(),
            authorize_url: google.authorize_url.clone(),
            keys_url: google.keys_url.clone(),
            issuer: google.issuer.clone(),
            redirect_uri: back_to(&google.redirect_uri),
        };
        providers.push(Arc::new(Google::new(client.clone(), settings, clock.clone())));
    }
    let facebook = &social.facebook;
    if !facebook.app_id.is_empty() {
        let settings = FacebookSettings {
            app_id: facebook.app_id.clone(),
            app_secret: secret(&facebook.app_secret),
            authorize_url: facebook.authorize_url.clone(),
            graph_url: facebook.graph_url.clone(),
            redirect_uri: back_to(&facebook.redirect_uri),
        };
        providers.push(Arc::new(Facebook::new(client, settings, clock.clone())));
    }
    Ok(providers)
}

/// The settings' checks have seen to it that there is one.
fn secret(setting: &SecretSetting) -> Secret {
    setting.get().cloned().unwrap_or_else(|| Secret::new(""))
}
