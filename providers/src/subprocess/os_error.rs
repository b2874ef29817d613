//! Failure classes of the operating system's errors.

use std::io::{Error, ErrorKind};

use nix::errno::Errno;
use wci_contract::FailureClass;

/// The class of a failure to start a program.
pub(super) fn failure_class(error: &Error) -> FailureClass {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => return FailureClass::NotFound,
        ErrorKind::PermissionDenied => return FailureClass::AccessDenied,
        _ => {}
    }
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ENOEXEC | Errno::E2BIG | Errno::EISDIR | Errno::ELOOP) => {
            FailureClass::Rejected
        }
        Some(
            Errno::EAGAIN
            | Errno::ENOMEM
            | Errno::EMFILE
            | Errno::ENFILE
            | Errno::ETXTBSY
            | Errno::ENOSPC,
        ) => FailureClass::Unavailable,
        _ => FailureClass::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_machine_is_distinguished_from_a_missing_program() {
        let class = |errno: Errno| failure_class(&Error::from(errno));
        assert_eq!(class(Errno::ENOENT), FailureClass::NotFound);
        assert_eq!(class(Errno::EACCES), FailureClass::AccessDenied);
        assert_eq!(class(Errno::EAGAIN), FailureClass::Unavailable);
        assert_eq!(class(Errno::ENOEXEC), FailureClass::Rejected);
    }
}
