//! Status registers of each channel, and lists of channels such as `(@1,2)` and `(@1:2)`.

use crate::scpi::message::Param;
use crate::scpi::responder::{Call, Outcome, write_text};
use crate::scpi::status::{Group, code};

use super::words::{Meaning, Register};

/// Sets or tells a register.
pub(super) fn register(
    group: &mut Group,
    register: Register,
    call: &Call<'_, Meaning>,
    reply: &mut String,
) -> Outcome {
    if !call.query {
        let value = call.only()?.whole(32_767)?;
        match register {
            Register::Enable => group.enable = value,
            Register::Positive => group.positive = value,
            Register::Negative => group.negative = value,
            Register::Event | Register::Condition => return Err(code::UNDEFINED_HEADER),
        }
        return Ok(());
    }
    call.none()?;
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

/// The parameters without their list of channels, and the channels from zero: the first where
/// none are listed.
///
/// # Errors
/// The number of the error: a list where there are no channels, one that is none, or a channel
/// that is not there.
pub(super) fn split<'a, 'b>(
    params: &'a [Param<'b>],
    channels: usize,
    listed: bool,
) -> Result<(&'a [Param<'b>], Vec<usize>), i16> {
    let Some((Param::Expression(list), values)) = params.split_last() else {
        return Ok((params, vec![0]));
    };
    if !listed {
        return Err(code::EXPRESSION_NOT_ALLOWED);
    }
    let inside = list
        .strip_prefix("(@")
        .and_then(|list| list.strip_suffix(')'));
    let mut numbers = Vec::new();
    for part in inside.ok_or(code::INVALID_EXPRESSION)?.split(',') {
        let (first, last) = part.split_once(':').unwrap_or((part, part));
        let number = |text: &str| text.trim().parse::<usize>();
        let (Ok(first), Ok(last)) = (number(first), number(last)) else {
            return Err(code::INVALID_EXPRESSION);
        };
        if first == 0 || last > channels || first > channels {
            return Err(code::HARDWARE_MISSING);
        }
        // Either way round.
        let range = first.min(last)..=first.max(last);
        numbers.extend(range.map(|number| number - 1));
    }
    Ok((values, numbers))
}
