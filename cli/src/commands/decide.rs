//! `wci decide`: scaling decisions offline, JSON lines in, JSON lines out.

use std::io::{self, BufRead, Read, Write};

use anyhow::{Context, bail};
use serde_json::json;
use wci_scaling::offline::{MAX_LINE, answer};

/// Make scaling decisions offline: read one JSON object per line from standard input, write one
/// decision per line to standard output
///
/// Needs no server. An input line is {"algorithm","config","state","now_ms","event"}; an output
/// line is {"state","actions","throttled","next_poll_ms","wake_at_ms","reasons"} or {"error"}.
/// Exits with 1 if any line is an error.
#[derive(Debug, clap::Args)]
#[command(after_help = r#"Examples:
  echo '{"algorithm":"no-sync","now_ms":1000,"event":{"task_add":{"task_queue_name":"q",
    "task_queue_type":1,"no_sync_match_signals_batched":3}}}' | tr -d '\n' | wci decide
  wci decide < questions.jsonl > decisions.jsonl"#)]
pub struct DecideArgs {}

/// Decides line by line until the end of the input.
pub(super) fn run(_args: &DecideArgs) -> anyhow::Result<()> {
    let tally = decide_lines(&mut io::stdin().lock(), &mut io::stdout().lock())?;
    match tally.errors {
        0 => Ok(()),
        errors => bail!("{errors} of {} lines are errors", tally.lines),
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    lines: u64,
    errors: u64,
}

fn decide_lines(input: &mut impl BufRead, output: &mut impl Write) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    while let Some(line) = next_line(input).context("cannot read standard input")? {
        let (text, is_decision) = match line {
            Line::Text(line) => answer(&line),
            Line::Unusable(error) => (json!({ "error": error }).to_string(), false),
        };
        tally.lines += 1;
        tally.errors += u64::from(!is_decision);
        match writeln!(output, "{text}").and_then(|()| output.flush()) {
            // The reader closed the pipe.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break,
            result => result.context("cannot write standard output")?,
        }
    }
    Ok(tally)
}

enum Line {
    Text(String),
    Unusable(String),
}

/// The next line without its line break. Skips a line that is too long.
fn next_line(input: &mut impl BufRead) -> io::Result<Option<Line>> {
    let limit = u64::try_from(MAX_LINE).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    if input.by_ref().take(limit).read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    let is_whole = bytes.last() == Some(&b'\n');
    if is_whole {
        bytes.pop();
    } else if bytes.len() > MAX_LINE {
        skip_line(input)?;
        let message = format!("the line has more than {MAX_LINE} bytes");
        return Ok(Some(Line::Unusable(message)));
    }
    let line = String::from_utf8(bytes)
        .map_or_else(|_| Line::Unusable("the line is not UTF-8 text".to_owned()), Line::Text);
    Ok(Some(line))
}

fn skip_line(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        let (used, is_end) = match buffer.iter().position(|byte| *byte == b'\n') {
            Some(at) => (at + 1, true),
            None => (buffer.len(), buffer.is_empty()),
        };
        input.consume(used);
        if is_end {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(input: &[u8]) -> (Vec<String>, Tally) {
        let mut output = Vec::new();
        let tally = decide_lines(&mut &input[..], &mut output).unwrap();
        let text = String::from_utf8(output).unwrap();
        (text.lines().map(str::to_owned).collect(), tally)
    }

    #[test]
    fn every_line_gets_one_line_whatever_it_is() {
        let tick = br#"{"algorithm":"no-sync","now_ms":1,"event":{"tick":{}}}"#;
        let input = [&tick[..], b"\n\nnonsense\n\xff\n", &tick[..]].concat();
        let (lines, tally) = answers(&input);
        assert_eq!(lines.len(), 5);
        assert_eq!(tally, Tally { lines: 5, errors: 3 });
        assert!(lines[0].contains("next_poll_ms") && lines[4].contains("next_poll_ms"));
        assert_eq!(lines[3], r#"{"error":"the line is not UTF-8 text"}"#);
    }

    #[test]
    fn a_line_that_is_too_long_is_skipped_and_the_next_one_is_read() {
        let mut input = vec![b' '; MAX_LINE * 2];
        input.extend_from_slice(b"\n{}\n");
        let (lines, tally) = answers(&input);
        assert_eq!(lines[0], r#"{"error":"the line has more than 1048576 bytes"}"#);
        assert_eq!((lines.len(), tally.lines), (2, 2));
    }

    #[test]
    fn nothing_in_is_nothing_out() {
        assert_eq!(answers(b""), (Vec::new(), Tally::default()));
    }
}
