use crate::Failure;
use crate::accounts::{Done, DoneFor, private};
use crate::api::State;
use crate::extract::{Client, Id, Json, SignedIn};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, patch};
use serde::Deserialize;
use square_accounts::{RoleName, Standing, UserPatch};
use square_kernel::{Invalid, UserId};
use square_wire::{ErrorBody, User};
use utoipa::ToSchema;

/// The most roles that are taken.
const MOST_ROLES: usize = 100;

/// What is to change about an account; what is left out or `null` stays.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"active": 1, "roles": ["user", "casting_director"]}))]
pub(crate) struct UserChange {
    /// Whether the account may be used: `true` or 1, `false` or 0. Suspending it ends its sessions.
    #[serde(default, deserialize_with = "super::flag::flag")]
    #[schema(schema_with = super::flag::schema, required = false)]
    active: Option<bool>,
    /// All its roles, by name: those that are left out it has no more.
    #[schema(max_items = 100)]
    roles: Option<Vec<String>>,
}

impl UserChange {
    fn patch(self) -> Result<UserPatch, Invalid> {
        if let Some(roles) = &self.roles {
            if roles.len() > MOST_ROLES {
                return Err(Invalid::field("roles", format!("must be at most {MOST_ROLES}")));
            }
            // Once is enough, however many of them are no names.
            roles.iter().try_for_each(|role| RoleName::parse("roles", role).map(drop))?;
        }
        let standing = |active| if active { Standing::Active } else { Standing::Suspended };
        Ok(UserPatch { standing: self.active.map(standing), roles: self.roles })
    }
}

/// Suspend or readmit an account, or give it other roles
///
/// What it may not do any more it may not from the next request on, on all instances within a second. Takes the permission `patch:users`, and
/// nothing more: whoever has it may give any role to anybody, themselves included. Nobody suspends their own account, and an account that may
/// manage others is always left.
#[utoipa::path(tag = "administration", params(("id" = Uuid, Path, description = "The account.")), request_body = UserChange, security(("token" = [])), responses(
    (status = 200, description = "The account.", body = DoneFor),
    (status = 403, description = "You may not.", body = ErrorBody),
    (status = 404, description = "There is no such account.", body = ErrorBody),
    (status = 409, description = "It is your own account, or that of the last administrator.", body = ErrorBody),
))]
#[patch("/users/{id}")]
pub(crate) async fn change_user(
    state: Data<State>,
    caller: SignedIn,
    Id(user): Id<UserId>,
    Json(body): Json<UserChange>,
    Client(device): Client,
) -> Result<HttpResponse, Failure> {
    let account = state.services.accounts.change_user(&caller.asker, user, &body.patch()?, &device).await?;
    let done = Done::new("The account is changed.");
    Ok(private(StatusCode::OK, DoneFor { done, user: User::from(&account) }))
}
