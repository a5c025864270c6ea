//! Takes out of a picture what its camera wrote into it: where and when it was taken, with what,
//! words, and smaller pictures of before it was cut (ASVS 5.0, 14.2.8).
//!
//! Only what is known to be needed for the picture is kept. What does not read as the standard says
//! is left as it is, and that is said: half a picture helps nobody.

use super::media::Media;

/// What could be taken out of a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Stripped {
    /// The file without what was taken out; the same bytes if there was nothing in it.
    Without(Vec<u8>),
    /// Nothing is taken out of files of this type.
    NotOfThisType,
    /// The file is not what it begins as, or ends before its end.
    Broken,
}

/// Returns a file without what its camera or program wrote into it beside the picture.
///
/// A JPEG loses the turn that a camera only noted (Exif orientation): it may lie on its side.
pub fn strip(bytes: &[u8]) -> Stripped {
    let without = match Media::of_file(bytes) {
        Media::Jpeg => jpeg(bytes),
        Media::Png => png(bytes),
        _ => return Stripped::NotOfThisType,
    };
    without.map_or(Stripped::Broken, Stripped::Without)
}

const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;

/// ITU-T T.81, annex B. The application segments that stay: JFIF without its small picture,
/// colour profiles, and which colours the values mean (Adobe).
fn jpeg(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes.strip_prefix(b"\xff\xd8")?;
    out.extend(b"\xff\xd8");
    let (mut frame, mut scan) = (false, false);
    loop {
        let (marker, after) = marker(rest)?;
        rest = after;
        if marker == EOI {
            // What comes behind the end is no part of the picture.
            out.extend([0xff, EOI]);
            return (frame && scan).then_some(out);
        }
        let length = usize::from(u16::from_be_bytes(rest.first_chunk().copied()?));
        let (segment, after) = rest.split_at_checked(length)?;
        let payload = segment.get(2..)?;
        rest = after;
        if let Some(kept) = kept(marker, payload)? {
            out.extend([0xff, marker]);
            out.extend(u16::try_from(kept.len() + 2).ok()?.to_be_bytes());
            out.extend(kept);
        }
        frame |= is_frame(marker);
        if marker == SOS {
            scan = true;
            let ends = entropy(rest)?;
            let (coded, after) = rest.split_at_checked(ends)?;
            out.extend(coded);
            rest = after;
        }
    }
}

/// Reads a marker, in front of which bytes of 0xff may fill.
fn marker(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let mut rest = bytes.strip_prefix(b"\xff")?;
    while let Some(after) = rest.strip_prefix(b"\xff") {
        rest = after;
    }
    let (marker, rest) = rest.split_first()?;
    Some((*marker, rest))
}

const fn is_frame(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf)
}

/// Returns what stays of a segment: `Some(None)` if it goes, `None` if nobody knows what it is.
#[expect(clippy::option_option, reason = "goes and unknown are two answers")]
fn kept(marker: u8, payload: &[u8]) -> Option<Option<Vec<u8>>> {
    let begins = |with: &[u8]| payload.starts_with(with);
    match marker {
        0xe0 if begins(b"JFIF\0") => {
            // Twelve bytes, then how large the small picture is: of no size.
            let (head, _size) = payload.get(..14)?.split_at(12);
            Some(Some([head, &[0, 0]].concat()))
        }
        0xe2 if begins(b"ICC_PROFILE\0") => Some(Some(payload.to_vec())),
        0xee if begins(b"Adobe") => Some(Some(payload.get(..12)?.to_vec())),
        0xe0..=0xef | 0xfe => Some(None),
        // Tables, frames, scans, restart intervals.
        0xc4 | 0xcc | SOS..=0xdd => Some(Some(payload.to_vec())),
        marker if is_frame(marker) => Some(Some(payload.to_vec())),
        _ => None,
    }
}

/// Returns how many bytes of coded picture come before the next marker.
fn entropy(bytes: &[u8]) -> Option<usize> {
    let mut pairs = bytes.windows(2);
    pairs.position(|pair| matches!(pair, [0xff, next] if !matches!(next, 0 | 0xff | 0xd0..=0xd7)))
}

/// The chunks that a picture needs (PNG, third edition, 5.6); all others go, also those that
/// nobody knows and that say of themselves that they can.
const PNG_KEPT: [&[u8; 4]; 17] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB",
    b"cICP", b"bKGD", b"hIST", b"pHYs", b"acTL", b"fcTL", b"fdAT",
];

fn png(bytes: &[u8]) -> Option<Vec<u8>> {
    let signature = b"\x89PNG\r\n\x1a\n";
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes.strip_prefix(signature)?;
    out.extend(signature);
    let (mut first, mut picture) = (true, false);
    loop {
        let length = usize::try_from(u32::from_be_bytes(rest.first_chunk().copied()?)).ok()?;
        // Length, type, data, checksum.
        let (chunk, after) = rest.split_at_checked(length.checked_add(12)?)?;
        let kind: [u8; 4] = chunk.get(4..8)?.try_into().ok()?;
        let begins = kind == *b"IHDR";
        if begins != first || (begins && length != 13) || !kind.iter().all(u8::is_ascii_alphabetic)
        {
            return None;
        }
        let is_kept = PNG_KEPT.iter().any(|one| **one == kind);
        if is_kept {
            out.extend(chunk);
        } else if kind.first().is_some_and(u8::is_ascii_uppercase) {
            // One that the picture cannot do without, and that nobody knows.
            return None;
        }
        picture |= kind == *b"IDAT";
        (first, rest) = (false, after);
        if kind == *b"IEND" {
            return (picture && length == 0).then_some(out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn segment(marker: u8, payload: &[u8]) -> Vec<u8> {
        let length = u16::try_from(payload.len() + 2).unwrap().to_be_bytes();
        [&[0xff, marker], &length[..], payload].concat()
    }

    /// A JPEG with everything that a telephone writes into it.
    fn photo() -> Vec<u8> {
        let jfif = b"JFIF\0\x01\x02\0\0\x01\0\x01\x01\x01RGB";
        let mut bytes = b"\xff\xd8".to_vec();
        bytes.extend(segment(0xe0, jfif));
        bytes.extend(segment(0xe0, b"JFXX\0\x10small picture"));
        bytes.extend(segment(0xe1, b"Exif\0\0MM\0*GPS 48.2 N"));
        bytes.extend(segment(0xe1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>"));
        bytes.extend(segment(0xe2, b"ICC_PROFILE\0\x01\x01colours"));
        bytes.extend(segment(0xe2, b"MPF\0second picture"));
        bytes.extend(segment(0xed, b"Photoshop 3.0\0caption"));
        bytes.extend(segment(0xee, b"Adobe\0\x64\0\0\0\0\x01hidden"));
        bytes.extend(segment(0xfe, b"taken at home"));
        bytes.extend(segment(0xdb, &[1; 65]));
        bytes.extend(segment(0xc2, &[8, 0, 1, 0, 1, 1, 1, 0x11, 0]));
        bytes.extend(segment(0xc4, &[0; 19]));
        bytes.extend(segment(0xda, &[1, 1, 0, 0, 63, 0]));
        bytes.extend(b"\x12\xff\x00\x34\xff\xd0\x56");
        bytes.extend(segment(0xfe, b"between two scans"));
        bytes.extend(segment(0xda, &[1, 1, 0, 0, 63, 0]));
        bytes.extend(b"\x78\xff\xff\xd9");
        bytes.extend(b"a film behind the picture");
        bytes
    }

    fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
        let length = u32::try_from(data.len()).unwrap().to_be_bytes();
        [&length[..], kind, data, &[0, 1, 2, 3]].concat()
    }

    fn drawing() -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
        for (kind, data) in [
            (b"IHDR", &[1; 13][..]),
            (b"gAMA", &[0; 4]),
            (b"tEXt", b"Author\0Ada"),
            (b"eXIf", b"MM\0*GPS"),
            (b"iTXt", b"XML:com.adobe.xmp\0"),
            (b"tIME", &[7; 7]),
            (b"caNv", b"a program's own"),
            (b"IDAT", b"picture"),
            (b"zTXt", b"Comment\0\0x"),
            (b"IEND", b""),
        ] {
            bytes.extend(chunk(kind, data));
        }
        bytes.extend(b"behind the end");
        bytes
    }

    fn holds(bytes: &[u8], words: &[u8]) -> bool {
        bytes.windows(words.len()).any(|window| window == words)
    }

    fn without(bytes: &[u8]) -> Vec<u8> {
        match strip(bytes) {
            Stripped::Without(without) => without,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_photo_loses_where_it_was_taken_and_keeps_picture_and_colours() {
        let photo = photo();
        let without = without(&photo);
        let gone: [&[u8]; 10] = [
            b"GPS", b"xmpmeta", b"MPF", b"caption", b"hidden", b"home", b"JFXX", b"RGB", b"film",
            b"between",
        ];
        for words in gone {
            assert!(holds(&photo, words) && !holds(&without, words), "{words:?}");
        }
        let stays: [&[u8]; 5] = [
            b"JFIF",
            b"ICC_PROFILE",
            b"Adobe",
            b"\x12\xff\x00\x34\xff\xd0\x56",
            b"\x78\xff\xff\xd9",
        ];
        for words in stays {
            assert!(holds(&without, words), "{words:?}");
        }
        assert_eq!(strip(&without), Stripped::Without(without.clone()), "twice is once");
        assert!(without.ends_with(b"\xff\xd9"));
    }

    #[test]
    fn a_png_keeps_what_the_picture_needs_and_nothing_else() {
        let without = without(&drawing());
        for words in [&b"Ada"[..], b"GPS", b"xmp", b"tIME", b"caNv", b"Comment", b"behind"] {
            assert!(!holds(&without, words), "{words:?}");
        }
        for words in [&b"IHDR"[..], b"gAMA", b"picture", b"IEND"] {
            assert!(holds(&without, words), "{words:?}");
        }
        assert_eq!(strip(&without), Stripped::Without(without.clone()));
    }

    #[test]
    fn a_picture_that_ends_before_its_end_is_broken_wherever_it_ends() {
        for whole in [photo(), drawing()] {
            let end = whole.len() - if whole.starts_with(b"\xff") { 25 } else { 14 };
            for cut in 8..end {
                assert_eq!(strip(&whole[..cut]), Stripped::Broken, "{cut} of {end}");
            }
            assert!(matches!(strip(&whole[..end]), Stripped::Without(_)));
        }
    }

    #[test]
    fn what_is_not_as_the_standard_says_is_left_as_it_is() {
        let png = |chunks: &[Vec<u8>]| [b"\x89PNG\r\n\x1a\n".to_vec(), chunks.concat()].concat();
        let (head, data, end) =
            (chunk(b"IHDR", &[0; 13]), chunk(b"IDAT", b"x"), chunk(b"IEND", b""));
        let broken = [
            png(&[data.clone(), end.clone()]),
            png(&[head.clone(), head.clone(), data.clone(), end.clone()]),
            png(&[head.clone(), end.clone()]),
            png(&[head.clone(), chunk(b"NEED", b"?"), data.clone(), end.clone()]),
            png(&[head.clone(), data.clone(), chunk(b"IEND", b"words")]),
            [&png(&[head])[..], &[0xff; 4], b"IDAT"].concat(),
            b"\xff\xd8\xff\xd9".to_vec(),
            [&b"\xff\xd8"[..], &segment(0xf7, b"?"), b"\xff\xd9"].concat(),
            b"\xff\xd8\xff\xe1\0\x01".to_vec(),
            b"\xff\xd8\xff\xe1\0\0".to_vec(),
        ];
        for bytes in broken {
            assert_eq!(strip(&bytes), Stripped::Broken, "{bytes:?}");
        }
        assert_eq!(strip(b"%PDF-1.7"), Stripped::NotOfThisType);
        assert_eq!(strip(b""), Stripped::NotOfThisType);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_or_grow(
            begins in prop::sample::select(vec![photo(), drawing()]),
            at in any::<prop::sample::Index>(),
            noise in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let mut bytes = begins;
            let at = at.index(bytes.len());
            let end = bytes.len().min(at + noise.len() / 2);
            bytes.splice(at..end, noise);
            if let Stripped::Without(without) = strip(&bytes) {
                prop_assert!(without.len() <= bytes.len());
                prop_assert_eq!(strip(&without), Stripped::Without(without.clone()));
            }
        }
    }
}
