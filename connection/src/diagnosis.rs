//! Why a connection failed, and what to do about it.

use std::{error::Error, io};

use rustls::{AlertDescription, CertificateError};

/// Why the server at an address cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot connect to the Temporal server at {target}: {failure}")]
pub struct ConnectError {
    /// Scheme, host and port.
    pub target: String,
    /// The cause.
    pub failure: ConnectFailure,
}

/// The cause of a [`ConnectError`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectFailure {
    /// The server expects TLS.
    #[error("the server requires TLS, and TLS is off")]
    TlsRequired,
    /// The server does not speak TLS.
    #[error("TLS is on, and the server does not speak TLS")]
    NotTls,
    /// The server requires a client certificate.
    #[error("the server requires a client certificate (mTLS), and none is set")]
    NoClientCertificate,
    /// The server rejects the client certificate.
    #[error("the server rejects the client certificate ({0})")]
    ClientCertificate(String),
    /// The server's certificate is from an unknown CA.
    #[error("the server's certificate is issued by an unknown CA")]
    UnknownCa,
    /// The server's certificate has expired.
    #[error("the server's certificate has expired")]
    Expired,
    /// The server's certificate is not valid yet.
    #[error("the server's certificate is not valid yet")]
    NotYetValid,
    /// The server's certificate is for another name.
    #[error("the server's certificate is for another name ({0})")]
    WrongName(String),
    /// The server's certificate has another defect.
    #[error("the server's certificate cannot be verified ({0})")]
    Certificate(String),
    /// The server denies access.
    #[error("it denies access ({0})")]
    Denied(String),
    /// Nothing responds, or not as a Temporal server does.
    #[error("{0}")]
    Unreachable(String),
}

/// How a program's users change its settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingNames {
    /// With flags of the `temporal` CLI, and with environment variables.
    FlagsAndVariables,
    /// With environment variables.
    Variables,
}

impl SettingNames {
    fn name(self, flag: &str, variable: &str) -> String {
        match self {
            Self::FlagsAndVariables => format!("{flag} or {variable}"),
            Self::Variables => variable.to_owned(),
        }
    }
}

impl ConnectError {
    /// What to do about it, as an imperative.
    #[must_use]
    pub fn remedy(&self, names: SettingNames) -> String {
        let address = names.name("--address", "TEMPORAL_ADDRESS");
        match &self.failure {
            ConnectFailure::TlsRequired => {
                format!("turn TLS on with {}", names.name("--tls", "TEMPORAL_TLS=true"))
            }
            ConnectFailure::NotTls => format!(
                "turn TLS off with {} (an API key turns it on), or set another server with {address}",
                names.name("--tls=false", "TEMPORAL_TLS=false")
            ),
            ConnectFailure::NoClientCertificate => format!(
                "set a certificate with {} and its key with {}",
                names.name("--tls-cert-path", "TEMPORAL_TLS_CLIENT_CERT_PATH"),
                names.name("--tls-key-path", "TEMPORAL_TLS_CLIENT_KEY_PATH")
            ),
            ConnectFailure::ClientCertificate(_) => format!(
                "set a current certificate of a CA that the server trusts with {}",
                names.name("--tls-cert-path", "TEMPORAL_TLS_CLIENT_CERT_PATH")
            ),
            ConnectFailure::UnknownCa | ConnectFailure::Certificate(_) => format!(
                "set the certificate of the CA that issued it with {}",
                names.name("--tls-ca-path", "TEMPORAL_TLS_SERVER_CA_CERT_PATH")
            ),
            ConnectFailure::Expired => {
                "renew it on the server, or correct the clock of this machine".to_owned()
            }
            ConnectFailure::NotYetValid => "correct the clock of this machine".to_owned(),
            ConnectFailure::WrongName(_) => format!(
                "set a name that is in it with {}, or another server with {address}",
                names.name("--tls-server-name", "TEMPORAL_TLS_SERVER_NAME")
            ),
            ConnectFailure::Denied(_) => {
                let flags = "--api-key-file, --tls-cert-path";
                format!("check the credentials: {}", names.name(flags, "TEMPORAL_API_KEY"))
            }
            ConnectFailure::Unreachable(_) => match names {
                SettingNames::FlagsAndVariables => {
                    format!("start one (temporal server start-dev) or set another with {address}")
                }
                SettingNames::Variables => format!("set {address}"),
            },
        }
    }
}

impl ConnectFailure {
    /// The failure of a TLS connection. `has_certificate`: whether the client has a certificate.
    pub(crate) fn of(error: &rustls::Error, has_certificate: bool) -> Self {
        use rustls::Error as E;
        match error {
            E::InvalidMessage(_) => Self::NotTls,
            E::InvalidCertificate(defect) => Self::of_certificate(defect),
            E::AlertReceived(alert) => Self::of_alert(*alert, has_certificate),
            other => Self::Unreachable(other.to_string()),
        }
    }

    fn of_certificate(defect: &CertificateError) -> Self {
        use CertificateError as C;
        match defect {
            C::UnknownIssuer => Self::UnknownCa,
            C::Expired | C::ExpiredContext { .. } => Self::Expired,
            C::NotValidYet | C::NotValidYetContext { .. } => Self::NotYetValid,
            C::NotValidForName | C::NotValidForNameContext { .. } => {
                Self::WrongName(defect.to_string())
            }
            other => Self::Certificate(other.to_string()),
        }
    }

    /// Servers end the connection with one of these alerts if they do not accept the client's
    /// certificate; which one depends on the TLS version and the server.
    fn of_alert(alert: AlertDescription, has_certificate: bool) -> Self {
        use AlertDescription as A;
        match alert {
            A::CertificateRequired | A::HandshakeFailure | A::BadCertificate
                if !has_certificate =>
            {
                Self::NoClientCertificate
            }
            A::CertificateRequired
            | A::BadCertificate
            | A::UnsupportedCertificate
            | A::CertificateRevoked
            | A::CertificateExpired
            | A::CertificateUnknown
            | A::UnknownCA
            | A::AccessDenied
                if has_certificate =>
            {
                Self::ClientCertificate(format!("alert {alert:?}"))
            }
            other => Self::Unreachable(format!("the server ended the TLS connection ({other:?})")),
        }
    }
}

/// The TLS error among `error` and its causes.
pub(crate) fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        // Skipped by `source`.
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(found) = inner.and_then(|inner| tls_error(inner)) {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// The root cause of `error`; the layers above only repeat it.
pub(crate) fn root_cause(error: &(dyn Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remedy(failure: ConnectFailure) -> String {
        let error = ConnectError { target: "https://a:1".to_owned(), failure };
        format!("{error}: {}", error.remedy(SettingNames::FlagsAndVariables))
    }

    #[test]
    fn each_failure_says_what_was_wrong_where_and_what_to_do() {
        assert_eq!(
            remedy(ConnectFailure::UnknownCa),
            "cannot connect to the Temporal server at https://a:1: the server's certificate is \
             issued by an unknown CA: set the certificate of the CA that issued it with \
             --tls-ca-path or TEMPORAL_TLS_SERVER_CA_CERT_PATH"
        );
        assert!(remedy(ConnectFailure::TlsRequired).ends_with("--tls or TEMPORAL_TLS=true"));
    }

    #[test]
    fn an_alert_means_a_missing_certificate_or_a_rejected_one() {
        let of = |alert, has| ConnectFailure::of(&rustls::Error::AlertReceived(alert), has);
        let required = AlertDescription::CertificateRequired;
        assert_eq!(of(required, false), ConnectFailure::NoClientCertificate);
        let unknown = of(AlertDescription::UnknownCA, true);
        assert_eq!(unknown, ConnectFailure::ClientCertificate("alert UnknownCA".to_owned()));
    }

    #[test]
    fn a_tls_error_is_found_inside_of_io_errors() {
        let error = io::Error::other(io::Error::other(rustls::Error::DecryptError));
        assert_eq!(tls_error(&error), Some(&rustls::Error::DecryptError));
        assert_eq!(tls_error(&io::Error::other("refused")), None);
    }
}
