use crate::Failure;
use crate::api::State;
use crate::extract::{Caller, Paging, Query, day};
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::{Deserialize, Serialize};
use square_casting::{MovieFilter, parse_search};
use square_kernel::Invalid;
use square_wire::{ErrorBody, Movie};
use utoipa::{IntoParams, ToSchema};

/// Which films are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct MoviesQuery {
    /// Those in whose titles each of these words begins a word, in any case and whatever the accents; at most 10 words.
    title: Option<String>,
    /// Those that came out on this day or later, `YYYY-MM-DD`.
    #[param(format = Date)]
    released_from: Option<String>,
    /// Those that came out on this day or earlier, `YYYY-MM-DD`.
    #[param(format = Date)]
    released_to: Option<String>,
}

impl MoviesQuery {
    fn filter(&self) -> Result<MovieFilter, Invalid> {
        let mut invalid = Invalid::default();
        let title = self.title.as_deref().map(|text| parse_search("title", text)).transpose();
        let title = invalid.collect(title);
        let released_from = invalid.collect(day("released_from", self.released_from.as_deref()));
        let released_to = invalid.collect(day("released_to", self.released_to.as_deref()));
        match (title, released_from, released_to) {
            (Some(title), Some(released_from), Some(released_to)) => {
                Ok(MovieFilter { title, released_from, released_to })
            }
            _ => Err(invalid),
        }
    }
}

/// One page of films.
#[derive(Serialize, Deserialize, ToSchema)]
pub(super) struct MovieList {
    /// Always `true`.
    success: bool,
    /// The films.
    movies: Vec<Movie>,
    /// What to send as `cursor` for the next page; `null` on the last one.
    next_cursor: Option<String>,
}

/// Films
///
/// In the order in which they were entered; with `released_from` or `released_to` by release. Takes the permission `get:movies`.
#[utoipa::path(tag = "casting", params(MoviesQuery, Paging), security((), ("token" = [])), responses(
    (status = 200, description = "A page of them.", body = MovieList),
    (status = 403, description = "You may not.", body = ErrorBody),
))]
#[get("/movies")]
pub(super) async fn list_movies(
    state: Data<State>,
    Caller(asker): Caller,
    Query(query): Query<MoviesQuery>,
    Query(paging): Query<Paging>,
) -> Result<HttpResponse, Failure> {
    let (filter, page) = (query.filter()?, paging.page()?);
    let slice = state.services.casting.movies(&asker, &filter, page).await?;
    let next_cursor = slice.next.map(|next| next.to_string());
    let movies = slice.items.iter().map(Movie::from).collect();
    Ok(HttpResponse::Ok().json(MovieList { success: true, movies, next_cursor }))
}
