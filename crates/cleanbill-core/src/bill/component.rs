use super::{Dataset, ModelCard, Source, Sourced};

/// Says what a component is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ComponentKind {
    /// The whole system or product that the bill is about.
    Application,
    /// A model; adapters, merges and conversions too.
    Model,
    /// A dataset.
    Dataset,
    /// A file with its digest.
    File,
    /// A library or package.
    Library,
    /// A framework that loads or runs models.
    Framework,
    /// An image of a container.
    Container,
    /// A service at an address: a hosted model, a server of tools.
    Service,
    /// A tool or skill that a model may call.
    Tool,
    /// A prompt or template.
    Prompt,
    /// An operating system or runtime that is demanded.
    Platform,
    /// Hardware that is demanded or was used.
    Device,
}

/// Names a hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are their own")]
pub enum DigestAlgorithm {
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
    Sha3_256,
    Sha3_384,
    Sha3_512,
    Blake2b256,
    Blake2b384,
    Blake2b512,
    Blake3,
}

/// Holds a digest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest {
    /// The hash function.
    pub algorithm: DigestAlgorithm,
    /// Hexadecimal digits, small letters.
    pub hex: String,
}

/// Names a person or organisation.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Party {
    /// Name.
    pub name: String,
    /// Addresses of web pages.
    pub urls: Vec<String>,
    /// Addresses of mail.
    pub contacts: Vec<String>,
}

/// Holds a licence as someone states it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Licence {
    /// An SPDX expression, where the statement can be read as one; `LicenseRef-...` for those that SPDX does not list.
    pub expression: Option<String>,
    /// The statement as written.
    pub stated: String,
    /// Found in a licence's text rather than declared.
    pub is_found: bool,
}

/// Says what an address is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are those of the standards")]
pub enum ReferenceKind {
    Website,
    Distribution,
    ModelCard,
    SourceControl,
    Documentation,
    Paper,
    Attestation,
    Licence,
    Advisory,
    IssueTracker,
    SecurityContact,
    Evidence,
    Bom,
    Other,
}

/// Points out of the bill.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExternalReference {
    /// What it is for.
    pub kind: ReferenceKind,
    /// The address.
    pub url: String,
    /// Digest of what is there, where it is known.
    pub digests: Vec<Digest>,
}

/// Holds one named thing of a bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// Id within the bill, made from what the component is, so that the same input gives the same id.
    pub id: String,
    /// What it is.
    pub kind: ComponentKind,
    /// Name.
    pub name: String,
    /// Organisation or namespace before the name.
    pub group: Option<Sourced<String>>,
    /// Exact version or revision.
    pub version: Option<Sourced<String>>,
    /// What is required where no one version is known: `>=4.40`.
    pub requirement: Option<Sourced<String>>,
    /// Package URL.
    pub purl: Option<Sourced<String>>,
    /// What it is for, one paragraph.
    pub description: Option<Sourced<String>>,
    /// Who provides it.
    pub supplier: Option<Sourced<Party>>,
    /// Who made it, where that is someone else.
    pub producer: Option<Sourced<Party>>,
    /// Licences as stated and as found.
    pub licences: Vec<Sourced<Licence>>,
    /// Copyright notice.
    pub copyright: Option<Sourced<String>>,
    /// Digests of its bytes.
    pub digests: Vec<Sourced<Digest>>,
    /// Size in bytes.
    pub size_bytes: Option<u64>,
    /// Time of its release, RFC 3339.
    pub released: Option<Sourced<String>>,
    /// Path in the target, for files and what stands in one.
    pub path: Option<String>,
    /// Addresses.
    pub references: Vec<Sourced<ExternalReference>>,
    /// What a model card says and what was measured.
    pub model: Option<Box<ModelCard>>,
    /// What is known of a dataset.
    pub dataset: Option<Box<Dataset>>,
    /// Facts that no standard has a field for, by name: `cleanbill:format`.
    pub properties: Vec<(String, Sourced<String>)>,
}

impl ComponentKind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::Application,
        Self::Model,
        Self::Dataset,
        Self::File,
        Self::Library,
        Self::Framework,
        Self::Container,
        Self::Service,
        Self::Tool,
        Self::Prompt,
        Self::Platform,
        Self::Device,
    ];

    /// Returns the word that documents and messages use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Model => "model",
            Self::Dataset => "dataset",
            Self::File => "file",
            Self::Library => "library",
            Self::Framework => "framework",
            Self::Container => "container",
            Self::Service => "service",
            Self::Tool => "tool",
            Self::Prompt => "prompt",
            Self::Platform => "platform",
            Self::Device => "device",
        }
    }
}

impl DigestAlgorithm {
    /// Every algorithm.
    pub const ALL: [Self; 12] = [
        Self::Md5,
        Self::Sha1,
        Self::Sha256,
        Self::Sha384,
        Self::Sha512,
        Self::Sha3_256,
        Self::Sha3_384,
        Self::Sha3_512,
        Self::Blake2b256,
        Self::Blake2b384,
        Self::Blake2b512,
        Self::Blake3,
    ];

    /// Returns the count of hexadecimal digits of its digests.
    pub fn digits(self) -> usize {
        match self {
            Self::Md5 => 32,
            Self::Sha1 => 40,
            Self::Sha256 | Self::Sha3_256 | Self::Blake2b256 | Self::Blake3 => 64,
            Self::Sha384 | Self::Sha3_384 | Self::Blake2b384 => 96,
            Self::Sha512 | Self::Sha3_512 | Self::Blake2b512 => 128,
        }
    }
}

impl Component {
    /// Makes a component of which nothing else is known.
    pub fn new(kind: ComponentKind, id: &str, name: &str) -> Self {
        Self {
            id: id.to_owned(),
            kind,
            name: name.to_owned(),
            group: None,
            version: None,
            requirement: None,
            purl: None,
            description: None,
            supplier: None,
            producer: None,
            licences: Vec::new(),
            copyright: None,
            digests: Vec::new(),
            size_bytes: None,
            released: None,
            path: None,
            references: Vec::new(),
            model: None,
            dataset: None,
            properties: Vec::new(),
        }
    }

    /// Adds a fact that no standard has a field for.
    pub fn property(&mut self, name: &str, value: impl Into<String>, source: Source) {
        self.properties
            .push((name.to_owned(), Sourced::new(value.into(), source)));
    }

    /// Returns the digits of its digest by one hash function.
    pub fn digest(&self, algorithm: DigestAlgorithm) -> Option<&str> {
        self.digests
            .iter()
            .find(|one| one.value.algorithm == algorithm)
            .map(|one| one.value.hex.as_str())
    }

    /// Takes over what `other` says of the same thing and this one does not say yet.
    pub fn complete(&mut self, other: Self) {
        fn fill<T>(mine: &mut Option<T>, theirs: Option<T>) {
            if mine.is_none() {
                *mine = theirs;
            }
        }
        fn add<T: PartialEq>(mine: &mut Vec<T>, theirs: Vec<T>) {
            for one in theirs {
                if !mine.contains(&one) {
                    mine.push(one);
                }
            }
        }
        fill(&mut self.group, other.group);
        fill(&mut self.version, other.version);
        fill(&mut self.requirement, other.requirement);
        fill(&mut self.purl, other.purl);
        fill(&mut self.description, other.description);
        fill(&mut self.supplier, other.supplier);
        fill(&mut self.producer, other.producer);
        fill(&mut self.copyright, other.copyright);
        fill(&mut self.size_bytes, other.size_bytes);
        fill(&mut self.released, other.released);
        fill(&mut self.path, other.path);
        match (&mut self.model, other.model) {
            (Some(mine), Some(theirs)) => mine.complete(*theirs),
            (mine, theirs) => fill(mine, theirs),
        }
        fill(&mut self.dataset, other.dataset);
        add(&mut self.licences, other.licences);
        add(&mut self.digests, other.digests);
        add(&mut self.references, other.references);
        add(&mut self.properties, other.properties);
    }
}
