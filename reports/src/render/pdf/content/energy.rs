//! Energy by phase: who took how much, and how much for an answer.

use super::super::super::words::{self, count, number};
use super::super::fonts::Fonts;
use super::super::layout::Block;
use super::super::table::{Row, Table, numbers, words as text};
use crate::report::Report;

/// Devices that are told; more would hide the boards that it is about.
const MOST: usize = 12;

/// Who is told, in this order.
const ROLES: [&str; 5] = [
    "accelerator",
    "power-supply",
    "solar-array-simulator",
    "power-analyser",
    "electronic-load",
];

pub(super) fn blocks(fonts: &Fonts, report: &Report) -> Vec<Block> {
    let devices = ROLES.iter().flat_map(|role| report.of_role(role));
    let told = devices.filter_map(|(id, device, story)| {
        let joules = story.energy_joules(device)?;
        let phases = story.energy_by_phase(device, &report.header);
        // How many answers there were in a phase, or in all.
        let answers = |phase: Option<&str>| -> u64 {
            let workloads = report.header.workloads.iter().zip(&report.workloads);
            let own = workloads.filter(|(workload, _)| workload.device == id);
            let counts = own.filter_map(|(_, story)| match phase {
                None => story.overall.as_ref(),
                Some(phase) => {
                    let mut phases = story.phases.iter();
                    phases.find(|p| p.phase == phase).map(|p| &p.answers)
                }
            });
            counts.map(|answers| answers.count).sum()
        };
        let name = words::spoken(&device.name);
        let mut rows: Vec<Row> = phases
            .iter()
            .map(|told| {
                let seconds = Some(told.seconds);
                row(
                    &name,
                    (&told.phase, seconds),
                    told.joules,
                    answers(Some(&told.phase)),
                )
            })
            .collect();
        rows.push(row(&name, ("whole run", None), joules, answers(None)));
        Some(rows)
    });
    let rows: Vec<Row> = told.take(MOST).flatten().collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let columns = vec![
        text("device", 104.0),
        text("phase", 91.0),
        numbers("heard for s", 66.0),
        numbers("mean W", 56.0),
        numbers("energy Wh", 62.0),
        numbers("answers", 58.0),
        numbers("J for an answer", 74.0),
    ];
    vec![
        Block::Section("Energy".to_owned()),
        Block::Table(Table::new(fonts, columns, rows)),
        Block::Text(
            "All that a board took is shared by its answers, right or wrong, its idling too. A board that is \
             off is not heard, and takes nothing. Phases of a few seconds are in the whole run alone. What a \
             check of energy found, with its uncertainty, stands in the evidence."
                .to_owned(),
        ),
        Block::Gap(14.0),
    ]
}

fn row(device: &str, (phase, seconds): (&str, Option<f64>), joules: f64, answers: u64) -> Row {
    let dash = || "–".to_owned();
    Row::of([
        device.to_owned(),
        phase.to_owned(),
        seconds.map_or_else(dash, number),
        seconds.map_or_else(dash, |seconds| number(joules / seconds)),
        number(joules / 3_600.0),
        if answers == 0 { dash() } else { count(answers) },
        if answers == 0 {
            dash()
        } else {
            number(joules / answers as f64)
        },
    ])
}
