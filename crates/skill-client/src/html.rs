//! Sanitising HTML within bounds.
//!
//! Parsing HTML the way browsers do can cost far more than its length: a formatting element that is left open
//! is opened again in every later paragraph (9 KB grew to 5 MB of HTML and 190 MB of memory), and nested
//! elements and repeated attributes are searched one by one. So what a reply may cost is bounded first.

use std::borrow::Cow;
use std::sync::LazyLock;

/// HTML of one reply, in bytes.
const MAX_BYTES: usize = 128 * 1024;
/// Sanitised HTML of one element of the reply, in bytes.
const MAX_CLEAN_BYTES: usize = 512 * 1024;
/// Tags of one reply.
const MAX_TAGS: usize = 4000;
/// Elements that one reply could make by opening formatting elements again.
const MAX_REOPENED: usize = 150_000;

/// How many columns or rows one cell may span: the HTML standard's limit for columns. What lays a table out may make room for each.
const MAX_SPAN: u16 = 1000;

static CLEANER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = ammonia::Builder::default();
    cleaner.attribute_filter(|_, attribute, value| match attribute {
        "colspan" | "rowspan" | "span" => span(value),
        _ => Some(Cow::Borrowed(value)),
    });
    cleaner
});

/// A span as it may be, if it is a number.
fn span(value: &str) -> Option<Cow<'_, str>> {
    if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let span = value.parse().unwrap_or(MAX_SPAN).min(MAX_SPAN);
    Some(Cow::Owned(span.to_string()))
}

/// The elements that are opened again. At most three alike are at a time, by the HTML standard; `a` and
/// `nobr`, which are reopened too, only one.
const FORMATTING: [&str; 12] =
    ["b", "big", "code", "em", "font", "i", "s", "small", "strike", "strong", "tt", "u"];

/// Makes the HTML of one reply safe to show.
#[derive(Default)]
pub(crate) struct Sanitiser {
    bytes: usize,
    tags: usize,
    reopened: usize,
}

impl Sanitiser {
    /// `html` without scripts, styles, event handlers and whatever else could act; `None` when the reply's
    /// HTML is too much to be cleaned.
    pub(crate) fn clean(&mut self, html: &str) -> Option<String> {
        let (tags, formatting) = count(html);
        self.bytes += html.len();
        self.tags += tags;
        self.reopened += tags * formatting;
        if self.bytes > MAX_BYTES || self.tags > MAX_TAGS || self.reopened > MAX_REOPENED {
            return None;
        }
        let clean = CLEANER.clean(html).to_string();
        (clean.len() <= MAX_CLEAN_BYTES).then_some(clean)
    }
}

/// How many tags there are at most, and how many formatting elements can be open at once at most.
fn count(html: &str) -> (usize, usize) {
    let (mut tags, mut plain, mut with_attributes) = (0, 0, 0);
    for tag in html.split('<').skip(1) {
        tags += 1;
        let end = tag.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(tag.len());
        let (name, rest) = tag.split_at(end);
        if FORMATTING.iter().any(|formatting| name.eq_ignore_ascii_case(formatting)) {
            // Only elements alike in name and attributes count as alike.
            if rest.starts_with('>') {
                plain += 1;
            } else {
                with_attributes += 1;
            }
        }
    }
    (tags, with_attributes + plain.min(3 * FORMATTING.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(html: &str) -> Option<String> {
        Sanitiser::default().clean(html)
    }

    #[test]
    fn what_could_act_is_taken_out_and_the_rest_stays() {
        let table = |span: &str| {
            format!("<table><tbody><tr><td colspan=\"{span}\" rowspan=\"{span}\">a</td></tr></tbody></table>")
        };
        for (html, wanted) in [
            ("<p>Al <b>Pacino</b></p>", "<p>Al <b>Pacino</b></p>"),
            ("<script>x()</script>a", "a"),
            ("<style>*{}</style>a", "a"),
            ("<img src=x onerror=x()>", "<img src=\"x\">"),
            ("<a href=\"javascript:x()\">a</a>", "<a rel=\"noopener noreferrer\">a</a>"),
            ("<iframe src=\"http://a.example\"></iframe>a", "a"),
            ("<svg><script>x()</script></svg>a", "a"),
            ("<form action=/><input></form>a", "a"),
            ("<p>open", "<p>open</p>"),
            ("1 < 2", "1 &lt; 2"),
            (&table("3"), &table("3")),
            (&table("1001"), &table("1000")),
            (&table("18446744073709551616"), &table("1000")),
            (&table("-1"), "<table><tbody><tr><td>a</td></tr></tbody></table>"),
        ] {
            assert_eq!(clean(html).as_deref(), Some(wanted), "{html}");
        }
    }

    #[test]
    fn a_large_plain_table_passes() {
        let row = "<tr><td><a href=\"http://a.example\"><b>Heat</b></a></td><td><i>1995</i></td></tr>";
        let table = format!("<table>{}</table>", row.repeat(250));
        assert!(clean(&table).is_some());
    }

    #[test]
    fn what_would_cost_too_much_is_refused() {
        let distinct = |n: usize| (0..n).map(|i| format!("<B a{i}>")).collect::<Vec<_>>().concat();
        for (html, what) in [
            ("a".repeat(MAX_BYTES + 1), "length"),
            ("<div>".repeat(MAX_TAGS + 1), "depth"),
            (format!("<p>{}{}", distinct(500), "<p>x".repeat(1500)), "reopening"),
            (format!("<p>{}{}", "<b/>".repeat(500), "<p>x".repeat(1500)), "reopening, as self-closing"),
        ] {
            assert_eq!(clean(&html), None, "{what}");
        }
    }

    #[test]
    fn the_bounds_hold_for_all_elements_of_a_reply_together() {
        let mut sanitiser = Sanitiser::default();
        let half = "<div>".repeat(MAX_TAGS / 2);
        assert!(sanitiser.clean(&half).is_some());
        assert!(sanitiser.clean(&half).is_some());
        assert_eq!(sanitiser.clean("<p>"), None);
    }

    #[test]
    fn elements_alike_are_counted_as_often_as_they_are_reopened() {
        assert_eq!(count(&"<b>".repeat(100)), (100, 36));
        assert_eq!(count("<b><i x><br><a href=y></b>"), (5, 2));
    }
}
