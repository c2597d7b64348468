//! `NumPy` arrays and safetensors files.

use crate::{
    content::{little, settings_and_content},
    lines::{Node, Result},
};

/// Builds an `npy:` block (NEP 1): settings, then the array data.
pub(crate) fn npy(node: &Node<'_>) -> Result<Vec<u8>> {
    let mut version = (1, 0);
    let mut descr = "<f4".to_owned();
    let mut shape = "(1,)".to_owned();
    let mut fortran_order = false;
    let (mut header, mut header_size) = (None, None);
    let data = settings_and_content(node.body, |node| {
        match node.key.as_str() {
            "version" => {
                let parts = node
                    .rest
                    .split_once('.')
                    .and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
                version = parts.ok_or_else(|| node.error("`version` is two numbers, like 1.0"))?;
            }
            "descr" => descr = node.argument()?.text().map_err(|reason| node.error(reason))?,
            "shape" => shape.clone_from(&node.rest),
            "fortran-order" => fortran_order = node.flag()?,
            "header" => header = Some(node.bytes()?),
            "header-size" => header_size = Some(node.number()?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let order = if fortran_order { "True" } else { "False" };
    let mut header = header.unwrap_or_else(|| {
        format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}").into_bytes()
    });
    let width = if version.0 == 1 { 2 } else { 4 };
    let before = 8 + width;
    while (before + header.len() + 1) % 64 != 0 {
        header.push(b' ');
    }
    header.push(b'\n');
    let mut out = b"\x93NUMPY".to_vec();
    out.extend([version.0, version.1]);
    out.extend(little(header_size.unwrap_or(header.len() as u64), width));
    out.extend(header);
    out.extend(data);
    Ok(out)
}

/// Builds a `safetensors:` block: tensors and metadata (or a raw header), then the data.
pub(crate) fn safetensors(node: &Node<'_>) -> Result<Vec<u8>> {
    let (mut metadata, mut tensors) = (Vec::new(), Vec::new());
    let (mut header, mut header_size) = (None, None);
    let data = settings_and_content(node.body, |node| {
        match node.key.as_str() {
            "metadata" => {
                let arguments = node.arguments()?;
                let [key, value] = arguments.as_slice() else {
                    return Err(node.error("`metadata` takes a key and a value"));
                };
                let text = |argument: &crate::literal::Argument| {
                    argument.text().map_err(|reason| node.error(reason))
                };
                metadata.push(format!("{}:{}", json(&text(key)?), json(&text(value)?)));
            }
            "tensor" => {
                let arguments = node.arguments()?;
                let [name, dtype, shape, start, end] = arguments.as_slice() else {
                    return Err(node.error("`tensor` takes name, type, shape like [2,3], start and end"));
                };
                let name = json(&name.text().map_err(|reason| node.error(reason))?);
                let (dtype, shape, start, end) = (dtype.word(), shape.word(), start.word(), end.word());
                tensors.push(format!(
                    "{name}:{{\"dtype\":\"{dtype}\",\"shape\":{shape},\"data_offsets\":[{start},{end}]}}"
                ));
            }
            "header" => header = Some(node.bytes()?),
            "header-size" => header_size = Some(node.number()?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    if !metadata.is_empty() {
        tensors.insert(0, format!("\"__metadata__\":{{{}}}", metadata.join(",")));
    }
    let header = header.unwrap_or_else(|| {
        let mut header = format!("{{{}}}", tensors.join(",")).into_bytes();
        header.resize(header.len().next_multiple_of(8), b' ');
        header
    });
    let mut out = little(header_size.unwrap_or(header.len() as u64), 8);
    out.extend(header);
    out.extend(data);
    Ok(out)
}

/// Writes a JSON string.
fn json(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use crate::build;

    #[test]
    fn an_array_header_is_padded_to_64_bytes() {
        let bytes = build("npy:\n  descr: \"|O\"\n  shape: (2,)\n  hex: 01 02\n").unwrap();
        assert!(bytes.starts_with(
            b"\x93NUMPY\x01\x00\x76\x00{'descr': '|O', 'fortran_order': False, 'shape': (2,), }"
        ));
        assert_eq!(bytes.len(), 128 + 2);
    }

    #[test]
    fn a_safetensors_header_lists_what_is_written() {
        let text = "safetensors:\n  metadata \"format\" \"pt\"\n  tensor \"w\" F32 [1] 0 4\n  zeros 4\n";
        let bytes = build(text).unwrap();
        let header =
            br#"{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
        assert_eq!(&bytes[8..8 + header.len()], header);
        assert_eq!(usize::from(bytes[0]) + 8 + 4, bytes.len());
        assert_eq!(
            build("safetensors:\n  header: \"{}\"\n  header-size: 0x1_0000\n").unwrap(),
            b"\0\0\x01\0\0\0\0\0{}"
        );
    }
}
