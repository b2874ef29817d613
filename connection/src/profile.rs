//! One profile of a configuration file.

use std::collections::HashMap;

use temporalio_common::envconfig::{
    ClientConfigCodec, ClientConfigProfile, ClientConfigTLS, DataSource,
};
use toml::{Table, Value};

/// Reads `table`, the profile's section. Keys that it does not know are ignored, empty values count
/// as unset, as in the `temporal` CLI.
///
/// # Errors
/// A sentence about the first key whose value is invalid.
pub(crate) fn read(table: &Table) -> Result<ClientConfigProfile, String> {
    let root = Section { path: "", table };
    let tls = root.section("tls")?.map(|section| read_tls(&section)).transpose()?;
    let codec = root.section("codec")?.map(|section| read_codec(&section)).transpose()?;
    Ok(ClientConfigProfile::builder()
        .maybe_address(root.text("address")?)
        .maybe_namespace(root.text("namespace")?)
        .maybe_api_key(root.text("api_key")?)
        .maybe_tls(tls)
        .maybe_codec(codec)
        .grpc_meta(read_headers(&root)?)
        .build())
}

fn read_tls(section: &Section<'_>) -> Result<ClientConfigTLS, String> {
    Ok(ClientConfigTLS::builder()
        .maybe_disabled(section.boolean("disabled")?)
        .maybe_client_cert(section.source("client_cert_path", "client_cert_data")?)
        .maybe_client_key(section.source("client_key_path", "client_key_data")?)
        .maybe_server_ca_cert(section.source("server_ca_cert_path", "server_ca_cert_data")?)
        .maybe_server_name(section.text("server_name")?)
        .disable_host_verification(section.boolean("disable_host_verification")?.unwrap_or(false))
        .build())
}

fn read_codec(section: &Section<'_>) -> Result<ClientConfigCodec, String> {
    Ok(ClientConfigCodec::builder()
        .maybe_endpoint(section.text("endpoint")?)
        .maybe_auth(section.text("auth")?)
        .build())
}

fn read_headers(root: &Section<'_>) -> Result<HashMap<String, String>, String> {
    let Some(section) = root.section("grpc_meta")? else { return Ok(HashMap::new()) };
    let header = |name: &String| {
        // As the SDK and the CLI write names of headers.
        let normalized = name.to_lowercase().replace('_', "-");
        Ok(section.text(name)?.map(|value| (normalized, value)))
    };
    section.table.keys().filter_map(|name| header(name).transpose()).collect()
}

/// A table of the profile, and where it is.
struct Section<'a> {
    /// Ends with a dot, unless it is empty.
    path: &'a str,
    table: &'a Table,
}

impl<'a> Section<'a> {
    fn section(&self, key: &'static str) -> Result<Option<Section<'a>>, String> {
        let path = match key {
            "tls" => "tls.",
            "codec" => "codec.",
            _ => "grpc_meta.",
        };
        match self.table.get(key) {
            None => Ok(None),
            Some(Value::Table(table)) => Ok(Some(Section { path, table })),
            Some(_) => Err(format!("{key} must be a table, written [profile.NAME.{key}]")),
        }
    }

    fn text(&self, key: &str) -> Result<Option<String>, String> {
        match self.table.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
            Some(_) => Err(format!("{}{key} must be a string in quotes", self.path)),
        }
    }

    fn boolean(&self, key: &str) -> Result<Option<bool>, String> {
        match self.table.get(key) {
            None => Ok(None),
            Some(Value::Boolean(value)) => Ok(Some(*value)),
            Some(_) => Err(format!("{}{key} must be true or false, without quotes", self.path)),
        }
    }

    /// A file, or the data itself.
    fn source(&self, path: &str, data: &str) -> Result<Option<DataSource>, String> {
        match (self.text(path)?, self.text(data)?) {
            (Some(_), Some(_)) => {
                let at = self.path;
                Err(format!("{at}{path} and {at}{data} are both set: remove one of them"))
            }
            (Some(path), None) => Ok(Some(DataSource::Path(path))),
            (None, Some(data)) => Ok(Some(DataSource::Data(data.into_bytes()))),
            (None, None) => Ok(None),
        }
    }
}
