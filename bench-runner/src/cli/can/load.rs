//! `bench can load`: how full the bus was on which a log was recorded.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::PathBuf;

use drivers::link::can::bus::{BitRates, BusLoad};
use drivers::link::can::candump::{Lines, LogReader};

use super::super::{complain, print};
use crate::exit::Exit;

/// Tell how full the bus of a log was, from the very bits of its frames
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Log as `candump -l` and `candump -L` write it
    log: PathBuf,
    /// Bit rate of the bus, bit/s
    #[arg(long, value_name = "RATE", value_parser = clap::value_parser!(u32).range(1..))]
    bit_rate: u32,
    /// Bit rate of the data of CAN FD frames that switch, bit/s; as --bit-rate if left out
    #[arg(long, value_name = "RATE", value_parser = clap::value_parser!(u32).range(1..))]
    data_rate: Option<u32>,
}

pub(super) fn main(args: &Args) -> Exit {
    match loads(args) {
        Ok(loads) if loads.is_empty() => {
            complain(&format!(
                "{}: there is no frame in it\n",
                args.log.display()
            ));
            Exit::Inconclusive
        }
        Ok(loads) => {
            for (interface, mut load) in loads {
                let _last = load.finish();
                let (mean, frames) = load.mean().unwrap_or_default();
                let (mean, peak) = (mean * 100.0, load.peak().part() * 100.0);
                print(&format!(
                    "{interface}: {frames} frames, load {mean:.2} % on average, {peak:.2} % in the \
                     fullest second\n"
                ));
            }
            Exit::Passed
        }
        Err(error) => {
            complain(&format!("Error: {}: {error}\n", args.log.display()));
            Exit::Refused
        }
    }
}

fn loads(args: &Args) -> io::Result<BTreeMap<String, BusLoad>> {
    let rates = BitRates {
        nominal: args.bit_rate,
        fast: args.data_rate.unwrap_or(args.bit_rate),
    };
    let mut lines = Lines::new(File::open(&args.log)?);
    let mut reader = LogReader::default();
    let mut loads = BTreeMap::new();
    while let Some(piece) = lines.next_piece()? {
        for line in piece.split(|&octet| octet == b'\n') {
            let Some(frame) = reader.read(line).ok().and_then(|()| reader.frame()) else {
                continue;
            };
            let name = String::from_utf8_lossy(&line[reader.interface.0..reader.interface.1]);
            if !loads.contains_key(name.as_ref()) {
                loads.insert(name.clone().into_owned(), BusLoad::new(rates));
            }
            if let Some(load) = loads.get_mut(name.as_ref()) {
                let _second = load.push(reader.micros, &frame);
            }
        }
    }
    Ok(loads)
}
