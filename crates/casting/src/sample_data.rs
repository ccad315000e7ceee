mod facts;

use crate::model::{
    Actor, ActorId, ActorName, Age, Catalogue, Character, Gender, Movie, MovieId, Role, RoleId, Title,
};
use facts::{ACTORS, FILMS, Person};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use square_kernel::{Clock, FieldError, Randomness, parse_date};
use std::collections::HashMap;

/// Well-known films with their first release in the United States, some of their cast, and the actors' ages
/// on the day of `clock` (or, of those who have died, when they did).
pub fn sample_data(clock: &dyn Clock, randomness: &dyn Randomness) -> Result<Catalogue, FieldError> {
    let today = clock.now().to_zoned(TimeZone::UTC).date();
    let mut catalogue = Catalogue::default();
    let mut ids_by_name = HashMap::new();
    for (person, id) in ACTORS.iter().zip(ascending(ACTORS.len(), || ActorId::new(clock, randomness))) {
        ids_by_name.insert(person.0, id);
        catalogue.actors.push(actor(id, person, today)?);
    }
    let parts = FILMS.iter().map(|(_, _, cast)| cast.len()).sum();
    let mut role_ids = ascending(parts, || RoleId::new(clock, randomness));
    let movie_ids = ascending(FILMS.len(), || MovieId::new(clock, randomness));
    for ((title, released, cast), movie) in FILMS.iter().zip(movie_ids) {
        let release_date = parse_date("release_date", released)?;
        catalogue.movies.push(Movie { id: movie, title: Title::parse(title)?, release_date });
        for ((name, character), id) in cast.iter().zip(&mut role_ids) {
            let actor = *ids_by_name.get(name).ok_or(FieldError::new("actor", "must be among the actors"))?;
            catalogue.roles.push(Role { id, movie, actor, character: Character::parse(character)? });
        }
    }
    Ok(catalogue)
}

/// Identifiers made within a millisecond are in no order; lists are shown by them, so they are put in order.
fn ascending<Id: Ord>(count: usize, id: impl FnMut() -> Id) -> impl Iterator<Item = Id> {
    let mut ids: Vec<Id> = std::iter::repeat_with(id).take(count).collect();
    ids.sort();
    ids.into_iter()
}

fn actor(id: ActorId, (name, gender, born, died): &Person, today: Date) -> Result<Actor, FieldError> {
    let born = parse_date("born", born)?;
    let until = if died.is_empty() { today } else { parse_date("died", died)? };
    let age = Age::parse(years_between(born, until))?;
    Ok(Actor { id, name: ActorName::parse(name)?, age, gender: Gender::parse(gender)? })
}

fn years_between(born: Date, until: Date) -> i64 {
    let had_birthday = (until.month(), until.day()) >= (born.month(), born.day());
    i64::from(until.year()) - i64::from(born.year()) - i64::from(!had_birthday)
}

#[cfg(test)]
mod tests {
    use super::*;
    use square_kernel::testing::{ManualClock, SeededRandomness};

    #[test]
    fn the_facts_fit_the_model_and_each_other() {
        let data = sample_data(&ManualClock::default(), &SeededRandomness::default()).unwrap();
        assert!(data.movies.len() >= 25 && data.actors.len() >= 45 && data.roles.len() >= 70);
        for actor in &data.actors {
            assert!(data.roles.iter().any(|role| role.actor == actor.id), "{} plays nowhere", actor.name);
        }
    }

    #[test]
    fn ages_are_those_of_the_day() {
        let data = sample_data(&ManualClock::default(), &SeededRandomness::default()).unwrap();
        let age =
            |name: &str| data.actors.iter().find(|actor| actor.name.as_str() == name).unwrap().age.get();
        assert_eq!(age("Al Pacino"), 85);
        assert_eq!(age("Val Kilmer"), 65);
    }
}
