//! Templates, filled in. They stand in files of their own, as an engine gets them.

use std::path::Path;

use super::Submission;
use crate::gate::GatePace;

/// A template with the places that are the same for every engine, and those in `more`. A place that is
/// alone on its line and has nothing to say takes its line with it.
pub(super) fn fill(
    template: &str,
    submission: &Submission,
    more: &[(&str, String)],
) -> Result<String, String> {
    let file = plain(&submission.file)?;
    let mut places = vec![
        ("NAME", submission.name.replace(['\n', '\r'], " ")),
        ("JOB", submission.job()),
        ("COUNT", submission.shards.to_string()),
        ("HERE", plain(&submission.here)?),
        ("OUT", plain(&submission.out)?),
        ("FILE", file),
        ("ARGUMENTS", arguments(submission)?),
        ("SHARDS", shards(submission)?),
    ];
    places.extend(more.iter().map(|(name, value)| (*name, value.clone())));
    let mut text = String::new();
    for line in template.lines() {
        let alone = places
            .iter()
            .any(|(name, value)| value.is_empty() && line == format!("@{name}@"));
        if !alone {
            text.push_str(line);
            text.push('\n');
        }
    }
    for (name, value) in places {
        text = text.replace(&format!("@{name}@"), &value);
    }
    Ok(text)
}

/// What a shard is told beside its gate.
fn arguments(submission: &Submission) -> Result<String, String> {
    let mut text = String::new();
    for elf in &submission.firmware {
        text = format!("{text} --firmware {}", plain(elf)?);
    }
    if submission.pace == GatePace::Real {
        // One bench runs one campaign at a time.
        text.push_str(" --jobs 1");
    }
    Ok(text)
}

fn shards(submission: &Submission) -> Result<String, String> {
    let mut text = String::new();
    for folder in submission.folders() {
        text = format!("{text} {}", plain(&folder)?);
    }
    Ok(text)
}

/// A path that means the same to a shell, to `#SBATCH` lines and to YAML.
///
/// # Errors
/// If it has a character that one of them takes for more than itself.
pub(super) fn plain(path: &Path) -> Result<String, String> {
    let text = path.to_str().map(str::to_owned);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=,".contains(c);
    text.filter(|text| !text.is_empty() && text.chars().all(is_plain))
        .ok_or_else(|| {
            format!(
                "`{}` cannot be written into a job: expected letters, digits and /._-+=, in a path that \
                 a scheduler reads",
                path.display()
            )
        })
}

/// A word of the gate's file that goes into a job: a feature, a licence, a partition.
///
/// # Errors
/// If it has a space or a character that a shell or YAML takes for more than itself.
pub(super) fn word(key: &str, text: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=,:&|[]*()@".contains(c);
    if text.is_empty() || !text.chars().all(is_plain) {
        return Err(format!(
            "`{key}` in [submit] is `{text}`: expected one word, as the engine spells it"
        ));
    }
    Ok(text.to_owned())
}
