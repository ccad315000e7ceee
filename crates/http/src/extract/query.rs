use crate::Failure;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use square_kernel::jiff::Timestamp;
use square_kernel::jiff::civil::Date;
use square_kernel::{FieldError, Invalid, Limit, Page, parse_date};
use square_wire::Fault;
use std::fmt::Display;
use std::future::{Ready, ready};
use std::str::FromStr;
use utoipa::IntoParams;

/// The query string. Its fields are texts, read further by [`number`] and the like, so that what cannot be
/// read is refused by name.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let query = web::Query::<T>::from_query(request.query_string());
        let unreadable = |error: &dyn std::fmt::Display| Failure(Fault::malformed(error.to_string()));
        ready(query.map(|query| Self(query.into_inner())).map_err(|error| unreadable(&error)))
    }
}

/// A whole number; `None` where it is missing.
pub(crate) fn number(field: &'static str, text: Option<&str>) -> Result<Option<i64>, FieldError> {
    let parse = |text: &str| text.parse().map_err(|_| FieldError::new(field, "must be a whole number"));
    text.map(parse).transpose()
}

/// A day; `None` where it is missing.
pub(crate) fn day(field: &'static str, text: Option<&str>) -> Result<Option<Date>, FieldError> {
    text.map(|text| parse_date(field, text)).transpose()
}

/// The identifier of something.
pub(crate) fn id<T: FromStr<Err: Display>>(field: &'static str, text: &str) -> Result<T, FieldError> {
    text.parse().map_err(|error: T::Err| FieldError::new(field, error.to_string()))
}

/// A moment, written as RFC 3339 says; `None` where it is missing.
pub(crate) fn moment(field: &'static str, text: Option<&str>) -> Result<Option<Timestamp>, FieldError> {
    let rule = "must be a time written as RFC 3339 says, such as 2026-01-31T12:00:00Z";
    text.map(|text| text.parse().map_err(|_| FieldError::new(field, rule))).transpose()
}

/// Which part of a list is wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Paging {
    /// The most entries to give, 1 to 200; 50 where it is missing.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200)]
    limit: Option<String>,
    /// Where to go on: the `next_cursor` of the page before.
    cursor: Option<String>,
}

impl Paging {
    /// Whether a part is asked for at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.limit.is_none() && self.cursor.is_none()
    }

    /// The part, its cursor read as `K`.
    pub(crate) fn page<K: FromStr>(&self) -> Result<Page<K>, Invalid> {
        let mut invalid = Invalid::default();
        let limit = invalid.collect(limit(self.limit.as_deref()));
        let cursor = self.cursor.as_deref().map(|cursor| {
            cursor.parse().map_err(|_| FieldError::new("cursor", "must be a next_cursor that was given out"))
        });
        let after = invalid.collect(cursor.transpose());
        match (limit, after) {
            (Some(limit), Some(after)) => Ok(Page { limit, after }),
            _ => Err(invalid),
        }
    }
}

fn limit(text: Option<&str>) -> Result<Limit, FieldError> {
    let Some(number) = number("limit", text)? else { return Ok(Limit::default()) };
    let limit = u16::try_from(number).ok().and_then(Limit::new);
    limit.ok_or_else(|| FieldError::new("limit", "must be between 1 and 200"))
}
