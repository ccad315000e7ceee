use crate::event::{Event, EventId};
use jiff::civil::{Date, Time};
use square_kernel::parse_date;
use std::fmt;
use std::str::FromStr;

/// Where an event stands among all others: by day, then time, then who was entered first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventPosition {
    /// The day.
    pub date: Date,
    /// When it begins, to the minute.
    pub at: Time,
    /// Which it is.
    pub id: EventId,
}

impl Event {
    /// Where it stands.
    pub fn position(&self) -> EventPosition {
        EventPosition { date: self.date, at: self.time.at(), id: self.id }
    }
}

/// Written as day, hours and minutes, and identifier, for clients that carry it from page to page.
impl fmt::Display for EventPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}_{}", self.date, self.at.strftime("%H%M"), self.id.uuid().simple())
    }
}

/// What is no position that was given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a position that was given out")]
pub struct PositionSyntax;

impl FromStr for EventPosition {
    type Err = PositionSyntax;

    fn from_str(text: &str) -> Result<Self, PositionSyntax> {
        let mut parts = text.splitn(3, '_');
        let mut part = || parts.next().ok_or(PositionSyntax);
        let date = parse_date("cursor", part()?).map_err(|_| PositionSyntax)?;
        let at = Time::strptime("%H%M", part()?).map_err(|_| PositionSyntax)?;
        let id = part()?.parse().map_err(|_| PositionSyntax)?;
        Ok(Self { date, at, id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, time};
    use square_kernel::testing::{ManualClock, SeededRandomness};

    #[test]
    fn a_position_is_read_as_it_is_written() {
        let id = EventId::new(&ManualClock::default(), &SeededRandomness::default());
        let position = EventPosition { date: date(2026, 12, 31), at: time(9, 5, 0, 0), id };
        let text = position.to_string();
        assert!(text.starts_with("2026-12-31_0905_"), "{text}");
        assert_eq!(text.parse(), Ok(position));
        for wrong in ["", "_", "2026-12-31", "2026-02-30_0905_0", "2026-12-31_2460_0", "2026-12-31_0905_x"] {
            assert_eq!(wrong.parse::<EventPosition>(), Err(PositionSyntax), "{wrong:?}");
        }
    }
}
