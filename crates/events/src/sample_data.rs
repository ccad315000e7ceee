use crate::calendar::{days_after, end_of_week, today};
use crate::event::{Address, Event, EventId, Venue};
use crate::time::EventTime;
use jiff::civil::Date;
use square_kernel::{Clock, FieldError, Randomness, UserId};
use std::collections::HashSet;

const VENUES: [(&str, &str); 8] = [
    ("The Fillmore", "1805 Geary Boulevard, San Francisco"),
    ("Lantern Hall", "12 Harbour Street"),
    ("The Copper Kettle", "48 Mill Lane"),
    ("Riverside Stage", "3 Riverside Walk"),
    ("Observatory Theatre", "77 Hilltop Road"),
    ("Blue Door Cellar", "9 Cooper Alley"),
    ("Old Tram Depot", "150 Station Road"),
    ("Garden Pavilion", "1 Botanic Gardens"),
];

/// Days from today, venue, time.
const COMING_DAYS: &[(i32, usize, &str)] = &[
    (0, 0, "8pm"),
    (0, 2, "12:30 PM"),
    (1, 1, "20:00"),
    (1, 5, "9 p.m."),
    (2, 4, "19:30"),
    (3, 3, "6pm"),
    (5, 6, "8:30 PM"),
    (8, 2, "19:00"),
    (11, 5, "21:15"),
    (17, 1, "7:30 PM"),
    (24, 4, "8pm"),
];

/// Weeks from this one, days before its Sunday, venue, time: each weekend has something.
const WEEKENDS: &[(i32, i32, usize, &str)] = &[
    (0, 1, 0, "8pm"),
    (0, 1, 3, "16:00"),
    (0, 0, 7, "11am"),
    (0, 0, 0, "7:30 PM"),
    (1, 1, 6, "22:00"),
    (1, 0, 7, "noon"),
    (2, 1, 0, "8:30 PM"),
    (2, 0, 3, "15:00"),
    (3, 1, 1, "20:00"),
    (3, 0, 2, "6 pm"),
    (4, 1, 4, "19:30"),
    (4, 0, 7, "10:30 am"),
    (5, 1, 0, "9pm"),
];

/// Events from the day of `clock` on, entered by `owner`: today, in the days and on the weekends to come, and
/// on New Year's Eve. Where some of these days are the same, a venue has one event on it. All but the first
/// venue are made up.
pub fn sample_data(
    owner: UserId,
    clock: &dyn Clock,
    randomness: &dyn Randomness,
) -> Result<Vec<Event>, FieldError> {
    let today = today(clock);
    let sunday = end_of_week(today);
    let coming = COMING_DAYS.iter().map(|&(days, venue, time)| (days_after(today, days), venue, time));
    let weekends = WEEKENDS.iter().map(|&(weeks, before, venue, time)| {
        (days_after(sunday, 7 * weeks - before).max(today), venue, time)
    });
    let eve = Date::new(today.year(), 12, 31).ok().map(|date| (date, 0, "10pm"));
    let event = |(date, venue, time): (Date, usize, &str)| {
        let (name, address) = VENUES[venue];
        Ok(Event {
            id: EventId::new(clock, randomness),
            owner,
            date,
            time: EventTime::parse(time)?,
            venue: Venue::parse(name)?,
            address: Address::parse(address)?,
            created_at: clock.now(),
        })
    };
    let mut taken = HashSet::new();
    let all = eve.into_iter().chain(coming).chain(weekends);
    all.filter(|&(date, venue, _)| taken.insert((date, venue))).map(event).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::weekend;
    use jiff::SignedDuration;
    use square_kernel::testing::{ManualClock, SeededRandomness};

    #[test]
    fn there_is_something_on_whatever_day_it_is_and_no_venue_is_taken_twice() {
        let (clock, randomness) = (ManualClock::default(), SeededRandomness::default());
        // Every weekday, and every day around New Year's Eve, which stands among the events too.
        for _ in 0..366 {
            let today = today(&clock);
            let events = sample_data(UserId::new(&clock, &randomness), &clock, &randomness).unwrap();
            let on = |from: Date, to: Date| {
                events.iter().filter(|event| (from..=to).contains(&event.date)).count()
            };
            assert!(events.iter().all(|event| event.date >= today));
            for (from, to) in [(today, today), (days_after(today, 1), days_after(today, 1)), weekend(today)] {
                assert!(on(from, to) >= 2, "{today}: {from} to {to}");
            }
            assert!(on(Date::new(today.year(), 12, 31).unwrap(), Date::MAX) >= 1);
            let venues: HashSet<&str> = events.iter().map(|event| event.venue.as_str()).collect();
            assert_eq!(venues.len(), VENUES.len(), "{today}");
            let nights: HashSet<_> = events.iter().map(|event| (event.date, event.venue.as_str())).collect();
            assert_eq!(nights.len(), events.len(), "{today}: {events:?}");
            clock.advance(SignedDuration::from_hours(24));
        }
    }
}
