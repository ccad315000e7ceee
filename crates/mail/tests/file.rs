//! Letters into a folder.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]

mod support;

use square_accounts::ports::{PostError, Postman};
use square_mail::FilePostman;
use std::fs;
use std::path::Path;
use support::{composer, letter_id, letter_to};

fn files(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

#[tokio::test]
async fn a_letter_becomes_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let mail = folder.path().join("mail");
    let postman = FilePostman::new(&mail, composer());
    postman.send(letter_id(), &letter_to("ada@lovelace.example")).await.unwrap();
    assert_eq!(files(&mail), ["20260101T000000Z-019b76da-a800-7000-8000-000000000001.eml"]);
    let message = fs::read_to_string(mail.join(&files(&mail)[0])).unwrap();
    insta::assert_snapshot!(message.replace('\r', ""), @r#"
    Message-ID: <019b76da-a800-7000-8000-000000000001@square.example>
    Date: Fri, 15 Jan 2027 08:00:00 +0000
    From: Square <post@square.example>
    To: ada@lovelace.example
    Subject: Confirm your e-mail address
    Auto-Submitted: auto-generated
    MIME-Version: 1.0
    Content-Type: multipart/alternative;
     boundary="square-019b76daa80070008000000000000001"

    --square-019b76daa80070008000000000000001
    Content-Type: text/plain; charset=utf-8
    Content-Transfer-Encoding: 7bit

    Hello ada,

    please confirm that this is your e-mail address. Open

    https://square.example/verify/s3cret-token/MDE5MzJjMDctMWMyYi03ZDNlLThmNGEtNWI2YzdkOGU5ZmEw

    and press the button there. The link is good once.

    If you did not register with Square, leave the button alone: whoever did knows the password of this account. To have
    the account for yourself, set a new password instead, by "forgot password" at https://square.example.

    --square-019b76daa80070008000000000000001
    Content-Type: text/html; charset=utf-8
    Content-Transfer-Encoding: 7bit

    <!doctype html>
    <html lang="en">
    <head><meta charset="utf-8"><title>Square</title></head>
    <body style="font-family: sans-serif; line-height: 1.5; max-width: 36em">

    <p>Hello ada,</p>
    <p>please confirm that this is your e-mail address:</p>
    <p><a href="https://square.example/verify/s3cret-token/MDE5MzJjMDctMWMyYi03ZDNlLThmNGEtNWI2YzdkOGU5ZmEw">Confirm the address</a></p>
    <p>The link is good once. Should it not open, copy this into your browser:<br>https://square.example/verify/s3cret-token/MDE5MzJjMDctMWMyYi03ZDNlLThmNGEtNWI2YzdkOGU5ZmEw</p>
    <p>If you did not register with Square, leave the button alone: whoever did knows the password of this account. To have
    the account for yourself, set a new password instead, by "forgot password" at https://square.example.</p>

    <p style="color: #666">Square</p>
    </body>
    </html>

    --square-019b76daa80070008000000000000001--
    "#);
}

#[tokio::test]
async fn a_letter_sent_again_is_still_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let postman = FilePostman::new(folder.path(), composer());
    for _ in 0..2 {
        postman.send(letter_id(), &letter_to("ada@lovelace.example")).await.unwrap();
    }
    assert_eq!(files(folder.path()).len(), 1);
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_may_read_a_letter() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let postman = FilePostman::new(folder.path(), composer());
    postman.send(letter_id(), &letter_to("ada@lovelace.example")).await.unwrap();
    let path = folder.path().join(&files(folder.path())[0]);
    assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o077, 0);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_to_puts_the_letter_off() {
    let folder = tempfile::tempdir().unwrap();
    let in_the_way = folder.path().join("mail");
    fs::write(&in_the_way, "no folder").unwrap();
    let postman = FilePostman::new(&in_the_way, composer());
    let error = postman.send(letter_id(), &letter_to("ada@lovelace.example")).await.unwrap_err();
    assert!(matches!(error, PostError::Temporary(_)), "{error:?}");
    assert_eq!(fs::read_to_string(&in_the_way).unwrap(), "no folder");
}
