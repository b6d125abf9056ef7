//! What wrong outputs are taken for.

use super::{BOARD, RIGHT, Run, piece};
use crate::event::EventKind;
use crate::verdict::{Finding, Verdict};

fn judged(run: Run) -> Finding {
    let found = run.judged("matches_golden", &[]);
    assert_eq!(found.verdict, Verdict::Fail, "{}", found.because);
    found
}

fn words(found: &Finding) -> &str {
    found.because.split("repeated: ").nth(1).unwrap_or_default()
}

#[test]
fn what_is_right_when_repeated_is_transient() {
    let mut run = Run::default();
    run.sampled(500, BOARD, &[(0, 27.9), (2, 41.25)]);
    run.right(1_000, 0);
    run.wrong(2_000, (1, [9, 8, 7, 0x86]), &[RIGHT[1]; 3]);
    let found = judged(run);
    assert_eq!(words(&found), "1 transient");
    let piece = piece(&found, "transient");
    assert!(
        piece.text.contains("3 are right and 0 the same wrong"),
        "{}",
        piece.text
    );
    assert!(
        piece.text.contains("1 bit differs: byte 3 bit 7 0→1"),
        "{}",
        piece.text
    );
    assert!(piece.text.contains("41.2 °C and 27.90 V"), "{}", piece.text);
    assert!((piece.numbers["right"] - 3.0).abs() < 1e-9);
}

#[test]
fn what_stays_wrong_is_a_regression_and_what_comes_and_goes_is_intermittent() {
    let mut run = Run::default();
    run.wrong(1_000, (0, [7, 7, 3, 4]), &[[7, 7, 3, 4]; 3]);
    // The same bits are not stuck: this input has the other value there.
    run.wrong(2_000, (1, [0, 0, 7, 6]), &[[0, 0, 7, 6]; 3]);
    run.wrong(
        3_000,
        (2, [0, 0, 0, 1]),
        &[RIGHT[2], [0, 0, 0, 1], RIGHT[2]],
    );
    let found = judged(run);
    assert_eq!(words(&found), "2 regression, 1 intermittent");
}

#[test]
fn bits_that_hold_one_value_are_stuck_and_listed() {
    let mut run = Run::default();
    // Bit 6 of byte 1 at one: inputs 0 and 2 show it.
    run.right(500, 0);
    run.wrong(1_000, (0, [1, 66, 3, 4]), &[[1, 66, 3, 4]; 3]);
    run.wrong(2_000, (2, [20, 94, 40, 50]), &[[20, 94, 40, 50]; 3]);
    let found = judged(run);
    assert_eq!(words(&found), "2 stuck");
    assert!(
        piece(&found, "stuck bits")
            .text
            .ends_with("byte 1 bit 6 at 1")
    );
}

#[test]
fn a_right_output_that_contradicts_is_no_stuck_bit() {
    let mut run = Run::default();
    run.wrong(1_000, (0, [1, 66, 3, 4]), &[[1, 66, 3, 4]; 3]);
    run.right(1_900, 1);
    run.wrong(2_000, (2, [20, 94, 40, 50]), &[[20, 94, 40, 50]; 3]);
    assert_eq!(words(&judged(run)), "2 regression");
}

#[test]
fn deviations_that_grow_with_temperature_are_drift() {
    let mut run = Run::default();
    for step in 0..20_u8 {
        let millis = 1_000 * (1 + u64::from(step));
        run.sampled(millis, BOARD, &[(0, 28.0), (2, 20.0 + f64::from(step))]);
        let output = [1 + step, 2, 3, 4];
        match step {
            0 => run.right(millis + 10, 0),
            _ => run.wrong(millis + 10, (0, output), &[output]),
        }
    }
    let found = judged(run);
    assert_eq!(words(&found), "19 drift");
    let drift = piece(&found, "drift with temperature");
    assert!(drift.numbers["rho"] > 0.99, "{drift:?}");
}

/// A step in an output during a warm-up goes with temperature too, but does not grow with it.
#[test]
fn a_step_while_it_gets_warm_is_no_drift() {
    let mut run = Run::default();
    for step in 0..20_u8 {
        let millis = 1_000 * (1 + u64::from(step));
        run.sampled(millis, BOARD, &[(2, 20.0 + f64::from(step))]);
        if step < 10 {
            run.right(millis + 10, 0);
        } else {
            run.wrong(millis + 10, (0, [90, 2, 3, 4]), &[[90, 2, 3, 4]]);
        }
    }
    assert_eq!(words(&judged(run)), "10 regression");
}

#[test]
fn nothing_came_of_asking_again() {
    let mut run = Run::default();
    run.wrong(1_000, (0, [0, 0, 1, 2]), &[]);
    run.tell(2_000, BOARD, EventKind::Booted);
    assert_eq!(words(&judged(run)), "1 not repeated");
}
