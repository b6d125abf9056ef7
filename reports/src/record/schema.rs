//! Schemas: what the messages are, told so that any MCAP viewer can read them.

use std::collections::{BTreeMap, BTreeSet};

use profiles::channel::ChannelSpec;
use prost::Message as _;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{
    DescriptorProto, EnumDescriptorProto, EnumValueDescriptorProto, FieldDescriptorProto,
    FileDescriptorProto, FileDescriptorSet,
};

use crate::header::DeviceHeader;

const PACKAGE: &str = "bench";

/// A schema as MCAP holds it.
pub(super) struct Schema {
    pub(super) name: String,
    pub(super) data: Vec<u8>,
}

/// JSON schema of the header: an object, which viewers show as a tree.
pub(super) const HEADER: &str = r#"{"title":"bench.Header","type":"object","properties":{"campaign":{"type":"string"},"seed":{"type":"integer"},"pace":{"type":"string"}}}"#;

/// JSON schema of the events that have no topic of their own.
pub(super) const EVENT: &str = r#"{"title":"bench.Event","type":"object","properties":{"at":{"type":"integer"},"device":{"type":"integer"},"event":{"type":"string"}}}"#;

/// Field numbers of an inference.
pub(super) mod inference {
    pub(in super::super) const INPUT: u32 = 1;
    pub(in super::super) const LATENCY: u32 = 2;
    pub(in super::super) const ROUND_TRIP: u32 = 3;
    pub(in super::super) const DIGEST: u32 = 4;
    pub(in super::super) const FIRST: u32 = 5;
}

/// Field numbers of an output.
pub(super) mod output {
    pub(in super::super) const DIGEST: u32 = 1;
    pub(in super::super) const BYTES: u32 = 2;
}

pub(super) fn inferences() -> Schema {
    let fields = [
        ("input", inference::INPUT, Type::Uint32),
        ("latency_us", inference::LATENCY, Type::Uint32),
        ("round_trip_us", inference::ROUND_TRIP, Type::Uint32),
        ("digest", inference::DIGEST, Type::Fixed32),
        ("first_us", inference::FIRST, Type::Uint32),
    ];
    plain("Inference", &fields)
}

pub(super) fn outputs() -> Schema {
    let fields = [
        ("digest", output::DIGEST, Type::Fixed32),
        ("output", output::BYTES, Type::Bytes),
    ];
    plain("Output", &fields)
}

/// Fields of a chunk on a line.
pub(super) mod wire_chunk {
    pub(in super::super) const SENT: u32 = 1;
    pub(in super::super) const OCTETS: u32 = 2;
}

/// The schema of chunks on lines.
pub(super) fn wire() -> Schema {
    let fields = [
        ("sent", wire_chunk::SENT, Type::Bool),
        ("octets", wire_chunk::OCTETS, Type::Bytes),
    ];
    plain("Wire", &fields)
}

/// The schemas of all devices' samples, named for the devices.
pub(super) fn samples(devices: &[DeviceHeader]) -> Vec<Schema> {
    let mut taken = BTreeSet::from(["Inference", "Output", "Wire"].map(str::to_owned));
    let each = devices.iter().map(|device| {
        let name = unique(&mut taken, &identifier(&device.name));
        finish(message(&name, &device.channels))
    });
    each.collect()
}

/// What viewers cannot see in a schema: units, and true names where a field's had to change.
pub(super) fn metadata(device: &DeviceHeader) -> BTreeMap<String, String> {
    let mut metadata = BTreeMap::from([
        ("device".to_owned(), device.name.clone()),
        ("role".to_owned(), device.role.clone()),
        ("model".to_owned(), device.model.clone()),
    ]);
    for channel in &device.channels {
        if !channel.unit.is_empty() {
            metadata.insert(format!("unit.{}", channel.name), channel.unit.to_string());
        }
        if !channel.states.is_empty() {
            let states = channel.states.join(",");
            metadata.insert(format!("states.{}", channel.name), states);
        }
    }
    metadata
}

fn message(name: &str, channels: &[ChannelSpec]) -> DescriptorProto {
    let mut descriptor = DescriptorProto {
        name: Some(name.to_owned()),
        ..DescriptorProto::default()
    };
    let mut fields = BTreeSet::new();
    let mut values = BTreeSet::new();
    for (place, channel) in channels.iter().enumerate() {
        let field_name = unique(&mut fields, &identifier(&channel.name));
        let mut field = field(&field_name, place as u32 + 1, Type::Double);
        if !channel.states.is_empty() {
            let kind = format!("{field_name}_state");
            field.set_type(Type::Enum);
            field.type_name = Some(format!(".{PACKAGE}.{name}.{kind}"));
            descriptor
                .enum_type
                .push(states(&kind, channel, &mut values));
        }
        descriptor.field.push(field);
    }
    descriptor
}

/// Values of one enumeration must be unique in the whole message, so they carry its name.
fn states(kind: &str, channel: &ChannelSpec, taken: &mut BTreeSet<String>) -> EnumDescriptorProto {
    let value = |(number, state): (usize, &std::sync::Arc<str>)| EnumValueDescriptorProto {
        name: Some(unique(taken, &format!("{kind}_{}", identifier(state)))),
        number: i32::try_from(number).ok(),
        options: None,
    };
    EnumDescriptorProto {
        name: Some(kind.to_owned()),
        value: channel.states.iter().enumerate().map(value).collect(),
        ..EnumDescriptorProto::default()
    }
}

fn field(name: &str, number: u32, kind: Type) -> FieldDescriptorProto {
    FieldDescriptorProto {
        name: Some(name.to_owned()),
        number: i32::try_from(number).ok(),
        label: Some(Label::Optional.into()),
        r#type: Some(kind.into()),
        ..FieldDescriptorProto::default()
    }
}

fn plain(name: &str, fields: &[(&str, u32, Type)]) -> Schema {
    let fields = fields
        .iter()
        .map(|(name, number, kind)| field(name, *number, *kind));
    finish(DescriptorProto {
        name: Some(name.to_owned()),
        field: fields.collect(),
        ..DescriptorProto::default()
    })
}

/// The message in a file of its own. `proto2`, in which an optional number that was not told is
/// absent and not zero.
fn finish(message: DescriptorProto) -> Schema {
    let name = message.name().to_owned();
    let file = FileDescriptorProto {
        name: Some(format!("{PACKAGE}/{name}.proto")),
        package: Some(PACKAGE.to_owned()),
        message_type: vec![message],
        syntax: Some("proto2".to_owned()),
        ..FileDescriptorProto::default()
    };
    Schema {
        name: format!("{PACKAGE}.{name}"),
        data: FileDescriptorSet { file: vec![file] }.encode_to_vec(),
    }
}

/// `text` as protobuf allows it in names.
fn identifier(text: &str) -> String {
    let fits = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let name: String = text.chars().map(fits).collect();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        name
    } else {
        format!("x{name}")
    }
}

/// `name`, with a number behind it if it is taken.
fn unique(taken: &mut BTreeSet<String>, name: &str) -> String {
    let free = |candidate: &String| !taken.contains(candidate);
    let numbered = (2_u32..).map(|number| format!("{name}_{number}"));
    let found = std::iter::once(name.to_owned()).chain(numbered).find(free);
    let found = found.expect("there are more numbers than names");
    taken.insert(found.clone());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_for_each_channel_and_names_that_protobuf_allows() {
        let channels = [
            ChannelSpec::number("volts", "V"),
            ChannelSpec::states("output-state", &["off", "on"]),
            ChannelSpec::number("output_state", ""),
        ];
        let descriptor = message("bus", &channels);
        let fields: Vec<String> = descriptor
            .field
            .iter()
            .map(|f| format!("{} {} = {}", f.r#type().as_str_name(), f.name(), f.number()))
            .collect();
        assert_eq!(
            fields,
            [
                "TYPE_DOUBLE volts = 1",
                "TYPE_ENUM output_state = 2",
                "TYPE_DOUBLE output_state_2 = 3"
            ]
        );
        let states = &descriptor.enum_type[0];
        let names: Vec<&str> = states
            .value
            .iter()
            .map(EnumValueDescriptorProto::name)
            .collect();
        assert_eq!(names, ["output_state_state_off", "output_state_state_on"]);
    }
}
