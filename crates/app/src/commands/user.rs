use super::Outcome;
use crate::assembly::Square;
use crate::cli;
use crate::settings::Settings;
use crate::terminal::{self, FAINT, STRONG, styled};
use jiff::Timestamp;
use serde_json::json;
use square_accounts::ports::{LoginName, SessionRecord, UserFilter};
use square_accounts::{
    Account, Accounts, Actor, EmailAddress, NewUser, OperatorError, Password, Standing, Username,
};
use square_kernel::{FieldError, Limit, OsRandomness, Page, Randomness};
use square_wire::User;
use std::io::BufRead;
use std::process::ExitCode;

/// Changes accounts in the database that the settings name. Running servers on it follow within a second.
pub(crate) async fn run(command: cli::User, settings: &Settings) -> Outcome {
    let square = Square::assemble(settings).await?;
    let (accounts, operator) = (&square.accounts, Actor::default());
    match command {
        cli::User::Create { username, email, roles, password_stdin } => {
            let (password, made_up) = password(password_stdin)?;
            let new = NewUser {
                username: Username::choose(&username)?,
                email: email.as_deref().map(EmailAddress::parse).transpose()?,
                password,
                roles,
            };
            let made_up = made_up.then(|| new.password.expose().to_owned());
            let account = accounts.create(new, &operator).await?;
            terminal::line(format_args!("Made the account {}.", styled(STRONG, &account.username)));
            if let Some(password) = made_up {
                terminal::line(format_args!("Its password: {password}"));
            }
        }
        cli::User::Promote { login, role } => {
            let account = accounts.grant_role(&login_name(&login)?, &role, &operator).await?;
            let roles = account.roles.join(", ");
            terminal::line(format_args!("{} now has the roles {roles}.", styled(STRONG, &account.username)));
        }
        cli::User::Suspend { login } => {
            let account = accounts.set_suspended(&login_name(&login)?, true, &operator).await?;
            terminal::line(format_args!("{} is suspended.", styled(STRONG, &account.username)));
        }
        cli::User::Readmit { login } => {
            let account = accounts.set_suspended(&login_name(&login)?, false, &operator).await?;
            terminal::line(format_args!("{} may sign in again.", styled(STRONG, &account.username)));
        }
        cli::User::List { search, role, suspended, limit, json } => {
            let standing = suspended.then_some(Standing::Suspended);
            let search = search.as_deref().map(UserFilter::part).transpose()?;
            let filter = UserFilter { search, standing, role };
            list(accounts, &filter, limit.unwrap_or(usize::MAX), json).await?;
        }
        cli::User::Show { login, json } => {
            let account = accounts.by_login(&login_name(&login)?).await?;
            show(&account.ok_or(OperatorError::NoSuchAccount)?, json);
        }
        cli::User::Revoke { login, role } => {
            let account = accounts.revoke_role(&login_name(&login)?, &role, &operator).await?;
            let roles = account.roles.join(", ");
            terminal::line(format_args!("{} now has the roles {roles}.", styled(STRONG, &account.username)));
        }
        cli::User::SetPassword { login, password_stdin } => {
            let (password, made_up) = password(password_stdin)?;
            let account = accounts.set_password(&login_name(&login)?, &password, &operator).await?;
            let name = styled(STRONG, &account.username);
            terminal::line(format_args!("{name} has another password and is signed out everywhere."));
            if made_up {
                terminal::line(format_args!("Its password: {}", password.expose()));
            }
        }
        cli::User::Confirm { login } => {
            let account = accounts.vouch(&login_name(&login)?, &operator).await?;
            terminal::line(format_args!(
                "The address of {} is confirmed.",
                styled(STRONG, &account.username)
            ));
        }
        cli::User::ResetMfa { login } => {
            let (account, was_on) = accounts.reset_mfa(&login_name(&login)?, &operator).await?;
            let name = styled(STRONG, &account.username);
            terminal::line(if was_on {
                format!("{name} signs in without a second factor now, and is signed out everywhere.")
            } else {
                format!("{name} had no second factor.")
            });
        }
        cli::User::Sessions { login } => {
            let page = Page { limit: Limit::new(Limit::MAX).unwrap_or_default(), after: None };
            let sessions = accounts.sessions_of(&login_name(&login)?, page).await?;
            sessions.items.iter().for_each(show_session);
            if sessions.items.is_empty() {
                terminal::note("Nobody is signed in to it.");
            }
            if sessions.next.is_some() {
                terminal::note("There are more.");
            }
        }
        cli::User::SignOut { login } => {
            let ended = accounts.sign_out_everywhere(&login_name(&login)?, &operator).await?;
            terminal::line(match ended {
                1 => "Ended 1 session.".to_owned(),
                more => format!("Ended {more} sessions."),
            });
        }
        cli::User::Delete { login, yes: _ } => {
            let account = accounts.delete_by_operator(&login_name(&login)?, &operator).await?;
            terminal::line(format_args!("The account {} is gone.", styled(STRONG, &account.username)));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Page by page, so that it does not matter how many there are.
async fn list(
    accounts: &Accounts,
    filter: &UserFilter,
    limit: usize,
    json: bool,
) -> Result<(), square_kernel::Unavailable> {
    let (mut left, mut shown) = (limit, 0_usize);
    let mut page = Page { limit: Limit::new(Limit::MAX).unwrap_or_default(), after: None };
    if json {
        terminal::line("[");
    }
    while left > 0 {
        let users = accounts.all_users(filter, page).await?;
        for account in users.items.iter().take(left) {
            match json {
                true if shown == 0 => terminal::line(json!(User::from(account))),
                true => terminal::line(format_args!(",{}", json!(User::from(account)))),
                false => show_line(account),
            }
            shown += 1;
        }
        left = left.saturating_sub(users.items.len());
        page.after = users.next;
        if page.after.is_none() {
            break;
        }
    }
    if json {
        terminal::line("]");
    } else if shown == 0 {
        terminal::note("There is no such account.");
    }
    Ok(())
}

fn show_line(account: &Account) {
    let email = account.email.as_ref().map_or("-", |email| email.as_str());
    let roles = account.roles.join(", ");
    let suspended = if account.is_active() { "" } else { "  suspended" };
    terminal::line(format_args!(
        "{}  {}  {email}  {roles}{suspended}",
        styled(FAINT, account.id.uuid().simple()),
        styled(STRONG, &account.username),
    ));
}

fn show(account: &Account, json: bool) {
    if json {
        terminal::line(format_args!("{:#}", json!(User::from(account))));
        return;
    }
    let or_none = |text: String| if text.is_empty() { "-".to_owned() } else { text };
    let since = |at: Option<Timestamp>| at.map_or_else(|| "no".to_owned(), |at| format!("since {at}"));
    let permissions: Vec<_> = account.permissions.iter().map(ToString::to_string).collect();
    let facts = [
        ("id", account.id.to_string()),
        ("username", account.username.to_string()),
        ("email", account.email.as_ref().map_or("-", |email| email.as_str()).to_owned()),
        ("name", or_none(account.display_name())),
        ("may sign in", if account.is_active() { "yes" } else { "no, suspended" }.to_owned()),
        ("confirmed", since(account.confirmed_at)),
        ("second factor", since(account.mfa_enabled_at)),
        ("roles", or_none(account.roles.join(", "))),
        ("permissions", or_none(permissions.join(", "))),
        ("came by", account.login_method.as_str().to_owned()),
        ("made", account.created_at.to_string()),
    ];
    for (name, value) in facts {
        terminal::line(format_args!("{}  {value}", styled(FAINT, format_args!("{name:>13}"))));
    }
}

fn show_session(session: &SessionRecord) {
    let agent = session.agent.as_deref().unwrap_or("-");
    terminal::line(format_args!(
        "{}  last seen {}  {}  {agent}",
        session.created_at,
        session.rotated_at,
        styled(STRONG, session.address.as_deref().unwrap_or("-")),
    ));
}

pub(in crate::commands) fn login_name(text: &str) -> Result<LoginName, FieldError> {
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
