//! JSON with places. `serde_json` reads all syntax; a value that it lends as text is a part of the document's own, so where it stands
//! follows from where its text begins. Each level is read from the text of the level above it, so what is read again is bounded by
//! the depth of a document, and nothing recurses but schemas, whose depth is bounded.

use std::{borrow::Cow, collections::HashSet, fmt};

use alloy_primitives::{Address, B256};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{
    canonical::{self, Members},
    keys::{Key, Object},
    problem::{Findings, Path, Problems, excerpt},
};

/// Most bytes of a document: room for 65,535 nodes of which only hashes are known, and for ten times as much text as 5,000 nodes
/// need.
pub const DOCUMENT_BYTES_MAX: usize = 1 << 27;
/// Most bytes of a schema.
pub const SCHEMA_BYTES_MAX: usize = 1 << 16;
/// Most levels of a schema.
pub const SCHEMA_DEPTH_MAX: usize = 32;
/// The greatest number that all readers of JSON agree on, 2^53 - 1 (RFC 8785, I-JSON).
const SAFE_MAX: i64 = (1 << 53) - 1;
/// Most members of an object of the document that are looked at: more than any has keys.
const MEMBERS_MAX: usize = 48;

/// A value as it stands in its text.
pub(super) type Value = RawValue;

/// A member of an object.
#[derive(Clone, Debug)]
struct Member<'t> {
    name: Cow<'t, str>,
    key: &'t Value,
    value: &'t Value,
}

/// What an object holds under the keys that it may have.
#[derive(Clone, Debug)]
pub(super) struct Fields<'t> {
    /// The object.
    pub(super) at: &'t Value,
    list: Vec<(&'static str, &'t Value)>,
}

impl<'t> Fields<'t> {
    pub(super) fn get(&self, key: &Key) -> Option<&'t Value> {
        let named = |(name, _): &&(&str, _)| *name == key.name;
        self.list.iter().find(named).map(|(_, value)| *value)
    }
}

/// Reads a text, and keeps what is wrong with it.
#[derive(Debug)]
pub(super) struct Reader<'t> {
    pub(super) text: &'t str,
    pub(super) findings: Findings,
}

/// The elements of a list, or the members of an object, up to a bound; others are counted.
struct Bounded(usize);

type Listed<T> = (Vec<T>, usize);

impl<'de> DeserializeSeed<'de> for Bounded {
    type Value = Listed<(&'de Value, &'de Value)>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Bounded {
    type Value = Listed<(&'de Value, &'de Value)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut list, mut beyond) = (Vec::new(), 0);
        while list.len() < self.0 {
            match map.next_entry()? {
                Some(pair) => list.push(pair),
                None => return Ok((list, beyond)),
            }
        }
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
            beyond += 1;
        }
        Ok((list, beyond))
    }
}

struct BoundedList(usize);

impl<'de> DeserializeSeed<'de> for BoundedList {
    type Value = Listed<&'de Value>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for BoundedList {
    type Value = Listed<&'de Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let (mut list, mut beyond) = (Vec::new(), 0);
        while list.len() < self.0 {
            match elements.next_element()? {
                Some(element) => list.push(element),
                None => return Ok((list, beyond)),
            }
        }
        while elements.next_element::<IgnoredAny>()?.is_some() {
            beyond += 1;
        }
        Ok((list, beyond))
    }
}

fn read_with<'t, S: DeserializeSeed<'t>>(seed: S, at: &'t Value) -> Option<S::Value> {
    let mut from = serde_json::Deserializer::from_str(at.get());
    seed.deserialize(&mut from).ok()
}

/// What stands under a key of an object, of which it is known that it has no key twice.
pub(super) fn field<'t>(at: &'t Value, key: &Key) -> Option<&'t Value> {
    let (pairs, _) = read_with(Bounded(MEMBERS_MAX), at)?;
    let named = |(name, _): &(&Value, &Value)| text_of(name).as_deref() == Some(key.name);
    pairs.into_iter().find(named).map(|(_, value)| value)
}

fn begins_with(at: &Value, c: char) -> bool {
    at.get().starts_with(c)
}

/// A value as a message repeats it.
pub(super) fn shown(at: &Value) -> String {
    match at.get().chars().next() {
        Some('{') => "an object".to_owned(),
        Some('[') => "a list".to_owned(),
        _ => excerpt(at.get()),
    }
}

/// The text that a value is; none if it is none, or holds half a surrogate pair, which is no character.
fn text_of(at: &Value) -> Option<Cow<'_, str>> {
    let inner = at.get().strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        serde_json::from_str(at.get()).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inner))
    }
}

impl<'t> Reader<'t> {
    /// The document in these bytes.
    ///
    /// Errors: that they are too many, no text, or no JSON: one problem, because nothing behind it means anything.
    pub(super) fn open(bytes: &'t [u8]) -> Result<(Self, &'t Value), Problems> {
        let mut findings = Findings::default();
        if bytes.len() > DOCUMENT_BYTES_MAX {
            let (found, wanted) = (bytes.len(), DOCUMENT_BYTES_MAX);
            let wanted = format!("at most {wanted}");
            findings.tell(0, &Path::Root, format!("{found} bytes"), wanted);
            return Err(findings.of(""));
        }
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let good = error.valid_up_to();
                let found = format!(
                    "byte 0x{:02x}",
                    bytes.get(good).copied().unwrap_or_default()
                );
                findings.tell(good, &Path::Root, found, "UTF-8");
                let before = bytes.get(..good).unwrap_or_default();
                return Err(findings.of(&String::from_utf8_lossy(before)));
            }
        };
        match serde_json::from_str(text) {
            Ok(root) => Ok((Self { text, findings }, root)),
            Err(error) => {
                let lines = text
                    .split_inclusive('\n')
                    .take(error.line().saturating_sub(1));
                // Its columns count from one; where a control character stands in a text, from none.
                let why = error.to_string();
                let back = usize::from(!why.starts_with("control character"));
                let offset =
                    lines.map(str::len).sum::<usize>() + error.column().saturating_sub(back);
                let offset = if error.is_eof() { text.len() } else { offset };
                let rest = text.get(text.floor_char_boundary(offset)..);
                let found = match rest.unwrap_or_default().chars().next() {
                    Some(c) => format!("`{}`", excerpt(c.encode_utf8(&mut [0; 4]))),
                    None => "the end".to_owned(),
                };
                let why = why.split(" at line ").next().unwrap_or_default();
                findings.tell(offset, &Path::Root, found, format!("JSON ({why})"));
                Err(findings.of(text))
            }
        }
    }

    /// Where a value begins, in bytes of the text.
    pub(super) fn offset(&self, at: &Value) -> usize {
        let (begin, here) = (self.text.as_ptr().addr(), at.get().as_ptr().addr());
        here.saturating_sub(begin)
    }

    /// Something is wrong with a value.
    pub(super) fn tell(
        &mut self,
        at: &Value,
        path: &Path<'_>,
        found: impl Into<String>,
        wanted: impl Into<String>,
    ) {
        let offset = self.offset(at);
        self.findings.tell(offset, path, found, wanted);
    }

    /// A value is not what is wanted.
    pub(super) fn refuse<T>(
        &mut self,
        at: &Value,
        path: &Path<'_>,
        wanted: impl Into<String>,
    ) -> Option<T> {
        self.tell(at, path, shown(at), wanted);
        None
    }

    /// The members of an object: the first `most`, each key once.
    fn members(
        &mut self,
        at: &'t Value,
        path: &Path<'_>,
        most: usize,
        wanted: &str,
    ) -> Option<Vec<Member<'t>>> {
        let read = begins_with(at, '{').then(|| read_with(Bounded(most), at));
        let Some((pairs, beyond)) = read.flatten() else {
            return self.refuse(at, path, wanted);
        };
        if beyond > 0 {
            let found = format!("{} members", most + beyond);
            self.tell(at, path, found, format!("at most {most}"));
        }
        let (mut members, mut seen) = (Vec::with_capacity(pairs.len()), HashSet::new());
        for (key, value) in pairs {
            let Some(name) = text_of(key) else {
                self.refuse::<()>(key, path, "a key of whole characters");
                continue;
            };
            if !seen.insert(name.clone()) {
                let found = format!("a second `{}`", excerpt(&name));
                self.tell(key, &Path::Key(path, &name), found, "every key once");
                continue;
            }
            members.push(Member { name, key, value });
        }
        Some(members)
    }

    /// The fields of an object of the document. Others than its keys are told, with the key that was meant, or why there is none.
    pub(super) fn fields(
        &mut self,
        at: &'t Value,
        path: &Path<'_>,
        object: &Object,
    ) -> Option<Fields<'t>> {
        let wanted = format!("an object: the {}", object.name);
        let members = self.members(at, path, MEMBERS_MAX, &wanted)?;
        let mut list = Vec::with_capacity(members.len());
        for Member { name, key, value } in members {
            if let Some(known) = object.keys.iter().find(|known| known.name == name) {
                list.push((known.name, value));
                continue;
            }
            let found = format!("the key `{}`", excerpt(&name));
            let outside = object.outside.iter().find(|(outside, _)| *outside == name);
            let wanted = match (outside, nearest(&name, object.keys.iter().map(|k| k.name))) {
                (Some((_, why)), _) => (*why).to_owned(),
                (None, Some(near)) => format!("`{near}`"),
                (None, None) => format!("another key: the {} has none of this name", object.name),
            };
            self.tell(key, &Path::Key(path, &name), found, wanted);
        }
        Some(Fields { at, list })
    }

    /// What stands under a key that must be there.
    pub(super) fn need(
        &mut self,
        fields: &Fields<'t>,
        path: &Path<'_>,
        key: &Key,
    ) -> Option<&'t Value> {
        let value = fields.get(key);
        if value.is_none() {
            let path = Path::Key(path, key.name);
            self.tell(fields.at, &path, "nothing", key.wanted);
        }
        value
    }

    /// The elements of a list, `least` to `most`.
    pub(super) fn list(
        &mut self,
        at: &'t Value,
        path: &Path<'_>,
        key: &Key,
        least: usize,
        most: usize,
    ) -> Option<Vec<&'t Value>> {
        let read = begins_with(at, '[').then(|| read_with(BoundedList(most), at));
        let Some((list, beyond)) = read.flatten() else {
            return self.refuse(at, path, key.wanted);
        };
        let found = format!("{} elements", list.len() + beyond);
        if list.len() < least {
            self.tell(at, path, found, key.wanted);
        } else if beyond > 0 {
            self.tell(at, path, found, format!("at most {most}"));
        }
        Some(list)
    }

    /// Text that `is` what is wanted.
    pub(super) fn text(
        &mut self,
        at: &'t Value,
        path: &Path<'_>,
        key: &Key,
        is: impl Fn(&str) -> bool,
    ) -> Option<Cow<'t, str>> {
        match text_of(at).filter(|text| is(text)) {
            Some(text) => Some(text),
            None => self.refuse(at, path, key.wanted),
        }
    }

    /// The place of a text among those that it may be.
    pub(super) fn one_of(
        &mut self,
        at: &'t Value,
        path: &Path<'_>,
        key: &Key,
        names: &[&str],
    ) -> Option<u8> {
        let found = text_of(at);
        let place = names
            .iter()
            .position(|name| found.as_deref() == Some(*name));
        match place {
            Some(place) => u8::try_from(place).ok(),
            None => self.refuse(at, path, key.wanted),
        }
    }

    pub(super) fn truth(&mut self, at: &'t Value, path: &Path<'_>, key: &Key) -> Option<bool> {
        match at.get() {
            "true" => Some(true),
            "false" => Some(false),
            _ => self.refuse(at, path, key.wanted),
        }
    }

    /// A whole number, as such or as decimal text.
    pub(super) fn whole<T: TryFrom<u128>>(
        &mut self,
        at: &'t Value,
        path: &Path<'_>,
        key: &Key,
        fits: impl Fn(&T) -> bool,
    ) -> Option<T> {
        let text = text_of(at).unwrap_or(Cow::Borrowed(at.get()));
        let number = decimal(&text).and_then(|number| T::try_from(number).ok());
        match number.filter(fits) {
            Some(number) => Some(number),
            None => self.refuse(at, path, key.wanted),
        }
    }

    /// An amount in base units, written with at most `scale` decimal places.
    pub(super) fn amount(
        &mut self,
        at: &'t Value,
        path: &Path<'_>,
        key: &Key,
        scale: u32,
    ) -> Option<u128> {
        let text = text_of(at);
        let text = match &text {
            Some(text) => text.as_ref(),
            // A number with a fraction is a float to other readers of JSON.
            None => at.get(),
        };
        let (coins, parts) = match text.split_once('.') {
            Some((coins, parts)) if begins_with(at, '"') => (coins, parts),
            _ => (text, ""),
        };
        let places = u32::try_from(parts.len()).unwrap_or(u32::MAX);
        let digits = parts.bytes().all(|c| c.is_ascii_digit());
        if digits && places > scale {
            let wanted = format!("at most {scale} decimal places, as `amountScale` says");
            return self.refuse(at, path, wanted);
        }
        let ended = text.ends_with('.');
        let units = decimal(coins)
            .filter(|_| digits && !ended)
            .and_then(|coins| {
                let whole = coins.checked_mul(10u128.checked_pow(scale)?)?;
                let parts = if parts.is_empty() {
                    0
                } else {
                    parts.parse::<u128>().ok()?
                };
                let rest = scale.checked_sub(places)?;
                whole.checked_add(parts.checked_mul(10u128.checked_pow(rest)?)?)
            });
        match units {
            Some(units) => Some(units),
            None => self.refuse(at, path, key.wanted),
        }
    }

    /// A word in hexadecimal digits.
    pub(super) fn word(&mut self, at: &'t Value, path: &Path<'_>, key: &Key) -> Option<B256> {
        match hexadecimal(at) {
            Some(bytes) => Some(B256::new(bytes)),
            None => self.refuse(at, path, key.wanted),
        }
    }

    /// An address. One that is written with capitals and small letters has the checksum of EIP-55.
    pub(super) fn address(&mut self, at: &'t Value, path: &Path<'_>, key: &Key) -> Option<Address> {
        let Some(bytes) = hexadecimal(at) else {
            return self.refuse(at, path, key.wanted);
        };
        let address = Address::new(bytes);
        let digits = at.get().get(3..).unwrap_or_default();
        let mixed = digits.contains(|c: char| c.is_ascii_uppercase())
            && digits.contains(|c: char| c.is_ascii_lowercase());
        let sum = address.to_checksum(None);
        if mixed && text_of(at).as_deref() != Some(&sum) {
            return self.refuse(at, path, format!("the checksum of {sum}"));
        }
        Some(address)
    }

    /// The canonical text of a schema.
    pub(super) fn schema(&mut self, at: &'t Value, path: &Path<'_>, key: &Key) -> Option<String> {
        if at.get().len() > SCHEMA_BYTES_MAX {
            let found = format!("{} bytes", at.get().len());
            self.tell(at, path, found, key.wanted);
            return None;
        }
        if !begins_with(at, '{') && !matches!(at.get(), "true" | "false") {
            return self.refuse(at, path, key.wanted);
        }
        self.canonical(at, path, SCHEMA_DEPTH_MAX)
    }

    /// The canonical text of a value with at most `depth` levels.
    fn canonical(&mut self, at: &'t Value, path: &Path<'_>, depth: usize) -> Option<String> {
        let (object, list) = (begins_with(at, '{'), begins_with(at, '['));
        if (object || list) && depth == 0 {
            let wanted = format!("at most {SCHEMA_DEPTH_MAX} levels of a schema");
            return self.refuse(at, path, wanted);
        }
        if object {
            let members = self.members(at, path, usize::MAX, "an object")?;
            let mut out = Some(Members::default());
            for Member { name, value, .. } in members {
                let value = self.canonical(value, &Path::Key(path, &name), depth - 1);
                // What is wrong behind it is told too.
                out = out.zip(value).map(|(mut out, value)| {
                    out.put(&name, value);
                    out
                });
            }
            return out.map(Members::close);
        }
        if list {
            let (elements, _) = read_with(BoundedList(usize::MAX), at)?;
            let each = elements.into_iter().enumerate();
            let each = each.map(|(i, at)| self.canonical(at, &Path::Index(path, i), depth - 1));
            let each: Vec<Option<String>> = each.collect();
            return each
                .into_iter()
                .collect::<Option<Vec<_>>>()
                .map(canonical::list);
        }
        if begins_with(at, '"') {
            return match text_of(at) {
                Some(text) => Some(canonical::quoted(&text)),
                None => self.refuse(at, path, "text of whole characters"),
            };
        }
        if matches!(at.get(), "true" | "false" | "null") {
            return Some(at.get().to_owned());
        }
        let number = at.get().parse::<i64>().ok();
        match number.filter(|number| number.unsigned_abs() <= SAFE_MAX.unsigned_abs()) {
            Some(number) => Some(number.to_string()),
            None => self.refuse(
                at,
                path,
                "a whole number within 2^53 - 1: other numbers have no form that all agree on, so give the schema's hash",
            ),
        }
    }
}

/// The canonical text of a schema that stands alone: what a service's schema hash is the keccak256 of, as a task's is.
///
/// Errors: everything that is wrong with it; one problem alone if it is no JSON.
pub fn canonical_schema(bytes: &[u8]) -> Result<String, Problems> {
    let (mut reader, root) = Reader::open(bytes)?;
    let schema = reader.schema(root, &Path::Root, &super::keys::INPUT_SCHEMA);
    match schema.filter(|_| reader.findings.is_empty()) {
        Some(schema) => Ok(schema),
        None => Err(reader.findings.of(reader.text)),
    }
}

/// A number in decimal digits, without a sign and without a zero before others.
fn decimal(text: &str) -> Option<u128> {
    let digits = text.bytes().all(|c| c.is_ascii_digit());
    let one_form = text == "0" || !text.starts_with('0');
    text.parse().ok().filter(|_| digits && one_form)
}

/// Bytes in hexadecimal digits behind `0x`, exactly as many as are wanted.
fn hexadecimal<const N: usize>(at: &Value) -> Option<[u8; N]> {
    let text = text_of(at)?;
    let digits = text
        .strip_prefix("0x")
        .filter(|digits| digits.len() == 2 * N)?;
    let mut bytes = [0; N];
    alloy_primitives::hex::decode_to_slice(digits, &mut bytes).ok()?;
    Some(bytes)
}

/// The name that was probably meant: at most a third of it written otherwise.
pub(super) fn nearest<'n>(found: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    const LONGEST: usize = 66;
    if found.len() > LONGEST {
        return None;
    }
    let small = found.to_ascii_lowercase();
    let distance = |name: &str| strsim::osa_distance(&small, &name.to_ascii_lowercase());
    let near = names.map(|name| (distance(name), name));
    let near = near.filter(|(distance, name)| *distance <= name.len() / 3);
    near.min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}
