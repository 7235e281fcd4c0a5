//! How an office is given, lost and given anew.

use agentcity_domain::clerk::{self, ClerkRole, Ledger, Mandates, Operation, Refused, Standing};
use alloy_primitives::Address;

use super::{CLERK, GOOD, NOW, PRINCIPAL, clerk_of};

#[test]
fn an_agent_holds_one_office_and_may_return_to_one() {
    let speaker = clerk_of(ClerkRole::Speaker);
    let envelope = clerk::default_envelope(ClerkRole::Regulator, 3);
    let again = |stored| clerk::admit(stored, (CLERK, GOOD), ClerkRole::Regulator, envelope, NOW);
    assert_eq!(
        again(Some(speaker)),
        Err(Refused::AlreadyClerk {
            clerk: CLERK,
            role: ClerkRole::Speaker
        })
    );
    let revoked = clerk::revoke(CLERK, Some(speaker)).unwrap();
    assert!(!revoked.active && revoked.role == ClerkRole::Speaker);
    let returned = again(Some(revoked)).unwrap();
    assert!(returned.active && returned.role == ClerkRole::Regulator);
    assert_eq!(returned.envelope, envelope);

    for stored in [None, Some(revoked)] {
        assert_eq!(
            clerk::revoke(CLERK, stored),
            Err(Refused::NotClerk { clerk: CLERK })
        );
        assert_eq!(
            clerk::active(CLERK, stored),
            Err(Refused::NotClerk { clerk: CLERK })
        );
    }
    assert_eq!(clerk::active(CLERK, Some(returned)), Ok(returned));
}

#[test]
fn the_manifest_admits_whom_it_names_once() {
    let named = Some((ClerkRole::Codifier, PRINCIPAL));
    let admit =
        |stored, standing, named| clerk::admit_genesis(stored, (CLERK, standing), named, 3, NOW);
    let clerk = admit(None, GOOD, named).unwrap();
    assert_eq!(clerk, clerk_of(ClerkRole::Codifier));
    let revoked = clerk::revoke(CLERK, Some(clerk)).unwrap();
    for stored in [clerk, revoked] {
        assert_eq!(
            admit(Some(stored), GOOD, named),
            Err(Refused::AlreadyClerk {
                clerk: CLERK,
                role: ClerkRole::Codifier
            })
        );
    }
    assert_eq!(
        admit(None, GOOD, None),
        Err(Refused::NotInManifest { agent: CLERK })
    );
    let found = Address::repeat_byte(0xee);
    let moved = Standing {
        principal: found,
        ..GOOD
    };
    assert_eq!(
        admit(None, moved, named),
        Err(Refused::PrincipalMismatch {
            expected: PRINCIPAL,
            found
        })
    );
    let barred = Standing { bars: 8, ..GOOD };
    assert!(matches!(
        admit(None, barred, named),
        Err(Refused::NotEligible { bars: 8, .. })
    ));
}

#[test]
fn an_office_dies_with_a_change_of_principal_until_the_panel_admits_anew() {
    let speaker = clerk_of(ClerkRole::Speaker);
    let found = Address::repeat_byte(0xee);
    let sold = Standing {
        principal: found,
        ..GOOD
    };
    let charge = |standing, record| {
        clerk::charge(
            (CLERK, standing),
            record,
            Operation::PublishProposal,
            Ledger::default(),
            Mandates::default(),
        )
    };
    let dead = Refused::PrincipalMismatch {
        expected: PRINCIPAL,
        found,
    };
    assert_eq!(charge(sold, speaker), Err(dead));
    let admit = |standing| {
        let envelope = clerk::default_envelope(ClerkRole::Speaker, 3);
        clerk::admit(
            Some(speaker),
            (CLERK, standing),
            ClerkRole::Speaker,
            envelope,
            NOW,
        )
    };
    let anew = admit(sold).unwrap();
    assert_eq!(anew.principal, found);
    assert!(charge(sold, anew).is_ok());
    // What the panel gave under the new principal is dead under the old one, and no living office is given twice.
    assert!(charge(GOOD, anew).is_err());
    assert!(matches!(admit(GOOD), Err(Refused::AlreadyClerk { .. })));
    // The manifest brings nothing back.
    let named = Some((ClerkRole::Speaker, found));
    assert!(matches!(
        clerk::admit_genesis(Some(speaker), (CLERK, sold), named, 3, NOW),
        Err(Refused::AlreadyClerk { .. })
    ));
}
