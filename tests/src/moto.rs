//! moto's server: what AWS answers, in its own shapes.

use std::{path::Path, process::Command, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{Process, running::clean, wait_for};

/// It may have to be fetched first.
const START_LIMIT: Duration = Duration::from_secs(300);
/// What stands in its log before the address at which it listens.
const LISTENS: &str = "Running on http://";
/// moto tells services apart by what a request is signed for; who signed is all the same.
const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260101/us-east-1";
/// An archive with nothing in it, in base64.
const EMPTY_ZIP: &str = "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==";
const FUNCTION_ROLE: &str = "arn:aws:iam::123456789012:role/function";

/// The server. It ends when it is dropped.
#[derive(Debug)]
pub struct Moto {
    process: Process,
    address: String,
    /// Where it listens.
    pub url: String,
}

impl Moto {
    /// Starts it, and waits until it answers. It knows the role that functions run with.
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
            assert!(process.is_alive(), "moto ended; see tools/moto:\n{log}");
            log.split_once(LISTENS)?.1.split_whitespace().next().map(str::to_owned)
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

    /// Creates the version 1 of a function.
    pub async fn create_function(&self, name: &str, timeout_secs: u32) {
        let function = json!({"FunctionName": name, "Role": FUNCTION_ROLE, "Publish": true,
            "Runtime": "provided.al2023", "Handler": "bootstrap", "Timeout": timeout_secs,
            "Code": {"ZipFile": EMPTY_ZIP}});
        self.json("POST", "/2015-03-31/functions", &function).await;
    }

    /// Has Lambda keep events of the function's version 1 for a minute and try none again.
    pub async fn keep_no_events(&self, name: &str) {
        let path = format!("/2019-09-25/functions/{name}/event-invoke-config?Qualifier=1");
        let config = json!({"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60});
        self.json("PUT", &path, &config).await;
    }

    /// Requests so far whose line in its log contains `what`.
    pub fn requests(&self, what: &str) -> usize {
        self.process.log().lines().filter(|line| line.contains(what)).count()
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
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8_lossy(&answer);
        let status = answer.split_whitespace().nth(1).unwrap_or_default();
        assert!(status.starts_with('2'), "{method} {path}: {answer}");
    }
}
