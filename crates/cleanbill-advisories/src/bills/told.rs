//! What a look-up rested on and what it did not reach, in words: for the bill and for people.

use std::collections::{BTreeMap, BTreeSet};

use cleanbill_core::{Language, Text, bill::Bill, text};

use super::{BillMatches, Known, base};
use crate::{Gap, GapReason, fault::printable};

/// LIMIT: lines of one kind that are told; a lock file names thousands of packages. How many there are is told as well.
const LINES: usize = 200;

/// One fact about a look-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Name of its property in a bill.
    pub name: &'static str,
    /// The value of the property.
    pub value: String,
    /// The fact in words.
    pub text: Text,
    /// It says that something was not answered.
    pub is_gap: bool,
}

impl BillMatches {
    /// Lists what the look-up rested on, how old that is, and what it did not reach. `day` is what ages are counted to: a date or a
    /// time; where it is none, no age is told.
    pub fn told(&self, known: &Known<'_>, day: Option<&str>) -> Vec<Told> {
        let mut out = Vec::new();
        let coverage = if self.is_complete() { "complete" } else { "partial" };
        let asked = self.asked;
        out.push(Told {
            name: "cleanbill:advisories:coverage",
            value: coverage.to_owned(),
            text: if self.is_complete() {
                text!(
                    "all {asked} packages were looked up",
                    "已查询全部 {asked} 个软件包"
                )
            } else {
                text!(
                    "{asked} packages were looked up, not all of them fully: the list of weaknesses is partial",
                    "查询了 {asked} 个软件包，但并不完整：漏洞列表是部分的"
                )
            },
            is_gap: !self.is_complete(),
        });
        out.push(fact(
            "cleanbill:advisories:asked",
            asked.to_string(),
            text!("{asked} packages asked about", "查询的软件包：{asked} 个"),
        ));
        self.data(known, day, &mut out);
        self.gaps_told(&mut out);
        out
    }

    /// Writes the same into the bill, with the weaknesses.
    pub fn fill(&self, known: &Known<'_>, bill: &mut Bill) {
        bill.vulnerabilities.clone_from(&self.vulnerabilities);
        bill.properties
            .retain(|(name, _)| !name.starts_with("cleanbill:advisories:"));
        let told = self.told(known, bill.timestamp.as_deref());
        bill.properties
            .extend(told.into_iter().map(|one| (one.name.to_owned(), one.value)));
        bill.settle();
    }

    /// Which data was asked, and how old it is.
    fn data(&self, known: &Known<'_>, day: Option<&str>, out: &mut Vec<Told>) {
        if let Some(index) = known.index {
            let info = index.info();
            let (date, records) = (&info.date, info.records);
            out.push(fact(
                "cleanbill:advisories:date",
                date.clone(),
                text!("advisories were imported on {date}", "安全公告导入于 {date}"),
            ));
            if let Some(days) = day.and_then(|day| age_days(date, day)) {
                out.push(fact(
                    "cleanbill:advisories:age-days",
                    days.to_string(),
                    text!("advisories are {days} days old", "安全公告已有 {days} 天"),
                ));
            }
            out.push(fact(
                "cleanbill:advisories:records",
                records.to_string(),
                text!(
                    "{records} advisories are in the index",
                    "索引中有 {records} 条安全公告"
                ),
            ));
            let wanted: BTreeSet<&str> = self.ecosystems.iter().map(|one| base(one)).collect();
            for one in info
                .ecosystems
                .iter()
                .filter(|one| wanted.contains(one.name.as_str()))
            {
                let (name, records, newest) = (&one.name, one.records, &one.newest);
                out.push(fact(
                    "cleanbill:advisories:ecosystem",
                    format!("{name}: {records} advisories, newest of {newest}"),
                    text!(
                        "{name}: {records} advisories, newest of {newest}",
                        "{name}：{records} 条安全公告，最新为 {newest}"
                    ),
                ));
                // The day of an import says little where the files were old already.
                if let Some(days) = day.and_then(|day| age_days(newest, day)) {
                    out.push(fact(
                        "cleanbill:advisories:newest-age-days",
                        format!("{name}: {days}"),
                        text!(
                            "{name}: the newest advisory is {days} days old",
                            "{name}：最新的安全公告已有 {days} 天"
                        ),
                    ));
                }
            }
            for source in info.sources.iter().take(LINES) {
                let value = format!("{} sha256:{}", source.name, source.sha256);
                out.push(fact(
                    "cleanbill:advisories:source",
                    value.clone(),
                    Text::same(value),
                ));
            }
        }
        for list in known.known_bad {
            let (name, date, count) = (printable(&list.name), printable(&list.date), list.len());
            out.push(fact(
                "cleanbill:advisories:known-bad",
                format!("{name} of {date}: {count} entries"),
                text!(
                    "known-bad models of {date}, `{name}`: {count} entries",
                    "已知恶意模型列表 `{name}`（{date}）：{count} 条"
                ),
            ));
        }
        if let Some(epss) = known.epss {
            let (date, model) = (&epss.date, &epss.model_version);
            out.push(fact(
                "cleanbill:advisories:epss",
                format!("{date} {model}").trim().to_owned(),
                text!(
                    "EPSS scores of {date}, model {model}",
                    "EPSS 评分：{date}，模型 {model}"
                ),
            ));
        }
        if let Some(kev) = known.kev {
            let (date, version) = (&kev.date, &kev.version);
            out.push(fact(
                "cleanbill:advisories:kev",
                format!("{date} {version}").trim().to_owned(),
                text!(
                    "exploited vulnerabilities of {date}, version {version}",
                    "已被利用漏洞目录：{date}，版本 {version}"
                ),
            ));
        }
    }

    /// What was not reached. Packages of one ecosystem that is missing are one line.
    fn gaps_told(&self, out: &mut Vec<Told>) {
        let mut missing: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let mut others: Vec<&Gap> = Vec::new();
        for gap in &self.gaps {
            if matches!(gap.reason, GapReason::NoData | GapReason::NoRelease) {
                missing
                    .entry(gap.package.ecosystem.as_str())
                    .or_default()
                    .insert(gap.package.name.as_str());
            } else {
                others.push(gap);
            }
        }
        let missing: Vec<Told> = missing
            .into_iter()
            .map(|(ecosystem, names)| {
                let (ecosystem, count) = (printable(ecosystem), names.len());
                gap(
                    "cleanbill:advisories:missing-ecosystem",
                    format!("{ecosystem}: {count} packages not checked"),
                    text!(
                        "no advisories of `{ecosystem}` were imported: {count} packages were not checked",
                        "未导入 `{ecosystem}` 的安全公告：{count} 个软件包未检查"
                    ),
                )
            })
            .collect();
        limited(missing, out);
        let others = others.into_iter().map(|one| {
            let said = one.text();
            gap("cleanbill:advisories:undecided", said.en().to_owned(), said)
        });
        limited(others.collect(), out);
        let unnamed = self.unnamed.iter().map(|id| {
            let shown = printable(id);
            gap(
                "cleanbill:advisories:not-asked",
                id.clone(),
                text!(
                    "`{shown}` has no package URL that advisories know: not checked",
                    "`{shown}` 没有安全公告可识别的包 URL：未检查"
                ),
            )
        });
        limited(unnamed.collect(), out);
    }
}

fn fact(name: &'static str, value: String, text: Text) -> Told {
    Told {
        name,
        value,
        text,
        is_gap: false,
    }
}

fn gap(name: &'static str, value: String, text: Text) -> Told {
    Told {
        is_gap: true,
        ..fact(name, value, text)
    }
}

/// Adds lines up to a limit, and how many are left.
fn limited(lines: Vec<Told>, out: &mut Vec<Told>) {
    let rest = lines.len().saturating_sub(LINES);
    let name = lines.first().map(|one| one.name);
    out.extend(lines.into_iter().take(LINES));
    if let Some(name) = name.filter(|_| rest > 0) {
        let text = text!("and {rest} more", "以及另外 {rest} 项");
        out.push(gap(name, text.get(Language::English).to_owned(), text));
    }
}

/// Returns the days from one date to another; `None` where one cannot be read or the first is the later.
fn age_days(from: &str, to: &str) -> Option<i64> {
    let days = day_number(to)?.checked_sub(day_number(from)?)?;
    (days >= 0).then_some(days)
}

/// Counts the days of a date `2026-11-28` from a fixed one (H. Hinnant's algorithm for the Gregorian calendar).
fn day_number(text: &str) -> Option<i64> {
    let part = |range: std::ops::Range<usize>, least: i64, most: i64| {
        let digits = text.get(range)?;
        let digits = digits
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then_some(digits)?;
        digits
            .parse::<i64>()
            .ok()
            .filter(|value| (least..=most).contains(value))
    };
    let is_dash = |at: usize| text.as_bytes().get(at) == Some(&b'-');
    let (year, month, day) = (part(0..4, 0, 9999)?, part(5..7, 1, 12)?, part(8..10, 1, 31)?);
    if !is_dash(4) || !is_dash(7) {
        return None;
    }
    let shifted_year = if month <= 2 { year.checked_sub(1)? } else { year };
    let shifted_month = month.checked_add(9)?.checked_rem(12)?;
    let era = shifted_year.div_euclid(400);
    let year_of_era = shifted_year.rem_euclid(400);
    let day_of_year = shifted_month
        .checked_mul(153)?
        .checked_add(2)?
        .checked_div(5)?
        .checked_add(day)?
        .checked_sub(1)?;
    let day_of_era = year_of_era
        .checked_mul(365)?
        .checked_add(year_of_era.checked_div(4)?)?
        .checked_sub(year_of_era.checked_div(100)?)?
        .checked_add(day_of_year)?;
    era.checked_mul(146_097)?.checked_add(day_of_era)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_counted_in_days() {
        for (from, to, days) in [
            ("2026-01-02", "2026-01-02", Some(0)),
            ("2024-02-28", "2024-03-01T00:00:00Z", Some(2)),
            ("2025-02-28", "2025-03-01", Some(1)),
            ("2023-12-31", "2024-12-31", Some(366)),
            ("2026-01-03", "2026-01-02", None),
            ("", "2026-01-02", None),
            ("2026-13-02", "2026-01-02", None),
            ("2026/01/02", "2026-01-03", None),
        ] {
            assert_eq!(age_days(from, to), days, "{from} {to}");
        }
    }
}
