//! The KEV catalog as it is written.

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Catalog {
    #[serde(default, rename = "catalogVersion")]
    pub(super) version: String,
    #[serde(default)]
    pub(super) date_released: String,
    pub(super) vulnerabilities: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    #[serde(rename = "cveID")]
    pub(super) cve_id: String,
    #[serde(default)]
    pub(super) date_added: String,
    #[serde(default)]
    pub(super) due_date: String,
    #[serde(default)]
    pub(super) known_ransomware_campaign_use: String,
}
