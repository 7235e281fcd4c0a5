//! A founding that is stopped anywhere, and what is left of it.

use std::{
    collections::BTreeSet,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use agentcity_deploy::city::{
    self, CityPlan, FoundError, Founded, Founding, GenesisFile, Point, Programs, SignatureFile,
    Signed, Standing, Step, found::File, verify::Verdict,
};
use agentcity_domain::{clerk::ClerkRole, peer::Peer};
use agentcity_test_fixtures::{Actor, Node, Settings, node::Mining, program};
use alloy::{
    network::EthereumWallet,
    primitives::{B256, U256, keccak256},
    providers::{DynProvider, Provider, ProviderBuilder},
    signers::SignerSync,
};
use tokio::runtime::Runtime;

/// Transactions of a founding: fourteen contracts, the seal, thirteen wirings.
const TRANSACTIONS: u64 = 14 + 1 + 13;

/// Who founds: nobody in particular.
fn founder() -> &'static Actor {
    Actor::named("peggy")
}

/// Seven of the development accounts.
pub(crate) fn adjudicators() -> &'static [Actor] {
    &Actor::all()[1..8]
}

/// Folder of the programs of the build.
pub(crate) fn programs_dir() -> PathBuf {
    let one = program::path("agentcity-constitution");
    one.parent().expect("a file lies in a folder").to_owned()
}

/// The smallest city of the development accounts.
pub(crate) fn genesis_text() -> String {
    let mandate = keccak256("Agents legislate, software executes, humans adjudicate.");
    let mut text = format!("mandate = \"{mandate}\"\nadjudicators = [\n");
    for adjudicator in adjudicators() {
        text += &format!("  \"{}\",\n", adjudicator.address());
    }
    text += "]\n\n[parameters]\nreputationFloor = 150\n";
    for (index, role) in ClerkRole::ALL.iter().enumerate() {
        let (agent, principal) = (&Actor::all()[8 + index], &Actor::all()[12 + index % 2]);
        text += &format!(
            "\n[[clerks]]\nrole = \"{}\"\nagent = \"{}\"\nprincipal = \"{}\"\n",
            role.name().to_lowercase(),
            agent.address(),
            principal.address()
        );
    }
    let [id, schema] = ["general", "{}"].map(keccak256);
    text + &format!(
        "\n[[templates]]\nid = \"{id}\"\nversion = 1\nschema = \"{schema}\"\nnodes_max = 100\ntiers = [1, 2, 3]\nrisk = \"high\"\n"
    )
}

struct Site {
    node: Node,
    provider: DynProvider,
    wallet: EthereumWallet,
    runtime: Runtime,
    file: GenesisFile,
    programs: Programs,
    dir: tempfile::TempDir,
}

impl Site {
    fn new(settings: &Settings) -> Self {
        let node = Node::devnode(settings);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let url = node.http_url().parse().unwrap();
        let provider =
            runtime.block_on(async { ProviderBuilder::new().connect_http(url).erased() });
        Self {
            node,
            provider,
            wallet: EthereumWallet::from(founder().signer.clone()),
            runtime,
            file: GenesisFile::parse(&genesis_text()).unwrap(),
            programs: Programs::load(&programs_dir()).unwrap(),
            dir: tempfile::tempdir().unwrap(),
        }
    }

    fn plan(&self, salt: B256) -> CityPlan {
        CityPlan::of_programs(&self.file, &self.programs, salt).unwrap()
    }

    fn found(
        &self,
        plan: &CityPlan,
        salt: B256,
        name: &str,
        given: &[SignatureFile],
        watch: &mut dyn FnMut(Point) -> ControlFlow<()>,
    ) -> Result<Founded, FoundError> {
        let founding = Founding {
            file: &self.file,
            programs: &self.programs,
            plan,
            salt,
            dir: self.dir.path(),
            name,
            renew: false,
        };
        self.runtime.block_on(city::found(
            &self.provider,
            &self.wallet,
            &founding,
            given,
            watch,
        ))
    }

    /// Founds to the end: signs when it is asked to, and starts again when it is stopped.
    fn found_whole(
        &self,
        plan: &CityPlan,
        salt: B256,
        name: &str,
        watch: &mut dyn FnMut(Point) -> ControlFlow<()>,
    ) -> PathBuf {
        let mut given = Vec::new();
        loop {
            match self.found(plan, salt, name, &given, watch) {
                Ok(Founded {
                    standing: Standing::Founded { book },
                    ..
                }) => return book,
                Ok(Founded {
                    standing: Standing::Unsigned { manifest, .. },
                    ..
                }) => given = signatures(&manifest),
                Err(FoundError::Stopped) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }

    fn nonce(&self) -> u64 {
        let asked = self.provider.get_transaction_count(founder().address());
        self.runtime.block_on(async { asked.await }).unwrap()
    }

    /// That the city of this salt is as planned.
    fn assert_sound(&self, plan: &CityPlan) {
        let looked = city::verify(&self.provider, &self.file.genesis, plan);
        let found = self.runtime.block_on(looked).unwrap();
        let broken: Vec<_> = found
            .iter()
            .filter(|finding| finding.verdict == Verdict::Broken)
            .collect();
        assert!(broken.is_empty(), "{broken:#?}");
        assert!(
            found
                .iter()
                .any(|f| f.what == "peers" && f.verdict == Verdict::Holds)
        );
    }
}

/// Signatures of as many as are needed, a file each.
fn signatures(manifest: &city::ManifestFile) -> Vec<SignatureFile> {
    let digest = manifest.digest();
    let one = |actor: &Actor| SignatureFile {
        digest,
        signatures: vec![Signed {
            signer: actor.address(),
            signature: actor
                .signer
                .sign_hash_sync(&digest)
                .unwrap()
                .as_bytes()
                .to_vec()
                .into(),
        }],
    };
    adjudicators()
        .iter()
        .take(manifest.needed())
        .map(one)
        .collect()
}

fn salt(number: u64) -> B256 {
    // Members take the numbers after their city's.
    (U256::from(number) * U256::from(1_000)).into()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn a_founding_that_is_stopped_at_every_point_ends_as_an_undisturbed_one() {
    let calm = Site::new(&Settings::default());
    let plan = calm.plan(salt(1));
    let book = calm.found_whole(&plan, salt(1), "city", &mut |_| ControlFlow::Continue(()));
    calm.assert_sound(&plan);
    assert_eq!(calm.nonce(), TRANSACTIONS);

    let rough = Site::new(&Settings::default());
    let mut seen = BTreeSet::new();
    let other = rough.found_whole(&plan, salt(1), "city", &mut |point| {
        if seen.insert(point) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    println!("stopped {} times", seen.len());
    assert!(seen.len() > 5 * TRANSACTIONS as usize, "{}", seen.len());
    rough.assert_sound(&plan);
    assert_eq!(rough.nonce(), TRANSACTIONS, "nothing was sent twice");
    assert_eq!(read(&book), read(&other));
    let build = |site: &Site| read(&site.dir.path().join("412346.city.build.json"));
    assert_eq!(build(&calm), build(&rough));
}

#[test]
fn a_founding_that_is_stopped_once_ends_as_an_undisturbed_one() {
    let site = Site::new(&Settings::default());
    let mut points = Vec::new();
    site.found_whole(&site.plan(salt(1)), salt(1), "first", &mut |point| {
        points.push(point);
        ControlFlow::Continue(())
    });
    // Each in a city of its own. A step has six points, so that one of each kind occurs; all of them are stopped at in the
    // test above.
    let step = 35;
    for (index, _) in points.iter().enumerate().step_by(step) {
        let number = 2 + index as u64;
        let plan = site.plan(salt(number));
        let before = site.nonce();
        let mut count = 0;
        site.found_whole(&plan, salt(number), &format!("city-{number}"), &mut |_| {
            count += 1;
            if count == index + 1 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        assert_eq!(
            site.nonce() - before,
            TRANSACTIONS,
            "stopped at point {index}"
        );
        site.assert_sound(&plan);
    }
}

#[test]
fn seal_and_wiring_that_are_stopped_while_a_block_is_awaited_end_as_undisturbed_ones() {
    let site = Site::new(&Settings::default().mining(Mining::Interval(0.2)));
    let plan = site.plan(salt(1));
    let (mut seen, mut stops) = (BTreeSet::new(), 0);
    let is_late = |step| matches!(step, Step::Seal | Step::Wire(_));
    site.found_whole(&plan, salt(1), "city", &mut |point| {
        let of = match point {
            Point::Found(step) | Point::BeforeSend(step) | Point::AfterSend(step) => Some(step),
            Point::Confirmed(step, _) => Some(step),
            Point::BeforeWrite(File::Record(of)) | Point::AfterWrite(File::Record(of)) => of,
            Point::BeforeWrite(_) | Point::AfterWrite(_) => None,
        };
        // Each is stopped at once, and where a step is found done or confirmed, whichever comes first after its block.
        match of.is_some_and(is_late) && seen.insert(point) {
            true => {
                stops += 1;
                ControlFlow::Break(())
            }
            false => ControlFlow::Continue(()),
        }
    });
    println!("stopped {stops} times");
    let wired = plan.programs().skip(1).map(|(peer, _)| Step::Wire(peer));
    for step in std::iter::once(Step::Seal).chain(wired) {
        let record = File::Record(Some(step));
        for point in [
            Point::BeforeWrite(record),
            Point::AfterWrite(record),
            Point::BeforeSend(step),
            Point::AfterSend(step),
        ] {
            assert!(seen.contains(&point), "{point:?} was not stopped at");
        }
        let is_end = |point: &Point| matches!(point, Point::Confirmed(of, _) | Point::Found(of) if *of == step);
        assert!(seen.iter().any(is_end), "{step} has no end");
    }
    site.assert_sound(&plan);
    assert_eq!(site.nonce(), TRANSACTIONS, "nothing was sent twice");
}

#[test]
fn what_is_still_on_its_way_is_waited_for_and_what_never_left_is_sent_as_it_was_written() {
    let site = Site::new(&Settings::default().mining(Mining::Interval(1.0)));
    let plan = site.plan(salt(1));
    let until = |stop: fn(Point) -> bool| {
        let mut watch = |point| match stop(point) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        };
        let stopped = site.found(&plan, salt(1), "city", &[], &mut watch);
        assert!(matches!(stopped, Err(FoundError::Stopped)), "{stopped:?}");
    };
    const FIRST: Step = Step::Deploy(Peer::Constitution);
    let record = || read(&site.dir.path().join("412346.city.founding.json"));
    until(|point| point == Point::BeforeSend(FIRST));
    let written = record();
    assert_eq!(site.nonce(), 0);
    until(|point| point == Point::AfterSend(FIRST) || matches!(point, Point::Confirmed(..)));
    assert_eq!(record(), written, "the same transaction was sent");
    until(|point| matches!(point, Point::BeforeSend(Step::Deploy(Peer::Agent))));
    assert_eq!(site.nonce(), 1);
}

#[test]
fn a_founding_is_not_continued_with_other_inputs() {
    let mut site = Site::new(&Settings::default());
    let plan = site.plan(salt(1));
    let stop_after_first = &mut |point| match point {
        Point::Confirmed(..) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    let stopped = site.found(&plan, salt(1), "city", &[], stop_after_first);
    assert!(matches!(stopped, Err(FoundError::Stopped)));

    let other = site.plan(salt(2));
    let refused = site.found(&other, salt(2), "city", &[], stop_after_first);
    let told = refused.unwrap_err().to_string();
    assert!(told.contains("the salt was"), "{told}");

    let text = genesis_text().replace("150", "151");
    site.file = GenesisFile::parse(&text).unwrap();
    let refused = site.found(&plan, salt(1), "city", &[], stop_after_first);
    let told = refused.unwrap_err().to_string();
    assert!(told.contains("the genesis was"), "{told}");
    assert_eq!(site.nonce(), 1, "nothing more was sent");
}

#[test]
fn a_signature_that_does_not_count_stops_before_the_seal() {
    let site = Site::new(&Settings::default());
    let plan = site.plan(salt(1));
    let calm = &mut |_| ControlFlow::Continue(());
    let done = site.found(&plan, salt(1), "city", &[], calm).unwrap();
    let Standing::Unsigned { manifest, .. } = done.standing else {
        panic!("nobody signed yet");
    };
    let good = signatures(&manifest);
    let refused = |file: SignatureFile| {
        site.found(&plan, salt(1), "city", &[file], &mut |_| {
            ControlFlow::Continue(())
        })
        .unwrap_err()
        .to_string()
    };
    let mut stranger = good[0].clone();
    stranger.signatures[0].signer = founder().address();
    assert!(refused(stranger).contains("is no genesis adjudicator"));
    let mut swapped = good[0].clone();
    swapped.signatures[0].signer = good[1].signatures[0].signer;
    assert!(refused(swapped).contains("is of"));
    let mut other = good[0].clone();
    other.digest = B256::ZERO;
    assert!(refused(other).contains("not this manifest"));
    assert_eq!(site.nonce(), 14, "no seal was sent");

    // One file at a time, in any order, over many runs; the record keeps them.
    let mut last = None;
    for file in good.iter().rev() {
        let done = site.found(&plan, salt(1), "city", std::slice::from_ref(file), calm);
        last = Some(done.unwrap().standing);
    }
    assert!(matches!(last, Some(Standing::Founded { .. })), "{last:?}");
    assert_eq!(site.nonce(), TRANSACTIONS);
    // Once more is nothing.
    let again = site.found(&plan, salt(1), "city", &[], calm).unwrap();
    assert!(again.sent.is_empty());
    drop(site.node);
}

#[test]
fn wallets_sign_the_manifest_that_the_constitution_wants() {
    let site = Site::new(&Settings::default());
    let plan = site.plan(salt(1));
    let calm = &mut |_| ControlFlow::Continue(());
    let done = site.found(&plan, salt(1), "city", &[], calm).unwrap();
    let Standing::Unsigned { manifest, path, .. } = done.standing else {
        panic!("nobody signed yet");
    };
    let file: alloy::dyn_abi::TypedData = serde_json::from_str(&read(&path)).unwrap();
    assert_eq!(file.eip712_signing_hash().unwrap(), manifest.digest());
    let city = agentcity_abi::IConstitution::new(manifest.constitution, &site.provider);
    let asked = city.manifestDigest(manifest.manifest.clone());
    let asked = site.runtime.block_on(async { asked.call().await });
    assert_eq!(asked.unwrap(), manifest.digest());
}

#[test]
fn a_manifest_whose_time_is_over_is_made_anew_only_when_that_is_asked_for() {
    let mut site = Site::new(&Settings::lenient());
    let text = genesis_text().replacen("adjudicators", "signing_window_secs = 60\nadjudicators", 1);
    site.file = GenesisFile::parse(&text).unwrap();
    let plan = site.plan(salt(1));
    let calm = &mut |_| ControlFlow::Continue(());
    let done = site.found(&plan, salt(1), "city", &[], calm).unwrap();
    let Standing::Unsigned { manifest: old, .. } = done.standing else {
        panic!("nobody signed yet");
    };
    let mut rpc = site.node.rpc();
    rpc.call("evm_increaseTime", serde_json::json!([61]))
        .unwrap();
    rpc.call("evm_mine", serde_json::json!([])).unwrap();
    let late = site.found(&plan, salt(1), "city", &signatures(&old), calm);
    assert!(
        matches!(
            late,
            Err(FoundError::Signing(city::SigningError::Expired { .. }))
        ),
        "{late:?}"
    );
    let founding = Founding {
        file: &site.file,
        programs: &site.programs,
        plan: &plan,
        salt: salt(1),
        dir: site.dir.path(),
        name: "city",
        renew: true,
    };
    let again = city::found(&site.provider, &site.wallet, &founding, &[], calm);
    let again = site.runtime.block_on(again).unwrap().standing;
    let Standing::Unsigned { manifest: new, .. } = again else {
        panic!("what was signed before is worth nothing");
    };
    assert!(new.manifest.deadline > old.manifest.deadline);
    let done = site.found(&plan, salt(1), "city", &signatures(&new), calm);
    assert!(matches!(done.unwrap().standing, Standing::Founded { .. }));
}
