//! The calls on films.

mod add;
mod body;
mod change;
mod list;
mod remove;
mod show;

use serde::{Deserialize, Serialize};
use square_wire::Movie;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list::list_movies)
        .service(add::add_movie)
        .service(show::show_movie)
        .service(change::change_movie)
        .service(remove::remove_movie);
}

/// A film.
#[derive(Serialize, Deserialize, ToSchema)]
struct MovieReply {
    /// Always `true`.
    success: bool,
    /// The film.
    movie: Movie,
}

impl MovieReply {
    fn new(movie: &square_casting::Movie) -> Self {
        Self { success: true, movie: Movie::from(movie) }
    }
}
