"""Damage as it happens and as it is done on purpose: one change or a few."""

NUMBERS = [b"1e999", b"-1", b"nan", b"inf", b"4294967296", b"99999999999999999999", b"1e-400", b"0", b"2147483648", b"0x10"]
JUNK = [b"\x00", b"\xff" * 9, b"(" * 3000, b"<a>" * 3000, b'"', b"->", b"@", b"{", b"\r", b"\xef\xbb\xbf", b"\xc3\x28", b"&x;"]


def mutate(data, rng):
    """A damaged copy of bytes."""
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 1, 2, 4, 16])):
        at = rng.randrange(len(data) + 1)
        length = rng.choice([1, 1, 2, 8, 64, 1000])
        kind = rng.choice(["cut", "bit", "bit", "byte", "remove", "repeat", "insert", "number", "swap"])
        if kind == "cut":
            del data[at:]
        elif kind == "bit" and at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        elif kind == "byte":
            data[at:at + 1] = bytes([rng.choice([0, 1, 0x7f, 0x80, 0xff, rng.randrange(256)])])
        elif kind == "remove":
            del data[at:at + length]
        elif kind == "repeat":
            data[at:at] = data[at:at + length] * rng.choice([1, 1, 50])
        elif kind == "insert":
            data[at:at] = rng.choice(JUNK)
        elif kind == "number":
            replace_number(data, at, rng)
        elif kind == "swap":
            other = rng.randrange(len(data) + 1)
            data[at:at + length], data[other:other + length] = data[other:other + length], data[at:at + length]
    return bytes(data)


def replace_number(data, at, rng):
    """Replaces the digits next to a place in a text; other files get bytes."""
    while at < len(data) and not chr(data[at]).isdigit():
        at += 1
    end = at
    while end < len(data) and chr(data[end]).isdigit():
        end += 1
    data[at:end] = rng.choice(NUMBERS)
