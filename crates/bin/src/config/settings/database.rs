use super::super::kind::{DAY, HOUR, Kind, MILLISECOND, MINUTE, SECOND};
use super::{Section, setting};

pub(super) static SECTION: Section = Section {
    title: "database",
    settings: &[
        setting(
            "CUSTOMER_DATABASE_URL",
            "database.dsn",
            Kind::PostgresUrl,
            "PostgreSQL 15 or later, as the role that owns the schema; development starts its own when there is none",
        )
        .also(&["DATABASE_URL", "CUSTOMER_DATABASE_DSN"]),
        setting(
            "CUSTOMER_DATABASE_APP_URL",
            "database.app_url",
            Kind::PostgresUrl,
            "login of its own for serving requests; by default CUSTOMER_DATABASE_URL in the role customer_app",
        ),
        setting(
            "CUSTOMER_DATABASE_WORKER_URL",
            "database.worker_url",
            Kind::PostgresUrl,
            "login of its own for background jobs; by default CUSTOMER_DATABASE_URL in the role customer_worker",
        ),
        setting(
            "CUSTOMER_DATABASE_MAX_CONNECTIONS",
            "database.max_open_conns",
            Kind::Integer { min: 1, max: 10_000 },
            "connections open at once",
        )
        .or("25")
        .also(&["DATABASE_MAX_CONNECTIONS"]),
        setting(
            "CUSTOMER_DATABASE_IDLE_CONNECTIONS",
            "database.min_idle_conns",
            Kind::Integer { min: 0, max: 10_000 },
            "connections opened at the start, for the first requests; later ones are opened when they are needed, and kept",
        )
        .or("5")
        .also(&["DATABASE_IDLE_CONNECTIONS"]),
        setting(
            "CUSTOMER_DATABASE_MAX_IDLE_CONNECTIONS",
            "database.max_idle_conns",
            Kind::Integer { min: 0, max: 10_000 },
            "upper bound of idle connections; the pool keeps what it has opened",
        )
        .not_built(),
        setting(
            "CUSTOMER_DATABASE_CONN_MAX_LIFETIME",
            "database.conn_max_lifetime",
            Kind::Duration { min: SECOND, max: DAY },
            "age from which a connection is closed instead of being used again",
        )
        .or("5m"),
        setting(
            "CUSTOMER_DATABASE_ACQUIRE_TIMEOUT",
            "database.acquire_timeout",
            Kind::Duration { min: MILLISECOND, max: MINUTE },
            "how long a request waits for a connection before it is answered 503",
        )
        .or("2s"),
        setting(
            "CUSTOMER_DATABASE_STATEMENT_TIMEOUT",
            "database.statement_timeout",
            Kind::Duration { min: MILLISECOND, max: HOUR },
            "how long one statement of a request may run",
        )
        .or("10s"),
        setting(
            "CUSTOMER_DATABASE_DISTRIBUTED",
            "database.distributed",
            Kind::OneOf(&["none", "citus"]),
            "what spreads the tables over several servers",
        )
        .or("none"),
    ],
};
