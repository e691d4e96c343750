use super::super::kind::{DAY, Kind, MILLISECOND, MINUTE, SECOND};
use super::{Section, Setting, setting};

const fn timeout(name: &'static str, path: &'static str, meaning: &'static str) -> Setting {
    setting(
        name,
        path,
        Kind::Duration {
            min: MILLISECOND,
            max: MINUTE,
        },
        meaning,
    )
    .not_built()
}

const fn lifetime(name: &'static str, path: &'static str, meaning: &'static str) -> Setting {
    setting(
        name,
        path,
        Kind::Seconds {
            min: SECOND,
            max: DAY.saturating_mul(365),
        },
        meaning,
    )
    .not_built()
}

pub(super) static SECTION: Section = Section {
    title: "cache",
    settings: &[
        setting(
            "CUSTOMER_CACHE_ENABLED",
            "cache.enabled",
            Kind::Bool,
            "answer reads from the cache",
        )
        .or("true")
        .also(&["CACHE_ENABLED"])
        .not_built(),
        setting(
            "CUSTOMER_PARALLEL_LOADING",
            "cache.parallel_loading",
            Kind::Bool,
            "load the parts of a customer at the same time",
        )
        .or("true")
        .also(&["PARALLEL_LOADING"])
        .not_built(),
        setting(
            "CUSTOMER_REDIS_URL",
            "redis.url",
            Kind::Url(&["redis", "rediss"]),
            "Redis 7 or later, as a URL",
        )
        .also(&["REDIS_URL"])
        .not_built(),
        setting(
            "CUSTOMER_REDIS_ADDR",
            "redis.addr",
            Kind::Endpoint,
            "Redis 7 or later, as host and port",
        )
        .not_built(),
        setting(
            "CUSTOMER_REDIS_PASSWORD",
            "redis.password",
            Kind::Secret,
            "password for CUSTOMER_REDIS_ADDR",
        )
        .not_built(),
        setting(
            "CUSTOMER_REDIS_DB",
            "redis.db",
            Kind::Integer { min: 0, max: 1_000 },
            "number of the database at CUSTOMER_REDIS_ADDR",
        )
        .or("0")
        .not_built(),
        timeout(
            "CUSTOMER_REDIS_DIAL_TIMEOUT",
            "redis.dial_timeout",
            "how long connecting to Redis may take",
        )
        .or("5s"),
        timeout(
            "CUSTOMER_REDIS_READ_TIMEOUT",
            "redis.read_timeout",
            "how long Redis may take to answer",
        )
        .or("3s"),
        timeout(
            "CUSTOMER_REDIS_WRITE_TIMEOUT",
            "redis.write_timeout",
            "how long Redis may take to accept a command",
        )
        .or("3s"),
        lifetime(
            "CUSTOMER_REDIS_TTL_PROFILE",
            "redis.ttl.profile",
            "how long a customer is cached",
        )
        .or("1h")
        .also(&["REDIS_TTL_PROFILE"]),
        lifetime(
            "CUSTOMER_REDIS_TTL_SEGMENT",
            "redis.ttl.segment",
            "how long a customer's tier and segment are cached",
        )
        .or("30m")
        .also(&["REDIS_TTL_SEGMENT"]),
        lifetime(
            "CUSTOMER_REDIS_TTL_SEGMENTS",
            "redis.ttl.segments",
            "how long a customer's memberships are cached",
        )
        .or("30m")
        .also(&["REDIS_TTL_SEGMENTS"]),
        lifetime(
            "CUSTOMER_REDIS_TTL_ADDRESSES",
            "redis.ttl.addresses",
            "how long a customer's addresses are cached",
        )
        .or("2h")
        .also(&["REDIS_TTL_ADDRESSES"]),
        lifetime(
            "CUSTOMER_REDIS_TTL_LEGACY_MAPPING",
            "redis.ttl.legacy_mapping",
            "how long a legacy id is cached",
        )
        .or("1d")
        .also(&["REDIS_TTL_LEGACY_MAPPING"]),
    ],
};
