use super::TestDatabase;
use crate::connection::Server;
use diesel::RunQueryDsl;
use jiff::civil::date;
use square_casting::ports::{CastingRecords, CastingStore};
use square_casting::testing::contract::Stage;
use square_casting::{
    Actor, ActorFilter, ActorId, ActorName, Age, Catalogue, Gender, Movie, MovieFilter, MovieId, Title,
    parse_search,
};
use square_kernel::{OsRandomness, Page, SystemClock};
use std::sync::Arc;

square_casting::casting_store_contract!(fresh());

async fn fresh() -> (Arc<dyn CastingStore>, TestDatabase) {
    let test = TestDatabase::new().await;
    (Arc::new(test.stores()), test)
}

square_casting::casting_records_contract!(stage());

async fn stage() -> (Stage, TestDatabase) {
    let test = TestDatabase::new().await;
    let stores = Arc::new(test.stores());
    (Stage { records: stores.clone(), store: stores }, test)
}

#[tokio::test]
async fn older_films_and_actors_are_found_by_words_and_genders_too() {
    let test = TestDatabase::new().await;
    let stores = test.stores();
    let movie = |title: &str| Movie {
        id: MovieId::new(&SystemClock, &OsRandomness),
        title: Title::parse(title).unwrap(),
        release_date: date(1995, 12, 15),
    };
    let actor = |name: &str, gender: &str| Actor {
        id: ActorId::new(&SystemClock, &OsRandomness),
        name: ActorName::parse(name).unwrap(),
        age: Age::parse(85).unwrap(),
        gender: Gender::parse(gender).unwrap(),
    };
    let long = "é".repeat(100);
    let catalogue = Catalogue {
        movies: vec![movie("The Good, the Bad & the Ugly"), movie(&long), movie("!!!")],
        actors: vec![actor("Al Pacino", "Male"), actor("Diane Keaton", "female")],
        roles: Vec::new(),
    };
    assert!(stores.fill_if_empty(&catalogue).await.unwrap());
    let undo = match &test.database.server {
        Server::Sqlite(_) => {
            include_str!("../../../../migrations/sqlite/2026-01-01-000028_casting_lists/down.sql")
        }
        #[cfg(feature = "postgres")]
        Server::Postgres(_) => {
            include_str!("../../../../migrations/postgres/2026-01-01-000028_casting_lists/down.sql")
        }
        #[cfg(feature = "mysql")]
        Server::Mysql(_) => {
            include_str!("../../../../migrations/mysql/2026-01-01-000028_casting_lists/down.sql")
        }
    };
    let forget = "DELETE FROM __diesel_schema_migrations WHERE version = '20260101000028'";
    for statement in undo.split(';').map(str::trim).chain([forget]).filter(|statement| !statement.is_empty())
    {
        let undone = test.database.write(move |connection| diesel::sql_query(statement).execute(connection));
        undone.await.unwrap();
    }
    assert_eq!(test.database.migrate().await.unwrap(), 1);
    for (text, found) in [("bad good", 0), (&*long, 1), ("!!!", 2)] {
        let filter =
            MovieFilter { title: Some(parse_search("title", text).unwrap()), ..MovieFilter::default() };
        let movies = stores.movies(&filter, Page::default()).await.unwrap().items;
        assert_eq!(movies, [catalogue.movies[found].clone()], "{text}");
    }
    let filter = ActorFilter {
        name: Some(parse_search("name", "pac").unwrap()),
        gender: Some(Gender::parse("male").unwrap()),
        ..ActorFilter::default()
    };
    let actors = stores.actors(&filter, Page::default()).await.unwrap().items;
    assert_eq!(actors, [catalogue.actors[0].clone()]);
}
