//! The rows. Three groups, told apart by their place: words, amendable numbers, constants. A page holds the first two,
//! so places never change while a city lives.

use super::declare::table;

table! {
    words {
        /// Who may freeze and stop alone when too few adjudicators are free of conflict; zero: nobody.
        SeniorAdjudicatorAddr "seniorAdjudicatorAddr" Address High Any City Adjudication "Table 19; D-08"
            = nobody,
        /// Hash of the name of an embedding model. No code reads it: the panel approves a monitor with its scorer.
        EmbeddingModelId "embeddingModelId" Hash Medium Any Mission Nobody "Table 19; D-05"
            = "text-embedding-3-large",
    }
    numbers {
        // Table 19
        /// Centred deviation above which a report counts.
        DeviationThresholdSigma "deviationThresholdSigma" 2_000 in 1_000..=5_000, MilliSigma, High Up Mission Guardian "Table 19; G-09",
        /// Tool invocations of one agent on one node.
        MaxToolInvocations "maxToolInvocations" 40 in 5..=200, Count, Medium Up Mission Guardian "Table 19",
        /// Messages about one node.
        MaxMessageVolume "maxMessageVolume" 120 in 10..=500, Count, Medium Up Mission Guardian "Table 19",
        /// Freezes that escalate to a stop, before reputation is considered.
        EscalationFreezeCount "escalationFreezeCount" 3 in 2..=10, Count, High Up Mission Guardian "Table 19",
        /// First window in which freezes are counted.
        BaseEscalationWindowMs "baseEscalationWindowMs" 1_200_000 in 60_000..=7_200_000, Millis, Low Down Mission Guardian "Table 19",
        /// Whether reputation raises the number of freezes that escalate.
        ReputationScalingEnabled "reputationScalingEnabled" 1 in 0..=1, Flag, Medium Up Mission Guardian "Table 19",
        /// Freezes more that the best reputation allows.
        ReputationScalingBonus "reputationScalingBonus" 3 in 0..=7, Count, Medium Up Mission Guardian "Table 19; G-03",
        /// LLM tokens of a mission.
        MissionBudgetCap "missionBudgetCap" 100_000 in 1_000..=10_000_000, LlmTokens, Medium Up Mission Statute "Table 19",
        /// Longest execution of a leaf node; human review is bounded by its own rows.
        MaxNodeTimeoutMs "maxNodeTimeoutMs" 60_000 in 1_000..=3_600_000, Millis, Low Up Mission Statute "Table 19; V-09",
        /// Shortest window of human review.
        MinHumanReviewTimeoutMs "minHumanReviewTimeoutMs" 300_000 in 60_000..=86_400_000, Millis, Low Down Mission Statute "Table 19",
        /// Reassignments of one node, and of a mission per `refinementNodeDivisor` nodes.
        MaxRefinementIterations "maxRefinementIterations" 3 in 1..=10, Count, Low Up Mission Collaboration "Table 19; C-11, R18",
        /// Least reputation to bid and to be routed.
        ReputationFloor "reputationFloor" 100 in 0..=500, Points, High Down Mission Agent "Table 19; R-09",
        /// Similarity at which two sets agree.
        JaccardThreshold "jaccardThreshold" 85 in 50..=100, Percent, High Down Mission Verification "Table 19",
        /// Difference, in parts of the mean, at which two numbers agree.
        NumericTolerancePct "numericTolerancePct" 5 in 1..=50, Percent, Low Up Mission Verification "Table 19; V-05",
        /// Least fairness of an assignment.
        MinFairnessScore "minFairnessScore" 600 in 0..=1_000, Permille, Low Down Session Enactment "Table 19",
        /// Task stake at low risk.
        MinStakeLow "minStakeLow" 150 in 0..=1_000_000_000, Units, Medium Down Session Enactment "Table 19; S-16",
        /// Task stake at medium risk.
        MinStakeMedium "minStakeMedium" 500 in 0..=1_000_000_000, Units, Medium Down Session Enactment "Table 19; S-16",
        /// Task stake at high risk.
        MinStakeHigh "minStakeHigh" 2_000 in 0..=1_000_000_000, Units, Medium Down Session Enactment "Table 19; S-16",
        /// Outage of the sequencer after which missions may be declared degraded.
        DegradedModeThresholdMs "degradedModeThresholdMs" 1_800_000 in 60_000..=14_400_000, Millis, High Up Mission Guardian "Table 19; C-20",
        /// Gap between a keeper's view and the chain that raises an alarm.
        OptimisticWindowMaxMs "optimisticWindowMaxMs" 10_000 in 2_000..=60_000, Millis, Medium Up City Keeper "Table 19",
        /// Longest wait for the live code hash of a service; a service's own constraint may be shorter.
        MaxCodeHashLatencyMs "maxCodeHashLatencyMs" 2_000 in 500..=10_000, Millis, Medium Up City Keeper "Table 19",
        /// Bidding window when single nodes are assigned anew.
        PartialRelegBiddingTimeoutMs "partialRelegBiddingTimeoutMs" 300_000 in 60_000..=3_600_000, Millis, Low None Mission Legislature "Table 19",
        /// Longest wait for the statute of a session.
        LegislativeProposalTimeoutMs "legislativeProposalTimeoutMs" 600_000 in 60_000..=3_600_000, Millis, Low None Session Legislature "Table 19",
        /// How long a session takes bids.
        BiddingWindowMs "biddingWindowMs" 900_000 in 60_000..=7_200_000, Millis, Low Down Session Legislature "Table 19",
        /// Longest wait for the regulator's decision.
        RegulatoryApprovalTimeoutMs "regulatoryApprovalTimeoutMs" 300_000 in 60_000..=3_600_000, Millis, Low None Session Legislature "Table 19; L-09",
        /// Active adjudicators without whom no mission begins and no city is sealed.
        AdjudicatorQuorum "adjudicatorQuorum" 7 in 5..=20, Count, High Down City Statute "Table 19; D-01, R14",
        /// Regulators who must approve a mission of several organisations; a session caps it at those it has.
        MultisigRegQuorum "multisigRegQuorum" 2 in 1..=16, Count, Medium Down Session Enactment "Table 19; L-12",
        /// Longest window of human review.
        MaxHumanReviewTimeoutMs "maxHumanReviewTimeoutMs" 3_600_000 in 300_000..=86_400_000, Millis, Medium Up Mission Verification "Table 19",
        /// Longest wait for the panel to end degraded mode.
        DegradedAdjudicatorTimeoutMs "degradedAdjudicatorTimeoutMs" 7_200_000 in 1_800_000..=86_400_000, Millis, Medium Up Mission Collaboration "Table 19",
        /// Gas of one predicate.
        PredicateGasLimit "predicateGasLimit" 200_000 in 50_000..=1_000_000, Gas, High Up Mission Guardian "Table 19; P-04",
        /// Share of a price that the treasury keeps.
        ProtocolFeeRate "protocolFeeRate" 200 in 0..=1_000, Bps, High Down Mission Treasury "Table 19",
        /// Share of a price that the insurance pool keeps.
        InsuranceReserveRate "insuranceReserveRate" 100 in 0..=500, Bps, Medium Down Mission Treasury "Table 19",
        /// How strongly reputation moves rewards.
        ReputationMultiplierAlpha "reputationMultiplierAlpha" 500 in 0..=2_000, Permille, High Up Mission Treasury "Table 19; S-07",
        /// Pay of one human review.
        AdjudicatorCompensationRate "adjudicatorCompensationRate" 50 in 10..=500, Units, Medium Up Mission Treasury "Table 19; D-27",
        /// Members without whom a stake pool binds to nothing.
        StakepoolMinParticipants "stakepoolMinParticipants" 3 in 2..=50, Count, Low Down City Treasury "Table 19",

        // Reputation
        /// Weight of the past in the average of reputation.
        EmaLambda "emaLambda" 900 in 500..=990, Permille, Medium None Mission Collaboration "R-01",
        /// Price from which an outcome moves reputation with full weight.
        RepFullWeight "repFullWeight" 1_000 in 1..=1_000_000_000, Units, Medium Down Mission Collaboration "A2",
        /// Outcomes of one sponsor with one executor that count in one window.
        RepPairCap "repPairCap" 8 in 1..=255, Count, Medium Up City Collaboration "A2",
        /// Length of that window.
        RepPairWindowSecs "repPairWindowSecs" 604_800 in 86_400..=7_776_000, Seconds, Medium Down City Collaboration "A2",
        /// Points lost by a missed deadline.
        RepTimeout "repTimeout" 50 in 0..=1_000, Points, Medium Down Mission Collaboration "R-06",
        /// Points lost by a failed node.
        RepNodeFailure "repNodeFailure" 100 in 0..=1_000, Points, Medium Down Mission Collaboration "R-06",
        /// Points lost by an abort at fault.
        RepMissionAbort "repMissionAbort" 300 in 0..=1_000, Points, Medium Down Mission Collaboration "R-06",
        /// Points lost when a freeze is lifted with a warning.
        RepAmend "repAmend" 20 in 0..=1_000, Points, Medium Down Mission Guardian "R-06, K8",
        /// Points that one ruling may add or take.
        RepAdjustLimit "repAdjustLimit" 100 in 1..=500, Points, High Up City Adjudication "R-04",

        // Identity
        /// Stake of an agent.
        RegistrationStake "registrationStake" 1_000 in 0..=1_000_000_000, Units, Medium Down City Agent "seed L700; I-13",
        /// Stake of a principal.
        PrincipalStake "principalStake" 5_000 in 100..=1_000_000_000, Units, High Down City Agent "K1, A1",
        /// Time since enrolment before a principal's agents vote, sponsor or hold a seat.
        PrincipalAgeSecs "principalAgeSecs" 604_800 in 3_600..=7_776_000, Seconds, High Down City Agent "K1, A1",
        /// How long a former principal still counts for conflicts of interest.
        PrincipalMemorySecs "principalMemorySecs" 2_592_000 in 86_400..=31_536_000, Seconds, Medium Down City Agent "I-07",
        /// Wait between asking to leave and getting the stake.
        DeregistrationCooldownSecs "deregistrationCooldownSecs" 604_800 in 3_600..=7_776_000, Seconds, Medium Down City Agent "I-05",
        /// Time in which a ban may be undone, before the stake is forfeit.
        AppealWindowSecs "appealWindowSecs" 604_800 in 86_400..=7_776_000, Seconds, Medium Down City Agent "I-06",
        /// Agents of one principal whose votes and sponsorships count. No code reads it: a voice is a principal's (R26).
        MaxVotingAgentsPerPrincipal "maxVotingAgentsPerPrincipal" 1 in 1..=10, Count, High Up Session Nobody "I-16",
        /// Operations of one clerk on one subject.
        ClerkOperationsPerSubject "clerkOperationsPerSubject" 256 in 1..=4_096, Count, Medium Up City Management "A-16, K11",
        /// Wait after which an unanswered delegation is closed by anyone.
        DelegationTimeoutSecs "delegationTimeoutSecs" 86_400 in 60..=2_592_000, Seconds, Low None City Management "I-14",

        // Proposals and ballots
        /// Sponsors of a proposal.
        SponsorQuorum "sponsorQuorum" 5 in 3..=50, Count, Medium Down Session Assembly "L-02",
        /// How long a proposal may look for sponsors.
        SponsorshipWindowMs "sponsorshipWindowMs" 3_600_000 in 60_000..=604_800_000, Millis, Low None Session Assembly "L-09",
        /// Principals whose petition opens a session.
        PetitionPct "petitionPct" 20 in 5..=50, Percent, Medium None Session Assembly "seed L342; K6",
        /// Principals who must vote.
        ParticipationQuorumPct "participationQuorumPct" 60 in 50..=100, Percent, High Down Session Assembly "seed L139; L-05, R26",
        /// Rounds of deliberation.
        DeliberationRounds "deliberationRounds" 3 in 1..=10, Count, Low Down Session Assembly "seed L135",
        /// Length of such a round.
        DeliberationRoundMs "deliberationRoundMs" 900_000 in 60_000..=86_400_000, Millis, Low Down Session Assembly "seed L135; L-09",
        /// How often a lost proposal may come back.
        MaxReintroductions "maxReintroductions" 1 in 0..=5, Count, Low Up Session Assembly "seed L139",
        /// How long sealed ballots are taken.
        BallotCommitMs "ballotCommitMs" 900_000 in 60_000..=86_400_000, Millis, Medium Down Session Assembly "L-04",
        /// How long ballots are opened.
        BallotRevealMs "ballotRevealMs" 600_000 in 60_000..=86_400_000, Millis, Medium Down Session Assembly "L-04",
        /// Candidates from which on rankings are compared for collusion.
        CollusionMinCandidates "collusionMinCandidates" 8 in 8..=16, Count, Medium Up Session Assembly "L-14, R27",
        /// Kendall τ at which two rankings are suspect.
        CollusionTau "collusionTau" 900 in 500..=1_000, Permille, Medium Up Session Assembly "R27",
        /// Length of the heads of two rankings that are compared.
        CollusionTopK "collusionTopK" 3 in 1..=8, Count, Medium None Session Assembly "R27",
        /// Jaccard similarity of the heads at which they are suspect.
        CollusionJaccard "collusionJaccard" 1_000 in 500..=1_000, Permille, Medium Up Session Assembly "R27",
        /// Least size of a bloc.
        CollusionCliqueMin "collusionCliqueMin" 4 in 3..=50, Count, Medium Up Session Assembly "R27",
        /// Least share of the opened ballots in a bloc.
        CollusionCliquePct "collusionCliquePct" 15 in 5..=50, Percent, Medium Up Session Assembly "R27",

        // Session
        /// Longest wait for the registrar to open a session.
        SessionOpeningTimeoutMs "sessionOpeningTimeoutMs" 600_000 in 60_000..=86_400_000, Millis, Low None Session Assembly "L-09",
        /// Longest wait for identities.
        IdentityTimeoutMs "identityTimeoutMs" 600_000 in 60_000..=86_400_000, Millis, Low None Session Legislature "L-09",
        /// How often the regulator may send a session back.
        MaxReproposals "maxReproposals" 2 in 0..=5, Count, Low Up Session Enactment "seed L2155",
        /// How often codification may be tried again.
        MaxCodificationRetries "maxCodificationRetries" 2 in 0..=5, Count, Low Up Session Enactment "seed L2159",
        /// Longest wait for one codification.
        CodificationTimeoutMs "codificationTimeoutMs" 600_000 in 60_000..=86_400_000, Millis, Low None Session Legislature "L-09",
        /// Longest wait for both approvals.
        ApprovalTimeoutMs "approvalTimeoutMs" 300_000 in 60_000..=3_600_000, Millis, Low None Session Legislature "seed L2162",
        /// How long sealed bids are opened before seats are awarded, out of the regulator's time.
        SealedBidOpeningMs "sealedBidOpeningMs" 60_000 in 10_000..=3_600_000, Millis, Low Down Session Legislature "L-18",
        /// Longest wait for the regulator when single nodes are assigned anew.
        ExpeditedRegulatoryWindowMs "expeditedRegulatoryWindowMs" 180_000 in 60_000..=3_600_000, Millis, Low None Session Legislature "seed L2856",
        /// Weight of quality in the score of a bid; price weighs the rest of 1000.
        BidQualityWeight "bidQualityWeight" 600 in 0..=1_000, Permille, Medium None Session Enactment "seed L164; R-05",
        /// Executors of a Tier 2 node at low risk.
        RedundancyLow "redundancyLow" 3 in 2..=7, Count, Medium Down Session Enactment "V-03",
        /// Executors of a Tier 2 node at medium risk.
        RedundancyMedium "redundancyMedium" 3 in 2..=7, Count, Medium Down Session Enactment "V-03",
        /// Executors of a Tier 2 node at high risk.
        RedundancyHigh "redundancyHigh" 5 in 2..=7, Count, High Down Session Enactment "V-03",
        /// Budget from which a node is of medium risk at least.
        RiskMediumBudget "riskMediumBudget" 10_000 in 1..=1_000_000_000, Units, Medium Up Session Enactment "L-11",
        /// Budget from which a node is of high risk.
        RiskHighBudget "riskHighBudget" 100_000 in 1..=1_000_000_000, Units, Medium Up Session Enactment "L-11",
        /// Longest life of a mission.
        MissionDurationMaxSecs "missionDurationMaxSecs" 2_592_000 in 3_600..=31_536_000, Seconds, Low None Session Legislature "C-23",

        // Execution
        /// Longest wait for executors to accept before seats that did not are at fault.
        AcceptanceWindowMs "acceptanceWindowMs" 300_000 in 60_000..=3_600_000, Millis, Low None Mission Collaboration "R7, A3",
        /// Longest wait for a route.
        RouteTimeoutMs "routeTimeoutMs" 600_000 in 60_000..=86_400_000, Millis, Low None Mission Collaboration "C-14",
        /// Added to every deadline, for clocks that disagree.
        TimeoutGraceMs "timeoutGraceMs" 30_000 in 0..=600_000, Millis, Low None Mission Collaboration "C-16",
        /// Added to a node's timeout, for a result that must be sent again.
        FinalizationGraceMs "finalizationGraceMs" 540_000 in 0..=3_600_000, Millis, Low None Mission Collaboration "C-18, R6",
        /// Time for reassignment before anyone may abort a failed mission.
        RecoveryGraceMs "recoveryGraceMs" 86_400_000 in 3_600_000..=604_800_000, Millis, Medium None Mission Collaboration "C-10, R18",
        /// Least time for commitments.
        VerificationCommitMs "verificationCommitMs" 180_000 in 5_000..=3_600_000, Millis, Medium Down Mission Verification "V-07, R6",
        /// Least time for reveals.
        VerificationRevealMs "verificationRevealMs" 120_000 in 5_000..=3_600_000, Millis, Medium Down Mission Verification "V-07, R6",
        /// Time to dispute a consensus. No code reads it: dissent has `verificationRevealMs`.
        DisputeWindowMs "disputeWindowMs" 600_000 in 60_000..=86_400_000, Millis, Medium Down Mission Nobody "E-01, R11",
        /// Length of the backup period of a review, in review windows.
        BackupReviewMultiple "backupReviewMultiple" 2 in 1..=10, Count, Low Up Mission Collaboration "seed L2561; V-10, R12",
        /// Gas of one Tier 1 verifier.
        VerifierGasLimit "verifierGasLimit" 1_000_000 in 50_000..=10_000_000, Gas, High Up Mission Verification "V-01, R25",
        /// Life that a predicate or verifier program must have left.
        ProgramLifeMinSecs "programLifeMinSecs" 2_592_000 in 86_400..=7_776_000, Seconds, Medium Down Mission Statute "A8",
        /// Longest wait for the gate.
        GateTimeoutMs "gateTimeoutMs" 86_400_000 in 3_600_000..=604_800_000, Millis, Medium None Mission Collaboration "R24",
        /// Longest wait for a report of divergence before anyone releases.
        ReconcileTimeoutSecs "reconcileTimeoutSecs" 3_600 in 60..=604_800, Seconds, Medium Down Mission Guardian "R10",

        // Guardian and halts
        /// Two reports of deviation count when they are no further apart.
        DeviationReportWindowMs "deviationReportWindowMs" 60_000 in 5_000..=3_600_000, Millis, Medium None Mission Guardian "G-10",
        /// Monitors, of as many principals and scorers, who must report a deviation.
        DeviationMonitors "deviationMonitors" 2 in 2..=5, Count, High None Mission Guardian "R13",
        /// Principals of monitors whose freezes may escalate.
        EscalationMonitorPrincipals "escalationMonitorPrincipals" 2 in 2..=5, Count, High None Mission Guardian "R13",
        /// Freezes of a whole mission that escalate, in multiples of `escalationFreezeCount`.
        MissionFreezeCapFactor "missionFreezeCapFactor" 3 in 1..=10, Count, High Up Mission Guardian "G-04",
        /// Longest window in which freezes are counted.
        EscalationWindowMaxMs "escalationWindowMaxMs" 86_400_000 in 3_600_000..=604_800_000, Millis, Medium None Mission Guardian "G-05",
        /// Longest stop.
        StopMaxSecs "stopMaxSecs" 259_200 in 3_600..=604_800, Seconds, High None Mission Guardian "R9",
        /// Longest freeze.
        FreezeMaxSecs "freezeMaxSecs" 259_200 in 3_600..=604_800, Seconds, High None Mission Guardian "R8",
        /// Longest pause.
        PauseMaxSecs "pauseMaxSecs" 259_200 in 3_600..=604_800, Seconds, High None Mission Guardian "R9, R10",
        /// How long stakes stay locked after a freeze expired.
        SanctionWindowSecs "sanctionWindowSecs" 259_200 in 3_600..=604_800, Seconds, Medium Down Mission Collaboration "R8",
        /// By how much all outages together move a mission's deadlines.
        DegradedExtensionMaxSecs "degradedExtensionMaxSecs" 86_400 in 3_600..=604_800, Seconds, Medium Up Mission Guardian "R30",
        /// Added to every deadline after an outage.
        DegradedGraceSecs "degradedGraceSecs" 3_600 in 0..=86_400, Seconds, Low None Mission Guardian "C-20",
        /// Bond of a monitor.
        MonitorBond "monitorBond" 1_000 in 100..=1_000_000_000, Units, High Down City Roster "G-10, R13",
        /// Share of that bond lost by a false positive.
        FalsePositiveSlashBps "falsePositiveSlashBps" 1_000 in 0..=10_000, Bps, Medium Down City Roster "G-10",
        /// How long a monitor's reports do not count after a false positive.
        MonitorSuspensionSecs "monitorSuspensionSecs" 86_400 in 0..=2_592_000, Seconds, Medium Down City Roster "G-10",

        // Money
        /// Slash of a missed deadline, at least.
        SlashTimeoutUnits "slashTimeoutUnits" 50 in 0..=1_000_000_000, Units, High Down Mission Collaboration "seed L1100; S-15",
        /// Slash of a failed node, at least.
        SlashNodeFailureUnits "slashNodeFailureUnits" 100 in 0..=1_000_000_000, Units, High Down Mission Collaboration "seed L1100; S-15",
        /// Slash of a confirmed code-hash mismatch, at least.
        SlashCodeHashUnits "slashCodeHashUnits" 500 in 0..=1_000_000_000, Units, High Down Mission Collaboration "seed L1100; S-15",
        /// Slash of a missed deadline, share of the stake.
        SlashTimeoutBps "slashTimeoutBps" 3_300 in 0..=10_000, Bps, High Down Mission Collaboration "S-15",
        /// Slash of a failed node, share of the stake.
        SlashNodeFailureBps "slashNodeFailureBps" 3_300 in 0..=10_000, Bps, High Down Mission Collaboration "S-15",
        /// Slash of a confirmed code-hash mismatch, share of the stake.
        SlashCodeHashBps "slashCodeHashBps" 10_000 in 0..=10_000, Bps, High Down Mission Collaboration "S-15",
        /// Slash of an abort at fault, share of the stake.
        SlashMissionAbortBps "slashMissionAbortBps" 10_000 in 0..=10_000, Bps, High Down Mission Collaboration "seed L1106; S-15",
        /// Share of the treasury's inflows that subsidies may use.
        SubsidyCapBps "subsidyCapBps" 5_000 in 0..=10_000, Bps, High Up City Treasury "S-03",
        /// Subsidy of one settlement, as a share of its own protocol fee.
        MissionSubsidyCapBps "missionSubsidyCapBps" 10_000 in 0..=10_000, Bps, High Up Mission Treasury "R20",
        /// Bond of a dispute, as a share of the node's price.
        DisputeBondBps "disputeBondBps" 1_000 in 100..=10_000, Bps, Medium Down Mission Verification "R11",
        /// Bond of a report of divergence.
        DivergenceBond "divergenceBond" 500 in 10..=1_000_000_000, Units, Medium Down Mission Guardian "C-21, R10",
        /// Bond of a claim that others acted in concert.
        CollusionClaimBond "collusionClaimBond" 100 in 1..=1_000_000_000, Units, Medium Down Session Assembly "K22, R27",
        /// Bond of an impeachment.
        ImpeachmentBond "impeachmentBond" 500 in 1..=1_000_000_000, Units, Medium Down City Roster "D-18",
        /// Share of the insurance pool that one claim may take.
        InsuranceClaimPct "insuranceClaimPct" 10 in 1..=50, Percent, High Up City Treasury "S-13",
        /// Wait before a disbursement.
        DisburseDelaySecs "disburseDelaySecs" 172_800 in 3_600..=2_592_000, Seconds, High Down City Adjudication "S-14",

        // Adjudication
        /// Stake of an adjudicator.
        AdjudicatorStake "adjudicatorStake" 5_000 in 1_000..=1_000_000_000, Units, High Down City Roster "D-14",
        /// Decisions of one class that one adjudicator may make alone in a row.
        MaxConsecutiveActions "maxConsecutiveActions" 2 in 1..=5, Count, High Up City Adjudication "seed L3107; D-11",
        /// Decisions that one and the same set of signers may make in a row.
        MaxIdenticalSignerSets "maxIdenticalSignerSets" 2 in 1..=5, Count, High Up City Adjudication "R12",
        /// Wait without another eligible adjudicator after which rotation lifts, where no backup period does.
        RotationLiftSecs "rotationLiftSecs" 86_400 in 3_600..=604_800, Seconds, Medium Down City Adjudication "D-11, R12",
        /// Signers who clear a stop.
        ClearStopSigners "clearStopSigners" 2 in 2..=20, Count, High Down City Adjudication "seed L3432; D-09",
        /// Wait before a parameter of low risk changes.
        OverrideDelayLowSecs "overrideDelayLowSecs" 0 in 0..=604_800, Seconds, High Down City Adjudication "D-26",
        /// Wait before a parameter of medium risk changes.
        OverrideDelayMediumSecs "overrideDelayMediumSecs" 21_600 in 3_600..=604_800, Seconds, High Down City Adjudication "D-26",
        /// Wait before a parameter of high risk changes.
        OverrideDelayHighSecs "overrideDelayHighSecs" 86_400 in 21_600..=604_800, Seconds, High Down City Adjudication "D-26",
        /// Wait before the senior adjudicator changes.
        SeniorDelaySecs "seniorDelaySecs" 604_800 in 86_400..=2_592_000, Seconds, High Down City Adjudication "D-08",
        /// Time after its wait in which a queued ruling may be executed.
        OverrideExpirySecs "overrideExpirySecs" 604_800 in 86_400..=2_592_000, Seconds, Medium None City Adjudication "R23",
        /// Share of a parameter's range that may be tightened at once.
        TighteningSharePct "tighteningSharePct" 25 in 1..=50, Percent, High Up City Constitution "A4",
        /// Time without an immediate tightening after which that share is whole again.
        TighteningWindowSecs "tighteningWindowSecs" 604_800 in 86_400..=2_592_000, Seconds, High Down City Constitution "A4",
        /// Least wait of a tightening beyond that share, also where the tier has none.
        TighteningExcessDelaySecs "tighteningExcessDelaySecs" 86_400 in 21_600..=604_800, Seconds, High Down City Constitution "A4",
        /// Life of an impeachment.
        ImpeachmentExpirySecs "impeachmentExpirySecs" 604_800 in 86_400..=2_592_000, Seconds, Medium None City Roster "D-18",
        /// Share of approvals above which the watchdog alerts.
        WatchdogMaxApprovalPct "watchdogMaxApprovalPct" 95 in 50..=99, Percent, High Up City Roster "seed L3167; D-21",
        /// Actions before that share means anything.
        WatchdogMinActions "watchdogMinActions" 20 in 5..=64, Count, High Up City Roster "D-21",
        /// Approvals in a row above which the watchdog alerts.
        WatchdogMaxRun "watchdogMaxRun" 20 in 5..=63, Count, High Up City Roster "seed L3168; D-21",
        /// Weakenings in a window above which the watchdog alerts.
        WatchdogWeakeningLimit "watchdogWeakeningLimit" 3 in 1..=20, Count, High Up City Roster "seed L3169",
        /// That window.
        WatchdogWindowDays "watchdogWindowDays" 30 in 1..=365, Days, High Down City Roster "seed L3170",
        /// Freeze by the watchdog after which fewer signers release.
        WatchdogMaxFreezeDuration "watchdogMaxFreezeDuration" 72 in 1..=168, Hours, High None City Roster "seed L3194; D-22",

        // Keeper
        /// Outputs in the rolling window of a monitor.
        ScoreWindow "scoreWindow" 20 in 5..=1_000, Count, Medium None City Keeper "seed L2676",
        /// Outputs before an agent has a baseline of its own.
        ScoreWindowMin "scoreWindowMin" 5 in 2..=100, Count, Medium Up City Keeper "seed L2676; G-12",
        /// Longest wait before results are sent in one batch; a keeper's file may make it shorter.
        AnchorIntervalMs "anchorIntervalMs" 10_000 in 1_000..=600_000, Millis, Low Up City Keeper "seed L3065; R4",
        /// How long payloads are kept at least: never less than 24 months (K18), and a keeper's file may say longer.
        LogRetentionMonths "logRetentionMonths" 24 in 12..=120, Months, Medium Down City Keeper "seed L3360; K18",
    }
    constants {
        /// Reputation of a newcomer.
        InitialReputation "initialReputation" 500 Points Agent "R-02",
        /// Reputation that multiplies a reward by one.
        NeutralReputation "neutralReputation" 500 Points Treasury "seed L237; R-02",
        /// Greatest reputation.
        MaxReputation "maxReputation" 1_000 Points Agent "R-02",
        /// Sponsors below whom no proposal goes, however small the city.
        SponsorFloor "sponsorFloor" 3 Count Assembly "L-02",
        /// Least value of `adjudicatorQuorum`: 2f + 1 for f = 2.
        AdjudicatorQuorumFloor "adjudicatorQuorumFloor" 5 Count Roster "seed L3087; D-01",
        /// Most adjudicators: signer sets are masks of one word's quarter.
        MaxAdjudicators "maxAdjudicators" 64 Count Roster "A-14",
        /// Remembered actions of one adjudicator.
        AdjudicatorActionRing "adjudicatorActionRing" 64 Count Roster "A-14",
        /// Candidates of one ballot.
        MaxCandidates "maxCandidates" 16 Count Assembly "R26",
        /// Delays of one proposal for collusion.
        MaxCollusionDelays "maxCollusionDelays" 1 Count Assembly "R27",
        /// Least executors of a Tier 2 node.
        RedundancyMin "redundancyMin" 2 Count Enactment "V-03",
        /// Most executors of a Tier 2 node.
        RedundancyMax "redundancyMax" 7 Count Enactment "V-03",
        /// Bids on one node in one round: an award reads them all.
        MaxNodeBids "maxNodeBids" 64 Count Legislature "A-14",
        /// Nodes of a mission per unit of its budget of reassignments.
        RefinementNodeDivisor "refinementNodeDivisor" 64 Count Collaboration "R18",
        /// Depth of missions within missions.
        MaxRecursionDepth "maxRecursionDepth" 4 Count Collaboration "R19",
        /// Edges out of, and edges into, one node.
        MaxNodeEdges "maxNodeEdges" 16 Count Statute "A-14",
        /// Predicates of one mission.
        MaxPredicates "maxPredicates" 8 Count Statute "A-14",
        /// Remembered freezes of one agent in one mission.
        FreezeRing "freezeRing" 16 Count Guardian "A-14",
        /// Bytes of one node in a statute.
        MaxNodeBytes "maxNodeBytes" 64 Bytes Statute "R2",
        /// Bytes of a page of a statute, its first included.
        MaxPageBytes "maxPageBytes" 24_575 Bytes Statute "R2, A6",
        /// Bytes of a transaction that deploys a tranche. No code reads it: the sequencer takes no more.
        MaxTrancheBytes "maxTrancheBytes" 95_000 Bytes Nobody "R2",
        /// Elements of a revealed set; larger ones are compared by sketch.
        MaxSetElements "maxSetElements" 64 Count Verification "R29",
        /// Shortest window that a chain's clock can tell. No code reads it: the ranges of windows begin no lower.
        MinWindowMs "minWindowMs" 5_000 Millis Nobody "C-16",
        /// Gas that must remain beside a predicate's.
        PredicateGasMargin "predicateGasMargin" 10_000 Gas Guardian "P-04",
        /// Gas of one contract signature.
        Erc1271GasLimit "erc1271GasLimit" 100_000 Gas Agent "R22",
        /// Bytes of a DID.
        MaxDidBytes "maxDidBytes" 128 Bytes Agent "I-08",
        /// Bytes of a service's endpoint.
        MaxEndpointBytes "maxEndpointBytes" 256 Bytes Service "seed L875",
        /// Agents from one that a principal signed for down to the last below it.
        MaxOwnershipDepth "maxOwnershipDepth" 8 Count Agent "A-14, R22",
        /// Clerks of a genesis manifest.
        MaxGenesisClerks "maxGenesisClerks" 16 Count Constitution "A5",
        /// Network policies of one service.
        MaxServicePolicies "maxServicePolicies" 16 Count Service "K14; A-14",
        /// Operations that an envelope can name.
        MaxEnvelopeOperations "maxEnvelopeOperations" 32 Count Management "A-14",
        /// Share of a slash or a forfeit that insurance gets; the treasury gets the rest.
        SlashInsuranceBps "slashInsuranceBps" 5_000 Bps Treasury "S-06, I-06",
        /// First retry of a transaction.
        RetryFirstMs "retryFirstMs" 30_000 Millis Keeper "seed L1062; C-18",
        /// Second retry.
        RetrySecondMs "retrySecondMs" 120_000 Millis Keeper "seed L1062; C-18",
        /// Third retry.
        RetryThirdMs "retryThirdMs" 480_000 Millis Keeper "seed L1062; C-18",
    }
}
