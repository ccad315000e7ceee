//! What `square keys status` prints.

use super::findings::Findings;
use crate::terminal::{self, FAINT, STRONG, styled};
use serde_json::{Value, json};
use square_accounts::KeyUse;
use square_accounts::ports::StoredSigningKey;
use square_kernel::KeyId;

pub(super) fn show(findings: &Findings, signing: &[(StoredSigningKey, KeyUse)]) {
    heading("Keys of SECRET_KEY");
    for key in &findings.keys {
        row(&key.to_string(), findings.standing(Some(*key)).as_str(), "");
    }
    heading("Sealed values");
    for counted in &findings.values {
        let standing = findings.standing(counted.key).as_str();
        row(&name(counted.key), standing, &format!("{} {}", counted.values, counted.what));
    }
    heading("Sessions, by the key of their refresh token");
    for issued in &findings.sessions {
        let key = issued.key.as_deref().unwrap_or("-");
        let what = format!("{} sessions, over by {}", issued.sessions, issued.until);
        row(key, findings.standing_of(issued).as_str(), &what);
    }
    heading("Passwords, by SECURITY_PASSWORD_SALT");
    for salted in &findings.passwords {
        let salt = salted.salt.as_deref().unwrap_or("-");
        row(salt, salted.standing.as_str(), &format!("{} accounts", salted.accounts));
    }
    heading("Keys that sign access tokens");
    for (key, purpose) in signing {
        let purpose = match purpose {
            KeyUse::SignsFrom(at) => format!("signs from {at} on"),
            KeyUse::Signs => "signs".to_owned(),
            KeyUse::VerifiesUntil(at) => format!("verifies until {at}"),
        };
        terminal::line(format_args!("  {}  made {}, {purpose}", key.id, key.created_at));
    }
    if signing.is_empty() {
        terminal::line("  none: SECRET_KEY itself signs (HS256), or no server has started yet");
    }
}

fn heading(text: &str) {
    terminal::line(styled(STRONG, text));
}

fn row(key: &str, standing: &str, what: &str) {
    let standing = styled(FAINT, format_args!("{standing:<8}"));
    terminal::line(format!("  {key:<8}  {standing}  {what}").trim_end());
}

fn name(key: Option<KeyId>) -> String {
    key.map_or_else(|| "-".to_owned(), |key| key.to_string())
}

pub(super) fn as_json(findings: &Findings, signing: &[(StoredSigningKey, KeyUse)]) -> Value {
    let keys = findings
        .keys
        .iter()
        .map(|key| json!({"id": key.to_string(), "standing": findings.standing(Some(*key)).as_str()}));
    let values = findings.values.iter().map(|counted| {
        json!({
            "key": counted.key.map(|key| key.to_string()),
            "standing": findings.standing(counted.key).as_str(),
            "what": counted.what,
            "values": counted.values,
        })
    });
    let sessions = findings.sessions.iter().map(|issued| {
        json!({
            "key": issued.key,
            "standing": findings.standing_of(issued).as_str(),
            "sessions": issued.sessions,
            "over_by": issued.until.to_string(),
        })
    });
    let passwords = findings.passwords.iter().map(|salted| {
        json!({"salt": salted.salt, "standing": salted.standing.as_str(), "accounts": salted.accounts})
    });
    let signing = signing.iter().map(|(key, purpose)| {
        let (purpose, at) = match purpose {
            KeyUse::SignsFrom(at) => ("signs_from", Some(at.to_string())),
            KeyUse::Signs => ("signs", None),
            KeyUse::VerifiesUntil(at) => ("verifies_until", Some(at.to_string())),
        };
        json!({"kid": key.id, "made_at": key.created_at.to_string(), "use": purpose, "at": at})
    });
    json!({
        "keys": keys.collect::<Vec<_>>(),
        "sealed": values.collect::<Vec<_>>(),
        "sessions": sessions.collect::<Vec<_>>(),
        "passwords": passwords.collect::<Vec<_>>(),
        "signing_keys": signing.collect::<Vec<_>>(),
    })
}
