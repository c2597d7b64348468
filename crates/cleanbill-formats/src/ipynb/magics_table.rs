//! The magics of `IPython` and of well-known extensions, by what they do with what is given to them.

/// Says what a magic does with the cell below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// It is run as a cell.
    Python,
    /// It is a text of its own, whose name ends like this.
    Apart(&'static str),
    /// It is written to a file.
    File,
    /// Nobody here knows.
    Unknown,
}

/// Says what a magic does with its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Nothing that runs code.
    Nothing,
    /// It runs the line as Python.
    Python,
    /// It is a program of the same name.
    Command,
    /// It runs the line in a shell.
    Shell,
    /// It gives a name to a command of the shell.
    Alias,
    /// It runs a file.
    Run,
    /// It sets a variable of the environment.
    Environment,
    /// It imports a module.
    Import,
    /// Nobody here knows.
    Unknown,
}

/// Knows the magics that stand over a cell.
pub(super) fn cell_magic(name: &str, argument: &str) -> Body {
    match name {
        "time" | "timeit" | "capture" | "prun" | "memit" | "mprun" | "lprun" | "px" | "debug"
        | "snakeviz" | "scalene" | "python" | "python2" | "python3" | "pypy" | "pyspark" | "spark"
        | "local" | "wandb" | "notify" | "manim" | "ipytest" | "run_pytest" | "tb" | "autopx"
        | "with_lineno" | "code_wrap" | "bench" | "ht" | "async_run" => Body::Python,
        "bash" | "sh" | "ksh" | "zsh" | "fish" | "dash" | "system" | "sx" | "!" | "shell" => {
            Body::Apart(".sh")
        }
        "script" | "script_magic" => script(argument),
        "cmd" => Body::Apart(".bat"),
        "powershell" | "pwsh" => Body::Apart(".ps1"),
        "javascript" | "js" | "Javascript" => Body::Apart(".js"),
        "html" | "HTML" | "svg" | "SVG" => Body::Apart(".html"),
        "latex" | "markdown" | "Markdown" => Body::Apart(".md"),
        "sql" | "bigquery" | "configure" | "ai" | "skip" | "mermaid" | "dot" | "yaml" | "json" => {
            Body::Apart(".txt")
        }
        "cython" | "cython_inline" | "cython_pyximport" => Body::Apart(".py"),
        "R" | "r" => Body::Apart(".r"),
        "perl" => Body::Apart(".pl"),
        "ruby" => Body::Apart(".rb"),
        "writefile" | "file" | "writetemplate" | "save_to_file" => Body::File,
        _ => Body::Unknown,
    }
}

fn script(argument: &str) -> Body {
    let program = argument.split_whitespace().find(|part| !part.starts_with('-'));
    let program = program.unwrap_or_default().rsplit('/').next().unwrap_or_default();
    match program {
        "env" => Body::Apart(".sh"),
        _ if program.starts_with("python") || program.starts_with("pypy") => Body::Python,
        "bash" | "sh" | "ksh" | "zsh" | "fish" | "dash" => Body::Apart(".sh"),
        "node" | "deno" => Body::Apart(".js"),
        "perl" => Body::Apart(".pl"),
        "ruby" => Body::Apart(".rb"),
        "Rscript" | "R" => Body::Apart(".r"),
        _ => Body::Unknown,
    }
}

/// Knows the magics that stand on a line.
pub(super) fn line_magic(name: &str) -> Line {
    match name {
        "time" | "timeit" | "prun" | "memit" | "mprun" | "lprun" | "debug" | "snakeviz" | "px"
        | "scalene" => Line::Python,
        "pip" | "pip3" | "conda" | "mamba" | "micromamba" | "uv" | "ls" | "ll" | "cp" | "mv" | "rm"
        | "rmdir" | "mkdir" | "cat" | "less" | "more" | "man" | "lf" | "ldir" | "lx" | "lk" | "git"
        | "poetry" | "clear" | "touch" | "bash" | "sh" => Line::Command,
        "system" | "sx" | "sc" | "shell" | "script" => Line::Shell,
        "alias" => Line::Alias,
        "run" | "load" | "loadpy" | "execfile" => Line::Run,
        "env" | "set_env" => Line::Environment,
        "load_ext" | "reload_ext" | "aimport" => Line::Import,
        "matplotlib"
        | "pylab"
        | "cd"
        | "pwd"
        | "autoreload"
        | "config"
        | "config_magic"
        | "who"
        | "whos"
        | "who_ls"
        | "xmode"
        | "pdb"
        | "precision"
        | "store"
        | "reset"
        | "reset_selective"
        | "xdel"
        | "history"
        | "hist"
        | "notebook"
        | "doctest_mode"
        | "autosave"
        | "gui"
        | "colors"
        | "dhist"
        | "dirs"
        | "pushd"
        | "popd"
        | "bookmark"
        | "logstart"
        | "logoff"
        | "logon"
        | "logstop"
        | "logstate"
        | "lsmagic"
        | "magic"
        | "quickref"
        | "page"
        | "pprint"
        | "pinfo"
        | "pinfo2"
        | "pdoc"
        | "psource"
        | "pfile"
        | "pycat"
        | "psearch"
        | "unalias"
        | "unload_ext"
        | "automagic"
        | "autocall"
        | "autoawait"
        | "tb"
        | "macro"
        | "save"
        | "edit"
        | "ed"
        | "rerun"
        | "recall"
        | "rep"
        | "rehashx"
        | "killbgscripts"
        | "connect_info"
        | "qtconsole"
        | "subshell"
        | "tensorboard"
        | "tensorflow_version"
        | "watermark"
        | "wandb"
        | "html"
        | "sql"
        | "bigquery"
        | "bigquery_stats"
        | "load_sql"
        | "skip"
        | "nbdev_export"
        | "nbdev_default_export"
        | "nbdev_hide"
        | "nbagg"
        | "config_ipython"
        | "widgets"
        | "code_wrap"
        | "memory_profiler"
        | "dotenv"
        | "reload_dotenv"
        | "unicode_literals"
        | "mpl"
        | "ai"
        | "colab"
        | "shortcuts"
        | "cython_version"
        | "python_version"
        | "pycodestyle_on"
        | "flake8_on"
        | "pastebin"
        | "alias_magic"
        | "profile"
        | "prompt"
        | "shellenv"
        | "autopx"
        | "pxconfig"
        | "pxresult"
        | "result"
        | "spark"
        | "configure"
        | "sqlcmd"
        | "sqlplot"
        | "fs"
        | "md"
        | "mlflow"
        | "setup" => Line::Nothing,
        _ => Line::Unknown,
    }
}
