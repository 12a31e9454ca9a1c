use super::*;

#[test]
fn only_our_own_mistakes_are_internal_errors() {
    for (error, status, code) in [
        (StoreError::Busy, 503, "service_unavailable"),
        (StoreError::TimedOut, 503, "service_unavailable"),
        (
            StoreError::Aborted("group".into()),
            503,
            "service_unavailable",
        ),
        (StoreError::Clock, 503, "clock_not_trusted"),
        (StoreError::Full, 507, "storage_full"),
        (StoreError::Io("EIO".into()), 503, "storage_unavailable"),
        (
            StoreError::Constraint("UNIQUE secret".into()),
            500,
            "internal_error",
        ),
        (
            StoreError::UnexpectedRows("secret".into()),
            500,
            "internal_error",
        ),
        (StoreError::Row("secret".into()), 500, "internal_error"),
    ] {
        let problem = Problem::from(error);
        assert_eq!((problem.status().as_u16(), problem.code()), (status, code));
        assert!(!problem.detail().contains("secret"));
    }
}
