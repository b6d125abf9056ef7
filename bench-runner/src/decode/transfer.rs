//! Transfer frames: their packets, by virtual channel, and the frames that are missing.

use std::collections::BTreeMap;

use drivers::telemetry::ccsds::packet::PacketType;
use drivers::telemetry::ccsds::scanner::Scanner;
use drivers::telemetry::ccsds::transfer_frame::{IDLE, TransferFrame};
use drivers::telemetry::dictionary::Layouts;
use drivers::telemetry::framing::cadu::{CaduDecoder, FECF_OCTETS, MARKER, Unit};

use super::packets::Teller;
use super::{Counts, Json, Settings};

/// A stream of transfer frames.
#[derive(Debug)]
pub(super) struct Transfer<'a> {
    decoder: CaduDecoder,
    frames: Frames<'a>,
}

#[derive(Debug)]
struct Frames<'a> {
    layouts: &'a Layouts,
    longest_packet: usize,
    notes: bool,
    /// Octets of a frame with marker and error control field.
    unit_octets: u64,
    channels: BTreeMap<u8, Channel<'a>>,
    at: u64,
    seen: u64,
    unread: u64,
    skipped: u64,
    missing: u64,
}

/// A virtual channel: its packets are a stream of their own, in which a missing frame is a gap
/// that the scanner gets over.
#[derive(Debug)]
struct Channel<'a> {
    scanner: Scanner,
    teller: Teller<'a>,
    count: u32,
}

impl<'a> Transfer<'a> {
    pub(super) fn new(layouts: &'a Layouts, settings: &Settings<'_>) -> Transfer<'a> {
        let unit = MARKER.len() + settings.frame_octets;
        Transfer {
            decoder: CaduDecoder::new(settings.frame_octets, settings.randomized),
            frames: Frames {
                layouts,
                longest_packet: settings.longest_packet,
                notes: settings.notes,
                unit_octets: unit as u64,
                channels: BTreeMap::new(),
                at: 0,
                seen: 0,
                unread: 0,
                skipped: 0,
                missing: 0,
            },
        }
    }

    pub(super) fn push(&mut self, chunk: &[u8], out: &mut Json) {
        let Transfer { decoder, frames } = self;
        decoder.push(chunk, |unit| frames.unit(&unit, out));
    }

    pub(super) fn finish(&mut self, out: &mut Json) {
        let Transfer { decoder, frames } = self;
        let tail = decoder.finish(|unit| frames.unit(&unit, out));
        for (number, channel) in &mut frames.channels {
            let Channel {
                scanner, teller, ..
            } = channel;
            let rest = scanner.finish(|scanned| teller.tell(&scanned, out));
            if frames.notes {
                out.line(|line| {
                    line.plain("st").text("channel");
                    line.plain("vcid").unsigned(u64::from(*number));
                });
            }
            teller.finish(rest, out);
        }
        frames.skipped += tail as u64;
        if frames.notes {
            out.line(|line| {
                line.plain("frames").unsigned(frames.seen);
                line.plain("missing_frames").unsigned(frames.missing);
                line.plain("unreadable_frames").unsigned(frames.unread);
                line.plain("skipped_bytes")
                    .unsigned(frames.skipped - tail as u64);
                line.plain("tail_bytes").unsigned(tail as u64);
            });
        }
    }

    pub(super) fn counts(&self) -> Counts {
        let channels = self.frames.channels.values();
        let packets = channels.map(|channel| channel.teller.counts());
        packets.fold(
            Counts {
                bad: self.frames.unread,
                skipped: self.frames.skipped,
                lost: self.frames.missing,
                ..Counts::default()
            },
            |sum, counts| Counts {
                good: sum.good + counts.good,
                skipped: sum.skipped + counts.skipped,
                lost: sum.lost + counts.lost,
                clock: match (sum.clock, counts.clock) {
                    (Some(one), Some(other)) => Some(one.with(other)),
                    (one, other) => one.or(other),
                },
                ..sum
            },
        )
    }
}

impl Frames<'_> {
    fn unit(&mut self, unit: &Unit<'_>, out: &mut Json) {
        match unit {
            Unit::Skipped { octets, marked } => {
                let octets = *octets as u64;
                if self.notes {
                    out.line(|line| {
                        line.plain("st").text("skipped");
                        line.plain("off").unsigned(self.at);
                        line.plain("len").unsigned(octets);
                        line.plain("why").text(match marked {
                            true => "wrong frame error control behind a sync marker",
                            false => "no sync marker",
                        });
                    });
                }
                self.skipped += octets;
                self.at += octets;
            }
            Unit::Frame(octets) => {
                debug_assert_eq!(
                    octets.len() + FECF_OCTETS + MARKER.len(),
                    self.unit_octets as usize
                );
                self.frame(octets, out);
                self.at += self.unit_octets;
            }
        }
    }

    fn frame(&mut self, octets: &[u8], out: &mut Json) {
        self.seen += 1;
        let Some(frame) = TransferFrame::read(octets) else {
            self.unread += 1;
            return;
        };
        let missing = match self.channels.get(&frame.channel) {
            Some(channel) => frame.missing_since(channel.count),
            None => 0,
        };
        self.missing += u64::from(missing);
        if self.notes {
            out.line(|line| {
                line.plain("st").text("frame");
                line.plain("off").unsigned(self.at);
                line.plain("len").unsigned(self.unit_octets);
                line.plain("scid").unsigned(u64::from(frame.spacecraft));
                line.plain("vcid").unsigned(u64::from(frame.channel));
                line.plain("count").unsigned(u64::from(frame.count));
                line.plain("missing").unsigned(u64::from(missing));
            });
        }
        let (layouts, longest, notes) = (self.layouts, self.longest_packet, self.notes);
        let channel = self.channels.entry(frame.channel).or_insert_with(|| {
            let expected = layouts.dictionary().expected();
            Channel {
                scanner: Scanner::new(PacketType::Telemetry, &expected, longest),
                teller: Teller::new(layouts, notes),
                count: 0,
            }
        });
        channel.count = frame.count;
        if frame.first_header != IDLE {
            let Channel {
                scanner, teller, ..
            } = channel;
            scanner.push(frame.packets, |scanned| teller.tell(&scanned, out));
        }
    }
}
