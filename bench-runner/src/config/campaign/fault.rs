//! `[[fault]]`: what breaks on purpose, and when; in a campaign, or in a file of its own.

use super::read::tables;
use crate::config::reader::{Located, Node, TableReader};
use crate::config::refusal::Place;

/// What `kind` of a fault may say.
pub const FAULT_KINDS: [&str; 19] = [
    "unplugged",
    "silent",
    "slow",
    "garbage",
    "half_reply",
    "echo",
    "wrong_unit",
    "drop",
    "flip",
    "upset",
    "stuck",
    "reboot",
    "brown_out",
    "latch_up",
    "bus_off",
    "babble",
    "hang",
    "weak",
    "over_voltage",
];

/// `[[fault]]`.
#[derive(Clone, Debug)]
pub struct RawFault {
    /// Its place.
    pub place: Place,
    /// The device.
    pub device: Located<String>,
    /// What breaks.
    pub kind: Located<&'static str>,
    /// When, s from T0.
    pub at: Option<Located<f64>>,
    /// In which stretches of time.
    pub during: Option<Vec<Located<String>>>,
    /// How long after the start of each of them, s.
    pub after: Option<Located<f64>>,
    /// How many at random in an hour, in the mean.
    pub per_hour: Option<Located<f64>>,
    /// How many at random in a revolution, in the mean.
    pub per_orbit: Option<Located<f64>>,
    /// For how long, s.
    pub lasts: Option<Located<f64>>,
    /// How much later answers come, s.
    pub delay: Option<Located<f64>>,
    /// A share of something.
    pub share: Option<Located<f64>>,
    /// Current of a latch-up, A.
    pub amps: Option<Located<f64>>,
    /// Parts of a firmware's memory.
    pub memory: Option<Vec<Located<String>>>,
    /// Which octet of them.
    pub byte: Option<Located<u64>>,
    /// Which bit of it.
    pub bit: Option<Located<u64>>,
    /// Whether all that is written could be read.
    pub is_whole: bool,
}

/// The faults of a campaign, or of a file that has nothing else.
pub(in crate::config) fn faults(root: &TableReader<'_>) -> Vec<RawFault> {
    tables(root, "fault", fault)
}

fn fault(node: &Node<'_>) -> Option<RawFault> {
    let before = node.noted();
    let table = node.table("[[fault]]")?;
    let device = table.required("device").and_then(|node| node.text());
    let kind = table.required("kind");
    let kind = kind.and_then(|node| node.choice(&FAULT_KINDS));
    let time = |key| table.get(key).and_then(|node| node.duration());
    let number = |key| table.get(key).and_then(|node| node.number());
    let (at, after) = (time("at"), time("after"));
    let during = table.get("during").and_then(|node| node.texts());
    let (per_hour, per_orbit) = (number("rate_per_hour"), number("rate_per_orbit"));
    let (lasts, delay) = (time("lasts"), time("delay"));
    let (share, amps) = (number("share"), number("amps"));
    let memory = table.get("memory").and_then(|node| node.texts());
    let whole = |key| table.get(key).and_then(|node| node.whole());
    let (byte, bit) = (whole("byte"), whole("bit"));
    let place = table.place().clone();
    table.finish();
    Some(RawFault {
        place,
        device: device?,
        kind: kind?,
        at,
        during,
        after,
        per_hour,
        per_orbit,
        lasts,
        delay,
        share,
        amps,
        memory,
        byte,
        bit,
        is_whole: node.noted() == before,
    })
}
