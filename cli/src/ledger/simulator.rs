//! A device in place of the C library that speaks to USB: it takes the reports that the crates write, puts the commands together that are
//! in them, and answers as the Ethereum app does, with signatures of real keys. Everything above is what runs with a device:
//! `hidapi-rusb`, `coins-ledger`, `alloy-signer-ledger` and this program.
//!
//! It works because the linker takes a function from a library only where nothing before it has it. Whatever is missing here would be
//! taken from the library, which has all the others too: the linker would refuse both.
//!
//! Source of the commands: the public documentation of the Ethereum app (`ethapp.adoc`), and of Ledger's framing over HID.

use std::{
    ffi::{c_char, c_int, c_uchar, c_ushort, c_void},
    sync::{Mutex, MutexGuard, PoisonError},
};

use alloy::{
    consensus::{SignableTransaction, TxEip1559},
    primitives::{Address, B256, Signature, keccak256},
    rlp::Decodable as _,
    signers::{SignerSync as _, local::PrivateKeySigner},
};

/// Bytes of a report, and of one as it is written, with its number.
const REPORT: usize = 64;
const WRITTEN: usize = REPORT + 1;
/// Channel and tag of Ledger's framing.
const CHANNEL: [u8; 2] = [0x01, 0x01];
const TAG: u8 = 0x05;

/// What a device shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Screen {
    /// The Ethereum app.
    Ethereum,
    /// Its menu.
    Menu,
    /// It asks for its PIN.
    Locked,
}

/// A device, and what its holder does.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) screen: Screen,
    /// Whether another program has it.
    pub(super) is_taken: bool,
    /// Whether the app signs what it cannot show.
    pub(super) signs_blind: bool,
    /// Whether the holder confirms.
    pub(super) confirms: bool,
    /// The app's release.
    pub(super) release: [u8; 3],
    /// Whether it is another device than it says: it signs with keys of its own.
    pub(super) is_false: bool,
    /// Locks itself when it is asked to sign.
    pub(super) locks: bool,
    /// What it answers to everything, if it is a device that nobody knows.
    pub(super) answers: Option<u16>,
    /// The hashes it showed and the transactions it was handed.
    pub(super) shown: Vec<B256>,
    pub(super) handed: Vec<TxEip1559>,
    partial: Option<(u8, Vec<u8>)>,
    written: Vec<u8>,
    answer: Vec<[u8; REPORT]>,
}

impl Default for Held {
    fn default() -> Self {
        Self {
            screen: Screen::Ethereum,
            is_taken: false,
            signs_blind: true,
            confirms: true,
            release: [1, 13, 0],
            is_false: false,
            locks: false,
            answers: None,
            shown: Vec::new(),
            handed: Vec::new(),
            partial: None,
            written: Vec::new(),
            answer: Vec::new(),
        }
    }
}

/// The only device there is.
static DEVICE: Mutex<Option<Held>> = Mutex::new(None);
/// Held while a test has it.
static HANDS: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// The device in the hands of one test.
pub(super) struct Hands(#[allow(dead_code)] tokio::sync::MutexGuard<'static, ()>);

impl Hands {
    /// Takes the device, in this state.
    pub(super) async fn take(held: Held) -> Self {
        let hands = HANDS.lock().await;
        *device() = Some(held);
        Self(hands)
    }

    /// Does something with it.
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut Held) -> T) -> T {
        act(device().get_or_insert_with(Held::default))
    }
}

fn device() -> MutexGuard<'static, Option<Held>> {
    DEVICE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The key of a path: of its bytes as they are handed in.
pub(super) fn key_at(path: &str) -> PrivateKeySigner {
    let mut bytes = Vec::new();
    for step in path.split('/').skip(1) {
        let hardened = step.ends_with('\'');
        let index: u32 = step.trim_end_matches('\'').parse().unwrap();
        bytes.extend((index | u32::from(hardened) << 31).to_be_bytes());
    }
    key_of(&bytes)
}

fn key_of(path: &[u8]) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&keccak256([b"seed".as_slice(), path].concat())).unwrap()
}

/// What the app answers: data, or a status.
type Answer = Result<Vec<u8>, u16>;

impl Held {
    fn write(&mut self, report: &[u8]) {
        assert_eq!(report.len(), WRITTEN, "a report with its number before it");
        assert_eq!(report[0], 0, "the number of the only report");
        assert_eq!(report[1..3], CHANNEL);
        assert_eq!(report[3], TAG);
        let number = usize::from(u16::from_be_bytes([report[4], report[5]]));
        if number == 0 {
            self.written.clear();
        }
        assert_eq!(
            self.written.len(),
            number * (REPORT - 5),
            "reports in order"
        );
        self.written.extend(&report[6..]);
        let length = usize::from(u16::from_be_bytes([self.written[0], self.written[1]]));
        if self.written.len() >= length + 2 {
            let command = self.written[2..length + 2].to_vec();
            let (mut data, status) = match self.command(&command) {
                Ok(data) => (data, 0x9000u16),
                Err(status) => (Vec::new(), status),
            };
            data.extend(status.to_be_bytes());
            self.put(&data);
        }
    }

    /// Cuts an answer into reports, the last first.
    fn put(&mut self, data: &[u8]) {
        let framed = [&(data.len() as u16).to_be_bytes(), data].concat();
        self.answer = (0u16..)
            .zip(framed.chunks(REPORT - 5))
            .map(|(number, chunk)| {
                let mut report = [0; REPORT];
                report[..2].copy_from_slice(&CHANNEL);
                report[2] = TAG;
                report[3..5].copy_from_slice(&number.to_be_bytes());
                report[5..5 + chunk.len()].copy_from_slice(chunk);
                report
            })
            .collect();
        self.answer.reverse();
    }

    fn command(&mut self, command: &[u8]) -> Answer {
        if let Some(status) = self.answers {
            return Err(status);
        }
        match self.screen {
            Screen::Locked => return Err(0x5515),
            Screen::Menu => return Err(0x6511),
            Screen::Ethereum => {}
        }
        let [0xe0, instruction, first, second, rest @ ..] = command else {
            return Err(0x6e00);
        };
        let data = match rest {
            [] => &[],
            [length, data @ ..] if usize::from(*length) == data.len() => data,
            _ => return Err(0x6700),
        };
        match (instruction, first, second) {
            (0x06, 0, 0) => {
                let [major, minor, patch] = self.release;
                Ok(vec![u8::from(self.signs_blind), major, minor, patch])
            }
            (0x02, 0, 0) => {
                let (key, rest) = self.key(data)?;
                assert!(rest.is_empty(), "a path and nothing else");
                let point = key.public_key();
                let address = format!("{:x}", key.address());
                // The point is not compressed, which its first byte says.
                let parts: [&[u8]; 4] = [&[65, 4], point.as_slice(), &[40], address.as_bytes()];
                Ok(parts.concat())
            }
            (0x04 | 0x0c, 0 | 0x80, 0) => self.signing(*instruction, *first == 0, data),
            (0x04 | 0x0c, ..) => Err(0x6b00),
            _ => Err(0x6d00),
        }
    }

    /// The key of a path with its length before it, and what stands behind it.
    fn key<'a>(&self, data: &'a [u8]) -> Result<(PrivateKeySigner, &'a [u8]), u16> {
        let [steps, rest @ ..] = data else {
            return Err(0x6a80);
        };
        let length = usize::from(*steps) * 4;
        match *steps {
            1..=10 if rest.len() >= length => {
                let (path, rest) = rest.split_at(length);
                Ok((key_of(path), rest))
            }
            _ => Err(0x6a80),
        }
    }

    /// What is signed comes in several commands.
    fn signing(&mut self, instruction: u8, is_first: bool, data: &[u8]) -> Answer {
        if self.locks {
            self.screen = Screen::Locked;
            return Err(0x5515);
        }
        let mut whole = match (is_first, self.partial.take()) {
            (true, _) => Vec::new(),
            (false, Some((of, whole))) if of == instruction => whole,
            (false, _) => return Err(0x6985),
        };
        whole.extend(data);
        let (key, rest) = self.key(&whole)?;
        let key = match self.is_false {
            true => key_of(b"another device"),
            false => key,
        };
        let digest = match instruction {
            0x0c if rest.len() == 64 => {
                let (domain, message) = rest.split_at(32);
                self.shown.push(B256::from_slice(domain));
                self.shown.push(B256::from_slice(message));
                keccak256([&[0x19, 0x01], rest].concat())
            }
            0x0c => return Err(0x6a80),
            _ => match length_of(rest) {
                Some(length) if length == rest.len() => {
                    let transaction = TxEip1559::decode(&mut &rest[1..]).map_err(|_| 0x6a80u16)?;
                    let digest = keccak256(rest);
                    assert_eq!(transaction.signature_hash(), digest);
                    self.handed.push(transaction);
                    digest
                }
                Some(length) if length < rest.len() => return Err(0x6a80),
                _ => {
                    self.partial = Some((instruction, whole));
                    return Ok(Vec::new());
                }
            },
        };
        let is_plain =
            instruction == 0x04 && self.handed.last().is_some_and(|sent| sent.input.is_empty());
        if !self.signs_blind && !is_plain {
            return Err(0x6a80);
        }
        if !self.confirms {
            return Err(0x6985);
        }
        let signed = key.sign_hash_sync(&digest).unwrap();
        Ok(wire(&signed, instruction == 0x0c))
    }
}

/// Bytes of a transaction of type 2, if so many are there that it can be told.
fn length_of(bytes: &[u8]) -> Option<usize> {
    let [0x02, head @ ..] = bytes else {
        return None;
    };
    let mut rest = head;
    let header = alloy::rlp::Header::decode(&mut rest);
    match header {
        Ok(header) => Some(1 + head.len() - rest.len() + header.payload_length),
        // A list that says it is longer than what is here.
        Err(_) => None,
    }
}

/// v, r, s.
fn wire(signature: &Signature, is_message: bool) -> Vec<u8> {
    let base = if is_message { 27 } else { 0 };
    let v = base + u8::from(signature.v());
    let (r, s): ([u8; 32], [u8; 32]) = (signature.r().to_be_bytes(), signature.s().to_be_bytes());
    [&[v][..], &r, &s].concat()
}

/// As the C library lays it out.
#[repr(C)]
struct Info {
    path: *mut c_char,
    vendor_id: c_ushort,
    product_id: c_ushort,
    serial_number: *mut c_void,
    release_number: c_ushort,
    manufacturer_string: *mut c_void,
    product_string: *mut c_void,
    usage_page: c_ushort,
    usage: c_ushort,
    interface_number: c_int,
    next: *mut Info,
}

/// What a pointer to the device points to.
static MARK: u8 = 0;

fn mark() -> *mut c_void {
    (&raw const MARK).cast_mut().cast()
}

#[unsafe(no_mangle)]
extern "C" fn hid_init() -> c_int {
    0
}

#[unsafe(no_mangle)]
extern "C" fn hid_exit() -> c_int {
    0
}

#[unsafe(no_mangle)]
extern "C" fn hid_enumerate(_: c_ushort, _: c_ushort) -> *mut Info {
    Box::into_raw(Box::new(Info {
        path: c"0001:0001:00".as_ptr().cast_mut(),
        vendor_id: 0x2c97,
        product_id: 0x4011,
        serial_number: std::ptr::null_mut(),
        release_number: 0x0201,
        manufacturer_string: std::ptr::null_mut(),
        product_string: std::ptr::null_mut(),
        usage_page: 0xffa0,
        usage: 1,
        interface_number: 0,
        next: std::ptr::null_mut(),
    }))
}

#[unsafe(no_mangle)]
extern "C" fn hid_free_enumeration(info: *mut Info) {
    if !info.is_null() {
        // SAFETY: it is what `hid_enumerate` made, and it is handed back once.
        drop(unsafe { Box::from_raw(info) });
    }
}

#[unsafe(no_mangle)]
extern "C" fn hid_open_path(_: *const c_char) -> *mut c_void {
    match device().as_ref() {
        Some(held) if !held.is_taken => mark(),
        _ => std::ptr::null_mut(),
    }
}

#[unsafe(no_mangle)]
extern "C" fn hid_open(_: c_ushort, _: c_ushort, _: *const c_void) -> *mut c_void {
    hid_open_path(std::ptr::null())
}

#[unsafe(no_mangle)]
extern "C" fn hid_libusb_wrap_sys_device(_: *mut c_int, _: c_int) -> *mut c_void {
    std::ptr::null_mut()
}

#[unsafe(no_mangle)]
extern "C" fn hid_write(_: *mut c_void, data: *const c_uchar, length: usize) -> c_int {
    // SAFETY: the caller hands a buffer of that length.
    let report = unsafe { std::slice::from_raw_parts(data, length) };
    match device().as_mut() {
        Some(held) => {
            held.write(report);
            c_int::try_from(length).unwrap_or(-1)
        }
        None => -1,
    }
}

#[unsafe(no_mangle)]
extern "C" fn hid_read_timeout(
    _: *mut c_void,
    data: *mut c_uchar,
    length: usize,
    _: c_int,
) -> c_int {
    let report = device().as_mut().and_then(|held| held.answer.pop());
    match report {
        Some(report) if length >= REPORT => {
            // SAFETY: the caller hands a buffer of that length.
            unsafe { std::ptr::copy_nonoverlapping(report.as_ptr(), data, REPORT) };
            REPORT as c_int
        }
        _ => -1,
    }
}

#[unsafe(no_mangle)]
extern "C" fn hid_read(device: *mut c_void, data: *mut c_uchar, length: usize) -> c_int {
    hid_read_timeout(device, data, length, -1)
}

#[unsafe(no_mangle)]
extern "C" fn hid_set_nonblocking(_: *mut c_void, _: c_int) -> c_int {
    0
}

#[unsafe(no_mangle)]
extern "C" fn hid_send_feature_report(_: *mut c_void, _: *const c_uchar, _: usize) -> c_int {
    -1
}

#[unsafe(no_mangle)]
extern "C" fn hid_get_feature_report(_: *mut c_void, _: *mut c_uchar, _: usize) -> c_int {
    -1
}

#[unsafe(no_mangle)]
extern "C" fn hid_close(_: *mut c_void) {}

#[unsafe(no_mangle)]
extern "C" fn hid_get_manufacturer_string(_: *mut c_void, _: *mut c_void, _: usize) -> c_int {
    -1
}

#[unsafe(no_mangle)]
extern "C" fn hid_get_product_string(_: *mut c_void, _: *mut c_void, _: usize) -> c_int {
    -1
}

#[unsafe(no_mangle)]
extern "C" fn hid_get_serial_number_string(_: *mut c_void, _: *mut c_void, _: usize) -> c_int {
    -1
}

#[unsafe(no_mangle)]
extern "C" fn hid_get_indexed_string(_: *mut c_void, _: c_int, _: *mut c_void, _: usize) -> c_int {
    -1
}

#[unsafe(no_mangle)]
extern "C" fn hid_error(_: *mut c_void) -> *const c_void {
    std::ptr::null()
}

/// The address of a path.
pub(super) fn address_at(path: &str) -> Address {
    key_at(path).address()
}
