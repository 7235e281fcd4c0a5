//! The two verifiers against naive models: sort and compare; read and write again.

use agentcity_domain::{
    verification::proof::PROOF_BYTES_MAX,
    verifier::{csv, permutation},
};
use proptest::prelude::*;

fn holds(width: u8, input: &[u8], output: &[u8]) -> Option<bool> {
    let bytes = [&[width], input, output].concat();
    let proof = permutation::Proof::read(&bytes)?;
    assert_eq!(proof.committed, [&[width], input].concat());
    assert_eq!(proof.output, output);
    Some(proof.holds(&mut vec![0; proof.count()]))
}

fn sorted(width: usize, input: &[u8]) -> Vec<u8> {
    let mut elements: Vec<&[u8]> = input.chunks(width).collect();
    elements.sort_unstable();
    elements.concat()
}

#[test]
fn a_sorted_permutation_is_one_and_nothing_else_is() {
    for (width, input, output, expected) in [
        (1, &[3, 1, 2][..], &[1, 2, 3][..], true),
        (1, &[], &[], true),
        (1, &[3, 1, 2], &[3, 1, 2], false),
        (1, &[1, 2, 2], &[1, 1, 2], false),
        (1, &[1, 1, 2], &[1, 2, 2], false),
        (1, &[1, 2, 3], &[1, 2, 4], false),
        (1, &[2, 2], &[2, 2], true),
        (2, &[0, 2, 0, 1], &[0, 1, 0, 2], true),
        (2, &[0, 2, 0, 1], &[0, 0, 1, 2], false),
        (4, &[3, 1, 2, 0], &[3, 1, 2, 0], true),
    ] {
        assert_eq!(
            holds(width, input, output),
            Some(expected),
            "{width} {input:?} {output:?}"
        );
    }
}

#[test]
fn what_is_no_whole_number_of_elements_is_no_proof() {
    assert!(permutation::Proof::read(&[]).is_none());
    assert!(
        permutation::Proof::read(&[1]).is_some(),
        "nothing is sorted"
    );
    assert!(permutation::Proof::read(&[0, 1, 1]).is_none(), "no width");
    assert!(
        permutation::Proof::read(&[33; 67]).is_none(),
        "wider than a word"
    );
    assert!(permutation::Proof::read(&[32; 65]).is_some());
    assert!(
        permutation::Proof::read(&[1, 1, 1, 1]).is_none(),
        "halves differ"
    );
    assert!(
        permutation::Proof::read(&[2, 1, 1]).is_none(),
        "half an element"
    );
    let long = vec![1; PROOF_BYTES_MAX + 1];
    assert!(permutation::Proof::read(&long).is_some());
    assert!(
        permutation::Proof::read(&[long, vec![1; 2]].concat()).is_none(),
        "too many"
    );
    let wide = |elements: usize| [vec![2], vec![0; 4 * elements]].concat();
    let most = wide(permutation::ELEMENTS_MAX);
    let proof = permutation::Proof::read(&most).expect("as many as there may be");
    assert_eq!(proof.count(), permutation::ELEMENTS_MAX);
    assert!(permutation::Proof::read(&wide(permutation::ELEMENTS_MAX + 1)).is_none());
}

proptest! {
    #[test]
    fn an_output_holds_exactly_if_it_is_what_sorting_gives(width in 1..=5usize, seed in prop::collection::vec(0..4u8, 0..60), change in prop::option::of((any::<prop::sample::Index>(), 0..4u8))) {
        let input = &seed[..seed.len() / width * width];
        let good = sorted(width, input);
        prop_assert_eq!(holds(width as u8, input, &good), Some(true));
        if let Some((at, byte)) = change && !good.is_empty() {
            let mut other = good.clone();
            other[at.index(good.len())] = byte;
            prop_assert_eq!(holds(width as u8, input, &other), Some(other == good));
        }
    }

    #[test]
    fn an_unsorted_order_never_holds(input in prop::collection::vec(any::<u8>(), 2..60), shuffled in any::<prop::sample::Index>()) {
        let mut other = sorted(1, &input);
        let length = other.len();
        other.rotate_left(shuffled.index(length));
        prop_assert_eq!(holds(1, &input, &other), Some(other == sorted(1, &input)));
    }
}

// Canonical CSV.

/// Writes a table: the one encoding, from its definition.
fn write(table: &[Vec<String>]) -> String {
    let field = |field: &String, alone: bool| {
        let special = field.contains(['"', ',', '\r', '\n']);
        if special || alone && field.is_empty() {
            format!("\"{}\"", field.replace('"', "\"\""))
        } else {
            field.clone()
        }
    };
    let record = |record: &Vec<String>| {
        let fields: Vec<String> = record.iter().map(|f| field(f, record.len() == 1)).collect();
        fields.join(",") + "\r\n"
    };
    table.iter().map(record).collect()
}

/// Reads leniently: quotes anywhere, any line end, ragged records. Only what is written again alike was canonical.
fn read(text: &str) -> Vec<Vec<String>> {
    let (mut table, mut record, mut field, mut quoted) = (vec![], vec![], String::new(), false);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' if quoted && rest.peek() == Some(&'"') => {
                rest.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => record.push(std::mem::take(&mut field)),
            '\r' if !quoted && rest.peek() == Some(&'\n') => {}
            '\n' if !quoted => {
                record.push(std::mem::take(&mut field));
                table.push(std::mem::take(&mut record));
            }
            other => field.push(other),
        }
    }
    table
}

fn is_canonical(text: &str) -> bool {
    let table = read(text);
    let is_control = |c: char| c.is_ascii_control() && c != '\r' && c != '\n';
    let rectangular = table.iter().all(|record| record.len() == table[0].len());
    !table.is_empty()
        && rectangular
        && !text.starts_with('\u{feff}')
        && !text.contains(is_control)
        && write(&table) == text
}

fn cell() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop::sample::select(&["a", "é", "\"", ",", "\r", "\n", " ", "0", "漢"][..]),
        0..4,
    )
    .prop_map(|parts| parts.concat())
}

fn table() -> impl Strategy<Value = Vec<Vec<String>>> {
    (1..4usize, 1..5usize).prop_flat_map(|(columns, rows)| {
        prop::collection::vec(prop::collection::vec(cell(), columns), rows)
    })
}

proptest! {
    #[test]
    fn every_table_has_its_encoding_with_its_header(table in table()) {
        let text = write(&table);
        let header = write(&table[..1]);
        prop_assert_eq!(csv::header(text.as_bytes()), Some(header.strip_suffix("\r\n").unwrap().as_bytes()), "{:?}", text);
    }

    #[test]
    fn bytes_are_canonical_exactly_if_they_are_written_again_alike(parts in prop::collection::vec(prop::sample::select(&["a", "b,", ",", "\"", "\"\"", "\r\n", "\n", "\r", "\t", "x\r\n", "\"q,\"", "\u{7f}", "\u{feff}"][..]), 0..12)) {
        let text = parts.concat();
        prop_assert_eq!(csv::header(text.as_bytes()).is_some(), is_canonical(&text), "{:?}", text);
    }

    #[test]
    fn an_edit_of_a_canonical_table_is_canonical_only_as_another_table(table in table(), at in any::<prop::sample::Index>(), byte in prop::sample::select(&b"a\",\r\n\t"[..])) {
        let text = write(&table);
        let mut edited = text.clone().into_bytes();
        let place = at.index(edited.len());
        edited[place] = byte;
        if let Ok(edited) = String::from_utf8(edited) {
            prop_assert_eq!(csv::header(edited.as_bytes()).is_some(), is_canonical(&edited), "{:?}", edited);
        }
    }
}

#[test]
fn one_table_has_one_encoding() {
    let accepted = |bytes: &[u8]| csv::header(bytes).is_some();
    assert_eq!(csv::header(b"id,name\r\n1,a\r\n"), Some(&b"id,name"[..]));
    assert_eq!(
        csv::header(b"\"a,b\",c\r\n"),
        Some(&b"\"a,b\",c"[..]),
        "a header alone"
    );
    assert!(accepted(b"a,b\r\n\"x\"\"y\",\"1\r\n2\"\r\n"));
    assert!(accepted(b"a,b\r\n,\r\n"), "empty fields need no quotes");
    assert!(accepted(b"a\r\n\"\"\r\n"), "but a lone one does");
    assert!(accepted("größe\r\n漢\r\n".as_bytes()));
    for (why, bytes) in [
        ("nothing", &b""[..]),
        ("no line end", b"a,b"),
        ("no last line end", b"a\r\nb"),
        ("a line too many", b"a\r\n\r\n"),
        ("an empty line", b"a,b\r\n\r\n1,2\r\n"),
        ("line feeds alone", b"a,b\n1,2\n"),
        ("carriage returns alone", b"a,b\r1,2\r"),
        ("needless quotes", b"\"a\",b\r\n"),
        ("needless quotes around nothing", b"\"\",b\r\n"),
        ("the same, last", b"a,\"\"\r\n"),
        ("fewer fields", b"a,b\r\n1\r\n"),
        ("more fields", b"a,b\r\n1,2,3\r\n"),
        ("a quote within", b"a\"b\r\n"),
        ("text behind a quoted field", b"\"a,\"b\r\n"),
        ("an open quote", b"\"a,b\r\n"),
        ("a control", b"a\tb\r\n"),
        ("a control in quotes", b"\"a,\0\"\r\n"),
        ("deletion", b"a\x7f\r\n"),
        ("a byte order mark", b"\xef\xbb\xbfa\r\n"),
        ("no text", b"\xff\xfe\r\n"),
        ("an overlong form", b"\xc0\xaf\r\n"),
    ] {
        assert!(!accepted(bytes), "{why}");
    }
}
