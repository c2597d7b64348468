//! What the configuration beside the weights says of their scheme.

use cleanbill_core::{Text, text};

use super::super::Part;
use crate::{containers::Problem, model::Model, settings::flatten};

/// Files that say it, with what stands before the keys.
const FILES: [(&str, &str); 3] = [
    ("config.json", "quantization_config."),
    ("quantize_config.json", ""),
    ("quant_config.json", ""),
];

/// Names the family of a packed layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Gptq,
    Awq,
}

/// What the configuration says; what it does not say is deduced from shapes.
#[derive(Clone, Debug, Default)]
pub(super) struct Scheme {
    method: Option<String>,
    bits: Option<u64>,
    group: Option<i64>,
    format: Option<String>,
    /// AWQ's word for it.
    version: Option<String>,
    /// Layers may have bits and groups of their own.
    by_layer: bool,
}

impl Scheme {
    /// Reads it; files that say different things are a problem.
    pub(super) fn read(model: &Model, problems: &mut Vec<Problem>) -> Self {
        let mut scheme = Self::default();
        for (name, prefix) in FILES {
            let path = format!("{}/{name}", model.root);
            let Some(file) = model.file(path.trim_start_matches('/')) else {
                continue;
            };
            let Ok(entries) = flatten(file.source.as_ref()) else {
                continue;
            };
            for (key, value) in &entries {
                let Some(key) = key.strip_prefix(prefix) else {
                    continue;
                };
                let word = value.trim_matches('"').to_ascii_lowercase();
                let fits = match key {
                    "quant_method" => same(&mut scheme.method, word),
                    "bits" | "w_bit" => word.parse().map_or(true, |bits| same(&mut scheme.bits, bits)),
                    "group_size" | "q_group_size" => {
                        word.parse().map_or(true, |group| same(&mut scheme.group, group))
                    }
                    "checkpoint_format" | "format" => same(&mut scheme.format, word),
                    "version" => same(&mut scheme.version, word),
                    "is_marlin_format" if word == "true" => same(&mut scheme.format, "marlin".to_owned()),
                    _ => {
                        scheme.by_layer |= key.starts_with("dynamic.");
                        true
                    }
                };
                if !fits {
                    problems.push(Problem {
                        path: file.path.clone(),
                        tensor: None,
                        reason: text!(
                            "`{key}` of the quantisation is {value} here and something else in another file",
                            "此处量化的 `{key}` 为 {value}，与另一文件不同"
                        ),
                    });
                }
            }
        }
        scheme
    }

    /// Says which family a layer is of; `by_inputs` and `by_outputs` say which of them its shapes fit.
    pub(super) fn method(&self, by_inputs: bool, by_outputs: bool) -> Result<Method, Text> {
        let mut format = self.format.as_deref().unwrap_or_default();
        let method = match self.method.as_deref() {
            Some("gptq") => Method::Gptq,
            Some("awq") => Method::Awq,
            Some(other) => {
                return Err(text!(
                    "the scheme `{other}` is not read",
                    "不读取量化方案 `{other}`"
                ));
            }
            None if by_inputs => Method::Gptq,
            None if by_outputs => Method::Awq,
            None => {
                return Err(text!(
                    "is packed in no way that is read, and no configuration names one",
                    "打包方式无法读取，且没有配置说明"
                ));
            }
        };
        if method == Method::Awq && format.is_empty() {
            format = self.version.as_deref().unwrap_or_default();
        }
        let read = match method {
            Method::Gptq => matches!(format, "" | "gptq" | "gptq_v2"),
            // Files for the other two kernels are the same; they pack anew when they load.
            Method::Awq => matches!(format, "" | "gemm" | "marlin" | "exllama"),
        };
        if !read {
            return Err(text!(
                "the format `{format}` is not read",
                "不读取格式 `{format}`"
            ));
        }
        if method == Method::Awq && self.bits.is_some_and(|bits| bits != 4) {
            let bits = self.bits.unwrap_or(0);
            return Err(text!("AWQ of {bits} bits is not read", "不读取 {bits} 位的 AWQ"));
        }
        Ok(method)
    }

    /// Returns the bits of a code, from the zero points, and compares them with what is said.
    pub(super) fn bits_of(&self, stem: &str, zero_columns: u64, outputs: u64) -> Result<u32, Text> {
        let found = zero_columns.saturating_mul(32).checked_div(outputs).unwrap_or(0);
        if let Some(said) = self.bits.filter(|said| *said != found && !self.by_layer) {
            return Err(text!(
                "the configuration says {said} bits, the zero points of `{stem}` are of {found}",
                "配置为 {said} 位，而 `{stem}` 的零点为 {found} 位"
            ));
        }
        match found {
            2 => Ok(2),
            3 => Ok(3),
            4 => Ok(4),
            8 => Ok(8),
            _ => Err(text!(
                "codes of {found} bits are not read",
                "不读取 {found} 位编码"
            )),
        }
    }

    /// Returns how many inputs share a scale.
    pub(super) fn group_size(
        &self,
        stem: &str,
        inputs: u64,
        groups: u64,
        has_order: bool,
    ) -> Result<u64, Text> {
        let misfit = |size: u64| {
            text!(
                "{inputs} inputs of `{stem}` in groups of {size} do not make {groups} groups",
                "`{stem}` 的 {inputs} 个输入按每组 {size} 个无法分为 {groups} 组"
            )
        };
        if let Some(size) = self.group.filter(|_| !self.by_layer) {
            let size = u64::try_from(size).ok().filter(|size| *size > 0);
            let size = size.unwrap_or(inputs);
            if inputs.div_ceil(size) != groups {
                return Err(misfit(size));
            }
            return Ok(size);
        }
        let size = inputs.div_ceil(groups);
        if size.saturating_mul(groups) != inputs && !has_order {
            return Err(misfit(size));
        }
        Ok(size)
    }

    /// Returns what is to be added to zero points: the first format has one less than it means. Where nothing says which format it
    /// is, zero points that are all in the middle of the range tell; else it is the first, as loaders take it.
    pub(super) fn zero_offset(&self, zeros: &Part, bits: u32) -> u32 {
        match self.format.as_deref() {
            Some("gptq_v2") => 0,
            Some(_) => 1,
            None if self.method.is_some() || self.bits.is_some() => 1,
            None => {
                let (mut raw, mut words) = (Vec::new(), Vec::new());
                let looked_at = zeros.tensor.elements().unwrap_or(0).min(4096);
                let read = zeros.words(0, looked_at, &mut raw, &mut words);
                let middle = match bits {
                    2 => 0xaaaa_aaaa,
                    4 => 0x8888_8888,
                    8 => 0x8080_8080,
                    _ => return 1,
                };
                let is_second = read.is_ok() && !words.is_empty() && words.iter().all(|word| *word == middle);
                u32::from(!is_second)
            }
        }
    }
}

/// Notes a value; says whether it is the one noted before.
fn same<T: PartialEq>(place: &mut Option<T>, value: T) -> bool {
    if let Some(before) = place {
        return *before == value;
    }
    *place = Some(value);
    true
}
