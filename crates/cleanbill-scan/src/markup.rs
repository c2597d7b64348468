//! Judges what pages and their scripts do to whoever looks at them.

use cleanbill_core::{Severity, Text, text};

use crate::programs::commands;

/// Says whether a page holds a script.
pub(crate) fn has_script(page: &str) -> bool {
    find_tag(page, "<script").is_some()
}

/// Lists what a page or script does beyond drawing, with the text that shows it.
pub(crate) fn judge(page: &str, is_script: bool) -> Vec<(Severity, Text, String)> {
    let lower = page.to_ascii_lowercase();
    let scripted = is_script
        || [
            "<script",
            "javascript:",
            "onerror",
            "onload",
            "onclick",
            "onmouse",
            "onfocus",
            "onbegin",
            "srcdoc",
        ]
        .iter()
        .any(|word| lower.contains(word));
    let mut found = Vec::new();
    if scripted {
        found.extend(kernel(page, &lower));
        found.extend(hidden_code(page, &lower));
        found.extend(sends(page, &lower));
    }
    found.extend(handlers(page, &lower));
    found.extend(hosts(page, &lower));
    found.extend(forms(page, &lower));
    found
}

/// Words by which a script gives code to the kernel.
const EXECUTES: &[&str] = &[
    "kernel.execute(",
    "requestexecute(",
    ".execute_cell(",
    ".execute_all_cells(",
    "execute_cells_above(",
    "code_cell.execute",
    "notebook.execute",
    "runcell(",
    "\"execute_request\"",
    "'execute_request'",
    "kernel.invokefunction(",
    "insert_cell_at_index(",
    "insert_cell_below(",
    "insert_cell_above(",
    "notebook:run-",
    "runmenu:run",
];
/// Interfaces of the Jupyter server.
const SERVER: &[&str] = &[
    "/api/terminals",
    "api/terminals",
    "/terminals/websocket",
    "api/kernels",
    "api/contents",
    "api/sessions",
    "_xsrf",
];
/// What libraries themselves ask of the kernel.
const OWN: &[&str] = &[
    "bokeh",
    "holoviews",
    "panel",
    "google.colab",
    "pyviz_comms",
    "comm_manager",
    "colab-df",
    "hvplot",
    "plotly",
    "interactivesheet",
];

fn kernel(page: &str, lower: &str) -> Option<(Severity, Text, String)> {
    let (at, word) = EXECUTES
        .iter()
        .find_map(|word| Some((lower.find(word)?, *word)))
        .or_else(|| {
            SERVER.iter().find_map(|word| {
                let at = lower.find(word)?;
                let asks = [
                    "fetch(",
                    "xmlhttprequest",
                    "$.ajax",
                    "$.post",
                    "$.get",
                    "axios",
                    "websocket(",
                    "sendbeacon",
                ];
                asks.iter().any(|ask| lower.contains(ask)).then_some((at, *word))
            })
        })?;
    let server = SERVER.contains(&word);
    let python = [
        "os.system",
        "os.popen",
        "subprocess",
        "__import__",
        "exec(",
        "eval(",
        "socket",
        "urllib",
        "requests.",
        "base64",
        "import os",
        "pty.",
        "shutil",
        "curl ",
        "wget ",
        "!bash",
        "!sh",
        "open(",
    ];
    // A library's own call is short and says its name; the megabytes around it hold every word there is.
    let near = around(lower, at, 600);
    let attacks = python.iter().any(|word| near.contains(word)) || commands::is_attack(near);
    let own = !server && OWN.iter().any(|name| near.contains(name));
    let severity = match () {
        () if own && !attacks => Severity::Low,
        () if lower.len() > LIBRARY_BYTES && !attacks => Severity::Low,
        () => Severity::High,
    };
    let message = if server {
        text!("a script calls the notebook server", "脚本调用笔记本服务器接口")
    } else {
        text!("a script gives code to the kernel", "脚本向内核发送代码")
    };
    Some((severity, message, around(page, at, 60).to_owned()))
}

/// Scripts beyond this length are libraries that an output brings along; words in them tell little.
const LIBRARY_BYTES: usize = 200 * 1024;

fn hidden_code(page: &str, lower: &str) -> Option<(Severity, Text, String)> {
    let runs = [
        "eval(",
        "new function(",
        "settimeout(atob",
        "setinterval(atob",
        "document.write(",
    ];
    let decodes = [
        "atob(",
        "unescape(",
        "string.fromcharcode(",
        "decodeuricomponent(escape(",
    ];
    let at = runs.iter().find_map(|run| {
        lower.match_indices(run).map(|(at, _)| at).find(|at| {
            let near = lower.get(*at..).map(|rest| cut(rest, 80)).unwrap_or_default();
            decodes.iter().any(|decode| near.contains(decode)) || run.contains("atob")
        })
    })?;
    Some((
        Severity::High,
        text!("a script decodes and runs code", "脚本解码并运行代码"),
        around(page, at, 60).to_owned(),
    ))
}

fn sends(page: &str, lower: &str) -> Option<(Severity, Text, String)> {
    let asks = [
        "fetch(",
        "sendbeacon(",
        "xmlhttprequest",
        "new image(",
        ".src=",
        ".src =",
        "websocket(",
        "$.post(",
        "$.get(",
        "location=",
        "location.href",
        "location =",
    ];
    let at = [
        "document.cookie",
        "localstorage.getitem(\"token",
        "localstorage.getitem('token",
        "jupyter-config-data",
    ]
    .iter()
    .find_map(|word| {
        lower.match_indices(word).map(|(at, _)| at).find(|at| {
            let near = around(lower, *at, 300);
            (near.contains("://") || near.contains("\"//") || near.contains("'//"))
                && asks.iter().any(|ask| near.contains(ask))
        })
    })?;
    Some((
        Severity::High,
        text!(
            "a script sends what the page holds to another machine",
            "脚本将页面内容发送到其他机器"
        ),
        around(page, at, 60).to_owned(),
    ))
}

/// Handlers that run without a click, and frames that run code.
fn handlers(page: &str, lower: &str) -> Option<(Severity, Text, String)> {
    let handled = [
        "<img", "<svg", "<video", "<audio", "<body", "<input", "<details", "<object", "<embed", "<iframe",
        "<animate", "<set", "<marquee", "<style", "<link",
    ]
    .iter()
    .find_map(|tag| {
        tags(lower, tag).find(|(_, text)| {
            [
                "onerror",
                "onload",
                "onfocus",
                "ontoggle",
                "onbegin",
                "onstart",
                "onpageshow",
                "onanimationstart",
            ]
            .iter()
            .any(|name| {
                text.split_once(name).is_some_and(|(before, after)| {
                    before.ends_with([' ', '\n', '\t', '/', '"', '\'']) && after.trim_start().starts_with('=')
                })
            }) || text.split('=').skip(1).any(|value| {
                value
                    .trim_start_matches([' ', '"', '\''])
                    .starts_with("javascript:")
            }) || text.contains("data:text/html") && text.contains("src") && decoded_attack(text)
        })
    });
    let (at, _) = handled?;
    Some((
        Severity::Medium,
        text!("an element runs a script by itself", "页面元素会自动运行脚本"),
        around(page, at, 80).to_owned(),
    ))
}

/// Pages of maps stand in frames as `data:` addresses; what runs code in them by attack words counts.
fn decoded_attack(tag: &str) -> bool {
    tag.contains("eval(") || tag.contains("%3cscript%3eeval")
}

/// Hosts that libraries of the field take their scripts from, with everything below them.
const HOSTS: &[&str] = &[
    "ajax.googleapis.com",
    "apis.google.com",
    "bokeh.org",
    "cdn.bokeh.org",
    "cdn.plot.ly",
    "plot.ly",
    "cdn.pydata.org",
    "cdn.holoviz.org",
    "cdnjs.cloudflare.com",
    "code.jquery.com",
    "cdn.datatables.net",
    "cdn.jsdelivr.net",
    "d3js.org",
    "gstatic.com",
    "www.gstatic.com",
    "github.io",
    "maps.googleapis.com",
    "maxcdn.bootstrapcdn.com",
    "netdna.bootstrapcdn.com",
    "stackpath.bootstrapcdn.com",
    "unpkg.com",
    "use.fontawesome.com",
    "kit.fontawesome.com",
    "s3.amazonaws.com",
    "cdn.mathjax.org",
    "cdn.rawgit.com",
    "rawgit.com",
    "raw.githubusercontent.com",
    "cdn.knightlab.com",
    "api.mapbox.com",
    "api.tiles.mapbox.com",
    "js.arcgis.com",
    "unpkg.zhimg.com",
    "assets.pyecharts.org",
    "cdn.pyviz.org",
    "huggingface.co",
    "wandb.ai",
    "youtube.com",
    "www.youtube.com",
    "google.com",
    "www.google.com",
    "colab.research.google.com",
    "vega.github.io",
    "esm.sh",
    "cdn.skypack.dev",
    "polyfill.io",
    "public.tableau.com",
    "platform.twitter.com",
    "embed.tawk.to",
    "cdn.tailwindcss.com",
    "requirejs.org",
    "www.googletagmanager.com",
    "gradio.live",
    "gradio.s3-us-west-2.amazonaws.com",
    "jupyter.org",
    "localhost",
    "127.0.0.1",
];

fn hosts(page: &str, lower: &str) -> Option<(Severity, Text, String)> {
    let (at, host) = tags(lower, "<script").find_map(|(at, tag)| {
        let source = tag.split_once("src")?.1.trim_start().strip_prefix('=')?;
        let address = source.trim_start_matches([' ', '"', '\'', '\\']);
        let rest = address
            .strip_prefix("https://")
            .or_else(|| address.strip_prefix("http://"))
            .or_else(|| address.strip_prefix("//"))?;
        let host = rest.split(['/', '"', '\'', '?', '#', ' ', '>', ':']).next()?;
        let host = host.rsplit('@').next().unwrap_or(host);
        (!is_known(host)).then_some((at, host.to_owned()))
    })?;
    Some((
        Severity::Medium,
        text!("a script is fetched from `{host}`", "从 `{host}` 获取脚本"),
        around(page, at, 80).to_owned(),
    ))
}

fn is_known(host: &str) -> bool {
    HOSTS
        .iter()
        .any(|known| host == *known || host.strip_suffix(known).is_some_and(|rest| rest.ends_with('.')))
}

fn forms(page: &str, lower: &str) -> Option<(Severity, Text, String)> {
    let (at, _) = tags(lower, "<form").find(|(_, tag)| {
        tag.split_once("action").is_some_and(|(_, rest)| {
            let target = rest.trim_start_matches([' ', '=', '"', '\'']);
            target.starts_with("http") || target.starts_with("//")
        })
    })?;
    let asks = tags(lower, "<input").any(|(_, tag)| tag.contains("password"));
    asks.then(|| {
        (
            Severity::High,
            text!(
                "a form asks for a password and sends it to another machine",
                "表单索取密码并发送到其他机器"
            ),
            around(page, at, 80).to_owned(),
        )
    })
}

fn find_tag(page: &str, tag: &str) -> Option<usize> {
    page.match_indices('<').map(|(at, _)| at).find(|at| {
        page.get(*at..at.saturating_add(tag.len()))
            .is_some_and(|text| text.eq_ignore_ascii_case(tag))
    })
}

/// Lists the tags of a kind, up to their end.
fn tags<'a>(lower: &'a str, tag: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    lower.match_indices(tag).take(TAGS).map(|(at, _)| {
        let rest = lower.get(at..).unwrap_or_default();
        let rest = cut(rest, TAG_BYTES);
        (at, rest.split('>').next().unwrap_or(rest))
    })
}

/// LIMIT: tags of one kind that are looked at in one page.
const TAGS: usize = 10_000;
/// LIMIT: bytes of one tag.
const TAG_BYTES: usize = 4 * 1024;

fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

/// Returns the text around a place, so many bytes on either side.
fn around(text: &str, at: usize, bytes: usize) -> &str {
    let start = text.floor_char_boundary(at.saturating_sub(bytes / 4));
    let end = text.floor_char_boundary(at.saturating_add(bytes));
    text.get(start..end).unwrap_or_default()
}
