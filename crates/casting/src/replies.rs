//! The sentences of the answers, each followed by its facts as pairs.

use crate::intent::Intent;
use crate::model::{Actor, Credit, Movie};
use jiff::civil::Date;
use square_skills::ResultItem;

type Items = Vec<ResultItem>;

pub(crate) fn not_allowed() -> Items {
    vec![ResultItem::text("You may not see casting data; sign in with a role that may.")]
}

pub(crate) fn what_can_be_asked() -> Items {
    vec![ResultItem::text(
        "I can tell who played in a film, which films an actor was in, who played a character, \
         how old an actor is, when a film came out and which films came out in a year.",
    )]
}

pub(crate) fn unknown(intent: Intent, name: &str) -> Items {
    let kind = match intent {
        Intent::Cast | Intent::Release | Intent::FilmsOfYear => "film",
        Intent::Films | Intent::Age => "actor",
        Intent::Portrayal => "character",
        Intent::Part => "actor or film",
    };
    vec![ResultItem::text(format!("I know of no {kind} called “{name}”."))]
}

pub(crate) fn ages(actors: &[Actor]) -> Items {
    let sentences =
        actors.iter().map(|actor| format!("The age of {} is given as {}.", actor.name, actor.age.get()));
    let facts = actors.iter().map(|actor| {
        ResultItem::pairs([
            ("actor", actor.name.to_string()),
            ("age", actor.age.get().to_string()),
            ("gender", actor.gender.to_string()),
        ])
    });
    with_facts(sentences, facts)
}

pub(crate) fn releases(movies: &[Movie]) -> Items {
    let sentence = |movie: &Movie| format!("{} came out on {}.", movie.title, in_words(movie.release_date));
    with_facts(movies.iter().map(sentence), movies.iter().map(film))
}

pub(crate) fn casts(casts: &[(Movie, Vec<Credit>)]) -> Items {
    let sentences = casts.iter().map(|(movie, cast)| {
        let names = listed(cast.iter().map(|credit| credit.actor.name.to_string()));
        match names {
            Some(names) => format!("{names} played in {}.", with_year(movie)),
            None => format!("I know {}, but nobody who played in it.", with_year(movie)),
        }
    });
    let several = casts.len() > 1;
    let facts = casts.iter().flat_map(|(_, cast)| cast).map(|credit| {
        let mut pairs = vec![("actor", credit.actor.name.to_string()), character(credit)];
        if several {
            pairs.push(("film", with_year(&credit.movie)));
        }
        ResultItem::pairs(pairs)
    });
    with_facts(sentences, facts)
}

pub(crate) fn films(films: &[(Actor, Vec<Credit>)], years: &[i16]) -> Items {
    let then =
        listed(years.iter().map(ToString::to_string)).map_or(String::new(), |years| format!(" of {years}"));
    let sentences = films.iter().map(|(actor, credits)| {
        let titles = listed(credits.iter().map(|credit| with_year(&credit.movie)));
        match titles {
            Some(titles) => format!("{} was in {titles}.", actor.name),
            None => format!("I know {}, but no film{then} with them.", actor.name),
        }
    });
    let facts = films.iter().flat_map(|(_, credits)| credits).map(role);
    with_facts(sentences, facts)
}

pub(crate) fn parts(actors: &[Actor], movies: &[Movie], credits: &[Credit]) -> Items {
    if credits.is_empty() {
        let actors = listed(actors.iter().map(|actor| actor.name.to_string())).unwrap_or_default();
        let movies = listed(movies.iter().map(with_year)).unwrap_or_default();
        return vec![ResultItem::text(format!("I know of no part of {actors} in {movies}."))];
    }
    portrayals(credits)
}

pub(crate) fn portrayals(credits: &[Credit]) -> Items {
    let sentence = |credit: &Credit| {
        format!("{} played {} in {}.", credit.actor.name, credit.role.character, with_year(&credit.movie))
    };
    with_facts(credits.iter().map(sentence), credits.iter().map(role))
}

/// `then` says which years: "in 1995".
pub(crate) fn films_of_years(then: &str, movies: &[Movie]) -> Items {
    let sentence = match listed(movies.iter().map(|movie| movie.title.to_string())) {
        Some(titles) => format!("{titles} came out {then}."),
        None => format!("I know of no film that came out {then}."),
    };
    with_facts([sentence], movies.iter().map(film))
}

fn film(movie: &Movie) -> ResultItem {
    ResultItem::pairs([("film", movie.title.to_string()), ("released", movie.release_date.to_string())])
}

fn role(credit: &Credit) -> ResultItem {
    ResultItem::pairs([
        ("film", credit.movie.title.to_string()),
        ("released", credit.movie.release_date.to_string()),
        ("actor", credit.actor.name.to_string()),
        character(credit),
    ])
}

fn character(credit: &Credit) -> (&'static str, String) {
    ("character", credit.role.character.to_string())
}

fn with_facts(
    sentences: impl IntoIterator<Item = String>,
    facts: impl IntoIterator<Item = ResultItem>,
) -> Items {
    let sentence = sentences.into_iter().collect::<Vec<_>>().join(" ");
    std::iter::once(ResultItem::text(sentence)).chain(facts).collect()
}

/// Most names a sentence lists one by one.
const LISTED: usize = 12;

/// "a, b and c"; `None` for nothing.
pub(crate) fn listed(names: impl Iterator<Item = String>) -> Option<String> {
    let mut names: Vec<String> = names.collect();
    if names.len() > LISTED {
        let more = names.len() - LISTED;
        names.truncate(LISTED);
        names.push(format!("{more} more"));
    }
    let last = names.pop()?;
    if names.is_empty() { Some(last) } else { Some(format!("{} and {last}", names.join(", "))) }
}

fn with_year(movie: &Movie) -> String {
    format!("{} ({})", movie.title, movie.release_date.year())
}

fn in_words(date: Date) -> String {
    date.strftime("%-d %B %Y").to_string()
}
