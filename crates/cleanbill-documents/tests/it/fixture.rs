//! Made-up scans that hold everything a report may have to show.

use cleanbill_core::{
    ArtifactReport, ByteRange, Confidence, Coverage, Finding, Language, Location, Report, Severity,
    Sha256Digest, Text, ToolInfo, Verdict, text,
};
use cleanbill_documents::{
    reports::{Detail, RenderContext, RuleInfo, RunOptions},
    terminal::Color,
};

/// A name that tries to leave every kind of document and to steer a terminal.
pub(crate) const HOSTILE: &str =
    "a/<script>alert('x')</script>|`@team`\u{1b}[2J\u{202e}]](javascript:x) & \"q\".pkl";

pub(crate) fn tool() -> ToolInfo {
    ToolInfo {
        name: "cleanbill".to_owned(),
        version: "0.0.0".to_owned(),
        detectors_digest: "ab".repeat(32),
    }
}

pub(crate) fn artifact(path: &str, verdict: Verdict, reasons: &[Text]) -> ArtifactReport {
    let mut coverage = Coverage::complete();
    for reason in reasons {
        coverage.lose(reason.clone());
    }
    ArtifactReport {
        path: path.to_owned(),
        size_bytes: 123_456,
        sha256: Some(Sha256Digest([7; 32])),
        formats: vec!["zip".to_owned(), "pickle".to_owned()],
        verdict,
        coverage,
        members: 3,
    }
}

pub(crate) fn finding(artifact: &str, detector: &str, severity: Severity, message: Text) -> Finding {
    Finding {
        detector: detector.to_owned(),
        severity,
        confidence: Confidence::High,
        location: Location {
            artifact: artifact.to_owned(),
            member: None,
            byte_range: Some(ByteRange::new(2, 19)),
        },
        message,
        evidence: String::new(),
        hint: Text::same(""),
        tags: vec!["CWE-502".to_owned()],
        controls: vec!["MOD-01".to_owned()],
        fingerprint: "00".repeat(16),
    }
}

/// A scan with findings of every severity, members, hostile names and artifacts that could not be examined.
pub(crate) fn rich() -> Report {
    let import = |artifact| {
        let mut finding = finding(
            artifact,
            "pickle-unsafe-import",
            Severity::Critical,
            text!("imports `posix.system`", "导入 `posix.system`"),
        );
        finding.location.member = Some("archive/data.pkl".to_owned());
        "posix.system".clone_into(&mut finding.evidence);
        finding.hint = text!(
            "do not load it; ask the supplier for safetensors",
            "请勿加载；向供应方索取 safetensors 文件"
        );
        finding.tags.push("AML.T0011.000".to_owned());
        finding
    };
    let mut hostile = import(HOSTILE);
    hostile.location.member = Some(HOSTILE.to_owned());
    HOSTILE.clone_into(&mut hostile.evidence);
    hostile.message = Text::new(format!("imports {HOSTILE}"), format!("导入 {HOSTILE}"));
    let damaged = |start| {
        let mut finding = finding(
            "model/weights.bin",
            "damaged-structure",
            Severity::Medium,
            text!("an offset points past the end", "偏移量超出文件末尾"),
        );
        finding.location.byte_range = Some(ByteRange::new(start, start + 1));
        finding.evidence = format!("offset {start}");
        finding
    };
    let mut unsure = finding(
        "model/config.json",
        "unheard-of",
        Severity::Low,
        text!("names a remote address", "引用了远程地址"),
    );
    unsure.confidence = Confidence::Low;
    unsure.location.byte_range = None;
    let note = finding(
        "model/config.json",
        "unusual-structure",
        Severity::Info,
        text!("repeats a key", "键重复"),
    );
    let mut findings: Vec<Finding> = (0..9).map(|index| damaged(index * 10)).collect();
    findings.extend([import("model/weights.bin"), hostile, unsure, note]);
    let mut skipped = artifact("model/locked.bin", Verdict::Incomplete, &[]);
    skipped.coverage = Coverage::skipped(text!("cannot open: permission denied", "无法打开：权限不足"));
    skipped.sha256 = None;
    skipped.formats = Vec::new();
    let artifacts = vec![
        artifact(HOSTILE, Verdict::Fail, &[]),
        artifact(
            "model/weights.bin",
            Verdict::Fail,
            &[text!(
                "an offset points past the end (at byte 0)",
                "偏移量超出文件末尾（第 0 字节）"
            )],
        ),
        artifact("model/config.json", Verdict::Pass, &[]),
        artifact("模型/分词器.json", Verdict::Pass, &[]),
        skipped,
    ];
    Report::assemble(tool(), "./release <1>".to_owned(), artifacts, findings)
}

/// A scan without findings.
pub(crate) fn calm() -> Report {
    let artifacts = vec![artifact("model.safetensors", Verdict::Pass, &[])];
    Report::assemble(tool(), "model.safetensors".to_owned(), artifacts, Vec::new())
}

/// A scan of an empty folder.
pub(crate) fn empty() -> Report {
    Report::assemble(tool(), "empty".to_owned(), Vec::new(), Vec::new())
}

pub(crate) fn rules() -> Vec<RuleInfo> {
    let rule = |id: &str, title: Text, why: Text, severity| RuleInfo {
        id: id.to_owned(),
        title,
        why,
        severity,
        confidence: Confidence::High,
        tags: vec!["CWE-502".to_owned()],
        page: "## What it finds\nSomething.".to_owned(),
    };
    vec![
        rule(
            "pickle-unsafe-import",
            text!(
                "Pickle imports a dangerous callable",
                "pickle 导入危险的可调用对象"
            ),
            text!(
                "Loading a pickle calls what it imports: the code runs before anyone sees a tensor.",
                "加载 pickle 会调用其导入的对象：在看到任何张量之前代码就已运行。"
            ),
            Severity::Critical,
        ),
        rule(
            "damaged-structure",
            text!("Damaged or unreadable structure", "结构损坏或无法读取"),
            Text::same(""),
            Severity::Medium,
        ),
        rule(
            "unusual-structure",
            text!("Unusual structure", "结构不寻常"),
            Text::same(""),
            Severity::Info,
        ),
    ]
}

pub(crate) struct Case {
    pub(crate) language: Language,
    pub(crate) width: usize,
    pub(crate) color: Color,
    pub(crate) detail: Detail,
    pub(crate) options: RunOptions,
}

impl Default for Case {
    fn default() -> Self {
        Self {
            language: Language::English,
            width: 80,
            color: Color::Plain,
            detail: Detail::Short,
            options: RunOptions::default(),
        }
    }
}

pub(crate) fn render(format: &str, report: &Report, case: &Case) -> String {
    let rules = rules();
    let context = RenderContext {
        language: case.language,
        width: case.width,
        color: case.color,
        detail: case.detail,
        rules: &rules,
        options: &case.options,
    };
    let format = cleanbill_documents::reports::find(format).expect("a known report format");
    String::from_utf8((format.render)(report, &context)).expect("reports are UTF-8")
}
