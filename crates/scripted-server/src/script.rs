use crate::{head, reply};
use std::sync::Arc;

/// Makes a reply to a request, given as method and path.
pub type Routes = Arc<dyn Fn(&str) -> Vec<u8> + Send + Sync>;

/// What a server does with a request it has read.
#[derive(Clone)]
pub enum Script {
    /// Sends what this makes of the request and waits for the next one.
    Route(Routes),
    /// Sends what this makes of the whole request and waits for the next one.
    Answer(Routes),
    /// As `Route`, and closes the connection.
    RouteOnce(Routes),
    /// Sends these bytes and waits for the next request on the connection.
    Send(Vec<u8>),
    /// Sends these bytes and closes the connection.
    SendAndClose(Vec<u8>),
    /// Sends these bytes once; at the next request it closes the connection without a word.
    SendOncePerConnection(Vec<u8>),
    /// Sends these bytes and then nothing more.
    SendAndHang(Vec<u8>),
    /// Sends these bytes, then the second ones again and again for as long as somebody reads.
    SendEndlessly(Vec<u8>, Vec<u8>),
    /// The same, but with a pause of 10 ms each time.
    Drip(Vec<u8>, Vec<u8>),
    /// Sends these bytes and breaks the connection off.
    SendAndReset(Vec<u8>),
    /// Answers every GET well, with a list of models, and does this with every other request.
    AfterModels(Box<Script>),
}

/// Answers with status 200 and `body`, said to be JSON.
pub fn json(body: &str) -> Script {
    Script::Send(reply("200 OK", "application/json", body))
}

/// As [`json`], with any bytes.
pub fn bytes(body: &[u8]) -> Script {
    Script::Send([head(&format!("content-length: {}\r\n", body.len())), body.to_vec()].concat())
}

/// As [`bytes`], with a body that is said to be packed by `encoding`.
pub fn packed(encoding: &str, body: &[u8]) -> Script {
    let more = format!("content-encoding: {encoding}\r\ncontent-length: {}\r\n", body.len());
    Script::Send([head(&more), body.to_vec()].concat())
}

/// Sends `text`, whatever it is, and closes the connection.
pub fn closing(text: impl AsRef<[u8]>) -> Script {
    Script::SendAndClose(text.as_ref().to_vec())
}

/// Sends `first`, and then `again` without end.
pub fn endless(first: impl AsRef<[u8]>, again: impl AsRef<[u8]>) -> Script {
    Script::SendEndlessly(first.as_ref().to_vec(), again.as_ref().to_vec())
}
