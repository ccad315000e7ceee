//! Looking after keys. What is printed names keys by their ids and tells nothing of them.

mod findings;
mod shown;

use super::bar::{Bar, Progress};
use super::{Outcome, runtime, with_secrets};
use crate::assembly::{Vault, signer};
use crate::cli::Keys;
use crate::secrets::{self, SecretFile};
use crate::settings::Settings;
use crate::terminal::{self, GOOD, STRONG, styled};
use findings::Findings;
use square_accounts::{Rotated, SigningKeys};
use square_kernel::Clock;
use square_persistence::{ResealProgress, Resealed};
use std::process::ExitCode;
use std::sync::Arc;

/// What a run ends with after which a previous secret is still needed.
const NOT_YET: u8 = 3;

#[derive(Debug, thiserror::Error)]
enum KeysError {
    #[error(
        "tokens are signed by SECRET_KEY itself (auth.algorithm is HS256): another SECRET_KEY is another signing key"
    )]
    NoSigningKeys,
    #[error("{0} is set: make a new secret, set that, and put the one before into {0}_PREVIOUS")]
    IsSet(&'static str),
}

/// Works on the database that the settings name; running servers on it follow within a second.
pub(crate) fn run(command: &Keys, settings: Settings) -> Outcome {
    match command {
        // Before the secrets are read, or made.
        Keys::Renew { secret } => renew(*secret, &settings),
        Keys::Status { json } => {
            on_vault(settings, async |vault, settings| status(vault, settings, *json).await)
        }
        Keys::Reseal => on_vault(settings, reseal),
        Keys::RotateSigning { replace } => {
            on_vault(settings, async |vault, settings| rotate_signing(vault, settings, *replace).await)
        }
    }
}

fn on_vault(settings: Settings, work: impl AsyncFnOnce(&Vault, &Settings) -> Outcome) -> Outcome {
    with_secrets(settings, |settings| {
        runtime()?.block_on(async {
            let vault = Vault::open(&settings).await?;
            work(&vault, &settings).await
        })
    })
}

async fn status(vault: &Vault, settings: &Settings, json: bool) -> Outcome {
    let findings = Findings::of(vault, settings).await?;
    let keys = match signing_keys(vault, settings) {
        Some(keys) => keys.list().await?,
        None => Vec::new(),
    };
    if json {
        terminal::line(format_args!("{:#}", shown::as_json(&findings, &keys)));
    } else {
        shown::show(&findings, &keys);
    }
    Ok(ExitCode::SUCCESS)
}

/// Puts a new secret into its file, and the one before among the previous ones.
fn renew(secret: SecretFile, settings: &Settings) -> Outcome {
    let set = match secret {
        SecretFile::SecretKey => settings.auth.secret_key.get().map(|_| "SECRET_KEY"),
        SecretFile::PasswordSalt => settings.passwords.salt.get().map(|_| "SECURITY_PASSWORD_SALT"),
    };
    if let Some(name) = set {
        return Err(KeysError::IsSet(name).into());
    }
    let path = secret.path(settings);
    secrets::renew(&path)?;
    terminal::line(format_args!("Made {} anew.", styled(STRONG, path.display())));
    terminal::line(format_args!("The one before is kept in {}.", secrets::previous(&path).display()));
    terminal::note("Restart the server now: until then it knows the one before only.");
    if secret == SecretFile::SecretKey {
        terminal::note("Then `square keys reseal` says when the one before may be deleted.");
    }
    Ok(ExitCode::SUCCESS)
}

async fn reseal(vault: &Vault, settings: &Settings) -> Outcome {
    let mut tell = Bar::new().tell();
    let told = move |ResealProgress { what, done, total }| {
        tell(Progress { doing: "sealing", part: what, done, total });
    };
    let Resealed { renewed, unreadable } = vault.stores.reseal(&vault.keyed_hash, told).await?;
    terminal::line(match renewed {
        0 => "Everything that opens was under the current key already.".to_owned(),
        1 => "Sealed 1 value anew.".to_owned(),
        more => format!("Sealed {more} values anew."),
    });
    for (what, values) in unreadable {
        terminal::line(format_args!("Left as they are, since they do not open: {values} {what}."));
    }
    let findings = Findings::of(vault, settings).await?;
    let instances = vault.stores.instances_under_other_keys().await?;
    let reasons = findings.reasons(instances);
    if reasons.is_empty() {
        terminal::line(styled(GOOD, findings.may_go()));
        return Ok(ExitCode::SUCCESS);
    }
    terminal::line(styled(STRONG, "Previous secrets are still needed:"));
    for reason in reasons {
        terminal::line(format_args!("  {reason}"));
    }
    Ok(ExitCode::from(NOT_YET))
}

async fn rotate_signing(vault: &Vault, settings: &Settings, replace: bool) -> Outcome {
    let keys = signing_keys(vault, settings).ok_or(KeysError::NoSigningKeys)?;
    // Whoever cannot read those that there are must not make one that the servers cannot read.
    keys.load().await?;
    if replace {
        let (key, gone) = keys.replace().await?;
        let id = styled(STRONG, &key.id);
        terminal::line(format_args!(
            "Made the signing key {id}, which signs now, and deleted {gone} others."
        ));
        return Ok(ExitCode::SUCCESS);
    }
    terminal::line(match keys.rotate().await? {
        Rotated::Made(key) => {
            let in_s = key.signs_from.duration_since(vault.clock.now()).as_secs();
            let id = styled(STRONG, &key.id);
            format!("Made the signing key {id}, which signs from {} on, in {in_s} s.", key.signs_from)
        }
        Rotated::Waits(key) => {
            let id = styled(STRONG, &key.id);
            format!("The signing key {id} is made already and signs from {} on.", key.signs_from)
        }
    });
    Ok(ExitCode::SUCCESS)
}

fn signing_keys(vault: &Vault, settings: &Settings) -> Option<Arc<SigningKeys>> {
    let clock: Arc<dyn Clock> = vault.clock.clone();
    signer(settings, &vault.stores, &vault.sealer, &clock).1
}
