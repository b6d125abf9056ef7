//! Blocks of the report as data for a template, section by section, and the pictures that they name.

use serde_json::{Value, json};

use super::super::figure::{DIFFERS, Raster};
use super::super::pdf::{Block, Flow, Pictures, Table};
use super::super::{html, png, svg, words};
use super::{FIGURES, File, colour};

/// All sections with their blocks, and the files of their pictures.
pub(super) fn sections(blocks: &[Block]) -> (Value, Vec<File>) {
    let mut shelf = Shelf::default();
    let mut sections: Vec<(String, Vec<Value>)> = Vec::new();
    for block in blocks {
        match block {
            Block::Section(title) => sections.push((title.clone(), Vec::new())),
            other => {
                let told = shelf.told(other);
                if let Some((_, blocks)) = sections.last_mut() {
                    blocks.push(told);
                }
            }
        }
    }
    let sections = sections
        .into_iter()
        .map(|(title, blocks)| json!({"title": title, "blocks": blocks}));
    (Value::Array(sections.collect()), shelf.files)
}

/// The pictures so far.
#[derive(Default)]
struct Shelf {
    files: Vec<File>,
    count: usize,
}

impl Shelf {
    /// Keeps a picture, and tells its path.
    fn keep(&mut self, ending: &str, bytes: Vec<u8>) -> String {
        self.count += 1;
        let path = format!("{FIGURES}/{:02}.{ending}", self.count);
        self.files.push(File::new(&path, bytes));
        path
    }

    fn told(&mut self, block: &Block) -> Value {
        if let Some((picture, words)) = svg::block(block) {
            let file = self.keep("svg", picture.into_bytes());
            let mut told = json!({"kind": "picture", "file": file, "alt": words});
            if let Block::Figure(shown, _) = block {
                told["title"] = json!(shown.title);
                let points = format!("{FIGURES}/{:02}.json", self.count);
                let text = html::figure_data(shown).to_string();
                self.files.push(File::new(&points, text));
                told["points"] = json!(points);
            }
            return told;
        }
        match block {
            Block::Heading(text) => json!({"kind": "heading", "text": text}),
            Block::Text(text) => json!({"kind": "text", "text": text}),
            Block::Gap(points) => json!({"kind": "gap", "points": points}),
            Block::Banner(verdict, reason) => {
                json!({"kind": "banner", "verdict": verdict.to_string(), "reason": reason})
            }
            Block::Keys(keys) => {
                let keys = keys.iter();
                let keys =
                    keys.map(|(value, what)| json!({"value": value, "what": words::spoken(what)}));
                json!({"kind": "keys", "keys": keys.collect::<Vec<Value>>()})
            }
            Block::Contents(titles) => json!({"kind": "contents", "titles": titles}),
            Block::Table(shown) => table(shown),
            Block::Pictures(shown) => self.pictures(shown),
            Block::Flow(shown) => flow(shown),
            // Sections are told by whoever asks, the others are pictures.
            Block::Section(_)
            | Block::Figure(..)
            | Block::Bars(_)
            | Block::Histograms(_)
            | Block::Lanes(..)
            | Block::Strips(..) => Value::Null,
        }
    }

    fn pictures(&mut self, shown: &Pictures) -> Value {
        let panels: Vec<Value> = shown
            .panels
            .iter()
            .map(|panel| json!({"title": panel.title, "file": self.keep("png", packed(panel))}))
            .collect();
        let differs = [("differs".to_owned(), DIFFERS)];
        let legend = shown.legend.iter().chain(&differs);
        let legend = legend.map(|(name, shade)| json!({"name": name, "colour": colour(*shade)}));
        json!({"kind": "pictures", "panels": panels, "legend": legend.collect::<Vec<Value>>()})
    }
}

fn packed(panel: &Raster) -> Vec<u8> {
    let rows = panel.pixels.len() / panel.columns.max(1);
    let packed = png::pack(&panel.pixels.concat(), panel.columns as u32, rows as u32);
    // What cannot be packed has no pixels.
    packed.unwrap_or_default()
}

fn flow(shown: &Flow) -> Value {
    let pieces = shown.pieces.iter();
    let pieces =
        pieces.map(|(piece, both)| json!({"text": piece.replace('\n', "¶\n"), "both": both}));
    json!({"kind": "flow", "title": shown.title, "pieces": pieces.collect::<Vec<Value>>()})
}

fn table(shown: &Table) -> Value {
    let columns = shown.titles().zip(shown.kinds()).zip(shown.widths());
    let columns = columns.map(
        |((title, kind), width)| json!({"title": title, "kind": kind, "width": f64::from(width)}),
    );
    let rows = shown.rows().map(|row| {
        json!({
            "cells": row.cells,
            "verdict": row.verdict.map(|verdict| verdict.to_string()),
            "remark": row.remark,
        })
    });
    json!({
        "kind": "table",
        "columns": columns.collect::<Vec<Value>>(),
        "rows": rows.collect::<Vec<Value>>(),
    })
}
