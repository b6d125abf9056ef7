//! The statements that matter for frames, each without its first word.

use super::words::{
    Parsed, count, integer, missing, number, one, quoted, quoted_on_line, sign, skip_blanks, word,
};
use super::{Multiplex, SignalText};

/// `BO_ 256 ACC_POWER: 8 BOARD`: identifier as written, name, octets.
pub(super) fn message(text: &str) -> Parsed<'_, (u64, &str, u64)> {
    let (rest, id) = count(text, "the identifier of the message, a whole number")?;
    let (rest, name) = word(rest, "the name of the message")?;
    let (rest, ()) = sign(rest, ':', "`:` behind the name of the message")?;
    let (rest, octets) = count(rest, "how many octets the message has")?;
    Ok((rest, (id, name, octets)))
}

/// `SG_ vbus m3 : 0|16@1+ (0.001,0) [0|40] "V" BENCH`, without who hears it.
pub(super) fn signal(text: &str, at: usize) -> Parsed<'_, SignalText<'_>> {
    let (rest, name) = word(text, "the name of a signal")?;
    let (rest, multiplex) = multiplex(rest)?;
    let (rest, ()) = sign(rest, ':', "`:` behind the name of the signal")?;
    let (rest, start) = count(rest, "the signal's first bit")?;
    let (rest, ()) = sign(rest, '|', "`|` between first bit and length")?;
    let (rest, bits) = count(rest, "the signal's length in bits")?;
    let (rest, ()) = sign(rest, '@', "`@` and the order of octets")?;
    let (rest, order) = one(rest, "01", "`0` (Motorola) or `1` (Intel)")?;
    let (rest, signed) = one(rest, "+-", "`+` (unsigned) or `-` (signed)")?;
    let (rest, (factor, offset)) = pair(rest, "(,)", "`(factor,offset)`")?;
    let (rest, (min, max)) = pair(rest, "[|]", "`[minimum|maximum]`")?;
    let (rest, unit) = quoted_on_line(rest, "the unit in quotation marks")?;
    let signal = SignalText {
        at,
        name,
        multiplex,
        start: start as usize,
        bits: bits as usize,
        big_endian: order == '0',
        signed: signed == '-',
        factor,
        offset,
        min,
        max,
        unit,
        value_type: 0,
        names: Vec::new(),
        selected_by: None,
    };
    Ok((rest, signal))
}

fn multiplex(text: &str) -> Parsed<'_, Multiplex> {
    const EXPECTED: &str = "`:`, `M`, `m0` or `m0M`";
    let none = Multiplex::default();
    if skip_blanks(text).starts_with(':') {
        return Ok((text, none));
    }
    let (rest, mark) = word(text, EXPECTED)?;
    if mark == "M" {
        let is_selector = true;
        return Ok((
            rest,
            Multiplex {
                is_selector,
                ..none
            },
        ));
    }
    let (group, is_selector) = match mark.strip_suffix('M') {
        Some(group) => (group, true),
        None => (mark, false),
    };
    let group = group.strip_prefix('m').map(str::parse);
    let Some(Ok(group)) = group else {
        // A bare `m` names no group, so the signal is always there.
        return if mark == "m" {
            Ok((rest, none))
        } else {
            Err(missing(text, EXPECTED))
        };
    };
    let group = Some(group);
    Ok((rest, Multiplex { is_selector, group }))
}

/// Two numbers between three signs.
fn pair<'a>(text: &'a str, signs: &'static str, expected: &'static str) -> Parsed<'a, (f64, f64)> {
    let mut signs = signs.chars();
    let mut next = |rest| sign(rest, signs.next().unwrap_or_default(), expected);
    let (rest, ()) = next(text)?;
    let (rest, first) = number(rest, expected)?;
    let (rest, ()) = next(rest)?;
    let (rest, second) = number(rest, expected)?;
    let (rest, ()) = next(rest)?;
    Ok((rest, (first, second)))
}

/// A signal that a statement speaks of: identifier of the message as written, name, where it is.
pub(super) type Subject<'a> = (u64, &'a str);

/// `257 throttle`
pub(super) fn subject(text: &str) -> Parsed<'_, Subject<'_>> {
    let (rest, id) = count(text, "the identifier of a message")?;
    let (rest, name) = word(rest, "the name of a signal")?;
    Ok((rest, (id, name)))
}

/// `0 "no" 1 "yes"`, up to `;`
pub(super) fn names(text: &str) -> Parsed<'_, Vec<(i64, &str)>> {
    let (mut rest, mut names) = (text, Vec::new());
    loop {
        let ahead = skip_blanks(rest);
        if !ahead.starts_with(|next: char| next.is_ascii_digit() || next == '-' || next == '+') {
            return Ok((rest, names));
        }
        let (behind, value) = integer(ahead, "a whole number and its name")?;
        let (behind, name) = quoted(behind, "a name in quotation marks")?;
        names.push((value, name));
        rest = behind;
    }
}

/// `256 watts : 1`
pub(super) fn value_type(text: &str) -> Parsed<'_, (Subject<'_>, u64)> {
    let (rest, subject) = subject(text)?;
    // Some programs leave the colon out.
    let rest = sign(rest, ':', "`:`").map_or(rest, |(behind, ())| behind);
    let (rest, kind) = count(
        rest,
        "`0` (whole number), `1` (32-bit) or `2` (64-bit IEEE 754)",
    )?;
    Ok((rest, (subject, kind)))
}

/// A multiplexer, and its values from and to.
pub(super) type Selection<'a> = (&'a str, Vec<(u64, u64)>);

/// `1152 MO5_Drehzahl MO5_Mp_Code 1-1, 4-7`
pub(super) fn selection(text: &str) -> Parsed<'_, (Subject<'_>, Selection<'_>)> {
    let (rest, subject) = subject(text)?;
    let (mut rest, selector) = word(rest, "the name of a multiplexer")?;
    let mut ranges = Vec::new();
    loop {
        let (behind, low) = count(rest, "a range of values, as in `1-3`")?;
        let (behind, ()) = sign(behind, '-', "`-` between the ends of the range")?;
        let (behind, high) = count(behind, "the end of the range")?;
        ranges.push((low, high));
        match sign(behind, ',', "`,`") {
            Ok((behind, ())) => rest = behind,
            Err(_) => return Ok((behind, (subject, (selector, ranges)))),
        }
    }
}

/// ` "GenMsgCycleTime" BO_ 256 100`: identifier as written, milliseconds.
pub(super) fn cycle(text: &str) -> Option<(u64, u32)> {
    let rest = skip_blanks(text).strip_prefix("\"GenMsgCycleTime\"")?;
    let rest = skip_blanks(rest).strip_prefix("BO_")?;
    let (rest, id) = count(rest, "an identifier").ok()?;
    let (_, cycle) = number(rest, "milliseconds").ok()?;
    (0.0..=f64::from(u32::MAX))
        .contains(&cycle)
        .then_some((id, cycle as u32))
}

/// What `CM_` comments on, and the comment.
pub(super) fn comment(text: &str) -> Parsed<'_, ()> {
    const SUBJECT: &str = "`BU_`, `BO_`, `SG_`, `EV_` or the comment in quotation marks";
    let rest = skip_blanks(text);
    if rest.starts_with('"') {
        let (rest, _) = quoted(rest, "the comment in quotation marks")?;
        return Ok((rest, ()));
    }
    let rest = if let Some(rest) = rest.strip_prefix("SG_") {
        subject(rest)?.0
    } else if let Some(rest) = rest.strip_prefix("BO_") {
        count(rest, "the identifier of a message")?.0
    } else if let Some(rest) = rest.strip_prefix("BU_").or(rest.strip_prefix("EV_")) {
        word(rest, "a name")?.0
    } else {
        sign(rest, '"', SUBJECT)?.0
    };
    let (rest, _) = quoted(rest, "the comment in quotation marks")?;
    Ok((rest, ()))
}
