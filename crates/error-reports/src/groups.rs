use crate::report::Report;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

/// How long equal errors are gathered.
pub(crate) const WINDOW: Duration = Duration::from_mins(1);

/// Gathers equal errors: the first goes out at once, those of the minute after it as one report that counts them.
#[derive(Debug)]
pub(crate) struct Groups {
    /// How many different errors are told of within a minute.
    limit: usize,
    open: HashMap<String, Group>,
}

#[derive(Debug)]
struct Group {
    ends: Instant,
    /// The last one, with the number of those since the group's last report.
    since: Option<Report>,
}

/// What becomes of a report handed in.
#[derive(Debug)]
pub(crate) enum Fate {
    /// It is the first of its kind.
    Send(Report),
    /// It is counted and goes out at the end of the minute.
    Gathered,
    /// There are too many different ones.
    Lost,
}

impl Groups {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, open: HashMap::new() }
    }

    pub(crate) fn take(&mut self, mut report: Report, now: Instant) -> Fate {
        if let Some(group) = self.open.get_mut(&report.fingerprint) {
            report.occurrences += group.since.as_ref().map_or(0, |since| since.occurrences);
            group.since = Some(report);
            return Fate::Gathered;
        }
        if self.open.len() >= self.limit {
            return Fate::Lost;
        }
        self.open.insert(report.fingerprint.clone(), Group { ends: now + WINDOW, since: None });
        Fate::Send(report)
    }

    /// When the next group ends.
    pub(crate) fn next_end(&self) -> Option<Instant> {
        self.open.values().map(|group| group.ends).min()
    }

    /// What was gathered in groups whose minute is over. A group that gathered something goes on for another minute.
    pub(crate) fn end(&mut self, now: Instant) -> Vec<Report> {
        let mut over = Vec::new();
        self.open.retain(|_, group| {
            if group.ends > now {
                return true;
            }
            let gathered = group.since.take();
            group.ends = now + WINDOW;
            let goes_on = gathered.is_some();
            over.extend(gathered);
            goes_on
        });
        over
    }

    /// What was gathered in all groups, however long they would go on.
    pub(crate) fn end_all(&mut self) -> Vec<Report> {
        self.open.drain().filter_map(|(_, group)| group.since).collect()
    }
}
