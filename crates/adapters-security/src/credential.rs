//! Hashes passwords with argon2id on separate threads.

use crate::pool::{Pool, PoolError};
use crate::random;
use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use async_trait::async_trait;
use customer_domain::credential::{HashError, NewPassword, PasswordHash, PasswordHasher};
use std::fmt::Display;
use std::io;
use std::ops::RangeInclusive;
use thiserror::Error;

/// OWASP's minimum memory for argon2id with two or more iterations.
const FLOOR_MEMORY_KIB: u32 = 19 * 1024;
/// OWASP's minimum memory for argon2id with one iteration.
const FLOOR_MEMORY_KIB_AT_ONE_ITERATION: u32 = 46 * 1024;

/// Size in bytes from which glibc always allocates directly from the system.
const BEYOND_HEAPS: usize = 33 * 1024 * 1024;

/// Length of a salt, in bytes.
const SALT: usize = 16;

// The accepted settings. A larger value is a mistake, such as bytes for KiB, and would stop the
// service at its first password.
const MAX_MEMORY_KIB: u32 = 1024 * 1024;
const ITERATIONS: RangeInclusive<u32> = 1..=32;
const PARALLELISM: RangeInclusive<u32> = 1..=16;
const THREADS: RangeInclusive<usize> = 1..=256;
const MAX_QUEUE: usize = 10_000;

/// The cost of a hash, and the number of hashes computed at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashingSettings {
    /// Memory of one hash, in KiB: at least 19456 (19 MiB), or 47104 (46 MiB) if `iterations` is 1;
    /// at most 1048576 (1 GiB).
    pub memory_kib: u32,
    /// Passes over the memory, 1 to 32.
    pub iterations: u32,
    /// Lanes, 1 to 16. They are computed one after another on one thread.
    pub parallelism: u32,
    /// Hashes computed at once, 1 to 256. Together they take `threads` × `memory_kib`.
    pub threads: usize,
    /// Passwords that may wait for a thread, 0 to 10000; any more get [`HashError::Busy`].
    pub queue: usize,
}

impl HashingSettings {
    /// Returns every fault, each as a separate text.
    fn faults(&self) -> Vec<String> {
        let floor = match self.iterations {
            1 => FLOOR_MEMORY_KIB_AT_ONE_ITERATION,
            _ => FLOOR_MEMORY_KIB,
        };
        let mut faults = Vec::new();
        if self.memory_kib < floor {
            faults.push(format!(
                "memory {} KiB with {} iterations is below the floor for argon2id \
                 (OWASP: {FLOOR_MEMORY_KIB} KiB with 2 iterations and parallelism 1, \
                 or {FLOOR_MEMORY_KIB_AT_ONE_ITERATION} KiB with 1 iteration)",
                self.memory_kib, self.iterations
            ));
        }
        if self.memory_kib > MAX_MEMORY_KIB {
            faults.push(format!(
                "memory {} KiB is more than {MAX_MEMORY_KIB} KiB (1 GiB)",
                self.memory_kib
            ));
        }
        faults.extend(outside("iterations", self.iterations, ITERATIONS));
        faults.extend(outside("parallelism", self.parallelism, PARALLELISM));
        faults.extend(outside("threads", self.threads, THREADS));
        faults.extend(outside("queue", self.queue, 0..=MAX_QUEUE));
        faults
    }
}

fn outside<N>(name: &str, value: N, range: RangeInclusive<N>) -> Option<String>
where
    N: PartialOrd + Display + Copy,
{
    let (least, most) = range.clone().into_inner();
    (!range.contains(&value)).then(|| format!("{name} is {value}, not from {least} to {most}"))
}

/// The reason why a hasher cannot be created.
#[derive(Debug, Error)]
pub enum HasherError {
    /// The settings are too weak or out of range; the text names every fault.
    #[error("the password hashing settings are invalid: {0}")]
    Settings(String),
    /// The system could not start a thread.
    #[error("the password hasher's threads could not be started")]
    Threads(#[source] io::Error),
}

/// Creates argon2id hashes in the PHC string format, each with a new salt of 16 bytes. Its threads
/// end when it is dropped.
pub struct Argon2Hasher {
    argon2: Argon2<'static>,
    pool: Pool,
}

impl Argon2Hasher {
    /// Validates the settings and starts the threads.
    ///
    /// # Errors
    /// [`HasherError::Settings`] if the settings are below the minimum or out of range,
    /// [`HasherError::Threads`].
    pub fn new(settings: HashingSettings) -> Result<Self, HasherError> {
        let faults = settings.faults();
        if !faults.is_empty() {
            return Err(HasherError::Settings(faults.join("; ")));
        }
        let params = Params::new(
            settings.memory_kib,
            settings.iterations,
            settings.parallelism,
            None,
        )
        .map_err(|error| HasherError::Settings(error.to_string()))?;
        Ok(Self {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            pool: Pool::start("password-hash", settings.threads, settings.queue)
                .map_err(HasherError::Threads)?,
        })
    }
}

#[async_trait]
impl PasswordHasher for Argon2Hasher {
    async fn hash(&self, password: &NewPassword) -> Result<PasswordHash, HashError> {
        let (argon2, password) = (self.argon2.clone(), password.clone());
        self.pool
            .run(move || hash(&argon2, &password))
            .await
            .map_err(|error| match error {
                PoolError::Full => HashError::Busy,
                PoolError::Panicked => HashError::Failed("hashing panicked".to_owned()),
            })?
    }
}

fn hash(argon2: &Argon2<'_>, password: &NewPassword) -> Result<PasswordHash, HashError> {
    let salt = random::bytes::<SALT>();
    in_phc_form(argon2, password.expose().as_bytes(), &salt)
        .map(|hash| PasswordHash(hash.to_string()))
        .map_err(|error| HashError::Failed(error.to_string()))
}

fn in_phc_form(
    argon2: &Argon2<'_>,
    password: &[u8],
    salt: &[u8],
) -> Result<phc::PasswordHash, argon2::password_hash::Error> {
    let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
    let mut memory = memory(argon2.params().block_count());
    argon2.hash_password_into_with_memory(password, salt, &mut output, &mut memory)?;
    Ok(phc::PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: argon2.params().try_into()?,
        salt: Some(phc::Salt::new(salt)?),
        hash: Some(phc::Output::new(&output)?),
    })
}

/// Allocates memory that returns to the system after the hash. Up to 32 MiB glibc would take it
/// from its heaps and fragment them: after some hashes they keep many times as much for good. The
/// capacity beyond `blocks` is never touched, and so takes no memory.
fn memory(blocks: usize) -> Vec<Block> {
    let mut memory = Vec::with_capacity(blocks.max(BEYOND_HEAPS / Block::SIZE));
    memory.resize(blocks, Block::new());
    memory
}

#[cfg(test)]
mod tests {
    use super::*;
    use argon2::PasswordVerifier as _;
    use customer_domain::credential::PasswordPolicy;

    const SETTINGS: HashingSettings = HashingSettings {
        memory_kib: FLOOR_MEMORY_KIB,
        iterations: 2,
        parallelism: 1,
        threads: 1,
        queue: 1,
    };

    fn accepted(password: &str) -> NewPassword {
        PasswordPolicy::default().accept(password, &[]).unwrap()
    }

    fn opens(password: &str, hash: &PasswordHash) -> bool {
        Argon2::default()
            .verify_password(password.as_bytes(), hash.0.as_str())
            .is_ok()
    }

    fn refusal(settings: HashingSettings) -> Option<String> {
        match Argon2Hasher::new(settings) {
            Ok(_) => None,
            Err(error) => Some(error.to_string()),
        }
    }

    #[tokio::test]
    async fn a_hash_names_what_it_cost_and_has_its_own_salt() {
        let hasher = Argon2Hasher::new(SETTINGS).unwrap();
        let password = accepted("securePassword123");
        let first = hasher.hash(&password).await.unwrap();
        let second = hasher.hash(&password).await.unwrap();

        assert!(
            first.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{}",
            first.0
        );
        let (first, second) = (
            phc::PasswordHash::new(&first.0).unwrap(),
            phc::PasswordHash::new(&second.0).unwrap(),
        );
        assert_eq!(first.salt.unwrap().len(), SALT);
        assert_eq!(first.hash.unwrap().len(), 32);
        assert_ne!(first.salt, second.salt);
        assert_ne!(first.hash, second.hash);
    }

    #[tokio::test]
    async fn only_the_exact_password_opens_its_hash() {
        let hasher = Argon2Hasher::new(SETTINGS).unwrap();
        let password = format!("  {}Ž😀x ", "a1".repeat(36));
        let hash = hasher.hash(&accepted(&password)).await.unwrap();

        assert!(opens(&password, &hash));
        for other in [
            password.trim(),
            &password.replace('x', "y"),
            &password.replace('Ž', "ž"),
            &password.replace('Ž', "Z\u{30c}"),
        ] {
            assert!(!opens(other, &hash), "{other:?}");
        }
    }

    #[tokio::test]
    async fn a_full_queue_is_busy_at_once() {
        let hasher = Argon2Hasher::new(HashingSettings {
            queue: 0,
            ..SETTINGS
        })
        .unwrap();
        let password = accepted("securePassword123");

        let (first, second) = tokio::join!(hasher.hash(&password), hasher.hash(&password));
        assert!(first.is_ok());
        assert_eq!(second, Err(HashError::Busy));
        assert!(
            hasher.hash(&password).await.is_ok(),
            "the place is free again"
        );
    }

    #[test]
    fn settings_at_the_floor_are_accepted_and_below_it_refused() {
        let with = |memory_kib, iterations| HashingSettings {
            memory_kib,
            iterations,
            ..SETTINGS
        };
        for strong in [with(19_456, 2), with(19_456, 3), with(47_104, 1)] {
            assert_eq!(refusal(strong), None, "{strong:?}");
        }
        for weak in [with(19_455, 2), with(12_288, 3), with(47_103, 1)] {
            let refusal = refusal(weak).unwrap();
            assert!(
                refusal.contains("19456 KiB with 2 iterations")
                    && refusal.contains("47104 KiB with 1 iteration"),
                "{refusal}"
            );
        }
    }

    #[test]
    fn every_fault_of_the_settings_is_named() {
        let refusal = refusal(HashingSettings {
            memory_kib: 8,
            iterations: 0,
            parallelism: 17,
            threads: 0,
            queue: 10_001,
        })
        .unwrap();
        for fault in [
            "memory 8 KiB",
            "iterations is 0, not from 1 to 32",
            "parallelism is 17, not from 1 to 16",
            "threads is 0, not from 1 to 256",
            "queue is 10001, not from 0 to 10000",
        ] {
            assert!(refusal.contains(fault), "{fault} in {refusal}");
        }
    }

    #[test]
    fn memory_given_in_bytes_is_refused() {
        let refusal = refusal(HashingSettings {
            memory_kib: 19_456 * 1024,
            ..SETTINGS
        });
        assert!(refusal.unwrap().contains("more than 1048576 KiB"));
    }
}
