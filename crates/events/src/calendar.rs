//! Days counted from today.

use jiff::Span;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use square_kernel::Clock;

pub(crate) fn today(clock: &dyn Clock) -> Date {
    clock.now().to_zoned(TimeZone::UTC).date()
}

pub(crate) fn days_after(date: Date, days: i32) -> Date {
    date.saturating_add(Span::new().days(days))
}

/// The first such day that is not before `date`.
pub(crate) fn next(weekday: Weekday, date: Date) -> Date {
    days_after(date, i32::from(date.weekday().until(weekday)))
}

/// The Sunday that ends the week of `date`; weeks begin on Monday.
pub(crate) fn end_of_week(date: Date) -> Date {
    next(Weekday::Sunday, date)
}

/// Saturday and Sunday of the week of `date`, without days before `date`.
pub(crate) fn weekend(date: Date) -> (Date, Date) {
    let sunday = end_of_week(date);
    (days_after(sunday, -1).max(date), sunday)
}
