use super::*;

#[test]
fn a_target_is_an_absolute_url_without_a_user() {
    let target = Target::parse("https://Hooks.example:8443/in?a=b").unwrap();
    assert!(target.is_https());
    assert_eq!(target.authority(), "Hooks.example:8443");
    assert_eq!(target.path_and_query(), "/in?a=b");
    for text in ["http://[::1]:8080/", "https://hooks.example:65535"] {
        assert!(Target::parse(text).is_some(), "{text}");
    }
    let bare = Target::parse("http://127.0.0.1:81").unwrap();
    assert_eq!((bare.is_https(), bare.path_and_query()), (false, "/"));
    let others = "|/in|hooks.example/in|ftp://hooks.example|https://user:word@hooks.example\
        |https://hooks.example/#part|https:///in|https://a b|http://hooks.example:0/in\
        |http://hooks.example:65536/in|http://hooks.example:+81/in|http://hooks.example:/in|http://[::1]:0/";
    for text in others.split('|') {
        assert_eq!(Target::parse(text), None, "{text}");
    }
}
