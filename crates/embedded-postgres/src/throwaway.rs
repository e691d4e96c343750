//! Clusters that live no longer than the process that made them.

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

/// A working folder no other cluster has.
pub(crate) fn fresh_working_dir() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);

    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    // Tells apart processes that get the same number one after the other.
    let random = getrandom::u32().unwrap_or_default();
    let name = format!("{}-{count}-{random:08x}", std::process::id());
    places::throwaway_base().join(name)
}

/// Removes what dead runs left among the throw-away clusters and, if this one
/// is to lie there too, makes its working folder.
///
/// Nobody else sweeps while the returned lock is held: the folder has none of
/// its own yet.
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
    make_dir(working_dir).doing("make the folder", working_dir)?;
    Ok(Some(lock))
}

/// The folder has a name anyone can guess in a place anyone can write to, so
/// one that another user made there is not to be trusted.
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
        made => made.doing("make the folder", base),
    }
}

/// The database's user has to pass through, whatever our umask.
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

/// Nobody holds the lock of the instance inside, or there is none.
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

/// Removes an instance and those of its parents that are thereby empty.
pub(crate) fn discard(instance_dir: &Path, working_dir: &Path) {
    remove(instance_dir);
    let base = places::throwaway_base();
    if working_dir.parent() == Some(&base) {
        remove(working_dir);
    }
}

/// Best effort: what is left is swept by a later run.
fn remove(path: &Path) {
    match fs::remove_dir_all(path) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(path = %path.display(), %cause, "cannot remove a throw-away database");
        }
        _ => {}
    }
}
