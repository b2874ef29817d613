//! A line to a server on which all of its answers are heard.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream},
};

/// Stands between somebody and a server of the address that it was made for.
#[derive(Debug)]
pub struct Tap {
    heard: Arc<Mutex<Vec<u8>>>,
    /// Where it listens.
    pub url: String,
}

impl Tap {
    /// A line to `url`, of plain HTTP.
    pub async fn to(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let tap = format!("http://{}", listener.local_addr().unwrap());
        let server = url.trim_start_matches("http://").to_owned();
        let heard = Arc::<Mutex<Vec<u8>>>::default();
        let ears = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(relay(client, server.clone(), Arc::clone(&ears)));
            }
        });
        Self { heard, url: tap }
    }

    /// What stood between `<name>` and `</name>` in the answers so far.
    pub fn elements(&self, name: &str) -> Vec<String> {
        let heard = String::from_utf8_lossy(&self.heard.lock().unwrap()).into_owned();
        let (begins, ends) = (format!("<{name}>"), format!("</{name}>"));
        let begun = heard.split(&begins).skip(1);
        begun.filter_map(|rest| Some(rest.split_once(&ends)?.0.to_owned())).collect()
    }
}

async fn relay(client: TcpStream, server: String, heard: Arc<Mutex<Vec<u8>>>) {
    let Ok(server) = TcpStream::connect(server).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    tokio::spawn(async move { copy(&mut from_client, &mut to_server).await });
    let mut part = [0; 4096];
    while let Ok(length @ 1..) = from_server.read(&mut part).await {
        heard.lock().unwrap().extend(&part[..length]);
        if to_client.write_all(&part[..length]).await.is_err() {
            return;
        }
    }
}
