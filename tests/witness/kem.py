"""X-Wing and HPKE in plain Python: what a wrap needs to be opened.

ML-KEM-768 is written out from FIPS 203, X25519 from RFC 7748, X-Wing from
draft-connolly-cfrg-xwing-kem, HPKE (base and PSK mode, one shot) from RFC 9180.
"""

import hmac
from hashlib import sha3_256, sha3_512, shake_128, shake_256

from primitives import P, Refused, gcm_open, hkdf_expand, hkdf_extract

# --- ML-KEM-768 --------------------------------------------------------------------------------

Q, K, DU, DV = 3329, 3, 10, 4


def _reversed_bits(i):
    return int(f"{i:07b}"[::-1], 2)


ZETAS = [pow(17, _reversed_bits(i), Q) for i in range(128)]
GAMMAS = [pow(17, 2 * _reversed_bits(i) + 1, Q) for i in range(128)]


def _ntt(f):
    f, i, length = list(f), 1, 128
    while length >= 2:
        for start in range(0, 256, 2 * length):
            zeta, i = ZETAS[i], i + 1
            for j in range(start, start + length):
                t = zeta * f[j + length] % Q
                f[j + length], f[j] = (f[j] - t) % Q, (f[j] + t) % Q
        length //= 2
    return f


def _inverse_ntt(f):
    f, i, length = list(f), 127, 2
    while length <= 128:
        for start in range(0, 256, 2 * length):
            zeta, i = ZETAS[i], i - 1
            for j in range(start, start + length):
                t = f[j]
                f[j] = (t + f[j + length]) % Q
                f[j + length] = zeta * (f[j + length] - t) % Q
        length *= 2
    return [x * 3303 % Q for x in f]


def _times(f, g):
    out = []
    for i in range(128):
        a, b, c, d = f[2 * i], f[2 * i + 1], g[2 * i], g[2 * i + 1]
        out += [(a * c + b * d % Q * GAMMAS[i]) % Q, (a * d + b * c) % Q]
    return out


def _plus(f, g):
    return [(a + b) % Q for a, b in zip(f, g)]


def _dot(left, right):
    total = [0] * 256
    for f, g in zip(left, right):
        total = _plus(total, _times(f, g))
    return total


def _decode(data, bits):
    number = int.from_bytes(data, "little")
    return [number >> (bits * i) & ((1 << bits) - 1) for i in range(256)]


def _encode(f, bits):
    number = sum(x << (bits * i) for i, x in enumerate(f))
    return number.to_bytes(32 * bits, "little")


def _compress(f, bits):
    return [((x << bits) + Q // 2) // Q % (1 << bits) for x in f]


def _decompress(f, bits):
    return [(x * Q + (1 << (bits - 1))) >> bits for x in f]


def _uniform(rho, i, j):
    stream, out = shake_128(rho + bytes([j, i])).digest(1344), []
    for at in range(0, len(stream), 3):
        a, b, c = stream[at : at + 3]
        out += [x for x in (a + 256 * (b % 16), b // 16 + 16 * c) if x < Q]
    return out[:256]


def _noise(seed, nonce):
    bits = int.from_bytes(shake_256(seed + bytes([nonce])).digest(128), "little")
    pairs = [(bits >> (4 * i) & 15) for i in range(256)]
    return [((x & 1) + (x >> 1 & 1) - (x >> 2 & 1) - (x >> 3)) % Q for x in pairs]


def _keys(d):
    both = sha3_512(d + bytes([K])).digest()
    rho, sigma = both[:32], both[32:]
    matrix = [[_uniform(rho, i, j) for j in range(K)] for i in range(K)]
    secret = [_ntt(_noise(sigma, i)) for i in range(K)]
    noise = [_ntt(_noise(sigma, K + i)) for i in range(K)]
    public = [_plus(_dot(matrix[i], secret), noise[i]) for i in range(K)]
    return secret, b"".join(_encode(f, 12) for f in public) + rho


def _encrypt(public, message, coins):
    t = [_decode(public[384 * i : 384 * (i + 1)], 12) for i in range(K)]
    rho = public[384 * K :]
    y = [_ntt(_noise(coins, i)) for i in range(K)]
    out = b""
    for i in range(K):
        column = [_uniform(rho, j, i) for j in range(K)]
        u = _plus(_inverse_ntt(_dot(column, y)), _noise(coins, K + i))
        out += _encode(_compress(u, DU), DU)
    v = _plus(_inverse_ntt(_dot(t, y)), _noise(coins, 2 * K))
    v = _plus(v, _decompress(_decode(message, 1), 1))
    return out + _encode(_compress(v, DV), DV)


def _decapsulate(secret, public, z, capsule):
    u = [_decompress(_decode(capsule[320 * i : 320 * (i + 1)], DU), DU) for i in range(K)]
    v = _decompress(_decode(capsule[320 * K :], DV), DV)
    w = [(a - b) % Q for a, b in zip(v, _inverse_ntt(_dot(secret, [_ntt(f) for f in u])))]
    message = _encode(_compress(w, 1), 1)
    both = sha3_512(message + sha3_256(public).digest()).digest()
    if _encrypt(public, message, both[32:]) != capsule:
        return shake_256(z + capsule).digest(32)
    return both[:32]


# --- X25519 and X-Wing -------------------------------------------------------------------------


def x25519(scalar, point):
    k = int.from_bytes(scalar, "little") & ~7 & ((1 << 255) - 1) | 1 << 254
    x1 = int.from_bytes(point, "little") & ((1 << 255) - 1)
    x2, z2, x3, z3, swap = 1, 0, x1, 1, 0
    for t in range(254, -1, -1):
        bit = k >> t & 1
        if swap ^ bit:
            x2, z2, x3, z3 = x3, z3, x2, z2
        swap = bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        aa, bb, da, cb = a * a % P, b * b % P, d * a % P, c * b % P
        x3, z3 = (da + cb) ** 2 % P, x1 * (da - cb) ** 2 % P
        e = aa - bb
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, -1, P) % P).to_bytes(32, "little")


# The label of the draft, a picture of an X-wing: \.//^\
LABEL = bytes.fromhex("5c2e2f2f5e5c")


class XWing:
    """A key pair, from its seed of 32 bytes."""

    def __init__(self, seed):
        expanded = shake_256(seed).digest(96)
        self.z, self.x = expanded[32:64], expanded[64:]
        self.secret, self.lattice = _keys(expanded[:32])
        self.curve = x25519(self.x, (9).to_bytes(32, "little"))
        self.public = self.lattice + self.curve

    def decapsulate(self, capsule):
        lattice, curve = capsule[:1088], capsule[1088:]
        first = _decapsulate(self.secret, self.lattice, self.z, lattice)
        second = x25519(self.x, curve)
        return sha3_256(first + second + curve + self.curve + LABEL).digest()


# --- HPKE --------------------------------------------------------------------------------------

SUITE = b"HPKE" + bytes.fromhex("647a00010002")


def _labeled_extract(salt, label, material):
    return hkdf_extract(salt, b"HPKE-v1" + SUITE + label + material)


def _labeled_expand(secret, label, info, length):
    start = length.to_bytes(2, "big") + b"HPKE-v1" + SUITE
    return hkdf_expand(secret, start + label + info, length)


def open_wrap(key, info, wrap, psk=b"", psk_id=b""):
    """Opens a wrap with an X-Wing key pair: in base mode, or with a shared key in PSK mode."""
    if len(wrap) < 1120 + 16:
        raise Refused("a wrap is too short")
    shared = key.decapsulate(wrap[:1120])
    named, bound = (b"psk_id_hash", psk_id), (b"info_hash", info)
    hashes = [_labeled_extract(b"", label, material) for label, material in (named, bound)]
    context = bytes([bool(psk)]) + b"".join(hashes)
    secret = _labeled_extract(shared, b"secret", psk)
    sealing = _labeled_expand(secret, b"key", context, 32)
    nonce = _labeled_expand(secret, b"base_nonce", context, 12)
    return gcm_open(sealing, nonce, b"", wrap[1120:])
