//! What texts may say that harmless callables are given.

/// Says whether no dotted part of a name is hidden or special.
pub(super) fn plain_names(name: &str) -> bool {
    name.split('.').all(|part| {
        !(part.is_empty() || part.starts_with("__") || part.ends_with("__"))
            && part
                .chars()
                .all(|character| character == '_' || character.is_alphanumeric())
    })
}

pub(super) fn harmless_encoding(encoding: &str) -> bool {
    matches!(
        encoding,
        "latin-1" | "latin1" | "iso-8859-1" | "ascii" | "utf-8" | "utf8"
    )
}

/// The template from which SciPy's distributions make their argument parsers: three function headers whose bodies only
/// return their own parameters.
pub(super) fn scipy_template(key: &str, text: &str) -> bool {
    if key == "shapes" {
        return text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_, ".contains(&byte));
    }
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .all(|line| {
            if let Some(header) = line.strip_prefix("def _parse_args") {
                let inside = header.split_once('(').map(|(_, rest)| rest);
                return inside.is_some_and(|rest| rest.strip_suffix("):").is_some_and(parameters));
            }
            match line.strip_prefix("return ") {
                Some(values) => {
                    let values = values.replace("self._argcheck_rvs(", "(");
                    values
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || b"_ ,()=%.'*".contains(&byte))
                        && !values.contains("((")
                        && calls_nothing(&values)
                }
                None => false,
            }
        })
}

/// Says whether a list of parameters has defaults that are literals only.
fn parameters(list: &str) -> bool {
    list.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_ ,=.'%+-*".contains(&byte))
}

/// Says whether a text is a range of literal numbers and nothing else.
pub(super) fn is_range(text: &str) -> bool {
    let inside = text
        .strip_prefix('x')
        .unwrap_or(text)
        .strip_prefix("range(")
        .and_then(|rest| rest.strip_suffix(')'));
    inside.is_some_and(|inside| inside.split(", ").all(|number| number.parse::<i64>().is_ok()))
}

/// Says whether no name stands right before an opening parenthesis.
fn calls_nothing(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.windows(2).all(|pair| match pair {
        [before, b'('] => !(before.is_ascii_alphanumeric() || *before == b'_' || *before == b')'),
        _ => true,
    })
}

/// The companion file of a joblib array: a bare name beside the pickle.
pub(super) fn companion_file(_key: &str, text: &str) -> bool {
    !(text.is_empty() || text.starts_with('.') || text.contains(['/', '\\', ':']))
}

/// A model formula (patsy's language) whose calls are those of statistics: transforms, contrasts, splines.
pub(super) fn formula(_key: &str, text: &str) -> bool {
    const CALLS: &[&str] = &[
        "C",
        "I",
        "Q",
        "Treatment",
        "Sum",
        "Poly",
        "Helmert",
        "Diff",
        "center",
        "standardize",
        "scale",
        "bs",
        "cr",
        "cc",
        "te",
        "np.log",
        "np.log1p",
        "np.log2",
        "np.log10",
        "np.exp",
        "np.sqrt",
        "np.square",
        "np.power",
        "np.abs",
    ];
    if text.contains("__") || text.len() > 10_000 || text.contains([';', '\\', '@', '{', '[', '!']) {
        return false;
    }
    text.match_indices('(').all(|(at, _)| {
        let before = text.get(..at).unwrap_or_default();
        let start = before
            .rfind(|character: char| !(character == '_' || character == '.' || character.is_alphanumeric()));
        let name = start.map_or(before, |start| before.get(start + 1..).unwrap_or_default());
        name.is_empty() && !before.trim_end().ends_with(')') || CALLS.contains(&name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scipy_templates() {
        let real = "\ndef _parse_args(self, a, b, loc=0, scale=1):\n    return (a, b), loc, scale\n\ndef _parse_args_rvs(self, a, b, loc=0, scale=1, size=None):\n    return self._argcheck_rvs(a, b, loc, scale, size=size)\n\ndef _parse_args_stats(self, a, b, loc=0, scale=1, moments='mv'):\n    return (a, b), loc, scale, moments\n";
        assert!(scipy_template("_parse_arg_template", real));
        for evil in [
            "import os",
            "def _parse_args(self, a=print(1)):\n    return a",
            "def _parse_args(self):\n    return os.system('x')",
            "def _parse_args(self):\n    return (print)('x')",
            "def x(): pass",
        ] {
            assert!(!scipy_template("_parse_arg_template", evil), "{evil}");
        }
    }

    #[test]
    fn formulas() {
        for honest in [
            "y ~ x1 + x2",
            "Lottery ~ Literacy + np.log(Pop1831)",
            "y ~ C(group, Treatment('a')) * (x + z)",
        ] {
            assert!(formula("formula", honest), "{honest}");
        }
        for evil in [
            "y ~ __import__('os').system('x')",
            "y ~ eval('x')",
            "y ~ (lambda: 1)()",
            "y ~ os.system('x')",
        ] {
            assert!(!formula("formula", evil), "{evil}");
        }
    }

    #[test]
    fn names_with_special_parts_are_not_plain() {
        assert!(plain_names("a.b_c"));
        for name in ["__globals__", "a.__class__", "a..b", "", "a b", "f()"] {
            assert!(!plain_names(name), "{name}");
        }
    }
}
