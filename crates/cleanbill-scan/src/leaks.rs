//! Runs the leak engine over bytes of a scene and reports what it finds. The engine is built once, when the first text asks.

use std::{ops::Range, sync::OnceLock};

use cleanbill_core::{Confidence, Severity, Text, text};
use cleanbill_formats::bytes::{read_full, size_u64, view_range};
use cleanbill_leaks::{Hit, Level, Rules, Scanner, State};

use crate::{scene::Scene, sink::Sink};

/// Bytes read at a time; what is not longer is read at once.
const PIECE_BYTES: usize = 256 * 1024;
/// LIMIT: findings listed for each text. The rest is counted in one more finding, of the severity of the worst, so that
/// no verdict improves.
const LISTED: usize = 200;

/// Says which byte of a wide character comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Little,
    Big,
}

/// Searches `range` of the scene's bytes and reports under the message that `message` makes of a rule's name.
pub(crate) fn report(
    scene: &Scene<'_>,
    range: Range<u64>,
    wide: Option<Order>,
    sink: &mut Sink<'_>,
    message: impl Fn(&str) -> Text,
) {
    let in_metadata = wide.is_none() && !scene.is(cleanbill_formats::Format::Text);
    let scanner = scanner();
    let mut found = Found::default();
    let whole = (range.start == 0 && range.end <= size_u64(scene.head.len()))
        .then(|| scene.head.get(..usize::try_from(range.end).unwrap_or(0)))
        .flatten();
    match whole {
        Some(bytes) if wide.is_none() => found.take(scanner.scan_all(bytes)),
        _ => stream(scene, &range, wide, scanner, &mut found),
    }
    if found.hits.is_empty() && found.lost_at.is_none() {
        return;
    }
    let scale: u64 = if wide.is_some() { 2 } else { 1 };
    let start = if wide.is_some() || whole.is_some() {
        0
    } else {
        range.start
    };
    let by_name = |hit: &Hit| hit.confidence == Level::Low;
    found.hits.retain(|hit| !(in_metadata && by_name(hit)));
    let worst = found.hits.iter().map(|hit| hit.severity).max();
    let more = u64::try_from(found.hits.len().saturating_sub(LISTED)).unwrap_or(0) + found.dropped;
    found
        .hits
        .sort_by_key(|hit| (std::cmp::Reverse(hit.severity), hit.range.start));
    for hit in found.hits.iter().take(LISTED) {
        let name = scanner.rule(hit).map_or("", |rule| rule.name.as_str());
        let message = if hit.wrapped {
            let (en, zh) = (format!("{name}, in base64"), format!("{name}（base64 编码）"));
            let (en, zh) = (message(&en), message(&zh));
            Text::new(en.en(), zh.get(cleanbill_core::Language::Chinese))
        } else {
            message(name)
        };
        let place = start + hit.range.start * scale..start + hit.range.end * scale;
        let id = hit.id(scanner);
        sink.report(Some(place), message)
            .severity(severity(hit.severity))
            .confidence(confidence(hit.confidence))
            .evidence(&format!("{id}: {}", hit.evidence))
            .hint(text!(
                "revoke it where it was issued, then remove it",
                "先在签发方吊销，再将其移除"
            ));
    }
    if let (Some(worst), 1..) = (worst, more) {
        sink.report(
            None,
            text!(
                "{more} more credentials in this text are not listed",
                "此文本中另有 {more} 个凭据未列出"
            ),
        )
        .severity(severity(worst));
    }
    if let Some(at) = found.lost_at {
        sink.report(
            Some(at..at),
            text!(
                "cannot be read to its end: not searched for credentials from byte {at}",
                "无法读至末尾：自第 {at} 字节起未搜索凭据"
            ),
        )
        .severity(Severity::Medium);
    }
}

/// Feeds the texts of all rules to a digest.
pub(crate) fn feed_rules(feed: &mut dyn FnMut(&[u8])) {
    for text in Rules::texts() {
        feed(text.as_bytes());
    }
}

fn scanner() -> &'static Scanner {
    static SCANNER: OnceLock<Scanner> = OnceLock::new();
    SCANNER.get_or_init(|| Scanner::new(Rules::secrets()))
}

#[derive(Default)]
struct Found {
    hits: Vec<Hit>,
    dropped: u64,
    lost_at: Option<u64>,
}

impl Found {
    fn take(&mut self, hits: Vec<Hit>) {
        self.hits.extend(hits);
    }
}

fn stream(scene: &Scene<'_>, range: &Range<u64>, wide: Option<Order>, scanner: &Scanner, found: &mut Found) {
    let end = range.end.min(scene.source.size());
    let length = end.saturating_sub(range.start);
    if wide.is_none() && length <= size_u64(PIECE_BYTES) {
        match view_range(scene.source, range.start..end, length) {
            Ok(bytes) => found.take(scanner.scan_all(&bytes)),
            Err(error) => found.lost_at = Some(error.offset),
        }
        return;
    }
    let mut state = State::default();
    let mut piece = vec![0; PIECE_BYTES];
    let mut at = range.start;
    while at < end {
        let room = usize::try_from(end - at).unwrap_or(PIECE_BYTES).min(PIECE_BYTES);
        match read_full(scene.source, at, piece.get_mut(..room).unwrap_or_default()) {
            Ok(0) => break,
            Ok(count) => {
                let bytes = piece.get(..count).unwrap_or_default();
                found.take(match wide {
                    None => scanner.scan(&mut state, bytes),
                    Some(order) => scanner.scan(&mut state, &narrow(bytes, order)),
                });
                at += size_u64(count);
            }
            Err(error) => {
                found.lost_at = Some(error.offset);
                break;
            }
        }
    }
    found.take(scanner.finish(&mut state));
    found.dropped = state.dropped();
}

/// Makes one byte of each two-byte unit, so that places stay countable; what is not ASCII becomes a byte that no rule takes.
fn narrow(bytes: &[u8], order: Order) -> Vec<u8> {
    let (units, _) = bytes.as_chunks::<2>();
    let unit = |pair: &[u8; 2]| match order {
        Order::Little => u16::from_le_bytes(*pair),
        Order::Big => u16::from_be_bytes(*pair),
    };
    units
        .iter()
        .map(|pair| match u8::try_from(unit(pair)) {
            Ok(byte) if byte.is_ascii() => byte,
            _ => 0xff,
        })
        .collect()
}

fn severity(level: Level) -> Severity {
    match level {
        Level::Low => Severity::Low,
        Level::Medium => Severity::Medium,
        Level::High => Severity::High,
    }
}

fn confidence(level: Level) -> Confidence {
    match level {
        Level::Low => Confidence::Low,
        Level::Medium => Confidence::Medium,
        Level::High => Confidence::High,
    }
}
