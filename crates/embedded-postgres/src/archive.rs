//! Downloads, verifies and unpacks the pinned archive.

use std::{
    fs::{self, File},
    io::{self, BufReader, Read, Seek},
    os::unix::fs::PermissionsExt,
    path::Path,
    thread,
    time::Duration,
};

use lzma_rust2::XzReader;
use sha2::{Digest, Sha256};
use ureq::tls::{RootCerts, TlsConfig};
use zip::ZipArchive;

use crate::error::{Doing, Error};
use crate::platform::shown;

const DOWNLOAD_ATTEMPTS: u32 = 3;
/// Maximum size of a download in bytes, three times the largest archive.
const DOWNLOAD_LIMIT: u64 = 256 * 1024 * 1024;

/// Downloads to a file, which is overwritten. Repeats transient failures.
pub(crate) fn download(url: &str, to: &Path) -> Result<(), Error> {
    let mut attempt = 1;
    loop {
        let cause = match download_once(url, to) {
            Ok(()) => return Ok(()),
            Err(ureq::Error::Io(cause)) if cause.kind() == io::ErrorKind::StorageFull => {
                return Err(cause).doing("write", to);
            }
            Err(cause) => cause,
        };
        if attempt == DOWNLOAD_ATTEMPTS || !worth_repeating(&cause) {
            let (url, cause) = (shown(url), cause.to_string());
            return Err(Error::Download { url, cause });
        }
        tracing::debug!(url = shown(url), %cause, "download failed, trying again");
        thread::sleep(Duration::from_millis(500) * attempt);
        attempt += 1;
    }
}

fn download_once(url: &str, to: &Path) -> Result<(), ureq::Error> {
    // The system's certificates, because a company's proxy may have its own;
    // proxy variables are honoured by default.
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::PlatformVerifier)
        .build();
    let agent = ureq::Agent::config_builder()
        .tls_config(tls)
        .timeout_connect(Some(Duration::from_secs(15)))
        .timeout_recv_response(Some(Duration::from_secs(30)))
        .timeout_per_read(Some(Duration::from_secs(30)))
        .build()
        .new_agent();
    let mut response = agent.get(url).call()?;
    let mut body = response
        .body_mut()
        .with_config()
        .limit(DOWNLOAD_LIMIT)
        .reader();
    io::copy(&mut body, &mut File::create(to)?)?;
    Ok(())
}

/// Returns `true` if another attempt may succeed. An unreachable server gets
/// none, so that an offline start soon tries an installed PostgreSQL.
fn worth_repeating(cause: &ureq::Error) -> bool {
    use ureq::Error::{Io, Protocol, StatusCode, Timeout};

    let unreachable = matches!(cause, Timeout(ureq::Timeout::Connect))
        || matches!(cause, Io(cause) if cause.kind() == io::ErrorKind::ConnectionRefused);
    let passing = matches!(
        cause,
        StatusCode(429 | 500..) | Io(_) | Timeout(_) | Protocol(_)
    );
    passing && !unreachable
}

/// Returns the SHA-256 of the whole file in hex, and rewinds the file.
pub(crate) fn sha256(file: &mut File) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    file.rewind()?;
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            count => hash.update(&buffer[..count]),
        }
    }
    file.rewind()?;
    Ok(hex::encode(hash.finalize()))
}

/// Unpacks the first `.txz` in the jar into an existing empty folder, and lets every user enter the
/// unpacked folders.
pub(crate) fn unpack(jar: File, into: &Path) -> Result<(), Error> {
    let broken = |cause: &dyn ToString| Error::Unpack(cause.to_string());
    let mut jar = ZipArchive::new(BufReader::new(jar)).map_err(|cause| broken(&cause))?;
    let inner = (0..jar.len())
        .find(|index| {
            let name = jar.name_for_index(*index).and_then(Result::ok);
            name.is_some_and(|name| name.ends_with(".txz"))
        })
        .ok_or_else(|| broken(&"it holds no .txz"))?;
    let compressed = jar.by_index(inner).map_err(|cause| broken(&cause))?;
    tar::Archive::new(XzReader::new(compressed, true))
        .unpack(into)
        .map_err(|cause| broken(&cause))?;
    open_folders(into).doing("set the mode of folders in", into)
}

/// Lets everyone enter all folders. Those without an entry in the archive got
/// our umask, which may exclude the database's user.
fn open_folders(folder: &Path) -> io::Result<()> {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            open_folders(&entry.path())?;
        }
    }
    Ok(())
}
