use aws_lc_rs::hmac;
use square_kernel::Secret;
use std::fmt::Write;

/// How many hex digits name a pepper.
pub(crate) const NAME_LEN: usize = 8;

/// Names a pepper without telling anything of it: eight hex digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PepperName(String);

impl PepperName {
    /// The name of a pepper.
    pub fn of(pepper: &Secret) -> Self {
        Pepper::new(pepper).name
    }

    /// The eight digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is mixed into passwords.
pub(crate) struct Pepper {
    pub(crate) name: PepperName,
    pub(crate) key: hmac::Key,
}

impl Pepper {
    fn new(pepper: &Secret) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA384, pepper.expose().as_bytes());
        let tag = hmac::sign(&key, b"square pepper name");
        let mut name = String::with_capacity(NAME_LEN);
        for byte in &tag.as_ref()[..NAME_LEN / 2] {
            // Writing to a text never fails.
            let _ = write!(name, "{byte:02x}");
        }
        Self { name: PepperName(name), key }
    }
}

/// The pepper that new hashes are made with, and others that there may be hashes of.
pub struct Peppers {
    pub(crate) all: Vec<Pepper>,
    pub(crate) unnamed: bool,
}

impl Peppers {
    /// Makes new hashes with `current` and knows those made with one of `others`; one that is given twice counts once.
    ///
    /// `unnamed` says whether there may be hashes that do not name their pepper, as earlier versions made them. With these each pepper has
    /// to be tried, so while there are any, every check is made to take that long: nobody shall see from outside who has one.
    pub fn new<'a>(current: &Secret, others: impl IntoIterator<Item = &'a Secret>, unnamed: bool) -> Self {
        let mut all = vec![Pepper::new(current)];
        for other in others.into_iter().map(Pepper::new) {
            if all.iter().all(|known| known.name != other.name) {
                all.push(other);
            }
        }
        Self { all, unnamed }
    }
}

/// What a password hash says of its pepper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PepperMark {
    /// It names it.
    Named(PepperName),
    /// It was made by an earlier version, and names none.
    Unnamed,
    /// It was not made by this program.
    Unknown,
}

impl PepperMark {
    /// Reads a hash, or the first nine characters of one.
    pub fn of(hash: &str) -> Self {
        match hash.split_at_checked(1) {
            Some(("1", _)) => Self::Unnamed,
            Some(("2", rest)) => match rest.split_at_checked(NAME_LEN) {
                Some((name, _)) => Self::Named(PepperName(name.to_owned())),
                None => Self::Unknown,
            },
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_depends_on_the_pepper_and_does_not_show_it() {
        let name = |pepper: &str| PepperName::of(&Secret::new(pepper));
        assert_eq!(name("pepper"), name("pepper"));
        assert_ne!(name("pepper"), name("salt"));
        assert_eq!(name("pepper").as_str().len(), NAME_LEN);
    }

    #[test]
    fn each_pepper_counts_once() {
        let [one, other] = ["one", "other"].map(Secret::new);
        let names = |peppers: Peppers| peppers.all.into_iter().map(|pepper| pepper.name).collect::<Vec<_>>();
        let expected = [PepperName::of(&one), PepperName::of(&other)];
        assert_eq!(names(Peppers::new(&one, [&other, &one, &other], false)), expected);
    }

    #[test]
    fn the_beginning_of_a_hash_says_which_pepper_it_is_of() {
        let name = PepperName("0123abcd".to_owned());
        assert_eq!(PepperMark::of("20123abcd$2b$04$rest"), PepperMark::Named(name.clone()));
        assert_eq!(PepperMark::of("20123abcd"), PepperMark::Named(name));
        assert_eq!(PepperMark::of("1$2b$04$r"), PepperMark::Unnamed);
        for other in ["", "2", "20123abc", "$2b$04$re", "3"] {
            assert_eq!(PepperMark::of(other), PepperMark::Unknown, "{other}");
        }
    }
}
