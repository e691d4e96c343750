//! Starts, restarts and stops a private PostgreSQL.

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

/// Attempts over about 1.5 s, because a port may be taken or the sessions of a killed server still be ending.
const START_ATTEMPTS: u32 = 8;

/// A running private PostgreSQL. Dropping it stops it.
///
/// Every method blocks; from async code, call them on a thread that may block.
#[must_use = "dropping a cluster stops it"]
pub struct Cluster {
    // Dropped before the instance, whose lock is released last.
    server: Server,
    launch: Launch,
    instance: Instance,
    state: StateRoot,
    password: String,
    settings: Settings,
    closed: bool,
}

impl Cluster {
    /// Downloads the binaries and creates the data folder if necessary, locks it, starts PostgreSQL, and returns when
    /// it accepts connections.
    ///
    /// # Errors
    /// Any [`Error`]: no binaries, another process on the same working folder, no port, or an error of PostgreSQL
    /// itself.
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

    /// Returns the TCP port on 127.0.0.1, which this cluster keeps when restarted.
    pub fn port(&self) -> u16 {
        self.server.port
    }

    /// Returns the superuser's URL of a database, including the password.
    pub fn superuser_url(&self, database: &str) -> String {
        let (password, port) = (&self.password, self.port());
        let database = percent_encoded(database);
        format!("postgres://postgres:{password}@127.0.0.1:{port}/{database}")
    }

    /// Returns the state root in use; the caller may keep other files in it.
    pub fn state_dir(&self) -> &Path {
        &self.state.path
    }

    /// Returns a line for the user if the state is not in `.data`.
    pub fn state_dir_note(&self) -> Option<&str> {
        self.state.note.as_deref()
    }

    /// Returns the server's process id.
    pub fn process_id(&self) -> u32 {
        self.server.process_id()
    }

    /// Returns `true` if the server is running; it ends by itself only if it crashes or another process stops it.
    pub fn is_running(&mut self) -> bool {
        self.server.is_running()
    }

    /// Restarts the server on the same port, which its clients know; stops it first if it is running.
    ///
    /// # Errors
    /// As [`start`](Self::start); the cluster then stays stopped and locked, and can be restarted once the cause is
    /// gone, such as another program on the port.
    pub fn restart(&mut self) -> Result<(), Error> {
        self.server.stop().doing("stop", &self.launch.program)?;
        self.server = start_server(&self.launch, Some(self.port()), None)?;
        Ok(())
    }

    /// Stops the server in order and releases the lock. Deletes the files of a throw-away cluster.
    ///
    /// # Errors
    /// If the server cannot be signalled or waited for.
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
    /// Omits the password.
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

/// Starts on the wanted port; if none is wanted, on the preferred or any free one.
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

/// Returns a free port. PostgreSQL cannot listen on "any port", and another program may take this one first: the start
/// is then repeated.
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

/// Returns `true` if the cause goes away by itself.
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

/// Encodes a database's name so that it cannot end the path of its URL.
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
