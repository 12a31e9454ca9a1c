//! Version b of a service.

versions::version!();
