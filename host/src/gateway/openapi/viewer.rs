//! The files of `/docs`: a page that starts Swagger UI.

use super::File;
use std::sync::LazyLock;

/// Each path with its file.
static FILES: LazyLock<[(&str, File); 4]> = LazyLock::new(|| {
    [
        (
            "/docs",
            File::new(
                "text/html; charset=utf-8",
                include_bytes!("page.html").as_slice(),
            ),
        ),
        (
            "/docs/start.js",
            File::new(
                "text/javascript; charset=utf-8",
                include_bytes!("start.js").as_slice(),
            ),
        ),
        (
            "/docs/swagger-ui.css",
            File::new(
                "text/css; charset=utf-8",
                include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui.css")).as_slice(),
            ),
        ),
        (
            "/docs/swagger-ui-bundle.js",
            File::new(
                "text/javascript; charset=utf-8",
                include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui-bundle.js")).as_slice(),
            ),
        ),
    ]
});

/// The file at a path.
pub(super) fn file(path: &str) -> Option<&'static File> {
    // Most requests are for a service: they end here.
    path.strip_prefix("/docs")?;
    let found = FILES.iter().find(|(at, _)| *at == path);
    found.map(|(_, file)| file)
}
