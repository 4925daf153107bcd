//! Where the content of attachments is kept: a folder, or a bucket of S3-compatible storage, by the
//! attachment's id and never by a name. Content is put there as a whole or not at all, and is durable
//! when that is answered.

mod bucket;
mod folder;

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::pin::Pin;

use actix_web::web::Bytes;
use futures_util::Stream;

use super::AttachmentId;
use crate::config::{AttachmentPlace, Config};
use crate::error::ApiError;
use bucket::Bucket;
use folder::Folder;

/// Content as it is read, piece by piece.
pub type Pieces = Pin<Box<dyn Stream<Item = Result<Bytes, StorageError>> + Send>>;

/// What stands behind the storage's refusal, in one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// A setting is missing or wrong.
    #[error("{0}")]
    Settings(String),
    /// The folder cannot be used.
    #[error("the folder of attachments {0} cannot be used: {1}; make it one that this account may write")]
    Folder(PathBuf, io::Error),
    /// The content is not there.
    #[error("the content of attachment {0} is not in the storage")]
    Missing(AttachmentId),
    /// A file cannot be read or written.
    #[error("{0}")]
    File(#[from] io::Error),
    /// The S3-compatible storage refuses, or does not answer.
    #[error("the S3-compatible storage: {0}")]
    Bucket(object_store::Error),
}

impl From<StorageError> for ApiError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Missing(_) => Self::internal(error),
            _ => Self::unavailable(error),
        }
    }
}

/// The storage of this installation.
#[derive(Debug, Clone)]
pub enum Storage {
    /// A folder.
    Folder(Folder),
    /// A bucket.
    Bucket(Bucket),
}

impl Storage {
    /// The storage that the configuration names.
    ///
    /// # Errors
    /// When the folder cannot be made, or a setting of the bucket is missing. The bucket itself is not
    /// asked: a service starts while its storage is away.
    pub fn open(config: &Config) -> Result<Self, StorageError> {
        match &config.attachments {
            AttachmentPlace::DataFolder => {
                Folder::open(config.data_dir.join("attachments")).map(Self::Folder)
            }
            AttachmentPlace::Folder(path) => Folder::open(path.clone()).map(Self::Folder),
            AttachmentPlace::Bucket { name, prefix } => Bucket::open(config, name, prefix).map(Self::Bucket),
        }
    }

    /// A file without a name for content that is on its way: gone with whoever holds it, also when the
    /// process is killed.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn scratch(&self) -> io::Result<File> {
        match self {
            Self::Folder(folder) => folder.scratch(),
            Self::Bucket(_) => tempfile::tempfile(),
        }
    }

    /// Puts content, from its first byte on; what stood there is replaced.
    ///
    /// # Errors
    /// When it could not be stored as a whole; then nothing was.
    pub async fn put(&self, id: AttachmentId, content: File) -> Result<(), StorageError> {
        match self {
            Self::Folder(folder) => folder.put(id, content).await,
            Self::Bucket(bucket) => bucket.put(id, content).await,
        }
    }

    /// These bytes of the content.
    ///
    /// # Errors
    /// When it is not there, or the storage does not answer.
    pub async fn read(&self, id: AttachmentId, bytes: Range<u64>) -> Result<Pieces, StorageError> {
        match self {
            Self::Folder(folder) => folder.read(id, bytes).await,
            Self::Bucket(bucket) => bucket.read(id, bytes).await,
        }
    }

    /// How large the content is; `None` when there is none.
    ///
    /// # Errors
    /// When the storage does not answer.
    pub async fn size(&self, id: AttachmentId) -> Result<Option<u64>, StorageError> {
        match self {
            Self::Folder(folder) => folder.size(id).await,
            Self::Bucket(bucket) => bucket.size(id).await,
        }
    }

    /// Removes the content, and what an interrupted [`put`](Self::put) left of it; nothing happens
    /// where there is none.
    ///
    /// # Errors
    /// When the storage does not answer.
    pub async fn remove(&self, id: AttachmentId) -> Result<(), StorageError> {
        match self {
            Self::Folder(folder) => folder.remove(id).await,
            Self::Bucket(bucket) => bucket.remove(id).await,
        }
    }
}

impl std::fmt::Display for Storage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "the folder {}", folder.path().display()),
            Self::Bucket(bucket) => write!(f, "the bucket {}", bucket.name()),
        }
    }
}

/// Where content stands: 256 folders, by the end of the id, which is random.
fn place(id: AttachmentId) -> (String, String) {
    let text = id.to_string();
    (text.get(text.len().saturating_sub(2)..).unwrap_or_default().to_owned(), text)
}
