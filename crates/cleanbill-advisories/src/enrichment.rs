//! What other files say of a CVE: how likely its use is (EPSS) and whether it is in use (KEV). Users supply the files; nothing is fetched.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use flate2::read::MultiGzDecoder;
use thiserror::Error;

use crate::{
    fault::{DocumentError, Fault, Place, printable},
    file::wide,
    json, limits,
};

mod wire;

/// Why a file cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EnrichmentError {
    /// It cannot be read.
    #[error("cannot read `{}`", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It holds something else than it should.
    #[error(transparent)]
    Document(#[from] DocumentError),
}

/// Scores of the Exploit Prediction Scoring System, as its CSV files have them, packed by gzip or not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Epss {
    /// `model_version` of the first line; may be empty.
    pub model_version: String,
    /// Day of the scores, from `score_date` of the first line; empty where the file does not say it.
    pub date: String,
    /// Sorted by id.
    scores: Vec<(Cve, EpssScore)>,
}

/// One score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EpssScore {
    /// Probability of use within 30 days, 0 to 1.
    pub probability: f32,
    /// Share of all CVEs with a lower or equal score, 0 to 1.
    pub percentile: f32,
}

/// A CVE id as year and number.
type Cve = (u16, u64);

impl Epss {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, EnrichmentError> {
        let io = |source| EnrichmentError::Io {
            path: path.to_owned(),
            source,
        };
        let mut reader = BufReader::with_capacity(1 << 17, File::open(path).map_err(io)?);
        let is_gzip = reader.fill_buf().map_err(io)?.starts_with(&[0x1f, 0x8b]);
        if is_gzip {
            Self::lines(BufReader::new(MultiGzDecoder::new(reader)), path)
        } else {
            Self::lines(reader, path)
        }
    }

    fn lines(reader: impl BufRead, path: &Path) -> Result<Self, EnrichmentError> {
        let mut epss = Self::default();
        let mut reader = reader.take(limits::EPSS_BYTES.saturating_add(1));
        let mut columns: Option<[usize; 3]> = None;
        let mut line = Vec::new();
        let mut offset = 0_u64;
        let mut number = 0_u64;
        loop {
            line.clear();
            let read = match reader
                .by_ref()
                .take(wide(limits::WORD_BYTES))
                .read_until(b'\n', &mut line)
            {
                Ok(0) => break,
                Ok(read) => read,
                Err(source) => {
                    return Err(EnrichmentError::Io {
                        path: path.to_owned(),
                        source,
                    });
                }
            };
            number = number.saturating_add(1);
            let place = Place {
                path: format!("line {number}"),
                offset,
                ..Place::of_file(path)
            };
            let fault = |fault| {
                EnrichmentError::Document(DocumentError {
                    place: Box::new(place.clone()),
                    fault,
                })
            };
            if read >= limits::WORD_BYTES {
                return Err(fault(Fault::TooLong {
                    what: "the line",
                    limit: wide(limits::WORD_BYTES),
                }));
            }
            offset = offset.saturating_add(wide(read));
            if offset > limits::EPSS_BYTES {
                return Err(fault(Fault::TooLong {
                    what: "the file",
                    limit: limits::EPSS_BYTES,
                }));
            }
            let text = std::str::from_utf8(&line)
                .map_err(|_| fault(Fault::NotUtf8))?
                .trim();
            if text.is_empty() {
                continue;
            }
            if let Some(comment) = text.strip_prefix('#') {
                epss.comment(comment);
                continue;
            }
            let fields: Vec<&str> = text.split(',').map(str::trim).collect();
            let Some([cve, probability, percentile]) = columns else {
                columns = Some(header(&fields).ok_or_else(|| {
                    fault(Fault::Missing {
                        what: "cve,epss,percentile",
                    })
                })?);
                continue;
            };
            let field = |column: usize| fields.get(column).copied().unwrap_or_default();
            let invalid = |value: &str, wanted| {
                fault(Fault::Invalid {
                    value: printable(value),
                    wanted,
                })
            };
            let id = parse_cve(field(cve)).ok_or_else(|| invalid(field(cve), "CVE id"))?;
            let share = |column: usize| {
                let value: f32 = field(column).parse().ok()?;
                (0.0..=1.0).contains(&value).then_some(value)
            };
            let score = EpssScore {
                probability: share(probability)
                    .ok_or_else(|| invalid(field(probability), "number from 0 to 1"))?,
                percentile: share(percentile)
                    .ok_or_else(|| invalid(field(percentile), "number from 0 to 1"))?,
            };
            if epss.scores.len() >= limits::EPSS_LINES {
                return Err(fault(Fault::TooMany {
                    what: "lines",
                    limit: limits::EPSS_LINES,
                }));
            }
            epss.scores.push((id, score));
        }
        if columns.is_none() {
            let fault = Fault::Missing {
                what: "cve,epss,percentile",
            };
            return Err(DocumentError {
                place: Box::new(Place::of_file(path)),
                fault,
            }
            .into());
        }
        epss.scores.sort_by_key(|(id, _)| *id);
        if let Some([_, (id, _)]) = epss
            .scores
            .windows(2)
            .find(|pair| matches!(pair, [left, right] if left.0 == right.0))
        {
            let fault = Fault::DuplicateKey {
                key: format!("CVE-{}-{:04}", id.0, id.1),
            };
            return Err(DocumentError {
                place: Box::new(Place::of_file(path)),
                fault,
            }
            .into());
        }
        Ok(epss)
    }

    fn comment(&mut self, comment: &str) {
        for part in comment.split(',') {
            match part.trim().split_once(':') {
                Some(("model_version", value)) => printable(value.trim()).clone_into(&mut self.model_version),
                Some(("score_date", value)) => printable(value.trim()).clone_into(&mut self.date),
                _ => {}
            }
        }
    }

    /// Returns the score of a CVE.
    pub fn score(&self, cve: &str) -> Option<EpssScore> {
        let id = parse_cve(cve)?;
        let place = self.scores.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.scores.get(place).map(|(_, score)| *score)
    }

    /// Returns how many CVEs have a score.
    pub fn len(&self) -> usize {
        self.scores.len()
    }

    /// Says whether no CVE has a score.
    pub fn is_empty(&self) -> bool {
        self.scores.is_empty()
    }
}

fn header(fields: &[&str]) -> Option<[usize; 3]> {
    let column = |name: &str| fields.iter().position(|field| field.eq_ignore_ascii_case(name));
    Some([column("cve")?, column("epss")?, column("percentile")?])
}

fn parse_cve(text: &str) -> Option<Cve> {
    let (year, number) = text.strip_prefix("CVE-")?.split_once('-')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    (year.len() == 4 && digits(year) && digits(number)).then_some(())?;
    Some((year.parse().ok()?, number.parse().ok()?))
}

/// The catalog of Known Exploited Vulnerabilities, as its JSON file has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kev {
    /// `catalogVersion`; may be empty.
    pub version: String,
    /// `dateReleased`; empty where the file does not say it.
    pub date: String,
    entries: BTreeMap<String, KevEntry>,
}

/// One entry of the catalog.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KevEntry {
    /// When it came into the catalog.
    pub added: String,
    /// Until when agencies must act.
    pub due: String,
    /// Extortion is known to use it.
    pub ransomware: bool,
}

impl Kev {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, EnrichmentError> {
        let bytes = read_whole(path)?;
        let outer = Place::of_file(path);
        let catalog: wire::Catalog = json::read(&bytes).map_err(|error| error.within(&outer))?;
        let fault = |path: String, fault| {
            let offset = wide(json::offset_of_path(&bytes, &path));
            EnrichmentError::Document(DocumentError {
                place: Box::new(Place {
                    path,
                    offset,
                    ..outer.clone()
                }),
                fault,
            })
        };
        if catalog.vulnerabilities.len() > limits::LIST_ENTRIES {
            let too_many = Fault::TooMany {
                what: "entries",
                limit: limits::LIST_ENTRIES,
            };
            return Err(fault("vulnerabilities".to_owned(), too_many));
        }
        let mut kev = Self {
            version: printable(&catalog.version),
            date: printable(&catalog.date_released),
            entries: BTreeMap::new(),
        };
        for (number, entry) in catalog.vulnerabilities.into_iter().enumerate() {
            if parse_cve(&entry.cve_id).is_none() {
                let invalid = Fault::Invalid {
                    value: printable(&entry.cve_id),
                    wanted: "CVE id",
                };
                return Err(fault(format!("vulnerabilities[{number}].cveID"), invalid));
            }
            let kept = KevEntry {
                added: printable(&entry.date_added),
                due: printable(&entry.due_date),
                ransomware: entry.known_ransomware_campaign_use.eq_ignore_ascii_case("known"),
            };
            kev.entries.insert(entry.cve_id, kept);
        }
        Ok(kev)
    }

    /// Returns the entry of a CVE.
    pub fn entry(&self, cve: &str) -> Option<&KevEntry> {
        self.entries.get(cve)
    }

    /// Returns how many CVEs are in the catalog.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Says whether the catalog is empty.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// Reads a file of limited length.
pub(crate) fn read_whole(path: &Path) -> Result<Vec<u8>, EnrichmentError> {
    let io = |source| EnrichmentError::Io {
        path: path.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(io)?;
    file.take(limits::FILE_BYTES.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(io)?;
    if wide(bytes.len()) > limits::FILE_BYTES {
        let fault = Fault::TooLong {
            what: "the file",
            limit: limits::FILE_BYTES,
        };
        return Err(DocumentError {
            place: Box::new(Place::of_file(path)),
            fault,
        }
        .into());
    }
    Ok(bytes)
}
