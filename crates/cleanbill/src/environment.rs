use std::{collections::BTreeMap, env};

use cleanbill_core::Language;

/// Holds everything that the program takes from its environment, read once at the start.
#[derive(Default)]
pub(crate) struct Environment {
    /// `NO_COLOR` is set and not empty (no-color.org).
    pub(crate) no_color: bool,
    /// `CLICOLOR`, where it says yes or no.
    pub(crate) cli_color: Option<bool>,
    /// `CLICOLOR_FORCE` is set and not `0`.
    pub(crate) force_color: bool,
    /// `TERM` is `dumb`.
    pub(crate) dumb_terminal: bool,
    /// `COLUMNS`, where it is a number.
    pub(crate) columns: Option<usize>,
    /// Language of the locale.
    pub(crate) language: Language,
    /// How hubs are reached.
    pub(crate) remote: Remote,
}

/// Holds how remote targets are reached. No `Debug`: it holds credentials.
#[derive(Clone, Default)]
pub(crate) struct Remote {
    /// `HF_ENDPOINT`: address of the hub.
    #[cfg_attr(not(feature = "hub"), expect(dead_code, reason = "this build reads no hub"))]
    pub(crate) hub_endpoint: Option<String>,
    /// `HF_TOKEN`: token for the hub.
    #[cfg_attr(not(feature = "hub"), expect(dead_code, reason = "this build reads no hub"))]
    pub(crate) hub_token: Option<String>,
    /// `AWS_*`, `GOOGLE_*` and `AZURE_*`, as the tools of those providers read them.
    pub(crate) providers: BTreeMap<String, String>,
}

impl Environment {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the environment is read; everything else takes the values"
    )]
    pub(crate) fn read() -> Self {
        let mut environment = Self::from(|name| {
            let value = env::var_os(name)?;
            Some(value.to_string_lossy().into_owned()).filter(|value| !value.is_empty())
        });
        environment.remote.providers = env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| {
                ["AWS_", "GOOGLE_", "AZURE_"]
                    .iter()
                    .any(|start| name.starts_with(start))
            })
            .collect();
        environment
    }

    fn from(variable: impl Fn(&str) -> Option<String>) -> Self {
        let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(&variable);
        Self {
            no_color: variable("NO_COLOR").is_some(),
            cli_color: variable("CLICOLOR").map(|value| value != "0"),
            force_color: variable("CLICOLOR_FORCE").is_some_and(|value| value != "0"),
            dumb_terminal: variable("TERM").is_some_and(|value| value == "dumb"),
            columns: variable("COLUMNS").and_then(|value| value.parse().ok()),
            language: match locale {
                Some(locale) if locale.to_ascii_lowercase().starts_with("zh") => Language::Chinese,
                _ => Language::English,
            },
            remote: Remote {
                hub_endpoint: variable("HF_ENDPOINT"),
                hub_token: variable("HF_TOKEN"),
                providers: BTreeMap::new(),
            },
        }
    }
}

/// Returns the variable that the caller named as the place of a secret.
#[expect(
    clippy::disallowed_methods,
    reason = "the name is an argument, so that it cannot be read at the start with the others"
)]
pub(crate) fn secret(name: &str) -> Option<String> {
    env::var_os(name)?.into_string().ok()
}

/// Returns every variable, for a record of what a command ran with; what is no text is made printable.
pub(crate) fn all() -> BTreeMap<String, String> {
    let text = |value: std::ffi::OsString| value.to_string_lossy().into_owned();
    env::vars_os()
        .map(|(name, value)| (text(name), text(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_locale_that_is_set_decides() {
        let language = |set: &[(&str, &str)]| {
            let variable = |name: &str| {
                set.iter()
                    .find(|(key, _)| *key == name)
                    .map(|(_, value)| (*value).to_owned())
            };
            Environment::from(variable).language
        };
        assert_eq!(language(&[]), Language::English);
        assert_eq!(language(&[("LANG", "zh_CN.UTF-8")]), Language::Chinese);
        assert_eq!(
            language(&[("LANG", "zh_CN.UTF-8"), ("LC_ALL", "C")]),
            Language::English
        );
        assert_eq!(
            language(&[("LANG", "de_DE"), ("LC_MESSAGES", "zh_CN")]),
            Language::Chinese
        );
    }
}
