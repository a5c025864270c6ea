#!/usr/bin/env python3
"""A second implementation of Tacenda's formats, written from docs/protocol.md alone.

    python3 witness.py FOLDER        checks FOLDER/cases.json, then judges FOLDER/mutants.json
    python3 witness.py FILE.json     checks the cases of one file

A case holds bytes as hexadecimal digits, the keys to them, and what must come out. A mutant
names one byte of one case to be changed, and whether what comes out may be taken: what is signed
or sealed never may. Standard library only.
Prints the number of checks, and ends with 1 if anything was judged otherwise than expected.
"""

import copy
import hashlib
import json
import pathlib
import sys
import zlib

sys.dont_write_bytecode = True

import device
import formats
import kem
import practice_log
import primitives
import whole
import wire
from primitives import H, Refused, seal_open

CHECKS = 0


def hexed(text):
    return bytes.fromhex(text)


def expect(got, wanted, what):
    global CHECKS
    CHECKS += 1
    if got != wanted:
        raise Refused(f"{what} is not what was expected")


def primitive(case):
    data = [hexed(field) for field in case.get("fields", [])]
    key, salt = hexed(case.get("key", "")), hexed(case.get("salt", ""))
    label, op = case.get("label", ""), case["op"]
    if op == "hash":
        out = H(label, *data)
    elif op == "mac":
        out = primitives.mac(key, label, *data)
    elif op == "derive":
        out = primitives.derive(key, salt, label, *data)
    elif op == "commitment":
        out = primitives.commitment(key)
    elif op == "public key":
        out = primitives.public_key(key)
    elif op == "signature":
        primitives.verify(key, label, data, hexed(case["signature"]))
        out = b""
    elif op == "secret":
        context = H("tac/hedge/context/v1", data[1])
        out = primitives.mac(key, "tac/hedge/secret/v1", data[0], label.encode(), context)
    elif op == "salt":
        context = H("tac/seal/context/v1", data[1])
        plain = H("tac/hedge/plaintext/v1", data[2])
        out = primitives.mac(key, "tac/hedge/salt/v1", data[0], context, plain)[:24]
    elif op == "open":
        out = seal_open(key, label, data[0], salt, data[1])
    else:
        raise Refused("an unknown primitive")
    expect(out.hex(), case["out"], op)


def padding(case):
    for kind, length, padded in case["lengths"]:
        expect(formats.padded_length(kind, length), padded, "a padded length")


def content(case):
    found = formats.plaintext_frame(hexed(case["plaintext"]))
    expect(found["body"].hex(), case["body"], "the body")
    expect([found["compression"], found["schema"]], [case["compression"], case["schema"]], "frame")
    length = formats.padded_length(case["kind"], 10 + len(found["body"]))
    expect(len(hexed(case["plaintext"])), length, "the padding")


def envelope(case):
    found = formats.Carried.whole(hexed(case["bytes"]))
    found.check_signature(hexed(case["author_key"]))
    expect(found.hash().hex(), case["hash"], "the envelope hash")
    if found.header.sealed:
        opened = found.open(hexed(case["key"]))
        expect(opened["compression"], case["compression"], "the compression")
        expect(opened["body"].hex(), case["body"], "the body")
        if found.header.kind == 17 and opened["compression"] == 0:
            record = formats.Record(opened["body"][16:])
            expect(record.id, opened["body"][:16], "the id before a record")
        if found.header.kind == 18 and opened["compression"] == 0:
            expect(len(formats.kept(opened["body"])) > 0, True, "what is kept")
    else:
        expect(formats.control_body(found.header.kind, found.body) is not None, True, "a control")
    return found


def check_own(owns, header, envelope_hash):
    """An author's own chain goes on without a gap, whatever log it is in."""
    head = owns.get((header.author, header.dev_inc), (0, formats.ZERO32))
    expect((header.dev_seq, header.prev_own), (head[0] + 1, head[1]), "the own chain")
    own = formats.own_after(head[1], envelope_hash)
    owns[(header.author, header.dev_inc)] = (header.dev_seq, own)
    return header.dev_inc, header.dev_seq, own


def log(case):
    practice, log_id, server = map(hexed, (case["practice"], case["log"], case["server_key"]))
    authors = {hexed(device): hexed(key) for device, key in case["authors"].items()}
    position, chain, chains, owns = 0, formats.ZERO32, [formats.ZERO32], {}
    for item in case["entries"]:
        carried = formats.Carried.full(hexed(item["carried"]))
        header, envelope_hash = carried.header, carried.hash()
        if header.author not in authors:
            raise Refused("nobody knows the author")
        expect((header.practice, header.log), (practice, log_id), "the place of an envelope")
        carried.check_signature(authors[header.author])
        own = check_own(owns, header, envelope_hash)
        receipt = formats.Receipt(hexed(item["receipt"]))
        r = formats.Reader(hexed(item["short"]))
        short = formats.ShortReceipt(r)
        r.finish()
        expect(short.restore(carried).raw, receipt.raw, "a receipt from its short form")
        receipt.check_signature(server)
        expect((receipt.practice, receipt.device), (practice, header.author), "whose receipt")
        expect(receipt.own, own, "the own head of a receipt")
        if not item["placed"]:
            expect(receipt.accepted, False, "a receipt of what was refused")
            continue
        if header.seen_pos >= len(chains):
            raise Refused("an envelope has seen what was not yet there")
        expect(header.seen_chain, chains[header.seen_pos], "what an envelope has seen")
        position += 1
        chain = formats.chain_after(chain, log_id, position, envelope_hash)
        chains.append(chain)
        placed = receipt.accepted, receipt.log, receipt.position, receipt.chain
        expect(placed, (True, log_id, position, chain), "the place in a receipt")
    expect([position, chain.hex()], case["head"], "the head of the log")


def run(case):
    names = map(hexed, (case["practice"], case["log"], case["author"]))
    restoring = formats.Run(*names)
    for short, full in zip(case["short"], case["full"], strict=True):
        carried = restoring.restore(hexed(short))
        carried.check_signature(hexed(case["author_key"]))
        body = carried.body if carried.body is not None else carried.body_hash
        form = b"\0" if carried.body is not None else b"\1"
        expect((form + carried.header.raw + body + carried.signature).hex(), full, "a full form")


def replay(entries):
    state = practice_log.State()
    for data in entries:
        entry = practice_log.Entry(data)
        state.apply(entry)
        expect(state.head[0], entry.seq, "the number of an entry")
    return state


def practice(case):
    state = replay(map(hexed, case["entries"]))
    expect(state.practice.hex(), case["id"], "the practice id")
    expect([state.head[0], state.head[1].hex()], case["head"], "the head of the practice log")


def checkpoint(case):
    found = formats.checkpoint(hexed(case["bytes"]))
    expect(found["counter"], case["counter"], "the counter of a checkpoint")
    expect(found["ring_digest"], H("tac/log/ring/v1", *map(hexed, case["ids"])), "a ring's digest")


def practice_receipt(case):
    r = formats.Reader(hexed(case["bytes"]))
    fields = [hexed(case["practice"]), r.fixed(4), r.fixed(32), r.fixed(8)]
    signature = r.fixed(64)
    r.finish()
    digest = H("tac/practice/receipt/body/v1", *fields)
    key = hexed(case["server_key"])
    primitives.verify(key, "tac/practice/receipt/v1", [digest], signature)
    expect(fields[2].hex(), case["hash"], "the entry of a receipt")


def seen(case):
    r = formats.Reader(hexed(case["bytes"]))
    body, signature = r.fixed(80), r.fixed(64)
    r.finish()
    primitives.verify(hexed(case["device_key"]), "tac/seen/v1", [body], signature)
    expect(body[:16].hex(), case["device"], "who has seen")


def open_row(name, row, above, commit):
    """The key in a row, or Refused."""
    table, _, holder_version, _, _ = formats.row_name(name)
    r = formats.Reader(row)
    version, salt, sealed = r.u32(), r.fixed(24), r.fixed(48)
    r.finish()
    if version != holder_version:
        raise Refused("a row belongs under another version of its key")
    key = seal_open(above, formats.ROW_LABELS[table], name + commit, salt, sealed)
    # Nothing signed names what a sheet's row holds: the sheet's own key vouches for it.
    if table != 6 and primitives.commitment(key) != commit:
        raise Refused("the key of a row does not match its commitment")
    return key


def above_of(name, key):
    """What seals a row, from the key above it."""
    labels = {1: "tac/safe/v1", 2: "tac/second-safe/v1", 6: "tac/recovery/second/v1"}
    table = name[0]
    return primitives.derive(key, b"", labels[table]) if table in labels else key


def row(case):
    name, commit = hexed(case["name"]), hexed(case["commitment"])
    above = above_of(name, hexed(case["above"]))
    expect(open_row(name, hexed(case["row"]), above, commit).hex(), case["out"], "the key")


def safe(case):
    rows = sorted((hexed(name), hexed(data)) for name, data in case["rows"])
    fields = [field for pair in rows for field in pair]
    expect(H("tac/row/all/v1", *fields).hex(), case["hash"], "the hash of a safe")


def record(case):
    found = formats.Record(hexed(case["bytes"]))
    found.check_signature(hexed(case["author_key"]))
    expect(found.digest().hex(), case["digest"], "the digest of a record")
    expect(found.kind, case["kind"], "the kind of a record")
    expect(found.body is not None, case["has_body"], "whether a record has a body")


def compartment(case):
    kind, subject = formats.compartment_name(hexed(case["bytes"]))
    expect([kind, subject.hex()], case["name"], "the name of a compartment")


def sheet(case):
    entropy = hexed(case["entropy"])
    bits = int.from_bytes(entropy + hashlib.sha256(entropy).digest()[:1], "big")
    numbers = [bits >> (11 * (23 - place)) & 2047 for place in range(24)]
    # The list of BIP-39 is not here, but it is sorted: numbers and words must rise together.
    words = [word for _, word in sorted(zip(numbers, case["words"]))]
    expect(words, sorted(case["words"]), "the order of the words of a sheet")
    repeats = len(set(numbers)), len(set(zip(numbers, case["words"])))
    expect(repeats, (len(set(case["words"])),) * 2, "the words of a sheet")
    seed = primitives.derive(entropy, b"", "tac/recovery/sign/v1")
    expect(primitives.public_key(seed).hex(), case["sig"], "the key that a sheet signs with")
    seed = primitives.derive(entropy, b"", "tac/recovery/kem/v1")
    expect(seed.hex(), case["kem_seed"], "the key that a sheet receives with")


def vault(case):
    data = hexed(case["bytes"])
    r = formats.Reader(data)
    magic, version, length = r.fixed(8), r.u16(), r.u32()
    expect((magic, version, length), (b"TACVAULT", 1, len(data)), "the first line of a vault")
    expect(r.u32(), zlib.crc32(data[:14]), "the check of the first line")
    checksum = H("tac/vault/checksum/v1", data[:-32])
    expect(data[-32:], checksum, "the checksum of a vault")
    body = formats.Reader(data[18:-32])
    expect(body.fixed(16).hex(), case["vault_id"], "the id of a vault")
    expect([body.u8(), body.u32(), body.u32(), body.u32()], case["cost"], "the cost of a try")
    body.fixed(16)
    body.option(lambda: body.fixed(32))
    expect(body.text(128), case["device_name"], "the name of the device")
    sections = body.list(
        16, lambda: (body.u8(), body.u8(), body.fixed(32), body.fixed(24), body.bytes(65536))
    )
    body.finish()
    expect([kind for kind, *_ in sections], case["sections"], "the sections of a vault")


def journal(case):
    kind = hexed(case["class"])
    segments = device.in_order([device.Segment(hexed(data), kind) for data in case["segments"]])
    local = hexed(case["local"])
    if case["class"] == b"tac-rows".hex():
        changes = device.row_frames(segments, local)
        found = [[name.hex(), data and data.hex()] for name, data in changes]
    else:
        found = [name for name, _ in device.content_frames(segments, local)]
    expect(found, case["frames"], "the frames of a journal")


def wrap(case):
    found = device.wrap_frame(hexed(case["frame"]))
    info = device.wrap_info(hexed(case["practice"]), found)
    psk = device.second_psk(hexed(case["second"])) if case.get("second") else ()
    opened = kem.open_wrap(kem.XWing(hexed(case["kem_seed"])), info, found["wrap"], *psk)
    expect(opened.hex(), case["out"], "what is wrapped")
    expect(device.wrap_hash(found["wrap"]).hex(), case["hash"], "the hash of a wrap")


def device_folders(case):
    keys = {name: hexed(key) for name, key in case["keys"].items()}
    journal, rows = (
        [device.Segment(hexed(data), kind) for data in case[name]]
        for name, kind in (("journal", b"tac-devi"), ("rows", b"tac-rows"))
    )
    found = whole.Practice(keys, journal, rows, open_row, above_of)
    expect(found.state.practice, keys["practice"], "the practice")
    expect(found.clinician, case["clinician"], "the name of the clinician")
    expect(found.purposes, [1, 2, 3, 4, 5, 6, 7, 8], "what the rings are for")
    expect(found.note_texts(), case["note_texts"], "what the notes say")
    expect(len(found.records(3)), case["measures"], "the number of measures")
    expect(found.check_trail() > 0, True, "the audit trail")
    expect(found.check_destroyed(), case["destroyed"], "the number of destroyed drafts")
    typed = [value for name, _, value in found.contents if name == "keystrokes"]
    expect([splice[3] for one in typed for splice in one], case["typed"], "what was typed last")
    segments = [device.Segment(hexed(data), b"tacsrvlg") for data in case["server"]]
    held, sent, settled = found.check_server(segments, hexed(case["server_key"]))
    expect(held > 0 and held == sent == settled, True, "what device and server hold")
    for kind, compartment, value in found.contents:
        expect(compartment in found.slots, True, "the place of a content")
        if kind == "delta":
            expect(value[:4], bytes.fromhex("856f4a83"), "a change of a document")


def message(case):
    number, fields = wire.message(hexed(case["frame"]))
    expect(number, case["type"], "the type of a message")
    if number in (10, 21, 38):
        runs = fields[2 if number == 21 else 0]
        found = wire.restored(hexed(case["practice"]), runs)
        expect(len(found), sum(len(shorts) for _, _, shorts in runs), "the runs")
    if number == 23:
        expect(all(formats.Carried.full(data) for _, data in fields[1]), True, "full forms")


CHECK = {
    "checkpoint": checkpoint,
    "compartment": compartment,
    "content": content,
    "device": device_folders,
    "envelope": envelope,
    "journal": journal,
    "log": log,
    "message": message,
    "padding": padding,
    "practice": practice,
    "practice receipt": practice_receipt,
    "primitive": primitive,
    "record": record,
    "row": row,
    "run": run,
    "safe": safe,
    "seen": seen,
    "sheet": sheet,
    "vault": vault,
    "wrap": wrap,
}


def judge(case):
    """None if the case is as it says, else why not."""
    try:
        CHECK[case["check"]](case)
        return None
    except Refused as refusal:
        return str(refusal)


def mutated(case, mutant):
    """The case with one byte changed, at a JSON pointer."""
    case = copy.deepcopy(case)
    *way, last = [int(step) if step.isdigit() else step for step in mutant["path"].split("/")]
    place = case
    for step in way:
        place = place[step]
    data = bytearray.fromhex(place[last])
    data[mutant["offset"]] ^= mutant["xor"]
    place[last] = data.hex()
    return case


def main(argument):
    path = pathlib.Path(argument)
    cases = json.loads((path / "cases.json" if path.is_dir() else path).read_text())
    wrong = []
    for number, case in enumerate(cases):
        refusal = judge(case)
        if refusal is not None:
            wrong.append(f"case {number} ({case['check']}): {refusal}")
    checks, alike = CHECKS, 0
    mutants = path / "mutants.json"
    for mutant in json.loads(mutants.read_text()) if path.is_dir() and mutants.exists() else []:
        refusal = judge(mutated(cases[mutant["case"]], mutant))
        if (refusal is None) != mutant.get("taken", False):
            check = cases[mutant["case"]]["check"]
            wrong.append(f"judges a {check} otherwise ({refusal}): {json.dumps(mutant)}")
        else:
            alike += 1
    for line in wrong:
        print(f"witness: {line}")
    print(f"witness: {len(cases)} cases, {checks} checks, {alike} mutants judged alike")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
