use serde::{Deserialize, Serialize};
use square_accounts::{Account, Standing, TokenPair};
use utoipa::ToSchema;
use uuid::Uuid;

/// An account as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct User {
    /// Its identifier.
    pub id: Uuid,
    /// The same identifier as 32 hex digits.
    #[schema(example = "01932c071c2b7d3e8f4a5b6c7d8e9fa0")]
    pub entity_id: String,
    /// Its public, unique name.
    #[schema(example = "ada")]
    pub username: String,
    /// Where its letters go; `null` only where the server does not ask for an address.
    #[schema(example = "ada@example.org")]
    pub email: Option<String>,
    /// First name; may be empty.
    pub first_name: String,
    /// Last name; may be empty.
    pub last_name: String,
    /// 1 when the account may be used, 0 when it is suspended.
    pub active: u8,
    /// Always 1: this is the newest state of the account.
    pub latest: u8,
    /// 1 once the address is confirmed.
    pub verified: u8,
    /// When it was confirmed, Unix seconds.
    pub verified_on: Option<i64>,
    /// Whether signing in asks for a second factor.
    pub mfa_enabled: bool,
    /// Names of its roles.
    pub roles: Vec<String>,
    /// What its roles allow, each `verb:thing`; not what roles would allow that count only with a second factor, as long as the
    /// account has none.
    pub permissions: Vec<String>,
    /// How it came about.
    #[schema(example = "signup")]
    pub login_method: String,
    /// When it was made, RFC 3339.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// The access token; only right after signing in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token: Option<String>,
    /// When that token expires, Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<i64>,
}

impl User {
    /// The account together with the token of a session that was just opened.
    pub fn signed_in(account: &Account, tokens: &TokenPair) -> Self {
        Self {
            access_token: Some(tokens.access.expose().to_owned()),
            expires_in: Some(tokens.expires_at.as_second()),
            ..Self::from(account)
        }
    }
}

impl From<&Account> for User {
    fn from(account: &Account) -> Self {
        let active = match account.standing {
            Standing::Active => 1,
            Standing::Suspended => 0,
        };
        Self {
            id: account.id.uuid(),
            entity_id: account.id.uuid().simple().to_string(),
            username: account.username.as_str().to_owned(),
            email: account.email.as_ref().map(|email| email.as_str().to_owned()),
            first_name: account.first_name.as_str().to_owned(),
            last_name: account.last_name.as_str().to_owned(),
            active,
            latest: 1,
            verified: account.confirmed_at.is_some().into(),
            verified_on: account.confirmed_at.map(square_kernel::jiff::Timestamp::as_second),
            mfa_enabled: account.mfa_enabled_at.is_some(),
            roles: account.roles.to_vec(),
            permissions: account.permissions.iter().map(ToString::to_string).collect(),
            login_method: account.login_method.as_str().to_owned(),
            created_at: account.created_at.to_string(),
            access_token: None,
            expires_in: None,
        }
    }
}
