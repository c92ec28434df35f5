//! TLS towards apps: whom we believe.
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

use super::UpstreamError;

/// TLS by the machine's own certificate authorities; they are only read when some origin needs them.
pub(super) fn config(needed: bool) -> Result<ClientConfig, UpstreamError> {
    let mut roots = RootCertStore::empty();
    if needed {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err(UpstreamError::NoRoots);
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
