use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

/// Returns production with these variables added or replaced.
fn production(instead: &[(&str, &str)]) -> Place {
    let mut place = Place::production();
    place
        .variables
        .retain(|(name, _)| instead.iter().all(|(other, _)| other != name));
    place.set(instead)
}

#[test]
fn production_starts_with_a_database_and_keys_alone() {
    let config = Place::production().loaded().config;
    assert_eq!(config.environment, Environment::Production);
    assert_eq!(config.server.address.to_string(), "0.0.0.0");
    assert_eq!(config.observability.log_format, LogFormat::Json);
    assert_eq!(config.observability.metrics_port, Some(9464));
}

#[test]
fn development_starts_with_a_database_alone() {
    let place = Place::new().set(&[("DATABASE_URL", "postgres://user:pass@host:5432/db")]);
    assert_eq!(place.loaded().config.environment, Environment::Development);
}

#[test]
fn production_names_everything_that_it_needs() {
    let place = Place::new().set(&[("CUSTOMER_ENVIRONMENT", "Production")]);
    assert_faults(
        &place,
        &[
            "production needs CUSTOMER_DATABASE_URL",
            "production needs CUSTOMER_SECRET_KEY",
            "production needs CUSTOMER_MASTER_KEYS",
        ],
    );
}

#[test]
fn production_refuses_every_placeholder_of_the_documents() {
    for (name, text) in [
        (
            "DATABASE_URL",
            "postgresql://user:pass@localhost:5432/customers_db",
        ),
        ("DATABASE_URL", "postgres://user:PASS@db/c"),
        ("DATABASE_URL", "postgres://user:p%61ss@db/c"),
        ("DATABASE_URL", "postgres://user@db/c?password=pass"),
        (
            "DATABASE_URL",
            "postgres://customer_user:customer_pass@postgres:5432/customer_db",
        ),
        (
            "DATABASE_URL",
            "postgres://customer_user:customer%5Fpass@postgres:5432/customer_db",
        ),
        ("CUSTOMER_DATABASE_APP_URL", "postgres://app:pass@db/c"),
        ("CUSTOMER_JWT_SECRET", "your-secret-key"),
        ("JWT_SECRET", "your-jwt-secret"),
        ("JWT_SECRET", "prefix-Your-JWT-Secret-2"),
        ("CUSTOMER_REDIS_PASSWORD", "pass"),
        ("REDIS_URL", "redis://:pass@cache:6379"),
        (
            "MAGENTO_DB_URL",
            "mysql://user:pass@localhost:3306/magento2",
        ),
    ] {
        let place = production(&[(name, text)]);
        let canonical = settings::by_name(name).unwrap().name;
        assert_faults(
            &place,
            &["it holds a placeholder secret from the documentation"],
        );
        let fault = &place.faults()[0];
        assert!(fault.contains(canonical) && fault.contains(name), "{fault}");
        assert!(!fault.to_lowercase().contains("pass@"), "{fault}");
    }
    production(&[
        ("DATABASE_URL", "postgres://user:passage@db/c"),
        ("JWT_SECRET", "surpass"),
    ])
    .loaded();
}

#[test]
fn production_refuses_a_key_that_is_not_random() {
    let mut words = *b"your-secret-key-0123456789abcdef";
    for key in [
        [0; 32],
        [7; 32],
        std::array::from_fn(|i| u8::try_from(i % 4).unwrap()),
    ] {
        let place = production(&[("CUSTOMER_SECRET_KEY", &STANDARD.encode(key))]);
        assert_faults(&place, &["CUSTOMER_SECRET_KEY: it is not random"]);
    }
    let place = production(&[("CUSTOMER_SECRET_KEY", &STANDARD.encode(words))]);
    assert_faults(&place, &["CUSTOMER_SECRET_KEY: it holds a placeholder"]);
    words.reverse();
    production(&[("CUSTOMER_SECRET_KEY", &STANDARD.encode(words))]).loaded();
}

#[test]
fn production_refuses_master_keys_that_are_not_random() {
    let with = |key: [u8; 32]| {
        let weak = format!("{MASTER_KEYS},old={}", STANDARD.encode(key));
        production(&[("CUSTOMER_MASTER_KEYS", &weak)])
    };
    let few_bytes = with(std::array::from_fn(|i| u8::try_from(i % 4).unwrap()));
    assert_faults(&few_bytes, &["CUSTOMER_MASTER_KEYS: it is not random"]);
    let words = with(*b"your-secret-key-0123456789abcdef");
    assert_faults(&words, &["CUSTOMER_MASTER_KEYS: it holds a placeholder"]);
}

#[test]
fn master_keys_that_no_key_store_takes_are_refused_without_being_shown() {
    for wrong in [
        KEY.to_owned(),
        format!("Upper={KEY}"),
        format!("{MASTER_KEYS}\n2026-11={KEY}"),
        format!("zero={}", STANDARD.encode([0; 32])),
        "short=c2hvcnQ=".to_owned(),
    ] {
        for place in [
            production(&[("CUSTOMER_MASTER_KEYS", &wrong)]),
            Place::new().set(&[("CUSTOMER_MASTER_KEYS", &wrong)]),
        ] {
            let faults = place.faults().join("\n");
            let named =
                "CUSTOMER_MASTER_KEYS in the environment is not accepted: give name=key pairs";
            assert!(faults.contains(named), "{faults}");
            for secret in [&KEY[..8], "4PyU0c7W", "c2hv", "AAAA"] {
                assert!(!faults.contains(secret), "{faults}");
            }
        }
    }
}

#[test]
fn production_refuses_clear_text_to_another_host() {
    for (url, pgsslmode, refused) in [
        ("postgres://u:x@db/c?sslmode=disable", "", true),
        ("postgres://u:x@db/c?ssl-mode=DISABLE", "", true),
        (
            "postgres://u:x@localhost/c?host=db&sslmode=disable",
            "",
            true,
        ),
        ("postgres://u:x@db/c", "disable", true),
        ("postgres://u:x@db/c?sslmode=require", "disable", false),
        ("postgres://u:x@db/c?sslmode=verify-full", "", false),
        ("postgres://u:x@db/c", "", false),
        ("postgres://u:x@127.0.0.1/c?sslmode=disable", "", false),
        (
            "postgres://u:x@localhost/c?sslmode=disable",
            "disable",
            false,
        ),
    ] {
        let place = production(&[("DATABASE_URL", url), ("PGSSLMODE", pgsslmode)]);
        match place.load() {
            Ok(_) => assert!(!refused, "{url}"),
            Err(faults) => {
                assert!(refused, "{url}: {faults}");
                assert!(faults.to_string().contains("sslmode=disable"), "{faults}");
            }
        }
    }
}

#[test]
fn everything_that_production_refuses_is_reported_at_once() {
    let place = production(&[
        (
            "DATABASE_URL",
            "postgres://customer_user:customer_pass@postgres:5432/customer_db?sslmode=disable",
        ),
        ("CUSTOMER_SECRET_KEY", &STANDARD.encode([0; 32])),
        ("JWT_SECRET", "your-jwt-secret"),
        ("CUSTOMER_HTTP_PORT", "x"),
    ]);
    assert_eq!(place.faults().len(), 5, "{:#?}", place.faults());
}

#[test]
fn dotenv_is_not_read_in_production() {
    let place = Place::production().dotenv("CUSTOMER_HTTP_PORT=1\nbroken");
    assert_eq!(place.loaded().config.server.port, 8003);
    assert!(
        place
            .rendered()
            .contains("# .env is not read in production")
    );
}

#[test]
fn dotenv_cannot_declare_production() {
    let master_keys = MASTER_KEYS.replace('\n', ",");
    let place = Place::new().dotenv(&format!(
        "ENVIRONMENT=production\nDATABASE_URL=postgres://u:x@localhost/c\nCUSTOMER_SECRET_KEY={KEY}\n\
         CUSTOMER_MASTER_KEYS={master_keys}"
    ));
    assert_faults(
        &place,
        &["CUSTOMER_ENVIRONMENT decides whether .env is read"],
    );
    Place::new().dotenv("ENVIRONMENT=development").loaded();
}

#[test]
fn the_file_can_declare_production() {
    let yaml = "app: { environment: production }";
    assert_faults(
        &Place::new().yaml(yaml),
        &[
            "CUSTOMER_DATABASE_URL",
            "CUSTOMER_SECRET_KEY",
            "CUSTOMER_MASTER_KEYS",
        ],
    );
    Place::new()
        .yaml(yaml)
        .set(&[("ENVIRONMENT", "development")])
        .loaded();
}

#[test]
fn a_misspelt_environment_is_no_environment() {
    let place = Place::new()
        .set(&[("ENVIRONMENT", "prod")])
        .dotenv("CUSTOMER_HTTP_PORT=x");
    assert_faults(&place, &[r#"ENVIRONMENT in the environment is "prod""#]);
}
