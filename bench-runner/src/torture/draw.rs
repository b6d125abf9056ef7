//! Faults by chance: which device, which kind, when and for how long, all from a seed.

use profiles::command::Command;
use profiles::seed::{Seed, Stream};
use profiles::time::BenchTime;

use crate::plan::faults::{KINDS, Lasts, Room};
use crate::plan::{DevicePlan, Plan, TimedCommand, Wired};

/// Most faults of one run.
const MOST: u64 = 6;
/// Shortest and longest fault, ms: from less than a poll to longer than anybody waits.
const LENGTHS: (f64, f64) = (50.0, 300_000.0);
/// A fault that is near another begins within this of it, ms: two at once find what one does not.
const NEAR_MILLIS: u64 = 20_000;
/// What is done at the start, ms: identify, arm, switch on.
const START_MILLIS: u64 = 70_000;
/// What begins this near to the end lasts into making safe, ms.
const END_MILLIS: u64 = 5_000;

/// The faults of a seed, in order of time. The same plan and seed give the same.
pub fn draw(plan: &Plan, seed: u64) -> Vec<TimedCommand> {
    let mut stream = Seed(seed).stream("torture", "faults");
    let wired = plan.devices.iter().map(DevicePlan::wired);
    let victims: Vec<&Wired> = wired.filter(|wired| wired.link.line().is_none()).collect();
    let end = plan.header.end.as_micros() / 1_000;
    let mut faults: Vec<TimedCommand> = Vec::new();
    for _ in 0..=stream.below(MOST) {
        let before = faults.last().map(|told| told.at.as_micros() / 1_000);
        let at = time(&mut stream, before, end);
        let Some(victim) = victims.get(stream.below(victims.len() as u64) as usize) else {
            break;
        };
        let kinds: Vec<_> = KINDS.iter().filter(|kind| (kind.fits)(victim)).collect();
        let kind = kinds[stream.below(kinds.len() as u64) as usize];
        let number = kind.number.map_or(0.0, |room| number(&mut stream, room));
        let (least, most) = LENGTHS;
        let drawn = (least * (most / least).powf(stream.unit())).round() as u32;
        let millis = if kind.lasts == Lasts::Never { 0 } else { drawn };
        faults.push(TimedCommand {
            at: BenchTime::from_millis(at),
            device: victim.id,
            command: Command::Inject((kind.make)(victim, number, millis)),
        });
    }
    faults.sort_by_key(|told| told.at);
    faults
}

/// When the next fault begins, ms: anywhere, but more often than not where it may hurt.
fn time(stream: &mut Stream, before: Option<u64>, end: u64) -> u64 {
    let anywhere = stream.below(end);
    let offset = |span: u64| anywhere % span.max(1);
    match (stream.below(6), before) {
        (0 | 1, Some(before)) => (before + offset(NEAR_MILLIS)).min(end - 1),
        (2, _) => offset(START_MILLIS.min(end)),
        (3, _) => end.saturating_sub(1 + offset(END_MILLIS)),
        _ => anywhere,
    }
}

/// A number within its room: small ones as often as large ones, with three digits behind the point.
fn number(stream: &mut Stream, room: Room) -> f64 {
    let (least, most) = room.range;
    let least = least.max(0.001);
    // Nobody waits for an answer longer than this.
    let most = most.min(10.0);
    let drawn = least * (most / least).powf(stream.unit());
    (drawn * 1e3).round() / 1e3
}
