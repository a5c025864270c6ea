"""The formats of docs/protocol.md, read from their description alone.

Every reader takes exactly the one canonical form and raises Refused for anything else. Nothing
here is translated from the program: where the two disagree, one of them or the document is wrong.
"""

import struct

from primitives import H, Refused, seal_open, verify

ZERO16, ZERO24, ZERO32 = bytes(16), bytes(24), bytes(32)


class Reader:
    """Canonical bytes, from the front."""

    def __init__(self, data):
        self.data, self.at = bytes(data), 0

    def fixed(self, length):
        if length > len(self.data) - self.at:
            raise Refused("the bytes end too early")
        self.at += length
        return self.data[self.at - length : self.at]

    def u8(self):
        return self.fixed(1)[0]

    def u16(self):
        return struct.unpack(">H", self.fixed(2))[0]

    def u32(self):
        return struct.unpack(">I", self.fixed(4))[0]

    def u64(self):
        return struct.unpack(">Q", self.fixed(8))[0]

    def i64(self):
        return struct.unpack(">q", self.fixed(8))[0]

    def bytes(self, limit):
        length = self.u32()
        if length > limit:
            raise Refused("a field is longer than its limit")
        return self.fixed(length)

    def text(self, limit):
        try:
            return self.bytes(limit).decode("utf-8")
        except UnicodeDecodeError:
            raise Refused("text is not UTF-8") from None

    def flag(self):
        value = self.u8()
        if value > 1:
            raise Refused("a flag is neither 0 nor 1")
        return value == 1

    def option(self, read):
        return read() if self.flag() else None

    def list(self, limit, read):
        count = self.u32()
        if count > limit:
            raise Refused("a list is longer than its limit")
        return [read() for _ in range(count)]

    def rest(self):
        return self.fixed(len(self.data) - self.at)

    def finish(self):
        if self.at != len(self.data):
            raise Refused("bytes follow the end")


def ascending(items, key):
    keys = [key(item) for item in items]
    if any(a >= b for a, b in zip(keys, keys[1:])):
        raise Refused("a list does not ascend")
    return items


# --- envelopes ---------------------------------------------------------------------------------

HEADER_LENGTH = 226
MAX_ENVELOPE = 1 << 20
MAX_BODY = MAX_ENVELOPE - HEADER_LENGTH - 64 - 16
EPHEMERAL = 35


class Header:
    def __init__(self, data):
        r = Reader(data)
        self.raw = bytes(data)
        if r.fixed(4) != b"TACE" or r.u8() != 1 or r.u8() != 1:
            raise Refused("no envelope of this version and suite")
        self.kind, self.flags = r.u8(), r.u8()
        if not 1 <= self.kind <= 63:
            raise Refused("no kind has this number")
        self.practice, self.log, self.author = r.fixed(16), r.fixed(16), r.fixed(16)
        self.dev_inc, self.dev_seq, self.prev_own = r.u32(), r.u64(), r.fixed(32)
        self.practice_head = (r.u32(), r.fixed(32))
        self.slot, self.object, self.schema = r.u32(), r.fixed(16), r.u16()
        self.seen_pos, self.seen_chain = r.u64(), r.fixed(32)
        self.salt, self.length = r.fixed(24), r.u32()
        r.finish()
        self.check_shape()

    @property
    def sealed(self):
        return self.kind >= 16

    @property
    def entry(self):
        return self.kind < 32

    def check_shape(self):
        if self.kind < 16:
            sound = self.slot == 0 and self.salt == ZERO24 and self.dev_seq != 0
        elif self.kind < 32:
            sound = self.slot != 0 and self.dev_seq != 0
        else:
            sound = self.dev_seq == 0 and self.prev_own == ZERO32
        if self.dev_seq == 1 and self.prev_own != ZERO32:
            sound = False
        if self.seen_pos == 0 and self.seen_chain != ZERO32:
            sound = False
        if not sound:
            raise Refused("a field that the kind does not use is not zero")
        if self.length > MAX_BODY or (self.kind == EPHEMERAL and self.length > 1024):
            raise Refused("a body is longer than its limit")

    @property
    def body_length(self):
        return self.length + (16 if self.sealed else 0)

    def hash(self):
        return H("tac/env/header/v1", self.raw)


class Carried:
    """An envelope, or the stub that an erasure leaves of one."""

    def __init__(self, header, body, body_hash, signature):
        self.header, self.body, self.signature = header, body, signature
        self.body_hash = H("tac/env/body/v1", body) if body is not None else body_hash
        if len(signature) != 64:
            raise Refused("a signature has 64 bytes")

    @classmethod
    def whole(cls, data):
        if len(data) > MAX_ENVELOPE:
            raise Refused("an envelope is larger than its limit")
        r = Reader(data)
        header = Header(r.fixed(HEADER_LENGTH))
        envelope = cls(header, r.fixed(header.body_length), None, r.fixed(64))
        r.finish()
        return envelope

    @classmethod
    def full(cls, data):
        """One byte (0 whole, 1 stub), then the parts."""
        r = Reader(data)
        if not r.flag():
            return cls.whole(r.rest())
        stub = cls(Header(r.fixed(HEADER_LENGTH)), None, r.fixed(32), r.fixed(64))
        r.finish()
        return stub

    def hash(self):
        return H("tac/env/hash/v1", self.header.hash(), self.body_hash, self.signature)

    def check_signature(self, key):
        verify(key, "tac/env/v1", [self.header.hash(), self.body_hash], self.signature)

    def open(self, key):
        """Returns (format parts, body) of a sealed body."""
        if not self.header.sealed or self.body is None:
            raise Refused("nothing sealed is in it")
        header = self.header
        plain = seal_open(key, "tac/env/seal/v1", header.raw, header.salt, self.body)
        content = plaintext_frame(plain)
        if content["schema"] != header.schema:
            raise Refused("header and content name another schema")
        return content


def plaintext_frame(plain):
    r = Reader(plain)
    if r.u8() != 1:
        raise Refused("another format of content")
    content = {"compression": r.u8(), "dictionary": r.u16(), "schema": r.u16()}
    content["body"] = r.bytes(MAX_BODY)
    if any(r.rest()):
        raise Refused("the padding is not zero")
    return content


FLOORS = {16: 192, 17: 512, 18: 4096, 32: 4096, 33: 4096}


def padded_length(kind, length):
    """Padmé, above the floor of the kind, never beyond what an envelope holds."""
    length = max(length, FLOORS.get(kind, 64))
    exponent = length.bit_length() - 1
    kept = exponent.bit_length()
    mask = (1 << max(exponent - kept, 0)) - 1
    return min((length + mask) & ~mask, MAX_BODY)


def rules(r):
    found = r.list(64, lambda: (r.fixed(16), r.u8()))
    if not found or any(not 1 <= rights <= 15 for _, rights in found):
        raise Refused("an access list is empty or grants nothing")
    return ascending(found, lambda rule: rule[0])


def slot(r):
    generation, commit = r.u32(), r.fixed(32)
    epochs = ascending(r.list(64, lambda: (r.fixed(16), r.u32())), lambda pair: pair[0])
    if not epochs or generation == 0:
        raise Refused("a slot without a ring or a generation")
    return generation, commit, epochs


def entry_ref(r):
    return r.u64(), r.fixed(32)


def envelope_number(r):
    return r.fixed(16), r.u32(), r.u64()


def kept(body):
    """What is kept of other entries: the number of each, and its unfolded body."""
    r = Reader(body)
    found = r.list(1 << 16, lambda: (envelope_number(r), r.bytes(2 << 20)))
    r.finish()
    return found


def control_body(kind, body):
    """The body of a control entry; None for a kind of a newer version."""
    r = Reader(body)
    readers = {
        1: lambda: (rules(r), slot(r), r.fixed(24), r.bytes(512)),
        2: lambda: (rules(r), r.option(lambda: slot(r))),
        3: lambda: slot(r),
        4: lambda: (r.fixed(16), r.fixed(32)),
        5: lambda: (r.fixed(16), r.u32(), r.u64()),
        6: lambda: entry_ref(r),
        7: lambda: (
            ("record", r.u32(), envelope_number(r)) if r.flag() else ("compartment", r.u32())
        ),
        8: lambda: (entry_ref(r), r.option(lambda: r.u32())),
    }
    if kind not in readers:
        return None
    value = readers[kind]()
    r.finish()
    return value


class Run:
    """Restores the short forms of one author's envelopes in one log."""

    def __init__(self, practice, log, author):
        self.names = practice + log + author
        self.own = None  # (dev_inc, dev_seq, own) after the last envelope

    def _known(self, header):
        if self.own is None or header.dev_inc != self.own[0]:
            return None
        return self.own[2] if header.dev_seq == self.own[1] + 1 else None

    def restore(self, short):
        if len(short) > MAX_ENVELOPE:
            raise Refused("an envelope is larger than its limit")
        r = Reader(short)
        form = r.u8()
        if form > 3:
            raise Refused("an unknown form")
        start, number = r.fixed(4), r.fixed(12)
        if form & 1 and self.own is None:
            raise Refused("the run never said what is left out")
        prev_own = self.own[2] if form & 1 else r.fixed(32)
        header = Header(b"TACE" + start + self.names + number + prev_own + r.fixed(126))
        if (self._known(header) == header.prev_own) != bool(form & 1):
            raise Refused("what the run knows is left out, and nothing else")
        if form & 2:
            carried = Carried(header, None, r.fixed(32), r.fixed(64))
        else:
            carried = Carried(header, r.fixed(header.body_length), None, r.fixed(64))
        r.finish()
        self.own = (header.dev_inc, header.dev_seq, own_after(header.prev_own, carried.hash()))
        return carried


# --- order and receipts ------------------------------------------------------------------------


def chain_after(chain, log, position, envelope):
    return H("tac/log/chain/v1", chain, log, struct.pack(">Q", position), envelope)


def own_after(own, envelope):
    return H("tac/log/own/v1", own, envelope)


class Receipt:
    LENGTH = 245

    def __init__(self, data):
        r = Reader(data)
        self.raw = bytes(data)
        self.practice, self.server_epoch = r.fixed(16), r.u32()
        self.practice_head = (r.u32(), r.fixed(32))
        self.log, self.position, self.chain = r.fixed(16), r.u64(), r.fixed(32)
        self.device, self.own = r.fixed(16), (r.u32(), r.u64(), r.fixed(32))
        self.time, self.accepted, self.signature = r.i64(), r.flag(), r.fixed(64)
        r.finish()
        empty = (self.log, self.position, self.chain) == (ZERO16, 0, ZERO32)
        if (self.accepted and self.position == 0) or (not self.accepted and not empty):
            raise Refused("a receipt places what it refuses, or refuses what it places")

    def check_signature(self, key):
        verify(key, "tac/log/receipt/v1", [self.raw[:-64]], self.signature)


class ShortReceipt:
    """A receipt without what the envelope that it is about says already."""

    def __init__(self, r):
        form, self.server_epoch = r.u8(), r.u32()
        self.practice_head = None if form & 1 else (r.u32(), r.fixed(32))
        self.where = form >> 1
        if self.where > 2:
            raise Refused("a receipt of an unknown form")
        self.place = (r.u64(), r.fixed(32)) if self.where == 0 else None
        if self.place is not None and self.place[0] == 0:
            raise Refused("a receipt places nothing")
        self.time, self.signature = r.i64(), r.fixed(64)

    def restore(self, carried):
        header, envelope = carried.header, carried.hash()
        position = header.seen_pos + 1
        follows = position, chain_after(header.seen_chain, header.log, position, envelope)
        if self.place == follows or self.practice_head == header.practice_head:
            raise Refused("what the envelope says is left out")
        log, (position, chain) = header.log, self.place or follows
        if self.where == 2:
            log, position, chain = ZERO16, 0, ZERO32
        seq, head = self.practice_head or header.practice_head
        own = own_after(header.prev_own, envelope)
        return Receipt(
            header.practice
            + struct.pack(">II", self.server_epoch, seq)
            + head
            + log
            + struct.pack(">Q", position)
            + chain
            + header.author
            + struct.pack(">IQ", header.dev_inc, header.dev_seq)
            + own
            + struct.pack(">qB", self.time, self.where != 2)
            + self.signature
        )


def own_head(r):
    return r.u32(), r.u64(), r.fixed(32)


def checkpoint(data):
    r = Reader(data)
    value = {
        "counter": r.u64(),
        "time": r.i64(),
        "own": own_head(r),
        "practice_head": (r.u32(), r.fixed(32)),
        "server_epoch": r.u32(),
        "peers": r.list(1024, lambda: (r.fixed(16), r.u64())),
        "heads": r.list(16384, lambda: (r.fixed(16), r.u64(), r.fixed(32))),
        "since": r.u64(),
        "ring": r.fixed(16),
        "ring_count": r.u64(),
        "ring_digest": r.fixed(32),
    }
    r.finish()
    return value


# --- records -----------------------------------------------------------------------------------

RECORD_MAX = 6 << 20


def tags(data):
    r = Reader(data)
    found = r.list(1024, lambda: (r.u16(), r.bytes(RECORD_MAX)))
    r.finish()
    return ascending(found, lambda field: field[0])


class Record:
    def __init__(self, data):
        if len(data) > RECORD_MAX:
            raise Refused("a record is longer than its limit")
        r = Reader(data)
        if r.u8() != 1:
            raise Refused("a record of another version")
        self.header = r.bytes(RECORD_MAX)
        self.commitment, self.signature = r.fixed(32), r.fixed(64)
        self.body = r.option(lambda: (r.fixed(32), r.bytes(RECORD_MAX)))
        r.finish()
        self._read_header()
        if self.body is not None:
            salt, body = self.body
            self.tags = tags(body)
            if H("tac/record/body/v1", salt, body) != self.commitment:
                raise Refused("the body of a record is not the one that was signed")

    def _read_header(self):
        r = Reader(self.header)
        self.id, self.kind = r.fixed(16), r.u16()
        self.practice, self.log = r.fixed(16), r.fixed(16)
        self.member, self.device, self.dev_inc = r.fixed(16), r.fixed(16), r.u32()
        self.on_behalf_of = r.option(lambda: r.fixed(16))
        self.time, self.zone = r.i64(), r.text(64)
        self.labels = r.list(64, r.u16)
        self.relations = r.list(64, lambda: (r.u16(), r.fixed(16), r.fixed(32)))
        self.further = tags(r.rest())

    def check_signature(self, key):
        fields = [self.header, self.id, self.commitment, self.practice, self.log, self.device]
        verify(key, "tac/record/v1", fields, self.signature)

    def digest(self):
        return H("tac/record/digest/v1", self.header, self.commitment)


def compartment_name(data):
    """Returns (kind, subject); the subject of a known kind has its one length."""
    r = Reader(data)
    kind, subject = r.u16(), r.bytes(256)
    r.finish()
    lengths = {1: 0, 2: 19, 7: 32}
    if 1 <= kind <= 13 and len(subject) != lengths.get(kind, 16):
        raise Refused("the subject of a compartment is malformed")
    return kind, subject


# --- rows --------------------------------------------------------------------------------------

ROW_LABELS = {
    1: "tac/row/safe/v1",
    2: "tac/row/second-safe/v1",
    3: "tac/row/slot/v1",
    4: "tac/row/draft/v1",
    6: "tac/row/sheet/v1",
}


def row_name(data):
    r = Reader(data)
    name = r.u8(), r.fixed(16), r.u32(), r.fixed(16), r.u32()
    r.finish()
    bare = {4: name[4:], 6: (name[2], name[4])}
    if name[0] not in ROW_LABELS or any(bare.get(name[0], ())):
        raise Refused("no table has this row")
    return name
