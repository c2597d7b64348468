//! Judges the addresses that a program talks to.

use cleanbill_code::python::{Call, Shown};

pub(super) fn addresses(call: &Call) -> Option<String> {
    fn find(shown: &Shown) -> Option<String> {
        match shown {
            Shown::Text(text) => Some(text.clone()),
            Shown::List(items) => items.iter().find_map(find),
            _ => None,
        }
    }
    call.arguments.iter().find_map(|argument| find(&argument.value))
}

/// Knows hosts that honest models have no reason to talk to.
pub(super) fn odd_host(address: &str) -> bool {
    let lower = address.to_ascii_lowercase();
    let known = [
        "discord.com/api/webhooks",
        "discordapp.com/api/webhooks",
        "api.telegram.org/bot",
        "hooks.slack.com",
        "pastebin.com",
        "paste.ee",
        "hastebin",
        "ngrok",
        "webhook.site",
        "requestbin",
        "pipedream.net",
        "oast.",
        "interact.sh",
        "burpcollaborator",
        "transfer.sh",
        "file.io",
        "anonfiles",
        "0x0.st",
        ".onion",
        "termbin",
        "serveo.net",
        "requestcatcher",
        "beeceptor",
        "localtunnel",
        "trycloudflare",
        "gofile.io",
        "ix.io",
        "dpaste",
        "canarytokens",
        "rentry.co",
        "bit.ly/",
        "tinyurl.com/",
        "169.254.169.254",
        "metadata.google.internal",
        "ipinfo.io",
        "api.ipify.org",
        "ifconfig.me",
    ];
    if known.iter().any(|host| lower.contains(host)) {
        return true;
    }
    let host = lower.split("://").last().unwrap_or_default();
    let host: String = host
        .chars()
        .take_while(|c| c.is_ascii_digit() || *c == '.')
        .collect();
    let parts: Vec<&str> = host.split('.').collect();
    parts.len() == 4
        && parts.iter().all(|part| part.parse::<u8>().is_ok())
        && ![
            "127.", "10.", "192.168.", "0.0.0.0", "172.16.", "172.17.", "8.8.8.8", "8.8.4.4", "1.1.1.1",
            "255.", "224.", "239.",
        ]
        .iter()
        .any(|own| host.starts_with(own))
}

pub(super) fn address_is_own(call: &Call) -> bool {
    addresses(call).is_some_and(|address| {
        [
            "huggingface.co",
            "hf.co",
            "amazonaws.com",
            "googleapis.com",
            "github.com",
            "openai.com",
            "azure.com",
            "127.0.0.1",
            "localhost",
        ]
        .iter()
        .any(|host| address.contains(host))
    })
}

pub(super) fn address_is_hub(call: &Call) -> bool {
    addresses(call).is_some_and(|address| {
        let host = address
            .split("://")
            .nth(1)
            .unwrap_or_default()
            .split('/')
            .next()
            .unwrap_or_default();
        host == "huggingface.co" || host.ends_with(".huggingface.co")
    })
}

pub(super) fn address_is_foreign(call: &Call) -> bool {
    addresses(call).is_some_and(|address| address.contains("://") && !address.contains("://\u{fffc}"))
        && !address_is_own(call)
}

/// Names variables whose owner is one service, which no other has to see.
pub(super) fn own_secret(origin: &str) -> bool {
    let upper = origin.to_ascii_uppercase();
    [
        "HF_",
        "HUGGING",
        "AWS_",
        "GITHUB_",
        "GH_",
        "AZURE_",
        "GOOGLE_APPLICATION",
        "KAGGLE",
        "WANDB",
    ]
    .iter()
    .any(|owner| upper.contains(owner))
}
