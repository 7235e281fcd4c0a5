//! How a server of PostgreSQL is reached: by which connection string, and encrypted where it is another machine's.
//!
//! What a keeper records is what it will do, so whoever stands between it and its server must neither read nor change it. A server on
//! another machine is spoken to by TLS alone, and its certificate must be of the host that was named, unless the operator says
//! `sslmode=disable`. Certificates are judged by what the system trusts, or by the one file that `sslrootcert` names.

use std::{
    fs,
    future::Future,
    io,
    net::IpAddr,
    path::PathBuf,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use postgres::{
    Config, Socket,
    config::{Host, SslMode},
    tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::{
    TlsConnector, client,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, InvalidDnsNameError, ServerName, pem::PemObject},
    },
};

use super::store::StoreError;

/// What a connection string of `libpq` says, and how to encrypt. Of what that knows of TLS, `sslmode` may be `disable`, `require`,
/// `verify-ca` or `verify-full`, and the last three are the same: every certificate is verified, with its name. `sslrootcert` is a file of
/// certificates in PEM; it is read in strings of the form `key=value …`.
///
/// Errors: why it cannot be used; none repeats the string, which may hold a password.
pub(crate) fn open(text: &str) -> Result<(Config, Connector), StoreError> {
    let (text, roots) = known(text);
    let parsed: Result<Config, _> = text.parse();
    let mut config = parsed
        .map_err(|_| StoreError::failed("the connection string of PostgreSQL cannot be read"))?;
    let mode = mode(&config);
    config.ssl_mode(mode);
    let connector = match mode {
        SslMode::Disable => None,
        _ => Some(connector(roots)?),
    };
    Ok((config, Connector(connector)))
}

/// The string without what only `libpq` knows, and the file of certificates that it named.
fn known(text: &str) -> (String, Option<PathBuf>) {
    let (mut rest, mut roots) = (String::with_capacity(text.len()), None);
    for token in text.split_inclusive(char::is_whitespace) {
        match token.trim_end().split_once('=') {
            Some(("sslrootcert", path)) => roots = Some(PathBuf::from(path.trim_matches('\''))),
            Some(("sslmode", "verify-ca" | "verify-full")) => rest.push_str("sslmode=require "),
            _ => rest.push_str(token),
        }
    }
    (rest, roots)
}

/// Never less than was asked for; to another machine never in the clear unless that was asked for.
fn mode(config: &Config) -> SslMode {
    let is_socket = |host: &Host| matches!(host, Host::Unix(_));
    let is_near = |host: &Host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            let address = name.parse::<IpAddr>();
            name == "localhost" || address.is_ok_and(|address| address.is_loopback())
        }
    };
    let far = config.get_hostaddrs().iter().any(|at| !at.is_loopback());
    let hosts = config.get_hosts();
    match config.get_ssl_mode() {
        SslMode::Prefer if far || !hosts.iter().all(is_near) => SslMode::Require,
        // A socket leads to no other machine.
        SslMode::Prefer if hosts.iter().all(is_socket) => SslMode::Disable,
        asked => asked,
    }
}

fn connector(roots: Option<PathBuf>) -> Result<TlsConnector, StoreError> {
    let mut store = RootCertStore::empty();
    match roots {
        Some(path) => {
            let told = |cause: String| {
                StoreError::failed(format!("sslrootcert: {}: {cause}", path.display()))
            };
            let pem = fs::read(&path).map_err(|error| told(error.to_string()))?;
            for certificate in CertificateDer::pem_slice_iter(&pem) {
                let certificate = certificate.map_err(|error| told(error.to_string()))?;
                store
                    .add(certificate)
                    .map_err(|error| told(error.to_string()))?;
            }
            if store.is_empty() {
                return Err(told("it holds no certificate in PEM".to_owned()));
            }
        }
        None => {
            let found = rustls_native_certs::load_native_certs();
            store.add_parsable_certificates(found.certs);
        }
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let versions = builder
        .with_safe_default_protocol_versions()
        .map_err(StoreError::failed)?;
    let config = versions.with_root_certificates(store).with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Encrypts, or has nothing to.
#[derive(Clone)]
pub(crate) struct Connector(Option<TlsConnector>);

/// To one host, by its name; nothing where nothing is encrypted: a socket has no name.
pub(crate) struct ToHost(Option<(TlsConnector, ServerName<'static>)>);

/// An encrypted connection.
pub(crate) struct Encrypted(client::TlsStream<Socket>);

impl MakeTlsConnect<Socket> for Connector {
    type Stream = Encrypted;
    type TlsConnect = ToHost;
    type Error = InvalidDnsNameError;

    fn make_tls_connect(&mut self, host: &str) -> Result<ToHost, InvalidDnsNameError> {
        let Some(connector) = self.0.clone() else {
            return Ok(ToHost(None));
        };
        let name = ServerName::try_from(host.to_owned())?;
        Ok(ToHost(Some((connector, name))))
    }
}

impl TlsConnect<Socket> for ToHost {
    type Stream = Encrypted;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Encrypted>> + Send>>;

    fn connect(self, socket: Socket) -> Self::Future {
        Box::pin(async move {
            let (connector, name) = self.0.ok_or_else(|| {
                io::Error::other("the connection was not to be encrypted, and is asked to be")
            })?;
            connector.connect(name, socket).await.map(Encrypted)
        })
    }
}

impl TlsStream for Encrypted {
    // The certificate was verified with its name: a password is shown to nobody else.
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode_of(text: &str) -> SslMode {
        let (text, _) = known(text);
        mode(&text.parse().expect("a string"))
    }

    #[test]
    fn another_machine_is_spoken_to_in_the_clear_only_where_that_is_asked_for() {
        for (text, wanted) in [
            ("host=/run/postgresql user=k", SslMode::Disable),
            ("host=localhost user=k", SslMode::Prefer),
            ("host=127.0.0.1 user=k", SslMode::Prefer),
            ("host=db.example user=k", SslMode::Require),
            ("host=localhost,db.example user=k", SslMode::Require),
            ("host=localhost hostaddr=10.0.0.1 user=k", SslMode::Require),
            ("postgres://k@db.example/d", SslMode::Require),
            ("host=db.example sslmode=disable user=k", SslMode::Disable),
            ("host=localhost sslmode=require user=k", SslMode::Require),
            (
                "host=db.example sslmode=verify-full user=k",
                SslMode::Require,
            ),
            ("host=db.example user=k sslmode=verify-ca", SslMode::Require),
        ] {
            assert_eq!(mode_of(text), wanted, "{text}");
        }
    }

    #[test]
    fn a_file_of_certificates_is_taken_out_of_the_string_and_a_bad_one_told_without_it() {
        let (rest, roots) = known("host=db user=k sslrootcert='/etc/ca.pem' password=sesame");
        assert_eq!(rest, "host=db user=k password=sesame");
        assert_eq!(roots, Some(PathBuf::from("/etc/ca.pem")));
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("ca.pem");
        for content in ["", "no certificate"] {
            fs::write(&path, content).expect("written");
            let text = format!("host=db password=sesame sslrootcert={}", path.display());
            let told = open(&text).err().expect("no certificate").to_string();
            assert!(
                told.contains("ca.pem") && !told.contains("sesame"),
                "{told}"
            );
        }
        let told = open("host=db sslrootcert=/no/such").err().expect("no file");
        assert!(told.to_string().contains("/no/such"), "{told}");
        let told = open("host=db password=sesame nonsense").err().expect("bad");
        assert!(!told.to_string().contains("sesame"), "{told}");
    }
}
