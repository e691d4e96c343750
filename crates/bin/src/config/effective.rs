//! Which value of which layer holds.

use std::collections::BTreeMap;

use super::kind::decode_duration;
use super::settings::{self, Setting};
use super::sources::{ENVIRONMENT, Given, Layer, Origin, Sources};
use super::{Environment, Faults};

/// What a hash of one pass needs, in KiB, to be worth as much as the default (OWASP).
const LEAST_MEMORY_OF_ONE_PASS: u64 = 47_104;

/// The value of every setting, and where it came from.
pub(crate) struct Effective {
    values: BTreeMap<&'static str, Value>,
    pub(super) dotenv_ignored: bool,
}

/// A canonical text, and where it was written.
pub(super) struct Value {
    pub(super) setting: &'static Setting,
    pub(super) text: Option<String>,
    pub(super) origin: Origin,
}

impl std::fmt::Debug for Effective {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = |value: &Value| {
            value
                .text
                .as_deref()
                .map(|text| value.setting.kind.shown(text))
        };
        f.debug_map()
            .entries(
                self.values
                    .values()
                    .map(|value| (value.setting.name, shown(value))),
            )
            .finish()
    }
}

impl Effective {
    /// Checks every value that was given, the overridden ones too, and takes the one of the highest layer.
    pub(super) fn resolve(sources: &Sources, faults: &mut Faults) -> Self {
        let mut chosen: BTreeMap<&'static str, (String, Origin)> = BTreeMap::new();
        for given in &sources.given {
            let Some(text) = canonical(given, faults) else {
                continue;
            };
            match chosen.get(given.setting.name) {
                Some((other, origin)) if origin.layer == given.origin.layer => {
                    if *other != text {
                        faults.add(format!(
                            "{origin} and {} are the same setting with different values; set one",
                            given.origin
                        ));
                    }
                }
                Some((_, origin)) if origin.layer > given.origin.layer => {}
                _ => {
                    chosen.insert(given.setting.name, (text, given.origin.clone()));
                }
            }
        }
        let environment = sources.environment.unwrap_or(Environment::Development);
        let value = |setting: &'static Setting| {
            let (text, origin) = chosen.remove(setting.name).map_or_else(
                || {
                    (
                        setting.default_in(environment).map(str::to_owned),
                        Origin::default_of(setting),
                    )
                },
                |(text, origin)| (Some(text), origin),
            );
            (
                setting.name,
                Value {
                    setting,
                    text,
                    origin,
                },
            )
        };
        let effective = Self {
            values: settings::all().map(value).collect(),
            dotenv_ignored: sources.dotenv_ignored,
        };
        // Known too late, the environment would have had other defaults, and perhaps no .env.
        if sources.environment.is_some() && effective.environment() != sources.environment {
            faults.add(format!(
                "{ENVIRONMENT} decides whether .env is read: set it to production in the environment or in \
                 configs/config.yaml, not in .env or in a file"
            ));
        }
        effective
    }

    /// The rules that hold between settings.
    pub(super) fn check(&self, faults: &mut Faults) {
        self.check_ports(faults);
        if self.text("CUSTOMER_DATABASE_URL").is_none() {
            for name in ["CUSTOMER_DATABASE_APP_URL", "CUSTOMER_DATABASE_WORKER_URL"] {
                if self.text(name).is_some() {
                    faults.add(format!(
                        "{name} is set without CUSTOMER_DATABASE_URL, which migrates the schema"
                    ));
                }
            }
        }
        let (work, metrics) = ("CUSTOMER_WORK_PORT", "CUSTOMER_METRICS_PORT");
        let work_port = self.number(work).filter(|port| *port != 0);
        if let Some(port) = work_port.filter(|_| work_port == self.number(metrics)) {
            faults.add(format!("{work} and {metrics} both take port {port}"));
        }
        let (idle, open) = (
            "CUSTOMER_DATABASE_IDLE_CONNECTIONS",
            "CUSTOMER_DATABASE_MAX_CONNECTIONS",
        );
        if self.number(idle) > self.number(open) {
            faults.add(format!("{idle} must not be greater than {open}"));
        }
        let (memory, passes) = ("CUSTOMER_ARGON2_MEMORY_KIB", "CUSTOMER_ARGON2_ITERATIONS");
        if self.number(passes) == Some(1) && self.number(memory) < Some(LEAST_MEMORY_OF_ONE_PASS) {
            faults.add(format!(
                "{memory} must be at least {LEAST_MEMORY_OF_ONE_PASS} when {passes} is 1"
            ));
        }
        let duration = |name| self.text(name).and_then(decode_duration);
        if duration("CUSTOMER_READ_TIMEOUT") > duration("CUSTOMER_REQUEST_TIMEOUT") {
            faults.add("CUSTOMER_READ_TIMEOUT must not be greater than CUSTOMER_REQUEST_TIMEOUT");
        }
    }

    fn check_ports(&self, faults: &mut Faults) {
        let mut taken: BTreeMap<&str, &str> = BTreeMap::new();
        for name in [
            "CUSTOMER_HTTP_PORT",
            "CUSTOMER_HTTP_EXTRA_PORTS",
            "CUSTOMER_METRICS_PORT",
        ] {
            for port in self
                .text(name)
                .into_iter()
                .flat_map(|ports| ports.split(','))
            {
                if port != "0"
                    && let Some(other) = taken.insert(port, name)
                {
                    faults.add(format!("{other} and {name} both take port {port}"));
                }
            }
        }
    }

    /// `None` only if it is misspelt.
    pub(super) fn environment(&self) -> Option<Environment> {
        self.text(ENVIRONMENT)?.parse().ok()
    }

    /// The canonical text of a setting.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name)?.text.as_deref()
    }

    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.text(name)?.parse().ok()
    }

    pub(super) fn value(&self, setting: &Setting) -> Option<&Value> {
        self.values.get(setting.name)
    }

    /// Every setting in the order of the table.
    pub(super) fn values(&self) -> impl Iterator<Item = &Value> {
        settings::all().filter_map(|setting| self.value(setting))
    }

    /// Names that are set although the part that they configure does not exist yet.
    pub(crate) fn set_but_not_built(&self) -> Vec<&'static str> {
        self.values()
            .filter(|value| !value.setting.built && value.origin.layer != Layer::Default)
            .map(|value| value.setting.name)
            .collect()
    }
}

fn canonical(given: &Given, faults: &mut Faults) -> Option<String> {
    let Given {
        setting,
        text,
        origin,
    } = given;
    let canonical = setting.kind.canonical(text);
    if canonical.is_none() {
        let accepts = setting.kind.accepts();
        // A value that looks like a URL may hold a password although this setting takes none.
        faults.add(if setting.kind.is_secret() || text.contains(['@', '/']) {
            format!("{origin} is not accepted: give {accepts}")
        } else {
            format!("{origin} is {text:?}, which is not accepted: give {accepts}")
        });
    }
    canonical
}
