"""What a device keeps on its disk: segments of a journal, sealed frames, and what is in them."""

import hashlib
import struct
import zlib

from formats import (
    MAX_ENVELOPE,
    Carried,
    Reader,
    Receipt,
    ShortReceipt,
    compartment_name,
    own_head,
    row_name,
)
from primitives import H, Refused, commitment, derive, seal_open

COMMIT, MARK, FOOTER, MANIFEST = 0xF0, 0xF1, 0xF2, 0xF3
FIELD_MAX = 4 << 20
MESSAGE_MAX = (1 << 20) + 4096
ENTRIES = 1 << 24


class Segment:
    """One segment file: every byte of it is covered by a check, and all checks must hold."""

    def __init__(self, data, journal_class):
        self.data = data
        if len(data) < 64 or data[:8] != b"TACJRNL1":
            raise Refused("no segment of a journal")
        r = Reader(data[8:60])
        found_class, self.number, self.first_lsn = r.fixed(8), r.u64(), r.u64()
        self.first_group, self.form, reserved, self.id = r.u64(), r.u8(), r.fixed(3), r.fixed(16)
        if struct.unpack(">I", data[60:64])[0] != zlib.crc32(data[:60]):
            raise Refused("the header of a segment is damaged")
        if found_class != journal_class or self.form > 1 or any(reserved):
            raise Refused("a segment of another journal or version")
        self.frames, self.closed, self.marked = [], False, False
        self.retired = []
        self._scan()

    def _crc(self, data):
        return zlib.crc32(self.id + data)

    def _scan(self):
        at, group_from = 64, 64
        lsn, group, pending = self.first_lsn - 1, self.first_group - 1, []
        while at < len(self.data):
            if self.closed:
                raise Refused("something follows the footer")
            start, kind, found_lsn, found_group, payload, at = self._frame(at)
            if kind < COMMIT:
                self._check_order((found_lsn, found_group), (lsn, group), bool(pending))
                pending.append((found_lsn, kind, payload))
                lsn, group, self.marked = found_lsn, found_group, False
                continue
            if (found_lsn, found_group) != (lsn, group) and not self.form:
                raise Refused("a frame of the journal's own stands where it cannot stand")
            if kind == COMMIT:
                frames = self.data[group_from:start]
                if payload != struct.pack(">II", len(pending), self._crc(frames)):
                    raise Refused("a commit is not about its group")
                self.frames += pending
                pending = []
            elif pending:
                raise Refused("a group has no end")
            elif kind == MARK and not payload:
                self.marked = True
            elif kind == FOOTER:
                self._footer(payload, start, found_lsn)
            elif kind == MANIFEST and self.form and start == 64:
                self._manifest(payload)
            else:
                raise Refused("an unknown frame of the journal's own")
            group_from = at
        if pending:
            raise Refused("a group has no end")
        self.last_lsn = self.last_lsn if self.closed else lsn

    def _check_order(self, found, last, inside):
        (found_lsn, found_group), (lsn, group) = found, last
        if self.form:  # what the collector copied only rises
            sound = found_lsn > lsn and found_group >= group
        else:
            sound = found_lsn == lsn + 1 and found_group == group + (0 if inside else 1)
        if not sound:
            raise Refused("frames are not in order")

    def _frame(self, at):
        head = self.data[at : at + 25]
        if len(head) < 25 or struct.unpack(">I", head[21:])[0] != self._crc(head[:21]):
            raise Refused("the head of a frame is damaged")
        lsn, group, kind, length = struct.unpack(">QQBI", head[:21])
        end = at + 25 + length
        check = self.data[end : end + 4]
        if length > FIELD_MAX or len(check) < 4:
            raise Refused("a frame ends too early")
        if struct.unpack(">I", check)[0] != self._crc(self.data[at:end]):
            raise Refused("a frame is damaged")
        return at, kind, lsn, group, self.data[at + 25 : end], end + 4

    def _footer(self, payload, start, lsn):
        count, self.last_lsn, digest = struct.unpack(">QQ32s", payload)
        if digest != hashlib.sha256(self.data[:start]).digest():
            raise Refused("a footer is about other bytes")
        if count != len(self.frames) or self.last_lsn != lsn:
            raise Refused("a footer counts other frames")
        self.closed = True

    def _manifest(self, payload):
        r = Reader(payload)
        self.retired = r.list(1024, lambda: (r.u64(), r.fixed(16)))
        r.finish()


def in_order(segments):
    """Segments by LSN; what they answer for must join, and all but the last must be closed."""
    segments, expected = sorted(segments, key=lambda one: one.first_lsn), 1
    for segment in segments:
        if segment.first_lsn != expected or not (segment.closed or segment is segments[-1]):
            raise Refused("the segments of a journal do not join")
        expected = segment.last_lsn + 1
    return segments


def sealed_frames(segments, key, label, context_prefix):
    """Opens every frame of the user's, in the order of LSN."""
    opened = []
    for segment in segments:
        for lsn, kind, payload in segment.frames:
            if kind != 1 or len(payload) < 40:
                raise Refused("a frame of a device is always sealed")
            context = context_prefix + struct.pack(">Q", lsn)
            opened.append(seal_open(key, label, context, payload[:24], payload[24:]))
    return opened


def content_frames(segments, local):
    key = derive(local, b"", "tac/frame-key/v1")
    return [frame(plain) for plain in sealed_frames(segments, key, "tac/frame/v1", b"tac-devi")]


def row_frames(segments, local):
    key = derive(local, b"", "tac/row-frame-key/v1")
    return [row_change(plain) for plain in sealed_frames(segments, key, "tac/row-frame/v1", b"")]


def row_change(plain):
    r = Reader(plain)
    kind, name = r.u8(), r.fixed(41)
    row_name(name)
    if kind not in (1, 2):
        raise Refused("a row is put or deleted")
    change = (name, r.fixed(76) if kind == 1 else None)
    r.finish()
    return change


def content_kind(r):
    kind, first = r.u8(), r.fixed(16)
    if not 1 <= kind <= 6:
        raise Refused("an unknown kind of content")
    return (kind, first) + ((r.fixed(16),) if kind == 4 else ())


def content_context(compartment, kind):
    return compartment + bytes([kind[0]]) + b"".join(kind[1:])


def content_anew(r, sealed):
    fields = r.fixed(16), content_kind(r), r.u32(), sealed()
    r.u64(), r.u64()  # where lies what it stands in for
    return "content", fields


def frame(plain):
    """Returns (name of the frame, fields)."""
    r = Reader(plain)
    number = r.u8()

    def sealed():
        return r.fixed(24), r.bytes(FIELD_MAX)

    readers = {
        1: lambda: ("entry", r.bytes(FIELD_MAX)),
        2: lambda: ("wrap", wrap_frame(r.bytes(FIELD_MAX))),
        3: lambda: ("compartment", compartment(r)),
        4: lambda: ("content", (r.fixed(16), content_kind(r), r.u32(), sealed())),
        8: lambda: ("content", (r.fixed(16), content_kind(r), r.u32(), sealed())),
        29: lambda: content_anew(r, sealed),
        30: lambda: content_anew(r, sealed),
        5: lambda: ("keystrokes", (r.fixed(16), r.fixed(16), r.u32(), sealed())),
        6: lambda: ("segment", (r.fixed(16), r.u32(), sealed())),
        7: lambda: ("checkpoint", (r.u32(), r.u32(), r.bytes(FIELD_MAX))),
        9: lambda: ("cursor", r.u64()),
        10: lambda: (
            "entered",
            (r.fixed(16), fate(r), r.option(lambda: r.fixed(16)), Carried.full(envelope(r))),
        ),
        11: lambda: ("entered own", (r.fixed(16), r.u32(), r.u64())),
        12: lambda: ("entry receipt", (r.u32(), r.fixed(32), r.i64(), r.fixed(64))),
        13: lambda: (
            "judged",
            (
                r.fixed(16),
                r.u64(),
                fate(r),
                r.option(lambda: (r.fixed(16), r.u32(), r.u64(), r.fixed(16))),
            ),
        ),
        14: lambda: ("sent", (r.option(lambda: source(r)), Carried.whole(envelope(r)))),
        15: lambda: ("settled", (r.flag(), Receipt(r.fixed(Receipt.LENGTH)))),
        16: lambda: ("skipped", r.list(1 << 16, lambda: (r.u64(), r.u64()))),
        17: lambda: ("entered again", (r.fixed(16), own_number(r))),
        18: lambda: (
            "resumed",
            (
                own_head(r),
                r.list(
                    ENTRIES, lambda: (r.u64(), (r.u64(), r.u64()), r.option(lambda: source(r)))
                ),
            ),
        ),
        19: lambda: ("rewound", (r.fixed(16), r.u64(), r.list(ENTRIES, lambda: own_number(r)))),
        20: lambda: ("incarnated", r.u32()),
        21: lambda: ("aside", r.list(1 << 16, lambda: (r.u64(), r.u64()))),
        22: lambda: ("annulled", r.list(1 << 16, lambda: source(r))),
        23: lambda: (
            "noted",
            (r.fixed(16), r.fixed(16), r.u64(), r.fixed(32), r.u32(), own_head(r)),
        ),
        24: lambda: ("erased", (r.fixed(16), r.option(lambda: r.bytes(1 << 10)))),
        25: lambda: ("shelved", (r.fixed(16), r.u64(), r.bytes(MESSAGE_MAX))),
        26: lambda: ("unshelved", (r.fixed(16), r.u64())),
        27: lambda: ("packed", (r.fixed(16), r.u64(), r.u64())),
        28: lambda: (
            "rebased",
            (
                r.fixed(16),
                r.u32(),
                r.list(ENTRIES, lambda: r.fixed(16)),
                r.list(ENTRIES, lambda: (r.u64(), r.u64())),
                r.list(ENTRIES, lambda: (r.u64(), r.u64())),
            ),
        ),
    }
    value = readers.get(number, lambda: ("newer", r.rest()))()
    r.finish()
    return value


def fate(r):
    """1 opened, 2 waiting, 3 quarantined, 4 adopted, 5 destroyed."""
    value = r.u8()
    if not 1 <= value <= 5:
        raise Refused("an unknown fate")
    return value


def own_number(r):
    return r.fixed(16), r.u32(), r.u64()


def envelope(r):
    return r.bytes(MAX_ENVELOPE + 1)


def source(r):
    """Which content an envelope carries: compartment, what, segment and offset."""
    return r.fixed(16), content_kind(r), r.u64(), r.u64()


def compartment(r):
    value = {"id": r.fixed(16), "name": compartment_name(r.bytes(FIELD_MAX))}
    value.update(generation=r.u32(), commitment=r.fixed(32))
    value["rings"] = r.list(64, lambda: r.fixed(16))
    return value


def wrap_frame(data):
    r = Reader(data)
    value = {"action": r.u8(), "subject": r.fixed(16), "version": r.u32(), "to": r.fixed(21)}
    value["wrap"] = r.bytes(128 << 10)
    r.finish()
    return value


def keystrokes(plain):
    r = Reader(plain)
    splices = r.list(1 << 16, lambda: (r.u8(), r.u64(), r.u64(), r.text(1 << 20)))
    r.finish()
    if any(not 1 <= part <= 5 for part, *_ in splices):
        raise Refused("an unknown part of a note")
    return splices


def wrap_info(practice, wrap):
    """What a wrap is bound to, as HPKE's info."""
    label = b"tac/wrap/info/v1"
    head = struct.pack(">I", len(label)) + label + practice + bytes([wrap["action"]])
    return head + wrap["subject"] + struct.pack(">I", wrap["version"]) + wrap["to"]


def second_psk(second):
    """What a wrap of a psychotherapy ring needs besides its recipient's key, and its name."""
    return derive(second, b"", "tac/second-wrap/v1"), commitment(second)


def wrap_hash(wrap):
    return H("tac/wrap/hash/v1", wrap)


# --- the server's journal ----------------------------------------------------------------------


def received(r, read):
    """A receipt and the envelope that it is about."""
    short, carried = ShortReceipt(r), read(r.rest())
    return short.restore(carried), carried


def server_frame(kind, payload):
    """Returns (name, fields) of one frame of a server: nothing of it is sealed by the server."""
    r = Reader(payload)
    readers = {
        1: lambda: ("life", (r.fixed(16), r.u32(), r.i64())),
        2: lambda: ("practice", (r.u64(), (r.u32(), r.fixed(32), r.i64(), r.fixed(64)), r.rest())),
        3: lambda: ("envelope", (r.u64(), *received(r, Carried.full))),
        4: lambda: ("refused", (r.u8(), *received(r, Carried.whole))),
        5: lambda: ("row", (r.fixed(41), r.rest())),
        6: lambda: ("row gone", r.fixed(41)),
        7: lambda: (
            "object",
            (r.u64(), r.fixed(16), r.u8(), r.fixed(16), r.fixed(16), Carried.whole(r.rest())),
        ),
        8: lambda: ("evidence", Carried.whole(r.rest())),
        9: lambda: ("given", (r.fixed(16), r.list(4096, lambda: (r.fixed(16), r.u64())))),
    }
    if kind not in readers:
        raise Refused("an unknown frame of a server")
    value = readers[kind]()
    r.finish()
    return value
