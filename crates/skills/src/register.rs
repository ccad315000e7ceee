use crate::ports::Written;
use crate::service::{Shared, Skills, caller};
use crate::{
    BuiltinName, Listed, Protocol, RegisteredSkill, SkillAddress, SkillDescription, SkillModel, SkillName,
    SkillUrl,
};
use square_kernel::{
    Asker, Caller, FieldError, Invalid, Overtaken, Sealed, Secret, SkillId, Unavailable, UserId,
};
use square_limits::LimitError;
use std::sync::Arc;

/// What an owner says of a remote skill.
#[derive(Debug, Clone)]
pub struct SkillFields {
    /// Its name.
    pub name: SkillName,
    /// Where it is.
    pub url: SkillUrl,
    /// What it can answer.
    pub description: SkillDescription,
    /// How to talk to it. `None` has it found out by calling it; one that cannot be recognised is taken to speak the
    /// default one.
    pub protocol: Option<Protocol>,
    /// The bearer token it wants to see: 1 to 1000 printable ASCII characters. `None` at registration means
    /// that it wants none, at a replacement that the one it has stays: a client that sends back what it was
    /// shown does not have it.
    pub secret: Option<Secret>,
    /// The model that it is asked for, where its protocol has models and not any one will do.
    pub model: Option<SkillModel>,
}

/// Why a skill was not registered.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RegisterError {
    /// Nobody is signed in.
    #[error("sign in first")]
    SignInRequired,
    /// The account may not own skills: its address is not confirmed, or it is suspended.
    #[error("confirm your e-mail address first")]
    NotConfirmed,
    /// A field is at fault.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Another skill has this name.
    #[error("another skill has this name")]
    NameTaken,
    /// The account owns as many skills as it may.
    #[error("an account may own at most {0} skills")]
    TooManySkills(u32),
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

impl Skills {
    /// Registers a remote skill, unpublished. Of any number of calls with one name, one succeeds.
    pub async fn register(&self, asker: &Asker, fields: SkillFields) -> Result<Arc<Listed>, RegisterError> {
        let parts = &self.shared.parts;
        let owner = asker.user().ok_or(RegisterError::SignInRequired)?;
        if !parts.store.may_own(owner).await? {
            return Err(RegisterError::NotConfirmed);
        }
        let mut invalid = Invalid::default();
        let secret = invalid.collect(self.shared.seal(fields.secret.as_ref()));
        invalid.collect(parts.guard.check(&fields.url).await);
        invalid.into_result()?;
        let protocol = match fields.protocol {
            Some(protocol) => protocol,
            None => self.shared.protocol_at(owner, &fields.url, fields.secret.as_ref()).await?,
        };
        let address = SkillAddress::Remote { url: fields.url, protocol };
        let skill = self.new_skill(owner, fields.name, fields.description, address);
        let (_, signing) = self.shared.new_signing_key();
        let secret = secret.flatten();
        self.insert(
            RegisteredSkill { secret, signing: Some(signing), model: fields.model, ..skill },
            caller(asker),
            parts.most_per_owner,
        )
        .await
    }

    /// Registers a part of this process as a skill, unpublished. A skill of that name which is this part
    /// already is returned as it is.
    pub async fn register_builtin(
        &self,
        owner: UserId,
        name: SkillName,
        description: SkillDescription,
        part: BuiltinName,
    ) -> Result<Arc<Listed>, RegisterError> {
        let address = SkillAddress::Builtin(part);
        let snapshot = self.shared.parts.directory.snapshot();
        match snapshot.by_name(name.as_str()) {
            Some(listed) if listed.skill.address == address => Ok(Arc::clone(listed)),
            Some(_) => Err(RegisterError::NameTaken),
            None => {
                let skill = self.new_skill(owner, name.clone(), description, address.clone());
                match self.insert(skill, None, None).await {
                    Err(RegisterError::NameTaken) => self.registered_elsewhere(&name, &address).await,
                    registered => registered,
                }
            }
        }
    }

    /// The skill of this name where another process has registered this part as it a moment ago, or this one has not read any yet.
    async fn registered_elsewhere(
        &self,
        name: &SkillName,
        address: &SkillAddress,
    ) -> Result<Arc<Listed>, RegisterError> {
        let _changing = self.shared.turn().await?;
        let stored = self.shared.parts.store.all().await?;
        let is_it = |skill: &RegisteredSkill| skill.name.key() == name.key() && skill.address == *address;
        let skill = stored.into_iter().find(is_it).ok_or(RegisterError::NameTaken)?;
        let id = skill.id;
        self.shared.take_over(&skill);
        let snapshot = self.shared.parts.directory.snapshot();
        snapshot.by_id(id).cloned().ok_or(RegisterError::NameTaken)
    }

    fn new_skill(
        &self,
        owner: UserId,
        name: SkillName,
        description: SkillDescription,
        address: SkillAddress,
    ) -> RegisteredSkill {
        let parts = &self.shared.parts;
        let now = parts.clock.now();
        RegisteredSkill {
            id: SkillId::new(&*parts.clock, &*parts.randomness),
            owner,
            name,
            description,
            address,
            secret: None,
            signing: None,
            model: None,
            published: false,
            samples: Arc::default(),
            created_at: now,
            updated_at: now,
        }
    }

    async fn insert(
        &self,
        skill: RegisteredSkill,
        by: Option<Caller>,
        at_most: Option<u32>,
    ) -> Result<Arc<Listed>, RegisterError> {
        let insert = |shared: Arc<Shared>| async move {
            let _changing = shared.turn().await?;
            match shared.parts.store.insert(&skill, by, at_most).await? {
                Written::Done => shared.list(skill).ok_or_else(|| Unavailable::new("removed at once").into()),
                Written::NameTaken => Err(RegisterError::NameTaken),
                Written::TooMany => Err(RegisterError::TooManySkills(at_most.unwrap_or_default())),
                Written::Overtaken => Err(Overtaken.into()),
                Written::Gone | Written::Changed => {
                    Err(Unavailable::new("the store says a new skill is another already").into())
                }
            }
        };
        self.shared.carry_through(insert).await
    }
}

impl Shared {
    /// The protocol that is spoken at an address that was checked; the default one where none is recognised.
    pub(crate) async fn protocol_at(
        &self,
        owner: UserId,
        url: &SkillUrl,
        secret: Option<&Secret>,
    ) -> Result<Protocol, LimitError> {
        self.count_probe(owner, url).await?;
        Ok(self.parts.prober.detect(url, secret).await.unwrap_or_default())
    }

    /// The bearer token of a skill, in the clear; `None` also where it cannot be opened any more.
    pub(crate) fn open_secret(&self, skill: &RegisteredSkill) -> Option<Secret> {
        let opened = self.parts.sealer.open(RegisteredSkill::SECRET_PURPOSE, skill.secret.as_ref()?).ok()?;
        std::str::from_utf8(&opened).ok().map(Secret::new)
    }

    /// Seals a bearer token that can stand in a header.
    pub(crate) fn seal(&self, secret: Option<&Secret>) -> Result<Option<Sealed>, FieldError> {
        let Some(secret) = secret else { return Ok(None) };
        let plain = secret.expose().as_bytes();
        if !(1..=1000).contains(&plain.len()) || !plain.iter().all(u8::is_ascii_graphic) {
            return Err(FieldError::new(
                "secret",
                "must be 1 to 1000 printable ASCII characters without blanks",
            ));
        }
        Ok(Some(self.parts.sealer.seal(RegisteredSkill::SECRET_PURPOSE, plain)))
    }
}
