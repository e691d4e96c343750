//! `cargo xtask migration new NAME`.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::Failure;
use crate::tidy::numbering::{MIGRATIONS, numbered};

/// A migration that waits for a lock blocks every query behind it, so it gives up soon and must be run again.
const LOCK_TIMEOUT: &str = "SET LOCAL lock_timeout = '1s';";

/// Creates the next pair `migrations/NNNN_name.up.sql` and `.down.sql`, and returns both paths.
pub fn create(root: &Path, name: &str) -> Result<[PathBuf; 2], Failure> {
    let plain = numbered(&format!("0000_{name}"), '_').is_some()
        && name.starts_with(|first: char| first.is_ascii_lowercase());
    if !plain {
        let wanted = "lower-case letters, digits and `_`, beginning with a letter, like `add_customer_notes`";
        return Err(Failure::said(format!(
            "`{name}` is not a name for a migration: {wanted}"
        )));
    }
    let folder = root.join(MIGRATIONS);
    let failed =
        |error: io::Error| Failure::said(format!("cannot write to {}: {error}", folder.display()));
    fs::create_dir_all(&folder).map_err(failed)?;
    let number = last_number(&folder).map_err(failed)? + 1;
    let stem = format!("{number:04}_{name}");
    let title = name.replace('_', " ");
    let texts = [
        ("up", up_header(&title)),
        (
            "down",
            format!("-- Takes back {stem}.up.sql.\n{LOCK_TIMEOUT}\n\n"),
        ),
    ];
    let [up, down] = texts.map(|(direction, text)| {
        let path = folder.join(format!("{stem}.{direction}.sql"));
        fs::write(&path, text).map(|()| path)
    });
    Ok([up.map_err(failed)?, down.map_err(failed)?])
}

fn last_number(folder: &Path) -> io::Result<u32> {
    let mut last = 0;
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let stem = name.to_str().and_then(|name| name.split('.').next());
        last = last.max(
            stem.and_then(|stem| numbered(stem, '_'))
                .map_or(0, |(number, _)| number),
        );
    }
    Ok(last)
}

fn up_header(title: &str) -> String {
    format!(
        "-- {title}: what changes, and why.\n\
         --\n\
         -- Old and new binaries run side by side while this runs: expand now, contract in a later release. No statement\n\
         -- holds a strong lock for long; CREATE INDEX CONCURRENTLY goes into a file of its own, whose first line is\n\
         -- `-- no-transaction`, and has no SET LOCAL.\n\
         {LOCK_TIMEOUT}\n\n\
         -- A new table begins with tenant_id, and so does its primary key. It needs all of:\n\
         --   ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY;\n\
         --   a policy TO customer_app, USING and WITH CHECK that tenant_id is app.tenant_id, and one TO customer_worker;\n\
         --   GRANT to customer_app and customer_worker of what they do with it, and no more.\n\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_pair_is_number_one_and_the_next_follows() {
        let root = tempfile::tempdir().expect("temporary folder");

        let first = create(root.path(), "tenants").expect("created");
        let second = create(root.path(), "add_notes_2").expect("created");

        let folder = root.path().join("migrations");
        assert_eq!(
            first,
            [
                folder.join("0001_tenants.up.sql"),
                folder.join("0001_tenants.down.sql")
            ]
        );
        assert_eq!(
            second,
            [
                folder.join("0002_add_notes_2.up.sql"),
                folder.join("0002_add_notes_2.down.sql")
            ]
        );
        let up = fs::read_to_string(&second[0]).expect("readable");
        assert!(
            up.starts_with("-- add notes 2: what changes, and why.\n"),
            "{up}"
        );
        let down = fs::read_to_string(&second[1]).expect("readable");
        for text in [up, down] {
            let statement = text.lines().find(|line| !line.starts_with("--"));
            assert_eq!(statement, Some(LOCK_TIMEOUT), "{text}");
        }
    }

    #[test]
    fn names_that_are_not_snake_case_are_refused_and_nothing_is_written() {
        let root = tempfile::tempdir().expect("temporary folder");

        for name in ["", "Add", "add-notes", "../x", "1st", "_x", "a.b"] {
            let failure = create(root.path(), name).expect_err(name);
            assert!(
                failure.to_string().contains("lower-case letters"),
                "{failure}"
            );
        }
        assert!(!root.path().join("migrations").exists());
    }
}
