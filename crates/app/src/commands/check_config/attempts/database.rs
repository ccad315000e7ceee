use super::Found;
use crate::assembly::{RoleMissing, database_settings, policy};
use crate::settings::Settings;
use square_kernel::{Secret, Unavailable};
use square_persistence::{Database, OpenError, Stores};
use square_tokens::{AeadSealer, MasterKeys};
use std::io::ErrorKind;
use std::sync::Arc;

/// Whether there is a database that a server could start on. No migration is run and no file is made.
pub(super) async fn found(settings: &Settings) -> Found {
    let database = match Database::open_existing(database_settings(settings)).await {
        Ok(database) => database,
        Err(OpenError::File { source, .. }) if source.kind() == ErrorKind::NotFound => {
            return Found::Well("the file will be made when the server starts".to_owned());
        }
        Err(error) => return Found::Wrong(error.to_string()),
    };
    look(&database, settings).await.unwrap_or_else(|error| Found::Wrong(error.chain()))
}

async fn look(database: &Database, settings: &Settings) -> Result<Found, Unavailable> {
    match database.pending_migrations().await? {
        0 => {}
        1 => return Ok(Found::Well("1 migration will run when the server starts".to_owned())),
        more => return Ok(Found::Well(format!("{more} migrations will run when the server starts"))),
    }
    if database.is_unfinished_copy().await? {
        return Ok(Found::Wrong("it holds a copy that was interrupted".to_owned()));
    }
    // Nothing that is sealed is read.
    let sealer = Arc::new(AeadSealer::new(&MasterKeys::from_secrets(&Secret::new(""), [])));
    let stores = Stores::new(database.clone(), sealer);
    Ok(match policy(settings).missing_role(&stores).await? {
        Some(missing) => Found::Wrong(RoleMissing(missing).to_string()),
        None => Found::Well("up to date".to_owned()),
    })
}
