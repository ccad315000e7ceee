use crate::ports::TokenRejected;
use crate::service::Accounts;
use square_kernel::{Asker, Identity, Permissions};
use std::sync::{Arc, PoisonError};

impl Accounts {
    /// Who holds an access token. Reads no database: the token's signature and what is in memory of ended sessions
    /// and changed rights decide. A token whose session has ended counts as expired, and so does one that was made
    /// before its account's roles changed: the next one, got by refreshing, says what is true now. Whoever has signed
    /// in may do what everybody may, and what the token says.
    pub fn authenticate(&self, access_token: &str) -> Result<Asker, TokenRejected> {
        let claims = self.parts.signer.verify(access_token, self.now())?;
        if self.revocations.revoked(&claims) {
            return Err(TokenRejected::Expired);
        }
        let identity = Identity {
            user: claims.user,
            session: claims.session,
            username: claims.username,
            roles: claims.roles,
            rights: claims.rights,
        };
        let everybody = self.everybodys_permissions();
        let permissions = if everybody.iter().next().is_none() {
            claims.permissions
        } else {
            everybody.iter().chain(claims.permissions.iter()).cloned().collect()
        };
        Ok(Asker::signed_in(identity, permissions))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::LoginName;
    use crate::testing::TestAccounts;
    use crate::testing::watched::{MockCalls, watched};
    use jiff::SignedDuration;

    #[tokio::test]
    async fn a_token_tells_who_holds_it_and_what_they_may_do_without_the_database() {
        let test = TestAccounts::default();
        test.register("Ada").await;
        let ada = LoginName::Username("ada".to_owned());
        test.accounts.grant_role(&ada, "casting_assistant", &crate::Actor::default()).await.unwrap();
        let signed_in = test.sign_in("ada").await;
        let test = watched(&test, MockCalls::new());
        let asker = test.accounts.authenticate(signed_in.tokens.access.expose()).unwrap();
        assert!(asker.may("get:movies") && !asker.may("post:movies"));
        let identity = asker.identity.unwrap();
        assert_eq!((identity.user, identity.session), (signed_in.account.id, signed_in.session));
        assert_eq!(
            (&*identity.username, &identity.roles[..]),
            ("Ada", &["casting_assistant".into(), "user".into()][..])
        );
    }

    #[tokio::test]
    async fn an_expired_token_and_junk_are_told_apart() {
        let test = TestAccounts::default();
        test.register("ada").await;
        let signed_in = test.sign_in("ada").await;
        let authenticate = |token: &str| test.accounts.authenticate(token).map(|_| ());
        assert_eq!(authenticate("junk"), Err(TokenRejected::Invalid));
        test.clock.advance(TestAccounts::policy().access_token_lifetime - SignedDuration::from_secs(1));
        assert_eq!(authenticate(signed_in.tokens.access.expose()), Ok(()));
        test.clock.advance(SignedDuration::from_secs(1));
        assert_eq!(authenticate(signed_in.tokens.access.expose()), Err(TokenRejected::Expired));
    }

    #[tokio::test]
    async fn what_everybody_may_the_signed_in_may_too() {
        let test = TestAccounts::default();
        test.register("ada").await;
        let token = test.sign_in("ada").await.tokens.access;
        test.store.set_role("anonymous", &["get:actors"]);
        assert!(!test.accounts.anonymous().may("get:actors"));
        test.accounts.load().await.unwrap();
        let nobody = test.accounts.anonymous();
        assert!(nobody.may("get:actors") && nobody.identity.is_none());
        assert!(test.accounts.authenticate(token.expose()).unwrap().may("get:actors"));

        test.store.set_role("anonymous", &[]);
        test.accounts.load().await.unwrap();
        assert!(!test.accounts.anonymous().may("get:actors"));
    }

    #[tokio::test]
    async fn loading_fails_with_the_store() {
        for (working, broken) in [
            (&[][..], "ended_since"),
            (&["ended_since"], "rights_changed_since"),
            (&["ended_since", "rights_changed_since"], "permissions_of"),
        ] {
            let mut calls = MockCalls::new();
            calls.allow(working);
            calls.fail(broken);
            assert!(watched(&TestAccounts::default(), calls).accounts.load().await.is_err());
        }
    }

    #[test]
    fn the_public_keys_are_the_signers() {
        assert_eq!(&*TestAccounts::default().accounts.jwks(), r#"{"keys":[]}"#);
    }
}
