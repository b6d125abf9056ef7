//! The CANopen node that a board may have beside its telemetry: who it is, its channels as objects,
//! and two of them in a frame with each SYNC.

use profiles::channel::ChannelSpec;
use profiles::option::Options;

use crate::canopen::{Dictionary, Field, HEARTBEAT, Node, SDO_ANSWER, TPDO};
use crate::device::Identity;
use crate::link::can::CanId;

/// The setting that gives the board a node, and its number.
pub(super) const OPTION: &str = "canopen_node";
/// Its channels, in order, as REAL32 under subindex 1 and up.
const CHANNELS: u16 = 0x2000;
/// What it sends with each SYNC.
const WITH_SYNC: [&str; 2] = ["bus_volts", "junction_temperature"];
/// No profile of CiA's describes an accelerator.
const DEVICE_TYPE: u32 = 0;
/// Until a master says otherwise, ms.
const HEARTBEAT_MS: u16 = 1_000;

/// The number of the node, if the board has one.
pub(super) fn number(options: &Options) -> Option<u8> {
    options.number(OPTION).map(|number| number as u8)
}

/// What the node says, which is nothing to the ground.
pub(super) fn says(number: u8) -> [CanId; 3] {
    [HEARTBEAT, SDO_ANSWER, TPDO].map(|base| CanId::Standard(base + u16::from(number)))
}

/// The node of a board that tells these channels.
pub(super) fn node(number: u8, identity: &Identity, channels: &[ChannelSpec]) -> Node {
    let mut values = Dictionary::default();
    values.set((0x1000, 0), DEVICE_TYPE.to_le_bytes());
    values.set((0x1001, 0), [0]);
    values.set((0x1008, 0), identity.model.as_bytes());
    values.set((0x100a, 0), identity.firmware.as_bytes());
    // Vendor, product, revision and serial number; a vendor number is CiA's to give.
    let serial: u32 = identity.serial.parse().unwrap_or_default();
    values.set((0x1018, 0), [4]);
    for (subindex, word) in (1..).zip([0, 1, 0x0001_0000, serial]) {
        values.set((0x1018, subindex), word.to_le_bytes());
    }
    values.set((CHANNELS, 0), [channels.len() as u8]);
    tell(&mut values, channels.iter().map(|_| f64::NAN));
    let place = |name: &&str| channels.iter().position(|channel| &*channel.name == *name);
    let places = WITH_SYNC.iter().filter_map(place);
    let mapping = places.map(|place| Field {
        key: (CHANNELS, place as u8 + 1),
        bits: 32,
    });
    Node::new(number, values, mapping.collect(), HEARTBEAT_MS)
}

/// What the channels are now.
pub(super) fn tell(values: &mut Dictionary, now: impl Iterator<Item = f64>) {
    for (subindex, value) in (1..).zip(now) {
        values.set((CHANNELS, subindex), (value as f32).to_le_bytes());
    }
}
