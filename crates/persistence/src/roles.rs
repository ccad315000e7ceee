use crate::Stores;
use crate::changes::Record;
use crate::columns::{Moment, from_counter};
use crate::connection::DbConnection;
use crate::consequences::ConsequenceRows;
use crate::schema::accounts::{accounts, role_permissions, roles, user_roles};
use crate::transaction::savepoint;
use async_trait::async_trait;
use diesel::dsl::{count_star, exists};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use jiff::Timestamp;
use square_accounts::ports::{Consequences, Role, RoleStore};
use square_changes::{Action, Channel};
use square_kernel::Unavailable;
use std::collections::BTreeMap;
use uuid::Uuid;

#[async_trait]
impl RoleStore for Stores {
    async fn roles(&self) -> Result<Vec<Role>, Unavailable> {
        self.database
            .read(|connection| {
                let names: Vec<String> =
                    roles::table.select(roles::name).order(roles::name).load(connection)?;
                let allowed: Vec<(String, String)> = role_permissions::table
                    .order((role_permissions::role, role_permissions::permission))
                    .load(connection)?;
                let counted: Vec<(String, i64)> = user_roles::table
                    .group_by(user_roles::role)
                    .select((user_roles::role, count_star()))
                    .load(connection)?;
                let mut permissions: BTreeMap<String, Vec<String>> = BTreeMap::new();
                for (role, permission) in allowed {
                    permissions.entry(role).or_default().push(permission);
                }
                let holders: BTreeMap<String, i64> = counted.into_iter().collect();
                let role = |name: String| {
                    let permissions = permissions.remove(&name).unwrap_or_default();
                    let holders = holders.get(&name).copied().unwrap_or_default();
                    let holders = from_counter("the number of rows of user_roles", holders)?;
                    Ok(Role { name, permissions, holders })
                };
                names.into_iter().map(role).collect()
            })
            .await
    }

    async fn create_role(
        &self,
        name: &str,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable> {
        let rows = ConsequenceRows::sealed(consequences, &*self.sealer)?;
        let name = name.to_owned();
        self.database
            .change(move |connection, changes| {
                let insert = |connection: &mut DbConnection| {
                    diesel::insert_into(roles::table).values(roles::name.eq(&name)).execute(connection)
                };
                match savepoint(connection, insert) {
                    Ok(_) => {}
                    Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => return Ok(false),
                    Err(error) => return Err(error),
                }
                rows.insert(connection)?;
                changes.add(of_roles(Action::Create, at));
                Ok(true)
            })
            .await
    }

    async fn delete_role(
        &self,
        name: &str,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable> {
        let rows = ConsequenceRows::sealed(consequences, &*self.sealer)?;
        let name = name.to_owned();
        self.database
            .change(move |connection, changes| {
                if !lock(connection, &name)? {
                    return Ok(false);
                }
                count_rights(connection, &name, at.into())?;
                diesel::delete(user_roles::table.filter(user_roles::role.eq(&name))).execute(connection)?;
                // What it allows goes with it.
                diesel::delete(roles::table.find(&name)).execute(connection)?;
                rows.insert(connection)?;
                changes.add(of_roles(Action::Delete, at));
                Ok(true)
            })
            .await
    }

    async fn set_permission(
        &self,
        role: &str,
        permission: &str,
        allowed: bool,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<Option<bool>, Unavailable> {
        let rows = ConsequenceRows::sealed(consequences, &*self.sealer)?;
        let (role, permission) = (role.to_owned(), permission.to_owned());
        self.database
            .change(move |connection, changes| {
                if !lock(connection, &role)? {
                    return Ok(None);
                }
                let one = role_permissions::table.find((&role, &permission));
                let is_allowed = one.count().get_result::<i64>(connection)? > 0;
                if is_allowed == allowed {
                    return Ok(Some(false));
                }
                if allowed {
                    let row =
                        (role_permissions::role.eq(&role), role_permissions::permission.eq(&permission));
                    diesel::insert_into(role_permissions::table).values(row).execute(connection)?;
                } else {
                    diesel::delete(one).execute(connection)?;
                }
                count_rights(connection, &role, at.into())?;
                rows.insert(connection)?;
                changes.add(of_roles(Action::Update, at));
                Ok(Some(true))
            })
            .await
    }
}

/// Has everybody wait who changes a role or gives it to somebody, until this transaction has ended: whoever was given it is seen by what
/// follows, and whoever is given it later gets it as it is then. `false` when there is no such role.
fn lock(connection: &mut DbConnection, name: &str) -> QueryResult<bool> {
    #[cfg(feature = "postgres")]
    if let DbConnection::Postgres(connection) = connection {
        // An update that changes nothing would not hold up those who only refer to the row.
        let row = roles::table.find(name).select(roles::name).for_update();
        return Ok(row.first::<String>(connection).optional()?.is_some());
    }
    let itself = roles::name.eq(roles::name);
    Ok(diesel::update(roles::table.find(name)).set(itself).execute(connection)? == 1)
}

/// Counts up the rights of everybody who has a role.
fn count_rights(connection: &mut DbConnection, role: &str, at: Moment) -> QueryResult<()> {
    let own = user_roles::table.filter(user_roles::user_id.eq(accounts::id));
    let holders = accounts::table.filter(exists(own.filter(user_roles::role.eq(role))));
    let counted = (accounts::rights.eq(accounts::rights + 1), accounts::rights_changed_at.eq(at));
    diesel::update(holders).set(counted).execute(connection).map(drop)
}

/// Roles have no identifier and are few: who hears of one reads what there is to know of all.
fn of_roles(action: Action, at: Timestamp) -> Record {
    Record::internal(Channel::Role, action, Uuid::nil(), at)
}
