//! Slurm: a job array, one bench for each node, and a job that depends on all of it
//! (sbatch(1): "--array", "--dependency", "--wait").

use super::fill::{fill, plain, word};
use super::{Submission, Tool, Written};
use crate::runtime::{self, Pace};
use profiles::time::Period;

const SHARDS: &str = include_str!("templates/slurm-shards.sh");
const MERGE: &str = include_str!("templates/slurm-merge.sh");
const SHARDS_FILE: &str = "shards.sh";
const MERGE_FILE: &str = "merge.sh";
/// How often a job is looked at that is waited for.
const LOOK: Period = Period::millis(500);

pub(super) fn files(submission: &Submission) -> Result<Vec<Written>, String> {
    let hardware = &submission.hardware;
    let mut shards = Vec::new();
    if !hardware.features.is_empty() {
        let features: Result<Vec<String>, String> = hardware
            .features
            .iter()
            .map(|feature| word("features", feature))
            .collect();
        // All of them.
        shards.push(format!("#SBATCH --constraint={}", features?.join("&")));
    }
    if !hardware.licenses.is_empty() {
        let licenses: Result<Vec<String>, String> = hardware
            .licenses
            .iter()
            .map(|license| word("licenses", license))
            .collect();
        shards.push(format!("#SBATCH --licenses={}", licenses?.join(",")));
    }
    let mut merge = Vec::new();
    if let Some(partition) = &hardware.partition {
        merge.push(format!(
            "#SBATCH --partition={}",
            word("partition", partition)?
        ));
    }
    shards.extend(merge.iter().cloned());
    if let Some(minutes) = hardware.minutes {
        shards.push(format!("#SBATCH --time={minutes}"));
    }
    let bench = plain(&submission.program)?;
    let places = |options: &[String]| [("OPTIONS", options.join("\n")), ("BENCH", bench.clone())];
    Ok(vec![
        (SHARDS_FILE, fill(SHARDS, submission, &places(&shards))?),
        (MERGE_FILE, fill(MERGE, submission, &places(&merge))?),
    ])
}

pub(super) fn hand_over(
    submission: &Submission,
    wait: bool,
    tell: &mut dyn FnMut(&str),
) -> Result<Option<i32>, String> {
    let sbatch = Tool("sbatch");
    let script = |name: &str| submission.out.join(name).display().to_string();
    let parsed = sbatch.ask(&["--parsable", &script(SHARDS_FILE)])?;
    let array = id(&parsed)?;
    // After any ending of the shards: what was lost, the merge must tell.
    let depends = format!("--dependency=afterany:{array}");
    let merge = script(MERGE_FILE);
    tell(&format!(
        "shards   Slurm job {array}, {} tasks; `scancel {array}` ends them, and each leaves its bench safe\n",
        submission.shards
    ));
    let parsed = sbatch.ask(&["--parsable", depends.as_str(), merge.as_str()]);
    let merge = parsed
        .and_then(|parsed| id(&parsed))
        .map_err(|why| format!("{why}\nThe shards are under way: `scancel {array}` ends them"))?;
    tell(&format!(
        "merge    Slurm job {merge}, after any ending of the shards; its exit code is the gate's\n"
    ));
    if wait {
        ended(&merge).map(Some)
    } else {
        Ok(None)
    }
}

/// Waits for a job, and says what it ended with. `sbatch --wait` would look ever more seldom, and
/// nobody would be told before half a minute later.
fn ended(job: &str) -> Result<i32, String> {
    loop {
        let told = Tool("scontrol").ask(&["--oneliner", "show", "job", job])?;
        if let Some(code) = ending(&told) {
            return Ok(code);
        }
        runtime::block_on(Pace::Real, async {
            let clock = Pace::Real.clock();
            clock.sleep_until(clock.now() + LOOK).await;
        });
    }
}

/// What a job ended with, if it has, of `scontrol show job`: `ExitCode=CODE:SIGNAL`. One that was ended
/// by a signal, or by Slurm, has no code of its own.
fn ending(told: &str) -> Option<i32> {
    let field = |name: &str| {
        let mut words = told.split_whitespace();
        words.find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    };
    match field("JobState")? {
        "PENDING" | "CONFIGURING" | "RUNNING" | "COMPLETING" | "SUSPENDED" | "REQUEUED" => None,
        "COMPLETED" | "FAILED" => {
            let (code, signal) = field("ExitCode")?.split_once(':')?;
            let code = code.parse().ok()?;
            Some(if signal == "0" { code } else { -1 })
        }
        _ => Some(-1),
    }
}

/// `sbatch --parsable` says `ID`, or `ID;CLUSTER`.
fn id(parsed: &str) -> Result<String, String> {
    let id = parsed.split(';').next().unwrap_or_default().trim();
    if id.is_empty() || !id.chars().all(|c| c.is_ascii_digit()) {
        return Err(format!("sbatch said `{parsed}`, and no number of a job"));
    }
    Ok(id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_a_job_ended() {
        // As slurm-wlm 22.05 says it.
        let told = |state: &str, code: &str| {
            ending(&format!(
                "JobId=7 JobName=x JobState={state} Reason=None ExitCode={code} Restarts=0"
            ))
        };
        assert_eq!(told("COMPLETED", "0:0"), Some(0));
        assert_eq!(told("FAILED", "4:0"), Some(4));
        assert_eq!(told("FAILED", "0:9"), Some(-1));
        assert_eq!(told("NODE_FAIL", "0:0"), Some(-1));
        assert_eq!(told("CANCELLED", "0:15"), Some(-1));
        assert_eq!(told("PENDING", "0:0"), None);
        assert_eq!(told("COMPLETING", "0:0"), None);
    }

    #[test]
    fn numbers_of_jobs() {
        assert_eq!(id("12"), Ok("12".to_owned()));
        assert_eq!(id("12;lab"), Ok("12".to_owned()));
        assert!(id("").is_err() && id("sbatch: error").is_err());
    }
}
