//! Says where a path leads that a model gives, without asking any file system.

use cleanbill_core::{Text, text};

/// Says why a path, relative to a model's folder, leads out of it; `None` where it stays inside.
pub(crate) fn leaves_folder(path: &str) -> Option<Text> {
    let trimmed = path.trim();
    if path.contains('\0') {
        return Some(text!("has a zero byte", "含有零字节"));
    }
    if is_address(trimmed) {
        return Some(text!("is an address", "是网络或方案地址"));
    }
    let unified = trimmed.replace('\\', "/");
    let mut letters = unified.chars();
    if letters.next().is_some_and(|letter| letter.is_ascii_alphabetic()) && letters.next() == Some(':') {
        return Some(text!("names a drive", "指定了盘符"));
    }
    if unified.starts_with('/') {
        return Some(text!("is absolute", "是绝对路径"));
    }
    if unified.starts_with('~') || unified.starts_with('$') || unified.starts_with('%') {
        return Some(text!(
            "names a folder of the user or the system",
            "指向用户或系统文件夹"
        ));
    }
    // Some readers decode such escapes before they open the file.
    let decoded = unified
        .to_ascii_lowercase()
        .replace("%2e", ".")
        .replace("%2f", "/")
        .replace("%5c", "/");
    if decoded
        .split('/')
        .any(|part| part.trim_end_matches([' ', '\t']) == "..")
    {
        return Some(text!("climbs out of the folder", "跳出所在文件夹"));
    }
    None
}

/// Says whether the text begins with the name of a scheme: `http://`, `gs://`, `file:`, `ram://`.
pub(crate) fn is_address(path: &str) -> bool {
    let Some((scheme, rest)) = path.split_once(':') else {
        return false;
    };
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '.' | '-');
    scheme.len() > 1
        && scheme.chars().all(plain)
        && scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && (rest.starts_with("//") || matches!(scheme.to_ascii_lowercase().as_str(), "file" | "data"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stays_inside_is_let_pass() {
        for path in [
            "/etc/hostname",
            "../a",
            "a/../../b",
            "a\\..\\b",
            "C:\\a",
            "c:a",
            "\\\\host\\share",
            "http://a.invalid/x",
            "gs://a/b",
            "file:/etc/x",
            "~/.ssh/id",
            "$HOME/x",
            "a\0b",
            "%2e%2e/a",
            " /etc/x",
        ] {
            assert!(leaves_folder(path).is_some(), "{path}");
        }
        for path in [
            "model.onnx.data",
            "a/b.bin",
            "a..b",
            "...",
            "onnx::MatMul_12",
            "weights/layer.0:0",
            "",
        ] {
            assert!(leaves_folder(path).is_none(), "{path}");
        }
    }
}
