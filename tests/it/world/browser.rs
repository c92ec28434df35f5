//! An engineer's browser: cookies by origin, redirects, forms.
use std::collections::{BTreeMap, HashMap};

use http::{Request, Uri};
use serde_json::Value;

use super::builder::World;
use super::client::{Connection, HOST, Reply, Via, body};
use super::sockets::Events;

/// The gate's own origin.
pub(crate) const PUBLIC: &str = "https://support.example.com";

/// A browser: every origin's cookies are its own.
#[derive(Default, Clone)]
pub(crate) struct Browser {
    cookies: HashMap<String, BTreeMap<String, String>>,
}

/// What a browser asks for.
pub(crate) struct Ask<'a> {
    pub(crate) method: &'a str,
    pub(crate) url: &'a str,
    /// The origin of the page that asks; none: the person themselves.
    pub(crate) page: Option<&'a str>,
    pub(crate) kind: &'a str,
    pub(crate) text: String,
}

impl Browser {
    /// The value of a cookie of this host.
    pub(crate) fn cookie(&self, host: &str, name: &str) -> Option<&str> {
        self.cookies.get(host)?.get(name).map(String::as_str)
    }

    /// Puts a cookie in by hand, or takes it out.
    pub(crate) fn set_cookie(&mut self, host: &str, name: &str, value: Option<&str>) {
        let jar = self.cookies.entry(host.to_owned()).or_default();
        match value {
            Some(value) => jar.insert(name.to_owned(), value.to_owned()),
            None => jar.remove(name),
        };
    }

    /// One request, without following redirects.
    pub(crate) async fn ask(&mut self, world: &World, ask: Ask<'_>) -> Reply {
        let url: Uri = ask.url.parse().unwrap();
        let host = url.host().unwrap().to_owned();
        let mut request = Request::builder().method(ask.method).uri(ask.url.replacen("https://", "http://", 1));
        request = request.header("host", url.authority().unwrap().as_str()).header("accept", "text/html");
        if let Some(cookies) = self.cookies.get(&host).filter(|cookies| !cookies.is_empty()) {
            let pairs: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("cookie", pairs.join("; "));
        }
        if let Some(page) = ask.page {
            let same = ask.url.starts_with(&format!("{page}/"));
            request = request.header("origin", page);
            request = request.header("sec-fetch-site", if same { "same-origin" } else { "cross-site" });
        }
        if !ask.kind.is_empty() {
            request = request.header("content-type", ask.kind);
        }
        let idp = world.idp.as_ref().filter(|idp| idp.address.to_string() == url.authority().unwrap().as_str());
        let mut connection = match idp {
            Some(idp) => Connection::open(idp.address, Via::Http1).await,
            None => world.connect(Via::Http1).await,
        };
        let reply = connection.send(request.body(body(ask.text)).unwrap()).await;
        for cookie in reply.cookies() {
            let (pair, attributes) = cookie.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            let gone = attributes.contains("Max-Age=0");
            self.set_cookie(&host, name, (!gone).then_some(value));
        }
        reply
    }

    /// Looks at an address, without following redirects.
    pub(crate) async fn look(&mut self, world: &World, url: &str) -> Reply {
        self.ask(world, Ask { method: "GET", url, page: None, kind: "", text: String::new() }).await
    }

    /// Looks at an address, and wherever it leads; gives the last address too.
    pub(crate) async fn go(&mut self, world: &World, url: &str) -> (String, Reply) {
        let mut url = url.to_owned();
        for _ in 0..10 {
            let reply = self.look(world, &url).await;
            let Some(next) = reply.header("location") else { return (url, reply) };
            url = resolve(&url, next);
        }
        panic!("redirects without end: {url}");
    }

    /// Sends the form of a page that was looked at.
    pub(crate) async fn submit(&mut self, world: &World, page: &str, reply: &Reply) -> (String, Reply) {
        let html = reply.text();
        let action = resolve(page, between(&html, "action=\"", "\""));
        let fields: Vec<_> = html
            .split("<input type=\"hidden\" name=\"")
            .skip(1)
            .map(|field| {
                let (name, rest) = field.split_once('"').unwrap();
                format!("{name}={}", between(rest, "value=\"", "\"").replace("&#38;", "%26").replace('?', "%3F"))
            })
            .collect();
        let from = origin(page);
        let kind = "application/x-www-form-urlencoded";
        let ask = Ask { method: "POST", url: &action, page: Some(&from), kind, text: fields.join("&") };
        let reply = self.ask(world, ask).await;
        (action, reply)
    }

    /// A call of the API by a page of the gate's own origin.
    pub(crate) async fn call(&mut self, world: &World, method: &str, path: &str, document: &Value) -> Reply {
        let url = format!("{PUBLIC}/.chaperone/api/v1{path}");
        let kind = "application/json";
        self.ask(world, Ask { method, url: &url, page: Some(PUBLIC), kind, text: document.to_string() }).await
    }

    /// Opens a stream of events at the gate's own origin.
    pub(crate) async fn events(&self, world: &World, path: &str) -> Events {
        let pairs: Vec<_> = self.cookies[HOST].iter().map(|(name, value)| format!("{name}={value}")).collect();
        Events::open(world.connect(Via::Http1).await, path, &pairs.join("; ")).await
    }

    /// Signs in as whoever the identity provider meets.
    pub(crate) async fn sign_in(&mut self, world: &World) {
        let (at, page) = self.go(world, &format!("{PUBLIC}/.chaperone/login")).await;
        assert_eq!(at, format!("{PUBLIC}/.chaperone/logout"), "{}", page.text());
        assert!(page.expect(200).text().contains("You are signed in"));
        assert!(self.cookie(HOST, "__Host-chaperone-staff").is_some());
    }
}

/// What stands between two texts.
pub(crate) fn between<'a>(text: &'a str, open: &str, close: &str) -> &'a str {
    let after = text.split_once(open).unwrap_or_else(|| panic!("no {open}: {text}")).1;
    after.split_once(close).unwrap().0
}

fn origin(url: &str) -> String {
    let url: Uri = url.parse().unwrap();
    format!("{}://{}", url.scheme().unwrap(), url.authority().unwrap())
}

fn resolve(base: &str, next: &str) -> String {
    if next.starts_with('/') { format!("{}{next}", origin(base)) } else { next.to_owned() }
}
