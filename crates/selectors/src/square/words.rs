//! A text as words.

// Bounds on the work for one question. Real questions stay far below them; hostile ones cost no more than
// a fraction of a millisecond.
const MAX_CHARS: usize = 4000;
const MAX_WORD_CHARS: usize = 32;

/// The most words that are read of a text.
pub(crate) const MAX_WORDS: usize = 192;

/// After a word without its "nt" or "n't", these are "not".
const NEGATED: [&str; 15] = [
    "do", "does", "did", "is", "are", "was", "were", "has", "have", "had", "could", "would", "should", "ca",
    "wo",
];

/// After these, "s" is "is".
const WITH_IS: [&str; 12] =
    ["what", "how", "where", "when", "who", "why", "it", "that", "there", "here", "he", "she"];

/// What is left of these without the apostrophe that belongs there.
const RUN_TOGETHER: [(&str, [&str; 2]); 10] = [
    ("cannot", ["can", "not"]),
    ("im", ["i", "am"]),
    ("ive", ["i", "have"]),
    ("youre", ["you", "are"]),
    ("whats", ["what", "is"]),
    ("thats", ["that", "is"]),
    ("hows", ["how", "is"]),
    ("wheres", ["where", "is"]),
    ("whos", ["who", "is"]),
    ("theres", ["there", "is"]),
];

/// The words of `text` in lower case, at most [`MAX_WORDS`]. What is written together in English is taken apart:
/// "what's", "whats" and "what is" are the same, and so are "can't", "cant" and "cannot".
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::with_capacity(16);
    let mut run = String::new();
    let mut length = 0;
    let lower = text.chars().take(MAX_CHARS).flat_map(char::to_lowercase);
    for c in lower.chain(std::iter::once(' ')) {
        if is_word(c) || (is_apostrophe(c) && !run.is_empty()) {
            if length < MAX_WORD_CHARS {
                run.push(if is_apostrophe(c) { '\'' } else { c });
                length += 1;
            }
        } else if !run.is_empty() {
            take_apart(&run, &mut words);
            run.clear();
            length = 0;
            if words.len() >= MAX_WORDS {
                break;
            }
        }
    }
    words.truncate(MAX_WORDS);
    words
}

/// Letters and digits of every script, with the marks and signs (also emoji) that have no ASCII or general
/// punctuation form.
fn is_word(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    let punctuation = matches!(c, '\u{2000}'..='\u{206F}' | '\u{3000}'..='\u{303F}');
    c.is_alphanumeric() || (c > '\u{2FF}' && !punctuation && !c.is_whitespace())
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}')
}

fn take_apart(run: &str, words: &mut Vec<String>) {
    if let Some((_, parts)) = RUN_TOGETHER.iter().find(|(together, _)| *together == run) {
        return words.extend(parts.map(str::to_owned));
    }
    if let Some(verb) =
        run.strip_suffix("n't").or_else(|| run.strip_suffix("nt")).filter(|verb| NEGATED.contains(verb))
    {
        let verb = match verb {
            "ca" => "can",
            "wo" => "will",
            verb => verb,
        };
        return words.extend([verb, "not"].map(str::to_owned));
    }
    let mut parts = run.split('\'').filter(|part| !part.is_empty()).peekable();
    let mut before = "";
    while let Some(part) = parts.next() {
        let last = parts.peek().is_none();
        let word = match part {
            "re" if last && !before.is_empty() => "are",
            "ve" if last && !before.is_empty() => "have",
            "ll" if last && !before.is_empty() => "will",
            "m" if before == "i" => "am",
            "d" if last && !before.is_empty() => "would",
            "s" if WITH_IS.contains(&before) => "is",
            "s" if before == "let" => "us",
            part => part,
        };
        words.push(word.to_owned());
        before = part;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_together_is_taken_apart() {
        for (text, apart) in [
            ("What's up?", "what is up"),
            ("whats up", "what is up"),
            ("I can\u{2019}t, cant and cannot", "i can not can not and can not"),
            ("won't wont", "will not will not"),
            ("they're I've we'll i'm you'd let's", "they are i have we will i am you would let us"),
            ("didn't doesnt", "did not does not"),
            ("John's 'quoted' rock'n'roll ''", "john s quoted rock n roll"),
            ("paint want cent im", "paint want cent i am"),
            ("'s 's't", "s s t"),
        ] {
            assert_eq!(words(text).join(" "), apart, "{text}");
        }
    }

    #[test]
    fn number_and_length_are_bounded() {
        let many = "a'b ".repeat(1000);
        assert_eq!(words(&many).len(), MAX_WORDS);
        let long = words(&"x".repeat(100_000));
        assert_eq!(long, ["x".repeat(MAX_WORD_CHARS)]);
    }
}
