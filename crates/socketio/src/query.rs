use crate::reply::{Gone, Reply};
use crate::session::Session;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use square_routing::AnswerStream;
use square_wire::{EventFilter, EventView, Fault, FinishedEvent, QuestionRequest, StreamEvent};

/// What the answers to `query` are called.
pub(crate) const EVENT: &str = "skillResult";

/// What a `query` may carry beside the question.
#[derive(Debug, Default, Deserialize)]
struct Options {
    deadline_ms: Option<i64>,
    jwt: Option<String>,
}

/// The last event of a question.
#[derive(Debug, Serialize)]
struct Finished {
    finished: bool,
    #[serde(flatten)]
    event: FinishedEvent,
}

/// `query`: asks, and sends the answers in order of completion.
pub(crate) async fn answer(
    session: &Session,
    body: Result<Value, Fault>,
    reply: &Reply,
) -> Result<(), Fault> {
    let body = body?;
    let options: Options = serde_path_to_error::deserialize(&body)
        .map_err(|error| Fault::wrong_type(&error.path().to_string(), &error.inner().to_string()))?;
    let asker = session.asker(options.jwt.as_deref())?;
    let question = QuestionRequest::read(body)?.question(options.deadline_ms);
    let question = question.map_err(|invalid| Fault::from(&invalid))?;
    let taken = session.services.router.ask(&asker, question).await.map_err(|error| Fault::from(&error))?;
    stream(taken.answers, reply).await
}

async fn stream(mut answers: AnswerStream, reply: &Reply) -> Result<(), Fault> {
    let (mut view, _) = EventView::open(answers.record(), EventFilter::Results, 0);
    while let Some(entry) = answers.next().await.map_err(|error| Fault::from(&error))? {
        for event in view.show(&entry) {
            let sent = match event {
                StreamEvent::Finished(event) => reply.send(&Finished { finished: true, event }).await,
                event => reply.send(&event).await,
            };
            if let Err(Gone) = sent {
                return Ok(());
            }
        }
    }
    Ok(())
}
