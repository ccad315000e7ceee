use crate::{Candidate, Question, Router, Selection, Selector, SelectorRef, SkillRef};
use square_kernel::{Asker, Invalid};
use square_skills::{Listed, Snapshot};
use std::sync::Arc;

/// The skills a question may go to.
pub(crate) struct Candidates {
    pub(crate) skills: Vec<Arc<Listed>>,
    /// Whether the asker named them.
    pub(crate) named: bool,
}

impl Candidates {
    /// Their ids, as selectors know them.
    pub(crate) fn ids(&self) -> Vec<Candidate> {
        self.skills.iter().map(|listed| listed.skill.id).collect()
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
    ) -> Result<Candidates, Invalid> {
        let snapshot = self.parts.directory.snapshot();
        match &question.selection {
            Selection::Published => {
                let skills = snapshot.all().iter().filter(|listed| listed.skill.published).cloned().collect();
                Ok(Candidates { skills, named: false })
            }
            Selection::Only { field, skills } => {
                let mut named: Vec<Arc<Listed>> = Vec::with_capacity(skills.len());
                for skill in skills {
                    let listed = find(&snapshot, skill)
                        .filter(|listed| listed.skill.visible_to(asker))
                        .ok_or_else(|| unknown(field, skill))?;
                    let askable = listed.skill.published || selector.asks_unpublished();
                    if askable && !named.iter().any(|other| other.skill.id == listed.skill.id) {
                        named.push(Arc::clone(listed));
                    }
                }
                Ok(Candidates { skills: named, named: true })
            }
        }
    }
}

fn find<'a>(snapshot: &'a Snapshot, skill: &SkillRef) -> Option<&'a Arc<Listed>> {
    match skill {
        SkillRef::Id(id) => snapshot.by_id(*id),
        SkillRef::Name(name) => snapshot.by_name(name),
    }
}

fn unknown(field: &'static str, skill: &SkillRef) -> Invalid {
    let name = match skill {
        SkillRef::Id(id) => id.to_string(),
        SkillRef::Name(name) => name.chars().take(50).collect(),
    };
    Invalid::field(field, format!("names a skill that does not exist: {name}"))
}
