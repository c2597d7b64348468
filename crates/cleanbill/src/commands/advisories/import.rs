use std::{path::PathBuf, time::SystemTime};

use clap::Args;
use cleanbill_advisories::{Broken, ImportOptions, import};
use cleanbill_core::{ExitCode, Text, text};

use super::{IndexFile, failed};
use crate::{failure::Failure, shell::Shell};

/// Make an index of OSV records
///
/// The index appears under its name only when it is whole; an import that fails or is interrupted leaves the old one in use.
#[derive(Args, Debug)]
pub(crate) struct Import {
    /// Archives (`all.zip` of an ecosystem), folders or files with OSV records
    #[arg(required = true, value_name = "SOURCE")]
    sources: Vec<PathBuf>,
    #[command(flatten)]
    index: IndexFile,
    /// Day of the data; today where it is left out
    #[arg(long, value_name = "DATE")]
    date: Option<String>,
    /// Pass over records that cannot be read, and count them
    #[arg(long)]
    skip_broken: bool,
}

pub(super) fn run(arguments: &Import, shell: &Shell) -> Result<ExitCode, Failure> {
    let options = ImportOptions {
        date: arguments.date.clone().unwrap_or_else(today),
        broken: if arguments.skip_broken {
            Broken::Skip
        } else {
            Broken::Refuse
        },
    };
    let done =
        import(&arguments.sources, &arguments.index.index, &options).map_err(|error| failed(&error))?;
    for one in &done.broken {
        shell.note(&Text::same(one.to_string()));
    }
    let (records, packages) = (
        done.info.records,
        done.info.ecosystems.iter().map(|one| one.packages).sum::<usize>(),
    );
    shell.note(&text!(
        "{records} advisories on {packages} packages",
        "{packages} 个软件包的 {records} 条公告"
    ));
    // What was passed over at the caller's wish is missing all the same.
    Ok(if done.info.broken > 0 {
        ExitCode::Incomplete
    } else {
        ExitCode::Pass
    })
}

/// Returns the day by the clock, in UTC (days since 1970 to a date: H. Hinnant's algorithm for the Gregorian calendar).
#[expect(
    clippy::disallowed_methods,
    reason = "the day of an import, which its caller may give instead"
)]
fn today() -> String {
    let seconds = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |time| time.as_secs());
    date_of(seconds / 86_400)
}

fn date_of(days: u64) -> String {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::date_of;

    #[test]
    fn days_become_dates() {
        for (days, date) in [
            (0, "1970-01-01"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (20_785, "2026-11-28"),
            (47_540, "2100-02-28"),
            (47_541, "2100-03-01"),
        ] {
            assert_eq!(date_of(days), date);
        }
    }
}
