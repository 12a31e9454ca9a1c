//! Version a of a service.

versions::version!();
