//! Built-in scorers: the same everywhere, blind to what the other one sees.

use agentcity_monitor::{
    scorer::{Letters, Scorer, ScorerError, Shape, TEXT_BYTES_MAX},
    vector::Vector,
};
use alloy_primitives::{hex, keccak256};

fn print(vector: &Vector) -> String {
    hex::encode(keccak256(serde_json::to_string(vector).unwrap()))
}

/// These texts have these vectors, on every machine and in every release that keeps a scorer's name. A change here is another scorer:
/// it takes another name, and monitors another approval.
#[test]
fn vectors_are_what_they_were() {
    let (letters, shape) = (Letters::default(), Shape::default());
    let texts = [
        "",
        "The quick brown fox jumps over the lazy dog.",
        "{\"rows\": [1, 20, 300],\n  \"note\": \"Größe – naïve 数\"}\r\n",
    ];
    let found: Vec<[String; 2]> = texts
        .iter()
        .map(|text| {
            let (letters, shape) = (letters.score(text).unwrap(), shape.score(text).unwrap());
            [print(&letters), print(&shape)]
        })
        .collect();
    let expected = include_str!("vectors.txt");
    let expected: Vec<&str> = expected.split_whitespace().collect();
    assert_eq!(found.as_flattened(), expected);
    assert_eq!(letters.id().name(), "agentcity/letters/1/512");
    assert_eq!(shape.id().name(), "agentcity/shape/1/256");
    assert_ne!(letters.id().hash(), shape.id().hash());
}

/// What one of them sees, the other does not: no change of one kind moves the other's vector at all.
#[test]
fn each_is_blind_to_what_the_other_sees() {
    let (letters, shape) = (Letters::default(), Shape::default());
    let text = "Barley needs 12 litres of water, and a dry week.\n- harvest\n";
    let table = [
        // Other letters in the same form.
        (
            "Crayon weeds 98 pencil at lunch, yet u red area.\n+ masters\n",
            "marks",
        ),
        (
            "Crayon weeds 98 pencil at lunch, yet u red area.\n- masters\n",
            "form",
        ),
        // The same letters in another form.
        (
            "BARLEY NEEDS\n\nLITRES; OF (WATER) AND? A DRY WEEK HARVEST 7",
            "letters",
        ),
        ("barleyneedslitresofwaterandadryweekharvest", "letters"),
    ];
    for (other, same) in table {
        let of_letters = letters.score(text).unwrap() == letters.score(other).unwrap();
        let of_shape = shape.score(text).unwrap() == shape.score(other).unwrap();
        assert_eq!(of_letters, same == "letters", "{other}");
        assert_eq!(of_shape, same == "form", "{other}");
    }
}

#[test]
fn an_output_without_letters_is_far_from_every_agent_that_writes() {
    let letters = Letters::default();
    let (words, none) = (
        letters.score("some words").unwrap(),
        letters.score("1, 2; 3").unwrap(),
    );
    assert_eq!(words.distance(&none).unwrap(), 1.0);
}

#[test]
fn a_text_beyond_the_limit_is_refused() {
    let long = "x".repeat(TEXT_BYTES_MAX + 1);
    let refused = Shape::default().score(&long);
    assert!(matches!(refused, Err(ScorerError::TooLong(bytes)) if bytes == TEXT_BYTES_MAX + 1));
    assert!(Letters::default().score(&long).is_err());
    assert!(Letters::default().score(&long[..1 << 20]).is_ok());
}
