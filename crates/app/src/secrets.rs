use crate::settings::{SecretSetting, Settings};
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

/// Fills the secrets that the settings leave empty from files under the data folder, which are made on first
/// start, readable by their owner only.
pub(crate) fn fill(settings: &mut Settings) -> Result<(), SecretFileError> {
    let folder = settings.data.folder.clone();
    fill_one(&mut settings.auth.secret_key, &folder.join("secret_key"))?;
    fill_one(&mut settings.passwords.salt, &folder.join("password_salt"))
}

fn fill_one(setting: &mut SecretSetting, path: &Path) -> Result<(), SecretFileError> {
    if setting.get().is_none() {
        setting.fill(read_or_make(path)?);
    }
    Ok(())
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
    let mut bytes = [0; 32];
    OsRandomness.fill(&mut bytes);
    let hex = bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let draft = path.with_extension(format!("{}.tmp", std::process::id()));
    let written = write_private(&draft, &hex).and_then(|()| match std::fs::hard_link(&draft, path) {
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
