//! The recorded statements as scripts for pgbench: what PostgreSQL does without any program
//! before it.

use crate::Failure;
use crate::bare::Raw;
use crate::case::{ADDED_BY_PGBENCH, CREATED_BY_PGBENCH, Case, SEEDED, STRIDE, Subject};
use crate::database::Database;
use crate::plan::{Message, Plan};
use crate::template::About;
use sqlx::PgConnection;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::process::Command;

/// Placeholders for pgbench's variables while a script is written. Their first digit occurs only
/// once, so that they are found after any other digits.
const MARKERS: About = About {
    customer: 876_543_210_991,
    serial: 876_543_210_992,
};

/// pgbench, with a script for each case.
pub(crate) struct Pgbench {
    program: PathBuf,
    url: String,
    settings: String,
    scripts: BTreeMap<Case, PathBuf>,
    customers: u64,
    runs: u64,
}

impl Pgbench {
    /// Returns `None` if pgbench is not installed.
    pub(crate) async fn new(
        plan: &Plan,
        database: &Database,
        customers: u64,
        folder: &Path,
    ) -> Result<Option<Self>, Failure> {
        let Some(program) = find() else {
            return Ok(None);
        };
        let mut connection = database.connect().await?;
        let mut scripts = BTreeMap::new();
        for (case, messages) in &plan.cases {
            let path = folder.join(format!("{case:?}.sql"));
            let script = script(plan, *case, messages, customers, &mut connection).await?;
            fs::write(&path, script)?;
            scripts.insert(*case, path);
        }
        let settings = plan.settings.iter();
        let settings = settings.map(|(name, value)| {
            let value = value.replace('\\', "\\\\").replace(' ', "\\ ");
            format!("-c {name}={value}")
        });
        Ok(Some(Self {
            program,
            url: database.libpq_url(),
            settings: settings.collect::<Vec<_>>().join(" "),
            scripts,
            customers,
            runs: 0,
        }))
    }

    /// Measures a case; returns its transactions per second.
    pub(crate) async fn run(
        &mut self,
        case: Case,
        clients: u32,
        time: Duration,
    ) -> Result<f64, Failure> {
        self.runs += 1;
        let script = self.scripts.get(&case).ok_or("no script for this case")?;
        let output = Command::new(&self.program)
            .args(["--no-vacuum", "--protocol=simple", "--jobs=1"])
            .arg(format!("--client={clients}"))
            .arg(format!("--time={}", time.as_secs()))
            .args(["--define=ready=0", "--define=i=0"])
            .arg(format!("--define=run={}", self.runs))
            .arg(format!(
                "--define=share={}",
                self.customers / u64::from(clients)
            ))
            .arg("--file")
            .arg(script)
            .arg(&self.url)
            .env("PGOPTIONS", &self.settings)
            .kill_on_drop(true)
            .output()
            .await?;
        let told = String::from_utf8_lossy(&output.stdout);
        let rate = told.lines().find_map(|line| {
            let rate = line.strip_prefix("tps = ")?;
            rate.split(' ').next()?.parse().ok()
        });
        match rate {
            Some(rate) if output.status.success() => Ok(rate),
            _ => {
                let error = String::from_utf8_lossy(&output.stderr);
                Err(format!("pgbench failed: {error}").into())
            }
        }
    }
}

/// Returns the pgbench on the path, or that of the newest installed server.
fn find() -> Option<PathBuf> {
    let path = crate::variable("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let installed = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut installed: Vec<_> = installed
        .filter_map(|version| Some(version.ok()?.path().join("bin")))
        .collect();
    installed.sort();
    places.extend(installed.into_iter().rev());
    places
        .into_iter()
        .map(|place| place.join("pgbench"))
        .find(|program| program.is_file())
}

/// Writes the script of a case. Each client prepares its statements in its first transaction.
async fn script(
    plan: &Plan,
    case: Case,
    messages: &[Message],
    customers: u64,
    connection: &mut PgConnection,
) -> Result<String, Failure> {
    let mut prepare: String = plan.prepare.iter().map(|text| statement(text)).collect();
    let mut body = String::new();
    for (at, message) in messages.iter().enumerate() {
        match message {
            Message::Simple(template) => {
                let text = plain_literals(&String::from_utf8(template.fill(MARKERS))?);
                body.push_str(&statement(&text.replace(';', "\\;")));
            }
            Message::Prepared { text, parameters } => {
                let (mut types, mut values) = (Vec::new(), Vec::new());
                for parameter in parameters {
                    let (value, name): (String, String) =
                        sqlx::query_as("SELECT quote_nullable($1::text), format_type($2, NULL)")
                            .bind(Raw::of(parameter, MARKERS))
                            .bind(sqlx::postgres::types::Oid(parameter.oid))
                            .persistent(false)
                            .fetch_one(&mut *connection)
                            .await?;
                    types.push(name);
                    values.push(value);
                }
                let (types, values) = (types.join(", "), values.join(", "));
                prepare.push_str(&statement(&format!(
                    "PREPARE bench_{at}({types}) AS {text}"
                )));
                body.push_str(&statement(&format!("EXECUTE bench_{at}({values})")));
            }
        }
    }
    let own = "\\set i :i + 1\n\\set serial :run * 1000000000 + :client_id * 1000000 + :i";
    let numbers = match case.subject() {
        Subject::Nobody => format!("\\set customer {SEEDED}\n\\set serial :customer"),
        Subject::Anybody => format!(
            "\\set customer random({SEEDED}, {})\n\\set serial :customer",
            SEEDED + customers - 1
        ),
        Subject::Newcomer => {
            format!("{own} + {CREATED_BY_PGBENCH}\n\\set customer :serial")
        }
        // Each client has its own customers, so that no two wait for each other.
        Subject::EachInTurn => format!(
            "{own} + {ADDED_BY_PGBENCH}\n\
             \\set customer {SEEDED} + (:client_id * :share + :i) * {STRIDE} % {customers}"
        ),
    };
    let body = body
        .replace(&MARKERS.customer.to_string(), ":customer")
        .replace(&MARKERS.serial.to_string(), ":serial");
    Ok(format!(
        "\\if :ready\n\\else\n{prepare}\\set ready 1\n\\endif\n{numbers}\n{body}"
    ))
}

/// Returns a line of a script, ended with a semicolon.
fn statement(text: &str) -> String {
    format!("{};\n", text.trim_end_matches([';', '\\', ' ']))
}

/// Replaces hexadecimal literals, in which the service writes text, by plain ones, in which pgbench
/// can replace numbers.
fn plain_literals(text: &str) -> String {
    const OPENING: &str = "convert_from('\\x";
    const CLOSING: &str = "'::bytea,'UTF8')";
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, literal)) = rest.split_once(OPENING) {
        let Some((digits, after)) = literal.split_once(CLOSING) else {
            break;
        };
        let decoded = hex::decode(digits).unwrap_or_default();
        let decoded = String::from_utf8_lossy(&decoded).replace('\'', "''");
        for part in [before, "'", &decoded, "'"] {
            plain.push_str(part);
        }
        rest = after;
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_in_hexadecimal_become_plain_ones() {
        let text = format!(
            "SELECT convert_from('\\x{}'::bytea,'UTF8'), 1",
            hex::encode("it's")
        );
        assert_eq!(plain_literals(&text), "SELECT 'it''s', 1");
        assert_eq!(plain_literals("SELECT 1"), "SELECT 1");
    }
}
