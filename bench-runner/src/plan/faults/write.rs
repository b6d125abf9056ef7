//! Faults as a campaign would ask for them: what was drawn by chance, written down.

use std::fmt::Write;

use profiles::command::{Fault, LineFault};
use profiles::time::BenchTime;

/// The `[[fault]]` that injects `fault` into `device` at `at`; `None` for one that no `[[fault]]`
/// can ask for.
pub(crate) fn snippet(device: &str, at: BenchTime, fault: &Fault) -> Option<String> {
    let (kind, number, millis): (&str, Option<(&str, String)>, Option<u32>) = match fault {
        Fault::Line { how, millis } => {
            let share = |share: &f64| Some(("share", share.to_string()));
            let (kind, number) = match how {
                LineFault::Unplugged => ("unplugged", None),
                LineFault::Slow { delay_millis } => {
                    ("slow", Some(("delay", format!("\"{delay_millis} ms\""))))
                }
                LineFault::Garbage => ("garbage", None),
                LineFault::HalfReply => ("half_reply", None),
                LineFault::Echo => ("echo", None),
                LineFault::WrongUnit => ("wrong_unit", None),
                LineFault::Drop { share: part } => ("drop", share(part)),
                LineFault::Flip { share: part } => ("flip", share(part)),
            };
            (kind, number, Some(*millis))
        }
        Fault::Mute { millis } => ("silent", None, Some(*millis)),
        Fault::Stuck { millis } => ("stuck", None, Some(*millis)),
        Fault::PowerCycle { millis } => ("reboot", None, Some(*millis)),
        Fault::BrownOut { share, millis } => {
            let share = Some(("share", share.to_string()));
            ("brown_out", share, Some(*millis))
        }
        Fault::Weak { share, millis } => {
            ("weak", Some(("share", share.to_string())), Some(*millis))
        }
        Fault::BusOff { millis } => ("bus_off", None, Some(*millis)),
        Fault::Babble { millis } => ("babble", None, Some(*millis)),
        Fault::LatchUp { amps } => ("latch_up", Some(("amps", amps.to_string())), None),
        Fault::Reset => ("reboot", None, None),
        Fault::Hang => ("hang", None, None),
        Fault::OverVoltageTrip => ("over_voltage", None, None),
        Fault::MemoryFlip { address, bit, .. } => {
            let at = at.as_micros() / 1_000;
            return Some(format!(
                "[[fault]]\ndevice = \"{device}\"\nkind = \"upset\"\nat = \"{at} ms\"\n\
                 memory = \"{address:#x}..{:#x}\"\nbyte = 0\nbit = {bit}\n",
                address + 1
            ));
        }
        Fault::BitFlip { .. }
        | Fault::StuckBit { .. }
        | Fault::OutputFlip { .. }
        | Fault::ActivationFlip { .. }
        | Fault::Drift { .. } => return None,
    };
    let at = at.as_micros() / 1_000;
    let mut text =
        format!("[[fault]]\ndevice = \"{device}\"\nkind = \"{kind}\"\nat = \"{at} ms\"\n");
    // Writing to a string cannot fail.
    if let Some(millis) = millis {
        let _ = writeln!(text, "lasts = \"{millis} ms\"");
    }
    if let Some((key, value)) = number {
        let _ = writeln!(text, "{key} = {value}");
    }
    Some(text)
}
