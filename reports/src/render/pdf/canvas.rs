//! A canvas: one page's surface, in points from its upper left corner, with the fonts at hand.

use krilla::geom::{PathBuilder, Point, Transform};
use krilla::paint::{Fill, LineJoin, Stroke};
use krilla::surface::Surface;
use krilla::tagging::{Artifact, ArtifactType, ContentTag, Identifier};
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::style::RGBColor;

use super::super::chart::Drawn;
use super::backend::{Backend, UNIT};
use super::fonts::{CAPITALS, Face, Fonts, printable};

pub(super) const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
pub(super) const QUIET: RGBColor = RGBColor(0x59, 0x59, 0x59);
pub(super) const RULE: RGBColor = RGBColor(0xc4, 0xc4, 0xc4);
pub(super) const TINT: RGBColor = RGBColor(0xf4, 0xf4, 0xf4);

/// How text is set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Type {
    pub(super) face: Face,
    pub(super) size: f32,
    pub(super) colour: RGBColor,
}

impl Type {
    pub(super) const fn new(face: Face, size: f32, colour: RGBColor) -> Type {
        Type { face, size, colour }
    }
}

/// On which side of its place a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// It begins there.
    Left,
    /// It ends there.
    Right,
}

pub(super) struct Canvas<'a, 's> {
    pub(super) surface: &'a mut Surface<'s>,
    pub(super) fonts: &'a Fonts,
    /// Colour of titles.
    pub(super) accent: RGBColor,
}

fn paint(colour: RGBColor) -> krilla::paint::Paint {
    krilla::color::rgb::Color::new(colour.0, colour.1, colour.2).into()
}

impl<'s> Canvas<'_, 's> {
    /// Sets a line of text on the base line at `(x, y)`.
    pub(super) fn text(&mut self, (x, y): (f32, f32), text: &str, face: Type, side: Side) {
        let left = match side {
            Side::Left => x,
            Side::Right => x - self.fonts.width(face.face, face.size, text),
        };
        self.fill(face.colour);
        let text = &*printable(text);
        let glyphs = self.fonts.shape(face.face, text);
        let font = self.fonts.font(face.face);
        self.surface.draw_glyphs(
            Point::from_xy(left, y),
            &glyphs,
            font,
            text,
            face.size,
            false,
        );
    }

    /// What `draw` puts on the page is content; the mark goes into the tree of tags.
    pub(super) fn tagged(&mut self, draw: impl FnOnce(&mut Self)) -> Identifier {
        let mark = self.surface.start_tagged(ContentTag::Other);
        draw(self);
        self.surface.end_tagged();
        mark
    }

    /// What `draw` puts on the page is not told to who cannot see it: rules, tints, page numbers.
    pub(super) fn artifact(&mut self, kind: ArtifactType, draw: impl FnOnce(&mut Self)) {
        let artifact = ContentTag::Artifact(Artifact::with_kind(kind));
        self.surface.start_tagged(artifact);
        draw(self);
        self.surface.end_tagged();
    }

    /// A question mark centred on a point.
    pub(super) fn question(&mut self, colour: RGBColor, (x, y): (f32, f32), size: f32) {
        let half = self.fonts.width(Face::Strong, size, "?") / 2.0;
        let base = y + size * CAPITALS / 2.0;
        self.text(
            (x - half, base),
            "?",
            Type::new(Face::Strong, size, colour),
            Side::Left,
        );
    }

    fn fill(&mut self, colour: RGBColor) {
        self.surface.set_stroke(None);
        self.surface.set_fill(Some(Fill {
            paint: paint(colour),
            ..Fill::default()
        }));
    }

    pub(super) fn filled(&mut self, colour: RGBColor, build: impl FnOnce(&mut PathBuilder)) {
        self.fill(colour);
        let mut path = PathBuilder::new();
        build(&mut path);
        if let Some(path) = path.finish() {
            self.surface.draw_path(&path);
        }
    }

    pub(super) fn stroked(
        &mut self,
        colour: RGBColor,
        width: f32,
        build: impl FnOnce(&mut PathBuilder),
    ) {
        self.surface.set_fill(None);
        let line_join = LineJoin::Round;
        let stroke = Stroke {
            paint: paint(colour),
            width,
            line_join,
            ..Stroke::default()
        };
        self.surface.set_stroke(Some(stroke));
        let mut path = PathBuilder::new();
        build(&mut path);
        if let Some(path) = path.finish() {
            self.surface.draw_path(&path);
        }
    }

    /// A level rule from `left` to `right`.
    pub(super) fn rule(&mut self, (left, right): (f32, f32), y: f32, width: f32, colour: RGBColor) {
        self.stroked(colour, width, |path| {
            path.move_to(left, y);
            path.line_to(right, y);
        });
    }

    /// A filled rectangle.
    pub(super) fn block(
        &mut self,
        (x, y): (f32, f32),
        (width, height): (f32, f32),
        colour: RGBColor,
    ) {
        self.filled(colour, |path| {
            path.move_to(x, y);
            path.line_to(x + width, y);
            path.line_to(x + width, y + height);
            path.line_to(x, y + height);
            path.close();
        });
    }

    /// Lets plotters draw on a part of the page.
    pub(super) fn chart(
        &mut self,
        (x, y): (f32, f32),
        (width, height): (f32, f32),
        draw: impl for<'b> FnOnce(&DrawingArea<Backend<'b, 's>, Shift>) -> Drawn<Backend<'b, 's>>,
    ) {
        self.surface
            .push_transform(&Transform::from_translate(x, y));
        let scale = (1.0 / UNIT) as f32;
        self.surface
            .push_transform(&Transform::from_scale(scale, scale));
        let pixels = |points: f32| (f64::from(points) * UNIT).round() as u32;
        let size = (pixels(width), pixels(height));
        let backend = Backend {
            surface: &mut *self.surface,
            fonts: self.fonts,
            size,
        };
        let area = backend.into_drawing_area();
        draw(&area).expect("a backend that cannot fail");
        drop(area);
        self.surface.pop();
        self.surface.pop();
    }
}
