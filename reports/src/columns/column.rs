//! What a table is made of.

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// IEEE 754 double precision.
    F64,
    /// 64 bits, signed.
    I64,
    /// 64 bits, unsigned.
    U64,
    /// Microseconds since 1970-01-01T00:00:00 UTC. Its values are [`Values::I64`].
    Timestamp,
    /// Text.
    Utf8,
    /// True or false.
    Bool,
}

/// A column's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name; no two of a table are the same.
    pub name: String,
    /// What its values are.
    pub kind: Kind,
    /// Whether there may be rows without a value.
    pub nullable: bool,
}

impl Field {
    /// A column with a value in each row.
    pub fn required(name: impl Into<String>, kind: Kind) -> Field {
        Field {
            name: name.into(),
            kind,
            nullable: false,
        }
    }

    /// A column with rows that may have no value.
    pub fn nullable(name: impl Into<String>, kind: Kind) -> Field {
        Field {
            nullable: true,
            ..Field::required(name, kind)
        }
    }
}

/// The values of a column in the rows that have one, from the first row to the last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Values<'a> {
    /// Of [`Kind::F64`].
    F64(&'a [f64]),
    /// Of [`Kind::I64`] and [`Kind::Timestamp`].
    I64(&'a [i64]),
    /// Of [`Kind::U64`].
    U64(&'a [u64]),
    /// Of [`Kind::Utf8`], each written out.
    Utf8(&'a [&'a str]),
    /// Of [`Kind::Utf8`], each as its place in a list of words: for names that come again and
    /// again.
    Words {
        /// The words.
        words: &'a [&'a str],
        /// Places in `words`.
        places: &'a [u32],
    },
    /// Of [`Kind::Bool`].
    Bool(&'a [bool]),
}

impl Values<'_> {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Values::F64(values) => values.len(),
            Values::I64(values) => values.len(),
            Values::U64(values) => values.len(),
            Values::Utf8(values) => values.len(),
            Values::Words { places, .. } => places.len(),
            Values::Bool(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn fits(&self, kind: Kind) -> bool {
        matches!(
            (self, kind),
            (Values::F64(_), Kind::F64)
                | (Values::I64(_), Kind::I64 | Kind::Timestamp)
                | (Values::U64(_), Kind::U64)
                | (Values::Utf8(_) | Values::Words { .. }, Kind::Utf8)
                | (Values::Bool(_), Kind::Bool)
        )
    }
}

/// Which rows have a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Present<'a> {
    /// All.
    All,
    /// Those that are true.
    Each(&'a [bool]),
    /// Stretches of rows with (true) and without (false), in order. Costs nothing for a column
    /// that is empty over millions of rows.
    Runs(&'a [(usize, bool)]),
}

/// Some rows of one column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Column<'a> {
    /// The values that are there.
    pub values: Values<'a>,
    /// The rows that they are in.
    pub present: Present<'a>,
}

impl<'a> Column<'a> {
    /// A column with a value in each row.
    pub fn full(values: Values<'a>) -> Column<'a> {
        Column {
            values,
            present: Present::All,
        }
    }

    /// How many rows it has.
    pub fn rows(&self) -> usize {
        match self.present {
            Present::All => self.values.len(),
            Present::Each(rows) => rows.len(),
            Present::Runs(runs) => runs.iter().map(|run| run.0).sum(),
        }
    }

    /// How many rows should have a value.
    pub(super) fn filled(&self) -> usize {
        match self.present {
            Present::All => self.values.len(),
            Present::Each(rows) => rows.iter().filter(|&&there| there).count(),
            Present::Runs(runs) => runs.iter().filter(|run| run.1).map(|run| run.0).sum(),
        }
    }
}
