//! Databases that Python's own module writes.

use crate::{
    libraries::plain,
    support::{damaged, run, run_with},
};

const SCRIPT: &str = r#"
import sqlite3, sys, json
token = sys.argv[1]
rows = []
for n in range(4000):
    t = lambda k: "é 中文 %d " % n + (token if (n + k) % 7 == 0 else "")
    rows.append({"id": n, "text": None if n % 5 == 0 else t(1), "long": ("x " * 9000 + token) if n % 400 == 0 else "", "blob": t(3)})
with open("rows.jsonl", "w") as out:
    for row in rows: out.write(json.dumps({"t": row}) + "\n")
for name, setup in [("plain", ""), ("small", "PRAGMA page_size=512;"), ("large", "PRAGMA page_size=65536;"),
        ("vacuum", "PRAGMA auto_vacuum=FULL;"), ("wide", "PRAGMA encoding='UTF-16le';"), ("wider", "PRAGMA encoding='UTF-16be';")]:
    for kind in ["", " WITHOUT ROWID"]:
        base = sqlite3.connect(name + ("-key" if kind else "") + ".db")
        base.executescript(setup)
        base.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, \"text\" TEXT, long TEXT, twice AS (id * 2), blob BLOB)" + kind)
        base.execute("CREATE INDEX i ON t (text)")
        base.executemany("INSERT INTO t (id, text, long, blob) VALUES (?, ?, ?, ?)",
            [(row["id"], row["text"], row["long"], row["blob"] if "wide" in name else row["blob"].encode()) for row in rows])
        base.commit()
        base.close()
small = sqlite3.connect("hurt.db")
small.execute("PRAGMA page_size=512")
small.execute("CREATE TABLE person (name TEXT, note TEXT)")
small.executemany("INSERT INTO person VALUES (?, ?)", [("n%d" % n, "word " * 30 + token) for n in range(8)])
small.execute("CREATE VIEW v AS SELECT '%s' FROM person" % token)
small.commit()
small.close()
cards = sqlite3.connect("cards.db")
cards.execute("CREATE TABLE t (card INTEGER, loose REAL, fraction REAL)")
cards.executemany("INSERT INTO t VALUES (?, ?, ?)", [(4539578763621486 - n, 4539578763621486.0 - n, 4539578763.25) for n in range(40)])
cards.commit()
cards.close()
with open("cards.jsonl", "w") as out:
    for n in range(40):
        out.write('{"t": {"card": %d, "loose": %d.0, "fraction": 4539578763.25}}\n' % (4539578763621486 - n, 4539578763621486 - n))
# Deleted rows.
gone = sqlite3.connect("gone.db")
gone.execute("PRAGMA secure_delete=OFF")
gone.execute("CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT, note TEXT, age INT)")
gone.executemany("INSERT INTO person VALUES (?, ?, ?, ?)", [(n, "Name%d" % n, token if n in (3, 40) else "nothing here", n) for n in range(60)])
gone.execute("CREATE TABLE dropped (note TEXT)")
gone.executemany("INSERT INTO dropped VALUES (?)", [("many words here %d " % n + (token if n == 500 else ""),) for n in range(1000)])
gone.commit()
gone.execute("DELETE FROM person WHERE id IN (3, 40)")
gone.execute("DROP TABLE dropped")
gone.commit()
gone.close()
"#;

#[test]
fn numbers_are_searched_as_those_of_json_are() {
    let Some(files) = plain(SCRIPT) else { return };
    let lines = |name: &str, schema: u64| {
        let (_, bytes) = files.iter().find(|(file, _)| file == name).expect("a file");
        let leaks = run(name, bytes.clone()).leaks.into_iter();
        leaks
            .map(|leak| {
                let (row, column) = (leak.record.index - schema, leak.record.column);
                format!("{row} {column:?} {} {}", leak.start, leak.kind)
            })
            .collect::<Vec<_>>()
    };
    let expected = lines("cards.jsonl", 0);
    assert!(
        expected.iter().any(|line| line.contains("t.card")),
        "{expected:?}"
    );
    assert!(
        expected.iter().any(|line| line.contains("t.loose")),
        "{expected:?}"
    );
    assert_eq!(lines("cards.db", 1), expected);
}

#[test]
fn rows_are_found_whatever_the_database_is_set_to() {
    let Some(files) = plain(SCRIPT) else { return };
    let run_of = |name: &str| {
        let (_, bytes) = files.iter().find(|(file, _)| file == name).expect("a file");
        run_with(name, bytes.clone(), 2, |options| {
            options.id_field = Some("t.id".to_owned());
        })
    };
    let lines = |name: &str, skipped: u64| -> Vec<String> {
        let ran = run_of(name);
        assert!(ran.is_complete(), "{name}: {}", ran.problems());
        assert_eq!(ran.artifact.records, 4_000 + skipped, "{name}");
        let rows = ran.leaks.iter().map(|leak| {
            let (record, column) = (&leak.record, leak.record.column.as_deref().unwrap_or("-"));
            // Trees by key have rows in their inner pages.
            let index = if name.contains("-key") {
                0
            } else {
                record.index - skipped
            };
            let id = record.id.as_deref().unwrap_or("-");
            assert!(index == 0 || index.to_string() == id, "{name}");
            format!("{id} {column} {} {}", leak.start, leak.kind)
        });
        let mut rows: Vec<_> = rows.collect();
        rows.sort();
        rows
    };
    let expected = lines("rows.jsonl", 0);
    assert!(expected.len() > 1_000);
    for name in ["plain", "small", "large", "vacuum", "wide", "wider"] {
        for kind in ["", "-key"] {
            let file = format!("{name}{kind}.db");
            // The schema has a row for the table and one for the index.
            assert!(lines(&file, 2) == expected, "{file}");
        }
    }
    let bytes = |name: &str| {
        files
            .iter()
            .find(|(file, _)| file == name)
            .expect("a file")
            .1
            .clone()
    };
    let ran = run_with("plain.db", bytes("plain.db"), 1, |options| {
        options.id_field = Some("id".to_owned());
        options.columns = Some(vec!["t.long".to_owned()]);
    });
    let ids: Vec<_> = ran
        .leaks
        .iter()
        .filter_map(|leak| leak.record.id.as_deref())
        .collect();
    assert_eq!(ids[..3], ["0", "400", "800"]);
    // What was deleted.
    let ran = run("gone.db", bytes("gone.db"));
    let mut columns: Vec<_> = ran.columns();
    columns.sort_unstable();
    assert_eq!(
        columns,
        ["__deleted__", "person.__deleted__", "person.__deleted__"],
        "{:?}",
        ran.lines()
    );
    assert!(ran.leaks.iter().all(|leak| &*leak.kind == "github_pat"));
    let ids: Vec<_> = ran
        .leaks
        .iter()
        .filter_map(|leak| leak.record.id.as_deref())
        .collect();
    assert!(ids.iter().all(|id| id.starts_with("page ")), "{ids:?}");
    let hurt = bytes("hurt.db");
    let ran = run("hurt.db", hurt.clone());
    assert_eq!(ran.leaks.len(), 9);
    assert_eq!(
        ran.columns()
            .iter()
            .filter(|column| **column == "sqlite_schema.sql")
            .count(),
        1
    );
    damaged("hurt.db", &hurt, 13);
}
