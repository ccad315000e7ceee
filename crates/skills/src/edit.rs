use crate::ports::Written;
use crate::register::SkillFields;
use crate::service::{OwnerError, Shared, Skills, caller, just_after};
use crate::{
    Listed, Protocol, RegisteredSkill, SkillAddress, SkillDescription, SkillModel, SkillName, SkillUrl,
};
use square_kernel::{Asker, Caller, FieldError, Invalid, Overtaken, Sealed, Secret, SkillId, Unavailable};
use square_limits::LimitError;
use std::sync::Arc;

/// Some fields of a skill; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct SkillPatch {
    /// Its name.
    pub name: Option<SkillName>,
    /// Where it is.
    pub url: Option<SkillUrl>,
    /// What it can answer.
    pub description: Option<SkillDescription>,
    /// How to talk to it.
    pub protocol: Option<Protocol>,
    /// The bearer token it wants to see; `Some(None)` takes it away.
    pub secret: Option<Option<Secret>>,
    /// The model that it is asked for; `Some(None)` takes it away.
    pub model: Option<Option<SkillModel>>,
}

/// Why a skill was not changed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EditError {
    /// Nobody is signed in.
    #[error("sign in first")]
    SignInRequired,
    /// There is no such skill, or the asker may not know of it.
    #[error("there is no such skill")]
    NotFound,
    /// It is somebody else's.
    #[error("the skill belongs to somebody else")]
    NotOwner,
    /// A field is at fault.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Another skill has this name.
    #[error("another skill has this name")]
    NameTaken,
    /// Too many addresses were probed of late, for the asker or at this host.
    #[error(transparent)]
    Limited(#[from] LimitError),
    /// They are signed in no more, or not as they were.
    #[error(transparent)]
    Overtaken(#[from] Overtaken),
    /// Try again later.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<OwnerError> for EditError {
    fn from(error: OwnerError) -> Self {
        match error {
            OwnerError::SignInRequired => Self::SignInRequired,
            OwnerError::NotFound => Self::NotFound,
            OwnerError::NotOwner => Self::NotOwner,
            OwnerError::Overtaken(error) => Self::Overtaken(error),
            OwnerError::Unavailable(error) => Self::Unavailable(error),
        }
    }
}

/// A patch that was checked and whose secret is sealed.
#[derive(Default)]
pub(crate) struct Checked {
    patch: SkillPatch,
    /// The secret to store where the patch names one.
    sealed: Option<Sealed>,
    /// The signing key to store, where there is a new one.
    signing: Option<Sealed>,
}

impl Skills {
    /// Replaces all that an owner says of a skill. A published skill stays published. The protocol, where it is left out,
    /// stays at the same address and is found out at another.
    pub async fn replace(
        &self,
        asker: &Asker,
        id: SkillId,
        fields: SkillFields,
    ) -> Result<Arc<Listed>, EditError> {
        let listed = self.shared.owned(asker, id).await?;
        let patch = SkillPatch {
            name: Some(fields.name),
            url: Some(fields.url),
            description: Some(fields.description),
            protocol: fields.protocol,
            secret: fields.secret.map(Some),
            model: Some(fields.model),
        };
        let mut checked = self.shared.check(&listed.skill, patch).await?;
        checked.find_protocol(&self.shared, &listed.skill).await?;
        let by = caller(asker);
        self.shared.carry_through(move |shared| async move { shared.update(id, checked, by).await }).await
    }

    /// Replaces some of what an owner says of a skill. A published skill stays published.
    pub async fn patch(
        &self,
        asker: &Asker,
        id: SkillId,
        patch: SkillPatch,
    ) -> Result<Arc<Listed>, EditError> {
        let listed = self.shared.owned(asker, id).await?;
        let checked = self.shared.check(&listed.skill, patch).await?;
        let by = caller(asker);
        self.shared.carry_through(move |shared| async move { shared.update(id, checked, by).await }).await
    }
}

impl Shared {
    async fn check(&self, skill: &RegisteredSkill, patch: SkillPatch) -> Result<Checked, Invalid> {
        let mut invalid = Invalid::default();
        let secret = patch.secret.as_ref().and_then(Option::as_ref);
        let sealed = invalid.collect(self.seal(secret)).flatten();
        match (&skill.address, &patch.url) {
            (SkillAddress::Builtin(_), _) if patch.url.is_some() || patch.protocol.is_some() => {
                invalid.0.push(FieldError::new("url", "of a built-in skill cannot be changed"));
            }
            (SkillAddress::Remote { .. }, Some(url)) => {
                invalid.collect(self.parts.guard.check(url).await);
            }
            _ => {}
        }
        invalid.into_result()?;
        Ok(Checked { patch, sealed, signing: None })
    }

    pub(crate) async fn update(
        &self,
        id: SkillId,
        checked: Checked,
        by: Option<Caller>,
    ) -> Result<Arc<Listed>, EditError> {
        let _changing = self.turn().await?;
        loop {
            // As it is now: of two patches to different fields both must be kept.
            let mut skill = self.parts.store.find(id).await?.ok_or(EditError::NotFound)?;
            // Once the directory has it, nobody can tell any more that the learners do not know it yet.
            self.take_over(&skill);
            let seen = skill.updated_at;
            checked.apply(&mut skill);
            skill.updated_at = self.moment_of_change(id).max(just_after(seen));
            match self.parts.store.update(&skill, seen, by).await? {
                Written::Done => return self.list(skill).ok_or(EditError::NotFound),
                Written::NameTaken => return Err(EditError::NameTaken),
                Written::Gone => return Err(EditError::NotFound),
                Written::Overtaken => return Err(Overtaken.into()),
                // Another instance was faster.
                Written::Changed => {}
                Written::TooMany => return Err(Unavailable::new("the store counts skills at an edit").into()),
            }
        }
    }
}

impl Checked {
    /// A new signing key, and nothing else.
    pub(crate) fn with_signing_key(sealed: Sealed) -> Self {
        Self { signing: Some(sealed), ..Self::default() }
    }

    /// Adds the protocol where it was left out and the address is another one.
    async fn find_protocol(&mut self, shared: &Shared, skill: &RegisteredSkill) -> Result<(), LimitError> {
        let (SkillAddress::Remote { url: old, .. }, Some(new)) = (&skill.address, &self.patch.url) else {
            return Ok(());
        };
        if self.patch.protocol.is_some() || old == new {
            return Ok(());
        }
        let secret = match &self.patch.secret {
            Some(secret) => secret.clone(),
            None => shared.open_secret(skill),
        };
        self.patch.protocol = Some(shared.protocol_at(skill.owner, new, secret.as_ref()).await?);
        Ok(())
    }

    fn apply(&self, skill: &mut RegisteredSkill) {
        if let Some(name) = &self.patch.name {
            skill.name = name.clone();
        }
        if let Some(description) = &self.patch.description {
            skill.description = description.clone();
        }
        if self.patch.secret.is_some() {
            skill.secret.clone_from(&self.sealed);
        }
        if let Some(model) = &self.patch.model {
            skill.model.clone_from(model);
        }
        if self.signing.is_some() {
            skill.signing.clone_from(&self.signing);
        }
        if let SkillAddress::Remote { url, protocol } = &mut skill.address {
            if let Some(new) = &self.patch.url {
                *url = new.clone();
            }
            if let Some(new) = self.patch.protocol {
                *protocol = new;
            }
        }
    }
}
