use crate::Failure;
use crate::accounts::private;
use crate::api::State;
use crate::extract::{Caller, Client};
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get};
use serde::{Deserialize, Serialize};
use square_accounts::Provider;
use square_wire::{ErrorBody, Fault};
use utoipa::ToSchema;

/// Where to go to sign in at a provider.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct Beginning {
    /// Always `true`.
    success: bool,
    /// Where the browser goes.
    url: String,
    /// Comes back from there. Compare it, and send it along with the code or token: it is good once, for ten minutes.
    state: String,
}

/// Begin to sign in at a provider
///
/// Not needed, but safer: the proof that comes back is then bound to this sign-in by its state and, where the provider knows
/// them, a code challenge (PKCE) and a nonce. Asked with an access token, the state is good for linking to that account only.
#[utoipa::path(tag = "accounts", params(
    ("provider" = String, Path, description = "`github`, `linkedin`, `google` or `facebook`."),
), security((), ("token" = [])), responses(
    (status = 200, description = "Where to go.", body = Beginning),
    (status = 404, description = "There is no such provider, or it is not set up on this server (`provider_not_set_up`).", body = ErrorBody),
    (status = 429, description = "Too many from this address.", body = ErrorBody),
))]
#[get("/social/{provider}/authorize")]
pub(crate) async fn begin_social(
    state: Data<State>,
    caller: Caller,
    provider: Path<String>,
    Client(device): Client,
) -> Result<HttpResponse, Failure> {
    let provider = Provider::named(&provider).ok_or_else(|| Failure(Fault::not_found("provider")))?;
    let user = caller.0.identity.map(|identity| identity.user);
    let begun = state.services.accounts.begin_social(provider, user, &device).await?;
    let state = begun.state.expose().to_owned();
    Ok(private(StatusCode::OK, Beginning { success: true, url: begun.url, state }))
}
