use crate::process::{Server, complaint, run, square};
use std::net::TcpListener;

/// The one line a start that failed leaves.
fn refusal(output: &std::process::Output) -> String {
    let text = complaint(output);
    assert!(!output.status.success(), "started");
    assert_eq!(text.trim().lines().count(), 1, "{text}");
    assert!(!text.contains("panicked"), "{text}");
    text
}

#[test]
fn a_wrong_setting_is_named_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let output = square(folder.path(), ["serve"]).env("SQUARE__HTTP__BNID", "x").output().unwrap();
    assert!(refusal(&output).contains("http.bnid"));
    let output =
        square(folder.path(), ["serve"]).env("SQUARE__MAIL__FROM", "nobody at all").output().unwrap();
    assert!(refusal(&output).contains("mail.from"));
}

#[test]
fn an_address_in_use_is_named_and_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = square(folder.path(), ["serve"]).env("SQUARE__HTTP__BIND", &address).output().unwrap();
    assert!(refusal(&output).contains(&address));
    assert!(!folder.path().join("data/square.db").exists());
}

#[test]
fn a_file_that_is_no_database_is_named_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes.db");
    let text = "These are my notes, not a database. ".repeat(100);
    std::fs::write(&file, &text).unwrap();
    let output = square(folder.path(), ["serve"]).env("DATABASE_URL", "sqlite:notes.db").output().unwrap();
    assert!(refusal(&output).contains("notes.db is not a SQLite database"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
}

#[tokio::test]
async fn a_role_that_the_settings_name_has_to_be_there() {
    let folder = tempfile::tempdir().unwrap();
    let with = |arguments: &[&str], name: &str, value: &str| {
        let mut command = square(folder.path(), arguments);
        command.env(format!("SQUARE__ACCOUNTS__{name}"), value);
        command
    };
    for (name, value, setting) in [
        ("MFA_REQUIRED_ROLES", r#"["admin", "staff"]"#, "accounts.mfa_required_roles"),
        ("ANONYMOUS_ROLE", "staff", "accounts.anonymous_role"),
    ] {
        let told = refusal(&with(&["serve"], name, value).output().unwrap());
        assert!(told.contains(setting) && told.contains("'staff'"), "{told}");
    }
    let made = with(&["role", "create", "staff"], "ANONYMOUS_ROLE", "staff").output().unwrap();
    assert!(made.status.success(), "{}", complaint(&made));
    let server = Server::of(with(&["serve"], "ANONYMOUS_ROLE", "staff"));
    let told = refusal(&with(&["role", "delete", "staff"], "ANONYMOUS_ROLE", "staff").output().unwrap());
    assert!(told.contains("accounts.anonymous_role"), "{told}");
    assert_eq!(server.terminate().await, Some(0));
    assert!(run(folder.path(), ["role", "delete", "staff"]).status.success());
}

#[test]
fn a_demo_does_not_run_in_production() {
    let folder = tempfile::tempdir().unwrap();
    let output = square(folder.path(), ["serve", "--demo"])
        .env("APP_ENV", "production")
        .env("SECRET_KEY", "Xh3vQ8Lw2Rt6Yp9Zk4Nm7Bc1Df5Gj0Aa")
        .env("SECURITY_PASSWORD_SALT", "Zx8Vb3Nm6Qw1Er4Ty7Ui0Op2As5Df8Gh")
        .env("SQUARE__HTTP__PUBLIC_URL", "https://square.example")
        .output()
        .unwrap();
    assert!(refusal(&output).contains("production"));
}

#[tokio::test]
async fn another_secret_key_is_told_of_before_anything_breaks() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Server::start(folder.path(), &[]).terminate().await, Some(0));
    std::fs::remove_file(folder.path().join("data/secret_key")).unwrap();
    assert!(refusal(&run(folder.path(), ["serve"])).contains("SECRET_KEY"));
}

#[tokio::test]
async fn a_server_that_nobody_listens_to_answers_and_ends_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_unheard(folder.path());
    assert_eq!(server.get("/api/skills").await, serde_json::json!([]));
    assert_eq!(server.terminate().await, Some(0));
}
