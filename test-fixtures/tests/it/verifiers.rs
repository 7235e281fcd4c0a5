//! The two verifiers as compiled programs: what they answer on a chain, and what their dearest proofs cost.

use agentcity_abi::IVerifier::verifyCall;
use agentcity_domain::{parameter::ParameterId, verification::proof::PROOF_BYTES_MAX};
use agentcity_test_fixtures::{Node, Sender, Settings, program};
use alloy::{
    primitives::{Address, B256, U256, hex, keccak256},
    sol_types::{SolCall, SolValue},
};
use rand::{Rng, SeedableRng, rngs::StdRng};

/// Creates an account that calls the address in the first word with the rest, statically, and answers the callee's first word,
/// whether it succeeded, and the gas that went.
const METER: &str = "6027600c60003960276000f3\
    602036038060206000375a90600060209160006000355afa5a906020529003604052\
    60606000f3";

struct Chain {
    sender: Sender,
    meter: Address,
    // Stops when it is dropped.
    _node: Node,
}

impl Chain {
    fn new() -> Self {
        let node = Node::devnode(&Settings::default());
        let mut sender = Sender::new(&node, "alice").unwrap();
        let meter = hex::decode(METER.replace(char::is_whitespace, "")).unwrap();
        let meter = sender.create(meter.into()).unwrap();
        Self {
            sender,
            meter,
            _node: node,
        }
    }

    fn verifier(&mut self, name: &str) -> Address {
        let verifier = program::load(name).unwrap_or_else(|error| panic!("{error}"));
        let address = program::place(&mut self.sender, verifier.wasm()).unwrap();
        program::activate(&mut self.sender, address).unwrap();
        address
    }

    /// What the verifier answers, and the gas of the call itself.
    fn ask(
        &mut self,
        verifier: Address,
        output: &[u8],
        committed: &[u8],
        proof: &[u8],
    ) -> (bool, u64) {
        let call = verifyCall {
            missionId: B256::repeat_byte(7),
            outputHash: keccak256(output),
            expected: keccak256(committed),
            proof: proof.to_vec().into(),
        };
        let input = [verifier.abi_encode(), call.abi_encode()].concat();
        let answer = self.sender.call(self.meter, &input).unwrap();
        let (holds, succeeded, gas) = <(bool, bool, U256)>::abi_decode_params(&answer).unwrap();
        assert!(succeeded);
        (holds, gas.to())
    }
}

fn limit() -> u64 {
    ParameterId::VerifierGasLimit.row().default.into()
}

#[test]
fn a_sorted_permutation_is_proved_on_a_chain_within_the_gas_of_a_verifier() {
    let mut chain = Chain::new();
    let verifier = chain.verifier("agentcity-verifier-permutation");
    let mut random = StdRng::seed_from_u64(7);
    for width in [1, 8, 32] {
        let count = (PROOF_BYTES_MAX - 1) / 2 / width;
        let input: Vec<u8> = (0..count * width).map(|_| random.random()).collect();
        let mut elements: Vec<&[u8]> = input.chunks(width).collect();
        elements.sort_unstable();
        let output = elements.concat();
        let committed = [&[width as u8], input.as_slice()].concat();
        let proof = [committed.as_slice(), &output].concat();
        let (holds, gas) = chain.ask(verifier, &output, &committed, &proof);
        println!("permutation of {count} elements of {width} bytes: {gas} gas");
        assert!(holds && gas < limit(), "{width}: {gas}");

        let mut other = output.clone();
        other[0] ^= 1;
        let proof = [committed.as_slice(), &other].concat();
        assert!(
            !chain.ask(verifier, &other, &committed, &proof).0,
            "another element"
        );
        let proof = [committed.as_slice(), &input].concat();
        assert!(
            !chain.ask(verifier, &input, &committed, &proof).0,
            "not sorted"
        );
        assert!(
            !chain.ask(verifier, &output, &input, &proof).0,
            "not committed"
        );
    }
}

#[test]
fn a_canonical_table_is_proved_on_a_chain_within_the_gas_of_a_verifier() {
    let mut chain = Chain::new();
    let verifier = chain.verifier("agentcity-verifier-csv");
    let dearest = [vec![b','; PROOF_BYTES_MAX - 2], b"\r\n".to_vec()].concat();
    for table in [b"id,name\r\n1,\"a,b\"\r\n".to_vec(), dearest] {
        let end = table.windows(2).position(|two| two == b"\r\n").unwrap();
        let header = &table[..end];
        let (holds, gas) = chain.ask(verifier, &table, header, &table);
        println!("table of {} bytes: {gas} gas", table.len());
        assert!(holds && gas < limit(), "{gas}");
        let longer = [table.as_slice(), b"\r\n"].concat();
        if longer.len() <= PROOF_BYTES_MAX {
            assert!(
                !chain.ask(verifier, &longer, header, &longer).0,
                "an empty line"
            );
        }
        assert!(
            !chain.ask(verifier, &table, b"id", &table).0,
            "another header"
        );
    }
}
