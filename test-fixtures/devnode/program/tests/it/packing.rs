//! Programs as code of accounts.

use agentcity_devnode_program::pack::*;
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};

/// Bytes that do not compress, always the same.
fn noise(bytes: usize) -> Vec<u8> {
    let mut noise = vec![0; bytes];
    TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]).fill_bytes(&mut noise);
    noise
}

#[test]
fn a_small_program_is_one_account() {
    let wasm = b"\0asm\x01\0\0\0 and so on, and so on, and so on".repeat(20);
    let Packed::Single(code) = pack_program(&wasm).unwrap() else {
        panic!("it fits one account");
    };
    assert_eq!(code[..4], [0xef, 0xf0, 0, 0]);
    assert_eq!(classify(&code), Some(CodeKind::Program));
    assert_eq!(unpack_program(&code).unwrap(), wasm);
}

#[test]
fn a_large_program_is_fragments_under_a_root() {
    let wasm = noise(40_000);
    let Packed::Fragmented { fragments, raw_len } = pack_program(&wasm).unwrap() else {
        panic!("it does not fit one account");
    };
    assert_eq!((fragments.len(), raw_len), (2, 40_000));
    assert_eq!(fragments[0].len(), MAX_CODE);
    assert!(
        fragments
            .iter()
            .all(|code| classify(code) == Some(CodeKind::Fragment) && code.len() <= MAX_CODE)
    );

    let addresses = [[0x11; 20], [0x22; 20]];
    let code = root_code(raw_len, &addresses);
    assert_eq!(code[..8], [0xef, 0xf0, 2, 0, 0, 0, 0x9c, 0x40]);
    assert_eq!(code.len(), 8 + 40);
    assert_eq!(classify(&code), Some(CodeKind::Root));
    let root = parse_root(&code).unwrap();
    assert_eq!(
        (root.raw_len, root.fragments.as_slice()),
        (40_000, &addresses[..])
    );
    assert_eq!(unpack_fragments(&root, &fragments).unwrap(), wasm);
}

#[test]
fn the_border_between_one_account_and_two_is_the_code_limit() {
    // Noise grows by a few bytes in the container, so the border lies a little below.
    let fits = (24_500..24_577)
        .rev()
        .find(|bytes| matches!(pack_program(&noise(*bytes)), Ok(Packed::Single(_))));
    let fits = fits.expect("some length fits");
    let Ok(Packed::Single(code)) = pack_program(&noise(fits)) else {
        unreachable!()
    };
    assert_eq!(code.len(), MAX_CODE);
    assert!(matches!(
        pack_program(&noise(fits + 1)),
        Ok(Packed::Fragmented { .. })
    ));
}

#[test]
fn a_program_beyond_two_fragments_is_refused() {
    assert_eq!(
        pack_program(&noise(60_000)),
        Err(PackError::Fragments { fragments: 3 })
    );
}

#[test]
fn a_program_beyond_the_size_limit_is_refused_both_ways() {
    assert_eq!(
        pack_program(&vec![0; MAX_WASM + 1]),
        Err(PackError::TooLarge)
    );
    assert_eq!(
        decompress(&compress(&vec![0; MAX_WASM + 1])),
        Err(PackError::TooLarge)
    );
    assert_eq!(
        decompress(&compress(&vec![0; MAX_WASM])).unwrap().len(),
        MAX_WASM
    );
}

#[test]
fn a_bomb_stops_at_the_limit() {
    let bomb = compress(&vec![0; 64 << 20]);
    assert!(bomb.len() < 1_000);
    assert_eq!(decompress(&bomb), Err(PackError::TooLarge));
}

#[test]
fn a_stream_with_a_large_window_is_refused() {
    // 0x11 opens the form with windows up to a gigabyte, which the Brotli specification does not have.
    assert!(matches!(
        decompress(&[0x11, 30, 0x03]),
        Err(PackError::Corrupt { .. })
    ));
}

#[test]
fn a_damaged_stream_says_how() {
    let wasm = noise(1_000);
    let compressed = compress(&wasm);
    let length = compressed.len();
    assert_eq!(
        decompress(&compressed[..length - 1]),
        Err(PackError::Truncated { length: length - 1 })
    );
    assert_eq!(decompress(&[]), Err(PackError::Truncated { length: 0 }));
    let trailing = [&compressed[..], &[0, 0]].concat();
    assert_eq!(decompress(&trailing), Err(PackError::Trailing { bytes: 2 }));
    assert!(matches!(
        decompress(&[0xff; 40]),
        Err(PackError::Corrupt { .. })
    ));
}

#[test]
fn other_code_is_no_program() {
    for code in [
        &[][..],
        &[0xef],
        &[0xef, 0xf0],
        &[0xef, 0xf0, 3],
        &[0xef, 0, 0, 0],
        &[0x60, 0x80],
        &[0xfe],
    ] {
        assert_eq!(classify(code), None, "{code:02x?}");
        assert_eq!(
            unpack_program(code),
            Err(PackError::Prefix {
                expected: CodeKind::Program
            }),
            "{code:02x?}"
        );
    }
    // Too short to name its dictionary.
    assert_eq!(classify(&[0xef, 0xf0, 0]), Some(CodeKind::Program));
    assert_eq!(
        unpack_program(&[0xef, 0xf0, 0]),
        Err(PackError::Prefix {
            expected: CodeKind::Program
        })
    );
}

#[test]
fn a_dictionary_is_recognised_and_refused() {
    assert_eq!(classify(&[0xef, 0xf0, 0, 1, 9]), Some(CodeKind::Program));
    assert_eq!(
        unpack_program(&[0xef, 0xf0, 0, 1, 9]),
        Err(PackError::Dictionary { dictionary: 1 })
    );
    assert_eq!(
        parse_root(&[0xef, 0xf0, 2, 1, 9]),
        Err(PackError::Dictionary { dictionary: 1 })
    );
}

#[test]
fn a_root_must_be_whole() {
    let good = root_code(9, &[[1; 20]]);
    assert!(parse_root(&good).is_ok());
    for length in [4, 7, 9, 27] {
        assert_eq!(
            parse_root(&good[..length]),
            Err(PackError::RootLength { length })
        );
    }
    assert_eq!(
        parse_root(&root_code(9, &[])),
        Err(PackError::Fragments { fragments: 0 })
    );
    assert_eq!(
        parse_root(&root_code(9, &[[1; 20]; 3])),
        Err(PackError::Fragments { fragments: 3 })
    );
    let program = [0xef, 0xf0, 0, 0, 0, 0, 0, 9];
    assert_eq!(
        parse_root(&program),
        Err(PackError::Prefix {
            expected: CodeKind::Root
        })
    );
}

#[test]
fn fragments_must_match_their_root() {
    let wasm = noise(40_000);
    let Ok(Packed::Fragmented { fragments, raw_len }) = pack_program(&wasm) else {
        panic!()
    };
    let root = parse_root(&root_code(raw_len, &[[1; 20], [2; 20]])).unwrap();
    let wrong = Root {
        raw_len: raw_len + 1,
        ..root.clone()
    };
    let mismatch = PackError::RawLength {
        expected: 40_001,
        found: 40_000,
    };
    assert_eq!(unpack_fragments(&wrong, &fragments), Err(mismatch));
    assert_eq!(
        unpack_fragments(&root, &fragments[..1]),
        Err(PackError::Fragments { fragments: 1 })
    );
    let swapped = [&fragments[1], &fragments[0]];
    assert!(unpack_fragments(&root, &swapped).is_err());
    let program = [fragments[0].clone(), vec![0xef, 0xf0, 0, 0]];
    assert_eq!(
        unpack_fragments(&root, &program),
        Err(PackError::Prefix {
            expected: CodeKind::Fragment
        })
    );
}

#[test]
fn initcode_is_the_prelude_of_the_tools_and_the_code() {
    let code = [0xef, 0xf0, 0, 0, 0xaa];
    let expected = [
        &[0x7f][..],
        &[0; 31],
        &[5, 0x80, 0x60, 43, 0x60, 0, 0x39, 0x60, 0, 0xf3, 0],
        &code,
    ]
    .concat();
    let initcode = initcode(&code);
    assert_eq!(initcode, expected);
    assert_eq!(initcode.len(), PRELUDE_BYTES + code.len());
    assert_eq!(
        agentcity_devnode_program::pack::initcode(&[0; 300])[30..33],
        [0, 1, 0x2c][..]
    );
}
