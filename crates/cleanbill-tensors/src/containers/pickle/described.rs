//! What a value of a pickle says of tensors.

use cleanbill_formats::bytes::size_usize;

use super::{Id, LONGEST_TEXT, NODES, Node, Pickle};

/// LIMIT: values visited when tensors are collected, so that values that hold each other again and again end.
const VISITS: usize = 4_000_000;
/// LIMIT: depth of dictionaries and objects within each other.
const DEPTH: usize = 64;

/// Describes a tensor: where it lies in its storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::containers) struct Described {
    /// Keys that lead to it, joined by dots.
    pub(in crate::containers) name: String,
    /// Key of the storage.
    pub(in crate::containers) storage: String,
    /// Class of the storage, or the type where the storage has none.
    pub(in crate::containers) class: String,
    /// Elements that the storage has.
    pub(in crate::containers) storage_elements: u64,
    /// First element of the storage that the tensor, or the view that it is made of, has.
    pub(in crate::containers) offset: u64,
    pub(in crate::containers) shape: Vec<u64>,
    pub(in crate::containers) strides: Vec<u64>,
}

impl Pickle<'_> {
    /// Lists the texts of the list `id`.
    pub(in crate::containers) fn texts_of(&self, id: Id) -> Vec<String> {
        let Node::List(items) = self.node(id) else {
            return Vec::new();
        };
        let texts = items.iter().map(|item| self.text_of(*item).unwrap_or_default());
        texts.map(str::to_owned).collect()
    }

    fn text_of(&self, id: Id) -> Option<&str> {
        match self.node(id) {
            Node::Text(text) => Some(text),
            _ => None,
        }
    }

    fn count_of(&self, id: Id) -> Option<u64> {
        match self.node(id) {
            Node::Int(number) => u64::try_from(*number).ok(),
            _ => None,
        }
    }

    fn counts_of(&self, id: Id) -> Option<Vec<u64>> {
        match self.node(id) {
            Node::Tuple(items) | Node::List(items) => items.iter().map(|item| self.count_of(*item)).collect(),
            // `torch.Size` pickles as a call with one tuple.
            Node::Call { arguments, .. } => match self.node(*arguments) {
                Node::Tuple(items) => match items.as_slice() {
                    [inner] => match self.node(*inner) {
                        Node::Tuple(items) => items.iter().map(|item| self.count_of(*item)).collect(),
                        _ => None,
                    },
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        }
    }

    /// Collects every tensor that can be reached from the result.
    pub(in crate::containers) fn tensors(&mut self, result: Id) -> Vec<Described> {
        let mut found = Vec::new();
        let mut waiting = vec![(result, String::new(), 0_usize)];
        let mut visits = 0_usize;
        while let Some((id, name, depth)) = waiting.pop() {
            visits = visits.saturating_add(1);
            if visits > VISITS || found.len() > NODES || name.len() > size_usize(LONGEST_TEXT) {
                self.lost = true;
                break;
            }
            let mut children: Vec<(Id, String)> = Vec::new();
            match self.node(id) {
                Node::Dict(entries) => children.extend(self.named(&name, entries)),
                Node::List(items) | Node::Tuple(items) => {
                    for (index, item) in items.iter().enumerate() {
                        children.push((*item, joined(&name, &index.to_string())));
                    }
                }
                Node::Call {
                    callee,
                    arguments,
                    items,
                    state,
                } => match self.rebuilt(*callee, *arguments) {
                    Rebuilt::Tensor(mut tensor) => {
                        tensor.name.clone_from(&name);
                        found.push(tensor);
                    }
                    Rebuilt::Wrapped(inner) => children.push((inner, name.clone())),
                    Rebuilt::Unknown => self.lost = true,
                    Rebuilt::Nothing => {
                        children.extend(self.named(&name, items));
                        children.extend(state.map(|state| (state, name.clone())));
                    }
                },
                _ => {}
            }
            if children.is_empty() {
                continue;
            }
            if depth >= DEPTH {
                self.lost = true;
                continue;
            }
            for (child, name) in children.into_iter().rev() {
                let holds = !matches!(self.node(child), Node::Int(_) | Node::Text(_) | Node::Other);
                if holds {
                    waiting.push((child, name, depth.saturating_add(1)));
                }
            }
        }
        found
    }

    fn named(&self, name: &str, entries: &[(Id, Id)]) -> Vec<(Id, String)> {
        let mut children = Vec::new();
        for (key, value) in entries {
            let key = match self.node(*key) {
                // Where modules keep their parts.
                Node::Text(key) if matches!(key.as_str(), "_modules" | "_parameters" | "_buffers") => {
                    children.push((*value, name.to_owned()));
                    continue;
                }
                Node::Text(key) => key.clone(),
                Node::Int(key) => key.to_string(),
                _ => continue,
            };
            children.push((*value, joined(name, &key)));
        }
        children
    }

    fn rebuilt(&self, callee: Id, arguments: Id) -> Rebuilt {
        let Node::Global(module, function) = self.node(callee) else {
            return Rebuilt::Nothing;
        };
        let Node::Tuple(items) = self.node(arguments) else {
            return Rebuilt::Nothing;
        };
        match (module.as_str(), function.as_str(), items.as_slice()) {
            (
                "torch._utils",
                "_rebuild_tensor" | "_rebuild_tensor_v2" | "_rebuild_tensor_v3" | "_rebuild_qtensor",
                [storage, offset, size, stride, rest @ ..],
            ) => {
                let dtype = match rest {
                    [_, _, dtype, ..] if function == "_rebuild_tensor_v3" => Some(*dtype),
                    _ => None,
                };
                self.tensor(*storage, *offset, [*size, *stride], dtype)
                    .map_or(Rebuilt::Unknown, Rebuilt::Tensor)
            }
            ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state", [inner, ..]) => {
                Rebuilt::Wrapped(*inner)
            }
            ("torch._tensor", "_rebuild_from_type_v2" | "_rebuild_from_type", [inner, _, given, ..]) => {
                // Only one level: what is called in turn is one of the functions above.
                match self.node(*inner) {
                    Node::Global(_, name)
                        if name.starts_with("_rebuild_tensor") || name.starts_with("_rebuild_parameter") =>
                    {
                        self.rebuilt(*inner, *given)
                    }
                    _ => Rebuilt::Unknown,
                }
            }
            ("torch._utils", name, _) if name.starts_with("_rebuild") => Rebuilt::Unknown,
            _ => Rebuilt::Nothing,
        }
    }

    fn tensor(
        &self,
        storage: Id,
        offset: Id,
        [size, stride]: [Id; 2],
        dtype: Option<Id>,
    ) -> Option<Described> {
        let Node::Persistent(id) = self.node(storage) else {
            return None;
        };
        let Node::Tuple(items) = self.node(*id) else {
            return None;
        };
        let [_, class, key, _, elements, rest @ ..] = items.as_slice() else {
            return None;
        };
        let Node::Global(_, class) = self.node(*class) else {
            return None;
        };
        let class = match dtype.map(|dtype| self.node(dtype)) {
            Some(Node::Global(_, name)) => name.clone(),
            _ => class.clone(),
        };
        let mut offset = self.count_of(offset)?;
        // The older format shows a part of a storage as a view: key, first element, elements.
        if let [view, ..] = rest
            && let Node::Tuple(view) = self.node(*view)
            && let [_, first, _] = view.as_slice()
        {
            offset = offset.checked_add(self.count_of(*first)?)?;
        }
        Some(Described {
            name: String::new(),
            storage: self.text_of(*key)?.to_owned(),
            class,
            storage_elements: self.count_of(*elements)?,
            offset,
            shape: self.counts_of(size)?,
            strides: self.counts_of(stride)?,
        })
    }
}

/// What a call makes.
enum Rebuilt {
    Tensor(Described),
    Wrapped(Id),
    /// A tensor of a kind that is not read.
    Unknown,
    Nothing,
}

fn joined(name: &str, key: &str) -> String {
    if name.is_empty() {
        key.to_owned()
    } else {
        format!("{name}.{key}")
    }
}
