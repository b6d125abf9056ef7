//! Dictionaries in XTCE, the exchange format of mission databases (OMG XTCE 1.2; CCSDS 660.0-B-2),
//! as far as packets need it.
//!
//! | element | taken |
//! |---|---|
//! | `SpaceSystem`, nested | names of nested ones go before their containers' names |
//! | `IntegerParameterType`, `FloatParameterType`, `EnumeratedParameterType`, `BooleanParameterType`, `StringParameterType`, `BinaryParameterType`, `AbsoluteTimeParameterType` | integer, float, string and binary encodings of fixed size |
//! | `DefaultCalibrator` | `PolynomialCalibrator`, `SplineCalibrator` |
//! | `DefaultAlarm/StaticAlarmRanges` | `WatchRange` and `WarningRange` are yellow, `DistressRange`, `CriticalRange` and `SevereRange` red; the outermost of each |
//! | `ValidRange`, `UnitSet`, `EnumerationList` | |
//! | `SequenceContainer` | entries of parameters and containers in order, `BaseContainer` with comparisons `==` |
//!
//! A container becomes a packet if it is not abstract and its chain of base containers restricts
//! the eleven bits behind the first five, which are the application process identifier. Packets
//! begin with the primary header; where the restriction says that a secondary header follows, it
//! is the one of PUS-C, and its service and subtype are taken from restrictions, too. A 16-bit
//! checksum at the end, called so, is not user data. Little-endian encodings, delimited strings
//! and entries at absolute places are refused, with their names, instead of misread.

mod types;

use std::collections::BTreeMap;

use roxmltree::{Document, Node};

use super::DictionaryError;
use super::model::{Count, Dictionary, Field, Packet, Service};

/// Bits of a primary header, and of one with a PUS-C secondary header behind it.
const PRIMARY_BITS: u64 = 48;
const SECONDARY_BITS: u64 = PRIMARY_BITS + 112;

/// All containers and parameters by name.
struct Database<'a> {
    containers: BTreeMap<&'a str, Container<'a>>,
    /// In the order of the file.
    order: Vec<&'a str>,
    parameters: BTreeMap<&'a str, Field>,
}

struct Container<'a> {
    node: Node<'a, 'a>,
    base: Option<&'a str>,
    comparisons: Vec<(&'a str, &'a str)>,
}

/// Reads a dictionary in XTCE.
///
/// # Errors
/// If the text is no XML, or uses what is not taken, with the name.
pub fn read(text: &str) -> Result<Dictionary, DictionaryError> {
    let document =
        Document::parse(text).map_err(|error| DictionaryError::Syntax(error.to_string()))?;
    let root = document.root_element();
    if root.tag_name().name() != "SpaceSystem" {
        let found = root.tag_name().name();
        let why = format!("the XML is `{found}`, expected XTCE's `SpaceSystem`");
        return Err(DictionaryError::Syntax(why));
    }
    let mut types = BTreeMap::new();
    let mut database = Database {
        containers: BTreeMap::new(),
        order: Vec::new(),
        parameters: BTreeMap::new(),
    };
    for node in root.descendants() {
        if let Some(described) = types::read(node)? {
            types.insert(name(node), described);
        }
    }
    for node in root.descendants() {
        match node.tag_name().name() {
            "Parameter" => {
                let described = attribute(node, "parameterTypeRef");
                let described = types.get(last_part(described)).ok_or_else(|| {
                    let why =
                        format!("its type `{described}` is not defined, or is none of those taken");
                    DictionaryError::content(format!("parameter `{}`", name(node)), why)
                })?;
                let field = Field {
                    name: Some(name(node).to_owned()),
                    ..described.clone()
                };
                database.parameters.insert(name(node), field);
            }
            "SequenceContainer" => {
                database.order.push(name(node));
                database.containers.insert(name(node), Container::of(node)?);
            }
            _ => {}
        }
    }
    let mut packets = Vec::new();
    for container in &database.order {
        packets.extend(database.packet(container)?);
    }
    Ok(Dictionary {
        name: name(root).to_owned(),
        packets,
        derived: Vec::new(),
    })
}

impl<'a> Container<'a> {
    fn of(node: Node<'a, 'a>) -> Result<Container<'a>, DictionaryError> {
        let base = child(node, "BaseContainer");
        let mut comparisons = Vec::new();
        let restrictions = base.into_iter().flat_map(|base| base.descendants());
        for comparison in restrictions.filter(|node| node.tag_name().name() == "Comparison") {
            let operator = comparison.attribute("comparisonOperator").unwrap_or("==");
            if operator != "==" {
                let why =
                    format!("a comparison by `{operator}`; only `==` tells packets apart here");
                return Err(DictionaryError::content(
                    format!("container `{}`", name(node)),
                    why,
                ));
            }
            let parameter = last_part(attribute(comparison, "parameterRef"));
            comparisons.push((parameter, attribute(comparison, "value")));
        }
        Ok(Container {
            node,
            base: base.map(|base| last_part(attribute(base, "containerRef"))),
            comparisons,
        })
    }

    fn is_abstract(&self) -> bool {
        self.node.attribute("abstract") == Some("true")
    }
}

impl Database<'_> {
    /// The packet that a container describes, if it describes one.
    fn packet(&self, container: &str) -> Result<Option<Packet>, DictionaryError> {
        if self.containers[container].is_abstract() {
            return Ok(None);
        }
        let mut fields = Vec::new();
        let mut restrictions = BTreeMap::new();
        self.flatten(container, 0, &mut fields, &mut restrictions)?;
        for field in &mut fields {
            let wanted = field
                .name
                .as_deref()
                .and_then(|name| restrictions.get(name));
            if let Some(wanted) = wanted {
                field.constant = Some(constant(field, wanted).ok_or_else(|| {
                    let name = field.name.as_deref().unwrap_or_default();
                    let why = format!("`{name}` cannot be `{wanted}`, as a restriction wants");
                    DictionaryError::content(format!("container `{container}`"), why)
                })?);
            }
        }
        Ok(as_packet(container, &fields))
    }

    /// Appends the fields of a container, those of its base first, and what they must be.
    fn flatten<'b>(
        &'b self,
        container: &str,
        depth: usize,
        fields: &mut Vec<Field>,
        restrictions: &mut BTreeMap<&'b str, &'b str>,
    ) -> Result<(), DictionaryError> {
        let place = || format!("container `{container}`");
        let known = self.containers.get(container);
        let known = known.ok_or_else(|| DictionaryError::content(place(), "is not defined"))?;
        if depth > self.containers.len() {
            return Err(DictionaryError::content(place(), "contains itself"));
        }
        if let Some(base) = known.base {
            self.flatten(base, depth + 1, fields, restrictions)?;
        }
        restrictions.extend(known.comparisons.iter().copied());
        let entries = child(known.node, "EntryList");
        for entry in entries.into_iter().flat_map(|list| list.children()) {
            if !entry.is_element() {
                continue;
            }
            if child(entry, "LocationInContainerInBits").is_some() && !is_contiguous(entry) {
                let why = "has an entry at a place of its own; only entries back to back are taken";
                return Err(DictionaryError::content(place(), why));
            }
            match entry.tag_name().name() {
                "ParameterRefEntry" => {
                    let reference = last_part(attribute(entry, "parameterRef"));
                    let field = self.parameters.get(reference).ok_or_else(|| {
                        DictionaryError::content(place(), format!("`{reference}` is not defined"))
                    })?;
                    fields.push(field.clone());
                }
                "ContainerRefEntry" => {
                    let reference = last_part(attribute(entry, "containerRef"));
                    self.flatten(reference, depth + 1, fields, restrictions)?;
                }
                other => {
                    let why = format!("has a `{other}`, which is not taken");
                    return Err(DictionaryError::content(place(), why));
                }
            }
        }
        Ok(())
    }
}

/// Whether an entry's place is "right behind the one before", said aloud.
fn is_contiguous(entry: Node<'_, '_>) -> bool {
    child(entry, "LocationInContainerInBits").is_some_and(|location| {
        let from = location
            .attribute("referenceLocation")
            .unwrap_or("previousEntry");
        let offset = location
            .descendants()
            .find(|node| node.has_tag_name("FixedValue"));
        let offset = offset.and_then(|node| node.text()).map_or("0", str::trim);
        from == "previousEntry" && offset == "0"
    })
}

/// What a restriction's text is as a raw value: a number, or the name of a state.
fn constant(field: &Field, wanted: &str) -> Option<u64> {
    let state = field.states.iter().find(|(_, name)| name == wanted);
    match state {
        Some((raw, _)) => u64::try_from(*raw).ok(),
        None => types::integer(wanted).and_then(|raw| u64::try_from(raw).ok()),
    }
}

/// Splits the headers off the fields of a container. `None` if nothing says which application
/// process it is.
fn as_packet(name: &str, fields: &[Field]) -> Option<Packet> {
    let at = |bit: u64, width: u32| {
        let mut place = 0;
        fields.iter().find_map(|field| {
            let here = place == bit && field.bits == width && field.count == Count::One;
            place += total(field);
            field.constant.filter(|_| here)
        })
    };
    let apid = at(5, 11)?;
    let secondary = at(4, 1) == Some(1);
    let service = secondary.then(|| Service {
        service: at(PRIMARY_BITS + 8, 8).map(|service| service as u8),
        subtypes: at(PRIMARY_BITS + 16, 8)
            .map(|subtype| subtype as u8)
            .into_iter()
            .collect(),
    });
    let headers = if secondary {
        SECONDARY_BITS
    } else {
        PRIMARY_BITS
    };
    let mut place = 0;
    let mut user: Vec<Field> = fields
        .iter()
        .filter(|field| {
            let inside = place >= headers;
            place += total(field);
            inside
        })
        .cloned()
        .collect();
    if user.last().is_some_and(is_checksum) {
        user.pop();
    }
    Some(Packet {
        name: name.to_owned(),
        apid: apid as u16,
        service,
        fields: user,
    })
}

fn total(field: &Field) -> u64 {
    let bits = u64::from(field.bits);
    match field.count {
        Count::Fixed(count) => bits * u64::from(count),
        _ => bits,
    }
}

fn is_checksum(field: &Field) -> bool {
    let name = field.name.as_deref().unwrap_or_default().to_lowercase();
    let called = [
        "crc",
        "checksum",
        "pec",
        "error_control",
        "packeterrorcontrol",
    ];
    field.bits == 16 && called.iter().any(|word| name.contains(word))
}

/// An element's child of that name.
pub(super) fn child<'a>(node: Node<'a, 'a>, name: &str) -> Option<Node<'a, 'a>> {
    node.children()
        .find(|child| child.tag_name().name() == name)
}

fn name<'a>(node: Node<'a, 'a>) -> &'a str {
    attribute(node, "name")
}

fn attribute<'a>(node: Node<'a, 'a>, name: &str) -> &'a str {
    node.attribute(name).unwrap_or_default()
}

/// References may go through other systems: `/Sat/Eps/volts`.
fn last_part(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or(reference)
}

#[cfg(test)]
mod tests;
