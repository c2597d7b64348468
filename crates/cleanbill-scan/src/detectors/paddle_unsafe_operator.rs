//! Detector `paddle-unsafe-operator`.

use cleanbill_core::{Severity, text};
use cleanbill_formats::paddle::{Operator, View};

use crate::{detector::detector, operators, paths, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Operators of a Paddle program that call Python, read or write files, talk to other machines (high), or that Paddle
    /// itself does not have (medium).
    /// ## Why it matters
    /// The program is run as it stands: `save` with a path of the model's choosing writes a file, `py_func` calls a function
    /// of the process.
    /// ## How it is decided
    /// Operators of every block are looked up among Paddle's own (`operators/paddle.txt`) and among those that reach further.
    /// The path in their attributes decides: absolute ones and those that climb are high, others medium.
    /// ## What it misses
    /// What a native operator does. Programs in Paddle's newer form, which is JSON, are for `paddle-json-operator`.
    /// ## What to do
    /// Do not load it.
    /// ## References
    /// CVE-2023-38673, CVE-2024-0521, CVE-2024-0917; CWE-73, CWE-94.
    id: "paddle-unsafe-operator",
    title: "Paddle program uses a dangerous operator", "Paddle 程序使用危险算子",
    severity: High, confidence: High,
    tags: &["CWE-73", "CWE-94"], controls: &["MOD-01", "MOD-02"],
    on: Paddle => run,
}

/// Operators named in one report.
const MOST: usize = 32;
/// Operators that call functions of the Python process.
pub(super) const PYTHON: &[&str] = &[
    "py_func",
    "py_layer",
    "pylayer",
    "create_py_reader",
    "run_program",
];
/// Operators that write or read files whose names stand in attributes.
pub(super) const FILES: &[&str] = &[
    "load",
    "load_combine",
    "read_file",
    "save",
    "save_combine",
    "sparse_tensor_load",
    "create_recordio_file_reader",
    "open_files",
    "create_custom_reader",
    "lookup_sparse_table_read",
    "lookup_sparse_table_write",
];
/// Operators that talk to other machines.
pub(super) const NETWORK: &[&str] = &[
    "checkpoint_notify",
    "c_gen_bkcl_id",
    "c_gen_nccl_id",
    "c_gen_xccl_id",
    "distributed_lookup_table",
    "distributed_push_sparse",
    "fetch_barrier",
    "gen_nccl_id",
    "heter_listen_and_serv",
    "listen_and_serv",
    "prefetch",
    "recv_save",
    "recv_v2",
    "rpc_call",
    "rpc_result",
    "send",
    "send_and_recv",
    "send_barrier",
    "send_v2",
    "recv",
];

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for operator in view
        .operators
        .iter()
        .filter(|one| judge(view, one).is_some())
        .take(MOST)
    {
        let Some((severity, message)) = judge(view, operator) else {
            continue;
        };
        let texts: Vec<&str> = texts(view, operator).collect();
        sink.report(Some(operator.range.clone()), message)
            .severity(severity)
            .evidence(&texts.join(" "));
    }
}

fn texts<'a>(view: &'a View, operator: &'a Operator) -> impl Iterator<Item = &'a str> {
    let of_operator = view.attributes.iter().filter(|one| one.operator == operator.name);
    of_operator.map(|one| one.text.as_str())
}

fn judge(view: &View, operator: &Operator) -> Option<(Severity, cleanbill_core::Text)> {
    let name = &operator.name;
    let is = |names: &[&str]| names.contains(&name.as_str());
    if is(PYTHON) {
        let message = text!("`{name}` calls a Python function", "`{name}` 调用 Python 函数");
        return Some((Severity::High, message));
    }
    if is(FILES) {
        let outside = texts(view, operator).any(|text| paths::leaves_folder(text).is_some());
        let writes = name.starts_with("save") || name.ends_with("write");
        let severity = if outside || writes {
            Severity::High
        } else {
            Severity::Medium
        };
        let message = text!("`{name}` reads or writes files", "`{name}` 读写文件");
        return Some((severity, message));
    }
    if is(NETWORK) {
        let message = text!("`{name}` talks to other machines", "`{name}` 与其他机器通信");
        return Some((Severity::High, message));
    }
    if operators::is_paddle(name) {
        return None;
    }
    let message = text!(
        "`{name}` is no operator of Paddle and needs a native library",
        "`{name}` 不是 Paddle 的算子，需要本机库"
    );
    Some((Severity::Medium, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_judged() {
        for (name, severity) in [
            ("py_func", Some(Severity::High)),
            ("load", Some(Severity::Medium)),
            ("save_combine", Some(Severity::High)),
            ("matmul_v2", None),
            ("my_kernel", Some(Severity::Medium)),
        ] {
            let operator = Operator {
                name: name.to_owned(),
                count: 1,
                range: 0..1,
            };
            let found = judge(&View::default(), &operator).map(|(severity, _)| severity);
            assert_eq!(found, severity, "{name}");
        }
    }
}
