//! Every column that holds what was sealed, and what it was sealed for. A new one is added here and to `for_each_column`.

use super::{KeyedHash, Sealed, Sealer};
use crate::columns::{Key, corrupt};
use crate::connection::DbConnection;
use crate::schema::accounts::{letters, one_time_secrets, signing_keys};
use crate::schema::limits::letter_requests;
use crate::schema::login_methods::login_methods;
use crate::schema::mfa::{otp_methods, recovery_codes};
use crate::schema::skills::skills;
use crate::{letter_requests as requests, letters as posted, login_methods as linked, mfa, secrets};
use diesel::prelude::*;
use square_accounts::ports::StoredSigningKey;
use square_skills::RegisteredSkill;

/// A column of sealed values, which may be empty in some rows.
pub(super) trait SealedColumn: Send + 'static {
    /// What it holds.
    const WHAT: &'static str;
    /// The primary key of its table.
    type Key: Clone + Send + 'static;
    /// What the purpose depends on, where it does.
    type Owner: Send + 'static;

    /// What the values of `owner` are sealed for.
    fn purpose(owner: &Self::Owner) -> String;

    /// The values behind `after`, in the order of the primary key.
    fn page(
        connection: &mut DbConnection,
        after: Option<&Self::Key>,
        at_most: i64,
    ) -> QueryResult<Vec<Content<Self>>>
    where
        Self: Sized;

    /// Puts `renewed` in the place of a value, and computes anew what goes with it; `false` when it is another value by now.
    fn put(
        connection: &mut DbConnection,
        row: &Content<Self>,
        renewed: &Sealed,
        sealer: &dyn Sealer,
        keyed_hash: &dyn KeyedHash,
    ) -> QueryResult<bool>
    where
        Self: Sized;
}

/// One value.
pub(super) struct Content<C: SealedColumn> {
    pub(super) key: C::Key,
    pub(super) owner: C::Owner,
    pub(super) sealed: Sealed,
}

/// `Column = what: table.column by key (Type), for owner (Type) => purpose`, and optionally what else is set.
macro_rules! sealed_column {
    (
        $column:ident = $what:literal: $table:ident.$value:ident by $key:ident ($Key:ty),
        for $owner:ident ($Owner:ty) => $purpose:expr
        $(, with $also:ident = $made:expr)?
    ) => {
        pub(super) struct $column;

        impl SealedColumn for $column {
            const WHAT: &'static str = $what;
            type Key = $Key;
            type Owner = $Owner;

            fn purpose(owner: &Self::Owner) -> String {
                let purpose: fn(&Self::Owner) -> String = $purpose;
                purpose(owner)
            }

            fn page(
                connection: &mut DbConnection,
                after: Option<&Self::Key>,
                at_most: i64,
            ) -> QueryResult<Vec<Content<Self>>> {
                let mut values = $table::table
                    .filter($table::$value.is_not_null())
                    .select(($table::$key, $table::$owner, $table::$value.nullable()))
                    .order($table::$key)
                    .limit(at_most)
                    .into_boxed();
                if let Some(after) = after.cloned() {
                    values = values.filter($table::$key.gt(after));
                }
                let rows: Vec<($Key, $Owner, Option<Vec<u8>>)> = values.load(connection)?;
                let content = |(key, owner, sealed): (_, _, Option<_>)| {
                    sealed.map(|sealed| Content { key, owner, sealed: Sealed(sealed) })
                };
                Ok(rows.into_iter().filter_map(content).collect())
            }

            fn put(
                connection: &mut DbConnection,
                row: &Content<Self>,
                renewed: &Sealed,
                sealer: &dyn Sealer,
                keyed_hash: &dyn KeyedHash,
            ) -> QueryResult<bool> {
                let same = $table::table.find(row.key.clone()).filter($table::$value.eq(row.sealed.0.as_slice()));
                let value = $table::$value.eq(renewed.0.as_slice());
                // Most have nothing that goes with it.
                let _ = (sealer, keyed_hash);
                $(
                    let made: fn(&Content<Self>, &dyn Sealer, &dyn KeyedHash) -> QueryResult<Vec<u8>> = $made;
                    let value = (value, $table::$also.eq(made(row, sealer, keyed_hash)?));
                )?
                Ok(diesel::update(same).set(value).execute(connection)? == 1)
            }
        }
    };
}

sealed_column!(SigningKeys = "signing keys": signing_keys.private by kid (String),
    for kid (String) => |_| StoredSigningKey::PURPOSE.to_owned());
sealed_column!(SkillSecrets = "secrets of skills": skills.secret by id (Key),
    for id (Key) => |_| RegisteredSkill::SECRET_PURPOSE.to_owned());
sealed_column!(SkillSigningKeys = "signing keys of skills": skills.signing by id (Key),
    for id (Key) => |_| RegisteredSkill::SIGNING_PURPOSE.to_owned());
sealed_column!(OtpSecrets = "secrets of authenticator apps": otp_methods.secret by id (Key),
    for user_id (Key) => |user| mfa::otp_purpose(user.0.into()));
sealed_column!(RecoveryCodes = "recovery codes": recovery_codes.content by id (Key),
    for user_id (Key) => |user| mfa::code_purpose(user.0.into()), with digest = recovery_digest);
sealed_column!(ProviderTokens = "tokens of providers": login_methods.tokens by id (Key),
    for id (Key) => |_| linked::PURPOSE.to_owned());
sealed_column!(OneTimeSecrets = "one-time secrets": one_time_secrets.payload by digest (Vec<u8>),
    for digest (Vec<u8>) => |_| secrets::PAYLOAD.to_owned());
sealed_column!(LetterRequests = "requests for letters": letter_requests.content by id (Key),
    for id (Key) => |_| requests::PURPOSE.to_owned());
sealed_column!(LetterContents = "letters": letters.content by id (Key),
    for id (Key) => |_| posted::PURPOSE.to_owned());

/// What a recovery code is looked up by, under the current key.
fn recovery_digest(
    row: &Content<RecoveryCodes>,
    sealer: &dyn Sealer,
    keyed_hash: &dyn KeyedHash,
) -> QueryResult<Vec<u8>> {
    let user = row.owner.0.into();
    let code = mfa::open_code(user, row.sealed.0.clone(), sealer);
    let code = code.map_err(|error| corrupt("recovery_codes.content", error.chain()))?;
    Ok(code.digest(user, keyed_hash).0.to_vec())
}
