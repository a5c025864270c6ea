//! Canonical bytes: big-endian, fixed width, every length bounded before it is believed.
//!
//! Everything that is signed, hashed or stored by the protocol goes through here. There is one
//! way to write a value, and reading takes no other.

use thiserror::Error;

/// Why bytes are not the value that they should be.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum CodecError {
    /// A field is longer than its limit allows.
    #[error("a field is longer than its limit")]
    TooLong,
    /// Something follows where nothing may.
    #[error("bytes follow the end of the value")]
    Trailing,
    /// The bytes end inside a field.
    #[error("the bytes end too early")]
    Truncated,
    /// A field holds a value that this version does not know, or that is written in another way
    /// than the canonical one.
    #[error("a field holds an unknown value")]
    Unknown,
}

/// Writes canonical bytes.
#[derive(Clone, Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// Starts with nothing written.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts with room for `capacity` bytes. Within it nothing is ever moved, so a secret that is
    /// written leaves no copy behind.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { bytes: Vec::with_capacity(capacity) }
    }

    /// Writes one byte.
    pub fn u8(&mut self, value: u8) -> &mut Self {
        self.fixed(&[value])
    }

    /// Writes two bytes.
    pub fn u16(&mut self, value: u16) -> &mut Self {
        self.fixed(&value.to_be_bytes())
    }

    /// Writes four bytes.
    pub fn u32(&mut self, value: u32) -> &mut Self {
        self.fixed(&value.to_be_bytes())
    }

    /// Writes eight bytes.
    pub fn u64(&mut self, value: u64) -> &mut Self {
        self.fixed(&value.to_be_bytes())
    }

    /// Writes eight bytes, two's complement.
    pub fn i64(&mut self, value: i64) -> &mut Self {
        self.fixed(&value.to_be_bytes())
    }

    /// Writes bytes whose number both sides know.
    pub fn fixed(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// Writes a length of four bytes, then the bytes. Lengths beyond `u32` are cut by no caller:
    /// every field has a limit far below.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.u32(length).fixed(bytes)
    }

    /// Writes text as UTF-8 with its length in bytes.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    /// Writes 0, or 1 and the value.
    pub fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) -> &mut Self {
        match value {
            None => self.u8(0),
            Some(value) => {
                self.u8(1);
                write(self, value);
                self
            }
        }
    }

    /// Writes a count of four bytes, then each item.
    pub fn list<T>(&mut self, items: &[T], mut write: impl FnMut(&mut Self, &T)) -> &mut Self {
        self.u32(u32::try_from(items.len()).unwrap_or(u32::MAX));
        for item in items {
            write(self, item);
        }
        self
    }

    /// Returns how many bytes have been written.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Returns whether nothing has been written.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Returns what has been written so far.
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the bytes.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// Reads canonical bytes from the front.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads from the start of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Reads `N` bytes.
    pub fn fixed<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        let (head, rest) = self.rest.split_first_chunk::<N>().ok_or(CodecError::Truncated)?;
        self.rest = rest;
        Ok(*head)
    }

    /// Reads one byte.
    pub fn u8(&mut self) -> Result<u8, CodecError> {
        self.fixed::<1>().map(|[byte]| byte)
    }

    /// Reads two bytes.
    pub fn u16(&mut self) -> Result<u16, CodecError> {
        self.fixed().map(u16::from_be_bytes)
    }

    /// Reads four bytes.
    pub fn u32(&mut self) -> Result<u32, CodecError> {
        self.fixed().map(u32::from_be_bytes)
    }

    /// Reads eight bytes.
    pub fn u64(&mut self) -> Result<u64, CodecError> {
        self.fixed().map(u64::from_be_bytes)
    }

    /// Reads eight bytes, two's complement.
    pub fn i64(&mut self) -> Result<i64, CodecError> {
        self.fixed().map(i64::from_be_bytes)
    }

    /// Reads the next `length` bytes, whose number is known.
    pub fn slice(&mut self, length: usize) -> Result<&'a [u8], CodecError> {
        let (head, rest) = self.rest.split_at_checked(length).ok_or(CodecError::Truncated)?;
        self.rest = rest;
        Ok(head)
    }

    /// Reads a length and that many bytes, at most `limit`.
    pub fn bytes(&mut self, limit: usize) -> Result<&'a [u8], CodecError> {
        let length = usize::try_from(self.u32()?).map_err(|_| CodecError::TooLong)?;
        if length > limit {
            return Err(CodecError::TooLong);
        }
        self.slice(length)
    }

    /// Reads UTF-8 text of at most `limit` bytes.
    pub fn text(&mut self, limit: usize) -> Result<&'a str, CodecError> {
        std::str::from_utf8(self.bytes(limit)?).map_err(|_| CodecError::Unknown)
    }

    /// Reads what [`Writer::option`] wrote.
    pub fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, CodecError>,
    ) -> Result<Option<T>, CodecError> {
        match self.u8()? {
            0 => Ok(None),
            1 => read(self).map(Some),
            _ => Err(CodecError::Unknown),
        }
    }

    /// Reads what [`Writer::list`] wrote, at most `limit` items. Memory grows with the bytes that
    /// are there, never with the count that they claim.
    pub fn list<T>(
        &mut self,
        limit: usize,
        mut read: impl FnMut(&mut Self) -> Result<T, CodecError>,
    ) -> Result<Vec<T>, CodecError> {
        let count = usize::try_from(self.u32()?).map_err(|_| CodecError::TooLong)?;
        if count > limit {
            return Err(CodecError::TooLong);
        }
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(read(self)?);
        }
        Ok(items)
    }

    /// Returns how many bytes are left.
    pub fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// Returns everything that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    /// Accepts the end, and nothing else.
    pub fn finish(self) -> Result<(), CodecError> {
        if self.rest.is_empty() { Ok(()) } else { Err(CodecError::Trailing) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_field_reads_back() {
        let mut writer = Writer::new();
        writer.u8(1).u16(2).u32(3).u64(4).i64(-5).bytes(b"six").text("sieben");
        writer.option(Some(8_u8), |w, v| {
            w.u8(v);
        });
        writer.list(&[9_u16, 10], |w, v| {
            w.u16(*v);
        });
        let bytes = writer.into_bytes();

        let mut reader = Reader::new(&bytes);
        assert_eq!(reader.u8(), Ok(1));
        assert_eq!(reader.u16(), Ok(2));
        assert_eq!(reader.u32(), Ok(3));
        assert_eq!(reader.u64(), Ok(4));
        assert_eq!(reader.i64(), Ok(-5));
        assert_eq!(reader.bytes(3), Ok(b"six".as_slice()));
        assert_eq!(reader.text(6), Ok("sieben"));
        assert_eq!(reader.option(Reader::u8), Ok(Some(8)));
        assert_eq!(reader.list(2, Reader::u16), Ok(vec![9, 10]));
        assert_eq!(reader.finish(), Ok(()));
    }

    #[test]
    fn a_length_that_lies_is_refused_before_memory_is_taken() {
        let bytes = [0xff, 0xff, 0xff, 0xff, 1];
        assert_eq!(Reader::new(&bytes).bytes(usize::MAX), Err(CodecError::Truncated));
        assert_eq!(Reader::new(&bytes).bytes(10), Err(CodecError::TooLong));
        assert_eq!(Reader::new(&bytes).list(usize::MAX, Reader::u64), Err(CodecError::Truncated));
    }

    #[test]
    fn what_follows_the_end_is_refused() {
        let mut reader = Reader::new(&[1, 2]);
        assert_eq!(reader.u8(), Ok(1));
        assert_eq!(reader.finish(), Err(CodecError::Trailing));
    }
}
