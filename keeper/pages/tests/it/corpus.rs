//! The pages that ship, from their bytes to the report: what it says is kept beside this file.

use std::path::Path;

use agentcity_pages::{
    document::{Document, Documents},
    fetch::Rules,
    model::{Topic, Which},
    report::{Page, Report},
    service, source,
    topics::{self, Topics},
    training::Example,
};
use alloy::primitives::keccak256;

const REPORT: &str = include_str!("report.json");

pub(crate) async fn documents() -> Documents {
    let sources = source::list("corpus:").expect("what ships");
    let gathered = Documents::gather(&sources, &Rules::default(), |_, _| {}).await;
    gathered.expect("pages")
}

fn lists(documents: &Documents) -> Vec<Topics> {
    let told = |which| topics::classify(&service::model(which).expect("a model"), documents).0;
    Which::ALL.map(told).to_vec()
}

#[tokio::test]
async fn the_shipped_pages_become_the_report_that_is_kept() {
    let documents = documents().await;
    assert_eq!(documents.failures, []);
    let report = Report::of(&lists(&documents), Some(&documents)).expect("a report");
    let json = report.json().expect("what its schema allows") + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/report.json");
    if std::env::var_os("AGENTCITY_KEEP_REPORT").is_some() {
        std::fs::write(path, &json).expect("the report is kept");
        return;
    }
    assert_eq!(
        json, REPORT,
        "if it should be another, run this test with AGENTCITY_KEEP_REPORT=1"
    );
}

#[tokio::test]
async fn each_topic_is_that_of_two_pages() {
    let documents = documents().await;
    let report = Report::of(&lists(&documents), Some(&documents)).expect("a report");
    for topic in Topic::ALL {
        assert_eq!(report.topics.of_topic(topic), 2, "{}", topic.name());
    }
    let named = |url: &str| {
        let page = report.pages.iter().find(|page| page.url == url);
        page.map(|page| page.topic)
    };
    // Words of one topic, sense of another: a ferry, money, a contest against a river.
    assert_eq!(named("corpus:dialysis-by-ferry.html"), Some(Topic::Health));
    assert_eq!(named("corpus:bridge-loan.html"), Some(Topic::Economy));
    assert_eq!(named("corpus:eel-ladder.html"), Some(Topic::Nature));
}

#[tokio::test]
async fn two_of_three_classifiers_say_the_same_bytes() {
    let documents = documents().await;
    let said: Vec<_> = lists(&documents)
        .iter()
        .map(|list| list.json().expect("JSON"))
        .collect();
    let agree = |one: &String| said.iter().filter(|other| *other == one).count();
    assert!(said.iter().any(|one| agree(one) >= 2), "{said:#?}");
}

#[tokio::test]
async fn main_texts_are_without_what_leads_around() {
    let documents = documents().await;
    let of = |name: &str| {
        let found = documents
            .documents
            .iter()
            .find(|document| document.url.ends_with(name));
        found.expect("it ships")
    };
    let post = of("borrowed-buffers.html");
    assert_eq!(
        post.title,
        "Borrowed buffers: why our parser stopped copying"
    );
    assert_eq!(post.language, "en");
    assert!(post.text.contains("The new parser borrows."));
    assert!(
        post.text.contains("fn header<'m>(message: &'m [u8])"),
        "entities are read"
    );
    for outside in [
        "gtag",
        "Queues are not free",
        "Archive",
        "Imprint",
        "restart them",
    ] {
        assert!(!post.text.contains(outside), "{outside}");
    }
    assert_eq!(post.links, ["https://feeds.example/atom"]);
    // Without `main`, without end tags, and in a charset of its own.
    assert!(
        of("night-deploy.html")
            .text
            .contains("looking at the handshake is")
    );
    assert!(
        !of("night-deploy.html").text.contains("History"),
        "a line of links"
    );
    assert!(of("lost-fresco.html").text.contains("her husband’s death"));
    assert!(of("late-shingles.html").text.contains("Two injections"));
    assert!(!of("cellar-concert.html").text.contains("Subscribe"));
    let eels = &of("eel-ladder.html").links;
    assert_eq!(eels[0], "https://rivers.example/notes/bristles.html");
    assert_eq!(eels[1], "https://rivers.example/species/anguilla");
    assert_eq!(eels.len(), 2, "no address of mail");
}

#[tokio::test]
async fn a_table_fits_a_proof_and_tells_nearly_the_same_topics() {
    let documents = documents().await;
    let table = documents.table().expect("a table");
    assert!(table.len() <= 16_384, "{}", table.len());
    assert!(
        table.len() > 16_000,
        "texts take the room there is: {}",
        table.len()
    );
    let header = agentcity_domain::verifier::csv::header(&table);
    assert_eq!(header, Some(&b"url,contentHash,language,title,text"[..]));
    let read = Documents::read(&table).expect("documents");
    assert_eq!(read.documents.len(), documents.documents.len());
    for (short, whole) in read.documents.iter().zip(&documents.documents) {
        assert_eq!(
            (&short.url, short.content_hash),
            (&whole.url, whole.content_hash)
        );
        assert!(whole.text.replace('\n', " ").starts_with(&short.text));
        assert!(short.text.len() > 800, "{}", short.url);
    }
    let report = Report::of(&lists(&read), Some(&read)).expect("a report");
    let whole = Report::of(&lists(&documents), Some(&documents)).expect("a report");
    // A third of a page is enough for nearly all of them.
    let pages = report.pages.iter().zip(&whole.pages);
    let other = pages.filter(|(short, whole)| short.topic != whole.topic);
    assert!(other.count() <= 1, "{:?}", report.topics);
}

/// The paragraphs that were held out, as if they were pages.
fn paragraphs() -> Documents {
    let held_out = agentcity_pages::training::held_out(&crate::root()).expect("paragraphs");
    let document = |(place, example): (usize, Example)| Document {
        url: format!("https://a.example/{place}"),
        address: format!("https://a.example/{place}"),
        content_hash: keccak256(&example.text),
        title: String::new(),
        language: "en".to_owned(),
        text: example.text,
        is_cut: false,
        links: Vec::new(),
    };
    let documents = held_out.into_iter().enumerate().map(document);
    Documents::new(documents.collect(), Vec::new())
}

#[test]
fn where_classifiers_differ_the_majority_counts_and_the_others_are_named() {
    let mut documents = paragraphs();
    let all = lists(&documents);
    let told = |place: usize| [0, 1, 2].map(|list: usize| all[list].documents[place].topic);
    // One of each kind: all agree, the first is alone, all differ.
    let places = 0..documents.documents.len();
    let find = |wanted: &dyn Fn([Topic; 3]) -> bool| places.clone().find(|at| wanted(told(*at)));
    let agreed = find(&|[a, b, c]| a == b && b == c).expect("a clear one");
    let alone = find(&|[a, b, c]| b == c && a != b).expect("one that A sees otherwise");
    let split = find(&|[a, b, c]| a != b && b != c && a != c).expect("one that nobody agrees on");
    let kept = [agreed, alone, split].map(|place| documents.documents[place].clone());
    let [_, [minority, majority, _], torn] = [agreed, alone, split].map(told);
    documents.documents = kept.to_vec();

    let report = Report::of(&lists(&documents), Some(&documents)).expect("a report");
    let [clear, two, none] = &report.pages[..] else {
        panic!("three pages")
    };
    assert_eq!((clear.agreeing, two.agreeing, none.agreeing), (3, 2, 1));
    assert_eq!(two.topic, majority);
    let surest = none
        .opinions
        .iter()
        .max_by_key(|opinion| opinion.margin_permille);
    assert_eq!(Some(none.topic), surest.map(|opinion| opinion.topic));
    assert!(torn.contains(&none.topic));
    let mean = |page: &Page| {
        let agree = page
            .opinions
            .iter()
            .filter(|opinion| opinion.topic == page.topic);
        Some(agree.map(|opinion| opinion.margin_permille).sum::<u16>() / 3)
    };
    for page in &report.pages {
        assert_eq!(page.confidence_permille, mean(page));
    }
    let [first, second] = &report.disagreements[..] else {
        panic!("two of them: {:?}", report.disagreements)
    };
    assert_eq!((&first.url, &second.url), (&two.url, &none.url));
    let [other] = &first.others[..] else {
        panic!("one is alone")
    };
    assert_eq!(
        (other.model.as_str(), other.topic),
        ("classify-a", minority)
    );
    assert_eq!(second.others.len(), 2);
    report.json().expect("what its schema allows");
}

#[tokio::test]
async fn a_report_does_not_take_topics_of_other_documents() {
    let documents = documents().await;
    let mut lists = lists(&documents);
    assert!(
        Report::of(&lists[..1], None).is_ok(),
        "one list speaks for itself"
    );
    assert!(Report::of(&lists, None).is_err(), "three need documents");
    assert!(Report::of(&[], Some(&documents)).is_err());
    lists[1].documents.swap(0, 1);
    assert!(Report::of(&lists, Some(&documents)).is_err());
    lists[1].documents.swap(0, 1);
    lists[2].documents.pop();
    assert!(Report::of(&lists, Some(&documents)).is_err());
}

#[tokio::test]
async fn a_set_of_words_holds_the_topics_of_its_documents_and_no_others() {
    let documents = documents().await;
    let list = &lists(&documents)[0];
    let words = list.words();
    let near = agentcity_domain::statute::Mode::Set as u8;
    assert!(agentcity_domain::verification::consensus::is_value(
        near, &words
    ));
    assert_eq!(Topics::of_words(&words, &documents).as_ref(), Ok(list));
    assert!(Topics::of_words(&words[1..], &documents).is_err());
    assert!(
        Topics::of_words(&words[32..], &documents).is_err(),
        "one is missing"
    );
    let mut nameless = words.clone();
    nameless[31] = 6;
    assert!(Topics::of_words(&nameless, &documents).is_err());
}
