use crate::mailing::postbox;
use crate::process::{Server, complaint, run, square};
use std::io::{Read, Write};
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc::unbounded_channel;

#[test]
fn help_explains_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let help = run(folder.path(), ["--help"]);
    let text = String::from_utf8_lossy(&help.stdout).into_owned();
    for command in [
        "serve",
        "ask",
        "migrate",
        "db",
        "user",
        "skill",
        "import",
        "export",
        "routing",
        "health",
        "openapi",
        "check-config",
    ] {
        assert!(text.contains(command), "{text}");
        assert!(run(folder.path(), [command, "--help"]).status.success());
    }
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "help leaves nothing behind");
}

#[test]
fn the_openapi_document_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let printed = run(folder.path(), ["openapi"]);
    let document: serde_json::Value = serde_json::from_slice(&printed.stdout).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(document["paths"]["/api/question"]["post"].is_object());
}

#[test]
fn check_config_shows_settings_without_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = [
        ("SECRET_KEY", "Xh3vQ8Lw2Rt6Yp9Zk4Nm7Bc1Df5Gj0Aa"),
        ("DATABASE_URL", "postgres://square:S3cretOfTheDatabase@db/square"),
        ("RABBITMQ_PASSWORD", "S3cretOfTheBroker"),
        ("PUSHER_API_SECRET", "S3cretOfPusher"),
        ("ROLLBAR_ACCESS_TOKEN", "S3cretOfRollbar"),
    ];
    let places = [
        ("BROKER_PATH", "broker:5673"),
        ("PUSHER_APP_ID", "7"),
        ("PUSHER_API_KEY", "key"),
        ("PUSHER_CLUSTER", "eu"),
    ];
    let shown =
        square(folder.path(), ["check-config", "--offline"]).envs(secrets).envs(places).output().unwrap();
    let text = String::from_utf8_lossy(&shown.stdout);
    assert!(shown.status.success(), "{}", complaint(&shown));
    for line in [
        "auth.secret_key = set",
        "database.url = postgres://square:…@db/square",
        "rabbitmq.address = broker:5673",
        "rabbitmq.password = set",
        "pusher.cluster = eu",
        "pusher.secret = set",
        "rollbar.token = set",
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line}: {text}");
    }
    assert!(!text.contains("S3cret") && !text.contains("Xh3vQ8"), "{text}");
}

/// Answers requests with 404, as servers do that do not know a call.
async fn knows_no_call(listener: TcpListener) {
    while let Ok((mut client, _)) = listener.accept().await {
        let mut request = [0; 4096];
        if client.read(&mut request).await.is_ok_and(|read| read > 0) {
            drop(client.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await);
        }
    }
}

/// What check-config says of those that the settings name, and whether it is content.
async fn checked(folder: &Path, variables: Vec<(&'static str, String)>) -> (Vec<String>, bool) {
    let mut command = square(folder, ["check-config"]);
    let checked = tokio::task::spawn_blocking(move || command.envs(variables).output().expect("square runs"));
    let checked = checked.await.expect("it was waited for");
    let text = String::from_utf8_lossy(&checked.stdout).into_owned();
    let (_, attempts) = text.split_once("The settings are sound.\n").expect("they are sound");
    (attempts.lines().map(str::to_owned).collect(), checked.status.success())
}

#[tokio::test(flavor = "multi_thread")]
async fn check_config_tries_out_what_the_settings_name() {
    let folder = tempfile::tempdir().unwrap();
    let (lines, content) = checked(folder.path(), Vec::new()).await;
    assert_eq!(lines[0], "database: ok, the file will be made when the server starts");
    let rest = [
        "mail server",
        "RabbitMQ",
        "Elasticsearch",
        "Transformer",
        "Embedding",
        "Pusher",
        "GitHub",
        "LinkedIn",
        "Google",
        "Facebook",
        "Rollbar",
    ];
    assert_eq!(lines[1..], rest.map(|name| format!("{name}: not set up")));
    assert!(content);
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "it leaves nothing behind");

    assert!(run(folder.path(), ["migrate"]).status.success());
    let listen = async || TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (mail, web, nobody) = (listen().await, listen().await, listen().await);
    let place = |listener: &TcpListener| listener.local_addr().unwrap();
    let url = |listener: &TcpListener| format!("http://{}/", place(listener));
    let set = |mail: &TcpListener, web: &TcpListener| {
        vec![
            ("SQUARE__MAIL__TRANSPORT", "smtp".to_owned()),
            ("SQUARE__MAIL__SMTP__SECURITY", "none".to_owned()),
            ("SQUARE__MAIL__SMTP__PORT", place(mail).port().to_string()),
            ("GOOGLE_CLIENT_ID", "id".to_owned()),
            ("SQUARE__SOCIAL__GOOGLE__KEYS_URL", url(web)),
        ]
    };
    let fine = set(&mail, &web);
    let (told, _letters) = unbounded_channel();
    tokio::spawn(postbox(mail, told));
    tokio::spawn(knows_no_call(web));
    let (lines, content) = checked(folder.path(), fine).await;
    for line in ["database: ok, up to date", "mail server: ok", "RabbitMQ: not set up", "Google: ok"] {
        assert!(lines.iter().any(|shown| shown == line), "{line}: {lines:?}");
    }
    assert!(content);

    let mut wrong = set(&nobody, &nobody);
    wrong.push(("BROKER_PATH", place(&nobody).to_string()));
    wrong.push(("SQUARE__ACCOUNTS__MFA_REQUIRED_ROLES", r#"["admn"]"#.to_owned()));
    drop(nobody);
    let (lines, content) = checked(folder.path(), wrong).await;
    for (name, word) in
        [("database", "'admn'"), ("mail server", "refused"), ("RabbitMQ", "refused"), ("Google", "refused")]
    {
        let failed = |line: &&String| line.starts_with(&format!("{name}: failed: "));
        let line = lines.iter().find(failed).unwrap_or_else(|| panic!("{name}: {lines:?}"));
        assert!(line.contains(word), "{line}");
    }
    assert!(!content);
}

#[test]
fn check_config_names_settings_that_the_server_would_not_start_with() {
    let folder = tempfile::tempdir().unwrap();
    for (name, value, named) in [
        ("BROKER_PATH", "http://broker", "rabbitmq.address"),
        ("SQUARE__ROLLBAR__ENDPOINT", "rollbar", "rollbar.endpoint"),
        ("SQUARE__LOG__LEVEL", "a=b=c", "log.level"),
    ] {
        let mut command = square(folder.path(), ["check-config"]);
        let refused = command.env("ROLLBAR_ACCESS_TOKEN", "token").env(name, value).output().unwrap();
        let complaint = complaint(&refused);
        assert!(!refused.status.success() && complaint.contains(named), "{complaint}");
        assert_eq!(complaint.trim().lines().count(), 1, "{complaint}");
    }
}

#[test]
fn health_says_whether_the_server_can_serve() {
    let folder = tempfile::tempdir().unwrap();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let health = |bind: &str| {
        square(folder.path(), ["health"]).env("SQUARE__HTTP__BIND", bind).output().expect("square starts")
    };
    let away = health(&nobody);
    assert!(!away.status.success() && complaint(&away).contains("no server answers"), "{}", complaint(&away));
    let server = Server::start(folder.path(), &[]);
    let well = health(server.url().trim_start_matches("http://"));
    assert!(well.status.success(), "{}", complaint(&well));
    assert_eq!(String::from_utf8_lossy(&well.stdout), "The server is ready.\n");

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let ill = std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        assert!(client.read(&mut [0; 1024]).unwrap() > 0);
        client.write_all(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n").unwrap();
    });
    let not_ready = health(&address);
    ill.join().unwrap();
    assert!(
        !not_ready.status.success() && complaint(&not_ready).contains("503"),
        "{}",
        complaint(&not_ready)
    );
}

#[test]
fn migrate_runs_once() {
    let folder = tempfile::tempdir().unwrap();
    let first = run(folder.path(), ["migrate"]);
    assert!(String::from_utf8_lossy(&first.stdout).starts_with("Ran "), "{}", complaint(&first));
    let second = run(folder.path(), ["migrate"]);
    assert_eq!(String::from_utf8_lossy(&second.stdout), "The database is up to date.\n");
}

#[tokio::test]
async fn accounts_are_made_promoted_suspended_and_readmitted() {
    let folder = tempfile::tempdir().unwrap();
    let mut create =
        square(folder.path(), ["user", "create", "Ann", "--email", "ann@example.org", "--password-stdin"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
    create.stdin.take().unwrap().write_all(b"correct horse battery\n").unwrap();
    assert!(create.wait().unwrap().success());
    let again = run(folder.path(), ["user", "create", "ANN"]);
    assert!(!again.status.success() && complaint(&again).contains("taken"), "{}", complaint(&again));

    let server = Server::start(folder.path(), &[]);
    let login = serde_json::json!({"email": "ann@example.org", "password": "correct horse battery"});
    assert_eq!(server.post("/api/login", &login).await["user"]["roles"], serde_json::json!(["user"]));
    let promoted = run(folder.path(), ["user", "promote", "ann"]);
    assert!(promoted.status.success(), "{}", complaint(&promoted));
    let roles = server.post("/api/login", &login).await["user"]["roles"].clone();
    assert_eq!(roles, serde_json::json!(["admin", "user"]));

    assert!(run(folder.path(), ["user", "suspend", "ann@example.org"]).status.success());
    let client = reqwest::Client::new();
    let refused = client.post(format!("{}/api/login", server.url())).json(&login).send().await.unwrap();
    assert_eq!(refused.status(), 401);
    assert!(run(folder.path(), ["user", "readmit", "ann"]).status.success());
    server.post("/api/login", &login).await;

    let nobody = run(folder.path(), ["user", "promote", "bob"]);
    assert!(
        !nobody.status.success() && complaint(&nobody).contains("no such account"),
        "{}",
        complaint(&nobody)
    );
}

#[test]
fn asking_without_a_server_says_how_to_start_one() {
    let folder = tempfile::tempdir().unwrap();
    // Port 9 (discard) of this machine: nobody listens there.
    let asked = run(folder.path(), ["ask", "--server", "http://127.0.0.1:9/api", "Anything?"]);
    assert!(!asked.status.success());
    assert!(complaint(&asked).contains("square serve --demo"), "{}", complaint(&asked));
}

/// Skills with words of their own, three questions a split, and some that no skill fits.
fn questions() -> String {
    let skills =
        [("films", "film actor cinema"), ("songs", "song singer melody"), ("trains", "train station ticket")];
    let forms = ["where is the WORD", "show me a WORD please", "I am looking for some WORD"];
    let line = |split: &str, skill: Option<&str>, question: &str| {
        serde_json::json!({"split": split, "skill": skill, "question": question}).to_string()
    };
    let mut lines = Vec::new();
    for (place, split) in ["train", "train", "val", "test"].into_iter().enumerate() {
        for (skill, words) in skills {
            for (form, word) in forms.iter().cycle().skip(place).zip(words.split(' ')) {
                lines.push(line(split, Some(skill), &form.replace("WORD", word)));
            }
        }
    }
    for split in ["val", "test"] {
        lines.push(line(split, None, &format!("why did Rome fall ({split})")));
    }
    lines.join("\n") + "\n"
}

#[test]
fn routing_is_measured_without_a_server_or_a_database() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("data.jsonl"), questions()).unwrap();
    let eval = ["routing", "eval", "data.jsonl", "--confusion", "--predictions", "told.jsonl"];
    let measured = run(folder.path(), eval);
    assert!(measured.status.success(), "{}", complaint(&measured));
    let text = String::from_utf8_lossy(&measured.stdout);
    assert!(text.contains("best score   questions   average   right"), "{text}");
    let figures: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let mut names: Vec<_> = figures.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    let expected = "ece examples in_scope_at_threshold model_bytes oos_auroc oos_recall p50_us p99_us skills top1 top3 train_ms";
    assert_eq!(names.join(" "), expected);
    assert_eq!((&figures["top1"], &figures["oos_auroc"]), (&1.0.into(), &1.0.into()), "{figures}");
    assert_eq!((&figures["skills"], &figures["examples"]), (&3.into(), &18.into()));
    assert!(figures["model_bytes"].as_u64() > Some(0) && figures["p50_us"].as_f64() > Some(0.0), "{figures}");
    let told = std::fs::read_to_string(folder.path().join("told.jsonl")).unwrap();
    let told: Vec<serde_json::Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(told.len(), 10);
    assert_eq!((&told[0]["skill"], &told[0]["best"][0]["skill"]), (&"films".into(), &"films".into()));
    assert_eq!(told[9]["skill"], serde_json::Value::Null);
    let mut left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["data.jsonl", "told.jsonl"]);
}

#[test]
fn measuring_without_questions_that_no_skill_fits_claims_nothing_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let questions = questions();
    let inside: Vec<_> = questions.lines().filter(|line| !line.contains("null")).collect();
    std::fs::write(folder.path().join("data.jsonl"), inside.join("\n")).unwrap();
    let measured = run(folder.path(), ["routing", "eval", "data.jsonl", "--selector", "base"]);
    let text = String::from_utf8_lossy(&measured.stdout);
    let figures: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&figures["oos_recall"], &figures["oos_auroc"]),
        (&serde_json::Value::Null, &serde_json::Value::Null)
    );
    assert_eq!(figures["top1"], 0.3333, "what guessing comes to");
}

#[test]
fn a_file_that_cannot_be_measured_with_is_refused_with_the_line_at_fault() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("data.jsonl"), questions() + "{\"split\": \"test\"}\n").unwrap();
    let refused = run(folder.path(), ["routing", "eval", "data.jsonl"]);
    assert!(!refused.status.success() && refused.stdout.is_empty());
    let complaint = complaint(&refused);
    assert!(complaint.contains("data.jsonl, line 39: missing field `skill`"), "{complaint}");
    let nowhere = run(folder.path(), ["routing", "eval", "nowhere.jsonl"]);
    assert!(!nowhere.status.success());
}
