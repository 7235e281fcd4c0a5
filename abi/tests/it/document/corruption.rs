//! INV-STATUTE-06. No byte of a page is without meaning: a page of which one was changed is refused, or is another document, which
//! encodes to the changed page.

use agentcity_abi::document::{Preimages, decode, encode};
use agentcity_domain::statute::{Rule, encode as pages};

use super::{SMALL, example::example, parsed, round};

#[test]
fn inv_statute_06_every_change_of_a_byte_is_refused_or_is_another_document() {
    let (mut refused, mut other) = (0, 0);
    for text in [SMALL.to_owned(), example()] {
        let document = parsed(&text);
        let encoded = encode(&document);
        assert_eq!(encoded.pages.len(), 1);
        for place in 0..encoded.pages[0].len() {
            for flip in 1..=u8::MAX {
                let mut pages = encoded.pages.clone();
                pages[0][place] ^= flip;
                match decode(&pages, &encoded.preimages) {
                    Err(_) => refused += 1,
                    Ok(changed) => {
                        assert_ne!(changed, document, "byte {place} ^ {flip}");
                        assert_eq!(changed.pages(), pages, "byte {place} ^ {flip}");
                        other += 1;
                    }
                }
            }
        }
    }
    assert!(refused > 5_000 && other > 50_000, "{refused} {other}");
}

#[test]
fn bytes_too_few_or_too_many_are_refused() {
    let encoded = encode(&parsed(SMALL));
    let whole = &encoded.pages[0];
    let refused = |pages: &[Vec<u8>]| decode(pages, &Preimages::default()).unwrap_err();
    for length in 0..whole.len() {
        let refused = refused(&[whole[..length].to_vec()]);
        assert_eq!((refused.page, refused.rule), (0, Rule::Form), "{length}");
    }
    let longer = [whole.as_slice(), &[0]].concat();
    assert_eq!(refused(&[longer]).rule, Rule::Form);
    assert_eq!(refused(&[]).rule, Rule::Count);
    assert_eq!(refused(&[vec![0; 4]]).rule, Rule::Count, "no node");
    // A page before the last is full.
    let twice = refused(&[whole.clone(), whole.clone()]);
    assert_eq!((twice.page, twice.rule), (0, Rule::Count));
    assert_eq!(twice.to_string(), "page 0, byte 0: breaks rule 2 (Count)");
}

#[test]
fn more_nodes_than_numbers_are_refused() {
    let draft = round::plain();
    let most = pages::statute(&vec![draft.clone(); 65_535], &[]).unwrap();
    let document = decode(&most, &Preimages::default()).unwrap();
    assert_eq!(document.totals().nodes, 65_535);
    let mut more = most.clone();
    // The last page holds 127.
    more.pop();
    more.extend(pages::statute(&vec![draft; 128], &[]).unwrap());
    let refused = decode(&more, &Preimages::default()).unwrap_err();
    assert_eq!(refused.rule, Rule::Count);
}
