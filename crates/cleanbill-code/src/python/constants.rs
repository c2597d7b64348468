//! What well-known callables make of constants.

use std::rc::Rc;

use super::{
    facts::Traits,
    fold, text,
    values::{Given, ITEMS, Value, What},
};

/// Returns what a callable makes of constants.
pub(super) fn constant_call(
    name: &str,
    first: &Value,
    second: Option<&Value>,
    arguments: &[Given],
) -> Option<Value> {
    let traits = first.traits;
    let unknown = |more: Traits| {
        Value::unknown()
            .made_of(traits.with(more))
            .with_origin(first.origin.clone())
    };
    Some(match name {
        "builtins.chr" | "builtins.unichr" => match first.what {
            What::Number(number) => {
                Value::text(&fold::char_of(number)?.to_string()).made_of(Traits::COMPUTED)
            }
            _ => unknown(Traits::CRAFTED),
        },
        "builtins.ord" => match first.constant().map(|text| text.chars().next()) {
            Some(Some(c)) => What::Number(i64::from(u32::from(c))).into(),
            _ => unknown(Traits::default()),
        },
        "builtins.int" => {
            let radix = match second.map(|second| &second.what) {
                Some(What::Number(radix)) => u32::try_from(*radix)
                    .ok()
                    .filter(|radix| (2..=36).contains(radix))?,
                _ => 10,
            };
            match &first.what {
                What::Number(_) => first.clone(),
                What::Text(text) => {
                    let digits = text.trim().trim_start_matches("0x").trim_start_matches("0b");
                    i64::from_str_radix(digits, radix).map_or_else(
                        |_| unknown(Traits::default()),
                        |number| What::Number(number).into(),
                    )
                }
                _ => unknown(Traits::default()),
            }
        }
        "builtins.len" => match first.items() {
            Some(items) => What::Number(i64::try_from(items.len()).ok()?).into(),
            None => Value::unknown(),
        },
        "builtins.str" => match &first.what {
            What::Bytes(_) | What::Text(_) => Value::text(&first.constant()?).made_of(traits),
            What::Number(number) => Value::text(&number.to_string()),
            _ => first.clone(),
        },
        "builtins.bytes" | "builtins.bytearray" | "builtins.memoryview" => match (&first.what, first.bytes())
        {
            (What::Number(_), _) => unknown(Traits::default()),
            (_, Some(bytes)) => {
                let list = matches!(first.what, What::List(_));
                let more = if list { Traits::COMPUTED } else { Traits::default() };
                Value::from(What::Bytes(bytes.into())).made_of(traits.with(more))
            }
            (What::List(_), None) => unknown(Traits::CRAFTED),
            _ => unknown(Traits::default()),
        },
        "builtins.list" | "builtins.tuple" | "builtins.set" | "builtins.iter" | "builtins.sorted" => {
            if arguments.is_empty() {
                Value::list(Vec::new())
            } else if name == "builtins.sorted" {
                unknown(Traits::default())
            } else {
                match first.items() {
                    Some(items) => Value::list(items).made_of(traits),
                    None => first.clone(),
                }
            }
        }
        "builtins.dict" => match &first.what {
            What::Unknown if arguments.is_empty() => What::Dictionary(Rc::default()).into(),
            What::Unknown | What::Nothing if arguments.iter().all(|argument| argument.name.is_some()) => {
                What::Dictionary(Rc::new(Vec::new())).into()
            }
            _ if arguments.iter().all(|argument| argument.name.is_some()) => {
                let pairs = arguments.iter().map(|argument| {
                    (
                        Value::text(argument.name.as_deref().unwrap_or_default()),
                        argument.value.clone(),
                    )
                });
                Value::from(What::Dictionary(Rc::new(pairs.collect()))).made_of(traits)
            }
            _ => first.clone(),
        },
        "builtins.zip" => {
            let lists: Option<Vec<Vec<Value>>> =
                arguments.iter().map(|argument| argument.value.items()).collect();
            let lists = lists?;
            let shortest = lists.iter().map(Vec::len).min()?;
            let row =
                |at: usize| Value::list(lists.iter().filter_map(|list| list.get(at).cloned()).collect());
            Value::list((0..shortest).map(row).collect())
        }
        "builtins.enumerate" => {
            let pair = |(at, item): (usize, Value)| {
                let number: Value = What::Number(i64::try_from(at).unwrap_or(0)).into();
                Value::list(vec![number, item])
            };
            Value::list(first.items()?.into_iter().enumerate().map(pair).collect())
        }
        "builtins.reversed" => {
            let mut items = first.items()?;
            items.reverse();
            Value::list(items).made_of(traits.with(Traits::COMPUTED))
        }
        "builtins.range" => {
            let numbers: Option<Vec<i64>> = arguments
                .iter()
                .map(|argument| match argument.value.what {
                    What::Number(number) => Some(number),
                    _ => None,
                })
                .collect();
            let (start, end, step) = match numbers?.as_slice() {
                [end] => (0, *end, 1),
                [start, end] => (*start, *end, 1),
                [start, end, step] => (*start, *end, *step),
                _ => return None,
            };
            let mut out = Vec::new();
            let mut at = start;
            while step != 0 && (step > 0 && at < end || step < 0 && at > end) && out.len() < ITEMS / 16 {
                out.push(What::Number(at).into());
                at = at.checked_add(step)?;
            }
            Value::list(out)
        }
        "str.maketrans" | "builtins.str.maketrans" | "builtins.bytes.maketrans" => {
            match (first.items(), second.and_then(Value::items)) {
                (Some(from), Some(to)) => {
                    What::Dictionary(Rc::new(from.into_iter().zip(to).collect())).into()
                }
                _ => first.clone(),
            }
        }
        "builtins.str.join"
        | "builtins.bytes.join"
        | "builtins.str.replace"
        | "builtins.str.format"
        | "builtins.bytes.decode"
        | "builtins.str.encode" => {
            let method = name.rsplit('.').next()?;
            fold::method(first, method, arguments.get(1..)?)
        }
        "codecs.decode" | "codecs.encode" => {
            let coding = second
                .and_then(Value::constant)
                .unwrap_or_default()
                .to_ascii_lowercase();
            match (first.bytes(), coding.as_str()) {
                (Some(bytes), "" | "utf-8" | "utf8" | "ascii" | "latin-1" | "latin1" | "utf_8") => {
                    Value::text(&String::from_utf8_lossy(&bytes)).made_of(traits)
                }
                (Some(bytes), coding) => match text::decode(coding.trim_end_matches("_codec"), &bytes) {
                    Some(bytes) => Value::text(&String::from_utf8_lossy(&bytes))
                        .made_of(traits.with(Traits::DECODED).with(Traits::COMPUTED)),
                    None => unknown(Traits::DECODED),
                },
                _ => unknown(if coding.starts_with("utf") || coding.is_empty() {
                    Traits::default()
                } else {
                    Traits::DECODED
                }),
            }
        }
        "builtins.bytes.fromhex"
        | "builtins.bytearray.fromhex"
        | "base64.b64decode"
        | "base64.standard_b64decode"
        | "base64.urlsafe_b64decode"
        | "base64.decodebytes"
        | "base64.decodestring"
        | "binascii.a2b_base64"
        | "base64.b32decode"
        | "base64.b16decode"
        | "binascii.unhexlify"
        | "binascii.a2b_hex"
        | "base64.b85decode"
        | "base64.a85decode"
        | "zlib.decompress"
        | "gzip.decompress" => {
            let bare = name.strip_prefix("builtins.").unwrap_or(name);
            match first.bytes().and_then(|bytes| text::decode(bare, &bytes)) {
                Some(bytes) => Value::from(What::Bytes(bytes.into()))
                    .made_of(traits.with(Traits::DECODED).with(Traits::COMPUTED)),
                None => unknown(Traits::DECODED),
            }
        }
        "bz2.decompress"
        | "lzma.decompress"
        | "marshal.loads"
        | "zlib.decompressobj().decompress"
        | "binascii.a2b_uu" => unknown(Traits::DECODED),
        "textwrap.dedent"
        | "inspect.cleandoc"
        | "os.path.expanduser"
        | "os.fspath"
        | "pathlib.Path().expanduser"
        | "os.path.expandvars"
        | "os.path.abspath"
        | "os.path.realpath" => first.clone(),
        "os.path.join" | "pathlib.Path" | "pathlib.PurePath" | "pathlib.Path().joinpath" => {
            let parts: Vec<String> = arguments
                .iter()
                .map(|argument| {
                    argument
                        .value
                        .constant()
                        .or_else(|| argument.value.origin.as_deref().map(str::to_owned))
                        .unwrap_or_else(|| "\u{fffc}".to_owned())
                })
                .collect();
            let joined = parts.join("/");
            let all = arguments
                .iter()
                .fold(Traits::default(), |all, argument| all.with(argument.value.traits));
            if name == "os.path.join" {
                Value::text(&joined)
                    .made_of(all.without(Traits::COMPUTED))
                    .with_origin(Some(joined.into()))
            } else {
                Value::name("pathlib.Path()")
                    .made_of(all.without(Traits::COMPUTED))
                    .with_origin(Some(joined.into()))
            }
        }
        "pathlib.Path.home" => Value::name("pathlib.Path()").with_origin(Some("~".into())),
        _ => return None,
    })
}
