//! A graph as a picture that every browser shows: boxes in layers from left to right, drawn by whole numbers alone, so that the same graph
//! is the same text everywhere.
//!
//! A box stands one layer behind the last of those that point at it. A line over several layers goes through a waypoint in each between,
//! so that it crosses no box. Within a layer boxes are ordered by the middle of their neighbours, a few times to and fro, which leaves few
//! crossings; ties keep their order.

use std::{cmp::Ordering, collections::BTreeMap, fmt::Write as _};

// structural: measures of the picture, in its own units
const BOX_WIDTH: usize = 150;
const BOX_HEIGHT: usize = 26;
const ROW: usize = 40;
const COLUMN: usize = 240;
const MARGIN: usize = 20;
/// Characters of a name that fit a box; of a longer one its two ends are shown.
const NAME_MAX: usize = 20; // structural
/// How often layers are ordered by their neighbours: after so many, graphs of this kind stay as they are.
const SWEEPS: usize = 8; // structural

/// A line between two boxes, which their names make.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    /// Where it begins.
    pub(crate) from: &'a str,
    /// Where it ends.
    pub(crate) to: &'a str,
    /// What it is: told when one points at it.
    pub(crate) kind: &'a str,
    /// Whether it is dashed.
    pub(crate) dashed: bool,
}

/// Where everything is. Places before `names.len()` are boxes, those behind are waypoints.
struct Layout<'a> {
    names: Vec<&'a str>,
    /// The places that each line goes through, its ends included.
    ways: Vec<Vec<usize>>,
    /// Places by layer, from the top.
    layers: Vec<Vec<usize>>,
    /// Column and row of each place.
    at: Vec<(usize, usize)>,
}

/// Numbers in names count as numbers: `node 10` comes behind `node 9`.
fn natural(one: &str, other: &str) -> Ordering {
    let parts = |name: &str| {
        let digits = name.len() - name.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        let (head, tail) = name.split_at(name.len() - digits);
        (head.to_owned(), tail.parse::<u64>().unwrap_or_default())
    };
    parts(one).cmp(&parts(other)).then_with(|| one.cmp(other))
}

/// The layer of each box: one behind the last of those that point at it. A circle has no such layers; it ends as it is after as many
/// rounds as there are boxes.
fn depths(count: usize, ends: &[(usize, usize)]) -> Vec<usize> {
    let mut depths = vec![0; count];
    for _ in 1..count {
        let mut is_still = true;
        for (from, to) in ends {
            if depths[*to] <= depths[*from] && depths[*from] + 1 < count {
                depths[*to] = depths[*from] + 1;
                is_still = false;
            }
        }
        if is_still {
            break;
        }
    }
    depths
}

impl<'a> Layout<'a> {
    fn of(lines: &[Line<'a>]) -> Self {
        let mut names: Vec<&str> = lines.iter().flat_map(|line| [line.from, line.to]).collect();
        names.sort_unstable_by(|one, other| natural(one, other));
        names.dedup();
        let places: BTreeMap<&str, usize> =
            (0..).zip(&names).map(|(at, name)| (*name, at)).collect();
        let ends: Vec<(usize, usize)> = lines
            .iter()
            .map(|line| (places[line.from], places[line.to]))
            .collect();
        let mut depth = depths(names.len(), &ends);
        let ways = ends.into_iter().map(|(from, to)| {
            let mut way = vec![from];
            for between in depth[from] + 1..depth[to] {
                way.push(depth.len());
                depth.push(between);
            }
            way.push(to);
            way
        });
        let ways: Vec<Vec<usize>> = ways.collect();
        let mut layers = vec![Vec::new(); depth.iter().max().map_or(0, |last| last + 1)];
        for (place, layer) in depth.iter().enumerate() {
            layers[*layer].push(place);
        }
        let at = vec![(0, 0); depth.len()];
        let mut layout = Self {
            names,
            ways,
            layers,
            at,
        };
        layout.order();
        layout
    }

    /// Orders every layer by its neighbours, and says where everything is.
    fn order(&mut self) {
        let mut before = vec![Vec::new(); self.at.len()];
        let mut behind = before.clone();
        for pair in self.ways.iter().flat_map(|way| way.windows(2)) {
            behind[pair[0]].push(pair[1]);
            before[pair[1]].push(pair[0]);
        }
        self.place();
        for sweep in 0..SWEEPS {
            let (neighbours, is_forth) = match sweep % 2 {
                0 => (&before, true),
                _ => (&behind, false),
            };
            for step in 0..self.layers.len() {
                let layer = if is_forth {
                    step
                } else {
                    self.layers.len() - 1 - step
                };
                let at = &self.at;
                // Twice the middle of the neighbours, as a fraction; one without neighbours stays where it is.
                let middle = |place: &usize| {
                    let rows = neighbours[*place].iter().map(|of| at[*of].1);
                    match neighbours[*place].len() {
                        0 => (at[*place].1, 1),
                        count => (rows.sum(), count),
                    }
                };
                self.layers[layer].sort_by(|one, other| {
                    let ((sum, of), (other_sum, other_of)) = (middle(one), middle(other));
                    (sum * other_of).cmp(&(other_sum * of))
                });
                self.place();
            }
        }
    }

    /// Columns by layer; rows by order, each layer in the middle of the highest.
    fn place(&mut self) {
        let highest = self.layers.iter().map(Vec::len).max().unwrap_or(0);
        for (column, layer) in self.layers.iter().enumerate() {
            let top = (highest - layer.len()) * ROW / 2;
            for (row, place) in layer.iter().enumerate() {
                self.at[*place] = (column * COLUMN + MARGIN, top + row * ROW + MARGIN);
            }
        }
    }

    fn size(&self) -> (usize, usize) {
        let highest = self.layers.iter().map(Vec::len).max().unwrap_or(0);
        let columns = self.layers.len().saturating_sub(1);
        (
            columns * COLUMN + BOX_WIDTH + 2 * MARGIN,
            highest.saturating_sub(1) * ROW + BOX_HEIGHT + 2 * MARGIN,
        )
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            letter => out.push(letter),
        }
    }
    out
}

/// What of a name fits a box.
fn short(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    if letters.len() <= NAME_MAX {
        return name.to_owned();
    }
    let half = NAME_MAX / 2;
    let (head, tail) = (&letters[..half], &letters[letters.len() - half + 1..]);
    format!(
        "{}…{}",
        head.iter().collect::<String>(),
        tail.iter().collect::<String>()
    )
}

/// The picture of a graph that has a title.
pub(crate) fn draw(title: &str, lines: &[Line<'_>]) -> String {
    let layout = Layout::of(lines);
    let (width, height) = layout.size();
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"monospace\" font-size=\"11\">\n<title>{}</title>\n\
         <defs><marker id=\"end\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">\
         <path d=\"M0,0 L8,4 L0,8 z\"/></marker></defs>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
        escaped(title)
    );
    for (line, way) in lines.iter().zip(&layout.ways) {
        let dashes = if line.dashed {
            " stroke-dasharray=\"5 3\""
        } else {
            ""
        };
        // Writing into a text does not fail.
        let _ = writeln!(
            text,
            "<path d=\"{}\" fill=\"none\" stroke=\"#555\"{dashes} marker-end=\"url(#end)\"><title>{}: {} to {}</title></path>",
            path(&layout, way),
            escaped(line.kind),
            escaped(line.from),
            escaped(line.to),
        );
    }
    for (name, (x, y)) in layout.names.iter().zip(&layout.at) {
        let (middle, base) = (x + BOX_WIDTH / 2, y + BOX_HEIGHT * 2 / 3);
        let _ = writeln!(
            text,
            "<g><title>{}</title><rect x=\"{x}\" y=\"{y}\" width=\"{BOX_WIDTH}\" height=\"{BOX_HEIGHT}\" rx=\"4\" fill=\"#f4f4f4\" \
             stroke=\"#222\"/><text x=\"{middle}\" y=\"{base}\" text-anchor=\"middle\">{}</text></g>",
            escaped(name),
            escaped(&short(name)),
        );
    }
    text + "</svg>\n"
}

/// The curve of a line: out of a box to the right, straight through the columns between, into a box from the left.
fn path(layout: &Layout<'_>, way: &[usize]) -> String {
    let side = |place: usize, is_right: bool| {
        let (x, y) = layout.at[place];
        (x + if is_right { BOX_WIDTH } else { 0 }, y + BOX_HEIGHT / 2)
    };
    let bend = (COLUMN - BOX_WIDTH) / 2;
    let mut text = String::new();
    for (step, pair) in way.windows(2).enumerate() {
        let ((x, y), (to_x, to_y)) = (side(pair[0], true), side(pair[1], false));
        let start = if step == 0 { 'M' } else { 'L' };
        let _ = write!(
            text,
            "{start}{x},{y} C{},{y} {},{to_y} {to_x},{to_y}",
            x + bend,
            to_x.saturating_sub(bend)
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use snapbox::{assert_data_eq, str};

    fn line<'a>(from: &'a str, to: &'a str, dashed: bool) -> Line<'a> {
        Line {
            from,
            to,
            kind: if dashed { "seat" } else { "dependency" },
            dashed,
        }
    }

    #[test]
    fn a_small_graph_is_this_picture() {
        let lines = [
            line("node 0", "node 2", false),
            line("node 1", "node 2", false),
            line("node 0", "0x00000000000000000000000000000000000000aa", true),
            line("node 2", "<x>", true),
            line("node 1", "<x>", true),
        ];
        assert_data_eq!(
            draw("a & b", &lines),
            str![[r##"
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 670 146" width="670" height="146" font-family="monospace" font-size="11">
<title>a &amp; b</title>
<defs><marker id="end" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0,0 L8,4 L0,8 z"/></marker></defs>
<rect width="100%" height="100%" fill="white"/>
<path d="M170,53 C215,53 215,73 260,73" fill="none" stroke="#555" marker-end="url(#end)"><title>dependency: node 0 to node 2</title></path>
<path d="M170,93 C215,93 215,73 260,73" fill="none" stroke="#555" marker-end="url(#end)"><title>dependency: node 1 to node 2</title></path>
<path d="M170,53 C215,53 215,33 260,33" fill="none" stroke="#555" stroke-dasharray="5 3" marker-end="url(#end)"><title>seat: node 0 to 0x00000000000000000000000000000000000000aa</title></path>
<path d="M410,73 C455,73 455,73 500,73" fill="none" stroke="#555" stroke-dasharray="5 3" marker-end="url(#end)"><title>seat: node 2 to &lt;x&gt;</title></path>
<path d="M170,93 C215,93 215,113 260,113L410,113 C455,113 455,73 500,73" fill="none" stroke="#555" stroke-dasharray="5 3" marker-end="url(#end)"><title>seat: node 1 to &lt;x&gt;</title></path>
<g><title>0x00000000000000000000000000000000000000aa</title><rect x="260" y="20" width="150" height="26" rx="4" fill="#f4f4f4" stroke="#222"/><text x="335" y="37" text-anchor="middle">0x00000000…0000000aa</text></g>
<g><title>&lt;x&gt;</title><rect x="500" y="60" width="150" height="26" rx="4" fill="#f4f4f4" stroke="#222"/><text x="575" y="77" text-anchor="middle">&lt;x&gt;</text></g>
<g><title>node 0</title><rect x="20" y="40" width="150" height="26" rx="4" fill="#f4f4f4" stroke="#222"/><text x="95" y="57" text-anchor="middle">node 0</text></g>
<g><title>node 1</title><rect x="20" y="80" width="150" height="26" rx="4" fill="#f4f4f4" stroke="#222"/><text x="95" y="97" text-anchor="middle">node 1</text></g>
<g><title>node 2</title><rect x="260" y="60" width="150" height="26" rx="4" fill="#f4f4f4" stroke="#222"/><text x="335" y="77" text-anchor="middle">node 2</text></g>
</svg>

"##]]
        );
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        assert!(draw("", &[]).ends_with("fill=\"white\"/>\n</svg>\n"));
    }

    #[test]
    fn names_are_ordered_as_people_count() {
        assert_eq!(natural("node 9", "node 10"), Ordering::Less);
        assert_eq!(natural("node 9", "node 9"), Ordering::Equal);
        assert_eq!(natural("a", "b"), Ordering::Less);
        assert_eq!(
            short("0x00000000000000000000000000000000000000aa"),
            "0x00000000…0000000aa"
        );
    }

    #[test]
    fn a_box_stands_behind_all_that_point_at_it_and_a_circle_ends() {
        assert_eq!(depths(4, &[(0, 1), (1, 2), (0, 2), (2, 3)]), [0, 1, 2, 3]);
        let circle = depths(3, &[(0, 1), (1, 2), (2, 0)]);
        assert!(circle.iter().all(|depth| *depth < 3), "{circle:?}");
        let lines = [line("a", "b", false), line("b", "a", false)];
        assert_eq!(draw("", &lines).matches("<g>").count(), 2);
    }

    #[test]
    fn no_two_boxes_lie_on_each_other_and_lines_go_forth_one_column_at_a_time() {
        // Every divisor points at its multiples.
        let names: Vec<String> = (1..=24).map(|n| format!("node {n}")).collect();
        let mut lines = Vec::new();
        for one in 1..=24 {
            for other in (one * 2..=24).step_by(one) {
                lines.push(line(&names[one - 1], &names[other - 1], false));
            }
        }
        let layout = Layout::of(&lines);
        let mut places = layout.at.clone();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), layout.at.len());
        for pair in layout.ways.iter().flat_map(|way| way.windows(2)) {
            assert_eq!(layout.at[pair[1]].0 - layout.at[pair[0]].0, COLUMN);
        }
        let (width, height) = layout.size();
        assert!(
            layout
                .at
                .iter()
                .all(|(x, y)| x + BOX_WIDTH <= width && y + BOX_HEIGHT <= height)
        );
    }
}
