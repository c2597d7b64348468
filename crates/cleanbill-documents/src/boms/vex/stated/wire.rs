//! Statements as they are written.

use serde::Deserialize;

use super::Stated;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) schema: String,
    #[serde(default, rename = "statement")]
    pub(super) statements: Vec<One>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct One {
    vulnerability: String,
    products: Vec<String>,
    status: String,
    justification: Option<String>,
    impact_statement: Option<String>,
    action_statement: Option<String>,
    status_notes: Option<String>,
}

impl From<One> for Stated {
    fn from(one: One) -> Self {
        Self {
            vulnerability: one.vulnerability,
            products: one.products,
            status: one.status,
            justification: one.justification,
            impact_statement: one.impact_statement,
            action_statement: one.action_statement,
            status_notes: one.status_notes,
        }
    }
}
