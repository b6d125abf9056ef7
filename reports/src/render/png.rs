//! A figure as a PNG image, for slides and for eyes without a viewer of vectors.

use std::sync::Once;

use plotters::backend::BitMapBackend;
use plotters::prelude::IntoDrawingArea;
use plotters::style::colors::WHITE;
use plotters::style::{FontStyle, register_font};

use super::chart;
use super::figure::Figure;
use super::pdf::{SANS, SEMI_BOLD};

/// Pixels of a point.
const UNIT: u32 = 2;
/// Space around the figure, points.
const MARGIN: u32 = 12;

/// Why there is no image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the image cannot be made: {0}")]
pub struct PngError(String);

/// Draws `figure` alone, `size` points wide and high without its margins, two pixels a point.
/// The same figure gives the same bytes.
///
/// # Errors
/// If it cannot be drawn or packed.
pub fn figure(figure: &Figure, size: (u32, u32)) -> Result<Vec<u8>, PngError> {
    fonts();
    let [width, height] = [size.0, size.1].map(|points| (points + 2 * MARGIN) * UNIT);
    let mut pixels = vec![0; 3 * width as usize * height as usize];
    {
        let backend = BitMapBackend::with_buffer(&mut pixels, (width, height));
        let area = backend.into_drawing_area();
        let drawn = area.fill(&WHITE).map_err(|error| error.to_string());
        let margin = MARGIN * UNIT;
        let inner = area.margin(margin, margin, margin, margin);
        drawn
            .and_then(|()| {
                let drawn = chart::draw(&inner, figure, f64::from(UNIT));
                drawn.map_err(|error| error.to_string())
            })
            .and_then(|()| area.present().map_err(|error| error.to_string()))
            .map_err(PngError)?;
    }
    pack(&pixels, width, height).map_err(|error| PngError(error.to_string()))
}

/// Packs pixels of three bytes, row by row.
pub(super) fn pack(
    pixels: &[u8],
    width: u32,
    height: u32,
) -> Result<Vec<u8>, ::png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(::png::ColorType::Rgb);
    encoder.set_depth(::png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
}

/// The fonts of the report, under the name by which charts ask for them.
pub(super) fn fonts() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for (style, bytes) in [(FontStyle::Normal, SANS), (FontStyle::Bold, SEMI_BOLD)] {
            // Only a font that is none is refused, and these two are.
            let _taken = register_font(chart::FAMILY, style, bytes);
        }
    });
}
