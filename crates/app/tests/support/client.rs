use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::time::Duration;

/// A call that takes longer than this hangs.
const PATIENCE: Duration = Duration::from_mins(1);

/// Makes calls to a server, by somebody or by nobody.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    token: Option<String>,
}

/// What came back, whatever it says.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// `Retry-After`, in seconds.
    pub(crate) retry_after: Option<u32>,
    /// `Date`: the time of day at the server.
    pub(crate) date: String,
    /// `null` where it is no JSON.
    pub(crate) body: Value,
}

impl Client {
    /// Calls to the server at `url`, by nobody.
    pub(crate) fn new(url: String) -> Self {
        Self { http: reqwest::Client::new(), url, token: None }
    }

    /// Calls to the same server, by the holder of an access token.
    pub(crate) fn by(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// Makes calls by an account whose access token was got before.
    pub(crate) fn sign_in_by(&mut self, token: String) {
        self.token = Some(token);
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The access token of the account that makes the calls.
    pub(crate) fn token(&self) -> &str {
        self.token.as_deref().expect("somebody is signed in")
    }

    /// A request, to be sent by [`Client::send`].
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// The reply to a request; an error where the connection broke.
    pub(crate) async fn send(&self, request: RequestBuilder) -> reqwest::Result<Reply> {
        let reply = request.timeout(PATIENCE).send().await?;
        let header = |name| reply.headers().get(name).and_then(|value| value.to_str().ok());
        let retry_after = header("retry-after").and_then(|seconds| seconds.parse().ok());
        let date = header("date").unwrap_or_default().to_owned();
        let status = reply.status().as_u16();
        let body = serde_json::from_slice(&reply.bytes().await?).unwrap_or_default();
        Ok(Reply { status, retry_after, date, body })
    }

    /// The reply to a call without a body.
    pub(crate) async fn call(&self, method: Method, path: &str) -> reqwest::Result<Reply> {
        self.send(self.request(method, path)).await
    }

    /// The reply to a call with a body.
    pub(crate) async fn call_with(&self, method: Method, path: &str, body: &Value) -> reqwest::Result<Reply> {
        self.send(self.request(method, path).json(body)).await
    }

    /// The reply to a `POST`, whose status must tell of success.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Value {
        success(self.call_with(Method::POST, path, body).await)
    }

    /// The reply to a `PATCH`, whose status must tell of success.
    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Value {
        success(self.call_with(Method::PATCH, path, body).await)
    }

    /// The reply to a `GET`, whose status must tell of success.
    pub(crate) async fn get(&self, path: &str) -> Value {
        success(self.call(Method::GET, path).await)
    }

    /// The reply to a `DELETE`, whose status must tell of success.
    pub(crate) async fn delete(&self, path: &str) -> Value {
        success(self.call(Method::DELETE, path).await)
    }

    /// The status that a `GET` gets.
    pub(crate) async fn status(&self, path: &str) -> u16 {
        self.call(Method::GET, path).await.expect("the server answers").status
    }

    /// Asks for a stream of events.
    pub(crate) async fn stream(&self, body: &Value) -> Events {
        let request = self.request(Method::POST, "/api/question").header("Accept", "text/event-stream");
        Events::of(request.json(body)).await
    }

    /// Asks for a stream of all events.
    pub(crate) async fn stream_all(&self, body: &Value) -> Events {
        let request = self.request(Method::POST, "/api/question?events=all");
        Events::of(request.header("Accept", "text/event-stream").json(body)).await
    }

    /// Asks for a stream of events at this path, without a token.
    pub(crate) async fn stream_at(&self, path: &str) -> Events {
        Events::of(self.http.get(format!("{}{path}", self.url))).await
    }

    /// Asks for all events of a question that come after number `after`, by the header or by the parameter.
    pub(crate) async fn resume_all(&self, question: &str, after: u32, by_header: bool) -> Events {
        let path = format!("/api/question/{question}/events?events=all");
        Events::of(if by_header {
            self.request(Method::GET, &path).header("Last-Event-ID", after)
        } else {
            self.request(Method::GET, &format!("{path}&after={after}"))
        })
        .await
    }

    /// Asks for the events of a question that come after number `after`.
    pub(crate) async fn resume(&self, question: &str, after: u32) -> Events {
        let request = self.request(Method::GET, &format!("/api/question/{question}/events"));
        Events::of(request.header("Last-Event-ID", after)).await
    }

    /// Registers a skill at `url`, which speaks `square`, and gives its id.
    pub(crate) async fn register(&self, name: &str, url: &str) -> String {
        let skill = json!({"name": name, "url": url, "protocol": "square"});
        let skill = self.post("/api/skill", &skill).await;
        skill["id"].as_str().expect("an id").to_owned()
    }
}

fn success(reply: reqwest::Result<Reply>) -> Value {
    let Reply { status, body, .. } = reply.expect("the server answers");
    assert!((200..300).contains(&status), "{status}: {body}");
    body
}

/// A stream of events as it comes.
pub(crate) struct Events {
    reply: reqwest::Response,
    read: String,
}

/// One of them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    pub(crate) id: Option<u32>,
    pub(crate) name: String,
    pub(crate) data: Value,
}

impl Events {
    async fn of(request: RequestBuilder) -> Self {
        let reply = request.send().await.expect("the server answers");
        assert!(reply.status().is_success(), "{}", reply.status());
        Self { reply, read: String::new() }
    }

    /// The data of the next event; `None` at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        self.next_event().await.map(|event| event.data)
    }

    /// The next event; `None` at the end of the stream.
    pub(crate) async fn next_event(&mut self) -> Option<Event> {
        loop {
            if let Some((text, _)) = self.read.split_once("\n\n") {
                let event = parsed(text);
                let read = text.len() + 2;
                self.read.drain(..read);
                if event.is_some() {
                    return event;
                }
                continue;
            }
            let chunk = self.reply.chunk().await.ok().flatten()?;
            self.read.push_str(std::str::from_utf8(&chunk).expect("events are UTF-8"));
        }
    }

    /// All events to the end of the stream.
    pub(crate) async fn rest(mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.next_event().await {
            events.push(event);
        }
        events
    }
}

/// An event; `None` for a comment.
fn parsed(text: &str) -> Option<Event> {
    let field = |name: &str| {
        let values = text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        values.map(str::trim_start).collect::<String>()
    };
    let data = field("data");
    (!data.is_empty()).then(|| Event {
        id: field("id").parse().ok(),
        name: field("event"),
        data: serde_json::from_str(&data).expect("events are JSON"),
    })
}
