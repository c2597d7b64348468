//! Shows a call as evidence.

use cleanbill_code::python::{Call, Shown};

pub(super) fn evidence(call: &Call) -> String {
    fn show(shown: &Shown) -> String {
        match shown {
            Shown::Text(text) => format!(
                "{:?}",
                text.chars()
                    .take(120)
                    .collect::<String>()
                    .replace('\u{fffc}', "…")
            ),
            Shown::Number(number) => number.to_string(),
            Shown::Truth(true) => "True".to_owned(),
            Shown::Truth(false) => "False".to_owned(),
            Shown::Nothing => "None".to_owned(),
            Shown::Name(name) | Shown::Own(name) => name.clone(),
            Shown::List(items) => format!(
                "[{}]",
                items.iter().take(8).map(show).collect::<Vec<_>>().join(", ")
            ),
            Shown::Dictionary(_) => "{…}".to_owned(),
            Shown::Unknown => "…".to_owned(),
        }
    }
    let arguments: Vec<String> = call
        .arguments
        .iter()
        .take(4)
        .map(|argument| match &argument.name {
            Some(name) => format!("{name}={}", show(&argument.value)),
            None => show(&argument.value),
        })
        .collect();
    let name = call.callee.strip_prefix("builtins.").unwrap_or(&call.callee);
    format!("{name}({})", arguments.join(", "))
}
