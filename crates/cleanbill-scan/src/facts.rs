//! What is kept of each artifact after its bytes are gone, for checks that span files.

mod card;
mod index;
mod settings;
mod template;
mod vocabulary;

use std::ops::Range;

use cleanbill_core::Definition;
use cleanbill_formats::{Format, Parsed, Payload, Role, Tensor, TensorList};
use cleanbill_licences::{Declared, Findings};

pub(crate) use self::card::{front_matter, licences_of_file};
pub use self::{
    card::Card,
    index::Index,
    settings::{Settings, Stated},
    template::Template,
    vocabulary::Vocabulary,
};
use crate::{
    agents,
    collection::Collection,
    external::{Described, External},
    inventory,
    names::{Mention, hub_names, package_names},
    scene::Scene,
};

/// LIMIT: longest configuration, index or card from which facts are taken.
const TEXT_BYTES: u64 = 64 << 20;

/// Holds what checks across files need to know of one artifact. Every artifact of a target has one for as long as the scan takes, so that
/// what few have is held apart.
#[derive(Debug, Default)]
pub struct Facts {
    /// Path relative to the target, with `/`.
    pub path: String,
    /// Size in bytes.
    pub size_bytes: u64,
    /// What it was recognised as.
    pub formats: Vec<Format>,
    /// No format knows it, and whether it was examined depends on what others say of it.
    pub not_understood: bool,
    /// What it says of bytes in files beside it.
    pub external: Vec<External>,
    /// What files beside it say of its bytes, where no format knows it.
    pub described: Option<Box<Described>>,
    /// The tensors that it lists.
    pub tensors: Option<Box<TensorList>>,
    /// Bytes that the loader copies into tensors, where the format keeps them in members of their own.
    pub raw_bytes: Option<u64>,
    /// Values of a model's `config.json` or `adapter_config.json`.
    pub settings: Option<Box<Settings>>,
    /// The files that an index of shards names.
    pub index: Option<Box<Index>>,
    /// Size of a tokenizer's vocabulary.
    pub vocabulary: Option<Box<Vocabulary>>,
    /// Its chat templates.
    pub templates: Vec<Template>,
    /// What it defines for a model or an agent, with where each stands.
    pub definitions: Vec<(Definition, Option<Range<u64>>)>,
    /// Packages, models and datasets that it names, where the scan was given an index of names.
    pub mentions: Vec<Mention>,
    /// What a model card claims.
    pub card: Option<Box<Card>>,
    /// Licences that a licence file holds.
    pub licences: Option<Box<Findings>>,
    /// The licence that a card or the metadata of a package declares, with where it stands.
    pub declared: Option<Box<(Declared, Range<u64>)>>,
    /// What it adds to an ML-BOM, where one was asked for.
    pub inventory: Option<Box<inventory::Entry>>,
}

impl Facts {
    /// Takes the facts of an artifact.
    pub(crate) fn of(scene: &Scene<'_>, with_inventory: bool, with_mentions: bool) -> Self {
        let name = scene.file_name;
        let small = scene.source.size() <= TEXT_BYTES;
        let templates = Template::list(scene);
        let card = (small && name.eq_ignore_ascii_case("README.md"))
            .then(|| Card::read(scene))
            .flatten();
        Self {
            definitions: agents::definitions(scene, &templates),
            templates,
            path: scene.artifact.to_owned(),
            size_bytes: scene.source.size(),
            formats: scene.parsed.iter().map(Parsed::format).collect(),
            not_understood: scene.parsed.is_empty() && scene.source.size() > 0,
            external: External::list(scene.artifact, scene.parsed),
            described: None,
            tensors: scene
                .parsed
                .iter()
                .find_map(|one| one.view().tensors())
                .cloned()
                .map(Box::new),
            raw_bytes: raw_bytes(scene.parsed),
            settings: (small && Settings::is_named(name))
                .then(|| Settings::read(scene))
                .flatten()
                .map(Box::new),
            index: (small && name.ends_with(".index.json"))
                .then(|| Index::read(scene))
                .flatten()
                .map(Box::new),
            vocabulary: (small && name == "tokenizer.json")
                .then(|| Vocabulary::read(scene))
                .flatten()
                .map(Box::new),
            declared: card::declared(scene, card.as_ref()).map(Box::new),
            card: card.map(Box::new),
            mentions: if with_mentions {
                mentions(scene)
            } else {
                Vec::new()
            },
            licences: licences_of_file(scene).map(Box::new),
            inventory: with_inventory.then(|| Box::new(inventory::entry(scene))),
        }
    }

    /// Returns the folder, without the last `/`; empty for files of the target itself.
    pub fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// Returns the name without the folder.
    pub fn name(&self) -> &str {
        self.path.rsplit_once('/').map_or(&self.path, |(_, name)| name)
    }

    /// Says whether it was recognised as the format with this id.
    pub fn is(&self, id: &str) -> bool {
        self.formats.iter().any(|format| format.info().id == id)
    }
}

/// Lists everything that the artifact names.
fn mentions(scene: &Scene<'_>) -> Vec<Mention> {
    let mut all = package_names(scene);
    all.extend(hub_names(scene));
    all
}

/// Adds up the members that are raw data of tensors.
fn raw_bytes(parsed: &[Parsed]) -> Option<u64> {
    let sizes: Vec<u64> = parsed
        .iter()
        .flat_map(|one| one.view().members())
        .filter(|member| member.role == Role::RawData)
        .map(|member| match &member.payload {
            Payload::Section(range) => range.end.saturating_sub(range.start),
            Payload::Encoded { declared, .. } => declared.unwrap_or_default(),
            Payload::Owned(bytes) => bytes.len() as u64,
            Payload::Extract(_) | Payload::Unreadable { .. } => 0,
        })
        .collect();
    (!sizes.is_empty()).then(|| sizes.iter().fold(0_u64, |sum, size| sum.saturating_add(*size)))
}

/// Lists the tensors of the folder's model: those of the shards that an index names, or of the one file that libraries
/// load. `None` where a part is missing or does not list all of its tensors.
pub(crate) fn model_tensors<'a>(collection: &Collection<'a>) -> Option<Vec<&'a Tensor>> {
    let index = collection.files.iter().find_map(|file| {
        file.name()
            .ends_with(".safetensors.index.json")
            .then_some(file.index.as_ref())
            .flatten()
    });
    let files: Vec<&Facts> = match index {
        Some(index) if index.complete => index
            .shards
            .keys()
            .map(|name| collection.file(name))
            .collect::<Option<_>>()?,
        Some(_) => return None,
        None => vec![collection.file("model.safetensors")?],
    };
    let mut tensors = Vec::new();
    for file in files {
        let list = file.tensors.as_ref().filter(|list| list.is_complete())?;
        tensors.extend(list.tensors());
    }
    Some(tensors)
}

/// Finds the word embedding by the names that libraries give it; `None` where there are several or it is packed.
pub(crate) fn embedding<'a>(tensors: &[&'a Tensor]) -> Option<&'a Tensor> {
    let mut found = tensors.iter().filter(|tensor| {
        EMBEDDINGS.iter().any(|name| {
            tensor
                .name
                .strip_suffix(name)
                .is_some_and(|before| before.is_empty() || before.ends_with('.'))
        })
    });
    let one = found.next()?;
    let plain = matches!(&*one.dtype, "F64" | "F32" | "F16" | "BF16");
    (found.next().is_none() && plain && one.shape.len() == 2).then_some(one)
}

/// Names of the word embedding, as they end.
const EMBEDDINGS: &[&str] = &[
    "embed_in.weight",
    "embed_tokens.weight",
    "tok_embeddings.weight",
    "word_embeddings.weight",
    "wte.weight",
];
