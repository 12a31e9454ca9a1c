use super::*;

/// Another program computed the expected id from the description.
#[test]
fn an_id_never_changes_from_release_to_release() {
    let id = derived_id(Uuid::from_u128(1), "transfer", "key");
    assert_eq!(id.to_string(), "ae9049f0-a5d0-8689-9d37-b5530a3fa77e");
}

#[test]
fn each_part_makes_another_id() {
    let ids = [
        derived_id(Uuid::from_u128(1), "transfer", "key"),
        derived_id(Uuid::from_u128(2), "transfer", "key"),
        derived_id(Uuid::from_u128(1), "deposit", "key"),
        derived_id(Uuid::from_u128(1), "transfer", "kez"),
    ];
    for (index, id) in ids.iter().enumerate() {
        assert!(!ids[..index].contains(id));
        assert_eq!(id.get_version_num(), 8);
    }
}
