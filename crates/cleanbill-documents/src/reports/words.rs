//! The one catalogue of words that reports use, in every language of the product.

use cleanbill_core::{Confidence, CoverageState, Language, Severity, Text, Verdict};

/// Holds one fixed wording.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// English.
    pub en: &'static str,
    /// Simplified Chinese.
    pub zh: &'static str,
}

impl Word {
    /// Returns the wording in `language`.
    pub const fn get(self, language: Language) -> &'static str {
        match language {
            Language::English => self.en,
            Language::Chinese => self.zh,
        }
    }
}

macro_rules! words {
    ($($name:ident = $en:literal, $zh:literal;)*) => {
        $(pub(crate) const $name: Word = Word { en: $en, zh: $zh };)*

        /// Lists every fixed wording, so that a test can look for the wrong language in a report.
        pub const ALL: &[Word] = &[$($name,)*];
    };
}

words! {
    PASS = "PASS", "通过";
    INCOMPLETE = "INCOMPLETE", "未检查完";
    FAIL = "FAIL", "不通过";

    CRITICAL = "critical", "严重";
    HIGH = "high", "高危";
    MEDIUM = "medium", "中危";
    LOW = "low", "低危";
    INFO = "info", "提示";

    SURE = "sure", "确定";
    LIKELY = "likely", "较有把握";
    HINT_ONLY = "a hint only", "仅为线索";

    COMPLETE = "complete", "完整";
    PARTIAL = "partial", "部分";
    SKIPPED = "skipped", "未检查";

    REPORT_TITLE = "Cleanbill report", "Cleanbill 报告";
    VERDICT = "Verdict", "结论";
    TARGET = "Target", "目标";
    FINDINGS = "Findings", "发现";
    NOT_EXAMINED = "Not examined", "未检查的内容";
    EVERYTHING_EXAMINED = "Everything was examined.", "全部内容均已检查。";
    NOTHING_FOUND = "No findings.", "没有发现。";
    ARTIFACTS = "Artifacts", "文件";
    ARTIFACT = "Artifact", "文件";
    LIMITS = "What this report does not say", "本报告不能说明的事";

    SEVERITY = "Severity", "等级";
    FOUND = "What was found", "发现内容";
    WHERE = "Where", "位置";
    WHY = "Why it matters", "为何重要";
    TO_DO = "What to do", "如何处理";
    RULE = "Detector", "检测器";
    REASON = "Reason", "原因";
    FORMATS = "Formats", "格式";
    SIZE = "Size", "大小";
    COVERAGE = "Examined", "检查范围";
    TOOL = "Made by", "生成工具";
    DETECTORS_DIGEST = "detectors", "检测器摘要";

    LABEL_WHERE = "where", "位置";
    LABEL_EVIDENCE = "seen", "依据";
    LABEL_WHY = "why", "原因";
    LABEL_TO_DO = "do", "处理";
    LABEL_RULE = "rule", "规则";

    UNKNOWN_FORMAT = "unknown format", "未知格式";
    NO_INPUT = "no input: there was nothing to examine", "没有输入：没有可检查的内容";

    WHY_CRITICAL = "An attack, or the exact shape of one, was recognised. Loading it can run the attacker's code.", "识别出攻击或其确切形态，加载后可能执行攻击者的代码。";
    WHY_HIGH = "Loading it can do harm.", "加载它可能造成危害。";
    WHY_MEDIUM = "A person should look before it is used.", "使用之前应由人确认。";
    WHY_LOW = "It is unusual, without a known way to do harm.", "不常见，但尚无已知的危害方式。";
    WHY_INFO = "It is a fact worth knowing.", "值得了解的事实。";
    DO_NOT_LOAD = "do not load it", "请勿加载";
    HAVE_A_LOOK = "have a person look before it is used", "使用前请人工确认";

    LIMIT_FINDINGS = "A scan without findings is not proof of a harmless model.", "没有发现不等于证明模型无害。";
    LIMIT_SIGNATURES = "A signature proves origin and integrity, not safety.", "签名证明来源和完整性，不证明安全。";
    LIMIT_CONTROLS = "An attested control is as good as its evidence and its date.", "经证明的控制措施，其可信程度取决于证据及其日期。";

    SEE_ALL = "see everything with `--all`, or with another report such as `--format html`", "用 `--all` 查看全部内容，或改用其他报告，例如 `--format html`";
}

/// The three honest limits of every report.
pub(crate) const HONEST_LIMITS: [Word; 3] = [LIMIT_FINDINGS, LIMIT_SIGNATURES, LIMIT_CONTROLS];

pub(crate) const fn verdict(verdict: Verdict) -> Word {
    match verdict {
        Verdict::Pass => PASS,
        Verdict::Incomplete => INCOMPLETE,
        Verdict::Fail => FAIL,
    }
}

pub(crate) const fn severity(severity: Severity) -> Word {
    match severity {
        Severity::Critical => CRITICAL,
        Severity::High => HIGH,
        Severity::Medium => MEDIUM,
        Severity::Low => LOW,
        Severity::Info => INFO,
    }
}

pub(crate) const fn confidence(confidence: Confidence) -> Word {
    match confidence {
        Confidence::High => SURE,
        Confidence::Medium => LIKELY,
        Confidence::Low => HINT_ONLY,
    }
}

pub(crate) const fn coverage(state: CoverageState) -> Word {
    match state {
        CoverageState::Complete => COMPLETE,
        CoverageState::Partial => PARTIAL,
        CoverageState::Skipped => SKIPPED,
    }
}

/// Says what a severity means for whoever would load the artifact.
pub(crate) const fn why(severity: Severity) -> Word {
    match severity {
        Severity::Critical => WHY_CRITICAL,
        Severity::High => WHY_HIGH,
        Severity::Medium => WHY_MEDIUM,
        Severity::Low => WHY_LOW,
        Severity::Info => WHY_INFO,
    }
}

/// Says what to do where a finding does not.
pub(crate) const fn to_do(severity: Severity) -> Option<Word> {
    match severity {
        Severity::Critical | Severity::High => Some(DO_NOT_LOAD),
        Severity::Medium => Some(HAVE_A_LOOK),
        Severity::Low | Severity::Info => None,
    }
}

pub(crate) fn artifacts(number: u64) -> Text {
    Text::count(number, "artifact", "artifacts", "个文件")
}

pub(crate) fn findings(number: u64) -> Text {
    Text::count(number, "finding", "findings", "个发现")
}
