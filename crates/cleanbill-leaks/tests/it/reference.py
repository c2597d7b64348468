"""Writes numbers with the judgement of python-stdnum: `kind<TAB>number<TAB>1 or 0`. Half of them are right."""

import importlib
import itertools
import random
import sys

# Kind, module, form: `d` a digit, other signs stand for themselves, `?` is tried out.
KINDS = [
    ("luhn_visa", "luhn", "4ddddddddddddd9?"),
    ("imei", "imei", "35dddddddddddd?"),
    ("iban_de", "iban", "DE??dddddddddddddddddd"),
    ("iban_gb", "iban", "GB??NWBKdddddddddddddd"),
    ("ssn", "us.ssn", "ddddddddd"),
    ("itin", "us.itin", "9dddddddd"),
    ("sin", "ca.sin", "dddddddd?"),
    ("cpf", "br.cpf", "ddddddddd??"),
    ("nhs", "gb.nhs", "ddddddddd?"),
    ("idnr", "de.idnr", "dddddddddd?"),
    ("nir", "fr.nir", "1dd1075dddddd??"),
    ("dni", "es.dni", "dddddddd@"),
    ("nie", "es.nie", "Xddddddd@"),
    ("bsn", "nl.bsn", "dddddddd?"),
    ("pesel", "pl.pesel", "dd0ddddddd?"),
    ("tckn", "tr.tckimlik", "ddddddddd??"),
    ("tfn", "au.tfn", "dddddddd?"),
    ("aadhaar", "in_.aadhaar", "ddddddddddd?"),
    ("mynumber", "jp.in_", "ddddddddddd?"),
    ("rrn", "kr.rrn", "dd0ddd1ddddd?"),
    ("cnid", "cn.ric", "11010519d" + "d10" + "1dddd?"),
    ("uscc", "cn.uscc", "91110000ddddddddd@"),
    ("nric", "sg.nric", "Sddddddd@"),
]
KINDS += [
    ("vat_" + country.lower(), "eu.vat", country + form)
    for country, form in {
        "AT": "Uddddddd?", "BE": "0ddddddd??", "BG": "dddddddd?", "CZ": "ddddddd?", "DE": "dddddddd?",
        "DK": "ddddddd?", "EE": "dddddddd?", "EL": "dddddddd?", "ES": "Bddddddd?", "FI": "ddddddd?",
        "FR": "??ddddddddd", "HR": "dddddddddd?", "HU": "ddddddd?", "IE": "ddddddd@", "IT": "ddddddd001?",
        "LT": "ddddddd1?", "LU": "dddddd??", "LV": "4ddddddddd?", "MT": "dddddd??", "NL": "dddddddd?B01",
        "PL": "ddddddddd?", "PT": "dddddddd?", "RO": "ddddddddd?", "SE": "ddddddddd?01", "SI": "ddddddd?",
        "SK": "ddddddddd?", "CY": "dddddddd@",
    }.items()
]
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def fill(form, source):
    """Returns the form with digits, and the places that are tried out."""
    out, free = [], []
    for index, sign in enumerate(form):
        if sign == "d":
            out.append(source.choice("0123456789"))
        elif sign in "?@":
            free.append(index)
            out.append("0")
        else:
            out.append(sign)
    return out, free


def main():
    source = random.Random(7)
    wanted = int(sys.argv[1])
    for kind, module, form in KINDS:
        try:
            check = importlib.import_module("stdnum." + module).is_valid
        except ImportError:
            print(f"{kind}\tabsent\t0")
            continue
        alphabet = LETTERS if "@" in form else "0123456789"
        right = wrong = tries = 0
        while (right < wanted // 2 or wrong < wanted // 2) and tries < wanted * 400:
            tries += 1
            out, free = fill(form, source)
            for place in free:
                out[place] = source.choice(alphabet)
            number = "".join(out)
            valid = check(number)
            if right < wanted // 2 and not valid and len(free) <= 2:
                # Every other try looks for the check digits.
                for signs in itertools.product(alphabet, repeat=len(free)):
                    for place, sign in zip(free, signs):
                        out[place] = sign
                    if check("".join(out)):
                        number, valid = "".join(out), True
                        break
            if valid and right < wanted // 2:
                right += 1
                print(f"{kind}\t{number}\t1")
            elif kind == "itin" and 50 <= int(number[3:5]) <= 65:
                continue  # Given out since 2012; not yet known there.
            elif not valid and wrong < wanted // 2:
                wrong += 1
                print(f"{kind}\t{number}\t0")


main()
