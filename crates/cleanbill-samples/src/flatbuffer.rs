//! `FlatBuffers` by field number, for TensorFlow Lite, ONNX Runtime and `ExecuTorch`.

use crate::{
    content::{self, little},
    lines::{Line, Node, Result, nodes},
};

/// Builds a `flatbuffer:` block: `identifier "TFL3"`, an optional `header:` block that follows it, then the fields of the
/// outermost table: `FIELD u8|u32|u64 N`, `FIELD text "..."`, `FIELD bytes "..."`, `FIELD numbers N...`,
/// `FIELD content:`, `FIELD table:` with fields, `FIELD tables:` with `table:` blocks.
pub(crate) fn build(node: &Node<'_>) -> Result<Vec<u8>> {
    let mut out = vec![0; 4];
    let mut fields = Vec::new();
    for line in nodes(node.body)? {
        match line.key.as_str() {
            "identifier" => out.extend(line.bytes()?),
            "header" => out.extend(content::build(line.body)?),
            _ => fields.push(line),
        }
    }
    let at = table(&mut out, &fields)?;
    patch(&mut out, 0, at);
    Ok(out)
}

fn patch(out: &mut [u8], at: usize, target: usize) {
    let offset = little((target - at) as u64, 4);
    out[at..at + 4].copy_from_slice(&offset);
}

fn align(out: &mut Vec<u8>, multiple: usize) {
    out.resize(out.len().next_multiple_of(multiple), 0);
}

/// Writes a table and everything it refers to behind it; returns where it begins.
fn table(out: &mut Vec<u8>, fields: &[Node<'_>]) -> Result<usize> {
    let mut places: Vec<(usize, usize)> = Vec::new();
    let (mut inline, mut most) = (4_usize, 0);
    for field in fields {
        let number: usize = field
            .key
            .parse()
            .map_err(|_| field.error(format!("`{}` is not a field number", field.key)))?;
        let width = match kind(field) {
            "u8" => 1,
            "u64" => 8,
            _ => 4,
        };
        inline = inline.next_multiple_of(width);
        places.push((number, inline));
        inline += width;
        most = most.max(number + 1);
    }
    align(out, 8);
    let list = out.len();
    out.extend(little(4 + 2 * most as u64, 2));
    out.extend(little(inline as u64, 2));
    for number in 0..most {
        let place = places.iter().find(|(known, _)| *known == number);
        out.extend(little(place.map_or(0, |(_, at)| *at as u64), 2));
    }
    align(out, 8);
    let start = out.len();
    out.extend(little((start - list) as u64, 4));
    out.resize(start + inline, 0);
    for (field, (_, place)) in fields.iter().zip(places) {
        let at = start + place;
        let arguments = field.arguments()?;
        match kind(field) {
            scalar @ ("u8" | "u32" | "u64") => {
                let width = match scalar {
                    "u8" => 1,
                    "u64" => 8,
                    _ => 4,
                };
                let value = arguments
                    .get(1)
                    .ok_or_else(|| field.error("a number is missing"))?
                    .signed()
                    .map_err(|reason| field.error(reason))?;
                let bytes: Vec<u8> = value.to_le_bytes().into_iter().take(width).collect();
                out[at..at + width].copy_from_slice(&bytes);
            }
            "text" | "bytes" | "content" => {
                let mut bytes = Vec::new();
                for argument in arguments.iter().skip(1) {
                    bytes.extend(argument.bytes().map_err(|reason| field.error(reason))?);
                }
                bytes.extend(content::build(field.body)?);
                align(out, 4);
                patch_here(out, at);
                out.extend(little(bytes.len() as u64, 4));
                out.extend(bytes);
                out.push(0);
            }
            "numbers" => {
                align(out, 4);
                patch_here(out, at);
                out.extend(little(arguments.len() as u64 - 1, 4));
                for argument in arguments.iter().skip(1) {
                    let number = argument.signed().map_err(|reason| field.error(reason))?;
                    out.extend(number.to_le_bytes().into_iter().take(4));
                }
            }
            "table" => {
                let child = table(out, &nodes(field.body)?)?;
                patch(out, at, child);
            }
            "tables" => tables(out, at, field.body)?,
            other => return Err(field.error(format!("unknown kind of field `{other}`"))),
        }
    }
    Ok(start)
}

fn tables(out: &mut Vec<u8>, at: usize, body: &[Line]) -> Result<()> {
    let children = nodes(body)?;
    align(out, 4);
    patch_here(out, at);
    out.extend(little(children.len() as u64, 4));
    let first = out.len();
    out.resize(first + 4 * children.len(), 0);
    for (index, child) in children.iter().enumerate() {
        let start = table(out, &nodes(child.body)?)?;
        patch(out, first + 4 * index, start);
    }
    Ok(())
}

fn patch_here(out: &mut [u8], at: usize) {
    let target = out.len();
    patch(out, at, target);
}

fn kind<'a>(field: &'a Node<'_>) -> &'a str {
    field
        .rest
        .split_once([' ', ':'])
        .map_or(field.rest.as_str(), |(kind, _)| kind)
}

#[cfg(test)]
mod tests {
    use crate::build;

    #[test]
    fn tables_point_forward() {
        let bytes = build("flatbuffer:\n  identifier \"TFL3\"\n  0 u32 3\n  1 text \"ab\"\n").unwrap();
        assert_eq!(&bytes[..8], b"\x10\0\0\0TFL3");
        assert_eq!(&bytes[8..16], b"\x08\0\x0c\0\x04\0\x08\0");
        assert_eq!(&bytes[16..28], b"\x08\0\0\0\x03\0\0\0\x04\0\0\0");
        assert_eq!(&bytes[28..], b"\x02\0\0\0ab\0");
    }
}
