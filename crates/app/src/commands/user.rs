use super::Outcome;
use crate::assembly::Square;
use crate::cli::User;
use crate::settings::Settings;
use crate::terminal::{self, STRONG, styled};
use square_accounts::ports::LoginName;
use square_accounts::{Actor, EmailAddress, NewUser, Password, Username};
use square_kernel::{FieldError, OsRandomness, Randomness};
use std::io::BufRead;
use std::process::ExitCode;

/// Changes accounts in the database that the settings name. Running servers on it follow within a second.
pub(crate) async fn run(command: User, settings: &Settings) -> Outcome {
    let square = Square::assemble(settings).await?;
    let accounts = &square.accounts;
    match command {
        User::Create { username, email, roles, password_stdin } => {
            let (password, made_up) = password(password_stdin)?;
            let new = NewUser {
                username: Username::parse(&username)?,
                email: email.as_deref().map(EmailAddress::parse).transpose()?,
                password,
                roles,
            };
            let made_up = made_up.then(|| new.password.expose().to_owned());
            let account = accounts.create(new, &Actor::default()).await?;
            terminal::line(format_args!("Made the account {}.", styled(STRONG, &account.username)));
            if let Some(password) = made_up {
                terminal::line(format_args!("Its password: {password}"));
            }
        }
        User::Promote { login, role } => {
            let account = accounts.grant_role(&login_name(&login)?, &role, &Actor::default()).await?;
            let roles = account.roles.join(", ");
            terminal::line(format_args!("{} now has the roles {roles}.", styled(STRONG, &account.username)));
        }
        User::Suspend { login } => {
            let account = accounts.set_suspended(&login_name(&login)?, true, &Actor::default()).await?;
            terminal::line(format_args!("{} is suspended.", styled(STRONG, &account.username)));
        }
        User::Readmit { login } => {
            let account = accounts.set_suspended(&login_name(&login)?, false, &Actor::default()).await?;
            terminal::line(format_args!("{} may sign in again.", styled(STRONG, &account.username)));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn login_name(text: &str) -> Result<LoginName, FieldError> {
    if text.contains('@') {
        EmailAddress::parse(text).map(LoginName::Email)
    } else {
        Username::parse(text).map(|name| LoginName::Username(name.key()))
    }
}

/// The password to set, and whether it was made up here.
fn password(from_stdin: bool) -> Result<(Password, bool), Box<dyn std::error::Error>> {
    if from_stdin {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        return Ok((Password::parse("password", line.trim_end_matches(['\r', '\n']))?, false));
    }
    Ok((Password::parse("password", &made_up_password())?, true))
}

/// 100 random bits in 20 easily typed characters.
fn made_up_password() -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0; 20];
    OsRandomness.fill(&mut bytes);
    bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect()
}
