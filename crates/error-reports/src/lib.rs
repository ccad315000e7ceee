//! Reports errors and panics to Rollbar in the background, without personal data and never in the way of a request.
