//! The key ring as a file of the data directory, mode 0600.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use super::{KEYS_FILE, KeyFault, KeyRing, Secret, TEMPORARY_FILE};
use crate::db::types::Instant;

/// Reads the ring of this data directory, if it has one.
///
/// # Errors
///
/// The file is open to others, or cannot be read.
pub fn load(dir: &Path) -> Result<Option<KeyRing>, KeyFault> {
    match read(&dir.join(KEYS_FILE)) {
        Err(KeyFault::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        found => found.map(Some),
    }
}

/// Reads the ring of this file.
///
/// # Errors
///
/// The file is open to others, or cannot be read.
pub fn read(path: &Path) -> Result<KeyRing, KeyFault> {
    let mut file = File::open(path).map_err(at("open", path))?;
    // The open file is asked, not the path, which may mean another file a moment later.
    let metadata = file.metadata().map_err(at("look at", path))?;
    let mode = metadata.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(KeyFault::Exposed { path: path.to_owned(), mode });
    }
    let size = usize::try_from(metadata.len()).unwrap_or_default();
    let mut document = Secret(Vec::with_capacity(size.saturating_add(1)));
    file.read_to_end(&mut document.0).map_err(at("read", path))?;
    KeyRing::from_document(document.expose())
}

/// Writes the ring to a new file that its owner alone reads; one that is there stays as it is.
///
/// # Errors
///
/// There is such a file already, or it cannot be written.
pub fn write_new(path: &Path, ring: &KeyRing) -> Result<(), KeyFault> {
    let document = ring.to_document()?;
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(at("create", path))?;
    file.write_all(document.expose()).map_err(at("write", path))?;
    file.sync_all().map_err(at("write", path))
}

/// Makes this the ring of a data directory that has none; says whether it had none.
///
/// # Errors
///
/// The file cannot be read or written.
pub fn adopt(dir: &Path, ring: &KeyRing) -> Result<bool, KeyFault> {
    let folder = lock(dir)?;
    if load(dir)?.is_some() {
        return Ok(false);
    }
    write(dir, &folder, ring).map(|()| true)
}

/// Reads the ring of this data directory, and makes it first where there is none. Of several
/// processes that come at once one makes it, and all get the same.
///
/// # Errors
///
/// The file is open to others, or cannot be read or written.
pub fn load_or_create(dir: &Path, now: Instant) -> Result<KeyRing, KeyFault> {
    if let Some(ring) = load(dir)? {
        return Ok(ring);
    }
    let folder = lock(dir)?;
    if let Some(ring) = load(dir)? {
        return Ok(ring);
    }
    let ring = KeyRing::generate(now)?;
    write(dir, &folder, &ring)?;
    Ok(ring)
}

/// Writes the ring to this data directory: all of it or, whatever happens, nothing.
///
/// # Errors
///
/// The file cannot be written.
pub fn store(dir: &Path, ring: &KeyRing) -> Result<(), KeyFault> {
    write(dir, &lock(dir)?, ring)
}

/// Changes the ring of this data directory, made first where there is none, such that of two who
/// change it at once neither undoes the other.
///
/// # Errors
///
/// As for [`load_or_create`], and whatever the change reports; the file is then as it was.
pub fn update(
    dir: &Path,
    now: Instant,
    change: impl FnOnce(&mut KeyRing) -> Result<(), KeyFault>,
) -> Result<KeyRing, KeyFault> {
    let folder = lock(dir)?;
    let mut ring = match load(dir)? {
        Some(ring) => ring,
        None => KeyRing::generate(now)?,
    };
    change(&mut ring)?;
    write(dir, &folder, &ring)?;
    Ok(ring)
}

// The lock is on the folder itself: nothing is left behind, and the system lets go of it when a
// process dies.
fn lock(dir: &Path) -> Result<File, KeyFault> {
    let folder = File::open(dir).map_err(at("open", dir))?;
    folder.lock().map_err(at("lock", dir))?;
    Ok(folder)
}

fn write(dir: &Path, folder: &File, ring: &KeyRing) -> Result<(), KeyFault> {
    let document = ring.to_document()?;
    let path = dir.join(KEYS_FILE);
    let temporary = dir.join(TEMPORARY_FILE);
    // Whoever holds the lock is alone here, so this can only be what a killed process left.
    match std::fs::remove_file(&temporary) {
        Err(fault) if fault.kind() != io::ErrorKind::NotFound => return Err(at("remove", &temporary)(fault)),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)
        .map_err(at("create", &temporary))?;
    file.write_all(document.expose()).map_err(at("write", &temporary))?;
    file.sync_all().map_err(at("write", &temporary))?;
    std::fs::rename(&temporary, &path).map_err(at("replace", &path))?;
    folder.sync_all().map_err(at("write", dir))
}

fn at(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> KeyFault {
    let path = path.to_owned();
    move |source| KeyFault::File { doing, path, source }
}
