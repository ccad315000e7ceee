//! Changes to brokers behind TLS. The broker's certificate is for 127.0.0.1, signed by an authority of the tests' own.

use crate::support::broker::{Broker, Peer, SHORT, Until};
use crate::support::{changes, put_off, taken};
use square_change_feed::{RabbitMq, RabbitMqSettings};
use square_changes::ports::{Receiver, Refusal};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

const AUTHORITY: &str = include_str!("tls/authority.pem");

fn acceptor() -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_slice(include_bytes!("tls/certificate.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("tls/key.pem")).unwrap();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key);
    TlsAcceptor::from(Arc::new(config.unwrap()))
}

/// A broker behind TLS that takes everything.
async fn obliging() -> Broker {
    Broker::start(|peer, _| async move {
        let Ok(stream) = acceptor().accept(peer.stream).await else { return };
        let mut peer = Peer { stream: Box::new(stream), closed_properly: false };
        if peer.go_along(Until::Ready).await.is_some() {
            peer.serve().await;
        }
    })
    .await
}

fn trusting(broker: &Broker) -> RabbitMqSettings {
    RabbitMqSettings { authorities: Some(AUTHORITY.to_owned()), ..broker.settings_over("amqps") }
}

#[tokio::test]
async fn changes_go_through_tls() {
    let broker = obliging().await;
    let publisher = RabbitMq::new(trusting(&broker)).unwrap();
    assert_eq!(publisher.deliver(&changes(3)).await, taken(3));
    assert_eq!(publisher.deliver(&changes(3)).await, taken(3));
    assert_eq!(broker.connections(), 1);
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_not_trusted() {
    let broker = obliging().await;
    let publisher = RabbitMq::new(broker.settings_over("amqps")).unwrap();
    let outcome = publisher.deliver(&changes(1)).await;
    let Some(Refusal::Temporary(reason)) = outcome.refusal else { panic!("{outcome:?}") };
    assert!(reason.starts_with(&broker.says("cannot be reached securely: ")), "{reason}");
    assert!(reason.contains("certificate"), "{reason}");
}

#[tokio::test]
async fn a_broker_without_tls_is_not_talked_to_in_the_clear() {
    let broker = Broker::start(|mut peer, _| async move {
        peer.go_along(Until::Ready).await;
    })
    .await;
    let outcome = RabbitMq::new(trusting(&broker)).unwrap().deliver(&changes(1)).await;
    let Some(Refusal::Temporary(reason)) = outcome.refusal else { panic!("{outcome:?}") };
    assert!(reason.starts_with(&broker.says("cannot be reached securely: ")), "{reason}");
}

#[tokio::test]
async fn a_broker_that_is_silent_about_tls_is_waited_for_no_longer_than_the_limit() {
    let broker = Broker::start(|mut peer, _| async move { peer.say_nothing().await }).await;
    let settings = RabbitMqSettings { connect_timeout: SHORT, ..trusting(&broker) };
    let outcome = RabbitMq::new(settings).unwrap().deliver(&changes(1)).await;
    assert_eq!(outcome, put_off(0, broker.says("was not ready within 200ms")));
}

#[tokio::test]
async fn authorities_that_are_no_certificates_are_refused_by_name() {
    let broker = obliging().await;
    for wrong in ["", "no certificate", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"] {
        let settings = RabbitMqSettings { authorities: Some(wrong.to_owned()), ..trusting(&broker) };
        let error = RabbitMq::new(settings).err().expect("the settings were accepted");
        assert_eq!(error.to_string(), "rabbitmq.authorities must be certificates in PEM", "{wrong:?}");
    }
}
