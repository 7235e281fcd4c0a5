// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Treasury: settlement, escrow, task stakes, insurance, stake pools and credits
/// @notice All the city's money but registration and adjudicator stakes. Nothing is pushed to anybody: whoever is owed
/// something has a credit and withdraws it, so no receiver can block a settlement (RESOLUTIONS S-09). Booked total and
/// the sum of its parts are equal after every call; the balance is never less (RULINGS R17, law 2).
/// @dev Constructor: `(address constitution)`. Amounts are base units of the settlement asset, below 2^128. One lock
/// spans every entry that moves the asset (RULINGS A9). With native coin `msg.value` must equal the amount; with a
/// token it must be zero, and what arrives must equal the amount. Parameters in units are multiplied by the city's unit
/// scale.
interface ITreasury {
    // ------------------------------------------------------------------ types

    /// @notice Where a mission's escrow stands.
    /// @dev `Open` from creation on; `Closing` once the mission ended, until everything was refunded; `Closed` for
    /// ever.
    enum EscrowState {
        None,
        Open,
        Closing,
        Closed
    }

    /// @notice What a slash answers (RESOLUTIONS S-15).
    enum Fault {
        None,
        TimeoutExceeded,
        CodeHashMismatch,
        NodeFailure,
        MissionAbort
    }

    /// @notice The two common funds.
    enum Fund {
        None,
        Treasury,
        Insurance
    }

    /// @notice What a disbursement is for; compensation of reviews goes its own way (RESOLUTIONS S-14).
    enum Disbursement {
        None,
        Insurance,
        GasSubsidy
    }

    /// @notice What a bond was put up for.
    enum BondKind {
        None,
        Dissent,
        Divergence,
        Collusion,
        Monitor,
        Impeachment
    }

    /// @notice One executor who shares in a settlement, with the reputation it had when its node was routed.
    /// @dev `reputation` in thousandths of a point, 0 to 1,000,000 (RESOLUTIONS R-07). `price` is what it was awarded for, in
    /// base units: it is paid that, at most its share of the node's budget.
    struct SettledSeat {
        address agent;
        uint32 reputation;
        uint128 price;
    }

    /// @notice What seats of an agent in a mission are backed with, out of one source. Amounts in base units.
    /// @dev `source` is the agent's address as a word, or a pool's id. `price` is what these seats are to be paid, which bounds what
    /// insurance pays the agent for the mission (RESOLUTIONS S-13).
    struct Stake {
        address agent;
        bytes32 source;
        uint128 amount;
        uint128 price;
    }

    /// @notice One mission's escrow. Amounts in base units.
    /// @dev `deposited` = `settled` + `refunded` + what is still held. What is lent to a child counts as the child's deposit, until
    /// it comes back. `allocated` is what those nodes may still cost that are neither settled nor lent to a child; it is held.
    struct Escrow {
        EscrowState state;
        address sponsor;
        uint64 epoch;
        uint128 deposited;
        uint128 allocated;
        uint128 settled;
        uint128 refunded;
        uint40 releaseAt;
    }

    /// @notice The parts that make up the booked total, in base units.
    /// @dev What stands in for agents out of a pool counts as reserved or locked, not in `pools`.
    struct Parts {
        uint256 escrows;
        uint256 reservedStakes;
        uint256 lockedStakes;
        uint256 bonds;
        uint256 treasury;
        uint256 subsidyBudget;
        uint256 insurance;
        uint256 pools;
        uint256 credits;
    }

    /// @notice A stake pool (RESOLUTIONS S-08). Assets and shares below 2^128.
    /// @dev `assets` is all that the shares are worth, what stands in for agents included. `openObligations` counts the bids
    /// and missions for which something of it stands in. `leaving` are the shares of those who asked to leave: new bids do not draw
    /// on what they are worth.
    struct Pool {
        address manager;
        uint128 assets;
        uint128 shares;
        uint32 participants;
        uint32 openObligations;
        uint128 leaving;
    }

    // ------------------------------------------------------------------ events

    /// @notice The contract knows its peers; it never learns others.
    event Wired(address[14] members);

    /// @notice `payer` paid `amount` to the credit of `account`.
    event CreditDeposited(address indexed account, address indexed payer, uint256 amount);

    /// @notice `account` is owed `amount` more; `cause` is the mission, pool, bond or fund it comes from.
    event Credited(address indexed account, bytes32 indexed cause, uint256 amount);

    /// @notice `account` took `amount`, paid out to `to`.
    event Withdrawn(address indexed account, address indexed to, uint256 amount);

    /// @notice An escrow exists for a mission.
    event EscrowOpened(bytes32 indexed missionId, address indexed sponsor, uint64 epoch);

    /// @notice `amount` was added to a mission's escrow.
    event MissionFunded(bytes32 indexed missionId, address indexed payer, uint256 amount);

    /// @notice The statute's nodes may cost `allocated` in total.
    event BudgetAllocated(bytes32 indexed missionId, uint256 allocated);

    /// @notice One executor was paid for one node: budget share = base + fee + reserve + residual, and reward = base +
    /// subsidy (EQ-9, RESOLUTIONS S-02, S-04).
    event Settled(
        bytes32 indexed missionId,
        uint16 indexed node,
        address indexed agent,
        uint256 share,
        uint256 base,
        uint256 subsidy,
        uint256 fee,
        uint256 reserve,
        uint256 residual
    );

    /// @notice The mission ended; stakes may be released from `releaseAt` on, in unix seconds.
    event EscrowClosing(bytes32 indexed missionId, uint40 releaseAt);

    /// @notice What was left of an escrow went to the sponsor's credit.
    event EscrowClosed(bytes32 indexed missionId, address indexed sponsor, uint256 refunded);

    /// @notice A parent's escrow lent `amount` to a child mission, or the child gave it back (RULINGS R19).
    event EscrowMoved(bytes32 indexed from, bytes32 indexed to, uint256 amount);

    /// @notice Stake was set aside for a bid of a session. `source` is an agent's address as a word, or a pool.
    event StakeReserved(bytes32 indexed sessionId, bytes32 indexed source, address indexed agent, uint256 amount);

    /// @notice A bid's stake is free again.
    event ReserveReleased(bytes32 indexed sessionId, bytes32 indexed source, address indexed agent, uint256 amount);

    /// @notice Reserved stake now backs an agent's seats in a mission.
    event StakeLocked(bytes32 indexed missionId, address indexed agent, bytes32 indexed source, uint256 amount);

    /// @notice Stake came back after its mission.
    event StakeReleased(bytes32 indexed missionId, address indexed agent, bytes32 indexed source, uint256 amount);

    /// @notice Stake was taken: insurance got the lower half, the treasury the rest (RESOLUTIONS S-06).
    event StakeSlashed(
        bytes32 indexed missionId, uint16 indexed node, address indexed agent, Fault fault, uint256 amount
    );

    /// @notice A bond is held.
    event BondPosted(bytes32 indexed bondId, address indexed owner, BondKind kind, uint256 amount);

    /// @notice A bond went back to its owner's credit.
    event BondReturned(bytes32 indexed bondId, address indexed owner, uint256 amount);

    /// @notice A bond was lost: insurance got the lower half, the treasury the rest.
    event BondForfeited(bytes32 indexed bondId, address indexed owner, uint256 amount);

    /// @notice Part of a bond was lost, split as a whole one; `left` is still held.
    event BondCharged(bytes32 indexed bondId, address indexed owner, uint256 amount, uint256 left);

    /// @notice A fund grew by `amount` from outside: a gift, another contract's surplus or its slashed stakes.
    event FundReceived(Fund indexed fund, address indexed from, uint256 amount);

    /// @notice Asset beyond the booked total was booked to the treasury.
    event Skimmed(uint256 amount);

    /// @notice A loss was compensated out of the insurance.
    event InsurancePaid(bytes32 indexed missionId, address indexed agent, uint256 amount, bytes32 evidenceHash);

    /// @notice A fund paid `recipient`.
    event Disbursed(Disbursement indexed kind, address indexed recipient, uint256 amount, bytes32 justificationHash);

    /// @notice An adjudicator's reviews were compensated.
    event CompensationPaid(address indexed adjudicator, uint32 reviews, uint256 amount);

    /// @notice A pool exists.
    event PoolCreated(bytes32 indexed poolId, address indexed manager);

    /// @notice `participant` paid `amount` into a pool for `shares`.
    event PoolJoined(bytes32 indexed poolId, address indexed participant, uint256 amount, uint256 shares);

    /// @notice `participant` asked to leave with all its `shares`.
    event PoolLeaveRequested(bytes32 indexed poolId, address indexed participant, uint256 shares);

    /// @notice `participant` redeemed `shares` for `amount`.
    event PoolLeft(bytes32 indexed poolId, address indexed participant, uint256 amount, uint256 shares);

    /// @notice The pool's manager lets `agent` stake up to `limit` out of the pool; zero ends it for new bids.
    event PoolBound(bytes32 indexed poolId, address indexed agent, uint256 limit);

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

    /// @notice Another entry of the treasury is still running.
    error Reentered();

    /// @notice `amount` is zero, not below 2^128, or more than the books can hold beside what they hold.
    error InvalidAmount(uint256 amount);

    /// @notice Expected `expected`, received `received`: coin sent, or what a token really delivered.
    error AmountMismatch(uint256 expected, uint256 received);

    /// @notice The asset did not move to `to`: the receiver or the token refused. A receiver may be named with
    /// `withdrawTo`.
    error PaymentFailed(address to, uint256 amount);

    /// @notice `receiver` is nobody: it can be owed nothing.
    error InvalidReceiver(address receiver);

    /// @notice `account` holds a credit of `available` and needs `needed`.
    error InsufficientCredit(address account, uint256 available, uint256 needed);

    /// @notice The escrow is in state `state`, which does not allow this.
    error WrongEscrowState(bytes32 missionId, EscrowState state);

    /// @notice The escrow has `available` for this purpose, `needed` was asked: what it holds for a budget; what is allocated for a
    /// settlement or a child; all that is left for a successor.
    error InsufficientEscrow(bytes32 missionId, uint256 available, uint256 needed);

    /// @notice The node was settled, or lent to a child, before.
    error AlreadySettled(bytes32 missionId, uint16 node);

    /// @notice `agent` answers to the mission's sponsor, or a pool of the sponsor's is to back it: it cannot work here
    /// (RESOLUTIONS S-03, RULINGS R20).
    error SelfDealing(bytes32 missionId, address agent);

    /// @notice `source` has `available` free; `needed` was to be staked.
    error InsufficientStake(bytes32 source, uint256 available, uint256 needed);

    /// @notice The stake of `agent` in this mission comes from `source` already, and has no second one.
    error SecondSource(bytes32 missionId, address agent, bytes32 source);

    /// @notice Stakes of this mission stay locked until `releaseAt`, in unix seconds.
    error StakeStillLocked(bytes32 missionId, uint40 releaseAt);

    /// @notice Nothing is held here for `agent`; of a claim: it never had a stake in this mission.
    error NothingLocked(bytes32 missionId, address agent);

    /// @notice A bond of this id is held already, or none is.
    error WrongBond(bytes32 bondId);

    /// @notice The insurance holds `available`; this claim may take at most `limit` and asks `needed`.
    error InsuranceLimit(uint256 available, uint256 limit, uint256 needed);

    /// @notice A claim names no evidence.
    error NoEvidence(bytes32 missionId, address agent);

    /// @notice `agent` was compensated for this mission before.
    error AlreadyClaimed(bytes32 missionId, address agent);

    /// @notice The fund holds `available`; `needed` was asked. Without a fund's name: the books are broken.
    error InsufficientFund(Fund fund, uint256 available, uint256 needed);

    /// @notice No pool has this id.
    error UnknownPool(bytes32 poolId);

    /// @notice The pool backs `openObligations` live bids or missions; leave when there are none, or ask to, and leave when none is
    /// left that began before.
    error PoolObligated(bytes32 poolId, uint32 openObligations);

    /// @notice The pool has `participants` participants and needs `needed` before it may back anyone.
    error PoolTooSmall(bytes32 poolId, uint32 participants, uint32 needed);

    /// @notice `amount` would buy no share, or the pool lost everything once.
    error NoShares(bytes32 poolId, uint256 amount);

    /// @notice `participant` holds `held` shares; `needed` were to be redeemed.
    error InsufficientShares(bytes32 poolId, address participant, uint256 held, uint256 needed);

    // ------------------------------------------------------------------ wiring

    /// @notice The constitution of the city, fixed at construction.
    function constitution() external view returns (address);

    /// @notice Learns peers, settlement asset and unit scale from the sealed constitution. Anyone, once.
    function wire() external;

    // ------------------------------------------------------------------ credits

    /// @notice Pays `amount` to the credit of `account`, from which stakes, bonds and escrows are taken.
    function deposit(address account, uint256 amount) external payable;

    /// @notice `deposit` with the caller's EIP-2612 permit. A permit that fails is tolerated if the allowance suffices,
    /// since anyone may have relayed it before (RULINGS A9).
    function depositWithPermit(address account, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external;

    /// @notice Takes the caller's whole credit. Never halted.
    /// @return amount base units paid out
    function withdraw() external returns (uint256 amount);

    /// @notice Takes `amount` of the caller's credit, paid to `to`: for callers that the asset does not serve.
    function withdrawTo(address to, uint256 amount) external;

    /// @notice What `account` may withdraw, in base units.
    function credits(address account) external view returns (uint256);

    // ------------------------------------------------------------------ escrow

    /// @notice Opens the escrow of a mission that was just created. Parameters of `epoch` rule it.
    function openEscrow(bytes32 missionId, address sponsor, uint64 epoch) external;

    /// @notice Pays `amount` into a mission's escrow. Whoever pays, the sponsor is refunded.
    function fundMission(bytes32 missionId, uint256 amount) external payable;

    /// @notice `fundMission` with the caller's EIP-2612 permit.
    function fundMissionWithPermit(
        bytes32 missionId,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice Pays `amount` of the caller's credit into a mission's escrow.
    function fundMissionFromCredit(bytes32 missionId, uint256 amount) external;

    /// @notice Sets what the mission's nodes may cost in total. Refused beyond what is funded (RESOLUTIONS C-23, S-11).
    function allocateBudget(bytes32 missionId, uint256 allocated) external;

    /// @notice Pays the agreeing executors of a completed node out of `budget`: each its price, at most an equal share, through
    /// EQ-9; what is left of the budget stays in the escrow, unallocated (RESOLUTIONS S-04, S-12). Once per node.
    function settle(bytes32 missionId, uint16 node, uint256 budget, SettledSeat[] calldata seats) external;

    /// @notice Moves `amount` from one mission's escrow to another's. Which of three moves it is, collaboration's records of both
    /// say (RULINGS R18, R19):
    /// to a child of a mission that works, what its node has left, at most `amount`: that the first time, what came back later;
    /// from a child to the mission that lent to it, whatever the child holds;
    /// from a mission that failed or was aborted to another, exactly all it holds.
    /// @return moved base units that moved
    function moveEscrow(bytes32 from, bytes32 to, uint256 amount) external returns (uint256 moved);

    /// @notice The mission ended. Settlements end too; stakes may be released after `sanctionSecs`.
    function beginClosing(bytes32 missionId, uint40 sanctionSecs) external;

    /// @notice Refunds what is left of an ended mission's escrow to the sponsor's credit. Anyone, once.
    function closeEscrow(bytes32 missionId) external;

    /// @notice A mission's escrow.
    function escrow(bytes32 missionId) external view returns (Escrow memory);

    // ------------------------------------------------------------------ stakes

    /// @notice Sets `amount` aside for a bid of `agent` in a session, out of its credit or out of a pool bound to it.
    /// @param source the agent's address as a word, or a pool's id
    function reserveStake(bytes32 sessionId, bytes32 source, address agent, uint256 amount) external;

    /// @notice Frees what was set aside for a bid that did not win, or whose session came to nothing.
    function releaseReserve(bytes32 sessionId, bytes32 source, address agent, uint256 amount) external;

    /// @notice Turns what was set aside in a session into stakes in a mission, all or none. Several of one agent add up, and have one
    /// source. Neither an agent's principal nor a pool's manager may be the mission's sponsor. At most 1,024 at once.
    function lockStakes(bytes32 missionId, bytes32 sessionId, Stake[] calldata stakes) external;

    /// @notice What is set aside in a session out of `source` for `agent`, in base units.
    function reservedStake(bytes32 sessionId, bytes32 source, address agent) external view returns (uint256 amount);

    /// @notice Takes up to `amount` of an agent's stake in a mission. What the stake does not cover is not taken, and nothing once
    /// the stake may be released. Never refuses.
    /// @return taken base units really taken
    function slash(bytes32 missionId, uint16 node, address agent, Fault fault, uint256 amount)
        external
        returns (uint256 taken);

    /// @notice Releases an agent's stake after its mission ended and the sanction window passed. Anyone. Never halted.
    function releaseStake(bytes32 missionId, address agent) external;

    /// @notice Stake of `agent` in a mission, in base units, and where it came from.
    /// @return source the agent's address as a word, a pool's id, or zero
    /// @return amount what is left of it
    /// @return budget what all its seats there are to be paid, those included that passed on to others; counted up to 2^96 - 1
    function lockedStake(bytes32 missionId, address agent)
        external
        view
        returns (bytes32 source, uint256 amount, uint256 budget);

    // ------------------------------------------------------------------ bonds

    /// @notice Takes a bond out of `owner`'s credit. Only for assembly, verification, guardian and roster, as the two below.
    function postBond(bytes32 bondId, address owner, BondKind kind, uint256 amount) external;

    /// @notice Gives a bond back.
    function returnBond(bytes32 bondId) external;

    /// @notice Takes a bond for good.
    function forfeitBond(bytes32 bondId) external;

    /// @notice Takes up to `amount` of a bond for good. Only for roster.
    /// @return taken what was left of it, at most `amount`
    function chargeBond(bytes32 bondId, uint256 amount) external returns (uint256 taken);

    /// @notice Who put up a bond, for what, and how much; zeros if none is held.
    function bond(bytes32 bondId) external view returns (address owner, BondKind kind, uint256 amount);

    // ------------------------------------------------------------------ pools

    /// @notice Creates a pool managed by the caller.
    /// @return poolId unique by manager and the manager's own counter
    function createPool() external returns (bytes32 poolId);

    /// @notice Pays `amount` of the caller's credit into a pool, for `⌊amount·S/A⌋` shares.
    function joinPool(bytes32 poolId, uint256 amount) external;

    /// @notice Asks to leave with all the caller's shares, those too that it buys later. From now on new bids draw on what the shares
    /// of the others are worth, so that nobody can be kept in by ever new ones. Whoever asked bears losses until it leaves.
    /// Asking again changes nothing. Never halted.
    function requestLeavePool(bytes32 poolId) external;

    /// @notice Redeems shares for `⌊shares·A/S⌋`, to the caller's credit: while the pool backs nobody, or once no bid and no mission
    /// is left that it backed when the caller asked to leave. Never halted.
    function leavePool(bytes32 poolId, uint256 shares) external;

    /// @notice Lets `agent` stake up to `limit` out of the pool; zero ends it for new bids. Only its manager, with enough
    /// participants unless it ends it. What the agent loses lowers its limit. A pool whose manager is a mission's sponsor backs
    /// nobody in it, which is checked when its stake is locked (RULINGS R20).
    function bindPool(bytes32 poolId, address agent, uint256 limit) external;

    /// @notice A pool.
    function pool(bytes32 poolId) external view returns (Pool memory);

    /// @notice Shares of `participant`, and how much of the pool `agent` may still stake.
    function poolShares(bytes32 poolId, address participant) external view returns (uint256 shares);

    /// @notice How much `agent` may stake out of the pool, and how much it does.
    function poolBinding(bytes32 poolId, address agent) external view returns (uint256 limit, uint256 used);

    // ------------------------------------------------------------------ funds

    /// @notice Adds `amount` to a fund: gifts, surplus of other contracts, stakes slashed elsewhere.
    function contribute(Fund fund, uint256 amount) external payable;

    /// @notice Books what the contract holds beyond its books to the treasury. Anyone (RULINGS R17).
    /// @return amount base units found
    function skim() external returns (uint256 amount);

    /// @notice Compensates a loss confirmed by the panel, of an agent that had a seat in the mission: once per mission and agent,
    /// with evidence, at most `insuranceClaimPct` of the insurance and the agent's budget, which is what its seats there were to be
    /// paid (RESOLUTIONS S-13).
    function payInsurance(bytes32 missionId, address agent, uint256 amount, bytes32 evidenceHash) external;

    /// @notice Pays a disbursement that the panel decided.
    function disburse(Disbursement kind, address recipient, uint256 amount, bytes32 justificationHash) external;

    /// @notice Pays for `reviews` at the rate of the table, equal for yes and no (RESOLUTIONS D-27).
    function payCompensation(address adjudicator, uint32 reviews) external;

    // ------------------------------------------------------------------ books

    /// @notice Settlement asset; zero is the native coin.
    function asset() external view returns (address);

    /// @notice Booked total, in base units.
    function booked() external view returns (uint256);

    /// @notice What makes up the booked total; they add up to it exactly.
    function parts() external view returns (Parts memory);

    /// @notice The books against the world: what is booked, what is held, what obligations the funds face.
    /// @return bookedTotal as `booked`
    /// @return held balance of the settlement asset
    /// @return subsidyLeft what subsidies may still be paid from
    /// @return claimLimit the most that one insurance claim may take now
    function solvency()
        external
        view
        returns (uint256 bookedTotal, uint256 held, uint256 subsidyLeft, uint256 claimLimit);
}
