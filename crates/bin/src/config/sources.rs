//! Reads and parses the layers that give settings their values; `effective` decides which one wins.

mod dotenv;
mod substitution;
mod yaml;

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::settings::service::CUSTOMER_ENVIRONMENT;
use super::settings::{self, Declaration, PREFIX, TEST_PREFIX};
use super::{Environment, Faults, Variables};

const CONFIG_FILE: &str = "configs/config.yaml";
const DOTENV_FILE: &str = ".env";

/// More than any value needs, and little enough to reject the path of some other file.
const MAX_FILE_BYTES: usize = 64 * 1024;

/// The layers, lowest first: each overrides those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Layer {
    Default,
    ConfigFile,
    DotEnv,
    Environment,
    NamedFile,
}

/// Where a value was set, and under which name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) layer: Layer,
    pub(super) name: String,
}

impl Origin {
    pub(super) fn default_of(setting: &Declaration) -> Self {
        Self {
            layer: Layer::Default,
            name: setting.name.to_owned(),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match self.layer {
            Layer::Default => write!(f, "default"),
            Layer::ConfigFile => write!(f, "{name} in {CONFIG_FILE}"),
            Layer::DotEnv => write!(f, "{name} in {DOTENV_FILE}"),
            Layer::Environment => write!(f, "{name} in the environment"),
            Layer::NamedFile => write!(f, "the file named by {name}"),
        }
    }
}

/// A value of a setting as one layer gives it, unparsed.
pub(super) struct Given {
    pub(super) setting: &'static Declaration,
    pub(super) text: String,
    pub(super) origin: Origin,
}

/// Every value that any layer gives.
pub(super) struct Sources {
    pub(super) given: Vec<Given>,
    /// The environment as known without `.env`; `None` if it is misspelt.
    pub(super) environment: Option<Environment>,
    /// Whether a `.env` exists that is not read because this is production.
    pub(super) dotenv_ignored: bool,
    postgres_ssl_mode: Option<String>,
}

impl Sources {
    pub(super) fn read(work_dir: &Path, variables: &Variables, faults: &mut Faults) -> Self {
        let entries = read_file(&work_dir.join(CONFIG_FILE), CONFIG_FILE, faults)
            .map(|text| yaml::entries(&text, faults))
            .unwrap_or_default();
        let environment = environment(&entries, variables);
        let dotenv_path = work_dir.join(DOTENV_FILE);
        let dotenv = match environment {
            Some(Environment::Development) => read_file(&dotenv_path, DOTENV_FILE, faults)
                .map(|text| dotenv::parse(&text, faults))
                .unwrap_or_default(),
            Some(Environment::Production) | None => Variables::new(),
        };

        let mut reader = Reader {
            work_dir,
            given: Vec::new(),
            faults,
        };
        let known = |name: &str| non_empty(variables, name).or_else(|| non_empty(&dotenv, name));
        reader.config_file(entries, known);
        reader.variables(Layer::DotEnv, &dotenv);
        reader.variables(Layer::Environment, variables);
        Self {
            given: reader.given,
            environment,
            dotenv_ignored: environment == Some(Environment::Production) && dotenv_path.exists(),
            postgres_ssl_mode: non_empty(variables, "PGSSLMODE").map(str::to_ascii_lowercase),
        }
    }

    /// Returns the `sslmode` that the driver applies to a URL without one.
    pub(super) fn postgres_ssl_mode(&self) -> Option<&str> {
        self.postgres_ssl_mode.as_deref()
    }
}

/// Determines the environment from what is read before `.env`: the variables and the file.
fn environment(entries: &[yaml::Entry], variables: &Variables) -> Option<Environment> {
    let setting = settings::by_name(CUSTOMER_ENVIRONMENT.name)?;
    let mut ignored = Faults::default();
    let in_file = entries
        .iter()
        .find(|entry| entry.setting.name == CUSTOMER_ENVIRONMENT.name);
    let known = |name: &str| non_empty(variables, name);
    let text = setting
        .names()
        .find_map(|name| known(name).map(str::to_owned))
        .or_else(|| in_file.and_then(|entry| entry.value(known, &mut ignored)));
    match text {
        Some(text) => CUSTOMER_ENVIRONMENT.read(&text),
        None => Some(Environment::Development),
    }
}

fn non_empty<'a>(variables: &'a Variables, name: &str) -> Option<&'a str> {
    variables
        .get(name)
        .map(String::as_str)
        .filter(|text| !text.trim().is_empty())
}

/// Returns the text of a file; `None` if it does not exist or cannot be read, the latter with a fault.
fn read_file(path: &Path, shown: &str, faults: &mut Faults) -> Option<String> {
    match fs::read_to_string(path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            faults.add(format!("{shown} cannot be read: {error}"));
            None
        }
    }
}

/// Returns the paths set in a configuration file, for a test of the one that is shipped.
#[cfg(test)]
pub(super) fn yaml_paths(text: &str, faults: &mut Faults) -> Vec<&'static str> {
    yaml::entries(text, faults)
        .iter()
        .map(|entry| entry.setting.path)
        .collect()
}

struct Reader<'a> {
    work_dir: &'a Path,
    given: Vec<Given>,
    faults: &'a mut Faults,
}

impl Reader<'_> {
    fn give(&mut self, setting: &'static Declaration, text: String, layer: Layer, name: &str) {
        let origin = Origin {
            layer,
            name: name.to_owned(),
        };
        self.given.push(Given {
            setting,
            text,
            origin,
        });
    }

    fn config_file<'v>(
        &mut self,
        entries: Vec<yaml::Entry>,
        known: impl Fn(&str) -> Option<&'v str>,
    ) {
        for entry in entries {
            if let Some(text) = entry.value(&known, self.faults) {
                self.give(entry.setting, text, Layer::ConfigFile, entry.setting.path);
            }
        }
    }

    fn variables(&mut self, layer: Layer, variables: &Variables) {
        let ours = variables
            .iter()
            .filter(|(name, text)| !is_service_link(name, text, variables));
        for (name, text) in ours {
            let set = !text.trim().is_empty();
            if let Some(setting) = settings::by_name(name) {
                if set {
                    self.give(setting, text.clone(), layer, name);
                }
            } else if let Some(setting) = name.strip_suffix("_FILE").and_then(settings::by_name) {
                if set {
                    self.named_file(setting, name, text.trim());
                }
            } else if name.starts_with(PREFIX) && !name.starts_with(TEST_PREFIX) {
                let place = Origin {
                    layer,
                    name: name.clone(),
                };
                let nearest = settings::nearest_name(name);
                self.faults.add(format!(
                    "{place} is not a known setting; the nearest known name is {nearest}"
                ));
            }
        }
    }

    fn named_file(&mut self, setting: &'static Declaration, name: &str, path: &str) {
        let path: PathBuf = self.work_dir.join(path);
        match fs::read_to_string(&path) {
            Err(error) => self.faults.add(format!(
                "{name}: {} cannot be read: {error}",
                path.display()
            )),
            Ok(text) if text.trim().is_empty() => {
                self.faults
                    .add(format!("{name}: {} is empty", path.display()));
            }
            Ok(text) if text.len() > MAX_FILE_BYTES => {
                self.faults.add(format!(
                    "{name}: {} is longer than {MAX_FILE_BYTES} bytes",
                    path.display()
                ));
            }
            // Editors and `echo` end a file with a line break that is not part of the secret.
            Ok(text) => {
                let text = text.trim_end_matches(['\r', '\n']).to_owned();
                self.give(setting, text, Layer::NamedFile, name);
            }
        }
    }
}

/// Returns whether Kubernetes set the variable: it announces a service `customer-x` to every pod of its namespace as
/// `CUSTOMER_X_SERVICE_HOST`, `CUSTOMER_X_SERVICE_PORT…`, `CUSTOMER_X_PORT=tcp://…` and `CUSTOMER_X_PORT_…`.
fn is_service_link(name: &str, text: &str, variables: &Variables) -> bool {
    let announces = |ending: &str| {
        ending == "_SERVICE_HOST"
            || ending.starts_with("_SERVICE_PORT")
            || ending.starts_with("_PORT_")
            || (ending == "_PORT" && text.contains("://"))
    };
    let services = variables
        .keys()
        .filter_map(|host| host.strip_suffix("_SERVICE_HOST"));
    name.starts_with(PREFIX)
        && services
            .into_iter()
            .any(|service| name.strip_prefix(service).is_some_and(announces))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kubernetes_announces_is_not_ours() {
        let announced = [
            ("CUSTOMER_SERVICE_SERVICE_HOST", "10.0.0.1"),
            ("CUSTOMER_SERVICE_SERVICE_PORT", "80"),
            ("CUSTOMER_SERVICE_SERVICE_PORT_HTTP", "80"),
            ("CUSTOMER_SERVICE_PORT", "tcp://10.0.0.1:80"),
            ("CUSTOMER_SERVICE_PORT_80_TCP_ADDR", "10.0.0.1"),
            ("CUSTOMER_POSTGRES_SERVICE_HOST", "10.0.0.2"),
            ("CUSTOMER_POSTGRES_PORT", "tcp://10.0.0.2:5432"),
        ];
        let variables: Variables = announced.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        for (name, text) in announced {
            assert!(is_service_link(name, text, &variables), "{name}");
        }
        for (name, text) in [
            ("CUSTOMER_POSTGRES_PORT", "5432"),
            ("CUSTOMER_HTTP_PORT", "8003"),
        ] {
            assert!(!is_service_link(name, text, &variables), "{name}");
        }
    }
}
