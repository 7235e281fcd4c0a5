//! Random transactions that mean something: contracts whose every statement leaves a trace in storage, logs or gas.

use agentcity_test_fixtures::{
    Actor,
    evm::{Code, initcode, op},
};
use alloy::{
    consensus::{SignableTransaction, TxEip1559, TxEip2930, TxEip7702, TxEnvelope, TxLegacy},
    eips::{
        eip2930::{AccessList, AccessListItem},
        eip7702::Authorization,
    },
    primitives::{Address, B256, Bytes, TxKind, U256},
    signers::SignerSync,
};
use rand::{Rng, rngs::StdRng, seq::IndexedRandom};

/// Storage keys that statements use; compared afterwards.
pub const KEYS: u64 = 24;
/// Gas that is enough for every generated contract.
const PLENTY: u64 = 3_000_000;
/// Gas of an endless loop.
const LITTLE: u64 = 60_000;

/// What the generator knows about the chain.
#[derive(Debug)]
pub struct World {
    pub chain_id: u64,
    pub base_fee: u64,
    pub nonces: Vec<u64>,
    /// Contracts made by transactions.
    pub contracts: Vec<Address>,
    /// Accounts that only receive.
    pub recipients: Vec<Address>,
}

/// One generated transaction.
#[derive(Debug)]
pub struct Generated {
    pub what: &'static str,
    pub envelope: TxEnvelope,
    pub sender: Address,
    /// The nonce is used up when the node accepts it.
    pub actor: usize,
    /// Refused before the pool.
    pub invalid: bool,
}

const OPERATORS: [u8; 20] = [
    op::ADD,
    op::MUL,
    op::SUB,
    op::DIV,
    op::SDIV,
    op::MOD,
    op::SMOD,
    op::EXP,
    op::SIGNEXTEND,
    op::LT,
    op::GT,
    op::SLT,
    op::SGT,
    op::EQ,
    op::AND,
    op::OR,
    op::XOR,
    op::BYTE,
    op::SHL,
    op::SAR,
];
const SURROUNDINGS: [u8; 17] = [
    op::ADDRESS,
    op::ORIGIN,
    op::CALLER,
    op::CALLVALUE,
    op::CALLDATASIZE,
    op::CODESIZE,
    op::GASPRICE,
    op::RETURNDATASIZE,
    op::COINBASE,
    op::TIMESTAMP,
    op::NUMBER,
    op::GASLIMIT,
    op::CHAINID,
    op::SELFBALANCE,
    op::BASEFEE,
    op::MSIZE,
    op::GAS,
];

fn key(rng: &mut StdRng) -> u64 {
    rng.random_range(0..KEYS)
}

/// Numbers near the edges of the types, and plain ones.
pub fn number(rng: &mut StdRng) -> U256 {
    match rng.random_range(0..6) {
        0 => U256::ZERO,
        1 => U256::MAX - U256::from(rng.random_range(0..3u8)),
        2 => U256::from(1) << rng.random_range(0..256usize),
        3 => U256::from_be_bytes(rng.random::<[u8; 32]>()),
        _ => U256::from(rng.random_range(0..300u64)),
    }
}

/// An account to look at or call: a contract, an actor, a precompile, nobody.
fn someone(rng: &mut StdRng, world: &World) -> Address {
    match rng.random_range(0..5) {
        0 => Actor::all().choose(rng).expect("actors").address(),
        1 => Address::from_word(U256::from(rng.random_range(1..=0x11u64)).into()),
        2 => *world.recipients.choose(rng).expect("recipients"),
        _ => world.contracts.choose(rng).copied().unwrap_or_default(),
    }
}

/// A statement: leaves the stack as it found it.
fn statement(code: Code, rng: &mut StdRng, world: &World, depth: u8) -> Code {
    match rng.random_range(0..20) {
        18 | 19 => log(code, rng),
        0..=2 => {
            let value = if rng.random_bool(0.3) {
                U256::ZERO
            } else {
                number(rng)
            };
            code.push(value).sstore_top(key(rng))
        }
        3 => code
            .push(key(rng))
            .op(op::SLOAD)
            .push(1)
            .op(op::ADD)
            .sstore_top(key(rng)),
        4 | 5 => code
            .push(number(rng))
            .push(number(rng))
            .op(*OPERATORS.choose(rng).expect("operators"))
            .sstore_top(key(rng)),
        6 => code
            .op(*SURROUNDINGS.choose(rng).expect("surroundings"))
            .sstore_top(key(rng)),
        7 => {
            let operator = if rng.random_bool(0.5) {
                op::ADDMOD
            } else {
                op::MULMOD
            };
            code.push(number(rng))
                .push(number(rng))
                .push(number(rng))
                .op(operator)
                .sstore_top(key(rng))
        }
        8 => log(code, rng),
        9 => code
            .push(rng.random_range(0..200u64))
            .push(rng.random_range(0..64u64))
            .op(op::KECCAK256)
            .sstore_top(key(rng)),
        10 => {
            let query = *[op::BALANCE, op::EXTCODESIZE, op::EXTCODEHASH]
                .choose(rng)
                .expect("queries");
            code.push_address(someone(rng, world))
                .op(query)
                .sstore_top(key(rng))
        }
        11 => code
            .push(number(rng))
            .push(key(rng))
            .op(op::TSTORE)
            .push(key(rng))
            .op(op::TLOAD)
            .sstore_top(key(rng)),
        12 => code
            .push(rng.random_range(0..96u64))
            .push(rng.random_range(0..96u64))
            .push(rng.random_range(0..96u64))
            .op(op::MCOPY)
            .push(rng.random_range(0..96u64))
            .op(op::MLOAD)
            .sstore_top(key(rng)),
        13 | 14 => call(code, rng, world),
        15 => precompile(code, rng),
        16 if depth == 0 => create(code, rng, world),
        16 => code
            .push(rng.random_range(0..64u64))
            .push(0)
            .push(0)
            .op(op::CODECOPY),
        _ => {
            let slot = key(rng);
            code.repeat(rng.random_range(1..6u32), |body| {
                body.push(slot)
                    .op(op::SLOAD)
                    .op(op::DUP2)
                    .op(op::ADD)
                    .sstore_top(slot)
            })
        }
    }
}

fn log(code: Code, rng: &mut StdRng) -> Code {
    let topics = rng.random_range(0..=4u8);
    let mut code = code
        .push(number(rng))
        .push(32 * rng.random_range(0..4u64))
        .op(op::MSTORE);
    for _ in 0..topics {
        code = code.push(number(rng));
    }
    code.push(rng.random_range(0..160u64))
        .push(rng.random_range(0..64u64))
        .op(op::LOG0 + topics)
}

fn call(code: Code, rng: &mut StdRng, world: &World) -> Code {
    let opcode = *[
        op::CALL,
        op::CALL,
        op::STATICCALL,
        op::DELEGATECALL,
        op::CALLCODE,
    ]
    .choose(rng)
    .expect("calls");
    // The first byte of the calldata chooses the callee's ending; 31 bytes follow it.
    let input = rng.random::<[u8; 32]>();
    let code = code.push_bytes(&input).push(0).op(op::MSTORE);
    let code = code
        .push(rng.random_range(0..96u64))
        .push(32)
        .push(rng.random_range(0..33u64))
        .push(0);
    let code = if matches!(opcode, op::CALL | op::CALLCODE) {
        code.push(*[0u64, 0, 1, 1_000].choose(rng).expect("values"))
    } else {
        code
    };
    let code = code.push_address(someone(rng, world));
    let code = if rng.random_bool(0.5) {
        code.op(op::GAS)
    } else {
        code.push(rng.random_range(0..120_000u64))
    };
    code.op(opcode)
        .sstore_top(key(rng))
        .op(op::RETURNDATASIZE)
        .sstore_top(key(rng))
}

fn precompile(code: Code, rng: &mut StdRng) -> Code {
    let which = rng.random_range(1..=0x11u64);
    let input: Vec<u8> = match which {
        // modexp with sane lengths: 3 lengths of 32 bytes, then base, exponent, modulus.
        5 => {
            let len = rng.random_range(1..24u8);
            let mut input = vec![0u8; 96];
            input[31] = len;
            input[63] = len;
            input[95] = len;
            input.extend((0..3 * usize::from(len)).map(|_| rng.random::<u8>()));
            input
        }
        // bn254: the generator is a valid point, noise is not.
        6 | 7 if rng.random_bool(0.7) => {
            let mut input = vec![0u8; 128];
            input[31] = 1;
            input[63] = 2;
            input[95] = if which == 7 { rng.random() } else { 1 };
            input[127] = if which == 6 { 2 } else { 0 };
            input
        }
        // blake2f wants 213 bytes and a flag of 0 or 1.
        9 if rng.random_bool(0.8) => {
            let mut input: Vec<u8> = (0..213).map(|_| rng.random()).collect();
            input[..4].copy_from_slice(&rng.random_range(0..40u32).to_be_bytes());
            input[212] = rng.random_range(0..2);
            input
        }
        _ => (0..rng.random_range(0..260usize))
            .map(|_| rng.random())
            .collect(),
    };
    let code = code.store_bytes(0, &input);
    code.push(64)
        .push(320)
        .push(input.len())
        .push(0)
        .push(which)
        .push(rng.random_range(50_000..400_000u64))
        .op(op::STATICCALL)
        .sstore_top(key(rng))
        .push(64)
        .push(320)
        .op(op::KECCAK256)
        .sstore_top(key(rng))
        .op(op::RETURNDATASIZE)
        .sstore_top(key(rng))
}

fn create(code: Code, rng: &mut StdRng, world: &World) -> Code {
    let init = match rng.random_range(0..6) {
        // EIP-3541: code that starts with 0xEF is refused.
        0 => initcode(&[0xef, 0x00]),
        1 => Code::new().push(0).push(0).op(op::REVERT).build(),
        // Dies in its constructor (EIP-6780: same transaction, so it goes).
        2 => Code::new().op(op::CALLER).op(op::SELFDESTRUCT).build(),
        _ => {
            let mut inner = Code::new();
            for _ in 0..rng.random_range(1..3) {
                inner = statement(inner, rng, world, 1);
            }
            let runtime = inner.op(op::STOP).build();
            let set_up = Code::new().sstore(0, rng.random_range(0..3u64)).build();
            let mut init = set_up.to_vec();
            // The installing prelude copies from its own end: shift it by what runs before.
            let mut prelude = initcode(&runtime).to_vec();
            prelude[5] += set_up.len() as u8;
            init.extend(prelude);
            init.into()
        }
    };
    let code = code.store_bytes(0, &init);
    let value = *[0u64, 0, 7].choose(rng).expect("values");
    let code = if rng.random_bool(0.5) {
        code.push(rng.random_range(0..3u64))
            .push(init.len())
            .push(0)
            .push(value)
            .op(op::CREATE2)
    } else {
        code.push(init.len()).push(0).push(value).op(op::CREATE)
    };
    code.sstore_top(key(rng))
        .op(op::RETURNDATASIZE)
        .sstore_top(key(rng))
}

/// A contract of random statements whose ending the first byte of the calldata chooses.
pub fn contract(rng: &mut StdRng, world: &World) -> Bytes {
    let mut code = Code::new();
    let (reverts, dies, spins, fails) = (code.label(), code.label(), code.label(), code.label());
    for _ in 0..rng.random_range(4..16) {
        code = statement(code, rng, world, 0);
    }
    let first_byte = |code: Code| {
        code.push(0)
            .op(op::CALLDATALOAD)
            .push(0)
            .op(op::BYTE)
            .push(31)
            .op(op::AND)
    };
    for (value, label) in [(1u64, reverts), (2, dies), (3, spins), (4, fails)] {
        code = first_byte(code).push(value).op(op::EQ).jump_if(label);
    }
    code = code
        .push(key(rng))
        .op(op::SLOAD)
        .push(0)
        .op(op::MSTORE)
        .return_memory(0, rng.random_range(0..96));
    code = code
        .place(reverts)
        .push(rng.random_range(0..70u64))
        .push(0)
        .op(op::REVERT);
    code = code
        .place(dies)
        .push_address(someone(rng, world))
        .op(op::SELFDESTRUCT);
    code = code.place(spins).jump(spins);
    code.place(fails).op(op::INVALID).build()
}

fn access_list(rng: &mut StdRng, world: &World) -> AccessList {
    let count = rng.random_range(0..3usize);
    AccessList(
        (0..count)
            .map(|_| AccessListItem {
                address: someone(rng, world),
                storage_keys: (0..rng.random_range(0..4))
                    .map(|_| B256::from(U256::from(key(rng))))
                    .collect(),
            })
            .collect(),
    )
}

/// Fields that every type has.
struct Plan {
    what: &'static str,
    to: TxKind,
    value: U256,
    input: Bytes,
    gas: u64,
    nonce_shift: i64,
    fee_factor: f64,
    invalid: bool,
}

fn plan(rng: &mut StdRng, world: &World) -> Plan {
    let base = Plan {
        what: "",
        to: TxKind::Create,
        value: U256::ZERO,
        input: Bytes::new(),
        gas: PLENTY,
        nonce_shift: 0,
        fee_factor: 2.0,
        invalid: false,
    };
    let choice = if world.contracts.len() < 3 {
        0
    } else {
        rng.random_range(0..20)
    };
    let target =
        |rng: &mut StdRng| TxKind::Call(world.contracts.choose(rng).copied().unwrap_or_default());
    let mut input = rng.random::<[u8; 36]>().to_vec();
    match choice {
        0..=3 => {
            let runtime = contract(rng, world);
            Plan {
                what: "create",
                input: initcode(&runtime),
                value: U256::from(rng.random_range(0..5_000u64)),
                ..base
            }
        }
        4 => Plan {
            what: "transfer to an actor",
            to: TxKind::Call(someone(rng, world)),
            value: U256::from(rng.random_range(0..1_000_000u64)),
            gas: 200_000,
            ..base
        },
        5 => Plan {
            what: "transfer to nobody",
            to: TxKind::Call(*world.recipients.choose(rng).expect("recipients")),
            value: U256::from(rng.random_range(0..2u64)),
            gas: 21_000,
            ..base
        },
        6 => {
            input[0] = 3;
            Plan {
                what: "call without end",
                to: target(rng),
                input: input.into(),
                gas: PLENTY / 4,
                ..base
            }
        }
        7 => Plan {
            what: "call with little gas",
            to: target(rng),
            input: input.into(),
            gas: LITTLE.max(22_500),
            ..base
        },
        8 => {
            input[0] = 2;
            Plan {
                what: "call that self-destructs",
                to: target(rng),
                input: input.into(),
                ..base
            }
        }
        9 => {
            input[0] = 1;
            Plan {
                what: "call that reverts",
                to: target(rng),
                input: input.into(),
                value: U256::from(3),
                ..base
            }
        }
        10 => Plan {
            what: "creation that reverts",
            input: Code::new().push(32).push(0).op(op::REVERT).build(),
            gas: 100_000,
            ..base
        },
        11 => Plan {
            what: "creation of code that starts with 0xEF",
            input: initcode(&[0xef, 1, 2]),
            gas: 100_000,
            ..base
        },
        12 | 13 => match rng.random_range(0..3) {
            0 => Plan {
                what: "nonce too low",
                to: target(rng),
                nonce_shift: -1,
                invalid: true,
                ..base
            },
            1 => Plan {
                what: "gas below intrinsic",
                to: target(rng),
                gas: 20_999,
                invalid: true,
                ..base
            },
            _ => Plan {
                what: "more value than the sender has",
                to: target(rng),
                value: U256::MAX >> 4,
                invalid: true,
                ..base
            },
        },
        _ => Plan {
            what: "call",
            to: target(rng),
            input: input.into(),
            value: U256::from(rng.random_range(0..50u64)),
            ..base
        },
    }
}

/// One signed transaction of a random kind and type.
pub fn transaction(rng: &mut StdRng, world: &World) -> Generated {
    let plan = plan(rng, world);
    let mut actor = rng.random_range(0..Actor::all().len());
    if plan.nonce_shift < 0 {
        // Needs an actor that has sent something.
        actor = (0..world.nonces.len())
            .max_by_key(|&index| world.nonces[index])
            .unwrap_or(0);
    }
    let signer = &Actor::all()[actor].signer;
    let nonce = world.nonces[actor].saturating_add_signed(plan.nonce_shift);
    let max_fee = (world.base_fee as f64 * plan.fee_factor) as u128
        + u128::from(rng.random_range(0..1_000u32));
    let tip = u128::from(rng.random_range(0..world.base_fee));
    let Plan {
        to,
        value,
        input,
        gas,
        ..
    } = plan;
    let kind = match (rng.random_range(0..4), to) {
        // A delegation has no creation.
        (3, TxKind::Create) => 2,
        (kind, _) => kind,
    };
    let chain_id = world.chain_id;
    let envelope: TxEnvelope = match kind {
        0 => sign(
            TxLegacy {
                chain_id: Some(chain_id),
                nonce,
                gas_price: max_fee,
                gas_limit: gas,
                to,
                value,
                input,
            },
            signer,
        ),
        1 => sign(
            TxEip2930 {
                chain_id,
                nonce,
                gas_price: max_fee,
                gas_limit: room_for(gas, 30_000),
                to,
                value,
                access_list: access_list(rng, world),
                input,
            },
            signer,
        ),
        2 => sign(
            TxEip1559 {
                chain_id,
                nonce,
                gas_limit: room_for(gas, 30_000),
                max_fee_per_gas: max_fee,
                max_priority_fee_per_gas: tip.min(max_fee),
                to,
                value,
                access_list: access_list(rng, world),
                input,
            },
            signer,
        ),
        _ => {
            let delegate = Actor::all().choose(rng).expect("actors");
            let delegate_nonce = world.nonces[Actor::all()
                .iter()
                .position(|a| a.name == delegate.name)
                .expect("named")];
            // Right, stale, and for another chain: only the first takes effect; the transaction is valid with each.
            let authorization = Authorization {
                chain_id: U256::from(*[chain_id, chain_id, 0, 5].choose(rng).expect("chains")),
                address: if rng.random_bool(0.2) {
                    Address::ZERO
                } else {
                    someone(rng, world)
                },
                nonce: delegate_nonce + rng.random_range(0..2u64),
            };
            let signature = delegate
                .signer
                .sign_hash_sync(&authorization.signature_hash())
                .expect("signs");
            sign(
                TxEip7702 {
                    chain_id,
                    nonce,
                    gas_limit: room_for(gas, 60_000),
                    max_fee_per_gas: max_fee,
                    max_priority_fee_per_gas: tip.min(max_fee),
                    to: *to.to().expect("never a creation"),
                    value,
                    access_list: AccessList::default(),
                    authorization_list: vec![authorization.into_signed(signature)],
                    input,
                },
                signer,
            )
        }
    };
    Generated {
        what: plan.what,
        envelope,
        sender: signer.address(),
        actor,
        invalid: plan.invalid,
    }
}

/// Keeps a limit that is meant to be too low; makes room for lists otherwise.
const fn room_for(gas: u64, lists: u64) -> u64 {
    if gas < 21_000 { gas } else { gas + lists }
}

fn sign<T>(tx: T, signer: &alloy::signers::local::PrivateKeySigner) -> TxEnvelope
where
    T: SignableTransaction<alloy::primitives::Signature>,
    TxEnvelope: From<alloy::consensus::Signed<T>>,
{
    let signature = signer.sign_hash_sync(&tx.signature_hash()).expect("signs");
    tx.into_signed(signature).into()
}
