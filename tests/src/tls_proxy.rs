//! TLS in front of a server, with certificates of its own.

use std::{fs, path::Path, process::Command, sync::Arc};

use rustls::{
    RootCertStore, ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// Makes a CA (`ca.pem`), two certificates of a server by it (`server.pem`, `expired.pem`), one of
/// a client (`client.pem`), and another CA (`other.pem`).
const CERTIFICATES: &str = r#"
set -e
key() { openssl req "$@" -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes; }
sign() { openssl x509 -req -CA ca.pem -CAkey ca.key -CAcreateserial "$@"; }
key -x509 -keyout ca.key -out ca.pem -days 2 -subj /CN=ca
key -x509 -keyout other.key -out other.pem -days 2 -subj /CN=other
key -keyout server.key -out server.csr -subj /CN=server
key -keyout client.key -out client.csr -subj /CN=client
echo subjectAltName=DNS:localhost,IP:127.0.0.1 > server.ext
echo extendedKeyUsage=clientAuth > client.ext
sign -in server.csr -days 2 -extfile server.ext -out server.pem
sign -in server.csr -days -1 -extfile server.ext -out expired.pem
sign -in client.csr -days 2 -extfile client.ext -out client.pem
"#;

/// Certificates and keys in one folder.
#[derive(Debug)]
pub struct Certificates<'a>(&'a Path);

impl<'a> Certificates<'a> {
    /// Makes them in `dir`, with the `openssl` command.
    pub fn make(dir: &'a Path) -> Self {
        let made = Command::new("sh").args(["-c", CERTIFICATES]).current_dir(dir).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Self(dir)
    }

    /// The path of one.
    pub fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    /// Listens with the server's certificate `name` in front of the server at `behind`, and
    /// requires a certificate of clients if `is_mutual`. Returns its address. It listens for as long
    /// as the test's runtime lives.
    pub async fn listen(&self, name: &str, is_mutual: bool, behind: &str) -> String {
        let acceptor = TlsAcceptor::from(Arc::new(self.server(name, is_mutual)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let behind = behind.to_owned();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (acceptor, behind) = (acceptor.clone(), behind.clone());
                tokio::spawn(async move {
                    let mut client = acceptor.accept(client).await?;
                    let mut server = TcpStream::connect(behind).await?;
                    tokio::io::copy_bidirectional(&mut client, &mut server).await
                });
            }
        });
        address
    }

    fn server(&self, name: &str, is_mutual: bool) -> ServerConfig {
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = if is_mutual {
            let mut roots = RootCertStore::empty();
            roots.add(self.certificate("ca.pem")).unwrap();
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.unwrap())
        } else {
            builder.with_no_client_auth()
        };
        let key = PrivateKeyDer::from_pem_slice(&fs::read(self.path("server.key")).unwrap());
        let chain = vec![self.certificate(name)];
        let mut config = builder.with_single_cert(chain, key.unwrap()).unwrap();
        config.alpn_protocols = vec![b"h2".to_vec()];
        config
    }

    fn certificate(&self, name: &str) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(&fs::read(self.path(name)).unwrap()).unwrap()
    }
}
