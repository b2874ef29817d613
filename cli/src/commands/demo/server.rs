//! A dev server on free ports that announces tasks to instances.

use std::{net::TcpListener, path::Path, time::Duration};

use temporalio_client::{Connection, tonic::IntoRequest};
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeNamespaceRequest;

use super::{child::Child, wait_for::wait_for};
use crate::connection::ConnectionArgs;

/// Announce tasks to instances, and cancel the polls of a worker that shuts down, so that no task is
/// dispatched to a worker that exited.
const SETTINGS: [&str; 2] =
    ["workercontroller.enabled=true", "frontend.enableCancelWorkerPollsOnShutdown=true"];
const START_LIMIT: Duration = Duration::from_secs(60);

/// The server and a connection to it.
pub(super) struct Server {
    pub(super) process: Child,
    pub(super) connection: Connection,
    pub(super) address: String,
    /// Address of the web UI, if requested.
    pub(super) ui: Option<String>,
}

impl Server {
    /// Starts it and waits until it responds.
    pub(super) async fn start(temporal: &Path, logs: &Path, with_ui: bool) -> anyhow::Result<Self> {
        let [port, ui_port] = free_ports()?;
        let address = format!("127.0.0.1:{port}");
        let mut args: Vec<String> =
            ["server", "start-dev", "--log-level", "error", "--port"].map(Into::into).into();
        args.push(port.to_string());
        for setting in SETTINGS {
            args.extend(["--dynamic-config-value", setting].map(Into::into));
        }
        if with_ui {
            args.extend(["--ui-port".into(), ui_port.to_string()]);
        } else {
            args.push("--headless".into());
        }
        let mut process = Child::start("server", temporal, &args, logs)?;
        let target = ConnectionArgs { address: Some(address.clone()), ..Default::default() };
        let target = target.target()?;
        let connection = wait_for("the dev server", START_LIMIT, async || {
            process.check()?;
            let connection = target.connect().await?;
            let request =
                DescribeNamespaceRequest { namespace: "default".into(), ..Default::default() };
            connection.workflow_service().describe_namespace(request.into_request()).await?;
            Ok(Some(connection))
        })
        .await?;
        let ui = with_ui.then(|| format!("http://127.0.0.1:{ui_port}"));
        Ok(Self { process, connection, address, ui })
    }

    /// Version of the server.
    pub(super) async fn version(&self) -> anyhow::Result<String> {
        let request = Default::default();
        let mut service = self.connection.workflow_service();
        let info = service.get_cluster_info(tonic_request(request)).await?.into_inner();
        Ok(info.server_version)
    }
}

fn tonic_request<T>(message: T) -> temporalio_client::tonic::Request<T> {
    temporalio_client::tonic::Request::new(message)
}

/// Two different free ports: both are bound before either is released.
fn free_ports() -> std::io::Result<[u16; 2]> {
    let listeners = [TcpListener::bind("127.0.0.1:0")?, TcpListener::bind("127.0.0.1:0")?];
    Ok([listeners[0].local_addr()?.port(), listeners[1].local_addr()?.port()])
}
