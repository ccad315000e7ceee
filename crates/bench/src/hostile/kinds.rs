use square_scripted_server::{Script, bytes, closing, endless, gzip, head, json, packed, reply};

/// A way to be a bad skill.
pub(super) struct Kind {
    pub(super) what: &'static str,
    /// The protocol it is registered with.
    pub(super) protocol: &'static str,
    /// What it does when it is asked. It answers every ping well, so that it is asked again and again.
    pub(super) script: Script,
}

/// The kinds that are let loose on the server, one skill each.
pub(super) fn kinds() -> Vec<Kind> {
    let mut kinds = slow();
    kinds.extend(large());
    kinds.extend(no_http());
    kinds.extend(damaged());
    kinds.extend(no_answers());
    kinds.extend(of_other_protocols());
    kinds
}

fn kind(what: &'static str, script: Script) -> Kind {
    of("square", what, script)
}

fn of(protocol: &'static str, what: &'static str, script: Script) -> Kind {
    Kind { what, protocol, script: Script::AfterModels(Box::new(script)) }
}

fn slow() -> Vec<Kind> {
    let half = [head("content-length: 9\r\n"), b"[".to_vec()].concat();
    vec![
        kind("says nothing", Script::SendAndHang(Vec::new())),
        kind("stops in its head", Script::SendAndHang(b"HTTP/1.1 20".to_vec())),
        kind("sends its head byte by byte", Script::Drip(b"HTTP/1.1 200 OK\r\nx: ".to_vec(), b"x".to_vec())),
        kind("stops behind its head", Script::SendAndHang(head(""))),
        kind("stops in its body", Script::SendAndHang(half)),
        kind("sends its body byte by byte", Script::Drip(head(""), b" ".to_vec())),
        kind("sends interim replies without end", endless("", "HTTP/1.1 102 Processing\r\n\r\n".repeat(100))),
    ]
}

fn large() -> Vec<Kind> {
    let chunk = format!("400\r\n{}\r\n", " ".repeat(1024));
    vec![
        kind("announces a terabyte", Script::SendAndHang(head("content-length: 1099511627776\r\n"))),
        kind("sends without end", endless(head(""), vec![b' '; 10_000])),
        kind("sends chunks without end", endless(head("transfer-encoding: chunked\r\n"), chunk)),
        kind("packs a bomb", packed("gzip", &gzip(&vec![b' '; 50 * 1024 * 1024]))),
        kind("has headers without end", endless("HTTP/1.1 200 OK\r\n", "x: y\r\n".repeat(1000))),
    ]
}

fn no_http() -> Vec<Kind> {
    vec![
        kind("closes at once", closing("")),
        kind("speaks another protocol", closing("SSH-2.0-nothing\r\n")),
        kind("has a broken status", closing("HTTP/1.1 2OO OK\r\n\r\n")),
        kind(
            "has two lengths",
            closing("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n[]"),
        ),
        kind("switches protocols", closing("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n")),
    ]
}

fn damaged() -> Vec<Kind> {
    let cut = [head("content-length: 9\r\n"), b"[]".to_vec()].concat();
    vec![
        kind("closes in its body", closing(&cut)),
        kind("resets in its body", Script::SendAndReset(cut)),
        kind(
            "has a chunk of no size",
            closing([head("transfer-encoding: chunked\r\n"), b"x\r\n".to_vec()].concat()),
        ),
        kind("does not pack what it says it packs", packed("gzip", b"not packed at all")),
    ]
}

fn no_answers() -> Vec<Kind> {
    let redirect = "HTTP/1.1 302 Found\r\nlocation: /query\r\ncontent-length: 0\r\n\r\n";
    let result = |rest: &str| json(&format!(r#"[{{"type": "plain_text", "text": "a"{rest}}}]"#));
    vec![
        kind("leads to itself", closing(redirect)),
        kind("fails", Script::Send(reply("500 Internal Server Error", "text/html", "no"))),
        kind("sends HTML as JSON", json("<html>no</html>")),
        kind("nests without end", json(&"[".repeat(60_000))),
        kind("sends objects without end", json(&format!("[{}{{}}]", "{},".repeat(20_000)))),
        kind("sends no UTF-8", bytes(b"[{\"type\": \"plain_text\", \"text\": \"\xff\xfe\"}]")),
        kind("scores beyond numbers", result(r#", "score": 1e999"#)),
        kind(
            "sends HTML that costs",
            json(&format!(r#"[{{"type": "raw_html", "html": "{}"}}]"#, "<b>".repeat(10_000))),
        ),
    ]
}

fn of_other_protocols() -> Vec<Kind> {
    let stream = |rest: &str| format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n{rest}");
    let piece = "data: {\"choices\": [{\"index\": 0, \"delta\": {\"content\": \"and so on \"}}]}\n\n";
    vec![
        of("openai", "streams pieces without end", endless(stream(""), piece.repeat(100))),
        of(
            "openai",
            "streams a piece every 10 ms without end",
            Script::Drip(stream("").into(), piece.into()),
        ),
        of("openai", "falls silent in its stream", Script::SendAndHang(stream(piece).into())),
        of("openai", "streams no UTF-8", closing([stream("data: ").as_bytes(), b"\xff\n\n"].concat())),
        of("square2", "predicts what is no list", json(r#"{"predictions": {"a": 1}}"#)),
        of("a2a", "has a card that is none", json("[]")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn there_are_many_and_no_two_alike() {
        let kinds = kinds();
        let names: HashSet<_> = kinds.iter().map(|kind| kind.what).collect();
        assert!(names.len() == kinds.len() && names.len() >= 25, "{}", names.len());
    }
}
