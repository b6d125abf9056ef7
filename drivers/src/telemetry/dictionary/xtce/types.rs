//! Parameter types of XTCE: encodings, calibrators, enumerations, alarms.

use roxmltree::Node;

use super::super::DictionaryError;
use super::super::model::{Calibration, Coding, Count, Field, Limits};
use super::child;

/// The nameless field that a parameter type describes; `None` if the element is none.
pub(super) fn read(node: Node<'_, '_>) -> Result<Option<Field>, DictionaryError> {
    let kind = node.tag_name().name();
    if !kind.ends_with("ParameterType")
        || kind.starts_with("Array")
        || kind.starts_with("Aggregate")
    {
        return Ok(None);
    }
    let place = || format!("type `{}`", node.attribute("name").unwrap_or_default());
    let refuse = |why: &str| DictionaryError::content(place(), why);
    let node_of = |name: &str| {
        node.descendants()
            .find(|node| node.tag_name().name() == name)
    };
    let encodings = [
        "IntegerDataEncoding",
        "FloatDataEncoding",
        "StringDataEncoding",
        "BinaryDataEncoding",
    ];
    let Some(encoding) = encodings.iter().find_map(|name| node_of(name)) else {
        return Err(refuse(
            "has no encoding of an integer, a float, a string or octets",
        ));
    };
    let (coding, bits, count) = coding(encoding).map_err(|why| refuse(&why))?;
    let mut field = Field::unsigned(None, bits);
    field.coding = coding;
    field.count = count;
    field.calibration = calibration(encoding).map_err(|why| refuse(&why))?;
    if let Some(unit) = node_of("Unit") {
        unit.text()
            .unwrap_or_default()
            .trim()
            .clone_into(&mut field.unit);
    }
    field.states = states(node).map_err(|why| refuse(&why))?;
    field.limits = Limits {
        yellow: range(node, &["WatchRange", "WarningRange"]),
        red: range(node, &["DistressRange", "CriticalRange", "SevereRange"]),
        valid: range(node, &["ValidRange"]),
    };
    Ok(Some(field))
}

fn coding(encoding: Node<'_, '_>) -> Result<(Coding, u32, Count), String> {
    let order = encoding
        .attribute("byteOrder")
        .unwrap_or("mostSignificantByteFirst");
    let bit_order = encoding
        .attribute("bitOrder")
        .unwrap_or("mostSignificantBitFirst");
    if order != "mostSignificantByteFirst" || bit_order != "mostSignificantBitFirst" {
        return Err(format!(
            "has byte order `{order}`, bit order `{bit_order}`; only most significant first is taken"
        ));
    }
    let size = |default: u32| match encoding.attribute("sizeInBits") {
        None => Ok(default),
        Some(size) => size
            .parse()
            .map_err(|_| format!("has a size of `{size}` bits")),
    };
    match encoding.tag_name().name() {
        "IntegerDataEncoding" => {
            let coding = match encoding.attribute("encoding").unwrap_or("unsigned") {
                "unsigned" => Coding::Unsigned,
                "twosComplement" | "twosCompliment" => Coding::Signed,
                other => return Err(format!("has the encoding `{other}`, which is not taken")),
            };
            Ok((coding, size(8)?, Count::One))
        }
        "FloatDataEncoding" => Ok((Coding::Float, size(32)?, Count::One)),
        other => {
            let coding = if other == "StringDataEncoding" {
                Coding::Text
            } else {
                Coding::Octets
            };
            let mut inside = encoding.descendants();
            let fixed = inside.find(|node| node.tag_name().name() == "FixedValue");
            let bits = fixed.and_then(|node| node.text()).and_then(integer);
            match bits.and_then(|bits| u32::try_from(bits).ok()) {
                Some(bits) if bits.is_multiple_of(8) => Ok((coding, 8, Count::Fixed(bits / 8))),
                _ => Err("has no fixed size of whole octets".to_owned()),
            }
        }
    }
}

fn calibration(encoding: Node<'_, '_>) -> Result<Calibration, String> {
    let Some(calibrator) = child_of(encoding, "DefaultCalibrator") else {
        return Ok(Calibration::None);
    };
    let number = |node: Node<'_, '_>, name: &str| {
        let text = node.attribute(name).unwrap_or_default();
        let parsed: Result<f64, _> = text.trim().parse();
        parsed.map_err(|_| format!("has a calibrator whose {name} is `{text}`, no number"))
    };
    if let Some(polynomial) = child_of(calibrator, "PolynomialCalibrator") {
        let mut terms = Vec::new();
        for term in polynomial
            .children()
            .filter(|node| node.tag_name().name() == "Term")
        {
            let exponent = number(term, "exponent")?;
            if !(0.0..=16.0).contains(&exponent) || exponent.fract() != 0.0 {
                return Err(format!("has a calibrator with the exponent {exponent}"));
            }
            let place = exponent as usize;
            if terms.len() <= place {
                terms.resize(place + 1, 0.0);
            }
            terms[place] += number(term, "coefficient")?;
        }
        return Ok(Calibration::Polynomial(terms));
    }
    if let Some(spline) = child_of(calibrator, "SplineCalibrator") {
        let mut points = Vec::new();
        for point in spline
            .children()
            .filter(|node| node.tag_name().name() == "SplinePoint")
        {
            points.push((number(point, "raw")?, number(point, "calibrated")?));
        }
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        points.dedup_by(|a, b| a.0.total_cmp(&b.0).is_eq());
        return Ok(Calibration::Table(points));
    }
    Err("has a calibrator that is neither polynomial nor spline".to_owned())
}

fn states(node: Node<'_, '_>) -> Result<Vec<(i64, String)>, String> {
    if node.tag_name().name() == "BooleanParameterType" {
        let name =
            |attribute, default: &str| node.attribute(attribute).unwrap_or(default).to_owned();
        return Ok(vec![
            (0, name("zeroStringValue", "False")),
            (1, name("oneStringValue", "True")),
        ]);
    }
    let Some(list) = child_of(node, "EnumerationList") else {
        return Ok(Vec::new());
    };
    let mut states = Vec::new();
    for state in list
        .children()
        .filter(|node| node.tag_name().name() == "Enumeration")
    {
        let value = state.attribute("value").unwrap_or_default();
        let number = integer(value).ok_or_else(|| format!("has a state of value `{value}`"))?;
        states.push((
            number,
            state.attribute("label").unwrap_or_default().to_owned(),
        ));
    }
    Ok(states)
}

/// The innermost limits among ranges of these names: what is outside any of them is outside.
fn range(node: Node<'_, '_>, names: &[&str]) -> Option<[f64; 2]> {
    let mut found = None;
    for range in node
        .descendants()
        .filter(|node| names.contains(&node.tag_name().name()))
    {
        let edge = |names: [&str; 2], default| {
            let text = names.iter().find_map(|name| range.attribute(*name));
            text.and_then(|text| text.trim().parse().ok())
                .unwrap_or(default)
        };
        let least: f64 = edge(["minInclusive", "minExclusive"], f64::NEG_INFINITY);
        let most: f64 = edge(["maxInclusive", "maxExclusive"], f64::INFINITY);
        let [a, b] = found.unwrap_or([f64::NEG_INFINITY, f64::INFINITY]);
        found = Some([least.max(a), most.min(b)]);
    }
    found
}

/// An integer as XTCE writes them: decimal, or hexadecimal, octal or binary behind its prefix.
pub(super) fn integer(text: &str) -> Option<i64> {
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = lower.strip_prefix(prefix) {
            return i64::from_str_radix(digits, radix).ok();
        }
    }
    text.parse().ok()
}

fn child_of<'a>(node: Node<'a, 'a>, name: &str) -> Option<Node<'a, 'a>> {
    child(node, name)
}
