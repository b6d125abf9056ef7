//! SIMSERV: numbered commands with fields between bytes 0xB6, as the controllers answer them on
//! Ethernet beside ASCII-2. Numbers are told as they are measured, not in tenths.

use super::state::State;
use super::{CHANNELS, START};

/// Between fields.
pub(super) const FIELD: u8 = 0xb6;
/// Answers: done, no such command, wrong fields, nothing to read.
const DONE: &str = "1";
const UNKNOWN: &str = "-5";
const FIELDS: &str = "-6";
const NOTHING: &str = "-8";

/// Answers a line; the chamber's index, its second field, is not looked at. The answer's fields
/// are between the same bytes.
pub(super) fn answer(state: &mut State, line: &[u8]) -> Vec<u8> {
    let fields: Vec<String> = line
        .split(|&byte| byte == FIELD)
        .map(|field| String::from_utf8_lossy(field).trim().to_owned())
        .collect();
    let index = |at: usize| fields.get(at).and_then(|field| field.parse::<usize>().ok());
    let value = fields.get(3).and_then(|field| field.parse::<f64>().ok());
    let value = value.filter(|value| value.is_finite());
    let answer: Vec<String> = match (fields[0].as_str(), index(2)) {
        ("10012", _) => vec![DONE.to_owned(), status(state).to_string()],
        ("17012" | "17002", _) => vec![DONE.to_owned()],
        ("99997", _) => vec![DONE.to_owned(), "VT 4002".to_owned()],
        ("11002", Some(1)) => told(state.in_force()),
        ("11004", Some(1)) => told(state.actual()),
        ("11001", Some(1)) => match value {
            Some(value) => {
                let kept = state.kept;
                done(state.set(&[value, kept[0], kept[1], kept[2]], None).is_ok())
            }
            None => done(false),
        },
        ("11001" | "11002" | "11004", Some(_)) => vec![NOTHING.to_owned()],
        // Digital channels are counted from 1 here.
        ("14001", Some(channel @ 1..=CHANNELS)) => match index(3) {
            Some(on @ 0..=1) => {
                switch(state, channel, on == 1);
                done(true)
            }
            _ => done(false),
        },
        ("14003", Some(channel @ 1..=CHANNELS)) => {
            let on = state.digital[channel_of(channel)];
            vec![DONE.to_owned(), u8::from(on).to_string()]
        }
        ("19014", _) => match index(2) {
            Some(number) => done(state.run(number as u32).is_ok()),
            None => done(false),
        },
        ("11001" | "11002" | "11004" | "14001" | "14003", _) => vec![FIELDS.to_owned()],
        _ => vec![UNKNOWN.to_owned()],
    };
    let fields: Vec<&[u8]> = answer.iter().map(String::as_bytes).collect();
    fields.join(&FIELD)
}

/// 1 stands, 3 runs; 8 more with an alarm.
fn status(state: &State) -> u8 {
    let running = if state.is_running() { 3 } else { 1 };
    running | u8::from(state.is_alarmed()) << 3
}

fn told(value: f64) -> Vec<String> {
    vec![DONE.to_owned(), format!("{value:.4}")]
}

fn done(is_done: bool) -> Vec<String> {
    vec![if is_done { DONE } else { FIELDS }.to_owned()]
}

/// SIMSERV's first channel is the one that starts, ASCII-2's second.
fn channel_of(channel: usize) -> usize {
    channel.min(CHANNELS - 1)
}

fn switch(state: &mut State, channel: usize, on: bool) {
    let channel = channel_of(channel);
    let was_running = state.digital[START];
    state.digital[channel] = on;
    if channel == START && on && !was_running {
        let nominal = state.nominal;
        state.go_to(nominal, false);
    }
    if channel == START && !on {
        // Stopping never fails.
        let _stopped = state.run(0);
    }
}
