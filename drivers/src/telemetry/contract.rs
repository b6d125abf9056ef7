//! What every decoder must do: take any bytes without a panic, in any chunks with the same
//! result, with every byte accounted for, and be in step again within a frame.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::{any, prop_assert_eq, proptest};
use proptest::strategy::Strategy;

use super::ccsds::line::Line;
use super::ccsds::packet::{PacketType, TmPacket};
use super::ccsds::plan::Plan;
use super::ccsds::time::Time;
use super::ccsds::{self, Received, Receiver};
use super::framing::cobs::{self, CobsDecoder, Framed};
use super::framing::isotp::{Event, Flow, IsoTp};
use super::{Decoded, Decoder};

const APID: u16 = 50;
const DICTIONARY: &str = r#"
    [[packet]]
    name = "hk"
    apid = 50
    service = 3
    subtype = 25
    field = [{ name = "volts", type = "u16" }, { name = "state", type = "u8", states = ["a"] }]
"#;

/// Cuts `stream` where `cuts` say.
fn chunks<'a>(stream: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut rest = stream;
    let mut chunks = Vec::new();
    for cut in cuts {
        let (chunk, tail) = rest.split_at(cut % (rest.len() + 1));
        chunks.push(chunk);
        rest = tail;
    }
    chunks.push(rest);
    chunks
}

/// A stream of packets with damage of all kinds between and in them.
fn stream(line: fn() -> Line) -> impl Strategy<Value = Vec<u8>> {
    let part = (0..8_u8, vec(any::<u8>(), 0..40), any::<u16>());
    vec(part, 0..20).prop_map(move |parts| {
        let mut stream = Vec::new();
        for (count, (kind, noise, at)) in (0..).zip(parts) {
            let mut packet = Vec::new();
            let tm = TmPacket {
                apid: APID,
                count,
                service: 3,
                subtype: 25,
                message: 0,
                destination: 0,
                time: Time::days_and_millis(0),
                source: &[1, 2, 0],
            };
            tm.write(&mut packet);
            let start = stream.len();
            line().wrap(&packet, &mut stream);
            let spot = start + usize::from(at) % (stream.len() - start);
            match kind {
                0 => stream[spot] ^= 1 << (at % 8),
                1 => stream.truncate(spot),
                2 => stream.extend(noise),
                3 => stream.splice(spot..spot, noise).for_each(drop),
                _ => {}
            }
        }
        stream
    })
}

fn decoded(line: Line, chunks: &[&[u8]]) -> Vec<Decoded> {
    let plan = Arc::new(Plan::compile(DICTIONARY).unwrap());
    let mut decoder = ccsds::TelemetryDecoder::new(line, plan);
    let mut out = Vec::new();
    for chunk in chunks {
        decoder.push(chunk, &mut out);
    }
    out
}

fn cobs_line() -> Line {
    Line::cobs(64)
}

fn bare_line() -> Line {
    Line::unframed(PacketType::Telemetry, APID, 64)
}

/// Bytes in packets, bytes in damage, and those that are still pending.
fn accounted(line: Line, stream: &[u8]) -> usize {
    let mut receiver = Receiver::new(line);
    let mut bytes = 0;
    receiver.push(stream, |received| {
        bytes += match received {
            Received::Packet(_, octets) => octets,
            Received::Damaged(damage) => damage.bytes,
        }
    });
    bytes as usize + receiver.pending()
}

/// A lone delimiter is a filler: no frame and no damage.
fn fillers(stream: &[u8]) -> usize {
    let mut decoder = CobsDecoder::new(66);
    let mut fillers = 0;
    decoder.push(stream, |framed| {
        fillers += usize::from(framed == Framed::Filler);
    });
    fillers
}

proptest! {
    #[test]
    fn chunks_make_no_difference_on_cobs(stream in stream(cobs_line), cuts in vec(0..80_usize, 0..20)) {
        prop_assert_eq!(
            decoded(cobs_line(), &chunks(&stream, &cuts)),
            decoded(cobs_line(), &[&stream])
        );
    }

    #[test]
    fn chunks_make_no_difference_without_framing(stream in stream(bare_line), cuts in vec(0..80_usize, 0..20)) {
        prop_assert_eq!(
            decoded(bare_line(), &chunks(&stream, &cuts)),
            decoded(bare_line(), &[&stream])
        );
    }

    #[test]
    fn every_byte_is_accounted_for(framed in stream(cobs_line), bare in stream(bare_line)) {
        prop_assert_eq!(accounted(cobs_line(), &framed) + fillers(&framed), framed.len());
        prop_assert_eq!(accounted(bare_line(), &bare), bare.len());
    }

    #[test]
    fn noise_is_followed_by_the_next_packet_but_one(noise in vec(any::<u8>(), 0..200)) {
        let mut stream = noise;
        let mut packet = Vec::new();
        TmPacket {
            apid: APID, count: 7, service: 3, subtype: 25, message: 0, destination: 0,
            time: Time::days_and_millis(0), source: &[1, 2, 0],
        }.write(&mut packet);
        for _ in 0..2 {
            cobs::encode(&packet, &mut stream);
        }
        let readings = decoded(cobs_line(), &[&stream])
            .iter()
            .filter(|decoded| matches!(decoded, Decoded::Reading(_)))
            .count();
        assert!(readings >= 2, "{readings} readings");
    }

    #[test]
    fn cobs_agrees_with_the_cobs_crate(content in vec(0..3_u8, 0..600)) {
        let mut ours = Vec::new();
        cobs::encode(&content, &mut ours);
        let mut theirs = vec![0; ::cobs::max_encoding_length(content.len())];
        let length = ::cobs::encode(&content, &mut theirs);
        // A full last run may be followed by an empty one or not; both decode alike.
        prop_assert_eq!(&::cobs::decode_vec(&ours[..ours.len() - 1]).unwrap(), &content);
        theirs.truncate(length);
        theirs.push(0);
        let mut decoder = CobsDecoder::new(1_000);
        let mut heard = None;
        decoder.push(&theirs, |framed| {
            if let Framed::Frame { content, .. } = framed {
                heard = Some(content.to_vec());
            }
        });
        prop_assert_eq!(heard, Some(content));
    }

    #[test]
    fn cobs_refuses_what_the_cobs_crate_refuses(encoded in vec(1..=255_u8, 1..300)) {
        let mut decoder = CobsDecoder::new(1_000);
        let mut heard = None;
        let mut stream = encoded.clone();
        stream.push(0);
        decoder.push(&stream, |framed| {
            heard = match framed {
                Framed::Frame { content, .. } => Some(content.to_vec()),
                _ => None,
            }
        });
        prop_assert_eq!(heard, ::cobs::decode_vec(&encoded).ok());
    }

    #[test]
    fn isotp_accounts_for_every_octet(frames in vec(vec(any::<u8>(), 0..=8), 0..60)) {
        let flow = Flow { block_size: 3, separation: 0 };
        let mut end = IsoTp::new(flow, 64);
        let (mut out, mut bytes, mut sent) = (Vec::new(), 0, 0);
        end.send(&[1; 40], &mut out);
        for (frame, pci) in frames.iter().zip([0x07, 0x10, 0x21, 0x22, 0x30, 0x23].iter().cycle()) {
            let mut frame = frame.clone();
            if let Some(first) = frame.first_mut() && *first % 2 == 0 {
                *first = *pci;
            }
            sent += frame.len();
            end.push(&frame, &mut out, |event| {
                bytes += match event {
                    Event::Message { octets, .. } | Event::Control { octets } => octets,
                    Event::Damaged(damage) => damage.bytes,
                    Event::Sent | Event::Overflow => 0,
                }
            });
        }
        prop_assert_eq!((bytes + end.pending()) as usize, sent);
    }
}
