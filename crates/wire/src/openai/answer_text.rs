//! A skill's answer as one text, for clients that show nothing else.

use square_skills::{ResultBody, ResultItem};
use std::panic::catch_unwind;

/// Where lines of HTML are broken.
const LINE: usize = 120;

/// Stands between the items of an answer.
pub(super) const BETWEEN: &str = "\n\n";

/// The items one below the other; empty where there are none.
pub(super) fn answer_text(items: &[ResultItem]) -> String {
    let texts: Vec<String> = items.iter().map(item_text).filter(|text| !text.is_empty()).collect();
    texts.join(BETWEEN)
}

fn item_text(item: &ResultItem) -> String {
    match &item.body {
        ResultBody::PlainText(text) => text.clone(),
        ResultBody::KeyValue(pairs) => {
            let lines: Vec<String> = pairs.iter().map(|(key, value)| format!("{key}: {value}")).collect();
            lines.join("\n")
        }
        ResultBody::RawHtml(html) => html_text(html),
    }
}

/// The words of HTML, with lists, tables, headings and links as Markdown has them.
fn html_text(html: &str) -> String {
    // What skills send must not break the answer, whatever it makes of the library.
    let text = catch_unwind(|| {
        html2text::config::plain().allow_width_overflow().string_from_read(html.as_bytes(), LINE)
    });
    match text {
        Ok(Ok(text)) => text.trim().to_owned(),
        Ok(Err(error)) => {
            tracing::warn!(%error, "HTML is shown as it is");
            html.to_owned()
        }
        Err(_) => {
            tracing::warn!("HTML that breaks its conversion is shown as it is");
            html.to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(body: ResultBody) -> ResultItem {
        ResultItem { body, score: None, documents: Vec::new() }
    }

    #[test]
    fn items_stand_one_below_the_other() {
        let pairs = vec![("Film".to_owned(), "Heat".to_owned()), ("Year".to_owned(), "1995".to_owned())];
        let items = [
            item(ResultBody::PlainText(" It rains.\n".to_owned())),
            item(ResultBody::KeyValue(pairs)),
            item(ResultBody::PlainText(String::new())),
            item(ResultBody::RawHtml("<p>By <b>Mann</b></p>".to_owned())),
        ];
        assert_eq!(answer_text(&items), " It rains.\n\n\nFilm: Heat\nYear: 1995\n\nBy **Mann**");
        assert_eq!(answer_text(&[]), "");
    }

    #[test]
    fn html_becomes_text_whatever_it_looks_like() {
        for (html, wanted) in [
            ("<ul><li>Heat</li><li>Collateral</li></ul>", "* Heat\n* Collateral"),
            ("<a href=\"https://a.example/x\">Heat</a>", "[Heat][1]\n\n[1]: https://a.example/x"),
            ("1 &lt; 2 &amp; 3", "1 < 2 & 3"),
            ("", ""),
        ] {
            assert_eq!(html_text(html), wanted, "{html}");
        }
        let deep = "<div>".repeat(4000) + "end";
        assert_eq!(html_text(&deep), "end");
        let nested = "<table><tr><td>".repeat(300) + "x";
        assert!(html_text(&nested).contains('x'));
        let spanning = |span: u64| {
            format!("<table><tr><td colspan=\"{span}\">a</td><td rowspan=\"{span}\">b</td></tr></table>")
        };
        for span in [0, 1, 1000, u64::MAX] {
            assert!(html_text(&spanning(span)).contains('b'), "{span}");
        }
        let long = "x".repeat(1000);
        assert_eq!(html_text(&long).replace('\n', ""), long);
    }
}
