//! Markup, taken apart as leniently as browsers and feed readers do: what stands between tags, in attributes and in comments, with
//! the path that leads there. Nothing is fetched, and no entity is expanded but those that stand for one character.

mod entities;
mod search;
mod tokens;

pub(crate) use entities::decode;
pub(crate) use search::MarkupPieces;
pub(crate) use tokens::{Token, attributes, token};

use crate::{
    limits::{CHILD_NAMES, DEPTH},
    path::{self, Step},
};

/// Which language it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Xml,
    /// Small and capital letters are the same, some elements have no end, and scripts hold no markup.
    Html,
}

/// An element that is open.
#[derive(Clone, Debug, Default)]
struct Element {
    /// Where its name begins in the names of the walker.
    name: usize,
    /// How many of that name stood before it beside it.
    index: u64,
    /// Names of the elements in it, and how many there were.
    children: Vec<(Box<[u8]>, u64)>,
}

/// Follows the elements that are open.
#[derive(Clone, Debug)]
pub(crate) struct Walker {
    pub(crate) dialect: Dialect,
    names: Vec<u8>,
    open: Vec<Element>,
    top: Vec<(Box<[u8]>, u64)>,
    /// Elements that are open beyond those that are followed.
    deeper: u64,
    /// The element whose content is no markup.
    raw: Option<&'static [u8]>,
    /// The innermost element ends where it begins.
    leaves: bool,
}

impl Walker {
    pub(crate) const fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            names: Vec::new(),
            open: Vec::new(),
            top: Vec::new(),
            deeper: 0,
            raw: None,
            leaves: false,
        }
    }

    /// Reads the next token; nothing where the text ends within it and `last` is false.
    pub(crate) fn token(&self, text: &[u8], at: usize, last: bool) -> Option<(Token, usize)> {
        match self.raw {
            Some(name) => tokens::raw(text, at, name, last),
            None => token(text, at, last),
        }
    }

    /// Takes note of a token that was read. Attributes of a tag stand in its element.
    pub(crate) fn pass(&mut self, text: &[u8], token: &Token) {
        if std::mem::take(&mut self.leaves) {
            self.leave();
        }
        match token {
            Token::Open { name, ends, .. } => {
                let name = text.get(name.clone()).unwrap_or_default();
                self.open(name, *ends);
            }
            Token::Close { name } => {
                let name = text.get(name.clone()).unwrap_or_default();
                self.close(name);
            }
            _ => {}
        }
    }

    fn open(&mut self, name: &[u8], ends: bool) {
        let lower;
        let name = if self.dialect == Dialect::Html {
            lower = name.to_ascii_lowercase();
            lower.as_slice()
        } else {
            name
        };
        let is_html = self.dialect == Dialect::Html;
        self.leaves = if is_html { VOID.contains(&name) } else { ends };
        let index = if is_html {
            0
        } else {
            let children = self
                .open
                .last_mut()
                .map_or(&mut self.top, |element| &mut element.children);
            count(children, name)
        };
        if self.open.len() >= DEPTH {
            self.deeper = self.deeper.saturating_add(1);
            return;
        }
        if is_html {
            self.raw = RAW.iter().copied().find(|raw| *raw == name);
        }
        self.open.push(Element {
            name: self.names.len(),
            index,
            children: Vec::new(),
        });
        self.names.extend_from_slice(name);
    }

    fn leave(&mut self) {
        if self.deeper > 0 {
            self.deeper = self.deeper.saturating_sub(1);
        } else if let Some(element) = self.open.pop() {
            self.names.truncate(element.name);
        }
    }

    fn close(&mut self, name: &[u8]) {
        self.raw = None;
        if self.deeper > 0 {
            self.deeper = self.deeper.saturating_sub(1);
            return;
        }
        let is_html = self.dialect == Dialect::Html;
        let mut end = self.names.len();
        let mut depth = self.open.len();
        for element in self.open.iter().rev() {
            depth = depth.saturating_sub(1);
            let open = self.names.get(element.name..end).unwrap_or_default();
            if open == name || is_html && open.eq_ignore_ascii_case(name) {
                self.names.truncate(element.name);
                self.open.truncate(depth);
                return;
            }
            end = element.name;
        }
    }

    /// Returns the name of the innermost element.
    pub(crate) fn name(&self) -> &[u8] {
        let start = self.open.last().map_or(0, |element| element.name);
        self.names.get(start..).unwrap_or_default()
    }

    /// Returns the path to the innermost element, with what stands in it; of HTML only the element.
    pub(crate) fn path(&self, inner: Option<&str>) -> String {
        let mut steps = Vec::new();
        let mut ends = self.open.iter().skip(1).map(|element| element.name);
        for element in &self.open {
            let end = ends.next().unwrap_or(self.names.len());
            let name = self.names.get(element.name..end).unwrap_or_default();
            steps.push(String::from_utf8_lossy(name).into_owned());
            if element.index > 0 {
                steps.push(String::new());
            }
        }
        let mut path = Vec::new();
        let mut elements = self.open.iter();
        let mut last = None;
        for name in &steps {
            if name.is_empty() {
                path.extend(last.map(Step::Index));
            } else {
                last = elements.next().map(|element| element.index);
                path.push(Step::named(name));
            }
        }
        if self.dialect == Dialect::Html && path.len() > 1 {
            path.drain(..path.len().saturating_sub(1));
        }
        path.extend(inner.map(Step::named));
        path::render(&path)
    }
}

/// Counts an element; returns how many of its name there were.
fn count(children: &mut Vec<(Box<[u8]>, u64)>, name: &[u8]) -> u64 {
    // Rows have the same name again and again.
    if let Some((_, number)) = children.iter_mut().rev().find(|(known, _)| **known == *name) {
        *number = number.saturating_add(1);
        return *number;
    }
    if children.len() < CHILD_NAMES {
        children.push((name.into(), 0));
    }
    0
}

/// Elements of HTML that have no end.
const VOID: [&[u8]; 14] = [
    b"area", b"base", b"br", b"col", b"embed", b"hr", b"img", b"input", b"link", b"meta", b"param",
    b"source", b"track", b"wbr",
];
/// Elements of HTML whose content is no markup.
const RAW: [&[u8]; 6] = [b"script", b"style", b"textarea", b"title", b"xmp", b"noembed"];

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(dialect: Dialect, text: &str) -> Vec<String> {
        let bytes = text.as_bytes();
        let mut walker = Walker::new(dialect);
        let (mut at, mut all) = (0, Vec::new());
        let mut show = |path: String, range: std::ops::Range<usize>| {
            let (value, _) = decode(&bytes[range]);
            all.push(format!("{path}={}", String::from_utf8_lossy(&value)));
        };
        while at < bytes.len() {
            let (token, end) = walker.token(bytes, at, true).expect("a token");
            walker.pass(bytes, &token);
            match &token {
                Token::Text(range) => show(walker.path(None), range.clone()),
                Token::Comment(range) => show(walker.path(Some("#comment")), range.clone()),
                Token::Open {
                    attributes: range, ..
                } => {
                    for (name, value) in attributes(bytes, range.clone()) {
                        let name = format!("@{}", String::from_utf8_lossy(&bytes[name]));
                        show(walker.path(Some(&name)), value);
                    }
                }
                _ => {}
            }
            at = end;
        }
        all
    }

    #[test]
    fn texts_of_xml_have_paths() {
        let found = texts(
            Dialect::Xml,
            "<?xml version='1.0'?><f><e>a</e><x/><e k=\"v&amp;w\" l='2'>b<t>c&#x41;</t><!-- n --></e><e><t>d</t></e></f>",
        );
        assert_eq!(
            found,
            [
                "f.e=a",
                "f.e[1].@k=v&w",
                "f.e[1].@l=2",
                "f.e[1]=b",
                "f.e[1].t=cA",
                "f.e[1].#comment= n ",
                "f.e[2].t=d"
            ]
        );
    }

    #[test]
    fn html_is_read_as_browsers_do() {
        let found = texts(
            Dialect::Html,
            "<P CLASS=x>a<br>b 1 < 2 <script>if (a<b) '</p>'</script><img alt=q/><p>&commat;&#64</P>c<!--d-->",
        );
        assert_eq!(
            found,
            [
                "p.@CLASS=x",
                "p=a",
                "p=b 1 ",
                "p=< 2 ",
                "script=if (a<b) '</p>'",
                "img.@alt=q/",
                "p=@@",
                "p=c",
                "p.#comment=d"
            ]
        );
    }

    #[test]
    fn what_is_cut_is_not_read() {
        for text in ["<a", "text", "<!-- x --", "<a b='>", "<![CDATA[ ]]", "<?x ?"] {
            assert!(token(text.as_bytes(), 0, false).is_none(), "{text}");
            let (_, end) = token(text.as_bytes(), 0, true).expect("a token");
            assert_eq!(end, text.len(), "{text}");
        }
    }
}
