//! What the board's interface document says: identifiers, and the messages inside ISO-TP. The
//! first octet is the service; an answer has 0x40 added to it, a refusal is 0x7F, the service and
//! a code, as in ISO 14229. Numbers are big-endian.

use nom::bytes::complete::take_till;
use nom::combinator::rest;
use nom::number::complete::{be_u8, be_u16, be_u32};
use nom::sequence::terminated;
use nom::{IResult, Parser};
use profiles::command::PowerMode;

use crate::accelerator::role::{Inference, Question};
use crate::device::Identity;
use crate::telemetry::framing::isotp::Flow;

/// Longest message, octets: an input of any network that fits such a board.
pub(super) const MESSAGE_LIMIT: usize = 1 << 20;
/// What both ends ask of each other. A block is short enough for any controller's queue.
pub(super) const FLOW: Flow = Flow {
    block_size: 64,
    separation: 0,
};
/// Longest output that travels with the answer, octets.
pub(super) const INLINE_LIMIT: usize = 64;

/// Service: who are you?
pub(super) const IDENTIFY: u8 = 0x01;
/// Service: keep an input.
pub(super) const LOAD: u8 = 0x02;
/// Service: infer.
pub(super) const INFER: u8 = 0x03;
/// Service: send an output.
pub(super) const FETCH: u8 = 0x04;
/// Service: choose the power mode.
pub(super) const MODE: u8 = 0x05;
/// Service: stop working.
pub(super) const STOP: u8 = 0x06;
/// Service: keep a part of an input, which is too long for one packet.
pub(super) const LOAD_PART: u8 = 0x07;
/// Service: send a part of an output.
pub(super) const FETCH_PART: u8 = 0x08;
/// Octets of a part, at most: what a packet of 256 octets has room for beside its headers.
pub(super) const PART: usize = 192;
/// What an answer adds to its service.
pub(super) const ANSWER: u8 = 0x40;
/// A refusal.
pub(super) const REFUSAL: u8 = 0x7f;
/// Unasked: the board has booted; one octet says why.
pub(super) const BOOTED: u8 = 0x60;
/// Unasked: the first token of an inference is there; query, input slot, and µs since it began.
pub(super) const FIRST_TOKEN: u8 = 0x61;

/// The message that puts a question.
pub(super) fn write_question(question: &Question) -> Vec<u8> {
    match question {
        Question::Identify => vec![IDENTIFY],
        Question::LoadInput { slot, bytes } => {
            let mut message = Vec::with_capacity(3 + bytes.len());
            message.push(LOAD);
            message.extend_from_slice(&slot.to_be_bytes());
            message.extend_from_slice(bytes);
            message
        }
        Question::Infer { query, slot } => {
            let mut message = vec![INFER];
            message.extend_from_slice(&query.to_be_bytes());
            message.extend_from_slice(&slot.to_be_bytes());
            message
        }
        Question::FetchOutput { slot } => {
            let [high, low] = slot.to_be_bytes();
            vec![FETCH, high, low]
        }
        Question::Mode(PowerMode::Full) => vec![MODE, 0],
        Question::Mode(PowerMode::Reduced) => vec![MODE, 1],
        Question::Stop => vec![STOP],
    }
}

/// Reads a question.
pub(super) fn read_question(message: &[u8]) -> Option<Question> {
    let (input, service) = octet(message).ok()?;
    match service {
        IDENTIFY if input.is_empty() => Some(Question::Identify),
        LOAD => {
            let (bytes, slot) = word(input).ok()?;
            Some(Question::LoadInput {
                slot,
                bytes: bytes.into(),
            })
        }
        INFER => {
            let (rest, (query, slot)) = (long, word).parse(input).ok()?;
            rest.is_empty().then_some(Question::Infer { query, slot })
        }
        FETCH => {
            let (rest, slot) = word(input).ok()?;
            rest.is_empty().then_some(Question::FetchOutput { slot })
        }
        MODE => match input {
            [0] => Some(Question::Mode(PowerMode::Full)),
            [1] => Some(Question::Mode(PowerMode::Reduced)),
            _ => None,
        },
        STOP if input.is_empty() => Some(Question::Stop),
        _ => None,
    }
}

/// What a board says in a message.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answer<'a> {
    /// To [`IDENTIFY`]: four texts, each with a zero octet behind it.
    Identity(Identity),
    /// To [`LOAD`].
    Loaded(u16),
    /// To [`INFER`], when it is done.
    Inferred(Inference),
    /// To [`FETCH`].
    Output(u16, &'a [u8]),
    /// To [`MODE`] and [`STOP`].
    Done,
    /// It will not: service and code.
    Refused(u8, u8),
    /// It has booted.
    Booted,
    /// The first token is there: query, input slot, and µs since the inference began.
    FirstToken(u32, u16, u32),
}

/// Reads an answer.
pub(super) fn read_answer(message: &[u8]) -> Option<Answer<'_>> {
    const IDENTITY: u8 = ANSWER | IDENTIFY;
    const LOADED: u8 = ANSWER | LOAD;
    const INFERRED: u8 = ANSWER | INFER;
    const OUTPUT: u8 = ANSWER | FETCH;
    const MODE_SET: u8 = ANSWER | MODE;
    const STOPPED: u8 = ANSWER | STOP;
    let (input, service) = octet(message).ok()?;
    match service {
        IDENTITY => identity(input).ok().map(|(_, it)| Answer::Identity(it)),
        LOADED => match *input {
            [high, low] => Some(Answer::Loaded(u16::from_be_bytes([high, low]))),
            _ => None,
        },
        INFERRED => inference(input).ok().map(|(_, it)| Answer::Inferred(it)),
        OUTPUT => word(input)
            .ok()
            .map(|(bytes, slot)| Answer::Output(slot, bytes)),
        MODE_SET | STOPPED if input.is_empty() => Some(Answer::Done),
        BOOTED if input.len() == 1 => Some(Answer::Booted),
        FIRST_TOKEN => {
            let (rest, (query, slot, micros)) = (long, word, long).parse(input).ok()?;
            let whole = rest.is_empty();
            whole.then_some(Answer::FirstToken(query, slot, micros))
        }
        REFUSAL => match *input {
            [service, code] => Some(Answer::Refused(service, code)),
            _ => None,
        },
        _ => None,
    }
}

/// The answer to [`IDENTIFY`].
pub(super) fn write_identity(identity: &Identity) -> Vec<u8> {
    let mut message = vec![ANSWER | IDENTIFY];
    for text in [
        &identity.maker,
        &identity.model,
        &identity.serial,
        &identity.firmware,
    ] {
        message.extend_from_slice(text.as_bytes());
        message.push(0);
    }
    message
}

/// The answer to [`INFER`]; a small output travels with it.
pub(super) fn write_inference(inference: &Inference) -> Vec<u8> {
    let mut message = vec![ANSWER | INFER];
    message.extend_from_slice(&inference.query.to_be_bytes());
    message.extend_from_slice(&inference.slot.to_be_bytes());
    message.extend_from_slice(&inference.latency_us.to_be_bytes());
    message.extend_from_slice(&inference.digest.to_be_bytes());
    if let Some(output) = &inference.output
        && output.len() <= INLINE_LIMIT
    {
        message.extend_from_slice(output);
    }
    message
}

/// The message that the first token of an inference is there.
pub(super) fn write_first_token((query, slot, micros): (u32, u16, u32)) -> Vec<u8> {
    let mut message = vec![FIRST_TOKEN];
    message.extend_from_slice(&query.to_be_bytes());
    message.extend_from_slice(&slot.to_be_bytes());
    message.extend_from_slice(&micros.to_be_bytes());
    message
}

/// A part of a transfer: a request of it, or the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// [`LOAD_PART`]: slot, offset and octets; in the answer the offset behind them, and none.
    Load(u16, u32, &'a [u8]),
    /// [`FETCH_PART`]: slot and offset.
    Fetch(u16, u32),
    /// The answer to it: slot, octets of the whole output, offset and octets.
    Fetched(u16, u32, u32, &'a [u8]),
}

/// The message that asks for a part.
pub(super) fn write_part(part: &Part<'_>) -> Vec<u8> {
    write_part_as(0, part)
}

/// The message that answers it.
pub(super) fn write_part_answer(part: &Part<'_>) -> Vec<u8> {
    write_part_as(ANSWER, part)
}

fn write_part_as(answer: u8, part: &Part<'_>) -> Vec<u8> {
    let (service, slot, numbers, octets): (u8, u16, Vec<u32>, &[u8]) = match *part {
        Part::Load(slot, offset, octets) => (LOAD_PART, slot, vec![offset], octets),
        Part::Fetch(slot, offset) => (FETCH_PART, slot, vec![offset], &[]),
        Part::Fetched(slot, total, offset, octets) => {
            (FETCH_PART, slot, vec![total, offset], octets)
        }
    };
    let mut message = vec![answer | service];
    message.extend_from_slice(&slot.to_be_bytes());
    message.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
    message.extend_from_slice(octets);
    message
}

/// Reads a request of a part.
pub(super) fn read_part(message: &[u8]) -> Option<Part<'_>> {
    let (input, service) = octet(message).ok()?;
    let (octets, (slot, offset)) = (word, long).parse(input).ok()?;
    match service {
        LOAD_PART if octets.len() <= PART => Some(Part::Load(slot, offset, octets)),
        FETCH_PART if octets.is_empty() => Some(Part::Fetch(slot, offset)),
        _ => None,
    }
}

/// Reads the answer to one.
pub(super) fn read_part_answer(message: &[u8]) -> Option<Part<'_>> {
    const LOADED: u8 = ANSWER | LOAD_PART;
    const FETCHED: u8 = ANSWER | FETCH_PART;
    let (input, service) = octet(message).ok()?;
    match service {
        LOADED => {
            let (rest, (slot, next)) = (word, long).parse(input).ok()?;
            rest.is_empty().then_some(Part::Load(slot, next, &[]))
        }
        FETCHED => {
            let (octets, (slot, total, offset)) = (word, long, long).parse(input).ok()?;
            Some(Part::Fetched(slot, total, offset, octets))
        }
        _ => None,
    }
}

fn octet(input: &[u8]) -> IResult<&[u8], u8> {
    be_u8(input)
}

fn word(input: &[u8]) -> IResult<&[u8], u16> {
    be_u16(input)
}

fn long(input: &[u8]) -> IResult<&[u8], u32> {
    be_u32(input)
}

fn identity(input: &[u8]) -> IResult<&[u8], Identity> {
    let text = || {
        terminated(take_till(|octet| octet == 0), be_u8)
            .map(|text: &[u8]| String::from_utf8_lossy(text).into_owned())
    };
    (text(), text(), text(), text())
        .map(|(maker, model, serial, firmware)| Identity {
            maker,
            model,
            serial,
            firmware,
        })
        .parse(input)
}

fn inference(input: &[u8]) -> IResult<&[u8], Inference> {
    (long, word, long, long, rest)
        .map(|(query, slot, latency_us, digest, output)| Inference {
            query,
            slot,
            latency_us,
            first_us: None,
            digest,
            output: Some(output)
                .filter(|output| !output.is_empty())
                .map(Into::into),
        })
        .parse(input)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_question_comes_back() {
        for question in [
            Question::Identify,
            Question::LoadInput {
                slot: 258,
                bytes: [1, 2, 3].into(),
            },
            Question::Infer {
                query: 70_000,
                slot: 3,
            },
            Question::FetchOutput { slot: 3 },
            Question::Mode(PowerMode::Full),
            Question::Mode(PowerMode::Reduced),
            Question::Stop,
        ] {
            let message = write_question(&question);
            assert_eq!(read_question(&message), Some(question));
        }
        assert_eq!(read_question(&[IDENTIFY, 0]), None);
        assert_eq!(read_question(&[]), None);
    }

    proptest! {
        #[test]
        fn any_message_is_read_or_refused(message in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Some(part) = read_part(&message) {
                prop_assert_eq!(&write_part(&part), &message);
                prop_assert!(read_question(&message).is_none());
            }
            if let Some(part) = read_part_answer(&message) {
                prop_assert_eq!(&write_part_answer(&part), &message);
                prop_assert!(read_answer(&message).is_none());
            }
            if let Some(Answer::FirstToken(query, slot, micros)) = read_answer(&message) {
                prop_assert_eq!(&write_first_token((query, slot, micros)), &message);
            }
            if let Some(question) = read_question(&message) {
                prop_assert_eq!(&write_question(&question), &message);
            }
        }
    }

    #[test]
    fn a_first_token_comes_back_whole_or_not_at_all() {
        let message = write_first_token((70_000, 3, 64_000));
        assert_eq!(message, [0x61, 0, 1, 0x11, 0x70, 0, 3, 0, 0, 0xfa, 0]);
        assert_eq!(
            read_answer(&message),
            Some(Answer::FirstToken(70_000, 3, 64_000))
        );
        assert_eq!(read_answer(&message[..10]), None);
        assert_eq!(read_answer(&[&message[..], &[0]].concat()), None);
    }

    #[test]
    fn every_part_comes_back() {
        for part in [Part::Load(3, 192, &[1, 2]), Part::Fetch(2, 70_000)] {
            assert_eq!(read_part(&write_part(&part)), Some(part));
        }
        for part in [Part::Load(3, 192, &[]), Part::Fetched(2, 12, 0, &[7; 12])] {
            assert_eq!(read_part_answer(&write_part_answer(&part)), Some(part));
            assert_eq!(read_part(&write_part_answer(&part)), None);
        }
        assert_eq!(read_part(&[LOAD_PART, 0, 0, 0]), None);
    }
}
