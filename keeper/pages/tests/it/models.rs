//! Models against the paragraphs that they were made from, and against the same mathematics done plainly in floats.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use agentcity_pages::{
    model::{Model, TOPICS, Topic, Which, features},
    service::{self, Service},
    training::{self, Evaluation, Example},
};

fn lessons() -> Vec<Example> {
    training::lessons(&crate::root()).expect("paragraphs")
}

fn held_out() -> Vec<Example> {
    training::held_out(&crate::root()).expect("paragraphs")
}

#[test]
fn training_again_gives_the_same_bytes() {
    let lessons = lessons();
    for which in Which::ALL {
        let again = training::train(which, &lessons);
        let ships = service::model(which).expect("a model");
        assert!(
            again.write() == ships.write(),
            "{which}: run `agentcity-pages train`"
        );
    }
}

#[test]
fn the_page_on_classifiers_says_what_is_measured() {
    let lessons = lessons();
    let model = |which| {
        let own = training::part(which, &lessons).len();
        (service::model(which).expect("a model"), own)
    };
    let evaluation = Evaluation::of(Which::ALL.map(model).to_vec(), &held_out());
    let hashes = Which::ALL
        .map(Service::Classify)
        .map(|service| format!("{}: `{}`", service.name(), service.code_hash()));
    let page = std::fs::read_to_string(crate::root().join("docs/classifiers.md"));
    assert_eq!(
        page.expect("a page"),
        evaluation.page(&hashes),
        "run `agentcity-pages evaluate`"
    );
    // Far above one in six, and the three together above each alone.
    let together = evaluation.ensemble.macro_f1();
    for (model, _, score) in &evaluation.models {
        assert!(
            score.macro_f1() > 8_000,
            "{}: {}",
            model.which(),
            score.macro_f1()
        );
        assert!(together > score.macro_f1(), "{}", model.which());
    }
}

#[test]
fn no_two_models_learn_from_the_same_paragraph_and_none_from_those_held_out() {
    let lessons = lessons();
    let mut seen = BTreeSet::new();
    for which in Which::ALL {
        for example in training::part(which, &lessons) {
            assert!(seen.insert(example.text.as_str()), "{}", example.text);
        }
    }
    assert_eq!(seen.len(), lessons.len(), "and all are learned from");
    for example in held_out() {
        assert!(!seen.contains(example.text.as_str()), "{}", example.text);
        let words = example.text.split_whitespace().count();
        assert!((40..=90).contains(&words), "{words}: {}", example.text);
    }
    for topic in Topic::ALL {
        let own = |examples: &[Example]| examples.iter().filter(|e| e.topic == topic).count();
        assert!(
            own(&lessons) >= 80 && own(&held_out()) >= 20,
            "{}",
            topic.name()
        );
    }
}

/// Features by their names, with damped counts.
fn named(which: Which, text: &str) -> HashMap<String, f64> {
    let mut counts = HashMap::<String, f64>::new();
    for name in features::names(which, text) {
        *counts.entry(name).or_default() += 1.0;
    }
    counts
        .values_mut()
        .for_each(|count| *count = 1.0 + count.min(16.0).ln());
    counts
}

fn greatest(scores: [f64; TOPICS]) -> (usize, f64) {
    let best = (0..TOPICS)
        .max_by(|a, b| scores[*a].total_cmp(&scores[*b]))
        .expect("topics");
    let mut sorted = scores;
    sorted.sort_by(f64::total_cmp);
    let range = sorted[TOPICS - 1] - sorted[0];
    (best, (sorted[TOPICS - 1] - sorted[TOPICS - 2]) / range)
}

/// Both say the same of every paragraph, but for those between whose topics rounding to 16 bits may decide.
fn agree(which: Which, plain: impl Fn(&str) -> [f64; TOPICS]) {
    let model = service::model(which).expect("a model");
    let mut close = 0;
    for example in held_out() {
        let (topic, ahead) = greatest(plain(&example.text));
        let opinion = model.judge(&example.text);
        if ahead < 0.002 {
            close += 1;
            continue;
        }
        assert_eq!(
            opinion.topic,
            Topic::ALL[topic],
            "{which}, {ahead}: {}",
            example.text
        );
        let margin = f64::from(opinion.margin_permille);
        assert!(
            (margin - 1000.0 * ahead).abs() < 8.0,
            "{which}: {margin} {ahead}"
        );
    }
    assert!(close < 6, "{which}: {close} are too close to tell");
}

#[test]
fn model_a_is_naive_bayes_done_plainly() {
    let lessons = lessons();
    let own = training::part(Which::A, &lessons);
    let texts: Vec<_> = own
        .iter()
        .map(|e| (e.topic as usize, named(Which::A, &e.text)))
        .collect();
    let within = |name: &str| {
        texts
            .iter()
            .filter(|(_, text)| text.contains_key(name))
            .count()
    };
    let mut counts = HashMap::<&str, [f64; TOPICS]>::new();
    for (topic, text) in &texts {
        for (name, count) in text {
            if !name.contains(' ') || within(name) >= 2 {
                counts.entry(name).or_default()[*topic] += count;
            }
        }
    }
    let total =
        |topic: usize| -> f64 { counts.values().map(|of_topic| of_topic[topic] + 0.2).sum() };
    let totals: Vec<f64> = (0..TOPICS).map(total).collect();
    agree(Which::A, |text| {
        std::array::from_fn(|topic| {
            let likely = |(name, count): (&String, &f64)| {
                let seen = counts.get(name.as_str())?;
                Some(count * ((seen[topic] + 0.2) / totals[topic]).ln())
            };
            named(Which::A, text).iter().filter_map(likely).sum()
        })
    });
}

#[test]
fn model_c_is_nearest_centroid_done_plainly() {
    let lessons = lessons();
    let own = training::part(Which::C, &lessons);
    let texts: Vec<_> = own
        .iter()
        .map(|e| (e.topic as usize, named(Which::C, &e.text)))
        .collect();
    let mut within = HashMap::<String, f64>::new();
    for name in texts.iter().flat_map(|(_, text)| text.keys()) {
        *within.entry(name.clone()).or_default() += 1.0;
    }
    let all = texts.len() as f64;
    let rare = |name: &str| {
        within
            .get(name)
            .map_or(0.0, |n| ((1.0 + all) / (1.0 + n)).ln() + 1.0)
    };
    let vector = |text: &HashMap<String, f64>| -> HashMap<String, f64> {
        let weighed = text
            .iter()
            .map(|(name, count)| (name.clone(), count * rare(name)));
        let weighed: HashMap<_, _> = weighed.collect();
        let length = weighed.values().map(|x| x * x).sum::<f64>().sqrt();
        weighed
            .into_iter()
            .map(|(name, x)| (name, x / length))
            .collect()
    };
    let mut centroids: [HashMap<String, f64>; TOPICS] = Default::default();
    for (topic, text) in &texts {
        for (name, x) in vector(text) {
            *centroids[*topic].entry(name).or_default() += x;
        }
    }
    let lengths = centroids
        .each_ref()
        .map(|c| c.values().map(|x| x * x).sum::<f64>().sqrt());
    agree(Which::C, |text| {
        let text = vector(&named(Which::C, text));
        std::array::from_fn(|topic| {
            let of = |(name, x): (&String, &f64)| centroids[topic].get(name).map(|c| c * x);
            text.iter().filter_map(of).sum::<f64>() / lengths[topic]
        })
    });
}

#[test]
fn model_b_learned_what_it_was_taught_and_weighs_it_plainly() {
    let model = service::model(Which::B).expect("a model");
    let lessons = lessons();
    let own = training::part(Which::B, &lessons);
    let right = own
        .iter()
        .filter(|e| model.judge(&e.text).topic == e.topic)
        .count();
    // Regression without much decay learns its own paragraphs by heart.
    assert_eq!(right, own.len());
    // Weights as its bytes have them, read here once more, and counts in floats.
    let bytes = model.write();
    let word = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    let weight = |at: usize| f64::from(i16::from_be_bytes([bytes[at], bytes[at + 1]]));
    let rows = (12..bytes.len()).step_by(16);
    let weights = rows.map(|at| (word(at), std::array::from_fn(|k| weight(at + 4 + 2 * k))));
    let weights: BTreeMap<u32, [f64; TOPICS]> = weights.collect();
    agree(Which::B, |text| {
        let mut scores = [0.0; TOPICS];
        let mut counts = HashMap::<u32, f64>::new();
        for name in features::names(Which::B, text) {
            let hash = name.bytes().fold(2_166_136_261u32, |h, b| {
                (h ^ u32::from(b)).wrapping_mul(16_777_619)
            });
            *counts.entry(hash % 8192).or_default() += 1.0;
        }
        for (bucket, count) in counts {
            let Some(weights) = weights.get(&bucket) else {
                continue;
            };
            for (score, weight) in scores.iter_mut().zip(weights) {
                *score += (1.0 + count.min(16.0).ln()) * weight;
            }
        }
        scores
    });
}

#[test]
fn a_topic_is_not_a_matter_of_single_words() {
    let lists = Which::ALL.map(|which| service::model(which).expect("a model"));
    let vote = |text: &str| {
        let told: Vec<_> = lists
            .iter()
            .map(|model: &Model| model.judge(text).topic)
            .collect();
        let votes = |topic: &Topic| told.iter().filter(|told| *told == topic).count();
        *told.iter().max_by_key(|topic| votes(topic)).expect("three")
    };
    // The words are of another topic, or the name of the topic itself is denied.
    let cases = [
        (
            Topic::Health,
            "The striker's knee did not hold. Surgeons rebuilt the ligament with a tendon from his thigh, and physiotherapists now treat the swelling, the pain and his fear of bending it. Patients of his age, the orthopaedist says, need nine months before scar tissue bears a load again.",
        ),
        (
            Topic::Economy,
            "The hospital group was sold to an investor for nine hundred million. Its debt, which had doubled under the old owners, will be refinanced at lower interest, shareholders receive a special dividend, and analysts expect margins to rise once purchasing and wages are renegotiated with the unions.",
        ),
        (
            Topic::Computing,
            "The museum's ticket server crashed because every request opened a new connection to the database. Developers added a pool, cached the calendar in memory, and wrote a load test that replays the traffic of opening day; since then the software has answered within forty milliseconds.",
        ),
    ];
    for (topic, text) in cases {
        assert_eq!(vote(text), topic, "{text}");
    }
}
