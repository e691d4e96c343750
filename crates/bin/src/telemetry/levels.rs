//! Which events are logged; can be changed while the service runs.

use std::sync::{Mutex, PoisonError};

use customer_http::api::{LogLevelError, LogLevelState, LogLevels};
use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Registry;
use tracing_subscriber::filter::{ParseError, Targets};
use tracing_subscriber::reload;

use crate::config;

/// The beginnings of this service's own targets.
const OWN: [&str; 3] = ["customer_", "embedded_postgres", "http_kit"];
/// Libraries that are not named are logged at most at this level: below it they log statements and request heads,
/// without regard to personal data.
const MAX_OTHER_LEVEL: LevelFilter = LevelFilter::INFO;

/// The current log filter, and the handle to replace it.
pub(crate) struct Levels {
    filter: reload::Handle<Targets, Registry>,
    configured: String,
    /// Locked while the filter is replaced, so that it always matches the filter in effect.
    current: Mutex<String>,
}

impl Levels {
    /// Returns the filter for these directives, and the handle to change it.
    pub(super) fn begin(
        configured: &str,
    ) -> Result<(reload::Layer<Targets, Registry>, Self), ParseError> {
        let (filter, handle) = reload::Layer::new(targets(configured)?);
        let levels = Self {
            filter: handle,
            configured: configured.to_owned(),
            current: Mutex::new(configured.to_owned()),
        };
        Ok((filter, levels))
    }

    fn state(&self, current: &str) -> LogLevelState {
        LogLevelState {
            level: current.to_owned(),
            configured: self.configured.clone(),
        }
    }
}

impl LogLevels for Levels {
    fn show(&self) -> LogLevelState {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        self.state(&current)
    }

    fn change(&self, level: Option<&str>, by: &str) -> Result<LogLevelState, LogLevelError> {
        let level = match level {
            Some(level) => config::log_level(level).map_err(LogLevelError::Unreadable)?,
            None => self.configured.clone(),
        };
        let filter = targets(&level).map_err(|_| LogLevelError::Unreadable(vec![level.clone()]))?;
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        // Logged while the filter lets it through: the new one may log nothing.
        let is_logged = tracing::enabled!(Level::WARN);
        if is_logged {
            log_change(by, &current, &level);
        }
        self.filter
            .reload(filter)
            .map_err(|_| LogLevelError::Unavailable)?;
        if !is_logged {
            log_change(by, &current, &level);
        }
        *current = level;
        Ok(self.state(&current))
    }
}

fn log_change(by: &str, from: &str, to: &str) {
    tracing::warn!(actor_id = by, from, to, "the log level is changed");
}

/// Parses the directives; limits the level of libraries that they do not name.
fn targets(directives: &str) -> Result<Targets, ParseError> {
    let asked: Targets = directives.parse()?;
    let level = asked.default_level().unwrap_or(LevelFilter::OFF);
    Ok(Targets::new()
        .with_default(level.min(MAX_OTHER_LEVEL))
        .with_targets(OWN.map(|own| (own, level)))
        .with_targets(asked.iter()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_say_more_than_info_only_when_asked_by_name() {
        let trace = targets("trace").unwrap();
        for own in [
            "customer_http::observe",
            "http_kit::stack",
            "customer_service",
            "embedded_postgres::server",
        ] {
            assert!(trace.would_enable(own, &Level::TRACE), "{own}");
        }
        for other in ["sqlx::query", "hyper::proto", "rustls", "tower", "h2"] {
            assert!(!trace.would_enable(other, &Level::DEBUG), "{other}");
            assert!(trace.would_enable(other, &Level::INFO), "{other}");
        }
        let named = targets("info,sqlx=trace,customer_http=warn").unwrap();
        assert!(named.would_enable("sqlx::query", &Level::TRACE));
        assert!(!named.would_enable("hyper", &Level::DEBUG));
        assert!(!named.would_enable("customer_http::access", &Level::INFO));
        assert!(named.would_enable("customer_app", &Level::INFO));
        let few = targets("error").unwrap();
        assert!(!few.would_enable("sqlx", &Level::WARN));
        assert!(!few.would_enable("customer_app", &Level::WARN));
        let one = targets("customer_app=debug").unwrap();
        assert!(one.would_enable("customer_app::tenant", &Level::DEBUG));
        assert!(!one.would_enable("customer_http", &Level::ERROR));
    }
}
