use square_kernel::FieldError;
use std::fmt;

/// An amount of money with two digits behind the point, 0 to 9999999999.99 (a decimal of 12 digits, 2 of them behind the
/// point). Kept as whole cents: no amount is ever rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeclaredBilling(i64);

impl DeclaredBilling {
    /// The largest.
    pub const MAX: Self = Self(999_999_999_999);
    /// Longer numbers are not looked at; what is in bounds is far shorter.
    const MAX_TEXT: usize = 64;

    /// Parses a number written in decimal digits, as JSON writes numbers: `1234.5`, `1234.50`, `1.2345e3`.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let error = |message| FieldError::new("declared_billing", message);
        let text = text.trim();
        if text.is_empty() {
            return Err(error("must not be empty"));
        }
        let number = Number::read(text).ok_or(error("must be a decimal number such as 1234.50"))?;
        if number.negative && !number.digits.is_empty() {
            return Err(error("must not be negative"));
        }
        if number.places > 2 {
            return Err(error("must have at most 2 digits behind the point"));
        }
        number.cents().map(Self).ok_or(error("must have at most 10 digits in front of the point"))
    }

    /// Takes back what [`Self::cents`] gave; `None` where it is out of bounds.
    pub fn from_cents(cents: i64) -> Option<Self> {
        (0..=Self::MAX.0).contains(&cents).then_some(Self(cents))
    }

    /// The amount in cents.
    pub const fn cents(self) -> i64 {
        self.0
    }
}

impl fmt::Display for DeclaredBilling {
    /// With both digits behind the point: `1234.50`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

/// A number as it is written.
struct Number {
    negative: bool,
    /// Without zeros in front.
    digits: String,
    /// How many of the digits stand behind the point; where there is an exponent, once it is applied.
    places: i32,
}

impl Number {
    fn read(text: &str) -> Option<Self> {
        if text.len() > DeclaredBilling::MAX_TEXT {
            return None;
        }
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent_of(exponent)?),
            None => (text, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (mantissa, ""),
        };
        let digits = format!("{whole}{fraction}");
        if whole.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let places = i32::try_from(fraction.len()).ok()? - exponent;
        Some(Self { negative, digits: digits.trim_start_matches('0').to_owned(), places })
    }

    /// The number in cents, where it has at most two places and is in bounds.
    fn cents(&self) -> Option<i64> {
        if self.digits.is_empty() {
            return Some(0);
        }
        let zeros = usize::try_from(2 - self.places).ok()?;
        // Looked at before any zero is written: an exponent may stand for very many.
        if self.digits.len() + zeros > 12 {
            return None;
        }
        format!("{}{}", self.digits, "0".repeat(zeros)).parse().ok()
    }
}

/// An exponent of a few digits; with more of them no number in bounds has any use for it.
fn exponent_of(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let plain = (1..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_read_to_the_cent() {
        for (text, cents, shown) in [
            ("0", 0, "0.00"),
            ("-0.00", 0, "0.00"),
            ("0.01", 1, "0.01"),
            ("1234.5", 123_450, "1234.50"),
            (" 1234.50 ", 123_450, "1234.50"),
            ("0001.10", 110, "1.10"),
            ("9999999999.99", 999_999_999_999, "9999999999.99"),
            ("0.1e1", 100, "1.00"),
            ("1.2345E+3", 123_450, "1234.50"),
            ("125e-2", 125, "1.25"),
            ("0e9999", 0, "0.00"),
        ] {
            let billing = DeclaredBilling::parse(text);
            assert_eq!(billing.as_ref().map(|billing| billing.cents()), Ok(cents), "{text}");
            assert_eq!(billing.unwrap().to_string(), shown);
        }
    }

    #[test]
    fn what_is_out_of_bounds_says_which() {
        let long = "0".repeat(65);
        for (text, message) in [
            ("", "must not be empty"),
            ("-0.01", "must not be negative"),
            ("1.234", "must have at most 2 digits behind the point"),
            ("1.000", "must have at most 2 digits behind the point"),
            ("1e-3", "must have at most 2 digits behind the point"),
            ("10000000000", "must have at most 10 digits in front of the point"),
            ("1e10", "must have at most 10 digits in front of the point"),
            ("1e9999", "must have at most 10 digits in front of the point"),
            ("1,50", "must be a decimal number such as 1234.50"),
            ("1.", "must be a decimal number such as 1234.50"),
            (".5", "must be a decimal number such as 1234.50"),
            ("+1", "must be a decimal number such as 1234.50"),
            ("1e", "must be a decimal number such as 1234.50"),
            ("1e99999", "must be a decimal number such as 1234.50"),
            ("0x10", "must be a decimal number such as 1234.50"),
            ("NaN", "must be a decimal number such as 1234.50"),
            ("１", "must be a decimal number such as 1234.50"),
            (&long, "must be a decimal number such as 1234.50"),
        ] {
            let expected = Err(FieldError::new("declared_billing", message));
            assert_eq!(DeclaredBilling::parse(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(cents in 0..=DeclaredBilling::MAX.cents()) {
            let billing = DeclaredBilling::from_cents(cents).unwrap();
            prop_assert_eq!(DeclaredBilling::parse(&billing.to_string()), Ok(billing));
            let shifted = format!("{cents}e-2");
            prop_assert_eq!(DeclaredBilling::parse(&shifted), Ok(billing));
        }

        #[test]
        fn no_text_is_too_odd(text in ".{0,80}") {
            let _ = DeclaredBilling::parse(&text);
        }
    }
}
