//! The report as one file for a browser: the same content as on paper, in the same order. It asks for
//! nothing from elsewhere, reads as it stands without scripts, and with them its plots zoom, and
//! the time of a check leads to its moment. The same report gives the same bytes.

mod body;
mod data;
mod exhibits;

pub(super) use data::figure as figure_data;

use std::fmt::Write;

use super::frame::Frame;
use super::pdf::{self, Block, Fonts};
use super::words;
use crate::report::Report;

const STYLE: &str = include_str!("../../../html/report.css");
const PLOT_STYLE: &str = include_str!("../../../html/uPlot.min.css");
/// uPlot 1.6.32 by Leon Sorokin, MIT: `reports/html/LICENSE.uPlot.txt`.
const PLOT_SCRIPT: &str = include_str!("../../../html/uPlot.iife.min.js");
const SCRIPT: &str = include_str!("../../../html/report.js");
/// Nothing is loaded, whatever a name in a record may contain.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

/// The report as an HTML document.
pub fn document(report: &Report) -> String {
    let fonts = Fonts::new();
    page(&Frame::of(report), &pdf::content(&fonts, report))
}

/// Blocks in a frame as an HTML document.
pub(super) fn page(frame: &Frame, blocks: &[Block]) -> String {
    let title = escaped(&frame.title);
    let seal = escaped(&frame.keywords);
    let mut out = String::with_capacity(1 << 20);
    let mut put = |text: std::fmt::Arguments<'_>| {
        // A text in memory takes all.
        let _always_ok = out.write_fmt(text);
    };
    let accent = frame.style.accent.map_or_else(String::new, |[r, g, b]| {
        format!("h1, h2, h3 {{ color: #{r:02x}{g:02x}{b:02x}; }}\n")
    });
    put(format_args!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"keywords\" content=\"{seal}\">\n<title>{title}</title>\n<style>\n{PLOT_STYLE}\n{STYLE}{accent}</style>\n</head>\n<body>\n"
    ));
    let logo = frame.style.logo.as_ref().map_or_else(String::new, |logo| {
        format!("<img class=\"logo\" alt=\"\" src=\"data:image/png;base64,{logo}\"> ")
    });
    put(format_args!(
        "<header>{logo}{} · {}</header>\n",
        escaped(&frame.left),
        escaped(&frame.right)
    ));
    let sections = blocks.iter().filter_map(|block| match block {
        Block::Section(title) => Some(title),
        _ => None,
    });
    put(format_args!("<nav aria-label=\"Contents\"><ul>\n"));
    for (place, section) in sections.enumerate() {
        let name = if place == 0 { "Verdict" } else { section };
        put(format_args!(
            "<li><a href=\"#section-{place}\">{}</a></li>\n",
            escaped(name)
        ));
    }
    put(format_args!(
        "</ul></nav>\n<div class=\"tools\"><button id=\"whole\" type=\"button\">whole run</button>\
         <span>drag over a plot to zoom, double-click for the whole run; keys on a plot: + − ← → 0</span>\
         <strong id=\"where\" role=\"status\"></strong></div>\n<main>\n"
    ));
    put(format_args!("{}", body::blocks(blocks)));
    put(format_args!(
        "</main>\n<footer>{}</footer>\n<script id=\"figures\" type=\"application/json\">{}</script>\n\
         <script>{PLOT_SCRIPT}</script>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n",
        escaped(&frame.end),
        data::figures(blocks),
    ));
    out
}

/// Text that means itself in HTML, in an attribute too.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(letter),
        }
    }
    out
}

/// A verdict as a class of the style sheet.
fn class(verdict: crate::verdict::Verdict) -> String {
    verdict.to_string().to_lowercase()
}

/// A key number's meaning, as it is said.
fn spoken(what: &str) -> String {
    escaped(&words::spoken(what))
}
