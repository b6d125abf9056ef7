//! Service data objects: values read and written whole, in one frame (expedited) or in segments of
//! seven octets (CiA 301, 7.2.4). Block transfers are refused, as the standard lets a server do.

use super::{Abort, Dictionary, Key};

/// The data of a request or an answer.
type Data = [u8; 8];

/// Octets in a segment.
const SEGMENT: usize = 7;

fn with_key(command: u8, (index, subindex): Key, rest: [u8; 4]) -> Data {
    let [low, high] = index.to_le_bytes();
    let [a, b, c, d] = rest;
    [command, low, high, subindex, a, b, c, d]
}

fn key(data: Data) -> Key {
    (u16::from_le_bytes([data[1], data[2]]), data[3])
}

fn aborted(key: Key, Abort(code): Abort) -> Data {
    with_key(0x80, key, code.to_le_bytes())
}

/// A segment of data, and whether it is the last. `command` has the toggle bit.
fn segment(command: u8, rest: &[u8]) -> (Data, usize) {
    let length = rest.len().min(SEGMENT);
    let last = u8::from(rest.len() <= SEGMENT);
    let unused = (SEGMENT - length) as u8;
    let mut data = [0; 8];
    data[0] = command | unused << 1 | last;
    data[1..=length].copy_from_slice(&rest[..length]);
    (data, length)
}

/// The octets of a segment.
fn content(data: &Data) -> &[u8] {
    let unused = usize::from(data[0] >> 1 & 7);
    &data[1..8 - unused]
}

/// The octets of an expedited transfer, where bit 0 says that their number is told.
fn expedited(data: &Data) -> &[u8] {
    let unused = if data[0] & 1 == 0 {
        0
    } else {
        usize::from(data[0] >> 2 & 3)
    };
    &data[4..8 - unused]
}

/// What a transfer of several frames is at.
#[derive(Clone, Debug)]
struct Under {
    key: Key,
    octets: Vec<u8>,
    /// Octets that have been sent.
    sent: usize,
    toggle: u8,
}

/// A node's side.
#[derive(Clone, Debug, Default)]
pub struct Server {
    reading: Option<Under>,
    writing: Option<Under>,
    limit: usize,
}

impl Server {
    /// A server that takes values of up to `limit` octets.
    pub fn new(limit: usize) -> Server {
        Server {
            limit,
            ..Server::default()
        }
    }

    /// Answers a request; an abort of the client's has no answer. What was written, if it was, is
    /// in the dictionary, and its key is told.
    pub fn answer(&mut self, data: &[u8], values: &mut Dictionary) -> (Option<Data>, Option<Key>) {
        let Ok(data) = Data::try_from(data) else {
            return (None, None);
        };
        let mut written = None;
        let answer = match data[0] >> 5 {
            0 => self.take_segment(data, values, &mut written),
            1 => self.begin_writing(data, values, &mut written),
            2 => self.begin_reading(data, values),
            3 => self.give_segment(data),
            4 => {
                (self.reading, self.writing) = (None, None);
                return (None, None);
            }
            _ => Err(Abort::COMMAND),
        };
        let answer = answer.unwrap_or_else(|abort| {
            let under = self.reading.take().or(self.writing.take());
            // Segments do not say what they are of.
            let of = under.filter(|_| matches!(data[0] >> 5, 0 | 3));
            aborted(of.map_or(key(data), |under| under.key), abort)
        });
        (Some(answer), written)
    }

    fn begin_reading(&mut self, data: Data, values: &Dictionary) -> Result<Data, Abort> {
        let key = key(data);
        self.reading = None;
        let value = values.get(key)?;
        if let 1..=4 = value.len() {
            let mut rest = [0; 4];
            rest[..value.len()].copy_from_slice(value);
            let unused = (4 - value.len()) as u8;
            return Ok(with_key(0x43 | unused << 2, key, rest));
        }
        self.reading = Some(Under {
            key,
            octets: value.to_vec(),
            sent: 0,
            toggle: 0,
        });
        Ok(with_key(0x41, key, (value.len() as u32).to_le_bytes()))
    }

    fn give_segment(&mut self, data: Data) -> Result<Data, Abort> {
        let under = self.reading.as_mut().ok_or(Abort::COMMAND)?;
        if data[0] & 0x10 != under.toggle {
            return Err(Abort::TOGGLE);
        }
        let (answer, sent) = segment(under.toggle, &under.octets[under.sent..]);
        under.sent += sent;
        under.toggle ^= 0x10;
        if under.sent == under.octets.len() {
            self.reading = None;
        }
        Ok(answer)
    }

    fn begin_writing(
        &mut self,
        data: Data,
        values: &mut Dictionary,
        written: &mut Option<Key>,
    ) -> Result<Data, Abort> {
        let key = key(data);
        self.writing = None;
        if data[0] & 2 != 0 {
            values.put(key, expedited(&data))?;
            *written = Some(key);
        } else {
            values.get(key)?;
            let length = u32::from_le_bytes([data[4], data[5], data[6], data[7]]);
            if data[0] & 1 != 0 && length as usize > self.limit {
                return Err(Abort::LENGTH);
            }
            self.writing = Some(Under {
                key,
                octets: Vec::new(),
                sent: 0,
                toggle: 0,
            });
        }
        Ok(with_key(0x60, key, [0; 4]))
    }

    fn take_segment(
        &mut self,
        data: Data,
        values: &mut Dictionary,
        written: &mut Option<Key>,
    ) -> Result<Data, Abort> {
        let under = self.writing.as_mut().ok_or(Abort::COMMAND)?;
        if data[0] & 0x10 != under.toggle {
            return Err(Abort::TOGGLE);
        }
        under.octets.extend_from_slice(content(&data));
        if under.octets.len() > self.limit {
            return Err(Abort::LENGTH);
        }
        let answer = [0x20 | under.toggle, 0, 0, 0, 0, 0, 0, 0];
        under.toggle ^= 0x10;
        if data[0] & 1 != 0 {
            values.put(under.key, &under.octets)?;
            *written = Some(under.key);
            self.writing = None;
        }
        Ok(answer)
    }
}

/// What came of a client's request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// This frame is to be sent next.
    Next([u8; 8]),
    /// The value, of what was read.
    Read(Vec<u8>),
    /// It was written.
    Written,
    /// The far end, or this one, gave it up.
    Aborted(Abort),
    /// It answers nothing that was asked.
    Unasked,
}

/// A master's side: one request at a time.
#[derive(Clone, Debug, Default)]
pub struct Client {
    reading: Option<Under>,
    writing: Option<Under>,
}

impl Client {
    /// Asks for a value; the frame that does.
    pub fn read(&mut self, key: Key) -> [u8; 8] {
        self.writing = None;
        self.reading = Some(Under {
            key,
            octets: Vec::new(),
            sent: 0,
            toggle: 0,
        });
        with_key(0x40, key, [0; 4])
    }

    /// Writes a value; the frame that begins it.
    pub fn write(&mut self, key: Key, value: &[u8]) -> [u8; 8] {
        self.reading = None;
        let mut rest = [0; 4];
        let expedited = (1..=4).contains(&value.len());
        self.writing = Some(Under {
            key,
            octets: value.to_vec(),
            sent: if expedited { value.len() } else { 0 },
            toggle: 0,
        });
        if expedited {
            rest[..value.len()].copy_from_slice(value);
            return with_key(0x23 | ((4 - value.len()) as u8) << 2, key, rest);
        }
        with_key(0x21, key, (value.len() as u32).to_le_bytes())
    }

    /// Takes an answer.
    pub fn hear(&mut self, data: &[u8]) -> Outcome {
        let Ok(data) = Data::try_from(data) else {
            return Outcome::Unasked;
        };
        let under = self.reading.as_ref().or(self.writing.as_ref());
        let Some(asked) = under.map(|under| under.key) else {
            return Outcome::Unasked;
        };
        let outcome = match data[0] >> 5 {
            4 => {
                let code = u32::from_le_bytes([data[4], data[5], data[6], data[7]]);
                return self.end(Outcome::Aborted(Abort(code)));
            }
            2 | 3 if key(data) != asked => return Outcome::Unasked,
            0 => self.read_segment(data),
            1 => self.write_segment(data),
            2 => self.read_begun(data),
            3 => self.write_begun(),
            _ => None,
        };
        // What makes no sense is told to the far end, which gives up too.
        outcome.unwrap_or_else(|| {
            (self.reading, self.writing) = (None, None);
            Outcome::Next(aborted(asked, Abort::COMMAND))
        })
    }

    fn end(&mut self, outcome: Outcome) -> Outcome {
        (self.reading, self.writing) = (None, None);
        outcome
    }

    fn read_begun(&mut self, data: Data) -> Option<Outcome> {
        self.reading.as_ref()?;
        if data[0] & 2 != 0 {
            let value = expedited(&data).to_vec();
            return Some(self.end(Outcome::Read(value)));
        }
        Some(Outcome::Next([0x60, 0, 0, 0, 0, 0, 0, 0]))
    }

    fn read_segment(&mut self, data: Data) -> Option<Outcome> {
        let under = self.reading.as_mut()?;
        if data[0] & 0x10 != under.toggle {
            return None;
        }
        under.octets.extend_from_slice(content(&data));
        under.toggle ^= 0x10;
        if data[0] & 1 != 0 {
            let value = std::mem::take(&mut under.octets);
            return Some(self.end(Outcome::Read(value)));
        }
        Some(Outcome::Next([0x60 | under.toggle, 0, 0, 0, 0, 0, 0, 0]))
    }

    fn write_begun(&mut self) -> Option<Outcome> {
        let under = self.writing.as_mut()?;
        let expedited = !under.octets.is_empty() && under.sent == under.octets.len();
        if expedited {
            return Some(self.end(Outcome::Written));
        }
        let (next, sent) = segment(0, &under.octets);
        under.sent = sent;
        Some(Outcome::Next(next))
    }

    fn write_segment(&mut self, data: Data) -> Option<Outcome> {
        let under = self.writing.as_mut()?;
        if data[0] & 0x10 != under.toggle {
            return None;
        }
        under.toggle ^= 0x10;
        if under.sent == under.octets.len() {
            return Some(self.end(Outcome::Written));
        }
        let (next, sent) = segment(under.toggle, &under.octets[under.sent..]);
        under.sent += sent;
        Some(Outcome::Next(next))
    }
}
