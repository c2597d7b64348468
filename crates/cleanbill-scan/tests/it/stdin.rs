use cleanbill_formats::limits::Limits;
use cleanbill_scan::{Options, scan, source::Stdin};

#[test]
fn standard_input_is_one_artifact() {
    let stdin = Stdin::read(&mut b"hello\n".as_slice(), &Limits::default()).unwrap();
    let report = scan(&stdin, "-", &Options::default(), None).report;
    assert_eq!(report.artifacts.len(), 1);
    let artifact = &report.artifacts[0];
    assert_eq!((artifact.path.as_str(), artifact.size_bytes), ("stdin", 6));
}
