//! Changes to a real RabbitMQ, at `SQUARE_TEST_RABBITMQ_URL` or on this machine. Needs the feature `server-tests`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may panic as tests may")]

#[path = "support/proxy.rs"]
mod proxy;
#[expect(dead_code, reason = "other tests share it")]
mod support;

use futures::StreamExt;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, ExchangeDeclareOptions, ExchangeDeleteOptions, QueueBindOptions,
    QueueDeclareOptions, QueuePurgeOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, Connection, ConnectionProperties, Consumer, ExchangeKind};
use proxy::{Mode, Proxy};
use square_change_feed::{BrokerAddress, RabbitMq, RabbitMqSettings};
use square_changes::ports::{Outcome, Receiver, Refusal};
use square_changes::{Action, Change};
use square_kernel::{OsRandomness, Secret, SystemClock, new_uuid};
use square_wire::ChangeMessage;
use std::time::{Duration, Instant};
use support::broker::SHORT;
use support::{change, changes, put_off, taken};
use url::Url;

fn server() -> String {
    let default = || "amqp://guest:guest@127.0.0.1:5672/%2f".to_owned();
    std::env::var("SQUARE_TEST_RABBITMQ_URL").unwrap_or_else(|_| default())
}

/// The server's `host:port`.
fn place() -> String {
    let url = Url::parse(&server()).unwrap();
    format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5672))
}

/// The server's URL, but by way of `port` on this machine.
fn by_way_of(port: u16) -> String {
    let mut url = Url::parse(&server()).unwrap();
    url.set_host(Some("127.0.0.1")).unwrap();
    url.set_port(Some(port)).unwrap();
    url.to_string()
}

fn settings(url: &str, exchange: &Exchange) -> RabbitMqSettings {
    RabbitMqSettings {
        connect_timeout: Duration::from_secs(20),
        delivery_timeout: Duration::from_secs(20),
        ..RabbitMqSettings::new(BrokerAddress::parse(url).unwrap(), exchange.name.as_str())
    }
}

fn publisher(exchange: &Exchange) -> RabbitMq {
    RabbitMq::new(settings(&server(), exchange)).unwrap()
}

/// One that goes by way of `proxy`.
fn publisher_by_way_of(proxy: &Proxy, exchange: &Exchange) -> RabbitMq {
    RabbitMq::new(settings(&by_way_of(proxy.port), exchange)).unwrap()
}

/// The test's own connection to the server.
async fn channel() -> (Connection, Channel) {
    let connection = Connection::connect(&server(), ConnectionProperties::default()).await;
    let connection = connection.expect("RabbitMQ is there");
    let channel = connection.create_channel().await.unwrap();
    (connection, channel)
}

/// A name of an exchange that no other test has; what bears it is deleted with this.
struct Exchange {
    name: String,
}

impl Exchange {
    fn new() -> Self {
        Self { name: format!("square-test-{}", new_uuid(&SystemClock, &OsRandomness)) }
    }

    async fn delete(&self) {
        let (_connection, channel) = channel().await;
        let deleted = channel.exchange_delete(self.name.as_str().into(), ExchangeDeleteOptions::default());
        deleted.await.unwrap();
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        // The runtime of a test that failed is no longer to be relied on.
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.unwrap().block_on(self.delete());
            });
        });
    }
}

/// A queue that lives as long as this.
struct Queue {
    name: String,
    channel: Channel,
    _connection: Connection,
}

impl Queue {
    /// Bound to `exchange`, which is declared for it, by `key`; takes `at_most` messages and refuses further ones.
    async fn new(exchange: &Exchange, key: &str, at_most: i32) -> Self {
        let (connection, channel) = channel().await;
        let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
        let name = exchange.name.as_str();
        channel
            .exchange_declare(name.into(), ExchangeKind::Topic, durable, FieldTable::default())
            .await
            .unwrap();
        let mut arguments = FieldTable::default();
        arguments.insert("x-max-length".into(), AMQPValue::LongInt(at_most));
        arguments.insert("x-overflow".into(), AMQPValue::LongString("reject-publish".into()));
        let options = QueueDeclareOptions { exclusive: true, ..QueueDeclareOptions::default() };
        let queue = channel.queue_declare("".into(), options, arguments).await.unwrap();
        let queue = queue.name().to_string();
        let options = QueueBindOptions::default();
        channel
            .queue_bind(queue.as_str().into(), name.into(), key.into(), options, FieldTable::default())
            .await
            .unwrap();
        Self { name: queue, channel, _connection: connection }
    }

    async fn consumer(&self) -> Consumer {
        let (options, arguments) = (BasicConsumeOptions::default(), FieldTable::default());
        self.channel.basic_consume(self.name.as_str().into(), "".into(), options, arguments).await.unwrap()
    }

    /// Takes messages until `count` different ones came; repeats are dropped.
    async fn ids(&self, count: usize) -> Vec<String> {
        let mut consumer = self.consumer().await;
        let mut ids = Vec::new();
        while ids.len() < count {
            let delivery = consumer.next().await.unwrap().unwrap();
            delivery.ack(BasicAckOptions::default()).await.unwrap();
            let id = delivery.properties.message_id().as_ref().unwrap().to_string();
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        ids
    }

    async fn purge(&self) {
        self.channel.queue_purge(self.name.as_str().into(), QueuePurgeOptions::default()).await.unwrap();
    }
}

fn ids_of(changes: &[Change]) -> Vec<String> {
    changes.iter().map(|change| change.id.to_string()).collect()
}

/// Hands over `changes` as the relay does, going on behind what was confirmed, until all are taken. `troubled` is
/// told of each attempt that was put off.
async fn deliver_all(publisher: &RabbitMq, changes: &[Change], mut troubled: impl FnMut(&str)) {
    let mut position = 0;
    while position < changes.len() {
        let until = changes.len().min(position + publisher.batch() as usize);
        let outcome = publisher.deliver(&changes[position..until]).await;
        position += outcome.delivered;
        match outcome.refusal {
            Some(Refusal::Temporary(reason)) => troubled(&reason),
            Some(Refusal::Permanent(reason)) => panic!("{reason}"),
            None => {}
        }
    }
}

#[tokio::test]
async fn who_asks_for_skills_gets_them_in_order() {
    let exchange = Exchange::new();
    let queue = Queue::new(&exchange, "skill.*", 1000).await;
    let mut told = changes(300);
    told[7].action = Action::Delete;
    let person = Change { channel: square_changes::Channel::Person, ..change(1000) };
    told.insert(5, person);
    assert_eq!(publisher(&exchange).deliver(&told).await, taken(301));

    told.remove(5);
    let mut consumer = queue.consumer().await;
    for change in &told {
        let delivery = consumer.next().await.unwrap().unwrap();
        let properties = &delivery.properties;
        let text = |text: &Option<lapin::types::ShortString>| text.as_ref().unwrap().to_string();
        let key = format!("skill.{}", change.action);
        assert_eq!(delivery.routing_key.as_str(), key);
        assert_eq!(text(properties.message_id()), change.id.to_string());
        assert_eq!(text(properties.kind()), key);
        assert_eq!(text(properties.content_type()), "application/json");
        assert_eq!(text(properties.app_id()), "square");
        assert_eq!(*properties.delivery_mode(), Some(2), "it survives the broker");
        assert_eq!(*properties.timestamp(), Some(1_767_225_600));
        let message: ChangeMessage = serde_json::from_slice(&delivery.data).unwrap();
        assert_eq!(message, ChangeMessage::from(change));
    }
}

#[tokio::test]
async fn what_nobody_asks_for_is_delivered() {
    let exchange = Exchange::new();
    assert_eq!(publisher(&exchange).deliver(&changes(3)).await, taken(3));
}

#[tokio::test]
async fn an_exchange_of_another_type_is_told_and_needs_no_restart_once_mended() {
    let exchange = Exchange::new();
    let (_connection, channel) = channel().await;
    let name = exchange.name.as_str();
    let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    channel
        .exchange_declare(name.into(), ExchangeKind::Fanout, durable, FieldTable::default())
        .await
        .unwrap();
    let publisher = publisher(&exchange);
    let place = place();
    let reason =
        format!("the broker at {place} has an exchange {name:?} already that is no durable topic exchange");
    assert_eq!(publisher.deliver(&changes(3)).await, put_off(0, reason));
    exchange.delete().await;
    assert_eq!(publisher.deliver(&changes(3)).await, taken(3));
}

#[tokio::test]
async fn an_exchange_that_may_not_be_declared_is_told() {
    let url = server();
    let address = BrokerAddress::parse(&url).unwrap();
    let publisher = RabbitMq::new(RabbitMqSettings::new(address, "amq.square-test")).unwrap();
    let Outcome { delivered: 0, refusal: Some(Refusal::Temporary(reason)) } =
        publisher.deliver(&changes(1)).await
    else {
        panic!("names that begin with amq. are the server's own");
    };
    assert!(reason.contains("declare exchange \"amq.square-test\""), "{reason}");
}

#[tokio::test]
async fn a_wrong_password_is_told_but_not_shown() {
    let place = place();
    let address = BrokerAddress::new(&place, "guest", Secret::new("s3cret"), "/").unwrap();
    let publisher = RabbitMq::new(RabbitMqSettings::new(address, "x")).unwrap();
    let reason = format!("the broker at {place} refused user \"guest\" or the password");
    assert_eq!(publisher.deliver(&changes(1)).await, put_off(0, reason));
}

#[tokio::test]
async fn an_unknown_virtual_host_is_told() {
    let mut url = Url::parse(&server()).unwrap();
    url.set_path("/no%20such");
    let publisher = RabbitMq::new(settings(url.as_str(), &Exchange::new())).unwrap();
    let Outcome { delivered: 0, refusal: Some(Refusal::Temporary(reason)) } =
        publisher.deliver(&changes(1)).await
    else {
        panic!("there is such a virtual host");
    };
    assert!(reason.contains("has no virtual host \"no such\""), "{reason}");
}

#[tokio::test]
async fn an_exchange_deleted_in_between_is_declared_anew() {
    let exchange = Exchange::new();
    let publisher = publisher(&exchange);
    assert_eq!(publisher.deliver(&changes(1)).await, taken(1));
    exchange.delete().await;
    let reason = format!("the broker at {} has no exchange {:?} any more", place(), exchange.name);
    assert_eq!(publisher.deliver(&changes(1)).await, put_off(0, reason));
    assert_eq!(publisher.deliver(&changes(1)).await, taken(1));
}

#[tokio::test]
async fn what_a_full_queue_refuses_is_put_off() {
    let exchange = Exchange::new();
    let queue = Queue::new(&exchange, "#", 2).await;
    let publisher = publisher(&exchange);
    // One after the other: of messages sent together a queue may take a few more than its limit.
    for number in 1..=2 {
        assert_eq!(publisher.deliver(&[change(number)]).await, taken(1));
    }
    let reason = format!("the broker at {} could not store the message", place());
    assert_eq!(publisher.deliver(&changes(5)[2..]).await, put_off(0, reason));
    queue.purge().await;
    assert_eq!(publisher.deliver(&[change(3)]).await, taken(1));
    assert_eq!(queue.ids(1).await, ids_of(&[change(3)]));
}

#[tokio::test]
async fn every_change_arrives_in_order_however_often_the_connection_is_cut() {
    let exchange = Exchange::new();
    let queue = Queue::new(&exchange, "#", 1_000_000).await;
    // Enough for the log-in and some forty messages, so that cuts come in the midst of batches.
    let proxy = Proxy::start(place(), Mode::CutAfter(20_000)).await;
    let publisher = publisher_by_way_of(&proxy, &exchange);
    let told = changes(1000);
    let mut cuts = 0;
    deliver_all(&publisher, &told, |_| cuts += 1).await;
    assert!(cuts >= 5, "only {cuts} cuts");
    assert_eq!(queue.ids(1000).await, ids_of(&told));
}

#[tokio::test]
async fn a_stalled_broker_is_met_by_the_limit_and_then_goes_on() {
    let exchange = Exchange::new();
    let queue = Queue::new(&exchange, "#", 1000).await;
    let proxy = Proxy::start(place(), Mode::Pass).await;
    let url = by_way_of(proxy.port);
    let patient = settings(&url, &exchange);
    let publisher = RabbitMq::new(RabbitMqSettings { delivery_timeout: SHORT, ..patient }).unwrap();
    deliver_all(&publisher, &[change(1)], |_| {}).await;

    proxy.set(Mode::Stall);
    let began = Instant::now();
    let reason = format!("the broker at 127.0.0.1:{} did not confirm within 200ms", proxy.port);
    assert_eq!(publisher.deliver(&changes(3)[1..]).await, put_off(0, reason));
    assert!(began.elapsed() < SHORT + Duration::from_secs(5), "{:?}", began.elapsed());

    proxy.set(Mode::Pass);
    deliver_all(&publisher, &changes(3)[1..], |_| {}).await;
    assert_eq!(queue.ids(3).await, ids_of(&changes(3)));
}

#[tokio::test]
async fn a_broker_that_was_away_is_found_again() {
    let exchange = Exchange::new();
    let queue = Queue::new(&exchange, "#", 1000).await;
    let proxy = Proxy::start(place(), Mode::Refuse).await;
    let publisher = publisher_by_way_of(&proxy, &exchange);
    for _ in 0..3 {
        assert_eq!(publisher.deliver(&changes(3)).await.delivered, 0);
    }
    proxy.set(Mode::Pass);
    for _ in 0..3 {
        assert_eq!(publisher.deliver(&changes(3)).await, taken(3));
    }
    assert_eq!(proxy.connections(), 4, "the connection that came about is kept");
    assert_eq!(queue.ids(3).await, ids_of(&changes(3)));
}
