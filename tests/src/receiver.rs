//! A server on the loopback that keeps what it is sent.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::{Value, wait_for};

/// What is sent comes within a second, and later on a loaded machine.
const SECONDS_MAX: u64 = 60;

/// A request that a receiver was sent.
#[derive(Debug, Clone)]
pub struct Received {
    /// The request line and the headers.
    pub head: String,
    pub body: Vec<u8>,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let found = lines.find(|(header, _)| header.eq_ignore_ascii_case(name));
        let (_, value) = found.unwrap_or_else(|| panic!("no {name} in {}", self.head));
        value
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a body of JSON")
    }
}

/// An HTTP server that keeps what it is sent. It answers 204 when it has not been told otherwise.
#[derive(Debug, Clone)]
pub struct Receiver {
    /// Where it listens, without a path.
    pub url: String,
    received: Arc<Mutex<Vec<Received>>>,
    answers: Arc<Mutex<VecDeque<u16>>>,
}

impl Receiver {
    /// Starts it on a free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let receiver = Self {
            url: format!("http://{}", listener.local_addr().expect("an address")),
            received: Arc::default(),
            answers: Arc::default(),
        };
        let server = receiver.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(server.clone().serve(stream));
            }
        });
        receiver
    }

    async fn serve(self, mut stream: TcpStream) {
        let mut bytes = Vec::new();
        let head_end = loop {
            if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                return;
            }
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
        };
        let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
        let mut body = bytes.split_off(head_end + 4);
        let mut received = Received {
            head,
            body: Vec::new(),
        };
        let length: usize = received.header("content-length").parse().expect("a length");
        while body.len() < length {
            if stream.read_buf(&mut body).await.unwrap_or(0) == 0 {
                return;
            }
        }
        received.body = body;
        self.received.lock().expect("no panic").push(received);
        let answer = self.answers.lock().expect("no panic").pop_front();
        let status = answer.unwrap_or(204);
        let answer =
            format!("HTTP/1.1 {status} Answer\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
        let _gone = stream.write_all(answer.as_bytes()).await;
        let _gone = stream.shutdown().await;
    }

    /// Answers the next request with this status.
    pub fn answer_next(&self, status: u16) {
        self.answers.lock().expect("no panic").push_back(status);
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().expect("no panic").clone()
    }

    /// All that it was sent, once there are so many requests.
    pub async fn wait_for(&self, count: usize) -> Vec<Received> {
        wait_for("what it is sent", SECONDS_MAX, async || {
            let received = self.received();
            (received.len() >= count).then_some(received)
        })
        .await
    }
}
