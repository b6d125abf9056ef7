//! A dictionary compiled: finds the kind of a packet, and where each of its fields stands. Nothing is looked up by
//! name for a packet. What has the same place in every packet of its kind is placed once; behind an array whose
//! length the packet tells, places are found by walking.

use super::{Coding, Count, Dictionary, DictionaryError, Field, Packet};
use crate::telemetry::ccsds::time::Time;

/// Octets of a PUS-C telemetry secondary header with a time of seven octets.
const SECONDARY_OCTETS: usize = 7 + Time::OCTETS;
const PRIMARY_OCTETS: usize = 6;
const PEC_OCTETS: usize = 2;
/// Application process identifiers have eleven bits.
const APIDS: usize = 1 << 11;

/// All packets of a dictionary, ready to take packets apart.
#[derive(Clone, Debug)]
pub struct Layouts {
    dictionary: Dictionary,
    compiled: Vec<Layout>,
    /// By application process and secondary header flag: which packets it may be.
    by_apid: Vec<Candidates>,
}

/// Which packets of a dictionary a packet may be.
#[derive(Clone, Debug, Default)]
enum Candidates {
    #[default]
    None,
    One(u16),
    More(Vec<u16>),
}

/// One kind of packet, compiled.
#[derive(Clone, Debug)]
struct Layout {
    /// Places of the fields up to the first whose number of elements varies; those are the same in
    /// every packet.
    fixed: Vec<Span>,
    /// Bits of these fields.
    bits: usize,
    /// Those of them whose value tells that it is this kind: bit, bits, value.
    constants: Vec<(usize, u32, u64)>,
}

/// Where a field stands in its packet's user data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its first bit.
    pub bit: usize,
    /// How many elements it has.
    pub count: usize,
}

/// A value as it stands in a packet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Raw {
    /// From 0.
    Unsigned(u64),
    /// Two's complement.
    Signed(i64),
    /// A floating-point number; of 32 bits, its exact double.
    Float(f64),
}

/// What is wrong with a packet whose checksum is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// It ends before its fields do.
    #[error("user data end in field number {field}")]
    Short {
        /// The first field that is not whole, by its place.
        field: u16,
    },
    /// It goes on behind its fields.
    #[error("{octets} octets behind the last field")]
    Long {
        /// How many whole octets.
        octets: u32,
    },
}

/// A packet's fields and their places, borrowed from both.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    /// Which packet of the dictionary it is.
    pub kind: usize,
    /// What the dictionary says of it.
    pub packet: &'a Packet,
    /// The places of its fields, in order; fewer than fields if the packet ends too soon.
    pub spans: &'a [Span],
    /// Its user data.
    pub user: &'a [u8],
}

/// Room for the places of one packet's fields, kept from packet to packet.
#[derive(Clone, Debug, Default)]
pub struct Scratch(Vec<Span>);

impl Layouts {
    /// Compiles a dictionary.
    ///
    /// # Errors
    /// If a count refers to no number before it, or something stands behind "the rest".
    pub fn compile(dictionary: Dictionary) -> Result<Layouts, DictionaryError> {
        let mut by_apid = vec![Candidates::None; 2 * APIDS];
        let mut compiled = Vec::new();
        for (index, packet) in dictionary.packets.iter().enumerate() {
            compiled.push(Layout::compile(packet)?);
            by_apid[apid_slot(packet.apid, packet.service.is_some())].add(index as u16);
        }
        Ok(Layouts {
            dictionary,
            compiled,
            by_apid,
        })
    }

    /// What it was compiled from.
    pub fn dictionary(&self) -> &Dictionary {
        &self.dictionary
    }

    /// Which packet of the dictionary `packet` is, a whole space packet whose checksum is right:
    /// of those with its application process the first whose service, subtype and constants fit;
    /// else the only one there is. `None` if there is none or more than one that may be meant.
    #[inline]
    pub fn kind(&self, packet: &[u8]) -> Option<usize> {
        let identification = u16::from_be_bytes(*packet.first_chunk()?);
        let secondary = identification & 0x0800 != 0;
        match &self.by_apid[apid_slot(identification, secondary)] {
            Candidates::One(only) => Some(usize::from(*only)),
            Candidates::None => None,
            Candidates::More(candidates) => {
                let user = user_data(packet, secondary)?;
                let service = secondary.then(|| (packet[7], packet[8]));
                let fits = |kind: &&u16| self.fits(usize::from(**kind), service, user);
                candidates.iter().find(fits).map(|kind| usize::from(*kind))
            }
        }
    }

    /// The first packet that is what this says with certainty: its application process, service and
    /// subtype, and constants in its user data. For lines that carry other packets, too.
    pub fn described(&self, apid: u16, service: (u8, u8), user: &[u8]) -> Option<usize> {
        let packets = self.dictionary.packets.iter().enumerate();
        let mut of_apid = packets.filter(|(_, packet)| packet.apid == apid);
        let found = of_apid.find(|(kind, packet)| {
            packet.service.is_some() && self.fits(*kind, Some(service), user)
        });
        found.map(|(kind, _)| kind)
    }

    fn fits(&self, kind: usize, served: Option<(u8, u8)>, user: &[u8]) -> bool {
        let service = self.dictionary.packets[kind].service.as_ref();
        let is_served = service.zip(served).is_none_or(|(service, told)| {
            service.service.is_none_or(|number| told.0 == number)
                && (service.subtypes.is_empty() || service.subtypes.contains(&told.1))
        });
        is_served && self.compiled[kind].is_this(user)
    }

    /// The fields of `packet`, a whole space packet of kind number `kind`, and what does not fit.
    #[inline]
    pub fn fields<'a>(
        &'a self,
        kind: usize,
        packet: &'a [u8],
        scratch: &'a mut Scratch,
    ) -> (Fields<'a>, Option<Misfit>) {
        let secondary = self.dictionary.packets[kind].service.is_some();
        self.fields_of(
            kind,
            user_data(packet, secondary).unwrap_or_default(),
            scratch,
        )
    }

    /// The same of user data.
    #[inline]
    pub fn fields_of<'a>(
        &'a self,
        kind: usize,
        user: &'a [u8],
        scratch: &'a mut Scratch,
    ) -> (Fields<'a>, Option<Misfit>) {
        let (layout, described) = (&self.compiled[kind], &self.dictionary.packets[kind]);
        let fields = |spans| Fields {
            kind,
            packet: described,
            spans,
            user,
        };
        let is_fixed = layout.fixed.len() == described.fields.len();
        if is_fixed && layout.bits.div_ceil(8) == user.len() {
            return (fields(&layout.fixed), None);
        }
        scratch.0.clear();
        let misfit = layout.place(&described.fields, user, &mut scratch.0).err();
        (fields(&scratch.0), misfit)
    }
}

impl Candidates {
    fn add(&mut self, index: u16) {
        *self = match std::mem::take(self) {
            Candidates::None => Candidates::One(index),
            Candidates::One(first) => Candidates::More(vec![first, index]),
            Candidates::More(mut more) => {
                more.push(index);
                Candidates::More(more)
            }
        };
    }
}

fn apid_slot(apid: u16, secondary: bool) -> usize {
    usize::from(apid) % APIDS + if secondary { APIDS } else { 0 }
}

/// What stands between a packet's headers and its checksum.
#[inline]
pub fn user_data(packet: &[u8], secondary: bool) -> Option<&[u8]> {
    let start = PRIMARY_OCTETS + if secondary { SECONDARY_OCTETS } else { 0 };
    packet.get(start..packet.len().checked_sub(PEC_OCTETS)?)
}

impl Layout {
    fn compile(packet: &Packet) -> Result<Layout, DictionaryError> {
        (0..packet.fields.len()).try_for_each(|number| check(packet, number))?;
        let (mut bits, mut fixed, mut constants) = (0, Vec::new(), Vec::new());
        for field in &packet.fields {
            let count = match field.count {
                Count::One => 1,
                Count::Fixed(count) => count as usize,
                Count::Field(_) | Count::Rest => break,
            };
            constants.extend(field.constant.map(|value| (bits, field.bits, value)));
            fixed.push(Span { bit: bits, count });
            bits += count * field.bits as usize;
        }
        Ok(Layout {
            fixed,
            bits,
            constants,
        })
    }

    /// Appends the places of the fields of a packet with these user data.
    #[inline]
    fn place(&self, fields: &[Field], user: &[u8], spans: &mut Vec<Span>) -> Result<(), Misfit> {
        let (mut bit, end) = (0, 8 * user.len());
        if self.bits <= end {
            spans.extend_from_slice(&self.fixed);
            bit = self.bits;
        }
        for (number, field) in fields.iter().enumerate().skip(spans.len()) {
            let width = field.bits as usize;
            let count = match field.count {
                Count::One => 1,
                Count::Fixed(count) => count as usize,
                Count::Rest => (end - bit) / width,
                Count::Field(before) => {
                    let before = usize::from(before);
                    usize::try_from(bits(user, spans[before].bit, fields[before].bits))
                        .unwrap_or(usize::MAX)
                }
            };
            let after = count
                .checked_mul(width)
                .and_then(|bits| bits.checked_add(bit));
            let Some(after) = after.filter(|after| *after <= end) else {
                return Err(Misfit::Short {
                    field: number as u16,
                });
            };
            spans.push(Span { bit, count });
            bit = after;
        }
        match (end - bit) / 8 {
            0 => Ok(()),
            octets => Err(Misfit::Long {
                octets: octets as u32,
            }),
        }
    }

    fn is_this(&self, user: &[u8]) -> bool {
        self.constants.iter().all(|(bit, width, value)| {
            bit + *width as usize <= 8 * user.len() && bits(user, *bit, *width) == *value
        })
    }
}

/// Refuses what cannot be placed.
fn check(packet: &Packet, number: usize) -> Result<(), DictionaryError> {
    let field = &packet.fields[number];
    let refuse = |why: &str| {
        let name = field.name.as_deref().unwrap_or("spare");
        let place = format!("packet `{}`, field `{name}`", packet.name);
        Err(DictionaryError::content(place, why))
    };
    let widths = match field.coding {
        Coding::Float => [32, 64].contains(&field.bits),
        Coding::Octets | Coding::Text => field.bits == 8,
        Coding::Unsigned | Coding::Signed => (1..=64).contains(&field.bits),
    };
    if !widths {
        return refuse("has a width that its type cannot have: 1 to 64 bits, floats 32 or 64");
    }
    match field.count {
        Count::Field(before) => {
            let counted = packet.fields[..number].get(usize::from(before));
            let is_number = counted.is_some_and(|counted| {
                counted.coding == Coding::Unsigned && counted.count == Count::One
            });
            if !is_number {
                return refuse("is counted by what is no unsigned field before it");
            }
        }
        Count::Rest if number + 1 < packet.fields.len() => {
            return refuse("takes the rest of the packet, so nothing can stand behind it");
        }
        _ => {}
    }
    Ok(())
}

/// `width` bits from `bit` on, most significant first; what is behind the end is 0.
#[inline]
pub fn bits(octets: &[u8], bit: usize, width: u32) -> u64 {
    let (at, lead) = (bit / 8, (bit % 8) as u32);
    let window = octets.get(at..).unwrap_or_default();
    if let Some(window) = window.first_chunk::<8>()
        && lead + width <= 64
    {
        return (u64::from_be_bytes(*window) << lead) >> (64 - width);
    }
    let mut wide = [0; 16];
    let there = window.len().min(9);
    wide[..there].copy_from_slice(&window[..there]);
    ((u128::from_be_bytes(wide) << lead) >> (128 - width)) as u64
}

impl Raw {
    /// Reads one value.
    #[inline]
    pub fn read(octets: &[u8], bit: usize, coding: Coding, width: u32) -> Raw {
        let raw = bits(octets, bit, width);
        match coding {
            Coding::Signed => Raw::Signed((raw << (64 - width)).cast_signed() >> (64 - width)),
            Coding::Float if width == 32 => Raw::Float(f64::from(f32::from_bits(raw as u32))),
            Coding::Float => Raw::Float(f64::from_bits(raw)),
            Coding::Unsigned | Coding::Octets | Coding::Text => Raw::Unsigned(raw),
        }
    }

    /// As a double, rounded where it has more than 53 bits.
    #[inline]
    pub fn number(self) -> f64 {
        match self {
            Raw::Unsigned(number) => number as f64,
            Raw::Signed(number) => number as f64,
            Raw::Float(number) => number,
        }
    }

    /// As a state's number; a fraction has none.
    pub fn state(self) -> Option<i64> {
        match self {
            Raw::Unsigned(number) => i64::try_from(number).ok(),
            Raw::Signed(number) => Some(number),
            Raw::Float(_) => None,
        }
    }
}

impl<'a> Fields<'a> {
    /// The fields that have a name and are whole, with their places.
    pub fn named(&self) -> impl Iterator<Item = (&'a Field, Span)> + use<'a> {
        let fields = self.packet.fields.iter().zip(self.spans);
        fields.filter_map(|(field, span)| field.name.is_some().then_some((field, *span)))
    }

    /// Element number `index` of a field.
    #[inline]
    pub fn raw(&self, field: &Field, span: Span, index: usize) -> Raw {
        let bit = span.bit + index * field.bits as usize;
        Raw::read(self.user, bit, field.coding, field.bits)
    }

    /// The octets of a field, if they begin at an octet.
    pub fn octets(&self, span: Span) -> Option<&'a [u8]> {
        let start = span.bit / 8;
        span.bit
            .is_multiple_of(8)
            .then(|| &self.user[start..start + span.count])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    proptest! {
        #[test]
        fn bits_are_those_one_sees(octets in proptest::collection::vec(any::<u8>(), 0..20), bit in 0..170_usize, width in 1..=64_u32) {
            let mut slow = 0;
            for at in bit..bit + width as usize {
                let octet = octets.get(at / 8).copied().unwrap_or(0);
                slow = slow << 1 | u64::from(octet >> (7 - at % 8) & 1);
            }
            prop_assert_eq!(bits(&octets, bit, width), slow);
        }
    }

    #[test]
    fn signs_and_floats() {
        assert_eq!(Raw::read(&[0xf8], 0, Coding::Signed, 5), Raw::Signed(-1));
        let octets = 1.5_f32.to_be_bytes();
        assert_eq!(Raw::read(&octets, 0, Coding::Float, 32), Raw::Float(1.5));
        assert_eq!(Raw::Unsigned(u64::MAX).state(), None);
    }
}
