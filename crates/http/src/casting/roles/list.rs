use crate::Failure;
use crate::api::State;
use crate::extract::{Caller, Paging, Query, id};
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::{Deserialize, Serialize};
use square_casting::RoleFilter;
use square_kernel::Invalid;
use square_wire::{ErrorBody, Role};
use utoipa::{IntoParams, ToSchema};

/// Which roles are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RolesQuery {
    /// Those in this film.
    #[param(value_type = Option<Uuid>)]
    movie_id: Option<String>,
    /// Those of this actor.
    #[param(value_type = Option<Uuid>)]
    actor_id: Option<String>,
}

impl RolesQuery {
    fn filter(&self) -> Result<RoleFilter, Invalid> {
        let mut invalid = Invalid::default();
        let movie = invalid.collect(self.movie_id.as_deref().map(|text| id("movie_id", text)).transpose());
        let actor = invalid.collect(self.actor_id.as_deref().map(|text| id("actor_id", text)).transpose());
        match (movie, actor) {
            (Some(movie), Some(actor)) => Ok(RoleFilter { movie, actor }),
            _ => Err(invalid),
        }
    }
}

/// One page of roles.
#[derive(Serialize, Deserialize, ToSchema)]
pub(super) struct RoleList {
    /// Always `true`.
    success: bool,
    /// The roles.
    roles: Vec<Role>,
    /// What to send as `cursor` for the next page; `null` on the last one.
    next_cursor: Option<String>,
}

/// Roles
///
/// Who played whom in which film, in the order in which it was entered. Takes the permissions `get:roles`, `get:movies` and `get:actors`.
#[utoipa::path(tag = "casting", params(RolesQuery, Paging), security((), ("token" = [])), responses(
    (status = 200, description = "A page of them.", body = RoleList),
    (status = 403, description = "You may not.", body = ErrorBody),
))]
#[get("/roles")]
pub(super) async fn list_roles(
    state: Data<State>,
    Caller(asker): Caller,
    Query(query): Query<RolesQuery>,
    Query(paging): Query<Paging>,
) -> Result<HttpResponse, Failure> {
    let (filter, page) = (query.filter()?, paging.page()?);
    let slice = state.services.casting.roles(&asker, filter, page).await?;
    let next_cursor = slice.next.map(|next| next.to_string());
    let roles = slice.items.iter().map(Role::from).collect();
    Ok(HttpResponse::Ok().json(RoleList { success: true, roles, next_cursor }))
}
