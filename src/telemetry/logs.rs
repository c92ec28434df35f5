//! Structured logs on stderr: for people on a terminal, JSON lines for machines otherwise.
use std::error::Error;
use std::io::{self, IsTerminal};

use tracing::subscriber::set_global_default;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

/// What is logged when nobody says otherwise.
const DEFAULT_FILTER: &str = "info";

/// Begins to log what `filter` lets through: a level such as `debug`, or directives such as
/// `info,chaperone::proxy=debug` (`CHAPERONE_LOG` in the environment); by default `info`. A filter that cannot be read
/// is as none, with a warning. A second call does nothing.
pub fn init(filter: Option<&str>) {
    let (directives, unreadable) = directives(filter);
    let on_stderr = fmt().with_env_filter(directives).with_writer(io::stderr);
    let begun = if io::stderr().is_terminal() {
        set_global_default(on_stderr.finish())
    } else {
        set_global_default(on_stderr.json().flatten_event(true).finish())
    };
    if let (Ok(()), Some(error)) = (begun, unreadable) {
        tracing::warn!(error, "the log filter cannot be read, so `{DEFAULT_FILTER}` stands");
    }
}

/// An error with all its causes, as one line: `cannot do this: because of that`.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line = format!("{line}: {error}");
        cause = error.source();
    }
    line
}

/// The filter, and why the one that was given is not it.
fn directives(given: Option<&str>) -> (EnvFilter, Option<String>) {
    match given.map(EnvFilter::try_new) {
        Some(Ok(filter)) => (filter, None),
        Some(Err(error)) => (EnvFilter::new(DEFAULT_FILTER), Some(error.to_string())),
        None => (EnvFilter::new(DEFAULT_FILTER), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_cannot_be_read_is_as_none_with_a_word_on_it() {
        for (given, shown, complains) in [
            (None, "info", false),
            (Some("debug"), "debug", false),
            (Some("warn,chaperone=trace"), "chaperone=trace,warn", false),
            (Some("chaperone=loudest"), "info", true),
        ] {
            let (filter, unreadable) = directives(given);
            assert_eq!((filter.to_string().as_str(), unreadable.is_some()), (shown, complains), "{given:?}");
        }
    }

    #[test]
    fn a_second_call_does_nothing() {
        init(Some("error"));
        init(Some("trace"));
        assert!(!tracing::enabled!(tracing::Level::TRACE));
    }
}
