use crate::calendar::today;
use crate::event::{Event, Place};
use crate::ports::{EventFilter, EventStore};
use crate::replies;
use crate::time::EventTime;
use crate::when::{self, When};
use async_trait::async_trait;
use jiff::civil::Date;
use square_kernel::{Clock, Limit, Page, Unavailable};
use square_naming::{Matching, Mention, NameKey, Vocabulary, Wording, few, mentions_of, settle};
use square_skills::{ResultItem, Skill, SkillFailure, SkillRequest};
use std::sync::Arc;

/// Answers questions about what is on, when and where. Events are open to everybody.
pub struct EventsSkill {
    store: Arc<dyn EventStore>,
    clock: Arc<dyn Clock>,
}

/// The most events that are read for an answer.
pub(crate) const ROWS: u16 = 100;

/// Asking for a venue's address.
const WHERE: &[&str] =
    &["where", "wheres", "address", "located", "location", "how do i get to", "directions"];

/// Asking for events without naming venue or day.
#[rustfmt::skip]
const WHATS_ON: &[&str] = &[
    "what is on", "whats on", "what else is on", "going on", "happening", "happens", "event", "events", "concert", "concerts",
    "show", "shows", "gig", "gigs", "upcoming", "coming up", "on next", "programme", "program", "schedule",
];

/// The words of the cues and those that stand around names and days.
#[rustfmt::skip]
const VOCABULARY: &Vocabulary = &[
    "a", "about", "address", "after", "afternoon", "all", "an", "and", "any", "anything", "are", "at", "be", "begin", "by", "can", "come",
    "coming", "concert", "concerts", "could", "date", "day", "directions", "do", "does", "during", "else", "evening", "event",
    "events", "exactly", "find", "first", "for", "from", "get", "gig", "gigs", "give", "go", "going", "happen", "happening",
    "happens", "has", "have", "here", "how", "i", "in", "is", "it", "its", "know", "list", "located", "location", "me", "month", "morning",
    "music", "my", "next", "night", "of", "on", "or", "out", "place", "play", "playing", "please", "program", "programme",
    "schedule", "see", "show", "shows", "some", "something", "start", "tell", "that", "the", "there", "this", "time", "to",
    "today", "tomorrow", "tonight", "up", "upcoming", "us", "venue", "was", "we", "week", "weekend", "what", "whats", "when",
    "whens", "where", "wheres", "which", "will", "with", "would", "you",
];

impl EventsSkill {
    /// Answers from `store`; `clock` says what today is.
    pub fn new(store: Arc<dyn EventStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    async fn reply(&self, question: &str) -> Result<Vec<ResultItem>, Unavailable> {
        let wording = Wording::of(question);
        let today = today(&*self.clock);
        let when = match when::find(&wording.words(), today) {
            Ok(when) => when,
            Err(no_such_day) => return Ok(replies::no_such_day(&no_such_day)),
        };
        let venues = self.venues_in(&wording, when.as_ref()).await?;
        let places: Vec<&Place> = few(venues.iter().filter_map(|mention| mention.means.as_ref()));
        let asks_where = wording.has_any(WHERE);
        if asks_where && !places.is_empty() {
            return Ok(replies::addresses(&places));
        }
        let asks_whats_on = when.is_some() || wording.has_any(WHATS_ON);
        // Where a venue would stand: after "at", or after "in" when something is to be on there.
        let start = match wording.position("at") {
            _ if asks_where => Some(0),
            None if asks_whats_on => wording.position("in"),
            at => at,
        };
        if places.is_empty()
            && let Some(name) = start.and_then(|start| unknown_venue(&wording, &venues, start))
        {
            return Ok(replies::unknown_venue(&name));
        }
        if places.is_empty() && !asks_whats_on {
            return Ok(replies::what_can_be_asked());
        }
        let events = self.events(&places, when.as_ref(), today).await?;
        Ok(replies::events(&events, &places, when.as_ref()))
    }

    /// The venues mentioned, and the words that say when, which are no part of a venue's name.
    async fn venues_in(
        &self,
        wording: &Wording,
        when: Option<&When>,
    ) -> Result<Vec<Mention<Option<Place>>>, Unavailable> {
        let day = when.map(|when| Mention { at: when.at.clone(), exact: true, means: None });
        let mut found: Vec<Mention<Option<Place>>> = Vec::new();
        for matching in [Matching::Exact, Matching::Resembling] {
            let phrases = match matching {
                Matching::Exact => wording.phrases(),
                Matching::Resembling => {
                    let explained: Vec<_> = found.iter().chain(&day).cloned().collect();
                    wording.doubtful(&explained, VOCABULARY)
                }
            };
            let keys: Vec<NameKey> = phrases.iter().map(|phrase| phrase.key.clone()).collect();
            if keys.is_empty() {
                continue;
            }
            let places = self.store.venues(&keys, matching).await?;
            let named = places.into_iter().map(|place| (place.venue.key(), Some(place)));
            found.extend(mentions_of(&phrases, matching, named));
        }
        let mut venues = settle(wording, VOCABULARY, found);
        venues.extend(day);
        Ok(venues)
    }

    async fn events(
        &self,
        places: &[&Place],
        when: Option<&When>,
        today: Date,
    ) -> Result<Vec<Event>, Unavailable> {
        let (from, to) = when.map_or((today, None), |when| (when.from, Some(when.to)));
        let mut venues: Vec<Option<NameKey>> = places.iter().map(|place| Some(place.venue.key())).collect();
        if venues.is_empty() {
            venues.push(None);
        }
        let mut events = Vec::new();
        for venue in venues {
            let filter = EventFilter { from: Some(from), to, venue, text: None };
            let page = Page { limit: Limit::new(ROWS).unwrap_or_default(), after: None };
            events.extend(self.store.list(&filter, page).await?.items);
        }
        events.retain(|event| when.is_none_or(|when| event.time.at() >= when.not_before));
        events.sort_by_key(|event| (event.date, event.time.at(), event.id));
        Ok(events)
    }
}

/// What stands after the word number `start`, where a venue would, and is none.
fn unknown_venue(wording: &Wording, explained: &[Mention<Option<Place>>], start: usize) -> Option<String> {
    let before = Mention { at: 0..start, exact: true, means: None };
    let explained: Vec<_> = explained.iter().cloned().chain([before]).collect();
    let is_time = |text: &String| EventTime::parse(text).is_ok() || text.bytes().all(|b| b.is_ascii_digit());
    wording.unknown(&explained, VOCABULARY).filter(|text| !is_time(text))
}

#[async_trait]
impl Skill for EventsSkill {
    async fn answer(&self, request: &SkillRequest) -> Result<Vec<ResultItem>, SkillFailure> {
        let mut items = self.reply(&request.question).await.map_err(|cause| {
            tracing::warn!(cause = cause.chain(), "events cannot be read");
            SkillFailure::Internal
        })?;
        items.truncate(usize::from(request.max_results));
        Ok(items)
    }
}

#[cfg(test)]
#[path = "answering_tests.rs"]
mod tests;
