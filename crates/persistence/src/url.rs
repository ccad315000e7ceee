//! Database URLs: what of their query is ours to read, and what the driver's.

use crate::database::OpenError;
use crate::tls::{Protection, Tls};
use std::path::PathBuf;

/// A database URL without the parameters about TLS, and what these said.
#[derive(Debug)]
pub(crate) struct Split {
    /// What the driver is to read.
    pub(crate) rest: String,
    pub(crate) tls: Tls,
}

/// How a database's own tools call the parameters about TLS, and their values.
pub(crate) struct TlsWords {
    pub(crate) mode: &'static str,
    pub(crate) authorities: &'static str,
    /// Values of `mode`, compared without regard to case.
    pub(crate) modes: &'static [(&'static str, Protection)],
}

/// Takes the parameters about TLS out of `url`. Connections are encrypted where the server can, unless told otherwise.
pub(crate) fn split(url: &str, words: &TlsWords) -> Result<Split, OpenError> {
    refuse_torn_credentials(url)?;
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let mut tls = Tls { protection: Protection::Preferred, authorities: None };
    let mut rest = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let parsed = url::form_urlencoded::parse(pair.as_bytes()).next();
        match parsed {
            Some((name, value)) if name == words.mode => {
                let known = words.modes.iter().find(|(word, _)| word.eq_ignore_ascii_case(&value));
                let (_, protection) = known.ok_or_else(|| OpenError::BadUrl {
                    reason: format!("{} must be {}", words.mode, listed(words)),
                })?;
                tls.protection = *protection;
            }
            Some((name, value)) if name == words.authorities => {
                tls.authorities = Some(PathBuf::from(value.into_owned()));
            }
            _ => rest.push(pair),
        }
    }
    let rest = if rest.is_empty() { base.to_owned() } else { format!("{base}?{}", rest.join("&")) };
    Ok(Split { rest, tls })
}

/// A password with a character in it that ends this part of a URL would be taken for a path or a parameter, and so be
/// repeated in messages.
fn refuse_torn_credentials(url: &str) -> Result<(), OpenError> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let behind = rest.find(['/', '?', '#']).map_or("", |end| &rest[end..]);
    if behind.contains('@') {
        let reason = "/, ?, # and @ in the user's name, the password and parameters must be percent-encoded";
        return Err(OpenError::BadUrl { reason: reason.to_owned() });
    }
    Ok(())
}

fn listed(words: &TlsWords) -> String {
    let names: Vec<&str> = words.modes.iter().map(|(word, _)| *word).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: TlsWords = TlsWords {
        mode: "sslmode",
        authorities: "sslrootcert",
        modes: &[("disable", Protection::None), ("verify-full", Protection::Verified)],
    };

    #[test]
    fn what_is_about_tls_is_taken_out_and_the_rest_left_as_it_was() {
        let url = "postgres://u:p%40@h/db?options=-c%20a%3Db&sslmode=Verify-Full&sslrootcert=/a%20b.pem&x";
        let split = split(url, &WORDS).unwrap();
        assert_eq!(split.rest, "postgres://u:p%40@h/db?options=-c%20a%3Db&x");
        assert_eq!(split.tls.protection, Protection::Verified);
        assert_eq!(split.tls.authorities.unwrap().to_str(), Some("/a b.pem"));
    }

    #[test]
    fn without_parameters_encryption_is_preferred() {
        let split = split("postgres://h/db", &WORDS).unwrap();
        assert_eq!((split.rest.as_str(), split.tls.protection), ("postgres://h/db", Protection::Preferred));
    }

    #[test]
    fn an_unknown_mode_is_refused_with_those_that_there_are() {
        let error = split("postgres://u:secret@h/db?sslmode=maybe", &WORDS).unwrap_err().to_string();
        assert!(error.contains("sslmode must be disable, verify-full"), "{error}");
        assert!(!error.contains("secret"));
    }

    #[test]
    fn a_password_that_is_not_encoded_is_refused_and_not_repeated() {
        for secret in ["hunter?2=", "hunter/2", "hunter#2", "12/hunter"] {
            let error = split(&format!("postgres://u:{secret}@h/db"), &WORDS).unwrap_err().to_string();
            assert!(error.contains("percent-encoded") && !error.contains("hunter"), "{error}");
        }
        assert!(split("postgres://u:a@b@h/db", &WORDS).is_ok(), "the driver's to judge");
    }
}
