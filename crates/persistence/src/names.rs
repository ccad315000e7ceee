//! Looking names up by their keys, also with a typo, in whichever table they stand.
//!
//! A name has three columns: its key, the key backwards, and the key's length in characters; with an index
//! over the key, one over length and key, and one over length and backwards key.

use square_naming::{Matching, NameKey, Probes};

/// How many keys are looked up by one statement; databases limit its length.
pub(crate) const KEYS_AT_ONCE: usize = 500;

/// The columns of a name.
pub(crate) struct NameColumns {
    pub(crate) key: String,
    pub(crate) reversed: String,
    pub(crate) length: i64,
}

impl From<&NameKey> for NameColumns {
    fn from(key: &NameKey) -> Self {
        Self { key: key.as_str().to_owned(), reversed: key.reversed(), length: count(key.length()) }
    }
}

/// A typo as ranges in the indexes: six of them, for each length by how the key begins and how it ends.
pub(crate) struct Ranges {
    pub(crate) lengths: [i64; 3],
    pub(crate) heads: (String, String),
    pub(crate) tails: (String, String),
}

impl From<Probes> for Ranges {
    fn from(probes: Probes) -> Self {
        let (shortest, longest) = (count(*probes.lengths.start()), count(*probes.lengths.end()));
        let lengths = [shortest, shortest.midpoint(longest), longest];
        Self { lengths, heads: beginning_with(probes.head), tails: beginning_with(probes.tail_reversed) }
    }
}

/// The texts that begin with `head` are those from the first of these up to, without it, the second.
pub(crate) fn beginning_with(head: String) -> (String, String) {
    let end = format!("{head}{}", char::MAX);
    (head, end)
}

fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

/// What is to be looked up, ready to be taken into a closure.
pub(crate) enum Wanted {
    Exactly(Vec<String>),
    Resembling(Vec<(NameKey, Ranges)>),
}

impl Wanted {
    pub(crate) fn new(keys: &[NameKey], matching: Matching) -> Self {
        let mut keys = keys.to_vec();
        keys.sort_unstable();
        keys.dedup();
        match matching {
            Matching::Exact => Self::Exactly(keys.iter().map(|key| key.as_str().to_owned()).collect()),
            Matching::Resembling => {
                let with_ranges = |key: NameKey| {
                    // A key too short for typos resembles itself only; its own length and text find that.
                    let itself = || Probes {
                        lengths: key.length()..=key.length(),
                        head: key.as_str().to_owned(),
                        tail_reversed: key.reversed(),
                    };
                    let ranges = key.probes().unwrap_or_else(itself).into();
                    (key, ranges)
                };
                Self::Resembling(keys.into_iter().map(with_ranges).collect())
            }
        }
    }
}

/// The rows of `$query` that are wanted, by the three columns of a name; some more than wanted where a typo is
/// allowed, given with the key that brought them (`None` where it was exact), and some rows several times.
macro_rules! rows_named {
    ($connection:expr, $wanted:expr, $query:expr, $key:expr, $reversed:expr, $length:expr, $limit:expr) => {{
        let mut rows = Vec::new();
        match $wanted {
            $crate::names::Wanted::Exactly(keys) => {
                for keys in keys.chunks($crate::names::KEYS_AT_ONCE) {
                    let found = $query.filter($key.eq_any(keys)).limit($limit).load($connection)?;
                    rows.extend(found.into_iter().map(|row| (None, row)));
                }
            }
            $crate::names::Wanted::Resembling(keys) => {
                for (key, ranges) in keys {
                    let [shorter, same, longer] = ranges.lengths;
                    let (head, tail) = (&ranges.heads, &ranges.tails);
                    let by_head =
                        |length: i64| $length.eq(length).and($key.ge(&head.0)).and($key.lt(&head.1));
                    let by_tail = |length: i64| {
                        $length.eq(length).and($reversed.ge(&tail.0)).and($reversed.lt(&tail.1))
                    };
                    let near = by_head(shorter)
                        .or(by_head(same))
                        .or(by_head(longer))
                        .or(by_tail(shorter))
                        .or(by_tail(same))
                        .or(by_tail(longer));
                    let found = $query.filter(near).load($connection)?;
                    rows.extend(found.into_iter().map(|row| (Some(key), row)));
                }
            }
        }
        rows
    }};
}
pub(crate) use rows_named;

/// Leaves out what only stood near in the index.
pub(crate) fn is_meant(wanted: Option<&NameKey>, found: &str) -> bool {
    wanted.is_none_or(|wanted| wanted.resembles(&NameKey::from_stored(found.to_owned())))
}
