use super::Outcome;
use crate::assembly::Square;
use crate::cli::Outbox;
use crate::settings::Settings;
use crate::terminal::{self, FAINT, STRONG, styled};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use square_accounts::LetterId;
use square_accounts::ports::{Backlog, LetterShelf, ShelvedLetter};
use square_changes::ports::{DeliveryStore, SetAside};
use square_kernel::Clock;
use std::process::ExitCode;

/// What stands for all letters where a receiver could stand.
const LETTERS: &str = "letters";

/// What a command is about.
enum What {
    /// One letter, or all of them.
    Letters(Option<LetterId>),
    /// What goes to a receiver.
    Receiver(String),
}

impl What {
    fn read(text: String) -> Self {
        match text.parse() {
            _ if text == LETTERS => Self::Letters(None),
            Ok(id) => Self::Letters(Some(id)),
            Err(_) => Self::Receiver(text),
        }
    }
}

/// Works on the database that the settings name; a running server on it does what follows.
pub(crate) async fn run(command: Outbox, settings: &Settings) -> Outcome {
    let square = Square::assemble(settings).await?;
    match command {
        Outbox::List { limit, json } => list(&square, limit, json).await?,
        Outbox::Replay { what } => replay(&square, What::read(what)).await?,
        Outbox::Retire { what } => retire(&square, What::read(what)).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(square: &Square, limit: u32, json: bool) -> Result<(), square_kernel::Unavailable> {
    let backlog = square.stores.backlog().await?;
    let letters = square.stores.shelved(limit).await?;
    let changes = square.stores.all_set_aside(limit).await?;
    let now = square.clock.now();
    if json {
        terminal::line(format_args!("{:#}", as_json(&backlog, &letters, &changes, now)));
        return Ok(());
    }
    terminal::note(waiting(&backlog, now));
    for letter in &letters {
        show_letter(letter, now);
    }
    changes.iter().for_each(show_change);
    let hidden = backlog.set_aside.saturating_sub(letters.len() as u64);
    if hidden > 0 {
        terminal::note(format_args!("{hidden} more letters are set aside; --limit shows them."));
    }
    if letters.is_empty() && changes.is_empty() {
        terminal::note("Nothing is set aside.");
    }
    Ok(())
}

async fn replay(square: &Square, what: What) -> Result<(), square_kernel::Unavailable> {
    terminal::line(match what {
        What::Letters(which) => match square.stores.replay_letters(which, square.clock.now()).await? {
            0 => "No such letter is set aside.".to_owned(),
            1 => "1 letter is sent again.".to_owned(),
            more => format!("{more} letters are sent again."),
        },
        What::Receiver(receiver) => match square.stores.replay(&receiver).await? {
            0 => format!("Nothing is set aside for {receiver}."),
            1 => format!("1 change goes to {receiver} again."),
            more => format!("{more} changes go to {receiver} again."),
        },
    });
    Ok(())
}

async fn retire(square: &Square, what: What) -> Result<(), square_kernel::Unavailable> {
    terminal::line(match what {
        What::Letters(which) => match square.stores.discard_letters(which).await? {
            0 => "No such letter is set aside.".to_owned(),
            1 => "1 letter is deleted.".to_owned(),
            more => format!("{more} letters are deleted."),
        },
        What::Receiver(receiver) => {
            let known = square.stores.retire(&receiver).await?;
            format!("Nothing {} kept for {receiver}.", if known { "more is" } else { "was" })
        }
    });
    Ok(())
}

fn waiting(backlog: &Backlog, now: Timestamp) -> String {
    match (backlog.waiting, backlog.oldest) {
        (0, _) | (_, None) => "No letters wait.".to_owned(),
        (1, Some(since)) => format!("1 letter waits, since {}.", age(since, now)),
        (more, Some(since)) => format!("{more} letters wait, the oldest since {}.", age(since, now)),
    }
}

/// How long ago something was, in one unit that says enough.
fn age(since: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(since).max(SignedDuration::ZERO).as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

fn show_letter(letter: &ShelvedLetter, now: Timestamp) {
    let attempts = if letter.attempts == 1 { "attempt" } else { "attempts" };
    terminal::line(format_args!(
        "{}  {}  {} {}  {} {attempts}, {} old  {}",
        letter.set_aside_at,
        styled(STRONG, "letter"),
        letter.occasion,
        styled(FAINT, letter.id.uuid().simple()),
        letter.attempts,
        age(letter.caused_at, now),
        letter.reason
    ));
}

fn show_change(set_aside: &SetAside) {
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

fn as_json(backlog: &Backlog, letters: &[ShelvedLetter], changes: &[SetAside], now: Timestamp) -> Value {
    let seconds = |since: Timestamp| now.duration_since(since).max(SignedDuration::ZERO).as_secs();
    let letter = |letter: &ShelvedLetter| {
        json!({
            "id": letter.id.to_string(),
            "occasion": letter.occasion,
            "attempts": letter.attempts,
            "caused_at": letter.caused_at.to_string(),
            "age_s": seconds(letter.caused_at),
            "set_aside_at": letter.set_aside_at.to_string(),
            "reason": letter.reason,
        })
    };
    let change = |set_aside: &SetAside| {
        let change = &set_aside.change;
        json!({
            "receiver": set_aside.receiver,
            "number": change.number,
            "channel": change.channel.as_str(),
            "action": change.action.as_str(),
            "entity_id": change.entity.simple().to_string(),
            "set_aside_at": set_aside.at.to_string(),
            "reason": set_aside.reason,
        })
    };
    json!({
        "letters": {
            "waiting": backlog.waiting,
            "oldest_waiting_s": backlog.oldest.map(seconds),
            "set_aside": backlog.set_aside,
            "list": letters.iter().map(letter).collect::<Vec<_>>(),
        },
        "changes": changes.iter().map(change).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_in_one_unit() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let told = |seconds: i64| age(Timestamp::from_second(1_000_000 - seconds).unwrap(), now);
        let ages = [-5, 0, 119, 120, 7199, 7200, 172_799, 172_800].map(told);
        assert_eq!(ages, ["0 s", "0 s", "119 s", "2 min", "119 min", "2 h", "47 h", "2 days"]);
    }

    #[test]
    fn a_receiver_is_whatever_is_no_letter() {
        assert!(matches!(What::read("letters".to_owned()), What::Letters(None)));
        let id = "01932c071c2b7d3e8f4a5b6c7d8e9fa0";
        assert!(matches!(What::read(id.to_owned()), What::Letters(Some(_))));
        assert!(matches!(What::read("rabbitmq".to_owned()), What::Receiver(name) if name == "rabbitmq"));
    }
}
