//! Names of people in scripts other than Latin, where a word says that a name follows: by their form, and a family name where lists
//! of those are short.

/// Family names of Korea, of one syllable each but a few.
const KOREAN: &str = "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구나진지엄채원천방공현함변염여추도소석선설마길연위표명기반왕금옥육인맹제모탁국어은편용";
/// Common family names of Japan.
const JAPANESE: &[&str] = &[
    "佐藤",
    "鈴木",
    "高橋",
    "田中",
    "伊藤",
    "渡辺",
    "渡邊",
    "山本",
    "中村",
    "小林",
    "加藤",
    "吉田",
    "山田",
    "佐々木",
    "山口",
    "松本",
    "井上",
    "木村",
    "林",
    "斎藤",
    "斉藤",
    "清水",
    "山崎",
    "森",
    "池田",
    "橋本",
    "阿部",
    "石川",
    "山下",
    "中島",
    "石井",
    "小川",
    "前田",
    "岡田",
    "長谷川",
    "藤田",
    "後藤",
    "近藤",
    "村上",
    "遠藤",
    "青木",
    "坂本",
    "福田",
    "太田",
    "西村",
    "藤井",
    "岡本",
    "金子",
    "藤原",
    "三浦",
    "中野",
    "原田",
    "松田",
    "竹内",
    "小野",
    "中川",
    "田村",
    "中山",
    "和田",
    "石田",
    "森田",
    "上田",
    "原",
    "内田",
    "柴田",
    "酒井",
    "宮崎",
    "横山",
    "高木",
    "安藤",
    "宮本",
    "大野",
    "工藤",
    "谷口",
    "今井",
    "高田",
    "増田",
    "丸山",
    "杉山",
    "村田",
    "大塚",
    "新井",
    "小山",
    "平野",
    "藤本",
    "河野",
    "上野",
    "野口",
    "武田",
    "松井",
    "千葉",
    "岩崎",
    "菅原",
    "木下",
    "久保",
    "佐野",
    "野村",
    "松尾",
    "市川",
    "菊地",
    "杉本",
    "古川",
    "大西",
    "島田",
    "水野",
    "桜井",
    "高野",
    "渡部",
    "吉川",
    "山内",
    "西田",
    "飯田",
    "菊池",
    "西川",
    "小松",
    "北村",
    "安田",
    "五十嵐",
    "川口",
    "平田",
    "関",
    "中田",
    "久保田",
    "服部",
    "東",
    "岩田",
    "土屋",
    "川崎",
    "福島",
    "本田",
    "辻",
    "樋口",
    "秋山",
    "田口",
    "永井",
    "山中",
    "川上",
    "大橋",
    "若松",
    "津田",
    "喜嶋",
    "江古田",
    "廣川",
    "浜田",
];

/// Names of nobody, which forms and manuals write.
const STAND_INS: &[&str] = &["山田太郎", "山田 太郎", "홍길동", "Иван Иванов", "Иванов Иван"];

/// Returns the length of a name at the start, and whether its family name is known.
pub(super) fn name(rest: &[u8]) -> Option<(usize, bool)> {
    if STAND_INS.iter().any(|name| rest.starts_with(name.as_bytes())) {
        return None;
    }
    match rest.first()? {
        0xd0 | 0xd1 => cyrillic(rest).map(|length| (length, false)),
        0xe0 => devanagari(rest).map(|length| (length, false)),
        0xea..=0xed => korean(rest).map(|length| (length, true)),
        0xe3..=0xe9 => japanese(rest),
        _ => None,
    }
}

/// Two or three capitalised words.
fn cyrillic(rest: &[u8]) -> Option<usize> {
    let mut end = 0_usize;
    let mut words = 0_u32;
    loop {
        let word = rest.get(end..)?;
        let length = word
            .iter()
            .take(48)
            .take_while(|byte| matches!(byte, 0xd0 | 0xd1 | 0x80..=0xbf | b'-'))
            .count();
        if length < 4 || !matches!(word, [0xd0, 0x81 | 0x90..=0xaf, ..]) {
            break;
        }
        // A whole word in capitals is none.
        if matches!(word.get(2..4), Some([0xd0, 0x90..=0xaf])) {
            break;
        }
        end = end.saturating_add(length);
        words = words.saturating_add(1);
        if words == 3 || rest.get(end) != Some(&b' ') {
            break;
        }
        end = end.saturating_add(1);
    }
    let end = if rest.get(end.saturating_sub(1)) == Some(&b' ') {
        end.saturating_sub(1)
    } else {
        end
    };
    (words >= 2).then_some(end)
}

/// Two words, with nothing behind them but the word for "is".
fn devanagari(rest: &[u8]) -> Option<usize> {
    let word = |from: usize| {
        let rest = rest.get(from..).unwrap_or_default();
        let (letters, _) = rest.as_chunks::<3>();
        let count = letters
            .iter()
            .take(14)
            .take_while(|letter| matches!(letter, [0xe0, 0xa4 | 0xa5, _]) && **letter != [0xe0, 0xa5, 0xa4])
            .count();
        count.saturating_mul(3)
    };
    let first = word(0);
    if first < 6 || rest.get(first) != Some(&b' ') {
        return None;
    }
    let second_at = first.saturating_add(1);
    let second = word(second_at);
    let end = second_at.saturating_add(second);
    let after = rest.get(end..)?;
    let goes_on = matches!(after, [b' ', 0xe0, ..])
        && !after.starts_with(" है".as_bytes())
        && !after.starts_with(" हूँ".as_bytes());
    (second >= 6 && !goes_on).then_some(end)
}

/// A family name and one or two syllables, before a particle or no letter.
fn korean(rest: &[u8]) -> Option<usize> {
    let (syllables, _) = rest.as_chunks::<3>();
    let is_letter = |letter: &&[u8; 3]| matches!(letter, [0xea..=0xed, _, _]);
    let count = syllables.iter().take(12).take_while(is_letter).count();
    let family = rest.get(..3)?;
    if !KOREAN
        .as_bytes()
        .as_chunks::<3>()
        .0
        .iter()
        .any(|one| one == family)
    {
        return None;
    }
    for length in [3_usize, 2, 4] {
        let end = length.saturating_mul(3);
        if count < length {
            continue;
        }
        let after = rest.get(end..)?;
        let particles = [
            "입니다",
            "이에요",
            "예요",
            "이라고",
            "라고",
            "씨",
            "님",
            "이며",
            "이고",
        ];
        if count == length
            || particles
                .iter()
                .any(|particle| after.starts_with(particle.as_bytes()))
        {
            return Some(end);
        }
    }
    None
}

/// A family name, perhaps a blank, and a given name, before a particle or no letter.
fn japanese(rest: &[u8]) -> Option<(usize, bool)> {
    let letters = |from: usize, most: usize| {
        let (letters, _) = rest.get(from..).unwrap_or_default().as_chunks::<3>();
        let is_letter = |letter: &&[u8; 3]| matches!(letter, [0xe4..=0xe9, _, _] | [0xe3, 0x80, 0x85]);
        letters.iter().take(most).take_while(is_letter).count()
    };
    let count = letters(0, 8);
    let known = JAPANESE
        .iter()
        .filter(|family| rest.starts_with(family.as_bytes()))
        .map(|family| family.len())
        .max();
    let gap = match rest.get(count.saturating_mul(3)..)? {
        [b' ', 0xe3..=0xe9, ..] => 1,
        [0xe3, 0x80, 0x80, ..] => 3,
        _ => 0,
    };
    let end = if gap > 0 && (1..=4).contains(&count) {
        let from = count.saturating_mul(3).saturating_add(gap);
        let (given, _) = rest.get(from..)?.as_chunks::<3>();
        let is_letter = |letter: &&[u8; 3]| {
            matches!(
                letter,
                [0xe4..=0xe9, _, _] | [0xe3, 0x80, 0x85] | [0xe3, 0x81..=0x83, _]
            )
        };
        let particle = |index: usize| {
            let rest = rest
                .get(from.saturating_add(index.saturating_mul(3))..)
                .unwrap_or_default();
            ["です", "と申", "さん", "さま", "の", "は", "が", "を", "に"]
                .iter()
                .any(|particle| rest.starts_with(particle.as_bytes()))
        };
        let most = given.iter().take(4).take_while(is_letter).count();
        let length = (1..=most).find(|index| particle(*index)).unwrap_or(most);
        from.saturating_add(length.saturating_mul(3))
    } else if known.is_some() && (3..=6).contains(&count) {
        count.saturating_mul(3)
    } else {
        return None;
    };
    // Titles are no part of a name.
    let text = rest.get(..end)?;
    let end = ["様", "氏", "先生"]
        .iter()
        .find_map(|title| text.strip_suffix(title.as_bytes()))
        .map_or(end, <[u8]>::len);
    let whole = known.is_some_and(|family| family < end);
    Some((end, whole))
}

/// Returns where the Japanese name begins that ends before the title at `at`: a known family name, a blank and a given name.
pub(super) fn before_title(window: &[u8], at: usize) -> Option<usize> {
    let before = window.get(at.saturating_sub(28)..at)?;
    let base = at.saturating_sub(before.len());
    (0..before.len())
        .find(|index| {
            let text = before.get(*index..).unwrap_or_default();
            let starts = JAPANESE.iter().any(|family| text.starts_with(family.as_bytes()));
            starts && japanese(text).is_some_and(|(length, known)| known && length == text.len())
        })
        .map(|index| base.saturating_add(index))
}

#[cfg(test)]
#[expect(
    clippy::string_slice,
    reason = "a test that slices wrongly fails, as it should"
)]
mod tests {
    use super::*;

    #[test]
    fn names_end_where_something_else_begins() {
        for (text, expected) in [
            ("Иван Петров, 41", "Иван Петров"),
            ("Анна Сергеевна Иванова.", "Анна Сергеевна Иванова"),
            ("अकबर झादव है।", "अकबर झादव"),
            ("남아름입니다", "남아름"),
            ("김민수\n", "김민수"),
            ("斎藤 加奈です", "斎藤 加奈"),
            ("田中　太郎", "田中　太郎"),
            ("田中太郎、", "田中太郎"),
        ] {
            let found = name(text.as_bytes()).map(|(length, _)| &text[..length]);
            assert_eq!(found, Some(expected));
        }
        for text in [
            "Москва стала",
            "ФИО ОТЦА",
            "नाम लिखिए",
            "보고서는 가을에",
            "会議は来週",
            "非公開",
            "必須です",
        ] {
            assert_eq!(name(text.as_bytes()), None, "{text}");
        }
        let text = "昨日、池田 舞様が";
        let at = text.find("様").unwrap();
        assert_eq!(
            before_title(text.as_bytes(), at).map(|start| &text[start..at]),
            Some("池田 舞")
        );
    }
}
