//! Changes to brokers that refuse, hang up, fall silent or speak something else.

use crate::support::broker::{Broker, PASSWORD, Published, SHORT, Until};
use crate::support::{change, changes, put_off, refused, taken};
use square_change_feed::{BrokerAddress, RabbitMq, RabbitMqSettings};
use square_changes::ports::{Outcome, Receiver, Refusal};
use square_kernel::Secret;
use std::future::pending;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;

/// What limits may be overrun by on a busy machine.
const SLACK: Duration = Duration::from_secs(5);

/// A limit that some words of a broker come before, also on a busy machine.
const LONGER: Duration = Duration::from_secs(1);

/// Where lapin may miss that the broker hangs up, since it happens while it makes up its next word.
const MISSED: [Until; 2] = [Until::Greeted, Until::LoggedIn];

/// A broker that logs in, then takes `count` messages and closes the channel with `code`.
async fn closing_the_channel(count: usize, code: u16) -> Broker {
    Broker::start(move |mut peer, _| async move {
        peer.go_along(Until::Ready).await.unwrap();
        peer.messages(count).await;
        peer.close_channel(code).await;
        peer.say_nothing().await;
    })
    .await
}

#[tokio::test]
async fn all_are_told_in_order_and_confirmed() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let broker = Broker::start(move |mut peer, _| {
        let tell = tell.clone();
        async move {
            peer.go_along(Until::Ready).await.unwrap();
            for _ in 0..3 {
                tell.send(peer.message().await.unwrap()).unwrap();
            }
            peer.ack_up_to(3).await;
            peer.say_nothing().await;
        }
    })
    .await;
    assert_eq!(broker.publisher().deliver(&changes(3)).await, taken(3));
    for number in 1..=3 {
        let body = format!(
            "{{\"id\":\"00000000-0000-0000-0000-00000000000{number}\",\"channel\":\"skill\",\
             \"event\":\"update\",\"entity_id\":\"00000000000000000000000000000abc\",\
             \"at\":\"2026-01-01T00:00:00.25Z\"}}"
        );
        let (exchange, routing_key) = ("changes".to_owned(), "skill.update".to_owned());
        assert_eq!(told.recv().await.unwrap(), Published { exchange, routing_key, body });
    }
}

#[tokio::test]
async fn one_connection_is_kept() {
    let broker = Broker::start(|mut peer, _| async move {
        peer.go_along(Until::Ready).await.unwrap();
        peer.serve().await;
    })
    .await;
    let publisher = broker.publisher();
    for _ in 0..3 {
        assert_eq!(publisher.deliver(&changes(2)).await, taken(2));
    }
    assert_eq!(broker.connections(), 1);
}

#[tokio::test]
async fn a_broker_is_tried_out_without_publishing() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let broker = Broker::start(move |mut peer, _| {
        let tell = tell.clone();
        async move {
            peer.go_along(Until::Ready).await.unwrap();
            tell.send(peer.message().await).unwrap();
        }
    })
    .await;
    assert_eq!(broker.publisher().try_out().await, Ok(()));
    assert_eq!(told.recv().await.unwrap(), None, "it takes its leave");

    let silent = Broker::start(|mut peer, _| async move {
        peer.go_along(Until::VirtualHost).await;
        peer.say_nothing().await;
    })
    .await;
    let late = silent.impatient_publisher().try_out().await;
    assert_eq!(late, Err(silent.says("was not ready within 200ms")));
}

#[tokio::test]
async fn nothing_to_tell_needs_no_broker() {
    let broker = Broker::start(|_, _| pending()).await;
    assert_eq!(broker.impatient_publisher().deliver(&[]).await, taken(0));
    assert_eq!(broker.connections(), 0);
}

#[tokio::test]
async fn the_last_leave_is_a_polite_one() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let broker = Broker::start(move |mut peer, _| {
        let tell = tell.clone();
        async move {
            peer.go_along(Until::Ready).await.unwrap();
            peer.serve().await;
            tell.send(peer.closed_properly).unwrap();
        }
    })
    .await;
    let publisher = broker.publisher();
    assert_eq!(publisher.deliver(&changes(1)).await, taken(1));
    drop(publisher);
    assert_eq!(told.recv().await, Some(true));
}

#[tokio::test]
async fn only_what_is_confirmed_without_a_gap_counts() {
    let broker = Broker::start(|mut peer, _| async move {
        peer.go_along(Until::Ready).await.unwrap();
        peer.messages(5).await;
        for tag in [5, 2, 1, 4] {
            peer.ack(tag).await;
        }
        peer.nack(3).await;
        peer.say_nothing().await;
    })
    .await;
    let outcome = broker.publisher().deliver(&changes(5)).await;
    assert_eq!(outcome, put_off(2, broker.says("could not store the message")));
}

#[tokio::test]
async fn a_confirmation_that_does_not_come_ends_the_count() {
    let broker = Broker::start(|mut peer, _| async move {
        peer.go_along(Until::Ready).await.unwrap();
        peer.messages(3).await;
        peer.ack(1).await;
        peer.ack(3).await;
        peer.say_nothing().await;
    })
    .await;
    let settings = RabbitMqSettings { delivery_timeout: LONGER, ..broker.settings() };
    let outcome = RabbitMq::new(settings).unwrap().deliver(&changes(3)).await;
    assert_eq!(outcome, put_off(1, broker.says("did not confirm within 1s")));
}

#[tokio::test]
async fn after_a_broken_connection_a_new_one_is_made() {
    let broker = Broker::start(|mut peer, before| async move {
        peer.go_along(Until::Ready).await.unwrap();
        if before > 0 {
            return peer.serve().await;
        }
        peer.messages(3).await;
        peer.ack(1).await;
    })
    .await;
    let publisher = broker.publisher();
    let outcome = publisher.deliver(&changes(3)).await;
    assert_eq!(outcome.delivered, 1);
    assert!(matches!(outcome.refusal, Some(Refusal::Temporary(_))), "{outcome:?}");
    assert_eq!(publisher.deliver(&changes(3)[1..]).await, taken(2));
    assert_eq!(broker.connections(), 2);
}

#[tokio::test]
async fn a_connection_lost_between_two_batches_costs_one_attempt_at_most() {
    let broker = Broker::start(|mut peer, before| async move {
        peer.go_along(Until::Ready).await.unwrap();
        if before > 0 {
            return peer.serve().await;
        }
        peer.messages(1).await;
        peer.ack(1).await;
    })
    .await;
    let publisher = broker.publisher();
    assert_eq!(publisher.deliver(&[change(1)]).await, taken(1));
    let mut outcome = publisher.deliver(&[change(2)]).await;
    if outcome.delivered == 0 {
        outcome = publisher.deliver(&[change(2)]).await;
    }
    assert_eq!(outcome, taken(1));
}

#[tokio::test]
async fn a_broker_that_falls_silent_is_waited_for_no_longer_than_the_limit() {
    for until in Until::ALL {
        let broker = Broker::start(move |mut peer, _| async move {
            peer.go_along(until).await;
            peer.say_nothing().await;
        })
        .await;
        let began = Instant::now();
        let outcome = broker.impatient_publisher().deliver(&changes(2)).await;
        let what = match until {
            Until::Ready => "did not confirm within 200ms",
            _ => "was not ready within 200ms",
        };
        assert_eq!(outcome, put_off(0, broker.says(what)), "silent from {until:?} on");
        assert!(began.elapsed() < SHORT * 2 + SLACK, "{until:?}: {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn a_broker_that_hangs_up_puts_changes_off_at_once() {
    for until in Until::ALL.into_iter().filter(|until| !MISSED.contains(until)) {
        let broker = Broker::start(move |mut peer, _| async move {
            peer.go_along(until).await;
        })
        .await;
        let outcome = broker.publisher().deliver(&changes(2)).await;
        let Outcome { delivered: 0, refusal: Some(Refusal::Temporary(reason)) } = outcome else {
            panic!("hung up from {until:?} on: {outcome:?}");
        };
        let told = ["broke off the connection", "closed the connection"];
        assert!(told.iter().any(|told| reason.starts_with(&broker.says(told))), "{until:?}: {reason}");
    }
}

#[tokio::test]
async fn a_hang_up_that_lapin_misses_is_met_by_the_limit() {
    for until in MISSED {
        let broker = Broker::start(move |mut peer, _| async move {
            peer.go_along(until).await;
        })
        .await;
        let outcome = broker.impatient_publisher().deliver(&changes(2)).await;
        let put_off = matches!(outcome, Outcome { delivered: 0, refusal: Some(Refusal::Temporary(_)) });
        assert!(put_off, "hung up from {until:?} on: {outcome:?}");
    }
}

#[tokio::test]
async fn a_port_where_nobody_listens_puts_changes_off() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let place = format!("127.0.0.1:{port}");
    let address = BrokerAddress::new(&place, "square", Secret::new(PASSWORD), "/").unwrap();
    let outcome = RabbitMq::new(RabbitMqSettings::new(address, "x")).unwrap().deliver(&changes(1)).await;
    let Some(Refusal::Temporary(reason)) = outcome.refusal else { panic!("{outcome:?}") };
    assert!(reason.starts_with(&format!("the broker at {place} cannot be reached: ")), "{reason}");
}

#[tokio::test]
async fn who_speaks_something_else_is_no_broker() {
    for greeting in ["HTTP/1.1 400 Bad Request\r\n\r\n", "AMQP\0\0\0\u{1}"] {
        let broker = Broker::start(move |mut peer, _| async move {
            peer.stream.write_all(greeting.as_bytes()).await.unwrap();
            peer.say_nothing().await;
        })
        .await;
        let outcome = broker.publisher().deliver(&changes(1)).await;
        assert_eq!(outcome, put_off(0, broker.says("does not speak AMQP 0-9-1")), "{greeting:?}");
    }
}

#[tokio::test]
async fn a_blocked_connection_is_kept_until_the_broker_takes_more() {
    let (wake, woken) = tokio::sync::oneshot::channel::<()>();
    let woken = std::sync::Mutex::new(Some(woken));
    let broker = Broker::start(move |mut peer, _| {
        let woken = woken.lock().unwrap().take().unwrap();
        async move {
            peer.go_along(Until::Ready).await.unwrap();
            peer.message().await.unwrap();
            peer.block().await;
            woken.await.unwrap();
            peer.unblock().await;
            peer.ack(1).await;
            let mut tag = 1;
            while peer.message().await.is_some() {
                tag += 1;
                peer.ack(tag).await;
            }
        }
    })
    .await;
    let settings = RabbitMqSettings { delivery_timeout: LONGER, ..broker.settings() };
    let publisher = RabbitMq::new(settings).unwrap();
    let blocked = put_off(0, broker.says("takes nothing at the moment, being short of memory or disk"));
    assert_eq!(publisher.deliver(&changes(1)).await, blocked);
    let began = Instant::now();
    for _ in 0..3 {
        assert_eq!(publisher.deliver(&changes(1)).await, blocked);
    }
    assert!(began.elapsed() < LONGER, "what is known to be blocked is not tried");
    wake.send(()).unwrap();
    let outcome = loop {
        let outcome = publisher.deliver(&changes(1)).await;
        if outcome != blocked {
            break outcome;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(outcome, taken(1));
    assert_eq!(broker.connections(), 1);
}

#[tokio::test]
async fn a_message_refused_by_its_content_is_found_among_the_others() {
    // The second of three is at fault: its body has the id that ends in 2.
    let broker = Broker::start(|mut peer, _| async move {
        peer.go_along(Until::Ready).await.unwrap();
        let mut tag = 0;
        while let Some(message) = peer.message().await {
            if message.body.contains("000000000002\"") {
                peer.close_channel(406).await;
                return peer.say_nothing().await;
            }
            tag += 1;
            peer.ack(tag).await;
        }
    })
    .await;
    let publisher = broker.publisher();
    let text = broker.says("refused the message with code 406");
    assert_eq!(publisher.deliver(&changes(3)).await, refused(1, text.clone()));
    assert_eq!(publisher.deliver(&[change(2)]).await, refused(0, text));
    assert_eq!(publisher.deliver(&[change(3)]).await, taken(1));
}

#[tokio::test]
async fn a_refusal_that_does_not_come_again_holds_nothing_up() {
    let broker = Broker::start(|mut peer, before| async move {
        peer.go_along(Until::Ready).await.unwrap();
        if before > 0 {
            return peer.serve().await;
        }
        peer.messages(3).await;
        peer.close_channel(406).await;
        peer.say_nothing().await;
    })
    .await;
    assert_eq!(broker.publisher().deliver(&changes(3)).await, taken(3));
    assert_eq!(broker.connections(), 2);
}

#[tokio::test]
async fn refusals_of_the_log_in_say_what_is_wrong() {
    for (code, what) in [(403, "refused user \"square\" or the password"), (541, "broke off with code 541")] {
        let broker = Broker::start(move |mut peer, _| async move {
            peer.go_along(Until::Greeted).await.unwrap();
            peer.hear_log_in().await.unwrap();
            peer.close(code).await;
            peer.say_nothing().await;
        })
        .await;
        assert_eq!(broker.publisher().deliver(&changes(1)).await, put_off(0, broker.says(what)));
    }
}

#[tokio::test]
async fn refusals_of_the_virtual_host_say_what_is_wrong() {
    for (code, what) in [
        (530, "has no virtual host \"/here\", or does not let user \"square\" in, or not once more"),
        (320, "closed the connection, as it does when it is stopped"),
    ] {
        let broker = Broker::start(move |mut peer, _| async move {
            peer.go_along(Until::LoggedIn).await.unwrap();
            peer.hear_virtual_host().await.unwrap();
            peer.close(code).await;
            peer.say_nothing().await;
        })
        .await;
        assert_eq!(broker.publisher().deliver(&changes(1)).await, put_off(0, broker.says(what)));
    }
}

#[tokio::test]
async fn refusals_of_the_exchange_say_what_is_wrong() {
    for (code, what) in [
        (403, "does not let user \"square\" declare exchange \"changes\""),
        (406, "has an exchange \"changes\" already that is no durable topic exchange"),
    ] {
        let broker = Broker::start(move |mut peer, _| async move {
            peer.go_along(Until::Channel).await.unwrap();
            peer.hear_exchange().await.unwrap();
            peer.close_channel(code).await;
            peer.say_nothing().await;
        })
        .await;
        assert_eq!(broker.publisher().deliver(&changes(1)).await, put_off(0, broker.says(what)));
    }
}

#[tokio::test]
async fn refusals_of_publishing_say_what_is_wrong() {
    for (code, what) in [
        (403, "does not let user \"square\" publish to exchange \"changes\""),
        (404, "has no exchange \"changes\" any more"),
        (506, "broke off with code 506"),
    ] {
        let broker = closing_the_channel(1, code).await;
        assert_eq!(broker.publisher().deliver(&changes(1)).await, put_off(0, broker.says(what)));
    }
    for code in [311, 406] {
        let broker = closing_the_channel(1, code).await;
        let what = format!("refused the message with code {code}");
        assert_eq!(broker.publisher().deliver(&changes(1)).await, refused(0, broker.says(&what)));
    }
}

#[test]
fn settings_that_cannot_work_are_refused_by_name() {
    let address = || BrokerAddress::new("mq", "square", Secret::new(PASSWORD), "/").unwrap();
    let refused = |change: fn(&mut RabbitMqSettings)| {
        let mut settings = RabbitMqSettings::new(address(), "changes");
        change(&mut settings);
        RabbitMq::new(settings).err().expect("the settings were accepted").to_string()
    };
    insta::assert_snapshot!(refused(|s| s.exchange = String::new()), @"rabbitmq.exchange must be a name of 1 to 255 bytes");
    insta::assert_snapshot!(refused(|s| s.exchange = "x".repeat(256)), @"rabbitmq.exchange must be a name of 1 to 255 bytes");
    insta::assert_snapshot!(refused(|s| s.connect_timeout = Duration::ZERO), @"rabbitmq.connect_timeout_ms must be 1 to 3600000");
    insta::assert_snapshot!(refused(|s| s.delivery_timeout = Duration::MAX), @"rabbitmq.delivery_timeout_ms must be 1 to 3600000");
    insta::assert_snapshot!(refused(|s| s.delivery_timeout = Duration::ZERO), @"rabbitmq.delivery_timeout_ms must be 1 to 3600000");
}
