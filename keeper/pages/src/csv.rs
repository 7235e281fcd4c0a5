//! Tables in the one encoding that the verifier of tables knows (docs/verifiers.md).

use agentcity_domain::verifier::csv::header;

/// Bytes that are no table in its one encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no table in its one encoding (docs/verifiers.md)")]
pub struct NoTable;

/// A table of a header and records, which must be as long.
pub fn write<const N: usize>(
    header: &[&str; N],
    records: impl IntoIterator<Item = [String; N]>,
) -> Vec<u8> {
    let mut whole = record(header.iter().copied());
    for fields in records {
        whole.push_str(&record(fields.iter().map(String::as_str)));
    }
    whole.into_bytes()
}

fn record<'f>(fields: impl ExactSizeIterator<Item = &'f str>) -> String {
    let alone = fields.len() == 1;
    let mut line = String::new();
    for (place, field) in fields.enumerate() {
        if place > 0 {
            line.push(',');
        }
        // Other controls have no place in a table.
        let plain = |c: &char| !c.is_ascii_control() || matches!(c, '\r' | '\n');
        let field: String = field.chars().filter(plain).collect();
        if field.contains([',', '"', '\r', '\n']) || alone && field.is_empty() {
            line.push('"');
            line.push_str(&field.replace('"', "\"\""));
            line.push('"');
        } else {
            line.push_str(&field);
        }
    }
    line.push_str("\r\n");
    line
}

/// The records of a table, the header first.
///
/// Errors: [`NoTable`].
pub fn read(bytes: &[u8]) -> Result<Vec<Vec<String>>, NoTable> {
    // The chain's own rule says that it is one; here it is only taken apart.
    header(bytes).ok_or(NoTable)?;
    let text = std::str::from_utf8(bytes).map_err(|_| NoTable)?;
    let (mut records, mut fields, mut field) = (Vec::new(), Vec::new(), String::new());
    let mut quoted = false;
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(std::mem::take(&mut field)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                fields.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut fields));
            }
            c => field.push(c),
        }
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_a_table_for_the_chain_and_reads_back(
            rows in prop::collection::vec(prop::array::uniform3("[ -~é\r\n]{0,12}"), 0..6),
        ) {
            let table = write(&["a", "b,c", "d"], rows.clone());
            prop_assert_eq!(header(&table), Some(&b"a,\"b,c\",d"[..]));
            let read = read(&table).expect("a table");
            prop_assert_eq!(&read[0], &["a", "b,c", "d"]);
            prop_assert_eq!(&read[1..], rows.iter().map(|row| row.to_vec()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_lone_empty_field_is_quoted_and_other_bytes_are_no_table() {
        assert_eq!(write(&[""], []), b"\"\"\r\n");
        assert_eq!(read(b"a,b\n"), Err(NoTable));
        assert_eq!(write(&["a\u{7}b"], []), b"ab\r\n");
    }
}
