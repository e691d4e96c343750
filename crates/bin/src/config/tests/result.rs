use std::time::Duration;

use secrecy::ExposeSecret as _;

use super::*;

#[test]
fn nothing_set_is_a_development_that_starts() {
    let config = Place::new().loaded().config;
    assert_eq!(config.environment, Environment::Development);
    assert_eq!(config.server.address.to_string(), "127.0.0.1");
    assert_eq!(config.server.port, 8003);
    assert_eq!(config.server.max_concurrent_requests, 1000);
    assert_eq!(config.server.max_body_bytes, 256 * 1024);
    assert_eq!(
        config.server.idempotency_retention,
        Duration::from_hours(24)
    );
    assert!(config.database.url.is_none());
    assert_eq!(config.database.max_connections, 25);
    assert_eq!(config.database.min_idle_connections, 5);
    assert_eq!(config.database.conn_max_lifetime, Duration::from_mins(5));
    assert_eq!(config.database.distributed, Distributed::None);
    assert!(config.security.secret_key.is_none());
    assert!(config.security.master_keys.is_none());
    assert_eq!(
        config.security.argon2,
        settings::security::Argon2 {
            memory_kib: 19_456,
            iterations: 2,
            parallelism: 1
        }
    );
    assert_eq!(config.security.hashing_queue_length, 64);
    let groups = config.customers.groups.iter();
    let groups: Vec<_> = groups.map(|(id, name)| format!("{id}={name}")).collect();
    assert_eq!(groups, ["retail=Retail", "vip=VIP", "wholesale=Wholesale"]);
    assert_eq!(config.jobs.lease, Duration::from_secs(15));
    assert_eq!(config.jobs.port, None);
    assert_eq!(config.jobs.audit_retention.as_secs(), 2_557 * 86_400);
    assert!(config.customers.preference_defaults.opt_ins.is_empty());
    assert_eq!(config.observability.log_format, LogFormat::Text);
    assert_eq!(config.observability.metrics_port, None);
}

#[test]
fn every_optional_setting_reaches_the_result() {
    let url = |user: &str| format!("postgres://{user}@localhost/c");
    let (owner, app, worker) = (url("owner"), url("app"), url("worker"));
    let place = Place::new().set(&[
        ("CUSTOMER_DATABASE_URL", &owner),
        ("CUSTOMER_DATABASE_APP_URL", &app),
        ("CUSTOMER_DATABASE_WORKER_URL", &worker),
        ("CUSTOMER_DATABASE_DISTRIBUTED", "citus"),
        ("CUSTOMER_SECRET_KEY", KEY),
        ("CUSTOMER_MASTER_KEYS", MASTER_KEYS),
        ("CUSTOMER_HASHING_THREADS", "3"),
        ("CUSTOMER_HTTP_EXTRA_PORTS", "8007, 8089"),
        (
            "CUSTOMER_TRUSTED_PROXIES",
            "10.1.2.3/8, 2001:DB8::1, ::ffff:192.0.2.7",
        ),
        ("CUSTOMER_PUBLIC_BASE_URL", "https://api.example.com/"),
        (
            "CUSTOMER_CORS_ORIGINS",
            "https://Shop.example.com,http://localhost:3000",
        ),
        ("CUSTOMER_METRICS_PORT", "9464"),
        ("CUSTOMER_WORK_PORT", "8004"),
        ("CUSTOMER_POSTGRES_PORT", "5433"),
        ("CUSTOMER_POSTGRES_BIN_DIR", "/usr/lib/postgresql/15/bin"),
        ("CUSTOMER_POSTGRES_ARCHIVE", "postgres.jar"),
        (
            "CUSTOMER_POSTGRES_DOWNLOAD_BASE",
            "https://mirror.example.com/maven2",
        ),
    ]);
    let config = place.loaded().config;
    let secret = |secret: &Option<secrecy::SecretString>| {
        secret.as_ref().unwrap().expose_secret().to_owned()
    };
    assert_eq!(secret(&config.database.url), owner);
    assert_eq!(secret(&config.database.app_url), app);
    assert_eq!(secret(&config.database.worker_url), worker);
    assert_eq!(
        secret(&config.security.master_keys),
        MASTER_KEYS.replace('\n', ",")
    );
    assert_eq!(config.database.distributed, Distributed::Citus);
    assert_eq!(
        config.security.secret_key.unwrap().expose_secret()[..3],
        [1, 2, 3]
    );
    assert_eq!(config.security.hashing_threads.get(), 3);
    assert_eq!(config.server.extra_ports, [8007, 8089]);
    let proxies = config
        .server
        .trusted_proxies
        .iter()
        .map(ToString::to_string);
    assert_eq!(
        proxies.collect::<Vec<_>>(),
        ["10.0.0.0/8", "2001:db8::1/128", "192.0.2.7/32"]
    );
    assert_eq!(
        config.server.public_base_url.as_deref(),
        Some("https://api.example.com")
    );
    assert_eq!(
        config.server.cors_origins,
        ["https://shop.example.com", "http://localhost:3000"]
    );
    assert_eq!(config.observability.metrics_port, Some(9464));
    assert_eq!(config.jobs.port, Some(8004));
    assert_eq!(config.embedded.port, Some(5433));
    assert_eq!(
        config.embedded.bin_dir,
        Some("/usr/lib/postgresql/15/bin".into())
    );
    assert_eq!(config.embedded.archive, Some("postgres.jar".into()));
    assert_eq!(
        config.embedded.download_base.as_deref(),
        Some("https://mirror.example.com/maven2")
    );
    assert_eq!(config.work_dir, place.folder.path());
}

#[test]
fn no_secret_is_shown_anywhere() {
    let place = Place::production().set(&[
        ("CUSTOMER_JWT_SECRET", "hunter2"),
        ("CUSTOMER_REDIS_PASSWORD", "hunter2"),
        ("REDIS_URL", "redis://:hunter2@cache:6379"),
        ("MAGENTO_DB_URL", "mysql://u:hunter2@db/m"),
        ("APP_API_TOKEN", "hunter2"),
        ("DAPR_API_TOKEN", "hunter2"),
        (
            "CUSTOMER_DATABASE_APP_URL",
            "postgres://u@db/c?password=hunter2",
        ),
    ]);
    let loaded = place.loaded();
    for shown in [
        place.rendered(),
        format!("{loaded:?}"),
        format!("{:#?}", loaded.config),
    ] {
        for secret in ["hunter2", "sTr0ng", KEY, "4PyU0c7W", "0gS2yVZb", "1, 2, 3"] {
            assert!(!shown.contains(secret), "{secret}\n{shown}");
        }
    }
}

#[test]
fn each_setting_is_shown_with_its_value_and_where_it_came_from() {
    let place = Place::new()
        .yaml("customers: { groups: [a, b] }")
        .dotenv("CUSTOMER_DEFAULT_COUNTRY=de")
        .file("db", "postgres://u:hunter2@localhost/c")
        .set(&[
            ("PORT", "8089"),
            ("DATABASE_URL_FILE", "db"),
            ("BCRYPT_COST", "12"),
        ]);
    let rendered = place.rendered();
    let line = |name: &str| {
        let line = rendered
            .lines()
            .find(|line| line.starts_with(&format!("{name}=")))
            .unwrap();
        line.split_once(" #")
            .map(|(value, origin)| (value.trim().to_owned(), origin.trim().to_owned()))
            .unwrap()
    };
    for (name, value, origin) in [
        (
            "CUSTOMER_GROUPS",
            "a,b",
            "customers.groups in configs/config.yaml",
        ),
        (
            "CUSTOMER_DEFAULT_COUNTRY",
            "DE",
            "CUSTOMER_DEFAULT_COUNTRY in .env",
        ),
        ("CUSTOMER_HTTP_PORT", "8089", "PORT in the environment"),
        (
            "CUSTOMER_DATABASE_URL",
            "postgres://u:***@localhost/c",
            "the file named by DATABASE_URL_FILE",
        ),
        ("CUSTOMER_LOG_LEVEL", "info", "default"),
        ("CUSTOMER_SECRET_KEY", "", "not set"),
        (
            "CUSTOMER_BCRYPT_COST",
            "12",
            "BCRYPT_COST in the environment; not built yet",
        ),
        ("CUSTOMER_CACHE_ENABLED", "true", "default; not built yet"),
    ] {
        assert_eq!(line(name), (format!("{name}={value}"), origin.to_owned()));
    }
    assert!(
        rendered.ends_with(
            "# accepted, but not built yet and so without effect: CUSTOMER_BCRYPT_COST\n"
        )
    );
    assert_eq!(rendered, place.rendered(), "the order is stable");
}

#[test]
fn names_without_a_part_are_listed_only_when_set() {
    assert!(
        Place::new()
            .loaded()
            .effective
            .set_but_not_built()
            .is_empty()
    );
    let place = Place::new().set(&[("JWT_SECRET", "x"), ("CUSTOMER_GRPC_PORT", "9003")]);
    assert_eq!(
        place.loaded().effective.set_but_not_built(),
        ["CUSTOMER_GRPC_PORT", "CUSTOMER_JWT_SECRET"]
    );
}

#[test]
fn every_setting_is_rendered_and_is_in_the_example() {
    let rendered = Place::new().rendered();
    let mut example = Vec::new();
    write_example(&mut example).unwrap();
    let example = String::from_utf8(example).unwrap();
    for setting in settings::all() {
        assert!(
            rendered.contains(&format!("\n{}=", setting.name)),
            "{}",
            setting.name
        );
        assert!(
            example.contains(&format!("\n#{}=", setting.name)),
            "{}",
            setting.name
        );
        assert!(
            setting.aliases.iter().all(|alias| example.contains(alias)),
            "{}",
            setting.name
        );
    }
}

#[test]
fn the_example_with_every_line_set_is_a_development_that_starts() {
    let mut example = Vec::new();
    write_example(&mut example).unwrap();
    let example = String::from_utf8(example).unwrap();
    Place::new().dotenv(&example).loaded();
    let set = example.replace("\n#CUSTOMER_", "\nCUSTOMER_");
    let config = Place::new().dotenv(&set).loaded().config;
    let mut defaults = Place::new().loaded().config;
    defaults.work_dir.clone_from(&config.work_dir);
    assert_eq!(format!("{config:?}"), format!("{defaults:?}"));
}
