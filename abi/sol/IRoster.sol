// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Roster: adjudicators, monitors, approved programs, and the checks on humans
/// @notice Who may judge, who may accuse, and which programs may be asked. The roster keeps the stakes of adjudicators, counts
/// what each decides, and freezes the city when adjudicators act like rubber stamps and weaken its parameters (D-21). The
/// panel's powers over it come through adjudication alone; every other function is its caller's own, or anyone's.
/// @dev Constructor: `(address constitution)`. Amounts are base units of the settlement asset, below 2^128; instants are
/// unix seconds. Booked total and the sum of its parts are equal after every call (RULINGS R17). A monitor's bond and an
/// impeachment's lie with the treasury.
interface IRoster {
    // ------------------------------------------------------------------ types

    /// @notice What somebody is to the panel: an adjudicator, or a monitor. `Removed` is who was revoked, and lost the stake
    /// or bond; who resigned, retired or was removed without fault is `Leaving`, then `Released`.
    enum Standing {
        None,
        Candidate,
        Active,
        Leaving,
        Removed,
        Released
    }

    /// @notice Why the watchdog alerts (D-21).
    enum AlertKind {
        None,
        Rubber,
        Weaken
    }

    /// @notice What may be called by others during a mission: a predicate at the gate, or a Tier-1 verifier.
    enum ProgramKind {
        None,
        Predicate,
        Verifier
    }

    /// @notice An adjudicator.
    /// @dev `actions` are its decisions ever. `approvals`, `run`, `weakenings` and `history` speak of the latest 64 within the
    /// watchdog's window, as of now; `history` has the newest in the lowest bit, 1 for yes.
    struct Adjudicator {
        Standing standing;
        address principal;
        uint128 stake;
        uint32 actions;
        uint32 approvals;
        uint16 run;
        uint8 weakenings;
        bool flagged;
        uint32 unpaidReviews;
        uint64 history;
        uint40 since;
    }

    /// @notice A monitor: bonded, of one principal, with one scorer. `bond` is what is left of it.
    struct Monitor {
        Standing standing;
        address principal;
        bytes32 scorerId;
        uint128 bond;
        uint16 falsePositives;
        uint40 suspendedUntil;
    }

    /// @notice A case of revocation (D-16 to D-19). `closed` once it was carried or lapsed.
    struct Impeachment {
        address target;
        address initiator;
        bytes32 evidenceHash;
        uint8 votes;
        uint8 needed;
        uint40 expiresAt;
        bool closed;
    }

    /// @notice A principal in whose missions a signer may not judge: its own, the one before if the signer's key is an
    /// agent's that changed hands lately, or one it declared an association with. At most 8 of a signer.
    /// @param signer place in the list that was asked about
    struct Interest {
        uint8 signer;
        address principal;
    }

    /// @notice The panel as a decision finds it.
    /// @param active adjudicators
    /// @param unflagged those of them whom the watchdog has not flagged
    /// @param overdue whether the watchdog's freeze is older than its maximum
    /// @param flagged signers whom the watchdog flagged, the first in the lowest bit
    /// @param interests of all signers
    struct Panel {
        uint8 active;
        uint8 unflagged;
        bool overdue;
        uint64 flagged;
        Interest[] interests;
    }

    // ------------------------------------------------------------------ events

    /// @notice The contract knows its peers; it never learns others.
    event Wired(address[14] members);

    /// @notice Somebody put up the stake of an adjudicator.
    event Staked(address indexed adjudicator, address indexed principal, uint256 amount);

    /// @notice An adjudicator's standing changed.
    event StandingChanged(address indexed adjudicator, Standing standing);

    /// @notice An adjudicator's stake was taken, for insurance and treasury by halves; `skim` sends it there. The cause is
    /// the case's number.
    event AdjudicatorSlashed(address indexed adjudicator, uint256 amount, bytes32 cause);

    /// @notice A monitor put up its bond with the treasury.
    event MonitorBonded(address indexed monitor, address indexed principal, bytes32 indexed scorerId, uint256 amount);

    /// @notice A monitor's standing changed.
    event MonitorChanged(address indexed monitor, Standing standing, uint16 falsePositives, uint40 suspendedUntil);

    /// @notice A false alarm cost a monitor `amount` of its bond.
    event MonitorCharged(address indexed monitor, uint64 indexed freezeId, uint256 amount);

    /// @notice A predicate or verifier is approved, pinned by its code, or no longer.
    event ProgramChanged(address indexed account, ProgramKind indexed kind, bytes32 codehash, bool approved);

    /// @notice An adjudicator declared an interest of its own.
    event AssociationDeclared(address indexed adjudicator, address indexed principal, uint40 until);

    /// @notice The watchdog noticed a pattern that it had not noticed before. `actions` are the decisions ever, as one who
    /// confirms the alert names them; the others speak of the window.
    event WatchdogAlert(address indexed adjudicator, AlertKind kind, uint32 actions, uint32 approvals, uint16 run);

    /// @notice The watchdog froze the city: no finalising, no routing, until the panel releases it; after `until` anyone may abort
    /// what lies under it.
    event WatchdogFreeze(address indexed adjudicator, uint40 until);

    /// @notice The watchdog's freeze ended.
    event WatchdogReleased(bool byPanel);

    /// @notice A case of revocation is open.
    event ImpeachmentInitiated(
        uint64 indexed caseId,
        address indexed target,
        address indexed initiator,
        bytes32 evidenceHash,
        uint8 needed,
        uint40 expiresAt
    );

    /// @notice A vote for revocation.
    event ImpeachmentVoted(uint64 indexed caseId, address indexed voter, uint8 votes);

    /// @notice An adjudicator was revoked.
    event AdjudicatorImpeached(uint64 indexed caseId, address indexed target, uint256 slashed);

    /// @notice A case lapsed; the initiator's bond is lost.
    event ImpeachmentLapsed(uint64 indexed caseId);

    /// @notice Reviews of an adjudicator were compensated.
    event CompensationClaimed(address indexed adjudicator, uint32 reviews);

    /// @notice `account` took `amount` of its released stake, paid out to `to`.
    event Withdrawn(address indexed account, address indexed to, uint256 amount);

    /// @notice Asset beyond the books went to the treasury, and with it whatever was due to the funds.
    event Skimmed(uint256 amount);

    /// @notice The root of an author's log of `size` entries. Never replaced.
    event Anchored(address indexed author, uint64 indexed sequence, uint64 size, bytes32 root);

    /// @notice Two anchored roots of an author were proved consistent.
    event ConsistencyProved(address indexed author, uint64 indexed first, uint64 indexed second);

    // ------------------------------------------------------------------ errors

    /// @notice `caller` may not call this function.
    error Unauthorized(address caller);

    /// @notice The city is not sealed yet; call again afterwards.
    error NotSealed();

    /// @notice The peers are known already.
    error AlreadyWired();

    /// @notice The peers are not known yet; anyone may call `wire`.
    error NotWired();

    /// @notice The constructor ran before.
    error AlreadyConstructed();

    /// @notice The call's data is not the function's encoding: truncated, with dirty bits, or too long.
    error MalformedCall();

    /// @notice The function takes no coins.
    error NotPayable();

    /// @notice A token's or a receiver's code called back while its payment was running.
    error Reentered();

    /// @notice Expected `expected`, received `received`.
    error AmountMismatch(uint256 expected, uint256 received);

    /// @notice The asset did not move to `to`.
    error PaymentFailed(address to, uint256 amount);

    /// @notice `signer` is no active adjudicator, or was none when the case began.
    error NotAdjudicator(address signer);

    /// @notice The value is `found`, not `expected`: the case has changed.
    error ValueChanged(bytes32 expected, bytes32 found);

    /// @notice Due from `dueAt` on.
    error NotDue(uint40 dueAt);

    /// @notice The stake is `given`; the table demands `needed`.
    error WrongStake(uint256 given, uint256 needed);

    /// @notice `account`'s standing is `standing`.
    error WrongStanding(address account, Standing standing);

    /// @notice `account`'s code is `found`, not `expected`; or it is none, or delegates to other code; or its activation ends
    /// within `needed` seconds.
    error WrongProgram(address account, bytes32 expected, bytes32 found, uint64 needed);

    /// @notice The city would have `left` adjudicators of at least `floor`.
    error QuorumFloor(uint8 left, uint8 floor);

    /// @notice The city has `most` adjudicators, as many as there can be.
    error PanelFull(uint8 most);

    /// @notice An adjudicator declares `most` associations at a time.
    error TooManyAssociations(uint8 most);

    /// @notice No such case, or it is closed, or its time is over. Zero: the watchdog freezes nothing.
    error NoCase(uint64 caseId);

    /// @notice `who` voted or acted in this case before, or is the accused; or it is what it was to be made already.
    error AlreadyDone(address who);

    /// @notice `account` has nothing to take, or less than it asked for.
    error NothingOwed(address account);

    /// @notice An anchor follows the last: sequence `expected`, and no smaller a size, nor none.
    error AnchorOutOfOrder(uint64 expected, uint64 given);

    /// @notice The proof does not connect the two roots.
    error Inconsistent(bytes32 first, bytes32 second);

    // ------------------------------------------------------------------ wiring

    /// @notice The constitution of the city, fixed at construction.
    function constitution() external view returns (address);

    /// @notice Learns the peers, the asset and the genesis adjudicators from the sealed constitution. Anyone, once.
    function wire() external;

    // ------------------------------------------------------------------ adjudicators

    /// @notice Puts up the stake of the table for the caller, who becomes active if of genesis, else a candidate. A
    /// genesis adjudicator without a stake cannot sign. The caller answers for itself, or its principal if it is an agent.
    function stake(uint256 amount) external payable;

    /// @notice Leaves the panel; the stake is owed after the appeal window. Never refused, however few are left.
    function resign() external;

    /// @notice Moves a leaving adjudicator's stake to its owner's due after the window, and after the time of a case about
    /// it. Anyone.
    function releaseStake(address adjudicator) external;

    /// @notice Takes what the caller is owed. Never halted.
    function withdraw() external returns (uint256 amount);

    /// @notice Takes `amount` of what the caller is owed, paid to `to`.
    function withdrawTo(address to, uint256 amount) external;

    /// @notice Declares that the caller is associated with a principal, whose missions it may
    /// then not judge. It lapses after the memory that principals have (`principalMemorySecs`).
    function declareAssociation(address principal) external;

    /// @notice Pays the caller's reviews out of the treasury, equal for yes and no.
    function claimCompensation() external;

    // ------------------------------------------------------------------ monitors

    /// @notice Bonds the caller as a monitor of its principal, out of its credit with the treasury; the panel approves.
    function bondMonitor(bytes32 scorerId) external;

    /// @notice Ends the caller's monitoring; the bond comes back after the appeal window.
    function retireMonitor() external;

    /// @notice Gives a retired monitor's bond back after the window. Anyone.
    function releaseMonitor(address monitor) external;

    /// @notice Charges a monitor for a freeze that was false: a share of what it put up, and its reports do not count for a
    /// while; one of whose bond nothing is left is removed. Only for guardian, once for each freeze and monitor.
    function chargeMonitor(address account, uint64 freezeId) external;

    // ------------------------------------------------------------------ the panel's powers, through adjudication

    /// @notice Admits a bonded monitor with its scorer. Only for adjudication.
    function approveMonitor(address account, bytes32 scorerId) external;

    /// @notice Ends a monitor's admission and takes its bond. Only for adjudication.
    function revokeMonitor(address account) external;

    /// @notice Approves a predicate, pinned by its code, which must not delegate and, where it is a program, stay activated.
    /// Only for adjudication.
    function approvePredicate(address program, bytes32 codehash) external;

    /// @notice Ends that. Only for adjudication.
    function revokePredicate(address program, bytes32 codehash) external;

    /// @notice Approves a Tier-1 verifier, pinned by its code. Only for adjudication.
    function approveVerifier(address program, bytes32 codehash) external;

    /// @notice Ends that. Only for adjudication.
    function revokeVerifier(address program, bytes32 codehash) external;

    /// @notice Admits a candidate who put up the stake, with that principal. Only for adjudication.
    function addAdjudicator(address account, address principal) external;

    /// @notice Removes an adjudicator or candidate without fault; its stake is owed after the appeal window. Only for
    /// adjudication, and down to five.
    function removeAdjudicator(address account) external;

    /// @notice Confirms the watchdog's alert about an adjudicator who had acted so often: freezes the city, once for each
    /// alert. Only for adjudication.
    function confirmAlert(address account, uint32 actions) external;

    /// @notice Ends the watchdog's freeze that would end at `until`. Only for adjudication, which takes no flagged signer.
    function releaseWatchdog(uint40 until) external;

    /// @notice Counts a decision for its signers, and looks for patterns. Only for adjudication.
    /// @param approves whether they let something pass
    /// @param weakens whether it weakened a parameter
    /// @param reviews whether it is a review that is compensated
    function recordDecision(address[] calldata signers, bool approves, bool weakens, bool reviews) external;

    /// @notice The panel as a decision finds it. Reverts with `NotAdjudicator` for a signer who is not active.
    function examine(address[] calldata signers) external view returns (Panel memory);

    // ------------------------------------------------------------------ checks on humans

    /// @notice Opens a case to revoke an adjudicator, active or in its appeal window, under bond. An active adjudicator; one
    /// case per target.
    function initiateImpeachment(address target, bytes32 evidenceHash) external returns (uint64 caseId);

    /// @notice Votes to revoke. An adjudicator active since before the case, once; the deciding vote carries it out.
    function voteImpeachment(uint64 caseId) external;

    /// @notice Closes a case that lapsed. Anyone.
    function expireImpeachment(uint64 caseId) external;

    /// @notice Ends a freeze of the city by the watchdog whose maximum has passed, where no adjudicator is left who may release
    /// it. Anyone; while there is one, `NotAdjudicator(0)`: nothing resumes without the panel (RULINGS R9).
    function expireWatchdog() external;

    // ------------------------------------------------------------------ anchors

    /// @notice Anchors the root of the caller's log.
    /// @param sequence one more than the caller's last
    function anchor(uint64 sequence, uint64 size, bytes32 root) external;

    /// @notice Proves by RFC 6962 that one anchored root extends another. Anyone.
    function proveConsistency(address author, uint64 first, uint64 second, bytes32[] calldata proof) external;

    /// @notice An anchor.
    function anchorOf(address author, uint64 sequence) external view returns (uint64 size, bytes32 root);

    // ------------------------------------------------------------------ views

    /// @notice An adjudicator.
    function adjudicator(address account) external view returns (Adjudicator memory);

    /// @notice How many adjudicators are active.
    function activeAdjudicators() external view returns (uint8);

    /// @notice A monitor.
    function monitor(address account) external view returns (Monitor memory);

    /// @notice The code an approved predicate or verifier is pinned to; zero if it is not approved.
    function approvedCode(address account, ProgramKind kind) external view returns (bytes32 codehash);

    /// @notice Until when the watchdog freezes the city; zero if it does not. The panel's halt of the city is guardian's.
    function haltedUntil() external view returns (uint40);

    /// @notice A case of revocation.
    function impeachment(uint64 caseId) external view returns (Impeachment memory);

    /// @notice What `account` may withdraw, in base units.
    function credits(address account) external view returns (uint256);

    /// @notice Booked total: stakes and what is owed.
    function booked() external view returns (uint256);

    /// @notice What makes up the booked total.
    function parts() external view returns (uint256 stakes, uint256 owed);

    /// @notice Sends what the contract holds beyond its books to the treasury, and the stakes that were taken to treasury
    /// and insurance. Anyone.
    /// @return amount what was beyond the books
    function skim() external returns (uint256 amount);
}
