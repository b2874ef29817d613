//! Passing a worker's output on, for as long as somebody reads it.

use std::{
    fs::File,
    io::{self, PipeReader, Read, Write},
    os::fd::AsFd,
    sync::mpsc::{self, Receiver, Sender},
    thread,
    time::Duration,
};

const BUFFER: usize = 16 * 1024;
/// How long the last words of a worker may take.
const FLUSH: Duration = Duration::from_secs(1);

/// Output on its way. A thread of its own, because a reader that does not read would otherwise
/// keep the shepherd from the deadline.
pub(super) struct Forward(Receiver<()>);

impl Forward {
    /// Copies from `reader` to our standard output.
    pub(super) fn start(reader: PipeReader) -> Self {
        let (done, over) = mpsc::channel();
        // Without a thread the output is lost: the worker sees a closed pipe, as it would
        // without a shepherd.
        let _ = thread::Builder::new().stack_size(128 * 1024).spawn(move || copy(reader, done));
        Self(over)
    }

    /// Waits a little for what is still on its way.
    pub(super) fn finish(self) {
        let _ = self.0.recv_timeout(FLUSH);
    }
}

/// Goes on reading when nobody listens any more, so that the worker does not notice. Dropping
/// `_done` says that it is over.
fn copy(mut reader: PipeReader, _done: Sender<()>) {
    let mut listener = io::stdout().as_fd().try_clone_to_owned().map(File::from).ok();
    let mut buffer = vec![0; BUFFER];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return,
            Ok(read) => {
                let gone =
                    listener.as_mut().is_some_and(|out| out.write_all(&buffer[..read]).is_err());
                if gone {
                    listener = None;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}
