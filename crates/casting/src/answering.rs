use crate::intent::{Intent, Reading, Subject, VOCABULARY, read, years_of};
use crate::model::{Actor, Credit, Movie};
use crate::ports::CastingStore;
use crate::replies;
use crate::rights::Sight;
use async_trait::async_trait;
use jiff::civil::Date;
use square_kernel::Unavailable;
use square_naming::{Matching, Mention, NameKey, Phrase, Wording, few, mentions_of, settle};
use square_skills::{ResultItem, Skill, SkillFailure, SkillRequest};
use std::sync::Arc;

/// Answers questions about films, actors and who played whom.
///
/// What may be looked at follows from who asks and is decided before anything is looked up, so that a
/// question about what one may not see is answered alike whether or not there is such a thing.
pub struct CastingSkill {
    store: Arc<dyn CastingStore>,
}

/// The most roles or films that are read for an answer.
const ROWS: u16 = 100;

impl CastingSkill {
    /// Answers from `store`.
    pub fn new(store: Arc<dyn CastingStore>) -> Self {
        Self { store }
    }

    async fn reply(&self, question: &str, sight: Sight) -> Result<Vec<ResultItem>, Unavailable> {
        if sight.is_blind() {
            return Ok(replies::not_allowed());
        }
        let wording = Wording::of(question);
        let mentions = self.names_in(&wording, sight).await?;
        match read(&wording, &mentions) {
            Reading::Asks(intent) | Reading::OfUnknown(intent) if !sight.covers(intent) => {
                Ok(replies::not_allowed())
            }
            Reading::Asks(intent) => self.tell(intent, &wording, &mentions).await,
            Reading::OfUnknown(intent) => Ok(wording
                .unknown(&mentions, VOCABULARY)
                .map_or_else(replies::what_can_be_asked, |name| replies::unknown(intent, &name))),
            // Words that mean nothing to this asker may be a name that they may not see.
            Reading::Other if !sight.roles => Ok(replies::not_allowed()),
            Reading::Other => Ok(replies::what_can_be_asked()),
        }
    }

    async fn names_in(&self, wording: &Wording, sight: Sight) -> Result<Vec<Mention<Subject>>, Unavailable> {
        let mut found = self.look_up(&wording.phrases(), Matching::Exact, sight).await?;
        let doubtful = wording.doubtful(&found, VOCABULARY);
        found.extend(self.look_up(&doubtful, Matching::Resembling, sight).await?);
        Ok(settle(wording, VOCABULARY, found))
    }

    async fn look_up(
        &self,
        phrases: &[Phrase],
        matching: Matching,
        sight: Sight,
    ) -> Result<Vec<Mention<Subject>>, Unavailable> {
        let keys: Vec<NameKey> = phrases.iter().map(|phrase| phrase.key.clone()).collect();
        let mut found = Vec::new();
        if keys.is_empty() {
            return Ok(found);
        }
        if sight.movies {
            let movies = self.store.movies_by_title(&keys, matching).await?;
            let named = movies.into_iter().map(|movie| (movie.key(), Subject::Movie(movie)));
            found.extend(mentions_of(phrases, matching, named));
        }
        if sight.actors {
            let actors = self.store.actors_by_name(&keys, matching).await?;
            let named = actors.into_iter().map(|actor| (actor.key(), Subject::Actor(actor)));
            found.extend(mentions_of(phrases, matching, named));
        }
        if sight.roles {
            let credits = self.store.credits_by_character(&keys, matching).await?;
            let named = credits.into_iter().map(|credit| (credit.role.key(), Subject::Character(credit)));
            found.extend(mentions_of(phrases, matching, named));
        }
        Ok(found)
    }

    async fn tell(
        &self,
        intent: Intent,
        wording: &Wording,
        mentions: &[Mention<Subject>],
    ) -> Result<Vec<ResultItem>, Unavailable> {
        let (movies, actors, credits) = sorted(mentions);
        let years = few(years_of(wording, mentions));
        match intent {
            Intent::Age => Ok(replies::ages(&actors)),
            Intent::Release => Ok(replies::releases(&movies)),
            Intent::Cast => self.casts(&movies).await,
            Intent::Films => self.films(&actors, &years).await,
            Intent::Part => self.parts(&actors, &movies).await,
            Intent::Portrayal => Ok(replies::portrayals(&in_films(credits, &movies))),
            Intent::FilmsOfYear => self.films_of_years(&spans(wording, &years)).await,
        }
    }

    async fn casts(&self, movies: &[Movie]) -> Result<Vec<ResultItem>, Unavailable> {
        let mut casts = Vec::new();
        for movie in movies {
            casts.push((movie.clone(), self.store.cast_of(movie.id, ROWS).await?));
        }
        Ok(replies::casts(&casts))
    }

    async fn films(&self, actors: &[Actor], years: &[i16]) -> Result<Vec<ResultItem>, Unavailable> {
        let mut films = Vec::new();
        for actor in actors {
            let mut credits = self.store.films_of(actor.id, ROWS).await?;
            credits.retain(|credit| years.is_empty() || years.contains(&credit.movie.release_date.year()));
            films.push((actor.clone(), credits));
        }
        Ok(replies::films(&films, years))
    }

    async fn parts(&self, actors: &[Actor], movies: &[Movie]) -> Result<Vec<ResultItem>, Unavailable> {
        let mut parts = Vec::new();
        for movie in movies {
            parts.extend(self.store.cast_of(movie.id, ROWS).await?);
        }
        parts.retain(|credit| actors.iter().any(|actor| actor.id == credit.actor.id));
        Ok(replies::parts(actors, movies, &parts))
    }

    async fn films_of_years(&self, spans: &[(i16, i16)]) -> Result<Vec<ResultItem>, Unavailable> {
        let mut films = Vec::new();
        for &(from, to) in spans {
            if let (Ok(first), Ok(last)) = (Date::new(from, 1, 1), Date::new(to, 12, 31)) {
                films.extend(self.store.released_between(first, last, ROWS).await?);
            }
        }
        let said = spans.iter().map(|(from, to)| {
            if from == to { format!("in {from}") } else { format!("between {from} and {to}") }
        });
        Ok(replies::films_of_years(&replies::listed(said).unwrap_or_default(), &films))
    }
}

/// Each year by itself, or "between 1990 and 1995" all from the first to the last.
fn spans(wording: &Wording, years: &[i16]) -> Vec<(i16, i16)> {
    match years {
        &[one, other] if wording.has_any(&["between", "to", "until"]) => {
            vec![(one.min(other), one.max(other))]
        }
        years => years.iter().map(|&year| (year, year)).collect(),
    }
}

#[async_trait]
impl Skill for CastingSkill {
    async fn answer(&self, request: &SkillRequest) -> Result<Vec<ResultItem>, SkillFailure> {
        let reply = self.reply(&request.question, Sight::of(&request.asker)).await;
        let mut items = reply.map_err(|cause| {
            tracing::warn!(cause = cause.chain(), "casting data cannot be read");
            SkillFailure::Internal
        })?;
        items.truncate(usize::from(request.max_results));
        Ok(items)
    }
}

fn sorted(mentions: &[Mention<Subject>]) -> (Vec<Movie>, Vec<Actor>, Vec<Credit>) {
    let (mut movies, mut actors, mut credits) = (Vec::new(), Vec::new(), Vec::new());
    for mention in mentions {
        match &mention.means {
            Subject::Movie(movie) => movies.push(movie),
            Subject::Actor(actor) => actors.push(actor),
            Subject::Character(credit) if !credits.contains(credit) => credits.push(credit.clone()),
            Subject::Character(_) => {}
        }
    }
    (few(movies).into_iter().cloned().collect(), few(actors).into_iter().cloned().collect(), credits)
}

/// Those of `credits` that are in one of `movies`; all of them where none is.
fn in_films(credits: Vec<Credit>, movies: &[Movie]) -> Vec<Credit> {
    let named = |credit: &Credit| movies.iter().any(|movie| movie.id == credit.movie.id);
    if credits.iter().any(named) { credits.into_iter().filter(named).collect() } else { credits }
}

#[cfg(test)]
#[path = "answering_tests.rs"]
mod tests;
