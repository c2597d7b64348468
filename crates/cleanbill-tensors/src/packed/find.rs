//! Which tensors make up a packed weight, by their names, their shapes and what the configuration says.

mod scheme;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use cleanbill_core::{Text, text};
use cleanbill_formats::bytes::{size_u64, size_usize};

use super::{
    HELD, Layout, Part,
    columns::{Columns, INPUTS, Packing},
    nibbles::{BLOCKS, FP4, NF4, Nibbles, Sizes, is_table, widest},
};
use crate::{
    containers::Problem,
    element::Element,
    model::Model,
    settings::flatten,
    tensor::{Storage, Tensor},
};
use scheme::{Method, Scheme};

/// LIMIT: bytes of a description that stands in a tensor.
const STATE: u64 = 64 * 1024;
/// LIMIT: sizes of sizes that are held of one weight; each stands for 256 blocks of 64 elements.
const OUTER: u64 = 1 << 20;
/// What stands before the kind of a description of bitsandbytes.
const QUANT_STATE: &str = ".quant_state.bitsandbytes__";

/// Packed weights of a model.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Each under the name of the weight that it stands for.
    pub(crate) tensors: Vec<Tensor>,
    /// Names of the tensors that they are made of.
    pub(crate) taken: BTreeSet<String>,
    pub(crate) problems: Vec<Problem>,
    /// Tensors whose elements are not what they seem, with the reason.
    pub(crate) unreadable: BTreeMap<String, Text>,
}

/// Finds the packed weights of a model; what does not fit together is said and left as it is.
pub(crate) fn find(model: &Model, by_name: &BTreeMap<&str, &Tensor>) -> Found {
    let mut found = Found::default();
    let mut search = Search {
        by_name,
        scheme: None,
        left: HELD,
    };
    for tensor in &model.tensors {
        let path = || model.files.get(tensor.file).map(|file| file.path.clone());
        let result = if let Some(stem) = tensor.name.strip_suffix(".qweight") {
            if search.scheme.is_none() {
                search.scheme = Some(Scheme::read(model, &mut found.problems));
            }
            Some((format!("{stem}.weight"), search.columns(stem, tensor)))
        } else if let Some((base, kind)) = tensor.name.split_once(QUANT_STATE) {
            Some((base.to_owned(), search.nibbles(base, kind, tensor)))
        } else if let Some(base) = tensor.name.strip_suffix(".weight_format") {
            Some((format!("{base}.weight"), row_format(tensor)))
        } else {
            search.stateless(tensor)
        };
        match result {
            Some((name, Ok(Whole { layout, shape, parts }))) => {
                found.taken.extend(parts);
                let Some(layout) = layout else { continue };
                found.tensors.push(Tensor {
                    name,
                    element: Some(Element::F32),
                    dtype: layout.label(),
                    shape,
                    file: tensor.file,
                    storage: Storage::Packed {
                        layout: Arc::new(layout),
                        steps: false,
                    },
                });
            }
            Some((name, Err(reason))) => {
                if by_name.contains_key(name.as_str()) {
                    found.unreadable.insert(name.clone(), reason.clone());
                }
                found.problems.push(Problem {
                    path: path().unwrap_or_default(),
                    tensor: Some(name),
                    reason,
                });
            }
            None => {}
        }
    }
    found
}

/// A weight put together; no layout where its parts are only accounted for.
struct Whole {
    layout: Option<Layout>,
    shape: Vec<u64>,
    parts: Vec<String>,
}

/// Says whether the rows of a matrix of `LLM.int8()` stand as in any other; older files have them in the order of a graphics card.
fn row_format(tensor: &Tensor) -> Result<Whole, Text> {
    if tensor.elements() == Some(1) && tensor.values_at(&[0]).is_ok_and(|found| found == [0.0]) {
        return Ok(Whole {
            layout: None,
            shape: Vec::new(),
            parts: vec![tensor.name.clone()],
        });
    }
    Err(text!(
        "its 8-bit elements stand in an order of a graphics card that is not read",
        "其 8 位元素按显卡特有的顺序存放，不作读取"
    ))
}

struct Search<'a> {
    by_name: &'a BTreeMap<&'a str, &'a Tensor>,
    scheme: Option<Scheme>,
    left: u64,
}

impl Search<'_> {
    fn part(&self, name: &str) -> Result<&Tensor, Text> {
        self.by_name.get(name).copied().ok_or_else(|| {
            text!(
                "is quantised, and `{name}` that belongs to it is not there",
                "已量化，但缺少所属的 `{name}`"
            )
        })
    }

    /// Tells of codes of 4 bits without their description.
    fn stateless(&self, tensor: &Tensor) -> Option<(String, Result<Whole, Text>)> {
        let base = tensor.name.strip_suffix(".absmax")?;
        let described = ["nf4", "fp4"].iter().any(|kind| {
            self.by_name
                .contains_key(format!("{base}{QUANT_STATE}{kind}").as_str())
        });
        if described || !self.by_name.contains_key(base) {
            return None;
        }
        let missing = self.part(&format!("{base}{QUANT_STATE}nf4")).err()?;
        Some((base.to_owned(), Err(missing)))
    }

    /// Puts a layer of GPTQ or AWQ together.
    fn columns(&mut self, stem: &str, codes: &Tensor) -> Result<Whole, Text> {
        let name = |end: &str| format!("{stem}.{end}");
        if self.by_name.contains_key(name("weight").as_str()) {
            return Err(text!(
                "stands twice: packed, and as it is",
                "出现两次：打包形式与原样形式"
            ));
        }
        let zeros = self.part(&name("qzeros"))?.clone();
        let scales = self.part(&name("scales"))?.clone();
        let order = self.by_name.get(name("g_idx").as_str()).copied().cloned();
        let ([_, code_columns], [groups, zero_columns], [scale_groups, outputs]) =
            (two(codes)?, two(&zeros)?, two(&scales)?);
        for tensor in [Some(codes), Some(&zeros), order.as_ref()].into_iter().flatten() {
            if !matches!(tensor.element, Some(Element::I32 | Element::U32)) {
                let (name, dtype) = (&tensor.name, tensor.type_name());
                return Err(text!(
                    "`{name}` should be integers of 32 bits, and is `{dtype}`",
                    "`{name}` 应为 32 位整数，实为 `{dtype}`"
                ));
            }
        }
        if !scales.element.is_some_and(Element::is_float) {
            return Err(text!("its scales are no floats", "其缩放因子不是浮点数"));
        }
        let scheme = self.scheme.clone().unwrap_or_default();
        let method = scheme.method(code_columns == outputs, code_columns.saturating_mul(8) == outputs)?;
        let bits = match method {
            Method::Awq => 4,
            Method::Gptq => scheme.bits_of(stem, zero_columns, outputs)?,
        };
        let (inputs, wanted) = sizes(method, bits, codes, outputs)?;
        if [two(codes)?, two(&zeros)?] != [wanted, [scale_groups, zero_width(outputs, bits)?]]
            || groups == 0
            || outputs == 0
        {
            return Err(shapes(bits, codes, &zeros, &scales));
        }
        if inputs == 0 || inputs > INPUTS {
            return Err(text!(
                "has {inputs} inputs, which is none or more than is read",
                "有 {inputs} 个输入，为零或超过可读取的数量"
            ));
        }
        let group_size = scheme.group_size(stem, inputs, groups, order.is_some())?;
        let order = order.map(|order| order_of(&order, inputs, groups)).transpose()?;
        let in_order = order.as_ref().is_none_or(|order| {
            (0_u64..)
                .zip(order)
                .all(|(input, group)| Some(u64::from(*group)) == input.checked_div(group_size))
        });
        let zeros = Part::new(&zeros, &mut self.left)?;
        let packing = match method {
            Method::Awq => Packing::Awq,
            Method::Gptq => Packing::Gptq {
                bits,
                offset: scheme.zero_offset(&zeros, bits),
            },
        };
        let layout = Columns {
            packing,
            inputs,
            outputs,
            codes: Part::new(codes, &mut self.left)?,
            zeros,
            scales: Part::new(&scales, &mut self.left)?,
            groups,
            group_size,
            order: order.filter(|_| !in_order),
        };
        let parts = ["qweight", "qzeros", "scales", "g_idx"].map(name);
        Ok(Whole {
            layout: Some(Layout::Columns(layout)),
            shape: vec![outputs, inputs],
            parts: parts.into(),
        })
    }

    /// Puts a weight of bitsandbytes with 4 bits together.
    fn nibbles(&mut self, base: &str, kind: &str, state: &Tensor) -> Result<Whole, Text> {
        let name = |end: &str| format!("{base}.{end}");
        let (kind, known) = match kind {
            "nf4" => ("nf4", NF4),
            "fp4" => ("fp4", FP4),
            _ => return Err(text!("`{kind}` is no scheme that is read", "不读取方案 `{kind}`")),
        };
        let codes = self.part(base)?.clone();
        let state = State::read(state)?;
        if state.kind.as_deref() != Some(kind) {
            let said = state.kind.unwrap_or_default();
            return Err(text!(
                "its description says `{said}`, the name of it `{kind}`",
                "其描述为 `{said}`，而名称为 `{kind}`"
            ));
        }
        let shape = state.shape;
        let elements = shape
            .iter()
            .try_fold(1_u64, |product, length| product.checked_mul(*length))
            .filter(|elements| *elements > 0 && !shape.is_empty())
            .ok_or_else(|| text!("its description has no shape", "其描述没有形状"))?;
        if codes.unreadable().is_none() && codes.bytes() != elements.div_ceil(2) {
            let bytes = codes.bytes();
            return Err(text!(
                "its description promises {elements} elements, there are {bytes} bytes",
                "其描述声明 {elements} 个元素，实有 {bytes} 字节"
            ));
        }
        let block = state.block.filter(|block| BLOCKS.contains(block));
        let block = block.ok_or_else(|| text!("its size of a block is not known", "不了解其块大小"))?;
        let table = all(self.part(&name("quant_map"))?, 16)?;
        if !is_table(&table, &known) {
            return Err(text!(
                "its table of values is not that of `{kind}`, which programs decode with whatever stands there",
                "其数值表不是 `{kind}` 的数值表，而程序总按后者解码"
            ));
        }
        let blocks = elements.div_ceil(block);
        let absmax = self.part(&name("absmax"))?.clone();
        count(&absmax, blocks)?;
        let outer_name = name("nested_absmax");
        let mut parts = vec![
            base.to_owned(),
            name("absmax"),
            name("quant_map"),
            name(QUANT_STATE.trim_start_matches('.')),
        ];
        if let Some(last) = parts.last_mut() {
            last.push_str(kind);
        }
        let sizes = if self.by_name.contains_key(outer_name.as_str()) {
            let inner = self.part(&name("nested_quant_map"))?.clone();
            let outer = self.part(&outer_name)?.clone();
            if absmax.element != Some(Element::U8) {
                return Err(text!("its sizes are not of 8 bits", "其块尺度不是 8 位"));
            }
            let nested = state.nested_block.filter(|block| BLOCKS.contains(block));
            let nested = nested.ok_or_else(|| text!("its size of a block is not known", "不了解其块大小"))?;
            let offset = state.nested_offset.ok_or_else(|| {
                text!(
                    "its description lacks the offset of the sizes",
                    "其描述缺少块尺度的偏移量"
                )
            })?;
            let table = all(&inner, 256)?;
            let outer_count = blocks.div_ceil(nested);
            if outer_count > OUTER {
                return Err(text!("has more blocks than are read", "块数超过可读取的数量"));
            }
            let sizes = all(&outer, outer_count)?;
            parts.extend([outer_name, name("nested_quant_map")]);
            Sizes::Nested {
                codes: Part::new(&absmax, &mut self.left)?,
                gap: widest(&table),
                table,
                sizes,
                block: nested,
                offset,
            }
        } else {
            if !absmax.element.is_some_and(Element::is_float) {
                return Err(text!("its sizes are no floats", "其块尺度不是浮点数"));
            }
            Sizes::Plain(Part::new(&absmax, &mut self.left)?)
        };
        let layout = Nibbles {
            name: kind,
            table: known,
            elements,
            block,
            codes: Part::new(&codes, &mut self.left)?,
            sizes,
        };
        Ok(Whole {
            layout: Some(Layout::Nibbles(layout)),
            shape,
            parts,
        })
    }
}

/// Returns the shape of a matrix.
fn two(tensor: &Tensor) -> Result<[u64; 2], Text> {
    <[u64; 2]>::try_from(tensor.shape.as_slice()).map_err(|_| {
        let (name, shape) = (&tensor.name, &tensor.shape);
        text!(
            "`{name}` should have two dimensions, and has {shape:?}",
            "`{name}` 应有两个维度，实为 {shape:?}"
        )
    })
}

/// Returns the inputs of a layer, and the shape that its codes should have.
fn sizes(method: Method, bits: u32, codes: &Tensor, outputs: u64) -> Result<(u64, [u64; 2]), Text> {
    let [rows, _] = two(codes)?;
    let unknown = || text!("its shape overflows", "其形状溢出");
    match method {
        Method::Awq => Ok((rows, [rows, zero_width(outputs, bits)?])),
        Method::Gptq => {
            let all = rows.checked_mul(32).ok_or_else(unknown)?;
            let inputs = all.checked_div(u64::from(bits)).ok_or_else(unknown)?;
            // Codes fill their words: nothing is left over at the end of a column.
            let whole = inputs.saturating_mul(u64::from(bits)) == all;
            Ok((inputs, [if whole { rows } else { 0 }, outputs]))
        }
    }
}

/// Returns the words that the codes of all outputs fill.
fn zero_width(outputs: u64, bits: u32) -> Result<u64, Text> {
    let all = outputs
        .checked_mul(u64::from(bits))
        .filter(|all| all.is_multiple_of(32));
    all.map(|all| all >> 5).ok_or_else(|| {
        text!(
            "{outputs} outputs of {bits} bits do not fill words of 32 bits",
            "{outputs} 个 {bits} 位输出无法填满 32 位字"
        )
    })
}

fn shapes(bits: u32, codes: &Tensor, zeros: &Tensor, scales: &Tensor) -> Text {
    let (codes, zeros, scales) = (&codes.shape, &zeros.shape, &scales.shape);
    text!(
        "the shapes of its codes {codes:?}, zero points {zeros:?} and scales {scales:?} do not fit each other at {bits} bits",
        "其编码 {codes:?}、零点 {zeros:?} 与缩放因子 {scales:?} 的形状在 {bits} 位下互不相符"
    )
}

/// Reads the group of each input.
fn order_of(tensor: &Tensor, inputs: u64, groups: u64) -> Result<Vec<u32>, Text> {
    count(tensor, inputs)?;
    let mut bytes = vec![0; size_usize(inputs.saturating_mul(4))];
    let read = tensor.stream(0).and_then(|mut stream| stream.fill(&mut bytes));
    read.map_err(|error| error.text())?;
    let (words, _) = bytes.as_chunks::<4>();
    let order: Vec<u32> = words.iter().map(|word| u32::from_le_bytes(*word)).collect();
    if order.iter().any(|group| u64::from(*group) >= groups) {
        let name = &tensor.name;
        return Err(text!(
            "`{name}` names groups that are not there",
            "`{name}` 指向不存在的分组"
        ));
    }
    Ok(order)
}

/// Says whether a tensor has as many elements as it should.
fn count(tensor: &Tensor, wanted: u64) -> Result<(), Text> {
    let found = tensor.elements().unwrap_or(u64::MAX);
    if found == wanted {
        return Ok(());
    }
    let name = &tensor.name;
    Err(text!(
        "`{name}` should have {wanted} elements, and has {found}",
        "`{name}` 应有 {wanted} 个元素，实有 {found} 个"
    ))
}

/// Reads all of a small tensor of floats.
fn all(tensor: &Tensor, wanted: u64) -> Result<Vec<f32>, Text> {
    count(tensor, wanted)?;
    if !tensor.element.is_some_and(Element::is_float) {
        let name = &tensor.name;
        return Err(text!("`{name}` holds no floats", "`{name}` 不含浮点数"));
    }
    let positions: Vec<u64> = (0..wanted).collect();
    tensor.values_at(&positions).map_err(|error| error.text())
}

/// What a description of bitsandbytes says.
#[derive(Debug, Default)]
struct State {
    kind: Option<String>,
    shape: Vec<u64>,
    block: Option<u64>,
    nested_block: Option<u64>,
    nested_offset: Option<f32>,
}

impl State {
    fn read(tensor: &Tensor) -> Result<Self, Text> {
        let unreadable = || text!("its description cannot be read", "其描述无法读取");
        let size = tensor.bytes();
        if size > STATE || !matches!(tensor.element, Some(Element::U8 | Element::I8)) {
            return Err(unreadable());
        }
        let mut bytes = vec![0; size_usize(size)];
        let read = tensor.stream(0).and_then(|mut stream| stream.fill(&mut bytes));
        read.map_err(|error| error.text())?;
        let entries = flatten(&bytes).map_err(|_| unreadable())?;
        let mut state = Self::default();
        for (key, value) in &entries {
            match key.as_str() {
                "quant_type" => state.kind = Some(value.trim_matches('"').to_owned()),
                "blocksize" => state.block = value.parse().ok(),
                "nested_blocksize" => state.nested_block = value.parse().ok(),
                "nested_offset" => {
                    state.nested_offset = value.parse().ok().filter(|offset: &f32| offset.is_finite());
                }
                key => {
                    if let Some(index) = key.strip_prefix("shape.") {
                        let length = value.parse().map_err(|_| unreadable())?;
                        if index.parse() != Ok(size_u64(state.shape.len())) {
                            return Err(unreadable());
                        }
                        state.shape.push(length);
                    }
                }
            }
        }
        Ok(state)
    }
}
