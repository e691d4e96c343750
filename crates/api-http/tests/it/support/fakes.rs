//! Deterministic and cheap implementations of the ports that the store does not implement.

use super::keys::{digest, secret};
use customer_domain::api_key::{ApiKey, ApiKeyMemory, ApiKeySecrets, NewSecret, PresentedSecret};
use customer_domain::{DigestPurpose, KeyedDigest, TenantId};
use customer_http::api::{LogLevelError, LogLevelState, LogLevels};
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use uuid::Uuid;

/// Creates the secrets of new keys, counted from 1000.
#[derive(Default)]
pub(super) struct CountedSecrets(AtomicU64);

impl ApiKeySecrets for CountedSecrets {
    fn generate(&self, tenant: TenantId) -> NewSecret {
        let secret = secret(1000 + self.0.fetch_add(1, Ordering::Relaxed), tenant);
        NewSecret {
            prefix: secret.chars().take(12).collect(),
            digest: digest(&secret),
            secret: secret.into(),
        }
    }

    fn read(&self, presented: &str) -> Option<PresentedSecret> {
        let numbers = presented.strip_prefix("csk_")?;
        let tenant = Uuid::try_parse(numbers.get(8..)?).ok()?;
        Some(PresentedSecret {
            tenant: TenantId(tenant),
            digest: digest(presented),
        })
    }
}

/// Caches keys forever.
#[derive(Default)]
pub(super) struct RememberedKeys(Mutex<HashMap<PresentedSecret, ApiKey>>);

impl ApiKeyMemory for RememberedKeys {
    fn get(&self, secret: &PresentedSecret) -> Option<ApiKey> {
        self.0.lock().expect("memory").get(secret).cloned()
    }

    fn put(&self, secret: PresentedSecret, key: ApiKey) {
        self.0.lock().expect("memory").insert(secret, key);
    }

    fn forget(&self, secret: &PresentedSecret) {
        self.0.lock().expect("memory").remove(secret);
    }
}

/// Digests without protection, which differ if the purposes or the messages do.
pub(super) struct FoldedDigests;

impl KeyedDigest for FoldedDigests {
    fn digest(&self, purpose: DigestPurpose, message: &[u8]) -> [u8; 32] {
        let key = match purpose {
            DigestPurpose::IdempotentBody => 1,
            DigestPurpose::Cursor => 2,
            DigestPurpose::Address => 3,
            DigestPurpose::MailToken => 4,
            DigestPurpose::AuditEntry => 5,
            DigestPurpose::RootCheck => 6,
        };
        folded(key, message)
    }
}

/// Computes four FNV-1a hashes with different initial values.
pub(super) fn folded(key: u8, message: &[u8]) -> [u8; 32] {
    let mut digest = [0; 32];
    for (lane, part) in digest.chunks_exact_mut(8).enumerate() {
        let lane = u8::try_from(lane).expect("four lanes");
        let bytes = [lane, key].into_iter().chain(message.iter().copied());
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        part.copy_from_slice(&hash.to_be_bytes());
    }
    digest
}

/// A log level that has no effect.
#[derive(Default)]
pub(super) struct PlainLevels(Mutex<Option<String>>);

impl LogLevels for PlainLevels {
    fn show(&self) -> LogLevelState {
        let level = self.0.lock().expect("a level").clone();
        LogLevelState {
            level: level.unwrap_or_else(|| "info".to_owned()),
            configured: "info".to_owned(),
        }
    }

    fn change(&self, level: Option<&str>, _: &str) -> Result<LogLevelState, LogLevelError> {
        let is_level =
            |word: &str| ["off", "error", "warn", "info", "debug", "trace"].contains(&word);
        let is_directive =
            |part: &&str| is_level(part.split_once('=').map_or(part, |(_, level)| level));
        let parts = level.into_iter().flat_map(|level| level.split(','));
        let bad: Vec<_> = parts.filter(|part| !is_directive(part)).collect();
        if !bad.is_empty() {
            let bad = bad.into_iter().map(str::to_owned).collect();
            return Err(LogLevelError::Unreadable(bad));
        }
        *self.0.lock().expect("a level") = level.map(str::to_owned);
        Ok(self.show())
    }
}
