use crate::Failure;
use crate::accounts::private;
use crate::api::State;
use crate::extract::SignedIn;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::{Deserialize, Serialize};
use square_accounts::ports::identity::ShownText;
use square_accounts::ports::{LinkedIdentity, TokenRejected};
use square_kernel::{Secret, jiff::Timestamp};
use utoipa::ToSchema;

/// All ways to sign in.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct LoginMethods {
    /// Always `true`.
    success: bool,
    /// The password first, where there is one, as provider `signup`.
    login_methods: Vec<LoginMethodView>,
}

/// One way to sign in.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct LoginMethodView {
    /// `github`, `linkedin`, `google`, `facebook`, or `signup` for the password.
    #[schema(example = "github")]
    provider: String,
    profile: LoginProfile,
}

/// What the provider said, the last time somebody signed in this way; all of it `null` for the password.
#[derive(Default, Serialize, Deserialize, ToSchema)]
pub(crate) struct LoginProfile {
    /// The provider's own access token.
    access_token: Option<String>,
    /// The address they are known by there.
    email: Option<String>,
    /// The identifier of this way to sign in, as 32 hex digits; to delete it by.
    #[schema(example = "01932c071c2b7d3e8f4a5b6c7d8e9fa0")]
    entity_id: Option<String>,
    /// When that access token expires, Unix seconds.
    expires_in: Option<i64>,
    /// The name they are called by there.
    name: Option<String>,
    /// The provider's own refresh token.
    refresh_token: Option<String>,
    /// When that expires, Unix seconds.
    refresh_token_expires_in: Option<i64>,
    /// What the access token allows.
    scope: Option<String>,
    /// How it is sent.
    token_type: Option<String>,
    /// The public name they have there.
    user_name: Option<String>,
}

/// One's ways to sign in
#[utoipa::path(tag = "accounts", security(("token" = [])), responses(
    (status = 200, description = "The password and the identities at providers.", body = LoginMethods),
))]
#[get("/social")]
pub(crate) async fn login_methods(state: Data<State>, caller: SignedIn) -> Result<HttpResponse, Failure> {
    let ways = state.services.accounts.ways_in(caller.identity.user).await?;
    // Its token may outlive an account by a moment.
    let ways = ways.ok_or(TokenRejected::Invalid)?;
    let password = ways
        .password
        .then(|| LoginMethodView { provider: "signup".to_owned(), profile: LoginProfile::default() });
    let login_methods =
        password.into_iter().chain(ways.identities.iter().map(LoginMethodView::from)).collect();
    Ok(private(StatusCode::OK, LoginMethods { success: true, login_methods }))
}

impl From<&LinkedIdentity> for LoginMethodView {
    fn from(linked: &LinkedIdentity) -> Self {
        let text = |text: &ShownText| text.given().map(str::to_owned);
        let token = |token: Option<&Secret>| token.map(|token| token.expose().to_owned());
        let grant = &linked.grant;
        Self {
            provider: linked.provider.as_str().to_owned(),
            profile: LoginProfile {
                access_token: token(grant.access_token.as_ref()),
                email: linked.email.as_ref().map(|email| email.as_str().to_owned()),
                entity_id: Some(linked.id.uuid().simple().to_string()),
                expires_in: grant.expires_at.map(Timestamp::as_second),
                name: text(&linked.name),
                refresh_token: token(grant.refresh_token.as_ref()),
                refresh_token_expires_in: grant.refresh_expires_at.map(Timestamp::as_second),
                scope: text(&grant.scope),
                token_type: text(&grant.token_type),
                user_name: text(&linked.user_name),
            },
        }
    }
}
