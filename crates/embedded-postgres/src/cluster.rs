//! A private PostgreSQL, from nothing to stopped.

use std::{
    fmt, io,
    net::TcpListener,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use crate::{
    DEFAULT_DOWNLOAD_BASE, Profile, Settings,
    binaries::{Binaries, LookUp},
    error::{Doing, Error},
    identity::Identity,
    installed,
    instance::Instance,
    orphan,
    places::{self, StateRoot},
    platform::Artifact,
    server::{Launch, Server},
    throwaway,
};

/// Lost races for a port and servers whose last sessions are still ending: one and a half seconds in all.
const START_ATTEMPTS: u32 = 8;

/// A running PostgreSQL of our own. Dropping it stops it.
///
/// Every call blocks; from async code, make them on a thread that may.
#[must_use = "dropping a cluster stops it"]
pub struct Cluster {
    // Before the instance, whose lock is released last.
    server: Server,
    launch: Launch,
    instance: Instance,
    state: StateRoot,
    password: String,
    settings: Settings,
    closed: bool,
}

impl Cluster {
    /// Fetches the binaries and makes the data folder if need be, locks it,
    /// starts PostgreSQL, and returns when it takes connections.
    ///
    /// # Errors
    /// Any [`Error`]: no binaries to be had, another process on the same
    /// working folder, no port, or PostgreSQL's own complaint.
    pub fn start(settings: &Settings) -> Result<Self, Error> {
        let identity = Identity::detect()?;
        let sweep_lock = match settings.profile {
            Profile::Throwaway => throwaway::prepare(&settings.working_dir)?,
            Profile::Durable => None,
        };
        let state = places::state_root(&settings.working_dir)?;
        identity.must_enter(&state.path)?;
        let instance = Instance::open(&state.path, identity, settings.profile)?;
        drop(sweep_lock);

        let data = instance.data()?;
        if let Some((data_dir, _)) = &data {
            orphan::clear(data_dir)?;
        }
        let binaries = find_binaries(settings, &instance.identity, data.as_ref())?;
        let data_dir = match data {
            Some((data_dir, _)) => data_dir,
            None => instance.create_data(&binaries)?,
        };
        let launch = Launch {
            program: binaries.bin_dir.join("postgres"),
            data_dir,
            log: instance.dir.join("postgres.log"),
            identity: instance.identity.clone(),
            profile: settings.profile,
        };
        let server = start_server(&launch, settings.port, instance.last_port())?;
        let cluster = Self {
            password: instance.password()?,
            server,
            launch,
            instance,
            state,
            settings: settings.clone(),
            closed: false,
        };
        cluster.instance.remember_port(cluster.port())?;
        Ok(cluster)
    }

    /// The TCP port on 127.0.0.1, the same for as long as this cluster lives.
    pub fn port(&self) -> u16 {
        self.server.port
    }

    /// The address of a database for the superuser, password included.
    pub fn superuser_url(&self, database: &str) -> String {
        let (password, port) = (&self.password, self.port());
        let database = percent_encoded(database);
        format!("postgres://postgres:{password}@127.0.0.1:{port}/{database}")
    }

    /// The state root in use; others may keep their own files in it.
    pub fn state_dir(&self) -> &Path {
        &self.state.path
    }

    /// Set when the state is not in `.data`: a line to be shown.
    pub fn state_dir_note(&self) -> Option<&str> {
        self.state.note.as_deref()
    }

    /// The server's process id.
    pub fn process_id(&self) -> u32 {
        self.server.process_id()
    }

    /// Whether the server is still there; it ends by itself only by a crash
    /// or because someone stopped it.
    pub fn is_running(&mut self) -> bool {
        self.server.is_running()
    }

    /// Starts the server again on the same port, which its clients know it by,
    /// stopping it first if it runs.
    ///
    /// # Errors
    /// As [`start`](Self::start); the cluster stays stopped and locked, and
    /// can be restarted once the cause is gone, such as another program's
    /// having taken the port.
    pub fn restart(&mut self) -> Result<(), Error> {
        self.server.stop().doing("stop", &self.launch.program)?;
        self.server = start_server(&self.launch, Some(self.port()), None)?;
        Ok(())
    }

    /// Stops the server in order and gives up the lock. A throw-away cluster's
    /// files are removed.
    ///
    /// # Errors
    /// When the server can neither be signalled nor waited for.
    pub fn stop(mut self) -> Result<(), Error> {
        self.close().doing("stop", &self.launch.program)
    }

    fn close(&mut self) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        self.closed = true;
        self.server.stop()?;
        if self.settings.profile == Profile::Throwaway {
            throwaway::discard(&self.instance.dir, &self.settings.working_dir);
        }
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Err(cause) = self.close() {
            tracing::warn!(%cause, "cannot stop PostgreSQL");
        }
    }
}

impl fmt::Debug for Cluster {
    /// Leaves out the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster")
            .field("state", &self.state)
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

fn find_binaries(
    settings: &Settings,
    identity: &Identity,
    data: Option<&(PathBuf, u32)>,
) -> Result<Binaries, Error> {
    let cache_dir = places::cache_dir()?;
    let look_up = LookUp {
        bin_dir: settings.bin_dir.as_deref(),
        archive: settings.archive.as_deref(),
        download_base: settings
            .download_base
            .as_deref()
            .unwrap_or(DEFAULT_DOWNLOAD_BASE),
        cache_dir: &cache_dir,
        artifact: Artifact::for_this_machine(),
        identity,
        data: data.map(|(path, major)| (&**path, *major)),
        installed: &installed::candidates,
    };
    look_up.run()
}

/// Starts on the wanted port, else on the preferred or any free one.
fn start_server(
    launch: &Launch,
    wanted: Option<u16>,
    preferred: Option<u16>,
) -> Result<Server, Error> {
    let mut attempt = 1;
    loop {
        let port = match wanted {
            Some(port) => usable(port),
            None => any_port(preferred),
        };
        let failure = match port.and_then(|port| launch.start(port)) {
            Ok(server) => return Ok(server),
            Err(failure) => failure,
        };
        if attempt == START_ATTEMPTS || !passes(&failure) {
            return Err(failure);
        }
        tracing::debug!(%failure, "PostgreSQL did not start, trying again");
        thread::sleep(Duration::from_millis(50) * attempt);
        attempt += 1;
    }
}

/// PostgreSQL has no "any port", so a free one is looked for and may be taken
/// by someone else before it listens: the start is then repeated.
fn any_port(preferred: Option<u16>) -> Result<u16, Error> {
    match preferred.map(usable) {
        Some(Ok(port)) => Ok(port),
        _ => usable(0),
    }
}

fn usable(port: u16) -> Result<u16, Error> {
    TcpListener::bind(("127.0.0.1", port))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|cause| Error::Port { port, cause })
}

/// Whether the cause goes away by itself.
fn passes(failure: &Error) -> bool {
    // Any outgoing connection may hold the port for a moment.
    if let Error::Port { cause, .. } = failure {
        return cause.kind() == io::ErrorKind::AddrInUse;
    }
    let Error::EarlyExit { tail, .. } = failure else {
        return false;
    };
    // Sessions of a killed server notice its death a moment later.
    tail.contains("could not create any TCP/IP sockets")
        || tail.contains("pre-existing shared memory block")
}

/// Keeps a database's name from ending the path of its address.
fn percent_encoded(name: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    name.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn database_names_are_encoded_where_an_address_needs_it() {
        assert_eq!(percent_encoded("customer_1"), "customer_1");
        assert_eq!(percent_encoded("a/b?c ü"), "a%2Fb%3Fc%20%C3%BC");
    }

    #[test]
    fn a_preferred_port_gives_way_a_wanted_one_does_not() {
        let taken = TcpListener::bind("127.0.0.1:0").expect("bind");
        let port = taken.local_addr().expect("address").port();
        let message = usable(port).expect_err("taken").to_string();
        assert!(message.contains(&port.to_string()), "{message}");
        let other = any_port(Some(port)).expect("another");
        assert_ne!(other, port);
        drop(taken);
        assert_eq!(any_port(Some(port)).expect("free again"), port);
    }
}
