//! A TCP proxy that records the responses of a server.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream},
};

/// A proxy in front of one server.
#[derive(Debug)]
pub struct RecordingProxy {
    responses: Arc<Mutex<Vec<u8>>>,
    /// Its URL.
    pub url: String,
}

impl RecordingProxy {
    /// Starts a proxy for `url`, of plain HTTP.
    pub async fn to(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy_url = format!("http://{}", listener.local_addr().unwrap());
        let server = url.trim_start_matches("http://").to_owned();
        let responses = Arc::<Mutex<Vec<u8>>>::default();
        let recorded = Arc::clone(&responses);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(relay(client, server.clone(), Arc::clone(&recorded)));
            }
        });
        Self { responses, url: proxy_url }
    }

    /// The texts between `<name>` and `</name>` in the responses so far.
    pub fn elements(&self, name: &str) -> Vec<String> {
        let responses = String::from_utf8_lossy(&self.responses.lock().unwrap()).into_owned();
        let (begins, ends) = (format!("<{name}>"), format!("</{name}>"));
        let begun = responses.split(&begins).skip(1);
        begun.filter_map(|rest| Some(rest.split_once(&ends)?.0.to_owned())).collect()
    }
}

async fn relay(client: TcpStream, server: String, responses: Arc<Mutex<Vec<u8>>>) {
    let Ok(server) = TcpStream::connect(server).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    tokio::spawn(async move { copy(&mut from_client, &mut to_server).await });
    let mut part = [0; 4096];
    while let Ok(length @ 1..) = from_server.read(&mut part).await {
        responses.lock().unwrap().extend(&part[..length]);
        if to_client.write_all(&part[..length]).await.is_err() {
            return;
        }
    }
}
