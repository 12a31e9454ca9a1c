use super::*;

fn user(id: u128) -> Principal {
    Principal::User(Uuid::from_u128(id))
}

/// Another program computed the expected id from the description.
#[test]
fn an_id_never_changes_from_release_to_release() {
    let id = derived_id(user(1), "transfer", "key");
    assert_eq!(id.to_string(), "973b9e48-7b37-8636-886d-b1d889188acf");
}

#[test]
fn each_part_makes_another_id() {
    let ids = [
        derived_id(user(1), "transfer", "key"),
        derived_id(user(2), "transfer", "key"),
        derived_id(user(1), "deposit", "key"),
        derived_id(user(1), "transfer", "kez"),
    ];
    for (index, id) in ids.iter().enumerate() {
        assert!(!ids[..index].contains(id));
        assert_eq!(id.get_version_num(), 8);
    }
}
