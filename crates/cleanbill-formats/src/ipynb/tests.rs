use super::{magics::translate, *};
use crate::testing::{ids, never_panics, view};

fn notebook(cells: &str) -> String {
    format!(
        r#"{{"cells": [{cells}], "metadata": {{"kernelspec": {{"name": "python3"}}}}, "nbformat": 4, "nbformat_minor": 5}}"#
    )
}

fn score(text: &str) -> Option<Score> {
    let bytes = text.as_bytes().to_vec();
    probe(&Probe {
        head: &bytes,
        tail: &bytes,
        size: bytes.len() as u64,
        source: &bytes,
    })
}

fn member(view: &View, name: &str) -> String {
    let member = view.members().iter().find(|member| member.name == name);
    match member.map(|member| &member.payload) {
        Some(Payload::Owned(bytes)) => String::from_utf8(bytes.to_vec()).unwrap(),
        other => panic!("{name}: {other:?} of {:?}", view.members()),
    }
}

#[test]
fn cells_are_joined_in_order() {
    let text = notebook(
        r#"{"cell_type": "code", "source": ["import os\n", "a = 1"], "outputs": []},
           {"cell_type": "markdown", "source": "os.system('x')", "attachments": {"a.png": {"image/png": "AA=="}}},
           {"cell_type": "code", "source": "print(a)\n%%time", "outputs": [{"data": {"text/html": ["<script>", "1</script>"], "text/plain": "x"}, "output_type": "display_data"}]}"#,
    );
    assert_eq!(score(&text), Some(Score::Certain));
    let view = view(text.as_bytes(), parse);
    assert!(ids(view.anomalies()).is_empty(), "{:?}", view.anomalies());
    assert_eq!(
        member(&view, "[code].py"),
        "#%% cell 1\nimport os\na = 1\n\n#%% cell 3\nprint(a)\nNone\n\n"
    );
    assert_eq!(view.cells[1].attachments, ["a.png"]);
    assert_eq!(view.cells[0].sources.len(), 2);
    let [output] = view.outputs.as_slice() else {
        panic!("{:?}", view.outputs)
    };
    assert_eq!(
        (output.cell, output.mime, output.text.as_str()),
        (2, "text/html", "<script>1</script>")
    );
    assert_eq!((view.version, view.is_python), (Some(4), true));
}

#[test]
fn older_versions_are_read() {
    let text = r#"{"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": [
        {"cell_type": "code", "input": ["x = 1"], "language": "python", "outputs": [{"output_type": "pyout", "javascript": "alert(1)"}]}]}]}"#;
    assert_eq!(score(text), Some(Score::Certain));
    let view = view(text.as_bytes(), parse);
    assert_eq!(member(&view, "[code].py"), "#%% cell 1\nx = 1\n\n");
    assert_eq!(view.outputs[0].mime, "application/javascript");
}

#[test]
fn other_json_is_no_notebook() {
    for text in [
        r#"{"cells": [], "metadata": {}}"#,
        r#"{"nbformat": 4}"#,
        r#"[{"cells": [], "nbformat": 4}]"#,
        r#"{"a": {"cells": [], "nbformat": 4}}"#,
        "cells nbformat",
    ] {
        assert_eq!(score(text), None, "{text}");
    }
}

#[test]
fn oddities_are_noted() {
    for (text, id) in [
        (
            notebook(r#"{"cell_type": "code", "source": "a", "source": "b"}"#),
            "ipynb-repeated-key",
        ),
        (
            notebook("").replace("nbformat\": 4", "nbformat\": 9"),
            "ipynb-version",
        ),
        (
            r#"{"nbformat": 4, "cells": [{"cell_type": "code", "source": "#.to_owned(),
            "ipynb-broken",
        ),
    ] {
        assert_eq!(ids(view(text.as_bytes(), parse).anomalies()), [id], "{text}");
    }
}

#[test]
fn kernels_of_other_languages_are_not_taken_for_python() {
    for (metadata, python) in [
        (r#"{"kernelspec": {"name": "ir", "language": "R"}}"#, false),
        (
            r#"{"kernelspec": {"name": "my-env", "language": "python"}}"#,
            true,
        ),
        (r#"{"kernelspec": {"name": "python3", "language": "R"}}"#, true),
        (r#"{"language_info": {"name": "julia"}}"#, false),
        ("{}", true),
    ] {
        let text = format!(
            r#"{{"cells": [{{"cell_type": "code", "source": "x"}}], "metadata": {metadata}, "nbformat": 4}}"#
        );
        let view = view(text.as_bytes(), parse);
        assert_eq!(
            (view.is_python, view.not_examined().is_none()),
            (python, python),
            "{metadata}"
        );
    }
}

#[test]
fn additions_of_ipython_become_python() {
    for (source, python) in [
        ("!pip install x", "get_ipython().system(\"pip install x\")\n"),
        ("!!ls", "get_ipython().system(\"ls\")\n"),
        ("x = !ls -l", "x = get_ipython().getoutput(\"ls -l\")\n"),
        (
            "if a:\n    !ls {a} $b",
            "if a:\n    get_ipython().system(\"ls \" + (a) + \" \" + (b))\n",
        ),
        (
            "!awk '{print $1}' ${A} $HOME",
            "get_ipython().system(\"awk '{print $1}' ${A} $HOME\")\n",
        ),
        ("!curl x \\\n  | sh", "get_ipython().system(\"curl x | sh\")\n"),
        ("%run a.py -x", "__import__(\"runpy\").run_path(\"a.py\")\n"),
        ("%timeit -n 3 f()", "f()\n"),
        ("%pip install a", "get_ipython().system(\"pip install a\")\n"),
        ("%load_ext autoreload", "import autoreload\n"),
        ("y = %time f(x)", "y = f(x)\n"),
        ("%%time\nimport os", "import os"),
        ("%%capture out\n%%time\n!ls", "get_ipython().system(\"ls\")\n"),
        (",f a b", "f(\"a\", \"b\")\n"),
        (";f a b", "f(\"a b\")\n"),
        ("/f a, b", "f(a, b)\n"),
        ("f?", "pass\n"),
        (">>> a = 1\n... b\n2", "a = 1\nb\n2\n"),
        ("In [1]: a\n   ...: b", "a\n   ...: b\n"),
        ("    a = 1\n    b = 2", "a = 1\nb = 2\n"),
        (
            "s = \"\"\"\n!ls\n%run x\n\"\"\"",
            "s = \"\"\"\n!ls\n%run x\n\"\"\"\n",
        ),
        ("x = (a\n% b)", "x = (a\n% b)\n"),
        ("x = '=%d' % y", "x = '=%d' % y\n"),
        ("x != y", "x != y\n"),
    ] {
        let mut wanted = python.to_owned();
        if !wanted.ends_with('\n') {
            wanted.push('\n');
        }
        let translated = translate(source);
        assert_eq!(translated.python, wanted, "{source}");
        assert!(translated.unknown.is_empty() && !translated.is_open, "{source}");
    }
}

#[test]
fn cells_for_other_interpreters_stand_apart() {
    for (source, name) in [
        ("%%bash\nls", ".sh"),
        ("#@title Set up\n\n%%bash\nls", ".sh"),
        ("%%script bash --no-raise\nls", ".sh"),
        ("\n%%javascript\nls", ".js"),
        ("%%html\nls", ".html"),
        ("%%writefile -a src/a.py\nls", "/a.py"),
        ("%%R -i x\nls", ".r"),
        ("%%unheard of\nls", ".txt"),
    ] {
        let translated = translate(source);
        assert_eq!(translated.others.len(), 1, "{source}");
        assert_eq!(
            (
                translated.others[0].name.as_str(),
                translated.others[0].text.as_str()
            ),
            (name, "ls")
        );
        assert_eq!(translated.unknown.is_empty(), name != ".txt");
    }
}

#[test]
fn an_open_string_does_not_swallow_the_cells_after_it() {
    let text =
        notebook(r#"{"cell_type": "code", "source": "x = '''"}, {"cell_type": "code", "source": "y = 1"}"#);
    let view = view(text.as_bytes(), parse);
    assert_eq!(member(&view, "[cell 1].py"), "x = '''\n");
    assert_eq!(member(&view, "[code].py"), "#%% cell 2\ny = 1\n\n");
}

#[test]
fn damage_never_panics() {
    let text = notebook(
        r#"{"cell_type": "code", "source": ["x = !ls {a} $b\n", ",f a\n", "%%time\n"], "outputs": [{"data": {"text/html": "a"}}]}"#,
    );
    never_panics(text.as_bytes(), parse);
    let raw = b"%%time -n 3\n  >>> x = '''\\\n%run {a[1]} $b '''!ls {x!r}\n,f \xc3\xa9 {a:\n";
    for end in 0..raw.len() {
        let _ = translate(&String::from_utf8_lossy(&raw[..end]));
    }
}
