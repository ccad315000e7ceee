use crate::ports::TokenRejected;
use crate::service::Accounts;
use square_kernel::{Asker, Identity, Permissions};
use std::sync::{Arc, PoisonError};

impl Accounts {
    /// Who holds an access token. Reads no database: the token's signature and the set of ended sessions in
    /// memory decide. A token whose session has ended counts as expired. Whoever has signed in may do what
    /// everybody may, and what the token says.
    pub fn authenticate(&self, access_token: &str) -> Result<Asker, TokenRejected> {
        let claims = self.parts.signer.verify(access_token, self.now())?;
        if self.revocations.contains(claims.session) {
            return Err(TokenRejected::Expired);
        }
        let identity = Identity {
            user: claims.user,
            session: claims.session,
            username: claims.username,
            roles: claims.roles,
        };
        let everybody = self.everybodys_permissions();
        let permissions = if everybody.iter().next().is_none() {
            claims.permissions
        } else {
            everybody.iter().chain(claims.permissions.iter()).cloned().collect()
        };
        Ok(Asker { identity: Some(identity), permissions })
    }

    /// Anybody, with what the operator grants to everybody.
    pub fn anonymous(&self) -> Asker {
        Asker::anonymous(self.everybodys_permissions())
    }

    fn everybodys_permissions(&self) -> Permissions {
        self.everybody.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The public signing keys as a JSON Web Key Set, as JSON text.
    pub fn jwks(&self) -> Arc<str> {
        self.parts.signer.jwks()
    }
}
