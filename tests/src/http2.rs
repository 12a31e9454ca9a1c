//! HTTP/2 connections whose client takes nothing, or says nothing. Frames that no client may send
//! are the business of `tests/attacks`.

use std::net::Ipv4Addr;
use std::time::Duration;

use h2::client::{Builder, ResponseFuture, SendRequest};
use h2::{Ping, PingPong};
use http::Request;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::wire::connect_from;

/// How long to wait between two pings of a client that says nothing else.
const PING_PAUSE: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub struct Peer {
    requests: SendRequest<&'static [u8]>,
    /// Answers pings, and ends with the connection.
    driver: JoinHandle<Result<(), h2::Error>>,
    pings: Option<PingPong>,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The whole answer came.
    Answered(u16),
    /// The stream or the connection was ended instead.
    Reset,
}

impl Peer {
    /// Connects from this address of the loopback. The host may send `window` bytes of each answer
    /// until the client takes them, which it never does. An error: the host hangs up instead.
    pub async fn open(source: Ipv4Addr, address: &str, window: u32) -> Result<Self, h2::Error> {
        let stream = connect_from(source, address).await;
        let greeted = Builder::new()
            .initial_window_size(window)
            .handshake::<TcpStream, &'static [u8]>(stream)
            .await;
        let (requests, mut connection) = greeted?;
        let pings = connection.ping_pong();
        Ok(Self {
            requests,
            driver: tokio::spawn(connection),
            pings,
        })
    }

    /// Sends `GET path`, without waiting for what comes of it; none if the host takes no more.
    pub async fn get(&self, path: &str, token: Option<&str>) -> Option<ResponseFuture> {
        let mut request = Request::get(format!("http://bank{path}"));
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.body(()).expect("a request");
        let mut requests = self.requests.clone().ready().await.ok()?;
        let (response, _no_body) = requests.send_request(request, true).ok()?;
        Some(response)
    }

    /// Pings the host until it ends the connection; whether it does so in this time.
    pub async fn is_ended_within(&mut self, time_max: Duration) -> bool {
        let mut pings = self.pings.take();
        let pinging = async {
            while let Some(pings) = &mut pings {
                if pings.ping(Ping::opaque()).await.is_err() {
                    break;
                }
                sleep(PING_PAUSE).await;
            }
        };
        let ended = async {
            tokio::join!(pinging, async {
                let _why = (&mut self.driver).await;
            })
        };
        timeout(time_max, ended).await.is_ok()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Waits for the end of a request whose answer is not taken.
pub async fn fate(response: ResponseFuture) -> Fate {
    let Ok(response) = response.await else {
        return Fate::Reset;
    };
    let status = response.status().as_u16();
    let mut body = response.into_body();
    while let Some(data) = body.data().await {
        if data.is_err() {
            return Fate::Reset;
        }
    }
    Fate::Answered(status)
}
