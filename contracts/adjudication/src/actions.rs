//! The table of human actions: type hash, shape, demands, and whom each is told to.

use agentcity_abi::{
    IAgent as agents, ICollaboration as collaboration, IConstitution as founding,
    ILegislature as legislature, ITreasury as treasury,
};
use agentcity_domain::peer::Peer;
use alloy_primitives::{B256, b256};
use alloy_sol_types::SolCall;

/// A row: its struct's type hash, the leading zero bytes of each field (a byte each, the first lowest), how many fields
/// stand before the common tail, and signers, rotation class, delay in hours, and whether the first is a mission.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    pub(crate) type_hash: B256,
    pub(crate) zeros: u64,
    pub(crate) fields: u8,
    pub(crate) signers: u8,
    pub(crate) class: u8,
    pub(crate) delay_hours: u8,
    pub(crate) of_mission: bool,
}

/// Signers that depend on how many adjudicators are active: half, two thirds, or the parameter's tier.
pub(crate) const HALF: u8 = 10;
pub(crate) const TWO_THIRDS: u8 = 20;
pub(crate) const BY_TIER: u8 = 30;

const fn row(type_hash: B256, zeros: u64, fields: u8, demands: [u8; 4]) -> Row {
    Row {
        type_hash,
        zeros,
        fields,
        signers: demands[0],
        class: demands[1],
        delay_hours: demands[2],
        of_mission: demands[3] != 0,
    }
}

/// The row of an action; none for a number outside the table.
#[inline(never)]
pub(crate) fn row_of(action: u8) -> Option<Row> {
    Some(match action {
        1 => row(
            b256!("0xb4e84bad0ddad80224879cb32925577ce97293b2caa801605336ab48cff7d8a7"),
            0xc1f1e00,
            4,
            [1, 0, 0, 1],
        ),
        2 => row(
            b256!("0xc95caee266b436879defae64e217ac6f5c4bd1cff9095a611eec48d1c5345fcc"),
            0x1f18,
            2,
            [1, 2, 0, 0],
        ),
        3 => row(
            b256!("0x1d6d734a5ed012352c05f73bbc15e0822faa0ebe6fd4ddb31947dcb3096c5e16"),
            0x18,
            1,
            [1, 2, 0, 0],
        ),
        4 => row(
            b256!("0x61965f4f40b8adfbf0a445d1dfdd5971e2c522e8bced9b4a69f0f4d2bf31db38"),
            0x18,
            1,
            [1, 2, 0, 0],
        ),
        5 => row(
            b256!("0xf00e30e57b8e74678f8fe27bb6530dea313c67a20d3cc6af49c569b06cff0dd1"),
            0x1f1e1f1f1e00,
            6,
            [1, 1, 0, 1],
        ),
        6 => row(
            b256!("0x667e41fac80b4a043ec61d758fd2402ffe5ff9a37f6cce04ceebc493ebbcc94a"),
            0xc1f1e00,
            4,
            [1, 1, 0, 1],
        ),
        7 => row(
            b256!("0x856e8e4f56b4991421dddc0f46d852ce8f434e216627e92c1d5e9c812c73cc08"),
            0x1f00,
            2,
            [1, 3, 0, 1],
        ),
        8 => row(
            b256!("0x44900e51bc63b31a0524e7fb7dc04781a5db9c697055e82be01eb850aaf4769e"),
            0x0,
            2,
            [1, 3, 0, 1],
        ),
        9 => row(
            b256!("0x5cd9edf8d0b3811f46ae41098922071650db95376e8aed6ac5537bfd0687247e"),
            0x0,
            1,
            [2, 3, 0, 1],
        ),
        10 => row(
            b256!("0x6f902ca55679967f7e7cd90353ff007013a226139fad701bca415a9dab9b4126"),
            0x0,
            2,
            [1, 0, 0, 1],
        ),
        11 => row(
            b256!("0x56caae07b146df9659b17bf26f40bf1f29d7ef1523fe3cafd1722d40713f610f"),
            0x0,
            1,
            [2, 3, 0, 1],
        ),
        12 => row(
            b256!("0x94a96bd83c58e576c96c0f9dd5edf64853bcc1d8df8c9113dc45999e61c98c34"),
            0x0,
            1,
            [2, 3, 0, 1],
        ),
        13 => row(
            b256!("0x492dae168a04c057ce540dd687168eaae026ef1a12ea6c834b1bbc80b0d8dc12"),
            0x0,
            1,
            [2, 3, 0, 1],
        ),
        14 => row(
            b256!("0xccc5ccf0703367b7bd3b139076ea5b06087f3a8e781cdca9756a451a00b0ba38"),
            0x0,
            2,
            [2, 0, 0, 1],
        ),
        15 => row(
            b256!("0xe29fd9b6b5508c36e605aa8c8082ad57f1e5092bf749e15ce754c779d941debc"),
            0xc0c0c0c00,
            6,
            [10, 0, 0, 1],
        ),
        16 => row(
            b256!("0x9989d19b3b3f5bcac2939eca829f219e758198f865066556000195d313219663"),
            0x1e0c,
            3,
            [2, 4, 0, 0],
        ),
        17 => row(
            b256!("0xb72be6d47fa493ec688907338d2344b90814a967bf60d0246220b419b5ecc8e4"),
            0x100c00,
            4,
            [2, 4, 0, 1],
        ),
        18 => row(
            b256!("0x1449abcdc6e2143bfa42bf6488c4007b09da3098a1f3295a71aa0d40cc1ad40f"),
            0x100c1f,
            4,
            [20, 4, 48, 0],
        ),
        19 => row(
            b256!("0xb4443c4ec53d1aadbe7408688afb812553ed4f3a4c70572a569f6043fb67c343"),
            0xc,
            2,
            [10, 0, 0, 0],
        ),
        20 => row(
            b256!("0x3ecf1575fdcb60fef2efd754b76c2dd378124648911d4864018400209468038a"),
            0xc,
            2,
            [10, 0, 0, 0],
        ),
        21 => row(
            b256!("0x9de5fe98cae494b6aa7a75f08d6479bc8b4cc0be31fb14eda0ff52d3ad764acf"),
            0xc,
            2,
            [2, 0, 0, 0],
        ),
        22 => row(
            b256!("0x0820644107b8b0298ea7c1ea68f18caa0d1173eeb039bb3632d6ffc5fdabc76d"),
            0xc,
            2,
            [2, 0, 0, 0],
        ),
        23 => row(
            b256!("0x2d57b0030db26415ebc20f170e62c4f61b98599abcd10670a28d7e3c66c69740"),
            0x1f0c,
            3,
            [10, 0, 0, 0],
        ),
        24 => row(
            b256!("0xc46ecc4a0674d2e6c6e455cd9106966d3699cb789a7a174063824231a5bf13d2"),
            0x1e00000c,
            4,
            [10, 0, 0, 0],
        ),
        25 => row(
            b256!("0xa5e917acabb6227f968d6d4579be7317f09a9b5225813cf045f2d5de614eef57"),
            0xc,
            2,
            [10, 0, 0, 0],
        ),
        26 => row(
            b256!("0x04ec50c11063c15eefc0384123d48d71b5cba927e9638c5a5923a8761c2af6b7"),
            0x1800001f,
            4,
            [30, 0, 0, 0],
        ),
        27 => row(
            b256!("0x226e9a779048b93055013603e56a75f7fa645a108a70fc8f4eb2f01758c0e5bc"),
            0x0,
            2,
            [10, 0, 0, 0],
        ),
        28 => row(
            b256!("0xb7aa61239e731ffba5c9e3e7411450deb38efe2ed7bfc82bea5785f68384c23c"),
            0x0,
            1,
            [10, 0, 0, 0],
        ),
        29 => row(
            b256!("0x91966c9bd425b82b296d25a96741378d50e87642115a7ef4dbb7e9f86c5c4991"),
            0x0,
            1,
            [10, 0, 0, 0],
        ),
        30 => row(
            b256!("0x25c0d1850cf4f9bb6fe192f882fddeaee110a777fff4e923a0ab3e572d73047e"),
            0xc,
            2,
            [10, 0, 0, 0],
        ),
        31 => row(
            b256!("0xede6b2a0354438534a91f02526296ac40d132c34f310df6b258cfa566e0682eb"),
            0xc,
            2,
            [10, 0, 0, 0],
        ),
        32 => row(
            b256!("0x432acde7dd50de4fd919fbdfb27393d811a75dc070f74aea6c577b5026525120"),
            0xc,
            2,
            [10, 0, 0, 0],
        ),
        33 => row(
            b256!("0x0acc7522ab210a9585b2c3c92400db6a1364e3630ac62e1c64920044440e95e0"),
            0xc,
            2,
            [10, 0, 0, 0],
        ),
        34 => row(
            b256!("0x6224d4ab1242ed63c1e8e39e2b5968e894331b296593b428dfa2f758205d578a"),
            0xc,
            2,
            [10, 0, 0, 0],
        ),
        35 => row(
            b256!("0x957ddd9675260dc6a94c49db4698187a35beb130fc90a1ad02798edc651e9e2a"),
            0xc,
            2,
            [10, 0, 0, 0],
        ),
        36 => row(
            b256!("0xed07d3b53620bad25fdfe51ecffb17e5c7f1cf8ad9067a5d5852ba563d21c56a"),
            0xc,
            2,
            [20, 0, 48, 0],
        ),
        37 => row(
            b256!("0xf08a569a751f1da4893df5eac819bef5c59efb62046cbc4746386d64668ba3aa"),
            0xc,
            2,
            [20, 0, 48, 0],
        ),
        38 => row(
            b256!("0x7a46094bca8e6ac6127dd3429c71badcba65e25704509242f31eefb186274e0d"),
            0xc,
            2,
            [20, 0, 168, 0],
        ),
        39 => row(
            b256!("0xa440a106b10e32e3b93f408b9fb4a3638b315aef220f45a6b2753627e6010bef"),
            0x0,
            2,
            [2, 0, 0, 0],
        ),
        40 => row(
            b256!("0x087a772f601e02e6e1df4d7c22676453f4735c0f2b88842246727c993f94a688"),
            0x1c1e00,
            3,
            [1, 0, 0, 0],
        ),
        41 => row(
            b256!("0x12d093f3056ba9b8caea8c22040e57be2b2bd522008ffb406fe8b59b637dfa64"),
            0x0,
            2,
            [1, 0, 0, 0],
        ),
        42 => row(
            b256!("0xf26eae899e930d8039a9ffd46a8c3c8a6e3168ebf18271fada8df467f45ebca7"),
            0x1f1e00,
            3,
            [1, 0, 0, 0],
        ),
        43 => row(
            b256!("0x48f6ca3732819ca9d94878beb96516d8c9dec899c305850c087a6e76c8a4c38f"),
            0xc,
            2,
            [10, 0, 0, 0],
        ),
        44 => row(
            b256!("0x1cbef9cb36602483139c120210e1e25b3a3387329e8478761b08c120d43fa380"),
            0xc,
            2,
            [20, 0, 0, 0],
        ),
        45 => row(
            b256!("0x41a5a9772ee31bc42766a2589c38eccedafa7ee7131dddf1e536ba41416c673a"),
            0xc,
            2,
            [2, 0, 0, 0],
        ),
        46 => row(
            b256!("0x80abf83c71491b5f45be2f24c65411b1c9b51c7931450145f5612bad8125e0bd"),
            0xc0c,
            3,
            [10, 0, 0, 0],
        ),
        47 => row(
            b256!("0x51184f9e6dbcd4035809b1c29ff81e1065cdef03d429abf18a02cf5aa9a344a8"),
            0xc,
            4,
            [10, 0, 0, 0],
        ),
        48 => row(
            b256!("0xd5e0b1d18af1bc314915beb81c2b2239ca36d1243e5ef57c41f19f1897047104"),
            0x0,
            1,
            [10, 0, 0, 0],
        ),
        49 => row(
            b256!("0x5256c4484a0bb71dfc0bf6a44fab164fb47dba228dbadbf951023332f133f721"),
            0x0,
            1,
            [10, 0, 0, 0],
        ),
        _ => return None,
    })
}

/// Who is told of an action, by which function; none if it is carried out here.
#[inline(never)]
pub(crate) fn told(action: u8) -> Option<(Peer, [u8; 4])> {
    Some(match action {
        1 => (Peer::Collaboration, collaboration::freezeNodeCall::SELECTOR),
        2 => (
            Peer::Collaboration,
            collaboration::unfreezeNodeCall::SELECTOR,
        ),
        3 => (
            Peer::Collaboration,
            collaboration::confirmFreezeCall::SELECTOR,
        ),
        4 => (
            Peer::Collaboration,
            collaboration::classifyFalsePositiveCall::SELECTOR,
        ),
        5 => (
            Peer::Collaboration,
            collaboration::decideReviewCall::SELECTOR,
        ),
        6 => (Peer::Collaboration, collaboration::disqualifyCall::SELECTOR),
        7 => (
            Peer::Collaboration,
            collaboration::clearPredicateCall::SELECTOR,
        ),
        8 => (Peer::Collaboration, collaboration::vetoOutputCall::SELECTOR),
        9 => (
            Peer::Collaboration,
            collaboration::releaseOutputCall::SELECTOR,
        ),
        10 => (
            Peer::Collaboration,
            collaboration::triggerStopCall::SELECTOR,
        ),
        11 => (Peer::Collaboration, collaboration::clearStopCall::SELECTOR),
        12 => (Peer::Collaboration, collaboration::liftPauseCall::SELECTOR),
        13 => (
            Peer::Collaboration,
            collaboration::exitDegradedCall::SELECTOR,
        ),
        14 => (
            Peer::Collaboration,
            collaboration::abortMissionCall::SELECTOR,
        ),
        15 => (
            Peer::Collaboration,
            collaboration::abortForFaultCall::SELECTOR,
        ),
        16 => (Peer::Agent, agents::adjustReputationCall::SELECTOR),
        17 => (Peer::Treasury, treasury::payInsuranceCall::SELECTOR),
        18 => (Peer::Treasury, treasury::disburseCall::SELECTOR),
        19 => (Peer::Agent, agents::banPrincipalCall::SELECTOR),
        20 => (Peer::Agent, agents::liftBanCall::SELECTOR),
        21 => (Peer::Agent, agents::freezePrincipalCall::SELECTOR),
        22 => (Peer::Agent, agents::unfreezePrincipalCall::SELECTOR),
        23 => (Peer::Management, [0x21, 2, 3, 4]),
        24 => (Peer::Management, [0x22, 2, 3, 4]),
        25 => (Peer::Management, [0x23, 2, 3, 4]),
        26 => (Peer::Constitution, founding::amendCall::SELECTOR),
        27 => (Peer::Constitution, founding::enactNormCall::SELECTOR),
        28 => (Peer::Constitution, founding::strikeNormCall::SELECTOR),
        29 => (Peer::Constitution, founding::restoreNormCall::SELECTOR),
        39 => (Peer::Legislature, legislature::waiveFairnessCall::SELECTOR),
        40 => (
            Peer::Legislature,
            legislature::countersignAwardCall::SELECTOR,
        ),
        41 => (
            Peer::Legislature,
            legislature::auditCodificationCall::SELECTOR,
        ),
        42 => (
            Peer::Legislature,
            legislature::declareSpecificationFaultCall::SELECTOR,
        ),
        46 => (Peer::Agent, agents::banAgentCall::SELECTOR),
        47 => (Peer::Management, [0x47, 2, 3, 4]),
        _ => return None,
    })
}
