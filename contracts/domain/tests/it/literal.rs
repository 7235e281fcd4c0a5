//! Words that stand in the code of a program.

use agentcity_domain::{
    literal,
    literal::{join, quarter},
};
use alloy_primitives::{B256, b256};

#[test]
fn a_literal_is_the_word_that_was_written() {
    const WORD: B256 = b256!("0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff");
    assert_eq!(literal!(WORD), WORD);
    assert_eq!(quarter(&WORD, 0), 0x0706_0504_0302_0100);
    assert_eq!(quarter(&WORD, 3), 0xff1e_1d1c_1b1a_1918);
    let quarters = [0, 1, 2, 3].map(|place| quarter(&WORD, place));
    let [first, second, third, fourth] = quarters;
    assert_eq!(join(first, second, third, fourth), WORD);
}
