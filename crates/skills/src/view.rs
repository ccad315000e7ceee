use crate::Listed;
use crate::service::Skills;
use square_kernel::{Asker, SkillId};
use std::sync::Arc;

impl Skills {
    /// Grows with every change to any skill and to whether it is asked, so that what was made of [`Skills::list`] can be kept until it
    /// is stale: ask for this first, then for the list.
    pub fn revision(&self) -> u64 {
        self.shared.parts.directory.revision()
    }

    /// All skills the asker may know of, oldest first.
    pub fn list(&self, asker: &Asker) -> Vec<Arc<Listed>> {
        let snapshot = self.shared.parts.directory.snapshot();
        snapshot.all().iter().filter(|listed| listed.skill.visible_to(asker)).cloned().collect()
    }

    /// The asker's own skills, oldest first.
    pub fn owned(&self, asker: &Asker) -> Vec<Arc<Listed>> {
        let snapshot = self.shared.parts.directory.snapshot();
        snapshot.all().iter().filter(|listed| asker.is(listed.skill.owner)).cloned().collect()
    }

    /// The skill of this name, in any case, when the asker may know of it.
    pub fn find_by_name(&self, asker: &Asker, name: &str) -> Option<Arc<Listed>> {
        let snapshot = self.shared.parts.directory.snapshot();
        snapshot.by_name(name).filter(|listed| listed.skill.visible_to(asker)).cloned()
    }

    /// One skill, when the asker may know of it.
    pub fn find(&self, asker: &Asker, id: SkillId) -> Option<Arc<Listed>> {
        let snapshot = self.shared.parts.directory.snapshot();
        snapshot.by_id(id).filter(|listed| listed.skill.visible_to(asker)).cloned()
    }
}
