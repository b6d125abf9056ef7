//! Derived channels: arithmetic on named values, parsed once and computed on a small stack.
//!
//! ```text
//! sum     = product (("+" | "-") product)*
//! product = sign (("*" | "/" | "%") sign)*
//! sign    = "-" sign | power
//! power   = atom ("^" sign)?                     right to left: 2^3^2 = 2^9
//! atom    = number | name | name "(" sum ("," sum)* ")" | "(" sum ")"
//! ```
//!
//! Functions: `abs`, `sqrt`, `exp`, `ln`, `log10`, `sin`, `cos`, `tan`, `min`, `max`, `hypot`.

use nom::branch::alt;
use nom::bytes::complete::take_while;
use nom::character::complete::{char, multispace0, one_of, satisfy};
use nom::combinator::{all_consuming, cut, opt, recognize};
use nom::multi::separated_list1;
use nom::number::complete::double;
use nom::sequence::{delimited, pair, preceded};
use nom::{IResult, Parser};

/// Deeper nesting is refused, so that no text can exhaust the stack.
const DEEPEST: usize = 64;

/// A parsed expression.
#[derive(Clone, Debug)]
pub struct Expression {
    text: String,
    names: Vec<String>,
    code: Vec<Step>,
}

/// One step on the stack.
#[derive(Clone, Copy, Debug)]
enum Step {
    Number(f64),
    /// The value of a name, by its place.
    Name(usize),
    Negate,
    Binary(fn(f64, f64) -> f64),
    Unary(fn(f64) -> f64),
}

/// As parsed.
#[derive(Clone, Debug)]
enum Node {
    Number(f64),
    Name(String),
    Negate(Box<Node>),
    Binary(char, Box<Node>, Box<Node>),
    Call(String, Vec<Node>),
}

impl PartialEq for Expression {
    fn eq(&self, other: &Expression) -> bool {
        self.text == other.text
    }
}

impl Expression {
    /// Parses `text`.
    ///
    /// # Errors
    /// If it is no expression: what was found where, and what was expected.
    pub fn parse(text: &str) -> Result<Expression, String> {
        let depth = text.chars().scan(0_usize, |open, c| {
            *open = match c {
                '(' | '^' | '-' => *open + 1,
                ')' => open.saturating_sub(1),
                _ => *open,
            };
            Some(*open)
        });
        if depth.max().unwrap_or(0) > DEEPEST {
            return Err(format!("an expression nested deeper than {DEEPEST} levels"));
        }
        let parsed = all_consuming(delimited(multispace0, sum, multispace0)).parse(text);
        let node = match parsed {
            Ok((_, node)) => node,
            Err(nom::Err::Error(error) | nom::Err::Failure(error)) => {
                let column = text.len() - error.input.len() + 1;
                let found = match error.input.split_whitespace().next() {
                    None => "the end".to_owned(),
                    Some(word) => format!("`{word}`"),
                };
                return Err(format!(
                    "`{text}`, column {column}: found {found}, expected a number, a name or an operator"
                ));
            }
            Err(nom::Err::Incomplete(_)) => return Err(format!("`{text}` ends too soon")),
        };
        let mut expression = Expression {
            text: text.to_owned(),
            names: Vec::new(),
            code: Vec::new(),
        };
        expression.emit(&node)?;
        Ok(expression)
    }

    /// The names in it, each once, in the order of their first use.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Its value, with the values of its names in their order. `stack` is room that is kept from
    /// one computation to the next.
    ///
    /// # Panics
    /// If there are fewer values than names.
    pub fn value(&self, names: &[f64], stack: &mut Vec<f64>) -> f64 {
        stack.clear();
        for step in &self.code {
            let mut pop = || stack.pop().expect("the code was made from a tree");
            let result = match step {
                Step::Number(number) => *number,
                Step::Name(place) => names[*place],
                Step::Negate => -pop(),
                Step::Unary(function) => function(pop()),
                Step::Binary(function) => {
                    let right = pop();
                    function(pop(), right)
                }
            };
            stack.push(result);
        }
        stack[0]
    }

    fn emit(&mut self, node: &Node) -> Result<(), String> {
        match node {
            Node::Number(number) => self.code.push(Step::Number(*number)),
            Node::Name(name) => {
                let known = self.names.iter().position(|known| known == name);
                let place = known.unwrap_or_else(|| {
                    self.names.push(name.clone());
                    self.names.len() - 1
                });
                self.code.push(Step::Name(place));
            }
            Node::Negate(of) => {
                self.emit(of)?;
                self.code.push(Step::Negate);
            }
            Node::Binary(sign, left, right) => {
                self.emit(left)?;
                self.emit(right)?;
                self.code.push(Step::Binary(match sign {
                    '+' => |a, b| a + b,
                    '-' => |a, b| a - b,
                    '*' => |a, b| a * b,
                    '/' => |a, b| a / b,
                    '%' => f64::rem_euclid,
                    _ => f64::powf,
                }));
            }
            Node::Call(name, arguments) => {
                for argument in arguments {
                    self.emit(argument)?;
                }
                self.code.push(function(name, arguments.len())?);
            }
        }
        Ok(())
    }
}

fn function(name: &str, arguments: usize) -> Result<Step, String> {
    let (step, takes) = match name {
        "abs" => (Step::Unary(f64::abs), 1),
        "sqrt" => (Step::Unary(f64::sqrt), 1),
        "exp" => (Step::Unary(f64::exp), 1),
        "ln" => (Step::Unary(f64::ln), 1),
        "log10" => (Step::Unary(f64::log10), 1),
        "sin" => (Step::Unary(f64::sin), 1),
        "cos" => (Step::Unary(f64::cos), 1),
        "tan" => (Step::Unary(f64::tan), 1),
        "min" => (Step::Binary(f64::min), 2),
        "max" => (Step::Binary(f64::max), 2),
        "hypot" => (Step::Binary(f64::hypot), 2),
        _ => {
            return Err(format!(
                "`{name}` is none of the functions abs, sqrt, exp, ln, log10, sin, cos, tan, min, max, hypot"
            ));
        }
    };
    if takes != arguments {
        return Err(format!("`{name}` takes {takes} values, not {arguments}"));
    }
    Ok(step)
}

fn sign_of<'a>(signs: &'static str, input: &'a str) -> IResult<&'a str, char> {
    delimited(multispace0, one_of(signs), multispace0).parse(input)
}

/// `part` with the signs of one precedence between its occurrences, left to right.
fn left_to_right<'a>(
    signs: &'static str,
    part: fn(&'a str) -> IResult<&'a str, Node>,
    input: &'a str,
) -> IResult<&'a str, Node> {
    let (mut input, mut left) = part(input)?;
    while let Ok((rest, sign)) = sign_of(signs, input) {
        let (rest, right) = cut(part).parse(rest)?;
        left = Node::Binary(sign, Box::new(left), Box::new(right));
        input = rest;
    }
    Ok((input, left))
}

fn sum(input: &str) -> IResult<&str, Node> {
    left_to_right("+-", product, input)
}

fn product(input: &str) -> IResult<&str, Node> {
    left_to_right("*/%", sign, input)
}

fn sign(input: &str) -> IResult<&str, Node> {
    let negative = preceded((char('-'), multispace0), sign);
    alt((negative.map(|of| Node::Negate(Box::new(of))), power)).parse(input)
}

fn power(input: &str) -> IResult<&str, Node> {
    let (input, base) = atom(input)?;
    let exponent = preceded((multispace0, char('^'), multispace0), cut(sign));
    let (input, exponent) = opt(exponent).parse(input)?;
    let node = match exponent {
        None => base,
        Some(exponent) => Node::Binary('^', Box::new(base), Box::new(exponent)),
    };
    Ok((input, node))
}

/// Names of channels have dots and underscores in them, but begin with a letter or underscore.
fn name(input: &str) -> IResult<&str, &str> {
    let first = satisfy(|c| c.is_ascii_alphabetic() || c == '_');
    let rest = take_while(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.');
    recognize(pair(first, rest)).parse(input)
}

fn atom(input: &str) -> IResult<&str, Node> {
    let inner = |open, close| {
        delimited(
            (char(open), multispace0),
            cut(separated_list1(sign_between, sum)),
            cut((multispace0, char(close))),
        )
    };
    if let Ok((rest, name)) = name(input) {
        let (rest, arguments) = opt(inner('(', ')')).parse(rest)?;
        let node = match arguments {
            None => Node::Name(name.to_owned()),
            Some(arguments) => Node::Call(name.to_owned(), arguments),
        };
        return Ok((rest, node));
    }
    let grouped = delimited(
        (char('('), multispace0),
        cut(sum),
        cut((multispace0, char(')'))),
    );
    alt((grouped, double.map(Node::Number))).parse(input)
}

fn sign_between(input: &str) -> IResult<&str, char> {
    delimited(multispace0, char(','), multispace0).parse(input)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::proptest;

    use super::*;

    fn value(text: &str) -> f64 {
        let expression = Expression::parse(text).unwrap();
        let names: Vec<f64> = expression
            .names()
            .iter()
            .map(|name| f64::from(name.len() as u32))
            .collect();
        expression.value(&names, &mut Vec::new())
    }

    #[test]
    fn precedence_is_that_of_arithmetic() {
        for (text, expected) in [
            ("1 + 2 * 3", 7.0),
            ("(1 + 2) * 3", 9.0),
            ("8 - 4 - 2", 2.0),
            ("2 ^ 3 ^ 2", 512.0),
            ("-2 ^ 2", -4.0),
            ("2 ^ -1", 0.5),
            ("7 % 4 / 2", 1.5),
            ("volts * amps", 20.0),
            ("a.b_c - x", 4.0),
            (" max(1, min(5, 2e1)) + sqrt(16)", 9.0),
            ("1.5e3", 1_500.0),
        ] {
            assert!(
                (value(text) - expected).abs() < 1e-12,
                "{text}: {}",
                value(text)
            );
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_column() {
        for (text, why) in [
            ("1 +", "column 4: found the end"),
            ("1 + * 2", "column 5: found `*`"),
            ("(1", "found the end"),
            ("1 2", "found `2`"),
            ("sine(1)", "none of the functions"),
            ("max(1)", "takes 2 values, not 1"),
            ("", "found the end"),
        ] {
            let error = Expression::parse(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
        assert!(Expression::parse(&"(".repeat(100_000)).is_err());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ignored = Expression::parse(&text);
        }
    }
}
