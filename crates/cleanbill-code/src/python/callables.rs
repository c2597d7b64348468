//! What callables are called.

use std::borrow::Cow;

/// Functions of Python that need no import and matter here.
pub(super) fn is_builtin(name: &str) -> bool {
    matches!(
        name,
        "exec"
            | "eval"
            | "compile"
            | "execfile"
            | "__import__"
            | "getattr"
            | "setattr"
            | "globals"
            | "locals"
            | "vars"
            | "open"
            | "chr"
            | "ord"
            | "str"
            | "bytes"
            | "bytearray"
            | "int"
            | "list"
            | "tuple"
            | "dict"
            | "set"
            | "map"
            | "filter"
            | "zip"
            | "reversed"
            | "range"
            | "enumerate"
            | "sorted"
            | "len"
            | "type"
            | "input"
            | "raw_input"
            | "breakpoint"
            | "unichr"
            | "staticmethod"
            | "classmethod"
            | "memoryview"
            | "reduce"
            | "file"
            | "print"
            | "hex"
            | "iter"
            | "next"
            | "super"
            | "object"
    )
}

/// Returns the one name of a callable that is known by several.
pub(super) fn canonical(name: &str) -> Cow<'_, str> {
    // Most names have no alias; their first letter tells.
    if matches!(
        name.as_bytes().first(),
        Some(b'_' | b'c' | b'n' | b'p' | b's' | b'u')
    ) {
        for (alias, real) in ALIASES {
            if let Some(rest) = name.strip_prefix(alias) {
                return [real, rest].concat().into();
            }
        }
    }
    // `torch.os.system` is `os.system`: modules show what they import.
    let mut parts = name.splitn(4, '.');
    let (first, second, third, more) = (parts.next(), parts.next(), parts.next(), parts.next());
    let place = |part: Option<&str>, followed: bool| {
        let part = part.filter(|_| followed)?;
        MODULES.iter().position(|module| *module == part)
    };
    let places = [place(second, third.is_some()), place(third, more.is_some())];
    let shown = [first, second].into_iter().flatten();
    let depth = match places {
        [Some(one), Some(other)] => Some(if one <= other { 1 } else { 2 }),
        [Some(_), None] => Some(1),
        [None, Some(_)] => Some(2),
        [None, None] => None,
    };
    if let Some(depth) = depth
        && first.is_some_and(|first| !first.is_empty())
        && !shown.take(depth).any(|part| part.contains("()"))
        && let Some(rest) = name.splitn(depth.saturating_add(1), '.').last()
    {
        return rest.into();
    }
    match name.strip_prefix("builtins.") {
        Some(rest) if rest.starts_with("builtins.") => rest.into(),
        _ => name.into(),
    }
}

/// Modules by their other names.
const ALIASES: [(&str, &str); 16] = [
    ("posix.", "os."),
    ("nt.", "os."),
    ("__builtin__.", "builtins."),
    ("_io.", "io."),
    ("_operator.", "operator."),
    ("_functools.", "functools."),
    ("_ctypes.", "ctypes."),
    ("_posixsubprocess.", "subprocess."),
    ("_socket.", "socket."),
    ("_pickle.", "pickle."),
    ("cPickle.", "pickle."),
    ("six.moves.", ""),
    ("urllib2.", "urllib.request."),
    ("urllib.urlopen", "urllib.request.urlopen"),
    ("urllib.urlretrieve", "urllib.request.urlretrieve"),
    ("commands.", "subprocess."),
];

/// Modules that are known wherever they are named, the first before the others.
const MODULES: [&str; 8] = [
    "os",
    "sys",
    "subprocess",
    "builtins",
    "socket",
    "shutil",
    "importlib",
    "ctypes",
];
