use std::num::NonZeroUsize;
use std::thread;
use std::time::Duration;

use secrecy::{SecretBox, SecretString};

use super::setting;
use crate::config::kind::{DAY, KEY_LENGTH, Key, MINUTE, MasterKeys, Secret, integer, seconds};
use crate::config::{Effective, Faults};

/// The maximum number of threads that the hasher accepts.
const MAX_HASHING_THREADS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(255);

section! {
    "security";

    /// Root secret, from which the keys of digests and signatures are derived. It must be the same
    /// on every replica and at every start. Required in production; development generates one and
    /// keeps it in its state folder.
    CUSTOMER_SECRET_KEY: SecretBox<[u8; KEY_LENGTH]> = setting("security.secret_key", &Key);

    /// Master keys, which wrap the keys of tenants. The newest wraps new keys; the others only
    /// unwrap keys that were wrapped under them. Required in production; development derives one
    /// from the root secret.
    CUSTOMER_MASTER_KEYS: SecretString = setting("security.master_keys", &MasterKeys);

    /// Memory of one password hash in KiB. At least 47104 if CUSTOMER_ARGON2_ITERATIONS is 1.
    CUSTOMER_ARGON2_MEMORY_KIB: u32 =
        setting("security.argon2.memory_kib", &integer(19_456, 1_048_576)).or("19456");

    /// Number of passes of one password hash over its memory.
    CUSTOMER_ARGON2_ITERATIONS: u32 = setting("security.argon2.iterations", &integer(1, 32)).or("2");

    /// Number of lanes of one password hash. They are computed one after another.
    CUSTOMER_ARGON2_PARALLELISM: u32 = setting("security.argon2.parallelism", &integer(1, 16)).or("1");

    /// Number of threads that hash passwords, and so of hashes computed at the same time. By
    /// default the number of cores, at most 256.
    CUSTOMER_HASHING_THREADS: NonZeroUsize =
        setting("security.hashing.threads", &integer(NonZeroUsize::MIN, MAX_HASHING_THREADS));

    /// Number of passwords that may wait for a thread to hash them. Further requests are answered
    /// 503.
    CUSTOMER_HASHING_QUEUE_LENGTH: usize =
        setting("security.hashing.queue_length", &integer(0, 10_000)).or("64");

    /// Minimum length of a password in characters. The maximum is always 128.
    CUSTOMER_PASSWORD_MIN_LENGTH: usize =
        setting("security.password_min_length", &integer(8, 128)).or("8").also(&["PASSWORD_MIN_LENGTH"]);

    /// How long a session stays valid without being used.
    CUSTOMER_SESSION_TIMEOUT: Duration =
        setting("security.session_timeout", &seconds(MINUTE, DAY.saturating_mul(365)))
            .or("30m").also(&["SESSION_TIMEOUT"]), not_built;

    /// Secret for verifying tokens that an issuer signs with HS256.
    CUSTOMER_JWT_SECRET: SecretString =
        setting("security.jwt_secret", &Secret).also(&["JWT_SECRET"]), not_built;

    /// Cost factor of bcrypt hashes. New passwords are hashed with argon2id instead.
    CUSTOMER_BCRYPT_COST: u32 =
        setting("security.bcrypt_cost", &integer(4, 31)).also(&["BCRYPT_COST"]), not_built;
}

#[derive(Debug)]
pub(crate) struct Security {
    /// `None` only in development, where a secret is generated and kept in the state folder.
    pub(crate) secret_key: Option<SecretBox<[u8; KEY_LENGTH]>>,
    /// The canonical text of the keys; `None` only in development, where one is derived from the
    /// root secret.
    pub(crate) master_keys: Option<SecretString>,
    pub(crate) argon2: Argon2,
    pub(crate) hashing_threads: NonZeroUsize,
    pub(crate) hashing_queue_length: usize,
    pub(crate) password_min_length: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Argon2 {
    pub(crate) memory_kib: u32,
    pub(crate) iterations: u32,
    pub(crate) parallelism: u32,
}

impl Security {
    pub(in crate::config) fn read(from: &Effective) -> Result<Self, Faults> {
        Ok(Self {
            secret_key: from.find(&CUSTOMER_SECRET_KEY),
            master_keys: from.find(&CUSTOMER_MASTER_KEYS),
            argon2: Argon2 {
                memory_kib: from.get(&CUSTOMER_ARGON2_MEMORY_KIB)?,
                iterations: from.get(&CUSTOMER_ARGON2_ITERATIONS)?,
                parallelism: from.get(&CUSTOMER_ARGON2_PARALLELISM)?,
            },
            hashing_threads: from.find(&CUSTOMER_HASHING_THREADS).unwrap_or_else(cores),
            hashing_queue_length: from.get(&CUSTOMER_HASHING_QUEUE_LENGTH)?,
            password_min_length: from.get(&CUSTOMER_PASSWORD_MIN_LENGTH)?,
        })
    }
}

/// Returns the number of cores available to this process, at most [`MAX_HASHING_THREADS`].
fn cores() -> NonZeroUsize {
    let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    cores.min(MAX_HASHING_THREADS)
}
