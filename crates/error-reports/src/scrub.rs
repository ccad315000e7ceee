//! Takes out of texts what could tell of a person or open a door.
//!
//! Rather too much than too little: a report that says `[removed]` where a long name stood is a nuisance, an
//! address in a report is a leak. What stays: words, numbers, UUIDs, paths without their queries, host names.

use regex::{Captures, Regex};
use std::net::Ipv6Addr;
use std::sync::LazyLock;

const REMOVED: &str = "[removed]";
/// With an IPv4 address at its end and a zone.
const LONGEST_IPV6: usize = 64;

/// The text without anything that looks like an e-mail address, an address on the internet, a token, a password, or
/// a long random string; URLs lose user, query and fragment, database messages the values they repeat.
pub(crate) fn scrub(text: &str) -> String {
    let mut text = text.replace(char::is_control, " ");
    for rule in RULES.iter() {
        if let std::borrow::Cow::Owned(changed) = rule.pattern.replace_all(&text, rule.with) {
            text = changed;
        }
    }
    let text = IPV6_LIKE.replace_all(&text, without_ipv6);
    let text = IPV4.replace_all(&text, "[address]");
    RUN.replace_all(&text, without_random).into_owned()
}

struct Rule {
    pattern: Regex,
    with: &'static str,
}

/// In this order: what holds other things comes first.
static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    [
        // PostgreSQL: Key (email)=(…) already exists; Failing row contains (…).
        (r"(?i)\bkey \(([^()]*)\)=\(.*\)", "key ($1)=([removed])"),
        (r"(?i)\bfailing row contains \(.*\)", "failing row contains ([removed])"),
        // MySQL: Duplicate entry '…' for key '…'.
        (r"(?i)\bduplicate entry '.*' for key", "duplicate entry [removed] for key"),
        // Headers that hold credentials, to the end of the text.
        (r"(?i)\b(authorization|(?:set-)?cookie|x-rollbar-access-token)(\s*[:=]).*", "$1$2 [removed]"),
        // "password": "…" and password=….
        (
            r#"(?i)("[a-z_-]*(?:passw(?:or)?d|pwd|secret|token|key|salt|cookie|session)"\s*:\s*)"(?:[^"\\]|\\.)*""#,
            "$1\"[removed]\"",
        ),
        (
            r#"(?i)\b([a-z_-]*(?:passw(?:or)?d|pwd|secret|token|key|salt|cookie|session))\s?=\s?(?:"[^"]*"|'[^']*'|[^\s"',;&]+)"#,
            "$1=[removed]",
        ),
        (r"(?i)\b(bearer|basic)\s+[a-z0-9._~+/=-]{6,}", "$1 [removed]"),
        // User and password of a URL, then its query and fragment; a query also where only the path is named.
        (r"(?i)\b([a-z][a-z0-9+.-]*://)[^\s/?#]*@", "$1"),
        (r#"(/[^\s"'<>?#]*)\?[^\s"'<>]*"#, "$1?[removed]"),
        (r#"(?i)\b([a-z][a-z0-9+.-]*://[^\s"'<>#]*)#[^\s"'<>]*"#, "$1#[removed]"),
        // A JWT, also one cut short.
        (r"\beyJ[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*)*", "[token]"),
        // E-mail addresses (RFC 5321 and more), with the sign written out or escaped too.
        (
            r#"(?i)(?:"[^"]*"|[^\s"<>(),;:\[\]\\]+)(?:@|%40|＠|&#64;|\\u0040|\[at\]|\(at\))(?:\[[^\]\s]*\]|[^\s"'<>(),;:\[\]]+)"#,
            "[e-mail]",
        ),
    ]
    .into_iter()
    .map(|(pattern, with)| Rule { pattern: regex(pattern), with })
    .collect()
});

/// May hold an IPv6 address: those are found by reading them.
static IPV6_LIKE: LazyLock<Regex> = LazyLock::new(|| regex(r"[\w.:%]*:[\w.:%]*:[\w.:%]*"));
static IPV4: LazyLock<Regex> = LazyLock::new(|| regex(r"\b(?:\d{1,3}\.){3}\d{1,3}\b"));
/// Letters, digits and what base64 has beside them.
static RUN: LazyLock<Regex> = LazyLock::new(|| regex(r"[A-Za-z0-9+/_=-]{16,}"));

#[expect(clippy::expect_used, reason = "constant patterns, compiled by every test")]
fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is right")
}

/// Replaces the longest part that is an IPv6 address; the text around it may look like more of it.
fn without_ipv6(found: &Captures<'_>) -> String {
    let text = &found[0];
    let edges: Vec<usize> = (0..=text.len()).filter(|at| is_edge(text, *at)).collect();
    for &start in &edges {
        for &end in edges.iter().rev().filter(|end| (2..=LONGEST_IPV6).contains(&end.saturating_sub(start))) {
            if is_ipv6(text, start, end) {
                return format!("{}[address]{}", &text[..start], &text[end..]);
            }
        }
    }
    text.to_owned()
}

fn is_ipv6(text: &str, start: usize, end: usize) -> bool {
    // Not the colons of a path such as a::b.
    let torn = |at: usize, colon: u8, word: Option<char>| {
        text.as_bytes()[at] == colon && word.is_some_and(char::is_alphanumeric)
    };
    let address = text[start..end].split('%').next().unwrap_or_default();
    address != "::"
        && !torn(start, b':', text[..start].chars().next_back())
        && !torn(end - 1, b':', text[end..].chars().next())
        && address.parse::<Ipv6Addr>().is_ok()
}

/// Where an address may begin or end: between a letter or digit and something else.
fn is_edge(text: &str, at: usize) -> bool {
    let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text.is_char_boundary(at)
        && (at == 0
            || at == text.len()
            || word(text[..at].chars().next_back()) != word(text[at..].chars().next()))
}

/// Replaces the parts of a path or of a long string that look random.
fn without_random(found: &Captures<'_>) -> String {
    let parts: Vec<&str> = found[0].split('/').collect();
    if !parts.iter().any(|part| is_random(part)) {
        return found[0].to_owned();
    }
    // What base64 has between its slashes may be short.
    let plain = |part: &str| {
        is_uuid(part) || part.bytes().all(|byte| byte.is_ascii_lowercase() || b"_-".contains(&byte))
    };
    let kept: Vec<&str> = parts.iter().map(|part| if plain(part) { part } else { REMOVED }).collect();
    kept.join("/")
}

fn is_random(text: &str) -> bool {
    if text.len() < 16 || is_uuid(text) {
        return false;
    }
    let count = |test: fn(&u8) -> bool| text.bytes().filter(test).count();
    let (digits, lower, upper) =
        (count(u8::is_ascii_digit), count(u8::is_ascii_lowercase), count(u8::is_ascii_uppercase));
    let hex = digits > 0 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mixed = digits > 0 && lower > 0 && upper > 0;
    let many_digits = text.len() >= 20 && digits * 8 >= text.len();
    // Names in CamelCase have a capital every six letters or so, random text every other letter.
    let many_capitals = text.len() >= 20 && lower > 0 && upper * 4 > lower + upper;
    hex || mixed || many_digits || many_capitals
}

/// Square's own identifiers; they name nobody.
fn is_uuid(text: &str) -> bool {
    let shape = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.bytes().enumerate().all(shape)
}
