//! Assembles tar files for tests.

/// Makes one header with its data, filled up to whole blocks.
pub(crate) fn item(name: &str, kind: u8, link: &str, data: &[u8]) -> Vec<u8> {
    with_size(name, kind, link, data, data.len())
}

/// Makes one header that declares `size`.
pub(crate) fn with_size(name: &str, kind: u8, link: &str, data: &[u8], size: usize) -> Vec<u8> {
    let mut block = vec![0_u8; 512];
    block[..name.len()].copy_from_slice(name.as_bytes());
    block[100..107].copy_from_slice(b"0000644");
    block[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
    block[156] = kind;
    block[157..157 + link.len()].copy_from_slice(link.as_bytes());
    block[257..265].copy_from_slice(b"ustar\x0000");
    seal(&mut block);
    block.extend_from_slice(data);
    block.resize(block.len().next_multiple_of(512), 0);
    block
}

/// Sets the checksum of a header.
pub(crate) fn seal(block: &mut [u8]) {
    block[148..156].fill(b' ');
    let sum: u32 = block[..512].iter().map(|byte| u32::from(*byte)).sum();
    block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
}

/// Makes a pax record block for the next entry.
pub(crate) fn pax(records: &[(&str, &str)]) -> Vec<u8> {
    let mut data = Vec::new();
    for (key, value) in records {
        let bare = key.len() + value.len() + 3;
        let mut length = bare + 1;
        while length != bare + length.to_string().len() {
            length = bare + length.to_string().len();
        }
        data.extend(format!("{length} {key}={value}\n").bytes());
    }
    item("pax", b'x', "", &data)
}

/// Joins items and adds the end mark.
pub(crate) fn tar(items: &[Vec<u8>]) -> Vec<u8> {
    let mut out = items.concat();
    out.extend([0; 1024]);
    out
}
