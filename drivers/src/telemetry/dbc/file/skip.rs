//! Where the next statement begins.

/// First words of statements that say nothing of frames. They end with `;`.
const PASSED_OVER: [&str; 27] = [
    "BA_",
    "BA_DEF_",
    "BA_DEF_DEF_",
    "BA_DEF_DEF_REL_",
    "BA_DEF_REL_",
    "BA_DEF_SGTYPE_",
    "BA_REL_",
    "BA_SGTYPE_",
    "BO_TX_BU_",
    "BU_BO_REL_",
    "BU_EV_REL_",
    "BU_SG_REL_",
    "CAT_",
    "CAT_DEF_",
    "ENVVAR_DATA_",
    "EV_",
    "EV_DATA_",
    "FILTER",
    "NS_DESC_",
    "SGTYPE_",
    "SGTYPE_VAL_",
    "SIGTYPE_VALTYPE_",
    "SIG_GROUP_",
    "SIG_TYPE_REF_",
    "VAL_TABLE_",
    "NS_",
    "VERSION",
];

/// First words of the other statements.
const READ: [&str; 8] = [
    "BO_",
    "BS_",
    "BU_",
    "CM_",
    "SG_",
    "SG_MUL_VAL_",
    "SIG_VALTYPE_",
    "VAL_",
];

/// Whether a statement that begins with this word says nothing of frames.
pub(super) fn is_passed_over(first: &str) -> bool {
    PASSED_OVER.contains(&first)
}

/// What follows behind the end of the line.
pub(super) fn next_line(text: &str) -> &str {
    text.find('\n').map_or("", |end| &text[end + 1..])
}

/// The next line that begins with the first word of a statement.
pub(super) fn next_statement(text: &str) -> &str {
    let mut rest = next_line(text);
    while !rest.is_empty() && !begins_statement(rest) {
        rest = next_line(rest);
    }
    rest
}

pub(super) fn begins_statement(text: &str) -> bool {
    let line = text.trim_start_matches([' ', '\t']);
    let end = line.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let first = &line[..end.unwrap_or(line.len())];
    READ.contains(&first) || is_passed_over(first)
}
