//! Space packets: a line for each packet, with its headers, raw and engineering values.

use std::collections::BTreeMap;

use drivers::telemetry::ccsds::SequenceCounts;
use drivers::telemetry::ccsds::packet::{PEC_OCTETS, PacketType};
use drivers::telemetry::ccsds::scanner::{NoPacket, Scanned, Scanner};
use drivers::telemetry::ccsds::time::{self, Time};
use drivers::telemetry::dictionary::derive::Deriver;
use drivers::telemetry::dictionary::layout::{Scratch, Span};
use drivers::telemetry::dictionary::model::Standing;
use drivers::telemetry::dictionary::{
    Calibration, Coding, Count, Field, Fields, Layouts, Limits, Misfit, Raw,
};
use profiles::reading::DamageKind;

use super::{Counts, Json, OnboardTimes, Settings};

/// A stream of space packets.
#[derive(Debug)]
pub(super) struct Packets<'a> {
    scanner: Scanner,
    teller: Teller<'a>,
}

/// Tells packets as lines.
#[derive(Debug)]
pub(super) struct Teller<'a> {
    layouts: &'a Layouts,
    deriver: Deriver,
    sequence: SequenceCounts,
    scratch: Scratch,
    notes: bool,
    /// Where the next octet of the stream stands.
    at: u64,
    accepted: u64,
    skipped: u64,
    tail: u64,
    gaps: BTreeMap<u16, u64>,
    backward: BTreeMap<u16, u64>,
    clock: Option<OnboardTimes>,
}

impl<'a> Packets<'a> {
    pub(super) fn new(layouts: &'a Layouts, settings: &Settings<'_>) -> Packets<'a> {
        let expected = layouts.dictionary().expected();
        Packets {
            scanner: Scanner::new(PacketType::Telemetry, &expected, settings.longest_packet),
            teller: Teller::new(layouts, settings.notes),
        }
    }

    pub(super) fn push(&mut self, chunk: &[u8], out: &mut Json) {
        let Packets { scanner, teller } = self;
        scanner.push(chunk, |scanned| teller.tell(&scanned, out));
    }

    pub(super) fn finish(&mut self, out: &mut Json) {
        let Packets { scanner, teller } = self;
        let tail = scanner.finish(|scanned| teller.tell(&scanned, out));
        teller.finish(tail, out);
    }

    pub(super) fn counts(&self) -> Counts {
        self.teller.counts()
    }
}

impl<'a> Teller<'a> {
    pub(super) fn new(layouts: &'a Layouts, notes: bool) -> Teller<'a> {
        Teller {
            deriver: Deriver::new(layouts),
            layouts,
            sequence: SequenceCounts::default(),
            scratch: Scratch::default(),
            notes,
            at: 0,
            accepted: 0,
            skipped: 0,
            tail: 0,
            gaps: BTreeMap::new(),
            backward: BTreeMap::new(),
            clock: None,
        }
    }

    pub(super) fn tell(&mut self, scanned: &Scanned<'_>, out: &mut Json) {
        match *scanned {
            Scanned::Packet(packet) => {
                self.packet(packet, out);
                self.at += packet.len() as u64;
                self.accepted += 1;
            }
            Scanned::Skipped { octets, why } => {
                self.skipped += octets as u64;
                self.note(octets as u64, why, out);
                self.at += octets as u64;
            }
        }
    }

    fn note(&self, octets: u64, why: NoPacket, out: &mut Json) {
        if self.notes {
            out.line(|line| {
                line.plain("st").text("skipped");
                line.plain("off").unsigned(self.at);
                line.plain("len").unsigned(octets);
                line.plain("why").display(why);
            });
        }
    }

    fn packet(&mut self, packet: &[u8], out: &mut Json) {
        let word = |at: usize| u16::from_be_bytes([packet[at], packet[at + 1]]);
        let (identification, sequence) = (word(0), word(2));
        let (apid, count) = (identification & 0x7ff, sequence & 0x3fff);
        let damage = self.sequence.check(apid, count);
        self.gap(apid, damage.map(|damage| damage.why), out);
        let secondary = identification & 0x0800 != 0;
        self.stamped(packet.get(13..20).filter(|_| secondary));
        let pec = word(packet.len() - PEC_OCTETS);
        let kind = self.layouts.kind(packet);
        let (number, at) = (self.accepted, self.at);
        let Teller {
            layouts,
            deriver,
            scratch,
            ..
        } = self;
        out.line(|line| {
            line.plain("i").unsigned(number);
            line.plain("off").unsigned(at);
            line.plain("len").unsigned(packet.len() as u64);
            let described = kind.map(|kind| &layouts.dictionary().packets[kind]);
            match described {
                Some(described) => line.plain("name").text(&described.name),
                None => line.plain("name").null(),
            }
            line.plain("apid").unsigned(u64::from(apid));
            line.plain("shf").unsigned(u64::from(secondary));
            line.plain("flags").unsigned(u64::from(sequence >> 14));
            line.plain("seq").unsigned(u64::from(count));
            line.plain("dlen").unsigned(u64::from(word(4)));
            match packet.get(6..20).filter(|_| secondary) {
                Some(header) => line
                    .plain("pus")
                    .object(|pus| secondary_header(header, pus)),
                None => line.plain("pus").null(),
            }
            if let Some(kind) = kind {
                let (fields, misfit) = layouts.fields(kind, packet, scratch);
                tell_fields(&fields, misfit, line);
                if !layouts.dictionary().derived.is_empty() {
                    derived(layouts, deriver, &fields, line);
                }
            } else {
                line.plain("fields").object(|_| ());
                line.plain("eng").object(|_| ());
                line.plain("why")
                    .text("more than one packet may be meant, and none fits");
            }
            line.plain("pec").unsigned(u64::from(pec));
        });
    }

    /// Takes a packet's time code.
    fn stamped(&mut self, code: Option<&[u8]>) {
        let code = code.and_then(|code| code.first_chunk());
        let Some(told) = code.and_then(Time::from_bytes) else {
            return;
        };
        let micros = (told.seconds() * 1e6).round() as u64;
        let clock = self.clock.get_or_insert(OnboardTimes {
            first_us: micros,
            last_us: micros,
            back: 0,
        });
        clock.back += u64::from(micros < clock.last_us);
        clock.last_us = micros;
    }

    fn gap(&mut self, apid: u16, why: Option<DamageKind>, out: &mut Json) {
        let lost = match why {
            Some(DamageKind::Gap { lost }) => {
                *self.gaps.entry(apid).or_default() += u64::from(lost);
                u64::from(lost)
            }
            Some(_) => {
                *self.backward.entry(apid).or_default() += 1;
                0
            }
            None => return,
        };
        if self.notes {
            out.line(|line| {
                line.plain("st")
                    .text(if lost > 0 { "gap" } else { "backward" });
                line.plain("off").unsigned(self.at);
                line.plain("len").unsigned(0);
                line.plain("apid").unsigned(u64::from(apid));
                line.plain("lost").unsigned(lost);
                line.plain("why").text(match lost {
                    0 => "the sequence count stood still or went back",
                    _ => "the sequence count jumped",
                });
            });
        }
    }

    pub(super) fn finish(&mut self, tail: usize, out: &mut Json) {
        self.tail = tail as u64;
        if !self.notes {
            return;
        }
        let map = |out: &mut Json, counts: &BTreeMap<u16, u64>| {
            out.object(|counted| {
                for (apid, count) in counts {
                    counted.key(&apid.to_string()).unsigned(*count);
                }
            });
        };
        out.line(|line| {
            line.plain("accepted").unsigned(self.accepted);
            line.plain("skipped_bytes").unsigned(self.skipped);
            line.plain("tail_bytes").unsigned(self.tail);
            map(line.plain("gaps"), &self.gaps);
            map(line.plain("backward"), &self.backward);
        });
    }

    pub(super) fn counts(&self) -> Counts {
        Counts {
            good: self.accepted,
            bad: 0,
            skipped: self.skipped + self.tail,
            lost: self.gaps.values().sum(),
            clock: self.clock,
        }
    }
}

/// Fourteen octets of a PUS-C telemetry secondary header.
fn secondary_header(header: &[u8], pus: &mut Json) {
    let word = |at: usize| u64::from(u16::from_be_bytes([header[at], header[at + 1]]));
    pus.plain("ver").unsigned(u64::from(header[0] >> 4));
    pus.plain("time_ref").unsigned(u64::from(header[0] & 15));
    pus.plain("service").unsigned(u64::from(header[1]));
    pus.plain("subtype").unsigned(u64::from(header[2]));
    pus.plain("msg_count").unsigned(word(3));
    pus.plain("dest").unsigned(word(5));
    pus.plain("time")
        .object(|code| match time::time(&header[7..]) {
            Ok((_, Time::DaySegmented { day, millis })) => {
                code.plain("code").text("cds");
                code.plain("days").unsigned(u64::from(day));
                code.plain("ms").unsigned(u64::from(millis));
            }
            Ok((_, Time::Unsegmented { seconds, fraction })) => {
                code.plain("code").text("cuc");
                code.plain("coarse").unsigned(u64::from(seconds));
                code.plain("fine").unsigned(u64::from(fraction));
            }
            Err(_) => {
                code.plain("code").text("unknown");
                code.plain("hex").hex(header[7..].iter().copied());
            }
        });
}

fn tell_fields(fields: &Fields<'_>, misfit: Option<Misfit>, line: &mut Json) {
    line.plain("fields").object(|told| {
        for (field, span) in fields.named() {
            told.key(field.name.as_deref().unwrap_or_default());
            raw(fields, field, span, told);
        }
    });
    line.plain("eng").object(|told| {
        for (field, span) in fields.named() {
            let name = field.name.as_deref().unwrap_or_default();
            if field.calibration != Calibration::None && !field.is_octets() {
                told.key(name);
                each(field, span, told, |told, index| {
                    told.real(
                        field
                            .calibration
                            .apply(fields.raw(field, span, index).number()),
                    );
                });
            } else if !field.states.is_empty() {
                told.key(name);
                each(field, span, told, |told, index| {
                    match fields
                        .raw(field, span, index)
                        .state()
                        .and_then(|raw| field.state(raw))
                    {
                        Some(state) => told.text(state),
                        None => told.null(),
                    }
                });
            }
        }
    });
    standings(fields, line);
    if let Some(misfit) = misfit {
        line.plain("why").display(misfit);
    }
}

/// How the fields stand to their limits that are outside of them; of an array, the worst element.
fn standings(fields: &Fields<'_>, line: &mut Json) {
    let limited = |field: &Field| field.limits != Limits::default() && !field.is_octets();
    let outside = fields.named().filter(|(field, _)| limited(field));
    let outside = outside.filter_map(|(field, span)| {
        let standing = |index| {
            let raw = fields.raw(field, span, index).number();
            field.limits.standing(field.calibration.apply(raw))
        };
        let worst = (0..span.count).map(standing).max()?;
        (worst != Standing::Inside).then_some((field, worst))
    });
    let mut outside = outside.peekable();
    if outside.peek().is_some() {
        line.plain("limits").object(|told| {
            for (field, worst) in outside {
                told.key(field.name.as_deref().unwrap_or_default());
                told.text(match worst {
                    Standing::Inside => "inside",
                    Standing::Yellow => "yellow",
                    Standing::Red => "red",
                    Standing::Invalid => "invalid",
                });
            }
        });
    }
}

/// A field's elements: one value, or an array of them.
fn each(field: &Field, span: Span, told: &mut Json, tell: impl Fn(&mut Json, usize)) {
    if field.count == Count::One {
        tell(told, 0);
    } else {
        told.array(|told| (0..span.count).for_each(|index| tell(told, index)));
    }
}

fn raw(fields: &Fields<'_>, field: &Field, span: Span, told: &mut Json) {
    let element = |index: usize| fields.raw(field, span, index);
    let octets = || {
        (0..span.count).map(|index| match element(index) {
            Raw::Unsigned(octet) => octet as u8,
            _ => 0,
        })
    };
    match field.coding {
        Coding::Octets => match fields.octets(span) {
            Some(whole) => told.hex(whole.iter().copied()),
            None => told.hex(octets()),
        },
        Coding::Text => {
            let whole: Vec<u8> = octets().collect();
            told.text(String::from_utf8_lossy(&whole).trim_end_matches('\0'));
        }
        _ => each(field, span, told, |told, index| match element(index) {
            Raw::Unsigned(number) => told.unsigned(number),
            Raw::Signed(number) => told.signed(number),
            Raw::Float(number) => told.real(number),
        }),
    }
}

fn derived(layouts: &Layouts, deriver: &mut Deriver, fields: &Fields<'_>, line: &mut Json) {
    line.plain("derived").object(|told| {
        deriver.push(layouts, fields, |number, value| {
            told.key(&layouts.dictionary().derived[number].name)
                .real(value);
        });
    });
}
