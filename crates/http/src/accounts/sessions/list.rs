use crate::Failure;
use crate::accounts::private;
use crate::api::State;
use crate::extract::{Paging, Query, SignedIn};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::{Deserialize, Serialize};
use square_accounts::ports::SessionRecord;
use square_kernel::SessionId;
use utoipa::ToSchema;
use uuid::Uuid;

/// One page of one's live sessions.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct SessionPage {
    /// Always `true`.
    success: bool,
    /// The sessions, newest first.
    sessions: Vec<SessionView>,
    /// What to send as `cursor` for the next page; `null` on the last one.
    next_cursor: Option<String>,
}

/// A live session.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct SessionView {
    /// Its identifier.
    id: Uuid,
    /// When somebody signed in, RFC 3339.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it last got tokens, RFC 3339.
    #[schema(format = DateTime)]
    last_seen_at: String,
    /// Until when it can get new tokens, RFC 3339; each time it does, that moment moves on, up to a limit.
    #[schema(format = DateTime)]
    expires_at: String,
    /// The network address that it was opened from, where known.
    address: Option<String>,
    /// The user agent that it was opened with, where it named itself.
    agent: Option<String>,
    /// Whether it is the one that this request is made in.
    current: bool,
}

impl SessionView {
    fn new(record: SessionRecord, current: SessionId) -> Self {
        Self {
            id: record.id.uuid(),
            created_at: record.created_at.to_string(),
            last_seen_at: record.rotated_at.to_string(),
            expires_at: record.expires_at.to_string(),
            address: record.address,
            agent: record.agent,
            current: record.id == current,
        }
    }
}

/// One's own live sessions
///
/// Newest first. One that looks foreign can be ended; changing the password ends all others, too.
#[utoipa::path(tag = "accounts", params(Paging), security(("token" = [])), responses(
    (status = 200, description = "A page of them.", body = SessionPage),
))]
#[get("/sessions")]
pub(crate) async fn sessions(
    state: Data<State>,
    caller: SignedIn,
    Query(paging): Query<Paging>,
) -> Result<HttpResponse, Failure> {
    let current = caller.identity.session;
    let slice = state.services.accounts.sessions(&caller.identity, paging.page()?).await?;
    let next_cursor = slice.next.map(|next| next.to_string());
    let sessions = slice.items.into_iter().map(|record| SessionView::new(record, current)).collect();
    Ok(private(StatusCode::OK, SessionPage { success: true, sessions, next_cursor }))
}
