//! A record that is read once tells what a record that is open tells, of whatever file.

use profiles::time::BenchTime;
use proptest::prelude::*;
use reports::digest::sha256_hex;
use reports::event::Event;
use reports::header::Header;
use reports::record::{News, Record, Recorder, Torn, header_of, read_once};

use crate::bench_run::{header, volts};
use crate::record::{later_header, read, several_chunks, write};

/// What a file tells: header, events, where it is torn, its digest and length; or why it tells nothing.
type Told = Result<(Header, Vec<Event>, Option<Torn>, String, u64), String>;

fn by_once(bytes: &[u8]) -> Told {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("record.mcap");
    std::fs::write(&path, bytes).unwrap();
    let (mut begun, mut events) = (None, Vec::new());
    let whole = read_once(&path, &mut |news| match news {
        News::Begins(header) => {
            begun = Some(header.clone());
            events.clear();
        }
        News::Event(event) => events.push(event.clone()),
        News::Rows(rows) => rows.each(&mut |event| events.push(event.clone())),
    });
    let whole = whole.map_err(|error| error.to_string())?;
    let begun = begun.expect("what can be read has a header");
    Ok((begun, events, whole.torn, whole.sha256, whole.bytes))
}

fn by_record(bytes: &[u8]) -> Told {
    let record = Record::from_bytes(bytes.to_vec()).map_err(|error| error.to_string())?;
    let mut events = Vec::new();
    let told = record.for_each(&mut |event| events.push(event.clone()));
    told.map_err(|error| error.to_string())?;
    let length = bytes.len() as u64;
    let digest = sha256_hex(bytes);
    Ok((
        record.header().clone(),
        events,
        record.torn(),
        digest,
        length,
    ))
}

#[test]
fn a_file_torn_anywhere_tells_the_same() {
    let bytes = write(&header(), &several_chunks());
    for length in 0..=bytes.len() {
        let bytes = &bytes[..length];
        assert_eq!(by_once(bytes), by_record(bytes), "torn at {length}");
    }
    let more = [&bytes[..], &[7; 100]].concat();
    assert_eq!(by_once(&more), by_record(&more));
}

#[test]
fn a_run_that_went_on_twice_tells_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("record.mcap");
    std::fs::write(&path, write(&header(), &several_chunks())).unwrap();
    for part in 1..3 {
        let at = BenchTime::from_millis(50_000 * part);
        let header = Header {
            seed: part,
            ..later_header()
        };
        let mut recorder = Recorder::resume(&path, &header, at).unwrap();
        let event = volts(50_000 * part + 1, part as f64);
        recorder.record(&event).unwrap();
        recorder.finish().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let (told, events, torn, ..) = by_once(&bytes).unwrap();
        assert_eq!((told, torn), (header, None));
        assert_eq!(events.last(), Some(&event));
        assert_eq!(by_once(&bytes), by_record(&bytes));
    }
}

/// Chunks stand across what is read at once, and the file is longer than that.
#[test]
fn a_long_record_tells_the_same() {
    let mut noise = 1_u64;
    let events = (0..120_000_u64).map(|tick| {
        // Marsaglia's xorshift, so that nothing can be packed.
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        volts(tick, noise as f64)
    });
    let events: Vec<Event> = events.collect();
    let bytes = write(&header(), &events);
    assert!(bytes.len() > 4 << 20, "{}", bytes.len());
    let told = by_once(&bytes).unwrap();
    assert!(told.1 == events, "other events");
    assert!(by_record(&bytes).unwrap() == told);
    assert_eq!(read(&Record::from_bytes(bytes).unwrap()).len(), 120_000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_file_with_a_flipped_bit_tells_the_same(place in any::<prop::sample::Index>()) {
        let mut bytes = write(&header(), &several_chunks());
        let place = place.index(bytes.len() * 8);
        bytes[place / 8] ^= 1 << (place % 8);
        prop_assert_eq!(by_once(&bytes), by_record(&bytes));
    }
}

#[test]
fn a_header_is_read_alone_as_soon_as_it_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("record.mcap");
    let mut recorder = Recorder::create(&path, &header()).unwrap();
    // Nothing but the header is on the disk yet.
    assert_eq!(header_of(&path).unwrap(), header());
    recorder.record(&volts(1, 28.0)).unwrap();
    recorder.finish().unwrap();
    assert_eq!(header_of(&path).unwrap(), header());
    let bytes = std::fs::read(&path).unwrap();
    for (length, why) in [(0, "is no MCAP file"), (20, "has no header")] {
        std::fs::write(&path, &bytes[..length]).unwrap();
        assert_eq!(header_of(&path).unwrap_err().to_string(), why);
    }
}
