//! Faults as people say them.

use profiles::command::{Fault, LineFault};

/// A fault as people say it.
pub fn injected(fault: &Fault) -> String {
    let seconds = |millis: &u32| f64::from(*millis) * 1e-3;
    match fault {
        Fault::Mute { millis } => format!("silent for {} s", seconds(millis)),
        Fault::BusOff { millis } => {
            format!("its frames destroyed on the bus for {} s", seconds(millis))
        }
        Fault::Babble { millis } => format!("filling its bus for {} s", seconds(millis)),
        Fault::Hang => "hung until its watchdog's reset".to_owned(),
        Fault::BitFlip { byte, bit } => format!("bit {bit} of byte {byte} turned over"),
        Fault::MemoryFlip {
            address,
            bit,
            place,
        } => format!("bit {bit} of {place} ({address:#x}) turned over"),
        Fault::StuckBit { byte, bit, high } => format!(
            "bit {bit} of byte {byte} of its outputs stuck at {}",
            u8::from(*high)
        ),
        Fault::OutputFlip { byte, bit } => {
            format!("bit {bit} of byte {byte} of its next output turned over")
        }
        Fault::ActivationFlip { byte, bit } => {
            format!("bit {bit} of byte {byte} of what its next inference holds turned over")
        }
        Fault::Drift { percent_per_k } => {
            format!("outputs grow by {percent_per_k} % for each kelvin above 25 °C")
        }
        Fault::LatchUp { amps } => format!("latched up: {amps} A until power goes"),
        Fault::OverVoltageTrip => "over-voltage protection tripped".to_owned(),
        Fault::Reset => "reset".to_owned(),
        Fault::Line { how, millis } => format!("{} for {} s", on_the_line(how), seconds(millis)),
        Fault::Stuck { millis } => format!("its readings stuck for {} s", seconds(millis)),
        Fault::PowerCycle { millis } => {
            format!("without power for {} s, then started anew", seconds(millis))
        }
        Fault::BrownOut { share, millis } => {
            let left = share * 100.0;
            format!("voltage down to {left:.0} % for {} s", seconds(millis))
        }
        Fault::Weak { share, millis } => {
            let way = share * 100.0;
            format!(
                "comes {way:.0} % of the way to its target for {} s",
                seconds(millis)
            )
        }
    }
}

/// What a line does to what passes, as people say it.
fn on_the_line(how: &LineFault) -> String {
    match how {
        LineFault::Unplugged => "unplugged".to_owned(),
        LineFault::Slow { delay_millis } => format!("answers {delay_millis} ms later"),
        LineFault::Garbage => "answers are garbage".to_owned(),
        LineFault::HalfReply => "half of each answer is lost".to_owned(),
        LineFault::Echo => "its line echoes".to_owned(),
        LineFault::WrongUnit => "answers belong to other questions".to_owned(),
        LineFault::Drop { share } => format!("{:.1} % of the chunks lost", share * 100.0),
        LineFault::Flip { share } => {
            format!("a bit turned over in {:.1} % of the chunks", share * 100.0)
        }
    }
}
