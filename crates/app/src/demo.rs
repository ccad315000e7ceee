//! What `serve --demo` adds: a user, data, and the built-in skills, published.

use crate::assembly::Square;
use crate::builtins::Builtin;
use square_accounts::ports::LoginName;
use square_accounts::{Account, Actor, CreateError, EmailAddress, NewUser, Password, Username};
use square_skills::{BuiltinName, SkillDescription, SkillName};
use std::error::Error;

/// The demo user's name.
pub(crate) const USERNAME: &str = "demo";
/// The demo user's password, public on purpose.
pub(crate) const PASSWORD: &str = "square-demo";
/// The role whose permissions everybody has in a demo: the demo data is there to be asked about.
pub(crate) const ANONYMOUS_ROLE: &str = "casting_assistant";

/// Adds whatever is missing; a demo that is there already stays as it is.
pub(crate) async fn add(square: &Square) -> Result<(), Box<dyn Error>> {
    let user = user(square).await?;
    let (stores, clock, randomness) = (&*square.stores, &*square.clock, &*square.randomness);
    square_casting::seed(stores, clock, randomness).await?;
    square_events::seed(stores, user.id, clock, randomness).await?;
    square_companies::seed(stores, user.id, clock, randomness).await?;
    for builtin in square.builtins.all() {
        publish(square, &user, &**builtin).await?;
    }
    Ok(())
}

async fn user(square: &Square) -> Result<Account, Box<dyn Error>> {
    let new = NewUser {
        username: Username::parse(USERNAME)?,
        email: Some(EmailAddress::parse("demo@square.example")?),
        password: Password::parse("password", PASSWORD)?,
        roles: vec!["executive_producer".to_owned()],
    };
    match square.accounts.create(new, &Actor::default()).await {
        Ok(account) => Ok(account),
        Err(CreateError::UsernameTaken) => {
            let login = LoginName::Username(USERNAME.to_owned());
            Ok(square.accounts.by_login(&login).await?.ok_or("the demo user has gone")?)
        }
        Err(error) => Err(error.into()),
    }
}

/// Registers a built-in skill and publishes it through training, unless that was done before.
async fn publish(square: &Square, owner: &Account, builtin: &dyn Builtin) -> Result<(), Box<dyn Error>> {
    let name = SkillName::parse(builtin.title())?;
    let description = SkillDescription::parse(builtin.description())?;
    let part = BuiltinName::new(builtin.name());
    let listed = square.skills.register_builtin(owner.id, name, description, part).await?;
    if listed.skill.published {
        return Ok(());
    }
    square.skills.train_builtin(listed.skill.id, builtin.example_questions().await?).await?;
    square.skills.train_next().await?;
    Ok(())
}
