//! Executables.

use std::ops::Range;

use crate::{
    Anomaly, FormatView, Input, Probe, Score,
    bytes::{ReadAt, SourceError, read_range, size_u64},
    registry::{ParseResult, format_info},
};

format_info! {
    /// ## What it is
    /// Code that a machine or an interpreter runs as it is: ELF, PE and Mach-O programs and libraries, Java classes,
    /// Android and WebAssembly code, Python bytecode, object archives, Windows shortcuts.
    /// ## What is read
    /// The header, far enough that tensors which begin with the same two or four bytes are not mistaken for code.
    /// ## What is reported
    /// Nothing here: detectors judge by the place. What the code does is not examined.
    /// ## Limits
    /// None is needed; a few KiB are read.
    /// ## References
    /// System V gABI chapter 4; Microsoft PE format; `mach-o/loader.h`; JVM specification 4.1; WebAssembly core
    /// specification 5.5; `importlib._bootstrap_external`; MS-SHLLINK 2.1.
    "executable", "executable",
    extensions: &["so", "dll", "exe", "dylib", "pyd", "pyc", "pyo", "class", "wasm", "dex", "lnk", "a"],
    refines: None,
    dialects: [
        "elf": "ELF program or library",
        "pe": "Windows program or library",
        "mach-o": "macOS program or library",
        "java-class": "Java class",
        "python-bytecode": "compiled Python module",
        "webassembly": "WebAssembly module",
        "dex": "Android code",
        "object-archive": "archive of object files",
        "windows-shortcut": "Windows shortcut",
        "portable-executable": "program for many systems in one file, such as a llamafile",
    ]
}

/// Names a kind of executable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// ELF.
    Elf,
    /// Portable Executable.
    Pe,
    /// Mach-O, for one or many machines.
    MachO,
    /// Java class.
    JavaClass,
    /// Compiled Python module.
    PythonBytecode,
    /// WebAssembly module.
    WebAssembly,
    /// Android code.
    Dex,
    /// Archive of object files.
    ObjectArchive,
    /// Windows shortcut.
    Shortcut,
    /// One file for many systems, made by Cosmopolitan; llamafile is one.
    Portable,
}

impl Kind {
    /// Returns the id of the dialect.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Elf => "elf",
            Self::Pe => "pe",
            Self::MachO => "mach-o",
            Self::JavaClass => "java-class",
            Self::PythonBytecode => "python-bytecode",
            Self::WebAssembly => "webassembly",
            Self::Dex => "dex",
            Self::ObjectArchive => "object-archive",
            Self::Shortcut => "windows-shortcut",
            Self::Portable => "portable-executable",
        }
    }

    /// Returns the name for people, in English and Simplified Chinese.
    pub const fn name(self) -> (&'static str, &'static str) {
        match self {
            Self::Elf => ("ELF executable", "ELF 可执行文件"),
            Self::Pe => ("Windows executable", "Windows 可执行文件"),
            Self::MachO => ("Mach-O executable", "Mach-O 可执行文件"),
            Self::JavaClass => ("Java class", "Java 类文件"),
            Self::PythonBytecode => ("Python bytecode", "Python 字节码"),
            Self::WebAssembly => ("WebAssembly module", "WebAssembly 模块"),
            Self::Dex => ("Android code", "Android 代码"),
            Self::ObjectArchive => ("archive of object files", "目标文件归档"),
            Self::Shortcut => ("Windows shortcut", "Windows 快捷方式"),
            Self::Portable => ("program for many systems", "跨系统可执行文件"),
        }
    }
}

/// Shows an executable.
#[derive(Debug)]
pub struct View {
    /// What it is.
    pub kind: Option<Kind>,
    /// Where the telling header stands.
    pub header: Range<u64>,
}

impl FormatView for View {
    fn anomalies(&self) -> &[Anomaly] {
        &[]
    }

    fn dialects(&self) -> Vec<&'static str> {
        self.kind.iter().map(|kind| kind.id()).collect()
    }

    fn not_examined(&self) -> Option<(String, String)> {
        self.kind.map(|kind| {
            let (en, zh) = kind.name();
            (en.to_owned(), zh.to_owned())
        })
    }
}

/// Knows executables by their headers.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    let kind = identify(probe.head, probe.source, probe.size).ok()??;
    Some(match kind {
        Kind::PythonBytecode | Kind::JavaClass => Score::Likely,
        _ => Score::Certain,
    })
}

/// Reads the header.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let head = read_range(input.source, 0..crate::HEAD_BYTES, crate::HEAD_BYTES)?;
    let kind = identify(&head, input.source, input.source.size())?;
    Ok(View {
        kind,
        header: 0..size_u64(head.len()).min(64),
    })
}

fn identify(head: &[u8], source: &dyn ReadAt, size: u64) -> Result<Option<Kind>, SourceError> {
    let kind = match head {
        [0x7f, b'E', b'L', b'F', ..] => elf(head).then_some(Kind::Elf),
        // Cosmopolitan's files are a shell script, a Windows and a Unix program at once.
        _ if head.starts_with(b"MZqFpD='") || head.starts_with(b"jartsr='") => Some(Kind::Portable),
        [b'M', b'Z', ..] => pe(head, source, size)?.then_some(Kind::Pe),
        [0xfe, 0xed, 0xfa, 0xce | 0xcf, ..] | [0xce | 0xcf, 0xfa, 0xed, 0xfe, ..] => {
            mach_o(head).then_some(Kind::MachO)
        }
        [0xca, 0xfe, 0xba, 0xbe | 0xbf, ..] => cafe(head),
        [0, b'a', b's', b'm', 1 | 0x0d, 0, 0 | 1, 0, ..] => Some(Kind::WebAssembly),
        [b'd', b'e', b'x', b'\n', b'0', b'0'..=b'9', b'0'..=b'9', 0, ..] => Some(Kind::Dex),
        _ if head.starts_with(b"!<arch>\n") || head.starts_with(b"!<thin>\n") => Some(Kind::ObjectArchive),
        _ if head.starts_with(b"\x4c\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46") => {
            Some(Kind::Shortcut)
        }
        [_, _, b'\r', b'\n', ..] => bytecode(head).then_some(Kind::PythonBytecode),
        _ => None,
    };
    Ok(kind)
}

fn u16_at(bytes: &[u8], at: usize, big: bool) -> Option<u16> {
    let pair = <[u8; 2]>::try_from(bytes.get(at..at.checked_add(2)?)?).ok()?;
    Some(if big {
        u16::from_be_bytes(pair)
    } else {
        u16::from_le_bytes(pair)
    })
}

fn u32_at(bytes: &[u8], at: usize, big: bool) -> Option<u32> {
    let four = <[u8; 4]>::try_from(bytes.get(at..at.checked_add(4)?)?).ok()?;
    Some(if big {
        u32::from_be_bytes(four)
    } else {
        u32::from_le_bytes(four)
    })
}

/// Compares the one field besides the magic and the machine that Linux looks at, the type, in either byte order: what the others
/// say keeps no program from running.
fn elf(head: &[u8]) -> bool {
    /// Length of the shorter of both headers.
    const HEADER: usize = 52;
    let known = |big| matches!(u16_at(head, 16, big), Some(0..=4 | 0xfe00..=0xffff));
    head.len() >= HEADER && (known(false) || known(true))
}

fn pe(head: &[u8], source: &dyn ReadAt, size: u64) -> Result<bool, SourceError> {
    let Some(at) = u32_at(head, 60, false).map(u64::from) else {
        return Ok(false);
    };
    if at.saturating_add(24) > size {
        return Ok(false);
    }
    let header = read_range(source, at..at.saturating_add(6), 6)?;
    let machine = u16_at(&header, 4, false);
    let known = matches!(
        machine,
        Some(
            0x014c
                | 0x0166
                | 0x01a2
                | 0x01c0
                | 0x01c2
                | 0x01c4
                | 0x0200
                | 0x0ebc
                | 0x5032
                | 0x5064
                | 0x6232
                | 0x6264
                | 0x8664
                | 0xa641
                | 0xa64e
                | 0xaa64
        )
    );
    Ok(header.starts_with(b"PE\0\0") && known)
}

fn known_cpu(cpu: u32) -> bool {
    matches!(cpu & 0x00ff_ffff, 6 | 7 | 10 | 11 | 12 | 14 | 18) && matches!(cpu >> 24, 0..=2)
}

fn mach_o(head: &[u8]) -> bool {
    let big = head.first() == Some(&0xfe);
    let cpu = u32_at(head, 4, big).is_some_and(known_cpu);
    let kind = u32_at(head, 12, big).is_some_and(|kind| (1..=12).contains(&kind));
    let commands = u32_at(head, 16, big).is_some_and(|count| count <= 10_000);
    // Stubs without load commands are no program yet, but nothing else begins like this either.
    let size = u32_at(head, 20, big).is_some_and(|size| size <= 1 << 24);
    cpu && kind && commands && size
}

/// Tells a Java class from a Mach-O for many machines, which begin alike.
fn cafe(head: &[u8]) -> Option<Kind> {
    let count = u32_at(head, 4, true)?;
    if (1..=30).contains(&count) && u32_at(head, 8, true).is_some_and(known_cpu) {
        return Some(Kind::MachO);
    }
    let major = u16_at(head, 6, true)?;
    let constants = u16_at(head, 8, true)?;
    let tag = head.get(10)?;
    let sane = (45..=100).contains(&major) && constants > 1 && (1..=20).contains(tag);
    (sane && head.get(3) == Some(&0xbe)).then_some(Kind::JavaClass)
}

/// Knows a compiled module by its magic number and the code object after the header, whose size grew over the years.
fn bytecode(head: &[u8]) -> bool {
    let Some(magic) = u16_at(head, 0, false) else {
        return false;
    };
    let code = |at: usize| matches!(head.get(at), Some(0xe3 | b'c'));
    match magic {
        3390..=3999 => u32_at(head, 4, false).is_some_and(|flags| flags <= 3) && code(16),
        3200..=3389 => code(12),
        3000..=3199 | 20121 | 50428 | 50823 | 60202 | 60717 | 62000..=62299 => code(8),
        48..=511 => u32_at(head, 4, false).is_some_and(|flags| flags <= 3) && code(16),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{never_panics, view};

    fn elf_bytes() -> Vec<u8> {
        let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
        bytes.resize(64, 0);
        bytes[16] = 3;
        bytes
    }

    fn pe_bytes() -> Vec<u8> {
        let mut bytes = b"MZ".to_vec();
        bytes.resize(128, 0);
        bytes[60] = 64;
        bytes[64..70].copy_from_slice(b"PE\0\0\x64\x86");
        bytes
    }

    #[test]
    fn kinds_are_told_apart() {
        let pyc = [&b"\xa7\x0d\r\n"[..], &[0; 12], b"\xe3"].concat();
        let cases: [(&[u8], Option<Kind>); 10] = [
            (&elf_bytes(), Some(Kind::Elf)),
            (&pe_bytes(), Some(Kind::Pe)),
            (
                &b"MZ\0\0and then numbers that are no program at all, as weights may be...."[..],
                None,
            ),
            (
                b"\xcf\xfa\xed\xfe\x07\0\0\x01\x03\0\0\0\x02\0\0\0\x10\0\0\0\0\x02\0\0",
                Some(Kind::MachO),
            ),
            (b"\xca\xfe\xba\xbe\0\0\0\x41\0\x20\x0a\0", Some(Kind::JavaClass)),
            (
                b"\xca\xfe\xba\xbe\0\0\0\x02\x01\0\0\x07\0\0\0\x03",
                Some(Kind::MachO),
            ),
            (b"MZqFpD='\n#!/bin/sh\n", Some(Kind::Portable)),
            (b"\0asm\x01\0\0\0", Some(Kind::WebAssembly)),
            (&pyc[..], Some(Kind::PythonBytecode)),
            (b"\x7fELF and so on", None),
        ];
        for (bytes, kind) in cases {
            assert_eq!(view(bytes, parse).kind, kind, "{bytes:?}");
        }
    }

    #[test]
    fn damage_never_panics() {
        never_panics(&pe_bytes(), parse);
    }
}
