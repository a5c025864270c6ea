"""Suite 1 in plain Python: small and slow on purpose, so that it can be read in one sitting.

SHA-256, HMAC and SHA-3 are the standard library's. HKDF, AES-256-GCM and Ed25519 are written
out from their standards (RFC 5869, FIPS 197 with SP 800-38D, RFC 8032). Nothing here is
constant in time: it checks bytes that a test made, and must never hold a real practice's keys.
"""

import hashlib
import hmac


class Refused(Exception):
    """Bytes that are not what they should be."""


def framed(label, fields):
    """Frames a label and fields: each behind its length in eight bytes."""
    parts = [label.encode()] + [bytes(field) for field in fields]
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)


def H(label, *fields):
    return hashlib.sha256(framed(label, fields)).digest()


def mac(key, label, *fields):
    return hmac.new(key, framed(label, fields), hashlib.sha256).digest()


def hkdf_extract(salt, key):
    return hmac.new(salt or bytes(32), key, hashlib.sha256).digest()


def hkdf_expand(secret, info, length):
    out, block, counter = b"", b"", 1
    while len(out) < length:
        block = hmac.new(secret, block + info + bytes([counter]), hashlib.sha256).digest()
        out, counter = out + block, counter + 1
    return out[:length]


def derive(key, salt, label, *fields):
    return hkdf_expand(hkdf_extract(salt, key), framed(label, fields), 32)


def commitment(key):
    return H("tac/commit/v1", derive(key, b"", "tac/commit/v1"))


# --- AES-256-GCM -------------------------------------------------------------------------------


def _sbox():
    box, p, q = [0] * 256, 1, 1
    while True:
        p ^= (p << 1) ^ (0x11B if p & 0x80 else 0)
        p &= 0xFF
        q ^= q << 1
        q ^= q << 2
        q ^= q << 4
        q &= 0xFF
        if q & 0x80:
            q ^= 0x09
        rotated = q ^ (q << 1 | q >> 7) ^ (q << 2 | q >> 6) ^ (q << 3 | q >> 5) ^ (q << 4 | q >> 4)
        box[p] = (rotated ^ 0x63) & 0xFF
        if p == 1:
            box[0] = 0x63
            return box


SBOX = _sbox()


def _double(x):
    return (x << 1) ^ (0x11B if x & 0x80 else 0)


# One table for each of the four rows: SubBytes and MixColumns of one byte, as a column.
TABLES = [[], [], [], []]
for _s in SBOX:
    _column = [_double(_s), _s, _s, _double(_s) ^ _s]
    for _row in range(4):
        _turned = [_column[(index - _row) % 4] for index in range(4)]
        TABLES[_row].append(int.from_bytes(bytes(_turned), "big"))


def _round_keys(key):
    words = [int.from_bytes(key[i : i + 4], "big") for i in range(0, 32, 4)]
    rcon = 1
    for i in range(8, 60):
        word = words[-1]
        if i % 8 == 0:
            word = (word << 8 | word >> 24) & 0xFFFFFFFF
        if i % 4 == 0:
            word = int.from_bytes(bytes(SBOX[b] for b in word.to_bytes(4, "big")), "big")
        if i % 8 == 0:
            word ^= rcon << 24
            rcon = _double(rcon)
        words.append(words[i - 8] ^ word)
    return words


def _encrypt_block(keys, block):
    t0, t1, t2, t3 = TABLES
    a, b, c, d = (int.from_bytes(block[i : i + 4], "big") ^ keys[i // 4] for i in range(0, 16, 4))
    for r in range(4, 56, 4):
        a, b, c, d = (
            t0[a >> 24] ^ t1[b >> 16 & 255] ^ t2[c >> 8 & 255] ^ t3[d & 255] ^ keys[r],
            t0[b >> 24] ^ t1[c >> 16 & 255] ^ t2[d >> 8 & 255] ^ t3[a & 255] ^ keys[r + 1],
            t0[c >> 24] ^ t1[d >> 16 & 255] ^ t2[a >> 8 & 255] ^ t3[b & 255] ^ keys[r + 2],
            t0[d >> 24] ^ t1[a >> 16 & 255] ^ t2[b >> 8 & 255] ^ t3[c & 255] ^ keys[r + 3],
        )
    out = b""
    for w, x, y, z, k in ((a, b, c, d, 56), (b, c, d, a, 57), (c, d, a, b, 58), (d, a, b, c, 59)):
        last = SBOX[w >> 24] << 24 | SBOX[x >> 16 & 255] << 16 | SBOX[y >> 8 & 255] << 8
        out += ((last | SBOX[z & 255]) ^ keys[k]).to_bytes(4, "big")
    return out


def _ghash(h, aad, text):
    # Bit 0 of a block is its most significant one, so multiplying by x shifts right.
    table = [0] * 256
    value = int.from_bytes(h, "big")
    for bit in range(7, -1, -1):
        table[1 << bit] = value
        value = (value >> 1) ^ (0xE1 << 120 if value & 1 else 0)
    for i in range(256):
        low = i & -i
        if i != low:
            table[i] = table[low] ^ table[i ^ low]
    fold = []
    for i in range(256):
        value = i
        for _ in range(8):
            value = (value >> 1) ^ (0xE1 << 120 if value & 1 else 0)
        fold.append(value)

    def times_h(x):
        z = 0
        for _ in range(16):
            z = (z >> 8) ^ fold[z & 255] ^ table[x & 255]
            x >>= 8
        return z

    y = 0
    padded = aad + bytes(-len(aad) % 16) + text + bytes(-len(text) % 16)
    padded += (len(aad) * 8).to_bytes(8, "big") + (len(text) * 8).to_bytes(8, "big")
    for i in range(0, len(padded), 16):
        y = times_h(y ^ int.from_bytes(padded[i : i + 16], "big"))
    return y


def gcm_open(key, nonce, aad, sealed):
    """AES-256-GCM with a nonce of 12 bytes."""
    if len(sealed) < 16:
        raise Refused("a sealed text is shorter than its tag")
    text, tag = sealed[:-16], sealed[-16:]
    keys = _round_keys(key)
    mask = int.from_bytes(_encrypt_block(keys, nonce + bytes([0, 0, 0, 1])), "big")
    expected = _ghash(_encrypt_block(keys, bytes(16)), aad, text) ^ mask
    if not hmac.compare_digest(expected.to_bytes(16, "big"), tag):
        raise Refused("sealed bytes do not open")
    stream = b"".join(
        _encrypt_block(keys, nonce + (2 + i).to_bytes(4, "big"))
        for i in range((len(text) + 15) // 16)
    )[: len(text)]
    return (int.from_bytes(text, "big") ^ int.from_bytes(stream, "big")).to_bytes(len(text), "big")


def seal_key(key, label, context, salt):
    return derive(key, salt, label, H("tac/seal/context/v1", context))


def seal_open(key, label, context, salt, sealed):
    """The one way to seal, the other way round."""
    return gcm_open(seal_key(key, label, context, salt), bytes(12), context, sealed)


# --- Ed25519, strict ---------------------------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def _add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _twice(p):
    a, b = p[0] * p[0] % P, p[1] * p[1] % P
    c = 2 * p[2] * p[2] % P
    h = a + b
    e = h - (p[0] + p[1]) * (p[0] + p[1]) % P
    g = a - b
    f = c + g
    return e * f % P, g * h % P, f * g % P, e * h % P


IDENTITY = (0, 1, 1, 0)


def _point(encoded):
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, number & ((1 << 255) - 1)
    if y >= P:
        raise Refused("a point is not written in the canonical way")
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        raise Refused("bytes are no point of the curve")
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def _encode_point(p):
    inverse = pow(p[2], -1, P)
    x, y = p[0] * inverse % P, p[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = _point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def _sum_of(s, p, t, q):
    both, result = _add(p, q), IDENTITY
    for bit in range(max(s.bit_length(), t.bit_length()) - 1, -1, -1):
        result = _twice(result)
        pick = (s >> bit & 1) + 2 * (t >> bit & 1)
        if pick:
            result = _add(result, (None, p, q, both)[pick])
    return result


def _is_small(p):
    for _ in range(3):
        p = _twice(p)
    return p[0] % P == 0 and (p[1] - p[2]) % P == 0


# What held once holds again: mutants differ from their originals in one signature of many.
HELD = set()


def verify(key, label, fields, signature):
    """Strict Ed25519 of H(label, fields): no small order, nothing in a second form."""
    message = H(label, *fields)
    if (key, message, signature) in HELD:
        return
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    a, given = _point(key), _point(r)
    if s >= L or _is_small(a) or _is_small(given):
        raise Refused("a signature is not in strict form")
    k = int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % L
    minus_a = (P - a[0], a[1], 1, P - a[3])
    if _encode_point(_sum_of(s, BASE, k, minus_a)) != r:
        raise Refused("a signature does not hold")
    HELD.add((key, message, signature))


def public_key(seed):
    """The verifying key of a signing seed."""
    half = bytearray(hashlib.sha512(seed).digest()[:32])
    half[0] &= 248
    half[31] = half[31] & 127 | 64
    return _encode_point(_sum_of(int.from_bytes(half, "little"), BASE, 0, IDENTITY))
