use crate::Failure;
use crate::api::State;
use crate::extract::{Caller, Paging, Query};
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::{Deserialize, Serialize};
use square_events::Venue;
use square_events::ports::EventFilter;
use square_kernel::{Invalid, SearchText, parse_date};
use square_wire::Event;
use utoipa::{IntoParams, ToSchema};

/// Which events are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventsQuery {
    /// Those on this day or later, `YYYY-MM-DD`.
    #[param(format = Date)]
    from: Option<String>,
    /// Those on this day or earlier, `YYYY-MM-DD`.
    #[param(format = Date)]
    to: Option<String>,
    /// Those at this venue; case, accents, punctuation and an article in front do not matter.
    venue: Option<String>,
    /// Those with this in the name of the venue or in the address, in any case; 1 to 200 characters.
    text: Option<String>,
}

impl EventsQuery {
    fn filter(&self) -> Result<EventFilter, Invalid> {
        let mut invalid = Invalid::default();
        let mut day =
            |field, text: Option<&str>| invalid.collect(text.map(|text| parse_date(field, text)).transpose());
        let (from, to) = (day("from", self.from.as_deref()), day("to", self.to.as_deref()));
        let venue = invalid.collect(self.venue.as_deref().map(Venue::parse).transpose());
        let text = self.text.as_deref().map(|text| SearchText::parse("text", text)).transpose();
        let text = invalid.collect(text);
        match (from, to, venue, text) {
            (Some(from), Some(to), Some(venue), Some(text)) => {
                Ok(EventFilter { from, to, venue: venue.map(|venue| venue.key()), text })
            }
            _ => Err(invalid),
        }
    }
}

/// One page of events.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct EventList {
    /// The events, by day, then time.
    events: Vec<Event>,
    /// What to send as `cursor` for the next page; `null` on the last one.
    next_cursor: Option<String>,
}

/// Events
///
/// By day, then time, those of the past too unless `from` is given. With `text` a page may hold fewer than `limit`, or none, while there
/// are more: go on for as long as there is a `next_cursor`. What is entered meanwhile moves nothing from one page to another.
#[utoipa::path(tag = "events", params(EventsQuery, Paging), security((), ("token" = [])), responses(
    (status = 200, description = "A page of them.", body = EventList),
))]
#[get("/events")]
pub(crate) async fn list_events(
    state: Data<State>,
    _: Caller,
    Query(query): Query<EventsQuery>,
    Query(paging): Query<Paging>,
) -> Result<HttpResponse, Failure> {
    let (filter, page) = (query.filter()?, paging.page()?);
    let slice = state.services.events.list(&filter, page).await?;
    let next_cursor = slice.next.map(|next| next.to_string());
    let events = slice.items.iter().map(Event::from).collect();
    Ok(HttpResponse::Ok().json(EventList { events, next_cursor }))
}
