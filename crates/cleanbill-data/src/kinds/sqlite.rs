//! Kind `sqlite`.

mod columns;
mod page;
mod residue;

use std::{collections::VecDeque, sync::Arc};

use cleanbill_core::{Text, text};

use super::{Copying, Head, Next, Opening, Piece, Pieces};
use crate::{
    input::count,
    limits::{BLOCK_BYTES, SQLITE_DEPTH, SQLITE_TABLES},
    number::{Form, Raw},
    outcome::{Outcome, Problem, Tools},
    path::{self, Step},
    values::{self, Seen},
};
use page::{Database, Page, Value};
use residue::Residue;

kind! {
    /// SQLite databases. A record is a row; texts and blobs that are UTF-8 and whole numbers of seven digits or more are searched, under
    /// `table.column`, also those of tables without row ids and the schema itself (`sqlite_schema.sql`). What deleted rows left behind is searched as well, in free space of pages and
    /// in pages that no table uses, as `table.__deleted__` or `__deleted__` with the number of the page as id. Pages are read one by one:
    /// no statement is run and nothing is written. A journal or log beside the file (`-wal`) is not joined with it. No copy is made.
    id: "sqlite", name: "SQLite",
    probe: probe, open: open, copying: Copying::None, access: Anywhere,
}

fn probe(head: &Head<'_>) -> Option<u8> {
    head.bytes.starts_with(b"SQLite format 3\0").then_some(100)
}

/// A table whose rows are searched, or an index whose pages are only passed.
#[derive(Debug)]
struct Table {
    name: String,
    columns: Vec<String>,
    root: u32,
    is_index: bool,
}

struct Rows {
    database: Arc<Database>,
    tables: VecDeque<Arc<Table>>,
    current: Option<Arc<Table>>,
    /// Pages that are to be read, with how deep they stand.
    stack: Vec<(u32, u32)>,
    seen: Vec<u64>,
    /// The page that is looked at when the tables are over.
    free: u32,
    said: VecDeque<Problem>,
}

fn open(opening: Opening, _: &Tools) -> Result<Box<dyn Pieces>, Text> {
    let database = Arc::new(Database::open(opening.bytes)?);
    let words = usize::try_from(database.pages >> 6)
        .unwrap_or(0)
        .saturating_add(1);
    let schema = Table {
        name: "sqlite_schema".to_owned(),
        columns: ["type", "name", "tbl_name", "rootpage", "sql"]
            .map(str::to_owned)
            .into(),
        root: 1,
        is_index: false,
    };
    let mut rows = Rows {
        database,
        tables: VecDeque::new(),
        current: None,
        stack: Vec::new(),
        seen: vec![0; words],
        free: 1,
        said: VecDeque::new(),
    };
    rows.list();
    // What is wrong with the schema is said when its rows are read.
    rows.said.retain(|_| rows.tables.len() >= SQLITE_TABLES);
    rows.seen.fill(0);
    rows.tables.push_front(Arc::new(schema));
    rows.pass_maps();
    Ok(Box::new(rows))
}

fn lost(reason: Text) -> Problem {
    Problem {
        record: None,
        offset: None,
        reason,
        lost: true,
    }
}

impl Rows {
    /// Lists the tables that the schema names.
    fn list(&mut self) {
        let mut stack = vec![(1, 0)];
        while let Some((number, depth)) = stack.pop() {
            let Some(page) = self.page(number, depth, &mut stack) else {
                continue;
            };
            let mut space = page.bytes.len();
            for cell in page.cells(&self.database) {
                let Some(left) = space.checked_sub(cell.local) else {
                    break;
                };
                space = left;
                let Some(payload) = self.database.payload(&page, &cell) else {
                    continue;
                };
                let mut fields = Vec::new();
                let read = page::record(&payload, self.database.encoding, &mut |value| {
                    fields.push(match value {
                        Value::Text(text) => String::from_utf8_lossy(&text).into_owned(),
                        Value::Number(number) => number.to_string(),
                        _ => String::new(),
                    });
                });
                let ([kind, name, _, root, sql], Some(())) = (fields.as_slice(), read) else {
                    continue;
                };
                let root = root.parse().unwrap_or(0_u32);
                let is_index = kind == "index";
                if root == 0 || !is_index && kind != "table" {
                    continue;
                }
                if self.tables.len() >= SQLITE_TABLES {
                    self.said.push_back(lost(text!(
                        "more than {SQLITE_TABLES} tables; the rest was not read",
                        "表超过 {SQLITE_TABLES} 个；其余未读取"
                    )));
                    return;
                }
                // A tree of an index holds a table without row ids.
                let first = self.database.page(root).ok().map_or(0, |page| page.kind);
                let by_key = matches!(first, page::INDEX_LEAF | page::INDEX_INTERIOR);
                self.tables.push_back(Arc::new(Table {
                    name: name.clone(),
                    columns: columns::names(sql, by_key),
                    root,
                    is_index,
                }));
            }
        }
    }

    /// Marks a page; says whether it is new.
    fn mark(&mut self, number: u32) -> bool {
        let Some(word) = usize::try_from(number >> 6)
            .ok()
            .and_then(|at| self.seen.get_mut(at))
        else {
            return false;
        };
        let bit = 1_u64 << (number & 63);
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    /// Marks pages that hold no rows.
    fn pass_maps(&mut self) {
        let (database, mut number) = (Arc::clone(&self.database), 2_u32);
        if database.has_maps {
            let step = u32::try_from(database.usable / 5).unwrap_or(0).saturating_add(1);
            while number <= database.pages {
                self.mark(number);
                number = number.saturating_add(step);
            }
        }
        // The page of the locks of old systems.
        let locks = (1_u64 << 30).checked_div(count(database.page_bytes));
        if let Some(locks) = locks.and_then(|page| u32::try_from(page).ok()) {
            self.mark(locks.saturating_add(1));
        }
    }

    /// Reads a page of a tree and puts those below it on the stack.
    fn page(&mut self, number: u32, depth: u32, stack: &mut Vec<(u32, u32)>) -> Option<Page> {
        if !self.mark(number) || depth > SQLITE_DEPTH {
            self.said.push_back(lost(text!(
                "page {number} stands in a tree twice, does not exist or is too deep; what is below it was not read",
                "页 {number} 在树中重复出现、不存在或层次过深；其下内容未读取"
            )));
            return None;
        }
        match self.database.page(number) {
            Ok(page) => {
                let below = page.below();
                for child in below.into_iter().rev() {
                    stack.push((child, depth.saturating_add(1)));
                }
                Some(page)
            }
            Err(reason) => {
                self.said.push_back(lost(reason));
                None
            }
        }
    }

    /// Returns the next page of the tables.
    fn next_page(&mut self) -> Option<Page> {
        let (number, depth) = self.stack.pop()?;
        let mut stack = std::mem::take(&mut self.stack);
        let page = self.page(number, depth, &mut stack);
        self.stack = stack;
        let mut page = page?;
        let mut strays = Vec::new();
        // Pages of long rows are used as well.
        let database = Arc::clone(&self.database);
        for cell in page.cells(&database) {
            let mut next = cell.overflow;
            let mut left = database.pages_of(&cell);
            while let Some(number) = next.filter(|_| left > 0) {
                if !self.mark(number) {
                    strays.push(cell.at);
                    break;
                }
                next = database.next_overflow(number);
                left = left.saturating_sub(1);
            }
        }
        page.strays = strays;
        Some(page)
    }

    /// Gathers pages that nothing leads to.
    fn free_pages(&mut self) -> Option<Piece> {
        let mut numbers = Vec::new();
        let limit = BLOCK_BYTES.checked_div(self.database.page_bytes).unwrap_or(1);
        while self.free <= self.database.pages && numbers.len() < limit {
            if self.mark(self.free) {
                numbers.push(self.free);
            }
            self.free = self.free.saturating_add(1);
        }
        if numbers.is_empty() {
            return None;
        }
        let database = Arc::clone(&self.database);
        Some(Piece {
            cost: count(numbers.len().saturating_mul(database.page_bytes)),
            work: Box::new(move |tools| {
                let mut out = Outcome::default();
                for number in numbers {
                    match database.bytes_of(number) {
                        Ok(bytes) => {
                            out.bytes = out.bytes.saturating_add(count(bytes.len()));
                            let residue = Residue {
                                tools,
                                database: &database,
                                steps: &[Step::named("__deleted__")],
                                page: number,
                                index: 0,
                            };
                            residue.search(&bytes, false, &mut out);
                        }
                        Err(reason) => out.problem(lost(reason)),
                    }
                }
                out
            }),
        })
    }
}

impl Pieces for Rows {
    fn next(&mut self, _: &Tools) -> Next {
        let mut pages = Vec::new();
        let mut bytes = 0_usize;
        loop {
            if self.stack.is_empty() {
                if !pages.is_empty() {
                    break;
                }
                let Some(table) = self.tables.pop_front() else {
                    break;
                };
                self.stack.push((table.root, 0));
                self.current = Some(table);
            }
            if let Some(page) = self.next_page() {
                // Long rows lie elsewhere, and are read by whoever searches them.
                bytes = bytes.saturating_add(self.database.page_bytes);
                pages.push(page);
            }
            if bytes >= BLOCK_BYTES {
                break;
            }
        }
        if let (Some(table), false) = (&self.current, pages.is_empty()) {
            let (database, table) = (Arc::clone(&self.database), Arc::clone(table));
            return Next::Piece(Piece {
                cost: count(bytes),
                work: Box::new(move |tools| search(tools, &database, &table, &pages)),
            });
        }
        if let Some(problem) = self.said.pop_front() {
            return Next::Problem(problem);
        }
        self.free_pages().map_or(Next::End, Next::Piece)
    }
}

fn search(tools: &Tools, database: &Database, table: &Table, pages: &[Page]) -> Outcome {
    let mut out = Outcome::default();
    let (mut binary, mut broken) = (0_u64, 0_u64);
    for page in pages {
        let first = out.records;
        // Cells have the page among them.
        let mut room = page.bytes.len();
        for cell in page.cells(database) {
            if table.is_index || !page.holds_rows() {
                break;
            }
            let (index, had) = (out.records, out.found.len());
            out.records = index.saturating_add(1);
            let left = room.checked_sub(cell.local);
            room = left.unwrap_or(0);
            let Some(payload) = left.and_then(|_| database.payload(page, &cell)) else {
                broken = broken.saturating_add(1);
                continue;
            };
            out.bytes = out.bytes.saturating_add(count(payload.len()));
            let mut place = 0_usize;
            let read = page::record(&payload, database.encoding, &mut |value| {
                let steps = steps(table, place);
                place = place.saturating_add(1);
                let number = match &value {
                    Value::Text(text) | Value::Blob(text) => {
                        let seen = values::search(tools, text, &steps, index, &mut out);
                        binary = binary.saturating_add(u64::from(seen == Seen::Binary));
                        return;
                    }
                    Value::Number(number) => (Form::Whole, Raw::Whole((*number).into())),
                    Value::Float(number) => (Form::Float, Raw::Float(*number)),
                    Value::Null | Value::Other => return,
                };
                values::number(tools, number, &steps, index, &mut out);
            });
            broken = broken.saturating_add(u64::from(read.is_none()));
            if out.found.len() > had
                && let Some(field) = &tools.id_field
            {
                let id = identify(database, table, &payload, field, cell.row);
                for found in out.found.get_mut(had..).unwrap_or_default() {
                    found.record.id.clone_from(&id);
                }
            }
        }
        let name = [Step::named(&table.name), Step::named("__deleted__")];
        let residue = Residue {
            tools,
            database,
            steps: &name,
            page: page.number,
            index: first,
        };
        residue.within(page, &mut out);
    }
    if broken > 0 {
        let name = &table.name;
        out.problem(lost(text!(
            "table `{name}`: {broken} rows are broken or too large and were not searched",
            "表 `{name}`：{broken} 行已损坏或过大，未搜索"
        )));
    }
    values::say_binary(&mut out, binary);
    out
}

/// Returns the path of a column.
fn steps(table: &Table, place: usize) -> [Step<'_>; 2] {
    let column = table.columns.get(place);
    [
        Step::named(&table.name),
        column.map_or_else(|| Step::Index(count(place)), |name| Step::named(name)),
    ]
}

fn identify(
    database: &Database,
    table: &Table,
    payload: &[u8],
    field: &str,
    row: Option<i64>,
) -> Option<String> {
    let bare = field
        .strip_prefix(table.name.as_str())
        .and_then(|rest| rest.strip_prefix('.'));
    let wanted = table
        .columns
        .iter()
        .position(|name| name == field || Some(name.as_str()) == bare);
    let mut place = 0_usize;
    let mut id = None;
    let _ = page::record(payload, database.encoding, &mut |value| {
        if wanted == Some(place) {
            id = match value {
                Value::Text(text) | Value::Blob(text) => Some(path::short(&text)),
                Value::Number(number) => Some(number.to_string()),
                // The id of the row stands in its place.
                Value::Null => row.map(|row| row.to_string()),
                Value::Float(number) => Some(number.to_string()),
                Value::Other => None,
            };
        }
        place = place.saturating_add(1);
    });
    id.or_else(|| row.filter(|_| field == "rowid").map(|row| row.to_string()))
}
