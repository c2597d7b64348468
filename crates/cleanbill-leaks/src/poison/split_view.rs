//! Split view: a list of addresses stands for content that whoever holds the domains may change after the list was made (Carlini
//! and others, Poisoning Web-Scale Training Datasets is Practical, 2023). Digests make the change visible; so it is looked for addresses
//! without one, with one of another kind, and with two.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use super::{
    Caveat, Check, Kind, Mark, Seen, Settings, Shared, Spot,
    counters::Kept,
    tokens::{hash_of, mix},
};
use crate::rule::Level;

pub(super) const KINDS: &[Kind] = &[Kind {
    id: "split_view",
    name: "address whose content may change unseen",
    severity: Level::Low,
    confidence: Level::Medium,
}];

pub(super) fn begin(_: &Settings) -> Box<dyn Check> {
    Box::new(SplitView {
        addresses: AtomicU64::new(0),
        media: AtomicU64::new(0),
        digests: DIGESTS.map(|_| AtomicU64::new(0)),
        first: AtomicU64::new(u64::MAX),
        seen: Kept::new(ADDRESSES),
        hosts: Kept::new(HOSTS),
        contradicted: BTreeSet::new(),
        half: (0, 0),
        one_in: 1,
    })
}

/// Names of digests by what they look like; the first is none at all.
const DIGESTS: [&str; 6] = [
    "no digest",
    "MD5",
    "SHA-1",
    "SHA-256",
    "SHA-512",
    "something else",
];

#[derive(Debug)]
struct SplitView {
    addresses: AtomicU64,
    /// Addresses that end like pictures, sound, films or archives.
    media: AtomicU64,
    digests: [AtomicU64; 6],
    /// The lowest hash of an address: its record speaks for the list.
    first: AtomicU64,
    seen: Kept<Address>,
    hosts: Kept<u64>,
    contradicted: BTreeSet<u64>,
    /// How many hosts have half of the addresses, of so many.
    half: (u64, u64),
    one_in: u64,
}

#[derive(Debug, Default)]
struct Address {
    digest: u64,
    contradicted: bool,
}

impl SplitView {
    /// Says whether the addresses stand for what is not in the data.
    fn is_list(&self) -> bool {
        let addresses = self.addresses.load(Relaxed);
        let without = self.digests.first().map_or(0, |none| none.load(Relaxed));
        addresses > 0 && (without < addresses || self.media.load(Relaxed).saturating_mul(2) >= addresses)
    }

    /// Returns the most frequent kind of digest, and how many have it.
    fn usual(&self) -> (usize, u64) {
        let counts = self.digests.iter().map(|count| count.load(Relaxed)).enumerate();
        counts
            .max_by_key(|(kind, count)| (*count, *kind))
            .unwrap_or((0, 0))
    }

    fn about_list(&self) -> Option<String> {
        let addresses = self.addresses.load(Relaxed);
        let (usual, number) = self.usual();
        let (half, hosts) = self.half;
        let held = format!("; {half} of {hosts} hosts have half of them");
        match usual {
            0 => Some(format!(
                "{number} of {addresses} addresses have no digest: what is fetched need not be what was listed{held}"
            )),
            1 => Some(format!(
                "the digests of {number} of {addresses} addresses are MD5, for which another content can be made{held}"
            )),
            _ => None,
        }
    }

    fn about(&self, url: &str, digest: Option<&str>) -> Option<String> {
        let addresses = self.addresses.load(Relaxed);
        let (usual, number) = self.usual();
        let own = kind_of(digest);
        if self.contradicted.contains(&mix(hash_of(11, url))) {
            return Some("another record has the same address with another digest".to_owned());
        }
        let is_rare = number.saturating_mul(10) >= addresses.saturating_mul(9);
        if own == usual || usual == 0 || !is_rare {
            return None;
        }
        let (own, usual) = (DIGESTS.get(own)?, DIGESTS.get(usual)?);
        Some(format!(
            "{own} here, where {number} of {addresses} addresses have {usual}"
        ))
    }
}

impl Check for SplitView {
    fn see(&self, round: u8, seen: &Seen<'_>, _: &Shared) {
        let Some(url) = seen.row.url.filter(|_| round == 1) else {
            return;
        };
        self.addresses.fetch_add(1, Relaxed);
        let lower = url.to_ascii_lowercase();
        let path = lower.split(['?', '#']).next().unwrap_or_default();
        let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
        self.media.fetch_add(u64::from(MEDIA.contains(&ending)), Relaxed);
        if let Some(count) = self.digests.get(kind_of(seen.row.digest)) {
            count.fetch_add(1, Relaxed);
        }
        let key = hash_of(11, url);
        self.first.fetch_min(key, Relaxed);
        let host = path.split_once("://").map_or(path, |(_, rest)| rest);
        let host = host.split('/').next().unwrap_or_default();
        self.hosts
            .change(hash_of(13, host), |count| *count = count.saturating_add(1));
        if let Some(digest) = seen.row.digest.filter(|digest| !digest.is_empty()) {
            let digest = hash_of(17, &digest.to_ascii_lowercase()) | 1;
            self.seen.change(mix(key), |address| {
                address.contradicted |= address.digest != 0 && address.digest != digest;
                address.digest = digest;
            });
        }
    }

    fn turn(&mut self, round: u8, _: &Shared) {
        if round != 1 {
            return;
        }
        let (hosts, _) = self.hosts.take();
        let mut counts: Vec<u64> = hosts.iter().map(|(_, count)| *count).collect();
        counts.sort_unstable_by(|left, right| right.cmp(left));
        let all: u64 = counts.iter().sum();
        let mut sum = 0_u64;
        let enough = counts.iter().take_while(|count| {
            let is_less = sum.saturating_mul(2) < all;
            sum = sum.saturating_add(**count);
            is_less
        });
        let count = |number: usize| u64::try_from(number).unwrap_or(0);
        self.half = (count(enough.count()), count(hosts.len()));
        let (seen, one_in) = self.seen.take();
        self.one_in = one_in;
        let contradicted = seen.into_iter().filter(|(_, address)| address.contradicted);
        // Keys of the table are mixed once more than those of the records.
        self.contradicted = contradicted.map(|(key, _)| key).collect();
    }

    fn has_found(&self, _: &Shared) -> bool {
        if !self.is_list() {
            return false;
        }
        let (_, number) = self.usual();
        !self.contradicted.is_empty() || self.about_list().is_some() || number < self.addresses.load(Relaxed)
    }

    fn judge(&self, seen: &Seen<'_>, _: &Shared, marks: &mut Vec<Mark>) {
        let Some(url) = seen.row.url.filter(|_| self.is_list()) else {
            return;
        };
        let key = hash_of(11, url);
        let mut said: Vec<(u64, String)> = Vec::new();
        if key == self.first.load(Relaxed) {
            said.extend(self.about_list().map(|text| (1, text)));
        }
        said.extend(
            self.about(url, seen.row.digest)
                .map(|text| (hash_of(19, &text), text)),
        );
        for (group, evidence) in said {
            marks.push(Mark {
                kind: "split_view",
                spot: Spot::Url,
                group,
                severity: Level::Low,
                confidence: Level::Medium,
                evidence,
            });
        }
    }

    fn caveats(&self, caveats: &mut Vec<Caveat>) {
        if self.one_in > 1 {
            caveats.push(Caveat::AddressesSampled(self.one_in));
        }
    }
}

/// Tells digests apart by their digits; what is written before them, as `sha256:`, says nothing.
fn kind_of(digest: Option<&str>) -> usize {
    let digest = digest.unwrap_or_default().trim();
    if digest.is_empty() {
        return 0;
    }
    let digits = digest.rsplit([':', '-']).next().unwrap_or_default();
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return 5;
    }
    match digits.len() {
        32 => 1,
        40 => 2,
        64 => 3,
        128 => 4,
        _ => 5,
    }
}

/// Ends of addresses whose content is not text that stands in the data itself.
const MEDIA: [&str; 18] = [
    "jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff", "svg", "mp4", "webm", "mp3", "wav", "flac",
    "ogg", "zip", "tar", "gz",
];
/// LIMIT: addresses whose digests are compared, about 40 bytes each; of more, one in two, four, and so on.
const ADDRESSES: usize = 1 << 19;
/// LIMIT: hosts that are counted.
const HOSTS: usize = 1 << 16;
