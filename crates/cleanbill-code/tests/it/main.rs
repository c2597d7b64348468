//! Speed of reading Python, over a folder of real packages.
//!
//! `CLEANBILL_PYTHON_SOURCES=/path/to/site-packages cargo test --release -p cleanbill-code --test it -- --nocapture`

use std::{env, fs, path::PathBuf, time::Instant};

use cleanbill_code::python;

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "names the folder to read, as other tests do"
)]
fn real_sources_are_read_whole_at_a_speed_that_is_printed() {
    let Some(folder) = env::var_os("CLEANBILL_PYTHON_SOURCES") else {
        eprintln!("SKIPPED: CLEANBILL_PYTHON_SOURCES names no folder of Python");
        return;
    };
    let mut open = vec![PathBuf::from(folder)];
    let mut sources = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "py")
                && let Ok(text) = fs::read_to_string(&path)
            {
                sources.push((path, text));
            }
        }
    }
    sources.sort();
    let bytes: usize = sources.iter().map(|(_, text)| text.len()).sum();
    let start = Instant::now();
    let (mut calls, mut gaps) = (0, 0);
    for (path, text) in &sources {
        let one = Instant::now();
        let program = python::read(text, |name| {
            name.starts_with("os.") || name.starts_with("builtins.")
        });
        calls += program.calls.len();
        if !program.troubles.is_empty() {
            gaps += 1;
            eprintln!("{}: {:?}", path.display(), program.troubles);
        }
        if one.elapsed().as_millis() > 200 {
            eprintln!(
                "{}: {} bytes in {} ms",
                path.display(),
                text.len(),
                one.elapsed().as_millis()
            );
        }
    }
    let micros = usize::try_from(start.elapsed().as_micros()).unwrap().max(1);
    eprintln!(
        "{} files, {bytes} bytes, {calls} calls, {gaps} with gaps: {} MB/s",
        sources.len(),
        bytes / micros
    );
}
