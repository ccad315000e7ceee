use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use square_accounts::AccessClaims;
use square_kernel::Permission;
use std::sync::Arc;

/// In whose name tokens are issued, for whom, and how they name their subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuing {
    /// The claim `iss`; tokens of another issuer are refused.
    pub issuer: String,
    /// The claim `aud`; tokens for another audience are refused.
    pub audience: String,
    /// The form of the claim `sub`.
    pub subject: SubjectForm,
}

/// The form of the claim `sub`. Tokens of either form are accepted, whichever is issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubjectForm {
    /// The account's identifier, a text. First and last name do not stand in the token then.
    Id,
    /// The object `{"id", "username", "name"}` that the `SQuARE` web client reads.
    Square,
}

/// The claims as they stand in a token.
#[derive(Serialize, Deserialize)]
pub(crate) struct Claims {
    iss: String,
    aud: String,
    sub: Subject,
    sid: String,
    jti: String,
    /// The number of the account's rights.
    #[serde(default)]
    rights: u32,
    iat: i64,
    exp: i64,
    username: Arc<str>,
    roles: Arc<[String]>,
    permissions: Vec<Arc<str>>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Subject {
    Id(String),
    Square { id: String, username: Arc<str>, name: Arc<str> },
}

impl Claims {
    pub(crate) fn new(claims: &AccessClaims, issuing: &Issuing) -> Self {
        let id = claims.user.to_string();
        let sub = match issuing.subject {
            SubjectForm::Id => Subject::Id(id),
            SubjectForm::Square => Subject::Square {
                id,
                username: Arc::clone(&claims.username),
                name: Arc::clone(&claims.display_name),
            },
        };
        Self {
            iss: issuing.issuer.clone(),
            aud: issuing.audience.clone(),
            sub,
            sid: claims.session.to_string(),
            jti: claims.token_id.clone(),
            rights: claims.rights,
            iat: claims.issued_at.as_second(),
            exp: claims.expires_at.as_second(),
            username: Arc::clone(&claims.username),
            roles: Arc::clone(&claims.roles),
            permissions: claims.permissions.iter().map(|permission| permission.as_str().into()).collect(),
        }
    }

    /// What the token says; `None` when it is somebody else's, for somebody else, or says something that no
    /// token of ours does.
    pub(crate) fn into_access(self, issuing: &Issuing) -> Option<AccessClaims> {
        if self.iss != issuing.issuer || self.aud != issuing.audience {
            return None;
        }
        let (id, display_name) = match self.sub {
            Subject::Id(id) => (id, Arc::from("")),
            Subject::Square { id, name, .. } => (id, name),
        };
        Some(AccessClaims {
            user: id.parse().ok()?,
            session: self.sid.parse().ok()?,
            token_id: self.jti,
            username: self.username,
            display_name,
            roles: self.roles,
            permissions: self.permissions.iter().map(|text| Permission::new(text)).collect(),
            rights: self.rights,
            issued_at: Timestamp::from_second(self.iat).ok()?,
            expires_at: Timestamp::from_second(self.exp).ok()?,
        })
    }
}
