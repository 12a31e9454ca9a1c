//! The bytes of a body, and its media type.

use crate::problem::Problem;
use crate::query::refuse_unread;
use axum::extract::Request;
use http::{HeaderMap, HeaderValue, StatusCode, header};

/// Reads the whole body. The last extractor of a handler calls this: parameters of the query that
/// no extractor has read are refused with the unknown fields.
///
/// # Errors
/// 422 `validation_failed` for such a parameter; 415 `unsupported_media_type` for a compressed
/// body; 413 `payload_too_large` above `bytes_max`; 400 `bad_request` where the body breaks off.
pub async fn read_body(request: Request, bytes_max: usize) -> Result<Vec<u8>, Problem> {
    refuse_unread(&request)?;
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|bytes| bytes > bytes_max) {
        return Err(payload_too_large(bytes_max));
    }
    if is_coded(request.headers()) {
        let problem = Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "The body must be sent as it is, without content-encoding.",
        );
        // RFC 9110 section 15.5.16 asks for the supported coding.
        let identity = HeaderValue::from_static("identity");
        return Err(problem.with_header(header::ACCEPT_ENCODING, identity));
    }
    match axum::body::to_bytes(request.into_body(), bytes_max).await {
        Ok(body) => Ok(body.into()),
        Err(error) if is_length_limit(&error) => Err(payload_too_large(bytes_max)),
        Err(_) => Err(Problem::bad_request(
            "The body could not be read to its end.",
        )),
    }
}

/// Whether the body has any coding, in one header or in several.
fn is_coded(headers: &HeaderMap) -> bool {
    let named = headers.get_all(header::CONTENT_ENCODING).into_iter();
    let mut codings = named.flat_map(|codings| codings.as_bytes().split(|byte| *byte == b','));
    codings.any(|coding| {
        let coding = coding.trim_ascii();
        !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity")
    })
}

/// Whether `content-type` is `application/json` or `application/*+json`, with any parameters.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    media_type(headers).is_some_and(|name| {
        name == "application/json" || (name.starts_with("application/") && name.ends_with("+json"))
    })
}

/// The media type of a body, in lower case and without its parameters.
pub fn media_type(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let name = text.split(';').next()?;
    Some(name.trim().to_ascii_lowercase())
}

fn is_length_limit(error: &axum::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// 415 `unsupported_media_type`, which names the supported media type.
pub fn unsupported_media_type(supported: &str) -> Problem {
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        format!("The body must be sent with content-type {supported}."),
    )
}

fn payload_too_large(bytes_max: usize) -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "payload_too_large",
        format!("The body may have at most {bytes_max} bytes."),
    )
}
