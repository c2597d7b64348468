//! Exact tails of counting distributions, as natural logarithms, so that what is very unlikely stays a number.

/// Returns the logarithm of the gamma function for `x` of 1 or more, by Stirling's series after a shift (Abramowitz and Stegun,
/// Handbook of Mathematical Functions, 6.1.41).
fn ln_gamma(x: f64) -> f64 {
    let (mut x, mut shift) = (x, 0.0);
    while x < 10.0 {
        shift += x.ln();
        x += 1.0;
    }
    let square = x * x;
    let series = (1.0 / 12.0 - (1.0 / 360.0 - 1.0 / (1_260.0 * square)) / square) / x;
    (x - 0.5).mul_add(x.ln(), -x) + 0.5 * std::f64::consts::TAU.ln() + series - shift
}

/// Returns the logarithm of how many ways there are to take `k` of `n`.
fn ln_choose(n: f64, k: f64) -> f64 {
    if k < 0.0 || k > n {
        return f64::NEG_INFINITY;
    }
    ln_gamma(n + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0)
}

/// Adds up terms from the first one on, each as a multiple of the one before.
fn tail(first: f64, from: u64, to: u64, ratio: impl Fn(f64) -> f64) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for at in from..to.min(from.saturating_add(TERMS)) {
        term *= ratio(float(at));
        sum += term;
        if term < sum * 1e-12 {
            break;
        }
    }
    (first + f64::ln(sum)).min(0.0)
}

/// Returns the logarithm of the probability of `k` or more of `n`, each with probability `p` (binomial distribution).
pub(crate) fn ln_binomial_tail(k: u64, n: u64, p: f64) -> f64 {
    if k == 0 || p >= 1.0 {
        return 0.0;
    }
    if p <= 0.0 || k > n {
        return f64::NEG_INFINITY;
    }
    let (all, some) = (float(n), float(k));
    if some <= all * p {
        // The middle of the distribution: nobody asks how likely that is to the digit.
        return 0.0;
    }
    let odds = p / (1.0 - p);
    let first = some.mul_add(p.ln(), ln_choose(all, some)) + (all - some) * (-p).ln_1p();
    tail(first, k, n, |at| (all - at) / (at + 1.0) * odds)
}

/// Returns the logarithm of the probability that a draw of `n` from `total`, of which `marked` are marked, has `k` or more marked
/// ones: the one-sided test of R. A. Fisher (The Design of Experiments, 1935) for a table of two by two.
pub(crate) fn ln_fisher(k: u64, n: u64, marked: u64, total: u64) -> f64 {
    let (some, all, marked, total) = (float(k), float(n), float(marked), float(total));
    if total <= 0.0 || some <= all * marked / total {
        return 0.0;
    }
    if some > all || some > marked {
        return f64::NEG_INFINITY;
    }
    let first = ln_choose(marked, some) + ln_choose(total - marked, all - some) - ln_choose(total, all);
    tail(first, k, n, |at| {
        let unmarked = total - marked - all + at + 1.0;
        if unmarked <= 0.0 {
            return 0.0;
        }
        ((marked - at).max(0.0) / (at + 1.0)) * ((all - at) / unmarked)
    })
}

/// Joins the probabilities of two independent tests (the method of R. A. Fisher, Statistical Methods for Research Workers, 21.1).
pub(crate) fn ln_joint(left: f64, right: f64) -> f64 {
    let product = left + right;
    (product + f64::ln(1.0 - product)).min(0.0)
}

/// Writes a probability that is given by its logarithm, as an upper bound in whole powers of ten.
pub(crate) fn shown(ln_p: f64) -> String {
    let power = (-ln_p / std::f64::consts::LN_10).floor();
    if power >= 300.0 {
        return "p < 1e-300".to_owned();
    }
    format!("p < 1e-{power:.0}")
}

/// Makes a floating number of a count.
pub(crate) fn float(count: u64) -> f64 {
    let high = u32::try_from(count >> 32).unwrap_or(u32::MAX);
    let low = u32::try_from(count & 0xffff_ffff).unwrap_or(u32::MAX);
    f64::from(high).mul_add(4_294_967_296.0, f64::from(low))
}

/// Says how much a part is of a whole, from 0 to 1.
pub(crate) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    float(part) / float(whole)
}

/// Writes a number of records that was to be expected.
pub(crate) fn mean_of(expected: f64) -> String {
    if expected < 10.0 {
        format!("{expected:.1}")
    } else {
        format!("{expected:.0}")
    }
}

/// LIMIT: terms of a sum. They fall quickly in a tail; what is left out is smaller than what is shown.
const TERMS: u64 = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn is_near(left: f64, right: f64) -> bool {
        (left - right).abs() < 1e-6 * right.abs().max(1.0)
    }

    #[test]
    fn tails_are_those_of_the_textbook() {
        // Fisher's tea: four of four cups, one way in seventy.
        assert!(is_near(ln_fisher(4, 4, 4, 8), f64::ln(1.0 / 70.0)));
        assert!(is_near(ln_fisher(3, 4, 4, 8), f64::ln(17.0 / 70.0)));
        // Sixty heads of sixty.
        assert!(is_near(ln_binomial_tail(60, 60, 0.5), 60.0 * f64::ln(0.5)));
        // P(X >= 8) for ten throws of a fair coin is 56 of 1024.
        assert!(is_near(ln_binomial_tail(8, 10, 0.5), f64::ln(56.0 / 1024.0)));
        assert!(is_near(ln_binomial_tail(1, 10, 0.5), 0.0));
    }

    #[test]
    fn two_tests_are_joined() {
        // 0.05 and 0.05 make 0.01748.
        assert!((ln_joint(f64::ln(0.05), f64::ln(0.05)).exp() - 0.017_48).abs() < 1e-4);
        assert!(is_near(ln_joint(0.0, 0.0), 0.0));
    }

    #[test]
    fn impossible_counts_have_no_probability() {
        assert!(ln_fisher(5, 4, 4, 8).is_infinite());
        assert!(ln_binomial_tail(3, 2, 0.5).is_infinite());
        assert!(is_near(ln_fisher(0, 0, 0, 0), 0.0));
    }

    #[test]
    fn large_counts_stay_finite() {
        let tail = ln_fisher(60_000, 60_000, 20_000_000, 40_000_000);
        assert!(tail.is_finite() && tail < -10_000.0);
        assert!(is_near(float(u64::from(u32::MAX) + 1), 4_294_967_296.0));
    }

    #[test]
    fn a_probability_is_shown_as_an_upper_bound() {
        assert_eq!(shown(f64::ln(3e-13)), "p < 1e-12");
        assert_eq!(shown(-10_000.0), "p < 1e-300");
    }
}
