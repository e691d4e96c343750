//! The rules of the layers, tested on whole configurations.

mod hashing;
mod layers;
mod production;
mod result;
mod shipped;

use std::fs;

use tempfile::TempDir;

use super::*;

const KEY: &str = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";

/// Master keys on two lines, the newer one first.
const MASTER_KEYS: &str = "2026-11=4PyU0c7W2kF4yqkfh7s2E6t1GmQH0m3S9b8xV5nJZyo=\n\
    2025-03=0gS2yVZb6h1y8wQk3m7v5bN4tX0c9rLJpQeUu2aDfHE=";

/// A working folder with files in it, and an environment.
struct Place {
    folder: TempDir,
    variables: Vec<(String, String)>,
}

impl Place {
    fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
            variables: Vec::new(),
        }
    }

    fn file(self, path: &str, text: &str) -> Self {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn yaml(self, text: &str) -> Self {
        self.file("configs/config.yaml", text)
    }

    fn dotenv(self, text: &str) -> Self {
        self.file(".env", text)
    }

    fn set(mut self, variables: &[(&str, &str)]) -> Self {
        let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        self.variables.extend(variables.iter().map(owned));
        self
    }

    /// Returns the fewest variables that production needs.
    fn production() -> Self {
        Self::new().set(&[
            ("ENVIRONMENT", "production"),
            (
                "DATABASE_URL",
                "postgres://owner:sTr0ng@db.internal/customers",
            ),
            ("CUSTOMER_SECRET_KEY", KEY),
            ("CUSTOMER_MASTER_KEYS", MASTER_KEYS),
        ])
    }

    fn load(&self) -> Result<Loaded, Faults> {
        load(self.folder.path(), self.variables.iter().cloned())
    }

    fn loaded(&self) -> Loaded {
        self.load().unwrap_or_else(|faults| panic!("{faults}"))
    }

    fn faults(&self) -> Vec<String> {
        self.load()
            .expect_err("the configuration has faults")
            .lines()
            .to_vec()
    }

    fn rendered(&self) -> String {
        let mut out = Vec::new();
        self.loaded().effective.render(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }
}

/// Asserts that there are exactly these faults, each identified by a part of its text.
#[track_caller]
fn assert_faults(place: &Place, parts: &[&str]) {
    let faults = place.faults();
    assert_eq!(faults.len(), parts.len(), "{faults:#?}");
    for part in parts {
        assert!(
            faults.iter().any(|fault| fault.contains(part)),
            "{part}\n{faults:#?}"
        );
    }
}
