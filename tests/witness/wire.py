"""The messages of the link: a closed list, each with one form."""

from formats import MAX_ENVELOPE, Carried, Reader, Receipt, Run, ShortReceipt, own_head
from practice_log import MAX_ACTION
from primitives import Refused

MAX_MESSAGE = (1 << 20) + 4096
ITEMS = 1024
MAX_ENTRY = MAX_ACTION + 512
MAX_ROW = 68 * 1024
REFUSALS = 27
PLACES = 4096


def practice_head(r):
    return r.u32(), r.fixed(32)


def log_head(r):
    return r.u64(), r.fixed(32)


def practice_receipt(r):
    return r.u32(), r.fixed(32), r.i64(), r.fixed(64)


def receipt(r):
    return Receipt(r.fixed(Receipt.LENGTH))


def code(r):
    value = r.u8()
    if not 1 <= value <= REFUSALS:
        raise Refused("no refusal has this number")
    return value


def row(r):
    return r.fixed(41), r.bytes(MAX_ROW)


def run(r):
    log, author = r.fixed(16), r.fixed(16)
    found = r.list(ITEMS, lambda: r.bytes(MAX_ENVELOPE))
    if not found:
        raise Refused("an empty run is not written")
    return log, author, found


def outcome(r):
    kind = r.u8()
    if kind == 0:
        return ShortReceipt(r)
    if kind == 1:
        return code(r), ShortReceipt(r)
    if kind == 2:
        return code(r), own_head(r)
    raise Refused("an unknown outcome")


def envelope(r):
    return Carried.whole(r.bytes(MAX_ENVELOPE))


def entries(r):
    return r.fixed(16), r.u64(), r.list(ITEMS, lambda: run(r)), log_head(r), r.u64()


def delivered(r):
    return r.bytes(MAX_ENTRY), practice_receipt(r)


MESSAGES = {
    1: lambda r: (r.fixed(16), r.fixed(16), r.u8(), r.u8()),
    2: lambda r: (
        (r.u8(), r.u32(), r.u64(), practice_head(r), own_head(r)),
        (r.u32(), r.u64(), r.flag(), r.flag(), r.i64()),
    ),
    3: lambda r: (r.bytes(64), r.list(ITEMS, lambda: r.bytes(MAX_ENTRY))),
    4: lambda r: (),
    5: lambda r: (code(r), r.option(lambda: practice_head(r))),
    6: lambda r: (r.fixed(32), r.i64(), r.fixed(64)),
    10: lambda r: (r.list(ITEMS, lambda: run(r)), r.list(ITEMS, lambda: row(r))),
    11: lambda r: r.list(ITEMS, lambda: outcome(r)),
    12: lambda r: (r.bytes(MAX_ENTRY), r.list(ITEMS, lambda: row(r))),
    13: practice_receipt,
    14: lambda r: r.u32(),
    15: lambda r: (r.list(ITEMS, lambda: delivered(r)), r.flag()),
    16: lambda r: r.list(ITEMS, lambda: r.fixed(16)),
    17: lambda r: r.list(ITEMS, lambda: (receipt(r), r.option(lambda: r.bytes(323)))),
    18: lambda r: r.u64(),
    19: lambda r: (r.u64(), r.list(ITEMS, lambda: (r.fixed(16), log_head(r))), r.flag()),
    20: lambda r: r.list(ITEMS, lambda: (r.fixed(16), r.u64())),
    39: lambda r: r.list(ITEMS, lambda: (r.fixed(16), r.u64())),
    43: lambda r: (r.fixed(16), r.u64(), log_head(r), r.bytes(MAX_ENVELOPE)),
    21: lambda r: entries(r),
    22: lambda r: (r.fixed(16), r.list(ITEMS, r.u64)),
    23: lambda r: (r.fixed(16), r.list(ITEMS, lambda: (r.u64(), r.bytes(MAX_ENVELOPE + 1)))),
    24: lambda r: (r.fixed(16), own_head(r), r.u64()),
    25: lambda r: r.list(16384, lambda: r.fixed(32)),
    26: lambda r: r.list(ITEMS, lambda: row(r)),
    27: lambda r: r.list(ITEMS, lambda: r.fixed(41)),
    28: lambda r: r.list(ITEMS, lambda: r.option(lambda: r.bytes(MAX_ROW))),
    29: envelope,
    30: lambda r: r.list(ITEMS, lambda: r.fixed(16)),
    31: lambda r: r.list(ITEMS, lambda: envelope(r)),
    32: lambda r: r.list(ITEMS, lambda: entries(r)),
    33: lambda r: r.list(ITEMS, lambda: (r.fixed(16), log_head(r))),
    34: lambda r: r.list(ITEMS, lambda: delivered(r)),
    35: lambda r: r.list(ITEMS, lambda: envelope(r)),
    36: lambda r: r.list(PLACES, lambda: (r.fixed(16), r.u64())),
    37: lambda r: (
        r.u32(),
        r.list(PLACES, lambda: (r.fixed(16), r.u64(), r.u64())),
        r.list(ITEMS, lambda: r.fixed(16)),
    ),
    38: lambda r: (r.list(ITEMS, lambda: run(r)), r.list(ITEMS, lambda: row(r))),
    50: lambda r: (r.u64(), r.u8(), r.bytes(4096)),
    51: lambda r: (r.u64(), r.u8()),
    52: lambda r: r.list(8, lambda: r.bytes(4096)),
    60: lambda r: r.bytes(2048),
    61: lambda r: (r.fixed(16), r.fixed(16), log_head(r), r.i64(), r.fixed(64)),
    62: lambda r: (),
}


def message(frame):
    """Returns (type, fields) of one framed message."""
    outer = Reader(frame)
    r = Reader(outer.bytes(MAX_MESSAGE))
    outer.finish()
    number = r.u8()
    if number not in MESSAGES:
        raise Refused("no message has this type")
    fields = MESSAGES[number](r)
    r.finish()
    return number, fields


def restored(practice, runs):
    """The envelopes of several runs, in full."""
    return [
        carried
        for log, author, shorts in runs
        for restoring in [Run(practice, log, author)]
        for carried in map(restoring.restore, shorts)
    ]
