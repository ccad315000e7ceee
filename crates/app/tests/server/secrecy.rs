//! What people are let in by stands nowhere in the clear: not in the database's files, not in the log.

use crate::letters::{self, Letter};
use crate::process::{Server, square};
use crate::waiting::within;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

const PASSWORD: &str = "correct horse battery";
const NEXT: &str = "quite another horse";

/// What must not be found, and what it is.
#[derive(Default)]
struct Secrets(Vec<(&'static str, Vec<u8>)>);

impl Secrets {
    /// As text, and as the bytes that the text stands for.
    fn add(&mut self, what: &'static str, text: &str) {
        self.0.push((what, text.as_bytes().to_vec()));
        self.0.extend(URL_SAFE_NO_PAD.decode(text).ok().map(|bytes| (what, bytes)));
    }

    fn add_of(&mut self, reply: &Value, names: &[&'static str]) {
        for name in names {
            self.add(name, reply[name].as_str().expect("a token"));
        }
    }

    fn assert_absent(&self, place: &str, content: &[u8]) {
        for (what, secret) in &self.0 {
            assert!(!contains(content, secret), "the {what} stands in {place}");
        }
    }
}

fn contains(content: &[u8], part: &[u8]) -> bool {
    content.windows(part.len()).any(|window| window == part)
}

/// What the QR code for authenticator apps says.
pub(crate) async fn scanned(server: &Server, token: &str) -> String {
    let request = server.by(token).request(Method::POST, "/api/qrcode").json(&json!({"password": PASSWORD}));
    let image = request.send().await.expect("an answer").bytes().await.expect("an image");
    let mut decoder = png::Decoder::new(std::io::Cursor::new(&image[..]));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("its size")];
    let frame = reader.next_frame(&mut pixels).expect("a frame");
    let (width, height) = (frame.width as usize, frame.height as usize);
    let mut grey = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| pixels[y * width + x]);
    grey.detect_grids()[0].decode().expect("a QR code").1
}

/// The text of a secret in an app's address, and its bytes (RFC 4648, section 6).
pub(crate) fn app_secret(uri: &str) -> (String, Vec<u8>) {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let text = uri.split_once("secret=").expect("a secret").1.split('&').next().expect("it ends");
    let bits = text.bytes().flat_map(|letter| {
        let value = ALPHABET.iter().position(|known| *known == letter).expect("base32");
        (0..5).rev().map(move |bit| value >> bit & 1 == 1)
    });
    let bits: Vec<bool> = bits.collect();
    let byte = |bits: &[bool]| bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
    (text.to_owned(), bits.chunks_exact(8).map(byte).collect())
}

/// What an app shows `ahead` steps from now (RFC 6238).
pub(crate) fn code(secret: &[u8], ahead: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &(now / 30).saturating_add_signed(ahead).to_be_bytes());
    let start = usize::from(tag.as_ref()[19] & 0xF);
    let four = tag.as_ref()[start..start + 4].try_into().expect("four bytes");
    format!("{:06}", (u32::from_be_bytes(four) & 0x7FFF_FFFF) % 1_000_000)
}

async fn link(folder: &TempDir, page: &str) -> String {
    within(Duration::from_secs(20), "the letter is sent", async || {
        letters::of(folder).iter().find_map(|letter: &Letter| letter.secret_for(page))
    })
    .await
}

/// All files of the database. Letters are written beside them, for their owner to read.
fn database_files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let files =
        std::fs::read_dir(folder.join("data")).expect("it is there").map(|file| file.expect("a file").path());
    let of_database = files.filter(|path| path.to_string_lossy().contains("square.db"));
    of_database.map(|path| (path.display().to_string(), std::fs::read(&path).expect("it reads"))).collect()
}

#[tokio::test]
async fn neither_the_database_nor_the_log_holds_what_lets_anybody_in() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = square(folder.path(), ["serve"]);
    command.env("SQUARE__LOG__LEVEL", "debug");
    let server = Server::of(command);
    let mut secrets = Secrets::default();
    for password in [PASSWORD, NEXT, "wrong horse battery"] {
        secrets.add("password", password);
    }
    let email = "ann@example.org";
    server.post("/api/register", &json!({"username": "ann", "email": email, "password": PASSWORD})).await;
    let confirming = link(&folder, "verify").await;
    secrets.add("link that confirms", &confirming);

    let wrong = json!({"username": "ann", "password": "wrong horse battery"});
    assert_eq!(server.call_with(Method::POST, "/api/login", &wrong).await.unwrap().status, 401);
    let login = json!({"username": "ann", "password": PASSWORD});
    let reply = server.request(Method::POST, "/api/login").json(&login).send().await.unwrap();
    let device = reply.headers()["x-device-token"].to_str().unwrap().to_owned();
    secrets.add("device token", &device);
    let first: Value = reply.json().await.unwrap();
    secrets.add_of(&first, &["access_token", "refresh_token"]);
    let next = server.post("/api/token/refresh", &json!({"refresh_token": first["refresh_token"]})).await;
    secrets.add_of(&next, &["access_token", "refresh_token"]);
    let access = next["access_token"].as_str().unwrap().to_owned();
    let ann = server.by(&access);

    server.post("/api/confirmEmail", &json!({"token": confirming})).await;
    ann.post("/api/change_email", &json!({"email": "new@example.org", "password": PASSWORD})).await;
    secrets.add("link that changes the address", &link(&folder, "change_email").await);

    let (text, secret) = app_secret(&scanned(&server, &access).await);
    assert_eq!(secret.len(), 20);
    secrets.add("secret of the app", &text);
    secrets.0.push(("secret of the app", secret.clone()));
    let verified = ann.post("/api/verify_otp", &json!({"otp": code(&secret, 0)})).await;
    for recovery in verified["data"]["codes"].as_array().expect("codes") {
        let recovery = recovery.as_str().expect("a code");
        secrets.add("recovery code", recovery);
        let bytes = u128::from_str_radix(recovery, 16).expect("hex digits").to_be_bytes();
        secrets.0.push(("recovery code", bytes.to_vec()));
    }
    ann.post("/api/setup_mfa", &json!({"mfa_enabled": true, "otp": code(&secret, 1)})).await;
    let challenge = server.post("/api/login", &login).await;
    secrets.add_of(&challenge, &["mfa_token"]);
    let recovery = json!({
        "email": email, "mfa_token": challenge["mfa_token"], "recovery_code": verified["data"]["codes"][0],
    });
    secrets.add_of(
        &server.post("/api/verify_recovery_code", &recovery).await,
        &["access_token", "refresh_token"],
    );

    server.post("/api/forgot_password", &json!({"email": email})).await;
    let reset = link(&folder, "reset_password").await;
    secrets.add("link that sets a password", &reset);
    server.post("/api/validatenewPassword", &json!({"token": reset, "password": NEXT})).await;

    let files = database_files(folder.path());
    assert!(
        files.iter().any(|(_, content)| contains(content, email.as_bytes())),
        "the files are searched at all"
    );
    let said = server.said();
    assert!(said.contains("/api/validatenewPassword"), "the log is searched at all: {said}");
    for (path, content) in &files {
        secrets.assert_absent(path, content);
    }
    secrets.assert_absent("the log", said.as_bytes());
    assert_eq!(server.terminate().await, Some(0));
    for (path, content) in database_files(folder.path()) {
        secrets.assert_absent(&path, &content);
    }
}
