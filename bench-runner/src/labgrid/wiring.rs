//! The resources of a place as a wiring. labgrid's own serial ports have no room for what is behind them:
//! a wiring names them, `link = "labgrid:NAME"`. Resources of classes that labgrid only passes on say it
//! themselves: `role`, `model`, `limits`.

use toml_edit::{DocumentMut, InlineTable, Item, Value};

use super::resources::Resource;

/// How a wiring names a resource.
const PREFIX: &str = "labgrid:";
/// Keys of a device that a resource gives as texts.
const TEXTS: [&str; 7] = [
    "role",
    "model",
    "powered_by",
    "inside",
    "measures",
    "poll",
    "reconnect",
];
/// Keys of a device that a resource gives as the inside of a table.
const TABLES: [&str; 2] = ["limits", "options"];

/// `text` with its `labgrid:NAME` links led to the resources.
pub(super) fn led(text: &str, resources: &[Resource]) -> Result<String, String> {
    let Ok(mut document) = text.parse::<DocumentMut>() else {
        // Whoever reads it says what is wrong, with its place.
        return Ok(text.to_owned());
    };
    let devices = document.get_mut("device");
    let Some(devices) = devices.and_then(Item::as_table_like_mut) else {
        return Ok(text.to_owned());
    };
    for (device, item) in devices.iter_mut() {
        let Some(table) = item.as_table_like_mut() else {
            continue;
        };
        let link = table.get("link").and_then(Item::as_str);
        let Some(named) = link.and_then(|link| link.strip_prefix(PREFIX)) else {
            continue;
        };
        let (name, settings) = match named.split_once('@') {
            Some((name, settings)) => (name, Some(settings)),
            None => (named, None),
        };
        let resource = resources.iter().find(|it| it.name == name);
        let resource = resource.ok_or_else(|| {
            let names: Vec<&str> = resources.iter().map(|it| it.name.as_str()).collect();
            let all = if names.is_empty() {
                "it has none".to_owned()
            } else {
                format!("it has {}", names.join(", "))
            };
            format!("[device.{device}] wants a resource `{name}` of the place: {all}")
        })?;
        let link = link_of(resource, settings)?;
        table.insert("link", Item::Value(Value::from(link)));
    }
    Ok(document.to_string())
}

/// A wiring of the resources that say what they are.
pub(super) fn made(place: &str, resources: &[Resource]) -> Result<String, String> {
    let mut document = DocumentMut::new();
    document.insert("name", toml_edit::value(place));
    let mut devices = toml_edit::Table::new();
    devices.set_implicit(true);
    for resource in resources {
        if !resource.params.contains_key("role") {
            continue;
        }
        let mut device = toml_edit::Table::new();
        for key in TEXTS {
            if let Some(text) = resource.params.get(key) {
                device.insert(key, toml_edit::value(text));
            }
        }
        device.insert("link", toml_edit::value(link_of(resource, None)?));
        for key in TABLES {
            let Some(text) = resource.params.get(key) else {
                continue;
            };
            let table = format!("{{ {text} }}").parse::<Value>().ok();
            let table: Option<InlineTable> = match table {
                Some(Value::InlineTable(table)) => Some(table),
                _ => None,
            };
            let table = table.ok_or_else(|| {
                format!(
                    "`{key}` of resource {} is `{text}`: expected the inside of a TOML table, such as volts = \
                     34.0, amps = 2.0",
                    resource.name
                )
            })?;
            device.insert(key, toml_edit::value(table));
        }
        devices.insert(&resource.name, Item::Table(device));
    }
    if devices.is_empty() {
        return Err(
            "no resource of it says its `role`: give a --wiring whose devices have `link = \
             \"labgrid:NAME\"`, or export resources with `role` and `model`"
                .to_owned(),
        );
    }
    document.insert("device", Item::Table(devices));
    Ok(document.to_string())
}

/// The link to a resource; `settings` of its line, where it is a serial port.
fn link_of(resource: &Resource, settings: Option<&str>) -> Result<String, String> {
    let Resource {
        class,
        name,
        params,
    } = resource;
    let param = |key: &str| {
        let value = params.get(key);
        value.ok_or_else(|| format!("resource {name} ({class}) has no `{key}`"))
    };
    if let Some(link) = params.get("link") {
        return Ok(link.clone());
    }
    let address = || {
        let (host, port) = (param("host")?, param("port")?);
        Ok::<String, String>(if host.contains(':') {
            format!("[{host}]:{port}")
        } else {
            format!("{host}:{port}")
        })
    };
    let is_raw = params.get("protocol").is_some_and(|it| it == "raw");
    match class.as_str() {
        "BenchCAN" => Ok(format!("socketcand:{}/{}", address()?, param("bus")?)),
        "NetworkSerialPort" | "BenchSerial" if !is_raw => {
            let settings = match settings {
                Some(settings) => settings,
                None => param("speed")?,
            };
            Ok(format!("rfc2217:{}@{settings}", address()?))
        }
        "BenchSCPI" | "NetworkSerialPort" | "BenchSerial" => Ok(format!("tcp:{}", address()?)),
        _ => Err(format!(
            "resource {name} is a {class}, which leads nowhere: expected a NetworkSerialPort, a BenchSCPI, a \
             BenchCAN, a BenchSerial, or any with a `link`"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::super::resources::parse;
    use super::*;

    fn resources() -> Vec<Resource> {
        parse(include_str!("env.yaml")).unwrap()
    }

    #[test]
    fn resources_that_say_what_they_are_make_a_wiring() {
        insta::assert_snapshot!(made("accel-01", &resources()).unwrap(), @r#"
        name = "accel-01"

        [device.board]
        role = "accelerator"
        model = "dbc-can"
        link = "socketcand:127.0.0.1:29536/can0"
        options = { network = "mlperf-tiny-kws" }

        [device.supply]
        role = "power-supply"
        model = "keysight-6633b"
        link = "tcp:127.0.0.1:5025"
        limits = { volts = 34.0, amps = 2.0 }
        "#);
        let mut bad = resources();
        bad[1].params.insert("limits".to_owned(), "34 V".to_owned());
        assert!(
            made("a", &bad)
                .unwrap_err()
                .contains("`limits` of resource supply is `34 V`")
        );
        let why = made("a", &resources()[2..]).unwrap_err();
        assert!(why.contains("no resource of it says its `role`"), "{why}");
    }

    #[test]
    fn a_wiring_is_led_to_the_resources_that_it_names() {
        let text = "name = 'x'\n[device.b]   # the board\nmodel = 'ccsds-serial'\nlink = \
                    'labgrid:payload@921600,8N1'\n[device.s]\nlink = 'labgrid:supply'\n[device.m]\nlink = 'memory'\n";
        insta::assert_snapshot!(led(text, &resources()).unwrap(), @r#"
        name = 'x'
        [device.b]   # the board
        model = 'ccsds-serial'
        link = "rfc2217:127.0.0.1:4444@921600,8N1"
        [device.s]
        link = "tcp:127.0.0.1:5025"
        [device.m]
        link = 'memory'
        "#);
        let why = led(&text.replace("supply", "chamber"), &resources()).unwrap_err();
        assert!(
            why.contains(
                "[device.s] wants a resource `chamber` of the place: it has board, supply, payload"
            ),
            "{why}"
        );
        assert_eq!(led("name = ", &[]), Ok("name = ".to_owned()));
    }

    #[test]
    fn each_class_has_its_link() {
        let resource = |class: &str, params: &[(&str, &str)]| Resource {
            class: class.to_owned(),
            name: "r".to_owned(),
            params: params
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect(),
        };
        let there = [("host", "fd00::7"), ("port", "5"), ("speed", "9600")];
        let link = |class, more: &[(&str, &str)]| {
            link_of(&resource(class, &[&there[..], more].concat()), None)
        };
        assert_eq!(
            link("NetworkSerialPort", &[]).unwrap(),
            "rfc2217:[fd00::7]:5@9600"
        );
        assert_eq!(
            link("NetworkSerialPort", &[("protocol", "raw")]).unwrap(),
            "tcp:[fd00::7]:5"
        );
        assert_eq!(link("BenchSCPI", &[]).unwrap(), "tcp:[fd00::7]:5");
        assert_eq!(
            link("BenchChamber", &[("link", "tcp:a:1")]).unwrap(),
            "tcp:a:1"
        );
        assert!(link("BenchCAN", &[]).unwrap_err().contains("has no `bus`"));
        assert!(
            link("NetworkPowerPort", &[])
                .unwrap_err()
                .contains("leads nowhere")
        );
    }
}
