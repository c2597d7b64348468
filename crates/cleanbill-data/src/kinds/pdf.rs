//! Kind `pdf`.

mod filters;
mod fonts;
mod objects;
mod text;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use cleanbill_core::{Text, text};

use super::{Copying, Head, Next, Opening, Piece, Pieces, office};
use crate::{
    input::{ReadAt, count, read_range},
    limits::{HELD_BYTES, PDF_DEPTH, PDF_STREAMS},
    members::{Content, Entries, Entry, Item, Members},
    outcome::{Outcome, Problem, Tools},
    values,
};
use fonts::Font;
use objects::{Objects, Value};
use text::Fonts;

kind! {
    /// PDF. The document is one record; the text of a page is a value, `page[3]`, whether it is seen or not, and so are forms and patterns
    /// (`form[12]`, by the number of the object), properties, notes, bookmarks, targets of links, values of fields and alternative texts by
    /// their names (`Author`, `Contents`, `URI`), metadata, scripts and other streams of text (`stream[7]`), and what an update of the file
    /// has replaced or taken out. Attached files are read as members of an archive are. Objects are found by going over the file, not by its
    /// tables. Pictures, and characters of fonts that do not say what they mean, lower coverage; encrypted files and those of more than
    /// 64 MiB are not read. No copy is made.
    id: "pdf", name: "PDF",
    probe: probe, open: open, copying: Copying::None, access: Anywhere,
}

fn probe(head: &Head<'_>) -> Option<u8> {
    let begin = head.bytes.get(..head.bytes.len().min(1_024))?;
    memchr::memmem::find(begin, b"%PDF-").map(|at| if at == 0 { 100 } else { 30 })
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of every kind")]
fn open(opening: Opening, _: &Tools) -> Result<Box<dyn Pieces>, Text> {
    let length = opening.bytes.size();
    if length > count(HELD_BYTES) {
        return Err(text!(
            "has {length} bytes, more than are read of a PDF",
            "有 {length} 字节，超过可读取的 PDF 大小"
        ));
    }
    let bytes = read_range(&*opening.bytes, 0, length)
        .map_err(|error| text!("cannot be read: {error}", "无法读取：{error}"))?;
    let mut objects = Objects::find(&bytes);
    if objects
        .trailers
        .iter()
        .any(|trailer| trailer.entry("Encrypt").is_some())
    {
        return Err(text!("is encrypted and was not read", "已加密，未读取"));
    }
    if objects.all.is_empty() {
        return Err(text!(
            "holds no objects of a PDF that can be read",
            "不含可读取的 PDF 对象"
        ));
    }
    let attached = attached(&mut objects, &bytes);
    let has_record = !attached.is_empty();
    let others = Attached(attached.into_iter());
    Ok(Box::new(Document {
        work: Some((objects, bytes)),
        others: Members::open(Box::new(others), opening.depth)?,
        has_record,
    }))
}

fn has_type(value: &Value, key: &str, name: &str) -> bool {
    value.entry(key).is_some_and(|kind| kind.is_name(name))
}

/// Unpacks the files that are attached.
fn attached(objects: &mut Objects, bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut names: BTreeMap<u32, String> = BTreeMap::new();
    for object in &objects.all {
        let name = object.value.entry("UF").or_else(|| object.value.entry("F"));
        if let (Some(Value::Text(name)), Some(Value::Dictionary(files))) = (name, object.value.entry("EF")) {
            for (_, file) in files {
                if let Value::Reference(number) = file {
                    names.insert(*number, written(name).unwrap_or_default());
                }
            }
        }
    }
    let places: Vec<(usize, u32)> = (0_usize..)
        .zip(&objects.all)
        .filter(|(_, object)| {
            let is_file =
                has_type(&object.value, "Type", "EmbeddedFile") || names.contains_key(&object.number);
            is_file && object.stream.is_some()
        })
        .map(|(place, object)| (place, object.number))
        .collect();
    let mut files = Vec::new();
    let mut left = HELD_BYTES;
    for (place, number) in places {
        if let Some(content) = objects.content(bytes, place) {
            let Some(rest) = left.checked_sub(content.len()) else {
                objects.broken = objects.broken.saturating_add(1);
                continue;
            };
            left = rest;
            let name = names
                .get(&number)
                .cloned()
                .unwrap_or_else(|| format!("file {number}"));
            files.push((name, content));
        }
    }
    files
}

struct Attached(std::vec::IntoIter<(String, Vec<u8>)>);

impl Entries for Attached {
    fn next(&mut self) -> Item {
        let Some((name, content)) = self.0.next() else {
            return Item::End;
        };
        let bytes: Arc<dyn ReadAt> = Arc::new(content);
        Item::Entry(Entry {
            key: "".into(),
            prefix: crate::path::render(&[
                crate::path::Step::named("attached"),
                crate::path::Step::named(&name),
            ]),
            name,
            content: Content::Stored(bytes),
        })
    }
}

struct Document {
    work: Option<(Objects, Vec<u8>)>,
    others: Box<dyn Pieces>,
    /// The attached files are counted as the record.
    has_record: bool,
}

impl Pieces for Document {
    fn has_many(&self) -> bool {
        false
    }

    fn next(&mut self, tools: &Tools) -> Next {
        let Some((objects, bytes)) = self.work.take() else {
            let next = self.others.next(tools);
            if !matches!(next, Next::End) || std::mem::replace(&mut self.has_record, true) {
                return next;
            }
            return Next::Piece(Piece {
                cost: 0,
                work: Box::new(|_| Outcome {
                    records: 1,
                    ..Outcome::default()
                }),
            });
        };
        Next::Piece(Piece {
            // One stream is held unpacked.
            cost: count(bytes.len()).saturating_mul(3),
            work: Box::new(move |tools| {
                let mut search = Search {
                    tools,
                    bytes: &bytes,
                    objects,
                    fonts: BTreeMap::new(),
                    shared: BTreeMap::new(),
                    done: BTreeSet::new(),
                    pages: 0,
                    unknown: 0,
                    cut: 0,
                    out: Outcome::default(),
                };
                search.all();
                search.out
            }),
        })
    }
}

struct Search<'a> {
    tools: &'a Tools,
    bytes: &'a [u8],
    objects: Objects,
    /// Fonts by the places of their objects.
    fonts: BTreeMap<usize, Arc<Font>>,
    /// Lists of fonts by the numbers of their objects.
    shared: BTreeMap<u32, Arc<Fonts>>,
    /// Streams that were read, pages that were seen.
    done: BTreeSet<usize>,
    pages: u64,
    unknown: u64,
    cut: u64,
    out: Outcome,
}

impl Search<'_> {
    fn all(&mut self) {
        let none = Arc::default();
        let trailers = std::mem::take(&mut self.objects.trailers);
        for trailer in trailers.iter().rev() {
            let root = trailer.entry("Root").map(|root| self.objects.resolve(root));
            if let Some(Value::Reference(pages)) = root.and_then(|root| root.entry("Pages")) {
                self.tree(*pages, &none, 0);
            }
        }
        // Pages that nothing leads to any more.
        for place in 0..self.objects.all.len() {
            let is_page = self
                .objects
                .all
                .get(place)
                .is_some_and(|object| has_type(&object.value, "Type", "Page"));
            if is_page && self.done.insert(place) {
                self.page(place, &none);
            }
        }
        let mut pictures = 0_u64;
        for place in 0..self.objects.all.len() {
            self.texts(place);
            pictures = pictures.saturating_add(u64::from(self.stream(place)));
        }
        for trailer in &trailers {
            self.value(trailer, "", 0);
        }
        for (number, reason) in [
            (
                pictures,
                text!("{pictures} pictures were not searched", "{pictures} 张图片未搜索"),
            ),
            (self.unknown, {
                let unknown = self.unknown;
                text!(
                    "{unknown} characters are of fonts that do not say what they mean",
                    "{unknown} 个字符所用字体未说明其含义"
                )
            }),
            (self.objects.broken, {
                let broken = self.objects.broken;
                text!(
                    "{broken} streams cannot be unpacked, or there are too many bytes in all; they were not searched",
                    "{broken} 个流无法解包，或总字节数过多；未搜索"
                )
            }),
            (self.cut, {
                let cut = self.cut;
                text!(
                    "{cut} texts are too long and were not searched to their end",
                    "{cut} 段文本过长，未搜索到末尾"
                )
            }),
            (
                u64::from(self.objects.is_cut),
                text!("too many values; the rest was not read", "值过多；其余未读取"),
            ),
        ] {
            if number > 0 {
                self.out.problem(Problem {
                    record: None,
                    offset: None,
                    reason,
                    lost: true,
                });
            }
        }
    }

    /// Goes over pages in their order; `above` are the fonts that they inherit.
    fn tree(&mut self, number: u32, above: &Arc<Fonts>, depth: usize) {
        let Some(place) = self.objects.of(number).filter(|place| self.done.insert(*place)) else {
            return;
        };
        let Some(object) = self.objects.all.get(place) else {
            return;
        };
        let kids = match object.value.entry("Kids") {
            // A list that stands by itself belongs to one node.
            Some(Value::Reference(list)) => self.objects.of(*list).filter(|list| self.done.insert(*list)),
            Some(_) => Some(place),
            None => None,
        };
        let Some(kids) = kids.filter(|_| depth < PDF_DEPTH) else {
            self.page(place, above);
            return;
        };
        let fonts = self.inherited(place, above);
        let list = self
            .objects
            .all
            .get(kids)
            .map(|object| object.value.entry("Kids").unwrap_or(&object.value));
        let numbers: Vec<u32> = match list {
            Some(Value::List(list)) => list
                .iter()
                .filter_map(|kid| match kid {
                    Value::Reference(number) => Some(*number),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        };
        for number in numbers {
            self.tree(number, &fonts, depth.saturating_add(1));
        }
    }

    /// Returns the fonts of a page or node, or those from above where it names none.
    fn inherited(&mut self, place: usize, above: &Arc<Fonts>) -> Arc<Fonts> {
        let resources = self
            .objects
            .all
            .get(place)
            .and_then(|object| object.value.entry("Resources"));
        match resources.cloned() {
            Some(resources) => self.fonts_of(&resources),
            None => Arc::clone(above),
        }
    }

    fn page(&mut self, place: usize, above: &Arc<Fonts>) {
        let fonts = self.inherited(place, above);
        let number = self.pages;
        self.pages = number.saturating_add(1);
        let contents = self
            .objects
            .all
            .get(place)
            .and_then(|object| object.value.entry("Contents"));
        let contents = match contents.map(|contents| (contents, self.objects.resolve(contents))) {
            Some((_, Value::List(list))) => {
                list.iter().take(PDF_STREAMS.saturating_add(1)).cloned().collect()
            }
            Some((one, _)) => vec![one.clone()],
            None => Vec::new(),
        };
        self.cut = self.cut.saturating_add(u64::from(contents.len() > PDF_STREAMS));
        let mut operators = Vec::new();
        for content in contents {
            let Value::Reference(number) = content else {
                continue;
            };
            let Some(place) = self.objects.of(number) else {
                continue;
            };
            self.done.insert(place);
            if let Some(content) = self.objects.content(self.bytes, place) {
                operators.extend(content);
                operators.push(b'\n');
            }
            if operators.len() > HELD_BYTES {
                self.cut = self.cut.saturating_add(1);
                break;
            }
        }
        self.show(&operators, &fonts, &format!("page[{number}]"));
    }

    fn show(&mut self, operators: &[u8], fonts: &Fonts, column: &str) {
        let shown = text::shown(operators, fonts);
        self.out.bytes = self.out.bytes.saturating_add(count(operators.len()));
        self.unknown = self.unknown.saturating_add(shown.unknown);
        self.cut = self.cut.saturating_add(u64::from(shown.is_cut));
        values::named(self.tools, shown.text.as_bytes(), None, column, &mut self.out);
    }

    fn fonts_of(&mut self, resources: &Value) -> Arc<Fonts> {
        let number = |value: &Value| match value {
            Value::Reference(number) => Some(*number),
            _ => None,
        };
        let listed = self.objects.resolve(resources).entry("Font");
        // Pages have their fonts in common.
        let shared = listed.and_then(number).or_else(|| number(resources));
        if let Some(known) = shared.and_then(|number| self.shared.get(&number)) {
            return Arc::clone(known);
        }
        let mut fonts = Fonts::new();
        if let Some(Value::Dictionary(entries)) = listed.map(|listed| self.objects.resolve(listed).clone()) {
            for (name, value) in entries {
                let place = number(&value).and_then(|number| self.objects.of(number));
                let known = place.and_then(|place| self.fonts.get(&place).cloned());
                let font =
                    known.unwrap_or_else(|| Arc::new(Font::read(&mut self.objects, self.bytes, &value)));
                if let Some(place) = place {
                    self.fonts.insert(place, Arc::clone(&font));
                }
                fonts.insert(name, font);
            }
        }
        let fonts = Arc::new(fonts);
        if let Some(number) = shared {
            self.shared.insert(number, Arc::clone(&fonts));
        }
        fonts
    }

    /// Searches a stream that is no page; says whether it is a picture.
    fn stream(&mut self, place: usize) -> bool {
        let Some(object) = self
            .objects
            .all
            .get(place)
            .filter(|object| object.stream.is_some())
        else {
            return false;
        };
        let (number, value) = (object.number, &object.value);
        if self.done.contains(&place) {
            return false;
        }
        let is = |name: &str| {
            let mut kinds = ["Type", "Subtype"]
                .iter()
                .filter_map(|key| self.objects.entry(value, key));
            kinds.any(|kind| kind.is_name(name))
        };
        if is("Image") {
            return true;
        }
        let is_font =
            value.entry("Length1").is_some() || is("Type1C") || is("CIDFontType0C") || is("OpenType");
        if is("ObjStm") || is("XRef") || is("EmbeddedFile") || is_font {
            return false;
        }
        let is_form = is("Form") || value.entry("PatternType").is_some();
        let resources = value.entry("Resources").cloned().unwrap_or(Value::Other);
        let Some(content) = self.objects.content(self.bytes, place) else {
            return false;
        };
        // What an update has replaced may be operators that nothing leads to.
        let shows = |mark: &[u8]| memchr::memmem::find(&content, mark).is_some();
        if is_form || shows(b"BT") && (shows(b"Tj") || shows(b"TJ")) {
            let fonts = self.fonts_of(&resources);
            let name = if is_form { "form" } else { "stream" };
            self.show(&content, &fonts, &format!("{name}[{number}]"));
        } else if memchr::memchr(0, &content).is_none()
            && let Ok(words) = std::str::from_utf8(&content)
        {
            if words.trim_start().starts_with('<') {
                office::texts(self.tools, &content, &format!("stream[{number}]"), &mut self.out);
            } else {
                values::named(
                    self.tools,
                    &content,
                    None,
                    &format!("stream[{number}]"),
                    &mut self.out,
                );
            }
        }
        false
    }

    /// Searches the texts of an object.
    fn texts(&mut self, place: usize) {
        if let Some(object) = self.objects.all.get_mut(place) {
            let value = std::mem::replace(&mut object.value, Value::Other);
            self.value(&value, "", 0);
            if let Some(object) = self.objects.all.get_mut(place) {
                object.value = value;
            }
        }
    }

    fn value(&mut self, value: &Value, key: &str, depth: usize) {
        let deeper = depth.saturating_add(1);
        match value {
            _ if depth > PDF_DEPTH => {}
            Value::Text(text) => {
                if let Some(words) = written(text) {
                    let name = Some(key.as_bytes()).filter(|key| !key.is_empty());
                    let column = if key.is_empty() { "text" } else { key };
                    values::named(self.tools, words.as_bytes(), name, column, &mut self.out);
                }
            }
            Value::List(list) => {
                for value in list {
                    self.value(value, key, deeper);
                }
            }
            Value::Dictionary(entries) => {
                for (name, value) in entries {
                    let name = String::from_utf8_lossy(name);
                    self.value(value, &name, deeper);
                }
            }
            _ => {}
        }
    }
}

/// Returns what a text outside of pages means; nothing where it is none.
fn written(text: &[u8]) -> Option<String> {
    if let Some(wide) = text.strip_prefix(b"\xfe\xff") {
        let (pairs, _) = wide.as_chunks::<2>();
        let units = pairs.iter().map(|pair| u16::from_be_bytes(*pair));
        let letters = char::decode_utf16(units);
        return Some(
            letters
                .map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect(),
        );
    }
    if let Some(words) = text.strip_prefix(b"\xef\xbb\xbf") {
        return Some(String::from_utf8_lossy(words).into_owned());
    }
    let is_text = text.len() >= 3 && text.iter().all(|byte| *byte >= 32 || byte.is_ascii_whitespace());
    is_text.then(|| text.iter().map(|byte| fonts::usual(*byte)).collect())
}
