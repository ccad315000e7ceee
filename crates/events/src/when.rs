use crate::calendar::{days_after, end_of_week, next, weekend};
use jiff::civil::{Date, Time, Weekday, time};
use std::ops::Range;

/// The days that a question is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct When {
    /// Which words of the question say it.
    pub(crate) at: Range<usize>,
    pub(crate) from: Date,
    pub(crate) to: Date,
    /// Earlier beginnings are not meant.
    pub(crate) not_before: Time,
    /// How to say it in a sentence: "this weekend".
    pub(crate) said: String,
}

/// A day that the calendar does not have, as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NoSuchDay(pub(crate) String);

/// An evening begins.
const EVENING: Time = time(17, 0, 0, 0);

/// Finds the days in a question's words, seen from `today`; the first mention counts. `None` when it names none.
///
/// "This weekend" is what is left of Saturday and Sunday of this week, a weekday is the next one from today,
/// and "next" before either means the week that begins next Monday.
pub(crate) fn find(words: &[&str], today: Date) -> Result<Option<When>, NoSuchDay> {
    for start in 0..words.len() {
        let found = match day_of_calendar(&words[start..], today)? {
            Some((length, date)) => Some(When::day(length, date, format!("on {}", in_words(date)))),
            None => relative(&words[start..], today).or_else(|| month(words, start, today)),
        };
        if let Some(when) = found {
            return Ok(Some(When { at: start + when.at.start..start + when.at.end, ..when }));
        }
    }
    Ok(None)
}

/// "Saturday, 3 January 2026"
pub(crate) fn in_words(date: Date) -> String {
    date.strftime("%A, %-d %B %Y").to_string()
}

impl When {
    fn days(length: usize, (from, to): (Date, Date), said: impl Into<String>) -> Self {
        Self { at: 0..length, from, to, not_before: Time::MIN, said: said.into() }
    }

    fn day(length: usize, date: Date, said: impl Into<String>) -> Self {
        Self::days(length, (date, date), said)
    }
}

fn relative(words: &[&str], today: Date) -> Option<When> {
    let next_monday = days_after(end_of_week(today), 1);
    let tonight = |length| When { not_before: EVENING, ..When::day(length, today, "tonight") };
    Some(match words {
        ["tonight", ..] => tonight(1),
        ["this", "evening", ..] => tonight(2),
        ["today", ..] => When::day(1, today, "today"),
        ["day", "after", "tomorrow", ..] => When::day(3, days_after(today, 2), "the day after tomorrow"),
        ["tomorrow", ..] => When::day(1, days_after(today, 1), "tomorrow"),
        ["next", "weekend", ..] => When::days(2, weekend(days_after(next_monday, 5)), "next weekend"),
        ["this", "weekend", ..] => When::days(2, weekend(today), "this weekend"),
        ["weekend", ..] => When::days(1, weekend(today), "this weekend"),
        ["next", "week", ..] => When::days(2, (next_monday, end_of_week(next_monday)), "next week"),
        ["next", "month", ..] => {
            let first = days_after(today.last_of_month(), 1);
            When::days(2, (first, first.last_of_month()), "next month")
        }
        ["this", "week", ..] => When::days(2, (today, end_of_week(today)), "this week"),
        ["next", day, ..] => {
            let date = next(weekday(day)?, next_monday);
            When::day(2, date, format!("on {}", in_words(date)))
        }
        [day, ..] => {
            let date = next(weekday(day)?, today);
            When::day(1, date, format!("on {}", in_words(date)))
        }
        [] => return None,
    })
}

/// `2026-12-31`, `31 December 2026`, `31st of December`, `December 31st`; without a year, the next such day
/// from today.
fn day_of_calendar(words: &[&str], today: Date) -> Result<Option<(usize, Date)>, NoSuchDay> {
    let written = |length: usize| NoSuchDay(words[..length].join(" "));
    if let [year, month, day, ..] = words
        && let (Some(year), Some(month), Some(day)) = (year_number(year), small(month), small(day))
    {
        let date = Date::new(year, month, day).map_err(|_| NoSuchDay(words[..3].join("-")))?;
        return Ok(Some((3, date)));
    }
    let (day, month, length) = match words {
        [day, "of", month, ..] => (day_number(day), month_number(month), 3),
        [first, second, ..] if month_number(first).is_some() => (day_number(second), month_number(first), 2),
        [first, second, ..] => (day_number(first), month_number(second), 2),
        _ => return Ok(None),
    };
    let (Some(day), Some(month)) = (day, month) else { return Ok(None) };
    if let Some(year) = words.get(length).and_then(|word| year_number(word)) {
        let date = Date::new(year, month, day).map_err(|_| written(length + 1))?;
        return Ok(Some((length + 1, date)));
    }
    // Eight years hold a 29 February, also around the end of a century.
    let mut coming = (0..=8).filter_map(|years| Date::new(today.year() + years, month, day).ok());
    coming.find(|&date| date >= today).map(|date| Some((length, date))).ok_or_else(|| written(length))
}

/// "in December", "this May": the word before keeps "may I" out.
fn month(words: &[&str], start: usize, today: Date) -> Option<When> {
    let ["in" | "this" | "during", name, rest @ ..] = &words[start..] else { return None };
    if matches!(*name, "month") {
        return Some(When::days(2, (today, today.last_of_month()), "this month"));
    }
    let month = month_number(name)?;
    let (length, year) = match rest.first().and_then(|word| year_number(word)) {
        Some(year) => (3, year),
        None => (2, today.year() + i16::from(month < today.month())),
    };
    let first = Date::new(year, month, 1).ok()?;
    let said = format!("in {}", first.strftime("%B %Y"));
    let from = if first.last_of_month() >= today { first.max(today) } else { first };
    Some(When::days(length, (from, first.last_of_month()), said))
}

fn year_number(word: &str) -> Option<i16> {
    (word.len() == 4).then(|| word.parse().ok()).flatten().filter(|year| *year >= 0)
}

fn small(word: &str) -> Option<i8> {
    (word.len() <= 2).then(|| word.parse().ok()).flatten()
}

fn day_number(word: &str) -> Option<i8> {
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    matches!(&word[digits.len()..], "" | "st" | "nd" | "rd" | "th").then(|| small(digits)).flatten()
}

fn month_number(word: &str) -> Option<i8> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let index =
        MONTHS.iter().position(|month| *month == word || (word.len() == 3 && month.starts_with(word)))?;
    i8::try_from(index + 1).ok()
}

fn weekday(word: &str) -> Option<Weekday> {
    match word {
        "monday" | "mondays" => Some(Weekday::Monday),
        "tuesday" | "tuesdays" => Some(Weekday::Tuesday),
        "wednesday" | "wednesdays" => Some(Weekday::Wednesday),
        "thursday" | "thursdays" => Some(Weekday::Thursday),
        "friday" | "fridays" => Some(Weekday::Friday),
        "saturday" | "saturdays" => Some(Weekday::Saturday),
        "sunday" | "sundays" => Some(Weekday::Sunday),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const WEDNESDAY: Date = date(2026, 11, 18);
    const SATURDAY: Date = date(2026, 11, 21);
    const SUNDAY: Date = date(2026, 11, 22);

    fn days(text: &str, today: Date) -> Option<(Date, Date)> {
        let words: Vec<&str> = text.split(' ').collect();
        find(&words, today).unwrap().map(|when| (when.from, when.to))
    }

    #[test]
    fn a_weekend_is_what_is_left_of_it() {
        for (today, from) in [(WEDNESDAY, SATURDAY), (SATURDAY, SATURDAY), (SUNDAY, SUNDAY)] {
            assert_eq!(days("whats on this weekend", today), Some((from, SUNDAY)), "{today}");
            let following = (date(2026, 11, 28), date(2026, 11, 29));
            assert_eq!(days("whats on next weekend", today), Some(following), "{today}");
        }
    }

    #[test]
    fn weeks_begin_on_monday() {
        for today in [WEDNESDAY, SATURDAY, SUNDAY] {
            assert_eq!(days("this week", today), Some((today, SUNDAY)), "{today}");
            assert_eq!(days("next week", today), Some((date(2026, 11, 23), date(2026, 11, 29))), "{today}");
        }
    }

    #[test]
    fn a_weekday_is_the_next_from_today() {
        for (today, on, next) in [
            (WEDNESDAY, SATURDAY, date(2026, 11, 28)),
            (SATURDAY, SATURDAY, date(2026, 11, 28)),
            (SUNDAY, date(2026, 11, 28), date(2026, 11, 28)),
        ] {
            assert_eq!(days("on saturday", today), Some((on, on)), "{today}");
            assert_eq!(days("next saturday", today), Some((next, next)), "{today}");
        }
    }

    #[test]
    fn single_days_are_found() {
        let eve = date(2026, 12, 31);
        for (text, day) in [
            ("what is on 2026 12 31", eve),
            ("what is on 31 december 2026", eve),
            ("what is on december 31st", eve),
            ("on the 31st dec", eve),
            ("on the 31st of december", eve),
            ("on the 31st of december 2026 please", eve),
            ("on 1 january", date(2027, 1, 1)),
            ("on 29 february", date(2028, 2, 29)),
            ("today at noon", WEDNESDAY),
            ("tomorrow", date(2026, 11, 19)),
            ("the day after tomorrow", date(2026, 11, 20)),
        ] {
            assert_eq!(days(text, WEDNESDAY), Some((day, day)), "{text}");
        }
    }

    #[test]
    fn tomorrow_crosses_months_and_years() {
        let day = |day| Some((day, day));
        assert_eq!(days("tomorrow", date(2026, 12, 31)), day(date(2027, 1, 1)));
        assert_eq!(days("tomorrow", date(2028, 2, 28)), day(date(2028, 2, 29)));
        let over_the_year = Some((date(2027, 1, 2), date(2027, 1, 3)));
        assert_eq!(days("this weekend", date(2026, 12, 31)), over_the_year);
    }

    #[test]
    fn months_run_from_today() {
        assert_eq!(days("in december", WEDNESDAY), Some((date(2026, 12, 1), date(2026, 12, 31))));
        assert_eq!(days("in november", WEDNESDAY), Some((WEDNESDAY, date(2026, 11, 30))));
        assert_eq!(days("in march", WEDNESDAY), Some((date(2027, 3, 1), date(2027, 3, 31))));
        assert_eq!(days("in may 2026", WEDNESDAY), Some((date(2026, 5, 1), date(2026, 5, 31))));
        assert_eq!(days("next month", WEDNESDAY), Some((date(2026, 12, 1), date(2026, 12, 31))));
        assert_eq!(days("this month", WEDNESDAY), Some((WEDNESDAY, date(2026, 11, 30))));
    }

    #[test]
    fn other_words_are_no_days() {
        for text in ["what is on", "may i come", "in the sun", "at 8 30", "next to me", "1234 5"] {
            assert_eq!(days(text, WEDNESDAY), None, "{text}");
        }
    }

    #[test]
    fn days_that_do_not_exist_are_told() {
        let told = |words: &[&str]| find(words, WEDNESDAY).unwrap_err().0;
        assert_eq!(told(&["on", "2026", "02", "30"]), "2026-02-30");
        assert_eq!(told(&["on", "30", "february"]), "30 february");
        assert_eq!(told(&["29", "february", "2027"]), "29 february 2027");
    }

    #[test]
    fn a_night_has_no_mornings_and_its_words_are_known() {
        let when = find(&["whats", "on", "tonight", "here"], WEDNESDAY).unwrap().unwrap();
        assert_eq!((when.at, when.not_before), (2..3, EVENING));
        let when = find(&["on", "2026", "12", "31", "please"], WEDNESDAY).unwrap().unwrap();
        assert_eq!((when.at, when.not_before), (1..4, Time::MIN));
    }
}
