//! PDF as a library writes it and as others may.

use std::fmt::Write as _;

use crate::{
    libraries::made,
    support::{damaged, gzip, run, tar, token},
};

const SCRIPT: &str = r#"
import sys
from reportlab.pdfgen import canvas
from reportlab.lib import pdfencrypt
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import SimpleDocTemplate, Paragraph
from reportlab.lib.styles import getSampleStyleSheet
token = sys.argv[1]
c = canvas.Canvas("a.pdf", pageCompression=1)
c.setAuthor(token)
c.drawString(72, 720, "before " + token + " after")
c.showPage()
t = c.beginText(72, 720)
t.setFillColorRGB(1, 1, 1)
for part in ["key", token]: t.textLine(part)
c.drawText(t)
c.textAnnotation(token, Rect=[0, 0, 10, 10])
c.linkURL("https://example.org/?k=" + token, (0, 0, 10, 10))
c.bookmarkPage("x")
c.addOutlineEntry(token, "x")
c.acroForm.textfield(name="f", value=token, x=10, y=10)
c.beginForm("form")
c.drawString(0, 0, token)
c.endForm()
c.doForm("form")
c.save()
c = canvas.Canvas("locked.pdf", encrypt=pdfencrypt.StandardEncryption("user", "owner"))
c.drawString(72, 720, token)
c.save()
d = SimpleDocTemplate("b.pdf")
d.build([Paragraph("word " * 200 + token + " word" * 500, getSampleStyleSheet()["Normal"]) for _ in range(3)])
"#;

#[test]
fn pages_are_searched_with_all_that_stands_beside_them() {
    let Some(files) = made(SCRIPT) else { return };
    let bytes = |name: &str| {
        files
            .iter()
            .find(|(file, _)| file == name)
            .expect("a file")
            .1
            .clone()
    };
    let ran = run("a.pdf", bytes("a.pdf"));
    assert_eq!(ran.artifact.format, "pdf");
    let mut columns = ran.columns();
    columns.sort_unstable();
    columns.dedup();
    for column in ["Author", "Contents", "Title", "URI", "V", "page[0]", "page[1]"] {
        assert!(columns.contains(&column), "{column}: {columns:?}");
    }
    assert!(
        columns.iter().any(|column| column.starts_with("form[")),
        "{columns:?}"
    );
    assert!(ran.is_complete(), "{}", ran.problems());
    let ran = run("b.pdf", bytes("b.pdf"));
    assert_eq!(ran.leaks.len(), 3, "{:?}", ran.lines());
    let locked = run("locked.pdf", bytes("locked.pdf"));
    assert!(locked.leaks.is_empty() && !locked.is_complete());
    let inner = run("a.tar.gz", gzip(&tar(&[("x/b.pdf", &bytes("b.pdf"))])));
    assert_eq!(inner.leaks.len(), 3);
    assert!(
        inner
            .columns()
            .iter()
            .all(|column| column.starts_with("pdf.page["))
    );
    damaged("a.pdf", &bytes("a.pdf"), 41);
}

fn file(objects: &[String]) -> Vec<u8> {
    let mut all = "%PDF-1.7\n".to_owned();
    for (number, object) in objects.iter().enumerate() {
        let _ = write!(all, "{} 0 obj\n{object}\nendobj\n", number + 1);
    }
    all.push_str("trailer << /Root 1 0 R >>\n%%EOF\n");
    all.into_bytes()
}

fn stream(entries: &str, content: &str) -> String {
    format!(
        "<< {entries} /Length {} >>\nstream\n{content}\nendstream",
        content.len()
    )
}

#[test]
fn what_an_update_took_out_is_found_and_what_cannot_be_told_is_said() {
    let key = token(2);
    let map = "1 beginbfrange <0000> <00ff> <0000> endbfrange";
    let wide = key
        .bytes()
        .fold(String::new(), |all, byte| all + &format!("00{byte:02x}"));
    let (one, two) = key.split_at(20);
    let page = |content: u32| {
        format!(
            "<< /Type /Page /Parent 2 0 R /Contents {content} 0 R /Resources << /Font << /A 7 0 R /B 8 0 R >> /XObject << /I 9 0 R >> >> >>"
        )
    };
    let mut whole = file(&[
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R 4 0 R 2 0 R] /Count 2 >>".to_owned(),
        page(5),
        page(6),
        stream(
            "",
            &format!("BT /A 12 Tf [({one}) -20 ({two})] TJ 0 -20 Td /B 12 Tf <{wide}> Tj ET"),
        ),
        stream("", "BT /B 12 Tf <00410042> Tj ET"),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
        "<< /Type /Font /Subtype /Type0 /Encoding /Identity-H /ToUnicode 10 0 R >>".to_owned(),
        stream("/Type /XObject /Subtype /Image /Filter /DCTDecode", "x"),
        stream("", map),
    ]);
    let ran = run("a.pdf", whole.clone());
    assert_eq!(ran.columns(), ["page[0]", "page[0]"], "{:?}", ran.lines());
    assert_eq!(ran.problems(), "1 pictures were not searched\n");
    assert_eq!(ran.artifact.records, 1);
    // An update that empties the page and takes the map away.
    whole.extend(b"5 0 obj\n<< /Length 0 >>\nstream\n\nendstream\nendobj\n8 0 obj\n<< /Type /Font /Subtype /Type0 >>\nendobj\n");
    let ran = run("a.pdf", whole.clone());
    assert_eq!(ran.columns(), ["stream[5]"], "{:?}", ran.lines());
    assert!(ran.problems().contains("2 characters"), "{}", ran.problems());
    damaged("a.pdf", &whole, 11);
    // Bombs: streams in streams, values in values, a page tree that holds itself.
    let deep = format!("<< /A {} >>", "[".repeat(100_000));
    assert!(run("b.pdf", file(&[deep])).broken.is_empty());
}
