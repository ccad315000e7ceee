use crate::Failure;
use crate::accounts::private;
use crate::api::State;
use crate::extract::{Paging, Query, SignedIn, moment};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::{Deserialize, Serialize};
use square_accounts::ports::{AuditFilter, AuditPosition};
use square_accounts::{AuditAction, AuditEntry};
use square_kernel::{FieldError, Invalid, Slice, UserId};
use square_wire::ErrorBody;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Which entries are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// Those of this kind, such as `signed_in`.
    action: Option<String>,
    /// Those at or after this moment, RFC 3339.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Those before this moment, RFC 3339.
    #[param(format = DateTime)]
    until: Option<String>,
}

/// Whose entries are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Concerned {
    /// Those that concern this account or were caused by it.
    #[param(value_type = Option<Uuid>)]
    user: Option<String>,
}

impl AuditQuery {
    /// Those of one account, where one is named.
    pub(super) fn filter(self, user: Option<String>) -> Result<AuditFilter, Invalid> {
        let mut invalid = Invalid::default();
        let id =
            |text: String| text.parse::<UserId>().map_err(|error| FieldError::new("user", error.to_string()));
        let user = invalid.collect(user.map(id).transpose());
        let action = |text: String| {
            text.parse::<AuditAction>().map_err(|()| FieldError::new("action", "is no kind of entry"))
        };
        let action = invalid.collect(self.action.map(action).transpose());
        let from = invalid.collect(moment("from", self.from.as_deref()));
        let until = invalid.collect(moment("until", self.until.as_deref()));
        match (user, action, from, until) {
            (Some(user), Some(action), Some(from), Some(until)) => {
                Ok(AuditFilter { user, action, from, until })
            }
            _ => Err(invalid),
        }
    }
}

/// One page of the audit log.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct AuditPage {
    /// Always `true`.
    success: bool,
    /// The entries, newest first.
    entries: Vec<AuditView>,
    /// What to send as `cursor` for the next page; `null` on the last one.
    next_cursor: Option<String>,
}

/// Who did what, when, from where.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct AuditView {
    /// Its identifier.
    id: Uuid,
    /// When, RFC 3339.
    #[schema(format = DateTime)]
    at: String,
    /// What.
    #[schema(example = "signed_in")]
    action: String,
    /// Whose account did it; `null` for somebody not signed in and for the operator at the command line.
    actor_id: Option<Uuid>,
    /// Whose account it concerns, where it concerns one.
    user_id: Option<Uuid>,
    /// The network address that it was done from, where known and for you to know.
    address: Option<String>,
    /// The user agent that it was done with, likewise.
    agent: Option<String>,
    /// What else there is to say, such as the name of a role.
    detail: Option<String>,
}

impl From<AuditEntry> for AuditView {
    fn from(entry: AuditEntry) -> Self {
        Self {
            id: entry.id.uuid(),
            at: entry.at.to_string(),
            action: entry.action.as_str().to_owned(),
            actor_id: entry.actor.user.map(UserId::uuid),
            user_id: entry.user.map(UserId::uuid),
            address: entry.actor.device.address,
            agent: entry.actor.device.agent,
            detail: entry.detail,
        }
    }
}

impl From<Slice<AuditEntry, AuditPosition>> for AuditPage {
    fn from(slice: Slice<AuditEntry, AuditPosition>) -> Self {
        let next_cursor = slice.next.map(|next| next.to_string());
        Self { success: true, entries: slice.items.into_iter().map(AuditView::from).collect(), next_cursor }
    }
}

/// The audit log
///
/// Newest first. Takes the permission `get:audit`.
#[utoipa::path(tag = "administration", params(Concerned, AuditQuery, Paging), security(("token" = [])), responses(
    (status = 200, description = "A page of it.", body = AuditPage),
    (status = 403, description = "You may not.", body = ErrorBody),
))]
#[get("/audit")]
pub(crate) async fn audit(
    state: Data<State>,
    caller: SignedIn,
    Query(Concerned { user }): Query<Concerned>,
    Query(query): Query<AuditQuery>,
    Query(paging): Query<Paging>,
) -> Result<HttpResponse, Failure> {
    let (filter, page) = (query.filter(user)?, paging.page()?);
    let slice = state.services.accounts.audit(&caller.asker, &filter, page).await?;
    Ok(private(StatusCode::OK, AuditPage::from(slice)))
}
