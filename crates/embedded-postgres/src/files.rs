//! Files in a folder that the database's user may write in.
//!
//! A symlink there is an error: root would be led by it to files of its own.

use std::{fs::OpenOptions, io, os::unix::fs::OpenOptionsExt, path::Path};

/// Options under which a path that is a symlink does not open.
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
