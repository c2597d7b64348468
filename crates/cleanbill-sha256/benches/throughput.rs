//! Measures two messages one after the other by `sha2`, and at once: megabytes (10^6) a second, the best of five.
//!
//!     cargo bench -p cleanbill-sha256

use std::{hint::black_box, time::Instant};

use cleanbill_sha256::{Sha256, together};
use sha2::Digest as _;

const MEGABYTES: u8 = 64;
const PIECE: usize = 256 << 10;

fn main() {
    let bytes = usize::from(MEGABYTES) * 1_000_000;
    let (one, two) = (vec![1_u8; bytes], vec![2_u8; bytes]);
    let best = |work: &dyn Fn()| {
        let seconds = (0..5).map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64()
        });
        2.0 * f64::from(MEGABYTES) / seconds.fold(f64::INFINITY, f64::min)
    };
    let apart = best(&|| {
        black_box((sha2::Sha256::digest(&one), sha2::Sha256::digest(&two)));
    });
    let at_once = best(&|| {
        let (mut a, mut b) = (Sha256::new(), Sha256::new());
        for (one, two) in one.chunks(PIECE).zip(two.chunks(PIECE)) {
            together((&mut a, one), (&mut b, two));
        }
        black_box((a.finish(), b.finish()));
    });
    println!("one after the other  {apart:5.0} MB/s");
    println!("two at once          {at_once:5.0} MB/s  {:.2}x", at_once / apart);
}
