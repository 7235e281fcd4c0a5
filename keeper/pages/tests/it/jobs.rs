//! Services as an executor's runner starts them, and what they refuse.

use agentcity_executor::{
    protocol::{
        Check, Comparison, Input, JobId, JobRequest, Limits, Output, Place, Task as Words, Terms,
        Text, Venue,
    },
    runner::{Confines, Program, Runner, Unenforceable},
    server::{Recorder, Work},
    value,
};
use agentcity_pages::{
    document::Documents,
    fetch::Rules,
    job::{JobError, Task},
    model::Which,
    report::Report,
    service::Service,
    source,
    topics::Topics,
};
use alloy::primitives::{Address, B256, keccak256};

const EXACT: Check = Check::Consensus(Comparison::Exact);
const SET: Check = Check::Consensus(Comparison::Set);

fn input(node: u16, check: Check, content: &[u8]) -> Input {
    Input {
        node,
        check,
        output_hash: value::output_hash(check, content).expect("a value"),
        content: Output::new(content.to_vec()).expect("short"),
    }
}

fn request(service: Service, check: Check, inputs: Vec<Input>) -> JobRequest {
    let rubric = (service == Service::Fetch).then(|| Text::new("# all that ships\ncorpus:\n"));
    let rubric = rubric.transpose().expect("short");
    JobRequest {
        venue: Venue {
            chain_id: 412_346,
            statute: Address::repeat_byte(1),
            verification: Address::repeat_byte(2),
        },
        job: JobId {
            mission: B256::repeat_byte(0xee),
            node: 7,
            attempt: 0,
            seat: Place::new(0).expect("a seat"),
        },
        agent: Address::repeat_byte(3),
        service: B256::repeat_byte(4),
        code_hash: service.code_hash(),
        check,
        terms: Terms {
            rubric_hash: rubric
                .as_ref()
                .map_or(B256::ZERO, |text| keccak256(text.as_str())),
            output_schema_hash: keccak256(service.output_schema()),
            ..Terms::default()
        },
        task: Words {
            rubric,
            output_schema: Some(Text::new(service.output_schema()).expect("short")),
            ..Words::default()
        },
        inputs,
        limits: Limits {
            latency_ms: 60_000,
            memory_mb: 256,
            concurrency: 1,
            network_policies: Vec::new(),
            tokens: 0,
        },
        deadline: 1_800_003_600,
    }
}

fn task(service: Service) -> Task {
    match service {
        Service::Fetch => Task::Fetch(Vec::new(), Rules::default()),
        Service::Classify(which) => Task::Classify(which),
        Service::Report => Task::Report,
    }
}

/// Output and proof, read from the lines that the process writes.
async fn done(service: Service, request: &JobRequest) -> Result<(Vec<u8>, Vec<u8>), JobError> {
    let mut out = Vec::new();
    let request = serde_json::to_vec(request).expect("JSON");
    task(service).run(&request, &mut out).await?;
    let lines = String::from_utf8(out).expect("text");
    let last = lines.lines().last().expect("a line");
    let line: serde_json::Value = serde_json::from_str(last).expect("JSON");
    let bytes = |key: &str| {
        let digits = line["output"][key].as_str().expect("digits");
        alloy::primitives::hex::decode(digits).expect("digits")
    };
    Ok((bytes("content"), bytes("proof")))
}

#[tokio::test]
async fn from_the_laws_list_of_sources_to_a_report_within_the_limits_of_a_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let runner = match Runner::probe(folder.path()).await {
        Ok(runner) => runner,
        Err(why @ (Unenforceable::Namespaces(_) | Unenforceable::Tool(_))) => {
            eprintln!("nothing can be run here: {why}");
            return;
        }
        Err(why) => panic!("{why}"),
    };
    let run = async |service: Service, check, inputs| -> Work {
        let request = request(service, check, inputs);
        request.check().expect("it agrees with its hashes");
        let program = Program {
            path: env!("CARGO_BIN_EXE_agentcity-pages").into(),
            arguments: service.arguments().iter().map(Into::into).collect(),
            hidden: Vec::new(),
        };
        let confines = Confines::of(&request.limits).expect("no network");
        let recorder = Recorder::open(&request, B256::ZERO, || 0).expect("a trail");
        let work = runner.run(&program, &confines, &request, &recorder).await;
        let work = work.unwrap_or_else(|error| panic!("{}: {error}", service.name()));
        let allowed = agentcity_executor::schema::output(&request.task, &work.output);
        allowed.unwrap_or_else(|error| panic!("{}: {error}", service.name()));
        assert!(
            recorder.usage().tool_calls > 0,
            "{} says what it did",
            service.name()
        );
        work
    };
    let documents = run(Service::Fetch, EXACT, Vec::new()).await.output;
    let mut told = Vec::new();
    for which in Which::ALL {
        let inputs = vec![input(0, EXACT, &documents)];
        told.push(run(Service::Classify(which), EXACT, inputs).await.output);
    }
    let agreed = told
        .iter()
        .find(|one| told.iter().filter(|two| two == one).count() >= 2);
    let agreed = agreed.expect("two of three agree");
    let inputs = vec![input(0, EXACT, &documents), input(1, EXACT, agreed)];
    let report = run(Service::Report, Check::Review, inputs).await.output;
    let documents = Documents::read(&documents).expect("documents");
    let topics = Topics::read(agreed).expect("topics");
    let wanted = Report::of(&[topics], Some(&documents)).and_then(|report| Ok(report.json()?));
    assert_eq!(String::from_utf8(report), Ok(wanted.expect("a report")));
}

#[tokio::test]
async fn a_fetch_of_tier_one_is_proved_by_the_table_that_it_is() {
    let mut request = request(Service::Fetch, Check::Proof, Vec::new());
    request.terms.verifier = Address::repeat_byte(9);
    let (output, proof) = done(Service::Fetch, &request).await.expect("a table");
    assert_eq!(output, proof);
    let header = agentcity_domain::verifier::csv::header(&output).expect("a table");
    assert_eq!(header, b"url,contentHash,language,title,text");
    let inputs = vec![input(0, Check::Proof, &output)];
    let request_of_set = self::request(Service::Classify(Which::A), SET, inputs.clone());
    let (words, _) = done(Service::Classify(Which::A), &request_of_set)
        .await
        .expect("topics");
    let both = vec![inputs[0].clone(), input(1, SET, &words)];
    let request_of_report = self::request(Service::Report, EXACT, both.clone());
    let (report, _) = done(Service::Report, &request_of_report)
        .await
        .expect("a report");
    assert!(
        String::from_utf8(report)
            .expect("text")
            .contains("\"agreeing\":3")
    );
    let alone = self::request(Service::Report, EXACT, both[1..].to_vec());
    let refused = done(Service::Report, &alone)
        .await
        .expect_err("no documents for words");
    assert!(matches!(refused, JobError::Inputs { .. }), "{refused}");
}

#[tokio::test]
async fn a_report_of_topics_alone_says_nothing_of_opinions() {
    let (documents, _) = done(Service::Fetch, &request(Service::Fetch, EXACT, Vec::new()))
        .await
        .expect("documents");
    let inputs = vec![input(0, EXACT, &documents)];
    let service = Service::Classify(Which::C);
    let (topics, _) = done(service, &request(service, EXACT, inputs))
        .await
        .expect("topics");
    let inputs = vec![input(1, EXACT, &topics)];
    let (report, _) = done(
        Service::Report,
        &request(Service::Report, Check::Review, inputs),
    )
    .await
    .expect("a report");
    let report: serde_json::Value = serde_json::from_slice(&report).expect("JSON");
    assert_eq!(
        report["pages"][0]["confidencePermille"],
        serde_json::Value::Null
    );
    assert_eq!(report["provenance"]["models"], serde_json::json!([]));
}

#[tokio::test]
async fn jobs_for_other_code_of_other_forms_and_with_other_inputs_are_refused() {
    let good = || request(Service::Fetch, EXACT, Vec::new());
    assert!(done(Service::Fetch, &good()).await.is_ok());

    let mut other = good();
    other.code_hash = Service::Report.code_hash();
    let refused = done(Service::Fetch, &other).await.expect_err("other code");
    assert!(matches!(refused, JobError::OtherCode { .. }), "{refused}");

    let mut reference = good();
    reference.check = Check::Proof;
    let refused = done(Service::Fetch, &reference)
        .await
        .expect_err("no verifier");
    assert!(
        refused.to_string().contains("the answer before the work"),
        "{refused}"
    );

    let mut nothing = good();
    nothing.task.rubric = None;
    let refused = done(Service::Fetch, &nothing)
        .await
        .expect_err("no sources");
    assert!(
        refused.to_string().contains("in the node's rubric"),
        "{refused}"
    );

    let mut files = good();
    let text = Text::new("/etc/passwd\nhttp://127.0.0.1/").expect("short");
    files.terms.rubric_hash = keccak256(text.as_str());
    files.task.rubric = Some(text);
    let refused = done(Service::Fetch, &files)
        .await
        .expect_err("neither file nor host");
    assert!(
        refused.to_string().contains("not among those to be read"),
        "{refused}"
    );

    let two = vec![input(0, EXACT, b"{}"), input(1, EXACT, b"{}")];
    let many = request(Service::Classify(Which::A), EXACT, two);
    let refused = done(Service::Classify(Which::A), &many)
        .await
        .expect_err("two inputs");
    assert!(
        matches!(refused, JobError::Inputs { found: 2, .. }),
        "{refused}"
    );

    let numeric = Check::Consensus(Comparison::Numeric);
    for (service, check) in [
        (Service::Fetch, SET),
        (Service::Classify(Which::B), numeric),
        (Service::Classify(Which::B), Check::Proof),
        (Service::Report, SET),
        (Service::Report, Check::Proof),
    ] {
        let refused = done(service, &request(service, check, Vec::new())).await;
        assert!(
            matches!(refused, Err(JobError::Check { .. })),
            "{service:?} {check:?}"
        );
    }

    for bad in [&b"{}"[..], b"[]", b"not json", b"a,b\r\n1,2\r\n", b""] {
        let service = Service::Classify(Which::A);
        let refused = done(
            service,
            &request(service, EXACT, vec![input(0, EXACT, bad)]),
        )
        .await;
        assert!(
            matches!(refused, Err(JobError::Documents(_))),
            "{refused:?}"
        );
    }
    let refused = task(Service::Report).run(b"{}", &mut Vec::new()).await;
    assert!(matches!(refused, Err(JobError::NoRequest(_))));
}

#[tokio::test]
async fn sources_on_the_command_line_come_before_the_laws() {
    let named = source::list("corpus:long-run.html").expect("it ships");
    let task = Task::Fetch(named, Rules::default());
    let request = serde_json::to_vec(&request(Service::Fetch, EXACT, Vec::new())).expect("JSON");
    let mut out = Vec::new();
    task.run(&request, &mut out).await.expect("documents");
    assert_eq!(
        String::from_utf8(out).expect("text").lines().count(),
        2,
        "one call, one output"
    );
}
