//! Films, actors and roles by the hundred thousand, written straight into the server's database: through its calls it would take an hour.

use crate::Outcome;
use diesel::Connection;
use diesel::connection::SimpleConnection;
use diesel::sqlite::SqliteConnection;
use std::fmt::Write;
use std::path::Path;

pub(crate) const MOVIES: usize = 100_000;
pub(crate) const ACTORS: usize = 200_000;
pub(crate) const ROLES: usize = 500_000;

/// How many rows one statement stores.
const ROWS_AT_ONCE: usize = 500;

/// Names are made of these, so that their keys are the names in lower case.
const SYLLABLES: [&str; 20] = [
    "ba", "cor", "da", "fel", "gan", "hi", "jo", "kel", "lum", "mar", "nor", "pil", "qua", "ran", "sol",
    "tur", "vin", "wes", "xan", "zo",
];

/// A word of two or three syllables, always the same for a number; numbers below 8000 have different ones.
fn word(number: usize) -> String {
    let syllable = |number: usize| SYLLABLES[number % SYLLABLES.len()];
    let mut word = format!("{}{}", syllable(number), syllable(number / 20));
    if number >= 400 {
        word.push_str(syllable(number / 400));
    }
    word
}

/// Spreads numbers over the range below `range`, the same each time.
fn spread(number: usize, by: usize, range: usize) -> usize {
    let mixed = (number as u64 ^ ((by as u64) << 40)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((mixed >> 16) % range as u64) as usize
}

/// The title of a film, in lower case.
pub(crate) fn title(number: usize) -> String {
    let [one, other] = [1, 2].map(|by| word(spread(number, by, 4000)));
    format!("{one} {other} {}", word(number % 8000))
}

/// An actor's name, in lower case.
pub(crate) fn name(number: usize) -> String {
    format!("{} {}", word(spread(number, 3, 600)), word(spread(number, 4, 8000)))
}

/// The identifier of the thing with this number among those of one kind, as the digits of a UUIDv7.
pub(crate) fn id(kind: u8, number: usize) -> String {
    format!("{:012x}7000800000000000{kind:04x}", 0x019b_7000_0000_u64 + number as u64)
}

pub(crate) const MOVIE: u8 = 1;
pub(crate) const ACTOR: u8 = 2;
pub(crate) const ROLE: u8 = 3;

/// Who plays in the role with this number, and where: each film has five, by actors who are spread over all.
pub(crate) fn ends(role: usize) -> (usize, usize) {
    (role % MOVIES, spread(role, 5, ACTORS))
}

/// Opens a database of the server's.
pub(crate) fn open(path: &Path) -> Outcome<SqliteConnection> {
    let path = path.to_str().ok_or("the folder has a strange name")?;
    let mut connection = SqliteConnection::establish(path)?;
    connection.batch_execute("PRAGMA busy_timeout = 5000")?;
    Ok(connection)
}

/// Fills an empty, migrated database.
pub(crate) fn fill(path: &Path) -> Outcome<()> {
    anstream::eprintln!("filling in {MOVIES} films, {ACTORS} actors, {ROLES} roles");
    let mut connection = open(path)?;
    connection.batch_execute("PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; BEGIN")?;
    store(&mut connection, "movies", MOVIES, |number, row| {
        let title = title(number);
        let (year, month, day) =
            (1920 + spread(number, 6, 105), 1 + spread(number, 7, 12), 1 + spread(number, 8, 28));
        let id = id(MOVIE, number);
        write!(row, "(x'{id}', {}, '{year:04}-{month:02}-{day:02}')", named(&title))
    })?;
    store(&mut connection, "actors", ACTORS, |number, row| {
        let gender = if number % 2 == 0 { "female" } else { "male" };
        let (name, age) = (name(number), 5 + spread(number, 9, 90));
        write!(row, "(x'{}', {}, {age}, '{gender}', '{gender}')", id(ACTOR, number), named(&name))
    })?;
    store(&mut connection, "casting_roles", ROLES, |number, row| {
        let character = format!("{} {}", word(spread(number, 10, 8000)), word(spread(number, 11, 8000)));
        let (movie, actor) = ends(number);
        let (movie, actor) = (id(MOVIE, movie), id(ACTOR, actor));
        write!(row, "(x'{}', x'{movie}', x'{actor}', {})", id(ROLE, number), named(&character))
    })?;
    words(&mut connection, "movie_words", MOVIE, MOVIES, title)?;
    words(&mut connection, "actor_words", ACTOR, ACTORS, name)?;
    connection.batch_execute("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(())
}

/// A name with its key, its key backwards and the key's length.
fn named(key: &str) -> String {
    let reversed: String = key.chars().rev().collect();
    format!("'{}', '{key}', '{reversed}', {}", capitals(key), key.len())
}

/// A name as it is shown.
pub(crate) fn capitals(key: &str) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    };
    key.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

fn store(
    connection: &mut SqliteConnection,
    table: &str,
    rows: usize,
    row: impl Fn(usize, &mut String) -> std::fmt::Result,
) -> Outcome<()> {
    for first in (0..rows).step_by(ROWS_AT_ONCE) {
        let mut statement = format!("INSERT INTO {table} VALUES ");
        for number in first..rows.min(first + ROWS_AT_ONCE) {
            if number > first {
                statement.push(',');
            }
            row(number, &mut statement)?;
        }
        connection.batch_execute(&statement)?;
    }
    Ok(())
}

/// The words of names, in the order in which they are kept.
fn words(
    connection: &mut SqliteConnection,
    table: &str,
    kind: u8,
    names: usize,
    name: fn(usize) -> String,
) -> Outcome<()> {
    let mut words: Vec<(String, usize)> = Vec::new();
    for number in 0..names {
        words.extend(name(number).split(' ').map(|word| (word.to_owned(), number)));
    }
    words.sort_unstable();
    words.dedup();
    store(connection, table, words.len(), |at, row| {
        let (word, number) = &words[at];
        write!(row, "('{word}', x'{}')", id(kind, *number))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn words_and_identifiers_are_all_different() {
        let words: HashSet<String> = (0..8000).map(word).collect();
        assert_eq!(words.len(), 8000);
        let ids: HashSet<String> =
            (0..1000).flat_map(|number| [MOVIE, ACTOR, ROLE].map(|kind| id(kind, number))).collect();
        assert_eq!(ids.len(), 3000);
        assert!(ids.iter().all(|id| id.len() == 32));
    }

    #[test]
    fn names_are_shown_with_capitals() {
        assert_eq!(capitals("al pacino"), "Al Pacino");
    }
}
