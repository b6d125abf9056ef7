//! A sheet: a plotters area measured in points, with the few strokes that charts need.

use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::{Circle, PathElement, Rectangle};
use plotters::prelude::DrawingBackend;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontDesc, FontFamily, FontStyle, RGBColor, ShapeStyle, TextStyle};

use super::Drawn;
use super::style::{Stroke, Type};

/// A rectangle in points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rect {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Rect {
    pub(super) fn overlaps(&self, other: &Rect) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    pub(super) fn holds(&self, other: &Rect) -> bool {
        self.left <= other.left
            && other.right <= self.right
            && self.top <= other.top
            && other.bottom <= self.bottom
    }
}

/// Where a text stands against its point; always centred in height.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Align {
    Left,
    Center,
    Right,
}

/// Whether a path turns by more than 150 deg at the middle one of three points.
fn turns_back([before, at, after]: [(i32, i32); 3]) -> bool {
    let there = (f64::from(at.0 - before.0), f64::from(at.1 - before.1));
    let on = (f64::from(after.0 - at.0), f64::from(after.1 - at.1));
    let dot = there.0 * on.0 + there.1 * on.1;
    dot < -0.866 * there.0.hypot(there.1) * on.0.hypot(on.1)
}

pub(super) struct Sheet<'a, DB: DrawingBackend> {
    area: &'a DrawingArea<DB, Shift>,
    unit: f64,
}

impl<'a, DB: DrawingBackend> Sheet<'a, DB> {
    pub(super) fn new(area: &'a DrawingArea<DB, Shift>, unit: f64) -> Self {
        Sheet { area, unit }
    }

    /// Width and height in points.
    pub(super) fn size(&self) -> (f64, f64) {
        let (width, height) = self.area.dim_in_pixel();
        (f64::from(width) / self.unit, f64::from(height) / self.unit)
    }

    fn pixel(&self, (x, y): (f64, f64)) -> (i32, i32) {
        (
            (x * self.unit).round() as i32,
            (y * self.unit).round() as i32,
        )
    }

    fn shape(&self, colour: RGBColor, weight: f64) -> ShapeStyle {
        let pixels = (weight * self.unit).round().max(1.0) as u32;
        ShapeStyle::from(&colour).stroke_width(pixels)
    }

    /// A line through `points`, solid or dashed.
    pub(super) fn line(&self, points: &[(f64, f64)], stroke: Stroke) -> Drawn<DB> {
        if !stroke.dashes.is_empty() {
            return self.dashed(points, stroke);
        }
        let pixels: Vec<(i32, i32)> = points.iter().map(|&point| self.pixel(point)).collect();
        self.path(&pixels, self.shape(stroke.colour, stroke.weight))
    }

    /// Draws a path, in pieces where it turns back: images are drawn with mitred joins of any
    /// length, and a needle would come out of each.
    fn path(&self, pixels: &[(i32, i32)], shape: ShapeStyle) -> Drawn<DB> {
        let mut from = 0;
        for (middle, three) in pixels.windows(3).enumerate() {
            if turns_back([three[0], three[1], three[2]]) {
                let piece = pixels[from..=middle + 1].to_vec();
                self.area.draw(&PathElement::new(piece, shape))?;
                from = middle + 1;
            }
        }
        let piece = pixels[from..].to_vec();
        self.area.draw(&PathElement::new(piece, shape))
    }

    /// Dashes follow the length of the line on paper, not its data.
    fn dashed(&self, points: &[(f64, f64)], stroke: Stroke) -> Drawn<DB> {
        let shape = self.shape(stroke.colour, stroke.weight);
        let mut place = 0;
        let mut left = stroke.dashes[0];
        let mut dash: Vec<(i32, i32)> = Vec::new();
        for pair in points.windows(2) {
            let (mut from, to) = (pair[0], pair[1]);
            let mut length = (to.0 - from.0).hypot(to.1 - from.1);
            while length > 0.0 {
                let step = length.min(left);
                let next = (
                    from.0 + (to.0 - from.0) * step / length,
                    from.1 + (to.1 - from.1) * step / length,
                );
                if place % 2 == 0 {
                    if dash.is_empty() {
                        dash.push(self.pixel(from));
                    }
                    dash.push(self.pixel(next));
                }
                (from, length, left) = (next, length - step, left - step);
                if left <= 1e-9 {
                    if !dash.is_empty() {
                        self.path(&std::mem::take(&mut dash), shape)?;
                    }
                    place = (place + 1) % stroke.dashes.len();
                    left = stroke.dashes[place];
                }
            }
        }
        if dash.len() > 1 {
            self.path(&dash, shape)?;
        }
        Ok(())
    }

    pub(super) fn fill(&self, rect: Rect, colour: RGBColor) -> Drawn<DB> {
        let corners = [
            self.pixel((rect.left, rect.top)),
            self.pixel((rect.right, rect.bottom)),
        ];
        self.area
            .draw(&Rectangle::new(corners, ShapeStyle::from(&colour).filled()))
    }

    pub(super) fn frame(&self, rect: Rect, stroke: Stroke) -> Drawn<DB> {
        let corners = [
            self.pixel((rect.left, rect.top)),
            self.pixel((rect.right, rect.bottom)),
        ];
        self.area.draw(&Rectangle::new(
            corners,
            self.shape(stroke.colour, stroke.weight),
        ))
    }

    pub(super) fn circle(&self, at: (f64, f64), radius: f64, stroke: Stroke) -> Drawn<DB> {
        let size = (radius * self.unit).round() as i32;
        let shape = self.shape(stroke.colour, stroke.weight);
        self.area.draw(&Circle::new(self.pixel(at), size, shape))
    }

    fn style(&self, face: &Type, align: Align) -> TextStyle<'static> {
        let weight = if face.strong {
            FontStyle::Bold
        } else {
            FontStyle::Normal
        };
        let family = FontFamily::Name(super::FAMILY);
        let horizontal = match align {
            Align::Left => HPos::Left,
            Align::Center => HPos::Center,
            Align::Right => HPos::Right,
        };
        TextStyle {
            pos: Pos::new(horizontal, VPos::Center),
            ..FontDesc::new(family, face.size * self.unit, weight).color(&face.colour)
        }
    }

    pub(super) fn text(&self, at: (f64, f64), text: &str, face: &Type, align: Align) -> Drawn<DB> {
        self.area
            .draw_text(text, &self.style(face, align), self.pixel(at))
    }

    /// Width of a text in points; a backend that cannot measure is taken for a wide one.
    pub(super) fn width(&self, text: &str, face: &Type) -> f64 {
        let size = self
            .area
            .estimate_text_size(text, &self.style(face, Align::Left));
        let wide = 0.6 * face.size * text.chars().count() as f64;
        size.map_or(wide, |(width, _)| f64::from(width) / self.unit)
    }
}

#[cfg(test)]
mod tests {
    use super::turns_back;

    #[test]
    fn needles_are_turns_and_corners_are_not() {
        assert!(turns_back([(0, 0), (1, 100), (2, 0)]));
        assert!(turns_back([(0, 0), (10, 0), (5, 0)]));
        assert!(!turns_back([(0, 0), (10, 0), (10, 10)]));
        assert!(!turns_back([(0, 0), (10, 0), (10, 0)]));
        assert!(!turns_back([(0, 0), (10, 10), (20, 0)]));
    }
}
