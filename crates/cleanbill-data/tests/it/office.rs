//! Documents that the usual libraries write.

use crate::{
    libraries::made,
    support::{damaged, run, zip},
};

const SCRIPT: &str = r#"
import sys, datetime, docx, openpyxl, pptx
from openpyxl.comments import Comment
from odf.opendocument import OpenDocumentText, OpenDocumentSpreadsheet
from odf import text, table, office, dc
token = sys.argv[1]
half = len(token) // 2

d = docx.Document()
d.core_properties.author = token
d.add_paragraph("nothing")
p = d.add_paragraph("before ")
p.add_run(token[:half]).bold = True
p.add_run(token[half:] + " & é")
t = d.add_table(1, 1)
t.cell(0, 0).text = token
d.sections[0].header.paragraphs[0].text = token
c = d.add_comment(runs=p.runs, text=token, author="someone", initials="s")
d.save("a.docx")

b = openpyxl.Workbook()
s = b.active
s.title = "First sheet"
s["A1"], s["B1"] = "name", "password"
s["A2"], s["B2"] = token, "qx7Zr4kPw9LsT2"
s["D1"], s["D2"] = "phone", 13601239876
s["B3"] = '="' + token + '"'
s["B7"] = "long " * 100 + token
s["B8"] = "long " * 100 + token
s["C2"].comment = Comment(token, "me")
h = b.create_sheet("Hidden")
h.sheet_state = "hidden"
h["D4"] = token
b.save("b.xlsx")

x = pptx.Presentation()
slide = x.slides.add_slide(x.slide_layouts[1])
slide.shapes.title.text = token
slide.notes_slide.notes_text_frame.text = token
x.save("c.pptx")

o = OpenDocumentText()
p = text.P(text="before ")
p.addElement(text.Span(text=token[:half]))
p.addElement(text.Span(text=token[half:]))
note = office.Annotation()
note.addElement(dc.Creator(text=token))
note.addElement(text.P(text=token))
p.addElement(note)
o.text.addElement(p)
o.save("d.odt")

o = OpenDocumentSpreadsheet()
sheet = table.Table(name="one")
row = table.TableRow()
cell = table.TableCell()
cell.addElement(text.P(text=token))
row.addElement(cell)
sheet.addElement(row)
o.spreadsheet.addElement(sheet)
o.save("e.ods")
"#;

#[test]
fn documents_are_searched_with_what_they_hide() {
    let Some(files) = made(SCRIPT) else { return };
    for (name, expected) in [
        (
            "a.docx",
            &[
                "comments.p[0]",
                "core.creator",
                "document.p[1]",
                "document.p[2]",
                "header1.p[0]",
            ][..],
        ),
        (
            "b.xlsx",
            &[
                "First sheet.A2",
                "First sheet.B3",
                "First sheet.B7",
                "First sheet.B8",
                "Hidden.D4",
                "comment1.comment[0]",
            ],
        ),
        ("c.pptx", &["notesSlide1.p[0]", "slide1.p[0]"]),
        ("d.odt", &["content.creator", "content.p[0]", "content.p[1]"]),
        ("e.ods", &["content.p[0]"]),
    ] {
        let (_, bytes) = files.iter().find(|(file, _)| file == name).expect("a file");
        let ran = run(name, bytes.clone());
        assert_eq!(ran.artifact.format, "office", "{name}");
        let tokens = ran.leaks.iter().filter(|leak| &*leak.kind == "github_pat");
        let columns: Vec<_> = tokens.filter_map(|leak| leak.record.column.as_deref()).collect();
        assert_eq!(columns, expected, "{name}: {:?}", ran.lines());
        assert!(ran.leaks.iter().all(|leak| leak.record.index == 0), "{name}");
        assert_eq!(ran.artifact.records, 1, "{name}");
        let pictures = ran.problems();
        assert!(
            pictures
                .lines()
                .all(|line| line.contains("are no data that is read here")),
            "{name}: {pictures}"
        );
        if name == "b.xlsx" {
            let named = |kind: &str, column: &str| {
                let mut leaks = ran.leaks.iter();
                leaks.any(|leak| &*leak.kind == kind && leak.record.column.as_deref() == Some(column))
            };
            assert!(named("phone", "First sheet.D2"), "{:?}", ran.lines());
            assert!(named("generic_password", "First sheet.B2"), "{:?}", ran.lines());
        }
        damaged(name, bytes, 997);
    }
}

#[test]
fn what_only_looks_like_a_document_is_an_archive() {
    let ran = run(
        "a.docx",
        zip(&[("word/a.txt", crate::support::token(1).as_bytes(), "")]),
    );
    assert_eq!(ran.lines(), ["0 word/a txt 0 github_pat"]);
    let strings = format!(
        "<sst><si><t>{}</t></si><si><t>x</t></si></sst>",
        crate::support::token(2)
    );
    let sheet = "<worksheet><row r='1'><c r='A1' t='s'><v>1</v></c><c r='A2' t='s'><v>99999999999999999999</v></c></row></worksheet>";
    let ran = run(
        "a.xlsx",
        zip(&[
            ("[Content_Types].xml", b"<Types/>", ""),
            ("_rels/.rels", b"<?xml version='1.0'?><a/>", ""),
            ("xl/sharedStrings.xml", strings.as_bytes(), ""),
            ("xl/worksheets/sheet1.xml", sheet.as_bytes(), ""),
        ]),
    );
    assert_eq!(ran.columns(), ["sharedStrings[0]"]);
    assert!(ran.is_complete(), "{}", ran.problems());
}
