//! What a caller sees: exit code, standard output and standard error together.

use crate::support::Workplace;

macro_rules! check {
    ($arguments:literal, @$expected:literal) => {
        insta::assert_snapshot!(Workplace::new().run($arguments).shown(), @$expected)
    };
}

#[test]
fn pass() {
    check!("scan pass.txt", @r#"
code: 0
--- stdout
PASS  1 artifact examined, no findings
pass.txt: 1 artifact, 6 B

No findings.

Everything was examined.

What this report does not say
  - A scan without findings is not proof of a harmless model.
  - A signature proves origin and integrity, not safety.
  - An attested control is as good as its evidence and its date.
--- stderr
"#);
}

#[test]
fn fail() {
    check!("scan fail.pkl", @r#"
code: 1
--- stdout
FAIL  fail.pkl: imports `posix.system`, which can run code or commands: starts a
      process or runs a command (critical)
fail.pkl: 1 artifact, 26 B

Findings: 1 critical

fail.pkl  (pickle text plain-text, 26 B)
  critical  imports `posix.system`, which can run code or commands: starts a
            process or runs a command
    where  bytes 0-13
    seen   posix.system("true")
    why    Loading a pickle imports and calls what it names. There is no honest
           reason for a model to name these.
    do     do not load it; ask the supplier for the weights as safetensors
    rule   pickle-unsafe-import (sure, CWE-502, AML.T0011.000)

Everything was examined.

What this report does not say
  - A scan without findings is not proof of a harmless model.
  - A signature proves origin and integrity, not safety.
  - An attested control is as good as its evidence and its date.
--- stderr
"#);
}

#[test]
fn several_targets() {
    check!("scan pass.txt model no-such-file --fail-on critical", @r#"
code: 1
--- stdout
FAIL  model/fail.pkl: imports `posix.system`, which can run code or commands:
      starts a process or runs a command (critical)
pass.txt, model, no-such-file: 5 artifacts, 46 B: 3 examined in full, 1 in part,
1 not at all
The verdict fails on findings at or above critical

Findings: 1 critical

model/fail.pkl  (pickle text plain-text, 26 B)
  critical  imports `posix.system`, which can run code or commands: starts a
            process or runs a command
    where  bytes 0-13
    seen   posix.system("true")
    why    Loading a pickle imports and calls what it names. There is no honest
           reason for a model to name these.
    do     do not load it; ask the supplier for the weights as safetensors
    rule   pickle-unsafe-import (sure, CWE-502, AML.T0011.000)

Not examined
  no-such-file (skipped)
    - cannot read: No such file or directory (os error 2)
  model/incomplete.bin (partial)
    - not understood: no known format (starts with fa5b98c785e6ee86)

What this report does not say
  - A scan without findings is not proof of a harmless model.
  - A signature proves origin and integrity, not safety.
  - An attested control is as good as its evidence and its date.
--- stderr
"#);
}

#[test]
fn empty_folder() {
    check!("scan empty", @r#"
code: 3
--- stdout
INCOMPLETE  no input: there was nothing to examine
empty: 0 artifacts, 0 B

No findings.

no input: there was nothing to examine

What this report does not say
  - A scan without findings is not proof of a harmless model.
  - A signature proves origin and integrity, not safety.
  - An attested control is as good as its evidence and its date.
--- stderr
"#);
}

#[test]
fn quiet() {
    check!("scan model --quiet", @r#"
code: 1
--- stdout
FAIL  fail.pkl: imports `posix.system`, which can run code or commands: starts a process or runs a command (critical)
--- stderr
"#);
}

#[test]
fn chinese() {
    check!("scan fail.pkl --lang zh", @r#"
code: 1
--- stdout
不通过  fail.pkl：导入 `posix.system`，它会执行代码或命令（严重）
fail.pkl：1 个文件，26 B

发现：1 严重

fail.pkl  (pickle text plain-text, 26 B)
  严重  导入 `posix.system`，它会执行代码或命令
    位置   第 0-13 字节
    依据   posix.system("true")
    原因   识别出攻击或其确切形态，加载后可能执行攻击者的代码。
    处理   不要加载；请向供应方索取 safetensors 格式的权重
    规则   pickle-unsafe-import（确定，CWE-502，AML.T0011.000）

全部内容均已检查。

本报告不能说明的事
  - 没有发现不等于证明模型无害。
  - 签名证明来源和完整性，不证明安全。
  - 经证明的控制措施，其可信程度取决于证据及其日期。
--- stderr
"#);
}

#[test]
fn json() {
    check!("scan pass.txt --format json", @r#"
code: 0
--- stdout
{
  "schema": "cleanbill.report/1",
  "tool": {
    "name": "cleanbill",
    "version": "<VERSION>",
    "detectors_digest": "<DIGEST>"
  },
  "target": "pass.txt",
  "verdict": "pass",
  "summary": {
    "artifacts": 1,
    "bytes": 6,
    "findings": {
      "critical": 0,
      "high": 0,
      "medium": 0,
      "low": 0,
      "info": 0
    },
    "coverage": {
      "complete": 1,
      "partial": 0,
      "skipped": 0
    }
  },
  "artifacts": [
    {
      "path": "pass.txt",
      "size_bytes": 6,
      "sha256": null,
      "formats": [
        "text",
        "plain-text"
      ],
      "members": 0,
      "verdict": "pass",
      "coverage": {
        "state": "complete",
        "reasons": []
      }
    }
  ],
  "findings": []
}
--- stderr
PASS  1 artifact examined, no findings
"#);
}

#[test]
fn unknown_scheme() {
    check!("scan s4://bucket/model", @r#"
code: 2
--- stdout
--- stderr
error: unknown scheme `s4` in target `s4://bucket/model`
hint: known are hf, http, https, s3, gs and az; write `./` before a path that looks like an address
"#);
}

#[test]
fn wrong_words_have_hints() {
    check!("scan pass.txt --only damaged-structur", @r#"
code: 2
--- stdout
--- stderr
error: no detector is called `damaged-structur`
hint: did you mean `damaged-structure`? `cleanbill list detectors` shows all
"#);
    check!("scan pass.txt --limit member_byte=1", @r#"
code: 2
--- stdout
--- stderr
error: no limit is called `member_byte`
hint: did you mean `member_bytes`? `cleanbill list limits` shows all
"#);
    check!("scan pass.txt --forma json", @r#"
code: 2
--- stdout
--- stderr
error: unexpected argument '--forma' found
hint: a similar argument exists: '--format'
Usage: cleanbill scan --format <FORMAT> <TARGET>...
hint: for more, try `--help`
"#);
    check!("explain damagedstructure --lang zh", @r#"
code: 2
--- stdout
--- stderr
错误：没有名为 `damagedstructure` 的条目
提示：是否想用 `damaged-structure`？`cleanbill list detectors` 列出全部
"#);
}

#[test]
fn explain_exit_code() {
    check!("explain incomplete", @r#"
code: 0
--- stdout
# exit-code `3`: something could not be examined, or there was no input

- name: incomplete

Nothing at or above `--fail-on` was seen, but something could not be read, was damaged, encrypted, too large, or of a format that this build does not know; or the target does not exist or is empty. The report names each with its reason.
--- stderr
"#);
}

#[test]
fn list_exit_codes() {
    check!("list exit-codes", @r#"
code: 0
--- stdout
id  name        title
0   pass        the verdict is pass
1   fail        the verdict is fail
2   usage       wrong usage; nothing was decided
3   incomplete  something could not be examined, or there was no input
70  internal    a bug in Cleanbill
--- stderr
"#);
    check!("list reports --lang zh", @r#"
code: 0
--- stdout
标识      后缀   媒体类型                说明
human     txt    text/plain              供终端阅读
json      json   application/json        供程序使用（`cleanbill.report/1`）
sarif     sarif  application/sarif+json  SARIF 2.1.0，供代码扫描平台使用
junit     xml    application/xml         JUnit XML，供构建服务器使用
markdown  md     text/markdown           Markdown，用于变更评论
html      html   text/html               供浏览器查看的单个文件
--- stderr
"#);
}

#[test]
fn standard_input_is_a_target() {
    let workplace = Workplace::new();
    let ran = workplace.run_fed(b"hello\n", "scan - --quiet");
    insta::assert_snapshot!(ran.shown(), @r#"
code: 0
--- stdout
PASS  1 artifact examined, no findings
--- stderr
"#);
    assert_eq!(
        workplace.run_fed(b"cposix\nsystem\n(S'true'\ntR.", "scan -").code,
        1
    );
}

#[test]
fn reports_go_to_files() {
    let workplace = Workplace::new();
    let ran = workplace
        .run("scan fail.pkl --format sarif --output out.sarif --report html=out.html --report junit=out.xml");
    insta::assert_snapshot!(ran.shown(), @r#"
code: 1
--- stdout
--- stderr
FAIL  fail.pkl: imports `posix.system`, which can run code or commands: starts a process or runs a command (critical)
"#);
    assert!(workplace.read("out.sarif").starts_with('{'));
    assert!(workplace.read("out.html").starts_with("<!doctype html>"));
    assert!(workplace.read("out.xml").starts_with("<?xml"));
    let left: Vec<_> = std::fs::read_dir(workplace.root())
        .expect("the folder")
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(".cleanbill"))
        .collect();
    assert!(left.is_empty(), "temporary files are left: {left:?}");
}

#[test]
fn the_same_bytes_give_the_same_report() {
    let workplace = Workplace::new();
    let first = workplace.run("scan model --format json --digests --jobs 1");
    let second = workplace.run("scan model --format json --digests --jobs 7");
    assert_eq!(first.stdout, second.stdout);
}

#[test]
fn overlapping_targets_list_a_file_once() {
    let ran = Workplace::new().run("scan model model/pass.txt model --format json");
    assert_eq!(ran.stdout.matches("\"path\": \"model/pass.txt\"").count(), 1);
}

#[test]
fn colour_only_where_it_is_wanted() {
    let workplace = Workplace::new();
    let colored = |variables: &[(&str, &str)], arguments: &str| {
        workplace.run_with(variables, arguments).stdout.contains('\u{1b}')
    };
    assert!(!colored(&[], "scan fail.pkl"));
    assert!(colored(&[], "scan fail.pkl --color always"));
    assert!(colored(&[("CLICOLOR_FORCE", "1")], "scan fail.pkl"));
    assert!(!colored(
        &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")],
        "scan fail.pkl"
    ));
    assert!(!colored(
        &[("CLICOLOR_FORCE", "1")],
        "scan fail.pkl --color never"
    ));
    assert!(!colored(
        &[("CLICOLOR_FORCE", "1")],
        "scan fail.pkl --format json"
    ));
}

#[test]
fn completions_and_man_pages_are_written() {
    let workplace = Workplace::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ran = workplace.run(&format!("completions {shell}"));
        assert_eq!(ran.code, 0, "{shell}");
        assert!(ran.stdout.contains("cleanbill"), "{shell}");
    }
    assert!(workplace.run("man").stdout.contains(".TH cleanbill"));
    assert_eq!(workplace.run("man --output empty").code, 0);
    assert!(workplace.read("empty/cleanbill-scan.1").contains("cleanbill"));
    assert_eq!(workplace.run("man --output no-such-folder").code, 2);
}
