use jiff::civil::{Time, time};
use square_kernel::{FieldError, parse_line};
use std::sync::Arc;

/// The longest, in characters.
const MAX_CHARS: usize = 40;

/// A time of day the way somebody wrote it, and what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventTime {
    as_sent: Arc<str>,
    at: Time,
}

impl EventTime {
    /// Parses what a client sent as `time`: `8pm`, `8 p.m.`, `8:30 PM`, `8.30pm`, `20:00`, `20h30`, `20:00:00`, `8 o'clock pm`,
    /// `noon`, `12 midnight`.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let as_sent = parse_line("time", text, MAX_CHARS)?;
        let at = meaning(&as_sent)
            .ok_or(FieldError::new("time", "must be a time of day such as 8pm, 8:30 PM or 20:00"))?;
        Ok(Self { as_sent: as_sent.into(), at })
    }

    /// As it was written, without blanks around it.
    pub fn as_sent(&self) -> &str {
        &self.as_sent
    }

    /// What it means, to the minute.
    pub fn at(&self) -> Time {
        self.at
    }

    /// On a 24-hour clock, `20:00`.
    pub fn on_24_hours(&self) -> String {
        self.at.strftime("%H:%M").to_string()
    }
}

fn meaning(text: &str) -> Option<Time> {
    let text = text.to_lowercase();
    match text.as_str() {
        "noon" | "12 noon" => return Some(time(12, 0, 0, 0)),
        "midnight" | "12 midnight" => return Some(time(0, 0, 0, 0)),
        _ => {}
    }
    let half = [
        ("am", 0),
        ("a.m.", 0),
        ("a.m", 0),
        ("a. m.", 0),
        ("pm", 12),
        ("p.m.", 12),
        ("p.m", 12),
        ("p. m.", 12),
    ]
    .into_iter()
    .find_map(|(suffix, hours)| Some((text.strip_suffix(suffix)?.trim_end(), hours)));
    match half {
        Some((clock, hours)) => {
            let clock = without_o_clock(clock);
            let (hour, minute) = clock_face(clock).or_else(|| Some((digits(clock, 1..=2)?, 0)))?;
            // Twelve comes before one on this clock: 12am is midnight, 12pm is noon.
            (1..=12).contains(&hour).then_some(())?;
            Time::new(hour % 12 + hours, minute, 0, 0).ok()
        }
        None => clock_face(&text)
            .or_else(|| Some((digits(text.strip_suffix('h')?.trim_end(), 1..=2)?, 0)))
            .and_then(|(hour, minute)| Time::new(hour, minute, 0, 0).ok()),
    }
}

/// "8 o'clock pm": the hour alone would be either half of the day.
fn without_o_clock(clock: &str) -> &str {
    ["o'clock", "o’clock"].iter().find_map(|word| clock.strip_suffix(word)).map_or(clock, str::trim_end)
}

/// Hours and minutes with `:`, `.` or `h` between; seconds must be none.
fn clock_face(text: &str) -> Option<(i8, i8)> {
    let text = text.strip_suffix(":00").filter(|rest| rest.contains(':')).unwrap_or(text);
    let (hour, minute) = text.split_once([':', '.', 'h'])?;
    Some((digits(hour, 1..=2)?, digits(minute, 2..=2)?))
}

fn digits(text: &str, count: std::ops::RangeInclusive<usize>) -> Option<i8> {
    let right = count.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    right.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, meant) in [
            ("8pm", "20:00"),
            ("8 PM", "20:00"),
            ("8:30 PM", "20:30"),
            ("8.30pm", "20:30"),
            ("8 p.m.", "20:00"),
            ("08:05am", "08:05"),
            ("12am", "00:00"),
            ("12pm", "12:00"),
            ("12:30 a.m.", "00:30"),
            ("20:00", "20:00"),
            ("9:15", "09:15"),
            ("0:00", "00:00"),
            ("Noon", "12:00"),
            ("midnight", "00:00"),
            ("12 Noon", "12:00"),
            ("8 P. M.", "20:00"),
            ("8 o’clock pm", "20:00"),
            ("20h", "20:00"),
            ("20H30", "20:30"),
            ("20:30:00", "20:30"),
            ("8:00:00 PM", "20:00"),
        ] {
            assert_eq!(EventTime::parse(text).map(|time| time.on_24_hours()), Ok(meant.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for wrong in [
            "",
            "8",
            "pm",
            "0pm",
            "13pm",
            "20:00pm",
            "24:00",
            "20:60",
            "8:5pm",
            "-8pm",
            "8::00",
            "８pm",
            "soon",
            "20:30:15",
            "8:00:00:00",
            "25h",
            "h",
            "8 o'clock",
            "8\npm",
            "1 noon",
            "8                                         pm",
        ] {
            assert!(EventTime::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_wording_is_kept() {
        assert_eq!(EventTime::parse(" 8:30 PM ").unwrap().as_sent(), "8:30 PM");
    }
}
