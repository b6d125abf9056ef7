//! What texts of a language model come to.

use profiles::option::OptionValue;

use super::{BOARD, Run, goldens_by};
use crate::event::{EventKind, Inferred};
use crate::verdict::{Finding, Verdict};

/// A text of four tokens every ten seconds, so many; each takes 200 ms, but for the first, which takes 4 s.
fn judged(texts: u64, options: &[(&str, OptionValue)]) -> Finding {
    let mut run = Run::default();
    for text in 0..texts {
        let latency_us = if text == 0 { 4_000_000 } else { 200_000 };
        let inferred = Inferred {
            input: 0,
            latency_us,
            round_trip_us: latency_us + 200,
            digest: 0,
            first_us: Some(latency_us / 4),
        };
        run.tell(5_000 + text * 10_000, BOARD, EventKind::Inferred(inferred));
    }
    run.judged_by(
        &goldens_by("tokens"),
        "single-stream",
        "generation",
        options,
    )
}

fn least() -> (&'static str, OptionValue) {
    ("min_tokens_per_s", OptionValue::Number(16.0))
}

#[test]
fn the_first_text_warms_up() {
    let found = judged(90, &[least()]);
    assert_eq!(found.verdict, Verdict::Pass, "{}", found.because);
    assert_eq!(found.samples, 89);
    assert!(
        found
            .evidence
            .iter()
            .all(|it| (it.numbers["tokens_per_s"] - 20.0).abs() < 1e-6)
    );
    // The first takes as long as twenty.
    let cold = judged(90, &[least(), ("warm_up", OptionValue::Number(0.0))]);
    assert_eq!(cold.verdict, Verdict::Fail, "{}", cold.because);
}

#[test]
fn a_short_run_is_not_valid() {
    // From the second text, which began at 14.8 s, to the last, at 605 s.
    let found = judged(61, &[least()]);
    assert_eq!(found.verdict, Verdict::Inconclusive);
    assert_eq!(
        found.because,
        "not valid: words wrote for 590.2 s during whole run, at least 600 s asked"
    );
    let shorter = ("min_duration", OptionValue::Number(590.0));
    assert_eq!(judged(61, &[least(), shorter]).verdict, Verdict::Pass);
    let found = judged(1, &[least()]);
    assert_eq!(
        found.because,
        "no text of words during whole run came after a warm-up of 1"
    );
}
