//! moto's server, which emulates AWS.

use std::{path::Path, process::Command, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{Process, running::clean, wait_for};

/// Includes the time to fetch it.
const START_LIMIT: Duration = Duration::from_secs(300);
/// The text before its address in its log.
const ADDRESS_LOG: &str = "Running on http://";
/// moto distinguishes services by the scope of the signature, and does not check who signed.
const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260101/us-east-1";
/// An empty archive, in base64.
const EMPTY_ZIP: &str = "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==";
const FUNCTION_ROLE: &str = "arn:aws:iam::123456789012:role/function";

/// The server; killed when it is dropped.
#[derive(Debug)]
pub struct Moto {
    process: Process,
    address: String,
    /// Its URL.
    pub url: String,
}

impl Moto {
    /// Starts it, waits until it responds, and creates the role of the functions.
    pub async fn start(dir: &Path) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tools/moto");
        let mut command = Command::new(script);
        clean(&mut command);
        command.args(["-H", "127.0.0.1", "-p", "0"]);
        for name in ["WCI_MOTO", "PIP_INDEX_URL", "PIP_CONFIG_FILE", "HTTPS_PROXY"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        let mut process = Process::start(&mut command, &dir.join("moto.log"));
        let address = wait_for("moto", START_LIMIT, async || {
            let log = process.log();
            assert!(process.is_running(), "moto exited; see tools/moto:\n{log}");
            log.split_once(ADDRESS_LOG)?.1.split_whitespace().next().map(str::to_owned)
        });
        let address = address.await;
        let moto = Self { process, url: format!("http://{address}"), address };
        let config = json!({"lambda": {"use_docker": false}});
        moto.send("POST", "/moto-api/config", "iam", "application/json", &config.to_string()).await;
        let role = "Action=CreateRole&Version=2010-05-08&RoleName=function\
                    &AssumeRolePolicyDocument=%7B%7D";
        moto.send("POST", "/", "iam", "application/x-www-form-urlencoded", role).await;
        moto
    }

    /// Creates version 1 of a function.
    pub async fn create_function(&self, name: &str, timeout_secs: u32) {
        let function = json!({"FunctionName": name, "Role": FUNCTION_ROLE, "Publish": true,
            "Runtime": "provided.al2023", "Handler": "bootstrap", "Timeout": timeout_secs,
            "Code": {"ZipFile": EMPTY_ZIP}});
        self.json("POST", "/2015-03-31/functions", &function).await;
    }

    /// Sets the event config of the function's version 1: events expire after a minute, no retries.
    pub async fn limit_events(&self, name: &str) {
        let path = format!("/2019-09-25/functions/{name}/event-invoke-config?Qualifier=1");
        let config = json!({"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60});
        self.json("PUT", &path, &config).await;
    }

    /// The number of requests so far whose line in the log contains `text`.
    pub fn requests(&self, text: &str) -> usize {
        self.process.log().lines().filter(|line| line.contains(text)).count()
    }

    async fn json(&self, method: &str, path: &str, body: &Value) {
        self.send(method, path, "lambda", "application/json", &body.to_string()).await;
    }

    async fn send(&self, method: &str, path: &str, service: &str, kind: &str, body: &str) {
        let request = format!(
            "{method} {path} HTTP/1.0\r\nHost: {}\r\nAuthorization: {SIGNED}/{service}/aws4_request\
             \r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut response = Vec::new();
        stream.read_to_end(&mut response).await.unwrap();
        let response = String::from_utf8_lossy(&response);
        let status = response.split_whitespace().nth(1).unwrap_or_default();
        assert!(status.starts_with('2'), "{method} {path}: {response}");
    }
}
