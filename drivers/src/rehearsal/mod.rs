//! Rehearsals (tests only): virtual time, far ends that follow a transcript or talk nonsense, and
//! emulators that are shown a transcript.

mod alone;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use profiles::name::DeviceName;
use profiles::option::{OptionSpec, Options};
use profiles::seed::Seed;
use profiles::time::BenchTime;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

pub(crate) use alone::Alone;

use crate::clock::Clock;
use crate::emulator::{Emulator, Outbox};
use crate::link::Link;
use crate::model::EmulatorSetup;
use crate::plant::{Place, Plant};

/// One line of a transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// What the driver sends.
    Sent(Vec<u8>),
    /// What the device answers.
    Answered(Vec<u8>),
    /// What the device answers about something that it measures, where fields are not between
    /// commas: all but the first three bytes and the length may be different another time.
    Measured(Vec<u8>),
}

/// Runs a test in virtual time.
pub(crate) fn paused<F: Future<Output = ()>>(test: F) {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(test);
}

/// What a device's emulator is made of.
pub(crate) fn emulator_setup(options: &[OptionSpec], place: Place) -> EmulatorSetup {
    EmulatorSetup {
        device: device(),
        seed: Seed(7),
        options: Options::defaults(options),
        place,
        network: None,
    }
}

/// The name of the device under rehearsal.
pub(crate) fn device() -> DeviceName {
    DeviceName::new("device").unwrap()
}

/// Reads a transcript. A line of four or more pairs of hexadecimal digits is those bytes; any
/// other is text, which ends in LF where it is sent and in CR LF where it is answered, or in CR
/// alone where that is written behind it. A line `% CR CR` says that both end in CR, `% CRLF CRLF`
/// in both.
pub(crate) fn transcript(text: &str) -> Vec<Line> {
    let ends = text.lines().find_map(|line| line.strip_prefix("% "));
    let mut ends = ends.unwrap_or("LF CRLF").split(' ').map(|end| match end {
        "CR" => "\r",
        "LF" => "\n",
        "CRLF" => "\r\n",
        _ => panic!("no end of a line: {end:?}"),
    });
    let [sent, answered] = [ends.next().unwrap(), ends.next().unwrap()];
    text.lines()
        .filter(|line| !line.starts_with(['#', '%']) && !line.trim().is_empty())
        .map(|line| {
            let (mark, content) = line.split_at(2);
            let text = |end| match content.strip_suffix("\\r") {
                Some(content) => format!("{content}\r").into_bytes(),
                None => format!("{content}{end}").into_bytes(),
            };
            let bytes = |end| hex(content).unwrap_or_else(|| text(end));
            match mark {
                "> " => Line::Sent(bytes(sent)),
                "< " => Line::Answered(bytes(answered)),
                "~ " => Line::Measured(bytes(answered)),
                _ => panic!("no line of a transcript: {line:?}"),
            }
        })
        .collect()
}

/// `01 83 02`
pub(crate) fn hex(text: &str) -> Option<Vec<u8>> {
    let pairs: Vec<&str> = text.split_whitespace().collect();
    if pairs.len() < 4 || pairs.iter().any(|pair| pair.len() != 2) {
        return None;
    }
    let bytes = pairs.iter().map(|pair| u8::from_str_radix(pair, 16).ok());
    bytes.collect()
}

/// A far end that follows the transcript: it expects each byte that is sent, and answers. It ends
/// with the transcript.
pub(crate) async fn follow(link: &mut Link, lines: &[Line]) {
    let mut heard = Vec::new();
    for line in lines {
        match line {
            Line::Sent(expected) => {
                while heard.len() < expected.len() {
                    let arrival = link.receive().await.expect("the driver stopped early");
                    heard.extend_from_slice(&arrival.chunk);
                }
                let rest = heard.split_off(expected.len());
                assert_eq!(shown(&heard), shown(expected));
                heard = rest;
            }
            Line::Answered(answer) | Line::Measured(answer) => {
                link.send(Bytes::copy_from_slice(answer)).await.unwrap();
            }
        }
    }
    assert_eq!(shown(&heard), "", "sent beyond the transcript");
}

/// Holds a driver's conversation with a far end that follows a make's transcript; both must end.
pub(crate) async fn rehearse(
    clock: Clock,
    conversation: impl Future<Output = ()>,
    (far, text): (&mut Link, &str),
) {
    let lines = transcript(text);
    let both = async { tokio::join!(conversation, follow(far, &lines)) };
    let limit = BenchTime::from_millis(60_000);
    let ended = clock.until(limit, both).await;
    ended.expect("the transcript goes on");
}

/// Shows an emulator what the transcript sends, 300 ms apart, and compares what it answers.
/// Numbers need to agree to 1 % and 0.1, for they are measured. Makes end their answers with LF or
/// with CR LF.
pub(crate) fn replay(emulator: &mut dyn Emulator, plant: &mut Plant, lines: &[Line]) {
    replay_slowly(emulator, plant, lines, 300_000);
}

/// The same with another time, µs, between lines.
pub(crate) fn replay_slowly(
    emulator: &mut dyn Emulator,
    plant: &mut Plant,
    lines: &[Line],
    apart: u64,
) {
    let mut out = Outbox::default();
    let mut answers = Vec::new();
    let mut at = BenchTime::ZERO;
    for line in lines {
        match line {
            Line::Sent(bytes) => {
                assert_eq!(shown(&answers), "", "answered beyond the transcript");
                at = at.plus_micros(apart);
                plant.advance(at);
                emulator.receive(at, bytes, plant, &mut out);
                answers.extend(out.take().into_iter().flat_map(|(_, chunk)| chunk));
            }
            Line::Answered(expected) => {
                let answered = std::mem::take(&mut answers);
                assert!(
                    alike(expected, &answered),
                    "the transcript has {}, the emulator {}",
                    shown(expected),
                    shown(&answered)
                );
            }
            Line::Measured(expected) => {
                let answered = std::mem::take(&mut answers);
                assert_eq!(shown(&answered[..3]), shown(&expected[..3]));
                assert_eq!(answered.len(), expected.len());
            }
        }
    }
}

fn alike(expected: &[u8], answered: &[u8]) -> bool {
    let split = |bytes: &[u8]| -> Vec<String> {
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        let fields = bytes.split(|byte| matches!(byte, b';' | b','));
        fields.map(shown).collect()
    };
    let (expected, answered) = (split(expected), split(answered));
    expected.len() == answered.len()
        && expected.iter().zip(&answered).all(|(expected, answered)| {
            // `12.0`, and `MV(12.0)`.
            let number = |text: &str| -> Option<(String, f64)> {
                let (name, value) = text.split_once('(').unwrap_or(("", text));
                Some((name.to_owned(), value.trim_end_matches(')').parse().ok()?))
            };
            match (number(expected), number(answered)) {
                (Some((name, expected)), Some((same, answered))) if name == same => {
                    (expected - answered).abs() <= 0.1 + expected.abs() * 0.01
                }
                _ => expected == answered,
            }
        })
}

fn shown(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

/// Bytes that are often nearly what the transcript sends: its lines, cut, joined and damaged.
pub(crate) fn nearly(text: &str) -> impl Strategy<Value = Vec<u8>> + use<> {
    let sent: Vec<Vec<u8>> = transcript(text)
        .into_iter()
        .filter_map(|line| match line {
            Line::Sent(bytes) => Some(bytes),
            Line::Answered(_) | Line::Measured(_) => None,
        })
        .collect();
    let line = (select(sent), any::<Index>(), any::<u8>(), any::<bool>());
    let damaged = line.prop_map(|(mut line, index, byte, damage)| {
        let at = index.index(line.len());
        if damage {
            line[at] = byte;
        }
        line
    });
    let noise = vec(any::<u8>(), 0..24);
    vec(prop_oneof![4 => damaged, 1 => noise], 0..6).prop_map(|pieces| pieces.concat())
}

/// Shows emulators, each as new, bytes that are often nearly what their transcript sends.
pub(crate) fn take_any_bytes(text: &str, anew: impl Fn() -> (Box<dyn Emulator>, Plant)) {
    let chunks = vec((0..200_000_u32, nearly(text)), 0..12);
    proptest!(|(chunks in chunks)| {
        let (mut emulator, mut plant) = anew();
        pester(emulator.as_mut(), &mut plant, &chunks);
    });
}

/// Shows an emulator any bytes, at any times. It may answer what it likes, but not early.
pub(crate) fn pester(emulator: &mut dyn Emulator, plant: &mut Plant, chunks: &[(u32, Vec<u8>)]) {
    let mut out = Outbox::default();
    let mut at = BenchTime::ZERO;
    for (micros, chunk) in chunks {
        at = at.plus_micros(u64::from(*micros));
        plant.advance(at);
        emulator.receive(at, chunk, plant, &mut out);
        assert!(emulator.next_action() > at);
        assert!(out.take().iter().all(|&(leaves, _)| leaves >= at));
    }
}

/// Passes chunks between two links, and loses what comes back once it is `deaf`: the wire that the
/// device answers on is broken, and it still hears.
pub(crate) async fn deafen(mut near: Link, mut far: Link, deaf: Arc<AtomicBool>) {
    loop {
        let (arrival, towards_far) = tokio::select! {
            biased;
            arrival = near.receive() => (arrival, true),
            arrival = far.receive() => (arrival, false),
        };
        let Ok(arrival) = arrival else { return };
        let sent = if towards_far {
            far.send(arrival.chunk).await
        } else if deaf.load(Ordering::Relaxed) {
            Ok(())
        } else {
            near.send(arrival.chunk).await
        };
        if sent.is_err() {
            return;
        }
    }
}

/// Passes chunks between two links byte by byte, as the worst of adapters would.
pub(crate) async fn tear(mut near: Link, mut far: Link) {
    loop {
        let (arrival, towards_far) = tokio::select! {
            biased;
            arrival = near.receive() => (arrival, true),
            arrival = far.receive() => (arrival, false),
        };
        let Ok(arrival) = arrival else { return };
        for byte in arrival.chunk {
            let link = if towards_far { &mut far } else { &mut near };
            if link.send(Bytes::from(vec![byte])).await.is_err() {
                return;
            }
        }
    }
}
