//! The app behind the gate fails. Who asked is told so, and the trail says how it ended.
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::TaskTracker;

use super::scene::{PATIENCE, Scene, builder, seen, took};
use super::table::Row;
use crate::world::{body, chaperone, eventually, request};

const UNREACHABLE: &str = "chaperone_upstream_errors_total{kind=\"unreachable\"}";

/// What the app does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    Answers,
    /// Closes the connection at once.
    Refuses,
    /// Promises more than it sends, then resets.
    Resets,
    Garbage,
}

/// An app that speaks no more HTTP than it must.
#[derive(Clone)]
struct App {
    does: Arc<Mutex<Does>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl App {
    async fn start() -> (Self, std::net::SocketAddr) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let app = Self { does: Arc::new(Mutex::new(Does::Answers)), asked: Arc::default() };
        let (address, tasks, running) = (listener.local_addr().unwrap(), TaskTracker::new(), app.clone());
        tasks.clone().spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let app = running.clone();
                tasks.spawn(async move { app.serve(socket).await });
            }
        });
        (app, address)
    }

    fn does(&self, what: Does) {
        *self.does.lock().unwrap() = what;
        self.asked.lock().unwrap().clear();
    }

    /// Which methods it was asked with, since it does what it does.
    fn asked(&self) -> String {
        let asked = self.asked.lock().unwrap();
        if asked.is_empty() { "nothing".to_owned() } else { asked.join(", ") }
    }

    /// One request for each connection.
    async fn serve(&self, mut socket: TcpStream) {
        let does = || *self.does.lock().unwrap();
        if does() == Does::Refuses {
            return;
        }
        let mut head = Vec::new();
        while !head.windows(4).any(|end| end == b"\r\n\r\n") {
            let mut piece = [0; 4096];
            let Ok(length @ 1..) = socket.read(&mut piece).await else { return };
            head.extend_from_slice(&piece[..length]);
        }
        let method = String::from_utf8_lossy(&head).split(' ').next().unwrap().to_owned();
        self.asked.lock().unwrap().push(method);
        let answer: &[u8] = match does() {
            Does::Answers | Does::Refuses => b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
            Does::Resets => b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of",
            Does::Garbage => b"\x16\x03\x01 no HTTP\r\n\r\n",
        };
        // How the gate takes it is what the story is about.
        let _ = socket.write_all(answer).await;
        let _ = socket.flush().await;
        if does() == Does::Resets {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            socket.set_zero_linger().unwrap();
        }
    }
}

pub(crate) async fn refuses() -> Row {
    fails(Does::Refuses).await
}

pub(crate) async fn garbage() -> Row {
    fails(Does::Garbage).await
}

/// Each request is sent once at most: what the app may have done is not done again.
async fn fails(how: Does) -> Row {
    let (app, address) = App::start().await;
    let mut scene = Scene::real(builder().app_at(address)).await;
    scene.begins();
    app.does(how);
    let mut told = Vec::new();
    for method in ["GET", "POST"] {
        let answer = scene.world.ask(&scene.ada, method, "/w/acme/during").await;
        told.push(seen(answer.status.as_u16(), &answer.problem().1, &answer));
    }
    assert_eq!(told[0], told[1]);
    let (forwarded, refused) = (app.asked(), scene.lasted());
    let (ready, metric) = (scene.ready().await, scene.grew(UNREACHABLE).await);
    let log = scene.said("no answer from the app").await;
    until_recorded(&scene, 2).await;
    app.does(Does::Answers);
    let back = scene.is_back().await;
    scene.trail_is_whole().await;
    let client = told.swap_remove(0);
    Row { client, forwarded, recovers: "with the app".to_owned(), ready, metric, log, took: took(refused, back) }
}

/// The client sees that it is not the whole.
pub(crate) async fn resets() -> Row {
    let (app, address) = App::start().await;
    let mut scene = Scene::real(builder().app_at(address)).await;
    scene.begins();
    app.does(Does::Resets);
    let mut connection = scene.world.connect(crate::world::Via::Http1).await;
    let asked = request("GET", "/w/acme/during").header("cookie", scene.ada.cookie()).body(body("")).unwrap();
    let answer = connection.begin(asked).await.unwrap();
    assert_eq!(answer.status(), 200);
    let whole = http_body_util::BodyExt::collect(answer.into_body()).await;
    assert!(whole.is_err(), "half an answer is taken for the whole");
    let (forwarded, refused) = (app.asked(), scene.lasted());
    let ready = scene.ready().await;
    let metric = scene.grew("chaperone_requests_total{outcome=\"upstream_failed\",route=\"0\"}").await;
    until_recorded(&scene, 1).await;
    app.does(Does::Answers);
    let back = scene.is_back().await;
    scene.trail_is_whole().await;
    let client = "200, broken off: nobody takes it for the whole".to_owned();
    let log = "nothing; the trail says `upstream_failed`".to_owned();
    Row { client, forwarded, recovers: "with the app".to_owned(), ready, metric, log, took: took(refused, back) }
}

/// Waits until the trail says of so many requests that the app failed.
async fn until_recorded(scene: &Scene, count: usize) {
    let recorded = async || {
        let exported = chaperone(&["audit", "export", "--config", &scene.world.config()]);
        let records = exported.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let failed = records.filter(|record| record["response"]["outcome"] == json!("upstream_failed"));
        (failed.count() == count).then_some(())
    };
    eventually("the trail says how it ended", PATIENCE, recorded).await;
}
