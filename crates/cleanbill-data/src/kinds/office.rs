//! Kind `office`.

mod parts;
mod sheets;

use std::{collections::VecDeque, io::Read, sync::Arc};

use cleanbill_core::{Text, text};

use super::{
    Copying, Head, Next, Opening, Piece, Pieces,
    zip::{self, Directory, Listed},
};
use crate::{
    input::{ReadAt, Stream, count},
    limits::HELD_BYTES,
    members::{Content, Entries, Entry, Item, Members},
    outcome::{Outcome, Problem, Tools},
    path::{self, Step},
};

kind! {
    /// Documents, tables and slides: Office Open XML (`.docx`, `.xlsx`, `.pptx`) and OpenDocument (`.odt`, `.ods`, `.odp`). The document is
    /// one record. A paragraph is a value, whatever runs it is made of: `document.p[3]`, `slide2.p[0]`, `comments.p[1]`; cells of tables are
    /// `Sheet1.B7`, numbers and formulas too, with the first row as names. Searched as well: comments, deleted and inserted text of tracked
    /// changes with their authors, notes, headers, hidden sheets, properties (`core.creator`), alternative texts, targets of links, strings
    /// that no cell uses any more. Other parts are read as members of a ZIP archive are; pictures lower coverage. No copy is made.
    id: "office", name: "office documents",
    probe: probe, open: open, copying: Copying::None, access: Anywhere,
}

fn probe(head: &Head<'_>) -> Option<u8> {
    let rest = head.bytes.strip_prefix(b"PK\x03\x04")?;
    let is_named = matches!(
        head.suffix,
        "docx"
            | "docm"
            | "dotx"
            | "xlsx"
            | "xlsm"
            | "xltx"
            | "pptx"
            | "pptm"
            | "ppsx"
            | "potx"
            | "odt"
            | "ods"
            | "odp"
            | "odg"
            | "ott"
    );
    let name = rest.get(26..).unwrap_or_default();
    let begins = [
        "[Content_Types].xml",
        "_rels/.rels",
        "docProps/",
        "word/",
        "xl/",
        "ppt/",
        "mimetypeapplication/vnd.oasis.opendocument",
    ];
    (is_named || begins.iter().any(|begin| name.starts_with(begin.as_bytes()))).then_some(80)
}

fn open(opening: Opening, tools: &Tools) -> Result<Box<dyn Pieces>, Text> {
    let directory = Directory::read(&opening.bytes)?;
    let has = |name: &str| directory.listed.iter().any(|listed| listed.name == name);
    if !has("[Content_Types].xml") && !has("content.xml") {
        return zip::open(opening, tools);
    }
    let mut said = VecDeque::new();
    if directory.unlisted > 0 {
        said.push_back(zip::unlisted(directory.unlisted));
    }
    let (texts, others): (Vec<Listed>, Vec<Listed>) = directory
        .listed
        .into_iter()
        .partition(|listed| suffix(&listed.name) == "xml");
    let others = Others {
        bytes: Arc::clone(&opening.bytes),
        listed: others.into_iter(),
        said,
    };
    Ok(Box::new(Document {
        bytes: opening.bytes,
        texts: Some(texts),
        others: Members::open(Box::new(others), opening.depth)?,
    }))
}

fn suffix(name: &str) -> String {
    let suffix = name.rsplit_once('.').map_or("", |(_, suffix)| suffix);
    suffix.to_ascii_lowercase()
}

/// Returns the name by which a part is called in paths.
fn called(name: &str) -> String {
    let last = name.rsplit('/').next().unwrap_or_default();
    last.strip_suffix(".xml").unwrap_or(last).to_owned()
}

struct Document {
    bytes: Arc<dyn ReadAt>,
    texts: Option<Vec<Listed>>,
    others: Box<dyn Pieces>,
}

impl Pieces for Document {
    fn has_many(&self) -> bool {
        false
    }

    fn next(&mut self, tools: &Tools) -> Next {
        let Some(texts) = self.texts.take() else {
            return self.others.next(tools);
        };
        let packed: u64 = texts
            .iter()
            .map(|listed| listed.packed_bytes)
            .fold(0, u64::saturating_add);
        let bytes = Arc::clone(&self.bytes);
        Next::Piece(Piece {
            // Strings and one part are held unpacked.
            cost: packed.saturating_mul(8).min(count(HELD_BYTES).saturating_mul(2)),
            work: Box::new(move |tools| {
                let mut out = Outcome::default();
                search(tools, &bytes, &texts, &mut out);
                out
            }),
        })
    }
}

/// Searches the parts that hold texts.
fn search(tools: &Tools, bytes: &Arc<dyn ReadAt>, texts: &[Listed], out: &mut Outcome) {
    let mut part = |listed: &Listed| -> Option<Vec<u8>> {
        let content = read(bytes, listed);
        match content {
            Ok(content) => {
                out.bytes = out.bytes.saturating_add(count(content.len()));
                Some(content)
            }
            Err(reason) => {
                let (en, zh) = (
                    reason.get(cleanbill_core::Language::English),
                    reason.get(cleanbill_core::Language::Chinese),
                );
                let name = &listed.name;
                out.problem(Problem {
                    record: Some(0),
                    offset: None,
                    reason: Text::new(format!("`{name}`: {en}"), format!("`{name}`：{zh}")),
                    lost: true,
                });
                None
            }
        }
    };
    let is_sheet =
        |listed: &&Listed| listed.name.starts_with("xl/worksheets/") && !listed.name.contains("/_rels/");
    let mut book = sheets::Book::default();
    for listed in texts {
        let name = listed.name.as_str();
        if matches!(name, "xl/sharedStrings.xml" | "xl/workbook.xml")
            && let Some(content) = part(listed)
        {
            if name == "xl/workbook.xml" {
                book.name(&content);
            } else {
                book.share(&content);
            }
        }
    }
    let mut number = 0_usize;
    let mut found = Outcome::default();
    for listed in texts.iter().filter(is_sheet) {
        if let Some(content) = part(listed) {
            book.sheet(tools, &content, &listed.name, number, &mut found);
        }
        number = number.saturating_add(1);
    }
    book.unused(tools, &mut found);
    for listed in texts
        .iter()
        .filter(|listed| !is_sheet(listed) && listed.name != "xl/sharedStrings.xml")
    {
        if let Some(content) = part(listed) {
            parts::search(tools, &content, &called(&listed.name), &mut found);
        }
    }
    for one in found.found {
        out.keep(one);
    }
    for (group, more) in found.unlisted {
        let seen = out.unlisted.entry(group).or_default();
        *seen = seen.saturating_add(more);
    }
    for problem in found.problems {
        out.problem(problem);
    }
}

/// Reads a part.
fn read(bytes: &Arc<dyn ReadAt>, listed: &Listed) -> Result<Vec<u8>, Text> {
    let stream: Box<dyn Read + Send> = match zip::content(bytes, listed) {
        Content::Stored(section) => Box::new(Stream::new(section)),
        Content::Stream(stream) => stream,
        Content::Unread(reason) => return Err(reason),
        Content::Text(text) => return Ok(text),
    };
    let mut content = Vec::new();
    stream
        .take(count(HELD_BYTES).saturating_add(1))
        .read_to_end(&mut content)
        .map_err(|error| text!("cannot be read: {error}", "无法读取：{error}"))?;
    if content.len() > HELD_BYTES {
        return Err(text!(
            "has more than {HELD_BYTES} bytes and was not read",
            "超过 {HELD_BYTES} 字节，未读取"
        ));
    }
    Ok(content)
}

/// The parts that are no XML.
struct Others {
    bytes: Arc<dyn ReadAt>,
    listed: std::vec::IntoIter<Listed>,
    said: VecDeque<Problem>,
}

impl Entries for Others {
    fn next(&mut self) -> Item {
        if let Some(problem) = self.said.pop_front() {
            return Item::Problem(problem);
        }
        let Some(listed) = self.listed.next() else {
            return Item::End;
        };
        let content = zip::content(&self.bytes, &listed);
        Item::Entry(Entry {
            key: "".into(),
            prefix: path::render(&[Step::named(&called(&listed.name))]),
            name: listed.name,
            content,
        })
    }
}
