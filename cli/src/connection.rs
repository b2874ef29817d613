//! The connection to the server, from flags, environment and `temporal.toml`, as in the `temporal`
//! CLI.

use std::{path::Path, time::Duration};

use anyhow::{anyhow, bail};
use temporalio_client::{
    Client, ClientOptions, Connection, ConnectionOptions,
    envconfig::{ClientConfigProfile, DataSource, LoadClientConfigProfileOptions},
};
use temporalio_common::{
    data_converters::{DataConverter, DefaultPayloadCodec, PayloadConverter},
    envconfig::{ClientConfigTLS, load_client_config_profile},
};
use wci_workflows::TypedFailures;

/// Time limit of connecting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Connection flags. A flag overrides the environment, which overrides the file.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Connection")]
pub struct ConnectionArgs {
    /// Address of the Temporal server [env: TEMPORAL_ADDRESS] [default: localhost:7233]
    #[arg(long, global = true, value_name = "HOST:PORT")]
    pub address: Option<String>,
    /// API key [env: TEMPORAL_API_KEY]
    #[arg(long, global = true, value_name = "KEY", hide_env_values = true)]
    pub api_key: Option<String>,
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
    /// Private key of the client certificate, a PEM file [env: TEMPORAL_TLS_CLIENT_KEY_PATH]
    #[arg(long, global = true, value_name = "FILE")]
    pub tls_key_path: Option<String>,
    /// CA certificate of the server, a PEM file
    /// [env: TEMPORAL_TLS_SERVER_CA_CERT_PATH]
    #[arg(long, global = true, value_name = "FILE")]
    pub tls_ca_path: Option<String>,
    /// Expected name in the server's certificate [env: TEMPORAL_TLS_SERVER_NAME]
    #[arg(long, global = true, value_name = "NAME")]
    pub tls_server_name: Option<String>,
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
        // The SDK treats a missing file as empty, and would connect to another server.
        if let Some(file) = &self.config_file
            && !Path::new(file).is_file()
        {
            bail!("--config-file {file}: no such file");
        }
        let options = LoadClientConfigProfileOptions::builder()
            .maybe_config_source(self.config_file.clone().map(DataSource::Path))
            .maybe_config_file_profile(self.profile.clone())
            .build();
        let mut profile = load_client_config_profile(options, None).map_err(|e| {
            anyhow!("cannot read the connection settings, see --config-file and --profile: {e}")
        })?;
        self.override_profile(&mut profile)?;
        let namespace = profile.namespace.clone().unwrap_or_else(|| "default".to_owned());
        let address = profile.address.clone().unwrap_or_default();
        let mut options = ConnectionOptions::try_from(profile).map_err(|e| {
            anyhow!("cannot connect to {address:?}: {e}; see --address and the --tls flags")
        })?;
        options.identity = identity();
        options.connect_timeout = Some(CONNECT_TIMEOUT);
        Ok(Target { options, namespace })
    }

    fn override_profile(&self, profile: &mut ClientConfigProfile) -> anyhow::Result<()> {
        let Self {
            address,
            api_key,
            profile: _,
            config_file: _,
            tls,
            tls_cert_path,
            tls_key_path,
            tls_ca_path,
            tls_server_name,
        } = self;
        let names_files = [tls_cert_path, tls_key_path, tls_ca_path, tls_server_name];
        if *tls == Some(false) && names_files.iter().any(|flag| flag.is_some()) {
            bail!("--tls=false contradicts the other --tls flags: remove one of them");
        }
        if address.is_some() {
            profile.address.clone_from(address);
        }
        if api_key.is_some() {
            profile.api_key.clone_from(api_key);
        }
        if tls.is_none() && names_files.iter().all(|flag| flag.is_none()) {
            return Ok(());
        }
        let settings = profile.tls.get_or_insert_with(ClientConfigTLS::default);
        settings.disabled = Some(*tls == Some(false));
        let put = |slot: &mut Option<DataSource>, path: &Option<String>| {
            if let Some(path) = path {
                *slot = Some(DataSource::Path(path.clone()));
            }
        };
        put(&mut settings.client_cert, tls_cert_path);
        put(&mut settings.client_key, tls_key_path);
        put(&mut settings.server_ca_cert, tls_ca_path);
        if tls_server_name.is_some() {
            settings.server_name.clone_from(tls_server_name);
        }
        Ok(())
    }
}

impl Target {
    /// Connects. Errors name the address.
    pub async fn connect(&self) -> anyhow::Result<Connection> {
        let address = self.options.target.as_str().trim_end_matches('/').to_owned();
        Connection::connect(self.options.clone()).await.map_err(|error| {
            anyhow!(
                "no Temporal server responds at {address} ({}): start one (temporal server \
                 start-dev) or set another with --address or TEMPORAL_ADDRESS",
                root_cause(&error)
            )
        })
    }
}

/// The root cause of `error`; the layers above only repeat it.
fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// A client for `namespace` that keeps the types of failures.
pub fn client(connection: Connection, namespace: &str) -> anyhow::Result<Client> {
    let converter = DataConverter::new(
        PayloadConverter::default(),
        TypedFailures::default(),
        DefaultPayloadCodec,
    );
    let options = ClientOptions::new(namespace).data_converter(converter).build();
    Ok(Client::new(connection, options)?)
}

/// The identity of this process in histories and in the UI.
pub fn identity() -> String {
    let host = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    format!("wci:{}@{}", std::process::id(), host.as_deref().unwrap_or("localhost"))
}
