//! Marshalled code in base64, as Lambda layers carry it: which names it uses.

/// Names that let code do anything beyond arithmetic.
const FEARED: &[&str] = &[
    "Popen",
    "__builtins__",
    "__class__",
    "__code__",
    "__dict__",
    "__getattribute__",
    "__globals__",
    "__import__",
    "__init__",
    "__loader__",
    "__reduce__",
    "__subclasses__",
    "builtins",
    "check_call",
    "check_output",
    "codecs",
    "compile",
    "connect",
    "ctypes",
    "dlopen",
    "environ",
    "eval",
    "exec",
    "execv",
    "execve",
    "fork",
    "getattr",
    "get_file",
    "gethostname",
    "globals",
    "http",
    "importlib",
    "import_module",
    "load_library",
    "load_model",
    "load_op_library",
    "loads",
    "locals",
    "marshal",
    "mkfifo",
    "nc",
    "numpy_function",
    "open",
    "os",
    "pickle",
    "popen",
    "posix",
    "pty",
    "putenv",
    "py_function",
    "read_file",
    "remove",
    "requests",
    "runpy",
    "setattr",
    "shutil",
    "socket",
    "spawn",
    "subprocess",
    "sys",
    "system",
    "unlink",
    "urllib",
    "urlopen",
    "urlretrieve",
    "vars",
    "webbrowser",
    "write_file",
    "write_text",
    "write_bytes",
    "WriteFile",
    "ReadFile",
    "rmtree",
];
/// Texts within constants that are commands or addresses.
const FEARED_PARTS: &[&str] = &[
    "/bin/",
    "http://",
    "https://",
    "import ",
    "curl ",
    "wget ",
    "powershell",
    "cmd.exe",
];
/// Names shown.
const SHOWN: usize = 12;

/// Holds what the code names.
#[derive(Debug)]
pub(super) struct Code {
    /// Names and texts in it, in order.
    pub(super) names: Vec<String>,
    /// The feared ones among them.
    pub(super) feared: Vec<String>,
}

/// Decodes code and lists what it names; `None` where it is no base64.
pub(super) fn read(text: &str) -> Option<Code> {
    let bytes = decode(text)?;
    let mut names: Vec<String> = Vec::new();
    let mut feared: Vec<String> = Vec::new();
    let runs = bytes.split(|byte| !(0x20..0x7f).contains(byte));
    for run in runs.filter(|run| run.len() > 1) {
        let text = String::from_utf8_lossy(run).into_owned();
        // The byte that counts the letters may look like a letter itself.
        let words = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
        for word in words.filter(|word| word.len() > 1) {
            let after = word.get(1..).unwrap_or_default();
            for candidate in [word, after] {
                let known = FEARED.contains(&candidate);
                if known && !feared.iter().any(|one| one == candidate) {
                    feared.push(candidate.to_owned());
                }
            }
        }
        for part in FEARED_PARTS.iter().filter(|part| text.contains(**part)) {
            if !feared.iter().any(|one| one == part.trim()) {
                feared.push(part.trim().to_owned());
            }
        }
        let identifier = text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'));
        if identifier && names.len() < SHOWN && !names.contains(&text) {
            names.push(text);
        }
    }
    Some(Code { names, feared })
}

/// Decodes base64, line breaks allowed.
fn decode(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in text.bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'\n' | b'\r' | b' ' | b'\t' => continue,
            b'=' => break,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(digit);
        held += 6;
        if held >= 8 {
            held -= 8;
            out.extend(u8::try_from((bits >> held) & 0xff));
            bits &= (1 << held) - 1;
        }
    }
    (!out.is_empty()).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_code_are_found() {
        // The letter before `system` counts its letters.
        let code = read("4wAAANoGc3lzdGVt2gJvcw==").unwrap();
        assert_eq!(code.feared, ["system", "os"]);
        assert!(read("{}").is_none());
    }
}
