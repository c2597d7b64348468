//! Blocks of content: each statement gives bytes, one after the other.

use std::io::Write;

use crate::{
    arrays, flatbuffer, gguf, hdf5,
    lines::{Line, Node, Result, dedent, nodes},
    literal::hex,
    pickle, proto, tar, torch, zip,
};

/// Builds the bytes of all statements in `lines`.
pub(crate) fn build(lines: &[Line]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for node in &nodes(lines)? {
        let part = part(node)?;
        bytes.extend(part.ok_or_else(|| node.error(format!("unknown statement `{}`", node.key)))?);
    }
    Ok(bytes)
}

/// Builds the bytes of one statement; `None` where its key is not one of content.
pub(crate) fn part(node: &Node<'_>) -> Result<Option<Vec<u8>>> {
    let bytes = match node.key.as_str() {
        "text" if node.rest.is_empty() => dedent(node.body).into_bytes(),
        "text" | "bytes" => node.bytes()?,
        "hex" => {
            let below = nodes(node.body)?;
            let rows = below.iter().map(|row| (row, format!("{}{}", row.key, row.rest)));
            let mut bytes = hex(&without_spaces(&node.rest)).map_err(|reason| node.error(reason))?;
            for (row, digits) in rows {
                bytes.extend(hex(&without_spaces(&digits)).map_err(|reason| row.error(reason))?);
            }
            bytes
        }
        "zeros" => vec![0; length(node)?],
        "u8" => integer(node, 1, false)?,
        "u16le" => integer(node, 2, false)?,
        "u32le" => integer(node, 4, false)?,
        "u64le" => integer(node, 8, false)?,
        "u16be" => integer(node, 2, true)?,
        "u32be" => integer(node, 4, true)?,
        "u64be" => integer(node, 8, true)?,
        "sized" => sized(node)?,
        "repeat" => build(node.body)?.repeat(length(node)?),
        "first" => {
            let mut bytes = build(node.body)?;
            bytes.truncate(length(node)?);
            bytes
        }
        "drop-last" => {
            let mut bytes = build(node.body)?;
            bytes.truncate(bytes.len().saturating_sub(length(node)?));
            bytes
        }
        "pad-to" => {
            let mut bytes = build(node.body)?;
            let multiple = length(node)?.max(1);
            bytes.resize(bytes.len().next_multiple_of(multiple), 0);
            bytes
        }
        "patch" => patch(node)?,
        "deflate" => finish(node, |bytes, out| {
            let mut encoder = flate2::write::DeflateEncoder::new(out, flate2::Compression::default());
            encoder.write_all(bytes)?;
            encoder.finish().map(drop)
        })?,
        "zlib" => finish(node, |bytes, out| {
            let mut encoder = flate2::write::ZlibEncoder::new(out, flate2::Compression::default());
            encoder.write_all(bytes)?;
            encoder.finish().map(drop)
        })?,
        "gzip" => finish(node, |bytes, out| {
            let mut encoder = flate2::write::GzEncoder::new(out, flate2::Compression::default());
            encoder.write_all(bytes)?;
            encoder.finish().map(drop)
        })?,
        "bzip2" => finish(node, |bytes, out| {
            let mut encoder = bzip2::write::BzEncoder::new(out, bzip2::Compression::default());
            encoder.write_all(bytes)?;
            encoder.finish().map(drop)
        })?,
        "lz4" => finish(node, |bytes, out| {
            let mut encoder = lz4_flex::frame::FrameEncoder::new(out);
            encoder.write_all(bytes)?;
            encoder.finish().map(drop).map_err(std::io::Error::from)
        })?,
        "pickle" => pickle::assemble_lines(node.body)?,
        "zip" => zip::build(node)?,
        "tar" => tar::build(node)?,
        "npy" => arrays::npy(node)?,
        "safetensors" => arrays::safetensors(node)?,
        "gguf" => gguf::build(node)?,
        "flatbuffer" => flatbuffer::build(node)?,
        "hdf5" => hdf5::build(node)?,
        "proto" => proto::build(node.body)?,
        "torch-zip" => torch::zip_layout(node)?,
        "torch-legacy" => torch::legacy_layout(node)?,
        _ => return Ok(None),
    };
    Ok(Some(bytes))
}

/// Separates the settings of a container's block from its content: a setting is whatever `set` takes.
pub(crate) fn settings_and_content(
    body: &[Line],
    mut set: impl FnMut(&Node<'_>) -> Result<bool>,
) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for node in &nodes(body)? {
        if !set(node)? {
            let part = part(node)?;
            bytes.extend(
                part.ok_or_else(|| node.error(format!("unknown setting or statement `{}`", node.key)))?,
            );
        }
    }
    Ok(bytes)
}

/// Returns the low `width` bytes of a number, little-endian.
pub(crate) fn little(number: u64, width: usize) -> Vec<u8> {
    number.to_le_bytes().into_iter().take(width).collect()
}

fn length(node: &Node<'_>) -> Result<usize> {
    let number = node.number()?;
    // A typing mistake must not fill the memory of whoever runs the tests.
    usize::try_from(number)
        .ok()
        .filter(|&length| length <= 1 << 28)
        .ok_or_else(|| node.error(format!("{number} is more than a sample may hold")))
}

fn integer(node: &Node<'_>, width: usize, big_endian: bool) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for argument in node.arguments()? {
        let number = argument.signed().map_err(|reason| node.error(reason))?;
        let mut one: Vec<u8> = number.to_le_bytes().into_iter().take(width).collect();
        if big_endian {
            one.reverse();
        }
        bytes.extend(one);
    }
    Ok(bytes)
}

fn sized(node: &Node<'_>) -> Result<Vec<u8>> {
    let content = build(node.body)?;
    let size = content.len() as u64;
    let mut bytes = match node.argument()?.word() {
        "u8" => little(size, 1),
        "u16le" => little(size, 2),
        "u32le" => little(size, 4),
        "u64le" => little(size, 8),
        "u32be" => little(size, 4).into_iter().rev().collect(),
        "u64be" => little(size, 8).into_iter().rev().collect(),
        "varint" => proto::varint(size),
        other => return Err(node.error(format!("`{other}` is no kind of length"))),
    };
    bytes.extend(content);
    Ok(bytes)
}

/// Overwrites bytes: statements `at OFFSET BYTES...` among the content.
fn patch(node: &Node<'_>) -> Result<Vec<u8>> {
    let mut patches = Vec::new();
    let mut bytes = settings_and_content(node.body, |node| {
        if node.key == "at" {
            let arguments = node.arguments()?;
            let [offset, what @ ..] = arguments.as_slice() else {
                return Err(node.error("`at` takes an offset and bytes"));
            };
            let mut with = Vec::new();
            for argument in what {
                with.extend(argument.bytes().map_err(|reason| node.error(reason))?);
            }
            patches.push((
                node.number,
                offset.number().map_err(|reason| node.error(reason))?,
                with,
            ));
        }
        Ok(node.key == "at")
    })?;
    for (line, offset, with) in patches {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let target = bytes.get_mut(start..start.saturating_add(with.len()));
        let target =
            target.ok_or_else(|| crate::SampleError::new(line, format!("offset {offset} lies outside")))?;
        target.copy_from_slice(&with);
    }
    Ok(bytes)
}

fn finish(
    node: &Node<'_>,
    encode: impl FnOnce(&[u8], &mut Vec<u8>) -> std::io::Result<()>,
) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    encode(&build(node.body)?, &mut out).map_err(|error| node.error(format!("cannot encode: {error}")))?;
    Ok(out)
}

fn without_spaces(text: &str) -> String {
    text.split_whitespace().collect()
}

#[cfg(test)]
mod tests {
    use crate::build;

    #[test]
    fn statements_follow_each_other() {
        let text = "hex: 00 01\n  02 03\n  ff\ntext:\n  a\n    b\n\ntext \"end\"\nu16be 258\nsized u8:\n  text \"xyz\"\n";
        assert_eq!(
            build(text).unwrap(),
            b"\0\x01\x02\x03\xffa\n  b\nend\x01\x02\x03xyz"
        );
    }

    #[test]
    fn content_can_be_cut_repeated_padded_and_patched() {
        assert_eq!(build("first 3:\n  repeat 2:\n    text \"ab\"").unwrap(), b"aba");
        assert_eq!(build("drop-last 1:\n  text \"abc\"").unwrap(), b"ab");
        assert_eq!(build("pad-to 4:\n  text \"abcde\"").unwrap(), b"abcde\0\0\0");
        assert_eq!(
            build("patch:\n  text \"abcd\"\n  at 1 \"X\" hex:59").unwrap(),
            b"aXYd"
        );
        assert_eq!(
            build("patch:\n  text \"a\"\n  at 1 \"X\"")
                .unwrap_err()
                .to_string(),
            "line 3: offset 1 lies outside"
        );
    }

    #[test]
    fn compressed_blocks_begin_with_their_signatures() {
        let head = |codec: &str| build(&format!("{codec}:\n  text \"hello\"")).unwrap()[..2].to_vec();
        assert_eq!(head("gzip"), b"\x1f\x8b");
        assert_eq!(head("zlib")[0], 0x78);
        assert_eq!(head("bzip2"), b"BZ");
        assert_eq!(head("lz4"), b"\x04\x22");
    }

    #[test]
    fn mistakes_are_named() {
        let error = |text: &str| build(text).unwrap_err().to_string();
        assert_eq!(error("text:\n  a\nnope: 1"), "line 3: unknown statement `nope`");
        assert_eq!(
            error("zeros 999999999999"),
            "line 1: 999999999999 is more than a sample may hold"
        );
        assert_eq!(
            error("zip:\n  entry \"a\"\n    colour: red"),
            "line 3: unknown setting or statement `colour`"
        );
    }
}
