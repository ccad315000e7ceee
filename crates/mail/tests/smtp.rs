//! Letters to a mail server that does as the test says.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]

mod support;

use square_accounts::ports::{PostError, Postman};
use square_kernel::Secret;
use square_mail::{SmtpPostman, SmtpSecurity, SmtpSettings};
use support::{composer, letter_id, letter_to};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What the server says to a command; nothing means that it hangs up.
type Replies = fn(&str) -> Option<&'static str>;

struct Server {
    port: u16,
    /// Every line that came, once the server is done with its one connection.
    heard: JoinHandle<Vec<String>>,
}

impl Server {
    async fn start(replies: Replies) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = tokio::spawn(async move { converse(listener.accept().await.unwrap().0, replies).await });
        Self { port, heard }
    }

    fn postman(&self) -> SmtpPostman {
        let settings = SmtpSettings {
            port: Some(self.port),
            security: SmtpSecurity::None,
            ..SmtpSettings::for_host("127.0.0.1")
        };
        SmtpPostman::new(settings, composer()).unwrap()
    }
}

async fn converse(stream: TcpStream, replies: Replies) -> Vec<String> {
    let mut stream = BufReader::new(stream);
    let mut heard = Vec::new();
    let mut in_letter = false;
    let mut reply = replies("");
    while let Some(text) = reply {
        if !text.is_empty() {
            stream.write_all(format!("{text}\r\n").as_bytes()).await.unwrap();
        }
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            break;
        }
        let line = line.trim_end().to_owned();
        reply = match line.as_str() {
            "." => {
                in_letter = false;
                replies(".")
            }
            _ if in_letter => Some(""),
            command => replies(command.split([' ', ':']).next().unwrap_or_default()),
        };
        in_letter |= line == "DATA";
        heard.push(line);
    }
    heard
}

/// A server that takes everything.
#[expect(clippy::unnecessary_wraps, reason = "it is one of the `Replies`")]
fn obliging(command: &str) -> Option<&'static str> {
    Some(match command {
        "" => "220 ready",
        "EHLO" => "250 at your service",
        "DATA" => "354 go ahead",
        "QUIT" => "221 bye",
        _ => "250 fine",
    })
}

async fn outcome(replies: Replies) -> PostError {
    let server = Server::start(replies).await;
    let error = server.postman().send(letter_id(), &letter_to("ada@lovelace.example")).await.unwrap_err();
    let text = error.to_string();
    assert!(!text.contains("lovelace") && !text.contains("s3cret"), "{text}");
    error
}

#[tokio::test]
async fn a_letter_is_handed_over() {
    let server = Server::start(obliging).await;
    let postman = server.postman();
    postman.send(letter_id(), &letter_to("ada@löwe.example")).await.unwrap();
    drop(postman);
    let heard = server.heard.await.unwrap();
    for line in [
        "MAIL FROM:<post@square.example>",
        "RCPT TO:<ada@xn--lwe-sna.example>",
        "Message-ID: <019b76da-a800-7000-8000-000000000001@square.example>",
        "Auto-Submitted: auto-generated",
        "Date: Fri, 15 Jan 2027 08:00:00 +0000",
    ] {
        assert!(heard.iter().any(|heard| heard == line), "{line} is missing in {heard:#?}");
    }
}

#[tokio::test]
async fn trying_it_out_goes_as_far_as_signing_in_and_sends_nothing() {
    let server = Server::start(|command| match command {
        "EHLO" => Some("250-here\r\n250 AUTH PLAIN"),
        "AUTH" => Some("235 welcome"),
        other => obliging(other),
    })
    .await;
    let settings = SmtpSettings {
        credentials: Some(("square".to_owned(), Secret::new("s3cret"))),
        port: Some(server.port),
        security: SmtpSecurity::None,
        ..SmtpSettings::for_host("127.0.0.1")
    };
    let postman = SmtpPostman::new(settings, composer()).unwrap();
    assert_eq!(postman.try_out().await, Ok(()));
    drop(postman);
    let heard = server.heard.await.unwrap();
    let commands: Vec<_> = heard.iter().filter_map(|line| line.split(' ').next()).collect();
    assert!(commands.starts_with(&["EHLO", "AUTH"]) && !commands.contains(&"MAIL"), "{heard:?}");
}

#[tokio::test]
async fn trying_it_out_says_what_is_wrong_in_words_of_its_own() {
    let told = async |replies: Replies| {
        let server = Server::start(replies).await;
        server.postman().try_out().await.unwrap_err()
    };
    let away =
        told(|command| if command.is_empty() { Some("554 go away, s3cret") } else { obliging(command) });
    assert_eq!(away.await, "the mail server turns us away with code 554");
    assert_eq!(told(|_| Some("HTTP/1.1 400 Bad Request")).await, "the mail server's reply is no SMTP");
}

#[tokio::test]
async fn a_refusal_for_now_puts_the_letter_off() {
    let error = outcome(|command| match command {
        "RCPT" => Some("451 4.7.1 ada@lovelace.example is greylisted"),
        other => obliging(other),
    });
    let expected = "the mail server put the letter off with code 451";
    assert_eq!(error.await, PostError::Temporary(expected.to_owned()));
}

#[tokio::test]
async fn a_refusal_for_good_is_for_good() {
    let error = outcome(|command| match command {
        "RCPT" => Some("550 5.1.1 ada@lovelace.example: no such mailbox"),
        other => obliging(other),
    });
    let expected = "the mail server refused the letter with code 550";
    assert_eq!(error.await, PostError::Permanent(expected.to_owned()));
}

#[tokio::test]
async fn a_letter_refused_at_its_end_is_refused() {
    let error = outcome(|command| match command {
        "." => Some("554 5.7.1 looks like advertising"),
        other => obliging(other),
    });
    assert!(matches!(error.await, PostError::Permanent(_)));
}

#[tokio::test]
async fn a_server_that_hangs_up_puts_the_letter_off() {
    for at in ["", "EHLO", "DATA", "."] {
        let replies: Replies = match at {
            "" => |_| None,
            "EHLO" => |command| obliging(command).filter(|_| command != "EHLO"),
            "DATA" => |command| obliging(command).filter(|_| command != "DATA"),
            _ => |command| obliging(command).filter(|_| command != "."),
        };
        let error = outcome(replies).await;
        assert!(matches!(error, PostError::Temporary(_)), "hung up at {at:?}: {error:?}");
    }
}

#[tokio::test]
async fn a_server_that_talks_something_else_puts_the_letter_off() {
    let error = outcome(|_| Some("HTTP/1.1 400 Bad Request ada@lovelace.example"));
    assert_eq!(error.await, PostError::Temporary("the mail server's reply is no SMTP".to_owned()));
}

#[tokio::test]
async fn wrong_credentials_are_not_the_letter_s_fault() {
    let server = Server::start(|command| match command {
        "EHLO" => Some("250-at your service\r\n250 AUTH PLAIN"),
        "AUTH" => Some("535 5.7.8 no"),
        other => obliging(other),
    })
    .await;
    let settings = SmtpSettings {
        port: Some(server.port),
        security: SmtpSecurity::None,
        credentials: Some(("post".to_owned(), Secret::new("wrong"))),
        ..SmtpSettings::for_host("127.0.0.1")
    };
    let postman = SmtpPostman::new(settings, composer()).unwrap();
    let error = postman.send(letter_id(), &letter_to("ada@lovelace.example")).await.unwrap_err();
    let expected = "the mail server refused the credentials with code 535";
    assert_eq!(error, PostError::Temporary(expected.to_owned()));
}

#[tokio::test]
async fn nothing_is_sent_in_the_clear_where_starttls_is_asked_for() {
    let server = Server::start(obliging).await;
    let settings = SmtpSettings { port: Some(server.port), ..SmtpSettings::for_host("127.0.0.1") };
    let postman = SmtpPostman::new(settings, composer()).unwrap();
    let error = postman.send(letter_id(), &letter_to("ada@lovelace.example")).await.unwrap_err();
    assert!(matches!(error, PostError::Temporary(_)), "{error:?}");
    drop(postman);
    let heard = server.heard.await.unwrap();
    assert!(heard.iter().all(|line| line.starts_with("EHLO") || line == "QUIT"), "{heard:?}");
}

#[test]
fn settings_that_cannot_work_are_refused_by_name() {
    let refused = |change: fn(&mut SmtpSettings)| {
        let mut settings = SmtpSettings::for_host("mail.example");
        change(&mut settings);
        SmtpPostman::new(settings, composer()).err().expect("the settings were accepted").to_string()
    };
    insta::assert_snapshot!(refused(|s| s.host = String::new()), @"mail.smtp.host must be the name of a mail server");
    insta::assert_snapshot!(refused(|s| s.connections = 0), @"mail.smtp.connections must be at least 1");
    insta::assert_snapshot!(refused(|s| s.timeout = std::time::Duration::ZERO), @"mail.smtp.timeout_ms must be at least 1");
    insta::assert_snapshot!(refused(|s| s.hello_name = Some("a b".to_owned())), @"mail.smtp.hello_name must be the name of this machine");
    insta::assert_snapshot!(refused(|s| {
        s.security = SmtpSecurity::None;
        s.credentials = Some(("post".to_owned(), Secret::new("hunter2")));
    }), @"mail.smtp.security must be starttls or tls, or the password would be sent in the clear");
}
