//! String literals of the server's query language.

/// `text` as a literal, whatever characters it contains.
pub(super) fn query_literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use super::query_literal;

    #[test]
    fn a_name_with_quotes_stays_one_string() {
        assert_eq!(query_literal("orders"), "'orders'");
        assert_eq!(query_literal(r"it's\"), r"'it\'s\\'");
        assert_eq!(query_literal("x' OR BuildId='y"), r"'x\' OR BuildId=\'y'");
    }
}
