//! Of which type a file is, by how it begins. What a file is called, and what somebody says of it,
//! counts for nothing.

use crate::practice::record::registry;

registry! {
    /// The type of a file. It only says what is shown, never what is done with the bytes.
    Media {
        /// Text in UTF-8.
        Text = 1,
        /// PDF.
        Pdf = 2,
        /// A picture in PNG.
        Png = 3,
        /// A picture in JPEG.
        Jpeg = 4,
        /// A picture in GIF.
        Gif = 5,
        /// A picture in WebP.
        Webp = 6,
        /// A picture in TIFF.
        Tiff = 7,
        /// A picture in HEIF, as telephones write it.
        Heif = 8,
        /// A document in RTF.
        Rtf = 9,
        /// A ZIP archive; documents of office programs (DOCX, ODT) are ones.
        Zip = 10,
        /// A document of an older office program (DOC, XLS).
        Ole = 11,
        /// Anything else.
        Other = 12,
    }
}

/// Up to here a text is looked at as a text. Bytes.
pub(super) const TEXT_BYTES_MAX: usize = 1 << 20;

impl Media {
    /// Returns the type of a file by its first bytes (WHATWG MIME Sniffing, section 6).
    pub fn of_file(bytes: &[u8]) -> Self {
        let begins = |with: &[u8]| bytes.starts_with(with);
        let at =
            |from: usize, with: &[u8]| bytes.get(from..).is_some_and(|rest| rest.starts_with(with));
        let heif: [&[u8]; 8] =
            [b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif"];
        match bytes {
            _ if begins(b"%PDF-") => Self::Pdf,
            _ if begins(b"\x89PNG\r\n\x1a\n") => Self::Png,
            _ if begins(b"\xff\xd8\xff") => Self::Jpeg,
            _ if begins(b"GIF87a") || begins(b"GIF89a") => Self::Gif,
            _ if begins(b"RIFF") && at(8, b"WEBP") => Self::Webp,
            _ if begins(b"II*\0") || begins(b"MM\0*") => Self::Tiff,
            _ if at(4, b"ftyp") && heif.iter().any(|brand| at(8, brand)) => Self::Heif,
            _ if begins(b"{\\rtf") => Self::Rtf,
            _ if begins(b"PK\x03\x04") => Self::Zip,
            _ if begins(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") => Self::Ole,
            _ if text(bytes).is_some() => Self::Text,
            _ => Self::Other,
        }
    }

    /// Whether it is a picture: a camera may have written into it where and when it was taken.
    pub const fn is_picture(self) -> bool {
        matches!(self, Self::Png | Self::Jpeg | Self::Gif | Self::Webp | Self::Tiff | Self::Heif)
    }

    /// Returns the word that stands for it in files and on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Pdf => "pdf",
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::Gif => "gif",
            Self::Webp => "webp",
            Self::Tiff => "tiff",
            Self::Heif => "heif",
            Self::Rtf => "rtf",
            Self::Zip => "zip",
            Self::Ole => "ole",
            Self::Other | Self::Unknown(_) => "other",
        }
    }

    /// Returns what people call it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Pdf => "PDF",
            Self::Png => "PNG picture",
            Self::Jpeg => "JPEG picture",
            Self::Gif => "GIF picture",
            Self::Webp => "WebP picture",
            Self::Tiff => "TIFF picture",
            Self::Heif => "HEIF picture",
            Self::Rtf => "RTF document",
            Self::Zip => "ZIP or office file",
            Self::Ole => "office file",
            Self::Other | Self::Unknown(_) => "file",
        }
    }
}

/// Returns a file as text: UTF-8 without a zero. What a terminal would obey may stand in it: whoever
/// shows it makes it harmless. Its first
/// [`TEXT_BYTES_MAX`] decide, so that a long file is not gone through for its type.
fn text(bytes: &[u8]) -> Option<&str> {
    let first = bytes.get(..TEXT_BYTES_MAX).unwrap_or(bytes);
    let text = match std::str::from_utf8(first) {
        Ok(text) => text,
        // A letter may be cut where the looking ends, and nowhere else.
        Err(error) if error.error_len().is_none() && first.len() < bytes.len() => {
            std::str::from_utf8(first.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    (!text.is_empty() && !text.contains('\0')).then_some(text)
}

/// Returns the whole text of a file, if it is one that is shown; without a byte order mark.
pub(super) fn whole_text(bytes: &[u8]) -> Option<&str> {
    let text = text(bytes).filter(|_| bytes.len() <= TEXT_BYTES_MAX)?;
    Some(text.strip_prefix('\u{feff}').unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_telephone_writes_is_a_picture_whatever_brand_it_says() {
        for brand in ["heic", "heix", "hevc", "heim", "heis", "mif1", "msf1", "avif"] {
            let file = format!("\0\0\0\x18ftyp{brand}\0\0");
            assert_eq!(Media::of_file(file.as_bytes()), Media::Heif, "{brand}");
        }
        assert!(Media::Heif.is_picture() && !Media::Pdf.is_picture());
    }

    #[test]
    fn a_file_is_what_it_begins_as_whatever_it_is_called() {
        let heif = b"\0\0\0\x18ftypheic\0\0";
        let known: [(&[u8], Media); 12] = [
            (b"%PDF-1.7\n", Media::Pdf),
            (b"\x89PNG\r\n\x1a\n\0\0", Media::Png),
            (b"\xff\xd8\xff\xe0", Media::Jpeg),
            (b"GIF89a..", Media::Gif),
            (b"RIFF\x01\0\0\0WEBPVP8 ", Media::Webp),
            (b"MM\0*\0", Media::Tiff),
            (heif, Media::Heif),
            (b"{\\rtf1", Media::Rtf),
            (b"PK\x03\x04\x14", Media::Zip),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Media::Ole),
            ("Grüße,\n\tAnna".as_bytes(), Media::Text),
            (b"MZ\x90\0", Media::Other),
        ];
        for (bytes, media) in known {
            assert_eq!(Media::of_file(bytes), media, "{bytes:?}");
            assert_eq!(Media::of(media.number()), media);
        }
    }

    #[test]
    fn what_begins_as_something_and_ends_there_is_looked_at_without_a_panic() {
        for bytes in [&b""[..], b"\xff", b"\xff\xd8", b"\0\0\0\x18ftyp", b"\xc3", b"a\0b"] {
            assert!(matches!(Media::of_file(bytes), Media::Other), "{bytes:?}");
        }
        // Whoever shows it makes it harmless.
        assert_eq!(Media::of_file(b"\x1b[2Jhidden"), Media::Text);
    }

    #[test]
    fn a_long_text_is_a_text_also_where_a_letter_lies_across_the_end_of_looking() {
        let mut bytes = vec![b'a'; TEXT_BYTES_MAX - 1];
        bytes.extend("ü and more".bytes());
        assert_eq!(Media::of_file(&bytes), Media::Text);
        assert_eq!(whole_text(&bytes), None, "too long to be shown");
        assert_eq!(whole_text("\u{feff}short".as_bytes()), Some("short"));
        let mut cut = vec![b'a'; 8];
        cut.push(0xc3);
        assert_eq!(Media::of_file(&cut), Media::Other, "cut where the file ends");
    }
}
