use crate::Composer;
use async_trait::async_trait;
use jiff::Timestamp;
use square_accounts::ports::{PostError, Postman};
use square_accounts::{Letter, LetterId};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tracing::debug;

/// Puts letters into a folder, each as an `.eml` file that mail programs open.
///
/// A file is called `<time of the letter>-<letter id>.eml`, so a folder sorts by time and a letter that is
/// sent again replaces itself. Only the owner of this process may read it, since letters carry secrets.
pub struct FilePostman {
    folder: PathBuf,
    composer: Composer,
}

impl FilePostman {
    /// Writes into `folder`, which is made when the first letter comes.
    pub fn new(folder: impl Into<PathBuf>, composer: Composer) -> Self {
        Self { folder: folder.into(), composer }
    }
}

#[async_trait]
impl Postman for FilePostman {
    async fn send(&self, id: LetterId, letter: &Letter) -> Result<(), PostError> {
        let message = self.composer.compose(id, letter)?.formatted();
        let (folder, name) = (self.folder.clone(), file_name(id));
        let written = tokio::task::spawn_blocking(move || write_whole(&folder, &name, &message)).await;
        match written.map_err(io::Error::other).flatten() {
            Ok(()) => {
                debug!(letter = %id, occasion = letter.occasion.name(), "letter written to the mail folder");
                Ok(())
            }
            Err(error) => Err(PostError::Temporary(format!(
                "the letter could not be written to the mail folder: {error}"
            ))),
        }
    }
}

/// The time comes from the id, a `UUIDv7`, so that it does not depend on when the letter is sent.
fn file_name(id: LetterId) -> String {
    let seconds = id.uuid().get_timestamp().map_or(0, |time| time.to_unix().0);
    let time = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    format!("{}-{id}.eml", time.unwrap_or_default().strftime("%Y%m%dT%H%M%SZ"))
}

/// Nobody ever sees half a file under `name`: it is written under another name and then renamed.
fn write_whole(folder: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new().prefix(".").suffix(".tmp").tempfile_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(folder.join(name))?;
    Ok(())
}
