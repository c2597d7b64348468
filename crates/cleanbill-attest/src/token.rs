//! Keys that stay in a token: a security module or a card, addressed by a PKCS#11 URI (RFC 7512). Only the digest of what is signed goes
//! there, and the signature comes back.
//!
//! The module that drives the token is code of the system. It is loaded only where the caller names it, never because of a model.
//! Without the feature `pkcs11` every URI is read, and refused with a reason that says so.

use std::{fmt, path::PathBuf};

use cleanbill_core::{Text, text};
use zeroize::Zeroizing;

use crate::key::KeyError;

#[cfg(feature = "pkcs11")]
mod session;

#[cfg(feature = "pkcs11")]
pub use session::TokenKey;

/// LIMIT: bytes of a URI. What addresses a key takes some hundred; longer ones are refused.
const URI_BYTES: usize = 4_096;

/// Folders in which a module is looked for by name, as distributions lay them out.
const MODULE_FOLDERS: [&str; 7] = [
    "/usr/lib64/pkcs11",
    "/usr/lib/pkcs11",
    "/usr/lib/x86_64-linux-gnu/pkcs11",
    "/usr/lib/aarch64-linux-gnu/pkcs11",
    "/usr/local/lib/pkcs11",
    "/usr/lib/softhsm",
    "/usr/local/lib/softhsm",
];

/// Names a key in a token, and the module that reaches it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TokenUri {
    /// What the key is called.
    object: Option<String>,
    /// The id of the key.
    id: Option<Vec<u8>>,
    /// What the token is called.
    token: Option<String>,
    /// Who made the token.
    manufacturer: Option<String>,
    /// The serial number of the token.
    serial: Option<String>,
    /// The model of the token.
    model: Option<String>,
    /// The number of the slot that the token is in.
    slot_id: Option<u64>,
    module_path: Option<PathBuf>,
    module_name: Option<String>,
    pin_value: Option<Zeroizing<String>>,
    pin_source: Option<PathBuf>,
}

/// Says where the PIN of a token stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pin<'u> {
    /// In the URI, for everybody to see who sees the URI.
    Value(&'u str),
    /// In the first line of a file.
    File(&'u PathBuf),
    /// Elsewhere.
    Elsewhere,
}

/// Says why a key in a token cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenError {
    /// The URI is none of RFC 7512.
    Uri {
        /// What is wrong with it.
        problem: Text,
    },
    /// This program was built without the feature `pkcs11`.
    NotBuilt,
    /// No module of this name lies where modules lie.
    ModuleAbsent {
        /// Its name.
        name: String,
    },
    /// The module cannot be loaded, or says that it cannot work.
    Module {
        /// Where it lies.
        path: PathBuf,
        /// What it says.
        problem: String,
    },
    /// No token, or several, are as the URI says.
    Token {
        /// How many.
        found: usize,
    },
    /// The token wants a PIN and none was given.
    PinWanted,
    /// The PIN is wrong.
    PinWrong,
    /// The token takes no PIN any more.
    PinLocked,
    /// No private key, or several, are as the URI says.
    Key {
        /// How many.
        found: usize,
    },
    /// The public half of the key is not in the token.
    PublicKeyAbsent,
    /// The key cannot be used.
    Unusable(KeyError),
    /// The token failed.
    Failed {
        /// What it says.
        problem: String,
    },
}

impl TokenError {
    /// Returns the words for people.
    pub fn text(&self) -> Text {
        match self {
            Self::Uri { problem } => {
                let (en, zh) = (problem.en(), problem.get(cleanbill_core::Language::Chinese));
                text!(
                    "the PKCS#11 URI cannot be read: {en}",
                    "无法读取 PKCS#11 URI：{zh}"
                )
            }
            Self::NotBuilt => text!(
                "this program was built without PKCS#11",
                "此程序构建时未包含 PKCS#11 支持"
            ),
            Self::ModuleAbsent { name } => {
                let folders = MODULE_FOLDERS.join(", ");
                text!(
                    "there is no PKCS#11 module `{name}` in {folders}",
                    "在 {folders} 中没有 PKCS#11 模块 `{name}`"
                )
            }
            Self::Module { path, problem } => {
                let path = path.display();
                text!(
                    "the PKCS#11 module `{path}` cannot be used: {problem}",
                    "无法使用 PKCS#11 模块 `{path}`：{problem}"
                )
            }
            Self::Token { found: 0 } => text!("no token is as the URI says", "没有与 URI 相符的令牌"),
            Self::Token { found } => text!(
                "{found} tokens are as the URI says",
                "有 {found} 个令牌与 URI 相符"
            ),
            Self::PinWanted => text!("the token wants a PIN", "令牌需要 PIN"),
            Self::PinWrong => text!("the PIN is wrong", "PIN 错误"),
            Self::PinLocked => text!(
                "the token is locked: too many wrong PINs",
                "令牌已锁定：PIN 错误次数过多"
            ),
            Self::Key { found: 0 } => text!(
                "no private key in the token is as the URI says",
                "令牌中没有与 URI 相符的私钥"
            ),
            Self::Key { found } => text!(
                "{found} private keys in the token are as the URI says",
                "令牌中有 {found} 把私钥与 URI 相符"
            ),
            Self::PublicKeyAbsent => text!(
                "the token holds no public key with the id of the private one",
                "令牌中没有与该私钥 id 相同的公钥"
            ),
            Self::Unusable(error) => error.text(),
            Self::Failed { problem } => text!("the token failed: {problem}", "令牌失败：{problem}"),
        }
    }

    /// Returns what to do about it, where there is something to say.
    pub fn hint(&self) -> Option<Text> {
        Some(match self {
            Self::Uri { .. } => text!(
                "for example `pkcs11:token=TOKEN;object=KEY?module-path=/usr/lib/softhsm/libsofthsm2.so`",
                "例如 `pkcs11:token=TOKEN;object=KEY?module-path=/usr/lib/softhsm/libsofthsm2.so`"
            ),
            Self::NotBuilt => text!(
                "build it with `cargo build --release --features pkcs11`",
                "请用 `cargo build --release --features pkcs11` 构建"
            ),
            Self::ModuleAbsent { .. } => text!(
                "name the file with `module-path=` in the URI",
                "请在 URI 中用 `module-path=` 指定文件"
            ),
            Self::Token { .. } => text!(
                "`token=`, `serial=` and `slot-id=` in the URI choose a token",
                "URI 中的 `token=`、`serial=` 和 `slot-id=` 用于选择令牌"
            ),
            Self::Key { .. } => text!(
                "`object=` and `id=` in the URI choose a key",
                "URI 中的 `object=` 和 `id=` 用于选择密钥"
            ),
            Self::PinWanted => text!(
                "give it with `--passphrase-file` or `--passphrase-env`, or `pin-source=` in the URI",
                "请用 `--passphrase-file` 或 `--passphrase-env`，或 URI 中的 `pin-source=` 提供"
            ),
            _ => return None,
        })
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.text().en())
    }
}

impl std::error::Error for TokenError {}

impl fmt::Debug for TokenUri {
    /// Shows what addresses the key, never a PIN.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TokenUri")
            .field("token", &self.token)
            .field("object", &self.object)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl TokenUri {
    /// Reads a URI. An attribute of the path that is not known is refused, since leaving it out could choose another key; one of the query
    /// is passed over, as RFC 7512 (2.3) allows.
    pub fn parse(uri: &str) -> Result<Self, TokenError> {
        let wrong = |problem| TokenError::Uri { problem };
        if uri.len() > URI_BYTES {
            return Err(wrong(text!(
                "it is longer than {URI_BYTES} bytes",
                "长度超过 {URI_BYTES} 字节"
            )));
        }
        let rest = uri
            .strip_prefix("pkcs11:")
            .ok_or_else(|| wrong(text!("it does not begin with `pkcs11:`", "不以 `pkcs11:` 开头")))?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut read = Self::default();
        let mut seen = Vec::new();
        let attributes = path.split(';').map(|one| (one, true));
        for (attribute, is_path) in attributes.chain(query.split('&').map(|one| (one, false))) {
            if attribute.is_empty() {
                continue;
            }
            let (name, value) = attribute
                .split_once('=')
                .ok_or_else(|| wrong(text!("`{attribute}` has no `=`", "`{attribute}` 缺少 `=`")))?;
            if seen.contains(&(name, is_path)) {
                return Err(wrong(text!("`{name}` stands twice", "`{name}` 出现了两次")));
            }
            seen.push((name, is_path));
            let value = decode(value).ok_or_else(|| {
                wrong(text!(
                    "`{name}` is damaged behind `%`",
                    "`{name}` 中 `%` 之后的内容有误"
                ))
            })?;
            if is_path {
                read.path_attribute(name, value)
            } else {
                read.query_attribute(name, value)
            }
            .map_err(wrong)?;
        }
        if read.object.is_none() && read.id.is_none() {
            return Err(wrong(text!(
                "neither `object=` nor `id=` names a key",
                "既没有 `object=` 也没有 `id=` 指定密钥"
            )));
        }
        if read.module_path.is_none() && read.module_name.is_none() {
            return Err(wrong(text!(
                "neither `module-path=` nor `module-name=` names the module",
                "既没有 `module-path=` 也没有 `module-name=` 指定模块"
            )));
        }
        if read.pin_value.is_some() && read.pin_source.is_some() {
            return Err(wrong(text!(
                "`pin-value` and `pin-source` exclude each other",
                "`pin-value` 与 `pin-source` 不能同时使用"
            )));
        }
        Ok(read)
    }

    fn path_attribute(&mut self, name: &str, value: Vec<u8>) -> Result<(), Text> {
        if name == "id" {
            self.id = Some(value);
            return Ok(());
        }
        let value = utf8(name, value)?;
        match name {
            "object" => self.object = Some(value),
            "token" => self.token = Some(value),
            "manufacturer" => self.manufacturer = Some(value),
            "serial" => self.serial = Some(value),
            "model" => self.model = Some(value),
            "slot-id" => {
                let number = value.parse();
                self.slot_id =
                    Some(number.map_err(|_| text!("`slot-id` is no number", "`slot-id` 不是数字"))?);
            }
            "type" if value == "private" => {}
            "type" => return Err(text!("`type` is not `private`", "`type` 不是 `private`")),
            _ => return Err(text!("`{name}` is not known here", "此处不支持 `{name}`")),
        }
        Ok(())
    }

    fn query_attribute(&mut self, name: &str, value: Vec<u8>) -> Result<(), Text> {
        match name {
            "module-path" => {
                let path = PathBuf::from(utf8(name, value)?);
                if !path.is_absolute() {
                    return Err(text!(
                        "`module-path` is not absolute",
                        "`module-path` 不是绝对路径"
                    ));
                }
                self.module_path = Some(path);
            }
            "module-name" => {
                let value = utf8(name, value)?;
                let is_plain = value
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
                if value.is_empty() || !is_plain {
                    return Err(text!(
                        "`module-name` is no plain name",
                        "`module-name` 不是简单名称"
                    ));
                }
                self.module_name = Some(value);
            }
            "pin-value" => self.pin_value = Some(Zeroizing::new(utf8(name, value)?)),
            "pin-source" => {
                let value = utf8(name, value)?;
                let path = PathBuf::from(
                    value
                        .strip_prefix("file:")
                        .map_or(value.as_str(), |rest| rest.strip_prefix("//").unwrap_or(rest)),
                );
                if !path.is_absolute() {
                    return Err(text!(
                        "`pin-source` is no absolute path of a file",
                        "`pin-source` 不是文件的绝对路径"
                    ));
                }
                self.pin_source = Some(path);
            }
            _ => {}
        }
        Ok(())
    }

    /// Says where its PIN stands.
    pub fn pin(&self) -> Pin<'_> {
        match (&self.pin_value, &self.pin_source) {
            (Some(value), _) => Pin::Value(value),
            (None, Some(path)) => Pin::File(path),
            (None, None) => Pin::Elsewhere,
        }
    }

    /// Returns the file of the module.
    pub fn module(&self) -> Result<PathBuf, TokenError> {
        if let Some(path) = &self.module_path {
            return Ok(path.clone());
        }
        let name = self.module_name.as_deref().unwrap_or_default();
        let names = [
            format!("{name}.so"),
            format!("lib{name}.so"),
            format!("lib{name}.dylib"),
        ];
        let places = MODULE_FOLDERS
            .iter()
            .flat_map(|folder| names.iter().map(move |name| PathBuf::from(folder).join(name)));
        let found = places.into_iter().find(|path| path.is_file());
        found.ok_or_else(|| TokenError::ModuleAbsent {
            name: name.to_owned(),
        })
    }
}

fn utf8(name: &str, value: Vec<u8>) -> Result<String, Text> {
    String::from_utf8(value).map_err(|_| text!("`{name}` is not UTF-8", "`{name}` 不是 UTF-8"))
}

/// Resolves `%` and two digits.
fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut digit = || char::from(bytes.next()?).to_digit(16);
        let value = digit()?.checked_mul(16)?.checked_add(digit()?)?;
        out.push(u8::try_from(value).ok()?);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_names_key_token_module_and_pin() {
        let uri = "pkcs11:token=acme%20models;object=release;id=%01%fF;slot-id=7;type=private\
                   ?module-path=/usr/lib/x.so&pin-source=file:/run/pin&x-vendor=1";
        let read = TokenUri::parse(uri).expect("a URI");
        assert_eq!(read.token.as_deref(), Some("acme models"));
        assert_eq!(read.object.as_deref(), Some("release"));
        assert_eq!(read.id.as_deref(), Some(&[1, 255][..]));
        assert_eq!(read.slot_id, Some(7));
        assert_eq!(read.module(), Ok(PathBuf::from("/usr/lib/x.so")));
        assert_eq!(read.pin(), Pin::File(&PathBuf::from("/run/pin")));
        let read = TokenUri::parse("pkcs11:object=a?module-name=none-such&pin-value=1%2C2").expect("a URI");
        assert_eq!(read.pin(), Pin::Value("1,2"));
        assert!(!format!("{read:?}").contains("1,2"), "a PIN is never shown");
        let name = "none-such".to_owned();
        assert_eq!(read.module(), Err(TokenError::ModuleAbsent { name }));
    }

    #[test]
    fn what_is_no_uri_of_a_key_is_refused_with_its_reason() {
        for (uri, reason) in [
            ("softhsm:object=a", "does not begin with"),
            ("pkcs11:token=a?module-name=b", "names a key"),
            ("pkcs11:object=a", "names the module"),
            ("pkcs11:object=a;object=b?module-name=c", "stands twice"),
            ("pkcs11:object?module-name=c", "has no `=`"),
            ("pkcs11:object=%4?module-name=c", "damaged"),
            ("pkcs11:object=%ff?module-name=c", "not UTF-8"),
            (
                "pkcs11:object=a;colour=red?module-name=c",
                "`colour` is not known",
            ),
            ("pkcs11:object=a;type=public?module-name=c", "`type` is not"),
            ("pkcs11:object=a;slot-id=x?module-name=c", "no number"),
            ("pkcs11:object=a?module-path=c.so", "not absolute"),
            ("pkcs11:object=a?module-name=../c", "no plain name"),
            (
                "pkcs11:object=a?module-name=c&pin-value=1&pin-source=/x",
                "exclude each other",
            ),
            (
                "pkcs11:object=a?module-name=c&pin-source=https://x",
                "no absolute path",
            ),
        ] {
            let error = TokenUri::parse(uri).expect_err(uri);
            assert!(error.to_string().contains(reason), "{uri}: {error}");
        }
        assert!(TokenUri::parse(&format!("pkcs11:object={}", "a".repeat(5_000))).is_err());
    }
}
