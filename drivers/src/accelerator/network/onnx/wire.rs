//! Whether a file is Protocol Buffers as its reader expects them, looked at before it is read: rten-onnx 0.27
//! goes on for ever at a number of more than ten octets, and a single octet that was damaged makes one.
//!
//! Sources: protobuf.dev, "Encoding"; onnx.proto, for which fields hold messages and packed numbers.

/// Messages are no deeper in each other than this: graphs in graphs of control flow, and what describes a type.
const DEEPEST: usize = 64;

/// A message of ONNX with fields that must be looked into, or what else has a length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    ValueInfo,
    Type,
    TensorType,
    SequenceType,
    Shape,
    /// A message of numbers and texts alone.
    Plain,
    /// Numbers one after another.
    Numbers,
    /// Octets, which may be any.
    Octets,
}

impl Holds {
    /// What is in its field of that number.
    fn field(self, number: u64) -> Holds {
        match (self, number) {
            (Holds::Model, 7) | (Holds::Attribute, 6 | 11) => Holds::Graph,
            (Holds::Graph, 1) => Holds::Node,
            (Holds::Node, 5) => Holds::Attribute,
            (Holds::Graph | Holds::Attribute, 5) | (Holds::Attribute, 10) => Holds::Tensor,
            (Holds::Graph, 11..=13) => Holds::ValueInfo,
            (Holds::ValueInfo, 2) | (Holds::SequenceType, 1) => Holds::Type,
            (Holds::Type, 1) => Holds::TensorType,
            (Holds::Type, 4) => Holds::SequenceType,
            (Holds::TensorType, 2) => Holds::Shape,
            (Holds::Shape, 1) | (Holds::Tensor, 13) | (Holds::Model, 8 | 14) => Holds::Plain,
            (Holds::Tensor, 1 | 5 | 7 | 11) | (Holds::Attribute, 8) => Holds::Numbers,
            _ => Holds::Octets,
        }
    }
}

/// Nothing, if the file is a whole message.
///
/// # Errors
/// Where it is not, and why.
pub(super) fn check(file: &[u8]) -> Result<(), String> {
    let mut walk = Walk { file, at: 0 };
    walk.message(Holds::Model, file.len(), 0)
        .map_err(|why| format!("at byte {}: {why}", walk.at))
}

struct Walk<'a> {
    file: &'a [u8],
    at: usize,
}

impl Walk<'_> {
    fn message(&mut self, holds: Holds, end: usize, depth: usize) -> Result<(), String> {
        if depth > DEEPEST {
            return Err(format!("messages in each other, deeper than {DEEPEST}"));
        }
        while self.at < end {
            let tag = self.number(end)?;
            match tag & 7 {
                0 => drop(self.number(end)?),
                1 => self.pass(8, end)?,
                5 => self.pass(4, end)?,
                2 => {
                    let length = self.number(end)?;
                    let start = self.at;
                    self.pass(length, end)?;
                    let stop = std::mem::replace(&mut self.at, start);
                    self.inside(holds.field(tag >> 3), stop, depth)?;
                }
                kind => return Err(format!("a field of kind {kind}, which there is none of")),
            }
        }
        Ok(())
    }

    /// What stands between here and `end`.
    fn inside(&mut self, holds: Holds, end: usize, depth: usize) -> Result<(), String> {
        match holds {
            Holds::Octets => self.at = end,
            Holds::Numbers => {
                while self.at < end {
                    self.number(end)?;
                }
            }
            message => self.message(message, end, depth + 1)?,
        }
        Ok(())
    }

    /// A number in at most ten octets, seven bits in each, the least first.
    fn number(&mut self, end: usize) -> Result<u64, String> {
        let mut number = 0;
        for (place, octet) in self.file[self.at..end].iter().take(10).enumerate() {
            number |= u64::from(octet & 0x7f) << (7 * place);
            if *octet < 0x80 {
                self.at += place + 1;
                return Ok(number);
            }
        }
        Err(match end - self.at {
            0..10 => "a number that does not end".to_owned(),
            _ => "a number of more than ten octets".to_owned(),
        })
    }

    fn pass(&mut self, length: u64, end: usize) -> Result<(), String> {
        let left = (end - self.at) as u64;
        if length > left {
            return Err(format!(
                "{length} octets are announced, and {left} are there"
            ));
        }
        self.at += length as usize;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field with `inner` in it.
    fn field(number: u8, inner: &[u8]) -> Vec<u8> {
        let mut told = vec![number << 3 | 2];
        let mut length = inner.len();
        while length >= 0x80 {
            told.push(length as u8 | 0x80);
            length >>= 7;
        }
        told.push(length as u8);
        told.extend_from_slice(inner);
        told
    }

    /// A model with a tensor that has `inner` in its field of that number.
    fn tensor(number: u8, inner: &[u8]) -> Vec<u8> {
        field(7, &field(5, &field(number, inner)))
    }

    #[test]
    fn a_number_without_an_end_is_refused_and_octets_of_weights_are_not() {
        // A version of eleven octets that all say that there is more.
        let endless = [&[0x08][..], &[0xff; 11], &[0]].concat();
        let why = check(&endless).unwrap_err();
        assert_eq!(why, "at byte 1: a number of more than ten octets");
        // Dimensions and numbers of a tensor; the same octets as its raw data may stand there.
        for numbers in [1, 5, 7, 11] {
            let why = check(&tensor(numbers, &[0xff; 12])).unwrap_err();
            assert!(why.contains("more than ten"), "{why}");
        }
        assert_eq!(check(&tensor(9, &[0xff; 12])), Ok(()));
        assert_eq!(check(&tensor(7, &[0xff, 0xff, 1, 0])), Ok(()));
        // The greatest number there is.
        let greatest = [&[0xff; 9][..], &[1]].concat();
        assert_eq!(check(&tensor(7, &greatest)), Ok(()));
    }

    #[test]
    fn what_is_cut_off_or_of_no_kind_is_refused() {
        let whole = tensor(9, &[1; 200]);
        for end in 1..whole.len() {
            let why = check(&whole[..end]).unwrap_err();
            let is_told = ["are announced", "does not end"]
                .iter()
                .any(|told| why.contains(told));
            assert!(is_told, "{end}: {why}");
        }
        assert_eq!(check(&whole), Ok(()));
        assert_eq!(check(&[]), Ok(()));
        let why = check(&[0x0b]).unwrap_err();
        assert_eq!(why, "at byte 1: a field of kind 3, which there is none of");
    }

    #[test]
    fn messages_in_each_other_end_somewhere() {
        // A node with an attribute with a graph with a node with an attribute …
        let nested = |times: usize| {
            let graph = (0..times).fold(Vec::new(), |graph, _| {
                field(1, &field(5, &field(6, &graph)))
            });
            field(7, &graph)
        };
        assert_eq!(check(&nested(20)), Ok(()));
        let why = check(&nested(1_000)).unwrap_err();
        assert!(why.contains("deeper than 64"), "{why}");
    }
}
