//! Parameters change by rulings alone.

use agentcity_abi::IConstitution::{self, IConstitutionErrors as Refusal};
use agentcity_domain::{
    parameter::{Kind, ParameterId, Tier, word},
    peer::Peer,
};
use agentcity_test_fixtures::city::{CallError, City};
use alloy::primitives::{Address, B256, U256};
use alloy::sol_types::SolCall;

/// Longer than the delay of any tier.
const LONG_QUEUED_SECS: u64 = 8 * 86_400;

/// The number in force.
pub fn value(city: &mut City, id: ParameterId) -> B256 {
    let call = IConstitution::readCurrentCall {
        ids: vec![id.place() as u8].into(),
    };
    let constitution = city.address(Peer::Constitution);
    city.client.ask(constitution, &call).unwrap().values[0]
}

pub fn epoch(city: &mut City) -> u64 {
    let constitution = city.address(Peer::Constitution);
    city.client
        .ask(constitution, &IConstitution::epochCall {})
        .unwrap()
}

/// An amendment of the value in force.
pub fn amendment(
    city: &mut City,
    id: ParameterId,
    to: B256,
    queued_at: u64,
) -> IConstitution::amendCall {
    IConstitution::amendCall {
        id: id.place() as u8,
        oldValue: value(city, id),
        newValue: to,
        queuedAt: queued_at,
    }
}

/// What the constitution would say to adjudication. Nothing changes.
pub fn would(city: &mut City, call: &IConstitution::amendCall) -> Result<(), CallError> {
    let (constitution, by) = (
        city.address(Peer::Constitution),
        city.address(Peer::Adjudication),
    );
    city.client
        .try_call(by, constitution, U256::ZERO, &call.abi_encode())
        .map(|_| ())
}

fn refusal(error: &CallError) -> Refusal {
    error
        .refusal()
        .and_then(|refusal| refusal.typed())
        .unwrap_or_else(|| panic!("no refusal of the constitution: {error}"))
}

/// One amendment of each tier, each refused a second too early and taken in time; the old epoch stays readable.
pub fn change_by_ruling(city: &mut City) {
    let constitution = city.address(Peer::Constitution);
    let mut amended = 0;
    for (id, to, tier) in [
        (ParameterId::NumericTolerancePct, 6, Tier::Low),
        (ParameterId::MaxMessageVolume, 130, Tier::Medium),
        (ParameterId::ReputationFloor, 90, Tier::High),
    ] {
        let row = id.row();
        assert_eq!((row.tier, row.kind), (tier, Kind::Number));
        let now = city.client.now().unwrap();
        let before = (epoch(city), value(city, id));
        if tier != Tier::Low {
            // It weakens, so it cannot come at once.
            let hasty = amendment(city, id, word(to), now);
            let said = refusal(&would(city, &hasty).unwrap_err());
            assert!(matches!(said, Refusal::TooEarly(_)), "{said:?}");
        }
        let call = amendment(city, id, word(to), now - LONG_QUEUED_SECS);
        // What weakens waits in the panel's queue until its tier's delay is over.
        city.rule(Peer::Constitution, &call)
            .unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(epoch(city), before.0 + 1);
        assert_eq!(value(city, id), word(to));
        // What began under the old epoch still reads the old value.
        let old = IConstitution::readCall {
            number: before.0,
            ids: vec![id.place() as u8].into(),
        };
        assert_eq!(
            city.client.ask(constitution, &old).unwrap(),
            [before.1],
            "an epoch changed"
        );
        // The same words again are no longer about the value in force.
        let said = refusal(&would(city, &call).unwrap_err());
        assert!(matches!(said, Refusal::StaleValue(_)), "{said:?}");
        amended += 1;
    }
    // A tightening within a quarter of the range comes at once, a greater one does not (RULINGS A4).
    let now = city.client.now().unwrap();
    let id = ParameterId::MinFairnessScore;
    let row = id.row();
    let quarter = (row.max - row.min) / 4;
    let within = amendment(city, id, word(row.default + quarter), now);
    let beyond = amendment(city, id, word(row.default + quarter + 1), now);
    let said = refusal(&would(city, &beyond).unwrap_err());
    assert!(matches!(said, Refusal::TooEarly(_)), "{said:?}");
    city.rule(Peer::Constitution, &within)
        .unwrap_or_else(|e| panic!("{e}"));
    let now = city.client.now().unwrap();
    let more = amendment(city, id, word(row.default + quarter + 1), now);
    let said = refusal(&would(city, &more).unwrap_err());
    assert!(matches!(said, Refusal::TooEarly(_)), "{said:?}");
    amended += 1;
    // Nobody else amends.
    let stranger = Address::repeat_byte(0x99);
    let call = amendment(city, id, word(row.default), now - LONG_QUEUED_SECS);
    let said = city
        .client
        .try_call(stranger, constitution, U256::ZERO, &call.abi_encode())
        .unwrap_err();
    assert!(matches!(refusal(&said), Refusal::Unauthorized(e) if e.caller == stranger));
    println!("{amended} parameters amended, epoch {}", epoch(city));
}
