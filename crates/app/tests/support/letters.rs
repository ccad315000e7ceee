//! Letters as instances leave them in their folders.

use tempfile::TempDir;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Letter {
    /// The same wherever and however often it is sent.
    pub(crate) id: String,
    pub(crate) to: String,
    text: String,
}

impl Letter {
    /// The secret of the link in it that confirms an address.
    pub(crate) fn secret(&self) -> String {
        self.secret_for("verify").unwrap_or_else(|| panic!("no link: {}", self.text))
    }

    /// The secret of the link to `page` in it.
    pub(crate) fn secret_for(&self, page: &str) -> Option<String> {
        // Lines are broken and "=" is written out (quoted-printable, RFC 2045).
        let text = self.text.replace("=\r\n", "").replace("=3D", "=");
        let (_, link) = text.split_once(&format!("/{page}/"))?;
        link.split('/').next().map(str::to_owned)
    }
}

/// The letters that an instance with this folder has sent.
pub(crate) fn of(folder: &TempDir) -> Vec<Letter> {
    let Ok(files) = std::fs::read_dir(folder.path().join("data/mail")) else { return Vec::new() };
    let paths = files.map(|file| file.expect("a file").path());
    let whole = paths.filter(|path| path.extension().is_some_and(|extension| extension == "eml"));
    let read = |path: std::path::PathBuf| {
        let text = std::fs::read_to_string(&path).expect("it can be read");
        let to = text.lines().find_map(|line| line.strip_prefix("To: ")).expect("it has an address");
        let id = path.file_name().expect("a name").to_string_lossy().into_owned();
        Letter { id, to: to.trim().to_owned(), text }
    };
    whole.map(read).collect()
}

/// The letters that instances with these folders have sent, also where several sent the same.
pub(crate) fn in_all(folders: &[&TempDir]) -> Vec<Letter> {
    folders.iter().flat_map(|folder| of(folder)).collect()
}
