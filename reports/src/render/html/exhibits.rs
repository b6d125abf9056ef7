//! The worst outputs for a browser: pictures inside the page, texts with what differs marked.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::figure::{DIFFERS, Raster};
use super::super::pdf::{Flow, Pictures};
use super::super::png;
use super::escaped;

/// Pictures of one output side by side, with their legend.
pub(super) fn pictures(shown: &Pictures) -> String {
    let panels = shown.panels.iter().map(|panel| {
        let title = escaped(&panel.title);
        let image = encoded(panel);
        format!(
            "<figure><figcaption>{title}</figcaption><img alt=\"{title}\" src=\"data:image/png;base64,\
             {image}\"></figure>\n"
        )
    });
    let differs = [("differs".to_owned(), DIFFERS)];
    let legend = shown
        .legend
        .iter()
        .chain(&differs)
        .map(|(name, [r, g, b])| {
            format!(
                "<span><i style=\"background:#{r:02x}{g:02x}{b:02x}\"></i>{}</span>\n",
                escaped(name)
            )
        });
    format!(
        "<div class=\"pictures\">\n{}</div>\n<p class=\"legend\">{}</p>\n",
        panels.collect::<String>(),
        legend.collect::<String>()
    )
}

fn encoded(panel: &Raster) -> String {
    let pixels = panel.pixels.concat();
    let rows = panel.pixels.len() / panel.columns.max(1);
    let packed = png::pack(&pixels, panel.columns as u32, rows as u32);
    // What cannot be packed has no pixels.
    STANDARD.encode(packed.unwrap_or_default())
}

/// A text, piece by piece.
pub(super) fn text(shown: &Flow) -> String {
    let pieces = shown.pieces.iter().map(|(piece, both)| {
        let piece = escaped(&piece.replace('\n', "¶\n"));
        match both {
            true => piece,
            false => format!("<mark>{piece}</mark>"),
        }
    });
    format!(
        "<p class=\"tokens\"><small>{}</small>\n{}</p>\n",
        escaped(&shown.title),
        pieces.collect::<String>()
    )
}
