//! Finding the names that a question mentions: of films, people, places, whatever a store knows by name.
//!
//! It takes three steps, the same for every service that answers from data:
//!
//! 1. [`Wording::of`] cuts the question into words, [`Wording::phrases`] into everything that could be a name.
//! 2. The store looks the keys of those phrases up, first as they stand ([`Matching::Exact`]), then those of
//!    [`Wording::doubtful`] with a typo allowed ([`Matching::Resembling`]); [`mentions_of`] lays what came
//!    back over the question.
//! 3. [`settle`] decides between names that overlap: the longest wins. [`few`] bounds what is answered about.
//!
//! Lists are searched more simply, by the beginnings of words: [`NameSearch`].
//!
//! No list of all names is ever walked through: [`NameKey::probes`] turns a typo into index look-ups.

mod key;
mod mention;
mod search;
mod wording;

pub use key::{Matching, NameKey, Probes};
pub use mention::{Mention, few, mentions_of, settle};
pub use search::NameSearch;
pub use wording::{Phrase, Vocabulary, Wording};
