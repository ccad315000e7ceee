use crate::peppers::{NAME_LEN, Pepper, PepperMark, Peppers};
use aws_lc_rs::{hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD, STANDARD};
use square_accounts::PasswordHash;
use square_accounts::ports::PasswordCheck;
use zeroize::Zeroizing;

/// Stands before every hash that is made: how the password was made ready for bcrypt.
/// `2`: base64 of HMAC-SHA-384 under the pepper whose name follows; `1`: the same, without the name. Another way gets another
/// character.
const VERSION: char = '2';

/// bcrypt's own base64.
const BCRYPT: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::BCRYPT, NO_PAD);

/// The slow part, for one thread at a time.
pub(crate) struct Hashing {
    peppers: Vec<Pepper>,
    cost: u32,
    /// So many times bcrypt runs for a check, at least.
    rounds: usize,
    /// What it runs on where a hash needs fewer.
    filler: String,
}

/// One run of bcrypt.
struct Trial<'a> {
    pepper: &'a Pepper,
    hash: &'a str,
}

impl Hashing {
    pub(crate) fn new(peppers: Peppers, cost: u32) -> Self {
        let Peppers { all: peppers, unnamed } = peppers;
        let rounds = if unnamed { peppers.len() } else { 1 };
        Self { peppers, cost, rounds, filler: random_bcrypt(cost) }
    }

    /// Hashes with a fresh salt.
    pub(crate) fn hash(&self, password: &str) -> Result<PasswordHash, bcrypt::BcryptError> {
        let hash = bcrypt::non_truncating_hash(prepared(self.current(), password).as_bytes(), self.cost)?;
        Ok(self.marked(&hash))
    }

    /// Checks. A hash that this program cannot have made, or whose pepper is not known, matches nothing.
    pub(crate) fn verify(&self, typed: &str, hash: &PasswordHash) -> PasswordCheck {
        let mark = PepperMark::of(hash.as_str());
        if mark == PepperMark::Unknown {
            tracing::error!("a stored password hash is of an unknown version");
            return PasswordCheck::Wrong;
        }
        // All of them are tried, whichever is right: it takes the same time for everybody.
        let trials = self.trials(&mark, hash.as_str());
        let mut found = false;
        for trial in &trials {
            found |= is_right(trial.pepper, typed, trial.hash);
        }
        if !found {
            return PasswordCheck::Wrong;
        }
        let is_current = mark == PepperMark::Named(self.current().name.clone());
        PasswordCheck::Right { outdated: !is_current || self.is_outdated(trials[0].hash) }
    }

    /// What bcrypt is to be run on in order to check `hash`, which has this mark. Where a hash needs fewer runs than others, it is filled up
    /// with what no password matches.
    fn trials<'a>(&'a self, mark: &PepperMark, hash: &'a str) -> Vec<Trial<'a>> {
        let fits = |pepper: &Pepper| match mark {
            PepperMark::Named(name) => pepper.name == *name,
            PepperMark::Unnamed => true,
            PepperMark::Unknown => false,
        };
        let head = if *mark == PepperMark::Unnamed { 1 } else { 1 + NAME_LEN };
        let trial = |pepper| Trial { pepper, hash: &hash[head..] };
        let mut trials: Vec<_> = self.peppers.iter().filter(|pepper| fits(pepper)).map(trial).collect();
        if let (PepperMark::Named(name), true) = (mark, trials.is_empty()) {
            tracing::error!(
                salt = name.as_str(),
                "a password was hashed with a salt that is neither SECURITY_PASSWORD_SALT nor in SECURITY_PASSWORD_SALT_PREVIOUS"
            );
        }
        let filler = || Trial { pepper: self.current(), hash: &self.filler };
        trials.resize_with(trials.len().max(self.rounds), filler);
        trials
    }

    /// A hash of nothing: random salt, random result. It costs as much to check as any other, and no time to
    /// make.
    pub(crate) fn decoy(&self) -> PasswordHash {
        self.marked(&random_bcrypt(self.cost))
    }

    fn marked(&self, hash: &str) -> PasswordHash {
        PasswordHash::new(format!("{VERSION}{}{hash}", self.current().name.as_str()))
    }

    fn current(&self) -> &Pepper {
        &self.peppers[0]
    }

    fn is_outdated(&self, hash: &str) -> bool {
        hash.parse::<bcrypt::HashParts>().is_ok_and(|parts| parts.get_cost() != self.cost)
    }
}

fn is_right(pepper: &Pepper, typed: &str, hash: &str) -> bool {
    match bcrypt::non_truncating_verify(prepared(pepper, typed).as_bytes(), hash) {
        Ok(right) => right,
        Err(error) => {
            tracing::error!(%error, "a stored password hash is broken");
            false
        }
    }
}

/// 64 characters that depend on every byte of the password.
fn prepared(pepper: &Pepper, password: &str) -> Zeroizing<String> {
    let digest = hmac::sign(&pepper.key, password.as_bytes());
    Zeroizing::new(STANDARD.encode(digest.as_ref()))
}

/// What bcrypt could have made of something, at random.
fn random_bcrypt(cost: u32) -> String {
    let (mut salt, mut hash) = ([0; 16], [0; 23]);
    // Without randomness left it is one of zeros, which no password is known to match either.
    let filled = rand::fill(&mut salt).and_then(|()| rand::fill(&mut hash));
    if filled.is_err() {
        tracing::error!("no randomness for the decoy hash");
    }
    let (salt, hash) = (BCRYPT.encode(salt), BCRYPT.encode(hash));
    format!("$2b${cost:02}${salt}{hash}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use square_kernel::Secret;

    const RIGHT: PasswordCheck = PasswordCheck::Right { outdated: false };

    fn hashing() -> Hashing {
        with("pepper", &[], 4)
    }

    fn with(current: &str, others: &[&str], cost: u32) -> Hashing {
        let others: Vec<_> = others.iter().map(|other| Secret::new(*other)).collect();
        Hashing::new(Peppers::new(&Secret::new(current), &others, true), cost)
    }

    /// As earlier versions made it.
    fn without_name(hash: &PasswordHash) -> PasswordHash {
        PasswordHash::new(format!("1{}", &hash.as_str()[1 + NAME_LEN..]))
    }

    #[test]
    fn a_password_verifies_and_another_does_not() {
        let hash = hashing().hash("correct horse").unwrap();
        assert!(hash.as_str().starts_with('2') && hash.as_str()[1 + NAME_LEN..].starts_with("$2b$04$"));
        assert_eq!(hashing().verify("correct horse", &hash), RIGHT);
        assert_eq!(hashing().verify("correct horsf", &hash), PasswordCheck::Wrong);
        assert_eq!(hashing().verify("", &hash), PasswordCheck::Wrong);
        assert_ne!(hashing().hash("correct horse").unwrap(), hash, "the salt is fresh");
    }

    #[test]
    fn every_byte_counts_also_behind_byte_72_and_behind_a_zero() {
        for (one, other) in [
            (format!("{}a", "x".repeat(72)), format!("{}b", "x".repeat(72))),
            (format!("{}a", "x".repeat(1000)), format!("{}b", "x".repeat(1000))),
            ("abcdefgh\0a".to_owned(), "abcdefgh\0b".to_owned()),
        ] {
            let hash = hashing().hash(&one).unwrap();
            assert_eq!(hashing().verify(&one, &hash), RIGHT);
            assert_eq!(hashing().verify(&other, &hash), PasswordCheck::Wrong);
        }
    }

    #[test]
    fn another_pepper_matches_nothing() {
        let hash = hashing().hash("correct horse").unwrap();
        assert_eq!(with("salt", &[], 4).verify("correct horse", &hash), PasswordCheck::Wrong);
        let unnamed = without_name(&hash);
        assert_eq!(with("salt", &["sugar"], 4).verify("correct horse", &unnamed), PasswordCheck::Wrong);
    }

    #[test]
    fn another_cost_is_outdated_in_both_directions() {
        let outdated = PasswordCheck::Right { outdated: true };
        let dearer = with("pepper", &[], 5);
        let (cheap, dear) = (hashing().hash("pass word").unwrap(), dearer.hash("pass word").unwrap());
        assert_eq!(dearer.verify("pass word", &cheap), outdated);
        assert_eq!(hashing().verify("pass word", &dear), outdated);
        assert_eq!(dearer.verify("pass word", &dear), RIGHT);
    }

    #[test]
    fn a_hash_of_another_making_matches_nothing() {
        let hash = hashing().hash("correct horse").unwrap();
        let bare = hash.as_str()[1 + NAME_LEN..].to_owned();
        for text in
            [bare.clone(), format!("2{bare}"), format!("3{bare}"), "1$2b$04$short".to_owned(), String::new()]
        {
            let check = hashing().verify("correct horse", &PasswordHash::new(text.clone()));
            assert_eq!(check, PasswordCheck::Wrong, "{text}");
        }
    }

    #[test]
    fn a_hash_of_a_previous_pepper_is_right_and_outdated_and_what_is_made_anew_is_not() {
        let outdated = PasswordCheck::Right { outdated: true };
        let old = hashing().hash("correct horse").unwrap();
        let both = with("salt", &["pepper"], 4);
        for hash in [&old, &without_name(&old)] {
            assert_eq!(both.verify("correct horse", hash), outdated);
            assert_eq!(both.verify("correct horsf", hash), PasswordCheck::Wrong);
        }
        let new = both.hash("correct horse").unwrap();
        assert_eq!(both.verify("correct horse", &new), RIGHT);
        assert_eq!(with("salt", &[], 4).verify("correct horse", &new), RIGHT);
        assert_eq!(with("salt", &[], 4).verify("correct horse", &old), PasswordCheck::Wrong);
        assert_eq!(hashing().verify("correct horse", &without_name(&old)), outdated, "it is given a name");
    }

    /// Who has a hash of which kind would show by the time that a check takes.
    #[test]
    fn every_check_runs_bcrypt_as_often() {
        let runs = |hashing: &Hashing, hash: &PasswordHash| {
            hashing.trials(&PepperMark::of(hash.as_str()), hash.as_str()).len()
        };
        let (old, unknown) = (hashing().hash("one").unwrap(), with("sugar", &[], 4).hash("one").unwrap());
        let both = with("salt", &["pepper"], 4);
        let new = both.hash("one").unwrap();
        for hash in [&new, &old, &unknown, &without_name(&old), &both.decoy()] {
            assert_eq!(runs(&both, hash), 2, "{hash:?}");
        }
        // Where all hashes are known to name theirs, none costs more than one.
        let others = [Secret::new("pepper")];
        let named = Hashing::new(Peppers::new(&Secret::new("salt"), &others, false), 4);
        for hash in [&new, &old, &unknown, &named.decoy()] {
            assert_eq!(runs(&named, hash), 1, "{hash:?}");
        }
    }

    /// If bcrypt refused the decoy, checking it would take no time and unknown names would show.
    #[test]
    fn a_decoy_is_a_hash_of_the_same_cost() {
        let decoy = hashing().decoy();
        let parts: bcrypt::HashParts = decoy.as_str()[1 + NAME_LEN..].parse().unwrap();
        assert_eq!(parts.get_cost(), 4);
        assert_eq!(hashing().verify("", &decoy), PasswordCheck::Wrong);
        assert_ne!(decoy, hashing().decoy());
    }
}
