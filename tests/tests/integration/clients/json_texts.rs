//! Goal: each service agrees with RFC 8259 on what is JSON, and no text makes it fail.
//! Method: texts that are JSON, texts that are not, and texts on which the RFC leaves the choice to
//! the reader, each as the body of a call of each service.

use strongroom_tests::Bank;
use strongroom_tests::bank::new_key;

/// A call of each service that takes a body, none of whose members stands in any text here.
const CALLS: [&str; 5] = rows! {
    "/api/auth/login", "/api/token/revoke", "/api/accounts", "/api/transactions/transfer",
    "/api/webhooks",
};

/// Several texts in a line.
macro_rules! texts {
    ($($text:literal)*) => { &[$($text),*] };
}

/// What is JSON.
const JSON: &[&[u8]] = texts! {
    // Literals.
    b"null" b"true" b"false"
    // Numbers: signs, zeros, fractions, exponents.
    b"0" b"-0" b"7" b"-7" b"10" b"123456789" b"9007199254740991" b"9007199254740993"
    b"-9223372036854775808" b"18446744073709551615" b"0.0" b"-0.0" b"0.5" b"-0.5" b"3600.0"
    b"1.0000000000000000000000000000001" b"0.1234567890123456789012345678901234567890" b"1e1"
    b"1E1" b"1e+1" b"1E+1" b"1e-1" b"1E-1" b"0e0" b"0e1" b"0e+1" b"0e-1" b"-0e0" b"1.5e3"
    b"1.5E-3" b"1e01" b"1e-00" b"12345.6789e10" b"1e22" b"1e-22"
    // Strings: escapes.
    br#""""# br#"" ""# br#""a""# br#""\"""# br#""\\""# br#""\/""# br#""/""# br#""\b\f\n\r\t""#
    br#""\\n""# br#""\\\\""# br#""\\u0041""# br#""\u0041""# br#""\u00e9\u00E9""# br#""\u0000""#
    br#""\u001f""# br#""\u007f""# br#""\u0022\u005C""# br#""\u2028\u2029""# br#""\ufeff""#
    br#""\ufffe\uffff""# br#""\ufdd0""# br#""\u20ac""# br#""\ud83d\ude00""# br#""\uD834\uDD1E""#
    br#""\udbff\udfff""# br#""\ud800\udc00""# br#""a\ud83d\ude00b""# br#""'""#
    br#""<script>&amp;</script>""# br#""// no comment""# br#""/* no comment */""# br#""[1,2""#
    br#""{\"a\":1}""# br#""null""# br#""1e400""#
    // Strings: raw UTF-8.
    b"\"\x7f\"" b"\"\xc2\x80\"" b"\"\xc2\x85\"" b"\"\xc3\xa9\"" b"\"\xdf\xbf\""
    b"\"\xe0\xa0\x80\"" b"\"\xe2\x82\xac\"" b"\"\xe2\x80\xa8\xe2\x80\xa9\"" b"\"\xed\x9f\xbf\""
    b"\"\xee\x80\x80\"" b"\"\xef\xbb\xbf\"" b"\"\xef\xbf\xbe\"" b"\"\xef\xbf\xbf\""
    b"\"\xf0\x90\x80\x80\"" b"\"\xf0\x9f\x98\x80\"" b"\"\xf4\x8f\xbf\xbf\""
    // Lists.
    b"[]" b"[ ]" b"[[]]" b"[[],[]]" b"[[[[[[[[[[]]]]]]]]]]" b"[0]" b"[1,2]" b"[1 , 2]"
    b"[1,[2,[3]]]" b"[null]" b"[null,null,null]" b"[true,false,null]" b"[{}]" b"[{},[]]"
    br#"["a"]"# br#"["a","b"]"# br#"["a",7,null,true,{"b":[]}]"# br#"["",""]"# br#"[1e1,-2.5,0]"#
    // Objects.
    b"{}" b"{ }" br#"{"":0}"# br#"{" ":0}"# br#"{"a":0}"# br#"{"a":0,"b":1}"#
    br#"{"a":{"a":{"a":{}}}}"# br#"{"a":[],"A":[]}"# br#"{"a":null}"# br#"{"a" : true}"#
    br#"{"\u0061":1}"# br#"{"\u0000":1}"# br#"{"a\nb":1}"# br#"{"\"":1}"# br#"{"a/b~c":1}"#
    br#"{"__proto__":{}}"# br#"{"constructor":{"prototype":{}}}"#
    br#"{"$ref":"file:///etc/passwd"}"# br#"{"0":0,"1":1}"# b"{\"\xc3\xa9\":1,\"e\xcc\x81\":2}"
    br#"{"a":[{"b":[{"c":[{}]}]}]}"#
    // White space.
    b" {}" b"{} " b"\t{}\t" b"\n{}\n" b"\r\n{}\r\n"
    b" \t\r\n[ \t\r\n1 \t\r\n, \t\r\n2 \t\r\n] \t\r\n" b"{\n\t\"a\"\n:\t1\r}" b" null " b"\n7\n"
};

/// What is no JSON.
const NO_JSON: &[&[u8]] = texts! {
    // Nothing, and nothing but white space.
    b"" b" " b"\n" b"\t \r\n"
    // Literals.
    b"nul" b"nulll" b"Null" b"NULL" b"nil" b"None" b"tru" b"TRUE" b"True" b"fals" b"False"
    b"undefined" b"yes" b"a" b"[nul]" b"[tru]" b"[undefined]"
    // Numbers.
    b"+1" b"++1" b"-" b"--1" b"-+1" b"- 1" b"01" b"-01" b"00" b"-00" b"0123" b".5" b"-.5" b"5."
    b"5.e1" b"0." b"." b"1..2" b"1.2.3" b"1e" b"1e+" b"1e-" b"1E" b"1ee1" b"1e1.5" b"1e+-1" b"e1"
    b"1 2" b"1,2" b"1,000" b"1_000" b"1a" b"1f" b"1L" b"0x10" b"0X1F" b"0b1" b"0o7" b"NaN" b"nan"
    b"-NaN" b"Infinity" b"-Infinity" b"+Infinity" b"inf" b"1#INF" b"1/2" b"1-2" b"\xef\xbc\x91"
    b"\xd9\xa1" b"[1.]" b"[01]" b"[-]"
    // Strings: ends and escapes.
    b"\"" b"\"a" b"a\"" b"'a'" b"`a`" b"\"a\"\"b\"" b"\"a\" \"b\"" b"\"a\"b" br#""\""# br#""\\\""#
    br#""\"# br#""\a""# br#""\v""# br#""\0""# br#""\e""# br#""\x41""# br#""\'""# br#""\ ""#
    br#""\U0041""# br#""\N""# br#""\u""# br#""\u0""# br#""\u004""# br#""\u00G1""# br#""\u+041""#
    br#""\u 041""# br#""\u{41}""# br#""\u-041""# br#"\u0022a\u0022"# b"\"\\\n\"" b"\"\\\xc3\xa9\""
    // Strings: bytes that are no UTF-8.
    b"\"\x80\"" b"\"\xbf\"" b"\"\xc0\xaf\"" b"\"\xc1\xbf\"" b"\"\xc3\"" b"\"\xc3(\""
    b"\"\xe2\x82\"" b"\"\xe0\x80\xaf\"" b"\"\xed\xa0\x80\"" b"\"\xed\xbf\xbf\""
    b"\"\xf0\x80\x80\xaf\"" b"\"\xf0\x9f\x98\"" b"\"\xf4\x90\x80\x80\""
    b"\"\xf8\x88\x80\x80\x80\"" b"\"\xfe\"" b"\"\xff\"" b"\"\xe9\"" b"{\"\xff\":1}"
    b"{\"a\":\"\xe4\"}"
    // Lists.
    b"[" b"]" b"[[]" b"[]]" b"[,]" b"[,1]" b"[1,]" b"[1,,2]" b"[1 2]" b"[1;2]" b"[1:2]" b"[1"
    b"[1," b"[\"a" b"[\"a\"" b"[\"a\"," b"[\"a\":1]" b"[}" b"[1}" b"(1)" b"<1>" b"[...]" b"[*]"
    b"[a]" b"['a']" b"[][]" b"[],[]" b"[1]x" b"[\"a\"]\""
    // Objects.
    b"{" b"}" b"{{}}" b"{}}" b"{]" b"{[]}" b"{,}" b"{1}" b"{\"a\"" b"{\"a\"}" b"{\"a\":"
    b"{\"a\":}" b"{\"a\":1" b"{\"a\":1," b"{\"a\":1,}" b"{\"a\":1,,\"b\":2}" b"{,\"a\":1}"
    b"{\"a\" 1}" b"{\"a\"::1}" b"{\"a\"=1}" b"{\"a\",1}" b"{\"a\";1}" b"{\"a\":1;\"b\":2}"
    b"{\"a\":1 \"b\":2}" b"{\"a\":1\"b\":2}" b"{a:1}" b"{'a':1}" b"{'a':'1'}" b"{1:1}" b"{null:1}"
    b"{true:1}" b"{[]:1}" b"{{}:1}" b"{:1}" b"{\"a\":1:2}" b"{\"a\":\"b\"c}" b"{\"a\":a}"
    b"{\"a\":'b'}" b"{\"a\":undefined}" b"{\"a\":NaN}" b"{\"a\":01}" b"{\"a\":1]" b"{\"a\":[}"
    b"{}{}" b"{} {}" b"{},{}" b"{}\n{}" b"{}x" b"{}0" b"{}\"" b"{};" b"{}\0" b"\0{}" b"\0"
    // Comments, and other notations.
    b"// a\n{}" b"{} // a" b"/* a */{}" b"{/* a */}" b"{\"a\":/**/1}" b"# a\n{}" b"{}#"
    b"<!-- a -->{}" b"<a/>" b"<?xml version=\"1.0\"?><a/>" b"a=1&b=2" b"a: 1" b"---\na: 1"
    b"{\"a\":`1`}" b")]}',\n{}" b"callback({})" b"data: {}" b"{$ne:1}" b"{\"a\":+1}"
    // White space that is none in JSON.
    b"\x0b{}" b"\x0c{}" b"{}\x1c" b"\xc2\xa0{}" b"\xc2\x85{}" b"\xe2\x80\xa8{}" b"\xe2\x80\x8b{}"
    b"\xe2\x81\xa0[]" b"[\xc2\xa01]" b"\x08{}" b"\x7f{}"
    // Byte order marks where none may be, and other encodings.
    b"\xef\xbb\xbf" b"\xef\xbb{}" b"\xef\xbb\xbf\xef\xbb\xbf{}" b"{}\xef\xbb\xbf"
    b"{\xef\xbb\xbf}" b"\xff\xfe{\0}\0" b"\xfe\xff\0{\0}" b"{\0}\0" b"\0{\0}" b"\x1f\x8b\x08\0"
    b"+ADw-"
};

/// What RFC 8259 leaves to the reader: doubled names, lone surrogates, large numbers, a U+FEFF.
const LEFT_TO_THE_READER: &[&[u8]] = texts! {
    br#"{"a":1,"a":2}"# br#"{"a":1,"a":1}"# br#"{"a":1,"\u0061":2}"# br#"[{"b":{"a":1,"a":2}}]"#
    br#""\ud800""# br#""\udbff""# br#""\udc00""# br#""\udfff""# br#""\ud800a""# br#""\ud800\n""#
    br#""\ud800\u0041""# br#""\ud800\ud800\udc00""# br#""\udc00\ud800""# br#"{"\ud800":1}"#
    b"1e309" b"-1e309" b"1e400" b"1e99999999999999999999" b"1e-400" b"1e-99999999999999999999"
    b"0e999999999999" b"100000000000000000000" b"-100000000000000000000" b"9223372036854775808"
    b"18446744073709551616" b"1.7976931348623157e308" b"5e-324" b"\xef\xbb\xbf{}"
    b"\xef\xbb\xbf[]" b"\xef\xbb\xbf null" b"\xef\xbb\xbf7"
};

/// Sends each text of a table, and long ones that are made, to each service; asserts the status.
async fn assert_answers<M>(table: &[&[u8]], made: M, statuses: &[u16])
where
    M: IntoIterator<Item = Vec<u8>>,
{
    let admin = Bank::shared().await.admin().await;
    let table = table.iter().map(|text| text.to_vec());
    for text in table.chain(made) {
        for path in CALLS {
            let shown = String::from_utf8_lossy(&text[..text.len().min(60)]);
            println!("{path} {shown:?}");
            let call = admin.post(path).key(&new_key());
            let answer = call.body("application/json", text.clone()).await;
            answer.problem_of(statuses);
        }
    }
}

#[tokio::test]
async fn what_is_json_is_read_as_json() {
    let made = [
        [b"\"", &[b'x'; 40_000][..], b"\""].concat(),
        vec![b'7'; 300],
        [b"[", &b"0,".repeat(20_000)[..], b"0]"].concat(),
        [b"[".repeat(100), b"]".repeat(100)].concat(),
        [br#"{"a":"#.repeat(100), b"0".to_vec(), b"}".repeat(100)].concat(),
    ];
    assert_answers(JSON, made, &[422]).await;
}

#[tokio::test]
async fn what_is_no_json_is_400() {
    let controls = (0..0x20).map(|control: u8| [b'"', control, b'"'].to_vec());
    let escapes = (b'a'..=b'z').filter(|letter| !b"bfnrtu".contains(letter));
    let escapes = escapes.map(|letter| [b'"', b'\\', letter, b'"'].to_vec());
    let deep = [b"[".repeat(30_000), br#"[{"":"#.repeat(10_000)];
    assert_answers(NO_JSON, controls.chain(escapes).chain(deep), &[400]).await;
}

#[tokio::test]
async fn what_rfc_8259_leaves_to_the_reader_is_read_or_refused() {
    let deep = [b"[".repeat(30_000), b"]".repeat(30_000)].concat();
    assert_answers(LEFT_TO_THE_READER, [deep], &[400, 422]).await;
}
