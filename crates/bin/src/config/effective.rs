//! Which layer's value is in effect for each setting.

use std::collections::BTreeMap;

use super::settings::service::CUSTOMER_ENVIRONMENT;
use super::settings::{self, Declaration, Setting};
use super::sources::{Given, Layer, Origin, Sources};
use super::{Environment, Faults};

/// The value of every setting, and where it came from.
pub(crate) struct Effective {
    values: BTreeMap<&'static str, Value>,
    pub(super) dotenv_ignored: bool,
}

/// The canonical text of a setting, and where it was set.
pub(super) struct Value {
    pub(super) setting: &'static Declaration,
    pub(super) text: Option<String>,
    pub(super) origin: Origin,
}

impl std::fmt::Debug for Effective {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = |value: &Value| {
            value
                .text
                .as_deref()
                .map(|text| value.setting.kind.display(text))
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
    /// Checks every given value, overridden ones included, and picks that of the highest layer.
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
        let value = |setting: &'static Declaration| {
            let name = setting.name;
            let (text, origin) = if let Some((text, origin)) = chosen.remove(name) {
                (Some(text), origin)
            } else {
                let default = setting.default_in(environment);
                (default.map(str::to_owned), Origin::default_of(setting))
            };
            let value = Value {
                setting,
                text,
                origin,
            };
            (name, value)
        };
        let effective = Self {
            values: settings::all().map(value).collect(),
            dotenv_ignored: sources.dotenv_ignored,
        };
        // Set in a later layer, it would come too late to choose the defaults and to decide whether .env is read.
        if sources.environment.is_some()
            && effective.find(&CUSTOMER_ENVIRONMENT) != sources.environment
        {
            let name = CUSTOMER_ENVIRONMENT.name;
            faults.add(format!(
                "{name} decides whether .env is read: set it to production in the environment or in \
                 configs/config.yaml, not in .env or in a file"
            ));
        }
        effective
    }

    /// Returns the value of a setting that must have one.
    ///
    /// # Errors
    /// The setting has neither a value nor a default.
    pub(super) fn get<T>(&self, setting: &Setting<T>) -> Result<T, Faults> {
        let missing = || Faults::from(format!("{} must be set", setting.name));
        self.find(setting).ok_or_else(missing)
    }

    /// Returns the value of a setting, or `None` if it has neither a value nor a default.
    pub(super) fn find<T>(&self, setting: &Setting<T>) -> Option<T> {
        setting.read(self.text(setting.name)?)
    }

    /// Returns the canonical text of a setting, or `None` if it has neither a value nor a default.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name)?.text.as_deref()
    }

    pub(super) fn value(&self, setting: &Declaration) -> Option<&Value> {
        self.values.get(setting.name)
    }

    /// Returns every setting in the order of the table.
    pub(super) fn values(&self) -> impl Iterator<Item = &Value> {
        settings::all().filter_map(|setting| self.value(setting))
    }

    /// Returns the names of settings that are set although the part that they configure does not exist yet.
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
        // A value that looks like a URL may contain a password, even where the setting takes no URL.
        faults.add(if setting.kind.is_secret() || text.contains(['@', '/']) {
            format!("{origin} is not accepted: give {accepts}")
        } else {
            format!("{origin} is {text:?}, which is not accepted: give {accepts}")
        });
    }
    canonical
}
