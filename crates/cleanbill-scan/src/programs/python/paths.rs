//! Judges the paths that a program reads, writes and loads.

/// Says whether a source file has a name that hides that it is one.
pub(super) fn odd_source(path: &str) -> bool {
    let base = path.rsplit(['/', '\\']).next().unwrap_or_default();
    let Some((_, extension)) = base.rsplit_once('.') else {
        return false;
    };
    matches!(
        extension,
        "txt"
            | "json"
            | "md"
            | "bin"
            | "dat"
            | "png"
            | "jpg"
            | "jpeg"
            | "gif"
            | "wav"
            | "mp3"
            | "csv"
            | "log"
            | "model"
            | "safetensors"
            | "pt"
            | "pth"
            | "gguf"
            | "npy"
            | "vocab"
            | "b64"
            | "tmp"
            | "ico"
            | "svg"
            | "onnx"
            | "bmp"
            | "webp"
            | "pdf"
            | "tokenizer"
            | "merges"
            | "lock"
            | "parquet"
            | "tsv"
            | "yaml"
            | "yml"
            | "xml"
            | "html"
    )
}

/// Says whether what is written there runs later, or opens a door.
pub(super) fn persists(path: &str) -> bool {
    let path = path.replace('\\', "/");
    [
        ".bashrc",
        ".bash_profile",
        ".zshrc",
        "/.profile",
        "~/.profile",
        ".zprofile",
        "/etc/cron",
        "/etc/passwd",
        "/etc/shadow",
        "/etc/sudoers",
        "/etc/systemd",
        "/etc/init.d",
        "/etc/rc.local",
        "/etc/profile",
        "/etc/ld.so",
        "/etc/hosts",
        "authorized_keys",
        ".ssh/config",
        ".ssh/rc",
        "sitecustomize.py",
        "usercustomize.py",
        "site-packages/",
        "dist-packages/",
        ".git/hooks",
        ".gitconfig",
        "launchagents/",
        "launchdaemons/",
        "start menu/programs/startup",
        "programs/startup",
        ".config/autostart",
        ".config/systemd",
        "/var/spool/cron",
        "crontab",
        ".ipython/profile_default/startup",
        ".jupyter/jupyter",
        "ipython_config.py",
        ".pythonstartup",
        "pip.conf",
        ".pip/",
        ".config/pip",
        ".npmrc",
        ".pypirc",
        "/usr/bin/",
        "/usr/local/bin/",
        "/bin/",
        ".local/bin/",
        ".vimrc",
        ".pam_environment",
        ".config/fish",
        ".vscode/tasks.json",
        ".docker/config.json",
        "huggingface/modules",
        "transformers_modules",
        "huggingface/token",
        "/boot/",
        "/proc/sys",
        "/sys/fs",
        ".condarc",
    ]
    .iter()
    .any(|known| path.contains(known))
        || path.contains("site") && path.rsplit('.').next() == Some("pth")
        || path.contains("autostart")
}

pub(super) fn is_wide(path: &str) -> bool {
    if path.is_empty() {
        return false;
    }
    let path = path.trim_end_matches(['/', '*', '\\']);
    matches!(
        path,
        "" | "~"
            | "c:"
            | "/home"
            | "/etc"
            | "/usr"
            | "/var"
            | "/root"
            | "/boot"
            | "/bin"
            | "/lib"
            | "/opt"
            | "/users"
            | "$home"
            | "/mnt"
            | "/media"
            | "/srv"
            | "/data"
    ) || path.starts_with("~/.ssh")
        || path.starts_with("~/.aws")
        || path.starts_with("/etc/")
        || path.starts_with("/boot/")
        || path.starts_with("/usr/")
        || path.starts_with("/var/log")
        || path.starts_with("~/documents")
        || path.starts_with("/bin/")
        || path.starts_with("c:\\windows")
        || path
            .strip_prefix("/root")
            .is_some_and(|rest| rest.starts_with("/."))
            && !path.contains("cache")
        || path.ends_with(".bash_history")
}

pub(super) fn is_system_library(base: &str) -> bool {
    [
        "libc",
        "libm",
        "libcuda",
        "libcudart",
        "libnv",
        "libcublas",
        "libcudnn",
        "libdl",
        "libpthread",
        "librt",
        "libgomp",
        "libiomp",
        "kernel32",
        "user32",
        "ntdll",
        "msvcr",
        "libhip",
        "libroc",
        "libmkl",
        "libopenblas",
        "libstdc++",
        "libsystem",
        "libsndfile",
        "libespeak",
        "nvcuda",
        "libnccl",
        "libssl",
        "libgl",
        "libx",
        "c",
        "m",
        "advapi32",
        "shell32",
        "psapi",
        "ole32",
        "vcruntime",
        "nvml",
        "nvrtc",
        "libtbb",
        "libamd",
        "libze",
        "libascend",
        "libffi",
        "libportaudio",
        "libmagic",
        "cudart",
        "cublas",
    ]
    .iter()
    .any(|known| {
        if known.len() < 3 {
            base == *known
        } else {
            base.starts_with(known)
        }
    })
}
