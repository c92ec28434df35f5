//! nginx's configuration: `nginx/plain.conf` forwards everything, `nginx/auth.conf` asks the authorizer.
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Writes it to `folder`: with an authorizer it is asked about each request.
pub(crate) fn configure(
    folder: &Path,
    listen: SocketAddr,
    app: SocketAddr,
    authorizer: Option<SocketAddr>,
) -> anyhow::Result<PathBuf> {
    let server = match authorizer {
        Some(authorizer) => include_str!("nginx/auth.conf").replace("@AUTHORIZER@", &authorizer.to_string()),
        None => include_str!("nginx/plain.conf").to_owned(),
    };
    std::fs::write(folder.join("server.conf"), server.replace("@LISTEN@", &listen.to_string()))?;
    let file = folder.join("nginx.conf");
    std::fs::write(&file, include_str!("nginx/nginx.conf").replace("@APP@", &app.to_string()))?;
    Ok(file)
}
