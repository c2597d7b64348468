//! The list as it is written, in JSON or TOML.

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct List {
    pub(super) schema: String,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) date: String,
    #[serde(default, rename = "entry")]
    pub(super) entries: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) reason: String,
    #[serde(default)]
    pub(super) severity: Option<String>,
    #[serde(default)]
    pub(super) sha256: Vec<String>,
    #[serde(default)]
    pub(super) huggingface: Vec<String>,
    #[serde(default)]
    pub(super) references: Vec<String>,
}
