//! Layouts of the files that `torch.save` and joblib write.

use crate::{
    content::settings_and_content,
    lines::{Node, Result},
    literal::quote,
    pickle,
    zip::{Archive, Entry},
};

/// Builds a `torch-zip:` block: content becomes `data.pkl`; `root`, `version`, `byteorder` and `storage KEY BYTES` are settings.
pub(crate) fn zip_layout(node: &Node<'_>) -> Result<Vec<u8>> {
    let mut root = b"archive".to_vec();
    let mut version = b"3\n".to_vec();
    let mut byteorder = Some(b"little".to_vec());
    let (mut storages, mut others) = (Vec::new(), Vec::new());
    let pickle = settings_and_content(node.body, |node| {
        match node.key.as_str() {
            "root" => root = node.argument()?.name(),
            "version" => version = node.bytes()?,
            "byteorder" => byteorder = Some(node.bytes()?).filter(|bytes| !bytes.is_empty()),
            "storage" => storages.push(named_bytes(node)?),
            "file" => others.push((node.argument()?.name(), crate::content::build(node.body)?)),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let mut archive = Archive::default();
    let mut add = |name: &[u8], content: &[u8]| {
        let name = [&root[..], b"/", name].concat();
        archive.entries.push(Entry::new(&name, content, 0));
    };
    add(b"data.pkl", &pickle);
    if let Some(byteorder) = &byteorder {
        add(b"byteorder", byteorder);
    }
    for (key, content) in &storages {
        add(&[b"data/", &key[..]].concat(), content);
    }
    for (name, content) in &others {
        add(name, content);
    }
    add(b"version", &version);
    Ok(archive.bytes())
}

/// Builds a `torch-legacy:` block: magic number, protocol and system pickles, the content, storage keys and storages.
pub(crate) fn legacy_layout(node: &Node<'_>) -> Result<Vec<u8>> {
    let mut storages = Vec::new();
    let mut magic = None;
    let content = settings_and_content(node.body, |node| {
        match node.key.as_str() {
            "storage" => storages.push(named_bytes(node)?),
            "magic" => magic = Some(crate::content::build(node.body)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let mut out = match magic {
        Some(magic) => magic,
        // torch.serialization.MAGIC_NUMBER
        None => pickle::assemble("PROTO 2\nLONG1 0x1950a86a20f9469cfc6c\nSTOP")?,
    };
    out.extend(pickle::assemble("PROTO 2\nBININT2 1001\nSTOP")?);
    out.extend(pickle::assemble(
        "PROTO 2\nEMPTY_DICT\nMARK\nBINUNICODE \"protocol_version\"\nBININT2 1001\nBINUNICODE \"little_endian\"\nNEWTRUE\nSETITEMS\nSTOP",
    )?);
    out.extend(content);
    let mut keys = String::from("PROTO 2\nEMPTY_LIST\nMARK\n");
    for (key, _) in &storages {
        keys.push_str("BINUNICODE ");
        keys.push_str(&quote(key));
        keys.push('\n');
    }
    keys.push_str("APPENDS\nSTOP");
    out.extend(pickle::assemble(&keys)?);
    for (_, content) in &storages {
        // The number of elements, as for one-byte elements.
        out.extend((content.len() as u64).to_le_bytes());
        out.extend(content);
    }
    Ok(out)
}

/// Writes what joblib puts where an array stands: a wrapper object with its state, then the raw bytes of the array.
pub(crate) fn joblib_array(node: &Node<'_>) -> Result<Vec<u8>> {
    let arguments = node.arguments()?;
    let [dtype, count, data @ ..] = arguments.as_slice() else {
        return Err(node.error("`JOBLIB_ARRAY` takes a type like f8, a length and bytes"));
    };
    let dtype = quote(&dtype.name());
    let count = count.number().map_err(|reason| node.error(reason))?;
    let mut out = pickle::assemble(&format!(
        "GLOBAL joblib.numpy_pickle NumpyArrayWrapper\nEMPTY_TUPLE\nNEWOBJ\nEMPTY_DICT\nMARK\n\
         BINUNICODE \"subclass\"\nGLOBAL numpy ndarray\nBINUNICODE \"shape\"\nBININT {count}\nTUPLE1\n\
         BINUNICODE \"order\"\nBINUNICODE \"C\"\nBINUNICODE \"dtype\"\nGLOBAL numpy dtype\nBINUNICODE {dtype}\n\
         NEWFALSE\nNEWTRUE\nTUPLE3\nREDUCE\nBINUNICODE \"allow_mmap\"\nNEWFALSE\nSETITEMS\nBUILD"
    ))
    .map_err(|error| node.error(error.reason))?;
    for argument in data {
        out.extend(argument.bytes().map_err(|reason| node.error(reason))?);
    }
    Ok(out)
}

fn named_bytes(node: &Node<'_>) -> Result<(Vec<u8>, Vec<u8>)> {
    let arguments = node.arguments()?;
    let [key, data @ ..] = arguments.as_slice() else {
        return Err(node.error("`storage` takes a key and bytes"));
    };
    let mut bytes = Vec::new();
    for argument in data {
        bytes.extend(argument.bytes().map_err(|reason| node.error(reason))?);
    }
    bytes.extend(crate::content::build(node.body)?);
    Ok((key.name(), bytes))
}

#[cfg(test)]
mod tests {
    use crate::build;

    fn holds(bytes: &[u8], part: &[u8]) -> bool {
        bytes.windows(part.len()).any(|window| window == part)
    }

    #[test]
    fn layouts_hold_pickle_and_storages() {
        let zip = build("torch-zip:\n  storage 0 hex:0000\n  pickle:\n    NONE\n    STOP\n").unwrap();
        for name in [
            "archive/data.pkl",
            "archive/data/0",
            "archive/version",
            "archive/byteorder",
        ] {
            assert!(holds(&zip, name.as_bytes()), "{name}");
        }
        let legacy = build("torch-legacy:\n  storage \"7\" \"ab\"\n  pickle:\n    NONE\n    STOP\n").unwrap();
        assert!(legacy.starts_with(b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."));
        assert!(legacy.ends_with(b"\x02\0\0\0\0\0\0\0ab"));
        let joblib = build("pickle:\n  PROTO 3\n  JOBLIB_ARRAY f8 1 hex:0000000000000000\n  STOP\n").unwrap();
        assert!(holds(&joblib, b"NumpyArrayWrapper"));
    }
}
