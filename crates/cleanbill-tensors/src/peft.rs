//! What `adapter_config.json` says of an adapter: how its product is scaled, and what it is that cannot be worked out here.

use cleanbill_core::{Text, text};

use crate::{model::Model, number::float, settings::flatten};

/// Keys that change what a merge gives, with the values at which they change nothing.
const OTHERS: [(&str, &[&str]); 6] = [
    ("use_dora", &["false", "null"]),
    ("use_qalora", &["false", "null"]),
    ("lora_bias", &["false", "null"]),
    ("layer_replication", &["null"]),
    ("trainable_token_indices", &["null"]),
    ("target_parameters", &["null"]),
];
/// Ways to begin a training that take the first product out of the base: what is merged is then another base.
const BEGUN: [&str; 5] = ["pissa", "olora", "corda", "loftq", "lora_ga"];

/// Settings of an adapter.
#[derive(Clone, Debug, Default)]
pub(crate) struct Peft {
    kind: String,
    rank: Option<u64>,
    alpha: Option<f64>,
    ranks: Vec<(String, u64)>,
    alphas: Vec<(String, f64)>,
    by_root: bool,
    /// The matrices of the base have inputs before outputs.
    pub(crate) inputs_first: bool,
    /// Why a merge cannot be worked out.
    pub(crate) unknown: Vec<Text>,
}

impl Peft {
    /// Reads them; `None` where there is no such file.
    pub(crate) fn read(model: &Model) -> Option<Self> {
        let path = format!("{}/adapter_config.json", model.root);
        let file = model.file(path.trim_start_matches('/'))?;
        let mut found = Self::default();
        match flatten(file.source.as_ref()) {
            Ok(entries) => entries.iter().for_each(|(key, value)| found.take(key, value)),
            Err(_) => found.unknown.push(text!(
                "`adapter_config.json` is not JSON that can be read",
                "`adapter_config.json` 不是可读取的 JSON"
            )),
        }
        if found.kind != "LORA" {
            let kind = &found.kind;
            found.unknown.push(text!(
                "an adapter of the kind `{kind}` cannot be merged here",
                "此处无法合并类型为 `{kind}` 的适配器"
            ));
        }
        Some(found)
    }

    fn take(&mut self, key: &str, value: &str) {
        let word = value.trim_matches('"');
        if let Some(pattern) = key.strip_prefix("rank_pattern.") {
            match word.parse() {
                Ok(rank) if is_plain(pattern) => self.ranks.push((pattern.to_owned(), rank)),
                _ => self.unreadable(key),
            }
            return;
        }
        if let Some(pattern) = key.strip_prefix("alpha_pattern.") {
            match word.parse() {
                Ok(alpha) if is_plain(pattern) => self.alphas.push((pattern.to_owned(), alpha)),
                _ => self.unreadable(key),
            }
            return;
        }
        match key {
            "peft_type" => word.clone_into(&mut self.kind),
            "r" => self.rank = word.parse().ok(),
            "lora_alpha" => self.alpha = word.parse().ok().filter(|alpha: &f64| alpha.is_finite()),
            "use_rslora" => self.by_root = word == "true",
            "fan_in_fan_out" => self.inputs_first = word == "true",
            "init_lora_weights" => {
                let begun = word.to_ascii_lowercase();
                if BEGUN.iter().any(|way| begun.starts_with(way)) {
                    self.unknown.push(text!(
                        "the adapter was begun as `{word}`, which changes the base as well",
                        "适配器以 `{word}` 方式初始化，会同时改变基础模型"
                    ));
                }
            }
            _ => {
                let first = key.split('.').next().unwrap_or_default();
                let other = OTHERS.iter().find(|(name, _)| *name == first);
                if let Some((name, harmless)) = other
                    && !harmless.contains(&word)
                {
                    self.unknown.push(text!(
                        "the adapter sets `{name}`, which is not worked out here",
                        "适配器设置了 `{name}`，此处不作计算"
                    ));
                }
            }
        }
    }

    fn unreadable(&mut self, key: &str) {
        self.unknown.push(text!(
            "`{key}` of the adapter's configuration is not understood",
            "无法理解适配器配置中的 `{key}`"
        ));
    }

    /// Returns what the product is multiplied with for the matrix `name` of `rank` directions.
    pub(crate) fn scaling(&self, name: &str, rank: u64) -> Result<f64, Text> {
        let said = first(&self.ranks, name).or(self.rank);
        if said != Some(rank) {
            let said = said.map_or_else(|| "-".to_owned(), |said| said.to_string());
            return Err(text!(
                "has {rank} directions, the configuration says {said}",
                "有 {rank} 个方向，而配置为 {said}"
            ));
        }
        let alpha = first(&self.alphas, name).or(self.alpha);
        let alpha =
            alpha.ok_or_else(|| text!("the configuration has no `lora_alpha`", "配置没有 `lora_alpha`"))?;
        let rank = float(rank);
        Ok(alpha / if self.by_root { rank.sqrt() } else { rank })
    }
}

/// Returns the value of the first pattern that is the end of a name.
fn first<T: Copy>(patterns: &[(String, T)], name: &str) -> Option<T> {
    let fits = |pattern: &str| {
        name.strip_suffix(pattern)
            .is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    let found = patterns.iter().find(|(pattern, _)| fits(pattern));
    found.map(|(_, value)| *value)
}

/// Says whether a pattern is a name: others are regular expressions, which are not worked out.
fn is_plain(pattern: &str) -> bool {
    !pattern.is_empty()
        && pattern
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(entries: &[(&str, &str)]) -> Peft {
        let mut peft = Peft::default();
        for (key, value) in entries {
            peft.take(key, value);
        }
        peft
    }

    #[test]
    fn patterns_are_ends_of_names() {
        let peft = read(&[
            ("r", "8"),
            ("lora_alpha", "16"),
            ("rank_pattern.layers.1.q_proj", "4"),
            ("alpha_pattern.q_proj", "32"),
        ]);
        let of = |name: &str, rank| peft.scaling(name, rank).map_err(|_| ());
        assert_eq!(of("model.layers.0.v_proj", 8), Ok(2.0));
        assert_eq!(of("model.layers.1.q_proj", 4), Ok(8.0));
        assert_eq!(of("model.layers.11.q_proj", 4), Err(()));
        assert_eq!(of("model.layers.11.q_proj", 8), Ok(4.0));
    }

    #[test]
    fn what_is_not_worked_out_is_said() {
        assert!(
            read(&[("use_dora", "false"), ("target_parameters", "null")])
                .unknown
                .is_empty()
        );
        assert_eq!(
            read(&[("use_dora", "true"), ("init_lora_weights", "\"pissa_niter_4\"")])
                .unknown
                .len(),
            2
        );
        assert_eq!(read(&[("rank_pattern.^a.*b$", "4")]).unknown.len(), 1);
        let peft = read(&[("r", "16"), ("lora_alpha", "8"), ("use_rslora", "true")]);
        assert_eq!(peft.scaling("a", 16).map_err(|_| ()), Ok(2.0));
    }
}
