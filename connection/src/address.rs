//! The address of a server.

use temporalio_client::Url;

use crate::SettingsError;

/// The port of an address without one, as in the `temporal` CLI.
const DEFAULT_PORT: u16 = 443;

/// Parses `HOST:PORT`, to connect with TLS or without.
///
/// `https://HOST:PORT` and `http://HOST:PORT` are accepted if they agree with `tls`, because the
/// SDK decides by them.
pub(crate) fn parse(address: &str, tls: bool) -> Result<Url, SettingsError> {
    let refused = |reason: String| SettingsError::Address { address: address.to_owned(), reason };
    let (scheme, rest) = match address.split_once("://") {
        Some((scheme @ ("http" | "https"), rest)) => (Some(scheme), rest.trim_end_matches('/')),
        Some((scheme, _)) => {
            return Err(refused(format!("begins with {scheme}://: write HOST:PORT")));
        }
        None => (None, address),
    };
    match (scheme, tls) {
        (Some("http"), true) => {
            return Err(refused("begins with http://, but TLS is on: write HOST:PORT".to_owned()));
        }
        (Some("https"), false) => {
            return Err(refused(
                "begins with https://, but TLS is off: write HOST:PORT".to_owned(),
            ));
        }
        _ => {}
    }
    if let Some(at) = rest.find(['/', '?', '#']) {
        let (host, path) = rest.split_at(at);
        return Err(refused(format!("contains the path {path:?}: write {host}")));
    }
    if rest.contains('@') {
        return Err(refused("contains a user name: write HOST:PORT".to_owned()));
    }
    let after_host = rest.rsplit_once(']').map_or(rest, |(_, after)| after);
    let port = if after_host.contains(':') { String::new() } else { format!(":{DEFAULT_PORT}") };
    let scheme = if tls { "https" } else { "http" };
    match Url::parse(&format!("{scheme}://{rest}{port}")) {
        Ok(url) if url.host().is_some() => Ok(url),
        Ok(_) => Err(refused("has no host: write HOST:PORT".to_owned())),
        Err(error) => Err(refused(format!("is not HOST:PORT: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_a_port() {
        for (address, tls, expected) in [
            ("localhost:7233", false, "http://localhost:7233/"),
            ("localhost:7233", true, "https://localhost:7233/"),
            ("[::1]:7233", false, "http://[::1]:7233/"),
            ("http://localhost:7233", false, "http://localhost:7233/"),
            ("https://localhost:7233/", true, "https://localhost:7233/"),
            ("temporal.example.com", true, "https://temporal.example.com/"),
            ("temporal.example.com", false, "http://temporal.example.com:443/"),
            ("[::1]", false, "http://[::1]:443/"),
        ] {
            assert_eq!(parse(address, tls).unwrap().as_str(), expected, "{address}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_what_to_write() {
        for (address, tls, words) in [
            ("localhost:7233/path", false, "contains the path \"/path\": write localhost:7233"),
            ("http://localhost:7233/a", false, "contains the path \"/a\": write localhost:7233"),
            ("localhost:7233/", false, "contains the path \"/\": write localhost:7233"),
            ("localhost:7233?x", false, "contains the path"),
            ("user@localhost:7233", false, "contains a user name"),
            ("ftp://localhost:7233", false, "begins with ftp://"),
            ("http://localhost:7233", true, "begins with http://, but TLS is on"),
            ("https://localhost:7233", false, "begins with https://, but TLS is off"),
            ("not an address", false, "is not HOST:PORT"),
            ("localhost:port", false, "is not HOST:PORT"),
            (":7233", false, "is not HOST:PORT"),
        ] {
            let error = parse(address, tls).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
            assert!(error.contains(&format!("{address:?}")), "{error}");
        }
    }
}
