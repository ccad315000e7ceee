use super::flag;
use crate::Failure;
use crate::accounts::private;
use crate::api::State;
use crate::extract::{Paging, Query, SignedIn};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::{Deserialize, Serialize};
use square_accounts::Standing;
use square_accounts::ports::UserFilter;
use square_kernel::{FieldError, Invalid};
use square_wire::{ErrorBody, User};
use utoipa::{IntoParams, ToSchema};

/// Which accounts are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UsersQuery {
    /// Those whose name or address has this text in it, in any case.
    search: Option<String>,
    /// 1 for those that may be used, 0 for those that are suspended.
    #[param(value_type = Option<u8>, minimum = 0, maximum = 1)]
    active: Option<String>,
    /// Those that have this role.
    role: Option<String>,
}

impl UsersQuery {
    fn filter(self) -> Result<UserFilter, Invalid> {
        let mut invalid = Invalid::default();
        let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let search = given(self.search).as_deref().map(UserFilter::part).transpose();
        let search = invalid.collect(search);
        let standing = |text: String| match flag::read(&text) {
            Some(true) => Ok(Standing::Active),
            Some(false) => Ok(Standing::Suspended),
            None => Err(FieldError::new("active", "must be 1 or 0")),
        };
        let standing = invalid.collect(given(self.active).map(standing).transpose());
        match (search, standing) {
            (Some(search), Some(standing)) => Ok(UserFilter { search, standing, role: given(self.role) }),
            _ => Err(invalid),
        }
    }
}

/// One page of accounts.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct UserList {
    /// Always `true`.
    success: bool,
    /// The accounts, newest first.
    users: Vec<User>,
    /// What to send as `cursor` for the next page; `null` on the last one.
    next_cursor: Option<String>,
}

/// Accounts
///
/// Newest first. Takes the permission `get:users`.
#[utoipa::path(tag = "administration", params(UsersQuery, Paging), security(("token" = [])), responses(
    (status = 200, description = "A page of them.", body = UserList),
    (status = 403, description = "You may not.", body = ErrorBody),
))]
#[get("/users")]
pub(crate) async fn users(
    state: Data<State>,
    caller: SignedIn,
    Query(query): Query<UsersQuery>,
    Query(paging): Query<Paging>,
) -> Result<HttpResponse, Failure> {
    let (filter, page) = (query.filter()?, paging.page()?);
    let slice = state.services.accounts.users(&caller.asker, &filter, page).await?;
    let next_cursor = slice.next.map(|next| next.to_string());
    let users = slice.items.iter().map(User::from).collect();
    Ok(private(StatusCode::OK, UserList { success: true, users, next_cursor }))
}
