//! What connections to brokers leave behind in this process: no threads, and no password in the log.
//!
//! A process of its own, since both are counted over all of it.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]

#[expect(dead_code, reason = "other tests share it")]
mod support;

use square_changes::ports::Receiver;
use square_kernel::testing::lock;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use support::broker::{Broker, PASSWORD, Until};
use support::{changes, taken};
use tracing_subscriber::filter::LevelFilter;

/// How many threads lapin has running for connections.
fn threads_of_lapin() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|name| name.starts_with("lapin")).count()
}

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        lock(&self.0).extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The broker takes everything from a second attempt on; at the first it falls silent.
async fn silent_at_first(until: Until) -> Broker {
    Broker::start(move |mut peer, before| async move {
        if before == 0 {
            peer.go_along(until).await;
            return peer.say_nothing().await;
        }
        if peer.go_along(Until::Ready).await.is_some() {
            peer.serve().await;
        }
    })
    .await
}

#[tokio::test]
async fn neither_threads_nor_the_password() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_writer(move || writer.clone()).init();
    for until in Until::ALL {
        let broker = silent_at_first(until).await;
        let impatient = broker.impatient_publisher();
        assert_eq!(impatient.deliver(&changes(1)).await.delivered, 0, "{until:?}");
        let publisher = broker.publisher();
        assert_eq!(publisher.deliver(&changes(1)).await, taken(1), "{until:?}");
    }

    let deadline = Instant::now() + Duration::from_secs(20);
    while cfg!(target_os = "linux") && threads_of_lapin() > 0 {
        assert!(Instant::now() < deadline, "{} threads are left behind", threads_of_lapin());
        tokio::task::yield_now().await;
    }

    let log = String::from_utf8(lock(&log.0).clone()).unwrap();
    assert!(log.contains("lapin"), "the log is read");
    let as_bytes = format!("{:?}", PASSWORD.as_bytes());
    for password in [PASSWORD, as_bytes.trim_matches(['[', ']'])] {
        assert!(!log.contains(password), "the log has {password}");
    }
}
