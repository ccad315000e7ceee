use crate::Failure;
use crate::api::State;
use crate::extract::{Caller, Paging, Query, number};
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::{Deserialize, Serialize};
use square_casting::{ActorFilter, Age, Gender, parse_search};
use square_kernel::{FieldError, Invalid};
use square_wire::{Actor, ErrorBody};
use utoipa::{IntoParams, ToSchema};

/// Which actors are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ActorsQuery {
    /// Those in whose names each of these words begins a word, in any case and whatever the accents; at most 10 words.
    name: Option<String>,
    /// Those of this gender, in any case.
    gender: Option<String>,
    /// Those of this age or older.
    #[param(value_type = Option<u8>, minimum = 0, maximum = 150)]
    age_from: Option<String>,
    /// Those of this age or younger.
    #[param(value_type = Option<u8>, minimum = 0, maximum = 150)]
    age_to: Option<String>,
}

impl ActorsQuery {
    fn filter(&self) -> Result<ActorFilter, Invalid> {
        let mut invalid = Invalid::default();
        let name = self.name.as_deref().map(|text| parse_search("name", text)).transpose();
        let name = invalid.collect(name);
        let gender = invalid.collect(self.gender.as_deref().map(Gender::parse).transpose());
        let age_from = invalid.collect(age("age_from", self.age_from.as_deref()));
        let age_to = invalid.collect(age("age_to", self.age_to.as_deref()));
        match (name, gender, age_from, age_to) {
            (Some(name), Some(gender), Some(age_from), Some(age_to)) => {
                Ok(ActorFilter { name, gender, age_from, age_to })
            }
            _ => Err(invalid),
        }
    }
}

fn age(field: &'static str, text: Option<&str>) -> Result<Option<Age>, FieldError> {
    let of = |years| Age::parse(years).map_err(|error| FieldError { field: field.into(), ..error });
    number(field, text)?.map(of).transpose()
}

/// One page of actors.
#[derive(Serialize, Deserialize, ToSchema)]
pub(super) struct ActorList {
    /// Always `true`.
    success: bool,
    /// The actors.
    actors: Vec<Actor>,
    /// What to send as `cursor` for the next page; `null` on the last one.
    next_cursor: Option<String>,
}

/// Actors
///
/// In the order in which they were entered; with `age_from` or `age_to` by age. Takes the permission `get:actors`.
#[utoipa::path(tag = "casting", params(ActorsQuery, Paging), security((), ("token" = [])), responses(
    (status = 200, description = "A page of them.", body = ActorList),
    (status = 403, description = "You may not.", body = ErrorBody),
))]
#[get("/actors")]
pub(super) async fn list_actors(
    state: Data<State>,
    Caller(asker): Caller,
    Query(query): Query<ActorsQuery>,
    Query(paging): Query<Paging>,
) -> Result<HttpResponse, Failure> {
    let (filter, page) = (query.filter()?, paging.page()?);
    let slice = state.services.casting.actors(&asker, &filter, page).await?;
    let next_cursor = slice.next.map(|next| next.to_string());
    let actors = slice.items.iter().map(Actor::from).collect();
    Ok(HttpResponse::Ok().json(ActorList { success: true, actors, next_cursor }))
}
