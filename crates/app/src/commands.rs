//! One file per command.

mod ask;
mod bar;
mod check_config;
mod db;
mod export;
mod files;
mod health;
mod import;
mod keys;
mod outbox;
mod role;
mod routing;
mod skill;
mod user;

use crate::cli::{Cli, Command, Serve};
use crate::settings::{Environment, Settings, load};
use crate::{assembly, secrets, serve, telemetry, terminal};
use std::error::Error;
use std::process::ExitCode;

type Outcome = Result<ExitCode, Box<dyn Error>>;

/// Reads the settings and does what was asked.
pub(crate) fn run(cli: Cli) -> Outcome {
    let (environment, settings) = load(&cli.config)?;
    match cli.command.unwrap_or(Command::Serve(Serve::default())) {
        Command::Openapi => openapi(&settings),
        Command::CheckConfig(check) => check_config::run(&check, environment, &settings),
        Command::Ask(ask) => runtime()?.block_on(ask::run(&ask, &settings)),
        Command::Routing(routing) => runtime()?.block_on(routing::run(routing, &settings)),
        Command::Health => runtime()?.block_on(health::run(&settings)),
        Command::Serve(serve) => serve_command(&serve, environment, settings),
        Command::Migrate => migrate(settings),
        Command::Db(db) => runtime()?.block_on(db::run(db, &settings)),
        Command::Keys(keys) => keys::run(&keys, settings),
        Command::Outbox(outbox) => {
            with_secrets(settings, |settings| runtime()?.block_on(outbox::run(outbox, &settings)))
        }
        Command::Import(import) => {
            with_secrets(settings, |settings| runtime()?.block_on(import::run(import, &settings)))
        }
        Command::Export(export) => {
            with_secrets(settings, |settings| runtime()?.block_on(export::run(export, &settings)))
        }
        Command::Role(role) => {
            with_secrets(settings, |settings| runtime()?.block_on(role::run(role, &settings)))
        }
        Command::Skill(skill) => {
            with_secrets(settings, |settings| runtime()?.block_on(skill::run(skill, &settings)))
        }
        Command::User(user) => {
            with_secrets(settings, |settings| runtime()?.block_on(user::run(user, &settings)))
        }
    }
}

fn serve_command(command: &Serve, environment: Environment, settings: Settings) -> Outcome {
    // Dropped at the end of the process, which hands over the last reports.
    let _reports = telemetry::init(&settings, environment)?;
    with_secrets(settings, |settings| {
        actix_web::rt::System::new().block_on(serve::run(settings, environment, command.demo))
    })
}

fn migrate(settings: Settings) -> Outcome {
    with_secrets(settings, |settings| {
        let ran = runtime()?.block_on(assembly::migrate(&settings))?;
        terminal::line(match ran {
            0 => "The database is up to date.".to_owned(),
            1 => "Ran 1 migration.".to_owned(),
            more => format!("Ran {more} migrations."),
        });
        Ok(ExitCode::SUCCESS)
    })
}

fn openapi(settings: &Settings) -> Outcome {
    let openai_path = settings.openai.path_in_use();
    let document = serve::openapi(&settings.http.base_path, openai_path.as_deref());
    terminal::line(document.to_pretty_json()?);
    Ok(ExitCode::SUCCESS)
}

fn with_secrets(mut settings: Settings, then: impl FnOnce(Settings) -> Outcome) -> Outcome {
    secrets::fill(&mut settings)?;
    then(settings)
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
}
