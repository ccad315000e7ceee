mod stored;

use crate::Stores;
use crate::accounts::{AccountRow, account, account_of, give_role, lock, of_person, which_is_taken};
use crate::changes::{Changes, Record};
use crate::columns::{Key, Moment};
use crate::connection::DbConnection;
use crate::consequences::ConsequenceRows;
use crate::mfa;
use crate::schema::accounts::{accounts, one_time_secrets};
use crate::schema::login_methods::login_methods;
use crate::secrets;
use crate::sessions;
use crate::transaction::savepoint;
use async_trait::async_trait;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use jiff::Timestamp;
use square_accounts::ports::identity::ExternalIdentity;
use square_accounts::ports::{
    Asked, Caller, Consequences, HeldSocialLink, LinkedBy, Linking, LoginMethodId, LoginMethodStore,
    NewAccount, NewLoginMethod, NewSecret, NewSocialLink, OneTimeSecrets, Overtaken, Purpose, Registration,
    SocialRegistration, Unlinking, WaysIn,
};
use square_accounts::{Account, PasswordHash, Provider, TokenDigest};
use square_changes::{Action, Audience, Channel};
use square_kernel::{SessionId, Unavailable, UserId};
pub(crate) use stored::PURPOSE;
use stored::{MethodRow, Profile, payload, read_payload};

#[async_trait]
impl LoginMethodStore for Stores {
    async fn recognise(
        &self,
        provider: Provider,
        identity: &ExternalIdentity,
        at: Timestamp,
    ) -> Result<Option<Account>, Unavailable> {
        let profile = Profile::sealed(identity, &*self.sealer).map_err(Unavailable::new)?;
        let subject = identity.subject.as_str().to_owned();
        self.database
            .change(move |connection, changes| {
                let Some(before) = known(connection, provider, &subject)? else { return Ok(None) };
                if !renew(connection, &before, &profile, at, changes)? {
                    return Ok(None);
                }
                account(connection, before.user_id)
            })
            .await
    }

    async fn register_by(
        &self,
        method: &NewLoginMethod,
        new: &NewAccount,
        link: Option<&TokenDigest>,
        consequences: &Consequences,
    ) -> Result<SocialRegistration, Unavailable> {
        if !self.is_for(link, new.id, false, new.created_at).await? {
            return Ok(SocialRegistration::LinkNotGood);
        }
        let row = AccountRow::from(new);
        let method = MethodRow::sealed(new.id, method, &*self.sealer).map_err(Unavailable::new)?;
        let rows = ConsequenceRows::sealed(consequences, &*self.sealer)?;
        let (roles, username, email) = (new.roles.clone(), new.username.key(), new.email.clone());
        let (link, at) = (link.copied(), Moment::from(new.created_at));
        self.database
            .change(move |connection, changes| {
                let made = savepoint(connection, |connection| {
                    if !spend(connection, link.as_ref(), at)? {
                        return Ok(None);
                    }
                    diesel::insert_into(accounts::table).values(&row).execute(connection)?;
                    for role in &roles {
                        give_role(connection, method.user_id, role)?;
                    }
                    method.insert(connection)?;
                    rows.insert(connection)?;
                    account_of(connection, &row).map(Some)
                });
                let error = match made {
                    Ok(Some(account)) => {
                        changes.add(of_person(Action::Create, account.id, at.at));
                        changes.add(of_method(Action::Create, method.id, method.user_id, at.at));
                        return Ok(SocialRegistration::Created(Box::new(account)));
                    }
                    Ok(None) => return Ok(SocialRegistration::LinkNotGood),
                    Err(error @ Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => error,
                    Err(error) => return Err(error),
                };
                if known_by(connection, &method.provider, &method.subject)?.is_some() {
                    return Ok(SocialRegistration::IdentityTaken);
                }
                match which_is_taken(connection, &username, email.as_ref())? {
                    Some(Registration::UsernameTaken) => Ok(SocialRegistration::UsernameTaken),
                    Some(Registration::EmailTaken) => Ok(SocialRegistration::EmailTaken),
                    _ => Err(error),
                }
            })
            .await
    }

    async fn link(
        &self,
        user: UserId,
        method: &NewLoginMethod,
        by: LinkedBy<'_>,
        consequences: &Consequences,
    ) -> Asked<Linking> {
        let (link, by) = match by {
            LinkedBy::Mailbox(link) => (Some(link), None),
            LinkedBy::Owner(by) if by.user == user => (None, Some(by)),
            LinkedBy::Owner(_) => return Ok(Err(Overtaken)),
        };
        if !self.is_for(link, user, true, method.at).await? {
            return Ok(Ok(Linking::LinkNotGood));
        }
        let rows = ConsequenceRows::sealed(consequences, &*self.sealer)?;
        let profile = Profile::sealed(&method.identity, &*self.sealer).map_err(Unavailable::new)?;
        let row = MethodRow::new(user, method, profile.clone());
        let (link, at) = (link.copied(), Moment::from(method.at));
        self.database
            .change(move |connection, changes| {
                // Nobody else changes how one signs in to this account from here on.
                if !sessions::is_still(connection, by)? {
                    return Ok(Err(Overtaken));
                }
                if !lock(connection, row.user_id)? {
                    return Ok(Ok(Linking::LinkNotGood));
                }
                let owner = known_by(connection, &row.provider, &row.subject)?.map(|known| known.user_id);
                if owner.is_some_and(|owner| owner != row.user_id) {
                    return Ok(Ok(Linking::Elsewhere));
                }
                if !spend(connection, link.as_ref(), at)? {
                    return Ok(Ok(Linking::LinkNotGood));
                }
                let ended = if link.is_some() {
                    take_over(connection, row.user_id, at, changes)?
                } else {
                    Vec::new()
                };
                // Once more, since taking over may have removed it, and only what is this account's: another one may have got it
                // since the first look.
                let before = known_by(connection, &row.provider, &row.subject)?;
                let before = before.filter(|known| known.user_id == row.user_id);
                if let Some(before) = &before {
                    renew(connection, before, &profile, at.at, changes)?;
                } else {
                    // Where another account gets it at this moment, all of this is tried again, and sees that.
                    row.insert(connection)?;
                    rows.insert(connection)?;
                    changes.add(of_method(Action::Create, row.id, row.user_id, at.at));
                }
                let account = account(connection, row.user_id)?.ok_or(Error::NotFound)?;
                let account = Box::new(account);
                Ok(Ok(if before.is_some() {
                    Linking::Known(account)
                } else {
                    Linking::Linked { account, ended }
                }))
            })
            .await
    }

    async fn hold(
        &self,
        link: &NewSocialLink,
        method: &NewLoginMethod,
        at_most: u32,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable> {
        let secret = NewSecret {
            digest: link.digest,
            purpose: Purpose::LinkSocial,
            user: link.exists.then_some(link.user),
            payload: Some(payload(link, method).map_err(Unavailable::new)?),
            attempts: 1,
            created_at: method.at,
            expires_at: link.expires_at,
        };
        self.issue(&secret, at_most, consequences).await
    }

    async fn held(&self, digest: &TokenDigest, at: Timestamp) -> Result<Option<HeldSocialLink>, Unavailable> {
        let held = self.look(digest, Purpose::LinkSocial, at).await?;
        let payload = held.and_then(|held| held.payload);
        payload.map(|payload| read_payload(&payload).map_err(Unavailable::new)).transpose()
    }

    async fn ways_in(&self, user: UserId) -> Result<Option<WaysIn>, Unavailable> {
        let user = Key(user.uuid());
        let read = self.database.read(move |connection| {
            let hash: Option<String> =
                accounts::table.find(user).select(accounts::password_hash).first(connection).optional()?;
            let Some(hash) = hash else { return Ok(None) };
            let own = login_methods::table.filter(login_methods::user_id.eq(user));
            let rows: Vec<MethodRow> =
                own.order((login_methods::created_at, login_methods::id)).load(connection)?;
            Ok(Some((hash, rows)))
        });
        let Some((hash, rows)) = read.await? else { return Ok(None) };
        let identities = rows.into_iter().map(|row| row.open(&*self.sealer)).collect::<Result<_, _>>();
        let identities = identities.map_err(Unavailable::new)?;
        Ok(Some(WaysIn { password: PasswordHash::new(hash).is_set(), identities }))
    }

    async fn unlink(
        &self,
        by: Caller,
        method: LoginMethodId,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Asked<Unlinking> {
        let rows = ConsequenceRows::sealed(consequences, &*self.sealer)?;
        let (user, method) = (Key(by.user.uuid()), Key(method.uuid()));
        self.database
            .change(move |connection, changes| {
                // Two that take away the last two ways at the same time wait for one another.
                if !sessions::is_current(connection, by)? {
                    return Ok(Err(Overtaken));
                }
                let own = login_methods::table.filter(login_methods::user_id.eq(user));
                let ids: Vec<Key> = own.select(login_methods::id).load(connection)?;
                if !ids.contains(&method) {
                    return Ok(Ok(Unlinking::Unknown));
                }
                let hash: String =
                    accounts::table.find(user).select(accounts::password_hash).first(connection)?;
                if ids.len() == 1 && !PasswordHash::new(hash).is_set() {
                    return Ok(Ok(Unlinking::LastWayIn));
                }
                diesel::delete(login_methods::table.find(method)).execute(connection)?;
                rows.insert(connection)?;
                changes.add(of_method(Action::Delete, method, user, at));
                let change = sessions::shut_out_others(connection, user, Some(by), at.into())?;
                for session in &change.ended {
                    changes.add(sessions::ended(*session, at));
                }
                Ok(Ok(Unlinking::Removed(change)))
            })
            .await
    }
}

impl Stores {
    /// Whether a link, where one is given, is for this account. What a link stands for never changes, so this may be asked ahead
    /// of the transaction that spends it.
    async fn is_for(
        &self,
        link: Option<&TokenDigest>,
        user: UserId,
        exists: bool,
        at: Timestamp,
    ) -> Result<bool, Unavailable> {
        let Some(digest) = link else { return Ok(true) };
        let held = self.held(digest, at).await?;
        Ok(held.is_some_and(|held| held.user == user && held.exists == exists))
    }
}

/// What is known of an identity.
#[derive(Queryable)]
struct Known {
    id: Key,
    user_id: Key,
    email: Option<String>,
    name: String,
    user_name: String,
}

fn known(connection: &mut DbConnection, provider: Provider, subject: &str) -> QueryResult<Option<Known>> {
    known_by(connection, provider.as_str(), subject)
}

fn known_by(connection: &mut DbConnection, provider: &str, subject: &str) -> QueryResult<Option<Known>> {
    let one = login_methods::table
        .filter(login_methods::provider.eq(provider))
        .filter(login_methods::subject.eq(subject));
    let columns = (
        login_methods::id,
        login_methods::user_id,
        login_methods::email,
        login_methods::name,
        login_methods::user_name,
    );
    one.select(columns).first(connection).optional()
}

/// Puts what the provider says now in the place of what it said; `false` when the identity was taken away meanwhile. That it
/// gives other tokens every time is no news.
fn renew(
    connection: &mut DbConnection,
    before: &Known,
    profile: &Profile,
    at: Timestamp,
    changes: &mut Changes,
) -> QueryResult<bool> {
    if diesel::update(login_methods::table.find(before.id)).set(profile).execute(connection)? == 0 {
        return Ok(false);
    }
    if !profile.shows(before.email.as_deref(), &before.name, &before.user_name) {
        changes.add(of_method(Action::Update, before.id, before.user_id, at));
    }
    Ok(true)
}

/// Spends a link, where one is given.
fn spend(connection: &mut DbConnection, link: Option<&TokenDigest>, at: Moment) -> QueryResult<bool> {
    link.map_or(Ok(true), |digest| secrets::claim(connection, digest, Purpose::LinkSocial, at))
}

/// Leaves an account whose address was not confirmed to whoever has the mailbox, with nothing by which anybody else could get
/// in; gives the sessions that ended. A confirmed account stays as it is.
pub(crate) fn take_over(
    connection: &mut DbConnection,
    user: Key,
    at: Moment,
    changes: &mut Changes,
) -> QueryResult<Vec<SessionId>> {
    let unconfirmed = accounts::table.find(user).filter(accounts::confirmed_at.is_null());
    let taken = diesel::update(unconfirmed)
        .set((
            accounts::confirmed_at.eq(at),
            accounts::unproved_until.eq(at),
            accounts::password_hash.eq(PasswordHash::none().as_str()),
            accounts::mfa_enabled_at.eq(None::<Moment>),
        ))
        .execute(connection)?;
    if taken == 0 {
        return Ok(Vec::new());
    }
    changes.add(of_person(Action::Update, user.0.into(), at.at));
    remove_all_of(connection, user, at.at, changes)?;
    mfa::forget_method(connection, user, at.at, changes)?;
    diesel::delete(one_time_secrets::table.filter(one_time_secrets::user_id.eq(user))).execute(connection)?;
    let change = sessions::shut_out_others(connection, user, None, at)?;
    for session in &change.ended {
        changes.add(sessions::ended(*session, at.at));
    }
    Ok(change.ended)
}

/// Takes all ways to sign in by a provider from an account that is locked.
pub(crate) fn remove_all_of(
    connection: &mut DbConnection,
    user: Key,
    at: Timestamp,
    changes: &mut Changes,
) -> QueryResult<()> {
    remove_linked_before(connection, user, Moment::from(Timestamp::MAX), at, changes)
}

/// The same, but those alone that were linked before a moment.
pub(crate) fn remove_linked_before(
    connection: &mut DbConnection,
    user: Key,
    until: Moment,
    at: Timestamp,
    changes: &mut Changes,
) -> QueryResult<()> {
    let methods = login_methods::table
        .filter(login_methods::user_id.eq(user))
        .filter(login_methods::created_at.lt(until));
    for method in methods.select(login_methods::id).load::<Key>(connection)? {
        changes.add(of_method(Action::Delete, method, user, at));
    }
    diesel::delete(methods).execute(connection).map(drop)
}

fn of_method(action: Action, id: Key, owner: Key, at: Timestamp) -> Record {
    let audience = Audience { owner: Some(owner.0.into()), ..Audience::default() };
    Record { channel: Channel::LoginMethod, action, entity: id.0, audience, at }
}
