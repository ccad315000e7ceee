//! How identities are stored: as rows, and, until a mailed link is used, with it.

use crate::columns::{Key, Moment, corrupt};
use crate::connection::DbConnection;
use crate::schema::login_methods::login_methods;
use diesel::prelude::*;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use square_accounts::ports::identity::{ExternalIdentity, Grant, KnownAddress, ShownText, Subject};
use square_accounts::ports::{HeldSocialLink, LinkedIdentity, NewLoginMethod, NewSocialLink};
use square_accounts::{EmailAddress, Provider};
use square_kernel::{Sealed, Sealer, Secret, UserId};
use std::error::Error;
use uuid::Uuid;
use zeroize::Zeroizing;

/// What providers' tokens are sealed for.
pub(crate) const PURPOSE: &str = "login-method";

type Fault = Box<dyn Error + Send + Sync>;

#[derive(Queryable, Insertable)]
#[diesel(table_name = login_methods, treat_none_as_default_value = false)]
pub(super) struct MethodRow {
    pub(super) id: Key,
    pub(super) user_id: Key,
    pub(super) provider: String,
    pub(super) subject: String,
    email: Option<String>,
    name: String,
    user_name: String,
    tokens: Vec<u8>,
    created_at: Moment,
}

/// What is stored of an identity and changes over time.
#[derive(Clone, AsChangeset)]
#[diesel(table_name = login_methods, treat_none_as_null = true)]
pub(super) struct Profile {
    email: Option<String>,
    name: String,
    user_name: String,
    tokens: Vec<u8>,
}

impl Profile {
    /// Costs time, so it is done ahead of the transaction.
    pub(super) fn sealed(identity: &ExternalIdentity, sealer: &dyn Sealer) -> Result<Self, Fault> {
        let tokens = Zeroizing::new(serde_json::to_vec(&StoredGrant::from(&identity.grant))?);
        Ok(Self {
            email: identity.email.as_ref().map(|email| email.address.as_str().to_owned()),
            name: identity.name.as_str().to_owned(),
            user_name: identity.user_name.as_str().to_owned(),
            tokens: sealer.seal(PURPOSE, &tokens).0,
        })
    }

    /// Whether people see the same as before.
    pub(super) fn shows(&self, email: Option<&str>, name: &str, user_name: &str) -> bool {
        (self.email.as_deref(), self.name.as_str(), self.user_name.as_str()) == (email, name, user_name)
    }
}

impl MethodRow {
    pub(super) fn sealed(user: UserId, method: &NewLoginMethod, sealer: &dyn Sealer) -> Result<Self, Fault> {
        Ok(Self::new(user, method, Profile::sealed(&method.identity, sealer)?))
    }

    pub(super) fn new(user: UserId, method: &NewLoginMethod, profile: Profile) -> Self {
        Self {
            id: Key(method.id.uuid()),
            user_id: Key(user.uuid()),
            provider: method.provider.as_str().to_owned(),
            subject: method.identity.subject.as_str().to_owned(),
            email: profile.email,
            name: profile.name,
            user_name: profile.user_name,
            tokens: profile.tokens,
            created_at: method.at.into(),
        }
    }

    pub(super) fn insert(&self, connection: &mut DbConnection) -> QueryResult<()> {
        diesel::insert_into(login_methods::table).values(self).execute(connection).map(drop)
    }

    pub(super) fn open(self, sealer: &dyn Sealer) -> Result<LinkedIdentity, Fault> {
        let tokens = sealer.open(PURPOSE, &Sealed(self.tokens))?;
        let grant: StoredGrant<'_> = serde_json::from_slice(&tokens)?;
        let unknown = || corrupt("login_methods.provider", format!("unknown word {:?}", self.provider));
        let email = self.email.as_deref().map(EmailAddress::parse).transpose();
        Ok(LinkedIdentity {
            id: self.id.0.into(),
            provider: Provider::named(&self.provider).ok_or_else(unknown)?,
            subject: Subject::parse(&self.subject)
                .ok_or_else(|| corrupt("login_methods.subject", "it is none"))?,
            email: email.map_err(|error| corrupt("login_methods.email", error))?,
            name: ShownText::new(&self.name),
            user_name: ShownText::new(&self.user_name),
            grant: grant.read()?,
            created_at: self.created_at.at,
        })
    }
}

/// What a link carries.
#[derive(Serialize, Deserialize)]
struct Payload<'a> {
    account: Uuid,
    exists: bool,
    method: Uuid,
    provider: &'a str,
    at: i64,
    // Texts of strangers may hold what JSON escapes, so these cannot be borrowed.
    subject: String,
    email: Option<StoredAddress>,
    name: String,
    first_name: String,
    last_name: String,
    user_name: String,
    #[serde(borrow)]
    grant: StoredGrant<'a>,
}

#[derive(Serialize, Deserialize)]
struct StoredAddress {
    address: String,
    vouched: bool,
}

/// What a provider gave, as JSON that is sealed. Moments are microseconds since 1970.
#[derive(Serialize, Deserialize)]
struct StoredGrant<'a> {
    #[serde(borrow)]
    access_token: Option<Token<'a>>,
    expires_at: Option<i64>,
    #[serde(borrow)]
    refresh_token: Option<Token<'a>>,
    refresh_expires_at: Option<i64>,
    scope: String,
    token_type: String,
}

/// Escaped or not, as the provider made it.
type Token<'a> = std::borrow::Cow<'a, str>;

pub(super) fn payload(link: &NewSocialLink, method: &NewLoginMethod) -> Result<Secret, Fault> {
    let identity = &method.identity;
    let payload = Payload {
        account: link.user.uuid(),
        exists: link.exists,
        method: method.id.uuid(),
        provider: method.provider.as_str(),
        at: method.at.as_microsecond(),
        subject: identity.subject.as_str().to_owned(),
        email: identity.email.as_ref().map(|email| StoredAddress {
            address: email.address.as_str().to_owned(),
            vouched: email.vouched,
        }),
        name: identity.name.as_str().to_owned(),
        first_name: identity.first_name.as_str().to_owned(),
        last_name: identity.last_name.as_str().to_owned(),
        user_name: identity.user_name.as_str().to_owned(),
        grant: StoredGrant::from(&identity.grant),
    };
    Ok(Secret::new(serde_json::to_string(&payload)?))
}

pub(super) fn read_payload(payload: &Secret) -> Result<HeldSocialLink, Fault> {
    let payload: Payload<'_> = serde_json::from_str(payload.expose())?;
    let email = payload.email.map(|stored| -> Result<_, Fault> {
        let address = EmailAddress::parse(&stored.address)?;
        Ok(KnownAddress { address, vouched: stored.vouched })
    });
    Ok(HeldSocialLink {
        user: payload.account.into(),
        exists: payload.exists,
        method: NewLoginMethod {
            id: payload.method.into(),
            provider: Provider::named(payload.provider).ok_or("an unknown provider")?,
            identity: ExternalIdentity {
                subject: Subject::parse(&payload.subject).ok_or("no subject")?,
                email: email.transpose()?,
                name: ShownText::new(&payload.name),
                first_name: ShownText::new(&payload.first_name),
                last_name: ShownText::new(&payload.last_name),
                user_name: ShownText::new(&payload.user_name),
                grant: payload.grant.read()?,
            },
            at: Timestamp::from_microsecond(payload.at)?,
        },
    })
}

impl<'a> From<&'a Grant> for StoredGrant<'a> {
    fn from(grant: &'a Grant) -> Self {
        fn token(secret: Option<&Secret>) -> Option<Token<'_>> {
            secret.map(|secret| Token::Borrowed(secret.expose()))
        }
        Self {
            access_token: token(grant.access_token.as_ref()),
            expires_at: grant.expires_at.map(Timestamp::as_microsecond),
            refresh_token: token(grant.refresh_token.as_ref()),
            refresh_expires_at: grant.refresh_expires_at.map(Timestamp::as_microsecond),
            scope: grant.scope.as_str().to_owned(),
            token_type: grant.token_type.as_str().to_owned(),
        }
    }
}

impl StoredGrant<'_> {
    fn read(self) -> Result<Grant, Fault> {
        let token = |text: Option<Token<'_>>| text.map(|text| Secret::new(text.into_owned()));
        let moment = |micros: Option<i64>| micros.map(Timestamp::from_microsecond).transpose();
        Ok(Grant {
            access_token: token(self.access_token),
            expires_at: moment(self.expires_at)?,
            refresh_token: token(self.refresh_token),
            refresh_expires_at: moment(self.refresh_expires_at)?,
            scope: ShownText::new(&self.scope),
            token_type: ShownText::new(&self.token_type),
        })
    }
}
