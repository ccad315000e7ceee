//! Streams that are cut, by whatever they are read, and servers that are killed while they are.

use crate::client::{Client, Event, Events};
use crate::process::Server;
use crate::socket::Socket;
use crate::stub::Stub;
use serde_json::{Value, json};
use std::hash::{BuildHasher, RandomState};

/// The ways to go on with a stream.
#[derive(Debug, Clone, Copy)]
enum Way {
    Header,
    Parameter,
    Ticket,
    Socket,
}

const WAYS: [Way; 4] = [Way::Header, Way::Parameter, Way::Ticket, Way::Socket];

enum Stream {
    Http(Events),
    Socket(Socket),
}

impl Stream {
    /// All events of a question that come after number `after`.
    async fn of(client: &Client, question: &str, after: u32, way: Way) -> Self {
        match way {
            Way::Header => Self::Http(client.resume_all(question, after, true).await),
            Way::Parameter => Self::Http(client.resume_all(question, after, false).await),
            Way::Ticket => {
                let ticket = client.post(&format!("/api/question/{question}/ticket"), &json!({})).await;
                let path = ticket["path"].as_str().expect("a path");
                Self::Http(client.stream_at(&format!("{path}&events=all&after={after}")).await)
            }
            Way::Socket => {
                let mut socket = Socket::connect_as(client).await;
                let resume = json!({"type": "resume", "ref": "r", "question_id": question, "after": after, "events": "all"});
                socket.send(resume).await;
                Self::Socket(socket)
            }
        }
    }

    async fn next(&mut self) -> Event {
        match self {
            Self::Http(events) => events.next_event().await.expect("the stream goes on"),
            Self::Socket(socket) => socket.event().await,
        }
    }

    async fn rest(mut self) -> Vec<Event> {
        let mut rest = vec![self.next().await];
        while rest.last().is_none_or(|event| event.name != "finished") {
            rest.push(self.next().await);
        }
        rest
    }
}

/// Some skills, the last of which fails.
async fn skills(client: &Client, number: usize) -> (Vec<Stub>, Value) {
    let failing = "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n".to_owned();
    let (mut stubs, mut ids) = (Vec::new(), Vec::new());
    for index in 0..number {
        let name = format!("skill {index}");
        let last = index + 1 == number;
        stubs.push(if last { Stub::with_reply(failing.clone()).await } else { Stub::start(&name).await });
        ids.push(client.register(&name, &stubs[index].url).await);
    }
    let options = json!({"selector": "Base", "selectedSkills": ids, "maxQuerriedSkills": number});
    (stubs, json!({"question": "Anything?", "options": options}))
}

fn id_of(event: &Event) -> u32 {
    event.id.expect("events have numbers")
}

fn question_of(event: &Event) -> String {
    event.data["question_id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn a_stream_cut_after_every_event_joins_by_whatever_way_it_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::with_account(folder.path()).await;
    let (stubs, question) = skills(&server, 3).await;
    for turn in 0..WAYS.len() {
        // Changed skills are asked again, however often they failed before.
        let failing = question["options"]["selectedSkills"][2].as_str().unwrap();
        server.patch(&format!("/api/skill/{failing}"), &json!({"description": turn.to_string()})).await;
        let mut ways = WAYS.into_iter().cycle().skip(turn);
        let mut joined = vec![server.stream_all(&question).await.next_event().await.unwrap()];
        let id = question_of(&joined[0]);
        let mut answering = stubs.iter();
        while joined.last().is_some_and(|event| event.name != "finished") {
            let after = joined.last().map_or(0, id_of);
            // From here on nothing comes but what a skill answers.
            if after >= 5
                && let Some(stub) = answering.next()
            {
                stub.answer();
            }
            let way = ways.next().unwrap();
            joined.push(Stream::of(&server, &id, after, way).await.next().await);
        }
        let names: Vec<&str> = joined.iter().map(|event| event.name.as_str()).collect();
        assert_eq!(names[..2], ["question_accepted", "route_decided"]);
        assert_eq!(names[2..5], ["skill_started"; 3]);
        assert_eq!(names[5..], ["skill_result", "skill_result", "skill_failed", "finished"]);
        assert_eq!(joined.iter().map(id_of).collect::<Vec<_>>(), (1..=9).collect::<Vec<_>>());

        for way in WAYS {
            assert_eq!(Stream::of(&server, &id, 0, way).await.rest().await, joined, "{way:?}");
            for event in &joined[..8] {
                let rest = Stream::of(&server, &id, id_of(event), way).await.rest().await;
                assert_eq!(rest, joined[id_of(event) as usize..], "{way:?} after {}", id_of(event));
            }
        }
    }
}

#[tokio::test]
async fn what_was_seen_of_a_server_that_is_killed_joins_with_what_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::with_account(folder.path()).await;
    let token = server.token().to_owned();
    let (stubs, question) = skills(&server, 8).await;
    // Some answer at once, the others have not when the server is killed.
    for stub in &stubs[..4] {
        stub.answer_all();
    }
    let (some, all) = (2 + 8 + 4, 2 + 8 + 8 + 1);
    for round in 0_usize..6 {
        let random = usize::try_from(RandomState::new().hash_one(round) >> 32).unwrap();
        let (seen, way) = (1 + random % some, WAYS[random / some % WAYS.len()]);
        let mut events = server.stream_all(&question).await;
        let mut joined = Vec::new();
        while joined.len() < seen {
            joined.push(events.next_event().await.unwrap());
        }
        server.kill();
        // What had left it by then arrives.
        joined.extend(events.rest().await);
        let id = question_of(&joined[0]);

        server = Server::start(folder.path(), &[]);
        server.sign_in_by(token.clone());
        let stored = Stream::of(&server, &id, 0, way).await.rest().await;
        let after = joined.last().map_or(0, id_of);
        joined.extend(Stream::of(&server, &id, after, way).await.rest().await);
        assert_eq!(joined, stored, "killed after {seen} events, gone on after {after} by {way:?}");
        assert_eq!(joined.iter().map(id_of).collect::<Vec<_>>(), (1..=all).collect::<Vec<_>>());
        assert_eq!(joined.last().unwrap().data["ending"], "interrupted");
    }
}
