//! The connection to the server, from flags, environment and `temporal.toml`, as in the `temporal`
//! CLI.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, anyhow, bail};
use temporal_client_connection::{
    ClientConfigProfile, ClientConfigTLS, DataSource, Environment, ProfileSource, SettingNames,
    SettingsError, Subject, connect, load, options,
};
use temporalio_client::{Client, ClientOptions, Connection, ConnectionOptions};
use temporalio_common::data_converters::{
    DataConverter, DefaultPayloadCodec, PayloadCodec, PayloadConverter,
};
use wci_workflows::TypedFailures;

/// Time limit of connecting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Connection flags. A flag overrides the environment, which overrides the file. An empty flag
/// counts as missing.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Connection")]
pub struct ConnectionArgs {
    /// Address of the Temporal server [env: TEMPORAL_ADDRESS] [default: localhost:7233]
    #[arg(long, global = true, value_name = "HOST:PORT")]
    pub address: Option<String>,
    /// API key; other users of this machine can see it in the process list: prefer
    /// --api-key-file [env: TEMPORAL_API_KEY]
    #[arg(long, global = true, value_name = "KEY", hide_env_values = true)]
    pub api_key: Option<String>,
    /// File with the API key, as a secret is mounted
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "api_key")]
    pub api_key_file: Option<PathBuf>,
    /// Header of each request; repeatable. The variables TEMPORAL_GRPC_META_… set headers, too
    #[arg(long, global = true, value_name = "NAME=VALUE")]
    pub grpc_meta: Vec<String>,
    /// Profile of temporal.toml to use [env: TEMPORAL_PROFILE] [default: default]
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// Configuration file [env: TEMPORAL_CONFIG_FILE] [default: temporal.toml in the user's
    /// configuration folder]
    #[arg(long, global = true, value_name = "FILE")]
    pub config_file: Option<String>,
    /// Use TLS [env: TEMPORAL_TLS]
    #[arg(long, global = true, num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    pub tls: Option<bool>,
    /// Client certificate, a PEM file [env: TEMPORAL_TLS_CLIENT_CERT_PATH]
    #[arg(long, global = true, value_name = "FILE")]
    pub tls_cert_path: Option<String>,
    /// Client certificate, as PEM text
    /// [env: TEMPORAL_TLS_CLIENT_CERT_DATA]
    #[arg(
        long,
        global = true,
        value_name = "PEM",
        conflicts_with = "tls_cert_path",
        allow_hyphen_values = true
    )]
    pub tls_cert_data: Option<String>,
    /// Private key of the client certificate, a PEM file [env: TEMPORAL_TLS_CLIENT_KEY_PATH]
    #[arg(long, global = true, value_name = "FILE")]
    pub tls_key_path: Option<String>,
    /// Private key of the client certificate, as PEM text; prefer --tls-key-path, since other
    /// users of this machine can see it in the process list
    /// [env: TEMPORAL_TLS_CLIENT_KEY_DATA]
    #[arg(
        long,
        global = true,
        value_name = "PEM",
        conflicts_with = "tls_key_path",
        allow_hyphen_values = true
    )]
    pub tls_key_data: Option<String>,
    /// CA certificate of the server, a PEM file
    /// [env: TEMPORAL_TLS_SERVER_CA_CERT_PATH]
    #[arg(long, global = true, value_name = "FILE")]
    pub tls_ca_path: Option<String>,
    /// CA certificate of the server, as PEM text
    /// [env: TEMPORAL_TLS_SERVER_CA_CERT_DATA]
    #[arg(
        long,
        global = true,
        value_name = "PEM",
        conflicts_with = "tls_ca_path",
        allow_hyphen_values = true
    )]
    pub tls_ca_data: Option<String>,
    /// Expected name in the server's certificate [env: TEMPORAL_TLS_SERVER_NAME]
    #[arg(long, global = true, value_name = "NAME")]
    pub tls_server_name: Option<String>,
    /// Accept every certificate of the server, for tests only
    /// [env: TEMPORAL_TLS_DISABLE_HOST_VERIFICATION]
    #[arg(long, global = true, num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    pub tls_disable_host_verification: Option<bool>,
}

/// A resolved connection.
#[derive(Clone)]
pub struct Target {
    /// Options for the SDK.
    pub options: ConnectionOptions,
    /// The namespace from environment or file, else `default`.
    pub namespace: String,
}

impl ConnectionArgs {
    /// Resolves flags, environment and file.
    ///
    /// # Errors
    /// A file is missing or invalid, or the flags contradict each other.
    pub fn target(&self) -> anyhow::Result<Target> {
        // A flag names a file that is there, or a mistake would lead to another server.
        let file = given(&self.config_file);
        if let Some(file) = file
            && !Path::new(file).is_file()
        {
            bail!("--config-file {file}: no such file");
        }
        let source = ProfileSource {
            file: file.map(PathBuf::from),
            profile: given(&self.profile).cloned(),
            user_file: true,
        };
        let environment = Environment::of_process().map_err(with_flags)?;
        let mut profile = load(&source, &environment).map_err(with_flags)?;
        self.override_profile(&mut profile)?;
        let namespace = profile.namespace.clone().unwrap_or_else(|| "default".to_owned());
        let mut options = options(profile).map_err(with_flags)?;
        options.identity = identity();
        Ok(Target { options, namespace })
    }

    fn override_profile(&self, profile: &mut ClientConfigProfile) -> anyhow::Result<()> {
        if let Some(address) = given(&self.address) {
            profile.address = Some(address.clone());
        }
        if let Some(key) = self.key()? {
            profile.api_key = Some(key);
        }
        for text in &self.grpc_meta {
            let (name, value) = header(text)?;
            profile.grpc_meta.insert(name, value);
        }
        self.override_tls(profile)
    }

    /// The API key of the flags.
    fn key(&self) -> anyhow::Result<Option<String>> {
        let Some(file) = &self.api_key_file else { return Ok(given(&self.api_key).cloned()) };
        let place = || format!("cannot read the API key in --api-key-file {}", file.display());
        let key = fs::read_to_string(file).with_context(place)?.trim().to_owned();
        if key.is_empty() {
            bail!("--api-key-file {}: the file is empty", file.display());
        }
        Ok(Some(key))
    }

    fn override_tls(&self, profile: &mut ClientConfigProfile) -> anyhow::Result<()> {
        let [cert, key, ca] = [
            (&self.tls_cert_path, &self.tls_cert_data),
            (&self.tls_key_path, &self.tls_key_data),
            (&self.tls_ca_path, &self.tls_ca_data),
        ]
        .map(|(path, data)| pem(path, data));
        let name = given(&self.tls_server_name);
        let is_unverified = self.tls_disable_host_verification;
        let has_others = [&cert, &key, &ca].into_iter().any(Option::is_some)
            || name.is_some()
            || is_unverified == Some(true);
        if self.tls == Some(false) && has_others {
            bail!("--tls=false contradicts the other --tls flags: remove one of them");
        }
        if self.tls.is_none() && !has_others && is_unverified.is_none() {
            return Ok(());
        }
        let settings = profile.tls.get_or_insert_with(ClientConfigTLS::default);
        if self.tls.is_some() || has_others {
            settings.disabled = Some(self.tls == Some(false));
        }
        for (slot, source) in [
            (&mut settings.client_cert, cert),
            (&mut settings.client_key, key),
            (&mut settings.server_ca_cert, ca),
        ] {
            if source.is_some() {
                *slot = source;
            }
        }
        if let Some(name) = name {
            settings.server_name = Some(name.clone());
        }
        if let Some(is_unverified) = is_unverified {
            settings.disable_host_verification = is_unverified;
        }
        Ok(())
    }
}

/// The value of a flag that is not empty.
fn given(flag: &Option<String>) -> Option<&String> {
    flag.as_ref().filter(|value| !value.is_empty())
}

/// Where the flags say that a certificate or key is.
fn pem(path: &Option<String>, data: &Option<String>) -> Option<DataSource> {
    let path = given(path).map(|path| DataSource::Path(path.clone()));
    path.or_else(|| given(data).map(|data| DataSource::Data(data.clone().into_bytes())))
}

/// Parses a header. Its name is lower case with hyphens, as in the variables.
fn header(text: &str) -> anyhow::Result<(String, String)> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => {
            Ok((name.to_lowercase().replace('_', "-"), value.to_owned()))
        }
        _ => bail!("--grpc-meta {text:?}: write NAME=VALUE"),
    }
}

/// Adds the flags that change what `error` is about.
fn with_flags(error: SettingsError) -> anyhow::Error {
    let flags = match error.subject() {
        Subject::Profile => "; see --config-file and --profile",
        Subject::Address => "; see --address",
        Subject::Tls => "; see the --tls flags and the variables TEMPORAL_TLS_…",
        Subject::Variable => ", or unset",
    };
    anyhow!("cannot use the connection settings: {error}{flags}")
}

impl Target {
    /// Connects. Errors name the address and say what to do.
    pub async fn connect(&self) -> anyhow::Result<Connection> {
        connect(self.options.clone(), CONNECT_TIMEOUT)
            .await
            .map_err(|error| anyhow!("{error}; {}", error.remedy(SettingNames::FlagsAndVariables)))
    }
}

/// A client for `namespace` that keeps the types of failures.
pub fn client(connection: Connection, namespace: &str) -> anyhow::Result<Client> {
    client_with_codec(connection, namespace, DefaultPayloadCodec)
}

/// The same with a codec.
pub fn client_with_codec(
    connection: Connection,
    namespace: &str,
    codec: impl PayloadCodec + Send + Sync + 'static,
) -> anyhow::Result<Client> {
    let converter =
        DataConverter::new(PayloadConverter::default(), TypedFailures::default(), codec);
    let options = ClientOptions::new(namespace).data_converter(converter).build();
    Ok(Client::new(connection, options)?)
}

/// The identity of this process in histories and in the UI.
pub fn identity() -> String {
    let host = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    format!("wci:{}@{}", std::process::id(), host.as_deref().unwrap_or("localhost"))
}
