use std::fmt;

/// Names a language that people read Cleanbill in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Simplified Chinese.
    Chinese,
}

/// Holds one message in every language of the product, so that no report can mix them.
///
/// Build it with [`text!`](crate::text), which asks the compiler for each language and fills the same values into both.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text {
    en: String,
    zh: String,
}

impl Text {
    /// Joins the English and the Simplified Chinese wording of one message.
    pub fn new(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self {
            en: en.into(),
            zh: zh.into(),
        }
    }

    /// Makes a message that is the same in every language: a name, a path, a number.
    pub fn same(value: impl Into<String>) -> Self {
        let en = value.into();
        Self { zh: en.clone(), en }
    }

    /// Counts things, with the English plural: `1 artifact`, `2 artifacts`.
    pub fn count(number: u64, one: &str, many: &str, zh: &str) -> Self {
        let noun = if number == 1 { one } else { many };
        Self::new(format!("{number} {noun}"), format!("{number} {zh}"))
    }

    /// Returns the wording in `language`.
    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::English => &self.en,
            Language::Chinese => &self.zh,
        }
    }

    /// Returns the English wording, which logs, fingerprints and documents for machines use.
    pub fn en(&self) -> &str {
        &self.en
    }
}

impl fmt::Display for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.en)
    }
}

/// Writes one message in English and in Simplified Chinese with the same inline values: `text!("{n} bytes", "{n} 字节")`.
#[macro_export]
macro_rules! text {
    ($en:literal, $zh:literal $(,)?) => {
        $crate::Text::new(format!($en), format!($zh))
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_carry_the_values() {
        let count = 3;
        let text = text!("{count} files", "{count} 个文件");
        assert_eq!(text.get(Language::English), "3 files");
        assert_eq!(text.get(Language::Chinese), "3 个文件");
    }
}
