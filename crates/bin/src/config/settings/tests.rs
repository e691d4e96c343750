//! The rules that every setting obeys.

use std::collections::BTreeSet;

use super::*;

/// Every name in the five documents that this service implements.
const DOCUMENTED: &[&str] = &[
    "BCRYPT_COST",
    "CACHE_ENABLED",
    "CONSUL_URL",
    "CUSTOMER_AUTH_SERVICE_ADDR",
    "CUSTOMER_BCRYPT_COST",
    "CUSTOMER_DATABASE_DSN",
    "CUSTOMER_ENABLE_2FA",
    "CUSTOMER_ENABLE_ANALYTICS",
    "CUSTOMER_ENABLE_SEGMENTS",
    "CUSTOMER_GRPC_PORT",
    "CUSTOMER_HTTP_PORT",
    "CUSTOMER_JWT_SECRET",
    "CUSTOMER_LOG_LEVEL",
    "CUSTOMER_LOYALTY_SERVICE_ADDR",
    "CUSTOMER_METRICS_ENABLED",
    "CUSTOMER_ORDER_SERVICE_ADDR",
    "CUSTOMER_REDIS_ADDR",
    "CUSTOMER_REDIS_PASSWORD",
    "CUSTOMER_TRACING_ENABLED",
    "DATABASE_IDLE_CONNECTIONS",
    "DATABASE_MAX_CONNECTIONS",
    "DATABASE_URL",
    "DEFAULT_CUSTOMER_TYPE",
    "DEFAULT_STATUS",
    "DEFAULT_TIER",
    "EMAIL_VERIFICATION_REQUIRED",
    "ENVIRONMENT",
    "HEALTH_CHECK_INTERVAL",
    "JWT_SECRET",
    "LOYALTY_SERVICE_URL",
    "MAGENTO_DB_URL",
    "MAX_ADDRESSES_PER_CUSTOMER",
    "MAX_CONCURRENT_REQUESTS",
    "MIGRATION_BATCH_SIZE",
    "MIGRATION_WORKERS",
    "ORDER_SERVICE_URL",
    "PARALLEL_LOADING",
    "PASSWORD_MIN_LENGTH",
    "PHONE_VERIFICATION_REQUIRED",
    "PORT",
    "REDIS_TTL_ADDRESSES",
    "REDIS_TTL_LEGACY_MAPPING",
    "REDIS_TTL_PROFILE",
    "REDIS_TTL_SEGMENT",
    "REDIS_TTL_SEGMENTS",
    "REDIS_URL",
    "SEGMENT_UPDATE_INTERVAL",
    "SERVICE_NAME",
    "SERVICE_PORT",
    "SESSION_TIMEOUT",
];

/// Every key of `configs/config.yaml` in the documents.
const DOCUMENTED_PATHS: &[&str] = &[
    "app.name",
    "app.version",
    "database.dsn",
    "database.max_open_conns",
    "database.max_idle_conns",
    "database.conn_max_lifetime",
    "redis.addr",
    "redis.password",
    "redis.db",
    "redis.dial_timeout",
    "redis.read_timeout",
    "redis.write_timeout",
    "server.http.addr",
    "server.http.port",
    "server.grpc.addr",
    "server.grpc.port",
    "external_services.auth_service",
    "external_services.order_service",
    "external_services.loyalty_service",
    "features.segments",
    "features.analytics",
    "features.two_factor",
    "security.jwt_secret",
    "security.bcrypt_cost",
    "observability.log_level",
    "observability.metrics_enabled",
    "observability.tracing_enabled",
];

#[test]
fn every_documented_name_and_path_is_known() {
    for name in DOCUMENTED {
        assert!(by_name(name).is_some(), "{name}");
    }
    for path in DOCUMENTED_PATHS {
        assert!(by_path(path).is_some(), "{path}");
    }
}

#[test]
fn names_and_paths_are_unique_and_canonical_names_carry_the_prefix() {
    let (mut names, mut paths) = (BTreeSet::new(), BTreeSet::new());
    for setting in all() {
        assert!(
            setting.names().all(|name| names.insert(name)),
            "{}",
            setting.name
        );
        assert!(paths.insert(setting.path), "{}", setting.path);
        assert!(setting.name.starts_with(PREFIX), "{}", setting.name);
        assert!(
            !setting.name.ends_with("_FILE"),
            "{} reads as the name of a file",
            setting.name
        );
        assert!(
            !is_section_path(setting.path),
            "{} is also a section",
            setting.path
        );
    }
}

#[test]
fn every_default_is_taken_by_its_kind_and_no_secret_has_one() {
    for setting in all() {
        for environment in [Environment::Development, Environment::Production] {
            let Some(default) = setting.default_in(environment) else {
                continue;
            };
            assert_eq!(
                setting.kind.canonical(default).as_deref(),
                Some(default),
                "{}",
                setting.name
            );
            assert!(!setting.kind.is_secret(), "{} has a default", setting.name);
        }
    }
}

#[test]
fn the_nearest_name_is_the_one_that_was_meant() {
    for (wrong, meant) in [
        ("CUSTOMER_HTPP_PORT", "CUSTOMER_HTTP_PORT"),
        ("CUSTOMER_SECRET_KYE", "CUSTOMER_SECRET_KEY"),
        (
            "CUSTOMER_DB_MAX_CONNECTIONS",
            "CUSTOMER_DATABASE_MAX_CONNECTIONS",
        ),
    ] {
        assert_eq!(nearest_name(wrong), meant);
    }
    assert_eq!(nearest_path("server.http.prot"), "server.http.port");
}
