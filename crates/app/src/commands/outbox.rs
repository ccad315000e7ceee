use super::Outcome;
use crate::assembly::Square;
use crate::cli::Outbox;
use crate::settings::Settings;
use crate::terminal::{self, FAINT, STRONG, styled};
use square_changes::ports::{DeliveryStore, SetAside};
use std::process::ExitCode;

/// Works on the database that the settings name; a running server on it does what follows.
pub(crate) async fn run(command: Outbox, settings: &Settings) -> Outcome {
    let square = Square::assemble(settings).await?;
    let deliveries: &dyn DeliveryStore = &*square.stores;
    match command {
        Outbox::List { limit } => {
            let set_aside = deliveries.all_set_aside(limit).await?;
            set_aside.iter().for_each(show);
            if set_aside.is_empty() {
                terminal::note("Nothing is set aside.");
            }
        }
        Outbox::Replay { receiver } => {
            let changes = deliveries.replay(&receiver).await?;
            terminal::line(match changes {
                0 => format!("Nothing is set aside for {receiver}."),
                1 => format!("1 change goes to {receiver} again."),
                more => format!("{more} changes go to {receiver} again."),
            });
        }
        Outbox::Retire { receiver } => {
            let known = deliveries.retire(&receiver).await?;
            let more = if known { "more is" } else { "was" };
            terminal::line(format_args!("Nothing {more} kept for {receiver}."));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn show(set_aside: &SetAside) {
    let change = &set_aside.change;
    terminal::line(format_args!(
        "{}  {}  {}.{} {}  {}",
        set_aside.at,
        styled(STRONG, &set_aside.receiver),
        change.channel,
        change.action,
        styled(FAINT, change.entity.simple()),
        set_aside.reason
    ));
}
