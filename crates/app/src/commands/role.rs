use super::Outcome;
use crate::assembly::Square;
use crate::cli::Role;
use crate::settings::Settings;
use crate::terminal::{self, FAINT, STRONG, styled};
use serde_json::json;
use square_accounts::{Actor, PermissionName, RoleName};
use std::process::ExitCode;

/// Changes roles in the database that the settings name. Running servers on it follow within a second.
pub(crate) async fn run(command: Role, settings: &Settings) -> Outcome {
    let square = Square::assemble(settings).await?;
    let (accounts, operator) = (&square.accounts, Actor::default());
    let named = |role: &str| RoleName::parse("role", role);
    match command {
        Role::List { json: false } => accounts.all_roles().await?.iter().for_each(show),
        Role::List { json: true } => {
            let roles = accounts.all_roles().await?;
            let roles: Vec<_> = roles
                .iter()
                .map(|role| json!({"name": role.name, "permissions": role.permissions, "holders": role.holders}))
                .collect();
            terminal::line(format_args!("{:#}", json!(roles)));
        }
        Role::Create { role } => {
            let role = named(&role)?;
            accounts.create_role(&role, &operator).await?;
            terminal::line(format_args!("Made the role {}; it allows nothing yet.", styled(STRONG, &role)));
        }
        Role::Delete { role } => {
            let role = named(&role)?;
            accounts.delete_role(&role, &operator).await?;
            terminal::line(format_args!("Nobody has the role {} any more.", styled(STRONG, &role)));
        }
        Role::Allow { role, permission } => {
            let (role, permission) = (named(&role)?, PermissionName::parse(&permission)?);
            let changed = accounts.set_permission(&role, &permission, true, &operator).await?;
            let word = if changed { "now allows" } else { "allowed already" };
            terminal::line(format_args!("{} {word} {permission}.", styled(STRONG, &role)));
        }
        Role::Deny { role, permission } => {
            let (role, permission) = (named(&role)?, PermissionName::parse(&permission)?);
            let changed = accounts.set_permission(&role, &permission, false, &operator).await?;
            let when = if changed { "does not allow" } else { "did not allow" };
            terminal::line(format_args!("{} {when} {permission} any more.", styled(STRONG, &role)));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn show(role: &square_accounts::ports::Role) {
    let holders = match role.holders {
        1 => "1 account".to_owned(),
        more => format!("{more} accounts"),
    };
    terminal::line(format_args!("{}  {}", styled(STRONG, &role.name), styled(FAINT, holders)));
    for permission in &role.permissions {
        terminal::line(format_args!("  {permission}"));
    }
}
