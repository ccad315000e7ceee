use super::{Attempt, Found, LIMIT};
use crate::receivers::pusher_server;
use crate::settings::{Pusher, Settings};
use reqwest::Client;
use reqwest::redirect::Policy;
use std::error::Error;
use std::sync::Arc;

/// Those that are called by HTTP. Whether they take our secrets shows only when somebody signs in, or something is to be told.
pub(super) fn attempts(settings: &Settings) -> Vec<Attempt<'static>> {
    let social = &settings.social;
    let (github, linkedin) = (&social.github, &social.linkedin);
    let (google, facebook) = (&social.google, &social.facebook);
    let client = Arc::new(client());
    let selectors = &settings.selectors;
    [
        ("Elasticsearch", set(&selectors.elasticsearch.url)),
        ("Transformer", set(&selectors.transformer.url)),
        ("Embedding", set(&selectors.embedding.url)),
        ("Pusher", pusher(&settings.pusher)),
        ("GitHub", where_set(&github.client_id, &[&github.token_url, &github.api_url])),
        ("LinkedIn", where_set(&linkedin.client_id, &[&linkedin.token_url, &linkedin.userinfo_url])),
        ("Google", where_set(&google.client_id, &[&google.keys_url])),
        ("Facebook", where_set(&facebook.app_id, &[&facebook.graph_url])),
        (
            "Rollbar",
            settings.rollbar.token.get().map(|_| settings.rollbar.endpoint.clone()).into_iter().collect(),
        ),
    ]
    .into_iter()
    .map(|(name, addresses)| -> Attempt<'static> { (name, Box::pin(reach(Arc::clone(&client), addresses))) })
    .collect()
}

fn where_set(id: &str, addresses: &[&String]) -> Vec<String> {
    if id.is_empty() { Vec::new() } else { addresses.iter().map(|address| (*address).clone()).collect() }
}

fn set(address: &str) -> Vec<String> {
    if address.is_empty() { Vec::new() } else { vec![address.to_owned()] }
}

fn pusher(settings: &Pusher) -> Vec<String> {
    if settings.app_id.is_empty() {
        return Vec::new();
    }
    // One that is impossible was refused before.
    pusher_server(settings).ok().map(|server| server.to_string()).into_iter().collect()
}

fn client() -> reqwest::Result<Client> {
    let builder = || {
        Client::builder()
            // GitHub answers nobody who does not say who they are.
            .user_agent(concat!("square/", env!("CARGO_PKG_VERSION")))
            .timeout(LIMIT)
            .redirect(Policy::none())
            .no_proxy()
    };
    // Without root certificates nobody is reached over https, which shows with them; others are.
    builder().build().or_else(|_| builder().tls_certs_only([]).build())
}

/// Whether at each of these addresses somebody answers who is not ill. What they answer does not matter: it is no call that they know.
async fn reach(client: Arc<reqwest::Result<Client>>, addresses: Vec<String>) -> Found {
    if addresses.is_empty() {
        return Found::NotSetUp;
    }
    let client = match &*client {
        Ok(client) => client,
        Err(error) => return Found::Wrong(cause(error)),
    };
    for address in addresses {
        match client.get(&address).send().await {
            Ok(answer) if answer.status().is_server_error() => {
                return Found::Wrong(format!("{address} answers with {}", answer.status()));
            }
            Ok(_) => {}
            Err(error) => return Found::Wrong(format!("{address} cannot be reached: {}", cause(&error))),
        }
    }
    Found::Well(String::new())
}

/// The innermost cause, which says most.
fn cause(error: &reqwest::Error) -> String {
    let mut innermost: &dyn Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
