use crate::app::{Person, Reply, TestApp};
use insta::assert_snapshot;
use jiff::SignedDuration;
use serde_json::{Value, json};
use square_accounts::OtpSecret;
use square_accounts::ports::MfaStore;
use square_accounts::testing::{TestAccounts, WithMfa};
use square_kernel::Clock;

/// Somebody who has just been shown a QR code, and what their app holds.
async fn begun(app: &TestApp, name: &str) -> (Person, OtpSecret) {
    let person = app.confirmed(name).await;
    let image = app.post("/api/qrcode", json!({"password": TestAccounts::PASSWORD})).by(&person).send().await;
    assert_eq!(image.status, 200, "{image}");
    let method = app.people.store.otp_method(person.id).await.unwrap().unwrap();
    (person, method.secret)
}

fn code(app: &TestApp, secret: &OtpSecret) -> String {
    secret.code_at(app.people.clock.now())
}

pub(crate) async fn with_mfa(app: &TestApp, name: &str) -> (Person, WithMfa) {
    app.people.register(name).await;
    let with_mfa = app.people.with_mfa(name).await;
    let token = with_mfa.session.tokens.access.expose().to_owned();
    (Person { id: with_mfa.session.account.id, token }, with_mfa)
}

/// The token that comes after the right password.
pub(crate) async fn mfa_token(app: &TestApp, name: &str) -> String {
    let login = json!({"username": name, "password": TestAccounts::PASSWORD});
    app.post("/api/login", login).send().await.json()["mfa_token"].as_str().unwrap().to_owned()
}

/// What a QR code in a PNG says.
fn scanned(image: &Reply) -> String {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(&image.body[..]));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut pixels).unwrap();
    let (width, height) = (frame.width as usize, frame.height as usize);
    let mut grey = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| pixels[y * width + x]);
    let grids = grey.detect_grids();
    let [grid] = &grids[..] else { panic!("{} codes", grids.len()) };
    grid.decode().unwrap().1
}

/// The secret in an address for authenticator apps, as an app reads it.
fn secret_in(uri: &str) -> OtpSecret {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let text = uri.split_once("secret=").unwrap().1.split('&').next().unwrap();
    let bits = text.bytes().map(|letter| ALPHABET.iter().position(|known| *known == letter).unwrap());
    let (mut bytes, mut held, mut count) = (Vec::new(), 0_usize, 0);
    for five in bits {
        (held, count) = ((held << 5 | five) & 0xFFFF, count + 5);
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(held >> count & 0xFF).unwrap());
        }
    }
    OtpSecret::from_bytes(bytes.try_into().unwrap())
}

#[actix_web::test]
async fn the_qr_code_read_back_gives_codes_that_are_taken() {
    let app = TestApp::new();
    let ada = app.confirmed("ada").await;
    let body = json!({"login_type": "signup", "password": TestAccounts::PASSWORD});
    let image = app.post("/api/qrcode", body).by(&ada).send().await;
    assert_eq!(
        (image.status, image.header("Content-Type"), image.header("Cache-Control")),
        (200, Some("image/png"), Some("no-store"))
    );
    let uri = scanned(&image);
    assert!(uri.starts_with("otpauth://totp/Square:ada%40example.org?"), "{uri}");
    let otp = code(&app, &secret_in(&uri));
    let verified = app.post("/api/verify_otp", json!({"otp": otp})).by(&ada).send().await;
    assert_eq!(verified.status, 200, "{verified}");
}

/// Run where there is zbarimg, as on the machines that check changes.
#[actix_web::test]
#[ignore = "needs zbarimg"]
async fn zbarimg_reads_the_qr_code() {
    let app = TestApp::new();
    let ada = app.confirmed("ada").await;
    let body = json!({"password": TestAccounts::PASSWORD});
    let image = app.post("/api/qrcode", body).by(&ada).send().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("code.png");
    std::fs::write(&path, &image.body).unwrap();
    let output = std::process::Command::new("zbarimg").args(["--raw", "--quiet"]).arg(&path).output();
    let uri = String::from_utf8(output.unwrap().stdout).unwrap();
    let otp = code(&app, &secret_in(uri.trim()));
    let verified = app.post("/api/verify_otp", json!({"otp": otp})).by(&ada).send().await;
    assert_eq!(verified.status, 200, "{verified}");
}

#[actix_web::test]
async fn it_is_set_up_by_a_code_that_is_verified_and_another_one() {
    let app = TestApp::new();
    let (ada, secret) = begun(&app, "ada").await;
    // As a number, as some clients send it.
    let otp: u32 = code(&app, &secret).parse().unwrap();
    let verified = app.post("/api/verify_otp", json!({"otp": otp})).by(&ada).send().await;
    let body = verified.json();
    let codes: Vec<&str> =
        body["data"]["codes"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(codes.iter().all(|code| code.len() == 32 && *code == code.to_uppercase()), "{codes:?}");
    assert_eq!((verified.status, codes.len(), &body["data"]["otp_verified"]), (200, 5, &json!(true)));
    assert_eq!(body["success"], json!(true));

    let shown = app.get("/api/recovery_codes").by(&ada).send().await;
    assert_eq!(shown.json(), json!({"success": true, "data": codes}));

    app.people.next_code();
    let switch = json!({"mfa_enabled": true, "otp": code(&app, &secret)});
    assert_snapshot!(app.post("/api/setup_mfa", switch).by(&ada).send().await, @r#"
    200
    {
      "message": "MFA enabled successfully",
      "msg": "MFA enabled successfully",
      "success": true
    }
    "#);
    assert_eq!(app.get("/api/me").by(&ada).send().await.json()["mfa_enabled"], json!(true));
}

#[actix_web::test]
async fn signing_in_asks_for_the_code_and_gives_tokens_for_it() {
    let app = TestApp::new();
    let (_, mfa) = with_mfa(&app, "ada").await;
    let login = json!({"email": "ada@example.org", "password": TestAccounts::PASSWORD});
    let asked = app.post("/api/login", login).send().await;
    let token = asked.json()["mfa_token"].as_str().unwrap().to_owned();
    assert_eq!(asked.json(), json!({"success": true, "mfa_required": true, "mfa_token": token}));
    assert_eq!(asked.header("X-Device-Token"), None);

    let answer = json!({"email": "Ada@Example.org", "otp": code(&app, &mfa.secret), "mfa_token": token});
    let signed_in = app.post("/api/login_mfa", answer.clone()).send().await;
    let body = signed_in.json();
    assert_eq!((signed_in.status, &body["message"]), (200, &json!("The TOTP MFA token is valid")));
    assert_eq!(body["user"]["mfa_enabled"], json!(true));
    assert!(signed_in.header("X-Device-Token").is_some(), "the device is known from now on");
    let token = body["access_token"].as_str().unwrap();
    let me = app.get("/api/me").header("Authorization", &format!("Bearer {token}")).send().await;
    assert_eq!(me.status, 200);
    assert_snapshot!(app.post("/api/login_mfa", answer).send().await, @r#"
    401
    {
      "code": "invalid_mfa_token",
      "error": 401,
      "message": "the mfa_token is not good, or not any more: sign in again",
      "msg": "the mfa_token is not good, or not any more: sign in again",
      "request_id": "test",
      "success": false
    }
    "#);
}

#[actix_web::test]
async fn a_recovery_code_takes_the_place_of_the_app() {
    let app = TestApp::new();
    let (_, mfa) = with_mfa(&app, "ada").await;
    let answer = |token: String| json!({"email": "ada@example.org", "recovery_code": mfa.codes[0].expose(), "mfa_token": token});
    let token = mfa_token(&app, "ada").await;
    let signed_in = app.post("/api/verify_recovery_code", answer(token)).send().await;
    assert_eq!((signed_in.status, signed_in.json()["user"]["username"].clone()), (200, json!("ada")));
    let token = mfa_token(&app, "ada").await;
    assert_snapshot!(app.post("/api/verify_recovery_code", answer(token)).send().await, @r#"
    401
    {
      "code": "wrong_code",
      "error": 401,
      "message": "the code is wrong, or was used already",
      "msg": "the code is wrong, or was used already",
      "request_id": "test",
      "success": false
    }
    "#);
}

#[actix_web::test]
async fn too_many_wrong_codes_are_told_when_to_come_back() {
    let app = TestApp::new();
    let (_, mfa) = with_mfa(&app, "ada").await;
    for _ in 0..4 {
        let token = mfa_token(&app, "ada").await;
        for _ in 0..5 {
            let answer = json!({"email": "ada@example.org", "otp": "000000", "mfa_token": token});
            assert_eq!(app.post("/api/login_mfa", answer).send().await.status, 401);
        }
    }
    let token = mfa_token(&app, "ada").await;
    let answer = json!({"email": "ada@example.org", "otp": code(&app, &mfa.secret), "mfa_token": token});
    let limited = app.post("/api/login_mfa", answer).send().await;
    assert_eq!(limited.header("Retry-After"), Some("3601"));
    assert_snapshot!(limited, @r#"
    429
    {
      "code": "too_many_attempts",
      "error": 429,
      "message": "too many attempts, please wait",
      "msg": "too many attempts, please wait",
      "request_id": "test",
      "success": false
    }
    "#);
}

#[actix_web::test]
async fn what_a_stolen_session_must_not_do_asks_for_a_fresh_sign_in() {
    let app = TestApp::new();
    let (ada, mfa) = with_mfa(&app, "ada").await;
    app.people.clock.advance(SignedDuration::from_mins(11));
    let calls = [
        app.get("/api/recovery_codes"),
        app.post("/api/recovery_codes", json!({})),
        app.post("/api/setup_mfa", json!({"mfa_enabled": false})),
    ];
    for call in calls {
        let reply = call.by(&ada).send().await;
        assert_eq!(
            (reply.status, &reply.json()["code"]),
            (403, &json!("reauthentication_required")),
            "{reply}"
        );
    }
    let challenge = app.people.challenge("ada").await;
    let signed_in = app.people.answer("ada", &challenge, &app.people.code(&mfa.secret)).await.unwrap();
    let fresh = Person { id: ada.id, token: signed_in.tokens.access.expose().to_owned() };
    let renewed = app.post("/api/recovery_codes", json!({})).by(&fresh).send().await;
    assert_eq!((renewed.status, renewed.json()["data"].as_array().unwrap().len()), (200, 5));
    let off = app.post("/api/setup_mfa", json!({"mfa_enabled": false})).by(&fresh).send().await;
    assert_eq!((off.status, &off.json()["message"]), (200, &json!("MFA disabled successfully")));
    assert_eq!(app.get("/api/me").by(&fresh).send().await.json()["mfa_enabled"], json!(false));
}

#[actix_web::test]
async fn steps_out_of_turn_say_what_is_missing() {
    let app = TestApp::new();
    let ada = app.confirmed("ada").await;
    let otp = json!({"otp": "123456"});
    let early = app.post("/api/verify_otp", otp.clone()).by(&ada).send().await;
    assert_eq!((early.status, &early.json()["code"]), (409, &json!("mfa_not_set_up")), "{early}");
    let switch = json!({"mfa_enabled": true, "otp": "123456"});
    let early = app.post("/api/setup_mfa", switch).by(&ada).send().await;
    assert_eq!((early.status, &early.json()["code"]), (409, &json!("mfa_not_set_up")), "{early}");
    let codes = app.post("/api/recovery_codes", json!({})).by(&ada).send().await;
    assert_eq!((codes.status, &codes.json()["code"]), (409, &json!("mfa_not_set_up")), "{codes}");

    let (bob, _) = begun(&app, "bob").await;
    assert_snapshot!(app.post("/api/verify_otp", otp).by(&bob).send().await, @r#"
    422
    {
      "code": "wrong_code",
      "details": [
        {
          "field": "otp",
          "message": "is wrong, or was used already"
        }
      ],
      "error": 422,
      "message": "the code is wrong, or was used already",
      "msg": "the code is wrong, or was used already",
      "request_id": "test",
      "success": false
    }
    "#);
    let (eve, _) = with_mfa(&app, "eve").await;
    let on = app.post("/api/qrcode", json!({"password": TestAccounts::PASSWORD})).by(&eve).send().await;
    assert_eq!((on.status, &on.json()["code"]), (409, &json!("mfa_enabled")), "{on}");
}

#[actix_web::test]
async fn a_wrong_password_gets_no_qr_code() {
    let app = TestApp::new();
    let ada = app.confirmed("ada").await;
    assert_snapshot!(app.post("/api/qrcode", json!({"password": "wrong horse"})).by(&ada).send().await, @r#"
    403
    {
      "code": "wrong_password",
      "details": [
        {
          "field": "password",
          "message": "is wrong"
        }
      ],
      "error": 403,
      "message": "the password is wrong",
      "msg": "the password is wrong",
      "request_id": "test",
      "success": false
    }
    "#);
    let social = app.post("/api/qrcode", json!({"login_type": "social"})).by(&ada).send().await;
    assert_eq!((social.status, &social.json()["details"][0]["field"]), (422, &json!("password")), "{social}");
}

#[actix_web::test]
async fn bad_input_names_every_field() {
    let app = TestApp::new();
    let ada = app.confirmed("ada").await;
    for (path, body, status, fields) in [
        ("/api/login_mfa", json!({}), 422, &["email", "otp", "mfa_token"][..]),
        (
            "/api/login_mfa",
            json!({"email": "ada", "otp": "12345", "mfa_token": ""}),
            422,
            &["email", "otp", "mfa_token"],
        ),
        ("/api/login_mfa", json!({"otp": true}), 400, &["otp"]),
        ("/api/login_mfa", json!({"otp": -1}), 400, &["otp"]),
        ("/api/login_mfa", json!({"otp": 1.5}), 400, &["otp"]),
        ("/api/login_mfa", json!({"mfa_token": 5}), 400, &["mfa_token"]),
        ("/api/verify_recovery_code", json!({}), 422, &["email", "recovery_code", "mfa_token"]),
        (
            "/api/verify_recovery_code",
            json!({"username": "\u{7}", "recovery_code": "ABC"}),
            422,
            &["username", "recovery_code", "mfa_token"],
        ),
        ("/api/qrcode", json!({}), 422, &["password"]),
        ("/api/qrcode", json!({"login_type": "other"}), 422, &["login_type"]),
        ("/api/verify_otp", json!({}), 422, &["otp"]),
        ("/api/verify_otp", json!({"otp": null}), 422, &["otp"]),
        ("/api/verify_otp", json!({"otp": 1_234_567}), 422, &["otp"]),
        ("/api/verify_otp", json!({"otp": "１２３４５６"}), 422, &["otp"]),
        ("/api/setup_mfa", json!({}), 422, &["mfa_enabled"]),
        ("/api/setup_mfa", json!({"mfa_enabled": "yes"}), 400, &["mfa_enabled"]),
        ("/api/setup_mfa", json!({"mfa_enabled": true}), 422, &["otp"]),
    ] {
        let reply = app.post(path, body.clone()).by(&ada).send().await;
        let json = reply.json();
        let named: Vec<&str> =
            json["details"].as_array().unwrap().iter().filter_map(|fault| fault["field"].as_str()).collect();
        assert_eq!((reply.status, &named[..]), (status, fields), "{path} {body}: {reply}");
    }
}

#[actix_web::test]
async fn who_is_not_signed_in_sets_nothing_up() {
    let app = TestApp::new();
    for path in ["/api/qrcode", "/api/verify_otp", "/api/setup_mfa", "/api/recovery_codes"] {
        let reply =
            app.post(path, json!({"password": "p", "otp": "123456", "mfa_enabled": false})).send().await;
        assert_eq!(reply.status, 401, "{path}: {reply}");
    }
    assert_eq!(app.get("/api/recovery_codes").send().await.status, 401);
}
