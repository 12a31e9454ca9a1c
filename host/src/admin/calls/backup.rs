//! `POST /backup`: a copy of the bank as of one moment.

use super::AdminApi;
use super::response::{AdminResponse, text};
use crate::backup::{self, BackupSource};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use std::time::Duration;
use tokio::time::timeout;

/// How long a backup waits for another one. `[host.backup]` has a turn at each interval, and it is
/// short but for the first.
const TURN_WAIT_MAX: Duration = Duration::from_secs(10);

/// About how many bytes a backup has.
pub const BACKUP_BYTES: &str = "x-backup-bytes";

impl AdminApi {
    /// Sends a backup.
    pub(super) async fn back_up(&self) -> AdminResponse {
        let services = self.swapper.services();
        let turn = timeout(TURN_WAIT_MAX, services.copying().acquire_owned()).await;
        let Ok(Ok(turn)) = turn else {
            let message = "another backup is being made; try again when it is done\n";
            return text(StatusCode::SERVICE_UNAVAILABLE, message);
        };
        if !services.are_settled() {
            let message = "the services are starting; try again when they serve\n";
            return text(StatusCode::SERVICE_UNAVAILABLE, message);
        }
        let source = match BackupSource::of(services, self.swapper.file()).await {
            Ok(source) => source,
            Err(error) => {
                let message = format!("{error}\n");
                return text(StatusCode::INTERNAL_SERVER_ERROR, &message);
            }
        };
        let bytes = source.bytes();
        let parts = backup::send(source, turn, services.draining().clone());
        let frames = futures::stream::unfold(parts, async |mut parts| {
            let part = parts.recv().await?;
            Some((part.map(Frame::data), parts))
        });
        let mut response = Response::new(StreamBody::new(frames).boxed_unsync());
        let headers = response.headers_mut();
        let tar = HeaderValue::from_static("application/x-tar");
        headers.insert(CONTENT_TYPE, tar);
        headers.insert(BACKUP_BYTES, HeaderValue::from(bytes));
        response
    }
}
