//! The worst outputs on a page: pictures side by side, texts with what differs marked.

use std::fmt::Write;

use super::super::figure::DIFFERS;
use super::super::pdf::{Flow, Pictures};
use super::super::png;
use super::escaped;

/// Pictures of one output with their legend.
pub(super) fn pictures(shown: &Pictures) -> String {
    let mut out = "<div class=\"pictures\">\n".to_owned();
    for panel in &shown.panels {
        let title = escaped(&panel.title);
        let columns = panel.columns.max(1);
        let rows = panel.pixels.len() / columns;
        let pixels = panel.pixels.concat();
        // A picture that cannot be packed is one without pixels.
        let image = png::pack(&pixels, columns as u32, rows as u32).unwrap_or_default();
        let image = image.iter().fold(String::new(), |mut text, byte| {
            let _always_ok = write!(text, "%{byte:02x}");
            text
        });
        let _always_ok = writeln!(
            out,
            "<figure><img alt=\"{title}\" width=\"{columns}\" height=\"{rows}\" src=\"data:image/png,{image}\">\
             <figcaption>{title}</figcaption></figure>"
        );
    }
    out.push_str("</div>\n<p class=\"legend\">");
    let differs = [("differs".to_owned(), DIFFERS)];
    for (name, [r, g, b]) in shown.legend.iter().chain(&differs) {
        let name = escaped(name);
        let _always_ok = write!(
            out,
            "<span><i style=\"background: rgb({r} {g} {b})\"></i>{name}</span> "
        );
    }
    out.push_str("</p>\n");
    out
}

/// A text with what differs in it.
pub(super) fn flow(shown: &Flow) -> String {
    let mut out = format!("<p class=\"flow\"><b>{}</b><br>\n", escaped(&shown.title));
    for line in &shown.lines {
        for (_, piece, differs) in line {
            let piece = escaped(piece);
            out += &if *differs {
                format!("<mark>{piece}</mark>")
            } else {
                piece
            };
        }
        out.push_str("<br>\n");
    }
    out.push_str("</p>\n");
    out
}
