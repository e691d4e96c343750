//! Clusters that live no longer than the process that created them.

use std::{
    fs::{self, DirBuilder, File},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use crate::{
    error::{Doing, Error},
    files, instance, orphan, os, places,
};

/// Returns a working folder that no other cluster has.
pub(crate) fn fresh_working_dir() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);

    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    // Distinguishes processes that get the same id one after another.
    let random = getrandom::u32().unwrap_or_default();
    let name = format!("{}-{count}-{random:08x}", std::process::id());
    places::throwaway_base().join(name)
}

/// Removes the throw-away clusters of dead runs and creates this one's working
/// folder; does nothing if that is not to be among them.
///
/// No other process removes clusters while the returned lock is held, because
/// the new folder has no lock yet.
pub(crate) fn prepare(working_dir: &Path) -> Result<Option<File>, Error> {
    let base = places::throwaway_base();
    if working_dir.parent() != Some(&base) {
        return Ok(None);
    }
    make_base(&base)?;
    let lock_path = base.join(instance::LOCK);
    let lock = File::create(&lock_path).doing("open", &lock_path)?;
    lock.lock().doing("lock", &lock_path)?;
    sweep(&base).doing("sweep", &base)?;
    make_dir(working_dir).doing("create the folder", working_dir)?;
    Ok(Some(lock))
}

/// Creates the parent of all clusters. Anyone can guess its name and write
/// where it is, so a folder that another user created there is rejected.
fn make_base(base: &Path) -> Result<(), Error> {
    match make_dir(base) {
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {
            let meta = fs::symlink_metadata(base).doing("look at", base)?;
            let (owner, uid) = (meta.uid(), os::effective_uid());
            if meta.is_dir() && owner == uid {
                return Ok(());
            }
            let path = base.to_owned();
            Err(Error::WrongOwner { path, owner, uid })
        }
        made => made.doing("create the folder", base),
    }
}

/// Creates a folder that the database's user can enter, whatever our umask.
fn make_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o711).create(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o711))
}

fn sweep(base: &Path) -> io::Result<()> {
    for entry in fs::read_dir(base)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() && is_dead(&path) {
            remove(&path);
        }
    }
    Ok(())
}

/// Returns `true` if no process holds the lock of the instance inside, after
/// stopping a server that was left there.
fn is_dead(working_dir: &Path) -> bool {
    let inst = working_dir.join(".data").join(instance::FOLDER);
    match files::not_following()
        .write(true)
        .open(inst.join(instance::LOCK))
    {
        Ok(lock) => lock.try_lock().is_ok() && data_dirs(&inst).all(|data| orphan::abandon(&data)),
        Err(cause) => cause.kind() == io::ErrorKind::NotFound,
    }
}

fn data_dirs(inst: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::canonicalize(inst)
        .and_then(fs::read_dir)
        .into_iter()
        .flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path()))
}

/// Removes an instance, and its working folder if that is a throw-away one.
pub(crate) fn discard(instance_dir: &Path, working_dir: &Path) {
    remove(instance_dir);
    let base = places::throwaway_base();
    if working_dir.parent() == Some(&base) {
        remove(working_dir);
    }
}

/// Removes as much as possible of a folder; a later run removes the rest.
fn remove(path: &Path) {
    match fs::remove_dir_all(path) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(path = %path.display(), %cause, "cannot remove a throw-away database");
        }
        _ => {}
    }
}
