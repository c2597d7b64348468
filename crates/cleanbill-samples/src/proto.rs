//! Protocol Buffers messages by field number, for ONNX, TensorFlow and Core ML.

use crate::{
    content,
    lines::{Line, Result, nodes},
};

/// Builds a `proto:` block: statements `FIELD varint|fixed32|fixed64 NUMBER`, `FIELD bytes "..."` or `FIELD message:` with a block.
pub(crate) fn build(body: &[Line]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    for node in &nodes(body)? {
        let field: u64 = node
            .key
            .parse()
            .map_err(|_| node.error(format!("`{}` is not a field number", node.key)))?;
        let (kind, _) = node.rest.split_once([' ', ':']).unwrap_or((&node.rest, ""));
        let arguments = node.arguments()?;
        let number = || {
            let argument = arguments
                .get(1)
                .ok_or_else(|| node.error("a number is missing"))?;
            let number = argument.signed().map_err(|reason| node.error(reason))?;
            Ok::<_, crate::SampleError>(number.to_le_bytes().into_iter().take(8).collect::<Vec<u8>>())
        };
        let key = |wire: u64| varint(field << 3 | wire);
        match kind {
            "varint" => {
                let bytes = number()?;
                out.extend(key(0));
                out.extend(varint(u64::from_le_bytes(
                    *bytes.first_chunk().unwrap_or(&[0; 8]),
                )));
            }
            "fixed64" => {
                out.extend(key(1));
                out.extend(number()?);
            }
            "fixed32" => {
                out.extend(key(5));
                out.extend(&number()?[..4]);
            }
            "bytes" | "message" | "content" => {
                let mut content = Vec::new();
                for argument in arguments.iter().skip(1) {
                    content.extend(argument.bytes().map_err(|reason| node.error(reason))?);
                }
                content.extend(if kind == "message" {
                    build(node.body)?
                } else {
                    content::build(node.body)?
                });
                out.extend(key(2));
                out.extend(varint(content.len() as u64));
                out.extend(content);
            }
            other => return Err(node.error(format!("unknown kind of field `{other}`"))),
        }
    }
    Ok(out)
}

/// Writes a base-128 variable-length number.
pub(crate) fn varint(mut number: u64) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let low = number.to_le_bytes()[0] & 0x7f;
        number >>= 7;
        if number == 0 {
            out.push(low);
            return out;
        }
        out.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use crate::build;

    #[test]
    fn messages_nest() {
        let text = "proto:\n  1 varint 300\n  2 bytes \"ab\"\n  3 message:\n    1 varint 1\n  4 fixed32 1\n";
        assert_eq!(
            build(text).unwrap(),
            b"\x08\xac\x02\x12\x02ab\x1a\x02\x08\x01\x25\x01\0\0\0"
        );
        assert_eq!(
            build("proto:\n  x varint 1").unwrap_err().to_string(),
            "line 2: `x` is not a field number"
        );
    }
}
