//! Lines of every kind, whole and damaged.

use proptest::prelude::*;

use super::*;
use crate::link::can::{BusFrame, CanFrame, CanId, FdFrame, RemoteFrame};

fn read(line: &str) -> Result<LogReader, String> {
    let mut reader = LogReader::default();
    let read = reader.read(line.as_bytes());
    read.map(|()| reader).map_err(|error| error.to_string())
}

#[test]
fn each_kind_of_frame_is_read() {
    let line = read("(1700000103.763963) can0 305#C3B3EC1EAD1F3CC4").unwrap();
    assert_eq!(line.micros, 1_700_000_103_763_963);
    assert_eq!((line.time, line.interface), ((1, 18), (20, 24)));
    assert_eq!((line.id, line.kind), (CanId::Standard(0x305), Kind::Data));
    assert_eq!(
        line.data(),
        [0xc3, 0xb3, 0xec, 0x1e, 0xad, 0x1f, 0x3c, 0xc4]
    );
    let line = read("(0.000001) slcan12 1C8884A1#aB T\r").unwrap();
    assert_eq!((line.micros, line.id), (1, CanId::Extended(0x1c88_84a1)));
    assert_eq!(
        (line.data(), line.direction),
        ([0xab].as_slice(), Some(Direction::Sent))
    );
    let line = read("(1700000103.763963) vcan0 035##3CEB3F06B2E R").unwrap();
    assert_eq!(
        (line.kind, line.direction),
        (Kind::Fd(3), Some(Direction::Received))
    );
    assert_eq!(line.data(), [0xce, 0xb3, 0xf0, 0x6b, 0x2e]);
    let line = read("(1700000103.763963123) can0 72D#R8").unwrap();
    assert_eq!(
        (line.kind, line.micros),
        (Kind::Remote(8), 1_700_000_103_763_963)
    );
    assert!(line.data().is_empty());
    assert_eq!(
        read("(1700000103.763963) can0 72D#R").unwrap().kind,
        Kind::Remote(0)
    );
    let line = read("(1700000103.763963) can0 20000004#0004000000000000").unwrap();
    assert_eq!((line.kind, line.data()[1]), (Kind::Error(4), 4));
}

#[test]
fn what_is_malformed_says_where_and_what_was_expected() {
    let why = |line: &str| read(line).map(|_| ()).unwrap_err();
    let time = "column 1: expected the time in seconds with six decimals, as in \
                `(1700000103.763963)`";
    for line in [
        "",
        "# comment",
        "(1",
        "((1700000105.019941) vcan0 204#2AC43CB850F1D52A",
        "1700000106.075379) can1 4EB#F8EFA245B7172769",
        "(1700000106,356638) slcan12 126#BBA500000000000E",
        "(1700000106.35663) can0 126#BB",
        "(170000010x.356638) can0 126#BB",
        "(1700000106.356638)can0 126#BB",
        "(99999999999999999999.356638) can0 126#BB",
    ] {
        assert_eq!(why(line), time, "{line}");
    }
    let at = "(1700000106.356638) can0 ";
    for (rest, column, what) in [
        ("460 E53AF780", 26, "an identifier of three or eight"),
        ("46#E5", 26, "an identifier of three or eight"),
        ("46G#E5", 26, "an identifier of three or eight"),
        ("12A #0B", 26, "an identifier of three or eight"),
        ("800#00", 26, "an identifier of at most 7FF"),
        ("40000000#00", 26, "an identifier of at most 1FFFFFFF"),
        ("280#F563D4A20AD5C3E", 44, "pairs of hexadecimal digits"),
        ("210#65F73BD336572983GG", 46, "at most 8 octets"),
        ("210#65GG", 30, "pairs of hexadecimal digits"),
        ("210#65 X", 30, "pairs of hexadecimal digits"),
        ("210#R9", 31, "a length of 0 to 8"),
        ("210##", 31, "the flags of a CAN FD frame"),
        ("210##G00", 31, "the flags of a CAN FD frame"),
        ("20000001#R", 35, "pairs of hexadecimal digits"),
    ] {
        let why = why(&format!("{at}{rest}"));
        let expected = format!("column {column}: expected {what}");
        assert!(why.starts_with(&expected), "{rest}: {why}");
    }
    assert_eq!(
        why("(1700000106.356638) "),
        "column 21: expected the name of an interface and a space"
    );
}

fn any_frame() -> impl Strategy<Value = BusFrame> {
    let id = prop_oneof![
        (0_u16..0x800).prop_map(CanId::Standard),
        (0_u32..0x2000_0000).prop_map(CanId::Extended),
    ];
    let octets = |most| proptest::collection::vec(any::<u8>(), 0..=most);
    (id, octets(8), octets(64), 0_u8..3, 0_u8..=8).prop_map(|(id, short, long, kind, length)| {
        match kind {
            0 => BusFrame::Data(CanFrame::new(id, &short)),
            1 => BusFrame::Fd(FdFrame::new(id, &long, 0)),
            _ => BusFrame::Remote(RemoteFrame { id, length }),
        }
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read(frame in any_frame(), micros in 0_i64..10_000_000_000_000_000) {
        let mut line = String::new();
        write(micros, "can0", &frame, &mut line);
        let heard = read(&line).unwrap();
        prop_assert_eq!(heard.micros, micros);
        prop_assert_eq!(Some(heard.id), frame.id());
        prop_assert_eq!(heard.data(), frame.data());
        let kind = match frame {
            BusFrame::Data(_) => Kind::Data,
            BusFrame::Fd(_) => Kind::Fd(1),
            BusFrame::Remote(frame) => Kind::Remote(frame.length),
            BusFrame::Error(_) => unreachable!("it makes none"),
        };
        prop_assert_eq!(heard.kind, kind);
        prop_assert_eq!(heard.frame(), Some(frame));
    }

    #[test]
    fn any_octets_are_a_line_or_malformed(octets in proptest::collection::vec(any::<u8>(), 0..80)) {
        let mut reader = LogReader::default();
        if let Err(error) = reader.read(&octets) {
            prop_assert!(error.at <= octets.len());
        }
    }

    #[test]
    fn a_line_that_is_cut_is_no_longer_frame(frame in any_frame(), cut in 1_usize..20) {
        let mut line = String::new();
        write(1_700_000_000_000_000, "can0", &frame, &mut line);
        let cut = &line[..line.len().saturating_sub(cut)];
        if let Ok(heard) = read(cut) {
            prop_assert!(heard.data().len() <= frame.data().len());
        }
    }
}
