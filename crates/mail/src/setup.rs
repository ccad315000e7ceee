/// A setting that no letter could be written or sent with. The text is one sentence that names it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// A setting has an impossible value.
    #[error("{key} {reason}")]
    Setting {
        /// The setting, such as `mail.from`.
        key: &'static str,
        /// What is wrong, phrased to follow the name.
        reason: String,
    },
    /// A template is no template, or uses a name that its letter does not have.
    #[error("the letter template {name} cannot be used: {reason}")]
    Template {
        /// Its file name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The folder of templates, or a file in it, cannot be read.
    #[error("mail.templates: {path} cannot be read: {reason}")]
    Folder {
        /// Folder or file.
        path: String,
        /// Why not.
        reason: String,
    },
}

impl SetupError {
    pub(crate) fn setting(key: &'static str, reason: impl Into<String>) -> Self {
        Self::Setting { key, reason: reason.into() }
    }
}
