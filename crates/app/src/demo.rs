//! What `serve --demo` adds: a user, data, and the built-in skills, published.

use crate::assembly::{CASTING, EVENTS, Square};
use square_accounts::ports::LoginName;
use square_accounts::{Account, Actor, CreateError, EmailAddress, NewUser, Password, Username};
use square_kernel::SkillId;
use square_skills::{BuiltinName, SkillDescription, SkillName, TrainingSet};
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
    let films = "Films and who played whom in them: casts, characters, ages, release dates.";
    publish(square, &user, ("Casting", films, CASTING), square_casting::example_questions(stores).await?)
        .await?;
    let events = "Concerts and other events: what is on, when and where.";
    publish(square, &user, ("Events", events, EVENTS), square_events::example_questions(stores, clock).await?)
        .await
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
async fn publish(
    square: &Square,
    owner: &Account,
    (name, description, builtin): (&str, &str, &str),
    examples: TrainingSet,
) -> Result<(), Box<dyn Error>> {
    let (name, description) = (SkillName::parse(name)?, SkillDescription::parse(description)?);
    let listed =
        square.skills.register_builtin(owner.id, name, description, BuiltinName::new(builtin)).await?;
    if listed.skill.published {
        return Ok(());
    }
    let skill: SkillId = listed.skill.id;
    square.skills.train_builtin(skill, examples).await?;
    square.skills.train_next().await?;
    Ok(())
}
