use super::*;
use crate::testing::InMemoryCasting;
use crate::{ports::CastingStore, seed};
use square_kernel::testing::{ManualClock, SeededRandomness};
use square_kernel::{Asker, Permissions};
use square_skills::ResultBody;

const ALL: &[&str] = &["get:movies", "get:actors", "get:roles"];

async fn ask_as(permissions: &[&str], question: &str, max_results: u16) -> Vec<ResultItem> {
    let store = Arc::new(InMemoryCasting::default());
    seed(&*store, &ManualClock::default(), &SeededRandomness::default()).await.unwrap();
    ask_of(store, permissions, question, max_results).await
}

async fn ask_of(
    store: Arc<dyn CastingStore>,
    permissions: &[&str],
    question: &str,
    max_results: u16,
) -> Vec<ResultItem> {
    let asker = Asker::anonymous(permissions.iter().copied().collect::<Permissions>());
    let request = SkillRequest { question: question.into(), max_results, asker, skill_args: None };
    CastingSkill::new(store).answer(&request).await.unwrap()
}

fn text(items: &[ResultItem]) -> String {
    match items.first().map(|item| &item.body) {
        Some(ResultBody::PlainText(text)) => text.clone(),
        other => panic!("the first item is no sentence: {other:?}"),
    }
}

async fn sentence(question: &str) -> String {
    text(&ask_as(ALL, question, 10).await)
}

const HEAT: &str = "Al Pacino, Robert De Niro, Val Kilmer, Ashley Judd, Natalie Portman and Jon Voight \
                    played in Heat (1995).";
const PACINO: &str = "Al Pacino was in The Godfather (1972), The Godfather Part II (1974), Scarface (1983) \
                      and Heat (1995).";
const HANNA: &str = "Al Pacino played Vincent Hanna in Heat (1995).";
const HELP: &str = "I can tell who played in a film, which films an actor was in, who played a character, \
                    how old an actor is, when a film came out and which films came out in a year.";
const REFUSED: &str = "You may not see casting data; sign in with a role that may.";

#[tokio::test]
async fn questions_are_answered_from_the_data() {
    for (question, answer) in [
        ("Who played in Heat?", HEAT),
        ("Which actors played in Heat?", HEAT),
        ("What is the cast of the film Heat", HEAT),
        ("Heat", HEAT),
        ("Which films was Al Pacino in?", PACINO),
        ("What movies has Al Pacino been in?", PACINO),
        ("Which films was Al Pacino in in 1995?", "Al Pacino was in Heat (1995)."),
        ("How old is Al Pacino?", "The age of Al Pacino is given as 85."),
        ("What is Al Pacino's age?", "The age of Al Pacino is given as 85."),
        ("Who played Vincent Hanna?", HANNA),
        ("Which actor played Vincent Hanna in Heat?", HANNA),
        ("Whom did Al Pacino play in Heat?", HANNA),
        ("Was Al Pacino in Titanic?", "I know of no part of Al Pacino in Titanic (1997)."),
        ("When was Heat released?", "Heat came out on 15 December 1995."),
        ("When did Heat come out", "Heat came out on 15 December 1995."),
        (
            "Which movies came out between 1981 and 1984?",
            "Raiders of the Lost Ark, Blade Runner and Scarface came out between 1981 and 1984.",
        ),
        ("Which films came out in 1979 or 1977", "Alien and Star Wars came out in 1979 and in 1977."),
        ("Which movies came out in 1995?", "Apollo 13, Toy Story and Heat came out in 1995."),
    ] {
        assert_eq!(sentence(question).await, answer, "{question}");
    }
}

#[tokio::test]
async fn a_wrong_letter_and_another_case_change_nothing() {
    for (question, answer) in [
        ("who played in HEAT", HEAT),
        ("Who played in Heet?", HEAT),
        ("Which actors played in Haet?", HEAT),
        ("Who played in Heatt?", HEAT),
        ("which films was al pachino in", PACINO),
        ("Which films was Al Pacno in?", PACINO),
        ("HOW OLD IS AL PACINI", "The age of Al Pacino is given as 85."),
        ("who played vincent hana", HANNA),
        ("Who played Vincent Hannah in Heta?", HANNA),
        ("when was heat relesed?", "Heat came out on 15 December 1995."),
        ("When was Shindler's List released?", "Schindler's List came out on 15 December 1993."),
        ("When was LA Confidential released?", "L.A. Confidential came out on 19 September 1997."),
        ("when was matrix released", "The Matrix came out on 31 March 1999."),
        ("How old is Carrie Anne Moss?", "The age of Carrie-Anne Moss is given as 58."),
    ] {
        assert_eq!(sentence(question).await, answer, "{question}");
    }
}

#[tokio::test]
async fn the_longest_name_is_meant() {
    let part_two = "Al Pacino, Robert De Niro and Diane Keaton played in The Godfather Part II (1974).";
    assert_eq!(sentence("Who played in The Godfather Part II?").await, part_two);
    let first = "Al Pacino and Diane Keaton played in The Godfather (1972).";
    assert_eq!(sentence("Who played in The Godfather?").await, first);
}

#[tokio::test]
async fn a_name_of_film_and_character_is_understood_by_the_question() {
    let played_by = "Tom Hanks played Forrest Gump in Forrest Gump (1994).";
    assert_eq!(sentence("Who played Forrest Gump?").await, played_by);
    let cast = "Tom Hanks, Robin Wright, Gary Sinise and Sally Field played in Forrest Gump (1994).";
    assert_eq!(sentence("Who played in Forrest Gump?").await, cast);
}

#[tokio::test]
async fn facts_follow_the_sentence_as_pairs() {
    let items = ask_as(ALL, "Who played in Scarface?", 10).await;
    let pairs = |actor, character| ResultItem::pairs([("actor", actor), ("character", character)]);
    let expected = [pairs("Al Pacino", "Tony Montana"), pairs("Michelle Pfeiffer", "Elvira Hancock")];
    assert_eq!(items[1..], expected);
    let items = ask_as(ALL, "How old is Al Pacino?", 10).await;
    assert_eq!(items[1], ResultItem::pairs([("actor", "Al Pacino"), ("age", "85"), ("gender", "male")]));
}

#[tokio::test]
async fn no_more_items_are_given_than_wanted() {
    for max_results in [1, 2, 3] {
        let items = ask_as(ALL, "Who played in Heat?", max_results).await;
        assert_eq!(items.len(), usize::from(max_results));
        assert_eq!(text(&items), HEAT);
    }
}

#[tokio::test]
async fn nothing_found_is_said_plainly() {
    for (question, answer) in [
        ("Who played in The Gates of Zorn?", "I know of no film called “Gates of Zorn”."),
        ("When was Zorn released?", "I know of no film called “Zorn”."),
        ("Which films was Zorn Zornson in?", "I know of no actor called “Zorn Zornson”."),
        ("How old is Zorn Zornson?", "I know of no actor called “Zorn Zornson”."),
        ("Who played Captain Zorn?", "I know of no character called “Captain Zorn”."),
        ("Which movies came out in 1901?", "I know of no film that came out in 1901."),
        ("What is the capital of France?", HELP),
        ("Who directed Heat?", HELP),
        ("How old is she?", HELP),
        ("?!", HELP),
    ] {
        assert_eq!(sentence(question).await, answer, "{question}");
    }
}

#[tokio::test]
async fn an_empty_store_knows_of_nothing() {
    let items = ask_of(Arc::new(InMemoryCasting::default()), ALL, "Who played in Heat?", 10).await;
    assert_eq!(items, [ResultItem::text("I know of no film called “Heat”.")]);
}

#[tokio::test]
async fn who_may_see_nothing_learns_nothing() {
    let refused = vec![ResultItem::text(REFUSED)];
    for question in [
        "Who played in Heat?",
        "Who played in Zorn?",
        "How old is Al Pacino?",
        "How old is Zorn Zornson?",
        "Which movies came out in 1995?",
        "What is the capital of France?",
    ] {
        assert_eq!(ask_as(&[], question, 10).await, refused, "{question}");
        assert_eq!(ask_as(&["get:events", "post:movies"], question, 10).await, refused, "{question}");
    }
}

#[tokio::test]
async fn who_may_see_a_part_learns_nothing_of_the_rest() {
    let refused = vec![ResultItem::text(REFUSED)];
    for (permissions, questions) in [
        (
            &["get:movies", "get:roles"][..],
            &[
                ("Who played in Heat?", "Who played in Zorn?"),
                ("Who played Vincent Hanna?", "Who played Captain Zorn?"),
                ("How old is Al Pacino?", "How old is Zorn Zornson?"),
                ("Which films was Al Pacino in?", "Which films was Zorn Zornson in?"),
                ("Was Al Pacino in Heat?", "Was Zorn Zornson in Heat?"),
            ][..],
        ),
        (
            &["get:movies", "get:actors"],
            &[
                ("Who played in Heat?", "Who played in Zorn?"),
                ("Who played Vincent Hanna?", "Who played Captain Zorn?"),
                ("Who played Forrest Gump?", "Who played Captain Zorn?"),
                ("Vincent Hanna", "Captain Zorn"),
                ("Which films was Al Pacino in?", "Which films was Zorn Zornson in?"),
                ("Was Al Pacino in Heat?", "Was Al Pacino in Titanic?"),
            ],
        ),
        (
            &["get:actors", "get:roles"],
            &[
                ("Who played in Heat?", "Who played in Zorn?"),
                ("When was Heat released?", "When was Zorn released?"),
                ("Who played Vincent Hanna?", "Who played Captain Zorn?"),
                ("Which films was Al Pacino in?", "Which films was Zorn Zornson in?"),
                (
                    "Which movies came out between 1981 and 1984?",
                    "Raiders of the Lost Ark, Blade Runner and Scarface came out between 1981 and 1984.",
                ),
                ("Which films came out in 1979 or 1977", "Alien and Star Wars came out in 1979 and in 1977."),
                ("Which movies came out in 1995?", "Which movies came out in 1901?"),
            ][..],
        ),
    ] {
        for (known, unknown) in questions {
            for question in [known, unknown] {
                assert_eq!(ask_as(permissions, question, 10).await, refused, "{permissions:?}: {question}");
            }
        }
    }
}

#[tokio::test]
async fn who_may_see_a_part_is_told_that_part() {
    let release = ask_as(&["get:movies"], "When was Heat released?", 1).await;
    assert_eq!(text(&release), "Heat came out on 15 December 1995.");
    let unknown = ask_as(&["get:movies"], "When was Zorn released?", 1).await;
    assert_eq!(text(&unknown), "I know of no film called “Zorn”.");
    let age = ask_as(&["get:actors"], "How old is Al Pacino?", 1).await;
    assert_eq!(text(&age), "The age of Al Pacino is given as 85.");
}

#[tokio::test]
async fn of_a_question_full_of_names_the_first_are_answered() {
    let titles = "Heat Alien Aliens Fargo Titanic Scarface Gladiator Collateral Inception Godfather Matrix";
    let casts = text(&ask_as(ALL, &format!("Who played in {titles}?"), 100).await);
    assert_eq!(casts.matches(" played in ").count(), 10);
    assert!(casts.contains("in The Godfather (1972)") && !casts.contains("Matrix"), "{casts}");
    let years: Vec<String> = (1970..1970 + 20).map(|year| year.to_string()).collect();
    let films = text(&ask_as(ALL, &format!("Which films came out in {}?", years.join(" or ")), 100).await);
    assert!(films.contains("in 1979") && !films.contains("in 1980"), "{films}");
}

#[tokio::test]
async fn a_year_named_twice_is_told_of_once() {
    let answer = "Apollo 13, Toy Story and Heat came out in 1995.";
    assert_eq!(sentence("Which movies came out in 1995, 1995?").await, answer);
}
