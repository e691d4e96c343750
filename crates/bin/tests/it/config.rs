//! `customer-service check-config`, run as an operator runs it.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

struct Run {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn check_config(
    work_dir: &Path,
    arguments: &[&str],
    variables: &[(&str, &str)],
) -> io::Result<Run> {
    let output = Command::new(env!("CARGO_BIN_EXE_customer-service"))
        .arg("check-config")
        .args(arguments)
        .current_dir(work_dir)
        .env_clear()
        .envs(variables.iter().copied())
        .output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Run {
        code: output.status.code(),
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
    })
}

#[test]
fn prints_the_effective_configuration_of_the_working_folder() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("configs")).unwrap();
    fs::write(
        folder.path().join("configs/config.yaml"),
        "server: { http: { port: '${MY_PORT}' } }",
    )
    .unwrap();
    fs::write(
        folder.path().join(".env"),
        "DATABASE_URL=postgres://u:hunter2@localhost/c",
    )
    .unwrap();

    let run = check_config(folder.path(), &[], &[("MY_PORT", "8089")]).unwrap();

    let shown = &run.stdout;
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    for line in [
        "CUSTOMER_HTTP_PORT=8089 # server.http.port in configs/config.yaml",
        "CUSTOMER_DATABASE_URL=postgres://u:***@localhost/c # DATABASE_URL in .env",
        "CUSTOMER_ENVIRONMENT=development # default",
    ] {
        let found = shown
            .lines()
            .any(|shown| shown.split_whitespace().eq(line.split_whitespace()));
        assert!(found, "{line}\n{shown}");
    }
}

#[test]
fn fails_with_every_fault_and_without_a_secret() {
    let folder = TempDir::new().unwrap();
    let run = check_config(
        folder.path(),
        &[],
        &[
            ("ENVIRONMENT", "production"),
            (
                "DATABASE_URL",
                "postgres://customer_user:customer_pass@postgres:5432/customer_db?sslmode=disable",
            ),
            ("CUSTOMER_JWT_SECRET", "your-secret-key"),
            ("CUSTOMER_HTPP_PORT", "8003"),
        ],
    )
    .unwrap();

    let faults = &run.stderr;
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""));
    assert!(
        faults.starts_with("customer-service: the configuration has 6 faults:\n"),
        "{faults}"
    );
    for name in [
        "CUSTOMER_DATABASE_URL",
        "CUSTOMER_JWT_SECRET",
        "CUSTOMER_SECRET_KEY",
        "CUSTOMER_MASTER_KEYS",
        "CUSTOMER_HTPP_PORT",
    ] {
        assert!(faults.contains(name), "{faults}");
    }
    for secret in ["customer_pass", "your-secret-key"] {
        assert!(!faults.contains(secret), "{faults}");
    }
}

#[test]
fn the_committed_example_is_the_generated_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let run = check_config(&root, &["--example"], &[]).unwrap();
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    let committed = fs::read_to_string(root.join(".env.example")).unwrap();
    assert_eq!(
        committed, run.stdout,
        "run `customer-service check-config --example > .env.example`"
    );
}
