//! Reading lines from an untrusted source.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use wci_contract::limits::MAX_MESSAGE;

/// Lines of at most [`MAX_MESSAGE`] bytes; longer ones are cut.
pub(super) struct Lines<R>(BufReader<R>);

impl<R: AsyncRead + Unpin> Lines<R> {
    /// The lines of `reader`.
    pub(super) fn new(reader: R) -> Self {
        Self(BufReader::new(reader))
    }

    /// The next line without its line break; `None` at the end.
    pub(super) async fn next(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        loop {
            let chunk = self.0.fill_buf().await?;
            if chunk.is_empty() && line.is_empty() {
                return Ok(None);
            }
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let part = &chunk[..end.unwrap_or(chunk.len())];
            let space = MAX_MESSAGE.saturating_sub(line.len());
            line.extend_from_slice(&part[..part.len().min(space)]);
            let is_complete = end.is_some() || chunk.is_empty();
            let used = part.len() + usize::from(end.is_some());
            self.0.consume(used);
            if is_complete {
                return Ok(Some(String::from_utf8_lossy(&line).into_owned()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines(text: &[u8]) -> Vec<String> {
        let mut lines = Lines::new(text);
        let mut all = Vec::new();
        while let Some(line) = lines.next().await.unwrap() {
            all.push(line);
        }
        all
    }

    #[tokio::test]
    async fn lines_are_split_and_the_last_needs_no_line_break() {
        assert_eq!(lines(b"a\n\nb\nc").await, ["a", "", "b", "c"]);
        assert_eq!(lines(b"").await, Vec::<String>::new());
    }

    #[tokio::test]
    async fn a_long_line_is_cut_and_the_next_is_whole() {
        let text = format!("{}\nnext\n", "x".repeat(100_000));
        let lines = lines(text.as_bytes()).await;
        assert_eq!((lines.len(), lines[0].len(), lines[1].as_str()), (2, MAX_MESSAGE, "next"));
    }
}
