use crate::edit::{Checked, EditError};
use crate::service::{Shared, Skills, caller};
use crate::{RegisteredSkill, SkillAddress};
use square_kernel::{Asker, Invalid, Sealed, SkillId};
use std::fmt;
use zeroize::Zeroizing;

/// The key that calls to a skill are signed with, in the clear.
pub struct SigningKey(Zeroizing<[u8; SigningKey::BYTES]>);

impl SigningKey {
    /// How long a key is: as long as Standard Webhooks want it at least.
    pub const BYTES: usize = 24;

    /// The key itself.
    pub fn bytes(&self) -> &[u8] {
        &self.0[..]
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

impl Skills {
    /// Gives one's own remote skill a new key to sign calls with, in the place of the one it has. It is shown this once.
    pub async fn rotate_signing_key(&self, asker: &Asker, id: SkillId) -> Result<SigningKey, EditError> {
        let listed = self.shared.owned(asker, id).await?;
        if let SkillAddress::Builtin(_) = listed.skill.address {
            return Err(Invalid::field("id", "names a built-in skill, to which no calls are made").into());
        }
        let (key, sealed) = self.shared.new_signing_key();
        let checked = Checked::with_signing_key(sealed);
        let by = caller(asker);
        self.shared.carry_through(move |shared| async move { shared.update(id, checked, by).await }).await?;
        Ok(key)
    }
}

impl Shared {
    /// A new key, in the clear and as it is stored.
    pub(crate) fn new_signing_key(&self) -> (SigningKey, Sealed) {
        let mut key = Zeroizing::new([0; SigningKey::BYTES]);
        self.parts.randomness.fill(&mut key[..]);
        let sealed = self.parts.sealer.seal(RegisteredSkill::SIGNING_PURPOSE, &key[..]);
        (SigningKey(key), sealed)
    }
}
