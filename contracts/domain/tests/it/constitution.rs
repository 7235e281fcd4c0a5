//! Founding and seal: every refusal beside its allowed neighbour.

use agentcity_domain::{constitution::seal, peer::Peer, time::Timestamp};
use alloy_primitives::{Address, B256, U256};

const MANDATE: B256 = B256::repeat_byte(0x11);
const TOKEN: Address = Address::repeat_byte(0x22);
const OWN: Address = Address::repeat_byte(0xcc);
const QUORUM: u64 = 7;

fn people(count: usize) -> Vec<Address> {
    (1..=count)
        .map(|n| Address::left_padding_from(&(n as u16).to_be_bytes()))
        .collect()
}

fn founding(adjudicators: &[Address]) -> seal::Founding<'_> {
    seal::Founding {
        mandate: MANDATE,
        asset: TOKEN,
        unit_scale: U256::from(1_000_000_000_000u64),
        adjudicators,
    }
}

mod founded {
    use super::*;
    use seal::{Founding, Refused, found};

    #[test]
    fn a_city_is_founded_on_a_mandate_an_asset_a_scale_and_people() {
        for count in [7, 8, 63, 64] {
            assert_eq!(found(founding(&people(count)), true, QUORUM), Ok(()));
        }
        let native = Founding {
            asset: Address::ZERO,
            ..founding(&[])
        };
        let people = people(7);
        let native = Founding {
            adjudicators: &people,
            ..native
        };
        assert_eq!(found(native, false, QUORUM), Ok(()));
    }

    #[test]
    fn a_city_without_a_mandate_is_refused() {
        let people = people(7);
        let empty = Founding {
            mandate: B256::ZERO,
            ..founding(&people)
        };
        assert_eq!(found(empty, true, QUORUM), Err(Refused::MandateMissing));
    }

    #[test]
    fn a_token_is_a_contract() {
        let people = people(7);
        assert_eq!(
            found(founding(&people), false, QUORUM),
            Err(Refused::AssetWithoutCode { asset: TOKEN })
        );
    }

    #[test]
    fn a_stake_unit_has_1_to_2_96_base_units() {
        let people = people(7);
        let scaled = |unit_scale| Founding {
            unit_scale,
            ..founding(&people)
        };
        let most = (U256::from(1) << 96) - U256::from(1);
        for scale in [U256::from(1), most] {
            assert_eq!(found(scaled(scale), true, QUORUM), Ok(()));
        }
        for unit_scale in [U256::ZERO, most + U256::from(1), U256::MAX] {
            assert_eq!(
                found(scaled(unit_scale), true, QUORUM),
                Err(Refused::UnitScaleOutOfRange { unit_scale })
            );
        }
        assert!(
            most.to::<u128>()
                .checked_mul(u128::from(u32::MAX))
                .is_some()
        );
    }

    #[test]
    fn too_few_and_too_many_adjudicators_are_refused() {
        for count in [0, 6, 65, 200] {
            assert_eq!(
                found(founding(&people(count)), true, QUORUM),
                Err(Refused::AdjudicatorCountOutOfRange {
                    count,
                    least: 7,
                    most: 64
                })
            );
        }
    }

    #[test]
    fn every_adjudicator_is_somebody_and_listed_once() {
        for (index, other) in [(6, 0), (6, 5), (1, 0)] {
            let mut people = people(7);
            people[index] = people[other];
            assert_eq!(
                found(founding(&people), true, QUORUM),
                Err(Refused::InvalidAdjudicator {
                    index,
                    adjudicator: people[other]
                })
            );
        }
        for index in [0, 6] {
            let mut people = people(7);
            people[index] = Address::ZERO;
            assert_eq!(
                found(founding(&people), true, QUORUM),
                Err(Refused::InvalidAdjudicator {
                    index,
                    adjudicator: Address::ZERO
                })
            );
        }
    }
}

mod sealed {
    use super::*;
    use seal::*;

    fn listed() -> Vec<Member> {
        (1..Peer::COUNT as u8)
            .map(|peer| Member {
                peer,
                account: Address::repeat_byte(peer),
                codehash: B256::repeat_byte(peer),
            })
            .collect()
    }

    fn office(role: u8, agent: u8, principal: u8) -> Clerk {
        Clerk {
            role,
            agent: Address::repeat_byte(agent),
            principal: Address::repeat_byte(principal),
        }
    }

    fn four() -> Vec<Clerk> {
        vec![
            office(0, 1, 0xa1),
            office(1, 2, 0xa2),
            office(2, 3, 0xa1),
            office(3, 4, 0xa2),
        ]
    }

    #[test]
    fn a_city_is_sealed_once() {
        assert_eq!(is_open(0), Ok(()));
        for epoch in [1, 2, u64::MAX] {
            assert_eq!(is_open(epoch), Err(Refused::AlreadySealed));
        }
    }

    #[test]
    fn a_manifest_is_good_until_its_last_second() {
        let at = Timestamp::new;
        assert_eq!(in_time(at(100), at(99)), Ok(()));
        assert_eq!(in_time(at(100), at(100)), Ok(()));
        let deadline = at(100);
        assert_eq!(
            in_time(deadline, at(101)),
            Err(Refused::Expired { deadline })
        );
    }

    #[test]
    fn a_manifest_repeats_the_construction() {
        let ours = people(7);
        let is = founding(&ours);
        assert_eq!(repeats(is, is), Ok(()));

        let given = B256::repeat_byte(9);
        let other = Founding {
            mandate: given,
            ..is
        };
        let refusal = Refused::MandateMismatch {
            expected: MANDATE,
            given,
        };
        assert_eq!(repeats(is, other), Err(refusal));

        let other = Founding {
            asset: Address::ZERO,
            ..is
        };
        let refusal = Refused::AssetMismatch {
            expected: TOKEN,
            given: Address::ZERO,
        };
        assert_eq!(repeats(is, other), Err(refusal));

        let other = Founding {
            unit_scale: U256::from(1),
            ..is
        };
        let refusal = Refused::UnitScaleMismatch {
            expected: is.unit_scale,
            given: U256::from(1),
        };
        assert_eq!(repeats(is, other), Err(refusal));
    }

    #[test]
    fn adjudicators_added_removed_replaced_or_swapped_are_refused() {
        let ours = people(7);
        let against = |theirs: &[Address]| repeats(founding(&ours), founding(theirs));
        let mismatch = |index, expected, given| {
            Err(Refused::AdjudicatorMismatch {
                index,
                expected,
                given,
            })
        };
        let more = people(8);
        assert_eq!(against(&more), mismatch(7, Address::ZERO, more[7]));
        assert_eq!(against(&ours[..6]), mismatch(6, ours[6], Address::ZERO));
        assert_eq!(against(&[]), mismatch(0, ours[0], Address::ZERO));
        let mut swapped = ours.clone();
        swapped.swap(2, 3);
        assert_eq!(against(&swapped), mismatch(2, ours[2], ours[3]));
        assert_eq!(against(&ours), Ok(()));
    }

    #[test]
    fn members_take_their_places_behind_the_constitution() {
        let places = members(OWN, &listed()).unwrap();
        assert_eq!(places[0], OWN);
        for peer in &Peer::ALL[1..] {
            assert_eq!(
                places[peer.place()],
                Address::repeat_byte(peer.place() as u8)
            );
        }
    }

    #[test]
    fn one_member_too_few_or_too_many_is_refused() {
        let mut more = listed();
        more.push(Member {
            peer: Peer::COUNT as u8,
            account: Address::repeat_byte(0xee),
            codehash: B256::ZERO,
        });
        for listed in [&more[..0], &more[..MEMBERS - 1], &more[..]] {
            let count = listed.len();
            assert_eq!(
                members(OWN, listed),
                Err(Refused::MemberCountMismatch { count })
            );
        }
    }

    #[test]
    fn a_member_in_anothers_place_is_refused() {
        let mut swapped = listed();
        swapped.swap(2, 3);
        let refusal = Refused::MemberOutOfOrder {
            index: 2,
            expected: Peer::Service,
            given: 4,
        };
        assert_eq!(members(OWN, &swapped), Err(refusal));
        for given in [0, 6, 8, Peer::COUNT as u8, 255] {
            let mut listed = listed();
            listed[6].peer = given;
            let refusal = Refused::MemberOutOfOrder {
                index: 6,
                expected: Peer::Adjudication,
                given,
            };
            assert_eq!(members(OWN, &listed), Err(refusal));
        }
    }

    #[test]
    fn no_contract_takes_two_places() {
        for (index, account) in [
            (6, Address::repeat_byte(1)),
            (6, Address::repeat_byte(6)),
            (1, Address::repeat_byte(1)),
            (0, OWN),
            (0, Address::ZERO),
            (6, Address::ZERO),
        ] {
            let mut listed = listed();
            listed[index].account = account;
            let refusal = Refused::DuplicateMember {
                peer: Peer::ALL[index + 1],
                account,
            };
            assert_eq!(members(OWN, &listed), Err(refusal));
        }
    }

    #[test]
    fn a_member_has_the_signed_code_and_names_this_constitution() {
        let (peer, member) = (Peer::Agent, listed()[0]);
        let (account, hash) = (member.account, member.codehash);
        assert_eq!(member_is_ours(OWN, peer, member, hash, Some(OWN)), Ok(()));
        let found = B256::repeat_byte(0xee);
        assert_eq!(
            member_is_ours(OWN, peer, member, found, Some(OWN)),
            Err(Refused::CodehashMismatch {
                peer,
                account,
                expected: hash,
                found
            })
        );
        let other = Address::repeat_byte(0xdd);
        for (named, constitution) in [(None, Address::ZERO), (Some(other), other)] {
            assert_eq!(
                member_is_ours(OWN, peer, member, hash, named),
                Err(Refused::ForeignMember {
                    peer,
                    account,
                    constitution
                })
            );
        }
    }

    #[test]
    fn four_clerks_of_two_people_fill_the_offices() {
        assert_eq!(clerks(&four()), Ok(()));
        let mut substitutes = four();
        for agent in 5..17 {
            substitutes.push(office(3, agent, 0xa3));
        }
        assert_eq!(substitutes.len(), CLERKS_MAX);
        assert_eq!(clerks(&substitutes), Ok(()));
        substitutes.push(office(3, 17, 0xa3));
        assert_eq!(
            clerks(&substitutes),
            Err(Refused::TooManyClerks { count: 17 })
        );
    }

    #[test]
    fn an_empty_office_is_refused() {
        for role in 0..4 {
            let mut three = four();
            three.remove(usize::from(role));
            assert_eq!(clerks(&three), Err(Refused::ClerkMissing { role }));
        }
        assert_eq!(clerks(&[]), Err(Refused::ClerkMissing { role: 0 }));
    }

    #[test]
    fn clerks_out_of_order_or_of_no_office_are_refused() {
        let mut late = four();
        late.push(office(1, 9, 0xa1));
        let refusal = Refused::ClerkOutOfOrder { index: 4, role: 1 };
        assert_eq!(clerks(&late), Err(refusal));
        let mut swapped = four();
        swapped.swap(1, 2);
        let refusal = Refused::ClerkMissing { role: 1 };
        assert_eq!(clerks(&swapped), Err(refusal));
        for role in [4, 255] {
            let mut five = four();
            five.push(office(role, 9, 0xa1));
            assert_eq!(
                clerks(&five),
                Err(Refused::ClerkOutOfOrder { index: 4, role })
            );
            // Nor while other offices are due: what stands there is no office at all.
            for index in 0..4 {
                let mut none = four();
                none.insert(index, office(role, 9, 0xa1));
                let refusal = Refused::ClerkOutOfOrder { index, role };
                assert_eq!(clerks(&none), Err(refusal));
            }
        }
    }

    #[test]
    fn an_agent_holds_one_office_and_somebody_answers_for_it() {
        let faulty = [
            office(3, 1, 0xa2),
            office(3, 0, 0xa2),
            office(3, 4, 0),
            office(3, 4, 4),
        ];
        for clerk in faulty {
            let mut clerks_listed = four();
            clerks_listed[3] = clerk;
            let refusal = Refused::InvalidClerk {
                index: 3,
                agent: clerk.agent,
                principal: clerk.principal,
            };
            assert_eq!(clerks(&clerks_listed), Err(refusal));
        }
    }

    #[test]
    fn one_person_does_not_check_themselves() {
        let mut alone = four();
        for clerk in &mut alone {
            clerk.principal = Address::repeat_byte(0xa1);
        }
        let principal = Address::repeat_byte(0xa1);
        assert_eq!(
            clerks(&alone),
            Err(Refused::ClerksShareOnePrincipal { principal })
        );
        alone[3].principal = Address::repeat_byte(0xa2);
        assert_eq!(clerks(&alone), Ok(()));
    }

    #[test]
    fn parameters_ascend() {
        assert_eq!(next_parameter(None, 0, 0), Ok(()));
        assert_eq!(next_parameter(Some(0), 1, 1), Ok(()));
        assert_eq!(next_parameter(Some(3), 1, 255), Ok(()));
        for id in [3, 2, 0] {
            let refusal = Refused::ParameterOutOfOrder { index: 1, id };
            assert_eq!(next_parameter(Some(3), 1, id), Err(refusal));
        }
    }

    #[test]
    fn the_quorum_is_there() {
        assert_eq!(has_quorum(7, 7), Ok(()));
        assert_eq!(has_quorum(8, 7), Ok(()));
        let refusal = Refused::BelowQuorum {
            adjudicators: 7,
            quorum: 8,
        };
        assert_eq!(has_quorum(7, 8), Err(refusal));
    }

    #[test]
    fn two_thirds_sign_rounded_up() {
        for (adjudicators, needed) in [(5, 4), (6, 4), (7, 5), (8, 6), (9, 6), (64, 43)] {
            assert_eq!(signatures_needed(adjudicators), needed);
            assert!(3 * needed >= 2 * adjudicators && 3 * (needed - 1) < 2 * adjudicators);
            assert_eq!(enough_signatures(needed, adjudicators), Ok(()));
            let given = needed - 1;
            assert_eq!(
                enough_signatures(given, adjudicators),
                Err(Refused::TooFewSignatures { given, needed })
            );
        }
    }

    #[test]
    fn signers_are_genesis_adjudicators_in_ascending_order() {
        let people = people(7);
        let next = |previous, signer| next_signer(&people, previous, 4, signer);
        assert_eq!(next(None, Some(people[0])), Ok(people[0]));
        assert_eq!(next(Some(people[0]), Some(people[1])), Ok(people[1]));
        assert_eq!(next(Some(people[0]), Some(people[6])), Ok(people[6]));
        for (previous, signer) in [(1, 1), (2, 1), (6, 0)] {
            let (previous, signer) = (people[previous], people[signer]);
            assert_eq!(
                next(Some(previous), Some(signer)),
                Err(Refused::SignersNotAscending { previous, signer })
            );
        }
        let signer = Address::repeat_byte(0x77);
        for previous in [None, Some(people[6])] {
            assert_eq!(
                next(previous, Some(signer)),
                Err(Refused::NotGenesisAdjudicator { signer })
            );
        }
        assert_eq!(
            next(None, None),
            Err(Refused::MalformedSignature { index: 4 })
        );
    }
}
