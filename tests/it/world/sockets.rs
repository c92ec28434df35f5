//! What stays open: a stream of events, a WebSocket, an upload.
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http::request::Builder;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming};
use serde_json::Value;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::client::{Connection, Reply, request, whole};

/// How long the next piece of a stream may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A stream of server-sent events.
pub(crate) struct Events {
    body: Incoming,
    /// Answers end with their connection.
    connection: Connection,
}

impl Events {
    /// Opens it.
    pub(crate) async fn open(connection: Connection, path: &str, cookie: &str) -> Self {
        Self::of(connection, request("GET", path).header("cookie", cookie)).await
    }

    /// Opens what is asked for.
    pub(crate) async fn of(mut connection: Connection, asked: Builder) -> Self {
        let asked = asked.body(http_body_util::Empty::<Bytes>::new());
        let answer = connection.begin(asked.unwrap()).await.unwrap();
        assert_eq!(answer.status(), 200);
        Self { body: answer.into_body(), connection }
    }

    /// Reads on to the next event of this kind: its id, and its data.
    pub(crate) async fn until(&mut self, kind: &str) -> (String, Value) {
        loop {
            let piece = self.next().await.unwrap_or_else(|| panic!("the stream ends before `{kind}`"));
            let line = |name: &str| piece.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
            if line("event") == Some(kind) {
                return (line("id").unwrap().to_owned(), serde_json::from_str(line("data").unwrap()).unwrap());
            }
        }
    }

    /// Waits for the next piece; none at the end.
    pub(crate) async fn next(&mut self) -> Option<String> {
        let frame = timeout(PATIENCE, self.body.frame()).await.expect("the stream goes on or ends")?;
        Some(String::from_utf8_lossy(frame.unwrap().data_ref().unwrap()).into_owned())
    }

    /// Reads on until the gate ends it and says that the access has ended by `code`; gives the connection back.
    pub(crate) async fn until_the_end(mut self, code: &str) -> Connection {
        let mut rest = String::new();
        while let Some(piece) = self.next().await {
            rest += &piece;
        }
        let farewell = format!("\n\nevent: access-ended\ndata: {{\"code\":\"{code}\"}}\n\n");
        assert!(rest.ends_with(&farewell), "{rest}");
        self.connection
    }
}

/// A download without an end.
pub(crate) struct Download {
    body: Incoming,
    /// Answers end with their connection.
    _connection: Connection,
}

impl Download {
    /// Opens it, and waits for its first piece.
    pub(crate) async fn open(mut connection: Connection, path: &str, cookie: &str) -> Self {
        let asked = request("GET", path).header("cookie", cookie).body(http_body_util::Empty::<Bytes>::new());
        let answer = connection.begin(asked.unwrap()).await.unwrap();
        assert_eq!(answer.status(), 200);
        let mut body = answer.into_body();
        timeout(PATIENCE, body.frame()).await.expect("it moves").expect("a piece").unwrap();
        Self { body, _connection: connection }
    }

    /// Reads on until the gate breaks it off: nobody may take it for the whole.
    pub(crate) async fn broken_off(mut self) {
        loop {
            match timeout(PATIENCE, self.body.frame()).await.expect("the download goes on or breaks off") {
                Some(Ok(_)) => {}
                Some(Err(_)) => return,
                None => panic!("the download came to an end as if it were whole"),
            }
        }
    }
}

/// A WebSocket.
pub(crate) struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// Opens it, or gives the answer of whoever would not.
    pub(crate) async fn open(address: std::net::SocketAddr, path: &str, cookie: &str) -> Result<Self, Reply> {
        let mut asked = http::Request::builder().uri(format!("ws://{}{path}", super::client::HOST));
        for (name, value) in [
            ("host", super::client::HOST),
            ("connection", "Upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("cookie", cookie),
        ] {
            asked = asked.header(name, value);
        }
        let socket = TcpStream::connect(address).await.unwrap();
        match tokio_tungstenite::client_async(asked.body(()).unwrap(), socket).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => {
                let (parts, body) = answer.into_parts();
                Err(Reply {
                    status: parts.status,
                    headers: parts.headers,
                    body: body.unwrap_or_default().into(),
                    trailers: http::HeaderMap::new(),
                })
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// Says something, and gives the answer.
    pub(crate) async fn say(&mut self, text: &str) -> String {
        self.0.send(Message::text(text)).await.unwrap();
        match timeout(PATIENCE, self.0.next()).await.expect("an answer") {
            Some(Ok(Message::Text(text))) => text.to_string(),
            other => panic!("{other:?}"),
        }
    }

    /// Waits for the other side to close, and gives code and reason.
    pub(crate) async fn closed(mut self) -> Option<(u16, String)> {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("the socket is closed") {
                Some(Ok(Message::Close(frame))) => {
                    return frame.map(|CloseFrame { code, reason }| (code.into(), reason.to_string()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }
}

/// An upload that goes on for as long as somebody feeds it.
pub(crate) struct Upload {
    pub(crate) feed: mpsc::Sender<Bytes>,
    answer: Pin<Box<dyn Future<Output = hyper::Result<Reply>> + Send>>,
}

impl Upload {
    /// Begins it. It moves only while somebody waits for it.
    pub(crate) fn open(connection: Connection, path: &str, cookie: &str) -> Self {
        Self::send(connection, request("POST", path).header("cookie", cookie))
    }

    /// Begins what `request` says. It moves only while somebody waits for it.
    pub(crate) fn send(mut connection: Connection, request: Builder) -> Self {
        let (feed, pieces) = mpsc::channel(4);
        let asked = request.body(Fed(pieces)).unwrap();
        let answer = async move {
            let answer = connection.begin(asked).await?;
            Ok(whole(answer).await)
        };
        Self { feed, answer: Box::pin(answer) }
    }

    /// Waits for `what` while the upload moves; its answer must not come before.
    pub(crate) async fn until(&mut self, what: impl Future<Output = ()>) {
        tokio::select! {
            answer = &mut self.answer => panic!("the upload has ended: {answer:?}"),
            () = what => {}
        }
    }

    /// Waits for the answer.
    pub(crate) async fn answer(self) -> hyper::Result<Reply> {
        timeout(PATIENCE, self.answer).await.expect("the upload ends")
    }
}

struct Fed(mpsc::Receiver<Bytes>);

impl Body for Fed {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0.poll_recv(cx).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}
