//! Power, heat and inference: the figures, and the tables that go with them.

use super::super::super::figure::{self, Figure};
use super::super::super::words::{count, quantity};
use super::super::fonts::Fonts;
use super::super::layout::Block;
use super::super::table::{Row, Table, numbers, words as text};
use crate::report::{Answers, GoldenBand, PassStory, Report};
use crate::verdict::Verdict;

/// The parts by their names in [`PARTS`](crate::render::style::PARTS).
pub(super) fn parts(fonts: &Fonts, report: &Report) -> Vec<(&'static str, Vec<Block>)> {
    let mut all = Vec::new();
    let mut part = |name, fill: &dyn Fn(&mut Vec<Block>)| {
        let mut blocks = Vec::new();
        fill(&mut blocks);
        all.push((name, blocks));
    };
    part("power", &|blocks| {
        let power = [
            (figure::supply_power(report), 100.0),
            (figure::orbit_power(report), 104.0),
        ];
        section(blocks, "Power", power.into());
    });
    part("heat", &|blocks| {
        section(blocks, "Heat", vec![(figure::heat(report), 132.0)]);
        states(report, blocks);
        windows(report, blocks);
    });
    part("inference", &|blocks| inference(fonts, report, blocks));
    part("down-link", &|blocks| passes(fonts, report, blocks));
    part("channels", &|blocks| {
        let others = vec![(figure::others(report), 112.0)];
        section(blocks, "Other channels", others);
    });
    all
}

/// A section of figures, each as high as its panels need.
fn section(blocks: &mut Vec<Block>, title: &str, figures: Vec<(Figure, f32)>) {
    let mut begun = false;
    for (figure, panel) in figures {
        if figure.is_empty() {
            continue;
        }
        if !begun {
            blocks.push(Block::Section(title.to_owned()));
            begun = true;
        }
        let height = 40.0 + panel * figure.panels.len() as f32;
        blocks.push(Block::Figure(figure, height));
        blocks.push(Block::Gap(14.0));
    }
}

/// What there was to bring down in each pass, against what fits through it.
fn passes(fonts: &Fonts, report: &Report, blocks: &mut Vec<Block>) {
    if report.passes.is_empty() {
        return;
    }
    blocks.push(Block::Section("Down-link".to_owned()));
    let columns = vec![
        text("station", 96.0),
        numbers("from", 82.0),
        numbers("length s", 58.0),
        numbers("answers", 58.0),
        numbers("raw bytes", 78.0),
        numbers("result bytes", 74.0),
        numbers("room, bytes", 75.0),
    ];
    let rows = report.passes.iter().map(|story| {
        let window = story.pass.window;
        Row::of([
            story.pass.station.clone(),
            window.start.to_string(),
            format!("{:.1}", window.seconds()),
            count(story.answers),
            count(story.raw_bytes),
            count(story.result_bytes),
            count(story.pass.capacity_bytes.round() as u64),
        ])
    });
    blocks.push(Block::Table(Table::new(fonts, columns, rows.collect())));
    let all = |bytes: fn(&PassStory) -> u64| report.passes.iter().map(bytes).sum::<u64>();
    let (raw, results) = (all(|s| s.raw_bytes), all(|s| s.result_bytes));
    let fits = |fit: fn(&PassStory) -> bool| report.passes.iter().filter(|s| fit(s)).count();
    let said = match raw.checked_div(results) {
        None => "No answer was there to bring down.".to_owned(),
        Some(share) => format!(
            "What was worked on since the pass before comes down in a pass. Results are 1/{share} \
             of the raw data; they fit through {} of {} passes, the raw data through {}.",
            fits(PassStory::results_fit),
            report.passes.len(),
            fits(PassStory::raw_fits),
        ),
    };
    blocks.push(Block::Text(said));
    blocks.push(Block::Gap(14.0));
}

/// Whom the satellite saw and what it flew through.
fn windows(report: &Report, blocks: &mut Vec<Block>) {
    let strips = figure::windows(report);
    if !strips.is_empty() {
        let title = "Contacts, links and regions".to_owned();
        blocks.push(Block::Strips(title, strips, figure::time_axis(report)));
        blocks.push(Block::Gap(14.0));
    }
}

/// What the boards said of their own state, below the temperatures that explain it.
fn states(report: &Report, blocks: &mut Vec<Block>) {
    let strips = figure::states(report);
    if !strips.is_empty() {
        let title = "States".to_owned();
        blocks.push(Block::Strips(title, strips, figure::time_axis(report)));
        blocks.push(Block::Gap(14.0));
    }
}

fn inference(fonts: &Fonts, report: &Report, blocks: &mut Vec<Block>) {
    if report.workloads.is_empty() {
        return;
    }
    blocks.push(Block::Section("Inference".to_owned()));
    for place in 0..report.workloads.len() {
        let figure = figure::inference(report, place);
        let workload = &report.header.workloads[place];
        if figure.is_empty() {
            blocks.push(Block::Heading(figure.title));
            blocks.push(Block::Text("No query was answered.".to_owned()));
            continue;
        }
        blocks.push(Block::Figure(figure, 242.0));
        blocks.push(Block::Gap(6.0));
        let spread = figure::spread(report, place);
        if !spread.is_empty() {
            blocks.push(Block::Figure(spread, 150.0));
            blocks.push(Block::Gap(6.0));
        }
        blocks.push(Block::Table(speeds(fonts, report, place)));
        if !report
            .goldens
            .iter()
            .any(|golden| golden.workload == workload.name)
        {
            blocks.push(Block::Text(
                "No golden says how fast this should be.".to_owned(),
            ));
        }
        blocks.push(Block::Gap(14.0));
    }
    blocks.push(Block::Heading("Correctness".to_owned()));
    blocks.push(Block::Table(correctness(fonts, report)));
    if !report.correctness.is_empty() {
        blocks.push(Block::Gap(10.0));
        blocks.push(Block::Heading("Outputs against goldens".to_owned()));
        blocks.push(Block::Table(comparisons(fonts, report)));
    }
}

fn speeds(fonts: &Fonts, report: &Report, place: usize) -> Table {
    let columns = vec![
        text("phase", 73.0),
        numbers("answers", 52.0),
        numbers("rate 1/s", 46.0),
        numbers("golden", 46.0),
        numbers("min ms", 44.0),
        numbers("p50 ms", 44.0),
        numbers("golden", 46.0),
        numbers("p90 ms", 44.0),
        numbers("golden", 46.0),
        numbers("p99 ms", 40.0),
        numbers("max ms", 40.0),
    ];
    let name = &report.header.workloads[place].name;
    let story = &report.workloads[place];
    let golden = |phase: &str| {
        report
            .goldens
            .iter()
            .find(|golden| golden.workload == *name && golden.phase == phase)
    };
    let phases = story.phases.iter();
    let mut rows: Vec<Row> = phases
        .map(|p| speed(&p.phase, &p.answers, golden(&p.phase)))
        .collect();
    if let Some(overall) = &story.overall {
        rows.push(speed("whole run", overall, None));
    }
    if let Some(trip) = &story.round_trip {
        rows.push(speed("as the bench heard", trip, None));
    }
    Table::new(fonts, columns, rows)
}

fn speed(phase: &str, answers: &Answers, golden: Option<&GoldenBand>) -> Row {
    let millis = |us: u32| decimals(f64::from(us) * 1e-3);
    let expected = |value: fn(&GoldenBand) -> f64| {
        golden.map_or_else(|| "–".to_owned(), |golden| decimals(value(golden)))
    };
    Row::of([
        phase.to_owned(),
        count(answers.count),
        decimals(answers.rate()),
        expected(|golden| golden.rate),
        millis(answers.min_us),
        millis(answers.p50_us),
        expected(|golden| golden.p50_us * 1e-3),
        millis(answers.p90_us),
        expected(|golden| golden.p90_us * 1e-3),
        millis(answers.p99_us),
        millis(answers.max_us),
    ])
}

/// With as many decimals as its neighbours above and below.
fn decimals(value: f64) -> String {
    format!("{value:.2}")
}

/// What the answers say of themselves: the same input must give the same output.
fn correctness(fonts: &Fonts, report: &Report) -> Table {
    let columns = vec![
        text("workload", 116.0),
        text("golden", 112.0),
        numbers("inputs", 48.0),
        numbers("answers", 58.0),
        numbers("unlike the first", 66.0),
        numbers("outputs fetched", 66.0),
        numbers("not answered", 55.0),
    ];
    let workloads = report.header.workloads.iter().zip(&report.workloads);
    let rows = workloads.map(|(workload, story)| {
        Row::of([
            workload.name.clone(),
            workload.golden.clone(),
            count(story.inputs),
            count(story.overall.as_ref().map_or(0, |answers| answers.count)),
            count(story.changed),
            count(story.outputs_fetched),
            count(story.no_response),
        ])
    });
    Table::new(fonts, columns, rows.collect())
}

fn comparisons(fonts: &Fonts, report: &Report) -> Table {
    let columns = vec![
        text("verdict", 84.0),
        text("workload", 100.0),
        text("measure", 117.0),
        numbers("compared", 60.0),
        numbers("wrong", 50.0),
        numbers("worst", 58.0),
        numbers("allowed", 52.0),
    ];
    let rows = report.correctness.iter().map(|told| {
        let verdict = match (told.compared, told.wrong) {
            (0, _) => Verdict::Inconclusive,
            (_, 0) => Verdict::Pass,
            _ => Verdict::Fail,
        };
        let mut row = Row::of([
            verdict.to_string(),
            told.workload.clone(),
            told.measure.clone(),
            count(told.compared),
            count(told.wrong),
            quantity(told.worst, &told.unit),
            quantity(told.allowed, &told.unit),
        ]);
        row.verdict = Some(verdict);
        row
    });
    Table::new(fonts, columns, rows.collect())
}
