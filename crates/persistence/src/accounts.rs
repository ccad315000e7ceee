use crate::Stores;
use crate::changes::Record;
use crate::columns::{Key, Moment, corrupt};
use crate::connection::DbConnection;
use crate::consequences::ConsequenceRows;
use crate::schema::accounts::{accounts, role_permissions, roles, user_roles};
use crate::secrets::{self, SecretRow};
use crate::sessions;
use crate::transaction::savepoint;
use async_trait::async_trait;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use jiff::Timestamp;
use square_accounts::ports::{
    AccountStore, Consequences, LoginName, NewAccount, NewConfirmation, NewSecret, Purpose, Registration,
};
use square_accounts::{
    Account, EmailAddress, LoginMethod, PasswordHash, PersonName, Standing, TokenDigest, Username,
};
use square_changes::{Action, Audience, Channel};
use square_kernel::{Permissions, SessionId, Unavailable, UserId};
use uuid::Uuid;

#[async_trait]
impl AccountStore for Stores {
    async fn register(
        &self,
        account: &NewAccount,
        confirmation: Option<&NewConfirmation>,
        consequences: &Consequences,
    ) -> Result<Registration, Unavailable> {
        let row = AccountRow::from(account);
        let roles = account.roles.clone();
        let confirmation = confirmation.map(|new| NewSecret::confirming(account.id, new, account.created_at));
        let confirmation = confirmation.map(|new| SecretRow::sealed(&new, &*self.sealer));
        let rows = ConsequenceRows::sealed(consequences, &*self.sealer)?;
        let insert = move |connection: &mut DbConnection| {
            diesel::insert_into(accounts::table).values(&row).execute(connection)?;
            for role in &roles {
                give_role(connection, row.id, role)?;
            }
            confirmation.iter().try_for_each(|confirmation| confirmation.insert(connection))?;
            rows.insert(connection)?;
            account_of(connection, &row).map(|account| Registration::Created(Box::new(account)))
        };
        let (username, email) = (account.username.key(), account.email.clone());
        self.database
            .change(move |connection, changes| match savepoint(connection, &insert) {
                Err(error @ Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
                    which_is_taken(connection, &username, email.as_ref())?.ok_or(error)
                }
                Ok(Registration::Created(account)) => {
                    changes.add(of_person(Action::Create, account.id, account.created_at));
                    Ok(Registration::Created(account))
                }
                outcome => outcome,
            })
            .await
    }

    async fn record(&self, consequences: &Consequences) -> Result<(), Unavailable> {
        let rows = ConsequenceRows::sealed(consequences, &*self.sealer)?;
        self.database.write(move |connection| rows.insert(connection)).await
    }

    async fn by_id(&self, id: UserId) -> Result<Option<Account>, Unavailable> {
        self.database.read(move |connection| account(connection, Key(id.uuid()))).await
    }

    async fn credentials(&self, login: &LoginName) -> Result<Option<(Account, PasswordHash)>, Unavailable> {
        let login = login.clone();
        self.database
            .read(move |connection| {
                let row: Option<AccountRow> = match &login {
                    LoginName::Username(key) => {
                        accounts::table.filter(accounts::username_key.eq(key)).first(connection)
                    }
                    LoginName::Email(email) => {
                        accounts::table.filter(accounts::email.eq(email.as_str())).first(connection)
                    }
                }
                .optional()?;
                // Nobody's, where there is no account: so that a name without one costs as many questions to the database.
                let id = row.as_ref().map_or(Key(Uuid::nil()), |row| row.id);
                let (roles, permissions) = rights_of(connection, id)?;
                let Some(row) = row else { return Ok(None) };
                let hash = PasswordHash::new(&row.password_hash);
                account_from(&row, roles, permissions).map(|account| Some((account, hash)))
            })
            .await
    }

    async fn by_email(&self, email: &EmailAddress) -> Result<Option<Account>, Unavailable> {
        let found = self.credentials(&LoginName::Email(email.clone())).await?;
        Ok(found.map(|(account, _)| account))
    }

    async fn confirm(
        &self,
        digest: &TokenDigest,
        user: Option<UserId>,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<Option<Account>, Unavailable> {
        let digest = *digest;
        let rows = ConsequenceRows::sealed(consequences, &*self.sealer)?;
        let (user, at) = (user.map(|user| Key(user.uuid())), Moment::from(at));
        self.database
            .change(move |connection, changes| {
                let owner = secrets::owner(connection, &digest, Purpose::Confirm)?;
                let Some(owner) = owner.filter(|owner| user.is_none_or(|user| user == *owner)) else {
                    return Ok(None);
                };
                // Uses of several secrets of one account would wait for each other.
                lock(connection, owner)?;
                if !secrets::claim(connection, &digest, Purpose::Confirm, at)? {
                    return Ok(None);
                }
                secrets::drop_all(connection, owner, Purpose::Confirm)?;
                if confirm_address(connection, owner, at)? {
                    changes.add(of_person(Action::Update, owner.0.into(), at.at));
                }
                rows.insert(connection)?;
                account(connection, owner)
            })
            .await
    }

    async fn renew_confirmation(
        &self,
        user: UserId,
        confirmation: &NewConfirmation,
        at_most: u32,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable> {
        let secret = SecretRow::sealed(&NewSecret::confirming(user, confirmation, at), &*self.sealer);
        let rows = ConsequenceRows::sealed(consequences, &*self.sealer)?;
        let (user, at) = (Key(user.uuid()), Moment::from(at));
        self.database
            .write(move |connection| {
                // Nobody else gives or spends a secret of this account from here on.
                lock(connection, user)?;
                let waiting = accounts::table.find(user).filter(accounts::confirmed_at.is_null());
                if waiting.count().get_result::<i64>(connection)? == 0 {
                    return Ok(false);
                }
                if secrets::count_good(connection, user, Purpose::Confirm, at)? >= i64::from(at_most) {
                    return Ok(false);
                }
                secret.insert(connection)?;
                rows.insert(connection)?;
                Ok(true)
            })
            .await
    }

    async fn upgrade_hash(
        &self,
        user: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool, Unavailable> {
        let (old, new) = (old.clone(), new.clone());
        self.database
            .write(move |connection| {
                let account = accounts::table.find(Key(user.uuid()));
                let changed = diesel::update(account.filter(accounts::password_hash.eq(old.as_str())))
                    .set(accounts::password_hash.eq(new.as_str()))
                    .execute(connection)?;
                Ok(changed == 1)
            })
            .await
    }

    async fn grant_role(
        &self,
        user: UserId,
        role: &str,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable> {
        let rows = ConsequenceRows::sealed(consequences, &*self.sealer)?;
        let (user, role, at) = (Key(user.uuid()), role.to_owned(), Moment::from(at));
        self.database
            .change(move |connection, changes| {
                let known = roles::table.find(&role).count().get_result::<i64>(connection)?;
                // Whoever gives this account a role at the same time waits here.
                if known == 0 || !lock(connection, user)? {
                    return Ok(false);
                }
                let has = user_roles::table.find((user, &role)).count().get_result::<i64>(connection)?;
                if has == 0 {
                    give_role(connection, user, &role)?;
                    let counted =
                        (accounts::rights.eq(accounts::rights + 1), accounts::rights_changed_at.eq(at));
                    diesel::update(accounts::table.find(user)).set(counted).execute(connection)?;
                    changes.add(of_person(Action::Update, user.0.into(), at.at));
                    rows.insert(connection)?;
                }
                Ok(true)
            })
            .await
    }

    async fn rights_changed_since(
        &self,
        since: Timestamp,
    ) -> Result<Vec<(UserId, u32, Timestamp)>, Unavailable> {
        let since = Moment::from(since);
        self.database
            .read(move |connection| {
                let rows: Vec<(Key, i64, Option<Moment>)> = accounts::table
                    .filter(accounts::rights_changed_at.ge(since))
                    .select((accounts::id, accounts::rights, accounts::rights_changed_at))
                    .load(connection)?;
                let changed = |(id, number, at): (Key, i64, Option<Moment>)| {
                    Ok((id.0.into(), rights(number)?, at.map_or(Timestamp::MIN, |at| at.at)))
                };
                rows.into_iter().map(changed).collect()
            })
            .await
    }

    async fn set_suspended(
        &self,
        user: UserId,
        suspended: bool,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<Option<Vec<SessionId>>, Unavailable> {
        let rows = ConsequenceRows::sealed(consequences, &*self.sealer)?;
        let (user, at) = (Key(user.uuid()), Moment::from(at));
        self.database
            .change(move |connection, changes| {
                // Nobody opens a session of this account from here on.
                if !lock(connection, user)? {
                    return Ok(None);
                }
                let other = accounts::table.find(user).filter(accounts::suspended.ne(suspended));
                let changed =
                    diesel::update(other).set(accounts::suspended.eq(suspended)).execute(connection)?;
                if changed == 1 {
                    changes.add(of_person(Action::Update, user.0.into(), at.at));
                    rows.insert(connection)?;
                }
                let ended = if suspended { sessions::end_all(connection, user, at)? } else { Vec::new() };
                for session in &ended {
                    changes.add(sessions::ended(*session, at.at));
                }
                Ok(Some(ended))
            })
            .await
    }

    async fn permissions_of(&self, role: &str) -> Result<Vec<String>, Unavailable> {
        let role = role.to_owned();
        self.database
            .read(move |connection| {
                role_permissions::table
                    .filter(role_permissions::role.eq(&role))
                    .select(role_permissions::permission)
                    .order(role_permissions::permission)
                    .load(connection)
            })
            .await
    }
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = accounts, treat_none_as_default_value = false)]
pub(crate) struct AccountRow {
    id: Key,
    username: String,
    username_key: String,
    email: Option<String>,
    first_name: String,
    last_name: String,
    password_hash: String,
    suspended: bool,
    confirmed_at: Option<Moment>,
    login_method: String,
    created_at: Moment,
    rights: i64,
    rights_changed_at: Option<Moment>,
    mfa_enabled_at: Option<Moment>,
    credentials: i64,
    unproved_until: Option<Moment>,
}

impl AccountRow {
    pub(crate) fn id(&self) -> &Key {
        &self.id
    }

    pub(crate) fn hash(&self) -> PasswordHash {
        PasswordHash::new(&self.password_hash)
    }
}

impl From<&NewAccount> for AccountRow {
    fn from(new: &NewAccount) -> Self {
        Self {
            id: Key(new.id.uuid()),
            username: new.username.as_str().to_owned(),
            username_key: new.username.key(),
            email: new.email.as_ref().map(|email| email.as_str().to_owned()),
            first_name: new.first_name.as_str().to_owned(),
            last_name: new.last_name.as_str().to_owned(),
            password_hash: new.password.as_str().to_owned(),
            suspended: false,
            confirmed_at: new.confirmed_at.map(Moment::from),
            login_method: new.login_method.as_str().to_owned(),
            created_at: new.created_at.into(),
            rights: 0,
            rights_changed_at: None,
            mfa_enabled_at: None,
            credentials: 0,
            unproved_until: None,
        }
    }
}

/// After a failed insert: only PostgreSQL would tell by itself which of the two was in use.
pub(crate) fn which_is_taken(
    connection: &mut DbConnection,
    username_key: &str,
    email: Option<&EmailAddress>,
) -> QueryResult<Option<Registration>> {
    let named = accounts::table.filter(accounts::username_key.eq(username_key));
    if named.count().get_result::<i64>(connection)? > 0 {
        return Ok(Some(Registration::UsernameTaken));
    }
    let Some(email) = email else { return Ok(None) };
    let addressed = accounts::table.filter(accounts::email.eq(email.as_str()));
    let taken = addressed.count().get_result::<i64>(connection)? > 0;
    Ok(taken.then_some(Registration::EmailTaken))
}

pub(crate) fn give_role(connection: &mut DbConnection, user: Key, role: &str) -> QueryResult<()> {
    let row = (user_roles::user_id.eq(user), user_roles::role.eq(role));
    diesel::insert_into(user_roles::table).values(row).execute(connection).map(drop)
}

pub(crate) fn account(connection: &mut DbConnection, id: Key) -> QueryResult<Option<Account>> {
    let row: Option<AccountRow> = accounts::table.find(id).first(connection).optional()?;
    row.map(|row| account_of(connection, &row)).transpose()
}

pub(crate) fn account_of(connection: &mut DbConnection, row: &AccountRow) -> QueryResult<Account> {
    let (roles, permissions) = rights_of(connection, row.id)?;
    account_from(row, roles, permissions)
}

/// The roles of an account and what they allow.
fn rights_of(connection: &mut DbConnection, user: Key) -> QueryResult<(Vec<String>, Permissions)> {
    let own = user_roles::table.filter(user_roles::user_id.eq(user));
    let roles: Vec<String> = own.select(user_roles::role).load(connection)?;
    let permissions: Vec<String> = own
        .inner_join(role_permissions::table.on(role_permissions::role.eq(user_roles::role)))
        .select(role_permissions::permission)
        .load(connection)?;
    Ok((roles, permissions.iter().map(String::as_str).collect()))
}

/// The account of a row that has these roles, which allow so much.
pub(crate) fn account_from(
    row: &AccountRow,
    mut roles: Vec<String>,
    permissions: Permissions,
) -> QueryResult<Account> {
    roles.sort_unstable();
    let email = row.email.as_deref().map(EmailAddress::parse).transpose();
    Ok(Account {
        id: row.id.0.into(),
        username: Username::parse(&row.username).map_err(|e| corrupt("accounts.username", e))?,
        email: email.map_err(|e| corrupt("accounts.email", e))?,
        first_name: PersonName::parse("first_name", &row.first_name)
            .map_err(|e| corrupt("accounts.first_name", e))?,
        last_name: PersonName::parse("last_name", &row.last_name)
            .map_err(|e| corrupt("accounts.last_name", e))?,
        standing: if row.suspended { Standing::Suspended } else { Standing::Active },
        confirmed_at: row.confirmed_at.map(|confirmed| confirmed.at),
        login_method: login_method(&row.login_method)?,
        mfa_enabled_at: row.mfa_enabled_at.map(|enabled| enabled.at),
        roles: roles.into(),
        permissions,
        rights: rights(row.rights)?,
        credentials: credentials(row.credentials)?,
        unproved_until: row.unproved_until.map(|until| until.at),
        created_at: row.created_at.at,
    })
}

pub(crate) fn of_person(action: Action, id: UserId, at: Timestamp) -> Record {
    let permission = Some("get:users".to_owned());
    let audience = Audience { owner: Some(id), permission, ..Audience::default() };
    Record { channel: Channel::Person, action, entity: id.uuid(), audience, at }
}

pub(crate) fn rights(number: i64) -> QueryResult<u32> {
    u32::try_from(number).map_err(|error| corrupt("accounts.rights", error))
}

/// Has other transactions that lock the account wait for the end of this one; `false` when there is no such account.
pub(crate) fn lock(connection: &mut DbConnection, id: Key) -> QueryResult<bool> {
    let itself = accounts::suspended.eq(accounts::suspended);
    Ok(diesel::update(accounts::table.find(id)).set(itself).execute(connection)? == 1)
}

fn credentials(number: i64) -> QueryResult<u32> {
    u32::try_from(number).map_err(|error| corrupt("accounts.credentials", error))
}

/// Has whoever began to sign in to an account that is locked come too late, and counts that.
pub(crate) fn count_credentials(connection: &mut DbConnection, id: Key) -> QueryResult<u32> {
    let account = accounts::table.find(id);
    let counted = accounts::credentials.eq(accounts::credentials + 1);
    diesel::update(account).set(counted).execute(connection)?;
    credentials(account.select(accounts::credentials).first(connection)?)
}

/// Confirms the address of an account that is locked, where it was not before, and drops what somebody asked for who need not have had
/// the mailbox; whether it was not.
pub(crate) fn confirm_address(connection: &mut DbConnection, id: Key, at: Moment) -> QueryResult<bool> {
    let unconfirmed = accounts::table.find(id).filter(accounts::confirmed_at.is_null());
    let confirmed = (accounts::confirmed_at.eq(at), accounts::unproved_until.eq(at));
    if diesel::update(unconfirmed).set(confirmed).execute(connection)? == 0 {
        return Ok(false);
    }
    secrets::drop_all(connection, id, Purpose::ChangeEmail)?;
    Ok(true)
}

fn login_method(word: &str) -> QueryResult<LoginMethod> {
    LoginMethod::named(word).ok_or_else(|| corrupt("accounts.login_method", format!("unknown word {word:?}")))
}
