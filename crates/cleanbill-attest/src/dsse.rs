//! The bytes that a signature covers (DSSE, "pre-authentication encoding").

/// Type of the payload of every envelope here.
pub(crate) const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// Encodes a payload with its type, so that no other bytes can be taken for it.
pub(crate) fn encode(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut out = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    out.extend_from_slice(payload);
    out
}

/// Encodes a payload as version 0.2 of the reference did, which wrote the text of a Python value instead of its bytes.
pub(crate) fn encode_old(payload: &[u8]) -> Vec<u8> {
    let mut out = format!("DSSEV1 {} {PAYLOAD_TYPE} {} ", PAYLOAD_TYPE.len(), payload.len()).into_bytes();
    // Python quotes with `"` only where `'` stands within and `"` does not.
    let quote = if payload.contains(&b'\'') && !payload.contains(&b'"') {
        b'"'
    } else {
        b'\''
    };
    out.extend_from_slice(&[b'b', quote]);
    for byte in payload {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            byte if *byte == quote => out.extend_from_slice(&[b'\\', quote]),
            b' '..=b'~' => out.push(*byte),
            other => out.extend_from_slice(format!("\\x{other:02x}").as_bytes()),
        }
    }
    out.push(quote);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoding_is_that_of_the_specification() {
        // The example of the DSSE protocol.
        assert_eq!(
            encode("http://example.com/HelloWorld", b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
    }

    #[test]
    fn the_old_encoding_is_the_text_of_a_python_value() {
        let end = |payload: &[u8]| {
            let encoded = String::from_utf8(encode_old(payload)).expect("ASCII");
            encoded.splitn(5, ' ').last().expect("the value").to_owned()
        };
        assert_eq!(end(b"{\"a\":\n1}"), "b'{\"a\":\\n1}'");
        assert_eq!(end(b"it's"), "b\"it's\"");
        assert_eq!(end(b"it's \"x\""), "b'it\\'s \"x\"'");
        assert_eq!(end("\\é".as_bytes()), "b'\\\\\\xc3\\xa9'");
    }
}
