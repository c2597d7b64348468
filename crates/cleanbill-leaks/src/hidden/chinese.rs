//! Sentences of `phrases` in Chinese and Japanese, which do not divide words.

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
/// Ends of sentences and clauses.
const CLAUSE: &[&str] = &["。", "！", "？", "；", "\n", "\\n"];
/// Bytes of a clause on either side that are looked at.
const CLAUSE_BYTES: usize = 60;

/// Adds what a text wants.
pub(super) fn find(text: &[u8], all: &mut Vec<Saying>) {
    let mut add = |want, weight, range| {
        all.push(Saying { want, weight, range });
    };
    for verb in ASIDE {
        for at in memchr::memmem::find_iter(text, verb.as_bytes()).take(8) {
            let end = at.saturating_add(verb.len());
            let (behind, ahead) = (clause_before(text, at), clause_after(text, end));
            let set_aside = matches!(*verb, "遵守" | "理会");
            let denied = [
                "不要", "不能", "不可", "切勿", "请勿", "不得", "不会", "勿", "别", "被", "未", "不应",
            ]
            .iter()
            .any(|word| behind.ends_with(word.as_bytes()));
            if denied != set_aside {
                continue;
            }
            let japanese = *verb == "無視";
            let around = if japanese { behind } else { ahead };
            let Some(order) = ORDERS.iter().find_map(|word| {
                let place = memchr::memmem::find(around, word.as_bytes())?;
                Some((place, place.saturating_add(word.len())))
            }) else {
                continue;
            };
            let earlier = if japanese {
                around
            } else {
                around.get(..order.0).unwrap_or_default()
            };
            let Some(word) = EARLIER.iter().find(|word| contains(earlier, word.as_bytes())) else {
                continue;
            };
            let strong = !matches!(*verb, "跳过" | "绕过" | "忘记" | "遵守")
                && !matches!(*word, "任何" | "系统")
                && !around.get(order.0..).is_some_and(|rest| {
                    ["要求", "限制", "提示", "训练", "对话", "約束"]
                        .iter()
                        .any(|weak| rest.starts_with(weak.as_bytes()))
                        && !rest.starts_with("提示词".as_bytes())
                });
            let weight = if strong { Weight::High } else { Weight::Medium };
            let range = if japanese {
                at.saturating_sub(behind.len())..end
            } else {
                at..end.saturating_add(order.1)
            };
            add(Want::Override, weight, range);
        }
    }
    for secret in [
        "系统提示",
        "系统指令",
        "初始指令",
        "初始提示",
        "提示词",
        "系统设定",
        "隐藏指令",
    ] {
        for at in memchr::memmem::find_iter(text, secret.as_bytes()).take(8) {
            let behind = clause_before(text, at);
            let verb = [
                "输出", "显示", "打印", "泄露", "透露", "告诉", "重复", "复述", "展示", "公开", "说出",
                "给出",
            ]
            .iter()
            .find_map(|verb| memchr::memmem::rfind(behind, verb.as_bytes()));
            let yours = contains(behind, "你的".as_bytes()) || contains(behind, "您的".as_bytes());
            if let Some(verb) = verb.filter(|_| yours) {
                let start = at.saturating_sub(behind.len()).saturating_add(verb);
                add(
                    Want::Reveal,
                    Weight::Medium,
                    start..at.saturating_add(secret.len()),
                );
            }
        }
    }
    for (want, weight, telling) in [
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
    ] {
        for at in memchr::memmem::find_iter(text, telling.as_bytes()).take(4) {
            let end = at.saturating_add(telling.len());
            let ahead = clause_after(text, end);
            let model = want == Want::Persona
                && ["AI", "模型", "助手", "人工智能", "DAN"]
                    .iter()
                    .any(|word| contains(ahead, word.as_bytes()))
                && contains(clause_before(text, at), "你".as_bytes());
            add(want, if model { Weight::Medium } else { weight }, at..end);
        }
    }
}

fn clause_after(text: &[u8], from: usize) -> &[u8] {
    let rest = text.get(from..).unwrap_or_default();
    let rest = rest.get(..rest.len().min(CLAUSE_BYTES)).unwrap_or_default();
    let end = CLAUSE
        .iter()
        .filter_map(|mark| memchr::memmem::find(rest, mark.as_bytes()))
        .min();
    rest.get(..end.unwrap_or(rest.len())).unwrap_or_default()
}

fn clause_before(text: &[u8], to: usize) -> &[u8] {
    let rest = text.get(to.saturating_sub(CLAUSE_BYTES)..to).unwrap_or_default();
    let start = CLAUSE
        .iter()
        .filter_map(|mark| {
            memchr::memmem::rfind(rest, mark.as_bytes()).map(|at| at.saturating_add(mark.len()))
        })
        .max();
    rest.get(start.unwrap_or(0)..).unwrap_or_default()
}
