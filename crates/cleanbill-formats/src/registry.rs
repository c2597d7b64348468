use std::{fmt::Debug, io, sync::Arc};

use crate::{
    Anomaly, ExternalData, Member, TensorList,
    bytes::{ReadAt, SourceError, size_u64},
    limits::Limits,
};

/// How many bytes from the start a probe may look at.
pub const HEAD_BYTES: u64 = 4096;
/// How many bytes from the end a probe may look at: the longest ZIP comment with its record (APPNOTE 4.3.16), rounded up.
pub const TAIL_BYTES: u64 = 66 * 1024;

/// Says how sure a probe is. Every format that scores at all is parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Score {
    /// Some reader would take it for this format.
    Possible,
    /// It looks like this format.
    Likely,
    /// Its signature and structure are this format's.
    Certain,
}

/// Holds what a probe may look at.
#[derive(Clone, Copy, Debug)]
pub struct Probe<'a> {
    /// First bytes, at most [`HEAD_BYTES`].
    pub head: &'a [u8],
    /// Last bytes, at most [`TAIL_BYTES`]; empty where the caller knows that no reader looks there.
    pub tail: &'a [u8],
    /// Size of the whole input in bytes.
    pub size: u64,
    /// The input itself, for probes that must follow an offset.
    pub source: &'a dyn ReadAt,
}

impl<'a> Probe<'a> {
    /// Returns the parts in which words are looked for: the first and the last bytes, or one of them where it holds the other.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let (head, tail) = (self.head, self.tail);
        let holds_all = |part: &[u8]| size_u64(part.len()) >= self.size;
        let parts = if holds_all(head) {
            [Some(head), None]
        } else if holds_all(tail) {
            [Some(tail), None]
        } else {
            [Some(head), Some(tail)]
        };
        parts.into_iter().flatten()
    }
}

/// Holds what a parser works on.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The bytes.
    pub source: &'a dyn ReadAt,
    /// The caps to obey.
    pub limits: &'a Limits,
}

/// Names a variant that one format file also understands.
#[derive(Debug)]
pub struct Dialect {
    /// Id as it stands in reports.
    pub id: &'static str,
    /// What it is, one sentence.
    pub about: &'static str,
}

/// Describes one format.
#[derive(Debug)]
pub struct FormatInfo {
    /// Permanent kebab-case id.
    pub id: &'static str,
    /// What people call it.
    pub name: &'static str,
    /// File name extensions, without a dot, that promise this format.
    pub extensions: &'static [&'static str],
    /// Id of the format that this one is a special case of: its members take the place of the other's.
    pub refines: Option<&'static str>,
    /// Variants that the same parser tells apart.
    pub dialects: &'static [Dialect],
    /// Reference page in Markdown.
    pub page: &'static str,
}

/// What every view can tell.
pub trait FormatView: Debug {
    /// Everything odd about the input.
    fn anomalies(&self) -> &[Anomaly];

    /// Bytes within the bytes, to be examined in turn.
    fn members(&self) -> &[Member] {
        &[]
    }

    /// Writes the bytes of the member whose payload is [`Payload::Extract`](crate::Payload::Extract) with `index` to `out`.
    fn extract(&self, container: &Arc<dyn ReadAt>, index: u32, out: &mut dyn io::Write) -> io::Result<()> {
        let _ = (container, index, out);
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "this format extracts nothing",
        ))
    }

    /// The tensors that the file lists, where the format has such a list.
    fn tensors(&self) -> Option<&TensorList> {
        None
    }

    /// What it says of bytes in files beside it.
    fn external(&self) -> Vec<ExternalData> {
        Vec::new()
    }

    /// Ids of the dialects recognised.
    fn dialects(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// The input is a text or program in a language that no detector of this build reads; English and Chinese words for it.
    fn not_examined(&self) -> Option<(String, String)> {
        None
    }
}

/// Declares each format's module and builds from the list the `Parsed` enum and the table of formats.
macro_rules! register {
    ($($module:ident => $variant:ident,)*) => {
        $(pub mod $module;)*

        /// Names every format.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Format {
            $(#[doc = concat!("See [`", stringify!($module), "`].")] $variant,)*
        }

        impl Format {
            /// Every format, in the order of the registry.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Describes the format.
            pub fn info(self) -> &'static FormatInfo {
                match self { $(Self::$variant => &$module::FORMAT,)* }
            }

            /// Says whether `probe` may be of this format.
            pub fn probe(self, probe: &Probe<'_>) -> Option<Score> {
                match self { $(Self::$variant => $module::probe(probe),)* }
            }

            /// Parses the input as this format.
            pub fn parse(self, input: &Input<'_>) -> Result<Parsed, bytes::SourceError> {
                match self { $(Self::$variant => $module::parse(input).map(|view| Parsed::$variant(Box::new(view))),)* }
            }
        }

        /// Holds the view of any format.
        #[derive(Debug)]
        pub enum Parsed {
            $(#[doc = concat!("See [`", stringify!($module), "`].")] $variant(Box<$module::View>),)*
        }

        impl Parsed {
            /// Says which format it is.
            pub fn format(&self) -> Format {
                match self { $(Self::$variant(_) => Format::$variant,)* }
            }

            /// Returns what every view can tell.
            pub fn view(&self) -> &dyn FormatView {
                match self { $(Self::$variant(view) => view.as_ref(),)* }
            }
        }
    };
}
pub(crate) use register;

/// Declares a format's description: doc comments become its reference page.
macro_rules! format_info {
    ($(#[doc = $page:literal])* $id:literal, $name:literal, extensions: $extensions:expr, refines: $refines:expr, dialects: [$($dialect:literal: $about:literal),* $(,)?]) => {
        /// Describes this format.
        pub static FORMAT: $crate::FormatInfo = $crate::FormatInfo {
            id: $id,
            name: $name,
            extensions: $extensions,
            refines: $refines,
            dialects: &[$($crate::Dialect { id: $dialect, about: $about }),*],
            page: concat!($($page, "\n"),*),
        };
    };
}
pub(crate) use format_info;

/// Takes the space off that doc comments leave before each line of a page.
pub fn page_text(page: &str) -> String {
    let lines = page.lines().map(|line| line.strip_prefix(' ').unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// Lists what a parser may fail with: only the source.
pub(crate) type ParseResult<View> = Result<View, SourceError>;
