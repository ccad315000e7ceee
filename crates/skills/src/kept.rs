use sha2::{Digest, Sha256};
use square_kernel::SkillId;
use std::fmt;
use std::sync::Arc;

/// Which example questions something was made from, in short: equal where they are equal, in every instance and
/// every run (SHA-256).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExamplesVersion(pub [u8; 32]);

impl ExamplesVersion {
    /// That of one skill's examples, in their order.
    pub fn of_skill(questions: &[String]) -> Self {
        let mut digest = Sha256::new();
        for question in questions {
            digest.update(question.len().to_be_bytes());
            digest.update(question);
        }
        Self(digest.finalize().into())
    }

    /// That of the examples of several skills, each once, in whatever order.
    pub fn of_all(skills: impl IntoIterator<Item = (SkillId, Self)>) -> Self {
        let mut skills: Vec<_> = skills.into_iter().collect();
        skills.sort_unstable_by_key(|(skill, _)| *skill);
        let mut digest = Sha256::new();
        for (skill, Self(version)) in skills {
            digest.update(skill.uuid());
            digest.update(version);
        }
        Self(digest.finalize().into())
    }
}

impl fmt::Debug for ExamplesVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What a selector learnt, to be kept over a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptModel {
    /// The examples that it was made from.
    pub version: ExamplesVersion,
    /// The selector alone knows what they mean, and whether it can still read them.
    pub bytes: Arc<[u8]>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use square_kernel::{OsRandomness, SystemClock};

    fn version(questions: &[&str]) -> ExamplesVersion {
        let questions: Vec<_> = questions.iter().map(|&question| question.to_owned()).collect();
        ExamplesVersion::of_skill(&questions)
    }

    #[test]
    fn what_is_different_has_another_version() {
        let versions = [&["ab", "c"][..], &["a", "bc"], &["c", "ab"], &["abc"], &[]].map(version);
        for (place, one) in versions.iter().enumerate() {
            assert!(versions[place + 1..].iter().all(|other| other != one), "{place}");
        }
        let [one, other] = [(); 2].map(|()| SkillId::new(&SystemClock, &OsRandomness));
        let both = [(one, versions[0]), (other, versions[1])];
        let exchanged = [(one, versions[1]), (other, versions[0])];
        let [second, first] = [both[1], both[0]];
        assert_eq!(ExamplesVersion::of_all(both), ExamplesVersion::of_all([second, first]));
        assert_ne!(ExamplesVersion::of_all(both), ExamplesVersion::of_all(exchanged));
        assert_ne!(ExamplesVersion::of_all(both), ExamplesVersion::of_all([both[0]]));
    }
}
