//! The board's messages in packets of the Cubesat Space Protocol, in place of ISO-TP: each message
//! is one packet with a checksum (CRC-32C), and what is longer goes in parts that are answered one by
//! one, so that no node needs more than a buffer or two of libcsp's usual 256 octets.

use std::sync::Arc;

use profiles::name::DeviceName;
use profiles::option::{OptionDefault, OptionKind, OptionSpec, Options};
use profiles::reading::{Damage, DamageKind};

use super::protocol::{self, Part};
use crate::accelerator::role::Question;
use crate::error::{DeviceError, DeviceErrorKind};
use crate::link::can::{CanFrame, CanId, CanIds};
use crate::telemetry::framing::csp::{Checked, Fragments, Packet, Reassembled, Version};

/// Port of the board's message handler: the first that libcsp leaves to applications.
pub(super) const PORT: u8 = 10;
/// Port that the ground asks from: the first of those that libcsp gives to who asks.
pub(super) const GROUND_PORT: u8 = 48;
/// `CSP_PRIO_NORM`.
const NORMAL: u8 = 2;
/// The longest packet that is taken, octets without its header.
const LONGEST: usize = 256;
/// The highest address of version 1, whose addresses have five bits; the highest of all is
/// everybody's.
const MOST_OF_ONE: u16 = 30;

const fn address(name: &'static str, default: f64, help: &'static str) -> OptionSpec {
    OptionSpec {
        name,
        kind: OptionKind::Whole {
            min: 1.0,
            max: 16_382.0,
            unit: "",
        },
        default: Some(OptionDefault::Number(default)),
        help,
    }
}

/// What carries the messages.
pub(super) const TRANSPORT: OptionSpec = OptionSpec {
    name: "transport",
    kind: OptionKind::Choice(&["isotp", "csp"]),
    default: Some(OptionDefault::Text("isotp")),
    help: "what carries questions and answers: ISO-TP, or packets of the Cubesat Space Protocol",
};
/// Which of the two forms of its packets and fragments.
pub(super) const VERSION: OptionSpec = OptionSpec {
    name: "csp_version",
    kind: OptionKind::Whole {
        min: 1.0,
        max: 2.0,
        unit: "",
    },
    default: Some(OptionDefault::Number(2.0)),
    help: "with transport csp: version of CSP and of its fragments (CFP)",
};
/// The board's address.
pub(super) const ADDRESS: OptionSpec = address(
    "csp_address",
    10.0,
    "with transport csp: the board's address",
);
/// The bench's address.
pub(super) const GROUND: OptionSpec =
    address("csp_ground", 1.0, "with transport csp: the bench's address");

/// One node's half of a conversation with one other.
#[derive(Clone, Debug)]
pub(super) struct Csp {
    version: Version,
    near: u16,
    far: u16,
    fragments: Fragments,
}

impl Csp {
    /// The board's half, if its options say that it speaks so.
    pub(super) fn board(options: &Options) -> Option<Csp> {
        Some(Csp::ground(options)?.turned())
    }

    /// The ground's half.
    fn ground(options: &Options) -> Option<Csp> {
        if options.text(TRANSPORT.name) != Some("csp") {
            return None;
        }
        let number = |spec: OptionSpec| options.number(spec.name).unwrap_or_default() as u16;
        let version = match number(VERSION) {
            1 => Version::One,
            _ => Version::Two,
        };
        Some(Csp {
            version,
            near: number(GROUND),
            far: number(ADDRESS),
            fragments: Fragments::new(version, LONGEST),
        })
    }

    fn turned(self) -> Csp {
        Csp {
            near: self.far,
            far: self.near,
            ..self
        }
    }

    /// Identifiers of the fragments that the far node sends to this one.
    pub(super) fn hears(&self) -> CanIds {
        fragments(self.version, self.far, self.near)
    }

    /// Identifiers of the fragments that this node sends to the far one.
    pub(super) fn says(&self) -> CanIds {
        fragments(self.version, self.near, self.far)
    }

    /// A packet to the far node.
    pub(super) fn pack(&mut self, port: u8, from_port: u8, content: Vec<u8>) -> Vec<CanFrame> {
        self.answer(Packet {
            priority: NORMAL,
            source: self.near,
            destination: self.far,
            port,
            from_port,
            flags: 0,
            content,
        })
    }

    fn answer(&mut self, mut packet: Packet) -> Vec<CanFrame> {
        packet.add_checksum(self.version);
        self.fragments.cut(&packet)
    }

    /// Takes a fragment; gives a packet for this node when it is whole, without its checksum.
    pub(super) fn unpack(&mut self, frame: &CanFrame) -> Option<Result<Packet, Damage>> {
        match self.fragments.push(frame) {
            Reassembled::Partly => None,
            Reassembled::Damaged(damage) => Some(Err(damage)),
            Reassembled::Packet(packet) => {
                let content = match packet.data(self.version) {
                    Checked::Right(data) => data.to_vec(),
                    Checked::Wrong => {
                        let bytes = packet.content.len() as u32;
                        let why = DamageKind::Checksum;
                        return Some(Err(Damage { bytes, why }));
                    }
                };
                let ours = packet.source == self.far && packet.destination == self.near;
                ours.then_some(Ok(Packet { content, ..packet }))
            }
        }
    }

    /// Forgets what is not whole.
    pub(super) fn restart(&mut self) {
        self.fragments = Fragments::new(self.version, LONGEST);
    }
}

/// Identifiers of the fragments from one node to another (`csp_if_can.c` of libcsp 2.0): in version 1
/// source and destination are all of both addresses; version 2 has six bits of the source.
fn fragments(version: Version, from: u16, to: u16) -> CanIds {
    let (from, to) = (u32::from(from), u32::from(to));
    let (id, any) = match version {
        Version::One => (from << 24 | to << 19, 0x7_ffff),
        Version::Two => (to << 13 | (from & 0x3f) << 7, 3 << 27 | 0x7f),
    };
    let id = CanId::Extended(id);
    CanIds { id, any }
}

/// What the ground makes of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// A message that needs no more.
    Message(Vec<u8>),
    /// The whole input is there.
    Loaded(u16),
    /// A whole output.
    Output(u16, Vec<u8>),
    /// A part; the next one is asked for.
    Partly,
}

/// The ground's half, and what it is in the middle of.
#[derive(Clone, Debug)]
pub(super) struct Ground {
    csp: Csp,
    loading: Option<(u16, Arc<[u8]>)>,
    fetching: Option<(u16, Vec<u8>)>,
}

impl Ground {
    /// The ground's half, if the board's options say that it speaks so.
    ///
    /// # Errors
    /// If an address is none of the version's.
    pub(super) fn new(
        device: &DeviceName,
        options: &Options,
    ) -> Result<Option<Ground>, DeviceError> {
        let Some(csp) = Csp::ground(options) else {
            return Ok(None);
        };
        let wrong = |name, why: String| DeviceErrorKind::Unsuitable { name, why }.of(device);
        if csp.near == csp.far {
            let why = format!("is {}, which is the bench's address too", csp.far);
            return Err(wrong(ADDRESS.name, why));
        }
        for (name, address) in [(ADDRESS.name, csp.far), (GROUND.name, csp.near)] {
            if csp.version == Version::One && address > MOST_OF_ONE {
                let why = format!("is {address}, and CSP 1 has addresses to {MOST_OF_ONE}");
                return Err(wrong(name, why));
            }
        }
        Ok(Some(Ground {
            csp,
            loading: None,
            fetching: None,
        }))
    }

    pub(super) fn hears(&self) -> CanIds {
        self.csp.hears()
    }

    pub(super) fn says(&self) -> CanIds {
        self.csp.says()
    }

    pub(super) fn restart(&mut self) {
        (self.loading, self.fetching) = (None, None);
        self.csp.restart();
    }

    /// The frames that put a question, or begin to.
    pub(super) fn ask(&mut self, question: &Question) -> Vec<CanFrame> {
        // A question that is asked anew begins anew.
        (self.loading, self.fetching) = (None, None);
        match question {
            Question::LoadInput { slot, bytes } => {
                self.loading = Some((*slot, Arc::clone(bytes)));
                self.load_from(0)
            }
            Question::FetchOutput { slot } => {
                self.fetching = Some((*slot, Vec::new()));
                self.say(protocol::write_part(&Part::Fetch(*slot, 0)))
            }
            question => self.say(protocol::write_question(question)),
        }
    }

    fn say(&mut self, message: Vec<u8>) -> Vec<CanFrame> {
        self.csp.pack(PORT, GROUND_PORT, message)
    }

    fn load_from(&mut self, offset: usize) -> Vec<CanFrame> {
        let Some((slot, bytes)) = self.loading.clone() else {
            return Vec::new();
        };
        let end = bytes.len().min(offset + protocol::PART);
        let part = bytes.get(offset..end).unwrap_or_default();
        self.say(protocol::write_part(&Part::Load(slot, offset as u32, part)))
    }

    /// Takes a fragment; what came of it, and the frames that ask for more.
    pub(super) fn hear(
        &mut self,
        frame: &CanFrame,
        out: &mut Vec<CanFrame>,
    ) -> Option<Result<Came, Damage>> {
        let message = match self.csp.unpack(frame)? {
            Ok(packet) => packet.content,
            Err(damage) => return Some(Err(damage)),
        };
        Some(Ok(match protocol::read_part_answer(&message) {
            Some(part) => self.went_on(&part, out),
            None => Came::Message(message),
        }))
    }

    /// A part was answered. One of a transfer that is given up is nothing to be told.
    fn went_on(&mut self, part: &Part<'_>, out: &mut Vec<CanFrame>) -> Came {
        match *part {
            Part::Load(slot, next, _) => {
                let Some((loading, bytes)) = &self.loading else {
                    return Came::Partly;
                };
                if *loading != slot {
                    return Came::Partly;
                }
                if next as usize >= bytes.len() {
                    self.loading = None;
                    return Came::Loaded(slot);
                }
                out.extend(self.load_from(next as usize));
            }
            Part::Fetched(slot, total, offset, octets) => {
                let Some((fetching, whole)) = &mut self.fetching else {
                    return Came::Partly;
                };
                if *fetching != slot || offset as usize != whole.len() {
                    return Came::Partly;
                }
                whole.extend_from_slice(octets);
                if whole.len() >= total as usize || octets.is_empty() {
                    let whole = std::mem::take(whole);
                    self.fetching = None;
                    return Came::Output(slot, whole);
                }
                let next = whole.len() as u32;
                out.extend(self.say(protocol::write_part(&Part::Fetch(slot, next))));
            }
            Part::Fetch(..) => {}
        }
        Came::Partly
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(version: f64) -> Options {
        use profiles::option::OptionValue;
        let mut options = Options::defaults(&[TRANSPORT, VERSION, ADDRESS, GROUND]);
        options.set("transport", OptionValue::Text("csp".to_owned()));
        options.set("csp_version", OptionValue::Number(version));
        options
    }

    #[test]
    fn fragments_have_the_identifiers_that_filters_let_pass() {
        for version in [1.0, 2.0] {
            let options = options(version);
            let mut board = Csp::board(&options).unwrap();
            let device = DeviceName::new("payload").unwrap();
            let mut ground = Ground::new(&device, &options).unwrap().unwrap();
            let bytes: Arc<[u8]> = vec![1; 500].into();
            let asked = ground.ask(&Question::LoadInput { slot: 0, bytes });
            let told = board.pack(GROUND_PORT, PORT, vec![0; 200]);
            assert!(asked.len() > 20 && told.len() > 20);
            assert!(asked.iter().all(|frame| board.hears().has(frame.id)));
            assert!(asked.iter().all(|frame| ground.says().has(frame.id)));
            assert!(told.iter().all(|frame| ground.hears().has(frame.id)));
            assert_eq!(ground.hears().common(ground.says()), None);
        }
    }

    #[test]
    fn what_was_damaged_on_its_way_is_told() {
        let options = options(1.0);
        let mut board = Csp::board(&options).unwrap();
        let mut frames = board.pack(GROUND_PORT, PORT, vec![7; 20]);
        let last = frames.last_mut().unwrap();
        let mut data = last.data().to_vec();
        data[0] ^= 1;
        *last = CanFrame::new(last.id, &data);
        let device = DeviceName::new("payload").unwrap();
        let mut ground = Ground::new(&device, &options).unwrap().unwrap();
        let mut out = Vec::new();
        let told = frames
            .iter()
            .filter_map(|frame| ground.hear(frame, &mut out));
        let why = DamageKind::Checksum;
        assert_eq!(told.collect::<Vec<_>>(), [Err(Damage { bytes: 24, why })]);
    }

    #[test]
    fn addresses_that_a_version_does_not_have_are_refused() {
        use profiles::option::OptionValue;
        let device = DeviceName::new("payload").unwrap();
        let mut options = options(1.0);
        options.set("csp_address", OptionValue::Number(31.0));
        let told = Ground::new(&device, &options).unwrap_err().to_string();
        assert_eq!(
            told,
            "payload: `csp_address` is 31, and CSP 1 has addresses to 30"
        );
        options.set("csp_version", OptionValue::Number(2.0));
        assert!(Ground::new(&device, &options).is_ok());
        options.set("csp_ground", OptionValue::Number(31.0));
        let told = Ground::new(&device, &options).unwrap_err().to_string();
        assert!(told.contains("the bench's address too"), "{told}");
    }
}
