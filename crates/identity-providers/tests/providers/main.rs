//! The providers against servers on the loopback interface that behave as the real ones document.
#![expect(clippy::unwrap_used, reason = "what goes wrong in a test ends it")]

mod facebook;
mod github;
mod google;
mod linkedin;
mod misbehaving;
mod stub;
mod tokens;

use square_accounts::ports::identity::{
    Challenge, Expected, ExternalIdentity, IdentityError, IdentityProvider, Proof,
};
use square_identity_providers::{ProviderClient, ProviderClientSettings};
use square_kernel::Secret;
use std::time::Duration;

/// Settings under which tests never wait long: generous to servers that answer.
fn settings() -> ProviderClientSettings {
    ProviderClientSettings {
        connect_timeout: Duration::from_secs(20),
        time_limit: Duration::from_secs(20),
        max_response_bytes: 64 * 1024,
    }
}

fn client() -> ProviderClient {
    ProviderClient::new(settings()).unwrap()
}

/// A client for servers that never come to an end.
fn impatient() -> ProviderClient {
    ProviderClient::new(ProviderClientSettings { time_limit: Duration::from_millis(300), ..settings() })
        .unwrap()
}

fn code(text: &str) -> Proof {
    Proof::Code(Secret::new(text))
}

fn challenge() -> Challenge {
    Challenge {
        state: Secret::new("the state"),
        code_challenge: "the-challenge".to_owned(),
        nonce: Secret::new("the-nonce"),
    }
}

async fn identify(provider: &dyn IdentityProvider, proof: &Proof) -> Result<ExternalIdentity, IdentityError> {
    provider.identify(proof, &Expected::default()).await
}

/// Why a proof was rejected.
fn rejection(outcome: Result<ExternalIdentity, IdentityError>) -> &'static str {
    match outcome {
        Err(IdentityError::Rejected(reason)) => reason,
        other => unreachable!("not rejected: {other:?}"),
    }
}

/// What the log says of a provider that does not work.
fn trouble(outcome: Result<ExternalIdentity, IdentityError>) -> String {
    match outcome {
        Err(IdentityError::Unavailable(unavailable)) => unavailable.chain(),
        other => unreachable!("no trouble: {other:?}"),
    }
}
