//! The files of the repository as the checks see them, and the faults that checks report.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fmt, fs};

use walkdir::{DirEntry, WalkDir};

use crate::Failure;

/// Hidden folders that belong to the repository; all others belong to tools.
const HIDDEN_FOLDERS: [&str; 3] = [".cargo", ".ci", ".github"];

/// A violation that a check found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The path of the file or folder from the root of the repository, or the name of a package.
    pub place: String,
    /// The line in that file, counted from 1; `None` if the fault is not in one line.
    pub line: Option<usize>,
    /// What is wrong, and how to correct it.
    pub message: String,
}

impl Fault {
    /// Creates a fault of a whole file, folder or package.
    pub fn at(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            line: None,
            message: message.into(),
        }
    }

    /// Creates a fault in one line of a file.
    pub fn in_line(place: impl Into<String>, line: usize, message: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            line: Some(line),
            message: message.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.place, self.message),
            None => write!(f, "{}: {}", self.place, self.message),
        }
    }
}

/// The text files of the repository by their paths from its root, separated by `/`.
#[derive(Debug, Default)]
pub struct Repository {
    files: BTreeMap<String, String>,
}

impl Repository {
    /// Reads every text file below `root` except build output and local state.
    pub fn read(root: &Path) -> Result<Self, Failure> {
        let mut files = BTreeMap::new();
        for entry in WalkDir::new(root).into_iter().filter_entry(belongs) {
            let entry = entry
                .map_err(|error| Failure::said(format!("cannot read the repository: {error}")))?;
            if !entry.file_type().is_file() {
                continue;
            }
            let bytes = fs::read(entry.path()).map_err(|error| {
                Failure::said(format!("cannot read {}: {error}", entry.path().display()))
            })?;
            let inside = entry.path().strip_prefix(root).unwrap_or(entry.path());
            let parts: Vec<_> = inside
                .components()
                .map(|part| part.as_os_str().to_string_lossy())
                .collect();
            if let Ok(text) = String::from_utf8(bytes) {
                files.insert(parts.join("/"), text);
            }
        }
        Ok(Self { files })
    }

    /// Creates a repository with these files, for tests of the checks.
    pub fn of<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self {
            files: files
                .into_iter()
                .map(|(path, text)| (path.to_owned(), text.to_owned()))
                .collect(),
        }
    }

    /// Returns all paths, sorted.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Returns all files as (path, text), sorted by path.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Returns the files whose paths end in `ending`.
    pub fn ending_in(&self, ending: &str) -> impl Iterator<Item = (&str, &str)> {
        self.files().filter(move |(path, _)| path.ends_with(ending))
    }

    /// Returns the text of one file.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Returns the names of the files directly in a folder.
    pub fn names_in(&self, folder: &str) -> impl Iterator<Item = &str> {
        self.paths().filter_map(move |path| {
            let name = path.strip_prefix(folder)?.strip_prefix('/')?;
            (!name.contains('/')).then_some(name)
        })
    }
}

fn belongs(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    if entry.depth() == 0 {
        return true;
    }
    if entry.file_type().is_dir() {
        return name != "target"
            && (!name.starts_with('.') || HIDDEN_FOLDERS.contains(&name.as_ref()));
    }
    name != ".env"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_text_below_the_root_and_leaves_out_build_output_state_and_binaries() {
        let root = tempfile::tempdir().expect("temporary folder");
        for path in [
            "src/a.rs",
            ".ci/run",
            "target/debug/x.d",
            ".data/secret",
            ".git/config",
            ".env",
            ".gitignore",
        ] {
            let file = root.path().join(path);
            fs::create_dir_all(file.parent().expect("parent")).expect("folder");
            fs::write(file, "text").expect("file");
        }
        fs::write(root.path().join("logo.png"), [0xff, 0xfe, 0x00]).expect("file");

        let repository = Repository::read(root.path()).expect("readable");

        assert_eq!(
            repository.paths().collect::<Vec<_>>(),
            [".ci/run", ".gitignore", "src/a.rs"]
        );
    }

    #[test]
    fn names_in_a_folder_leave_out_what_lies_deeper() {
        let repository = Repository::of([
            ("docs/adr/0000-a.md", ""),
            ("docs/adr/images/x.svg", ""),
            ("docs/b.md", ""),
        ]);

        assert_eq!(
            repository.names_in("docs/adr").collect::<Vec<_>>(),
            ["0000-a.md"]
        );
    }

    #[test]
    fn a_fault_is_shown_with_its_line_if_it_has_one() {
        assert_eq!(Fault::in_line("a.rs", 3, "bad").to_string(), "a.rs:3: bad");
        assert_eq!(Fault::at("a.rs", "bad").to_string(), "a.rs: bad");
    }
}
