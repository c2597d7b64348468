//! Tar archives whose header fields can all be set (POSIX.1-1988 ustar).

use crate::{
    content::settings_and_content,
    lines::{Node, Result, nodes},
};

const BLOCK: usize = 512;

/// Builds a `tar:` block.
pub(crate) fn build(node: &Node<'_>) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut end_blocks = 2;
    for node in &nodes(node.body)? {
        match node.key.as_str() {
            "entry" => entry(node, &mut out)?,
            "end-blocks" => end_blocks = usize::try_from(node.number()?.min(64)).unwrap_or(0),
            other => return Err(node.error(format!("unknown setting `{other}` of a tar"))),
        }
    }
    out.resize(out.len() + end_blocks * BLOCK, 0);
    Ok(out)
}

fn entry(node: &Node<'_>, out: &mut Vec<u8>) -> Result<()> {
    let mut fields: Vec<(usize, usize, Vec<u8>)> = vec![(0, 100, node.argument()?.name())];
    let (mut size, mut checksum) = (None, None);
    let content = settings_and_content(node.body, |node| {
        let octal = |width: usize| Ok::<_, crate::SampleError>(octal(node.number()?, width));
        let field = match node.key.as_str() {
            "mode" => (100, 8, octal(8)?),
            "uid" => (108, 8, octal(8)?),
            "gid" => (116, 8, octal(8)?),
            "mtime" => (136, 12, octal(12)?),
            "type" => (156, 1, node.argument()?.name()),
            "link" => (157, 100, node.argument()?.name()),
            "magic" => (257, 8, node.bytes()?),
            "user" => (265, 32, node.argument()?.name()),
            "group" => (297, 32, node.argument()?.name()),
            "prefix" => (345, 155, node.argument()?.name()),
            "raw-size" => (124, 12, node.bytes()?),
            "size" => {
                size = Some(node.number()?);
                return Ok(true);
            }
            "checksum" => {
                checksum = Some(node.number()?);
                return Ok(true);
            }
            _ => return Ok(false),
        };
        if field.2.len() > field.1 {
            return Err(node.error(format!("`{}` holds at most {} bytes", node.key, field.1)));
        }
        fields.push(field);
        Ok(true)
    })?;
    if fields[0].2.len() > 100 {
        return Err(node.error("a name holds at most 100 bytes"));
    }
    let mut header = vec![0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
    put(100, &octal(0o644, 8));
    put(108, &octal(0, 8));
    put(116, &octal(0, 8));
    put(124, &octal(size.unwrap_or(content.len() as u64), 12));
    put(136, &octal(0, 12));
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    for (at, _, bytes) in &fields {
        put(*at, bytes);
    }
    let sum: u64 = header.iter().copied().map(u64::from).sum();
    header[148..155].copy_from_slice(&octal(checksum.unwrap_or(sum), 7));
    out.extend(header);
    out.extend(&content);
    out.resize(out.len().next_multiple_of(BLOCK), 0);
    Ok(())
}

/// Writes a number in octal digits, filled with zeros and ended by a NUL.
fn octal(number: u64, width: usize) -> Vec<u8> {
    let mut text = format!("{number:0width$o}\0", width = width - 1).into_bytes();
    text.drain(..text.len().saturating_sub(width));
    text
}

#[cfg(test)]
mod tests {
    use crate::build;

    #[test]
    fn an_entry_takes_a_header_and_whole_blocks() {
        let bytes = build("tar:\n  entry \"a.txt\"\n    text \"hi\"\n").unwrap();
        assert_eq!(bytes.len(), 512 * 4);
        assert_eq!(&bytes[124..136], b"00000000002\0");
        assert_eq!(&bytes[257..265], b"ustar\x0000");
        assert_eq!(&bytes[512..515], b"hi\0");
        let sum: u64 = bytes[..512]
            .iter()
            .enumerate()
            .map(|(at, &byte)| {
                if (148..156).contains(&at) {
                    32
                } else {
                    u64::from(byte)
                }
            })
            .sum();
        assert_eq!(bytes[148..154], *format!("{sum:06o}").as_bytes());
    }

    #[test]
    fn fields_can_lie() {
        let bytes = build("tar:\n  end-blocks: 0\n  entry \"x\"\n    type: \"2\"\n    link: \"/etc/passwd\"\n    size: 9\n    checksum: 1\n").unwrap();
        assert_eq!(bytes.len(), 512);
        assert_eq!((bytes[156], &bytes[157..168]), (b'2', &b"/etc/passwd"[..]));
        assert_eq!(&bytes[148..155], b"000001\0");
    }
}
