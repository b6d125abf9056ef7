//! Who is at a port: asked in each language and at each speed that the catalog knows, by nothing
//! but the question who is there.

use std::path::Path;

use bytes::Bytes;
use drivers::catalog::{self, Entry, Role};
use drivers::clock::Clock;
use drivers::device::Identity;
use drivers::error::{DeviceErrorKind, LinkError};
use drivers::instrument::Instrument;
use drivers::link::{LineSettings, LineSpec, Link, Pacing, PortName, SerialSpec};
use drivers::model::DriverSetup;
use profiles::name::DeviceName;
use profiles::option::Options;
use profiles::time::Period;

use crate::run::instrument_of;

/// A question at a speed, and the models that ask it so.
pub(super) struct Probe {
    line: LineSettings,
    question: Bytes,
    models: Vec<Entry>,
}

impl Probe {
    /// The same question at another speed.
    pub(super) fn at(&self, baud: u32) -> Option<Probe> {
        (baud != self.line.baud).then(|| Probe {
            line: LineSettings { baud, ..self.line },
            question: self.question.clone(),
            models: self.models.clone(),
        })
    }
}

/// Who is at a port.
pub(super) struct Found {
    /// Who it says it is.
    pub(super) identity: Option<Identity>,
    /// What it says, where that is no identity that the bench knows.
    pub(super) said: String,
    /// Its model, if the catalog has it.
    pub(super) model: Option<Entry>,
    /// The line that it answered on.
    pub(super) line: LineSpec,
}

/// What came of asking at a port.
pub(super) enum Answer {
    Found(Box<Found>),
    /// Nobody answered at any speed.
    Silent,
    /// The port cannot be opened.
    Closed(LinkError),
}

/// Every question that instruments of the catalog are asked who they are by, each once.
pub(super) async fn probes(clock: Clock) -> Vec<Probe> {
    let mut probes: Vec<Probe> = Vec::new();
    for entry in catalog::entries() {
        let Pacing::Serial { baud, .. } = entry.pacing else {
            continue;
        };
        if entry.role == Role::Accelerator {
            continue;
        }
        let line = LineSettings::new(baud);
        let Some(question) = question(&entry, clock).await else {
            continue;
        };
        let same = |probe: &&mut Probe| probe.line == line && probe.question == question;
        match probes.iter_mut().find(same) {
            Some(probe) => probe.models.push(entry),
            None => probes.push(Probe {
                line,
                question,
                models: vec![entry],
            }),
        }
    }
    // Text first: a line of text means nothing to those who speak in frames, while a frame may
    // be a line of nonsense to those who speak text. Lines that end in a line feed before others, which
    // who waits for one would take for the beginning of the next.
    probes.sort_by_key(|probe| {
        let question = &probe.question;
        let (is_text, is_line) = (question.is_ascii(), question.ends_with(b"\n"));
        (!is_text, !is_line, probe.line.baud)
    });
    probes
}

/// What a model's driver first sends when it asks who is there.
async fn question(entry: &Entry, clock: Clock) -> Option<Bytes> {
    let (near, mut far) = Link::pair(clock, Pacing::Instant);
    let mut instrument = open(entry, near, clock)?;
    let asks = tokio::spawn(async move { instrument.identify().await.is_ok() });
    let asked = clock.within(Period::millis(500), far.receive()).await;
    asks.abort();
    asked.ok()?.ok().map(|arrival| arrival.chunk)
}

fn open(entry: &Entry, link: Link, clock: Clock) -> Option<Instrument> {
    let setup = DriverSetup {
        device: DeviceName::new("probe").ok()?,
        link,
        clock,
        options: Options::defaults(entry.options),
    };
    instrument_of(entry.role, entry.name, setup).ok()
}

/// Asks at a port, one speed after the other, until somebody answers whom the bench knows. One
/// that answers what no model says may be known in another language: a controller on Modbus
/// refuses the registers of another make.
pub(super) async fn ask(port: &Path, probes: &[Probe], clock: Clock) -> Answer {
    let mut unknown = None;
    for probe in probes {
        let line = LineSpec::Serial(SerialSpec {
            port: PortName::Path(port.to_owned()),
            line: probe.line,
        });
        match try_one(probe, &line, clock).await {
            Ok(None) => {}
            Ok(Some(found)) if found.model.is_some() => return Answer::Found(Box::new(found)),
            Ok(Some(found)) => {
                unknown.get_or_insert(found);
            }
            Err(error) => return Answer::Closed(error),
        }
    }
    unknown.map_or(Answer::Silent, |found| Answer::Found(Box::new(found)))
}

async fn try_one(probe: &Probe, line: &LineSpec, clock: Clock) -> Result<Option<Found>, LinkError> {
    let found = |identity: Option<Identity>, said: String, model| {
        let line = line.clone();
        Ok(Some(Found {
            identity,
            said,
            model,
            line,
        }))
    };
    let mut said = None;
    for entry in &probe.models {
        let link = Link::open(line, clock).await?;
        let Some(mut instrument) = open(entry, link, clock) else {
            continue;
        };
        match instrument.identify().await.map_err(|error| error.kind) {
            Ok(identity) => return found(Some(identity), String::new(), Some(*entry)),
            // It answered; another model of the same language may know it.
            Err(DeviceErrorKind::WrongIdentity { found, .. }) => said = Some(found),
            Err(DeviceErrorKind::Refused { text, .. }) => said = Some(format!("refused: {text}")),
            Err(DeviceErrorKind::Link(error)) => return Err(error),
            // What makes no sense may make some at another speed.
            Err(_) => return Ok(None),
        }
    }
    match said {
        Some(said) => found(None, said, None),
        None => Ok(None),
    }
}
