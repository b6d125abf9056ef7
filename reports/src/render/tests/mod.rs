//! What every form of the report says of one small run.

mod awkward;
mod compare;
mod more;
mod template;

use std::convert::Infallible;

use plotters::drawing::IntoDrawingArea;
use plotters::prelude::DrawingBackend;
use plotters_backend::{BackendColor, BackendCoord, BackendTextStyle, DrawingErrorKind};

use profiles::time::BenchTime;

use super::seal::Seal;
use super::{chart, figure, html, junit, pdf, sample, summary};
use crate::report::{Exhibit, Mask, Picture, Report, Text};

#[test]
fn junit_has_a_case_for_each_check() {
    insta::assert_snapshot!(junit::xml(&sample::report()));
}

#[test]
fn junit_tells_a_run_that_did_not_complete() {
    insta::assert_snapshot!(junit::xml(&sample::nothing()));
}

#[test]
fn the_summary_is_json() {
    insta::assert_snapshot!(summary::json(&sample::report()));
}

#[test]
fn the_summary_is_text() {
    insta::assert_snapshot!(summary::text(&sample::report(), false));
}

#[test]
fn colours_change_nothing_but_colours() {
    let report = sample::report();
    let mut plain = String::new();
    let mut rest: &str = &summary::text(&report, true);
    assert!(rest.contains("\u{1b}["));
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    plain.push_str(rest);
    assert_eq!(plain, summary::text(&report, false));
}

#[test]
fn figures_tell_their_data() {
    let report = sample::report();
    insta::assert_json_snapshot!("power", figure::supply_power(&report));
    insta::assert_json_snapshot!("heat", figure::heat(&report));
    insta::assert_json_snapshot!("inference", figure::inference(&report, 0));
    insta::assert_json_snapshot!("margins", figure::margins(&report, 10).0);
    insta::assert_json_snapshot!("story", figure::story(&report));
    insta::assert_json_snapshot!("states", figure::states(&report));
}

#[test]
fn exhibits_tell_what_they_draw() {
    let shown: Vec<_> = exhibits().iter().map(figure::exhibit).collect();
    insta::assert_json_snapshot!("exhibits", shown);
}

#[test]
fn exhibits_are_inside_the_page_for_browsers() {
    let mut report = sample::report();
    report.exhibits = exhibits();
    let page = html::document(&report);
    assert_eq!(page.matches("<img ").count(), 3);
    let own = page.matches("src=\"").count();
    assert_eq!(
        own,
        page.matches("src=\"data:image/png;base64,iVBOR").count()
    );
    assert!(
        page.contains(" a<mark> hill</mark><mark> far</mark>¶"),
        "{page}"
    );
    assert!(page.contains("cloud to clear: 3"));
}

#[test]
fn exhibits_come_on_pages_of_their_own() {
    let mut report = sample::report();
    let without = pages(&pdf::bytes(&report).unwrap());
    report.exhibits = exhibits();
    // A text of many lines, and a picture that is higher than wide.
    if let Picture::Text(text) = &mut report.exhibits[1].picture {
        text.got = (0..4_000)
            .map(|word| (format!(" word{word}"), word % 2 == 0))
            .collect();
    }
    let first = pdf::bytes(&report).unwrap();
    assert!(pages(&first) > without);
    assert!(first == pdf::bytes(&report).unwrap(), "other bytes");
}

fn pages(bytes: &[u8]) -> usize {
    let page = b"/Type/Page";
    let found = bytes
        .windows(page.len() + 1)
        .filter(|w| w.starts_with(page) && w[10] != b's');
    found.count()
}

#[test]
fn the_same_report_gives_the_same_pdf() {
    let first = pdf::bytes(&sample::report()).unwrap();
    assert!(first.starts_with(b"%PDF-1."));
    assert!(
        first == pdf::bytes(&sample::report()).unwrap(),
        "other bytes"
    );
    assert!(first.len() < 150_000, "{} bytes", first.len());
}

#[test]
fn a_run_of_nothing_still_has_every_form() {
    let report = sample::nothing();
    assert!(pages(&pdf::bytes(&report).unwrap()) <= 2);
    assert!(summary::json(&report).contains("\"inconclusive\""));
    let told = summary::text(&report, false);
    assert!(
        told.contains("hardware absent: payload: no such port"),
        "{told}"
    );
}

#[test]
fn a_report_with_odd_words_is_rendered() {
    let mut report = sample::report();
    report.header.campaign = "名前 \u{0} \u{1f680} ".to_owned();
    report.header.description = "long ".repeat(2_000);
    report.findings[0].because = "x".repeat(5_000);
    report.findings[0].value = Some(f64::NAN);
    report.findings[0].margin = Some(f64::NEG_INFINITY);
    assert!(pages(&pdf::bytes(&report).unwrap()) > 2);
    assert!(junit::xml(&report).contains("<testcase"));
    assert!(summary::json(&report).contains("findings"));
    assert!(summary::text(&report, true).contains("FAIL"));
}

/// Any backend will do for a chart, even one that draws nothing.
struct Blank;

impl DrawingBackend for Blank {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        (600, 300)
    }

    fn ensure_prepared(&mut self) -> Result<(), DrawingErrorKind<Infallible>> {
        Ok(())
    }

    fn present(&mut self) -> Result<(), DrawingErrorKind<Infallible>> {
        Ok(())
    }

    fn draw_text<T: BackendTextStyle>(
        &mut self,
        _: &str,
        _: &T,
        _: BackendCoord,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        Ok(())
    }

    fn draw_pixel(
        &mut self,
        _: BackendCoord,
        _: BackendColor,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        Ok(())
    }
}

#[test]
fn charts_draw_on_any_backend() {
    let report: Report = sample::report();
    let area = Blank.into_drawing_area();
    chart::draw(&area, &figure::supply_power(&report), 1.0).unwrap();
    chart::draw_bars(&area, &figure::margins(&report, 10).0, 1.0).unwrap();
    let time = figure::time_axis(&report);
    chart::draw_lanes(&area, ("story", &figure::story(&report)), &time, 1.0).unwrap();
    chart::draw_strips(&area, ("states", &figure::states(&report)), &time, 1.0).unwrap();
}

/// A mask and a text that went wrong.
fn exhibits() -> Vec<Exhibit> {
    let exhibit = |workload: &str, picture| Exhibit {
        workload: workload.to_owned(),
        at: BenchTime::from_millis(61_500),
        phase: Some("umbra".to_owned()),
        input: 3,
        digest: 0x1234_abcd,
        because: "WRONG: mask of input 3 agrees in 81.250 % of pixels, at least 99.900 % asked"
            .to_owned(),
        picture,
    };
    let mask = Mask {
        columns: 8,
        classes: ["clear", "cloud", "cloud shadow"].map(str::to_owned).into(),
        expected: vec![
            0, 0, 1, 1, 1, 0, 0, 0, //
            0, 1, 1, 1, 1, 0, 0, 0, //
            0, 0, 1, 1, 0, 0, 2, 2, //
            0, 0, 0, 0, 0, 2, 2, 0, //
        ],
        got: vec![
            0, 0, 1, 1, 1, 0, 0, 0, //
            0, 0, 0, 0, 1, 0, 0, 0, //
            0, 0, 1, 1, 0, 0, 2, 2, //
            0, 0, 1, 1, 0, 2, 255, 0, //
        ],
        scene: (0..32).map(|pixel| pixel * 8).collect(),
    };
    let side = |words: &[(&str, bool)]| {
        words
            .iter()
            .map(|(word, both)| ((*word).to_owned(), *both))
            .collect()
    };
    let text = Text {
        prompt: "<s>".to_owned(),
        expected: side(&[
            ("Once", true),
            (" upon", true),
            (" a", true),
            (" time", false),
            ("\n", true),
        ]),
        got: side(&[
            ("Once", true),
            (" upon", true),
            (" a", true),
            (" hill", false),
            (" far", false),
            ("\n", true),
        ]),
        prefix: 3,
    };
    vec![
        exhibit("cloud mask", Picture::Mask(mask)),
        exhibit("stories", Picture::Text(text)),
    ]
}

#[test]
fn the_page_for_browsers_asks_for_nothing_and_is_the_same_again() {
    let mut report = sample::report();
    report.header.campaign = "</script><script src=\"https://example.com/x.js\">".to_owned();
    report.findings[0].check = "<img src=x onerror=alert(1)> & “ünïcödé”".to_owned();
    let page = html::document(&report);
    assert_eq!(page, html::document(&report), "other bytes");
    let mut rest = page.as_str();
    let mut scripts = 0;
    while let Some((_, after)) = rest.split_once("<script") {
        let (_, after) = after.split_once("</script>").expect("it ends");
        rest = after;
        scripts += 1;
    }
    assert_eq!(scripts, 3, "the data, the plots, and what binds them");
    assert!(!page.contains("<img"), "names are text");
    for asks in ["src=\"", "url(", "@import", "<link"] {
        let own = page.replace("script src=&quot;", "");
        assert!(!own.contains(asks), "{asks}");
    }
    assert!(page.contains("&amp; “ünïcödé”"));
}

#[test]
fn the_page_for_browsers_tells_what_the_paper_tells() {
    let report = sample::report();
    let page = html::document(&report);
    for finding in &report.findings {
        let cell = format!("<td class=\"words\">{}</td>", html::escaped(&finding.check));
        assert!(page.contains(&cell), "{cell}");
        if let Some(at) = finding.at {
            let link = format!("data-at=\"{}\"", at.as_secs_f64());
            assert!(page.contains(&link), "{link}");
        }
    }
    let (_, data) = page.split_once("type=\"application/json\">").unwrap();
    let (data, _) = data.split_once("</script>").unwrap();
    let figures: serde_json::Value = serde_json::from_str(data).unwrap();
    let figures = figures.as_array().unwrap();
    assert_eq!(page.matches("<figure>").count(), figures.len());
    let panels = figures[0]["panels"].as_array().unwrap();
    assert_eq!(panels.len(), figure::supply_power(&report).panels.len());
    let spots = panels
        .iter()
        .flat_map(|panel| panel["worst"].as_array().unwrap());
    assert!(spots.count() > 0, "worst values are shown");
    assert!(html::document(&sample::nothing()).contains("INCONCLUSIVE"));
}

#[test]
fn a_seal_is_found_in_every_form() {
    let report = sample::report();
    let seal = Seal::of(&report);
    assert_eq!(
        Seal::find(&pdf::bytes(&report).unwrap()),
        Some(seal.clone())
    );
    assert_eq!(
        Seal::find(html::document(&report).as_bytes()),
        Some(seal.clone())
    );
    assert_eq!(
        Seal::find(format!("({seal})").as_bytes()),
        Some(seal.clone())
    );
    for broken in [
        "bench-seal ",
        "bench-seal record=1 inputs=2<",
        "%PDF-1.7",
        "bench-seal x<",
    ] {
        assert_eq!(Seal::find(broken.as_bytes()), None, "{broken}");
    }
    let mut other = sample::report();
    other.header.inputs[0].sha256 = "0".repeat(64);
    assert_ne!(Seal::of(&other), seal);
}
