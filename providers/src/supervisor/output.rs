//! Forwarding a worker's output for as long as somebody reads it.

use std::{
    fs::File,
    io::{self, PipeReader, Read, Write},
    os::fd::AsFd,
    sync::mpsc::{self, Receiver, Sender},
    thread,
    time::Duration,
};

const BUFFER_BYTES: usize = 16 * 1024;
/// How long to wait for the last output after the worker has exited.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// Forwards output on a thread of its own: a reader that does not read must not keep the
/// supervisor from enforcing the deadline.
pub(super) struct Forwarder(Receiver<()>);

impl Forwarder {
    /// Copies from `reader` to standard output.
    pub(super) fn start(reader: PipeReader) -> Self {
        let (done, finished) = mpsc::channel();
        // If the thread cannot be started, the output is lost: the worker sees a closed pipe, as
        // it would without a supervisor.
        let _ = thread::Builder::new().stack_size(128 * 1024).spawn(move || copy(reader, done));
        Self(finished)
    }

    /// Waits up to 1 s until the rest of the output is forwarded.
    pub(super) fn finish(self) {
        let _ = self.0.recv_timeout(FLUSH_TIMEOUT);
    }
}

/// Keeps reading after standard output has closed, so that the worker does not notice. Dropping
/// `_done` signals the end.
fn copy(mut reader: PipeReader, _done: Sender<()>) {
    let mut stdout = io::stdout().as_fd().try_clone_to_owned().map(File::from).ok();
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return,
            Ok(read) => {
                let has_closed =
                    stdout.as_mut().is_some_and(|out| out.write_all(&buffer[..read]).is_err());
                if has_closed {
                    stdout = None;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}
