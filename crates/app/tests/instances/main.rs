//! Several servers on one database, as an operator runs them side by side: processes of their own, killed and cut off as
//! may happen. Needs a PostgreSQL or MySQL server (`SQUARE_TEST_DATABASE_URL`), RabbitMQ (`SQUARE_TEST_RABBITMQ_URL`) and
//! libfaketime; `.ci/run` has them all.

#![expect(clippy::panic, reason = "helpers of tests may panic as tests may")]

#[path = "../support/client.rs"]
#[expect(dead_code, reason = "other tests share it")]
mod client;
mod clocks;
mod cut_off;
mod database;
mod deaths;
mod feed;
mod keys;
#[path = "../support/letters.rs"]
mod letters;
mod limits;
mod outage;
mod owners;
#[path = "../support/process.rs"]
#[expect(dead_code, reason = "other tests share it")]
mod process;
mod proxy;
mod pusher;
mod rabbitmq;
mod sessions;
mod skills;
#[path = "../support/socket.rs"]
#[expect(dead_code, reason = "other tests share it")]
mod socket;
mod starting;
mod streams;
#[path = "../support/stub.rs"]
mod stub;
mod subscriptions;
mod told;
#[path = "../support/waiting.rs"]
mod waiting;
mod world;
