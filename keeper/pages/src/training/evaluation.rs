//! How good models are on paragraphs that none of them has seen; printed in docs/classifiers.md.

use std::fmt::Write as _;

use super::Example;
use crate::model::{Model, TOPICS, Topic};

/// What was told of paragraphs whose topics are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// Paragraphs by topic, and by the topic that was told.
    pub confusion: [[u32; TOPICS]; TOPICS],
}

impl Score {
    /// One more paragraph.
    pub fn add(&mut self, topic: Topic, told: Topic) {
        self.confusion[topic as usize][told as usize] += 1;
    }

    /// The mean over all topics of F1, which is `2·hits / (told + there)`, in ten-thousandths, rounded down.
    pub fn macro_f1(&self) -> u32 {
        let of_topic = |topic: usize| {
            let hits = self.confusion[topic][topic];
            let there: u32 = self.confusion[topic].iter().sum();
            let told: u32 = self.confusion.iter().map(|row| row[topic]).sum();
            if there + told == 0 {
                0.0
            } else {
                2.0 * f64::from(hits) / f64::from(there + told)
            }
        };
        let sum: f64 = (0..TOPICS).map(of_topic).sum();
        // structural: ten thousand parts.
        (sum / TOPICS as f64 * 10_000.0) as u32
    }

    fn hits(&self) -> u32 {
        (0..TOPICS).map(|topic| self.confusion[topic][topic]).sum()
    }

    fn all(&self) -> u32 {
        self.confusion.iter().flatten().sum()
    }

    fn table(&self) -> String {
        let names = Topic::ALL.map(Topic::name);
        let mut table = format!(
            "| | {} |\n|---|{}\n",
            names.join(" | "),
            "---:|".repeat(TOPICS)
        );
        for (name, row) in names.iter().zip(self.confusion) {
            let cells = row.map(|count| {
                if count == 0 {
                    "·".to_owned()
                } else {
                    count.to_string()
                }
            });
            let _ = writeln!(table, "| **{name}** | {} |", cells.join(" | "));
        }
        table
    }
}

/// Three models and what they agree on, on the same paragraphs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// Models, with what they were trained on, how large they are, and how they fared.
    pub models: Vec<(Model, usize, Score)>,
    /// What at least two of them tell; where none do, what the one with the greatest margin tells.
    pub ensemble: Score,
    /// Paragraphs on which all three agree, on which two do, and on which none do.
    pub agreement: [u32; 3],
    /// Of those on which two or three agree, the wrong ones.
    pub agreed_wrong: u32,
}

impl Evaluation {
    /// Asks all models for each paragraph. Each comes with the number of paragraphs that it was trained on.
    pub fn of(models: Vec<(Model, usize)>, paragraphs: &[Example]) -> Self {
        let mut scores = vec![Score::default(); models.len()];
        let (mut ensemble, mut agreement, mut agreed_wrong) = (Score::default(), [0; 3], 0);
        for paragraph in paragraphs {
            let opinions: Vec<_> = models
                .iter()
                .map(|(m, _)| m.judge(&paragraph.text))
                .collect();
            for (score, opinion) in scores.iter_mut().zip(&opinions) {
                score.add(paragraph.topic, opinion.topic);
            }
            let told: Vec<Topic> = opinions.iter().map(|opinion| opinion.topic).collect();
            let votes = |topic| told.iter().filter(|told| **told == topic).count();
            let best = opinions
                .iter()
                .max_by_key(|opinion| (votes(opinion.topic), opinion.margin_permille));
            let Some(best) = best.map(|opinion| opinion.topic) else {
                continue;
            };
            ensemble.add(paragraph.topic, best);
            let agree = votes(best);
            agreement[models.len().min(3) - agree.min(3)] += 1;
            agreed_wrong += u32::from(agree > 1 && best != paragraph.topic);
        }
        let scored = models.into_iter().zip(scores);
        Self {
            models: scored
                .map(|((model, lessons), score)| (model, lessons, score))
                .collect(),
            ensemble,
            agreement,
            agreed_wrong,
        }
    }

    /// The whole of docs/classifiers.md.
    pub fn page(&self, hashes: &[String]) -> String {
        let percent = |parts: u32| format!("{}.{:02} %", parts / 100, parts % 100);
        let mut page = HEAD.to_owned();
        page.push_str("| model | family | paragraphs | features | bytes | macro-F1 | right |\n|---|---|---:|---:|---:|---:|---:|\n");
        for (model, lessons, score) in &self.models {
            let _ = writeln!(
                page,
                "| {} | {} | {lessons} | {} | {} | {} | {} of {} |",
                model.which(),
                model.which().family(),
                model.features(),
                model.write().len(),
                percent(score.macro_f1()),
                score.hits(),
                score.all(),
            );
        }
        let _ = writeln!(
            page,
            "| two of three | what at least two tell, else the one with the greatest margin | | | | {} | {} of {} |",
            percent(self.ensemble.macro_f1()),
            self.ensemble.hits(),
            self.ensemble.all(),
        );
        let [all, two, none] = self.agreement;
        let _ = writeln!(
            page,
            "\nOf {} paragraphs the three agree on {all}, two of them on {two}, none on {none}. Where two or three agree they are wrong {} times.\n",
            self.ensemble.all(),
            self.agreed_wrong,
        );
        page.push_str("Code hashes of their services:\n\n");
        for hash in hashes {
            let _ = writeln!(page, "- {hash}");
        }
        page.push_str(
            "\n## Confusion\n\nRows are what a paragraph is about, columns what was told.\n",
        );
        for (model, _, score) in &self.models {
            let _ = write!(page, "\nModel {}:\n\n{}", model.which(), score.table());
        }
        let _ = write!(page, "\nTwo of three:\n\n{}", self.ensemble.table());
        page
    }
}

const HEAD: &str = "# Classifiers

Three models tell what a page is about: computing, culture, economy, health, nature or sport. They are of different families, look at different
features, and were trained on three parts of the paragraphs that have none in common, so their mistakes are not the same ones. Everything about
them is in `keeper/pages`: the paragraphs in `data/`, training in `src/training`, the models in `services/`.

```
cargo run -p agentcity-pages -- train      the same bytes on every machine
cargo run -p agentcity-pages -- evaluate   prints this page
```

The paragraphs were written for this purpose and are in the public domain (CC0). Each is about one topic, told in its own words; some speak of another
topic at length (money in sport, machines in medicine), some deny it. Those on which models are measured were written apart and are never
trained on. All were written in one manner and in English: on pages of another manner the figures are lower, and of pages in other languages nothing is
claimed.

Inference is in whole numbers. A margin says how far the topic that is told is ahead of the next, in thousandths of its distance from the last; it is no
probability.

## Held-out paragraphs

";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macro_f1_is_the_mean_of_each_topics_own() {
        let mut score = Score::default();
        for topic in Topic::ALL {
            score.add(topic, topic);
        }
        assert_eq!(score.macro_f1(), 10_000);
        score.add(Topic::Sport, Topic::Culture);
        // Culture: 2·1/(1+2); sport: 2·1/(2+1); the others are whole.
        assert_eq!(
            score.macro_f1(),
            ((4.0 + 4.0 / 3.0) / 6.0 * 10_000.0) as u32
        );
        assert_eq!(Score::default().macro_f1(), 0);
    }
}
