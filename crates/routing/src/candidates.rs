use crate::{Candidate, Exclusion, Question, Router, Selection, Selector, SelectorRef, SkillRef};
use square_kernel::{Asker, Invalid};
use square_skills::{Listed, Snapshot};
use std::sync::Arc;

/// How many skills that the asker did not name are noted as ones that could not be asked.
const UNASKED: usize = 20;

/// The skills a question may go to.
#[derive(Default)]
pub(crate) struct Candidates {
    pub(crate) skills: Vec<Arc<Listed>>,
    /// Whether the asker named them.
    pub(crate) named: bool,
    /// Those that cannot be asked although the asker may have thought of them.
    pub(crate) barred: Vec<Barred>,
    /// The first of the asker's names that leads to no skill.
    pub(crate) unknown: Option<Invalid>,
}

/// A skill that cannot be asked, whatever its score.
pub(crate) struct Barred {
    /// Missing where a name leads to none.
    pub(crate) skill: Option<Arc<Listed>>,
    pub(crate) name: String,
    pub(crate) reason: Exclusion,
}

impl Candidates {
    /// Their ids, as selectors know them.
    pub(crate) fn ids(&self) -> Vec<Candidate> {
        self.skills.iter().map(|listed| listed.skill.id).collect()
    }

    fn bar(&mut self, listed: &Arc<Listed>, reason: Exclusion) {
        let name = listed.skill.name.to_string();
        self.barred.push(Barred { skill: Some(Arc::clone(listed)), name, reason });
    }

    fn holds(&self, listed: &Listed) -> bool {
        let same = |other: &Arc<Listed>| other.skill.id == listed.skill.id;
        self.skills.iter().any(same)
            || self.barred.iter().filter_map(|barred| barred.skill.as_ref()).any(same)
    }
}

impl Router {
    /// The selector asked for, or the default one.
    pub(crate) fn selector(&self, question: &Question) -> Result<&Arc<dyn Selector>, Invalid> {
        let selectors = &self.parts.selectors;
        let (field, found) = match &question.selector {
            Some(SelectorRef { field, name }) => {
                (*field, selectors.iter().find(|selector| selector.name().eq_ignore_ascii_case(name)))
            }
            None => ("selector", selectors.first()),
        };
        found.ok_or_else(|| {
            let names: Vec<&str> = selectors.iter().map(|selector| selector.name()).collect();
            Invalid::field(field, format!("must be one of {}", names.join(", ")))
        })
    }

    /// The skills that `asker` lets the question go to. A skill that they may not see is as unknown to them
    /// as one that does not exist.
    pub(crate) fn candidates(
        &self,
        asker: &Asker,
        question: &Question,
        selector: &dyn Selector,
    ) -> Candidates {
        let snapshot = self.parts.directory.snapshot();
        match &question.selection {
            Selection::Published => published(&snapshot, asker),
            Selection::Only { field, skills } => {
                let mut candidates = Candidates { named: true, ..Candidates::default() };
                for skill in skills {
                    let listed = find(&snapshot, skill).filter(|listed| listed.skill.visible_to(asker));
                    let Some(listed) = listed else {
                        candidates.unknown.get_or_insert_with(|| unknown(field, skill));
                        let (name, reason) = (called(skill), Exclusion::NotAllowed);
                        candidates.barred.push(Barred { skill: None, name, reason });
                        continue;
                    };
                    if candidates.holds(listed) {
                        continue;
                    }
                    match barred(listed, selector.asks_unpublished()) {
                        None => candidates.skills.push(Arc::clone(listed)),
                        Some(reason) => candidates.bar(listed, reason),
                    }
                }
                candidates
            }
        }
    }
}

/// Every published skill. Of the others the asker may have thought of their own.
fn published(snapshot: &Snapshot, asker: &Asker) -> Candidates {
    let mut candidates = Candidates::default();
    for listed in snapshot.all() {
        match barred(listed, false).or_else(|| out(listed)) {
            None => candidates.skills.push(Arc::clone(listed)),
            Some(reason) if candidates.barred.len() < UNASKED && listed.skill.visible_to(asker) => {
                candidates.bar(listed, reason);
            }
            Some(_) => {}
        }
    }
    candidates
}

/// Why a skill cannot be asked at all, where it cannot.
fn barred(listed: &Listed, asks_unpublished: bool) -> Option<Exclusion> {
    (!listed.skill.published && !asks_unpublished).then_some(Exclusion::Unpublished)
}

/// Whether a skill is left alone for a while. One that was named is asked all the same and says so itself; others take
/// its place where nobody was named. It is pinged without anybody asking, so it is not left alone for good.
fn out(listed: &Listed) -> Option<Exclusion> {
    let outage = listed.answers.outage()?;
    outage.next_probe.map(|_| Exclusion::BreakerOpen)
}

fn find<'a>(snapshot: &'a Snapshot, skill: &SkillRef) -> Option<&'a Arc<Listed>> {
    match skill {
        SkillRef::Id(id) => snapshot.by_id(*id),
        SkillRef::Name(name) => snapshot.by_name(name),
    }
}

fn unknown(field: &'static str, skill: &SkillRef) -> Invalid {
    Invalid::field(field, format!("names a skill that does not exist: {}", called(skill)))
}

/// What the asker called it.
fn called(skill: &SkillRef) -> String {
    match skill {
        SkillRef::Id(id) => id.to_string(),
        SkillRef::Name(name) => name.chars().take(50).collect(),
    }
}
