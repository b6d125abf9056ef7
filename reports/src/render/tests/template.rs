//! The report as a template: what the folder has, and that no word of the run is in its code.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::template::{self, File, OWN};
use super::super::{png, sample};
use super::exhibits;
use crate::report::Report;

fn file<'a>(files: &'a [File], path: &str) -> &'a [u8] {
    let found = files.iter().find(|file| file.path == path);
    &found.unwrap_or_else(|| panic!("no {path}")).bytes
}

fn data(files: &[File]) -> Value {
    serde_json::from_slice(file(files, "data.json")).unwrap()
}

/// All blocks of all sections.
fn blocks(data: &Value) -> Vec<Value> {
    let sections = data["sections"].as_array().unwrap().iter();
    let blocks = sections.flat_map(|section| section["blocks"].as_array().unwrap());
    blocks.cloned().collect()
}

fn with_everything() -> Report {
    let mut report = sample::report();
    report.exhibits = exhibits();
    report
}

/// Writes a folder where `BENCH_PAGES` says, to be looked at.
fn kept(name: &str, files: &[File]) {
    let Some(place) = std::env::var_os("BENCH_PAGES") else {
        return;
    };
    for file in files {
        let path = std::path::Path::new(&place).join(name).join(&file.path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &file.bytes).unwrap();
    }
}

#[test]
fn every_check_event_and_picture_is_in_the_folder() {
    let report = with_everything();
    let files = template::files(&report);
    kept("template", &files);
    let data = data(&files);
    assert_eq!(data["verdict"], report.verdict.to_string());
    let rows: Vec<Value> = blocks(&data)
        .iter()
        .filter(|block| block["kind"] == "table")
        .flat_map(|block| block["rows"].as_array().unwrap().clone())
        .collect();
    for finding in &report.findings {
        let verdict = finding.verdict.to_string();
        let told = rows.iter().any(|row| {
            row["verdict"] == verdict
                && row["cells"]
                    .as_array()
                    .unwrap()
                    .contains(&finding.check.clone().into())
        });
        assert!(told, "{}: {verdict}", finding.check);
    }
    assert_eq!(
        data["summary"]["findings"].as_array().unwrap().len(),
        report.findings.len()
    );
    assert_eq!(
        data["events"].as_array().unwrap().len(),
        report.story.entries().len()
    );
    assert_eq!(data["manifest"]["run_id"], report.manifest.run_id.clone());

    let (mut pictures, mut named) = (0, BTreeSet::new());
    for block in blocks(&data) {
        if block["kind"] == "picture" {
            pictures += 1;
            let path = block["file"].as_str().unwrap();
            assert!(file(&files, path).starts_with(b"<svg"), "{path}");
            assert!(!block["alt"].as_str().unwrap().is_empty(), "{path}");
            assert!(named.insert(path.to_owned()), "{path} twice");
            if let Some(points) = block["points"].as_str() {
                let points: Value = serde_json::from_slice(file(&files, points)).unwrap();
                assert_eq!(points["title"], block["title"]);
            }
        }
        for panel in block["panels"].as_array().into_iter().flatten() {
            let path = panel["file"].as_str().unwrap();
            assert!(file(&files, path).starts_with(b"\x89PNG"), "{path}");
        }
    }
    assert!(pictures > 4, "{pictures} pictures");
}

#[test]
fn every_kind_of_block_has_its_function_in_the_template() {
    let files = template::files(&with_everything());
    let code = std::str::from_utf8(file(&files, OWN[0])).unwrap();
    let functions = code.split("#let kinds = (").nth(1).unwrap();
    let functions = functions.split("\n)\n").next().unwrap();
    let kinds: BTreeSet<String> = blocks(&data(&files))
        .iter()
        .map(|block| block["kind"].as_str().expect("a kind").to_owned())
        .collect();
    assert!(kinds.len() > 7, "{kinds:?}");
    for kind in kinds {
        assert!(functions.contains(&format!("\n  {kind}: ")), "{kind}");
    }
}

#[test]
fn names_that_look_like_code_stay_in_the_data() {
    let evil = "#panic(\"boo\") \\ ] $x$ `raw` <label> @cite // *bold* _it_";
    let mut report = with_everything();
    report.header.campaign = evil.to_owned();
    report.header.description = evil.to_owned();
    report.header.devices[0].name = evil.to_owned();
    report.findings[0].check = evil.to_owned();
    report.findings[0].because = evil.to_owned();
    let files = template::files(&report);
    kept("template-hostile", &files);
    let plain = template::files(&sample::report());
    for own in OWN {
        assert!(file(&files, own) == file(&plain, own), "{own}");
    }
    let data = data(&files);
    assert_eq!(data["frame"]["left"], evil);
    assert_eq!(data["summary"]["findings"][0]["check"], evil);
    let is_svg = |file: &&File| {
        file.path
            .rsplit_once('.')
            .is_some_and(|(_, kind)| kind == "svg")
    };
    for svg in files.iter().filter(is_svg) {
        let text = std::str::from_utf8(&svg.bytes).unwrap();
        assert!(!text.contains("<label>"), "{}", svg.path);
    }
}

#[test]
fn the_folder_has_the_logo_and_the_colour_and_is_the_same_each_time() {
    let logo = png::pack(&[200; 12], 2, 2).unwrap();
    let mut report = sample::report();
    let style = super::super::style::Style {
        accent: Some([0, 0x50, 0x9e]),
        sections: vec!["heat".to_owned()],
        ..Default::default()
    };
    report.header.style = Some(style.with_logo(&logo).unwrap());
    let (files, again) = (template::files(&report), template::files(&report));
    assert!(file(&files, "logo.png") == logo);
    let data = data(&files);
    assert_eq!(data["frame"]["logo"], "logo.png");
    assert_eq!(data["frame"]["accent"], "#00509e");
    let titles = data["sections"].as_array().unwrap().iter();
    let titles: Vec<&str> = titles.map(|it| it["title"].as_str().unwrap()).collect();
    assert_eq!(titles[1..], ["Heat", "What ran on what"]);
    let bytes = |files: &[File]| -> Vec<_> {
        files
            .iter()
            .map(|it| (it.path.clone(), it.bytes.clone()))
            .collect()
    };
    assert!(bytes(&files) == bytes(&again), "other bytes");
}
