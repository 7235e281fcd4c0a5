//! Activation, expiry, extension, fragments, and what the other precompiles say.

use agentcity_devnode_engine::{
    EngineConfig,
    arbos::{
        ARB_GAS_INFO, ARB_OWNER_PUBLIC, ARB_SYS, ARB_WASM, DATA_FEE_PER_BYTE, NETWORK_FEE_ACCOUNT,
        NODE_INTERFACE,
        abi::{ArbGasInfo, ArbOwnerPublic, ArbSys, ArbWasm, NodeInterface},
    },
    genesis::{CHAIN_OWNER, STYLUS_DEPLOYER},
};
use agentcity_devnode_program::pack;
use alloy_primitives::{Address, Bytes, U256, address, keccak256};
use alloy_sol_types::{Revert, SolCall, SolError, SolEvent, SolValue};

use crate::{
    kit::{EVM_AT, KIT, KIT_AT, Op, PROXY, PROXY_AT, evm_proxy, kit},
    world::{ALICE, World, selector, tx},
};

const DAY: u64 = 86_400;

fn revert_data(world: &World, to: Address, data: Vec<u8>) -> Bytes {
    let result = world.call(tx(to, data)).result;
    assert!(!result.is_success() && !result.is_halt(), "{result:?}");
    result.output().cloned().unwrap_or_default()
}

fn code_version(world: &World, at: Address) -> Vec<u8> {
    let codehash = world.codehash(at);
    ArbWasm::codehashVersionCall { codehash }.abi_encode()
}

#[test]
fn a_program_runs_only_after_activation() {
    let mut world = World::new();
    world.place(KIT_AT, KIT);
    let not_activated = selector("ProgramNotActivated()");
    assert_eq!(not_activated, [0x6f, 0x80, 0x9c, 0x4e]);
    let data = kit(Op::WhoAmI, &[]);
    assert_eq!(
        revert_data(&world, KIT_AT, data.clone())[..],
        not_activated[..]
    );
    assert_eq!(
        revert_data(&world, ARB_WASM, code_version(&world, KIT_AT))[..],
        not_activated[..]
    );

    assert!(world.activate(KIT_AT).result.is_success());
    assert!(world.call(tx(KIT_AT, data)).result.is_success());
    let version = world.output(tx(ARB_WASM, code_version(&world, KIT_AT)));
    assert_eq!(u16::abi_decode(&version).unwrap(), 2);
}

#[test]
fn activation_takes_its_fee_returns_the_rest_and_tells() {
    let mut world = World::new();
    world.place(KIT_AT, KIT);
    let before = world.balance(ALICE);
    let result = world.activate(KIT_AT).result;
    let returned =
        ArbWasm::activateProgramCall::abi_decode_returns(result.output().unwrap()).unwrap();
    let size = ArbWasm::codehashAsmSizeCall {
        codehash: world.codehash(KIT_AT),
    };
    let size = u32::abi_decode(&world.output(tx(ARB_WASM, size.abi_encode()))).unwrap();
    let fee = U256::from(u64::from(size)) * U256::from(DATA_FEE_PER_BYTE);
    assert_eq!((returned.version, returned.dataFee), (2, fee));
    assert_eq!(world.balance(NETWORK_FEE_ACCOUNT), fee);
    assert_eq!(world.balance(ARB_WASM), U256::ZERO);
    assert_eq!(world.balance(ALICE), before - fee);
    assert!(result.tx_gas_used() > 1_659_168);

    let [log] = result.logs() else {
        panic!("{result:?}")
    };
    assert_eq!(log.address, ARB_WASM);
    let event = ArbWasm::ProgramActivated::decode_log_data(&log.data).unwrap();
    assert_eq!(
        (event.codehash, event.program),
        (world.codehash(KIT_AT), KIT_AT)
    );
    assert_eq!(event.moduleHash, keccak256(wat::parse_str(KIT).unwrap()));
}

#[test]
fn too_small_a_fee_is_refused_with_what_is_wanted() {
    let mut world = World::new();
    world.place(KIT_AT, KIT);
    let data = ArbWasm::activateProgramCall { program: KIT_AT }.abi_encode();
    let result = world.call(tx(ARB_WASM, data).value(U256::from(5))).result;
    let error = ArbWasm::ProgramInsufficientValue::abi_decode(result.output().unwrap()).unwrap();
    assert_eq!(error.have, U256::from(5));
    assert!(error.want > U256::from(5));
}

#[test]
fn an_active_program_is_up_to_date_for_all_its_copies() {
    let mut world = World::new();
    world.program(KIT_AT, KIT);
    world.place(PROXY_AT, KIT);
    let result = world.activate(PROXY_AT).result;
    assert_eq!(result.output().unwrap()[..], selector("ProgramUpToDate()"));
    assert!(
        world
            .call(tx(PROXY_AT, kit(Op::WhoAmI, &[])))
            .result
            .is_success()
    );
}

#[test]
fn what_is_no_program_is_told_so() {
    let mut world = World::new();
    world.set_code(EVM_AT, Bytes::from_static(&[0]));
    world.set_code(KIT_AT, Bytes::from_static(&[0xef, 0xf0, 0x01, 1, 2, 3]));
    for at in [EVM_AT, KIT_AT, ALICE] {
        let result = world.activate(at).result;
        assert_eq!(result.output().unwrap()[..], selector("ProgramNotWasm()"));
    }
}

#[test]
fn a_module_that_breaks_a_rule_is_refused_in_words() {
    let mut world = World::new();
    world.place(
        KIT_AT,
        r#"(module (memory (export "memory") 1)
            (func (export "user_entrypoint") (param i32) (result i32) (i32.const 0)))"#,
    );
    let result = world.activate(KIT_AT).result;
    let reason = Revert::abi_decode(result.output().unwrap()).unwrap().reason;
    assert!(
        reason.starts_with("program activation failed: "),
        "{reason}"
    );
    assert!(reason.contains("pay_for_memory_grow"), "{reason}");

    world.set_code(KIT_AT, [&[0xef, 0xf0, 0, 0][..], b"no brotli"].concat());
    let result = world.activate(KIT_AT).result;
    let reason = Revert::abi_decode(result.output().unwrap()).unwrap().reason;
    assert!(reason.contains("Brotli"), "{reason}");
}

#[test]
fn console_functions_exist_on_debug_chains_alone() {
    let wat = r#"(module (import "console" "log_txt" (func $log (param i32 i32)))
      (memory (export "memory") 1 1) (data (i32.const 0) "hello")
      (func (export "user_entrypoint") (param i32) (result i32)
        (call $log (i32.const 0) (i32.const 5)) (i32.const 0)))"#;
    let mut world = World::new();
    world.place(KIT_AT, wat);
    assert!(!world.activate(KIT_AT).result.is_success());

    let mut world = World::with(EngineConfig {
        debug_hooks: true,
        ..EngineConfig::default()
    });
    world.program(KIT_AT, wat);
    let (result, calls) = world.trace(tx(KIT_AT, []));
    assert!(result.is_success());
    assert_eq!(
        (calls[0].name, &calls[0].args[..]),
        ("log_txt", &b"hello"[..])
    );
    assert_eq!(calls[0].start_ink, calls[0].end_ink, "it is free");
}

#[test]
fn a_program_expires_after_a_year_and_comes_back_by_activation() {
    let mut world = World::new();
    world.program(KIT_AT, KIT);
    let data = kit(Op::WhoAmI, &[]);
    world.block.timestamp += 365 * DAY;
    assert!(world.call(tx(KIT_AT, data.clone())).result.is_success());
    let left = ArbWasm::programTimeLeftCall { program: KIT_AT }.abi_encode();
    assert_eq!(
        u64::abi_decode(&world.output(tx(ARB_WASM, left))).unwrap(),
        0
    );

    world.block.timestamp += 1;
    let expired = ArbWasm::ProgramExpired {
        ageInSeconds: 365 * DAY + 1,
    }
    .abi_encode();
    assert_eq!(revert_data(&world, KIT_AT, data.clone())[..], expired[..]);
    assert_eq!(
        revert_data(&world, ARB_WASM, code_version(&world, KIT_AT))[..],
        expired[..]
    );
    assert!(world.activate(KIT_AT).result.is_success());
    assert!(world.call(tx(KIT_AT, data)).result.is_success());
}

#[test]
fn the_life_of_a_program_is_extended_after_31_days() {
    let mut world = World::new();
    world.program(KIT_AT, KIT);
    let codehash = world.codehash(KIT_AT);
    let data = ArbWasm::codehashKeepaliveCall { codehash }.abi_encode();
    let ether = U256::from(10).pow(U256::from(18));
    world.block.timestamp += 31 * DAY - 1;
    let early = world.call(tx(ARB_WASM, data.clone()).value(ether)).result;
    let error = ArbWasm::ProgramKeepaliveTooSoon::abi_decode(early.output().unwrap()).unwrap();
    assert_eq!(error.ageInSeconds, 31 * DAY - 1);

    world.block.timestamp += 1;
    let result = world.send(tx(ARB_WASM, data).value(ether)).result;
    assert!(result.is_success(), "{result:?}");
    let [log] = result.logs() else {
        panic!("{result:?}")
    };
    ArbWasm::ProgramLifetimeExtended::decode_log_data(&log.data).unwrap();
    world.block.timestamp += 365 * DAY;
    assert!(
        world
            .call(tx(KIT_AT, kit(Op::WhoAmI, &[])))
            .result
            .is_success()
    );
}

#[test]
fn a_program_in_fragments_is_joined_at_activation() {
    let mut world = World::new();
    let wasm = wat::parse_str(KIT).unwrap();
    let packed = pack::compress(&wasm);
    let (one, two) = packed.split_at(packed.len() / 2);
    let parts = [
        address!("0000000000000000000000000000000000f7a901"),
        address!("0000000000000000000000000000000000f7a902"),
    ];
    for (at, part) in parts.iter().zip([one, two]) {
        world.set_code(*at, [&pack::FRAGMENT_PREFIX[..], part].concat());
    }
    let root = |len: usize| pack::root_code(len as u32, &parts.map(Address::into_array));
    world.set_code(KIT_AT, root(wasm.len()));
    assert!(world.activate(KIT_AT).result.is_success());
    assert!(
        world
            .call(tx(KIT_AT, kit(Op::WhoAmI, &[])))
            .result
            .is_success()
    );
    // A fragment is not callable.
    assert!(world.call(tx(parts[0], [])).result.is_halt());

    // Another engine, which has nothing compiled, reads the fragments again.
    let fresh = agentcity_devnode_engine::Engine::new(EngineConfig::default());
    world.engine = fresh;
    assert!(
        world
            .call(tx(KIT_AT, kit(Op::WhoAmI, &[])))
            .result
            .is_success()
    );
    world.engine = agentcity_devnode_engine::Engine::new(EngineConfig::default());
    let other = pack::compress(&wat::parse_str(PROXY).unwrap());
    world.set_code(parts[0], [&pack::FRAGMENT_PREFIX[..], &other].concat());
    world.set_code(parts[1], pack::FRAGMENT_PREFIX.to_vec());
    let changed = world.call(tx(KIT_AT, kit(Op::WhoAmI, &[]))).result;
    assert!(
        !changed.is_success(),
        "fragments changed under an active root"
    );

    world.set_code(PROXY_AT, root(wasm.len() + 1));
    let result = world.activate(PROXY_AT).result;
    let reason = Revert::abi_decode(result.output().unwrap()).unwrap().reason;
    assert!(reason.contains("fragments hold"), "{reason}");
}

#[test]
fn a_program_is_activated_in_its_own_name_alone() {
    let mut world = World::new();
    world.place(KIT_AT, KIT);
    let data = ArbWasm::activateProgramCall { program: KIT_AT }.abi_encode();
    for opcode in [0xfa, 0xf4] {
        world.set_code(EVM_AT, evm_proxy(opcode, ARB_WASM));
        let output = world.output(tx(EVM_AT, data.clone()));
        assert_eq!(output[31], 0, "opcode {opcode:#x}");
    }
}

#[test]
fn the_deployer_of_genesis_deploys_and_activates() {
    let mut world = World::new();
    let code = pack::compress(&wat::parse_str(KIT).unwrap());
    let code = [&pack::PROGRAM_PREFIX[..], &code].concat();
    let signature = "deploy(bytes,bytes,uint256,bytes32)";
    let args = (
        Bytes::from(pack::initcode(&code)),
        Bytes::new(),
        U256::ZERO,
        alloy_primitives::B256::ZERO,
    );
    let data = [&selector(signature)[..], &args.abi_encode_params()].concat();
    let ether = U256::from(10).pow(U256::from(18));
    let before = world.balance(ALICE);
    let result = world.send(tx(STYLUS_DEPLOYER, data).value(ether)).result;
    assert!(result.is_success(), "{result:?}");
    let created = Address::abi_decode(result.output().unwrap()).unwrap();
    assert!(
        world
            .call(tx(created, kit(Op::WhoAmI, &[])))
            .result
            .is_success()
    );
    let fee = world.balance(NETWORK_FEE_ACCOUNT);
    assert_eq!(world.balance(ALICE), before - fee, "the rest is refunded");
    let topics: Vec<_> = result.logs().iter().map(|log| log.topics()[0]).collect();
    assert!(topics.contains(&keccak256("ContractDeployed(address)")));
}

#[test]
fn programs_tell_what_entering_them_costs() {
    let mut world = World::new();
    world.program(KIT_AT, KIT);
    let data = ArbWasm::programInitGasCall { program: KIT_AT }.abi_encode();
    let output = world.output(tx(ARB_WASM, data));
    let costs = ArbWasm::programInitGasCall::abi_decode_returns(&output).unwrap();
    assert!(costs.gas > costs.gasWhenCached + 8_832);
    assert!(costs.gasWhenCached > 352);
    let data = ArbWasm::programMemoryFootprintCall { program: KIT_AT }.abi_encode();
    assert_eq!(
        u16::abi_decode(&world.output(tx(ARB_WASM, data))).unwrap(),
        1
    );
}

#[test]
fn arbsys_tells_block_and_chain() {
    let mut world = World::new();
    let number = world.output(tx(ARB_SYS, ArbSys::arbBlockNumberCall {}.abi_encode()));
    assert_eq!(U256::abi_decode(&number).unwrap(), U256::from(1_000));
    let chain = world.output(tx(ARB_SYS, ArbSys::arbChainIDCall {}.abi_encode()));
    assert_eq!(U256::abi_decode(&chain).unwrap(), U256::from(412_346));

    let hash = alloy_primitives::B256::repeat_byte(3);
    world.db.cache.block_hashes.insert(U256::from(998), hash);
    let data = |block: u64| {
        ArbSys::arbBlockHashCall {
            arbBlockNum: U256::from(block),
        }
        .abi_encode()
    };
    assert_eq!(world.output(tx(ARB_SYS, data(998)))[..], hash[..]);
    for unknown in [1_000, 743, 5_000] {
        let error = revert_data(&world, ARB_SYS, data(unknown));
        let error = ArbSys::InvalidBlockNumber::abi_decode(&error).unwrap();
        assert_eq!(error.requested, U256::from(unknown));
    }
    // blockhash(75) is two blocks ago as NUMBER counts, and so block 998.
    world.set_code(
        EVM_AT,
        Bytes::from_static(&[0x60, 75, 0x40, 0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3]),
    );
    assert_eq!(world.output(tx(EVM_AT, []))[..], hash[..]);

    let error = revert_data(
        &world,
        ARB_SYS,
        ArbSys::withdrawEthCall { destination: ALICE }.abi_encode(),
    );
    assert!(
        Revert::abi_decode(&error)
            .unwrap()
            .reason
            .contains("no parent chain")
    );
}

#[test]
fn a_top_level_call_is_told_from_a_nested_one() {
    let mut world = World::new();
    let data = ArbSys::isTopLevelCallCall {}.abi_encode();
    let inner = address!("0000000000000000000000000000000000001e0e");
    world.set_code(inner, evm_proxy(0xf1, ARB_SYS));
    world.set_code(EVM_AT, evm_proxy(0xf1, inner));
    let output = world.output(tx(inner, data.clone()));
    assert_eq!(output[63], 1);
    let output = world.output(tx(EVM_AT, data));
    assert_eq!(output[95], 0);
}

#[test]
fn an_alias_is_the_address_and_its_offset() {
    let world = World::new();
    let data = ArbSys::mapL1SenderContractAddressToL2AliasCall {
        sender: Address::repeat_byte(0xff),
        unused: Address::ZERO,
    };
    let output = world.output(tx(ARB_SYS, data.abi_encode()));
    let expected = address!("1111000000000000000000000000000000001110");
    assert_eq!(Address::abi_decode(&output).unwrap(), expected);
}

#[test]
fn owner_gas_and_node_answer_what_clients_ask() {
    let world = World::new();
    let fragments = ArbOwnerPublic::getMaxStylusContractFragmentsCall {}.abi_encode();
    assert_eq!(fragments, [0xe5, 0xa7, 0xf8, 0x93]);
    assert_eq!(world.output(tx(ARB_OWNER_PUBLIC, fragments))[31], 2);
    let owner = ArbOwnerPublic::isChainOwnerCall { addr: CHAIN_OWNER }.abi_encode();
    assert!(bool::abi_decode(&world.output(tx(ARB_OWNER_PUBLIC, owner))).unwrap());

    let l1 = ArbGasInfo::getL1BaseFeeEstimateCall {}.abi_encode();
    assert_eq!(world.output(tx(ARB_GAS_INFO, l1))[..], [0; 32]);
    let least = ArbGasInfo::getMinimumGasPriceCall {}.abi_encode();
    let least = U256::abi_decode(&world.output(tx(ARB_GAS_INFO, least))).unwrap();
    assert_eq!(least, U256::from(crate::world::BASE_FEE));

    let component = NodeInterface::gasEstimateL1ComponentCall {
        to: ALICE,
        contractCreation: false,
        data: Bytes::new(),
    };
    let output = world.output(tx(NODE_INTERFACE, component.abi_encode()));
    let component = NodeInterface::gasEstimateL1ComponentCall::abi_decode_returns(&output).unwrap();
    assert_eq!(component.gasEstimateForL1, 0);
}

#[test]
fn a_method_that_does_not_exist_reverts() {
    let world = World::new();
    for at in agentcity_devnode_engine::arbos::ADDRESSES {
        assert!(revert_data(&world, at, vec![1, 2, 3, 4]).is_empty());
        assert!(revert_data(&world, at, vec![]).is_empty());
    }
}
