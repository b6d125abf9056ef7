//! A drawing backend for plotters that draws vectors into a PDF page. Plotters counts in whole
//! pixels, so a pixel here is a tenth of a point: finer than any printer.

use std::convert::Infallible;

use krilla::geom::PathBuilder;
use krilla::num::NormalizedF32;
use krilla::paint::{Fill, LineCap, LineJoin, Stroke};
use krilla::surface::Surface;
use plotters::prelude::DrawingBackend;
use plotters::style::text_anchor::{HPos, VPos};
use plotters::style::{FontStyle, FontTransform};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingErrorKind,
};

use super::fonts::{CAPITALS, Face, Fonts, printable};

/// Pixels in a point.
pub(super) const UNIT: f64 = 10.0;

/// Draws on a surface whose transform already maps pixels to the page.
pub(super) struct Backend<'a, 's> {
    pub(super) surface: &'a mut Surface<'s>,
    pub(super) fonts: &'a Fonts,
    /// Width and height in pixels.
    pub(super) size: (u32, u32),
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

fn paint(colour: BackendColor) -> krilla::paint::Paint {
    let (r, g, b) = colour.rgb;
    krilla::color::rgb::Color::new(r, g, b).into()
}

fn opacity(colour: BackendColor) -> NormalizedF32 {
    NormalizedF32::new(colour.alpha as f32).unwrap_or(NormalizedF32::ONE)
}

impl Backend<'_, '_> {
    fn filled(&mut self, colour: BackendColor) {
        self.surface.set_stroke(None);
        self.surface.set_fill(Some(Fill {
            paint: paint(colour),
            opacity: opacity(colour),
            ..Fill::default()
        }));
    }

    fn stroked(&mut self, colour: BackendColor, width: u32) {
        self.surface.set_fill(None);
        self.surface.set_stroke(Some(Stroke {
            paint: paint(colour),
            width: width as f32,
            opacity: opacity(colour),
            line_cap: LineCap::Butt,
            line_join: LineJoin::Round,
            ..Stroke::default()
        }));
    }

    fn shape<S: BackendStyle>(&mut self, style: &S, fill: bool) {
        if fill {
            self.filled(style.color());
        } else {
            self.stroked(style.color(), style.stroke_width());
        }
    }

    /// Draws what `build` puts together; nothing if it is nothing.
    fn path(&mut self, build: impl FnOnce(&mut PathBuilder)) {
        let mut builder = PathBuilder::new();
        build(&mut builder);
        if let Some(path) = builder.finish() {
            self.surface.draw_path(&path);
        }
    }
}

/// Puts a line through `points`, without those that repeat or lie on the way.
fn line(builder: &mut PathBuilder, points: impl IntoIterator<Item = BackendCoord>) {
    let mut kept: Vec<BackendCoord> = Vec::new();
    for point in points {
        if kept.last() == Some(&point) {
            continue;
        }
        if let [.., a, b] = kept[..]
            && on_the_way(a, b, point)
        {
            kept.pop();
        }
        kept.push(point);
    }
    let mut kept = kept.into_iter();
    if let Some((x, y)) = kept.next() {
        builder.move_to(x as f32, y as f32);
    }
    for (x, y) in kept {
        builder.line_to(x as f32, y as f32);
    }
}

/// Whether going from `a` to `c` passes `b` without turning.
fn on_the_way(a: BackendCoord, b: BackendCoord, c: BackendCoord) -> bool {
    let wide = |from: BackendCoord, to: BackendCoord| {
        (
            i64::from(to.0) - i64::from(from.0),
            i64::from(to.1) - i64::from(from.1),
        )
    };
    let (first, second) = (wide(a, b), wide(b, c));
    first.0 * second.1 == first.1 * second.0 && first.0 * second.0 + first.1 * second.1 > 0
}

impl DrawingBackend for Backend<'_, '_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, colour: BackendColor) -> Drawn {
        self.draw_rect((x, y), (x + 1, y + 1), &colour, true)
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (left, top): BackendCoord,
        (right, bottom): BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        self.shape(style, fill);
        self.path(|builder| {
            line(
                builder,
                [(left, top), (right, top), (right, bottom), (left, bottom)],
            );
            builder.close();
        });
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        self.shape(style, false);
        self.path(|builder| line(builder, path));
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        (x, y): BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Drawn {
        self.shape(style, fill);
        self.path(|builder| super::shape::circle(builder, (x as f32, y as f32), radius as f32));
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        corners: I,
        style: &S,
    ) -> Drawn {
        self.shape(style, true);
        self.path(|builder| {
            line(builder, corners);
            builder.close();
        });
        Ok(())
    }

    fn draw_text<T: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &T,
        (x, y): BackendCoord,
    ) -> Drawn {
        let (face, size) = (face(style), style.size() as f32);
        let text = &*printable(text);
        let width = self.fonts.width(face, size, text);
        let left = match style.anchor().h_pos {
            HPos::Left => 0.0,
            HPos::Center => -width / 2.0,
            HPos::Right => -width,
        };
        let down = match style.anchor().v_pos {
            VPos::Top => size * CAPITALS,
            VPos::Center => size * CAPITALS / 2.0,
            VPos::Bottom => 0.0,
        };
        let angle = match style.transform() {
            FontTransform::None => 0.0,
            FontTransform::Rotate90 => 90.0,
            FontTransform::Rotate180 => 180.0,
            FontTransform::Rotate270 => 270.0,
        };
        self.filled(style.color());
        let (x, y) = (x as f32, y as f32);
        let turn = krilla::geom::Transform::from_rotate_at(angle, x, y);
        self.surface.push_transform(&turn);
        let start = krilla::geom::Point::from_xy(x + left, y + down);
        let glyphs = self.fonts.shape(face, text);
        self.surface
            .draw_glyphs(start, &glyphs, self.fonts.font(face), text, size, false);
        self.surface.pop();
        Ok(())
    }

    fn estimate_text_size<T: BackendTextStyle>(
        &self,
        text: &str,
        style: &T,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let size = style.size() as f32;
        let width = self.fonts.width(face(style), size, text);
        Ok((width.ceil() as u32, (size * CAPITALS).ceil() as u32))
    }
}

fn face<T: BackendTextStyle>(style: &T) -> Face {
    match style.style() {
        FontStyle::Bold => Face::Strong,
        FontStyle::Normal | FontStyle::Oblique | FontStyle::Italic => Face::Sans,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_back_is_kept_and_a_point_on_the_way_is_not() {
        assert!(on_the_way((0, 0), (5, 5), (9, 9)));
        assert!(!on_the_way((0, 0), (0, 9), (0, 4)));
        assert!(!on_the_way((0, 0), (5, 5), (9, 8)));
    }
}
