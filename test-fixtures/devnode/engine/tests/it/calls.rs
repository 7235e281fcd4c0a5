//! Programs and contracts that call one another.

use agentcity_devnode_program::pack;
use alloy_primitives::{Address, B256, U256, address, keccak256};

use crate::{
    kit::{EVM_AT, KIT, KIT_AT, Op, PROXY, PROXY_AT, call, evm_proxy, kit, pair, proxy, word},
    world::{ALICE, World, tx},
};

const CALL: u8 = 0xf1;
const DELEGATECALL: u8 = 0xf4;
const STATICCALL: u8 = 0xfa;

fn world() -> World {
    let mut world = World::new();
    world.program(KIT_AT, KIT);
    world.program(PROXY_AT, PROXY);
    world
}

/// Reentrant, sender, address, value.
fn who(output: &[u8]) -> (bool, Address, Address, U256) {
    (
        output[0] == 1,
        Address::from_slice(&output[1..21]),
        Address::from_slice(&output[21..41]),
        U256::from_be_slice(&output[41..73]),
    )
}

#[test]
fn a_transaction_calls_a_program_with_value() {
    let mut world = world();
    let seven = U256::from(7);
    let executed = world.send(tx(KIT_AT, kit(Op::WhoAmI, &[])).value(seven));
    let output = executed.result.output().unwrap().clone();
    assert_eq!(who(&output), (false, ALICE, KIT_AT, seven));
    assert_eq!(world.balance(KIT_AT), seven);
}

#[test]
fn a_contract_calls_a_program() {
    let mut world = world();
    world.set_code(EVM_AT, evm_proxy(CALL, KIT_AT));
    let output = world.output(tx(EVM_AT, kit(Op::WhoAmI, &[])).value(U256::from(7)));
    assert_eq!(output[31], 1);
    assert_eq!(who(&output[32..]), (false, EVM_AT, KIT_AT, U256::from(7)));
}

#[test]
fn a_contract_delegates_to_a_program() {
    let mut world = world();
    world.set_code(EVM_AT, evm_proxy(DELEGATECALL, KIT_AT));
    let output = world.output(tx(EVM_AT, kit(Op::WhoAmI, &[])).value(U256::from(7)));
    assert_eq!(who(&output[32..]), (false, ALICE, EVM_AT, U256::from(7)));
    world.send(tx(EVM_AT, kit(Op::Store, &pair(1, 5))));
    assert_eq!(world.slot(EVM_AT, U256::from(1)), U256::from(5));
}

#[test]
fn a_program_calls_a_contract_and_gets_its_answer() {
    let mut world = world();
    world.set_code(EVM_AT, evm_proxy(CALL, KIT_AT));
    let output = world.output(tx(PROXY_AT, call(EVM_AT, &kit(Op::WhoAmI, &[]))));
    // Program, contract, program.
    assert_eq!((output[0], output[32]), (0, 1));
    assert_eq!(who(&output[33..]), (false, EVM_AT, KIT_AT, U256::ZERO));
}

#[test]
fn a_program_delegates_with_the_sender_and_value_it_has() {
    let world = world();
    let data = proxy(1, KIT_AT, U256::ZERO, &kit(Op::WhoAmI, &[]));
    let output = world.output(tx(PROXY_AT, data).value(U256::from(7)));
    assert_eq!(who(&output[1..]), (false, ALICE, PROXY_AT, U256::from(7)));
}

#[test]
fn a_program_that_is_called_back_knows_it_is_reentered() {
    let world = world();
    // proxy → contract's own address again through the kit is no reentrance of the kit …
    let once = world.output(tx(PROXY_AT, call(KIT_AT, &kit(Op::WhoAmI, &[]))));
    assert!(!who(&once[1..]).0);
    // … but delegating to the kit from within a second entry of the proxy is one of the proxy.
    let inner = proxy(1, KIT_AT, U256::ZERO, &kit(Op::WhoAmI, &[]));
    let twice = world.output(tx(PROXY_AT, call(PROXY_AT, &inner)));
    assert_eq!(who(&twice[2..]), (true, PROXY_AT, PROXY_AT, U256::ZERO));
}

#[test]
fn a_delegate_frame_alone_is_no_reentrance() {
    let world = world();
    let inner = proxy(1, KIT_AT, U256::ZERO, &kit(Op::WhoAmI, &[]));
    let data = proxy(1, PROXY_AT, U256::ZERO, &inner);
    let output = world.output(tx(PROXY_AT, data));
    assert!(!who(&output[2..]).0);
}

#[test]
fn value_goes_with_a_call_and_costs_its_surcharges() {
    let mut world = world();
    let nobody = address!("00000000000000000000000000000000deadbeef");
    let one = U256::from(1);
    let with = tx(PROXY_AT, proxy(0, nobody, one, &[])).value(one);
    let without = tx(PROXY_AT, proxy(0, nobody, U256::ZERO, &[])).value(one);
    let dear = world.call(with.clone()).result.tx_gas_used();
    let cheap = world.call(without.clone()).result.tx_gas_used();
    // 9,000 for value, 25,000 for the account, 12 for a byte of data; the stipend of 2,300 comes back unused.
    assert_eq!(dear - cheap, 9_000 + 25_000 + 12 - 2_300);

    world.send(with.clone());
    assert_eq!(world.balance(nobody), one);
    let again = world.call(with).result.tx_gas_used();
    let cheap = world.call(without).result.tx_gas_used();
    assert_eq!(again - cheap, 9_000 + 12 - 2_300, "the account exists now");
}

#[test]
fn a_call_with_more_value_than_there_is_fails_and_goes_on() {
    let world = world();
    let data = proxy(0, ALICE, U256::from(1), &[]);
    let output = world.output(tx(PROXY_AT, data));
    assert_eq!(output[..], [2]);
}

#[test]
fn a_creation_runs_its_init_code_and_tells_the_address() {
    let mut world = world();
    // Returns the code 0x00.
    let init = [0x60, 0x01, 0x5f, 0xf3];
    let create = [&U256::from(3).to_be_bytes::<32>()[..], &init].concat();
    let executed = world.send(tx(KIT_AT, kit(Op::Create1, &create)).value(U256::from(3)));
    let output = executed.result.output().unwrap().clone();
    let created = Address::from_slice(&output[..20]);
    assert_eq!(created, KIT_AT.create(1));
    assert_eq!(world.balance(created), U256::from(3));
    assert_eq!(world.info(created).code.unwrap().original_bytes()[..], [0]);
    assert_eq!(output[20..], [0; 4], "a success returns no data");

    let create2 = [&word(9)[..], &init].concat();
    let output = world.output(tx(KIT_AT, kit(Op::Create2, &create2)));
    let expected = KIT_AT.create2(word(9), keccak256(init));
    assert_eq!(Address::from_slice(&output[..20]), expected);
}

#[test]
fn a_creation_that_reverts_gives_no_address_but_its_data() {
    let world = world();
    // revert(0, 5)
    let init = [0x60, 0x05, 0x5f, 0xfd];
    let create = [&[0; 32][..], &init].concat();
    let output = world.output(tx(KIT_AT, kit(Op::Create1, &create)));
    assert_eq!(output[..20], [0; 20]);
    assert_eq!(output[20..], 5_u32.to_le_bytes());
}

#[test]
fn a_program_creates_a_program() {
    let mut world = world();
    let wasm = wat::parse_str(KIT).unwrap();
    let code = [&pack::PROGRAM_PREFIX[..], &pack::compress(&wasm)].concat();
    let create = [&[0; 32][..], &pack::initcode(&code)].concat();
    let executed = world.send(tx(KIT_AT, kit(Op::Create1, &create)));
    let created = Address::from_slice(&executed.result.output().unwrap()[..20]);
    assert_eq!(world.codehash(created), world.codehash(KIT_AT));
    // The same code hash is already active.
    let output = world.output(tx(created, kit(Op::WhoAmI, &[])));
    assert_eq!(who(&output).2, created);
}

#[test]
fn nothing_is_written_in_a_static_call() {
    let world = world();
    let zero = [0; 32];
    let forbidden = [
        kit(Op::Store, &pair(1, 5)),
        kit(Op::Log, &[0; 64]),
        kit(Op::TransientStore, &pair(1, 5)),
        kit(Op::Create1, &zero),
        kit(Op::Create2, &zero),
    ];
    for data in forbidden {
        let output = world.output(tx(PROXY_AT, proxy(2, KIT_AT, U256::ZERO, &data)));
        assert_eq!(output[..], [2], "operation {}", data[0]);
    }
    let value = proxy(0, KIT_AT, U256::from(1), &[]);
    let through = proxy(2, PROXY_AT, U256::ZERO, &value);
    assert_eq!(world.output(tx(PROXY_AT, through))[..], [2]);
}

#[test]
fn reading_is_allowed_in_a_static_call_however_deep() {
    let mut world = world();
    let load = kit(Op::Load, word(1).as_slice());
    let output = world.output(tx(PROXY_AT, proxy(2, KIT_AT, U256::ZERO, &load)));
    assert_eq!(output[0], 0);
    // A cached value that is not flushed writes nothing.
    let cache = kit(Op::StoreUnflushed, &pair(1, 5));
    let output = world.output(tx(PROXY_AT, proxy(2, KIT_AT, U256::ZERO, &cache)));
    assert_eq!(output[..], [0]);
    // A plain call within a static call is static too, from a contract as well.
    world.set_code(EVM_AT, evm_proxy(STATICCALL, PROXY_AT));
    let store = call(KIT_AT, &kit(Op::Store, &pair(1, 5)));
    let output = world.output(tx(EVM_AT, store));
    assert_eq!((output[31], output[32]), (1, 2));
}

#[test]
fn a_call_passes_on_63_parts_of_64() {
    let world = world();
    // The callee uses all it gets; a 64th stays for the caller to finish.
    let result = world
        .call(tx(PROXY_AT, call(KIT_AT, &kit(Op::Loop, &[]))).gas(10_000_000))
        .result;
    assert!(result.is_success(), "{result:?}");
    assert_eq!(result.output().unwrap()[..], [2]);
    let left = 10_000_000 - result.tx_gas_used();
    assert!((100_000..10_000_000 / 64).contains(&left), "{left}");
}

#[test]
fn logs_of_programs_are_logs_of_the_transaction() {
    let world = world();
    let data = [B256::repeat_byte(1), B256::repeat_byte(2)].concat();
    let result = world
        .call(tx(PROXY_AT, call(KIT_AT, &kit(Op::Log, &data))))
        .result;
    let [log] = result.logs() else {
        panic!("one log: {result:?}")
    };
    assert_eq!(log.address, KIT_AT);
    assert_eq!(log.topics(), [B256::repeat_byte(1)]);
    assert_eq!(log.data.data[..], [2; 32]);
}

#[test]
fn a_delegated_account_runs_the_program_it_names() {
    let mut world = world();
    let eoa = address!("00000000000000000000000000000000000e0a00");
    world.set_code(eoa, [&[0xef, 0x01, 0x00][..], KIT_AT.as_slice()].concat());
    let output = world.output(tx(eoa, kit(Op::WhoAmI, &[])));
    assert_eq!(who(&output), (false, ALICE, eoa, U256::ZERO));
    world.send(tx(eoa, kit(Op::Store, &pair(1, 5))));
    assert_eq!(world.slot(eoa, U256::from(1)), U256::from(5));
}

/// Calls itself until a call fails, and returns how many frames there were.
const DIVE: &str = r#"(module
  (import "vm_hooks" "contract_address" (func $address (param i32)))
  (import "vm_hooks" "call_contract" (func $call (param i32 i32 i32 i32 i64 i32) (result i32)))
  (import "vm_hooks" "read_return_data" (func $return_data (param i32 i32 i32) (result i32)))
  (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
  (memory (export "memory") 1 1)
  (func (export "user_entrypoint") (param i32) (result i32)
    (call $address (i32.const 0))
    (if (i32.eqz (call $call (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 64) (i64.const -1) (i32.const 100)))
      (then (drop (call $return_data (i32.const 200) (i32.const 0) (i32.const 4)))))
    (i32.store (i32.const 200) (i32.add (i32.load (i32.const 200)) (i32.const 1)))
    (call $write_result (i32.const 200) (i32.const 4))
    (i32.const 0)))"#;

#[test]
fn frames_of_programs_nest_as_deep_as_their_memory_allows() {
    let mut world = World::new();
    world.program(KIT_AT, DIVE);
    // On a small stack: depth must not cost native stack.
    let depth = std::thread::scope(|scope| {
        let run = || {
            let output = world.output(tx(KIT_AT, []).gas(1 << 40));
            u32::from_le_bytes(output[..].try_into().unwrap())
        };
        let thread = std::thread::Builder::new().stack_size(agentcity_devnode_engine::STACK_BYTES);
        thread.spawn_scoped(scope, run).unwrap().join().unwrap()
    });
    assert_eq!(depth, 128, "one page each, and 128 pages there are");
}

#[test]
fn frames_of_programs_and_contracts_nest_to_the_depth_of_the_evm() {
    let mut world = World::new();
    // A program of one page calls a contract that calls itself on and on.
    world.program(PROXY_AT, PROXY);
    world.set_code(EVM_AT, evm_proxy(CALL, EVM_AT));
    let result = world
        .call(tx(PROXY_AT, call(EVM_AT, &[])).gas(1 << 50))
        .result;
    assert!(result.is_success(), "{result:?}");
}
