//! Descriptions of stored arrays: Zarr and `TensorStore`.

use std::ops::Range;

use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Probe, Score,
    json::{Event, JsonError, Reader, Strictness, outline},
    notes::Notes,
    registry::{ParseResult, format_info},
};

format_info! {
    /// ## What it is
    /// JSON that describes arrays stored in many files: `.zarray`, `.zgroup` and `.zmetadata` of Zarr 2, `zarr.json` of Zarr 3,
    /// and specifications of TensorStore, which Orbax checkpoints use too. The chunks stand in files beside it.
    /// ## What is read
    /// Every value but the attributes that users give: codecs and filters of each array, its type, and the places that a
    /// specification names.
    /// ## What is reported
    /// JSON that breaks off or nests too deep, and keys that stand twice, of which readers take different ones.
    /// ## Limits
    /// Values nest at most 256 levels; 10,000 codecs, arrays of objects and places are kept of each. A description is known
    /// by an outermost key (`zarr_format`, `zarr_consolidated_format`, or `driver` with `kvstore`) within the first 16 MiB.
    /// ## References
    /// Zarr storage specification version 2; Zarr core specification version 3; TensorStore "Spec" and its JSON schema.
    "zarr", "array store description", extensions: &[], refines: None,
    dialects: ["tensorstore-spec": "specification of TensorStore"]
}

/// LIMIT: levels that values nest.
const DEPTH: usize = 256;
/// LIMIT: facts of each kind that are kept.
const KEPT: usize = 10_000;
/// LIMIT: bytes of a text that are kept.
const TEXT_BYTES: usize = 4_096;
/// Keys under which a specification names a place.
const PLACES: &[&str] = &[
    "kvstore", "path", "base", "base_url", "url", "bucket", "endpoint", "host", "address",
];

static BROKEN: AnomalyKind = AnomalyKind::damage(
    "zarr-broken",
    "the JSON breaks off or nests too deep",
    "JSON 中断或嵌套过深",
);
static LIMIT: AnomalyKind = AnomalyKind::limit(
    "zarr-limit",
    "more codecs, arrays or places than are examined",
    "编解码器、数组或位置的数量超过检查上限",
);
static REPEATED: AnomalyKind = AnomalyKind::evasion(
    "zarr-repeated-key",
    "a key stands twice in one object; readers take different ones",
    "同一对象中有重复的键；不同读取器取不同的值",
);

/// Names a codec of an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codec {
    /// Name, without what stands before the last dot or slash.
    pub name: String,
    /// Keys that lead to it.
    pub path: String,
    /// Where the name stands.
    pub range: Range<u64>,
}

/// Names an array of Python objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectArray {
    /// Keys that lead to it.
    pub path: String,
    /// Whether a filter says how objects are written.
    pub has_filter: bool,
    /// Where its type stands.
    pub range: Range<u64>,
}

/// Names a place outside of the description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Driver that goes there, or an empty text.
    pub driver: String,
    /// Key.
    pub key: String,
    /// The place.
    pub value: String,
    /// Where it stands.
    pub range: Range<u64>,
}

/// Shows a description.
#[derive(Debug, Default)]
pub struct View {
    /// It is a specification of `TensorStore`.
    pub is_spec: bool,
    /// Codecs and filters.
    pub codecs: Vec<Codec>,
    /// Arrays of Python objects.
    pub objects: Vec<ObjectArray>,
    /// Places that a specification names.
    pub places: Vec<Place>,
    anomalies: Vec<Anomaly>,
}

impl FormatView for View {
    fn anomalies(&self) -> &[Anomaly] {
        &self.anomalies
    }

    fn dialects(&self) -> Vec<&'static str> {
        if self.is_spec {
            vec!["tensorstore-spec"]
        } else {
            Vec::new()
        }
    }
}

/// Knows a description by its outermost keys.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    let keys = outline(probe, &[b"zarr_format", b"zarr_consolidated_format", b"kvstore"])?;
    let has = |wanted: &str| keys.iter().any(|key| key == wanted);
    let array = has("zarr_format") || has("zarr_consolidated_format");
    (array || is_spec(&keys)).then_some(Score::Likely)
}

fn is_spec(keys: &[String]) -> bool {
    let has = |wanted: &str| keys.iter().any(|key| key == wanted);
    has("driver") && (has("kvstore") || has("layers") || has("base"))
}

/// Reads every value.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let size = input.source.size();
    let mut walk = Walk {
        notes: Notes::default(),
        view: View::default(),
        open: Vec::new(),
        top: Vec::new(),
    };
    let mut reader = Reader::new(input.source, 0..size, Strictness::Python, DEPTH, TEXT_BYTES);
    loop {
        match reader.next() {
            Ok(Some((event, range))) => walk.event(event, &reader, range),
            Ok(None) => break,
            Err(JsonError::Source(error)) => return Err(error),
            Err(error) => {
                let at = error.offset().unwrap_or(0).min(size);
                walk.notes.push(&BROKEN, at..size, error.to_string());
                // What was open still counts.
                while let Some(frame) = walk.open.pop() {
                    walk.close(frame);
                }
                break;
            }
        }
    }
    let mut view = walk.view;
    view.is_spec = is_spec(&walk.top);
    if !view.is_spec {
        view.places.clear();
    }
    view.anomalies = walk.notes.finish();
    Ok(view)
}

/// What an object or a list is part of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Within {
    #[default]
    Description,
    /// A list of codecs, or settings of one.
    Codecs,
    /// Attributes that users give, which say nothing to readers.
    Attributes,
}

/// An object or a list that is open.
#[derive(Debug, Default)]
struct Frame {
    is_list: bool,
    /// The key under which it stands, or that of the list around it.
    under: String,
    /// The last key in it.
    key: String,
    within: Within,
    /// Of objects: type is one of objects, a filter stands there, the driver, places.
    objects: Option<Range<u64>>,
    has_filter: bool,
    driver: String,
    places: Vec<Place>,
}

struct Walk {
    notes: Notes,
    view: View,
    open: Vec<Frame>,
    top: Vec<String>,
}

impl Walk {
    fn event(&mut self, event: Event, reader: &Reader<'_>, range: Range<u64>) {
        match event {
            Event::ObjectStart | Event::ArrayStart => self.enter(event == Event::ArrayStart),
            Event::ObjectEnd | Event::ArrayEnd => {
                if let Some(frame) = self.open.pop() {
                    self.close(frame);
                }
            }
            Event::Key { repeated } => {
                let key = reader.text().into_owned();
                let outermost = self.open.len() == 1;
                if let Some(frame) = self.open.last_mut() {
                    if repeated && frame.within != Within::Attributes {
                        self.notes.push(&REPEATED, range, key.clone());
                    }
                    if outermost && self.top.len() < KEPT {
                        self.top.push(key.clone());
                    }
                    frame.key = key;
                }
            }
            Event::String => self.text(reader.text().into_owned(), range),
            Event::Number | Event::Bool | Event::Null => {}
        }
    }

    fn enter(&mut self, is_list: bool) {
        let mut frame = Frame {
            is_list,
            ..Frame::default()
        };
        if let Some(around) = self.open.last_mut() {
            let under = if around.is_list {
                &around.under
            } else {
                &around.key
            };
            let codecs = matches!(
                under.as_str(),
                "filters" | "compressor" | "compressors" | "codecs" | "serializer" | "object_codec"
            );
            if !around.is_list && under == "filters" && is_list {
                around.has_filter = true;
            }
            let attributes = !around.is_list && under == "attributes" || under.ends_with(".zattrs");
            frame.within = match around.within {
                Within::Attributes => Within::Attributes,
                _ if attributes => Within::Attributes,
                Within::Description if codecs => Within::Codecs,
                other => other,
            };
            frame.under.clone_from(under);
        }
        self.open.push(frame);
    }

    fn text(&mut self, value: String, range: Range<u64>) {
        let path = self.path();
        let Some(frame) = self
            .open
            .last_mut()
            .filter(|frame| frame.within != Within::Attributes)
        else {
            return;
        };
        let key = if frame.is_list {
            frame.under.clone()
        } else {
            frame.key.clone()
        };
        let names_codec = (frame.within == Within::Codecs)
            && if frame.is_list {
                matches!(key.as_str(), "codecs" | "filters")
            } else {
                matches!(key.as_str(), "id" | "name")
            }
            || !frame.is_list && matches!(key.as_str(), "object_codec" | "compressor");
        if names_codec {
            let name = value.rsplit(['.', '/']).next().unwrap_or_default().to_owned();
            keep(
                &mut self.view.codecs,
                Codec {
                    name,
                    path,
                    range: range.clone(),
                },
                &mut self.notes,
                &range,
            );
            return;
        }
        match key.as_str() {
            "dtype" if frame.within != Within::Codecs && is_object(&value) => self.objects_at(range),
            "driver" => frame.driver = value,
            key if PLACES.contains(&key) && !frame.is_list => {
                let place = Place {
                    driver: String::new(),
                    key: key.to_owned(),
                    value,
                    range: range.clone(),
                };
                keep(&mut frame.places, place, &mut self.notes, &range);
            }
            _ => {}
        }
    }

    /// Notes that the array around has objects: its type may stand some lists deep.
    fn objects_at(&mut self, range: Range<u64>) {
        if let Some(frame) = self.open.iter_mut().rev().find(|frame| !frame.is_list) {
            frame.objects.get_or_insert(range);
        }
    }

    fn close(&mut self, frame: Frame) {
        let path = self.path();
        if let Some(range) = frame.objects {
            let array = ObjectArray {
                path,
                has_filter: frame.has_filter,
                range: range.clone(),
            };
            keep(&mut self.view.objects, array, &mut self.notes, &range);
        }
        // The driver of an object without one is that of the object around it.
        let around = self
            .open
            .iter()
            .rev()
            .map(|frame| &frame.driver)
            .find(|driver| !driver.is_empty());
        let driver = if frame.driver.is_empty() {
            around.cloned().unwrap_or_default()
        } else {
            frame.driver
        };
        for mut place in frame.places {
            let range = place.range.clone();
            place.driver.clone_from(&driver);
            keep(&mut self.view.places, place, &mut self.notes, &range);
        }
    }

    fn path(&self) -> String {
        let keys = self
            .open
            .iter()
            .filter(|frame| !frame.is_list)
            .map(|frame| frame.key.as_str());
        let mut path = keys.collect::<Vec<_>>().join(" > ");
        let mut end = path.len().min(256);
        while !path.is_char_boundary(end) {
            end = end.saturating_sub(1);
        }
        path.truncate(end);
        path
    }
}

fn keep<T>(list: &mut Vec<T>, one: T, notes: &mut Notes, range: &Range<u64>) {
    if list.len() >= KEPT {
        notes.push(&LIMIT, range.clone(), KEPT.to_string());
    } else {
        list.push(one);
    }
}

/// Says whether NumPy reads `dtype` as Python objects.
fn is_object(dtype: &str) -> bool {
    let kind = dtype.trim_start_matches(['|', '<', '>', '=']).trim();
    matches!(kind, "O" | "O4" | "O8" | "object" | "object_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ids, never_panics, view};

    const ARRAY: &str = r#"{"zarr_format": 2, "chunks": [1], "dtype": "|O", "filters": [{"id": "pickle", "protocol": 5}], "compressor": {"id": "zstd"}, "shape": [1]}"#;

    fn codecs(view: &View) -> Vec<&str> {
        view.codecs.iter().map(|codec| codec.name.as_str()).collect()
    }

    #[test]
    fn codecs_and_objects_are_kept() {
        let one = view(ARRAY.as_bytes(), parse);
        assert_eq!(codecs(&one), ["pickle", "zstd"]);
        assert!(one.objects[0].has_filter);
        let bare = ARRAY
            .replace("[{\"id\": \"pickle\", \"protocol\": 5}]", "null")
            .replace("\"|O\"", "[[\"a\", \"|O\"]]");
        assert!(!view(bare.as_bytes(), parse).objects[0].has_filter);
        let all = format!(
            "{{\"zarr_consolidated_format\": 1, \"metadata\": {{\"a/.zarray\": {ARRAY}, \"a/.zattrs\": {{\"filters\": [{{\"id\": \"pickle\"}}]}}}}}}"
        );
        assert_eq!(codecs(&view(all.as_bytes(), parse)), ["pickle", "zstd"]);
        let three = br#"{"zarr_format": 3, "attributes": {"codecs": [{"name": "pickle"}]}, "codecs": [{"name": "sharding_indexed", "configuration": {"codecs": ["bytes", {"name": "numcodecs.pickle"}]}}]}"#;
        assert_eq!(
            codecs(&view(three, parse)),
            ["sharding_indexed", "bytes", "pickle"]
        );
    }

    #[test]
    fn places_of_specifications_are_kept() {
        let spec = br#"{"driver": "zarr", "kvstore": {"driver": "file", "path": "/etc/x"}}"#;
        let one = view(spec, parse);
        assert!(one.is_spec);
        assert_eq!(
            (one.places[0].driver.as_str(), one.places[0].value.as_str()),
            ("file", "/etc/x")
        );
        let url = br#"{"driver": "zarr3", "kvstore": "http://a.invalid/x/"}"#;
        assert_eq!(view(url, parse).places.len(), 1);
    }

    #[test]
    fn damage_is_said() {
        let twice = ARRAY.replace("\"shape\"", "\"filters\"");
        assert_eq!(
            ids(view(twice.as_bytes(), parse).anomalies()),
            ["zarr-repeated-key"]
        );
        assert_eq!(
            ids(view(&ARRAY.as_bytes()[..90], parse).anomalies()),
            ["zarr-broken"]
        );
        never_panics(ARRAY.as_bytes(), parse);
    }
}
