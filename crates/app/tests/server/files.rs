//! Data that comes from files and goes into them, and the skills that answer from it.

use crate::process::{Server, complaint, run, square};
use crate::waiting::within;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What an import of `content` came to: its exit code, what it said and what it complained of.
fn imported(folder: &Path, content: &str, options: &[&str]) -> (Option<i32>, String, String) {
    let mut command = square(folder, [&["import", "events", "-"], options].concat());
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("square starts");
    child.stdin.take().expect("it is piped").write_all(content.as_bytes()).expect("it is read");
    let output = child.wait_with_output().expect("it ends");
    (output.status.code(), said(&output), complaint(&output))
}

fn exported(folder: &Path, format: &str) -> String {
    let output = run(folder, ["export", "events", "--format", format]);
    assert!(output.status.success(), "{}", complaint(&output));
    said(&output)
}

const GOOD: &str = "date,time,venue,address,owner
2026-12-31,8:30 PM,\"Hall, Old\",12 Harbour Street,ann
2026-12-30,noon,Barn,Field,bob
";

#[tokio::test]
async fn events_are_taken_in_and_written_out() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for name in ["ann", "bob"] {
        assert!(run(folder, ["user", "create", name]).status.success());
    }
    assert_eq!(exported(folder, "csv"), "date,time,venue,address,owner\n");
    let file = folder.join("events.csv");
    std::fs::write(&file, GOOD).unwrap();
    let output = run(folder, ["import", "events", file.to_str().unwrap()]);
    assert_eq!((output.status.code(), said(&output).as_str()), (Some(0), "Stored 2 events.\n"));
    assert!(complaint(&output).contains("reading 2 of 2 rows (100 %)"), "{}", complaint(&output));

    let by_day = "date,time,venue,address,owner
2026-12-30,noon,Barn,Field,bob
2026-12-31,8:30 PM,\"Hall, Old\",12 Harbour Street,ann
";
    assert_eq!(exported(folder, "csv"), by_day);
    let array: Value = serde_json::from_str(&exported(folder, "json")).unwrap();
    let barn =
        json!({"date": "2026-12-30", "time": "noon", "venue": "Barn", "address": "Field", "owner": "bob"});
    assert_eq!((array.as_array().unwrap().len(), &array[0]), (2, &barn));
    let lines = exported(folder, "jsonl");
    assert_eq!(serde_json::from_str::<Value>(lines.lines().next().unwrap()).unwrap(), barn);
    for format in ["json", "jsonl", "csv"] {
        let (code, said, _) = imported(folder, &exported(folder, format), &[]);
        assert_eq!(code, Some(0), "{format}: {said}");
    }
    assert_eq!(exported(folder, "jsonl").lines().count(), 16);
}

#[tokio::test]
async fn a_file_with_bad_rows_is_refused_whole_unless_the_good_are_to_be_kept() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    assert!(run(folder, ["user", "create", "ann"]).status.success());
    let content =
        "date,time,venue,address\n2026-12-31,8pm,Hall,Street\n2026-02-30,25:00,,Street\n2026-12-31\n";
    let faults = [
        "line 3: date must be a date in the calendar; time must be a time of day such as 8pm, 8:30 PM or 20:00; \
         venue must not be empty\n",
        "line 4: has 1 cells, and the header has 4\n",
    ];
    let (code, said, complaint) = imported(folder, content, &["--owner", "ann"]);
    assert_eq!((code, said.as_str()), (Some(1), ""));
    for fault in faults {
        assert!(complaint.contains(fault), "{complaint}");
    }
    assert!(complaint.contains("Nothing was stored: 2 of 3 rows are wrong."), "{complaint}");
    assert_eq!(exported(folder, "jsonl"), "");

    let (code, said, complaint) = imported(folder, content, &["--owner", "ann", "--keep-good"]);
    assert_eq!((code, said.as_str()), (Some(3), "Stored 1 events; 2 of 3 rows were left out.\n"));
    assert!(complaint.contains(faults[0]), "{complaint}");
    assert_eq!(exported(folder, "jsonl").lines().count(), 1);

    let (code, _, complaint) = imported(folder, "date,time,venue,address\n2026-12-31,8pm,Hall,Street\n", &[]);
    assert_eq!(code, Some(1));
    assert!(complaint.contains("line 2: owner must be named, in the file or by --owner"), "{complaint}");
    let (code, _, complaint) = imported(folder, GOOD, &[]);
    assert_eq!(code, Some(1));
    assert!(complaint.contains("line 3: owner must be the name or the address of an account"), "{complaint}");
    let (code, _, complaint) = imported(folder, "date,when\n", &[]);
    assert_eq!(code, Some(1));
    assert!(complaint.contains("there is no column \"when\""), "{complaint}");
}

#[tokio::test]
async fn a_server_shows_what_is_taken_in_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::with_account(folder.path()).await;
    let file =
        "[{\"date\": \"2026-12-31\", \"time\": \"8pm\", \"venue\": \"Hall\", \"address\": \"Street\"}]";
    assert_eq!(imported(folder.path(), file, &["--owner", "ann@example.org"]).0, Some(0));
    let listed = server.get("/api/events").await;
    assert_eq!((&listed["events"][0]["venue"], &listed["next_cursor"]), (&json!("Hall"), &Value::Null));
}

#[tokio::test]
async fn an_operator_adds_a_built_in_skill_beside_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::with_account(folder.path()).await;
    let file = "[{\"date\": \"9999-12-31\", \"time\": \"8pm\", \"venue\": \"Quokka Ballroom\", \"address\": \"Street\"}]";
    assert_eq!(imported(folder.path(), file, &["--owner", "ann"]).0, Some(0));
    for name in ["Events", "Nights"] {
        let added = run(folder.path(), ["skill", "add-builtin", "events", "--owner", "ann", "--name", name]);
        assert!(added.status.success(), "{}", complaint(&added));
    }
    let again = run(folder.path(), ["skill", "add-builtin", "casting", "--owner", "ann", "--name", "events"]);
    assert!(complaint(&again).contains("there is a skill called events already"), "{}", complaint(&again));
    let unknown = run(folder.path(), ["skill", "add-builtin", "weather", "--owner", "ann"]);
    assert!(complaint(&unknown).contains("there are casting, events"), "{}", complaint(&unknown));
    let answered = async || {
        let asked = json!({"question": "What is on at the Quokka Ballroom?"});
        let answers = server.post("/api/question", &asked).await;
        let mut names: Vec<_> =
            answers.as_array().unwrap().iter().filter_map(|answer| answer["name"].as_str()).collect();
        names.sort_unstable();
        (names == ["Events", "Nights"]).then_some(())
    };
    within(Duration::from_secs(20), "the skills are published", answered).await;
}
