//! `leaks check-rules`: what is wrong with rules of one's own.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::PathBuf,
    time::Instant,
};

use clap::Args;
use cleanbill_core::{ExitCode, Language, Text, Verdict, text};
use cleanbill_documents::terminal::{Color, printable};
use cleanbill_leaks::{
    LeftOut, ProblemLevel, RuleError, RuleFile, RuleForm, RuleProblem, Rules, Scanner, check, read,
};
use serde_json::{Value, json};

use super::{RULES_BYTES, bounded};
use crate::{commands::bom::Listing, failure::Failure, nearest::nearest, output::Output, shell::Shell};

/// Say what is wrong with rules of one's own for `leaks`
///
/// Reads rules in the form of Cleanbill or of Gitleaks, as `leaks --rules` does: syntax, unknown keys, ids that are taken, expressions that
/// cannot be compiled, match the empty text or are slow, texts that lead nowhere, examples that are not found. What is not taken over of
/// rules of Gitleaks is named. Nothing is searched but the examples.
#[derive(Args, Debug)]
pub(super) struct CheckRules {
    /// The rules: TOML
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write the rules of a file of Gitleaks in the form of Cleanbill to this file
    #[arg(long, value_name = "OUT")]
    convert: Option<PathBuf>,
    /// How to write the result
    #[arg(long, short, value_name = "FORMAT", default_value = "human")]
    format: Listing,
    /// Write the result to this file instead of stdout; it appears under its name only when it is whole
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// What is known of one file.
struct Checked {
    path: String,
    /// Why it could not be read.
    unread: Option<Text>,
    form: RuleForm,
    rules: usize,
    problems: Vec<RuleProblem>,
    /// Megabytes that a slow rule searches in a second.
    speeds: BTreeMap<String, u64>,
}

pub(super) fn run(arguments: &CheckRules, shell: &Shell) -> Result<ExitCode, Failure> {
    let output = Output::new(arguments.output.as_ref());
    output.check()?;
    let converted = arguments.convert.as_ref().map(|path| Output::new(Some(path)));
    if let Some(converted) = &converted {
        converted.check()?;
        if arguments.files.len() > 1 {
            return Err(Failure::usage(text!(
                "`--convert` takes one file of rules",
                "`--convert` 只接受一个规则文件"
            )));
        }
    }
    let mut known = Rules::builtin();
    let mut all = Vec::new();
    for file in &arguments.files {
        let path = file.display().to_string();
        let bytes = bounded(file, RULES_BYTES);
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).map_err(std::io::Error::other));
        let text = match text {
            Ok(text) => text,
            Err(error) => {
                all.push(Checked {
                    path,
                    unread: Some(text!("cannot be read: {error}", "无法读取：{error}")),
                    form: RuleForm::Cleanbill,
                    rules: 0,
                    problems: Vec::new(),
                    speeds: BTreeMap::new(),
                });
                continue;
            }
        };
        let read = read(&text);
        let mut problems = check(&text, &read, &known);
        let speeds = speeds(&text, &read, &mut problems);
        if let Some(converted) = &converted {
            match &read.converted {
                Some(text) => converted.write(text.as_bytes())?,
                // The errors say why.
                None if read.form == RuleForm::Gitleaks => {}
                None => {
                    return Err(Failure::usage(text!(
                        "cannot convert `{path}`: it has the form of Cleanbill",
                        "无法转换 `{path}`：已是 Cleanbill 的格式"
                    )));
                }
            }
        }
        known = known.and(read.rules.clone());
        all.push(Checked {
            path,
            unread: None,
            form: read.form,
            rules: read.rules.iter().count(),
            problems,
            speeds,
        });
    }
    let count = |level| {
        all.iter()
            .flat_map(|one| &one.problems)
            .filter(|one| one.level == level)
            .count()
    };
    let counts = [ProblemLevel::Error, ProblemLevel::Warning, ProblemLevel::Note].map(count);
    let verdict = match counts {
        [0, ..] if all.iter().any(|one| one.unread.is_some()) => Verdict::Incomplete,
        [0, ..] => Verdict::Pass,
        _ => Verdict::Fail,
    };
    let bytes = match arguments.format {
        Listing::Human => human(&all, counts, (verdict, shell.color(&output)), shell.language).into_bytes(),
        Listing::Json => {
            let mut bytes = serde_json::to_vec_pretty(&document(&all, counts, verdict)).unwrap_or_default();
            bytes.push(b'\n');
            bytes
        }
    };
    output.write(&bytes)?;
    Ok(verdict.into())
}

fn human(
    all: &[Checked],
    counts: [usize; 3],
    (verdict, color): (Verdict, Color),
    language: Language,
) -> String {
    let mut out = String::new();
    for file in all {
        let path = printable(&file.path);
        if let Some(reason) = &file.unread {
            let _ = writeln!(out, "{path}: {}", printable(reason.get(language)));
        }
        for problem in &file.problems {
            let speed = file.speeds.get(&problem.rule).copied();
            let said = said(problem, speed);
            let (line, column, level) = (problem.line, problem.column, level(problem.level));
            let (level, said) = (level.get(language), printable(said.get(language)));
            let _ = writeln!(out, "{path}:{line}:{column}: {level}: {said}");
        }
    }
    let rules: usize = all.iter().map(|file| file.rules).sum();
    let (files, [errors, warnings, notes]) = (all.len(), counts);
    let told = |number: usize, one: &str, many: &str| {
        let number = u64::try_from(number).unwrap_or(u64::MAX);
        Text::count(number, one, many, "").en().to_owned()
    };
    let summary = Text::new(
        format!(
            "{} in {}; {}, {}, {}",
            told(rules, "rule", "rules"),
            told(files, "file", "files"),
            told(errors, "error", "errors"),
            told(warnings, "warning", "warnings"),
            told(notes, "note", "notes"),
        ),
        format!("{files} 个文件中有 {rules} 条规则；错误 {errors}，警告 {warnings}，说明 {notes}"),
    );
    let verdict = color.verdict(verdict, language);
    if !out.is_empty() {
        out.push('\n');
    }
    let sign = if language == Language::Chinese {
        "："
    } else {
        ": "
    };
    let _ = writeln!(out, "{verdict}{sign}{}", summary.get(language));
    out
}

fn document(all: &[Checked], counts: [usize; 3], verdict: Verdict) -> Value {
    let problem = |file: &Checked, problem: &RuleProblem| {
        let speed = file.speeds.get(&problem.rule).copied();
        let slow = matches!(problem.error, RuleError::Slow { .. } | RuleError::Unannounced);
        json!({
            "level": level(problem.level).en(),
            "line": problem.line,
            "column": problem.column,
            "rule": (!problem.rule.is_empty()).then_some(&problem.rule),
            "key": (!problem.key.is_empty()).then_some(&problem.key),
            "message": what(&problem.error, speed).en(),
            "meant": meant(problem),
            "megabytes_per_second": speed.filter(|_| slow),
        })
    };
    let file = |file: &Checked| {
        json!({
            "path": file.path,
            "form": match file.form {
                RuleForm::Cleanbill => "cleanbill",
                RuleForm::Gitleaks => "gitleaks",
            },
            "rules": file.rules,
            "unread": file.unread.as_ref().map(Text::en),
            "problems": file.problems.iter().map(|one| problem(file, one)).collect::<Vec<_>>(),
        })
    };
    let [errors, warnings, notes] = counts;
    json!({
        "schema": "cleanbill.rule-check/1",
        "verdict": verdict.as_str(),
        "summary": {"errors": errors, "warnings": warnings, "notes": notes},
        "files": all.iter().map(file).collect::<Vec<_>>(),
    })
}

/// Says what is wrong with what, and what may have been meant.
pub(super) fn said(problem: &RuleProblem, speed: Option<u64>) -> Text {
    let what = what(&problem.error, speed);
    let mut about = String::new();
    for name in [&problem.rule, &problem.key] {
        if !name.is_empty() {
            let _ = write!(about, "`{name}`: ");
        }
    }
    let (en, zh) = (what.en(), what.get(Language::Chinese));
    match meant(problem) {
        Some(meant) => text!(
            "{about}{en}; did you mean `{meant}`?",
            "{about}{zh}；是否想用 `{meant}`？"
        ),
        None => text!("{about}{en}", "{about}{zh}"),
    }
}

fn meant(problem: &RuleProblem) -> Option<&'static str> {
    match &problem.error {
        RuleError::UnknownKey { known } => {
            let name = problem.key.rsplit('.').next().unwrap_or_default();
            nearest(name, known.iter().copied())
        }
        RuleError::Value { value, known } => nearest(value, known.iter().copied()),
        _ => None,
    }
}

fn level(level: ProblemLevel) -> Text {
    match level {
        ProblemLevel::Error => text!("error", "错误"),
        ProblemLevel::Warning => text!("warning", "警告"),
        ProblemLevel::Note => text!("note", "说明"),
    }
}

fn what(error: &RuleError, speed: Option<u64>) -> Text {
    match error {
        RuleError::Syntax { problem } => text!("syntax: {problem}", "语法错误：{problem}"),
        RuleError::Expression { problem } => text!("no expression: {problem}", "不是有效的表达式：{problem}"),
        RuleError::UnknownKey { .. } => text!("unknown key", "未知的键"),
        RuleError::Kind { expected } => {
            let zh = match *expected {
                "a text" => "文本",
                "a number" => "数字",
                "a list of texts" => "文本列表",
                "a list of tables" => "表的列表",
                "a table" => "表",
                other => other,
            };
            text!("must be {expected}", "必须是{zh}")
        }
        RuleError::Value { value, .. } => text!("`{value}` has no meaning here", "`{value}` 在此处没有意义"),
        RuleError::Outside => text!("stands outside of any rule", "不在任何规则之内"),
        RuleError::Missing => text!("is missing", "缺失"),
        RuleError::Id => text!(
            "an id holds letters, digits, `_` and `-` only",
            "标识只能包含字母、数字、`_` 和 `-`"
        ),
        RuleError::Twice => text!("a rule has this id already", "已有规则使用此标识"),
        RuleError::Pattern => text!("there is no pattern that can be searched", "没有可以搜索的模式"),
        RuleError::Excludes { other } => text!("cannot stand beside `{other}`", "不能与 `{other}` 同时使用"),
        RuleError::Large => text!("too large", "过大"),
        RuleError::Empty => text!("matches the empty text", "会匹配空文本"),
        RuleError::Never => text!("matches nothing", "不会匹配任何内容"),
        RuleError::Group { groups } => {
            text!("the expression has {groups} groups", "表达式只有 {groups} 个组")
        }
        RuleError::Unbounded { most } => text!(
            "no text of two bytes stands in every match, there are no keywords of three, and a match may be longer than {most} bytes: it would be too slow",
            "并非每个匹配都含有两个字节的固定文本，也没有三个字节的关键词，而匹配可能超过 {most} 字节：会过慢"
        ),
        RuleError::Unannounced => {
            let speed = speed.unwrap_or(0);
            text!(
                "no text of two bytes stands in every match, so that it runs over everything, at {speed} MB a second; keywords would help",
                "并非每个匹配都含有两个字节的固定文本，因此要在全部内容上运行，每秒 {speed} MB；添加关键词会有帮助"
            )
        }
        RuleError::Short { text, least } => text!(
            "`{text}` is shorter than {least} bytes",
            "`{text}` 短于 {least} 字节"
        ),
        RuleError::Unreachable { text } => text!(
            "`{text}` never leads to a value: the shape does not begin so",
            "`{text}` 不会引出任何值：形状不以此开头"
        ),
        RuleError::Missed { text } => text!("the example is not found: {text}", "未找到示例：{text}"),
        RuleError::Found { text } => text!("the negative example is found: {text}", "反例被找到：{text}"),
        RuleError::NoExamples { rules } => text!("{rules} rules have no examples", "{rules} 条规则没有示例"),
        RuleError::Slow { megabytes } => text!(
            "searches {megabytes} MB a second by itself, which is slow",
            "单独每秒搜索 {megabytes} MB，速度较慢"
        ),
        RuleError::LeftOut { reason } => left_out(*reason),
        RuleError::More { count } => text!("{count} more", "另有 {count} 项"),
        other => Text::same(other.to_string()),
    }
}

fn left_out(reason: LeftOut) -> Text {
    match reason {
        LeftOut::Commits => text!("not taken over: data have no commits", "未采用：数据没有提交记录"),
        LeftOut::PathOnly => text!(
            "the rule was not taken over: it is about names of files only",
            "未采用该规则：它只针对文件名"
        ),
        LeftOut::Required => text!(
            "not taken over: the rule reports whether or not the other finds something near it",
            "未采用：无论另一规则在附近是否有发现，该规则都会报告"
        ),
        LeftOut::Default => text!(
            "not taken over: the rules of Cleanbill run in place of the default ones of Gitleaks",
            "未采用：以 Cleanbill 的规则代替 Gitleaks 的默认规则"
        ),
        LeftOut::OtherFile => text!(
            "not taken over: other files are not followed; name them by `--rules`",
            "未采用：不会读取其他文件；请用 `--rules` 指定"
        ),
        LeftOut::Disabled => text!(
            "not taken over: those rules are not part of this file",
            "未采用：这些规则不在此文件中"
        ),
        LeftOut::Skipped => text!(
            "the rule was not taken over: it reports nothing by itself",
            "未采用该规则：它本身不报告"
        ),
        LeftOut::Description => text!("not taken over: findings have no tags", "未采用：发现没有标签"),
        _ => text!("not taken over: unknown key", "未采用：未知的键"),
    }
}

/// A rule is slow by itself where a rule of this build is so many times as fast.
const SLOW: u64 = 16;
/// The rule of this build.
const USUAL_RULE: &str = "github_pat";
/// Bytes on which a rule is measured.
const MEASURED_BYTES: usize = 256 << 10;

/// Measures each rule by itself on a text of words and code; tells of those that are slow.
fn speeds(read_from: &str, file: &RuleFile, problems: &mut Vec<RuleProblem>) -> BTreeMap<String, u64> {
    let unannounced = problems
        .iter()
        .filter(|problem| problem.error == RuleError::Unannounced);
    let unannounced: BTreeSet<String> = unannounced.map(|problem| problem.rule.clone()).collect();
    let text = sample();
    let usual = speed(&Rules::secrets(), USUAL_RULE, &text, u64::MAX);
    let mut speeds = BTreeMap::new();
    for rule in file.rules.iter() {
        let speed = speed(&file.rules, &rule.id, &text, usual / SLOW);
        let is_told = unannounced.contains(&rule.id);
        if speed < usual / SLOW && !is_told {
            let (line, column) = file.place(read_from, &rule.id);
            problems.push(RuleProblem {
                line,
                column,
                rule: rule.id.clone(),
                key: String::new(),
                level: ProblemLevel::Warning,
                error: RuleError::Slow { megabytes: speed },
            });
        }
        if speed < usual / SLOW || is_told {
            speeds.insert(rule.id.clone(), speed);
        }
    }
    problems.sort_by_key(|problem| (problem.line, problem.column));
    speeds
}

/// Returns how many megabytes a rule searches in a second, the best of three times, or the first that is `enough`.
fn speed(rules: &Rules, id: &str, text: &[u8], enough: u64) -> u64 {
    let scanner = Scanner::new(rules.clone().only(|rule| rule.id == id));
    let mut best = 0;
    for _ in 0..3 {
        let start = Instant::now();
        scanner.scan_all(text);
        let microseconds = start.elapsed().as_micros().max(1);
        best = best.max(u64::try_from(text.len() as u128 / microseconds).unwrap_or(u64::MAX));
        if best >= enough {
            break;
        }
    }
    best
}

/// Makes a text of words, code and numbers.
fn sample() -> Vec<u8> {
    const WORDS: &[&str] = &[
        "the ",
        "of ",
        "model",
        "_key ",
        "\"token\": ",
        "return ",
        "secret",
        " = ",
        "data/",
        "\n    ",
        "access",
        "0x7f3a91",
        "12.5",
        "{",
        "}, ",
        "https://host.example/path?",
        "id=4711&",
        "configuration",
        "我们的模型",
        "password",
        "b64+/0aZ",
        "- ",
        "A",
        "eyes ",
    ];
    let mut text = Vec::with_capacity(MEASURED_BYTES + 32);
    let mut state = 1_u64;
    while text.len() < MEASURED_BYTES {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let at = usize::try_from(state >> 33).unwrap_or(0) % WORDS.len();
        text.extend_from_slice(WORDS[at].as_bytes());
    }
    text
}
