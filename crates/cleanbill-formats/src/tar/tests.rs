use super::{
    build::{item, pax, seal, tar, with_size},
    *,
};
use crate::limits::Limits;

fn view(bytes: &Vec<u8>) -> View {
    let limits = Limits::default();
    parse(&Input {
        source: bytes,
        limits: &limits,
    })
    .unwrap()
}

/// Shows members as `NAME=bytes`.
fn members(bytes: &Vec<u8>) -> Vec<String> {
    let view = view(bytes);
    let container: Arc<dyn ReadAt> = Arc::new(bytes.clone());
    let show = |member: &Member| {
        let content = match &member.payload {
            Payload::Section(range) => read_range(bytes, range.clone(), u64::MAX).unwrap(),
            Payload::Extract(index) => {
                let mut out = Vec::new();
                view.extract(&container, *index, &mut out).unwrap();
                out
            }
            other => panic!("{other:?}"),
        };
        format!("{}={}", member.name, String::from_utf8_lossy(&content))
    };
    view.members().iter().map(show).collect()
}

fn kinds(bytes: &Vec<u8>) -> Vec<&'static str> {
    view(bytes)
        .anomalies()
        .iter()
        .map(|anomaly| anomaly.kind.id)
        .collect()
}

fn check(bytes: &Vec<u8>, want: &[&str], want_kinds: &[&str]) {
    assert_eq!(members(bytes), want);
    assert_eq!(kinds(bytes), want_kinds);
}

fn score(bytes: &Vec<u8>) -> Option<Score> {
    probe(&Probe {
        head: &bytes[..bytes.len().min(4096)],
        tail: bytes,
        size: bytes.len() as u64,
        source: bytes,
    })
}

#[test]
fn files_are_members_and_the_rest_are_facts() {
    let bytes = tar(&[
        item("a", b'0', "", b"one"),
        item("dir/", b'5', "", b""),
        item("link", b'2', "../../etc/passwd", b""),
        item("hard", b'1', "a", b""),
        item("dev", b'3', "", b""),
        item("a", 0, "", b"two"),
    ]);
    assert_eq!(score(&bytes), Some(Score::Certain));
    check(&bytes, &["a=one", "a=two"], &[]);
    let view = view(&bytes);
    let facts: Vec<Kind> = view.entries.iter().map(|entry| entry.kind).collect();
    assert_eq!(
        facts,
        [
            Kind::File,
            Kind::Directory,
            Kind::SymbolicLink,
            Kind::HardLink,
            Kind::Device,
            Kind::File
        ]
    );
    assert_eq!(
        view.entries[2].link_target.as_deref(),
        Some(&b"../../etc/passwd"[..])
    );
    assert!(view.entries[5].duplicate && !view.entries[0].duplicate);
    assert_eq!(view.entries[0].mode, 0o644);
}

#[test]
fn long_names_and_pax_records_change_the_next_entry() {
    let bytes = tar(&[
        item("././@LongLink", b'L', "", b"very/long/name\0"),
        item("short", b'0', "", b"one"),
        pax(&[("path", "from/pax"), ("mtime", "1.5")]),
        item("short", b'0', "", b"two"),
    ]);
    check(&bytes, &["very/long/name=one", "from/pax=two"], &[]);
}

#[test]
fn sizes_that_disagree_are_told() {
    let inner = item("hidden", b'0', "", b"boom");
    let bytes = tar(&[
        pax(&[("size", &inner.len().to_string())]),
        with_size("a", b'0', "", &inner, 0),
    ]);
    assert_eq!(kinds(&bytes), ["tar-sizes-disagree"]);
    let linked = tar(&[
        with_size("link", b'2', "x", b"", 512),
        item("a", b'0', "", b""),
        item("b", b'0', "", b""),
    ]);
    assert_eq!(kinds(&linked), ["tar-size-without-data"]);
}

#[test]
fn reading_goes_on_where_others_stop() {
    let two = [
        tar(&[item("a", b'0', "", b"one")]),
        tar(&[item("b", b'0', "", b"two")]),
    ]
    .concat();
    check(&two, &["a=one", "[hidden]/b=two"], &[]);
    assert!(view(&two).entries[1].after_end);
    let mut bad = tar(&[
        item("a", b'0', "", b"one"),
        item("x", b'0', "", b""),
        item("b", b'0', "", b"two"),
    ]);
    bad[1024] ^= 1;
    check(&bad, &["a=one", "[hidden]/b=two"], &["tar-bad-header"]);
    let tail = [tar(&[item("a", b'0', "", b"one")]), b"tail".to_vec()].concat();
    check(&tail, &["a=one", "[after]=tail"], &["tar-trailing-bytes"]);
}

#[test]
fn ends_that_come_early_are_told() {
    let bytes = tar(&[item("a", b'0', "", b"one")]);
    check(&bytes[..1024].to_vec(), &["a=one"], &["tar-no-end-mark"]);
    assert_eq!(kinds(&bytes[..514].to_vec()), ["tar-truncated"]);
    assert_eq!(score(&vec![0; 1024]), None);
    assert_eq!(score(&vec![b'x'; 1024]), None);
}

#[test]
fn sparse_files_unfold() {
    let mut old = item("s", b'S', "", b"abcd");
    old[386..398].copy_from_slice(b"00000000002\0");
    old[398..410].copy_from_slice(b"00000000004\0");
    old[483..495].copy_from_slice(b"00000000010\0");
    old[257..265].copy_from_slice(b"ustar  \0");
    seal(&mut old);
    check(&tar(&[old]), &["s=\0\0abcd\0\0"], &[]);
    let new = [
        pax(&[
            ("GNU.sparse.major", "1"),
            ("GNU.sparse.name", "true"),
            ("GNU.sparse.realsize", "6"),
        ]),
        item("made-up", b'0', "", &{
            let mut data = b"1\n2\n3\n".to_vec();
            data.resize(512, 0);
            data.extend(b"abc");
            data
        }),
    ]
    .concat();
    check(&tar(&[new]), &["true=\0\0abc\0"], &[]);
    let middle = [
        pax(&[("GNU.sparse.map", "0,1,3,1"), ("GNU.sparse.size", "4")]),
        item("m", b'0', "", b"ab"),
    ]
    .concat();
    check(&tar(&[middle]), &["m=a\0\0b"], &[]);
}

#[test]
fn numbers_are_read_as_python_reads_them() {
    assert_eq!(header::number(b" 0000644\0"), Some(0o644));
    assert_eq!(header::number(b"\0"), Some(0));
    assert_eq!(header::number(b"\x80\0\0\x01\0"), Some(256));
    assert_eq!(header::number(b"9"), None);
    assert_eq!(header::number(b"\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff"), None);
}

#[test]
fn damage_never_panics() {
    let seed = tar(&[
        item("././@LongLink", b'L', "", b"very/long/name\0"),
        item("short", b'0', "", b"one"),
        pax(&[("path", "from/pax"), ("size", "3")]),
        item("short", b'S', "", b"two"),
        item("link", b'2', "x", b""),
    ]);
    for length in 0..seed.len() {
        look(&seed[..length].to_vec());
    }
    let mut state = 1_u64;
    for _ in 0..4_000 {
        let mut bytes = seed.clone();
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let at = usize::try_from(state >> 33).unwrap() % bytes.len();
        bytes[at] = state.to_le_bytes()[3];
        // A change alone breaks the checksum; sealed again it is believed.
        let start = at / 512 * 512;
        seal(&mut bytes[start..start + 512]);
        look(&bytes);
    }
}

fn look(bytes: &Vec<u8>) {
    let _ = score(bytes);
    let view = view(bytes);
    let container: Arc<dyn ReadAt> = Arc::new(bytes.clone());
    for member in view.members() {
        match &member.payload {
            Payload::Section(range) => {
                assert!(range.start <= range.end && range.end <= bytes.len() as u64);
                assert!(*range != (0..bytes.len() as u64), "endless nesting");
            }
            Payload::Extract(index) => {
                let _ = view.extract(&container, *index, &mut Few(1 << 16));
            }
            _ => {}
        }
    }
}

/// Takes a few bytes and then fails, as the caller's limits do.
struct Few(usize);

impl io::Write for Few {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self
            .0
            .checked_sub(bytes.len())
            .ok_or(io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
