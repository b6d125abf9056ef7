//! A record that is read while it is written, torn, replaced and gone on with.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use profiles::time::BenchTime;
use reports::event::{DeviceId, Event, EventKind};
use reports::header::Header;
use reports::record::{Follower, News, Reach, RecordError, Recorder};
use reports::verdict::Ending;

use crate::bench_run::{event, header, volts};
use crate::record::{later_header, several_chunks, write};

/// What a follower told since the last begin.
#[derive(Default)]
struct Told {
    begun: Vec<Header>,
    events: Vec<Event>,
}

impl Told {
    fn look(&mut self, follower: &mut Follower) -> Result<Reach, RecordError> {
        loop {
            let reach = follower.look(&mut |news| match news {
                News::Begins(header) => {
                    self.begun.push(header.clone());
                    self.events.clear();
                }
                News::Event(event) => self.events.push(event.clone()),
                News::Rows(rows) => rows.each(&mut |event| self.events.push(event.clone())),
            })?;
            if reach != Reach::More {
                return Ok(reach);
            }
        }
    }
}

fn append(path: &Path, bytes: &[u8]) {
    let mut file = OpenOptions::new().append(true).create(true).open(path);
    file.as_mut().unwrap().write_all(bytes).unwrap();
}

#[test]
fn a_file_that_grows_octet_by_octet_is_told_once_and_in_order() {
    let events = several_chunks();
    let bytes = write(&header(), &events);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("record.mcap");
    let mut follower = Follower::new(&path);
    let mut told = Told::default();
    assert_eq!(told.look(&mut follower).unwrap(), Reach::Waiting, "no file");
    let mut seen = 0;
    for (place, byte) in bytes.iter().enumerate() {
        append(&path, &[*byte]);
        let reach = told.look(&mut follower).unwrap();
        let closed = place + 1 == bytes.len();
        assert_eq!(reach == Reach::Closed, closed, "at {place}");
        assert!(events.starts_with(&told.events), "at {place}");
        assert!(told.events.len() >= seen, "at {place}");
        seen = told.events.len();
    }
    assert_eq!((told.begun.len(), seen), (1, events.len()));
    assert_eq!(told.look(&mut follower).unwrap(), Reach::Closed);
    assert_eq!(told.events.len(), events.len(), "nothing twice");
}

#[test]
fn a_follower_that_comes_at_any_time_is_told_all_from_the_begin() {
    let events = several_chunks();
    let bytes = write(&header(), &events);
    let dir = tempfile::tempdir().unwrap();
    for cut in (0..=bytes.len()).step_by(11) {
        let path = dir.path().join(cut.to_string());
        append(&path, &bytes[..cut]);
        let (mut follower, mut told) = (Follower::new(&path), Told::default());
        told.look(&mut follower).unwrap();
        append(&path, &bytes[cut..]);
        assert_eq!(told.look(&mut follower).unwrap(), Reach::Closed, "{cut}");
        assert!(told.events == events && told.begun.len() == 1, "{cut}");
    }
}

#[test]
fn a_recorder_is_followed_from_another_thread() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("record.mcap");
    let header = Header {
        pace: "real".to_owned(),
        ..header()
    };
    let events: Vec<Event> = (0..20_000).map(|n| volts(n * 20, n as f64)).collect();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut recorder = Recorder::create(&path, &header).unwrap();
            for event in &events {
                recorder.record(event).unwrap();
            }
            recorder.finish().unwrap();
        });
        let (mut follower, mut told) = (Follower::new(&path), Told::default());
        while told.look(&mut follower).unwrap() != Reach::Closed {
            std::thread::yield_now();
        }
        assert!(told.events == events);
        assert_eq!(told.begun, std::slice::from_ref(&header));
    });
}

#[test]
fn another_file_at_the_path_is_another_run() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("record.mcap");
    let (first, second) = (several_chunks(), vec![volts(7, 7.0)]);
    let other = later_header();
    // In place of the first, over the first, and over it while the first was longer or shorter.
    for over in [false, true] {
        for (then, now) in [(&first, &second), (&second, &first)] {
            fs::write(&path, write(&header(), then)).unwrap();
            let (mut follower, mut told) = (Follower::new(&path), Told::default());
            told.look(&mut follower).unwrap();
            assert_eq!(&told.events, then);
            let bytes = write(&other, now);
            if over {
                fs::write(&path, bytes).unwrap();
            } else {
                let new = dir.path().join("new");
                fs::write(&new, bytes).unwrap();
                fs::rename(&new, &path).unwrap();
            }
            assert_eq!(told.look(&mut follower).unwrap(), Reach::Closed);
            assert_eq!(&told.events, now, "over: {over}");
            assert_eq!(told.begun, [header(), other.clone()]);
        }
    }
}

#[test]
fn a_run_that_goes_on_is_told_anew_by_its_newer_header() {
    let events = several_chunks();
    let whole = write(&header(), &events);
    for torn in [whole.len(), whole.len() - 1, whole.len() * 2 / 3] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("record.mcap");
        fs::write(&path, &whole[..torn]).unwrap();
        let (mut follower, mut told) = (Follower::new(&path), Told::default());
        told.look(&mut follower).unwrap();
        let before = told.events.clone();
        let at = BenchTime::from_millis(50_000);
        let mut recorder = Recorder::resume(&path, &later_header(), at).unwrap();
        assert_eq!(told.look(&mut follower).unwrap(), Reach::Waiting);
        let ending = Ending::Completed;
        let last = event(60_000, DeviceId::BENCH, EventKind::RunEnded { ending });
        recorder.record(&last).unwrap();
        recorder.finish().unwrap();
        assert_eq!(told.look(&mut follower).unwrap(), Reach::Closed);
        let all: Vec<Event> = before.into_iter().chain([last]).collect();
        assert!(told.events == all, "torn at {torn}");
        assert_eq!(told.begun, [header(), later_header()]);
    }
}

#[test]
fn what_is_no_record_is_said_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("record.mcap");
    fs::write(&path, "time;volts\n0;28\n").unwrap();
    let mut follower = Follower::new(&path);
    let said = Told::default().look(&mut follower);
    assert!(matches!(said, Err(RecordError::NotMcap)), "{said:?}");
}
