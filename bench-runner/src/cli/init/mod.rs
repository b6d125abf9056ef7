//! `bench init`: files to start from.

use std::fs;
use std::path::{Path, PathBuf};

use super::{complain, print};
use crate::embedded;
use crate::exit::Exit;

const CAMPAIGN_KEYS: &str = include_str!("campaign_keys.txt");
const WIRING_KEYS: &str = include_str!("wiring_keys.txt");

/// Write a commented campaign and wiring to start from, with all they need
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folder to write into
    #[arg(default_value = ".")]
    folder: PathBuf,
}

pub(super) fn main(args: &Args) -> Exit {
    match write(&args.folder) {
        Ok(written) => {
            for path in &written {
                print(&format!("wrote {}\n", path.display()));
            }
            print(&format!("\n{}", commands(&args.folder)));
            Exit::Passed
        }
        Err(why) => {
            complain(&format!("Error: {why}\n"));
            Exit::Refused
        }
    }
}

/// What to type next.
fn commands(folder: &Path) -> String {
    let [campaign, wiring] = ["campaign.toml", "wiring.toml"].map(|file| {
        let path = folder.join(file);
        path.strip_prefix(".")
            .unwrap_or(&path)
            .display()
            .to_string()
    });
    format!(
        "bench plan {campaign} --wiring {wiring}\n\
         bench run {campaign} --wiring {wiring}\n"
    )
}

/// The end of a file: every key, and what to type next.
fn ending(keys: &str, folder: &Path) -> String {
    let commands = commands(folder);
    let commands = commands.lines().map(|line| format!("#   {line}\n"));
    format!("{keys}# What to type:\n{}", commands.collect::<String>())
}

/// The embedded files as they are laid out in a folder of one's own.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let laid_out = embedded::FILES.iter().map(|(path, bytes)| {
        let text = || String::from_utf8_lossy(bytes);
        match *path {
            "campaigns/eclipse_ride_through.toml" => {
                let text = text()
                    .replace("\"../goldens\" ", "\"goldens\"    ")
                    .replace("docs/campaign.md", "the end of this file");
                let text = text + &ending(CAMPAIGN_KEYS, folder);
                ("campaign.toml".to_owned(), text.into_bytes())
            }
            "wiring/emulated.toml" => {
                let text = text().replace("docs/wiring.md", "the end of this file");
                let text = text + &ending(WIRING_KEYS, folder);
                ("wiring.toml".to_owned(), text.into_bytes())
            }
            path => {
                let path = path.strip_prefix("campaigns/").unwrap_or(path);
                (path.to_owned(), bytes.to_vec())
            }
        }
    });
    laid_out.collect()
}

fn write(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let files = files(folder);
    let there = files
        .iter()
        .map(|(path, _)| folder.join(path))
        .find(|path| path.exists());
    if let Some(path) = there {
        return Err(format!(
            "{} is there already; nothing was written. Choose another folder",
            path.display()
        ));
    }
    let mut written = Vec::new();
    for (path, bytes) in files {
        let path = folder.join(path);
        let done = path
            .parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(&path, bytes));
        done.map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        written.push(path);
    }
    Ok(written)
}
