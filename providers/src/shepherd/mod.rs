//! The shepherd: a small process that stays with one worker process to its end.
//!
//! It outlives the system worker, and with it the promise that no worker process outlives its
//! deadline. The system worker runs its own executable again as shepherd, so this must come
//! before anything that costs time or memory: no runtime, no threads but one for the output.
//!
//! Arguments: `--record FILE TERM -- PROGRAM [ARG…]`, where TERM is `--deadline-ms N --grace-ms N`,
//! or `--keeper FILE --lease-ms N --stop-ms N` for a worker that lives for as long as somebody
//! holds the lock of that file. The first line on its standard output is a `Report`; what the
//! worker writes follows. The worker gets the shepherd's environment and directory. Signals for
//! the shepherd are not passed on, but that SIGTERM makes a worker leave that is kept.

mod arguments;
mod claim;
mod end;
mod keeper;
mod output;
mod report;
mod watch;

use std::{
    ffi::OsString,
    io::{self, PipeWriter},
    os::unix::process::CommandExt,
    process::{Command, ExitCode, Stdio},
};

use nix::unistd::Pid;

pub(crate) use arguments::{Arguments, Term};
pub(crate) use end::born;
pub(crate) use report::Report;

use crate::clock::now_ms;
use claim::Claim;

/// Runs as shepherd, with the arguments after the program's own. Ends when the worker process
/// and everything that it started is gone. The exit code is 0 when a worker was started.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    match tend(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(report) => {
            report.print();
            ExitCode::FAILURE
        }
    }
}

fn tend(args: impl IntoIterator<Item = OsString>) -> Result<(), Report> {
    let arguments = Arguments::parse(args).map_err(Report::usage)?;
    if matches!(arguments.term, Term::Deadline { deadline_ms, .. } if now_ms() >= deadline_ms) {
        return Err(Report::usage("the deadline is past".to_owned()));
    }
    let mut claim = Claim::take(&arguments.record, arguments.term.deadline_ms())?;
    end::adopt_orphans();
    let (reader, writer) = io::pipe().map_err(|error| Report::failed(&error))?;
    let pid = match start(&arguments, writer) {
        Ok(pid) => pid,
        Err(error) => {
            claim.abandon();
            return Err(Report::failed(&error));
        }
    };
    // From here on the worker is ours to end: nothing may leave before it is gone.
    let watch = watch::Watch::new(pid, &arguments.term);
    claim.started(pid);
    Report::Started(pid.as_raw()).print();
    let output = output::Forward::start(reader);
    let exit = watch.until_over(|| claim.leaves());
    output.finish();
    claim.ended(exit);
    Ok(())
}

/// Starts the worker in a process group of its own, both outputs into `writer`.
fn start(arguments: &Arguments, writer: PipeWriter) -> io::Result<Pid> {
    let child = Command::new(&arguments.program)
        .args(&arguments.args)
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer)
        .spawn()?;
    i32::try_from(child.id()).map(Pid::from_raw).map_err(io::Error::other)
}
