use super::Outcome;
use super::user::login_name;
use crate::assembly::Square;
use crate::cli;
use crate::settings::Settings;
use crate::terminal::{self, STRONG, styled};
use square_accounts::OperatorError;
use square_skills::{BuiltinName, RegisterError, SkillDescription, SkillName};
use std::process::ExitCode;

/// Why a built-in skill was not added.
#[derive(Debug, thiserror::Error)]
enum SkillError {
    #[error("there is no built-in skill {name}; there are {known}")]
    Unknown { name: String, known: String },
    #[error("there is a skill called {0} already; call this one otherwise by --name")]
    NameTaken(SkillName),
}

/// Changes skills in the database that the settings name. Running servers on it follow within a second.
pub(crate) async fn run(command: cli::Skill, settings: &Settings) -> Outcome {
    let square = Square::assemble(settings).await?;
    match command {
        cli::Skill::AddBuiltin { part, owner, name } => add_builtin(&square, &part, &owner, name).await,
    }
}

async fn add_builtin(square: &Square, part: &str, owner: &str, name: Option<String>) -> Outcome {
    let builtin = square.builtins.named(part).ok_or_else(|| {
        let known: Vec<_> = square.builtins.all().map(|builtin| builtin.name()).collect();
        SkillError::Unknown { name: part.to_owned(), known: known.join(", ") }
    })?;
    let name = SkillName::parse(name.as_deref().unwrap_or(builtin.title()))?;
    let owner = square.accounts.by_login(&login_name(owner)?).await?.ok_or(OperatorError::NoSuchAccount)?;
    let description = SkillDescription::parse(builtin.description())?;
    let examples = builtin.example_questions().await?;
    let part = BuiltinName::new(builtin.name());
    let registered = square.skills.register_builtin(owner.id, name.clone(), description, part).await;
    let listed = match registered {
        Err(RegisterError::NameTaken) => return Err(SkillError::NameTaken(name).into()),
        registered => registered?,
    };
    square.skills.train_builtin(listed.skill.id, examples).await?;
    terminal::line(format_args!("Added the skill {} of {}.", styled(STRONG, &name), owner.username));
    terminal::note("A running server trains and publishes it now, or the next one does when it starts.");
    Ok(ExitCode::SUCCESS)
}
