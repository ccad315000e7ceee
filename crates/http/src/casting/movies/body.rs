use serde::Deserialize;
use square_casting::{MovieFields, MoviePatch, Title};
use square_kernel::{Invalid, parse_date};
use utoipa::ToSchema;

/// What is said of a film.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"title": "Heat", "release_date": "1995-12-15"}))]
pub(super) struct MovieBody {
    /// Its title, 1 to 120 characters.
    title: Option<String>,
    /// The day it came out, `YYYY-MM-DD`.
    #[schema(format = Date)]
    release_date: Option<String>,
}

impl MovieBody {
    pub(super) fn fields(self) -> Result<MovieFields, Invalid> {
        let mut invalid = Invalid::default();
        let title = invalid.collect(Title::parse(&self.title.unwrap_or_default()));
        let release_date =
            invalid.collect(parse_date("release_date", &self.release_date.unwrap_or_default()));
        match (title, release_date) {
            (Some(title), Some(release_date)) => Ok(MovieFields { title, release_date }),
            _ => Err(invalid),
        }
    }
}

/// What is to change about a film; what is left out or `null` stays.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"release_date": "1995-12-15"}))]
pub(super) struct MoviePatchBody {
    /// Its title, 1 to 120 characters.
    title: Option<String>,
    /// The day it came out, `YYYY-MM-DD`.
    #[schema(format = Date)]
    release_date: Option<String>,
}

impl MoviePatchBody {
    pub(super) fn patch(self) -> Result<MoviePatch, Invalid> {
        let mut invalid = Invalid::default();
        let title = invalid.collect(self.title.as_deref().map(Title::parse).transpose());
        let release_date = invalid
            .collect(self.release_date.as_deref().map(|day| parse_date("release_date", day)).transpose());
        match (title, release_date) {
            (Some(title), Some(release_date)) => Ok(MoviePatch { title, release_date }),
            _ => Err(invalid),
        }
    }
}
