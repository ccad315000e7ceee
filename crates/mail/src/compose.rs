use crate::{Letters, SetupError};
use lettre::message::header::{ContentTransferEncoding, Header, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};
use square_accounts::ports::PostError;
use square_accounts::{EmailAddress, Letter, LetterId};
use square_kernel::Clock;
use std::error::Error;
use std::sync::Arc;
use std::time::SystemTime;

/// Makes messages out of letters.
///
/// The same letter id gives the same `Message-ID`, by which mail systems drop a repeat.
pub struct Composer {
    letters: Letters,
    from: Mailbox,
    clock: Arc<dyn Clock>,
}

impl Composer {
    /// Letters go out in the name of `from` (`mail.from`): `address@host` or `Name <address@host>`.
    pub fn new(letters: Letters, from: &str, clock: Arc<dyn Clock>) -> Result<Self, SetupError> {
        let from = from.parse::<Mailbox>().map_err(|_| {
            SetupError::setting("mail.from", "must be an e-mail address, with or without a name before it")
        })?;
        Ok(Self { letters, from, clock })
    }

    /// The message for a letter. Errors are for good: the letter itself cannot be sent.
    pub fn compose(&self, id: LetterId, letter: &Letter) -> Result<Message, PostError> {
        let rendered =
            self.letters.render(letter).map_err(|error| PostError::Permanent(error.to_string()))?;
        let to = deliverable(&letter.to)
            .ok_or_else(|| PostError::Permanent("the address cannot be written to by mail".to_owned()))?;
        // From the letter's id, like all else: a repeat is the same message.
        let parts = MultiPart::alternative()
            .boundary(format!("square-{}", id.uuid().simple()))
            .singlepart(SinglePart::plain(body(&rendered.text)))
            .singlepart(SinglePart::html(body(&rendered.html)));
        Message::builder()
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .date(SystemTime::from(self.clock.now()))
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(rendered.subject)
            .header(AutoSubmitted)
            .multipart(parts)
            .map_err(|_| PostError::Permanent("the letter cannot be put into a message".to_owned()))
    }
}

/// The address with its domain in the ASCII form that every mail server takes (IDNA).
fn deliverable(address: &EmailAddress) -> Option<Address> {
    let (local, domain) = address.as_str().rsplit_once('@')?;
    let domain = url::Host::parse(domain).ok()?.to_string();
    Address::new(local, domain).ok()
}

/// The longest line that mail allows without its end, in bytes (RFC 5322, section 2.1.1).
const LONGEST_LINE: usize = 998;

/// Plain ASCII goes as it is, so that links can be copied out of the raw message; all else is encoded.
fn body(text: &str) -> Body {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let as_it_is = |line: &str| {
        line.len() <= LONGEST_LINE && line.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~'))
    };
    if !text.lines().all(as_it_is) {
        return Body::new_with_encoding(text, ContentTransferEncoding::QuotedPrintable)
            .unwrap_or_else(Body::new);
    }
    let lines: String = text.lines().flat_map(|line| [line, "\r\n"]).collect();
    Body::dangerous_pre_encoded(lines.into_bytes(), ContentTransferEncoding::SevenBit)
}

/// Tells programs that answer mail to leave this one alone (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LinkSettings, Links};
    use square_kernel::testing::ManualClock;

    #[test]
    fn only_what_mail_carries_unharmed_goes_as_it_is() {
        let link = format!("https://square.example/{}", "x".repeat(200));
        assert_eq!(body(&format!("{link}\nend")).into_vec(), format!("{link}\r\nend\r\n").into_bytes());
        assert_eq!(body("a\r\nb\rc").into_vec(), b"a\r\nb\r\nc\r\n");
        for text in ["Grüße\n".to_owned(), "a\0b".to_owned(), "x".repeat(999)] {
            assert_ne!(body(&text).encoding(), ContentTransferEncoding::SevenBit, "{text:?}");
        }
    }

    #[test]
    fn other_alphabets_get_a_domain_that_mail_servers_know() {
        let address = |text| deliverable(&EmailAddress::parse(text).unwrap()).map(|to| to.to_string());
        assert_eq!(address("ada@löwe.example").as_deref(), Some("ada@xn--lwe-sna.example"));
        assert_eq!(address("ada@lovelace.example").as_deref(), Some("ada@lovelace.example"));
    }

    #[test]
    fn a_sender_that_is_no_address_is_refused_by_name() {
        for wrong in ["", "square", "Square <post@square.example>\r\nBcc: x@y.example"] {
            let links = Links::new(&LinkSettings::for_public_url("https://square.example")).unwrap();
            let letters = Letters::new(links, None).unwrap();
            let error = Composer::new(letters, wrong, Arc::new(ManualClock::default())).err().unwrap();
            let expected = "mail.from must be an e-mail address, with or without a name before it";
            assert_eq!(error.to_string(), expected, "{wrong:?}");
        }
    }
}
