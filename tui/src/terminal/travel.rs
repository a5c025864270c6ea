//! The cheapest way for the cursor from one place to another.

use super::family::Family;

/// A place on the screen, counted from 0.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Place {
    pub(super) column: u16,
    pub(super) row: u16,
}

/// Returns the bytes that bring the cursor from `from` (nothing if not known) to `to`.
///
/// `between` are the characters that stand between the two if writing them anew moves the
/// cursor over them without changing anything.
pub(super) fn travel(
    from: Option<Place>,
    to: Place,
    between: Option<&[u8]>,
    family: &Family,
) -> Vec<u8> {
    if from == Some(to) {
        return Vec::new();
    }
    let mut best = absolute(to);
    let Some(from) = from else { return best };
    let mut consider = |candidate: Vec<u8>| {
        if candidate.len() < best.len() {
            best = candidate;
        }
    };
    let down = vertical(from.row, to.row, family);
    for across in horizontal(from.column, to.column, family) {
        consider([down.as_slice(), &across].concat());
    }
    if let Some(between) = between {
        consider(between.to_vec());
    }
    best
}

fn absolute(to: Place) -> Vec<u8> {
    match (to.row, to.column) {
        (0, 0) => b"\x1b[H".to_vec(),
        (row, 0) => format!("\x1b[{}H", row + 1).into_bytes(),
        (0, column) => format!("\x1b[;{}H", column + 1).into_bytes(),
        (row, column) => format!("\x1b[{};{}H", row + 1, column + 1).into_bytes(),
    }
}

fn vertical(from: u16, to: u16, family: &Family) -> Vec<u8> {
    if from == to {
        return Vec::new();
    }
    if to > from {
        let count = to - from;
        // A line feed in raw mode only goes down; it scrolls only on the last row, which lies
        // below any row that we come from here.
        let feeds = vec![b'\n'; usize::from(count)];
        let step = counted(count, 'B');
        return if feeds.len() <= step.len() { feeds } else { step };
    }
    let step = counted(from - to, 'A');
    let place = counted(to + 1, 'd');
    if family.column_address && place.len() < step.len() { place } else { step }
}

fn horizontal(from: u16, to: u16, family: &Family) -> Vec<Vec<u8>> {
    if from == to {
        return vec![Vec::new()];
    }
    let mut ways = Vec::new();
    if to < from {
        ways.push(vec![b'\x08'; usize::from((from - to).min(8))]);
        if from - to > 8 {
            ways.clear();
        }
        ways.push(counted(from - to, 'D'));
    } else {
        ways.push(counted(to - from, 'C'));
    }
    if to == 0 {
        ways.push(b"\r".to_vec());
    } else {
        ways.push([b"\r".as_slice(), &counted(to, 'C')].concat());
    }
    if family.column_address {
        ways.push(counted(to + 1, 'G'));
    }
    ways
}

/// A control sequence with one number, which is left off where it is 1.
fn counted(count: u16, last: char) -> Vec<u8> {
    if count == 1 {
        format!("\x1b[{last}").into_bytes()
    } else {
        format!("\x1b[{count}{last}").into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn place(column: u16, row: u16) -> Place {
        Place { column, row }
    }

    fn way(from: Place, to: Place) -> String {
        String::from_utf8(travel(Some(from), to, None, &Family::of("xterm"))).unwrap()
    }

    #[test]
    fn the_shortest_way_is_taken() {
        assert_eq!(way(place(5, 5), place(5, 5)), "");
        assert_eq!(way(place(5, 5), place(0, 5)), "\r");
        assert_eq!(way(place(5, 5), place(4, 5)), "\x08");
        assert_eq!(way(place(40, 5), place(40, 6)), "\n");
        assert_eq!(way(place(40, 5), place(0, 6)), "\n\r");
        assert_eq!(way(place(0, 0), place(30, 20)), "\x1b[21;31H");
        assert_eq!(way(place(70, 20), place(0, 0)), "\x1b[H");
        assert_eq!(way(place(50, 3), place(51, 3)), "\x1b[C");
        assert_eq!(way(place(0, 12), place(0, 10)), "\x1b[2A");
    }

    #[test]
    fn from_an_unknown_place_only_the_absolute_way_is_sure() {
        let bytes = travel(None, place(3, 0), None, &Family::of("xterm"));
        assert_eq!(bytes, b"\x1b[;4H");
    }

    #[test]
    fn every_way_arrives() {
        for term in ["xterm", "vt100", "linux"] {
            let family = Family::of(term);
            for from in (0..24 * 80).step_by(37) {
                for to in (0..24 * 80).step_by(41) {
                    let (from, to) = (place(from % 80, from / 80), place(to % 80, to / 80));
                    let bytes = travel(Some(from), to, None, &family);
                    assert_eq!(follow(from, &bytes), to, "{from:?} {bytes:?}");
                }
            }
        }
    }

    /// A small terminal that only moves.
    fn follow(from: Place, bytes: &[u8]) -> Place {
        let (mut column, mut row) = (from.column, from.row);
        let text = std::str::from_utf8(bytes).unwrap();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            rest = &rest[1..];
            match first {
                '\n' => row += 1,
                '\r' => column = 0,
                '\x08' => column -= 1,
                _ => {
                    let end = rest.find(|c: char| c.is_ascii_alphabetic()).unwrap();
                    let (body, last) = (&rest[1..end], &rest[end..=end]);
                    let mut numbers = body.split(';').map(|n| n.parse::<u16>().unwrap_or(1));
                    let (one, two) = (numbers.next().unwrap(), numbers.next().unwrap_or(1));
                    match last {
                        "H" => (row, column) = (one - 1, two - 1),
                        "A" => row -= one,
                        "B" => row += one,
                        "C" => column += one,
                        "D" => column -= one,
                        "G" => column = one - 1,
                        "d" => row = one - 1,
                        other => unreachable!("{other}"),
                    }
                    rest = &rest[end + 1..];
                }
            }
        }
        place(column, row)
    }
}
