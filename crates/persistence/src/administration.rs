use crate::Stores;
use crate::accounts::{AccountRow, account, account_from, confirm_address, lock, of_person};
use crate::columns::{Key, Moment};
use crate::connection::DbConnection;
use crate::consequences::ConsequenceRows;
use crate::schema::accounts::{accounts, role_permissions, roles, user_roles};
use crate::{counters, secrets, sessions};
use async_trait::async_trait;
use diesel::dsl::exists;
use diesel::prelude::*;
use jiff::Timestamp;
use square_accounts::ports::{
    ADMINISTER, Administration, Asked, Caller, Consequences, Keep, Overtaken, Purpose, Rights, RightsChange,
    UserFilter,
};
use square_accounts::{Account, Standing};
use square_changes::Action;
use square_kernel::{Page, Slice, Unavailable, UserId};
use std::collections::{BTreeMap, BTreeSet};

#[async_trait]
impl Administration for Stores {
    async fn users(
        &self,
        filter: &UserFilter,
        page: Page<UserId>,
    ) -> Result<Slice<Account, UserId>, Unavailable> {
        let filter = filter.clone();
        let rows = self.database.read(move |connection| {
            let mut query = accounts::table.into_boxed();
            if let Some(part) = &filter.search {
                let pattern = containing(part);
                let name = accounts::username_key.like(pattern.clone()).escape(ESCAPE);
                let address = accounts::email.like(pattern).escape(ESCAPE).assume_not_null();
                query = query.filter(name.or(accounts::email.is_not_null().and(address)));
            }
            if let Some(standing) = filter.standing {
                query = query.filter(accounts::suspended.eq(standing == Standing::Suspended));
            }
            if let Some(role) = &filter.role {
                let own = user_roles::table.filter(user_roles::user_id.eq(accounts::id));
                query = query.filter(exists(own.filter(user_roles::role.eq(role))));
            }
            if let Some(after) = page.after {
                query = query.filter(accounts::id.lt(Key(after.uuid())));
            }
            let surplus = i64::from(page.limit.get()) + 1;
            let rows = query.order(accounts::id.desc()).limit(surplus).load::<AccountRow>(connection)?;
            with_roles(connection, &rows)
        });
        Ok(Slice::from_surplus(rows.await?, page.limit, |account| account.id))
    }

    async fn change_rights(
        &self,
        seen: &Account,
        wanted: &Rights,
        keep: Keep,
        by: Option<Caller>,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Asked<RightsChange> {
        let rows = ConsequenceRows::sealed(consequences, &*self.sealer)?;
        let (seen, wanted) = (seen.clone(), wanted.clone());
        let (user, at) = (Key(seen.id.uuid()), Moment::from(at));
        self.database
            .change(move |connection, changes| {
                if keep == Keep::OneAdministrator {
                    hold_administrators(connection)?;
                }
                if !sessions::is_still(connection, by)? {
                    return Ok(Err(Overtaken));
                }
                // Nobody changes its rights or opens a session of this account from here on.
                if !lock(connection, user)? {
                    return Ok(Ok(RightsChange::Moved));
                }
                let Some(is) = account(connection, user)? else { return Ok(Ok(RightsChange::Moved)) };
                if (is.standing, &is.roles, is.rights) != (seen.standing, &seen.roles, seen.rights) {
                    return Ok(Ok(RightsChange::Moved));
                }
                for role in &wanted.roles {
                    if roles::table.find(role).count().get_result::<i64>(connection)? == 0 {
                        return Ok(Ok(RightsChange::NoSuchRole(role.clone())));
                    }
                }
                if keep == Keep::OneAdministrator
                    && !administers(connection, &wanted)?
                    && is_last_administrator(connection, user)?
                {
                    return Ok(Ok(RightsChange::LastAdministrator));
                }
                if *is.roles != *wanted.roles {
                    set_roles(connection, user, &wanted.roles, at)?;
                }
                let suspended = wanted.standing == Standing::Suspended;
                diesel::update(accounts::table.find(user))
                    .set(accounts::suspended.eq(suspended))
                    .execute(connection)?;
                changes.add(of_person(Action::Update, seen.id, at.at));
                let ended = if suspended { sessions::end_all(connection, user, at)? } else { Vec::new() };
                for session in &ended {
                    changes.add(sessions::ended(*session, at.at));
                }
                rows.insert(connection)?;
                // It was there a moment ago and is held.
                let account = account(connection, user)?.ok_or(diesel::result::Error::NotFound)?;
                Ok(Ok(RightsChange::Changed { account: Box::new(account), ended }))
            })
            .await
    }

    async fn vouch(
        &self,
        user: UserId,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable> {
        let rows = ConsequenceRows::sealed(consequences, &*self.sealer)?;
        let (user, at) = (Key(user.uuid()), Moment::from(at));
        self.database
            .change(move |connection, changes| {
                if !lock(connection, user)? || !confirm_address(connection, user, at)? {
                    return Ok(false);
                }
                secrets::drop_all(connection, user, Purpose::Confirm)?;
                changes.add(of_person(Action::Update, user.0.into(), at.at));
                rows.insert(connection)?;
                Ok(true)
            })
            .await
    }
}

/// Has everybody else wait who may take an administrator away, until this transaction has ended. To be called before anything else is held.
pub(crate) fn hold_administrators(connection: &mut DbConnection) -> QueryResult<()> {
    counters::hold(connection, counters::ADMINISTRATORS).map(drop)
}

/// Whether an account is the only one that may be used to manage others. Stays so where [`hold_administrators`] was called before.
pub(crate) fn is_last_administrator(connection: &mut DbConnection, user: Key) -> QueryResult<bool> {
    let administrators: Vec<Key> = accounts::table
        .inner_join(user_roles::table.on(user_roles::user_id.eq(accounts::id)))
        .inner_join(role_permissions::table.on(role_permissions::role.eq(user_roles::role)))
        .filter(role_permissions::permission.eq(ADMINISTER))
        .filter(accounts::suspended.eq(false))
        .select(accounts::id)
        .distinct()
        .limit(2)
        .load(connection)?;
    Ok(administrators == [user])
}

/// Whether such rights make an administrator.
fn administers(connection: &mut DbConnection, rights: &Rights) -> QueryResult<bool> {
    let roles: Vec<String> = role_permissions::table
        .filter(role_permissions::permission.eq(ADMINISTER))
        .select(role_permissions::role)
        .load(connection)?;
    Ok(rights.standing == Standing::Active && rights.roles.iter().any(|role| roles.contains(role)))
}

fn set_roles(connection: &mut DbConnection, user: Key, wanted: &[String], at: Moment) -> QueryResult<()> {
    diesel::delete(user_roles::table.filter(user_roles::user_id.eq(user))).execute(connection)?;
    for role in wanted {
        let row = (user_roles::user_id.eq(user), user_roles::role.eq(role));
        diesel::insert_into(user_roles::table).values(row).execute(connection)?;
    }
    let counted = (accounts::rights.eq(accounts::rights + 1), accounts::rights_changed_at.eq(at));
    diesel::update(accounts::table.find(user)).set(counted).execute(connection).map(drop)
}

/// The accounts of `rows`, in their order, with a number of statements that does not depend on how many they are.
fn with_roles(connection: &mut DbConnection, rows: &[AccountRow]) -> QueryResult<Vec<Account>> {
    let ids: Vec<&[u8]> = rows.iter().map(|row| row.id().bytes()).collect();
    let held: Vec<(Key, String)> = user_roles::table
        .filter(user_roles::user_id.eq_any(ids))
        .select((user_roles::user_id, user_roles::role))
        .load(connection)?;
    let names: BTreeSet<&String> = held.iter().map(|(_, role)| role).collect();
    let allowed: Vec<(String, String)> = role_permissions::table
        .filter(role_permissions::role.eq_any(names))
        .select((role_permissions::role, role_permissions::permission))
        .load(connection)?;
    let mut by_role: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (role, permission) in &allowed {
        by_role.entry(role).or_default().push(permission);
    }
    let account = |row: &AccountRow| {
        let own: Vec<&String> =
            held.iter().filter(|(user, _)| user == row.id()).map(|(_, role)| role).collect();
        let permissions = own.iter().filter_map(|role| by_role.get(role.as_str())).flatten().copied();
        account_from(row, own.iter().map(|role| (*role).clone()).collect(), permissions.collect())
    };
    rows.iter().map(account).collect()
}

/// Stands before what would stand for other characters. Not a backslash, which MySQL takes for one of its own.
pub(crate) const ESCAPE: char = '!';

/// The pattern of texts that have `part` in them.
pub(crate) fn containing(part: &str) -> String {
    let mut pattern = String::from("%");
    for c in part.chars() {
        if matches!(c, '%' | '_' | ESCAPE) {
            pattern.push(ESCAPE);
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
