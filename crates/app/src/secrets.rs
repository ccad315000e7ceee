use crate::settings::{SecretList, SecretSetting, Settings};
use square_kernel::{OsRandomness, Randomness, Secret};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A secret file that can be neither read nor made.
#[derive(Debug, thiserror::Error)]
#[error("the secret file {} cannot be {action}", path.display())]
pub(crate) struct SecretFileError {
    path: PathBuf,
    action: &'static str,
    #[source]
    cause: io::Error,
}

/// A secret that may lie in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum SecretFile {
    /// What `SECRET_KEY` would say
    SecretKey,
    /// What `SECURITY_PASSWORD_SALT` would say
    PasswordSalt,
}

impl SecretFile {
    /// Where it lies.
    pub(crate) fn path(self, settings: &Settings) -> PathBuf {
        settings.data.folder.join(match self {
            Self::SecretKey => "secret_key",
            Self::PasswordSalt => "password_salt",
        })
    }
}

/// Where those lie that were in the place of a secret before, newest first, one a line.
pub(crate) fn previous(path: &Path) -> PathBuf {
    path.with_extension("previous")
}

/// Fills the secrets that the settings leave empty from files under the data folder, which are made on first
/// start, readable by their owner only.
pub(crate) fn fill(settings: &mut Settings) -> Result<(), SecretFileError> {
    let [key, salt] = [SecretFile::SecretKey, SecretFile::PasswordSalt].map(|file| file.path(settings));
    fill_one(&mut settings.auth.secret_key, &mut settings.auth.secret_key_previous, &key)?;
    fill_one(&mut settings.passwords.salt, &mut settings.passwords.salt_previous, &salt)
}

fn fill_one(
    setting: &mut SecretSetting,
    others: &mut SecretList,
    path: &Path,
) -> Result<(), SecretFileError> {
    if setting.get().is_none() {
        setting.fill(read_or_make(path)?);
        others.extend(read_previous(&previous(path))?);
    }
    Ok(())
}

fn read_previous(path: &Path) -> Result<Vec<Secret>, SecretFileError> {
    match std::fs::read_to_string(path) {
        Ok(text) => {
            Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(Secret::new).collect())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(cause) => Err(SecretFileError { path: path.to_owned(), action: "read", cause }),
    }
}

/// Puts a new secret into the file at `path`, and the one that was there among the previous ones. Killed in between, no secret is lost.
pub(crate) fn renew(path: &Path) -> Result<(), SecretFileError> {
    let fault = |action| move |cause| SecretFileError { path: path.to_owned(), action, cause };
    let old = std::fs::read_to_string(path).map_err(fault("read"))?;
    let kept = previous(path);
    let earlier = read_previous(&kept)?;
    let mut lines = vec![old.trim()];
    lines.extend(earlier.iter().map(Secret::expose).filter(|secret| *secret != old.trim()));
    replace(&kept, &lines.join("\n")).map_err(fault("kept"))?;
    replace(path, &random_hex()).map_err(fault("made anew"))
}

/// Writes under a name of its own first, so that nobody ever reads half of it.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let draft = path.with_extension(format!("{}.tmp", std::process::id()));
    write_private(&draft, text)?;
    std::fs::rename(&draft, path)?;
    // The order of two such writes holds also when the power goes.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(folder)?.sync_all()
}

fn random_hex() -> String {
    let mut bytes = [0; 32];
    OsRandomness.fill(&mut bytes);
    bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

fn read_or_make(path: &Path) -> Result<Secret, SecretFileError> {
    let fault = |action| move |cause| SecretFileError { path: path.to_owned(), action, cause };
    match std::fs::read_to_string(path) {
        Ok(text) if text.trim().len() >= 32 => return Ok(Secret::new(text.trim())),
        Ok(_) => {
            let cause = io::Error::new(io::ErrorKind::InvalidData, "it holds fewer than 32 characters");
            return Err(fault("used")(cause));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(fault("read")(error)),
    }
    make(path).map_err(fault("made"))?;
    // Another process may have won the race to make it; what stands in the file counts.
    let text = std::fs::read_to_string(path).map_err(fault("read"))?;
    Ok(Secret::new(text.trim()))
}

/// Writes a fresh secret under a name of its own and then links it into place, so that nobody ever reads
/// half a secret and of two processes one wins.
fn make(path: &Path) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let draft = path.with_extension(format!("{}.tmp", std::process::id()));
    let written =
        write_private(&draft, &random_hex()).and_then(|()| match std::fs::hard_link(&draft, path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            other => other,
        });
    std::fs::remove_file(&draft)?;
    written
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    writeln!(file, "{text}")?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_made_once_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/secret_key");
        let first = read_or_make(&path).unwrap();
        assert_eq!(read_or_make(&path).unwrap(), first);
        assert_eq!(first.expose().len(), 64);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_renewed_secret_keeps_those_before_newest_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret_key");
        let first = read_or_make(&path).unwrap();
        let known = || read_previous(&previous(&path)).unwrap();
        assert!(known().is_empty());
        renew(&path).unwrap();
        let second = read_or_make(&path).unwrap();
        assert_ne!(second, first);
        assert_eq!(known(), std::slice::from_ref(&first));
        renew(&path).unwrap();
        assert_eq!(known(), [second, first]);
        let third = read_or_make(&path).unwrap();
        // As after a process that was killed in between.
        replace(&previous(&path), third.expose()).unwrap();
        renew(&path).unwrap();
        assert_eq!(known(), [third]);
        #[cfg(unix)]
        for file in [&path, &previous(&path)] {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing else is left");
    }

    #[test]
    fn what_was_never_made_is_not_renewed() {
        let folder = tempfile::tempdir().unwrap();
        assert!(renew(&folder.path().join("secret_key")).is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn processes_that_start_together_agree() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret_key");
        std::fs::write(&path, "0123456789012345678901234567890123456789").unwrap();
        make(&path).unwrap();
        assert_eq!(read_or_make(&path).unwrap().expose(), "0123456789012345678901234567890123456789");
    }

    #[test]
    fn a_damaged_file_is_an_error_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret_key");
        std::fs::write(&path, "short").unwrap();
        assert!(read_or_make(&path).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "short");
    }
}
