//! The result of `advisories check` as JSON, version 1. Keys are sorted; nothing is copied, since a large bill has tens of
//! thousands of advisories.

use serde::Serialize;

#[derive(Debug, Serialize)]
pub(super) struct Check<'a> {
    pub(super) advisories: Vec<Advisory<'a>>,
    pub(super) asked: usize,
    pub(super) gaps: Vec<Gap<'a>>,
    pub(super) index: Option<Index<'a>>,
    pub(super) schema: &'static str,
    pub(super) unnamed: &'a [String],
}

#[derive(Debug, Serialize)]
pub(super) struct Advisory<'a> {
    pub(super) aliases: &'a [String],
    pub(super) answered: bool,
    pub(super) components: &'a [String],
    pub(super) epss: Option<Epss<'a>>,
    pub(super) fixed: &'a [String],
    pub(super) id: &'a str,
    pub(super) kev: Option<Kev<'a>>,
    pub(super) possible: bool,
    pub(super) published: Option<&'a str>,
    pub(super) severity: Option<&'static str>,
    pub(super) summary: &'a str,
    pub(super) vectors: &'a [String],
    pub(super) weaknesses: &'a [u32],
}

#[derive(Debug, Serialize)]
pub(super) struct Epss<'a> {
    pub(super) percentile: &'a str,
    pub(super) probability: &'a str,
}

#[derive(Debug, Serialize)]
pub(super) struct Kev<'a> {
    pub(super) added: &'a str,
    pub(super) due: &'a str,
    pub(super) ransomware: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct Gap<'a> {
    pub(super) advisories: &'a [String],
    pub(super) ecosystem: &'a str,
    pub(super) name: &'a str,
    pub(super) reason: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Index<'a> {
    pub(super) date: &'a str,
    pub(super) records: usize,
}
