//! The bench's half: questions to commands, one after the other, and lines to what was heard.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use profiles::channel::ChannelSpec;
use profiles::command::PowerMode;
use profiles::reading::{Damage, DamageKind};
use profiles::time::BenchTime;

use super::protocol::{BYTES_A_LINE, Elements, INIT_DONE, READY, TERMINATOR};
use crate::accelerator::role::{Accelerator, Heard, Inference, Question};
use crate::device::Identity;
use crate::model::BoardSetup;

/// Longest line that is one: results of a thousand elements.
const LONGEST: usize = 65_536;
/// Code of every refusal: the API has texts only.
const REFUSED: i32 = -1;
/// CRC-32 of zip and Ethernet, which other boards tell of their outputs themselves.
static DIGEST: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);

/// What is being done, command by command.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Doing {
    Identify,
    Load(u16),
    Infer { query: u32, slot: u16 },
    Fetch(u16),
    Mode(PowerMode),
    Stop,
}

/// What came in answer so far.
#[derive(Debug, Default)]
struct Answers {
    name: String,
    profile: String,
    model: String,
    laps: Vec<u64>,
    results: Option<Arc<[u8]>>,
    loaded: bool,
    refused: Option<String>,
}

/// The driver.
pub(super) struct MlperfTiny {
    elements: Elements,
    line: Vec<u8>,
    /// Inputs by slot: the board itself has room for one.
    inputs: BTreeMap<u16, Arc<[u8]>>,
    /// Which of them lies in the board's buffer.
    loaded: Option<u16>,
    /// Which of them was inferred last.
    inferred: Option<u16>,
    doing: Option<Doing>,
    commands: VecDeque<String>,
    answers: Answers,
    /// Whether its time stamps are edges of a pin.
    edges: bool,
}

impl MlperfTiny {
    pub(super) fn new(setup: &BoardSetup) -> MlperfTiny {
        MlperfTiny {
            elements: Elements::of(&setup.options, setup.network.as_ref()),
            line: Vec::new(),
            inputs: BTreeMap::new(),
            loaded: None,
            inferred: None,
            doing: None,
            commands: VecDeque::new(),
            answers: Answers::default(),
            edges: false,
        }
    }

    /// Commands that put an input into the board's buffer.
    fn load(&mut self, slot: u16) {
        let bytes = self.inputs.get(&slot).cloned().unwrap_or_default();
        self.loaded = None;
        self.commands.push_back(format!("db load {}", bytes.len()));
        for part in bytes.chunks(BYTES_A_LINE) {
            let mut command = "db ".to_owned();
            for byte in part {
                write!(command, "{byte:02x}").expect("text grows");
            }
            self.commands.push_back(command);
        }
    }

    fn send(&mut self, out: &mut Vec<Bytes>) {
        if let Some(command) = self.commands.pop_front() {
            let mut chunk = command.into_bytes();
            chunk.push(TERMINATOR);
            out.push(chunk.into());
        }
    }

    fn line(&mut self, line: &str, heard: &mut Vec<Heard>, out: &mut Vec<Bytes>) {
        let inside = |prefix: &str| line.strip_prefix(prefix)?.strip_suffix(']');
        if line == READY {
            self.ready(heard, out);
        } else if line == INIT_DONE {
            self.loaded = None;
            self.inferred = None;
            self.doing = None;
            self.commands.clear();
            heard.push(Heard::Booted);
        } else if let Some(name) = inside("m-name-dut-[") {
            name.clone_into(&mut self.answers.name);
        } else if let Some(profile) = inside("m-profile-[") {
            profile.clone_into(&mut self.answers.profile);
        } else if let Some(model) = inside("m-model-[") {
            model.clone_into(&mut self.answers.model);
        } else if let Some(lap) = line.strip_prefix("m-lap-us-") {
            self.answers.laps.extend(lap.parse::<u64>());
        } else if let Some(results) = inside("m-results-[") {
            self.answers.results = self.elements.read(results);
        } else if let Some(why) = inside("e-[") {
            self.answers.refused = Some(why.to_owned());
        } else if line == "m-load-done" {
            self.answers.loaded = true;
        } else if let Some(mode) = line.strip_prefix("m-timestamp-mode-") {
            self.edges = mode == "energy";
        } else if !line.starts_with("m-") && !line.is_empty() {
            // Other lines of boards are for people.
            heard.push(damage(line.len() + 1, DamageKind::Unknown));
        }
    }

    /// The board takes the next command.
    fn ready(&mut self, heard: &mut Vec<Heard>, out: &mut Vec<Bytes>) {
        let Some(doing) = self.doing else { return };
        if let Some(text) = self.answers.refused.take() {
            self.commands.clear();
            self.doing = None;
            heard.push(refusal(text));
            return;
        }
        if self.answers.loaded && self.loaded.is_none() {
            self.loaded = match doing {
                Doing::Load(slot) | Doing::Infer { slot, .. } => Some(slot),
                _ => None,
            };
        }
        if !self.commands.is_empty() {
            return self.send(out);
        }
        self.doing = None;
        let answers = std::mem::take(&mut self.answers);
        heard.push(self.finished(doing, answers));
    }

    fn finished(&mut self, doing: Doing, answers: Answers) -> Heard {
        match doing {
            Doing::Identify => Heard::Identity(Identity {
                maker: answers.name,
                model: answers.model,
                serial: String::new(),
                firmware: answers.profile,
            }),
            Doing::Load(slot) if self.loaded == Some(slot) => Heard::Loaded { slot },
            Doing::Load(_) => refusal("the board took no whole input".to_owned()),
            Doing::Infer { query, slot } => self.inference((query, slot), answers),
            Doing::Fetch(slot) => match answers.results {
                Some(bytes) => Heard::Output { slot, bytes },
                None => refusal("the board told no results".to_owned()),
            },
            Doing::Mode(PowerMode::Full) | Doing::Stop => Heard::Done,
            Doing::Mode(PowerMode::Reduced) => refusal("this API knows no power modes".to_owned()),
        }
    }

    fn inference(&mut self, (query, slot): (u32, u16), answers: Answers) -> Heard {
        let Some(output) = answers.results else {
            return refusal("the board told no results".to_owned());
        };
        self.inferred = Some(slot);
        let [.., start, end] = answers.laps[..] else {
            let why = if self.edges {
                "the board is in energy mode: its time stamps are edges of a pin"
            } else {
                "the board told no time stamps"
            };
            return refusal(why.to_owned());
        };
        Heard::Inferred(Inference {
            first_us: None,
            query,
            slot,
            latency_us: u32::try_from(end.saturating_sub(start)).unwrap_or(u32::MAX),
            digest: DIGEST.checksum(&output),
            output: Some(output),
        })
    }
}

fn refusal(text: String) -> Heard {
    Heard::Refused {
        code: REFUSED,
        text,
    }
}

fn damage(bytes: usize, why: DamageKind) -> Heard {
    Heard::Damaged(Damage {
        bytes: bytes as u32,
        why,
    })
}

impl Accelerator for MlperfTiny {
    /// The API tells nothing of the board's state.
    fn channels(&self) -> Vec<ChannelSpec> {
        Vec::new()
    }

    fn is_quiet(&self) -> bool {
        true
    }

    fn ask(&mut self, question: &Question, out: &mut Vec<Bytes>) {
        self.commands.clear();
        self.answers = Answers::default();
        let (doing, commands): (Doing, &[&str]) = match question {
            Question::Identify => (Doing::Identify, &["name", "profile"]),
            Question::LoadInput { slot, bytes } => {
                self.inputs.insert(*slot, Arc::clone(bytes));
                self.load(*slot);
                (Doing::Load(*slot), &[])
            }
            Question::Infer { query, slot } => {
                if self.loaded != Some(*slot) {
                    self.load(*slot);
                }
                let (query, slot) = (*query, *slot);
                (Doing::Infer { query, slot }, &["infer 1 0"])
            }
            Question::FetchOutput { slot } if self.inferred == Some(*slot) => {
                (Doing::Fetch(*slot), &["results"])
            }
            // Only the latest results are there.
            Question::FetchOutput { slot } => {
                if self.loaded != Some(*slot) {
                    self.load(*slot);
                }
                (Doing::Fetch(*slot), &["infer 1 0"])
            }
            Question::Mode(mode) => (Doing::Mode(*mode), &["name"]),
            Question::Stop => (Doing::Stop, &["name"]),
        };
        self.doing = Some(doing);
        self.commands
            .extend(commands.iter().map(|command| (*command).to_owned()));
        self.send(out);
    }

    fn hear(&mut self, _at: BenchTime, chunk: &[u8], heard: &mut Vec<Heard>, out: &mut Vec<Bytes>) {
        for byte in chunk {
            match byte {
                b'\n' => {
                    let line = std::mem::take(&mut self.line);
                    match std::str::from_utf8(&line) {
                        Ok(line) => self.line(line, heard, out),
                        Err(_) => heard.push(damage(line.len() + 1, DamageKind::Framing)),
                    }
                }
                b'\r' | 0 => {}
                byte if self.line.len() < LONGEST => self.line.push(*byte),
                _ => {
                    heard.push(damage(self.line.len(), DamageKind::TooLong));
                    self.line.clear();
                }
            }
        }
    }
}
