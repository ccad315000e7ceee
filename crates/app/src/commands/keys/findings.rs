use crate::assembly::{Vault, required};
use crate::secrets::{SecretFile, previous};
use crate::settings::Settings;
use jiff::Timestamp;
use square_kernel::{Clock, KeyId, Unavailable};
use square_passwords::{PepperMark, PepperName};
use square_persistence::{IssuedUnder, SealedValues};

/// How a key or salt stands to the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Current,
    Previous,
    /// Nothing under it can be used.
    Unknown,
}

impl Standing {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Previous => "previous",
            Self::Unknown => "unknown",
        }
    }

    fn of<T: PartialEq>(one: &T, known: &[T]) -> Self {
        match known.iter().position(|other| other == one) {
            Some(0) => Self::Current,
            Some(_) => Self::Previous,
            None => Self::Unknown,
        }
    }
}

/// Passwords that were hashed with one salt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Salted {
    /// What names the salt; `None` where the hashes name none.
    pub(super) salt: Option<String>,
    pub(super) standing: Standing,
    pub(super) accounts: u64,
}

/// What hangs on which key.
#[derive(Debug)]
pub(super) struct Findings {
    /// Those that the settings name, the current one first.
    pub(super) keys: Vec<KeyId>,
    pub(super) values: Vec<SealedValues>,
    pub(super) sessions: Vec<IssuedUnder>,
    pub(super) passwords: Vec<Salted>,
    /// Where previous secrets come from.
    from: String,
}

impl Findings {
    pub(super) async fn of(vault: &Vault, settings: &Settings) -> Result<Self, Unavailable> {
        let salts: Vec<PepperName> = std::iter::once(required(&settings.passwords.salt))
            .chain(settings.passwords.salt_previous.get())
            .map(PepperName::of)
            .collect();
        let marks = vault.stores.password_marks().await?;
        let salted = |mark: square_persistence::PasswordMark| {
            let (salt, standing) = match PepperMark::of(&mark.beginning) {
                PepperMark::Named(name) => (Some(name.as_str().to_owned()), Standing::of(&name, &salts)),
                PepperMark::Unnamed if salts.len() > 1 => (None, Standing::Previous),
                PepperMark::Unnamed => (None, Standing::Current),
                PepperMark::Unknown => (None, Standing::Unknown),
            };
            Salted { salt, standing, accounts: mark.accounts }
        };
        let file = previous(&SecretFile::SecretKey.path(settings));
        let from = if file.exists() {
            format!("delete {}", file.display())
        } else {
            "empty SECRET_KEY_PREVIOUS".to_owned()
        };
        Ok(Self {
            keys: vault.sealer.keys(),
            values: vault.stores.sealed_values().await?,
            sessions: vault.stores.sessions_by_key(vault.clock.now()).await?,
            passwords: marks.into_iter().map(salted).collect(),
            from,
        })
    }

    pub(super) fn standing(&self, key: Option<KeyId>) -> Standing {
        key.map_or(Standing::Unknown, |key| Standing::of(&key, &self.keys))
    }

    /// How the key of a session's refresh token stands. Earlier versions did not note it: it may be any previous one.
    pub(super) fn standing_of(&self, issued: &IssuedUnder) -> Standing {
        match &issued.key {
            Some(id) => {
                let known: Vec<String> = self.keys.iter().map(ToString::to_string).collect();
                Standing::of(id, &known)
            }
            None if self.keys.len() > 1 => Standing::Previous,
            None => Standing::Current,
        }
    }

    /// Why previous secrets are still needed, where `instances` servers run with another current key.
    pub(super) fn reasons(&self, instances: usize) -> Vec<String> {
        let mut reasons = Vec::new();
        let values = |standing| -> u64 {
            let those = self.values.iter().filter(|counted| self.standing(counted.key) == standing);
            those.map(|counted| counted.values).sum()
        };
        match values(Standing::Previous) {
            0 => {}
            1 => reasons.push("1 value is sealed under a previous key: run this again.".to_owned()),
            more => reasons.push(format!("{more} values are sealed under a previous key: run this again.")),
        }
        let unknown = values(Standing::Unknown);
        if unknown > 0 {
            reasons.push(format!(
                "{unknown} values are sealed under keys that no setting names; add their secret to SECRET_KEY_PREVIOUS, or give them up."
            ));
        }
        let waiting = self.sessions.iter().filter(|issued| self.standing_of(issued) == Standing::Previous);
        let (sessions, until) = waiting.fold((0, Timestamp::MIN), |(sessions, until), issued| {
            (sessions + issued.sessions, until.max(issued.until))
        });
        if sessions > 0 {
            let those =
                if sessions == 1 { "1 session has".to_owned() } else { format!("{sessions} sessions have") };
            reasons.push(format!(
                "{those} not been refreshed since the key changed and would end; they are refreshed or over by {until}."
            ));
        }
        if instances > 0 {
            let those =
                if instances == 1 { "1 server runs".to_owned() } else { format!("{instances} servers run") };
            reasons.push(format!(
                "{those} with another SECRET_KEY: restart with the same settings, then run this again."
            ));
        }
        reasons
    }

    /// What can be done where there is no reason against it.
    pub(super) fn may_go(&self) -> String {
        if self.keys.len() == 1 {
            return "No previous secret is set, and none is needed.".to_owned();
        }
        format!("Previous secrets are not needed any more: {} and restart.", self.from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: KeyId = KeyId([1; 4]);
    const OLD: KeyId = KeyId([2; 4]);
    const LOST: KeyId = KeyId([3; 4]);

    fn findings(values: &[(KeyId, u64)], sessions: &[(Option<KeyId>, u64)]) -> Findings {
        let sealed =
            |(key, values): &(KeyId, u64)| SealedValues { what: "letters", key: Some(*key), values: *values };
        let issued = |(key, sessions): &(Option<KeyId>, u64)| IssuedUnder {
            key: key.map(|key| key.to_string()),
            sessions: *sessions,
            until: Timestamp::UNIX_EPOCH,
        };
        Findings {
            keys: vec![NEW, OLD],
            values: values.iter().map(sealed).collect(),
            sessions: sessions.iter().map(issued).collect(),
            passwords: Vec::new(),
            from: "empty SECRET_KEY_PREVIOUS".to_owned(),
        }
    }

    #[test]
    fn what_is_under_the_current_key_needs_no_previous_one() {
        let findings = findings(&[(NEW, 7)], &[(Some(NEW), 3)]);
        assert_eq!(findings.reasons(0), Vec::<String>::new());
        assert!(findings.may_go().contains("SECRET_KEY_PREVIOUS"));
    }

    #[test]
    fn each_thing_that_needs_a_previous_key_is_named() {
        for (findings, instances, word) in [
            (findings(&[(NEW, 1), (OLD, 1)], &[]), 0, "1 value is sealed under a previous key"),
            (findings(&[(OLD, 2)], &[]), 0, "2 values"),
            (findings(&[(LOST, 2)], &[]), 0, "no setting names"),
            (findings(&[], &[(Some(OLD), 1), (Some(NEW), 4)]), 0, "1 session has"),
            (findings(&[], &[(Some(OLD), 1), (None, 2)]), 0, "3 sessions have"),
            (findings(&[], &[]), 2, "2 servers run"),
        ] {
            let reasons = findings.reasons(instances);
            assert!(reasons.len() == 1 && reasons[0].contains(word), "{reasons:?}");
        }
    }

    #[test]
    fn sessions_of_a_key_that_nobody_knows_are_lost_already() {
        assert!(findings(&[], &[(Some(LOST), 5)]).reasons(0).is_empty());
    }

    #[test]
    fn with_one_key_what_does_not_say_its_key_is_of_that_one() {
        let alone = Findings { keys: vec![NEW], ..findings(&[(NEW, 1)], &[(None, 2)]) };
        assert!(alone.reasons(0).is_empty());
        assert!(alone.may_go().starts_with("No previous secret is set"));
    }
}
