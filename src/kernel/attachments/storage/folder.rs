//! Content in a folder of the file system.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Seek};
use std::ops::Range;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use super::{Pieces, StorageError, place};
use crate::attachments::AttachmentId;

/// Bytes of one read.
const PIECE: usize = 64 * 1024;

/// A folder with content.
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    pub(super) fn open(root: PathBuf) -> Result<Self, StorageError> {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&root);
        made.map_err(|error| StorageError::Folder(root.clone(), error))?;
        Ok(Self { root })
    }

    pub(super) fn path(&self) -> &Path {
        &self.root
    }

    pub(super) fn scratch(&self) -> io::Result<File> {
        tempfile::tempfile_in(&self.root)
    }

    fn file(&self, id: AttachmentId) -> (PathBuf, PathBuf) {
        let (part, name) = place(id);
        let folder = self.root.join(part);
        let file = folder.join(name);
        (folder, file)
    }

    pub(super) async fn put(&self, id: AttachmentId, content: File) -> Result<(), StorageError> {
        let (root, (folder, path)) = (self.root.clone(), self.file(id));
        apart(move || {
            let partial = path.with_added_extension("partial");
            let written = write(&root, &folder, &path, &partial, content);
            if written.is_err() {
                // It may be that there is nothing: the folder was not made, or the disk is full.
                let _ = fs::remove_file(&partial);
            }
            written
        })
        .await
    }

    pub(super) async fn read(&self, id: AttachmentId, bytes: Range<u64>) -> Result<Pieces, StorageError> {
        let (_, path) = self.file(id);
        let mut file = match tokio::fs::File::open(&path).await {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(StorageError::Missing(id)),
            Err(error) => return Err(error.into()),
        };
        file.seek(io::SeekFrom::Start(bytes.start)).await?;
        let wanted = file.take(bytes.end.saturating_sub(bytes.start));
        Ok(ReaderStream::with_capacity(wanted, PIECE).map(|piece| Ok(piece?)).boxed())
    }

    pub(super) async fn size(&self, id: AttachmentId) -> Result<Option<u64>, StorageError> {
        let (_, path) = self.file(id);
        match tokio::fs::metadata(&path).await {
            Ok(metadata) => Ok(Some(metadata.len())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) async fn remove(&self, id: AttachmentId) -> Result<(), StorageError> {
        let (_, path) = self.file(id);
        apart(move || {
            for path in [path.with_added_extension("partial"), path] {
                match fs::remove_file(path) {
                    Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
            Ok(())
        })
        .await
    }
}

/// Writes a file such that whatever happens it stands as a whole or not at all.
fn write(root: &Path, folder: &Path, path: &Path, partial: &Path, mut content: File) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(partial)?;
    content.rewind()?;
    io::copy(&mut content, &mut file)?;
    file.sync_all()?;
    fs::rename(partial, path)?;
    // Only then do the names outlive a loss of power.
    File::open(folder)?.sync_all()?;
    File::open(root)?.sync_all()
}

async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, StorageError> {
    Ok(tokio::task::spawn_blocking(work).await.map_err(io::Error::other)??)
}
