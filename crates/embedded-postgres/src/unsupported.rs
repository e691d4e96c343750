//! The same interface for platforms where no server can be started.

use std::{convert::Infallible, path::Path};

use crate::{Settings, error::Error};

/// A private PostgreSQL, which cannot exist on this platform.
#[derive(Debug)]
pub struct Cluster {
    never: Infallible,
}

impl Cluster {
    /// # Errors
    /// Always [`Error::UnsupportedPlatform`], which says to set `DATABASE_URL`.
    pub fn start(_settings: &Settings) -> Result<Self, Error> {
        Err(Error::UnsupportedPlatform {
            os: std::env::consts::OS,
            arch: std::env::consts::ARCH,
        })
    }

    pub fn port(&self) -> u16 {
        match self.never {}
    }

    pub fn superuser_url(&self, _database: &str) -> String {
        match self.never {}
    }

    pub fn state_dir(&self) -> &Path {
        match self.never {}
    }

    pub fn state_dir_note(&self) -> Option<&str> {
        match self.never {}
    }

    pub fn process_id(&self) -> u32 {
        match self.never {}
    }

    pub fn is_running(&mut self) -> bool {
        match self.never {}
    }

    pub fn restart(&mut self) -> Result<(), Error> {
        match self.never {}
    }

    pub fn stop(self) -> Result<(), Error> {
        match self.never {}
    }
}
