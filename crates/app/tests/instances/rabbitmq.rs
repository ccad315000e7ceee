//! An exchange on the server that `SQUARE_TEST_RABBITMQ_URL` names, and a queue that gets all that is published there.

use crate::told::{Heard, Told};
use crate::world::World;
use futures::StreamExt;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, ExchangeDeclareOptions, ExchangeDeleteOptions, QueueBindOptions,
    QueueDeclareOptions,
};
use lapin::types::FieldTable;
use lapin::{Channel, Connection, ConnectionProperties, Consumer, ExchangeKind};
use square_kernel::{OsRandomness, SystemClock, new_uuid};
use url::Url;

const SERVER: &str = "SQUARE_TEST_RABBITMQ_URL";

/// Deleted with this.
pub(crate) struct Exchange {
    server: Url,
    name: String,
}

impl Exchange {
    pub(crate) fn new() -> Self {
        let server = std::env::var(SERVER)
            .unwrap_or_else(|_| panic!("{SERVER} must name a RabbitMQ server: .ci/services prints one"));
        let name = format!("square-test-{}", new_uuid(&SystemClock, &OsRandomness));
        Self { server: server.parse().expect("the server has a URL"), name }
    }

    /// The server's `host:port`.
    pub(crate) fn place(&self) -> String {
        format!("{}:{}", self.server.host_str().expect("a host"), self.server.port().unwrap_or(5672))
    }

    /// Has the instances of `world` publish here by way of `port` on this machine.
    pub(crate) fn set_up(&self, world: &mut World, port: u16) {
        let virtual_host = match self.server.path().trim_start_matches('/') {
            "" => "/".to_owned(),
            name => name.replace("%2f", "/").replace("%2F", "/"),
        };
        world.set("BROKER_PATH", format!("127.0.0.1:{port}"));
        world.set("RABBITMQ_USER", self.server.username());
        world.set("RABBITMQ_PASSWORD", self.server.password().unwrap_or_default());
        world.set("RABBITMQ_VHOST", virtual_host);
        world.set("MQ_EXCHANGE", &self.name);
    }

    /// Hears of all that is published from now on.
    pub(crate) async fn listen(&self) -> Heard {
        let (connection, channel) = connect(&self.server).await;
        let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
        let (name, no_arguments) = (self.name.as_str(), FieldTable::default);
        let declared = channel.exchange_declare(name.into(), ExchangeKind::Topic, durable, no_arguments());
        declared.await.expect("the exchange is declared");
        let exclusive = QueueDeclareOptions { exclusive: true, ..QueueDeclareOptions::default() };
        let queue = channel.queue_declare("".into(), exclusive, no_arguments()).await;
        let queue = queue.expect("a queue is declared").name().clone();
        let bound = channel.queue_bind(
            queue.clone(),
            name.into(),
            "#".into(),
            QueueBindOptions::default(),
            no_arguments(),
        );
        bound.await.expect("the queue is bound");
        let consumer =
            channel.basic_consume(queue, "".into(), BasicConsumeOptions::default(), no_arguments()).await;
        let heard = Heard::default();
        tokio::spawn(hear(consumer.expect("the queue is read"), heard.clone(), (connection, channel)));
        heard
    }
}

/// Goes on for as long as the runtime.
async fn hear(mut consumer: Consumer, heard: Heard, _connection: (Connection, Channel)) {
    while let Some(delivery) = consumer.next().await {
        let delivery = delivery.expect("the queue is there");
        let told = Told::read(&delivery.data);
        let id = delivery.properties.message_id().as_ref().map(ToString::to_string);
        assert_eq!(id.as_ref(), Some(&told.id), "who drops repeats need not read the message");
        assert_eq!(delivery.routing_key.as_str(), format!("{}.{}", told.channel, told.event));
        heard.push(told);
        delivery.ack(BasicAckOptions::default()).await.expect("it is acknowledged");
    }
}

async fn connect(server: &Url) -> (Connection, Channel) {
    let connection = Connection::connect(server.as_str(), ConnectionProperties::default()).await;
    let connection = connection.unwrap_or_else(|error| panic!("no RabbitMQ at {server}: {error}"));
    let channel = connection.create_channel().await.expect("a channel");
    (connection, channel)
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let delete = async {
            let (_connection, channel) = connect(&self.server).await;
            let name = self.name.as_str();
            channel
                .exchange_delete(name.into(), ExchangeDeleteOptions::default())
                .await
                .expect("it is deleted");
        };
        // The runtime of a test that failed is no longer to be relied on.
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.expect("a runtime").block_on(delete);
            });
        });
    }
}
