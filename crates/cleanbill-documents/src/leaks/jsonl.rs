//! Document `jsonl`: one finding a line.

use std::io::{self, Write};

use cleanbill_core::leak::{Leak, LeakSummary};

use super::{LeakLook, LeakWriter, finding};
use crate::escape;

#[expect(clippy::unnecessary_wraps, reason = "the shape of every format")]
pub(super) fn begin<'a>(
    out: Box<dyn Write + Send + 'a>,
    _: &LeakLook<'a>,
) -> io::Result<Box<dyn LeakWriter + 'a>> {
    Ok(Box::new(Lines(out)))
}

struct Lines<'a>(Box<dyn Write + Send + 'a>);

impl LeakWriter for Lines<'_> {
    fn leak(&mut self, leak: &Leak) -> io::Result<()> {
        self.0.write_all(&escape::json_line(&finding(leak)))
    }

    fn finish(&mut self, _: &LeakSummary) -> io::Result<()> {
        self.0.flush()
    }
}
