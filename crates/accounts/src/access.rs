use crate::ports::TokenRejected;
use crate::service::Accounts;
use square_kernel::{Asker, Identity};
use std::sync::{Arc, PoisonError};

impl Accounts {
    /// Who holds an access token. Reads no database: the token's signature and the set of ended sessions in
    /// memory decide. A token whose session has ended counts as expired.
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
        Ok(Asker { identity: Some(identity), permissions: claims.permissions })
    }

    /// Anybody, with what the operator grants to everybody.
    pub fn anonymous(&self) -> Asker {
        let permissions = self.everybody.read().unwrap_or_else(PoisonError::into_inner);
        Asker::anonymous(permissions.clone())
    }

    /// The public signing keys as a JSON Web Key Set, as JSON text.
    pub fn jwks(&self) -> Arc<str> {
        self.parts.signer.jwks()
    }
}
