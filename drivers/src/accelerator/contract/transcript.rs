//! Both halves follow the transcript: the guard against a driver and an emulator that agree on
//! the same mistake.

use bytes::Bytes;
use profiles::command::PowerMode;
use profiles::time::BenchTime;

use super::models;
use super::rig::Rig;
use crate::accelerator::role::{Heard, Question};
use crate::emulator::Outbox;
use crate::link::can::{CanFrame, CanId};

/// The questions of every transcript, and whether the board refuses.
fn questions() -> Vec<(Question, bool)> {
    let bytes = [1, 2, 3, 4].into();
    vec![
        (Question::Identify, false),
        (Question::Mode(PowerMode::Reduced), false),
        (
            Question::Infer {
                query: 70_000,
                slot: 3,
            },
            true,
        ),
        (Question::LoadInput { slot: 2, bytes }, false),
        (Question::FetchOutput { slot: 2 }, true),
        (Question::Stop, false),
    ]
}

fn octets(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}

/// A line of a transcript as a chunk: hexadecimal, or a frame as candump writes it.
fn chunk(line: &str) -> Bytes {
    match line.split_once('#') {
        None => octets(line).into(),
        Some((id, data)) => {
            let number = u32::from_str_radix(id, 16).unwrap();
            let id = match id.len() {
                8 => CanId::Extended(number),
                _ => CanId::Standard(number as u16),
            };
            CanFrame::new(id, &octets(data)).to_bytes()
        }
    }
}

/// A transcript question by question: whether the driver sends each line, and its chunk.
fn asked(transcript: &str) -> Vec<Vec<(bool, Bytes)>> {
    let mut asked = Vec::new();
    for line in transcript.lines() {
        if line.starts_with("# ask ") {
            asked.push(Vec::new());
        } else if !line.starts_with('#') {
            let lines: &mut Vec<_> = asked.last_mut().unwrap();
            lines.push((line.starts_with('>'), chunk(&line[2..])));
        }
    }
    asked
}

/// A rig for each transcript, with its text.
fn rigs() -> Vec<(Rig, &'static str)> {
    let plain = models().map(|model| (Rig::new(model, "payload"), model.transcript));
    let by_csp = [
        ("1", include_str!("../dbc_can/transcript_csp1.txt")),
        ("2", include_str!("../dbc_can/transcript_csp2.txt")),
    ];
    let on_bus = models().find(|model| model.name == "dbc-can").unwrap();
    let by_csp = by_csp.map(|(version, transcript)| {
        let settings = [("transport", "csp"), ("csp_version", version)];
        (Rig::with(on_bus, "payload", &settings), transcript)
    });
    plain.chain(by_csp).collect()
}

#[test]
fn the_driver_asks_as_the_transcript_has_it() {
    for (mut rig, transcript) in rigs() {
        let make = rig.make;
        let asked = asked(transcript);
        assert_eq!(asked.len(), questions().len());
        for ((question, refused), lines) in questions().into_iter().zip(asked) {
            let (mut sent, mut heard) = (Vec::new(), Vec::new());
            rig.driver.ask(&question, &mut sent);
            for (by_driver, chunk) in lines {
                if by_driver {
                    assert_eq!(sent.remove(0), chunk, "{make}: {question:?}");
                } else {
                    rig.driver
                        .hear(BenchTime::ZERO, &chunk, &mut heard, &mut sent);
                }
            }
            assert!(sent.is_empty(), "{make}: {question:?}: {sent:?}");
            let [heard] = &heard[..] else {
                panic!("{make}: {question:?}: {heard:?}");
            };
            let refusal = matches!(heard, Heard::Refused { .. });
            assert_eq!(refusal, refused, "{make}: {heard:?}");
        }
    }
}

#[test]
fn the_board_answers_as_the_transcript_has_it() {
    for (mut rig, transcript) in rigs() {
        let make = rig.make;
        rig.power(28.0);
        rig.live(3_150);
        assert_eq!(rig.at, BenchTime::from_millis(3_150));
        let mut answers = Vec::new();
        for (by_driver, chunk) in asked(transcript).into_iter().flatten() {
            if by_driver {
                let mut out = Outbox::default();
                rig.emulator
                    .receive(rig.at, &chunk, &mut rig.plant, &mut out);
                answers.extend(out.take().into_iter().map(|(_, chunk)| chunk));
            } else {
                assert!(!answers.is_empty(), "{make}: no answer");
                assert_eq!(answers.remove(0), chunk, "{make}");
            }
        }
        assert!(answers.is_empty(), "{make}: {answers:?}");
    }
}
