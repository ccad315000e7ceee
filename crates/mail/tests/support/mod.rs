//! What both transports are tried with.

use jiff::Timestamp;
use square_accounts::{EmailAddress, Letter, LetterId, MailToken, Occasion, Username};
use square_kernel::testing::ManualClock;
use square_mail::{Composer, Letters, LinkSettings, Links};
use std::sync::Arc;

pub(crate) fn composer() -> Composer {
    let links = Links::new(&LinkSettings::for_public_url("https://square.example")).unwrap();
    let clock = ManualClock::at(Timestamp::constant(1_800_000_000, 0));
    Composer::new(Letters::new(links, None).unwrap(), "Square <post@square.example>", Arc::new(clock))
        .unwrap()
}

/// Made at 2026-01-01T00:00:00Z.
pub(crate) fn letter_id() -> LetterId {
    "019b76da-a800-7000-8000-000000000001".parse().unwrap()
}

pub(crate) fn letter_to(address: &str) -> Letter {
    let user = "01932c07-1c2b-7d3e-8f4a-5b6c7d8e9fa0".parse().unwrap();
    Letter {
        to: EmailAddress::parse(address).unwrap(),
        username: Username::parse("ada").unwrap(),
        occasion: Occasion::ConfirmAddress { user, token: MailToken::received("s3cret-token") },
    }
}
