//! How each thing is read again, and what becomes of whoever relies on it.
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::{BoxFuture, join_all};

use crate::access::{self, Access};
use crate::cache::Directory;
use crate::identity::Jwks;
use crate::policy::Bundle;
use crate::proxy::Tls;
use crate::telemetry::logs::chain;

use super::{Refusal, Reread, Source};
use crate::server::proving::{Loader, NotLoaded};

/// The name of the policies in the log, in metrics and in `/readyz`.
pub(super) const POLICIES: &str = "policies";

/// The policies of the configured folders: what is in them decides as soon as it passes its checks, and everything that
/// is open is decided again. None without folders: the policies are part of the program then.
pub(in crate::server) fn policies(
    loader: &Arc<Loader>,
    access: &Arc<Access>,
    directory: &Arc<Directory>,
) -> Option<Source> {
    if !loader.has_folders() {
        return None;
    }
    let (paths, watched) = (loader.paths(), loader.is_watched());
    let (loader, access, directory) = (Arc::clone(loader), Arc::clone(access), Arc::clone(directory));
    let reread = move || -> BoxFuture<'static, Reread> {
        let (loader, access, directory) = (Arc::clone(&loader), Arc::clone(&access), Arc::clone(&directory));
        Box::pin(async move {
            match loader.load().await {
                Ok(bundle) => replace(&access, &directory, bundle).await,
                Err(NotLoaded::Mistakes(errors)) => {
                    Reread::Refused(Refusal { brief: errors.brief(), full: errors.to_string() })
                }
                Err(NotLoaded::Unproved { brief, full }) => Reread::Refused(Refusal { brief, full }),
                Err(error @ NotLoaded::GivenUp(_)) => Reread::Later(error.to_string()),
            }
        })
    };
    Some(Source { what: POLICIES, paths, watched, reread: Box::new(reread) })
}

async fn replace(access: &Access, directory: &Directory, bundle: Bundle) -> Reread {
    match access::policies::replace(access, bundle).await {
        Ok(true) => {
            directory.decide_anew();
            Reread::Replaced
        }
        Ok(false) => Reread::Unchanged,
        Err(error) => Reread::Later(format!("the change cannot be recorded: {}", chain(&error))),
    }
}

/// Certificate, key and client authorities of the public listener: handshakes from now on use them, connections that
/// are open go on.
pub(in crate::server) fn certificate(tls: &Tls) -> Source {
    let paths: Vec<PathBuf> = tls.files();
    let tls = tls.clone();
    let reread = move || -> BoxFuture<'static, Reread> {
        let tls = tls.clone();
        Box::pin(async move {
            match tokio::task::spawn_blocking(move || tls.reload()).await {
                Ok(Ok(true)) => Reread::Replaced,
                Ok(Ok(false)) => Reread::Unchanged,
                Ok(Err(error)) => {
                    let words = chain(&error);
                    Reread::Refused(Refusal { brief: words.clone(), full: words })
                }
                Err(error) => Reread::Later(error.to_string()),
            }
        })
    };
    Source { what: "certificate", paths, watched: true, reread: Box::new(reread) }
}

/// The keys of an issuer, or of several. Those in a file are read when it changes, others when somebody asks.
pub(in crate::server) fn keys(what: &'static str, all: &[Arc<Jwks>]) -> Source {
    let paths: Vec<PathBuf> = all.iter().filter_map(|jwks| jwks.file().map(Path::to_owned)).collect();
    let (watched, all) = (!paths.is_empty(), all.to_vec());
    let reread = move || -> BoxFuture<'static, Reread> {
        let all = all.clone();
        Box::pin(async move { reread(&all).await })
    };
    Source { what, paths, watched, reread: Box::new(reread) }
}

async fn reread(all: &[Arc<Jwks>]) -> Reread {
    let (mut changed, mut failed) = (false, Vec::new());
    for result in join_all(all.iter().map(|jwks| jwks.refresh())).await {
        match result {
            Ok(different) => changed |= different,
            Err(error) => failed.push(chain(&error)),
        }
    }
    match (failed.is_empty(), changed) {
        (true, true) => Reread::Replaced,
        (true, false) => Reread::Unchanged,
        (false, _) => {
            let words = failed.join("; ");
            Reread::Refused(Refusal { brief: words.clone(), full: words })
        }
    }
}
