//! A model as a set of files: which of them hold its tensors, and what stands beside them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use cleanbill_core::text;
use cleanbill_formats::{
    bytes::{ReadAt, SourceError},
    limits::Limits,
};

use crate::{
    containers::{Container, Opened, Problem, list, recognise},
    settings::flatten,
    tensor::Tensor,
};

/// LIMIT: tensors of a model; the largest public checkpoints have some hundred thousand.
const TENSORS: usize = 1_000_000;

/// Names bytes.
#[derive(Clone, Debug)]
pub struct File {
    /// Path relative to the model, with `/`.
    pub path: String,
    /// Its bytes.
    pub source: Arc<dyn ReadAt>,
}

/// Holds a model.
#[derive(Debug, Default)]
pub struct Model {
    /// Every file, sorted by path.
    pub files: Vec<File>,
    /// Files whose tensors are listed, with their container.
    pub holders: Vec<(usize, Container)>,
    /// Tensors, sorted by name.
    pub tensors: Vec<Tensor>,
    /// What is wrong or was not read.
    pub problems: Vec<Problem>,
    /// Files that hold tensors which are not listed: other forms of the same weights, states of optimisers.
    pub left_out: Vec<String>,
    /// Chat templates within containers: path, key, text.
    pub templates: Vec<(String, String, String)>,
    /// Metadata of containers: path, key, value.
    pub metadata: Vec<(String, String, String)>,
    /// The folder in which the first tensors stand; names of tensors in folders below begin with the way to them.
    pub root: String,
}

impl Model {
    /// Recognises the files and lists their tensors.
    pub fn open(mut files: Vec<File>, limits: &Limits) -> Self {
        files.sort_by(|one, other| one.path.cmp(&other.path));
        let mut model = Self {
            files,
            ..Self::default()
        };
        let mut folders: BTreeMap<String, Vec<(usize, Container)>> = BTreeMap::new();
        for index in 0..model.files.len() {
            let Some(file) = model.files.get(index) else {
                continue;
            };
            match recognise(file.source.as_ref()) {
                Ok(Some(container)) => {
                    let folder = folder(&file.path).to_owned();
                    folders.entry(folder).or_default().push((index, container));
                }
                Ok(None) => {}
                Err(error) => model.unreadable(index, &error),
            }
        }
        let shallowest = folders.keys().map(|folder| depth(folder)).min().unwrap_or(0);
        let outermost = folders.keys().find(|folder| depth(folder) == shallowest);
        let outermost = outermost.cloned().unwrap_or_default();
        model.root.clone_from(&outermost);
        let mut names = BTreeSet::new();
        let mut best = None;
        let mut ordered: Vec<_> = folders.into_iter().collect();
        ordered.sort_by_key(|(folder, _)| depth(folder));
        for (folder, found) in ordered {
            let rank = found.iter().map(|(_, container)| preference(*container)).min();
            let rank = rank.unwrap_or(u8::MAX);
            let outer = *best.get_or_insert(rank);
            // A folder with the same weights in another form stands below the one with the weights.
            let chosen = rank <= outer || depth(&folder) == shallowest;
            let listed = model.indexed(&folder);
            let mut found = found;
            found.sort_by_key(|(index, _)| {
                let path = model.files.get(*index).map_or("", |file| file.path.as_str());
                (!listed.contains(path), path.to_owned())
            });
            for (index, container) in found {
                let path = model.files.get(index).map(|file| file.path.clone());
                let path = path.unwrap_or_default();
                if !chosen || preference(container) != rank || is_state(&path) {
                    model.left_out.push(path);
                    continue;
                }
                model.take(index, container, limits, &mut names);
            }
        }
        model.check_indexes();
        model.tensors.sort_by(|one, other| one.name.cmp(&other.name));
        model.holders.sort_unstable();
        model.left_out.sort();
        model.problems.sort();
        model.problems.dedup();
        model
    }

    /// Returns the file at `path`.
    pub fn file(&self, path: &str) -> Option<&File> {
        let found = self.files.binary_search_by(|file| file.path.as_str().cmp(path));
        found.ok().and_then(|index| self.files.get(index))
    }

    fn unreadable(&mut self, index: usize, error: &SourceError) {
        let path = self.files.get(index).map(|file| file.path.clone());
        self.problems.push(Problem {
            path: path.unwrap_or_default(),
            tensor: None,
            reason: text!("cannot be read: {error}", "无法读取：{error}"),
        });
    }

    fn take(&mut self, index: usize, container: Container, limits: &Limits, names: &mut BTreeSet<String>) {
        let Some(file) = self.files.get(index) else { return };
        let folder = folder(&file.path).to_owned();
        let beside = |name: &str| {
            let path = joined(&folder, name);
            self.file(&path).map(|file| Arc::clone(&file.source))
        };
        let opened = Opened {
            path: &file.path,
            file: index,
            source: &file.source,
            limits,
            beside: &beside,
        };
        let listing = match list(container, &opened) {
            Ok(listing) => listing,
            Err(error) => return self.unreadable(index, &error),
        };
        let path = file.path.clone();
        let prefix = below(&self.root, &folder).to_owned();
        let mut own = BTreeSet::new();
        let mut tensors = Vec::new();
        let mut repeated = 0_u64;
        for mut tensor in listing.tensors {
            tensor.name = joined(&prefix, &tensor.name);
            if !own.insert(tensor.name.clone()) {
                // Readers differ on which of two counts; both are kept under names of their own.
                repeated = repeated.saturating_add(1);
                tensor.name = format!("{}#{repeated}", tensor.name);
                own.insert(tensor.name.clone());
            }
            tensors.push(tensor);
        }
        if own.iter().any(|name| names.contains(name)) {
            self.left_out.push(path);
            return;
        }
        if self.tensors.len().saturating_add(tensors.len()) > TENSORS {
            self.problems.push(Problem {
                path,
                tensor: None,
                reason: text!("more tensors than are compared", "张量数量超过可比较的上限"),
            });
            return;
        }
        names.append(&mut own);
        self.tensors.append(&mut tensors);
        self.problems.extend(listing.problems);
        self.holders.push((index, container));
        let at = |(key, value): (String, String)| (path.clone(), key, value);
        self.templates.extend(listing.templates.into_iter().map(at));
        self.metadata.extend(listing.metadata.into_iter().map(at));
    }

    /// Lists the shards that indexes of a folder name.
    fn indexed(&self, folder: &str) -> BTreeSet<String> {
        let mut shards = BTreeSet::new();
        for file in self.files.iter().filter(|file| is_index(&file.path)) {
            if self::folder(&file.path) == folder {
                let map = flatten(file.source.as_ref()).unwrap_or_default();
                for (_, shard) in weight_map(&map) {
                    shards.insert(joined(folder, shard));
                }
            }
        }
        shards
    }

    /// Compares what indexes promise with the tensors that were found.
    fn check_indexes(&mut self) {
        let mut problems = Vec::new();
        let places: BTreeMap<&str, &str> = self
            .tensors
            .iter()
            .filter_map(|tensor| {
                let file = self.files.get(tensor.file)?;
                Some((tensor.name.as_str(), file.path.as_str()))
            })
            .collect();
        for file in self.files.iter().filter(|file| is_index(&file.path)) {
            let folder = folder(&file.path);
            let Ok(map) = flatten(file.source.as_ref()) else {
                problems.push(Problem {
                    path: file.path.clone(),
                    tensor: None,
                    reason: text!("is not JSON that can be read", "不是可读取的 JSON"),
                });
                continue;
            };
            // An index for a form of the weights that is not the one compared says nothing here.
            let held = weight_map(&map).any(|(_, shard)| {
                let shard = joined(folder, shard);
                let holds = |(index, _): &(usize, Container)| {
                    self.files.get(*index).is_some_and(|file| file.path == shard)
                };
                self.holders.iter().any(holds)
            });
            let other_form = !held && !self.holders.is_empty();
            for (name, shard) in weight_map(&map).filter(|_| !other_form) {
                let (name, shard) = (joined(below(&self.root, folder), name), joined(folder, shard));
                let reason = match places.get(name.as_str()) {
                    Some(place) if *place == shard => continue,
                    Some(place) => text!(
                        "the index says `{shard}`, it stands in `{place}`",
                        "索引指向 `{shard}`，实际位于 `{place}`"
                    ),
                    None => text!(
                        "the index says `{shard}`, and it is not there",
                        "索引指向 `{shard}`，但其中没有该张量"
                    ),
                };
                problems.push(Problem {
                    path: file.path.clone(),
                    tensor: Some(name),
                    reason,
                });
            }
        }
        self.problems.append(&mut problems);
    }
}

fn weight_map(entries: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    let each = entries.iter();
    each.filter_map(|(key, value)| Some((key.strip_prefix("weight_map.")?, value.trim_matches('"'))))
}

fn is_index(path: &str) -> bool {
    path.ends_with(".safetensors.index.json") || path.ends_with(".bin.index.json")
}

/// Says whether a file holds what training needs and no weights.
fn is_state(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let starts = ["optimizer", "scheduler", "rng_state", "training_args", "scaler"];
    starts.iter().any(|start| name.starts_with(start))
}

/// Orders containers by how plainly they hold the weights of a folder that has several.
fn preference(container: Container) -> u8 {
    match container {
        Container::Safetensors => 0,
        Container::Gguf => 1,
        Container::TorchZip | Container::TorchLegacy => 2,
        Container::Npz => 3,
        Container::Onnx => 4,
        Container::Npy => 5,
    }
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Returns the way from `root` to `folder`, where it stands below.
fn below<'a>(root: &str, folder: &'a str) -> &'a str {
    if root.is_empty() {
        return folder;
    }
    match folder.strip_prefix(root) {
        Some(rest) => rest.trim_start_matches('/'),
        None => folder,
    }
}

fn depth(folder: &str) -> usize {
    if folder.is_empty() {
        0
    } else {
        folder.split('/').count()
    }
}

fn joined(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}
