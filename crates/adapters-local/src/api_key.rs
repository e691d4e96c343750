//! Caches API keys in this process.

use customer_domain::api_key::{ApiKey, ApiKeyMemory, PresentedSecret};
use moka::sync::Cache;
use std::time::Duration;

/// A cache of API keys in this process.
///
/// The maximum age of entries bounds how long a key stays valid here after another process has
/// revoked it, or after a request here has put back a key that it read just before the revocation.
#[derive(Debug)]
pub struct MokaApiKeyMemory(Cache<PresentedSecret, ApiKey>);

impl MokaApiKeyMemory {
    /// Creates a cache of up to `capacity` keys, each kept for `max_age` after it was put, however
    /// often it is used. `max_age` should be a few seconds; panics if it is more than 1000 years.
    pub fn new(capacity: u64, max_age: Duration) -> Self {
        let cache = Cache::builder()
            .max_capacity(capacity)
            .time_to_live(max_age);
        Self(cache.build())
    }
}

impl ApiKeyMemory for MokaApiKeyMemory {
    fn get(&self, secret: &PresentedSecret) -> Option<ApiKey> {
        self.0.get(secret)
    }

    fn put(&self, secret: PresentedSecret, key: ApiKey) {
        self.0.insert(secret, key);
    }

    fn forget(&self, secret: &PresentedSecret) {
        self.0.invalidate(secret);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use customer_domain::api_key::Permission;
    use customer_domain::{ApiKeyId, TenantId};
    use std::thread;
    use uuid::Uuid;

    const LONG: Duration = Duration::from_mins(10);

    fn secret(number: u8) -> PresentedSecret {
        PresentedSecret {
            tenant: TenantId(Uuid::from_u128(1)),
            digest: [number; 32],
        }
    }

    fn key(number: u8) -> ApiKey {
        ApiKey {
            id: ApiKeyId(Uuid::from_u128(number.into())),
            tenant: TenantId(Uuid::from_u128(1)),
            name: "orders".to_owned(),
            prefix: "csk_AbCdEfGh".to_owned(),
            permissions: vec![Permission::Read],
            all_tenants: false,
            created_at: DateTime::UNIX_EPOCH,
            expires_at: None,
            last_used_at: None,
            revoked_at: None,
        }
    }

    #[test]
    fn a_key_is_had_by_its_whole_secret() {
        let memory = MokaApiKeyMemory::new(10, LONG);
        memory.put(secret(1), key(1));
        assert_eq!(memory.get(&secret(1)), Some(key(1)));
        assert_eq!(memory.get(&secret(2)), None);
        let other_tenant = PresentedSecret {
            tenant: TenantId(Uuid::from_u128(2)),
            ..secret(1)
        };
        assert_eq!(memory.get(&other_tenant), None);
    }

    #[test]
    fn the_newest_state_of_a_key_is_remembered() {
        let memory = MokaApiKeyMemory::new(10, LONG);
        memory.put(secret(1), key(1));
        memory.put(secret(1), key(2));
        assert_eq!(memory.get(&secret(1)), Some(key(2)));
    }

    #[test]
    fn a_forgotten_key_is_gone_at_once_and_others_stay() {
        let memory = MokaApiKeyMemory::new(10, LONG);
        memory.put(secret(1), key(1));
        memory.put(secret(2), key(2));
        memory.forget(&secret(1));
        assert_eq!(memory.get(&secret(1)), None);
        assert_eq!(memory.get(&secret(2)), Some(key(2)));
    }

    #[test]
    fn use_does_not_lengthen_the_age() {
        let age = Duration::from_millis(100);
        let memory = MokaApiKeyMemory::new(10, age);
        memory.put(secret(1), key(1));
        for _ in 0..6 {
            thread::sleep(age / 4);
            memory.get(&secret(1));
        }
        assert_eq!(memory.get(&secret(1)), None);
    }

    #[test]
    fn it_holds_no_more_than_its_capacity() {
        let memory = MokaApiKeyMemory::new(10, LONG);
        for number in 0..=255 {
            memory.put(secret(number), key(number));
        }
        memory.0.run_pending_tasks();
        assert_eq!(memory.0.entry_count(), 10);
    }
}
