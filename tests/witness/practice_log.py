"""The practice log: entries, signatures, the chain of their hashes, and the state they lead to.

The effect of every action on the state is computed here a second time, so that the state hash of
each entry proves two implementations equal. Who *may* do what is not judged: that is one rule
book, tested where it lies.
"""

import struct

from formats import Reader, Receipt, ZERO16, ZERO32, ascending, own_head
from primitives import H, Refused, verify

MAX_ACTION = 256 * 1024
KEM_PUBLIC = 1216


def u16(value):
    return struct.pack(">H", value)


def u32(value):
    return struct.pack(">I", value)


def u64(value):
    return struct.pack(">Q", value)


def i64(value):
    return struct.pack(">q", value)


def sized(data):
    return u32(len(data)) + data


def option(value, write):
    return b"\0" if value is None else b"\1" + write(value)


def listed(items, write):
    return u32(len(items)) + b"".join(write(item) for item in items)


def same(data):
    return data


def kem_hash(kem):
    return H("tac/kem/public/v1", kem)


# --- reading actions ---------------------------------------------------------------------------


def device_keys(r):
    names = ("device", "sig", "kem", "tls", "possession")
    return dict(zip(names, map(r.fixed, (16, 32, KEM_PUBLIC, 32, 64))))


def recovery_keys(r):
    return dict(zip(("sig", "kem", "possession"), map(r.fixed, (32, KEM_PUBLIC, 64))))


def recipient(r):
    kind, holder, generation = r.u8(), r.fixed(16), r.u32()
    if kind not in (1, 2, 3, 4) or (kind == 2) != (generation > 0):
        raise Refused("a wrap is for nobody")
    return kind, holder, generation


def wraps(r):
    return ascending(r.list(1024, lambda: (recipient(r), r.fixed(32))), lambda wrap: wrap[0])


def member_key(r):
    return {
        "generation": r.u32(),
        "kem": r.fixed(KEM_PUBLIC),
        "wraps": wraps(r),
        "safe": r.fixed(32),
    }


def cut(r):
    return r.fixed(16), own_head(r)


def cuts(r):
    return ascending(r.list(64, lambda: cut(r)), lambda one: one[0])


def ids(r, limit):
    return ascending(r.list(limit, lambda: r.fixed(16)), same)


def server(r):
    return r.list(8, lambda: r.text(255).encode()), r.fixed(32), r.u32()


def ring(r):
    return {
        "ring": r.fixed(16),
        "sole": r.flag(),
        "name": r.bytes(512),
        "commitment": r.fixed(32),
        "members": ascending(r.list(512, lambda: (r.fixed(16), r.flag())), lambda m: m[0]),
        "wraps": wraps(r),
    }


def beginning(r):
    return {
        "member": r.fixed(16),
        "roles": r.u16(),
        "profile": r.bytes(512),
        "device": device_keys(r),
        "info": r.bytes(512),
        "recovery": recovery_keys(r),
        "member_key": member_key(r),
    }


def found(r):
    action = beginning(r)
    action["rings"] = ascending(r.list(4096, lambda: ring(r)), lambda one: one["ring"])
    action["server"] = r.option(lambda: server(r))
    return action


ACTIONS = {
    1: found,
    2: beginning,
    3: lambda r: {"member": r.fixed(16), "roles": r.u16()},
    4: lambda r: {"member": r.fixed(16), "cuts": cuts(r)},
    5: lambda r: {"server": server(r), "since": r.option(r.i64)},
    6: lambda r: {"floor": r.u8()},
    7: lambda r: {"floor": r.u16()},
    8: lambda r: {
        "member": r.fixed(16),
        "device": device_keys(r),
        "info": r.bytes(512),
        "wraps": wraps(r),
        "member_key": r.option(lambda: member_key(r)),
    },
    9: lambda r: {"member": r.fixed(16), "member_key": member_key(r)},
    10: lambda r: {
        "member": r.fixed(16),
        "recovery": recovery_keys(r),
        "wraps": wraps(r),
        "member_key": r.option(lambda: member_key(r)),
    },
    11: lambda r: {"member": r.fixed(16), "recovery": recovery_keys(r)},
    12: lambda r: {"member": r.fixed(16), "request": r.u32(), "wraps": wraps(r)},
    13: lambda r: {"member": r.fixed(16), "request": r.u32()},
    14: lambda r: {
        "member": r.fixed(16),
        "cuts": cuts(r),
        "kept": ids(r, 64),
        "since": r.option(r.i64),
        "member_key": r.option(lambda: member_key(r)),
    },
    15: lambda r: {"end": own_head(r)},
    16: ring,
    17: lambda r: {
        "ring": r.fixed(16),
        "member": r.fixed(16),
        "manager": r.flag(),
        "from": r.option(r.u32),
        "wraps": wraps(r),
    },
    18: lambda r: {"ring": r.fixed(16), "member": r.fixed(16), "cuts": cuts(r)},
    19: lambda r: {
        "ring": r.fixed(16),
        "epoch": r.u32(),
        "commitment": r.fixed(32),
        "wraps": wraps(r),
    },
    20: lambda r: {
        "ring": r.fixed(16),
        "epochs": ascending(r.list(4096, r.u32), same),
        "wraps": wraps(r),
    },
    21: lambda r: {
        "cut": cut(r),
        "receipts": r.list(16, lambda: Receipt(r.fixed(Receipt.LENGTH))),
    },
    22: lambda r: {
        "old": r.u32(),
        "new": r.u32(),
        "bases": r.list(4096, lambda: (r.fixed(16), r.u64(), r.fixed(32))),
        "lost": r.list(4096, lambda: (r.fixed(16), r.u64(), r.u64())),
        "missing": ids(r, 64),
    },
    23: lambda r: {
        "from": r.u32(),
        "head": r.fixed(32),
        "cuts": cuts(r),
        "removed": ids(r, 512),
    },
    24: lambda r: {"body": r.rest()},
}


class Entry:
    def __init__(self, data):
        if len(data) > MAX_ACTION + 512:
            raise Refused("an entry is longer than its limit")
        r = Reader(data)
        self.raw = bytes(data)
        if r.fixed(4) != b"TACP" or r.u8() != 1 or r.u8() != 1:
            raise Refused("no entry of this version and suite")
        self.practice, self.seq, self.prev = r.fixed(16), r.u32(), r.fixed(32)
        self.number = r.u16()
        body = Reader(r.bytes(MAX_ACTION))
        if self.number not in ACTIONS:
            raise Refused("an action of a newer version: replay stops here")
        self.action = ACTIONS[self.number](body)
        body.finish()
        self.time, self.signer_kind, self.signer = r.i64(), r.u8(), r.fixed(16)
        if self.signer_kind not in (1, 2):
            raise Refused("nobody signs an entry")
        self.state, self.signature = r.fixed(32), r.fixed(64)
        r.finish()

    def hash(self):
        return H("tac/practice/entry/v1", self.raw)


# --- the state ---------------------------------------------------------------------------------


class State:
    """What the log has come to, and how that is hashed."""

    def __init__(self):
        self.practice, self.head = ZERO16, (None, ZERO32)
        self.suite, self.minimum_writer = 1, 0
        self.server, self.former = None, []
        self.members, self.devices, self.rings = {}, {}, {}

    def apply(self, entry):
        seq, prev = self.head
        expected = 0 if seq is None else seq + 1
        if (entry.seq, entry.prev, entry.practice) != (expected, prev, self.practice):
            raise Refused("an entry does not follow the head")
        if (entry.number == 1) != (expected == 0):
            raise Refused("a practice is founded once, at the beginning")
        signed = [entry.raw[:-64]]
        verify(self.key_of(entry), "tac/practice/entry/sign/v1", signed, entry.signature)
        getattr(self, f"act_{entry.number}")(entry.action, entry)
        if self.hash() != entry.state:
            raise Refused("an entry leads to another state than it says")
        self.head = (entry.seq, entry.hash())
        if entry.seq == 0:
            self.practice = self.head[1][:16]

    def key_of(self, entry):
        if entry.number == 1:
            if (entry.signer_kind, entry.signer) != (1, entry.action["device"]["device"]):
                raise Refused("a practice is founded by its first device")
            return entry.action["device"]["sig"]
        if entry.signer_kind == 2:
            member = self.members.get(entry.signer)
            if member is None or member["removed"] is not None:
                raise Refused("the signer is no active member")
            return member["recovery"]["sig"]
        device = self.devices.get(entry.signer)
        if device is None or device["revoked"] is not None:
            raise Refused("the signer is no active device")
        return device["sig"]

    # Proofs of possession.

    def digest(self, member, keys):
        return H(
            "tac/device/keys/v1",
            self.practice,
            member,
            keys["device"],
            keys["sig"],
            kem_hash(keys["kem"]),
            keys["tls"],
        )

    def check_device(self, member, keys):
        digest = self.digest(member, keys)
        verify(keys["sig"], "tac/device/possession/v1", [digest], keys["possession"])

    def check_sheet(self, member, keys, first_device):
        fields = self.practice, member, keys["sig"], kem_hash(keys["kem"]), first_device
        digest = H("tac/recovery/keys/v1", *fields)
        verify(keys["sig"], "tac/recovery/possession/v1", [digest], keys["possession"])

    # People and devices.

    def begin_member(self, action, entry):
        member, keys = action["member"], action["device"]
        if member in self.members:
            raise Refused("a member begins once")
        self.check_sheet(member, action["recovery"], self.digest(member, keys))
        self.add_device(member, keys, action["info"], entry.seq, None)
        self.members[member] = {
            "roles": action["roles"],
            "profile": action["profile"],
            "joined": entry.seq,
            "removed": None,
            "key": None,
            "recovery": action["recovery"],
            "request": None,
        }
        self.take_key(member, action["member_key"])

    def add_device(self, member, keys, info, seq, by):
        if keys["device"] in self.devices:
            raise Refused("a device begins once")
        self.check_device(member, keys)
        self.devices[keys["device"]] = dict(
            member=member, sig=keys["sig"], kem=keys["kem"], tls=keys["tls"], info=info,
            added=seq, added_by=by, incarnations=[[seq, None]], revoked=None,
        )  # fmt: skip

    def take_key(self, member, new):
        known = self.members[member]
        before = known["key"]["generation"] if known["key"] else 0
        if new["generation"] != before + 1:
            raise Refused("a member key is not the next one")
        known["key"] = dict(new, retired=False)

    def act_1(self, action, entry):
        self.begin_member(action, entry)
        for new in action["rings"]:
            self.act_16(new, entry)
        self.server = action["server"]

    def act_2(self, action, entry):
        self.begin_member(action, entry)

    def act_3(self, action, entry):
        self.active(action["member"])["roles"] = action["roles"]

    def act_4(self, action, entry):
        self.remove(action["member"], action["cuts"], entry)

    def act_8(self, action, entry):
        by = entry.signer if entry.signer_kind == 1 else None
        self.add_device(action["member"], action["device"], action["info"], entry.seq, by)
        self.hand_on(action)

    def act_9(self, action, entry):
        self.take_key(action["member"], action["member_key"])

    def act_10(self, action, entry):
        self.check_sheet(action["member"], action["recovery"], ZERO32)
        self.active(action["member"]).update(recovery=action["recovery"], request=None)
        if action["member_key"] is not None:
            self.make_stale(action["member"])
        self.hand_on(action)

    def act_11(self, action, entry):
        self.check_sheet(action["member"], action["recovery"], ZERO32)
        self.active(action["member"])["request"] = (entry.seq, entry.signer, action["recovery"])

    def act_12(self, action, entry):
        member = self.active(action["member"])
        if member["request"] is None or member["request"][0] != action["request"]:
            raise Refused("no such request")
        member.update(recovery=member["request"][2], request=None)

    def act_13(self, action, entry):
        self.active(action["member"])["request"] = None

    def act_14(self, action, entry):
        for device, end in action["cuts"]:
            self.revoke(device, end, entry.seq, action["since"])
        self.active(action["member"])["key"]["retired"] = True
        self.make_stale(action["member"])
        if action["member_key"] is not None:
            self.take_key(action["member"], action["member_key"])

    def act_15(self, action, entry):
        incarnations = self.devices[entry.signer]["incarnations"]
        if action["end"][0] != len(incarnations):
            raise Refused("an incarnation ends that is not the present one")
        incarnations[-1][1] = action["end"]
        incarnations.append([entry.seq, None])

    def hand_on(self, action):
        if action["member_key"] is not None:
            self.take_key(action["member"], action["member_key"])

    def active(self, member):
        known = self.members.get(member)
        if known is None or known["removed"] is not None:
            raise Refused("no such member")
        return known

    def revoke(self, device, end, seq, since):
        if device not in self.devices:
            raise Refused("no such device")
        self.devices[device]["revoked"] = (seq, end, since)
        for member in self.members.values():
            if member["request"] is not None and member["request"][1] == device:
                member["request"] = None

    def make_stale(self, member):
        for known in self.rings.values():
            if self.stay(known, member) is not None:
                known["stale"] = True

    def remove(self, member, ends, entry):
        known = self.active(member)
        self.make_stale(member)
        for one in self.rings.values():
            if self.stay(one, member) is not None:
                self.leave(one, member, ends, entry.seq)
        for device, end in ends:
            self.revoke(device, end, entry.seq, None)
        known.update(removed=entry.seq, request=None)
        known["key"]["retired"] = True

    # Rings.

    @staticmethod
    def stay(known, member):
        stays = known["stays"].get(member)
        return stays[-1] if stays and stays[-1][1] is None else None

    def leave(self, known, member, ends, seq):
        self.stay(known, member)[1] = seq
        known["managers"].discard(member)
        known["cuts"].update({device: (seq, end) for device, end in ends})

    def act_16(self, action, entry):
        if action["ring"] in self.rings:
            raise Refused("a ring begins once")
        self.rings[action["ring"]] = {
            "sole": action["sole"],
            "name": action["name"],
            "commitments": [action["commitment"]],
            "stays": {member: [[entry.seq, None, 1]] for member, _ in action["members"]},
            "managers": {member for member, manager in action["members"] if manager},
            "stale": False,
            "cuts": {},
        }

    def known_ring(self, action):
        if action["ring"] not in self.rings:
            raise Refused("no such ring")
        return self.rings[action["ring"]]

    def act_17(self, action, entry):
        known = self.known_ring(action)
        oldest = 1 if action["from"] is None else action["from"]
        known["stays"].setdefault(action["member"], []).append([entry.seq, None, oldest])
        if action["manager"]:
            known["managers"].add(action["member"])

    def act_18(self, action, entry):
        known = self.known_ring(action)
        if self.stay(known, action["member"]) is None:
            raise Refused("who is not in a ring cannot leave it")
        self.leave(known, action["member"], action["cuts"], entry.seq)
        known["stale"] = True

    def act_19(self, action, entry):
        known = self.known_ring(action)
        if action["epoch"] != len(known["commitments"]) + 1:
            raise Refused("an epoch is not the next one")
        known["commitments"].append(action["commitment"])
        known["stale"] = False

    def act_20(self, action, entry):
        self.known_ring(action)

    # The practice.

    def act_5(self, action, entry):
        if self.server is not None and self.server[1] != action["server"][1]:
            self.former.append((self.server, action["since"]))
        self.server = action["server"]

    def act_6(self, action, entry):
        self.suite = action["floor"]

    def act_7(self, action, entry):
        self.minimum_writer = action["floor"]

    def act_21(self, action, entry):
        device, end = action["cut"]
        keys = [self.server[1]] if self.server else []
        keys += [former[1] for former, _ in self.former]
        about = [r for r in action["receipts"] if (r.device, r.own) == (device, end)]
        if not any(signed_by_one_of(receipt, keys) for receipt in about):
            raise Refused("no receipt supports the longer cut")
        revoked = self.devices[device]["revoked"]
        if revoked is not None and end[:2] > revoked[1][:2]:
            self.devices[device]["revoked"] = (revoked[0], end, revoked[2])
        for known in self.rings.values():
            if device in known["cuts"] and end[:2] > known["cuts"][device][1][:2]:
                known["cuts"][device] = (known["cuts"][device][0], end)

    def act_22(self, action, entry):
        if self.server is None or self.server[2] != action["old"]:
            raise Refused("another life of the server has ended")
        self.server = (self.server[0], self.server[1], action["new"])

    def act_23(self, action, entry):
        for member in action["removed"]:
            if self.members.get(member, {"removed": 0})["removed"] is None:
                own = [c for c in action["cuts"] if self.is_device_of(c[0], member)]
                self.remove(member, own, entry)
        for device, end in action["cuts"]:
            known = self.devices.get(device)
            if known is None or known["revoked"] is not None:
                continue
            self.revoke(device, end, entry.seq, None)
            self.make_stale(known["member"])
            self.active(known["member"])["key"]["retired"] = True

    def act_24(self, action, entry):
        raise Refused("no version has custodians yet")

    def is_device_of(self, device, member):
        known = self.devices.get(device)
        return known is not None and known["member"] == member and known["revoked"] is None

    # The hash.

    def hash(self):
        out = bytes([self.suite]) + u16(self.minimum_writer)
        out += option(self.server, write_server)
        out += listed(self.former, lambda f: write_server(f[0]) + option(f[1], i64))
        for table, write in (
            (self.members, write_member),
            (self.devices, write_device),
            (self.rings, write_ring),
        ):
            out += listed(sorted(table.items()), lambda item: item[0] + write(item[1]))
        return H("tac/practice/state/v1", out)


def signed_by_one_of(receipt, keys):
    for key in keys:
        try:
            receipt.check_signature(key)
            return True
        except Refused:
            continue
    return False


def write_server(value):
    addresses, key, epoch = value
    return listed(addresses, sized) + key + u32(epoch)


def write_end(end):
    return u32(end[0]) + u64(end[1]) + end[2]


def write_member(m):
    key, sheet, request = m["key"], m["recovery"], m["request"]
    out = u16(m["roles"]) + sized(m["profile"]) + u32(m["joined"]) + option(m["removed"], u32)
    out += u32(key["generation"]) + kem_hash(key["kem"]) + bytes([key["retired"]]) + key["safe"]
    out += sheet["sig"] + kem_hash(sheet["kem"])
    return out + option(
        request, lambda r: u32(r[0]) + r[1] + r[2]["sig"] + kem_hash(r[2]["kem"])
    )


def write_device(d):
    out = d["member"] + d["sig"] + kem_hash(d["kem"]) + d["tls"] + sized(d["info"])
    out += u32(d["added"]) + option(d["added_by"], same)
    out += listed(d["incarnations"], lambda i: u32(i[0]) + option(i[1], write_end))
    return out + option(
        d["revoked"], lambda r: u32(r[0]) + write_end(r[1]) + option(r[2], i64)
    )


def write_ring(r):
    out = bytes([r["sole"]]) + sized(r["name"]) + listed(r["commitments"], same)
    out += listed(
        sorted(r["stays"].items()),
        lambda item: item[0]
        + listed(item[1], lambda s: u32(s[0]) + option(s[1], u32) + u32(s[2])),
    )
    out += listed(sorted(r["managers"]), same) + bytes([r["stale"]])
    return out + listed(
        sorted(r["cuts"].items()), lambda item: item[0] + u32(item[1][0]) + write_end(item[1][1])
    )
