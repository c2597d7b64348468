"""Numbers of persons, firms, accounts and devices, made up, with right check digits. Every function takes a `Draw`."""

import base64
import datetime
import hashlib
import zlib

from base import BASE32, DIGITS, HEX, UPPER, WORD

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def weighted(digits, weights):
    return sum(int(d) * w for d, w in zip(digits, weights, strict=False))


def luhn(body):
    """The digit that makes body + digit pass the Luhn test."""
    total = 0
    for at, digit in enumerate(reversed(body)):
        n = int(digit) * (2 if at % 2 == 0 else 1)
        total += n - 9 if n > 9 else n
    return str(-total % 10)


def mod_11_10(body):
    """The check digit of ISO 7064 mod 11,10."""
    product = 10
    for digit in body:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return str((11 - product) % 10)


def birth(d, first=1945, last=2006):
    return datetime.date(first, 1, 1) + datetime.timedelta(days=d.randrange((last - first + 1) * 365))


# Cards, accounts, purses, devices.

def card(d):
    prefix, length = d.choice((("4", 16), ("4", 16), (str(d.randint(51, 55)), 16), (str(d.randint(2221, 2720)), 16), ("34", 15), ("37", 15),
                               ("6011", 16), ("65", 16), (str(d.randint(3528, 3589)), 16), ("36", 14)))
    body = prefix + d.text(DIGITS, length - len(prefix) - 1)
    return body + luhn(body)


def cn_bank_card(d):
    body = d.choice(("6222", "6217", "6228", "6212", "6225", "6226", "6230", "6214")) + d.text(DIGITS, d.choice((11, 14, 14, 14)))
    return body + luhn(body)


def spaced(number, mark, steps):
    """Cuts a number into groups."""
    out, at = [], 0
    for step in steps:
        out.append(number[at:at + step])
        at += step
    if number[at:]:
        out.append(number[at:])
    return mark.join(part for part in out if part)


def letters_to_digits(text):
    return "".join(str(int(c, 36)) for c in text)


def iban(d):
    country = d.choice(("DE", "DE", "GB", "FR", "ES", "NL", "BE", "AT", "CH", "PL", "SE", "DK", "TR", "PT"))
    n = lambda k: d.text(DIGITS, k)
    match country:
        case "GB":
            bban = d.text(UPPER, 4) + n(14)
        case "NL":
            bban = d.text(UPPER, 4) + n(10)
        case "FR":
            body = n(21)
            bban = body + "%02d" % (97 - (int(body[:5]) * 89 + int(body[5:10]) * 15 + int(body[10:]) * 3) % 97)
        case "ES":
            bank, account = n(8), n(10)
            tens = lambda text: {10: 1, 11: 0}.get(value := 11 - weighted(text, (1, 2, 4, 8, 5, 10, 9, 7, 3, 6)) % 11, value)
            bban = bank + str(tens("00" + bank)) + str(tens(account)) + account
        case "BE":
            body = d.digits(10)
            bban = body + "%02d" % (int(body) % 97 or 97)
        case "PT":
            body = n(19)
            bban = body + "%02d" % (98 - int(body) * 100 % 97)
        case "TR":
            bban = n(5) + "0" + n(16)
        case _:
            bban = n({"DE": 18, "AT": 16, "CH": 17, "PL": 24, "SE": 20, "DK": 14}[country])
    return country + "%02d" % (98 - int(letters_to_digits(bban + country + "00")) % 97) + bban


def base58check(payload):
    data = payload + hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
    number, out = int.from_bytes(data, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        out = BASE58[rest] + out
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + out


def bech32(version, program):
    """A segregated-witness address of the main chain, BIP 173 and BIP 350."""
    bits = "".join(f"{byte:08b}" for byte in program)
    bits += "0" * (-len(bits) % 5)
    data = [version] + [int(bits[at:at + 5], 2) for at in range(0, len(bits), 5)]
    check = 1
    for value in [3, 3, 0, 2, 3] + data + [0] * 6:
        top, check = check >> 25, (check & 0x1FFFFFF) << 5 ^ value
        for bit, term in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= term if top >> bit & 1 else 0
    check ^= 0x2BC830A3 if version else 1
    return "bc1" + "".join(BECH32[value] for value in data + [check >> 5 * (5 - at) & 31 for at in range(6)])


def btc(d):
    match d.randrange(4):
        case 0:
            return base58check(b"\0" + d.randbytes(20))
        case 1:
            return base58check(b"\5" + d.randbytes(20))
        case 2:
            return bech32(0, d.randbytes(20))
        case _:
            return bech32(1, d.randbytes(32))


def keccak_256(data):
    """Keccak with the padding that Ethereum took, before SHA-3 was fixed."""
    rounds, register = [], 1
    for _ in range(24):
        constant = 0
        for bit in range(7):
            constant |= (register & 1) << (1 << bit) - 1
            register = register << 1 ^ (0x171 if register >> 7 else 0)
        rounds.append(constant)
    turn = lambda value, by: (value << by | value >> 64 - by) & (1 << 64) - 1 if by else value
    data = bytearray(data) + b"\1"
    data += b"\0" * (-len(data) % 136)
    data[-1] |= 0x80
    lanes = [[0] * 5 for _ in range(5)]
    for block in range(0, len(data), 136):
        for at in range(17):
            lanes[at % 5][at // 5] ^= int.from_bytes(data[block + 8 * at:block + 8 * at + 8], "little")
        for constant in rounds:
            column = [lanes[x][0] ^ lanes[x][1] ^ lanes[x][2] ^ lanes[x][3] ^ lanes[x][4] for x in range(5)]
            for x in range(5):
                mix = column[x - 1] ^ turn(column[(x + 1) % 5], 1)
                lanes[x] = [lane ^ mix for lane in lanes[x]]
            x, y, moved = 1, 0, lanes[1][0]
            for step in range(24):
                x, y = y, (2 * x + 3 * y) % 5
                moved, lanes[x][y] = lanes[x][y], turn(moved, (step + 1) * (step + 2) // 2 % 64)
            for y in range(5):
                row = [lanes[x][y] for x in range(5)]
                for x in range(5):
                    lanes[x][y] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5])
            lanes[0][0] ^= constant
    return b"".join(lanes[at % 5][at // 5].to_bytes(8, "little") for at in range(4))


def eth_case(address):
    """The mixed case of EIP-55."""
    digest = keccak_256(address.encode()).hex()
    return "0x" + "".join(c.upper() if int(h, 16) > 7 else c for c, h in zip(address, digest, strict=False))


def eth(d):
    return eth_case(d.text(HEX, 40))


def imei(d):
    body = d.choice(("35", "86", "01")) + d.text(DIGITS, 12)
    return body + luhn(body)


# America.

def us_ssn(d):
    area = d.choice([n for n in range(1, 900) if n != 666])
    return "%03d-%02d-%04d" % (area, d.randint(1, 99), d.randint(1, 9999))


def us_itin(d):
    return "9%02d-%02d-%04d" % (d.randrange(100), d.choice([*range(50, 66), *range(70, 89), 90, 91, 92, *range(94, 100)]), d.randrange(1, 10000))


def ca_sin(d):
    body = d.choice("1234567") + d.text(DIGITS, 7)
    return body + luhn(body)


def br_cpf(d):
    body = d.text(DIGITS, 9)
    for first in (10, 11):
        rest = weighted(body, range(first, 1, -1)) * 10 % 11
        body += str(rest % 10)
    return f"{body[:3]}.{body[3:6]}.{body[6:9]}-{body[9:]}"


# Europe.

def uk_nino(d):
    while True:
        two = d.choice("ABCEGHJKLMNOPRSTWXYZ") + d.choice("ABCEGHJKLMNPRSTWXYZ")
        if two not in ("BG", "GB", "NK", "KN", "TN", "NT", "ZZ"):
            return two + d.text(DIGITS, 6) + d.choice("ABCD")


def uk_nhs(d):
    while True:
        body = d.choice("4679") + d.text(DIGITS, 8)
        check = 11 - weighted(body, range(10, 1, -1)) % 11
        if check != 10:
            return body + str(check % 11)


def de_tax_id(d):
    """Of the first ten digits one stands twice and one not at all."""
    while True:
        digits = d.sample(DIGITS, 9)
        digits.append(d.choice(digits))
        d.shuffle(digits)
        body = "".join(digits)
        if body[0] != "0":
            return body + mod_11_10(body)


def fr_nir(d):
    born = birth(d)
    department = d.choice([*("%02d" % n for n in range(1, 96) if n != 20), "2A", "2B"])
    body = f"{d.choice('12')}{born:%y%m}{department}{d.randint(1, 590):03d}{d.randint(1, 999):03d}"
    number = int(body.replace("2A", "19").replace("2B", "18"))
    return body + "%02d" % (97 - number % 97)


def es_dni_nie(d):
    letters = "TRWAGMYFPDXBNJZSQVHLCKE"
    if d.chance(0.35):
        first, body = d.choice("XYZ"), d.text(DIGITS, 7)
        return first + body + letters[int(str("XYZ".index(first)) + body) % 23]
    body = d.digits(8)
    return body + letters[int(body) % 23]


def it_codice_fiscale(d):
    consonants = "BCDFGLMNPRSTVZ"
    born = birth(d)
    day = born.day + (40 if d.chance(0.5) else 0)
    body = (d.text(consonants, 6) + f"{born:%y}" + "ABCDEHLMPRST"[born.month - 1] + "%02d" % day
            + d.choice("ABCDEFGHIL") + "%03d" % d.randint(1, 999))
    odd = dict(zip(DIGITS + UPPER, (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16,
                                    10, 22, 25, 24, 23), strict=True))
    total = sum(odd[c] if at % 2 == 0 else int(c, 36) - (0 if c.isdigit() else 10) for at, c in enumerate(body))
    return body + UPPER[total % 26]


def nl_bsn(d):
    while True:
        body = d.choice("123456789") + d.text(DIGITS, 7)
        check = weighted(body, range(9, 1, -1)) % 11
        if check < 10:
            return body + str(check)


def pl_pesel(d):
    born = birth(d, 1945, 2006)
    month = born.month + (20 if born.year >= 2000 else 0)
    body = f"{born:%y}{month:02d}{born:%d}" + d.text(DIGITS, 4)
    return body + str(-weighted(body, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)) % 10)


def eu_vat(d):
    n = lambda k: d.digits(k)
    while True:
        country = d.choice(("DE", "FR", "IT", "BE", "NL", "PL", "DK", "FI", "PT", "LU", "SE", "AT"))
        match country:
            case "DE":
                body = n(8)
                return "DE" + body + mod_11_10(body)
            case "FR":
                body = n(8)
                siren = body + luhn(body)
                return "FR%02d" % ((12 + 3 * (int(siren) % 97)) % 97) + siren
            case "IT":
                body = d.digits(7) + "%03d" % d.randint(1, 100)
                return "IT" + body + luhn(body)
            case "BE":
                body = "0" + d.digits(7)
                return "BE" + body + "%02d" % (97 - int(body) % 97)
            case "NL":
                return "NL" + nl_bsn(d) + "B0" + d.choice("12")
            case "PL":
                body = n(9)
                check = weighted(body, (6, 5, 7, 2, 3, 4, 5, 6, 7)) % 11
                if check < 10:
                    return "PL" + body + str(check)
            case "DK":
                body = n(7)
                for last in DIGITS:
                    if weighted(body + last, (2, 7, 6, 5, 4, 3, 2, 1)) % 11 == 0:
                        return "DK" + body + last
            case "FI":
                body = n(7)
                check = -weighted(body, (7, 9, 10, 5, 8, 4, 2)) % 11
                if check < 10:
                    return "FI" + body + str(check)
            case "PT":
                body = d.choice("125") + d.text(DIGITS, 7)
                check = 11 - weighted(body, range(9, 1, -1)) % 11
                return "PT" + body + str(0 if check > 9 else check)
            case "LU":
                body = n(6)
                return "LU" + body + "%02d" % (int(body) % 89)
            case "SE":
                body = n(9)
                return "SE" + body + luhn(body) + "01"
            case _:
                body = n(7)
                total = sum(int(c) if at % 2 == 0 else sum(divmod(2 * int(c), 10)) for at, c in enumerate(body))
                return "ATU" + body + str((6 - total) % 10)


def tr_tckn(d):
    body = d.digits(9)
    ten = (7 * sum(map(int, body[0::2])) - sum(map(int, body[1::2]))) % 10
    return body + str(ten) + str((sum(map(int, body)) + ten) % 10)


# Asia and the Pacific.

def in_aadhaar(d):
    """Verhoeff's check digit, from the products of the dihedral group of ten."""
    product = lambda a, b: ((a + b) % 5 if b < 5 else (a + b - 5) % 5 + 5) if a < 5 else ((a - 5 - b) % 5 + 5 if b < 5 else (a - b) % 5)
    turn = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
    body, check = d.choice("23456789") + d.text(DIGITS, 10), 0
    for at, digit in enumerate(reversed(body), 1):
        value = int(digit)
        for _ in range(at % 8):
            value = turn[value]
        check = product(check, value)
    return body + str(next(n for n in range(10) if product(check, n) == 0))


def in_pan(d):
    return d.text(UPPER, 3) + d.choice("PPPCHFATBLJG") + d.choice(UPPER) + d.digits(4) + d.choice(UPPER)


def au_tfn(d):
    while True:
        body = d.digits(9)
        if weighted(body, (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0:
            return body


def jp_my_number(d):
    body = d.digits(11)
    rest = weighted(body, (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return body + str(0 if rest <= 1 else 11 - rest)


def kr_rrn(d):
    born = birth(d, 1945, 2006)
    first = d.choice("12") if born.year < 2000 else d.choice("34")
    body = f"{born:%y%m%d}{first}" + "%02d" % d.randint(0, 95) + d.text(DIGITS, 3)
    check = (11 - weighted(body, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)) % 11) % 10
    return f"{body[:6]}-{body[6:]}{check}"


def sg_nric(d):
    first = d.choice("STFG")
    body = (d.choice("012") if first in "TG" else d.text("0123456789", 1)) + d.text(DIGITS, 6)
    total = weighted(body, (2, 7, 6, 5, 4, 3, 2)) + (4 if first in "TG" else 0)
    return first + body + ("JZIHGFEDCBA" if first in "ST" else "XWUTRQPNMLK")[total % 11]


def hk_id(d):
    letter = d.choice("ABCDEGHKMPRSVYZ")
    body = d.text(DIGITS, 6)
    check = (11 - (36 * 9 + (ord(letter) - 55) * 8 + weighted(body, (7, 6, 5, 4, 3, 2))) % 11) % 11
    return f"{letter}{body}({'A' if check == 10 else check})"


def tw_national_id(d):
    letter = d.choice(UPPER)
    number = 10 + "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(letter)
    body = d.choice("12") + d.text(DIGITS, 7)
    total = number // 10 + number % 10 * 9 + weighted(body, (8, 7, 6, 5, 4, 3, 2, 1))
    return letter + body + str(-total % 10)


AREAS = ("110101", "110105", "110108", "120103", "130102", "210102", "310101", "310104", "310115", "320102", "320106", "320505", "330102", "330106",
         "350102", "370102", "410105", "420106", "430102", "440103", "440106", "440305", "500103", "510104", "510107", "610113", "530102", "450103")


def cn_resident_id(d):
    born = birth(d, 1950, 2008)
    body = d.choice(AREAS) + f"{born:%Y%m%d}" + "%03d" % d.randint(1, 999)
    return body + "10X98765432"[weighted(body, (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)) % 11]


def cn_uscc(d):
    """The unified social credit code of a firm, GB 32100: the organisation code within has its own check digit, GB 11714."""
    while True:
        body = d.text(DIGITS + "ABCDEFGHJKLMNPQRTUWXY", 8)
        check = 11 - sum(int(c, 36) * w for c, w in zip(body, (3, 7, 9, 10, 5, 8, 4, 2), strict=True)) % 11
        if check == 10:
            continue
        code = d.choice(("91", "91", "92", "93", "11", "12", "52")) + d.choice(AREAS) + body + str(check % 11)
        total = sum(USCC.index(c) * pow(3, at, 31) for at, c in enumerate(code))
        return code + USCC[-total % 31]


def cn_passport(d):
    if d.chance(0.3):
        return "E" + d.choice("ABCDEFGHJKLMNP") + d.text(DIGITS, 7)
    return d.choice("EG") + d.text(DIGITS, 8)


def cn_license_plate(d):
    start = d.choice("京津沪渝冀豫云辽黑湘皖鲁苏浙赣鄂桂甘晋蒙陕吉闽贵粤川青藏琼宁新") + d.choice("ABCDEFGHJKLMN")
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
    if d.chance(0.3):
        return start + d.choice("DF") + d.choice(letters + DIGITS) + d.digits(4)
    tail = list(d.text(DIGITS, 4) + d.choice(letters))
    d.shuffle(tail)
    return start + d.choice(("", "", "·")) + "".join(tail)


def crc62(body):
    """CRC-32 in base62, six characters, as GitHub and npm write it."""
    value, out = zlib.crc32(body.encode()), ""
    for _ in range(6):
        value, rest = divmod(value, 62)
        out = WORD[rest] + out
    return out


def aws_key_id(d):
    """A key id whose account has twelve digits."""
    while True:
        body = d.choice("ABCDEFGHKLMNOPQRSTUVWXYZ234567") + d.text(BASE32, 15)
        if int.from_bytes(base64.b32decode(body)[:6], "big") >> 7 & 0xFFFFFFFFFF <= 999_999_999_999:
            return d.choice(("AKIA", "AKIA", "AKIA", "ASIA")) + body
