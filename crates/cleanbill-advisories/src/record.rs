//! How one advisory is kept in an index: taken from its wire form under limits, and read back without copying.
//!
//! A record stands once, its affected packages apart from it: matching needs only the latter, and most packages do not match.

use std::borrow::Cow;

use crate::{
    codec::{Damage, Reader, Texts, put_size, put_text},
    ecosystem,
    fault::{Fault, printable},
    limits,
    wire::{self, Word},
};

/// An affected package, encoded.
#[derive(Debug)]
pub(crate) struct EncodedPackage {
    pub(crate) ecosystem: String,
    pub(crate) release: String,
    pub(crate) name: Box<str>,
    pub(crate) bytes: Vec<u8>,
}

/// A record, encoded.
#[derive(Debug)]
pub(crate) struct Encoded {
    pub(crate) id: String,
    pub(crate) modified: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) packages: Vec<EncodedPackage>,
    /// None of its packages has versions or ranges of versions, only commits.
    pub(crate) git_only: bool,
}

/// What became of a record that could be read.
#[derive(Debug)]
pub(crate) enum Taken {
    Kept(Encoded),
    Withdrawn { id: String, modified: String },
}

/// A fault with the path of the value that has it.
pub(crate) type Wrong = (String, Fault);

/// Takes a record from its wire form.
pub(crate) fn take(record: &wire::Record<'_>) -> Result<Taken, Wrong> {
    let id = word(&record.id, || "id".to_owned())?;
    if id.is_empty() {
        return Err(("id".to_owned(), Fault::Missing { what: "id" }));
    }
    let modified = optional(record.modified.as_ref(), "modified")?;
    if record.withdrawn.as_ref().is_some_and(|date| !date.0.is_empty()) {
        return Ok(Taken::Withdrawn {
            id: id.to_owned(),
            modified: modified.to_owned(),
        });
    }
    let published = optional(record.published.as_ref(), "published")?;
    let mut bytes = Vec::with_capacity(256);
    put_text(&mut bytes, id);
    put_text(&mut bytes, modified);
    put_text(&mut bytes, published);
    put_text(&mut bytes, &summary(record.summary.as_ref()));
    put_ids(&mut bytes, record.aliases.as_deref(), "aliases", id)?;
    put_ids(&mut bytes, record.related.as_deref(), "related", id)?;
    put_ids(&mut bytes, record.upstream.as_deref(), "upstream", id)?;
    put_severity(&mut bytes, record.severity.as_deref(), || "severity".to_owned())?;
    let rating = record
        .database_specific
        .as_ref()
        .and_then(|specific| specific.severity.as_deref());
    put_text(
        &mut bytes,
        &cut(rating.unwrap_or_default(), limits::SUMMARY_BYTES),
    );
    let specific = record.database_specific.as_ref();
    let weaknesses = specific
        .map(|specific| weaknesses(&specific.weaknesses))
        .unwrap_or_default();
    put_size(&mut bytes, weaknesses.len());
    for number in weaknesses {
        put_text(&mut bytes, &number.to_string());
    }

    let affected = record.affected.as_deref().unwrap_or_default();
    if affected.len() > limits::AFFECTED {
        let fault = Fault::TooMany {
            what: "affected packages",
            limit: limits::AFFECTED,
        };
        return Err(("affected".to_owned(), fault));
    }
    let mut packages = Vec::with_capacity(affected.len());
    let mut git_only = true;
    for (index, affected) in affected.iter().enumerate() {
        git_only &= take_affected(affected, index, &mut packages)?;
    }
    Ok(Taken::Kept(Encoded {
        id: id.to_owned(),
        modified: modified.to_owned(),
        bytes,
        packages,
        git_only: git_only && !affected.is_empty(),
    }))
}

/// Takes one affected package; says whether it names commits only.
fn take_affected(
    affected: &wire::Affected<'_>,
    index: usize,
    packages: &mut Vec<EncodedPackage>,
) -> Result<bool, Wrong> {
    let path = |rest: &str| format!("affected[{index}]{rest}");
    let mut ranges = Vec::new();
    let mut repositories = Vec::new();
    let all = affected.ranges.as_deref().unwrap_or_default();
    if all.len() > limits::RANGES {
        return Err((
            path(".ranges"),
            Fault::TooMany {
                what: "ranges",
                limit: limits::RANGES,
            },
        ));
    }
    for (number, range) in all.iter().enumerate() {
        let kind = match range.kind.0.as_ref() {
            "SEMVER" => SEMVER,
            "ECOSYSTEM" => ECOSYSTEM,
            "GIT" => {
                if let Some(repository) = &range.repo {
                    repositories.push(word(repository, || path(&format!(".ranges[{number}].repo")))?);
                }
                continue;
            }
            other => {
                let fault = Fault::Invalid {
                    value: printable(other),
                    wanted: "type of a range",
                };
                return Err((path(&format!(".ranges[{number}].type")), fault));
            }
        };
        ranges.push((kind, number, range.events.as_deref().unwrap_or_default()));
    }
    let has_commits = ranges.len() < all.len();
    let mut bytes = Vec::with_capacity(64);
    let (ecosystem, release, name) = match &affected.package {
        Some(package) if !package.name.0.is_empty() || !package.ecosystem.0.is_empty() => {
            let full = word(&package.ecosystem, || path(".package.ecosystem"))?;
            let name = word(&package.name, || path(".package.name"))?;
            if full.is_empty() {
                return Err((path(".package"), Fault::Missing { what: "ecosystem" }));
            }
            if name.is_empty() {
                return Err((path(".package"), Fault::Missing { what: "name" }));
            }
            let (ecosystem, release) = ecosystem::split(full);
            (ecosystem, release, name)
        }
        // Named by its repository alone: of its versions only tags can be compared.
        _ => {
            let tags = versions_of(affected, &path)?;
            for repository in &repositories {
                packages.push(EncodedPackage {
                    ecosystem: GIT.to_owned(),
                    release: String::new(),
                    name: ecosystem::normalise(GIT, repository).into(),
                    bytes: repository_bytes(&tags),
                });
            }
            return Ok(tags.is_empty());
        }
    };
    bytes.push(if has_commits { FLAG_COMMITS } else { 0 });
    put_text(&mut bytes, release);
    put_severity(&mut bytes, affected.severity.as_deref(), || path(".severity"))?;
    let specific = [&affected.database_specific, &affected.ecosystem_specific];
    let rating = specific
        .iter()
        .find_map(|specific| specific.as_ref()?.severity.as_deref());
    put_text(
        &mut bytes,
        &cut(rating.unwrap_or_default(), limits::SUMMARY_BYTES),
    );
    put_size(&mut bytes, ranges.len());
    for (kind, number, events) in &ranges {
        let path = |rest: &str| path(&format!(".ranges[{number}].events{rest}"));
        bytes.push(*kind);
        put_events(&mut bytes, events, &path)?;
    }
    let versions = versions_of(affected, &path)?;
    put_size(&mut bytes, versions.len());
    for version in &versions {
        put_text(&mut bytes, version);
    }
    packages.push(EncodedPackage {
        ecosystem: ecosystem.to_owned(),
        release: release.to_owned(),
        name: ecosystem::normalise(ecosystem, name).into(),
        bytes,
    });
    Ok(ranges.is_empty() && versions.is_empty())
}

/// Returns the listed versions of an affected package.
fn versions_of<'a>(
    affected: &'a wire::Affected<'_>,
    path: &dyn Fn(&str) -> String,
) -> Result<Vec<&'a str>, Wrong> {
    let versions = affected.versions.as_deref().unwrap_or_default();
    if versions.len() > limits::VERSIONS {
        let fault = Fault::TooMany {
            what: "versions",
            limit: limits::VERSIONS,
        };
        return Err((path(".versions"), fault));
    }
    let versions = versions.iter().enumerate();
    versions
        .map(|(number, version)| word(version, || path(&format!(".versions[{number}]"))))
        .collect()
}

/// Encodes what is known of a repository: commits, which nothing compares, and tags.
fn repository_bytes(tags: &[&str]) -> Vec<u8> {
    let mut bytes = vec![FLAG_COMMITS, 0, 0, 0, 0];
    put_size(&mut bytes, tags.len());
    for tag in tags {
        put_text(&mut bytes, tag);
    }
    bytes
}

fn put_events(
    bytes: &mut Vec<u8>,
    events: &[wire::Event<'_>],
    path: &dyn Fn(&str) -> String,
) -> Result<(), Wrong> {
    if events.len() > limits::EVENTS {
        return Err((
            path(""),
            Fault::TooMany {
                what: "events",
                limit: limits::EVENTS,
            },
        ));
    }
    let fields = |event: &wire::Event<'_>| {
        let fields = [
            (INTRODUCED, &event.introduced),
            (FIXED, &event.fixed),
            (LAST_AFFECTED, &event.last_affected),
            (LIMIT, &event.limit),
        ];
        fields.map(|(kind, version)| {
            version
                .as_ref()
                .map(|version| (kind, version.0.as_ref().to_owned()))
        })
    };
    let count = events
        .iter()
        .flat_map(|event| fields(event).into_iter().flatten())
        .count();
    put_size(bytes, count);
    for (number, event) in events.iter().enumerate() {
        for (kind, version) in fields(event).into_iter().flatten() {
            if version.len() > limits::WORD_BYTES {
                return Err((path(&format!("[{number}]")), too_long()));
            }
            bytes.push(kind);
            put_text(bytes, &version);
        }
    }
    Ok(())
}

fn put_ids(bytes: &mut Vec<u8>, ids: Option<&[Word<'_>]>, key: &'static str, own: &str) -> Result<(), Wrong> {
    let ids = ids.unwrap_or_default();
    if ids.len() > limits::IDS {
        return Err((
            key.to_owned(),
            Fault::TooMany {
                what: "ids",
                limit: limits::IDS,
            },
        ));
    }
    let mut kept = Vec::with_capacity(ids.len());
    for (number, id) in ids.iter().enumerate() {
        kept.push(word(id, || format!("{key}[{number}]"))?);
    }
    kept.retain(|id| !id.is_empty() && *id != own);
    put_size(bytes, kept.len());
    for id in kept {
        put_text(bytes, id);
    }
    Ok(())
}

fn put_severity(
    bytes: &mut Vec<u8>,
    severity: Option<&[wire::Severity<'_>]>,
    path: impl Fn() -> String,
) -> Result<(), Wrong> {
    let severity = severity.unwrap_or_default();
    if severity.len() > limits::IDS {
        return Err((
            path(),
            Fault::TooMany {
                what: "ratings",
                limit: limits::IDS,
            },
        ));
    }
    put_size(bytes, severity.len());
    for (number, rating) in severity.iter().enumerate() {
        put_text(
            bytes,
            word(&rating.kind, || format!("{}[{number}].type", path()))?,
        );
        put_text(
            bytes,
            word(&rating.score, || format!("{}[{number}].score", path()))?,
        );
    }
    Ok(())
}

fn word<'a>(word: &'a Word<'_>, path: impl Fn() -> String) -> Result<&'a str, Wrong> {
    if word.0.len() > limits::WORD_BYTES {
        Err((path(), too_long()))
    } else {
        Ok(&word.0)
    }
}

fn optional<'a>(text: Option<&'a Word<'_>>, key: &'static str) -> Result<&'a str, Wrong> {
    text.map_or(Ok(""), |text| word(text, || key.to_owned()))
}

fn too_long() -> Fault {
    Fault::TooLong {
        what: "the text",
        limit: u64::try_from(limits::WORD_BYTES).unwrap_or(u64::MAX),
    }
}

/// Reads ids of the CWE list, `CWE-502`; what is none is passed over.
fn weaknesses(ids: &[String]) -> Vec<u32> {
    let numbers = ids.iter().take(limits::WEAKNESSES);
    let numbers = numbers.filter_map(|id| id.trim().strip_prefix("CWE-")?.parse().ok());
    let mut numbers: Vec<u32> = numbers.filter(|number| *number > 0).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

fn summary<'a>(text: Option<&'a Word<'_>>) -> Cow<'a, str> {
    text.map_or(Cow::Borrowed(""), |text| cut(&text.0, limits::SUMMARY_BYTES))
}

/// Cuts a text at a character and marks the cut.
fn cut(text: &str, limit: usize) -> Cow<'_, str> {
    if text.len() <= limit {
        return Cow::Borrowed(text);
    }
    let end = (0..=limit)
        .rev()
        .find(|end| text.is_char_boundary(*end))
        .unwrap_or_default();
    Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default()))
}

/// A record, read back.
#[derive(Clone, Debug)]
pub(crate) struct Record<'a> {
    pub(crate) id: &'a str,
    pub(crate) modified: &'a str,
    pub(crate) published: &'a str,
    pub(crate) summary: &'a str,
    pub(crate) aliases: Vec<&'a str>,
    pub(crate) related: Vec<&'a str>,
    pub(crate) upstream: Vec<&'a str>,
    pub(crate) ratings: Vec<(&'a str, &'a str)>,
    pub(crate) rating_word: &'a str,
    /// Numbers of the CWE list.
    pub(crate) weaknesses: Vec<u32>,
}

impl<'a> Record<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, Damage> {
        let mut reader = Reader::new(bytes);
        Ok(Self {
            id: reader.text()?,
            modified: reader.text()?,
            published: reader.text()?,
            summary: reader.text()?,
            aliases: reader.texts()?,
            related: reader.texts()?,
            upstream: reader.texts()?,
            ratings: ratings(&mut reader)?,
            rating_word: reader.text()?,
            weaknesses: reader
                .texts()?
                .into_iter()
                .map(|text| {
                    text.parse()
                        .map_err(|_| Damage("a kind of weakness that is no number"))
                })
                .collect::<Result<_, _>>()?,
        })
    }
}

/// An affected package, read back.
#[derive(Clone, Debug)]
pub(crate) struct Affected<'a> {
    /// Some ranges of commits were left out.
    pub(crate) has_commits: bool,
    pub(crate) release: &'a str,
    pub(crate) ratings: Vec<(&'a str, &'a str)>,
    pub(crate) rating_word: &'a str,
    pub(crate) ranges: Vec<Range<'a>>,
    pub(crate) versions: Texts<'a>,
}

/// A range of versions, read back.
#[derive(Clone, Debug)]
pub(crate) struct Range<'a> {
    /// Its type is `SEMVER`, whatever the ecosystem.
    pub(crate) is_semver: bool,
    pub(crate) events: Vec<(Event, &'a str)>,
}

/// What happens at a point of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Introduced,
    Fixed,
    LastAffected,
    Limit,
}

impl<'a> Affected<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, Damage> {
        let mut reader = Reader::new(bytes);
        let flags = reader.byte()?;
        let release = reader.text()?;
        let ratings = ratings(&mut reader)?;
        let rating_word = reader.text()?;
        let count = reader.count()?;
        let mut ranges = Vec::with_capacity(count);
        for _ in 0..count {
            let is_semver = reader.byte()? == SEMVER;
            let count = reader.count()?;
            let mut events = Vec::with_capacity(count.min(limits::EVENTS));
            for _ in 0..count {
                let event = match reader.byte()? {
                    INTRODUCED => Event::Introduced,
                    FIXED => Event::Fixed,
                    LAST_AFFECTED => Event::LastAffected,
                    LIMIT => Event::Limit,
                    _ => return Err(Damage("an event of a kind that does not exist")),
                };
                events.push((event, reader.text()?));
            }
            ranges.push(Range { is_semver, events });
        }
        Ok(Self {
            has_commits: flags & FLAG_COMMITS != 0,
            release,
            ratings,
            rating_word,
            ranges,
            versions: reader.listed()?,
        })
    }
}

fn ratings<'a>(reader: &mut Reader<'a>) -> Result<Vec<(&'a str, &'a str)>, Damage> {
    let count = reader.count()?;
    (0..count).map(|_| Ok((reader.text()?, reader.text()?))).collect()
}

/// Ecosystem under which records stand that name a repository and no package.
pub(crate) const GIT: &str = "GIT";

const FLAG_COMMITS: u8 = 1;
const SEMVER: u8 = 0;
const ECOSYSTEM: u8 = 1;
const INTRODUCED: u8 = 0;
const FIXED: u8 = 1;
const LAST_AFFECTED: u8 = 2;
const LIMIT: u8 = 3;
