//! What the board's interface document says beyond the standard: application process, memories,
//! functions, events and its own service 129.

use std::sync::Arc;

use nom::multi::length_data;
use nom::number::complete::{be_u8, be_u16, be_u32};
use nom::{IResult, Parser};
use profiles::option::Options;

use crate::accelerator::role::Inference;
use crate::device::Identity;
use crate::telemetry::ccsds::line::Line;
use crate::telemetry::ccsds::packet::PacketType;
use crate::telemetry::ccsds::plan::Plan;
use crate::telemetry::ccsds::pus::Kind;

/// The board's one application process.
pub(super) const APID: u16 = 0x42;
/// Longest packet, octets.
pub(super) const PACKET_LIMIT: usize = 1_100;
/// Octets of memory in one load or dump packet.
pub(super) const SEGMENT: usize = 1_024;
/// Memory identifiers: input slots, and the slot in the low octets.
pub(super) const INPUT_MEMORY: u16 = 0x1000;
/// Memory identifiers: outputs.
pub(super) const OUTPUT_MEMORY: u16 = 0x2000;
/// The part of a memory identifier that says which kind.
pub(super) const MEMORY_KIND: u16 = 0xf000;

/// Function: send the identity report.
pub(super) const IDENTIFY: [u8; 8] = *b"IDENTIFY";
/// Function: infer; arguments 1 query, 2 slot.
pub(super) const INFER: [u8; 8] = *b"INFER   ";
/// Function: choose the power mode; argument 1: 0 full, 1 reduced.
pub(super) const MODE: [u8; 8] = *b"MODE    ";
/// Function: stop working.
pub(super) const STOP: [u8; 8] = *b"STOP    ";

/// Inference report.
pub(super) const INFERRED: Kind = (129, 1);
/// First token report: query, input slot, and µs from the start to the first token.
pub(super) const FIRST_TOKEN: Kind = (129, 3);
/// Identity report.
pub(super) const IDENTITY: Kind = (129, 2);

/// Event: the board has booted; one octet says why.
pub(super) const BOOTED: u16 = 1;

/// The dictionary, compiled.
pub(super) fn plan() -> Arc<Plan> {
    let plan = Plan::compile(include_str!("dictionary.toml"));
    Arc::new(plan.expect("the board's own dictionary has been tested"))
}

/// The line, for packets of this kind.
pub(super) fn line(options: &Options, kind: PacketType) -> Line {
    match options.text("framing") {
        Some("none") => Line::unframed(kind, APID, PACKET_LIMIT),
        _ => Line::cobs(PACKET_LIMIT),
    }
}

/// Appends the source data of an inference report; the length is the output's.
pub(super) fn write_inference(inference: &Inference, length: u32, out: &mut Vec<u8>) {
    out.extend_from_slice(&inference.query.to_be_bytes());
    out.extend_from_slice(&inference.slot.to_be_bytes());
    out.extend_from_slice(&inference.latency_us.to_be_bytes());
    out.extend_from_slice(&inference.digest.to_be_bytes());
    out.extend_from_slice(&length.to_be_bytes());
}

/// Reads an inference report and the length of the output.
pub(super) fn read_inference(source: &[u8]) -> Option<(Inference, u32)> {
    let (_, (query, slot, latency_us, digest, length)) =
        inference(source).ok().filter(|(rest, _)| rest.is_empty())?;
    let inference = Inference {
        query,
        slot,
        latency_us,
        first_us: None,
        digest,
        output: None,
    };
    Some((inference, length))
}

fn inference(input: &[u8]) -> IResult<&[u8], (u32, u16, u32, u32, u32)> {
    (be_u32, be_u16, be_u32, be_u32, be_u32).parse(input)
}

/// Appends the source data of a first token report.
pub(super) fn write_first_token((query, slot, micros): (u32, u16, u32), out: &mut Vec<u8>) {
    out.extend_from_slice(&query.to_be_bytes());
    out.extend_from_slice(&slot.to_be_bytes());
    out.extend_from_slice(&micros.to_be_bytes());
}

/// Reads a first token report.
pub(super) fn read_first_token(source: &[u8]) -> Option<(u32, u16, u32)> {
    let fields: IResult<&[u8], _> = (be_u32, be_u16, be_u32).parse(source);
    let (rest, fields) = fields.ok()?;
    rest.is_empty().then_some(fields)
}

/// Appends the source data of an identity report: four texts, each with its length in front.
pub(super) fn write_identity(identity: &Identity, out: &mut Vec<u8>) {
    for text in [
        &identity.maker,
        &identity.model,
        &identity.serial,
        &identity.firmware,
    ] {
        out.push(text.len() as u8);
        out.extend_from_slice(text.as_bytes());
    }
}

/// Reads an identity report.
pub(super) fn read_identity(source: &[u8]) -> Option<Identity> {
    let text = |input| length_data(be_u8::<&[u8], nom::error::Error<&[u8]>>).parse(input);
    let (rest, maker) = text(source).ok()?;
    let (rest, model) = text(rest).ok()?;
    let (rest, serial) = text(rest).ok()?;
    let (rest, firmware) = text(rest).ok()?;
    let owned = |text| String::from_utf8_lossy(text).into_owned();
    rest.is_empty().then(|| Identity {
        maker: owned(maker),
        model: owned(model),
        serial: owned(serial),
        firmware: owned(firmware),
    })
}

/// Reads an event report: its definition identifier and auxiliary data.
pub(super) fn read_event(source: &[u8]) -> Option<(u16, &[u8])> {
    be_u16::<_, nom::error::Error<&[u8]>>(source)
        .ok()
        .map(|(auxiliary, event)| (event, auxiliary))
}
