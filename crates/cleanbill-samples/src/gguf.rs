//! GGUF files of version 2 and 3.

use crate::{
    content::{little, settings_and_content},
    lines::{Node, Result},
    literal::Argument,
};

/// Names of the value types, by number.
const TYPES: [&str; 13] = [
    "u8", "i8", "u16", "i16", "u32", "i32", "f32", "bool", "string", "array", "u64", "i64", "f64",
];

/// Builds a `gguf:` block: key-value pairs and tensors, then the tensor data.
pub(crate) fn build(node: &Node<'_>) -> Result<Vec<u8>> {
    let (mut pairs, mut tensors) = (Vec::new(), Vec::new());
    let (mut pair_count, mut tensor_count) = (0, 0);
    let (mut version, mut alignment, mut magic) = (3, 32, b"GGUF".to_vec());
    let (mut declared_pairs, mut declared_tensors) = (None, None);
    let data = settings_and_content(node.body, |node| {
        match node.key.as_str() {
            "magic" => magic = node.bytes()?,
            "version" => version = node.number()?,
            "alignment" => alignment = node.number()?,
            "kv-count" => declared_pairs = Some(node.number()?),
            "tensor-count" => declared_tensors = Some(node.number()?),
            "kv" => {
                let arguments = node.arguments()?;
                let [key, kind, values @ ..] = arguments.as_slice() else {
                    return Err(node.error("`kv` takes a key, a type and a value"));
                };
                pairs.extend(string(&key.name()));
                pairs.extend(pair(node, kind.word(), values)?);
                pair_count += 1;
            }
            "tensor" => {
                tensors.extend(tensor(node)?);
                tensor_count += 1;
            }
            "raw-kv" => pairs.extend(node.bytes()?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let mut out = magic;
    out.extend(little(version, 4));
    out.extend(little(declared_tensors.unwrap_or(tensor_count), 8));
    out.extend(little(declared_pairs.unwrap_or(pair_count), 8));
    out.extend(pairs);
    out.extend(tensors);
    if !data.is_empty() {
        let multiple = usize::try_from(alignment.clamp(1, 1 << 20)).unwrap_or(1);
        out.resize(out.len().next_multiple_of(multiple), 0);
        out.extend(data);
    }
    Ok(out)
}

fn pair(node: &Node<'_>, kind: &str, values: &[Argument]) -> Result<Vec<u8>> {
    let number = |kind: &str| {
        let at = TYPES.iter().position(|name| *name == kind);
        at.map(|at| little(at as u64, 4))
            .ok_or_else(|| node.error(format!("unknown type `{kind}`")))
    };
    let mut out;
    if let Some(inner) = kind.strip_prefix("array:") {
        out = number("array")?;
        out.extend(number(inner)?);
        out.extend(little(values.len() as u64, 8));
        for one in values {
            out.extend(value(node, inner, one)?);
        }
    } else {
        let [one] = values else {
            return Err(node.error("`kv` takes exactly one value here"));
        };
        out = number(kind)?;
        out.extend(value(node, kind, one)?);
    }
    Ok(out)
}

fn value(node: &Node<'_>, kind: &str, value: &Argument) -> Result<Vec<u8>> {
    let integer = |width: usize| {
        let number = value.signed().map_err(|reason| node.error(reason))?;
        Ok(number.to_le_bytes().into_iter().take(width).collect())
    };
    let float = || {
        value
            .word()
            .parse::<f64>()
            .map_err(|_| node.error(format!("`{}` is not a number", value.word())))
    };
    match kind {
        "u8" | "i8" => integer(1),
        "bool" => Ok(vec![u8::from(value.word() == "true")]),
        "u16" | "i16" => integer(2),
        "u32" | "i32" => integer(4),
        "u64" | "i64" => integer(8),
        "f32" => {
            let value: f32 = value.word().parse().map_err(|_| node.error("not a number"))?;
            Ok(value.to_le_bytes().to_vec())
        }
        "f64" => Ok(float()?.to_le_bytes().to_vec()),
        "string" => Ok(string(&value.name())),
        other => Err(node.error(format!("no value of type `{other}` can be written"))),
    }
}

fn tensor(node: &Node<'_>) -> Result<Vec<u8>> {
    let arguments = node.arguments()?;
    let [name, dims, kind, offset] = arguments.as_slice() else {
        return Err(node.error("`tensor` takes name, dimensions like 4x2, type number and offset"));
    };
    let mut out = string(&name.name());
    let dims: Vec<&str> = dims.word().split('x').collect();
    out.extend(little(dims.len() as u64, 4));
    for dim in dims {
        let dim: u64 = dim
            .parse()
            .map_err(|_| node.error(format!("`{dim}` is not a dimension")))?;
        out.extend(little(dim, 8));
    }
    out.extend(little(kind.number().map_err(|reason| node.error(reason))?, 4));
    out.extend(little(offset.number().map_err(|reason| node.error(reason))?, 8));
    Ok(out)
}

fn string(bytes: &[u8]) -> Vec<u8> {
    let mut out = little(bytes.len() as u64, 8);
    out.extend(bytes);
    out
}

#[cfg(test)]
mod tests {
    use crate::build;

    #[test]
    fn counts_pairs_and_data_stand_in_order() {
        let text =
            "gguf:\n  kv \"a\" string \"b\"\n  kv \"n\" array:u8 1 2\n  tensor \"w\" 2x3 0 0\n  zeros 4\n";
        let bytes = build(text).unwrap();
        assert_eq!(&bytes[..8], b"GGUF\x03\0\0\0");
        assert_eq!((bytes[8], bytes[16]), (1, 2));
        assert_eq!(&bytes[24..33], b"\x01\0\0\0\0\0\0\0a");
        assert_eq!(bytes.len() % 32, 4);
        assert_eq!(
            build("gguf:\n  kv \"a\" u9 1").unwrap_err().to_string(),
            "line 2: unknown type `u9`"
        );
    }
}
