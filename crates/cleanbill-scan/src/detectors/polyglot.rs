//! Detector `polyglot`.

use cleanbill_core::text;
use cleanbill_formats::Format;

use crate::{detector::detector, promise, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Bytes that are two formats at once: a picture that is also an archive, a model that is also a program.
    /// ## Why it matters
    /// What one tool approves as the first, another opens as the second.
    /// ## How it is decided
    /// Two formats recognise the content as likely or certain, and neither is a special case of the other. Text counts
    /// only as what it encodes. A llamafile is a program with an archive by design, and reported as a program.
    /// ## What it misses
    /// A second format that starts at an offset where no reader looks by itself.
    /// ## What to do
    /// Do not load it; no common tool writes such a file by accident. Self-extracting archives are the exception.
    /// ## References
    /// CWE-434, CWE-436.
    id: "polyglot",
    title: "Two formats at once", "同时符合两种格式",
    severity: High, confidence: High,
    tags: &["CWE-436"], controls: &["MOD-01"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    if scene.parsed.len() < 2 {
        return;
    }
    let likely = promise::likely(scene);
    let refines = |a: &Format, b: &Format| a.info().refines == Some(b.info().id);
    let llamafile = likely.contains(&Format::Llamafile);
    let is_part = |format: &Format| {
        likely.iter().any(|other| refines(other, format)) || llamafile && *format == Format::Executable
    };
    let apart: Vec<&Format> = likely.iter().filter(|format| !is_part(format)).collect();
    let siblings =
        |a: &Format, b: &Format| a.info().refines.is_some() && a.info().refines == b.info().refines;
    let pair = apart.iter().enumerate().find_map(|(index, one)| {
        let other = apart.iter().skip(index + 1).find(|other| !siblings(one, other))?;
        Some((one.info().name, other.info().name))
    });
    if let Some((first, second)) = pair {
        sink.report(
            None,
            text!(
                "the content is both {first} and {second}",
                "内容同时是 {first} 和 {second}"
            ),
        );
    }
}
