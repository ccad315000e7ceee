use crate::Stores;
use crate::columns::{Key, Moment, corrupt, count};
use crate::connection::DbConnection;
use crate::schema::accounts::letters;
use async_trait::async_trait;
use diesel::prelude::*;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use square_accounts::ports::{LetterQueue, NewLetter};
use square_accounts::{ClaimedLetter, Device, EmailAddress, Letter, LetterId, MailToken, Occasion, Username};
use square_kernel::{SealBroken, Sealed, Sealer, Unavailable};
use std::error::Error;
use uuid::Uuid;
use zeroize::Zeroizing;

/// What letters are sealed for: they may carry the secret of a link.
pub(crate) const PURPOSE: &str = "letter";

/// So often an instance looks at a letter whose key it does not know before it is set aside.
const WITHOUT_KEY: u32 = 60;

#[async_trait]
impl LetterQueue for Stores {
    async fn claim(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Option<ClaimedLetter>, Unavailable> {
        let (now, lease_until) = (Moment::from(now), Moment::from(lease_until));
        loop {
            let claim = move |connection: &mut DbConnection| claim(connection, now, lease_until);
            let claimed = match self.database.write(claim).await? {
                Claim::Nothing => return Ok(None),
                Claim::Lost => continue,
                Claim::Won(claimed) => claimed,
            };
            let (id, attempts) = (claimed.id.0.into(), claimed.attempts);
            match self.open(claimed) {
                Ok(letter) => return Ok(Some(ClaimedLetter { id, letter, attempts })),
                // Whoever knows the key takes it when the lease is over, be it this instance with other settings.
                Err(error) if error.is_unknown_key() && attempts < WITHOUT_KEY => {
                    tracing::error!(letter = %id, %error, "a stored letter waits for its key");
                }
                Err(error) => {
                    // One that nobody can read must not stand in the way of all that come after it.
                    tracing::error!(letter = %id, %error, "a stored letter cannot be read and is set aside");
                    self.set_aside(id, now.at, "its stored content cannot be read").await?;
                }
            }
        }
    }

    async fn sent(&self, id: LetterId, at: Timestamp) -> Result<(), Unavailable> {
        self.note(id, move |connection, letter| {
            let change = (
                letters::sent_at.eq(Moment::from(at)),
                letters::due_at.eq(None::<Moment>),
                letters::content.eq(None::<Vec<u8>>),
                letters::username_key.eq(None::<String>),
            );
            diesel::update(letter).set(change).execute(connection)
        })
        .await
    }

    async fn retry(&self, id: LetterId, retry_at: Timestamp, reason: &str) -> Result<(), Unavailable> {
        let reason = reason.to_owned();
        self.note(id, move |connection, letter| {
            let change = (letters::due_at.eq(Moment::from(retry_at)), letters::reason.eq(&reason));
            diesel::update(letter.filter(letters::due_at.is_not_null())).set(change).execute(connection)
        })
        .await
    }

    async fn set_aside(&self, id: LetterId, at: Timestamp, reason: &str) -> Result<(), Unavailable> {
        let reason = reason.to_owned();
        self.note(id, move |connection, letter| {
            let change = (
                letters::set_aside_at.eq(Moment::from(at)),
                letters::due_at.eq(None::<Moment>),
                letters::reason.eq(&reason),
            );
            diesel::update(letter.filter(letters::due_at.is_not_null())).set(change).execute(connection)
        })
        .await
    }

    async fn forget_sent(&self, before: Timestamp, at_most: u32) -> Result<u32, Unavailable> {
        let before = Moment::from(before);
        self.database
            .write(move |connection| {
                let sent = letters::table.filter(letters::sent_at.lt(before)).select(letters::id);
                let ids: Vec<Key> = sent.limit(at_most.into()).load(connection)?;
                let these = letters::table.filter(letters::id.eq_any(ids.iter().map(Key::bytes)));
                diesel::delete(these).execute(connection).map(count)
            })
            .await
    }
}

type OneLetter = diesel::dsl::Find<letters::table, Key>;

impl Stores {
    async fn note(
        &self,
        id: LetterId,
        change: impl Fn(&mut DbConnection, OneLetter) -> QueryResult<usize> + Send + 'static,
    ) -> Result<(), Unavailable> {
        let letter = Key(id.uuid());
        self.database.write(move |connection| change(connection, letters::table.find(letter)).map(drop)).await
    }

    fn open(&self, claimed: Claimed) -> Result<Letter, Unreadable> {
        let sealed = Sealed(claimed.content.ok_or_else(|| Unreadable::Damaged("it has none".to_owned()))?);
        let json = self.sealer.open(PURPOSE, &sealed)?;
        StoredLetter::read(&json).map_err(|error| Unreadable::Damaged(error.to_string()))
    }
}

/// Why a stored letter cannot be read.
#[derive(Debug, thiserror::Error)]
enum Unreadable {
    #[error("it is {0}")]
    Sealed(#[from] SealBroken),
    #[error("{0}")]
    Damaged(String),
}

impl Unreadable {
    fn is_unknown_key(&self) -> bool {
        matches!(self, Self::Sealed(SealBroken::UnknownKey(_)))
    }
}

struct Claimed {
    id: Key,
    content: Option<Vec<u8>>,
    attempts: u32,
}

enum Claim {
    /// No letter is due.
    Nothing,
    /// Where several instances share a database, another one claimed the letter between the two statements.
    /// Only a new transaction is sure to see that.
    Lost,
    Won(Claimed),
}

fn claim(connection: &mut DbConnection, now: Moment, lease_until: Moment) -> QueryResult<Claim> {
    let due = letters::table.filter(letters::due_at.le(now));
    let oldest = due.order((letters::created_at, letters::id)).select(letters::id);
    let Some(id): Option<Key> = oldest.first(connection).optional()? else { return Ok(Claim::Nothing) };
    let claimed = diesel::update(due.filter(letters::id.eq(id)))
        .set((letters::due_at.eq(lease_until), letters::attempts.eq(letters::attempts + 1)))
        .execute(connection)?;
    if claimed == 0 {
        return Ok(Claim::Lost);
    }
    let columns = (letters::content, letters::attempts);
    let (content, attempts): (Option<Vec<u8>>, i64) =
        letters::table.find(id).select(columns).first(connection)?;
    // This one does not count yet.
    let attempts = u32::try_from(attempts - 1).map_err(|e| corrupt("letters.attempts", e))?;
    Ok(Claim::Won(Claimed { id, content, attempts }))
}

/// A letter as it is stored.
#[derive(Insertable)]
#[diesel(table_name = letters, treat_none_as_default_value = false)]
pub(crate) struct LetterRow {
    id: Key,
    occasion: &'static str,
    content: Vec<u8>,
    attempts: i64,
    created_at: Moment,
    due_at: Moment,
    username_key: String,
}

impl LetterRow {
    pub(crate) fn sealed(new: &NewLetter, sealer: &dyn Sealer) -> Result<Self, Unavailable> {
        let json = StoredLetter::write(&new.letter).map_err(Unavailable::new)?;
        Ok(Self {
            id: Key(new.id.uuid()),
            occasion: new.letter.occasion.name(),
            content: sealer.seal(PURPOSE, &json).0,
            attempts: 0,
            created_at: new.at.into(),
            due_at: new.at.into(),
            username_key: new.letter.username.key(),
        })
    }

    pub(crate) fn insert(&self, connection: &mut DbConnection) -> QueryResult<()> {
        diesel::insert_into(letters::table).values(self).execute(connection).map(drop)
    }
}

/// Deletes the letters to an account that have not left, those that were set aside included.
pub(crate) fn forget_unsent(connection: &mut DbConnection, username_key: &str) -> QueryResult<()> {
    let unsent = letters::table.filter(letters::username_key.eq(username_key));
    diesel::delete(unsent.filter(letters::sent_at.is_null())).execute(connection).map(drop)
}

/// The form that is sealed, as JSON.
#[derive(Serialize, Deserialize)]
struct StoredLetter<'a> {
    to: &'a str,
    username: &'a str,
    #[serde(borrow)]
    occasion: StoredOccasion<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredOccasion<'a> {
    ConfirmAddress { user: Uuid, token: &'a str },
    AlreadyRegistered,
    ResetPassword { user: Uuid, token: &'a str },
    // As it was stored before it said which other ways to sign in there are.
    PasswordChanged,
    PasswordSet { ways: Vec<String> },
    ConfirmNewAddress { user: Uuid, token: &'a str },
    AddressChangeRequested { new: &'a str },
    AddressChanged { new: &'a str },
    MfaEnabled,
    MfaDisabled,
    RecoveryCodeUsed { left: u32 },
    FewRecoveryCodes { left: u32 },
    // Texts of strangers may hold what JSON escapes, so these cannot be borrowed.
    NewDevice { address: Option<String>, agent: Option<String> },
    LinkLoginMethod { user: Uuid, provider: String, token: &'a str },
    ConfirmLoginMethod { user: Uuid, provider: String, token: &'a str },
    LoginMethodAdded { provider: String },
    LoginMethodRemoved { provider: String },
    AccountDeleted,
}

impl StoredLetter<'_> {
    fn write(letter: &Letter) -> serde_json::Result<Zeroizing<Vec<u8>>> {
        let stored = StoredLetter {
            to: letter.to.as_str(),
            username: letter.username.as_str(),
            occasion: StoredOccasion::from(&letter.occasion),
        };
        serde_json::to_vec(&stored).map(Zeroizing::new)
    }

    fn read(json: &[u8]) -> Result<Letter, Box<dyn Error>> {
        let stored: StoredLetter<'_> = serde_json::from_slice(json)?;
        Ok(Letter {
            to: EmailAddress::parse(stored.to)?,
            username: Username::parse(stored.username)?,
            occasion: stored.occasion.read()?,
        })
    }
}

impl<'a> From<&'a Occasion> for StoredOccasion<'a> {
    fn from(occasion: &'a Occasion) -> Self {
        match occasion {
            Occasion::ConfirmAddress { user, token } => {
                Self::ConfirmAddress { user: user.uuid(), token: token.expose() }
            }
            Occasion::AlreadyRegistered => Self::AlreadyRegistered,
            Occasion::ResetPassword { user, token } => {
                Self::ResetPassword { user: user.uuid(), token: token.expose() }
            }
            Occasion::PasswordChanged { ways } => Self::PasswordSet { ways: ways.clone() },
            Occasion::ConfirmNewAddress { user, token } => {
                Self::ConfirmNewAddress { user: user.uuid(), token: token.expose() }
            }
            Occasion::AddressChangeRequested { new } => Self::AddressChangeRequested { new: new.as_str() },
            Occasion::AddressChanged { new } => Self::AddressChanged { new: new.as_str() },
            Occasion::MfaEnabled => Self::MfaEnabled,
            Occasion::MfaDisabled => Self::MfaDisabled,
            Occasion::RecoveryCodeUsed { left } => Self::RecoveryCodeUsed { left: *left },
            Occasion::FewRecoveryCodes { left } => Self::FewRecoveryCodes { left: *left },
            Occasion::NewDevice { device } => {
                Self::NewDevice { address: device.address.clone(), agent: device.agent.clone() }
            }
            Occasion::LinkLoginMethod { user, provider, token } => {
                Self::LinkLoginMethod { user: user.uuid(), provider: provider.clone(), token: token.expose() }
            }
            Occasion::ConfirmLoginMethod { user, provider, token } => Self::ConfirmLoginMethod {
                user: user.uuid(),
                provider: provider.clone(),
                token: token.expose(),
            },
            Occasion::LoginMethodAdded { provider } => Self::LoginMethodAdded { provider: provider.clone() },
            Occasion::LoginMethodRemoved { provider } => {
                Self::LoginMethodRemoved { provider: provider.clone() }
            }
            Occasion::AccountDeleted => Self::AccountDeleted,
        }
    }
}

impl StoredOccasion<'_> {
    fn read(self) -> Result<Occasion, Box<dyn Error>> {
        let token = MailToken::received;
        Ok(match self {
            Self::ConfirmAddress { user, token: text } => {
                Occasion::ConfirmAddress { user: user.into(), token: token(text) }
            }
            Self::AlreadyRegistered => Occasion::AlreadyRegistered,
            Self::ResetPassword { user, token: text } => {
                Occasion::ResetPassword { user: user.into(), token: token(text) }
            }
            Self::PasswordChanged => Occasion::PasswordChanged { ways: Vec::new() },
            Self::PasswordSet { ways } => Occasion::PasswordChanged { ways },
            Self::ConfirmNewAddress { user, token: text } => {
                Occasion::ConfirmNewAddress { user: user.into(), token: token(text) }
            }
            Self::AddressChangeRequested { new } => {
                Occasion::AddressChangeRequested { new: EmailAddress::parse(new)? }
            }
            Self::AddressChanged { new } => Occasion::AddressChanged { new: EmailAddress::parse(new)? },
            Self::MfaEnabled => Occasion::MfaEnabled,
            Self::MfaDisabled => Occasion::MfaDisabled,
            Self::RecoveryCodeUsed { left } => Occasion::RecoveryCodeUsed { left },
            Self::FewRecoveryCodes { left } => Occasion::FewRecoveryCodes { left },
            Self::NewDevice { address, agent } => {
                Occasion::NewDevice { device: Device { address, agent, ..Device::default() } }
            }
            Self::LinkLoginMethod { user, provider, token: text } => {
                Occasion::LinkLoginMethod { user: user.into(), provider, token: token(text) }
            }
            Self::ConfirmLoginMethod { user, provider, token: text } => {
                Occasion::ConfirmLoginMethod { user: user.into(), provider, token: token(text) }
            }
            Self::LoginMethodAdded { provider } => Occasion::LoginMethodAdded { provider },
            Self::LoginMethodRemoved { provider } => Occasion::LoginMethodRemoved { provider },
            Self::AccountDeleted => Occasion::AccountDeleted,
        })
    }
}
