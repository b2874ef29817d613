//! Making text from outside safe to store and log: bounded, on one line, without credentials.

use wci_contract::limits;

/// Replaces a credential.
const REDACTED: &str = "[redacted]";
/// Secret access keys have 40 characters, session tokens many more.
const SECRET_LEN: usize = 40;
/// An access key ID has 20 characters: a prefix of four and 16 more.
const KEY_ID_LEN: usize = 20;
/// The shortest text that counts as a JSON web token.
const WEB_TOKEN_LEN: usize = 20;

/// `text` without control characters, with access key IDs, secrets and tokens of AWS's forms
/// replaced, cut to [`limits::MAX_MESSAGE`] bytes.
pub(crate) fn scrub(text: &str) -> String {
    // Cut generously first: redaction only makes the text shorter.
    let text = limits::cut(text, 4 * limits::MAX_MESSAGE);
    let mut clean = String::with_capacity(text.len().min(limits::MAX_MESSAGE));
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        if word == 0 {
            clean.push(if first.is_control() { ' ' } else { first });
            rest = &rest[first.len_utf8()..];
        } else {
            clean.push_str(&redact(&rest[..word]));
            rest = &rest[word..];
        }
    }
    limits::cut(&clean, limits::MAX_MESSAGE).to_owned()
}

/// Characters of base64 and of URL-safe base64, and the dots of a web token.
fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || "/+=_-.".contains(c)
}

fn redact(word: &str) -> String {
    let (before, token) = word.split_at(web_token(word).unwrap_or(word.len()));
    let clean: String = before.split_inclusive(['_', '-', '.']).map(redact_run).collect();
    if token.is_empty() { clean } else { clean + REDACTED }
}

/// The position of a JSON web token in a word: its start is base64 of an opening brace and a quote.
fn web_token(word: &str) -> Option<usize> {
    let is_start = |at: &usize| !word[..*at].ends_with(|c: char| c.is_ascii_alphanumeric());
    let (at, _) = word.match_indices("eyJ").find(|(at, _)| is_start(at))?;
    (word.len() - at >= WEB_TOKEN_LEN).then_some(at)
}

/// Redacts a run of base64, which may end with one separator.
fn redact_run(run: &str) -> String {
    let body = run.trim_end_matches(['_', '-', '.']);
    let tail = &run[body.len()..];
    if looks_secret(body) {
        return format!("{REDACTED}{tail}");
    }
    body.split_inclusive(['/', '=', '+']).map(redact_key_id).chain([tail.to_owned()]).collect()
}

/// Whether the run may be a secret: names and paths of this length rarely mix upper case, lower
/// case and digits.
fn looks_secret(run: &str) -> bool {
    run.len() >= SECRET_LEN
        && run.contains(|c: char| c.is_ascii_uppercase())
        && run.contains(|c: char| c.is_ascii_lowercase())
        && run.contains(|c: char| c.is_ascii_digit())
}

fn redact_key_id(piece: &str) -> String {
    let body = piece.trim_end_matches(['/', '=', '+']);
    let is_key_id = body.len() >= KEY_ID_LEN
        && (body.starts_with("AKIA") || body.starts_with("ASIA"))
        && body.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    if is_key_id { format!("{REDACTED}{}", &piece[body.len()..]) } else { piece.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Put together here so that no scanner takes them for real ones.
    fn key_id() -> String {
        format!("AS{}", "IAQWERTYUIOPASDFGH")
    }

    fn secret() -> String {
        format!("wJalr{}", "XUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY12")
    }

    #[test]
    fn credentials_are_removed() {
        for secret in [key_id(), secret(), format!("eyJ{}.b-_c", "hbGciOiJIUzI1NiJ9")] {
            let text = scrub(&format!("key={secret} was refused: ({secret}/{secret})"));
            assert!(!text.contains(&secret), "{text}");
            assert!(text.contains("was refused"), "{text}");
        }
    }

    #[test]
    fn names_and_paths_stay_readable() {
        for text in [
            "Function not found: arn:aws:lambda:us-east-1:123456789012:function:orders-Worker:5",
            "RequestID: 33333333-3333-3333-3333-333333333333, AccessDenied",
            "assume arn:aws:iam::123456789012:role/MyCompany-Prod-InvokeOrdersWorkers-1A2B3C",
            "function:apikeyJoinerForOrdersAndSuch",
            "/usr/lib/temporal/workers/orders/bin/worker_main.sh is not executable",
        ] {
            assert_eq!(scrub(text), text);
        }
    }

    #[test]
    fn a_message_is_one_bounded_line() {
        assert_eq!(scrub("a\nb\tc\u{1b}[31m"), "a b c [31m");
        assert_eq!(scrub(&"ä ".repeat(5000)).len(), limits::MAX_MESSAGE);
    }
}
