//! What a run answered, as a candidate for a golden.

use std::collections::BTreeMap;
use std::path::Path;

use reports::event::EventKind;
use reports::golden::{Files, Golden, Origin};
use reports::header::Header;
use reports::record::Record;
use reports::verdict::Ending;

use super::{ExecuteError, RECORD_FILE, digest, goldens_of, today};

/// The candidate of a run's workload, and the golden's name.
///
/// # Errors
/// If the run did not complete, or an input was answered by nothing, or by two answers.
pub fn candidate(folder: &Path, workload: &str) -> Result<(String, Files), ExecuteError> {
    let record = Record::open(&folder.join(RECORD_FILE))?;
    let header = record.header().clone();
    let names = || header.workloads.iter().map(|w| w.name.as_str());
    let unfit = |why: String| Err(ExecuteError::Unfit(why));
    let Some(place) = names().position(|name| name == workload) else {
        let known = names().collect::<Vec<_>>().join(", ");
        return unfit(format!("it has no workload `{workload}`, but: {known}"));
    };
    let goldens = goldens_of(folder, &header)?;
    let wanted = &header.workloads[place];
    let Some(golden) = goldens.workloads.get(&wanted.golden) else {
        return unfit(format!(
            "golden `{}` is not among its inputs",
            wanted.golden
        ));
    };
    let (heard, ending) = Heard::of(&record, &header, place)?;
    if ending != Some(Ending::Completed) {
        return unfit("it did not complete".to_owned());
    }
    let outputs = match heard.outputs(golden) {
        Ok(outputs) => outputs,
        Err(why) => return unfit(why),
    };
    let bytes = std::fs::read(folder.join(RECORD_FILE)).map_err(|source| ExecuteError::Read {
        path: folder.join(RECORD_FILE),
        source,
    })?;
    let origin = Origin {
        run: folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        record_sha256: digest::sha256_hex(&bytes),
        board: heard.board.clone(),
        kernels: heard.kernels.clone(),
        conditions: heard.conditions(),
        bench: header.versions.get("bench").cloned().unwrap_or_default(),
        date: today(),
    };
    let files = files_of(folder, &wanted.golden)?;
    let files = golden.candidate(&files, &outputs, &origin);
    let files = files.map_err(|error| ExecuteError::Unfit(error.to_string()))?;
    Ok((wanted.golden.clone(), files))
}

/// The files of a golden among a run's inputs; that they are the run's was checked before.
fn files_of(folder: &Path, golden: &str) -> Result<Files, ExecuteError> {
    let path = folder.join("inputs/goldens").join(golden);
    let read = |path: &Path| -> std::io::Result<Files> {
        let mut files = Files::new();
        for entry in std::fs::read_dir(path)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            files.insert(name, std::fs::read(entry.path())?);
        }
        Ok(files)
    };
    read(&path).map_err(|source| ExecuteError::Read { path, source })
}

/// What a board said in a run.
#[derive(Default)]
struct Heard {
    board: String,
    kernels: String,
    /// By input and digest.
    outputs: BTreeMap<(u16, u32), Vec<u8>>,
    /// Digests that were announced, by input.
    digests: BTreeMap<u16, BTreeMap<u32, u64>>,
    /// Least and largest value, by channel.
    ranges: BTreeMap<String, (f64, f64)>,
}

impl Heard {
    fn of(
        record: &Record,
        header: &Header,
        place: usize,
    ) -> Result<(Heard, Option<Ending>), ExecuteError> {
        let board = header.workloads[place].device;
        let device = header.device_at(board);
        let channels = device
            .map(|device| device.channels.as_slice())
            .unwrap_or_default();
        let mut heard = Heard::default();
        let mut ending = None;
        record.for_each(&mut |event| match &event.kind {
            EventKind::RunEnded { ending: how } => ending = Some(how.clone()),
            _ if event.device != board => {}
            EventKind::Identified {
                maker,
                model,
                serial,
                firmware,
            } => {
                heard.board = format!("{maker} {model}, serial {serial}, firmware {firmware}");
                heard.kernels = format!("{maker} {model}, firmware {firmware}");
            }
            EventKind::Inferred(answer) => {
                let digests = heard.digests.entry(answer.input).or_default();
                *digests.entry(answer.digest).or_default() += 1;
            }
            EventKind::OutputFetched {
                input,
                digest,
                output,
            } => {
                heard.outputs.insert((*input, *digest), output.to_vec());
            }
            EventKind::Sampled { readings } => {
                for reading in readings.iter() {
                    let spec = channels.get(usize::from(reading.channel));
                    let told = spec.filter(|spec| ["V", "°C"].contains(&&*spec.unit));
                    if let Some(spec) = told {
                        let value = reading.value.as_f64();
                        let name = format!("{} {}", spec.name, spec.unit);
                        let range = heard.ranges.entry(name).or_insert((value, value));
                        *range = (range.0.min(value), range.1.max(value));
                    }
                }
            }
            _ => {}
        })?;
        Ok((heard, ending))
    }

    /// One output for each input; a board that answers one input in two ways has none.
    fn outputs(&self, golden: &Golden) -> Result<Vec<Vec<u8>>, String> {
        (0..golden.sample_count() as u16)
            .map(|input| {
                let digests = self.digests.get(&input);
                let Some(digests) = digests.filter(|digests| !digests.is_empty()) else {
                    return Err(format!("input {input} was never answered"));
                };
                if digests.len() > 1 {
                    return Err(format!(
                        "input {input} was answered in {} ways: a golden has one",
                        digests.len()
                    ));
                }
                let fetched = digests
                    .keys()
                    .find_map(|digest| self.outputs.get(&(input, *digest)));
                let missing = || format!("the output of input {input} was never fetched");
                fetched.cloned().ok_or_else(missing)
            })
            .collect()
    }

    fn conditions(&self) -> String {
        let ranges = self.ranges.iter().map(|(name, (low, high))| {
            let (channel, unit) = name.split_once(' ').unwrap_or((name, ""));
            format!("{channel} {low:.2} to {high:.2} {unit}")
        });
        ranges.collect::<Vec<_>>().join(", ")
    }
}
