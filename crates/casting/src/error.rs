use crate::ports::{Missing, Written};
use crate::rights::Thing;
use square_kernel::{FieldError, Invalid, Overtaken, Unavailable};

/// Why a call on the casting data did nothing.
#[derive(Debug, thiserror::Error)]
pub enum CastingError {
    /// Nobody has signed in.
    #[error("sign in to do this")]
    SignInRequired,
    /// Somebody has who may not do this.
    #[error("this takes the permission {0}")]
    NotAllowed(&'static str),
    /// There is no such thing; what it would be is named.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// Something that was sent breaks its rules.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Who asks is signed in no more, or may do other things by now.
    #[error(transparent)]
    Overtaken(#[from] Overtaken),
    /// Something needed does not work.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// What was found, or that there is no such thing.
pub(crate) fn found<T>(found: Option<T>, thing: Thing) -> Result<T, CastingError> {
    found.ok_or(CastingError::NotFound(thing.name()))
}

/// What came of writing a thing.
pub(crate) fn done<T>(written: Written<T>, thing: Thing) -> Result<T, CastingError> {
    match written {
        Written::Done(done) => Ok(done),
        Written::Gone => Err(CastingError::NotFound(thing.name())),
        Written::Missing(missing) => Err(CastingError::Invalid(nowhere(missing))),
        Written::Overtaken => Err(CastingError::Overtaken(Overtaken)),
    }
}

fn nowhere(missing: Missing) -> Invalid {
    let field = |is_missing: bool, field: &'static str, message: &'static str| {
        is_missing.then(|| FieldError::new(field, message))
    };
    let fields = [
        field(missing.movie, "movie_id", "must be the id of a movie"),
        field(missing.actor, "actor_id", "must be the id of an actor"),
    ];
    Invalid(fields.into_iter().flatten().collect())
}
