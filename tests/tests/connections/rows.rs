//! The rows of the table.

use super::row::Row;

/// With this server and these variables.
macro_rules! plain {
    ($($more:literal)?) => {
        Row::env(concat!("TEMPORAL_ADDRESS={plain}", $(" ", $more)?))
    };
}

macro_rules! with_ca {
    ($address:literal $($more:literal)?) => {
        Row::env(concat!(
            "TEMPORAL_ADDRESS=", $address, " TEMPORAL_TLS_SERVER_CA_CERT_PATH={ca.pem}",
            $(" ", $more)?
        ))
    };
}

/// All rows.
pub(crate) fn all() -> Vec<Row> {
    [empty(), variables(), addresses(), files(), tls(), certificates(), flags()].concat()
}

fn empty() -> Vec<Row> {
    let mut rows = vec![
        plain!(),
        plain!("TEMPORAL_API_KEY="),
        plain!("TEMPORAL_TLS="),
        plain!("TEMPORAL_NAMESPACE="),
        plain!("TEMPORAL_PROFILE="),
        plain!("TEMPORAL_CONFIG_FILE="),
        plain!("TEMPORAL_GRPC_META_X="),
        plain!("WCI_TASK_QUEUE="),
        // The CLI turns TLS on for these.
        plain!("TEMPORAL_TLS_SERVER_NAME=").unlike_the_cli(),
        plain!("TEMPORAL_TLS_CLIENT_CERT_PATH=").unlike_the_cli(),
        plain!("TEMPORAL_TLS_CLIENT_KEY_DATA=").unlike_the_cli(),
        plain!("TEMPORAL_TLS_DISABLE_HOST_VERIFICATION="),
        with_ca!("{tls}" "TEMPORAL_TLS_SERVER_CA_CERT_DATA="),
        Row::env("")
            .file("[profile.default]\naddress = \"{plain}\"\nnamespace = \"\"\napi_key = \"\"\n"),
        // The CLI drops the address of the file, and connects to localhost:7233.
        Row::env("TEMPORAL_ADDRESS=")
            .file("[profile.default]\naddress = \"{plain}\"\n")
            .unlike_the_cli(),
    ];
    // Nothing is set, and nothing listens at the default address on a machine that builds.
    if std::net::TcpStream::connect("localhost:7233").is_err() {
        rows.push(Row::env("TEMPORAL_ADDRESS=").says(&["http://localhost:7233", "--address"]));
    }
    rows
}

fn variables() -> Vec<Row> {
    vec![
        plain!("TEMPORAL_NAMESPACE=nowhere").says(&["\"nowhere\"", "--namespace"]),
        plain!("TEMPORAL_PROFILE=nobody").says(&["\"nobody\"", "--profile"]).not_for_the_library(),
        plain!("TEMPORAL_TLS=FALSE"),
        // The CLI ignores the value, and does not use TLS.
        plain!("TEMPORAL_TLS=yes").unlike_the_cli().says(&["TEMPORAL_TLS must be true or false"]),
        plain!("TEMPORAL_API_KEY=x").says(&["does not speak TLS", "an API key turns it on"]),
        plain!("TEMPORAL_API_KEY=x TEMPORAL_TLS=false"),
        plain!("TEMPORAL_GRPC_META_X=y"),
        // A file that a variable names need not exist for the commands, as in the CLI.
        plain!("TEMPORAL_CONFIG_FILE=/nonexistent").not_for_the_library(),
    ]
}

fn addresses() -> Vec<Row> {
    vec![
        Row::env("TEMPORAL_ADDRESS={plain}/path").says(&["\"/path\"", "write {plain}"]),
        Row::env("TEMPORAL_ADDRESS={plain}/").says(&["\"/\"", "write {plain}"]),
        Row::env("TEMPORAL_ADDRESS=ftp://{plain}").says(&["ftp://", "HOST:PORT"]),
        // The CLI refuses every scheme; the Rust SDK writes them.
        Row::env("TEMPORAL_ADDRESS=http://{plain}").unlike_the_cli(),
        Row::env("TEMPORAL_ADDRESS=http://{plain} TEMPORAL_TLS=true").says(&["but TLS is on"]),
        Row::env("TEMPORAL_ADDRESS=localhost:port").says(&["HOST:PORT"]),
        Row::env("TEMPORAL_ADDRESS=127.0.0.1:1").says(&["http://127.0.0.1:1", "--address"]),
        Row::env("TEMPORAL_ADDRESS=localhost:1").says(&["http://localhost:1", "--address"]),
        Row::env("TEMPORAL_ADDRESS=127.0.0.1").says(&["http://127.0.0.1:443"]),
    ]
}

const ONE_BAD: &str = "[profile.default]\naddress = \"{plain}\"\n[profile.unused]\n\
                       address = \"{plain}\"\n[profile.unused.tls]\nclient_cert_path = \"a.pem\"\n\
                       client_cert_data = \"b\"\n";
const TYPED: &str = "[profile.default]\naddress = \"{plain}\"\n[profile.typed]\naddress = 5\n";
const UNVERIFIED: &str = "[profile.default]\naddress = \"{tls}\"\n[profile.default.tls]\n\
                          disable_host_verification = true\n";

fn files() -> Vec<Row> {
    vec![
        Row::env("").file(ONE_BAD),
        Row::env("TEMPORAL_PROFILE=unused").file(ONE_BAD).says(&[
            "profile \"unused\" in",
            "tls.client_cert_path and tls.client_cert_data are both set",
        ]),
        // The CLI refuses the whole file.
        Row::env("").file(TYPED).unlike_the_cli(),
        Row::env("TEMPORAL_PROFILE=typed")
            .file(TYPED)
            .says(&["profile \"typed\" in", "address must be a string"]),
        Row::env("").file("[profile.default\n").says(&[".toml:1: "]),
        Row::env("").file("[profile.default]\naddress = \"{plain}\"\nunknown = 1\n"),
        Row::env("").file(UNVERIFIED),
        Row::env("TEMPORAL_TLS_DISABLE_HOST_VERIFICATION=false")
            .file(UNVERIFIED)
            .says(&["unknown CA"]),
        Row::env("")
            .file("[profile.default]\naddress = \"{plain}\"\n[profile.default.tls]\n")
            .says(&["does not speak TLS"]),
        Row::env("").file(
            "[profile.default]\naddress = \"{plain}\"\n[profile.default.tls]\ndisabled = true\n\
             client_cert_path = \"missing.pem\"\n",
        ),
    ]
}

fn tls() -> Vec<Row> {
    vec![
        Row::env("TEMPORAL_ADDRESS={tls}").says(&["requires TLS", "--tls or TEMPORAL_TLS=true"]),
        Row::env("TEMPORAL_ADDRESS={mutual}").says(&["requires TLS"]),
        plain!("TEMPORAL_TLS=true").says(&["does not speak TLS", "--tls=false"]),
        Row::env("TEMPORAL_ADDRESS={tls} TEMPORAL_TLS=true").says(&[
            "https://{tls}",
            "unknown CA",
            "--tls-ca-path",
        ]),
        Row::env("TEMPORAL_ADDRESS={tls} TEMPORAL_TLS_SERVER_CA_CERT_PATH={other.pem}")
            .says(&["unknown CA", "--tls-ca-path"]),
        with_ca!("{tls}"),
        with_ca!("{tls}" "TEMPORAL_API_KEY=x"),
        with_ca!("{tls}" "TEMPORAL_TLS_SERVER_NAME=localhost"),
        with_ca!("{tls}" "TEMPORAL_TLS_SERVER_NAME=wrong.name").says(&[
            "another name",
            "wrong.name",
            "--tls-server-name",
        ]),
        with_ca!("{tls}" "TEMPORAL_TLS_DISABLE_HOST_VERIFICATION=true"),
        Row::env("TEMPORAL_ADDRESS={tls} TEMPORAL_TLS_DISABLE_HOST_VERIFICATION=true"),
        with_ca!("{expired}").says(&["has expired", "clock"]),
        Row::env("TEMPORAL_ADDRESS={expired} TEMPORAL_TLS_DISABLE_HOST_VERIFICATION=1"),
    ]
}

fn certificates() -> Vec<Row> {
    vec![
        with_ca!("{mutual}").says(&["client certificate", "--tls-cert-path", "--tls-key-path"]),
        with_ca!("{mutual}"
            "TEMPORAL_TLS_CLIENT_CERT_PATH={client.pem} TEMPORAL_TLS_CLIENT_KEY_PATH={client.key}"),
        with_ca!("{mutual}" "TEMPORAL_TLS_CLIENT_CERT_PATH={client.pem}")
            .says(&["without its private key"]),
        with_ca!("{mutual}" "TEMPORAL_TLS_CLIENT_KEY_PATH={client.key}")
            .says(&["without its client certificate"]),
        Row::env("TEMPORAL_ADDRESS={tls} TEMPORAL_TLS_SERVER_CA_CERT_PATH={missing.pem}").says(&[
            "CA certificate",
            "missing.pem",
            "No such file",
        ]),
        Row::env("TEMPORAL_ADDRESS={tls} TEMPORAL_TLS_SERVER_CA_CERT_PATH={ca.key}").says(&[
            "CA certificate",
            "ca.key",
            "not valid PEM",
        ]),
        with_ca!("{tls}" "TEMPORAL_TLS_SERVER_CA_CERT_DATA=x")
            .says(&["TEMPORAL_TLS_SERVER_CA_CERT_PATH and TEMPORAL_TLS_SERVER_CA_CERT_DATA"]),
    ]
}

fn flags() -> Vec<Row> {
    vec![
        Row::env("TEMPORAL_ADDRESS=127.0.0.1:1").args("--address {plain}"),
        Row::env("").args("--address {tls} --tls --tls-disable-host-verification"),
        Row::env("").args("--address {tls} --tls-ca-path {ca.pem}"),
        Row::env("").args("--address {mutual} --tls-ca-path {ca.pem} --tls-cert-path {client.pem} --tls-key-path {client.key}"),
        Row::env("").args("--address {mutual} --tls-ca-data {ca.pem:text} --tls-cert-data {client.pem:text} --tls-key-data {client.key:text}"),
        Row::env("").args("--address {tls} --tls-ca-data junk").says(&["not valid PEM"]),
        plain!().args("--grpc-meta x-one=1 --grpc-meta x_two=a=b"),
        plain!().args("--grpc-meta x-one").says(&["--grpc-meta"]),
        Row::env("TEMPORAL_TLS=true").args("--address {plain} --tls=false"),
        Row::env("TEMPORAL_API_KEY=x").args("--address {plain} --tls=false"),
        plain!("TEMPORAL_NAMESPACE=nowhere").args("--namespace default"),
        plain!().args("--profile nobody").says(&["\"nobody\"", "--profile"]),
        // The CLI has no such flag.
        with_ca!("{tls}").args("--api-key-file {api-key}").unlike_the_cli(),
        with_ca!("{tls}").args("--api-key-file {missing.pem}").says(&["--api-key-file", "missing.pem"]),
    ]
}
