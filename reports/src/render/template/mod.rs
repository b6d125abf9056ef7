//! The report as a template: a folder that the command `typst` makes a PDF of, for whoever wants it to look
//! otherwise. What is told is in `data.json` and as pictures; how it is set is in two files of Typst that
//! hold no word of the run, so that no name in a record can be taken for code.

mod blocks;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::frame::Frame;
use super::pdf::{self, Fonts, MONO, SANS, SEMI_BOLD};
use super::{summary, words};
use crate::report::{Report, Story};

/// What users may have changed: how the report is set, and its looks.
pub const OWN: [&str; 2] = ["report.typ", "style.typ"];
/// The folder of pictures, which is ours alone.
pub const FIGURES: &str = "figures";

const REPORT: &str = include_str!("../../../template/report.typ");
const STYLE: &str = include_str!("../../../template/style.typ");
const LICENCE: &[u8] = include_bytes!("../../../fonts/LICENSE.txt");
/// The form of `data.json`; it grows when one of its members goes or means something else.
const FORM: u32 = 1;

/// A file of the folder.
pub struct File {
    /// Where it stands, below the folder: `figures/01.svg`.
    pub path: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

impl File {
    fn new(path: &str, bytes: impl Into<Vec<u8>>) -> File {
        File {
            path: path.to_owned(),
            bytes: bytes.into(),
        }
    }
}

/// All files of the folder: those of [`OWN`] first, then `data.json`, pictures and fonts. The same report
/// gives the same bytes.
///
/// # Panics
/// Never: what is told is text and numbers, and JSON has a word even for what is no number.
pub fn files(report: &Report) -> Vec<File> {
    let fonts = Fonts::new();
    let frame = Frame::of(report);
    let (sections, pictures) = blocks::sections(&pdf::content(&fonts, report));
    let mut files = vec![File::new(OWN[0], REPORT), File::new(OWN[1], STYLE)];
    let logo = frame.style.logo.as_ref();
    let logo = logo.and_then(|logo| STANDARD.decode(logo).ok());
    let told = json!({
        "form": FORM,
        "frame": framed(&frame, logo.is_some()),
        "verdict": report.verdict.to_string(),
        "because": words::because(report),
        "sections": sections,
        "summary": serde_json::from_str::<Value>(&summary::json(report)).expect("it is JSON"),
        "manifest": report.manifest,
        "events": events(report, &report.story),
    });
    let mut text = serde_json::to_string_pretty(&told).expect("text and numbers");
    text.push('\n');
    files.push(File::new("data.json", text));
    files.extend(logo.map(|bytes| File::new("logo.png", bytes)));
    files.extend(pictures);
    for (name, bytes) in [
        ("IBMPlexSans-Regular.ttf", SANS),
        ("IBMPlexSans-SemiBold.ttf", SEMI_BOLD),
        ("IBMPlexMono-Regular.ttf", MONO),
        ("LICENSE.txt", LICENCE),
    ] {
        files.push(File::new(&format!("fonts/{name}"), bytes));
    }
    files
}

fn framed(frame: &Frame, has_logo: bool) -> Value {
    json!({
        "title": frame.title,
        "description": frame.description,
        "left": frame.left,
        "right": frame.right,
        "foot": frame.foot,
        "creator": frame.creator,
        "run": frame.id,
        "seal": frame.keywords,
        "date": frame.date,
        "organisation": frame.style.organisation,
        "accent": frame.style.accent.map(colour),
        "logo": has_logo.then_some("logo.png"),
    })
}

/// A colour as Typst's `rgb` reads it.
fn colour([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// All notable events, of which the pages show the first.
fn events(report: &Report, story: &Story) -> Value {
    let events = story.entries().iter().map(|entry| {
        json!({
            "at_s": entry.at.as_secs_f64(),
            "until_s": entry.until.as_secs_f64(),
            "device": report.device_name(entry.device),
            "kind": entry.kind.name(),
            "what": entry.text,
            "times": entry.times,
        })
    });
    Value::Array(events.collect())
}
