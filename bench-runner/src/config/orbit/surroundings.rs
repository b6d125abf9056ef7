//! What surrounds a satellite, as the file says it: stations, other satellites, constellations,
//! particles.

use profiles::orbit::{Constellation, DownLink, RadiationModel};

use super::source::{RawSource, kilometres, source, within};
use crate::config::{Located, Node, Place, TableReader};

/// Another satellite.
#[derive(Clone, Debug)]
pub(crate) struct RawOther {
    pub(crate) name: Located<String>,
    pub(crate) source: RawSource,
}

/// A ground station.
#[derive(Clone, Debug)]
pub(crate) struct RawStation {
    pub(crate) name: Located<String>,
    /// Latitude, longitude, height in m, mask.
    pub(crate) place: [f64; 4],
}

/// All of them.
#[derive(Clone, Debug)]
pub(crate) struct RawSurroundings {
    pub(crate) stations: Vec<RawStation>,
    pub(crate) others: Vec<RawOther>,
    /// A pattern, the right ascension of its first node in deg, and where it stands.
    pub(crate) constellation: Option<(Constellation, f64, Place)>,
    pub(crate) skim_km: f64,
    pub(crate) max_range_km: Option<f64>,
    pub(crate) downlink: Option<DownLink>,
    pub(crate) radiation: Option<RawRadiation>,
}

/// `[radiation]`.
#[derive(Clone, Debug)]
pub(crate) struct RawRadiation {
    /// Rates of the part.
    pub(crate) model: RadiationModel,
    /// Another seed than that of the campaign.
    pub(crate) seed: Option<u64>,
    /// File with upsets a day against time, instead of the rates of the regions.
    pub(crate) rates: Option<Located<String>>,
    /// The boards that are hit; all emulated ones if absent.
    pub(crate) boards: Option<Vec<Located<String>>>,
    /// Parts of the memory of real firmware that are hit; all of it if absent.
    pub(crate) memory: Option<Vec<Located<String>>>,
    /// Where the section stands.
    pub(crate) place: Place,
}

pub(crate) fn read(table: &TableReader<'_>) -> RawSurroundings {
    let (skim_km, max_range_km) = crosslink(table);
    RawSurroundings {
        stations: list(table, "station", station),
        others: list(table, "satellite", other),
        constellation: table
            .get("constellation")
            .and_then(|node| constellation(&node)),
        skim_km,
        max_range_km,
        downlink: table.get("downlink").and_then(|node| downlink(&node)),
        radiation: table.get("radiation").and_then(|node| radiation(&node)),
    }
}

fn station(table: &TableReader<'_>) -> Option<RawStation> {
    let get = |key, low, high| {
        table
            .required(key)
            .and_then(|node| within(&node, low, high))
    };
    let or = |key, low, high, default| {
        table
            .get(key)
            .map_or(Some(default), |node| within(&node, low, high))
    };
    let name = table.required("name").and_then(|node| node.text());
    let (latitude, longitude) = (
        get("latitude", -90.0, 90.0),
        get("longitude", -180.0, 360.0),
    );
    let (height, mask) = (
        or("height_m", -500.0, 9_000.0, 0.0),
        or("mask", 0.0, 89.0, 5.0),
    );
    Some(RawStation {
        name: name?,
        place: [latitude?, longitude?, height?, mask?],
    })
}

fn other(table: &TableReader<'_>) -> Option<RawOther> {
    let name = table.required("name").and_then(|node| node.text());
    let source = source(table);
    Some(RawOther {
        name: name?,
        source: source?,
    })
}

fn constellation(node: &Node<'_>) -> Option<(Constellation, f64, Place)> {
    let table = node.table("[constellation]")?;
    let whole = |key| {
        let node = table.required(key)?;
        let count = node.whole()?.value;
        match u32::try_from(count) {
            Ok(count) if count <= 10_000 => Some(count),
            _ => node.refuse(format!("`{key}` is {count}"), "expected at most 10000"),
        }
    };
    let (satellites, planes, phasing) = (whole("satellites"), whole("planes"), whole("phasing"));
    let altitude = table
        .required("altitude")
        .and_then(|node| kilometres(&node));
    let inclination = table
        .required("inclination")
        .and_then(|node| within(&node, 0.0, 180.0));
    let first = table
        .get("node")
        .map_or(Some(0.0), |node| within(&node, -360.0, 360.0));
    let pattern = table.get("pattern");
    let star = pattern
        .and_then(|node| node.choice(&["delta", "star"]))
        .is_some_and(|word| word.value == "star");
    table.finish();
    let constellation = Constellation {
        satellites: satellites?,
        planes: planes?,
        phasing: phasing?,
        altitude_km: altitude?.value,
        inclination_deg: inclination?,
        spread_deg: if star { 180.0 } else { 360.0 },
    };
    let (all, planes) = (constellation.satellites, constellation.planes);
    if all == 0 || planes == 0 || all % planes != 0 {
        let message = format!("{all} satellites do not fill {planes} planes evenly");
        table_refusal(node, message)?;
    }
    Some((constellation, first?, node.place.clone()))
}

fn table_refusal(node: &Node<'_>, message: String) -> Option<()> {
    node.refuse(message, "expected a multiple of the planes")
}

/// `[radiation]`: rates of a part, and the seed of its schedule.
fn radiation(node: &Node<'_>) -> Option<RawRadiation> {
    let table = node.table("[radiation]")?;
    let defaults = RadiationModel::default();
    let get = |key, default: f64, high| {
        table
            .get(key)
            .map_or(Some(default), |node| within(&node, 0.0, high))
    };
    let values = [
        get("quiet_per_day", defaults.quiet_per_day, 1e5),
        get("polar_per_day", defaults.polar_per_day, 1e5),
        get("anomaly_per_day", defaults.anomaly_per_day, 1e5),
        get("latch_up_share", defaults.latch_up_share, 1.0),
    ];
    let seed = table.get("seed").and_then(|node| node.whole());
    let rates = table.get("rates").and_then(|node| node.text());
    let boards = table.get("boards").and_then(|node| node.texts());
    let memory = table.get("memory").and_then(|node| node.texts());
    table.finish();
    let [
        quiet_per_day,
        polar_per_day,
        anomaly_per_day,
        latch_up_share,
    ] = values;
    let model = RadiationModel {
        quiet_per_day: quiet_per_day?,
        polar_per_day: polar_per_day?,
        anomaly_per_day: anomaly_per_day?,
        latch_up_share: latch_up_share?,
    };
    Some(RawRadiation {
        model,
        seed: seed.map(|seed| seed.value),
        rates,
        boards,
        memory,
        place: node.place.clone(),
    })
}

fn downlink(node: &Node<'_>) -> Option<DownLink> {
    let table = node.table("[downlink]")?;
    let defaults = DownLink::default();
    let get = |key, default: f64, low, high| {
        table
            .get(key)
            .map_or(Some(default), |node| within(&node, low, high))
    };
    let values = [
        get("frequency_mhz", defaults.frequency_mhz, 1.0, 1e6),
        get("eirp_dbw", defaults.eirp_dbw, -60.0, 100.0),
        get(
            "gain_over_noise_db",
            defaults.gain_over_noise_db,
            -60.0,
            100.0,
        ),
        get("losses_db", defaults.losses_db, 0.0, 100.0),
        get("rate_mbps", defaults.rate_mbps, 1e-6, 1e6),
        get("required_db", defaults.required_db, -20.0, 60.0),
    ];
    table.finish();
    let [
        frequency_mhz,
        eirp_dbw,
        gain_over_noise_db,
        losses_db,
        rate_mbps,
        required_db,
    ] = values;
    Some(DownLink {
        frequency_mhz: frequency_mhz?,
        eirp_dbw: eirp_dbw?,
        gain_over_noise_db: gain_over_noise_db?,
        losses_db: losses_db?,
        rate_mbps: rate_mbps?,
        required_db: required_db?,
    })
}

/// Height to clear and longest range, km.
fn crosslink(table: &TableReader<'_>) -> (f64, Option<f64>) {
    let Some(link) = table.get("link").and_then(|node| node.table("`link`")) else {
        return (80.0, None);
    };
    let skim = link
        .get("skim_km")
        .and_then(|node| within(&node, 0.0, 1_000.0));
    let range = link
        .get("max_range_km")
        .and_then(|node| within(&node, 1.0, 1e6));
    link.finish();
    (skim.unwrap_or(80.0), range)
}

fn list<T>(
    table: &TableReader<'_>,
    key: &'static str,
    read: impl Fn(&TableReader<'_>) -> Option<T>,
) -> Vec<T> {
    let nodes = table.get(key).and_then(|node| node.list(key));
    let nodes = nodes.unwrap_or_default();
    let read = |node: &Node<'_>| {
        let table = node.table(key)?;
        let value = read(&table);
        table.finish();
        value
    };
    nodes.iter().filter_map(read).collect()
}
