//! Opens files in a folder that the database's user may write to.
//!
//! A symlink there is an error, because it could lead root to root's own files.

use std::{fs::OpenOptions, io, os::unix::fs::OpenOptionsExt, path::Path};

/// Returns options that fail to open a path that is a symlink.
pub(crate) fn not_following() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.custom_flags(libc::O_NOFOLLOW);
    options
}

pub(crate) fn read_to_string(path: &Path) -> io::Result<String> {
    not_following()
        .read(true)
        .open(path)
        .and_then(io::read_to_string)
}
