//! The recorder: appends the header and every event to an MCAP file.
//!
//! Chunks carry a checksum and go to the operating system whole, so that a process that is
//! killed leaves a readable file without the last chunk.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use profiles::time::BenchTime;

use super::container::Container;
use super::room::Room;
use super::{RecordError, past, schema, topic, wire};
use crate::event::{DeviceId, Event, EventKind, ObserveError, Observer};
use crate::header::Header;

/// A chunk is given to the operating system when it holds this much: large enough that its
/// overhead vanishes, small enough to lose.
const CHUNK_BYTES: usize = 1 << 20;

/// Or when it is this old in bench time, in µs. With what events are held back for to be put in order
/// (250 ms) and between two looks at them (100 ms), a killed run loses less than a second of real time.
const CHUNK_MICROS_REAL: u64 = 500_000;

/// The same in virtual time, where bench time is cheap to repeat and chunks are not.
const CHUNK_MICROS_VIRTUAL: u64 = 30_000_000;

/// Outputs that are remembered, so as not to be written twice, are forgotten beyond this many
/// bytes; a board with flipped bits may never give the same output again.
pub(super) const KEPT_BYTES: usize = 64 << 20;

/// Records a run.
pub struct Recorder {
    path: PathBuf,
    container: Container,
    room: Room,
    /// There is no more room: the run was told, and ends.
    is_full: bool,
    channels: Channels,
    sequence: u32,
    outputs: BTreeMap<u32, Arc<[u8]>>,
    outputs_bytes: usize,
    /// When the open chunk began.
    open_since: BenchTime,
    chunk_micros: u64,
}

/// The numbers of the MCAP channels.
struct Channels {
    header: u16,
    events: u16,
    outputs: u16,
    /// By device.
    samples: Vec<u16>,
    /// By device, where chunks are kept.
    wire: Vec<u16>,
    /// By device, where it runs a workload.
    inferences: Vec<Option<u16>>,
}

impl Recorder {
    /// Starts a record in the new file `path`.
    ///
    /// # Errors
    /// If the file is there already or cannot be written, or the disk has too little room.
    pub fn create(path: &Path, header: &Header) -> Result<Recorder, RecordError> {
        let failed = |source| RecordError::File {
            path: path.to_owned(),
            source,
        };
        let file = File::create_new(path).map_err(failed)?;
        // Nobody goes on with a record that is still being written. Where there are no locks, nobody
        // is told.
        let _unlocked = file.try_lock();
        let room = Room::behind(&file, 0).map_err(|source| RecordError::NoRoom {
            path: path.to_owned(),
            source,
        })?;
        let library = concat!("bench reports ", env!("CARGO_PKG_VERSION"));
        let mut container = Container::new(file, library).map_err(failed)?;
        let channels = Channels::add(&mut container, header);
        Recorder::begin(
            path,
            (container, channels, room),
            (header, BenchTime::ZERO),
            0,
        )
    }

    /// Goes on with the record of a run that was cut off, at `at`: what of it is whole stays, what is
    /// torn is cut off. `header` is of the whole run, and of the same devices and workloads.
    ///
    /// # Errors
    /// If it is no record, cannot be written, is still being written, or the disk has too little room.
    pub fn resume(path: &Path, header: &Header, at: BenchTime) -> Result<Recorder, RecordError> {
        let (mut container, past) = past::reopen(path)?;
        let room = container.room().map_err(|source| RecordError::NoRoom {
            path: path.to_owned(),
            source,
        })?;
        let sequence = past.next;
        let channels = Channels::add(&mut container, header);
        past.join(&mut container);
        Recorder::begin(path, (container, channels, room), (header, at), sequence)
    }

    fn begin(
        path: &Path,
        (container, channels, room): (Container, Channels, Room),
        (header, at): (&Header, BenchTime),
        sequence: u32,
    ) -> Result<Recorder, RecordError> {
        let virtual_time = header.pace == "virtual";
        let mut recorder = Recorder {
            path: path.to_owned(),
            container,
            room,
            is_full: false,
            channels,
            sequence,
            outputs: BTreeMap::new(),
            outputs_bytes: 0,
            open_since: at,
            chunk_micros: if virtual_time {
                CHUNK_MICROS_VIRTUAL
            } else {
                CHUNK_MICROS_REAL
            },
        };
        let channel = recorder.channels.header;
        recorder.append(channel, at, |out| put_json(out, header))?;
        recorder.flush()?;
        Ok(recorder)
    }

    /// Whether a record could be started in the new file `path`: it can be written, and there is room
    /// for its end. Nothing is left there.
    ///
    /// # Errors
    /// If not.
    pub fn try_at(path: &Path) -> Result<(), RecordError> {
        let failed = |source| RecordError::File {
            path: path.to_owned(),
            source,
        };
        let file = File::create_new(path).map_err(failed)?;
        let room = Room::behind(&file, 0);
        std::fs::remove_file(path).map_err(failed)?;
        room.map(drop).map_err(|source| RecordError::NoRoom {
            path: path.to_owned(),
            source,
        })
    }

    /// Appends one event.
    ///
    /// # Errors
    /// If it cannot be written. [`RecordError::NoRoom`] says once that the disk is full: the event is
    /// recorded, and so is what comes for a while, so that the run can be ended.
    pub fn record(&mut self, event: &Event) -> Result<(), RecordError> {
        let (at, device) = (event.at, usize::from(event.device.0));
        let channels = &self.channels;
        let own = match &event.kind {
            EventKind::Sampled { .. } => channels.samples.get(device).copied(),
            EventKind::Inferred(_) => channels.inferences.get(device).copied().flatten(),
            EventKind::Wire { .. } => channels.wire.get(device).copied(),
            EventKind::OutputFetched { digest, output, .. } => {
                self.put_output(at, *digest, output)?;
                None
            }
            _ => None,
        };
        let channel = own.unwrap_or(self.channels.events);
        self.append(channel, at, |out| {
            match (&event.kind, own) {
                (EventKind::Sampled { readings }, Some(_)) => wire::put_readings(out, readings),
                (EventKind::Inferred(inferred), Some(_)) => wire::put_inferred(out, inferred),
                (EventKind::Wire { sent, octets }, Some(_)) => {
                    wire::put_chunk(out, *sent, octets);
                }
                _ => put_json(out, event)?,
            }
            Ok(())
        })?;
        let old = at.micros_since(self.open_since) >= self.chunk_micros;
        if old || self.container.open() >= CHUNK_BYTES || matters(&event.kind) {
            self.flush()?;
            // Behind the end of the run nothing comes.
            if !matches!(event.kind, EventKind::RunEnded { .. }) {
                self.keep_room()?;
            }
        }
        Ok(())
    }

    fn keep_room(&mut self) -> Result<(), RecordError> {
        if self.is_full {
            return Ok(());
        }
        let kept = self.container.keep(&mut self.room);
        kept.map_err(|source| {
            self.is_full = true;
            RecordError::NoRoom {
                path: self.path.clone(),
                source,
            }
        })
    }

    /// Closes the record and waits until it is on the disk.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn finish(self) -> Result<(), RecordError> {
        let path = self.path;
        let failed = |source| RecordError::File {
            path: path.clone(),
            source,
        };
        let file = self.container.finish().map_err(failed)?;
        file.sync_all().map_err(failed)?;
        // The file's name is safe only with its folder.
        if let Some(parent) = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
        {
            let folder = File::open(parent).and_then(|folder| folder.sync_all());
            folder.map_err(failed)?;
        }
        Ok(())
    }

    /// Writes an output's bytes unless they stand under their digest already.
    fn put_output(
        &mut self,
        at: BenchTime,
        digest: u32,
        output: &Arc<[u8]>,
    ) -> Result<(), RecordError> {
        let same = |kept: &Arc<[u8]>| Arc::ptr_eq(kept, output) || kept == output;
        if self.outputs.get(&digest).is_some_and(same) {
            return Ok(());
        }
        if self.outputs_bytes > KEPT_BYTES {
            self.outputs.clear();
            self.outputs_bytes = 0;
        }
        self.outputs_bytes += output.len();
        self.outputs.insert(digest, Arc::clone(output));
        let long = || RecordError::Container("an output has 4 GiB or more".to_owned());
        self.append(self.channels.outputs, at, |out| {
            wire::put_output(out, digest, output).ok_or_else(long)
        })
    }

    /// Appends a message, whose data `put` appends.
    fn append(
        &mut self,
        channel: u16,
        at: BenchTime,
        put: impl FnOnce(&mut Vec<u8>) -> Result<(), RecordError>,
    ) -> Result<(), RecordError> {
        if self.container.open() == 0 {
            self.open_since = at;
        }
        let time = at.as_micros().saturating_mul(1_000);
        self.container
            .message((channel, self.sequence, time), put)?;
        self.sequence = self.sequence.wrapping_add(1);
        Ok(())
    }

    fn told(&self, error: &RecordError) -> ObserveError {
        match error {
            // They name the file themselves.
            RecordError::File { .. } | RecordError::NoRoom { .. } => {
                ObserveError(error.to_string())
            }
            error => ObserveError(format!("{}: {error}", self.path.display())),
        }
    }

    /// Ends the chunk and gives it to the operating system.
    fn flush(&mut self) -> Result<(), RecordError> {
        let flushed = self.container.flush();
        flushed.map_err(|source| RecordError::File {
            path: self.path.clone(),
            source,
        })
    }
}

fn put_json(out: &mut Vec<u8>, value: &impl serde::Serialize) -> Result<(), RecordError> {
    let written = serde_json::to_writer(out, value);
    written.map_err(|error| RecordError::Container(error.to_string()))
}

impl Observer for Recorder {
    fn observe(&mut self, event: &Event) -> Result<(), ObserveError> {
        let recorded = self.record(event);
        recorded.map_err(|error| self.told(&error))
    }

    /// In real time a chunk goes to the operating system when it is half a second old, whether
    /// something happens then or not.
    fn settled(&mut self, now: BenchTime) -> Result<(), ObserveError> {
        let old = now.micros_since(self.open_since) >= self.chunk_micros;
        if old && self.chunk_micros == CHUNK_MICROS_REAL && self.container.open() > 0 {
            let flushed = self.flush().and_then(|()| self.keep_room());
            return flushed.map_err(|error| self.told(&error));
        }
        Ok(())
    }
}

/// Whether an event is worth a chunk of its own: what comes next may be the end.
fn matters(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::DeviceFailed { .. }
            | EventKind::LinkLost { .. }
            | EventKind::PowerCut { .. }
            | EventKind::Interrupted
            | EventKind::RunEnded { .. }
    )
}

impl Channels {
    fn add(writer: &mut Container, header: &Header) -> Channels {
        let none = BTreeMap::new();
        let json = schema::HEADER.as_bytes();
        let header_schema = writer.add_schema("bench.Header", "jsonschema", json);
        let json = schema::EVENT.as_bytes();
        let event_schema = writer.add_schema("bench.Event", "jsonschema", json);
        let output = schema::outputs();
        let output_schema = writer.add_schema(&output.name, "protobuf", &output.data);
        let inference = schema::inferences();
        let inference_schema = writer.add_schema(&inference.name, "protobuf", &inference.data);
        let mut channels = Channels {
            header: writer.add_channel(header_schema, topic::HEADER, "json", &none),
            events: writer.add_channel(event_schema, topic::EVENTS, "json", &none),
            outputs: writer.add_channel(output_schema, topic::OUTPUTS, "protobuf", &none),
            samples: Vec::new(),
            wire: Vec::new(),
            inferences: vec![None; header.devices.len()],
        };
        if header.wire {
            let wire = schema::wire();
            let known = writer.add_schema(&wire.name, "protobuf", &wire.data);
            for device in &header.devices {
                let topic = format!("{}{}", topic::WIRE, device.name);
                let channel = writer.add_channel(known, &topic, "protobuf", &none);
                channels.wire.push(channel);
            }
        }
        let schemas = schema::samples(&header.devices);
        for (place, (device, schema)) in header.devices.iter().zip(&schemas).enumerate() {
            let known = writer.add_schema(&schema.name, "protobuf", &schema.data);
            let topic = format!("{}{}", topic::SAMPLES, device.name);
            let metadata = schema::metadata(device);
            let channel = writer.add_channel(known, &topic, "protobuf", &metadata);
            channels.samples.push(channel);
            let id = DeviceId(place as u16);
            if header
                .workloads
                .iter()
                .any(|workload| workload.device == id)
            {
                let topic = format!("{}{}", topic::INFERENCES, device.name);
                let channel = writer.add_channel(inference_schema, &topic, "protobuf", &none);
                channels.inferences[place] = Some(channel);
            }
        }
        channels
    }
}
