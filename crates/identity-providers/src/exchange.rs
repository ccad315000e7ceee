//! Authorization codes for tokens (RFC 6749, section 4.1.3), as GitHub and LinkedIn take them.

use crate::client::{Answer, ProviderClient};
use crate::profile::shown;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use square_accounts::ports::identity::{Grant, IdentityError};
use square_kernel::{Secret, Unavailable};
use std::fmt;

/// The code was not taken.
pub(crate) const BAD_CODE: IdentityError = IdentityError::Rejected(
    "the provider does not take the code: it is wrong, expired, used or another application's",
);

/// As whom this server exchanges codes, and where.
pub(crate) struct Exchange<'a> {
    pub(crate) token_url: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) client_secret: &'a Secret,
    /// Where the code was sent to; not told where it is empty.
    pub(crate) redirect_uri: &'a str,
}

/// A token reply, good or bad: GitHub sends both with status 200.
#[derive(Deserialize)]
struct Reply {
    access_token: Option<String>,
    token_type: Option<String>,
    scope: Option<String>,
    expires_in: Option<i64>,
    refresh_token: Option<String>,
    refresh_token_expires_in: Option<i64>,
    error: Option<String>,
}

/// What a code was exchanged for.
pub(crate) struct Exchanged {
    pub(crate) access_token: Secret,
    pub(crate) grant: Grant,
}

impl Exchange<'_> {
    /// Spends the code.
    pub(crate) async fn spend(
        &self,
        client: &ProviderClient,
        code: &Secret,
        verifier: Option<&Secret>,
        now: Timestamp,
    ) -> Result<Exchanged, IdentityError> {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code.expose()),
            ("client_id", self.client_id),
            ("client_secret", self.client_secret.expose()),
        ];
        if !self.redirect_uri.is_empty() {
            form.push(("redirect_uri", self.redirect_uri));
        }
        form.extend(verifier.map(|verifier| ("code_verifier", verifier.expose())));
        let answer = client.send(client.post(self.token_url, &form)).await?;
        read(&answer, now)
    }
}

fn read(answer: &Answer, now: Timestamp) -> Result<Exchanged, IdentityError> {
    let status = answer.status;
    if !status.is_success() && !status.is_client_error() {
        return Err(answer.unexpected("the token endpoint").into());
    }
    if answer.wants_fewer_calls() {
        return Err(Unavailable::new("the token endpoint wants fewer calls").into());
    }
    let reply: Reply = match answer.json() {
        Ok(reply) => reply,
        Err(_) if status.is_client_error() => return Err(answer.unexpected("the token endpoint").into()),
        Err(error) => return Err(error.into()),
    };
    if let Some(error) = reply.error {
        return Err(refused(&error));
    }
    let (true, Some(access_token)) =
        (status.is_success(), reply.access_token.filter(|token| !token.is_empty()))
    else {
        return Err(answer.unexpected("the token endpoint, without a token,").into());
    };
    let access_token = Secret::new(access_token);
    let until =
        |seconds: Option<i64>| seconds.filter(|seconds| *seconds > 0).map(|seconds| after(now, seconds));
    Ok(Exchanged {
        grant: Grant {
            access_token: Some(access_token.clone()),
            expires_at: until(reply.expires_in),
            refresh_token: reply.refresh_token.filter(|token| !token.is_empty()).map(Secret::new),
            refresh_expires_at: until(reply.refresh_token_expires_in),
            scope: shown(reply.scope.as_deref()),
            token_type: shown(reply.token_type.as_deref()),
        },
        access_token,
    })
}

/// The words for a code that is not good, by RFC 6749, GitHub and LinkedIn. All others say that this server is set up wrongly,
/// for which whoever signs in can do nothing.
fn refused(error: &str) -> IdentityError {
    match error {
        "invalid_grant" | "bad_verification_code" | "invalid_request" | "access_denied" => BAD_CODE,
        "unverified_user_email" => IdentityError::Rejected("the address at the provider is not confirmed"),
        other => {
            let word = Word(other);
            Unavailable::new(format!("the token endpoint refuses this server with the error {word}")).into()
        }
    }
}

/// A word of somebody else's for the log: as much of it as is plain and short.
pub(crate) struct Word<'a>(pub(crate) &'a str);

impl fmt::Display for Word<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        self.0.chars().filter(plain).take(60).try_for_each(|c| fmt::Write::write_char(f, c))
    }
}

/// So many seconds later, or the end of time.
fn after(now: Timestamp, seconds: i64) -> Timestamp {
    now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}
