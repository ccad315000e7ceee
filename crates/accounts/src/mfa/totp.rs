use jiff::Timestamp;
use square_kernel::{FieldError, Randomness, Secret};
use std::fmt;
use totp_rs::{Algorithm, Builder, Totp};

/// How many digits a code has.
const DIGITS: u8 = 6;

/// How long a code is shown, in seconds.
const STEP_SECONDS: u64 = 30;

/// So many steps before and after the present one count too: clocks differ, and people type slowly (RFC 6238, section 5.2).
const SKEW: u16 = 1;

/// What an authenticator app and this server share: 160 random bits, as RFC 4226, section 4, recommends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtpSecret(totp_rs::Secret);

impl OtpSecret {
    /// Its length.
    pub const BYTES: usize = 20;

    /// Makes a new one.
    pub fn new(randomness: &dyn Randomness) -> Self {
        let mut bytes = [0; Self::BYTES];
        randomness.fill(&mut bytes);
        Self::from_bytes(bytes)
    }

    /// The one that was stored as `bytes`.
    pub fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes.into())
    }

    /// What is stored, sealed.
    pub fn expose(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The address that a QR code for authenticator apps holds, in the form that all of them read
    /// (<https://github.com/google/google-authenticator/wiki/Key-Uri-Format>).
    pub fn uri(&self, issuer: &str, account: &str) -> Secret {
        let (issuer, account) = (percent_encoded(issuer), percent_encoded(account));
        let secret = Secret::new(self.0.to_base32());
        Secret::new(format!(
            "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}",
            secret.expose()
        ))
    }

    /// The step that `code` belongs to, as counted from 1970, where it is one that counts at `now`; compared in constant time.
    ///
    /// Each step may be used once: whoever accepts it has to make sure that it is later than any that was used before.
    pub fn step_of(&self, code: &OtpCode, now: Timestamp) -> Option<u64> {
        self.totp().check(code.0.expose(), seconds(now))
    }

    /// What an app shows at a moment.
    #[cfg(feature = "testing")]
    pub fn code_at(&self, at: Timestamp) -> String {
        self.totp().generate(seconds(at)).to_string()
    }

    /// SHA-1, since that is all that some apps know; its weakness does not touch HMAC (RFC 6238, section 1.2).
    fn totp(&self) -> Totp {
        Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(DIGITS)
            .with_step_duration(STEP_SECONDS)
            .with_skew(SKEW)
            .with_secret(self.0.clone())
            .build_noncompliant()
    }
}

fn seconds(at: Timestamp) -> u64 {
    u64::try_from(at.as_second()).unwrap_or(0)
}

/// `text` with all but what RFC 3986 calls unreserved written as `%XX`.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let hex = |digit: u8| char::from(b"0123456789ABCDEF"[usize::from(digit)]);
            encoded.extend(['%', hex(byte >> 4), hex(byte & 0xF)]);
        }
    }
    encoded
}

/// A one-time code as somebody typed it: six digits.
#[derive(Clone, PartialEq, Eq)]
pub struct OtpCode(Secret);

impl OtpCode {
    /// Parses what a client sent as `otp`. Apps show a blank in the middle, which may be typed along.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        if digits.is_empty() {
            return Err(FieldError::new("otp", "must not be empty"));
        }
        if digits.len() != usize::from(DIGITS) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(FieldError::new("otp", "must have 6 digits"));
        }
        Ok(Self(Secret::new(digits)))
    }
}

impl fmt::Debug for OtpCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OtpCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use square_kernel::testing::SeededRandomness;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn code(text: &str) -> OtpCode {
        OtpCode::parse(text).unwrap()
    }

    /// RFC 6238, appendix B, cut to six digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = OtpSecret::from_bytes(*b"12345678901234567890");
        for (seconds, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(secret.code_at(at(seconds)), expected);
            let step = u64::try_from(seconds / 30).unwrap();
            assert_eq!(secret.step_of(&code(expected), at(seconds)), Some(step));
        }
    }

    #[test]
    fn one_step_back_and_ahead_counts_and_no_more() {
        let secret = OtpSecret::new(&SeededRandomness::default());
        let now = at(1_767_225_600);
        for (seconds, counts) in [(-60, false), (-30, true), (0, true), (29, true), (30, true), (60, false)] {
            let then = at(now.as_second() + seconds);
            let step = secret.step_of(&code(&secret.code_at(then)), now);
            let expected = u64::try_from(then.as_second() / 30).unwrap();
            assert_eq!(step, counts.then_some(expected), "{seconds}");
        }
    }

    #[test]
    fn a_code_of_another_secret_is_no_code() {
        let randomness = SeededRandomness::default();
        let (own, other) = (OtpSecret::new(&randomness), OtpSecret::new(&randomness));
        let now = at(1_767_225_600);
        assert_eq!(own.step_of(&code(&other.code_at(now)), now), None);
    }

    #[test]
    fn what_is_typed_may_have_blanks_and_nothing_else() {
        assert_eq!(OtpCode::parse(" 012 345 "), Ok(code("012345")));
        assert_eq!(OtpCode::parse(" "), Err(FieldError::new("otp", "must not be empty")));
        for wrong in ["12345", "1234567", "12345a", "-12345", "+12345", "１２３４５６", "12345\0"] {
            assert_eq!(OtpCode::parse(wrong), Err(FieldError::new("otp", "must have 6 digits")), "{wrong}");
        }
    }

    #[test]
    fn the_address_for_apps_says_everything_and_escapes_names() {
        let secret = OtpSecret::from_bytes(*b"12345678901234567890");
        let uri = secret.uri("Square & Söhne", "ada+1@example.org");
        assert_eq!(
            uri.expose(),
            "otpauth://totp/Square%20%26%20S%C3%B6hne:ada%2B1%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Square%20%26%20S%C3%B6hne&algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn neither_secret_nor_code_shows_in_what_may_be_logged() {
        let secret = OtpSecret::from_bytes(*b"12345678901234567890");
        let shown = format!("{secret:?} {:?}", code("123456"));
        for clear in ["123456", "GEZDG", "49, 50", "31, 32"] {
            assert!(!shown.contains(clear), "{shown}");
        }
    }
}
