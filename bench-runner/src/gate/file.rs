//! The gate file: what is run, and what it is held against.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// A gate as written. Paths in it are relative to its folder.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateFile {
    /// Its name.
    pub name: String,
    /// Campaign files.
    pub campaigns: Vec<PathBuf>,
    /// The wiring of the condition that has none of its own.
    #[serde(default)]
    pub wiring: Option<PathBuf>,
    /// Firmware that is judged; whatever the wiring names if left out.
    #[serde(default)]
    pub firmware: Vec<PathBuf>,
    /// Seeds; each campaign's own if left out.
    #[serde(default)]
    pub seeds: Vec<u64>,
    /// Benches on which everything is run; the one of `wiring` if left out.
    #[serde(default, rename = "condition")]
    pub conditions: Vec<Condition>,
    /// What was accepted before.
    #[serde(default)]
    pub baseline: Option<PathBuf>,
    /// How much slower than that it may be, as a part: 0.03 for 3 %.
    #[serde(default = "slower")]
    pub slower: f64,
    /// How bench time passes.
    #[serde(default)]
    pub pace: GatePace,
    /// Which runs' folders are kept.
    #[serde(default)]
    pub keep: Keep,
    /// The machines that `bench submit` asks for.
    #[serde(default, rename = "submit")]
    pub hardware: Hardware,
    /// The folder of the file.
    #[serde(skip)]
    pub folder: PathBuf,
}

/// A bench under a name: `cold`, `low-bus`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Its name.
    pub name: String,
    /// Its wiring.
    pub wiring: PathBuf,
}

/// Which runs' folders are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// All.
    #[default]
    All,
    /// Those of runs that did not pass: of thousands, the others would only fill the disk.
    Failed,
}

/// What `bench submit` asks an engine for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hardware {
    /// How many shards, if the command line does not say.
    #[serde(default)]
    pub shards: Option<u32>,
    /// What a machine must have: features of Slurm's nodes, labels `bench/FEATURE` of Kubernetes'.
    #[serde(default)]
    pub features: Vec<String>,
    /// Slurm: licences, for what several benches share.
    #[serde(default)]
    pub licenses: Vec<String>,
    /// Slurm: the partition.
    #[serde(default)]
    pub partition: Option<String>,
    /// Slurm: longest that a shard may take, min.
    #[serde(default)]
    pub minutes: Option<u32>,
    /// Kubernetes: the image, with `bench` in it.
    #[serde(default)]
    pub image: Option<String>,
    /// Kubernetes: the volume claim with the gate's files.
    #[serde(default)]
    pub claim: Option<String>,
}

/// How bench time passes in a gate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GatePace {
    /// As fast as it can.
    #[default]
    Virtual,
    /// As on the wall.
    Real,
}

/// The first of what is in order that is there twice.
fn twice<T: PartialEq>(sorted: &[T]) -> Option<&T> {
    let mut two = sorted.iter().zip(sorted.iter().skip(1));
    two.find(|(a, b)| a == b).map(|(a, _)| a)
}

/// A run's own noise is below 3 %.
fn slower() -> f64 {
    0.03
}

impl GateFile {
    /// Reads a gate.
    ///
    /// # Errors
    /// What is wrong with it, with file, line and what was expected.
    pub fn read(path: &Path) -> Result<GateFile, String> {
        let name = path.display();
        let text = fs::read_to_string(path).map_err(|error| {
            format!(
                "cannot read {name}: {error}\n  Help: expected a gate file; docs/gate.md says what stands in it"
            )
        })?;
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        GateFile::from_text(&text, folder).map_err(|why| format!("{name}: {why}"))
    }

    /// Reads the text of a gate in `folder`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_text(text: &str, folder: PathBuf) -> Result<GateFile, String> {
        let mut gate: GateFile = toml::from_str(text).map_err(|error| error.to_string())?;
        gate.folder = folder;
        let wrong = |why: &str| Err(why.to_owned());
        // What stands there empty was meant to hold something.
        let written: toml::Table = toml::from_str(text).map_err(|error| error.to_string())?;
        let is_empty = |axis: &&str| {
            let axis = written.get(*axis).and_then(toml::Value::as_array);
            axis.is_some_and(Vec::is_empty)
        };
        if let Some(axis) = ["firmware", "seeds", "condition"]
            .into_iter()
            .find(is_empty)
        {
            return Err(format!(
                "`{axis}` is empty: name at least one, or leave the key out for what the campaigns and \
                 the wiring say"
            ));
        }
        if gate.campaigns.is_empty() {
            return wrong("`campaigns` is empty: a gate that runs nothing passes nothing");
        }
        if gate.wiring.is_none() && gate.conditions.is_empty() {
            return wrong("on which bench? Expected `wiring`, or [[condition]] with one each");
        }
        if gate.wiring.is_some() && !gate.conditions.is_empty() {
            return wrong("both `wiring` and [[condition]]: give the wiring a condition's name");
        }
        if !(0.0..1.0).contains(&gate.slower) {
            return wrong("`slower` is a part, from 0 to below 1: 0.03 for 3 %");
        }
        let mut names: Vec<&str> = gate.conditions.iter().map(|it| it.name.as_str()).collect();
        names.sort_unstable();
        if let Some(name) = twice(&names) {
            return Err(format!("two conditions are named `{name}`"));
        }
        let mut seeds = gate.seeds.clone();
        seeds.sort_unstable();
        if let Some(seed) = twice(&seeds) {
            return Err(format!(
                "seed {seed} stands there twice: the same run twice says nothing new"
            ));
        }
        if gate.conditions.is_empty()
            && let Some(wiring) = gate.wiring.clone()
        {
            gate.conditions.push(Condition {
                name: "nominal".to_owned(),
                wiring,
            });
        }
        Ok(gate)
    }

    /// Where a path of the file leads.
    pub fn at(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(text: &str) -> String {
        GateFile::from_text(text, PathBuf::new()).unwrap_err()
    }

    #[test]
    fn what_is_no_gate_is_told_why() {
        let good = "name = 'x'\ncampaigns = ['a.toml']\nwiring = 'w.toml'\n";
        let gate = GateFile::from_text(good, PathBuf::from("f")).unwrap();
        assert_eq!(gate.conditions[0].name, "nominal");
        assert_eq!(gate.at(&gate.campaigns[0]), Path::new("f/a.toml"));
        for (text, part) in [
            ("name = 'x'\ncampaigns = []\nwiring = 'w'", "runs nothing"),
            ("name = 'x'\ncampaigns = ['a']", "on which bench?"),
            (&format!("{good}seed = [1]"), "unknown field `seed`"),
            (
                &format!("{good}seeds = [1, 2, 1]"),
                "seed 1 stands there twice",
            ),
            (&format!("{good}seeds = []"), "`seeds` is empty"),
            (&format!("{good}firmware = []"), "`firmware` is empty"),
            (&format!("{good}slower = 3"), "0.03 for 3 %"),
            (
                &format!("{good}[[condition]]\nname = 'c'\nwiring = 'v'"),
                "both `wiring` and [[condition]]",
            ),
            (
                "name = 'x'\ncampaigns = ['a']\n[[condition]]\nname = 'c'\nwiring = 'v'\n\
                 [[condition]]\nname = 'c'\nwiring = 'u'",
                "two conditions are named `c`",
            ),
        ] {
            assert!(why(text).contains(part), "{text}: {}", why(text));
        }
        assert!(why("name = 'x'\ncampaigns = 3").contains("line 2"));
    }
}
