use super::*;

fn port(place: &Place) -> u16 {
    place.loaded().config.server.port
}

#[test]
fn each_layer_overrides_those_before_it() {
    let place = Place::new();
    assert_eq!(port(&place), 8003);
    let place = place.yaml("server: { http: { port: 1 } }");
    assert_eq!(port(&place), 1);
    let place = place.dotenv("CUSTOMER_HTTP_PORT=2");
    assert_eq!(port(&place), 2);
    let place = place.set(&[("CUSTOMER_HTTP_PORT", "3")]);
    assert_eq!(port(&place), 3);
    let place = place
        .file("secrets/port", "4\n")
        .set(&[("CUSTOMER_HTTP_PORT_FILE", "secrets/port")]);
    assert_eq!(port(&place), 4);
}

#[test]
fn a_higher_layer_may_use_another_name() {
    let place = Place::new()
        .dotenv("CUSTOMER_HTTP_PORT=1")
        .set(&[("PORT", "2")]);
    assert_eq!(port(&place), 2);
}

#[test]
fn every_documented_name_of_one_setting_sets_it() {
    for name in ["CUSTOMER_HTTP_PORT", "PORT", "SERVICE_PORT"] {
        assert_eq!(port(&Place::new().set(&[(name, "8089")])), 8089, "{name}");
    }
}

#[test]
fn two_names_of_one_setting_must_agree() {
    let agreeing = [("PORT", "8089"), ("SERVICE_PORT", "08089")];
    assert_eq!(port(&Place::new().set(&agreeing)), 8089);

    let url = |password| format!("postgres://u:{password}@localhost/c");
    let (one, other) = (url("hunter2"), url("hunter3"));
    let place = Place::new().set(&[("DATABASE_URL", &one), ("CUSTOMER_DATABASE_DSN", &other)]);
    assert_faults(&place, &["DATABASE_URL in the environment"]);
    let fault = &place.faults()[0];
    assert!(
        fault.contains("CUSTOMER_DATABASE_DSN in the environment"),
        "{fault}"
    );
    assert!(!fault.contains("hunter"), "{fault}");
}

#[test]
fn an_empty_value_is_no_value() {
    let place = Place::new()
        .yaml("server: { http: { port: '' } }\nredis: { password: \"${CUSTOMER_REDIS_PASSWORD}\" }")
        .dotenv("PORT=")
        .set(&[
            ("CUSTOMER_HTTP_PORT", " "),
            ("CUSTOMER_REDIS_PASSWORD", ""),
            ("DATABASE_URL_FILE", ""),
        ]);
    assert_eq!(port(&place), 8003);
}

#[test]
fn references_in_the_file_read_the_environment_then_dotenv_then_their_default() {
    let yaml = "server: { http: { port: '${MY_PORT:5}' } }";
    let place = Place::new().yaml(yaml);
    assert_eq!(port(&place), 5);
    let place = place.dotenv("MY_PORT=6");
    assert_eq!(port(&place), 6);
    let place = place.set(&[("MY_PORT", "7")]);
    assert_eq!(port(&place), 7);
}

#[test]
fn the_documents_own_file_is_read() {
    let yaml = "
app: { name: customer-service, version: 1.0.0 }
database:
  dsn: ${CUSTOMER_DATABASE_DSN}
  max_open_conns: 25
  max_idle_conns: 25
  conn_max_lifetime: 5m
redis: { addr: '${CUSTOMER_REDIS_ADDR}', password: '${CUSTOMER_REDIS_PASSWORD}', db: 0, dial_timeout: 5s,
         read_timeout: 3s, write_timeout: 3s }
server:
  http: { addr: 0.0.0.0, port: '${CUSTOMER_HTTP_PORT}' }
  grpc: { addr: 0.0.0.0, port: '${CUSTOMER_GRPC_PORT}' }
external_services:
  auth_service: ${CUSTOMER_AUTH_SERVICE_ADDR}
  order_service: ${CUSTOMER_ORDER_SERVICE_ADDR}
  loyalty_service: ${CUSTOMER_LOYALTY_SERVICE_ADDR}
features:
  segments: ${CUSTOMER_ENABLE_SEGMENTS}
  analytics: ${CUSTOMER_ENABLE_ANALYTICS}
  two_factor: ${CUSTOMER_ENABLE_2FA}
security: { jwt_secret: '${CUSTOMER_JWT_SECRET}', bcrypt_cost: '${CUSTOMER_BCRYPT_COST}' }
observability:
  log_level: ${CUSTOMER_LOG_LEVEL}
  metrics_enabled: ${CUSTOMER_METRICS_ENABLED}
  tracing_enabled: ${CUSTOMER_TRACING_ENABLED}
";
    let documented = [
        (
            "CUSTOMER_DATABASE_DSN",
            "postgres://customer_user:customer_pass@postgres:5432/customer_db?sslmode=disable",
        ),
        ("CUSTOMER_REDIS_ADDR", "redis:6379"),
        ("CUSTOMER_REDIS_PASSWORD", ""),
        ("CUSTOMER_HTTP_PORT", "8003"),
        ("CUSTOMER_GRPC_PORT", "9003"),
        ("CUSTOMER_AUTH_SERVICE_ADDR", "auth-service:9001"),
        ("CUSTOMER_ORDER_SERVICE_ADDR", "order-service:9004"),
        ("CUSTOMER_LOYALTY_SERVICE_ADDR", "loyalty-service:9011"),
        ("CUSTOMER_ENABLE_SEGMENTS", "true"),
        ("CUSTOMER_ENABLE_ANALYTICS", "false"),
        ("CUSTOMER_ENABLE_2FA", "true"),
        ("CUSTOMER_JWT_SECRET", "your-secret-key"),
        ("CUSTOMER_BCRYPT_COST", "12"),
        ("CUSTOMER_LOG_LEVEL", "info"),
        ("CUSTOMER_METRICS_ENABLED", "true"),
        ("CUSTOMER_TRACING_ENABLED", "true"),
    ];
    for place in [
        Place::new().yaml(yaml),
        Place::new().yaml(yaml).set(&documented),
    ] {
        let config = place.loaded().config;
        assert_eq!(config.server.address.to_string(), "0.0.0.0");
        assert_eq!(config.server.port, 8003);
        assert_eq!(config.database.max_connections, 25);
        assert_eq!(
            config.database.min_idle_connections, 5,
            "the documents' upper bound is no lower bound"
        );
    }
    let effective = Place::new().yaml(yaml).set(&documented).loaded().effective;
    assert_eq!(effective.text("CUSTOMER_ENABLE_ANALYTICS"), Some("false"));
}

#[test]
fn the_bare_names_of_the_documents_are_read() {
    let place = Place::new().dotenv(
        "DATABASE_URL=postgresql://user:pass@localhost:5432/customers_db
DATABASE_MAX_CONNECTIONS=25
DATABASE_IDLE_CONNECTIONS=7
REDIS_URL=redis://localhost:6379
REDIS_TTL_PROFILE=3600
REDIS_TTL_ADDRESSES=7200
REDIS_TTL_SEGMENT=1800
REDIS_TTL_SEGMENTS=1800
REDIS_TTL_LEGACY_MAPPING=86400
CONSUL_URL=http://localhost:8500
SERVICE_NAME=customer-service
SERVICE_PORT=8007
HEALTH_CHECK_INTERVAL=10s
ORDER_SERVICE_URL=http://order-service:8004
LOYALTY_SERVICE_URL=http://loyalty-service:8011
MAGENTO_DB_URL=mysql://user:pass@localhost:3306/magento2
MIGRATION_BATCH_SIZE=1000
MIGRATION_WORKERS=4
DEFAULT_TIER=regular
SEGMENT_UPDATE_INTERVAL=3600
DEFAULT_CUSTOMER_TYPE=individual
DEFAULT_STATUS=active
EMAIL_VERIFICATION_REQUIRED=true
PHONE_VERIFICATION_REQUIRED=false
MAX_ADDRESSES_PER_CUSTOMER=0
PASSWORD_MIN_LENGTH=15
SESSION_TIMEOUT=1800
JWT_SECRET=your-jwt-secret
BCRYPT_COST=12
CACHE_ENABLED=true
PARALLEL_LOADING=true
MAX_CONCURRENT_REQUESTS=500
",
    );
    let Loaded { config, effective } = place.loaded();
    assert_eq!(config.server.port, 8007);
    assert_eq!(config.server.max_concurrent_requests, 500);
    assert_eq!(config.database.min_idle_connections, 7);
    assert_eq!(effective.text("CUSTOMER_DEFAULT_STATUS"), Some("active"));
    assert_eq!(
        effective.text("CUSTOMER_MAX_ADDRESSES_PER_CUSTOMER"),
        Some("0")
    );
    assert_eq!(config.security.password_min_length, 15);
    assert!(config.database.url.is_some());
}

#[test]
fn only_names_of_ours_must_be_known() {
    let foreign = [
        ("PATH", "/bin"),
        ("POSTGRES_PASSWORD", "x"),
        ("CUSTOMER_TEST_ANYTHING", "x"),
        ("CUSTOMERS_X", "x"),
        ("CUSTOMER_SERVICE_SERVICE_HOST", "10.0.0.1"),
        ("CUSTOMER_SERVICE_PORT", "tcp://10.0.0.1:80"),
        ("TERM_FILE", "/nowhere"),
    ];
    Place::new()
        .set(&foreign)
        .dotenv("COMPOSE_PROJECT_NAME=x")
        .loaded();
    let place = Place::new()
        .set(&[("CUSTOMER_HTPP_PORT", "1"), ("CUSTOMER_NOTHING_FILE", "x")])
        .dotenv("CUSTOMER_SECRET_KYE=hunter2");
    assert_faults(
        &place,
        &[
            "CUSTOMER_HTPP_PORT in the environment is not a known setting; the nearest known name is CUSTOMER_HTTP_PORT",
            "CUSTOMER_NOTHING_FILE in the environment is not a known setting",
            "CUSTOMER_SECRET_KYE in .env is not a known setting; the nearest known name is CUSTOMER_SECRET_KEY",
        ],
    );
}

#[test]
fn all_faults_of_all_layers_are_reported_at_once() {
    let place = Place::new()
        .yaml("server: { http: { port: eighty, prot: 1 } }")
        .dotenv("CUSTOMER_DEFAULT_COUNTRY=USA\nnonsense")
        .set(&[
            ("CUSTOMER_LOG_LEVEL", "inof"),
            ("CUSTOMER_SECRET_KEY", "hunter2"),
            ("DATABASE_URL_FILE", "missing"),
            ("CUSTOMER_HTTP_PORT", "1"),
        ]);
    assert_faults(
        &place,
        &[
            r#"server.http.port in configs/config.yaml is "eighty", which is not accepted: give an integer from 0 to 65535"#,
            "server.http.prot in configs/config.yaml is not a known key",
            r#"CUSTOMER_DEFAULT_COUNTRY in .env is "USA", which is not accepted: give the code of a country (ISO 3166-1, two letters)"#,
            ".env line 2: NAME=value is expected",
            r#"CUSTOMER_LOG_LEVEL in the environment is "inof""#,
            "CUSTOMER_SECRET_KEY in the environment is not accepted: give 32 bytes in base64",
            "DATABASE_URL_FILE: ",
        ],
    );
    let text = place.load().unwrap_err().to_string();
    assert!(
        text.starts_with("the configuration has 7 faults:\n  - "),
        "{text}"
    );
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn a_password_in_the_wrong_place_is_not_shown() {
    let place = Place::new().set(&[
        (
            "ORDER_SERVICE_URL",
            "http://user:hunter2@order-service:8004",
        ),
        ("CUSTOMER_REDIS_ADDR", "redis://:hunter2@cache:6379"),
        (
            "CUSTOMER_CORS_ORIGINS",
            "https://u:hunter2@shop.example.com",
        ),
    ]);
    let faults = place.faults().join("\n");
    assert_eq!(place.faults().len(), 3, "{faults}");
    assert!(!faults.contains("hunter2"), "{faults}");
}

#[test]
fn a_named_file_is_one_value_without_its_last_line_break() {
    let place = Place::new()
        .file("key", &format!("{KEY}\r\n"))
        .set(&[("CUSTOMER_SECRET_KEY_FILE", "key")]);
    assert!(place.loaded().config.security.secret_key.is_some());
    let absolute = place.folder.path().join("key");
    let elsewhere = Place::new().set(&[("CUSTOMER_SECRET_KEY_FILE", absolute.to_str().unwrap())]);
    assert!(elsewhere.loaded().config.security.secret_key.is_some());

    let place = Place::new()
        .file("empty", "\n")
        .file("long", &"x".repeat(70_000))
        .file("lines", "hunter2\nhunter3\n")
        .set(&[
            ("CUSTOMER_SECRET_KEY_FILE", "empty"),
            ("CUSTOMER_REDIS_PASSWORD_FILE", "long"),
            ("CUSTOMER_JWT_SECRET_FILE", "lines"),
            ("CUSTOMER_HTTP_PORT_FILE", "."),
        ]);
    assert_faults(
        &place,
        &[
            "is empty",
            "is longer than 65536 bytes",
            "the file named by CUSTOMER_JWT_SECRET_FILE is not accepted",
            "CUSTOMER_HTTP_PORT_FILE: ",
        ],
    );
}

#[test]
fn an_unreadable_file_is_a_fault_and_a_missing_one_is_not() {
    let place = Place::new();
    fs::create_dir_all(place.folder.path().join("configs/config.yaml")).unwrap();
    fs::create_dir_all(place.folder.path().join(".env")).unwrap();
    assert_faults(
        &place,
        &["configs/config.yaml cannot be read", ".env cannot be read"],
    );
}

#[test]
fn settings_must_fit_together() {
    let url = "postgres://u@localhost/c";
    let place = Place::new().set(&[
        ("CUSTOMER_HTTP_PORT", "8003"),
        ("CUSTOMER_HTTP_EXTRA_PORTS", "8007,8003"),
        ("CUSTOMER_METRICS_PORT", "8007"),
        ("CUSTOMER_DATABASE_APP_URL", url),
        ("CUSTOMER_DATABASE_WORKER_URL", url),
        ("CUSTOMER_DATABASE_MAX_CONNECTIONS", "4"),
        ("CUSTOMER_ARGON2_MEMORY_KIB", "47103"),
        ("CUSTOMER_ARGON2_ITERATIONS", "1"),
        ("CUSTOMER_READ_TIMEOUT", "31s"),
    ]);
    assert_faults(
        &place,
        &[
            "CUSTOMER_HTTP_PORT and CUSTOMER_HTTP_EXTRA_PORTS both take port 8003",
            "CUSTOMER_HTTP_EXTRA_PORTS and CUSTOMER_METRICS_PORT both take port 8007",
            "CUSTOMER_DATABASE_APP_URL is set without CUSTOMER_DATABASE_URL",
            "CUSTOMER_DATABASE_WORKER_URL is set without CUSTOMER_DATABASE_URL",
            "CUSTOMER_DATABASE_IDLE_CONNECTIONS must not be greater",
            "CUSTOMER_ARGON2_MEMORY_KIB must be at least 47104",
            "CUSTOMER_READ_TIMEOUT must not be greater",
        ],
    );
    let any_free = [("CUSTOMER_HTTP_PORT", "0"), ("CUSTOMER_METRICS_PORT", "0")];
    Place::new().set(&any_free).loaded();
}
