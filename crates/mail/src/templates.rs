use crate::SetupError;
use std::collections::BTreeMap;
use std::path::Path;
use tera::{ErrorKind, Tera};

macro_rules! embedded {
    ($($file:literal),* $(,)?) => {
        &[$(($file, include_str!(concat!("../../../templates/", $file)))),*]
    };
}

/// What letters look like unless a folder says otherwise.
const EMBEDDED: &[(&str, &str)] = embedded![
    "layout.html",
    "confirm_address.subject",
    "confirm_address.txt",
    "confirm_address.html",
    "already_registered.subject",
    "already_registered.txt",
    "already_registered.html",
    "reset_password.subject",
    "reset_password.txt",
    "reset_password.html",
    "password_changed.subject",
    "password_changed.txt",
    "password_changed.html",
    "confirm_new_address.subject",
    "confirm_new_address.txt",
    "confirm_new_address.html",
    "address_change_requested.subject",
    "address_change_requested.txt",
    "address_change_requested.html",
    "address_changed.subject",
    "address_changed.txt",
    "address_changed.html",
    "mfa_enabled.subject",
    "mfa_enabled.txt",
    "mfa_enabled.html",
    "mfa_disabled.subject",
    "mfa_disabled.txt",
    "mfa_disabled.html",
    "recovery_code_used.subject",
    "recovery_code_used.txt",
    "recovery_code_used.html",
    "few_recovery_codes.subject",
    "few_recovery_codes.txt",
    "few_recovery_codes.html",
    "new_device.subject",
    "new_device.txt",
    "new_device.html",
    "link_login_method.subject",
    "link_login_method.txt",
    "link_login_method.html",
    "confirm_login_method.subject",
    "confirm_login_method.txt",
    "confirm_login_method.html",
    "login_method_added.subject",
    "login_method_added.txt",
    "login_method_added.html",
    "login_method_removed.subject",
    "login_method_removed.txt",
    "login_method_removed.html",
    "account_deleted.subject",
    "account_deleted.txt",
    "account_deleted.html",
];

/// Loads the embedded templates and, over them, the `.subject`, `.txt` and `.html` files of `folder`.
/// Only `.html` templates escape what is put into them.
pub(crate) fn load(folder: Option<&Path>) -> Result<Tera, SetupError> {
    let mut sources: BTreeMap<String, String> =
        EMBEDDED.iter().map(|(name, source)| ((*name).to_owned(), (*source).to_owned())).collect();
    if let Some(folder) = folder {
        sources.extend(read(folder)?);
    }
    let mut tera = Tera::new();
    tera.autoescape_on([".html"]);
    tera.add_raw_templates(&sources).map_err(|error| SetupError::Template {
        name: culprit(&error, &sources),
        reason: sentence(&error),
    })?;
    Ok(tera)
}

/// The cause in one line; tera's own text is a drawing over several.
pub(crate) fn sentence(error: &tera::Error) -> String {
    match error.kind() {
        ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) => report.message().to_owned(),
        other => other.to_string(),
    }
}

fn culprit(error: &tera::Error, sources: &BTreeMap<String, String>) -> String {
    match error.kind() {
        ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) => report.filename().to_owned(),
        ErrorKind::MissingParent { current: name, .. }
        | ErrorKind::CircularExtend { tpl: name, .. }
        | ErrorKind::CircularInclude { tpl: name, .. } => name.clone(),
        // The rest does not say; the text of the error has to do.
        _ => sources.keys().cloned().collect::<Vec<_>>().join(", "),
    }
}

fn read(folder: &Path) -> Result<BTreeMap<String, String>, SetupError> {
    let failed = |path: &Path, error: std::io::Error| SetupError::Folder {
        path: path.display().to_string(),
        reason: error.to_string(),
    };
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(|error| failed(folder, error))? {
        let path = entry.map_err(|error| failed(folder, error))?.path();
        let is_template =
            path.extension().is_some_and(|end| end == "subject" || end == "txt" || end == "html");
        if let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|_| is_template) {
            let source = std::fs::read_to_string(&path).map_err(|error| failed(&path, error))?;
            found.insert(name.to_owned(), source);
        }
    }
    Ok(found)
}
