//! The settings, a file for each section: their names, kinds, meanings and defaults, and how the program reads them.

use super::Environment;
use super::kind::{AnyKind, Kind};

/// The prefix of this service's own names; an unknown name with it is an error.
pub(super) const PREFIX: &str = "CUSTOMER_";
/// The prefix of names that belong to the test harness.
pub(super) const TEST_PREFIX: &str = "CUSTOMER_TEST_";

/// Declares the settings of a section in the order in which they are shown: for each its meaning, the name of its
/// variable, the type of its values and the kind of its text.
///
/// Each becomes a constant to read it by. The table does not use these constants, so the compiler warns about a
/// setting that is never read. A setting that is `not_built` has no constant: it is checked, and has no effect.
macro_rules! section {
    ($title:literal; $(
        $(#[doc = $meaning:literal])+
        $name:ident: $value:ty = $spec:expr $(, $state:ident)?;
    )+) => {
        pub(super) static SECTION: $crate::config::settings::Section = $crate::config::settings::Section {
            title: $title,
            settings: &[$(
                $crate::config::settings::Declaration::new::<$value>(
                    stringify!($name),
                    concat!($($meaning),+),
                    &$spec,
                )
                $(.$state())?
            ),+],
        };
        $(section!(@constant $name: $value = $spec $(, $state)?);)+
    };
    (@constant $name:ident: $value:ty = $spec:expr) => {
        pub(in crate::config) const $name: $crate::config::settings::Setting<$value> =
            $crate::config::settings::Setting::new(stringify!($name), &$spec);
    };
    (@constant $name:ident: $value:ty = $spec:expr, not_built) => {};
}

pub(super) mod customers;
pub(super) mod database;
pub(super) mod embedded;
mod events;
pub(super) mod jobs;
mod migration;
pub(super) mod observability;
mod redis;
pub(super) mod security;
pub(super) mod server;
pub(super) mod service;
mod upstream;

/// Related settings, in the order in which they are shown.
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) settings: &'static [Declaration],
}

pub(super) static SECTIONS: [&Section; 12] = [
    &service::SECTION,
    &server::SECTION,
    &database::SECTION,
    &security::SECTION,
    &customers::SECTION,
    &jobs::SECTION,
    &observability::SECTION,
    &embedded::SECTION,
    &events::SECTION,
    &redis::SECTION,
    &upstream::SECTION,
    &migration::SECTION,
];

/// What is known of a setting apart from its value.
pub(super) struct Declaration {
    /// The canonical name of its variable.
    pub(super) name: &'static str,
    /// Its place in `configs/config.yaml`.
    pub(super) path: &'static str,
    /// Further names of its variable, which older documents use.
    pub(super) aliases: &'static [&'static str],
    pub(super) kind: &'static dyn AnyKind,
    default: Fallback,
    /// A sentence for operators.
    pub(super) meaning: &'static str,
    /// `false` for a documented setting whose part does not exist yet: it is checked, and has no effect.
    pub(super) built: bool,
}

/// A setting whose values have the type `T`, with which they are read.
pub(super) struct Setting<T: 'static> {
    /// The canonical name of its variable.
    pub(super) name: &'static str,
    kind: &'static dyn Kind<Value = T>,
}

/// A setting without its name and meaning, as a section declares it.
struct Spec<T: 'static> {
    path: &'static str,
    aliases: &'static [&'static str],
    kind: &'static dyn Kind<Value = T>,
    any_kind: &'static dyn AnyKind,
    default: Fallback,
}

#[derive(Clone, Copy)]
struct Fallback {
    development: Option<&'static str>,
    production: Option<&'static str>,
}

/// Declares a setting at this place of `configs/config.yaml`, of this kind.
const fn setting<K: Kind>(path: &'static str, kind: &'static K) -> Spec<K::Value> {
    Spec {
        path,
        aliases: &[],
        kind,
        any_kind: kind,
        default: Fallback {
            development: None,
            production: None,
        },
    }
}

impl<T> Spec<T> {
    const fn or(mut self, default: &'static str) -> Self {
        self.default.development = Some(default);
        self.in_production(default)
    }

    const fn in_production(mut self, default: &'static str) -> Self {
        self.default.production = Some(default);
        self
    }

    const fn also(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }
}

impl<T> Setting<T> {
    const fn new(name: &'static str, spec: &Spec<T>) -> Self {
        Self {
            name,
            kind: spec.kind,
        }
    }

    /// Parses a value; `None` if the setting rejects `text`.
    pub(super) fn read(&self, text: &str) -> Option<T> {
        self.kind.read(text)
    }
}

impl Declaration {
    const fn new<T>(name: &'static str, meaning: &'static str, spec: &Spec<T>) -> Self {
        Self {
            name,
            path: spec.path,
            aliases: spec.aliases,
            kind: spec.any_kind,
            default: spec.default,
            meaning: meaning.trim_ascii_start(),
            built: true,
        }
    }

    const fn not_built(mut self) -> Self {
        self.built = false;
        self
    }

    pub(super) fn default_in(&self, environment: Environment) -> Option<&'static str> {
        match environment {
            Environment::Development => self.default.development,
            Environment::Production => self.default.production,
        }
    }

    /// Returns every name of its variable, the canonical one first.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }
}

pub(super) fn all() -> impl Iterator<Item = &'static Declaration> {
    SECTIONS.iter().flat_map(|section| section.settings)
}

pub(super) fn by_name(name: &str) -> Option<&'static Declaration> {
    all().find(|setting| setting.names().any(|known| known == name))
}

pub(super) fn by_path(path: &str) -> Option<&'static Declaration> {
    all().find(|setting| setting.path == path)
}

/// Returns whether there are settings below `path`; all are below the empty path.
pub(super) fn is_section_path(path: &str) -> bool {
    path.is_empty()
        || all().any(|s| {
            s.path
                .strip_prefix(path)
                .is_some_and(|rest| rest.starts_with('.'))
        })
}

pub(super) fn nearest_name(name: &str) -> &'static str {
    nearest(name, all().flat_map(Declaration::names))
}

pub(super) fn nearest_path(path: &str) -> &'static str {
    nearest(path, all().map(|setting| setting.path))
}

fn nearest(wrong: &str, known: impl Iterator<Item = &'static str>) -> &'static str {
    known
        .min_by_key(|name| strsim::damerau_levenshtein(wrong, name))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
