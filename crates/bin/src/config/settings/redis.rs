use std::time::Duration;

use secrecy::SecretString;

use super::setting;
use crate::config::kind::{
    Bool, DAY, ENDPOINT, MILLISECOND, MINUTE, SECOND, Secret, ServerUrl, Span, duration, integer,
    seconds,
};

const TIMEOUT: Span = duration(MILLISECOND, MINUTE);
const LIFETIME: Span = seconds(SECOND, DAY.saturating_mul(365));

section! {
    "cache";

    /// Whether reads are answered from the cache.
    CUSTOMER_CACHE_ENABLED: bool =
        setting("cache.enabled", &Bool).or("true").also(&["CACHE_ENABLED"]), not_built;

    /// Whether the parts of a customer are loaded concurrently.
    CUSTOMER_PARALLEL_LOADING: bool =
        setting("cache.parallel_loading", &Bool).or("true").also(&["PARALLEL_LOADING"]), not_built;

    /// URL of the Redis server (version 7 or later).
    CUSTOMER_REDIS_URL: SecretString =
        setting("redis.url", &ServerUrl(&["redis", "rediss"])).also(&["REDIS_URL"]), not_built;

    /// Host and port of the Redis server (version 7 or later), instead of a URL.
    CUSTOMER_REDIS_ADDR: String = setting("redis.addr", &ENDPOINT), not_built;

    /// Password for CUSTOMER_REDIS_ADDR.
    CUSTOMER_REDIS_PASSWORD: SecretString = setting("redis.password", &Secret), not_built;

    /// Number of the Redis database at CUSTOMER_REDIS_ADDR.
    CUSTOMER_REDIS_DB: u32 = setting("redis.db", &integer(0, 1_000)).or("0"), not_built;

    /// Time limit for connecting to Redis.
    CUSTOMER_REDIS_DIAL_TIMEOUT: Duration = setting("redis.dial_timeout", &TIMEOUT).or("5s"), not_built;

    /// Time limit for receiving a reply from Redis.
    CUSTOMER_REDIS_READ_TIMEOUT: Duration = setting("redis.read_timeout", &TIMEOUT).or("3s"), not_built;

    /// Time limit for sending a command to Redis.
    CUSTOMER_REDIS_WRITE_TIMEOUT: Duration = setting("redis.write_timeout", &TIMEOUT).or("3s"), not_built;

    /// How long a customer is cached.
    CUSTOMER_REDIS_TTL_PROFILE: Duration =
        setting("redis.ttl.profile", &LIFETIME).or("1h").also(&["REDIS_TTL_PROFILE"]), not_built;

    /// How long a customer's tier and segment are cached.
    CUSTOMER_REDIS_TTL_SEGMENT: Duration =
        setting("redis.ttl.segment", &LIFETIME).or("30m").also(&["REDIS_TTL_SEGMENT"]), not_built;

    /// How long a customer's segment memberships are cached.
    CUSTOMER_REDIS_TTL_SEGMENTS: Duration =
        setting("redis.ttl.segments", &LIFETIME).or("30m").also(&["REDIS_TTL_SEGMENTS"]), not_built;

    /// How long a customer's addresses are cached.
    CUSTOMER_REDIS_TTL_ADDRESSES: Duration =
        setting("redis.ttl.addresses", &LIFETIME).or("2h").also(&["REDIS_TTL_ADDRESSES"]), not_built;

    /// How long the mapping of a legacy id to a customer is cached.
    CUSTOMER_REDIS_TTL_LEGACY_MAPPING: Duration =
        setting("redis.ttl.legacy_mapping", &LIFETIME).or("1d").also(&["REDIS_TTL_LEGACY_MAPPING"]), not_built;
}
