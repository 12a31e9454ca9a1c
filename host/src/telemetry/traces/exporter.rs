//! Sends traces to a collector by OTLP over HTTP, in batches. What it does not take is dropped.

use super::request_trace::FinishedTrace;
use super::{Traces, otlp};
use crate::metrics::Figures;
use crate::network_address::NetworkAddress;
use crate::registry::TracesSpec;
use anyhow::Context as _;
use http::Request;
use http::header::{CONTENT_TYPE, HOST};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// Where collectors take traces (OTLP/HTTP).
const PATH: &str = "/v1/traces";
/// The most traces of a request: with 128 spans each, some 3 MB of JSON.
const BATCH_MAX: usize = 64;
/// How long traces wait for others, unless a batch is full.
const INTERVAL: Duration = Duration::from_millis(500);
/// How long the collector may take for a batch, and how long the last ones may take in all.
const SEND_TIME_MAX: Duration = Duration::from_secs(5);
/// How often the log says that traces are dropped.
const WARNING_INTERVAL: Duration = Duration::from_secs(60);

/// The task that sends traces.
pub struct TraceExporter {
    traces: Arc<Traces>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl TraceExporter {
    /// Begins to send traces, once there are some.
    pub fn begin(spec: &TracesSpec) -> Self {
        let (traces, finished) = Traces::new(spec.sample);
        let stop = CancellationToken::new();
        let export = Export {
            collector: spec.endpoint.clone(),
            traces: Arc::clone(&traces),
            warned: None,
            dropped_before: 0,
        };
        Self {
            traces,
            task: tokio::spawn(export.run(finished, stop.clone())),
            stop,
        }
    }

    /// Where requests begin their traces.
    pub fn traces(&self) -> Arc<Traces> {
        Arc::clone(&self.traces)
    }

    /// Says how many were sent.
    pub fn figures(&self) -> Arc<dyn Figures> {
        Arc::clone(&self.traces) as Arc<dyn Figures>
    }

    /// Sends what waits, when the host has begun to stop.
    pub async fn end(self) {
        self.stop.cancel();
        let task = AbortOnDropHandle::new(self.task);
        // What is not sent in time is lost, as the process ends.
        let _ = timeout(SEND_TIME_MAX, task).await;
    }
}

struct Export {
    collector: NetworkAddress,
    traces: Arc<Traces>,
    /// When the log last said that traces are dropped, and how many there were.
    warned: Option<Instant>,
    dropped_before: u64,
}

impl Export {
    async fn run(mut self, mut finished: mpsc::Receiver<FinishedTrace>, stop: CancellationToken) {
        loop {
            let mut batch = Vec::with_capacity(BATCH_MAX);
            tokio::select! {
                biased;
                _ = finished.recv_many(&mut batch, BATCH_MAX) => {}
                () = stop.cancelled() => return,
            }
            let traces = batch.len();
            self.send(batch).await;
            if traces < BATCH_MAX {
                tokio::select! {
                    () = sleep(INTERVAL) => {}
                    () = stop.cancelled() => {}
                }
            }
        }
    }

    async fn send(&mut self, batch: Vec<FinishedTrace>) {
        let traces = batch.len() as u64;
        let sent = timeout(SEND_TIME_MAX, send(&self.collector, batch)).await;
        let sent = sent.context("the collector took too long").flatten();
        match &sent {
            Ok(()) => self.traces.count_sent(traces),
            Err(_) => self.traces.count_dropped(traces),
        }
        self.warn(sent.err());
    }

    fn warn(&mut self, error: Option<anyhow::Error>) {
        let dropped = self.traces.dropped.load(Relaxed);
        let is_known = dropped == self.dropped_before;
        let is_early = self
            .warned
            .is_some_and(|warned| warned.elapsed() < WARNING_INTERVAL);
        if is_known || is_early {
            return;
        }
        let error = error.unwrap_or_else(|| anyhow::anyhow!("the collector is too slow"));
        tracing::warn!(
            collector = %self.collector,
            dropped = dropped - self.dropped_before,
            error = format!("{error:#}"),
            "traces are dropped"
        );
        self.warned = Some(Instant::now());
        self.dropped_before = dropped;
    }
}

async fn send(collector: &NetworkAddress, batch: Vec<FinishedTrace>) -> anyhow::Result<()> {
    let body = tokio::task::spawn_blocking(move || otlp::request(&batch)).await?;
    let addresses = collector.resolve().await?;
    let stream = TcpStream::connect(addresses.as_slice()).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let _connection = AbortOnDropHandle::new(tokio::spawn(connection));
    let request = Request::post(PATH)
        .header(HOST, collector.to_string())
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body)))?;
    let status = sender.send_request(request).await?.status();
    anyhow::ensure!(status.is_success(), "the collector responded {status}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn what_a_collector_refuses_is_dropped_and_what_it_takes_is_sent() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let exporter = TraceExporter::begin(&TracesSpec {
            endpoint: NetworkAddress::Ip(listener.local_addr().unwrap()),
            sample: 100,
        });
        let traces = exporter.traces();
        for status in ["503 Service Unavailable", "200 OK"] {
            drop(traces.begin(|| None));
            let (mut collector, _) = listener.accept().await.unwrap();
            let mut head = [0; 20];
            collector.read_exact(&mut head).await.unwrap();
            assert_eq!(&head, b"POST /v1/traces HTTP");
            let response = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
            collector.write_all(response.as_bytes()).await.unwrap();
            // It must not close before the rest of the request has come.
            let _ = collector.read_to_end(&mut Vec::new()).await;
        }
        exporter.end().await;
        let counts = [&traces.dropped, &traces.sent].map(|count| count.load(Relaxed));
        assert_eq!(counts, [1, 1]);
    }
}
