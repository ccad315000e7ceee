use crate::client::{Connection, block_on};
use crate::message::{post_json, request};
use crate::options::Options;
use crate::server::{Account, Binary, Server};
use crate::{Outcome, stubs};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedReceiver;

/// Who owns the skills.
pub(crate) const ACCOUNT: Account =
    Account { username: "bench", email: "bench@square.example", password: "a password of the benchmark" };

/// How many skills are published.
const SKILLS: usize = 100;
/// How many of the stubs there are; the skills share them.
const STUBS: usize = 20;
/// How long the thoughtful skill thinks: long enough that what came before it is over.
const PAUSE: Duration = Duration::from_millis(5);

/// A server with 100 published skills, and the stubs that these stand for.
pub(crate) struct World {
    pub(crate) server: Server,
    /// The addresses of instant skills.
    pub(crate) stubs: Vec<String>,
    /// Instant skills as the server knows them, one for each stub.
    pub(crate) skills: Vec<String>,
    /// The address of a skill that thinks for a moment.
    pub(crate) thoughtful_stub: String,
    /// That skill as the server knows it.
    pub(crate) thoughtful: String,
    /// When that skill handed over the last byte of each of its answers.
    pub(crate) stamps: UnboundedReceiver<Instant>,
}

impl World {
    pub(crate) fn set_up(binary: &Binary, options: &Options) -> Outcome<Self> {
        let mut settings = vec![
            ("APP_ENV", "test".to_owned()),
            ("SQUARE__PASSWORDS__COST", options.password_cost.to_string()),
        ];
        settings.extend(options.database.clone().map(|url| ("DATABASE_URL", url)));
        settings.extend(options.broker.clone().map(|address| ("BROKER_PATH", address)));
        let server = Server::start(binary, settings, Some(&ACCOUNT))?;
        let stubs = stubs::instant(STUBS)?;
        let (thoughtful_stub, stamps) = stubs::thoughtful(PAUSE)?;
        anstream::eprintln!("publishing {SKILLS} skills");
        let mut skills = block_on(async {
            let connection = Connection::open(server.address).await?;
            let mut owner = Owner::sign_in(connection).await?;
            let mut skills = vec![owner.publish(0, "square", &thoughtful_stub).await?];
            for number in 1..SKILLS {
                skills.push(owner.publish(number, "square", &stubs[number % STUBS]).await?);
            }
            owner.wait_until_published(SKILLS).await?;
            Ok(skills)
        })?;
        let thoughtful = skills.remove(0);
        skills.truncate(STUBS);
        Ok(Self { server, stubs, skills, thoughtful_stub, thoughtful, stamps })
    }
}

/// A question for exactly these skills.
pub(crate) fn question(skills: &[String]) -> Value {
    let options = json!({"selector": "Base", "selectedSkills": skills, "maxQuerriedSkills": skills.len()});
    json!({"question": "What is the answer?", "options": options})
}

/// Registers and publishes skills through the calls that everybody uses.
pub(crate) struct Owner {
    connection: Connection,
    authorization: String,
}

impl Owner {
    pub(crate) async fn sign_in(mut connection: Connection) -> Outcome<Self> {
        let reply = connection.send(&sign_in_request()).await?.json()?;
        let token = reply["access_token"].as_str().ok_or("signing in gave no token")?;
        Ok(Self { authorization: format!("Bearer {token}"), connection })
    }

    /// Registers a skill that speaks `protocol` and has it trained; gives its id.
    pub(crate) async fn publish(&mut self, number: usize, protocol: &str, url: &str) -> Outcome<String> {
        let authorization = ("authorization", self.authorization.as_str());
        let skill = json!({
            "name": format!("Skill number {number}"),
            "url": url,
            "protocol": protocol,
            "description": format!("Answers questions about the subject with the number {number}, and no others."),
        });
        let skill = self.connection.send(&post_json("/api/skill", &[authorization], &skill)).await?.json()?;
        let id = skill["id"].as_str().ok_or("registering a skill gave no id")?.to_owned();
        let content_type = ("content-type", "multipart/form-data; boundary=benchmark");
        let path = format!("/api/skill/{id}/train");
        let training =
            request("POST", &path, &[authorization, content_type], example_files(number).as_bytes());
        self.connection.send(&training).await?.json()?;
        Ok(id)
    }

    /// Returns once so many skills are published.
    pub(crate) async fn wait_until_published(&mut self, skills: usize) -> Outcome<()> {
        loop {
            let published = self.connection.send(&request("GET", "/api/skills", &[], b"")).await?.json()?;
            if published.as_array().map_or(0, Vec::len) >= skills {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// The request that signs the owner in.
pub(crate) fn sign_in_request() -> Vec<u8> {
    post_json("/api/login", &[], &json!({"username": ACCOUNT.username, "password": ACCOUNT.password}))
}

fn example_files(number: usize) -> String {
    let file = |field: &str, words: [&str; 3]| {
        let lines = words.map(|word| format!("{word} subject number {number}?")).join("\n");
        let disposition =
            format!("content-disposition: form-data; name=\"{field}\"; filename=\"{field}.txt\"");
        format!("--benchmark\r\n{disposition}\r\ncontent-type: text/plain\r\n\r\n{lines}\r\n")
    };
    let train = file("train_file", ["What is", "Who knows", "Where is"]);
    let dev = file("dev_file", ["How is", "When was", "Why is"]);
    format!("{train}{dev}--benchmark--\r\n")
}
