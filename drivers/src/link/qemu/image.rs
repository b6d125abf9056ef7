//! The names in a firmware's ELF file: where in its memory something is, and what is at an address.

use std::ops::Range;
use std::path::Path;

use object::{Object, ObjectSection, ObjectSymbol, SectionFlags, elf};

/// What firmware calls once a control period, after it told and before it hears: there it is stopped.
pub const WAIT: &str = "lockstep_wait";
/// Names that are told as likely ones, at most.
const LIKELY: usize = 3;

/// Part of a firmware's memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory {
    /// As it was asked for.
    pub name: String,
    /// Its addresses.
    pub range: Range<u64>,
}

impl Memory {
    /// How large it is, octets.
    pub fn octets(&self) -> u64 {
        self.range.end.saturating_sub(self.range.start)
    }
}

/// The names in a firmware.
#[derive(Clone, Debug, Default)]
pub struct Image {
    /// Variables and functions, in order of their addresses.
    symbols: Vec<Memory>,
    /// Sections that are in memory while it runs.
    sections: Vec<Memory>,
}

impl Image {
    /// Reads the names in an ELF file.
    ///
    /// # Errors
    /// If it cannot be read, or is none.
    pub fn read(path: &Path) -> Result<Image, String> {
        let octets = std::fs::read(path).map_err(|error| error.to_string())?;
        Image::parse(&octets)
    }

    fn parse(octets: &[u8]) -> Result<Image, String> {
        let file = object::File::parse(octets).map_err(|error| error.to_string())?;
        let thumb = file.architecture() == object::Architecture::Arm;
        let mut symbols: Vec<Memory> = file
            .symbols()
            .filter(|symbol| symbol.size() > 0 && symbol.is_definition())
            .filter_map(|symbol| {
                // The lowest bit of a function's address says that it is in Thumb.
                let is_code = symbol.kind() == object::SymbolKind::Text;
                let start = symbol.address() & !u64::from(thumb && is_code);
                Some(Memory {
                    name: symbol.name().ok()?.to_owned(),
                    range: start..start.checked_add(symbol.size())?,
                })
            })
            .collect();
        symbols.sort_by(|a, b| (a.range.start, &a.name).cmp(&(b.range.start, &b.name)));
        let sections = file.sections().filter_map(|section| {
            let SectionFlags::Elf { sh_flags } = section.flags() else {
                return None;
            };
            let is_there = sh_flags & u64::from(elf::SHF_ALLOC) != 0 && section.size() > 0;
            let start = section.address();
            is_there.then_some(Memory {
                name: section.name().ok()?.to_owned(),
                range: start..start.checked_add(section.size())?,
            })
        });
        Ok(Image {
            sections: sections.collect(),
            symbols,
        })
    }

    /// Part of the memory: a variable or function (`weights`), a section (`.bss`), or addresses
    /// (`0x20000000..0x20000400`).
    ///
    /// # Errors
    /// If there is no such part: what was expected.
    pub fn memory(&self, name: &str) -> Result<Memory, String> {
        let named = self.sections.iter().chain(&self.symbols);
        if let Some(found) = named.clone().find(|memory| memory.name == name) {
            return Ok(found.clone());
        }
        if let Some((start, end)) = name.split_once("..") {
            let range = address(start).zip(address(end));
            return match range {
                Some((start, end)) if start < end => Ok(Memory {
                    name: name.to_owned(),
                    range: start..end,
                }),
                _ => Err("expected addresses such as `0x20000000..0x20000400`".to_owned()),
            };
        }
        let lower = name.to_lowercase();
        let likely = named.map(|memory| memory.name.as_str());
        let likely = likely.filter(|known| {
            let known = known.to_lowercase();
            known.contains(&lower) || lower.contains(&known)
        });
        let likely: Vec<String> = likely
            .take(LIKELY)
            .map(|name| format!("`{name}`"))
            .collect();
        let hint = match likely.as_slice() {
            [] => String::new(),
            likely => format!("; there is {}", likely.join(", ")),
        };
        Err(format!(
            "expected a variable or function of the firmware, a section such as `.bss`, or \
             `0x20000000..0x20000400`{hint}"
        ))
    }

    /// Everything that the firmware has in memory: its sections.
    pub fn whole(&self) -> &[Memory] {
        &self.sections
    }

    /// Where firmware is stopped; `None` if it has no function [`WAIT`].
    pub fn wait(&self) -> Option<u64> {
        let mut symbols = self.symbols.iter();
        let found = symbols.find(|memory| memory.name == WAIT);
        found.map(|memory| memory.range.start)
    }

    /// What is at an address, as `weights+17`.
    pub fn place(&self, address: u64) -> String {
        let after = self
            .symbols
            .partition_point(|memory| memory.range.start <= address);
        // Where names share an address, any that holds this one is right.
        let mut before = self.symbols[..after].iter().rev().take(8);
        let symbol = before.find(|memory| memory.range.contains(&address));
        let section = || {
            let mut sections = self.sections.iter();
            sections.find(|memory| memory.range.contains(&address))
        };
        match symbol.or_else(section) {
            Some(memory) => format!("{}+{}", memory.name, address - memory.range.start),
            None => format!("{address:#x}"),
        }
    }
}

fn address(text: &str) -> Option<u64> {
    let text = text.trim();
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(name: &str, range: Range<u64>) -> Memory {
        let name = name.to_owned();
        Memory { name, range }
    }

    fn image() -> Image {
        Image {
            symbols: vec![
                memory("main", 0xc0..0xfc),
                memory(WAIT, 0x914..0x918),
                memory("WEIGHTS", 0x2000..0x8000),
                memory("ticks", 0x2000_0010..0x2000_0014),
            ],
            sections: vec![
                memory(".text", 0..0x9000),
                memory(".bss", 0x2000_0000..0x2000_1000),
            ],
        }
    }

    #[test]
    fn parts_have_names_sections_and_addresses() {
        let image = image();
        assert_eq!(image.memory("ticks").unwrap().octets(), 4);
        assert_eq!(image.memory(".bss").unwrap().range.start, 0x2000_0000);
        let range = image.memory("0x20000000..0x20000400").unwrap();
        assert_eq!(range.octets(), 1_024);
        assert_eq!(image.wait(), Some(0x914));
        let no_such = image.memory("weights").unwrap_err();
        assert!(no_such.contains("there is `WEIGHTS`"), "{no_such}");
        for bad in ["5..5", "0x10..0x8", "a..b", "..", ""] {
            assert!(image.memory(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn addresses_are_told_by_what_is_there() {
        let image = image();
        assert_eq!(image.place(0x2011), "WEIGHTS+17");
        assert_eq!(image.place(0xfc), ".text+252");
        assert_eq!(image.place(0x2000_0013), "ticks+3");
        assert_eq!(image.place(0x4000_8000), "0x40008000");
    }

    #[test]
    fn what_is_no_elf_file_is_refused() {
        assert!(Image::parse(b"").is_err());
        assert!(Image::parse(b"\x7fELF and no more").is_err());
    }
}
