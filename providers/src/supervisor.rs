//! The supervisor: a small process that runs one worker process and stays until it has exited.
//!
//! It outlives the system worker, so a worker process is gone by its deadline even if the system
//! worker was killed. The system worker starts its own executable again as the supervisor:
//! [`run`] must come before anything that costs time or memory. It starts no runtime and only one
//! thread, for the output.
//!
//! Arguments: `--record FILE LIFETIME -- PROGRAM [ARG…]`. LIFETIME is `--deadline-ms N
//! --grace-ms N`, or `--keeper FILE --lease-ms N --stop-ms N` for a worker that runs for as long
//! as some process holds the lock of that file. The first line on standard output is a `Report`;
//! the worker's output follows. The worker inherits the supervisor's environment and working
//! directory. The supervisor does not forward signals, with one exception: SIGTERM stops a worker
//! that has no deadline.

mod arguments;
mod descendants;
mod lease_watch;
mod output;
mod record_lock;
mod report;
mod start_time;
mod supervised_worker;

use std::{
    ffi::OsString,
    io::{self, PipeWriter},
    os::unix::process::CommandExt,
    process::{Command, ExitCode, Stdio},
};

use nix::unistd::Pid;

pub(crate) use arguments::{Arguments, Lifetime};
pub(crate) use report::Report;
pub(crate) use start_time::start_ticks;

use crate::clock::now_ms;
use record_lock::RecordLock;
use supervised_worker::SupervisedWorker;

/// Runs the supervisor with `args`, the arguments after the program's own. Returns when the
/// worker process and all its descendants are gone. The exit code is 0 if a worker was started.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    match supervise(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(report) => {
            report.print();
            ExitCode::FAILURE
        }
    }
}

fn supervise(args: impl IntoIterator<Item = OsString>) -> Result<(), Report> {
    let arguments = Arguments::parse(args).map_err(Report::usage)?;
    let deadline_ms = arguments.lifetime.deadline_ms();
    if deadline_ms.is_some_and(|deadline_ms| now_ms() >= deadline_ms) {
        return Err(Report::usage("the deadline has passed".to_owned()));
    }
    let mut record = RecordLock::acquire(&arguments.record, deadline_ms)?;
    descendants::become_subreaper();
    let (reader, writer) = io::pipe().map_err(|error| Report::failed(&error))?;
    let pid = match start(&arguments, writer) {
        Ok(pid) => pid,
        Err(error) => {
            record.abandon();
            return Err(Report::failed(&error));
        }
    };
    // From here on only this process ends the worker, so nothing may return before it is gone.
    let worker = SupervisedWorker::new(pid, &arguments.lifetime);
    record.write_started(pid);
    Report::Started(pid.as_raw()).print();
    let output = output::Forwarder::start(reader);
    let exit = worker.wait(|| record.write_stopping());
    output.finish();
    record.write_exit(exit);
    Ok(())
}

/// Starts the worker in its own process group, with both output streams into `writer`.
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
