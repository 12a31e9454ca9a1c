use super::*;

#[test]
fn only_faults_of_the_service_are_internal_errors() {
    let secret = || "secret".to_owned();
    for (error, status, code) in [
        (StoreError::Busy, 503, "service_unavailable"),
        (StoreError::TimedOut, 503, "service_unavailable"),
        (StoreError::Aborted("".into()), 503, "service_unavailable"),
        (StoreError::Clock, 503, "clock_not_trusted"),
        (StoreError::Full, 507, "storage_full"),
        (StoreError::Io("EIO".into()), 503, "storage_unavailable"),
        (StoreError::Constraint(secret()), 500, "internal_error"),
        (StoreError::UnexpectedRows(secret()), 500, "internal_error"),
        (StoreError::Row(secret()), 500, "internal_error"),
    ] {
        let problem = Problem::from(error);
        assert_eq!((problem.status().as_u16(), problem.code()), (status, code));
        assert!(!problem.detail().contains("secret"));
    }
}
