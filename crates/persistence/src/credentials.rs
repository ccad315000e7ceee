use crate::Stores;
use crate::accounts::{AccountRow, account, account_of, confirm_address, lock, of_person};
use crate::changes::Changes;
use crate::columns::{Key, Moment};
use crate::connection::DbConnection;
use crate::consequences::ConsequenceRows;
use crate::schema::accounts::{accounts, sessions as session_rows};
use crate::schema::questions::{departed_askers, questions};
use crate::secrets::{self, SecretRow};
use crate::sessions::{self, SessionRow};
use crate::transaction::savepoint;
use crate::{audit, companies, events, letters, login_methods, mfa, question_log, skills};
use async_trait::async_trait;
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use jiff::{SignedDuration, Timestamp};
use square_accounts::ports::{
    AddressChange, Asked, Caller, Consequences, CredentialChange, CredentialStore, NewSecret, Overtaken,
    Purpose, SessionRecord,
};
use square_accounts::{Account, EmailAddress, PasswordHash, PersonName, TokenDigest};
use square_changes::Action;
use square_kernel::{Page, SessionId, Slice, Unavailable, UserId};

/// So many questions are deleted by one statement.
const QUESTIONS: u32 = 200;

/// For how long questions are looked for that were taken before their asker went, and stored after that. A selector may be slow.
const LATE: SignedDuration = SignedDuration::from_hours(1);

#[async_trait]
impl CredentialStore for Stores {
    async fn own_credentials(&self, user: UserId) -> Result<Option<(Account, PasswordHash)>, Unavailable> {
        let user = Key(user.uuid());
        self.database
            .read(move |connection| {
                let row: Option<AccountRow> = accounts::table.find(user).first(connection).optional()?;
                let Some(row) = row else { return Ok(None) };
                account_of(connection, &row).map(|account| Some((account, row.hash())))
            })
            .await
    }

    async fn reset_password(
        &self,
        digest: &TokenDigest,
        user: UserId,
        password: &PasswordHash,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<Option<CredentialChange>, Unavailable> {
        let rows = ConsequenceRows::sealed(consequences, &*self.sealer)?;
        let (digest, password) = (*digest, password.clone());
        let (user, at) = (Key(user.uuid()), Moment::from(at));
        self.database
            .change(move |connection, changes| {
                if !claim_own(connection, &digest, Purpose::ResetPassword, user, at)? {
                    return Ok(None);
                }
                let mut ended = login_methods::take_over(connection, user, at, changes)?;
                drop_what_strangers_left(connection, user, at, changes)?;
                drop_what_the_password_led_to(connection, user, at, changes)?;
                secrets::drop_all(connection, user, Purpose::Confirm)?;
                let set = accounts::password_hash.eq(password.as_str());
                diesel::update(accounts::table.find(user)).set(set).execute(connection)?;
                let change = sessions::shut_out_others(connection, user, None, at)?;
                for session in change.ended {
                    changes.add(sessions::ended(session, at.at));
                    ended.push(session);
                }
                rows.insert(connection)?;
                Ok(Some(CredentialChange { ended, credentials: change.credentials }))
            })
            .await
    }

    async fn change_password(
        &self,
        user: UserId,
        by: Option<Caller>,
        old: &PasswordHash,
        new: &PasswordHash,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Asked<Option<CredentialChange>> {
        let rows = ConsequenceRows::sealed(consequences, &*self.sealer)?;
        let (old, new) = (old.clone(), new.clone());
        let (user, at) = (Key(user.uuid()), Moment::from(at));
        self.database
            .change(move |connection, changes| {
                if !sessions::is_still(connection, by)? {
                    return Ok(Err(Overtaken));
                }
                // Nobody opens a session of this account from here on.
                let as_known = accounts::table.find(user).filter(accounts::password_hash.eq(old.as_str()));
                let set = accounts::password_hash.eq(new.as_str());
                if diesel::update(as_known).set(set).execute(connection)? == 0 {
                    return Ok(Ok(None));
                }
                drop_what_the_password_led_to(connection, user, at, changes)?;
                let change = sessions::shut_out_others(connection, user, by, at)?;
                for session in &change.ended {
                    changes.add(sessions::ended(*session, at.at));
                }
                rows.insert(connection)?;
                Ok(Ok(Some(change)))
            })
            .await
    }

    async fn ask_for_address(
        &self,
        secret: &NewSecret,
        by: Caller,
        consequences: &Consequences,
    ) -> Asked<bool> {
        if secret.user != Some(by.user) {
            return Ok(Ok(false));
        }
        let user = Key(by.user.uuid());
        let secret = SecretRow::sealed(secret, &*self.sealer);
        let rows = ConsequenceRows::sealed(consequences, &*self.sealer)?;
        self.database
            .write(move |connection| {
                // Nobody else gives or spends a secret of this account from here on.
                if !sessions::is_current(connection, by)? {
                    return Ok(Err(Overtaken));
                }
                secrets::drop_all(connection, user, Purpose::ChangeEmail)?;
                secret.insert(connection)?;
                rows.insert(connection)?;
                Ok(Ok(true))
            })
            .await
    }

    async fn change_address(
        &self,
        digest: &TokenDigest,
        user: UserId,
        new: &EmailAddress,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<AddressChange, Unavailable> {
        let rows = ConsequenceRows::sealed(consequences, &*self.sealer)?;
        let (digest, new) = (*digest, new.clone());
        let (user, at) = (Key(user.uuid()), Moment::from(at));
        self.database
            .change(move |connection, changes| {
                if !claim_own(connection, &digest, Purpose::ChangeEmail, user, at)? {
                    return Ok(AddressChange::LinkNotGood);
                }
                let set = (accounts::email.eq(new.as_str()), accounts::confirmed_at.eq(at));
                let update = |connection: &mut DbConnection| {
                    confirm_address(connection, user, at)?;
                    diesel::update(accounts::table.find(user)).set(set).execute(connection)
                };
                match savepoint(connection, update) {
                    // The address is all that can collide here.
                    Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
                        return Ok(AddressChange::Taken);
                    }
                    updated => updated?,
                };
                let mailed_to_the_old =
                    [Purpose::Confirm, Purpose::ResetPassword, Purpose::ChangeEmail, Purpose::LinkSocial];
                for purpose in mailed_to_the_old {
                    secrets::drop_all(connection, user, purpose)?;
                }
                rows.insert(connection)?;
                changes.add(of_person(Action::Update, user.0.into(), at.at));
                let changed = account(connection, user)?.ok_or(Error::NotFound)?;
                Ok(AddressChange::Changed(Box::new(changed)))
            })
            .await
    }

    async fn rename(
        &self,
        by: Caller,
        first_name: &PersonName,
        last_name: &PersonName,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Asked<Option<Account>> {
        let rows = ConsequenceRows::sealed(consequences, &*self.sealer)?;
        let (first_name, last_name) = (first_name.as_str().to_owned(), last_name.as_str().to_owned());
        let user = Key(by.user.uuid());
        self.database
            .change(move |connection, changes| {
                if !sessions::is_current(connection, by)? {
                    return Ok(Err(Overtaken));
                }
                let other = accounts::first_name.ne(&first_name).or(accounts::last_name.ne(&last_name));
                let set = (accounts::first_name.eq(&first_name), accounts::last_name.eq(&last_name));
                let changed = diesel::update(accounts::table.find(user).filter(other)).set(set);
                if changed.execute(connection)? == 1 {
                    rows.insert(connection)?;
                    changes.add(of_person(Action::Update, user.0.into(), at));
                }
                account(connection, user).map(Ok)
            })
            .await
    }

    async fn all_sessions(
        &self,
        user: UserId,
        page: Page<SessionId>,
    ) -> Result<Slice<SessionRecord, SessionId>, Unavailable> {
        let user = Key(user.uuid());
        let rows = self.database.read(move |connection| {
            let mut own = session_rows::table
                .filter(session_rows::user_id.eq(user))
                .order(session_rows::id.desc())
                .limit(i64::from(page.limit.get()) + 1)
                .into_boxed();
            if let Some(after) = page.after {
                own = own.filter(session_rows::id.lt(Key(after.uuid())));
            }
            let rows: Vec<SessionRow> = own.load(connection)?;
            rows.into_iter().map(SessionRow::record).collect::<QueryResult<Vec<_>>>()
        });
        Ok(Slice::from_surplus(rows.await?, page.limit, |session| session.id))
    }

    async fn delete_account(
        &self,
        user: UserId,
        by: Option<Caller>,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Asked<Option<Vec<SessionId>>> {
        let rows = ConsequenceRows::sealed(consequences, &*self.sealer)?;
        let (user, at) = (Key(user.uuid()), Moment::from(at));
        self.database
            .change(move |connection, changes| {
                if !sessions::is_still(connection, by)? {
                    return Ok(Err(Overtaken));
                }
                delete(connection, user, at, &rows, changes).map(Ok)
            })
            .await
    }

    async fn forget_departed(&self, at: Timestamp, at_most: u32) -> Result<u32, Unavailable> {
        self.database
            .change(move |connection, changes| {
                let mut found = 0;
                while found < at_most {
                    let theirs = questions::table.on(questions::asker_id.eq(departed_askers::id.nullable()));
                    let first = departed_askers::table.inner_join(theirs).select(departed_askers::id);
                    let first = first.order(departed_askers::id).first::<Key>(connection).optional()?;
                    let Some(user) = first else { break };
                    let part = QUESTIONS.min(at_most - found);
                    found += question_log::forget_of(connection, user, at, part, changes)?.found;
                }
                let theirs = questions::table.filter(questions::asker_id.eq(departed_askers::id.nullable()));
                let long_ago = departed_askers::departed_at.lt(Moment::from(at - LATE));
                let over = departed_askers::table.filter(long_ago).filter(not(exists(theirs)));
                diesel::delete(over).execute(connection)?;
                Ok(found)
            })
            .await
    }
}

/// Deletes an account with all that belongs to it; `None` when it is gone.
pub(crate) fn delete(
    connection: &mut DbConnection,
    user: Key,
    at: Moment,
    rows: &ConsequenceRows,
    changes: &mut Changes,
) -> QueryResult<Option<Vec<SessionId>>> {
    // Nobody opens a session of this account, or gives it anything, from here on.
    if !lock(connection, user)? {
        return Ok(None);
    }
    let username_key: String = accounts::table.find(user).select(accounts::username_key).first(connection)?;
    skills::remove_all_of(connection, user, at.at, changes)?;
    events::remove_all_of(connection, user, at.at, changes)?;
    companies::remove_all_of(connection, user, at.at, changes)?;
    question_log::forget_of(connection, user, at.at, QUESTIONS, changes)?;
    // There may be very many more, or some that were taken and are not stored yet.
    let departed = (departed_askers::id.eq(user), departed_askers::departed_at.eq(at));
    diesel::insert_into(departed_askers::table).values(departed).execute(connection)?;
    login_methods::remove_all_of(connection, user, at.at, changes)?;
    mfa::forget_method(connection, user, at.at, changes)?;
    let ended = sessions::end_all(connection, user, at)?;
    for session in &ended {
        changes.add(sessions::ended(*session, at.at));
    }
    sessions::keep_the_end_of(connection, user)?;
    letters::forget_unsent(connection, &username_key)?;
    rows.insert(connection)?;
    audit::forget_whereabouts(connection, user)?;
    // Roles, secrets, sessions and whatever else refers to it go with it.
    diesel::delete(accounts::table.find(user)).execute(connection)?;
    changes.add(of_person(Action::Delete, user.0.into(), at.at));
    Ok(Some(ended))
}

/// Spends a secret that belongs to `user`. Others that give or spend one of this account wait from then on.
fn claim_own(
    connection: &mut DbConnection,
    digest: &TokenDigest,
    purpose: Purpose,
    user: Key,
    at: Moment,
) -> QueryResult<bool> {
    Ok(lock(connection, user)?
        && secrets::owner(connection, digest, purpose)? == Some(user)
        && secrets::claim(connection, digest, purpose, at)?)
}

/// What the old password and who knew it have led to.
fn drop_what_the_password_led_to(
    connection: &mut DbConnection,
    user: Key,
    at: Moment,
    changes: &mut Changes,
) -> QueryResult<()> {
    for purpose in [Purpose::ResetPassword, Purpose::ChangeEmail, Purpose::Mfa] {
        secrets::drop_all(connection, user, purpose)?;
    }
    mfa::forget_half_set_up(connection, user, at.at, changes)
}

/// What may have been set up by somebody who only knew the address, before anybody had shown that the mailbox is theirs.
fn drop_what_strangers_left(
    connection: &mut DbConnection,
    user: Key,
    at: Moment,
    changes: &mut Changes,
) -> QueryResult<()> {
    let until = accounts::table.find(user).select(accounts::unproved_until);
    let Some(until): Option<Moment> = until.first(connection)? else { return Ok(()) };
    login_methods::remove_linked_before(connection, user, until, at.at, changes)?;
    mfa::drop_set_up_before(connection, user, until, at.at, changes)
}
