//! `bench list`: what there is to write into campaigns and wirings.

use clap::ValueEnum;
use drivers::catalog::{self, Role};
use profiles::option::{OptionDefault, OptionKind, OptionSpec};
use reports::check::{KINDS, Target};
use std::fmt::Write;

use super::print;
use crate::decode::Format;
use crate::exit::Exit;

/// List makes, telemetry formats and kinds of checks, with their settings
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What to list; everything if left out
    #[arg(value_enum)]
    what: Option<What>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// Models of every role, for wirings
    Makes,
    /// Telemetry formats
    Formats,
    /// Kinds of checks, for campaigns
    Checks,
}

pub(super) fn main(args: &Args) -> Exit {
    let wanted = |what| args.what.is_none_or(|only| only == what);
    let mut text = String::new();
    if wanted(What::Makes) {
        makes(&mut text);
    }
    if wanted(What::Formats) {
        formats(&mut text);
    }
    if wanted(What::Checks) {
        checks(&mut text);
    }
    print(&text);
    Exit::Passed
}

fn makes(text: &mut String) {
    for role in Role::ALL {
        line(text, format_args!("role = \"{role}\""));
        for entry in catalog::entries().iter().filter(|entry| entry.role == role) {
            line(text, format_args!("  {:<22} {}", entry.name, entry.summary));
            for rating in entry.ratings {
                line(
                    text,
                    format_args!("    limit  {:<18} {}", rating.name, rating.value),
                );
            }
            options(text, entry.options);
        }
        text.push('\n');
    }
}

fn formats(text: &mut String) {
    line(text, format_args!("telemetry formats"));
    for (name, summary) in drivers::telemetry::FORMATS {
        line(text, format_args!("  {name:<22} {summary}"));
    }
    text.push('\n');
    line(text, format_args!("formats of streams, for bench decode"));
    for format in Format::value_variants() {
        let value = format.to_possible_value();
        let value = value.expect("every format can be written");
        let summary = value.get_help().map(ToString::to_string);
        let (name, summary) = (value.get_name(), summary.unwrap_or_default());
        line(text, format_args!("  {name:<22} {summary}"));
    }
    text.push('\n');
}

fn checks(text: &mut String) {
    line(text, format_args!("kinds of checks"));
    for kind in KINDS {
        let target = match kind.target {
            Target::Channel => "channel",
            Target::Device => "device",
            Target::Workload | Target::Mesh => "workload",
        };
        line(
            text,
            format_args!("  {:<22} {} ({target} = …)", kind.name, kind.summary),
        );
        options(text, kind.options);
    }
}

fn options(text: &mut String, specs: &[OptionSpec]) {
    for spec in specs {
        let kind = match spec.kind {
            OptionKind::Number { unit: "", .. } => "number".to_owned(),
            OptionKind::Number { unit, .. } => format!("number, {unit}"),
            OptionKind::Whole { unit: "", .. } => "whole number".to_owned(),
            OptionKind::Whole { unit, .. } => format!("whole number, {unit}"),
            OptionKind::Duration => "time".to_owned(),
            OptionKind::Text => "text".to_owned(),
            OptionKind::Template(_) => "template".to_owned(),
            OptionKind::Choice(words) => words.join(" | "),
            OptionKind::ChoiceOrFile(words, ends) => {
                format!("{} | FILE.{}", words.join(" | "), ends.join(" | FILE."))
            }
        };
        let default = match (spec.default, spec.kind) {
            (None, _) => "required".to_owned(),
            (Some(OptionDefault::Unset), _) => "off".to_owned(),
            (Some(OptionDefault::Number(seconds)), OptionKind::Duration) => format!("{seconds} s"),
            (Some(OptionDefault::Number(number)), _) => number.to_string(),
            (Some(OptionDefault::Text("")), _) => "none".to_owned(),
            (Some(OptionDefault::Text(word)), _) => word.to_owned(),
        };
        line(
            text,
            format_args!(
                "    option {:<18} {} ({kind}; {default})",
                spec.name, spec.help
            ),
        );
    }
}

fn line(text: &mut String, content: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _always_ok = writeln!(text, "{content}");
}
