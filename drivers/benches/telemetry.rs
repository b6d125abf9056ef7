//! What one housekeeping packet and one CAN frame cost from the line to the readings.

use std::sync::Arc;

use divan::Bencher;
use divan::counter::BytesCount;
use drivers::link::can::{CanFrame, CanId};
use drivers::telemetry::ccsds::line::Line;
use drivers::telemetry::ccsds::packet::{TmPacket, pec};
use drivers::telemetry::ccsds::plan::Plan;
use drivers::telemetry::ccsds::time::Time;
use drivers::telemetry::ccsds::{self, Received, Receiver};
use drivers::telemetry::dbc::{self, Database};
use drivers::telemetry::framing::cobs::{self, CobsDecoder};
use drivers::telemetry::{Decoded, Decoder};

const DICTIONARY: &str = include_str!("../src/accelerator/ccsds_serial/dictionary.toml");
const DBC: &str = include_str!("../src/accelerator/dbc_can/board.dbc");

fn main() {
    divan::main();
}

fn plan() -> Arc<Plan> {
    Arc::new(Plan::compile(DICTIONARY).expect("the board's own dictionary"))
}

/// A housekeeping packet with plausible values.
fn packet(plan: &Plan) -> Vec<u8> {
    let values = [
        27.95, 0.64, 31.2, 44.5, 800.0, 0.0, 3.0, 0.0, 812.0, 3.0, 0.0, 412.7,
    ];
    let number = plan.packet("housekeeping").expect("it has this packet");
    let mut source = Vec::new();
    plan.encode(number, &values, &mut source);
    let mut packet = Vec::new();
    let tm = TmPacket {
        apid: 0x42,
        count: 7,
        service: 3,
        subtype: 25,
        message: 7,
        destination: 0,
        time: Time::days_and_millis(1_000_000),
        source: &source,
    };
    tm.write(&mut packet);
    packet
}

fn frame(plan: &Plan) -> Vec<u8> {
    let mut frame = Vec::new();
    cobs::encode(&packet(plan), &mut frame);
    frame
}

/// COBS, checksum, headers, dictionary: the whole way to twelve readings.
#[divan::bench]
fn housekeeping_packet(bencher: Bencher<'_, '_>) {
    let plan = plan();
    let frame = frame(&plan);
    let mut decoder = ccsds::TelemetryDecoder::new(Line::cobs(1_100), Arc::clone(&plan));
    let mut out: Vec<Decoded> = Vec::with_capacity(64);
    bencher
        .counter(BytesCount::new(frame.len()))
        .bench_local(|| {
            out.clear();
            // The count stands still, so each packet is also told as repeated.
            decoder.push(divan::black_box(&frame), &mut out);
            out.len()
        });
}

#[divan::bench]
fn cobs_alone(bencher: Bencher<'_, '_>) {
    let frame = frame(&plan());
    let mut decoder = CobsDecoder::new(1_100);
    bencher
        .counter(BytesCount::new(frame.len()))
        .bench_local(|| {
            let mut frames = 0;
            decoder.push(divan::black_box(&frame), |_| frames += 1);
            frames
        });
}

#[divan::bench]
fn checksum_alone(bencher: Bencher<'_, '_>) {
    let packet = packet(&plan());
    bencher
        .counter(BytesCount::new(packet.len()))
        .bench_local(|| pec(divan::black_box(&packet)));
}

#[divan::bench]
fn packet_without_dictionary(bencher: Bencher<'_, '_>) {
    let frame = frame(&plan());
    let mut receiver = Receiver::new(Line::cobs(1_100));
    bencher
        .counter(BytesCount::new(frame.len()))
        .bench_local(|| {
            let mut packets = 0;
            receiver.push(divan::black_box(&frame), |received| {
                packets += u32::from(matches!(received, Received::Packet(..)));
            });
            packets
        });
}

/// One frame of a message of three or four signals, in turn.
#[divan::bench(args = ["ACC_POWER", "ACC_TEMP", "ACC_STATUS", "ACC_COUNTERS"])]
fn can_frame(bencher: Bencher<'_, '_>, name: &str) {
    let database = Arc::new(Database::compile(DBC).expect("the board's own DBC file"));
    let message = database.named(name).expect("it has this message");
    let values: Vec<f64> = vec![1.0; database.channels().len()];
    let data = message.encode(&values, 1, 0);
    let chunk = CanFrame::new(message.id(), &data).to_bytes();
    let mut decoder = dbc::TelemetryDecoder::new(Arc::clone(&database));
    let mut out: Vec<Decoded> = Vec::with_capacity(64);
    bencher.bench_local(|| {
        out.clear();
        decoder.push(divan::black_box(&chunk), &mut out);
        out.len()
    });
}

#[divan::bench]
fn unknown_frame(bencher: Bencher<'_, '_>) {
    let database = Arc::new(Database::compile(DBC).expect("the board's own DBC file"));
    let chunk = CanFrame::new(CanId::Standard(0x7ff), &[0; 8]).to_bytes();
    let mut decoder = dbc::TelemetryDecoder::new(database);
    let mut out: Vec<Decoded> = Vec::with_capacity(64);
    bencher.bench_local(|| {
        out.clear();
        decoder.push(divan::black_box(&chunk), &mut out);
        out.len()
    });
}
