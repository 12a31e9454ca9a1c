//! Bytes on a socket: for requests that no proper client can send, and for requests that stay in
//! flight as long as a test likes.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// A server that says nothing for so long has neither answered nor hung up.
const SILENCE_MAX: Duration = Duration::from_secs(40);

#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Connection {
    /// Connects to `ADDRESS:PORT`.
    pub async fn open(address: &str) -> Self {
        Self {
            stream: TcpStream::connect(address).await.expect("the host listens"),
            received: Vec::new(),
        }
    }

    /// Connects from this address of the loopback, and sends bytes.
    pub async fn begin(source: Ipv4Addr, address: &str, bytes: impl AsRef<[u8]>) -> Self {
        let mut connection = Self {
            stream: connect_from(source, address).await,
            received: Vec::new(),
        };
        connection.send(bytes).await;
        connection
    }

    /// Sends bytes. A host that has hung up is no error here: the answer tells.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _hung_up = self.stream.write_all(bytes.as_ref()).await;
    }

    /// Reads until `text` has arrived.
    pub async fn wait_for(&mut self, text: &str) {
        while !self.received().contains(text) {
            let more = self.read_some().await;
            assert!(more, "no {text:?} in {:?}", self.received());
        }
    }

    /// Whether the host hangs up in this time; what arrives before is read.
    pub async fn is_closed_within(&mut self, time_max: Duration) -> bool {
        let closed = async { while self.read_some().await {} };
        timeout(time_max, closed).await.is_ok()
    }

    /// What has arrived so far.
    pub fn received(&self) -> String {
        String::from_utf8_lossy(&self.received).into_owned()
    }

    /// Reads until the host hangs up, and returns all that has arrived.
    pub async fn read_to_the_end(&mut self) -> String {
        while self.read_some().await {}
        self.received()
    }

    /// False when the host has hung up.
    async fn read_some(&mut self) -> bool {
        let mut chunk = [0; 16 * 1024];
        let read = timeout(SILENCE_MAX, self.stream.read(&mut chunk)).await;
        match read.unwrap_or_else(|_silence| panic!("silence after {:?}", self.received())) {
            Ok(0) | Err(_) => false,
            Ok(count) => {
                self.received.extend_from_slice(&chunk[..count]);
                true
            }
        }
    }
}

/// A socket that is bound to this address of the loopback.
pub async fn connect_from(source: Ipv4Addr, address: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    let local = SocketAddr::from((source, 0));
    socket.bind(local).expect("an address of the loopback");
    let address = address.parse().expect("an address and a port");
    let connected = socket.connect(address).await;
    connected.expect("the host listens")
}

/// Sends a request with `connection: close`, and reads until the host hangs up.
pub async fn exchange(address: &str, request: impl AsRef<[u8]>) -> RawReply {
    exchange_from(Ipv4Addr::LOCALHOST, address, request).await
}

/// The same from this address of the loopback.
pub async fn exchange_from(source: Ipv4Addr, address: &str, request: impl AsRef<[u8]>) -> RawReply {
    let mut connection = Connection::begin(source, address, request).await;
    RawReply {
        text: connection.read_to_the_end().await,
    }
}

/// All that came back on one connection.
#[derive(Debug)]
pub struct RawReply {
    text: String,
}

impl RawReply {
    /// The first answer's status; none if the host hung up without one.
    pub fn status(&self) -> Option<u16> {
        self.text.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok()
    }

    /// How many answers came.
    pub fn answers(&self) -> usize {
        self.text.matches("HTTP/1.1 ").count()
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// The body of a single answer, if it is JSON.
    pub fn json(&self) -> Option<Value> {
        let (_head, body) = self.text.split_once("\r\n\r\n")?;
        serde_json::from_str(body.trim()).ok()
    }

    /// Asserts that the request was refused: the host hung up, or answered 4xx, and then with a
    /// problem document if the body is JSON. `what` names the request.
    #[track_caller]
    pub fn assert_refused(&self, what: &str) {
        let Some(status) = self.status() else {
            assert!(self.text.is_empty(), "{what}: {:?}", self.text);
            return;
        };
        assert!((400..500).contains(&status), "{what}: {:?}", self.text);
        if let Some(document) = self.json() {
            assert_eq!(document["status"], status, "{what}: {document}");
            assert!(document["code"].is_string(), "{what}: {document}");
        }
    }
}
