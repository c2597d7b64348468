//! Schemas of Avro and the records that they describe (Avro 1.12, "Schema Declaration" and "Data Serialization and Deserialization").

use std::{borrow::Cow, collections::BTreeMap};

use serde_json::Value;

use crate::{
    limits::{AVRO_TYPES, DEPTH},
    number::{Form, Raw, big_endian},
    path::Step,
};

/// A type; what it is made of is named by places in the list of all types.
#[derive(Debug)]
enum Type {
    Null,
    Boolean,
    /// `int` and `long`, and what they mean; nothing where they are searched as no number, as times of day are.
    Long(Option<Form>),
    Float,
    Double,
    Bytes,
    /// Bytes that are a number with so many digits behind the point.
    Decimal(i32),
    /// Bytes that are no text: durations, ids, numbers that bring their own scale.
    Other,
    Text,
    Fixed(usize, Inside),
    Symbols(Vec<String>),
    List(usize),
    Map(usize),
    Union(Vec<usize>),
    Record(Vec<(String, usize)>),
}

/// What stands in bytes of a fixed number.
#[derive(Clone, Copy, Debug)]
enum Inside {
    Bytes,
    Decimal(i32),
    Other,
}

/// A schema that was read.
#[derive(Debug)]
pub(super) struct Schema {
    types: Vec<Type>,
    top: usize,
}

/// A value that is no record, list, map or union.
#[derive(Clone, Copy, Debug)]
pub(super) enum Leaf<'a> {
    Text(&'a [u8]),
    Bytes(&'a [u8]),
    Number(Form, Raw),
}

/// Makes a leaf of a number in bytes.
fn decimal(bytes: &[u8], scale: i32) -> Option<Leaf<'_>> {
    Some(Leaf::Number(Form::Decimal(scale), Raw::Whole(big_endian(bytes)?)))
}

impl Schema {
    /// Reads a schema; nothing where it is none.
    pub(super) fn read(text: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(text).ok()?;
        let mut reader = Reader {
            types: Vec::new(),
            named: BTreeMap::new(),
        };
        let top = reader.read(&value, "", 0)?;
        Some(Self {
            types: reader.types,
            top,
        })
    }

    /// Shows every value of the record at `at` with its path; nothing where the record is broken, or takes more than is left of the
    /// work that its block may make.
    pub(super) fn walk(
        &self,
        data: &[u8],
        at: &mut usize,
        left: &mut usize,
        visit: &mut dyn FnMut(&[Step<'_>], Leaf<'_>),
    ) -> Option<()> {
        let mut walk = Walk {
            data,
            at: *at,
            left: *left,
            steps: Vec::new(),
            visit,
        };
        let read = self.value(self.top, &mut walk, 0);
        (*at, *left) = (walk.at, walk.left);
        read
    }

    fn value<'s>(&'s self, kind: usize, walk: &mut Walk<'_, 's>, depth: usize) -> Option<()> {
        if depth > DEPTH {
            return None;
        }
        walk.left = walk.left.checked_sub(1)?;
        let deeper = depth.saturating_add(1);
        match self.types.get(kind)? {
            Type::Null => {}
            Type::Boolean => walk.skip(1)?,
            Type::Long(form) => {
                let number = walk.long()?;
                if let Some(form) = form {
                    walk.visit(Leaf::Number(*form, Raw::Whole(number.into())));
                }
            }
            Type::Float => {
                let number = f32::from_le_bytes(walk.array()?);
                walk.visit(Leaf::Number(Form::Float, Raw::Float(number.into())));
            }
            Type::Double => {
                let number = f64::from_le_bytes(walk.array()?);
                walk.visit(Leaf::Number(Form::Float, Raw::Float(number)));
            }
            Type::Bytes => {
                let value = walk.bytes()?;
                walk.visit(Leaf::Bytes(value));
            }
            Type::Decimal(scale) => {
                if let Some(leaf) = decimal(walk.bytes()?, *scale) {
                    walk.visit(leaf);
                }
            }
            Type::Other => {
                walk.bytes()?;
            }
            Type::Text => {
                let value = walk.bytes()?;
                walk.visit(Leaf::Text(value));
            }
            Type::Fixed(length, inside) => {
                let start = walk.at;
                walk.skip(*length)?;
                let value = walk.data.get(start..walk.at)?;
                let leaf = match inside {
                    Inside::Bytes => Some(Leaf::Bytes(value)),
                    Inside::Decimal(scale) => decimal(value, *scale),
                    Inside::Other => None,
                };
                if let Some(leaf) = leaf {
                    walk.visit(leaf);
                }
            }
            Type::Symbols(symbols) => {
                let symbol = symbols.get(walk.place()?)?;
                walk.left = walk.left.checked_sub(symbol.len())?;
                walk.visit(Leaf::Text(symbol.as_bytes()));
            }
            Type::Union(kinds) => {
                let kind = *kinds.get(walk.place()?)?;
                self.value(kind, walk, deeper)?;
            }
            Type::Record(fields) => {
                for (name, kind) in fields {
                    walk.steps.push(Step::named(name));
                    self.value(*kind, walk, deeper)?;
                    walk.steps.pop();
                }
            }
            Type::List(kind) => {
                let mut index = 0_u64;
                while let Some(items) = walk.items()? {
                    for _ in 0..items {
                        let start = walk.at;
                        walk.steps.push(Step::Index(index));
                        self.value(*kind, walk, deeper)?;
                        walk.steps.pop();
                        index = index.saturating_add(1);
                        // Items that take no bytes are all the same.
                        if walk.at == start {
                            break;
                        }
                    }
                }
            }
            Type::Map(kind) => {
                while let Some(items) = walk.items()? {
                    for _ in 0..items {
                        let key = walk.bytes()?;
                        let name = String::from_utf8_lossy(key)
                            .replace('\\', "\\\\")
                            .replace('"', "\\\"");
                        walk.steps.push(Step::Key(Cow::Owned(name.into_bytes())));
                        walk.visit(Leaf::Text(key));
                        self.value(*kind, walk, deeper)?;
                        walk.steps.pop();
                    }
                }
            }
        }
        Some(())
    }
}

/// Shows a value.
type Visit<'v> = &'v mut dyn FnMut(&[Step<'_>], Leaf<'_>);

/// Goes over one record.
struct Walk<'d, 's> {
    data: &'d [u8],
    at: usize,
    /// Values that may still be read.
    left: usize,
    steps: Vec<Step<'s>>,
    visit: Visit<'d>,
}

impl<'d> Walk<'d, '_> {
    fn visit(&mut self, leaf: Leaf<'_>) {
        (self.visit)(&self.steps, leaf);
    }

    fn skip(&mut self, length: usize) -> Option<()> {
        skip(self.data, &mut self.at, length)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let start = self.at;
        self.skip(N)?;
        self.data.get(start..)?.first_chunk().copied()
    }

    fn long(&mut self) -> Option<i64> {
        long(self.data, &mut self.at)
    }

    fn place(&mut self) -> Option<usize> {
        usize::try_from(self.long()?).ok()
    }

    fn bytes(&mut self) -> Option<&'d [u8]> {
        bytes(self.data, &mut self.at)
    }

    #[expect(
        clippy::option_option,
        reason = "the outer one says whether the bytes end, the inner one whether the items do"
    )]
    fn items(&mut self) -> Option<Option<u64>> {
        let number = self.long()?;
        if number < 0 {
            self.long()?;
        }
        Some(Some(number.unsigned_abs()).filter(|number| *number > 0))
    }
}

fn skip(data: &[u8], at: &mut usize, length: usize) -> Option<()> {
    let end = at.checked_add(length)?;
    data.get(*at..end)?;
    *at = end;
    Some(())
}

/// Reads a number of variable length.
pub(super) fn long(data: &[u8], at: &mut usize) -> Option<i64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = *data.get(*at)?;
        *at = at.saturating_add(1);
        value |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            // Zigzag: the last bit is the sign.
            let half = (value >> 1).cast_signed();
            return Some(if value & 1 == 0 { half } else { !half });
        }
    }
    None
}

/// Reads bytes with their length before them.
pub(super) fn bytes<'a>(data: &'a [u8], at: &mut usize) -> Option<&'a [u8]> {
    let length = usize::try_from(long(data, at)?).ok()?;
    let start = *at;
    skip(data, at, length)?;
    data.get(start..*at)
}

/// Reads types, and keeps those that have a name.
struct Reader {
    types: Vec<Type>,
    named: BTreeMap<String, usize>,
}

impl Reader {
    fn add(&mut self, kind: Type) -> Option<usize> {
        let place = self.types.len();
        self.types.push(kind);
        (place < AVRO_TYPES).then_some(place)
    }

    fn read(&mut self, value: &Value, space: &str, depth: usize) -> Option<usize> {
        if depth > DEPTH {
            return None;
        }
        let deeper = depth.saturating_add(1);
        match value {
            Value::String(name) => self.simple(name, space),
            Value::Array(kinds) => {
                let mut union = Vec::new();
                for kind in kinds {
                    union.push(self.read(kind, space, deeper)?);
                }
                self.add(Type::Union(union))
            }
            Value::Object(object) => {
                let logical = object.get("logicalType").and_then(Value::as_str).unwrap_or("");
                let scale = object.get("scale").and_then(Value::as_i64).unwrap_or(0);
                let scale = i32::try_from(scale).unwrap_or(i32::MAX);
                let inside = match logical {
                    "decimal" => Inside::Decimal(scale),
                    "big-decimal" | "duration" | "uuid" => Inside::Other,
                    _ => Inside::Bytes,
                };
                let name = || full(object.get("name")?.as_str()?, object.get("namespace"), space);
                match object.get("type")? {
                    Value::String(kind) => match kind.as_str() {
                        "record" | "error" => {
                            let (name, space) = name()?;
                            // It may hold itself.
                            let place = self.add(Type::Record(Vec::new()))?;
                            self.named.insert(name, place);
                            let mut fields = Vec::new();
                            for field in object.get("fields")?.as_array()? {
                                let name = field.get("name")?.as_str()?.to_owned();
                                let kind = self.read(field.get("type")?, &space, deeper)?;
                                fields.push((name, kind));
                            }
                            *self.types.get_mut(place)? = Type::Record(fields);
                            Some(place)
                        }
                        "enum" => {
                            let (name, _) = name()?;
                            let symbols = object.get("symbols")?.as_array()?.iter();
                            let name_of = |symbol: &Value| Some(symbol.as_str()?.to_owned());
                            let symbols =
                                symbols.map(|symbol| name_of(symbol).filter(|name| name.len() <= 256));
                            let place = self.add(Type::Symbols(symbols.collect::<Option<_>>()?))?;
                            self.named.insert(name, place);
                            Some(place)
                        }
                        "fixed" => {
                            let (name, _) = name()?;
                            let length = usize::try_from(object.get("size")?.as_u64()?).ok()?;
                            let place = self.add(Type::Fixed(length, inside))?;
                            self.named.insert(name, place);
                            Some(place)
                        }
                        "array" => {
                            let items = self.read(object.get("items")?, space, deeper)?;
                            self.add(Type::List(items))
                        }
                        "map" => {
                            let values = self.read(object.get("values")?, space, deeper)?;
                            self.add(Type::Map(values))
                        }
                        "bytes" => self.add(match inside {
                            Inside::Bytes => Type::Bytes,
                            Inside::Decimal(scale) => Type::Decimal(scale),
                            Inside::Other => Type::Other,
                        }),
                        "int" | "long" => self.add(Type::Long(meaning(logical))),
                        kind => self.simple(kind, space),
                    },
                    inner => self.read(inner, space, deeper),
                }
            }
            _ => None,
        }
    }

    fn simple(&mut self, name: &str, space: &str) -> Option<usize> {
        let kind = match name {
            "null" => Type::Null,
            "boolean" => Type::Boolean,
            "int" | "long" => Type::Long(Some(Form::Whole)),
            "float" => Type::Float,
            "double" => Type::Double,
            "bytes" => Type::Bytes,
            "string" => Type::Text,
            _ => {
                let (full, _) = full(name, None, space)?;
                return self.named.get(&full).or_else(|| self.named.get(name)).copied();
            }
        };
        self.add(kind)
    }
}

/// Returns what a whole number of a logical type means.
fn meaning(logical: &str) -> Option<Form> {
    Some(match logical {
        "date" => Form::Day(1),
        "time-millis" | "time-micros" => return None,
        "timestamp-millis" | "local-timestamp-millis" => Form::Time(1_000),
        "timestamp-micros" | "local-timestamp-micros" => Form::Time(1_000_000),
        "timestamp-nanos" | "local-timestamp-nanos" => Form::Time(1_000_000_000),
        _ => Form::Whole,
    })
}

/// Returns the full name of a type and its namespace.
fn full(name: &str, namespace: Option<&Value>, space: &str) -> Option<(String, String)> {
    if let Some((space, _)) = name.rsplit_once('.') {
        return Some((name.to_owned(), space.to_owned()));
    }
    let space = match namespace {
        Some(namespace) => namespace.as_str()?,
        None => space,
    };
    let full = if space.is_empty() {
        name.to_owned()
    } else {
        format!("{space}.{name}")
    };
    Some((full, space.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_variable_length() {
        for (bytes, number) in [(&[0_u8][..], 0), (&[1], -1), (&[2], 1), (&[0x80, 1], 64)] {
            assert_eq!(long(bytes, &mut 0), Some(number));
        }
        assert_eq!(long(&[0x80], &mut 0), None);
        assert_eq!(long(&[0xff; 11], &mut 0), None);
    }

    #[test]
    fn a_schema_that_holds_itself_has_an_end() {
        let schema =
            br#"{"type": "record", "name": "n.a", "fields": [{"name": "next", "type": ["null", "a"]}]}"#;
        let schema = Schema::read(schema).expect("a schema");
        assert_eq!(
            schema.walk(&[2, 2, 2, 0], &mut 0, &mut 9_999, &mut |_, _| {}),
            Some(())
        );
        assert_eq!(schema.walk(&[2; 5_000], &mut 0, &mut 9_999, &mut |_, _| {}), None);
        let endless =
            Schema::read(br#"{"type": "record", "name": "a", "fields": [{"name": "b", "type": "a"}]}"#);
        assert_eq!(
            endless
                .expect("a schema")
                .walk(&[0], &mut 0, &mut 9_999, &mut |_, _| {}),
            None
        );
        let nulls = Schema::read(br#"{"type": "array", "items": "null"}"#).expect("a schema");
        let many = [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0];
        let mut doubled = br#"{"type": "record", "name": "r0", "fields": []}"#.to_vec();
        for level in 1..100 {
            let text = String::from_utf8(doubled).expect("UTF-8");
            let last = level - 1;
            doubled = format!(
                "{{\"type\": \"record\", \"name\": \"r{level}\", \"fields\": \
                 [{{\"name\": \"a\", \"type\": {text}}}, {{\"name\": \"b\", \"type\": \"r{last}\"}}]}}"
            )
            .into_bytes();
            if level > 25 {
                break;
            }
        }
        let doubled = Schema::read(&doubled).expect("a schema");
        assert_eq!(doubled.walk(&[], &mut 0, &mut 9_999, &mut |_, _| {}), None);
        assert_eq!(nulls.walk(&many, &mut 0, &mut 9_999, &mut |_, _| {}), Some(()));
    }
}
