//! What executors and monitors sign.

use super::declare::structs;

structs! {
    /// A promise to take a seat (RULINGS R7).
    SeatAcceptance(
        bytes32 mission_id "missionId",
        uint16 node "node",
        uint8 attempt "attempt",
        address executor "executor",
        uint64 deadline "deadline"
    );

    /// A result, for a batch (RULINGS R4). Commitments and reveals are results of their own kinds.
    NodeResult(
        bytes32 mission_id "missionId",
        uint16 node "node",
        uint8 attempt "attempt",
        uint8 kind "kind",
        address executor "executor",
        bytes32 output_hash "outputHash",
        bytes32 trail_root "trailRoot",
        [bytes] proof "proof",
        uint64 deadline "deadline"
    );

    /// What a monitor saw of one attempt (RESOLUTIONS G-11; RULINGS A10).
    MonitorReport(
        bytes32 mission_id "missionId",
        uint16 node "node",
        uint8 attempt "attempt",
        address agent "agent",
        uint8 kind "kind",
        uint32 deviation "deviation",
        uint32 tool_invocations "toolInvocations",
        uint32 message_volume "messageVolume",
        bytes32 evidence_hash "evidenceHash",
        uint64 sequence "sequence",
        uint64 deadline "deadline",
        address monitor "monitor"
    );

    /// A monitor's word that the chain stood still (RULINGS R30).
    OutageReport(
        bytes32 mission_id "missionId",
        uint40 from "from",
        uint40 until "until",
        uint64 deadline "deadline",
        address monitor "monitor"
    );
}
