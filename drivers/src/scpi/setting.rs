//! Settings that are told and asked, whatever a make calls them.

use super::message::{Domain, Param, named};
use super::responder::{Call, Outcome, write_nr3, write_text};
use super::status::code;

/// Sets or tells a level; `CURR? MAX` tells its largest.
pub(crate) fn number<M>(
    value: &mut f64,
    domain: &Domain,
    call: &Call<'_, M>,
    reply: &mut String,
) -> Outcome {
    if let Some(told) = level(value, domain, call)? {
        write_nr3(reply, told);
    }
    Ok(())
}

/// Sets a level, or gives what is to be told of it.
pub(crate) fn level<M>(
    value: &mut f64,
    domain: &Domain,
    call: &Call<'_, M>,
) -> Result<Option<f64>, i16> {
    if !call.query {
        *value = call.only()?.number(domain)?;
        return Ok(None);
    }
    match call.params {
        [] => Ok(Some(*value)),
        [Param::Word(word)] => named(word, domain).map(Some),
        _ => Err(code::PARAMETER_NOT_ALLOWED),
    }
}

/// Sets or tells a switch.
pub(crate) fn boolean<M>(value: &mut bool, call: &Call<'_, M>, reply: &mut String) -> Outcome {
    if call.query {
        write_text(reply, format_args!("{}", u8::from(*value)));
        return call.none();
    }
    *value = call.only()?.boolean()?;
    Ok(())
}
