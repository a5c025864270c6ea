"""Reads a whole practice from a device's two folders, with nothing but the keys of its vault, and
what its server holds of it.

If this page of Python can do it from docs/protocol.md, so can anybody who keeps a vault, in
twenty years, without this program.
"""

import device
import formats
import kem
import practice_log
from primitives import H, Refused, commitment, derive, seal_open, verify

LABEL = "tac/content/v1"


def sealed_name(key, context, name):
    return seal_open(key, "tac/ring-name/v1", context, name[:24], name[24:])


class Practice:
    """Everything that opens, and the ways in which it opened."""

    def __init__(self, keys, journal, rows, open_row, above_of):
        self.keys, self._open_row, self._above_of = keys, open_row, above_of
        journal, rows = device.in_order(journal), device.in_order(rows)
        self.frames = device.content_frames(journal, keys["local"])
        self.rows = {}
        for name, row in device.row_frames(rows, keys["local"]):
            if row is None:
                self.rows.pop(name, None)
            else:
                self.rows.setdefault(name, row)
        self.state = practice_log.State()
        for data in self.of("entry"):
            self.state.apply(practice_log.Entry(data))
        self.open_rings()
        self.open_slots()

    def of(self, name):
        return [fields for found, fields in self.frames if found == name]

    def row(self, name, above, commit):
        if name not in self.rows:
            return None
        return self._open_row(name, self.rows[name], self._above_of(name, above), commit)

    # From the device, or from the sheet, to the keys of the rings.

    def member_seed(self, holder, kind, key):
        member = self.state.active(self.keys["member"])["key"]
        hashes = dict(member["wraps"])
        to = bytes([kind]) + holder + bytes(4)
        for wrap in self.of("wrap"):
            if wrap["to"] == to and wrap["subject"] == self.keys["member"]:
                if hashes[(kind, holder, 0)] != device.wrap_hash(wrap["wrap"]):
                    raise Refused("a wrap is not the one that the entry names")
                info = device.wrap_info(self.wrapped_for(wrap), wrap)
                seed = kem.open_wrap(key, info, wrap["wrap"])
                if kem.XWing(seed).public != member["kem"]:
                    raise Refused("a member key is not the one that the entry names")
                return seed
        raise Refused("the member key is wrapped to nobody")

    def open_rings(self):
        keys = self.keys
        seed = self.member_seed(keys["device"], 1, kem.XWing(keys["kem"]))
        if self.member_seed(keys["member"], 3, kem.XWing(keys["sheet_kem"])) != seed:
            raise Refused("device and sheet open different member keys")
        self.rings, member_key = {}, kem.XWing(seed)
        for wrap in self.of("wrap"):
            ring = self.state.rings.get(wrap["subject"])
            if ring is None:
                continue
            key = self.granted(member_key, wrap, ring["commitments"])
            self.rings[wrap["subject"]] = key
            if self.in_safe(wrap["subject"], ring["commitments"][0], seed) != key:
                raise Refused("wrap and safe hold different keys of a ring")
        if self.rings.keys() != self.state.rings.keys():
            raise Refused("a ring's key is not here")
        self.name_rings()

    def wrapped_for(self, wrap):
        """In genesis, and so in the wraps that it names, the practice has no id yet."""
        return bytes(16) if wrap["action"] == 1 else self.state.practice

    def granted(self, member_key, wrap, commitments):
        info = device.wrap_info(self.wrapped_for(wrap), wrap)
        try:
            opened = kem.open_wrap(member_key, info, wrap["wrap"])
        except Refused:
            # What the ring is for, only the key of another tells: it may be behind step-up.
            psk = device.second_psk(self.keys["second"])
            opened = kem.open_wrap(member_key, info, wrap["wrap"], *psk)
        r = formats.Reader(opened)
        keys = r.list(1024, lambda: (r.u32(), r.fixed(32)))
        r.finish()
        if any(commitment(key) != commitments[epoch - 1] for epoch, key in keys):
            raise Refused("a ring's key does not match its commitment")
        return keys[-1][1]

    def in_safe(self, ring, commit, seed):
        one = (1).to_bytes(4, "big")
        tail = self.keys["member"] + one + ring + one
        found = [
            self.row(b"\1" + tail, seed, commit),
            self.row(b"\2" + tail, self.keys["second"] + seed, commit),
        ]
        return next((key for key in found if key is not None), None)

    def name_rings(self):
        """`everyone` is the ring whose key opens its own name; it opens the others' too."""
        for ring, key in self.rings.items():
            try:
                sealed_name(key, ring, self.state.rings[ring]["name"])
                self.everyone = key
                break
            except Refused:
                continue
        names = [
            sealed_name(self.everyone, ring, known["name"])
            for ring, known in self.state.rings.items()
        ]
        self.purposes = sorted(name[0] for name in names)
        member = self.state.members[self.keys["member"]]
        self.clinician = sealed_name(self.everyone, b"member", member["profile"]).decode()

    # From the rings to what people wrote.

    def open_slots(self):
        self.slots, self.commitments, self.contents, self.closed = {}, {}, [], set()
        for found in self.of("compartment"):
            one, generation = (1).to_bytes(4, "big"), found["generation"].to_bytes(4, "big")
            for ring in found["rings"]:
                name = b"\3" + ring + one + found["id"] + generation
                key = self.row(name, self.rings[ring], found["commitment"])
                keys = self.slots.setdefault(found["id"], (found["name"], {}))[1]
                keys[found["generation"]] = key
        for compartment, what, generation, sealed in self.of("content"):
            self.open_content(compartment, what, generation, sealed)
        for compartment, draft, generation, sealed in self.of("keystrokes"):
            key = self.draft_key(compartment, draft, generation)
            if key is not None:
                context = b"keystrokes" + compartment + draft
                plain = seal_open(derive(key, b"", "tac/local/v1"), LABEL, context, *sealed)
                self.contents.append(("keystrokes", compartment, device.keystrokes(plain)))
        for compartment, generation, sealed in self.of("segment"):
            key = derive(self.slots[compartment][1][generation], b"", "tac/projection/v1")
            seal_open(key, LABEL, compartment, *sealed)

    def check_destroyed(self):
        """A draft's key is destroyed only after the draft was signed."""
        gone = {draft for name, _, draft in self.contents if name == "destroyed"}
        if not gone <= self.closed:
            raise Refused("the key of an open draft is missing")
        return len(gone)

    def draft_key(self, compartment, draft, generation):
        """Slot key of that generation and draft key joined; None once the draft's key was
        destroyed. The draft's row lies under the slot that was the newest when it began."""
        slots = self.slots[compartment][1]
        for begun, slot in slots.items():
            name = b"\4" + compartment + begun.to_bytes(4, "big") + draft + bytes(4)
            key = self.row(name, slot, self.commitments[draft])
            if key is not None:
                return slots[generation] + key
        return None

    def open_content(self, compartment, what, generation, sealed):
        key = self.slots[compartment][1][generation]
        if what[0] == 3:
            key = self.draft_key(compartment, what[1], generation)
            if key is None:
                self.contents.append(("destroyed", compartment, what[1]))
                return
        context = device.content_context(compartment, what)
        plain = seal_open(derive(key, b"", "tac/local/v1"), LABEL, context, *sealed)
        if what[0] == 2:
            self.commitments[what[1]] = plain
        elif what[0] == 4:
            self.closed.add(what[1])
        elif what[0] == 5:
            self.contents.append(("record", compartment, self.record(compartment, what[1], plain)))
        else:
            self.contents.append(("delta", compartment, plain))

    def record(self, compartment, name, plain):
        record = formats.Record(plain)
        known = self.state.devices[record.device]
        record.check_signature(known["sig"])
        stated = record.practice, record.log, record.id, record.member
        if stated != (self.state.practice, compartment, name, known["member"]):
            raise Refused("a record says another place than the one where it lies")
        return record

    def records(self, kind=None):
        found = [value for name, _, value in self.contents if name == "record"]
        return [record for record in found if kind is None or record.kind == kind]

    def check_trail(self):
        """The audit trail of each device: numbered from 1, each entry naming the one before."""
        ends = {}
        for record in self.records(5):
            fields = dict(record.tags)
            number, previous = ends.get(record.device, (0, bytes(32)))
            found = int.from_bytes(fields[44], "big"), fields[43]
            if found != (number + 1, previous):
                raise Refused("the audit trail has a gap")
            ends[record.device] = (number + 1, record.digest())
        return sum(number for number, _ in ends.values())

    def note_texts(self):
        """Every text of every signed note, by the number of its part."""
        return sorted(
            [tag, value.decode()]
            for record in self.records()
            if record.kind in (1, 2)
            for tag, value in record.tags
            if 10 <= tag <= 14 and value
        )

    # What the server holds.

    def check_server(self, segments, server_key):
        """Everything that the server keeps is signed, in order, and opens with the keys here."""
        server, count, chains, owns = practice_log.State(), 0, {}, {}
        frames = [frame for one in device.in_order(segments) for frame in one.frames]
        for _, kind, payload in frames:
            name, fields = device.server_frame(kind, payload)
            if name == "practice":
                self.take_entry(server, server_key, *fields[1:])
            elif name == "envelope":
                receipt, carried = fields[1:]
                receipt.check_signature(server_key)
                self.take_envelope(receipt, carried, chains, owns)
                count += 1
            elif name == "row" and fields[0][0] in (3, 4) and fields[0] in self.rows:
                if self.rows[fields[0]] != fields[1]:
                    raise Refused("device and server hold different rows of one name")
        if server.head != self.state.head:
            raise Refused("device and server have different practice logs")
        sent = [carried.hash() for _, carried in self.of("sent")]
        settled = [receipt.own for again, receipt in self.of("settled") if not again]
        return count, len(sent), len(settled)

    @staticmethod
    def take_entry(server, key, receipt, data):
        entry = practice_log.Entry(data)
        server.apply(entry)
        seq, entry_hash, time, signature = receipt
        fields = [seq.to_bytes(4, "big"), entry_hash, time.to_bytes(8, "big", signed=True)]
        digest = H("tac/practice/receipt/body/v1", server.practice, *fields)
        verify(key, "tac/practice/receipt/v1", [digest], signature)
        if (seq, entry_hash) != server.head:
            raise Refused("a receipt is about another entry")

    def take_envelope(self, receipt, carried, chains, owns):
        header, envelope = carried.header, carried.hash()
        carried.check_signature(self.state.devices[header.author]["sig"])
        position, chain = chains.get(header.log, (0, formats.ZERO32))
        chain = formats.chain_after(chain, header.log, position + 1, envelope)
        # A server that was filled again may have got the envelopes of a device out of order.
        chain_of = owns.setdefault((header.author, header.dev_inc), {0: (None, formats.ZERO32)})
        own = (header.dev_seq, formats.own_after(header.prev_own, envelope))
        before = chain_of.get(header.dev_seq - 1, (None, header.prev_own))[1]
        after = chain_of.get(header.dev_seq + 1, (own[1], None))[0]
        if header.dev_seq in chain_of or before != header.prev_own or after != own[1]:
            raise Refused("an own chain does not fit")
        chain_of[header.dev_seq] = header.prev_own, own[1]
        placed = receipt.log, receipt.position, receipt.chain
        if placed != (header.log, position + 1, chain):
            raise Refused("a receipt names another place")
        if receipt.own != (header.dev_inc, *own) or receipt.device != header.author:
            raise Refused("a receipt names another own head")
        chains[header.log] = position + 1, chain
        self.open_envelope(carried)

    def open_envelope(self, carried):
        header = carried.header
        name, slots = self.slots[header.log]
        if header.kind == 1:
            slot = slots[1]
            _, (_, commit, _), salt, sealed = formats.control_body(1, carried.body)
            plain = seal_open(slot, "tac/compartment-name/v1", header.log, salt, sealed)
            if formats.compartment_name(plain) != name or commit != commitment(slot):
                raise Refused("a genesis is about another compartment")
        elif header.sealed:
            if header.slot not in slots:
                raise Refused("an envelope of another generation")
            draft = header.object != formats.ZERO16
            key = slots[header.slot]
            if draft:
                key = self.draft_key(header.log, header.object, header.slot)
            content = carried.open(key)
            if header.kind == 17 and content["compression"] == 0:
                self.record(header.log, content["body"][:16], content["body"][16:])
