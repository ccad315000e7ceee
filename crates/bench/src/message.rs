//! As much of HTTP/1.1 as two ends need that know each other.

/// The bytes of a request.
pub(crate) fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut text =
        format!("{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        text.extend([name, ": ", value, "\r\n"]);
    }
    text.push_str("\r\n");
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// The bytes of a request with a JSON body.
pub(crate) fn post_json(path: &str, headers: &[(&str, &str)], body: &serde_json::Value) -> Vec<u8> {
    let headers: Vec<_> = headers.iter().copied().chain([("content-type", "application/json")]).collect();
    request("POST", path, &headers, body.to_string().as_bytes())
}

/// What the head of a message says about it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// The first line.
    pub(crate) first_line: String,
    /// Where the body begins.
    pub(crate) length: usize,
    body: Framing,
}

#[derive(Debug, PartialEq, Eq)]
enum Framing {
    Bytes(usize),
    Chunks,
}

impl Head {
    /// Reads the head that `message` begins with; `None` while there is more of it to come.
    pub(crate) fn read(message: &[u8]) -> Option<Self> {
        let length = message.windows(4).position(|bytes| bytes == b"\r\n\r\n")? + 4;
        let text = String::from_utf8_lossy(&message[..length]);
        let mut lines = text.lines();
        let first_line = lines.next().unwrap_or_default().to_owned();
        let mut body = Framing::Bytes(0);
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            if name.eq_ignore_ascii_case("content-length") {
                body = Framing::Bytes(value.trim().parse().unwrap_or(0));
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                body = Framing::Chunks;
            }
        }
        Some(Self { first_line, length, body })
    }

    /// Whether `message` is all there.
    pub(crate) fn complete(&self, message: &[u8]) -> bool {
        match self.body {
            Framing::Bytes(bytes) => message.len() >= self.length + bytes,
            Framing::Chunks => message.ends_with(b"\r\n0\r\n\r\n"),
        }
    }

    /// A reply's status; 0 when there is none.
    pub(crate) fn status(&self) -> u16 {
        self.first_line.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_once_it_is_whole() {
        let message = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}";
        assert_eq!(Head::read(&message[..message.len() - 3]), None);
        let head = Head::read(message).unwrap();
        assert_eq!((head.status(), &message[head.length..]), (201, &b"{}"[..]));
        assert!(!head.complete(&message[..message.len() - 1]));
        assert!(head.complete(message));
    }

    #[test]
    fn chunks_end_with_the_empty_one() {
        let message = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
        let head = Head::read(message).unwrap();
        assert!(!head.complete(&message[..message.len() - 5]));
        assert!(head.complete(message));
    }

    #[test]
    fn a_request_can_be_read_back() {
        let bytes = post_json("/query", &[("accept", "*/*")], &serde_json::json!({"a": 1}));
        let head = Head::read(&bytes).unwrap();
        assert_eq!(head.first_line, "POST /query HTTP/1.1");
        assert!(head.complete(&bytes) && bytes.ends_with(b"{\"a\":1}"));
    }
}
