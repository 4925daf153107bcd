//! Content in a bucket of S3-compatible storage.

use std::fs::File;
use std::io::Seek;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Bytes;
use futures_util::StreamExt;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{
    BackoffConfig, ClientOptions, GetOptions, ObjectStore, ObjectStoreExt, RetryConfig, WriteMultipart,
};
use tokio::io::AsyncReadExt;
use tokio::sync::Semaphore;

use super::{Pieces, StorageError, place};
use crate::attachments::AttachmentId;
use crate::config::Config;

/// Bytes of one part of an upload; the storage takes no less than 5 MiB.
const PART: usize = 8 << 20;
/// Parts on their way at once.
const PARTS_AT_ONCE: usize = 2;
/// Uploads on their way at once.
const UPLOADS_AT_ONCE: usize = 4;
/// How long the storage may be silent.
const SILENCE: Duration = Duration::from_secs(20);

/// A bucket with content.
#[derive(Debug, Clone)]
pub struct Bucket {
    store: AmazonS3,
    /// Uploads to the storage take turns: the parts of each are in memory.
    turns: Arc<Semaphore>,
    name: String,
    prefix: String,
}

impl Bucket {
    pub(super) fn open(config: &Config, name: &str, prefix: &str) -> Result<Self, StorageError> {
        let (Some(key_id), Some(secret)) = (&config.s3_key_id, &config.s3_secret) else {
            let said = "CCHC_S3_KEY_ID and CCHC_S3_SECRET must be set where CCHC_ATTACHMENTS is s3://";
            return Err(StorageError::Settings(said.into()));
        };
        // A body takes as long as its reader does; only silence ends it.
        let client = ClientOptions::new().with_timeout_disabled().with_read_timeout(SILENCE);
        let retry = RetryConfig { backoff: BackoffConfig::default(), max_retries: 3, retry_timeout: SILENCE };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(name)
            .with_region(&config.s3_region)
            .with_access_key_id(key_id.expose())
            .with_secret_access_key(secret.expose())
            .with_client_options(client)
            .with_retry(retry);
        if let Some(endpoint) = &config.s3_endpoint.0 {
            builder = builder.with_allow_http(endpoint.starts_with("http://")).with_endpoint(endpoint);
        }
        let store = builder.build().map_err(|error| StorageError::Settings(error.to_string()))?;
        Ok(Self {
            store,
            turns: Arc::new(Semaphore::new(UPLOADS_AT_ONCE)),
            name: name.to_owned(),
            prefix: prefix.to_owned(),
        })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    fn key(&self, id: AttachmentId) -> Path {
        let (part, name) = place(id);
        Path::from_iter(
            self.prefix
                .split('/')
                .filter(|segment| !segment.is_empty())
                .chain([part.as_str(), name.as_str()]),
        )
    }

    pub(super) async fn put(&self, id: AttachmentId, mut content: File) -> Result<(), StorageError> {
        let _turn = self.turns.acquire().await.map_err(std::io::Error::other)?;
        content.rewind()?;
        let size = content.metadata()?.len();
        let mut file = tokio::fs::File::from_std(content);
        let key = self.key(id);
        if usize::try_from(size).is_ok_and(|size| size <= PART) {
            let mut whole = Vec::new();
            file.read_to_end(&mut whole).await?;
            self.store.put(&key, Bytes::from(whole).into()).await.map_err(StorageError::Bucket)?;
            return Ok(());
        }
        let upload = self.store.put_multipart(&key).await.map_err(StorageError::Bucket)?;
        let mut upload = WriteMultipart::new_with_chunk_size(upload, PART);
        match copied(&mut file, &mut upload).await {
            Ok(()) => upload.finish().await.map(drop).map_err(StorageError::Bucket),
            Err(error) => {
                // The storage keeps parts of an upload that nobody ends.
                if let Err(left) = upload.abort().await {
                    log::warn!("parts of attachment {id} are left in the storage: {left}");
                }
                Err(error)
            }
        }
    }

    pub(super) async fn read(&self, id: AttachmentId, bytes: Range<u64>) -> Result<Pieces, StorageError> {
        let options = GetOptions::new().with_range(Some(bytes));
        let found = self.store.get_opts(&self.key(id), options).await.map_err(|error| missing(id, error))?;
        Ok(found.into_stream().map(|piece| piece.map_err(StorageError::Bucket)).boxed())
    }

    pub(super) async fn size(&self, id: AttachmentId) -> Result<Option<u64>, StorageError> {
        match self.store.head(&self.key(id)).await {
            Ok(found) => Ok(Some(found.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(StorageError::Bucket(error)),
        }
    }

    pub(super) async fn remove(&self, id: AttachmentId) -> Result<(), StorageError> {
        match self.store.delete(&self.key(id)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(StorageError::Bucket(error)),
        }
    }
}

async fn copied(file: &mut tokio::fs::File, upload: &mut WriteMultipart) -> Result<(), StorageError> {
    let mut piece = vec![0; 256 * 1024];
    loop {
        let read = file.read(&mut piece).await?;
        if read == 0 {
            return Ok(());
        }
        upload.wait_for_capacity(PARTS_AT_ONCE).await.map_err(StorageError::Bucket)?;
        upload.write(piece.get(..read).unwrap_or_default());
    }
}

fn missing(id: AttachmentId, error: object_store::Error) -> StorageError {
    match error {
        object_store::Error::NotFound { .. } => StorageError::Missing(id),
        error => StorageError::Bucket(error),
    }
}
