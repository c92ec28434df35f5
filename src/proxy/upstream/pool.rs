//! The connections to one origin that wait for a request: a stack of HTTP/1.1 ones, so that the warmest is used first
//! and the coldest ages; or one of HTTP/2, which requests share.
use std::sync::{Mutex, MutexGuard, PoisonError};

use hyper::client::conn::http2;
use prometheus::IntGauge;

use super::link::Link;
use crate::proxy::body::Outgoing;

/// How many looks an unused connection outlives. No clock is read for each request.
pub(super) const LOOKS: u8 = 4;

/// A connection that can take a request.
#[derive(Debug)]
pub(super) enum Ready {
    /// HTTP/1.1: nobody else's.
    Own(Box<Link>),
    /// HTTP/2: shared.
    Shared(http2::SendRequest<Outgoing>),
}

/// What waits.
#[derive(Debug)]
pub(super) struct Pool {
    /// How many HTTP/1.1 connections may wait.
    most: usize,
    /// How many of them wait.
    idle: IntGauge,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    /// The latest used is last.
    own: Vec<Idle>,
    shared: Option<Shared>,
}

#[derive(Debug)]
struct Idle {
    link: Box<Link>,
    /// Looks since it was used.
    age: u8,
}

#[derive(Debug)]
struct Shared {
    sender: http2::SendRequest<Outgoing>,
    /// Looks since it was used.
    age: u8,
}

impl Pool {
    /// Keeps up to `most` HTTP/1.1 connections, and counts them in `idle`.
    pub(super) fn new(most: usize, idle: IntGauge) -> Self {
        Self { most, idle, waiting: Mutex::default() }
    }

    /// A connection that can take a request, if one waits.
    pub(super) fn take(&self) -> Option<Ready> {
        loop {
            let mut link = {
                let mut waiting = self.waiting();
                if let Some(sender) = waiting.shared() {
                    return Some(Ready::Shared(sender));
                }
                waiting.own.pop()?.link
            };
            self.idle.dec();
            // The app may have hung up meanwhile.
            if link.is_ready() {
                return Some(Ready::Own(link));
            }
        }
    }

    /// Takes a connection back that is ready for another request.
    pub(super) fn put(&self, link: Box<Link>) {
        let mut waiting = self.waiting();
        if waiting.own.len() < self.most {
            waiting.own.push(Idle { link, age: 0 });
            self.idle.inc();
        }
    }

    /// From now on requests share this connection.
    pub(super) fn share(&self, sender: http2::SendRequest<Outgoing>) {
        self.waiting().shared = Some(Shared { sender, age: 0 });
    }

    /// Closes what has not been used for [`LOOKS`] looks, and what the app has closed.
    pub(super) fn look(&self) {
        let mut looked_at = std::mem::take(&mut self.waiting().own);
        looked_at.retain_mut(|idle| {
            idle.age += 1;
            let stays = idle.age < LOOKS && idle.link.is_ready();
            if !stays {
                self.idle.dec();
            }
            stays
        });
        let mut waiting = self.waiting();
        looked_at.append(&mut waiting.own);
        waiting.own = looked_at;
        if let Some(shared) = &mut waiting.shared {
            shared.age += 1;
        }
        // Streams that are open go on; the connection closes after the last.
        waiting.shared.take_if(|shared| shared.age >= LOOKS || shared.sender.is_closed());
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn shared(&mut self) -> Option<http2::SendRequest<Outgoing>> {
        self.shared.take_if(|shared| shared.sender.is_closed());
        let shared = self.shared.as_mut()?;
        shared.age = 0;
        Some(shared.sender.clone())
    }
}
