//! Every letter there is: that its templates, its variables and what is said of them in `docs/letters.md` belong together.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use insta::assert_snapshot;
use square_accounts::{Device, EmailAddress, Letter, Occasion, Username};
use square_mail::{Letters, LinkSettings, Links, Rendered};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const KINDS: [&str; 3] = ["subject", "txt", "html"];

/// What every template may use.
const COMMON: [&str; 2] = ["public_url", "username"];

fn letter(occasion: Occasion) -> Letter {
    Letter {
        to: EmailAddress::parse("ada@lovelace.example").unwrap(),
        username: Username::parse("ada").unwrap(),
        occasion,
    }
}

fn letters(folder: Option<&Path>) -> Letters {
    let links = Links::new(&LinkSettings::for_public_url("https://square.example")).unwrap();
    Letters::new(links, folder).unwrap()
}

fn render(occasion: Occasion) -> Rendered {
    letters(None).render(&letter(occasion)).unwrap()
}

/// A file of this repository.
fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn source(name: &str, kind: &str) -> String {
    std::fs::read_to_string(repository("templates").join(format!("{name}.{kind}"))).unwrap()
}

/// The words that a template puts in or asks for.
fn variables(source: &str) -> BTreeSet<String> {
    const WORDS: [&str; 8] = ["if", "elif", "else", "endif", "extends", "block", "body", "endblock"];
    let after = |open: &'static str, close: &'static str| {
        source.split(open).skip(1).filter_map(move |rest| rest.split(close).next())
    };
    let inside = after("{{", "}}").chain(after("{%", "%}"));
    let code = inside.flat_map(|part| part.split_whitespace().map(str::to_owned));
    let is_name = |word: &String| word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    code.filter(|word| is_name(word) && !WORDS.contains(&word.as_str())).collect()
}

/// What `docs/letters.md` says of each occasion: its further variables.
fn documented() -> BTreeMap<String, BTreeSet<String>> {
    let docs = std::fs::read_to_string(repository("docs/letters.md")).unwrap();
    let rows = docs.lines().filter(|line| line.starts_with("| `"));
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let words =
            |cell: &str| -> Vec<String> { cell.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
        (words(cells[0]).remove(0), words(cells[3]).into_iter().collect())
    };
    rows.map(row).collect()
}

#[test]
fn every_occasion_has_its_templates_and_no_template_is_left_over() {
    let names: BTreeSet<String> = Occasion::one_of_each().iter().map(|o| o.name().to_owned()).collect();
    let mut expected: BTreeSet<String> =
        names.iter().flat_map(|name| KINDS.map(|kind| format!("{name}.{kind}"))).collect();
    expected.insert("layout.html".to_owned());
    let files = std::fs::read_dir(repository("templates")).unwrap();
    let found = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(expected, found);
    assert_eq!(documented().into_keys().collect::<BTreeSet<_>>(), names);
}

#[test]
fn text_and_html_use_what_is_said_to_be_there_and_both_the_same() {
    for (name, further) in documented() {
        for kind in ["txt", "html"] {
            let mut used = variables(&source(&name, kind));
            used.retain(|word| !COMMON.contains(&word.as_str()));
            assert_eq!(used, further, "{name}.{kind}");
        }
    }
}

#[test]
fn text_and_html_say_the_same_words() {
    for occasion in Occasion::one_of_each() {
        let name = occasion.name();
        let rendered = render(occasion);
        assert!(!rendered.text.contains("{{") && !rendered.html.contains("{{"), "{name}");
        assert!(rendered.text.starts_with("Hello"), "{name}: {}", rendered.text);
        assert!(
            rendered.subject.len() <= 70 && !rendered.subject.ends_with('.'),
            "{name}: {}",
            rendered.subject
        );
        let last = |text: &str| text.split_whitespace().last().unwrap().to_owned();
        let body = rendered.html.rsplit_once("<p style").unwrap().0;
        let body = body.trim_end().trim_end_matches("</p>");
        assert_eq!(last(&rendered.text), last(body), "{name}");
    }
}

#[test]
fn a_folder_takes_the_place_of_each_template_by_itself() {
    for occasion in Occasion::one_of_each() {
        let name = occasion.name();
        let builtin = letters(None).render(&letter(occasion.clone())).unwrap();
        let further = documented().remove(name).unwrap_or_default();
        let all: Vec<String> = COMMON.iter().map(ToString::to_string).chain(further).collect();
        let put = |variable: &String| format!("{variable}={{{{ {variable} }}}}");
        let own = all.iter().map(put).collect::<Vec<_>>().join(";");
        for replaced in KINDS {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join(format!("{name}.{replaced}")), &own).unwrap();
            let rendered = letters(Some(folder.path())).render(&letter(occasion.clone())).unwrap();
            for (kind, was, is) in [
                ("subject", &builtin.subject, &rendered.subject),
                ("txt", &builtin.text, &rendered.text),
                ("html", &builtin.html, &rendered.html),
            ] {
                assert_eq!(was == is, kind != replaced, "{name}.{kind} where {replaced} is replaced");
            }
        }
    }
}

#[test]
fn what_a_strangers_program_says_of_itself_is_text_and_nothing_else() {
    let device = Device {
        address: Some("192.0.2.7".to_owned()),
        agent: Some("<script>alert(1)</script> & \"more\"".to_owned()),
        ..Device::default()
    };
    let rendered = render(Occasion::NewDevice { device });
    assert!(!rendered.html.contains("<script>"), "{}", rendered.html);
    assert!(rendered.html.contains("&lt;script&gt;"), "{}", rendered.html);
    assert_snapshot!(rendered.text, @r#"
    Hello ada,

    somebody, probably you, signed in to your account from somewhere new:

    192.0.2.7
    <script>alert(1)</script> & "more"

    If that was not you, set a new password at once, by "forgot password" at https://square.example, and look
    at the list of your sessions.
    "#);
}

#[test]
fn a_letter_with_a_link_reads_well() {
    let all = Occasion::one_of_each();
    let occasion = all.into_iter().find(|occasion| occasion.name() == "reset_password").unwrap();
    let rendered = render(occasion);
    assert_snapshot!(format!("{}\n\n{}\n{}", rendered.subject, rendered.text, rendered.html), @r#"
    Choose a new password

    Hello ada,

    somebody, probably you, asked for a new password of your account. To choose one, open

    https://square.example/reset_password/token/MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAw

    The link is good once and for a short time. All sessions end with it.

    If you did not ask for it, ignore this letter: your password is as it was.

    <!doctype html>
    <html lang="en">
    <head><meta charset="utf-8"><title>Square</title></head>
    <body style="font-family: sans-serif; line-height: 1.5; max-width: 36em">

    <p>Hello ada,</p>
    <p>somebody, probably you, asked for a new password of your account:</p>
    <p><a href="https://square.example/reset_password/token/MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAw">Choose a new password</a></p>
    <p>The link is good once and for a short time. All sessions end with it. Should it not open, copy this into your
    browser:<br>https://square.example/reset_password/token/MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAw</p>
    <p>If you did not ask for it, ignore this letter: your password is as it was.</p>

    <p style="color: #666">Square</p>
    </body>
    </html>
    "#);
}

#[test]
fn numbers_are_told_as_people_say_them() {
    let told = |left| {
        let rendered = render(Occasion::FewRecoveryCodes { left });
        rendered.text.lines().find(|line| line.contains("left")).unwrap().to_owned()
    };
    assert_snapshot!([0, 1, 2].map(told).join("\n"), @r"
    you have no recovery codes left. Make new ones before you need them:
    you have 1 recovery code left. Make new ones before you need them:
    you have 2 recovery codes left. Make new ones before you need them:
    ");
    assert_snapshot!(render(Occasion::RecoveryCodeUsed { left: 1 }).text, @r#"
    Hello ada,

    somebody, probably you, signed in to your account with a recovery code. It is spent; you have
    1 recovery code left.

    If that was not you, set a new password at once, by "forgot password" at https://square.example, and make
    new recovery codes.
    "#);
}

#[test]
fn a_letter_about_another_address_reads_well() {
    let new = EmailAddress::parse("new@lovelace.example").unwrap();
    let rendered = render(Occasion::AddressChangeRequested { new });
    assert_snapshot!(format!("{}\n\n{}", rendered.subject, rendered.text), @r#"
    Your e-mail address is about to change

    Hello ada,

    somebody, probably you, asked to change the address of your account to new@lovelace.example. It changes
    when that address is confirmed; until then all is as it was.

    If that was not you, set a new password at once, by "forgot password" at https://square.example: that stops
    the change, too, and ends all sessions.
    "#);
}
