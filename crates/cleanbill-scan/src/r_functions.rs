//! What is known of R functions that data has no reason to call.

use cleanbill_core::Severity;
use cleanbill_formats::r_data::{Call, Callee, Operand, Place};

/// Says what a function does to the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Harm {
    /// Runs commands, loads native code or code from elsewhere.
    Execute,
    /// Writes, deletes or changes files or the session.
    Write,
    /// Opens connections.
    Network,
    /// Loads further objects, or reads files or the environment.
    Read,
    /// Evaluates what was computed, or calls by a computed name.
    Evaluate,
}

/// Holds what is wrong with a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The function that is reached.
    pub(crate) name: String,
    /// What it does.
    pub(crate) harm: Harm,
    /// How bad that is where the call stands.
    pub(crate) severity: Severity,
}

const EXECUTE: &[&str] = &[
    ".Tcl",
    "Rcmd",
    "Sweave",
    "Stangle",
    "bitmap",
    "clusterCall",
    "clusterEvalQ",
    "clusterExport",
    "cppFunction",
    "cxxfunction",
    "cfunction",
    "dev2bitmap",
    "dyn.load",
    "evalCpp",
    "exec_background",
    "exec_internal",
    "exec_wait",
    "file.edit",
    "help.start",
    "install.packages",
    "install_bitbucket",
    "install_git",
    "install_github",
    "install_gitlab",
    "install_local",
    "install_url",
    "library.dynam",
    "makeCluster",
    "makeForkCluster",
    "makePSOCKcluster",
    "makeSOCKcluster",
    "mcfork",
    "mcparallel",
    "newPSOCKnode",
    "pipe",
    "pskill",
    "py_eval",
    "py_run_file",
    "py_run_string",
    "r_bg",
    "r_safe",
    "runGist",
    "runGitHub",
    "runUrl",
    "shell",
    "shell.exec",
    "source",
    "sourceCpp",
    "source_gist",
    "source_python",
    "source_url",
    "sys.source",
    "system",
    "system2",
    "system.file.exec",
    "tclfile",
    "texi2dvi",
    "texi2pdf",
    "untar",
    "update.packages",
    "xemacs",
    "xedit",
    ".jcall",
    ".jeval",
    ".jinit",
    "fifo",
    "browseURL",
    "bug.report",
    "create.post",
    "url.show",
];
const WRITE: &[&str] = &[
    "Sys.chmod",
    "Sys.setenv",
    "Sys.symlink",
    "Sys.unsetenv",
    "addTaskCallback",
    "assignInMyNamespace",
    "assignInNamespace",
    "dput",
    "dump",
    "file.append",
    "file.copy",
    "file.create",
    "file.link",
    "file.remove",
    "file.rename",
    "file.symlink",
    "fwrite",
    "registerS3method",
    "save.image",
    "setHook",
    "unlink",
    "unlockBinding",
    "write.csv",
    "write.table",
    "writeBin",
    "write_csv",
    "write_rds",
    "dir.create",
    "sink",
    "setwd",
    "saveRDS",
    "writeChar",
    "zip",
    "unzip",
    "q",
    "quit",
];
const NETWORK: &[&str] = &[
    "GET",
    "POST",
    "curl_download",
    "curl_fetch_memory",
    "download.file",
    "download.packages",
    "getURL",
    "getURLContent",
    "make.socket",
    "nsl",
    "req_perform",
    "serverSocket",
    "socketAccept",
    "socketConnection",
    "url",
    "write.socket",
    "curlPerform",
    "curl_fetch_disk",
    "multi_download",
    "download_file",
    "getBinaryURL",
    "postForm",
    "ssh_connect",
];
const READ: &[&str] = &[
    "Sys.getenv",
    "attach",
    "gzfile",
    "lazyLoad",
    "lazyLoadDBfetch",
    "list.files",
    "load",
    "readBin",
    "readChar",
    "readClipboard",
    "readLines",
    "readRDS",
    "readRenviron",
    "unserialize",
    "scan",
    "sys.load.image",
    "loadNamespace",
    "attachNamespace",
    "file",
    "file.show",
    "readline",
    "loadRconsole",
    "loadhistory",
];
const EVALUATE: &[&str] = &[
    "eval",
    "evalq",
    "eval.parent",
    "eval_tidy",
    "eval_bare",
    "exec",
    "invoke",
];
/// Functions that make code of text.
const PARSE: &[&str] = &[
    "parse",
    "str2lang",
    "str2expression",
    "parse_expr",
    "parse_exprs",
    "parse_quo",
    "as.formula",
    "formula",
];
/// Functions that find a function by name, or are handed one to call.
const TAKES_FUNCTION: &[&str] = &[
    "<-",
    "<<-",
    "=",
    "Filter",
    "Map",
    "Position",
    "Find",
    "Recall",
    "Reduce",
    "apply",
    "as.call",
    "as.function",
    "as.name",
    "as.symbol",
    "assign",
    "by",
    "call",
    "delayedAssign",
    "do.call",
    "eapply",
    "exec",
    "get",
    "get0",
    "getAnywhere",
    "getExportedValue",
    "getFromNamespace",
    "getFunction",
    "getMethod",
    "invoke",
    "lapply",
    "makeActiveBinding",
    "map",
    "mapply",
    "match.fun",
    "mget",
    "outer",
    "rapply",
    "reg.finalizer",
    "sapply",
    "sym",
    "tapply",
    "vapply",
    "walk",
    "Vectorize",
    "getElement",
    "call2",
    ".External",
    ".External2",
    "addTaskCallback",
    "trace",
];
/// Functions that return a function or what they evaluate.
const FINDS: &[&str] = &[
    "eval",
    "evalq",
    "get",
    "get0",
    "getAnywhere",
    "getExportedValue",
    "getFromNamespace",
    "getFunction",
    "match.fun",
    "mget",
    "dynGet",
    "as.function",
    "parse",
    "do.call",
];
/// Functions that return an environment with functions of the language or of a package.
const ENVIRONMENTS: &[&str] = &[
    "asNamespace",
    "as.environment",
    "baseenv",
    "getNamespace",
    "loadNamespace",
    "globalenv",
    "topenv",
    "environment",
];
/// Packages of which every function runs commands, code of another language, or reaches other machines.
const PACKAGES: &[(&str, Harm)] = &[
    ("callr", Harm::Execute),
    ("curl", Harm::Network),
    ("httr", Harm::Network),
    ("httr2", Harm::Network),
    ("inline", Harm::Execute),
    ("processx", Harm::Execute),
    ("rJava", Harm::Execute),
    ("RCurl", Harm::Network),
    ("remotes", Harm::Execute),
    ("reticulate", Harm::Execute),
    ("ssh", Harm::Execute),
    ("sys", Harm::Execute),
    ("tcltk", Harm::Execute),
    ("V8", Harm::Execute),
    ("pak", Harm::Execute),
    ("devtools", Harm::Execute),
    ("websocket", Harm::Network),
    ("nanonext", Harm::Network),
];
/// Names that honest code also gives to variables.
const COMMON: &[&str] = &[
    "source", "url", "pipe", "shell", "file", "load", "zip", "q", "scan", "map", "exec", "invoke", "attach",
    "GET", "POST", "sink", "dump",
];

/// Says what is wrong with `call`, where anything is.
pub(crate) fn fault(call: &Call) -> Option<Fault> {
    let (name, harm) = reached(call)?;
    let severity = severity(harm, call, &name)?;
    Some(Fault { name, harm, severity })
}

/// Names the function that a call reaches, and what it does.
fn reached(call: &Call) -> Option<(String, Harm)> {
    let name = call.name();
    if let Callee::Name {
        package: Some(package),
        name,
    } = &call.callee
        && let Some((_, harm)) = PACKAGES.iter().find(|(known, _)| known == package)
    {
        return Some((format!("{package}::{name}"), *harm));
    }
    if let Callee::Result(inner) = &call.callee {
        return FINDS
            .contains(&inner.as_str())
            .then(|| (inner.clone(), Harm::Evaluate));
    }
    if PARSE.contains(&name)
        && let Some(found) = texts(call).find_map(written)
    {
        return Some((found.to_owned(), Harm::Execute));
    }
    if TAKES_FUNCTION.contains(&name) {
        // `f <- system` and `lapply(x, system)`; a common word counts only as text that is called.
        let given = call.arguments.iter().filter_map(|(_, operand)| match operand {
            Operand::Symbol(word) if !COMMON.contains(&word.as_str()) => Some(word),
            Operand::Text(word)
                if !matches!(name, "<-" | "<<-" | "=" | "assign" | "get" | "get0")
                    || !COMMON.contains(&word.as_str()) =>
            {
                Some(word)
            }
            _ => None,
        });
        let grave = |word: &&String| {
            matches!(harm(word), Some(Harm::Execute | Harm::Network)) || word.as_str() == "unlink"
        };
        if let Some(word) = given.into_iter().find(grave) {
            return Some((word.clone(), harm(word)?));
        }
    }
    if matches!(name, "$" | "[[" | "::" | ":::") {
        let of_environment = matches!(call.arguments.first(), Some((_, Operand::Call(from))) if ENVIRONMENTS.contains(&from.as_str()));
        if let (true, Some((_, Operand::Symbol(word) | Operand::Text(word)))) =
            (of_environment, call.arguments.get(1))
        {
            return Some((word.clone(), harm(word)?));
        }
        return None;
    }
    let harm = harm(name)?;
    Some((name.to_owned(), harm))
}

fn harm(name: &str) -> Option<Harm> {
    let tables = [
        (EXECUTE, Harm::Execute),
        (WRITE, Harm::Write),
        (NETWORK, Harm::Network),
        (READ, Harm::Read),
        (EVALUATE, Harm::Evaluate),
    ];
    tables
        .into_iter()
        .find(|(names, _)| names.contains(&name))
        .map(|(_, harm)| harm)
}

fn texts(call: &Call) -> impl Iterator<Item = &str> {
    call.arguments.iter().filter_map(|(_, operand)| match operand {
        Operand::Text(text) => Some(text.as_str()),
        _ => None,
    })
}

/// Finds a call of a function that runs commands in the text of a program.
fn written(text: &str) -> Option<&'static str> {
    EXECUTE.iter().chain(NETWORK).copied().find(|name| {
        text.match_indices(name).any(|(at, found)| {
            let before = text.get(..at).and_then(|part| part.chars().next_back());
            let after = text.get(at + found.len()..).unwrap_or_default().trim_start();
            let joined = before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
            !joined && after.starts_with('(')
        })
    })
}

/// Says how bad it is that `name` is reached, by when it runs.
fn severity(harm: Harm, call: &Call, name: &str) -> Option<Severity> {
    let runs_by_itself = matches!(call.place, Place::Promise | Place::ActiveBinding);
    let computed = matches!(call.callee, Callee::Result(_))
        || call
            .arguments
            .iter()
            .any(|(_, operand)| matches!(operand, Operand::Call(inner) if PARSE.contains(&inner.as_str())));
    let destroys = matches!(
        name,
        "unlink" | "file.remove" | "file.rename" | "addTaskCallback" | "assignInNamespace" | "setHook"
    );
    let common = COMMON.contains(&name) && call.place == Place::Function;
    let loads = matches!(name, "unserialize" | "lazyLoadDBfetch" | "sys.load.image");
    let value = call.place == Place::Value;
    Some(match harm {
        Harm::Execute | Harm::Network | Harm::Write if runs_by_itself => Severity::Critical,
        Harm::Read | Harm::Evaluate if runs_by_itself => Severity::High,
        Harm::Network if common => Severity::Low,
        Harm::Execute | Harm::Network => Severity::High,
        Harm::Write if destroys => Severity::High,
        Harm::Write if value => Severity::Medium,
        Harm::Read if loads => Severity::Medium,
        Harm::Evaluate if computed && value => Severity::High,
        Harm::Evaluate if computed => Severity::Low,
        Harm::Write | Harm::Read | Harm::Evaluate => return None,
    })
}

/// Names that R or its users call without asking where they come from; a workspace that binds them takes their place.
pub(crate) const HOOKS: &[&str] = &[
    ".First",
    ".First.sys",
    ".Last",
    ".Last.sys",
    ".onAttach",
    ".onLoad",
    ".onUnload",
    ".onDetach",
    ".Last.lib",
];

/// Functions of the language that a workspace has no reason to replace.
pub(crate) const LANGUAGE: &[&str] = &[
    "$",
    "$<-",
    "(",
    "+",
    "-",
    "::",
    ":::",
    "<-",
    "=",
    "[",
    "[<-",
    "[[",
    "[[<-",
    "attach",
    "c",
    "cat",
    "data.frame",
    "eval",
    "exists",
    "for",
    "function",
    "get",
    "if",
    "invisible",
    "library",
    "list",
    "load",
    "ls",
    "names",
    "paste",
    "paste0",
    "predict",
    "print",
    "q",
    "quit",
    "readRDS",
    "require",
    "rm",
    "stop",
    "str",
    "structure",
    "summary",
    "unserialize",
    "update",
    "warning",
    "{",
    "~",
    "message",
    "options",
    "head",
    "View",
    "model.frame",
    "plot",
];

#[cfg(test)]
mod tests {
    use cleanbill_core::Severity::{Critical, High, Low};

    use super::*;

    fn call(name: &str, arguments: &[Operand], place: Place) -> Call {
        Call {
            callee: Callee::Name {
                package: None,
                name: name.to_owned(),
            },
            arguments: arguments.iter().map(|one| (None, one.clone())).collect(),
            place,
            range: 0..1,
        }
    }

    fn text(text: &str) -> Operand {
        Operand::Text(text.to_owned())
    }

    #[test]
    fn a_call_is_judged_by_what_it_reaches_and_when_it_runs() {
        let word = |word: &str| Operand::Symbol(word.to_owned());
        for (name, arguments, place, wanted) in [
            ("system", vec![text("id")], Place::Promise, Some(Critical)),
            ("system", vec![text("id")], Place::Value, Some(High)),
            ("lm", vec![word("system")], Place::Value, None),
            ("<-", vec![word("f"), word("system")], Place::Function, Some(High)),
            ("<-", vec![word("f"), word("source")], Place::Function, None),
            ("do.call", vec![text("system")], Place::Function, Some(High)),
            (
                "parse",
                vec![text("x; system ('id')")],
                Place::Function,
                Some(High),
            ),
            ("parse", vec![text("ecosystem(1)")], Place::Function, None),
            ("eval", vec![word("x")], Place::Function, None),
            (
                "eval",
                vec![Operand::Call("parse".to_owned())],
                Place::Function,
                Some(Low),
            ),
            (
                "$",
                vec![Operand::Call("baseenv".to_owned()), word("system")],
                Place::Value,
                Some(High),
            ),
            ("$", vec![word("info"), word("system")], Place::Value, None),
        ] {
            let found = fault(&call(name, &arguments, place)).map(|fault| fault.severity);
            assert_eq!(found, wanted, "{name} {arguments:?}");
        }
    }
}
