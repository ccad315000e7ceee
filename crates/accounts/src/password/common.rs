use std::cmp::Ordering;
use unicode_normalization::UnicodeNormalization;

/// Those of the most common passwords that are long enough to be one here, 16 298 of them, each in its [`folded`] form, sorted byte
/// by byte, one a line. Made of two lists: that of zxcvbn (Daniel Wheeler, out of leaks of ten million passwords; MIT licence, as
/// in the crate `zxcvbn` 3.1.1) and that of Django 5.2 (Royce Williams, out of Have I Been Pwned; BSD licence).
static LIST: &[u8] = include_bytes!("common.txt");

/// The form in which passwords are compared with the list and with names: NFKC and lower case.
pub(super) fn folded(text: &str) -> String {
    text.nfkc().collect::<String>().to_lowercase()
}

/// Whether a text, in its folded form, is on the list.
pub(super) fn is_common(folded: &str) -> bool {
    let (wanted, mut list) = (folded.as_bytes(), LIST);
    // Halved where lines begin, so nothing is unpacked or built at the start.
    while !list.is_empty() {
        let middle = list.len() / 2;
        let begin = list[..middle].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let length = list[begin..].iter().position(|byte| *byte == b'\n').unwrap_or(list.len() - begin);
        let end = begin + length;
        match wanted.cmp(&list[begin..end]) {
            Ordering::Equal => return true,
            Ordering::Less => list = &list[..begin],
            Ordering::Greater => list = list.get(end + 1..).unwrap_or_default(),
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::password::Password;

    fn lines() -> Vec<&'static str> {
        std::str::from_utf8(LIST).unwrap().lines().collect()
    }

    #[test]
    fn the_list_is_sorted_and_holds_what_could_be_a_password() {
        let lines = lines();
        assert_eq!(lines.len(), 16_298);
        assert!(lines.is_sorted_by(|one, next| one.as_bytes() < next.as_bytes()));
        for line in lines {
            assert!((Password::MIN_BYTES..=Password::MAX_BYTES).contains(&line.len()), "{line}");
            assert_eq!(folded(line), line);
        }
    }

    #[test]
    fn every_line_is_found_and_nothing_else() {
        for line in lines() {
            assert!(is_common(line), "{line}");
            assert!(!is_common(&format!("{line} of mine")), "{line}");
        }
        for other in ["", "\n", "passwor", "password\n", "correct horse", "\u{10ffff}", "!"] {
            assert!(!is_common(other), "{other}");
        }
    }
}
