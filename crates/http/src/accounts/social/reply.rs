use crate::accounts::{Done, SecondFactorRequired, private};
use crate::api::State;
use crate::device_token;
use crate::extract::Entrance;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::{Deserialize, Serialize};
use square_accounts::{Account, Entry, Provider, SignedIn, SocialOutcome};
use square_wire::User;
use utoipa::ToSchema;

/// What came of a provider's proof: a session, a link, or the question for the second factor.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum SocialReply {
    /// Signed in, or linked.
    Done(Box<SocialDone>),
    /// The account has a second factor.
    SecondFactor(SecondFactorRequired),
}

/// Who is signed in, or to whose account the identity was linked.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct SocialDone {
    #[serde(flatten)]
    done: Done,
    auth: SocialAuth,
    /// The account; right after signing in with the access token.
    user: User,
}

/// What came of it, with the tokens of the session that was opened; a link opens none.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct SocialAuth {
    /// `signed_in`, `created` (and signed in) or `linked`.
    #[schema(example = "signed_in")]
    outcome: String,
    /// The provider.
    #[schema(example = "github")]
    provider: String,
    /// The access token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    access_token: Option<String>,
    /// To get the next pair of tokens with; good once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// When the access token expires, Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_in: Option<i64>,
    /// Whether the account has roles that count only once it has a second factor; left out where it has not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    mfa_setup_required: bool,
}

/// That a letter asks whoever has the mailbox.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct LetterSent {
    #[serde(flatten)]
    done: Done,
    /// Always `true`: nobody is signed in before the link in the letter was used.
    confirmation_required: bool,
}

/// The reply to an outcome.
pub(super) fn outcome(
    state: &State,
    entrance: &Entrance,
    provider: Provider,
    outcome: &SocialOutcome,
) -> HttpResponse {
    match outcome {
        SocialOutcome::Entered(entry) => {
            entered(state, entrance, entry, |signed_in| SocialDone::signed_in(provider, signed_in))
        }
        SocialOutcome::Created(entry) => {
            entered(state, entrance, entry, |signed_in| SocialDone::created(provider, signed_in))
        }
        SocialOutcome::Linked(account) => private(StatusCode::OK, SocialDone::linked(provider, account)),
        SocialOutcome::LetterSent => {
            let message = "Please follow the link in the letter that was sent to your address.";
            let sent = LetterSent { done: Done::new(message), confirmation_required: true };
            private(StatusCode::ACCEPTED, sent)
        }
    }
}

fn entered(
    state: &State,
    entrance: &Entrance,
    entry: &Entry,
    done: impl FnOnce(&SignedIn) -> SocialDone,
) -> HttpResponse {
    let signed_in = match entry {
        Entry::SignedIn(signed_in) => signed_in,
        Entry::Challenge(challenge) => {
            return private(StatusCode::OK, SecondFactorRequired::new(challenge));
        }
    };
    let mut response = private(StatusCode::OK, done(signed_in));
    device_token::give(&signed_in.device_tokens, entrance, &state.services.settings, &mut response);
    response
}

impl SocialDone {
    fn signed_in(provider: Provider, signed_in: &SignedIn) -> Self {
        Self::with_tokens(provider, "signed_in", "Signed in.", signed_in)
    }

    fn created(provider: Provider, signed_in: &SignedIn) -> Self {
        Self::with_tokens(provider, "created", "The account is made.", signed_in)
    }

    fn with_tokens(provider: Provider, outcome: &str, message: &str, signed_in: &SignedIn) -> Self {
        let tokens = &signed_in.tokens;
        Self {
            done: Done::new(message),
            auth: SocialAuth {
                outcome: outcome.to_owned(),
                provider: provider.as_str().to_owned(),
                access_token: Some(tokens.access.expose().to_owned()),
                refresh_token: Some(tokens.refresh.expose().to_owned()),
                expires_in: Some(tokens.expires_at.as_second()),
                mfa_setup_required: signed_in.mfa_missing,
            },
            user: User::signed_in(&signed_in.account, tokens),
        }
    }

    fn linked(provider: Provider, account: &Account) -> Self {
        Self {
            done: Done::new("You can sign in this way, too, from now on."),
            auth: SocialAuth {
                outcome: "linked".to_owned(),
                provider: provider.as_str().to_owned(),
                access_token: None,
                refresh_token: None,
                expires_in: None,
                mfa_setup_required: false,
            },
            user: User::from(account),
        }
    }
}
