//! What of a satellite is in lists: lumps, joints and the tasks of its load.

use profiles::orbit::{
    Environment, HeatPlace, LoadTask, Spacecraft, ThermalCase, ThermalJoint, ThermalNode,
};
use profiles::time::{BenchTime, Period};

use super::source::within;
use crate::config::reader::Notes;
use crate::config::selection::Selection;
use crate::config::{Located, Node, Place, Refusal, TableReader};

/// Most that a lump or a task takes or makes, W.
const MOST_WATTS: f64 = 1e6;

/// The lists, each entry with its place.
#[derive(Clone, Debug, Default)]
pub(crate) struct RawLists {
    nodes: Vec<(ThermalNode, Place)>,
    joints: Vec<(ThermalJoint, Place)>,
    tasks: Vec<(RawTask, Place)>,
    environment: Environment,
}

/// A task, and what it waits for.
#[derive(Clone, Debug)]
struct RawTask {
    task: LoadTask,
    during: Vec<Wait>,
}

/// What a task waits for, as it is written and as it is understood.
type Wait = (Located<String>, Selection);

/// `[[thermal.node]]`, `[[thermal.joint]]`, `[[load.task]]` and `[environment]` of a table.
pub(crate) fn read(table: &TableReader<'_>) -> RawLists {
    let environment = table.get("environment");
    let section = |key: &'static str| {
        let node = table.get(key)?;
        // One that is no table is refused where its numbers are read.
        let quiet = Notes::new(node.place.file);
        node.noting(&quiet).table(key)?;
        node.table(key)
    };
    let (thermal, load) = (section("thermal"), section("load"));
    let (thermal, load) = (thermal.as_ref(), load.as_ref());
    RawLists {
        nodes: list(thermal, "node", node),
        joints: list(thermal, "joint", joint),
        tasks: list(load, "task", task),
        environment: environment
            .and_then(|node| surroundings(&node))
            .unwrap_or_default(),
    }
}

impl RawLists {
    /// What each task of the load waits for.
    pub(crate) fn waits(&self) -> impl Iterator<Item = &[Wait]> {
        self.tasks.iter().map(|(raw, _)| raw.during.as_slice())
    }

    /// Gives the satellite what is in the lists; what does not go together is refused.
    pub(crate) fn give(&self, spacecraft: &mut Spacecraft) -> Option<Refusal> {
        spacecraft.nodes = self.nodes.iter().map(|(node, _)| node.clone()).collect();
        spacecraft.joints = self.joints.iter().map(|(joint, _)| joint.clone()).collect();
        spacecraft.load.tasks = self.tasks.iter().map(|(raw, _)| raw.task.clone()).collect();
        spacecraft.environment = self.environment;
        let error = spacecraft.check_heat().err()?;
        let place = match error.at {
            HeatPlace::Node(at) => self.nodes.get(at).map(|(_, place)| place),
            HeatPlace::Joint(at) => self.joints.get(at).map(|(_, place)| place),
        };
        let expected = format!("expected {}", error.expected);
        Some(match place {
            Some(place) => Refusal::at(place, error.why, expected),
            None => Refusal::nowhere(format!("{}: {expected}", error.why)),
        })
    }
}

/// A number of a table from `low` to `high`; the default where it is not written.
fn number(
    table: &TableReader<'_>,
    key: &'static str,
    [low, high]: [f64; 2],
    default: f64,
) -> Option<f64> {
    table
        .get(key)
        .map_or(Some(default), |node| within(&node, low, high))
}

const SHARE: [f64; 2] = [0.0, 1.0];
const CELSIUS: [f64; 2] = [-200.0, 200.0];

fn node(table: &TableReader<'_>) -> Option<ThermalNode> {
    let usual = ThermalNode::default();
    let watts = [0.0, MOST_WATTS];
    let name = table.required("name").and_then(|node| column(&node));
    let capacity = table
        .required("heat_capacity_j_per_k")
        .and_then(|node| within(&node, 0.1, 1e9));
    let get = |key, range, default| number(table, key, range, default);
    let radiator = get("radiator_m2", [0.0, 1e4], usual.radiator_m2);
    let emissivity = get("emissivity", SHARE, usual.emissivity);
    let absorptivity = get("absorptivity", SHARE, usual.absorptivity);
    let sun = get("sun_share", SHARE, usual.sun_share);
    let earth = get("earth_share", SHARE, usual.earth_share);
    let sunlit = get("sunlit_watts", watts, usual.sunlit_watts);
    let eclipse = get("eclipse_watts", watts, usual.eclipse_watts);
    let load = get("load_share", SHARE, usual.load_share);
    let initial = get("initial_celsius", CELSIUS, usual.initial_celsius);
    let coldest = get("min_celsius", CELSIUS, usual.min_celsius);
    let hottest = get("max_celsius", CELSIUS, usual.max_celsius);
    Some(ThermalNode {
        name: name?,
        heat_capacity_j_per_k: capacity?,
        radiator_m2: radiator?,
        emissivity: emissivity?,
        absorptivity: absorptivity?,
        sun_share: sun?,
        earth_share: earth?,
        sunlit_watts: sunlit?,
        eclipse_watts: eclipse?,
        load_share: load?,
        initial_celsius: initial?,
        min_celsius: coldest?,
        max_celsius: hottest?,
    })
}

/// A name that can be that of a column.
fn column(node: &Node<'_>) -> Option<String> {
    let name = node.name()?.value;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name.len() <= 32 && name.chars().all(plain) {
        return Some(name);
    }
    let message = format!("`{name}` cannot be the name of a column");
    node.refuse(message, "expected up to 32 letters, digits, `-` and `_`")
}

fn joint(table: &TableReader<'_>) -> Option<ThermalJoint> {
    let between = table.required("between").and_then(|node| {
        let names = node.texts()?;
        let names: Vec<String> = names.into_iter().map(|name| name.value).collect();
        match <[String; 2]>::try_from(names) {
            Ok(pair) => Some(pair),
            Err(names) => {
                let message = format!("a joint of {} lumps", names.len());
                node.refuse(message, "expected two names, as [\"board\", \"baseplate\"]")
            }
        }
    });
    let conductance = number(table, "conductance_w_per_k", [0.0, 1e6], 0.0);
    let radiative = number(table, "radiative_m2", [0.0, 1e4], 0.0);
    Some(ThermalJoint {
        between: between?,
        conductance_w_per_k: conductance?,
        radiative_m2: radiative?,
    })
}

fn task(table: &TableReader<'_>) -> Option<RawTask> {
    let name = table.required("name").and_then(|node| node.name());
    let watts = table
        .required("watts")
        .and_then(|node| within(&node, 0.0, MOST_WATTS));
    let during = table
        .get("during")
        .map_or(Some(Vec::new()), |node| waits(table, &node));
    let after = table
        .get("after")
        .map_or(Some(0.0), |node| Some(node.duration()?.value));
    let length = table
        .get("length")
        .map_or(Some(None), |node| Some(Some(period(&node)?)));
    let every = table
        .get("every")
        .map_or(Some(None), |node| Some(Some(period(&node)?)));
    if let (Some(Some(length)), Some(Some(every))) = (length, every)
        && length > every
        && let Some(node) = table.get("length")
    {
        let message = format!("a task of {length} that begins every {every}");
        return node.refuse(message, "expected a `length` up to `every`");
    }
    if let (Some(None), Some(Some(_))) = (length, every)
        && let Some(node) = table.get("every")
    {
        return node.refuse(
            "a task that begins again and has no `length`",
            "expected a `length`",
        );
    }
    let task = LoadTask {
        name: name?.value,
        watts: watts?,
        during: None,
        after: BenchTime::from_secs_f64(after?),
        length: length?,
        every: every?,
    };
    Some(RawTask {
        task,
        during: during?,
    })
}

/// Shortest run of a task, s: each has two edges, and a day has many.
const SHORTEST_TASK: f64 = 1.0;

fn period(node: &Node<'_>) -> Option<Period> {
    let seconds = node.duration()?.value;
    let millis = (seconds * 1e3).round();
    if seconds < SHORTEST_TASK || millis > f64::from(u32::MAX) {
        let message = format!("`{}` is {seconds} s", node.what);
        return node.refuse(message, "expected from 1 s to 49 d");
    }
    Period::from_millis(millis as u32)
}

fn waits(table: &TableReader<'_>, node: &Node<'_>) -> Option<Vec<Wait>> {
    let mut waits = Vec::new();
    for text in node.texts()? {
        match Selection::parse(&text.value) {
            Ok(selection) => waits.push((text, selection)),
            Err(at) => {
                table.note(Selection::refusal(&text.value, at, &text.place));
                return None;
            }
        }
    }
    Some(waits)
}

fn surroundings(node: &Node<'_>) -> Option<Environment> {
    let table = node.table("[environment]")?;
    let case = table
        .get("case")
        .and_then(|node| node.choice(&["nominal", "hot", "cold"]));
    let get = |key, low, high| table.get(key).and_then(|node| within(&node, low, high));
    let environment = Environment {
        case: match case.map(|word| word.value) {
            Some("hot") => ThermalCase::Hot,
            Some("cold") => ThermalCase::Cold,
            _ => ThermalCase::Nominal,
        },
        solar_w_m2: get("solar_w_m2", 0.0, 1e5),
        albedo: get("albedo", 0.0, 1.0),
        earth_infrared_w_m2: get("earth_infrared_w_m2", 0.0, 1e4),
    };
    table.finish();
    Some(environment)
}

/// The keys of a section that hold these lists.
pub(crate) fn lists_of(section: &str) -> &'static [&'static str] {
    match section {
        "thermal" => &["node", "joint"],
        "load" => &["task"],
        _ => &[],
    }
}

fn list<T>(
    section: Option<&TableReader<'_>>,
    key: &'static str,
    read: impl Fn(&TableReader<'_>) -> Option<T>,
) -> Vec<(T, Place)> {
    let nodes = section.and_then(|table| table.get(key)?.list(key));
    let read = |node: &Node<'_>| {
        let table = node.table(&format!("[[{key}]]"))?;
        let value = read(&table);
        table.finish();
        Some((value?, node.place.clone()))
    };
    nodes.unwrap_or_default().iter().filter_map(read).collect()
}
