//! Text that is not UTF-8: which encoding it has, where that is sure, as a stream of UTF-8, and back again. UTF-16 is told by its
//! mark or by the form of its units, GB 18030 by its mark or by the characters that Chinese is written with.

use std::{
    io::{self, Read, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use encoding_rs::{Decoder, GB18030, UTF_16BE, UTF_16LE};

/// Bytes that are decoded at a time.
const CHUNK: usize = 64 << 10;
/// Fewest units or characters that tell an encoding without a mark.
const FEWEST: usize = 8;
/// Characters that Chinese text, tables of people and of places are full of.
const FREQUENT: &str = "的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心多天而能好都然没日于起还发成事只作当想看文无开手用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与高意进把法此实回二理美点月明其种声全工己话儿者向情部正名定女问力机给等几很业最间新什打便位因重被走电四第门相次东政海口使教西再平真听世气信北少关并内加化由却代军产入先山五太水万市眼体别处总才场师书比住员九笑性通目华报立马命张活难神数件安表原车白应路期叫死常提感金何更反合放做系计或司利受光王果亲界及今京务制解各任至清物台象记边共风战干接它许八特觉望直服毛林题建南度统色字请交爱让认算论百吃义科怎元社术结六功指思非流每青管夫连远资队跟带花快条院变联言权往展该领传近留红治决周保达办运武半候七必城父强步完革深区即求品士转量空甚众技轻程告江语英基派满式李息写呢识极令黄德收脸钱党倒未持取设始版双历越史商千片容研像找友孩站广改议形委早房音火际则首单据导影失拿网香似斯专石若兵弟谁校读志飞观争究包组造落视济喜离虽坏兴刘陈杨赵吴徐孙朱胡郭何罗宋郑谢韩唐冯董萧曹袁邓傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田姜范石姚谭廖邹熊陆郝孔崔康毛邱秦顾侯邵孟龙黎史陶贺赖省县号街镇村楼室姓址";

/// An encoding of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf16Le,
    Utf16Be,
    Gb18030,
}

impl Encoding {
    /// Every one, with its name in reports.
    const ALL: [(Self, &'static str); 3] = [
        (Self::Utf16Le, "utf-16le"),
        (Self::Utf16Be, "utf-16be"),
        (Self::Gb18030, "gb18030"),
    ];

    /// Tells it from the first bytes of a file; nothing where they are UTF-8 or nothing is sure.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        match head {
            // UTF-32.
            [0xff, 0xfe, 0, 0, ..] => None,
            [0xff, 0xfe, ..] => Some(Self::Utf16Le),
            [0xfe, 0xff, ..] => Some(Self::Utf16Be),
            [0x84, 0x31, 0x95, 0x33, ..] => Some(Self::Gb18030),
            _ if memchr::memchr(0, head).is_some() => by_units(head),
            _ if is_utf8(head) => None,
            _ => is_chinese(head).then_some(Self::Gb18030),
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        let known = Self::ALL.iter().find(|(encoding, _)| *encoding == self);
        known.map_or("", |(_, name)| name)
    }

    /// Reads the name of the format of an artifact.
    pub(crate) fn of_format(format: &str) -> Option<Self> {
        let is_part = |name| format.split('+').any(|part| part == name);
        Self::ALL
            .iter()
            .find(|(_, name)| is_part(*name))
            .map(|(encoding, _)| *encoding)
    }

    fn decoder(self) -> Decoder {
        match self {
            Self::Utf16Le => UTF_16LE,
            Self::Utf16Be => UTF_16BE,
            Self::Gb18030 => GB18030,
        }
        .new_decoder_without_bom_handling()
    }

    /// Writes text in this encoding.
    fn encode(self, text: &str) -> Vec<u8> {
        match self {
            Self::Utf16Le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Self::Utf16Be => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            Self::Gb18030 => GB18030.encode(text).0.into_owned(),
        }
    }
}

fn is_utf8(head: &[u8]) -> bool {
    std::str::from_utf8(head).map_or_else(|error| error.error_len().is_none(), |_| true)
}

/// Tells UTF-16 without a mark: nearly all units are characters that people write, in one order of bytes only, or rather in it.
fn by_units(head: &[u8]) -> Option<Encoding> {
    let (pairs, _) = head.as_chunks::<2>();
    if pairs.len() < FEWEST {
        return None;
    }
    let score = |unit: fn([u8; 2]) -> u16| -> Option<usize> {
        let (mut plain, mut usual) = (0_usize, 0_usize);
        for pair in pairs {
            match unit(*pair) {
                0x09 | 0x0a | 0x0d | 0x20..=0x7e => plain = plain.saturating_add(1),
                0..=0x1f | 0x7f..=0x9f | 0xfffe..=0xffff => return None,
                0xa0..=0x52f
                | 0x2010..=0x203b
                | 0x3000..=0x30ff
                | 0x4e00..=0x9fff
                | 0xac00..=0xd7a3
                | 0xff00..=0xffef => {
                    usual = usual.saturating_add(1);
                }
                _ => {}
            }
        }
        let known = plain.saturating_add(usual);
        (known.saturating_mul(20) >= pairs.len().saturating_mul(19) && plain > 0).then_some(plain)
    };
    // Letters of ASCII in the wrong order look Chinese.
    match (score(u16::from_le_bytes), score(u16::from_be_bytes)) {
        (Some(little), big) if big.is_none_or(|big| little > big) => Some(Encoding::Utf16Le),
        (little, Some(big)) if little.is_none_or(|little| big > little) => Some(Encoding::Utf16Be),
        _ => None,
    }
}

/// Says whether bytes are Chinese in GB 18030: they can be decoded, the characters are those of the first level of GB 2312 and
/// signs, and those that stand in every text are among them. Korean in EUC-KR and Russian in KOI8-R pass all but the last.
fn is_chinese(head: &[u8]) -> bool {
    let mut text = String::with_capacity(head.len().saturating_mul(2));
    let (result, _) = GB18030
        .new_decoder_without_bom_handling()
        .decode_to_string_without_replacement(head, &mut text, false);
    if result != encoding_rs::DecoderResult::InputEmpty {
        return false;
    }
    let (mut level, mut other, mut at) = (0_usize, 0_usize, 0_usize);
    while let Some(byte) = head.get(at) {
        let second = head.get(at.saturating_add(1)).copied().unwrap_or(0xa1);
        match (byte, second) {
            (0..=0x80, _) => {
                at = at.saturating_add(1);
                continue;
            }
            (0xa1..=0xa3 | 0xb0..=0xd7, 0xa1..=0xfe) => level = level.saturating_add(1),
            (_, b'0'..=b'9') => {
                other = other.saturating_add(1);
                at = at.saturating_add(2);
            }
            _ => other = other.saturating_add(1),
        }
        at = at.saturating_add(2);
    }
    let frequent = text
        .chars()
        .filter(|character| FREQUENT.contains(*character))
        .count();
    level >= FEWEST
        && level.saturating_mul(5) >= level.saturating_add(other).saturating_mul(4)
        && frequent.saturating_mul(4) >= level
}

/// What a stream met that cannot be written back as it was.
#[derive(Clone, Debug, Default)]
pub(crate) struct Damage(Arc<AtomicBool>);

impl Damage {
    pub(crate) fn is_met(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A stream as UTF-8.
pub(crate) struct Decoded {
    encoding: Encoding,
    stream: Box<dyn Read + Send>,
    decoder: Decoder,
    damage: Damage,
    taken: Vec<u8>,
    /// Text that was decoded and not yet handed out.
    text: io::Cursor<String>,
    /// Bytes that were read and whose text was not yet held against them.
    unproven: Vec<u8>,
    ended: bool,
}

impl Decoded {
    pub(crate) fn new(encoding: Encoding, stream: Box<dyn Read + Send>, damage: &Damage) -> Self {
        Self {
            encoding,
            stream,
            decoder: encoding.decoder(),
            damage: damage.clone(),
            taken: vec![0; CHUNK],
            text: io::Cursor::new(String::new()),
            unproven: Vec::new(),
            ended: false,
        }
    }

    fn more(&mut self) -> io::Result<()> {
        let read = self.stream.read(&mut self.taken)?;
        self.ended = read == 0;
        let bytes = self.taken.get(..read).unwrap_or_default();
        self.unproven.extend_from_slice(bytes);
        let most = self
            .decoder
            .max_utf8_buffer_length(read)
            .unwrap_or(CHUNK.saturating_mul(4));
        let mut text = String::with_capacity(most);
        let (_, _, damaged) = self.decoder.decode_to_string(bytes, &mut text, self.ended);
        let written = self.encoding.encode(&text);
        // What has two spellings would not come back as it was.
        let is_same = self.unproven.starts_with(&written);
        let length = written.len().min(self.unproven.len());
        self.unproven.drain(..length);
        if damaged || !is_same {
            self.damage.0.store(true, Ordering::Relaxed);
        }
        if self.damage.is_met() {
            self.unproven.clear();
        }
        self.text = io::Cursor::new(text);
        Ok(())
    }
}

impl Read for Decoded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let taken = self.text.read(buffer)?;
            if taken > 0 || buffer.is_empty() || self.ended {
                return Ok(taken);
            }
            self.more()?;
        }
    }
}

/// Writes UTF-8 in another encoding, however it is cut.
#[derive(Debug)]
pub(crate) struct Encoder {
    encoding: Encoding,
    /// The start of a character.
    held: Vec<u8>,
}

impl Encoder {
    pub(crate) const fn new(encoding: Encoding) -> Self {
        Self {
            encoding,
            held: Vec::new(),
        }
    }

    pub(crate) fn write(
        &mut self,
        bytes: &[u8],
        out: &mut impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        self.held.write_all(bytes)?;
        let whole = match std::str::from_utf8(&self.held) {
            Ok(text) => text.len(),
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => return Err(io::ErrorKind::InvalidData.into()),
        };
        let rest = self.held.split_off(whole);
        let text = std::mem::replace(&mut self.held, rest);
        let text = String::from_utf8(text).map_err(|_| io::ErrorKind::InvalidData)?;
        out(&self.encoding.encode(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(encoding: Encoding, bytes: &[u8]) -> (String, bool) {
        let damage = Damage::default();
        let mut text = String::new();
        Decoded::new(encoding, Box::new(io::Cursor::new(bytes.to_vec())), &damage)
            .read_to_string(&mut text)
            .unwrap();
        (text, damage.is_met())
    }

    const ENGLISH: &str = "id,name\n1,Ann Li of 12 Mill Lane\n";
    const CHINESE: &str =
        "编号,姓名,地址\n1,张伟,北京市朝阳区建国路88号\n2,李娜,上海市浦东新区世纪大道100号\n";
    const KOREAN: &str = "이름은 김철수이고 서울에 살고 있으며 오늘 날씨가 매우 좋다고 말했다";
    const RUSSIAN: &str = "сегодня хорошая погода, и мы пошли гулять по городу вместе с друзьями";

    #[test]
    fn encodings_are_told_where_it_is_sure() {
        for text in [ENGLISH, CHINESE] {
            for encoding in [Encoding::Utf16Le, Encoding::Utf16Be] {
                let bytes = encoding.encode(text);
                assert_eq!(Encoding::of(&bytes), Some(encoding), "{text}");
                let marked = encoding.encode(&format!("\u{feff}{text}"));
                assert_eq!(Encoding::of(&marked), Some(encoding), "{text}");
            }
            assert_eq!(Encoding::of(text.as_bytes()), None);
        }
        assert_eq!(
            Encoding::of(&Encoding::Gb18030.encode(CHINESE)),
            Some(Encoding::Gb18030)
        );
        assert_eq!(Encoding::of(b"\x84\x31\x95\x33abc"), Some(Encoding::Gb18030));
        for (label, text) in [
            ("euc-kr", KOREAN),
            ("koi8-r", RUSSIAN),
            ("windows-1251", RUSSIAN),
            (
                "windows-1252",
                "déjà vu à l'été, où Zoë goûta du très bon café près de la forêt",
            ),
            ("big5", "這是一個繁體中文的句子，我們在台北吃飯，他說明天會下雨"),
            (
                "shift_jis",
                "これは日本語の文章です。今日は天気がいいので、散歩に行きました。",
            ),
            (
                "euc-jp",
                "これは日本語の文章です。今日は天気がいいので、散歩に行きました。",
            ),
        ] {
            let encoding = encoding_rs::Encoding::for_label(label.as_bytes()).unwrap();
            assert_eq!(Encoding::of(&encoding.encode(text).0), None, "{label}");
        }
        let numbers: Vec<u8> = (0..2_000_u32)
            .flat_map(|number| (number * 37).to_le_bytes())
            .collect();
        assert_eq!(Encoding::of(&numbers), None);
        assert_eq!(Encoding::of(&[0; 4_096]), None);
    }

    #[test]
    fn what_is_decoded_is_written_as_it_was() {
        let long = format!("\u{feff}{}", format!("{CHINESE}{ENGLISH}😀\n").repeat(9_000));
        for encoding in [Encoding::Utf16Le, Encoding::Utf16Be, Encoding::Gb18030] {
            let bytes = encoding.encode(&long);
            let (text, damaged) = decoded(encoding, &bytes);
            assert!(text == long && !damaged, "{encoding:?}");
            let mut encoder = Encoder::new(encoding);
            let mut again = Vec::new();
            for part in text.as_bytes().chunks(7_001) {
                let mut out = |bytes: &[u8]| {
                    again.extend_from_slice(bytes);
                    Ok(())
                };
                encoder.write(part, &mut out).unwrap();
            }
            assert!(again == bytes, "{encoding:?}");
        }
    }

    #[test]
    fn what_cannot_come_back_is_said() {
        // Half a pair, an odd byte, a byte that stands alone.
        assert!(decoded(Encoding::Utf16Le, b"a\0\x00\xd8b\0").1);
        assert!(decoded(Encoding::Utf16Le, b"a\0b").1);
        assert!(decoded(Encoding::Gb18030, b"a\xffb").1);
        assert!(!decoded(Encoding::Gb18030, b"a\xb5\xc4").1);
    }
}
