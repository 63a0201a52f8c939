//! Effect: which certificates are trusted. Names and chains are always checked.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{RelaySettings, TlsMode};
use crate::model::reply::TlsFault;

/// Why no secure connection can be prepared.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file of further roots.
    #[error("[smtp] ca_file을 인증서로 읽을 수 없어요: {path}: {cause}. PEM 파일의 경로와 내용을 확인하세요")]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What was wrong.
        cause: String,
    },
    /// The system's roots.
    #[error(
        "이 컴퓨터가 믿는 인증서를 읽을 수 없어요: {0}. ca-certificates를 설치하거나 [smtp] ca_file을 지정하세요"
    )]
    Roots(String),
}

/// Trust, prepared once and shared by all connections.
#[derive(Clone)]
pub struct TlsContext {
    connector: Option<TlsConnector>,
    refused: Arc<Mutex<Option<TlsFault>>>,
}

impl TlsContext {
    /// Reads the system's roots and `ca_file`; nothing where no TLS is asked for.
    pub fn new(settings: &RelaySettings) -> Result<TlsContext, TlsError> {
        if settings.tls == TlsMode::None {
            return Ok(TlsContext { connector: None, refused: Arc::default() });
        }
        let extra = settings.ca_file.as_deref().map(read_roots).transpose()?.unwrap_or_default();
        let roots = |cause: rustls::Error| TlsError::Roots(cause.to_string());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(roots)?;
        let verifier =
            rustls_platform_verifier::Verifier::new_with_extra_roots(extra, provider).map_err(roots)?;
        // "dangerous" is rustls's word for any verifier that is not its own; this one checks as the platform does.
        let config =
            builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth();
        Ok(TlsContext { connector: Some(TlsConnector::from(Arc::new(config))), refused: Arc::default() })
    }

    /// Why the last handshake that failed did so; none where none failed.
    pub fn refused(&self) -> Option<TlsFault> {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The handshake, with SNI and name check for `host`.
    pub(super) async fn connect(
        &self,
        host: &str,
        socket: TcpStream,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let invalid = |cause: &str| std::io::Error::new(std::io::ErrorKind::InvalidInput, cause.to_owned());
        let connector = self.connector.as_ref().ok_or_else(|| invalid("TLS is switched off"))?;
        let name = ServerName::try_from(host.to_owned()).map_err(|_| invalid("not a server name"))?;
        connector.connect(name, socket).await.inspect_err(|error| {
            *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault(error));
        })
    }
}

fn fault(error: &std::io::Error) -> TlsFault {
    use rustls::CertificateError as E;
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidCertificate(cause)) => match cause {
            E::Expired | E::ExpiredContext { .. } => TlsFault::Expired,
            E::NotValidYet | E::NotValidYetContext { .. } => TlsFault::NotYet,
            E::NotValidForName | E::NotValidForNameContext { .. } => TlsFault::Name,
            _ => TlsFault::Untrusted,
        },
        _ => TlsFault::Other,
    }
}

fn read_roots(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let failed = |cause: String| TlsError::CaFile { path: path.to_owned(), cause };
    let roots = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|cause| failed(cause.to_string()))?;
    if roots.is_empty() {
        return Err(failed("인증서가 하나도 없어요".to_owned()));
    }
    Ok(roots)
}
