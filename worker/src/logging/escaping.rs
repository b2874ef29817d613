//! Keeps every event of the text log on one line, without control characters.

use std::io::{self, Write};

use tracing_subscriber::fmt::MakeWriter;
use wci_contract::printable;

/// Writes to stderr.
pub(super) struct Escaping;

impl<'a> MakeWriter<'a> for Escaping {
    type Writer = EventWriter<io::Stderr>;

    fn make_writer(&'a self) -> Self::Writer {
        EventWriter(io::stderr())
    }
}

/// Escapes what is written to it. Each call is one event, with the line feed after it.
pub(super) struct EventWriter<W>(W);

impl<W: Write> Write for EventWriter<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let (text, end) = match text.strip_suffix('\n') {
            Some(text) => (text, "\n"),
            None => (text.as_ref(), ""),
        };
        // In one call, so that events of several threads do not mix.
        self.0.write_all(format!("{}{end}", printable(text)).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_whatever_is_in_it() {
        let mut log = Vec::new();
        let mut writer = EventWriter(&mut log);
        writer.write_all("INFO evil\nERROR fake \u{1b}[31m\u{202e}\n".as_bytes()).unwrap();
        writer.write_all(b"INFO next\n").unwrap();
        let log = String::from_utf8(log).unwrap();
        assert_eq!(log, "INFO evil\\nERROR fake \\u{1b}[31m\\u{202e}\nINFO next\n");
    }
}
