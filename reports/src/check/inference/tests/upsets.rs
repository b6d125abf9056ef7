//! What injections are taken to have done.

use profiles::command::{Command, Fault};
use profiles::option::OptionValue;

use super::{BOARD, RIGHT, Run, piece};
use crate::event::EventKind;
use crate::verdict::Verdict;

fn inject(run: &mut Run, millis: u64, fault: Fault) {
    let command = Command::Inject(fault);
    let applied = EventKind::SetPointApplied {
        command,
        late_us: 0,
    };
    run.tell(millis, BOARD, applied);
}

fn flip(run: &mut Run, millis: u64, byte: u32) {
    inject(run, millis, Fault::BitFlip { byte, bit: 7 });
}

/// Right answers to every input after a time.
fn answers(run: &mut Run, millis: u64) {
    for input in 0..3 {
        run.right(millis + 100 * u64::from(input), input);
    }
}

#[test]
fn each_effect_is_told_with_its_share() {
    let mut run = Run::default();
    answers(&mut run, 100_000);
    flip(&mut run, 101_000, 1);
    answers(&mut run, 101_100);
    flip(&mut run, 102_000, 2);
    run.answer(102_250, 1, [9, 8, 7, 0]);
    run.right(102_400, 2);
    // It is still there after the next flip, which does nothing.
    flip(&mut run, 103_000, 3);
    run.answer(103_250, 1, [9, 8, 7, 0]);
    run.sampled(104_000, BOARD, &[(3, 4.0)]);
    flip(&mut run, 105_000, 4);
    run.sampled(105_010, BOARD, &[(3, 5.0)]);
    run.right(105_100, 0);
    inject(&mut run, 106_000, Fault::Hang);
    run.tell(
        111_000,
        BOARD,
        EventKind::NoResponse {
            input: 0,
            waited_us: 5_000_000,
        },
    );
    run.tell(112_000, BOARD, EventKind::Booted);
    // After a start the flip is taken for new if it shows again.
    flip(&mut run, 113_000, 5);
    run.answer(113_250, 1, [9, 8, 7, 0]);
    run.sampled(114_000, BOARD, &[(1, 0.5)]);
    inject(&mut run, 115_000, Fault::LatchUp { amps: 0.4 });
    run.sampled(115_100, BOARD, &[(1, 0.9)]);
    run.tell(116_000, BOARD, EventKind::Booted);
    flip(&mut run, 117_000, 6);
    let found = run.judged("upsets", &[]);
    assert_eq!(found.samples, 7, "the last was followed by no answer");
    let share = |what: &str| {
        let piece = piece(&found, what);
        piece.numbers["count"]
    };
    let counts = [
        "silent",
        "hang",
        "detected",
        "corrected",
        "masked",
        "unobserved",
    ]
    .map(share);
    assert_eq!(counts.map(|count| count as u32), [2, 1, 1, 1, 2, 1]);
    let interval = &piece(&found, "silent").numbers;
    assert!((interval["low"] - 0.0822).abs() < 1e-3 && (interval["high"] - 0.6411).abs() < 1e-3);
    let pieces: Vec<&str> = found
        .evidence
        .iter()
        .filter(|piece| piece.at.is_some())
        .map(|piece| &*piece.text)
        .collect();
    assert_eq!(
        pieces,
        [
            "flip of bit 7 of byte 2, 0.250 s later: WRONG: output of input 1 is 0.000000 at [3], golden \
         6.000000: off by 6.000e0, allowed 0.000e0; 1 of 4 elements are out",
            "flip of bit 7 of byte 5, 0.250 s later: WRONG: output of input 1 is 0.000000 at [3], golden \
         6.000000: off by 6.000e0, allowed 0.000e0; 1 of 4 elements are out",
            "hang, 5.000 s later: a query was never answered",
            "latch-up of 0.4 A, 1.000 s later: the board started anew; its current rose from 0.500 to \
         0.900 A",
            "flip of bit 7 of byte 4, 0.010 s later: the board counted a corrected error",
        ]
    );
    assert_eq!(found.phase.as_deref(), Some("umbra"));
}

#[test]
fn the_verdict_waits_for_enough_injections() {
    let campaign = |count: u64, every: u64, most: f64| {
        let mut run = Run::default();
        for place in 0..count {
            let millis = 1_000 + 1_000 * place;
            flip(&mut run, millis, place as u32);
            if place % every == every - 1 {
                run.answer(
                    millis + 100,
                    0,
                    [9, 9, (place % 100) as u8, (place / 100) as u8],
                );
            } else {
                run.answer(millis + 100, 0, RIGHT[0]);
            }
        }
        run.judged("upsets", &[("max_silent", OptionValue::Number(most))])
    };
    assert_eq!(campaign(100, 1_000, 0.05).verdict, Verdict::Pass);
    assert_eq!(campaign(20, 1_000, 0.05).verdict, Verdict::Inconclusive);
    assert_eq!(campaign(400, 4, 0.1).verdict, Verdict::Fail);
    let size = campaign(100, 1_000, 0.05);
    assert!((piece(&size, "size").numbers["needed"] - 385.0).abs() < 1e-9);
}

#[test]
fn firmware_that_ends_itself_detected_the_upset_and_one_that_is_stuck_hung() {
    let stopped = |why: &str, by_itself| EventKind::FirmwareStopped {
        why: why.to_owned(),
        by_itself,
    };
    let lost = || EventKind::NoResponse {
        input: 0,
        waited_us: 5_000_000,
    };
    let mut run = Run::default();
    answers(&mut run, 100_000);
    flip(&mut run, 101_000, 1);
    run.tell(101_010, BOARD, stopped("fault at 0x12", true));
    // A query is lost with it, and that is no other effect.
    run.tell(106_000, BOARD, lost());
    run.tell(106_500, BOARD, EventKind::Booted);
    answers(&mut run, 107_000);
    flip(&mut run, 108_000, 2);
    run.tell(108_010, BOARD, stopped("it locked up", false));
    run.tell(109_700, BOARD, EventKind::Booted);
    answers(&mut run, 110_000);
    let found = run.judged("upsets", &[]);
    for (effect, why) in [("detected", "fault at 0x12"), ("hang", "it locked up")] {
        assert_eq!(piece(&found, effect).numbers["count"] as u32, 1);
        let mut told = found.evidence.iter().filter(|one| one.what == effect);
        assert!(
            told.any(|one| one.text.contains(why)),
            "{effect}: {found:?}"
        );
    }
}
