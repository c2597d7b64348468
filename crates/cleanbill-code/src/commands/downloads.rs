//! Downloads that are run: piped into a shell, put into its arguments, or kept as a file first.

fn is_shell(word: &str) -> bool {
    let name = word.rsplit('/').next().unwrap_or_default();
    let name = name
        .trim_end_matches(|c: char| c.is_ascii_digit() || c == '.')
        .trim_end_matches(')');
    matches!(
        name,
        "sh" | "bash"
            | "zsh"
            | "dash"
            | "ash"
            | "ksh"
            | "fish"
            | "python"
            | "perl"
            | "ruby"
            | "node"
            | "php"
            | "source"
    )
}

/// Says whether a program that runs what it is given stands behind a pipe.
pub(super) fn pipes_into_shell(words: &[String]) -> bool {
    behind_pipe(words, 0)
}

fn behind_pipe(words: &[String], from: usize) -> bool {
    let pipes = words
        .iter()
        .enumerate()
        .skip(from)
        .filter(|(_, word)| *word == "|");
    pipes.into_iter().any(|(at, _)| {
        let mut rest = words.iter().skip(at.saturating_add(1)).peekable();
        // `| sudo -E bash -`, `| env A=b sh`, `| X=y sh -s -- ...`
        while rest.peek().is_some_and(|word| {
            matches!(
                word.as_str(),
                "sudo"
                    | "env"
                    | "exec"
                    | "command"
                    | "tee"
                    | "/dev/null"
                    | "time"
                    | "nohup"
                    | "busybox"
                    | "xargs"
                    | "&"
            ) || word.starts_with('-')
                || word.contains('=')
        }) {
            rest.next();
        }
        let Some(program) = rest.next() else { return false };
        if !is_shell(program) {
            return false;
        }
        // `| python -m json.tool` and `| python -c '...'` read data; the program stands elsewhere.
        let next = rest.next().map(String::as_str).unwrap_or_default();
        !matches!(
            next,
            "-m" | "-c" | "-e" | "-n" | "-ne" | "-p" | "-pe" | "-lane" | "-r"
        ) && next.rsplit('.').next() != Some("py")
    })
}

pub(super) fn runs_download(words: &[String], line: &str) -> Option<String> {
    let mut at = 0;
    for (index, word) in words.iter().enumerate() {
        let name = word
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .trim_start_matches(['(', '`', '$', '<', '@']);
        if !matches!(
            name,
            "curl" | "wget" | "fetch" | "aria2c" | "iwr" | "irm" | "http"
        ) {
            continue;
        }
        let rest = || words.iter().skip(index);
        let url = rest()
            .find(|word| word.contains("://") || word.contains('$'))
            .cloned()
            .unwrap_or_else(|| rest().nth(1).cloned().unwrap_or_default());
        let url = url.trim_end_matches([')', '`', '"']).to_owned();
        at = at.max(index);
        let end = rest()
            .take_while(|word| !matches!(word.as_str(), ";" | "&&" | "||"))
            .count();
        let segment: Vec<String> = rest().take(end).cloned().collect();
        if behind_pipe(&segment, 0) || segment.iter().any(|word| word.eq_ignore_ascii_case("iex")) {
            return Some(url);
        }
        let before = words.get(..index).unwrap_or_default();
        let substituted = |open: &str| {
            word.starts_with(open)
                && before
                    .last()
                    .is_some_and(|word| is_shell(word) || matches!(word.as_str(), "." | "eval" | "-c"))
        };
        if ["<(", "$(", "`"].iter().any(|open| substituted(open)) {
            return Some(url);
        }
        // Kept as a file and run: the name behind -o or -O, or the last part of the address.
        let kept = segment.windows(2).find_map(|pair| match pair {
            [flag, name] if matches!(flag.as_str(), "-o" | "--output" | "-O") && !name.contains("://") => {
                Some(name.clone())
            }
            [sign, name] if sign == ">" => Some(name.clone()),
            _ => None,
        });
        let kept = kept.unwrap_or_else(|| url.rsplit('/').next().unwrap_or_default().to_owned());
        let behind = words.iter().skip(index.saturating_add(end)).collect::<Vec<_>>();
        let checks = behind.iter().any(|word| {
            word.contains("sha256sum")
                || word.contains("sha512sum")
                || word.contains("gpg")
                || word.contains("shasum")
                || word.contains("cosign")
        });
        let script = kept.len() > 2
            && !checks
            && behind.windows(2).any(|pair| match pair {
                [program, file] => {
                    (is_shell(program) || program.as_str() == ".") && names(file, &kept)
                        || matches!(program.as_str(), "&&" | ";") && file.contains('/') && names(file, &kept)
                }
                _ => false,
            });
        if script {
            return Some(url);
        }
    }
    // A whole script in quotes: `sh -c "curl ... | sh"` and `bash -c "$(curl ...)"`.
    let nested = words.iter().find(|word| {
        word.len() < line.len() && word.contains(' ') && (word.contains("curl ") || word.contains("wget "))
    });
    if let Some(nested) = nested {
        let shell = words
            .iter()
            .any(|word| is_shell(word) || matches!(word.as_str(), "eval" | "su"));
        if shell && (nested.starts_with("$(") || nested.starts_with('`')) {
            return Some(address(nested));
        }
        return runs_download(&super::words(nested), nested);
    }
    None
}

fn address(text: &str) -> String {
    let url = text
        .split([' ', '"', '\'', ')', '`'])
        .find(|word| word.contains("://"));
    url.unwrap_or_default().to_owned()
}

fn names(file: &str, kept: &str) -> bool {
    file == kept || file.rsplit('/').next() == kept.rsplit('/').next()
}
