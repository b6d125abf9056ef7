//! Tables of points in the simulator's memory: selected by name, filled a hundred values at a
//! time, and checked when a channel takes one.

use crate::scpi::message::{Domain, Param};
use crate::scpi::responder::{Call, Outcome, write_nr3, write_text};
use crate::scpi::status::code;

use super::words::{Meaning, TableWord};
use super::{Dialect, Traits};

/// Longest name of a table (E4350B operating guide, chapter 7).
const LONGEST_NAME: usize = 12;
/// Tables that the memory holds (E4360 user's guide, page 72).
const MOST_TABLES: usize = 30;
/// Points that a table holds.
const MOST_POINTS: usize = 4_000;
/// Points that make a curve.
const LEAST_POINTS: usize = 3;
/// Values that one message of the older simulators may have.
const MOST_VALUES: usize = 100;

#[derive(Clone, Debug, Default)]
struct Table {
    name: String,
    volts: Vec<f64>,
    amps: Vec<f64>,
}

/// The memory, shared by all channels.
#[derive(Debug)]
pub(super) struct Memory {
    traits: &'static Traits,
    tables: Vec<Table>,
    /// Name of the table that is written and read.
    selected: String,
}

impl Memory {
    pub(super) fn new(traits: &'static Traits) -> Memory {
        Memory {
            traits,
            tables: Vec::new(),
            selected: String::new(),
        }
    }

    /// Carries out a word about tables; `in_use` are the names that channels work on.
    pub(super) fn carry_out(
        &mut self,
        word: TableWord,
        call: &Call<'_, Meaning>,
        in_use: &[&str],
        reply: &mut String,
    ) -> Outcome {
        match word {
            TableWord::Select if call.query => {
                call.none()?;
                reply.push_str(&self.selected);
            }
            TableWord::Select => self.select(name(call.only()?)?)?,
            TableWord::Volts | TableWord::Amps => {
                let domain = Domain {
                    unit: if word == TableWord::Volts { "V" } else { "A" },
                    min: 0.0,
                    max: if word == TableWord::Volts {
                        self.traits.max_voc
                    } else {
                        self.traits.max_amps
                    },
                    default: 0.0,
                };
                self.values(word, call, &domain, reply)?;
            }
            TableWord::VoltsPoints | TableWord::AmpsPoints => {
                call.none()?;
                let table = self.find(&self.selected).ok_or(code::SETTINGS_CONFLICT)?;
                let count = match word {
                    TableWord::VoltsPoints => table.volts.len(),
                    _ => table.amps.len(),
                };
                write_text(reply, format_args!("{count}"));
            }
            TableWord::Copy => {
                let name = name(call.only()?)?;
                let table = self.find(&self.selected).ok_or(code::SETTINGS_CONFLICT)?;
                let copy = Table {
                    name: name.clone(),
                    ..table.clone()
                };
                self.make_room(&name, in_use)?;
                self.tables.push(copy);
            }
            TableWord::Delete => self.delete(&name(call.only()?)?, in_use)?,
            TableWord::DeleteAll => {
                call.none()?;
                let kept = |name: &str| in_use.iter().any(|used| used.eq_ignore_ascii_case(name));
                self.tables.retain(|table| kept(&table.name));
                self.selected.clear();
            }
            TableWord::Catalog => {
                call.none()?;
                if self.tables.is_empty() {
                    reply.push_str("\"\"");
                }
                for (index, table) in self.tables.iter().enumerate() {
                    let comma = if index == 0 { "" } else { "," };
                    write_text(reply, format_args!("{comma}\"{}\"", table.name));
                }
            }
        }
        Ok(())
    }

    /// The points of a table that make a curve, as volts and amperes.
    ///
    /// # Errors
    /// The number of the error: there is no such table, its lists differ in length, it has fewer
    /// than three points, volts that do not rise, amperes that rise, or too much power.
    pub(super) fn points(&self, name: &str) -> Result<Vec<(f64, f64)>, i16> {
        let table = self.find(name).ok_or(code::CHARACTER_DATA)?;
        let traits = self.traits;
        if table.volts.len() != table.amps.len() {
            return Err(code::LISTS_DIFFER);
        }
        let volts = table.volts.iter().copied();
        let points: Vec<(f64, f64)> = volts.zip(table.amps.iter().copied()).collect();
        if points.len() < LEAST_POINTS {
            return Err(traits.conflict());
        }
        let falls = |pair: &[(f64, f64)]| pair[1].0 > pair[0].0 && pair[1].1 <= pair[0].1;
        if !points.windows(2).all(falls) {
            return Err(traits.conflict());
        }
        let watts = points.iter().map(|(volts, amps)| volts * amps);
        if watts.fold(0.0, f64::max) > traits.max_watts {
            return Err(traits.over_rating());
        }
        Ok(points)
    }

    /// Selects a table; one that is not there is made.
    fn select(&mut self, name: String) -> Outcome {
        if self.find(&name).is_none() {
            if self.tables.len() >= MOST_TABLES {
                return Err(code::OUT_OF_MEMORY);
            }
            self.tables.push(Table {
                name: name.clone(),
                ..Table::default()
            });
        }
        self.selected = name;
        Ok(())
    }

    /// Appends values to the selected table, or tells them. Values beyond a full table or wrong
    /// ones leave the table as it was.
    fn values(
        &mut self,
        word: TableWord,
        call: &Call<'_, Meaning>,
        domain: &Domain,
        reply: &mut String,
    ) -> Outcome {
        let selected = &self.selected;
        let mut tables = self.tables.iter_mut();
        let table = tables.find(|table| table.name.eq_ignore_ascii_case(selected));
        let table = table.ok_or(code::SETTINGS_CONFLICT)?;
        let list = match word {
            TableWord::Volts => &mut table.volts,
            _ => &mut table.amps,
        };
        if call.query {
            call.none()?;
            for (index, value) in list.iter().enumerate() {
                if index > 0 {
                    reply.push(',');
                }
                write_nr3(reply, *value);
            }
            if list.is_empty() {
                reply.push('0');
            }
            return Ok(());
        }
        if call.params.is_empty() {
            return Err(code::MISSING_PARAMETER);
        }
        let most = match self.traits.dialect {
            Dialect::Single => MOST_VALUES,
            Dialect::Modular => MOST_POINTS,
        };
        if call.params.len() > most || list.len() + call.params.len() > MOST_POINTS {
            return Err(code::TOO_MUCH_DATA);
        }
        let values = call.params.iter().map(|param| param.number(domain));
        list.extend(values.collect::<Result<Vec<f64>, i16>>()?);
        Ok(())
    }

    fn delete(&mut self, name: &str, in_use: &[&str]) -> Outcome {
        if self.find(name).is_none() {
            // As the older simulators answer for a name that they do not know.
            return Err(code::CHARACTER_DATA);
        }
        let selected = self.selected.as_str();
        let mut used = in_use.iter().copied().chain([selected]);
        if used.any(|used| used.eq_ignore_ascii_case(name)) {
            return Err(code::SETTINGS_CONFLICT);
        }
        self.tables
            .retain(|table| !table.name.eq_ignore_ascii_case(name));
        Ok(())
    }

    fn make_room(&mut self, name: &str, in_use: &[&str]) -> Outcome {
        if in_use.iter().any(|used| used.eq_ignore_ascii_case(name)) {
            return Err(code::SETTINGS_CONFLICT);
        }
        self.tables
            .retain(|table| !table.name.eq_ignore_ascii_case(name));
        if self.tables.len() >= MOST_TABLES {
            return Err(code::OUT_OF_MEMORY);
        }
        Ok(())
    }

    fn find(&self, name: &str) -> Option<&Table> {
        let mut tables = self.tables.iter();
        tables.find(|table| table.name.eq_ignore_ascii_case(name))
    }
}

/// A table's name: a word or a text of at most twelve characters.
pub(super) fn name(param: &Param<'_>) -> Result<String, i16> {
    let name = match param {
        Param::Word(word) => (*word).to_owned(),
        Param::Text(text) => text.as_ref().to_owned(),
        _ => return Err(code::DATA_TYPE),
    };
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Err(code::CHARACTER_DATA);
    }
    if name.len() > LONGEST_NAME {
        return Err(code::CHARACTER_DATA_TOO_LONG);
    }
    Ok(name)
}
