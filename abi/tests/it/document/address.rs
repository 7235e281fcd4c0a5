//! Content addresses are CIDs as any tool prints them.

use agentcity_abi::document::{ContentAddress, address::NoCid};
use alloy_primitives::b256;

/// What the SHA-256 and base 32 of another language make of it.
const HELLO: &str = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e";

#[test]
fn a_text_has_the_cid_that_other_tools_give_it() {
    let address = ContentAddress::of("hello world");
    assert_eq!(address.to_string(), HELLO);
    let word = b256!("b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9");
    assert_eq!(address.word(), word);
    assert_eq!(ContentAddress::of_word(word), address);
    assert_eq!(HELLO.parse(), Ok(address));
}

#[test]
fn what_is_no_cid_of_this_form_is_refused() {
    let other_digit = HELLO.replace("5e", "5f");
    for text in [
        "",
        "b",
        &HELLO[1..],
        &HELLO[..HELLO.len() - 1],
        &HELLO.to_ascii_uppercase(),
        &HELLO.replace('z', "Z"),
        // Another codec, dag-pb; and another hash, of version 0.
        "bafybeifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e",
        "QmaozNR7DZHQK1ZcU9p7QdrshMvXqWK6gpu5rmrkPdT3L4",
        // Bits behind the last byte.
        &other_digit,
    ] {
        assert_eq!(text.parse::<ContentAddress>(), Err(NoCid), "{text}");
    }
}
