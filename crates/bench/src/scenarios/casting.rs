use super::rounds;
use crate::Outcome;
use crate::catalogue::{self, ACTOR, ACTORS, MOVIE, MOVIES, ROLE, ROLES, capitals, ends, id, name, title};
use crate::client::{Connection, block_on};
use crate::message::{post_json, request};
use crate::options::Options;
use crate::report::{Aim, Row, Unit};
use crate::server::{Binary, Server};
use crate::statistics::{quantile, sorted};
use diesel::RunQueryDsl;
use diesel::sql_types::Text;
use diesel::sqlite::SqliteConnection;
use diesel::{QueryableByName, sql_query};
use serde_json::json;
use std::time::{Duration, Instant};

/// What each call may take at the median, in milliseconds.
const AIM: f64 = 5.0;

/// How many different requests of one kind there are.
const REQUESTS: usize = 500;

/// A call, and the statements without which it cannot be answered.
struct Call {
    request: Vec<u8>,
    queries: Vec<String>,
}

/// One of the columns of a row, as text.
#[derive(QueryableByName)]
struct Cell {
    #[diesel(sql_type = Text)]
    cell: String,
}

/// Lists, single things and questions over a large catalogue: what a call takes, one after another over one connection, against the bare
/// statements on the same SQLite file.
pub(crate) fn casting(binary: &Binary, options: &Options) -> Outcome<Vec<Row>> {
    let mut database = None;
    let fill = |path: &std::path::Path| {
        catalogue::fill(path)?;
        database = Some(catalogue::open(path)?);
        Ok(())
    };
    let server = Server::start_demo(binary, vec![("APP_ENV", "test".to_owned())], fill)?;
    let mut database = database.ok_or("nothing was filled in")?;
    kinds().iter().map(|(name, calls)| row(name, calls, &server, &mut database, options)).collect()
}

fn row(
    name: &str,
    calls: &[Call],
    server: &Server,
    database: &mut SqliteConnection,
    options: &Options,
) -> Outcome<Row> {
    let time = options.load().time;
    let limit = || median(calls, time, |call| bare(database, call));
    let through = || {
        block_on(async {
            let mut connection = Connection::open(server.address).await?;
            let mut times = Vec::new();
            let begun = Instant::now();
            for call in calls.iter().cycle() {
                let sent = Instant::now();
                let reply = connection.send(&call.request).await?;
                times.push(sent.elapsed().as_secs_f64() * 1e3);
                answered(reply.status, reply.body)?;
                if begun.elapsed() > time {
                    break;
                }
            }
            Ok(quantile(&sorted(times), 0.5))
        })
    };
    let rounds = rounds(name, options, limit, through)?;
    Ok(Row::new(name, Unit::Milliseconds, Aim::Below(AIM), rounds))
}

/// A reply that says nothing of use is soon made.
fn answered(status: u16, body: &[u8]) -> Outcome<()> {
    let text = String::from_utf8_lossy(body);
    let marks: &[&str] =
        if text.contains("\"skill_id\"") { &[" played in ", "The age of "] } else { &["\"id\""] };
    let useful = status == 200 && marks.iter().any(|mark| text.contains(mark));
    if useful { Ok(()) } else { Err(format!("the server answered {status}: {text}").into()) }
}

fn median(calls: &[Call], time: Duration, mut run: impl FnMut(&Call) -> Outcome<()>) -> Outcome<f64> {
    let mut times = Vec::new();
    let begun = Instant::now();
    for call in calls.iter().cycle() {
        let sent = Instant::now();
        run(call)?;
        times.push(sent.elapsed().as_secs_f64() * 1e3);
        if begun.elapsed() > time {
            break;
        }
    }
    Ok(quantile(&sorted(times), 0.5))
}

fn bare(database: &mut SqliteConnection, call: &Call) -> Outcome<()> {
    for query in &call.queries {
        let cells: Vec<Cell> = sql_query(query).load(database)?;
        if cells.iter().all(|cell| cell.cell.is_empty()) {
            return Err(format!("nothing is found by: {query}").into());
        }
    }
    Ok(())
}

const MOVIE_CELL: &str = "hex(movies.id) || title || release_date AS cell";
const ACTOR_CELL: &str = "hex(actors.id) || name || age || gender AS cell";
const ROLE_CELL: &str = "hex(id) || hex(movie_id) || hex(actor_id) || character AS cell";

/// A film's cast with all that is shown of it.
fn cast_of(movie: usize) -> String {
    format!(
        "SELECT title || name || character AS cell FROM casting_roles JOIN movies ON movies.id = movie_id \
         JOIN actors ON actors.id = actor_id WHERE movie_id = x'{}' ORDER BY casting_roles.id LIMIT 100",
        id(MOVIE, movie)
    )
}

/// What is measured: a name and calls of that kind.
fn kinds() -> Vec<(String, Vec<Call>)> {
    let mut kinds = Vec::new();
    let mut kind = |name: String, call: &dyn Fn(usize) -> Call| {
        kinds.push((name, (0..REQUESTS).map(|number| call(number * 7919)).collect()));
    };
    for (things, kind_id, count, cell, table) in [
        ("movies", MOVIE, MOVIES, MOVIE_CELL, "movies"),
        ("actors", ACTOR, ACTORS, ACTOR_CELL, "actors"),
        ("roles", ROLE, ROLES, ROLE_CELL, "casting_roles"),
    ] {
        let cursor = |number: usize| match kind_id {
            MOVIE => format!("2000-01-01.{}", id(MOVIE, number)),
            ACTOR => format!("50.{}", id(ACTOR, number)),
            _ => id(ROLE, number),
        };
        kind(format!("`GET /api/{things}`, 50 of {count} from anywhere"), &|number| {
            let after = number % (count - 100);
            Call {
                request: get(&format!("/api/{things}?cursor={}", cursor(after))),
                queries: vec![format!(
                    "SELECT {cell} FROM {table} WHERE id > x'{}' ORDER BY id LIMIT 51",
                    id(kind_id, after)
                )],
            }
        });
        kind(format!("`GET /api/{things}/{{id}}`"), &|number| {
            let id = id(kind_id, number % count);
            Call {
                request: get(&format!("/api/{things}/{id}")),
                queries: vec![format!("SELECT {cell} FROM {table} WHERE id = x'{id}'")],
            }
        });
    }
    kind("`GET /api/movies?title=`, two words of three letters".to_owned(), &|number| {
        let title = title(number % MOVIES);
        let words: Vec<&str> = title.split(' ').map(|word| &word[..3]).take(2).collect();
        let found = |word: &str| {
            format!("id IN (SELECT movie_id FROM movie_words WHERE word >= '{word}' AND word < '{word}~')")
        };
        let query = format!(
            "SELECT {MOVIE_CELL} FROM movies WHERE {} AND {} ORDER BY id LIMIT 51",
            found(words[0]),
            found(words[1])
        );
        Call { request: get(&format!("/api/movies?title={}", words.join("+"))), queries: vec![query] }
    });
    kind("`GET /api/movies?released_from=…`".to_owned(), &|number| {
        let from = format!("{}-06-15", 1920 + number % 100);
        let query = format!(
            "SELECT {MOVIE_CELL} FROM movies WHERE release_date >= '{from}' ORDER BY release_date, id LIMIT 51"
        );
        Call { request: get(&format!("/api/movies?released_from={from}")), queries: vec![query] }
    });
    kind("`GET /api/actors?gender=…&age_from=…`".to_owned(), &|number| {
        let age = 5 + number % 85;
        let query = format!(
            "SELECT {ACTOR_CELL} FROM actors WHERE gender_key = 'female' AND age >= {age} ORDER BY age, id LIMIT 51"
        );
        Call { request: get(&format!("/api/actors?gender=Female&age_from={age}")), queries: vec![query] }
    });
    kind("`GET /api/roles?actor_id=…`".to_owned(), &|number| {
        let actor = id(ACTOR, ends(number % ROLES).1);
        let query =
            format!("SELECT {ROLE_CELL} FROM casting_roles WHERE actor_id = x'{actor}' ORDER BY id LIMIT 51");
        Call { request: get(&format!("/api/roles?actor_id={actor}")), queries: vec![query] }
    });
    kind("`POST /api/question`: who played in a film".to_owned(), &|number| {
        let movie = number % MOVIES;
        let title = title(movie);
        let query = format!("SELECT {MOVIE_CELL} FROM movies WHERE title_key = '{title}'");
        Call {
            request: ask(&format!("Who played in {}?", capitals(&title))),
            queries: vec![query, cast_of(movie)],
        }
    });
    kind("`POST /api/question`: who played in a film, a letter wrong".to_owned(), &|number| {
        let movie = number % MOVIES;
        let title = title(movie);
        // The last letter but one.
        let (head, tail) = title.split_at(title.len() - 2);
        let wrong = format!("{head}y{}", &tail[1..]);
        let query = format!("SELECT {MOVIE_CELL} FROM movies WHERE title_key = '{title}'");
        Call {
            request: ask(&format!("Who played in {}?", capitals(&wrong))),
            queries: vec![query, cast_of(movie)],
        }
    });
    kind("`POST /api/question`: how old an actor is".to_owned(), &|number| {
        let name = name(number % ACTORS);
        let query = format!("SELECT {ACTOR_CELL} FROM actors WHERE name_key = '{name}'");
        Call { request: ask(&format!("How old is {}?", capitals(&name))), queries: vec![query] }
    });
    kinds
}

fn get(path: &str) -> Vec<u8> {
    request("GET", path, &[], b"")
}

fn ask(question: &str) -> Vec<u8> {
    post_json("/api/question", &[], &json!({ "question": question }))
}
