//! Sentences of `phrases` in Chinese and Japanese, which do not divide words.

use std::{ops::Range, sync::LazyLock};

use aho_corasick::AhoCorasick;

use super::phrases::{Saying, Want, Weight};
use crate::checks::contains;

/// What comes before, and what is meant, in Chinese and Japanese sentences.
const EARLIER: &[&str] = &[
    "之前",
    "以上",
    "上述",
    "先前",
    "前面",
    "此前",
    "所有",
    "一切",
    "原有",
    "原来",
    "原定",
    "既定",
    "内置",
    "默认",
    "开发者",
    "开发人员",
    "管理员",
    "平台",
    "安全",
    "给你",
    "收到",
    "上面",
    "系统",
    "你的",
    "您的",
    "全部",
    "任何",
    "以前",
    "今まで",
    "これまで",
    "すべて",
    "上記",
];
const ORDERS: &[&str] = &[
    "指令",
    "指示",
    "提示词",
    "提示語",
    "规则",
    "設定",
    "设定",
    "命令",
    "限制",
    "约束",
    "要求",
    "准则",
    "設置",
    "提示",
    "訓練",
    "训练",
    "对话",
];
/// Verbs that set aside, and weights.
const ASIDE: &[&str] = &[
    "忽略", "无视", "忘记", "忘掉", "抛开", "理会", "無視", "遵守", "摒弃", "跳过", "绕过",
];
/// Bytes of a clause on either side that are looked at.
const CLAUSE_BYTES: usize = 60;

/// Names of instructions that are to stay hidden.
const SECRETS: &[&str] = &[
    "系统提示",
    "系统指令",
    "初始指令",
    "初始提示",
    "提示词",
    "系统设定",
    "隐藏指令",
];
/// Words that tell by themselves.
const TELLING: &[(Want, Weight, &str)] = &[
    (Want::Conceal, Weight::Low, "不要告诉用户"),
    (Want::Conceal, Weight::Low, "不要让用户知道"),
    (Want::Conceal, Weight::Low, "不要向用户提及"),
    (Want::Conceal, Weight::Low, "不要通知用户"),
    (Want::Conceal, Weight::Low, "对用户隐瞒"),
    (Want::Persona, Weight::Joint, "不受任何限制"),
    (Want::Persona, Weight::Joint, "没有任何限制"),
    (Want::Obey, Weight::Joint, "从现在起"),
    (Want::Obey, Weight::Joint, "从现在开始"),
    (Want::Obey, Weight::Medium, "你的新任务是"),
    (Want::Obey, Weight::Medium, "你的新指令"),
    (Want::Obey, Weight::Joint, "新的指令"),
    (Want::Send, Weight::Joint, "发送到http"),
    (Want::Send, Weight::Joint, "发送到 http"),
    (Want::Send, Weight::Joint, "发送至"),
    (Want::Address, Weight::Joint, "如果你是AI"),
    (Want::Address, Weight::Joint, "如果你是人工智能"),
    (Want::Address, Weight::Joint, "必须推荐"),
    (Want::Address, Weight::Joint, "务必推荐"),
];
/// LIMIT: words of all these lists that are looked at in one text.
const LOOKED_AT: usize = 24;

/// All these lists in one search, in this order.
static SEARCH: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let telling = TELLING.iter().map(|(_, _, word)| *word);
    AhoCorasick::new(ASIDE.iter().chain(SECRETS).copied().chain(telling)).ok()
});

/// Adds what a text wants.
pub(super) fn find(text: &[u8], all: &mut Vec<Saying>) {
    let Some(search) = SEARCH.as_ref() else { return };
    for found in search.find_overlapping_iter(text).take(LOOKED_AT) {
        let (place, range) = (found.pattern().as_usize(), found.range());
        let telling = place.checked_sub(ASIDE.len().saturating_add(SECRETS.len()));
        if let Some(verb) = ASIDE.get(place) {
            all.extend(set_aside(text, verb, range));
        } else if let Some((want, weight, _)) = telling.and_then(|place| TELLING.get(place)) {
            all.push(tells(text, *want, *weight, range));
        } else {
            all.extend(reveals(text, range));
        }
    }
}

/// Looks at a verb by which instructions are set aside.
fn set_aside(text: &[u8], verb: &str, range: Range<usize>) -> Option<Saying> {
    let (behind, ahead) = (clause_before(text, range.start), clause_after(text, range.end));
    let denied = [
        "不要", "不能", "不可", "切勿", "请勿", "不得", "不会", "勿", "别", "被", "未", "不应",
    ]
    .iter()
    .any(|word| behind.ends_with(word.as_bytes()));
    if denied != matches!(verb, "遵守" | "理会") {
        return None;
    }
    let japanese = verb == "無視";
    let around = if japanese { behind } else { ahead };
    let (start, end) = ORDERS.iter().find_map(|word| {
        let place = find_in(around, word)?;
        Some((place, place.saturating_add(word.len())))
    })?;
    let earlier = if japanese { around } else { around.get(..start)? };
    let word = EARLIER.iter().find(|word| contains(earlier, word.as_bytes()))?;
    let weak = around.get(start..).is_some_and(|rest| {
        ["要求", "限制", "提示", "训练", "对话", "約束"]
            .iter()
            .any(|weak| rest.starts_with(weak.as_bytes()))
            && !rest.starts_with("提示词".as_bytes())
    });
    let weak = weak || matches!(verb, "跳过" | "绕过" | "忘记" | "遵守") || matches!(*word, "任何" | "系统");
    Some(Saying {
        want: Want::Override,
        weight: if weak { Weight::Medium } else { Weight::High },
        range: if japanese {
            range.start.saturating_sub(behind.len())..range.end
        } else {
            range.start..range.end.saturating_add(end)
        },
    })
}

/// Looks for a verb by which instructions are given away.
fn reveals(text: &[u8], range: Range<usize>) -> Option<Saying> {
    let behind = clause_before(text, range.start);
    if !contains(behind, "你的".as_bytes()) && !contains(behind, "您的".as_bytes()) {
        return None;
    }
    let verb = [
        "输出", "显示", "打印", "泄露", "透露", "告诉", "重复", "复述", "展示", "公开", "说出", "给出",
    ]
    .iter()
    .find_map(|verb| find_in(behind, verb))?;
    Some(Saying {
        want: Want::Reveal,
        weight: Weight::Medium,
        range: range.start.saturating_sub(behind.len()).saturating_add(verb)..range.end,
    })
}

fn tells(text: &[u8], want: Want, weight: Weight, range: Range<usize>) -> Saying {
    let ahead = clause_after(text, range.end);
    let model = want == Want::Persona
        && ["AI", "模型", "助手", "人工智能", "DAN"]
            .iter()
            .any(|word| contains(ahead, word.as_bytes()))
        && contains(clause_before(text, range.start), "你".as_bytes());
    Saying {
        want,
        weight: if model { Weight::Medium } else { weight },
        range,
    }
}

/// Finds a word in a clause, which is too short for a prepared search.
fn find_in(clause: &[u8], word: &str) -> Option<usize> {
    clause
        .windows(word.len())
        .position(|window| window == word.as_bytes())
}

fn clause_after(text: &[u8], from: usize) -> &[u8] {
    let rest = text.get(from..).unwrap_or_default();
    let rest = rest.get(..rest.len().min(CLAUSE_BYTES)).unwrap_or_default();
    let end = (0..rest.len()).find(|at| rest.get(*at..).is_some_and(|rest| ends_clause(rest) > 0));
    rest.get(..end.unwrap_or(rest.len())).unwrap_or_default()
}

fn clause_before(text: &[u8], to: usize) -> &[u8] {
    let rest = text.get(to.saturating_sub(CLAUSE_BYTES)..to).unwrap_or_default();
    let start = (0..rest.len()).rev().find_map(|at| {
        let length = ends_clause(rest.get(at..)?);
        (length > 0).then_some(at.saturating_add(length))
    });
    rest.get(start.unwrap_or(0)..).unwrap_or_default()
}

/// Returns the length of the sign that ends a sentence or a clause here, or 0.
fn ends_clause(rest: &[u8]) -> usize {
    match rest {
        // 。 ！ ？ ；
        [0xe3, 0x80, 0x82, ..] | [0xef, 0xbc, 0x81 | 0x9f | 0x9b, ..] => 3,
        [b'\n', ..] => 1,
        [b'\\', b'n', ..] => 2,
        _ => 0,
    }
}
