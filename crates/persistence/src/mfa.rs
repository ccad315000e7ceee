use crate::Stores;
use crate::accounts::{account, lock, of_person, rights};
use crate::changes::{Changes, Record};
use crate::columns::{Key, Moment, corrupt};
use crate::connection::DbConnection;
use crate::consequences::ConsequenceRows;
use crate::rows::insert_all;
use crate::schema::accounts::{accounts, user_roles};
use crate::schema::mfa::{mfa_attempts, otp_methods, recovery_codes};
use crate::transaction::savepoint;
use crate::{secrets, sessions};
use async_trait::async_trait;
use diesel::prelude::*;
use diesel::result::Error;
use jiff::Timestamp;
use square_accounts::ports::{
    Asked, AttemptBudget, Attempted, Caller, Consequences, CredentialChange, MfaAttemptId, MfaStore,
    MfaSwitch, MfaSwitched, NewAttempt, NewOtpMethod, NewRecoveryCode, OtpMethod, OtpProof, Overtaken,
    Purpose, RecoveryPass, RecoveryProof,
};
use square_accounts::{OtpSecret, RecoveryCode, TokenDigest};
use square_changes::{Action, Audience, Channel};
use square_kernel::{Sealed, Sealer, Unavailable, UserId};
use zeroize::Zeroizing;

#[async_trait]
impl MfaStore for Stores {
    async fn begin_otp(&self, method: &NewOtpMethod, by: Caller, consequences: &Consequences) -> Asked<bool> {
        let row = OtpRow::sealed(method, &*self.sealer);
        let rows = ConsequenceRows::sealed(consequences, &*self.sealer)?;
        let at = method.at;
        self.database
            .change(move |connection, changes| {
                if !sessions::is_current(connection, by)? {
                    return Ok(Err(Overtaken));
                }
                if row.user_id.0 != by.user.uuid() || is_on(connection, row.user_id)? {
                    return Ok(Ok(false));
                }
                forget_method(connection, row.user_id, at, changes)?;
                diesel::insert_into(otp_methods::table).values(&row).execute(connection)?;
                rows.insert(connection)?;
                changes.add(of_owner(Channel::OtpMethod, Action::Create, row.id, row.user_id, at));
                Ok(Ok(true))
            })
            .await
    }

    async fn otp_method(&self, user: UserId) -> Result<Option<OtpMethod>, Unavailable> {
        let found = self.database.read(move |connection| {
            let own = otp_methods::table.filter(otp_methods::user_id.eq(Key(user.uuid())));
            own.first::<OtpRow>(connection).optional()
        });
        found.await?.map(|row| row.open(&*self.sealer)).transpose()
    }

    async fn verify_otp(
        &self,
        proof: &OtpProof,
        by: Caller,
        codes: &[NewRecoveryCode],
        consequences: &Consequences,
    ) -> Asked<bool> {
        let (proof, at) = (*proof, Moment::from(proof.at));
        let user = Key(proof.user.uuid());
        let codes = CodeRow::all(proof.user, codes, at, &*self.sealer);
        let rows = ConsequenceRows::sealed(consequences, &*self.sealer)?;
        self.database
            .change(move |connection, changes| {
                let unverified = otp_methods::verified_at.is_null();
                let verified = (otp_methods::last_step.eq(step(&proof)), otp_methods::verified_at.eq(at));
                if !sessions::is_current(connection, by)? {
                    return Ok(Err(Overtaken));
                }
                if proof.user != by.user
                    || diesel::update(unused(&proof).filter(unverified)).set(verified).execute(connection)?
                        == 0
                {
                    return Ok(Ok(false));
                }
                replace_codes(connection, user, &codes, at.at, changes)?;
                give_back(connection, proof.attempt)?;
                rows.insert(connection)?;
                let method = Key(proof.method.uuid());
                changes.add(of_owner(Channel::OtpMethod, Action::Update, method, user, at.at));
                Ok(Ok(true))
            })
            .await
    }

    async fn enable_mfa(
        &self,
        proof: &OtpProof,
        switch: &MfaSwitch,
        consequences: &Consequences,
    ) -> Asked<Option<MfaSwitched>> {
        let (proof, switch) = (*proof, switch.clone());
        let rows = ConsequenceRows::sealed(consequences, &*self.sealer)?;
        self.database
            .change(move |connection, changes| {
                let (user, at) = (Key(switch.user.uuid()), Moment::from(switch.at));
                if !sessions::is_still(connection, switch.by)? {
                    return Ok(Err(Overtaken));
                }
                let switched = all_or_nothing(connection, |connection| {
                    let off = accounts::table.find(user).filter(accounts::mfa_enabled_at.is_null());
                    let on = accounts::mfa_enabled_at.eq(at);
                    if diesel::update(off).set(on).execute(connection)? == 0 || !use_step(connection, &proof)?
                    {
                        return Ok(None);
                    }
                    give_back(connection, proof.attempt)?;
                    rows.insert(connection)?;
                    switched(connection, &switch).map(Some)
                })?;
                if let Some(switched) = &switched {
                    let method = Key(proof.method.uuid());
                    changes.add(of_owner(Channel::OtpMethod, Action::Update, method, user, at.at));
                    record(switched, &switch, changes);
                }
                Ok(Ok(switched))
            })
            .await
    }

    async fn disable_mfa(
        &self,
        switch: &MfaSwitch,
        consequences: &Consequences,
    ) -> Asked<Option<MfaSwitched>> {
        let switch = switch.clone();
        let rows = ConsequenceRows::sealed(consequences, &*self.sealer)?;
        self.database
            .change(move |connection, changes| {
                let user = Key(switch.user.uuid());
                if !sessions::is_still(connection, switch.by)? {
                    return Ok(Err(Overtaken));
                }
                if !lock(connection, user)? {
                    return Ok(Ok(None));
                }
                let on = accounts::table.find(user).filter(accounts::mfa_enabled_at.is_not_null());
                let off = accounts::mfa_enabled_at.eq(None::<Moment>);
                let was_on = diesel::update(on).set(off).execute(connection)? == 1;
                forget_method(connection, user, switch.at, changes)?;
                secrets::drop_all(connection, user, Purpose::Mfa)?;
                if !was_on {
                    let account = account(connection, user)?.ok_or(Error::NotFound)?;
                    let credentials = account.credentials;
                    return Ok(Ok(Some(MfaSwitched { ended: Vec::new(), rights: None, credentials })));
                }
                rows.insert(connection)?;
                let switched = switched(connection, &switch)?;
                record(&switched, &switch, changes);
                Ok(Ok(Some(switched)))
            })
            .await
    }

    async fn recovery_codes(&self, user: UserId) -> Result<Vec<RecoveryCode>, Unavailable> {
        let contents = self.database.read(move |connection| {
            let own = recovery_codes::table.filter(recovery_codes::user_id.eq(Key(user.uuid())));
            own.order(recovery_codes::number).select(recovery_codes::content).load::<Vec<u8>>(connection)
        });
        let open = |content| open_code(user, content, &*self.sealer);
        contents.await?.into_iter().map(open).collect()
    }

    async fn replace_recovery_codes(
        &self,
        by: Caller,
        codes: &[NewRecoveryCode],
        at: Timestamp,
        consequences: &Consequences,
    ) -> Asked<bool> {
        let codes = CodeRow::all(by.user, codes, at.into(), &*self.sealer);
        let rows = ConsequenceRows::sealed(consequences, &*self.sealer)?;
        let user = Key(by.user.uuid());
        self.database
            .change(move |connection, changes| {
                let own = otp_methods::table.filter(otp_methods::user_id.eq(user));
                let verified = own.filter(otp_methods::verified_at.is_not_null());
                if !sessions::is_current(connection, by)? {
                    return Ok(Err(Overtaken));
                }
                if verified.count().get_result::<i64>(connection)? == 0 {
                    return Ok(Ok(false));
                }
                replace_codes(connection, user, &codes, at, changes)?;
                rows.insert(connection)?;
                Ok(Ok(true))
            })
            .await
    }

    async fn begin_attempt(
        &self,
        attempt: &NewAttempt,
        budget: AttemptBudget,
    ) -> Result<Attempted, Unavailable> {
        let row = AttemptRow::from(attempt);
        let begin = Moment::from(attempt.at.checked_sub(budget.within).unwrap_or(Timestamp::MIN));
        self.database
            .write(move |connection| {
                // Nobody else makes an attempt at this account from here on.
                if !lock(connection, row.user_id)? {
                    return Ok(Attempted::Counted);
                }
                let made = mfa_attempts::table.filter(mfa_attempts::user_id.eq(row.user_id));
                let made = made.filter(mfa_attempts::kind.eq(row.kind));
                diesel::delete(made.filter(mfa_attempts::attempted_at.le(begin))).execute(connection)?;
                let at = made.select(mfa_attempts::attempted_at).order(mfa_attempts::attempted_at.desc());
                let latest: Vec<Moment> = at.limit(budget.most.into()).load(connection)?;
                if let Some(oldest) = latest.last().filter(|_| latest.len() >= budget.most as usize) {
                    let free = oldest.at.checked_add(budget.within).unwrap_or(Timestamp::MAX);
                    return Ok(Attempted::NotBefore(free));
                }
                diesel::insert_into(mfa_attempts::table).values(&row).execute(connection)?;
                Ok(Attempted::Counted)
            })
            .await
    }

    async fn pass_otp(
        &self,
        challenge: &TokenDigest,
        proof: &OtpProof,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable> {
        let (challenge, proof) = (*challenge, *proof);
        let rows = ConsequenceRows::sealed(consequences, &*self.sealer)?;
        self.database
            .write(move |connection| {
                let (user, at) = (Key(proof.user.uuid()), Moment::from(proof.at));
                let passed = all_or_nothing(connection, |connection| {
                    if !spend_challenge(connection, user, &challenge, at)? || !use_step(connection, &proof)? {
                        return Ok(None);
                    }
                    give_back(connection, proof.attempt)?;
                    rows.insert(connection).map(Some)
                });
                passed.map(|passed| passed.is_some())
            })
            .await
    }

    async fn pass_recovery_code(
        &self,
        challenge: &TokenDigest,
        proof: &RecoveryProof,
        consequences: &Consequences,
    ) -> Result<RecoveryPass, Unavailable> {
        let (challenge, proof) = (*challenge, proof.clone());
        let digests: Vec<Vec<u8>> = proof.digests.iter().map(|digest| digest.0.to_vec()).collect();
        let rows = ConsequenceRows::sealed(consequences, &*self.sealer)?;
        self.database
            .change(move |connection, changes| {
                let (user, at) = (Key(proof.user.uuid()), Moment::from(proof.at));
                // Nobody else changes the codes of this account from here on.
                lock(connection, user)?;
                let own = recovery_codes::table.filter(recovery_codes::user_id.eq(user));
                let these = own.filter(recovery_codes::digest.eq_any(digests.iter().map(Vec::as_slice)));
                let found: Option<Key> = these.select(recovery_codes::id).first(connection).optional()?;
                let Some(code) = found else { return Ok(RecoveryPass::Refused) };
                if own.count().get_result::<i64>(connection)? != i64::from(proof.left) + 1 {
                    return Ok(RecoveryPass::Miscounted);
                }
                let passed = all_or_nothing(connection, |connection| {
                    if !spend_challenge(connection, user, &challenge, at)?
                        || diesel::delete(recovery_codes::table.find(code)).execute(connection)? == 0
                    {
                        return Ok(None);
                    }
                    give_back(connection, proof.attempt)?;
                    rows.insert(connection).map(Some)
                })?;
                if passed.is_none() {
                    return Ok(RecoveryPass::Refused);
                }
                changes.add(of_owner(Channel::RecoveryCode, Action::Delete, code, user, at.at));
                Ok(RecoveryPass::Passed)
            })
            .await
    }
}

/// Undoes what `work` has done where it gives `None`.
fn all_or_nothing<T>(
    connection: &mut DbConnection,
    work: impl Fn(&mut DbConnection) -> QueryResult<Option<T>>,
) -> QueryResult<Option<T>> {
    match savepoint(connection, |connection| work(connection)?.ok_or(Error::RollbackTransaction)) {
        Err(Error::RollbackTransaction) => Ok(None),
        outcome => outcome.map(Some),
    }
}

fn is_on(connection: &mut DbConnection, user: Key) -> QueryResult<bool> {
    let on = accounts::table.find(user).filter(accounts::mfa_enabled_at.is_not_null());
    Ok(on.count().get_result::<i64>(connection)? > 0)
}

fn step(proof: &OtpProof) -> i64 {
    i64::try_from(proof.step).unwrap_or(i64::MAX)
}

/// The method of a proof, where the step is later than all that were used.
#[diesel::dsl::auto_type]
fn unused(proof: &OtpProof) -> _ {
    let (method, user): (Key, Key) = (Key(proof.method.uuid()), Key(proof.user.uuid()));
    let later: i64 = step(proof);
    otp_methods::table
        .filter(otp_methods::id.eq(method))
        .filter(otp_methods::user_id.eq(user))
        .filter(otp_methods::last_step.lt(later))
}

/// Of any number of transactions one uses a step of a verified method.
fn use_step(connection: &mut DbConnection, proof: &OtpProof) -> QueryResult<bool> {
    let verified = unused(proof).filter(otp_methods::verified_at.is_not_null());
    let used = diesel::update(verified).set(otp_methods::last_step.eq(step(proof)));
    Ok(used.execute(connection)? == 1)
}

/// Of any number of transactions one spends a challenge, and only while the second factor is on.
fn spend_challenge(
    connection: &mut DbConnection,
    user: Key,
    challenge: &TokenDigest,
    at: Moment,
) -> QueryResult<bool> {
    Ok(lock(connection, user)?
        && is_on(connection, user)?
        && secrets::owner(connection, challenge, Purpose::Mfa)? == Some(user)
        && secrets::claim(connection, challenge, Purpose::Mfa, at)?)
}

fn give_back(connection: &mut DbConnection, attempt: MfaAttemptId) -> QueryResult<()> {
    diesel::delete(mfa_attempts::table.find(Key(attempt.uuid()))).execute(connection).map(drop)
}

/// Deletes method and recovery codes of an account that is locked, where the second factor is not on.
pub(crate) fn forget_half_set_up(
    connection: &mut DbConnection,
    user: Key,
    at: Timestamp,
    changes: &mut Changes,
) -> QueryResult<()> {
    if is_on(connection, user)? { Ok(()) } else { forget_method(connection, user, at, changes) }
}

/// Switches the second factor of an account that is locked off, and forgets it, where its secret was made before `until`.
pub(crate) fn drop_set_up_before(
    connection: &mut DbConnection,
    user: Key,
    until: Moment,
    at: Timestamp,
    changes: &mut Changes,
) -> QueryResult<()> {
    let own = otp_methods::table.filter(otp_methods::user_id.eq(user));
    let before = own.filter(otp_methods::created_at.lt(until));
    if before.count().get_result::<i64>(connection)? == 0 {
        return Ok(());
    }
    let off = accounts::mfa_enabled_at.eq(None::<Moment>);
    diesel::update(accounts::table.find(user)).set(off).execute(connection)?;
    changes.add(of_person(Action::Update, user.0.into(), at));
    forget_method(connection, user, at, changes)
}

/// Deletes method and recovery codes of an account that is locked.
pub(crate) fn forget_method(
    connection: &mut DbConnection,
    user: Key,
    at: Timestamp,
    changes: &mut Changes,
) -> QueryResult<()> {
    let own = otp_methods::table.filter(otp_methods::user_id.eq(user));
    for method in own.select(otp_methods::id).load::<Key>(connection)? {
        changes.add(of_owner(Channel::OtpMethod, Action::Delete, method, user, at));
    }
    diesel::delete(own).execute(connection)?;
    replace_codes(connection, user, &[], at, changes)
}

/// Puts `codes` in the place of all those of an account that is locked.
fn replace_codes(
    connection: &mut DbConnection,
    user: Key,
    codes: &[CodeRow],
    at: Timestamp,
    changes: &mut Changes,
) -> QueryResult<()> {
    let own = recovery_codes::table.filter(recovery_codes::user_id.eq(user));
    let ids = own.select(recovery_codes::id).order(recovery_codes::number);
    for id in ids.load::<Key>(connection)? {
        changes.add(of_owner(Channel::RecoveryCode, Action::Delete, id, user, at));
    }
    diesel::delete(own).execute(connection)?;
    insert_all!(connection, recovery_codes::table, codes)?;
    for code in codes {
        changes.add(of_owner(Channel::RecoveryCode, Action::Create, code.id, user, at));
    }
    Ok(())
}

/// What follows from switching the second factor of an account that is locked.
fn switched(connection: &mut DbConnection, switch: &MfaSwitch) -> QueryResult<MfaSwitched> {
    let (user, at) = (Key(switch.user.uuid()), Moment::from(switch.at));
    let CredentialChange { ended, credentials } = sessions::shut_out_others(connection, user, switch.by, at)?;
    let own = user_roles::table.filter(user_roles::user_id.eq(user));
    let concerned = own.filter(user_roles::role.eq_any(switch.required_roles.clone()));
    if concerned.count().get_result::<i64>(connection)? == 0 {
        return Ok(MfaSwitched { ended, rights: None, credentials });
    }
    let account = accounts::table.find(user);
    let counted = (accounts::rights.eq(accounts::rights + 1), accounts::rights_changed_at.eq(at));
    diesel::update(account).set(counted).execute(connection)?;
    let rights = rights(account.select(accounts::rights).first(connection)?)?;
    Ok(MfaSwitched { ended, rights: Some(rights), credentials })
}

fn record(switched: &MfaSwitched, switch: &MfaSwitch, changes: &mut Changes) {
    changes.add(of_person(Action::Update, switch.user, switch.at));
    for session in &switched.ended {
        changes.add(sessions::ended(*session, switch.at));
    }
}

/// A change that nobody but the account's owner is told of.
fn of_owner(channel: Channel, action: Action, entity: Key, owner: Key, at: Timestamp) -> Record {
    let audience = Audience { owner: Some(owner.0.into()), ..Audience::default() };
    Record { channel, action, entity: entity.0, audience, at }
}

/// What secrets for one-time codes are sealed for: bound to the account, so that nobody gives it another's by writing into
/// the table.
pub(crate) fn otp_purpose(user: UserId) -> String {
    format!("otp-secret {user}")
}

pub(crate) fn code_purpose(user: UserId) -> String {
    format!("recovery-code {user}")
}

pub(crate) fn open_code(
    user: UserId,
    content: Vec<u8>,
    sealer: &dyn Sealer,
) -> Result<RecoveryCode, Unavailable> {
    let plain = sealer.open(&code_purpose(user), &Sealed(content)).map_err(Unavailable::new)?;
    let text = std::str::from_utf8(&plain).map_err(Unavailable::new)?;
    RecoveryCode::parse(text).map_err(Unavailable::new)
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = otp_methods, treat_none_as_default_value = false)]
struct OtpRow {
    id: Key,
    user_id: Key,
    secret: Vec<u8>,
    last_step: i64,
    created_at: Moment,
    verified_at: Option<Moment>,
}

impl OtpRow {
    fn sealed(new: &NewOtpMethod, sealer: &dyn Sealer) -> Self {
        Self {
            id: Key(new.id.uuid()),
            user_id: Key(new.user.uuid()),
            secret: sealer.seal(&otp_purpose(new.user), new.secret.expose()).0,
            last_step: 0,
            created_at: new.at.into(),
            verified_at: None,
        }
    }

    fn open(self, sealer: &dyn Sealer) -> Result<OtpMethod, Unavailable> {
        let purpose = otp_purpose(self.user_id.0.into());
        let plain = sealer.open(&purpose, &Sealed(self.secret)).map_err(Unavailable::new)?;
        let bytes = <[u8; OtpSecret::BYTES]>::try_from(plain.as_slice()).map(Zeroizing::new);
        let bytes = bytes.map_err(|error| Unavailable::new(corrupt("otp_methods.secret", error)))?;
        Ok(OtpMethod {
            id: self.id.0.into(),
            secret: OtpSecret::from_bytes(*bytes),
            verified: self.verified_at.is_some(),
        })
    }
}

#[derive(Insertable)]
#[diesel(table_name = recovery_codes, treat_none_as_default_value = false)]
struct CodeRow {
    id: Key,
    user_id: Key,
    number: i64,
    digest: Vec<u8>,
    content: Vec<u8>,
    created_at: Moment,
}

impl CodeRow {
    fn all(user: UserId, codes: &[NewRecoveryCode], at: Moment, sealer: &dyn Sealer) -> Vec<Self> {
        let row = |(number, new): (i64, &NewRecoveryCode)| Self {
            id: Key(new.id.uuid()),
            user_id: Key(user.uuid()),
            number,
            digest: new.digest.0.to_vec(),
            content: sealer.seal(&code_purpose(user), new.code.expose().as_bytes()).0,
            created_at: at,
        };
        (1..).zip(codes).map(row).collect()
    }
}

#[derive(Insertable)]
#[diesel(table_name = mfa_attempts, treat_none_as_default_value = false)]
struct AttemptRow {
    id: Key,
    user_id: Key,
    kind: &'static str,
    attempted_at: Moment,
}

impl From<&NewAttempt> for AttemptRow {
    fn from(new: &NewAttempt) -> Self {
        Self {
            id: Key(new.id.uuid()),
            user_id: Key(new.user.uuid()),
            kind: new.kind.as_str(),
            attempted_at: new.at.into(),
        }
    }
}
