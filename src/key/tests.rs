//! Contributors in words and back, and their order.

use super::*;

const PORT: Part = Part::Number(16);

fn round_trip(parts: &[Part], texts: &[&str]) -> Key {
    let shape = KeyShape::new(parts.to_vec());
    let bytes: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
    let key = shape.encode(&bytes, &mut Vec::new());
    assert_eq!(shape.texts(&key), bytes, "{key:?}");
    key
}

#[test]
fn every_combination_of_texts_comes_back() {
    use Part::{Address, Number, Text};
    assert_eq!(round_trip(&[Address], &["10.0.0.1"]), Key::Narrow(0x0a00_0001));
    assert_eq!(round_trip(&[Address], &["::1"]), Key::Packed(1));
    assert!(matches!(round_trip(&[Address], &["-"]), Key::Wide(_)));
    assert!(matches!(round_trip(&[Address], &["010.0.0.1"]), Key::Wide(_)));
    let pair = round_trip(&[Address; 2], &["0.0.0.1", "255.0.0.2"]);
    assert_eq!(pair, Key::Narrow(0x0000_0001_ff00_0002));
    assert!(matches!(round_trip(&[Address; 2], &["::1", "1.1.1.1"]), Key::Wide(_)));
    let five = [Address, Address, PORT, PORT, Number(8)];
    let key = round_trip(&five[..4], &["1.2.3.4", "5.6.7.8", "65535", "0"]);
    assert!(matches!(key, Key::Packed(_)));
    assert!(matches!(round_trip(&[PORT], &["0443"]), Key::Wide(_)));
    assert!(matches!(round_trip(&[Number(64)], &["18446744073709551615"]), Key::Narrow(_)));
    assert!(matches!(round_trip(&[Text, Address], &["eni-1", "1.1.1.1"]), Key::Wide(_)));
    assert!(matches!(round_trip(&[Text], &[""]), Key::Wide(_)));
    // Numbers beyond their field's range can stand in a column without a known field only.
    assert!(matches!(round_trip(&[PORT], &["65536"]), Key::Wide(_)));
}

#[test]
fn prefixes_pack_as_addresses_do() {
    let prefix = Part::Prefix { v4: 24, v6: 64 };
    assert_eq!(round_trip(&[prefix], &["10.0.1.0/24"]), Key::Narrow(0x0a00_0100));
    assert_eq!(round_trip(&[prefix], &["2001:db8::/64"]), Key::Packed(0x2001_0db8 << 96));
    assert_eq!(round_trip(&[prefix], &["::/64"]), Key::Packed(0));
    let pair = round_trip(&[prefix, Part::Address], &["10.0.1.0/24", "10.0.0.1"]);
    assert_eq!(pair, Key::Narrow(0x0a00_0100_0a00_0001));
    assert!(matches!(round_trip(&[prefix, PORT], &["2001:db8::/64", "443"]), Key::Wide(_)));
    let whole = Part::Prefix { v4: 32, v6: 128 };
    assert_eq!(round_trip(&[whole], &["10.0.1.7"]), Key::Narrow(0x0a00_0107));
    assert_eq!(round_trip(&[whole], &["::7"]), Key::Packed(7));
    // What no view makes of an address stays a text.
    let others = [
        "-",
        "10.0.1.0",
        "10.0.1.7/24",
        "10.0.1.0/25",
        "10.0.1.0/024",
        "010.0.1.0/24",
        "/24",
        "10.0.1.0/",
        "10.0.1.0/24/24",
        "::/63",
        "::1/64",
        "2001:DB8::/64",
        "10.0.1.0/-",
    ];
    for text in others {
        assert!(matches!(round_trip(&[prefix], &[text]), Key::Wide(_)), "{text}");
    }
    assert!(matches!(round_trip(&[whole], &["10.0.1.7/32"]), Key::Wide(_)));
}

#[test]
fn a_period_comes_off_any_key() {
    use Part::{Address, Number, Text};
    let check = |parts: &[Part], texts: &[&str]| {
        let rest = KeyShape::new(parts.to_vec());
        let bytes: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
        let key = rest.encode(&bytes, &mut Vec::new());
        let whole = KeyShape::new([&[Number(32)], parts].concat());
        let with_period = [&[&b"28333333"[..]], &bytes[..]].concat();
        let with_period = whole.encode(&with_period, &mut Vec::new());
        assert_eq!(whole.split_first(&with_period, &rest), Some((28_333_333, key.clone())));
        // Where files have columns of different kinds, all is text.
        let text = KeyShape::new(vec![Text; parts.len() + 1]);
        let with_period = [&[&b"28333333"[..]], &bytes[..]].concat();
        let with_period = text.encode(&with_period, &mut Vec::new());
        assert_eq!(text.split_first(&with_period, &rest), Some((28_333_333, key)));
    };
    check(&[], &[]);
    check(&[Address], &["10.0.0.1"]);
    check(&[Address], &["::1"]);
    check(&[Address], &["-"]);
    check(&[Address; 2], &["255.255.255.255", "0.0.0.0"]);
    check(&[Address, Address, PORT, PORT], &["1.2.3.4", "5.6.7.8", "65535", "0"]);
    check(&[Number(64), Number(64)], &["18446744073709551615", "7"]);
    check(&[Text, Address], &["eni-1", "1.1.1.1"]);
    let prefix = Part::Prefix { v4: 16, v6: 32 };
    check(&[prefix], &["10.1.0.0/16"]);
    check(&[prefix], &["2001:db8::/32"]);
    check(&[prefix], &["-"]);
    check(&[prefix, prefix, PORT], &["10.1.0.0/16", "0.0.0.0/16", "443"]);
}

#[test]
fn the_last_parts_come_off_any_key() {
    use Part::{Address, Number, Text};
    let texts = Arc::new(Texts::default());
    for text in ["eni-1", "-"] {
        texts.number(text.as_bytes());
    }
    let many = ["ACCEPT", "REJECT", "eni-3", "eni-4"];
    for text in many {
        let _ = texts.number(text.as_bytes());
    }
    texts.finish();
    let check = |parts: &[Part], values: &[&str]| {
        let bytes: Vec<&[u8]> = values.iter().map(|text| text.as_bytes()).collect();
        for shape in [KeyShape::new(parts.to_vec()), KeyShape::with_texts(parts.to_vec(), &texts)] {
            let key = shape.encode(&bytes, &mut Vec::new());
            for columns in 1..parts.len() {
                let rest = shape.without_last(columns);
                let expected = rest.encode(&bytes[..parts.len() - columns], &mut Vec::new());
                assert_eq!(shape.coarser(&key, &rest), expected, "{values:?} {columns}");
            }
        }
    };
    check(&[Address, Address], &["10.0.0.1", "10.0.0.2"]);
    check(&[Address, Address, PORT, PORT], &["1.2.3.4", "5.6.7.8", "65535", "0"]);
    check(&[Address, Address], &["::1", "10.0.0.2"]);
    check(&[Address, Address, Number(64)], &["10.0.0.2", "::1", "7"]);
    check(&[Address, Text, PORT], &["10.0.0.2", "eni-1", "7"]);
    check(&[Text, Text, Address], &["eni-1", "other", "::1"]);
    check(&[Number(64), PORT], &["18446744073709551615", "007"]);
    check(&[Number(64), Number(64), Address], &["1", "2", "10.0.0.1"]);
    // Texts have fewer bits where there is little room, and more once others are gone.
    let flow = [Address, Address, PORT, PORT, Number(8), Text, Text];
    for texts in [["ACCEPT", "eni-1"], ["REJECT", "eni-4"], ["-", "eni-5"]] {
        let values = ["10.0.0.1", "10.0.0.2", "1", "65535", "6", texts[0], texts[1]];
        check(&flow, &values);
        check(&[Text, Address, Text, Address, Address], &{
            let [source, target, .., action, interface] = values;
            [action, source, interface, target, source]
        });
    }
}

#[test]
fn flows_at_an_interface_pack() {
    use Part::{Address, Number, Text};
    let texts = Arc::new(Texts::default());
    let flow = vec![Address, Address, PORT, PORT, Number(8), Text, Text];
    let shape = KeyShape::with_texts(flow, &texts);
    assert_eq!(shape.lane(), Lane::Packed);
    let key = |interface: &str| {
        let values = ["10.0.0.1", "10.0.0.2", "1", "65535", "6", "ACCEPT", interface];
        shape.encode(&values.map(str::as_bytes), &mut Vec::new())
    };
    assert!(matches!(key("eni-1"), Key::Packed(_)));
    // What has a number that is too large, or none, stays bytes: in tests that comes soon.
    let last = ["eni-2", "eni-3", "eni-4", "eni-5"].map(key);
    assert!(matches!(last[3], Key::Wide(_)));
    texts.finish();
    let told = last.map(|key| String::from_utf8(shape.texts(&key)[6].clone()).unwrap());
    assert_eq!(told, ["eni-2", "eni-3", "eni-4", "eni-5"]);
}

#[test]
fn order_is_by_text_and_first_key_first() {
    let shape = KeyShape::new(vec![Part::Address, PORT]);
    let key = |address: &str, port: &str| {
        shape.encode(&[address.as_bytes(), port.as_bytes()], &mut Vec::new())
    };
    let keys =
        [("-", "9"), ("10.0.0.1", "443"), ("10.0.0.10", "1"), ("10.0.0.9", "100"), ("::1", "1")];
    for (i, left) in keys.iter().enumerate() {
        for (j, right) in keys.iter().enumerate() {
            let order = shape.compare(&key(left.0, left.1), &key(right.0, right.1));
            assert_eq!(order, i.cmp(&j), "{left:?} {right:?}");
        }
    }
    assert_eq!(shape.compare(&key("1.1.1.1", "9"), &key("1.1.1.1", "10")), Ordering::Greater);
}

#[test]
fn long_keys_are_cut_between_characters() {
    let cut = |text: &str| {
        let mut bytes = Vec::new();
        push_text(&mut bytes, text.as_bytes());
        bytes.len() - 3
    };
    assert_eq!(cut(&"a".repeat(1023)), 1023);
    assert_eq!(cut(&"a".repeat(1024)), 1024);
    assert_eq!(cut(&"a".repeat(1025)), 1024);
    assert_eq!(cut(&format!("{}é", "a".repeat(1023))), 1023);
    assert_eq!(cut(&format!("{}é", "a".repeat(1022))), 1024);
    assert_eq!(cut(&format!("{}😀", "a".repeat(1021))), 1021);
}
