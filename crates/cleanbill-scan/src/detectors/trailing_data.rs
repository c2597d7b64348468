//! Detector `trailing-data`.

use cleanbill_core::text;
use cleanbill_formats::{FormatView, Payload};

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Bytes after the end that a file's own structure has.
    /// ## Why it matters
    /// Readers stop at the end; what follows travels unseen, and can be a second file.
    /// ## How it is decided
    /// Parsers that know the end show the rest as the member `[after]`, which is examined as any file.
    /// ## What it misses
    /// Formats whose end is not known.
    /// ## What to do
    /// Look at what was found in the member; ask the supplier if it is nothing known.
    /// ## References
    /// CWE-506.
    id: "trailing-data",
    title: "Bytes after the end", "结尾之后的字节",
    severity: Low, confidence: High,
    tags: &["CWE-506"], controls: &["MOD-01"],
    on: any view => run,
}

fn run(view: &dyn FormatView, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for member in view.members().iter().filter(|member| member.name == "[after]") {
        if let Payload::Section(range) = &member.payload {
            let bytes = range.end.saturating_sub(range.start);
            sink.report(
                Some(range.clone()),
                text!(
                    "{bytes} bytes follow the end of the structure",
                    "结构结束后还有 {bytes} 字节"
                ),
            );
        }
    }
}
