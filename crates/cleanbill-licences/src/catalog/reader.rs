//! Reads `data/*.toml`: one table for each licence, its name is the id.
//!
//! | key | meaning |
//! |---|---|
//! | `kind` | table of `kinds.toml` whose terms hold where none is stated |
//! | `title`, `names`, `classifiers`, `url`, `dated` | how people and packages call it, where the text stands, its version |
//! | `basis` | `text` (checked against the licence) or `secondary` (against statements about it) |
//! | `same_text`, `members`, `versions` | shares a text; may mean several; `{}` in all texts stands for each version |
//! | `heads`, `marks`, `without`, `notices`, `words` | phrases of the text; ` \| ` parts wordings of one mark |
//! | `tails`, `span`, `encloses` | where it ends, words up to there, licences whose texts it holds as a part |
//! | `commercial` | `yes`, `no`, `conditional` (with `monthly_users`, `daily_users`, `yearly_revenue_usd`, `registration`, `permission`), `unknown` |
//! | `derivatives`, `redistribution` | `yes`, `no`, `unknown` |
//! | `copyleft` | `none`, `weak`, `strong`, `network` |
//! | `share_alike`, `attribution`, `include_licence`, `state_changes` | `true` or `false` |
//! | `notice` | `none`, `keep`, `required` |
//! | `display`, `display_from_monthly_users`, `name_prefix` | words to show, from how many users, how names must begin |
//! | `use_restrictions` | `none`, `policy`, `carried` |
//! | `outputs` | `free`, `naming`, `derivative`, `no-training`, `non-commercial`, `unknown` |
//! | `military` | `unmentioned`, `forbidden` |
//! | `patents` | `none`, `terminates` |
//! | `excluded` | regions without rights, `EU:multimodal` only for models of several modalities |

use std::{collections::BTreeMap, fmt};

use toml::de::{DeTable, DeValue};

use super::{Clause, Licence, Marks};
use crate::{
    terms::{
        Basis, Commercial, Copyleft, Exclusion, Military, NoticeFile, OutputUse, Patents, Permission, Terms,
        UseRestrictions,
    },
    words,
};

/// Month in which the facts were last looked at.
const CHECKED: &str = "2026-11";

/// Why a data file is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CatalogError {
    /// The file is no TOML.
    Syntax {
        /// Name of the file.
        file: String,
        /// What the TOML reader says.
        message: String,
    },
    /// A key or its value has no meaning here.
    Key {
        /// Name of the table.
        licence: String,
        /// The key.
        key: String,
    },
    /// A licence stands twice.
    Twice {
        /// Its id.
        licence: String,
    },
}

impl fmt::Display for CatalogError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { file, message } => write!(out, "`{file}` is no TOML: {message}"),
            Self::Key { licence, key } => {
                write!(out, "the key `{key}` of `{licence}` or its value has no meaning")
            }
            Self::Twice { licence } => write!(out, "the licence `{licence}` stands twice"),
        }
    }
}

impl std::error::Error for CatalogError {}

/// One table, with strings, lists, numbers and truth values only.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    List(Vec<String>),
    Number(u64),
    Truth(bool),
}

pub(super) type Fields = BTreeMap<String, Value>;

/// Reads the shared terms.
pub(super) fn kinds(text: &str) -> Result<BTreeMap<String, Fields>, CatalogError> {
    Ok(tables("kinds.toml", text)?.into_iter().collect())
}

/// Reads the clauses.
pub(super) fn clauses(text: &str) -> Result<Vec<Clause>, CatalogError> {
    let mut clauses = Vec::new();
    for (id, mut fields) in tables("clauses.toml", text)? {
        let mut take = Take {
            id: &id,
            fields: &mut fields,
            version: None,
        };
        let phrases = take
            .list("phrases")?
            .iter()
            .map(|phrase| words::joined(phrase))
            .collect();
        let commercial = take.text("commercial")?;
        let military = take.text("military")?;
        let restricts_use = take.truth("restricts_use")?;
        take.finish()?;
        let commercial = commercial.map(|word| match word.as_str() {
            "no" => Commercial::No,
            _ => Commercial::Conditional {
                monthly_users: None,
                daily_users: None,
                yearly_revenue_usd: None,
                registration: false,
                permission: true,
            },
        });
        clauses.push(Clause {
            commercial,
            military: military.map(|_| Military::Forbidden),
            restricts_use,
            phrases,
            id,
        });
    }
    Ok(clauses)
}

/// Reads the licences of one file.
pub(super) fn licences(
    file: &str,
    text: &str,
    kinds: &BTreeMap<String, Fields>,
) -> Result<Vec<Licence>, CatalogError> {
    let mut licences = Vec::new();
    for (id, mut fields) in tables(file, text)? {
        let wrong = |key: &str| CatalogError::Key {
            licence: id.clone(),
            key: key.to_owned(),
        };
        if let Some(kind) = fields.remove("kind") {
            let Value::Text(kind) = kind else {
                return Err(wrong("kind"));
            };
            let shared = kinds.get(&kind).ok_or_else(|| wrong("kind"))?;
            for (key, value) in shared {
                fields.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
        match fields.remove("versions") {
            None => licences.push(licence(&id, fields, None)?),
            Some(Value::List(versions)) => {
                for version in &versions {
                    licences.push(licence(&id, fields.clone(), Some(version))?);
                }
            }
            Some(_) => return Err(wrong("versions")),
        }
    }
    Ok(licences)
}

fn licence(id: &str, mut fields: Fields, version: Option<&str>) -> Result<Licence, CatalogError> {
    let mut take = Take {
        id,
        fields: &mut fields,
        version,
    };
    let phrases =
        |list: Vec<String>| -> Vec<String> { list.iter().map(|phrase| words::joined(phrase)).collect() };
    let wordings = |mark: &String| phrases(mark.split(" | ").map(str::to_owned).collect());
    let marks = Marks {
        words: usize::try_from(take.number("words")?.unwrap_or(0)).unwrap_or(usize::MAX),
        heads: phrases(take.list("heads")?),
        parts: take.list("marks")?.iter().map(wordings).collect(),
        tails: phrases(take.list("tails")?),
        span: usize::try_from(take.number("span")?.unwrap_or(0)).unwrap_or(usize::MAX),
        encloses: take.list("encloses")?,
        without: phrases(take.list("without")?),
        notices: phrases(take.list("notices")?),
    };
    let licence = Licence {
        title: take.text("title")?.unwrap_or_default(),
        url: take.text("url")?,
        dated: take.text("dated")?,
        checked: CHECKED.to_owned(),
        basis: take.word("basis", &[("text", Basis::Text), ("secondary", Basis::Secondary)])?,
        same_text: take.text("same_text")?,
        members: take.list("members")?,
        names: take.list("names")?,
        classifiers: take.list("classifiers")?,
        terms: terms(&mut take)?,
        id: take.expand(id),
        marks,
    };
    take.finish()?;
    Ok(licence)
}

fn terms(take: &mut Take<'_>) -> Result<Terms, CatalogError> {
    let conditional = Commercial::Conditional {
        monthly_users: take.number("monthly_users")?,
        daily_users: take.number("daily_users")?,
        yearly_revenue_usd: take.number("yearly_revenue_usd")?,
        registration: take.truth("registration")?,
        permission: take.truth("permission")?,
    };
    let commercial = take.word(
        "commercial",
        &[
            ("yes", Commercial::Yes),
            ("no", Commercial::No),
            ("unknown", Commercial::Unknown),
            ("conditional", conditional),
        ],
    )?;
    let permission = [
        ("yes", Permission::Yes),
        ("no", Permission::No),
        ("unknown", Permission::Unknown),
    ];
    Ok(Terms {
        commercial,
        derivatives: take.word("derivatives", &permission)?,
        redistribution: take.word("redistribution", &permission)?,
        copyleft: take.word(
            "copyleft",
            &[
                ("none", Copyleft::None),
                ("weak", Copyleft::Weak),
                ("strong", Copyleft::Strong),
                ("network", Copyleft::Network),
            ],
        )?,
        share_alike: take.truth("share_alike")?,
        attribution: take.truth("attribution")?,
        include_licence: take.truth("include_licence")?,
        state_changes: take.truth("state_changes")?,
        notice: take.word(
            "notice",
            &[
                ("none", NoticeFile::None),
                ("keep", NoticeFile::Keep),
                ("required", NoticeFile::Required),
            ],
        )?,
        display: take.text("display")?,
        display_from_monthly_users: take.number("display_from_monthly_users")?,
        name_prefix: take.text("name_prefix")?,
        use_restrictions: take.word(
            "use_restrictions",
            &[
                ("none", UseRestrictions::None),
                ("policy", UseRestrictions::Policy),
                ("carried", UseRestrictions::Carried),
            ],
        )?,
        outputs: take.word(
            "outputs",
            &[
                ("free", OutputUse::Free),
                ("unknown", OutputUse::Unknown),
                ("naming", OutputUse::Naming),
                ("derivative", OutputUse::Derivative),
                ("no-training", OutputUse::NoTraining),
                ("non-commercial", OutputUse::NonCommercial),
            ],
        )?,
        military: take.word(
            "military",
            &[
                ("unmentioned", Military::Unmentioned),
                ("forbidden", Military::Forbidden),
            ],
        )?,
        patents: take.word(
            "patents",
            &[("none", Patents::None), ("terminates", Patents::Terminates)],
        )?,
        excluded: take
            .list("excluded")?
            .iter()
            .map(|word| exclusion(word))
            .collect(),
    })
}

fn exclusion(word: &str) -> Exclusion {
    let (region, scope) = word.split_once(':').unwrap_or((word, ""));
    Exclusion {
        region: region.to_owned(),
        multimodal_only: scope == "multimodal",
    }
}

/// Takes fields out of a table, and in the end refuses what is left.
struct Take<'f> {
    id: &'f str,
    fields: &'f mut Fields,
    version: Option<&'f str>,
}

impl Take<'_> {
    fn wrong<T>(&self, key: &str) -> Result<T, CatalogError> {
        Err(CatalogError::Key {
            licence: self.id.to_owned(),
            key: key.to_owned(),
        })
    }

    fn expand(&self, text: &str) -> String {
        self.version
            .map_or_else(|| text.to_owned(), |version| text.replace("{}", version))
    }

    fn text(&mut self, key: &str) -> Result<Option<String>, CatalogError> {
        match self.fields.remove(key) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(self.expand(&text))),
            Some(_) => self.wrong(key),
        }
    }

    fn list(&mut self, key: &str) -> Result<Vec<String>, CatalogError> {
        match self.fields.remove(key) {
            None => Ok(Vec::new()),
            Some(Value::List(list)) => Ok(list.iter().map(|text| self.expand(text)).collect()),
            Some(_) => self.wrong(key),
        }
    }

    fn number(&mut self, key: &str) -> Result<Option<u64>, CatalogError> {
        match self.fields.remove(key) {
            None => Ok(None),
            Some(Value::Number(number)) => Ok(Some(number)),
            Some(_) => self.wrong(key),
        }
    }

    fn truth(&mut self, key: &str) -> Result<bool, CatalogError> {
        match self.fields.remove(key) {
            None => Ok(false),
            Some(Value::Truth(truth)) => Ok(truth),
            Some(_) => self.wrong(key),
        }
    }

    fn word<T: Clone + Default>(&mut self, key: &str, words: &[(&str, T)]) -> Result<T, CatalogError> {
        let Some(word) = self.text(key)? else {
            return Ok(T::default());
        };
        match words.iter().find(|(name, _)| *name == word) {
            Some((_, value)) => Ok(value.clone()),
            None => self.wrong(key),
        }
    }

    fn finish(&self) -> Result<(), CatalogError> {
        match self.fields.keys().next() {
            None => Ok(()),
            Some(key) => self.wrong(key),
        }
    }
}

/// Reads the tables of a file, in their order.
fn tables(file: &str, text: &str) -> Result<Vec<(String, Fields)>, CatalogError> {
    let table = DeTable::parse(text).map_err(|error| CatalogError::Syntax {
        file: file.to_owned(),
        message: error.message().to_owned(),
    })?;
    let mut tables = Vec::new();
    for (name, value) in table.get_ref() {
        let id = name.get_ref().to_string();
        let wrong = |key: &str| CatalogError::Key {
            licence: id.clone(),
            key: key.to_owned(),
        };
        let DeValue::Table(inner) = value.get_ref() else {
            return Err(wrong("table"));
        };
        let mut fields = Fields::new();
        for (key, value) in inner {
            let key = key.get_ref().to_string();
            let value = field(value.get_ref()).ok_or_else(|| wrong(&key))?;
            fields.insert(key, value);
        }
        tables.push((name.span().start, id, fields));
    }
    tables.sort_by_key(|(start, _, _)| *start);
    Ok(tables.into_iter().map(|(_, id, fields)| (id, fields)).collect())
}

fn field(value: &DeValue<'_>) -> Option<Value> {
    match value {
        DeValue::String(text) => Some(Value::Text(text.to_string())),
        DeValue::Boolean(truth) => Some(Value::Truth(*truth)),
        DeValue::Integer(number) => Some(Value::Number(number.as_str().parse().ok()?)),
        DeValue::Array(items) => {
            let texts = items.iter().map(|item| match item.get_ref() {
                DeValue::String(text) => Some(text.to_string()),
                _ => None,
            });
            Some(Value::List(texts.collect::<Option<Vec<_>>>()?))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_meaning_is_refused() {
        let kinds = kinds("[open]\ncommercial = \"yes\"").expect("readable");
        for (text, wrong) in [
            ("[X]\ncolour = \"red\"", "colour"),
            ("[X]\ncommercial = \"maybe\"", "commercial"),
            ("[X]\nkind = \"shut\"", "kind"),
            ("[X]\nshare_alike = \"yes\"", "share_alike"),
            ("X = 1", "table"),
        ] {
            let error = licences("test", text, &kinds).expect_err(text);
            let expected = CatalogError::Key {
                licence: "X".to_owned(),
                key: wrong.to_owned(),
            };
            assert_eq!(error, expected, "{text}");
        }
        assert!(matches!(
            licences("test", "[X", &kinds),
            Err(CatalogError::Syntax { .. })
        ));
    }

    #[test]
    fn versions_expand_and_kinds_are_overridden() {
        let kinds = kinds("[open]\ncommercial = \"yes\"\nattribution = true").expect("readable");
        let text = "[\"A-{}\"]\nkind = \"open\"\nversions = [\"1.0\", \"2.0\"]\ncommercial = \"no\"\nheads = [\"A {} text\"]\n";
        let found = licences("test", text, &kinds).expect("readable");
        let ids: Vec<&str> = found.iter().map(|licence| licence.id.as_str()).collect();
        assert_eq!(ids, ["A-1.0", "A-2.0"]);
        assert_eq!(found[0].marks.heads, ["a 1 0 text"]);
        assert_eq!(found[0].terms.commercial, Commercial::No);
        assert!(found[0].terms.attribution);
    }
}
