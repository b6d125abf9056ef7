//! Frames against a small DBC file.

use std::sync::Arc;

use profiles::reading::{Damage, DamageKind, Reading};
use profiles::time::BenchTime;

use super::{Database, TelemetryDecoder};
use crate::link::can::{CanFrame, CanId};
use crate::telemetry::Decoded;

const TEXT: &str = r#"VERSION ""

BU_: BOARD BENCH

BO_ 256 ACC_POWER: 8 BOARD
 SG_ vbus : 0|16@1+ (0.001,0) [0|40] "V" BENCH
 SG_ ibus : 23|16@0- (0.005,0) [-100|100] "A" BENCH
 SG_ watts : 32|32@1- (1,0) [0|0] "W" BENCH

BO_ 257 ACC_TEMP: 8 BOARD
 SG_ tj : 7|16@0- (0.01,0) [-40|125] "degC" BENCH
 SG_ throttle : 16|1@1+ (1,0) [0|1] "" BENCH
 SG_ temp_alive : 20|4@1+ (1,0) [0|15] "" BENCH

BO_ 2566848513 ACC_MUX: 8 BOARD
 SG_ page M : 0|8@1+ (1,0) [0|2] "" BENCH
 SG_ fps m0 : 8|16@1+ (0.1,0) [0|1000] "1/s" BENCH
 SG_ mode m1 : 8|2@1+ (1,0) [0|3] "" BENCH

SIG_VALTYPE_ 256 watts : 1;
VAL_ 257 throttle 0 "no" 1 "yes" ;
VAL_ 2566848513 mode 0 "idle" 2 "infer" ;
"#;

fn decode(id: CanId, data: &[u8], counter: &mut Option<u64>) -> Vec<Decoded> {
    let database = Database::compile(TEXT).unwrap();
    assert_eq!(database.flaws(), []);
    let mut out = Vec::new();
    let message = database.message(id).unwrap();
    message.decode(data, counter, |decoded| out.push(decoded));
    out
}

fn flaw(bytes: u32, why: DamageKind) -> Decoded {
    Decoded::Damaged(Damage { bytes, why })
}

#[test]
fn both_orders_signs_and_floats_are_read() {
    let data = [0x2e, 0x6d, 0xff, 0x06, 0x00, 0xc0, 0x0b, 0xc2];
    let readings = [
        Reading::number(0, 27_950.0 * 0.001),
        Reading::number(1, -250.0 * 0.005),
        Reading::number(2, -34.9375),
    ];
    assert_eq!(
        decode(CanId::Standard(256), &data, &mut None),
        readings.map(Decoded::Reading)
    );
}

#[test]
fn a_value_out_of_range_is_damage_and_the_others_are_heard() {
    let data = [0x7f, 0xff, 0x01, 0, 0, 0, 0, 0];
    assert_eq!(
        decode(CanId::Standard(257), &data, &mut Some(15)),
        [
            flaw(2, DamageKind::OutOfRange),
            Decoded::Reading(Reading::state(4, 1)),
        ]
    );
}

#[test]
fn rolling_counters_tell_what_is_lost() {
    let heard = |before, now: u8| {
        let data = [0, 0, now << 4, 0, 0, 0, 0, 0];
        decode(CanId::Standard(257), &data, &mut Some(before)).pop()
    };
    assert_eq!(heard(15, 2), Some(flaw(0, DamageKind::Gap { lost: 2 })));
    assert_eq!(heard(3, 3), Some(flaw(0, DamageKind::Repeated)));
    assert_eq!(heard(3, 4), Some(Decoded::Reading(Reading::state(4, 0))));
}

#[test]
fn a_silence_of_whole_turns_of_a_counter_is_seen_by_the_time_it_took() {
    let text = format!("{TEXT}BA_ \"GenMsgCycleTime\" BO_ 257 100;\n");
    let lost = |text: &str, counts: [u8; 2], after_ms: u64| {
        let database = Arc::new(Database::compile(text).unwrap());
        let mut decoder = TelemetryDecoder::new(database);
        let mut lost = 0;
        for (millis, count) in [(1_000, counts[0]), (1_000 + after_ms, counts[1])] {
            let data = [0, 0, count << 4, 0, 0, 0, 0, 0];
            let frame = CanFrame::new(CanId::Standard(257), &data);
            assert!(
                decoder.frame_at(BenchTime::from_millis(millis), &frame, |told| {
                    if let Decoded::Damaged(Damage {
                        why: DamageKind::Gap { lost: gap },
                        ..
                    }) = told
                    {
                        lost += gap;
                    }
                })
            );
        }
        lost
    };
    // Sixteen, and one more on either side; then five turns.
    assert_eq!(lost(&text, [3, 4], 1_700), 16);
    assert_eq!(lost(&text, [3, 5], 1_800), 17);
    assert_eq!(lost(&text, [3, 3], 1_600), 0, "told as repeated");
    assert_eq!(lost(&text, [15, 0], 8_100), 80);
    // On time, late, and very late without a loss.
    for after_ms in [100, 150, 600, 1_100] {
        assert_eq!(lost(&text, [3, 4], after_ms), 0, "{after_ms} ms");
    }
    // Nobody knows when it should have come.
    assert_eq!(lost(TEXT, [3, 4], 1_700), 0);
}

#[test]
fn multiplexed_signals_are_read_when_selected() {
    let id = CanId::Extended(0x18ff_0001);
    assert_eq!(
        decode(id, &[0, 0x31, 1, 0, 0, 0, 0, 0], &mut None),
        [Decoded::Reading(Reading::number(5, 305.0 * 0.1))]
    );
    // State number 1 is the second one in the table, raw value 2; raw value 1 has no name.
    let states = |raw| decode(id, &[1, raw, 0, 0, 0, 0, 0, 0], &mut None).pop();
    assert_eq!(states(2), Some(Decoded::Reading(Reading::state(6, 1))));
    assert_eq!(states(1), Some(flaw(1, DamageKind::OutOfRange)));
    let nothing = decode(id, &[2, 0, 0, 0, 0, 0, 0, 0], &mut None);
    assert_eq!(nothing[0], flaw(0, DamageKind::Unknown));
}

#[test]
fn a_short_frame_gives_what_is_wholly_in_it() {
    let heard = decode(CanId::Standard(256), &[0x2e, 0x6d, 0xff], &mut None);
    let volts = Decoded::Reading(Reading::number(0, 27_950.0 * 0.001));
    assert_eq!(heard, [flaw(0, DamageKind::TooShort), volts]);
}

#[test]
fn what_is_encoded_is_decoded() {
    let database = Database::compile(TEXT).unwrap();
    let message = database.named("ACC_POWER").unwrap();
    let data = message.encode(&[27.95, -1.25, -34.9375], 0, 0);
    assert_eq!(data, [0x2e, 0x6d, 0xff, 0x06, 0x00, 0xc0, 0x0b, 0xc2]);
    let mux = database.named("ACC_MUX").unwrap();
    let values = [0.0, 0.0, 0.0, 0.0, 0.0, 30.5, 1.0];
    assert_eq!(mux.encode(&values, 0, 1), [1, 2, 0, 0, 0, 0, 0, 0]);
    assert_eq!(mux.encode(&values, 0, 0), [0, 0x31, 1, 0, 0, 0, 0, 0]);
}

#[test]
fn a_signal_beyond_its_message_is_left_out_with_a_warning() {
    let database = Database::compile(&TEXT.replace("32|32@1-", "40|32@1-")).unwrap();
    insta::assert_snapshot!(
        database.flaws()[0],
        @"8: signal ACC_POWER.watts reaches to octet 9, beyond its message, expected at most octet 8; it is left out"
    );
}
