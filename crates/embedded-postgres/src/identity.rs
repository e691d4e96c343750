//! The user that PostgreSQL runs as, because it refuses to run as root.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io,
    os::unix::{
        fs::{MetadataExt, chown, fchown},
        process::CommandExt,
    },
    path::Path,
    process::Command,
};

use crate::{
    error::{Doing, Error},
    os,
};

/// The user that the database's processes run as: the current user or, if that is root, an
/// unprivileged one. `initdb` requires an entry in `/etc/passwd`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    drop_to: Option<User>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct User {
    name: String,
    uid: u32,
    gid: u32,
}

impl Identity {
    pub(crate) fn detect() -> Result<Self, Error> {
        if os::effective_uid() != 0 {
            return Ok(Self { drop_to: None });
        }
        let passwd = fs::read_to_string("/etc/passwd").doing("read", "/etc/passwd")?;
        let user = unprivileged(&passwd).ok_or(Error::NoUnprivilegedUser)?;
        Ok(Self {
            drop_to: Some(user),
        })
    }

    #[cfg(test)]
    pub(crate) fn dropped(name: &str, uid: u32, gid: u32) -> Self {
        let name = name.to_owned();
        Self {
            drop_to: Some(User { name, uid, gid }),
        }
    }

    /// Returns a command that runs as this user, without our environment.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        // TZ spares initdb a search of the whole time zone database; without LC_ALL macOS makes the
        // server multi-threaded, and it refuses to start.
        command
            .env_clear()
            .env("TZ", "UTC")
            .env("LC_ALL", "C")
            .current_dir("/");
        if let Some(user) = &self.drop_to {
            command.uid(user.uid).gid(user.gid);
        }
        command
    }

    /// Succeeds if this user can enter `folder`, which must exist.
    ///
    /// The current user is not checked: the next access to the folder fails.
    pub(crate) fn must_enter(&self, folder: &Path) -> Result<(), Error> {
        match &self.drop_to {
            Some(user) if !user.can_enter(folder).doing("look into", folder)? => {
                Err(Error::Unreachable {
                    user: user.name.clone(),
                    path: folder.to_owned(),
                })
            }
            _ => Ok(()),
        }
    }

    /// Makes this user the owner of an open file, even if its path has been replaced.
    pub(crate) fn own_file(&self, file: &File, path: &Path) -> Result<(), Error> {
        match &self.drop_to {
            Some(user) => fchown(file, Some(user.uid), Some(user.gid)).doing("chown", path),
            None => Ok(()),
        }
    }

    /// Makes this user the owner of a folder whose parent only we can write to.
    pub(crate) fn own(&self, path: &Path) -> Result<(), Error> {
        match &self.drop_to {
            Some(user) => chown(path, Some(user.uid), Some(user.gid)).doing("chown", path),
            None => Ok(()),
        }
    }

    pub(crate) fn uid(&self) -> u32 {
        self.drop_to
            .as_ref()
            .map_or_else(os::effective_uid, |user| user.uid)
    }
}

impl User {
    fn can_enter(&self, folder: &Path) -> io::Result<bool> {
        for ancestor in fs::canonicalize(folder)?.ancestors() {
            let meta = fs::metadata(ancestor)?;
            // The most specific class decides, even if a wider one allows more.
            let search_bit = if meta.uid() == self.uid {
                0o100
            } else if meta.gid() == self.gid {
                0o010
            } else {
                0o001
            };
            if meta.mode() & search_bit == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn unprivileged(passwd: &str) -> Option<User> {
    ["postgres", "nobody"]
        .into_iter()
        .find_map(|name| passwd.lines().find_map(|line| parse(line, name)))
}

fn parse(line: &str, wanted: &str) -> Option<User> {
    let mut fields = line.split(':');
    let name = fields.next().filter(|name| *name == wanted)?.to_owned();
    let uid = fields.nth(1)?.parse().ok().filter(|uid| *uid != 0)?;
    let gid = fields.next()?.parse().ok()?;
    Some(User { name, uid, gid })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const ROOT: &str = "root:x:0:0:root:/root:/bin/bash\n";
    const NOBODY: &str = "nobody:x:65534:65533:nobody:/nonexistent:/usr/sbin/nologin\n";
    const POSTGRES: &str = "postgres:x:101:104:admin,,,:/var/lib/postgresql:/bin/bash\n";

    fn names(passwd: &str) -> Option<(String, u32, u32)> {
        unprivileged(passwd).map(|user| (user.name, user.uid, user.gid))
    }

    #[test]
    fn postgres_is_preferred_to_nobody_whatever_the_order() {
        let user = names(&format!("{ROOT}{NOBODY}{POSTGRES}"));
        assert_eq!(user, Some(("postgres".to_owned(), 101, 104)));
        let user = names(&format!("{ROOT}{NOBODY}"));
        assert_eq!(user, Some(("nobody".to_owned(), 65534, 65533)));
    }

    #[test]
    fn root_under_another_name_and_broken_lines_are_no_user_to_drop_to() {
        assert_eq!(names(ROOT), None);
        assert_eq!(names("postgres:x:0:0::/:/bin/sh\n"), None);
        assert_eq!(names("postgres:x:many\nnobody\n"), None);
    }

    #[test]
    fn a_dropped_user_is_kept_out_by_any_closed_ancestor() {
        let base = tempfile::tempdir().expect("tempdir");
        let inner = base.path().join("closed/inner");
        fs::create_dir_all(&inner).expect("create");
        let set_mode = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("chmod");
        };
        set_mode(base.path(), 0o755);
        set_mode(&inner, 0o755);
        let stranger = Identity::dropped("stranger", 61_777, 61_777);

        set_mode(inner.parent().expect("parent"), 0o711);
        assert!(stranger.must_enter(&inner).is_ok());

        set_mode(inner.parent().expect("parent"), 0o700);
        let message = stranger.must_enter(&inner).expect_err("closed").to_string();
        assert!(message.contains("`stranger`"), "{message}");
        assert!(message.contains("DATABASE_URL"), "{message}");
    }

    #[test]
    fn the_environment_of_this_process_does_not_reach_the_database() {
        let identity = Identity::detect().expect("a user to run as");
        let output = identity.command("/usr/bin/env").output().expect("env runs");
        let mut seen: Vec<_> = str::from_utf8(&output.stdout)
            .expect("utf-8")
            .lines()
            .collect();
        seen.sort_unstable();
        assert_eq!(seen, ["LC_ALL=C", "TZ=UTC"]);
    }

    #[test]
    fn programs_never_run_as_root() {
        let identity = Identity::detect().expect("a user to run as");
        let output = identity
            .command("/usr/bin/id")
            .arg("-u")
            .output()
            .expect("id runs");
        let uid: u32 = str::from_utf8(&output.stdout)
            .expect("utf-8")
            .trim()
            .parse()
            .expect("uid");
        assert_ne!(uid, 0);
        assert_eq!(uid, identity.uid());
    }
}
