//! Who outside is told of changes, as the settings say.

use crate::settings::{self, Settings, SettingsError};
use square_change_feed::{
    BrokerAddress, Pusher, PusherServer, PusherSettings, RabbitMq, RabbitMqSettings, SetupError,
};
use square_changes::ports::Receiver;
use square_kernel::{Clock, Secret};
use std::path::Path;
use std::sync::Arc;

/// The receivers that are set up.
pub(crate) fn receivers(
    settings: &Settings,
    clock: &Arc<dyn Clock>,
) -> Result<Vec<Arc<dyn Receiver>>, SettingsError> {
    let mut receivers: Vec<Arc<dyn Receiver>> = Vec::new();
    if !settings.rabbitmq.address.is_empty() {
        receivers.push(Arc::new(rabbitmq(&settings.rabbitmq)?));
    }
    if !settings.pusher.app_id.is_empty() {
        receivers.push(Arc::new(pusher(&settings.pusher, clock).map_err(|error| sentence(&error))?));
    }
    Ok(receivers)
}

/// RabbitMQ as a receiver.
pub(crate) fn rabbitmq(settings: &settings::RabbitMq) -> Result<RabbitMq, SettingsError> {
    let password = settings.password.get().cloned().unwrap_or_else(|| Secret::new(""));
    let address = BrokerAddress::new(&settings.address, &settings.user, password, &settings.vhost);
    let mut broker = RabbitMqSettings::new(address.map_err(|error| sentence(&error))?, &settings.exchange);
    if settings.authorities != Path::new("") {
        let read = std::fs::read_to_string(&settings.authorities).map_err(|error| {
            SettingsError(format!(
                "the setting rabbitmq.authorities names a file that cannot be read: {error}"
            ))
        });
        broker.authorities = Some(read?);
    }
    RabbitMq::new(broker).map_err(|error| sentence(&error))
}

/// Where Pusher is.
pub(crate) fn pusher_server(settings: &settings::Pusher) -> Result<PusherServer, SetupError> {
    match settings.host.as_str() {
        "" => PusherServer::cluster(&settings.cluster),
        host => PusherServer::at(host),
    }
}

fn pusher(settings: &settings::Pusher, clock: &Arc<dyn Clock>) -> Result<Pusher, SetupError> {
    let server = pusher_server(settings)?;
    let secret = settings.secret.get().cloned().unwrap_or_else(|| Secret::new(""));
    let settings = PusherSettings::new(server, &settings.app_id, &settings.key, secret);
    Pusher::new(settings, Arc::clone(clock))
}

fn sentence(error: &SetupError) -> SettingsError {
    SettingsError(format!("the setting {} is impossible: it {}", error.key, error.reason))
}
