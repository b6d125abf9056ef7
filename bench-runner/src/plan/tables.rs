//! Tables of users: values against seconds, in CSV files beside the campaign.

use profiles::shape::{Between, Table};

use crate::config::folder::Folder;
use crate::config::load::Loader;
use crate::config::{Located, Place, Refusal};

/// Most upsets a day that a table may say: ten a second is no board any more.
const MOST_RATE: f64 = 1e6;

/// Upsets a day against seconds from T0.
pub(crate) fn rate_table(
    loader: &mut Loader,
    folder: &Folder,
    path: &Located<String>,
) -> Option<(Table, String)> {
    read_table(loader, folder, path, |rate| {
        if (0.0..=MOST_RATE).contains(&rate) {
            return Ok(());
        }
        Err(format!("expected from 0 to {MOST_RATE} upsets a day"))
    })
}

/// A table of which each value is `allowed`, and its text. Whatever is wrong in it is refused
/// with its line.
pub(crate) fn read_table(
    loader: &mut Loader,
    folder: &Folder,
    path: &Located<String>,
    allowed: impl Fn(f64) -> Result<(), String>,
) -> Option<(Table, String)> {
    let (file, text) = loader.text(folder, &path.value)?;
    let refusal = |line: usize, message: String, expected: String| {
        let mut lines = text.split_inclusive('\n');
        let start: usize = lines.by_ref().take(line - 1).map(str::len).sum();
        let length = lines.next().map_or(0, |line| line.trim_end().len());
        let span = start..start + length;
        Refusal::at(&Place { file, span }, message, expected)
    };
    let table = match Table::parse(&text, Between::Linear) {
        Ok(table) => table,
        Err(error) => {
            let expected = "expected rows `seconds,value` in order of time".to_owned();
            loader
                .refusals
                .push(refusal(error.line, error.why, expected));
            return None;
        }
    };
    let value = |line: &str| line.split(',').nth(1)?.trim().parse().ok();
    for (index, line) in text.lines().enumerate() {
        let number: Option<f64> = value(line).filter(|_| !line.trim().starts_with('#'));
        if let Some(number) = number
            && let Err(expected) = allowed(number)
        {
            let message = format!("the value is {number}");
            loader.refusals.push(refusal(index + 1, message, expected));
            return None;
        }
    }
    Some((table, text))
}
