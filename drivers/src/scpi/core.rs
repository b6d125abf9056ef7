//! What every SCPI instrument answers: the common commands of IEEE 488.2, `SYSTem:ERRor?`, and the
//! status registers.

use super::message::Unit;
use super::responder::{Outcome, write_text};
use super::status::{Group, Status, code, event, text_of};

/// Headers that the responder answers by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Core {
    ClearStatus,
    EventEnable,
    Events,
    Identity,
    Complete,
    Options,
    ServiceEnable,
    StatusByte,
    SelfTest,
    Wait,
    NextError,
    Version,
    Preset,
    Group(Which, Register),
}

/// A group of status registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    Questionable,
    Operation,
}

/// One register of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Register {
    Event,
    Condition,
    Enable,
    Positive,
    Negative,
}

/// Their patterns.
pub(crate) const CORE: [(&str, Core); 23] = {
    use Core::Group as In;
    use Register::{Condition, Enable, Event, Negative, Positive};
    use Which::{Operation, Questionable};
    [
        ("*CLS", Core::ClearStatus),
        ("*ESE[?]", Core::EventEnable),
        ("*ESR?", Core::Events),
        ("*IDN?", Core::Identity),
        ("*OPC[?]", Core::Complete),
        ("*OPT?", Core::Options),
        ("*SRE[?]", Core::ServiceEnable),
        ("*STB?", Core::StatusByte),
        ("*TST?", Core::SelfTest),
        ("*WAI", Core::Wait),
        ("SYSTem:ERRor[:NEXT]?", Core::NextError),
        ("SYSTem:VERSion?", Core::Version),
        ("STATus:PRESet", Core::Preset),
        ("STATus:QUEStionable[:EVENt]?", In(Questionable, Event)),
        (
            "STATus:QUEStionable:CONDition?",
            In(Questionable, Condition),
        ),
        ("STATus:QUEStionable:ENABle[?]", In(Questionable, Enable)),
        (
            "STATus:QUEStionable:PTRansition[?]",
            In(Questionable, Positive),
        ),
        (
            "STATus:QUEStionable:NTRansition[?]",
            In(Questionable, Negative),
        ),
        ("STATus:OPERation[:EVENt]?", In(Operation, Event)),
        ("STATus:OPERation:CONDition?", In(Operation, Condition)),
        ("STATus:OPERation:ENABle[?]", In(Operation, Enable)),
        ("STATus:OPERation:PTRansition[?]", In(Operation, Positive)),
        ("STATus:OPERation:NTRansition[?]", In(Operation, Negative)),
    ]
};

/// Carries out or answers `unit`.
pub(super) fn carry_out(
    core: Core,
    unit: &Unit<'_>,
    status: &mut Status,
    identity: &str,
    reply: &mut String,
) -> Outcome {
    if let Core::Group(which, register) = core {
        let group = match which {
            Which::Questionable => &mut status.questionable,
            Which::Operation => &mut status.operation,
        };
        return group_register(group, register, unit, reply);
    }
    if !unit.query && core == Core::EventEnable {
        status.event_enable = mask(unit, 255)? as u8;
        return Ok(());
    }
    if !unit.query && core == Core::ServiceEnable {
        status.service_enable = mask(unit, 255)? as u8;
        return Ok(());
    }
    no_params(unit)?;
    let number = match core {
        Core::EventEnable => status.event_enable,
        Core::ServiceEnable => status.service_enable,
        Core::Events => status.take_events(),
        // What this message has answered so far waits to be read.
        Core::StatusByte => status.byte(!reply.is_empty()),
        Core::Complete if unit.query => 1,
        Core::Options | Core::SelfTest => 0,
        Core::Identity => {
            reply.push_str(identity);
            return Ok(());
        }
        Core::Version => {
            reply.push_str("1995.0");
            return Ok(());
        }
        Core::NextError => {
            let code = status.take_error();
            write_text(reply, format_args!("{code:+},\"{}\"", text_of(code)));
            return Ok(());
        }
        Core::ClearStatus => {
            status.clear();
            return Ok(());
        }
        Core::Preset => {
            status.preset();
            return Ok(());
        }
        Core::Complete => {
            status.set_events(event::OPERATION_COMPLETE);
            return Ok(());
        }
        Core::Wait | Core::Group(..) => return Ok(()),
    };
    write_text(reply, format_args!("{number}"));
    Ok(())
}

fn no_params(unit: &Unit<'_>) -> Outcome {
    if unit.params.is_empty() {
        Ok(())
    } else {
        Err(code::PARAMETER_NOT_ALLOWED)
    }
}

fn mask(unit: &Unit<'_>, max: u16) -> Result<u16, i16> {
    match unit.params.as_slice() {
        [param] => param.whole(max),
        [] => Err(code::MISSING_PARAMETER),
        _ => Err(code::PARAMETER_NOT_ALLOWED),
    }
}

fn group_register(
    group: &mut Group,
    register: Register,
    unit: &Unit<'_>,
    reply: &mut String,
) -> Outcome {
    if !unit.query {
        let value = mask(unit, 32_767)?;
        match register {
            Register::Enable => group.enable = value,
            Register::Positive => group.positive = value,
            Register::Negative => group.negative = value,
            Register::Event | Register::Condition => return Err(code::UNDEFINED_HEADER),
        }
        return Ok(());
    }
    no_params(unit)?;
    let value = match register {
        Register::Event => group.take_event(),
        Register::Condition => group.condition(),
        Register::Enable => group.enable,
        Register::Positive => group.positive,
        Register::Negative => group.negative,
    };
    write_text(reply, format_args!("{value}"));
    Ok(())
}
