//! Addresses of mail.

use std::ops::Range;

use crate::rule::Level;

/// Longest part before `@` (RFC 5321).
const LONGEST_LOCAL: usize = 64;
/// Longest name of a host.
const LONGEST_HOST: usize = 120;

/// Countries of names of hosts.
const COUNTRIES: &[u8] = b"ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz \
ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga gb gd ge gf gg \
gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz \
la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu \
nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sk sl sm sn so sr ss st su sv sx sy sz tc \
td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw ";

/// Names of countries that files end with as well.
const FILES: &[&[u8]] = &[b".py", b".rs", b".sh", b".md", b".ps", b".so"];

/// Other last parts that people's addresses have.
const OTHERS: &[&str] = &[
    "com",
    "org",
    "net",
    "edu",
    "gov",
    "mil",
    "int",
    "info",
    "biz",
    "name",
    "pro",
    "mobi",
    "asia",
    "coop",
    "aero",
    "jobs",
    "travel",
    "museum",
    "tel",
    "cat",
    "app",
    "dev",
    "tech",
    "online",
    "site",
    "store",
    "shop",
    "xyz",
    "club",
    "cloud",
    "agency",
    "email",
    "live",
    "news",
    "blog",
    "life",
    "world",
    "today",
    "work",
    "works",
    "space",
    "website",
    "digital",
    "media",
    "group",
    "global",
    "company",
    "solutions",
    "services",
    "systems",
    "network",
    "academy",
    "university",
    "school",
    "health",
    "care",
    "legal",
    "law",
    "consulting",
    "design",
    "studio",
    "berlin",
    "london",
    "nyc",
    "paris",
    "tokyo",
    "wang",
    "top",
    "vip",
    "ltd",
    "fund",
    "capital",
    "finance",
    "bank",
    "expert",
    "center",
    "energy",
    "earth",
    "social",
    "foundation",
];

/// Hosts that manuals write, and those of machines.
const NOBODY: &[&[u8]] = &[
    b"domain.com",
    b"yourdomain.com",
    b"mydomain.com",
    b"test.com",
    b"company.com",
    b"yourcompany.com",
    b"mycompany.com",
    b"foo.com",
    b"bar.com",
    b"foobar.com",
    b"mail.example.com",
    b"email.example",
    b"abc.com",
    b"xyz.com",
    b"xxx.com",
    b"users.noreply.github.com",
    b"noreply.github.com",
    b"ingest.sentry.io",
    b"developer.gserviceaccount.com",
    b"iam.gserviceaccount.com",
];

/// Parts before `@` that stand for anybody, or for a machine.
const ANYBODY: &[&[u8]] = &[
    b"user",
    b"username",
    b"name",
    b"email",
    b"your",
    b"you",
    b"me",
    b"youremail",
    b"your.email",
    b"your_email",
    b"your-email",
    b"yourname",
    b"your.name",
    b"someone",
    b"somebody",
    b"foo",
    b"bar",
    b"test",
    b"example",
    b"git",
    b"svn",
    b"hg",
    b"noreply",
    b"no-reply",
    b"no_reply",
    b"donotreply",
    b"do-not-reply",
    b"mailer-daemon",
    b"xxx",
    b"xxxx",
];

/// Parts before `@` of offices, not of people.
const OFFICES: &[&[u8]] = &[
    b"info",
    b"support",
    b"contact",
    b"sales",
    b"help",
    b"admin",
    b"office",
    b"hello",
    b"team",
    b"service",
    b"security",
    b"abuse",
    b"press",
    b"webmaster",
    b"postmaster",
    b"privacy",
    b"legal",
    b"jobs",
    b"hr",
    b"root",
];

/// Finds the address around the `@` at `at`.
pub(crate) fn find(window: &[u8], at: usize) -> Option<(Range<usize>, Level)> {
    let before = window.get(..at)?;
    let host_at = at.saturating_add(1);
    let sign = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    let after = window.get(host_at..)?;
    let run = after
        .iter()
        .take(LONGEST_HOST)
        .take_while(|byte| sign(**byte))
        .count();
    let mut host = after.get(..run)?;
    // Another `@`, or no dot in it: no host.
    if after.get(run) == Some(&b'@') || memchr::memchr(b'.', host).is_none() {
        return None;
    }
    let run = before
        .iter()
        .rev()
        .take(LONGEST_LOCAL.saturating_add(1))
        .take_while(|byte| sign(**byte) || matches!(**byte, b'_' | b'%' | b'+'))
        .count();
    if run > LONGEST_LOCAL {
        return None;
    }
    let mut start = at.saturating_sub(run);
    let escaped = start.checked_sub(1).and_then(|before| window.get(before)) == Some(&b'\\');
    if escaped && matches!(window.get(start), Some(b'n' | b'r' | b't')) {
        start = start.saturating_add(1);
    }
    while window
        .get(start)
        .is_some_and(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')
        && start < at
    {
        start = start.saturating_add(1);
    }
    let local = window.get(start..at)?;
    // `https://user@host`.
    if local.is_empty() || local.contains(&b'%') || is_login(window.get(..start)?) {
        return None;
    }
    // A dot or dash at the end belongs to the sentence; so may a word that was put behind a dot without a blank.
    for _ in 0..3 {
        while let Some((b'.' | b'-', rest)) = host.split_last() {
            host = rest;
        }
        let dot = memchr::memrchr(b'.', host)?;
        if is_top(host.get(dot.saturating_add(1)..)?) {
            break;
        }
        host = host.get(..dot)?;
    }
    let dot = memchr::memrchr(b'.', host)?;
    if !is_top(host.get(dot.saturating_add(1)..)?) {
        return None;
    }
    let end = host_at.saturating_add(host.len());
    if matches!(window.get(end), Some(b'(' | b'[' | b'=' | b'@' | b'_')) {
        return None;
    }
    let labels_fit = host
        .split(|byte| *byte == b'.')
        .all(|label| (1..=63).contains(&label.len()) && !label.starts_with(b"-") && !label.ends_with(b"-"));
    let second = host.get(..dot)?;
    // `model@weights.py` is a file.
    if !second.contains(&b'.') && FILES.iter().any(|ending| host.ends_with(ending)) {
        return None;
    }
    // `W@22.to` is arithmetic, `li@163.com` is not.
    let letters = second.iter().any(u8::is_ascii_alphabetic) || host.ends_with(b".com");
    if !labels_fit || second.len() < 2 || !letters {
        return None;
    }
    let local = local.to_ascii_lowercase();
    let host = host.to_ascii_lowercase();
    if ANYBODY.contains(&local.as_slice()) || is_nobody(&host) {
        return None;
    }
    let office = OFFICES.contains(&local.as_slice());
    Some((start..end, if office { Level::Low } else { Level::High }))
}

/// What stands before belongs to an address of a page: `https://user:password@host`.
fn is_login(before: &[u8]) -> bool {
    let length = before
        .iter()
        .rev()
        .take(LONGEST_LOCAL)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'%' | b':'))
        .count();
    before.ends_with(b"//")
        || before.ends_with(b":")
            && before
                .get(..before.len().saturating_sub(length))
                .is_some_and(|rest| rest.ends_with(b"//"))
}

fn is_nobody(host: &[u8]) -> bool {
    let own = |name: &[u8]| {
        host.strip_suffix(name)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with(b"."))
    };
    NOBODY.iter().any(|name| own(name))
        || host
            .split(|byte| *byte == b'.')
            .any(|label| matches!(label, b"example" | b"localhost" | b"invalid"))
}

fn is_top(label: &[u8]) -> bool {
    if let [first, second] = label {
        let lower = [first.to_ascii_lowercase(), second.to_ascii_lowercase()];
        return COUNTRIES.chunks(3).any(|country| country.starts_with(&lower));
    }
    let same = |name: &&str| name.len() == label.len() && name.as_bytes().eq_ignore_ascii_case(label);
    OTHERS.iter().any(same) || label.starts_with(b"xn--")
}

#[cfg(test)]
#[expect(
    clippy::string_slice,
    reason = "a test that slices wrongly fails, as it should"
)]
mod tests {
    use super::*;

    fn check(text: &str) -> Option<String> {
        let at = text.find('@').unwrap();
        find(text.as_bytes(), at).map(|(range, _)| text[range].to_owned())
    }

    #[test]
    fn addresses_end_where_the_sentence_goes_on() {
        assert_eq!(check("an anna.li@uni-bonn.de.").unwrap(), "anna.li@uni-bonn.de");
        assert_eq!(check("邮箱li@163.com。").unwrap(), "li@163.com");
        assert_eq!(check("x\\nli@corp.co.uk\\n").unwrap(), "li@corp.co.uk");
        assert_eq!(check("<li+a@corp.io>").unwrap(), "li+a@corp.io");
        assert_eq!(check("at li@corp.com.The next").unwrap(), "li@corp.com");
    }

    #[test]
    fn what_only_looks_like_mail_is_passed_over() {
        for text in [
            "li@example.com",
            "git@github.com:a/b",
            "logo@2x.png",
            "react@18.2.0",
            "https://li@corp.com/",
            "postgres://app:secret7@db.corp.com/x",
            "W@x.to(device)",
            "a@b.T",
            "noreply@corp.com",
            "1+li@users.noreply.github.com",
            "user@localhost",
        ] {
            assert_eq!(check(text), None, "{text}");
        }
    }
}
