//! The matrix of a gate: its jobs, in one order, and which of them a shard runs.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{Baseline, GateFile, Shard};

/// One run of a gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its name, the same in every run of the gate: `smoke/cold/board/seed-3`.
    pub name: String,
    /// What it is compared by: its name without the seed and without the firmware.
    pub group: String,
    /// The campaign.
    pub campaign: PathBuf,
    /// The wiring.
    pub wiring: PathBuf,
    /// The firmware, if the gate names one.
    pub firmware: Option<PathBuf>,
    /// The seed, if the gate names some.
    pub seed: Option<u64>,
}

/// All jobs of a gate, with `firmware` instead of its own if there is any.
///
/// # Errors
/// If two of them have one name.
pub fn jobs(gate: &GateFile, firmware: &[PathBuf]) -> Result<Vec<Job>, String> {
    let own: Vec<PathBuf> = gate.firmware.iter().map(|path| gate.at(path)).collect();
    let firmware = if firmware.is_empty() { &own } else { firmware };
    let firmware: Vec<Option<&PathBuf>> = match firmware {
        [] => vec![None],
        some => some.iter().map(Some).collect(),
    };
    let seeds: Vec<Option<u64>> = match &gate.seeds[..] {
        [] => vec![None],
        some => some.iter().copied().map(Some).collect(),
    };
    let mut jobs = BTreeMap::new();
    for campaign in &gate.campaigns {
        for condition in &gate.conditions {
            for elf in &firmware {
                for seed in &seeds {
                    let job = job(gate, (campaign, condition), *elf, *seed);
                    let name = job.name.clone();
                    if jobs.insert(name.clone(), job).is_some() {
                        return Err(format!(
                            "two runs are named `{name}`: campaigns, and firmware, have names of \
                             their own, without the folder"
                        ));
                    }
                }
            }
        }
    }
    Ok(jobs.into_values().collect())
}

fn job(
    gate: &GateFile,
    (campaign, condition): (&PathBuf, &super::file::Condition),
    elf: Option<&PathBuf>,
    seed: Option<u64>,
) -> Job {
    let stem = |path: &PathBuf| {
        let stem = path.file_stem().unwrap_or_default();
        crate::slug(&stem.to_string_lossy())
    };
    let group = format!("{}/{}", stem(campaign), crate::slug(&condition.name));
    let mut name = group.clone();
    if let Some(elf) = elf {
        name = format!("{name}/{}", stem(elf));
    }
    if let Some(seed) = seed {
        name = format!("{name}/seed-{seed}");
    }
    Job {
        name,
        group,
        campaign: gate.at(campaign),
        wiring: gate.at(&condition.wiring),
        firmware: elf.cloned(),
        seed,
    }
}

/// The jobs of one shard: the longest first, each to the shard with the least to do. Lengths are those
/// that the baseline has recorded; what is new counts as long as the mean. The same files give the
/// same shards, on every machine.
pub fn of_shard(jobs: &[Job], baseline: Option<&Baseline>, shard: Shard) -> Vec<Job> {
    let known = |job: &Job| baseline.and_then(|baseline| baseline.seconds.get(&job.group).copied());
    let lengths: Vec<f64> = jobs.iter().filter_map(known).collect();
    let mean = lengths.iter().sum::<f64>() / lengths.len().max(1) as f64;
    let mean = if mean > 0.0 { mean } else { 1.0 };
    let mut order: Vec<(f64, &Job)> = jobs
        .iter()
        .map(|job| (known(job).unwrap_or(mean), job))
        .collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.name.cmp(&b.1.name)));
    let mut loads = vec![0.0_f64; shard.count as usize];
    let mut mine = Vec::new();
    for (length, job) in order {
        let least = (0..loads.len()).min_by(|a, b| loads[*a].total_cmp(&loads[*b]));
        let Some(least) = least else { break };
        loads[least] += length;
        if least + 1 == shard.index as usize {
            mine.push(job.clone());
        }
    }
    mine.sort_by(|a, b| a.name.cmp(&b.name));
    mine
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn gate(extra: &str) -> GateFile {
        let text = format!("name = 'x'\ncampaigns = ['a.toml', 'c/b.toml']\nwiring = 'w'\n{extra}");
        GateFile::from_text(&text, PathBuf::new()).unwrap()
    }

    #[test]
    fn everything_is_run_with_everything() {
        let names = |extra: &str, given: &[PathBuf]| {
            let jobs = jobs(&gate(extra), given).unwrap();
            jobs.into_iter().map(|job| job.name).collect::<Vec<_>>()
        };
        assert_eq!(names("", &[]), ["a/nominal", "b/nominal"]);
        assert_eq!(
            names("seeds = [1, 2]\nfirmware = ['f/x.elf']", &[]),
            [
                "a/nominal/x/seed-1",
                "a/nominal/x/seed-2",
                "b/nominal/x/seed-1",
                "b/nominal/x/seed-2"
            ]
        );
        let given = [PathBuf::from("new.elf")];
        assert_eq!(
            names("firmware = ['f/x.elf']", &given),
            ["a/nominal/new", "b/nominal/new"]
        );
        let two = [PathBuf::from("1/new.elf"), PathBuf::from("2/new.elf")];
        let why = jobs(&gate(""), &two).unwrap_err();
        assert!(why.contains("two runs are named `a/nominal/new`"), "{why}");
    }

    proptest! {
        #[test]
        fn each_job_is_in_one_shard(count in 1..9_u32, seeds in 1..20_u64, known in 0.0..9.0_f64) {
            let seeds: Vec<u64> = (0..seeds).collect();
            let all = jobs(&gate(&format!("seeds = {seeds:?}")), &[]).unwrap();
            let mut baseline = Baseline::default();
            baseline.seconds.insert("a/nominal".to_owned(), known);
            let mut found = Vec::new();
            let mut sizes = Vec::new();
            for index in 1..=count {
                let mine = of_shard(&all, Some(&baseline), Shard { index, count });
                sizes.push(mine.len());
                found.extend(mine);
            }
            found.sort_by(|a, b| a.name.cmp(&b.name));
            prop_assert_eq!(&found, &all);
        }
    }
}
