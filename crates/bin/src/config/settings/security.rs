use super::super::kind::{DAY, Kind, MINUTE};
use super::{Section, setting};

/// More than this helps no machine.
pub(in crate::config) const MOST_HASHING_THREADS: u64 = 256;

pub(super) static SECTION: Section = Section {
    title: "security",
    settings: &[
        setting(
            "CUSTOMER_SECRET_KEY",
            "security.secret_key",
            Kind::Key,
            "root secret from which all keys are derived; development makes one and keeps it in its state folder",
        ),
        setting(
            "CUSTOMER_MASTER_KEYS",
            "security.master_keys",
            Kind::MasterKeys,
            "keys that the keys of tenants are wrapped under; the newest wraps, the others unwrap what was wrapped before; \
             development takes one from the root secret",
        ),
        setting(
            "CUSTOMER_ARGON2_MEMORY_KIB",
            "security.argon2.memory_kib",
            Kind::Integer {
                min: 19_456,
                max: 1_048_576,
            },
            "memory of one password hash in KiB; at least 47104 for a hash of one pass",
        )
        .or("19456"),
        setting(
            "CUSTOMER_ARGON2_ITERATIONS",
            "security.argon2.iterations",
            Kind::Integer { min: 1, max: 32 },
            "passes of one password hash over its memory",
        )
        .or("2"),
        setting(
            "CUSTOMER_ARGON2_PARALLELISM",
            "security.argon2.parallelism",
            Kind::Integer { min: 1, max: 16 },
            "lanes of one password hash",
        )
        .or("1"),
        setting(
            "CUSTOMER_HASHING_THREADS",
            "security.hashing.threads",
            Kind::Integer {
                min: 1,
                max: MOST_HASHING_THREADS,
            },
            "threads that hash passwords; by default as many as there are cores",
        ),
        setting(
            "CUSTOMER_HASHING_QUEUE_LENGTH",
            "security.hashing.queue_length",
            Kind::Integer {
                min: 0,
                max: 10_000,
            },
            "password hashes that may wait for a thread; further ones are answered 503",
        )
        .or("64"),
        setting(
            "CUSTOMER_PASSWORD_MIN_LENGTH",
            "security.password_min_length",
            Kind::Integer { min: 8, max: 128 },
            "shortest password in characters",
        )
        .or("8")
        .also(&["PASSWORD_MIN_LENGTH"]),
        setting(
            "CUSTOMER_SESSION_TIMEOUT",
            "security.session_timeout",
            Kind::Seconds {
                min: MINUTE,
                max: DAY.saturating_mul(365),
            },
            "how long a session is remembered without being used",
        )
        .or("30m")
        .also(&["SESSION_TIMEOUT"])
        .not_built(),
        setting(
            "CUSTOMER_JWT_SECRET",
            "security.jwt_secret",
            Kind::Secret,
            "secret with which tokens of an HS256 issuer are verified",
        )
        .also(&["JWT_SECRET"])
        .not_built(),
        setting(
            "CUSTOMER_BCRYPT_COST",
            "security.bcrypt_cost",
            Kind::Integer { min: 4, max: 31 },
            "cost of bcrypt hashes; new passwords are hashed with argon2id",
        )
        .also(&["BCRYPT_COST"])
        .not_built(),
    ],
};
