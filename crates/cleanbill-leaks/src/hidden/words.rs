//! Words of a text, in small letters, and the words that hidden content aims at.

/// LIMIT: words of one text that are looked at.
const WORDS: usize = 160;

/// Holds one word.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word {
    /// Where it stands among the small letters.
    from: usize,
    to: usize,
    /// Where it stands in the text.
    pub(super) start: usize,
    pub(super) end: usize,
    /// A sentence ends behind it.
    pub(super) stops: bool,
}

/// Holds the words of a text.
#[derive(Debug)]
pub(super) struct Words {
    letters: Vec<u8>,
    words: Vec<Word>,
}

impl Words {
    /// Takes a text apart: escapes and tags divide words, characters without width do not.
    pub(super) fn of(text: &[u8]) -> Self {
        let mut found = Self {
            letters: Vec::with_capacity(text.len()),
            words: Vec::with_capacity(text.len() / 4),
        };
        let mut at = 0_usize;
        let mut open = false;
        while let Some(&byte) = text.get(at) {
            let next = text.get(at.saturating_add(1)).copied();
            let rest = text.get(at..).unwrap_or_default();
            let apostrophe = matches!(rest, [0xe2, 0x80, 0x99, ..]);
            let unseen = matches!(
                rest,
                [0xe2, 0x80, 0x8b..=0x8d, ..] | [0xe2, 0x81, 0xa0, ..] | [0xef, 0xbb, 0xbf, ..]
            );
            // Punctuation of all scripts, and that of Chinese and Japanese.
            let sign = matches!(
                rest,
                [0xe2, 0x80 | 0x81, _, ..] | [0xe3, 0x80, 0x80..=0x9f, ..] | [0xef, 0xbc, 0x81..=0x8f | 0x9a..=0xa0, ..]
            ) && !(apostrophe && open);
            // An apostrophe belongs to a word only between letters.
            let joins =
                (byte == b'\'' && next.is_some_and(|byte| byte.is_ascii_alphabetic()) || apostrophe) && open;
            if byte == b'\\' {
                found.close(at, &mut open, rest.starts_with(b"\\n\\n") || next == Some(b'"'));
                at = at.saturating_add(if next == Some(b'u') { 6 } else { 2 });
            } else if unseen {
                at = at.saturating_add(3);
            } else if sign {
                found.close(at, &mut open, false);
                at = at.saturating_add(3);
            } else if byte.is_ascii_alphanumeric() || byte >= 0x80 || joins {
                if !open {
                    if found.words.len() >= WORDS {
                        break;
                    }
                    open = true;
                    found.words.push(Word {
                        from: found.letters.len(),
                        to: 0,
                        start: at,
                        end: at,
                        stops: false,
                    });
                }
                found
                    .letters
                    .push(if joins { b'\'' } else { byte.to_ascii_lowercase() });
                at = at.saturating_add(if apostrophe { 3 } else { 1 });
            } else {
                let stops = match byte {
                    b'.' | b'!' | b'?' => next.is_none_or(|next| !next.is_ascii_alphanumeric()),
                    b';' | b'{' | b'}' | b'|' | b'[' | b']' | b'=' | b'#' | b'"' => true,
                    b'\n' => next == Some(b'\n'),
                    _ => false,
                };
                found.close(at, &mut open, stops);
                at = at.saturating_add(1);
            }
        }
        found.close(text.len(), &mut open, false);
        found
    }

    fn close(&mut self, at: usize, open: &mut bool, stops: bool) {
        if let Some(last) = self.words.last_mut() {
            if *open {
                last.end = at;
                last.to = self.letters.len();
            }
            last.stops |= stops;
        }
        *open = false;
    }

    /// Returns how many there are.
    pub(super) fn count(&self) -> usize {
        self.words.len()
    }

    /// Returns a word.
    pub(super) fn word(&self, index: usize) -> Option<Word> {
        self.words.get(index).copied()
    }

    /// Returns the small letters of a word.
    pub(super) fn text(&self, index: usize) -> &[u8] {
        self.word(index)
            .and_then(|word| self.letters.get(word.from..word.to))
            .unwrap_or_default()
    }
}

/// Says whether a word in small letters is a brand, a command or a thing that hidden content aims at.
pub(super) fn is_target(word: &[u8]) -> bool {
    TARGETS
        .binary_search_by(|target| target.as_bytes().cmp(word))
        .is_ok()
}

/// Sorted.
const TARGETS: &[&str] = &[
    "access",
    "account",
    "admin",
    "administrator",
    "adobe",
    "agent",
    "alibaba",
    "alipay",
    "amazon",
    "anthropic",
    "apple",
    "assistant",
    "bank",
    "banking",
    "bash",
    "binance",
    "bitcoin",
    "bypass",
    "chase",
    "chatgpt",
    "citibank",
    "claude",
    "coinbase",
    "confirm",
    "credential",
    "credentials",
    "curl",
    "delete",
    "developer",
    "discord",
    "disregard",
    "docker",
    "download",
    "dropbox",
    "ebay",
    "ethereum",
    "eval",
    "exec",
    "execute",
    "exfiltrate",
    "facebook",
    "forget",
    "github",
    "gitlab",
    "gmail",
    "google",
    "huggingface",
    "icloud",
    "ignore",
    "ignoring",
    "import",
    "instagram",
    "install",
    "instruction",
    "instructions",
    "invoice",
    "jailbreak",
    "kubernetes",
    "linkedin",
    "login",
    "mastercard",
    "metamask",
    "microsoft",
    "netflix",
    "numpy",
    "nvidia",
    "office",
    "openai",
    "oracle",
    "outlook",
    "override",
    "pandas",
    "passphrase",
    "password",
    "passwords",
    "payment",
    "paypal",
    "policy",
    "previous",
    "private",
    "prompt",
    "prompts",
    "python",
    "pytorch",
    "reveal",
    "root",
    "safety",
    "samsung",
    "secret",
    "secrets",
    "security",
    "send",
    "shell",
    "slack",
    "spotify",
    "steam",
    "sudo",
    "support",
    "system",
    "taobao",
    "telegram",
    "tencent",
    "tensorflow",
    "token",
    "tokens",
    "transfer",
    "twitter",
    "upload",
    "verify",
    "wallet",
    "walmart",
    "wechat",
    "wellsfargo",
    "wget",
    "whatsapp",
    "windows",
    "yahoo",
    "youtube",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_apart() {
        let words = Words::of("Don\u{2019}t\\n\\nIG\u{200b}NORE “<b>this</b>”. It's 'so'".as_bytes());
        let all: Vec<&str> = (0..words.count())
            .map(|index| std::str::from_utf8(words.text(index)).unwrap())
            .collect();
        assert_eq!(all, ["don't", "ignore", "b", "this", "b", "it's", "so"]);
        assert!(words.word(0).unwrap().stops && !words.word(1).unwrap().stops);
    }

    #[test]
    fn the_list_is_sorted() {
        assert!(TARGETS.is_sorted());
        assert!(is_target(b"paypal") && !is_target(b"pay"));
    }
}
