//! Shards: the part of a gate that one job of an engine runs. Each engine counts in its own way; here
//! they all become "number `index` of `count`", from one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One part of a gate: `2/5` is the second of five.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Shard {
    /// Which, from one.
    pub index: u32,
    /// Of how many.
    pub count: u32,
}

impl Shard {
    /// All of it.
    pub const WHOLE: Shard = Shard { index: 1, count: 1 };

    fn new(index: u32, count: u32) -> Result<Shard, String> {
        if count == 0 || index == 0 || index > count {
            return Err(format!(
                "there is no shard {index} of {count}: expected one from 1/{0} to {0}/{0}",
                count.max(1)
            ));
        }
        Ok(Shard { index, count })
    }

    /// The shard that the engine around this process means. `variable` reads its environment.
    ///
    /// - Slurm arrays: `SLURM_ARRAY_TASK_ID`, which counts from `SLURM_ARRAY_TASK_MIN` in steps of
    ///   `SLURM_ARRAY_TASK_STEP`, of `SLURM_ARRAY_TASK_COUNT` (sbatch(1), "Output environment
    ///   variables").
    /// - GitLab `parallel`: `CI_NODE_INDEX`, from one, of `CI_NODE_TOTAL` (GitLab, "Predefined CI/CD
    ///   variables").
    /// - Kubernetes indexed jobs: `JOB_COMPLETION_INDEX`, from zero; the job's `completions` are told to
    ///   nobody, so the manifest passes them as `BENCH_SHARD_COUNT` (Kubernetes, "Jobs: completion
    ///   mode").
    ///
    /// # Errors
    /// If no engine says anything, only half of what it takes, or two engines speak. Nothing is
    /// guessed: shards that each run everything, or nothing, would pass all the same.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Result<Shard, String> {
        let found: Vec<(&str, Result<Shard, String>)> = [
            ("Slurm", slurm(&variable)),
            ("GitLab", gitlab(&variable)),
            ("Kubernetes", kubernetes(&variable)),
        ]
        .into_iter()
        .filter_map(|(engine, shard)| Some((engine, shard?)))
        .collect();
        match &found[..] {
            [] => Err(
                "no engine says which shard this is: neither SLURM_ARRAY_TASK_ID, CI_NODE_INDEX \
                 nor JOB_COMPLETION_INDEX is set; is this job an array? By hand, `--shard 1/4`"
                    .to_owned(),
            ),
            [(engine, shard)] => shard
                .clone()
                .map_err(|why| format!("which shard this is, {engine} does not say: {why}")),
            [(one, _), (other, _), ..] => Err(format!(
                "both {one} and {other} say which shard this is; say it with `--shard`"
            )),
        }
    }
}

type Told = Option<Result<Shard, String>>;

fn slurm(variable: &impl Fn(&str) -> Option<String>) -> Told {
    let count = variable("SLURM_ARRAY_TASK_COUNT");
    if count.is_none() && variable("SLURM_ARRAY_TASK_ID").is_none() {
        return None;
    }
    let read = || {
        let id = number(variable, "SLURM_ARRAY_TASK_ID")?;
        let first = number(variable, "SLURM_ARRAY_TASK_MIN")?;
        let step = match variable("SLURM_ARRAY_TASK_STEP") {
            Some(_) => number(variable, "SLURM_ARRAY_TASK_STEP")?,
            None => 1,
        };
        let count = number(variable, "SLURM_ARRAY_TASK_COUNT")?;
        let place = id.checked_sub(first).filter(|_| step > 0);
        let place = place.filter(|place| place % step == 0);
        let place = place.ok_or_else(|| {
            format!("SLURM_ARRAY_TASK_ID is {id}, in an array from {first} in steps of {step}")
        })?;
        Shard::new(place / step + 1, count)
    };
    Some(read())
}

fn gitlab(variable: &impl Fn(&str) -> Option<String>) -> Told {
    // Every job of GitLab's has a CI_NODE_TOTAL; only those of a `parallel` have an index.
    let total = variable("CI_NODE_TOTAL").filter(|total| total != "1");
    if total.is_none() && variable("CI_NODE_INDEX").is_none() {
        return None;
    }
    let read = || {
        let index = number(variable, "CI_NODE_INDEX")?;
        Shard::new(index, number(variable, "CI_NODE_TOTAL")?)
    };
    Some(read())
}

fn kubernetes(variable: &impl Fn(&str) -> Option<String>) -> Told {
    if variable("BENCH_SHARD_COUNT").is_none() && variable("JOB_COMPLETION_INDEX").is_none() {
        return None;
    }
    let read = || {
        let index = number(variable, "JOB_COMPLETION_INDEX")?;
        let count = number(variable, "BENCH_SHARD_COUNT")?;
        let index = index
            .checked_add(1)
            .ok_or("JOB_COMPLETION_INDEX is too large")?;
        Shard::new(index, count)
    };
    Some(read())
}

fn number(variable: &impl Fn(&str) -> Option<String>, name: &str) -> Result<u32, String> {
    let text = variable(name).ok_or_else(|| format!("{name} is not set"))?;
    let number = text.trim().parse();
    number.map_err(|_| format!("{name} is `{text}`, and no number"))
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let parts = text.split_once('/');
        let parts =
            parts.and_then(|(index, count)| Some((index.parse().ok()?, count.parse().ok()?)));
        let (index, count) =
            parts.ok_or_else(|| format!("`{text}` is no shard: expected one such as 2/5"))?;
        Shard::new(index, count)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(variables: &[(&str, &str)]) -> Result<String, String> {
        let read = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Shard::from_env(read).map(|shard| shard.to_string())
    }

    #[test]
    fn each_engine_counts_in_its_own_way() {
        let slurm = |id: &'static str, min, step, count| {
            told(&[
                ("SLURM_ARRAY_TASK_ID", id),
                ("SLURM_ARRAY_TASK_MIN", min),
                ("SLURM_ARRAY_TASK_STEP", step),
                ("SLURM_ARRAY_TASK_COUNT", count),
            ])
        };
        // --array=0-3, --array=1-4, --array=10-16:2
        assert_eq!(slurm("0", "0", "1", "4"), Ok("1/4".to_owned()));
        assert_eq!(slurm("4", "1", "1", "4"), Ok("4/4".to_owned()));
        assert_eq!(slurm("14", "10", "2", "4"), Ok("3/4".to_owned()));
        assert!(
            slurm("13", "10", "2", "4")
                .unwrap_err()
                .contains("steps of 2")
        );
        let gitlab = [("CI_NODE_INDEX", "1"), ("CI_NODE_TOTAL", "3")];
        assert_eq!(told(&gitlab), Ok("1/3".to_owned()));
        let kubernetes =
            |index| told(&[("JOB_COMPLETION_INDEX", index), ("BENCH_SHARD_COUNT", "3")]);
        assert_eq!(kubernetes("0"), Ok("1/3".to_owned()));
        assert_eq!(kubernetes("2"), Ok("3/3".to_owned()));
        assert!(kubernetes("3").unwrap_err().contains("no shard 4 of 3"));
    }

    #[test]
    fn half_of_what_it_takes_is_an_error_and_not_everything() {
        for (variables, part) in [
            (&[][..], "no engine says"),
            (&[("CI_NODE_TOTAL", "1")][..], "no engine says"),
            (&[("CI_NODE_TOTAL", "3")][..], "CI_NODE_INDEX is not set"),
            (&[("CI_NODE_INDEX", "1")][..], "CI_NODE_TOTAL is not set"),
            (
                &[("SLURM_ARRAY_TASK_COUNT", "3")][..],
                "SLURM_ARRAY_TASK_ID is not set",
            ),
            (
                &[("SLURM_ARRAY_TASK_ID", "3")][..],
                "SLURM_ARRAY_TASK_MIN is not set",
            ),
            (
                &[("JOB_COMPLETION_INDEX", "0")][..],
                "BENCH_SHARD_COUNT is not set",
            ),
            (
                &[("BENCH_SHARD_COUNT", "3")][..],
                "JOB_COMPLETION_INDEX is not set",
            ),
            (
                &[("JOB_COMPLETION_INDEX", "x"), ("BENCH_SHARD_COUNT", "3")][..],
                "is `x`, and no number",
            ),
            (
                &[("CI_NODE_INDEX", "0"), ("CI_NODE_TOTAL", "3")][..],
                "no shard 0 of 3",
            ),
            (
                &[
                    ("CI_NODE_INDEX", "1"),
                    ("CI_NODE_TOTAL", "3"),
                    ("JOB_COMPLETION_INDEX", "0"),
                ][..],
                "both GitLab and Kubernetes",
            ),
        ] {
            let why = told(variables).unwrap_err();
            assert!(why.contains(part), "{variables:?}: {why}");
        }
    }

    #[test]
    fn a_shard_by_hand() {
        assert_eq!("2/5".parse(), Ok(Shard { index: 2, count: 5 }));
        for text in ["", "2", "0/5", "6/5", "1/0", "a/b", "-1/5", "1/5/5"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }
}
